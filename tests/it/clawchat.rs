//! `ClawChat` between chaperons: identities that find each other, let each other in, and talk.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use chaperon::api::{
    Accounts, AccountsReply, ChannelRef, Error, NewIdentity, Reply, Request, SendOutcome,
};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Admission, Author, Channel, ChannelState, Delivery, NetworkId, OwnAccount, PeerPath,
    RequestState, ReviewKind, Verdict, Visibility,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;

use crate::support::clawchat::{Chatter, on_loopback, tcp, ws};

async fn delivered(from: &Chatter, channel: &Channel, text: &str) {
    let sent = from.sends(channel, text).await.unwrap();
    assert!(matches!(sent, SendOutcome::Relayed { .. }), "{sent:?}");
    let all = from.transcript(channel).await;
    let last = all.iter().rfind(|one| one.author == Author::Human).unwrap();
    assert!(
        matches!(last.delivery, Some(Delivery::Delivered { .. })),
        "{last:?}"
    );
}

/// Ana adds Bo there, and Bo lets Ana in.
async fn meet(ana: &Chatter, bo: &Chatter, at: &str) {
    let channel = ana.adds(&ana.us, &bo.us, Some(at)).await.unwrap();
    assert_eq!(channel.state, ChannelState::Active);
    bo.decides(Verdict::Approve).await;
}

