//! How handshakes and ended attempts are judged, on an engine without a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::api::{Handle, Role};
use crate::crypto::SecretKey;
use crate::engine::decide::Decision;
use crate::model::{IdentityKey, NetworkId, PeerText, Verdict};
use crate::net::Mode;
use crate::profile::{Config, Profile};
use crate::store::Store;
use crate::wire::mailbox::{Invite, encode_key};

pub(in crate::engine) const NOW: UnixMillis = UnixMillis(1000);

fn key(number: u8) -> IdentityKey {
    SecretKey::from_bytes([number; 32]).public().into()
}

/// An engine without a network, driven by hand.
pub(in crate::engine) struct Alone {
    pub(in crate::engine) core: Core,
    /// What the engine's clock shows.
    pub(in crate::engine) time: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

pub(in crate::engine) fn alone() -> Alone {
    let directory = tempfile::tempdir().unwrap();
    let profile = Profile::at(directory.path());
    profile.create().unwrap();
    let store = Store::open(&profile.database()).unwrap();
    let (_handle, desk) = Handle::local(Role::Supervisor);
    let time = Arc::new(AtomicI64::new(NOW.0));
    let shows = Arc::clone(&time);
    let clock: crate::engine::Clock = Arc::new(move || UnixMillis(shows.load(Ordering::Relaxed)));
    let config = Config::default();
    let mode = Mode::OnDemand;
    let (core, _inbox) = Core::new(profile, config, store, mode, clock, &desk);
    Alone {
        core,
        time,
        _directory: directory,
    }
}

impl Alone {
    pub(in crate::engine) fn add(&mut self, state: ChannelState, inviter: bool) -> ChannelId {
        let pinned = (state == ChannelState::Active).then(|| encode_key(&key(2).key));
        let new = channels::NewChannel {
            network: NetworkId::Mailbox,
            account: None,
            address: "AAAA",
            name: &PeerText::new("somebody"),
            phone: None,
            state,
            inviter,
            relay: "http://127.0.0.1:1",
            secret: &[1; 32],
            our_key: &encode_key(&key(1).key),
            their_key: pinned.as_deref(),
            announce: !inviter,
            preset: "safe-acquaintance",
            instructions: "",
            created_at: NOW,
            last_seen: None,
        };
        let tx = self.core.store.write().unwrap();
        let id = channels::insert(&tx, &new).unwrap();
        tx.commit().unwrap();
        id
    }

    fn shows(&mut self, id: ChannelId, key: Option<&IdentityKey>, answers: Option<u32>) -> bool {
        let tx = self.core.store.write().unwrap();
        let changed = judge_handshake(&tx, id, key, answers, NOW).unwrap();
        tx.commit().unwrap();
        changed
    }

    pub(in crate::engine) fn news(&mut self, news: Vec<News>) {
        let incoming = |news| Incoming {
            news,
            settled: oneshot::channel().0,
        };
        self.core
            .settle_news(news.into_iter().map(incoming).collect());
    }

    pub(in crate::engine) fn state(&self, id: ChannelId) -> ChannelState {
        keyed(&self.core.store, id).unwrap().channel.state
    }

    pub(in crate::engine) fn open(&self) -> Vec<review::Item> {
        review::open(&self.core.store).unwrap()
    }

    fn decide(&mut self, verdict: Verdict) -> Result<Reply, Error> {
        let item = self.open().remove(0);
        self.core.settle(&decision(&item, verdict))
    }
}

/// What a person says of an item as it was shown.
pub(in crate::engine) fn decision(item: &review::Item, verdict: Verdict) -> Decision {
    Decision {
        item: item.id,
        seen: item.seen,
        verdict,
        words: None,
        reason: None,
        screen: None,
        actor: Actor::Human,
    }
}

#[test]
fn a_key_on_an_invite_asks_a_person_and_pins_nothing() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Invited, true);
    assert!(!alone.shows(id, None, Some(1)));
    assert!(alone.shows(id, Some(&key(2)), Some(1)));
    assert_eq!(alone.state(id), ChannelState::Requested);
    assert_eq!(
        keyed(&alone.core.store, id).unwrap().channel.their_key,
        None
    );
    assert_eq!(alone.open().len(), 1);
    alone.decide(Verdict::Approve).unwrap();
    let channel = keyed(&alone.core.store, id).unwrap().channel;
    assert_eq!(channel.state, ChannelState::Active);
    assert_eq!(channel.their_key, Some(encode_key(&key(2).key)));
}

