//! Reads and writes `config.toml`: whole, or not at all.
//!
//! Must not: overwrite what somebody else changed meanwhile, or leave a half-written file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::config::edit::{self, EditError};
use super::config::{Config, ConfigError, Key, Value, template};
use super::{Profile, private_directory};

/// Why the settings were not written. What was there is still there.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else changed the file since it was read.
    #[error("config.toml was changed by another program meanwhile; nothing was written")]
    ChangedMeanwhile,
    /// The change cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The system refused.
    #[error("cannot write config.toml")]
    Io(#[from] io::Error),
}

/// The settings file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsFile {
    /// `None` where there was no file.
    text: Option<String>,
    config: Config,
}

impl SettingsFile {
    /// Returns what it says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Reads the text of a file; `None` where there is none.
    pub fn parse(text: Option<String>) -> Result<Self, ConfigError> {
        let config = Config::parse(text.as_deref().unwrap_or_default())?;
        Ok(Self { text, config })
    }

    /// Returns the text; `None` where there is no file.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the file with these changes. Pure: nothing is written.
    pub fn with(&self, changes: &[(Key, Value)]) -> Result<Self, EditError> {
        let mut text = self.text.clone().unwrap_or_default();
        for (key, value) in changes {
            text = edit::set(&text, *key, value)?;
        }
        let config = Config::parse(&text)?;
        Ok(Self {
            text: Some(text),
            config,
        })
    }

    /// Tells whether there is a file at all.
    pub fn exists(&self) -> bool {
        self.text.is_some()
    }
}

impl Profile {
    /// Reads the settings file; an absent one says nothing.
    pub fn read_settings(&self) -> Result<SettingsFile, ConfigError> {
        let Some(bytes) = read(&self.config_file()).map_err(ConfigError::Unreadable)? else {
            return Ok(SettingsFile::default());
        };
        let config = Config::parse_bytes(&bytes)?;
        let text = String::from_utf8(bytes).ok();
        Ok(SettingsFile { text, config })
    }

    /// Makes a settings file that sets nothing and names everything, where there is none; tells
    /// whether it did.
    pub fn begin_settings(&self) -> io::Result<bool> {
        let path = self.config_file();
        private_directory(path.parent().unwrap_or_else(|| Path::new(".")))?;
        let mut options = fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(mut file) => file.write_all(template().as_bytes()).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a settings file that is as [`Profile::begin_settings`] made it.
    pub fn forget_settings(&self) -> io::Result<()> {
        let path = self.config_file();
        if read(&path)?.as_deref() == Some(template().as_bytes()) {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// Writes these changes into the file that was read as `before`, and returns it as it is
    /// then: mode 0600, everything else in it kept, comments too. The file is replaced as a
    /// whole, so a crash leaves the old or the new one. Does nothing where nothing changes.
    pub fn write_settings(
        &self,
        before: &SettingsFile,
        changes: &[(Key, Value)],
    ) -> Result<SettingsFile, WriteError> {
        let after = before.with(changes)?;
        if before.text == after.text || changes.is_empty() {
            return Ok(before.clone());
        }
        let target = target(&self.config_file())?;
        let unchanged =
            || Ok(read(&target)?.as_deref() == before.text.as_deref().map(str::as_bytes));
        let text = after.text().unwrap_or_default();
        replace(&target, text.as_bytes(), unchanged)?;
        Ok(after)
    }
}

/// A settings file that is a link, as of people who keep such files elsewhere, stays one.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => fs::canonicalize(path),
        Ok(_) => Ok(path.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

fn replace(
    path: &Path,
    bytes: &[u8],
    unchanged: impl FnOnce() -> io::Result<bool>,
) -> Result<(), WriteError> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    private_directory(dir)?;
    // Made with mode 0600, in the same directory, so that the name can be taken over at once.
    let mut file = tempfile::Builder::new()
        .prefix(".config.toml-")
        .tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // As late as can be: what remains is the instant between this and the renaming.
    if !unchanged()? {
        return Err(WriteError::ChangedMeanwhile);
    }
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(name: &str) -> [(Key, Value); 1] {
        [(Key::Theme, Value::Text(name.to_owned()))]
    }

    fn scratch() -> (tempfile::TempDir, Profile) {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("home"));
        (root, profile)
    }

    #[test]
    fn the_first_change_makes_the_file_for_its_owner_alone() {
        let (_root, profile) = scratch();
        let before = profile.read_settings().unwrap();
        let after = profile.write_settings(&before, &theme("light")).unwrap();
        assert_eq!(profile.read_settings().unwrap(), after);
        assert_eq!(after.config().theme(), "light");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&profile.config_file()), 0o600);
            assert_eq!(mode(profile.config_file().parent().unwrap()), 0o700);
        }
        let left: Vec<_> = fs::read_dir(profile.data_dir()).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file stays");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_overwritten() {
        let (_root, profile) = scratch();
        let before = profile.read_settings().unwrap();
        profile.create().unwrap();
        fs::write(profile.config_file(), "mouse = false\n").unwrap();
        let refused = profile.write_settings(&before, &theme("light"));
        assert!(matches!(refused, Err(WriteError::ChangedMeanwhile)));
        let now = fs::read_to_string(profile.config_file()).unwrap();
        assert_eq!(now, "mouse = false\n");
        let left = fs::read_dir(profile.data_dir()).unwrap();
        let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            !names
                .iter()
                .any(|name| name.to_string_lossy().starts_with('.'))
        );
    }

    #[test]
    fn nothing_to_change_writes_nothing() {
        let (_root, profile) = scratch();
        let before = profile.read_settings().unwrap();
        profile.write_settings(&before, &[]).unwrap();
        assert!(!profile.config_file().exists());
        assert!(!profile.data_dir().exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_a_link_stays_one() {
        let (root, profile) = scratch();
        profile.create().unwrap();
        let kept = root.path().join("elsewhere.toml");
        fs::write(&kept, "# mine\ntheme = 'dark'\n").unwrap();
        std::os::unix::fs::symlink(&kept, profile.config_file()).unwrap();
        let before = profile.read_settings().unwrap();
        profile.write_settings(&before, &theme("light")).unwrap();
        let found = fs::symlink_metadata(profile.config_file()).unwrap();
        assert!(found.is_symlink());
        let text = fs::read_to_string(&kept).unwrap();
        assert_eq!(text, "# mine\ntheme = \"light\"\n");
    }
}
