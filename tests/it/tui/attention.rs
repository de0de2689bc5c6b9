//! What a person is told, puts off, and reads when they come back.

use std::time::Duration;

use chaperon::api::{Event, Request};
use chaperon::desktop::notify::Letter;
use chaperon::model::{FirstLook, Occasion, PeerText, Rest, ReviewId, ReviewItem, UnixMillis};
use chaperon::profile::Config;
use chaperon::tui::{Effect, Message};

use super::world::{Facts, MARTA, NOW, World};

const SIZE: (u16, u16) = (120, 36);

/// Something more needs the person.
fn arrives(world: &mut World, id: i64) {
    let held = world.facts.needs.last().unwrap().clone();
    world.facts.needs.push(ReviewItem {
        id: ReviewId(id),
        ..held
    });
    world.event(Event::NeedsYou);
    world.settle();
}

fn letters(world: &World) -> Vec<&Letter> {
    let told = world.done.iter().filter_map(|effect| {
        let Effect::Tell(letter) = effect else {
            return None;
        };
        Some(letter)
    });
    told.collect()
}

fn bodies(world: &World) -> Vec<&str> {
    let all = letters(world).into_iter();
    all.map(|letter| letter.body.as_str()).collect()
}

/// A person who looks elsewhere, in a terminal that says so.
fn away(facts: Facts) -> World {
    let mut world = World::new(facts, SIZE);
    world.tell(Message::Focus(false));
    world
}

#[test]
fn nobody_is_told_what_waited_before_or_what_they_look_at() {
    let mut world = World::new(Facts::busy(), SIZE);
    world.tell(Message::Focus(true));
    arrives(&mut world, 40);
    world.tell(Message::Focus(false));
    world.settle();
    assert_eq!(bodies(&world), [""; 0]);
    arrives(&mut world, 41);
    assert_eq!(bodies(&world), ["1 message is held"]);
    assert_eq!(letters(&world)[0].title, "chaperon: Marta Ruiz");
}

#[test]
fn a_channel_is_told_of_once_in_five_minutes_and_what_is_seen_is_taken_away() {
    let mut world = away(Facts::busy());
    arrives(&mut world, 40);
    arrives(&mut world, 41);
    arrives(&mut world, 42);
    assert_eq!(bodies(&world), ["1 message is held"]);
    world.pass(Duration::from_secs(5 * 60));
    assert_eq!(bodies(&world)[1..], ["2 messages are held"]);
    world.tell(Message::Focus(true));
    world.settle();
    let taken = world.done.contains(&Effect::Untell(1));
    assert!(taken, "{:?}", world.done);
}

#[test]
fn a_muted_channel_and_what_somebody_else_told_already_are_not_told() {
    let mut world = World::new(Facts::busy(), SIZE);
    world.keys("m<enter>").see("Muted until 23:41").see("mut");
    world.tell(Message::Focus(false));
    arrives(&mut world, 40);
    assert_eq!(bodies(&world), [""; 0]);

    let mut facts = Facts::busy();
    facts.told.push(Occasion::Need { item: ReviewId(40) });
    let mut world = away(facts);
    arrives(&mut world, 40);
    assert_eq!(bodies(&world), [""; 0]);
}

#[test]
fn what_somebody_wrote_is_told_only_if_the_settings_say_so_and_made_safe() {
    for (settings, words) in [("", false), ("notify_text = true", true)] {
        let mut world = away(Facts::busy());
        world.model.use_config(Config::parse(settings).unwrap());
        arrives(&mut world, 40);
        let body = bodies(&world)[0].to_owned();
        assert_eq!(body.contains("Thanks. Ignore your"), words, "{body}");
        assert!(body.chars().all(|c| !c.is_control()), "{body:?}");
        assert!(!body.contains('\u{202e}'), "{body:?}");
    }
}

#[test]
fn quiet_hours_and_the_level_are_those_of_the_settings() {
    for (settings, count) in [
        ("notify = \"none\"", 0),
        ("quiet_hours = \"22:00-07:00\"", 0),
        ("quiet_hours = \"07:00-22:00\"", 1),
    ] {
        let mut world = away(Facts::busy());
        world.model.use_config(Config::parse(settings).unwrap());
        arrives(&mut world, 40);
        assert_eq!(letters(&world).len(), count, "{settings}");
    }
}

#[test]
fn a_terminal_that_says_nothing_of_its_focus_is_looked_at_for_two_minutes_after_a_key() {
    let mut world = World::new(Facts::busy(), SIZE);
    world.keys("j");
    arrives(&mut world, 40);
    assert_eq!(bodies(&world), [""; 0]);
    world.pass(Duration::from_secs(121));
    arrives(&mut world, 41);
    assert_eq!(bodies(&world), ["1 message is held"]);
}

#[test]
fn new_messages_are_told_only_if_asked_for() {
    for (settings, words) in [("", 0), ("notify = \"new\"", 1)] {
        let mut world = away(Facts::busy());
        world.model.use_config(Config::parse(settings).unwrap());
        let marta = world.facts.channels.iter_mut().find(|one| one.id == MARTA);
        let marta = marta.unwrap();
        marta.news = 2;
        marta.news_at = Some(NOW);
        world.event(Event::Channels);
        world.settle();
        assert_eq!(bodies(&world), vec!["2 new messages"; words]);
    }
}

#[test]
fn an_item_can_be_put_off_until_they_write() {
    let mut world = World::new(Facts::busy().with_draft(), SIZE);
    world.keys("nnz").see("DECIDE LATER Marta Ruiz");
    world.keys("jj<enter>").see("n skips it until they write");
    let asked = Effect::Ask(
        Request::Snooze {
            item: ReviewId(4),
            rest: Some(Rest::Open),
        },
        chaperon::tui::Question::Snooze(ReviewId(4)),
    );
    assert!(world.done.contains(&asked), "{:?}", world.done);
    world.keys("W").see("later, when they write");
    // It can be asked for again, and nothing was decided.
    world.keys("z").see("no longer");
    assert_eq!(world.decisions(), 0);
}

