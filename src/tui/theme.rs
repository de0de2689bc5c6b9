//! Colours by role, and the two sets of symbols.
//!
//! A theme says how a *meaning* looks, never how a widget does, and every meaning also has a
//! word or a glyph, so the one without colours loses nothing.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;
use serde::Deserialize;

use crate::profile::config;

/// What a piece of text on the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ordinary text, the peer's included.
    Text,
    /// Text of second rank: times, labels, hints.
    Dim,
    /// Rules between panes.
    Faint,
    /// The name of what is on screen.
    Title,
    /// The name of a part.
    Heading,
    /// The one accent: where one is, what a key does.
    Accent,
    /// The row under the cursor in the pane that has the keys.
    Selected,
    /// The row under the cursor in a pane that has not.
    Resting,
    /// Something waits for a person.
    Wait,
    /// Something was stopped or failed.
    Stop,
    /// The line that only peer text stands right of.
    Gutter,
    /// What the sanitiser put in place of a hidden character.
    Mark,
    /// Text written at this side.
    Own,
}

impl Role {
    /// All roles; a theme has an entry for each.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Dim,
        Self::Faint,
        Self::Title,
        Self::Heading,
        Self::Accent,
        Self::Selected,
        Self::Resting,
        Self::Wait,
        Self::Stop,
        Self::Gutter,
        Self::Mark,
        Self::Own,
    ];
}

/// Which theme to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// By `NO_COLOR`, `TERM` and `COLORFGBG`, else [`ThemeChoice::Terminal`].
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// Without colours.
    Mono,
    /// The terminal's own colours and one accent.
    Terminal,
}

/// What the environment says of colours. Read once, where the program starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColourHints {
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `TERM` is `dumb` or absent.
    pub dumb: bool,
    /// `COLORFGBG`: foreground;background as palette numbers, where the terminal says so.
    pub colorfgbg: Option<String>,
}

impl ThemeChoice {
    /// Finds the theme that a settings file names.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "mono" => Self::Mono,
            "terminal" => Self::Terminal,
            _ => return None,
        })
    }

    /// Settles what [`ThemeChoice::Auto`] means here. `NO_COLOR` wins over every choice.
    #[must_use]
    pub fn settle(self, hints: &ColourHints) -> Self {
        if hints.no_color || hints.dumb {
            return Self::Mono;
        }
        if self != Self::Auto {
            return self;
        }
        let background = hints
            .colorfgbg
            .as_deref()
            .and_then(|text| text.rsplit(';').next())
            .and_then(|number| number.parse::<u8>().ok());
        match background {
            // As vim and rxvt read it: 7 and 9..=15 are the light entries.
            Some(7 | 9..=15) => Self::Light,
            Some(_) => Self::Dark,
            None => Self::Terminal,
        }
    }
}

/// How each role looks.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: Vec<Style>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the attributes of a terminal cell are independent"
)]
struct Look {
    fg: Option<u8>,
    bg: Option<u8>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    reverse: bool,
    #[serde(default)]
    underline: bool,
}

#[derive(Debug, Deserialize)]
struct ThemeFile {
    #[serde(rename = "name")]
    _name: String,
    #[serde(flatten)]
    looks: BTreeMap<Role, Look>,
}

impl Look {
    fn style(&self) -> Style {
        let mut style = Style::default();
        if let Some(fg) = self.fg {
            style = style.fg(Color::Indexed(fg));
        }
        if let Some(bg) = self.bg {
            style = style.bg(Color::Indexed(bg));
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.reverse, Modifier::REVERSED),
            (self.underline, Modifier::UNDERLINED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        style
    }
}

impl Theme {
    /// Reads the built-in theme of this name; [`ThemeChoice::Auto`] gives the terminal's own.
    pub fn built_in(choice: ThemeChoice) -> Self {
        let text = match choice {
            ThemeChoice::Dark => include_str!("../../themes/dark.toml"),
            ThemeChoice::Light => include_str!("../../themes/light.toml"),
            ThemeChoice::Mono => include_str!("../../themes/mono.toml"),
            ThemeChoice::Auto | ThemeChoice::Terminal => {
                include_str!("../../themes/terminal.toml")
            }
        };
        let file: ThemeFile = toml::from_str(text).expect("the built-in themes are tested");
        let styles = Role::ALL
            .into_iter()
            .map(|role| file.looks.get(&role).map(Look::style).unwrap_or_default())
            .collect();
        Self { styles }
    }

