//! When the person looked, and what they are told of while they do not.
//!
//! What is told is decided by `crate::desktop::notices`; here stands what it is asked with. Must
//! not: decide anything but that.

use std::time::Duration;

use crate::api::{CatchUp, Claimed, Request};
use crate::desktop::notices::{Candidate, Moment, Notice, Notices, Outcome, There};
use crate::desktop::notify::letter;
use crate::desktop::settings::wishes;
use crate::model::UnixMillis;

use super::message::{Effect, Question};
use super::model::{Model, Screen, Tone};

/// How long without a key counts as being away.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// How long without the focus counts as being away.
const ELSEWHERE: Duration = Duration::from_secs(60);
/// How long after a key somebody is still there, where the terminal does not tell of its focus.
const THERE: Duration = Duration::from_secs(2 * 60);

/// When the person looked, and what they were told of.
#[derive(Debug)]
pub(super) struct Watch {
    /// When they last looked before they came back; `None` before the engine said so.
    pub(super) since: Option<UnixMillis>,
    /// When they were last known to look.
    seen_at: UnixMillis,
    /// Whether the terminal tells of its focus at all.
    tells_focus: bool,
    /// When to look round though nothing changes.
    pub(super) next: Option<UnixMillis>,
    notices: Notices,
}

impl Watch {
    pub(super) fn new(now: UnixMillis) -> Self {
        Self {
            since: None,
            seen_at: now,
            tells_focus: false,
            next: None,
            notices: Notices::default(),
        }
    }

    /// Takes note that they look, and of when they last did if that is a while ago.
    fn look(&mut self, now: UnixMillis, away: Duration) {
        if now.since(self.seen_at) >= away {
            self.since = Some(self.seen_at);
        }
        self.seen_at = now;
    }
}

/// Returns what notes in the engine that the person looked until now.
pub(super) fn looked() -> Effect {
    Effect::Ask(Request::Looked, Question::Looked)
}

/// Takes note of a key.
pub(super) fn saw(model: &mut Model) {
    model.watch.look(model.now, IDLE);
}

/// Takes note that the terminal gained or lost the focus.
pub(super) fn focus(model: &mut Model, gained: bool) -> Vec<Effect> {
    model.watch.tells_focus = true;
    if gained {
        model.watch.look(model.now, ELSEWHERE);
        return Vec::new();
    }
    model.watch.seen_at = model.now;
    vec![looked()]
}

/// Takes in what happened before this surface was opened, and says it in one line.
pub(super) fn take_away(model: &mut Model, news: &CatchUp) -> Vec<Effect> {
    model.watch.since = Some(news.since.unwrap_or(UnixMillis(0)));
    if news.since.is_some() && !news.channels.is_empty() {
        let words = super::screen::catch_up::summary(model, news);
        model.say(Tone::Fine, words);
    }
    vec![looked()]
}

/// Tells whether somebody looks at the terminal, as far as it can be known.
fn is_looked_at(model: &Model) -> bool {
    let keys = model.now.since(model.watch.seen_at) < THERE;
    model.focused_since.is_some() && (model.watch.tells_focus || keys)
}

/// Asks what the person is to be told of now. Called after each frame.
pub(super) fn look_round(model: &mut Model) -> Vec<Effect> {
    let Some(there) = candidates(model) else {
        return Vec::new();
    };
    let at = Moment::of(model.now, &model.zone);
    let wishes = wishes(&model.config);
    let outcome = model.watch.notices.look(wishes, at, &there);
    model.watch.next = outcome.next;
    effects(outcome)
}

fn effects(outcome: Outcome) -> Vec<Effect> {
    let Outcome {
        tell, seen, close, ..
    } = outcome;
    let mut effects: Vec<_> = close
        .into_iter()
        .map(|channel| Effect::Untell(Notice::id(channel)))
        .collect();
    let claimed = tell.iter().flat_map(|notice| &notice.about);
    let occasions: Vec<_> = claimed.map(|(occasion, _)| *occasion).collect();
    if !(occasions.is_empty() && seen.is_empty()) {
        let request = Request::Claim { occasions, seen };
        effects.push(Effect::Ask(request, Question::Claim(tell)));
    }
    effects
}

/// Takes in what nobody else has told the person of, and tells it. What another screen told of
/// the same channel a moment ago keeps it waiting.
pub(super) fn take_claimed(
    model: &mut Model,
    asked: Vec<Notice>,
    granted: &[Claimed],
) -> Vec<Effect> {
    let with_text = model.config.notify_text();
    let waits = granted
        .iter()
        .filter_map(|own| Some((own.occasion, own.wait?)));
    let waits: Vec<_> = waits.collect();
    let next = model.watch.notices.put_off(&asked, &waits);
    model.watch.next = model.watch.next.into_iter().chain(next).min();
    let told = granted.iter().filter(|own| own.wait.is_none());
    let ours: Vec<_> = told.map(|own| own.occasion).collect();
    let mut effects = Vec::new();
    for notice in asked.into_iter().filter_map(|notice| notice.only(&ours)) {
        let own = granted
            .iter()
            .find(|own| Some(own.occasion) == notice.first());
        let text = own.and_then(|own| own.unsafe_text.as_ref());
        let channel = notice.channel.and_then(|id| model.channel(id));
        let name = channel.map(|channel| &channel.name);
        let text = text.filter(|_| with_text);
        effects.push(Effect::Tell(letter(&notice, name, text, model.now)));
    }
    effects
}

/// Returns everything that is there now; `None` before all of it is known.
fn candidates(model: &Model) -> Option<Vec<Candidate>> {
    let status = model.status.as_ref()?;
    let looked_at = is_looked_at(model);
    let there = There {
        needs: model.needs.as_ref()?,
        channels: model.channels.as_ref()?,
        settled: (status.today.alone, status.today.refused),
        // The header counts what needs a person on every screen; the rest stands on the main one.
        sees_needs: looked_at,
        sees_channels: looked_at && matches!(model.screen, Screen::Main),
    };
    Some(there.candidates(model.now))
}
