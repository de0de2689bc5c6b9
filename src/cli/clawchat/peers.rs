//! `peers` and `invite`: who is reached where, and how others reach us.

use serde_json::{Map, Value, json};

use super::json::{listed, more, peer, resolved};
use super::{CLAWCHAT, PeersCommand, accepted, ask, bad, identity, is_called};
use crate::api::{Accounts, AccountsReply, ChannelRef, Handle, Reply, Request};
use crate::cli::output::{Output, Pretty, one_line};
use crate::cli::{Error, secret};
use crate::model::{Author, Channel, Fingerprint, PeerText};

/// What every link that invites begins with.
const LINK: &str = "chaperon:";

pub(super) async fn run(
    command: PeersCommand,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    match command {
        PeersCommand::List { by, style } => {
            let account = identity(handle, by.as_deref()).await?;
            let peers = accepted(handle).await?;
            let of = peers
                .iter()
                .filter(|channel| channel.account == Some(account.id));
            out.json(&of.map(listed).collect(), style)
        }
        PeersCommand::Add {
            who,
            address,
            alias,
            yes,
            by,
            style,
        } => {
            let account = identity(handle, by.as_deref()).await?;
            let somebody = if who.starts_with(LINK) {
                invited(who, yes, out, handle).await?
            } else {
                let address = address.ok_or_else(|| {
                    bad(
                        "say where they are reached: a multiaddr that ends in /p2p/ and the id \
                         of their node, or give the link that they made",
                    )
                })?;
                Somebody {
                    principal: principal(who),
                    endpoint: address,
                    seen: None,
                    name: None,
                }
            };
            let add = Accounts::Add {
                account: account.id,
                address: somebody.principal,
                seen: somebody.seen,
                endpoint: Some(somebody.endpoint),
                name: alias.map(PeerText::new).or(somebody.name),
            };
            let Reply::Channel(channel) = handle.ask(Request::Accounts(add)).await? else {
                return Err(Error::Unexpected);
            };
            out.json(&added(&channel), style)
        }
        PeersCommand::Remove { who, by, style } => {
            let account = identity(handle, by.as_deref()).await?;
            let peers = accepted(handle).await?;
            let found = peers
                .iter()
                .find(|one| one.account == Some(account.id) && is_called(one, &who));
            if let Some(channel) = found {
                let end = Request::End {
                    channel: ChannelRef::Id(channel.id),
                    author: Author::Human,
                };
                handle.ask(end).await?;
            }
            let principal = found.map_or_else(|| principal(who), |one| one.address.clone());
            // As the reference does: who is not there is removed.
            out.json(
                &json!({ "status": "removed", "principal": principal }),
                style,
            )
        }
        PeersCommand::Resolve {
            who,
            through,
            by,
            style,
        } => {
            let account = identity(handle, by.as_deref()).await?;
            let through = match through {
                Some(through) => Some(through_whom(through, handle).await?),
                None => None,
            };
            let resolve = Accounts::Resolve {
                account: account.id,
                address: principal(who),
                through,
            };
            let AccountsReply::Sighted(sighted) = ask(handle, resolve).await? else {
                return Err(Error::Unexpected);
            };
            let found = sighted.iter().find(|one| one.somebody.is_some());
            if found.is_none() {
                for problem in sighted.iter().filter_map(|one| one.problem.as_deref()) {
                    out.warning(problem);
                }
            }
            out.json(&found.map_or(Value::Null, resolved), style)
        }
    }
}

/// Returns the principal of the peer that is called this here.
async fn through_whom(through: String, handle: &Handle) -> Result<String, Error> {
    let peers = accepted(handle).await?;
    let found = peers.iter().find(|one| is_called(one, &through));
    Ok(found.map_or_else(|| principal(through), |one| one.address.clone()))
}

/// Completes what was typed as a principal.
fn principal(typed: String) -> String {
    if typed.contains(':') {
        typed
    } else {
        format!("stacks:{typed}")
    }
}

fn added(channel: &Channel) -> Value {
    let mut members = Map::new();
    members.insert("status".to_owned(), "added".into());
    members.extend(peer(channel));
    members.extend(more(channel));
    members.into()
}

/// Whom to add, as a person said.
struct Somebody {
    principal: String,
    endpoint: String,
    seen: Option<Fingerprint>,
    name: Option<PeerText>,
}

/// Reads a link, shows whom it names, and asks unless that was said.
async fn invited(
    link: String,
    yes: bool,
    out: &mut Output<'_>,
    handle: &Handle,
) -> Result<Somebody, Error> {
    let read = Accounts::ReadInvite {
        network: CLAWCHAT,
        link,
    };
    let AccountsReply::Invited {
        address,
        endpoint,
        fingerprint,
        unsafe_name,
    } = ask(handle, read).await?
    else {
        return Err(Error::Unexpected);
    };
    let called = unsafe_name.as_ref().map_or_else(
        || "gives no name".to_owned(),
        |name| format!("calls themselves \"{}\"", one_line(name)),
    );
    let places = endpoint.replace(',', "\n             ");
    let whom = format!(
        "The link names somebody who {called}.\n  principal  {address}\n  reached at {places}\n  \
         key        {}\nNothing of it is proven before they answer, and nothing says that the \
         link\ncame from whom you think.\n",
        fingerprint.0
    );
    if !yes {
        let prompt = format!("{whom}Add them? [y/N] ");
        match secret::question(&prompt) {
            Ok(answer) if matches!(answer.as_str(), "y" | "Y" | "yes") => {}
            Ok(_) => return Err(bad("nobody was added")),
            Err(secret::Error::NoTerminal) => {
                out.note(&whom);
                return Err(bad("there is no terminal to ask on; --yes adds them"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Somebody {
        principal: address,
        endpoint,
        seen: Some(fingerprint),
        name: unsafe_name.filter(|name| {
            let plain = one_line(name);
            // What had to be made safe to be shown is no name to go by.
            plain == name.expose_untrusted()
        }),
    })
}

pub(super) async fn invite(
    by: Option<&str>,
    as_json: bool,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let account = identity(handle, by).await?;
    let link = Accounts::InviteLink {
        account: account.id,
    };
    let AccountsReply::Link(link) = ask(handle, link).await? else {
        return Err(Error::Unexpected);
    };
    if !as_json && !style.pretty {
        return out.text(&format!("{link}\n"));
    }
    let addresses = account.listening.map(|listening| listening.addresses);
    let shown = json!({
        "link": link,
        "principal": account.address,
        "multiaddrs": addresses,
        "fingerprint": account.fingerprint,
    });
    out.json(&shown, style)
}
