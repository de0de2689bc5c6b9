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
use crate::model::{IdentityKey, NetworkId};
use crate::wire::mailbox as wire;

use super::{Capabilities, InviteLink, Keys, Link, Links, Network, Outgoing, SealError, Sealed};

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
        }
    }

    fn read_key(&self, text: &str) -> Option<IdentityKey> {
        wire::decode_key(text).ok().map(IdentityKey::from)
    }

    fn write_key(&self, key: &IdentityKey) -> String {
        wire::encode_key(&key.key)
    }

    fn links(&self) -> Option<&dyn Links> {
        Some(self)
    }

    fn seal(
        &self,
        keys: &Keys,
        message: &Outgoing<'_>,
        nonce: [u8; 24],
    ) -> Result<Sealed, SealError> {
        let channel_box = ChannelBox::new(&keys.own.secret, &keys.peer.key)
            .map_err(|_low_order| SealError::UnusableKey)?;
        let envelope = channel_box.seal(&nonce, &wire::encode_body(message.body));
        Ok(Sealed {
            envelope: crate::crypto::sha256(&envelope),
            payload: wire::encode_payload(&envelope),
        })
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(worker::run(link))
    }
}

impl Links for Mailbox {
    fn new_address(&self, random: [u8; 16]) -> String {
        wire::MailboxId::from_random(random).as_str().to_owned()
    }

    fn read_relay(&self, text: &str) -> Result<String, String> {
        wire::RelayUrl::parse(text)
            .map(|relay| relay.as_str().to_owned())
            .map_err(|error| error.to_string())
    }

    fn read(&self, text: &str) -> Result<InviteLink, String> {
        let invite = wire::Invite::parse(text).map_err(|error| error.to_string())?;
        Ok(InviteLink {
            relay: invite.relay.as_str().to_owned(),
            address: invite.channel.as_str().to_owned(),
            key: invite.key.into(),
        })
    }

    fn write(&self, link: &InviteLink) -> Option<String> {
        let invite = wire::Invite {
            relay: wire::RelayUrl::parse(&link.relay).ok()?,
            channel: wire::MailboxId::parse(&link.address).ok()?,
            key: link.key.key,
        };
        Some(invite.to_url())
    }
}
