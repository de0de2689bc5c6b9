//! Wakes the assistant: runs a person's command when something was released to it.
//!
//! No shell, and nothing of a peer's in an argument: those may end up in a process list, a log
//! or a prompt. The peer's words go to the command's standard input alone, as JSON under keys
//! that begin with `unsafe_`.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::json;

use crate::api::{ChannelRef, Error, Event, Reply};
use crate::child;
use crate::model::{
    Actor, Author, Body, Channel, ChannelId, ChannelState, Message, MessageId, Passage, UnixMillis,
};
use crate::store::{self, accounts, log, messages};
use crate::text;

use super::check::given;
use super::core::{Core, Internal};
use super::reading::keyed;

/// How long a command may run.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Between two runs for one channel; what is released meanwhile is told with the next.
const BETWEEN: Duration = Duration::from_secs(10);
/// Failures that the status shows.
const REMEMBERED: usize = 5;
/// Cells of a channel's name in an argument.
const LONGEST_NAME: usize = 64;
/// Arguments of a command at most, and bytes of one.
const MOST_ARGUMENTS: usize = 32;
const LONGEST_ARGUMENT: usize = 4096;
/// Messages that begin with one of these wake at once; the words are those of the `ClawChat`
/// reference.
const URGENT: [&str; 3] = ["URGENT:", "ALERT:", "CRITICAL:"];

/// What is known of wakes so far.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    channels: HashMap<ChannelId, Waking>,
    /// Commands that run now.
    pub(super) running: usize,
    problems: VecDeque<String>,
}

#[derive(Debug, Default)]
struct Waking {
    last: Option<UnixMillis>,
    /// Released since the last run.
    waiting: Vec<MessageId>,
    /// A run is due by itself.
    scheduled: bool,
}

/// A message that the command is told of.
struct Told {
    id: MessageId,
    passage: Option<Passage>,
    /// What the assistant gets; `None` for what cannot be read.
    body: Option<Body>,
}

impl Told {
    fn of(message: Message) -> Self {
        Self {
            id: message.id,
            passage: message.passage,
            body: given(message.content, message.other),
        }
    }
}

impl Wakes {
    /// Returns what failed lately, newest first.
    pub(super) fn problems(&self) -> Vec<String> {
        self.problems.iter().cloned().collect()
    }
}

