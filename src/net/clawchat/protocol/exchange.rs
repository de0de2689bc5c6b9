//! The peer exchange PX-1: whom we tell of where, and what we make of what we are told. Pure.
//!
//! Nothing in PX-1 is signed, and the real program believes and passes on all of it. Here:
//!
//! - only the peer of a session that a person wants is told anything, or heard;
//! - somebody is named to others only while they announce themselves here, which a real gateway
//!   does where it is public, and only at addresses that a dial and a handshake proved;
//! - what we are told is a candidate to dial. It is never kept beyond this struct, never put in
//!   the place of what a person entered, and worth nothing before a handshake proved it;
//! - every question is answered at once: a real gateway that gets no answer stops running.

use std::collections::HashMap;
use std::time::Duration;

use super::{Reach, Remote, Us};
use crate::crypto::stacks::Principal;
use crate::model::{UnixMillis, Visibility};
use crate::wire::clawchat::{Entry, MOST_ADDRESSES, NodeId, Px, RequestId, node_of};

/// How long an announcement counts: as in the real program, which repeats it every minute.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How often the peer of a session may push.
const PUSH_EVERY: Duration = Duration::from_secs(10);
/// How often we push to a peer: as the real program does.
pub const OUR_PUSH_EVERY: Duration = Duration::from_secs(60);
/// Most entries that we push: as the real program does.
const MOST_PUSHED: usize = 20;
/// Most candidates that are kept, of all peers and of one.
const MOST_CANDIDATES: usize = 256;
const MOST_OF_ONE: usize = 32;
/// Most peers who announced themselves that are kept.
const MOST_ANNOUNCED: usize = 256;
/// How long a candidate is kept.
const CANDIDATE: Duration = Duration::from_secs(60 * 60);

/// Somewhere that somebody could be reached, as somebody said. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who would be there.
    pub principal: Principal,
    /// With which node.
    pub node: NodeId,
    /// Where: 1 to 8 multiaddrs that end in that node.
    pub addresses: Vec<String>,
    /// Who says so.
    pub from: Principal,
    /// When they said so.
    pub at: UnixMillis,
}

impl Candidate {
    /// Tells whether whoever is meant said it of themselves.
    pub fn is_own(&self) -> bool {
        self.from == self.principal
    }
}

/// What a frame came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// What to write on the same stream before closing it.
    pub reply: Option<Vec<u8>>,
    /// How many candidates are new.
    pub candidates: usize,
}

/// What is known of somebody who announced themselves.
#[derive(Clone, Debug)]
struct Announced {
    node: NodeId,
    addresses: Vec<String>,
    at: UnixMillis,
}

/// What one identity knows by way of PX-1. It lives in memory alone.
#[derive(Debug)]
pub struct Exchange {
    us: Principal,
    node: NodeId,
    visibility: Visibility,
    addresses: Vec<String>,
    announced: HashMap<Principal, Announced>,
    /// Addresses where a handshake proved who is there.
    proven: HashMap<Principal, Vec<String>>,
    /// What others say of third parties, the oldest first.
    candidates: Vec<Candidate>,
    pushed: HashMap<Principal, UnixMillis>,
}

impl Exchange {
    /// Begins, knowing nobody.
    pub fn new(us: &Us, visibility: Visibility) -> Self {
        Self {
            us: us.principal,
            node: NodeId(us.node_key),
            visibility,
            addresses: Vec::new(),
            announced: HashMap::new(),
            proven: HashMap::new(),
            candidates: Vec::new(),
            pushed: HashMap::new(),
        }
    }

    /// Takes another visibility from now on.
    pub fn set_visibility(&mut self, visibility: Visibility) {
        self.visibility = visibility;
    }

    /// Takes the addresses where we can be reached, with or without our node at their end.
    pub fn set_addresses(&mut self, addresses: impl IntoIterator<Item = String>) {
        let node = self.node;
        let whole = addresses.into_iter().filter_map(|address| {
            let whole = match node_of(&address) {
                Some(_) => address,
                None => format!("{address}/p2p/{node}"),
            };
            (node_of(&whole) == Some(node)).then_some(whole)
        });
        self.addresses = whole.collect();
    }

    /// Returns the frame to push to the peer of a session, whom we reach like this; nothing where
    /// there is nothing that they may know.
    pub fn push(&self, to: &Remote, reach: Reach, now: UnixMillis) -> Option<Vec<u8>> {
        if self.visibility != Visibility::Public {
            return None;
        }
        let ours = self.our_entry(reach, now);
        let others = self.announced.keys();
        let others = others.filter(|who| **who != to.principal);
        let others = others.filter_map(|who| self.entry_of(who, reach, now));
        let entries: Vec<_> = ours.into_iter().chain(others).take(MOST_PUSHED).collect();
        (!entries.is_empty()).then(|| Px::Push(entries).encode())
    }

