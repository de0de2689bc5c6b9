//! Which key says what of which item, in which words, and what goes on with it.

use std::time::Duration;

use crate::api::{Request, Review};
use crate::model::{Content, Message, OnScreen, PeerText, ReviewKind, UnixMillis, Verdict, Words};
use crate::tui::keymap::Action;
use crate::tui::model::JustSent;

use super::need;
use super::review_words::{Purpose, Written};

/// How long an approved draft waits before it leaves.
const LEAVES_AFTER: Duration = Duration::from_secs(10);

/// Tells whether approving needs the second key.
pub(super) fn is_grave(review: &Review) -> bool {
    need::is_severe(&review.item)
}

/// Tells whether the item is a message of either side.
pub(super) fn is_message(review: &Review) -> bool {
    matches!(
        review.item.kind,
        ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. }
    )
}

/// Tells whether nobody answered in time.
pub(super) fn is_over(review: &Review, now: UnixMillis) -> bool {
    need::expires(&review.item).is_some_and(|expires| expires <= now)
}

/// Returns the draft that leaves in a moment because of a decision made now.
pub(super) fn leaving(review: &Review, verdict: Verdict, now: UnixMillis) -> Option<JustSent> {
    let passes = matches!(verdict, Verdict::Approve | Verdict::SendEdited);
    let ReviewKind::HeldDraft { message, .. } = &review.item.kind else {
        return None;
    };
    passes.then(|| JustSent {
        message: *message,
        channel: review.channel.id,
        due: now.after(LEAVES_AFTER),
        text: PeerText::default(),
        draft: true,
    })
}

/// Tells whether the item is a draft.
pub(super) fn is_draft(review: &Review) -> bool {
    matches!(review.item.kind, ReviewKind::HeldDraft { .. })
}

/// Tells whether the key on show may be pinned. Where somebody else answered the invite that we
/// accepted it is that stranger's key, and where the code differed it is nobody's we know.
pub(super) fn may_pin(review: &Review) -> bool {
    review.item.may_pin()
}

/// Tells whether anything is hidden in a held message that could be taken out.
pub(super) fn hides(review: &Review) -> bool {
    review.hides()
}

/// Tells whether the item asks for another address of somebody who was accepted before.
pub(super) fn is_move(review: &Review) -> bool {
    let asked = review.asked.as_ref();
    asked.is_some_and(|asked| asked.moved_from.is_some())
}

/// Returns the words of a message that can be read.
pub(super) fn words_of(message: Option<&Message>) -> Words {
    match message.map(|message| &message.content) {
        Some(Content::Text(body)) => Words {
            subject: body.subject.clone(),
            body: body.body.clone(),
        },
        Some(Content::Raw { .. }) | None => Words::default(),
    }
}

/// What a key comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It decides this.
    Decides(Verdict),
    /// It asks for `A`, which then decides this.
    Asks(Verdict),
    /// It opens a field to write in.
    Writes(Purpose),
    /// It decides nothing here, and why.
    Nothing(&'static str),
}

/// Returns what a key means for an item.
pub(super) fn meaning(
    review: &Review,
    written: &Written,
    armed: Option<Verdict>,
    action: Action,
) -> Meaning {
    if action == Action::Confirm {
        return match armed {
            Some(verdict) => Meaning::Decides(verdict),
            None if is_grave(review) && may_pin(review) => Meaning::Nothing(
                "<review.confirm> confirms what <review.approve> asks; press <review.approve> first.",
            ),
            None => Meaning::Nothing("There is nothing to confirm here."),
        };
    }
    if is_message(review) {
        of_message(review, written, action)
    } else {
        of_key(review, action)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other key decides nothing about a key"
)]
fn of_key(review: &Review, action: Action) -> Meaning {
    let is_change = matches!(review.item.kind, ReviewKind::KeyChange { .. });
    match action {
        Action::Approve if !may_pin(review) => {
            Meaning::Nothing("That key is a stranger's; it cannot be pinned.")
        }
        Action::Approve => passes(review, Verdict::Approve),
        Action::Refuse => Meaning::Decides(Verdict::Refuse),
        Action::KeepPinned if is_change => Meaning::Decides(Verdict::KeepPinned),
        Action::KeepPinned => {
            Meaning::Nothing("<review.keep_pinned> is for a changed key; this is none.")
        }
        Action::RefuseAndPause if review.asked.is_some() => Meaning::Decides(Verdict::Block),
        _ => Meaning::Nothing("That key is for a held message; this is none."),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other key decides nothing about a message"
)]
fn of_message(review: &Review, written: &Written, action: Action) -> Meaning {
    let draft = is_draft(review);
    match action {
        Action::Approve if draft && edited(review, written).is_some() => {
            passes(review, Verdict::SendEdited)
        }
        // In one's own words nothing of theirs goes on, so nothing is asked twice.
        Action::Approve if !draft && written.text(Purpose::OwnWords).is_some() => {
            Meaning::Decides(Verdict::OwnWords)
        }
        Action::Approve => passes(review, Verdict::Approve),
        Action::ReleaseClean if !draft && hides(review) => passes(review, Verdict::ReleaseClean),
        Action::ReleaseClean => Meaning::Nothing("Nothing is hidden here that could be removed."),
        Action::EditDraft if draft => Meaning::Writes(Purpose::Edit),
        Action::EditDraft => {
            Meaning::Nothing("<review.edit_draft> is for a draft of your assistant's.")
        }
        Action::OwnWords if !draft => Meaning::Writes(Purpose::OwnWords),
        Action::OwnWords => Meaning::Nothing(
            "<review.own_words> is for a message of theirs; <review.edit_draft> edits a draft.",
        ),
        Action::Refuse if written.asked_reason() => Meaning::Decides(Verdict::Refuse),
        Action::Refuse => Meaning::Writes(Purpose::Reason),
        Action::RefuseAndPause => Meaning::Decides(Verdict::RefuseAndPause),
        _ => Meaning::Nothing("<review.keep_pinned> is for a changed key; this is none."),
    }
}

