//! The person's own editor on the text of a draft. No shell is involved.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use crate::model::PeerText;
use crate::profile::{Profile, SettingsFile};

use super::run::in_words;

/// Bytes that are read back at most; more than any network carries.
const LIMIT: u64 = 4 * 1024 * 1024;

/// Lets a command edit the text in a file that only this user can read, and returns what it
/// left there. The error is a sentence for a person.
pub(super) fn edit(command: &str, text: &PeerText) -> Result<PeerText, String> {
    // The file is 0600 and goes away with its handle.
    let mut file = tempfile::Builder::new()
        .prefix("chaperon-")
        .suffix(".txt")
        .tempfile()
        .map_err(|error| format!("no temporary file ({})", error.kind()))?;
    file.write_all(text.expose_untrusted().as_bytes())
        .and_then(|()| file.flush())
        .map_err(|error| format!("the draft could not be handed over ({})", error.kind()))?;
    if !run(command, file.path())? {
        return Err("it ended with an error; the draft is as it was".to_owned());
    }
    // Editors often replace the file, so it is opened anew by its name.
    let mut left = String::new();
    File::open(file.path())
        .and_then(|written| written.take(LIMIT).read_to_string(&mut left))
        .map_err(|error| format!("what it wrote cannot be read ({})", error.kind()))?;
    Ok(PeerText::new(left.trim_end_matches('\n')))
}

/// Lets a command edit the settings file itself, which is made with every setting commented out
/// where there is none, and returns what it says then. The error is a sentence for a person.
pub(super) fn edit_settings(command: &str, profile: &Profile) -> Result<SettingsFile, String> {
    let made = profile.begin_settings();
    let made = made.map_err(|error| format!("config.toml cannot be made ({})", error.kind()))?;
    let ended = run(command, &profile.config_file());
    if made && let Err(error) = profile.forget_settings() {
        tracing::debug!(%error, "an unchanged settings file stays");
    }
    if !ended? {
        return Err("the editor ended with an error".to_owned());
    }
    profile.read_settings().map_err(|error| in_words(&error))
}

/// Runs a command on a file; tells whether it ended well.
fn run(command: &str, path: &Path) -> Result<bool, String> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("set VISUAL or EDITOR to use one")?;
    let status = Command::new(program).args(words).arg(path).status();
    let status = status.map_err(|error| format!("it could not be started ({})", error.kind()))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_that_changes_nothing_leaves_the_text_as_it_was() {
        let text = PeerText::new("two\nlines");
        assert_eq!(edit("true", &text), Ok(text));
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        assert!(edit("false", &PeerText::new("kept")).is_err());
    }

    #[test]
    fn a_settings_file_that_was_only_looked_at_is_not_kept() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        let file = edit_settings("true", &profile).unwrap();
        assert!(!file.exists());
        assert!(!profile.config_file().exists());
    }

    #[test]
    fn a_settings_file_that_was_written_is_checked() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        std::fs::write(profile.config_file(), "theme = 'dark'\nsymbols = 3\n").unwrap();
        let problem = edit_settings("true", &profile).unwrap_err();
        assert!(
            problem.starts_with("config.toml line 2: `symbols`"),
            "{problem}"
        );
        assert!(
            edit_settings("false", &profile)
                .unwrap_err()
                .contains("editor")
        );
    }

    #[test]
    fn no_shell_reads_the_command() {
        let text = PeerText::new("kept");
        assert_eq!(edit("echo ; false &&", &text), Ok(text));
    }
}
