//! `clawtalk`: agents on shared `ClawTalk` relays.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{Output, Pretty, json_time};
use super::{Error, Exit, secret};
use crate::api::{self, Accounts, AccountsReply, Enrol, Handle, Reply, Request, Ticket};
use crate::model::{AccountId, Channel, Fingerprint, NetworkId, OwnAccount, Passphrase, Sighted};
use crate::wire::clawtalk::read_signup;

/// The network.
const CLAWTALK: NetworkId = NetworkId::ClawTalk;

/// Arguments of `clawtalk`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon clawtalk login --url https://talk.example --agent ana --key-file ana.key
  chaperon clawtalk agents
  chaperon clawtalk add bob")]
pub struct ClawtalkArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ClawtalkCommand,
}

/// What can be done with such a relay.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ClawtalkCommand {
    /// Ask the engine of the profile.
    #[command(flatten)]
    Ask(ClawtalkVerb),
    /// Print new keys as JSON, as the reference's tool does; nothing is kept
    #[command(after_help = "\
Example:
  (umask 077; chaperon clawtalk keygen > ana.json)")]
    Keygen,
}

/// The verbs that ask the engine of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ClawtalkVerb {
    /// Use a login that a relay knows already
    #[command(after_help = "\
The file holds the API key (ct_...), alone or as `apiKey` of a JSON object. If it holds the keys \
that `keygen` printed, those are used; without an API key in it you are asked for one. New keys \
are made where none are given. The relay gets the public halves; if it shows others for this \
agent, that needs --replace-keys. All of it is kept in the profile, and the files are not needed \
any more.

