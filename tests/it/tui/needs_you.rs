//! The list of everything that needs a person, and several items under one review.

use std::time::Duration;

use chaperon::api::{Error, Event, Reply, Request};
use chaperon::model::{ChannelId, Digest, MessageId, PeerText, ReviewId, ReviewKind, Verdict};
use chaperon::tui::{Effect, Message, Question};

use super::decisions::decided;
use super::held::READ;
use super::world::{Facts, World};

fn listed(facts: Facts) -> World {
    let mut world = World::new(facts, (120, 36));
    world.keys("W").see("NEEDS YOU");
    world
}

fn at(world: &World, words: &str) -> usize {
    world
        .text()
        .find(words)
        .unwrap_or_else(|| panic!("no {words:?}"))
}

#[test]
fn what_weighs_most_and_runs_out_first_stands_first() {
    let world = listed(Facts::busy().with_draft().with_plain_drafts(1));
    let key = at(&world, "!! the key changed");
    let severe = at(&world, "!! holds a street address");
    let message = at(&world, "!! ⚑ 3 signals");
    let plain = at(&world, "every draft waits here");
    let asks = at(&world, "wants a channel");
    assert!(key < severe && severe < message && message < plain && plain < asks);
}

#[test]
fn the_list_shows_a_look_at_the_item_and_what_happens_without_an_answer() {
    let mut world = listed(Facts::busy().with_draft());
    world
        .keys("j")
        .see("PREVIEW · draft to Marta Ruiz")
        .see("12 Elm Street")
        .see("If you do nothing: not sent")
        .see("decisions are made there");
}

#[test]
fn what_waits_for_them_and_what_was_settled_today_is_listed_apart() {
    let world = listed(Facts::busy());
    world
        .see("WAITS FOR THEM")
        .see("invite out, not answered")
        .see("SETTLED TODAY")
        .see("approved by you")
        .see("expired, not sent")
        .see_not("refused by you")
        .see_not("sent_alone");
}

#[test]
fn nothing_to_do_is_said_with_what_went_on() {
    listed(Facts::empty()).see("Nothing needs you. Last decision 22:10.");
}

#[test]
fn the_filter_lists_one_kind() {
    let mut world = listed(Facts::busy().with_draft());
    world.keys("f").see("f: out").see_not("wants a channel");
    world.keys("fff").see("f: key").see_not("street address");
    world.keys("f").see("wants a channel");
}

#[test]
fn no_key_of_the_list_decides() {
    let mut world = listed(Facts::busy().with_draft().with_plain_drafts(2));
    world.keys("jaArlsEbKy xxA 123<tab>kGg");
    world.tell(Message::Paste(PeerText::new("aArl")));
    assert_eq!(world.decisions(), 0);
}

#[test]
fn a_decision_leads_back_to_the_list() {
    let mut world = listed(Facts::busy().with_draft().harmless());
    world.keys("j<enter>").keys(READ).keys("a");
    let (item, ..) = decided(&world)[0];
    assert_eq!(item, ReviewId(4));
    world.facts.needs.retain(|need| need.id != item);
    world.tell(Message::Answer(
        Question::Decide(item, Verdict::Approve),
        Box::new(Ok(Reply::Done)),
    ));
    world.event(Event::NeedsYou);
    world
        .see("SETTLED TODAY")
        .see("u takes it back while it waits")
        .see_not("street address");
}

