//! What the index finds, and where it lies.

use std::path::Path;

use super::super::channels::tests::add;
use super::super::messages::{self, Arrival, NewInbound};
use super::super::tests::{plain, scratch};
use super::super::{at_rest, held, log, notes};
use super::*;
use crate::crypto::vault::{Cost, VaultKey, VaultLock};
use crate::model::{
    Actor, Admission, Body, ChannelState, Content, Digest, MessageId, Passphrase, PeerText,
};

const NOW: UnixMillis = UnixMillis(1000);

fn words(phrase: &str) -> Words {
    Words {
        words: phrase.split(' ').map(str::to_owned).collect(),
        prefix: true,
        any: false,
        not: false,
    }
}

fn criteria(wanted: &[&str], facts: &[Fact]) -> Criteria {
    Criteria {
        words: wanted.iter().map(|phrase| words(phrase)).collect(),
        conditions: facts
            .iter()
            .map(|fact| Condition {
                fact: fact.clone(),
                not: false,
            })
            .collect(),
    }
}

/// Stores a message of the peer's; the number is its envelope and its time.
fn arrive(tx: &Tx<'_>, channel: ChannelId, number: u8, text: &str, released: bool) -> MessageId {
    let rule = "test".to_owned();
    let new = NewInbound {
        channel,
        seq: None,
        at: UnixMillis(number.into()),
        content: &Content::Text(Body::new("", text)),
        envelope: Digest([number; 32]),
        admission: &if released {
            Admission::Released { rule }
        } else {
            Admission::Held { rule }
        },
        signals: &[],
        digest: false,
    };
    let Arrival::New(id) = messages::receive(tx, &new).unwrap() else {
        panic!("it is new");
    };
    id
}

/// Tells the index what it does not know yet, as the engine would.
fn index(tx: &Tx<'_>) {
    for (kind, item) in next(tx, 1000).unwrap() {
        let (text, author, channel) = match kind {
            Kind::Message => {
                let message = messages::by_id(tx, MessageId(item)).unwrap().unwrap();
                let text = message.content.text().expose_untrusted().to_owned();
                (text, Some(message.author), Some(message.channel))
            }
            Kind::Decision => ("paused".to_owned(), Some(Author::Human), None),
            Kind::Note => {
                let Some((text, _)) = notes::of(tx, ChannelId(item)).unwrap() else {
                    put(tx, kind, item, None).unwrap();
                    continue;
                };
                let text = text.expose_untrusted().to_owned();
                (text, Some(Author::Human), Some(ChannelId(item)))
            }
        };
        let marks = Marks {
            author,
            channel,
            link: text.contains("http"),
            file: false,
        };
        put(tx, kind, item, Some((&text, marks))).unwrap();
    }
    assert!(is_whole(tx).unwrap());
}

