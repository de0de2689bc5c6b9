//! Searching: what was typed becomes criteria, what is found becomes hits, and the index is
//! brought up to date bit by bit.
//!
//! A search indexes first what little is not indexed yet, so that it never misses what just
//! arrived. The rest is built in slices while nothing else is to be done; each is one
//! transaction, so a stop at any moment loses nothing and repeats nothing.

use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::Instant;

use crate::api::{Error, Found, Hit, HitKind, HitState, HitText, IndexState, Reply, Request};
use crate::model::{
    Actor, Admission, Author, Channel, ChannelId, Content, Delivery, LogEntry, Message, MessageId,
    Part, PeerText, Severity, Signal, TextSpan, UnixMillis,
};
use crate::store::search::{self, Condition, Criteria, Fact, Kind, Marks, Words};
use crate::store::{self, log, messages, notes};
use crate::text::search::{
    BOUNDARY, Excerpt, Filter, From, Has, Is, Matcher, Note, Query, Term, indexed, names_a_file,
    names_a_link, parse,
};

use super::core::Core;

/// Rows of one slice.
const SLICE: u32 = 256;
/// Bytes of text after which a slice ends.
const SLICE_BYTES: usize = 256 * 1024;
/// Between two slices, for whatever else there is to do.
const BREATH: Duration = Duration::from_millis(2);
/// How long the index waits when there is nothing to do.
const IDLE: Duration = Duration::from_secs(3600);
/// Hits that are counted.
const MOST: u32 = 1000;
/// Hits of one page at most.
const LARGEST_PAGE: u32 = 100;
/// Words that hold another one and are looked for in its place.
const MOST_INSIDE: usize = 200;
/// How long such words are looked for.
const LONGEST_LOOK_INSIDE: Duration = Duration::from_millis(500);
/// Longest query, in bytes.
const LONGEST_QUERY: usize = 4096;

/// Whether the index is built.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// Somebody searched, so it is wanted even by an engine that lives for one call.
    searched: bool,
    /// A person stopped it.
    stopped: bool,
}

