use std::sync::Arc;

use zeroize::Zeroizing;

use super::*;
use crate::crypto::SecretKey;
use crate::model::Body;
use crate::net::clawtalk::ClawTalk;
use crate::net::{Keys, Network as _, Outgoing};
use crate::wire::clawtalk::{decode_directory, encode_time};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn keys(number: u8) -> OwnKeys {
    OwnKeys {
        secret: Arc::new(SecretKey::from_bytes([number; 32])),
        signing: Some(Arc::new(SecretKey::from_bytes([number + 100; 32]))),
    }
}

fn account(name: &str, number: u8) -> Account {
    Account {
        node: None,
        id: AccountId(1),
        address: name.to_owned(),
        name: name.to_owned(),
        endpoint: "https://talk.example".to_owned(),
        own: keys(number),
        token: Some(Arc::new(Zeroizing::new("ct_".to_owned()))),
        audited: false,
        listen: None,
        announced: false,
    }
}

fn watch(channel: i64, name: &str, pinned: Option<u8>) -> Watch {
    Watch {
        learned: None,
        channel: ChannelId(channel),
        account: Some(AccountId(1)),
        address: name.to_owned(),
        relay: "https://talk.example".to_owned(),
        own: keys(1),
        pinned: pinned.map(|number| ClawTalk.public_of(&keys(number))),
        inviter: true,
        ours: Vec::new(),
        answers: None,
        request: None,
    }
}

/// Us, and Bo, whom a person accepted on channel 7.
fn ana() -> Inbox {
    let mut inbox = Inbox::new(&account("ana", 1)).unwrap();
    inbox.watch(&watch(7, "bo", Some(2)));
    inbox
}

fn entry(name: &str, keys_of: Option<u8>) -> String {
    let keys = keys_of.map(|number| ClawTalk.write_key(&ClawTalk.public_of(&keys(number))));
    let keys = keys.unwrap_or_else(|| ".".to_owned());
    let (key, signing) = keys.split_once('.').unwrap();
    format!(
        r#"{{"name":"{name}","publicKey":"{key}","signingKey":"{signing}","online":true,"lastSeen":"2026-01-01T00:00:00.000Z"}}"#
    )
}

fn lists(inbox: &mut Inbox, entries: &[String]) -> Vec<News> {
    let json = format!("[{}]", entries.join(","));
    inbox.take_directory(decode_directory(json.as_bytes()).unwrap(), NOW)
}

/// What somebody sealed for ana, as a relay shows it.
fn letter(from: &str, sealed_by: u8, id: &str, at: UnixMillis) -> Result<Envelope, Broken> {
    let keys = Keys {
        own: keys(sealed_by),
        peer: ClawTalk.public_of(&keys(1)),
    };
    let body = Body::new("", format!("letter {id}"));
    let message = Outgoing {
        at: UnixMillis(0),
        to: "ana",
        body: &body,
        routing: None,
    };
    let nonce = crate::crypto::sha256(id.as_bytes()).0;
    let nonce = <[u8; 24]>::try_from(&nonce[..24]).unwrap();
    let sealed = ClawTalk.seal(&keys, &message, nonce).unwrap();
    let mut json: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&sealed.payload).unwrap();
    json.insert("id".to_owned(), id.into());
    json.insert("from".to_owned(), from.into());
    json.insert("ts".to_owned(), encode_time(at).into());
    Envelope::decode(&serde_json::Value::Object(json).to_string())
}

fn texts(sorted: &Sorted) -> Vec<(i64, Vec<&str>)> {
    let text = |arrived: &'_ Arrived| match &arrived.content {
        Content::Text(_) => "read",
        Content::Raw { .. } => "raw",
    };
    sorted
        .listings
        .iter()
        .map(|listing| {
            (
                listing.channel.0,
                listing.arrived.iter().map(text).collect(),
            )
        })
        .collect()
}

#[test]
fn a_letter_of_somebody_accepted_goes_to_their_channel_with_what_it_is_deleted_by() {
    let mut inbox = ana();
    let letters = [letter("bo", 2, "one", NOW), letter("bo", 2, "two", NOW)];
    let sorted = inbox.sort(&letters, NOW);
    assert_eq!(texts(&sorted), [(7, vec!["read", "read"])]);
    let [listing] = &sorted.listings[..] else {
        panic!("{sorted:?}");
    };
    let ids: Vec<_> = listing.ids.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["one", "two"]);
    assert_eq!(listing.ids[0].0, listing.arrived[0].envelope);
    let routing = listing.arrived[0].routing.as_ref().unwrap();
    assert_eq!(routing.provenance, Some(Provenance::Verified));
    assert_eq!(routing.remote_id.as_deref(), Some("one"));
    assert!(!sorted.wants_directory);
}

#[test]
fn a_letter_that_fits_no_pinned_key_waits_for_the_directory_and_then_is_kept_as_it_came() {
    let mut inbox = ana();
    let letters = [letter("bo", 3, "one", NOW)];
    let sorted = inbox.sort(&letters, NOW);
    assert!(sorted.listings.is_empty() && sorted.wants_directory);
    let later = NOW.after(GRACE);
    assert_eq!(texts(&inbox.sort(&letters, later)), [(7, vec!["raw"])]);
    // A relay whose clock is ahead changes nothing of that.
    let mut inbox = ana();
    let ahead = [letter("bo", 3, "one", NOW.after(GRACE_THERE))];
    assert!(inbox.sort(&ahead, NOW).listings.is_empty());
    assert_eq!(texts(&inbox.sort(&ahead, later)), [(7, vec!["raw"])]);
    // An engine that lives for one call goes by what the relay says, with room for its clock.
    let old = [letter("bo", 3, "one", NOW)];
    assert!(ana().sort(&old, later).listings.is_empty());
    assert_eq!(
        texts(&ana().sort(&old, NOW.after(GRACE_THERE))),
        [(7, vec!["raw"])]
    );
}

