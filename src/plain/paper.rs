//! What has to be read before something is decided, and conversations, as lines to read out.
//!
//! Every line of theirs begins with whose it is, and is broken before the terminal would break
//! it: what it wraps by itself begins without those words.

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{
    Asked, Author, Body, Content, Delivery, Fingerprint, Message, Part, PeerText, ReviewKind,
    StopReason,
};
use crate::text::scan::scan;
use crate::text::{SafeText, sanitise, sanitise_line, sanitise_marked};

use super::threads;
use super::words::{capital, count, name, preset, safe, when, whose};

/// Cells that are left for their words where a window is narrower.
const LEAST: usize = 10;

/// How something is read out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Everything that has to be known to decide.
    Whole,
    /// The text with every character that is not plain as its code.
    Raw,
    /// What the assistant gets if it is released.
    Assistant,
}

/// Lines in the making.
pub(super) struct Paper<'a> {
    pub(super) lines: Vec<String>,
    width: usize,
    zone: &'a TimeZone,
    /// Whether messages of the network say where they belong.
    pub(super) threads: bool,
}

impl<'a> Paper<'a> {
    pub(super) fn new(width: usize, zone: &'a TimeZone) -> Self {
        Self {
            lines: Vec::new(),
            width,
            zone,
            threads: true,
        }
    }

    pub(super) fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Adds text with whose it is before every line.
    pub(super) fn of(&mut self, whose: &str, text: &SafeText) {
        // The last cell stays free: a terminal wraps when it is written.
        let room = self.width.saturating_sub(whose.len() + 3).max(LEAST);
        for line in text.wrap(room) {
            self.lines.push(format!("{whose}: {}", line.plain()));
        }
    }

    /// The same for one line, whatever ends of lines are in it.
    pub(super) fn of_line(&mut self, whose: &str, text: &PeerText) {
        let room = self.width.saturating_sub(whose.len() + 3).max(LEAST);
        for line in sanitise_line(text, usize::MAX).wrap(room) {
            self.lines.push(format!("{whose}: {}", line.plain()));
        }
    }

    fn hidden(&mut self, whose: &str, text: &SafeText) {
        for hidden in text.hidden() {
            if let Some(decoded) = &hidden.decoded {
                self.say(format!(
                    "Hidden text, decoded, {} characters.",
                    hidden.count
                ));
                self.of(&format!("{whose}, hidden"), decoded);
            }
        }
    }

    /// Reads the content of a message out, with the marks of its signals.
    fn content(&mut self, message: &Message) {
        let whose = whose(message.author);
        match &message.content {
            Content::Text(body) => self.body(whose, body, message),
            Content::Raw { reason, payload } => {
                self.say(capital(reason.sentence()));
                self.of(whose, &sanitise(payload));
            }
        }
    }

    fn body(&mut self, whose: &str, body: &Body, message: &Message) {
        let marked = |text: &PeerText, part: Part| {
            sanitise_marked(text, &body.signals_in(&message.signals, part))
        };
        let mut parts = Vec::new();
        if !body.subject.is_empty() {
            let label = format!("{whose}, subject");
            parts.push((label, marked(&body.subject, Part::Subject)));
        }
        parts.push((whose.to_owned(), marked(&body.body, Part::Body)));
        if !matches!(body.metadata.expose_untrusted(), "" | "{}") {
            let label = format!("{whose}, metadata");
            parts.push((label, marked(&body.metadata, Part::Metadata)));
        }
        for (label, text) in &parts {
            self.of(label, text);
        }
        for (_, text) in &parts {
            self.hidden(whose, text);
        }
    }

    /// Reads a message of a conversation out: who, when, what became of it, then its text.
    pub(super) fn message(&mut self, message: &Message) {
        let mut head = format!("{}, {}", when(message.at, self.zone), whose(message.author));
        if !message.read && message.author == Author::Peer {
            head.push_str(", new");
        }
        if let Some(state) = state(message, self.zone) {
            head.push_str(", ");
            head.push_str(&state);
        }
        if !message.signals.is_empty() {
            head.push_str(", ");
            head.push_str(&count(message.signals.len() as u64, "signal"));
        }
        self.say(format!("{head}."));
        threads::say(self, message, false);
        self.content(message);
    }

    pub(super) fn key(&mut self, label: &str, key: Option<&Fingerprint>) {
        let key = key.map_or_else(|| "none".to_owned(), |key| safe(&key.0));
        self.say(format!("{label}: {key}."));
    }

