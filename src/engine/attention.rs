//! What a person wants to be told of, what they put off, and what happened while they were away.
//!
//! Nothing here changes what enters or leaves. Start with [`Core::catch_up`].

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::api::{
    Alone, CatchUp, ChannelNews, ChannelRef, Claimed, DayNews, Error, Event, LastSent, Overview,
    Reply, Request,
};
use crate::model::{
    ChannelId, Content, Delivery, Evidence, LogEntry, Message, MessageId, Occasion, PeerText, Rest,
    ReviewId, Snoozed, UnixMillis,
};
use crate::policy::rules::{DraftHold, Drafts, InboundHold, Rules};
use crate::store::attention::{self, Arrival, Logged};
use crate::store::{self, messages, review};

use super::core::Core;
use super::engagement::in_force;
use super::local_time::{midnight, tomorrow};

/// How far back it is told what happened.
const FARTHEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long before its end a draft that was put off comes back.
const LAST_CALL: Duration = Duration::from_secs(5 * 60);
/// Longest time that anything rests, other than for good.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// What is remembered of what a person was told of.
const REMEMBERED: usize = 4096;
/// Decisions that an overview names.
const DECISIONS: u32 = 3;

impl Core {
    /// Carries out a request of those that this file is about.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`Core::carry_out` names every request"
    )]
    pub(super) fn attend(&mut self, request: Request) -> Result<Reply, Error> {
        match request {
            Request::DigestRead { up_to } => self.digest_read(up_to),
            Request::Mute { channel, rest } => self.mute(&channel, rest),
            Request::Snooze { item, rest } => self.snooze(item, rest),
            Request::Looked => self.looked(),
            Request::CatchUp { since } => self.catch_up(since),
            Request::Overview { channel } => self.overview(channel),
            Request::Claim { occasions, seen } => self.claim(&occasions, seen),
            _ => Err(Error::BadRequest("answered elsewhere".to_owned())),
        }
    }

    fn mute(&mut self, reference: &ChannelRef, rest: Option<Rest>) -> Result<Reply, Error> {
        let id = self.find(reference)?.channel.id;
        let until = rest.map(|rest| self.end_of(rest)).transpose()?;
        let tx = self.store.write()?;
        attention::set_muted(&tx, id, until)?;
        tx.commit()?;
        self.tell(Event::Channels);
        Ok(Reply::Rests(until))
    }

    fn snooze(&mut self, item: ReviewId, rest: Option<Rest>) -> Result<Reply, Error> {
        let stored = review::by_id(&self.store, item)?.ok_or(Error::NothingToDecide)?;
        let snoozed = match rest {
            Some(rest) => Some(self.put_off(&stored, rest)?),
            None => None,
        };
        let tx = self.store.write()?;
        if !attention::set_snoozed(&tx, item, snoozed)? {
            return Err(Error::NothingToDecide);
        }
        tx.commit()?;
        self.tell(Event::NeedsYou);
        Ok(Reply::Rests(snoozed.map(|snoozed| snoozed.until)))
    }

    /// Returns until when an item rests: never past the last minutes of its own time.
    fn put_off(&self, stored: &review::Item, rest: Rest) -> Result<Snoozed, Error> {
        let message = match stored.message {
            Some(id) => messages::by_id(&self.store, id)?,
            None => None,
        };
        let expires = message.and_then(|message| match message.delivery {
            Some(Delivery::Held { expires, .. }) => Some(expires),
            _ => None,
        });
        let end = self.end_of(rest)?;
        let last_call = expires.map_or(end, |expires| expires.before(LAST_CALL));
        let until = end.min(last_call);
        if until <= self.now() {
            let little = "there is too little left of its time to put it off";
            return Err(Error::BadRequest(little.to_owned()));
        }
        Ok(Snoozed {
            until,
            they_write: rest == Rest::Open,
        })
    }

    fn end_of(&self, rest: Rest) -> Result<UnixMillis, Error> {
        let now = self.now();
        match rest {
            Rest::For(seconds) => {
                let span = Duration::from_secs(seconds.into());
                if span.is_zero() || span > LONGEST {
                    let possible = "how long is from a second to a year";
                    return Err(Error::BadRequest(possible.to_owned()));
                }
                Ok(now.after(span))
            }
            Rest::Tomorrow => Ok(tomorrow(now)),
            Rest::Open => Ok(UnixMillis::FAR),
        }
    }

    fn digest_read(&mut self, up_to: MessageId) -> Result<Reply, Error> {
        let tx = self.store.write()?;
        if attention::mark_digest_read(&tx, up_to)? > 0 {
            tx.commit()?;
            self.tell(Event::Channels);
        }
        Ok(Reply::Done)
    }

    fn looked(&mut self) -> Result<Reply, Error> {
        let now = self.now();
        let tx = self.store.write()?;
        attention::set_looked_at(&tx, now)?;
        tx.commit()?;
        Ok(Reply::Done)
    }

    fn catch_up(&self, since: Option<UnixMillis>) -> Result<Reply, Error> {
        let since = match since {
            Some(since) => Some(since),
            None => attention::looked_at(&self.store)?,
        };
        let farthest = self.now().before(FARTHEST);
        let after = since.unwrap_or(farthest).max(farthest);
        let arrived = attention::arrived(&self.store, after)?;
        let logged = attention::logged(&self.store, after)?;
        let mut news = fold(&arrived, &logged);
        for told in &mut news {
            told.name = self.find(&ChannelRef::Id(told.channel))?.channel.name;
        }
        Ok(Reply::CatchUp(Box::new(CatchUp {
            since,
            channels: news,
            days: days(&arrived, &logged, midnight),
        })))
    }

    fn overview(&self, id: ChannelId) -> Result<Reply, Error> {
        let channel = self.find(&ChannelRef::Id(id))?.channel;
        let force = in_force(&self.profile, &channel, self.now());
        let midnight = midnight(self.now());
        let (alone_today, held_today) = attention::by_rule(&self.store, id, midnight)?;
        let last = attention::last_sent(&self.store, id)?;
        let decisions = attention::decisions(&self.store, id, DECISIONS)?;
        Ok(Reply::Overview(Box::new(Overview {
            channel: id,
            in_force: force.instead,
            alone: alone_words(&force.rules),
            hours: hours_words(&force.rules),
            holds_out: holds_out_words(&force.rules),
            holds_in: holds_in_words(&force.rules),
            alone_today,
            held_today,
            gaps: attention::gaps(&self.store, id)?,
            outbox: attention::outbox(&self.store, id)?,
            last_sent: last.and_then(last_sent),
            decisions: decisions.into_iter().map(without_texts).collect(),
        })))
    }

    /// Notes what a person is told of, or sees; returns what they were not told of before, with
    /// how long it has to wait where they were just told of its channel.
    fn claim(&mut self, occasions: &[Occasion], seen: Vec<Occasion>) -> Result<Reply, Error> {
        if self.told.len() + occasions.len() + seen.len() > REMEMBERED {
            // Whoever asks knows for itself what it told; this is for the others.
            self.told.clear();
        }
        self.told.extend(seen);
        let now = self.now();
        self.told_at
            .retain(|_, at| at.after(Occasion::BETWEEN) > now);
        // What is asked for together is told together.
        let mut told_now = HashSet::new();
        let mut granted = Vec::new();
        for occasion in occasions {
            if self.told.contains(occasion) {
                continue;
            }
            let channel = self.told_of(*occasion)?;
            let before = self.told_at.get(&channel);
            let wait = before.map(|at| at.after(Occasion::BETWEEN));
            if wait.is_none() {
                self.told.insert(*occasion);
                told_now.insert(channel);
            }
            let text = if wait.is_none() {
                self.text_of(*occasion)?
            } else {
                None
            };
            granted.push(Claimed {
                occasion: *occasion,
                unsafe_text: text,
                wait,
            });
        }
        let told_now = told_now.into_iter().map(|channel| (channel, now));
        self.told_at.extend(told_now);
        Ok(Reply::Claimed(granted))
    }

    /// Returns the channel that a notice about something counts for; `None` where it is about
    /// none.
    fn told_of(&self, occasion: Occasion) -> Result<Option<ChannelId>, store::Error> {
        Ok(match occasion {
            Occasion::Need { item } => review::by_id(&self.store, item)?.map(|item| item.channel),
            Occasion::New { channel, .. } => Some(channel),
            Occasion::Settled { .. } => None,
        })
    }

    fn text_of(&self, occasion: Occasion) -> Result<Option<PeerText>, store::Error> {
        let message = match occasion {
            Occasion::Need { item } => {
                let message = review::by_id(&self.store, item)?.and_then(|item| item.message);
                match message {
                    Some(id) => messages::by_id(&self.store, id)?,
                    None => None,
                }
            }
            Occasion::New { channel, .. } => attention::last_new(&self.store, channel)?,
            Occasion::Settled { .. } => None,
        };
        Ok(message.and_then(|message| match message.content {
            Content::Text(body) => Some(body.body),
            Content::Raw { .. } => None,
        }))
    }
}

