//! What `mesh` prints: the JSON keys of the mesh's own scripts, with keys of ours after theirs.

use serde_json::{Value, json};

use super::output::{json_time, one_line};
use crate::model::{Channel, ContactRequest, OwnAccount, PeerText, RequestState, Sighted};
use crate::wire::mesh::PROTOCOL;

/// Tells whether a person means this key: by its short form, or by all of the mesh's own.
pub(super) fn same_key(asked: &ContactRequest, seen: &str) -> bool {
    seen == asked.fingerprint.0 || seen == asked.digest
}

pub(super) fn identity(account: &OwnAccount) -> Value {
    json!({
        "protocol": PROTOCOL,
        "agent_id": account.address,
        "display_name": account.name,
        "endpoint": account.endpoint,
        "public_key": account.key,
        "fingerprint": account.digest,
        "created_at": json_time(Some(account.created_at)),
        "short_fingerprint": account.fingerprint,
        "listening": account.listening,
    })
}

pub(super) fn discovery(account: &OwnAccount) -> Value {
    json!({
        "ok": true,
        "protocol": PROTOCOL,
        "agent": {
            "agent_id": account.address,
            "display_name": account.name,
            "endpoint": account.endpoint,
            "public_key": account.key,
            "fingerprint": account.digest,
        },
    })
}

/// The scripts write the answer as it came; so do we, once it was read and written again.
pub(super) fn sighted_json(sighted: &Sighted) -> Value {
    let Some(claim) = &sighted.somebody else {
        return json!({ "url": sighted.url, "error": sighted.problem });
    };
    let answer = claim.unsafe_answer.expose_untrusted();
    json!({
        "url": sighted.url,
        "response": serde_json::from_str::<Value>(answer).unwrap_or(Value::Null),
        "short_fingerprint": claim.fingerprint,
        "unsafe_name": format!("\"{}\"", one_line(&claim.unsafe_name)),
        "channel": claim.channel,
    })
}

pub(super) fn request_json(request: &ContactRequest) -> Value {
    let original = request.unsafe_original.as_ref();
    let signed = original
        .and_then(|text| serde_json::from_str::<Value>(text.expose_untrusted()).ok())
        .and_then(|mut value| value.as_object_mut().map(std::mem::take));
    let mut fields = signed.unwrap_or_else(|| {
        let mut fields = serde_json::Map::new();
        fields.insert("type".to_owned(), json!("contact_request"));
        fields.insert("request_id".to_owned(), json!(request.id));
        fields.insert("timestamp".to_owned(), json_time(Some(request.at)));
        fields.insert("purpose".to_owned(), plain(&request.unsafe_purpose));
        fields
    });
    fields.insert("agent_id".to_owned(), json!(request.address));
    fields.insert("ours".to_owned(), json!(request.ours));
    fields.insert("state".to_owned(), json!(request.state.as_str()));
    fields.insert("at".to_owned(), json_time(Some(request.at)));
    fields.insert("channel".to_owned(), json!(request.channel));
    fields.insert("item".to_owned(), json!(request.item));
    fields.insert("short_fingerprint".to_owned(), json!(request.fingerprint));
    fields.insert("unsafe_purpose".to_owned(), plain(&request.unsafe_purpose));
    Value::Object(fields)
}

pub(super) fn peer_json(channel: &Channel, requests: &[ContactRequest]) -> Value {
    let of = |ours: bool| {
        requests
            .iter()
            .rfind(move |request| request.ours == ours && request.channel == channel.id)
    };
    let theirs = |request: &&ContactRequest| {
        !request.ours && request.channel == channel.id && request.state == RequestState::Approved
    };
    // One that a person approved, rather than one that came after it and changed nothing.
    let mut approved = requests.iter().filter(theirs);
    let source = approved
        .clone()
        .rfind(|request| request.settled_at != Some(request.at))
        .or_else(|| approved.next_back());
    let asked = of(true);
    let key = channel.their_key.as_ref();
    let digest = requests
        .iter()
        .find(|request| request.channel == channel.id && Some(&request.key) == key)
        .map(|request| &request.digest);
    json!({
        "agent_id": channel.address,
        "display_name": source.map_or(Value::Null, |request| plain(&request.unsafe_name)),
        "endpoint": channel.relay,
        "public_key": key,
        "fingerprint": digest,
        "trusted_at": json_time(source.and_then(|request| request.settled_at)),
        "source_request_id": source.map(|request| &request.id),
        "channel": channel.id,
        "name": plain(&channel.name),
        "state": channel.state.as_str(),
        "short_fingerprint": channel.fingerprint,
        "verified": json_time(channel.verified),
        "they_accepted_us": json_time(channel.trusts_us),
        "we_asked": asked.map(|request| request.state.as_str()),
    })
}

/// Peer's words as a JSON string: JSON escapes what could steer a terminal.
fn plain(text: &PeerText) -> Value {
    Value::String(text.expose_untrusted().to_owned())
}
