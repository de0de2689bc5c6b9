//! A QR code that knows how much room it needs.
//!
//! Black on white by explicit colour, never by theme: scanners want dark on light. Two modules
//! share a cell by a half block; in ASCII a module is two spaces, and the code four times the
//! size.

use fast_qr::qr::{QRBuilder, QRCode};
use fast_qr::{ECL, Module};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::tui::theme::Symbols;

/// Empty modules around the code: what ISO/IEC 18004 asks for, then what scanners still take.
const MARGINS: [u16; 2] = [FULL_MARGIN, 2];
const FULL_MARGIN: u16 = 4;
/// Pixels of a picture's module.
const PIXELS: u32 = 8;

/// A code for one text.
pub(crate) struct Qr {
    code: QRCode,
    size: u16,
    symbols: Symbols,
}

impl Qr {
    /// Makes a code at the lowest error correction, the smallest there is. `None` where the
    /// text is too long for any code.
    pub(crate) fn of(text: &str, symbols: Symbols) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
        let size = u16::try_from(code.size).ok()?;
        Some(Self {
            code,
            size,
            symbols,
        })
    }

    /// Returns the columns and rows that a code with this margin takes.
    fn cells(&self, margin: u16) -> (u16, u16) {
        let side = self.size + 2 * margin;
        match self.symbols {
            Symbols::Unicode => (side, side.div_ceil(2)),
            Symbols::Ascii => (2 * side, side),
        }
    }

    /// Returns the least columns and rows in which the code can be shown.
    pub(crate) fn needs(&self) -> (u16, u16) {
        self.cells(2)
    }

    /// Returns the columns and rows of the best form that fits.
    pub(crate) fn fit(&self, width: u16, height: u16) -> Option<(u16, u16)> {
        MARGINS
            .into_iter()
            .map(|margin| self.cells(margin))
            .find(|(columns, rows)| *columns <= width && *rows <= height)
    }

    /// Draws the best form that fits at the top left of `area`; nothing if none does.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let Some((columns, rows)) = self.fit(area.width, area.height) else {
            return;
        };
        let side = match self.symbols {
            Symbols::Unicode => columns,
            Symbols::Ascii => rows,
        };
        let margin = (side - self.size) / 2;
        for row in 0..rows {
            for column in 0..columns {
                let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) else {
                    continue;
                };
                let (symbol, upper, lower) = match self.symbols {
                    Symbols::Unicode => ("▀", (column, 2 * row), (column, 2 * row + 1)),
                    Symbols::Ascii => (" ", (column / 2, row), (column / 2, row)),
                };
                let style = Style::new()
                    .fg(self.colour(upper.0, upper.1, margin))
                    .bg(self.colour(lower.0, lower.1, margin));
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }

    /// Returns the code as a picture (PNG), black on white with the full margin.
    pub(crate) fn png(&self) -> Option<Vec<u8>> {
        let side = u32::from(self.size + 2 * FULL_MARGIN) * PIXELS;
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let module = |pixel: u32| u16::try_from(pixel / PIXELS).unwrap_or(u16::MAX);
        let pixel = |x: u32, y: u32| {
            if self.is_dark(module(x), module(y), FULL_MARGIN) {
                0
            } else {
                u8::MAX
            }
        };
        let rows = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let pixels: Vec<u8> = rows.map(|(x, y)| pixel(x, y)).collect();
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&pixels).ok()?;
        writer.finish().ok()?;
        Some(bytes)
    }

    fn colour(&self, column: u16, row: u16, margin: u16) -> Color {
        if self.is_dark(column, row, margin) {
            Color::Rgb(0, 0, 0)
        } else {
            Color::Rgb(255, 255, 255)
        }
    }

    fn is_dark(&self, column: u16, row: u16, margin: u16) -> bool {
        let inside = |position: u16| {
            position
                .checked_sub(margin)
                .filter(|module| *module < self.size)
                .map(usize::from)
        };
        let (Some(x), Some(y)) = (inside(column), inside(row)) else {
            return false;
        };
        self.code
            .data
            .get(y * self.code.size + x)
            .is_some_and(|module| module.value() == Module::DARK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://relay.example.com/invite?channel=AbCdEfGhIjKlMnOpQrStUv&pub=zPADSuGgzDJ7l1czXK4Kj0DdV0eLsmBMyd3OH3qSPAU=";

    #[test]
    fn an_invite_takes_49_by_25_cells_with_a_full_margin_and_45_by_23_with_half() {
        let qr = Qr::of(LINK, Symbols::Unicode).unwrap();
        assert_eq!(qr.fit(120, 36), Some((49, 25)));
        assert_eq!(qr.fit(80, 24), Some((45, 23)));
        assert_eq!(qr.needs(), (45, 23));
        assert_eq!(qr.fit(40, 12), None);
    }

    #[test]
    fn the_picture_shows_what_the_screen_shows_at_eight_pixels_a_module() {
        let qr = Qr::of(LINK, Symbols::Unicode).unwrap();
        let picture = qr.png().unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(picture));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (49 * 8, 49 * 8));
        let side = usize::try_from(info.width).unwrap();
        for y in 0..49_u16 {
            for x in 0..49_u16 {
                let at = |module: u16| usize::from(module) * 8 + 4;
                let dark = pixels[at(y) * side + at(x)] == 0;
                assert_eq!(dark, qr.is_dark(x, y, 4), "{x} {y}");
            }
        }
    }

    #[test]
    fn the_finder_pattern_stands_where_the_margin_ends() {
        let qr = Qr::of(LINK, Symbols::Unicode).unwrap();
        let area = Rect::new(0, 0, 45, 23);
        let mut buffer = Buffer::empty(area);
        qr.draw(area, &mut buffer);
        assert_eq!(buffer[(0, 0)].fg, Color::Rgb(255, 255, 255));
        assert_eq!(buffer[(2, 1)].fg, Color::Rgb(0, 0, 0));
    }

    #[test]
    fn in_ascii_a_module_is_two_spaces() {
        let qr = Qr::of(LINK, Symbols::Ascii).unwrap();
        assert_eq!(qr.fit(120, 48), Some((90, 45)));
        assert_eq!(qr.fit(120, 36), None);
        let area = Rect::new(0, 0, 90, 45);
        let mut buffer = Buffer::empty(area);
        qr.draw(area, &mut buffer);
        assert!(buffer.content.iter().all(|cell| cell.symbol() == " "));
        assert_eq!(buffer[(3, 2)].bg, Color::Rgb(255, 255, 255));
        assert_eq!(buffer[(4, 2)].bg, Color::Rgb(0, 0, 0));
        assert_eq!(buffer[(5, 2)].bg, Color::Rgb(0, 0, 0));
    }
}
