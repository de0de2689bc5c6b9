//! The demo: a temporary profile, a relay on loopback, and invented people who are real engines
//! with real keys. Nothing leaves the machine, nothing is kept.
//!
//! Must not: reach any address but loopback, or touch a real profile.

mod cast;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::api::{ChannelRef, Error as ApiError, Event, Handle, Reply, Request, Role, Thread};
use crate::crypto::{self, SecretKey};
use crate::engine::{self, Hosted, system_clock};
use crate::model::{Author, PeerText, Verdict};
use crate::net::Mode;
use crate::profile::Profile;
use crate::relay::{self, Limits};
use crate::wire::mailbox::{Invite, handshake_request};

/// Until the demo gives up on something that should have happened.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the demo cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No temporary directory, or no room in it.
    #[error("cannot make a temporary directory")]
    Directory(#[from] std::io::Error),
    /// The relay on loopback did not start.
    #[error("cannot start a relay on this machine")]
    Relay(#[from] relay::Error),
    /// An engine did not start.
    #[error("cannot start an engine")]
    Engine(#[from] engine::Error),
    /// An engine refused what it should do.
    #[error("an engine refused its part")]
    Refused(#[from] ApiError),
    /// No random numbers.
    #[error("no random numbers")]
    Random(#[from] crypto::Error),
    /// Something did not happen in time.
    #[error("the invented people did not get going")]
    Stuck,
}

/// The world of the demo. It vanishes with the value.
#[derive(Debug)]
pub struct World {
    me: Hosted,
    peers: Vec<Hosted>,
    relay: relay::Running,
    script: JoinSet<()>,
    directory: tempfile::TempDir,
}

impl World {
    /// Makes the world and plays what happened before the curtain rises.
    pub async fn start() -> Result<Self, Error> {
        let directory = tempfile::Builder::new()
            .prefix("chaperon-demo-")
            .tempdir()?;
        let relay = relay::start(relay::Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: directory.path().join("relay"),
            limits: Limits::default(),
            clawtalk: None,
        })
        .await?;
        let url = format!("http://{}", relay.address());
        let me = engine(&directory.path().join("me"), &url)?;
        let mut world = Self {
            me,
            peers: Vec::new(),
            relay,
            script: JoinSet::new(),
            directory,
        };
        cast::play(&mut world, &url).await?;
        Ok(world)
    }

    /// Returns the profile of the person who watches.
    pub fn profile(&self) -> Profile {
        Profile::at(self.directory.path().join("me"))
    }

    /// Returns the way to the engine of the person who watches.
    pub fn handle(&self) -> Handle {
        self.me.handle()
    }

    /// Ends everything; the temporary directory is removed with it.
    pub async fn stop(mut self) {
        self.script.shutdown().await;
        self.me.stop().await;
        for peer in self.peers {
            peer.stop().await;
        }
        if let Err(error) = self.relay.stop().await {
            tracing::debug!(%error, "the demo's relay did not end well");
        }
    }

    /// Lets somebody invented into the world; they live in a profile of their own.
    fn enter(&mut self, name: &str) -> Result<Handle, Error> {
        let url = format!("http://{}", self.relay.address());
        let peer = engine(&self.directory.path().join(name), &url)?;
        let handle = peer.handle();
        self.peers.push(peer);
        Ok(handle)
    }

    /// Returns how the assistant reaches the watcher's engine.
    fn assistant(&self) -> Handle {
        self.me.handle().with_role(Role::Assistant)
    }
}

/// Starts an engine whose own invites are for the relay of the demo too.
fn engine(home: &Path, relay: &str) -> Result<Hosted, Error> {
    Profile::at(home).create().map_err(engine::Error::from)?;
    std::fs::write(
        home.join("config.toml"),
        format!("mailbox_url = \"{relay}\"\n"),
    )?;
    Ok(Hosted::start(
        &Profile::at(home),
        Mode::Continuous,
        system_clock(),
    )?)
}

/// Two ends of a channel that both sides know.
#[derive(Clone, Debug)]
struct Friends {
    /// The watcher's engine.
    me: Handle,
    /// The invented one's engine.
    peer: Handle,
    /// The network's id of the channel, the same on both sides.
    address: String,
    /// The link it came from.
    link: String,
}

impl Friends {
    /// Invites somebody in the watcher's name, lets them answer, and accepts them.
    async fn make(me: &Handle, peer: &Handle, name: &str, relay: &str) -> Result<Self, Error> {
        let friends = Self::ask(me, peer, name, relay).await?;
        let Reply::NeedsYou(items) = me.ask(Request::NeedsYou).await? else {
            return Err(Error::Stuck);
        };
        let wanted = items
            .into_iter()
            .find(|item| item.name.expose_untrusted() == name)
            .ok_or(Error::Stuck)?;
        me.ask(Request::Decide {
            item: wanted.id,
            seen: wanted.seen,
            verdict: Verdict::Approve,
            words: None,
            reason: None,
            screen: None,
        })
        .await?;
        Ok(friends)
    }

    /// Invites somebody and lets them answer; they wait for a decision.
    async fn ask(me: &Handle, peer: &Handle, name: &str, relay: &str) -> Result<Self, Error> {
        let link = invite(me, name, relay).await?;
        let accept = Request::Accept {
            url: link.clone(),
            preset: None,
            name: None,
        };
        let Reply::Channel(channel) = peer.ask(accept).await? else {
            return Err(Error::Stuck);
        };
        let mut events = me.events();
        let asks = async {
            loop {
                let requests = me.ask(Request::NeedsYou).await?;
                if matches!(&requests, Reply::NeedsYou(items)
                    if items.iter().any(|item| item.name.expose_untrusted() == name))
                {
                    return Ok::<_, ApiError>(());
                }
                events.next().await;
            }
        };
        tokio::time::timeout(PATIENCE, asks)
            .await
            .map_err(|_elapsed| Error::Stuck)??;
        Ok(Self {
            me: me.clone(),
            peer: peer.clone(),
            address: channel.address,
            link,
        })
    }

    /// Compares the safety code in the watcher's name, and lets their assistant act alone there.
    async fn trust(&self) -> Result<(), Error> {
        let channel = ChannelRef::Named(self.address.clone());
        let code = Request::SafetyCode {
            channel: channel.clone(),
        };
        let Reply::SafetyCode(code) = self.me.ask(code).await? else {
            return Err(Error::Stuck);
        };
        let word = code.words.get(code.ask).cloned().unwrap_or_default();
        let verify = Request::Verify {
            channel: channel.clone(),
            word,
            seen: code.seen,
        };
        self.me.ask(verify).await?;
        let widen = Request::Instructions {
            channel,
            text: None,
            preset: Some("inner-circle".to_owned()),
            widen: true,
        };
        self.me.ask(widen).await?;
        Ok(())
    }

    /// The invented one writes.
    async fn they_say(&self, subject: &str, text: &str) -> Result<(), Error> {
        self.say(&self.peer, subject, text, Author::Human).await?;
        self.arrives(&self.me).await
    }

    /// The watcher wrote.
    async fn i_say(&self, text: &str) -> Result<(), Error> {
        self.say(&self.me, "", text, Author::Human).await?;
        self.arrives(&self.peer).await
    }

    /// The watcher's assistant wrote.
    async fn assistant_says(&self, assistant: &Handle, text: &str) -> Result<(), Error> {
        self.say(assistant, "", text, Author::Assistant).await?;
        self.arrives(&self.peer).await
    }

    /// The watcher's assistant wrote something that a rule holds.
    async fn assistant_drafts(&self, assistant: &Handle, text: &str) -> Result<(), Error> {
        self.say(assistant, "", text, Author::Assistant).await
    }

    async fn say(
        &self,
        from: &Handle,
        subject: &str,
        text: &str,
        author: Author,
    ) -> Result<(), Error> {
        let send = Request::Send {
            channel: ChannelRef::Named(self.address.clone()),
            subject: PeerText::new(subject),
            body: PeerText::new(text),
            author,
            now: true,
            thread: Thread::default(),
        };
        from.ask(send).await?;
        Ok(())
    }

    /// Waits until one side has looked at the relay, so that the history keeps its order.
    async fn arrives(&self, at: &Handle) -> Result<(), Error> {
        // The supervisor's check leaves nothing marked: only `HandedOver` does that.
        at.ask(Request::Check {
            accept_requests: false,
        })
        .await?;
        Ok(())
    }

    /// Somebody else answers the same link, as anybody who saw it can.
    async fn somebody_else_answers(&self) -> Result<(), Error> {
        let invite = Invite::parse(&self.link).map_err(|_own_link| Error::Stuck)?;
        let url = format!(
            "{}/channel/{}/handshake",
            invite.relay.as_str(),
            invite.channel.as_str()
        );
        let key = SecretKey::generate()?.public();
        let sent = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(|_no_client| Error::Stuck)?
            .put(url)
            .body(handshake_request(&key))
            .send()
            .await;
        sent.map(|_answer| ()).map_err(|_unsent| Error::Stuck)
    }
}

/// Makes an invite in the watcher's name and returns its link.
async fn invite(me: &Handle, name: &str, relay: &str) -> Result<String, Error> {
    let invite = Request::Invite {
        phone: None,
        name: Some(PeerText::new(name)),
        sender: Some(PeerText::new("You")),
        preset: None,
        relay: Some(relay.to_owned()),
        replaces: None,
    };
    if let Reply::Invite(invite) = me.ask(invite).await? {
        Ok(invite.url)
    } else {
        Err(Error::Stuck)
    }
}

/// Waits for the next message event of an engine; `false` once it is gone.
async fn next_message(events: &mut crate::api::Events) -> bool {
    loop {
        match events.next().await {
            Event::Messages { .. } | Event::Overflow => return true,
            Event::Closing => return false,
            Event::Channels | Event::NeedsYou | Event::Status | Event::Settings => {}
        }
    }
}
