//! Every screen in every state a world can be in: at each size, in each theme, in both sets of
//! glyphs.
//!
//! A snapshot per state says row by row what the state changes, compared with an evening on
//! which all is well, and names the screens on which it changes nothing. How the screens look on
//! that evening is in the snapshots of the screens.

use std::fmt::Write as _;

use chaperon::api::Reply;
use chaperon::model::MessageId;
use chaperon::tui::{Message, Question};

use super::held::READ;
use super::hostile::check_cells;
use super::onboarding::first_start;
use super::snapshots::SIZES;
use super::world::{Facts, MARTA, World};
use super::{log, matrix, settings};

/// A screen: its name, and the way to it from the main screen.
pub(crate) type Screen = (&'static str, fn(&mut World));

/// All screens but the page of the first start, which knows no state.
pub(crate) const SCREENS: [Screen; 32] = [
    ("main", |_| {}),
    ("transcript", |world| press(world, "2kkk")),
    ("side", |world| press(world, "3")),
    ("composer", |world| {
        world.keys("i");
        if world.text().contains("AS YOURSELF") {
            world.keys("Yes, appr");
        }
    }),
    ("leader", |world| press(world, " ")),
    ("palette", |world| press(world, ":")),
    ("filter", |world| press(world, "/ma")),
    ("needs_you", |world| press(world, "W")),
    ("review_key", |world| press(world, "n<enter>")),
    ("review_draft", |world| press(world, "nn<enter>")),
    ("review_held", |world| press(world, "nnn<enter>")),
    ("review_contact", |world| press(world, "N<enter>")),
    ("refusing", |world| {
        press(world, "nn<enter>");
        press(world, READ);
        press(world, "r");
    }),
    ("mute", |world| press(world, "m")),
    ("snooze", |world| press(world, "nz")),
    ("catch_up", |world| press(world, "H")),
    ("digest", |world| press(world, "D")),
    ("log", log::open),
    ("log_entry", |world| {
        log::open(world);
        press(world, "<enter>");
    }),
    ("search", |world| press(world, "<ctrl-f>hold<enter>")),
    ("note", |world| press(world, " n")),
    ("settings", |world| press(world, ",")),
    ("doctor", settings::examine),
    ("help", |world| press(world, "?")),
    ("why", why),
    ("rename", |world| press(world, " r")),
    ("end_channel", |world| press(world, " x")),
    ("engagement", |world| press(world, "pl")),
    ("safety_code", code),
    ("invite", |world| press(world, "jjjj<enter>")),
    ("scan", |world| press(world, "S/http://a<enter>j")),
    ("scan_letter", |world| {
        press(world, "S/http://a<enter>j<enter>");
    }),
];

fn press(world: &mut World, keys: &str) {
    world.keys(keys);
}

/// Asks why the hostile message is held, and answers from the log.
pub(crate) fn why(world: &mut World) {
    world.keys("2");
    let letters = world.facts.letters.iter();
    let after = letters.filter(|letter| letter.id > MessageId(5)).count();
    world.keys(&"k".repeat(after)).keys("w");
    let entry = log::held(MessageId(5));
    let question = Question::Why(MessageId(5));
    world.tell(Message::Answer(
        question,
        Box::new(Ok(Reply::Log(vec![entry]))),
    ));
}

/// Asks for the code of the open channel, and answers as an engine would.
pub(crate) fn code(world: &mut World) {
    world.keys("v");
    if world.facts.channels.is_empty() {
        return;
    }
    let code = Reply::SafetyCode(Box::new(world.facts.code(MARTA)));
    world.tell(Message::Answer(
        Question::SafetyCode(MARTA),
        Box::new(Ok(code)),
    ));
    world.settle();
}

/// The evening on which all is well.
fn calm() -> Facts {
    Facts::busy().calm().with_draft().with_news()
}

/// Takes the way to a screen; in the channel of Marta, whichever is opened at the start.
fn opened(facts: &Facts, size: (u16, u16), (_, open): Screen) -> World {
    let mut world = World::new(facts.clone(), size);
    let mut channels = facts.channels.iter();
    if channels.any(|channel| channel.id == MARTA && channel.stopped.is_some()) {
        world.keys("k");
    }
    open(&mut world);
    world
}

/// Returns the rows of a text that are not as in another, with their numbers.
fn changes(text: &str, before: &str) -> String {
    let mut changes = String::new();
    for (number, (row, was)) in text.lines().zip(before.lines()).enumerate() {
        if row != was {
            writeln!(changes, "{number:>2} {row}").unwrap();
        }
    }
    changes
}

/// Checks every screen at every size in a state, and keeps what the state changes.
fn check(state: &str, facts: &Facts, holds: impl Fn(&World, &str)) {
    let calm = calm();
    let (mut kept, mut same) = (String::new(), String::from("== as ever"));
    for size in SIZES {
        let main = World::new(facts.clone(), size).text();
        let header = main.lines().next();
        for screen in SCREENS {
            let place = format!("{} {}x{}", screen.0, size.0, size.1);
            let before = opened(&calm, size, screen).text();
            let mut world = opened(facts, size, screen);
            let changes = changes(&world.text(), &before);
            // The header is that of the main screen nearly everywhere.
            let shown = changes.lines().filter(|row| {
                let is_header = row
                    .strip_prefix(" 0 ")
                    .is_some_and(|row| Some(row) == header);
                !is_header || screen.0 == "main"
            });
            let shown: Vec<_> = shown.collect();
            if shown.is_empty() {
                write!(same, "\n   {place}").unwrap();
            } else {
                writeln!(kept, "== {place}\n{}\n", shown.join("\n")).unwrap();
            }
            check_cells(&world);
            holds(&world, &place);
            if !shown.is_empty() {
                matrix::check_in(&format!("{state} {place}"), &mut world, &["dark", "light"]);
            }
        }
    }
    kept.push_str(&same);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("state_{state}"), kept);
    });
}

