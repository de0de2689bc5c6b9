//! `OpenClaw` Agent Mesh: agents that reach each other over HTTP, each of them a server and a
//! client. What travels is signed and readable by whoever is on the way.
//!
//! Start with [`protocol`], where everything is decided; `server` and `client` speak HTTP,
//! `worker` moves bytes between them and the engine, `mdns` finds others on the local network.

mod client;
mod mdns;
pub mod protocol;
mod server;
pub mod targets;
mod worker;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use futures_util::future::BoxFuture;

use crate::crypto::{self, signing};
use crate::model::{Digest, Fingerprint, IdentityKey, NetworkId};
use crate::wire::mailbox::RelayUrl;
use crate::wire::mesh::{AgentId, ContactRequest, DirectId, Identity, Received, RequestId, Scheme};

use super::{
    Asking, Capabilities, Keys, Link, Logins, Network, Outgoing, OwnKeys, SealError, Sealed,
    Somebody, Stranger,
};

/// The cryptography of this network.
pub const SCHEME: Scheme = Scheme {
    read_key: |pem| signing::read_public_pem(pem).ok(),
    write_key: signing::public_pem,
    fingerprint: signing::pem_fingerprint,
    verify: signing::verify,
};

/// Returns the digest by which a message of the peer of a channel is known: by its id, so that
/// the same id again is the same message again, however it is signed.
///
/// Not the digest of a message of ours: otherwise a peer could pass theirs off as ours.
pub fn arrived_envelope(id: &str) -> Digest {
    crypto::sha256_of(&[b"mesh in", id.as_bytes()])
}

/// Returns the digest by which a message of ours is known, from its id.
pub fn sent_envelope(id: &str) -> Digest {
    crypto::sha256_of(&[b"mesh out", id.as_bytes()])
}

/// Returns who asks for contact; `None` where their endpoint is no address that could be used.
pub fn stranger_of(request: ContactRequest, received: &Received<'_>) -> Option<Stranger> {
    Some(Stranger {
        network: NetworkId::Mesh,
        account: None,
        who: somebody(&request.from, received.to_line())?,
        id: request.id.as_str().to_owned(),
        purpose: request.purpose,
        wrote: None,
    })
}

/// Returns who somebody says they are; `None` where they name no address that could be used.
fn somebody(identity: &Identity, answer: String) -> Option<Somebody> {
    let endpoint = identity.endpoint.expose_untrusted();
    Some(Somebody {
        address: identity.agent.as_str().to_owned(),
        name: identity.display_name.clone(),
        endpoint: Mesh.read_endpoint(endpoint).ok()?,
        key: identity.key.pem().to_owned(),
        answer,
    })
}

/// The network of agents that reach each other over HTTP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mesh;

impl Network for Mesh {
    fn id(&self) -> NetworkId {
        NetworkId::Mesh
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_body: self.id().longest_text(),
        }
    }

    fn read_key(&self, text: &str) -> Option<IdentityKey> {
        (SCHEME.read_key)(text).map(IdentityKey::from)
    }

    fn write_key(&self, key: &IdentityKey) -> String {
        signing::public_pem(&key.key)
    }

    fn public_of(&self, own: &OwnKeys) -> IdentityKey {
        signing::public_key(&own.secret).into()
    }

    /// The beginning of what the scripts show after `sha256:`.
    fn fingerprint(&self, key: &IdentityKey) -> Fingerprint {
        crypto::short(&crypto::sha256(signing::public_pem(&key.key).as_bytes()))
    }

    fn digest_of(&self, key: &IdentityKey) -> String {
        signing::pem_fingerprint(&signing::public_pem(&key.key))
    }

    /// The keys alone: either side knows the channel by the id of the other.
    fn code_scope<'a>(&self, _address: &'a str) -> &'a str {
        ""
    }

    fn logins(&self) -> Option<&dyn Logins> {
        Some(self)
    }

    /// Nothing is sealed here, and every attempt is signed anew because it tells its time. What
    /// stays the same is the id: by it the peer knows that it has the message already.
    fn seal(
        &self,
        _keys: &Keys,
        _message: &Outgoing<'_>,
        nonce: [u8; 24],
    ) -> Result<Sealed, SealError> {
        let [random @ .., _, _, _, _, _, _, _, _] = nonce;
        let id = DirectId::from_random(random);
        Ok(Sealed {
            envelope: sent_envelope(id.as_str()),
            payload: id.as_str().to_owned(),
        })
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(worker::run(link))
    }
}

