//! The decision log: append-only, each entry naming the digest of the one before it.
//!
//! The texts that were judged are kept with an entry, and their digests are what the chain
//! holds, so that a text can be redacted and the chain still verifies.

use rusqlite::{OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use crate::crypto;
use crate::model::{
    Actor, ChannelId, Digest, Evidence, LogEntry, LoggedText, PeerText, UnixMillis,
};

use super::{Error, Read, Tx, at_rest, settings};

/// Where the number and the digest of the last entry are kept, so that a missing end is noticed.
const HEAD: &str = "log_head";

/// Entries written now. Version 1 had neither evidence nor texts.
const VERSION: i64 = 2;

/// What is to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// When it happened.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor,
    /// Short code of what was done.
    pub what: &'a str,
    /// The channel it concerns.
    pub channel: Option<ChannelId>,
    /// More, in our words; never a peer's text.
    pub detail: &'a str,
    /// What was decided on.
    pub evidence: Option<&'a Evidence>,
    /// The text that was judged.
    pub draft: Option<&'a PeerText>,
    /// The text that went on in its place.
    pub sent: Option<&'a PeerText>,
}

impl<'a> NewEntry<'a> {
    /// Makes an entry that needs no further words.
    pub fn plain(at: UnixMillis, actor: Actor, what: &'a str, channel: Option<ChannelId>) -> Self {
        Self {
            at,
            actor,
            what,
            channel,
            detail: "",
            evidence: None,
            draft: None,
            sent: None,
        }
    }
}

/// The fields of an entry as they are hashed.
struct Hashed<'a> {
    version: i64,
    number: i64,
    at: i64,
    actor: &'a str,
    what: &'a str,
    channel: i64,
    detail: &'a str,
    evidence: &'a str,
    draft: Option<&'a Digest>,
    sent: Option<&'a Digest>,
    previous: &'a Digest,
}

impl Hashed<'_> {
    /// Returns the digest of an entry: SHA-256 over its fields, each preceded by its length as
    /// eight big-endian bytes, so that no two different entries hash the same bytes. A text
    /// stands for itself by its own digest.
    fn chain(&self) -> Digest {
        let numbers = [self.number, self.at, self.channel].map(i64::to_be_bytes);
        let [number, at, channel] = &numbers;
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for bytes in [
            self.previous.0.as_slice(),
            number,
            at,
            self.actor.as_bytes(),
            self.what.as_bytes(),
            channel,
            self.detail.as_bytes(),
        ] {
            part(bytes);
        }
        if self.version > 1 {
            part(&self.version.to_be_bytes());
            part(self.evidence.as_bytes());
            for text in [self.draft, self.sent] {
                part(text.map_or(&[][..], |digest| &digest.0));
            }
        }
        Digest(hash.finalize().into())
    }
}

fn digest_of(text: &PeerText) -> Digest {
    crypto::sha256(text.expose_untrusted().as_bytes())
}