#[test]
fn another_key_in_the_directory_is_told_and_the_pinned_one_is_not() {
    let mut inbox = ana();
    let news = lists(&mut inbox, &[entry("bo", Some(2))]);
    assert!(matches!(&news[..], [News::Presence(_)]), "{news:?}");
    assert_eq!(inbox.can_reach("bo"), Ok(()));
    let news = lists(&mut inbox, &[entry("bo", Some(3))]);
    let other = ClawTalk.public_of(&keys(3));
    let [News::Handshake { channel, key, .. }, News::Presence(_)] = &news[..] else {
        panic!("{news:?}");
    };
    assert_eq!((*channel, *key), (ChannelId(7), Some(other)));
    assert_eq!(inbox.can_reach("bo"), Err(Unreachable::AnotherKey));
    // Keys that were taken away are no keys either.
    let news = lists(&mut inbox, &[entry("bo", None)]);
    assert!(matches!(news[0], News::Handshake { key: None, .. }));
    assert!(lists(&mut inbox, &[]).is_empty());
    assert_eq!(inbox.can_reach("bo"), Err(Unreachable::NotListed));
}

#[test]
fn one_broken_entry_spoils_no_other() {
    let mut inbox = ana();
    let entries = [
        "7".to_owned(),
        r#"{"name":5}"#.to_owned(),
        entry("bo", Some(2)),
    ];
    lists(&mut inbox, &entries);
    assert_eq!(inbox.can_reach("bo"), Ok(()));
    assert_eq!(inbox.sightings().len(), 1);
}

#[test]
fn a_letter_of_a_stranger_is_a_request_under_the_key_that_the_relay_shows() {
    let mut inbox = ana();
    let letters = [letter("eve", 4, "one", NOW)];
    let sorted = inbox.sort(&letters, NOW);
    assert!(sorted.strangers.is_empty() && sorted.wants_directory);
    lists(&mut inbox, &[entry("eve", None)]);
    assert!(
        inbox.sort(&letters, NOW).strangers.is_empty(),
        "nobody could answer"
    );
    lists(&mut inbox, &[entry("eve", Some(4))]);
    let sorted = inbox.sort(&letters, NOW);
    let [(stranger, id)] = &sorted.strangers[..] else {
        panic!("{sorted:?}");
    };
    assert_eq!(id.as_str(), "one");
    assert_eq!((&*stranger.who.address, &*stranger.id), ("eve", "one"));
    assert_eq!(stranger.purpose, PeerText::new("letter one"));
    assert_eq!(stranger.account, Some(AccountId(1)));
    let key = ClawTalk.write_key(&ClawTalk.public_of(&keys(4)));
    assert_eq!(stranger.who.key, key);
    // A channel without a pinned key is one of a stranger.
    inbox.watch(&watch(8, "eve", None));
    assert_eq!(inbox.sort(&letters, NOW).strangers.len(), 1);
    inbox.watch(&watch(8, "eve", Some(4)));
    assert_eq!(texts(&inbox.sort(&letters, NOW)), [(8, vec!["read"])]);
    inbox.unwatch(ChannelId(8));
    assert_eq!(inbox.sort(&letters, NOW).strangers.len(), 1);
}

#[test]
fn poison_and_our_own_letters_stay_where_they_are_and_spoil_no_other() {
    let mut inbox = ana();
    let letters = [
        Envelope::decode(r#"{"id":"x","payload":"?"}"#),
        Envelope::decode(r#"{"id":"../x","from":"bo","payload":"?"}"#),
        letter("ana", 1, "mine", NOW),
        letter("bo", 2, "one", NOW),
    ];
    let sorted = inbox.sort(&letters, NOW);
    assert_eq!(texts(&sorted), [(7, vec!["read"])]);
    assert_eq!(sorted.left, 3);
    assert!(sorted.strangers.is_empty());
}

#[test]
fn a_long_letter_of_a_stranger_is_cut_at_a_whole_character() {
    let opened = |text: String| Opened {
        content: Content::Text(Body::new("", text)),
        provenance: Provenance::Verified,
        broadcast: false,
    };
    let cut = purpose(&opened("é".repeat(2000)));
    assert!(cut.len() <= LONGEST_PURPOSE + "…".len());
    assert!(cut.expose_untrusted().ends_with("é…"));
    assert_eq!(purpose(&opened("hi".to_owned())), PeerText::new("hi"));
}

#[test]
fn how_the_relay_shows_us_is_known_once_it_was_asked() {
    let mut inbox = ana();
    assert_eq!(inbox.shown(), None);
    for (entries, shown) in [
        (vec![], Shown::NotAtAll),
        (vec![entry("ana", None)], Shown::WithoutKeys),
        (vec![entry("ana", Some(1))], Shown::AsWeAre),
        (vec![entry("ana", Some(3))], Shown::WithOtherKeys),
    ] {
        lists(&mut inbox, &entries);
        assert_eq!(inbox.shown(), Some(shown));
    }
}
