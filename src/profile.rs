//! Where one person's chaperon lives: its directories, its files, its settings.
//!
//! A profile is two directories (settings and data), which are one and the same where
//! `CHAPERON_HOME` or `--home` names it. Paths are computed here and nowhere else; reading
//! settings is pure and stands in [`config`].
//!
//! Must not: open the store, hold a key, or take part of a path from a peer.

pub mod config;
mod settings_file;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

pub use config::{Config, ConfigError};
pub use settings_file::{SettingsFile, WriteError};

/// Variable that moves the whole profile to one directory.
pub const HOME_VARIABLE: &str = "CHAPERON_HOME";

/// Longest socket path in bytes that every Unix takes: `sun_path` has 104 bytes on the BSDs
/// and macOS, 108 on Linux, with the final zero byte.
const LONGEST_SOCKET_PATH: usize = 100;
/// Largest template that is read, in bytes.
const LARGEST_TEMPLATE: u64 = 256 * 1024;
/// Longest name of a preset, in bytes.
const LONGEST_PRESET_NAME: usize = 64;

/// Why a profile cannot be found or read. Never repeats a path.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system names no home directory.
    #[error("no home directory is known; set CHAPERON_HOME or use --home")]
    NoHome,
    /// A preset name that cannot be a file name here.
    #[error("a preset name has 1 to 64 of the letters a-z, digits, - and _")]
    PresetName,
    /// A template that is not text, or is over 256 KiB.
    #[error("a template of the profile is not UTF-8 text of at most 256 KiB")]
    NotText,
    /// The directory for the socket belongs to another user or is open to others.
    #[error("the directory for the control socket is not ours alone")]
    SocketDirectory,
    /// The system refused.
    #[error("cannot {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Gives a variable of the environment; `std::env::var_os` outside tests.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The places of one profile. Nothing is created until [`Profile::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    config: PathBuf,
    data: PathBuf,
    /// Where a socket goes whose path in `data` would be too long.
    runtime: PathBuf,
}