fn nothing(_: &World, _: &str) {}

/// Insists on words in the header of all screens, where it has room for them.
fn header(words: &str, columns: u16) -> impl Fn(&World, &str) {
    move |world, place| {
        let text = world.text();
        let header = text.lines().next().unwrap_or_default();
        // There the palette has the whole window.
        let room = world.size.0 >= columns && place != "palette 40x12";
        assert!(!room || header.contains(words), "{place}:\n{text}");
    }
}

#[test]
fn an_evening_on_which_all_is_well() {
    for screen in SCREENS {
        for size in SIZES {
            let place = format!("{} {}x{}", screen.0, size.0, size.1);
            let mut world = opened(&calm(), size, screen);
            check_cells(&world);
            matrix::check_in(&place, &mut world, &["dark", "light"]);
        }
    }
}

#[test]
fn an_empty_profile() {
    check("empty", &Facts::empty(), nothing);
}

#[test]
fn no_relay_answers() {
    let offline = calm().offline();
    check("offline", &offline, |world, place| {
        header("relays 0/1", 64)(world, place);
        if world.size.0 < 64 {
            header("offline", 0)(world, place);
        }
    });
}

#[test]
fn everything_is_paused() {
    let paused = calm().paused().with_kept(3);
    check("paused", &paused, header("■ PAUSED", 0));
}

#[test]
fn the_time_of_a_draft_is_over() {
    check("expired", &calm().expired(), |world, place| {
        // The palette has the whole window there, and only the counts always have room.
        if world.size.0 >= 64 {
            header("expired", 0)(world, place);
        }
    });
}

#[test]
fn the_key_of_the_open_channel_changed() {
    check("key_changed", &calm().key_changed(), nothing);
}

#[test]
fn ten_thousand_items_and_channels() {
    check("crowded", &calm().crowded(), header("10004", 0));
}

#[test]
fn everybody_has_a_hostile_name() {
    check("hostile", &calm().with_hostile_names(), nothing);
}

#[test]
fn the_page_of_the_first_start_is_no_wider_than_its_window() {
    for size in SIZES {
        check_cells(&first_start(super::onboarding::found(), size));
    }
}
