//! The paper of somebody who asks for contact by themselves, and what each answer comes to.
//!
//! They proved that they hold the key; everything else is what they say, and stands in quotes or
//! right of the gutter.

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{Asked, Fingerprint, NetworkId, PeerText, UnixMillis};
use crate::text::sanitise_marked;
use crate::text::scan::scan;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::review_aside::finding;
use super::review_decision::{Choice, choice};
use super::review_letter::hidden;
use super::review_paper::{Paper, Quotes, when};

/// Addresses that are listed.
const PLACES: usize = 4;

/// No quotes: an address is spelled.
const SPELLED: Quotes = ("", "");

/// Writes who asks, under which key, and what for.
pub(super) fn write(
    paper: &mut Paper,
    (review, asked): (&Review, &Asked),
    zone: &TimeZone,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    if !review.network.is_direct() {
        return wrote(paper, (review, asked), zone, fingerprint, answers);
    }
    if !review.network.asks_first() && asked.moved_from.is_none() {
        return connected(paper, (review, asked), zone, fingerprint, answers);
    }
    let network = review.network.label();
    if asked.moved_from.is_some() {
        paper.words(
            Role::Text,
            "Somebody whom you accepted says that they are reached elsewhere now. They hold the \
             key that you accepted; nothing but the address is asked.",
        );
    } else {
        let words = format!(
            "Somebody asks for contact over {network}. They hold the key below; name, id and \
             address are what they say of themselves."
        );
        paper.words(Role::Text, &words);
    }
    paper.blank();
    paper.claim("name", &asked.unsafe_name, (Role::Text, ("“", "”")));
    paper.entry("id", Role::Text, &PeerText::new(asked.address.as_str()));
    keys(paper, review, fingerprint, answers);
    let now = host(asked.unsafe_endpoint.expose_untrusted());
    if let Some(before) = &asked.moved_from {
        paper.claim("so far", &host(before), (Role::Text, SPELLED));
        paper.claim("now", &now, (Role::Wait, SPELLED));
    } else {
        paper.claim("reached at", &now, (Role::Text, SPELLED));
    }
    paper.entry("asked", Role::Text, &when(&review.item, zone));
    paper.entry("came by", Role::Text, &how(review));
    paper.blank();
    purpose(paper, "WHAT FOR, in their words", &asked.unsafe_purpose);
    paper.blank();
    trust(paper, review, asked, zone);
}

/// Writes who wrote to us over a relay without being accepted, under which key, and what.
fn wrote(
    paper: &mut Paper,
    (review, asked): (&Review, &Asked),
    zone: &TimeZone,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    let words = format!(
        "Somebody wrote to you over {} whom you have not accepted. The relay says that they go by \
         this name and shows this key for them; nobody has proven more. What they wrote stays at \
         the relay until you decide.",
        review.network.label()
    );
    paper.words(Role::Text, &words);
    paper.blank();
    let name = PeerText::new(asked.address.as_str());
    paper.claim("name", &name, (Role::Text, SPELLED));
    keys(paper, review, fingerprint, answers);
    let relay = host(&review.channel.relay);
    paper.claim("relay", &relay, (Role::Text, SPELLED));
    paper.entry("wrote", Role::Text, &when(&review.item, zone));
    let how = PeerText::new("whoever is on the relay can write to you");
    paper.entry("came by", Role::Text, &how);
    paper.blank();
    purpose(
        paper,
        "WHAT THEY WROTE, how it begins",
        &asked.unsafe_purpose,
    );
}

