//! Somebody on `ClawChat`: an engine in this process, with identities that listen on loopback.

use std::net::Ipv4Addr;
use std::time::Duration;

use chaperon::api::{
    Accounts, AccountsReply, ChannelRef, Error, NewIdentity, Reply, Request, SendOutcome, Thread,
};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Author, Channel, Content, Message, NetworkId, NodeSettings, OwnAccount, Passphrase, PeerText,
    ReviewItem, Sighted, Verdict,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;

use super::free_ports;

const CLAWCHAT: NetworkId = NetworkId::ClawChat;
/// No condition takes this long on a machine that works, however busy it is.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An engine that runs on, with the identity that it was made with.
pub(crate) struct Chatter {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) hosted: Option<Hosted>,
    pub(crate) us: OwnAccount,
    pub(crate) phrase: Passphrase,
}

/// Settings on loopback, at two ports that are free.
pub(crate) fn on_loopback() -> NodeSettings {
    NodeSettings {
        ip: Ipv4Addr::LOCALHOST.into(),
        port: free_ports(),
        ..NodeSettings::default()
    }
}

impl Chatter {
    /// Somebody new, with everything as it comes.
    pub(crate) async fn new() -> Self {
        Self::with(None, on_loopback()).await
    }

    /// Somebody whose identity comes from these words, or is new.
    pub(crate) async fn with(phrase: Option<Passphrase>, node: NodeSettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        profile.create().unwrap();
        let hosted = Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap();
        let (us, made) = make(&hosted, None, phrase.clone(), node).await;
        let mut chatter = Self {
            dir,
            hosted: Some(hosted),
            phrase: made.or(phrase).unwrap(),
            us,
        };
        chatter.us = chatter.listening(&chatter.us).await;
        chatter
    }

    /// Makes a further identity.
    pub(crate) async fn another(&self, name: &str) -> OwnAccount {
        let hosted = self.hosted.as_ref().unwrap();
        let (account, _) = make(hosted, Some(name.to_owned()), None, on_loopback()).await;
        self.listening(&account).await
    }

