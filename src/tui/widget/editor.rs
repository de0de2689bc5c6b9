//! A small text editor: graphemes in, rows of safe cells out.
//!
//! What a person types may hold what they pasted, so it is drawn through the sanitiser like a
//! peer's words, grapheme by grapheme, which keeps the caret where the text really is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::model::PeerText;
use crate::text::{SpanKind, sanitise_line};

/// Cells that one typed grapheme may take at most; a mark for a hidden character takes about ten.
const GRAPHEME_CELLS: usize = 48;
/// Bytes on each side of the caret that are laid out. What lies further off is on no screen, and
/// a key has to cost the same however long the text is.
const AROUND: usize = 16 << 10;

/// Text with a caret, and no way to a screen but [`Editor::layout`].
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Editor {
    before: String,
    after: String,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Editor({} bytes)", self.before.len() + self.after.len())
    }
}

/// One cell or more of a row: a grapheme, or the mark that stands for it.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) text: String,
    pub(crate) kind: SpanKind,
    width: usize,
    is_space: bool,
    /// Where its grapheme begins in the text, in bytes.
    at: usize,
}

impl Glyph {
    /// Returns the cells it takes.
    pub(crate) fn width(&self) -> usize {
        self.width
    }
}

/// The text as it is drawn at one width.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) rows: Vec<Vec<Glyph>>,
    /// Row and column of the caret.
    pub(crate) caret: (usize, usize),
    /// Where in the text the end of each row is, in bytes.
    ends: Vec<usize>,
}

impl Editor {
    pub(crate) fn with_text(text: &PeerText) -> Self {
        Self {
            before: text.expose_untrusted().to_owned(),
            after: String::new(),
        }
    }

    pub(crate) fn text(&self) -> PeerText {
        PeerText::new(format!("{}{}", self.before, self.after))
    }

    /// Returns the first line, as far as a row could show it.
    pub(crate) fn first_line(&self) -> PeerText {
        let head = |text: &str| floor(text, AROUND);
        let before = self.before.get(..head(&self.before)).unwrap_or_default();
        let after = self.after.get(..head(&self.after)).unwrap_or_default();
        let text = format!("{before}{after}");
        PeerText::new(text.lines().next().unwrap_or_default())
    }

