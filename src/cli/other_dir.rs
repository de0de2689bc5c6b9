//! `import` and `export`: come from another program, and go back.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{Output, Pretty};
use super::{Error, Exit, progress};
use crate::api::{self, Accounts, Handle, Reply, Request};
use crate::model::NetworkId;

/// Arguments of `import`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon import clawbuddy")]
pub struct ImportArgs {
    /// Which program
    #[command(subcommand)]
    pub program: ImportProgram,
}

/// Programs that can be imported from.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ImportProgram {
    /// Copy channels, keys, presets and settings of clawbuddy
    #[command(after_help = "\
Files are copied and never changed. Channels that are here already are left as they are.

Example:
  chaperon import clawbuddy --from ~/.config/clawbuddy")]
    Clawbuddy {
        /// Its directory; ~/.config/clawbuddy where absent
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Copy identity, peers, requests and messages of the Agent Mesh scripts
    #[command(after_help = "\
Files are copied and never changed. Peers that are here already are left as they are. Stop the \
scripts' server before chaperon listens in its place.

Example:
  chaperon import mesh --from ~/.openclaw/agent-mesh")]
    Mesh {
        /// Its directory; ~/.openclaw/agent-mesh where absent
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
}

/// Arguments of `export`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon export clawbuddy --to clawbuddy-copy")]
pub struct ExportArgs {
    /// Which program
    #[command(subcommand)]
    pub program: ExportProgram,
}

/// Programs that can be exported to.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ExportProgram {
    /// Write a directory that clawbuddy can use
    #[command(after_help = "\
The directory has to be empty or absent. It will contain private keys: whoever can read it can \
read and write as you.

Example:
  chaperon export clawbuddy --to clawbuddy-copy")]
    Clawbuddy {
        /// The directory
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Write a directory that the Agent Mesh scripts can use
    #[command(after_help = "\
The directory has to be empty or absent. It will contain your private key: whoever can read it \
can write as you. Point OPENCLAW_AGENT_MESH_DIR at it, and stop chaperon from listening first.

Example:
  chaperon export mesh --to agent-mesh-copy")]
    Mesh {
        /// The directory
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
}

pub(super) async fn import(
    args: ImportArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    // The other programs look nowhere else; they know no XDG variables.
    let (from, usual, style) = match &args.program {
        ImportProgram::Clawbuddy { from, style } => (from, ".config/clawbuddy", *style),
        ImportProgram::Mesh { from, style } => (from, ".openclaw/agent-mesh", *style),
    };
    let from = match from {
        Some(from) => absolute(from)?,
        None => std::env::home_dir().ok_or(Error::NoHome)?.join(usual),
    };
    let request = match args.program {
        ImportProgram::Clawbuddy { .. } => Request::ImportClawbuddy { from },
        ImportProgram::Mesh { .. } => Request::Accounts(Accounts::Import {
            network: NetworkId::Mesh,
            from,
            password: None,
        }),
    };
    let Reply::Imported {
        channels,
        skipped,
        presets,
        notes,
    } = progress::ask(handle, request, "steps", out).await?
    else {
        return Err(Error::Unexpected);
    };
    let done = json!({
        "channels": channels,
        "skipped": skipped,
        "presets": presets,
        "notes": notes,
    });
    out.json(&done, style)?;
    Ok(Exit::Done)
}

pub(super) async fn export(
    args: ExportArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let (request, style) = match args.program {
        ExportProgram::Clawbuddy { to, style } => {
            let to = absolute(&to)?;
            (Request::ExportClawbuddy { to }, style)
        }
        ExportProgram::Mesh { to, style } => {
            let to = absolute(&to)?;
            let network = NetworkId::Mesh;
            (
                Request::Accounts(Accounts::Export {
                    network,
                    to,
                    password: None,
                }),
                style,
            )
        }
    };
    let Reply::Exported { channels } = progress::ask(handle, request, "channels", out).await?
    else {
        return Err(Error::Unexpected);
    };
    out.json(&json!({ "channels": channels }), style)?;
    Ok(Exit::Done)
}

/// The engine may run in another directory.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let bad = |_no_such| api::Error::BadRequest("the directory cannot be named".to_owned());
    Ok(std::path::absolute(path).map_err(bad)?)
}
