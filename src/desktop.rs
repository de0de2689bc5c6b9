//! What lies outside the terminal window: the clipboard, and the person's own editor.
//!
//! Must never: report a success that nobody saw. Only the editor blocks its caller.

pub mod clipboard;
pub mod editor;
