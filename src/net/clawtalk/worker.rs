//! Carries out what the engine wants, one desk for each login. Nothing is deleted from a relay
//! before the engine has stored it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::model::{AccountId, ChannelId};
use crate::net::{
    Account, Command, Failure, Incoming, Link, Mode, News, Post, Problem, Search, Sighting, Watch,
    tell,
};

use super::desk::Desk;
use super::enrol::enrol;

/// Runs the network until the engine drops its side of the link.
pub(super) async fn run(mut link: Link) {
    let mut worker = Worker {
        news: link.news.clone(),
        mode: link.mode,
        logins: BTreeMap::new(),
        watches: HashMap::new(),
        tasks: JoinSet::new(),
    };
    while let Some(command) = link.commands.recv().await {
        while worker.tasks.try_join_next().is_some() {}
        worker.carry_out(command);
    }
}

struct Worker {
    news: mpsc::Sender<Incoming>,
    mode: Mode,
    logins: BTreeMap<AccountId, Login>,
    watches: HashMap<ChannelId, Watch>,
    /// All of them end with the worker.
    tasks: JoinSet<()>,
}

/// A login, and the task that looks at its inbox.
struct Login {
    desk: Arc<Desk>,
    looking: Option<JoinHandle<()>>,
}

impl Drop for Login {
    fn drop(&mut self) {
        if let Some(looking) = &self.looking {
            looking.abort();
        }
    }
}

impl Worker {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Watch(watch) => {
                if let Some(login) = watch.account.and_then(|id| self.logins.get(&id)) {
                    login.desk.watch(&watch);
                }
                self.watches.insert(watch.channel, *watch);
            }
            Command::Unwatch(channel) => {
                if let Some(login) = self.login_of(channel) {
                    login.desk.unwatch(channel);
                }
                self.watches.remove(&channel);
            }
            // Nobody is asked for contact here.
            Command::Announce(channel) => {
                let result = Ok(());
                self.report(News::Announced { channel, result });
            }
            Command::Post(post) => self.post(*post),
            Command::Sync(done) => self.sync(done),
            Command::Login(account) => self.log_in(*account),
            Command::Logout(account) => drop(self.logins.remove(&account)),
            Command::Enrol(enrolment) => {
                self.tasks.spawn(enrol(*enrolment));
            }
            Command::Seek(search) => self.seek(search),
        }
    }

    fn login_of(&self, channel: ChannelId) -> Option<&Login> {
        let account = self.watches.get(&channel)?.account?;
        self.logins.get(&account)
    }

    fn log_in(&mut self, account: Account) {
        let id = account.id;
        if let Some(login) = self.logins.get(&id)
            && login.desk.serves(&account)
        {
            login.desk.set_audited(account.audited);
            return;
        }
        let desk = match Desk::new(account, self.news.clone()) {
            Ok(desk) => Arc::new(desk),
            Err(problem) => {
                // All of it was checked when the login was made.
                tracing::error!(%problem, "a login on a ClawTalk relay cannot be used");
                self.logins.remove(&id);
                return;
            }
        };
        for watch in self.watches.values() {
            if watch.account == Some(id) {
                desk.watch(watch);
            }
        }
        let looking =
            (self.mode == Mode::Continuous).then(|| tokio::spawn(Arc::clone(&desk).keep_looking()));
        self.logins.insert(id, Login { desk, looking });
    }

    fn post(&mut self, post: Post) {
        let (message, channel) = (post.message, post.channel);
        let desk = self.login_of(channel).map(|login| Arc::clone(&login.desk));
        let news = self.news.clone();
        self.tasks.spawn(async move {
            let (result, copy) = match &desk {
                Some(desk) => desk.post(&post).await,
                // It was stopped or closed meanwhile.
                None => (Err(Failure::later("the channel is not in use")), None),
            };
            let posted = News::Posted {
                message,
                channel,
                result,
            };
            let durable = tell(&news, posted).await.is_some();
            if let (Some(desk), Some(copy), true) = (desk, copy, durable) {
                desk.audit(&copy).await;
            }
        });
    }

    fn sync(&mut self, done: oneshot::Sender<Vec<Problem>>) {
        let desks: Vec<_> = self
            .logins
            .values()
            .map(|login| Arc::clone(&login.desk))
            .collect();
        self.tasks.spawn(async move {
            let looks = desks.iter().map(|desk| desk.look_in_time());
            let problems = futures_util::future::join_all(looks).await;
            // Nobody waits any more: the caller went away.
            let _unheard = done.send(problems.into_iter().flatten().collect());
        });
    }

    fn seek(&mut self, search: Search) {
        let Search { account, found, .. } = search;
        let desk = account
            .and_then(|account| self.logins.get(&account))
            .map(|login| Arc::clone(&login.desk));
        self.tasks.spawn(async move {
            let sightings = match desk {
                Some(desk) => desk.directory().await,
                None => vec![Sighting {
                    url: String::new(),
                    result: Err("no login of yours asks there".to_owned()),
                }],
            };
            for sighting in sightings {
                if found.send(sighting).await.is_err() {
                    return;
                }
            }
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

    fn report(&mut self, news: News) {
        self.begin(std::future::ready(news));
    }
}
