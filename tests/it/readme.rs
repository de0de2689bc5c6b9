//! The parts of the documentation that are generated, compared with what they are generated from.
//!
//! `UPDATE_README=1 cargo test --test it readme` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chaperon::profile::config::TABLE as SETTINGS;
use chaperon::tui::keymap::TABLE;

fn keys() -> String {
    let mut table = String::from("| Where | Keys | What they do |\n| --- | --- | --- |\n");
    for binding in TABLE {
        let keys: Vec<_> = binding
            .keys
            .iter()
            .map(|key| format!("`{}`", key.label()))
            .collect();
        let (scope, keys) = (binding.scope.label(), keys.join(", "));
        writeln!(table, "| {scope} | {keys} | {} |", binding.help).unwrap();
    }
    table
}

fn settings() -> String {
    let mut table =
        String::from("| Key | Possible | Default | What it does |\n| --- | --- | --- | --- |\n");
    for about in SETTINGS {
        let (name, possible, what) = (about.name, about.possible, about.what);
        let default = about.default();
        let variables: Vec<_> = about
            .variables
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let or = if variables.is_empty() {
            String::new()
        } else {
            format!(" Where the file is silent: {}.", variables.join(", then "))
        };
        writeln!(
            table,
            "| `{name}` | {possible} | `{default}` | {what}{or} |"
        )
        .unwrap();
    }
    table
}

/// Compares what stands between two marks of a file with what it has to be, or writes it.
fn is_current(file: &str, mark: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let (begin, end) = (
        format!("<!-- {mark}:begin -->\n"),
        format!("<!-- {mark}:end -->"),
    );
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(&begin).unwrap();
    let (kept, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        let written = format!("{before}{begin}{current}{end}{after}");
        fs::write(&path, written).unwrap();
        return;
    }
    assert!(
        kept == current,
        "{file} is stale; run UPDATE_README=1 cargo test --test it readme"
    );
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    is_current("README.md", "keys", &keys());
}

#[test]
fn the_settings_in_the_documentation_are_those_of_the_program() {
    is_current("docs/settings.md", "settings", &settings());
}
