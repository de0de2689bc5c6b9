//! The surface in lines: for a screen reader, for a terminal that cannot draw, for a slow line.
//!
//! It only ever appends: nothing is drawn over, nothing moves, nothing comes in between a
//! question and its answer. [`step()`] takes what happened and returns what is said and asked;
//! `run` alone reads and writes.
//!
//! Must not: decide anything but by a whole word that was typed after the question, or let a
//! line of theirs stand without the words that say whose it is.

mod channel;
mod code;
mod forms;
mod identities;
mod lists;
mod logbook;
mod offer;
mod paper;
mod rests;
mod review;
mod run;
mod state;
mod step;
mod threads;
mod verdict;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use offer::offer;
pub use run::{Clock, Error, Options, run};
pub use state::{Effect, Happened, Question, State, Typed};
pub use step::{start, step};
