//! Looking around on Agent Mesh, being asked for contact there, and asking.

use std::time::Duration;

use chaperon::api::{Accounts, Error, Event, Reply, Request};
use chaperon::model::{
    Channel, ChannelId, Digest, Fingerprint, PeerText, Progress, RequestState, Verdict,
};
use chaperon::tui::{Effect, Errand, Message, Question};
use crossterm::event::KeyCode;

use super::held::READ;
use super::snapshots::shown;
use super::world::mesh::{ASKS, KITCHEN};
use super::world::{Facts, World};

/// The keys that open the screen and look at an address.
const LOOK: &str = "Shttp://192.168.1.{1-254}:8787<enter>";

fn busy() -> Facts {
    Facts::busy().calm().with_mesh()
}

fn answer(world: &mut World, errand: Errand, answer: Result<Reply, Error>) {
    world.tell(Message::Answer(Question::Contact(errand), Box::new(answer)));
    world.settle();
}

/// Returns what was asked about identities and contact, reads left out.
fn asked(world: &World) -> Vec<Accounts> {
    let asked = world.done.iter().filter_map(|effect| {
        if let Effect::Ask(Request::Accounts(what), _) = effect {
            Some(what.clone())
        } else {
            None
        }
    });
    asked.collect()
}

fn kitchen(world: &World) -> Channel {
    let mut channels = world.facts.channels.iter();
    channels
        .find(|channel| channel.id == KITCHEN)
        .unwrap()
        .clone()
}

#[test]
fn the_screen_of_somebody_without_an_identity() {
    shown("scan_nobody", &Facts::busy().without_identity(), "S");
}

#[test]
fn an_identity_that_the_network_can_reach() {
    shown("scan_exposed", &busy().exposed(), "S");
}

#[test]
fn who_was_found() {
    shown("scan_found", &busy(), &format!("{LOOK}j"));
}

#[test]
fn who_was_found_when_they_try_to_leave_their_place() {
    shown("scan_hostile", &busy().hostile_mesh(), &format!("{LOOK}j"));
}

#[test]
fn nobody_was_found() {
    shown("scan_none", &busy().lonely(), LOOK);
}

#[test]
fn the_words_that_go_with_a_request() {
    shown(
        "scan_letter",
        &busy(),
        &format!("{LOOK}j<enter>we share a lab"),
    );
}

#[test]
fn the_review_of_somebody_who_asks_by_themselves() {
    shown("review_asks", &busy(), "N<enter>");
}

#[test]
fn the_review_of_somebody_who_showed_another_key_before() {
    let facts = busy().hostile_mesh().with_another_key_before();
    shown("review_asks_again", &facts, "nnn<enter>");
}

#[test]
fn the_review_of_somebody_who_is_reached_elsewhere_now() {
    shown("review_moved", &busy().moved(), "N<enter>");
}

#[test]
fn a_channel_whose_peer_did_not_accept_us() {
    shown("channel_one_way", &busy(), "Gkkk3");
}

#[test]
fn a_channel_whose_peer_accepted_us() {
    shown("channel_both_ways", &busy().trusted_back(), "Gkkk<enter>");
}

#[test]
fn nothing_is_sent_to_anybody_before_their_request_was_confirmed() {
    let mut world = World::new(busy(), (120, 36));
    world.keys(LOOK).keys("j<enter>").see("ASK FOR CONTACT");
    assert_eq!(asked(&world), []);
    world.keys("<esc>").see("FOUND 2");
    assert_eq!(asked(&world), []);
    world
        .keys("<enter>we share a lab<enter>")
        .see("Asking them.");
    let [
        Accounts::Ask {
            url, purpose, seen, ..
        },
    ] = &asked(&world)[..]
    else {
        panic!("{:?}", asked(&world));
    };
    assert_eq!(url, "http://192.168.1.40:8787");
    assert_eq!(purpose.as_deref(), Some("we share a lab"));
    assert_eq!(*seen, Some(Fingerprint("4b1d-77e0-9c52-0028".into())));
}

