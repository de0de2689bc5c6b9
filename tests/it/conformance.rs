//! What every network has to do, written once and run for each.
//!
//! A network brings a [`Rig`], which knows how two engines meet on it and how somebody does
//! harm there; everything else goes through `api`. The last lines say what is run.

#[cfg(feature = "clawchat")]
mod clawchat;
mod clawtalk;
mod mailbox;
mod mesh;

use std::time::Duration;

use chaperon::api::{ChannelRef, Checked, Error, Handle, Reply, Request, SendOutcome, Thread};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{Author, Channel, ChannelState, Content, Delivery, Message, PeerText};
use chaperon::net::Mode;
use chaperon::profile::Profile;

/// Two engines on a network, and what a hostile network does to them.
trait Rig: Sized {
    /// How many messages are sent one after another.
    const MANY: usize = 20;

    /// Makes the network, and two engines whose channel on it is active.
    async fn connect() -> (Self, Side, Side);

    /// Lets the network show another key for the peer than the one that was pinned.
    async fn change_key(&self, of: &Channel);

    /// Puts something on the channel that nobody can read.
    async fn put_junk(&self, on: &Channel);
}

/// One engine with one channel.
struct Side {
    dir: tempfile::TempDir,
    mode: Mode,
    hosted: Option<Hosted>,
}

impl Side {
    fn new() -> Self {
        let mut side = Self {
            dir: tempfile::tempdir().unwrap(),
            mode: Mode::OnDemand,
            hosted: None,
        };
        side.start();
        side
    }

    fn start(&mut self) {
        let profile = Profile::at(self.dir.path());
        self.hosted = Some(Hosted::start(&profile, self.mode, system_clock()).unwrap());
    }

    async fn restart(&mut self) {
        self.hosted.take().unwrap().stop().await;
        self.start();
        if self.mode == Mode::Continuous {
            self.listens().await;
        }
    }

