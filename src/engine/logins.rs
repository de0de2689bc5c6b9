//! Logins on relays that have to know us, and finding others there.

use zeroize::Zeroizing;

use crate::api::{AccountsReply, ChannelRef, Enrol, Error, Event, Reply, Ticket};
use crate::crypto::SecretKey;
use crate::model::{
    AccountId, Actor, ChannelId, ChannelState, Fingerprint, NetworkId, Passphrase, PeerText,
    Preset, UnixMillis,
};
use crate::net::{self, Command, Enrolled, Enrolment, OwnKeys, Search, Sighting, Somebody};
use crate::store::channels::Keyed;
use crate::store::{self, Tx, accounts, log};

use super::accounts::logging_in;
use super::channels::keys_of;
use super::contacts::{no_random, write_down};
use super::core::{Answer, Core, Internal};
use super::reading::{in_use, short, shown};
use super::strangers::{NewPeer, insert_peer};

/// Entries of a directory that wait to be taken before the network waits.
const BACKLOG: usize = 64;

/// A login that is made once its relay knows us.
#[derive(Debug)]
pub(super) struct NewLogin {
    network: NetworkId,
    endpoint: String,
    address: String,
    own: OwnKeys,
    /// The login that only gets another API key.
    renews: Option<AccountId>,
}

/// Who is to be added once it is known under which key the relay shows them.
#[derive(Debug)]
pub(super) struct Adding {
    pub(super) network: NetworkId,
    account: AccountId,
    pub(super) address: String,
    seen: Option<Fingerprint>,
    /// The name of our login there.
    pub(super) ours: Option<String>,
    /// The local name that a person chose.
    name: Option<PeerText>,
    /// Whether a person said where they are.
    entered: bool,
}

impl Core {
    pub(super) fn logins(&self, network: NetworkId) -> Result<Reply, Error> {
        let all = accounts::all(&self.store, network)?;
        let all = all.iter().map(|one| self.shown_account(network, one));
        Ok(AccountsReply::Logins(all.collect()).into())
    }

