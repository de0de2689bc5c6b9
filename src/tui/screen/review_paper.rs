//! What a person has to read before deciding, as rows that are wrapped but never cut.

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{
    Author, Content, Fingerprint, Message, PeerText, ReviewItem, ReviewKind, StopReason,
};
use crate::text::{SafeLine, ours, sanitise, sanitise_line};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::side::{preset_label, relay_name};

/// One row: theirs stands right of the gutter, ours does not have one.
#[derive(Debug, Default)]
pub(super) struct PaperRow {
    pub(super) gutter: bool,
    pub(super) pieces: Vec<(Role, SafeLine)>,
}

/// Columns of the labels.
const LABEL: usize = 13;
/// Cells of a line from before the item, which is context and may be cut.
const BEFORE: usize = 160;

struct Paper {
    rows: Vec<PaperRow>,
    width: usize,
}

impl Paper {
    fn row(&mut self, pieces: Vec<(Role, SafeLine)>) {
        self.rows.push(PaperRow {
            gutter: false,
            pieces,
        });
    }

    fn blank(&mut self) {
        self.row(Vec::new());
    }

    fn words(&mut self, role: Role, words: &str) {
        for line in sanitise(&PeerText::new(words)).wrap(self.width) {
            self.row(vec![(role, line)]);
        }
    }

    /// A label and what belongs to it; wraps under itself.
    fn entry(&mut self, label: &str, role: Role, value: &PeerText) {
        let room = self.width.saturating_sub(LABEL).max(1);
        let lines = sanitise(value).wrap(room);
        for (line, label) in lines
            .into_iter()
            .zip(std::iter::once(label).chain(std::iter::repeat("")))
        {
            let label = ours(&format!("{label:LABEL$}"));
            self.row(vec![(Role::Dim, label), (role, line)]);
        }
    }

    fn key(&mut self, label: &str, role: Role, key: Option<&Fingerprint>) {
        let words = key.map_or("none", |key| key.0.as_str());
        self.entry(label, role, &PeerText::new(words));
    }

    fn theirs(&mut self, text: &PeerText) {
        for line in sanitise(text).wrap(self.width.saturating_sub(2)) {
            self.rows.push(PaperRow {
                gutter: true,
                pieces: vec![(Role::Text, line)],
            });
        }
    }

    fn hidden(&mut self, text: &PeerText) {
        for hidden in sanitise(text).hidden() {
            let Some(decoded) = &hidden.decoded else {
                continue;
            };
            self.words(
                Role::Stop,
                &format!("Hidden text, decoded ({} characters):", hidden.count),
            );
            for line in decoded.wrap(self.width.saturating_sub(2)) {
                self.rows.push(PaperRow {
                    gutter: true,
                    pieces: vec![(Role::Text, line)],
                });
            }
        }
    }
}

/// Returns everything that has to be read for this item.
pub(super) fn rows(review: &Review, zone: &TimeZone, width: u16) -> Vec<PaperRow> {
    let mut paper = Paper {
        rows: Vec::new(),
        width: usize::from(width).max(1),
    };
    match &review.item.kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => contact(&mut paper, review, zone, fingerprint, *answers),
        ReviewKind::KeyChange {
            pinned,
            shown,
            reason,
        } => {
            paper.words(Role::Stop, &capital(reason.sentence()));
            paper.blank();
            who(&mut paper, review);
            match reason {
                StopReason::KeyChanged => {
                    key_changed(&mut paper, review, zone, pinned.as_ref(), shown);
                }
                _ => {
                    answered_twice(&mut paper, review, zone, pinned.as_ref(), shown);
                }
            }
        }
        ReviewKind::HeldDraft { rule, .. } | ReviewKind::HeldMessage { rule, .. } => {
            held(&mut paper, review, zone, rule)
        }
    }
    paper.rows
}

fn key_changed(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    pinned: Option<&Fingerprint>,
    shown: &Fingerprint,
) {
    paper.key("you accepted", Role::Text, pinned);
    paper.key("shown now", Role::Stop, Some(shown));
    paper.entry("noticed", Role::Text, &when(&review.item, zone));
    paper.blank();
    paper.words(
        Role::Dim,
        "Nothing leaves and nothing enters until you settle this. They may have a new device, \
         or somebody answers in their place. Ask them by another way, with the key at hand.",
    );
}

