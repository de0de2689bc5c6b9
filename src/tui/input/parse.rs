//! Bytes of a terminal to events.
//!
//! Ours rather than crossterm's for what that one cannot do: a paste whose end never comes is
//! given up after a while instead of swallowing every key that follows, a late reply of the
//! terminal is never taken for keys, and `chaperon keys --test` can show the bytes. Pure and
//! total: any bytes, cut anywhere, in time linear in their number.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// What a terminal sends around a pasted text.
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// Bytes of one paste at most; a longer one comes in several.
const LONGEST_PASTE: usize = 8 << 20;
/// Bytes of a sequence at most, before it counts as rubbish.
const LONGEST_SEQUENCE: usize = 256;
/// Bytes of a reply of the terminal at most.
const LONGEST_REPLY: usize = 64 << 10;

/// Something that the terminal sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Sent {
    /// What it means; `None` for a reply, or for what nobody knows.
    pub(in crate::tui) event: Option<Event>,
    /// Its bytes; empty for a paste.
    pub(in crate::tui) bytes: Vec<u8>,
}

/// What is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Awaited {
    /// The rest of a sequence that began with Esc, which may be the key itself.
    Sequence,
    /// The end of a paste.
    Paste,
}

/// Bytes that were not understood yet.
#[derive(Debug, Default)]
pub(in crate::tui) struct Parser {
    buffer: Vec<u8>,
    /// What was pasted so far, while a paste is under way.
    paste: Option<Vec<u8>>,
}

/// What the beginning of the buffer is.
enum Step {
    /// Something complete of so many bytes.
    Is(usize, Option<Event>),
    /// A paste begins after so many bytes.
    Pastes(usize),
    /// Nobody can tell yet.
    Part,
}

impl Parser {
    /// Takes in bytes; returns what became complete.
    pub(in crate::tui) fn feed(&mut self, bytes: &[u8]) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut rest = bytes.to_vec();
        loop {
            if self.paste.is_some() {
                match self.paste_on(&rest, &mut sent) {
                    Some(tail) => self.buffer = tail,
                    None => return sent,
                }
            } else {
                self.buffer.extend_from_slice(&rest);
            }
            match self.take(&mut sent) {
                Some(tail) => rest = tail,
                None => return sent,
            }
        }
    }

    /// Adds to the paste that is under way; returns what follows its end, once that came.
    fn paste_on(&mut self, bytes: &[u8], sent: &mut Vec<Sent>) -> Option<Vec<u8>> {
        let paste = self.paste.as_mut()?;
        // The end may have been cut, so the last bytes are looked at again.
        let before = paste.len().saturating_sub(PASTE_ENDS.len() - 1);
        paste.extend_from_slice(bytes);
        let Some(end) = position(paste.get(before..).unwrap_or_default()) else {
            if paste.len() > LONGEST_PASTE {
                let piece = std::mem::take(paste);
                sent.push(pasted(&piece));
            }
            return None;
        };
        let tail = paste.split_off(before + end);
        let whole = self.paste.take().unwrap_or_default();
        sent.push(pasted(&whole));
        Some(tail.get(PASTE_ENDS.len()..).unwrap_or_default().to_vec())
    }

    /// Takes what is complete out of the buffer; returns what follows where a paste begins.
    fn take(&mut self, sent: &mut Vec<Sent>) -> Option<Vec<u8>> {
        let mut at = 0;
        let mut pastes = false;
        while let Some(left) = self.buffer.get(at..).filter(|left| !left.is_empty()) {
            match step(left) {
                Step::Is(length, event) => {
                    let length = length.clamp(1, left.len());
                    let bytes = left.get(..length).unwrap_or_default().to_vec();
                    sent.push(Sent { event, bytes });
                    at += length;
                }
                Step::Pastes(length) => {
                    at += length;
                    pastes = true;
                    break;
                }
                Step::Part => break,
            }
        }
        self.buffer.drain(..at.min(self.buffer.len()));
        if !pastes {
            return None;
        }
        self.paste = Some(Vec::new());
        Some(std::mem::take(&mut self.buffer))
    }

    /// Returns what is still to come, if anything.
    pub(in crate::tui) fn awaits(&self) -> Option<Awaited> {
        if self.paste.is_some() {
            Some(Awaited::Paste)
        } else {
            (!self.buffer.is_empty()).then_some(Awaited::Sequence)
        }
    }

    /// Gives up waiting: what there is of a paste is the paste, and Esc was the key.
    pub(in crate::tui) fn give_up(&mut self) -> Vec<Sent> {
        if let Some(paste) = self.paste.take() {
            return vec![pasted(&paste)];
        }
        let bytes = std::mem::take(&mut self.buffer);
        let event = match bytes.as_slice() {
            [0x1b] => Some(key(KeyCode::Esc, KeyModifiers::NONE)),
            // Alt with a letter that begins a sequence.
            [0x1b, letter] => Some(key(KeyCode::Char(char::from(*letter)), KeyModifiers::ALT)),
            _ => None,
        };
        if bytes.is_empty() {
            Vec::new()
        } else {
            vec![Sent { event, bytes }]
        }
    }
}

