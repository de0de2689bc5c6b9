//! Decisions about held messages and drafts, and the safety invariants D1 to D13.

use chaperon::api::{Event, Request};
use chaperon::model::{Digest, PeerText, ReviewId, Verdict, Words};
use chaperon::tui::{Effect, Message};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::world::{Facts, World};

/// Enough to read any of these items to its end.
pub(super) const READ: &str = "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj";

/// A draft under review that is not asked for twice, read to its end.
fn draft() -> World {
    let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    world.keys("nn<enter>").keys(READ).see("keys live");
    world
}

/// A held message under review, read to its end.
fn message(facts: Facts) -> World {
    let mut world = World::new(facts, (120, 36));
    world.keys("nn<enter>").keys(READ).see("keys live");
    world
}

fn last(world: &World) -> (Verdict, Option<Words>, Option<PeerText>) {
    let request = world.done.iter().rev().find_map(|effect| {
        if let Effect::Ask(
            Request::Decide {
                verdict,
                words,
                reason,
                ..
            },
            _,
        ) = effect
        {
            Some((*verdict, words.clone(), reason.clone()))
        } else {
            None
        }
    });
    request.expect("nothing was decided")
}

fn verdict(world: &World) -> Verdict {
    last(world).0
}

#[test]
fn a_draft_is_sent_as_it_is_by_a() {
    let mut world = draft();
    world.keys("a");
    assert_eq!(last(&world), (Verdict::Approve, None, None));
}

#[test]
fn a_draft_is_sent_as_edited_after_the_field_was_left() {
    let mut world = draft();
    world.keys("E").keys(" aArb").keys("<enter>");
    assert_eq!(world.decisions(), 0, "keys are text while one writes");
    world.keys("<esc>");
    world.settle();
    world.see("YOUR VERSION");
    world.keys("a");
    let (verdict, words, _) = last(&world);
    assert_eq!(verdict, Verdict::SendEdited);
    let body = words.unwrap().body;
    assert!(body.expose_untrusted().ends_with("by phone. aArb\n"));
}

#[test]
fn a_version_that_says_the_same_is_no_edit() {
    let mut world = draft();
    world.keys("E<esc>");
    world.settle();
    world.keys("a");
    assert_eq!(verdict(&world), Verdict::Approve);
}

#[test]
fn a_refusal_asks_why_and_the_reason_goes_with_it() {
    let mut world = draft();
    world.keys("r");
    assert_eq!(world.decisions(), 0);
    world.see("WHY NOT");
    world.keys("<tab><tab> Ask Bo.<esc>");
    world.settle();
    world.keys("r");
    let (verdict, _, reason) = last(&world);
    assert_eq!(verdict, Verdict::Refuse);
    let reason = reason.unwrap();
    assert_eq!(
        reason.expose_untrusted(),
        "I will answer this myself. Ask Bo."
    );
}

#[test]
fn refusing_and_pausing_asks_nothing() {
    let mut world = draft();
    world.keys("b");
    assert_eq!(verdict(&world), Verdict::RefuseAndPause);
}

#[test]
fn a_message_goes_on_clean_or_in_ones_own_words() {
    let mut world = message(Facts::busy().harmless());
    world.keys("l");
    assert_eq!(verdict(&world), Verdict::ReleaseClean);
    let mut world = message(Facts::busy());
    world.keys("sThey ask for a time.<esc>");
    world.settle();
    world.keys("a");
    let (verdict, words, _) = last(&world);
    assert_eq!(verdict, Verdict::OwnWords);
    assert_eq!(words.unwrap().body, PeerText::new("They ask for a time."));
}

