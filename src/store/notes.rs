//! What a person keeps for themselves about a channel. It never leaves this machine.

use crate::model::{ChannelId, PeerText, UnixMillis};

use super::kept_texts::KeptTexts;
use super::{Error, Read, Tx};

const TEXTS: KeptTexts = KeptTexts {
    forget: "DELETE FROM notes WHERE channel = ?1",
    keep: "INSERT INTO notes (channel, text, at) VALUES (?1, seal('notes.text', ?1, ?2), ?3)
         ON CONFLICT (channel) DO UPDATE SET text = excluded.text, at = excluded.at",
    read: "SELECT open('notes.text', channel, text), at FROM notes WHERE channel = ?1",
};

/// Keeps the note of a channel; empty text forgets it.
pub fn keep(
    tx: &Tx<'_>,
    channel: ChannelId,
    text: &PeerText,
    now: UnixMillis,
) -> Result<(), Error> {
    TEXTS.keep(tx, channel, text, now)
}

/// Returns the note of a channel and when it was last changed.
pub fn of(read: &impl Read, channel: ChannelId) -> Result<Option<(PeerText, UnixMillis)>, Error> {
    TEXTS.of(read, channel)
}

#[cfg(test)]
mod tests {
    use super::super::channels::tests::add;
    use super::super::tests::scratch;
    use super::*;
    use crate::model::ChannelState;

    #[test]
    fn a_channel_has_one_note_and_an_empty_one_is_none() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        assert_eq!(of(&tx, channel).unwrap(), None);
        for (text, at) in [("met in Lisbon", 1), ("met in Lisbon\nlikes tea", 2)] {
            let text = PeerText::new(text);
            keep(&tx, channel, &text, UnixMillis(at)).unwrap();
            assert_eq!(of(&tx, channel).unwrap(), Some((text, UnixMillis(at))));
        }
        keep(&tx, channel, &PeerText::default(), UnixMillis(3)).unwrap();
        assert_eq!(of(&tx, channel).unwrap(), None);
    }
}
