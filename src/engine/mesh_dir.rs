//! Takes over what the Agent Mesh scripts keep, and writes what they can use. Copies, never
//! moves.
//!
//! Must not: believe a file more than what came over the network. Signatures, fingerprints and
//! ids are checked in the same way; only the time of writing may be any.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::api::{Error, Event, Reply};
use crate::crypto::{SecretKey, signing};
use crate::model::{
    AccountId, Actor, Admission, Author, ChannelId, ChannelState, Content, NetworkId, PeerText,
    PublicKey, RequestState, UnixMillis,
};
use crate::net::mesh::{SCHEME, arrived_envelope, sent_envelope, stranger_of};
use crate::net::{self, Somebody};
use crate::store::channels::Keyed;
use crate::store::messages::{Arrival, NewInbound};
use crate::store::{Tx, accounts, channels, log, messages, originals, outbox, requests};
use crate::wire::mesh::{
    AgentId, ContactRequest, DirectMessage, Identity, IdentityFile, MeshKey, PeerFile, Received,
    RequestId, Window, file_name,
};

use super::core::Core;
use super::files::{self, read, write_new};
use super::strangers::{Judged, NewPeer, insert_peer, judge_stranger};

/// Directories of the scripts.
const BELOW: [&str; 5] = [
    "peers",
    "requests/incoming",
    "requests/outgoing",
    "messages/incoming",
    "messages/outgoing",
];
/// The rule that let an old message in, for a person to read.
const IMPORTED: &str = "imported: your assistant had it before";

/// What was read of a directory, before any of it is stored.
struct Found {
    identity: IdentityFile,
    secret: SecretKey,
    peers: Vec<PeerFile>,
    files: Files,
}

/// Signed objects as they lie there, by kind.
#[derive(Default)]
struct Files {
    requests: Vec<Vec<u8>>,
    incoming: Vec<Vec<u8>>,
    outgoing: Vec<Vec<u8>>,
}

/// What storing came to.
#[derive(Default)]
struct Counts {
    peers: u32,
    skipped: u32,
    requests: u32,
    messages: u32,
    left_out: u32,
}

impl Core {
    pub(super) fn import_account(
        &mut self,
        network: NetworkId,
        from: &Path,
    ) -> Result<Reply, Error> {
        demand_mesh(network)?;
        let mut notes = Vec::new();
        let found = found(from, &mut notes)?;
        let same = accounts::of(&self.store, network)?
            .is_some_and(|account| *account.secret == *found.secret.expose());
        if !same {
            let identity = &found.identity.identity;
            let account = accounts::Account {
                id: AccountId(0),
                signing: None,
                token: None,
                node: None,
                address: identity.agent.as_str().to_owned(),
                name: identity.display_name.expose_untrusted().to_owned(),
                endpoint: identity.endpoint.expose_untrusted().to_owned(),
                secret: Zeroizing::new(*found.secret.expose()),
                created_at: found.identity.created.unwrap_or_else(|| self.now()),
            };
            self.put_account(network, &account, false)?;
        }
        let counts = self.store_found(network, &found)?;
        notes.push(format!(
            "{} requests and {} messages copied",
            counts.requests, counts.messages
        ));
        if counts.left_out > 0 {
            notes.push(format!(
                "{} files were left out: their signature, fingerprint or id is wrong, or nobody \
                 knows their peer",
                counts.left_out
            ));
        }
        if std::mem::take(&mut self.watches_all) {
            self.watch_all()?;
        }
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(Reply::Imported {
            channels: counts.peers,
            skipped: counts.skipped,
            presets: 0,
            notes,
        })
    }