#[test]
fn what_is_put_off_is_skipped_for_an_hour_and_comes_back() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("n<enter>z").see("DECIDE LATER Ken Ito");
    world.keys("<enter>").see("n skips it until 23:41");
    world.see("Ken Ito          later");
    for _ in 0..4 {
        world.keys("n<enter>").see_not("KEY CHANGED");
        world.keys("<esc>");
    }
    world.pass(Duration::from_secs(3601));
    let mut seen = false;
    for _ in 0..3 {
        world.keys("n<enter>");
        seen |= world.text().contains("KEY CHANGED");
        world.keys("<esc>");
    }
    assert!(seen, "an hour later it is one of the round again");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d7_a_draft_that_was_let_pass_can_be_taken_back_for_ten_seconds() {
    let takes = |world: &World| {
        let asks = |effect: &&Effect| matches!(effect, Effect::Ask(Request::TakeBack { message }, _) if *message == MessageId(8));
        world.done.iter().filter(asks).count()
    };
    let mut approved = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    approved.keys("nn<enter>").keys(READ).keys("a");
    approved.tell(Message::Answer(
        Question::Decide(ReviewId(4), Verdict::Approve),
        Box::new(Ok(Reply::Done)),
    ));
    // The person's own message left by now, so it is the draft that comes back.
    approved.see("u takes it back while it waits");
    approved.keys("u");
    assert_eq!(takes(&approved), 1);
    approved.tell(Message::Answer(
        Question::TakeBack(MessageId(8)),
        Box::new(Ok(Reply::Done)),
    ));
    approved
        .see("The draft was not sent")
        .see_not("in the composer again");
    let mut late = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    late.keys("nn<enter>").keys(READ).keys("a");
    late.tell(Message::Answer(
        Question::Decide(ReviewId(4), Verdict::Approve),
        Box::new(Ok(Reply::Done)),
    ));
    late.pass(Duration::from_secs(10));
    late.keys("u").see("what has left cannot be taken back");
    assert_eq!(takes(&late), 0);
}

#[test]
fn the_transcript_takes_back_an_approved_draft_and_none_that_left_by_rule() {
    let mut world = World::new(Facts::busy().with_passages(), (120, 36));
    world.see("you approved").see("u takes it back");
    world.keys("u");
    let taken = world.done.iter().find_map(|effect| {
        if let Effect::Ask(Request::TakeBack { message }, _) = effect {
            Some(*message)
        } else {
            None
        }
    });
    assert_eq!(taken, Some(MessageId(18)));
}

