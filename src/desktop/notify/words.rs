//! The words of a notification, and the event that a command gets.

use serde_json::json;

use crate::desktop::notices::{Notice, Sort};
use crate::model::{Occasion, PeerText, UnixMillis};
use crate::text::sanitise_line;

/// Cells of a name, and of what somebody wrote.
const LONGEST_NAME: usize = 40;
const LONGEST_TEXT: usize = 120;

/// What a person is told. Safe to show anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Number of what it is about, so that it can be replaced and taken away.
    pub id: u64,
    /// The line above.
    pub title: String,
    /// What is to be said.
    pub body: String,
    /// The event as a JSON object, for a command.
    pub event: String,
}

/// Writes a notice out. `name` is our own name of the channel; `text` is what somebody wrote,
/// where the person wants to be told that too.
pub fn letter(
    notice: &Notice,
    name: Option<&PeerText>,
    text: Option<&PeerText>,
    now: UnixMillis,
) -> Letter {
    let name = name.map(|name| sanitise_line(name, LONGEST_NAME).plain());
    let text = text.map(|text| sanitise_line(text, LONGEST_TEXT).plain());
    let left = notice.expires.map_or_else(String::new, |expires| {
        let minutes = expires.since(now).as_secs() / 60;
        match minutes {
            0..60 => format!("; {minutes} min left"),
            _ => format!("; {} h left", minutes / 60),
        }
    });
    let said = text
        .as_ref()
        .map_or_else(String::new, |text| format!(": {text}"));
    let body = format!("{}{left}{said}", parts(notice).join(", "));
    let event = event(notice, name.as_deref(), text.as_deref());
    Letter {
        id: Notice::id(notice.channel),
        title: match name {
            Some(name) => format!("chaperon: {name}"),
            None => "chaperon".to_owned(),
        },
        body,
        event,
    }
}

fn parts(notice: &Notice) -> Vec<String> {
    let count = |wanted: Sort| {
        let sorts = notice.about.iter().filter(|(_, sort)| *sort == wanted);
        sorts.count()
    };
    let mut parts = Vec::new();
    if count(Sort::Key) > 0 {
        parts.push("the key changed, the channel stopped".to_owned());
    }
    for (sort, one, many) in [
        (Sort::Draft, "draft waits", "drafts wait"),
        (Sort::Held, "message is held", "messages are held"),
    ] {
        match count(sort) {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        }
    }
    if count(Sort::Contact) > 0 {
        parts.push("somebody asks for contact".to_owned());
    }
    for (_, sort) in &notice.about {
        match sort {
            Sort::New(1) => parts.push("1 new message".to_owned()),
            Sort::New(count) => parts.push(format!("{count} new messages")),
            Sort::Settled(count) => parts.push(format!("{count} settled without you today")),
            Sort::Key | Sort::Draft | Sort::Held | Sort::Contact => {}
        }
    }
    parts
}

fn event(notice: &Notice, name: Option<&str>, text: Option<&str>) -> String {
    let items = notice.about.iter().map(|(occasion, sort)| {
        let what = match sort {
            Sort::Key => "key_change",
            Sort::Draft => "draft",
            Sort::Held => "held_message",
            Sort::Contact => "contact_request",
            Sort::New(_) => "new_messages",
            Sort::Settled(_) => "settled",
        };
        let id = match occasion {
            Occasion::Need { item } => Some(item.0),
            Occasion::New { .. } | Occasion::Settled { .. } => None,
        };
        let count = match sort {
            Sort::New(count) | Sort::Settled(count) => *count,
            Sort::Key | Sort::Draft | Sort::Held | Sort::Contact => 1,
        };
        json!({ "what": what, "id": id, "count": count })
    });
    let mut event = json!({
        "event": "chaperon",
        "channel": notice.channel.map(|channel| channel.0),
        "name": name,
        "items": items.collect::<Vec<_>>(),
        "expires_ms": notice.expires.map(|expires| expires.0),
    });
    if let (Some(text), Some(event)) = (text, event.as_object_mut()) {
        event.insert("untrusted".to_owned(), json!(true));
        event.insert("unsafe_text".to_owned(), json!(text));
    }
    event.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ChannelId, ReviewId};

    const NOW: UnixMillis = UnixMillis(1_763_505_660_000);

    fn notice(sorts: &[Sort]) -> Notice {
        let item = |id| Occasion::Need { item: ReviewId(id) };
        Notice {
            channel: Some(ChannelId(4)),
            about: (1..).map(item).zip(sorts.iter().copied()).collect(),
            expires: Some(NOW.after(Duration::from_secs(14 * 60))),
        }
    }

    #[test]
    fn it_says_what_waits_and_for_how_long_in_our_own_words() {
        let name = PeerText::new("Marta \u{202e}Ruiz");
        let sorts = [Sort::Draft, Sort::Draft, Sort::Held];
        let letter = letter(&notice(&sorts), Some(&name), None, NOW);
        assert_eq!(letter.title, "chaperon: Marta ⟦U+202E⟧Ruiz");
        assert_eq!(letter.body, "2 drafts wait, 1 message is held; 14 min left");
        assert!(!letter.event.contains("unsafe_text"), "{}", letter.event);
        assert!(
            letter
                .event
                .contains(r#"{"what":"draft","id":1,"count":1}"#)
        );
    }

    #[test]
    fn what_somebody_wrote_is_told_only_where_it_is_given_and_made_safe() {
        let text = PeerText::new("Hello\u{1b}]0;owned\u{7}\nsecond line");
        let letter = letter(&notice(&[Sort::Held]), None, Some(&text), NOW);
        assert!(
            letter.body.contains(": Hello⟦ESC⟧]0;owned⟦BEL⟧"),
            "{}",
            letter.body
        );
        assert!(!letter.body.contains('\u{1b}') && !letter.body.contains('\n'));
        assert!(letter.event.contains("unsafe_text"));
    }
}
