//! What a protected file gives away, and what it does not.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::channels::{self, NewChannel};
use super::super::messages::{self, NewInbound};
use super::super::outbox::{self, NewOutbound};
use super::super::{Read as _, drafts, held, log, notes, review, routing, searches};
use super::*;
use crate::crypto::vault::Cost;
use crate::model::{
    Actor, Admission, Audience, Author, Body, ChannelId, ChannelState, Content, Digest, Evidence,
    MessageId, NetworkId, Passage, Passphrase, PeerText, RawReason, Routing, Severity, Signal,
    SignalCode, SignalKind, TextSpan, UnixMillis, Words,
};

/// What everybody who has the file can read, in any profile.
const READABLE: &[(&str, &[&str])] = &[
    ("settings", &["key", "value"]),
    (
        "channels",
        &[
            "id",
            "network",
            "address",
            "state",
            "paused",
            "inviter",
            "relay",
            "announce",
            "answers",
            "stopped",
            "created_at",
            "last_seen",
            "checked_at",
            "policy_version",
            "verified_at",
            "muted_until",
            "blocked",
            "trusts_us",
            "account",
        ],
    ),
    (
        "messages",
        &[
            "id",
            "channel",
            "author",
            "seq",
            "at",
            "raw_reason",
            "envelope",
            "admitted",
            "delivery",
            "delivery_at",
            "handed_over",
            "read",
            "flagged",
            "passage",
            "expires",
            "digest",
            "kind",
            "answers",
            "remote_id",
            "provenance",
            "repeats",
        ],
    ),
    (
        "outbox",
        &["message", "channel", "due", "attempts", "payload"],
    ),
    ("accounts", &["id", "network", "address", "created_at"]),
    (
        "quarantine",
        &["id", "channel", "envelope", "remote_id", "at"],
    ),
    (
        "requests",
        &[
            "id",
            "channel",
            "ours",
            "remote_id",
            "at",
            "state",
            "settled_at",
        ],
    ),
    ("originals", &["message"]),
    ("drafts", &["channel", "at"]),
    ("notes", &["channel", "at"]),
    ("searches", &["id", "at"]),
    // Of the index nothing is in the file of a protected profile.
    ("find_todo", &["kind", "item"]),
    ("find_messages", &["text", "mark"]),
    ("find_messages_data", &["id", "block"]),
    ("find_messages_idx", &["segid", "term", "pgno"]),
    ("find_messages_docsize", &["id", "sz", "origin"]),
    ("find_messages_config", &["k", "v"]),
    ("find_log", &["text", "mark"]),
    ("find_log_data", &["id", "block"]),
    ("find_log_idx", &["segid", "term", "pgno"]),
    ("find_log_docsize", &["id", "sz", "origin"]),
    ("find_log_config", &["k", "v"]),
    ("find_notes", &["text", "mark"]),
    ("find_notes_data", &["id", "block"]),
    ("find_notes_idx", &["segid", "term", "pgno"]),
    ("find_notes_docsize", &["id", "sz", "origin"]),
    ("find_notes_config", &["k", "v"]),
    (
        "review",
        &[
            "id",
            "channel",
            "kind",
            "message",
            "answers",
            "since",
            "settled_at",
            "verdict",
            "snoozed_until",
            "until_they_write",
        ],
    ),
    (
        "log",
        &["number", "at", "actor", "what", "channel", "version"],
    ),
];

const NOW: UnixMillis = UnixMillis(1000);
const SECRET: [u8; 32] = *b"the private key, as it is in RAM";
/// Begins every text that must not be found in a protected file.
const MARK: &str = "zebra";

fn lock(key: &VaultKey, passphrase: &str) -> VaultLock {
    VaultLock::new(key, &Passphrase::new(passphrase), Cost::TEST).unwrap()
}

/// Protects a store with the passphrase "one".
pub(in super::super) fn protect(store: &mut Store) {
    let key = VaultKey::generate().unwrap();
    let lock = lock(&key, "one");
    super::protect(store, key, &lock, &Arc::default(), |_| Ok(())).unwrap();
    clean(store).unwrap();
}

fn unlock(store: &mut Store, passphrase: &str) {
    let lock = store.lock().unwrap().unwrap();
    let key = lock.open(&Passphrase::new(passphrase)).unwrap();
    store.unlock(key).unwrap();
}

fn marked(what: &str) -> String {
    format!("{MARK} {what}")
}

fn signal() -> Signal {
    Signal {
        code: *SignalCode::ALL.first().unwrap(),
        kind: SignalKind::Rule,
        severity: Severity::High,
        span: TextSpan::default(),
        evidence: PeerText::new(marked("signal")),
    }
}

