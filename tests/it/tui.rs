//! The terminal interface over a fixed world: every screen, and what no input may ever do.

mod attention;
mod beneath;
mod clawchat;
mod clawtalk;
mod decisions;
mod engagement;
mod go;
mod held;
mod hostile;
pub(crate) mod log;
mod matrix;
mod mesh;
mod mouse;
mod needs_you;
pub(crate) mod onboarding;
mod review;
mod search;
pub(crate) mod settings;
mod snapshots;
pub(crate) mod states;
mod stories;
pub(crate) mod world;
