//! Takes over what a `ClawChat` gateway keeps, and writes what one can start with. Copies, never
//! moves.
//!
//! Must not: believe a file more than what came over the network. Keys have to fit each other, and
//! principals their checksum. Senders in an inbox were never proven by the real program, so what
//! lies there is history and speaks for nobody.

mod export;
mod read;

use std::path::PathBuf;
use std::sync::Arc;

use crate::api::{Error, Event, Reply};
use crate::crypto::sha256_of;
use crate::crypto::stacks::Principal;
use crate::model::{
    AccountId, Actor, Admission, Author, Body, ChannelId, ChannelState, Content, Digest, MessageId,
    NetworkId, NodeSettings, Passphrase, PeerText, Preset, Routing, UnixMillis,
};
use crate::net::{Identities, Sealed};
use crate::profile::Profile;
use crate::store::messages::{Arrival, NewInbound};
use crate::store::{Tx, accounts, channels, log, messages, outbox, routing};
use crate::wire::clawchat::{
    ChatId, GatewayIdentity, InboxEntry, OutboxEntry, PeerEntry, Status, node_of,
};

use super::channels::{check_name, preset_text};
use super::core::{Answer, Core, Internal};
use super::identities::{MOST, free_port, identities, ports};
use super::strangers::{NewPeer, insert_peer};
use super::vault::aside;

pub(super) use read::Found;
use read::FoundIdentity;

const CLAWCHAT: NetworkId = NetworkId::ClawChat;
/// The rule that let an old message in, for a person to read.
const IMPORTED: &str = "imported: your assistant had it before";
/// What is said of a message that waited there.
const WAITED: &str = "it waited in the other program and never left; send it again if it still \
                      matters";
/// Addresses of one peer that are kept.
const MOST_ADDRESSES: usize = 8;

/// What storing came to.
#[derive(Default)]
struct Counts {
    peers: u32,
    skipped: u32,
    messages: u32,
    left_out: u32,
    unplaced: u32,
}

/// What became of an entry of a file.
enum Stored {
    New,
    Known,
    LeftOut,
}

/// Where something is stored: the identity that it belongs to.
struct Place<'a> {
    tx: &'a Tx<'a>,
    of: &'static dyn Identities,
    account: accounts::Account,
    peers: &'a [PeerEntry],
    profile: &'a Profile,
    now: UnixMillis,
}

impl Core {
    /// Reads a data directory aside, because its keys take a while to open, and stores what was
    /// found.
    pub(super) fn import_gateway(
        &self,
        from: PathBuf,
        password: Option<Passphrase>,
        answer: Answer,
    ) {
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let found = aside(move || read::found(&from, password.as_ref())).await;
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::GatewayRead {
                found: found.map(Box::new),
                answer,
            });
        });
    }

    pub(super) fn gateway_read(&mut self, found: Result<Box<Found>, Error>, answer: Answer) {
        let done = found.and_then(|found| self.store_gateway(*found));
        let _gone = answer.send(done);
    }

    fn store_gateway(&mut self, mut found: Found) -> Result<Reply, Error> {
        let of = identities(CLAWCHAT)?;
        let now = self.now();
        let work = Arc::clone(&self.work);
        let running = work.begin(found.identities.iter().map(FoundIdentity::steps).sum());
        let mut counts = Counts::default();
        let mut notes = std::mem::take(&mut found.notes);
        let tx = self.store.write()?;
        for one in &found.identities {
            let Some(account) = place_account(&tx, of, (found.port, one), &mut notes, now)? else {
                continue;
            };
            let place = Place {
                tx: &tx,
                of,
                account,
                peers: &one.peers,
                profile: &self.profile,
                now,
            };
            place.store(one, &mut counts, || work.step())?;
        }
        work.commit();
        let entry = log::NewEntry {
            detail: &format!("{} peers from a ClawChat gateway", counts.peers),
            ..log::NewEntry::plain(now, Actor::Human, "imported", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        drop(running);
        self.log_in()?;
        if std::mem::take(&mut self.watches_all) {
            self.watch_all()?;
        }
        self.tell(Event::Channels);
        self.tell(Event::Status);
        notes.extend(counts.notes());
        Ok(Reply::Imported {
            channels: counts.peers,
            skipped: counts.skipped,
            presets: 0,
            notes,
        })
    }
}

impl Counts {
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "{} messages copied as history; nobody proved there who wrote them",
            self.messages
        )];
        if self.unplaced > 0 {
            notes.push(format!(
                "{} peers were left out: none of their addresses names their node",
                self.unplaced
            ));
        }
        if self.left_out > 0 {
            notes.push(format!(
                "{} messages were left out: something in them cannot be true, or nobody knows \
                 their peer",
                self.left_out
            ));
        }
        notes
    }

    fn count(&mut self, stored: &Stored) {
        match stored {
            Stored::New => self.messages += 1,
            Stored::Known => self.skipped += 1,
            Stored::LeftOut => self.left_out += 1,
        }
    }
}

