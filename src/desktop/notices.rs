//! Decides what a person is told of while they look elsewhere.
//!
//! Pure: everything that waits now goes in, with the settings, the time and what is on screen;
//! what to tell comes out. It is asked after each frame, so it knows what was drawn. Start with
//! [`Notices::look`].
//!
//! Must not: read a clock, know how somebody is told, or hold a peer's words.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Channel, ChannelId, Occasion, ReviewItem, ReviewKind, UnixMillis};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// How much a person is told. Each one tells what those before it do, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Nothing,
    /// What has to be decided.
    Decisions,
    /// New messages too.
    New,
    /// What was settled without them too.
    All,
}

/// Hours of every day in which only what expires in them is told, in minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When they begin, below 1440.
    pub from: u16,
    /// When they end, below 1440.
    pub until: u16,
}

impl Quiet {
    /// Returns the minutes that are left of them at this minute of the day; `None` outside.
    fn left(self, minute: u16) -> Option<u16> {
        let inside = if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        };
        inside.then(|| (self.until + DAY - minute) % DAY)
    }
}

/// What a person set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// How much they are told.
    pub level: Level,
    /// When they want to be left alone.
    pub quiet: Option<Quiet>,
}

/// A moment, and the minute of the day that a clock on the wall shows then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub now: UnixMillis,
    /// Minutes since local midnight.
    pub minute: u16,
}

impl Moment {
    /// Returns a moment as a clock in a zone shows it.
    pub fn of(now: UnixMillis, zone: &TimeZone) -> Self {
        let local = Timestamp::from_millisecond(now.0);
        let local = local.map(|at| at.to_zoned(zone.clone()));
        let minute = local.map(|at| i16::from(at.hour()) * 60 + i16::from(at.minute()));
        Self {
            now,
            minute: minute
                .ok()
                .and_then(|minute| minute.try_into().ok())
                .unwrap_or(0),
        }
    }
}

/// What something is, for the words about it. The order is that of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// The key of a peer changed.
    Key,
    /// A draft of the assistant's waits.
    Draft,
    /// A message waits.
    Held,
    /// Somebody wants a channel.
    Contact,
    /// So many messages arrived.
    New(u32),
    /// So much was settled without the person since midnight.
    Settled(u32),
}

impl Sort {
    fn of(kind: &ReviewKind) -> Self {
        match kind {
            ReviewKind::KeyChange { .. } => Self::Key,
            ReviewKind::ContactRequest { .. } => Self::Contact,
            ReviewKind::HeldMessage { .. } => Self::Held,
            ReviewKind::HeldDraft { .. } => Self::Draft,
        }
    }

    /// Returns the level from which on it is told.
    fn level(self) -> Level {
        match self {
            Self::Key | Self::Draft | Self::Held | Self::Contact => Level::Decisions,
            Self::New(_) => Level::New,
            Self::Settled(_) => Level::All,
        }
    }
}

/// Something that is there now and that a person could be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which one.
    pub occasion: Occasion,
    /// What it is.
    pub sort: Sort,
    /// The channel it is about, where it is about one.
    pub channel: Option<ChannelId>,
    /// When it counts as refused.
    pub expires: Option<UnixMillis>,
    /// Whether they muted its channel.
    pub muted: bool,
    /// Until when they put it off.
    pub snoozed: Option<UnixMillis>,
    /// Whether they see it on a screen that they look at.
    pub on_screen: bool,
}

/// Everything that is there at a moment, as the engine tells it, and what of it is on a screen
/// that somebody looks at.
#[derive(Clone, Copy, Debug)]
pub struct There<'a> {
    /// What needs a person.
    pub needs: &'a [ReviewItem],
    /// All channels.
    pub channels: &'a [Channel],
    /// Messages that left alone, and drafts that were refused or expired, since midnight.
    pub settled: (u32, u32),
    /// Whether the person sees what needs them.
    pub sees_needs: bool,
    /// Whether they see what is new in channels.
    pub sees_channels: bool,
}

