//! What rules and a person say of messages, on an engine without a network.

use std::sync::atomic::Ordering;

use super::super::decide::Decision;
use super::super::inbound::tests::{Alone, NOW, alone, decision};
use super::*;
use crate::api::{Proposal, Role, Status};
use crate::model::{LogEntry, OnScreen, PeerText, ReviewKind, Verdict, Words};
use crate::net::{Arrived, Incoming, News};
use crate::store::outbox;

/// Tells the engine what its network carries; nothing is sent.
fn with_network(alone: &mut Alone) {
    let (commands, _nobody) = tokio::sync::mpsc::unbounded_channel();
    let network = &crate::net::mailbox::Mailbox;
    let port = super::super::core::Port { network, commands };
    let id = crate::model::NetworkId::Mailbox;
    alone.core.ports.insert(id, port);
}

fn sent(alone: &mut Alone, channel: ChannelId, text: &str) -> SendOutcome {
    let channel = alone.core.find(&ChannelRef::Id(channel)).unwrap().channel;
    let body = Body::new("", text);
    match alone
        .core
        .judge_outbound(&channel, Author::Assistant, (&body, None))
    {
        Ok(Fate::Waits(outcome)) => outcome,
        Ok(Fate::Leaves { rule, .. }) => panic!("it left alone by {rule}"),
        Err(error) => panic!("{error}"),
    }
}

fn leaves(alone: &mut Alone, channel: ChannelId, text: &str) -> bool {
    let channel = alone.core.find(&ChannelRef::Id(channel)).unwrap().channel;
    let body = Body::new("", text);
    let fate = alone
        .core
        .judge_outbound(&channel, Author::Assistant, (&body, None));
    matches!(fate.unwrap(), Fate::Leaves { .. })
}

fn held(alone: &mut Alone, channel: ChannelId) -> MessageId {
    let outcome = sent(alone, channel, "Thursday at two?");
    let SendOutcome::Held { message, .. } = outcome else {
        panic!("{outcome:?}");
    };
    message
}

fn arrives(alone: &mut Alone, channel: ChannelId, number: u8, text: &str) {
    let arrived = Arrived {
        original: None,
        routing: None,
        seq: Some(i64::from(number)),
        envelope: Digest([number; 32]),
        content: Content::Text(Body::new("", text)),
    };
    alone.news(vec![News::Listing {
        channel,
        arrived: vec![arrived],
        gone: Vec::new(),
    }]);
}

fn item(alone: &Alone) -> review::Item {
    alone.open().remove(0)
}

/// What a person says of the first open item, bound to what is shown of it now.
fn says(alone: &Alone, verdict: Verdict) -> Decision {
    let Ok(Reply::NeedsYou(items)) = alone.core.needs_you() else {
        panic!("no list");
    };
    Decision {
        seen: items[0].seen,
        ..decision(&item(alone), verdict)
    }
}

fn fate(alone: &Alone, message: MessageId) -> DraftFate {
    let answer = alone.core.draft_state(message).unwrap();
    let Reply::DraftState(state) = answer else {
        panic!("{answer:?}");
    };
    state.state
}

fn last_entry(alone: &Alone) -> LogEntry {
    log::newest(&alone.core.store, 1, None).unwrap().remove(0)
}

fn verified(alone: &mut Alone, channel: ChannelId, preset: &str) {
    let tx = alone.core.store.write().unwrap();
    store::channels::set_verified(&tx, channel, Some(NOW)).unwrap();
    store::channels::set_engagement(&tx, channel, preset, None, "").unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_draft_waits_and_leaves_on_a_person_s_word_alone() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let message = held(&mut alone, channel);
    assert!(matches!(fate(&alone, message), DraftFate::Held { .. }));
    assert_eq!(outbox::waiting(&alone.core.store).unwrap(), 0);
    let yes = says(&alone, Verdict::Approve);
    alone.core.settle(&yes).unwrap();
    assert_eq!(fate(&alone, message), DraftFate::Queued);
    assert_eq!(outbox::waiting(&alone.core.store).unwrap(), 1);
    let entry = last_entry(&alone);
    assert_eq!(
        (entry.what.as_str(), entry.actor),
        ("draft_approved", Actor::Human)
    );
    assert_eq!(entry.evidence.message, Some(message));
    assert_eq!(
        alone.core.settle(&yes),
        Ok(Reply::Done),
        "the same again is fine"
    );
    let no = Decision {
        verdict: Verdict::Refuse,
        ..yes
    };
    let late = alone.core.settle(&no);
    assert_eq!(late, Err(Error::AlreadyDecided("approve".to_owned())));
}

