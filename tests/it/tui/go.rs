//! Going somewhere and doing something by its name: the palette, the menu after Space, the
//! filters, and the answer to why.

use std::time::Duration;

use chaperon::api::{Reply, Request};
use chaperon::model::{Actor, ChannelId, Digest, Evidence, LogEntry, MessageId, PeerText};
use chaperon::tui::{Change, Effect, EnterKey, Keys, Message, Question};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::snapshots::shown;
use super::world::{Facts, MARTA, NOW, World};

fn world() -> World {
    World::new(Facts::busy(), (120, 36))
}

fn with_keys(keys: Keys) -> World {
    let mut world = world();
    let other = World::new(Facts::empty(), (1, 1));
    world.model = std::mem::replace(&mut world.model, other.model).with_keys(keys);
    world
}

fn asked(world: &World, wanted: impl Fn(&Request) -> bool) -> usize {
    let asks = |effect: &&Effect| matches!(effect, Effect::Ask(request, _) if wanted(request));
    world.done.iter().filter(asks).count()
}

#[test]
fn the_palette() {
    shown("palette", &Facts::busy(), "<ctrl-k>marta pre");
}

#[test]
fn the_palette_before_anything_is_typed() {
    shown("palette_all", &Facts::busy(), ":");
}

#[test]
fn the_menu_after_space() {
    shown("leader", &Facts::busy(), " ");
}

#[test]
fn the_menu_of_a_channel_in_which_little_can_be_done() {
    shown("leader_invited", &Facts::busy(), "Gkkk ");
}

#[test]
fn the_filter_of_the_rail() {
    shown("filter", &Facts::busy(), "/mar");
}

#[test]
fn why_a_message_was_held() {
    shown("why", &Facts::busy(), "<tab>kkw");
}

#[test]
fn the_field_for_another_name() {
    shown("rename", &Facts::busy(), " r, Acme");
}

#[test]
fn the_question_before_a_channel_is_ended() {
    shown("end_channel", &Facts::busy(), " x");
}

#[test]
fn a_few_letters_lead_to_a_channel() {
    let mut world = world();
    world
        .keys("<ctrl-k>bill<enter>")
        .see("Write to Bill Okafor")
        .see_not("Go to or do");
}

#[test]
fn what_a_channel_can_do_is_found_by_its_name() {
    let mut world = world();
    world.keys(":marta pre").see("Marta Ruiz: edit preset");
    world.keys("<enter>").see("ENGAGEMENT · Marta Ruiz");
}

#[test]
fn a_line_that_can_do_nothing_stays_and_says_why() {
    let mut world = world();
    world.keys(":tomas end").see("Tomas K.: end for good");
    world.see("cancel the invite instead");
    world.keys("<enter>").see("Go to or do");
    assert_eq!(
        asked(&world, |request| matches!(request, Request::End { .. })),
        0
    );
}

#[test]
fn tab_takes_over_the_words_and_escape_leaves() {
    let mut world = world();
    world
        .keys(":marta pre<tab>")
        .see("> Marta Ruiz: edit preset");
    world
        .keys("<esc>")
        .see_not("Go to or do")
        .see("Write to Marta Ruiz");
}

#[test]
fn the_count_says_how_many_of_how_many() {
    let mut world = world();
    world
        .keys(":zzzz")
        .see("0 of")
        .see("nothing is called that");
}

#[test]
fn what_was_run_lately_comes_first() {
    let mut world = world();
    world.keys(":priya rename<enter><esc>");
    world.keys(":").see("▸ Priya N.: rename");
}

#[test]
fn a_hostile_name_is_harmless_in_the_palette() {
    let mut world = world();
    world.keys(":dana petrova").see("⟦U+202E⟧");
}

#[test]
fn no_line_of_the_palette_decides_in_a_review() {
    const READ: &str = "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj";
    let facts = Facts::busy().with_draft().harmless();
    for way in ["n", "nn", "nnn", "nnnn"] {
        for line in 0..24 {
            let mut world = World::new(facts.clone(), (120, 36));
            world.keys(way).keys("<enter>").keys(READ).keys("<ctrl-k>");
            world.keys(&"<down>".repeat(line)).keys("<enter>");
            assert_eq!(world.decisions(), 0, "{way} {line}");
        }
    }
}

