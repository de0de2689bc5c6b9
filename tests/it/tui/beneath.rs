//! Answers that arrive while another screen lies over the one that asked.

use chaperon::api::{Error, Event, Reply, Request, SafetyCode};
use chaperon::model::{Digest, ReviewId, Verdict};
use chaperon::tui::{Effect, Message, Question};
use crossterm::event::KeyCode;

use super::held::READ;
use super::world::{Facts, MARTA, World};

fn answer(world: &mut World, question: Question, answer: Result<Reply, Error>) {
    world.tell(Message::Answer(question, Box::new(answer)));
    world.settle();
}

fn code(world: &World) -> Reply {
    let mut groups = Vec::new();
    groups.resize(12, "12345".to_owned());
    Reply::SafetyCode(Box::new(SafetyCode {
        channel: world.facts.channels.first().unwrap().clone(),
        groups,
        words: ["amber", "birch", "cedar", "delta"]
            .map(String::from)
            .to_vec(),
        ask: 1,
        seen: Digest([9; 32]),
    }))
}

/// The code of Marta's channel, which the help covers before the engine answered.
fn covered_code() -> World {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("v").see("Asking for the code.");
    world.press(KeyCode::F(1));
    world.see_not("Asking for the code.");
    world
}

/// A draft that was just approved under a help that was opened right after.
fn covered_decision() -> World {
    let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("a?");
    assert_eq!(world.decisions(), 1);
    world.see_not("carrying out");
    world
}

#[test]
fn a_safety_code_that_comes_below_the_help_is_there_when_the_help_goes() {
    let mut world = covered_code();
    let reply = code(&world);
    answer(&mut world, Question::SafetyCode(MARTA), Ok(reply));
    world.see_not("12345");
    world.keys("<esc>").see("12345").see("birch");
}

#[test]
fn what_a_comparison_came_to_is_said_below_the_help() {
    let mut world = covered_code();
    let reply = code(&world);
    answer(&mut world, Question::SafetyCode(MARTA), Ok(reply));
    world.keys("<esc>birchA");
    let asked = |effect: &Effect| matches!(effect, Effect::Ask(Request::Verify { .. }, _));
    assert!(world.done.iter().any(asked));
    world.press(KeyCode::F(1));
    answer(&mut world, Question::Verify(MARTA), Ok(Reply::Done));
    world.see("Compared: nobody stands between you.");
    world.keys("<esc>").see_not("COMPARE THE CODE");
}

#[test]
fn a_comparison_that_failed_below_the_help_lets_one_type_again() {
    let mut world = covered_code();
    let reply = code(&world);
    answer(&mut world, Question::SafetyCode(MARTA), Ok(reply));
    world.keys("<esc>birchA");
    world.press(KeyCode::F(1));
    answer(&mut world, Question::Verify(MARTA), Err(Error::Changed));
    world.keys("<esc>").see("Not noted").see_not("Carrying out");
}

#[test]
fn a_decision_that_is_carried_out_below_the_help_is_over_when_the_help_goes() {
    let mut world = covered_decision();
    let question = Question::Decide(ReviewId(4), Verdict::Approve);
    answer(&mut world, question, Ok(Reply::Done));
    world.see("Approved. u takes it back");
    world
        .keys("<esc>")
        .see_not("carrying out")
        .see_not("HELD OUT");
}

#[test]
fn a_decision_that_failed_below_the_help_can_be_made_again() {
    let mut world = covered_decision();
    let question = Question::Decide(ReviewId(4), Verdict::Approve);
    let failed = Error::Storage("the store cannot be written".to_owned());
    answer(&mut world, question, Err(failed));
    world.keys("<esc>").see_not("carrying out").see("keys live");
}

#[test]
fn an_item_that_changed_below_the_help_has_to_be_read_again() {
    let mut world = World::new(Facts::busy().with_draft().harmless(), (120, 36));
    world.keys("nn<enter>").keys(READ).see("keys live");
    world.keys("?");
    world.facts.needs[3].seen = Digest([0xee; 32]);
    world.event(Event::NeedsYou);
    world.see("This changed since it was shown");
    world.press(KeyCode::Esc);
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0);
}
