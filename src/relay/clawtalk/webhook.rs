//! Delivers messages to the webhooks of their recipients.
//!
//! One delivery at a time for each agent, so that a slow hook holds up nobody else, and a
//! bounded number in all. What is to be delivered was stored with the message and survives a
//! restart; an attempt that failed is repeated, later each time. The message waits in the
//! inbox all the same.
//!
//! Must not: connect to an address that [`target`] did not allow, follow a redirection, or
//! read more of an answer than its status.

mod queue;
mod signature;
mod target;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use self::queue::Queue;
use self::target::{Clients, Forbidden};
use super::directory::Published;
use super::store::{Deliveries, Hook, Reader, Store, uuid};
use crate::relay::Clock;
use crate::relay::server::stopped;

/// Deliveries under way at once.
const MOST_AT_ONCE: usize = 32;

/// Attempts before a delivery is given up.
const ATTEMPTS: u32 = 8;

/// Wait before the second attempt; each further one waits four times as long as the one
/// before, at most [`LONGEST_WAIT`]. All eight take about eight hours.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// The clock of the relay is looked at this often while something is due later.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a delivery needs.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) store: Store,
    pub(super) reader: Reader,
    pub(super) directory: Arc<Published>,
    pub(super) clock: Clock,
    pub(super) allow_private: bool,
}

/// Delivers what is announced until the relay stops.
pub(super) async fn run(
    courier: Courier,
    mut announced: Deliveries,
    mut stopping: watch::Receiver<bool>,
) {
    let clients = Arc::new(Clients::new(courier.allow_private));
    let courier = Arc::new(courier);
    let mut queue = Queue::default();
    let mut under_way = JoinSet::new();
    let mut agents: HashMap<Id, i64> = HashMap::new();
    loop {
        let now = courier.clock.now();
        while under_way.len() < MOST_AT_ONCE
            && let Some(hook) = queue.take(now)
        {
            let attempt = attempt(Arc::clone(&courier), Arc::clone(&clients), hook);
            agents.insert(under_way.spawn(attempt).id(), hook.agent);
        }
        let has_place = under_way.len() < MOST_AT_ONCE;
        let wait = queue.next_due().filter(|_| has_place);
        let wait = wait.map(|due| due.since(now).clamp(Duration::from_millis(1), LOOK_AGAIN));
        tokio::select! {
            hook = announced.recv() => match hook {
                Some(hook) => queue.add(hook),
                None => return,
            },
            Some(ended) = under_way.join_next_with_id() => {
                let (id, again) = match ended {
                    Ok((id, again)) => (id, again),
                    Err(error) => {
                        tracing::error!(%error, "a delivery ended early");
                        (error.id(), None)
                    }
                };
                if let Some(agent) = agents.remove(&id) {
                    queue.release(agent);
                }
                if let Some(hook) = again {
                    queue.add(hook);
                }
            }
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            () = stopped(&mut stopping) => return,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// They have it, or nobody wants it any more, or it may not go there.
    Settled,
    Failed,
}

/// Makes one attempt and writes down its outcome; returns what is to be tried again.
async fn attempt(courier: Arc<Courier>, clients: Arc<Clients>, mut hook: Hook) -> Option<Hook> {
    let outcome = deliver(&courier, &clients, hook).await;
    hook.failures += 1;
    if outcome == Outcome::Settled || hook.failures >= ATTEMPTS {
        tracing::debug!(attempts = hook.failures, ?outcome, "webhook settled");
        let settled = courier
            .store
            .change(move |work| work.settle_hook(hook.copy));
        if settled.await.is_err() {
            tracing::debug!("a delivery will be repeated after the next start");
        }
        return None;
    }
    hook.due = courier.clock.now().after(wait(hook.failures));
    match courier
        .store
        .change(move |work| work.postpone_hook(hook))
        .await
    {
        Ok(false) => None,
        // Where it could not be written down, it is tried again all the same.
        Ok(true) | Err(_) => Some(hook),
    }
}

/// Returns the wait after this many failures.
fn wait(failures: u32) -> Duration {
    let factor = 4_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

async fn deliver(courier: &Courier, clients: &Clients, hook: Hook) -> Outcome {
    let agent = courier.directory.read().agent(hook.agent).cloned();
    let Some((agent, url)) = agent.and_then(|agent| {
        let url = agent.webhook.as_deref()?.parse().ok()?;
        Some((agent, url))
    }) else {
        return Outcome::Settled;
    };
    let (reader, now) = (courier.reader.clone(), courier.clock.now());
    let read = tokio::task::spawn_blocking(move || reader.copy(hook.copy, now));
    let copy = match read.await {
        Ok(Ok(Some(copy))) => copy,
        Ok(Ok(None)) => return Outcome::Settled,
        Ok(Err(_)) | Err(_) => return Outcome::Failed,
    };
    let mut body = Vec::with_capacity(copy.head.len() + 64);
    copy.append(&agent.name, &mut body);
    let client = match clients.to(&url) {
        Ok(Some(client)) => client,
        Ok(None) => {
            tracing::warn!("no webhook can be reached over TLS: no root certificates");
            return Outcome::Failed;
        }
        Err(Forbidden) => {
            tracing::debug!("a webhook leads to a private address");
            return Outcome::Settled;
        }
    };
    let signature = signature::header(&agent.key_hash, now, &body);
    let sent = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("X-Clawtalk-Signature", signature)
        .header("X-Clawtalk-Delivery", uuid(&copy.id))
        .body(body)
        .send()
        .await;
    match sent.map(|answer| answer.status()) {
        Ok(status) if status.is_success() => Outcome::Settled,
        // They say that nobody will ever want it.
        Ok(StatusCode::GONE) => Outcome::Settled,
        Ok(status) => {
            tracing::debug!(status = status.as_u16(), "a webhook refused");
            Outcome::Failed
        }
        Err(error) if target::is_forbidden(&error) => {
            tracing::debug!("a webhook leads to a private address");
            Outcome::Settled
        }
        Err(error) => {
            let error = error.without_url();
            tracing::debug!(%error, "a webhook was not reached");
            Outcome::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_later_each_time_and_end_within_half_a_day() {
        assert_eq!(wait(1), Duration::from_secs(5));
        assert_eq!(wait(2), Duration::from_secs(20));
        assert_eq!(wait(100), LONGEST_WAIT);
        let all: Duration = (1..ATTEMPTS).map(wait).sum();
        assert!(all > Duration::from_secs(4 * 3600) && all < Duration::from_secs(12 * 3600));
    }
}
