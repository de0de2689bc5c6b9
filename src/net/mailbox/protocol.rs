//! What a mailbox channel does with what its relay shows. Pure.
//!
//! A relay lists what both sides put there, says nothing of who did, and may repeat, reorder,
//! invent and forget. So every envelope is known by the digest of its bytes, and nothing that
//! a relay lists can keep the rest of the list from being read.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Duration;

use crate::crypto::{ChannelBox, sha256};
use crate::model::{Content, Digest, PeerText, RawReason};
use crate::net::{Arrived, Watch, spread};
use crate::wire::mailbox::{Payload, Record, decode_body, decode_payload};

/// One channel as its relay worker sees it.
pub struct Room {
    /// The facts from the engine.
    pub watch: Watch,
    /// State of the relay's side when it was last read, where the relay tells.
    pub version: Option<String>,
    /// Handshake writes when the handshake was last read, where the relay tells.
    pub answers: Option<u32>,
    /// Opens envelopes; `None` inside where no usable key is pinned. Made for the first one: most
    /// looks find nothing, and the shared key is most of their work.
    opener: OnceLock<Option<ChannelBox>>,
    /// Ours that the relay has.
    ours: HashSet<Digest>,
    /// The peer's that are stored here and were listed last time.
    stored: HashSet<Digest>,
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room")
            .field("channel", &self.watch.channel)
            .finish_non_exhaustive()
    }
}

/// What a list of messages comes to.
#[derive(Debug, Default)]
pub struct Reading {
    /// What is neither ours nor stored here yet.
    pub arrived: Vec<Arrived>,
    /// Ours that the relay does not have any more.
    pub gone: Vec<Digest>,
    /// Numbers of what is stored here already and may be acknowledged again.
    pub repeated: Vec<i64>,
    /// Digests of those.
    repeats: Vec<Digest>,
}

impl Reading {
    /// Tells whether the engine has to hear of it.
    pub fn is_news(&self) -> bool {
        !self.arrived.is_empty() || !self.gone.is_empty()
    }

    /// Returns what [`Room::settle`] needs to remember of this reading.
    pub fn outline(&self) -> Outline {
        Outline {
            arrived: self
                .arrived
                .iter()
                .map(|arrived| (arrived.seq, arrived.envelope))
                .collect(),
            gone: self.gone.clone(),
            repeats: self.repeats.clone(),
        }
    }
}

/// A reading without its content.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    arrived: Vec<(Option<i64>, Digest)>,
    gone: Vec<Digest>,
    repeats: Vec<Digest>,
}

impl Room {
    /// Begins to watch a channel.
    pub fn new(watch: Watch) -> Self {
        Self {
            opener: OnceLock::new(),
            ours: watch.ours.iter().copied().collect(),
            stored: HashSet::new(),
            version: None,
            answers: watch.answers,
            watch,
        }
    }

    /// Returns the digests of ours that the relay is known to have, to be compared with a list
    /// that is requested now: one that is relayed meanwhile must not count as gone.
    pub fn expected(&self) -> HashSet<Digest> {
        self.ours.clone()
    }

    /// Notes that the relay has one of ours.
    pub fn relayed(&mut self, envelope: Digest) {
        self.ours.insert(envelope);
    }

    /// Reads a list. `expected` is what [`Room::expected`] said before it was requested;
    /// `complete` tells whether the list was read to its end.
    pub fn read(
        &self,
        records: Vec<Record>,
        expected: &HashSet<Digest>,
        complete: bool,
    ) -> Reading {
        let mut reading = Reading::default();
        let mut listed = HashSet::with_capacity(records.len());
        for record in records {
            let (envelope, bytes) = identify(&record.payload);
            listed.insert(envelope);
            if self.ours.contains(&envelope) {
                continue;
            }
            if self.stored.contains(&envelope) {
                reading.repeated.extend(record.seq);
                reading.repeats.push(envelope);
                continue;
            }
            reading.arrived.push(Arrived {
                routing: None,
                seq: record.seq,
                envelope,
                content: self.open(bytes, record.payload),
                original: None,
            });
        }
        if complete {
            reading.gone = expected
                .iter()
                .filter(|digest| self.ours.contains(*digest) && !listed.contains(*digest))
                .copied()
                .collect();
        }
        reading
    }

    /// Notes what the engine made of a reading: what it said to acknowledge is the peer's and
    /// stored; what arrived and is not to be acknowledged is one of ours.
    pub fn settle(&mut self, outline: &Outline, acknowledge: &[i64]) {
        for digest in &outline.gone {
            self.ours.remove(digest);
        }
        // A list can be as long as its relay likes, so no search through it for each element.
        let acknowledge: HashSet<i64> = acknowledge.iter().copied().collect();
        // Only what was listed just now can be listed again, so older digests are not kept.
        self.stored = outline.repeats.iter().copied().collect();
        for (seq, envelope) in &outline.arrived {
            match seq {
                Some(seq) if !acknowledge.contains(seq) => self.ours.insert(*envelope),
                _ => self.stored.insert(*envelope),
            };
        }
    }

