//! Going to a message wherever it lies: the transcript is loaded around it, and from there on in
//! both directions.

use crate::api::{Page, Request};
use crate::model::{ChannelId, MessageId};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Pane};
use crate::tui::screen::{main, topics};
use crate::tui::update::{ask, newest, open_channel};

use super::{Transcript, Window, covers};

/// Messages from the end at which the newer ones are asked for.
const NEAR: usize = 20;

impl Transcript {
    /// Puts the cursor on a message that is held, a third of the pane above its lower edge.
    /// Returns whether it is held.
    fn go_to(&mut self, message: MessageId, window: Window<'_>) -> bool {
        let place = self.messages.iter().rposition(|held| held.id == message);
        let Some(index) = place else {
            return false;
        };
        self.cursor = Some(index);
        self.anchor = Some((index, 0));
        self.scroll_down(usize::from(window.height / 3), window);
        let reached = self.placed(window);
        let at_top = reached.first().is_some_and(|first| first.index == 0);
        if at_top && !covers(&reached, window.height) {
            self.scroll_to_top(window);
        }
        true
    }

    /// Takes in the messages around one, and goes there.
    fn take_around(&mut self, page: Page, message: MessageId, window: Window<'_>) {
        self.wrapped.borrow_mut().clear();
        self.messages = page.messages;
        self.more = page.more;
        self.newer = page.newer;
        self.total = page.total;
        self.loaded = true;
        self.relink();
        if !self.go_to(message, window) {
            self.bottom();
        }
    }

    /// Takes in the messages after the newest that is held.
    fn take_newer(&mut self, page: Page, last: MessageId) {
        if self.messages.last().map(|held| held.id) != Some(last) {
            return;
        }
        let new = page.messages.into_iter().filter(|found| found.id > last);
        self.messages.extend(new);
        self.relink();
        self.newer = page.newer;
        self.total = page.total;
    }

    /// Takes in how messages that are held are now.
    fn refresh(&mut self, page: Page) {
        self.wrapped.borrow_mut().clear();
        for message in page.messages {
            if let Some(held) = self.messages.iter_mut().find(|held| held.id == message.id) {
                *held = message;
            }
        }
        self.relink();
    }

    /// Returns the newest message that is held, where newer ones are to be loaded soon.
    fn wants_newer(&self) -> Option<MessageId> {
        let near = self.selected_index()? + NEAR >= self.messages.len();
        let at_end = self
            .anchor
            .is_none_or(|(index, _)| index + NEAR >= self.messages.len());
        let last = self.messages.last()?.id;
        (self.newer && (near || at_end)).then_some(last)
    }
}

