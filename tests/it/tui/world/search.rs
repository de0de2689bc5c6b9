//! What an engine would find in the facts.

use chaperon::api::{
    Error, Found, Hit, HitKind, HitState, HitText, IndexState, Note, Page, Reply, Request,
    SavedSearch,
};
use chaperon::model::{
    Admission, Author, ChannelId, Delivery, MessageId, PeerText, Severity, UnixMillis,
};
use chaperon::text::search::{Matcher, parse};
use jiff::tz::TimeZone;

use super::{Facts, Letter, MARTA, NOW, clawtalk};

/// Everything there is to be searched, as a large profile would say it.
const SEARCHED: u64 = 48_210;

impl Facts {
    /// Answers what is asked about searches, notes and places in a conversation.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever is not a read is only taken note of"
    )]
    pub(super) fn look(&self, request: &Request) -> Option<Result<Reply, Error>> {
        if let Request::Search { .. } = request
            && self.searches_wait
        {
            return None;
        }
        Some(Ok(match request {
            Request::Search { query, .. } => Reply::Found(Box::new(self.found(query))),
            Request::SavedSearches => Reply::SavedSearches(
                (1..)
                    .zip(&self.saved)
                    .map(|(id, query)| SavedSearch {
                        id,
                        query: PeerText::new(query.as_str()),
                    })
                    .collect(),
            ),
            Request::Around {
                channel,
                message,
                before,
                after,
            } => Reply::Page(self.around(*channel, *message, *before, *after)),
            Request::Note { .. } => Reply::Note(Note {
                channel: MARTA,
                text: PeerText::new(self.note.as_str()),
                at: (!self.note.is_empty()).then_some(NOW),
            }),
            _ => return None,
        }))
    }

    pub(super) fn page(&self, channel: ChannelId, before: Option<MessageId>, limit: u32) -> Page {
        let of_channel = |letter: &&Letter| letter.channel == channel;
        let total = self.letters.iter().filter(of_channel).count();
        let mut letters: Vec<_> = self
            .letters
            .iter()
            .filter(of_channel)
            .filter(|letter| before.is_none_or(|before| letter.id < before))
            .cloned()
            .collect();
        let more = letters.len().saturating_sub(limit.try_into().unwrap());
        letters.drain(..more);
        Page {
            messages: letters,
            more: more > 0,
            newer: false,
            total: total.try_into().unwrap(),
        }
    }

    /// The same of one topic alone.
    pub(super) fn page_of(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        limit: u32,
        topic: Option<&PeerText>,
    ) -> Page {
        let mut page = self.page(channel, before, limit);
        page.messages
            .retain(|letter| clawtalk::is_of(letter, topic));
        page
    }

    fn around(&self, channel: ChannelId, message: MessageId, before: u32, after: u32) -> Page {
        let mut page = self.page(channel, Some(MessageId(message.0 + 1)), before + 1);
        let later = self
            .letters
            .iter()
            .filter(|letter| letter.channel == channel && letter.id > message);
        let later: Vec<_> = later.cloned().collect();
        let after = usize::try_from(after).unwrap();
        page.newer = later.len() > after;
        page.messages.extend(later.into_iter().take(after));
        page
    }

    fn found(&self, query: &PeerText) -> Found {
        let query = parse(query.expose_untrusted(), NOW, &TimeZone::UTC);
        let matcher = Matcher::new(&query);
        let words: Vec<_> = query.terms.iter().map(|term| term.words.clone()).collect();
        let all = |text: &PeerText| {
            let mut words = words.iter().cloned();
            words.all(|words| !Matcher::of(words).find(text).is_empty())
        };
        let mut hits: Vec<Hit> = self
            .letters
            .iter()
            .filter(|letter| all(letter.content.text()))
            .filter_map(|letter| self.hit(letter, &matcher))
            .collect();
        let known = self.channels.iter().any(|channel| channel.id == MARTA);
        let note = PeerText::new(self.note.as_str());
        if known && all(&note) {
            hits.push(Hit {
                what: HitKind::Note,
                state: None,
                signals: 0,
                author: Some(Author::Human),
                ..blank(MARTA, self.channel(MARTA).name, NOW, &note, &matcher)
            });
        }
        let expired = PeerText::new("held 8 h, no answer: hold-out:every-draft");
        if known && all(&expired) {
            hits.push(Hit {
                what: HitKind::Decision {
                    number: 7,
                    code: "draft_expired".to_owned(),
                },
                author: None,
                ..blank(
                    MARTA,
                    self.channel(MARTA).name,
                    super::ago(9 * 24 * 60),
                    &expired,
                    &matcher,
                )
            });
        }
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.at));
        Found {
            total: hits.len().try_into().unwrap(),
            hits,
            more: false,
            searched: SEARCHED,
            micros: 5_600,
            notes: query
                .notes
                .iter()
                .map(chaperon::text::search::Note::sentence)
                .collect(),
            index: IndexState {
                waiting: self.not_indexed,
                total: SEARCHED,
                building: self.not_indexed > 0,
            },
        }
    }

    fn hit(&self, letter: &Letter, matcher: &Matcher) -> Option<Hit> {
        let body = letter.content.body()?;
        let held = matches!(letter.admission, Some(Admission::Held { .. }))
            || matches!(letter.delivery, Some(Delivery::Held { .. }));
        let weighty = letter
            .signals
            .iter()
            .filter(|signal| signal.severity > Severity::Note);
        let count = u32::try_from(weighty.count()).unwrap();
        let name = self.channel(letter.channel).name;
        let mut hit = blank(letter.channel, name, letter.at, &body.body, matcher);
        hit.excerpt.signals.clone_from(&letter.signals);
        Some(Hit {
            what: HitKind::Message { message: letter.id },
            author: Some(letter.author),
            state: held.then_some(HitState::Held),
            signals: count,
            ..hit
        })
    }
}

fn blank(
    channel: ChannelId,
    name: PeerText,
    at: UnixMillis,
    text: &PeerText,
    matcher: &Matcher,
) -> Hit {
    let excerpt = matcher.excerpt(text);
    Hit {
        what: HitKind::Note,
        channel: Some(channel),
        name: Some(name),
        at,
        author: None,
        state: None,
        signals: 0,
        excerpt: HitText {
            unsafe_text: excerpt.text,
            cut: excerpt.cut,
            matches: excerpt.matches,
            signals: Vec::new(),
        },
    }
}