    fn signals(&mut self, message: &Message) {
        for (number, signal) in (1..).zip(&message.signals) {
            self.say(format!(
                "Signal {number}: it {}. {}{}",
                signal.code.sentence(),
                capital(signal.kind.words()),
                if signal.evidence.is_empty() {
                    ""
                } else {
                    " It rests on these words."
                },
            ));
            if !signal.evidence.is_empty() {
                self.of(whose(message.author), &sanitise(&signal.evidence));
            }
        }
        self.say(if message.author == Author::Peer {
            "No finding is a promise that a message is safe."
        } else {
            "What no rule knows is not found: judge it yourself."
        });
    }
}

/// Returns what became of a message, where that is worth saying.
fn state(message: &Message, zone: &TimeZone) -> Option<String> {
    if message
        .admission
        .as_ref()
        .is_some_and(|admission| !admission.is_released())
    {
        return Some("held, your assistant has not seen it".to_owned());
    }
    Some(match message.delivery.as_ref()? {
        Delivery::Queued { due, problem, .. } => match problem {
            Some(problem) => format!("not sent yet: {}", safe(problem)),
            None => format!("leaves {}", when(*due, zone)),
        },
        Delivery::Relayed { .. } => "sent".to_owned(),
        Delivery::Collected { .. } => "collected or deleted".to_owned(),
        Delivery::Delivered { .. } => "delivered".to_owned(),
        Delivery::Failed { problem } => format!("not sent: {}", safe(problem)),
        Delivery::TakenBack => "taken back, not sent".to_owned(),
        Delivery::Held { expires, .. } => {
            format!("held, not sent if unanswered by {}", when(*expires, zone))
        }
        Delivery::Refused { .. } => "refused, not sent".to_owned(),
        Delivery::Expired { .. } => "expired, not sent".to_owned(),
    })
}

/// Returns everything that has to be read out before this is decided, or another look at it.
pub(super) fn of(review: &Review, look: Look, width: usize, zone: &TimeZone) -> Vec<String> {
    let mut paper = Paper::new(width, zone);
    paper.threads = review.network.has_threads();
    match look {
        Look::Whole => whole(&mut paper, review),
        Look::Raw => raw(&mut paper, review),
        Look::Assistant => assistants(&mut paper, review),
    }
    paper.lines
}

fn whole(paper: &mut Paper<'_>, review: &Review) {
    let zone = paper.zone;
    let channel = Some(&review.channel);
    paper.say(super::words::what_waits(&review.item, channel, zone) + ".");
    let way = if review.network.is_direct() {
        "with no relay between".to_owned()
    } else {
        format!("relay {}", safe(host(&review.channel.relay)))
    };
    paper.say(format!(
        "Channel {}, over {}, {way}. Since {}.",
        name(&review.item.name),
        review.network.label(),
        when(review.item.since, zone),
    ));
    match &review.item.kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => match &review.asked {
            Some(asked) => asks(paper, (review, asked), fingerprint, *answers),
            None => answered(paper, review, fingerprint, *answers),
        },
        ReviewKind::KeyChange {
            pinned,
            shown,
            reason,
        } => {
            key_change(paper, review, pinned.as_ref(), shown, *reason);
        }
        ReviewKind::HeldMessage { rule, .. } | ReviewKind::HeldDraft { rule, .. } => {
            paper.say(format!("Held by the rule {}.", safe(rule)));
            text(paper, review);
        }
    }
    if !review.before.is_empty() {
        paper.say("Before this, oldest first.");
        for message in &review.before {
            paper.message(message);
        }
    }
}

/// Reads out that somebody answered an invite.
fn answered(
    paper: &mut Paper<'_>,
    review: &Review,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    paper.say(
        "Somebody answered the invite that you made. The name is the one you gave it: who \
         answered, only the key can tell.",
    );
    paper.key("Their key", Some(fingerprint));
    paper.key("Your key", review.channel.our_fingerprint.as_ref());
    paper.say(match answers {
        Some(times @ 2..) => format!(
            "The invite was answered {times} times: more than one person had this link, \
             and the last one is shown."
        ),
        Some(_) => "The invite was answered once.".to_owned(),
        None => "This relay does not tell how often the invite was answered.".to_owned(),
    });
    paper.say(format!("Engagement: {}.", preset(&review.channel.preset)));
    paper.say(
        "Accepting pins this key. Anyone who saw the link could have answered it first, \
         so compare both keys with them, by voice, before you accept if it matters.",
    );
}