impl There<'_> {
    /// Returns what of it a person could be told of.
    pub fn candidates(&self, now: UnixMillis) -> Vec<Candidate> {
        let muted: HashSet<ChannelId> = self
            .channels
            .iter()
            .filter(|channel| channel.is_muted(now))
            .map(|channel| channel.id)
            .collect();
        let needs = self.needs.iter().map(|item| Candidate {
            occasion: Occasion::Need { item: item.id },
            sort: Sort::of(&item.kind),
            channel: Some(item.channel),
            expires: expires(&item.kind),
            muted: muted.contains(&item.channel),
            snoozed: item.snoozed.map(|snoozed| snoozed.until),
            on_screen: self.sees_needs,
        });
        let news = self.channels.iter().filter_map(|channel| {
            let occasion = Occasion::New {
                channel: channel.id,
                at: channel.news_at?,
            };
            let muted = muted.contains(&channel.id);
            Some(self.on_main(occasion, Sort::New(channel.news), Some(channel.id), muted))
        });
        let (alone, refused) = self.settled;
        let settled = (alone + refused > 0).then(|| {
            let occasion = Occasion::Settled { alone, refused };
            self.on_main(occasion, Sort::Settled(alone + refused), None, false)
        });
        needs.chain(news).chain(settled).collect()
    }

    fn on_main(
        &self,
        occasion: Occasion,
        sort: Sort,
        channel: Option<ChannelId>,
        muted: bool,
    ) -> Candidate {
        Candidate {
            occasion,
            sort,
            channel,
            muted,
            expires: None,
            snoozed: None,
            on_screen: self.sees_channels,
        }
    }
}

fn expires(kind: &ReviewKind) -> Option<UnixMillis> {
    match kind {
        ReviewKind::HeldDraft { expires, .. } => Some(*expires),
        ReviewKind::KeyChange { .. }
        | ReviewKind::ContactRequest { .. }
        | ReviewKind::HeldMessage { .. } => None,
    }
}

/// What a person is to be told in one piece: all of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The channel; `None` for what is about none.
    pub channel: Option<ChannelId>,
    /// What it is about, never empty.
    pub about: Vec<(Occasion, Sort)>,
    /// When the first of it counts as refused.
    pub expires: Option<UnixMillis>,
}

impl Notice {
    /// Leaves what nobody else took on; `None` if that is nothing.
    #[must_use]
    pub fn only(mut self, granted: &[Occasion]) -> Option<Self> {
        self.about
            .retain(|(occasion, _)| granted.contains(occasion));
        (!self.about.is_empty()).then_some(self)
    }

    /// Returns the first thing that it is about.
    pub fn first(&self) -> Option<Occasion> {
        self.about.first().map(|(occasion, _)| *occasion)
    }

    /// Returns a number for its channel, so that a later notice can take its place.
    pub fn id(channel: Option<ChannelId>) -> u64 {
        channel.map_or(0, |channel| channel.0.unsigned_abs())
    }
}

/// What came of a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What to tell now.
    pub tell: Vec<Notice>,
    /// What they see by themselves.
    pub seen: Vec<Occasion>,
    /// Channels of which nothing that was told waits unseen any more.
    pub close: Vec<Option<ChannelId>>,
    /// When to look again at the latest, though nothing changes.
    pub next: Option<UnixMillis>,
}

/// What was told, and what needs no telling.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    began: bool,
    /// What was told, seen or let go, as long as it is there.
    done: HashSet<Occasion>,
    /// When each channel was last told of.
    last: HashMap<Option<ChannelId>, UnixMillis>,
    /// What was told of each channel and may still stand on a desktop.
    open: HashMap<Option<ChannelId>, HashSet<Occasion>>,
}