/// The list is for a glance: who did what, and when.
fn without_texts(entry: LogEntry) -> LogEntry {
    LogEntry {
        draft: None,
        sent: None,
        evidence: Evidence {
            message: entry.evidence.message,
            rule: entry.evidence.rule,
            ..Evidence::default()
        },
        ..entry
    }
}

fn last_sent(message: Message) -> Option<LastSent> {
    Some(LastSent {
        message: message.id,
        author: message.author,
        at: message.at,
        delivery: message.delivery?,
    })
}

fn alone_words(rules: &Rules) -> String {
    match (rules.drafts, rules.alone_per_day, rules.alone_per_hour) {
        (Drafts::Held, ..) => "nothing".to_owned(),
        (Drafts::Alone, None, None) => "what nothing holds".to_owned(),
        (Drafts::Alone, Some(day), Some(hour)) => format!("{day} a day, {hour} an hour"),
        (Drafts::Alone, Some(day), None) => format!("{day} a day"),
        (Drafts::Alone, None, Some(hour)) => format!("{hour} an hour"),
    }
}

/// The value of the row that the editor has for it.
fn hours_words(rules: &Rules) -> String {
    let row = |key: &str| rules.rows().into_iter().find(|row| row.key == key);
    let hours = row("hours").map_or_else(String::new, |row| row.value);
    match rules.time_zone.as_str() {
        "local" => hours,
        zone => format!("{hours} {zone}"),
    }
}

