//! Writes a frame as a picture that any browser shows.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// Pixels of a cell.
const CELL: (f32, f32) = (8.4, 18.0);
/// Pixels around the text.
const MARGIN: f32 = 16.0;
/// Pixels of the bar above it.
const BAR: f32 = 34.0;
const GROUND: &str = "#14161b";
const INK: &str = "#d0d0d0";

fn hex(color: Color, default: &str) -> String {
    if let Color::Rgb(red, green, blue) = color {
        return format!("#{red:02x}{green:02x}{blue:02x}");
    }
    let Color::Indexed(index) = color else {
        return default.to_owned();
    };
    if let Some(grey) = index.checked_sub(232) {
        let level = 8 + 10 * grey;
        return format!("#{level:02x}{level:02x}{level:02x}");
    }
    // The colour cube of the 256-colour palette has six steps a channel.
    let place = index.saturating_sub(16);
    let [red, green, blue] = [place / 36, place / 6 % 6, place % 6].map(|step| match step {
        0 => 0,
        step => 55 + 40 * step,
    });
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Returns the picture of a frame under a window title.
pub(crate) fn of(frame: &Buffer, title: &str) -> String {
    let columns = f32::from(frame.area.width);
    let rows = f32::from(frame.area.height);
    let width = columns * CELL.0 + 2.0 * MARGIN;
    let height = rows * CELL.1 + 2.0 * MARGIN + BAR;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.1}\" height=\"{height:.1}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{GROUND}\"/>\n\
         <path d=\"M0 {BAR:.1}H{width:.1}\" stroke=\"#2a2d35\"/>\n\
         <g fill=\"#3a3e48\"><circle cx=\"20\" cy=\"17\" r=\"5.5\"/>\
         <circle cx=\"38\" cy=\"17\" r=\"5.5\"/><circle cx=\"56\" cy=\"17\" r=\"5.5\"/></g>\n\
         <g font-family=\"ui-monospace,'SF Mono',Menlo,'DejaVu Sans Mono',Consolas,monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n\
         <text x=\"{:.1}\" y=\"22\" text-anchor=\"middle\" fill=\"#8a8f98\">{title}</text>\n",
        width / 2.0
    );
    for (row, cells) in frame
        .content
        .chunks(usize::from(frame.area.width))
        .enumerate()
    {
        let y = MARGIN + BAR + number(row) * CELL.1;
        draw_row(&mut svg, cells, y);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

#[expect(
    clippy::cast_precision_loss,
    reason = "rows and columns of a window are small numbers"
)]
fn number(count: usize) -> f32 {
    count as f32
}

fn draw_row(svg: &mut String, cells: &[Cell], y: f32) {
    let mut column = 0;
    for run in cells.chunk_by(|one, next| look(one) == look(next)) {
        draw_run(svg, run, column, y);
        column += run.len();
    }
}

fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

fn draw_run(svg: &mut String, cells: &[Cell], column: usize, y: f32) {
    let Some(first) = cells.first() else {
        return;
    };
    let x = MARGIN + number(column) * CELL.0;
    let width = number(cells.len()) * CELL.0;
    if first.bg != Color::Reset {
        let fill = hex(first.bg, GROUND);
        let height = CELL.1;
        writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" shape-rendering=\"crispEdges\"/>"
        )
        .unwrap();
    }
    let fill = hex(first.fg, INK);
    if cells.iter().all(|cell| cell.symbol() == "▀") {
        let height = CELL.1 / 2.0;
        writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" shape-rendering=\"crispEdges\"/>"
        )
        .unwrap();
        return;
    }
    if cells.iter().all(|cell| cell.symbol().contains(['─', '│'])) {
        draw_lines(svg, cells, (x, y), &fill);
        return;
    }
    let text: String = cells.iter().map(Cell::symbol).collect();
    if text.trim().is_empty() {
        return;
    }
    let lead = text.len() - text.trim_start().len();
    let x = x + number(lead) * CELL.0;
    let text = text.trim();
    let length = number(text.width()) * CELL.0;
    let weight = if first.modifier.contains(Modifier::BOLD) {
        " font-weight=\"600\""
    } else {
        ""
    };
    let decoration = if first.modifier.contains(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let baseline = y + 13.5;
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{weight}{decoration}>{escaped}</text>"
    )
    .unwrap();
}

/// Rules are drawn as lines, so that they meet whatever the font does.
fn draw_lines(svg: &mut String, cells: &[Cell], (x, y): (f32, f32), stroke: &str) {
    let mut path = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let left = x + number(index) * CELL.0;
        if cell.symbol() == "─" {
            write!(path, "M{left:.1} {:.1}h{:.1}", y + CELL.1 / 2.0, CELL.0).unwrap();
        } else {
            write!(path, "M{:.1} {y:.1}v{:.1}", left + CELL.0 / 2.0, CELL.1).unwrap();
        }
    }
    writeln!(svg, "<path d=\"{path}\" stroke=\"{stroke}\"/>").unwrap();
}
