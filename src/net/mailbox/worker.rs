//! Moves bytes between relays, the protocol and the engine. One [`Relay`] per relay address, so
//! a dead or slow one delays nobody else.

mod sync;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::model::{ChannelId, Digest};
use crate::net::{
    Accepted, Command, Failure, FirstLooks, Incoming, Link, Mode, News, Post, Problem, Settled,
    Watch, tell,
};
use crate::wire::mailbox::RelayUrl;

use super::client::{Client, Handshake};
use super::protocol::{Room, identify};
use super::watcher;

/// Ordinary requests under way at once with one relay.
const AT_ONCE: usize = 64;
/// Until an attempt to post counts as failed, however long its parts were held up. Shorter than
/// the engine's patience, which begins another attempt: two at once could post twice.
const ATTEMPT: Duration = Duration::from_secs(75);
/// How often a relay that does not tell of handshake writes is asked for the handshake.
const HANDSHAKE_EVERY: Duration = Duration::from_secs(60);
/// How often the engine hears that a relay is still well.
const HEALTH_EVERY: Duration = Duration::from_secs(20);

/// Runs the network until the engine drops its side of the link.
pub(super) async fn run(mut link: Link) {
    let mut relays = Relays {
        news: link.news.clone(),
        mode: link.mode,
        first_looks: Arc::clone(&link.first_looks),
        by_url: HashMap::new(),
        homes: HashMap::new(),
        tasks: JoinSet::new(),
    };
    while let Some(command) = link.commands.recv().await {
        while relays.tasks.try_join_next().is_some() {}
        relays.carry_out(command);
    }
}

struct Relays {
    news: mpsc::Sender<Incoming>,
    mode: Mode,
    first_looks: Arc<FirstLooks>,
    by_url: HashMap<String, Arc<Relay>>,
    homes: HashMap<ChannelId, Arc<Relay>>,
    tasks: JoinSet<()>,
}

impl Relays {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Watch(watch) => self.watch(*watch),
            Command::Unwatch(channel) => {
                if let Some(relay) = self.homes.remove(&channel) {
                    relay.forget(channel);
                }
            }
            Command::Announce(channel) => match self.homes.get(&channel).cloned() {
                Some(relay) => {
                    self.tasks
                        .spawn(async move { relay.announce(channel).await });
                }
                None => self.report_back(News::Announced {
                    channel,
                    result: Err(unwatched()),
                }),
            },
            Command::Post(post) => match self.homes.get(&post.channel).cloned() {
                Some(relay) => {
                    self.tasks.spawn(async move { relay.post(*post).await });
                }
                None => self.report_back(News::Posted {
                    message: post.message,
                    channel: post.channel,
                    result: Err(unwatched()),
                }),
            },
            Command::Sync(done) => self.sync(done),
            // There are no accounts here, and nobody to look for.
            Command::Login(_) | Command::Logout(_) | Command::Enrol(_) | Command::Seek(_) => {}
        }
    }

    fn watch(&mut self, watch: Watch) {
        let known = self.by_url.get(&watch.relay).cloned();
        let relay = match known {
            Some(relay) => relay,
            None => match Relay::new(
                &watch.relay,
                self.news.clone(),
                Arc::clone(&self.first_looks),
            ) {
                Ok(relay) => {
                    let relay = Arc::new(relay);
                    self.by_url.insert(watch.relay.clone(), Arc::clone(&relay));
                    if self.mode == Mode::Continuous {
                        self.tasks.spawn(watcher::watch(Arc::clone(&relay)));
                    }
                    relay
                }
                Err(failure) => {
                    // The address was checked when the channel was made; only TLS roots can be
                    // missing, and then every attempt on the channel says so.
                    tracing::warn!(problem = failure.problem, "a relay cannot be used");
                    return;
                }
            },
        };
        self.homes.insert(watch.channel, Arc::clone(&relay));
        relay.enter(watch, self.mode);
    }

    /// Answers a command that no relay can carry out: the engine waits for every answer.
    fn report_back(&mut self, news: News) {
        let sender = self.news.clone();
        self.tasks.spawn(async move {
            let (settled, _unheard) = oneshot::channel();
            // Nobody to tell: the engine is gone.
            let _gone = sender.send(Incoming { news, settled }).await;
        });
    }

    fn sync(&mut self, done: oneshot::Sender<Vec<Problem>>) {
        let relays: Vec<_> = self.by_url.values().cloned().collect();
        let mode = self.mode;
        self.tasks.spawn(async move {
            let syncs: Vec<_> = relays
                .into_iter()
                .map(|relay| relay.sync_in_time(mode))
                .collect();
            let problems = futures_util::future::join_all(syncs).await;
            // Nobody waits any more: the caller went away.
            let _unheard = done.send(problems.into_iter().flatten().collect());
        });
    }
}

