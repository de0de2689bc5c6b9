//! The engine's state and its loop.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};

use crate::api::{Call, ChannelRef, Desk, Error, Event, RelayState, Reply, Request};
use crate::model::{
    AccountId, Audience, ChannelId, FirstLook, Listening, MessageId, NetworkId, Occasion, Presence,
    UnixMillis, Work,
};
use crate::net::{Command, Enrolled, FirstLooks, Incoming, Link, Mode, Network, Problem, Sighting};
use crate::profile::{Config, Profile};
use crate::store::{self, Store, settings};

use super::Clock;
use super::accounts::Meeting;
use super::check::PendingCheck;
use super::clawchat_dir::Found;
use super::find::Finder;
use super::logins::{Adding, NewLogin};
use super::outbound::Sender;
use super::vault::{Door, Tried};
use super::wake::Wakes;

/// News that may wait for the engine before the networks have to wait.
const NEWS_BACKLOG: usize = 256;
/// News settled in one transaction at most.
const NEWS_AT_ONCE: usize = 256;
/// Between looks at what time does, when nothing is due.
const IDLE: Duration = Duration::from_secs(600);
/// How long a stopping engine waits for what it began.
const GOODBYE: Duration = Duration::from_secs(5);

/// Where an answer goes.
pub(super) type Answer = oneshot::Sender<Result<Reply, Error>>;

/// What the engine tells itself when something that it waited for has happened.
#[derive(Debug)]
pub(super) enum Internal {
    /// All channels were looked at.
    Synced { check: u64, problems: Vec<Problem> },
    /// It is time to try an announcement again.
    AnnounceAgain(ChannelId),
    /// A passphrase was tried.
    Tried(Tried),
    /// It is time to wake the assistant again.
    WakeAgain(ChannelId),
    /// A look for others ended.
    Sought {
        of: (NetworkId, Option<AccountId>),
        found: Vec<Sighting>,
        answer: Answer,
    },
    /// A relay said whether it knows us.
    Enrolled {
        login: Box<NewLogin>,
        result: Result<Enrolled, String>,
        answer: Answer,
    },
    /// A relay said who is there, one of whom is to be added.
    Listed {
        adding: Adding,
        found: Vec<Sighting>,
        answer: Answer,
    },
    /// It is known who is at the address of somebody who is to be asked for contact.
    Met {
        meeting: Meeting,
        sighting: Sighting,
        answer: Answer,
    },
    /// The data directory of another program was read.
    GatewayRead {
        found: Result<Box<Found>, Error>,
        answer: Answer,
    },
    /// A command to wake the assistant ended.
    Woken {
        channel: ChannelId,
        result: Result<(), String>,
    },
}

/// The receiving ends of what reaches the engine beside calls.
#[derive(Debug)]
pub(super) struct Inbox {
    news: mpsc::Receiver<Incoming>,
    internal: mpsc::UnboundedReceiver<Internal>,
}

/// A network and the way to it.
pub(super) struct Port {
    pub(super) network: &'static dyn Network,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

/// Everything the engine knows.
pub(super) struct Core {
    pub(super) store: Store,
    pub(super) profile: Profile,
    pub(super) mode: Mode,
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) ports: BTreeMap<NetworkId, Port>,
    pub(super) internal: mpsc::UnboundedSender<Internal>,
    pub(super) paused: Option<UnixMillis>,
    /// Channels with an envelope on its way to the relay.
    pub(super) in_flight: HashMap<ChannelId, MessageId>,
    /// Callers that wait for the first attempt to end.
    pub(super) senders: HashMap<MessageId, Sender>,
    /// Callers that wait for our handshake to be on the relay.
    pub(super) accepting: HashMap<ChannelId, Answer>,
    /// Channels whose handshake is on its way to the relay.
    pub(super) announcing: HashSet<ChannelId>,
    /// Failed attempts to put our handshake there.
    pub(super) announce_failures: HashMap<ChannelId, u32>,
    pub(super) checks: HashMap<u64, PendingCheck>,
    pub(super) next_check: u64,
    /// Messages returned to a caller that has not said yet that it has them.
    pub(super) leases: HashMap<MessageId, UnixMillis>,
    pub(super) relays: BTreeMap<String, RelayState>,
    /// Where networks are to listen as long as this engine runs, whatever the settings say.
    pub(super) listens_at: BTreeMap<NetworkId, SocketAddr>,
    /// Where networks listen for others.
    pub(super) listening: BTreeMap<(NetworkId, Option<AccountId>), Listening>,
    /// Whether peers are there, as relays said.
    pub(super) presences: HashMap<ChannelId, Presence>,
    /// When the relay was last asked for an answer to an invite.
    pub(super) checked_at: HashMap<ChannelId, UnixMillis>,
    /// Whether the networks watch every channel that is in use, rather than those needed so far.
    pub(super) watches_all: bool,
    /// Whether what is due leaves now. An engine that lives for one call sends only if the call
    /// is about that: listing channels must not wait for a dead relay.
    pub(super) sends: bool,
    pub(super) door: Door,
    pub(super) wakes: Wakes,
    /// What a person was told of, or saw, since the engine began.
    pub(super) told: HashSet<Occasion>,
    /// When they were last told of a channel, or of what is about none.
    pub(super) told_at: HashMap<Option<ChannelId>, UnixMillis>,
    pub(super) finder: Finder,
    /// When it was last looked whether channels are over by their rules.
    pub(super) ends_looked_at: Option<UnixMillis>,
    news: mpsc::Sender<Incoming>,
    /// Where it is said how far long work is.
    pub(super) work: Arc<Work>,
    /// Where networks say how far their first look at the channels is.
    pub(super) first_looks: Arc<FirstLooks>,
    events: broadcast::Sender<Event>,
    roles: Arc<AtomicU64>,
    stopping: bool,
}