fn passes(review: &Review, verdict: Verdict) -> Meaning {
    if is_grave(review) {
        Meaning::Asks(verdict)
    } else {
        Meaning::Decides(verdict)
    }
}

/// Returns the person's version of a draft, if it is another one.
pub(super) fn edited(review: &Review, written: &Written) -> Option<PeerText> {
    let draft = words_of(review.message.as_ref());
    written
        .text(Purpose::Edit)
        .filter(|text| *text != draft.body)
}

/// Returns the decision that a verdict makes, with what was written for it.
pub(super) fn request(
    review: &Review,
    written: &Written,
    verdict: Verdict,
    screen: OnScreen,
) -> Request {
    let body = match verdict {
        Verdict::SendEdited => edited(review, written),
        Verdict::OwnWords => written.text(Purpose::OwnWords),
        Verdict::Approve
        | Verdict::Refuse
        | Verdict::KeepPinned
        | Verdict::ReleaseClean
        | Verdict::RefuseAndPause
        | Verdict::Block => None,
    };
    let subject = words_of(review.message.as_ref()).subject;
    let refuses = matches!(verdict, Verdict::Refuse | Verdict::RefuseAndPause);
    Request::Decide {
        item: review.item.id,
        seen: review.item.seen,
        verdict,
        words: body.map(|body| Words {
            subject: if verdict == Verdict::SendEdited {
                subject
            } else {
                PeerText::default()
            },
            body,
        }),
        reason: written.text(Purpose::Reason).filter(|_| refuses),
        screen: is_message(review).then_some(screen),
    }
}

/// Says what a decision came to.
pub(super) fn done_words(review: Option<&Review>, verdict: Verdict) -> &'static str {
    let kind = review.map(|review| &review.item.kind);
    let asked = review.filter(|review| review.asked.is_some());
    match (asked.map(is_move), verdict) {
        (Some(true), Verdict::Approve) => return "They are written to at the new address now.",
        (Some(true), Verdict::Refuse) => return "The old address stays. They are not told.",
        (Some(_), Verdict::Block) => return "Blocked. You hear no more of this id.",
        (Some(false), Verdict::Approve) => return "Accepted. Their key is pinned.",
        (Some(false), Verdict::Refuse) => return "Ignored. They are not told, and may ask again.",
        (_, _) => {}
    }
    match (kind, verdict) {
        (Some(ReviewKind::ContactRequest { .. }), Verdict::Approve) => {
            "Accepted. Their key is pinned; you can write to them."
        }
        (Some(ReviewKind::ContactRequest { .. }), _) => "Refused. Nothing was sent to them.",
        (
            Some(ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. }),
            Verdict::RefuseAndPause,
        ) => "Refused, and the channel is paused.",
        (Some(ReviewKind::HeldMessage { .. }), Verdict::Refuse) => {
            "Refused. Your assistant will not see it."
        }
        (Some(ReviewKind::HeldMessage { .. }), Verdict::ReleaseClean) => {
            "Released without what was hidden. Your assistant may read it."
        }
        (Some(ReviewKind::HeldMessage { .. }), Verdict::OwnWords) => {
            "Your words are with your assistant; theirs are not."
        }
        (Some(ReviewKind::HeldMessage { .. }), _) => "Released. Your assistant may read it.",
        (Some(ReviewKind::HeldDraft { .. }), Verdict::Refuse) => {
            "Refused. Your assistant is told; they are not."
        }
        (Some(ReviewKind::HeldDraft { .. }), _) => {
            "Approved. <main.take_back> takes it back while it waits to leave."
        }
        (_, Verdict::Approve) => "The new key is pinned. Messages flow again.",
        (_, Verdict::KeepPinned) => "The key you accepted stays. The other one is ignored.",
        (_, _) => "The channel is closed. Nothing leaves or enters any more.",
    }
}
