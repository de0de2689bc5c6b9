//! The wires and the crypto under them, against what the reference clients do.
#![expect(
    clippy::indexing_slicing,
    reason = "a vector without the expected member has to fail loudly"
)]

mod bodies;
mod clawchat;
mod clawtalk;
mod envelopes;
mod files;
mod invites;
mod mesh;
mod properties;
mod python_json;
mod relay_answers;

use chaperon::crypto::SecretKey;
use chaperon::model::PublicKey;
use serde_json::Value;

/// Known answers made with the code of the reference client.
fn vectors(section: &str) -> Value {
    let text = include_str!("../fixtures/clawbuddy.json");
    let mut file: Value = serde_json::from_str(text).unwrap();
    file[section].take()
}

fn list(section: &str) -> Vec<Value> {
    vectors(section).as_array().unwrap().clone()
}

/// The member of a vector that has to be a string.
fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn secret(name: &str) -> SecretKey {
    let key = bytes(text(&vectors("keys")[name], "private_hex"));
    SecretKey::from_bytes(key.try_into().unwrap())
}

fn public(name: &str) -> PublicKey {
    let key = bytes(text(&vectors("keys")[name], "public_hex"));
    PublicKey(key.try_into().unwrap())
}
