//! What the engine says of the profile it owns, and the settings that act in it.

use std::error::Error as _;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::api::{Error, Event, Reply, Storage};
use crate::store;

use super::core::Core;

impl Core {
    /// Counts what the profile holds.
    pub(super) fn storage(&self) -> Result<Reply, Error> {
        let database = self.profile.database();
        let beside = |suffix: &str| -> PathBuf {
            let mut path = OsString::from(&database);
            path.push(suffix);
            path.into()
        };
        let files = ["", "-wal", "-shm"].map(beside);
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
        Ok(Reply::Storage(Storage {
            messages: store::health::messages(&self.store)?,
            bytes: files.iter().map(size).sum(),
        }))
    }

    /// Goes on by what the settings file says now.
    pub(super) fn reload_settings(&mut self) -> Result<Reply, Error> {
        self.config = self.profile.load_config().map_err(|error| {
            let source = error.source().map(|source| format!(": {source}"));
            Error::BadRequest(format!("{error}{}", source.unwrap_or_default()))
        })?;
        self.log_in()?;
        self.tell(Event::Settings);
        Ok(Reply::Done)
    }
}
