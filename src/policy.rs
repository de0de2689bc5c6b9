//! Engagement presets, and the rules that say what may reach the assistant and what may leave.
//!
//! Pure: facts in, verdict out; the built-in texts are part of the program. The engine asks
//! [`admit`] inside the transaction that stores a message and [`release`] inside the one that
//! queues it, so nothing is ever stored unjudged.
//!
//! Must not: read the clock or a file, know a network, or look into a peer's text beyond
//! what the facts say of it.

pub mod admit;
pub mod ends;
pub mod hours;
pub mod presets;
pub mod release;
pub mod replay;
pub mod rules;
pub mod template;

#[cfg(test)]
mod tests;
