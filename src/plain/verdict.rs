//! Which word says what of which item, and what it comes to.

use crate::api::{Request, Review};
use crate::model::{Asked, OnScreen, PeerText, ReviewKind, Verdict, Words};

/// What a person writes about an item. Writing decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Their version of a draft.
    Version,
    /// Words for the assistant in place of a message.
    OwnWords,
    /// Why something is refused, for the assistant alone.
    Reason,
}

/// What was written about an item.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) version: Option<PeerText>,
    pub(super) own_words: Option<PeerText>,
    pub(super) reason: Option<PeerText>,
}

/// What a word comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It decides this.
    Decides(Verdict),
    /// It asks for the second word, which then decides this.
    Asks(Verdict),
    /// It begins to write.
    Writes(Purpose),
    /// It decides nothing here, and why.
    Nothing(&'static str),
}

/// The word that carries out what a severe item was asked twice for.
pub(super) const SECOND: &str = "confirm";

/// Returns what a word says of an item; `None` if it is no word of a review.
pub(super) fn meaning(review: &Review, written: &Written, word: &str) -> Option<Meaning> {
    let held = matches!(review.item.kind, ReviewKind::HeldMessage { .. });
    let draft = matches!(review.item.kind, ReviewKind::HeldDraft { .. });
    let change = matches!(review.item.kind, ReviewKind::KeyChange { .. });
    let of_message = held || draft;
    Some(match word {
        "approve" if !review.item.may_pin() => {
            Meaning::Nothing("That key is a stranger's; it cannot be pinned.")
        }
        "approve" if draft && written.version.is_some() => passes(review, Verdict::SendEdited),
        // In one's own words nothing of theirs goes on, so nothing is asked twice.
        "approve" if held && written.own_words.is_some() => Meaning::Decides(Verdict::OwnWords),
        "approve" => passes(review, Verdict::Approve),
        "refuse" => Meaning::Decides(Verdict::Refuse),
        "block" if of_message => Meaning::Decides(Verdict::RefuseAndPause),
        "block" if review.asked.is_some() => Meaning::Decides(Verdict::Block),
        "clean" if held && review.hides() => passes(review, Verdict::ReleaseClean),
        "clean" => Meaning::Nothing("Nothing is hidden here that could be taken out."),
        "keep" if change => Meaning::Decides(Verdict::KeepPinned),
        "keep" => Meaning::Nothing("keep is for a changed key; this is none."),
        "edit" if draft => Meaning::Writes(Purpose::Version),
        "edit" => Meaning::Nothing("edit is for a draft of your assistant."),
        "words" if held => Meaning::Writes(Purpose::OwnWords),
        "words" => Meaning::Nothing("words is for a message of theirs."),
        "reason" if of_message => Meaning::Writes(Purpose::Reason),
        "block" | "reason" => Meaning::Nothing("That word is for a message; this is a key."),
        _ => return None,
    })
}

fn passes(review: &Review, verdict: Verdict) -> Meaning {
    if review.item.is_severe() {
        Meaning::Asks(verdict)
    } else {
        Meaning::Decides(verdict)
    }
}

