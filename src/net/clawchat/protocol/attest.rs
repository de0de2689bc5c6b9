//! Attestations: a wallet says which node is its own.

use super::{Reason, Us};
use crate::crypto::sha256;
use crate::crypto::stacks::{Principal, StacksNetwork, recover};
use crate::model::Digest;
use crate::wire::clawchat::Attestation;

/// How far a clock may be off, in seconds: as the real program allows.
const SKEW: u64 = 300;
/// How long an attestation of ours holds, in seconds: as the real program's.
const VALID: u64 = 24 * 60 * 60;
/// Longest time that one may hold: a real one with an hour to spare. The real program takes any.
const LONGEST: u64 = 25 * 60 * 60;

/// Signs that our node is ours, from now on for a day.
pub fn attest(us: &Us, nonce: [u8; 32], now: u64) -> Attestation {
    let mut attestation = Attestation {
        principal: us.principal.to_string(),
        node_key: us.node_key,
        issued_at: now,
        expires_at: now + VALID,
        nonce: nonce.to_vec(),
        signature: [0; 65],
    };
    let Digest(digest) = sha256(&attestation.payload());
    attestation.signature = us.wallet.sign(&digest);
    attestation
}

/// Tells whose attestation it is, if it holds now.
///
/// Beyond what the real program checks: it ends after it begins, holds 25 hours at most, its
/// signature has one form, and its principal is written in the one form.
pub fn verify(
    attestation: &Attestation,
    network: StacksNetwork,
    now: u64,
) -> Result<Principal, Reason> {
    let principal = Principal::parse(&attestation.principal).ok_or(Reason::Attestation)?;
    if principal.network() != network {
        return Err(Reason::OtherNetwork);
    }
    let (from, to) = (attestation.issued_at, attestation.expires_at);
    if to.saturating_add(SKEW) <= now || from > now.saturating_add(SKEW) {
        return Err(Reason::Clock);
    }
    if to <= from || to - from > LONGEST {
        return Err(Reason::Attestation);
    }
    let Digest(digest) = sha256(&attestation.payload());
    match recover(&digest, &attestation.signature) {
        Ok(hash160) if hash160 == *principal.hash160() => Ok(principal),
        Ok(_) | Err(_) => Err(Reason::Attestation),
    }
}