    /// Returns how this role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Returns text of this program in a role. Peer text goes through `widget::safe`.
    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }
}

/// Which glyphs may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    /// Glyphs that take one cell in every locale that is not CJK.
    #[default]
    Unicode,
    /// For terminals where the others take two cells, or are missing.
    Ascii,
}

impl From<config::Symbols> for Symbols {
    fn from(symbols: config::Symbols) -> Self {
        match symbols {
            config::Symbols::Unicode => Self::Unicode,
            config::Symbols::Ascii => Self::Ascii,
        }
    }
}

impl Symbols {
    /// Returns the twin of a glyph in ASCII, where this set is ASCII and there is one.
    ///
    /// Views are written with the Unicode glyphs; the finished frame is folded once.
    pub(super) fn fold(self, glyph: &str) -> Option<&'static str> {
        if self == Self::Unicode || glyph.is_ascii() {
            return None;
        }
        FOLD.iter()
            .find(|(unicode, _)| *unicode == glyph)
            .map(|(_, ascii)| *ascii)
    }
}

const FOLD: &[(&str, &str)] = &[
    ("─", "-"),
    ("│", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("┆", ":"),
    ("▸", ">"),
    ("●", "*"),
    ("■", "#"),
    ("✗", "x"),
    ("⚑", "!"),
    ("◌", "o"),
    ("○", "o"),
    ("·", "-"),
    ("▲", "^"),
    ("▼", "v"),
    ("→", ">"),
    ("↑", "^"),
    ("↓", "v"),
    ("…", "~"),
    ("✓", "+"),
    ("‹", "<"),
    ("›", ">"),
    ("“", "\""),
    ("”", "\""),
    ("’", "'"),
    ("⟦", "["),
    ("⟧", "]"),
    ("⟪", "{"),
    ("⟫", "}"),
    ("⏎", "/"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_has_an_entry_for_every_role() {
        for choice in [
            ThemeChoice::Dark,
            ThemeChoice::Light,
            ThemeChoice::Mono,
            ThemeChoice::Terminal,
        ] {
            let theme = Theme::built_in(choice);
            assert_eq!(theme.styles.len(), Role::ALL.len());
        }
        for text in [
            include_str!("../../themes/dark.toml"),
            include_str!("../../themes/mono.toml"),
        ] {
            let file: ThemeFile = toml::from_str(text).unwrap();
            assert!(Role::ALL.iter().all(|role| file.looks.contains_key(role)));
        }
    }

    #[test]
    fn the_mono_theme_uses_no_colour_at_all() {
        let theme = Theme::built_in(ThemeChoice::Mono);
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn no_color_wins_over_a_chosen_theme() {
        let hints = ColourHints {
            no_color: true,
            ..ColourHints::default()
        };
        assert_eq!(ThemeChoice::Dark.settle(&hints), ThemeChoice::Mono);
    }

    #[test]
    fn the_background_number_decides_between_dark_and_light() {
        let hints = |text: &str| ColourHints {
            colorfgbg: Some(text.into()),
            ..ColourHints::default()
        };
        assert_eq!(ThemeChoice::Auto.settle(&hints("15;0")), ThemeChoice::Dark);
        assert_eq!(
            ThemeChoice::Auto.settle(&hints("0;default;15")),
            ThemeChoice::Light
        );
        assert_eq!(
            ThemeChoice::Auto.settle(&hints("what")),
            ThemeChoice::Terminal
        );
    }
}
