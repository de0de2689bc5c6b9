//! How the whole of an inbox is read from a relay that shows at most 100 messages at once. Pure.
//!
//! A relay of the original turns the order of its list around with every request, has no cursor
//! that could be used, and shows only messages that are later than a time. So pages are asked
//! for and kept whatever their order, but the time moves on only behind a page whose oldest
//! messages come first: behind one whose newest come first, older ones would be skipped. It
//! stays a millisecond behind the last message, because others may be of the same one.
//!
//! Where that comes to no end, what was read is enough for now: whoever stores and deletes it
//! and then reads again comes to the rest. What cannot be deleted yet is passed by going on from
//! where the reading ended: otherwise enough strangers could hide everybody else's messages.

use std::collections::HashMap;

use super::SCHEME;
use crate::crypto::sha256;
use crate::model::{Digest, UnixMillis};
use crate::wire::clawtalk::{Broken, Envelope, EnvelopeId};

/// Messages that a relay shows at once.
const FULL: usize = 100;

/// Requests for one reading. An inbox of the original holds 1000 messages; every second page is
/// in the wrong order.
const MOST_REQUESTS: u32 = 24;

/// An element of an inbox.
pub type Listed = Result<Envelope, Broken>;

/// A page to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Show only what is later than this.
    pub since: Option<UnixMillis>,
    /// Show no more than this many.
    pub limit: usize,
}

/// What an inbox holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// What was found, the oldest first, each once.
    pub messages: Vec<Listed>,
    /// Whether that is all. If not, delete these when they are stored, and read again.
    pub complete: bool,
    /// Where it ended: what is not later than this was read, or lies before where it began.
    pub read_to: Option<UnixMillis>,
}

/// A reading of an inbox: ask for [`Self::next`] and give the answer to [`Self::took`], until
/// there is nothing to ask for.
#[derive(Debug)]
pub struct Reading {
    found: HashMap<Key, Found>,
    since: Option<UnixMillis>,
    limit: usize,
    requests: u32,
    /// Elements that pages showed, the same one again among them.
    shown: usize,
    /// Full pages in a row that brought nothing, neither messages nor a later time.
    in_vain: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Complete,
    GivenUp,
}

/// By what a message is known while it is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Id(EnvelopeId),
    Content(Digest),
}

#[derive(Debug)]
struct Found {
    message: Listed,
    rank: Rank,
}

/// Order among messages of the same time. The order within a page that begins with the oldest
/// counts for more than that within another, which may lack some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    unsure: bool,
    place: usize,
}

/// The order of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    OldestFirst,
    NewestFirst,
    /// All of one time, or in no order.
    Unknown,
}

impl Default for Reading {
    fn default() -> Self {
        Self::new()
    }
}

impl Reading {
    /// Begins to read, from the beginning.
    pub fn new() -> Self {
        Self::from(None)
    }

    /// Goes on to read from where another reading ended.
    pub fn from(since: Option<UnixMillis>) -> Self {
        Self {
            found: HashMap::new(),
            since,
            limit: FULL,
            requests: 0,
            shown: 0,
            in_vain: 0,
            state: State::Reading,
        }
    }

    /// Returns what to ask for next; `None` at the end.
    pub fn next(&self) -> Option<Query> {
        (self.state == State::Reading).then_some(Query {
            since: self.since,
            limit: self.limit,
        })
    }

    /// Takes the answer to [`Self::next`].
    pub fn took(&mut self, mut page: Vec<Listed>) {
        self.requests += 1;
        let order = order(&page);
        let last = page.last().and_then(at);
        let is_last = page.len() < self.limit;
        if order == Order::NewestFirst {
            page.reverse();
        }
        let known = self.found.len();
        for message in page {
            self.keep(message, order);
        }
        if is_last {
            self.state = State::Complete;
            return;
        }
        let mut brought = self.found.len() > known;
        if order == Order::OldestFirst {
            // The last is later than the first, so this is later than what it was.
            self.since = last.map(|last| UnixMillis(last.0.saturating_sub(1)));
            brought = true;
        }
        self.in_vain = if brought { 0 } else { self.in_vain + 1 };
        // Twice: the order turns around between two.
        if self.in_vain >= 2 {
            self.state = State::GivenUp;
        }
        self.bound();
    }

    /// Notes that the answer was longer than anything that is read.
    pub fn too_long(&mut self) {
        self.requests += 1;
        if self.limit == 1 {
            self.state = State::GivenUp;
        }
        self.limit = (self.limit / 4).max(1);
        self.bound();
    }

    /// Notes that there was no answer. What was read before is as good as ever.
    pub fn failed(&mut self) {
        self.state = State::GivenUp;
    }

    /// Tells whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns what was read.
    pub fn finish(self) -> Inbox {
        let mut found: Vec<_> = self.found.into_values().collect();
        // What tells no time comes last.
        found.sort_by_key(|found| {
            let at = at(&found.message);
            (at.is_none(), at, found.rank)
        });
        Inbox {
            messages: found.into_iter().map(|found| found.message).collect(),
            complete: self.state == State::Complete,
            read_to: self.since,
        }
    }

    fn keep(&mut self, message: Listed, order: Order) {
        let rank = Rank {
            unsure: order != Order::OldestFirst,
            place: self.shown,
        };
        self.shown += 1;
        let found = self
            .found
            .entry(key(&message))
            .or_insert(Found { message, rank });
        if found.rank.unsure && !rank.unsure {
            found.rank = rank;
        }
    }

    fn bound(&mut self) {
        if self.requests >= MOST_REQUESTS {
            self.state = State::GivenUp;
        }
    }
}

fn key(message: &Listed) -> Key {
    let id = match message {
        Ok(envelope) => &envelope.id,
        Err(broken) => &broken.id,
    };
    match (id, message) {
        (Some(id), _) => Key::Id(id.clone()),
        (None, Ok(envelope)) => Key::Content(envelope.digest(&SCHEME)),
        (None, Err(broken)) => Key::Content(sha256(broken.text.expose_untrusted().as_bytes())),
    }
}

/// Returns when the relay took a message, where it says so.
pub fn at(message: &Listed) -> Option<UnixMillis> {
    match message {
        Ok(envelope) => envelope.at,
        Err(broken) => broken.at,
    }
}

fn order(page: &[Listed]) -> Order {
    let times: Option<Vec<_>> = page.iter().map(at).collect();
    let Some(times) = times else {
        return Order::Unknown;
    };
    let is_later = times.first() < times.last();
    if times.is_sorted() && is_later {
        Order::OldestFirst
    } else if times.is_sorted_by(|one, next| one >= next) && !times.is_sorted() {
        Order::NewestFirst
    } else {
        Order::Unknown
    }
}
