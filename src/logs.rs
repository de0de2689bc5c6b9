//! Where what happens is written down for whoever looks for a fault.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;

use tracing_subscriber::EnvFilter;

use crate::profile::{self, Profile};

/// Variable that says what is logged, in the syntax of `tracing`.
const LOG_VARIABLE: &str = "CHAPERON_LOG";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directories of the profile cannot be made.
    #[error(transparent)]
    Profile(#[from] profile::Error),
    /// The file cannot be written.
    #[error("cannot write the log file")]
    File(#[from] io::Error),
}

/// Writes a log into the profile, if one is asked for: the screen belongs to the surface.
pub fn to_file(profile: &Profile) -> Result<(), Error> {
    let Ok(filter) = EnvFilter::try_from_env(LOG_VARIABLE) else {
        return Ok(());
    };
    profile.create()?;
    let file = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(profile.data_dir().join("chaperon.log"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(file)
        .init();
    Ok(())
}

/// Writes a log to standard error: what the variable says, or this much of ours and the warnings
/// of others.
pub fn to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE)
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,chaperon={default}")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
