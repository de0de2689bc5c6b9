//! The pictures of every screen, dark and light, drawn from the real views and compared with
//! what is kept in `screenshots/`.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --test it screenshots` writes them anew. A screen that is
//! new gets a line in [`PICTURES`].

mod raster;
mod svg;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chaperon::tui::Found;

use crate::tui::world::{Facts, World};
use crate::tui::{log, onboarding, settings, states};
use svg::Window;

const SIZE: (u16, u16) = (120, 36);

/// A picture: its name, the world in which it is taken, and the keys that lead to it.
type Picture = (&'static str, fn((u16, u16)) -> World, &'static str);

fn busy(size: (u16, u16)) -> World {
    World::new(Facts::busy().calm(), size)
}

fn with_draft(size: (u16, u16)) -> World {
    World::new(Facts::busy().calm().with_draft(), size)
}

fn mesh(size: (u16, u16)) -> World {
    World::new(Facts::busy().calm().with_mesh(), size)
}

fn clawtalk(size: (u16, u16)) -> World {
    World::new(Facts::busy().calm().with_clawtalk(), size)
}

fn clawchat(size: (u16, u16)) -> World {
    World::new(
        Facts::busy().calm().with_clawchat().with_two_identities(),
        size,
    )
}

/// A world, after what a person did in it.
fn after(facts: Facts, size: (u16, u16), does: fn(&mut World)) -> World {
    let mut world = World::new(facts, size);
    does(&mut world);
    world
}

fn news(size: (u16, u16)) -> World {
    let facts = Facts::busy().calm().with_passages().with_news();
    World::new(facts, size)
}

fn noted(size: (u16, u16)) -> World {
    let mut facts = Facts::busy().calm();
    "Met in Lisbon, prefers mornings.\nDo not hold Fridays.".clone_into(&mut facts.note);
    World::new(facts, size)
}

fn bare(size: (u16, u16)) -> World {
    let nothing = Found {
        clawbuddy: None,
        desktop: true,
        ..onboarding::found()
    };
    onboarding::first_start(nothing, size)
}

const PICTURES: &[Picture] = &[
    ("main", busy, ""),
    ("main-empty", |size| World::new(Facts::empty(), size), ""),
    (
        "main-paused",
        |size| World::new(Facts::busy().calm().paused().with_kept(3), size),
        "",
    ),
    (
        "main-offline",
        |size| World::new(Facts::busy().calm().offline(), size),
        "",
    ),
    ("transcript", busy, "<tab>kk"),
    ("filter", busy, "/mar"),
    ("leader", busy, " "),
    ("palette", busy, "<ctrl-k>marta pre"),
    (
        "why",
        |size| after(Facts::busy().calm(), size, states::why),
        "",
    ),
    ("mute", busy, "m"),
    ("snooze", with_draft, "nnz"),
    ("rename", busy, " r, Acme"),
    ("end-channel", busy, " x"),
    (
        "composer",
        busy,
        "iHi Marta, I will call you myself about the drive. Yes, Thursday at two is fine.",
    ),
    ("needs-you", with_draft, "Wj"),
    (
        "needs-you-empty",
        |size| World::new(Facts::busy().calm().settled(), size),
        "W",
    ),
    ("catch-up", news, "H"),
    ("digest", news, "D"),
    ("review", busy, "nn<enter>"),
    ("review-draft", with_draft, "nn<enter>"),
    ("review-contact", busy, "N<enter>"),
    ("review-key", busy, "n<enter>"),
    (
        "review-several",
        |size| World::new(Facts::busy().calm().with_plain_drafts(3), size),
        "WfxjxjxA",
    ),
    ("engagement", busy, "pl"),
    (
        "safety-code",
        |size| after(Facts::busy().calm(), size, states::code),
        "",
    ),
    ("invite", busy, "Gkkk<enter>"),
    ("invite-new", busy, "ITomas<tab><tab><right>"),
    (
        "invite-accept",
        busy,
        "ohttps://relay.example.com/invite?channel=AbC<enter>",
    ),
    ("log", log::opened, ""),
    ("log-entry", log::opened, "<enter>"),
    ("search", noted, "<ctrl-f>hold<enter>j"),
    ("note", noted, " n"),
    ("scan", mesh, "Shttp://192.168.1.{1-254}:8787<enter>j"),
    ("review-asks", mesh, "N<enter>"),
    ("settings", settings::world, ","),
    (
        "doctor",
        |size| after(Facts::busy().calm(), size, settings::examine),
        "",
    ),
    ("help", busy, "?"),
    (
        "first-start",
        |size| onboarding::first_start(onboarding::found(), size),
        "",
    ),
    ("first-start-nothing", bare, "j"),
    (
        "first-start-files",
        |size| onboarding::first_start(onboarding::found(), size),
        "jjlS",
    ),
    ("clawtalk", clawtalk, "<tab>"),
    ("clawtalk-review", clawtalk, "n<enter>"),
    ("clawtalk-contact", clawtalk, "N<enter>"),
    ("clawtalk-topics", clawtalk, "t"),
    ("clawtalk-answer", clawtalk, "2kkkkaSee you there"),
    ("clawtalk-recipients", clawtalk, "i<ctrl-r> j"),
    ("clawtalk-logins", clawtalk, "C"),
    ("clawtalk-directory", clawtalk, "C<enter>"),
    ("clawchat", clawchat, "<tab>"),
    ("clawchat-contact", clawchat, "n<enter>"),
    ("clawchat-identities", clawchat, "K"),
    ("clawchat-identity", clawchat, "K<enter>"),
    ("clawchat-invite", clawchat, "Ki"),
    ("clawchat-phrase", clawchat, "Kngarden<enter>"),
];

