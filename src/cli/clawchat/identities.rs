//! `identity`: made, recovered, set up, taken along.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;
use zeroize::Zeroizing;

use super::args::SetArgs;
use super::json::{created, recovered, shown, updated};
use super::{CLAWCHAT, IdentityCommand, NewArgs, all, ask, bad, identity, phrase};
use crate::api::{Accounts, AccountsReply, Handle, NewIdentity, Reply, Request};
use crate::cli::other_dir::absolute;
use crate::cli::output::{Output, Pretty};
use crate::cli::{Error, progress, secret};
use crate::model::{DEFAULT_PORT, NodeSettings, OwnAccount, Passphrase};

/// Words of a seed phrase.
const WORDS: usize = 24;
/// Bytes of a phrase that are read, at most.
const LONGEST_PHRASE: u64 = 1024;
/// What stands for an empty list.
const NONE: &str = "none";

/// Makes the first identity.
pub(super) async fn init(
    args: NewArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    if !all(handle).await?.is_empty() {
        return Err(bad(
            "there is an identity already; `chaperon clawchat identity add` makes a further one",
        ));
    }
    make(args, None, handle, out).await
}

pub(super) async fn run(
    command: IdentityCommand,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    match command {
        IdentityCommand::List { style } => {
            let all = all(handle).await?;
            out.json(&all.iter().map(shown).collect(), style)
        }
        IdentityCommand::Add(new) => make(new, None, handle, out).await,
        IdentityCommand::Recover {
            mnemonic_file,
            mnemonic,
            new,
        } => {
            if mnemonic.is_some() {
                out.warning(
                    "everybody on this computer can see the arguments of a program while it \
                     runs; --mnemonic-file keeps the phrase to yourself",
                );
            }
            let words = words(mnemonic, mnemonic_file.as_deref())?;
            make(new, Some(words), handle, out).await
        }
        IdentityCommand::Import {
            from,
            password_file,
            style,
        } => import(&from, password_file.as_deref(), style, handle, out).await,
        IdentityCommand::Export {
            to,
            password_file,
            style,
        } => export(&to, password_file.as_deref(), style, handle, out).await,
        IdentityCommand::Show {
            identity: which,
            style,
        } => {
            let account = identity(handle, which.as_deref()).await?;
            out.json(&shown(&account), style)
        }
        IdentityCommand::Set(args) => set(*args, handle, out).await,
        IdentityCommand::SetNick { nick, by } => {
            let account = identity(handle, by.as_deref()).await?;
            let account = configure(&account, Some(nick), None, handle).await?;
            out.json(&updated(&account), Pretty::default())
        }
        IdentityCommand::ClearNick { by } => {
            let account = identity(handle, by.as_deref()).await?;
            configure(&account, Some(String::new()), None, handle).await?;
            out.json(&json!({ "status": "cleared" }), Pretty::default())
        }
        IdentityCommand::Remove {
            identity: which,
            force,
            style,
        } => {
            let account = identity(handle, Some(&which)).await?;
            let leave = Accounts::Leave {
                account: account.id,
                force,
            };
            handle.ask(Request::Accounts(leave)).await?;
            let done = json!({ "status": "removed", "principal": account.address });
            out.json(&done, style)
        }
    }
}

/// Makes an identity, of a phrase where there is one, and prints it. A new phrase is shown on a
/// terminal, where there is one and it is asked for no JSON.
async fn make(
    args: NewArgs,
    words: Option<Passphrase>,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    if args.password.is_some() {
        out.warning(
            "--password is the reference's and does nothing here: `chaperon passphrase set` \
             protects all of the profile",
        );
    }
    let wants_json = args.json || args.style.pretty;
    let on_terminal = !wants_json && phrase::is_on_terminal();
    let testnet = is_for_testnet(&args, on_terminal)?;
    let node = node(&args, handle).await?;
    let new = NewIdentity {
        network: CLAWCHAT,
        name: args.nick,
        phrase: words,
        testnet,
        node,
    };
    let AccountsReply::Identity {
        account,
        phrase: new_phrase,
    } = ask(handle, Accounts::Make(Box::new(new))).await?
    else {
        return Err(Error::Unexpected);
    };
    let Some(new_phrase) = new_phrase else {
        return out.json(&recovered(&account), args.style);
    };
    if !on_terminal {
        return out.json(&created(&account), args.style);
    }
    phrase::show(&new_phrase, &account, out)?;
    out.text(&made(&account))
}

fn made(account: &OwnAccount) -> String {
    let port = account.node.as_ref().map_or(0, |node| node.port);
    let nick = if account.name.is_empty() {
        "none; `chaperon clawchat identity set` sets one"
    } else {
        account.name.as_str()
    };
    format!(
        "You are {}\nnick     {nick}\nport     {port}, WebSocket {}\n`chaperon` or `chaperon run` \
         lets it listen; `chaperon clawchat invite` prints the link for others.\n",
        account.address,
        port.saturating_add(1),
    )
}

/// Returns which network is meant: both are real, and an identity cannot change it.
fn is_for_testnet(args: &NewArgs, on_terminal: bool) -> Result<bool, Error> {
    match (args.testnet, args.mainnet) {
        (true, _) => return Ok(true),
        (_, true) => return Ok(false),
        (false, false) if on_terminal => {}
        (false, false) => {
            return Err(bad(
                "say which network the identity is for: --testnet or --mainnet",
            ));
        }
    }
    let prompt = "For the test network or the main network? Identities of the two cannot talk\n\
                  with each other, and none can change it. [t]est or [m]ain: ";
    match secret::question(prompt)?.as_str() {
        "t" | "test" | "testnet" => Ok(true),
        "m" | "main" | "mainnet" => Ok(false),
        _ => Err(bad("nothing was made: the network has to be chosen")),
    }
}

