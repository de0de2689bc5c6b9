//! Carries out what the engine wants, with a desk for each identity of ours.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::listening::{listen_at, serve};
use super::places;
use super::swarm::{Node, NodeConfig};
use crate::model::{AccountId, ChannelId, Listening, NetworkId, NodeSettings, Reach, Visibility};
use crate::net::{
    Account, Command, Failure, Incoming, Link, Mode, News, Post, Problem, Search, Sighting, Watch,
    tell,
};

/// How long a call that has come to look waits for peers to be reached.
const LOOKING: Duration = Duration::from_secs(8);
/// How long such a call then waits for what they send.
const LINGERING: Duration = Duration::from_millis(1500);
/// How long one attempt to send may take. Less than what the engine waits before it makes the next
/// one: two at once would be two messages to a real gateway.
const POSTING: Duration = Duration::from_secs(80);
/// How long a node may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Runs the network until the engine drops its side of the link.
pub(super) async fn run(mut link: Link) {
    let mut worker = Worker {
        news: link.news.clone(),
        mode: link.mode,
        logins: BTreeMap::new(),
        waiting: BTreeMap::new(),
        watches: HashMap::new(),
        tasks: JoinSet::new(),
    };
    while let Some(command) = link.commands.recv().await {
        while worker.tasks.try_join_next().is_some() {}
        worker.carry_out(command).await;
    }
    let ends = worker.logins.into_values().map(Login::end);
    futures_util::future::join_all(ends).await;
}

struct Worker {
    news: mpsc::Sender<Incoming>,
    mode: Mode,
    logins: BTreeMap<AccountId, Login>,
    /// Identities of an engine that lives for one call: their node starts when it is needed.
    waiting: BTreeMap<AccountId, Account>,
    watches: HashMap<ChannelId, Watch>,
    /// All of them end with the worker.
    tasks: JoinSet<()>,
}

/// An identity at work.
struct Login {
    desk: Arc<Desk>,
    /// What its node was started with.
    started: Started,
    tasks: Vec<JoinHandle<()>>,
}

/// What needs another node where it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Started {
    key: [u8; 32],
    listen: Option<SocketAddr>,
    relays: Vec<String>,
    bootstrap: Vec<String>,
    relay_server: bool,
    hidden: bool,
}

impl Started {
    fn of(account: &Account, key: [u8; 32]) -> Self {
        let NodeSettings {
            relays,
            bootstrap,
            relay_server,
            visibility,
            ..
        } = account.node.clone().unwrap_or_default();
        Self {
            key,
            listen: account.listen,
            relays,
            bootstrap,
            relay_server,
            hidden: visibility != Visibility::Public,
        }
    }

    fn config(&self, account: &Account) -> NodeConfig {
        let all = |list: &[String]| list.iter().flat_map(|one| places::parse(one)).collect();
        NodeConfig {
            seed: Zeroizing::new(*account.own.secret.expose()),
            listen: self.listen.map(listen_at),
            relays: all(&self.relays),
            bootstrap: all(&self.bootstrap),
            relay_server: self.relay_server,
            hidden: self.hidden,
        }
    }
}