#[test]
fn a_key_that_is_another_one_by_then_is_said_and_the_words_stay() {
    let mut world = World::new(busy(), (120, 36));
    world.keys(LOOK).keys("j<enter>hello<enter>");
    answer(&mut world, Errand::Ask, Err(Error::Changed));
    world.see("another key is shown there now").see("hello");
}

#[test]
fn a_request_that_arrived_closes_its_form() {
    let mut world = World::new(busy(), (120, 36));
    world.keys(LOOK).keys("j<enter><enter>");
    let channel = Box::new(kitchen(&world));
    answer(&mut world, Errand::Ask, Ok(Reply::Channel(channel)));
    world
        .see("They have your request.")
        .see_not("ASK FOR CONTACT");
}

#[test]
fn somebody_who_is_known_is_gone_to_and_not_asked() {
    let mut world = World::new(busy(), (120, 36));
    world
        .keys(LOOK)
        .keys("<enter>")
        .see("kitchen-agent")
        .see("ENGAGEMENT");
    assert_eq!(asked(&world), []);
}

#[test]
fn neither_another_key_of_a_peer_nor_our_own_id_can_be_asked() {
    let mut world = World::new(busy().hostile_mesh(), (120, 36));
    world
        .keys(LOOK)
        .keys("j<enter>")
        .see("not the key you know of them");
    world.keys("j<enter>").see("They go by your id");
    assert_eq!(asked(&world), []);
}

#[test]
fn a_look_says_how_far_it_is_and_is_stopped_by_escape_with_what_was_found() {
    let mut facts = busy();
    facts.mesh.looks = Some(Progress {
        done: 34,
        total: 254,
        can_stop: true,
    });
    let mut world = World::new(facts, (120, 36));
    world.keys(LOOK);
    world.pass(Duration::from_millis(600));
    world.see("34 of 254 asked");
    world.keys("<esc>").see("Stopping.").see("LOOK AROUND");
    let stops = |effect: &&Effect| matches!(effect, Effect::Ask(Request::StopWork, _));
    assert_eq!(world.done.iter().filter(stops).count(), 1);
    let found = world.facts.mesh.sighted.clone();
    let reply = chaperon::api::AccountsReply::Sighted(found);
    answer(&mut world, Errand::Look, Ok(reply.into()));
    world.see("Stopped; this is who was found").see("lab-agent");
    world.keys("<esc>").see_not("LOOK AROUND");
}

#[test]
fn addresses_that_mean_nothing_are_said_beside_the_field() {
    let mut facts = busy();
    facts.mesh.looks = Some(Progress {
        done: 0,
        total: 0,
        can_stop: true,
    });
    let mut world = World::new(facts, (80, 24));
    world.keys("Snonsense<enter>");
    let problem = Error::BadRequest("that is no address of a peer".into());
    answer(&mut world, Errand::Look, Err(problem));
    world.see("that is no address of a peer");
    world.keys("x").see("nonsensex");
}

#[test]
fn the_local_network_is_left_alone_until_the_settings_allow_it() {
    let mut world = World::new(busy(), (120, 36));
    world
        .keys("S<tab>l")
        .see("left alone until the settings allow it");
    assert_eq!(asked(&world), []);
}

#[test]
fn an_identity_is_made_by_one_key_and_never_twice() {
    let mut world = World::new(Facts::busy().without_identity(), (120, 36));
    world.keys("SM");
    assert!(matches!(
        asked(&world)[..],
        [Accounts::Init { force: false, .. }]
    ));
    world.keys("M");
    assert_eq!(asked(&world).len(), 1);
    let account = busy().mesh.account;
    let reply = chaperon::api::AccountsReply::Account(account);
    answer(&mut world, Errand::Make, Ok(reply.into()));
    world.see("peters-desk").see("This is who you are here");
}

