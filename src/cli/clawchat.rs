//! `clawchat`: identities of our own, and peers that are reached without a server.
//!
//! The verbs that the reference's `clawchat` has too print its JSON: the same keys in the same
//! order, keys of ours after them, errors as `{"error":…}` with exit code 1. What they read and
//! send goes through the rules of the channel all the same.

mod args;
mod daemon;
mod identities;
mod json;
mod letters;
mod peers;
mod phrase;
#[cfg(test)]
mod tests;

pub use args::{
    ClawchatArgs, ClawchatCommand, ClawchatVerb, DaemonArgs, DaemonCommand, GatewayArgs,
    GatewayCommand, GatewayIdentity, IdentityArgs, IdentityCommand, NewArgs, PeersArgs,
    PeersCommand, SetArgs, StartArgs,
};
pub use daemon::{not_running, started, status, stopped};

use super::output::Output;
use super::{Error, Exit};
use crate::api::{self, Accounts, AccountsReply, Handle, Reply, Request};
use crate::model::{AccountId, Channel, ChannelState, NetworkId, OwnAccount};

/// The network.
const CLAWCHAT: NetworkId = NetworkId::ClawChat;

pub(super) async fn run(
    verb: ClawchatVerb,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    out.compact();
    match verb {
        ClawchatVerb::Init(args) => identities::init(args, handle, out).await?,
        ClawchatVerb::Identity(args) => identities::run(args.command, handle, out).await?,
        ClawchatVerb::Gateway(args) => gateway(args.command, handle, out).await?,
        ClawchatVerb::Peers(args) => peers::run(args.command, handle, out).await?,
        ClawchatVerb::Invite { by, json, style } => {
            peers::invite(by.as_deref(), json, style, handle, out).await?;
        }
        ClawchatVerb::Send {
            to,
            text,
            by,
            style,
        } => letters::send((&to, text), by.as_deref(), style, handle, out).await?,
        ClawchatVerb::Recv {
            since,
            timeout,
            by,
            style,
        } => {
            let wanted = letters::Wanted { since, timeout };
            letters::recv(wanted, by.as_deref(), style, handle, out).await?;
        }
        ClawchatVerb::Inbox { by, style } => {
            letters::inbox(by.as_deref(), style, handle, out).await?;
        }
        ClawchatVerb::Outbox { by, style } => {
            letters::outbox(by.as_deref(), style, handle, out).await?;
        }
    }
    Ok(Exit::Done)
}

async fn gateway(
    command: GatewayCommand,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let command = match command {
        GatewayCommand::Init(args) => return identities::init(args, handle, out).await,
        GatewayCommand::Identity(GatewayIdentity::List { style }) => {
            IdentityCommand::List { style }
        }
        GatewayCommand::Identity(GatewayIdentity::Add(args)) => IdentityCommand::Add(args),
        GatewayCommand::Identity(GatewayIdentity::Remove {
            identity,
            force,
            style,
        }) => IdentityCommand::Remove {
            identity,
            force,
            style,
        },
    };
    identities::run(command, handle, out).await
}

async fn ask(handle: &Handle, request: Accounts) -> Result<AccountsReply, Error> {
    let Reply::Accounts(reply) = handle.ask(Request::Accounts(request)).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*reply)
}

/// Returns our identities, the oldest first.
async fn all(handle: &Handle) -> Result<Vec<OwnAccount>, Error> {
    let list = Accounts::List { network: CLAWCHAT };
    let AccountsReply::Logins(all) = ask(handle, list).await? else {
        return Err(Error::Unexpected);
    };
    Ok(all)
}

/// Finds the identity that is meant: by its principal, its nick or its number; the first one where
/// none is named, as the reference has it.
async fn identity(handle: &Handle, which: Option<&str>) -> Result<OwnAccount, Error> {
    let all = all(handle).await?;
    let Some(which) = which else {
        return all.into_iter().next().ok_or_else(no_identity);
    };
    if all.is_empty() {
        return Err(no_identity());
    }
    let number = which.parse().ok().map(AccountId);
    let meant = |one: &OwnAccount| {
        one.address == which
            || (!one.name.is_empty() && one.name == which)
            || one.address.strip_prefix("stacks:") == Some(which)
            || Some(one.id) == number
    };
    let found = all.into_iter().find(meant);
    found.ok_or_else(|| bad(format!("Identity not found: {which}")))
}

fn no_identity() -> Error {
    bad("No identities loaded; `chaperon clawchat init` makes one")
}

fn bad(problem: impl Into<String>) -> Error {
    api::Error::BadRequest(problem.into()).into()
}

/// Returns the peers of our identities: whoever a person added or accepted.
async fn accepted(handle: &Handle) -> Result<Vec<Channel>, Error> {
    let channels = super::channels::ask(handle).await?;
    let accepted = |channel: &Channel| {
        channel.network == CLAWCHAT
            && matches!(channel.state, ChannelState::Active | ChannelState::Stopped)
    };
    Ok(channels.into_iter().filter(accepted).collect())
}

/// Tells whether a peer goes by this principal, or is called this here.
fn is_called(channel: &Channel, who: &str) -> bool {
    channel.address == who
        || channel.address.strip_prefix("stacks:") == Some(who)
        || channel.name.expose_untrusted() == who
}