/// Returns the login of an identity, which is made where it is not here yet; nothing where there
/// is no room for it.
fn place_account(
    tx: &Tx<'_>,
    of: &dyn Identities,
    (port, one): (u16, &FoundIdentity),
    notes: &mut Vec<String>,
    now: UnixMillis,
) -> Result<Option<accounts::Account>, Error> {
    let all = accounts::all(tx, CLAWCHAT)?;
    let who = &one.file.principal;
    if let Some(known) = all.iter().find(|account| account.address == *who) {
        if *known.secret != *one.file.node_seed {
            notes.push(format!(
                "{who} is here already with another node, which stays: peers know it by that"
            ));
        }
        return Ok(accounts::by_id(tx, known.id)?);
    }
    if all.len() >= MOST {
        notes.push(format!("{who} was left out: there are too many identities"));
        return Ok(None);
    }
    let mut node = settings(&one.settings, port);
    let taken = ports(&all.iter().collect::<Vec<_>>());
    let is_free = |port: u16| !taken.contains(&port) && !taken.contains(&port.saturating_add(1));
    if of.check_node(&node).is_err() || !is_free(port) {
        node.port = free_port(&all);
        notes.push(format!(
            "{who} listens at port {}: every identity has a node of its own here",
            node.port
        ));
    }
    let mut account = accounts::Account {
        id: AccountId(0),
        address: who.clone(),
        name: name_of(one, of, &all),
        endpoint: String::new(),
        secret: one.file.node_seed.clone(),
        signing: Some(one.file.wallet_secret.clone()),
        token: one.file.phrase.clone(),
        node: Some(node),
        created_at: now,
    };
    account.id = accounts::insert(tx, CLAWCHAT, &account)?;
    Ok(Some(account))
}

/// Returns the nick of an identity: that of the configuration, or the one that peers were shown;
/// none where neither can be used here.
fn name_of(one: &FoundIdentity, of: &dyn Identities, all: &[accounts::Account]) -> String {
    let shown = one.file.nick.as_ref().map(PeerText::expose_untrusted);
    let mut names = one.settings.nick.as_deref().into_iter().chain(shown);
    let usable = |name: &&str| {
        of.check_name(name).is_ok() && !all.iter().any(|account| account.name == *name)
    };
    names.find(usable).unwrap_or_default().to_owned()
}

/// Returns how a node is run as its gateway was. Who was allowed by a name that is no principal
/// is not any more.
fn settings(of: &GatewayIdentity, port: u16) -> NodeSettings {
    let known = |one: &&String| *one == "*" || Principal::parse(one).is_some();
    NodeSettings {
        port,
        allowed: of.allowed.iter().filter(known).cloned().collect(),
        wake: of.wake,
        autoload: of.autoload,
        ..NodeSettings::default()
    }
}

