//! No input and no text may panic the surface, decide, or reach the screen unmarked.

use std::time::Duration;

use chaperon::api::Request;
use chaperon::model::{PeerText, RawReason};
use chaperon::tui::{Effect, Message, Symbols, ThemeChoice};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

use super::onboarding::{first_start, found};
use super::states::{SCREENS, Screen};
use super::world::{Facts, World};

/// What can come in: keys of every kind, pastes, sizes, focus, time, frames.
#[derive(Clone, Debug)]
enum Input {
    Key(KeyCode, KeyModifiers, KeyEventKind),
    Paste(String),
    Resize(u16, u16),
    Focus(bool),
    Wait(u64),
    Drawn(bool),
    Frame,
}

fn code() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        8 => prop::sample::select("nNjkgG[]iaArRKyYpPIouq ?eftDcz1239éxWWxxblsEMLv:/wXgg,SThHVmd".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::F(1),
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let modifiers = prop_oneof![
        6 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::SHIFT),
        1 => Just(KeyModifiers::ALT),
    ];
    let kind = prop_oneof![
        8 => Just(KeyEventKind::Press),
        1 => Just(KeyEventKind::Repeat),
        1 => Just(KeyEventKind::Release),
    ];
    prop_oneof![
        12 => (code(), modifiers, kind).prop_map(|(code, modifiers, kind)| Input::Key(code, modifiers, kind)),
        1 => any::<String>().prop_map(Input::Paste),
        1 => (1u16..300, 1u16..100).prop_map(|(width, height)| Input::Resize(width, height)),
        1 => any::<bool>().prop_map(Input::Focus),
        3 => (0u64..1_500).prop_map(Input::Wait),
        3 => any::<bool>().prop_map(Input::Drawn),
        2 => Just(Input::Frame),
    ]
}

/// Text as an attacker would pick it: any characters, with the dangerous ones often.
fn text() -> impl Strategy<Value = String> {
    let danger = prop::sample::select(vec![
        "\u{1b}[2J",
        "\u{1b}]52;c;AAAA\u{7}",
        "\u{9b}31m",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{e0041}",
        "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "\u{fe0f}",
        "\u{1f468}\u{200d}\u{1f469}",
        "漢字",
        "\r\n",
        "\n",
        "\t",
        "⟦",
        "┆",
        " ",
    ]);
    let piece = prop_oneof![
        danger.prop_map(str::to_owned),
        "[a-z]{1,9} ",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn poisoned(text: &str) -> Facts {
    let mut facts = Facts::busy()
        .with_mesh()
        .with_draft()
        .with_plain_drafts(2)
        .harmless();
    facts.fill_with(text);
    facts
}

fn feed(world: &mut World, input: Input) {
    match input {
        Input::Key(code, modifiers, kind) => {
            world.tell(Message::Key(KeyEvent::new_with_kind(code, modifiers, kind)));
        }
        Input::Paste(text) => world.tell(Message::Paste(PeerText::new(text))),
        Input::Resize(width, height) => world.resize((width, height)),
        Input::Focus(gained) => world.tell(Message::Focus(gained)),
        Input::Wait(millis) => world.pass(Duration::from_millis(millis)),
        Input::Drawn(quiet) => world.tell(Message::Drawn { quiet }),
        Input::Frame => {
            world.frame();
        }
    }
}

/// Tells whether a character steers, hides or reorders.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(
            c,
            '\u{feff}' | '\u{ad}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}'
        )
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// Insists that no cell holds what steers, hides or reorders, nor more than one sign.
pub(super) fn check_cells(world: &World) {
    for cell in &world.frame().content {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(is_dangerous), "{symbol:?}");
        assert!(symbol.graphemes(true).count() <= 1, "{symbol:?}");
    }
}

/// Any of the screens, and the page of the first start, with what a peer wrote in every place.
fn anywhere(text: &str, size: (u16, u16), screen: usize) -> World {
    let Some((_, open)) = SCREENS.get(screen) else {
        return first_start(found(), size);
    };
    let mut world = World::new(poisoned(text), size);
    open(&mut world);
    world
}