/// Holds a draft of the assistant's.
fn hold(tx: &Tx<'_>, channel: ChannelId, body: &Body) -> MessageId {
    let new = held::NewHeld {
        channel,
        body,
        at: NOW,
        expires: UnixMillis(9000),
        rule: &marked("holding rule"),
        signals: &[signal()],
    };
    held::hold(tx, &new).unwrap()
}

/// Puts a text with the mark into every place that has one.
#[expect(clippy::too_many_lines, reason = "every place there is")]
fn fill(store: &mut Store) -> ChannelId {
    let text = |what: &str| PeerText::new(marked(what));
    let tx = store.write().unwrap();
    let new = NewChannel {
        account: None,
        network: NetworkId::Mailbox,
        address: "AAAA",
        name: &text("name"),
        phone: Some(&text("phone")),
        state: ChannelState::Active,
        inviter: true,
        relay: "http://127.0.0.1:1",
        secret: &SECRET,
        our_key: &marked("our key"),
        their_key: Some(&marked("their key")),
        announce: false,
        preset: &marked("preset"),
        instructions: &marked("instructions"),
        created_at: NOW,
        last_seen: None,
    };
    let channel = channels::insert(&tx, &new).unwrap();
    channels::ask(&tx, channel, &marked("asked key"), None).unwrap();
    channels::set_state(&tx, channel, ChannelState::Active).unwrap();
    let raw = Content::Raw {
        reason: RawReason::NotAMessage,
        payload: text("raw payload"),
    };
    let body = Body {
        subject: text("subject"),
        body: text("body"),
        metadata: text("metadata"),
    };
    for (number, content) in [(1, &Content::Text(body.clone())), (2, &raw)] {
        let new = NewInbound {
            channel,
            seq: Some(i64::from(number)),
            at: NOW,
            content,
            envelope: Digest([number; 32]),
            admission: &Admission::Released {
                rule: marked("rule"),
            },
            signals: &[signal()],
            digest: false,
        };
        messages::receive(&tx, &new).unwrap();
    }
    let ours = NewOutbound {
        channel,
        author: Author::Human,
        body: &body,
        at: NOW,
        due: NOW,
        rule: &marked("own rule"),
        passage: None,
        signals: &[signal()],
    };
    let message = outbox::queue(&tx, &ours).unwrap();
    let stands = Routing {
        topic: Some(text("topic")),
        correlation: Some(text("correlation")),
        reply_to: Some(text("reply")),
        audience: Audience::Several(vec![text("name")]),
        ..Routing::default()
    };
    routing::set(&tx, channel, message, &stands).unwrap();
    outbox::postpone(&tx, message, NOW, Some(&marked("problem"))).unwrap();
    let words = Words {
        subject: text("own subject"),
        body: text("own body"),
    };
    let edited = hold(&tx, channel, &body);
    held::approve(&tx, edited, channel, Some(&words), NOW).unwrap();
    let refused = hold(&tx, channel, &body);
    held::refuse(&tx, refused, &text("refusal")).unwrap();
    messages::release(&tx, MessageId(1), Passage::OwnWords, Some(&words)).unwrap();
    channels::set_engagement(&tx, channel, "x", Some(&marked("rules")), &marked("text")).unwrap();
    channels::set_wake(&tx, channel, &[marked("wake")]).unwrap();
    drafts::keep(&tx, channel, &text("draft"), NOW).unwrap();
    notes::keep(&tx, channel, &text("note"), NOW).unwrap();
    searches::save(&tx, &text("search"), NOW).unwrap();
    let item = review::NewItem {
        channel,
        kind: review::Kind::KeyChange,
        message: None,
        shown_key: Some(&marked("shown key")),
        pinned_key: Some(&marked("pinned key")),
        answers: None,
        reason: Some(&marked("reason")),
        since: NOW,
        seen: Digest(*b"zebra zebra zebra zebra zebra ze"),
    };
    review::raise(&tx, &item).unwrap();
    for _ in 0..2 {
        let entry = log::NewEntry {
            at: NOW,
            actor: Actor::Human,
            what: "test",
            channel: Some(channel),
            detail: &marked("detail"),
            evidence: Some(&Evidence {
                rule: Some(marked("evidence")),
                ..Evidence::default()
            }),
            draft: Some(&text("logged draft")),
            sent: Some(&text("logged sent")),
        };
        log::append(&tx, &entry).unwrap();
    }
    tx.commit().unwrap();
    channel
}

