//! `run`: the engine without a screen. Carried out by `main`.

use clap::Args;

/// Arguments of `run`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(after_help = "\
Syncs, holds and delivers until it is stopped (SIGINT or SIGTERM). The terminal surface and all \
commands find it by themselves.

Example:
  chaperon run")]
pub struct RunArgs {}
