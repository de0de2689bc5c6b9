//! Lets every network be who we are there.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::model::NetworkId;
use crate::net::{self, Account, Command, Mode};
use crate::store::{self, accounts};

use super::channels::keys_of;
use super::core::Core;

impl Core {
    /// Lets every network be who we are there. Only an engine that goes on running listens.
    pub(super) fn log_in(&self) -> Result<(), store::Error> {
        for network in net::ALL {
            if network.logins().is_none() {
                continue;
            }
            let serves = self.mode == Mode::Continuous;
            for account in accounts::all(&self.store, network.id())? {
                let node = account.node.clone();
                let runs = node.as_ref().is_none_or(|node| node.autoload);
                if !runs {
                    self.command(network.id(), Command::Logout(account.id));
                    continue;
                }
                let own = keys_of(&account);
                // A phrase that keys come from is no business of a network's task.
                let token = account.token.filter(|_| node.is_none());
                let account = Account {
                    id: account.id,
                    address: account.address.clone(),
                    name: account.name.clone(),
                    endpoint: account.endpoint.clone(),
                    own,
                    token: token.map(Arc::new),
                    audited: self.config.is_audited(network.id()),
                    listen: node
                        .as_ref()
                        .map(|node| SocketAddr::new(node.ip, node.port))
                        .or_else(|| self.listen(network.id()))
                        .filter(|_| serves),
                    announced: serves && self.config.is_announced(network.id()),
                    node,
                };
                self.command(network.id(), Command::Login(Box::new(account)));
            }
        }
        Ok(())
    }

    /// Returns where a network is to listen, where one address is enough for all of it.
    pub(super) fn listen(&self, network: NetworkId) -> Option<SocketAddr> {
        let here = self.listens_at.get(&network).copied();
        here.or_else(|| self.config.listen(network))
    }
}
