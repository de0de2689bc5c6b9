//! Searching everything, and notes: what a person sees and what their keys ask for.

use std::time::Duration;

use chaperon::api::{Error, Found, Note, Reply, Request};
use chaperon::model::PeerText;
use chaperon::tui::{Effect, Message, Question};
use crossterm::event::KeyCode;

use super::snapshots::shown;
use super::world::{Facts, MARTA, NOW, World};

const WIDE: (u16, u16) = (120, 36);

fn noted() -> Facts {
    let mut facts = Facts::busy();
    "Met in Lisbon, prefers mornings.\nDo not hold Fridays.".clone_into(&mut facts.note);
    facts.saved = vec!["is:held from:them".to_owned(), "“board prep”".to_owned()];
    facts
}

#[test]
fn what_was_found_with_its_context() {
    shown("search", &noted(), "<ctrl-f>hold<enter>j");
}

#[test]
fn a_message_with_signals_among_what_was_found() {
    shown("search_signals", &noted(), "<ctrl-f>calendar<enter><tab>");
}

#[test]
fn the_search_before_anything_is_typed() {
    shown("search_saved", &noted(), "<ctrl-f><enter>");
}

#[test]
fn a_search_that_finds_nothing() {
    shown("search_nothing", &noted(), "<ctrl-f>frm:bob gardening");
}

#[test]
fn the_note_of_a_channel() {
    shown("note", &noted(), " n");
}

fn searches(world: &World) -> Vec<&str> {
    let asked = world.done.iter().filter_map(|effect| {
        if let Effect::Ask(Request::Search { query, .. }, _) = effect {
            return Some(query.expose_untrusted());
        }
        None
    });
    asked.collect()
}

/// A world in which an engine is slow to search.
fn slow() -> World {
    let mut facts = noted();
    facts.searches_wait = true;
    World::new(facts, WIDE)
}

fn found(world: &mut World, query: &str, found: Found) {
    let question = Question::Search(PeerText::new(query), 0);
    world.tell(Message::Answer(
        question,
        Box::new(Ok(Reply::Found(Box::new(found)))),
    ));
}

