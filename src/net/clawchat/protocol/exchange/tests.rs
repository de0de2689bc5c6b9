use std::sync::Arc;

use crate::crypto::stacks::{StacksNetwork, Wallet};

use super::*;

const NOW: UnixMillis = UnixMillis(1_770_000_000_000);

fn principal(seed: u8) -> Principal {
    Principal::new(StacksNetwork::Testnet, [seed; 20])
}

fn us() -> Us {
    Us {
        principal: principal(1),
        wallet: Arc::new(Wallet::from_secret([1; 32]).unwrap()),
        node_key: [1; 32],
        receipts: true,
    }
}

fn exchange() -> Exchange {
    let mut exchange = Exchange::new(&us(), Visibility::Public);
    exchange.set_addresses([
        "/ip4/127.0.0.1/tcp/9000".to_owned(),
        "/ip4/192.168.0.9/tcp/9000".to_owned(),
        "/ip4/203.0.113.1/tcp/9000".to_owned(),
    ]);
    exchange
}

fn remote(seed: u8) -> Remote {
    Remote {
        principal: principal(seed),
        node_key: [seed; 32],
        receipts: false,
        attestation: String::new(),
    }
}

fn address(seed: u8) -> String {
    format!("/ip4/203.0.113.{seed}/tcp/9000/p2p/{}", NodeId([seed; 32]))
}

fn entry(seed: u8) -> Entry {
    Entry {
        principal: principal(seed).to_string(),
        node: Some(NodeId([seed; 32])),
        addresses: vec![address(seed)],
        last_seen: 5,
    }
}

fn push(entries: Vec<Entry>) -> Vec<u8> {
    Px::Push(entries).encode()
}

fn later(seconds: u64) -> UnixMillis {
    NOW.after(Duration::from_secs(seconds))
}

/// Takes a push, ten seconds after the one before.
fn take(exchange: &mut Exchange, from: &Remote, entries: Vec<Entry>) -> usize {
    exchange.pushed.clear();
    let answered = exchange.receive(&push(entries), Some(from), Reach::Public, NOW);
    assert_eq!(answered.reply, None);
    answered.candidates
}

fn ask(exchange: &mut Exchange, from: Option<&Remote>, who: u8, at: UnixMillis) -> Option<Entry> {
    let question = Px::Resolve {
        principal: principal(who).to_string(),
        id: RequestId::from_random([9; 16]),
    };
    let answered = exchange.receive(&question.encode(), from, Reach::Public, at);
    let reply = answered.reply.expect("every question is answered");
    let Ok(Px::Answer { id, peer, .. }) = Px::decode(&reply) else {
        panic!("no answer");
    };
    assert_eq!(id, RequestId::from_random([9; 16]));
    peer
}

fn pushed(exchange: &Exchange, to: u8, at: UnixMillis) -> Vec<Entry> {
    let push = exchange.push(&remote(to), Reach::Public, at);
    let Some(Ok(Px::Push(entries))) = push.map(|push| Px::decode(&push)) else {
        return Vec::new();
    };
    entries
}

#[test]
fn somebody_is_named_to_others_only_once_they_announced_themselves_and_a_dial_proved_it() {
    let (mut exchange, bob, carol) = (exchange(), remote(2), remote(3));
    assert_eq!(ask(&mut exchange, Some(&carol), 2, NOW), None);
    assert_eq!(take(&mut exchange, &bob, vec![entry(2)]), 1);
    assert_eq!(ask(&mut exchange, Some(&carol), 2, NOW), None, "not proven");
    exchange.prove(&bob, &address(2));
    let told = ask(&mut exchange, Some(&carol), 2, NOW).unwrap();
    assert_eq!(told.addresses, [address(2)]);
    assert_eq!(told.node, Some(NodeId([2; 32])));
    let names: Vec<_> = pushed(&exchange, 3, NOW)
        .into_iter()
        .map(|one| one.principal)
        .collect();
    assert_eq!(names, [principal(1).to_string(), principal(2).to_string()]);
    // Nobody is told of themselves, and an announcement holds for five minutes.
    assert_eq!(pushed(&exchange, 2, NOW).len(), 1);
    assert!(ask(&mut exchange, Some(&carol), 2, later(299)).is_some());
    assert_eq!(ask(&mut exchange, Some(&carol), 2, later(300)), None);
    assert_eq!(pushed(&exchange, 3, later(300)).len(), 1);
}

#[test]
fn somebody_who_was_dialled_but_never_announced_themselves_is_named_to_nobody() {
    let (mut exchange, bob, carol) = (exchange(), remote(2), remote(3));
    exchange.prove(&bob, &address(2));
    take(&mut exchange, &carol, vec![entry(2)]);
    assert_eq!(ask(&mut exchange, Some(&carol), 2, NOW), None);
    assert_eq!(pushed(&exchange, 3, NOW).len(), 1);
}

