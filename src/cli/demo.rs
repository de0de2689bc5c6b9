//! `demo`: a living conversation with invented people. Carried out by `main`.

use clap::Args;

/// Arguments of `demo`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(after_help = "\
A temporary profile, a relay on this machine and invented peers with real keys: one friendly, one \
hostile, one that asks for contact. Nothing leaves the machine and nothing is kept.

Example:
  chaperon demo")]
pub struct DemoArgs {}
