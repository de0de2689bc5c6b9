//! `keys`: the keys of the terminal surface, those a person changed among them.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output};
use super::{Error, Exit};

/// Arguments of `keys`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
A key is changed in the table [keys] of config.toml, by the name in the first column:

  [keys]
  \"main.next_need\" = \"x\"
  \"main.top\" = [\"gg\", \"Home\"]

Keys that decide cannot be Enter, Space, Esc, Tab, y or a digit.

Example:
  chaperon keys | grep review
  chaperon keys --test       press keys and see what arrives")]
pub struct KeysArgs {
    /// Show what each key sends and does, until Esc is pressed twice
    #[arg(long, conflicts_with_all = ["json", "pretty"])]
    pub test: bool,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Name in the settings: `main.next_need`.
    pub name: String,
    /// Where it counts, in words.
    pub place: String,
    /// Its keys, the one that is shown first.
    pub keys: Vec<String>,
    /// What it does.
    pub help: String,
    /// Whether a person changed it.
    pub changed: bool,
}

/// Prints the table; `warnings` say which keys may not arrive. Needs no engine.
pub fn print(
    args: &KeysArgs,
    rows: &[KeyRow],
    warnings: &[String],
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    for warning in warnings {
        out.warning(warning);
    }
    if let Some(style) = args.form.as_json() {
        let rows: Vec<Value> = rows.iter().map(as_json).collect();
        out.json(&Value::Array(rows), style)?;
        return Ok(Exit::Done);
    }
    let names = rows.iter().map(|row| row.name.chars().count());
    let name = names.max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        let keys = if row.keys.is_empty() {
            "(none)".to_owned()
        } else {
            row.keys.join(" ")
        };
        let sign = if row.changed { "*" } else { " " };
        let written = writeln!(text, "{:name$} {sign} {keys:18} {}", row.name, row.help);
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    if rows.iter().any(|row| row.changed) {
        text.push_str("\n* changed in config.toml\n");
    }
    out.text(&text)?;
    Ok(Exit::Done)
}

fn as_json(row: &KeyRow) -> Value {
    json!({
        "name": row.name,
        "place": row.place,
        "keys": row.keys,
        "help": row.help,
        "changed": row.changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::captured;

    fn rows() -> Vec<KeyRow> {
        let row = |name: &str, keys: &[&str], changed| KeyRow {
            name: name.to_owned(),
            place: "Main".to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            help: "go somewhere".to_owned(),
            changed,
        };
        vec![
            row("main.next_need", &["x", "Ctrl-N"], true),
            row("main.top", &["gg", "Home"], false),
            row("main.write", &[], true),
        ]
    }

    fn printed(json: bool) -> (String, String) {
        let args = KeysArgs {
            test: false,
            form: Form {
                json,
                pretty: false,
            },
        };
        captured(|out| {
            let warnings = ["main.top: Ctrl-B may not arrive".to_owned()];
            print(&args, &rows(), &warnings, out).unwrap();
        })
    }

    #[test]
    fn every_action_is_one_line_with_its_keys_and_whether_they_were_changed() {
        let (out, err) = printed(false);
        insta::assert_snapshot!(out);
        assert!(err.contains("may not arrive"), "{err}");
    }

    #[test]
    fn the_json_is_one_array() {
        insta::assert_snapshot!(printed(true).0);
    }
}