impl Profile {
    /// Finds the profile: `home_override` (the `--home` flag), else a non-empty
    /// `CHAPERON_HOME`, else the usual directories of this system.
    pub fn locate(home_override: Option<PathBuf>, env: Environment<'_>) -> Result<Self, Error> {
        let runtime = set(env, "XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let home = home_override
            .filter(|path| !path.as_os_str().is_empty())
            .or_else(|| set(env, HOME_VARIABLE).map(PathBuf::from));
        if let Some(home) = home {
            let home = std::path::absolute(home).map_err(|source| Error::Io {
                doing: "find the profile directory",
                source,
            })?;
            return Ok(Self {
                runtime,
                ..Self::at(home)
            });
        }
        let dirs = directories::ProjectDirs::from("", "", "chaperon").ok_or(Error::NoHome)?;
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            data: dirs.data_dir().to_owned(),
            runtime,
        })
    }

    /// Tells what [`Profile::locate`] found the profile by.
    pub fn source(home_override: Option<&Path>, env: Environment<'_>) -> config::Source {
        if home_override.is_some_and(|path| !path.as_os_str().is_empty()) {
            config::Source::Flag
        } else if set(env, HOME_VARIABLE).is_some() {
            config::Source::Env(HOME_VARIABLE)
        } else {
            config::Source::Default
        }
    }

    /// Names the profile that lies in this one directory.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        Self {
            config: dir.clone(),
            data: dir,
            runtime: std::env::temp_dir(),
        }
    }

    /// Returns the directory of what the engine keeps, for its owner's eyes.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Returns the path of the settings.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Returns the directory of the user's own preset texts, `<name>.tmpl` each.
    pub fn presets_dir(&self) -> PathBuf {
        self.config.join("presets")
    }

    /// Returns the directory of the user's own themes, `<name>.toml` each.
    pub fn themes_dir(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// Returns the path of the user's own invitation text.
    pub fn onboard_template(&self) -> PathBuf {
        self.config.join("onboard.tmpl")
    }

    /// Returns the path of the store.
    pub fn database(&self) -> PathBuf {
        self.data.join("chaperon.db")
    }

    /// Returns the path of the file whose lock is the ownership of the profile.
    pub fn lock_file(&self) -> PathBuf {
        self.data.join("engine.lock")
    }

    /// Returns the path of the control socket: in the data directory, or, where that would be
    /// longer than a socket address can hold, in a directory of its own that is named by a
    /// digest of the data directory.
    pub fn socket(&self) -> PathBuf {
        let usual = self.data.join("engine.sock");
        if usual.as_os_str().len() <= LONGEST_SOCKET_PATH {
            return usual;
        }
        let digest = Sha256::digest(self.data.as_os_str().as_encoded_bytes());
        let name = digest
            .iter()
            .take(8)
            .fold("chaperon-".to_owned(), |name, byte| {
                format!("{name}{byte:02x}")
            });
        let short = self.runtime.join(&name).join("engine.sock");
        if short.as_os_str().len() <= LONGEST_SOCKET_PATH {
            return short;
        }
        // A temporary directory with a long name too: the one that every Unix has.
        Path::new("/tmp").join(name).join("engine.sock")
    }

    /// Makes the directories that are missing, open to their owner alone (0700). Directories
    /// that exist keep their mode, except that a socket directory has to be ours alone.
    pub fn create(&self) -> Result<(), Error> {
        let (presets, themes) = (self.presets_dir(), self.themes_dir());
        for dir in [&self.config, &self.data, &presets, &themes] {
            private_directory(dir).map_err(|source| Error::Io {
                doing: "make the directories of the profile",
                source,
            })?;
        }
        let socket = self.socket();
        let Some(dir) = socket.parent().filter(|dir| *dir != self.data) else {
            return Ok(());
        };
        private_directory(dir).map_err(|source| Error::Io {
            doing: "make the directory of the control socket",
            source,
        })?;
        // It may lie where everybody can write; somebody else's directory would hand them
        // the socket.
        if is_ours_alone(dir) {
            Ok(())
        } else {
            Err(Error::SocketDirectory)
        }
    }

    /// Tells whether an engine has ever kept anything here.
    pub fn exists(&self) -> bool {
        self.database().exists()
    }

    /// Reads the settings; all unset where there is no file.
    pub fn load_config(&self) -> Result<Config, ConfigError> {
        Ok(self.read_settings()?.config().clone())
    }

    /// Reads the user's own text for a preset, `None` where there is none.
    pub fn preset_text(&self, name: &str) -> Result<Option<String>, Error> {
        if !is_preset_name(name) {
            return Err(Error::PresetName);
        }
        read_template(&self.presets_dir().join(format!("{name}.tmpl")))
    }

    /// Reads the user's own rules for a preset, `None` where there are none.
    pub fn preset_rules(&self, name: &str) -> Result<Option<String>, Error> {
        if !is_preset_name(name) {
            return Err(Error::PresetName);
        }
        read_template(&self.presets_dir().join(format!("{name}.toml")))
    }

    /// Reads the user's own invitation text, `None` where there is none.
    pub fn onboard_text(&self) -> Result<Option<String>, Error> {
        read_template(&self.onboard_template())
    }

    /// Lists the presets that have a text of the user's own, sorted by name.
    pub fn preset_names(&self) -> Result<Vec<String>, Error> {
        let failed = |source| Error::Io {
            doing: "list the presets of the profile",
            source,
        };
        let entries = match std::fs::read_dir(self.presets_dir()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".tmpl"));
            names.extend(name.filter(|name| is_preset_name(name)).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }
}