    /// Returns how many bytes the text has.
    pub(crate) fn size(&self) -> usize {
        self.before.len() + self.after.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Tells whether there is nothing that could be sent.
    pub(crate) fn is_blank(&self) -> bool {
        self.before.trim().is_empty() && self.after.trim().is_empty()
    }

    pub(crate) fn lines(&self) -> usize {
        1 + self.before.matches('\n').count() + self.after.matches('\n').count()
    }

    /// Inserts a block at the caret; line ends of every kind become `\n`.
    pub(crate) fn insert(&mut self, block: &PeerText) {
        let block = block.expose_untrusted().replace("\r\n", "\n");
        self.before.push_str(&block.replace('\r', "\n"));
    }

    /// Inserts a block as one line.
    pub(crate) fn insert_in_line(&mut self, block: &PeerText) {
        let line: String = block
            .expose_untrusted()
            .chars()
            .filter(|c| !matches!(c, '\n' | '\r'))
            .collect();
        self.before.push_str(line.trim());
    }

    pub(crate) fn break_line(&mut self) {
        self.before.push('\n');
    }

    /// Does what an editing key means; tells whether it was one.
    pub(crate) fn edit(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if let KeyCode::Char(c) = key.code {
            if !ctrl && !alt && !c.is_control() {
                self.before.push(c);
                return true;
            }
            return ctrl && self.edit_with_control(c);
        }
        if key.code == KeyCode::Backspace {
            self.delete_before(ctrl || alt);
        } else if key.code == KeyCode::Delete {
            let next = take_first(&mut self.after);
            drop(next);
        } else if key.code == KeyCode::Left {
            self.left(ctrl || alt);
        } else if key.code == KeyCode::Right {
            self.right(ctrl || alt);
        } else if key.code == KeyCode::Home {
            self.line_start();
        } else if key.code == KeyCode::End {
            self.line_end();
        } else {
            return false;
        }
        true
    }

    fn edit_with_control(&mut self, letter: char) -> bool {
        match letter {
            'w' => self.delete_before(true),
            'u' => {
                let mut rest = Self::default();
                std::mem::swap(&mut rest.before, &mut self.before);
                let kept = rest.before.rfind('\n').map_or(0, |end| end + 1);
                rest.before.truncate(kept);
                self.before = rest.before;
            }
            'k' => {
                let end = self.after.find('\n').unwrap_or(self.after.len());
                self.after.drain(..end);
            }
            'a' => self.line_start(),
            'e' => self.line_end(),
            _ => return false,
        }
        true
    }

    fn delete_before(&mut self, word: bool) {
        if word {
            while self.before.ends_with(char::is_whitespace) {
                self.before.pop();
            }
            while !self.before.is_empty() && !self.before.ends_with(char::is_whitespace) {
                self.before.pop();
            }
        } else {
            let last = take_last(&mut self.before);
            drop(last);
        }
    }

    fn left(&mut self, word: bool) {
        while let Some(grapheme) = take_last(&mut self.before) {
            self.after.insert_str(0, &grapheme);
            let at_word = self.before.ends_with(char::is_whitespace)
                && !self.after.starts_with(char::is_whitespace);
            if !word || at_word {
                break;
            }
        }
    }

    fn right(&mut self, word: bool) {
        while let Some(grapheme) = take_first(&mut self.after) {
            self.before.push_str(&grapheme);
            let at_word = self.after.starts_with(char::is_whitespace)
                && !self.before.ends_with(char::is_whitespace);
            if !word || at_word {
                break;
            }
        }
    }

    fn line_start(&mut self) {
        let start = self.before.rfind('\n').map_or(0, |end| end + 1);
        let tail = self.before.split_off(start);
        self.after.insert_str(0, &tail);
    }

    fn line_end(&mut self) {
        let end = self.after.find('\n').unwrap_or(self.after.len());
        let head: String = self.after.drain(..end).collect();
        self.before.push_str(&head);
    }

    /// Moves the caret a drawn row up (`-1`) or down (`1`); tells whether there was one.
    pub(crate) fn vertical(&mut self, step: isize, width: usize) -> bool {
        let layout = self.layout(width);
        let (row, column) = layout.caret;
        let target = row
            .checked_add_signed(step)
            .and_then(|target| layout.rows.get(target).zip(layout.ends.get(target)));
        let Some((glyphs, end)) = target else {
            return false;
        };
        let mut used = 0;
        let reached = glyphs.iter().find(|glyph| {
            used += glyph.width;
            used > column
        });
        self.move_to(reached.map_or(*end, |glyph| glyph.at));
        true
    }

    fn move_to(&mut self, at: usize) {
        let mut whole = std::mem::take(&mut self.before);
        whole.push_str(&self.after);
        self.after = whole.split_off(at.min(whole.len()));
        self.before = whole;
    }

    /// Returns where the part of the text begins that is laid out: at a line, if one begins
    /// near, else at a place that stays while one types.
    fn start(&self) -> usize {
        let Some(near) = self.before.len().checked_sub(2 * AROUND) else {
            return 0;
        };
        let near = floor(&self.before, near);
        let far = floor(&self.before, near + AROUND);
        let lines = self.before.get(near..far).unwrap_or_default();
        lines.rfind('\n').map_or_else(
            || floor(&self.before, far / AROUND * AROUND),
            |end| near + end + 1,
        )
    }

    /// Lays the text out in rows of at most `width` cells, broken at spaces where possible. Of
    /// a very long one, only the part around the caret.
    pub(crate) fn layout(&self, width: usize) -> Layout {
        let width = width.max(1);
        let caret_at = self.before.len();
        let start = self.start();
        let before = self.before.get(start..).unwrap_or_default();
        let after = self.after.get(..floor(&self.after, AROUND));
        let shown = format!("{before}{}", after.unwrap_or_default());
        let mut breaker = Breaker::new(width);
        let mut offset = start;
        for grapheme in shown.graphemes(true) {
            // A combining mark typed at the start of `after` joins the grapheme before it, so
            // the caret may fall inside one; it is then drawn in front of it.
            if (offset..offset + grapheme.len()).contains(&caret_at) {
                breaker.mark_caret();
            }
            if matches!(grapheme, "\n" | "\r\n") {
                breaker.break_line(offset);
            } else {
                breaker.push(grapheme, offset);
            }
            offset += grapheme.len();
        }
        breaker.finish(offset)
    }
}

/// Fills rows and remembers where the caret came to stand.
struct Breaker {
    width: usize,
    rows: Vec<Vec<Glyph>>,
    ends: Vec<usize>,
    row: Vec<Glyph>,
    used: usize,
    caret: Option<(usize, usize)>,
}

impl Breaker {
    fn new(width: usize) -> Self {
        Self {
            width,
            rows: Vec::new(),
            ends: Vec::new(),
            row: Vec::new(),
            used: 0,
            caret: None,
        }
    }

