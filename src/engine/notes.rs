//! What a person keeps for themselves: notes about channels, and saved searches.

use crate::api::{ChannelRef, Error, Event, Note, Reply, SavedSearch};
use crate::model::{PeerText, UnixMillis};
use crate::store::{notes, searches};

use super::core::Core;

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 64 * 1024;
/// Longest query that is saved, in bytes.
const LONGEST_QUERY: usize = 1024;
/// Searches that can be saved.
const MOST_SEARCHES: usize = 100;

impl Core {
    pub(super) fn note(&self, reference: &ChannelRef) -> Result<Reply, Error> {
        let channel = self.find(reference)?.channel.id;
        let kept = notes::of(&self.store, channel)?;
        let (text, at) = kept.map_or_else(
            || (PeerText::default(), None),
            |(text, at)| (text, Some(at)),
        );
        Ok(Reply::Note(Note { channel, text, at }))
    }

    pub(super) fn set_note(
        &mut self,
        reference: &ChannelRef,
        text: &PeerText,
        seen: Option<UnixMillis>,
    ) -> Result<Reply, Error> {
        let channel = self.find(reference)?.channel.id;
        if text.len() > LONGEST_NOTE {
            return Err(Error::BadRequest(format!(
                "a note has at most {LONGEST_NOTE} bytes"
            )));
        }
        let now = self.now();
        let tx = self.store.write()?;
        let before = notes::of(&tx, channel)?.map(|(_, at)| at);
        if before != seen {
            return Err(Error::Changed);
        }
        // The time tells one version from another, so two changes never have the same.
        let now = before.map_or(now, |before| now.max(UnixMillis(before.0 + 1)));
        notes::keep(&tx, channel, text, now)?;
        tx.commit()?;
        self.tell(Event::Channels);
        self.note(&ChannelRef::Id(channel))
    }

    pub(super) fn saved_searches(&self) -> Result<Reply, Error> {
        let saved = searches::all(&self.store)?;
        let saved = saved
            .into_iter()
            .map(|(id, query)| SavedSearch { id, query });
        Ok(Reply::SavedSearches(saved.collect()))
    }

    pub(super) fn save_search(&mut self, query: &PeerText) -> Result<Reply, Error> {
        let query = PeerText::new(query.expose_untrusted().trim());
        if query.is_empty() || query.len() > LONGEST_QUERY {
            return Err(Error::BadRequest(format!(
                "a search that is saved has 1 to {LONGEST_QUERY} bytes"
            )));
        }
        let now = self.now();
        let tx = self.store.write()?;
        if searches::all(&tx)?.len() >= MOST_SEARCHES {
            return Err(Error::BadRequest(format!(
                "{MOST_SEARCHES} searches are saved; forget one first"
            )));
        }
        searches::save(&tx, &query, now)?;
        tx.commit()?;
        self.saved_searches()
    }

    pub(super) fn forget_search(&mut self, id: i64) -> Result<Reply, Error> {
        let tx = self.store.write()?;
        searches::forget(&tx, id)?;
        tx.commit()?;
        self.saved_searches()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::inbound::tests::alone;
    use crate::model::ChannelState;

    use super::*;

    #[test]
    fn a_note_is_changed_only_by_who_read_it_as_it_is() {
        let mut alone = alone();
        let channel = ChannelRef::Id(alone.add(ChannelState::Active, true));
        let mut set = |text: &str, seen| {
            let reply = alone.core.set_note(&channel, &PeerText::new(text), seen)?;
            let Reply::Note(note) = reply else {
                panic!("another reply");
            };
            Ok::<_, Error>(note.at)
        };
        let first = set("one", None).unwrap();
        assert_eq!(set("two", None), Err(Error::Changed));
        let second = set("two", first).unwrap();
        assert!(
            second > first,
            "the clock stands still, the versions differ"
        );
        assert_eq!(set("three", first), Err(Error::Changed));
        assert_eq!(set("", second), Ok(None));
        let long = "x".repeat(LONGEST_NOTE + 1);
        assert!(matches!(set(&long, None), Err(Error::BadRequest(_))));
    }
}
