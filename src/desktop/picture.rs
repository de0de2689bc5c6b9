//! Shows a picture in the system's viewer, from a file that only its owner can read and that
//! is gone with the value.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;

/// What the file is called.
const NAME: &str = "invite.png";
/// The program that opens a file as the desktop would.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Where a picture can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The file.
    pub path: PathBuf,
    /// Whether a viewer was asked to open it.
    pub opened: bool,
}

/// A picture in a directory of its own. Both are removed when it is dropped; a process that is
/// killed leaves them in the system's directory for temporary files.
#[derive(Debug)]
pub struct Picture {
    directory: TempDir,
}

impl Picture {
    /// Writes a picture with mode 0600 into a new directory with mode 0700.
    pub fn write(bytes: &[u8]) -> std::io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("chaperon-qr-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let picture = Self { directory };
        File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(picture.path())?
            .write_all(bytes)?;
        Ok(picture)
    }

    /// Returns where it is.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join(NAME)
    }

    /// Asks the desktop to show it, where there is one; does not wait for the viewer.
    pub fn show(&self, display: bool) -> Shown {
        let path = self.path();
        let opened = display && open(&path);
        Shown { path, opened }
    }
}

fn open(path: &std::path::Path) -> bool {
    let started = std::process::Command::new(OPENER)
        .arg(path)
        .env_remove("CHAPERON_PASSPHRASE_FILE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(mut child) => {
            // Somebody has to wait for it, or it stays in the list of processes.
            std::thread::spawn(move || {
                if let Err(error) = child.wait() {
                    tracing::debug!(%error, "the viewer cannot be waited for");
                }
            });
            true
        }
        Err(error) => {
            tracing::debug!(%error, "there is no viewer");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_owner_can_read_it_and_it_is_gone_with_the_value() {
        let picture = Picture::write(b"picture").unwrap();
        let path = picture.path();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let shown = picture.show(false);
        assert_eq!((shown.opened, &shown.path), (false, &path));
        drop(picture);
        assert!(!path.exists() && !path.parent().unwrap().exists());
    }
}
