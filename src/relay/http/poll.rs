//! `POST /poll`: one question about many channels.
//!
//! The body names channels as they stand in paths, each with the version the client knows or
//! null; the answer names those that differ. With `Prefer: wait` it comes when one does.

use std::borrow::Cow;
use std::fmt;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Relay, reply, wait};
use crate::relay::index::Facts;
use crate::relay::rules::{LONGEST_MESSAGES_ID, Refusal};

/// Most channels in one question.
const MOST_CHANNELS: usize = 20_000;

/// Largest body in bytes: as many channels with ids and versions of sensible length.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The question.
#[derive(Debug, Deserialize)]
struct Question<'a> {
    #[serde(borrow)]
    channels: Channels<'a>,
}

/// Pairs of channel and known version in the order of the question.
#[derive(Debug)]
struct Channels<'a>(Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>);

/// A string that is borrowed from the body where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Channels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Channels<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of channels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((channel, version)) =
                    map.next_entry::<Text<'_>, Option<Text<'_>>>()?
                {
                    pairs.push((channel.0, version.map(|version| version.0)));
                }
                Ok(Channels(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

impl Relay {
    pub(super) async fn poll(&self, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let wait = wait(&parts.headers);
        let body = super::body::read(&parts.headers, body, LARGEST_BODY).await?;
        let question: Question<'_> =
            serde_json::from_slice(&body).map_err(|_not_ours| Refusal::InvalidJson)?;
        let Channels(pairs) = question.channels;
        if pairs.len() > MOST_CHANNELS {
            return Err(Refusal::TooManyChannels);
        }
        if pairs
            .iter()
            .any(|(channel, _)| channel.len() > LONGEST_MESSAGES_ID)
        {
            return Err(Refusal::InvalidId);
        }

        let mut changed = self.changed(pairs.iter());
        if let Some(wait) = wait.filter(|wait| changed.is_empty() && !wait.is_zero()) {
            let hashes = pairs.iter().map(|(channel, _)| self.index.hash(channel));
            let waiting = self.register(hashes.collect())?;
            // Once more: what changed before the registration rang nobody.
            changed = self.changed(pairs.iter());
            let until_changed = async {
                while changed.is_empty() {
                    let places = waiting.changed().await;
                    let places = places
                        .into_iter()
                        .filter_map(|place| usize::try_from(place).ok());
                    changed = self.changed(places.filter_map(|place| pairs.get(place)));
                }
            };
            self.within(wait, until_changed).await;
        }
        let text = serde_json::to_vec(&serde_json::json!({ "changed": changed }))
            .map_err(|_unwritable| Refusal::Unavailable)?;
        let mut response = reply::json(StatusCode::OK, text);
        reply::preference_applied(&mut response, wait);
        Ok(response)
    }

    /// Returns those of the channels whose version is not the known one, with theirs.
    fn changed<'p>(
        &self,
        pairs: impl Iterator<Item = &'p (Cow<'p, str>, Option<Cow<'p, str>>)>,
    ) -> serde_json::Map<String, serde_json::Value> {
        let differing = pairs.filter_map(|(channel, known)| {
            let facts = self.index.facts(channel);
            let news = match known {
                Some(known) => !self.index.is_version(known, facts.as_ref()),
                None => facts.as_ref().is_some_and(has_something),
            };
            news.then(|| {
                let version = self.index.version(facts.as_ref());
                (channel.to_string(), version.into())
            })
        });
        differing.collect()
    }
}

fn has_something(facts: &Facts) -> bool {
    facts.waiting > 0 || facts.handshake_writes > 0
}
