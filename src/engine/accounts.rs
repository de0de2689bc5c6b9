//! Our logins, and asking others for contact.

use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::api::{Accounts, AccountsReply, ChannelRef, Error, Event, Reply, purpose_or_default};
use crate::crypto::{self, SecretKey};
use crate::model::{
    AccountId, Actor, ChannelId, ChannelState, ContactRequest, Fingerprint, NetworkId, OwnAccount,
    PeerText, Preset, RequestState, UnixMillis,
};
use crate::net::{self, Asking, Introduction, Logins, Network, Sighting, Somebody};
use crate::store::channels::Keyed;
use crate::store::{self, Tx, accounts, log, requests, review};

use super::channels::keys_of;
use super::contacts::{no_random, write_down};
use super::core::{Answer, Core, Internal};
use super::identities::read_invite;
use super::reading::{in_use, short};
use super::strangers::{NewPeer, insert_peer};

/// Longest name of ours that others are shown, in bytes.
const LONGEST_NAME: usize = 256;

/// Who is to be asked for contact, once it is known who is there.
#[derive(Debug)]
pub(super) struct Meeting {
    network: NetworkId,
    purpose: PeerText,
    seen: Option<Fingerprint>,
}

impl Core {
    fn listen_at(&mut self, network: NetworkId, at: SocketAddr) -> Result<Reply, Error> {
        asking(network)?;
        self.listens_at.insert(network, at);
        self.log_in()?;
        self.own_account(network)
    }

    /// Carries out a request about logins, or begins it.
    pub(super) fn account_request(&mut self, request: Accounts, answer: Answer) {
        let done = match request {
            Accounts::Seek {
                network,
                patterns,
                local,
            } => return self.seek(network, &patterns, local, answer),
            Accounts::Ask {
                network,
                url,
                purpose,
                seen,
            } => return self.ask(network, &url, purpose, seen, answer),
            Accounts::AskBack { channel, purpose } => {
                return self.ask_back(&channel, purpose, answer);
            }
            Accounts::Show { network } => self.own_account(network),
            Accounts::Init {
                network,
                endpoint,
                address,
                name,
                force,
            } => self.make_account(network, endpoint, address, name, force),
            Accounts::Move {
                network,
                endpoint,
                name,
            } => self.move_account(network, endpoint, name),
            Accounts::Listen { network, at } => self.listen_at(network, at),
            Accounts::Requests { network } => self.contact_requests(network),
            Accounts::List { network } => self.logins(network),
            Accounts::Enrol(request) => return self.enrol(*request, answer),
            Accounts::Directory { account } => return self.directory(account, answer),
            Accounts::Add {
                account,
                address,
                seen,
                endpoint,
                name,
            } => return self.add_peer(account, address, (seen, endpoint, name), answer),
            Accounts::Make(new) => self.make_identity(*new),
            Accounts::Configure {
                account,
                name,
                node,
            } => self.configure(account, name, node),
            Accounts::Resolve {
                account,
                address,
                through,
            } => return self.resolve(account, address, through, answer),
            Accounts::InviteLink { account } => self.invite_link(account),
            Accounts::ReadInvite { network, link } => read_invite(network, &link),
            Accounts::Leave { account, force } => self.leave(account, force),
            Accounts::Import {
                network: NetworkId::ClawChat,
                from,
                password,
            } => return self.import_gateway(from, password, answer),
            Accounts::Export {
                network: NetworkId::ClawChat,
                to,
                password,
            } => return self.export_gateway(to, password, answer),
            Accounts::Import { network, from, .. } => self.import_account(network, &from),
            Accounts::Export { network, to, .. } => self.export_account(network, &to),
        };
        let _gone = answer.send(done);
    }

    fn own_account(&self, network: NetworkId) -> Result<Reply, Error> {
        let account = accounts::of(&self.store, network)?;
        let account = account.map(|account| self.shown_account(network, &account));
        Ok(AccountsReply::Account(account).into())
    }

    /// Returns what everybody here may know of a login.
    pub(super) fn shown_account(
        &self,
        network: NetworkId,
        account: &accounts::Account,
    ) -> OwnAccount {
        let of = net::of(network);
        let key = of.public_of(&keys_of(account));
        OwnAccount {
            id: account.id,
            network,
            address: account.address.clone(),
            name: account.name.clone(),
            endpoint: account.endpoint.clone(),
            key: of.write_key(&key),
            fingerprint: of.fingerprint(&key),
            digest: of.digest_of(&key),
            created_at: account.created_at,
            listening: self
                .listening
                .get(&(network, Some(account.id)))
                .or_else(|| self.listening.get(&(network, None)))
                .cloned(),
            node: account.node.clone(),
        }
    }

