//! `chaperon keys --test`: shows what each pressed key sends, and what it would do.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers,
};
use crossterm::execute;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::input::parse::{Parser, Sent};
use super::input::{patience, take_within};
use super::keymap::{Found, Keys, Scope};
use super::run::Error;

/// How long nothing may come before the loop looks again; nothing depends on it.
const IDLE: Duration = Duration::from_secs(3600);

/// What is said first.
const FIRST: &str = "Press keys to see what your terminal sends for them, and what they do.\r\n\
                     Esc twice, or Ctrl-C, ends it.\r\n\r\n";

/// The terminal in raw mode; given back when dropped.
struct Raw;

impl Raw {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let raw = Self;
        execute!(io::stdout(), EnableBracketedPaste)?;
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let asked = execute!(io::stdout(), DisableBracketedPaste);
        if let Err(error) = asked.and_then(|()| disable_raw_mode()) {
            tracing::debug!(%error, "the terminal could not be given back");
        }
    }
}

/// Shows keys until Esc was pressed twice, or Ctrl-C once.
pub fn test_keys(keys: &Keys) -> Result<(), Error> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let raw = Raw::take()?;
    let mut out = io::stdout();
    out.write_all(FIRST.as_bytes())?;
    out.flush()?;
    let mut parser = Parser::default();
    let mut escapes = 0;
    while escapes < 2 {
        let wait = parser.awaits().map_or(IDLE, patience);
        let Some(mut sent) = take_within(&mut parser, wait)? else {
            break;
        };
        if sent.is_empty() && parser.awaits().is_some() {
            sent = parser.give_up();
        }
        for one in sent {
            let is_escape = is_key(&one, KeyCode::Esc, KeyModifiers::NONE);
            escapes = if is_escape { escapes + 1 } else { 0 };
            if is_key(&one, KeyCode::Char('c'), KeyModifiers::CONTROL) {
                escapes = 2;
            }
            write!(out, "{}\r\n", line(keys, &one))?;
        }
        out.flush()?;
    }
    drop(raw);
    Ok(())
}

fn is_key(sent: &Sent, code: KeyCode, modifiers: KeyModifiers) -> bool {
    matches!(&sent.event, Some(Event::Key(key)) if key.code == code && key.modifiers == modifiers)
}

/// Returns what was sent, what key that is, and what it does where, in one line.
fn line(keys: &Keys, sent: &Sent) -> String {
    let bytes = spelled(&sent.bytes);
    match &sent.event {
        Some(Event::Key(key)) => {
            format!("{bytes:24}{:16}{}", name(key), meanings(keys, key))
        }
        Some(Event::Paste(text)) => {
            let count = text.chars().count();
            format!(
                "{:24}{:16}one block, never a key",
                "a paste",
                format!("{count} characters")
            )
        }
        Some(Event::FocusGained) => format!("{bytes:24}the terminal gained focus"),
        Some(Event::FocusLost) => format!("{bytes:24}the terminal lost focus"),
        Some(Event::Mouse(_)) => format!("{bytes:24}the mouse; it never decides"),
        Some(Event::Resize(..)) | None => {
            format!("{bytes:24}nothing that chaperon knows; it is left alone")
        }
    }
}

/// Writes bytes so that every terminal can show them.
fn spelled(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let written = match byte {
            0x1b => write!(text, "ESC "),
            b' ' => write!(text, "SP "),
            b'!'..=b'~' => write!(text, "{}", char::from(*byte)),
            _ => write!(text, "{byte:02x} "),
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    text.trim_end().to_owned()
}

fn name(key: &KeyEvent) -> String {
    let mut name = String::new();
    let held = [
        (KeyModifiers::CONTROL, "Ctrl-"),
        (KeyModifiers::ALT, "Alt-"),
        (KeyModifiers::SHIFT, "Shift-"),
    ];
    let is_letter = matches!(key.code, KeyCode::Char(_));
    for (modifier, word) in held {
        // A capital says by itself that Shift is held.
        let shown = modifier != KeyModifiers::SHIFT || !is_letter;
        if key.modifiers.contains(modifier) && shown && key.code != KeyCode::BackTab {
            name.push_str(word);
        }
    }
    match key.code.as_char() {
        Some(' ') => name.push_str("Space"),
        Some(c) if c.is_control() => name.push_str(&spelled(c.to_string().as_bytes())),
        Some(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            name.extend(c.to_uppercase());
        }
        Some(c) => name.push(c),
        None if key.code == KeyCode::BackTab => name.push_str("Shift-Tab"),
        None => name.push_str(&key.code.to_string()),
    }
    match key.kind {
        KeyEventKind::Repeat => name.push_str(" again"),
        KeyEventKind::Release => name.push_str(" up"),
        KeyEventKind::Press => {}
    }
    name
}

fn is_text(key: &KeyEvent) -> bool {
    let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
    matches!(key.code, KeyCode::Char(_)) && plain
}

/// Returns what a key does on the main screen, in a review, and while one writes.
fn meanings(keys: &Keys, key: &KeyEvent) -> String {
    let places = [
        (Scope::Main, "main"),
        (Scope::Review, "review"),
        (Scope::Composer, "writing"),
    ];
    let said = places.into_iter().filter_map(|(scope, place)| {
        let words = match keys.lookup(scope, None, key) {
            Found::Does(action) => {
                let everywhere = keys.line(scope, action)?.binding.scope != scope;
                let words = action.name();
                if everywhere {
                    format!("{words} (everywhere)")
                } else {
                    words
                }
            }
            Found::Begins(first) => format!("begins {first}…"),
            Found::Nothing if scope.is_text() && is_text(key) => "text".to_owned(),
            Found::Nothing => return None,
        };
        Some(format!("{place}: {words}"))
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        "does nothing".to_owned()
    } else {
        said.join("   ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let keys = Keys::built_in();
        let mut parser = Parser::default();
        let mut sent = parser.feed(bytes);
        sent.extend(parser.give_up());
        let lines: Vec<_> = sent.iter().map(|sent| line(&keys, sent)).collect();
        lines.join("\n")
    }

    #[test]
    fn a_key_is_shown_with_its_bytes_its_name_and_what_it_does() {
        let lines = [
            shown(b"n"),
            shown(b"a"),
            shown(b"g"),
            shown(b"\x1b[1;5C"),
            shown(b"\n"),
            shown(b"\x1b"),
            shown(b"\x1bx"),
            shown("é".as_bytes()),
            shown(b"\x1b[200~two\nlines\x1b[201~"),
            shown(b"\x1b]11;rgb:0/0/0\x07"),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }
}
