//! The person's own editor on the settings file.

use crate::desktop::editor::edit_file;
use crate::profile::{Profile, SettingsFile};

use super::run::files::in_words;

/// Lets a command edit the settings file itself, which is made with every setting commented out
/// where there is none, and returns what it says then. The error is a sentence for a person.
pub(super) fn edit_settings(command: &str, profile: &Profile) -> Result<SettingsFile, String> {
    let made = profile.begin_settings();
    let made = made.map_err(|error| format!("config.toml cannot be made ({})", error.kind()))?;
    let ended = edit_file(command, &profile.config_file());
    if made && let Err(error) = profile.forget_settings() {
        tracing::debug!(%error, "an unchanged settings file stays");
    }
    if !ended? {
        return Err("the editor ended with an error".to_owned());
    }
    profile.read_settings().map_err(|error| in_words(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
