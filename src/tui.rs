//! The terminal interface: a control desk that shows what waits and lets a person settle it.
//!
//! Elm style: [`update()`] turns a [`Message`] into a new state and [`Effect`]s, [`view()`] draws
//! the state, and [`run()`] is the only part that touches the terminal, the clock or the engine.
//! Start with [`model`], then [`update`](mod@update).
//!
//! Must never: show a peer's words that did not pass `crate::text`, or decide anything a person
//! did not decide in the review screen.

mod available;
mod background;
mod burst;
mod external;
mod filter;
mod first_look;
mod flights;
mod input;
pub mod keymap;
mod keys_test;
mod last_words;
mod looks;
pub mod message;
pub mod model;
mod mouse;
mod palette;
pub mod probe;
pub mod run;
mod screen;
mod terminal;
pub mod theme;
pub mod theme_files;
mod tour;
pub mod update;
pub mod view;
mod watch;
mod widget;

pub use keymap::{Change, EnterKey, Keys, KeysError};
pub use keys_test::test_keys;
pub use message::{
    Effect, Errand, FileNews, IdentityErrand, LoginErrand, Message, Question, Sheet,
};
pub use model::{Model, Setup};
pub use run::{Doctor, Error, Options, run, welcome};
pub use screen::onboarding::{Choices, ClawBuddy, Found, Outcome, QUIET_HOURS, Secrets, Welcome};
pub use screen::settings::{Place, keys_of};
pub use theme::{Symbols, ThemeChoice, ThemeError, Themes};
pub use tour::Tour;
pub use update::{start, update};
pub use view::view;
