//! What a node still has to tell whoever uses it.

use std::collections::VecDeque;

use super::Event;

/// News that may wait. Whoever takes none for so long misses the oldest, and can ask instead.
const WAITING: usize = 1024;

/// News in order, of each subject only the latest.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Event>,
    /// A stream waits here while the reader is busy; more wait in the queue of [`super::streams`].
    inbound: Option<Event>,
}

impl Outbox {
    /// Adds news.
    pub(super) fn push(&mut self, event: Event) {
        self.waiting
            .retain(|earlier| !same_subject(earlier, &event));
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(event);
    }

    /// Adds a stream; asked for only where there is room.
    pub(super) fn push_inbound(&mut self, event: Event) {
        self.inbound = Some(event);
    }

    /// Whether a stream can be added.
    pub(super) fn has_room(&self) -> bool {
        self.inbound.is_none()
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.inbound.is_none()
    }

    /// Returns what is to be told next: a stream first, since somebody waits for the answer.
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.inbound.take().or_else(|| self.waiting.pop_front())
    }
}

/// Tells whether the later makes the earlier worthless.
fn same_subject(earlier: &Event, later: &Event) -> bool {
    match (earlier, later) {
        (Event::Listening { .. }, Event::Listening { .. })
        | (Event::Reachable(_), Event::Reachable(_)) => true,
        (Event::Path { peer: a, .. }, Event::Path { peer: b, .. })
        | (Event::Identified { peer: a, .. }, Event::Identified { peer: b, .. }) => a == b,
        (Event::ListenFailed { at: a, .. }, Event::ListenFailed { at: b, .. })
        | (Event::Reservation { relay: a, .. }, Event::Reservation { relay: b, .. }) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use libp2p::PeerId;

    use super::super::Path;
    use super::*;

    #[test]
    fn of_each_peer_only_the_latest_path_is_told() {
        let (one, other) = (PeerId::random(), PeerId::random());
        let mut outbox = Outbox::default();
        for (peer, path) in [
            (one, Some(Path::Relayed)),
            (other, Some(Path::Direct)),
            (one, None),
        ] {
            outbox.push(Event::Path { peer, path });
        }

        let told: Vec<_> = std::iter::from_fn(|| outbox.pop())
            .map(|event| {
                let Event::Path { peer, path } = event else {
                    panic!("{event:?}")
                };
                (peer, path)
            })
            .collect();

        assert_eq!(told, [(other, Some(Path::Direct)), (one, None)]);
    }

    #[test]
    fn a_reader_who_is_away_does_not_make_us_keep_everything() {
        let mut outbox = Outbox::default();
        for _ in 0..WAITING * 2 {
            let peer = PeerId::random();
            outbox.push(Event::Path { peer, path: None });
        }

        assert_eq!(outbox.waiting.len(), WAITING);
    }
}
