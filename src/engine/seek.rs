//! Looking for others at addresses, and on the local network.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::api::{AccountsReply, ChannelRef, Error};
use crate::model::{AccountId, Claim, NetworkId, PeerText, Sighted, Work};
use crate::net::{self, Command, Search, Sighting, Somebody};
use crate::store;

use super::accounts::asking;
use super::core::{Answer, Core, Internal};
use super::reading::short;

/// Addresses that one look asks at most.
const MOST_ADDRESSES: usize = 65_536;
/// Sightings that wait to be taken before the network waits.
const BACKLOG: usize = 64;
/// How often it is looked whether somebody wants a look to stop.
const LOOK_UP: Duration = Duration::from_millis(100);

impl Core {
    pub(super) fn seek(
        &self,
        network: NetworkId,
        patterns: &[String],
        local: bool,
        answer: Answer,
    ) {
        let addresses = match addresses(network, patterns) {
            Ok(addresses) if addresses.is_empty() && !local => {
                let problem = "name an address to ask at, or look on the local network";
                Err(Error::BadRequest(problem.to_owned()))
            }
            other => other,
        };
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let order = addresses.clone();
        let mut looks = Vec::new();
        if !addresses.is_empty() {
            looks.push(self.look_for(network, addresses));
        }
        if local {
            looks.push(self.look_for(network, Vec::new()));
        }
        let work = Arc::clone(&self.work);
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let running = work.begin(u64::try_from(order.len()).unwrap_or(u64::MAX));
            let mut found = Vec::new();
            for mut look in looks {
                while let Some(sighting) = next(&mut look, &work).await {
                    found.push(sighting);
                    work.step();
                }
            }
            drop(running);
            let place = |sighting: &Sighting| order.iter().position(|url| *url == sighting.url);
            found.sort_by_key(|sighting| place(sighting).unwrap_or(usize::MAX));
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Sought {
                of: (network, None),
                found,
                answer,
            });
        });
    }

    pub(super) fn look_for(
        &self,
        network: NetworkId,
        addresses: Vec<String>,
    ) -> mpsc::Receiver<Sighting> {
        let (found, sightings) = mpsc::channel(BACKLOG);
        let search = Search {
            account: None,
            addresses,
            found,
        };
        self.command(network, Command::Seek(search));
        sightings
    }

    pub(super) fn sought(
        &self,
        of: (NetworkId, Option<AccountId>),
        found: Vec<Sighting>,
        answer: Answer,
    ) {
        let sighted: Result<Vec<_>, _> = found
            .into_iter()
            .map(|sighting| self.sighted(of, sighting))
            .collect();
        let _gone = answer.send(sighted.map(|all| AccountsReply::Sighted(all).into()));
    }

    pub(super) fn sighted(
        &self,
        of: (NetworkId, Option<AccountId>),
        sighting: Sighting,
    ) -> Result<Sighted, Error> {
        let (somebody, problem) = match sighting.result {
            Ok(somebody) => (Some(self.claim_of(of, somebody)?), None),
            Err(problem) => (None, Some(problem)),
        };
        Ok(Sighted {
            url: sighting.url,
            somebody,
            problem,
        })
    }

    fn claim_of(&self, of: (NetworkId, Option<AccountId>), who: Somebody) -> Result<Claim, Error> {
        let known = store::channels::by_address(&self.store, of, &who.address)?
            .map(|id| self.find(&ChannelRef::Id(id)))
            .transpose()?
            .filter(|keyed| keyed.channel.their_key.as_ref() == Some(&who.key));
        Ok(Claim {
            fingerprint: short(net::of(of.0), &who.key),
            address: who.address,
            unsafe_name: who.name,
            unsafe_endpoint: PeerText::new(who.endpoint),
            unsafe_answer: PeerText::new(who.answer),
            channel: known.map(|keyed| keyed.channel.id),
        })
    }
}

/// Waits for the next sighting; `None` when all are there, or somebody wants it to stop.
async fn next(look: &mut mpsc::Receiver<Sighting>, work: &Work) -> Option<Sighting> {
    while !work.is_stopped() {
        match tokio::time::timeout(LOOK_UP, look.recv()).await {
            Ok(sighting) => return sighting,
            Err(_elapsed) => {}
        }
    }
    None
}

/// Lists every address that the patterns stand for, each once.
fn addresses(network: NetworkId, patterns: &[String]) -> Result<Vec<String>, Error> {
    let (_, asking) = asking(network)?;
    let mut all: Vec<String> = Vec::new();
    for pattern in patterns {
        all.extend(asking.expand(pattern).map_err(Error::BadRequest)?);
        if all.len() > MOST_ADDRESSES {
            return Err(Error::BadRequest(format!(
                "these are more than {MOST_ADDRESSES} addresses; ask at fewer"
            )));
        }
    }
    let mut seen = HashSet::new();
    all.retain(|address| seen.insert(address.clone()));
    Ok(all)
}