impl Core {
    /// Carries out what a person asks for to find something, or to keep it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`Core::carry_out` names every request"
    )]
    pub(super) fn look(&mut self, request: Request) -> Result<Reply, Error> {
        match request {
            Request::Around {
                channel,
                message,
                before,
                after,
            } => self.around(channel, message, before, after),
            Request::Search {
                query,
                offset,
                limit,
            } => self.search(&query, offset, limit),
            Request::SearchIndex { build } => self.search_index(build),
            Request::SavedSearches => self.saved_searches(),
            Request::SaveSearch { query } => self.save_search(&query),
            Request::ForgetSearch { id } => self.forget_search(id),
            Request::Note { channel } => self.note(&channel),
            Request::SetNote {
                channel,
                text,
                seen,
            } => self.set_note(&channel, &text, seen),
            _ => Err(Error::BadRequest("answered elsewhere".to_owned())),
        }
    }

    /// Returns how long nothing has to be indexed.
    pub(super) fn until_indexing(&self) -> Duration {
        let wanted = self.finder.searched || self.mode == crate::net::Mode::Continuous;
        if !wanted || self.finder.stopped {
            return IDLE;
        }
        match search::is_whole(&self.store) {
            Ok(false) => BREATH,
            Ok(true) => IDLE,
            Err(error) => {
                tracing::error!(%error, "the index cannot be read");
                IDLE
            }
        }
    }

    /// Indexes a slice, if it is time for one.
    pub(super) fn index_in_the_background(&mut self) {
        if self.until_indexing() > BREATH {
            return;
        }
        if let Err(error) = self.index_slice() {
            tracing::error!(%error, "the index cannot be built");
            self.finder.stopped = true;
        }
    }

    /// Brings some of what the index does not know into it, in one transaction.
    fn index_slice(&mut self) -> Result<(), store::Error> {
        let tx = self.store.write()?;
        let mut bytes = 0;
        for (kind, item) in search::next(&tx, SLICE)? {
            // A row that somebody changed in the file must not keep the others from being found.
            let content = content_of(&tx, kind, item).unwrap_or_else(|error| {
                tracing::warn!(%error, ?kind, item, "a row cannot be indexed");
                None
            });
            let content = content.as_ref();
            bytes += content.map_or(0, |(text, _)| text.len());
            search::put(
                &tx,
                kind,
                item,
                content.map(|(text, marks)| (&**text, *marks)),
            )?;
            if bytes > SLICE_BYTES {
                break;
            }
        }
        tx.commit()
    }

    /// Makes sure that there is an index, and that it misses nothing that one slice can bring.
    fn prepare_index(&mut self) -> Result<(), store::Error> {
        self.finder.searched = true;
        if self.store.is_protected() {
            search::begin_in_memory(&mut self.store)?;
        }
        let waiting = search::waiting(&self.store)?;
        if waiting > 0 && waiting <= u64::from(SLICE) && !self.finder.stopped {
            self.index_slice()?;
        }
        Ok(())
    }

    fn index_state(&self) -> Result<IndexState, store::Error> {
        let waiting = search::waiting(&self.store)?;
        Ok(IndexState {
            waiting,
            total: search::total(&self.store)?,
            building: waiting > 0 && !self.finder.stopped,
        })
    }

    /// Goes on with building the index, or stops it until this is asked again.
    pub(super) fn search_index(&mut self, build: bool) -> Result<Reply, Error> {
        self.finder.stopped = !build;
        if build {
            self.prepare_index()?;
        }
        Ok(Reply::Index(self.index_state()?))
    }

    pub(super) fn search(
        &mut self,
        query: &PeerText,
        offset: u32,
        limit: u32,
    ) -> Result<Reply, Error> {
        let began = Instant::now();
        if query.len() > LONGEST_QUERY {
            return Err(Error::BadRequest(format!(
                "a query has at most {LONGEST_QUERY} bytes"
            )));
        }
        self.prepare_index()?;
        let query = parse(query.expose_untrusted(), self.now(), &TimeZone::system());
        let mut said: Vec<String> = query.notes.iter().map(Note::sentence).collect();
        let channels = store::channels::all(&self.store)?;
        let channels: Vec<Channel> = channels.into_iter().map(|keyed| keyed.channel).collect();
        let mut criteria = criteria(&query, &channels, &mut said);
        for term in query.terms.iter().filter(|term| term.inside) {
            criteria.words.push(inside(&self.store, term, &mut said)?);
        }
        let mut found: Vec<(UnixMillis, Kind, i64)> = Vec::new();
        if !query.is_empty() {
            for kind in Kind::ALL {
                let rows = search::find(&self.store, kind, &criteria, MOST + 1)?;
                found.extend(rows.into_iter().map(|(item, at)| (at, kind, item)));
            }
        }
        found.sort_by(|one, other| other.cmp(one));
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let page = found
            .into_iter()
            .skip(wide(offset))
            .take(wide(limit.clamp(1, LARGEST_PAGE)));
        let matcher = Matcher::new(&query);
        let mut hits = Vec::new();
        for (_, kind, item) in page {
            let hit = hit_of(&self.store, kind, item, &matcher).unwrap_or_else(|error| {
                tracing::warn!(%error, ?kind, item, "what was found cannot be read");
                None
            });
            hits.extend(hit.map(|hit| {
                Hit {
                    name: channels
                        .iter()
                        .find(|channel| Some(channel.id) == hit.channel)
                        .map(|channel| channel.name.clone()),
                    ..hit
                }
            }));
        }
        Ok(Reply::Found(Box::new(Found {
            hits,
            total: count.min(MOST),
            more: count > MOST,
            searched: search::total(&self.store)?,
            notes: said,
            index: self.index_state()?,
            micros: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        })))
    }
}