/// Writes an entry behind the last one.
pub fn append(tx: &Tx<'_>, entry: &NewEntry<'_>) -> Result<(), Error> {
    let last: Option<(i64, [u8; 32])> =
        tx.0.prepare_cached(
            "SELECT number, open('log.digest', number, digest) FROM log
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) = last.map_or((1, Digest([0; 32])), |(number, digest)| {
        (number + 1, Digest(digest))
    });
    // Evidence is plain values, which always have a JSON form.
    let evidence = entry
        .evidence
        .map(|evidence| serde_json::to_string(evidence).unwrap_or_default());
    let (draft, sent) = (entry.draft.map(digest_of), entry.sent.map(digest_of));
    let digest = Hashed {
        version: VERSION,
        number,
        at: entry.at.0,
        actor: entry.actor.as_str(),
        what: entry.what,
        channel: entry.channel.map_or(0, |channel| channel.0),
        detail: entry.detail,
        evidence: evidence.as_deref().unwrap_or_default(),
        draft: draft.as_ref(),
        sent: sent.as_ref(),
        previous: &previous,
    }
    .chain();
    tx.0.prepare_cached(
        "INSERT INTO log (number, at, actor, what, channel, detail, previous, digest, version,
            evidence, draft, draft_digest, sent, sent_digest)
         VALUES (?1, ?2, ?3, ?4, ?5, seal('log.detail', ?1, ?6), seal('log.previous', ?1, ?7),
            seal('log.digest', ?1, ?8), ?9, seal('log.evidence', ?1, ?10),
            seal('log.draft', ?1, ?11), seal('log.draft_digest', ?1, ?12),
            seal('log.sent', ?1, ?13), seal('log.sent_digest', ?1, ?14))",
    )?
    .execute(params![
        number,
        entry.at.0,
        entry.actor.as_str(),
        entry.what,
        entry.channel.map(|channel| channel.0),
        entry.detail,
        previous.0,
        digest.0,
        VERSION,
        evidence,
        entry.draft.map(PeerText::expose_untrusted),
        draft.map(|digest| digest.0),
        entry.sent.map(PeerText::expose_untrusted),
        sent.map(|digest| digest.0),
    ])?;
    settings::set(tx, HEAD, &head(number, &digest))
}

fn head(number: i64, digest: &Digest) -> String {
    format!("{number} {}", digest.hex())
}

/// Takes the texts out of an entry; their digests stay. Returns whether there is such an entry.
pub fn redact(tx: &Tx<'_>, number: i64) -> Result<bool, Error> {
    let redacted = tx.0.execute(
        "UPDATE log SET draft = NULL, sent = NULL WHERE number = ?1",
        [number],
    )?;
    Ok(redacted == 1)
}

const COLUMNS: &str = "number, at, actor, what, channel, open('log.detail', number, detail),
    open('log.previous', number, previous), open('log.digest', number, digest), version,
    open('log.evidence', number, evidence), open('log.draft', number, draft),
    open('log.draft_digest', number, draft_digest), open('log.sent', number, sent),
    open('log.sent_digest', number, sent_digest)";

/// Returns the newest entries before a number (or at all), newest first.
pub fn newest(read: &impl Read, limit: u32, before: Option<i64>) -> Result<Vec<LogEntry>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM log WHERE number < ?2 ORDER BY number DESC LIMIT ?1"
    ))?;
    let rows = statement.query_map(params![limit, before.unwrap_or(i64::MAX)], stored)?;
    rows.map(|row| entry_of(row?)).collect()
}

/// Reads every entry and compares it with what its neighbours and its digest say of it.
/// Returns how many were read, and in words the first that is not what was written.
pub fn verify(read: &impl Read) -> Result<(u64, Option<String>), Error> {
    let mut statement = read
        .connection()
        .prepare_cached(&format!("SELECT {COLUMNS} FROM log ORDER BY number"))?;
    let rows = statement.query_map([], stored)?;
    let (mut entries, mut expected, mut previous) = (0, 1, Digest([0; 32]));
    for row in rows {
        let row = match row {
            Err(error) if at_rest::was_changed(&error) => {
                let problem = format!("entry {expected} was changed: it does not open");
                return Ok((entries, Some(problem)));
            }
            row => row?,
        };
        if let Some(problem) = problem_of(&row, expected, &previous) {
            return Ok((entries, Some(problem)));
        }
        entries += 1;
        expected = row.number + 1;
        previous = Digest(row.digest);
    }
    let last = settings::get(read, HEAD)?;
    let missing = last.is_some_and(|last| last != head(expected - 1, &previous));
    let problem = missing.then(|| format!("entries after {} are missing", expected - 1));
    Ok((entries, problem))
}

