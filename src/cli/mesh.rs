//! `mesh`: agents on the `OpenClaw` Agent Mesh.

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::host::RunArgs;
use super::mesh_json::{discovery, identity, peer_json, request_json, same_key, sighted_json};
use super::output::{Output, Pretty};
use super::status::listens;
use super::{Error, Exit, progress};
use crate::api::{self, Accounts, AccountsReply, ChannelRef, Handle, Reply, Request};
use crate::model::{Author, Channel, ChannelState, ContactRequest, NetworkId, OwnAccount, Verdict};

/// The network.
const MESH: NetworkId = NetworkId::Mesh;

/// Arguments of `mesh`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon mesh init --endpoint http://192.168.1.7:8787
  chaperon mesh scan 'http://192.168.1.{1-254}:8787'
  chaperon mesh request http://192.168.1.9:8787 --purpose 'plan the move'")]
pub struct MeshArgs {
    /// What to do
    #[command(subcommand)]
    pub command: MeshCommand,
}

/// What can be done on the mesh.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum MeshCommand {
    /// Ask the engine of the profile.
    #[command(flatten)]
    Ask(MeshVerb),
    /// Run the engine without a screen, reachable on the mesh
    Serve(ServeArgs),
}

/// Arguments of `mesh serve`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Does what `chaperon run` does, and says in one line of JSON where others reach it. Without \
--listen the setting `mesh_listen` says where.

Example:
  chaperon mesh serve --listen 192.168.1.7:8787")]
