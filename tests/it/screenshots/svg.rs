//! Writes a frame as a picture that any browser shows.

use std::fmt::Write as _;

use chaperon::tui::theme::Rgb;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// Pixels of a cell: whole numbers, so that no edge is blurred.
const CELL: (usize, usize) = (9, 19);
/// Pixels of the letters: the font of the PNGs advances by 1233 of 2048 units, here one cell.
const LETTERS: &str = "14.949";
/// Pixels from the top of a cell to the line that letters stand on.
const BASELINE: usize = 14;
/// Pixels around the text.
const MARGIN: usize = 16;
/// Pixels of the bar above it.
const BAR: usize = 34;

/// The window around the text, and what the terminal's own colours are.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    ground: &'static str,
    ink: &'static str,
    rule: &'static str,
    dots: &'static str,
    title: &'static str,
}

/// A terminal that is dark.
pub(crate) const DARK: Window = Window {
    ground: "#14161b",
    ink: "#d0d0d0",
    rule: "#2a2d35",
    dots: "#3a3e48",
    title: "#8a8f98",
};

/// A terminal that is light.
pub(crate) const LIGHT: Window = Window {
    ground: "#ffffff",
    ink: "#262626",
    rule: "#dcdfe4",
    dots: "#c9ced6",
    title: "#5a6069",
};

fn hex(color: Color, default: &str) -> String {
    let rgb = if let Color::Indexed(number) = color {
        Rgb::of_palette(number)
    } else if let Color::Rgb(red, green, blue) = color {
        Some(Rgb(red, green, blue))
    } else {
        None
    };
    rgb.map_or_else(
        || default.to_owned(),
        |Rgb(red, green, blue)| format!("#{red:02x}{green:02x}{blue:02x}"),
    )
}

/// Returns the picture of a frame under a window title.
pub(crate) fn of(frame: &Buffer, title: &str, window: Window) -> String {
    let columns = usize::from(frame.area.width);
    let width = columns * CELL.0 + 2 * MARGIN;
    let height = usize::from(frame.area.height) * CELL.1 + 2 * MARGIN + BAR;
    let Window {
        ground,
        rule,
        dots,
        title: grey,
        ..
    } = window;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{ground}\"/>\n\
         <path d=\"M0 {BAR}.5H{width}\" stroke=\"{rule}\"/>\n\
         <g fill=\"{dots}\"><circle cx=\"20\" cy=\"17\" r=\"5.5\"/>\
         <circle cx=\"38\" cy=\"17\" r=\"5.5\"/><circle cx=\"56\" cy=\"17\" r=\"5.5\"/></g>\n\
         <g font-family=\"'DejaVu Sans Mono',ui-monospace,'SF Mono',Menlo,Consolas,monospace\" \
         font-size=\"{LETTERS}\" xml:space=\"preserve\">\n\
         <text x=\"{}\" y=\"22\" text-anchor=\"middle\" fill=\"{grey}\">{title}</text>\n",
        width / 2
    );
    for (row, cells) in frame.content.chunks(columns).enumerate() {
        let y = MARGIN + BAR + row * CELL.1;
        for (x, run) in runs(cells, look) {
            draw_ground(&mut svg, run, (x, y), window);
        }
        for (x, run) in runs(cells, |cell| (look(cell), shape(cell))) {
            draw_run(&mut svg, run, (x, y), window);
        }
    }
    draw_halves(&mut svg, frame);
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Returns the runs of cells that are alike, each with where it begins.
fn runs<K: PartialEq>(
    cells: &[Cell],
    alike: impl Fn(&Cell) -> K,
) -> impl Iterator<Item = (usize, &[Cell])> {
    let mut column = 0;
    cells
        .chunk_by(move |one, next| alike(one) == alike(next))
        .map(move |run| {
            let x = MARGIN + column * CELL.0;
            column += run.len();
            (x, run)
        })
}

fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

/// How a cell is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Letters that every font has in one width.
    Letters,
    /// A sign that may come from another font: it stands by itself, so that it moves nothing.
    Sign(char),
    /// A rule, drawn as a line so that rules meet whatever the font does.
    Rule,
    /// Two modules of a QR code.
    Halves,
}

fn shape(cell: &Cell) -> Shape {
    match cell.symbol().chars().next() {
        Some('─' | '│') => Shape::Rule,
        Some('▀') => Shape::Halves,
        Some(sign) if sign > '\u{17f}' => Shape::Sign(sign),
        _ => Shape::Letters,
    }
}

/// The colours of a cell, text first, as its attributes leave them.
fn colours(cell: &Cell, window: Window) -> (String, String) {
    let text = hex(cell.fg, window.ink);
    let ground = hex(cell.bg, window.ground);
    if cell.modifier.contains(Modifier::REVERSED) {
        (ground, text)
    } else {
        (text, ground)
    }
}