/// Reads out who asks for contact by themselves, and what for.
fn asks(
    paper: &mut Paper<'_>,
    (review, asked): (&Review, &Asked),
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    if !review.network.is_direct() {
        return wrote(paper, (review, asked), fingerprint, answers);
    }
    if !review.network.asks_first() {
        return connected(paper, (review, asked), fingerprint, answers);
    }
    paper.say(if asked.moved_from.is_some() {
        "Somebody whom you accepted says that they are reached elsewhere now. They hold the key \
         that you accepted; nothing but the address is asked."
    } else {
        "They hold the key below; name, id and address are what they say of themselves."
    });
    paper.of_line("theirs, name", &asked.unsafe_name);
    paper.say(format!("Id: {}.", safe(&asked.address)));
    paper.key("Their key", Some(fingerprint));
    other_key(paper, answers);
    paper.key("Your key", review.channel.our_fingerprint.as_ref());
    if let Some(before) = &asked.moved_from {
        paper.say(format!("Reached so far at: {}.", safe(host(before))));
    }
    let endpoint = PeerText::new(host(asked.unsafe_endpoint.expose_untrusted()));
    paper.of_line("theirs, reached at", &endpoint);
    paper.say("What they ask for, in their words:");
    purpose(paper, asked);
    let you = if asked.moved_from.is_some() {
        "you accepted them"
    } else {
        "you not yet"
    };
    let they = match review.channel.trusts_us {
        Some(at) => format!("they accepted you {}", when(at, paper.zone)),
        None if asked.moved_from.is_some() => "they took nothing of yours so far".to_owned(),
        None => "they ask you; whether they accept you is not known".to_owned(),
    };
    paper.say(format!("Who trusts whom: {you}; {they}."));
    if asked.moved_from.is_none() {
        paper.say(format!("Engagement: {}.", preset(&review.channel.preset)));
        paper.say(
            "Accepting pins this key, and they may write to you. What is written is signed and \
             not encrypted: who is on the way can read it.",
        );
    }
}

/// Reads out who connected without being accepted, what they proved by that, and what waits.
fn connected(
    paper: &mut Paper<'_>,
    (review, asked): (&Review, &Asked),
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    paper.say(
        "They proved two things when they connected: that they hold the wallet of this principal, \
         and this device's node key. Their nick and their addresses are what they say.",
    );
    paper.of_line("principal, proven", &PeerText::new(asked.address.as_str()));
    if !asked.unsafe_name.is_empty() {
        paper.of_line("theirs, nick", &asked.unsafe_name);
    }
    paper.key("Their key, proven", Some(fingerprint));
    if answers.is_some_and(|times| times > 1) {
        paper.say(
            "This principal came with another node key before: another device or a new \
             installation of theirs, or somebody who has their seed phrase.",
        );
    }
    paper.key("Your key", review.channel.our_fingerprint.as_ref());
    paper.of_line("theirs, reached at", &asked.unsafe_endpoint);
    if asked.unsafe_purpose.is_empty() {
        paper.say("They have written nothing yet.");
    } else {
        paper.say("What they wrote waits here, unread by your assistant. How it begins:");
        purpose(paper, asked);
    }
    paper.say(format!("Engagement: {}.", preset(&review.channel.preset)));
    paper.say(
        "Accepting pins this principal and key; what they wrote comes in and is judged, and you \
         can write to them once they accept you. It is encrypted from node to node. Refused, they \
         are told so, and what they wrote is deleted.",
    );
}

/// Says that another key was shown before, where that is so.
fn other_key(paper: &mut Paper<'_>, answers: Option<u32>) {
    if answers.is_some_and(|times| times > 1) {
        paper.say(
            "This is not the key that was shown for this id before: they made a new one, or \
             somebody else asks in their name.",
        );
    }
}

/// Reads their words out, and what was found in them.
fn purpose(paper: &mut Paper<'_>, asked: &Asked) {
    let found = scan(&asked.unsafe_purpose).signals;
    let purpose = sanitise_marked(&asked.unsafe_purpose, &found);
    paper.of("theirs", &purpose);
    paper.hidden("theirs", &purpose);
    for (number, signal) in (1..).zip(&found) {
        let sentence = signal.code.sentence();
        paper.say(format!(
            "Signal {number}: it {sentence}. It rests on these words."
        ));
        paper.of("theirs", &sanitise(&signal.evidence));
    }
}

