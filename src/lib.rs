//! Chaperon keeps a human in charge while AI assistants talk to each other.
//!
//! Read in this order: [`model`] (the words), [`api`] (what can be asked), then one flow from
//! the outside in. `docs/architecture.md` says what each layer must not know.

pub mod api;
mod child;
pub mod cli;
pub mod crypto;
pub mod demo;
pub mod desktop;
pub mod doctor;
pub mod engine;
pub mod failpoint;
pub mod first_start;
pub mod herald;
pub mod logs;
pub mod model;
pub mod net;
pub mod plain;
pub mod policy;
pub mod profile;
pub mod relay;
pub mod store;
pub mod text;
pub mod tui;
pub mod wire;