    fn store_found(&mut self, network: NetworkId, found: &Found) -> Result<Counts, Error> {
        let now = self.now();
        let account = accounts::of(&self.store, network)?
            .ok_or_else(|| Error::Storage("the identity is gone".to_owned()))?;
        let welcome = self.preset_text("safe-acquaintance", &PeerText::new("them"))?;
        let work = Arc::clone(&self.work);
        let files = &found.files;
        let steps = [
            found.peers.len(),
            files.requests.len(),
            files.incoming.len(),
            files.outgoing.len(),
        ];
        let running = work.begin(steps.iter().sum::<usize>() as u64);
        let mut counts = Counts::default();
        let tx = self.store.write()?;
        for peer in &found.peers {
            if !work.step() {
                return Err(Error::Stopped);
            }
            if store_peer(&tx, &account, peer, &welcome, now)? {
                counts.peers += 1;
            } else {
                counts.skipped += 1;
            }
        }
        for (kind, objects) in [
            (Kind::Request, &files.requests),
            (Kind::Incoming, &files.incoming),
            (Kind::Outgoing, &files.outgoing),
        ] {
            for bytes in objects {
                if !work.step() {
                    return Err(Error::Stopped);
                }
                let stored = match kind {
                    Kind::Request => store_request(&tx, bytes, &welcome, now)?,
                    Kind::Incoming => store_incoming(&tx, bytes, &account)?,
                    Kind::Outgoing => store_outgoing(&tx, bytes, &account)?,
                };
                match (stored, kind) {
                    (Stored::LeftOut, _) => counts.left_out += 1,
                    (Stored::Known, _) => counts.skipped += 1,
                    (Stored::New, Kind::Request) => counts.requests += 1,
                    (Stored::New, Kind::Incoming | Kind::Outgoing) => counts.messages += 1,
                }
            }
        }
        work.commit();
        let entry = log::NewEntry {
            detail: &format!("{} peers from the Agent Mesh scripts", counts.peers),
            ..log::NewEntry::plain(now, Actor::Human, "imported", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        drop(running);
        Ok(counts)
    }

    pub(super) fn export_account(&self, network: NetworkId, to: &Path) -> Result<Reply, Error> {
        demand_mesh(network)?;
        let account = accounts::of(&self.store, network)?.ok_or_else(|| {
            Error::BadRequest("there is no identity on the mesh to export".to_owned())
        })?;
        files::make_new(to, &BELOW)?;
        let secret = SecretKey::from_bytes(*account.secret);
        let key = MeshKey::new(signing::public_key(&secret), &SCHEME);
        let identity = identity_of(&account.address, &account.name, &account.endpoint, &key)?;
        let file = IdentityFile {
            identity: identity.clone(),
            created: Some(account.created_at),
        };
        write_new(&to.join("identity.json"), file.encode().as_bytes())?;
        write_new(
            &to.join("private_key.pem"),
            signing::secret_pem(&secret).as_bytes(),
        )?;
        write_new(&to.join("public_key.pem"), key.pem().as_bytes())?;
        self.export_requests(network, &identity, &secret, to)?;
        let peers: Vec<_> = channels::all(&self.store)?
            .into_iter()
            .filter(|keyed| keyed.channel.network == network && keyed.channel.their_key.is_some())
            .collect();
        let running = self.work.begin(peers.len() as u64);
        for keyed in &peers {
            if !self.work.step() {
                files::remove(to, &["peers", "requests", "messages"]);
                return Err(Error::Stopped);
            }
            self.export_peer(keyed, to)?;
        }
        self.work.commit();
        drop(running);
        Ok(Reply::Exported {
            channels: u32::try_from(peers.len()).unwrap_or(u32::MAX),
        })
    }

    fn export_requests(
        &self,
        network: NetworkId,
        identity: &Identity,
        secret: &SecretKey,
        to: &Path,
    ) -> Result<(), Error> {
        for request in requests::all(&self.store, network)? {
            // Checked again: this becomes a file name.
            let Some(id) = RequestId::parse(&request.remote_id) else {
                continue;
            };
            let name = file_name(id.as_str());
            if request.ours {
                let signed = ContactRequest {
                    id,
                    from: identity.clone(),
                    written: request.at,
                    purpose: request.purpose,
                }
                .sign(|message| signing::sign(secret, message));
                let file = to.join("requests/outgoing").join(name);
                write_once(&file, signed.file.as_bytes())?;
            } else if let Some(original) = request.original {
                let file = to.join("requests/incoming").join(name);
                write_once(&file, as_file(&original)?.as_bytes())?;
            }
        }
        Ok(())
    }

    fn export_peer(&self, keyed: &Keyed, to: &Path) -> Result<(), Error> {
        let channel = &keyed.channel;
        let key = channel
            .their_key
            .as_deref()
            .and_then(|key| MeshKey::read(key, &SCHEME));
        if let (ChannelState::Active, Some(key)) = (channel.state, key) {
            let request = requests::last(&self.store, channel.id, false)?;
            let name = request.as_ref().map_or_else(
                || channel.address.clone(),
                |request| request.name.expose_untrusted().to_owned(),
            );
            let file = PeerFile {
                identity: identity_of(&channel.address, &name, &channel.relay, &key)?,
                trusted: request.as_ref().and_then(|request| request.settled_at),
                source: request.and_then(|request| RequestId::parse(&request.remote_id)),
            };
            let path = to.join("peers").join(file_name(&channel.address));
            write_new(&path, file.encode().as_bytes())?;
        }
        let mut before = None;
        loop {
            let page = messages::page(&self.store, channel.id, before, PAGE)?;
            let Some(oldest) = page.first().map(|message| message.id) else {
                return Ok(());
            };
            for message in &page {
                let Some(original) = originals::of(&self.store, message.id)? else {
                    continue;
                };
                let received = Received::parse(original.as_bytes()).map_err(broken)?;
                let Some(id) = received.direct_id() else {
                    continue;
                };
                let dir = match message.author {
                    Author::Peer => "messages/incoming",
                    Author::Human | Author::Assistant => "messages/outgoing",
                };
                let path = to.join(dir).join(file_name(id.as_str()));
                write_once(&path, received.to_file().as_bytes())?;
            }
            before = Some(oldest);
        }
    }
}

/// Messages that are read at once.
const PAGE: u32 = 500;

/// The kinds of signed objects that lie in a directory.
#[derive(Clone, Copy)]
enum Kind {
    Request,
    Incoming,
    Outgoing,
}

/// What became of a file.
enum Stored {
    New,
    Known,
    LeftOut,
}

fn demand_mesh(network: NetworkId) -> Result<(), Error> {
    if network == NetworkId::Mesh {
        return Ok(());
    }
    Err(Error::BadRequest(format!(
        "{} is imported and exported by a request of its own",
        network.label()
    )))
}

fn found(from: &Path, notes: &mut Vec<String>) -> Result<Found, Error> {
    let absent = |name: &str| {
        Error::BadRequest(format!(
            "there is no {name} in that directory; name it with --from"
        ))
    };
    let bytes = read(&from.join("identity.json"))?.ok_or_else(|| absent("identity.json"))?;
    let identity = IdentityFile::decode(&bytes, &SCHEME)
        .map_err(|error| Error::BadRequest(format!("identity.json: {error}")))?;
    let pem = read(&from.join("private_key.pem"))?.ok_or_else(|| absent("private_key.pem"))?;
    let pem = Zeroizing::new(pem);
    let secret = std::str::from_utf8(&pem)
        .ok()
        .and_then(|pem| signing::read_secret_pem(pem).ok())
        .ok_or_else(|| {
            Error::BadRequest("private_key.pem is no Ed25519 key as openssl writes it".to_owned())
        })?;
    if signing::public_key(&secret) != identity.identity.key.key() {
        return Err(Error::BadRequest(
            "private_key.pem is not the key of identity.json".to_owned(),
        ));
    }
    let mut peers = Vec::new();
    for bytes in objects(&from.join("peers"))? {
        match PeerFile::decode(&bytes, &SCHEME) {
            Ok(peer) => peers.push(peer),
            Err(error) => notes.push(format!("a peer was left out: {error}")),
        }
    }
    Ok(Found {
        identity,
        secret,
        peers,
        files: Files {
            requests: objects(&from.join("requests/incoming"))?,
            incoming: objects(&from.join("messages/incoming"))?,
            outgoing: objects(&from.join("messages/outgoing"))?,
        },
    })
}

/// Reads the files of a directory; what is no object is left for later to say so.
fn objects(dir: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let mut all = Vec::new();
    for (_, path) in files::list(dir, ".json")? {
        all.extend(read(&path)?);
    }
    // Names are random there; the time of writing says what came first.
    all.sort_by_cached_key(|bytes| written(bytes));
    Ok(all)
}

fn written(bytes: &[u8]) -> Option<String> {
    let object = serde_json::from_slice::<serde_json::Value>(bytes).ok()?;
    Some(object.get("timestamp")?.as_str()?.to_owned())
}

/// Adds a trusted peer. Returns whether it is new.
fn store_peer(
    tx: &Tx<'_>,
    account: &accounts::Account,
    peer: &PeerFile,
    welcome: &str,
    now: UnixMillis,
) -> Result<bool, Error> {
    let identity = &peer.identity;
    let network = NetworkId::Mesh;
    if channels::by_address(tx, (network, None), identity.agent.as_str())?.is_some() {
        return Ok(false);
    }
    let endpoint = identity.endpoint.expose_untrusted();
    let logins = net::of(network).logins();
    let endpoint = logins.and_then(|logins| logins.read_endpoint(endpoint).ok());
    let who = Somebody {
        address: identity.agent.as_str().to_owned(),
        name: identity.display_name.clone(),
        endpoint: endpoint.unwrap_or_default(),
        key: identity.key.pem().to_owned(),
        answer: String::new(),
    };
    let at = peer.trusted.unwrap_or(now);
    let new = NewPeer {
        network,
        account,
        several: false,
        who: &who,
        state: ChannelState::Active,
        instructions: welcome,
        at,
    };
    let id = insert_peer(tx, &new)?;
    channels::pin(tx, id, &who.key)?;
    let source = peer.source.as_ref().map(RequestId::as_str);
    let request = requests::Request {
        channel: id,
        ours: false,
        remote_id: source.unwrap_or("imported").to_owned(),
        name: who.name,
        endpoint: who.endpoint,
        key: who.key,
        purpose: PeerText::default(),
        original: None,
        at,
        state: RequestState::Approved,
        settled_at: Some(at),
    };
    requests::insert(tx, &request)?;
    Ok(true)
}

fn store_request(
    tx: &Tx<'_>,
    bytes: &[u8],
    welcome: &str,
    now: UnixMillis,
) -> Result<Stored, Error> {
    let Ok(received) = Received::parse(bytes) else {
        return Ok(Stored::LeftOut);
    };
    let Ok(request) = ContactRequest::decode(&received, Window::Any, &SCHEME) else {
        return Ok(Stored::LeftOut);
    };
    let id = request.id.as_str().to_owned();
    let Some(stranger) = stranger_of(request, &received) else {
        return Ok(Stored::LeftOut);
    };
    let known = channels::by_address(tx, (NetworkId::Mesh, None), &stranger.who.address)?;
    if let Some(channel) = known
        && requests::adopt(tx, channel, &id, &stranger.purpose, &stranger.who.answer)?
    {
        // The one that was approved there: it came with the peer.
        return Ok(Stored::New);
    }
    Ok(
        match judge_stranger(tx, &stranger, || Ok(welcome.to_owned()), now)? {
            Judged::Changed(_) | Judged::Stopped(_) => Stored::New,
            Judged::Known => Stored::Known,
            Judged::Refused | Judged::Rejected => Stored::LeftOut,
        },
    )
}

fn store_incoming(tx: &Tx<'_>, bytes: &[u8], account: &accounts::Account) -> Result<Stored, Error> {
    let received = Received::parse(bytes).ok();
    let sender = received.as_ref().and_then(Received::sender);
    let (Some(received), Some(sender)) = (received, sender) else {
        return Ok(Stored::LeftOut);
    };
    let Some((channel, key)) = peer(tx, sender.as_str())? else {
        return Ok(Stored::LeftOut);
    };
    let Some(ours) = AgentId::parse(&account.address) else {
        return Ok(Stored::LeftOut);
    };
    let decoded = DirectMessage::decode(&received, &ours, &key, Window::Any, &SCHEME);
    let Ok(message) = decoded else {
        return Ok(Stored::LeftOut);
    };
    let admission = Admission::Released {
        rule: IMPORTED.to_owned(),
    };
    let new = NewInbound {
        channel,
        seq: None,
        at: message.written,
        content: &Content::Text(message.body),
        envelope: arrived_envelope(message.id.as_str()),
        admission: &admission,
        signals: &[],
        digest: false,
    };
    let Arrival::New(id) = messages::receive(tx, &new)? else {
        return Ok(Stored::Known);
    };
    messages::handed_over(tx, id, message.written)?;
    messages::mark_read(tx, channel, id)?;
    channels::set_last_seen(tx, channel, message.written)?;
    originals::keep(tx, id, &received.to_line())?;
    Ok(Stored::New)
}

fn store_outgoing(tx: &Tx<'_>, bytes: &[u8], account: &accounts::Account) -> Result<Stored, Error> {
    let Ok(received) = Received::parse(bytes) else {
        return Ok(Stored::LeftOut);
    };
    let to = received.receiver();
    let Some((channel, _)) = to.map(|to| peer(tx, to.as_str())).transpose()?.flatten() else {
        return Ok(Stored::LeftOut);
    };
    let key = signing::public_key(&SecretKey::from_bytes(*account.secret));
    let decoded = DirectMessage::decode_sent(&received, &key, &SCHEME);
    let Ok(message) = decoded else {
        return Ok(Stored::LeftOut);
    };
    let envelope = sent_envelope(message.id.as_str());
    if messages::by_envelope(tx, channel, &envelope)?.is_some() {
        return Ok(Stored::Known);
    }
    let at = message.written;
    let new = outbox::NewOutbound {
        channel,
        author: Author::Assistant,
        body: &message.body,
        at,
        due: at,
        rule: IMPORTED,
        passage: None,
        signals: &[],
    };
    let id = outbox::queue(tx, &new)?;
    outbox::claim(tx, id, message.id.as_str(), &envelope, at)?;
    // Whether it was taken the scripts do not keep.
    outbox::relayed(tx, id, None, false, at)?;
    originals::keep(tx, id, &received.to_line())?;
    Ok(Stored::New)
}

/// Finds a peer whose key is pinned.
fn peer(tx: &Tx<'_>, address: &str) -> Result<Option<(ChannelId, PublicKey)>, Error> {
    let Some(id) = channels::by_address(tx, (NetworkId::Mesh, None), address)? else {
        return Ok(None);
    };
    let keyed = channels::by_id(tx, id)?;
    let key = keyed.and_then(|keyed| keyed.channel.their_key);
    let key = key
        .and_then(|key| net::of(NetworkId::Mesh).read_key(&key))
        .map(|key| key.key);
    Ok(key.map(|key| (id, key)))
}

fn identity_of(
    address: &str,
    name: &str,
    endpoint: &str,
    key: &MeshKey,
) -> Result<Identity, Error> {
    Ok(Identity {
        agent: AgentId::parse(address)
            .ok_or_else(|| Error::Storage("a stored id is not safe to use".to_owned()))?,
        display_name: PeerText::new(name),
        endpoint: PeerText::new(endpoint),
        key: key.clone(),
    })
}

fn as_file(original: &str) -> Result<String, Error> {
    let received = Received::parse(original.as_bytes()).map_err(broken)?;
    Ok(received.to_file())
}

fn broken(error: crate::wire::mesh::NotAnObject) -> Error {
    Error::Storage(format!("a stored message cannot be read: {error}"))
}

/// Writes a file unless there is one: two peers may have chosen the same id, and the first wins
/// there too.
fn write_once(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    write_new(path, bytes)
}