    /// Waits until others reach it.
    async fn listens(&self) {
        loop {
            let Ok(Reply::Status(status)) = self.ask(Request::Status).await else {
                panic!("the engine does not answer");
            };
            let listening = status.listening;
            if listening.first().is_some_and(|at| at.problem.is_none()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn handle(&self) -> Handle {
        self.hosted.as_ref().unwrap().handle()
    }

    async fn ask(&self, request: Request) -> Result<Reply, Error> {
        self.handle().ask(request).await
    }

    /// The one channel there is.
    async fn channel(&self) -> Channel {
        let Ok(Reply::Channels(mut channels)) = self.ask(Request::Channels).await else {
            panic!("the engine does not answer");
        };
        assert_eq!(channels.len(), 1);
        channels.remove(0)
    }

    async fn send(&self, text: &str) -> Result<SendOutcome, Error> {
        let request = Request::Send {
            channel: ChannelRef::Id(self.channel().await.id),
            subject: PeerText::new("subject"),
            body: PeerText::new(text),
            author: Author::Human,
            now: true,
            thread: Thread::default(),
        };
        let Reply::Sent(outcome) = self.ask(request).await? else {
            panic!("another answer");
        };
        Ok(outcome)
    }

    async fn send_all(&self, texts: &[String]) {
        for text in texts {
            let sent = self.send(text).await.unwrap();
            assert!(matches!(sent, SendOutcome::Relayed { .. }), "{sent:?}");
        }
    }

    async fn check(&self) -> Checked {
        let accept_requests = false;
        let Ok(Reply::Checked(checked)) = self.ask(Request::Check { accept_requests }).await else {
            panic!("another answer");
        };
        checked
    }

    /// Checks once and says that the messages are there; returns their texts.
    async fn collect(&self) -> Vec<String> {
        let checked = self.check().await;
        let messages = checked.messages.iter().map(|message| message.id).collect();
        self.ask(Request::HandedOver { messages }).await.unwrap();
        let texts = checked.messages.iter();
        texts
            .map(|message| message.unsafe_body.expose_untrusted().to_owned())
            .collect()
    }

    async fn transcript(&self) -> Vec<Message> {
        let request = Request::Transcript {
            channel: self.channel().await.id,
            before: None,
            limit: 1000,
            topic: None,
        };
        let Ok(Reply::Page(page)) = self.ask(request).await else {
            panic!("another answer");
        };
        page.messages
    }
}

fn numbered<R: Rig>(what: &str) -> Vec<String> {
    (0..R::MANY)
        .map(|number| format!("{what} {number}"))
        .collect()
}

async fn messages_are_delivered_once_and_in_order<R: Rig>() {
    let (_rig, ana, bo) = R::connect().await;
    let (there, back) = (numbered::<R>("there"), numbered::<R>("back"));
    ana.send_all(&there).await;
    bo.send_all(&back).await;
    assert_eq!(bo.collect().await, there);
    assert_eq!(ana.collect().await, back);
    assert_eq!(bo.collect().await, [""; 0]);
    assert_eq!(ana.collect().await, [""; 0]);
}

async fn what_was_collected_shows_at_the_sender<R: Rig>() {
    let (_rig, ana, bo) = R::connect().await;
    ana.send_all(&numbered::<R>("there")).await;
    let relayed = ana.transcript().await;
    let is_relayed = |message: &Message| matches!(message.delivery, Some(Delivery::Relayed { .. }));
    assert!(relayed.iter().all(is_relayed), "{relayed:?}");
    bo.collect().await;
    assert_eq!(ana.collect().await, [""; 0]);
    let collected = ana.transcript().await;
    assert_eq!(collected.len(), R::MANY);
    let is_collected =
        |message: &Message| matches!(message.delivery, Some(Delivery::Collected { .. }));
    assert!(collected.iter().all(is_collected), "{collected:?}");
}

async fn a_restart_of_either_side_loses_and_repeats_nothing<R: Rig>() {
    let (_rig, mut ana, mut bo) = R::connect().await;
    let (first, second) = (numbered::<R>("first"), numbered::<R>("second"));
    ana.send_all(&first).await;
    ana.restart().await;
    ana.send_all(&second).await;
    bo.restart().await;
    // Handed out and never confirmed: the caller died, and the next one gets it.
    assert_eq!(bo.check().await.messages.len(), 2 * R::MANY);
    bo.restart().await;
    assert_eq!(bo.collect().await, [first, second].concat());
    bo.restart().await;
    ana.restart().await;
    assert_eq!(bo.collect().await, [""; 0]);
    assert_eq!(ana.collect().await, [""; 0]);
    bo.send_all(&numbered::<R>("back")).await;
    assert_eq!(ana.collect().await, numbered::<R>("back"));
}

async fn a_changed_key_stops_the_channel_both_ways<R: Rig>() {
    let (rig, ana, bo) = R::connect().await;
    ana.send_all(&["before".to_owned()]).await;
    assert_eq!(bo.collect().await, ["before"]);
    rig.change_key(&ana.channel().await).await;
    for (side, other) in [(&ana, &bo), (&bo, &ana)] {
        side.check().await;
        assert_eq!(side.channel().await.state, ChannelState::Stopped);
        assert_eq!(side.send("hello?").await, Err(Error::ChannelNotActive));
        // Whether it is gone or waits does not matter, but nothing of it may enter.
        drop(other.send("hello").await);
        assert_eq!(side.collect().await, [""; 0]);
        let Ok(Reply::NeedsYou(items)) = side.ask(Request::NeedsYou).await else {
            panic!("the engine does not answer");
        };
        assert_eq!(items.len(), 1, "{items:?}");
    }
}

async fn an_oversized_message_is_refused_with_both_sizes<R: Rig>() {
    let (_rig, ana, bo) = R::connect().await;
    let huge = "x".repeat(100 * 1024 * 1024);
    let Err(Error::TooLarge { size, limit }) = ana.send(&huge).await else {
        panic!("it was not refused");
    };
    assert!(size > limit && limit > 0, "{size} {limit}");
    assert_eq!(ana.transcript().await, []);
    ana.send_all(&["small".to_owned()]).await;
    assert_eq!(bo.collect().await, ["small"]);
}

async fn the_largest_message_arrives_whole<R: Rig>() {
    let (_rig, ana, bo) = R::connect().await;
    let Err(Error::TooLarge { limit, .. }) = ana.send(&"x".repeat(100 * 1024 * 1024)).await else {
        panic!("it was not refused");
    };
    let room = usize::try_from(limit).unwrap() - "subject".len() - "{}".len();
    let largest = "x".repeat(room);
    ana.send_all(std::slice::from_ref(&largest)).await;
    // Its size alone can be a reason to hold it from the assistant; it is whole all the same.
    bo.check().await;
    let arrived = bo.transcript().await.remove(0);
    let Content::Text(body) = arrived.content else {
        panic!("it cannot be read");
    };
    assert!(
        body.body.expose_untrusted() == largest,
        "it changed on the way"
    );
}

async fn what_nobody_can_read_stops_nothing<R: Rig>() {
    let (rig, ana, bo) = R::connect().await;
    ana.send_all(&["before".to_owned()]).await;
    rig.put_junk(&bo.channel().await).await;
    ana.send_all(&["after".to_owned()]).await;
    assert_eq!(bo.collect().await, ["before", "after"]);
    let kept = bo.transcript().await;
    let raw = |message: &&Message| matches!(message.content, Content::Raw { .. });
    assert_eq!(kept.iter().filter(raw).count(), 1, "{kept:?}");
    bo.send_all(&["still here".to_owned()]).await;
    assert_eq!(ana.collect().await, ["still here"]);
}

/// Runs every case for a network.
macro_rules! conforms {
    ($name:ident, $rig:ty) => {
        conforms!($name, $rig:
            messages_are_delivered_once_and_in_order,
            what_was_collected_shows_at_the_sender,
            a_restart_of_either_side_loses_and_repeats_nothing,
            a_changed_key_stops_the_channel_both_ways,
            an_oversized_message_is_refused_with_both_sizes,
            the_largest_message_arrives_whole,
            what_nobody_can_read_stops_nothing,
        );
    };
    ($name:ident, $rig:ty: $($case:ident,)*) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case::<$rig>().await;
                }
            )*
        }
    };
}

