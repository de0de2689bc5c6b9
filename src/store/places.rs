//! Where the peers of channels are reached.

use rusqlite::params;

use crate::model::ChannelId;

use super::{Error, Tx};

/// Notes where the peer is reached from now on.
pub fn set_relay(tx: &Tx<'_>, id: ChannelId, relay: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET relay = ?2 WHERE id = ?1",
        params![id.0, relay],
    )?;
    Ok(())
}

/// Remembers where a peer was found to be reached, as the network writes it.
pub fn learn(tx: &Tx<'_>, id: ChannelId, learned: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET learned = seal('channels.learned', id, ?2) WHERE id = ?1",
        params![id.0, learned],
    )?;
    Ok(())
}
