//! Comparing keys: the safety code of a channel, and what follows from the answer.

use crate::api::{ChannelRef, Error, Event, Reply, SafetyCode};
use crate::crypto;
use crate::model::{Actor, Channel, ChannelState, Digest, StopReason};
use crate::net;
use crate::store::{self, log};

use super::core::Core;
use super::inbound::stop;
use super::reading::shown;

impl Core {
    pub(super) fn safety_code(&self, reference: &ChannelRef) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let code = code_of(&keyed.channel)?;
        Ok(Reply::SafetyCode(Box::new(SafetyCode {
            groups: code.groups,
            words: code.words,
            ask: code.ask,
            seen: code.digest,
            channel: shown(keyed),
        })))
    }

    /// Notes that a person found the code the same, if they typed its word.
    pub(super) fn verify(
        &mut self,
        reference: &ChannelRef,
        word: &str,
        seen: &Digest,
    ) -> Result<Reply, Error> {
        let channel = self.find(reference)?.channel;
        let code = code_of(&channel)?;
        if code.digest != *seen {
            return Err(Error::Changed);
        }
        if channel.state != ChannelState::Active {
            return Err(Error::ChannelNotActive);
        }
        let asked = code.words.get(code.ask).map(String::as_str);
        if asked != Some(word.trim().to_lowercase().as_str()) {
            return Err(Error::BadRequest(
                "that is not the word that was asked for; nothing was confirmed".to_owned(),
            ));
        }
        let now = self.now();
        let tx = self.store.write()?;
        store::channels::set_verified(&tx, channel.id, Some(now))?;
        let entry = log::NewEntry::plain(now, Actor::Human, "code_compared", Some(channel.id));
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(Reply::Done)
    }

    /// Stops a channel whose code was not the same on both sides.
    pub(super) fn code_differs(
        &mut self,
        reference: &ChannelRef,
        seen: &Digest,
    ) -> Result<Reply, Error> {
        let channel = self.find(reference)?.channel;
        if code_of(&channel)?.digest != *seen {
            return Err(Error::Changed);
        }
        if channel.state != ChannelState::Active {
            return Err(Error::ChannelNotActive);
        }
        let now = self.now();
        let shown = channel.their_key.clone().unwrap_or_default();
        let tx = self.store.write()?;
        store::channels::set_verified(&tx, channel.id, None)?;
        stop(&tx, &channel, StopReason::CodeDiffers, &shown, now)?;
        tx.commit()?;
        let keyed = self.find(&ChannelRef::Id(channel.id))?;
        self.watch(&keyed)?;
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(Reply::Done)
    }
}

fn code_of(channel: &Channel) -> Result<crypto::SafetyCode, Error> {
    let unusable =
        || Error::BadRequest("there is no code yet: the other side's key is not known".to_owned());
    let network = net::of(channel.network);
    let key = |text: &str| network.read_key(text).ok_or_else(unusable);
    let theirs = channel.their_key.as_deref().ok_or_else(unusable)?;
    Ok(crypto::safety_code(
        channel.network.as_str(),
        network.code_scope(&channel.address),
        &key(&channel.our_key)?.bytes(),
        &key(theirs)?.bytes(),
    ))
}