impl Login {
    /// Ends the sessions, then the node: what was written before still leaves.
    async fn end(self) {
        self.desk.close();
        let closed = async {
            while !self.desk.sessions().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(GOODBYE, closed).await.is_err() {
            tracing::debug!("a session did not end in time");
        }
        for task in &self.tasks {
            task.abort();
        }
        if timeout(GOODBYE, self.desk.node.stop()).await.is_err() {
            tracing::debug!("a node did not end in time");
        }
    }
}

impl Worker {
    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Watch(watch) => {
                if let Some(login) = watch.account.and_then(|id| self.logins.get(&id)) {
                    login.desk.watch(&watch);
                    let (desk, channel) = (Arc::clone(&login.desk), watch.channel);
                    self.tasks
                        .spawn(async move { desk.present_peer(channel).await });
                }
                self.watches.insert(watch.channel, *watch);
            }
            Command::Unwatch(channel) => {
                let watch = self.watches.remove(&channel);
                let login = watch
                    .and_then(|watch| watch.account)
                    .and_then(|id| self.logins.get(&id));
                if let Some(login) = login {
                    login.desk.unwatch(channel);
                }
            }
            // Nobody is asked for contact here: whoever connects has asked.
            Command::Announce(channel) => {
                let result = Ok(());
                self.begin(async move { News::Announced { channel, result } });
            }
            Command::Post(post) => self.post(*post).await,
            Command::Sync(done) => self.sync(done).await,
            Command::Login(account) => match self.mode {
                Mode::Continuous => self.log_in(*account).await,
                Mode::OnDemand => {
                    self.waiting.insert(account.id, *account);
                }
            },
            Command::Logout(account) => {
                self.waiting.remove(&account);
                self.log_out(account).await;
            }
            // Identities are made here, and no relay has to know them.
            Command::Enrol(_) => {}
            Command::Seek(search) => self.seek(search).await,
        }
    }

    async fn log_in(&mut self, account: Account) {
        let id = account.id;
        let Some(us) = Desk::us_of(&account) else {
            // All of it was checked when the identity was made.
            tracing::error!("an identity on ClawChat cannot be used");
            self.log_out(id).await;
            return;
        };
        let started = Started::of(&account, us.node_key);
        if let Some(login) = self.logins.get(&id)
            && login.started == started
        {
            login.desk.set(&account);
            return;
        }
        // Its port has to be free before the next one listens there.
        if let Some(before) = self.logins.remove(&id) {
            before.end().await;
        }
        let (node, events) = match Node::start(started.config(&account)).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::error!(%error, "a ClawChat node cannot start");
                let problem = Some(error.to_string());
                let at = account.listen.map(|at| Listening {
                    network: NetworkId::ClawChat,
                    at: at.to_string(),
                    exposed: false,
                    problem,
                    account: Some(id),
                    addresses: Vec::new(),
                    reach: Reach::Unknown,
                });
                self.tell_listening(id, at);
                return;
            }
        };
        let desk = Arc::new(Desk::new(&account, us, node, self.news.clone()));
        for watch in self.watches.values() {
            if watch.account == Some(id) {
                desk.watch(watch);
            }
        }
        let mut tasks = vec![tokio::spawn(serve(
            Arc::clone(&desk),
            events,
            account.listen,
        ))];
        if self.mode == Mode::Continuous {
            tasks.push(tokio::spawn(Arc::clone(&desk).keep_connected()));
        }
        self.logins.insert(
            id,
            Login {
                desk,
                started,
                tasks,
            },
        );
    }

    async fn log_out(&mut self, id: AccountId) {
        if let Some(login) = self.logins.remove(&id) {
            login.end().await;
            self.tell_listening(id, None);
        }
    }

    fn tell_listening(&mut self, id: AccountId, at: Option<Listening>) {
        self.begin(async move {
            News::Listening {
                network: NetworkId::ClawChat,
                account: Some(id),
                at,
            }
        });
    }

    /// Returns the desk of an identity, whose node is started where it does not run yet.
    async fn desk(&mut self, id: AccountId) -> Option<Arc<Desk>> {
        if let Some(account) = self.waiting.remove(&id) {
            self.log_in(account).await;
        }
        Some(Arc::clone(&self.logins.get(&id)?.desk))
    }

    async fn desk_of(&mut self, channel: ChannelId) -> Option<Arc<Desk>> {
        let account = self.watches.get(&channel)?.account?;
        self.desk(account).await
    }

    async fn post(&mut self, post: Post) {
        let desk = self.desk_of(post.channel).await;
        self.begin(async move {
            let result = match desk {
                Some(desk) => timeout(POSTING, desk.post(&post))
                    .await
                    .unwrap_or_else(|_elapsed| {
                        Err(Failure::later("they could not be reached in time"))
                    }),
                // It was stopped or closed meanwhile.
                None => Err(Failure::later(
                    "the channel is not in use, or its identity does not run",
                )),
            };
            News::Posted {
                message: post.message,
                channel: post.channel,
                result,
            }
        });
    }

    async fn sync(&mut self, done: oneshot::Sender<Vec<Problem>>) {
        for id in self.waiting.keys().copied().collect::<Vec<_>>() {
            let used = |watch: &Watch| watch.account == Some(id) && watch.pinned.is_some();
            if self.watches.values().any(used) {
                self.desk(id).await;
            }
        }
        let desks: Vec<_> = self
            .logins
            .values()
            .map(|login| Arc::clone(&login.desk))
            .collect();
        let brief = self.mode == Mode::OnDemand;
        self.tasks.spawn(async move {
            // Whoever is not there now has nothing for us that they would not send later.
            let looks = desks.iter().map(|desk| timeout(LOOKING, desk.look()));
            futures_util::future::join_all(looks).await;
            if brief && !desks.is_empty() {
                // Whoever had something for us sends it when they see that we are there.
                tokio::time::sleep(LINGERING).await;
            }
            // Nobody waits any more: the caller went away.
            let _unheard = done.send(Vec::new());
        });
    }

    async fn seek(&mut self, search: Search) {
        let desk = match search.account {
            Some(id) => self.desk(id).await,
            None => None,
        };
        self.tasks.spawn(async move {
            let Some(desk) = desk else {
                let nobody = Sighting {
                    url: String::new(),
                    result: Err("no identity of yours asks there".to_owned()),
                };
                // Nobody listens any more.
                let _unheard = search.found.send(nobody).await;
                return;
            };
            desk.seek(&search).await;
        });
    }

    /// Runs something whose end the engine waits for.
    fn begin(&mut self, end: impl Future<Output = News> + Send + 'static) {
        let news = self.news.clone();
        self.tasks.spawn(async move {
            let end = end.await;
            tell(&news, end).await;
        });
    }
}