/// Writes who connected to us without being accepted: what they proved by that, what they say of
/// themselves, and how what waits begins.
fn connected(
    paper: &mut Paper,
    (review, asked): (&Review, &Asked),
    zone: &TimeZone,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    let words = format!(
        "Somebody connected to you over {} whom you have not accepted. Two things are proven: they \
         hold the wallet of this principal, and the node key of this device. Everything else is \
         what they say.",
        review.network.label()
    );
    paper.words(Role::Text, &words);
    paper.blank();
    paper.words(Role::Heading, "PROVEN");
    let principal = PeerText::new(asked.address.as_str());
    paper.entry("principal", Role::Title, &principal);
    paper.key("their key", Role::Text, Some(fingerprint));
    if answers.is_some_and(|times| times > 1) {
        let alarm = "another node key than this principal had before: another device or a new \
                     installation of theirs, or somebody who has their seed phrase";
        paper.entry("!!", Role::Stop, &PeerText::new(alarm));
    }
    let ours = review.channel.our_fingerprint.as_ref();
    paper.key("your key", Role::Text, ours);
    paper.blank();
    paper.words(Role::Heading, "WHAT THEY SAY");
    if asked.unsafe_name.is_empty() {
        paper.entry("nick", Role::Dim, &PeerText::new("none"));
    } else {
        paper.claim("nick", &asked.unsafe_name, (Role::Text, ("“", "”")));
    }
    let places = asked.unsafe_endpoint.expose_untrusted();
    if places.is_empty() {
        let none = PeerText::new("nowhere: they can reach you, and you not them");
        paper.entry("reached at", Role::Wait, &none);
    }
    let labels = std::iter::once("reached at").chain(std::iter::repeat(""));
    let places = places.split(',').filter(|place| !place.is_empty());
    for (place, label) in places.take(PLACES).zip(labels) {
        // The node at the end of an address is the key, which stands above.
        let (place, _node) = place.rsplit_once("/p2p/").unwrap_or((place, ""));
        paper.claim(label, &PeerText::new(place), (Role::Text, SPELLED));
    }
    paper.entry("came", Role::Text, &when(&review.item, zone));
    paper.blank();
    if asked.unsafe_purpose.is_empty() {
        paper.words(Role::Dim, "They have written nothing yet.");
    } else {
        let heading = "WHAT WAITS, how it begins; your assistant has not seen it";
        purpose(paper, heading, &asked.unsafe_purpose);
    }
}

/// Writes the key that is to be pinned, and ours.
fn keys(paper: &mut Paper, review: &Review, fingerprint: &Fingerprint, answers: Option<u32>) {
    paper.key("their key", Role::Text, Some(fingerprint));
    if answers.is_some_and(|times| times > 1) {
        let alarm = "not the key that was shown for this id before: they made a new one, or \
                     somebody else asks in their name";
        paper.entry("!!", Role::Stop, &PeerText::new(alarm));
    }
    paper.key(
        "your key",
        Role::Text,
        review.channel.our_fingerprint.as_ref(),
    );
}

fn how(review: &Review) -> PeerText {
    let network = review.network.label();
    PeerText::new(if review.channel.inviter {
        format!("{network}; you asked them first")
    } else {
        format!("{network}: whoever reaches you there can ask")
    })
}

/// Returns where somebody is reached, spelled as a host and not as a link.
fn host(endpoint: &str) -> PeerText {
    let rest = endpoint.split_once("://");
    PeerText::new(rest.map_or(endpoint, |(_, rest)| rest))
}

/// Writes what they ask for, in their words, with what was found in it.
fn purpose(paper: &mut Paper, heading: &str, words: &PeerText) {
    paper.words(Role::Heading, heading);
    let found = scan(words).signals;
    paper.behind_gutter(&sanitise_marked(words, &found));
    hidden(paper, words);
    for (number, signal) in (1u32..).zip(&found) {
        finding(paper, number, signal);
    }
}

/// Writes who accepted whom: each side does it by itself.
fn trust(paper: &mut Paper, review: &Review, asked: &Asked, zone: &TimeZone) {
    paper.words(Role::Heading, "WHO TRUSTS WHOM");
    let you = if asked.moved_from.is_some() {
        "accepted them"
    } else {
        "not yet"
    };
    let they = match review.channel.trusts_us {
        Some(at) => format!("accepted you {}", at_words(at, zone)),
        None if asked.moved_from.is_some() => "took nothing of yours so far".to_owned(),
        None => "ask you; whether they accept you is not known".to_owned(),
    };
    paper.entry("you", Role::Text, &PeerText::new(you));
    paper.entry("they", Role::Text, &PeerText::new(they));
}

fn at_words(at: UnixMillis, zone: &TimeZone) -> String {
    format!("{} {}", day(at, zone), clock(at, zone))
}

