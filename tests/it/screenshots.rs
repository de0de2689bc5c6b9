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

use chaperon::api::Reply;
use chaperon::tui::{Message, Question};

use crate::tui::log;
use crate::tui::world::{Facts, MARTA, World};
use svg::Window;

const SIZE: (u16, u16) = (120, 36);
const TITLE: &str = "chaperon (3)";

/// A picture: its name, the world in which it is taken, and the keys that lead to it.
type Picture = (&'static str, fn((u16, u16)) -> World, &'static str);

fn busy(size: (u16, u16)) -> World {
    World::new(Facts::busy().calm(), size)
}

fn with_draft(size: (u16, u16)) -> World {
    World::new(Facts::busy().with_draft(), size)
}

fn safety_code(size: (u16, u16)) -> World {
    let mut world = busy(size);
    world.keys("v");
    let code = Box::new(Ok(Reply::SafetyCode(Box::new(world.facts.code(MARTA)))));
    world.tell(Message::Answer(Question::SafetyCode(MARTA), code));
    world.settle();
    world
}

const PICTURES: &[Picture] = &[
    ("main", busy, ""),
    ("main-empty", |size| World::new(Facts::empty(), size), ""),
    (
        "main-paused",
        |size| World::new(Facts::busy().calm().paused(), size),
        "",
    ),
    ("transcript", busy, "<tab>kk"),
    ("filter", busy, "/mar"),
    ("leader", busy, " "),
    ("palette", busy, "<ctrl-k>marta pre"),
    ("why", busy, "<tab>kkw"),
    ("rename", busy, " r, Acme"),
    ("end-channel", busy, " x"),
    (
        "composer",
        busy,
        "iHi Marta, I will call you myself about the drive. Yes, Thursday at two is fine.",
    ),
    ("needs-you", with_draft, "Wj"),
    ("review", busy, "nn<enter>"),
    ("review-draft", with_draft, "nn<enter>"),
    ("review-contact", busy, "N<enter>"),
    ("review-key", busy, "n<enter>"),
    (
        "review-several",
        |size| World::new(Facts::busy().with_plain_drafts(3), size),
        "WfxjxjxA",
    ),
    ("engagement", busy, "pl"),
    ("safety-code", safety_code, ""),
    ("invite", busy, "Gkkk<enter>"),
    ("invite-new", busy, "ITomas<tab><tab><right>"),
    (
        "invite-accept",
        busy,
        "ohttps://relay.example.com/invite?channel=AbC<enter>",
    ),
    ("log", log::opened, ""),
    ("log-entry", log::opened, "<enter>"),
    ("search", busy, "<ctrl-f>hold<enter>j"),
    ("note", busy, " n"),
    ("settings", busy, ","),
    ("help", busy, "?"),
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
            stale.extend(check(&path, &svg::of(&world.frame(), TITLE, window)));
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
    for folder in fs::read_dir(dir()).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            found.insert(file.unwrap().path());
        }
    }
    let others: Vec<_> = found.difference(&expected).collect();
    assert!(others.is_empty(), "{others:#?}");
}
