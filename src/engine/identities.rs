//! Identities that are keys of ours and nothing else, each with a node of its own: made, recovered,
//! set up, and the people whom a person adds to them.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::api::{AccountsReply, ChannelRef, Error, Event, NewIdentity, Reply};
use crate::crypto;
use crate::model::{
    AccountId, Actor, ChannelId, DEFAULT_PORT, NetworkId, NodeSettings, Passphrase, PeerText,
};
use crate::net::{self, Identities, Sighting};
use crate::store::{self, accounts, log};

use super::accounts::logging_in;
use super::channels::check_name;
use super::contacts::no_random;
use super::core::{Answer, Core, Internal};
use super::logins::{Adding, no_such_login};
use super::reading::{short, shown};

/// Identities that one profile can have on a network.
pub(super) const MOST: usize = 32;

impl Core {
    pub(super) fn make_identity(&mut self, new: NewIdentity) -> Result<Reply, Error> {
        let network = new.network;
        let identities = identities(network)?;
        let mut random = Zeroizing::new([0; 64]);
        let (first, second) = random.split_at_mut(32);
        first.copy_from_slice(&crypto::random::<32>().map_err(no_random)?);
        second.copy_from_slice(&crypto::random::<32>().map_err(no_random)?);
        let given = new.phrase.as_ref().map(Passphrase::expose);
        let made = identities
            .make(given, new.testnet, *random)
            .map_err(Error::BadRequest)?;
        let all = accounts::all(&self.store, network)?;
        let known = all.iter().find(|one| one.address == made.address);
        if all.len() >= MOST && known.is_none() {
            return Err(Error::BadRequest(format!(
                "a profile has at most {MOST} identities there"
            )));
        }
        let taken = |name: &str| {
            all.iter()
                .any(|one| one.name == name && one.address != made.address)
        };
        if let Some(name) = &new.name {
            identities.check_name(name).map_err(Error::BadRequest)?;
            if taken(name) {
                return Err(Error::BadRequest(format!(
                    "another identity of yours is called {name} already"
                )));
            }
        }
        let before = known.and_then(|one| one.node.clone());
        let node = new.node.or(before).unwrap_or_else(|| NodeSettings {
            port: free_port(&all),
            ..NodeSettings::default()
        });
        check_ports(identities, &node, &all, known.map(|one| one.id))?;
        let now = self.now();
        let signing = made.own.signing.as_ref();
        let mut account = accounts::Account {
            id: known.map_or(AccountId(0), |one| one.id),
            name: new
                .name
                .or_else(|| known.map(|one| one.name.clone()))
                .unwrap_or_default(),
            address: made.address,
            endpoint: String::new(),
            secret: Zeroizing::new(*made.own.secret.expose()),
            signing: signing.map(|key| Zeroizing::new(*key.expose())),
            token: Some(made.phrase.clone()),
            node: Some(node.clone()),
            created_at: now,
        };
        let tx = self.store.write()?;
        let what = if known.is_some() {
            let of = net::of(network);
            let our_key = of.write_key(&of.public_of(&made.own));
            accounts::set_secret(&tx, account.id, &account, &our_key)?;
            accounts::set_node(&tx, account.id, &account.name, &node)?;
            "identity_renewed"
        } else {
            account.id = accounts::insert(&tx, network, &account)?;
            "identity_made"
        };
        let entry = log::NewEntry {
            detail: network.label(),
            ..log::NewEntry::plain(now, Actor::Human, what, None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.log_in()?;
        self.tell(Event::Status);
        Ok(AccountsReply::Identity {
            account: self.shown_account(network, &account),
            phrase: given
                .is_none()
                .then(|| Passphrase::new(made.phrase.as_str())),
        }
        .into())
    }

    pub(super) fn configure(
        &mut self,
        id: AccountId,
        name: Option<String>,
        node: Option<NodeSettings>,
    ) -> Result<Reply, Error> {
        let network = self.network_of(id)?;
        let identities = identities(network)?;
        let all = accounts::all(&self.store, network)?;
        let mut account = accounts::by_id(&self.store, id)?.ok_or_else(|| no_such_login(id))?;
        if let Some(name) = name {
            if !name.is_empty() {
                identities.check_name(&name).map_err(Error::BadRequest)?;
            }
            if !name.is_empty() && all.iter().any(|one| one.name == name && one.id != id) {
                return Err(Error::BadRequest(format!(
                    "another identity of yours is called {name} already"
                )));
            }
            account.name = name;
        }
        let node = node.or(account.node).unwrap_or_default();
        check_ports(identities, &node, &all, Some(id))?;
        let now = self.now();
        let tx = self.store.write()?;
        accounts::set_node(&tx, id, &account.name, &node)?;
        account.node = Some(node);
        let entry = log::NewEntry {
            detail: network.label(),
            ..log::NewEntry::plain(now, Actor::Human, "identity_moved", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.log_in()?;
        self.tell(Event::Status);
        let account = self.shown_account(network, &account);
        Ok(AccountsReply::Account(Some(account)).into())
    }

    /// Asks peers where somebody is reached.
    pub(super) fn resolve(
        &self,
        account: AccountId,
        address: String,
        through: Option<String>,
        answer: Answer,
    ) {
        let internal = self.internal.clone();
        let asked = std::iter::once(address).chain(through).collect();
        self.list(account, asked, answer, move |network, found, answer| {
            let of = (network, Some(account));
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Sought { of, found, answer });
        });
    }

    /// Makes a channel with somebody whom a person knows the place of.
    pub(super) fn add_at(&mut self, adding: &Adding, endpoint: &str, answer: Answer) {
        let done = self.keep_at(adding, endpoint).and_then(|id| {
            let keyed = self.find(&ChannelRef::Id(id))?;
            self.watch(&keyed)?;
            self.tell(Event::Channels);
            Ok(Reply::Channel(Box::new(shown(keyed))))
        });
        let _gone = answer.send(done);
    }

    fn keep_at(&mut self, adding: &Adding, endpoint: &str) -> Result<ChannelId, Error> {
        let identities = identities(adding.network)?;
        let who = identities
            .somebody_at(adding.ours.as_deref(), &adding.address, endpoint)
            .map_err(Error::BadRequest)?;
        let sighting = Sighting {
            url: who.endpoint.clone(),
            result: Ok(who),
        };
        let who = super::logins::find_in(adding, vec![sighting])?;
        self.keep_peer(adding, &who)
    }

    pub(super) fn invite_link(&self, id: AccountId) -> Result<Reply, Error> {
        let network = self.network_of(id)?;
        let identities = identities(network)?;
        let account = accounts::by_id(&self.store, id)?.ok_or_else(|| no_such_login(id))?;
        let listening = self
            .listening
            .get(&(network, Some(id)))
            .filter(|listening| !listening.addresses.is_empty())
            .ok_or_else(|| {
                Error::BadRequest(
                    "nobody could be told where you are: this identity does not listen. Start \
                     chaperon, or chaperon run"
                        .to_owned(),
                )
            })?;
        let link = identities.invite(&account.address, &account.name, &listening.addresses);
        Ok(AccountsReply::Link(link).into())
    }

    /// Takes the local name that a person chose for somebody they added.
    pub(super) fn name_added(
        &mut self,
        channel: ChannelId,
        name: Option<&PeerText>,
    ) -> Result<(), Error> {
        let Some(name) = name else {
            return Ok(());
        };
        check_name(name)?;
        let tx = self.store.write()?;
        store::channels::rename(&tx, channel, name)?;
        tx.commit()?;
        Ok(())
    }
}

pub(super) fn read_invite(network: NetworkId, link: &str) -> Result<Reply, Error> {
    let identities = identities(network)?;
    let (address, endpoint, unsafe_name) = identities
        .read_invite(link.trim())
        .map_err(Error::InvalidInvite)?;
    let who = identities
        .somebody_at(None, &address, &endpoint)
        .map_err(Error::InvalidInvite)?;
    Ok(AccountsReply::Invited {
        fingerprint: short(net::of(network), &who.key),
        address: who.address,
        endpoint: who.endpoint,
        unsafe_name,
    }
    .into())
}

/// Returns how identities are made on a network.
pub(super) fn identities(network: NetworkId) -> Result<&'static dyn Identities, Error> {
    let (_, logins) = logging_in(network)?;
    logins.identities().ok_or_else(|| {
        Error::BadRequest(format!(
            "{} has no identities that are made here",
            network.label()
        ))
    })
}

/// Refuses settings that cannot be carried out, and ports that another identity has.
fn check_ports(
    identities: &dyn Identities,
    node: &NodeSettings,
    all: &[accounts::Account],
    of: Option<AccountId>,
) -> Result<(), Error> {
    identities.check_node(node).map_err(Error::BadRequest)?;
    let others: Vec<_> = all.iter().filter(|one| Some(one.id) != of).collect();
    let taken = ports(&others);
    let wanted = [node.port, node.port.saturating_add(1)];
    if node.port != 0 && wanted.iter().any(|port| taken.contains(port)) {
        return Err(Error::BadRequest(format!(
            "another identity of yours listens at port {} or {}; every identity needs two of its \
             own",
            node.port,
            node.port.saturating_add(1)
        )));
    }
    Ok(())
}

/// Returns the ports that identities listen at.
pub(super) fn ports(all: &[&accounts::Account]) -> BTreeSet<u16> {
    all.iter()
        .filter_map(|one| one.node.as_ref())
        .filter(|node| node.port != 0)
        .flat_map(|node| [node.port, node.port.saturating_add(1)])
        .collect()
}

/// Finds two ports that no identity has.
pub(super) fn free_port(all: &[accounts::Account]) -> u16 {
    let taken = ports(&all.iter().collect::<Vec<_>>());
    (DEFAULT_PORT..u16::MAX - 1)
        .step_by(2)
        .find(|port| !taken.contains(port) && !taken.contains(&(port + 1)))
        .unwrap_or(DEFAULT_PORT)
}