/// Returns what the index keeps of a row; `None` where it is gone.
fn content_of(
    read: &impl store::Read,
    kind: Kind,
    item: i64,
) -> Result<Option<(String, Marks)>, store::Error> {
    Ok(match kind {
        Kind::Message => messages::by_id(read, MessageId(item))?.map(|m| of_message(&m)),
        Kind::Decision => entry(read, item)?.map(|entry| of_decision(&entry)),
        Kind::Note => {
            let channel = ChannelId(item);
            notes::of(read, channel)?.map(|(text, _)| of_note(channel, &text))
        }
    })
}

/// Returns a row as a hit; `None` where it is gone.
fn hit_of(
    read: &impl store::Read,
    kind: Kind,
    item: i64,
    matcher: &Matcher,
) -> Result<Option<Hit>, store::Error> {
    Ok(match kind {
        Kind::Message => {
            messages::by_id(read, MessageId(item))?.map(|message| message_hit(&message, matcher))
        }
        Kind::Decision => entry(read, item)?.map(|entry| decision_hit(&entry, matcher)),
        Kind::Note => {
            let channel = ChannelId(item);
            notes::of(read, channel)?.map(|(text, at)| note_hit(channel, &text, at, matcher))
        }
    })
}

/// Returns an entry of the log.
fn entry(read: &impl store::Read, number: i64) -> Result<Option<LogEntry>, store::Error> {
    let before = number.saturating_add(1);
    let newest = log::newest(read, 1, Some(before))?.pop();
    Ok(newest.filter(|entry| entry.number == number))
}

/// Returns the words that hold one that was typed, to be looked for in its place.
fn inside(
    read: &impl store::Read,
    term: &Term,
    said: &mut Vec<String>,
) -> Result<Words, store::Error> {
    let part = term.words.join("");
    let until = Instant::now() + LONGEST_LOOK_INSIDE;
    let go_on = || Instant::now() < until;
    let (words, all) = search::words_with(read, &part, MOST_INSIDE, &go_on)?;
    if !all {
        said.push(format!(
            "Not every word that holds “{part}” was looked for; type more of it."
        ));
    }
    Ok(Words {
        words,
        prefix: false,
        any: true,
        not: term.not,
    })
}

/// Says what a query asks for in the words of the store. Channels that are named more than once
/// are alternatives, and so are authors.
fn criteria(query: &Query, channels: &[Channel], said: &mut Vec<String>) -> Criteria {
    // What stands inside of words is added by whoever can see the words there are.
    let whole = query.terms.iter().filter(|term| !term.inside);
    let words = whole.map(|term| Words {
        words: term.words.clone(),
        prefix: term.prefix,
        any: false,
        not: term.not,
    });
    let mut criteria = Criteria {
        words: words.collect(),
        conditions: Vec::new(),
    };
    let (mut authors, mut named): (Vec<Author>, Option<Vec<ChannelId>>) = (Vec::new(), None);
    for wish in &query.filters {
        let fact = match &wish.filter {
            Filter::From(from) => {
                let author = match from {
                    From::Me => Author::Human,
                    From::Them => Author::Peer,
                    From::Assistant => Author::Assistant,
                };
                if !wish.not {
                    authors.push(author);
                    continue;
                }
                Fact::By(vec![author])
            }
            Filter::Channel(words) => {
                let ids = called(words, channels);
                if ids.is_empty() {
                    said.push(format!("No channel is called “{}”.", words.join(" ")));
                }
                if !wish.not {
                    named.get_or_insert_default().extend(ids);
                    continue;
                }
                Fact::In(ids)
            }
            Filter::Is(Is::Held) => Fact::Held,
            Filter::Is(Is::Flagged) => Fact::Flagged,
            Filter::Is(Is::Sent) => Fact::Sent,
            Filter::Is(Is::Expired) => Fact::Expired,
            Filter::Is(Is::Refused) => Fact::Refused,
            Filter::Is(Is::Message) => Fact::Is(Kind::Message),
            Filter::Is(Is::Decision) => Fact::Is(Kind::Decision),
            Filter::Is(Is::Note) => Fact::Is(Kind::Note),
            Filter::Has(Has::Link) => Fact::Link,
            Filter::Has(Has::File) => Fact::File,
            Filter::Time(span) => Fact::Within(span.start, span.end),
        };
        criteria.conditions.push(Condition {
            fact,
            not: wish.not,
        });
    }
    let wanted = |fact| Condition { fact, not: false };
    if !authors.is_empty() {
        criteria.conditions.push(wanted(Fact::By(authors)));
    }
    criteria
        .conditions
        .extend(named.map(|ids| wanted(Fact::In(ids))));
    criteria
}

