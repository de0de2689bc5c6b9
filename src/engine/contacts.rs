//! Invites, their answers, and what a person says of a stranger or a changed key.

use crate::api::{ChannelRef, Error, Event, Invite, Replaced, Reply, Request};
use crate::crypto::{self, SecretKey};
use crate::model::{
    Actor, Channel, ChannelId, ChannelState, Digest, PeerText, Preset, StopReason, UnixMillis,
    Verdict,
};
use crate::net::{self, Command, InviteLink, Links, Mode, Network, OwnKeys};
use crate::policy::{presets, template};
use crate::store::channels::{Keyed, NewChannel};
use crate::store::{self, Tx, log, review};

use super::channels::check_name;
use super::core::{Answer, Core};
use super::decide::Decision;
use super::quarantine::admit_waiting;
use super::reading::{in_use, keyed, shown};
use super::strangers::{carry_contact, carry_key_change};

impl Core {
    /// Makes an invite, replacing an older one where that is asked for.
    pub(super) fn invite(&mut self, request: Request) -> Result<Reply, Error> {
        let Request::Invite {
            phone,
            name,
            sender,
            preset,
            relay,
            replaces,
        } = request
        else {
            return Err(Error::BadRequest("this is not an invite".to_owned()));
        };
        let (network, links) = linking()?;
        let relay = self.relay_for(links, relay.as_deref())?;
        let old = self.replaced(replaces, phone.as_ref())?;
        let address = new_address(links)?;
        let name = name
            .or_else(|| old.as_ref().map(|old| old.channel.name.clone()))
            .or_else(|| phone.clone())
            .unwrap_or_else(|| fallback_name(&address));
        check_name(&name)?;
        let (preset, instructions) = if let (None, Some(old)) = (&preset, &old) {
            (old.channel.preset.clone(), old.channel.instructions.clone())
        } else {
            let preset = preset.unwrap_or_else(default_preset);
            let text = self.preset_text(&preset, &name)?;
            (preset, text)
        };
        let own = new_keys()?;
        let link = InviteLink {
            relay,
            address,
            key: network.public_of(&own),
        };
        // Before anything is stored: a broken template must not leave half an invite behind.
        let (url, words) = self.words_for(network, &link, &name, sender.as_ref())?;
        let new = NewChannel {
            network: network.id(),
            account: None,
            address: &link.address,
            name: &name,
            phone: phone.as_ref(),
            state: ChannelState::Invited,
            inviter: true,
            relay: &link.relay,
            secret: own.secret.expose(),
            our_key: &network.write_key(&link.key),
            their_key: None,
            announce: false,
            preset: &preset,
            instructions: &instructions,
            created_at: self.now(),
            last_seen: None,
        };
        let id = self.store_invite(&new, old.as_ref())?;
        let channel = self.find(&ChannelRef::Id(id))?;
        self.watch(&channel)?;
        self.tell(Event::Channels);
        Ok(Reply::Invite(Box::new(Invite {
            channel: shown(channel),
            url,
            message: PeerText::new(words),
            superseded: old.map(|old| old.channel.address),
            checked_at: None,
        })))
    }

    fn replaced(
        &self,
        replaces: Option<Replaced>,
        phone: Option<&PeerText>,
    ) -> Result<Option<Keyed>, Error> {
        let old = match (replaces, phone) {
            (Some(Replaced::Channel(channel)), _) => Some(channel),
            (Some(Replaced::SamePhone), Some(phone)) => {
                store::channels::by_phone(&self.store, phone)?.map(ChannelRef::Id)
            }
            (Some(Replaced::SamePhone), None) | (None, _) => None,
        };
        old.map(|old| self.find(&old)).transpose()
    }

    fn store_invite(
        &mut self,
        new: &NewChannel<'_>,
        old: Option<&Keyed>,
    ) -> Result<ChannelId, Error> {
        let now = new.created_at;
        let tx = self.store.write()?;
        if let Some(old) = old {
            store::channels::set_state(&tx, old.channel.id, ChannelState::Superseded)?;
            review::withdraw(&tx, old.channel.id, now)?;
            write_down(&tx, now, Actor::Human, "invite_replaced", old.channel.id)?;
        }
        let id = store::channels::insert(&tx, new)?;
        write_down(&tx, now, Actor::Human, "invited", id)?;
        tx.commit()?;
        if let Some(old) = old {
            self.command(old.channel.network, Command::Unwatch(old.channel.id));
            self.tell(Event::NeedsYou);
        }
        Ok(id)
    }

