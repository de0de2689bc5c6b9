//! What lies outside the terminal window: the clipboard.
//!
//! Must never: block the caller, or report a success that nobody saw.

pub mod clipboard;