/// Returns the channels whose local name has these words.
fn called(words: &[String], channels: &[Channel]) -> Vec<ChannelId> {
    let matcher = Matcher::of(words.to_vec());
    channels
        .iter()
        .filter(|channel| !matcher.find(&channel.name).is_empty())
        .map(|channel| channel.id)
        .collect()
}

/// Returns the texts of a message that can be found, the one that people read first.
fn texts_of(message: &Message) -> Vec<(&PeerText, Option<Part>)> {
    let mut texts = Vec::new();
    if let Content::Text(body) = &message.content {
        texts.push((&body.body, Some(Part::Body)));
        texts.push((&body.subject, Some(Part::Subject)));
    }
    if let Some(other) = &message.other {
        texts.push((&other.body, None));
        texts.push((&other.subject, None));
    }
    if let Some(Delivery::Refused { reason }) = &message.delivery {
        texts.push((reason, None));
    }
    texts.retain(|(text, _)| !text.is_empty());
    texts
}

/// Returns texts as the index keeps them.
fn joined(texts: &[&PeerText]) -> String {
    let parts: Vec<String> = texts.iter().map(|text| indexed(text)).collect();
    parts.join(&format!(" {BOUNDARY} "))
}

fn of_message(message: &Message) -> (String, Marks) {
    let texts = texts_of(message);
    let metadata = match &message.content {
        Content::Text(body) => body.metadata.expose_untrusted(),
        Content::Raw { .. } => "",
    };
    let any = |holds: fn(&PeerText) -> bool| texts.iter().any(|(text, _)| holds(text));
    let marks = Marks {
        author: Some(message.author),
        channel: Some(message.channel),
        link: any(names_a_link),
        file: any(names_a_file) || metadata.contains("\"attachment"),
    };
    let texts: Vec<&PeerText> = texts.into_iter().map(|(text, _)| text).collect();
    (joined(&texts), marks)
}

/// Returns what can be found of a decision. The texts that were judged are found as messages.
fn text_of(entry: &LogEntry) -> PeerText {
    let evidence = &entry.evidence;
    let mut lines = vec![entry.detail.as_str()];
    lines.extend(evidence.reason.as_ref().map(PeerText::expose_untrusted));
    lines.extend(evidence.rule.as_deref());
    if evidence.message.is_none() {
        for text in [&entry.draft, &entry.sent].into_iter().flatten() {
            lines.extend(text.text.as_ref().map(PeerText::expose_untrusted));
        }
    }
    lines.retain(|line| !line.is_empty());
    PeerText::new(lines.join(" · "))
}

/// Returns who decided; a rule is nobody.
fn decided_by(entry: &LogEntry) -> Option<Author> {
    match entry.actor {
        Actor::Human => Some(Author::Human),
        Actor::Assistant => Some(Author::Assistant),
        Actor::Rule => None,
    }
}

fn of_decision(entry: &LogEntry) -> (String, Marks) {
    let code = PeerText::new(entry.what.replace('_', " "));
    let marks = Marks {
        author: decided_by(entry),
        channel: entry.channel,
        ..Marks::default()
    };
    (joined(&[&code, &text_of(entry)]), marks)
}