    /// The caret stands before the glyph that comes next, counted in glyphs of its row.
    fn mark_caret(&mut self) {
        self.caret = Some((self.rows.len(), self.row.len()));
    }

    fn push(&mut self, grapheme: &str, at: usize) {
        for glyph in glyphs(grapheme, at) {
            if self.used + glyph.width > self.width && !self.row.is_empty() {
                self.wrap();
            }
            self.used += glyph.width;
            self.row.push(glyph);
        }
    }

    /// Starts a new row, taking the word along that does not fit any more.
    fn wrap(&mut self) {
        let at = self
            .row
            .iter()
            .rposition(|glyph| glyph.is_space)
            .map_or(self.row.len(), |space| space + 1);
        let tail = self.row.split_off(at);
        let number = self.rows.len();
        self.ends.push(self.row.last().map_or(0, |glyph| glyph.at));
        self.rows.push(std::mem::take(&mut self.row));
        if let Some((row, column)) = self.caret
            && row == number
            && column >= at
        {
            self.caret = Some((number + 1, column - at));
        }
        self.used = tail.iter().map(|glyph| glyph.width).sum();
        self.row = tail;
    }

    fn break_line(&mut self, at: usize) {
        self.ends.push(at);
        self.rows.push(std::mem::take(&mut self.row));
        self.used = 0;
    }

    fn finish(mut self, end: usize) -> Layout {
        let (row, index) = self.caret.unwrap_or((self.rows.len(), self.row.len()));
        self.rows.push(std::mem::take(&mut self.row));
        self.ends.push(end);
        let column = self
            .rows
            .get(row)
            .map_or(0, |glyphs| glyphs.iter().take(index).map(|g| g.width).sum());
        Layout {
            rows: self.rows,
            ends: self.ends,
            caret: (row, column),
        }
    }
}

fn glyphs(grapheme: &str, at: usize) -> Vec<Glyph> {
    let is_space = grapheme == " ";
    let mut chars = grapheme.chars();
    if let (Some(' '..='~'), None) = (chars.next(), chars.next()) {
        return vec![Glyph {
            text: grapheme.to_owned(),
            kind: SpanKind::Text,
            width: 1,
            is_space,
            at,
        }];
    }
    sanitise_line(&PeerText::new(grapheme), GRAPHEME_CELLS)
        .spans()
        .iter()
        .map(|span| Glyph {
            text: span.text().to_owned(),
            kind: span.kind(),
            width: span.width(),
            is_space,
            at,
        })
        .collect()
}

/// Returns the last place up to `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn take_last(text: &mut String) -> Option<String> {
    let start = text.grapheme_indices(true).next_back()?.0;
    Some(text.split_off(start))
}

