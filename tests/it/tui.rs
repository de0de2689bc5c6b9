//! The terminal interface over a fixed world: every screen, and what no input may ever do.

mod attention;
mod beneath;
mod decisions;
mod engagement;
mod go;
mod held;
mod hostile;
mod log;
mod mouse;
mod needs_you;
mod review;
mod search;
mod settings;
mod snapshots;
mod stories;
pub(crate) mod world;
