//! Every screen at the three sizes, as text, and once as roles.

use chaperon::tui::{Symbols, ThemeChoice};

use super::held::READ;
use super::matrix;
use super::world::{Facts, World};

/// Where all three panes have room, two of them, and one.
pub(super) const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (40, 12)];

/// Keeps one picture per size of what a person sees after these keys, and checks each of them
/// in every theme.
pub(super) fn shown(name: &str, facts: &Facts, keys: &str) {
    shown_in(name, keys, |size| World::new(facts.clone(), size));
}

/// The same in a world of the caller's.
pub(super) fn shown_in(name: &str, keys: &str, world: impl Fn((u16, u16)) -> World) {
    for size in SIZES {
        let mut world = world(size);
        world.keys(keys);
        let roles = format!("{name}_roles");
        let name = format!("{name}_{}x{}", size.0, size.1);
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name.as_str(), world.text());
            matrix::check(&name, &mut world);
            if size == (80, 24) {
                insta::assert_snapshot!(roles, matrix::roles(&world.frame()));
            }
        });
    }
}

#[test]
fn the_main_screen() {
    shown("main", &Facts::busy(), "");
}

#[test]
fn the_transcript_when_it_has_the_keys() {
    shown("transcript", &Facts::busy(), "<tab>kk");
}

#[test]
fn the_main_screen_of_an_empty_profile() {
    shown("main_empty", &Facts::empty(), "");
}

#[test]
fn the_main_screen_while_everything_is_paused() {
    shown("main_paused", &Facts::busy().paused(), "");
}

#[test]
fn the_main_screen_while_the_relay_does_not_answer() {
    shown("main_offline", &Facts::busy().offline(), "");
}

#[test]
fn the_composer() {
    shown(
        "composer",
        &Facts::busy(),
        "iHi Marta, I will call you myself about the drive. Yes, appr",
    );
}

#[test]
fn the_review_of_a_contact_request() {
    shown("review_contact", &Facts::busy(), "N<enter>");
}

#[test]
fn the_review_of_a_changed_key() {
    shown("review_key", &Facts::busy(), "n<enter>");
}

#[test]
fn the_review_of_a_changed_key_before_the_second_key() {
    shown(
        "review_key_armed",
        &Facts::busy(),
        &format!("n<enter>{READ}a"),
    );
}

#[test]
fn the_review_of_an_invite_that_a_stranger_answered_too() {
    shown(
        "review_stranger",
        &Facts::busy().a_stranger_answered(),
        "n<enter>",
    );
}

#[test]
fn the_review_of_a_held_message() {
    shown("review_held", &Facts::busy(), "nn<enter>");
}

#[test]
fn an_invite() {
    shown("invite", &Facts::busy(), "Gkkk<enter>");
}

#[test]
fn the_form_for_an_invite() {
    shown("form_invite", &Facts::busy(), "ITomas<tab><tab><right>");
}

#[test]
fn the_form_for_a_link() {
    shown(
        "form_accept",
        &Facts::busy(),
        "ohttps://relay.example.com/invite?channel=AbC<enter>",
    );
}

#[test]
fn the_help() {
    shown("help", &Facts::busy(), "?");
}

#[test]
fn the_main_screen_in_ascii_without_colours() {
    let size = (80, 24);
    let world = World::with(Facts::busy(), size, ThemeChoice::MONO, Symbols::Ascii);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("main_ascii_80x24", world.text());
    });
}

#[test]
fn the_review_of_a_held_draft() {
    shown("review_draft", &Facts::busy().with_draft(), "nn<enter>");
}

#[test]
fn the_review_of_a_held_draft_while_a_version_of_ones_own_is_written() {
    let facts = Facts::busy().with_draft();
    shown("review_draft_writing", &facts, &format!("nn<enter>{READ}E"));
}

#[test]
fn the_review_of_a_held_draft_while_the_reason_of_a_refusal_is_chosen() {
    let facts = Facts::busy().with_draft();
    let keys = format!("nn<enter>{READ}r<tab>");
    shown("review_draft_refusing", &facts, &keys);
}

#[test]
fn the_review_of_a_held_message_before_the_second_key() {
    shown(
        "review_held_armed",
        &Facts::busy(),
        &format!("nn<enter>{READ}{READ}a"),
    );
}

#[test]
fn a_held_message_as_it_came() {
    shown("review_held_raw", &Facts::busy(), "nn<enter>t");
}

#[test]
fn everything_that_needs_a_person() {
    shown("needs_you", &Facts::busy().with_draft(), "Wj");
}

#[test]
fn the_list_of_what_needs_a_person_when_nothing_does() {
    shown("needs_you_empty", &Facts::empty(), "W");
}

#[test]
fn several_plain_drafts_under_one_review() {
    shown(
        "review_several",
        &Facts::busy().with_plain_drafts(3),
        "WfxjxjxA",
    );
}

#[test]
fn the_question_for_how_long_a_channel_is_muted() {
    shown("mute", &Facts::busy(), "m");
}

#[test]
fn the_question_for_how_long_an_item_is_put_off() {
    shown("snooze", &Facts::busy().with_draft(), "nnz");
}

#[test]
fn a_muted_channel_and_an_item_that_waits_for_their_next_message() {
    shown("main_muted", &Facts::busy(), "mj<enter>nnzjj<enter>");
}

#[test]
fn what_happened_since_the_person_looked() {
    shown("catch_up", &Facts::busy().with_news().with_passages(), "H");
}

#[test]
fn nothing_happened_since_the_person_looked() {
    shown("catch_up_empty", &Facts::busy().without_news(), "H");
}

#[test]
fn what_is_left_to_the_digest() {
    shown("digest", &Facts::busy().with_passages(), "D");
}

#[test]
fn the_digest_when_nothing_is_left_to_it() {
    shown("digest_empty", &Facts::busy(), "D");
}

#[test]
fn the_transcript_says_how_everything_came_past_the_rules() {
    shown("passages", &Facts::busy().with_passages(), "<tab>");
}

#[test]
fn ten_thousand_of_everything() {
    let crowded = Facts::busy().crowded();
    shown("main_crowded", &crowded, "");
    shown("needs_you_crowded", &crowded, "WG");
}

#[test]
fn names_and_texts_that_try_to_leave_their_place() {
    let hostile = Facts::busy().with_hostile_names();
    shown("main_hostile", &hostile, "");
    shown("needs_you_hostile", &hostile, "W");
    shown("review_hostile", &hostile, "nn<enter>");
}
