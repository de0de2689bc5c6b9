//! What a person does on the screens that decide nothing.

use std::time::Duration;

use chaperon::api::{Error, Event, Reply, Request, SendOutcome};
use chaperon::model::{Content, MessageId, PeerText, ReviewId};
use chaperon::tui::{Effect, Message, Question, Symbols, ThemeChoice};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::world::{Facts, MARTA, NOW, World};

fn asked(world: &World, wanted: impl Fn(&Request) -> bool) -> usize {
    let asks = |effect: &&Effect| matches!(effect, Effect::Ask(request, _) if wanted(request));
    world.done.iter().filter(asks).count()
}

fn sends(world: &World) -> usize {
    asked(world, |request| matches!(request, Request::Send { .. }))
}

fn saved(world: &World) -> Vec<String> {
    world
        .done
        .iter()
        .filter_map(|effect| {
            if let Effect::Ask(Request::SaveDraft { text, .. }, _) = effect {
                Some(text.expose_untrusted().to_owned())
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn enter_sends_once_however_often_it_is_pressed() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ihello<enter><enter><enter>");
    assert_eq!(sends(&world), 1);
    let outcome = SendOutcome::Queued {
        message: MessageId(9),
        due: world.now.after(Duration::from_secs(10)),
        problem: None,
    };
    world.tell(Message::Answer(
        Question::Send(MARTA),
        Box::new(Ok(Reply::Sent(outcome))),
    ));
    world.see("u takes it back").see("Write to Marta Ruiz");
}

#[test]
fn whoever_is_written_to_is_named_with_how_sure_it_is_that_it_is_them() {
    let mut facts = Facts::busy();
    World::new(facts.clone(), (80, 24))
        .keys("i")
        .see("AS YOURSELF to ~ Marta Ruiz · code not compared");
    let mut channels = facts.channels.iter_mut();
    let marta = channels.find(|channel| channel.id == MARTA).unwrap();
    marta.verified = Some(NOW);
    World::new(facts, (80, 24))
        .keys("i")
        .see("AS YOURSELF to ✓ Marta Ruiz · code compared");
}

#[test]
fn a_message_that_was_not_taken_stays_in_the_composer() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ihello<enter>");
    let refused = Err(Error::TooLarge { size: 9, limit: 8 });
    world.tell(Message::Answer(Question::Send(MARTA), Box::new(refused)));
    world.see("hello").see("not sent: the message is too large");
}

#[test]
fn a_paste_is_one_block_and_never_sends() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("i");
    world.tell(Message::Paste(PeerText::new(
        "one\r\ntwo\r\n\u{1b}[31mthree",
    )));
    world.see("one").see("two").see("⟦").see("three");
    assert_eq!(sends(&world), 0);
}

#[test]
fn control_j_breaks_the_line_and_does_not_send() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ione");
    world.tell(Message::Key(KeyEvent::new(
        KeyCode::Char('j'),
        KeyModifiers::CONTROL,
    )));
    world.tell(Message::Key(KeyEvent::new(
        KeyCode::Enter,
        KeyModifiers::SHIFT,
    )));
    world.keys("two").see("3 lines");
    assert_eq!(sends(&world), 0);
}

#[test]
fn leaving_the_composer_keeps_the_draft() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ihello<esc>");
    assert_eq!(saved(&world), ["hello"]);
    world.see("Draft kept");
}

#[test]
fn a_draft_is_kept_while_one_still_writes() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("ihel");
    world.pass(Duration::from_secs(2));
    assert_eq!(saved(&world), ["hel"]);
}

#[test]
fn a_kept_draft_comes_back_with_its_channel() {
    let mut facts = Facts::busy();
    facts.draft = "from yesterday".into();
    let world = World::new(facts, (120, 36));
    world.see("Draft kept").see("from yesterday");
}

#[test]
fn a_draft_that_cannot_be_read_keeps_nobody_from_writing() {
    let mut facts = Facts::busy();
    facts.drafts_fail = true;
    let mut world = World::new(facts, (120, 36));
    world.see("The draft was not found");
    world.keys("ihello<enter>");
    assert_eq!(sends(&world), 1);
}

#[test]
fn the_last_message_can_be_taken_back_until_it_is_due() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.see("u takes it back");
    world.keys("u");
    let takes = |world: &World| {
        asked(
            world,
            |request| matches!(request, Request::TakeBack { message } if *message == MessageId(7)),
        )
    };
    assert_eq!(takes(&world), 1);
    world.pass(Duration::from_secs(10));
    world.keys("u").see_not("u takes it back");
    assert_eq!(takes(&world), 1, "what has left cannot be taken back");
}

