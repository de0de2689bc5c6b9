//! The table of settings: what each is called, what it can be, and what it is if nothing says.
//!
//! The parser, the settings screen and the table in the documentation read this one table.

use super::value::{Clipboard, Enter, Layout, Notify, Symbols, Value, Way};

/// Relay used where nothing else is configured, as `clawbuddy` 0.4.0 has it built in.
pub const DEFAULT_MAILBOX_URL: &str = "https://clawbuddy-mailbox.peter-078.workers.dev";

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Relay for new channels.
    MailboxUrl,
    /// Name of the user in invitation texts.
    SenderName,
    /// Where the Agent Mesh listens.
    MeshListen,
    /// Whether the Agent Mesh tells the local network that we are there.
    MeshAnnounce,
    /// Whether a ClawTalk relay gets a readable copy of every message.
    ClawtalkAudit,
    /// Name of a colour theme.
    Theme,
    /// Which characters are drawn.
    Symbols,
    /// How many panes stand beside each other.
    Layout,
    /// What the person is told about while they look elsewhere.
    Notify,
    /// The ways of telling them.
    NotifyBy,
    /// Whether a notification may hold the words of a message.
    NotifyText,
    /// The program that is run to tell them.
    NotifyCommand,
    /// When nothing is told that can wait.
    QuietHours,
    /// What Enter does in the composer.
    Enter,
    /// How long a message can be taken back.
    UndoSeconds,
    /// How long a screen rests before its decision keys act.
    KeysLiveMs,
    /// Where copied text goes.
    Clipboard,
    /// Whether the mouse scrolls and selects.
    Mouse,
}

/// What belongs together on the settings screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// What it looks like.
    Look,
    /// How the person is told.
    Reach,
    /// What stands around a decision.
    Deciding,
    /// Keys, mouse and clipboard.
    Hands,
    /// What new channels start with.
    Channels,
    /// Where others can reach this computer.
    Listening,
}

impl Group {
    /// All groups, in the order they are shown.
    pub const ALL: [Self; 6] = [
        Self::Look,
        Self::Reach,
        Self::Deciding,
        Self::Hands,
        Self::Channels,
        Self::Listening,
    ];

    /// Returns its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Look => "Look",
            Self::Reach => "Reach you",
            Self::Deciding => "Deciding",
            Self::Hands => "Hands",
            Self::Channels => "New channels",
            Self::Listening => "Listening",
        }
    }
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text; empty is "not set".
    Text,
    /// An http or https address; empty is "not set".
    Address,
    /// The name of a theme; the terminal surface knows which there are.
    Theme,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any of these words, each once.
    Several(&'static [&'static str]),
    /// A program and its arguments; an empty list is "none".
    Program,
    /// Hours of the day as `22:00-07:00`, or `off`.
    Hours,
    /// Address and port of this computer as `127.0.0.1:8787`, or `off`.
    Listen,
    /// `true` or `false`.
    YesNo,
    /// A whole number.
    Number {
        /// The least that is possible.
        least: u32,
        /// The most that is possible.
        most: u32,
        /// How far one step on the screen goes.
        step: u32,
        /// What is counted, as it stands behind the number.
        unit: &'static str,
    },
}

/// A value that can stand in a table.
#[derive(Clone, Copy, Debug)]
enum Preset {
    Text(&'static str),
    Words(&'static [&'static str]),
    YesNo(bool),
    Number(u32),
}

/// What is known of one setting.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Which one.
    pub key: Key,
    /// Its name in the file.
    pub name: &'static str,
    /// Where it is shown.
    pub group: Group,
    /// What values it takes.
    pub kind: Kind,
    /// What is possible, in words that follow "has to be".
    pub possible: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    /// Variables that give it where the file does not, the first that is set and not empty.
    pub variables: &'static [&'static str],
    preset: Preset,
}