fn holds_out_words(rules: &Rules) -> String {
    if rules.drafts == Drafts::Held {
        return "every draft".to_owned();
    }
    let holds = |hold: &DraftHold| rules.hold_in_drafts.contains(hold);
    let personal = DraftHold::PERSONAL.iter().all(holds);
    let mut words: Vec<&str> = Vec::new();
    for hold in DraftHold::ALL.iter().filter(|hold| holds(hold)) {
        if personal && DraftHold::PERSONAL.contains(hold) {
            if !words.contains(&"personal") {
                words.push("personal");
            }
        } else {
            words.push(hold.as_str());
        }
    }
    if words.is_empty() {
        return "nothing".to_owned();
    }
    words.join(" ")
}

fn holds_in_words(rules: &Rules) -> String {
    let signals = match rules.inbound {
        InboundHold::All => return "every message".to_owned(),
        InboundHold::AnySignal => "any signal",
        InboundHold::Medium => "medium or worse",
        InboundHold::High => "high or worse",
        InboundHold::Off => "nothing",
    };
    match (rules.hold_first_message, rules.inbound) {
        (true, InboundHold::Off) => "the first message".to_owned(),
        (true, _) => format!("{signals}, the first"),
        (false, _) => signals.to_owned(),
    }
}

/// Sums up what happened by channel, the latest first. Names are filled in by the caller.
fn fold(arrived: &[Arrival], logged: &[Logged]) -> Vec<ChannelNews> {
    let mut all: BTreeMap<ChannelId, ChannelNews> = BTreeMap::new();
    let mut of = |channel: ChannelId, at: UnixMillis, note: &mut dyn FnMut(&mut ChannelNews)| {
        let news = all.entry(channel).or_insert_with(|| nothing_of(channel));
        news.last = news.last.max(at);
        note(news);
    };
    for message in arrived {
        of(message.channel, message.at, &mut |news| news.arrived += 1);
    }
    for entry in logged {
        of(entry.channel, entry.at, &mut |news| note(news, entry));
    }
    let mut news: Vec<_> = all.into_values().filter(says_anything).collect();
    news.sort_by_key(|news| std::cmp::Reverse(news.last));
    news
}