pub struct ServeArgs {
    /// Address and port of this computer. Anything but 127.0.0.1 or `::1` is open to others: they
    /// see your id, name and key, and may ask for contact
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// How to run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The verbs of the mesh that ask the engine of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum MeshVerb {
    /// Make an identity
    #[command(after_help = "\
Example:
  chaperon mesh init --endpoint http://192.168.1.7:8787 --display-name 'Ana at home'")]
    Init {
        /// Where others reach this computer; where it listens, where absent
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// Id to be known by; a random one where absent
        #[arg(long, value_name = "ID")]
        agent_id: Option<String>,
        /// Name that others are shown; the id where absent
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// Replace the identity that is there, with a new key
        #[arg(long)]
        force: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Say where others reach you from now on, and under which name; id and key stay
    #[command(after_help = "\
Peers go on at the old address until `chaperon mesh request ID` told them; each of them decides.

Example:
  chaperon mesh move --endpoint http://192.168.1.9:8787")]
    Move {
        /// Where others reach this computer
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// Name that others are shown
        #[arg(long, value_name = "NAME", required_unless_present = "endpoint")]
        display_name: Option<String>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Show what others see of you
    #[command(after_help = "\
Example:
  chaperon mesh discovery")]
    Discovery {
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Ask at addresses who is there; nothing of the answers is proven
    #[command(after_help = "\
An address may stand for many: {1-254} counts, {a,b} lists. An interrupt stops the search and \
prints what was found so far.

Example:
  chaperon mesh scan 'http://192.168.1.{1-254}:8787' --found")]
    Scan {
        /// Addresses to ask at
        #[arg(value_name = "URL", required_unless_present = "local")]
        urls: Vec<String>,
        /// Ask also who announces themselves on the local network (mDNS)
        #[arg(long)]
        local: bool,
        /// Leave out the addresses where nobody was found
        #[arg(long)]
        found: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Ask somebody for contact
    #[command(after_help = "\
They have to accept it before they take messages of yours; you accept theirs by `approve`. \
Ended channels are taken up again, and a block is lifted.

Example:
  chaperon mesh request http://192.168.1.9:8787 --purpose 'plan the move'")]
    Request {
        /// Where they are reached, or the id of a peer that asked you
        #[arg(value_name = "URL|ID")]
        whom: String,
        /// What for
        #[arg(long, value_name = "TEXT")]
        purpose: Option<String>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// List requests for contact
    #[command(after_help = "\
Example:
  chaperon mesh requests --open")]
    Requests {
        /// Only those that wait for you
        #[arg(long)]
        open: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Accept a request: pins the key in it
    #[command(after_help = "\
They may write to you from then on, under safe-acquaintance. They take nothing from you before \
they accepted a request of yours: --ask-back sends one.

Example:
  chaperon mesh approve req_8f2c --ask-back")]
    Approve {
        /// Number of the request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// Fingerprint that you compared; refused if it is another one
        #[arg(long, value_name = "FINGERPRINT")]
        fingerprint: Option<String>,
        /// Ask them for contact too
        #[arg(long)]
        ask_back: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Turn a request away; they are not told
    #[command(after_help = "\
Example:
  chaperon mesh reject req_8f2c --block")]
    Reject {
        /// Number of the request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// Hear nothing more of them
        #[arg(long)]
        block: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// List accepted peers
    #[command(after_help = "\
Example:
  chaperon mesh peers")]
    Peers {
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Take an acceptance back: nothing of theirs enters any more
    #[command(after_help = "\
Example:
  chaperon mesh revoke agent-3fa9c1d2e4b5")]
    Revoke {
        /// Id of the peer
        #[arg(value_name = "ID")]
        agent_id: String,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
}

pub(super) async fn run(
    verb: MeshVerb,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    match verb {
        MeshVerb::Init {
            endpoint,
            agent_id,
            display_name,
            force,
            style,
        } => {
            let request = Accounts::Init {
                network: MESH,
                endpoint,
                address: agent_id,
                name: display_name,
                force,
            };
            let account = account(ask(handle, request).await?)?.ok_or(Error::Unexpected)?;
            out.json(&identity(&account), style)?;
        }
        MeshVerb::Move {
            endpoint,
            display_name,
            style,
        } => {
            let request = Accounts::Move {
                network: MESH,
                endpoint,
                name: display_name,
            };
            let account = account(ask(handle, request).await?)?.ok_or(Error::Unexpected)?;
            out.json(&identity(&account), style)?;
        }
        MeshVerb::Discovery { style } => {
            let shown = ask(handle, Accounts::Show { network: MESH }).await?;
            let account = account(shown)?.ok_or_else(no_identity)?;
            out.json(&discovery(&account), style)?;
        }
        MeshVerb::Scan {
            urls,
            local,
            found,
            style,
        } => return scan(urls, local, found, style, handle, out).await,
        MeshVerb::Request {
            whom,
            purpose,
            style,
        } => return request(whom, purpose, style, handle, out).await,
        MeshVerb::Requests { open, style } => {
            let waits = |request: &ContactRequest| !open || request.item.is_some();
            let all = requests(handle).await?;
            let shown: Vec<_> = all.iter().filter(|r| waits(r)).map(request_json).collect();
            out.json(&Value::Array(shown), style)?;
        }
        verb @ MeshVerb::Approve { .. } => approve(verb, handle, out).await?,
        MeshVerb::Reject {
            request,
            block,
            style,
        } => reject(&request, block, style, handle, out).await?,
        MeshVerb::Peers { style } => {
            let all = requests(handle).await?;
            let peers: Vec<_> = peers(handle)
                .await?
                .iter()
                .map(|channel| peer_json(channel, &all))
                .collect();
            out.json(&Value::Array(peers), style)?;
        }
        MeshVerb::Revoke { agent_id, style } => revoke(&agent_id, style, handle, out).await?,
    }
    Ok(Exit::Done)
}

async fn approve(verb: MeshVerb, handle: &Handle, out: &mut Output<'_>) -> Result<(), Error> {
    let MeshVerb::Approve {
        request,
        fingerprint,
        ask_back,
        style,
    } = verb
    else {
        return Err(Error::Unexpected);
    };
    let asked = waiting(handle, &request).await?;
    if fingerprint.is_some_and(|seen| !same_key(&asked, &seen)) {
        return Err(api::Error::Changed.into());
    }
    decide(handle, &asked, Verdict::Approve).await?;
    if ask_back {
        let channel = ChannelRef::Id(asked.channel);
        let purpose = None;
        handle
            .ask(Request::Accounts(Accounts::AskBack { channel, purpose }))
            .await?;
    }
    let channel = channel(handle, ChannelRef::Id(asked.channel)).await?;
    let all = requests(handle).await?;
    out.json(&peer_json(&channel, &all), style)
}

async fn reject(
    request: &str,
    block: bool,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let asked = waiting(handle, request).await?;
    let verdict = if block {
        Verdict::Block
    } else {
        Verdict::Refuse
    };
    decide(handle, &asked, verdict).await?;
    let done = json!({ "ok": true, "rejected": asked.id, "blocked": block });
    out.json(&done, style)
}

async fn revoke(
    agent_id: &str,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let channel = peers(handle)
        .await?
        .into_iter()
        .find(|channel| channel.address == agent_id)
        .ok_or_else(|| api::Error::BadRequest(format!("no peer {agent_id} is accepted")))?;
    let request = Request::End {
        channel: ChannelRef::Id(channel.id),
        author: Author::Human,
    };
    handle.ask(request).await?;
    out.json(&json!({ "ok": true, "revoked": agent_id }), style)
}

/// Lets an engine listen, waits until it does, and says where.
pub async fn serve(
    listen: Option<SocketAddr>,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let mut events = handle.events();
    let first = match listen {
        Some(at) => Accounts::Listen { network: MESH, at },
        None => Accounts::Show { network: MESH },
    };
    let mut shown = account(ask(handle, first).await?)?.ok_or_else(no_identity)?;
    let here = |account: &OwnAccount| {
        account
            .listening
            .clone()
            .filter(|now| listen.is_none_or(|at| now.at == at.to_string()))
    };
    let listening = loop {
        if let Some(listening) = here(&shown) {
            break listening;
        }
        events.next().await;
        let again = ask(handle, Accounts::Show { network: MESH }).await?;
        shown = account(again)?.ok_or_else(no_identity)?;
    };
    if listening.exposed && listening.problem.is_none() {
        out.warning(&listens(&listening));
    }
    let port = listening.at.rsplit(':').next().unwrap_or_default();
    if !shown.endpoint.ends_with(&format!(":{port}")) {
        out.warning(&format!(
            "others are told to reach you at {}, and this listens at {}; `chaperon mesh move \
             --endpoint URL` tells them otherwise",
            shown.endpoint, listening.at
        ));
    }
    let line = json!({
        "agent_id": shown.address,
        "endpoint": shown.endpoint,
        "listening": listening.at,
        "exposed": listening.exposed,
        "problem": listening.problem,
    });
    out.json(&line, Pretty::default())
}

async fn ask(handle: &Handle, request: Accounts) -> Result<AccountsReply, Error> {
    let Reply::Accounts(reply) = handle.ask(Request::Accounts(request)).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*reply)
}

fn account(reply: AccountsReply) -> Result<Option<OwnAccount>, Error> {
    let AccountsReply::Account(account) = reply else {
        return Err(Error::Unexpected);
    };
    Ok(account)
}

fn no_identity() -> Error {
    let how = "there is no identity on the mesh yet; make one with `chaperon mesh init`";
    api::Error::BadRequest(how.to_owned()).into()
}

async fn scan(
    patterns: Vec<String>,
    local: bool,
    only_found: bool,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Accounts(Accounts::Seek {
        network: MESH,
        patterns,
        local,
    });
    let reply = progress::ask(handle, request, "addresses", out).await?;
    let Reply::Accounts(reply) = reply else {
        return Err(Error::Unexpected);
    };
    let AccountsReply::Sighted(sighted) = *reply else {
        return Err(Error::Unexpected);
    };
    let shown: Vec<_> = sighted
        .iter()
        .filter(|sighted| !only_found || sighted.somebody.is_some())
        .map(sighted_json)
        .collect();
    out.json(&Value::Array(shown), style)?;
    Ok(Exit::Done)
}

async fn request(
    whom: String,
    purpose: Option<String>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let is_address = whom.contains("://");
    let request = if is_address {
        Accounts::Ask {
            network: MESH,
            url: whom,
            purpose,
            seen: None,
        }
    } else {
        Accounts::AskBack {
            channel: ChannelRef::Named(whom),
            purpose,
        }
    };
    let Reply::Channel(channel) = handle.ask(Request::Accounts(request)).await? else {
        return Err(Error::Unexpected);
    };
    let all = requests(handle).await?;
    let ours = all
        .iter()
        .rfind(|request| request.ours && request.channel == channel.id)
        .ok_or(Error::Unexpected)?;
    out.json(&request_json(ours), style)?;
    Ok(Exit::Done)
}

async fn requests(handle: &Handle) -> Result<Vec<ContactRequest>, Error> {
    let ask_for = Accounts::Requests { network: MESH };
    let AccountsReply::Requests(requests) = ask(handle, ask_for).await? else {
        return Err(Error::Unexpected);
    };
    Ok(requests)
}

/// Finds the request that waits under this number.
async fn waiting(handle: &Handle, id: &str) -> Result<ContactRequest, Error> {
    let theirs: Vec<_> = requests(handle)
        .await?
        .into_iter()
        .filter(|request| !request.ours && request.id == id)
        .collect();
    if theirs.is_empty() {
        let problem = format!("Request not found: {id}");
        return Err(api::Error::BadRequest(problem).into());
    }
    let mut open = theirs.iter().filter(|request| request.item.is_some());
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only.clone()),
        (Some(_), Some(_)) => {
            // Numbers are the askers' own, and two may have chosen the same.
            let problem = "two peers ask under that number; decide with `chaperon pending`";
            Err(api::Error::BadRequest(problem.to_owned()).into())
        }
        (None, _) => {
            let state = theirs
                .last()
                .map_or("settled", |request| request.state.as_str());
            Err(api::Error::AlreadyDecided(state.to_owned()).into())
        }
    }
}

/// Settles a request, if it is still what was read.
async fn decide(handle: &Handle, asked: &ContactRequest, verdict: Verdict) -> Result<(), Error> {
    let item = asked.item.ok_or(api::Error::NothingToDecide)?;
    let Reply::Review(review) = handle.ask(Request::Review { item }).await? else {
        return Err(Error::Unexpected);
    };
    if review
        .asked
        .as_ref()
        .is_none_or(|shown| shown.id != asked.id)
    {
        return Err(api::Error::Changed.into());
    }
    let request = Request::Decide {
        item,
        seen: review.item.seen,
        verdict,
        words: None,
        reason: None,
        screen: None,
    };
    handle.ask(request).await?;
    Ok(())
}

async fn channel(handle: &Handle, channel: ChannelRef) -> Result<Channel, Error> {
    let Reply::Channel(channel) = handle.ask(Request::Channel { channel }).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*channel)
}

async fn peers(handle: &Handle) -> Result<Vec<Channel>, Error> {
    let Reply::Channels(channels) = handle.ask(Request::Channels).await? else {
        return Err(Error::Unexpected);
    };
    let accepted = |channel: &Channel| {
        channel.network == MESH
            && matches!(channel.state, ChannelState::Active | ChannelState::Stopped)
    };
    Ok(channels.into_iter().filter(accepted).collect())
}