/// Returns how a new node is to run; `None` where nothing was said of it.
async fn node(args: &NewArgs, handle: &Handle) -> Result<Option<NodeSettings>, Error> {
    if args.port.is_none() && args.allow_peers.is_empty() && !args.no_autoload {
        return Ok(None);
    }
    let port = match args.port {
        Some(port) => port,
        None => free_port(&all(handle).await?),
    };
    let mut node = NodeSettings {
        port,
        autoload: !args.no_autoload,
        ..NodeSettings::default()
    };
    if !args.allow_peers.is_empty() {
        node.allowed = list(&args.allow_peers);
    }
    Ok(Some(node))
}

/// Finds two ports in a row that no identity has.
fn free_port(all: &[OwnAccount]) -> u16 {
    let is_free = |port: &u16| {
        let mut taken = all.iter().filter_map(|one| one.node.as_ref());
        taken.all(|node| node.port.abs_diff(*port) > 1)
    };
    let mut ports = (DEFAULT_PORT..u16::MAX).step_by(2);
    ports.find(is_free).unwrap_or(DEFAULT_PORT)
}

/// Reads a list in which `none` stands for nothing.
fn list(given: &[String]) -> Vec<String> {
    let all = given.iter().map(|one| one.trim());
    let all = all.filter(|one| !one.is_empty() && *one != NONE);
    all.map(str::to_owned).collect()
}

/// Takes a phrase from wherever it was said to be.
fn words(given: Option<Passphrase>, file: Option<&Path>) -> Result<Passphrase, Error> {
    let text = match (given, file) {
        (Some(given), _) => given,
        (None, Some(file)) if file.as_os_str() == "-" => {
            let mut text = Zeroizing::new(String::new());
            let read = std::io::stdin()
                .take(LONGEST_PHRASE)
                .read_to_string(&mut text);
            read.map_err(|error| Error::File(error.to_string()))?;
            Passphrase::new(text.as_str())
        }
        (None, Some(file)) => secret::whole_file(file)?,
        (None, None) => secret::ask("The 24 words (they are not shown): ")?,
    };
    let words: Vec<_> = text.expose().split_whitespace().collect();
    if words.len() != WORDS {
        return Err(bad("Invalid seed phrase: it has 24 words"));
    }
    let one_line = Zeroizing::new(words.join(" "));
    Ok(Passphrase::new(one_line.as_str()))
}

async fn set(args: SetArgs, handle: &Handle, out: &mut Output<'_>) -> Result<(), Error> {
    let account = identity(handle, Some(&args.identity)).await?;
    let before = account.node.clone().unwrap_or_default();
    let node = NodeSettings {
        ip: args.ip.unwrap_or(before.ip),
        port: args.port.unwrap_or(before.port),
        visibility: args.visibility.unwrap_or(before.visibility),
        bootstrap: args
            .bootstrap
            .as_deref()
            .map_or(before.bootstrap.clone(), list),
        relays: args.relay.as_deref().map_or(before.relays.clone(), list),
        relay_server: args.relay_server.unwrap_or(before.relay_server),
        allowed: args
            .allow_peers
            .as_deref()
            .map_or(before.allowed.clone(), list),
        wake: args.wake.unwrap_or(before.wake),
        autoload: args.autoload.unwrap_or(before.autoload),
    };
    let changed = (account.node.as_ref() != Some(&node)).then_some(node);
    if changed.is_none() && args.nick.is_none() {
        return Err(bad(
            "nothing would change; `chaperon clawchat identity set --help` says what can",
        ));
    }
    if let Some(node) = &changed
        && node.relay_server
        && !before.relay_server
        && SocketAddr::new(node.ip, node.port).ip().is_loopback()
    {
        out.warning("it relays for this computer alone while it listens at this address");
    }
    let account = configure(&account, args.nick, changed, handle).await?;
    out.json(&updated(&account), args.style)
}

async fn configure(
    account: &OwnAccount,
    name: Option<String>,
    node: Option<NodeSettings>,
    handle: &Handle,
) -> Result<OwnAccount, Error> {
    let configure = Accounts::Configure {
        account: account.id,
        name,
        node,
    };
    let AccountsReply::Account(Some(account)) = ask(handle, configure).await? else {
        return Err(Error::Unexpected);
    };
    Ok(account)
}

async fn import(
    from: &Path,
    password_file: Option<&Path>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let password = match password_file {
        Some(file) => Some(secret::from_file(file)?),
        None => match secret::ask("Password of the identities there: ") {
            Ok(password) => Some(password),
            // Its directory may hold them, one beside each identity.
            Err(secret::Error::NoTerminal) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let import = Request::Accounts(Accounts::Import {
        network: CLAWCHAT,
        from: absolute(from)?,
        password,
    });
    let Reply::Imported {
        channels,
        skipped,
        notes,
        ..
    } = progress::ask(handle, import, "steps", out).await?
    else {
        return Err(Error::Unexpected);
    };
    let done = json!({
        "status": "imported",
        "channels": channels,
        "skipped": skipped,
        "notes": notes,
    });
    out.json(&done, style)
}

async fn export(
    to: &Path,
    password_file: Option<&Path>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let password = match password_file {
        Some(file) => secret::from_file(file)?,
        None => secret::new_one(None, true)?,
    };
    let export = Request::Accounts(Accounts::Export {
        network: CLAWCHAT,
        to: absolute(to)?,
        password: Some(password),
    });
    let Reply::Exported { channels } = progress::ask(handle, export, "channels", out).await? else {
        return Err(Error::Unexpected);
    };
    out.json(
        &json!({ "status": "exported", "channels": channels }),
        style,
    )
}