#[test]
fn one_finds_a_message_goes_there_and_comes_back_to_what_was_found() {
    let mut world = World::new(noted(), WIDE);
    world.keys("<ctrl-f>hold thu<enter>");
    world.see("[hold] [Thu]").see("2 of 48,210 · 6 ms");
    world.see("CONTEXT · Marta Ruiz").see("subject: Board prep");
    world.keys("j<enter>").see("Write to Marta Ruiz");
    world.see_not("SEARCH");
    world.see("▸21:58").see("Could we hold Thu 14:00");
    world.keys("<ctrl-f>").see("hold thu").see("2 of 48,210");
    world.keys("<esc>").see_not("SEARCH  ");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn what_is_typed_is_searched_after_a_short_rest_and_never_blocks_a_key() {
    let mut world = slow();
    world.keys("<ctrl-f>");
    for c in "holding".chars() {
        world.press(KeyCode::Char(c));
        world.pass(Duration::from_millis(50));
    }
    assert_eq!(searches(&world), Vec::<&str>::new());
    assert_eq!(
        world.model.wake_at(),
        world.now.after(Duration::from_millis(100))
    );
    world.pass(Duration::from_millis(100));
    assert_eq!(searches(&world), ["holding"]);
    world.see("holding").see("searching");
    // The engine is still busy with it; typing goes on.
    world.press(KeyCode::Backspace);
    world.pass(Duration::from_millis(150));
    assert_eq!(searches(&world), ["holding", "holdin"]);
}

#[test]
fn an_older_answer_never_replaces_a_newer_one() {
    let mut world = slow();
    world.keys("<ctrl-f>a");
    world.keys("b");
    assert_eq!(searches(&world), ["a", "ab"]);
    let with_total = |total| Found {
        total,
        searched: 100,
        ..Found::default()
    };
    found(&mut world, "ab", with_total(2));
    world.see("2 of 100");
    found(&mut world, "a", with_total(900));
    world.see("2 of 100").see_not("900");
}

#[test]
fn what_is_no_operator_is_said_and_nothing_typed_is_lost() {
    let mut world = World::new(noted(), WIDE);
    world.keys("<ctrl-f>frm:bob");
    world.see("“frm:” is no operator; searched as a word.");
    world.see("frm:bob");
    world.keys("<esc><ctrl-f>").see("frm:bob");
}

#[test]
fn an_index_that_is_not_whole_says_so_and_can_be_stopped() {
    let mut facts = noted();
    facts.not_indexed = 8_210;
    let mut world = World::new(facts, WIDE);
    world.keys("<ctrl-f>hold<enter>");
    world.see("40,000 of 48,210 can be found so far; x stops");
    world.keys("x");
    let stop = Request::SearchIndex { build: false };
    let stops = |effect: &Effect| matches!(effect, Effect::Ask(request, _) if *request == stop);
    assert!(world.done.iter().any(stops));
}

#[test]
fn a_saved_search_is_used_and_forgotten_where_the_field_is_empty() {
    let mut world = World::new(noted(), WIDE);
    world
        .keys("<ctrl-f>")
        .see("SAVED SEARCHES")
        .see("is:held from:them");
    world.keys("<enter>d");
    let forgets =
        |effect: &Effect| matches!(effect, Effect::Ask(Request::ForgetSearch { id: 1 }, _));
    assert!(world.done.iter().any(forgets));
    world.keys("j<enter>").see("“board prep”").see("of 48,210");
    world.keys("s").see("It is saved already.");
    world.keys("/ more<enter>s");
    let saves = |effect: &Effect| {
        matches!(effect, Effect::Ask(Request::SaveSearch { query }, _)
            if query.expose_untrusted() == "“board prep” more")
    };
    assert!(world.done.iter().any(saves));
}

#[test]
fn the_line_that_is_copied_is_quoted_and_safe() {
    let mut world = World::new(noted(), WIDE);
    world.keys("<ctrl-f>calendar<enter>y");
    let Some(Effect::Copy(text)) = world.done.last() else {
        panic!("nothing was copied");
    };
    assert!(text.starts_with("> Thanks."), "{text}");
    assert!(text.contains("⟦ESC⟧") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_message_far_back_is_loaded_with_what_stands_around_it() {
    let mut world = World::new(noted().with_history(900), WIDE);
    world.keys("<ctrl-f>“number 120”<enter><enter>");
    world
        .see("number 120")
        .see("number 119")
        .see("not the newest · G goes there");
    world.keys("jjjj").see("number 124");
    world.event(chaperon::api::Event::Messages { channel: MARTA });
    world.see("number 124").see("not the newest");
    for _ in 0..40 {
        world.keys("jjj");
    }
    world.see("number 24");
    world.keys("G").see("number 899").see_not("not the newest");
}

#[test]
fn a_note_is_kept_while_one_writes_and_when_one_leaves() {
    let mut world = World::new(noted(), WIDE);
    world.see("Met in Lisbon");
    world.keys(" n").see("Only on this machine");
    world.press(KeyCode::Char('!'));
    world.pass(Duration::from_millis(500));
    let kept = |world: &World| {
        let texts = world.done.iter().filter_map(|effect| {
            if let Effect::Ask(Request::SetNote { text, seen, .. }, _) = effect {
                return Some((text.expose_untrusted().to_owned(), *seen));
            }
            None
        });
        texts.collect::<Vec<_>>()
    };
    assert_eq!(kept(&world), []);
    world.pass(Duration::from_millis(500));
    let written = "Met in Lisbon, prefers mornings.\nDo not hold Fridays.!";
    assert_eq!(kept(&world), [(written.to_owned(), Some(NOW))]);
    let later = NOW.after(Duration::from_secs(1));
    let answer = Reply::Note(Note {
        channel: MARTA,
        text: PeerText::new(written),
        at: Some(later),
    });
    world.tell(Message::Answer(
        Question::SetNote(MARTA),
        Box::new(Ok(answer)),
    ));
    world.keys("?<esc>");
    assert_eq!(
        kept(&world).last(),
        Some(&(format!("{written}?"), Some(later)))
    );
    world.see("NOTE  on Marta");
    let answer = Reply::Note(Note {
        channel: MARTA,
        text: PeerText::new(format!("{written}?")),
        at: Some(later),
    });
    world.tell(Message::Answer(
        Question::SetNote(MARTA),
        Box::new(Ok(answer)),
    ));
    world.see_not("NOTE  on Marta").see("Fridays.!?");
}

#[test]
fn a_note_that_was_changed_elsewhere_loses_neither_version() {
    let mut world = World::new(noted(), WIDE);
    world.keys(" nmine<esc>");
    "theirs".clone_into(&mut world.facts.note);
    world.tell(Message::Answer(
        Question::SetNote(MARTA),
        Box::new(Err(Error::Changed)),
    ));
    let Some(Effect::Ask(Request::SetNote { text, .. }, _)) = world.done.last() else {
        panic!("it was not kept again");
    };
    let text = text.expose_untrusted();
    assert!(
        text.starts_with("theirs\n") && text.ends_with("mine"),
        "{text}"
    );
}