    fn relay_for(&self, links: &dyn Links, asked: Option<&str>) -> Result<String, Error> {
        let configured = || self.config.mailbox_url(&|name| std::env::var_os(name));
        let relay = asked.map_or_else(configured, str::to_owned);
        links
            .read_relay(&relay)
            .map_err(|error| Error::BadRequest(format!("the relay's address: {error}")))
    }

    /// Returns the link, and the words that go with it.
    fn words_for(
        &self,
        network: &dyn Network,
        link: &InviteLink,
        name: &PeerText,
        sender: Option<&PeerText>,
    ) -> Result<(String, String), Error> {
        let url = network
            .links()
            .and_then(|links| links.write(link))
            .ok_or_else(broken_link)?;
        let own = self
            .profile
            .onboard_text()
            .map_err(|error| Error::Storage(error.to_string()))?;
        let configured_name = self.config.sender_name();
        let sender = sender
            .map(PeerText::expose_untrusted)
            .or(configured_name.as_deref())
            .unwrap_or("A friend");
        let words = template::fill(
            own.as_deref().unwrap_or(presets::ONBOARD),
            &[
                ("invite_url", &url),
                ("recipient_name", name.expose_untrusted()),
                ("sender_name", sender),
                ("channel_id", &link.address),
                ("mailbox_url", &link.relay),
                ("public_key", &network.write_key(&link.key)),
            ],
        )
        .map_err(|error| Error::BadRequest(format!("onboard.tmpl: {error}")))?;
        Ok((url, words))
    }

