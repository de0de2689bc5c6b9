//! Asks the terminal what background it has (OSC 11), before anybody reads what is typed.
//!
//! A terminal that knows the question answers within a few milliseconds. One that does not
//! answers the question behind it, what kind of terminal it is, and so ends the wait. What
//! answers neither is not waited for, and what it may still say is kept from the keys by
//! [`LateReply`].

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use terminal_colorsaurus::{QueryOptions, background_color};

use crate::model::UnixMillis;

use super::theme::{Ground, Rgb};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long after the question an answer may still arrive. Long, because nobody types one.
const LATE: Duration = Duration::from_secs(60);
/// How an answer begins, after the escape and the bracket.
const BEGINS: &str = "11;rgb:";
/// The longest answer: three channels of four digits.
const LONGEST: usize = BEGINS.len() + 14;

/// Asks and waits; blocks for [`PATIENCE`] at most. `None` where there is no answer.
///
/// Nothing else may read or write the terminal meanwhile.
pub(super) fn ask() -> Option<Ground> {
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match background_color(options) {
        Ok(colour) => {
            let (red, green, blue) = colour.scale_to_8bit();
            Some(ground(Rgb(red, green, blue)))
        }
        Err(error) => {
            tracing::debug!(%error, "the terminal does not tell its background");
            None
        }
    }
}

/// Returns which text reads better on this background: light on dark, or dark on light.
fn ground(background: Rgb) -> Ground {
    let white = background.contrast(Rgb(255, 255, 255));
    let black = background.contrast(Rgb(0, 0, 0));
    if white > black {
        Ground::Dark
    } else {
        Ground::Light
    }
}

/// Picks an answer that came too late out of the keys it looks like.
///
/// To the reader of keys it is Alt-], then a character each, then Ctrl-g or Alt-\. Left alone,
/// digits and letters of it would act as keys.
#[derive(Debug)]
pub(super) struct LateReply {
    until: UnixMillis,
    held: Vec<Event>,
    text: String,
}

/// What became of an input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// These are to be acted on, in this order; none while an answer may be under way.
    Inputs(Vec<Event>),
    /// It was the end of an answer.
    Answer(Ground),
}

impl LateReply {
    /// Watches from the time of the question on.
    pub(super) fn new(asked: UnixMillis) -> Self {
        Self {
            until: asked.after(LATE),
            held: Vec::new(),
            text: String::new(),
        }
    }

    /// Takes one input that arrived now.
    pub(super) fn take(&mut self, now: UnixMillis, input: Event) -> Taken {
        let Event::Key(key) = &input else {
            return Taken::Inputs(vec![input]);
        };
        if self.held.is_empty() {
            if now <= self.until && is(*key, ']', KeyModifiers::ALT) {
                self.held.push(input);
                return Taken::Inputs(Vec::new());
            }
            return Taken::Inputs(vec![input]);
        }
        let ends = is(*key, 'g', KeyModifiers::CONTROL) || is(*key, '\\', KeyModifiers::ALT);
        if let Some(background) = ends.then(|| parse(&self.text)).flatten() {
            self.held.clear();
            self.text.clear();
            return Taken::Answer(ground(background));
        }
        if let KeyCode::Char(character) = key.code {
            self.text.push(character);
        }
        self.held.push(input);
        if !ends && now <= self.until && could_be(&self.text) {
            return Taken::Inputs(Vec::new());
        }
        self.text.clear();
        Taken::Inputs(std::mem::take(&mut self.held))
    }
}

fn is(key: KeyEvent, character: char, modifiers: KeyModifiers) -> bool {
    key.code == KeyCode::Char(character) && key.modifiers == modifiers
}

/// Tells whether an answer can begin like this.
fn could_be(text: &str) -> bool {
    let rest = text.strip_prefix(BEGINS);
    BEGINS.starts_with(text)
        || (text.len() <= LONGEST
            && rest.is_some_and(|rest| rest.chars().all(|c| c == '/' || c.is_ascii_hexdigit())))
}

/// Reads `11;rgb:` and three channels of one to four digits.
fn parse(text: &str) -> Option<Rgb> {
    let mut channels = text.strip_prefix(BEGINS)?.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most).ok()
    });
    let mut next = || channels.next().flatten();
    let rgb = Rgb(next()?, next()?, next()?);
    channels.next().is_none().then_some(rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: UnixMillis = UnixMillis(1_000_000);

    /// What crossterm makes of the bytes that a terminal sends.
    fn keys(text: &str) -> Vec<Event> {
        let mut keys = Vec::new();
        let mut modifiers = KeyModifiers::NONE;
        for character in text.chars() {
            let (character, held) = match character {
                '\u{1b}' => {
                    modifiers = KeyModifiers::ALT;
                    continue;
                }
                '\u{7}' => ('g', KeyModifiers::CONTROL),
                other => (other, modifiers),
            };
            keys.push(Event::Key(KeyEvent::new(KeyCode::Char(character), held)));
            modifiers = KeyModifiers::NONE;
        }
        keys
    }

    fn pass(text: &str, now: UnixMillis) -> (Vec<Event>, Option<Ground>) {
        let mut late = LateReply::new(ASKED);
        let (mut passed, mut answer) = (Vec::new(), None);
        for key in keys(text) {
            match late.take(now, key) {
                Taken::Inputs(inputs) => passed.extend(inputs),
                Taken::Answer(ground) => answer = Some(ground),
            }
        }
        (passed, answer)
    }

    #[test]
    fn an_answer_that_comes_late_is_used_and_is_no_key() {
        let dark = pass("\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{1b}\\", ASKED);
        assert_eq!(dark, (Vec::new(), Some(Ground::Dark)));
        let light = pass("a\u{1b}]11;rgb:ff/ff/f0\u{7}b", ASKED);
        assert_eq!(light, (keys("ab"), Some(Ground::Light)));
    }

    #[test]
    fn what_is_no_answer_stays_what_it_was() {
        for text in [
            "nn",
            "\u{1b}]x",
            "\u{1b}]11;rgb:zz",
            "\u{1b}]11;rgb:\u{7}",
            "\u{1b}]11;rgb:1/2\u{7}a",
            "\u{1b}]11;rgb:00000/00000/00000/",
        ] {
            assert_eq!(pass(text, ASKED), (keys(text), None), "{text:?}");
        }
    }

    #[test]
    fn long_after_the_question_nothing_is_taken_for_an_answer() {
        let text = "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{1b}\\";
        let much_later = ASKED.after(Duration::from_secs(61));
        assert_eq!(pass(text, much_later), (keys(text), None));
    }

    #[test]
    fn a_background_is_dark_where_white_reads_better_on_it() {
        assert_eq!(ground(Rgb(0x2e, 0x34, 0x40)), Ground::Dark);
        assert_eq!(ground(Rgb(0xfd, 0xf6, 0xe3)), Ground::Light);
    }
}
