//! The settings screen: what is changed acts at once, and is written when one says so.

use chaperon::api::Request;
use chaperon::model::{PeerText, Report};
use chaperon::profile::config::Source;
use chaperon::tui::{Effect, Message, Place};

use super::snapshots::{shown, shown_in};
use super::world::{Facts, World};

const MINE: &str = "# Mine.\ntheme = \"dark\" # at night\n\nnotify = \"new\"\nquiet_hours = \"22:00-07:00\"\n\n[keys]\n\"main.quit\" = \"Q\"\n";

fn facts() -> Facts {
    let mut facts = Facts::busy();
    facts.settings = Some(MINE.to_owned());
    facts
}

/// A person with a settings file, whose relay comes from the environment.
pub(crate) fn world(size: (u16, u16)) -> World {
    let mut world = World::new(facts(), size);
    world.model.use_place(Place {
        file: "~/.config/chaperon/config.toml".to_owned(),
        source: Source::Default,
        variables: vec![(
            "CHAPERON_MAILBOX_URL",
            "https://relay.example.com".to_owned(),
        )],
    });
    world
}

fn written(world: &World) -> &str {
    world.facts.settings.as_deref().unwrap_or_default()
}

#[test]
fn the_settings() {
    shown_in("settings", ",", world);
}

#[test]
fn the_settings_with_changes_that_are_not_written() {
    shown_in("settings_changed", ",jljjjjl", world);
}

#[test]
fn the_settings_of_a_profile_without_a_file() {
    shown("settings_no_file", &Facts::empty(), ",");
}

#[test]
fn the_settings_while_a_text_is_written() {
    shown_in("settings_text", "<enter>https://other", |size| {
        let mut world = world(size);
        // The relay of new channels lies above what the profile holds.
        world.keys(",Gkkkk");
        world
    });
}

/// Opens the doctor, and lets it find something of each kind.
pub(crate) fn examine(world: &mut World) {
    let mut report = Report::default();
    report.ok("version", "chaperon 0.1.0, linux x86_64");
    report.ok("terminal", "xterm-256color, inside tmux, over ssh");
    report.warn(
        "protection",
        "none",
        "chaperon passphrase set; until then what runs as you can decide for you",
    );
    report.ok("store", "whole (quick_check)");
    report.problem(
        "relay",
        "the built-in one: no answer within 10 s",
        "look at the network and the address; mail waits meanwhile",
    );
    world.keys(",D");
    assert!(world.done.contains(&Effect::Examine));
    world.tell(Message::Examined(report));
}

#[test]
fn the_doctor() {
    shown_in("doctor", "", |size| {
        let mut world = World::new(Facts::busy(), size);
        examine(&mut world);
        world
    });
}

#[test]
fn a_change_acts_at_once_and_is_not_written_by_itself() {
    let mut world = world((120, 36));
    world.see("CHANNELS").see("●");
    world.keys(",jh");
    world.see("unsaved").see("1 not written").see_not("●");
    assert_eq!(written(&world), MINE);
    world.keys("u");
    world.see("●").see("valid").see_not("unsaved");
}

#[test]
fn writing_changes_the_one_line_and_keeps_everything_else() {
    let mut world = world((120, 36));
    world.keys(",jjjlS");
    world
        .see("Written to ~/.config/chaperon/config.toml")
        .see("file:4");
    assert_eq!(written(&world), MINE.replace("\"new\"", "\"all\""));
    let reloads = |effect: &&Effect| matches!(effect, Effect::Ask(Request::ReloadSettings, _));
    assert_eq!(
        world.done.iter().filter(reloads).count(),
        1,
        "the engine reads it too"
    );
    world.keys("u");
    world.see("unsaved");
    world.keys("S");
    assert_eq!(written(&world), MINE);
}

#[test]
fn a_file_that_changed_meanwhile_is_left_alone_and_the_change_stays() {
    let mut world = world((120, 36));
    world.keys(",jh");
    world.facts.settings = Some("mouse = false\n".to_owned());
    world.keys("S");
    world.see("changed by another program").see("1 not written");
    assert_eq!(written(&world), "mouse = false\n");
}

#[test]
fn a_mistake_made_in_the_editor_is_shown_with_its_line_and_nothing_is_lost() {
    let mut world = world((120, 36));
    world.keys(",jh");
    world.facts.settings = Some("theme = 'dark'\nsymbols = 'emoji'\n".to_owned());
    world.keys("e");
    world
        .see("config.toml line 2: `symbols` has to be")
        .see("not valid")
        .see_not("●");
    world.keys("S");
    assert!(written(&world).contains("emoji"));
    world.facts.settings = Some("symbols = 'unicode'\n".to_owned());
    world.keys("e");
    world.see("Read again").see("unsaved").see_not("not valid");
}

#[test]
fn what_cannot_be_changed_says_why() {
    let mut world = world((120, 36));
    world.keys(",jjjjjjjjl");
    world.see("who writes often must not be able to make you look");
    world.keys("jjjjjl");
    world.see("no answer means no");
    assert!(
        !world
            .done
            .iter()
            .any(|effect| matches!(effect, Effect::WriteSettings(..)))
    );
}

#[test]
fn a_text_is_written_in_its_row_and_checked() {
    let mut world = world((120, 36));
    // From the end: relays, storage, profile, name, and the relay of new channels.
    world.keys(",G");
    while !world.text().contains("mailbox_url: ") {
        world.keys("k");
    }
    world.keys("<enter>");
    world.see("mailbox_url = https://relay.example.com");
    world.keys("x y<enter>");
    world.see("It has to be an http or https address");
    world.keys("<esc>");
    world.see("valid");
    world.keys("j<enter>");
    world.tell(Message::Paste(PeerText::new("Ana\n")));
    world.keys("<enter>");
    world.see("1 not written").see("Ana");
    world.keys("S");
    assert!(written(&world).contains("sender_name = \"Ana\"\n"));
}

#[test]
fn boxes_are_ticked_one_by_one() {
    let mut world = world((120, 36));
    world.keys(",jjjj");
    world.see("[x]▸terminal").see("[x] bell");
    world.keys("l ").see("[ ]▸bell");
    world.keys("S");
    assert!(written(&world).contains("notify_by = [\"terminal\", \"desktop\"]\n"));
}

#[test]
fn the_layout_takes_fewer_panes_than_the_window_holds() {
    let mut world = world((120, 36));
    world.see("ENGAGEMENT").see("CHANNELS");
    world.keys(",jjl<esc>");
    world.see_not("ENGAGEMENT").see("CHANNELS");
    world.keys(",jjl<esc>");
    world.keys("2").see_not("CHANNELS");
}

#[test]
fn keys_live_later_where_the_settings_say_so() {
    let mut world = world((120, 36));
    world.keys(",jjjjjjjjj");
    world.see("keys_live_ms");
    world.keys("lllllllll<esc>");
    world.keys("N<enter>a");
    assert_eq!(
        world.decisions(),
        0,
        "after half a second they are not live yet"
    );
    world.pass(std::time::Duration::from_secs(2));
    world.see("keys live");
    world.keys("a");
    assert_eq!(world.decisions(), 1);
}