impl Place<'_> {
    fn store(
        &self,
        one: &FoundIdentity,
        counts: &mut Counts,
        mut step: impl FnMut() -> bool,
    ) -> Result<(), Error> {
        counts.left_out += u32::try_from(one.unreadable).unwrap_or(u32::MAX);
        let mut going = || if step() { Ok(()) } else { Err(Error::Stopped) };
        for peer in &one.peers {
            going()?;
            match self.peer(peer)? {
                Stored::New => counts.peers += 1,
                Stored::Known => counts.skipped += 1,
                Stored::LeftOut => counts.unplaced += 1,
            }
        }
        for entry in &one.inbox {
            going()?;
            counts.count(&self.incoming(entry)?);
        }
        for entry in &one.outbox {
            going()?;
            counts.count(&self.outgoing(entry)?);
        }
        Ok(())
    }

    fn channel_of(&self, principal: &str) -> Result<Option<ChannelId>, Error> {
        let of = (CLAWCHAT, Some(self.account.id));
        Ok(channels::by_address(self.tx, of, principal)?)
    }

    /// Adds a peer under the node that their first usable address names. The real program appends
    /// whatever it saw, so addresses of other nodes are left out.
    fn peer(&self, peer: &PeerEntry) -> Result<Stored, Error> {
        let who = Principal::parse(&peer.principal);
        let ours = Principal::parse(&self.account.address);
        let (Some(who), Some(ours)) = (who, ours) else {
            return Ok(Stored::LeftOut);
        };
        let all = peer.addresses.iter();
        let usable = |at: &&String| self.of.somebody_at(None, &peer.principal, at).is_ok();
        let all: Vec<&String> = all.filter(usable).collect();
        let node = all.first().and_then(|at| node_of(at));
        if who == ours || who.network() != ours.network() || node.is_none() {
            return Ok(Stored::LeftOut);
        }
        let at: Vec<&str> = all
            .into_iter()
            .filter(|at| node_of(at) == node)
            .take(MOST_ADDRESSES)
            .map(String::as_str)
            .collect();
        let Ok(somebody) = self.of.somebody_at(None, &peer.principal, &at.join(",")) else {
            return Ok(Stored::LeftOut);
        };
        if self.channel_of(&peer.principal)?.is_some() {
            return Ok(Stored::Known);
        }
        let alias = peer.alias.as_ref().filter(|name| check_name(name).is_ok());
        let name = alias.map_or_else(|| PeerText::new(who.to_string()), PeerText::clone);
        let preset = Preset::SafeAcquaintance.as_str();
        let new = NewPeer {
            network: CLAWCHAT,
            account: &self.account,
            several: true,
            who: &somebody,
            state: ChannelState::Active,
            instructions: &preset_text(self.profile, preset, &name)?,
            at: self.now,
        };
        let id = insert_peer(self.tx, &new)?;
        channels::pin(self.tx, id, &somebody.key)?;
        channels::rename(self.tx, id, &name)?;
        let seen = self.not_ahead(peer.last_seen);
        if seen > UnixMillis(0) {
            channels::set_last_seen(self.tx, id, seen)?;
        }
        Ok(Stored::New)
    }

    /// Stores a message that came. A real gateway that sends it again is recognised by its words.
    fn incoming(&self, entry: &InboxEntry) -> Result<Stored, Error> {
        let envelope = self
            .of
            .arrived(&entry.from, entry.timestamp, &entry.content);
        let (Some(envelope), true) = (envelope, entry.to == self.account.address) else {
            return Ok(Stored::LeftOut);
        };
        let Some(channel) = self.channel_of(&entry.from)? else {
            return Ok(Stored::LeftOut);
        };
        if entry.content.len() > CLAWCHAT.longest_text() {
            return Ok(Stored::LeftOut);
        }
        let nick = entry.from_nick.as_ref().map(PeerText::expose_untrusted);
        let metadata = nick.map(|nick| serde_json::json!({ "nick": nick }).to_string());
        let body = Body {
            metadata: PeerText::new(metadata.unwrap_or_else(|| "{}".to_owned())),
            ..Body::new("", entry.content.expose_untrusted())
        };
        let at = self.not_ahead(entry.timestamp);
        let admission = Admission::Released {
            rule: IMPORTED.to_owned(),
        };
        let new = NewInbound {
            channel,
            seq: None,
            at,
            content: &Content::Text(body),
            envelope,
            admission: &admission,
            signals: &[],
            digest: false,
        };
        let Arrival::New(id) = messages::receive(self.tx, &new)? else {
            return Ok(Stored::Known);
        };
        messages::handed_over(self.tx, id, at)?;
        messages::mark_read(self.tx, channel, id)?;
        if let Some(remote) = &entry.id {
            self.known_as(channel, id, remote.as_str())?;
        }
        Ok(Stored::New)
    }

    /// Stores a message that was sent, or was to be.
    fn outgoing(&self, entry: &OutboxEntry) -> Result<Stored, Error> {
        let to = entry.to.expose_untrusted();
        let alias = |peer: &&PeerEntry| peer.alias.as_ref() == Some(&entry.to);
        let named = self.peers.iter().find(alias);
        let to = named.map_or(to, |peer| &peer.principal);
        let Some(channel) = self.channel_of(to)? else {
            return Ok(Stored::LeftOut);
        };
        let too_long = entry.content.len() > CLAWCHAT.longest_text();
        if too_long || entry.from != self.account.address {
            return Ok(Stored::LeftOut);
        }
        let at = self.not_ahead(entry.timestamp);
        let Sealed { payload, envelope } = self.of.sent(id_of(entry).as_str(), at);
        if messages::by_envelope(self.tx, channel, &envelope)?.is_some() {
            return Ok(Stored::Known);
        }
        let body = Body::new("", entry.content.expose_untrusted());
        let new = outbox::NewOutbound {
            channel,
            author: Author::Assistant,
            body: &body,
            at,
            due: at,
            rule: IMPORTED,
            passage: None,
            signals: &[],
        };
        let id = outbox::queue(self.tx, &new)?;
        outbox::claim(self.tx, id, &payload, &envelope, at)?;
        match entry.status {
            // To the real program it is sent once a connection has it; who read it, nobody knows.
            Status::Sent | Status::Delivered => outbox::relayed(self.tx, id, None, false, at)?,
            Status::Pending | Status::Failed => outbox::fail(self.tx, id, WAITED)?,
        }
        self.known_as(channel, id, id_of(entry).as_str())?;
        Ok(Stored::New)
    }

    /// Keeps the id that a message has there.
    fn known_as(&self, channel: ChannelId, message: MessageId, id: &str) -> Result<(), Error> {
        let of = Routing {
            remote_id: Some(id.to_owned()),
            ..Routing::default()
        };
        Ok(routing::set(self.tx, channel, message, &of)?)
    }

    /// Reads a time that somebody else wrote. None lies ahead of now.
    fn not_ahead(&self, millis: u64) -> UnixMillis {
        let at = UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX));
        at.min(self.now)
    }
}

/// Returns the id of a message that was sent. One that is no id is made of what it says, so that
/// reading the same file again finds the same.
fn id_of(entry: &OutboxEntry) -> ChatId {
    entry.id.clone().unwrap_or_else(|| {
        let Digest(digest) = sha256_of(&[
            b"clawchat outbox",
            entry.to.expose_untrusted().as_bytes(),
            &entry.timestamp.to_be_bytes(),
            entry.content.expose_untrusted().as_bytes(),
        ]);
        ChatId::from_random(*digest.first_chunk().unwrap_or(&[0; 16]))
    })
}