    fn open(&self, envelope: Option<Vec<u8>>, payload: Payload) -> Content {
        let reason = match self.try_open(envelope) {
            Ok(content) => return content,
            Err(reason) => reason,
        };
        let (Payload::Text(text) | Payload::Other(text)) = payload;
        Content::Raw {
            reason,
            payload: PeerText::new(text),
        }
    }

    fn try_open(&self, envelope: Option<Vec<u8>>) -> Result<Content, RawReason> {
        let envelope = envelope.ok_or(RawReason::NotAnEnvelope)?;
        let opener = self.opener.get_or_init(|| {
            let pinned = self.watch.pinned.as_ref()?;
            ChannelBox::new(&self.watch.own.secret, &pinned.key).ok()
        });
        let plain = opener
            .as_ref()
            .ok_or(RawReason::DoesNotOpen)?
            .open(&envelope)
            .map_err(|_closed| RawReason::DoesNotOpen)?;
        decode_body(&plain)
            .map(Content::Text)
            .map_err(|_not_json| RawReason::NotAMessage)
    }
}

/// Returns the digest by which an envelope is known, and its bytes where it has any.
///
/// The digest is over the decoded bytes, because base64 with white space in it is the same
/// envelope: a relay cannot pass off a repetition as something new.
pub fn identify(payload: &Payload) -> (Digest, Option<Vec<u8>>) {
    match payload {
        Payload::Text(text) => decode_payload(text).map_or_else(
            |_not_base64| (sha256(text.as_bytes()), None),
            |envelope| (sha256(&envelope), Some(envelope)),
        ),
        Payload::Other(json) => (sha256(json.as_bytes()), None),
    }
}

/// Returns the longest beginning of a JSON array that ends after a whole element, closed with
/// a bracket; `None` if not even one element is whole.
///
/// A list may be larger than we read at once. What is whole is handled and acknowledged, so
/// the rest comes with the next request and no size of list can stop a channel.
pub fn whole_elements(cut: &[u8]) -> Option<Vec<u8>> {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    let mut end = None;
    for (at, byte) in cut.iter().enumerate() {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    end = Some(at);
                }
            }
            _ => {}
        }
    }
    let mut whole = cut.get(..=end?)?.to_vec();
    whole.push(b']');
    Some(whole)
}

/// How long to wait between polls of a relay that does not tell of new mail by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cadence {
    quiet: u32,
}

impl Cadence {
    /// Between polls of a channel in use.
    const BUSY: Duration = Duration::from_secs(2);
    /// Between polls of a quiet channel.
    const QUIET: Duration = Duration::from_secs(60);

    /// Notes whether a poll brought something.
    pub fn polled(&mut self, brought_something: bool) {
        self.quiet = if brought_something {
            0
        } else {
            self.quiet.saturating_add(1)
        };
    }