async fn they_talk_at(place: fn(&OwnAccount) -> String) {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &place(&bo.us)).await;
    let (to_bo, to_ana) = (
        ana.channel(&ana.us, &bo.us).await,
        bo.channel(&bo.us, &ana.us).await,
    );
    delivered(&ana, &to_bo, "there").await;
    delivered(&bo, &to_ana, "and back").await;
    assert_eq!(bo.heard(&to_ana).await, ["there"]);
    assert_eq!(ana.heard(&to_bo).await, ["and back"]);
    for (side, other) in [(&ana, &bo), (&bo, &ana)] {
        side.until("them to be shown as there", async || {
            let channel = side.channel(&side.us, &other.us).await;
            let path = channel.presence.and_then(|presence| presence.path);
            (path == Some(PeerPath::Direct)).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_talk_over_tcp_and_each_knows_that_the_other_has_it() {
    they_talk_at(tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_talk_over_a_websocket() {
    they_talk_at(ws).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stranger_writes_waits_with_them_and_enters_with_them() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    let to_bo = ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    let sent = ana.sends(&to_bo, "it is me, Ana").await.unwrap();
    assert!(matches!(sent, SendOutcome::Relayed { .. }), "{sent:?}");
    // Bo's chaperon has it, and nobody has read it.
    let last = ana.transcript(&to_bo).await.pop().unwrap();
    assert!(
        matches!(last.delivery, Some(Delivery::Relayed { .. })),
        "{last:?}"
    );
    let items = bo.items().await;
    assert_eq!(items.len(), 1, "one question, however much they write");
    assert!(
        matches!(items[0].kind, ReviewKind::ContactRequest { .. }),
        "{items:?}"
    );
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    assert_eq!(to_ana.state, ChannelState::Requested);
    assert_eq!(bo.heard(&to_ana).await, [""; 0]);
    let Reply::Review(review) = bo.ask(Request::Review { item: items[0].id }).await.unwrap() else {
        panic!("another answer");
    };
    let asked = review.asked.as_ref().unwrap();
    assert_eq!(asked.unsafe_purpose.expose_untrusted(), "it is me, Ana");
    assert_eq!(asked.address, ana.us.address);

    bo.decides(Verdict::Approve).await;
    assert_eq!(bo.heard(&to_ana).await, ["it is me, Ana"]);
    // By the rules of the channel, as if it came now.
    let message = bo.transcript(&to_ana).await.pop().unwrap();
    assert!(
        matches!(message.admission, Some(Admission::Released { .. })),
        "{message:?}"
    );
    delivered(&ana, &to_bo, "thanks").await;
    assert_eq!(bo.heard(&to_ana).await, ["it is me, Ana", "thanks"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_what_a_stranger_wrote() {
    let (ana, mut bo) = (Chatter::new().await, Chatter::new().await);
    let to_bo = ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    ana.sends(&to_bo, "one").await.unwrap();
    bo.restart().await;
    bo.decides(Verdict::Approve).await;
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    assert_eq!(bo.heard(&to_ana).await, ["one"]);
    delivered(&ana, &to_bo, "two").await;
    assert_eq!(bo.heard(&to_ana).await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_refused_is_told_so_and_nothing_of_them_stays() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    let to_bo = ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    ana.sends(&to_bo, "let me in").await.unwrap();
    bo.decides(Verdict::Refuse).await;
    ana.until("the session to end", async || {
        let channel = ana.channel(&ana.us, &bo.us).await;
        let online = channel.presence.is_some_and(|presence| presence.online);
        (!online).then_some(())
    })
    .await;
    let SendOutcome::Queued { problem, .. } = ana.sends(&to_bo, "please").await.unwrap() else {
        panic!("it left");
    };
    assert_eq!(problem.as_deref(), Some("they refused the session"));
    assert_eq!(bo.items().await, []);
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    assert_eq!(to_ana.state, ChannelState::Closed);
    assert_eq!(bo.heard(&to_ana).await, [""; 0]);
    let AccountsReply::Requests(requests) = bo
        .accounts(Accounts::Requests {
            network: NetworkId::ClawChat,
        })
        .await
        .unwrap()
    else {
        panic!("another answer");
    };
    assert_eq!(requests[0].state, RequestState::Rejected);

    // Their mind can change: adding them is a person's act.
    bo.adds(&bo.us, &ana.us, Some(&tcp(&ana.us))).await.unwrap();
    let retry = ana.transcript(&to_bo).await.pop().unwrap();
    ana.ask(Request::Retry { message: retry.id }).await.unwrap();
    bo.until("the message", async || {
        (bo.heard(&to_ana).await == ["please"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_for_somebody_who_is_away_leaves_when_they_are_back() {
    let (ana, mut bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &tcp(&bo.us)).await;
    let to_bo = ana.channel(&ana.us, &bo.us).await;
    delivered(&ana, &to_bo, "here").await;
    bo.hosted.take().unwrap().stop().await;
    let away = ana.sends(&to_bo, "away").await.unwrap();
    let SendOutcome::Queued { problem, .. } = away else {
        panic!("{away:?}");
    };
    assert!(problem.is_some());
    let profile = Profile::at(bo.dir.path());
    let clock = system_clock();
    let mode = Mode::Continuous;
    bo.hosted = Some(Hosted::start(&profile, mode, clock).unwrap());
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    bo.until("the message", async || {
        (bo.heard(&to_ana).await == ["here", "away"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_of_a_friend_leads_to_whoever_is_reached_through_it_alone() {
    let (mut friend, ana) = (Chatter::new().await, Chatter::new().await);
    friend.set(|node| node.relay_server = true).await;
    let mut settings = on_loopback();
    settings.relays = vec![tcp(&friend.us)];
    let bo = Chatter::with(None, settings).await;
    let through = bo
        .until("a place at the relay", async || {
            let us = bo.account(&bo.us).await;
            let all = us.listening?.addresses;
            all.into_iter().find(|at| at.contains("/p2p-circuit/"))
        })
        .await;
    meet(&ana, &bo, &through).await;
    let to_bo = ana.channel(&ana.us, &bo.us).await;
    delivered(&ana, &to_bo, "through").await;
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    assert_eq!(bo.heard(&to_ana).await, ["through"]);
    let path = ana
        .until("how they are reached", async || {
            let channel = ana.channel(&ana.us, &bo.us).await;
            channel.presence.and_then(|presence| presence.path)
        })
        .await;
    // On one computer a hole is easily punched; straight nobody dialled.
    assert_ne!(path, PeerPath::Direct);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_in_a_line_find_each_other() {
    let (ana, bo, cy) = (
        Chatter::new().await,
        Chatter::new().await,
        Chatter::new().await,
    );
    meet(&ana, &bo, &tcp(&bo.us)).await;
    meet(&cy, &bo, &tcp(&bo.us)).await;
    let somebody = ana
        .until("Bo to know where Cy is", async || {
            let found = ana.resolves(&cy.us).await.into_iter().next()?;
            found.somebody
        })
        .await;
    assert_eq!(somebody.address, cy.us.address);
    assert_eq!(somebody.fingerprint, cy.us.fingerprint);
    let to_cy = ana.adds(&ana.us, &cy.us, None).await.unwrap();
    cy.decides(Verdict::Approve).await;
    delivered(&ana, &to_cy, "found you").await;
    let to_ana = cy.channel(&cy.us, &ana.us).await;
    assert_eq!(cy.heard(&to_ana).await, ["found you"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_private_is_told_of_to_nobody() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    let mut settings = on_loopback();
    settings.visibility = Visibility::Private;
    let cy = Chatter::with(None, settings).await;
    meet(&ana, &bo, &tcp(&bo.us)).await;
    meet(&cy, &bo, &tcp(&bo.us)).await;
    let to_bo = cy.channel(&cy.us, &bo.us).await;
    delivered(&cy, &to_bo, "I am here").await;
    let found = ana.resolves(&cy.us).await;
    assert!(found.iter().all(|one| one.somebody.is_none()), "{found:?}");
    let added = ana.adds(&ana.us, &cy.us, None).await;
    assert!(matches!(added, Err(Error::Relay(_))), "{added:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hides_is_asked_by_nobody_and_still_reaches_whom_they_know() {
    let ana = Chatter::new().await;
    let mut settings = on_loopback();
    settings.visibility = Visibility::Stealth;
    let cy = Chatter::with(None, settings).await;
    let to_cy = ana.adds(&ana.us, &cy.us, Some(&tcp(&cy.us))).await.unwrap();
    let sent = ana.sends(&to_cy, "hello?").await.unwrap();
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    assert_eq!(cy.items().await, []);
    assert_eq!(cy.channels().await, []);
    cy.adds(&cy.us, &ana.us, Some(&tcp(&ana.us))).await.unwrap();
    let to_ana = cy.channel(&cy.us, &ana.us).await;
    delivered(&cy, &to_ana, "it is I who calls").await;
    assert_eq!(ana.heard(&to_cy).await, ["it is I who calls"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_ask_is_turned_away_without_a_question() {
    let (ana, mut bo) = (Chatter::new().await, Chatter::new().await);
    bo.set(|node| node.allowed.clear()).await;
    let to_bo = ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    let sent = ana.sends(&to_bo, "hello?").await.unwrap();
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    assert_eq!(bo.items().await, []);
    let principal = ana.us.address.clone();
    bo.set(|node| node.allowed = vec![principal]).await;
    let message = ana.transcript(&to_bo).await.pop().unwrap();
    ana.ask(Request::Retry {
        message: message.id,
    })
    .await
    .unwrap();
    bo.decides(Verdict::Approve).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_identity_has_its_own_node_peers_and_words() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    let work = bo.another("work").await;
    assert_ne!(bo.us.address, work.address);
    assert_ne!(bo.us.digest, work.digest);
    let home = ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    bo.decides(Verdict::Approve).await;
    let office = ana.adds(&ana.us, &work, Some(&tcp(&work))).await.unwrap();
    bo.decides(Verdict::Approve).await;
    delivered(&ana, &home, "dinner").await;
    delivered(&ana, &office, "meeting").await;
    let (at_home, at_work) = (
        bo.channel(&bo.us, &ana.us).await,
        bo.channel(&work, &ana.us).await,
    );
    assert_eq!(bo.heard(&at_home).await, ["dinner"]);
    assert_eq!(bo.heard(&at_work).await, ["meeting"]);
    delivered(&bo, &at_work, "at ten").await;
    assert_eq!(ana.heard(&office).await, ["at ten"]);
    assert_eq!(ana.heard(&home).await, [""; 0]);
    // The two are told apart by name where both know the same peer.
    let named = ChannelRef::Named(format!("{}#{}", ana.us.address, at_work.id));
    let Reply::Channel(found) = bo.ask(Request::Channel { channel: named }).await.unwrap() else {
        panic!("another answer");
    };
    assert_eq!(found.id, at_work.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_safety_code_is_the_same_on_both_sides_and_of_both_identities() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &tcp(&bo.us)).await;
    let mut codes = Vec::new();
    for (side, other) in [(&ana, &bo), (&bo, &ana)] {
        let channel = ChannelRef::Id(side.channel(&side.us, &other.us).await.id);
        let code = side.ask(Request::SafetyCode { channel }).await.unwrap();
        let Reply::SafetyCode(code) = code else {
            panic!("another answer");
        };
        codes.push(code.groups.clone());
    }
    assert_eq!(codes[0], codes[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovered_identity_has_another_node_and_another_code() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &tcp(&bo.us)).await;
    let before = ana.channel(&ana.us, &bo.us).await.our_key;
    let recover = Accounts::Make(Box::new(NewIdentity {
        network: NetworkId::ClawChat,
        name: None,
        phrase: Some(ana.phrase.clone()),
        testnet: true,
        node: Some(on_loopback()),
    }));
    let AccountsReply::Identity { account, phrase } = ana.accounts(recover).await.unwrap() else {
        panic!("another answer");
    };
    assert_eq!((account.id, &account.address), (ana.us.id, &ana.us.address));
    assert_eq!(phrase, None, "it is known already");
    assert_ne!(account.digest, ana.us.digest);
    let after = ana.channel(&ana.us, &bo.us).await.our_key;
    assert_ne!(before, after);
    assert_eq!(after, account.key);
    // Bo's chaperon sees another device of hers and asks Bo.
    let to_ana = bo.channel(&bo.us, &ana.us).await;
    bo.until("the channel to stop", async || {
        let state = bo.channel(&bo.us, &ana.us).await.state;
        (state == ChannelState::Stopped).then_some(())
    })
    .await;
    bo.decides(Verdict::Approve).await;
    let to_bo = ana.channel(&ana.us, &bo.us).await;
    bo.until("her message", async || {
        let sent = ana.sends(&to_bo, "new telephone").await.ok()?;
        let arrived = bo.heard(&to_ana).await;
        (matches!(sent, SendOutcome::Relayed { .. }) && !arrived.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_holds_for_every_node_of_a_wallet() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    ana.adds(&ana.us, &bo.us, Some(&tcp(&bo.us))).await.unwrap();
    bo.decides(Verdict::Refuse).await;
    let device = Chatter::with(Some(ana.phrase.clone()), on_loopback()).await;
    let to_bo = device
        .adds(&device.us, &bo.us, Some(&tcp(&bo.us)))
        .await
        .unwrap();
    let SendOutcome::Queued { problem, .. } = device.sends(&to_bo, "again").await.unwrap() else {
        panic!("it left");
    };
    assert_eq!(problem.as_deref(), Some("they refused the session"));
    assert_eq!(bo.items().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_while_a_channel_is_stopped_is_kept_for_later() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &tcp(&bo.us)).await;
    let (to_bo, to_ana) = (
        ana.channel(&ana.us, &bo.us).await,
        bo.channel(&bo.us, &ana.us).await,
    );
    delivered(&bo, &to_ana, "before").await;
    let device = Chatter::with(Some(bo.phrase.clone()), on_loopback()).await;
    let there = device
        .adds(&device.us, &ana.us, Some(&tcp(&ana.us)))
        .await
        .unwrap();
    let sent = device.sends(&there, "from the new one").await.unwrap();
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    ana.until("the channel to stop", async || {
        let state = ana.channel(&ana.us, &bo.us).await.state;
        (state == ChannelState::Stopped).then_some(())
    })
    .await;
    let sent = bo.sends(&to_ana, "from the old one").await.unwrap();
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    assert_eq!(ana.heard(&to_bo).await, ["before"]);
    ana.decides(Verdict::KeepPinned).await;
    ana.until("what waited", async || {
        (ana.heard(&to_bo).await == ["before", "from the old one"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_ended_comes_back_only_with_words() {
    let (ana, bo) = (Chatter::new().await, Chatter::new().await);
    meet(&ana, &bo, &tcp(&bo.us)).await;
    let (to_bo, to_ana) = (
        ana.channel(&ana.us, &bo.us).await,
        bo.channel(&bo.us, &ana.us).await,
    );
    delivered(&bo, &to_ana, "before").await;
    let end = Request::End {
        channel: ChannelRef::Id(to_bo.id),
        author: Author::Human,
    };
    ana.ask(end).await.unwrap();
    // Bo's node comes back by itself within this time, and says nothing.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(ana.items().await, []);
    bo.sends(&to_ana, "are you there?").await.unwrap();
    ana.until("the question", async || {
        (ana.items().await.len() == 1).then_some(())
    })
    .await;
    ana.decides(Verdict::Approve).await;
    assert_eq!(ana.heard(&to_bo).await, ["before", "are you there?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_frame_that_claims_too_much_is_not_waited_for() {
    let ana = Chatter::new().await;
    let port = ana.us.node.as_ref().unwrap().port + 1;
    let closed = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(8)))
            .unwrap();
        let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).unwrap();
        let mut answer = [0; 1024];
        let count = stream.read(&mut answer).unwrap();
        assert!(answer[..count].starts_with(b"HTTP/1.1 101"));
        // A masked binary frame of 200 MiB, of which nothing follows.
        let mut head = vec![0x82, 0xff];
        head.extend((200_u64 * 1024 * 1024).to_be_bytes());
        head.extend([1, 2, 3, 4]);
        stream.write_all(&head).unwrap();
        loop {
            match stream.read(&mut answer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    });
    assert!(closed.await.unwrap(), "it is waited for");
}
