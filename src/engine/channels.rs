//! What a person sets on a channel, and which channels the networks watch.

use std::sync::Arc;

use crate::api::{ChannelRef, Error, Event, Reply};
use crate::crypto::SecretKey;
use crate::model::{Actor, ChannelState, IdentityKey, PeerText};
use crate::net::{self, Command, OwnKeys, Watch};
use crate::policy::{presets, template};
use crate::profile::Profile;
use crate::store::{self, Read, accounts, channels::Keyed, log, messages, settings};

use super::core::Core;
use super::reading::shown;

/// Longest local name of a channel, in bytes.
const LONGEST_NAME: usize = 256;

impl Core {
    /// Lets the networks watch every channel that is in use, if they do not yet. An engine that
    /// lives for one call watches only what the call needs.
    pub(super) fn watch_all(&mut self) -> Result<(), store::Error> {
        if self.watches_all {
            return Ok(());
        }
        self.watches_all = true;
        for keyed in store::channels::all(&self.store)? {
            self.watch(&keyed)?;
            self.announce(&keyed);
        }
        Ok(())
    }

    /// Lets the network watch a channel as it is now, or no more.
    pub(super) fn watch(&self, keyed: &Keyed) -> Result<(), store::Error> {
        let channel = &keyed.channel;
        if !super::reading::in_use(channel.state) {
            self.command(channel.network, Command::Unwatch(channel.id));
            return Ok(());
        }
        let pinned = (channel.state == ChannelState::Active)
            .then(|| pinned(keyed))
            .flatten();
        let watch = Watch {
            channel: channel.id,
            account: channel.account,
            address: channel.address.clone(),
            relay: channel.relay.clone(),
            own: own_keys(&self.store, keyed)?,
            pinned,
            inviter: channel.inviter,
            ours: messages::at_relay(&self.store, channel.id)?,
            answers: keyed.answers,
            request: self.introduction(keyed)?,
            learned: keyed.learned.clone(),
        };
        self.command(channel.network, Command::Watch(Box::new(watch)));
        Ok(())
    }

    pub(super) fn instructions(
        &mut self,
        reference: &ChannelRef,
        text: Option<String>,
        preset: Option<&str>,
        widen: bool,
    ) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let id = keyed.channel.id;
        let text = match (text, preset) {
            (Some(_), Some(_)) => {
                return Err(Error::BadRequest(
                    "use --set or --preset, not both".to_owned(),
                ));
            }
            (Some(text), None) => text,
            (None, Some(preset)) => {
                let text = self.preset_text(preset, &keyed.channel.name)?;
                self.use_preset(&keyed, preset, &text, widen)?;
                return self.channel(reference);
            }
            (None, None) => return Ok(Reply::Channel(Box::new(shown(keyed)))),
        };
        let now = self.now();
        let tx = self.store.write()?;
        store::channels::set_instructions(&tx, id, &text)?;
        let entry = log::NewEntry {
            detail: "own text",
            ..log::NewEntry::plain(now, Actor::Human, "instructions_set", Some(id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Channels);
        self.channel(reference)
    }

    /// Returns the text of a preset, the user's own before the built-in one, with the
    /// channel's local name filled in.
    pub(super) fn preset_text(&self, preset: &str, name: &PeerText) -> Result<String, Error> {
        preset_text(&self.profile, preset, name)
    }

    pub(super) fn rename(
        &mut self,
        reference: &ChannelRef,
        name: &PeerText,
    ) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        check_name(name)?;
        let tx = self.store.write()?;
        store::channels::rename(&tx, keyed.channel.id, name)?;
        tx.commit()?;
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(Reply::Done)
    }

    pub(super) fn pause(
        &mut self,
        reference: Option<&ChannelRef>,
        pause: bool,
    ) -> Result<Reply, Error> {
        let channel = reference
            .map(|reference| self.find(reference))
            .transpose()?;
        let now = self.now();
        let tx = self.store.write()?;
        match &channel {
            Some(keyed) => store::channels::set_paused(&tx, keyed.channel.id, pause)?,
            None if pause => settings::set(&tx, settings::PAUSED_SINCE, &now.0.to_string())?,
            None => settings::clear(&tx, settings::PAUSED_SINCE)?,
        }
        let what = if pause { "paused" } else { "resumed" };
        let of = channel.as_ref().map(|keyed| keyed.channel.id);
        let entry = log::NewEntry {
            detail: if channel.is_some() { "" } else { "everything" },
            ..log::NewEntry::plain(now, Actor::Human, what, of)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        if channel.is_none() {
            self.paused = pause.then_some(now);
        }
        if !pause {
            self.wake_after_pause();
        }
        self.tell(Event::Status);
        self.tell(Event::Channels);
        Ok(Reply::Done)
    }
}

/// Returns the text of a preset with the local name of a channel filled in.
pub(super) fn preset_text(
    profile: &Profile,
    preset: &str,
    name: &PeerText,
) -> Result<String, Error> {
    let unknown = || Error::UnknownPreset(preset.to_owned());
    let own = match profile.preset_text(preset) {
        Ok(own) => own,
        Err(crate::profile::Error::PresetName) => return Err(unknown()),
        Err(error) => return Err(Error::Storage(error.to_string())),
    };
    let text = match &own {
        Some(own) => own.as_str(),
        None => presets::builtin(preset).ok_or_else(unknown)?,
    };
    template::fill(text, &[("name", name.expose_untrusted())])
        .map_err(|error| Error::BadRequest(format!("preset {preset}: {error}")))
}

/// Returns our keys of a channel: its own, or those of the login that it belongs to.
pub(super) fn own_keys(read: &impl Read, keyed: &Keyed) -> Result<OwnKeys, store::Error> {
    let account = keyed.channel.account;
    let Some(account) = account else {
        return Ok(SecretKey::from_bytes(*keyed.secret).into());
    };
    let account = accounts::by_id(read, account)?;
    account
        .map(|account| keys_of(&account))
        .ok_or(store::Error::Corrupt("login of a channel in use"))
}

/// Returns the keys of a login.
pub(super) fn keys_of(account: &accounts::Account) -> OwnKeys {
    let signing = account.signing.as_ref();
    OwnKeys {
        secret: Arc::new(SecretKey::from_bytes(*account.secret)),
        signing: signing.map(|seed| Arc::new(SecretKey::from_bytes(**seed))),
    }
}

/// Returns the pinned key of a channel.
pub(super) fn pinned(keyed: &Keyed) -> Option<IdentityKey> {
    let key = keyed.channel.their_key.as_deref()?;
    net::of(keyed.channel.network).read_key(key)
}

/// Refuses a local name that is empty or overlong.
pub(super) fn check_name(name: &PeerText) -> Result<(), Error> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(Error::BadRequest(format!(
            "a name has 1 to {LONGEST_NAME} bytes"
        )));
    }
    Ok(())
}
