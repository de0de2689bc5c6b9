//! `relay invite`, `relay agents`, `relay audit`: what the admin of a ClawTalk relay asks of it.
//!
//! Each becomes one HTTP request; the answer is printed as the relay gave it.
//!
//! Must not: send anything. `main` has the client.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::super::output::Pretty;

/// What the admin asks of a relay.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum AdminCommand {
    /// Make an invite to a ClawTalk relay, list or delete them
    Invite(InviteArgs),
    /// List, add or remove the agents of a ClawTalk relay
    Agents(AgentsArgs),
    /// Read or clear the audit log of a ClawTalk relay
    Audit(AuditArgs),
}

/// Which relay is asked, and with which key.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct AdminKeyArgs {
    /// The relay
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7117",
        global = true
    )]
    pub url: String,
    /// File with the admin key; without it the key is in the variable `CLAWTALK_ADMIN_KEY`
    #[arg(long, value_name = "FILE", global = true)]
    pub admin_key_file: Option<PathBuf>,
    /// Indent the JSON by two spaces
    #[arg(long, global = true)]
    pub pretty: bool,
}

/// Arguments of `relay invite`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Without a verb it makes an invite. Whoever has the code registers one agent with it, as often as \
it says.

Example:
  chaperon relay invite --label family --max-uses 3 --expires-in-hours 48")]
pub struct InviteArgs {
    /// What to do; without it, the usual.
    #[command(subcommand)]
    pub verb: Option<InviteVerb>,
    /// The invite to make without a verb.
    #[command(flatten)]
    pub new: NewInvite,
    /// Whom to ask.
    #[command(flatten)]
    pub admin: AdminKeyArgs,
}

/// What to do about invites.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum InviteVerb {
    /// Make one
    Create(NewInvite),
    /// List all
    List,
    /// Delete one; who registered with it stays
    Delete {
        /// Code of the invite
        #[arg(allow_hyphen_values = true)]
        code: String,
    },
}

/// An invite to make.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct NewInvite {
    /// Words for yourself
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// How often it can be used; any number of times without
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_uses: Option<u32>,
    /// How long it can be used; for ever without
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..))]
    pub expires_in_hours: Option<u32>,
}

/// Arguments of `relay agents`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Without a verb it lists them. The reference's worker lists agents for an agent alone: give it an \
agent's key with --agent-key-file.

Example:
  chaperon relay agents add ana --owner Ana --public-key KEY --signing-key KEY")]
pub struct AgentsArgs {
    /// What to do; without it, the usual.
    #[command(subcommand)]
    pub verb: Option<AgentsVerb>,
    /// File with an agent's API key, to list as that agent
    #[arg(long, value_name = "FILE")]
    pub agent_key_file: Option<PathBuf>,
    /// Whom to ask.
    #[command(flatten)]
    pub admin: AdminKeyArgs,
}

/// What to do about agents.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum AgentsVerb {
    /// List all
    List {
        /// File with an agent's API key, to list as that agent
        #[arg(long, value_name = "FILE")]
        agent_key_file: Option<PathBuf>,
    },
    /// Register one; prints the API key, this once
    Add {
        /// Name of the agent
        name: String,
        /// Who it belongs to
        #[arg(long, value_name = "TEXT")]
        owner: String,
        /// X25519 public key in base64
        #[arg(long, value_name = "KEY")]
        public_key: String,
        /// Ed25519 public key in base64
        #[arg(long, value_name = "KEY")]
        signing_key: String,
        /// Where its messages are posted to as well
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
        /// Something it can do; may be repeated
        #[arg(long = "capability", value_name = "TEXT")]
        capabilities: Vec<String>,
    },
    /// Remove one and what waits for it (our relay alone)
    Remove {
        /// Name of the agent
        name: String,
    },
    /// Give one another API key; the one before is no longer good (our relay alone)
    NewKey {
        /// Name of the agent
        name: String,
    },
}

/// Arguments of `relay audit`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Without a verb it lists the oldest entries. A relay of ours keeps a log only with --audit.

