//! What the inbox and the directory of a relay come to, for one login of ours. Pure: no clock,
//! no network.
//!
//! A message of a peer whose key is pinned goes to their channel. One of anybody else is put
//! before a person as a request for contact, and stays at the relay until they have decided. A
//! key in the directory that is not the pinned one stops the channel.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::crypto::ChannelBox;
use crate::model::{
    AccountId, Audience, ChannelId, Content, Digest, IdentityKey, MessageKind, NetworkId, PeerText,
    Presence, Provenance, RawReason, Routing, UnixMillis,
};
use crate::net::{Account, Arrived, News, OwnKeys, Sighting, Somebody, Stranger, Watch};
use crate::wire::clawtalk::{
    AgentName, Broken, BrokenEntry, Entry, Envelope, EnvelopeId, Found, KeyError, Opened, PeerKeys,
    find,
};

use super::{SCHEME, peer_keys, recipients_in, seal};

/// How long a message that does not fit the pinned key waits at the relay: the directory shows
/// another key up to half a minute after its owner put it there, and a message under a new key
/// must not be judged before that.
const GRACE: Duration = Duration::from_secs(60);
/// The same by the relay's clock, which may not go like ours, for an engine that does not live as
/// long as that.
const GRACE_THERE: Duration = Duration::from_secs(10 * 60);
/// Most messages of which it is known when they were first seen.
const MOST_ODD: usize = 10_000;
/// Longest text of a stranger that a person is shown before they decide, in bytes.
const LONGEST_PURPOSE: usize = 1000;

/// One login of ours: who we are, whom a person accepted, and who the relay says is there.
#[derive(Debug)]
pub struct Inbox {
    account: AccountId,
    endpoint: String,
    us: AgentName,
    own: OwnKeys,
    peers: BTreeMap<AgentName, Peer>,
    directory: Option<Directory>,
    /// When messages that do not fit the pinned key were first seen here.
    odd: HashMap<EnvelopeId, UnixMillis>,
}

/// The other side of a channel.
#[derive(Debug)]
struct Peer {
    channel: ChannelId,
    /// Nothing of theirs is read without it.
    pinned: Option<Pinned>,
}

struct Pinned {
    identity: IdentityKey,
    opener: Option<ChannelBox>,
}

impl std::fmt::Debug for Pinned {
    /// Prints no shared key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pinned")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Who the relay says is there.
#[derive(Debug)]
struct Directory {
    entries: Vec<Entry>,
    at: UnixMillis,
}

/// What an inbox came to.
#[derive(Debug, Default)]
pub struct Sorted {
    /// What is for channels, in the order in which it was written.
    pub listings: Vec<Listing>,
    /// Messages of strangers, each a request for contact.
    pub strangers: Vec<(Stranger, EnvelopeId)>,
    /// Whether some of it can be judged only by a directory newer than the one at hand.
    pub wants_directory: bool,
    /// Whether something was left where it is, because it cannot be told what to do with it yet.
    pub left: usize,
}

/// Where one message of an inbox belongs.
enum Place {
    Channel(ChannelId, Box<Arrived>, EnvelopeId),
    Stranger(Box<Stranger>, EnvelopeId),
    /// That can be told by a newer directory.
    Later,
    Nowhere,
}

impl Sorted {
    fn take(&mut self, channel: ChannelId, arrived: Box<Arrived>, id: EnvelopeId) {
        let of = |listing: &Listing| listing.channel == channel;
        let known = self.listings.iter().position(of);
        let place = known.unwrap_or_else(|| {
            self.listings.push(Listing {
                channel,
                arrived: Vec::new(),
                ids: Vec::new(),
            });
            self.listings.len() - 1
        });
        if let Some(listing) = self.listings.get_mut(place) {
            listing.ids.push((arrived.envelope, id));
            listing.arrived.push(*arrived);
        }
    }
}

/// What arrived for one channel.
#[derive(Debug)]
pub struct Listing {
    /// The channel.
    pub channel: ChannelId,
    /// What it says.
    pub arrived: Vec<Arrived>,
    /// By which ids the relay deletes it, once its envelope is stored.
    pub ids: Vec<(Digest, EnvelopeId)>,
}

/// How the relay shows us to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// With our keys.
    AsWeAre,
    /// Without any: nobody can seal for us.
    WithoutKeys,
    /// With keys that are not ours: whoever seals for us seals for somebody else.
    WithOtherKeys,
    /// Not at all.
    NotAtAll,
}

/// Why somebody cannot be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The relay would say that it took the message, and drop it.
    #[error("the relay lists nobody of that name any more, and would drop the message")]
    NotListed,
    /// What is sealed would be for somebody else, or for nobody.
    #[error("the relay shows another key for them than the pinned one")]
    AnotherKey,
}

impl Inbox {
    /// Begins with nobody accepted; `None` where the name is none of this network.
    pub fn new(account: &Account) -> Option<Self> {
        Some(Self {
            account: account.id,
            endpoint: account.endpoint.clone(),
            us: AgentName::parse(&account.address).ok()?,
            own: account.own.clone(),
            peers: BTreeMap::new(),
            directory: None,
            odd: HashMap::new(),
        })
    }

