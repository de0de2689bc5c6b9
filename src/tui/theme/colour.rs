//! Colours as a theme file writes them, what a terminal can show of them, and how far two of
//! them stand apart.

use ratatui::style::Color;

/// The number of the first entry of the 256-colour palette that looks the same everywhere:
/// those below are the terminal's own.
const FIRST_FIXED: u8 = 16;
/// What a complaint says is possible.
pub(super) const POSSIBLE: &str = "\"#rrggbb\", a number from 0 to 255 or \"default\"";

/// A colour of a theme file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The terminal's own.
    Default,
    /// An entry of the 256-colour palette.
    Palette(u8),
    /// Red, green and blue.
    Rgb(Rgb),
}

/// Red, green and blue, 0 to 255 each (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourDepth {
    /// The 256 of the palette. All that can be relied on where nothing is said.
    #[default]
    Palette,
    /// All of 24 bits.
    True,
}

impl Colour {
    /// Reads `#rrggbb` or `default`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let digits = text.strip_prefix('#')?;
        // A sign would be taken as part of a number.
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self::Rgb(Rgb(red, green, blue)))
    }

    /// Returns what to ask of a terminal that shows so many colours.
    pub(super) fn at(self, depth: ColourDepth) -> Color {
        match (self, depth) {
            (Self::Default, _) => Color::Reset,
            (Self::Palette(number), _) => Color::Indexed(number),
            (Self::Rgb(Rgb(red, green, blue)), ColourDepth::True) => Color::Rgb(red, green, blue),
            (Self::Rgb(rgb), ColourDepth::Palette) => Color::Indexed(rgb.nearest()),
        }
    }
}

impl Rgb {
    /// Returns what an entry of the 256-colour palette looks like, as xterm has it built in.
    /// `None` for the first 16, which every terminal sets as it likes.
    pub fn of_palette(number: u8) -> Option<Self> {
        let place = number.checked_sub(FIRST_FIXED)?;
        if let Some(grey) = number.checked_sub(232) {
            let level = 8 + 10 * grey;
            return Some(Self(level, level, level));
        }
        // Six steps for each of red, green and blue.
        let [red, green, blue] = [place / 36, place / 6 % 6, place % 6].map(|step| match step {
            0 => 0,
            step => 55 + 40 * step,
        });
        Some(Self(red, green, blue))
    }

    /// Returns the entry of the palette, past the first 16, that looks most like this.
    pub fn nearest(self) -> u8 {
        let entries = FIRST_FIXED..=u8::MAX;
        let far = |number: &u8| Self::of_palette(*number).map(|entry| self.distance(entry));
        // Never absent: the range is not empty and all in it have a fixed look.
        entries.min_by_key(far).unwrap_or(FIRST_FIXED)
    }

    /// Returns how different two colours look, squared: "redmean", a cheap stand-in for the
    /// distance in a perceptual space (compuphase.com/cmetric.htm).
    pub fn distance(self, other: Self) -> u32 {
        let squared = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        let red_mean = u32::midpoint(self.0.into(), other.0.into());
        let red = (512 + red_mean) * squared(self.0, other.0);
        let blue = (767 - red_mean) * squared(self.2, other.2);
        (red >> 8) + 4 * squared(self.1, other.1) + (blue >> 8)
    }

    /// Returns the relative luminance, 0 to 1 (WCAG 2.2).
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Returns the contrast of two colours, 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits_after_a_hash() {
        assert_eq!(
            Colour::parse("#89b4fA"),
            Some(Colour::Rgb(Rgb(0x89, 0xb4, 0xfa)))
        );
        assert_eq!(Colour::parse("default"), Some(Colour::Default));
        for wrong in [
            "", "#", "#fff", "89b4fa", "#89b4fg", "#+9b4fa", "#89b4fa0", "blue",
        ] {
            assert_eq!(Colour::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_colour_of_the_palette_is_its_own_nearest() {
        // 16 and 231 stand in the cube and are black and white; 59 and 102 look as 240 and 102.
        for number in FIRST_FIXED..=u8::MAX {
            let rgb = Rgb::of_palette(number).unwrap();
            let nearest = Rgb::of_palette(rgb.nearest()).unwrap();
            assert_eq!(rgb, nearest, "{number}");
        }
    }

    #[test]
    fn black_on_white_has_the_most_contrast_there_is() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((white.contrast(white) - 1.0).abs() < 1e-9);
        // The darkest grey that passes AA on white.
        let grey = Rgb(0x76, 0x76, 0x76).contrast(white);
        assert!((4.5..4.6).contains(&grey), "{grey}");
    }

    #[test]
    fn a_terminal_of_256_colours_is_asked_for_one_of_them() {
        let blue = Colour::Rgb(Rgb(0x89, 0xb4, 0xfa));
        assert_eq!(blue.at(ColourDepth::True), Color::Rgb(0x89, 0xb4, 0xfa));
        assert_eq!(blue.at(ColourDepth::Palette), Color::Indexed(111));
        assert_eq!(Colour::Default.at(ColourDepth::Palette), Color::Reset);
    }
}
