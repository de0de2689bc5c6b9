//! What `clawchat` prints: the keys of the reference's program in its order, ours after them.

use serde_json::{Map, Value, json};

use crate::api::{Letter, SendOutcome};
use crate::cli::output::{human_time, json_time};
use crate::model::{Channel, Delivery, Digest, OwnAccount, Passage, PeerPath, Sighted, UnixMillis};
use crate::wire::clawchat::NodeId;

/// Returns the id of the node from the text form of a key.
pub(super) fn peer_id(key: &str) -> &str {
    key.split_once('/').map_or(key, |(id, _)| id)
}

/// Returns the node key as the reference writes it: 64 hexadecimal digits.
fn public_key(key: &str) -> Option<String> {
    let node = NodeId::parse(peer_id(key))?;
    Some(Digest(node.0).hex())
}

/// Returns the nick, `null` where there is none.
pub(super) fn nick(account: &OwnAccount) -> Value {
    if account.name.is_empty() {
        Value::Null
    } else {
        account.name.as_str().into()
    }
}

/// Returns an identity as the reference names it to a person.
pub(super) fn display_name(account: &OwnAccount) -> String {
    if account.name.is_empty() {
        account.address.clone()
    } else {
        format!("{}({})", account.address, account.name)
    }
}

/// The first keys of everything about one identity.
fn who(account: &OwnAccount) -> [(&'static str, Value); 3] {
    let address = account.address.strip_prefix("stacks:");
    [
        ("principal", account.address.as_str().into()),
        (
            "address",
            address.unwrap_or(account.address.as_str()).into(),
        ),
        ("publicKey", public_key(&account.key).into()),
    ]
}

/// How an identity runs and is reached; the last keys of everything about one.
fn how(account: &OwnAccount) -> Vec<(&'static str, Value)> {
    let listening = account.listening.as_ref();
    let mut all = vec![
        ("identity", json!(account.id)),
        ("peerId", peer_id(&account.key).into()),
        ("fingerprint", json!(account.fingerprint)),
    ];
    if let Some(node) = &account.node {
        all.extend([
            ("ip", json!(node.ip)),
            ("p2pPort", json!(node.port)),
            ("visibility", node.visibility.as_str().into()),
            ("autoload", node.autoload.into()),
            ("allowedRemotePeers", json!(node.allowed)),
            ("wake", node.wake.into()),
            ("relayServer", node.relay_server.into()),
            ("relays", json!(node.relays)),
            ("bootstrap", json!(node.bootstrap)),
        ]);
    }
    let at = listening.filter(|listening| listening.problem.is_none());
    all.extend([
        ("listening", at.is_some().into()),
        (
            "multiaddrs",
            json!(at.map_or(&[][..], |at| at.addresses.as_slice())),
        ),
        ("reach", json!(at.map(|at| at.reach))),
        (
            "problem",
            json!(listening.and_then(|listening| listening.problem.as_deref())),
        ),
    ]);
    all
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// An identity that was made: its seed phrase is shown on a terminal, and never here.
pub(super) fn created(account: &OwnAccount) -> Value {
    let warning = "the seed phrase is shown on a terminal alone; `chaperon clawchat identity \
                   export DIR` writes it, protected by a password";
    let members = [("status", "created".into())]
        .into_iter()
        .chain(who(account))
        .chain([("mnemonic", Value::Null), ("warning", warning.into())])
        .chain([("nick", nick(account))])
        .chain(how(account));
    object(members).into()
}

/// An identity that was recovered.
pub(super) fn recovered(account: &OwnAccount) -> Value {
    let members = [("status", "recovered".into())]
        .into_iter()
        .chain(who(account))
        .chain([("nick", nick(account))])
        .chain(how(account));
    object(members).into()
}

/// One identity.
pub(super) fn shown(account: &OwnAccount) -> Value {
    let names = [
        ("nick", nick(account)),
        ("displayName", display_name(account).into()),
    ];
    let members = who(account).into_iter().chain(names).chain(how(account));
    object(members).into()
}

/// One identity whose settings or nick were changed.
pub(super) fn updated(account: &OwnAccount) -> Value {
    let names = [
        ("status", "updated".into()),
        ("nick", nick(account)),
        ("displayName", display_name(account).into()),
    ];
    let members = names.into_iter().chain(who(account)).chain(how(account));
    object(members).into()
}

/// A peer, as the reference lists it.
pub(super) fn peer(channel: &Channel) -> Map<String, Value> {
    let presence = channel.presence;
    let last_seen = presence
        .and_then(|presence| presence.last_seen)
        .or(channel.last_seen)
        .unwrap_or(channel.created_at);
    let mut members = object([
        ("principal", channel.address.as_str().into()),
        ("address", channel.relay.as_str().into()),
    ]);
    if let Some(alias) = alias(channel) {
        members.insert("alias".to_owned(), alias.into());
    }
    members.insert("lastSeen".to_owned(), last_seen.0.into());
    members
}

/// What we call somebody; nothing where that is their principal.
fn alias(channel: &Channel) -> Option<&str> {
    let name = channel.name.expose_untrusted();
    (name != channel.address).then_some(name)
}

/// What we know of a peer beyond the reference.
pub(super) fn more(channel: &Channel) -> Map<String, Value> {
    let path = channel.presence.filter(|presence| presence.online);
    object([
        (
            "path",
            json!(path.and_then(|presence| presence.path).map(PeerPath::label)),
        ),
        ("channel", json!(channel.id)),
        ("state", channel.state.as_str().into()),
        ("preset", channel.preset.as_str().into()),
        ("fingerprint", json!(channel.fingerprint)),
        ("peerId", json!(channel.their_key.as_deref().map(peer_id))),
        ("verified", json_time(channel.verified)),
    ])
}

/// A peer of a list.
pub(super) fn listed(channel: &Channel) -> Value {
    let mut members = peer(channel);
    let online = channel.presence.is_some_and(|presence| presence.online);
    members.insert("connected".to_owned(), online.into());
    members.extend(more(channel));
    members.into()
}

/// Where peers say that somebody is reached, or `null`.
pub(super) fn resolved(sighted: &Sighted) -> Value {
    let Some(claim) = &sighted.somebody else {
        return Value::Null;
    };
    let answer = claim.unsafe_answer.expose_untrusted();
    let said = serde_json::from_str::<Value>(answer).unwrap_or_default();
    let mut members = said.as_object().cloned().unwrap_or_default();
    if members.is_empty() {
        let addresses = claim.unsafe_endpoint.expose_untrusted().split(',');
        members = object([
            ("principal", claim.address.as_str().into()),
            (
                "multiaddrs",
                addresses.filter(|address| !address.is_empty()).collect(),
            ),
        ]);
    }
    members.insert("untrusted".to_owned(), true.into());
    members.insert("fingerprint".to_owned(), json!(claim.fingerprint));
    members.insert("channel".to_owned(), json!(claim.channel));
    members.into()
}

/// One message that came.
pub(super) fn received(letter: &Letter, channel: &Channel, to: &str) -> Value {
    let mut members = object([
        ("id", letter.id.to_string().into()),
        ("from", channel.address.as_str().into()),
    ]);
    if let Some(alias) = alias(channel) {
        members.insert("fromNick".to_owned(), alias.into());
    }
    members.extend(object([
        ("to", to.into()),
        ("content", letter.unsafe_body.expose_untrusted().into()),
        ("timestamp", letter.taken.unwrap_or(letter.at).0.into()),
        ("status", "delivered".into()),
        ("untrusted", true.into()),
        ("channel", json!(channel.id)),
        ("message", json!(letter.id)),
        ("arrived", letter.at.0.into()),
        ("released", json!(letter.passage.map(Passage::words))),
        ("instructions", channel.instructions.as_str().into()),
    ]));
    if letter.repeats > 0 {
        members.insert("repeats".to_owned(), letter.repeats.into());
    }
    subject(&mut members, letter);
    members.into()
}

/// One message that the assistant wrote.
pub(super) fn written(letter: &Letter, channel: &Channel, from: &str) -> Value {
    let (status, how, problem) = fate(letter.delivery.as_ref());
    let mut members = object([
        ("id", letter.id.to_string().into()),
        ("from", from.into()),
        ("to", channel.address.as_str().into()),
        ("content", letter.unsafe_body.expose_untrusted().into()),
        ("timestamp", letter.at.0.into()),
        ("status", status.into()),
        ("delivery", how.into()),
        ("problem", problem.into()),
        ("edited", (letter.passage == Some(Passage::Edited)).into()),
        ("message", json!(letter.id)),
    ]);
    subject(&mut members, letter);
    members.into()
}

/// Between two chaperons a message may have a subject; the reference knows none.
fn subject(members: &mut Map<String, Value>, letter: &Letter) {
    if !letter.unsafe_subject.is_empty() {
        let subject = letter.unsafe_subject.expose_untrusted();
        members.insert("subject".to_owned(), subject.into());
    }
}

/// Tells whether a message has not left yet and may.
pub(super) fn is_pending(letter: &Letter) -> bool {
    fate(letter.delivery.as_ref()).0 == "pending"
}

/// Returns what became of a message: in the reference's word, in ours, and what is wrong.
fn fate(delivery: Option<&Delivery>) -> (&'static str, &'static str, Option<String>) {
    match delivery {
        Some(Delivery::Queued { problem, .. }) => ("pending", "queued", problem.clone()),
        Some(Delivery::Relayed { .. } | Delivery::Collected { .. }) => ("sent", "sent", None),
        Some(Delivery::Delivered { .. }) => ("sent", "delivered", None),
        Some(Delivery::Failed { problem }) => ("failed", "failed", Some(problem.clone())),
        Some(Delivery::Held { .. }) => ("held", "held", None),
        Some(Delivery::TakenBack) => ("failed", "taken_back", None),
        Some(Delivery::Refused { reason }) => {
            let reason = reason.expose_untrusted();
            let reason = (!reason.is_empty()).then(|| reason.to_owned());
            ("failed", "refused", reason)
        }
        Some(Delivery::Expired { .. }) => ("failed", "expired", None),
        None => ("pending", "unknown", None),
    }
}

/// What became of a message that was just written.
pub(super) fn sent(outcome: &SendOutcome, channel: &Channel) -> Value {
    let to = ("to", Value::from(channel.address.as_str()));
    let members = match outcome {
        SendOutcome::Relayed {
            message, answer, ..
        } => object([
            ("status", "queued".into()),
            ("id", message.to_string().into()),
            ("delivery", said(answer).into()),
            to,
            ("message", json!(message)),
        ]),
        SendOutcome::Queued {
            message,
            due,
            problem,
        } => object([
            ("status", "queued".into()),
            ("id", message.to_string().into()),
            ("delivery", "queued".into()),
            to,
            ("message", json!(message)),
            (
                "reason",
                problem
                    .clone()
                    .unwrap_or_else(|| format!("due {}", human_time(*due)))
                    .into(),
            ),
        ]),
        SendOutcome::Held {
            message,
            rule,
            reasons,
            expires,
        } => object([
            ("status", "held".into()),
            ("id", message.to_string().into()),
            to,
            ("message", json!(message)),
            ("rule", rule.as_str().into()),
            ("reasons", json!(reasons)),
            ("expires", json_time(Some(*expires))),
            ("if_nobody_answers", "not sent".into()),
            ("ask", format!("chaperon draft {message}").into()),
        ]),
    };
    members.into()
}

/// Returns how far a message came, as the network's answer says: a real gateway took it from its
/// stream (`sent`), another chaperon has it (`delivered`), or has it and a person there has to
/// accept us first (`waits`).
fn said(answer: &str) -> &'static str {
    match answer {
        "delivered" => "delivered",
        _ if answer.starts_with("waits") => "waits",
        _ => "sent",
    }
}

/// What a daemon says of itself, as the reference does; ours after it.
pub(super) fn status(
    accounts: &[OwnAccount],
    peers: &[Channel],
    (inbox, outbox): (usize, usize),
    now: UnixMillis,
) -> Value {
    let first = accounts.first();
    let listening = first.and_then(|one| one.listening.as_ref());
    let connected = |channel: &&Channel| channel.presence.is_some_and(|presence| presence.online);
    let of_first = |channel: &&Channel| channel.account == first.map(|one| one.id);
    let connected_peers: Vec<_> = peers
        .iter()
        .filter(of_first)
        .filter(connected)
        .map(|channel| channel.address.as_str())
        .collect();
    let loaded: Vec<_> = accounts
        .iter()
        .filter(|one| one.node.as_ref().is_none_or(|node| node.autoload))
        .map(|one| json!({ "principal": one.address, "nick": nick(one) }))
        .collect();
    let reached: Vec<_> = peers
        .iter()
        .map(|channel| {
            let by = accounts.iter().find(|one| Some(one.id) == channel.account);
            let mut members = object([
                ("principal", channel.address.as_str().into()),
                ("as", json!(by.map(|one| &one.address))),
                ("connected", connected(&channel).into()),
            ]);
            members.extend(more(channel));
            Value::from(members)
        })
        .collect();
    json!({
        "running": true,
        "principal": first.map_or("unknown", |one| one.address.as_str()),
        "peerId": first.map(|one| peer_id(&one.key)),
        "p2pPort": first.and_then(|one| one.node.as_ref()).map(|node| node.port),
        "multiaddrs": listening.map_or(&[][..], |at| at.addresses.as_slice()),
        "connectedPeers": connected_peers,
        "inboxCount": inbox,
        "outboxCount": outbox,
        "loadedIdentities": loaded,
        "identities": accounts.iter().map(shown).collect::<Vec<_>>(),
        "peers": reached,
        "now": json_time(Some(now)),
    })
}