#[test]
fn an_address_that_was_announced_and_not_proven_is_not_passed_on_with_one_that_was() {
    let (mut exchange, bob, carol) = (exchange(), remote(2), remote(3));
    let mut announced = entry(2);
    let other = address(2).replace("203.0.113.2", "203.0.113.99");
    announced.addresses.push(other);
    take(&mut exchange, &bob, vec![announced]);
    exchange.prove(&bob, &address(2));
    let told = ask(&mut exchange, Some(&carol), 2, NOW).unwrap();
    assert_eq!(told.addresses, [address(2)]);
    assert_eq!(
        exchange.candidates(&principal(2), NOW)[0].addresses.len(),
        2
    );
}

#[test]
fn whoever_has_no_session_that_is_wanted_is_answered_with_nobody_and_heard_by_nobody() {
    let (mut exchange, bob) = (exchange(), remote(2));
    take(&mut exchange, &bob, vec![entry(2)]);
    exchange.prove(&bob, &address(2));
    assert_eq!(ask(&mut exchange, None, 2, NOW), None);
    assert_eq!(ask(&mut exchange, None, 1, NOW), None);
    let answered = exchange.receive(&push(vec![entry(4)]), None, Reach::Public, NOW);
    assert_eq!(answered, Answered::default());
    assert_eq!(exchange.candidates(&principal(4), NOW), []);
}

#[test]
fn a_question_that_makes_no_sense_is_answered_all_the_same() {
    let mut exchange = exchange();
    let question = Px::Resolve {
        principal: "nobody".to_owned(),
        id: RequestId::from_random([9; 16]),
    };
    let mut odd = question.encode();
    let reply = exchange.receive(&odd, None, Reach::Public, NOW).reply;
    assert_eq!(reply, Some(nobody(RequestId::from_random([9; 16]))));
    // A principal that no text can be: its first letter is a space now.
    let place = odd.windows(6).position(|part| part == b"nobody").unwrap();
    odd[place] = b' ';
    assert!(Px::decode(&odd).is_err());
    let reply = exchange.receive(&odd, None, Reach::Public, NOW).reply;
    assert_eq!(reply, Some(nobody(RequestId::from_random([9; 16]))));
}

#[test]
fn a_private_or_stealthy_identity_tells_nobody_of_anybody() {
    for visibility in [Visibility::Private, Visibility::Stealth] {
        let (mut exchange, bob, carol) = (exchange(), remote(2), remote(3));
        exchange.set_visibility(visibility);
        take(&mut exchange, &bob, vec![entry(2)]);
        exchange.prove(&bob, &address(2));
        assert_eq!(exchange.push(&carol, Reach::Loopback, NOW), None);
        assert_eq!(ask(&mut exchange, Some(&carol), 1, NOW), None);
        assert_eq!(ask(&mut exchange, Some(&carol), 2, NOW), None);
        let asks = exchange.question(&principal(2), [0; 16]).is_some();
        assert_eq!(asks, visibility == Visibility::Private);
    }
}

#[test]
fn our_addresses_are_told_as_far_as_they_are_of_use() {
    let mut exchange = exchange();
    let ours = |exchange: &mut Exchange, reach| {
        let push = exchange.push(&remote(2), reach, NOW).unwrap();
        let Ok(Px::Push(entries)) = Px::decode(&push) else {
            panic!("no push");
        };
        entries[0].addresses.len()
    };
    assert_eq!(ours(&mut exchange, Reach::Public), 1);
    assert_eq!(ours(&mut exchange, Reach::Local), 2);
    assert_eq!(ours(&mut exchange, Reach::Loopback), 3);
    let told = ask(&mut exchange, Some(&remote(2)), 1, NOW).unwrap();
    let whole = format!("/ip4/203.0.113.1/tcp/9000/p2p/{}", NodeId([1; 32]));
    assert_eq!(told.addresses, [whole]);
    exchange.set_addresses([address(7)]);
    assert_eq!(
        exchange.push(&remote(2), Reach::Public, NOW),
        None,
        "of another node"
    );
}

#[test]
fn nobody_can_point_us_at_our_own_doors_or_at_another_node() {
    let (mut exchange, bob) = (exchange(), remote(2));
    let changed = |change: fn(&mut Entry)| {
        let mut entry = entry(4);
        change(&mut entry);
        entry
    };
    for wrong in [
        entry(1),
        changed(|one| one.addresses = vec![address(4).replace("203.0.113.4", "127.0.0.1")]),
        changed(|one| one.addresses = vec![address(4).replace("203.0.113.4", "10.0.0.1")]),
        changed(|one| one.addresses = vec![address(5)]),
        changed(|one| one.addresses = vec!["/ip4/203.0.113.4/tcp/9000".to_owned()]),
        changed(|one| one.addresses.clear()),
        changed(|one| one.node = Some(NodeId([1; 32]))),
        changed(|one| one.principal = "stacks:ST4".to_owned()),
        changed(|one| {
            one.principal = Principal::new(StacksNetwork::Mainnet, [4; 20]).to_string();
        }),
        // Of themselves, with a node that is not the one they have a session with.
        changed(|one| one.principal = principal(2).to_string()),
    ] {
        assert_eq!(
            take(&mut exchange, &bob, vec![wrong.clone()]),
            0,
            "{wrong:?}"
        );
    }
    assert_eq!(take(&mut exchange, &bob, vec![entry(4)]), 1);
}