    /// Takes a channel as it is from now on.
    pub fn watch(&mut self, watch: &Watch) {
        self.unwatch(watch.channel);
        let Ok(name) = AgentName::parse(&watch.address) else {
            return;
        };
        let pinned = watch.pinned.map(|identity| Pinned {
            identity,
            opener: ChannelBox::new(&self.own.secret, &identity.key).ok(),
        });
        let peer = Peer {
            channel: watch.channel,
            pinned,
        };
        self.peers.insert(name, peer);
    }

    /// Takes no more messages on a channel.
    pub fn unwatch(&mut self, channel: ChannelId) {
        self.peers.retain(|_, peer| peer.channel != channel);
    }

    /// Returns when the relay was last asked who is there.
    pub fn directory_at(&self) -> Option<UnixMillis> {
        self.directory.as_ref().map(|directory| directory.at)
    }

    /// Takes note of who is there, and says which channels that concerns. Entries that are broken
    /// spoil no other.
    pub fn take_directory(
        &mut self,
        entries: Vec<Result<Entry, BrokenEntry>>,
        now: UnixMillis,
    ) -> Vec<News> {
        let entries: Vec<Entry> = entries.into_iter().filter_map(Result::ok).collect();
        let mut news = Vec::new();
        let mut presences = Vec::new();
        for entry in &entries {
            let Some(peer) = self.peers.get(&entry.name) else {
                continue;
            };
            let presence = Presence {
                online: entry.online,
                last_seen: entry.last_seen,
                as_of: now,
                path: None,
            };
            presences.push((peer.channel, presence));
            let Some(pinned) = &peer.pinned else {
                continue;
            };
            let shown = entry.keys.ok().map(identity_of);
            if shown != Some(pinned.identity) {
                news.push(News::Handshake {
                    channel: peer.channel,
                    key: shown,
                    answers: None,
                });
            }
        }
        if !presences.is_empty() {
            news.push(News::Presence(presences));
        }
        self.directory = Some(Directory { entries, at: now });
        news
    }

    /// Lists who is there, for a person to look at; without us.
    pub fn sightings(&self) -> Vec<Sighting> {
        let entries = self.entries().filter(|entry| entry.name != self.us);
        entries
            .map(|entry| Sighting {
                url: self.endpoint.clone(),
                result: Ok(self.somebody(entry)),
            })
            .collect()
    }

    /// Returns the exact name of the peer of a channel.
    pub fn name_of(&self, channel: ChannelId) -> Option<AgentName> {
        let mut peers = self.peers.iter();
        let found = peers.find(|(_, peer)| peer.channel == channel);
        found.map(|(name, _)| name.clone())
    }

    /// Says how the relay shows us; `None` before it was asked.
    pub fn shown(&self) -> Option<Shown> {
        self.directory.as_ref()?;
        let entry = self.entries().find(|entry| entry.name == self.us);
        let ours = seal::public_keys(&self.own.secret, self.own.signing.as_deref());
        Some(match entry.map(|entry| entry.keys) {
            None => Shown::NotAtAll,
            Some(Ok(keys)) if keys == ours => Shown::AsWeAre,
            Some(Err(KeyError::Missing)) => Shown::WithoutKeys,
            Some(_other) => Shown::WithOtherKeys,
        })
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.directory
            .iter()
            .flat_map(|directory| &directory.entries)
    }

    fn somebody(&self, entry: &Entry) -> Somebody {
        let capabilities: Vec<&str> = entry
            .capabilities
            .iter()
            .map(PeerText::expose_untrusted)
            .collect();
        let answer = serde_json::json!({
            "name": entry.name.as_str(),
            "capabilities": capabilities,
            "online": entry.online,
            "lastSeen": entry.last_seen.map(crate::wire::clawtalk::encode_time),
        });
        Somebody {
            address: entry.name.as_str().to_owned(),
            name: PeerText::new(entry.name.as_str()),
            endpoint: self.endpoint.clone(),
            key: entry.keys.map(|keys| keys.to_string()).unwrap_or_default(),
            answer: answer.to_string(),
        }
    }

    /// Says whether a message to somebody would reach them, as far as the relay tells.
    pub fn can_reach(&self, name: &str) -> Result<(), Unreachable> {
        let Found::Exact(entry) = find(self.entries(), name) else {
            return Err(Unreachable::NotListed);
        };
        let pinned = self
            .peers
            .get(&entry.name)
            .and_then(|peer| peer.pinned.as_ref());
        match (pinned, entry.keys) {
            (Some(pinned), Ok(keys)) if identity_of(keys) == pinned.identity => Ok(()),
            _ => Err(Unreachable::AnotherKey),
        }
    }

    /// Says what to do with each message of an inbox. `elements` are in the order in which they
    /// were written.
    pub fn sort(&mut self, elements: &[Result<Envelope, Broken>], now: UnixMillis) -> Sorted {
        let mut sorted = Sorted::default();
        for element in elements {
            match self.place(element, now) {
                Place::Channel(channel, arrived, id) => sorted.take(channel, arrived, id),
                Place::Stranger(stranger, id) => sorted.strangers.push((*stranger, id)),
                Place::Later => {
                    sorted.wants_directory = true;
                    sorted.left += 1;
                }
                Place::Nowhere => sorted.left += 1,
            }
        }
        sorted
    }