/// Tells whether a text can name a preset: 1 to 64 of `a-z`, `0-9`, `-` and `_`, so that a
/// name is never a path.
pub fn is_preset_name(name: &str) -> bool {
    (1..=LONGEST_PRESET_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn set(env: Environment<'_>, name: &str) -> Option<OsString> {
    env(name).filter(|value| !value.is_empty())
}

fn private_directory(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}

#[cfg(unix)]
fn is_ours_alone(dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(dir).is_ok_and(|found| {
        found.is_dir()
            && found.uid() == rustix::process::geteuid().as_raw()
            && found.mode() & 0o777 == 0o700
    })
}

#[cfg(not(unix))]
fn is_ours_alone(dir: &Path) -> bool {
    dir.is_dir()
}

fn read_template(path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::Io {
        doing: "read a template of the profile",
        source,
    };
    let size = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Err(Error::NotText),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if size > LARGEST_TEMPLATE {
        return Err(Error::NotText);
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Error::NotText),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_name: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_the_variable_over_the_system() {
        let env = |name: &str| (name == HOME_VARIABLE).then(|| OsString::from("/variable"));
        let by_flag = Profile::locate(Some("/flag".into()), &env).unwrap();
        let by_variable = Profile::locate(None, &env).unwrap();
        assert_eq!(by_flag.database(), Path::new("/flag/chaperon.db"));
        assert_eq!(
            Profile::source(Some(Path::new("/flag")), &env),
            config::Source::Flag
        );
        assert_eq!(Profile::source(None, &env).to_string(), "env");
        assert_eq!(Profile::source(None, &nothing), config::Source::Default);
        assert_eq!(
            by_variable.config_file(),
            Path::new("/variable/config.toml")
        );
    }

    #[test]
    fn an_empty_variable_is_no_profile() {
        let env = |name: &str| (name == HOME_VARIABLE).then(OsString::new);
        assert_eq!(
            Profile::locate(None, &env).unwrap(),
            Profile::locate(None, &nothing).unwrap()
        );
    }

    #[test]
    fn a_relative_home_does_not_move_with_the_working_directory() {
        let profile = Profile::locate(Some("here".into()), &nothing).unwrap();
        assert!(profile.data_dir().is_absolute());
    }

    #[test]
    fn a_socket_lies_beside_the_store_while_its_path_is_short() {
        let profile = Profile::at("/home/ana/.chaperon");
        assert_eq!(
            profile.socket(),
            Path::new("/home/ana/.chaperon/engine.sock")
        );
    }

    #[test]
    fn a_long_profile_path_gets_a_socket_that_still_binds() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("p".repeat(120)));
        profile.create().unwrap();
        let socket = profile.socket();
        assert!(socket.as_os_str().len() <= LONGEST_SOCKET_PATH);
        #[cfg(unix)]
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert_ne!(
            socket,
            Profile::at(root.path().join("q".repeat(120))).socket()
        );
        std::fs::remove_dir_all(socket.parent().unwrap()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_directory_that_others_can_enter_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("r".repeat(120)));
        profile.create().unwrap();
        let socket = profile.socket();
        let dir = socket.parent().unwrap();
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(profile.create(), Err(Error::SocketDirectory)));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn new_directories_are_open_to_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("home"));
        profile.create().unwrap();
        for dir in [profile.data_dir().to_owned(), profile.presets_dir()] {
            let mode = std::fs::metadata(dir).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        assert!(!profile.exists());
    }

    #[test]
    fn a_preset_name_is_never_a_path() {
        for name in ["", "../x", "a/b", "A", "a.b", "a b", "é", &"x".repeat(65)] {
            assert!(!is_preset_name(name), "{name:?}");
        }
        assert!(is_preset_name("safe-acquaintance"));
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        assert!(matches!(
            profile.preset_text("../onboard"),
            Err(Error::PresetName)
        ));
    }

    #[test]
    fn preset_files_of_the_user_are_found_and_read() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        assert_eq!(profile.preset_names().unwrap(), Vec::<String>::new());
        profile.create().unwrap();
        for (file, text) in [("b.tmpl", "B {name}"), ("a.tmpl", "A"), ("Note.txt", "x")] {
            std::fs::write(profile.presets_dir().join(file), text).unwrap();
        }
        assert_eq!(profile.preset_names().unwrap(), ["a", "b"]);
        assert_eq!(
            profile.preset_text("b").unwrap().as_deref(),
            Some("B {name}")
        );
        assert_eq!(profile.preset_text("c").unwrap(), None);
        std::fs::write(profile.presets_dir().join("c.tmpl"), [0xff]).unwrap();
        assert!(matches!(profile.preset_text("c"), Err(Error::NotText)));
    }

    #[test]
    fn settings_are_unset_without_a_file_and_read_with_one() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        assert_eq!(profile.load_config().unwrap(), Config::default());
        std::fs::write(profile.config_file(), "sender_name = \"Ana\"\n").unwrap();
        let config = profile.load_config().unwrap();
        assert_eq!(config.sender_name().as_deref(), Some("Ana"));
    }
}