/// One channel, and a way to wake whoever waits to look at it again.
#[derive(Debug)]
pub(super) struct Cell {
    room: Mutex<Room>,
    pub(super) poke: Notify,
    /// Whether it was looked at since it is watched.
    known: AtomicBool,
}

impl Cell {
    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    pub(super) fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What looking at a channel came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    /// Whether there was something new.
    pub(super) news: bool,
    /// Whether the relay waited for news by itself.
    pub(super) push: bool,
}

/// One relay and the channels on it.
#[derive(Debug)]
pub(super) struct Relay {
    url: String,
    pub(super) client: Client,
    rooms: Mutex<BTreeMap<ChannelId, Arc<Cell>>>,
    /// Whether one waiting request stands for all channels.
    pub(super) together: AtomicBool,
    /// Rings when a channel comes or goes.
    pub(super) changed: Notify,
    permits: Semaphore,
    news: mpsc::Sender<Incoming>,
    health: Mutex<Health>,
    pub(super) first_looks: Arc<FirstLooks>,
    /// How often a channel was looked at.
    looks: AtomicU64,
}

#[derive(Debug, Default)]
struct Health {
    told: Option<(Instant, Option<String>, bool)>,
    handshakes: HashMap<ChannelId, Instant>,
}

impl Relay {
    fn new(
        url: &str,
        news: mpsc::Sender<Incoming>,
        first_looks: Arc<FirstLooks>,
    ) -> Result<Self, Failure> {
        let relay = RelayUrl::parse(url).map_err(|error| Failure::never(&error.to_string()))?;
        Ok(Self {
            url: url.to_owned(),
            client: Client::new(&relay)?,
            rooms: Mutex::default(),
            together: AtomicBool::new(false),
            changed: Notify::new(),
            permits: Semaphore::new(AT_ONCE),
            news,
            health: Mutex::default(),
            first_looks,
            looks: AtomicU64::new(0),
        })
    }

    pub(super) fn cells(&self) -> Vec<(ChannelId, Arc<Cell>)> {
        self.rooms()
            .iter()
            .map(|(id, cell)| (*id, Arc::clone(cell)))
            .collect()
    }

    pub(super) fn has(&self, channel: ChannelId, cell: &Cell) -> bool {
        self.rooms()
            .get(&channel)
            .is_some_and(|here| std::ptr::eq(Arc::as_ptr(here), cell))
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<ChannelId, Arc<Cell>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, watch: Watch, mode: Mode) {
        let channel = watch.channel;
        let mut rooms = self.rooms();
        let known = rooms.get(&channel).is_some_and(|old| old.is_known());
        let cell = Arc::new(Cell {
            room: Mutex::new(Room::new(watch)),
            poke: Notify::new(),
            known: AtomicBool::new(known),
        });
        // One that is watched for a single call may never be looked at.
        if !known && mode == Mode::Continuous {
            self.first_looks.expect(channel);
        }
        if let Some(old) = rooms.insert(channel, cell) {
            old.poke.notify_one();
        }
        drop(rooms);
        self.changed.notify_one();
    }

    fn forget(&self, channel: ChannelId) {
        if let Some(old) = self.rooms().remove(&channel) {
            old.poke.notify_one();
        }
        self.health().handshakes.remove(&channel);
        self.first_looks.forget(channel);
        self.changed.notify_one();
    }

    /// Looks at one channel; with `wait`, lets the relay keep us waiting for news that long.
    /// `handshake` asks for the handshake too, even if it was asked for just now.
    pub(super) async fn look(
        &self,
        cell: &Cell,
        wait: Option<Duration>,
        handshake: bool,
    ) -> Result<Looked, Failure> {
        let result = if cell.room().watch.pinned.is_some() {
            self.look_at_messages(cell, wait, handshake).await
        } else {
            self.look_at_handshake(cell, wait).await
        };
        match &result {
            Ok(looked) => {
                let push = looked.push || self.together.load(Ordering::Relaxed);
                self.tell_health(None, push).await;
            }
            Err(failure) => self.tell_health(Some(&failure.problem), false).await,
        }
        self.now_known(cell);
        result
    }