    /// Takes a frame of somebody whom we reach like this; `from` is absent unless they have a
    /// session that a person wants. A question is answered in any case.
    pub fn receive(
        &mut self,
        frame: &[u8],
        from: Option<&Remote>,
        reach: Reach,
        now: UnixMillis,
    ) -> Answered {
        match Px::decode(frame) {
            Ok(Px::Resolve { principal, id }) => Answered {
                reply: Some(self.answer(&principal, id, from, reach, now)),
                candidates: 0,
            },
            Ok(Px::Push(entries)) => Answered {
                reply: None,
                candidates: from.map_or(0, |from| self.take_push(&entries, from, reach, now)),
            },
            // Answers come on streams of ours.
            Ok(Px::Answer { .. }) => Answered::default(),
            Err(_) => Answered {
                reply: Px::id_of_question(frame).map(nobody),
                candidates: 0,
            },
        }
    }

    /// Returns the frame that asks a peer where somebody is, and the id that its answer has.
    /// Nothing where we keep to ourselves whom we look for.
    pub fn question(&self, who: &Principal, random: [u8; 16]) -> Option<(RequestId, Vec<u8>)> {
        if self.visibility == Visibility::Stealth {
            return None;
        }
        let id = RequestId::from_random(random);
        let question = Px::Resolve {
            principal: who.to_string(),
            id: id.clone(),
        };
        Some((id, question.encode()))
    }

    /// Takes the answer to a question; tells whether there is a new candidate.
    pub fn resolved(
        &mut self,
        frame: &[u8],
        asked: (&Principal, &RequestId),
        from: &Remote,
        reach: Reach,
        now: UnixMillis,
    ) -> bool {
        let (who, question) = asked;
        let Ok(Px::Answer { id, peer, .. }) = Px::decode(frame) else {
            return false;
        };
        let candidate = peer
            .filter(|_| id == *question)
            .and_then(|entry| self.read_entry(&entry, from, reach, now))
            .filter(|candidate| candidate.principal == *who);
        candidate.is_some_and(|candidate| self.keep(candidate))
    }

    /// Returns where somebody could be, what they said themselves first, then the newest.
    pub fn candidates(&self, who: &Principal, now: UnixMillis) -> Vec<Candidate> {
        let own = self.announced.get(who).map(|announced| Candidate {
            principal: *who,
            node: announced.node,
            addresses: announced.addresses.clone(),
            from: *who,
            at: announced.at,
        });
        let others = self
            .candidates
            .iter()
            .rev()
            .filter(|one| one.principal == *who);
        let all = own.into_iter().chain(others.cloned());
        all.filter(|one| now.since(one.at) < CANDIDATE).collect()
    }

    /// Takes it that we dialled this address, and that a handshake proved who is there. Only now
    /// may others be told of it, if they announce themselves.
    pub fn prove(&mut self, remote: &Remote, address: &str) {
        if node_of(address) != Some(NodeId(remote.node_key)) {
            return;
        }
        self.candidates
            .retain(|one| one.principal != remote.principal || one.from == remote.principal);
        if self.proven.len() >= MOST_ANNOUNCED && !self.proven.contains_key(&remote.principal) {
            return;
        }
        let proven = self.proven.entry(remote.principal).or_default();
        if !proven.iter().any(|known| known == address) {
            proven.push(address.to_owned());
        }
        if proven.len() > MOST_ADDRESSES {
            proven.remove(0);
        }
    }

    /// Forgets somebody whom a person does not want any more.
    pub fn forget(&mut self, who: &Principal) {
        self.announced.remove(who);
        self.proven.remove(who);
        self.pushed.remove(who);
        self.candidates
            .retain(|one| one.principal != *who && one.from != *who);
    }

    fn answer(
        &self,
        who: &str,
        id: RequestId,
        from: Option<&Remote>,
        reach: Reach,
        now: UnixMillis,
    ) -> Vec<u8> {
        let may_know = self.visibility == Visibility::Public && from.is_some();
        let who = Principal::parse(who).filter(|_| may_know);
        let peer = who.and_then(|who| {
            if who == self.us {
                self.our_entry(reach, now)
            } else {
                self.entry_of(&who, reach, now)
            }
        });
        Px::Answer {
            id,
            peer,
            error: None,
        }
        .encode()
    }

    fn our_entry(&self, reach: Reach, now: UnixMillis) -> Option<Entry> {
        let seen = self.addresses.iter().filter(|one| reach.may_see(one));
        entry(self.us, self.node, seen.cloned().collect(), now)
    }

