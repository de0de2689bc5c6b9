//! The rows of the settings screen: what stands in them, in words.

use crate::profile::config::{Group, Key, Kind, Source, TABLE, Value};
use crate::tui::model::Model;

use super::settings::screen;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Heading(&'static str),
    Setting(Key),
    Fixed(&'static Fixed),
    Bindings,
    Storage,
    /// The relay of this index in the status.
    Relay(usize),
    Profile,
}

/// What cannot be changed, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fixed {
    group: Group,
    pub(super) label: &'static str,
    pub(super) short: &'static str,
    pub(super) value: &'static str,
    pub(super) brief: &'static str,
    pub(super) why: &'static str,
}

/// The rules that no setting loosens.
pub(super) const FIXED: [Fixed; 4] = [
    Fixed {
        group: Group::Reach,
        label: "at most",
        short: "at most",
        value: "one notification for each channel in five minutes, grouped",
        brief: "1 in 5 min",
        why: "Fixed: who writes often must not be able to make you look all the time.",
    },
    Fixed {
        group: Group::Deciding,
        label: "must see all text",
        short: "see all text",
        value: "always",
        brief: "always",
        why: "Fixed: nothing can be approved before all of it was on screen.",
    },
    Fixed {
        group: Group::Deciding,
        label: "say yes twice for",
        short: "yes twice",
        value: "what is marked !!, every widening, every key change",
        brief: "!!, widening",
        why: "Fixed: a second, different key confirms what cannot be taken back.",
    },
    Fixed {
        group: Group::Deciding,
        label: "if no answer",
        short: "no answer",
        value: "never send / never release",
        brief: "never send",
        why: "Fixed: this program has no \u{201c}send on time-out\u{201d}; no answer means no.",
    },
];

impl Row {
    pub(super) fn is_selectable(&self) -> bool {
        !matches!(self, Self::Heading(_))
    }
}

/// Returns all rows in order; headings only where there is room.
pub(super) fn all(model: &Model) -> Vec<Row> {
    let roomy = model.size.1 >= 30;
    let mut rows = Vec::new();
    for group in Group::ALL {
        if roomy {
            rows.push(Row::Heading(group.title()));
        }
        let of_group = TABLE.iter().filter(|about| about.group == group);
        rows.extend(of_group.map(|about| Row::Setting(about.key)));
        rows.extend(
            FIXED
                .iter()
                .filter(|row| row.group == group)
                .map(Row::Fixed),
        );
        if group == Group::Hands {
            rows.push(Row::Bindings);
        }
    }
    if roomy {
        rows.push(Row::Heading("This profile"));
    }
    rows.extend([Row::Profile, Row::Storage]);
    let relays = model
        .status
        .as_ref()
        .map_or(0, |status| status.relays.len());
    rows.extend((0..relays).map(Row::Relay));
    rows
}

/// Returns the row under the cursor.
pub(super) fn current(model: &Model) -> Option<Row> {
    let at = screen(model)?.row;
    let mut selectable = all(model).into_iter().filter(Row::is_selectable);
    selectable.nth(at)
}

/// Returns why the row under the cursor has no keys of its own.
pub(super) fn why_fixed(model: &Model) -> &'static str {
    match current(model) {
        Some(Row::Fixed(fixed)) => fixed.why,
        Some(Row::Bindings) => {
            "Keys are changed in the table [keys] of the file; <settings.editor> opens it."
        }
        Some(Row::Profile) => "The profile is chosen at the start, by --home or CHAPERON_HOME.",
        Some(Row::Storage) => "chaperon passphrase sets, changes and removes the passphrase.",
        Some(Row::Relay(_)) => "A relay belongs to its channels; mailbox_url is that of new ones.",
        Some(Row::Setting(_) | Row::Heading(_)) | None => "There is nothing to change here.",
    }
}

