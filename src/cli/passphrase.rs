//! `passphrase`: sets, changes and removes what protects the profile.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{Output, Pretty};
use super::{Error, Exit, progress, secret};
use crate::api::{Handle, Reply, Request};
use crate::model::Passphrase;

/// What is said when a passphrase is set or changed.
const FORGOTTEN: &str = "a forgotten passphrase cannot be recovered by anybody: without it the \
keys and messages of this profile are lost";
/// What is said when it is removed.
const OPEN: &str = "from now on whoever can read the profile's files can read its keys and \
messages, and whatever runs as you can decide in your place";

/// Arguments of `passphrase`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
With a passphrase the profile is sealed on the disk, and only who knows it may decide, accept \
and read what is held. It is asked for on the terminal; --passphrase-file or the variable \
CHAPERON_PASSPHRASE_FILE names a file with it instead. A forgotten one cannot be recovered.

Example:
  chaperon passphrase set
  chaperon passphrase change
  chaperon passphrase remove")]
pub struct PassphraseArgs {
    /// What to do.
    #[command(subcommand)]
    pub change: Change,
    /// The passphrase that the profile was reached with, if it took one.
    #[arg(skip)]
    pub current: Option<Passphrase>,
}

/// What to do with the passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Change {
    /// Protect the profile by a passphrase
    Set(NewArgs),
    /// Protect it by another one
    Change(NewArgs),
    /// Protect it no more
    Remove(RemoveArgs),
}

/// Where the new passphrase comes from.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct NewArgs {
    /// File with the new passphrase, yours and with mode 0600; asked for twice where absent
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Take one of less than 8 characters
    #[arg(long)]
    pub allow_short: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `passphrase remove`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RemoveArgs {
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn run(
    args: PassphraseArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    // Without one the engine says that there is none to change, or that one is needed.
    let current = args.current.unwrap_or_else(|| Passphrase::new(""));
    let (request, style) = match args.change {
        Change::Set(args) => {
            out.note(FORGOTTEN);
            let new = new_one(&args)?;
            (Request::SetPassphrase { new }, args.style)
        }
        Change::Change(args) => {
            out.note(FORGOTTEN);
            let new = new_one(&args)?;
            (Request::ChangePassphrase { current, new }, args.style)
        }
        Change::Remove(args) => (Request::RemovePassphrase { current }, args.style),
    };
    let protects = !matches!(request, Request::RemovePassphrase { .. });
    let Reply::Done = progress::ask(handle, request, "values", out).await? else {
        return Err(Error::Unexpected);
    };
    if !protects {
        out.warning(OPEN);
    }
    out.json(&json!({ "ok": true, "protected": protects }), style)?;
    Ok(Exit::Done)
}

fn new_one(args: &NewArgs) -> Result<Passphrase, secret::Error> {
    secret::new_one(args.new_passphrase_file.as_deref(), args.allow_short)
}