fn nothing_of(channel: ChannelId) -> ChannelNews {
    ChannelNews {
        channel,
        name: PeerText::default(),
        last: UnixMillis(0),
        arrived: 0,
        held_in: 0,
        held_out: 0,
        alone: Vec::new(),
        by_you: 0,
        refused: 0,
        expired: 0,
        stops: 0,
        contacts: 0,
        ended: false,
    }
}

/// Entries that are no news, such as a renamed preset, leave a channel without any.
fn says_anything(news: &ChannelNews) -> bool {
    *news
        != ChannelNews {
            last: news.last,
            ..nothing_of(news.channel)
        }
}

fn note(news: &mut ChannelNews, entry: &Logged) {
    match entry.what.as_str() {
        "held_in" => news.held_in += 1,
        "held_out" => news.held_out += 1,
        "sent_alone" => {
            let rule = entry.rule.clone().unwrap_or_default();
            match news.alone.iter_mut().find(|alone| alone.rule == rule) {
                Some(alone) => alone.count += 1,
                None => news.alone.push(Alone { rule, count: 1 }),
            }
        }
        "draft_expired" => news.expired += 1,
        "draft_refused" | "message_refused" | "contact_refused" => {
            news.by_you += 1;
            news.refused += 1;
        }
        "contact_accepted" => {
            news.by_you += 1;
            news.contacts += 1;
        }
        "draft_approved"
        | "draft_approved_edited"
        | "message_released"
        | "message_released_clean"
        | "message_passed_on_in_own_words"
        | "key_repinned"
        | "pinned_key_kept"
        | "closed_after_key_change" => news.by_you += 1,
        "stopped" => news.stops += 1,
        "contact_requested" | "invite_answered_again" => news.contacts += 1,
        "ended" => news.ended = true,
        _ => {}
    }
}

/// Sums up what happened by day, the latest first.
fn days(
    arrived: &[Arrival],
    logged: &[Logged],
    day_of: impl Fn(UnixMillis) -> UnixMillis,
) -> Vec<DayNews> {
    let mut all: BTreeMap<UnixMillis, DayNews> = BTreeMap::new();
    for message in arrived {
        let day = day_of(message.at);
        all.entry(day).or_default().arrived += 1;
    }
    for entry in logged {
        let counts = match entry.what.as_str() {
            "sent_alone" => |day: &mut DayNews| day.alone += 1,
            "draft_approved"
            | "draft_approved_edited"
            | "message_released"
            | "message_released_clean"
            | "message_passed_on_in_own_words" => |day: &mut DayNews| day.approved += 1,
            "draft_refused" | "message_refused" | "draft_expired" => {
                |day: &mut DayNews| day.refused += 1
            }
            _ => continue,
        };
        counts(all.entry(day_of(entry.at)).or_default());
    }
    let days = all.into_iter().rev();
    days.map(|(day, news)| DayNews { day, ..news }).collect()
}

#[cfg(test)]
mod tests;
