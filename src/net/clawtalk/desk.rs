//! All that one login of ours does at its relay: look at the inbox and the directory, and post.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{Notify, mpsc};

use std::sync::Arc;

use crate::model::{ChannelId, Content, Digest, PeerText, Routing, UnixMillis};
use crate::net::{
    Accepted, Account, Arrived, Failure, Incoming, News, Post, Problem, Settled, Sighting, Watch,
    now, tell,
};
use crate::wire::clawtalk::{
    AgentName, ApiKey, Audit, Direction, EnvelopeId, JsText, PeerKeys, encode_payload, encode_time,
};
use crate::wire::mailbox::RelayUrl;

use super::client::{Client, Refusal, Why};
use super::pages::Inbox as Page;
use super::protocol::{Inbox, Listing, Shown, Sorted, Unreachable};
use super::rate::Rate;
use super::{seal, with_recipients};

/// Between looks while something goes on.
const BUSY: Duration = Duration::from_secs(2);
/// Between looks at an inbox that rests.
const QUIET: Duration = Duration::from_secs(15);
/// How long after something happened the looks stay close together.
const LIVELY: Duration = Duration::from_secs(60);
/// How old the directory may be before it is asked for again. The relay's own may be half a
/// minute old.
const DIRECTORY_AGE: Duration = Duration::from_secs(60);
/// The same where somebody is missing in it.
const MISSING_AGE: Duration = Duration::from_secs(30);
/// Longest time before a message is posted: to look who is there, and to wait for its turn. The
/// engine takes it for lost later than that and the post together.
const LONGEST_TURN: Duration = Duration::from_secs(45);
/// Longest time that a look may take which somebody waits for.
const LOOK: Duration = Duration::from_secs(60);
/// Messages deleted at once.
const AT_ONCE: usize = 8;
/// How often the engine is told that a relay still does as it did.
const HEALTH_EVERY: Duration = Duration::from_secs(60);

/// One login of ours at its relay.
#[derive(Debug)]
pub(super) struct Desk {
    account: Account,
    us: AgentName,
    client: Client,
    inbox: Mutex<Inbox>,
    rate: Mutex<Rate>,
    news: mpsc::Sender<Incoming>,
    /// One look at a time: two would hand the same messages over twice.
    looking: tokio::sync::Mutex<()>,
    /// That something happened after which there may be news soon.
    stirred: Notify,
    /// Messages of strangers that the engine knows of, until a person decides something.
    told: Mutex<HashSet<EnvelopeId>>,
    audited: AtomicBool,
    /// Whether the relay shows no keys of ours, and does not take them.
    keyless: AtomicBool,
    health: Mutex<Option<(Instant, Option<String>)>>,
}

impl Desk {
    /// Prepares to serve a login; an error says in words why it cannot be used.
    pub(super) fn new(account: Account, news: mpsc::Sender<Incoming>) -> Result<Self, String> {
        let relay = RelayUrl::parse(&account.endpoint).map_err(|error| error.to_string())?;
        let us = AgentName::parse(&account.address).map_err(|error| error.to_string())?;
        let token = account.token.as_ref();
        let key = token
            .and_then(|token| ApiKey::parse(token))
            .ok_or("there is no API key")?;
        let client = Client::new(&relay, key).map_err(|refusal| refusal.failure.problem)?;
        let inbox = Inbox::new(&account).ok_or("the name is none of this network")?;
        Ok(Self {
            us,
            client,
            inbox: Mutex::new(inbox),
            rate: Mutex::default(),
            news,
            looking: tokio::sync::Mutex::default(),
            stirred: Notify::new(),
            told: Mutex::default(),
            audited: AtomicBool::new(account.audited),
            keyless: AtomicBool::new(false),
            health: Mutex::default(),
            account,
        })
    }

    /// Tells whether it serves this login as it is now.
    pub(super) fn serves(&self, account: &Account) -> bool {
        self.account.address == account.address
            && self.account.endpoint == account.endpoint
            && self.account.token.as_ref().map(|token| token.as_str())
                == account.token.as_ref().map(|token| token.as_str())
    }

    /// Says whether the relay gets a readable copy of every message.
    pub(super) fn set_audited(&self, audited: bool) {
        self.audited.store(audited, Ordering::Relaxed);
    }