#[test]
fn the_palette_over_a_review_takes_its_keys_and_they_wait_again_afterwards() {
    let mut world = World::new(Facts::busy().harmless(), (120, 60));
    world
        .keys("nn<enter>")
        .keys("jjjjjjjjjjjjjjjjjjjjjjjjj")
        .see("keys live");
    world.keys(":aAaArRlb").see("Go to or do");
    assert_eq!(world.decisions(), 0);
    world.tell(Message::Key(KeyEvent::new(
        KeyCode::Esc,
        KeyModifiers::NONE,
    )));
    world.press(KeyCode::Char('a'));
    assert_eq!(world.decisions(), 0, "a key that was meant for the palette");
    world.settle();
    world.keys("a");
    assert_eq!(world.decisions(), 1);
}

#[test]
fn what_lies_under_the_palette_does_not_count_as_read() {
    let mut world = World::new(Facts::busy().harmless(), (120, 60));
    world.press(KeyCode::Char('n'));
    world.press(KeyCode::Char('n'));
    world.press(KeyCode::Enter);
    world.press(KeyCode::Char(':'));
    world.settle();
    world.press(KeyCode::Esc);
    world.pass(Duration::from_secs(1));
    world.see_not("keys live");
}

#[test]
fn the_menu_appears_only_if_one_waits_and_its_keys_count_at_once() {
    let mut world = world();
    world.press(KeyCode::Char(' '));
    world.pass(Duration::from_millis(200));
    world.see_not("┌─ Marta Ruiz");
    world.pass(Duration::from_millis(150));
    world.see("┌─ Marta Ruiz").see("rename");

    let mut quick = World::new(Facts::busy(), (120, 36));
    quick.press(KeyCode::Char(' '));
    quick.press(KeyCode::Char('p'));
    let paused = asked(&quick, |request| {
        *request
            == Request::Pause {
                channel: Some(MARTA.into()),
            }
    });
    assert_eq!(paused, 1);
    quick.pass(Duration::from_secs(1));
    quick.see_not("┌─ Marta Ruiz");
}

#[test]
fn a_menu_line_that_can_do_nothing_says_why_and_closes_the_menu() {
    let mut world = world();
    world
        .keys("Gkkk x")
        .see("cancel the invite instead")
        .see_not("┌─ Tomas K.");
}

#[test]
fn a_channel_gets_another_name() {
    let mut world = world();
    world.keys(" r of Acme<enter>");
    let renamed = asked(&world, |request| {
        matches!(request, Request::Rename { channel, name }
            if *channel == MARTA.into() && name.expose_untrusted() == "Marta Ruiz of Acme")
    });
    assert_eq!(renamed, 1);
    world.tell(Message::Answer(
        Question::Rename(MARTA),
        Box::new(Ok(Reply::Done)),
    ));
    world.see("Renamed.").see("Write to Marta Ruiz");
}

#[test]
fn a_name_of_nothing_is_not_sent() {
    let mut world = world();
    world
        .keys(" r<ctrl-u>  <enter>")
        .see("a name needs at least one character");
    assert_eq!(
        asked(&world, |request| matches!(request, Request::Rename { .. })),
        0
    );
}

#[test]
fn ending_a_channel_takes_two_keys_and_a_quiet_moment() {
    let ends = |world: &World| asked(world, |request| matches!(request, Request::End { .. }));
    let mut hasty = world();
    hasty.press(KeyCode::Char(' '));
    hasty.press(KeyCode::Char('x'));
    hasty.press(KeyCode::Char('X'));
    assert_eq!(ends(&hasty), 0);
    hasty.settle();
    hasty.keys("<enter>y x1").see("END CHANNEL");
    assert_eq!(ends(&hasty), 0);
    hasty.keys("X");
    assert_eq!(ends(&hasty), 1);
    hasty.tell(Message::Answer(
        Question::End(MARTA),
        Box::new(Ok(Reply::Done)),
    ));
    hasty.see("Ended. Nothing enters");
}

#[test]
fn a_filter_narrows_the_rail_and_escape_shows_all_again() {
    let mut world = world();
    world.keys("/priya").see("1 of 8").see_not("Bill Okafor");
    world
        .keys("<enter>")
        .see("Write to Priya N.")
        .see("/priya  Esc shows all");
    world.keys("<esc>").see("Bill Okafor").see_not("/priya");
}