/// Returns the words that count now, each with what it does, in one line.
pub(super) fn choices(review: &Review, written: &Written) -> String {
    let twice = if review.item.is_severe() {
        ", and asks for a second word"
    } else {
        ""
    };
    let refuse = if written.reason.is_some() {
        "refuse: with your reason"
    } else {
        "refuse"
    };
    let mut list: Vec<String> = Vec::new();
    match &review.item.kind {
        ReviewKind::KeyChange { .. } => {
            list.push("keep: go on with the key you accepted".to_owned());
            list.push("refuse: close the channel".to_owned());
            if review.item.may_pin() {
                list.push(format!("approve: pin the new key{twice}"));
            }
        }
        ReviewKind::ContactRequest { .. } if is_move(review) => {
            list.push("approve: write to the new address".to_owned());
            list.push("refuse: keep the old address".to_owned());
            list.push("block: close the channel, and hear no more of this id".to_owned());
        }
        ReviewKind::ContactRequest { .. } if is_session(review) => {
            list.push(format!(
                "approve: accept and pin this principal and key{twice}"
            ));
            list.push("refuse: tell them so, and delete what they wrote".to_owned());
            list.push("block: the same, and hear no more of this principal".to_owned());
        }
        ReviewKind::ContactRequest { .. } if review.asked.is_some() => {
            list.push(format!("approve: accept and pin this key{twice}"));
            list.push("refuse: ignore them without telling them, until they ask again".to_owned());
            list.push(
                "block: ignore them without telling them, and hear no more of this id".to_owned(),
            );
        }
        ReviewKind::ContactRequest { .. } => {
            list.push(format!("approve: accept and pin this key{twice}"));
            list.push("refuse: close the channel".to_owned());
        }
        ReviewKind::HeldMessage { .. } => {
            list.push(if written.own_words.is_some() {
                "approve: pass on your words in its place".to_owned()
            } else {
                format!("approve: your assistant reads it as it is{twice}")
            });
            if review.hides() {
                list.push(format!("clean: it reads it without what is hidden{twice}"));
            }
            list.push("words: pass it on in your own words".to_owned());
        }
        ReviewKind::HeldDraft { .. } => {
            list.push(if written.version.is_some() {
                format!("approve: your version leaves after 10 seconds{twice}")
            } else {
                format!("approve: it leaves as it is after 10 seconds{twice}")
            });
            list.push("edit: write your version".to_owned());
        }
    }
    if matches!(
        review.item.kind,
        ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. }
    ) {
        list.push(refuse.to_owned());
        list.push("reason: say why, for your assistant alone".to_owned());
        list.push("block: refuse and pause the channel".to_owned());
    }
    list.push("later: leave it undecided".to_owned());
    format!("Type one word. {}.", list.join("; "))
}

/// Says what happens if nobody decides.
pub(super) fn otherwise(review: &Review) -> &'static str {
    match &review.item.kind {
        ReviewKind::ContactRequest { .. } if is_move(review) => {
            "If you do nothing: what you write goes to the old address."
        }
        ReviewKind::ContactRequest { .. } if is_session(review) => {
            "If you do nothing: they wait, and what they wrote stays here, unread."
        }
        ReviewKind::ContactRequest { .. } if review.asked.is_some() => {
            "If you do nothing: they are told nothing, and nothing of theirs enters."
        }
        ReviewKind::ContactRequest { .. } => "If you do nothing: nothing is ever sent to them.",
        ReviewKind::KeyChange { .. } => "If you do nothing: the channel stays stopped.",
        ReviewKind::HeldMessage { .. } => {
            "If you do nothing: it stays held here, unread by your assistant."
        }
        ReviewKind::HeldDraft { .. } => {
            "If you do nothing: it is not sent, and your assistant is told that it expired."
        }
    }
}

/// Says exactly what the second word carries out.
pub(super) fn follows(review: &Review, verdict: Verdict) -> &'static str {
    match (&review.item.kind, verdict) {
        (ReviewKind::KeyChange { .. }, _) => {
            "This pins the new key: messages flow to whoever holds it."
        }
        (ReviewKind::ContactRequest { .. }, _) if review.asked.is_some() => {
            "This accepts whoever holds the key that was read out."
        }
        (ReviewKind::ContactRequest { .. }, _) => "This accepts the last one who answered.",
        (ReviewKind::HeldDraft { .. }, Verdict::SendEdited) => {
            "This sends your version to them, after 10 seconds."
        }
        (ReviewKind::HeldDraft { .. }, _) => "This sends it to them as it is, after 10 seconds.",
        (ReviewKind::HeldMessage { .. }, Verdict::ReleaseClean) => {
            "Your assistant then reads it without what is hidden."
        }
        (ReviewKind::HeldMessage { .. }, _) => "Your assistant then reads all of it as it is.",
    }
}

