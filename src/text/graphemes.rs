//! Cuts text into what readers take for one character, and measures it in terminal cells.
//!
//! Must agree with ratatui, which draws by the same two crates; a test compares them.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::classes;

/// Returns the graphemes of a text, each with its cells.
///
/// Most characters never join others, so only the rest is looked up.
pub(super) fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        let simple = classes::simple_cells(chars.next()?);
        let after = chars.as_str();
        let next_is_simple = chars
            .next()
            .is_none_or(|next| classes::simple_cells(next).is_some());
        let (grapheme, cells) = match simple {
            Some(cells) if next_is_simple => (rest.get(..rest.len() - after.len())?, cells),
            _ => {
                let grapheme = rest.graphemes(true).next()?;
                (grapheme, grapheme_cells(grapheme))
            }
        };
        rest = rest.get(grapheme.len()..)?;
        Some((grapheme, cells))
    })
}

/// Counts the cells of a text.
pub(super) fn cells(text: &str) -> usize {
    graphemes(text).map(|(_, cells)| cells).sum()
}

/// Counts the cells of one grapheme.
///
/// Terminals give the halfwidth Japanese sound marks a cell of their own, and so does ratatui,
/// while `unicode-width` counts none.
fn grapheme_cells(grapheme: &str) -> usize {
    let sound_marks = grapheme.matches(['\u{ff9e}', '\u{ff9f}']).count();
    grapheme.width() + sound_marks
}
