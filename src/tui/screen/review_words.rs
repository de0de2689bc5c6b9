//! What a person writes in a review: another version of a draft, words in place of a message,
//! the reason of a refusal. Writing decides nothing; a key of the review does, afterwards.

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::model::PeerText;
use crate::tui::keymap::{Action, Keys};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::paint::{Paint, inset, nth};

use super::composer;

/// Sentences for a refusal that Tab offers in turn; the last is the person's own to write.
const READY: [&str; 4] = [
    "Not now; ask me again tomorrow.",
    "Do not share this with anybody outside.",
    "I will answer this myself.",
    "",
];
/// What stands in a list for a sentence that is still to be written.
const FREE: &str = "in your own words";

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The person's version of a draft.
    Edit,
    /// Words for the assistant in place of a message.
    OwnWords,
    /// Why something is refused.
    Reason,
}

/// Everything a person has written in one review. Leaving a field keeps its text.
#[derive(Debug, Default)]
pub(super) struct Written {
    typing: Option<Purpose>,
    edit: Option<Editor>,
    words: Option<Editor>,
    reason: Option<Editor>,
    ready: usize,
}

impl Written {
    /// Tells what is being written now.
    pub(super) fn typing(&self) -> Option<Purpose> {
        self.typing
    }

    fn slot(&mut self, purpose: Purpose) -> &mut Option<Editor> {
        match purpose {
            Purpose::Edit => &mut self.edit,
            Purpose::OwnWords => &mut self.words,
            Purpose::Reason => &mut self.reason,
        }
    }

    fn editor(&self, purpose: Purpose) -> Option<&Editor> {
        match purpose {
            Purpose::Edit => self.edit.as_ref(),
            Purpose::OwnWords => self.words.as_ref(),
            Purpose::Reason => self.reason.as_ref(),
        }
    }

    /// Begins to write, from this text where nothing was written yet.
    pub(super) fn begin(&mut self, purpose: Purpose, from: &PeerText) {
        self.slot(purpose)
            .get_or_insert_with(|| Editor::with_text(from));
        self.typing = Some(purpose);
    }

    /// Returns what was written, if it is any text.
    pub(super) fn text(&self, purpose: Purpose) -> Option<PeerText> {
        self.editor(purpose)
            .filter(|editor| !editor.is_blank())
            .map(Editor::text)
    }

    /// Tells whether a reason was asked for, even if none was given.
    pub(super) fn asked_reason(&self) -> bool {
        self.reason.is_some()
    }
}

/// Returns the first of the ready sentences.
pub(super) fn first_reason() -> PeerText {
    PeerText::new(READY.first().copied().unwrap_or_default())
}

fn written(model: &mut Model) -> Option<&mut Written> {
    if let Screen::Review(screen) = &mut model.screen {
        Some(screen.written_mut())
    } else {
        None
    }
}

/// Tells whether keys are text in the review now.
pub(in crate::tui) fn is_writing(model: &Model) -> bool {
    matches!(&model.screen, Screen::Review(screen) if screen.written().typing().is_some())
}

/// Takes a key that is text.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    with_editor(model, |editor| {
        editor.edit(key);
    });
}

/// Takes a pasted block.
pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    with_editor(model, |editor| editor.insert(block));
}

fn with_editor(model: &mut Model, change: impl FnOnce(&mut Editor)) {
    if let Some(written) = written(model)
        && let Some(purpose) = written.typing
        && let Some(editor) = written.slot(purpose)
    {
        change(editor);
    }
    model.touch();
}

/// Acts on a key of the table while something is written.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in a text field"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) {
    match action {
        Action::NewLine => with_editor(model, Editor::break_line),
        Action::NextField => next_reason(model),
        Action::Back => {
            if let Some(written) = written(model) {
                written.typing = None;
            }
            super::review::unsettle(model);
            super::review::rewrap(model);
            model.touch();
        }
        _ => {}
    }
}

fn next_reason(model: &mut Model) {
    if let Some(written) = written(model)
        && written.typing == Some(Purpose::Reason)
    {
        written.ready = (written.ready + 1) % READY.len();
        let sentence = READY.get(written.ready).copied().unwrap_or_default();
        written.reason = Some(Editor::with_text(&PeerText::new(sentence)));
    }
    model.touch();
}

/// Draws the field that is written in; returns where the caret is. With `list` the ready
/// sentences stand above it.
pub(super) fn draw(
    keys: &Keys,
    written: &Written,
    paint: &mut Paint<'_>,
    (area, list): (Rect, bool),
) -> Option<Position> {
    let purpose = written.typing()?;
    let title = match purpose {
        Purpose::Edit => "YOUR VERSION of the draft",
        Purpose::OwnWords => "IN YOUR WORDS to your assistant",
        Purpose::Reason => "WHY NOT, for your assistant alone",
    };
    let then = match purpose {
        Purpose::Edit => "<review_text.back>, then <review.approve> sends it",
        Purpose::OwnWords => "<review_text.back>, then <review.approve> passes it on",
        Purpose::Reason => {
            "<review_text.next_field> next sentence · <review_text.back>, then <review.refuse>"
        }
    };
    paint.rule(area);
    let left = vec![paint.own(Role::Heading, title)];
    let right = vec![paint.own(Role::Dim, keys.fill(then))];
    paint.pair(inset(nth(area, 1), 1, 1), left, right);
    let mut above = 2;
    if list && purpose == Purpose::Reason {
        draw_ready(written.ready, paint, area);
        above += 5;
    }
    let place = Rect {
        y: area.y + above,
        height: area.height.saturating_sub(above),
        ..area
    };
    let layout = written
        .editor(purpose)?
        .layout(usize::from(area.width.saturating_sub(4)).max(1));
    composer::draw_text(paint, place, &layout)
}

/// Draws the ready sentences under the title, one of them chosen.
fn draw_ready(chosen: usize, paint: &mut Paint<'_>, area: Rect) {
    for (index, sentence) in READY.iter().enumerate() {
        let words = if sentence.is_empty() { FREE } else { sentence };
        let (sign, role) = if index == chosen {
            ("▸ ", Role::Accent)
        } else {
            ("  ", Role::Dim)
        };
        let spans = vec![paint.own(role, sign), paint.own(role, words)];
        paint.row(inset(nth(area, 2 + index), 1, 1), spans);
    }
}
