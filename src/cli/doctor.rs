//! `doctor`: whether everything works here, ready to paste into an issue.

use clap::Args;
use serde_json::json;

use super::output::{Form, Output};
use super::{Error, Exit};
use crate::model::{Level, Report};

/// Arguments of `doctor`.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
#[command(after_help = "\
Looks at terminal, settings, files, store, decision log and relays, and changes nothing. No \
names, keys, channels or addresses stand in the report. Ends with 1 where there is a problem.

Example:
  chaperon doctor
  chaperon doctor --json")]
pub struct DoctorArgs {
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

/// Prints a report.
pub fn print(report: &Report, args: DoctorArgs, out: &mut Output<'_>) -> Result<Exit, Error> {
    match args.form.as_json() {
        Some(style) => {
            let level = report.worst();
            out.json(
                &json!({ "worst": level, "findings": report.findings }),
                style,
            )?;
        }
        None => out.text(&report.text())?,
    }
    Ok(match report.worst() {
        Level::Ok | Level::Warning => Exit::Done,
        Level::Problem => Exit::Failed,
    })
}

#[cfg(test)]
mod tests {
    use super::super::output::captured;
    use super::*;

    #[test]
    fn a_problem_is_told_by_the_exit_code_too() {
        let mut report = Report::default();
        report.ok("size", "80x24");
        report.warn("protection", "none", "chaperon passphrase set");
        let args = |json| DoctorArgs {
            form: Form {
                json,
                pretty: false,
            },
        };
        let (text, _) = captured(|out| {
            assert_eq!(print(&report, args(false), out).unwrap(), Exit::Done);
        });
        report.problem("store", "damaged (quick_check)", "restore a backup");
        let (json, _) = captured(|out| {
            assert_eq!(print(&report, args(true), out).unwrap(), Exit::Failed);
        });
        insta::assert_snapshot!(format!("{text}{json}"));
    }
}
