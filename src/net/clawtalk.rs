//! `ClawTalk`: agents on a shared relay, which keeps sealed and signed messages for them.
//!
//! Start with [`protocol`], where it is decided what a message comes to; [`pages`] and [`rate`]
//! decide how an inbox is read and how fast may be posted. [`client`] speaks HTTP, `desk` does
//! all of it for one login, `enrol` makes a new one, and `worker` has a desk for each.

pub mod client;
mod desk;
mod enrol;
pub mod pages;
pub mod protocol;
pub mod rate;
pub mod seal;
mod worker;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

pub use seal::SCHEME;

use crate::crypto::{ChannelBox, SecretKey};
use crate::model::{Audience, Body, IdentityKey, NetworkId, PeerText, Routing};
use crate::wire::clawtalk::{AgentName, Draft, JsText, KeyFile, PeerKeys, encode_payload};
use crate::wire::mailbox::RelayUrl;

use super::{
    Capabilities, Enrolling, Keys, Link, Logins, Network, Outgoing, OwnKeys, SealError, Sealed,
};

/// The member of the metadata that names all recipients of a message to several.
const RECIPIENTS: &str = "recipients";

/// The network of agents on shared relays.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClawTalk;

impl Network for ClawTalk {
    fn id(&self) -> NetworkId {
        NetworkId::ClawTalk
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_body: self.id().longest_text(),
        }
    }

    fn read_key(&self, text: &str) -> Option<IdentityKey> {
        let PeerKeys { key, signing } = PeerKeys::parse(text).ok()?;
        Some(IdentityKey { key, signing })
    }

    fn write_key(&self, key: &IdentityKey) -> String {
        peer_keys(key).to_string()
    }

    fn public_of(&self, own: &OwnKeys) -> IdentityKey {
        let PeerKeys { key, signing } = seal::public_keys(&own.secret, own.signing.as_deref());
        IdentityKey { key, signing }
    }

    /// The keys alone: either side knows the channel by the name of the other.
    fn code_scope<'a>(&self, _address: &'a str) -> &'a str {
        ""
    }

    fn logins(&self) -> Option<&dyn Logins> {
        Some(self)
    }

    fn has_routing(&self) -> bool {
        true
    }

    fn seal(
        &self,
        keys: &Keys,
        message: &Outgoing<'_>,
        nonce: [u8; 24],
    ) -> Result<Sealed, SealError> {
        let unusable = SealError::UnusableKey;
        let sealing =
            ChannelBox::new(&keys.own.secret, &keys.peer.key).map_err(|_low_order| unusable)?;
        let to = AgentName::parse(message.to).map_err(|_name| unusable)?;
        let default = Routing::default();
        let routing = message.routing.unwrap_or(&default);
        let label = |text: &Option<PeerText>| {
            text.as_ref()
                .map(|text| JsText::from(text.expose_untrusted()))
        };
        let draft = Draft {
            to,
            kind: routing.kind,
            topic: label(&routing.topic),
            correlation: label(&routing.correlation),
            reply_to: label(&routing.reply_to),
        };
        let payload = encode_payload(&with_recipients(message.body, &routing.audience));
        let signing = keys.own.signing.as_deref();
        let sealed = seal::seal(&draft, &payload, &nonce, &sealing, signing)
            .map_err(|_too_long| SealError::TooLarge)?;
        Ok(Sealed {
            payload: sealed.body,
            envelope: sealed.envelope,
        })
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(worker::run(link))
    }
}

impl Logins for ClawTalk {
    fn check_address(&self, text: &str) -> Result<(), String> {
        AgentName::parse(text)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    fn read_endpoint(&self, text: &str) -> Result<String, String> {
        RelayUrl::parse(text)
            .map(|url| url.as_str().to_owned())
            .map_err(|error| error.to_string())
    }

    fn enrolling(&self) -> Option<&dyn Enrolling> {
        Some(self)
    }
}

impl Enrolling for ClawTalk {
    fn read_keys(&self, text: &str) -> Result<OwnKeys, String> {
        let file = KeyFile::decode(text, &SCHEME).map_err(|error| error.to_string())?;
        Ok(OwnKeys {
            secret: Arc::new(SecretKey::from_bytes(*file.secret)),
            signing: file.seed.map(|seed| Arc::new(SecretKey::from_bytes(*seed))),
        })
    }