#[test]
fn d6_after_its_time_a_draft_cannot_be_decided_and_time_alone_decides_nothing() {
    let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    world.keys("nn<enter>").keys(READ).see("keys live");
    for _ in 0..15 {
        world.pass(Duration::from_secs(60));
    }
    world.settle();
    world.see("expired: it is not sent");
    world.keys("aAEr");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d9_several_plain_items_are_listed_in_full_and_decided_one_by_one() {
    let mut world = listed(Facts::busy().with_plain_drafts(3));
    world.keys("fxjxjxA").see("3 at once").see("3 of 3");
    for hour in 9..12 {
        world.see(&format!("Thursday at {hour} suits us."));
    }
    world.keys(READ).see("keys live");
    world.keys("a");
    let mut decisions = decided(&world);
    decisions.sort_by_key(|(item, ..)| *item);
    let expected: Vec<_> = (20..23)
        .map(|id: u8| {
            let item = ReviewId(id.into());
            (item, Digest([id; 32]), Verdict::Approve)
        })
        .collect();
    assert_eq!(decisions, expected);
}

#[test]
fn d9_several_items_have_to_be_read_to_the_end_too() {
    let mut world = World::new(Facts::busy().with_plain_drafts(3), (80, 24));
    world.keys("WfxjxjxAa");
    assert_eq!(world.decisions(), 0);
    world.see("read to the end");
}

#[test]
fn d9_what_has_a_signal_or_another_kind_or_channel_is_decided_by_itself() {
    let mut world = listed(Facts::busy().with_draft().with_plain_drafts(2));
    world.keys("fxjxA").see("What has a signal or !!");
    let mut facts = Facts::busy().with_plain_drafts(2);
    let last = facts.needs.last_mut().unwrap();
    last.channel = ChannelId(2);
    let mut world = listed(facts);
    world.keys("fxjxA").see("Only items of one channel");
    let mut facts = Facts::busy().with_plain_drafts(2);
    let last = facts.needs.last_mut().unwrap();
    last.kind = ReviewKind::HeldMessage {
        message: MessageId(21),
        rule: "every message waits".into(),
        signals: 0,
        severe: false,
    };
    let mut world = listed(facts);
    world.keys("jjxjjxA");
    world.see("Only items of one kind");
    let mut world = listed(Facts::busy().with_plain_drafts(11));
    world.keys("f").keys(&"xj".repeat(10)).keys("xA");
    world.see("At most ten at once");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d9_one_that_changed_or_is_found_out_stops_all_of_them() {
    let mut world = listed(Facts::busy().with_plain_drafts(2));
    world.keys("fxjxA").keys(READ).see("keys live");
    world.facts.needs.last_mut().unwrap().seen = Digest([0xee; 32]);
    world.event(Event::NeedsYou);
    world.see("One of these changed");
    world.press(crossterm::event::KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
    let last = world.facts.needs.last_mut().unwrap();
    last.seen = Digest([0xef; 32]);
    if let ReviewKind::HeldDraft { reason, .. } = &mut last.kind {
        *reason = "holds a password".into();
    }
    world.event(Event::NeedsYou);
    world.settle();
    world.see("open them one by one");
    world.keys("aAb");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d9_what_could_not_be_decided_of_several_is_said() {
    let mut world = listed(Facts::busy().with_plain_drafts(2));
    world.keys("fxjxA").keys(READ).keys("b");
    let answers = [
        Ok(Reply::Done),
        Err(Error::AlreadyDecided("refused on the command line".into())),
    ];
    for (id, answer) in (20..).zip(answers) {
        let question = Question::Decide(ReviewId(id), Verdict::RefuseAndPause);
        world.tell(Message::Answer(question, Box::new(answer)));
    }
    world
        .see("Decided: 1 of 2")
        .see("refused on the command line");
}

#[test]
fn d10_who_was_first_is_shown_and_nothing_more_is_decided() {
    let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("a");
    assert_eq!(world.decisions(), 1);
    let first = Error::AlreadyDecided("refused on the command line".into());
    world.tell(Message::Answer(
        Question::Decide(ReviewId(4), Verdict::Approve),
        Box::new(Err(first)),
    ));
    world.settle();
    world.see("already decided: refused on the command line");
    world.keys("aAbr");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn d11_a_rule_is_made_in_the_engagement_and_decides_nothing() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("M");
    world.see("ENGAGEMENT · Marta Ruiz");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d11_the_rule_is_filled_in_and_replayed_and_nothing_is_saved_before_s() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("M");
    world
        .see("hold on grave signals")
        .see("WHAT CHANGES")
        .see("61 messages");
    let saves = |world: &World| {
        let saves =
            |effect: &&Effect| matches!(effect, Effect::Ask(Request::SetEngagement { .. }, _));
        world.done.iter().filter(saves).count()
    };
    assert_eq!((world.decisions(), saves(&world)), (0, 0));
    world.keys("u").see_not("hold on grave signals");
    world.keys("<esc>").see("HELD IN");
    assert_eq!((world.decisions(), saves(&world)), (0, 0));
}

#[test]
fn d12_only_the_latest_key_can_be_pinned() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("n<enter>a").see("messages flow to whoever");
    let item = &mut world.facts.needs[0];
    item.seen = Digest([0xdd; 32]);
    if let ReviewKind::KeyChange { shown, .. } = &mut item.kind {
        shown.0 = "aaaa-bbbb-cccc-dddd".into();
    }
    world.event(Event::NeedsYou);
    world
        .see("aaaa-bbbb-cccc-dddd")
        .see_not("e85b-4410-97aa-c3d1");
    world.keys("A");
    assert_eq!(
        world.decisions(),
        0,
        "what was armed for the older key is gone"
    );
    world.keys("aA");
    let seen = decided(&world)[0].1;
    assert_eq!(seen, Digest([0xdd; 32]));
}

#[test]
fn d2_whoever_comes_back_to_a_review_waits_again() {
    for away in ["?", "M"] {
        let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
        world.keys("nn<enter>").keys(READ).see("keys live");
        world.keys(away).see_not("keys live");
        world.press(crossterm::event::KeyCode::Esc);
        world.press(crossterm::event::KeyCode::Char('a'));
        world.pass(Duration::from_secs(5));
        world.press(crossterm::event::KeyCode::Char('a'));
        assert_eq!(world.decisions(), 0, "nothing was drawn since");
        world.settle();
        world.settle();
        world.keys("a");
        assert_eq!(world.decisions(), 1);
    }
}
