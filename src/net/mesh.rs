//! The `OpenClaw` Agent Mesh: agents that are HTTP servers, and clients of each other.
//!
//! Must not: see the store, or take anything of whoever was not accepted.

use std::net::SocketAddr;

use futures_util::future::BoxFuture;

use crate::crypto::{self, SecretKey, signing};
use crate::model::{Body, Digest, Fingerprint, NetworkId, PublicKey};
use crate::wire::mailbox::RelayUrl;
use crate::wire::mesh::{AgentId, ContactRequest, DirectId, Received, RequestId, Scheme};

use super::{Capabilities, Keys, Link, Logins, Network, SealError, Sealed, Somebody, Stranger};

/// The signatures of the mesh: Ed25519, keys as PEM.
pub const SCHEME: Scheme = Scheme {
    read_key: |pem| signing::read_public_pem(pem).ok(),
    write_key: signing::public_pem,
    fingerprint: signing::pem_fingerprint,
    verify: signing::verify,
};

/// Returns the digest by which a message that came is known, from its id.
pub fn arrived_envelope(id: &str) -> Digest {
    crypto::sha256_of(&[b"mesh in", id.as_bytes()])
}

/// Returns the digest by which a message of ours is known, from its id.
pub fn sent_envelope(id: &str) -> Digest {
    crypto::sha256_of(&[b"mesh out", id.as_bytes()])
}

/// Returns who asks for contact; `None` where their endpoint is no address that could be used.
pub fn stranger_of(request: ContactRequest, received: &Received<'_>) -> Option<Stranger> {
    let endpoint = request.from.endpoint.expose_untrusted();
    Some(Stranger {
        network: NetworkId::Mesh,
        who: Somebody {
            address: request.from.agent.as_str().to_owned(),
            endpoint: Mesh.read_endpoint(endpoint).ok()?,
            name: request.from.display_name,
            key: request.from.key.pem().to_owned(),
            answer: received.to_line(),
        },
        id: request.id.as_str().to_owned(),
        purpose: request.purpose,
    })
}

/// The network of the mesh.
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

    fn read_key(&self, text: &str) -> Option<PublicKey> {
        signing::read_public_pem(text).ok()
    }

    fn write_key(&self, key: &PublicKey) -> String {
        signing::public_pem(key)
    }

    fn public_of(&self, secret: &SecretKey) -> PublicKey {
        signing::public_key(secret)
    }

    fn fingerprint(&self, key: &PublicKey) -> Fingerprint {
        crypto::short(&crypto::sha256(signing::public_pem(key).as_bytes()))
    }

    fn digest_of(&self, key: &PublicKey) -> String {
        signing::pem_fingerprint(&signing::public_pem(key))
    }

    fn code_scope<'a>(&self, _address: &'a str) -> &'a str {
        // Each side knows the other by an id, and no id is common to both.
        ""
    }

    fn logins(&self) -> Option<&dyn Logins> {
        Some(self)
    }

    /// Makes the id of a message. It is signed with every attempt anew, because its time of
    /// writing has to be fresh when it arrives; the id is what stays.
    fn seal(&self, _keys: &Keys, _body: &Body, nonce: [u8; 24]) -> Result<Sealed, SealError> {
        let [random @ .., _, _, _, _, _, _, _, _] = nonce;
        let id = DirectId::from_random(random);
        Ok(Sealed {
            payload: id.as_str().to_owned(),
            envelope: sent_envelope(id.as_str()),
        })
    }

    fn start(&self, mut link: Link) -> BoxFuture<'static, ()> {
        Box::pin(async move { while link.commands.recv().await.is_some() {} })
    }
}

impl Logins for Mesh {
    fn new_address(&self, random: [u8; 16]) -> String {
        let [random @ .., _, _, _, _, _, _, _, _, _, _] = random;
        AgentId::from_random(random).as_str().to_owned()
    }

    fn check_address(&self, text: &str) -> Result<(), String> {
        AgentId::parse(text).map(drop).ok_or_else(|| {
            "an id has 1 to 128 letters, digits, dots, dashes and underscores".to_owned()
        })
    }

    fn read_endpoint(&self, text: &str) -> Result<String, String> {
        RelayUrl::parse(text)
            .map(|url| url.as_str().to_owned())
            .map_err(|error| error.to_string())
    }

    fn endpoint_at(&self, listen: SocketAddr) -> String {
        format!("http://{listen}")
    }

    fn new_request(&self, random: [u8; 16]) -> String {
        RequestId::from_random(random).as_str().to_owned()
    }

    fn expand(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec![self.read_endpoint(pattern)?])
    }
}