#[test]
fn somebody_who_was_accepted_and_does_not_accept_us_is_asked_by_a_key_and_not_by_itself() {
    let mut world = World::new(busy(), (120, 36));
    world.keys("N<enter>").keys(READ).keys("a");
    assert_eq!(world.decisions(), 1);
    let question = Question::Decide(ASKS, Verdict::Approve);
    world.tell(Message::Answer(question, Box::new(Ok(Reply::Done))));
    world.settle();
    world.see("Accepted. Space a asks them to accept you");
    assert_eq!(asked(&world), []);
}

#[test]
fn somebody_who_has_our_request_is_not_to_be_asked_once_more() {
    let mut facts = busy();
    let mut request = facts.mesh.requests[1].clone();
    request.channel = ChannelId(10);
    facts.mesh.requests.push(request);
    let mut world = World::new(facts, (120, 36));
    world.keys("N<enter>").keys(READ).keys("a");
    let question = Question::Decide(ASKS, Verdict::Approve);
    world.tell(Message::Answer(question, Box::new(Ok(Reply::Done))));
    world.settle();
    world.see("They take what you write once they accepted your request.");
}

#[test]
fn the_peer_of_a_channel_is_asked_after_space_and_the_channel_says_so() {
    let mut world = World::new(busy(), (120, 36));
    world
        .keys("Gkkk")
        .see("they have not accepted you")
        .see("Space a asks them to");
    world.keys(" a");
    let [Accounts::AskBack { channel, .. }] = &asked(&world)[..] else {
        panic!("{:?}", asked(&world));
    };
    assert_eq!(*channel, KITCHEN.into());
    let mut request = world.facts.mesh.requests[1].clone();
    request.channel = KITCHEN;
    request.state = RequestState::Sent;
    world.facts.mesh.requests.push(request);
    let channel = Box::new(kitchen(&world));
    answer(
        &mut world,
        Errand::AskBack(KITCHEN),
        Ok(Reply::Channel(channel)),
    );
    world
        .see("asked 21:13, no answer yet")
        .see_not("asks them to");
}

#[test]
fn a_peer_who_accepted_us_or_needs_no_asking_is_not_asked() {
    let mut world = World::new(busy().trusted_back(), (120, 36));
    world.keys("Gkkk a").see("They accepted you already.");
    world
        .keys("gg a")
        .see("one acceptance counts for both sides");
    assert_eq!(asked(&world), []);
}

#[test]
fn a_moved_peer_can_be_kept_where_they_were_or_blocked() {
    for (key, verdict) in [('r', Verdict::Refuse), ('b', Verdict::Block)] {
        let mut world = World::new(busy().moved(), (120, 36));
        world.keys("N<enter>").see("MOVED");
        world.keys(READ);
        world.press(KeyCode::Char(key));
        let decided = world.done.iter().any(|effect| {
            matches!(effect, Effect::Ask(Request::Decide { verdict: said, .. }, _) if *said == verdict)
        });
        assert!(decided, "{key}");
    }
}

#[test]
fn another_key_than_before_asks_for_the_second_key() {
    let mut world = World::new(busy().with_another_key_before(), (120, 36));
    world.keys("nnn<enter>").see("!!");
    world.keys(READ).keys("a");
    assert_eq!(world.decisions(), 0);
    world.see("accept whoever holds the key on show");
    world.keys("A");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn a_request_that_changes_while_it_is_read_has_to_be_read_again() {
    let mut world = World::new(busy(), (120, 36));
    world.keys("N<enter>").keys(READ);
    if let Some(asked) = &mut world.facts.mesh.asked {
        asked.unsafe_purpose = PeerText::new("something else");
    }
    for item in world.facts.needs.iter_mut().filter(|item| item.id == ASKS) {
        item.seen = Digest([0xee; 32]);
    }
    world.event(Event::NeedsYou);
    world.see("This changed since it was shown");
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
}