    fn place(&mut self, element: &Result<Envelope, Broken>, now: UnixMillis) -> Place {
        // Where nobody is named as its sender no channel could show it. It stays there until the
        // relay forgets it, and so does what we sent ourselves.
        let envelope = element.as_ref().ok();
        let envelope = envelope.filter(|envelope| envelope.from != self.us);
        let Some((envelope, id)) = envelope.and_then(|one| Some((one, one.id.clone()?))) else {
            return Place::Nowhere;
        };
        let peer = self.peers.get(&envelope.from);
        let Some((channel, pinned)) =
            peer.and_then(|peer| Some((peer.channel, peer.pinned.as_ref()?)))
        else {
            return self
                .stranger(envelope, &id)
                .map_or(Place::Later, |stranger| {
                    Place::Stranger(Box::new(stranger), id)
                });
        };
        let opened = self.open(envelope, pinned);
        if fits(&opened) || self.waited_enough(envelope, &id, now) {
            Place::Channel(channel, Box::new(arrived(envelope, opened)), id)
        } else {
            Place::Later
        }
    }

    /// Tells whether a message has waited long enough for another key to show up.
    fn waited_enough(&mut self, envelope: &Envelope, id: &EnvelopeId, now: UnixMillis) -> bool {
        if self.odd.len() >= MOST_ODD {
            self.odd.clear();
        }
        let seen = *self.odd.entry(id.clone()).or_insert(now);
        let there = envelope
            .at
            .map(|at| at <= now && now.since(at) >= GRACE_THERE);
        now.since(seen) >= GRACE || there == Some(true)
    }

    fn open(&self, envelope: &Envelope, pinned: &Pinned) -> Opened {
        let keys = peer_keys(&pinned.identity);
        seal::open(envelope, &self.us, pinned.opener.as_ref(), Some(&keys))
    }

    /// Reads a message of somebody whom no person accepted, by the key that the relay shows for
    /// them. `None` where it shows none: then nobody could answer.
    fn stranger(&self, envelope: &Envelope, id: &EnvelopeId) -> Option<Stranger> {
        let entry = self.entries().find(|entry| entry.name == envelope.from)?;
        let keys = entry.keys.ok()?;
        let between = ChannelBox::new(&self.own.secret, &keys.key).ok();
        let opened = seal::open(envelope, &self.us, between.as_ref(), Some(&keys));
        let who = self.somebody(entry);
        Some(Stranger {
            network: NetworkId::ClawTalk,
            account: Some(self.account),
            who,
            id: id.as_str().to_owned(),
            purpose: purpose(&opened),
            wrote: None,
        })
    }
}

/// Returns the beginning of what a stranger wrote.
fn purpose(opened: &Opened) -> PeerText {
    let text = match &opened.content {
        Content::Text(body) => body.body.expose_untrusted(),
        Content::Raw { reason, .. } => return PeerText::new(format!("({})", reason.sentence())),
    };
    let whole = text.char_indices();
    let fits = whole.take_while(|(at, letter)| at + letter.len_utf8() <= LONGEST_PURPOSE);
    let cut: String = fits.map(|(_, letter)| letter).collect();
    if cut.len() == text.len() {
        return PeerText::new(cut);
    }
    PeerText::new(format!("{cut}…"))
}

/// Tells whether a message is what the holder of the pinned key would have written.
fn fits(opened: &Opened) -> bool {
    let opens = !matches!(
        opened.content,
        Content::Raw {
            reason: RawReason::DoesNotOpen,
            ..
        }
    );
    opens && opened.provenance != Provenance::WrongSignature
}

fn arrived(envelope: &Envelope, opened: Opened) -> Arrived {
    let text = |text: &Option<crate::wire::clawtalk::JsText>| {
        text.as_ref()
            .filter(|text| !text.is_empty())
            .map(|text| PeerText::new(text.to_text()))
    };
    let audience = match &opened.content {
        _ if opened.broadcast => Audience::Everybody,
        Content::Text(body) => recipients_in(body),
        Content::Raw { .. } => Audience::One,
    };
    let routing = Routing {
        // What is none of the three wants no answer that anybody could find.
        kind: envelope.kind.unwrap_or(MessageKind::Notification),
        topic: text(&envelope.topic),
        correlation: text(&envelope.correlation),
        reply_to: text(&envelope.reply_to),
        answers: None,
        audience,
        remote_id: envelope.id.as_ref().map(|id| id.as_str().to_owned()),
        provenance: Some(opened.provenance),
        repeats: 0,
    };
    Arrived {
        seq: None,
        envelope: envelope.digest(&SCHEME),
        content: opened.content,
        original: None,
        routing: Some(routing),
    }
}

fn identity_of(keys: PeerKeys) -> IdentityKey {
    IdentityKey {
        key: keys.key,
        signing: keys.signing,
    }
}

#[cfg(test)]
mod tests;