    fn make_account(
        &mut self,
        network: NetworkId,
        endpoint: Option<String>,
        address: Option<String>,
        name: Option<String>,
        force: bool,
    ) -> Result<Reply, Error> {
        let (logins, asking) = asking(network)?;
        let endpoint = match endpoint {
            Some(endpoint) => logins.read_endpoint(&endpoint).map_err(Error::BadRequest)?,
            None => self
                .listen(network)
                .map(|listen| asking.endpoint_at(listen))
                .ok_or_else(|| {
                    Error::BadRequest(
                        "name the address under which others reach you: this profile does not \
                         listen"
                            .to_owned(),
                    )
                })?,
        };
        let random = crypto::random().map_err(no_random)?;
        let address = address.unwrap_or_else(|| asking.new_address(random));
        logins.check_address(&address).map_err(Error::BadRequest)?;
        let name = name.unwrap_or_else(|| address.clone());
        check_own_name(&name)?;
        let secret = SecretKey::generate().map_err(no_random)?;
        let account = accounts::Account {
            id: AccountId(0),
            address,
            name,
            endpoint,
            secret: Zeroizing::new(*secret.expose()),
            signing: None,
            token: None,
            node: None,
            created_at: self.now(),
        };
        self.put_account(network, &account, force)?;
        self.own_account(network)
    }

