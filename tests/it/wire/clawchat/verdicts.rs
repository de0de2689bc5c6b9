//! Whose attestations are believed.

use chaperon::crypto::stacks::{StacksNetwork, Wallet};
use chaperon::net::clawchat::protocol::{Reason, Us, attest, verify};
use chaperon::wire::clawchat::Attestation;

use super::{cbor, list, node_key, text, wallet};

/// What the real program believes, and we do not.
const NOT_BELIEVED: [(&str, &str); 8] = [
    (
        "signature: malleated high-S with flipped v",
        "a second form of one signature",
    ),
    ("expired 299 s ago", "it ends before it begins"),
    ("expiresAt before issuedAt", "it ends before it begins"),
    (
        "expires in the year 9999 (no upper bound on validity)",
        "whoever gets hold of it could show it for ever",
    ),
    (
        "principal without the stacks: prefix (properly signed)",
        "a principal has one text, or two peers could be one",
    ),
    (
        "principal with prefix inside the address",
        "a principal has one text",
    ),
    (
        "string issuedAt equal to the number",
        "a number is a number",
    ),
    (
        "negative issuedAt (properly signed)",
        "nobody signed before 1970",
    ),
];

fn network(name: &str) -> StacksNetwork {
    match name {
        "testnet" => StacksNetwork::Testnet,
        _ => StacksNetwork::Mainnet,
    }
}

#[test]
fn attestations_are_believed_as_the_real_program_does_and_less() {
    let mut stricter = 0;
    for vector in list("attestation_verdicts") {
        let label = text(&vector, "label");
        let json = cbor(&vector["attestation"]);
        let network = network(text(&vector, "verifier_network"));
        let now = vector["now_s"].as_u64().unwrap();
        let verdict = Attestation::from_value(&json)
            .ok_or(Reason::Attestation)
            .and_then(|attestation| verify(&attestation, network, now));
        let accepts = text(&vector, "verdict") == "accept";
        if let Some((_, reason)) = NOT_BELIEVED.iter().find(|(name, _)| *name == label) {
            assert!(accepts && verdict.is_err(), "{label}: {reason}");
            stricter += 1;
        } else {
            assert_eq!(verdict.is_ok(), accepts, "{label}: {verdict:?}");
        }
        if let Ok(principal) = verdict {
            let said = vector["attestation"]["principal"].as_str();
            assert_eq!(Some(&*principal.to_string()), said, "{label}");
        }
    }
    assert_eq!(stricter, NOT_BELIEVED.len());
}

fn us(wallet: Wallet) -> Us {
    Us {
        principal: wallet.principal(StacksNetwork::Testnet),
        wallet: wallet.into(),
        node_key: node_key("n1"),
        receipts: true,
    }
}

/// An attestation of ours that holds between these times, in seconds.
fn holding(from: u64, to: u64) -> Attestation {
    let us = us(wallet("w1"));
    let mut attestation = attest(&us, [7; 32], from);
    attestation.expires_at = to;
    let digest = chaperon::crypto::sha256(&attestation.payload());
    attestation.signature = us.wallet.sign(&digest.0);
    attestation
}

#[test]
fn an_attestation_of_ours_is_believed_for_a_day_and_five_minutes() {
    let attestation = attest(&us(wallet("w1")), [7; 32], 1_770_000_000);
    let who = wallet("w1").principal(StacksNetwork::Testnet);
    let verdict = |now| verify(&attestation, StacksNetwork::Testnet, now);
    assert_eq!(verdict(1_770_000_000 - 301), Err(Reason::Clock));
    assert_eq!(verdict(1_770_000_000 - 300), Ok(who));
    assert_eq!(verdict(1_770_086_400 + 299), Ok(who));
    assert_eq!(verdict(1_770_086_400 + 300), Err(Reason::Clock));
    let elsewhere = verify(&attestation, StacksNetwork::Mainnet, 1_770_000_000);
    assert_eq!(elsewhere, Err(Reason::OtherNetwork));
}

#[test]
fn nobody_is_believed_for_longer_than_25_hours() {
    let now = 1_770_000_000;
    let verdict = |hours: u64, more| {
        let attestation = holding(now, now + hours * 3600 + more);
        verify(&attestation, StacksNetwork::Testnet, now)
    };
    assert!(verdict(25, 0).is_ok());
    assert_eq!(verdict(25, 1), Err(Reason::Attestation));
    assert_eq!(verdict(0, 0), Err(Reason::Attestation));
}

#[test]
fn the_log_keeps_all_that_proves_an_attestation() {
    let attestation = attest(&us(wallet("w2")), [9; 32], 1_770_000_000);
    let json: serde_json::Value = serde_json::from_str(&attestation.to_json()).unwrap();
    let read = Attestation {
        principal: text(&json, "principal").to_owned(),
        node_key: super::bytes(text(&json, "nodePublicKey"))
            .try_into()
            .unwrap(),
        issued_at: json["issuedAt"].as_u64().unwrap(),
        expires_at: json["expiresAt"].as_u64().unwrap(),
        nonce: super::bytes(text(&json, "nonce")),
        signature: super::bytes(text(&json, "signature")).try_into().unwrap(),
    };
    assert_eq!(read, attestation);
}
