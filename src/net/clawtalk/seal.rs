//! The cryptography of this network, given to its wire.

use crate::crypto::{ChannelBox, SecretKey, sha256_of, signing};
use crate::wire::clawtalk::{
    AgentName, Draft, Envelope, Opened, Outgoing, PeerKeys, Scheme, TooLong,
};

/// The cryptography of this network.
pub const SCHEME: Scheme = Scheme {
    box_public: |secret| SecretKey::from_bytes(*secret).public(),
    signing_public: |seed| signing::public_key(&SecretKey::from_bytes(*seed)),
    verify: signing::verify,
    digest: sha256_of,
};

/// Returns the public halves of our keys.
pub fn public_keys(secret: &SecretKey, signing: Option<&SecretKey>) -> PeerKeys {
    PeerKeys {
        key: secret.public(),
        signing: signing.map(signing::public_key),
    }
}

/// Seals a payload, which is JSON text, in the box between us and the recipient, and signs it
/// where we have a key for that.
pub fn seal(
    draft: &Draft,
    payload: &str,
    nonce: &[u8; 24],
    sealing: &ChannelBox,
    signing: Option<&SecretKey>,
) -> Result<Outgoing, TooLong> {
    let seal = |nonce: &[u8; 24], plain: &[u8]| {
        // The nonce travels beside the box here.
        sealing.seal(nonce, plain).split_off(nonce.len())
    };
    let sign = signing.map(|seed| |message: &[u8]| signing::sign(seed, message));
    crate::wire::clawtalk::seal(draft, payload, nonce, &SCHEME, seal, sign)
}

/// Opens and judges an envelope. `opener` is the box between us and the sender; without one, no
/// usable key of theirs is known. `peer` are the sender's keys.
pub fn open(
    envelope: &Envelope,
    ours: &AgentName,
    opener: Option<&ChannelBox>,
    peer: Option<&PeerKeys>,
) -> Opened {
    let signing = peer.and_then(|peer| peer.signing.as_ref());
    envelope.open(ours, signing, &SCHEME, |nonce, sealed| {
        opener?.open(&[&nonce[..], sealed].concat()).ok()
    })
}
