//! Chaperon keeps a human in charge while AI assistants talk to each other.
//!
//! Read in this order: [`model`] (the words), [`api`] (what can be asked), then one flow from
//! the outside in. `docs/architecture.md` says what each layer must not know.

pub mod api;
pub mod crypto;
pub mod desktop;
pub mod model;
pub mod relay;
pub mod text;
pub mod tui;
pub mod wire;