conforms!(mailbox_on_our_relay, crate::conformance::mailbox::OnOurs);
conforms!(
    mailbox_on_the_reference,
    crate::conformance::mailbox::OnTheReference
);
// No relay stands between two agents of the mesh: nothing lies anywhere to be collected, and
// what cannot be read is turned away at the door.
conforms!(agent_mesh, crate::conformance::mesh::Agents:
    messages_are_delivered_once_and_in_order,
    a_restart_of_either_side_loses_and_repeats_nothing,
    a_changed_key_stops_the_channel_both_ways,
    an_oversized_message_is_refused_with_both_sizes,
    the_largest_message_arrives_whole,
);
// A relay of this kind tells the sender nothing of what becomes of a message.
conforms!(clawtalk_on_our_relay, crate::conformance::clawtalk::Agents<crate::support::Relay>:
    messages_are_delivered_once_and_in_order,
    a_restart_of_either_side_loses_and_repeats_nothing,
    a_changed_key_stops_the_channel_both_ways,
    an_oversized_message_is_refused_with_both_sizes,
    the_largest_message_arrives_whole,
    what_nobody_can_read_stops_nothing,
);
conforms!(clawtalk_on_the_reference,
    crate::conformance::clawtalk::Agents<crate::support::clawtalk_server::Serves>:
    messages_are_delivered_once_and_in_order,
    a_restart_of_either_side_loses_and_repeats_nothing,
    a_changed_key_stops_the_channel_both_ways,
    an_oversized_message_is_refused_with_both_sizes,
    the_largest_message_arrives_whole,
    what_nobody_can_read_stops_nothing,
);
// Nothing stands between two of these either.
#[cfg(feature = "clawchat")]
conforms!(clawchat_nodes, crate::conformance::clawchat::Nodes:
    messages_are_delivered_once_and_in_order,
    a_restart_of_either_side_loses_and_repeats_nothing,
    a_changed_key_stops_the_channel_both_ways,
    an_oversized_message_is_refused_with_both_sizes,
    the_largest_message_arrives_whole,
);
