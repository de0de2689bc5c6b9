//! Carries out what the engine wants, and lets the server ask it. Requests to others run beside
//! each other: nobody waits for somebody who is slow.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use crate::model::{ChannelId, Listening, NetworkId, Reach};
use crate::net::{
    Accepted, Account, Command, Failure, Incoming, Link, News, Post, Search, Settled, Sighting,
    Watch, now, tell,
};
use crate::wire::mesh::{Answer, Identity};

use super::client;
use super::mdns;
use super::protocol::{Node, Step};
use super::server::{self, Answering, Asked};

/// Addresses that a scan asks at once.
const AT_ONCE: usize = 64;
/// Messages and requests of ours under way at once.
const SENDING: usize = 64;
/// Until listening is tried again where the address was taken.
const LISTEN_AGAIN: Duration = Duration::from_secs(10);

/// Runs the network until the engine drops its side of the link.
pub(super) async fn run(mut link: Link) {
    let mut worker = Worker {
        news: link.news.clone(),
        login: None,
        watches: HashMap::new(),
        sending: Arc::new(Semaphore::new(SENDING)),
        tasks: JoinSet::new(),
    };
    while let Some(command) = link.commands.recv().await {
        while worker.tasks.try_join_next().is_some() {}
        worker.carry_out(command);
    }
}

struct Worker {
    news: mpsc::Sender<Incoming>,
    login: Option<Login>,
    watches: HashMap<ChannelId, Watch>,
    sending: Arc<Semaphore>,
    /// All of them end with the worker.
    tasks: JoinSet<()>,
}

/// The account that we are, and the task that listens for others.
struct Login {
    account: Arc<Account>,
    node: Arc<RwLock<Node>>,
    listening: Option<JoinHandle<()>>,
}

impl Drop for Login {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

impl Worker {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Watch(watch) => {
                if let Some(login) = &self.login {
                    write(&login.node).watch(&watch);
                }
                self.watches.insert(watch.channel, *watch);
            }
            Command::Unwatch(channel) => {
                if let Some(login) = &self.login {
                    write(&login.node).unwatch(channel);
                }
                self.watches.remove(&channel);
            }
            Command::Announce(channel) => self.announce(channel),
            Command::Post(post) => self.post(*post),
            // Whoever has something for us sends it: there is nothing to look at.
            Command::Sync(done) => drop(done.send(Vec::new())),
            Command::Login(account) => self.log_in(*account),
            // Who is reached there is asked, and nobody has to know us before.
            Command::Enrol(_) => {}
            Command::Logout(_) => {
                self.login = None;
                self.report(News::Listening {
                    network: NetworkId::Mesh,
                    account: None,
                    at: None,
                });
            }
            Command::Seek(search) => {
                self.tasks.spawn(seek(search));
            }
        }
    }

    fn log_in(&mut self, account: Account) {
        let Some(mut node) = Node::new(&account) else {
            // Ids are checked when an account is made.
            tracing::error!("an account of the mesh has an id that is none");
            self.login = None;
            return;
        };
        for watch in self.watches.values() {
            node.watch(watch);
        }
        if let Some(login) = &mut self.login
            && login.account.listen == account.listen
            && !(login.account.announced || account.announced)
        {
            // Nobody who asks just now finds the door shut.
            *write(&login.node) = node;
            login.account = Arc::new(account);
            return;
        }
        let before = self.login.take().and_then(|mut login| {
            let listening = login.listening.take()?;
            listening.abort();
            Some(listening)
        });
        let node = Arc::new(RwLock::new(node));
        let listening = account.listen.map(|listen| {
            let desk = Desk {
                node: Arc::clone(&node),
                news: self.news.clone(),
            };
            let listen = Listen {
                at: listen,
                announced: account.announced,
            };
            tokio::spawn(listen.keep(Arc::new(desk), before))
        });
        if listening.is_none() {
            self.report(News::Listening {
                network: NetworkId::Mesh,
                account: None,
                at: None,
            });
        }
        self.login = Some(Login {
            account: Arc::new(account),
            node,
            listening,
        });
    }

    fn announce(&mut self, channel: ChannelId) {
        let prepared = self.prepare(channel, |login, watch| {
            let request = watch.request.as_ref()?;
            let signed = read(&login.node).introduce(&login.account, request, now())?;
            Some((watch.relay.clone(), signed))
        });
        let sending = Arc::clone(&self.sending);
        self.begin(async move {
            let result = match prepared {
                Ok((relay, (id, signed))) => {
                    let _permit = sending.acquire_owned().await;
                    client::ask(&relay, &id, signed).await
                }
                Err(failure) => Err(failure),
            };
            News::Announced { channel, result }
        });
    }

    fn post(&mut self, post: Post) {
        let (message, channel) = (post.message, post.channel);
        let prepared = self.prepare(channel, |login, watch| {
            let to = watch.address.clone();
            Some((
                Arc::clone(&login.account),
                Arc::clone(&login.node),
                watch.relay.clone(),
                to,
            ))
        });
        let sending = Arc::clone(&self.sending);
        self.begin(async move {
            let result = match prepared {
                Ok((account, node, relay, to)) => {
                    let _permit = sending.acquire_owned().await;
                    deliver(&account, &node, (&relay, &to), &post).await
                }
                Err(failure) => Err(failure),
            };
            News::Posted {
                message,
                channel,
                result,
            }
        });
    }

    /// Finds what something on a channel needs.
    fn prepare<T>(
        &self,
        channel: ChannelId,
        find: impl FnOnce(&Login, &Watch) -> Option<T>,
    ) -> Result<T, Failure> {
        let login = self.login.as_ref();
        let login =
            login.ok_or_else(|| Failure::later("there is no identity on this network yet"))?;
        let watch = self.watches.get(&channel);
        // It was stopped or closed meanwhile.
        let watch = watch.ok_or_else(|| Failure::later("the channel is not in use"))?;
        find(login, watch).ok_or_else(|| Failure::never("the channel is none of this network"))
    }

    /// Runs something whose end the engine waits for.
    fn begin(&mut self, end: impl Future<Output = News> + Send + 'static) {
        let news = self.news.clone();
        self.tasks.spawn(async move {
            let end = end.await;
            tell(&news, end).await;
        });
    }

    fn report(&mut self, news: News) {
        self.begin(std::future::ready(news));
    }
}

