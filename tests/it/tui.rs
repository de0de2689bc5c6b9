//! The terminal interface over a fixed world: every screen, and what no input may ever do.

mod decisions;
mod hostile;
mod log;
mod snapshots;
mod stories;
pub(crate) mod world;