#[test]
fn escape_on_the_main_screen_leads_to_the_lists_and_never_quits() {
    let mut world = world();
    world.keys("2<esc>").see("▸NEEDS YOU");
    world.keys("<esc>").see("Esc never quits");
    assert!(!world.done.contains(&Effect::Quit));
}

#[test]
fn the_other_lists_are_filtered_too() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world
        .keys("W/address<enter>")
        .see("holds a street address")
        .see_not("wants a channel");
    world.keys("<esc>").see("wants a channel");
    world
        .keys("<esc>?/invite")
        .see("make an invite")
        .see_not("half a page down");
}

#[test]
fn the_log_is_filtered_by_what_it_says() {
    let entry = |number: i64, what: &str| LogEntry {
        number,
        at: NOW,
        actor: Actor::Human,
        what: what.to_owned(),
        channel: Some(ChannelId(1)),
        detail: String::new(),
        evidence: Evidence::default(),
        draft: None,
        sent: None,
        previous: Digest([1; 32]),
        digest: Digest([2; 32]),
    };
    let mut world = world();
    world.keys("L");
    let page = vec![entry(2, "draft_refused"), entry(1, "contact_accepted")];
    world.tell(Message::Answer(
        Question::Log(None),
        Box::new(Ok(Reply::Log(page))),
    ));
    world
        .keys("/contact")
        .see("accepted contact")
        .see_not("refused out");
    world.keys("x<enter>").see("No entry holds that");
    world.keys("<esc>").see("refused out");
}

#[test]
fn why_names_rule_policy_signals_and_what_the_log_says() {
    let mut world = world();
    world
        .keys("<tab>kkw")
        .see("hidden characters")
        .see("in force")
        .see("trusted-colleague v1");
    world
        .see("wording rule, may be wrong")
        .see("reading the log");
    let mut entry = LogEntry {
        number: 1,
        at: NOW,
        actor: Actor::Rule,
        what: "held_in".into(),
        channel: Some(MARTA),
        detail: String::new(),
        evidence: Evidence::default(),
        draft: None,
        sent: None,
        previous: Digest([1; 32]),
        digest: Digest([2; 32]),
    };
    entry.evidence.message = Some(MessageId(5));
    entry.evidence.policy = Some("trusted-colleague v3".into());
    let mut other = entry.clone();
    other.evidence.message = Some(MessageId(4));
    other.what = "sent_alone".into();
    world.tell(Message::Answer(
        Question::Why(MessageId(5)),
        Box::new(Ok(Reply::Log(vec![other, entry]))),
    ));
    world
        .see("rule held in · trusted-colleague v3")
        .see_not("sent alone");
    world.keys("<esc>").see("Write to Marta Ruiz");
}

#[test]
fn two_keys_lead_to_the_top_and_the_bar_says_so_in_between() {
    let mut world = world();
    world.keys("G").see("▸· Old invite");
    world.keys("g").see("go to the first").see("▸· Old invite");
    world.keys("g").see("▸ key");
    world.keys("Ggj").see("▸· Old invite");
}

#[test]
fn changed_keys_are_what_bar_help_and_palette_show() {
    let change = Change {
        line: 1,
        name: "main.next_need".into(),
        keys: vec!["x".into()],
    };
    let keys = Keys::changed(EnterKey::Send, &[change]).unwrap();
    let mut world = with_keys(keys);
    world.see("x next that needs you");
    world.keys("?").see("x                 go to the next item");
    world
        .keys("<esc>:next item that")
        .see("needs you                              x");
}

#[test]
fn a_pasted_block_without_marks_never_sends() {
    let sends = |world: &World| asked(world, |request| matches!(request, Request::Send { .. }));
    for block in ["hello\nbye\n", "a\nb\nc\n", "ab\nc"] {
        let mut world = World::new(Facts::busy(), (120, 36));
        world.keys("i");
        for c in block.chars() {
            world.press(if c == '\n' {
                KeyCode::Enter
            } else {
                KeyCode::Char(c)
            });
        }
        world.pass(Duration::from_secs(1));
        assert_eq!(sends(&world), 0, "{block:?}");
        world.press(KeyCode::Enter);
        assert_eq!(sends(&world), 1, "{block:?}");
    }
}

