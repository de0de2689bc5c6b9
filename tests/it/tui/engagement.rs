//! The editor of an engagement: what it shows, what saves, and above all what does not.

use std::time::Duration;

use chaperon::api::{Error, Event, Proposal, Request};
use chaperon::model::{ChannelId, ChannelState, PeerText, UnixMillis};
use chaperon::tui::{Effect, Message, Question, Sheet};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::snapshots::shown;
use super::world::{Facts, MARTA, NOW, World};

fn compared() -> Facts {
    let mut facts = Facts::busy();
    let marta = facts.channels.first_mut().unwrap();
    marta.verified = Some(UnixMillis(NOW.0 - 15 * 24 * 3_600_000));
    facts
}

fn editing(keys: &str) -> World {
    let mut world = World::new(compared(), (120, 36));
    world.keys(keys);
    world
}

fn saves(world: &World) -> Vec<(&Proposal, bool)> {
    world
        .done
        .iter()
        .filter_map(|effect| {
            if let Effect::Ask(
                Request::SetEngagement {
                    proposal, widen, ..
                },
                _,
            ) = effect
            {
                Some((proposal, *widen))
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn the_engagement_as_it_is() {
    shown("engagement", &compared(), "p");
}

#[test]
fn a_widening_before_the_second_key() {
    shown("engagement_widening", &compared(), "pjljlS");
}

#[test]
fn a_widening_that_waits_for_the_code() {
    shown("engagement_blocked", &Facts::busy(), "pjlS");
}

#[test]
fn a_narrowing_before_it_is_saved() {
    shown("engagement_narrowing", &compared(), "pjhjjj");
}

#[test]
fn the_text_line_by_line() {
    shown("engagement_diff", &compared(), "pld");
}

#[test]
fn a_widening_takes_a_second_different_key() {
    let mut world = editing("pjlS");
    assert_eq!(saves(&world), []);
    world.see("drafts from answers go alone to all go alone");
    world.see("Of the messages replayed 22 would");
    world.keys("SS");
    assert_eq!(
        saves(&world),
        [],
        "the same key again is not the second key"
    );
    world.keys("A");
    let saved = saves(&world);
    assert_eq!(saved.len(), 1);
    assert!(saved[0].1, "the widening is confirmed");
    assert!(
        saved[0]
            .0
            .rules
            .as_deref()
            .unwrap()
            .starts_with("drafts = 2")
    );
}

#[test]
fn the_second_key_alone_saves_nothing() {
    let world = editing("pjlA");
    assert_eq!(saves(&world), []);
    world.see("S saves");
}

#[test]
fn another_key_takes_the_first_one_back() {
    for key in ["j", "k", "d", "l", "u", "P", "?<esc>", "<esc>p"] {
        let world = editing(&format!("pjlS{key}A"));
        assert_eq!(saves(&world), [], "after {key}");
    }
}

#[test]
fn a_narrowing_is_saved_at_once_and_confirms_nothing() {
    let mut world = editing("pjhS");
    let saved = saves(&world);
    assert_eq!(saved.len(), 1);
    assert!(!saved[0].1);
    let found = world.facts.answer(&Request::Engagement {
        channel: MARTA.into(),
        proposal: Proposal::default(),
    });
    let question = Question::SetEngagement(MARTA);
    world.tell(Message::Answer(question, Box::new(found.unwrap())));
    world
        .see("this engagement is in force now")
        .see("NEEDS YOU");
}

#[test]
fn nothing_is_saved_twice_while_the_first_is_carried_out() {
    let world = editing("pjhSSSA");
    assert_eq!(saves(&world).len(), 1);
}

#[test]
fn without_the_compared_code_no_widening_is_saved() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("pjlS").see("Compare the safety code first");
    world.keys("ASA");
    assert_eq!(saves(&world), []);
}

#[test]
fn what_is_not_changed_is_not_saved() {
    let mut world = editing("pS");
    world.see("Nothing is changed");
    world.keys("A");
    assert_eq!(saves(&world), []);
}

#[test]
fn enter_space_paste_and_a_held_key_never_save() {
    let mut world = editing("pjlS");
    world.keys("<enter><tab>y1");
    world.tell(Message::Paste(PeerText::new("SA\nSA")));
    for code in ['S', 'A'].map(KeyCode::Char) {
        for kind in [KeyEventKind::Repeat, KeyEventKind::Release] {
            let key = KeyEvent::new_with_kind(code, KeyModifiers::SHIFT, kind);
            world.tell(Message::Key(key));
        }
    }
    world.settle();
    assert_eq!(saves(&world), []);
    world.keys(" ");
    assert_eq!(saves(&world), []);
    let world = editing("pjh<enter> ");
    assert_eq!(saves(&world), []);
}

#[test]
fn the_second_key_counts_only_after_a_moment_with_the_focus_and_an_empty_queue() {
    let mut world = editing("pjl");
    world.press(KeyCode::Char('S'));
    world.press(KeyCode::Char('A'));
    assert_eq!(saves(&world), [], "before a frame was drawn");
    world.tell(Message::Drawn { quiet: false });
    world.pass(Duration::from_secs(1));
    world.press(KeyCode::Char('A'));
    assert_eq!(saves(&world), [], "while input waits");
    world.tell(Message::Focus(false));
    world.settle();
    world.press(KeyCode::Char('A'));
    assert_eq!(saves(&world), [], "without the focus");
    world.see("no focus");
    world.tell(Message::Focus(true));
    world.tell(Message::Drawn { quiet: true });
    world.pass(Duration::from_millis(399));
    world.press(KeyCode::Char('A'));
    assert_eq!(saves(&world), [], "too early");
    world.settle();
    world.press(KeyCode::Char('A'));
    assert_eq!(saves(&world).len(), 1);
}

#[test]
fn a_line_that_does_not_fit_is_not_confirmed() {
    let mut world = World::new(compared(), (40, 12));
    world.keys("pll");
    world.resize((120, 36));
    world.keys("hS").see("A puts it into force");
    world.resize((40, 12));
    world.settle();
    world.see("enlarge the window");
    world.keys("A");
    assert_eq!(saves(&world), []);
    world.resize((120, 36));
    world.settle();
    world.keys("A");
    assert_eq!(saves(&world).len(), 1);
}

#[test]
fn a_change_behind_the_screen_takes_the_first_key_back() {
    let mut world = editing("pjlS");
    world.facts.channels[0].policy_version += 1;
    world.event(Event::Channels);
    world.settle();
    world.keys("A");
    assert_eq!(saves(&world), []);
    world.keys("SA");
    assert_eq!(saves(&world).len(), 1);
}

#[test]
fn a_refusal_of_the_engine_is_said_and_the_screen_stays() {
    let mut world = editing("pjhS");
    let question = Question::SetEngagement(MARTA);
    world.tell(Message::Answer(question, Box::new(Err(Error::Changed))));
    world.see("Not saved:").see("ENGAGEMENT · Marta Ruiz");
    world.keys("S");
    assert_eq!(saves(&world).len(), 2);
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut world = editing("pjl");
    let before = world.text();
    let proposal = Proposal {
        preset: Some("inner-circle".into()),
        ..Proposal::default()
    };
    let late = world.facts.answer(&Request::Engagement {
        channel: MARTA.into(),
        proposal: proposal.clone(),
    });
    let question = Question::Engagement(MARTA, Box::new(proposal));
    world.tell(Message::Answer(question, Box::new(late.unwrap())));
    assert_eq!(world.text(), before);
}

#[test]
fn every_change_can_be_undone_in_turn() {
    let mut world = editing("p");
    let plain = world.text();
    world.keys("l");
    let wide = world.text();
    assert_ne!(wide, plain);
    world.keys("jhk");
    assert_ne!(world.text(), wide);
    world.keys("u");
    assert_eq!(world.text(), wide);
    world.keys("u");
    assert_eq!(world.text(), plain);
    world.keys("u").see("There is nothing to undo");
}

#[test]
fn a_row_of_advice_says_where_it_is_written() {
    editing("pjjjjjjl").see("The text for the assistant says this");
}

#[test]
fn the_text_is_written_in_the_persons_own_editor_and_saved_with_the_rules() {
    let mut world = editing("pe");
    let before = world.facts.channels[0].instructions.clone();
    let sheet = Sheet::Engagement(MARTA);
    let opened = Effect::OpenEditor(sheet, PeerText::new(before.as_str()));
    assert!(world.done.contains(&opened));
    let after = format!("{before}\nAnd be brief.");
    world.tell(Message::Edited(sheet, Ok(PeerText::new(after.as_str()))));
    world.keys("d").see("+ And be brief.");
    world.keys("S");
    let saved = saves(&world);
    assert_eq!(saved.len(), 1);
    assert_eq!(saved[0].0.text.as_deref(), Some(after.as_str()));
}

#[test]
fn an_editor_that_fails_or_changes_nothing_leaves_the_text_as_it_is() {
    let mut world = editing("pe");
    let text = PeerText::new(world.facts.channels[0].instructions.as_str());
    let sheet = Sheet::Engagement(MARTA);
    world.tell(Message::Edited(sheet, Ok(text)));
    world.keys("u").see("There is nothing to undo");
    world.tell(Message::Edited(
        sheet,
        Err("it could not be started".into()),
    ));
    world.see("it could not be started");
}

#[test]
fn examples_stand_behind_the_gutter_with_their_marks() {
    let world = editing("pjl");
    world.see("┆ Peter\u{2019}s flight ⟦ESC⟧[2Jlands");
    world.see("┆ Holding Fri 10:00 PT for you.⟦⏎⟧Shall I book it?");
    assert!(!world.text().contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn the_help_explains_the_two_marks() {
    let mut world = editing("p?");
    world.see("Engagement");
    for _ in 0..20 {
        world.keys("j");
    }
    world.see("enforced by this app").see("not a guarantee");
}

#[test]
fn leaving_saves_nothing_and_says_so() {
    let world = editing("pjh<esc>");
    assert_eq!(saves(&world), []);
    world.see("Nothing was saved");
}

#[test]
fn an_answer_below_the_help_finds_its_screen() {
    let mut world = editing("pjhS?");
    let done = world.facts.answer(&Request::Engagement {
        channel: MARTA.into(),
        proposal: Proposal::default(),
    });
    let question = Question::SetEngagement(MARTA);
    world.tell(Message::Answer(question, Box::new(done.unwrap())));
    world
        .see("this engagement is in force now")
        .see("NEEDS YOU");
}

#[test]
fn a_channel_in_which_nothing_flows_has_no_editor() {
    let mut facts = Facts::busy();
    facts.channels.retain(|channel| channel.id == ChannelId(1));
    facts.channels[0].state = ChannelState::Closed;
    facts.needs.clear();
    let mut world = World::new(facts, (120, 36));
    world.keys("p").see("Nothing flows in this channel");
}