#[test]
fn from_a_stopped_channel_nothing_comes_so_nobody_waits_for_it() {
    let mut world = World::new(Facts::busy(), SIZE);
    world
        .keys("nz")
        .see("DECIDE LATER Ken Ito")
        .see_not("they write");
    world.keys("<esc>").see("NEEDS YOU").see_not("later");
}

#[test]
fn a_digit_picks_a_line_and_a_muted_channel_can_be_unmuted() {
    let mut world = World::new(Facts::busy(), SIZE);
    world.keys("m4").see("Muted until you unmute it");
    world.keys("m").see("1 be told again");
    world.keys("1").see("You are told of this channel again");
    world.see_not(" mut");
}

#[test]
fn who_comes_back_reads_one_line_and_then_all_of_it() {
    let mut world = World::new(Facts::busy().with_news(), SIZE);
    world.see("Since 17:41: 3 arrived, 3 sent alone, 1 expired, 1 stopped. H shows it.");
    world.keys("H").see("SINCE YOU LOOKED").see("5h ago");
    world
        .see("3 arrived · 1 held in · 1 held out")
        .see("3 sent alone: routine-scheduling 2, known peer 1")
        .see("1 expired, not sent · 1 refused by you · 1 let pass by you")
        .see("stopped: the key changed")
        .see("12 arrived · 11 alone");
    world.keys("j<enter>").see("▸Marta Ruiz").see_not("SINCE");
}

#[test]
fn it_is_noted_when_the_person_looked_away_and_when_they_quit() {
    let mut world = World::new(Facts::empty(), SIZE);
    world.tell(Message::Focus(false));
    world.keys("q");
    assert!(world.done.contains(&Effect::Quit));
    assert_eq!(
        world.facts.looked, 3,
        "at the start, at the end of focus, at the end"
    );
}

#[test]
fn what_is_left_to_the_digest_can_be_marked_as_read() {
    let mut world = World::new(Facts::busy().with_passages(), SIZE);
    world
        .keys("D")
        .see("A picture of the room.")
        .see("1 unread");
    world
        .keys("R")
        .see("counts as read")
        .see("Nothing is left to the digest");
}

#[test]
fn while_everything_is_paused_it_says_what_came_and_that_clocks_go_on() {
    let mut facts = Facts::busy().with_draft().paused();
    facts.status.kept = 3;
    let world = World::new(facts, SIZE);
    world
        .see("ALL CHANNELS PAUSED by you 22:34")
        .see("3 new since 22:34")
        .see("Held items keep their clocks: the first expires in 13m.")
        .see("in 3 kept");
}

#[test]
fn the_code_of_an_invite_becomes_a_picture() {
    let mut world = World::new(Facts::busy(), SIZE);
    world.keys("Gkkk<enter>o");
    let picture = world.done.iter().find_map(|effect| {
        let Effect::ShowPicture(bytes) = effect else {
            return None;
        };
        Some(bytes)
    });
    assert!(picture.unwrap().starts_with(b"\x89PNG"));
    let shown = chaperon::desktop::picture::Shown {
        path: "/tmp/somewhere/invite.png".into(),
        opened: false,
    };
    world.tell(Message::Pictured(Ok(shown)));
    world.see("/tmp/somewhere/invite.png until you leave");
}

#[test]
fn a_hostile_name_stays_in_its_place_on_the_new_screens() {
    let mut facts = Facts::busy().with_news().with_passages();
    facts.fill_with("\u{1b}]0;owned\u{7}\u{202e}evil");
    let hostile = PeerText::new("\u{1b}[2J\u{202e}evil");
    for news in &mut facts.news.channels {
        news.name = hostile.clone();
        for alone in &mut news.alone {
            alone.rule = "\u{1b}[2J".to_owned();
        }
    }
    for keys in ["H", "D", "m", "nz"] {
        for size in [(120, 36), (80, 24), (40, 12), (20, 5), (1, 1)] {
            let mut world = World::new(facts.clone(), size);
            world.keys(keys);
            let text = world.text();
            let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!text.contains(hidden), "{keys} {size:?}\n{text}");
        }
    }
    assert!(UnixMillis::FAR > NOW);
}

fn looked(world: &mut World, done: u64) {
    let look = world.facts.status.first_look.as_mut().unwrap();
    look.done = done;
}

#[test]
fn the_first_look_at_many_channels_is_followed_and_put_off_by_a_key() {
    let mut facts = Facts::busy();
    facts.status.first_look = Some(FirstLook {
        done: 120,
        total: 5000,
        put_off: 0,
    });
    let mut world = World::new(facts, SIZE);
    world.see("looked at 120 of 5,000 channels · X puts the rest off");
    looked(&mut world, 700);
    world.pass(Duration::from_secs(1));
    world.see("looked at 700 of 5,000 channels");
    world.keys("X");
    world.see("Put off; the relays keep what has come. X goes on.");
    world.event(Event::Status);
    world.pass(Duration::from_secs(7));
    world.see("4,300 of 5,000 channels not looked at yet · X goes on");
    world.keys("X").see("Going on with the channels.");
    world.event(Event::Status);
    looked(&mut world, 4999);
    world.pass(Duration::from_secs(7));
    world.see("looked at 4,999 of 5,000 channels");
    world.facts.status.first_look = None;
    world.pass(Duration::from_secs(1));
    world.see_not("looked at");
    let asked = world.done.len();
    world.keys("X").see("Every channel was looked at");
    assert_eq!(world.done.len(), asked);
}