    /// Returns what others may be told of somebody: where they announced themselves, as far as it
    /// is proven, while the announcement is fresh.
    fn entry_of(&self, who: &Principal, reach: Reach, now: UnixMillis) -> Option<Entry> {
        let (announced, proven) = (self.announced.get(who)?, self.proven.get(who)?);
        if now.since(announced.at) >= FRESH {
            return None;
        }
        let both = announced.addresses.iter();
        let both = both.filter(|address| proven.contains(address) && reach.may_see(address));
        entry(*who, announced.node, both.cloned().collect(), announced.at)
    }

    fn take_push(
        &mut self,
        entries: &[Entry],
        from: &Remote,
        reach: Reach,
        now: UnixMillis,
    ) -> usize {
        self.pushed.retain(|_, at| now.since(*at) < PUSH_EVERY);
        if self.pushed.contains_key(&from.principal) || self.pushed.len() >= MOST_ANNOUNCED {
            return 0;
        }
        self.pushed.insert(from.principal, now);
        let entries = entries.iter();
        let read: Vec<_> = entries
            .filter_map(|entry| self.read_entry(entry, from, reach, now))
            .collect();
        read.into_iter()
            .filter(|candidate| self.keep(candidate.clone()))
            .count()
    }

    /// Reads an entry that could be true; nothing of ours, of another network, or of a node that
    /// is not told.
    fn read_entry(
        &self,
        entry: &Entry,
        from: &Remote,
        reach: Reach,
        now: UnixMillis,
    ) -> Option<Candidate> {
        let principal = Principal::parse(&entry.principal)?;
        let nodes = entry
            .addresses
            .iter()
            .filter_map(|address| node_of(address));
        let node = entry.node.or_else(|| nodes.clone().next())?;
        let is_own = principal == from.principal;
        if principal == self.us
            || principal.network() != self.us.network()
            || node == self.node
            || (is_own && node != NodeId(from.node_key))
        {
            return None;
        }
        let addresses = entry.addresses.iter();
        let addresses: Vec<_> = addresses
            .filter(|address| node_of(address) == Some(node) && reach.may_see(address))
            .cloned()
            .collect();
        (!addresses.is_empty()).then_some(Candidate {
            principal,
            node,
            addresses,
            from: from.principal,
            at: now,
        })
    }

    /// Keeps a candidate; tells whether it says anything new.
    fn keep(&mut self, candidate: Candidate) -> bool {
        if candidate.is_own() {
            return self.keep_own(candidate);
        }
        let now = candidate.at;
        let same = |one: &Candidate| {
            (one.principal, one.from, one.node)
                == (candidate.principal, candidate.from, candidate.node)
        };
        let before = self.candidates.iter().position(same);
        let before = before.map(|place| self.candidates.remove(place));
        self.candidates.retain(|one| now.since(one.at) < CANDIDATE);
        let of_one = |one: &Candidate| one.from == candidate.from;
        if self.candidates.iter().filter(|one| of_one(one)).count() >= MOST_OF_ONE {
            // Whoever says too much pushes out what they said before, and nobody else's.
            if let Some(oldest) = self.candidates.iter().position(of_one) {
                self.candidates.remove(oldest);
            }
        } else if self.candidates.len() >= MOST_CANDIDATES {
            self.candidates.remove(0);
        }
        let is_new = before.is_none_or(|before| before.addresses != candidate.addresses);
        self.candidates.push(candidate);
        is_new
    }

    fn keep_own(&mut self, candidate: Candidate) -> bool {
        let before = self.announced.get(&candidate.principal);
        let is_new = before.is_none_or(|before| before.addresses != candidate.addresses);
        if self.announced.len() >= MOST_ANNOUNCED && before.is_none() {
            let oldest = self
                .announced
                .iter()
                .min_by_key(|(_, announced)| announced.at);
            if let Some(oldest) = oldest.map(|(who, _)| *who) {
                self.announced.remove(&oldest);
                self.proven.remove(&oldest);
            }
        }
        self.announced.insert(
            candidate.principal,
            Announced {
                node: candidate.node,
                addresses: candidate.addresses,
                at: candidate.at,
            },
        );
        is_new
    }
}

/// Writes an entry; nothing where no address is left of it.
fn entry(
    who: Principal,
    node: NodeId,
    mut addresses: Vec<String>,
    seen: UnixMillis,
) -> Option<Entry> {
    addresses.truncate(MOST_ADDRESSES);
    (!addresses.is_empty()).then(|| Entry {
        principal: who.to_string(),
        node: Some(node),
        addresses,
        last_seen: u64::try_from(seen.0).unwrap_or(0),
    })
}

/// Answers a question with nobody.
fn nobody(id: RequestId) -> Vec<u8> {
    Px::Answer {
        id,
        peer: None,
        error: None,
    }
    .encode()
}

#[cfg(test)]
mod tests;