/// The key on show is a stranger's here, so the paper has to say which key is whose.
fn answered_twice(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    pinned: Option<&Fingerprint>,
    shown: &Fingerprint,
) {
    paper.key("their key", Role::Text, pinned);
    paper.key(
        "your key",
        Role::Text,
        review.channel.our_fingerprint.as_ref(),
    );
    paper.key("a stranger's", Role::Stop, Some(shown));
    paper.entry("noticed", Role::Text, &when(&review.item, zone));
    paper.blank();
    paper.words(
        Role::Text,
        "Their key came with the link: it belongs to the person who invited you. The last one \
         is of somebody else who had the same link and answered in your place; it is never \
         theirs, so it cannot be pinned.",
    );
    paper.blank();
    paper.words(
        Role::Dim,
        "Nothing leaves and nothing enters until you settle this. Tell the person who invited \
         you, by another way: what they accept now may be the stranger. Keeping the key lets \
         the channel go on with them alone; after closing it, ask them for a new link.",
    );
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn when(item: &ReviewItem, zone: &TimeZone) -> PeerText {
    PeerText::new(format!(
        "{} {}",
        day(item.since, zone),
        clock(item.since, zone)
    ))
}

fn who(paper: &mut Paper, review: &Review) {
    paper.entry("channel", Role::Title, &review.item.name);
    let relay = relay_name(&review.channel.relay, usize::MAX).plain();
    let over = format!("{} over {relay}", review.network.label());
    paper.entry("network", Role::Text, &PeerText::new(over));
}

fn contact(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    paper.words(
        Role::Text,
        "Somebody answered the invite that you made. The name is the one you gave it: who \
         answered, only the key can tell.",
    );
    paper.blank();
    who(paper, review);
    paper.key("their key", Role::Text, Some(fingerprint));
    paper.key(
        "your key",
        Role::Text,
        review.channel.our_fingerprint.as_ref(),
    );
    paper.entry("answered", Role::Text, &when(&review.item, zone));
    match answers {
        Some(times @ 2..) => paper.entry(
            "answers",
            Role::Stop,
            &PeerText::new(format!(
                "{times} times: more than one person had this link, and the last one is shown"
            )),
        ),
        Some(_) => paper.entry("answers", Role::Text, &PeerText::new("once")),
        None => paper.entry(
            "answers",
            Role::Dim,
            &PeerText::new("this relay does not tell how many"),
        ),
    }
    let preset = preset_label(&review.channel.preset).plain();
    paper.entry("engagement", Role::Text, &PeerText::new(preset));
    paper.blank();
    paper.words(
        Role::Dim,
        "Accepting pins this key: messages can go both ways, and a different key stops the \
         channel. Anyone who saw the link could have answered it first, so compare both \
         keys with them, by voice, before you accept if it matters.",
    );
}

fn held(paper: &mut Paper, review: &Review, zone: &TimeZone, rule: &str) {
    paper.entry("held by", Role::Wait, &PeerText::new(rule));
    paper.blank();
    match review.message.as_ref().map(|message| &message.content) {
        Some(Content::Text(body)) => {
            if !body.subject.is_empty() {
                paper.words(Role::Dim, "Subject");
                paper.theirs(&body.subject);
                paper.words(Role::Dim, "Text");
            }
            paper.theirs(&body.body);
            if body.metadata.expose_untrusted() != "{}" {
                paper.words(Role::Dim, "Metadata");
                paper.theirs(&body.metadata);
            }
            paper.hidden(&body.subject);
            paper.hidden(&body.body);
            paper.hidden(&body.metadata);
        }
        Some(Content::Raw { reason, payload }) => {
            paper.words(Role::Wait, &capital(reason.sentence()));
            paper.theirs(payload);
        }
        None => paper.words(Role::Dim, "The message is gone."),
    }
    if !review.before.is_empty() {
        paper.blank();
        paper.words(Role::Heading, "BEFORE THIS");
        for message in &review.before {
            before(paper, message, zone);
        }
    }
}

fn before(paper: &mut Paper, message: &Message, zone: &TimeZone) {
    let (arrow, who) = match message.author {
        Author::Peer => ("┆ ", "theirs  "),
        Author::Human => ("→ ", "you  "),
        Author::Assistant => ("→ ", "your assistant  "),
    };
    let head = ours(&format!("{} {arrow}{who}", clock(message.at, zone)));
    let text = match &message.content {
        Content::Text(body) => &body.body,
        Content::Raw { payload, .. } => payload,
    };
    let room = paper.width.saturating_sub(head.width()).min(BEFORE);
    let line = sanitise_line(text, room);
    paper.row(vec![(Role::Dim, head), (Role::Text, line)]);
}