fn ids(read: &impl Read, kind: Kind, wanted: &Criteria) -> Vec<i64> {
    let found = find(read, kind, wanted, 100).unwrap();
    found.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn every_change_of_a_text_is_listed_in_the_transaction_that_makes_it() {
    let mut scratch = plain();
    let tx = scratch.store.write().unwrap();
    let channel = add(&tx, "a", ChannelState::Active, true);
    let id = arrive(&tx, channel, 1, "hello", true);
    notes::keep(&tx, channel, &PeerText::new("note"), NOW).unwrap();
    for what in ["paused", "relayed", "queued"] {
        let entry = log::NewEntry::plain(NOW, Actor::Human, what, None);
        log::append(&tx, &entry).unwrap();
    }
    let listed = next(&tx, 100).unwrap();
    let expected = [
        (Kind::Note, channel.0),
        (Kind::Message, id.0),
        (Kind::Decision, 1),
    ];
    assert_eq!(listed, expected, "deliveries are no decisions");
    index(&tx);
    messages::handed_over(&tx, id, NOW).unwrap();
    assert!(is_whole(&tx).unwrap(), "no text was changed");
    messages::set_reason(&tx, id, &PeerText::new("no")).unwrap();
    log::redact(&tx, 1).unwrap();
    notes::keep(&tx, channel, &PeerText::default(), NOW).unwrap();
    assert_eq!(waiting(&tx).unwrap(), 3);
    index(&tx);
    assert_eq!(
        ids(&tx, Kind::Note, &criteria(&["note"], &[])),
        Vec::<i64>::new()
    );
    drop(tx);
    assert_eq!(
        waiting(&scratch.store).unwrap(),
        0,
        "it goes with its transaction"
    );
}

#[test]
fn words_phrases_and_beginnings_are_found_newest_first() {
    let mut scratch = plain();
    let tx = scratch.store.write().unwrap();
    let channel = add(&tx, "a", ChannelState::Active, true);
    let texts = ["hold the door", "holding the line", "the hold", "会 議 室"];
    for (text, number) in texts.into_iter().zip(1..) {
        arrive(&tx, channel, number, text, true);
    }
    index(&tx);
    let found = |wanted: &Criteria| ids(&tx, Kind::Message, wanted);
    assert_eq!(found(&criteria(&["hold"], &[])), [3, 2, 1]);
    assert_eq!(found(&criteria(&["the hold"], &[])), [3]);
    assert_eq!(found(&criteria(&["hold", "door"], &[])), [1]);
    assert_eq!(found(&criteria(&["議"], &[])), [4]);
    assert_eq!(found(&criteria(&["会 議"], &[])), [4]);
    assert_eq!(found(&criteria(&["会 室"], &[])), Vec::<i64>::new());
    let exact = Words {
        prefix: false,
        ..words("hold")
    };
    let not = Words {
        not: true,
        ..words("door")
    };
    let wanted = Criteria {
        words: vec![exact, not],
        conditions: Vec::new(),
    };
    assert_eq!(found(&wanted), [3]);
    let only_not = Criteria {
        words: vec![Words {
            not: true,
            ..words("hold")
        }],
        conditions: Vec::new(),
    };
    assert_eq!(found(&only_not), [4]);
}

#[test]
fn facts_narrow_what_is_found_and_their_opposites_do_too() {
    let mut scratch = plain();
    let tx = scratch.store.write().unwrap();
    let here = add(&tx, "a", ChannelState::Active, true);
    let there = add(&tx, "b", ChannelState::Active, true);
    let first = arrive(&tx, here, 10, "see https a b", true).0;
    let held_in = arrive(&tx, there, 20, "see this", false).0;
    let draft = held::NewHeld {
        channel: here,
        body: &Body::new("", "see that"),
        at: UnixMillis(30),
        expires: UnixMillis(40),
        rule: "test",
        signals: &[],
    };
    let expired = held::hold(&tx, &draft).unwrap();
    held::expire(&tx, expired, NOW).unwrap();
    let waits = held::hold(&tx, &draft).unwrap().0;
    index(&tx);
    let expired = expired.0;
    let all = [waits, expired, held_in, first];
    for (fact, expected) in [
        (Fact::By(vec![Author::Peer]), vec![held_in, first]),
        (
            Fact::By(vec![Author::Assistant, Author::Human]),
            vec![waits, expired],
        ),
        (Fact::In(vec![there]), vec![held_in]),
        (Fact::In(Vec::new()), vec![]),
        (Fact::Held, vec![waits, held_in]),
        (Fact::Expired, vec![expired]),
        (Fact::Refused, vec![]),
        (Fact::Flagged, vec![]),
        (Fact::Sent, vec![]),
        (Fact::Link, vec![first]),
        (Fact::File, vec![]),
        (Fact::Is(Kind::Message), all.to_vec()),
        (Fact::Is(Kind::Note), vec![]),
        (Fact::Within(UnixMillis(20), UnixMillis(30)), vec![held_in]),
        (
            Fact::Within(UnixMillis(i64::MIN), UnixMillis(i64::MAX)),
            all.to_vec(),
        ),
    ] {
        for wanted in [&["see"][..], &[]] {
            let mut wanted = criteria(wanted, std::slice::from_ref(&fact));
            assert_eq!(ids(&tx, Kind::Message, &wanted), expected, "{fact:?}");
            wanted.conditions[0].not = true;
            let others: Vec<_> = all
                .into_iter()
                .filter(|id| !expected.contains(id))
                .collect();
            assert_eq!(ids(&tx, Kind::Message, &wanted), others, "not {fact:?}");
        }
    }
    assert_eq!(
        ids(&tx, Kind::Note, &criteria(&[], &[Fact::Held])),
        Vec::<i64>::new()
    );
}

#[test]
fn what_could_be_syntax_finds_nothing_and_breaks_nothing() {
    let mut scratch = plain();
    let tx = scratch.store.write().unwrap();
    for odd in [
        "\"",
        "a\" OR \"b",
        "*",
        "(",
        "NEAR(",
        "\0",
        "a*b",
        "^a",
        "{text mark}:x",
        "",
    ] {
        assert_eq!(
            ids(&tx, Kind::Message, &criteria(&[odd], &[])),
            Vec::<i64>::new(),
            "{odd:?}"
        );
    }
}

fn holds(dir: &Path, needle: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes
            .windows(needle.len())
            .any(|part| part == needle.as_bytes())
    })
}