    pub(super) fn show_invite(&self, reference: &ChannelRef) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        if !keyed.channel.inviter {
            return Err(Error::BadRequest(
                "this channel came from somebody else's invite".to_owned(),
            ));
        }
        let network = net::of(keyed.channel.network);
        let link = link_of(network, &keyed.channel)?;
        let (url, message) = self.words_for(network, &link, &keyed.channel.name, None)?;
        let checked_at = self.checked_at.get(&keyed.channel.id).copied();
        Ok(Reply::Invite(Box::new(Invite {
            url,
            message: PeerText::new(message),
            superseded: None,
            checked_at: checked_at.or(keyed.checked_at),
            channel: shown(keyed),
        })))
    }

    pub(super) fn cancel_invite(&mut self, reference: &ChannelRef) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let id = keyed.channel.id;
        if !matches!(
            keyed.channel.state,
            ChannelState::Invited | ChannelState::Requested
        ) {
            return Err(Error::BadRequest("this is not an open invite".to_owned()));
        }
        let now = self.now();
        let tx = self.store.write()?;
        store::channels::set_state(&tx, id, ChannelState::Closed)?;
        store::quarantine::clear(&tx, id)?;
        review::withdraw(&tx, id, now)?;
        write_down(&tx, now, Actor::Human, "invite_cancelled", id)?;
        tx.commit()?;
        self.command(keyed.channel.network, Command::Unwatch(id));
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(Reply::Done)
    }

    /// Accepts a link; the answer comes when our handshake is on the relay, or cannot be now.
    pub(super) fn accept(
        &mut self,
        url: &str,
        preset: Option<&str>,
        name: Option<PeerText>,
        answer: Answer,
    ) {
        match self.begin_accept(url, preset, name) {
            // Of a channel that was stopped nothing is put on a relay, so nothing is waited for.
            Ok(keyed) if keyed.announce && keyed.channel.state == ChannelState::Active => {
                if let Err(error) = self.watch(&keyed) {
                    let _gone = answer.send(Err(error.into()));
                    return;
                }
                if let Some(earlier) = self.accepting.insert(keyed.channel.id, answer) {
                    let _gone = earlier.send(Err(Error::Gone));
                }
                self.announce(&keyed);
            }
            Ok(keyed) => {
                let _gone = answer.send(Ok(Reply::Channel(Box::new(shown(keyed)))));
            }
            Err(error) => {
                let _gone = answer.send(Err(error));
            }
        }
    }

    /// Puts our handshake on the relay where that is still to be done and not under way: a
    /// second attempt beside the first would make one answer look like two.
    pub(super) fn announce(&mut self, keyed: &Keyed) {
        let channel = &keyed.channel;
        // A request for contact goes out before anything is pinned; an answer to an invite is
        // an answer to the key in it.
        let asks = net::of(channel.network).logins().is_some();
        let goes = channel.state == ChannelState::Active || (asks && in_use(channel.state));
        if keyed.announce && goes && self.announcing.insert(channel.id) {
            self.command(channel.network, Command::Announce(channel.id));
        }
    }

    /// Stores the channel of a link, or finds the one that it made before.
    fn begin_accept(
        &mut self,
        url: &str,
        preset: Option<&str>,
        name: Option<PeerText>,
    ) -> Result<Keyed, Error> {
        let (network, links) = linking()?;
        let link = links.read(url.trim()).map_err(Error::InvalidInvite)?;
        let known = store::channels::by_address(&self.store, (network.id(), None), &link.address)?
            .map(|id| self.find(&ChannelRef::Id(id)))
            .transpose()?;
        match known {
            Some(keyed) if keyed.channel.inviter => {
                return Err(Error::InvalidInvite(
                    "this is your own invite; give it to somebody else".to_owned(),
                ));
            }
            Some(keyed) if keyed.channel.state != ChannelState::Closed => {
                if !self.watches_all {
                    self.watch(&keyed)?;
                }
                return Ok(keyed);
            }
            Some(_closed) => {
                return Err(Error::InvalidInvite(
                    "this invite was used before and is closed; ask for a new one".to_owned(),
                ));
            }
            None => {}
        }
        let name = name.unwrap_or_else(|| fallback_name(&link.address));
        check_name(&name)?;
        let preset = preset.map_or_else(default_preset, str::to_owned);
        let instructions = self.preset_text(&preset, &name)?;
        let own = new_keys()?;
        let now = self.now();
        let new = NewChannel {
            network: network.id(),
            account: None,
            address: &link.address,
            name: &name,
            phone: None,
            state: ChannelState::Active,
            inviter: false,
            relay: &link.relay,
            secret: own.secret.expose(),
            our_key: &network.write_key(&network.public_of(&own)),
            their_key: Some(&network.write_key(&link.key)),
            announce: true,
            preset: &preset,
            instructions: &instructions,
            created_at: now,
            last_seen: None,
        };
        let tx = self.store.write()?;
        let id = store::channels::insert(&tx, &new)?;
        write_down(&tx, now, Actor::Human, "invite_accepted", id)?;
        tx.commit()?;
        self.tell(Event::Channels);
        self.find(&ChannelRef::Id(id))
    }

    /// Settles an item, if what was shown is still what is there.
    pub(super) fn settle(&mut self, decision: &Decision) -> Result<Reply, Error> {
        let (id, verdict) = (decision.item, decision.verdict);
        let item = review::by_id(&self.store, id)?.ok_or(Error::NothingToDecide)?;
        if let Some(earlier) = item.verdict {
            // The same answer again is fine: two windows, one opinion.
            return if earlier == verdict.as_str() {
                Ok(Reply::Done)
            } else {
                Err(Error::AlreadyDecided(earlier))
            };
        }
        match item.kind {
            review::Kind::HeldMessage | review::Kind::HeldDraft => {
                return self.settle_message(&item, decision);
            }
            review::Kind::ContactRequest | review::Kind::KeyChange => {}
        }
        let now = self.now();
        let channel = item.channel;
        let tx = self.store.write()?;
        let about = keyed(&tx, channel)?.channel;
        let network = net::of(about.network);
        let what = match (&item.shown_key, network.logins()) {
            (Some(key), Some(_)) if item.kind == review::Kind::ContactRequest => {
                carry_contact(&tx, &about, key, verdict, now)?
            }
            _ => carry_verdict(&tx, network, &item, verdict)?,
        };
        if let (Some(key), review::Kind::KeyChange) = (&item.shown_key, item.kind) {
            carry_key_change(&tx, channel, key, verdict, now)?;
        }
        let released = if verdict == Verdict::Approve {
            admit_waiting(&self.profile, &tx, channel, now)?
        } else {
            store::quarantine::clear(&tx, channel)?;
            Vec::new()
        };
        if !review::settle(&tx, id, &decision.seen, verdict, now)? {
            return Err(Error::Changed);
        }
        write_down(&tx, now, decision.actor, what, channel)?;
        tx.commit()?;
        let keyed = self.find(&ChannelRef::Id(channel))?;
        self.watch(&keyed)?;
        // A stop in the middle of accepting may have left our handshake to be put there.
        self.announce(&keyed);
        if self.mode == Mode::Continuous && !released.is_empty() {
            self.wake(channel, &released);
        }
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        self.tell(Event::Messages { channel });
        Ok(Reply::Done)
    }
}