    pub(super) fn watch(&self, watch: &Watch) {
        lock(&self.inbox).watch(watch);
        self.decided();
    }

    pub(super) fn unwatch(&self, channel: ChannelId) {
        lock(&self.inbox).unwatch(channel);
        self.decided();
    }

    /// Notes that a person may have decided about somebody whose messages wait.
    fn decided(&self) {
        lock(&self.told).clear();
        self.stirred.notify_one();
    }

    /// Looks at the inbox again and again, until the task is dropped.
    pub(super) async fn keep_looking(self: Arc<Self>) {
        let mut lively = Instant::now();
        loop {
            match self.look(DIRECTORY_AGE).await {
                Ok(true) => lively = Instant::now(),
                Ok(false) => {}
                Err(refusal) => {
                    if let Some(wait) = refusal.wait {
                        tokio::time::sleep(wait.min(LOOK)).await;
                    }
                }
            }
            let pause = if lively.elapsed() < LIVELY {
                BUSY
            } else {
                QUIET
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stirred.notified() => lively = Instant::now(),
            }
        }
    }

    /// Looks once; returns what is wrong with the relay, if something is.
    pub(super) async fn look_in_time(&self) -> Option<Problem> {
        let problem = match tokio::time::timeout(LOOK, self.look(Duration::ZERO)).await {
            Ok(Ok(_)) => return None,
            Ok(Err(refusal)) => refusal.failure.problem,
            Err(_elapsed) => "the relay did not answer in time".to_owned(),
        };
        Some(Problem {
            relay: self.account.endpoint.clone(),
            problem,
        })
    }

    /// Looks at the directory where the one at hand is older than this, and at the inbox. Returns
    /// whether there was anything new.
    async fn look(&self, age: Duration) -> Result<bool, Refusal> {
        let _one = self.looking.lock().await;
        let looked = self.look_around(age).await;
        let problem = match &looked {
            Ok(_) => self.misrepresented(),
            Err(refusal) => Some(&*refusal.failure.problem),
        };
        self.tell_health(problem).await;
        looked
    }

    async fn look_around(&self, age: Duration) -> Result<bool, Refusal> {
        self.refresh(age).await?;
        let mut brought = false;
        let mut from = None;
        loop {
            let page = self.client.inbox_from(from).await?;
            let Page {
                messages,
                complete,
                read_to,
            } = page;
            let mut sorted = lock(&self.inbox).sort(&messages, now());
            if sorted.wants_directory && self.refresh(MISSING_AGE).await? {
                sorted = lock(&self.inbox).sort(&messages, now());
            }
            let deleted = self.hand_over(sorted).await?;
            brought |= deleted > 0;
            // What is stored makes room for the rest, and what has to wait is passed by.
            let stuck = deleted == 0 && read_to <= from;
            if complete || stuck {
                return Ok(brought);
            }
            if deleted == 0 {
                from = read_to;
            }
        }
    }

    /// Asks for the directory if the one at hand is older than this. Returns whether it asked.
    async fn refresh(&self, age: Duration) -> Result<bool, Refusal> {
        let at = lock(&self.inbox).directory_at();
        let now = now();
        if at.is_some_and(|at| at <= now && now.since(at) < age) {
            return Ok(false);
        }
        self.ask_directory().await?;
        Ok(true)
    }

    async fn ask_directory(&self) -> Result<(), Refusal> {
        let entries = self.client.agents().await?;
        let news = lock(&self.inbox).take_directory(entries, now());
        for news in news {
            // Where the engine is gone there is nothing more to do.
            let _gone = self.tell(news).await;
        }
        let shown = lock(&self.inbox).shown();
        if shown == Some(Shown::WithoutKeys) {
            let uploaded = self.client.upload_keys(&self.us, &self.keys()).await;
            self.keyless.store(uploaded.is_err(), Ordering::Relaxed);
        }
        Ok(())
    }

    fn keys(&self) -> PeerKeys {
        let own = &self.account.own;
        seal::public_keys(&own.secret, own.signing.as_deref())
    }

