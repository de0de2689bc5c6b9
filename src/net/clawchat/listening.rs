//! What happens to the node of an identity: who comes, and where we are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::desk::Desk;
use super::swarm::{Event, Listen, Multiaddr, Protocol, Reachability};
use crate::model::{AccountId, Listening, NetworkId, Reach};
use crate::net::News;

/// Until listening is tried again where the address was taken: at first soon, because the one who
/// listened there before may be about to go.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);
/// Until it is tried again in the long run.
const LISTEN_AT_LEAST: Duration = Duration::from_secs(10);
/// Addresses of ours that are told at most.
const MOST_TOLD: usize = 16;

/// Returns where an identity is to listen.
pub(super) fn listen_at(at: SocketAddr) -> Listen {
    Listen {
        ip: at.ip(),
        tcp: at.port(),
        ws: if at.port() == 0 { 0 } else { at.port() + 1 },
    }
}

/// What is known of where an identity listens.
struct Place {
    account: AccountId,
    at: SocketAddr,
    addresses: Vec<Multiaddr>,
    reach: Reach,
    problem: Option<String>,
    relay_problem: Option<String>,
}

impl Place {
    fn news(&self) -> News {
        News::Listening {
            network: NetworkId::ClawChat,
            account: Some(self.account),
            at: Some(Listening {
                network: NetworkId::ClawChat,
                at: self.at.to_string(),
                exposed: !self.at.ip().is_loopback(),
                problem: self.problem.clone().or_else(|| self.relay_problem.clone()),
                account: Some(self.account),
                addresses: self
                    .addresses
                    .iter()
                    .take(MOST_TOLD)
                    .map(ToString::to_string)
                    .collect(),
                reach: self.reach,
            }),
        }
    }

    /// Takes in what happened; tells whether anything is new.
    fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::Listening { addresses } => {
                self.problem = self.problem.take().filter(|_| addresses.is_empty());
                self.addresses.clone_from(addresses);
            }
            Event::ListenFailed { problem, .. } => self.problem = Some(problem.clone()),
            Event::Reachable(reach) => {
                self.reach = match reach {
                    Reachability::Unknown => Reach::Unknown,
                    Reachability::Public(_) => Reach::Public,
                    Reachability::Private => Reach::Private,
                };
            }
            Event::Reservation { relay, problem } => {
                self.relay_problem = problem
                    .as_ref()
                    .map(|problem| format!("the relay {relay}: {problem}"));
            }
            Event::Inbound { .. } | Event::Path { .. } | Event::Identified { .. } => return false,
        }
        true
    }
}

/// Serves what happens to a node until it ends. `at` is where it listens, if it does.
pub(super) async fn serve(
    desk: Arc<Desk>,
    mut events: mpsc::Receiver<Event>,
    at: Option<SocketAddr>,
) {
    let mut place = at.map(|at| Place {
        account: desk.account,
        at,
        addresses: Vec::new(),
        reach: Reach::Unknown,
        problem: None,
        relay_problem: None,
    });
    let mut tasks = JoinSet::new();
    let mut again: Option<tokio::time::Instant> = None;
    let mut pause = LISTEN_AGAIN;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = tokio::time::sleep_until(again.unwrap_or_else(tokio::time::Instant::now)),
                if again.is_some() =>
            {
                again = None;
                if let Some(at) = at {
                    desk.node.listen(listen_at(at)).await;
                }
                continue;
            }
        };
        let Some(event) = event else {
            return;
        };
        while tasks.try_join_next().is_some() {}
        if matches!(event, Event::ListenFailed { .. }) {
            again.get_or_insert_with(|| tokio::time::Instant::now() + pause);
            pause = (pause * 2).min(LISTEN_AT_LEAST);
        }
        if let Event::Listening { addresses } = &event {
            let all = addresses.iter().map(ToString::to_string);
            desk.knowledge().set_addresses(all);
        }
        if let Some(place) = &mut place
            && place.take(&event)
        {
            desk.tell(place.news()).await;
        }
        follow(&desk, &mut tasks, event);
    }
}

/// Does what an event asks for, beside what comes next.
fn follow(desk: &Arc<Desk>, tasks: &mut JoinSet<()>, event: Event) {
    let desk = Arc::clone(desk);
    match event {
        Event::Inbound {
            peer,
            protocol: Protocol::Session,
            stream,
            remote,
            path,
            ..
        } => {
            tasks.spawn(desk.answer(stream, (peer, remote, path)));
        }
        Event::Inbound {
            peer,
            protocol: Protocol::Exchange,
            stream,
            remote,
            ..
        } => {
            tasks.spawn(desk.hear(stream, peer, remote));
        }
        Event::Path {
            peer,
            path: Some(path),
        } => desk.moved(peer, path),
        Event::Identified {
            peer, addresses, ..
        } => desk.claims(peer, addresses),
        Event::Path { path: None, .. }
        | Event::Listening { .. }
        | Event::ListenFailed { .. }
        | Event::Reachable(_)
        | Event::Reservation { .. } => {}
    }
}