    /// Returns how long to wait now. `random` is any number; it spreads the polls of many
    /// channels by up to a quarter.
    pub fn wait(self, random: u64) -> Duration {
        // The first ten polls stay short: an answer often follows what one just wrote.
        let doublings = self.quiet.saturating_sub(10).min(10);
        spread((Self::BUSY * 2_u32.pow(doublings)).min(Self::QUIET), random)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::crypto::SecretKey;
    use crate::model::{Body, ChannelId};
    use crate::net::mailbox::Mailbox;
    use crate::net::{Keys, Network as _};
    use crate::net::{Outgoing, OwnKeys};

    struct Pair {
        alice: Arc<SecretKey>,
        bob: Arc<SecretKey>,
    }

    fn pair() -> Pair {
        Pair {
            alice: Arc::new(SecretKey::from_bytes([1; 32])),
            bob: Arc::new(SecretKey::from_bytes([2; 32])),
        }
    }

    fn own(secret: &Arc<SecretKey>) -> OwnKeys {
        OwnKeys {
            secret: Arc::clone(secret),
            signing: None,
        }
    }

    fn room(pair: &Pair, ours: Vec<Digest>) -> Room {
        Room::new(Watch {
            learned: None,
            request: None,
            channel: ChannelId(1),
            address: "room".into(),
            relay: "http://127.0.0.1:1".into(),
            account: None,
            own: own(&pair.alice),
            pinned: Some(pair.bob.public().into()),
            inviter: true,
            ours,
            answers: None,
        })
    }

    fn sealed(pair: &Pair, text: &str, nonce: u8) -> (String, Digest) {
        let keys = Keys {
            own: own(&pair.bob),
            peer: pair.alice.public().into(),
        };
        let message = Outgoing {
            at: crate::model::UnixMillis(0),
            to: "room",
            body: &Body::new("", text),
            routing: None,
        };
        let sealed = Mailbox.seal(&keys, &message, [nonce; 24]).unwrap();
        (sealed.payload, sealed.envelope)
    }

    fn record(seq: i64, payload: &str) -> Record {
        Record {
            seq: Some(seq),
            payload: Payload::Text(payload.into()),
        }
    }

    fn texts(reading: &Reading) -> Vec<String> {
        reading
            .arrived
            .iter()
            .map(|arrived| match &arrived.content {
                Content::Text(body) => body.body.expose_untrusted().to_owned(),
                Content::Raw { reason, .. } => format!("raw: {}", reason.as_str()),
            })
            .collect()
    }

    #[test]
    fn junk_in_a_list_hides_nothing_else() {
        let pair = pair();
        let room = room(&pair, Vec::new());
        let records = vec![
            record(1, "AAA"),
            record(2, &sealed(&pair, "hello", 1).0),
            Record {
                seq: Some(3),
                payload: Payload::Other("{\"a\":1}".into()),
            },
            record(4, &"A".repeat(80)),
            record(5, &sealed(&pair, "world", 2).0),
        ];
        let reading = room.read(records, &HashSet::new(), true);
        assert_eq!(
            texts(&reading),
            [
                "raw: not_an_envelope",
                "hello",
                "raw: not_an_envelope",
                "raw: does_not_open",
                "world"
            ]
        );
    }

    #[test]
    fn what_we_sent_is_never_read_as_the_peer_s() {
        let pair = pair();
        let (payload, envelope) = sealed(&pair, "mine", 1);
        let room = room(&pair, vec![envelope]);
        let reading = room.read(vec![record(1, &payload)], &room.expected(), true);
        assert!(!reading.is_news());
        assert_eq!(reading.repeated, Vec::<i64>::new());
    }

    #[test]
    fn ours_is_gone_only_if_it_was_there_when_the_list_was_requested() {
        let pair = pair();
        let before = Digest([1; 32]);
        let mut room = room(&pair, vec![before]);
        let expected = room.expected();
        room.relayed(Digest([2; 32]));
        let reading = room.read(Vec::new(), &expected, true);
        assert_eq!(reading.gone, [before]);
    }

    #[test]
    fn a_cut_list_proves_nothing_gone() {
        let pair = pair();
        let room = room(&pair, vec![Digest([1; 32])]);
        assert!(
            room.read(Vec::new(), &room.expected(), false)
                .gone
                .is_empty()
        );
    }

    #[test]
    fn what_is_stored_is_acknowledged_again_but_not_news() {
        let pair = pair();
        let (payload, _) = sealed(&pair, "hello", 1);
        let mut room = room(&pair, Vec::new());
        for _ in 0..2 {
            let reading = room.read(vec![record(7, &payload)], &HashSet::new(), true);
            room.settle(&reading.outline(), &[7]);
        }
        let reading = room.read(vec![record(7, &payload)], &HashSet::new(), true);
        assert!(!reading.is_news());
        assert_eq!(reading.repeated, [7]);
    }

    #[test]
    fn white_space_in_base64_makes_no_new_envelope() {
        let pair = pair();
        let (payload, _) = sealed(&pair, "hello", 1);
        let (first, second) = payload.split_at(9);
        let spaced = format!("{first}\n {second}");
        assert_eq!(
            identify(&Payload::Text(payload.clone())).0,
            identify(&Payload::Text(spaced)).0
        );
    }

    #[test]
    fn waits_grow_and_stay_within_their_bounds() {
        let mut cadence = Cadence::default();
        assert_eq!(cadence.wait(0), Duration::from_secs(2));
        for _ in 0..100 {
            cadence.polled(false);
        }
        assert_eq!(cadence.wait(0), Duration::from_secs(60));
        cadence.polled(true);
        assert_eq!(cadence.wait(0), Duration::from_secs(2));
    }

    proptest! {
        #[test]
        fn a_list_cut_anywhere_yields_its_whole_elements(
            texts in proptest::collection::vec("[\\]\\[{}\"\\\\a-z]{0,12}", 0..6),
            cut in 0_usize..400,
        ) {
            let records: Vec<_> = texts
                .iter()
                .map(|text| serde_json::json!({"seq": 1, "payload": text}))
                .collect();
            let whole = serde_json::to_vec(&records).unwrap();
            let cut = &whole[..cut.min(whole.len())];
            if let Some(prefix) = whole_elements(cut) {
                let elements: Vec<serde_json::Value> = serde_json::from_slice(&prefix).unwrap();
                prop_assert!(elements.len() <= records.len());
                prop_assert!(elements.iter().zip(&records).all(|(a, b)| a == b));
            }
        }

        #[test]
        fn any_bytes_can_be_cut(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = whole_elements(&bytes);
        }
    }
}
