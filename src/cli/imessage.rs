//! Sends an invitation by iMessage, on macOS alone.
//!
//! Phone and text reach `AppleScript` as arguments of `on run`, never as part of the script, so
//! that no quote in them can become a command.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// The script. It is read from standard input, so that `-` ends the options of `osascript` and
/// a phone number that begins with a dash stays an argument.
const SCRIPT: &str = "\
on run argv
  tell application \"Messages\"
    set service_ to 1st account whose service type = iMessage
    set person_ to participant (item 1 of argv) of service_
    send (item 2 of argv) to person_
  end tell
end run
";

/// Why an invitation did not go out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// `osascript` did not start.
    #[error("osascript cannot be run: {0}")]
    NotRun(#[from] io::Error),
    /// Messages refused.
    #[error("Messages did not take it (osascript ended with {0})")]
    Refused(std::process::ExitStatus),
    /// The waiting thread died.
    #[error("the wait for osascript was cut off")]
    CutOff,
}

/// Sends the text to the phone. Answers `false` on systems that have no iMessage.
pub(super) async fn send(phone: String, text: String) -> Result<bool, Error> {
    if !cfg!(target_os = "macos") {
        return Ok(false);
    }
    // A first use asks the person for permission and waits for them, which may take a while.
    let sending =
        tokio::task::spawn_blocking(move || run(Command::new("osascript"), &phone, &text));
    sending.await.map_err(|_join| Error::CutOff)??;
    Ok(true)
}

fn run(mut osascript: Command, phone: &str, text: &str) -> Result<(), Error> {
    let mut child = osascript
        .args(["-", phone, text])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(SCRIPT.as_bytes())
    {
        tracing::debug!(%error, "osascript did not read the script");
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Refused(status))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program in the place of `osascript` that keeps what it was given.
    fn recorder(dir: &std::path::Path, exit: u8) -> Command {
        let program = dir.join("osascript");
        let kept = dir.join("kept");
        let script = format!(
            "#!/bin/sh\nfor a in \"$@\"; do printf '%s|' \"$a\"; done > '{0}'\ncat >> '{0}'\nexit {exit}\n",
            kept.display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        // Through the shell: a file just written may still be open for writing in a child that
        // another test is starting, and could then not be run itself.
        let mut command = Command::new("/bin/sh");
        command.arg(program);
        command
    }

    #[test]
    fn phone_and_text_are_arguments_and_never_part_of_the_script() {
        let dir = tempfile::tempdir().unwrap();
        let hostile = "\" & (do shell script \"id\") & \"";
        run(recorder(dir.path(), 0), "-e", hostile).unwrap();
        let kept = std::fs::read_to_string(dir.path().join("kept")).unwrap();
        assert_eq!(kept, format!("-|-e|{hostile}|{SCRIPT}"));
    }

    #[test]
    fn a_refusal_and_a_missing_program_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let refused = run(recorder(dir.path(), 1), "+1", "text");
        assert!(matches!(refused, Err(Error::Refused(_))));
        let missing = run(Command::new(dir.path().join("none")), "+1", "text");
        assert!(matches!(missing, Err(Error::NotRun(_))));
    }

    #[cfg(not(target_os = "macos"))]
    #[tokio::test]
    async fn other_systems_send_nothing() {
        assert!(!send("+1".into(), "text".into()).await.unwrap());
    }
}
