//! `ClawBuddy` mailboxes: HTTP relays that keep sealed envelopes until they are deleted.
//!
//! Start with [`protocol`], where everything is decided; `client` speaks HTTP, `worker` and
//! `watcher` move bytes between the two.

mod client;
mod probe;
pub mod protocol;
mod watcher;
mod worker;

use futures_util::future::BoxFuture;

pub use probe::{Probe, probe};

use crate::crypto::ChannelBox;
use crate::model::{Body, NetworkId};
use crate::wire::mailbox as wire;

use super::{Capabilities, Keys, Link, Network, SealError, Sealed};

/// The network of mailbox relays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mailbox;

impl Network for Mailbox {
    fn id(&self) -> NetworkId {
        NetworkId::Mailbox
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_body: self.id().longest_text(),
            open_invites: true,
        }
    }

    fn seal(&self, keys: &Keys, body: &Body, nonce: [u8; 24]) -> Result<Sealed, SealError> {
        let channel_box = ChannelBox::new(&keys.secret, &keys.peer)
            .map_err(|_low_order| SealError::UnusableKey)?;
        let envelope = channel_box.seal(&nonce, &wire::encode_body(body));
        Ok(Sealed {
            envelope: crate::crypto::sha256(&envelope),
            payload: wire::encode_payload(&envelope),
        })
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(worker::run(link))
    }
}