#[test]
fn an_edited_draft_leaves_as_edited_and_both_texts_are_in_the_log() {
    let mut alone = alone();
    with_network(&mut alone);
    let channel = alone.add(ChannelState::Active, true);
    let message = held(&mut alone, channel);
    let words = Words {
        subject: PeerText::default(),
        body: PeerText::new("Friday at ten?"),
    };
    let edited = Decision {
        words: Some(words.clone()),
        screen: Some(OnScreen {
            percent: 100,
            seconds: 34,
        }),
        ..says(&alone, Verdict::SendEdited)
    };
    alone.core.settle(&edited).unwrap();
    let stored = messages::by_id(&alone.core.store, message)
        .unwrap()
        .unwrap();
    assert_eq!(
        stored.content,
        Content::Text(Body::new("", "Friday at ten?"))
    );
    assert_eq!(stored.passage, Some(Passage::Edited));
    assert_eq!(
        stored.other.unwrap().body,
        PeerText::new("Thursday at two?")
    );
    let entry = last_entry(&alone);
    let text = |text: Option<crate::model::LoggedText>| text.unwrap().text.unwrap();
    assert_eq!(text(entry.draft), PeerText::new("Thursday at two?"));
    assert_eq!(text(entry.sent), words.body);
    assert_eq!(entry.evidence.seen.unwrap().seconds, 34);
    assert_eq!(
        entry.evidence.policy.as_deref(),
        Some("safe-acquaintance v1")
    );
}

#[test]
fn nothing_goes_on_in_place_of_a_text_that_is_not_there() {
    let mut alone = alone();
    with_network(&mut alone);
    let channel = alone.add(ChannelState::Active, true);
    held(&mut alone, channel);
    for words in [None, Some(Words::default())] {
        let empty = Decision {
            words,
            ..says(&alone, Verdict::SendEdited)
        };
        assert!(matches!(
            alone.core.settle(&empty),
            Err(Error::BadRequest(_))
        ));
    }
    for verdict in [
        Verdict::OwnWords,
        Verdict::ReleaseClean,
        Verdict::KeepPinned,
    ] {
        let other = says(&alone, verdict);
        assert_eq!(alone.core.settle(&other), Err(Error::not_an_answer()));
    }
    assert_eq!(alone.open().len(), 1);
}

#[test]
fn a_refusal_tells_the_assistant_the_reason_and_the_peer_nothing() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let message = held(&mut alone, channel);
    let reason = PeerText::new("not by mail");
    let no = Decision {
        reason: Some(reason.clone()),
        ..says(&alone, Verdict::RefuseAndPause)
    };
    alone.core.settle(&no).unwrap();
    assert_eq!(fate(&alone, message), DraftFate::Refused { reason });
    assert_eq!(outbox::waiting(&alone.core.store).unwrap(), 0);
    assert!(
        alone
            .core
            .find(&ChannelRef::Id(channel))
            .unwrap()
            .channel
            .paused
    );
}

#[test]
fn no_answer_in_time_means_no_and_a_later_yes_is_too_late() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let message = held(&mut alone, channel);
    let yes = says(&alone, Verdict::Approve);
    let DraftFate::Held { expires } = fate(&alone, message) else {
        panic!("it waits");
    };
    let wait = alone.core.expire_drafts().unwrap().unwrap();
    assert!(wait >= expires.since(NOW));
    assert!(matches!(fate(&alone, message), DraftFate::Held { .. }));
    alone.time.store(expires.0, Ordering::Relaxed);
    assert_eq!(alone.core.expire_drafts().unwrap(), None);
    assert_eq!(fate(&alone, message), DraftFate::Expired);
    assert!(alone.open().is_empty());
    assert_eq!(last_entry(&alone).what, "draft_expired");
    let late = alone.core.settle(&yes);
    assert_eq!(late, Err(Error::AlreadyDecided("expired".to_owned())));
    assert_eq!(outbox::waiting(&alone.core.store).unwrap(), 0);
}