/// Signs a message now and sends it.
async fn deliver(
    account: &Account,
    node: &RwLock<Node>,
    (relay, to): (&str, &str),
    post: &Post,
) -> Result<Accepted, Failure> {
    let message = (&*post.sealed.payload, &post.body);
    let (ours, signed) = {
        let node = read(node);
        (node.us().clone(), node.direct(account, to, message, now()))
    };
    let (id, signed) =
        signed.ok_or_else(|| Failure::never("the message is none of this network"))?;
    client::tell(relay, (&id, &ours), signed).await
}

/// Where others reach us.
#[derive(Clone, Copy, Debug)]
struct Listen {
    at: SocketAddr,
    announced: bool,
}

impl Listen {
    /// Listens until the task is dropped; where the address is taken, tries again. `before` is
    /// the task that listened until now, and was told to end.
    async fn keep(self, desk: Arc<Desk>, before: Option<JoinHandle<()>>) {
        if let Some(before) = before {
            // It holds the address until it has ended.
            let _ended = before.await;
        }
        let mut told = false;
        let listener = loop {
            match TcpListener::bind(self.at).await {
                Ok(listener) => break listener,
                Err(error) => {
                    if !told {
                        let problem = problem(&error);
                        desk.tell(listening(self.at, Some(problem))).await;
                    }
                    told = true;
                    tokio::time::sleep(LISTEN_AGAIN).await;
                }
            }
        };
        let at = listener.local_addr().unwrap_or(self.at);
        desk.tell(listening(at, None)).await;
        let _announced = self.announce(&desk, at);
        server::serve(listener, desk).await;
    }

    /// Tells the local network, if a person wants that and anybody there could reach us.
    fn announce(self, desk: &Desk, at: SocketAddr) -> Option<mdns::Announced> {
        if !self.announced || at.ip().is_loopback() {
            return None;
        }
        let identity: Identity = read(&desk.node).identity().clone();
        match mdns::announce(&identity, at) {
            Ok(announced) => Some(announced),
            Err(error) => {
                tracing::warn!(%error, "the local network cannot be told that we are there");
                None
            }
        }
    }
}

fn listening(at: SocketAddr, problem: Option<String>) -> News {
    News::Listening {
        network: NetworkId::Mesh,
        account: None,
        at: Some(Listening {
            network: NetworkId::Mesh,
            at: at.to_string(),
            exposed: !at.ip().is_loopback(),
            problem,
            account: None,
            addresses: Vec::new(),
            reach: Reach::Unknown,
        }),
    }
}

fn problem(error: &std::io::Error) -> String {
    let kind = error.kind();
    if kind == ErrorKind::AddrInUse {
        "another program listens there".to_owned()
    } else if kind == ErrorKind::AddrNotAvailable {
        "this computer does not have that address".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "the system does not allow to listen there".to_owned()
    } else {
        kind.to_string()
    }
}

/// Answers what others ask, and asks the engine where that is its to say.
struct Desk {
    node: Arc<RwLock<Node>>,
    news: mpsc::Sender<Incoming>,
}

impl Desk {
    /// Tells the engine, and returns what it says once that is durable.
    async fn tell(&self, news: News) -> Option<Settled> {
        tell(&self.news, news).await
    }
}

impl Answering for Desk {
    fn answer_head(&self, method: &str, path: &str) -> Option<Answer> {
        read(&self.node).receive_head(method, path)
    }

    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let step = read(&self.node).receive(&asked.method, &asked.path, &asked.body, now());
            match step {
                Step::Answer(answer) => answer,
                Step::Ask(news, then) => {
                    let settled = self.tell(*news).await;
                    then.answer(settled.as_ref(), now())
                }
            }
        })
    }
}

/// Looks for others, until nobody listens any more.
async fn seek(search: Search) {
    let Search {
        addresses, found, ..
    } = search;
    let addresses = if addresses.is_empty() {
        match tokio::task::spawn_blocking(mdns::browse).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the local network cannot be asked");
                Vec::new()
            }
            Err(_stopped) => Vec::new(),
        }
    } else {
        addresses
    };
    let sightings = stream::iter(addresses).map(|url| async move {
        let result = client::discover(&url).await;
        Sighting { url, result }
    });
    let mut sightings = std::pin::pin!(sightings.buffer_unordered(AT_ONCE));
    loop {
        let next = tokio::select! {
            next = sightings.next() => next,
            () = found.closed() => None,
        };
        let Some(sighting) = next else {
            return;
        };
        if found.send(sighting).await.is_err() {
            return;
        }
    }
}

fn read(node: &RwLock<Node>) -> RwLockReadGuard<'_, Node> {
    node.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(node: &RwLock<Node>) -> RwLockWriteGuard<'_, Node> {
    node.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