Example:
  chaperon relay audit clear --before 2026-02-01")]
pub struct AuditArgs {
    /// What to do; without it, the usual.
    #[command(subcommand)]
    pub verb: Option<AuditVerb>,
    /// Whom to ask.
    #[command(flatten)]
    pub admin: AdminKeyArgs,
}

/// What to do about the audit log.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum AuditVerb {
    /// List entries, the oldest first
    List {
        /// Later than this time
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// How many, at most 200
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// From this agent
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
        /// To this agent
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// With this topic
        #[arg(long, value_name = "TEXT")]
        topic: Option<String>,
    },
    /// Delete the entries of before a time
    Clear {
        /// The time, as 2026-02-01 or 2026-02-01T12:00:00Z
        #[arg(long, value_name = "TIME")]
        before: String,
    },
}

/// One request to a relay.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminAsk {
    /// Where to.
    pub url: String,
    /// With which key.
    pub key: Key,
    /// HTTP method.
    pub method: &'static str,
    /// Path and query, encoded.
    pub path: String,
    /// JSON body.
    pub body: Option<Value>,
    /// How the answer is printed.
    pub style: Pretty,
}

/// Where the key of a request lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The admin's: in this file, or in the environment.
    Admin(Option<PathBuf>),
    /// An agent's, in this file.
    Agent(PathBuf),
}

impl AdminCommand {
    /// Returns the request that it is.
    pub fn into_ask(self) -> AdminAsk {
        match self {
            Self::Invite(InviteArgs { verb, new, admin }) => {
                admin.ask(match verb.unwrap_or(InviteVerb::Create(new)) {
                    InviteVerb::Create(new) => ("POST", "/invites".to_owned(), Some(new.body())),
                    InviteVerb::List => ("GET", "/invites".to_owned(), None),
                    InviteVerb::Delete { code } => {
                        ("DELETE", format!("/invites/{}", segment(&code)), None)
                    }
                })
            }
            Self::Agents(AgentsArgs {
                verb,
                agent_key_file,
                admin,
            }) => agents(verb, agent_key_file, admin),
            Self::Audit(AuditArgs { verb, admin }) => {
                let list = AuditVerb::List {
                    since: None,
                    limit: None,
                    from: None,
                    to: None,
                    topic: None,
                };
                admin.ask(audit(verb.unwrap_or(list)))
            }
        }
    }
}