impl About {
    /// Returns the value where nothing says another.
    pub fn default(&self) -> Value {
        match self.preset {
            Preset::Text(text) => Value::Text(text.to_owned()),
            Preset::Words(words) => {
                Value::Words(words.iter().map(|word| (*word).to_owned()).collect())
            }
            Preset::YesNo(yes) => Value::YesNo(yes),
            Preset::Number(number) => Value::Number(number),
        }
    }
}

impl Key {
    /// Returns what is known of it.
    pub fn about(self) -> &'static About {
        TABLE
            .iter()
            .find(|about| about.key == self)
            .expect("every key stands in the table: checked by a test")
    }

    /// Finds the setting of a name in the file.
    pub fn named(name: &str) -> Option<Self> {
        let found = TABLE.iter().find(|about| about.name == name);
        found.map(|about| about.key)
    }
}

/// All settings, in the order they are shown.
pub const TABLE: &[About] = &[
    About {
        key: Key::Theme,
        name: "theme",
        group: Group::Look,
        kind: Kind::Theme,
        possible: "the name of a theme in quotes",
        what: "Colours. `auto` asks the terminal whether it is dark or light.",
        variables: &[],
        preset: Preset::Text("auto"),
    },
    About {
        key: Key::Symbols,
        name: "symbols",
        group: Group::Look,
        kind: Kind::OneOf(Symbols::WORDS),
        possible: "\"auto\", \"unicode\" or \"ascii\"",
        what: "What lines, dots and arrows are drawn with. `auto` is ASCII where the locale is not UTF-8.",
        variables: &[],
        preset: Preset::Text("auto"),
    },
    About {
        key: Key::Layout,
        name: "layout",
        group: Group::Look,
        kind: Kind::OneOf(Layout::WORDS),
        possible: "\"auto\", \"two\" or \"one\"",
        what: "The most panes beside each other; `auto` takes as many as the window holds.",
        variables: &[],
        preset: Preset::Text("auto"),
    },
    About {
        key: Key::Notify,
        name: "notify",
        group: Group::Reach,
        kind: Kind::OneOf(Notify::WORDS),
        possible: "\"decisions\", \"new\", \"all\" or \"none\"",
        what: "What you are told about while you look elsewhere: what you have to decide, new \
               messages too, everything, or nothing.",
        variables: &[],
        preset: Preset::Text("decisions"),
    },
    About {
        key: Key::NotifyBy,
        name: "notify_by",
        group: Group::Reach,
        kind: Kind::Several(Way::WORDS),
        possible: "a list of \"terminal\", \"bell\", \"desktop\" and \"command\"",
        what: "The ways you are told: the first of `terminal`, `desktop` and `bell` that works, and \
               `command` besides.",
        variables: &[],
        preset: Preset::Words(&["terminal", "desktop", "bell"]),
    },
    About {
        key: Key::NotifyText,
        name: "notify_text",
        group: Group::Reach,
        kind: Kind::YesNo,
        possible: "true or false",
        what: "Whether a notification may hold words that somebody else wrote.",
        variables: &[],
        preset: Preset::YesNo(false),
    },
    About {
        key: Key::NotifyCommand,
        name: "notify_command",
        group: Group::Reach,
        kind: Kind::Program,
        possible: "a list of texts, a program and its arguments",
        what: "The program that `command` in `notify_by` runs, without a shell.",
        variables: &[],
        preset: Preset::Words(&[]),
    },
    About {
        key: Key::QuietHours,
        name: "quiet_hours",
        group: Group::Reach,
        kind: Kind::Hours,
        possible: "two times of day as in \"22:00-07:00\", or \"off\"",
        what: "When nothing is told but what expires before they end.",
        variables: &[],
        preset: Preset::Text("off"),
    },
    About {
        key: Key::KeysLiveMs,
        name: "keys_live_ms",
        group: Group::Deciding,
        kind: Kind::Number {
            least: 400,
            most: 5_000,
            step: 100,
            unit: "ms",
        },
        possible: "a whole number from 400 to 5000",
        what: "How long a review rests on screen before a key can decide.",
        variables: &[],
        preset: Preset::Number(400),
    },
    About {
        key: Key::UndoSeconds,
        name: "undo_seconds",
        group: Group::Deciding,
        kind: Kind::Number {
            least: 5,
            most: 300,
            step: 5,
            unit: "s",
        },
        possible: "a whole number from 5 to 300",
        what: "How long what you send or let pass waits, so that you can take it back.",
        variables: &[],
        preset: Preset::Number(10),
    },
    About {
        key: Key::Enter,
        name: "enter",
        group: Group::Hands,
        kind: Kind::OneOf(Enter::WORDS),
        possible: "\"send\" or \"newline\"",
        what: "What Enter does while you write.",
        variables: &[],
        preset: Preset::Text("send"),
    },
    About {
        key: Key::Mouse,
        name: "mouse",
        group: Group::Hands,
        kind: Kind::YesNo,
        possible: "true or false",
        what: "Whether the mouse scrolls and selects. It never decides.",
        variables: &[],
        preset: Preset::YesNo(true),
    },
    About {
        key: Key::Clipboard,
        name: "clipboard",
        group: Group::Hands,
        kind: Kind::OneOf(Clipboard::WORDS),
        possible: "\"auto\", \"terminal\" or \"system\"",
        what: "Where copied text goes: through the terminal (OSC 52), to the desktop, or what \
               fits the session.",
        variables: &[],
        preset: Preset::Text("auto"),
    },
    About {
        key: Key::MailboxUrl,
        name: "mailbox_url",
        group: Group::Channels,
        kind: Kind::Address,
        possible: "an http or https address in quotes",
        what: "The relay of new channels.",
        variables: &["CHAPERON_MAILBOX_URL", "CLAWBUDDY_MAILBOX_URL"],
        preset: Preset::Text(DEFAULT_MAILBOX_URL),
    },
    About {
        key: Key::SenderName,
        name: "sender_name",
        group: Group::Channels,
        kind: Kind::Text,
        possible: "a text in quotes",
        what: "Your name in the words that go with an invite.",
        variables: &[],
        preset: Preset::Text(""),
    },
    About {
        key: Key::MeshListen,
        name: "mesh_listen",
        group: Group::Listening,
        kind: Kind::Listen,
        possible: "an address and a port as in \"127.0.0.1:8787\", or \"off\"",
        what: "Where the Agent Mesh listens, once there is an identity. Anything but 127.0.0.1 \
               shows your id, name and key to whoever reaches it, and lets them ask for contact.",
        variables: &[],
        preset: Preset::Text("127.0.0.1:8787"),
    },
    About {
        key: Key::MeshAnnounce,
        name: "mesh_announce",
        group: Group::Listening,
        kind: Kind::YesNo,
        possible: "true or false",
        what: "Whether the local network is told by mDNS that you are on the Agent Mesh.",
        variables: &[],
        preset: Preset::YesNo(false),
    },
    About {
        key: Key::ClawtalkAudit,
        name: "clawtalk_audit",
        group: Group::Listening,
        kind: Kind::YesNo,
        possible: "true or false",
        what: "Whether ClawTalk relays get a readable copy of every message, sent and received, \
               as the reference's client gives it. It undoes the sealing: whoever runs the relay \
               reads everything.",
        variables: &[],
        preset: Preset::YesNo(false),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_is_possible() {
        for about in TABLE {
            assert_eq!(about.key.about().name, about.name);
            assert!(about.default().fits(about.kind), "{}", about.name);
        }
    }

    #[test]
    fn what_is_possible_names_every_word() {
        for about in TABLE {
            if let Kind::OneOf(words) | Kind::Several(words) = about.kind {
                for word in words {
                    let quoted = format!("\"{word}\"");
                    assert!(about.possible.contains(&quoted), "{}: {word}", about.name);
                }
            }
        }
    }

    #[test]
    fn the_keys_of_a_group_stand_together() {
        let mut groups: Vec<_> = TABLE.iter().map(|about| about.group).collect();
        groups.dedup();
        assert_eq!(groups, Group::ALL);
    }
}