    /// Notes that a channel was looked at, be it in vain: its relay's trouble is told elsewhere.
    pub(super) fn now_known(&self, cell: &Cell) {
        self.looks.fetch_add(1, Ordering::Relaxed);
        if !cell.known.swap(true, Ordering::Relaxed) {
            self.first_looks.over(cell.room().watch.channel);
        }
    }

    async fn look_at_messages(
        &self,
        cell: &Cell,
        wait: Option<Duration>,
        handshake: bool,
    ) -> Result<Looked, Failure> {
        let mut looked = Looked::default();
        loop {
            let (channel, address, version, expected) = {
                let room = cell.room();
                let version = wait.and_then(|_| room.version.clone());
                let watch = &room.watch;
                (
                    watch.channel,
                    watch.address.clone(),
                    version,
                    room.expected(),
                )
            };
            let listing = if wait.is_some() {
                self.client
                    .listing(&address, version.as_deref(), wait)
                    .await?
            } else {
                let _permit = self.permits.acquire().await;
                self.client.listing(&address, None, None).await?
            };
            let Some(listing) = listing else {
                looked.push = true;
                return Ok(looked);
            };
            looked.push = listing.about.push;
            if !self.has(channel, cell) {
                // Requested with facts that are not true any more, perhaps another key: what
                // is here would be read wrongly and deleted for good.
                return Ok(looked);
            }
            let complete = listing.complete;
            let reading = cell.room().read(listing.records, &expected, complete);
            looked.news |= reading.is_news();
            let acknowledged = self.settle(cell, channel, &address, reading).await?;
            cell.room().version = listing.about.version;
            self.look_for_another_key(cell, listing.about.answers, handshake)
                .await?;
            if complete || acknowledged == 0 {
                return Ok(looked);
            }
        }
    }

    /// Hands a reading to the engine and acknowledges what it stored. Returns how many.
    async fn settle(
        &self,
        cell: &Cell,
        channel: ChannelId,
        address: &str,
        reading: super::protocol::Reading,
    ) -> Result<usize, Failure> {
        let outline = reading.outline();
        let mut acknowledge = reading.repeated.clone();
        let stored = if reading.is_news() {
            self.tell(News::Listing {
                channel,
                arrived: reading.arrived,
                gone: reading.gone,
            })
            .await?
            .acknowledge
        } else {
            Vec::new()
        };
        cell.room().settle(&outline, &stored);
        acknowledge.extend(stored);
        let failures: Vec<_> = stream::iter(acknowledge.clone())
            .map(|seq| async move {
                let _permit = self.permits.acquire().await;
                self.client.acknowledge(address, seq).await.err()
            })
            .buffer_unordered(AT_ONCE)
            .filter_map(|failure| async move { failure })
            .collect()
            .await;
        failures
            .into_iter()
            .next()
            .map_or(Ok(acknowledge.len()), Err)
    }

    async fn look_for_another_key(
        &self,
        cell: &Cell,
        answers: Option<u32>,
        asked: bool,
    ) -> Result<(), Failure> {
        let (known, channel) = {
            let room = cell.room();
            (room.answers, room.watch.channel)
        };
        let due = match answers {
            Some(_) => answers != known,
            None => {
                asked
                    || self
                        .health()
                        .handshakes
                        .get(&channel)
                        .is_none_or(|last| last.elapsed() >= HANDSHAKE_EVERY)
            }
        };
        if due {
            self.look_at_handshake(cell, None).await?;
        }
        Ok(())
    }

    async fn look_at_handshake(
        &self,
        cell: &Cell,
        wait: Option<Duration>,
    ) -> Result<Looked, Failure> {
        let (address, channel, known) = {
            let room = cell.room();
            let watch = &room.watch;
            (watch.address.clone(), watch.channel, room.answers)
        };
        let (handshake, about) = if wait.is_some() {
            self.client.handshake(&address, wait).await?
        } else {
            let _permit = self.permits.acquire().await;
            self.client.handshake(&address, None).await?
        };
        self.health().handshakes.insert(channel, Instant::now());
        let news = match handshake {
            Handshake::None => News::NoHandshake { channel },
            Handshake::Key(key) => News::Handshake {
                channel,
                key: key.map(Into::into),
                answers: about.answers,
            },
        };
        let is_news = matches!(news, News::Handshake { .. })
            && (about.answers.is_none() || about.answers != known);
        self.tell(news).await?;
        if about.answers.is_some() {
            cell.room().answers = about.answers;
        }
        Ok(Looked {
            news: is_news,
            push: about.push,
        })
    }

