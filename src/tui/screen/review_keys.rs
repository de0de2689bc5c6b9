//! The paper of an item about a key: a contact request, or a channel that was stopped.

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{Fingerprint, PeerText, StopReason};
use crate::tui::keymap::Keys;
use crate::tui::theme::Role;

use super::review_paper::{Paper, capital, when};

/// Writes that somebody answered an invite, with which key.
pub(super) fn contact(
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
    keys(paper, review, Role::Text, Some(fingerprint));
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
    paper.blank();
    paper.words(
        Role::Dim,
        "Anyone who saw the link could have answered it first, so compare both keys with them, \
         by voice, before you accept if it matters.",
    );
}

/// Writes why a channel was stopped, with the keys in question.
pub(super) fn change(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    (pinned, shown): (Option<&Fingerprint>, &Fingerprint),
    reason: StopReason,
) {
    paper.words(Role::Stop, &capital(reason.sentence()));
    paper.blank();
    match reason {
        StopReason::KeyChanged => {
            paper.key("you accepted", Role::Text, pinned);
            paper.key("shown now", Role::Stop, Some(shown));
        }
        // The key on show is a stranger's here, so the paper has to say which key is whose.
        StopReason::AnsweredTwice => {
            keys(paper, review, Role::Text, pinned);
            paper.key("a stranger's", Role::Stop, Some(shown));
        }
        StopReason::CodeDiffers => keys(paper, review, Role::Stop, Some(shown)),
    }
    let label = match reason {
        StopReason::KeyChanged | StopReason::AnsweredTwice => "noticed",
        StopReason::CodeDiffers => "compared",
    };
    paper.entry(label, Role::Text, &when(&review.item, zone));
    if reason == StopReason::AnsweredTwice {
        paper.blank();
        paper.words(
            Role::Text,
            "Their key came with the link: it belongs to the person who invited you. The last \
             one is of somebody else who had the same link and answered in your place; it is \
             never theirs, so it cannot be pinned.",
        );
    }
    paper.blank();
    paper.words(Role::Dim, advice(reason));
}

fn advice(reason: StopReason) -> &'static str {
    match reason {
        StopReason::KeyChanged => {
            "Nothing leaves and nothing enters until you settle this. They may have a new \
             device, or somebody answers in their place. Ask them by another way, with the key \
             at hand."
        }
        StopReason::AnsweredTwice => {
            "Nothing leaves and nothing enters until you settle this. Tell the person who \
             invited you, by another way: what they accept now may be the stranger."
        }
        StopReason::CodeDiffers => {
            "Somebody answered in their place, or the two of you compared another channel. Keep \
             the key only if you compared wrongly; otherwise close the channel and make a new \
             invite, given by a way you trust."
        }
    }
}

/// Writes what each answer to a stopped channel comes to.
pub(super) fn outcomes(paper: &mut Paper, keys: &Keys, reason: StopReason) {
    let keep = match reason {
        StopReason::KeyChanged => {
            "<review.keep_pinned>: the channel goes on with the key you accepted, and the other one is ignored."
        }
        StopReason::AnsweredTwice => "<review.keep_pinned>: the channel goes on with them alone.",
        StopReason::CodeDiffers => "<review.keep_pinned>: the channel goes on with this key.",
    };
    paper.words(Role::Text, &keys.fill(keep));
    if reason == StopReason::KeyChanged {
        paper.words(
            Role::Text,
            &keys.fill(
                "<review.approve>, then <review.confirm>: the new key is theirs from now on, and \
                 whoever holds it reads what is sent.",
            ),
        );
    }
    let close = "<review.refuse>: the channel is closed for good; ask for a new link, or make one.";
    paper.words(Role::Text, &keys.fill(close));
}

/// Writes their key and ours.
fn keys(paper: &mut Paper, review: &Review, role: Role, theirs: Option<&Fingerprint>) {
    paper.key("their key", role, theirs);
    let ours = review.channel.our_fingerprint.as_ref();
    paper.key("your key", Role::Text, ours);
}