#[test]
fn a_decision_is_bound_to_the_text_the_key_and_the_policy_that_were_shown() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let message = held(&mut alone, channel);
    let yes = says(&alone, Verdict::Approve);
    let mut others = Vec::new();
    let mut change = |alone: &mut Alone, run: &dyn Fn(&Tx<'_>)| {
        let tx = alone.core.store.write().unwrap();
        run(&tx);
        tx.commit().unwrap();
        assert_eq!(alone.core.settle(&yes), Err(Error::Changed));
        others.push(says(alone, Verdict::Approve).seen);
    };
    change(&mut alone, &|tx| {
        store::channels::set_engagement(tx, channel, "one-time", None, "").unwrap();
    });
    change(&mut alone, &|tx| {
        store::channels::pin(tx, channel, "other").unwrap();
    });
    assert_ne!(others[0], others[1]);
    assert!(matches!(fate(&alone, message), DraftFate::Held { .. }));
}

#[test]
fn what_is_held_from_the_assistant_is_nowhere_it_can_look() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    arrives(
        &mut alone,
        channel,
        1,
        "hello\u{e0041}\u{e0042}\u{e0043}\u{e0044}",
    );
    arrives(&mut alone, channel, 2, "Thursday at two?");
    let (given, _) = messages::for_assistant(&alone.core.store, usize::MAX, |_| false).unwrap();
    assert_eq!(given.len(), 1);
    let Ok(Reply::NeedsYou(items)) = alone.core.needs_you() else {
        panic!("no list");
    };
    assert!(matches!(
        items[0].kind,
        ReviewKind::HeldMessage { signals: 1.., .. }
    ));
    let seen = alone.core.status().unwrap().as_seen_by(Role::Assistant);
    let Reply::Status(Status {
        held_in, needs_you, ..
    }) = seen
    else {
        panic!("no status");
    };
    assert_eq!((held_in, needs_you), (0, 0));
    let Reply::Channels(channels) = alone.core.channels().unwrap().as_seen_by(Role::Assistant)
    else {
        panic!("no channels");
    };
    assert_eq!((channels[0].held_in, channels[0].unread), (0, 0));
    // To the assistant it does not exist: not even its number tells anything.
    assert!(alone.core.draft_state(MessageId(1)).is_err());
}

#[test]
fn each_way_of_releasing_gives_the_assistant_what_it_says() {
    for (verdict, passage, given) in [
        (Verdict::Approve, Passage::AsIs, None),
        (Verdict::ReleaseClean, Passage::HiddenRemoved, Some("hello")),
        (Verdict::OwnWords, Passage::OwnWords, Some("they say hello")),
    ] {
        let mut alone = alone();
        let channel = alone.add(ChannelState::Active, true);
        arrives(
            &mut alone,
            channel,
            1,
            "hello\u{e0041}\u{e0042}\u{e0043}\u{e0044}",
        );
        let release = Decision {
            words: (verdict == Verdict::OwnWords).then(|| Words {
                subject: PeerText::default(),
                body: PeerText::new("they say hello"),
            }),
            ..says(&alone, verdict)
        };
        alone.core.settle(&release).unwrap();
        let (released, _) =
            messages::for_assistant(&alone.core.store, usize::MAX, |_| false).unwrap();
        assert_eq!(released[0].passage, Some(passage));
        let other = released[0]
            .other
            .as_ref()
            .map(|words| words.body.expose_untrusted());
        assert_eq!(other, given);
    }
}

#[test]
fn a_wide_preset_counts_only_once_the_code_was_compared() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let tx = alone.core.store.write().unwrap();
    store::channels::set_engagement(&tx, channel, "inner-circle", None, "").unwrap();
    tx.commit().unwrap();
    arrives(&mut alone, channel, 1, "Thursday at two?");
    assert!(!leaves(&mut alone, channel, "yes"));
    verified(&mut alone, channel, "inner-circle");
    assert!(leaves(&mut alone, channel, "yes"));
}