/// Says what is wrong with an entry that should have this number and follow this digest.
fn problem_of(row: &Stored, expected: i64, previous: &Digest) -> Option<String> {
    if row.number != expected {
        return Some(format!("entry {expected} is missing"));
    }
    let name = format!("entry {}", row.number);
    if row.previous != previous.0 {
        return Some(format!("{name} does not follow the entry before it"));
    }
    let (draft, sent) = (row.draft_digest.map(Digest), row.sent_digest.map(Digest));
    let chained = Hashed {
        version: row.version,
        number: row.number,
        at: row.at,
        actor: &row.actor,
        what: &row.what,
        channel: row.channel.unwrap_or_default(),
        detail: &row.detail,
        evidence: row.evidence.as_deref().unwrap_or_default(),
        draft: draft.as_ref(),
        sent: sent.as_ref(),
        previous,
    }
    .chain();
    if chained.0 != row.digest {
        return Some(format!("{name} was changed"));
    }
    let differs = |text: &Option<PeerText>, digest: Option<Digest>| {
        text.as_ref()
            .is_some_and(|text| Some(digest_of(text)) != digest)
    };
    if differs(&row.draft, draft) || differs(&row.sent, sent) {
        return Some(format!("the text of {name} was changed"));
    }
    None
}

/// A row as it stands.
struct Stored {
    number: i64,
    at: i64,
    actor: String,
    what: String,
    channel: Option<i64>,
    detail: String,
    previous: [u8; 32],
    digest: [u8; 32],
    version: i64,
    evidence: Option<String>,
    draft: Option<PeerText>,
    draft_digest: Option<[u8; 32]>,
    sent: Option<PeerText>,
    sent_digest: Option<[u8; 32]>,
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        number: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        what: row.get(3)?,
        channel: row.get(4)?,
        detail: row.get(5)?,
        previous: row.get(6)?,
        digest: row.get(7)?,
        version: row.get(8)?,
        evidence: row.get(9)?,
        draft: row.get::<_, Option<String>>(10)?.map(PeerText::new),
        draft_digest: row.get(11)?,
        sent: row.get::<_, Option<String>>(12)?.map(PeerText::new),
        sent_digest: row.get(13)?,
    })
}