impl Notices {
    /// Looks at everything that is there now. The first look tells nothing: what waited before
    /// is summed up elsewhere.
    pub fn look(&mut self, wishes: Wishes, at: Moment, there: &[Candidate]) -> Outcome {
        let mut outcome = Outcome::default();
        let known: HashSet<_> = there.iter().map(|candidate| candidate.occasion).collect();
        self.done.retain(|occasion| known.contains(occasion));
        let first = !std::mem::replace(&mut self.began, true);
        let mut due: BTreeMap<Option<ChannelId>, Vec<&Candidate>> = BTreeMap::new();
        for candidate in there {
            if let Some(until) = candidate.snoozed.filter(|until| *until > at.now) {
                // It comes back when they said, and is then told like something new.
                self.done.remove(&candidate.occasion);
                sooner(&mut outcome.next, until);
                continue;
            }
            if self.done.contains(&candidate.occasion) {
                continue;
            }
            let unwanted = candidate.muted || candidate.sort.level() > wishes.level;
            if first || unwanted || candidate.on_screen {
                self.done.insert(candidate.occasion);
                if candidate.on_screen {
                    outcome.seen.push(candidate.occasion);
                }
                continue;
            }
            match self.waits_until(wishes, at, candidate) {
                Some(until) => sooner(&mut outcome.next, until),
                None => due.entry(candidate.channel).or_default().push(candidate),
            }
        }
        for (channel, candidates) in due {
            self.last.insert(channel, at.now);
            let told = candidates.iter().map(|candidate| candidate.occasion);
            self.done.extend(told.clone());
            self.open.entry(channel).or_default().extend(told);
            outcome.tell.push(notice(channel, &candidates));
        }
        outcome.close = self.closed(there);
        outcome
    }

    /// Takes back what of these was not told, because another screen told of its channel a
    /// moment ago. Returns when to look again.
    pub fn put_off(
        &mut self,
        asked: &[Notice],
        waits: &[(Occasion, UnixMillis)],
    ) -> Option<UnixMillis> {
        let mut next = None;
        for (what, until) in waits {
            let about = |notice: &&Notice| notice.about.iter().any(|(own, _)| own == what);
            let Some(notice) = asked.iter().find(about) else {
                continue;
            };
            self.done.remove(what);
            if let Some(told) = self.open.get_mut(&notice.channel) {
                told.remove(what);
            }
            self.last
                .insert(notice.channel, until.before(Occasion::BETWEEN));
            sooner(&mut next, *until);
        }
        next
    }

    /// Returns until when something is not told yet; `None` if it is told now.
    fn waits_until(&self, wishes: Wishes, at: Moment, what: &Candidate) -> Option<UnixMillis> {
        let quiet = wishes.quiet.and_then(|quiet| quiet.left(at.minute));
        if let Some(left) = quiet {
            let minutes = Duration::from_secs(u64::from(left) * 60);
            let end = at.now.after(minutes);
            if what.expires.is_none_or(|expires| expires >= end) {
                return Some(end);
            }
        }
        let last = self.last.get(&what.channel)?;
        Some(last.after(Occasion::BETWEEN)).filter(|until| *until > at.now)
    }

    /// Forgets what is gone or was seen, and names the channels of which nothing is left.
    fn closed(&mut self, there: &[Candidate]) -> Vec<Option<ChannelId>> {
        let unseen: HashSet<_> = there
            .iter()
            .filter(|candidate| !candidate.on_screen)
            .map(|candidate| candidate.occasion)
            .collect();
        let mut closed = Vec::new();
        self.open.retain(|channel, told| {
            told.retain(|occasion| unseen.contains(occasion));
            if told.is_empty() {
                closed.push(*channel);
            }
            !told.is_empty()
        });
        closed.sort_unstable();
        closed
    }
}

fn sooner(next: &mut Option<UnixMillis>, at: UnixMillis) {
    *next = Some(next.map_or(at, |next| next.min(at)));
}

fn notice(channel: Option<ChannelId>, candidates: &[&Candidate]) -> Notice {
    let about = candidates.iter();
    let mut about: Vec<_> = about.map(|what| (what.occasion, what.sort)).collect();
    about.sort_unstable_by_key(|(occasion, sort)| (*sort, *occasion));
    Notice {
        channel,
        about,
        expires: candidates.iter().filter_map(|what| what.expires).min(),
    }
}

#[cfg(test)]
mod tests;
