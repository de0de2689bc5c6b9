//! `relay`: a relay for mailboxes. Carried out by `main`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

/// Where a relay listens by default.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7117);

/// Arguments of `relay`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Serves the same requests as a ClawBuddy mailbox, over plain HTTP: put a TLS proxy before it if \
others are to reach it. Messages expire after 30 days, handshakes after 7.

Example:
  chaperon relay --listen 127.0.0.1:7117 --data relay-data")]
pub struct RelayArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = LISTEN)]
    pub listen: SocketAddr,
    /// Directory of its store; beside the profile where absent
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Largest request body; a larger one is answered with 413
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub max_body: usize,
    /// Most messages that may wait in one channel; further ones are answered with 429
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_waiting: u64,
    /// Requests per second and source, 0 for no limit; more are answered with 429
    ///
    /// Without the flag, loopback has no limit and others have the default of the relay.
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn relay(line: &str) -> RelayArgs {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Relay(args)) => args,
            _ => panic!("not a relay"),
        }
    }

    #[test]
    fn a_relay_listens_on_this_machine_alone_unless_told() {
        assert_eq!(
            relay("chaperon relay"),
            RelayArgs {
                listen: "127.0.0.1:7117".parse().unwrap(),
                data: None,
                max_body: 1_048_576,
                max_waiting: 10_000,
                rate: None,
            }
        );
        let told = relay("chaperon relay --listen [::]:80 --rate 0");
        assert_eq!(told.listen, "[::]:80".parse().unwrap());
        assert_eq!(told.rate, Some(0));
    }
}
