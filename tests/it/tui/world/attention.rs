//! What the engine would say of what a person is told, put off, or reads when they come back.

use std::collections::HashMap;
use std::time::Duration;

use chaperon::api::{
    Alone, CatchUp, ChannelNews, Claimed, DayNews, Digested, LastSent, Overview, Reply, Request,
};
use chaperon::model::{
    Author, Channel, ChannelId, ChannelState, Occasion, PeerText, Rest, ReviewId, ReviewKind,
    Snoozed, UnixMillis,
};

use super::{Facts, ago};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what is told here comes here"
)]
pub(super) fn answer(facts: &Facts, request: &Request) -> Reply {
    match request {
        Request::CatchUp { .. } => Reply::CatchUp(Box::new(facts.news.clone())),
        Request::Digest => Reply::Digest(digest(facts)),
        Request::Overview { channel } => Reply::Overview(Box::new(overview(facts, *channel))),
        Request::Claim { occasions, .. } => {
            let mut texts = held_texts(facts);
            let new = occasions.iter().filter(|it| !facts.told.contains(it));
            let claimed = new.map(|occasion| Claimed {
                occasion: *occasion,
                unsafe_text: match occasion {
                    Occasion::Need { item } => texts.remove(item),
                    _ => None,
                },
                wait: None,
            });
            Reply::Claimed(claimed.collect())
        }
        other => panic!("not told here: {other:?}"),
    }
}

/// What changes the facts, and what is answered then.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest changes nothing")]
pub(super) fn change(facts: &mut Facts, request: &Request, now: UnixMillis) -> Option<Reply> {
    let end = |rest: Rest| match rest {
        Rest::For(seconds) => now.after(Duration::from_secs(seconds.into())),
        Rest::Tomorrow => UnixMillis(super::NOW.0 + (9 * 60 + 19) * super::MINUTE),
        Rest::Open => UnixMillis::FAR,
    };
    match request {
        Request::Looked => {
            facts.looked += 1;
            Some(Reply::Done)
        }
        Request::StopWork | Request::Sync => {
            if let Some(look) = &mut facts.status.first_look {
                let stops = *request == Request::StopWork;
                look.put_off = if stops { look.total - look.done } else { 0 };
            }
            Some(Reply::Done)
        }
        Request::DigestRead { .. } => {
            for letter in &mut facts.letters {
                letter.digest = false;
            }
            Some(Reply::Done)
        }
        Request::Mute {
            channel: chaperon::api::ChannelRef::Id(id),
            rest,
        } => {
            let until = rest.map(end);
            let channels = facts.channels.iter_mut();
            for channel in channels.filter(|channel| channel.id == *id) {
                channel.muted = until;
            }
            Some(Reply::Rests(until))
        }
        Request::Snooze { item, rest } => {
            let until = rest.map(end);
            for need in facts.needs.iter_mut().filter(|need| need.id == *item) {
                need.snoozed = until.map(|until| Snoozed {
                    until,
                    they_write: *rest == Some(Rest::Open),
                });
            }
            Some(Reply::Rests(until))
        }
        _ => None,
    }
}

/// The texts of what is held, by the item that waits for it.
fn held_texts(facts: &Facts) -> HashMap<ReviewId, PeerText> {
    let held = facts.needs.iter().filter_map(|item| match &item.kind {
        ReviewKind::HeldMessage { message, .. } | ReviewKind::HeldDraft { message, .. } => {
            let mut letters = facts.letters.iter();
            let letter = letters.find(|letter| letter.id == *message)?;
            Some((item.id, letter.content.text().clone()))
        }
        ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. } => None,
    });
    held.collect()
}

fn digest(facts: &Facts) -> Vec<Digested> {
    let left = facts.letters.iter();
    left.filter(|letter| letter.digest)
        .map(|letter| Digested {
            name: facts.channel(letter.channel).name,
            message: letter.clone(),
        })
        .collect()
}

fn overview(facts: &Facts, id: ChannelId) -> Overview {
    let channel: Channel = facts.channel(id);
    let wide = channel.preset == "trusted-colleague" || channel.preset == "inner-circle";
    let letters = facts.letters.iter();
    let mut sent = letters.filter(|letter| letter.channel == id && letter.author != Author::Peer);
    let entries = super::settled().into_iter();
    let decisions = entries.filter(|entry| entry.channel == Some(id)).take(3);
    Overview {
        channel: id,
        in_force: (wide && channel.state == ChannelState::Active)
            .then(|| "as safe-acquaintance until the safety code is compared".to_owned()),
        alone: if wide {
            "12 a day, 3 an hour".to_owned()
        } else {
            "nothing".to_owned()
        },
        hours: "mon-fri 08:00-19:00".to_owned(),
        holds_out: if wide {
            "secrets personal".to_owned()
        } else {
            "every draft".to_owned()
        },
        holds_in: "any signal".to_owned(),
        alone_today: 4,
        held_today: 2,
        gaps: 0,
        outbox: facts.status.outbox,
        last_sent: sent.next_back().and_then(|letter| {
            Some(LastSent {
                message: letter.id,
                author: letter.author,
                at: letter.at,
                delivery: letter.delivery.clone()?,
            })
        }),
        decisions: decisions.collect(),
    }
}

impl Facts {
    /// Somebody comes back after an evening on which things happened.
    pub(crate) fn with_news(mut self) -> Self {
        let news = |id: i64, minutes| ChannelNews {
            channel: ChannelId(id),
            name: self.channel(ChannelId(id)).name,
            last: ago(minutes),
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
        };
        let alone = |rule: &str, count| Alone {
            rule: rule.to_owned(),
            count,
        };
        let marta = ChannelNews {
            arrived: 3,
            held_in: 1,
            held_out: 1,
            alone: vec![alone("routine-scheduling", 2), alone("known peer", 1)],
            by_you: 2,
            refused: 1,
            expired: 1,
            ..news(1, 12)
        };
        let northwind = ChannelNews {
            contacts: 1,
            ..news(6, 5)
        };
        let ken = ChannelNews {
            stops: 1,
            ..news(3, 279)
        };
        self.news = CatchUp {
            since: Some(ago(300)),
            channels: vec![northwind, marta, ken],
            days: vec![DayNews {
                day: ago(22 * 60 + 41),
                arrived: 12,
                alone: 11,
                approved: 3,
                refused: 2,
            }],
        };
        self
    }

    /// Nothing happened since.
    pub(crate) fn without_news(mut self) -> Self {
        self.news.since = Some(ago(300));
        self
    }
}
