//! Makes text that this program did not write fit for a person to look at.
//!
//! [`sanitise()`] is the one way from [`PeerText`] to a screen, a log, a notification, the
//! clipboard or a file name. What could steer a terminal, hide, reorder or imitate becomes a
//! visible mark; nothing is dropped silently that a reader could have been fooled by.
//!
//! Reading the output again only doubles its brackets (and marks mixed words once more): a
//! literal `⟦ ⟧ ⟪ ⟫` is always doubled, so nobody can forge a mark. Start with `sanitise.rs`,
//! then `classes.rs`.
//!
//! Must not: let a character of category Cc, Cf, Cs, Co or Cn through, take time that is not
//! linear in its input, or do I/O.

mod ascii;
mod exact;
pub mod scan;
pub mod search;

mod blanks;
mod bytes;
mod classes;
mod clean;
mod emoji;
mod finder;
mod graphemes;
mod hidden;
mod leaks;
mod letters;
mod marked;
#[doc(hidden)]
pub mod opinion;
mod rules;
mod safe;
mod sanitise;
mod singles;
mod suspect;
mod terminal;
mod views;
mod words;
mod wrap;
mod writer;

pub use ascii::{ascii_twin, with_ascii_twins};
pub use bytes::{from_bytes, original_range};
pub use leaks::leaks;
pub use safe::{Hidden, HiddenKind, SafeLine, SafeSpan, SafeText, SpanKind};
pub use scan::{Scan, scan};

use crate::model::{PeerText, Signal};

/// Characters of the words that a finding quotes.
const LONGEST_EVIDENCE: usize = 120;

/// Makes text of any number of lines safe to draw.
pub fn sanitise(text: &PeerText) -> SafeText {
    sanitise::walk(text.expose_untrusted(), &[]).into_text()
}

/// Makes text safe to draw, with marks around what was found in it: `⟪1 words ⟫` is where the
/// first of the signals lies. Signals have to be those of this very text.
pub fn sanitise_marked(text: &PeerText, signals: &[Signal]) -> SafeText {
    let text = text.expose_untrusted();
    sanitise::walk(text, &marked::notes(text, signals)).into_text()
}

/// Makes text safe to draw on exactly one line of at most `max_cells` cells.
///
/// Line breaks become the mark `⟦⏎⟧`; what does not fit is cut and ends in an ellipsis.
pub fn sanitise_line(text: &PeerText, max_cells: usize) -> SafeLine {
    sanitise::line(text.expose_untrusted(), max_cells).truncated(max_cells)
}

/// Returns the text without what hides in it, as an assistant may get it on a person's word.
pub fn without_hidden(text: &PeerText) -> PeerText {
    PeerText::new(clean::without_hidden(text.expose_untrusted()))
}

/// Makes a line of text that this program wrote; it passes the same filter all the same.
pub fn ours(text: &str) -> SafeLine {
    sanitise::line(text, usize::MAX)
}
