//! The parts of the README that are generated, compared with what they are generated from.
//!
//! `UPDATE_README=1 cargo test --test it readme` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chaperon::tui::keymap::TABLE;

const BEGIN: &str = "<!-- keys:begin -->\n";
const END: &str = "<!-- keys:end -->";

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

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    let current = keys();
    if std::env::var_os("UPDATE_README").is_some() {
        let written = format!("{before}{BEGIN}{current}{END}{after}");
        fs::write(&path, written).unwrap();
        return;
    }
    assert!(
        kept == current,
        "the keys in README.md are stale; run UPDATE_README=1 cargo test --test it readme"
    );
}