/// Changes what a verdict about a key changes; returns the word for the log.
fn carry_verdict(
    tx: &Tx<'_>,
    network: &dyn Network,
    item: &review::Item,
    verdict: Verdict,
) -> Result<&'static str, Error> {
    let channel = item.channel;
    let reason = item.reason.as_deref().and_then(StopReason::parse);
    match (reason, verdict) {
        (Some(StopReason::AnsweredTwice), Verdict::Approve) => {
            // The key on show is that of whoever answered beside us, never that of the inviter.
            return Err(Error::BadRequest(
                "that key belongs to somebody who answered the same invite; keep the pinned one \
                 or refuse"
                    .to_owned(),
            ));
        }
        (Some(StopReason::CodeDiffers), Verdict::Approve) => {
            return Err(Error::BadRequest(
                "the code was not the same: refuse and make a new invite, or keep the key if you \
                 compared wrongly"
                    .to_owned(),
            ));
        }
        _ => {}
    }
    Ok(match (item.kind, verdict) {
        (review::Kind::ContactRequest | review::Kind::KeyChange, Verdict::Approve) => {
            let key = item.shown_key.as_deref().unwrap_or_default();
            if network.read_key(key).is_none() {
                return Err(Error::BadRequest(
                    "the key that was shown cannot be used".to_owned(),
                ));
            }
            store::channels::pin(tx, channel, key)?;
            // What was sealed for another key has to be sealed again.
            store::outbox::unseal(tx, channel)?;
            if item.kind == review::Kind::ContactRequest {
                "contact_accepted"
            } else {
                "key_repinned"
            }
        }
        (review::Kind::ContactRequest, Verdict::Refuse) => {
            store::channels::set_state(tx, channel, ChannelState::Closed)?;
            "contact_refused"
        }
        (review::Kind::KeyChange, Verdict::Refuse) => {
            store::channels::set_state(tx, channel, ChannelState::Closed)?;
            "closed_after_key_change"
        }
        (review::Kind::KeyChange, Verdict::KeepPinned) => {
            store::channels::keep_pinned(tx, channel)?;
            "pinned_key_kept"
        }
        _ => return Err(Error::not_an_answer()),
    })
}

/// Writes a line of the decision log that needs no further words.
pub(super) fn write_down(
    tx: &Tx<'_>,
    at: UnixMillis,
    actor: Actor,
    what: &str,
    channel: ChannelId,
) -> Result<(), store::Error> {
    log::append(tx, &log::NewEntry::plain(at, actor, what, Some(channel)))
}

/// Returns the digest of what a person is shown of a key question.
pub(super) fn seen_digest(
    channel: ChannelId,
    shown: &str,
    pinned: Option<&str>,
    answers: Option<u32>,
) -> Digest {
    crypto::sha256_of(&[
        &channel.0.to_be_bytes(),
        shown.as_bytes(),
        pinned.unwrap_or_default().as_bytes(),
        &answers.unwrap_or_default().to_be_bytes(),
    ])
}

fn link_of(network: &dyn Network, channel: &Channel) -> Result<InviteLink, Error> {
    Ok(InviteLink {
        relay: channel.relay.clone(),
        address: channel.address.clone(),
        key: network.read_key(&channel.our_key).ok_or_else(broken_link)?,
    })
}

fn broken_link() -> Error {
    Error::Storage("the channel's own link cannot be rebuilt".to_owned())
}

/// Returns the network on which contact is made by links.
fn linking() -> Result<(&'static dyn Network, &'static dyn Links), Error> {
    net::ALL
        .iter()
        .find_map(|network| Some((*network, network.links()?)))
        .ok_or_else(|| Error::BadRequest("no network makes contact by links".to_owned()))
}

/// Makes an id that no command line takes for an option.
fn new_address(links: &dyn Links) -> Result<String, Error> {
    loop {
        let address = links.new_address(crypto::random().map_err(no_random)?);
        if !address.starts_with('-') {
            return Ok(address);
        }
    }
}

fn fallback_name(address: &str) -> PeerText {
    let short: String = address.chars().take(8).collect();
    PeerText::new(format!("invite-{short}"))
}

fn default_preset() -> String {
    Preset::SafeAcquaintance.as_str().to_owned()
}

/// Makes the one key that a new channel of a network without logins has.
fn new_keys() -> Result<OwnKeys, Error> {
    Ok(SecretKey::generate().map_err(no_random)?.into())
}

/// Says that the system gave no random bytes.
pub(super) fn no_random(error: crypto::Error) -> Error {
    Error::Storage(error.to_string())
}