/// Everything that can be read, as one text.
fn everything(store: &Store, channel: ChannelId) -> String {
    let keyed = channels::by_id(store, channel).unwrap().unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        keyed.channel,
        keyed.channel.name.expose_untrusted(),
        keyed.secret,
        keyed.asked_key,
        texts(store, channel),
        others(store, channel),
        outbox::due(store, NOW).unwrap(),
        outbox::first(store, channel).unwrap(),
        drafts::kept(store, channel)
            .unwrap()
            .map(|(text, _)| text.expose_untrusted().to_owned()),
        notes::of(store, channel)
            .unwrap()
            .map(|(text, _)| text.expose_untrusted().to_owned()),
        searches::all(store)
            .unwrap()
            .into_iter()
            .map(|(_, query)| query.expose_untrusted().to_owned())
            .collect::<Vec<_>>(),
        review::open(store).unwrap(),
        log::newest(store, 10, None).unwrap(),
        channels::by_phone(store, &PeerText::new(marked("phone"))).unwrap(),
    )
}

/// What went on in the place of another text, why, and what was found.
fn others(store: &Store, channel: ChannelId) -> String {
    let page = messages::page(store, channel, None, 10).unwrap();
    serde_json::to_string(&page).unwrap()
}

fn texts(store: &Store, channel: ChannelId) -> Vec<String> {
    let page = messages::page(store, channel, None, 10).unwrap();
    page.into_iter()
        .flat_map(|message| match message.content {
            Content::Text(body) => vec![body.subject, body.body, body.metadata],
            Content::Raw { payload, .. } => vec![payload],
        })
        .map(|text| text.expose_untrusted().to_owned())
        .collect()
}

/// What is found of the old content in the files of a database.
fn found(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for needle in [
            MARK.as_bytes(),
            &SECRET,
            &BASE64.encode(MARK).as_bytes()[..6],
        ] {
            if bytes.windows(needle.len()).any(|part| part == needle) {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[test]
fn every_column_is_sealed_or_known_to_be_readable() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    let mut statement = store
        .connection()
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let columns = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<BTreeSet<(String, String)>, _>>()
        .unwrap();
    let sealed = SEALED.iter().map(|(table, _, columns)| (*table, *columns));
    let listed: Vec<_> = sealed
        .chain(READABLE.iter().copied())
        .flat_map(|(table, columns)| {
            columns
                .iter()
                .map(move |column| (table.to_owned(), (*column).to_owned()))
        })
        .collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), columns);
    assert_eq!(listed.len(), columns.len(), "a column is listed twice");
}

#[test]
fn a_passphrase_leaves_nothing_in_the_files_and_everything_in_reach() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chaperon.db");
    let mut store = Store::open(&path).unwrap();
    let channel = fill(&mut store);
    let before = everything(&store, channel);
    assert!(!found(dir.path()).is_empty());

    protect(&mut store);
    assert_eq!(everything(&store, channel), before);
    assert_eq!(found(dir.path()), [""; 0]);
    drop(store);

    let mut store = Store::open(&path).unwrap();
    assert!(channels::all(&store).is_err(), "it is locked");
    let tx = store.write().unwrap();
    let written = drafts::keep(&tx, channel, &PeerText::new("x"), NOW);
    assert!(written.is_err(), "nothing is written in the clear");
    drop(tx);
    unlock(&mut store, "one");
    assert_eq!(everything(&store, channel), before);

    unprotect(&mut store, &Arc::default(), |_| Ok(())).unwrap();
    clean(&mut store).unwrap();
    assert_eq!(everything(&store, channel), before);
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.lock().unwrap(), None);
    assert_eq!(everything(&store, channel), before);
    assert!(!found(dir.path()).is_empty());
}

#[test]
fn a_protection_that_is_stopped_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    let channel = fill(&mut store);
    let before = everything(&store, channel);
    let key = VaultKey::generate().unwrap();
    let (work, new) = (Arc::<Work>::default(), lock(&key, "one"));
    let stopped = super::protect(&mut store, key, &new, &work, |_| {
        assert!(work.progress().unwrap().total > 20);
        assert!(work.stop());
        Ok(())
    });
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert_eq!(work.progress(), None);
    assert_eq!(store.lock().unwrap(), None);
    assert_eq!(everything(&store, channel), before);
    protect(&mut store);
    assert_eq!(everything(&store, channel), before);
}

#[test]
fn what_is_written_under_a_passphrase_never_touches_the_files_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    protect(&mut store);
    let channel = fill(&mut store);
    assert_eq!(texts(&store, channel).len(), 13);
    assert_eq!(found(dir.path()), [""; 0]);
}

