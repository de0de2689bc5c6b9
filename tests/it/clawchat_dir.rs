//! The data directory of a real gateway: read, written, and read again.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

use std::fs;
use std::path::Path;

use chaperon::api::{Accounts, AccountsReply, ChannelRef, Error, Reply, Request};
use chaperon::crypto::stacks::{StacksNetwork, Wallet, open_identity, seal_identity};
use chaperon::crypto::{SecretKey, signing};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Author, Channel, ChannelState, Content, Delivery, Message, NetworkId, OwnAccount, Passphrase,
    PeerText,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;
use chaperon::wire::clawchat::{
    ChatId, Gateway, GatewayIdentity, IdentityFile, InboxEntry, NodeId, OutboxEntry, PeerEntry,
    Status,
};

const PASSWORD: &str = "correct horse battery";
const CLAWCHAT: NetworkId = NetworkId::ClawChat;
const THEN: u64 = 1_770_000_000_123;

/// An engine that lives for a test and listens nowhere.
struct Here {
    _dir: tempfile::TempDir,
    hosted: Hosted,
}

impl Here {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        profile.create().unwrap();
        let hosted = Hosted::start(&profile, Mode::OnDemand, system_clock()).unwrap();
        Self { _dir: dir, hosted }
    }

    async fn ask(&self, request: Request) -> Result<Reply, Error> {
        self.hosted.handle().ask(request).await
    }

    async fn import(
        &self,
        from: &Path,
        password: Option<&str>,
    ) -> Result<(u32, u32, Vec<String>), Error> {
        let import = Accounts::Import {
            network: CLAWCHAT,
            from: from.to_owned(),
            password: password.map(Passphrase::new),
        };
        let reply = self.ask(Request::Accounts(import)).await?;
        let Reply::Imported {
            channels,
            skipped,
            notes,
            ..
        } = reply
        else {
            panic!("another answer");
        };
        Ok((channels, skipped, notes))
    }

    async fn export(&self, to: &Path, password: Option<&str>) -> Result<Reply, Error> {
        let export = Accounts::Export {
            network: CLAWCHAT,
            to: to.to_owned(),
            password: password.map(Passphrase::new),
        };
        self.ask(Request::Accounts(export)).await
    }

    async fn identities(&self) -> Vec<OwnAccount> {
        let list = Request::Accounts(Accounts::List { network: CLAWCHAT });
        let Ok(Reply::Accounts(reply)) = self.ask(list).await else {
            panic!("another answer");
        };
        let AccountsReply::Logins(all) = *reply else {
            panic!("another answer");
        };
        all
    }

    async fn channels(&self) -> Vec<Channel> {
        let Ok(Reply::Channels(all)) = self.ask(Request::Channels).await else {
            panic!("another answer");
        };
        all
    }

    async fn transcript(&self, channel: &Channel) -> Vec<Message> {
        let request = Request::Transcript {
            channel: channel.id,
            before: None,
            limit: 100,
            topic: None,
        };
        let Ok(Reply::Page(page)) = self.ask(request).await else {
            panic!("another answer");
        };
        page.messages
    }
}

/// Somebody of these tests, made of one number.
struct Person {
    wallet: Wallet,
    phrase: zeroize::Zeroizing<String>,
    seed: [u8; 32],
}

impl Person {
    fn new(number: u8) -> Self {
        let phrase = Wallet::new_phrase([number; 32]);
        Self {
            wallet: Wallet::from_phrase(&phrase).unwrap(),
            phrase,
            seed: [number; 32],
        }
    }

    fn principal(&self) -> String {
        self.wallet.principal(StacksNetwork::Testnet).to_string()
    }

    fn node(&self) -> NodeId {
        NodeId(signing::public_key(&SecretKey::from_bytes(self.seed)).0)
    }

    fn address(&self) -> String {
        format!("/ip4/192.0.2.7/tcp/9000/p2p/{}", self.node())
    }

    fn file(&self) -> IdentityFile {
        IdentityFile {
            principal: self.principal(),
            node_key: self.node().0,
            node_seed: self.seed.into(),
            phrase: Some(self.phrase.clone()),
            wallet_key: self.wallet.public_key(),
            wallet_secret: self.wallet.secret().clone(),
            testnet: true,
            nick: Some(PeerText::new("from-identity")),
        }
    }
}

fn settings(of: &Person, nick: Option<&str>) -> GatewayIdentity {
    GatewayIdentity {
        principal: of.principal(),
        nick: nick.map(str::to_owned),
        autoload: true,
        allow_local: true,
        allowed: vec!["*".to_owned()],
        wake: false,
    }
}

fn seal(file: &IdentityFile, password: &str) -> Vec<u8> {
    seal_identity(file.encode().as_bytes(), password, [1; 16], [2; 12]).unwrap()
}

fn inbox(ours: &Person, from: &Person, content: &str, timestamp: u64) -> InboxEntry {
    InboxEntry {
        id: ChatId::parse("000102030405060708090a0b0c0d0e0f"),
        from: from.principal(),
        from_nick: Some(PeerText::new("bob")),
        to: ours.principal(),
        content: PeerText::new(content),
        timestamp,
    }
}

