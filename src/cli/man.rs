//! `man`: the manual, made from the same definition as the help.

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

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

/// Prints a page in roff. Needs no engine.
pub fn print(args: &ManArgs, out: &mut Output<'_>) -> Result<Exit, Error> {
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
    out.text(&String::from_utf8_lossy(&roff))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::captured;

    fn page(name: Option<&str>) -> String {
        let page = name.map(str::to_owned);
        captured(|out| {
            print(&ManArgs { page }, out).unwrap();
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
            assert!(matches!(print(&args, out), Err(Error::NoPage(_))));
        });
        assert_eq!(out, "");
    }
}