#[test]
fn another_passphrase_opens_the_same_content_and_the_old_one_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chaperon.db");
    let mut store = Store::open(&path).unwrap();
    let channel = fill(&mut store);
    protect(&mut store);
    let before = everything(&store, channel);
    let old = store.lock().unwrap().unwrap();
    let new = lock(store.vault_key().unwrap(), "two");
    relock(&mut store, &new, |_| Ok(())).unwrap();
    clean(&mut store).unwrap();
    drop(store);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let old = old.to_text();
        let has = bytes.windows(old.len()).any(|part| part == old.as_bytes());
        assert!(!has, "the old lock is still in a file");
    }
    let mut store = Store::open(&path).unwrap();
    let lock = store.lock().unwrap().unwrap();
    assert!(lock.open(&Passphrase::new("one")).is_err());
    unlock(&mut store, "two");
    assert_eq!(everything(&store, channel), before);
}

#[test]
fn a_sealed_value_opens_in_no_other_row_or_column() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    protect(&mut store);
    let channel = fill(&mut store);
    let moves = [
        "UPDATE messages SET body = (SELECT body FROM messages WHERE id = 3) WHERE id = 1",
        "UPDATE messages SET body = subject WHERE id = 1",
        "UPDATE messages SET body = 'Wire the money.' WHERE id = 1",
        "UPDATE messages SET body = '' WHERE id = 1",
        "UPDATE messages SET admitted = 0 WHERE id = 1",
    ];
    for sql in moves {
        let tx = store.write().unwrap();
        messages::by_id(&tx, MessageId(1)).unwrap();
        assert_eq!(tx.0.execute(sql, []).unwrap(), 1);
        let read = messages::by_id(&tx, MessageId(1));
        assert!(read.is_err(), "{sql}");
    }
    assert_eq!(texts(&store, channel).len(), 13);
}

#[test]
fn an_entry_of_the_log_that_was_changed_is_found_and_named() {
    let changes = [
        "detail = (SELECT detail FROM log WHERE number = 1)",
        "at = 5",
        "draft = sent",
        "draft = NULL, draft_digest = NULL",
    ];
    for change in changes {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
        protect(&mut store);
        fill(&mut store);
        assert_eq!(log::verify(&store).unwrap(), (2, None));
        let sql = format!("UPDATE log SET {change} WHERE number = 2");
        assert_eq!(store.connection.execute(&sql, []).unwrap(), 1);
        let (entries, problem) = log::verify(&store).unwrap();
        assert_eq!(entries, 1, "{change}");
        assert!(
            problem.unwrap().starts_with("entry 2 was changed"),
            "{change}"
        );
    }
}

#[test]
fn a_held_draft_leaves_by_no_change_of_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    protect(&mut store);
    let channel = fill(&mut store);
    let tx = store.write().unwrap();
    tx.0.execute("DELETE FROM outbox", []).unwrap();
    let draft = hold(&tx, channel, &Body::new("", "wire the money"));
    tx.0.execute(
        "INSERT INTO outbox (message, channel, due) VALUES (?1, ?2, 0)",
        [draft.0, channel.0],
    )
    .unwrap();
    for delivery in ["held", "queued"] {
        tx.0.execute(
            "UPDATE messages SET delivery = ?2, passage = 'as_is' WHERE id = ?1",
            rusqlite::params![draft.0, delivery],
        )
        .unwrap();
        assert!(outbox::due(&tx, NOW).is_err(), "{delivery}");
    }
}

#[test]
fn what_could_not_be_removed_at_once_is_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chaperon.db");
    let mut store = Store::open(&path).unwrap();
    fill(&mut store);
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT COUNT(*) FROM channels;")
        .unwrap();
    let key = VaultKey::generate().unwrap();
    let lock = lock(&key, "one");
    super::protect(&mut store, key, &lock, &Arc::default(), |_| Ok(())).unwrap();
    store
        .connection
        .busy_timeout(std::time::Duration::ZERO)
        .unwrap();
    assert!(matches!(clean(&mut store), Err(Error::Busy)));
    assert!(!found(dir.path()).is_empty());
    drop(reader);
    drop(store);
    drop(Store::open(&path).unwrap());
    assert_eq!(found(dir.path()), [""; 0]);
}

#[test]
fn a_schema_cannot_open_a_value_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("chaperon.db")).unwrap();
    fill(&mut store);
    protect(&mut store);
    let view = "CREATE VIEW leak AS SELECT open('messages.body', id, body) AS body FROM messages";
    store.connection.execute_batch(view).unwrap();
    let read = store
        .connection
        .query_row("SELECT body FROM leak", [], |row| row.get::<_, String>(0));
    assert!(read.is_err());
}