/// The screens on which nothing is decided.
fn not_reviews() -> Vec<Screen> {
    let reviews = [
        "review_key",
        "review_draft",
        "review_held",
        "review_contact",
        "refusing",
    ];
    let screens = SCREENS.into_iter();
    screens
        .filter(|(name, _)| !reviews.contains(name))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_on_any_screen_panics_and_only_review_keys_decide(
        text in text(),
        size in (1u16..300, 1u16..100),
        screen in 0..=SCREENS.len(),
        inputs in prop::collection::vec(input(), 0..80),
    ) {
        let mut world = anywhere(&text, size, screen);
        let decided = world.decisions();
        prop_assert_eq!(decided, 0, "the way to a screen decides nothing");
        for input in inputs {
            let before = world.decisions();
            let may_decide = matches!(
                input,
                Input::Key(KeyCode::Char('a' | 'A' | 'r' | 'K' | 'l' | 'b'), KeyModifiers::NONE | KeyModifiers::SHIFT, KeyEventKind::Press)
            );
            feed(&mut world, input);
            prop_assert!(may_decide || world.decisions() == before);
        }
        world.frame();
    }

    #[test]
    fn nothing_outside_of_a_review_ever_decides(
        (_, open) in prop::sample::select(not_reviews()),
        inputs in prop::collection::vec(input(), 0..120),
    ) {
        // Enter is the way in, and A over selected plain items, of which there are none here.
        let mut world = World::new(Facts::busy(), (120, 36));
        open(&mut world);
        for input in inputs {
            if !matches!(input, Input::Key(KeyCode::Enter, ..)) {
                feed(&mut world, input);
            }
        }
        prop_assert_eq!(world.decisions(), 0);
    }

    #[test]
    fn no_text_brings_a_control_or_hidden_character_into_a_cell(
        text in text(),
        size in (40u16..200, 12u16..60),
        screen in 0..=SCREENS.len(),
        keys in prop::sample::select(vec!["", "j", "<tab>", "<enter>", "t", "ld", "G<enter>"]),
    ) {
        let mut world = anywhere(&text, size, screen);
        world.keys(keys);
        world.tell(Message::Paste(PeerText::new(text)));
        check_cells(&world);
    }

    #[test]
    fn their_words_stand_right_of_the_gutter_and_nowhere_else(text in text()) {
        let mut facts = Facts::busy();
        facts.letters.truncate(1);
        let marked: String = text.chars().chain("ZQZQ".chars()).collect();
        facts.letters[0].content = chaperon::model::Content::Raw {
            reason: RawReason::NotAMessage,
            payload: PeerText::new(marked.replace(' ', " ZQZQ ")),
        };
        let world = World::with(facts, (120, 36), ThemeChoice::DARK, Symbols::Unicode);
        let frame = world.frame();
        for row in frame.content.chunks(120) {
            let line: Vec<&str> = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            let found = line.windows(4).position(|four| four.concat() == "ZQZQ");
            if let Some(at) = found {
                // The centre pane begins at column 31; its gutter stands seven further on.
                prop_assert!(at >= 40 && line[38] == "┆", "{}", line.concat());
                prop_assert_eq!(line[86], "│");
            }
        }
    }

    #[test]
    fn the_title_never_repeats_a_peer(text in text()) {
        let world = World::new(poisoned(&text), (120, 36));
        prop_assert_eq!(world.model.title(), "chaperon (7)");
    }
}

#[test]
fn the_smallest_window_still_counts() {
    let mut world = World::new(Facts::busy(), (1, 1));
    world.frame();
    world.resize((36, 5));
    world.see("3 need you - enlarge to decide");
}

#[test]
fn what_a_person_pastes_into_a_message_is_sent_as_it_is() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("i");
    world.tell(Message::Paste(PeerText::new("a\u{200b}b")));
    world.keys("<enter>");
    let sent = world.done.iter().any(|effect| {
        matches!(effect, Effect::Ask(Request::Send { body, .. }, _) if *body == PeerText::new("a\u{200b}b"))
    });
    assert!(sent);
}
