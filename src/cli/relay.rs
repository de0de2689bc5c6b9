//! `relay`: a relay for mailboxes and for ClawTalk, and what its admin asks of it. Carried out
//! by `main`.

mod admin;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

pub use admin::{
    AdminAsk, AdminCommand, AdminKeyArgs, AgentsArgs, AgentsVerb, AuditArgs, AuditVerb, InviteArgs,
    InviteVerb, Key, NewInvite,
};

/// Where a relay listens by default.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7117);

/// Arguments of `relay`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Serves the same requests as a ClawBuddy mailbox, over plain HTTP: put a TLS proxy before it if \
others are to reach it. Messages expire after 30 days, handshakes after 7.

With an admin key (--admin-key-file, or CLAWTALK_ADMIN_KEY) it serves the ClawTalk API on the \
same port. `chaperon relay invite`, `agents` and `audit` ask a relay that runs; they need the \
same key.

Examples:
  chaperon relay --listen 127.0.0.1:7117 --data relay-data
  chaperon relay --admin-key-file admin.key --public-url https://relay.example
  chaperon relay invite --max-uses 1 --admin-key-file admin.key"
)]
pub struct RelayArgs {
    /// What to ask of a relay that runs; without it, run one
    #[command(subcommand)]
    pub command: Option<AdminCommand>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = LISTEN)]
    pub listen: SocketAddr,
    /// Directory of its store; beside the profile where absent
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Largest request body; a larger one is answered with 413
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub max_body: usize,
    /// Most messages that may wait in one channel or inbox; further ones are answered with 429
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_waiting: u64,
    /// Requests per second and source, 0 for no limit; more are answered with 429
    ///
    /// Without the flag, loopback has no limit and others have the default of the relay.
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// File with the admin key, which turns the ClawTalk API on
    ///
    /// Without it the key is in the variable `CLAWTALK_ADMIN_KEY`; without either the API is off.
    #[arg(long, value_name = "FILE", help_heading = "ClawTalk")]
    pub admin_key_file: Option<PathBuf>,
    /// What links to this relay begin with
    ///
    /// Without it they name the host that the admin's request was sent to.
    #[arg(long, value_name = "URL", value_parser = web_address, help_heading = "ClawTalk")]
    pub public_url: Option<String>,
    /// Messages that an agent may post in ten seconds, 0 for no limit
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        help_heading = "ClawTalk"
    )]
    pub agent_posts: u32,
    /// Keep the audit log, in which clients of the reference put what they decrypted
    ///
    /// Everything in it lies on the relay in the clear. Without the flag the relay says that
    /// it logged, and keeps nothing.
    #[arg(long, help_heading = "ClawTalk")]
    pub audit: bool,
    /// Days that an entry of the audit log is kept
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        requires = "audit",
        help_heading = "ClawTalk"
    )]
    pub audit_days: u32,
    /// Let webhooks lead to this machine and its network
    #[arg(long, help_heading = "ClawTalk")]
    pub allow_private_webhooks: bool,
}

/// Takes an http or https URL, without what ends it.
fn web_address(text: &str) -> Result<String, String> {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}?#".contains(&byte));
    if is_web && plain {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("it has to begin with http:// or https://".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn relay(line: &str) -> RelayArgs {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Relay(args)) => *args,
            _ => panic!("not a relay"),
        }
    }

    #[test]
    fn a_relay_listens_on_this_machine_alone_unless_told() {
        assert_eq!(
            relay("chaperon relay"),
            RelayArgs {
                command: None,
                listen: "127.0.0.1:7117".parse().unwrap(),
                data: None,
                max_body: 1_048_576,
                max_waiting: 10_000,
                rate: None,
                admin_key_file: None,
                public_url: None,
                agent_posts: 10,
                audit: false,
                audit_days: 30,
                allow_private_webhooks: false,
            }
        );
        let told = relay("chaperon relay --listen [::]:80 --rate 0");
        assert_eq!(told.listen, "[::]:80".parse().unwrap());
        assert_eq!(told.rate, Some(0));
    }

    #[test]
    fn an_address_for_links_is_one_of_the_web_without_its_last_slash() {
        let told = relay("chaperon relay --public-url https://relay.example/");
        assert_eq!(told.public_url.as_deref(), Some("https://relay.example"));
        for wrong in ["relay.example", "ftp://x", "https://x/?y", "https://x/\"y"] {
            assert!(web_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_days_of_a_log_that_is_off_are_an_error() {
        let line = ["chaperon", "relay", "--audit-days", "3"];
        assert!(Cli::try_parse_from(line).is_err());
    }
}
