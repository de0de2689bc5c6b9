//! The mouse selects and scrolls, and does nothing else.

use chaperon::api::Request;
use chaperon::tui::{Effect, Message};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

use super::world::{Facts, World};

fn world() -> World {
    World::new(Facts::busy(), (120, 36))
}

fn mouse(world: &mut World, kind: MouseEventKind, (column, row): (u16, u16)) {
    world.tell(Message::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

/// Clicks on the first place of the screen that shows these words.
fn click_on(world: &mut World, words: &str) {
    let text = world.text();
    let found = text.lines().enumerate().find_map(|(row, line)| {
        let at = line.find(words)?;
        let column = line.get(..at)?.chars().count();
        Some((u16::try_from(column).ok()?, u16::try_from(row).ok()?))
    });
    let at = found.unwrap_or_else(|| panic!("no {words:?} in\n{text}"));
    mouse(world, MouseEventKind::Down(MouseButton::Left), at);
    mouse(world, MouseEventKind::Up(MouseButton::Left), at);
}

#[test]
fn a_click_in_the_rail_selects_and_opens_no_review() {
    let mut world = world();
    click_on(&mut world, "Bill Okafor");
    world.see("▸~ Bill Okafor").see("Write to Bill Okafor");
    click_on(&mut world, "Ken Ito");
    world.see("▸ key  Ken Ito").see_not("KEY CHANGED");
}

#[test]
fn a_click_in_the_conversation_selects_the_message() {
    let mut world = world();
    click_on(&mut world, "Could we hold");
    world.see("▸Marta Ruiz").see("▸21:58");
}

#[test]
fn the_wheel_scrolls_the_pane_it_is_over() {
    let mut world = World::new(Facts::busy(), (120, 20));
    world.see("Marta, I will call you");
    for _ in 0..4 {
        mouse(&mut world, MouseEventKind::ScrollUp, (60, 10));
    }
    world.see_not("Marta, I will call you").see("▸NEEDS YOU");
    for _ in 0..9 {
        mouse(&mut world, MouseEventKind::ScrollDown, (60, 10));
    }
    world.see("Marta, I will call you");

    let mut rail = World::new(Facts::busy(), (120, 16));
    rail.see_not("Old invite");
    for _ in 0..4 {
        mouse(&mut rail, MouseEventKind::ScrollDown, (5, 8));
    }
    rail.see("Old invite").see("Write to Marta Ruiz");
    rail.keys("k").see_not("Old invite");
}

#[test]
fn a_click_while_one_writes_leaves_the_text_alone() {
    let mut world = world();
    world.keys("ihello");
    click_on(&mut world, "Bill Okafor");
    world
        .keys(" there")
        .see("hello there")
        .see("AS YOURSELF to ~ Marta Ruiz");
}

#[test]
fn a_click_in_the_palette_selects_and_runs_nothing() {
    let mut world = world();
    world.keys(":");
    click_on(&mut world, "Northwind assistant   ");
    world.see("▸ Northwind assistant").see("Go to or do");
    world.keys("<enter>").see("somebody asks; review them");
}

#[test]
fn the_lists_of_items_and_entries_are_selected_by_a_click() {
    let mut world = World::new(Facts::busy().with_draft(), (120, 36));
    world.keys("W");
    click_on(&mut world, "Northwind assis");
    world
        .see("▸  ask")
        .see("answer to the invite of Northwind assistant");
}

#[test]
fn the_wheel_reads_a_review_and_decides_nothing() {
    let mut world = World::new(Facts::busy().harmless(), (80, 24));
    world.keys("nn<enter>").see("read to the end");
    for _ in 0..30 {
        mouse(&mut world, MouseEventKind::ScrollDown, (40, 10));
        world.settle();
    }
    world.see("keys live");
    assert_eq!(world.decisions(), 0);
}

fn kind() -> impl Strategy<Value = MouseEventKind> {
    let button = prop::sample::select(vec![
        MouseButton::Left,
        MouseButton::Middle,
        MouseButton::Right,
    ]);
    prop_oneof![
        4 => button.clone().prop_map(MouseEventKind::Down),
        1 => button.clone().prop_map(MouseEventKind::Up),
        1 => button.prop_map(MouseEventKind::Drag),
        2 => Just(MouseEventKind::ScrollUp),
        2 => Just(MouseEventKind::ScrollDown),
        1 => Just(MouseEventKind::Moved),
    ]
}

/// Tells whether an effect only asks for something to show.
fn only_reads(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Ask(
            Request::Transcript { .. }
                | Request::Draft { .. }
                | Request::Review { .. }
                | Request::Log { .. }
                | Request::MarkRead { .. }
                | Request::SaveDraft { .. },
            _
        )
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mouse_decides_sends_opens_or_confirms_anything(
        keys in prop::sample::select(vec![
            "", "2", "i", "ihello", " ", ":", "/a", "W", "L", "?", "I", "o", "p", "pl", "v", " r", " x",
            "n<enter>", "nn<enter>", "nn<enter>jjjjjjjjjjjjjjjjjjjjjjjjjj", "nn<enter>jjjjjjjjjjjjjjjjjjjjjjjjjja",
            "Gkkk<enter>", "P", "q", "Gkkk<enter>D",
        ]),
        size in (40u16..140, 12u16..50),
        events in prop::collection::vec((kind(), 0u16..150, 0u16..60), 0..40),
    ) {
        let mut world = World::new(Facts::busy().with_draft().harmless(), size);
        world.keys(keys);
        world.done.clear();
        for (kind, column, row) in events {
            mouse(&mut world, kind, (column, row));
            world.settle();
        }
        for effect in &world.done {
            prop_assert!(only_reads(effect), "{effect:?}");
        }
        world.press(KeyCode::Esc);
    }
}