fn of_note(channel: ChannelId, text: &PeerText) -> (String, Marks) {
    let marks = Marks {
        author: Some(Author::Human),
        channel: Some(channel),
        link: names_a_link(text),
        file: names_a_file(text),
    };
    (joined(&[text]), marks)
}

fn message_hit(message: &Message, matcher: &Matcher) -> Hit {
    let texts = texts_of(message);
    let found = texts
        .iter()
        .find(|(text, _)| !matcher.find(text).is_empty());
    let excerpt = found
        .or_else(|| texts.first())
        .map_or_else(HitText::default, |(text, part)| {
            let excerpt = matcher.excerpt(text);
            let signals = part.map_or_else(Vec::new, |part| signals_in(message, part, &excerpt));
            shown(excerpt, signals)
        });
    let weighty = message
        .signals
        .iter()
        .filter(|signal| signal.severity > Severity::Note);
    Hit {
        what: HitKind::Message {
            message: message.id,
        },
        channel: Some(message.channel),
        name: None,
        at: message.at,
        author: Some(message.author),
        state: state_of(message),
        signals: u32::try_from(weighty.count()).unwrap_or(u32::MAX),
        excerpt,
    }
}

fn shown(excerpt: Excerpt, signals: Vec<Signal>) -> HitText {
    HitText {
        unsafe_text: excerpt.text,
        cut: excerpt.cut,
        matches: excerpt.matches,
        signals,
    }
}

/// Returns the signals of a message as they stand in a part of one of its texts. What lies
/// elsewhere becomes a note, so that the others keep their numbers.
fn signals_in(message: &Message, part: Part, excerpt: &Excerpt) -> Vec<Signal> {
    let Content::Text(body) = &message.content else {
        return Vec::new();
    };
    let placed = message.signals.iter().map(|signal| {
        let (found, span) = body.locate(signal.span);
        let inside =
            found == part && span.start < excerpt.place.end && span.end > excerpt.place.start;
        let move_by =
            |at: usize| at.clamp(excerpt.place.start, excerpt.place.end) - excerpt.place.start;
        Signal {
            severity: if inside {
                signal.severity
            } else {
                Severity::Note
            },
            span: TextSpan {
                start: move_by(span.start),
                end: move_by(span.end),
            },
            evidence: PeerText::default(),
            ..signal.clone()
        }
    });
    placed.collect()
}

fn state_of(message: &Message) -> Option<HitState> {
    if matches!(message.content, Content::Raw { .. }) {
        return Some(HitState::Unreadable);
    }
    if let Some(Admission::Held { .. }) = message.admission {
        return Some(HitState::Held);
    }
    match message.delivery.as_ref()? {
        Delivery::Held { .. } => Some(HitState::Held),
        Delivery::Refused { .. } => Some(HitState::Refused),
        Delivery::Expired { .. } => Some(HitState::Expired),
        Delivery::Queued { .. } => Some(HitState::Waiting),
        Delivery::Failed { .. } => Some(HitState::Failed),
        Delivery::TakenBack => Some(HitState::TakenBack),
        Delivery::Relayed { .. } | Delivery::Collected { .. } | Delivery::Delivered { .. } => None,
    }
}

fn decision_hit(entry: &LogEntry, matcher: &Matcher) -> Hit {
    Hit {
        what: HitKind::Decision {
            number: entry.number,
            code: entry.what.clone(),
        },
        channel: entry.channel,
        name: None,
        at: entry.at,
        author: decided_by(entry),
        state: None,
        signals: 0,
        excerpt: shown(matcher.excerpt(&text_of(entry)), Vec::new()),
    }
}

fn note_hit(channel: ChannelId, text: &PeerText, at: UnixMillis, matcher: &Matcher) -> Hit {
    Hit {
        what: HitKind::Note,
        channel: Some(channel),
        name: None,
        at,
        author: Some(Author::Human),
        state: None,
        signals: 0,
        excerpt: shown(matcher.excerpt(text), Vec::new()),
    }
}

#[cfg(test)]
mod tests;