/// Returns the name of a setting for a row, and a shorter one.
pub(super) fn label(key: Key) -> (&'static str, &'static str) {
    match key {
        Key::Theme => ("theme", "theme"),
        Key::Symbols => ("symbols", "symbols"),
        Key::Layout => ("layout", "layout"),
        Key::Notify => ("notify", "notify"),
        Key::NotifyBy => ("by", "by"),
        Key::NotifyText => ("text in them", "their text"),
        Key::NotifyCommand => ("command", "command"),
        Key::QuietHours => ("quiet hours", "quiet"),
        Key::KeysLiveMs => ("keys live after", "keys live"),
        Key::UndoSeconds => ("undo send", "undo send"),
        Key::Enter => ("Enter", "Enter"),
        Key::Mouse => ("mouse", "mouse"),
        Key::Clipboard => ("clipboard", "clipboard"),
        Key::MailboxUrl => ("relay", "relay"),
        Key::SenderName => ("your name", "your name"),
        Key::MeshListen => ("Agent Mesh", "mesh"),
        Key::MeshAnnounce => ("tell the LAN", "tell LAN"),
        Key::ClawtalkAudit => ("copy to relay", "relay copy"),
    }
}

/// Returns what one word of a setting is called in its row.
pub(super) fn choice(model: &Model, key: Key, word: &str) -> String {
    match (key, word) {
        (Key::Theme, "auto") => theme_words(model),
        (Key::Symbols, "auto") => format!("auto ({} here)", model.looks.by_locale.name()),
        (Key::Layout, "auto") => {
            let panes = match model.size.0 {
                110.. => "3 panes here",
                64.. => "2 panes here",
                _ => "1 pane here",
            };
            format!("auto ({panes})")
        }
        (Key::Layout, "two") => "2 panes".to_owned(),
        (Key::Layout, "one") => "1 pane".to_owned(),
        (Key::Notify, "new") => "+ new messages".to_owned(),
        (Key::Enter, "newline") => "new line".to_owned(),
        (Key::Clipboard, "terminal") => "terminal (OSC 52)".to_owned(),
        (_, word) => word.to_owned(),
    }
}

fn theme_words(model: &Model) -> String {
    let settled = model.settled_theme();
    match model.size.0 {
        _ if model.theme_choice() != "auto" => "auto".to_owned(),
        110.. => format!("auto ({settled})"),
        _ => format!("auto ({})", settled.name),
    }
}

/// Tells whether a setting acts in the engine, which may be another process.
pub(super) fn acts_in_engine(key: Key) -> bool {
    matches!(key, Key::UndoSeconds | Key::MailboxUrl | Key::SenderName)
}

/// Returns the value that acts and where it comes from.
pub(super) fn look_up(model: &Model, key: Key) -> (Value, Source) {
    let variables = &model.settings.place.variables;
    let env = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.into())
    };
    model.config.look_up(key, &env)
}

/// Returns a value as it is written in a text field.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Words(words) if words.iter().all(|word| is_plain(word)) => words.join(" "),
        Value::Words(_) | Value::YesNo(_) | Value::Number(_) => value.to_string(),
    }
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '[' | ',' | '\\');
    !word.is_empty() && word.chars().all(plain)
}

/// Reads a text field: a program as words or as the list of the file, everything else as it is.
pub(super) fn from_text(kind: Kind, text: &str) -> Option<Value> {
    if kind != Kind::Program {
        return Some(Value::Text(text.to_owned()));
    }
    if text.starts_with('[') {
        return Value::parse(text);
    }
    let words = text.split_whitespace().map(str::to_owned);
    Some(Value::Words(words.collect()))
}

/// Returns a number of bytes as a person reads it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..10_000_000 => {
            let tenths = bytes / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
        10_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => {
            let tenths = bytes / 100_000_000;
            format!("{}.{} GB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_written_as_words_where_that_says_the_same() {
        for words in [
            vec!["ring", "--twice"],
            vec!["ring", "a b"],
            vec![],
            vec!["[x]"],
        ] {
            let value = Value::Words(words.into_iter().map(str::to_owned).collect());
            let text = as_text(&value);
            assert_eq!(from_text(Kind::Program, &text), Some(value), "{text}");
        }
        assert_eq!(from_text(Kind::Program, "[ring"), None);
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, words) in [
            (0, "0 kB"),
            (4_096, "5 kB"),
            (1_234_567, "1.2 MB"),
            (312_000_000, "312 MB"),
            (4_560_000_000, "4.5 GB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