#[test]
fn the_index_of_a_protected_profile_is_never_in_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    let tx = store.write().unwrap();
    let channel = add(&tx, "a", ChannelState::Active, true);
    arrive(&tx, channel, 1, "zebracrossing", true);
    index(&tx);
    arrive(&tx, channel, 2, "not indexed yet", true);
    tx.commit().unwrap();
    let wanted = criteria(&["zebra"], &[]);
    assert_eq!(ids(&store, Kind::Message, &wanted), [1]);
    assert!(holds(dir.path(), "ebracrossing"));

    let key = VaultKey::generate().unwrap();
    let lock = VaultLock::new(&key, &Passphrase::new("one"), Cost::TEST).unwrap();
    at_rest::protect(
        &mut store,
        key.clone(),
        &lock,
        &std::sync::Arc::default(),
        |_| Ok(()),
    )
    .unwrap();
    at_rest::clean(&mut store).unwrap();
    assert!(!holds(dir.path(), "ebracrossing"));
    assert_eq!(ids(&store, Kind::Message, &wanted), Vec::<i64>::new());
    assert!(
        is_whole(&store).unwrap(),
        "there is nothing to be done in the file"
    );

    begin_in_memory(&mut store).unwrap();
    begin_in_memory(&mut store).unwrap();
    assert_eq!(waiting(&store).unwrap(), 2);
    let tx = store.write().unwrap();
    index(&tx);
    arrive(&tx, channel, 3, "zebracrossing too", true);
    assert_eq!(waiting(&tx).unwrap(), 1);
    index(&tx);
    tx.commit().unwrap();
    assert_eq!(ids(&store, Kind::Message, &wanted), [3, 1]);
    at_rest::relock(&mut store, &lock, |_| Ok(())).unwrap();
    at_rest::clean(&mut store).unwrap();
    assert_eq!(ids(&store, Kind::Message, &wanted), [3, 1]);
    assert!(!holds(dir.path(), "ebracrossing"));
    drop(store);

    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    store.unlock(key).unwrap();
    assert_eq!(
        ids(&store, Kind::Message, &wanted),
        Vec::<i64>::new(),
        "it is gone with the connection"
    );
    begin_in_memory(&mut store).unwrap();
    at_rest::unprotect(&mut store, &std::sync::Arc::default(), |_| Ok(())).unwrap();
    at_rest::clean(&mut store).unwrap();
    assert_eq!(
        waiting(&store).unwrap(),
        3,
        "all of it is to be indexed in the file"
    );
    let tx = store.write().unwrap();
    index(&tx);
    tx.commit().unwrap();
    drop(store);
    let store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    assert_eq!(ids(&store, Kind::Message, &wanted), [3, 1]);
}

#[test]
fn a_protected_profile_lists_nothing_in_its_file() {
    let mut scratch = scratch();
    let tx = scratch.store.write().unwrap();
    let channel = add(&tx, "a", ChannelState::Active, true);
    arrive(&tx, channel, 1, "hello", true);
    notes::keep(&tx, channel, &PeerText::new("note"), NOW).unwrap();
    assert_eq!(waiting(&tx).unwrap(), 0);
}

#[test]
fn a_profile_from_before_there_was_an_index_lists_everything_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chaperon.db");
    let connection = Connection::open(&path).unwrap();
    for step in [
        include_str!("../schema/0001.sql"),
        include_str!("../schema/0002.sql"),
    ] {
        connection.execute_batch(step).unwrap();
    }
    connection
        .execute_batch(
            "INSERT INTO channels (network, address, name, state, inviter, relay, secret, our_key,
                preset, instructions, created_at)
             VALUES ('mailbox', 'a', 'a', 'active', 1, 'r', zeroblob(32), 'k', 'p', '', 0);
             INSERT INTO messages (channel, author, at, body) VALUES (1, 'peer', 1, 'hello'),
                (1, 'human', 2, 'hello there');
             INSERT INTO log (number, at, actor, what, detail, previous, digest)
             VALUES (1, 1, 'human', 'paused', '', x'', x''), (2, 2, 'rule', 'relayed', '', x'', x'');
             PRAGMA user_version = 2;",
        )
        .unwrap();
    drop(connection);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(waiting(&store).unwrap(), 3, "the delivery is no decision");
    let tx = store.write().unwrap();
    index(&tx);
    assert_eq!(ids(&tx, Kind::Message, &criteria(&["hello"], &[])), [2, 1]);
}
