//! `man`: the manual, made from the same definition as the help.

use std::fmt::Write as _;

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

use super::keys::KeyRow;
use super::{Cli, Error, Exit, Output};

/// Arguments of `man`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon man > chaperon.1
  chaperon man send | man -l -")]
pub struct ManArgs {
    /// Page of one command; the page of the program where absent
    #[arg(value_name = "COMMAND")]
    pub page: Option<String>,
}

/// Prints a page in roff; the one of the program ends in the table of keys. Needs no engine.
pub fn print(args: &ManArgs, keys: &[KeyRow], out: &mut Output<'_>) -> Result<Exit, Error> {
    let mut command = Cli::command();
    command.build();
    let command = match &args.page {
        None => command,
        Some(page) => {
            let found = command.find_subcommand(page).cloned();
            found.ok_or_else(|| Error::NoPage(page.clone()))?
        }
    };
    let mut roff = Vec::new();
    Man::new(command).render(&mut roff).map_err(Error::Output)?;
    let mut roff = String::from_utf8_lossy(&roff).into_owned();
    if args.page.is_none() {
        roff.push_str(&section(keys));
    }
    out.text(&roff)?;
    Ok(Exit::Done)
}

/// Returns the section of the keys, one place after the other.
fn section(rows: &[KeyRow]) -> String {
    let mut roff = String::from(".SH KEYS\n");
    let mut place = "";
    for row in rows.iter().filter(|row| !row.keys.is_empty()) {
        if row.place != place {
            place = &row.place;
            let written = writeln!(roff, ".SS {}", escaped(place));
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        let keys = escaped(&row.keys.join(" "));
        let help = escaped(&row.help);
        let written = writeln!(roff, ".TP\n\\fB{keys}\\fR\n{help}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    roff
}

/// Keeps roff from taking anything in a text for a request.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.chars().next() {
        Some('.' | '\'') => format!("\\&{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::captured;

    fn keys() -> Vec<KeyRow> {
        let row = |place: &str, key: &str, help: &str| KeyRow {
            name: String::new(),
            place: place.to_owned(),
            keys: vec![key.to_owned()],
            help: help.to_owned(),
            changed: false,
        };
        vec![
            row("Main", "n", "next"),
            row("Main", "Ctrl-D", "down"),
            row("Help", ".", "'tis"),
        ]
    }

    #[test]
    fn the_page_of_the_program_ends_in_the_keys_and_the_others_do_not() {
        let shown = page(None);
        let (_, section) = shown.split_once(".SH KEYS\n").unwrap();
        insta::assert_snapshot!(section);
        assert!(!page(Some("send")).contains("KEYS"));
    }

    fn page(name: Option<&str>) -> String {
        let page = name.map(str::to_owned);
        captured(|out| {
            print(&ManArgs { page }, &keys(), out).unwrap();
        })
        .0
    }

    #[test]
    fn the_page_of_the_program_lists_its_commands() {
        let shown = page(None);
        assert!(shown.starts_with(".ie"), "{shown}");
        assert!(shown.contains("chaperon\\-reinvite"));
    }

    #[test]
    fn a_command_has_a_page_of_its_own() {
        let shown = page(Some("send"));
        assert!(shown.contains(".TH chaperon-send 1"), "{shown}");
        assert!(shown.contains("subject"));
    }

    #[test]
    fn an_unknown_page_is_an_error() {
        let args = ManArgs {
            page: Some("nonsense".into()),
        };
        let (out, _) = captured(|out| {
            assert!(matches!(print(&args, &keys(), out), Err(Error::NoPage(_))));
        });
        assert_eq!(out, "");
    }
}