#[test]
fn what_leaves_alone_counts_until_it_is_too_much() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    verified(&mut alone, channel, "inner-circle");
    let rules = "base = \"inner-circle\"\nalone_per_hour = 2\n";
    let tx = alone.core.store.write().unwrap();
    store::channels::set_engagement(&tx, channel, "inner-circle", Some(rules), "").unwrap();
    for _ in 0..2 {
        let new = outbox::NewOutbound {
            channel,
            author: Author::Assistant,
            body: &Body::new("", "yes"),
            at: NOW,
            due: NOW,
            rule: "alone",
            passage: Some(Passage::Alone),
            signals: &[],
        };
        outbox::queue(&tx, &new).unwrap();
    }
    tx.commit().unwrap();
    let SendOutcome::Held { rule, .. } = sent(&mut alone, channel, "and yes") else {
        panic!("it is one too many");
    };
    assert_eq!(rule, "rate:2-an-hour");
    let hour = i64::try_from(HOUR.as_millis()).unwrap();
    alone.time.store(NOW.0 + hour, Ordering::Relaxed);
    assert!(leaves(&mut alone, channel, "an hour later"));
}

#[test]
fn rules_that_cannot_be_read_hold_everything_and_say_why() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    verified(&mut alone, channel, "inner-circle");
    for broken in ["inbound = 7", "time_zone = \"Nowhere/Land\""] {
        let tx = alone.core.store.write().unwrap();
        store::channels::set_engagement(&tx, channel, "inner-circle", Some(broken), "").unwrap();
        tx.commit().unwrap();
        let known = alone.core.find(&ChannelRef::Id(channel)).unwrap().channel;
        let force = in_force(&alone.core.profile, &known, NOW);
        assert!(force.instead.unwrap().starts_with("everything is held"));
        assert!(!leaves(&mut alone, channel, "yes"));
    }
    arrives(&mut alone, channel, 1, "Thursday at two?");
    let (given, _) = messages::for_assistant(&alone.core.store, usize::MAX, |_| false).unwrap();
    assert_eq!(given, []);
}

#[test]
fn a_one_time_channel_ends_by_itself_and_takes_its_drafts_with_it() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    verified(&mut alone, channel, "one-time");
    let message = held(&mut alone, channel);
    alone.core.end_channels().unwrap();
    assert_eq!(alone.state(channel), ChannelState::Active);
    let week = 7 * i64::try_from(DAY.as_millis()).unwrap();
    alone.time.store(NOW.0 + week, Ordering::Relaxed);
    let late = alone.core.judge_outbound(
        &alone.core.find(&ChannelRef::Id(channel)).unwrap().channel,
        Author::Human,
        (&Body::new("", "still there?"), None),
    );
    assert!(matches!(late, Err(Error::BadRequest(_))));
    alone.core.end_channels().unwrap();
    assert_eq!(alone.state(channel), ChannelState::Closed);
    assert_eq!(fate(&alone, message), DraftFate::Expired);
    assert!(alone.open().is_empty());
}

#[test]
fn the_assistant_ends_only_what_its_preset_lets_it_complete() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let reference = ChannelRef::Id(channel);
    let refused = alone.core.end(&reference, Author::Assistant);
    assert_eq!(refused, Err(Error::NotAllowed));
    verified(&mut alone, channel, "one-time");
    alone.core.end(&reference, Author::Assistant).unwrap();
    assert_eq!(alone.state(channel), ChannelState::Closed);
    assert_eq!(last_entry(&alone).actor, Actor::Assistant);
}