#[test]
fn one_letter_and_enter_at_once_are_sent_a_moment_later() {
    let mut world = world();
    world.keys("i");
    world.press(KeyCode::Char('k'));
    world.press(KeyCode::Enter);
    let sends = |world: &World| asked(world, |request| matches!(request, Request::Send { .. }));
    assert_eq!(sends(&world), 0);
    assert!(world.model.wake_at() <= world.now.after(Duration::from_millis(40)));
    world.pass(Duration::from_millis(40));
    assert_eq!(sends(&world), 1);
}

#[test]
fn the_terminal_s_cursor_follows_the_row_that_has_the_keys() {
    let mut world = world();
    let first = world.cursor();
    world.keys("j");
    let second = world.cursor();
    assert_eq!(first.y + 1, second.y);
    world.keys("k2");
    assert!(world.cursor().x >= 30);
    world.keys(":ab");
    assert_eq!(world.cursor().x, 25 + 1 + 2 + 2);
}

#[test]
fn where_enter_begins_a_line_the_title_says_what_sends() {
    let sends = |world: &World| asked(world, |request| matches!(request, Request::Send { .. }));
    let keys = Keys::changed(EnterKey::NewLine, &[]).unwrap();
    let mut world = with_keys(keys);
    world
        .keys("ione<enter>two")
        .see("2 lines")
        .see("Ctrl-J sends");
    assert_eq!(sends(&world), 0);
    world.keys("<ctrl-j>");
    assert_eq!(sends(&world), 1);
}

#[test]
fn a_draft_that_is_too_long_says_so_before_enter_and_is_not_sent() {
    let mut world = world();
    world.keys("i");
    world.tell(Message::Paste(PeerText::new("x".repeat(600 * 1024))));
    world.see("600 of 700 KiB");
    world.tell(Message::Paste(PeerText::new("y".repeat(200 * 1024))));
    world.see("800 of 700 KiB, too long to send");
    world
        .keys("<enter>")
        .see("Too long: 800 KiB, and a message takes 700");
    assert_eq!(
        asked(&world, |request| matches!(request, Request::Send { .. })),
        0
    );
}

#[test]
fn typing_in_a_draft_of_a_megabyte_costs_no_more_than_in_a_short_one() {
    let cost = |size: usize| {
        let mut world = world();
        world.keys("i");
        world.tell(Message::Paste(PeerText::new(
            "漢字 and words ".repeat(size / 17),
        )));
        let start = std::time::Instant::now();
        for _ in 0..20 {
            world.press(KeyCode::Char('k'));
            world.frame();
        }
        start.elapsed()
    };
    // Both are longer than what is laid out at once.
    let (short, long) = (cost(100 << 10), cost(1 << 20));
    assert!(long < short * 4, "{short:?} and {long:?}");
}

#[test]
fn the_cursor_stands_behind_wide_characters() {
    let mut world = world();
    world.keys("iab");
    let latin = world.cursor();
    let mut wide = self::world();
    wide.keys("i漢字");
    assert_eq!(wide.cursor().x, latin.x + 2);
    assert_eq!(wide.cursor().y, latin.y);
}

#[test]
fn help_inside_a_text_field_has_the_keys_while_it_is_shown() {
    let mut world = world();
    world.keys(":mar");
    world.press(KeyCode::F(1));
    world
        .see("do what is selected; decides nothing")
        .see_not("Go to or do ─");
    world.keys("<esc>").see("Write to Marta Ruiz");
    world.keys("/priya");
    world.press(KeyCode::F(1));
    world.see("back to the list, filtered");
    world.keys("<esc>").see("1 of 8").see("/priya");
}

#[test]
fn a_setting_and_a_theme_are_found_by_their_names() {
    let mut world = world();
    world.keys(":settings mouse<enter>").see("SETTINGS");
    world
        .keys("<esc>:theme light<enter>")
        .see("Theme light, until you quit");
    world.keys(":theme light").see("in use");
}

#[test]
fn from_another_screen_the_palette_opens_what_the_main_screen_does() {
    let mut world = world();
    world.keys("L:make an invite<enter>").see("NEW INVITE");
    world.keys("<esc>").see("DECISION LOG");
    world.keys(":bill<enter>").see("Write to Bill Okafor");
}

#[test]
fn unsaved_rules_are_not_lost_by_going_elsewhere() {
    let mut world = world();
    world.keys("pjl").keys(":bill<enter>");
    world
        .see("Save or leave the engagement first.")
        .see("Go to or do");
}