fn draw_ground(svg: &mut String, cells: &[Cell], (x, y): (usize, usize), window: Window) {
    let first = cells.first().unwrap();
    let (_, fill) = colours(first, window);
    if fill == window.ground || shape(first) == Shape::Halves {
        return;
    }
    let (width, height) = (cells.len() * CELL.0, CELL.1);
    writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
    )
    .unwrap();
}

fn draw_run(svg: &mut String, cells: &[Cell], (x, y): (usize, usize), window: Window) {
    let first = cells.first().unwrap();
    let (fill, _) = colours(first, window);
    match shape(first) {
        Shape::Halves => {}
        Shape::Rule => draw_lines(svg, cells, (x, y), &fill),
        Shape::Sign(_) => {
            for (index, cell) in cells.iter().enumerate() {
                draw_text(svg, cell.symbol(), first, (x + index * CELL.0, y), &fill);
            }
        }
        Shape::Letters => {
            let text: String = cells.iter().map(Cell::symbol).collect();
            let plain = !first.modifier.contains(Modifier::UNDERLINED);
            let lead = if plain {
                text.len() - text.trim_start().len()
            } else {
                0
            };
            let text = if plain { text.trim() } else { &text };
            draw_text(svg, text, first, (x + lead * CELL.0, y), &fill);
        }
    }
}

fn draw_text(svg: &mut String, text: &str, look: &Cell, (x, y): (usize, usize), fill: &str) {
    if text.is_empty() {
        return;
    }
    let has = |modifier| look.modifier.contains(modifier);
    let weight = if has(Modifier::BOLD) {
        " font-weight=\"700\""
    } else {
        ""
    };
    let decoration = if has(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let faint = faint(look);
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let length = text.width() * CELL.0;
    let baseline = y + BASELINE;
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{baseline}\" textLength=\"{length}\" fill=\"{fill}\"{weight}{decoration}{faint}>{escaped}</text>"
    )
    .unwrap();
}

fn faint(cell: &Cell) -> &'static str {
    if cell.modifier.contains(Modifier::DIM) {
        " opacity=\".6\""
    } else {
        ""
    }
}

fn draw_lines(svg: &mut String, cells: &[Cell], (x, y): (usize, usize), stroke: &str) {
    let mut path = String::new();
    for (left, run) in runs(cells, |cell| cell.symbol().to_owned()) {
        let left = left - MARGIN + x;
        if run.first().unwrap().symbol() == "─" {
            let middle = y + CELL.1 / 2;
            write!(path, "M{left} {middle}.5h{}", run.len() * CELL.0).unwrap();
            continue;
        }
        for index in 0..run.len() {
            let middle = left + index * CELL.0 + CELL.0 / 2;
            write!(path, "M{middle}.5 {y}v{}", CELL.1).unwrap();
        }
    }
    let faint = faint(cells.first().unwrap());
    writeln!(svg, "<path d=\"{path}\" stroke=\"{stroke}\"{faint}/>").unwrap();
}

/// The colour of the upper or the lower half of a cell.
type Half = fn(&Cell) -> Color;

/// Draws QR codes: per colour one shape for all modules, cut at whole pixels.
fn draw_halves(svg: &mut String, frame: &Buffer) {
    let mut paths: Vec<(Color, String)> = Vec::new();
    let columns = usize::from(frame.area.width);
    let upper = CELL.1 / 2;
    for (row, cells) in frame.content.chunks(columns).enumerate() {
        let top = MARGIN + BAR + row * CELL.1;
        let halves: [(usize, usize, Half); 2] = [
            (top, upper, |cell| cell.fg),
            (top + upper, CELL.1 - upper, |cell| cell.bg),
        ];
        for (y, height, colour) in halves {
            for (x, run) in runs(cells, |cell| (shape(cell) == Shape::Halves, colour(cell))) {
                let first = run.first().unwrap();
                if shape(first) != Shape::Halves {
                    continue;
                }
                let fill = colour(first);
                if !paths.iter().any(|(known, _)| *known == fill) {
                    paths.push((fill, String::new()));
                }
                let (_, path) = paths.iter_mut().find(|(known, _)| *known == fill).unwrap();
                let width = run.len() * CELL.0;
                write!(path, "M{x} {y}h{width}v{height}h-{width}z").unwrap();
            }
        }
    }
    for (fill, path) in paths {
        let fill = hex(fill, "#000000");
        writeln!(svg, "<path d=\"{path}\" fill=\"{fill}\"/>").unwrap();
    }
}