    /// Says in words what is wrong with how the relay shows us.
    fn misrepresented(&self) -> Option<&'static str> {
        match lock(&self.inbox).shown()? {
            Shown::AsWeAre => None,
            Shown::WithoutKeys => self
                .keyless
                .load(Ordering::Relaxed)
                .then_some("the relay does not take your keys, so nobody can seal for you"),
            Shown::WithOtherKeys => Some(
                "the relay shows other keys than yours under your name: what others seal for you \
                 you cannot read, and somebody else may",
            ),
            Shown::NotAtAll => Some("the relay does not list you any more"),
        }
    }

    /// Asks who is there, for a person to look at.
    pub(super) async fn directory(&self) -> Vec<Sighting> {
        match self.ask_directory().await {
            Ok(()) => lock(&self.inbox).sightings(),
            Err(refusal) => vec![Sighting {
                url: self.account.endpoint.clone(),
                result: Err(refusal.failure.problem),
            }],
        }
    }

    /// Tells the engine what is there, and deletes what it stored or a person refused. Returns
    /// how much was deleted.
    async fn hand_over(&self, sorted: Sorted) -> Result<usize, Refusal> {
        let mut done = Vec::new();
        for listing in sorted.listings {
            done.extend(self.hand_listing(listing).await);
        }
        for (stranger, id) in sorted.strangers {
            if lock(&self.told).contains(&id) {
                continue;
            }
            let Some(settled) = self.tell(News::Stranger(Box::new(stranger))).await else {
                continue;
            };
            if settled.discard {
                done.push(id);
            } else {
                lock(&self.told).insert(id);
            }
        }
        let count = done.len();
        let mut deleted = stream::iter(done)
            .map(|id| async move { self.client.delete(&id).await })
            .buffer_unordered(AT_ONCE);
        while let Some(result) = deleted.next().await {
            result?;
        }
        Ok(count)
    }

    async fn hand_listing(&self, listing: Listing) -> Vec<EnvelopeId> {
        let Listing {
            channel,
            arrived,
            ids,
        } = listing;
        let copies = self.copies(channel, &arrived);
        let news = News::Listing {
            channel,
            arrived,
            gone: Vec::new(),
        };
        let Some(Settled { stored, .. }) = self.tell(news).await else {
            return Vec::new();
        };
        for (envelope, copy) in copies {
            if stored.contains(&envelope) {
                self.audit(&copy).await;
            }
        }
        ids.into_iter()
            .filter(|(envelope, _)| stored.contains(envelope))
            .map(|(_, id)| id)
            .collect()
    }

    /// Posts an envelope, if it would reach whom it is for. The copy is for [`Self::audit`], once
    /// it is durable here that the message left.
    pub(super) async fn post(&self, post: &Post) -> (Result<Accepted, Failure>, Option<Copy>) {
        match self.try_post(post).await {
            Ok((accepted, copy)) => (Ok(accepted), copy),
            Err(failure) => (Err(failure), None),
        }
    }

    async fn try_post(&self, post: &Post) -> Result<(Accepted, Option<Copy>), Failure> {
        let to = lock(&self.inbox).name_of(post.channel);
        let to = to.ok_or_else(|| Failure::later("the channel is not in use"))?;
        let ready = async {
            self.see_that_it_arrives(&to).await?;
            self.wait_for_a_turn().await
        };
        let in_time = tokio::time::timeout(LONGEST_TURN, ready).await;
        in_time.map_err(|_elapsed| {
            Failure::later("the relay takes long to answer, or ten messages in ten seconds")
        })??;
        let key = post.sealed.envelope.hex();
        let taken = self.client.post(&post.sealed.payload, &key).await;
        self.count(&taken);
        self.stirred.notify_one();
        let posted = taken?.posted;
        let remote_id = posted.id.as_ref().map(|id| id.as_str().to_owned());
        // Made here: what the relay says beside this nobody has looked at.
        let answer = serde_json::json!({
            "ok": true,
            "id": remote_id,
            "ts": posted.at.map(encode_time),
        });
        let copy = posted.id.map(|id| Copy {
            id,
            direction: Direction::Sent,
            other: to,
            payload: payload_of(post),
            routing: post.routing.clone().unwrap_or_default(),
            at: posted.at.unwrap_or_else(now),
        });
        let accepted = Accepted {
            remote_id,
            answer: answer.to_string(),
            ..Accepted::default()
        };
        Ok((accepted, copy))
    }

    /// Counts a post that was answered.
    fn count<T>(&self, taken: &Result<T, Refusal>) {
        let mut rate = lock(&self.rate);
        rate.answered(Instant::now());
        if let Err(refusal) = taken
            && refusal.why == Why::RateLimited
        {
            rate.refused(Instant::now(), refusal.wait);
        }
    }

    /// Looks into the directory: a relay says that it took what is for nobody, and drops it.
    async fn see_that_it_arrives(&self, to: &AgentName) -> Result<(), Failure> {
        self.refresh(DIRECTORY_AGE).await?;
        let can = |desk: &Self| lock(&desk.inbox).can_reach(to.as_str());
        let mut reach = can(self);
        if reach.is_err() && self.refresh(MISSING_AGE).await? {
            reach = can(self);
        }
        reach.map_err(|why: Unreachable| Failure::later(&why.to_string()))
    }

    async fn wait_for_a_turn(&self) -> Result<(), Failure> {
        loop {
            let turn = lock(&self.rate).begin(Instant::now());
            let Err(wait) = turn else {
                return Ok(());
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn tell(&self, news: News) -> Option<Settled> {
        tell(&self.news, news).await
    }

    /// Tells the engine how the relay does, when that changed or is a while ago.
    async fn tell_health(&self, problem: Option<&str>) {
        {
            let mut health = lock(&self.health);
            if let Some((at, told)) = &*health
                && told.as_deref() == problem
                && at.elapsed() < HEALTH_EVERY
            {
                return;
            }
            *health = Some((Instant::now(), problem.map(str::to_owned)));
        }
        let news = News::Relay {
            relay: self.account.endpoint.clone(),
            problem: problem.map(str::to_owned),
            push: false,
        };
        let _gone = self.tell(news).await;
    }

    /// Prepares readable copies of what arrived, where a person wants the relay to have them.
    fn copies(&self, channel: ChannelId, arrived: &[Arrived]) -> Vec<(Digest, Copy)> {
        if !self.audited.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let Some(from) = lock(&self.inbox).name_of(channel) else {
            return Vec::new();
        };
        let copy = |arrived: &Arrived| {
            let routing = arrived.routing.clone()?;
            let Content::Text(body) = &arrived.content else {
                return None;
            };
            let copy = Copy {
                id: EnvelopeId::parse(routing.remote_id.as_deref()?)?,
                direction: Direction::Received,
                other: from.clone(),
                payload: encode_payload(body),
                routing,
                at: now(),
            };
            Some((arrived.envelope, copy))
        };
        arrived.iter().filter_map(copy).collect()
    }

    /// Gives the relay a readable copy, where a person wants that. It is no loss if that fails.
    pub(super) async fn audit(&self, copy: &Copy) {
        if !self.audited.load(Ordering::Relaxed) {
            return;
        }
        let label = |text: &Option<PeerText>| {
            text.as_ref()
                .map(|text| JsText::from(text.expose_untrusted()))
        };
        let (from, to) = match copy.direction {
            Direction::Sent => (&self.us, &copy.other),
            Direction::Received => (&copy.other, &self.us),
        };
        let (topic, correlation) = (label(&copy.routing.topic), label(&copy.routing.correlation));
        let audit = Audit {
            id: &copy.id,
            direction: copy.direction,
            from,
            to,
            topic: topic.as_ref(),
            correlation: correlation.as_ref(),
            payload: &copy.payload,
            at: copy.at,
        };
        if let Err(refusal) = self.client.audit(&audit).await {
            tracing::warn!(problem = %refusal.failure.problem, "the relay's log was not written");
        }
    }
}

/// Returns what is in an envelope of ours.
fn payload_of(post: &Post) -> String {
    match &post.routing {
        Some(routing) => encode_payload(&with_recipients(&post.body, &routing.audience)),
        None => encode_payload(&post.body),
    }
}

/// A readable copy of a message for the log of a relay.
#[derive(Debug)]
pub(super) struct Copy {
    id: EnvelopeId,
    direction: Direction,
    /// Who is at the other end.
    other: AgentName,
    payload: String,
    routing: Routing,
    at: UnixMillis,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
