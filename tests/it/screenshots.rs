//! The pictures of the README, drawn from the real views and compared with what is kept.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --test it screenshots` writes them anew.

mod svg;

use std::fs;
use std::path::Path;

use crate::tui::world::{Facts, World};

const SIZE: (u16, u16) = (120, 36);

/// Compares a picture with the one that is kept, or keeps it.
fn picture(name: &str, title: &str, keys: &str) {
    let mut world = World::new(Facts::busy().calm(), SIZE);
    world.keys(keys);
    let drawn = svg::of(&world.frame(), title);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("screenshots")
        .join(name);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        fs::write(&path, drawn).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "screenshots/{name} is stale; run UPDATE_SCREENSHOTS=1 cargo test --test it screenshots"
    );
}

#[test]
fn the_picture_of_the_main_screen_is_current() {
    picture("main.svg", "chaperon (3)", "");
}

#[test]
fn the_picture_of_the_review_is_current() {
    picture("review.svg", "chaperon (3)", "nn<enter>");
}

#[test]
fn the_picture_of_the_engagement_is_current() {
    picture("engagement.svg", "chaperon (3)", "pl");
}

#[test]
fn the_picture_of_the_invite_is_current() {
    picture("invite.svg", "chaperon (3)", "Gkkk<enter>");
}

#[test]
fn the_picture_of_the_composer_is_current() {
    picture(
        "composer.svg",
        "chaperon (3)",
        "iHi Marta, I will call you myself about the drive. Yes, Thursday at two is fine.",
    );
}