#[test]
fn widening_needs_the_code_and_a_second_word_and_narrowing_neither() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let reference = ChannelRef::Id(channel);
    let preset = |name: &str| Proposal {
        preset: Some(name.to_owned()),
        ..Proposal::default()
    };
    let set = |alone: &mut Alone, name: &str, widen: bool| {
        let Ok(Reply::Engagement(shown)) = alone.core.engagement(&reference, &preset(name)) else {
            panic!("no engagement");
        };
        alone
            .core
            .set_engagement(&reference, &preset(name), &shown.seen, widen)
            .map(|_| ())
    };
    assert!(matches!(
        set(&mut alone, "inner-circle", true),
        Err(Error::NeedsCode(_))
    ));
    verified(&mut alone, channel, "safe-acquaintance");
    assert!(matches!(
        set(&mut alone, "inner-circle", false),
        Err(Error::Widens(_))
    ));
    set(&mut alone, "inner-circle", true).unwrap();
    assert_eq!(last_entry(&alone).what, "engagement_widened");
    set(&mut alone, "one-time", false).unwrap();
    assert_eq!(last_entry(&alone).what, "engagement_set");
    let stale = alone
        .core
        .set_engagement(&reference, &preset("one-time"), &Digest([0; 32]), true);
    assert_eq!(stale, Err(Error::Changed));
}

#[test]
fn a_message_that_calls_nobody_is_left_to_the_digest() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    arrives(&mut alone, channel, 1, "no hurry");
    let Ok(Reply::Digest(digest)) = alone.core.digest() else {
        panic!("no digest");
    };
    assert_eq!(digest.len(), 1);
    alone.core.mark_read(channel, digest[0].message.id).unwrap();
    assert_eq!(alone.core.digest(), Ok(Reply::Digest(Vec::new())));
    verified(&mut alone, channel, "inner-circle");
    arrives(&mut alone, channel, 2, "come at once");
    assert_eq!(alone.core.digest(), Ok(Reply::Digest(Vec::new())));
}

#[test]
fn incoming_is_settled_whatever_is_held() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    let (settled, mut answer) = tokio::sync::oneshot::channel();
    let arrived = Arrived {
        original: None,
        routing: None,
        seq: Some(9),
        envelope: Digest([9; 32]),
        content: Content::Text(Body::new("", "hi\u{202e}")),
    };
    alone.core.settle_news(vec![Incoming {
        news: News::Listing {
            channel,
            arrived: vec![arrived],
            gone: Vec::new(),
        },
        settled,
    }]);
    assert_eq!(answer.try_recv().unwrap().acknowledge, [9]);
    assert_eq!(messages::held(&alone.core.store).unwrap(), 1);
}

#[test]
fn a_rule_made_of_a_held_message_is_tried_out_saved_by_a_person_and_over_after_its_day() {
    let mut alone = alone();
    let channel = alone.add(ChannelState::Active, true);
    verified(&mut alone, channel, "safe-acquaintance");
    let tags = "hello\u{e0041}\u{e0042}\u{e0043}\u{e0044}";
    arrives(&mut alone, channel, 1, tags);
    let Ok(Reply::Review(shown)) = alone.core.review(item(&alone).id) else {
        panic!("no review");
    };
    let reference = ChannelRef::Id(channel);
    let proposal = Proposal {
        rules: shown.rule,
        ..Proposal::default()
    };
    let Ok(Reply::Engagement(shown)) = alone.core.engagement(&reference, &proposal) else {
        panic!("no engagement");
    };
    let rows: Vec<_> = shown.changes.iter().map(|row| row.to.as_str()).collect();
    let made = ["hold on medium or worse", "after 1970-01-31"];
    assert_eq!(rows[..2], made);
    assert_eq!((shown.replay.messages, shown.widens), (1, true));
    let inbound = |alone: &Alone, now| {
        let known = alone.core.find(&reference).unwrap().channel;
        let force = in_force(&alone.core.profile, &known, now);
        (force.rules.inbound.as_str(), force.instead.is_some())
    };
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(inbound(&alone, NOW), ("any-signal", false));
    alone
        .core
        .set_engagement(&reference, &proposal, &shown.seen, true)
        .unwrap();
    assert_eq!(inbound(&alone, NOW.after(day * 28)), ("medium", false));
    assert_eq!(inbound(&alone, NOW.after(day * 33)), ("any-signal", true));
    // Nothing dated is made on top of rules that a date would drop.
    let Ok(Reply::Review(again)) = alone.core.review(item(&alone).id) else {
        panic!("no review");
    };
    assert_eq!(again.rule, None);
}
