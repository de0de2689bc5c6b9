//! Writes a data directory that a gateway can start with.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{CLAWCHAT, MOST_ADDRESSES};
use crate::api::{Error, Reply};
use crate::crypto::stacks::{
    IdentityFileError, Principal, StacksNetwork, Wallet, is_long_enough, seal_identity,
};
use crate::crypto::{self, SecretKey, signing};
use crate::engine::check::given;
use crate::engine::contacts::no_random;
use crate::engine::core::{Answer, Core};
use crate::engine::files::{self, write_new};
use crate::engine::vault::aside;
use crate::model::{
    Author, Channel, ChannelState, Content, Delivery, Digest, Message, Passphrase, PeerText,
    UnixMillis,
};
use crate::store::letters::{Which, released};
use crate::store::{accounts, channels, messages};
use crate::wire::clawchat::{
    ChatId, Gateway, GatewayIdentity, IdentityFile, InboxEntry, OutboxEntry, PeerEntry, Status,
    is_address, is_nick,
};

/// Messages that are read at once.
const PAGE: u32 = 500;

/// One identity as it is written.
struct Written {
    settings: GatewayIdentity,
    file: IdentityFile,
    peers: Vec<PeerEntry>,
    inbox: Vec<InboxEntry>,
    outbox: Vec<OutboxEntry>,
}