#[test]
fn a_message_becomes_read_after_a_second_under_the_eyes() {
    let mut world = World::new(Facts::busy(), (120, 36));
    let marks = |world: &World| asked(world, |request| matches!(request, Request::MarkRead { .. }));
    world.keys("n");
    world.press(KeyCode::Char('['));
    world.tell(Message::Drawn { quiet: true });
    world.pass(Duration::from_millis(900));
    assert_eq!(marks(&world), 0);
    world.pass(Duration::from_millis(200));
    assert_eq!(marks(&world), 1);
}

#[test]
fn nothing_becomes_read_while_the_terminal_has_no_focus() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.tell(Message::Focus(false));
    world.pass(Duration::from_secs(20));
    assert_eq!(
        asked(&world, |request| matches!(
            request,
            Request::MarkRead { .. }
        )),
        0
    );
}

#[test]
fn pausing_asks_nothing_and_resuming_asks_once() {
    let pauses = |world: &World| asked(world, |request| matches!(request, Request::Pause { .. }));
    let resumes = |world: &World| asked(world, |request| matches!(request, Request::Resume { .. }));
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("P");
    assert_eq!(pauses(&world), 1);
    let mut world = World::new(Facts::busy().paused(), (120, 36));
    world.keys("P").see("P again resumes");
    assert_eq!(resumes(&world), 0);
    world.keys("jP");
    assert_eq!(
        resumes(&world),
        0,
        "another key in between takes the question back"
    );
    world.keys("P");
    assert_eq!(resumes(&world), 1);
}

#[test]
fn quitting_with_something_waiting_says_so_first() {
    let quits = |world: &World| {
        world
            .done
            .iter()
            .filter(|effect| **effect == Effect::Quit)
            .count()
    };
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("q").see("3 undecided");
    assert_eq!(quits(&world), 0);
    world.keys("q");
    assert_eq!(quits(&world), 1);
    let mut world = World::new(Facts::empty(), (120, 36));
    world.keys("q");
    assert_eq!(quits(&world), 1);
}

#[test]
fn a_pasted_link_opens_the_form_and_asks_nobody_yet() {
    let mut world = World::new(Facts::busy(), (120, 36));
    let link = "https://relay.example.com/invite?channel=abc&pub=def";
    world.tell(Message::Paste(PeerText::new(format!(" {link}\n"))));
    world.see("ACCEPT A LINK").see(link);
    let accepts = |world: &World| {
        asked(
            world,
            |request| matches!(request, Request::Accept { url, .. } if url == link),
        )
    };
    assert_eq!(accepts(&world), 0);
    world.keys("<enter>");
    assert_eq!(accepts(&world), 1);
    let wrong = Error::InvalidInvite("the key is not 32 bytes".into());
    world.tell(Message::Answer(Question::Accept, Box::new(Err(wrong))));
    world.see("the key is not 32 bytes");
}

#[test]
fn the_qr_code_says_what_room_it_needs_where_it_has_none() {
    let mut world = World::new(Facts::busy(), (40, 12));
    world.keys("Gkkk<enter>").see("45x23, this is 40x12");
}

#[test]
fn copying_a_message_gives_quoted_text_with_its_marks() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("<tab>kky");
    let copied = world.done.iter().find_map(|effect| {
        if let Effect::Copy(text) = effect {
            Some(text.clone())
        } else {
            None
        }
    });
    let copied = copied.unwrap();
    assert!(copied.starts_with("> Thanks."), "{copied}");
    assert!(
        copied.contains('⟦') && !copied.contains('\u{1b}'),
        "{copied}"
    );
}

#[test]
fn every_key_in_the_key_bar_stands_in_the_help() {
    let mut world = World::new(Facts::busy(), (120, 80));
    world.keys("?");
    for words in [
        "go to the next item that needs you",
        "make an invite",
        "pause everything",
    ] {
        world.see(words);
    }
}

#[test]
fn an_idle_screen_is_drawn_once_a_minute() {
    let mut world = World::new(Facts::empty(), (120, 36));
    world.pass(Duration::from_secs(10));
    world.model.take_dirty();
    let mut drawn = 0;
    for _ in 0..300 {
        world.pass(Duration::from_secs(1));
        if world.model.take_dirty() {
            drawn += 1;
        }
    }
    assert_eq!(drawn, 5);
}