    async fn announce(&self, channel: ChannelId) {
        let cell = self.rooms().get(&channel).cloned();
        let result = match cell {
            Some(cell) => {
                let (address, key) = {
                    let room = cell.room();
                    (room.watch.address.clone(), room.watch.own.secret.public())
                };
                let result = self.try_announce(&address, &key).await;
                self.report(&result).await;
                result
            }
            None => Err(unwatched()),
        };
        // Nobody to tell: the engine is gone, and finds the announcement still to be made.
        let _gone = self.tell(News::Announced { channel, result }).await;
    }

    /// Puts our handshake there unless somebody else's is: the inviter may have pinned it.
    async fn try_announce(
        &self,
        address: &str,
        key: &crate::model::PublicKey,
    ) -> Result<(), Failure> {
        match self.client.handshake(address, None).await?.0 {
            Handshake::Key(Some(there)) if there == *key => Ok(()),
            Handshake::Key(_) => Err(Failure::never(
                "somebody answered this invite already; ask for a new one",
            )),
            Handshake::None => self.client.announce(address, key).await,
        }
    }

    async fn post(&self, post: Post) {
        let cell = self.rooms().get(&post.channel).cloned();
        let result = match &cell {
            Some(cell) => {
                let address = cell.room().watch.address.clone();
                let attempt = self.try_post(&address, &post);
                let result =
                    tokio::time::timeout(ATTEMPT, attempt)
                        .await
                        .unwrap_or_else(|_elapsed| {
                            Err(Failure::later("the relay did not answer in time"))
                        });
                self.report(&result).await;
                result
            }
            None => Err(unwatched()),
        };
        let relayed = result.is_ok();
        let news = News::Posted {
            message: post.message,
            channel: post.channel,
            result,
        };
        if self.tell(news).await.is_err() || !relayed {
            return;
        }
        // Not the cell from before the attempt: it may have been replaced meanwhile.
        let cell = self.rooms().get(&post.channel).cloned();
        if let Some(cell) = cell {
            cell.room().relayed(post.sealed.envelope);
            cell.poke.notify_one();
        }
    }

    async fn try_post(&self, address: &str, post: &Post) -> Result<Accepted, Failure> {
        if post.repeated
            && let Some(seq) = self.find(address, &post.sealed.envelope).await?
        {
            return Ok(Accepted {
                seq: Some(seq),
                answer: format!("{{\"ok\":true,\"seq\":{seq}}}"),
                ..Accepted::default()
            });
        }
        let _permit = self.permits.acquire().await;
        self.client
            .post(address, &post.sealed.payload, &post.sealed.envelope.hex())
            .await
    }

    /// Looks whether an envelope is at the relay already.
    async fn find(&self, address: &str, envelope: &Digest) -> Result<Option<i64>, Failure> {
        let listing = self.client.listing(address, None, None).await?;
        Ok(listing.and_then(|listing| {
            listing
                .records
                .into_iter()
                .find(|record| identify(&record.payload).0 == *envelope)
                .and_then(|record| record.seq)
        }))
    }

    async fn tell(&self, news: News) -> Result<Settled, Failure> {
        let settled = tell(&self.news, news).await;
        settled.ok_or_else(|| Failure::later("the engine is stopping"))
    }

    async fn report<T: Sync>(&self, result: &Result<T, Failure>) {
        let problem = result.as_ref().err().map(|failure| &*failure.problem);
        let push = self
            .health()
            .told
            .as_ref()
            .is_some_and(|(_, _, push)| *push);
        self.tell_health(problem, push && problem.is_none()).await;
    }

    /// Tells the engine how the relay does, when that changed or is a while ago.
    pub(super) async fn tell_health(&self, problem: Option<&str>, push: bool) {
        {
            let mut health = self.health();
            if let Some((at, told, told_push)) = &health.told
                && told.as_deref() == problem
                && *told_push == push
                && at.elapsed() < HEALTH_EVERY
            {
                return;
            }
            health.told = Some((Instant::now(), problem.map(str::to_owned), push));
        }
        let news = News::Relay {
            relay: self.url.clone(),
            problem: problem.map(str::to_owned),
            push,
        };
        // Nobody to tell: the engine is gone.
        let _gone = self.tell(news).await;
    }
}

/// What becomes of an attempt on a channel that is not watched: it was stopped or closed
/// meanwhile, or its relay cannot be used.
fn unwatched() -> Failure {
    Failure::later("the channel is not in use")
}