/// Runs something on the open transcript with the pane as it is drawn now.
fn with<T>(
    model: &mut Model,
    channel: ChannelId,
    run: impl FnOnce(&mut Transcript, Window<'_>) -> T,
) -> Option<T> {
    let mut transcript = model.transcript.take()?;
    let zone = model.zone.clone();
    let window = Window {
        zone: &zone,
        ..main::window(model)
    };
    let result = (transcript.channel == channel).then(|| run(&mut transcript, window));
    model.transcript = Some(transcript);
    if result.is_some() {
        model.touch();
    }
    result
}

/// Opens a conversation at one of its messages.
pub(in crate::tui) fn open_at(
    model: &mut Model,
    channel: ChannelId,
    message: MessageId,
) -> Vec<Effect> {
    let mut effects = open_channel(model, channel);
    effects.extend(topics::show(model, None));
    model.pane = Pane::Transcript;
    if go_to(model, channel, message) {
        return effects;
    }
    let request = Request::Around {
        channel,
        message,
        before: main::PAGE / 2,
        after: main::PAGE / 2,
    };
    let question = Question::Around(channel, message);
    effects.extend(ask(model, request, question));
    effects
}

/// Goes to a message of a channel, if that is open and holds it.
fn go_to(model: &mut Model, channel: ChannelId, message: MessageId) -> bool {
    let went = with(model, channel, |transcript, window| {
        transcript.go_to(message, window)
    });
    went.unwrap_or(false)
}

/// Takes in the messages around one, and goes there.
pub(in crate::tui) fn take_around(
    model: &mut Model,
    channel: ChannelId,
    message: MessageId,
    page: Page,
) {
    with(model, channel, |transcript, window| {
        transcript.take_around(page, message, window);
    });
}

/// Takes in the messages after the newest that is held.
pub(in crate::tui) fn take_newer(
    model: &mut Model,
    channel: ChannelId,
    last: MessageId,
    page: Page,
) {
    with(model, channel, |transcript, _| {
        transcript.take_newer(page, last);
    });
}

/// Takes in how the messages that are held are now.
pub(in crate::tui) fn take_refresh(model: &mut Model, channel: ChannelId, page: Page) {
    with(model, channel, |transcript, _| transcript.refresh(page));
}

/// Asks for the messages around the selected one as they are now, where the newest page is not
/// among what is held.
pub(in crate::tui) fn refresh(model: &mut Model) -> Vec<Effect> {
    let open = model.transcript.as_ref().filter(|open| open.newer);
    let Some((channel, message)) = open.and_then(|open| Some((open.channel, open.selected()?.id)))
    else {
        return Vec::new();
    };
    let request = Request::Around {
        channel,
        message,
        before: main::PAGE / 2,
        after: main::PAGE / 2,
    };
    ask(model, request, Question::Refresh(channel))
}

/// Asks for newer messages where the cursor nears the end of what is held.
pub(in crate::tui) fn newer(model: &mut Model) -> Vec<Effect> {
    let open = model.transcript.as_ref();
    let Some((channel, last)) = open.and_then(|open| Some((open.channel, open.wants_newer()?)))
    else {
        return Vec::new();
    };
    let request = Request::Around {
        channel,
        message: last,
        before: 0,
        after: main::PAGE,
    };
    ask(model, request, Question::Newer(channel, last))
}

/// Leaves the place one jumped to: the newest messages are loaded.
pub(in crate::tui) fn follow(model: &mut Model) -> Vec<Effect> {
    let Some(open) = model.transcript.as_mut().filter(|open| open.newer) else {
        return Vec::new();
    };
    open.newer = false;
    let channel = open.channel;
    newest(model, channel)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{WINDOW, page};
    use super::*;

    fn ids(transcript: &Transcript) -> Vec<i64> {
        transcript.messages.iter().map(|held| held.id.0).collect()
    }

    fn around(ids: std::ops::RangeInclusive<i64>, newer: bool) -> Page {
        Page {
            newer,
            ..page(ids, true)
        }
    }

    #[test]
    fn the_message_one_goes_to_is_on_screen_and_selected() {
        let mut transcript = Transcript::new(ChannelId(1));
        for target in [40, 49, 60] {
            transcript.take_around(around(40..=60, true), MessageId(target), WINDOW);
            assert_eq!(transcript.selected().unwrap().id, MessageId(target));
            let placed = transcript.placed(WINDOW);
            let on_screen = placed.iter().find(|place| {
                transcript.messages[place.index].id == MessageId(target) && place.top >= 0
            });
            assert!(on_screen.is_some(), "{target}: {placed:?}");
        }
    }

    #[test]
    fn newer_messages_join_and_what_arrives_does_not_pull_one_away() {
        let mut transcript = Transcript::new(ChannelId(1));
        transcript.take_newest(page(91..=100, true));
        transcript.take_around(around(40..=60, true), MessageId(50), WINDOW);
        transcript.take_newest(page(92..=101, true));
        assert_eq!(ids(&transcript), (40..=60).collect::<Vec<_>>());
        transcript.take_newer(around(60..=95, true), MessageId(60));
        assert_eq!(ids(&transcript), (40..=95).collect::<Vec<_>>());
        assert_eq!(transcript.selected().unwrap().id, MessageId(50));
        transcript.take_newest(page(92..=101, true));
        assert_eq!(ids(&transcript), (40..=101).collect::<Vec<_>>());
        assert!(!transcript.newer, "the newest page is reached");
        assert_eq!(transcript.selected().unwrap().id, MessageId(50));
    }
}