fn outbox(ours: &Person, to: &str, content: &str, status: Status) -> OutboxEntry {
    OutboxEntry {
        id: None,
        from: ours.principal(),
        to: PeerText::new(to),
        content: PeerText::new(content),
        timestamp: THEN,
        status,
    }
}

/// A directory of a gateway with these identities, of which the first has peers and messages.
fn gateway_dir(ours: &Person, second: &Person, bob: &Person) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let config = Gateway {
        port: 19_100,
        identities: vec![settings(ours, Some("alice")), settings(second, None)],
    };
    fs::write(dir.path().join("gateway-config.json"), config.encode()).unwrap();
    for one in [ours, second] {
        let at = dir.path().join("identities").join(one.principal());
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("identity.enc"), seal(&one.file(), PASSWORD)).unwrap();
    }
    let at = dir.path().join("identities").join(ours.principal());
    let nowhere = Person::new(90);
    let peers = [
        PeerEntry {
            principal: bob.principal(),
            // The real program appends what it saw: a port that is long gone, another's node.
            addresses: vec![
                "/ip4/127.0.0.1/tcp/55555".to_owned(),
                bob.address(),
                nowhere.address(),
            ],
            alias: Some(PeerText::new("Bob")),
            last_seen: THEN,
        },
        PeerEntry {
            principal: nowhere.principal(),
            addresses: vec!["/ip4/127.0.0.1/tcp/55555".to_owned()],
            alias: None,
            last_seen: 0,
        },
    ];
    fs::write(at.join("peers.json"), PeerEntry::encode(&peers)).unwrap();
    let received = [
        inbox(ours, bob, "second", THEN + 1),
        inbox(ours, bob, "first", THEN),
        inbox(ours, &nowhere, "from nobody we know", THEN),
    ];
    fs::write(at.join("inbox.json"), InboxEntry::encode(&received)).unwrap();
    let sent = [
        outbox(ours, &bob.principal(), "sent", Status::Sent),
        outbox(ours, "Bob", "waits", Status::Pending),
    ];
    fs::write(at.join("outbox.json"), OutboxEntry::encode(&sent)).unwrap();
    dir
}