/// Writes what each answer comes to.
pub(super) fn effect(paper: &mut Paper, review: &Review, asked: &Asked) {
    if asked.moved_from.is_some() {
        paper.part("WHAT FOLLOWS");
        for words in [
            "a: what you write goes to the new address from now on. The key stays the same.",
            "r: it goes on to the old address. They are not told.",
            "b: the channel is closed, and you hear no more of this id.",
        ] {
            paper.words(Role::Text, words);
        }
        return;
    }
    paper.part("EFFECT OF ACCEPTING");
    if !review.network.is_direct() {
        return effect_of_letting_in(paper, review);
    }
    if !review.network.asks_first() {
        return effect_of_session(paper, review);
    }
    paper.words(
        Role::Text,
        "a pins this key: they may write to you, and a different key stops the channel.",
    );
    if review.channel.trusts_us.is_none() {
        let words = if review.channel.inviter {
            "They take nothing from you until they accepted your request."
        } else {
            "They take nothing from you until they accepted you too. You can ask them then; it \
             is never done by itself."
        };
        paper.words(Role::Text, words);
    }
    paper.words(
        Role::Dim,
        "What is written is signed and not encrypted: who is on the way can read it.",
    );
    terms(paper, review);
    paper.words(Role::Text, "r: they are not told, and may ask again.");
    paper.words(
        Role::Text,
        "b: they are not told, and you hear no more of this id.",
    );
}

/// The same of somebody whose node waits for an answer of ours.
fn effect_of_session(paper: &mut Paper, review: &Review) {
    paper.words(
        Role::Text,
        "a pins this principal and this key: what they wrote comes in and is judged, and another \
         key stops the channel.",
    );
    if review.channel.trusts_us.is_none() {
        let words = "What you write reaches them once they accept you; your first message asks.";
        paper.words(Role::Text, words);
    }
    paper.words(
        Role::Dim,
        "What is written is encrypted from node to node. A relay between sees who and not what.",
    );
    terms(paper, review);
    for words in [
        "r: they are turned away from now on, and told so. What they wrote is deleted. You can still \
         add them yourself.",
        "b: the same, and you hear no more of this principal.",
    ] {
        paper.words(Role::Text, words);
    }
}

fn terms(paper: &mut Paper, review: &Review) {
    let words = format!("Your assistant acts under {}:", review.policy);
    paper.words(Role::Text, &words);
    for term in &review.terms {
        paper.listed(Role::Text, "· ", term);
    }
}

/// The same of somebody whose message waits at a relay.
fn effect_of_letting_in(paper: &mut Paper, review: &Review) {
    paper.words(
        Role::Text,
        "a pins this key: what they wrote comes in and is judged, both sides can write, and a \
         different key stops the channel.",
    );
    terms(paper, review);
    for words in [
        "r: they are not told. What they wrote is deleted from the relay; they may write again.",
        "b: the same, and you hear no more of this name.",
    ] {
        paper.words(Role::Text, words);
    }
}

/// Returns what can be chosen; `grave` where another key was shown before.
pub(super) fn choices(asked: &Asked, network: NetworkId, grave: bool) -> Vec<Choice> {
    if asked.moved_from.is_some() {
        return vec![
            choice("a", "write to the new address", "new address"),
            choice("r", "keep the old address", "old address"),
            choice("b", "block, close the channel", "block"),
        ];
    }
    let accept = choice("a", "accept, pin this key", "accept");
    let rest = [
        refusal(asked, network),
        choice("b", "block this id", "block"),
    ];
    if grave {
        let accept = choice("a", "accept all the same (asks for A)", "accept, then A");
        return rest.into_iter().chain([accept]).collect();
    }
    std::iter::once(accept).chain(rest).collect()
}

/// Returns the way out of the question for the second key.
pub(super) const fn refusal(asked: &Asked, network: NetworkId) -> Choice {
    if asked.moved_from.is_some() {
        choice("r", "keep the old address", "old address")
    } else if network.is_direct() && !network.asks_first() {
        choice("r", "refuse, delete what they wrote", "refuse")
    } else if network.is_direct() {
        choice("r", "ignore; they may ask again", "ignore")
    } else {
        choice("r", "ignore, delete what they wrote", "ignore")
    }
}

/// Says what happens if nobody decides.
pub(super) const fn default_words(asked: &Asked, network: NetworkId) -> &'static str {
    if asked.moved_from.is_some() {
        "If you do nothing: what you write goes to the old address."
    } else if network.is_direct() && !network.asks_first() {
        "If you do nothing: they wait, and what they wrote stays here, unread."
    } else if network.is_direct() {
        "If you do nothing: they are told nothing, and nothing of theirs enters."
    } else {
        "If you do nothing: they are told nothing, and it stays at the relay."
    }
}

/// The same where there is little room.
pub(super) const fn short_default(asked: &Asked, network: NetworkId) -> &'static str {
    if asked.moved_from.is_some() {
        "undecided: the old address stays"
    } else if network.is_direct() && !network.asks_first() {
        "undecided: it waits here, unread"
    } else if network.is_direct() {
        "undecided: they are told nothing"
    } else {
        "undecided: it stays at the relay"
    }
}
