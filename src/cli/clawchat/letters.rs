//! `send`, `recv`, `inbox` and `outbox`: what passes between the assistant and its peers.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{CLAWCHAT, accepted, all, bad, identity, is_called, json, no_identity};
use crate::api::{AskLetters, ChannelRef, Handle, Letters, Reply, Request, Thread};
use crate::cli::Error;
use crate::cli::output::{Output, Pretty};
use crate::model::{AccountId, Author, Channel, ChannelId, OwnAccount, PeerText, UnixMillis};

/// Between looks whether something is new. An assistant is not told of it: the moment at which
/// something is held would tell more than it may know.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

/// What `recv` is to wait for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Only what came after this: milliseconds since 1970.
    pub(super) since: Option<i64>,
    /// Seconds to wait at most.
    pub(super) timeout: Option<u32>,
}

pub(super) async fn send(
    (to, text): (&str, String),
    by: Option<&str>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let channel = recipient(to, by, handle).await?;
    let request = Request::Send {
        channel: ChannelRef::Id(channel.id),
        subject: PeerText::default(),
        body: PeerText::new(text),
        author: Author::Assistant,
        now: true,
        thread: Thread::default(),
    };
    let Reply::Sent(outcome) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&json::sent(&outcome, &channel), style)
}

/// Finds who is meant among the peers of an identity. Where none is named, that is the first one
/// that knows them.
async fn recipient(to: &str, by: Option<&str>, handle: &Handle) -> Result<Channel, Error> {
    let accounts = match by {
        Some(by) => vec![identity(handle, Some(by)).await?],
        None => all(handle).await?,
    };
    if accounts.is_empty() {
        return Err(no_identity());
    }
    let peers = accepted(handle).await?;
    for account in &accounts {
        let mut meant = peers
            .iter()
            .filter(|channel| channel.account == Some(account.id) && is_called(channel, to));
        match (meant.next(), meant.next()) {
            (Some(only), None) => return Ok(only.clone()),
            (Some(_), Some(_)) => {
                return Err(bad(
                    "several peers are called that; name one by its principal",
                ));
            }
            (None, _) => {}
        }
    }
    Err(bad(format!(
        "no peer is called {to}; `chaperon clawchat peers add` adds somebody"
    )))
}

pub(super) async fn recv(
    wanted: Wanted,
    by: Option<&str>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let account = identity(handle, by).await?;
    let since = wanted.since.map(UnixMillis);
    if let Some(seconds) = wanted.timeout {
        let until = Instant::now() + Duration::from_secs(seconds.into());
        // Without a moment to go by, only what nobody was given yet is new.
        let new = asked(account.id, since.or(Some(UnixMillis(i64::MAX))));
        while Instant::now() < until && letters(handle, new).await?.letters.is_empty() {
            sleep(LOOK_AGAIN.min(until.saturating_duration_since(Instant::now()))).await;
        }
    }
    let take = AskLetters {
        take: true,
        ..asked(account.id, since)
    };
    print_received(take, &account, style, handle, out).await
}

pub(super) async fn inbox(
    by: Option<&str>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let account = identity(handle, by).await?;
    let take = AskLetters {
        take: true,
        ..asked(account.id, None)
    };
    print_received(take, &account, style, handle, out).await
}

async fn print_received(
    take: AskLetters,
    account: &OwnAccount,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let received = letters(handle, take).await?;
    let channels = channels(handle).await?;
    let shown = received.letters.iter().filter_map(|letter| {
        let channel = channels.get(&letter.channel)?;
        Some(json::received(letter, channel, &account.address))
    });
    let shown: Vec<_> = shown.collect();
    if received.more {
        out.warning("there is more than one answer holds; ask again with --since");
    }
    out.json(&Value::Array(shown), style)
}

pub(super) async fn outbox(
    by: Option<&str>,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let account = identity(handle, by).await?;
    let sent = written(account.id, handle).await?;
    let channels = channels(handle).await?;
    let shown = sent.letters.iter().filter_map(|letter| {
        let channel = channels.get(&letter.channel)?;
        Some(json::written(letter, channel, &account.address))
    });
    out.json(&Value::Array(shown.collect()), style)
}

/// Counts what an identity's inbox holds, and what of its outbox has not left.
pub(super) async fn counts(account: AccountId, handle: &Handle) -> Result<(usize, usize), Error> {
    let inbox = letters(handle, asked(account, None)).await?;
    let sent = written(account, handle).await?;
    let pending = sent.letters.iter().filter(|one| json::is_pending(one));
    Ok((inbox.letters.len(), pending.count()))
}

/// Returns what the assistant wrote as an identity.
async fn written(account: AccountId, handle: &Handle) -> Result<Letters, Error> {
    let sent = AskLetters {
        sent: true,
        ..asked(account, None)
    };
    letters(handle, sent).await
}

fn asked(account: AccountId, since: Option<UnixMillis>) -> AskLetters {
    AskLetters {
        network: CLAWCHAT,
        account: Some(account),
        sent: false,
        since,
        take: false,
    }
}

async fn letters(handle: &Handle, asked: AskLetters) -> Result<Letters, Error> {
    let Reply::Letters(letters) = handle.ask(Request::Letters(asked)).await? else {
        return Err(Error::Unexpected);
    };
    Ok(letters)
}

/// Returns the channels of all times: a letter may belong to one that was closed since.
async fn channels(handle: &Handle) -> Result<HashMap<ChannelId, Channel>, Error> {
    let all = crate::cli::channels::ask(handle).await?;
    Ok(all
        .into_iter()
        .map(|channel| (channel.id, channel))
        .collect())
}