impl Logins for Mesh {
    fn check_address(&self, text: &str) -> Result<(), String> {
        AgentId::parse(text).map(drop).ok_or_else(|| {
            String::from("an agent's id has 1 to 128 characters of A-Z a-z 0-9 . _ -")
        })
    }

    fn read_endpoint(&self, text: &str) -> Result<String, String> {
        RelayUrl::parse(text)
            .map(|url| url.as_str().to_owned())
            .map_err(|_why| {
                String::from("this is not an address; it should be like http://192.168.1.5:8787")
            })
    }

    fn asking(&self) -> Option<&dyn Asking> {
        Some(self)
    }
}

impl Asking for Mesh {
    fn new_address(&self, random: [u8; 16]) -> String {
        let [random @ .., _, _, _, _, _, _, _, _, _, _] = random;
        AgentId::from_random(random).as_str().to_owned()
    }

    fn endpoint_at(&self, listen: SocketAddr) -> String {
        let here = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
        };
        format!("http://{}", SocketAddr::new(here, listen.port()))
    }

    fn new_request(&self, random: [u8; 16]) -> String {
        RequestId::from_random(random).as_str().to_owned()
    }

    fn expand(&self, pattern: &str) -> Result<Vec<String>, String> {
        targets::expand(pattern)
            .map(|all| all.iter().map(|url| url.as_str().to_owned()).collect())
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SecretKey;
    use crate::model::{Body, PublicKey};

    #[test]
    fn the_short_form_of_a_key_begins_its_fingerprint() {
        let key = Mesh.public_of(&SecretKey::from_bytes([3; 32]).into());
        let long = signing::pem_fingerprint(&Mesh.write_key(&key));
        let short = Mesh.fingerprint(&key).0.replace('-', "");
        assert!(long.starts_with(&format!("sha256:{short}")), "{long}");
        assert_eq!(long, Mesh.digest_of(&key));
        assert_eq!(Mesh.read_key(&Mesh.write_key(&key)), Some(key));
    }

    #[test]
    fn the_id_of_a_message_is_all_that_every_attempt_repeats() {
        let keys = Keys {
            own: SecretKey::from_bytes([3; 32]).into(),
            peer: PublicKey([9; 32]).into(),
        };
        let seal = |text: &str, nonce| {
            let message = Outgoing {
                at: crate::model::UnixMillis(0),
                to: "bo",
                body: &Body::new("", text),
                routing: None,
            };
            Mesh.seal(&keys, &message, nonce).unwrap()
        };
        let sealed = seal("one", [0xab; 24]);
        assert_eq!(sealed.payload, format!("msg_{}", "ab".repeat(16)));
        assert_eq!(sealed, seal("two", [0xab; 24]));
        assert_ne!(sealed.envelope, seal("one", [0xac; 24]).envelope);
    }

    #[test]
    fn an_address_to_listen_at_is_one_that_can_be_reached() {
        for (listen, endpoint) in [
            ("127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("0.0.0.0:9000", "http://127.0.0.1:9000"),
            ("[::]:9000", "http://[::1]:9000"),
            ("192.168.1.5:8787", "http://192.168.1.5:8787"),
        ] {
            let written = Mesh.endpoint_at(listen.parse().unwrap());
            assert_eq!(written, endpoint);
            assert_eq!(Mesh.read_endpoint(&format!("{written}/")), Ok(written));
        }
    }

    #[test]
    fn ids_are_made_as_the_scripts_make_them() {
        let address = Mesh.new_address([0xcd; 16]);
        assert_eq!(address, "agent-cdcdcdcdcdcd");
        assert_eq!(Mesh.check_address(&address), Ok(()));
        assert!(Mesh.check_address("../peers/mallory").is_err());
        assert_eq!(
            Mesh.new_request([1; 16]),
            format!("req_{}", "01".repeat(16))
        );
    }
}