impl Core {
    /// Collects what a gateway needs, then seals and writes it aside.
    pub(in crate::engine) fn export_gateway(
        &self,
        to: PathBuf,
        password: Option<Passphrase>,
        answer: Answer,
    ) {
        let collected = demand(password).and_then(|password| Ok((password, self.gateway_data()?)));
        let (password, (port, all)) = match collected {
            Ok(collected) => collected,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        tokio::spawn(async move {
            let done = aside(move || write(&to, port, &all, &password)).await;
            let _gone = answer.send(done);
        });
    }

    fn gateway_data(&self) -> Result<(u16, Vec<Written>), Error> {
        let all = accounts::all(&self.store, CLAWCHAT)?;
        let first = all.first().and_then(|account| account.node.as_ref());
        let port = first.map_or(0, |node| node.port);
        let written: Result<Vec<_>, _> = all.iter().map(|one| self.identity_data(one)).collect();
        let written = written?;
        if written.is_empty() {
            return Err(Error::BadRequest(
                "there is no ClawChat identity to export".to_owned(),
            ));
        }
        Ok((port, written))
    }

    fn identity_data(&self, account: &accounts::Account) -> Result<Written, Error> {
        let node = account.node.clone().unwrap_or_default();
        let (mut peers, mut outbox) = (Vec::new(), Vec::new());
        let mut names = Vec::new();
        for keyed in channels::all(&self.store)? {
            let channel = &keyed.channel;
            if channel.network != CLAWCHAT || channel.account != Some(account.id) {
                continue;
            }
            names.push((channel.id, channel.address.clone()));
            if channel.state == ChannelState::Active && channel.their_key.is_some() {
                peers.push(peer(channel, keyed.learned.as_deref().unwrap_or_default()));
            }
            self.sent_from(account, channel, &mut outbox)?;
        }
        let which = Which {
            network: CLAWCHAT,
            account: Some(account.id),
            since: None,
        };
        // Only what the assistant got, or may get: what waits for a person stays here.
        let (received, _) = released(&self.store, &which, false, usize::MAX)?;
        let inbox = received.into_iter().filter_map(|message| {
            let from = names.iter().find(|(id, _)| *id == message.channel);
            received_entry(message, from?.1.clone(), &account.address)
        });
        let inbox = inbox.collect();
        outbox.sort_by_key(|entry: &OutboxEntry| entry.timestamp);
        Ok(Written {
            settings: GatewayIdentity {
                principal: account.address.clone(),
                nick: Some(account.name.clone()).filter(|nick| is_nick(nick)),
                autoload: node.autoload,
                allow_local: true,
                allowed: node.allowed,
                wake: node.wake,
            },
            file: identity_file(account)?,
            peers,
            inbox,
            outbox,
        })
    }

    /// Collects what left. What still waits stays here: two programs would send it.
    fn sent_from(
        &self,
        account: &accounts::Account,
        channel: &Channel,
        outbox: &mut Vec<OutboxEntry>,
    ) -> Result<(), Error> {
        let mut before = None;
        loop {
            let page = messages::page(&self.store, channel.id, before, PAGE)?;
            let Some(oldest) = page.first().map(|message| message.id) else {
                return Ok(());
            };
            outbox.extend(page.iter().filter_map(|message| {
                let left = matches!(
                    message.delivery,
                    Some(
                        Delivery::Relayed { .. }
                            | Delivery::Collected { .. }
                            | Delivery::Delivered { .. }
                    )
                );
                let Content::Text(body) = &message.content else {
                    return None;
                };
                (left && message.author != Author::Peer).then(|| OutboxEntry {
                    id: id_of(message),
                    from: account.address.clone(),
                    to: PeerText::new(channel.address.as_str()),
                    content: body.body.clone(),
                    timestamp: millis(message.at),
                    status: Status::Sent,
                })
            }));
            before = Some(oldest);
        }
    }
}

fn demand(password: Option<Passphrase>) -> Result<Passphrase, Error> {
    let short = || Error::BadRequest(IdentityFileError::ShortPassword.to_string());
    password
        .filter(|password| is_long_enough(password.expose()))
        .ok_or_else(short)
}

fn identity_file(account: &accounts::Account) -> Result<IdentityFile, Error> {
    let broken = || Error::Storage("a stored identity has no usable keys".to_owned());
    let principal = Principal::parse(&account.address).ok_or_else(broken)?;
    let secret = account.signing.clone().ok_or_else(broken)?;
    let wallet = Wallet::from_secret(*secret).map_err(|_key| broken())?;
    let phrase = account.token.clone().ok_or_else(|| {
        Error::BadRequest(format!(
            "the seed phrase of {principal} is not here, and a gateway cannot start without it"
        ))
    })?;
    let node = signing::public_key(&SecretKey::from_bytes(*account.secret));
    Ok(IdentityFile {
        principal: account.address.clone(),
        node_key: node.0,
        node_seed: account.secret.clone(),
        phrase: Some(phrase),
        wallet_key: wallet.public_key(),
        wallet_secret: secret,
        testnet: principal.network() == StacksNetwork::Testnet,
        nick: Some(PeerText::new(account.name.as_str())).filter(|nick| !nick.is_empty()),
    })
}

fn peer(channel: &Channel, learned: &str) -> PeerEntry {
    let mut addresses: Vec<String> = Vec::new();
    for at in channel.relay.split(',').chain(learned.split(',')) {
        if is_address(at) && !addresses.iter().any(|known| known == at) {
            addresses.push(at.to_owned());
        }
    }
    addresses.truncate(MOST_ADDRESSES);
    let alias = &channel.name;
    PeerEntry {
        principal: channel.address.clone(),
        addresses,
        alias: (alias.expose_untrusted() != channel.address).then(|| alias.clone()),
        last_seen: channel.last_seen.map_or(0, millis),
    }
}

fn received_entry(message: Message, from: String, to: &str) -> Option<InboxEntry> {
    let (id, timestamp) = (id_of(&message), millis(message.at));
    let body = given(message.content, message.other)?;
    let metadata = serde_json::from_str::<serde_json::Value>(body.metadata.expose_untrusted());
    let nick = metadata.ok().and_then(|metadata| {
        let nick = metadata.get("nick")?.as_str()?;
        (!nick.is_empty()).then(|| PeerText::new(nick))
    });
    Some(InboxEntry {
        id,
        from,
        from_nick: nick,
        to: to.to_owned(),
        content: body.body,
        timestamp,
    })
}

/// Returns the id of a message: the network's, or one made of its envelope.
fn id_of(message: &Message) -> Option<ChatId> {
    let routing = message.routing.as_ref();
    let known = routing.and_then(|routing| ChatId::parse(routing.remote_id.as_deref()?));
    known.or_else(|| {
        let Digest(digest) = message.envelope?;
        Some(ChatId::from_random(*digest.first_chunk()?))
    })
}

fn millis(at: UnixMillis) -> u64 {
    u64::try_from(at.0).unwrap_or(0)
}

/// Writes the directory. The configuration comes last: without it no gateway starts.
fn write(to: &Path, port: u16, all: &[Written], password: &Passphrase) -> Result<Reply, Error> {
    files::make_new(to, &["identities"])?;
    let written = all.iter().try_for_each(|one| write_one(to, one, password));
    if let Err(error) = written {
        files::remove(to, &["identities"]);
        return Err(error);
    }
    let gateway = Gateway {
        // A port that is chosen anew with every start cannot be written down there.
        port: if port == 0 {
            crate::model::DEFAULT_PORT
        } else {
            port
        },
        identities: all.iter().map(|one| one.settings.clone()).collect(),
    };
    write_new(&to.join("gateway-config.json"), gateway.encode().as_bytes())?;
    let channels = all.iter().map(|one| one.peers.len()).sum::<usize>();
    Ok(Reply::Exported {
        channels: u32::try_from(channels).unwrap_or(u32::MAX),
    })
}

fn write_one(to: &Path, one: &Written, password: &Passphrase) -> Result<(), Error> {
    let dir = to.join("identities").join(&one.settings.principal);
    files::make_new(&dir, &[])?;
    let plain: Zeroizing<String> = one.file.encode();
    let salt = crypto::random().map_err(no_random)?;
    let nonce = crypto::random().map_err(no_random)?;
    let sealed = seal_identity(plain.as_bytes(), password.expose(), salt, nonce)
        .map_err(|error| Error::BadRequest(error.to_string()))?;
    write_new(&dir.join("identity.enc"), &sealed)?;
    for (name, text) in [
        ("inbox.json", InboxEntry::encode(&one.inbox)),
        ("outbox.json", OutboxEntry::encode(&one.outbox)),
        ("peers.json", PeerEntry::encode(&one.peers)),
    ] {
        write_new(&dir.join(name), text.as_bytes())?;
    }
    Ok(())
}