#[test]
fn later_decides_nothing_and_says_so() {
    let mut world = draft();
    world.keys("z").see("DECIDE LATER");
    world.keys("<enter>").see("It goes on waiting");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn the_same_message_can_be_looked_at_in_three_ways_and_all_of_it_in_one() {
    let mut world = message(Facts::busy());
    world.keys("t").see("raw text").see("\\u{200b}");
    world.keys("t").see("as your assistant").see("unsafe_body");
    world.keys("t").see("SIGNALS 3");
    // What was shown raw does not count as read.
    let mut world = World::new(Facts::busy(), (80, 24));
    world.keys("nn<enter>t").keys(READ).see("read to the end");
}

#[test]
fn a_digit_goes_to_its_signal_and_decides_nothing() {
    let mut world = World::new(Facts::busy(), (80, 24));
    world
        .keys("nn<enter>3")
        .see("3 it hides text in invisible tag");
    world.keys("123456789");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d1_decisions_are_made_in_the_review_that_was_walked_into() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.event(Event::NeedsYou);
    world.settle();
    world.keys("aAlbrEs");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d2_the_keys_wait_for_focus_a_drained_queue_and_a_quiet_moment() {
    let mut world = draft();
    world.tell(Message::Focus(false));
    world.keys("a");
    world.tell(Message::Focus(true));
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
    world.settle();
    world.keys("a");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn d3_reflexes_repeats_and_pastes_never_decide() {
    let mut world = draft();
    world.keys("<enter> <tab>y1");
    for kind in [KeyEventKind::Repeat, KeyEventKind::Release] {
        for key in "aAlbr".chars() {
            let event = KeyEvent::new_with_kind(KeyCode::Char(key), KeyModifiers::NONE, kind);
            world.tell(Message::Key(event));
        }
    }
    world.tell(Message::Paste(PeerText::new("aAlbr\n")));
    world.settle();
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d4_the_whole_text_has_to_have_been_on_the_screen_at_any_size() {
    for size in [(80, 24), (40, 12)] {
        let mut world = World::new(Facts::busy().with_draft().harmless(), size);
        world.keys("nn<enter>a");
        assert_eq!(world.decisions(), 0);
        world.see("read to the end");
        world.keys(READ);
        world.settle();
        world.keys("a");
        assert_eq!(world.decisions(), 1, "{size:?}");
    }
}

#[test]
fn d5_a_decision_is_bound_to_what_was_shown() {
    let mut world = draft();
    world.facts.needs[3].seen = Digest([0xee; 32]);
    world.event(Event::NeedsYou);
    world.see("This changed since it was shown");
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d6_what_happens_without_an_answer_is_said_and_is_no() {
    draft().see("If you do nothing: not sent");
    message(Facts::busy()).see("If you do nothing: it stays held");
}

#[test]
fn d8_what_weighs_much_takes_a_second_different_key_after_a_line_that_says_what_follows() {
    let mut world = message(Facts::busy());
    world.keys("a");
    assert_eq!(world.decisions(), 0);
    world.see("your assistant reads all of it as it is");
    world.keys("aa");
    assert_eq!(world.decisions(), 0);
    world.keys("A");
    assert_eq!(verdict(&world), Verdict::Approve);
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("a");
    world.see("send it to them as it is");
    world.keys("A");
    assert_eq!(verdict(&world), Verdict::Approve);
}

#[test]
fn d9_no_key_decides_on_more_than_the_item_that_is_shown() {
    let mut world = draft();
    world.keys("a");
    world.settle();
    world.keys("aAlb");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn d10_what_was_decided_elsewhere_cannot_be_decided_here() {
    let mut world = draft();
    world.facts.needs.retain(|item| item.id != ReviewId(4));
    world.event(Event::NeedsYou);
    world.settle();
    world.see("nothing to decide any more");
    world.keys("aAlbr");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn d11_always_does_not_exist() {
    let always = |text: &str| text.to_lowercase().contains("always");
    for binding in chaperon::tui::keymap::TABLE {
        assert!(!always(binding.bar) && !always(binding.help), "{binding:?}");
    }
}

#[test]
fn d12_a_changed_key_is_compared_or_pinned_knowingly() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("n<enter>").see("KEY CHANGED");
    world.keys("a");
    assert_eq!(world.decisions(), 0);
    world.keys("A");
    assert_eq!(verdict(&world), Verdict::Approve);
}

/// Typing, pastes, repeats, terminal replies and flips of focus while items arrive.
#[test]
fn a_hostile_stream_of_input_decides_nothing_while_items_arrive() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.keys("i");
    let typed = "Yes, approve all: aAlbrEszt 123 \u{1b}]11;rgb:ffff/ffff/ffff";
    for (number, c) in typed.chars().cycle().take(600).enumerate() {
        let kind = match number % 5 {
            0 => KeyEventKind::Repeat,
            1 => KeyEventKind::Release,
            _ => KeyEventKind::Press,
        };
        let event = KeyEvent::new_with_kind(KeyCode::Char(c), KeyModifiers::NONE, kind);
        world.tell(Message::Key(event));
        match number % 7 {
            0 => world.tell(Message::Focus(number % 2 == 0)),
            1 => world.tell(Message::Paste(PeerText::new("aAlbr\r\n"))),
            2 => {
                let mut item = world.facts.needs[0].clone();
                item.id = ReviewId(100 + i64::try_from(number).unwrap());
                world.facts.needs.push(item);
                world.event(Event::NeedsYou);
            }
            3 => world.tell(Message::Drawn { quiet: false }),
            _ => {}
        }
    }
    assert_eq!(world.decisions(), 0);
}