    fn move_account(
        &mut self,
        network: NetworkId,
        endpoint: Option<String>,
        name: Option<String>,
    ) -> Result<Reply, Error> {
        let (logins, _) = asking(network)?;
        let mut account = accounts::of(&self.store, network)?.ok_or_else(no_identity)?;
        if let Some(endpoint) = endpoint {
            account.endpoint = logins.read_endpoint(&endpoint).map_err(Error::BadRequest)?;
        }
        if let Some(name) = name {
            check_own_name(&name)?;
            account.name = name;
        }
        let now = self.now();
        let tx = self.store.write()?;
        accounts::set(&tx, network, &account)?;
        let entry = log::NewEntry {
            detail: network.label(),
            ..log::NewEntry::plain(now, Actor::Human, "identity_moved", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.log_in()?;
        self.tell(Event::Status);
        self.own_account(network)
    }

    /// Makes this our login. The one before is replaced only by force, and never while channels
    /// of it are in use: their peers know the key.
    pub(super) fn put_account(
        &mut self,
        network: NetworkId,
        account: &accounts::Account,
        force: bool,
    ) -> Result<(), Error> {
        if let Some(old) = accounts::of(&self.store, network)? {
            if !force {
                return Err(Error::BadRequest(format!(
                    "there is an identity already, {}; --force replaces it",
                    old.address
                )));
            }
            let open = store::channels::all(&self.store)?
                .into_iter()
                .filter(|keyed| {
                    let channel = &keyed.channel;
                    channel.network == network
                        && (in_use(channel.state) || channel.state == ChannelState::Stopped)
                })
                .count();
            if open > 0 {
                return Err(Error::BadRequest(format!(
                    "{open} of its channels are in use, and their peers know its key; end those \
                     first"
                )));
            }
        }
        let now = self.now();
        let tx = self.store.write()?;
        accounts::set(&tx, network, account)?;
        let entry = log::NewEntry {
            detail: network.label(),
            ..log::NewEntry::plain(now, Actor::Human, "identity_made", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.log_in()?;
        self.tell(Event::Status);
        Ok(())
    }

    fn ask(
        &self,
        network: NetworkId,
        url: &str,
        purpose: Option<String>,
        seen: Option<Fingerprint>,
        answer: Answer,
    ) {
        let ready = asking(network)
            .and_then(|(logins, _)| logins.read_endpoint(url).map_err(Error::BadRequest))
            .and_then(|url| Ok((url, purpose_or_default(purpose)?)))
            .and_then(|ready| match accounts::of(&self.store, network)? {
                Some(_) => Ok(ready),
                None => Err(no_identity()),
            });
        let (url, purpose) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let meeting = Meeting {
            network,
            purpose,
            seen,
        };
        let mut look = self.look_for(network, vec![url.clone()]);
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let sighting = look.recv().await.unwrap_or_else(|| Sighting {
                url,
                result: Err("nobody was asked: this network does not run".to_owned()),
            });
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Met {
                meeting,
                sighting,
                answer,
            });
        });
    }

    pub(super) fn met(&mut self, meeting: Meeting, sighting: Sighting, answer: Answer) {
        match self.keep_meeting(meeting, sighting) {
            Ok(channel) => self.announce_and_answer(channel, answer),
            Err(error) => {
                let _gone = answer.send(Err(error));
            }
        }
    }

    /// Stores that we ask whoever was found; returns the channel with them.
    fn keep_meeting(&mut self, meeting: Meeting, sighting: Sighting) -> Result<ChannelId, Error> {
        let Meeting {
            network,
            purpose,
            seen,
        } = meeting;
        let url = sighting.url;
        let who = sighting
            .result
            .map_err(|problem| Error::Relay(format!("{url}: {problem}")))?;
        let fingerprint = short(net::of(network), &who.key);
        if seen.is_some_and(|seen| seen != fingerprint) {
            return Err(Error::Changed);
        }
        let account = accounts::of(&self.store, network)?.ok_or_else(no_identity)?;
        if who.address == account.address {
            return Err(Error::BadRequest("that is yourself".to_owned()));
        }
        let now = self.now();
        let known = store::channels::by_address(&self.store, (network, None), &who.address)?;
        let id = if let Some(id) = known {
            let keyed = self.find(&ChannelRef::Id(id))?;
            let other_key = keyed.channel.their_key.is_some()
                && keyed.channel.their_key.as_ref() != Some(&who.key);
            if other_key {
                return Err(Error::BadRequest(format!(
                    "{} shows another key there than the one you accepted; ask them before \
                         you go on",
                    who.address
                )));
            }
            let tx = self.store.write()?;
            reopen(&tx, &keyed, &who, now)?;
            keep_ours(&tx, id, &who, purpose, now)?;
            tx.commit()?;
            id
        } else {
            let name = PeerText::new(who.address.as_str());
            let preset = Preset::SafeAcquaintance.as_str();
            let text = self.preset_text(preset, &name)?;
            let at = Somebody {
                // Where they were found; where they say that they are is for a person to
                // accept with their own request.
                endpoint: url,
                ..who
            };
            let tx = self.store.write()?;
            let new = NewPeer {
                network,
                account: &account,
                several: false,
                who: &at,
                state: ChannelState::Invited,
                instructions: &text,
                at: now,
            };
            let id = insert_peer(&tx, &new)?;
            store::channels::met(&tx, id, &at.key)?;
            write_down(&tx, now, Actor::Human, "contact_asked", id)?;
            keep_ours(&tx, id, &at, purpose, now)?;
            tx.commit()?;
            id
        };
        self.tell(Event::Channels);
        Ok(id)
    }

    fn ask_back(&mut self, reference: &ChannelRef, purpose: Option<String>, answer: Answer) {
        match self.keep_ask_back(reference, purpose) {
            Ok(channel) => self.announce_and_answer(channel, answer),
            Err(error) => {
                let _gone = answer.send(Err(error));
            }
        }
    }

    fn keep_ask_back(
        &mut self,
        reference: &ChannelRef,
        purpose: Option<String>,
    ) -> Result<ChannelId, Error> {
        let keyed = self.find(reference)?;
        asking(keyed.channel.network)?;
        if !in_use(keyed.channel.state) {
            return Err(Error::ChannelNotActive);
        }
        let purpose = purpose_or_default(purpose)?;
        let key = keyed
            .channel
            .their_key
            .clone()
            .or_else(|| keyed.asked_key.clone());
        let who = Somebody {
            address: keyed.channel.address.clone(),
            name: PeerText::default(),
            endpoint: keyed.channel.relay.clone(),
            key: key.unwrap_or_default(),
            answer: String::new(),
        };
        let now = self.now();
        let id = keyed.channel.id;
        let tx = self.store.write()?;
        write_down(&tx, now, Actor::Human, "contact_asked", id)?;
        keep_ours(&tx, id, &who, purpose, now)?;
        tx.commit()?;
        self.tell(Event::Channels);
        Ok(id)
    }

    /// Sends a request for contact; the answer comes when they have it, or cannot now.
    fn announce_and_answer(&mut self, channel: ChannelId, answer: Answer) {
        let watched = self
            .find(&ChannelRef::Id(channel))
            .and_then(|keyed| Ok(self.watch(&keyed).map(|()| keyed)?));
        match watched {
            Ok(keyed) => {
                if let Some(earlier) = self.accepting.insert(channel, answer) {
                    let _gone = earlier.send(Err(Error::Gone));
                }
                self.announce(&keyed);
            }
            Err(error) => {
                let _gone = answer.send(Err(error));
            }
        }
    }

    fn contact_requests(&self, network: NetworkId) -> Result<Reply, Error> {
        let of = net::of(network);
        let open = review::open(&self.store)?;
        let mut all = Vec::new();
        for request in requests::all(&self.store, network)? {
            let channel = self.find(&ChannelRef::Id(request.channel))?.channel;
            let item = open.iter().find(|item| {
                item.channel == channel.id && item.kind == review::Kind::ContactRequest
            });
            let waits = !request.ours && request.state == RequestState::Open;
            all.push(ContactRequest {
                id: request.remote_id,
                channel: channel.id,
                ours: request.ours,
                address: channel.address,
                unsafe_name: request.name,
                unsafe_endpoint: PeerText::new(request.endpoint),
                fingerprint: short(of, &request.key),
                digest: of
                    .read_key(&request.key)
                    .map(|key| of.digest_of(&key))
                    .unwrap_or_default(),
                key: request.key,
                unsafe_purpose: request.purpose,
                at: request.at,
                state: request.state,
                item: item.filter(|_| waits).map(|item| item.id),
                unsafe_original: request.original.map(PeerText::new),
                settled_at: request.settled_at,
            });
        }
        Ok(AccountsReply::Requests(all).into())
    }

    /// Returns what goes out as our request for contact, where one has to.
    pub(super) fn introduction(&self, keyed: &Keyed) -> Result<Option<Introduction>, store::Error> {
        let of = net::of(keyed.channel.network);
        if !keyed.announce || of.logins().is_none() {
            return Ok(None);
        }
        let last = requests::last(&self.store, keyed.channel.id, true)?;
        Ok(last.map(|request| Introduction {
            id: request.remote_id,
            purpose: request.purpose.expose_untrusted().to_owned(),
        }))
    }
}

/// Takes up a channel that was over, or that only they asked for so far.
fn reopen(tx: &Tx<'_>, keyed: &Keyed, who: &Somebody, now: UnixMillis) -> Result<(), store::Error> {
    let id = keyed.channel.id;
    if matches!(
        keyed.channel.state,
        ChannelState::Closed | ChannelState::Superseded
    ) {
        store::channels::reinvite(tx, id)?;
        store::channels::met(tx, id, &who.key)?;
    }
    write_down(tx, now, Actor::Human, "contact_asked", id)
}

/// Stores a request of ours that is to go out.
fn keep_ours(
    tx: &Tx<'_>,
    channel: ChannelId,
    who: &Somebody,
    purpose: PeerText,
    now: UnixMillis,
) -> Result<(), Error> {
    let network = super::reading::keyed(tx, channel)?.channel.network;
    let (_, asking) = asking(network)?;
    let request = requests::Request {
        channel,
        ours: true,
        remote_id: asking.new_request(crypto::random().map_err(no_random)?),
        name: PeerText::default(),
        endpoint: who.endpoint.clone(),
        key: who.key.clone(),
        purpose,
        original: None,
        at: now,
        state: RequestState::Open,
        settled_at: None,
    };
    requests::insert(tx, &request)?;
    store::channels::announce(tx, channel, true)?;
    Ok(())
}

/// Returns the network and how we log in there.
pub(super) fn logging_in(
    network: NetworkId,
) -> Result<(&'static dyn Network, &'static dyn Logins), Error> {
    let of = net::of(network);
    let logins = of.logins().ok_or_else(|| {
        Error::BadRequest(format!("{} has no identities of its own", network.label()))
    })?;
    Ok((of, logins))
}

/// Returns how we log in on a network where contact is asked for, and how that is done.
pub(super) fn asking(
    network: NetworkId,
) -> Result<(&'static dyn Logins, &'static dyn Asking), Error> {
    let (_, logins) = logging_in(network)?;
    let asking = logins.asking().ok_or_else(|| {
        Error::BadRequest(format!(
            "{} relays have to know you first: log in, or register with an invite",
            network.label()
        ))
    })?;
    Ok((logins, asking))
}

/// Refuses a name that others could not be shown.
fn check_own_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(Error::BadRequest(format!(
            "the name that others are shown has 1 to {LONGEST_NAME} bytes"
        )));
    }
    Ok(())
}

fn no_identity() -> Error {
    Error::BadRequest("there is no identity on this network yet; make one with init".to_owned())
}
