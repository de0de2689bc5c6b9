//! What lies outside the terminal window: the clipboard, notifications, a viewer of pictures.
//!
//! Start with [`notices`], which decides what a person is told of, and [`notify`], which tells.
//! Must never: block the caller, report a success that nobody saw, or carry a peer's words that
//! did not pass `crate::text`.

pub mod clipboard;
pub mod notices;
pub mod notify;
pub mod picture;
pub mod settings;