type Request = (&'static str, String, Option<Value>);

impl AdminKeyArgs {
    fn ask(self, (method, path, body): Request) -> AdminAsk {
        AdminAsk {
            url: self.url,
            key: Key::Admin(self.admin_key_file),
            method,
            path,
            body,
            style: Pretty {
                pretty: self.pretty,
            },
        }
    }
}

impl NewInvite {
    fn body(self) -> Value {
        let mut body = Map::new();
        if let Some(label) = self.label {
            body.insert("label".to_owned(), label.into());
        }
        if let Some(uses) = self.max_uses {
            body.insert("maxUses".to_owned(), uses.into());
        }
        if let Some(hours) = self.expires_in_hours {
            body.insert("expiresInHours".to_owned(), hours.into());
        }
        Value::Object(body)
    }
}

fn agents(
    verb: Option<AgentsVerb>,
    agent_key_file: Option<PathBuf>,
    admin: AdminKeyArgs,
) -> AdminAsk {
    let verb = verb.unwrap_or(AgentsVerb::List {
        agent_key_file: None,
    });
    match verb {
        AgentsVerb::List {
            agent_key_file: own,
        } => match own.or(agent_key_file) {
            Some(file) => AdminAsk {
                key: Key::Agent(file),
                ..admin.ask(("GET", "/agents".to_owned(), None))
            },
            None => admin.ask(("GET", "/admin/agents".to_owned(), None)),
        },
        AgentsVerb::Add {
            name,
            owner,
            public_key,
            signing_key,
            webhook,
            capabilities,
        } => {
            let mut body = json!({
                "name": name,
                "owner": owner,
                "publicKey": public_key,
                "signingKey": signing_key,
            });
            if let Value::Object(members) = &mut body {
                if let Some(webhook) = webhook {
                    members.insert("webhookUrl".to_owned(), webhook.into());
                }
                if !capabilities.is_empty() {
                    members.insert("capabilities".to_owned(), capabilities.into());
                }
            }
            admin.ask(("POST", "/agents".to_owned(), Some(body)))
        }
        AgentsVerb::Remove { name } => {
            admin.ask(("DELETE", format!("/admin/agents/{}", segment(&name)), None))
        }
        AgentsVerb::NewKey { name } => {
            let path = format!("/admin/agents/{}/key", segment(&name));
            admin.ask(("POST", path, None))
        }
    }
}

fn audit(verb: AuditVerb) -> Request {
    match verb {
        AuditVerb::List {
            since,
            limit,
            from,
            to,
            topic,
        } => {
            let limit = limit.map(|limit| limit.to_string());
            let pairs = [
                ("since", since),
                ("limit", limit),
                ("from", from),
                ("to", to),
                ("topic", topic),
            ];
            let given = pairs
                .into_iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", segment(&value?))));
            let query = given.collect::<Vec<_>>().join("&");
            let mark = if query.is_empty() { "" } else { "?" };
            ("GET", format!("/audit{mark}{query}"), None)
        }
        AuditVerb::Clear { before } => (
            "DELETE",
            format!("/audit?before={}", segment(&before)),
            None,
        ),
    }
}

/// Encodes a text for one segment of a path or one value of a query (RFC 3986: all but the
/// unreserved characters).
fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                segment.push(digit.to_ascii_uppercase());
            }
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn asks(line: &[&str]) -> AdminAsk {
        let line = ["chaperon", "relay"].iter().chain(line);
        match Cli::try_parse_from(line).unwrap().command {
            Some(Command::Relay(args)) => args.command.unwrap().into_ask(),
            _ => panic!("not a relay"),
        }
    }

    const LINES: &[&[&str]] = &[
        &["invite"],
        &[
            "invite",
            "--label",
            "L",
            "--max-uses",
            "2",
            "--expires-in-hours",
            "3",
        ],
        &[
            "invite",
            "create",
            "--max-uses",
            "1",
            "--url",
            "https://r.example",
        ],
        &["invite", "list"],
        &["invite", "delete", "a/b"],
        &["agents"],
        &["agents", "list", "--agent-key-file", "k"],
        &[
            "agents",
            "add",
            "A",
            "--owner",
            "o",
            "--public-key",
            "P",
            "--signing-key",
            "S",
        ],
        &[
            "agents",
            "add",
            "A",
            "--owner",
            "o",
            "--public-key",
            "P",
            "--signing-key",
            "S",
            "--webhook",
            "https://h",
            "--capability",
            "x",
            "--capability",
            "y",
        ],
        &["agents", "remove", "A B"],
        &["agents", "new-key", "é"],
        &["audit", "--admin-key-file", "k"],
        &[
            "audit",
            "list",
            "--since",
            "2026-01-01T00:00:00+01:00",
            "--limit",
            "3",
            "--from",
            "A",
            "--to",
            "B",
            "--topic",
            "a&b",
        ],
        &["audit", "clear", "--before", "2026-02-01", "--pretty"],
    ];

    #[test]
    fn every_verb_is_one_request() {
        let table = LINES.iter().map(|line| {
            let ask = asks(line);
            let body = ask.body.map(|body| format!(" {body}")).unwrap_or_default();
            let (key, pretty) = (ask.key, ask.style.pretty);
            format!(
                "{}\n    {} {}{}{body} {key:?} {pretty}",
                line.join(" "),
                ask.method,
                ask.url,
                ask.path
            )
        });
        insta::assert_snapshot!(table.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn an_invite_that_nobody_could_use_is_not_made() {
        for flag in ["--max-uses", "--expires-in-hours"] {
            assert!(Cli::try_parse_from(["chaperon", "relay", "invite", flag, "0"]).is_err());
        }
    }
}
