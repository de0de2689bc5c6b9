//! Colours by role, and the two sets of symbols.
//!
//! A theme says how a *meaning* looks, never how a widget does, and every meaning also has a
//! word or a glyph, so the one without colours loses nothing.

mod built_in;
mod colour;
mod file;
mod settle;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::text::ascii_twin;

pub use colour::{Colour, ColourDepth, Rgb};
pub use file::{FileError, Look, ThemeFile};
pub use settle::{Answer, Because, ColourHints, Settled, ThemeChoice, ThemeError, Themes};

/// What a piece of text on the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text, the peer's included.
    Text,
    /// Text of second rank: times, labels, hints.
    Dim,
    /// Rules between panes, and nothing that has to be read.
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
    /// All roles, in the order they are declared; a built-in theme has an entry for each.
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

    /// Returns the name of the role in a theme file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Dim => "dim",
            Self::Faint => "faint",
            Self::Title => "title",
            Self::Heading => "heading",
            Self::Accent => "accent",
            Self::Selected => "selected",
            Self::Resting => "resting",
            Self::Wait => "wait",
            Self::Stop => "stop",
            Self::Gutter => "gutter",
            Self::Mark => "mark",
            Self::Own => "own",
        }
    }

    /// Finds the role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Which background a theme is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A dark one.
    Dark,
    /// A light one.
    Light,
}

/// How each role looks on this terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
    background: Color,
}

impl Theme {
    /// Makes the theme of a file for a terminal that shows so many colours. A role that the
    /// file leaves out looks as in the built-in theme for the same background.
    pub fn of(file: &ThemeFile, depth: ColourDepth) -> Self {
        let rest = built_in::for_ground(file.ground);
        let style = |role| {
            let look = file.look(role).or_else(|| rest.look(role));
            look.map(|look| look.style(depth)).unwrap_or_default()
        };
        Self {
            styles: Role::ALL.map(style),
            background: file.background.map_or(Color::Reset, |it| it.at(depth)),
        }
    }

    /// Returns how this role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Returns how a cell looks in which nothing stands.
    pub(super) fn base(&self) -> Style {
        self.style(Role::Text).bg(self.background)
    }

    /// Returns text of this program in a role. Peer text goes through `widget::safe`.
    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }
}

impl Look {
    fn style(&self, depth: ColourDepth) -> Style {
        let mut style = Style {
            fg: self.fg.map(|colour| colour.at(depth)),
            bg: self.bg.map(|colour| colour.at(depth)),
            ..Style::default()
        };
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

/// Which glyphs may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    /// Glyphs that take one cell in every locale that is not CJK.
    #[default]
    Unicode,
    /// For terminals where the others take two cells, or are missing.
    Ascii,
}

impl Symbols {
    /// Chooses by the name of the locale; one that is not in UTF-8 has only ASCII for sure, and
    /// where none is set it is `C`.
    pub fn for_locale(locale: Option<&str>) -> Self {
        let name = locale.unwrap_or("C").to_ascii_lowercase();
        if name.contains("utf-8") || name.contains("utf8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    /// Chooses by the environment, read as `setlocale` reads it.
    pub fn for_environment(text: impl Fn(&str) -> Option<String>) -> Self {
        let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
        let filled = |value: &String| !value.trim().is_empty();
        let locale = names.find_map(|name| text(name).filter(filled));
        Self::for_locale(locale.as_deref())
    }

    /// Returns the name of the set in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Ascii => "ascii",
        }
    }

    /// Returns the twin of a glyph in ASCII, where this set is ASCII and there is one.
    ///
    /// Views are written with the Unicode glyphs; the finished frame is folded once.
    pub(super) fn fold(self, glyph: &str) -> Option<&'static str> {
        (self == Self::Ascii).then(|| ascii_twin(glyph)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_role_leads_back_to_it() {
        for (index, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(Role::named(role.name()), Some(role));
            assert_eq!(role as usize, index, "a theme is kept in this order");
        }
    }

    #[test]
    fn a_role_that_a_file_leaves_out_looks_as_in_the_theme_for_that_background() {
        let file = ThemeFile::parse("for = \"light\"\n[wait]\nfg = 100\n").unwrap();
        let theme = Theme::of(&file, ColourDepth::True);
        let light = built_in::named("light").unwrap();
        let light = Theme::of(&light, ColourDepth::True);
        assert_eq!(theme.style(Role::Wait).fg, Some(Color::Indexed(100)));
        assert_eq!(theme.style(Role::Stop), light.style(Role::Stop));
    }

    #[test]
    fn glyphs_are_ascii_where_the_locale_is_not_utf_8() {
        for locale in ["C.UTF-8", "de_DE.utf8", "UTF-8", "en_US.UTF-8@euro"] {
            assert_eq!(Symbols::for_locale(Some(locale)), Symbols::Unicode);
        }
        for locale in [None, Some("C"), Some("POSIX"), Some("ja_JP.eucJP")] {
            assert_eq!(Symbols::for_locale(locale), Symbols::Ascii);
        }
    }
}
