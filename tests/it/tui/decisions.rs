//! When a key decides, and above all when it does not.

use std::time::Duration;

use chaperon::api::{Event, Request};
use chaperon::model::{Digest, PeerText, ReviewId, Verdict};
use chaperon::tui::{Effect, Message};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::world::{Facts, World};

fn reviewing(keys: &str) -> World {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys(keys);
    world
}

pub(super) fn decided(world: &World) -> Vec<(ReviewId, Digest, Verdict)> {
    world
        .done
        .iter()
        .filter_map(|effect| {
            let Effect::Ask(request, _) = effect else {
                return None;
            };
            if let Request::Decide {
                item,
                seen,
                verdict,
                ..
            } = request
            {
                Some((*item, *seen, *verdict))
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_contact_is_accepted_by_a_in_its_review_and_bound_to_what_was_shown() {
    let mut world = reviewing("N<enter>");
    world.see("keys live").see("seen 100%");
    world.keys("a");
    let seen = world.facts.needs[1].seen;
    assert_eq!(decided(&world), [(ReviewId(2), seen, Verdict::Approve)]);
}

#[test]
fn a_second_press_while_the_first_is_carried_out_decides_nothing_more() {
    let mut world = reviewing("N<enter>aaarr");
    assert_eq!(world.decisions(), 1);
    world.keys("a");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn a_new_key_takes_a_second_different_key() {
    let mut world = reviewing("n<enter>a");
    assert_eq!(world.decisions(), 0);
    world.see("messages flow to whoever holds it");
    world.keys("a");
    assert_eq!(
        world.decisions(),
        0,
        "the same key again is not the second key"
    );
    world.keys("A");
    assert_eq!(decided(&world).len(), 1);
}

#[test]
fn the_second_key_alone_decides_nothing() {
    let world = reviewing("n<enter>A");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn keeping_the_pinned_key_asks_nothing() {
    let world = reviewing("n<enter>K");
    let verdicts: Vec<_> = decided(&world)
        .into_iter()
        .map(|(_, _, verdict)| verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::KeepPinned]);
}

#[test]
fn an_invite_that_was_answered_twice_takes_the_second_key() {
    let mut world = World::new(Facts::busy().answered_twice(), (120, 36));
    world.keys("N<enter>a");
    assert_eq!(world.decisions(), 0);
    world.see("more than one person had this link");
    world.keys("A");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn a_key_in_the_first_moments_decides_nothing_and_starts_the_wait_afresh() {
    let mut world = reviewing("N");
    world.press(KeyCode::Enter);
    world.tell(Message::Drawn { quiet: true });
    for _ in 0..10 {
        world.pass(Duration::from_millis(200));
        world.press(KeyCode::Char('a'));
    }
    assert_eq!(world.decisions(), 0);
    world.pass(Duration::from_millis(400));
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 1);
}

#[test]
fn nothing_is_decided_before_the_input_queue_was_empty() {
    let mut world = reviewing("N");
    world.press(KeyCode::Enter);
    world.tell(Message::Drawn { quiet: false });
    world.pass(Duration::from_secs(5));
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
}

#[test]
fn without_focus_no_key_decides() {
    let mut world = reviewing("N<enter>");
    world.tell(Message::Focus(false));
    world.settle();
    world.see("the terminal has no focus");
    world.keys("a");
    assert_eq!(world.decisions(), 0);
    world.tell(Message::Focus(true));
    world.press(KeyCode::Char('a'));
    assert_eq!(
        world.decisions(),
        0,
        "the click that gives focus comes with keys"
    );
}

#[test]
fn a_text_that_was_not_read_to_its_end_cannot_be_decided() {
    let mut world = World::new(Facts::busy(), (40, 12));
    world.keys("N<enter>a");
    assert_eq!(world.decisions(), 0);
    world.see("read to the end to decide");
    for _ in 0..60 {
        world.keys("j");
    }
    world.see("keys live");
    world.keys("a");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn in_a_window_too_small_to_read_nothing_can_be_decided() {
    let mut world = reviewing("N<enter>");
    world.resize((39, 36));
    world.settle();
    world.keys("a");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn repeats_and_releases_of_a_key_never_decide() {
    let mut world = reviewing("N<enter>");
    for kind in [KeyEventKind::Repeat, KeyEventKind::Release] {
        let key = KeyEvent::new_with_kind(KeyCode::Char('a'), KeyModifiers::NONE, kind);
        world.tell(Message::Key(key));
    }
    assert_eq!(world.decisions(), 0);
}

#[test]
fn a_paste_never_decides() {
    let mut world = reviewing("N<enter>");
    world.tell(Message::Paste(PeerText::new("aArK\n")));
    world.settle();
    assert_eq!(world.decisions(), 0);
}

#[test]
fn reflexes_never_decide() {
    let world = reviewing("N<enter><enter> <tab>y123<enter><esc>");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn an_item_that_changed_under_review_has_to_be_read_again() {
    let mut world = reviewing("N<enter>");
    world.facts.needs[1].seen = Digest([0xee; 32]);
    world.event(Event::NeedsYou);
    world.see("This changed since it was shown");
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
    world.settle();
    world.keys("a");
    assert_eq!(decided(&world)[0].1, Digest([0xee; 32]));
}

#[test]
fn an_item_settled_elsewhere_can_not_be_decided_here() {
    let mut world = reviewing("N<enter>");
    world.facts.needs.remove(1);
    world.event(Event::NeedsYou);
    world.settle();
    world.see("nothing to decide any more");
    world.keys("aAr");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn what_arrives_while_one_writes_changes_a_line_and_takes_no_key() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ihello ");
    let item = world.facts.needs[1].clone();
    world.facts.needs.push(chaperon::model::ReviewItem {
        id: ReviewId(99),
        ..item
    });
    world.event(Event::NeedsYou);
    world
        .see("1 item arrived that needs you")
        .see("Needs you 4");
    world.keys("aArKP");
    world.see("hello aArKP");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn after_a_key_change_one_can_close_the_channel() {
    let world = reviewing("n<enter>r");
    let verdicts: Vec<_> = decided(&world)
        .iter()
        .map(|(.., verdict)| *verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Refuse]);
}

#[test]
fn the_key_of_a_stranger_who_answered_beside_us_cannot_be_pinned() {
    let mut world = World::new(Facts::busy().a_stranger_answered(), (120, 36));
    world
        .keys("n<enter>")
        .see("keys live")
        .see_not("pin the new key");
    world.keys("aAaA");
    assert_eq!(world.decisions(), 0);
    world.keys("K");
    let verdicts: Vec<_> = decided(&world)
        .iter()
        .map(|(.., verdict)| *verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::KeepPinned]);
}