fn entry_of(row: Stored) -> Result<LogEntry, Error> {
    let text = |text: Option<PeerText>, digest: Option<[u8; 32]>| {
        digest.map(|digest| LoggedText {
            text,
            digest: Digest(digest),
        })
    };
    Ok(LogEntry {
        number: row.number,
        at: UnixMillis(row.at),
        actor: Actor::parse(&row.actor).ok_or(Error::Corrupt("log entry"))?,
        what: row.what,
        channel: row.channel.map(ChannelId),
        detail: row.detail,
        evidence: row
            .evidence
            .map(|evidence| serde_json::from_str(&evidence))
            .transpose()
            .map_err(|_not_ours| Error::Corrupt("log entry"))?
            .unwrap_or_default(),
        draft: text(row.draft, row.draft_digest),
        sent: text(row.sent, row.sent_digest),
        previous: Digest(row.previous),
        digest: Digest(row.digest),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Scratch, plain};
    use super::*;

    fn written(details: &[&str]) -> Scratch {
        // Changes are made to it in the clear.
        let mut scratch = plain();
        let tx = scratch.store.write().unwrap();
        let evidence = Evidence {
            rule: Some("hold-out:every-draft".to_owned()),
            ..Evidence::default()
        };
        for detail in details {
            let entry = NewEntry {
                detail,
                evidence: Some(&evidence),
                draft: Some(&PeerText::new("12 Elm Street")),
                sent: Some(&PeerText::new("near the park")),
                ..NewEntry::plain(UnixMillis(7), Actor::Human, "test", None)
            };
            append(&tx, &entry).unwrap();
        }
        tx.commit().unwrap();
        scratch
    }

    #[test]
    fn each_entry_names_the_one_before_it() {
        let scratch = written(&["first", "second"]);
        let entries = newest(&scratch.store, 10, None).unwrap();
        let [second, first] = entries.as_slice() else {
            panic!("two entries were written");
        };
        assert_eq!(second.previous, first.digest);
        assert_eq!(first.previous, Digest([0; 32]));
        assert_ne!(first.digest, second.digest);
        assert_eq!(
            newest(&scratch.store, 10, Some(2)).unwrap(),
            std::slice::from_ref(first)
        );
        assert_eq!(verify(&scratch.store).unwrap(), (2, None));
    }

    #[test]
    fn a_change_of_any_field_of_any_row_is_found_and_named() {
        let changes = [
            ("at = 8", "entry 2 was changed"),
            ("actor = 'rule'", "entry 2 was changed"),
            ("what = 'other'", "entry 2 was changed"),
            ("channel = 3", "entry 2 was changed"),
            ("detail = 'x'", "entry 2 was changed"),
            ("evidence = '{}'", "entry 2 was changed"),
            ("evidence = NULL", "entry 2 was changed"),
            ("version = 1", "entry 2 was changed"),
            ("digest = zeroblob(32)", "entry 2 was changed"),
            (
                "previous = zeroblob(32)",
                "entry 2 does not follow the entry before it",
            ),
            ("draft = 'x'", "the text of entry 2 was changed"),
            ("sent = 'x'", "the text of entry 2 was changed"),
            ("draft_digest = NULL, draft = NULL", "entry 2 was changed"),
            ("sent_digest = zeroblob(32)", "entry 2 was changed"),
            ("number = 9", "entry 2 is missing"),
        ];
        for (change, problem) in changes {
            let mut scratch = written(&["first", "second", "third"]);
            let tx = scratch.store.write().unwrap();
            let sql = format!("UPDATE log SET {change} WHERE number = 2");
            assert_eq!(tx.0.execute(&sql, []).unwrap(), 1);
            assert_eq!(verify(&tx).unwrap().1.as_deref(), Some(problem), "{change}");
        }
    }

    #[test]
    fn rows_that_were_deleted_are_found_wherever_they_stood() {
        for (number, problem) in [
            (1, "entry 1 is missing"),
            (2, "entry 2 is missing"),
            (3, "entries after 2 are missing"),
        ] {
            let mut scratch = written(&["first", "second", "third"]);
            let tx = scratch.store.write().unwrap();
            tx.0.execute("DELETE FROM log WHERE number = ?1", [number])
                .unwrap();
            assert_eq!(verify(&tx).unwrap().1.as_deref(), Some(problem));
        }
    }

    #[test]
    fn a_redacted_text_is_gone_and_the_chain_still_holds() {
        let mut scratch = written(&["first", "second"]);
        let tx = scratch.store.write().unwrap();
        assert!(redact(&tx, 1).unwrap());
        assert!(!redact(&tx, 7).unwrap());
        assert_eq!(verify(&tx).unwrap(), (2, None));
        let entry = newest(&tx, 1, Some(2)).unwrap().remove(0);
        let draft = entry.draft.unwrap();
        assert_eq!(draft.text, None);
        assert_eq!(draft.digest, digest_of(&PeerText::new("12 Elm Street")));
    }

    #[test]
    fn entries_of_the_first_version_still_verify() {
        let mut scratch = plain();
        let tx = scratch.store.write().unwrap();
        let digest = Hashed {
            version: 1,
            number: 1,
            at: 7,
            actor: "human",
            what: "invited",
            channel: 0,
            detail: "",
            evidence: "",
            draft: None,
            sent: None,
            previous: &Digest([0; 32]),
        }
        .chain();
        tx.0.execute(
            "INSERT INTO log (number, at, actor, what, detail, previous, digest)
             VALUES (1, 7, 'human', 'invited', '', zeroblob(32), ?1)",
            [digest.0],
        )
        .unwrap();
        assert_eq!(verify(&tx).unwrap(), (1, None));
        append(
            &tx,
            &NewEntry::plain(UnixMillis(8), Actor::Human, "test", None),
        )
        .unwrap();
        assert_eq!(verify(&tx).unwrap(), (2, None));
    }
}