impl Core {
    pub(super) fn set_wake(
        &mut self,
        reference: &ChannelRef,
        command: &[String],
    ) -> Result<Reply, Error> {
        let channel = self.find(reference)?.channel;
        if command.len() > MOST_ARGUMENTS
            || command.iter().any(|part| part.len() > LONGEST_ARGUMENT)
        {
            return Err(Error::BadRequest(format!(
                "a command has at most {MOST_ARGUMENTS} parts of {LONGEST_ARGUMENT} bytes"
            )));
        }
        if command.first().is_some_and(String::is_empty) {
            return Err(Error::BadRequest("the command has no program".to_owned()));
        }
        let now = self.now();
        let tx = self.store.write()?;
        store::channels::set_wake(&tx, channel.id, command)?;
        let entry = log::NewEntry::plain(now, Actor::Human, "wake_set", Some(channel.id));
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Channels);
        Ok(Reply::Done)
    }

    /// Runs the command of a channel because these messages were released, now or as soon as
    /// the last run is long enough ago.
    pub(super) fn wake(&mut self, id: ChannelId, released: &[MessageId]) {
        let Ok(keyed) = keyed(&self.store, id) else {
            return;
        };
        if keyed.channel.wake.is_empty() || !self.may_wake(&keyed.channel) {
            return;
        }
        let waking = self.wakes.channels.entry(id).or_default();
        waking.waiting.extend_from_slice(released);
        self.wake_now_or_later(&keyed.channel);
    }

    /// Tells whether the login of ours that a channel belongs to lets anything wake the assistant.
    fn may_wake(&self, channel: &Channel) -> bool {
        let account = channel
            .account
            .and_then(|id| accounts::by_id(&self.store, id).ok().flatten());
        account
            .and_then(|account| account.node)
            .is_none_or(|node| node.wake)
    }

    fn wake_now_or_later(&mut self, channel: &Channel) {
        let now = self.now();
        let stays = self.is_paused() || channel.paused || channel.state != ChannelState::Active;
        let Some(waking) = self.wakes.channels.get_mut(&channel.id) else {
            return;
        };
        if stays || waking.waiting.is_empty() {
            return;
        }
        let wait = waking.last.map_or(Duration::ZERO, |last| {
            BETWEEN.saturating_sub(now.since(last))
        });
        if !wait.is_zero() {
            if !std::mem::replace(&mut waking.scheduled, true) {
                self.later(wait, Internal::WakeAgain(channel.id));
            }
            return;
        }
        waking.last = Some(now);
        let waiting = std::mem::take(&mut waking.waiting);
        self.run_command(channel, &waiting);
    }

    pub(super) fn wake_again(&mut self, id: ChannelId) {
        if let Some(waking) = self.wakes.channels.get_mut(&id) {
            waking.scheduled = false;
        }
        if let Ok(keyed) = self.find(&ChannelRef::Id(id)) {
            self.wake_now_or_later(&keyed.channel);
        }
    }

    /// Wakes for everything that was released while it could not be handed over.
    pub(super) fn wake_after_pause(&mut self) {
        for id in self.wakes.channels.keys().copied().collect::<Vec<_>>() {
            self.wake_again(id);
        }
    }

    fn run_command(&mut self, channel: &Channel, released: &[MessageId]) {
        let messages: Vec<Told> = released
            .iter()
            .filter_map(|id| messages::by_id(&self.store, *id).ok().flatten())
            .filter(|message| message.author == Author::Peer && message.handed_over.is_none())
            .map(Told::of)
            .collect();
        let Some((program, arguments)) = channel.wake.split_first() else {
            return;
        };
        if messages.is_empty() {
            return;
        }
        let line = line_for(channel, messages.len());
        let mode = mode_for(&messages);
        let program = program.clone();
        let arguments: Vec<_> = arguments
            .iter()
            .map(|part| part.replace("{text}", &line).replace("{mode}", mode))
            .collect();
        let input = input_for(channel, mode, &messages);
        let internal = self.internal.clone();
        let id = channel.id;
        self.wakes.running += 1;
        tokio::spawn(async move {
            let run = child::run(&program, &arguments, &input);
            let result = tokio::time::timeout(TIME_LIMIT, run).await;
            let result = result.unwrap_or_else(|_elapsed| {
                Err(format!("it ran longer than {} s", TIME_LIMIT.as_secs()))
            });
            // The engine stopped meanwhile, and nobody asks for its status.
            let _stopped = internal.send(Internal::Woken {
                channel: id,
                result,
            });
        });
    }

    pub(super) fn woken(&mut self, id: ChannelId, result: Result<(), String>) {
        self.wakes.running = self.wakes.running.saturating_sub(1);
        let Err(problem) = result else {
            return;
        };
        tracing::warn!(channel = id.0, %problem, "a command to wake the assistant failed");
        let problem = format!("channel {id}: the wake command failed: {problem}");
        self.wakes.problems.push_front(problem);
        self.wakes.problems.truncate(REMEMBERED);
        self.tell(Event::Status);
    }
}

/// Returns one neutral line: a count and our own name for the channel, made safe.
fn line_for(channel: &Channel, count: usize) -> String {
    let name = text::sanitise_line(&channel.name, LONGEST_NAME).plain();
    let messages = if count == 1 { "message" } else { "messages" };
    format!("{count} new {messages} in the channel \"{name}\"; run `chaperon check`")
}

fn mode_for(messages: &[Told]) -> &'static str {
    let urgent = |message: &Told| {
        message.body.as_ref().is_some_and(|body| {
            URGENT
                .iter()
                .any(|word| body.body.expose_untrusted().starts_with(word))
        })
    };
    if messages.iter().any(urgent) {
        "now"
    } else {
        "next-heartbeat"
    }
}

fn input_for(channel: &Channel, mode: &str, messages: &[Told]) -> Vec<u8> {
    let messages: Vec<_> = messages
        .iter()
        .filter_map(|message| {
            let body = message.body.as_ref()?;
            Some(json!({
                "id": message.id,
                "released": message.passage.map(Passage::words),
                "unsafe_subject": body.subject,
                "unsafe_body": body.body,
            }))
        })
        .collect();
    let input = json!({
        "untrusted": true,
        "channel_id": channel.address,
        "name": channel.name,
        "mode": mode,
        "messages": messages,
    });
    input.to_string().into_bytes()
}
