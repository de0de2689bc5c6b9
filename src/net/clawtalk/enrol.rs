//! Getting known to a relay: by a key that it knows already, or by an invite.

use zeroize::Zeroizing;

use crate::net::{Enrolled, Enrolment, OwnKeys, Ticket};
use crate::wire::clawtalk::{
    AgentName, ApiKey, BrokenEntry, Entry, Found, InviteCode, KeyError, PeerKeys, find, read_signup,
};
use crate::wire::mailbox::RelayUrl;

use super::client::{Client, Refusal, Why, register};
use super::seal::public_keys;

/// Gets known to a relay, and says how that went.
pub(super) async fn enrol(enrolment: Enrolment) {
    let Enrolment {
        endpoint,
        address,
        own,
        ticket,
        replace,
        answer,
    } = enrolment;
    let result = match ticket {
        Ticket::Token(token) => log_in(&endpoint, &address, &own, &token, replace).await,
        Ticket::Invite(invite) => sign_up(&endpoint, &address, &own, &invite).await,
    };
    // Nobody waits any more: the engine is gone.
    let _gone = answer.send(result);
}

/// Uses a key that the relay knows.
async fn log_in(
    endpoint: &str,
    address: &str,
    own: &OwnKeys,
    token: &str,
    replace: bool,
) -> Result<Enrolled, String> {
    let (relay, name) = read(endpoint, address)?;
    let key = ApiKey::parse(token.trim())
        .ok_or("this is not an API key: ct_ and 43 letters, digits, - and _")?;
    let client = Client::new(&relay, key).map_err(problem)?;
    let entries = client.agents().await.map_err(problem)?;
    let ours = keys_of(own);
    let published = match shown_for(&entries, &name)? {
        Ok(keys) if keys == ours => false,
        Err(KeyError::Missing) => true,
        Ok(_) | Err(_) if replace => true,
        Ok(_) | Err(_) => {
            return Err(format!(
                "the relay shows other keys for {}; with --replace-keys yours take their place, \
                 and peers who pinned the others will be warned",
                name.as_str()
            ));
        }
    };
    // Also where they are there already: only so it is known that the key is that agent's.
    match client.upload_keys(&name, &ours).await {
        Ok(()) => Ok(Enrolled {
            token: Zeroizing::new(token.trim().to_owned()),
            published,
            problem: in_the_clear(&relay),
        }),
        Err(refusal) if refusal.why == Why::Forbidden => Err(format!(
            "this API key belongs to another agent than {}",
            name.as_str()
        )),
        Err(refusal) => Err(problem(refusal)),
    }
}

/// Registers with an invite.
async fn sign_up(
    endpoint: &str,
    address: &str,
    own: &OwnKeys,
    invite: &str,
) -> Result<Enrolled, String> {
    AgentName::registrable(address).map_err(|error| error.to_string())?;
    let (relay, name) = read(endpoint, address)?;
    let code = match read_signup(invite.trim()) {
        Some((_, code)) => code,
        None => InviteCode::parse(invite.trim()).ok_or("this is not the code of an invite")?,
    };
    let (_, key) = register(&relay, &code, &name, None)
        .await
        .map_err(problem)?;
    let token = Zeroizing::new(key.expose().to_owned());
    let client = Client::new(&relay, key).map_err(problem)?;
    // The key is said once. Whatever happens now, it is ours.
    let uploaded = client.upload_keys(&name, &keys_of(own)).await;
    let problem = uploaded.err().map(|refusal| {
        format!(
            "registered, but your keys are not on the relay yet: {}; they go there by themselves, \
             and nobody can seal for you before they are there",
            refusal.failure.problem
        )
    });
    Ok(Enrolled {
        token,
        published: problem.is_none(),
        problem: problem.or_else(|| in_the_clear(&relay)),
    })
}

/// Warns of a relay to which the API key travels unsealed.
fn in_the_clear(relay: &RelayUrl) -> Option<String> {
    let seen = !(relay.is_tls() || relay.is_loopback());
    seen.then(|| {
        "this relay is reached without TLS: whoever is on the way can read your API key, and \
         take your place there"
            .to_owned()
    })
}

fn read(endpoint: &str, address: &str) -> Result<(RelayUrl, AgentName), String> {
    let relay = RelayUrl::parse(endpoint).map_err(|error| error.to_string())?;
    let name = AgentName::parse(address).map_err(|error| error.to_string())?;
    Ok((relay, name))
}

/// Returns the keys that the directory shows under a name, or what is wrong with them.
fn shown_for(
    entries: &[Result<Entry, BrokenEntry>],
    name: &AgentName,
) -> Result<Result<PeerKeys, KeyError>, String> {
    match find(entries.iter().flatten(), name.as_str()) {
        Found::Exact(entry) => Ok(entry.keys),
        Found::OtherCase(entry) => Err(format!(
            "the relay knows {} as {}; write it like that",
            name.as_str(),
            entry.name.as_str()
        )),
        Found::Nobody => Err(format!("the relay knows no agent {}", name.as_str())),
    }
}

fn keys_of(own: &OwnKeys) -> PeerKeys {
    public_keys(&own.secret, own.signing.as_deref())
}

fn problem(refusal: Refusal) -> String {
    refusal.failure.problem
}