/// Returns where a paste ends in these bytes.
fn position(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(PASTE_ENDS.len())
        .position(|window| window == PASTE_ENDS)
}

fn pasted(bytes: &[u8]) -> Sent {
    Sent {
        event: Some(Event::Paste(String::from_utf8_lossy(bytes).into_owned())),
        bytes: Vec::new(),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [0x1b] | [0x1b, b'O'] => Step::Part,
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', letter, ..] => Step::Is(3, function_key(*letter)),
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => reply(rest),
        [0x1b, 0x1b, ..] => Step::Is(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        [0x1b, rest @ ..] => match step(rest) {
            Step::Is(length, event) => Step::Is(length + 1, event.map(with_alt)),
            Step::Pastes(_) | Step::Part => Step::Part,
        },
        _ => plain(bytes),
    }
}

fn with_alt(event: Event) -> Event {
    if let Event::Key(mut key) = event {
        key.modifiers |= KeyModifiers::ALT;
        Event::Key(key)
    } else {
        event
    }
}

/// A control character or a character of text.
fn plain(bytes: &[u8]) -> Step {
    let Some(first) = bytes.first().copied() else {
        return Step::Part;
    };
    let none = KeyModifiers::NONE;
    let event = match first {
        b'\r' => key(KeyCode::Enter, none),
        b'\t' => key(KeyCode::Tab, none),
        0x7f | 0x08 => key(KeyCode::Backspace, none),
        0 => key(KeyCode::Char(' '), KeyModifiers::CONTROL),
        0x01..=0x1a => key(
            KeyCode::Char(char::from(first - 1 + b'a')),
            KeyModifiers::CONTROL,
        ),
        0x1c..=0x1f => key(
            KeyCode::Char(char::from(first - 0x1c + b'4')),
            KeyModifiers::CONTROL,
        ),
        _ => return character(bytes, first),
    };
    Step::Is(1, Some(event))
}

fn character(bytes: &[u8], first: u8) -> Step {
    let length = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Is(1, None),
    };
    let have = bytes.get(..length).unwrap_or(bytes);
    match str::from_utf8(have) {
        Ok(text) => {
            let event = text.chars().next().map(typed);
            Step::Is(length, event)
        }
        Err(error) if error.error_len().is_none() && have.len() < length => Step::Part,
        Err(_) => Step::Is(1, None),
    }
}

fn typed(c: char) -> Event {
    let shift = if c.is_uppercase() {
        KeyModifiers::SHIFT
    } else {
        KeyModifiers::NONE
    };
    key(KeyCode::Char(c), shift)
}

/// A reply of the terminal: a string up to BEL or ST. Never keys.
fn reply(rest: &[u8]) -> Step {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            0x07 => return Step::Is(at + 3, None),
            b'\\' if escaped => return Step::Is(at + 3, None),
            // Something else begins: the string was cut off.
            _ if escaped => return Step::Is(at + 1, None),
            _ => escaped = *byte == 0x1b,
        }
        if at > LONGEST_REPLY {
            return Step::Is(at + 2, None);
        }
    }
    Step::Part
}

/// What follows `ESC [`.
fn csi(rest: &[u8]) -> Step {
    if let [b'[', letter, ..] = rest {
        // The Linux console: F1 to F5.
        let number = letter.checked_sub(b'A').filter(|number| *number < 5);
        let event = number.map(|number| key(KeyCode::F(number + 1), KeyModifiers::NONE));
        return Step::Is(4, event);
    }
    if rest == b"[" {
        return Step::Part;
    }
    let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte));
    let Some((end, last)) = end.and_then(|end| Some((end, *rest.get(end)?))) else {
        return if rest.len() > LONGEST_SEQUENCE {
            Step::Is(rest.len() + 2, None)
        } else {
            Step::Part
        };
    };
    let length = end + 3;
    if !(0x40..=0x7e).contains(&last) {
        // Not the end of a sequence; whatever it is begins something else.
        return Step::Is(length - 1, None);
    }
    let parameters = rest.get(..end).unwrap_or_default();
    let parameters = str::from_utf8(parameters).unwrap_or_default();
    if last == b'~' && parameters == "200" {
        return Step::Pastes(PASTE_BEGINS.len());
    }
    if last == b'M' && parameters.is_empty() {
        // The oldest way to report the mouse: three more bytes, which nobody asked for.
        return if rest.len() < 4 {
            Step::Part
        } else {
            Step::Is(6, None)
        };
    }
    Step::Is(length, sequence(parameters, last))
}

