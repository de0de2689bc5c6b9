//! Files of other programs: read with a bound, written new and for their owner alone.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::api::Error;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads a file of bounded size; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::metadata(path) {
        Ok(about) if about.len() > LARGEST => {
            Err(Error::BadRequest("a file there is too large".to_owned()))
        }
        Ok(_) => fs::read(path)
            .map(Some)
            .map_err(|error| failed("read a file there", &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read a file there", &error)),
    }
}

/// Writes a file that must not exist, for its owner's eyes only.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| failed("write a file", &error))
}

/// Makes a directory with others in it, for their owner alone. It has to be empty or absent.
pub(super) fn make_new(dir: &Path, below: &[&str]) -> Result<(), Error> {
    let occupied = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || dir.is_file() {
        return Err(Error::BadRequest(
            "that directory is not empty; name a new one with --to".to_owned(),
        ));
    }
    let all = std::iter::once(dir.to_owned()).chain(below.iter().map(|name| dir.join(name)));
    for dir in all {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|error| failed("make the directory", &error))?;
    }
    Ok(())
}

/// Removes what an export that was stopped has written into a directory that [`make_new`] made.
pub(super) fn remove(dir: &Path, below: &[&str]) {
    for name in below {
        if let Err(error) = fs::remove_dir_all(dir.join(name)) {
            tracing::warn!(%error, "a stopped export left something behind");
        }
    }
}

/// Lists the files of a directory whose names end so, in the order of their names; none where
/// there is no such directory.
pub(super) fn list(dir: &Path, suffix: &str) -> Result<Vec<(String, std::path::PathBuf)>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list a directory", &error)),
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            file.ends_with(suffix).then(|| (file, entry.path()))
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Says what could not be done with files.
pub(super) fn failed(doing: &str, error: &io::Error) -> Error {
    Error::Storage(format!("cannot {doing}: {}", error.kind()))
}
