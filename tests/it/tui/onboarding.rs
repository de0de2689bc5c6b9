//! The page of the first start: careful choices, and nothing done before it is said so.

use chaperon::profile::config::Notify;
use chaperon::tui::{Choices, ClawBuddy, Effect, Found, Outcome, Secrets, Welcome};

use super::snapshots::shown_in;
use super::world::{Facts, World};

pub(crate) fn found() -> Found {
    Found {
        settings: "~/.config/chaperon/config.toml".to_owned(),
        data: "~/.local/share/chaperon".to_owned(),
        clawbuddy: Some(ClawBuddy {
            directory: "~/.config/clawbuddy".to_owned(),
            channels: 4,
            closed: true,
            relay: "relay.example.com".to_owned(),
        }),
        desktop: false,
    }
}

pub(crate) fn first_start(found: Found, size: (u16, u16)) -> World {
    let mut world = World::new(Facts::empty(), size);
    world.model.begin(Welcome::new(found));
    world
}

fn outcomes(world: &World) -> Vec<Outcome> {
    let finished = |effect: &Effect| {
        if let Effect::Finish(outcome) = effect {
            Some(*outcome)
        } else {
            None
        }
    };
    world.done.iter().filter_map(finished).collect()
}

#[test]
fn the_first_start() {
    shown_in("first_start", "", |size| first_start(found(), size));
}

#[test]
fn the_first_start_where_nothing_is_found() {
    let nothing = Found {
        clawbuddy: None,
        desktop: true,
        ..found()
    };
    shown_in("first_start_nothing", "j", |size| {
        first_start(nothing.clone(), size)
    });
}

#[test]
fn the_first_start_before_secrets_go_into_open_files() {
    shown_in("first_start_files", "jjlS", |size| {
        first_start(found(), size)
    });
}

#[test]
fn what_is_chosen_is_what_is_started_with() {
    let mut world = first_start(found(), (120, 36));
    world.keys("S");
    let careful = Choices {
        import: true,
        secrets: Secrets::Passphrase,
        as_each_says: false,
        notify: Notify::Decisions,
        quiet: true,
    };
    assert_eq!(outcomes(&world), [Outcome::Start(careful)]);
    // From below: quiet hours, what is told, what happens alone, secrets.
    let mut world = first_start(found(), (120, 36));
    world
        .keys("jjjjjl")
        .keys("kl")
        .keys("kl")
        .see("▸as each channel says");
    world.keys("S");
    let other = Choices {
        as_each_says: true,
        notify: Notify::New,
        quiet: false,
        ..careful
    };
    assert_eq!(outcomes(&world), [Outcome::Start(other)]);
}

#[test]
fn secrets_in_open_files_take_a_second_key() {
    let mut world = first_start(found(), (120, 36));
    world.keys("jjlA");
    assert_eq!(outcomes(&world), []);
    world.keys("S").see("decide in your place");
    world.keys("jA");
    assert_eq!(outcomes(&world), [], "another key takes it back");
    world.keys("SA");
    assert_eq!(outcomes(&world).len(), 1);
}

#[test]
fn only_what_is_copied_has_something_to_choose_about_what_happens_alone() {
    let mut world = first_start(found(), (120, 36));
    world
        .see("as each channel says")
        .see("relay.example.com, to look for mail");
    world.keys("jl");
    world
        .see_not("as each channel says")
        .see("nobody, until you invite somebody");
}

#[test]
fn enter_on_the_demo_keeps_what_was_chosen() {
    let mut world = first_start(found(), (80, 24));
    world.keys("jlk<enter>");
    let outcomes = outcomes(&world);
    assert!(matches!(
        outcomes[..],
        [Outcome::Demo(Choices { import: false, .. })]
    ));
}

#[test]
fn leaving_asks_nothing_and_no_other_key_does_anything() {
    let mut world = first_start(found(), (120, 36));
    world
        .keys("P:,wiIoaWn<esc>?")
        .see("leave; nothing was written");
    world.keys("<esc>q");
    assert_eq!(outcomes(&world), [Outcome::Leave]);
    let others = |effect: &&Effect| !matches!(effect, Effect::Finish(_));
    assert_eq!(world.done.iter().filter(others).count(), 0);
}