fn sequence(parameters: &str, last: u8) -> Option<Event> {
    if let Some(mouse) = parameters.strip_prefix('<') {
        return sgr_mouse(mouse, last);
    }
    if parameters.starts_with(['?', '>', '=']) {
        return None;
    }
    let mut parts = parameters.split(';');
    let first = parts.next().unwrap_or_default();
    let second = parts.next().unwrap_or_default();
    let (modifiers, kind) = held(second);
    let event = |code| Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)));
    match last {
        b'A' | b'B' | b'C' | b'D' | b'H' | b'F' | b'P' | b'Q' | b'S' => event(arrow(last)?),
        // With numbers it is where the cursor stands, a reply.
        b'R' if parameters.is_empty() => event(KeyCode::F(3)),
        b'Z' => Some(key(KeyCode::BackTab, KeyModifiers::SHIFT)),
        b'I' if parameters.is_empty() => Some(Event::FocusGained),
        b'O' if parameters.is_empty() => Some(Event::FocusLost),
        b'~' if first == "27" => code_point(parts.next()?, modifiers, kind),
        b'~' => event(numbered(first.parse().ok()?)?),
        b'u' => code_point(first.split(':').next()?, modifiers, kind),
        _ => None,
    }
}

fn function_key(letter: u8) -> Option<Event> {
    let code = match letter {
        b'M' => KeyCode::Enter,
        b'R' => KeyCode::F(3),
        other => arrow(other)?,
    };
    Some(key(code, KeyModifiers::NONE))
}

fn arrow(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

fn numbered(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23..=24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

/// Reads which keys are held, and whether the key went down, is repeated or went up.
fn held(text: &str) -> (KeyModifiers, KeyEventKind) {
    let mut parts = text.split(':');
    let mask = parts.next().and_then(|mask| mask.parse::<u8>().ok());
    let mask = mask.unwrap_or(1).saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
    ] {
        if mask & bit != 0 {
            modifiers |= modifier;
        }
    }
    let kind = match parts.next() {
        Some("2") => KeyEventKind::Repeat,
        Some("3") => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    (modifiers, kind)
}

/// A key given by the number of its character, as some terminals do on request.
fn code_point(number: &str, modifiers: KeyModifiers, kind: KeyEventKind) -> Option<Event> {
    let c = char::from_u32(number.parse().ok()?)?;
    let shift = modifiers.contains(KeyModifiers::SHIFT);
    let code = match c {
        '\r' => KeyCode::Enter,
        '\t' if shift => KeyCode::BackTab,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '\u{7f}' | '\u{8}' => KeyCode::Backspace,
        c if c.is_control() => return None,
        c if shift && c.is_ascii_lowercase() => KeyCode::Char(c.to_ascii_uppercase()),
        c => KeyCode::Char(c),
    };
    Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)))
}

fn sgr_mouse(parameters: &str, last: u8) -> Option<Event> {
    let mut numbers = parameters.split(';').map(str::parse::<u16>);
    let buttons = numbers.next()?.ok()?;
    let column = numbers.next()?.ok()?.checked_sub(1)?;
    let row = numbers.next()?.ok()?.checked_sub(1)?;
    let button = match buttons & 0b11 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (buttons & 0b1110_0011, last) {
        (64, _) => MouseEventKind::ScrollUp,
        (65, _) => MouseEventKind::ScrollDown,
        (66, _) => MouseEventKind::ScrollLeft,
        (67, _) => MouseEventKind::ScrollRight,
        (0..=2, b'M') => MouseEventKind::Down(button),
        (0..=2, b'm') => MouseEventKind::Up(button),
        (32..=34, _) => MouseEventKind::Drag(button),
        (35, _) => MouseEventKind::Moved,
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (4, KeyModifiers::SHIFT),
        (8, KeyModifiers::ALT),
        (16, KeyModifiers::CONTROL),
    ] {
        if buttons & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    }))
}

#[cfg(test)]
mod tests;