/// Says what a decision came to.
pub(super) fn done(review: &Review, verdict: Verdict) -> &'static str {
    if review.asked.is_some() {
        if verdict == Verdict::Refuse && is_session(review) {
            return "Refused. Their node is told so; what they wrote is deleted.";
        }
        return done_contact(is_move(review), verdict);
    }
    match (&review.item.kind, verdict) {
        (ReviewKind::ContactRequest { .. }, Verdict::Approve) => {
            "Accepted. Their key is pinned; you can write to them. Compare the code with them: \
             the word is code."
        }
        (ReviewKind::ContactRequest { .. }, _) => "Refused. Nothing was sent to them.",
        (
            ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. },
            Verdict::RefuseAndPause,
        ) => "Refused, and the channel is paused.",
        (ReviewKind::HeldMessage { .. }, Verdict::Refuse) => {
            "Refused. Your assistant will not see it."
        }
        (ReviewKind::HeldMessage { .. }, Verdict::ReleaseClean) => {
            "Released without what was hidden. Your assistant may read it."
        }
        (ReviewKind::HeldMessage { .. }, Verdict::OwnWords) => {
            "Your words are with your assistant; theirs are not."
        }
        (ReviewKind::HeldMessage { .. }, _) => "Released. Your assistant may read it.",
        (ReviewKind::HeldDraft { .. }, Verdict::Refuse) => {
            "Refused. Your assistant is told; they are not."
        }
        (ReviewKind::HeldDraft { .. }, _) => "Approved. It leaves in ten seconds; u takes it back.",
        (ReviewKind::KeyChange { .. }, Verdict::Approve) => {
            "The new key is pinned. Messages flow again."
        }
        (ReviewKind::KeyChange { .. }, Verdict::KeepPinned) => {
            "The key you accepted stays. The other one is ignored."
        }
        (ReviewKind::KeyChange { .. }, _) => {
            "The channel is closed. Nothing leaves or enters any more."
        }
    }
}

fn done_contact(moved: bool, verdict: Verdict) -> &'static str {
    match (moved, verdict) {
        (true, Verdict::Approve) => "They are written to at the new address now.",
        (true, Verdict::Refuse) => "The old address stays. They are not told.",
        (false, Verdict::Approve) => "Accepted. Their key is pinned.",
        (false, Verdict::Refuse) => "Ignored. They are not told, and may ask again.",
        (_, _) => "Blocked. You hear no more of this id.",
    }
}

/// Tells whether it is about somebody whose node is connected, and waits for an answer of ours.
fn is_session(review: &Review) -> bool {
    review.asked.is_some()
        && !is_move(review)
        && review.network.is_direct()
        && !review.network.asks_first()
}

/// Tells whether somebody who was accepted asks for another address, and for nothing else.
pub(super) fn is_move(review: &Review) -> bool {
    let moved = |asked: &Asked| asked.moved_from.is_some();
    review.asked.as_ref().is_some_and(moved)
}

/// Returns the decision that a verdict makes, bound to what was read out.
pub(super) fn request(
    review: &Review,
    written: &Written,
    verdict: Verdict,
    seconds: u32,
) -> Request {
    let subject = review
        .message
        .as_ref()
        .and_then(|message| message.content.body())
        .map(|body| body.subject.clone());
    let words = match verdict {
        Verdict::SendEdited => written.version.clone().map(|body| Words {
            subject: subject.unwrap_or_default(),
            body,
        }),
        Verdict::OwnWords => written.own_words.clone().map(|body| Words {
            subject: PeerText::default(),
            body,
        }),
        Verdict::Approve
        | Verdict::Refuse
        | Verdict::KeepPinned
        | Verdict::ReleaseClean
        | Verdict::RefuseAndPause
        | Verdict::Block => None,
    };
    let refuses = matches!(verdict, Verdict::Refuse | Verdict::RefuseAndPause);
    let is_message = review.message.is_some();
    Request::Decide {
        item: review.item.id,
        seen: review.item.seen,
        verdict,
        words,
        reason: written.reason.clone().filter(|_| refuses),
        screen: is_message.then_some(OnScreen {
            percent: 100,
            seconds,
        }),
    }
}