fn text(message: &Message) -> &str {
    let Content::Text(body) = &message.content else {
        panic!("it cannot be read");
    };
    body.body.expose_untrusted()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_moves_here_and_back_and_nothing_is_lost_or_sent_twice() {
    let (ours, second, bob) = (Person::new(1), Person::new(2), Person::new(3));
    let dir = gateway_dir(&ours, &second, &bob);
    let here = Here::new();
    let (channels, skipped, notes) = here.import(dir.path(), Some(PASSWORD)).await.unwrap();
    assert_eq!((channels, skipped), (1, 0), "{notes:?}");
    let notes = notes.join("\n");
    assert!(notes.contains("4 messages copied"), "{notes}");
    assert!(notes.contains("1 peers were left out"), "{notes}");
    assert!(notes.contains("1 messages were left out"), "{notes}");

    let identities = here.identities().await;
    let [one, two] = &identities[..] else {
        panic!("{identities:?}");
    };
    assert_eq!((&*one.address, &*one.name), (&*ours.principal(), "alice"));
    assert_eq!(two.address, second.principal());
    assert_eq!(two.name, "from-identity");
    assert!(one.key.starts_with(&ours.node().to_string()));
    let ports = [one, two].map(|one| one.node.clone().unwrap().port);
    assert_eq!(ports[0], 19_100);
    assert!(
        ports[1] != 19_100 && ports[1] != 19_101,
        "each has two of its own"
    );
    assert!(!one.node.clone().unwrap().wake);

    let all = here.channels().await;
    let [channel] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(channel.state, ChannelState::Active);
    assert_eq!(channel.name, PeerText::new("Bob"));
    assert_eq!(channel.relay, bob.address());
    assert_eq!(channel.preset, "safe-acquaintance");
    assert!(channel.instructions.contains("channel: Bob"));
    let key = channel.their_key.as_ref().unwrap();
    assert!(key.starts_with(&bob.node().to_string()));

    let messages = here.transcript(channel).await;
    let texts: Vec<_> = messages.iter().map(text).collect();
    assert_eq!(texts, ["first", "second", "sent", "waits"]);
    assert!(matches!(
        messages[2].delivery,
        Some(Delivery::Relayed { .. })
    ));
    assert!(matches!(
        messages[3].delivery,
        Some(Delivery::Failed { .. })
    ));
    assert!(
        messages[..2]
            .iter()
            .all(|one| one.author == Author::Peer && one.handed_over.is_some())
    );

    // Once more: nothing is new, nothing is overwritten.
    let rename = Request::Rename {
        channel: ChannelRef::Id(channel.id),
        name: PeerText::new("my Bob"),
    };
    here.ask(rename).await.unwrap();
    let (channels, skipped, _) = here.import(dir.path(), Some(PASSWORD)).await.unwrap();
    assert_eq!((channels, skipped), (0, 5));
    assert_eq!(here.identities().await.len(), 2);
    assert_eq!(here.channels().await[0].name, PeerText::new("my Bob"));
    assert_eq!(here.transcript(channel).await.len(), 4);

    exported_and_read_again(&here, (&ours, &bob)).await;
}

async fn exported_and_read_again(here: &Here, (ours, bob): (&Person, &Person)) {
    let to = tempfile::tempdir().unwrap();
    let out = to.path().join("copy");
    assert!(here.export(&out, Some("too short")).await.is_err());
    assert!(here.export(&out, None).await.is_err());
    assert!(!out.exists(), "nothing is written for a refused password");
    let other = "another password";
    let reply = here.export(&out, Some(other)).await.unwrap();
    assert_eq!(reply, Reply::Exported { channels: 1 });
    assert!(
        here.export(&out, Some(other)).await.is_err(),
        "it is not empty"
    );

    a_gateway_could_start_with(&out, other, (ours, bob));
    let there = Here::new();
    let (channels, _, _) = there.import(&out, Some(other)).await.unwrap();
    assert_eq!(channels, 1);
    assert_eq!(there.identities().await.len(), 2);
}

/// Reads what was written, as a gateway would.
fn a_gateway_could_start_with(out: &Path, password: &str, (ours, bob): (&Person, &Person)) {
    let config = fs::read(out.join("gateway-config.json")).unwrap();
    let config = Gateway::decode(&config).unwrap();
    assert_eq!(config.port, 19_100);
    assert_eq!(config.identities[0], settings(ours, Some("alice")));
    let at = out.join("identities").join(ours.principal());
    let plain = open_identity(&fs::read(at.join("identity.enc")).unwrap(), password).unwrap();
    let file = IdentityFile::decode(&plain).unwrap();
    assert_eq!(file.node_seed, ours.file().node_seed);
    assert_eq!(file.phrase, ours.file().phrase);
    let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
    let peers = PeerEntry::decode(&read("peers.json")).unwrap().entries;
    assert_eq!(peers[0].principal, bob.principal());
    assert_eq!(peers[0].addresses, [bob.address()]);
    assert_eq!(peers[0].alias, Some(PeerText::new("my Bob")));
    let inbox = InboxEntry::decode(&read("inbox.json")).unwrap().entries;
    let received: Vec<_> = inbox
        .iter()
        .map(|one| one.content.expose_untrusted())
        .collect();
    assert_eq!(received, ["first", "second"]);
    assert_eq!(inbox[0].from_nick, Some(PeerText::new("bob")));
    assert_eq!(
        inbox[0].id,
        ChatId::parse("000102030405060708090a0b0c0d0e0f")
    );
    let outbox = OutboxEntry::decode(&read("outbox.json")).unwrap().entries;
    // What never left stays here: otherwise two programs would send it.
    let sent: Vec<_> = outbox
        .iter()
        .map(|one| one.content.expose_untrusted())
        .collect();
    assert_eq!(sent, ["sent"]);
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&at), 0o700);
        assert_eq!(mode(&at.join("identity.enc")), 0o600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_beside_an_identity_is_its_own_and_a_wrong_one_takes_nothing() {
    let (ours, second, bob) = (Person::new(1), Person::new(2), Person::new(3));
    let dir = gateway_dir(&ours, &second, &bob);
    let here = Here::new();
    let Err(Error::BadRequest(problem)) = here.import(dir.path(), Some("wrong password")).await
    else {
        panic!("it was taken");
    };
    assert!(problem.contains("wrong password"), "{problem}");
    assert!(here.import(dir.path(), None).await.is_err());
    assert_eq!(here.identities().await, []);
    let beside = dir.path().join("identities").join(second.principal());
    fs::write(beside.join("password"), format!("{PASSWORD}\n")).unwrap();
    let (_, _, notes) = here.import(dir.path(), None).await.unwrap();
    assert!(notes[0].contains("was left out: no password"), "{notes:?}");
    assert_eq!(here.identities().await[0].address, second.principal());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_whose_keys_do_not_fit_is_left_out() {
    let (ours, second, bob) = (Person::new(1), Person::new(2), Person::new(3));
    let dir = gateway_dir(&ours, &second, &bob);
    let changes: [fn(&mut IdentityFile); 4] = [
        |file| file.wallet_secret = [7; 32].into(),
        |file| file.node_seed = [7; 32].into(),
        |file| file.testnet = false,
        |file| file.phrase = Some(Wallet::new_phrase([7; 32])),
    ];
    for change in changes {
        let mut file = ours.file();
        change(&mut file);
        let at = dir.path().join("identities").join(ours.principal());
        fs::write(at.join("identity.enc"), seal(&file, PASSWORD)).unwrap();
        let here = Here::new();
        let (_, _, notes) = here.import(dir.path(), Some(PASSWORD)).await.unwrap();
        assert!(notes[0].contains("was left out"), "{notes:?}");
        let all = here.identities().await;
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].address, second.principal());
    }
    fs::write(dir.path().join("gateway-config.json"), "{").unwrap();
    assert!(
        Here::new()
            .import(dir.path(), Some(PASSWORD))
            .await
            .is_err()
    );
}