    pub(crate) async fn restart(&mut self) {
        self.hosted.take().unwrap().stop().await;
        let profile = Profile::at(self.dir.path());
        self.hosted = Some(Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap());
        self.us = self.listening(&self.us).await;
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<Reply, Error> {
        self.hosted.as_ref().unwrap().handle().ask(request).await
    }

    pub(crate) async fn accounts(&self, request: Accounts) -> Result<AccountsReply, Error> {
        let Reply::Accounts(reply) = self.ask(Request::Accounts(request)).await? else {
            panic!("another answer");
        };
        Ok(*reply)
    }

    /// Waits until an identity listens; returns it with where.
    pub(crate) async fn listening(&self, of: &OwnAccount) -> OwnAccount {
        self.until("it to listen", async || {
            let account = self.account(of).await;
            let at = account.listening.as_ref()?;
            let all = &at.addresses;
            let over = |ws: bool| all.iter().any(|at| at.contains("/ws/") == ws);
            (at.problem.is_none() && over(true) && over(false)).then_some(account)
        })
        .await
    }

    /// Returns one of its identities as it is now.
    pub(crate) async fn account(&self, of: &OwnAccount) -> OwnAccount {
        let list = Accounts::List { network: CLAWCHAT };
        let AccountsReply::Logins(all) = self.accounts(list).await.unwrap() else {
            panic!("another answer");
        };
        all.into_iter().find(|one| one.id == of.id).unwrap()
    }

    /// Changes how its node runs.
    pub(crate) async fn set(&mut self, change: impl FnOnce(&mut NodeSettings)) {
        let mut node = self.us.node.clone().unwrap();
        change(&mut node);
        let configure = Accounts::Configure {
            account: self.us.id,
            name: None,
            node: Some(node),
        };
        self.accounts(configure).await.unwrap();
        self.us = self.listening(&self.us).await;
    }

    /// Adds somebody who is reached there, or wherever others say where nothing is said.
    pub(crate) async fn adds(
        &self,
        account: &OwnAccount,
        other: &OwnAccount,
        at: Option<&str>,
    ) -> Result<Channel, Error> {
        let add = Accounts::Add {
            account: account.id,
            address: other.address.clone(),
            seen: None,
            endpoint: at.map(str::to_owned),
            name: None,
        };
        let Reply::Channel(channel) = self.ask(Request::Accounts(add)).await? else {
            panic!("another answer");
        };
        Ok(*channel)
    }

    /// What waits for the person.
    pub(crate) async fn items(&self) -> Vec<ReviewItem> {
        let Reply::NeedsYou(items) = self.ask(Request::NeedsYou).await.unwrap() else {
            panic!("another answer");
        };
        items
    }

    /// Waits for something that the person has to decide, and decides it.
    pub(crate) async fn decides(&self, verdict: Verdict) {
        let item = self
            .until("something to decide", async || {
                self.items().await.into_iter().next()
            })
            .await;
        let decide = Request::Decide {
            item: item.id,
            seen: item.seen,
            verdict,
            words: None,
            reason: None,
            screen: None,
        };
        self.ask(decide).await.unwrap();
    }

    pub(crate) async fn channels(&self) -> Vec<Channel> {
        let Reply::Channels(channels) = self.ask(Request::Channels).await.unwrap() else {
            panic!("another answer");
        };
        channels
    }

    /// The channel of an identity with somebody.
    pub(crate) async fn channel(&self, account: &OwnAccount, other: &OwnAccount) -> Channel {
        let mut all = self.channels().await.into_iter();
        all.find(|one| one.account == Some(account.id) && one.address == other.address)
            .unwrap()
    }

    /// Sends as the person does, at once.
    pub(crate) async fn sends(&self, channel: &Channel, text: &str) -> Result<SendOutcome, Error> {
        let request = Request::Send {
            channel: ChannelRef::Id(channel.id),
            subject: PeerText::default(),
            body: PeerText::new(text),
            author: Author::Human,
            now: true,
            thread: Thread::default(),
        };
        let Reply::Sent(outcome) = self.ask(request).await? else {
            panic!("another answer");
        };
        Ok(outcome)
    }

    pub(crate) async fn transcript(&self, channel: &Channel) -> Vec<Message> {
        let request = Request::Transcript {
            channel: channel.id,
            before: None,
            limit: 5000,
            topic: None,
        };
        let Reply::Page(page) = self.ask(request).await.unwrap() else {
            panic!("another answer");
        };
        page.messages
    }

    /// What the peer of a channel wrote, oldest first.
    pub(crate) async fn heard(&self, channel: &Channel) -> Vec<String> {
        let messages = self.transcript(channel).await.into_iter();
        messages
            .filter(|message| message.author == Author::Peer)
            .filter_map(|message| match message.content {
                Content::Text(body) => Some(body.body.expose_untrusted().to_owned()),
                Content::Raw { .. } => None,
            })
            .collect()
    }

    /// Asks those who are connected where somebody is.
    pub(crate) async fn resolves(&self, other: &OwnAccount) -> Vec<Sighted> {
        let resolve = Accounts::Resolve {
            account: self.us.id,
            address: other.address.clone(),
            through: None,
        };
        let AccountsReply::Sighted(all) = self.accounts(resolve).await.unwrap() else {
            panic!("another answer");
        };
        all
    }

    /// Waits until a condition holds.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let wait = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(DEADLINE, wait)
            .await
            .unwrap_or_else(|_| panic!("waited too long for {what}"))
    }
}

async fn make(
    hosted: &Hosted,
    name: Option<String>,
    phrase: Option<Passphrase>,
    node: NodeSettings,
) -> (OwnAccount, Option<Passphrase>) {
    let make = Accounts::Make(Box::new(NewIdentity {
        network: CLAWCHAT,
        name,
        phrase,
        testnet: true,
        node: Some(node),
    }));
    let Ok(Reply::Accounts(reply)) = hosted.handle().ask(Request::Accounts(make)).await else {
        panic!("no identity");
    };
    let AccountsReply::Identity { account, phrase } = *reply else {
        panic!("another answer");
    };
    (account, phrase)
}

/// Where an identity is reached over TCP, straight.
pub(crate) fn tcp(account: &OwnAccount) -> String {
    at(account, |at| {
        !at.contains("/ws/") && !at.contains("/p2p-circuit")
    })
}

/// Where it is reached over WebSocket.
pub(crate) fn ws(account: &OwnAccount) -> String {
    at(account, |at| {
        at.contains("/ws/") && !at.contains("/p2p-circuit")
    })
}

fn at(account: &OwnAccount, which: impl Fn(&str) -> bool) -> String {
    let all = &account.listening.as_ref().unwrap().addresses;
    all.iter().find(|at| which(at)).unwrap().clone()
}
