//! What has to be true of every screen at every size, whatever the theme and the glyphs.
//!
//! The text snapshots show what a screen says; one more per screen shows in which role each
//! letter stands. How a role looks is the theme's own business and tested with it.

use std::fmt::Write as _;

use chaperon::tui::Symbols;
use chaperon::tui::theme::{Rgb, Role};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr as _;

use super::world::{World, text};

/// The theme that tells roles apart, under the name it has in every world.
pub(crate) const ROLES: &str = "roles";

/// Contrast of what is read (WCAG 2.2, 1.4.3).
const AA: f64 = 4.5;

/// Characters that the people of the test worlds wrote, beside those that have a twin.
const THEIRS: &str = "\u{430}\u{8a66}\u{9a13}";

/// Makes the theme in which the colour of a cell is the number of its role. The roles of a row
/// under the cursor lie behind the others.
pub(crate) fn roles_theme() -> String {
    let mut text = String::from("for = \"dark\"\n");
    for (number, role) in Role::ALL.into_iter().enumerate() {
        let place = if is_behind(role) { "bg" } else { "fg" };
        writeln!(text, "[{}]\n{place} = {number}", role.name()).unwrap();
    }
    text
}

fn is_behind(role: Role) -> bool {
    matches!(role, Role::Selected | Role::Resting)
}

/// The letter that stands for a role: the first one of its name, in capitals where two share it.
fn letter(role: Role) -> char {
    match role {
        Role::Text => 't',
        Role::Dim => 'd',
        Role::Faint => 'f',
        Role::Title => 'T',
        Role::Heading => 'h',
        Role::Accent => 'a',
        Role::Wait => 'w',
        Role::Stop => 's',
        Role::Gutter => 'g',
        Role::Mark => 'm',
        Role::Own => 'o',
        Role::Selected | Role::Resting => panic!("a row, not a letter"),
    }
}

fn role(colour: Color) -> Option<Role> {
    let Color::Indexed(number) = colour else {
        return None;
    };
    Role::ALL.get(usize::from(number)).copied()
}

/// Returns the roles of a frame, a letter for each that is drawn, and the row under the cursor
/// by its name. A `#` is a colour of no theme.
pub(super) fn roles(frame: &Buffer) -> String {
    let mut dump = String::new();
    for row in frame.content.chunks(usize::from(frame.area.width)) {
        let letters: String = row
            .iter()
            .map(|cell| match role(cell.fg) {
                _ if cell.symbol().trim().is_empty() => ' ',
                Some(role) => letter(role),
                None => '#',
            })
            .collect();
        let behind = row.iter().find_map(|cell| role(cell.bg));
        let behind = behind.map_or("", Role::name);
        let line = format!("{}  {behind}", letters.trim_end());
        dump.push_str(line.trim_end());
        dump.push('\n');
    }
    dump
}

/// Checks one screen in all themes and in both sets of glyphs; leaves it in the theme of roles.
pub(super) fn check(name: &str, world: &mut World) {
    let themes = world.model.theme_names();
    let themes: Vec<_> = themes.iter().map(String::as_str).collect();
    check_in(name, world, &themes);
}

/// The same in these themes, and in the one without colours.
pub(super) fn check_in(name: &str, world: &mut World, themes: &[&str]) {
    let says = without_theme(&world.text());
    for theme in themes {
        world.dress(theme);
        let frame = world.frame();
        let said = without_theme(&text(&frame));
        assert_eq!(said, says, "{theme} changes what {name} says");
        let weak = weak(&frame, theme);
        assert!(
            weak.is_empty() || *theme == ROLES,
            "{name} in {theme}: {weak:?} cannot be read"
        );
    }
    world.dress("nord");
    let bare = bare(&world.frame());
    assert_eq!(bare, 0, "cells of {name} without the theme's background");
    world.dress("mono");
    for cell in &world.frame().content {
        let plain = cell.fg == Color::Reset && cell.bg == Color::Reset;
        assert!(
            plain || is_code(cell),
            "{name} has a colour in mono: {cell:?}"
        );
    }
    world.symbols(Symbols::Ascii);
    let ascii = world.text();
    let ours = |it: &char| !it.is_ascii() && !THEIRS.contains(*it);
    let left: String = ascii.chars().filter(ours).collect();
    assert!(
        left.is_empty(),
        "{name} in ascii draws {left:?} in\n{ascii}"
    );
    world.symbols(Symbols::Unicode);
    world.dress(ROLES);
    for cell in &world.frame().content {
        let drawn = !cell.symbol().trim().is_empty() && !is_code(cell);
        assert!(
            !drawn || role(cell.fg).is_some(),
            "{name} has a colour of no theme: {cell:?}"
        );
    }
}

/// Returns a text without the row of the settings that says which theme it is.
fn without_theme(text: &str) -> String {
    let tells = |line: &&str| line.trim_start_matches(['▸', ' ']).starts_with("theme ");
    let lines: Vec<_> = text.lines().filter(|line| !tells(line)).collect();
    lines.join("\n")
}

/// Counts the cells that leave the terminal's background where the theme draws one. What the
/// second half of a wide sign has is not shown.
fn bare(frame: &Buffer) -> usize {
    let before = std::iter::once(None).chain(frame.content.iter().map(Some));
    let pairs = before.zip(&frame.content);
    let shown = pairs.filter(|(before, _)| before.is_none_or(|cell| cell.symbol().width() < 2));
    shown.filter(|(_, cell)| cell.bg == Color::Reset).count()
}

/// Returns the letters of a frame that are hard to read on what lies behind them, which is the
/// theme's test once more, on the combinations that views really make.
fn weak(frame: &Buffer, theme: &str) -> String {
    // What the terminal's own colours are where the theme leaves them.
    let (ink, ground) = if theme == "light" {
        (Rgb(0, 0, 0), Rgb(255, 255, 255))
    } else {
        (Rgb(255, 255, 255), Rgb(0x1e, 0x1e, 0x2e))
    };
    let letters = frame.content.iter().filter(|cell| {
        let letter = cell.symbol().chars().all(char::is_alphanumeric);
        let (fg, bg) = (rgb(cell.fg, ink), rgb(cell.bg, ground));
        letter && fg.contrast(bg) < AA
    });
    letters.map(Cell::symbol).collect()
}

fn rgb(colour: Color, default: Rgb) -> Rgb {
    let rgb = if let Color::Indexed(number) = colour {
        Rgb::of_palette(number)
    } else if let Color::Rgb(red, green, blue) = colour {
        Some(Rgb(red, green, blue))
    } else {
        None
    };
    rgb.unwrap_or(default)
}

/// Tells whether a cell is part of a QR code, which is black on white whatever the theme:
/// scanners take nothing else.
fn is_code(cell: &Cell) -> bool {
    let black_or_white = |colour| matches!(colour, Color::Rgb(0, 0, 0) | Color::Rgb(255, 255, 255));
    black_or_white(cell.fg) && black_or_white(cell.bg)
}