/// The folders, with the theme and the window of the pictures in them.
const LOOKS: [(&str, Window); 2] = [("dark", svg::DARK), ("light", svg::LIGHT)];

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}

/// Compares a picture with the one that is kept, or keeps it. Returns what is stale.
fn check(path: &Path, drawn: &str) -> Vec<PathBuf> {
    let raster = path.with_extension("png");
    let kept = fs::read_to_string(path).is_ok_and(|kept| kept == drawn);
    let made = raster::source_of(&raster).is_some_and(|made| made == raster::source(drawn));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_none() {
        let stale = [(path.to_owned(), kept), (raster, made)];
        return stale
            .into_iter()
            .filter_map(|(path, current)| (!current).then_some(path))
            .collect();
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if !kept {
        fs::write(path, drawn).unwrap();
    }
    if !made {
        raster::write(drawn, &raster);
    }
    Vec::new()
}

#[test]
fn the_pictures_of_all_screens_are_current() {
    let mut stale = Vec::new();
    for (name, world, keys) in PICTURES {
        let mut world = world(SIZE);
        world.keys(keys);
        for (theme, window) in LOOKS {
            world.dress(theme);
            let path = dir().join(theme).join(name).with_extension("svg");
            stale.extend(check(
                &path,
                &svg::of(&world.frame(), &world.model.title(), window),
            ));
        }
    }
    assert!(
        stale.is_empty(),
        "stale: run UPDATE_SCREENSHOTS=1 cargo test --test it screenshots\n{stale:#?}"
    );
}

#[test]
fn there_are_no_pictures_of_anything_else() {
    let expected: BTreeSet<_> = LOOKS
        .iter()
        .flat_map(|(folder, ..)| {
            PICTURES.iter().flat_map(move |(name, ..)| {
                ["svg", "png"].map(|kind| dir().join(folder).join(name).with_extension(kind))
            })
        })
        .collect();
    let mut found = BTreeSet::new();
    let folders = fs::read_dir(dir())
        .unwrap()
        .map(|folder| folder.unwrap().path());
    // Those of the relay's pages are drawn by a browser: see `pages.rs`.
    for folder in folders.filter(|folder| !folder.ends_with("pages")) {
        for file in fs::read_dir(folder).unwrap() {
            found.insert(file.unwrap().path());
        }
    }
    let others: Vec<_> = found.difference(&expected).collect();
    assert!(others.is_empty(), "{others:#?}");
}