Example:
  chaperon clawtalk login --url https://talk.example --agent ana --key-file ana.key")]
    Login {
        /// The relay
        #[arg(long, value_name = "URL")]
        url: String,
        /// Name of your agent there
        #[arg(long, value_name = "NAME")]
        agent: String,
        /// File with the API key, yours and with mode 0600; asked for where absent
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// File with the keys that `keygen` printed
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
        /// Put your keys in place of others that the relay shows for this agent
        #[arg(long)]
        replace_keys: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Register at a relay with an invite
    #[command(after_help = "\
The invite is a code, or the link that holds it; then --url is not needed.

Example:
  chaperon clawtalk register --agent ana --invite https://talk.example/signup?invite=CODE")]
    Register {
        /// The relay
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Name to be known by there: 2 to 32 letters, digits, hyphens and underscores
        #[arg(long, value_name = "NAME")]
        agent: String,
        /// The invite
        #[arg(long, value_name = "CODE|LINK", allow_hyphen_values = true)]
        invite: String,
        /// File with the keys that `keygen` printed; new ones are made where absent
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// List your logins
    #[command(after_help = "\
Example:
  chaperon clawtalk accounts")]
    Accounts {
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// List who is on a relay; what it says of them is not proven
    #[command(after_help = "\
Example:
  chaperon clawtalk agents")]
    Agents {
        /// Which login, by its number or agent name, where there are several
        #[arg(long, value_name = "LOGIN")]
        account: Option<String>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Make a channel with somebody on a relay, and pin the key that it shows for them
    #[command(after_help = "\
The channel begins under safe-acquaintance. Compare the safety code (`chaperon verify`) before \
you trust the key: the relay could have shown another one.

Example:
  chaperon clawtalk add bob")]
    Add {
        /// Name of their agent there
        #[arg(value_name = "AGENT")]
        agent: String,
        /// Which login, by its number or agent name, where there are several
        #[arg(long, value_name = "LOGIN")]
        account: Option<String>,
        /// Fingerprint that you compared; refused if the relay shows another one
        #[arg(long, value_name = "FINGERPRINT")]
        fingerprint: Option<String>,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
    /// Forget a login and its keys; the relay keeps its entry
    #[command(after_help = "\
Example:
  chaperon clawtalk leave ana --force")]
    Leave {
        /// Which login, by its number or agent name
        #[arg(value_name = "LOGIN")]
        account: String,
        /// Close its channels too
        #[arg(long)]
        force: bool,
        /// How to print.
        #[command(flatten)]
        style: Pretty,
    },
}

pub(super) async fn run(
    verb: ClawtalkVerb,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    match verb {
        ClawtalkVerb::Login {
            url,
            agent,
            key_file,
            keys,
            replace_keys,
            style,
        } => {
            let found = key_file.as_deref().map(key_file_of).transpose()?;
            let (token, own) = found.unwrap_or_default();
            let token = token.map_or_else(|| secret::ask("API key: "), Ok)?;
            let own = keys.as_deref().map(secret::whole_file).transpose()?.or(own);
            let enrol = Enrol {
                network: CLAWTALK,
                endpoint: url,
                address: agent,
                ticket: Ticket::Token(token),
                keys: own,
                replace: replace_keys,
            };
            enrolled(enrol, handle, style, out).await?;
        }
        ClawtalkVerb::Register {
            url,
            agent,
            invite,
            keys,
            style,
        } => {
            let (url, invite) = relay_and_code(url, &invite)?;
            let enrol = Enrol {
                network: CLAWTALK,
                endpoint: url,
                address: agent,
                ticket: Ticket::Invite(Passphrase::new(invite)),
                keys: keys.as_deref().map(secret::whole_file).transpose()?,
                replace: true,
            };
            enrolled(enrol, handle, style, out).await?;
        }
        ClawtalkVerb::Accounts { style } => {
            let all: Vec<_> = logins(handle).await?.iter().map(account_json).collect();
            out.json(&Value::Array(all), style)?;
        }
        ClawtalkVerb::Agents { account, style } => {
            let all = agents(account.as_deref(), handle).await?;
            out.json(&Value::Array(all), style)?;
        }
        ClawtalkVerb::Add {
            agent,
            account,
            fingerprint,
            style,
        } => {
            let account = login(handle, account.as_deref()).await?.id;
            let added = add(account, agent, fingerprint, handle).await?;
            out.json(&added, style)?;
        }
        ClawtalkVerb::Leave {
            account,
            force,
            style,
        } => {
            let account = login(handle, Some(&account)).await?;
            let leave = Accounts::Leave {
                account: account.id,
                force,
            };
            handle.ask(Request::Accounts(leave)).await?;
            out.json(&json!({ "ok": true, "left": account.address }), style)?;
        }
    }
    Ok(Exit::Done)
}

async fn agents(account: Option<&str>, handle: &Handle) -> Result<Vec<Value>, Error> {
    let account = login(handle, account).await?.id;
    let directory = Accounts::Directory { account };
    let AccountsReply::Sighted(sighted) = ask(handle, directory).await? else {
        return Err(Error::Unexpected);
    };
    sighted.iter().map(agent_json).collect()
}

async fn add(
    account: AccountId,
    agent: String,
    fingerprint: Option<String>,
    handle: &Handle,
) -> Result<Value, Error> {
    let add = Accounts::Add {
        account,
        address: agent,
        seen: fingerprint.map(Fingerprint),
        endpoint: None,
        name: None,
    };
    let Reply::Channel(channel) = handle.ask(Request::Accounts(add)).await? else {
        return Err(Error::Unexpected);
    };
    Ok(channel_json(&channel))
}

/// Prints new keys.
pub fn keygen(keys: &str, out: &mut Output<'_>) -> Result<Exit, Error> {
    out.text(keys)?;
    Ok(Exit::Done)
}

async fn enrolled(
    enrol: Enrol,
    handle: &Handle,
    style: Pretty,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let reply = ask(handle, Accounts::Enrol(Box::new(enrol))).await?;
    let AccountsReply::Enrolled {
        account,
        published,
        problem,
    } = reply
    else {
        return Err(Error::Unexpected);
    };
    if let Some(problem) = problem {
        out.warning(&problem);
    }
    let mut shown = account_json(&account);
    if let Value::Object(members) = &mut shown {
        members.insert("published_keys".to_owned(), published.into());
    }
    out.json(&shown, style)
}

/// What is looked for in a file with a key.
#[derive(serde::Deserialize)]
struct KeyFile {
    #[serde(rename = "apiKey")]
    token: Option<Passphrase>,
    #[serde(rename = "privateKey")]
    key: Option<Passphrase>,
}

/// Reads the API key of a file, and the keys that stand in it too.
fn key_file_of(path: &Path) -> Result<(Option<Passphrase>, Option<Passphrase>), Error> {
    let text = secret::whole_file(path)?;
    let trimmed = text.expose().trim();
    if !trimmed.starts_with('{') {
        return Ok((Some(Passphrase::new(trimmed)), None));
    }
    let file: KeyFile = serde_json::from_str(trimmed)
        .map_err(|_why| Error::File("it is neither an API key nor JSON with one".to_owned()))?;
    let keys = file.key.is_some().then(|| text.clone());
    Ok((file.token, keys))
}

/// Returns the relay and the code of an invite, which may be the link with both.
fn relay_and_code(url: Option<String>, invite: &str) -> Result<(String, String), Error> {
    match (read_signup(invite), url) {
        (Some((relay, code)), None) => Ok((relay.as_str().to_owned(), code.as_str().to_owned())),
        (Some((_, code)), Some(url)) => Ok((url, code.as_str().to_owned())),
        (None, Some(url)) => Ok((url, invite.to_owned())),
        (None, None) => {
            let how = "name the relay with --url, or give the whole link as the invite";
            Err(api::Error::BadRequest(how.to_owned()).into())
        }
    }
}

async fn ask(handle: &Handle, request: Accounts) -> Result<AccountsReply, Error> {
    let Reply::Accounts(reply) = handle.ask(Request::Accounts(request)).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*reply)
}

async fn logins(handle: &Handle) -> Result<Vec<OwnAccount>, Error> {
    let list = Accounts::List { network: CLAWTALK };
    let AccountsReply::Logins(all) = ask(handle, list).await? else {
        return Err(Error::Unexpected);
    };
    Ok(all)
}

/// Finds the login that is meant: the only one, or the one with this number or name.
async fn login(handle: &Handle, which: Option<&str>) -> Result<OwnAccount, Error> {
    let all = logins(handle).await?;
    if all.is_empty() {
        let how = "you have no login there yet; `chaperon clawtalk login` or `register` makes one";
        return Err(api::Error::BadRequest(how.to_owned()).into());
    }
    let number = which.and_then(|which| which.parse().ok()).map(AccountId);
    let mut meant = all.into_iter().filter(|account| {
        which.is_none_or(|which| account.address == which || Some(account.id) == number)
    });
    let problem = match (meant.next(), meant.next()) {
        (Some(only), None) => return Ok(only),
        (None, _) => {
            "there is no such login; `chaperon clawtalk accounts` lists those that there are"
        }
        (Some(_), Some(_)) => "there are several; name one with its number",
    };
    Err(api::Error::BadRequest(problem.to_owned()).into())
}

fn account_json(account: &OwnAccount) -> Value {
    let (key, signing) = account.key.split_once('.').unwrap_or((&account.key, ""));
    json!({
        "account": account.id,
        "url": account.endpoint,
        "agent": account.address,
        "publicKey": key,
        "signingKey": signing,
        "fingerprint": account.fingerprint,
        "created_at": json_time(Some(account.created_at)),
    })
}

/// Returns an entry of a directory, or what went wrong.
fn agent_json(sighted: &Sighted) -> Result<Value, Error> {
    let Some(claim) = &sighted.somebody else {
        let problem = sighted.problem.clone().unwrap_or_default();
        return Err(api::Error::Relay(problem).into());
    };
    let said = serde_json::from_str::<Value>(claim.unsafe_answer.expose_untrusted());
    let said = said.unwrap_or_default();
    let of = |name: &str| said.get(name).cloned().unwrap_or(Value::Null);
    Ok(json!({
        "agent": claim.address,
        "fingerprint": claim.fingerprint,
        "unsafe_capabilities": of("capabilities"),
        "online": of("online"),
        "last_seen": of("lastSeen"),
        "channel": claim.channel,
    }))
}

fn channel_json(channel: &Channel) -> Value {
    json!({
        "channel": channel.id,
        "agent": channel.address,
        "name": channel.name.expose_untrusted(),
        "url": channel.relay,
        "fingerprint": channel.fingerprint,
        "status": channel.state.as_str(),
        "preset": channel.preset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_key_may_hold_the_keys_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let (token, keys) = key_file_of(&path).unwrap();
            (token.map(|token| token.expose().to_owned()), keys.is_some())
        };
        assert_eq!(read("ct_abc\n"), (Some("ct_abc".to_owned()), false));
        assert_eq!(
            read(r#"{"name": "ana", "apiKey": "ct_abc"}"#),
            (Some("ct_abc".to_owned()), false)
        );
        assert_eq!(
            read(r#"{"publicKey": "a", "privateKey": "b"}"#),
            (None, true)
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(key_file_of(&path).is_err());
    }

    #[test]
    fn an_invite_is_a_code_or_the_link_around_it() {
        let code = "AAAAAAAAAAAAAAAAAAAAAA";
        let link = format!("https://talk.example/signup?invite={code}");
        let url = Some("https://other.example".to_owned());
        let both = |relay: &str| (relay.to_owned(), code.to_owned());
        assert_eq!(
            relay_and_code(None, &link).unwrap(),
            both("https://talk.example")
        );
        assert_eq!(
            relay_and_code(url.clone(), &link).unwrap(),
            both("https://other.example")
        );
        assert_eq!(
            relay_and_code(url, code).unwrap(),
            both("https://other.example")
        );
        assert!(relay_and_code(None, code).is_err());
    }
}