#[test]
fn nothing_wakes_an_idle_screen_before_the_minute_is_over() {
    let mut world = World::new(Facts::empty(), (120, 36));
    world.pass(Duration::from_secs(10));
    let next = (world.now.0.div_euclid(60_000) + 1) * 60_000;
    assert_eq!(world.model.wake_at().0, next);
}

#[test]
fn the_screen_begins_with_the_liveliest_conversation() {
    let world = World::new(Facts::busy(), (120, 36));
    world.see("▸~ Marta Ruiz").see("Could we hold Thu 14:00");
}

#[test]
fn what_arrives_later_does_not_move_what_is_selected() {
    let mut world = World::new(Facts::busy(), (120, 36));
    let bill = &mut world.facts.channels[1];
    (bill.unread, bill.last_seen) = (1, Some(world.now));
    let item = world.facts.needs[1].clone();
    world.facts.needs.insert(
        0,
        chaperon::model::ReviewItem {
            id: ReviewId(99),
            ..item
        },
    );
    for event in [Event::NeedsYou, Event::Channels, Event::Overflow] {
        world.event(event);
        world.see("▸~ Marta Ruiz").see("Could we hold Thu 14:00");
    }
}

#[test]
fn digits_go_to_the_panes_and_the_one_with_the_keys_says_so_without_colour() {
    let mut world = World::with(
        Facts::busy(),
        (120, 36),
        ThemeChoice::MONO,
        Symbols::Unicode,
    );
    world
        .see("▸NEEDS YOU")
        .see_not("▸Marta")
        .see_not("▸ENGAGEMENT");
    world.keys("2").see("▸Marta Ruiz").see_not("▸NEEDS YOU");
    world.keys("3").see("▸ENGAGEMENT").see_not("▸Marta Ruiz");
    world.keys("1").see("▸NEEDS YOU").see("▸~ Marta Ruiz");
}

#[test]
fn the_lists_can_be_walked_however_one_came_there() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("21j").see("▸~ Bill Okafor");
    world.keys("2");
    world.press(KeyCode::BackTab);
    world.keys("j").see("▸✗ Ken Ito");
}

#[test]
fn a_key_that_can_do_nothing_says_why() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("R").see("2 goes to the conversation");
    world.keys("3j").see("All of this pane is shown");
    world.keys("1jji").see("n, Enter settles the key");
    world.keys("jji").see("No answer yet.");
    world.pass(Duration::from_secs(7));
    world.keys("u").see("what has left cannot be taken back");
    let mut empty = World::new(Facts::empty(), (120, 36));
    empty.keys("n").see("Nothing needs you.");
    empty.keys("i").see("There is no channel yet");
}

#[test]
fn what_invisible_characters_spell_stands_below_the_message() {
    let world = World::new(Facts::busy(), (120, 36));
    world.see("┆ hidden tag characters, decoded: “forward”");
}

#[test]
fn what_cannot_be_read_says_why_and_how_long_it_is_and_how_it_begins() {
    let mut facts = Facts::busy();
    for letter in &mut facts.letters {
        if let Content::Raw { payload, .. } = &mut letter.content {
            *payload = PeerText::new(format!("\u{1b}]0;x{}", "y".repeat(5_000)));
        }
    }
    let world = World::new(facts, (120, 36));
    world
        .see("it does not open with the pinned key")
        .see("5005 bytes")
        .see("⟦ESC⟧]0;xyyy")
        .see("…");
}

#[test]
fn a_wide_preset_for_a_new_channel_says_that_it_waits_for_the_code() {
    let advice = "until you compare the safety code";
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("I<tab><tab>").see_not(advice);
    world.keys("<right>").see(advice);
}

#[test]
fn the_side_pane_can_be_read_to_its_end_in_a_small_window() {
    let mut world = World::new(Facts::busy(), (40, 12));
    world.keys("3").see("holds in   any signal").see("▼");
    world.keys("G").see("NOTE").see_not("▼");
    world.keys("gg").see("▸ENGAGEMENT");
}

#[test]
fn a_narrow_header_says_unprotected_rather_than_the_name() {
    let mut facts = Facts::busy();
    facts.status.protected = false;
    let world = World::new(facts, (80, 24));
    world
        .see("unprotected   ")
        .see("Held 1 in")
        .see_not("CHAPERON");
}

#[test]
fn what_cancelling_an_invite_asks_is_seen_in_the_smallest_window_too() {
    let mut world = World::new(Facts::busy(), (40, 12));
    world.keys("Gkkk<enter>D").see("D again");
}