    /// Gets to know a relay; the answer comes when it knows us, or does not want to.
    pub(super) fn enrol(&self, request: Enrol, answer: Answer) {
        let (login, ticket, replace) = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let (told, result) = tokio::sync::oneshot::channel();
        let enrolment = Enrolment {
            endpoint: login.endpoint.clone(),
            address: login.address.clone(),
            own: login.own.clone(),
            ticket,
            replace,
            answer: told,
        };
        self.command(login.network, Command::Enrol(Box::new(enrolment)));
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let result = result
                .await
                .unwrap_or_else(|_gone| Err("this network does not run".to_owned()));
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Enrolled {
                login: Box::new(login),
                result,
                answer,
            });
        });
    }

    fn prepare(&self, request: Enrol) -> Result<(NewLogin, net::Ticket, bool), Error> {
        let (_, logins) = logging_in(request.network)?;
        let enrolling = logins.enrolling().ok_or_else(|| {
            Error::BadRequest(format!(
                "{} has no relays that have to know you",
                request.network.label()
            ))
        })?;
        let endpoint = logins
            .read_endpoint(&request.endpoint)
            .map_err(Error::BadRequest)?;
        // What a relay registers is narrower than what it may know already; the network says so.
        if matches!(request.ticket, Ticket::Token(_)) {
            logins
                .check_address(&request.address)
                .map_err(Error::BadRequest)?;
        }
        let known = known_login(
            accounts::all(&self.store, request.network)?,
            (&endpoint, &request.address),
        );
        let of = net::of(request.network);
        let given = request.keys.as_ref();
        let given = given.map(|text| {
            enrolling
                .read_keys(text.expose())
                .map_err(Error::BadRequest)
        });
        let own = match (given.transpose()?, &known) {
            (Some(own), _) => own,
            (None, Some(known)) => keys_of(known),
            (None, None) => enrolling.new_keys(
                SecretKey::generate().map_err(no_random)?,
                SecretKey::generate().map_err(no_random)?,
            ),
        };
        if let Some(known) = &known {
            let same = of.public_of(&own) == of.public_of(&keys_of(known));
            if !same || matches!(request.ticket, Ticket::Invite(_)) {
                return Err(Error::BadRequest(format!(
                    "this profile is {} there already, with keys of its own; leave that login \
                     first",
                    known.address
                )));
            }
        }
        let login = NewLogin {
            network: request.network,
            endpoint,
            address: request.address,
            own,
            renews: known.map(|known| known.id),
        };
        let secret = |text: &Passphrase| Zeroizing::new(text.expose().to_owned());
        let ticket = match &request.ticket {
            Ticket::Token(token) => net::Ticket::Token(secret(token)),
            Ticket::Invite(invite) => net::Ticket::Invite(secret(invite)),
        };
        Ok((login, ticket, request.replace))
    }

    /// Stores a login whose relay knows us now.
    pub(super) fn enrolled(
        &mut self,
        login: Box<NewLogin>,
        result: Result<Enrolled, String>,
        answer: Answer,
    ) {
        let done = result
            .map_err(Error::Relay)
            .and_then(|enrolled| self.keep_login(*login, enrolled));
        let _gone = answer.send(done);
    }

    fn keep_login(&mut self, login: NewLogin, enrolled: Enrolled) -> Result<Reply, Error> {
        let Enrolled {
            token,
            published,
            problem,
        } = enrolled;
        let now = self.now();
        let signing = login.own.signing.as_ref();
        let mut account = accounts::Account {
            id: AccountId(0),
            name: login.address.clone(),
            address: login.address,
            endpoint: login.endpoint,
            secret: Zeroizing::new(*login.own.secret.expose()),
            signing: signing.map(|seed| Zeroizing::new(*seed.expose())),
            token: Some(token),
            node: None,
            created_at: now,
        };
        let tx = self.store.write()?;
        // Another call may have made it meanwhile.
        let known = known_login(
            accounts::all(&tx, login.network)?,
            (&account.endpoint, &account.address),
        );
        let what = match (known, login.renews) {
            (Some(known), Some(renews)) if known.id == renews => {
                account.id = renews;
                let token = account.token.as_ref();
                accounts::set_token(&tx, renews, token.map_or("", |token| token.as_str()))?;
                "identity_renewed"
            }
            (None, _) => {
                account.id = accounts::insert(&tx, login.network, &account)?;
                "identity_made"
            }
            (Some(_), _) => {
                return Err(Error::BadRequest(
                    "this profile got that login meanwhile".to_owned(),
                ));
            }
        };
        let entry = log::NewEntry {
            detail: login.network.label(),
            ..log::NewEntry::plain(now, Actor::Human, what, None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.log_in()?;
        self.tell(Event::Status);
        let account = self.shown_account(login.network, &account);
        Ok(AccountsReply::Enrolled {
            account,
            published,
            problem,
        }
        .into())
    }

    /// Asks the relay of a login who is there.
    pub(super) fn directory(&self, account: AccountId, answer: Answer) {
        let internal = self.internal.clone();
        self.list(
            account,
            Vec::new(),
            answer,
            move |network, found, answer| {
                let of = (network, Some(account));
                // The engine stopped, and with it whoever waited.
                let _stopped = internal.send(Internal::Sought { of, found, answer });
            },
        );
    }

    /// Makes a channel with somebody; the answer comes when it is known under which key.
    pub(super) fn add_peer(
        &mut self,
        account: AccountId,
        address: String,
        (seen, endpoint, name): (Option<Fingerprint>, Option<String>, Option<PeerText>),
        answer: Answer,
    ) {
        let network = match self.network_of(account) {
            Ok(network) => network,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let login = accounts::by_id(&self.store, account).ok().flatten();
        let adding = Adding {
            network,
            account,
            address: address.clone(),
            seen,
            ours: login.map(|login| login.address),
            name,
            entered: endpoint.is_some(),
        };
        if let Some(endpoint) = endpoint {
            return self.add_at(&adding, &endpoint, answer);
        }
        // Where a relay lists who is there all of it is asked for; nodes ask for somebody.
        let asked = if network.is_direct() {
            vec![address]
        } else {
            Vec::new()
        };
        let internal = self.internal.clone();
        self.list(account, asked, answer, move |_, found, answer| {
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Listed {
                adding,
                found,
                answer,
            });
        });
    }

    pub(super) fn list(
        &self,
        account: AccountId,
        addresses: Vec<String>,
        answer: Answer,
        then: impl FnOnce(NetworkId, Vec<Sighting>, Answer) + Send + 'static,
    ) {
        let network = match self.network_of(account) {
            Ok(network) => network,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let (found, mut sightings) = tokio::sync::mpsc::channel(BACKLOG);
        let search = Search {
            account: Some(account),
            addresses,
            found,
        };
        self.command(network, Command::Seek(search));
        tokio::spawn(async move {
            let mut all = Vec::new();
            while let Some(sighting) = sightings.recv().await {
                all.push(sighting);
            }
            then(network, all, answer);
        });
    }

    /// Finds the network of a login that is still ours.
    pub(super) fn network_of(&self, account: AccountId) -> Result<NetworkId, Error> {
        accounts::network_of(&self.store, account)?.ok_or_else(|| no_such_login(account))
    }

    pub(super) fn listed(&mut self, adding: &Adding, found: Vec<Sighting>, answer: Answer) {
        let done = find_in(adding, found).and_then(|who| self.keep_peer(adding, &who));
        let done = done.and_then(|id| {
            let keyed = self.find(&ChannelRef::Id(id))?;
            self.watch(&keyed)?;
            self.tell(Event::Channels);
            Ok(Reply::Channel(Box::new(shown(keyed))))
        });
        let _gone = answer.send(done);
    }

    /// Stores a channel with somebody under the key that the relay shows for them.
    pub(super) fn keep_peer(
        &mut self,
        adding: &Adding,
        who: &Somebody,
    ) -> Result<ChannelId, Error> {
        let Adding {
            network,
            account,
            seen,
            ..
        } = adding;
        let of = net::of(*network);
        let shown = short(of, &who.key);
        if seen.as_ref().is_some_and(|seen| *seen != shown) {
            return Err(Error::Changed);
        }
        let login =
            accounts::by_id(&self.store, *account)?.ok_or_else(|| no_such_login(*account))?;
        if of.read_key(&who.key).is_none() {
            return Err(Error::BadRequest(format!(
                "{} has no usable key there yet, so nothing can be sealed for them",
                who.address
            )));
        }
        let now = self.now();
        let known =
            store::channels::by_address(&self.store, (*network, Some(*account)), &who.address)?;
        if let Some(id) = known {
            let keyed = self.find(&ChannelRef::Id(id))?;
            let tx = self.store.write()?;
            take_up(&tx, &keyed, (&who.key, seen.is_some()), now)?;
            if adding.entered {
                store::places::set_relay(&tx, id, &who.endpoint)?;
            }
            tx.commit()?;
            self.name_added(id, adding.name.as_ref())?;
            return Ok(id);
        }
        let name = PeerText::new(who.address.as_str());
        let text = self.preset_text(Preset::SafeAcquaintance.as_str(), &name)?;
        let new = NewPeer {
            network: *network,
            account: &login,
            several: true,
            who,
            state: ChannelState::Invited,
            instructions: &text,
            at: now,
        };
        let tx = self.store.write()?;
        let id = insert_peer(&tx, &new)?;
        store::channels::pin(&tx, id, &who.key)?;
        write_down(&tx, now, Actor::Human, "contact_added", id)?;
        tx.commit()?;
        self.name_added(id, adding.name.as_ref())?;
        Ok(id)
    }

    /// Forgets a login with its keys.
    pub(super) fn leave(&mut self, account: AccountId, force: bool) -> Result<Reply, Error> {
        let network = self.network_of(account)?;
        let open: Vec<Keyed> = store::channels::all(&self.store)?
            .into_iter()
            .filter(|keyed| keyed.channel.account == Some(account))
            .filter(|keyed| {
                in_use(keyed.channel.state) || keyed.channel.state == ChannelState::Stopped
            })
            .collect();
        if !(open.is_empty() || force) {
            return Err(Error::BadRequest(format!(
                "{} of its channels are in use; --force closes them",
                open.len()
            )));
        }
        for keyed in &open {
            self.close(&keyed.channel, Actor::Human, "left")?;
        }
        let now = self.now();
        let tx = self.store.write()?;
        accounts::forget(&tx, account)?;
        let entry = log::NewEntry {
            detail: network.label(),
            ..log::NewEntry::plain(now, Actor::Human, "identity_left", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.command(network, Command::Logout(account));
        self.tell(Event::Status);
        Ok(Reply::Done)
    }
}

/// Finds the login under this name at this relay.
fn known_login(
    all: Vec<accounts::Account>,
    (endpoint, address): (&str, &str),
) -> Option<accounts::Account> {
    all.into_iter().find(|account| {
        account.endpoint == endpoint && account.address.eq_ignore_ascii_case(address)
    })
}

/// Takes up a channel that is known already, if its key is the one that the relay shows.
fn take_up(
    tx: &Tx<'_>,
    keyed: &Keyed,
    (key, compared): (&str, bool),
    now: UnixMillis,
) -> Result<(), Error> {
    let channel = &keyed.channel;
    let known = channel.their_key.as_deref();
    let other = known.is_some_and(|known| known != key);
    match channel.state {
        ChannelState::Active if other => Err(Error::BadRequest(format!(
            "you know {} under another key; when they come with the new one you are asked, or end \
             the channel first",
            channel.address
        ))),
        ChannelState::Active => Ok(()),
        ChannelState::Requested => Err(Error::BadRequest(format!(
            "{} wrote to you and waits for your answer; decide that first",
            channel.address
        ))),
        ChannelState::Stopped => Err(Error::BadRequest(format!(
            "the channel with {} is stopped; settle that first",
            channel.address
        ))),
        _ if other && !compared => Err(Error::BadRequest(format!(
            "{} has another key there than the one you knew; compare it with them, and name its \
             fingerprint",
            channel.address
        ))),
        ChannelState::Invited | ChannelState::Superseded | ChannelState::Closed => {
            store::channels::pin(tx, channel.id, key)?;
            // What was sealed for another key has to be sealed again.
            store::outbox::unseal(tx, channel.id)?;
            Ok(write_down(
                tx,
                now,
                Actor::Human,
                "contact_added",
                channel.id,
            )?)
        }
    }
}

/// Finds who is meant: by the exact name, or by the only one that differs in case alone.
pub(super) fn find_in(adding: &Adding, found: Vec<Sighting>) -> Result<Somebody, Error> {
    if adding.ours.as_deref() == Some(&*adding.address) {
        return Err(Error::BadRequest("that is yourself".to_owned()));
    }
    let mut like = Vec::new();
    for sighting in found {
        let url = sighting.url;
        let who = sighting
            .result
            .map_err(|problem| Error::Relay(format!("{url}: {problem}")));
        match who {
            Ok(who) if who.address == adding.address => return Ok(who),
            Ok(who) if who.address.eq_ignore_ascii_case(&adding.address) => like.push(who),
            Ok(_other) => {}
            Err(error) => return Err(error),
        }
    }
    match (like.pop(), like.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Error::BadRequest(format!(
            "nobody named {} is found there",
            adding.address
        ))),
    }
}

pub(super) fn no_such_login(account: AccountId) -> Error {
    Error::BadRequest(format!("this profile has no login {account}"))
}
