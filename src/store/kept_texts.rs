//! A text that a person keeps for a channel: one each, sealed, replaced as a whole.

use rusqlite::{OptionalExtension as _, params};

use crate::model::{ChannelId, PeerText, UnixMillis};

use super::{Error, Read, Tx};

/// The statements of one table of such texts. `?1` is the channel, `?2` the text, `?3` the time.
#[derive(Debug)]
pub(super) struct KeptTexts {
    /// Forgets the text of a channel.
    pub(super) forget: &'static str,
    /// Keeps it, in place of what was kept.
    pub(super) keep: &'static str,
    /// Gives it back, opened, with its time.
    pub(super) read: &'static str,
}

impl KeptTexts {
    /// Keeps the text of a channel; empty text forgets it.
    pub(super) fn keep(
        &self,
        tx: &Tx<'_>,
        channel: ChannelId,
        text: &PeerText,
        now: UnixMillis,
    ) -> Result<(), Error> {
        if text.is_empty() {
            tx.0.execute(self.forget, [channel.0])?;
        } else {
            tx.0.execute(
                self.keep,
                params![channel.0, text.expose_untrusted(), now.0],
            )?;
        }
        Ok(())
    }

    /// Returns the text of a channel and when it was kept.
    pub(super) fn of(
        &self,
        read: &impl Read,
        channel: ChannelId,
    ) -> Result<Option<(PeerText, UnixMillis)>, Error> {
        Ok(read
            .connection()
            .prepare_cached(self.read)?
            .query_row([channel.0], |row| {
                Ok((
                    PeerText::new(row.get::<_, String>(0)?),
                    UnixMillis(row.get(1)?),
                ))
            })
            .optional()?)
    }
}