impl Core {
    pub(super) fn new(
        profile: Profile,
        config: Config,
        store: Store,
        mode: Mode,
        clock: Clock,
        desk: &Desk,
    ) -> (Self, Inbox) {
        let (news, news_inbox) = mpsc::channel(NEWS_BACKLOG);
        let (internal, internal_inbox) = mpsc::unbounded_channel();
        let core = Self {
            store,
            profile,
            mode,
            config,
            clock,
            ports: BTreeMap::new(),
            internal,
            paused: None,
            in_flight: HashMap::new(),
            senders: HashMap::new(),
            accepting: HashMap::new(),
            announcing: HashSet::new(),
            announce_failures: HashMap::new(),
            checks: HashMap::new(),
            next_check: 0,
            leases: HashMap::new(),
            relays: BTreeMap::new(),
            listens_at: BTreeMap::new(),
            listening: BTreeMap::new(),
            presences: HashMap::new(),
            checked_at: HashMap::new(),
            watches_all: false,
            sends: mode == Mode::Continuous,
            door: Door::new(),
            wakes: Wakes::default(),
            told: HashSet::new(),
            told_at: HashMap::new(),
            finder: Finder::default(),
            ends_looked_at: None,
            news,
            work: Arc::clone(&desk.work),
            first_looks: Arc::default(),
            events: desk.events.clone(),
            roles: Arc::clone(&desk.roles),
            stopping: false,
        };
        let inbox = Inbox {
            news: news_inbox,
            internal: internal_inbox,
        };
        (core, inbox)
    }