#[test]
fn what_others_say_of_somebody_never_takes_the_place_of_what_they_say() {
    let (mut exchange, bob, mallory) = (exchange(), remote(2), remote(6));
    take(&mut exchange, &bob, vec![entry(2)]);
    let mut forged = entry(2);
    forged.node = Some(NodeId([6; 32]));
    forged.addresses = vec![address(6)];
    take(&mut exchange, &mallory, vec![forged]);
    let candidates = exchange.candidates(&principal(2), NOW);
    assert!(candidates[0].is_own() && !candidates[1].is_own());
    assert_eq!(candidates[0].node, NodeId([2; 32]));
    exchange.prove(&bob, &address(2));
    let told = ask(&mut exchange, Some(&remote(3)), 2, NOW).unwrap();
    assert_eq!(told.node, Some(NodeId([2; 32])));
    // Once a handshake proved where they are, the rumour is forgotten.
    assert_eq!(exchange.candidates(&principal(2), NOW).len(), 1);
    // And nobody proves an address of another node.
    exchange.prove(&bob, &address(6));
    assert_eq!(exchange.proven[&principal(2)], [address(2)]);
}

#[test]
fn a_flood_of_pushes_changes_nothing_for_others() {
    let mut exchange = exchange();
    take(&mut exchange, &remote(2), vec![entry(3)]);
    for round in 0..50 {
        let entries = (0..32).map(|n| entry(10 + (round + n) % 200)).collect();
        take(&mut exchange, &remote(6), entries);
    }
    assert_eq!(exchange.candidates.len(), MOST_OF_ONE + 1);
    assert_eq!(exchange.candidates(&principal(3), NOW).len(), 1);
    for from in 100..=255 {
        let entries = (10..42).map(entry).collect();
        take(&mut exchange, &remote(from), entries);
    }
    assert!(exchange.candidates.len() <= MOST_CANDIDATES);
    assert!(exchange.announced.len() <= MOST_ANNOUNCED);
}

#[test]
fn a_peer_may_push_every_ten_seconds_and_32_entries_at_most() {
    let (mut exchange, bob) = (exchange(), remote(2));
    let mut take = |entries, at| {
        let answered = exchange.receive(&push(entries), Some(&bob), Reach::Public, at);
        answered.candidates
    };
    assert_eq!(take(vec![entry(3)], NOW), 1);
    assert_eq!(take(vec![entry(4)], later(9)), 0);
    assert_eq!(take(vec![entry(4)], later(10)), 1);
    assert_eq!(take((10..43).map(entry).collect(), later(20)), 0);
    assert_eq!(take((10..42).map(entry).collect(), later(30)), 32);
}

#[test]
fn the_answer_to_a_question_is_a_candidate_if_it_answers_it() {
    let (mut exchange, bob) = (exchange(), remote(2));
    let (id, question) = exchange.question(&principal(3), [8; 16]).unwrap();
    assert!(matches!(Px::decode(&question), Ok(Px::Resolve { .. })));
    let answer = |id: &RequestId, peer| {
        Px::Answer {
            id: id.clone(),
            peer,
            error: None,
        }
        .encode()
    };
    let who = principal(3);
    let mut resolved =
        |frame: &[u8]| exchange.resolved(frame, (&who, &id), &bob, Reach::Public, NOW);
    assert!(!resolved(&answer(&id, None)));
    assert!(!resolved(&answer(&id, Some(entry(4)))));
    let other = RequestId::from_random([7; 16]);
    assert!(!resolved(&answer(&other, Some(entry(3)))));
    assert!(!resolved(&push(vec![entry(3)])));
    assert!(!resolved(b"\xff"));
    assert!(resolved(&answer(&id, Some(entry(3)))));
    assert_eq!(exchange.candidates(&who, NOW)[0].from, bob.principal);
    assert_eq!(exchange.candidates(&who, later(3600)), []);
}

#[test]
fn whoever_is_not_wanted_any_more_is_forgotten_with_all_they_said() {
    let (mut exchange, bob) = (exchange(), remote(2));
    take(&mut exchange, &bob, vec![entry(2), entry(3)]);
    exchange.prove(&bob, &address(2));
    exchange.forget(&principal(2));
    assert_eq!(exchange.candidates(&principal(2), NOW), []);
    assert_eq!(exchange.candidates(&principal(3), NOW), []);
    assert_eq!(ask(&mut exchange, Some(&remote(3)), 2, NOW), None);
}