#[test]
fn a_decision_on_a_request_that_changed_settles_nothing() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Invited, true);
    alone.shows(id, Some(&key(2)), None);
    let before = alone.open().remove(0);
    assert!(!alone.shows(id, Some(&key(2)), None));
    assert!(alone.shows(id, Some(&key(3)), None));
    let decided = alone.core.settle(&decision(&before, Verdict::Approve));
    assert_eq!(decided, Err(Error::Changed));
    assert_eq!(alone.state(id), ChannelState::Requested);
    assert_eq!(alone.open().remove(0).answers, Some(2));
}

#[test]
fn another_or_a_broken_key_stops_a_channel_that_we_invited_to() {
    for shown in [Some(key(3)), None] {
        let mut alone = alone();
        let id = alone.add(ChannelState::Active, true);
        assert!(!alone.shows(id, Some(&key(2)), None));
        assert!(alone.shows(id, shown.as_ref(), None));
        assert_eq!(alone.state(id), ChannelState::Stopped);
        assert!(!alone.shows(id, shown.as_ref(), None), "asked once");
        alone.decide(Verdict::KeepPinned).unwrap();
        assert!(!alone.shows(id, shown.as_ref(), None), "refused already");
        assert!(alone.shows(id, Some(&key(4)), None), "one more stranger");
    }
}

#[test]
fn a_stranger_s_answer_stops_a_channel_that_we_accepted() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Active, false);
    assert!(!alone.shows(id, Some(&key(1)), None));
    assert!(alone.shows(id, Some(&key(3)), None));
    assert_eq!(alone.state(id), ChannelState::Stopped);
    assert!(alone.decide(Verdict::Approve).is_err());
    assert_eq!(alone.state(id), ChannelState::Stopped);
}

#[test]
fn a_handshake_moves_no_channel_that_is_over() {
    for state in [ChannelState::Superseded, ChannelState::Closed] {
        let mut alone = alone();
        let id = alone.add(state, true);
        assert!(!alone.shows(id, Some(&key(3)), Some(9)));
        assert_eq!(alone.state(id), state);
        assert!(alone.open().is_empty());
    }
}

#[test]
fn an_acceptance_that_came_too_late_leaves_nothing_to_decide() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Active, false);
    alone.shows(id, Some(&key(3)), None);
    let failure = Failure {
        problem: "somebody answered already".to_owned(),
        retry: Retry::Never,
    };
    alone.news(vec![News::Announced {
        channel: id,
        result: Err(failure),
    }]);
    assert_eq!(alone.state(id), ChannelState::Closed);
    assert!(alone.open().is_empty());
}

#[test]
fn accepting_a_link_again_whose_channel_was_stopped_is_answered() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Active, false);
    alone.shows(id, Some(&key(3)), None);
    let link = Invite::parse(&format!(
        "http://127.0.0.1:1/?channel=AAAA&pub={}",
        encode_key(&key(2).key)
    ));
    let (answer, mut answered) = oneshot::channel();
    let url = link.unwrap().to_url();
    alone.core.accept(&url, None, None, answer);
    let Ok(Ok(Reply::Channel(channel))) = answered.try_recv() else {
        panic!("the channel is the answer");
    };
    assert_eq!(channel.state, ChannelState::Stopped);
}

#[tokio::test]
async fn an_announcement_whose_end_cannot_be_stored_is_not_waited_for() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Active, false);
    alone.core.announcing.insert(id);
    let (answer, mut answered) = oneshot::channel();
    alone.core.accepting.insert(id, answer);
    // A channel that does not exist spoils the whole transaction.
    let spoils = News::Handshake {
        channel: ChannelId(id.0 + 1),
        key: None,
        answers: None,
    };
    let announced = News::Announced {
        channel: id,
        result: Ok(()),
    };
    alone.news(vec![announced, spoils]);
    assert!(!alone.core.is_sending());
    assert!(matches!(answered.try_recv(), Ok(Err(Error::Relay(_)))));
    assert!(keyed(&alone.core.store, id).unwrap().announce);
}

#[test]
fn a_message_that_cannot_be_sealed_holds_up_no_other_channel() {
    let mut alone = alone();
    let id = alone.add(ChannelState::Active, true);
    let new = store::outbox::NewOutbound {
        channel: id,
        author: Author::Human,
        body: &crate::model::Body::new("", "hello"),
        at: NOW,
        due: NOW,
        rule: "test",
        passage: None,
        signals: &[],
    };
    let tx = alone.core.store.write().unwrap();
    channels::pin(&tx, id, "broken").unwrap();
    store::outbox::queue(&tx, &new).unwrap();
    tx.commit().unwrap();
    alone.core.sends = true;
    alone.core.send_due();
    assert_eq!(store::outbox::waiting(&alone.core.store).unwrap(), 0);
}