/// Reads out who wrote over a relay without being accepted, and how that begins.
fn wrote(
    paper: &mut Paper<'_>,
    (review, asked): (&Review, &Asked),
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    paper.say(
        "The relay says that they go by this name and shows this key for them; nobody has proven \
         more. What they wrote stays at the relay until you decide.",
    );
    paper.say(format!("Name: {}.", safe(&asked.address)));
    paper.key("Their key", Some(fingerprint));
    other_key(paper, answers);
    paper.key("Your key", review.channel.our_fingerprint.as_ref());
    paper.say("What they wrote, how it begins:");
    purpose(paper, asked);
    paper.say(format!("Engagement: {}.", preset(&review.channel.preset)));
    paper.say(
        "Accepting pins this key; what they wrote comes in and is judged. Refused, it is deleted \
         from the relay, and they are not told.",
    );
}

/// Returns an address without its scheme: spelled, and not a link.
fn host(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

fn text(paper: &mut Paper<'_>, review: &Review) {
    let Some(message) = &review.message else {
        paper.say("The message is gone.");
        return;
    };
    threads::say(paper, message, true);
    paper.content(message);
    paper.signals(message);
    let before = match review.flagged_before {
        0 => "none had signals".to_owned(),
        some => format!("{some} had signals"),
    };
    let what = if matches!(review.item.kind, ReviewKind::HeldDraft { .. }) {
        "Approved, it leaves under"
    } else {
        "Released, your assistant reads it under"
    };
    paper.say(format!(
        "{what} the policy {}. Of {} here, {before} before this.",
        safe(&review.policy),
        count(review.total, "message"),
    ));
}

fn key_change(
    paper: &mut Paper<'_>,
    review: &Review,
    pinned: Option<&Fingerprint>,
    shown: &Fingerprint,
    reason: StopReason,
) {
    match reason {
        StopReason::KeyChanged => {
            paper.key("The key you accepted", pinned);
            paper.key("The key shown now", Some(shown));
            paper.say(
                "They may have a new device, or somebody answers in their place. Ask them by \
                 another way, with the key at hand.",
            );
        }
        StopReason::AnsweredTwice => {
            paper.key("Their key", pinned);
            paper.key("Your key", review.channel.our_fingerprint.as_ref());
            paper.key("A stranger's key", Some(shown));
            paper.say(
                "Their key came with the link. The last one is of somebody else who had the same \
                 link and answered in your place; it is never theirs, so it cannot be pinned. Tell \
                 the person who invited you, by another way.",
            );
        }
        StopReason::CodeDiffers => {
            paper.key("Their key", Some(shown));
            paper.key("Your key", review.channel.our_fingerprint.as_ref());
            paper.say(
                "Somebody answered in their place, or the two of you compared another channel. \
                 Keep the key only if you compared wrongly.",
            );
        }
    }
    paper.say("Nothing leaves and nothing enters until you settle this.");
}

fn raw(paper: &mut Paper<'_>, review: &Review) {
    let Some(message) = &review.message else {
        paper.say("There is no message here.");
        return;
    };
    paper.say("As it came; what is not plain is written as its code.");
    let text = message
        .content
        .body()
        .map_or_else(|| message.content.text().clone(), Body::judged);
    let mut codes = String::new();
    for c in text.expose_untrusted().chars() {
        match c {
            '\n' | ' '..='~' => codes.push(c),
            _ => codes.extend(c.escape_unicode()),
        }
    }
    paper.of(whose(message.author), &sanitise(&PeerText::new(codes)));
}

fn assistants(paper: &mut Paper<'_>, review: &Review) {
    let Some(message) = review
        .message
        .as_ref()
        .filter(|held| held.author == Author::Peer)
    else {
        paper.say("There is no message for your assistant here.");
        return;
    };
    paper.say("Released as it is, your assistant gets this.");
    let instructions = PeerText::new(review.channel.instructions.as_str());
    paper.of("instructions", &sanitise(&instructions));
    if let Content::Text(body) = &message.content {
        paper.of("unsafe subject", &sanitise(&body.subject));
        paper.of("unsafe body", &sanitise(&body.body));
        paper.of("unsafe metadata", &sanitise(&body.metadata));
    } else {
        paper.say("Nothing: it cannot be read.");
    }
}
