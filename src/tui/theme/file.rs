//! Reads a theme file. Pure: text in, a theme or one exact complaint out.
//!
//! `docs/themes.md` says how one is written.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colour::{self, Colour};
use super::{Ground, Role};

/// Longest piece of the file or of the parser's words that a complaint repeats, in characters.
const LONGEST_QUOTE: usize = 80;

/// What is wrong with a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {key}: {problem}")]
pub struct FileError {
    /// From 1.
    pub line: usize,
    /// The key, with the role before a dot; control characters are escaped.
    pub key: String,
    /// What is wrong, or what is possible.
    pub problem: String,
}

/// A theme as its file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeFile {
    /// The background it is for; `None` for either.
    pub ground: Option<Ground>,
    /// The background it draws, unless it leaves the terminal's.
    pub background: Option<Colour>,
    /// How a role looks, by the order of [`Role::ALL`]; `None` where the file does not say.
    pub looks: [Option<Look>; Role::ALL.len()],
}

/// How one role looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the attributes of a terminal cell are independent"
)]
pub struct Look {
    /// Colour of the text.
    pub fg: Option<Colour>,
    /// Colour behind it.
    pub bg: Option<Colour>,
    /// Heavier.
    pub bold: bool,
    /// Weaker.
    pub dim: bool,
    /// Both colours exchanged.
    pub reverse: bool,
    /// Underlined.
    pub underline: bool,
}

impl ThemeFile {
    /// Reads the text of a theme file.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let table = DeTable::parse(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            let begins = text.lines().nth(line - 1).unwrap_or_default();
            let key = begins.split('=').next().unwrap_or_default().trim();
            FileError {
                line,
                key: format!("`{}`", quote(key)),
                problem: quote(error.message()),
            }
        })?;
        let mut file = Self::default();
        for (key, value) in table.get_ref() {
            let entry = Entry {
                line: line_of(text, key.span().start),
                role: None,
                key: key.get_ref(),
                value,
            };
            match &**key.get_ref() {
                "for" => file.ground = entry.ground()?,
                "background" => file.background = Some(entry.colour()?),
                name => {
                    let role = Role::named(name).ok_or_else(|| entry.bad(&possible_keys()))?;
                    let look = entry.look(text)?;
                    if let Some(place) = file.looks.get_mut(role as usize) {
                        *place = Some(look);
                    }
                }
            }
        }
        Ok(file)
    }

    /// Returns how a role looks, where the file says so.
    pub fn look(&self, role: Role) -> Option<Look> {
        self.looks.get(role as usize).copied().flatten()
    }
}

/// A value with where it stands.
struct Entry<'a, 'i> {
    line: usize,
    role: Option<&'a str>,
    key: &'a str,
    value: &'a Spanned<DeValue<'i>>,
}

impl Entry<'_, '_> {
    fn bad(&self, problem: &str) -> FileError {
        let key = quote(self.key);
        FileError {
            line: self.line,
            key: self
                .role
                .map_or_else(|| key.clone(), |role| format!("{role}.{key}")),
            problem: problem.to_owned(),
        }
    }

    fn ground(&self) -> Result<Option<Ground>, FileError> {
        match self.value.get_ref().as_str() {
            Some("dark") => Ok(Some(Ground::Dark)),
            Some("light") => Ok(Some(Ground::Light)),
            Some("either") => Ok(None),
            _ => Err(self.bad("it has to be \"dark\", \"light\" or \"either\"")),
        }
    }

    fn colour(&self) -> Result<Colour, FileError> {
        let value = self.value.get_ref();
        let number = value.as_integer().and_then(|number| {
            let plain = number.radix() == 10;
            number.as_str().parse().ok().filter(|_| plain)
        });
        number
            .map(Colour::Palette)
            .or_else(|| value.as_str().and_then(Colour::parse))
            .ok_or_else(|| self.bad(&format!("it has to be {}", colour::POSSIBLE)))
    }

    fn flag(&self) -> Result<bool, FileError> {
        let flag = self.value.get_ref().as_bool();
        flag.ok_or_else(|| self.bad("it has to be true or false"))
    }

    fn look(&self, text: &str) -> Result<Look, FileError> {
        let table = self.value.get_ref().as_table();
        let table = table.ok_or_else(|| {
            let name = self.key;
            self.bad(&format!("a role is a table: [{name}], then fg and others"))
        })?;
        let mut look = Look::default();
        for (key, value) in table {
            let entry = Entry {
                line: line_of(text, key.span().start),
                role: Some(self.key),
                key: key.get_ref(),
                value,
            };
            match &**key.get_ref() {
                "fg" => look.fg = Some(entry.colour()?),
                "bg" => look.bg = Some(entry.colour()?),
                "bold" => look.bold = entry.flag()?,
                "dim" => look.dim = entry.flag()?,
                "reverse" => look.reverse = entry.flag()?,
                "underline" => look.underline = entry.flag()?,
                _ => {
                    let possible = "fg, bg, bold, dim, reverse and underline";
                    return Err(entry.bad(&format!("unknown; a role has {possible}")));
                }
            }
        }
        Ok(look)
    }
}

fn possible_keys() -> String {
    let roles: Vec<_> = Role::ALL.into_iter().map(Role::name).collect();
    format!(
        "unknown; a theme has for, background and the roles {}",
        roles.join(", ")
    )
}

/// A piece of the user's file for a complaint, which is one line of printable text.
fn quote(text: &str) -> String {
    text.escape_debug().take(LONGEST_QUOTE).collect()
}

/// The line, from 1, that a byte offset lies in.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::colour::Rgb;
    use super::*;

    fn complaint(text: &str) -> String {
        ThemeFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_theme_says_what_it_is_for_and_how_roles_look() {
        let file = ThemeFile::parse(
            "for = \"dark\"\nbackground = \"#1e1e2e\"\n\n[text]\nfg = 252\n\n[mark]\nbg = \"default\"\nunderline = true\n",
        )
        .unwrap();
        assert_eq!(file.ground, Some(Ground::Dark));
        assert_eq!(file.background, Some(Colour::Rgb(Rgb(0x1e, 0x1e, 0x2e))));
        assert_eq!(
            file.look(Role::Text).unwrap().fg,
            Some(Colour::Palette(252))
        );
        let mark = Look {
            bg: Some(Colour::Default),
            underline: true,
            ..Look::default()
        };
        assert_eq!(file.look(Role::Mark), Some(mark));
        assert_eq!(file.look(Role::Wait), None);
    }

    #[test]
    fn a_complaint_names_line_and_key() {
        insta::assert_snapshot!(
            [
                complaint("for = \"night\"\n"),
                complaint("\n\nbackground = \"#fff\"\n"),
                complaint("[text]\nfg = 256\n"),
                complaint("[text]\nfg = 0x10\n"),
                complaint("[text]\n\nbold = 1\n"),
                complaint("[text]\nitalic = true\n"),
                complaint("[warning]\nfg = 1\n"),
                complaint("wait = \"#ffff00\"\n"),
                complaint("[wait]\nfg = #ffff00\n"),
                complaint("[wait]\n[wait]\n"),
                complaint("\"\\u001b]0;x\" = 1\n"),
            ]
            .join("\n")
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_a_theme_or_a_complaint_of_one_line(text in "((for|background|\\[text\\]|fg|bold|\\[x\\]) ?=? ?['\"\\[{#0-9a-z\u{1b}]{0,12}\n?){0,6}") {
            if let Err(error) = ThemeFile::parse(&text) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
