//! `ClawChat`, against what the real program answers (`fixtures/clawchat.json`).

mod files;
mod identities;
mod messages;
mod properties;
#[cfg(feature = "clawchat")]
mod sessions;
#[cfg(feature = "clawchat")]
mod verdicts;

use std::borrow::Cow;

use chaperon::crypto::stacks::Wallet;
use chaperon::wire::clawchat::cbor::Value as Cbor;
use serde_json::Value;

use super::{bytes, text};

fn all() -> Value {
    serde_json::from_str(include_str!("../../fixtures/clawchat.json")).unwrap()
}

fn list(section: &str) -> Vec<Value> {
    all()[section].as_array().unwrap().clone()
}

/// The vector of a section with this name.
fn named(section: &str, name: &str) -> Value {
    let mut found = list(section).into_iter();
    found.find(|vector| text(vector, "name") == name).unwrap()
}

fn wallet(name: &str) -> Wallet {
    Wallet::from_phrase(text(&named("wallets", name), "mnemonic")).unwrap()
}

fn node_key(name: &str) -> [u8; 32] {
    let key = named("node_keys", name);
    bytes(text(&key, "ed25519_public_key_hex"))
        .try_into()
        .unwrap()
}

/// Reads a value as the file writes those that JSON does not have.
fn cbor(json: &Value) -> Cbor<'_> {
    match json {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Cbor::Uint(number),
            (None, Some(number)) => Cbor::Negative(u64::try_from(-1 - number).unwrap()),
            (None, None) => Cbor::Float(number.as_f64().unwrap()),
        },
        Value::String(text) => Cbor::text(text),
        Value::Array(items) => Cbor::Array(items.iter().map(cbor).collect()),
        Value::Object(members) => {
            let special = members
                .iter()
                .next()
                .filter(|(name, _)| name.starts_with('$'));
            match special.map(|(name, value)| (name.as_str(), value)) {
                Some(("$bytes", hex)) => Cbor::Bytes(bytes(hex.as_str().unwrap()).into()),
                Some(("$bigint", digits)) => Cbor::Uint(digits.as_str().unwrap().parse().unwrap()),
                Some(("$float", float)) => Cbor::Float(float.as_str().unwrap().parse().unwrap()),
                Some(_) => Cbor::Undefined,
                None => Cbor::Map(
                    members
                        .iter()
                        .map(|(name, value)| (Cow::from(name.as_str()), cbor(value)))
                        .collect(),
                ),
            }
        }
    }
}