    /// Starts a network. Must be called within a tokio runtime.
    pub(super) fn connect(&mut self, network: &'static dyn Network) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let link = Link {
            commands: inbox,
            news: self.news.clone(),
            mode: self.mode,
            first_looks: Arc::clone(&self.first_looks),
        };
        // It ends when `commands` is dropped with the core.
        tokio::spawn(network.start(link));
        self.ports.insert(network.id(), Port { network, commands });
    }

    /// Serves until it is told to stop or nobody can ask any more.
    pub(super) async fn run(mut self, mut desk: Desk, mut inbox: Inbox) {
        if let Err(error) = self.begin() {
            tracing::error!(%error, "the engine cannot begin");
            return;
        }
        loop {
            let sleep = self
                .keep_time()
                .min(self.send_due())
                .min(self.until_indexing());
            // Only now is it known what is on its way, and so who has to wait for it.
            self.answer_stuck_senders();
            self.finish_checks();
            tokio::select! {
                call = desk.calls.recv() => match call {
                    Some(call) => self.answer(call),
                    None => break,
                },
                Some(first) = inbox.news.recv() => self.take_news(first, &mut inbox),
                Some(internal) = inbox.internal.recv() => self.take_internal(internal),
                () = tokio::time::sleep(sleep) => self.index_in_the_background(),
            }
            if self.stopping {
                break;
            }
        }
        self.finish(&mut inbox).await;
        self.tell(Event::Closing);
    }

    /// Ends what is over by its time; returns how long nothing else will be.
    fn keep_time(&mut self) -> Duration {
        let ended = self.end_channels();
        match ended.and_then(|()| self.expire_drafts()) {
            Ok(wait) => wait.unwrap_or(IDLE),
            Err(error) => {
                tracing::error!(%error, "what is over cannot be ended");
                Duration::from_secs(10)
            }
        }
    }

    fn begin(&mut self) -> Result<(), store::Error> {
        self.paused = settings::get(&self.store, settings::PAUSED_SINCE)?
            .and_then(|since| since.parse().ok())
            .map(UnixMillis);
        let now = self.now();
        let tx = self.store.write()?;
        if store::outbox::resume(&tx, now)? {
            tx.commit()?;
        } else {
            drop(tx);
        }
        self.log_in()?;
        if self.mode == Mode::Continuous {
            self.watch_all()?;
        }
        Ok(())
    }

    /// Lets attempts end that were begun, so that most stops leave nothing to be looked up.
    async fn finish(&mut self, inbox: &mut Inbox) {
        let until = tokio::time::Instant::now() + GOODBYE;
        while self.is_sending() || self.wakes.running > 0 {
            tokio::select! {
                Some(first) = inbox.news.recv() => self.take_news(first, inbox),
                Some(internal) = inbox.internal.recv() => self.take_internal(internal),
                () = tokio::time::sleep_until(until) => return,
            }
        }
    }

    fn take_news(&mut self, first: Incoming, inbox: &mut Inbox) {
        let mut batch = vec![first];
        while batch.len() < NEWS_AT_ONCE {
            let Ok(next) = inbox.news.try_recv() else {
                break;
            };
            batch.push(next);
        }
        self.settle_news(batch);
    }

    fn take_internal(&mut self, internal: Internal) {
        match internal {
            Internal::Synced { check, problems } => self.synced(check, problems),
            Internal::Tried(tried) => self.tried(tried),
            Internal::AnnounceAgain(channel) => {
                if let Ok(keyed) = self.find(&ChannelRef::Id(channel)) {
                    self.announce(&keyed);
                }
            }
            Internal::Sought { of, found, answer } => self.sought(of, found, answer),
            Internal::Enrolled {
                login,
                result,
                answer,
            } => self.enrolled(login, result, answer),
            Internal::Listed {
                adding,
                found,
                answer,
            } => self.listed(&adding, found, answer),
            Internal::Met {
                meeting,
                sighting,
                answer,
            } => self.met(meeting, sighting, answer),
            Internal::GatewayRead { found, answer } => self.gateway_read(found, answer),
            Internal::WakeAgain(channel) => self.wake_again(channel),
            Internal::Woken { channel, result } => self.woken(channel, result),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`carry_out` names every request"
    )]
    fn answer(&mut self, call: Call) {
        if call.role < call.request.needs() {
            // The caller may have gone away; then nobody misses the answer.
            let _gone = call.reply.send(Err(Error::NotAllowed));
            return;
        }
        match call.request {
            Request::Check { accept_requests } => self.check(accept_requests, call.reply),
            Request::Send {
                channel,
                subject,
                body,
                author,
                now,
                thread,
            } => {
                let text = super::outbound::Text {
                    subject,
                    body,
                    author,
                    thread,
                    audience: Audience::One,
                };
                self.send(&channel, text, now, call.reply);
            }
            Request::Accept { url, preset, name } => {
                self.accept(&url, preset.as_deref(), name, call.reply);
            }
            Request::Accounts(request) => self.account_request(request, call.reply),
            Request::Unlock { passphrase } => self.unlock(passphrase, call.reply),
            Request::SetPassphrase { new } => self.set_passphrase(new, call.reply),
            Request::ChangePassphrase { current, new } => {
                self.change_passphrase(current, new, call.reply);
            }
            Request::RemovePassphrase { current } => self.remove_passphrase(current, call.reply),
            Request::Sync => {
                let answer = self.sync_unheard(call.role);
                let _gone = call.reply.send(answer);
            }
            Request::Shutdown => {
                self.stopping = true;
                let _gone = call.reply.send(Ok(Reply::Done));
            }
            request => {
                let answer = self.carry_out(request);
                let answer = answer.map(|reply| reply.as_seen_by(call.role));
                let _gone = call.reply.send(answer);
            }
        }
    }

    /// Carries out what can be answered at once.
    #[expect(clippy::too_many_lines, reason = "one arm for each request")]
    fn carry_out(&mut self, request: Request) -> Result<Reply, Error> {
        match request {
            Request::Status => self.status(),
            Request::Channels => self.channels(),
            Request::Channel { channel } => self.channel(&channel),
            Request::NeedsYou => self.needs_you(),
            Request::Review { item } => self.review(item),
            decide @ Request::Decide { .. } => self.decide(decide),
            Request::DraftState { message } => self.draft_state(message),
            Request::SafetyCode { channel } => self.safety_code(&channel),
            Request::Verify {
                channel,
                word,
                seen,
            } => self.verify(&channel, &word, &seen),
            Request::CodeDiffers { channel, seen } => self.code_differs(&channel, &seen),
            Request::Engagement { channel, proposal } => self.engagement(&channel, &proposal),
            Request::SetEngagement {
                channel,
                proposal,
                seen,
                widen,
            } => self.set_engagement(&channel, &proposal, &seen, widen),
            Request::End { channel, author } => self.end(&channel, author),
            Request::Digest => self.digest(),
            request @ (Request::DigestRead { .. }
            | Request::Mute { .. }
            | Request::Snooze { .. }
            | Request::Looked
            | Request::CatchUp { .. }
            | Request::Overview { .. }
            | Request::Claim { .. }) => self.attend(request),
            Request::SetWake { channel, command } => self.set_wake(&channel, &command),
            Request::Transcript {
                channel,
                before,
                limit,
                topic,
            } => self.transcript(channel, before, limit, topic.as_ref()),
            Request::Topics { channel } => self.topics(channel),
            Request::SendToSeveral {
                channels,
                body,
                thread,
            } => self.send_to_several(&channels, &body, &thread),
            request @ (Request::Around { .. }
            | Request::Search { .. }
            | Request::SearchIndex { .. }
            | Request::SavedSearches
            | Request::SaveSearch { .. }
            | Request::ForgetSearch { .. }
            | Request::Note { .. }
            | Request::SetNote { .. }) => self.look(request),
            Request::MarkRead { channel, up_to } => self.mark_read(channel, up_to),
            Request::ShowInvite { channel } => self.show_invite(&channel),
            Request::CancelInvite { channel } => self.cancel_invite(&channel),
            Request::HandedOver { messages } => self.handed_over(&messages),
            Request::Letters(asked) => self.letters(&asked),
            Request::TakeBack { message } => self.take_back(message),
            Request::Retry { message } => self.retry(message),
            Request::SaveDraft { channel, text } => self.save_draft(channel, &text),
            Request::Draft { channel } => self.draft(channel),
            Request::Instructions {
                channel,
                text,
                preset,
                widen,
            } => self.instructions(&channel, text, preset.as_deref(), widen),
            Request::Presets => self.presets(),
            Request::Rename { channel, name } => self.rename(&channel, &name),
            Request::Pause { channel } => self.pause(channel.as_ref(), true),
            Request::Resume { channel } => self.pause(channel.as_ref(), false),
            Request::Log { limit, before } => self.log(limit, before),
            Request::VerifyLog => self.verify_log(),
            Request::RedactLog { number } => self.redact_log(number),
            Request::ImportClawbuddy { from } => self.import_clawbuddy(&from),
            Request::ExportClawbuddy { to } => self.export_clawbuddy(&to),
            Request::Work => {
                let looks = self.first_looks.state();
                Ok(Reply::Work(looks.and_then(FirstLook::progress)))
            }
            Request::StopWork => Ok(self.put_looks_off()),
            Request::Storage => self.storage(),
            Request::ReloadSettings => self.reload_settings(),
            invite @ Request::Invite { .. } => self.invite(invite),
            Request::Check { .. }
            | Request::Send { .. }
            | Request::Accept { .. }
            | Request::Accounts(_)
            | Request::Unlock { .. }
            | Request::SetPassphrase { .. }
            | Request::ChangePassphrase { .. }
            | Request::RemovePassphrase { .. }
            | Request::Sync
            | Request::Shutdown => Err(Error::BadRequest("answered elsewhere".to_owned())),
        }
    }

    pub(super) fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody listens: then nobody has anything old on screen either.
        let _unheard = self.events.send(event);
    }

    pub(super) fn command(&self, network: NetworkId, command: Command) {
        if let Some(port) = self.ports.get(&network)
            && port.commands.send(command).is_err()
        {
            tracing::error!(network = network.as_str(), "a network stopped by itself");
        }
    }

    /// Tells whether anything is on its way to a relay.
    pub(super) fn is_sending(&self) -> bool {
        !self.in_flight.is_empty() || !self.announcing.is_empty()
    }

    /// Takes the supervisor role from every connection that has it.
    pub(super) fn revoke_roles(&self) {
        self.roles.fetch_add(1, Ordering::SeqCst);
    }

    /// Tells whether everything is paused.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }
}

impl From<store::Error> for Error {
    /// Tells the caller in words, and the log in full.
    fn from(error: store::Error) -> Self {
        if matches!(error, store::Error::Stopped) {
            return Self::Stopped;
        }
        tracing::error!(%error, source = ?std::error::Error::source(&error), "the store failed");
        Self::Storage(error.to_string())
    }
}