    fn new_keys(&self, secret: SecretKey, signing: SecretKey) -> OwnKeys {
        OwnKeys {
            secret: Arc::new(secret),
            signing: Some(Arc::new(signing)),
        }
    }
}

/// Makes new keys and writes them as the reference's tool does.
pub fn keygen() -> Result<Zeroizing<String>, crate::crypto::Error> {
    let file = KeyFile {
        secret: Zeroizing::new(crate::crypto::random()?),
        seed: Some(Zeroizing::new(crate::crypto::random()?)),
    };
    Ok(file.encode(&SCHEME))
}

/// Returns an identity as the wire has it.
fn peer_keys(key: &IdentityKey) -> PeerKeys {
    PeerKeys {
        key: key.key,
        signing: key.signing,
    }
}

/// Adds the names of all recipients to the metadata of a message to several.
fn with_recipients(body: &Body, audience: &Audience) -> Body {
    let Audience::Several(names) = audience else {
        return body.clone();
    };
    let names: Vec<&str> = names.iter().map(PeerText::expose_untrusted).collect();
    let mut metadata: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(body.metadata.expose_untrusted()).unwrap_or_default();
    metadata.insert(RECIPIENTS.to_owned(), names.into());
    Body {
        metadata: PeerText::new(serde_json::Value::Object(metadata).to_string()),
        ..body.clone()
    }
}

/// Reads for whom a message was, as its author says in the metadata.
fn recipients_in(body: &Body) -> Audience {
    let metadata = serde_json::from_str(body.metadata.expose_untrusted()).ok();
    let names: Option<Vec<PeerText>> = metadata.and_then(|all: serde_json::Value| {
        let names = all.get(RECIPIENTS)?.as_array()?;
        names
            .iter()
            .map(|name| name.as_str().map(PeerText::new))
            .collect()
    });
    match names {
        Some(names) if names.len() > 1 => Audience::Several(names),
        _ => Audience::One,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(number: u8) -> OwnKeys {
        ClawTalk.new_keys(
            SecretKey::from_bytes([number; 32]),
            SecretKey::from_bytes([number + 100; 32]),
        )
    }

    #[test]
    fn an_identity_is_both_keys_and_is_read_as_it_is_written() {
        let identity = ClawTalk.public_of(&keys(1));
        assert!(identity.signing.is_some());
        let text = ClawTalk.write_key(&identity);
        assert_eq!(ClawTalk.read_key(&text), Some(identity));
        let unsigned = IdentityKey::from(identity.key);
        let without = ClawTalk.write_key(&unsigned);
        assert_eq!(ClawTalk.read_key(&without), Some(unsigned));
        assert_ne!(
            ClawTalk.fingerprint(&identity),
            ClawTalk.fingerprint(&unsigned)
        );
        assert_eq!(ClawTalk.read_key(""), None);
    }

    #[test]
    fn a_message_to_several_names_them_inside_of_the_seal() {
        let names = ["Bob", "Carol"].map(PeerText::new).to_vec();
        let body = with_recipients(&Body::new("", "hi"), &Audience::Several(names.clone()));
        assert_eq!(recipients_in(&body), Audience::Several(names));
        assert_eq!(recipients_in(&Body::new("", "hi")), Audience::One);
        let one = Body {
            metadata: PeerText::new(r#"{"recipients": ["Bob"]}"#),
            ..Body::new("", "hi")
        };
        assert_eq!(recipients_in(&one), Audience::One);
    }

    #[test]
    fn sealing_for_a_name_that_no_relay_takes_is_refused() {
        let keys = Keys {
            own: keys(1),
            peer: ClawTalk.public_of(&keys(2)),
        };
        let body = Body::new("", "hi");
        let to = |to| Outgoing {
            at: crate::model::UnixMillis(0),
            to,
            body: &body,
            routing: None,
        };
        assert!(ClawTalk.seal(&keys, &to("Bob"), [1; 24]).is_ok());
        assert_eq!(
            ClawTalk.seal(&keys, &to("broadcast"), [1; 24]),
            Err(SealError::UnusableKey)
        );
        let long = Body::new("", "é".repeat(40_000));
        let long = Outgoing {
            body: &long,
            ..to("Bob")
        };
        assert_eq!(
            ClawTalk.seal(&keys, &long, [1; 24]),
            Err(SealError::TooLarge)
        );
    }
}
