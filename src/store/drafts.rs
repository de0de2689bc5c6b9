//! Text of composers that has not been sent.

use crate::model::{ChannelId, PeerText, UnixMillis};

use super::kept_texts::KeptTexts;
use super::{Error, Read, Tx};

const TEXTS: KeptTexts = KeptTexts {
    forget: "DELETE FROM drafts WHERE channel = ?1",
    keep: "INSERT INTO drafts (channel, text, at) VALUES (?1, seal('drafts.text', ?1, ?2), ?3)
         ON CONFLICT (channel) DO UPDATE SET text = excluded.text, at = excluded.at",
    read: "SELECT open('drafts.text', channel, text), at FROM drafts WHERE channel = ?1",
};

/// Keeps the text of a channel's composer; empty text forgets it.
pub fn keep(
    tx: &Tx<'_>,
    channel: ChannelId,
    text: &PeerText,
    now: UnixMillis,
) -> Result<(), Error> {
    TEXTS.keep(tx, channel, text, now)
}

/// Returns the kept text of a channel's composer and when it was kept.
pub fn kept(read: &impl Read, channel: ChannelId) -> Result<Option<(PeerText, UnixMillis)>, Error> {
    TEXTS.of(read, channel)
}