fn take_first(text: &mut String) -> Option<String> {
    let length = text.graphemes(true).next()?.len();
    Some(text.drain(..length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(text: &str) -> Editor {
        Editor::with_text(&PeerText::new(text))
    }

    fn rows(editor: &Editor, width: usize) -> Vec<String> {
        editor
            .layout(width)
            .rows
            .iter()
            .map(|row| row.iter().map(|glyph| glyph.text.as_str()).collect())
            .collect()
    }

    fn press(editor: &mut Editor, code: KeyCode) {
        assert!(editor.edit(&KeyEvent::new(code, KeyModifiers::NONE)));
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(rows(&editor("call you myself"), 9), ["call you ", "myself"]);
    }

    #[test]
    fn a_pasted_control_character_is_drawn_as_a_mark() {
        let shown = rows(&editor("a\u{1b}[2Jb"), 60).concat();
        assert!(!shown.contains('\u{1b}') && shown.contains('⟦'), "{shown}");
    }

    #[test]
    fn backspace_takes_a_whole_grapheme() {
        let mut editor = editor("ae\u{301}");
        press(&mut editor, KeyCode::Backspace);
        assert_eq!(editor.text(), PeerText::new("a"));
    }

    #[test]
    fn the_caret_moves_with_the_word_that_wraps() {
        let editor = editor("call you my");
        assert_eq!(editor.layout(10).caret, (1, 2));
    }

    #[test]
    fn up_and_down_keep_to_the_rows_that_are_drawn() {
        let mut editor = editor("first line\nsecond");
        assert!(editor.vertical(-1, 40));
        assert_eq!(editor.layout(40).caret, (0, 6));
        assert!(!editor.vertical(-1, 40));
        assert!(editor.vertical(1, 40));
        assert_eq!(editor.layout(40).caret, (1, 6));
    }

    #[test]
    fn the_caret_stands_where_the_next_character_goes() {
        for (text, cells) in [
            ("漢字", 4),
            ("ｱｲｳ", 3),
            ("한글 ok", 7),
            ("e\u{301}", 1),
            ("👍", 2),
            ("🇩🇪", 2),
        ] {
            let editor = editor(text);
            let layout = editor.layout(40);
            let drawn: usize = layout.rows[0].iter().map(Glyph::width).sum();
            assert_eq!(layout.caret, (0, drawn), "{text}");
            assert_eq!(drawn, cells, "{text}");
        }
    }

    #[test]
    fn a_wide_character_that_does_not_fit_goes_to_the_next_row() {
        let editor = editor("abc漢");
        assert_eq!(rows(&editor, 4), ["abc", "漢"]);
        assert_eq!(editor.layout(4).caret, (1, 2));
    }

    #[test]
    fn of_a_very_long_text_only_the_part_around_the_caret_is_laid_out() {
        let line = "one two three four five six seven\n";
        let mut long = editor(&line.repeat(40_000));
        let end = editor("six seven\nlast");
        long.insert(&PeerText::new("last"));
        let layout = long.layout(20);
        assert!(layout.rows.len() < 4_000, "{}", layout.rows.len());
        let shown = |layout: &Layout| -> Vec<String> {
            let rows = layout.rows.iter().rev().take(2);
            rows.map(|row| row.iter().map(|glyph| glyph.text.as_str()).collect())
                .collect()
        };
        assert_eq!(shown(&layout)[0], shown(&end.layout(20))[0]);
        assert_eq!(layout.caret.1, 4);
        assert!(long.vertical(-1, 20) && long.vertical(1, 20));
        assert_eq!(long.layout(20).caret.1, 4);
    }

    #[test]
    fn a_long_text_in_one_line_can_be_walked_through() {
        let mut long = editor(&"漢字".repeat(50_000));
        for _ in 0..12 {
            assert!(long.vertical(-1, 4_000));
        }
        let up = long.before.len();
        for _ in 0..12 {
            assert!(long.vertical(1, 4_000));
        }
        assert!(up < long.before.len());
    }

    #[test]
    fn carriage_returns_in_a_paste_become_line_breaks() {
        let mut editor = Editor::default();
        editor.insert(&PeerText::new("one\r\ntwo\rthree"));
        assert_eq!(editor.text(), PeerText::new("one\ntwo\nthree"));
    }
}
