//! What lies outside the terminal window: the clipboard, notifications, a viewer of pictures, the
//! person's own editor, and the signals that end a program.
//!
//! Start with [`notices`], which decides what a person is told of, and [`notify`], which tells.
//! Must never: report a success that nobody saw, or carry a peer's words that did not pass
//! `crate::text`. Only the editor blocks its caller.

pub mod clipboard;
pub mod editor;
pub mod ends;
pub mod notices;
pub mod notify;
pub mod picture;
pub mod settings;
