//! How a review is read: pane by pane where there is room for three, as one paper elsewhere.

use crossterm::event::KeyCode;

use super::held::READ;
use super::world::{Facts, World};

fn held(size: (u16, u16)) -> World {
    let mut world = World::new(Facts::busy(), size);
    world.keys("nn<enter>");
    world
}

/// Returns the row that begins with these words, blanks left out.
fn row(world: &World, words: &str) -> String {
    let text = world.text();
    let found = text.lines().find(|line| line.contains(words));
    found
        .unwrap_or_else(|| panic!("no {words:?} in\n{text}"))
        .to_owned()
}

#[test]
fn in_a_wide_window_text_findings_and_what_was_said_before_stand_beside_each_other() {
    let world = held((120, 36));
    world
        .see("SIGNALS 3 of 3")
        .see("wording rule (may be wrong)")
        .see("exact check (certain)")
        .see("BEFORE THIS")
        .see("EFFECT OF RELEASE")
        .see("view  ▸ safe text");
}

#[test]
fn tab_gives_the_keys_to_the_findings_then_to_what_was_said_before_and_back() {
    let mut world = held((120, 36));
    world.see("▸HELD IN");
    world.keys("<tab>").see("▸SIGNALS").see_not("▸HELD IN");
    world.keys("<tab>").see("▸BEFORE THIS");
    world.keys("<tab>").see("▸HELD IN");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn a_digit_points_at_its_signal_in_the_text_and_in_the_list() {
    let mut world = held((120, 36));
    world.keys("2");
    let text = row(&world, "▸┆ for Decem");
    assert!(text.contains("⟪2"), "{text}");
    world.see("▸2 it has invisible characters");
}

#[test]
fn reading_on_at_the_end_of_one_pane_goes_on_in_the_next_that_was_not_read() {
    let mut world = held((120, 24));
    world.see("read to the end to decide").see("Tab, then j");
    world.keys("jjjj").see("▸HELD IN").see_not("keys live");
    world.keys("j").see("▸SIGNALS").see_not("keys live");
    world.keys(READ).see("keys live");
}

#[test]
fn findings_that_were_not_on_the_screen_keep_the_keys_asleep() {
    let mut world = held((120, 24));
    // All of the text, and nothing of the rest.
    world.keys("jjjjkkkk").see("read to the end to decide");
    world.keys("aAlb");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn what_was_read_in_one_shape_is_read_again_in_another_unless_all_of_it_was() {
    let mut world = held((80, 24));
    world.keys("jjjjjj").see_not("held by");
    world.resize((120, 24));
    world.settle();
    world.settle();
    world.see("held by");
    world.see("read to the end to decide");
    world.resize((80, 24));
    world.settle();
    world.see("read to the end to decide");
    world.keys(READ).see("keys live");
    world.resize((120, 24));
    world.settle();
    world.see("keys live");
}

#[test]
fn in_one_column_tab_goes_from_part_to_part_and_reads_nothing_that_it_jumps_over() {
    let mut world = held((40, 12));
    world.keys("<tab>").see("SIGNALS 3");
    world.keys("jj").see_not("SIGNALS 3");
    world.keys("<tab>").see("CHANNEL");
    world.keys("<tab><tab><tab>").see("held by");
    world.see("read to the end to decide");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn keys_that_come_faster_than_frames_pass_over_nothing() {
    for size in [(40, 12), (80, 24), (120, 24)] {
        let mut world = held(size);
        for _ in 0..20 {
            for _ in 0..30 {
                world.press(KeyCode::Char('j'));
                world.press(KeyCode::PageDown);
            }
            world.settle();
        }
        world.see("keys live");
    }
}

#[test]
fn reading_on_at_the_end_goes_back_to_what_was_jumped_over() {
    let mut world = held((40, 12));
    world.keys("<tab><tab><tab><tab>").see("BEFORE THIS");
    world.see("▲ unread above, j goes there");
    world.keys("j").see("Decem").see_not("BEFORE THIS");
    world.keys(READ).keys(READ).see("keys live");
}

#[test]
fn in_the_smallest_window_the_findings_stand_in_a_word_each_until_all_was_read() {
    let mut world = held((40, 12));
    world
        .see("⚑ 1 wording  2 invisible  3 hidden")
        .see("undecided: stays held, unread")
        .see("more, read to the end to decide");
    world.keys(READ).keys(READ);
    world.see_not("⚑").see("a release, then A");
}

#[test]
fn a_refusal_offers_ready_sentences_as_a_list_and_one_of_ones_own() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.keys("nn<enter>").keys(READ).keys("r");
    world.see("▸ Not now").see("  in your own words");
    world.keys("<tab>").see("▸ Do not share");
    world.keys("<tab><tab>").see("▸ in your own words");
    world
        .keys("Mine.<esc>")
        .see("WHY NOT, if you refuse")
        .see("┆ Mine.");
    assert_eq!(world.decisions(), 0);
}
