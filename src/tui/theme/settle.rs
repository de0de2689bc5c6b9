//! Which theme it is to be here, and why.

use super::{ColourDepth, FileError, Ground, Theme, ThemeFile, built_in};

/// The name that leaves the choice to what the terminal says.
const AUTO: &str = "auto";
/// The theme without colours. Nobody's own file takes its place: `NO_COLOR` is a promise.
const MONO: &str = "mono";

/// Which theme a person asks for: its name, or `auto`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeChoice(std::borrow::Cow<'static, str>);

impl ThemeChoice {
    /// By what the environment and the terminal say.
    pub const AUTO: Self = Self::built_in(AUTO);
    /// For dark backgrounds.
    pub const DARK: Self = Self::built_in("dark");
    /// For light backgrounds.
    pub const LIGHT: Self = Self::built_in("light");
    /// Without colours.
    pub const MONO: Self = Self::built_in(MONO);
    /// The terminal's own colours.
    pub const TERMINAL: Self = Self::built_in("terminal");

    const fn built_in(name: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(name))
    }

    /// Finds the choice of this name among the themes there are, broken ones too: those are
    /// told of when they are used.
    pub fn parse(name: &str, themes: &Themes) -> Result<Self, ThemeError> {
        match themes.read(name) {
            Err(error @ ThemeError::Unknown { .. }) if name != AUTO => Err(error),
            _ => Ok(Self(name.to_owned().into())),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Default for ThemeChoice {
    fn default() -> Self {
        Self::AUTO
    }
}

/// What the terminal said of its background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// It was not asked, or did not answer in time.
    #[default]
    None,
    /// It is far away, behind ssh, and was not asked.
    FarAway,
    /// It has such a background.
    Ground(Ground),
}

/// What environment and terminal say of colours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColourHints {
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `TERM` is `dumb` or absent.
    pub dumb: bool,
    /// `COLORFGBG`: foreground;background as palette numbers, where the terminal says so.
    pub colorfgbg: Option<String>,
    /// How many colours there are, by `COLORTERM`.
    pub depth: ColourDepth,
    /// What the terminal itself said.
    pub answer: Answer,
}

impl ColourHints {
    /// Tells whether the terminal's answer would change anything for this choice.
    pub fn ask_for(&self, choice: &ThemeChoice) -> bool {
        let colours = !self.no_color && !self.dumb;
        colours && self.answer == Answer::None && *choice == ThemeChoice::AUTO
    }

    fn by_variable(&self) -> Option<Ground> {
        let number = self.colorfgbg.as_deref()?.rsplit(';').next()?;
        // As vim and rxvt read it: 7 and 9..=15 are the light entries.
        match number.parse::<u8>().ok()? {
            7 | 9..=15 => Some(Ground::Light),
            _ => Some(Ground::Dark),
        }
    }
}

/// Why the theme on screen is the one that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// A person chose it by name.
    Chosen,
    /// `NO_COLOR` is set.
    NoColor,
    /// `TERM` is `dumb` or absent.
    Dumb,
    /// The terminal was asked for its background.
    Asked,
    /// `COLORFGBG` names the background.
    Variable,
    /// The terminal is behind ssh, where it is not asked.
    FarAway,
    /// Nothing tells the background.
    Unknown,
}

impl Because {
    /// Returns the reason in a few words, as they follow the theme's name and a comma.
    pub fn words(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::NoColor => "NO_COLOR",
            Self::Dumb => "TERM=dumb",
            Self::Asked => "asked the terminal",
            Self::Variable => "COLORFGBG",
            Self::FarAway => "not asked over ssh",
            Self::Unknown => "the terminal does not say",
        }
    }
}

/// The theme that is used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its name.
    pub name: String,
    /// Why this one.
    pub because: Because,
}

/// "dark, asked the terminal".
impl std::fmt::Display for Settled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.name, self.because.words())
    }
}

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// Nothing has this name.
    #[error("there is no theme {name:?}; there are {possible}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// All that are possible, with commas.
        possible: String,
    },
    /// The person's own file of this name has a mistake.
    #[error("themes/{name}.toml {error}")]
    Broken {
        /// The theme, which is the file's name.
        name: String,
        /// What is wrong in it.
        error: FileError,
    },
    /// The environment asks for no colours, whatever is chosen.
    #[error("{} is set: no colours while it is", .0.words())]
    NoColours(Because),
}

/// The themes there are: the built-in ones and a person's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Themes {
    own: Vec<(String, Result<ThemeFile, FileError>)>,
}

impl Themes {
    /// Reads a person's own themes, a name and a text each. One that has the name of a
    /// built-in theme takes its place, except for `mono` and `auto`.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let reserved = |name: &str| name == MONO || name == AUTO;
        let mut own: Vec<_> = texts
            .into_iter()
            .filter(|(name, _)| !reserved(name))
            .map(|(name, text)| (name, ThemeFile::parse(&text)))
            .collect();
        own.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self { own }
    }

    /// Returns the names of all, `auto` first, then the built-in ones, then a person's own.
    pub fn names(&self) -> Vec<String> {
        let built_in = || built_in::ALL.iter().map(|(name, _)| *name);
        let own = self.own.iter().map(|(name, _)| name.as_str());
        let own = own.filter(|name| built_in().all(|known| known != *name));
        std::iter::once(AUTO)
            .chain(built_in())
            .chain(own)
            .map(str::to_owned)
            .collect()
    }

    /// Returns the theme of this name as its file has it.
    pub fn read(&self, name: &str) -> Result<ThemeFile, ThemeError> {
        if let Some((_, own)) = self.own.iter().find(|(known, _)| known == name) {
            return own.clone().map_err(|error| ThemeError::Broken {
                name: name.to_owned(),
                error,
            });
        }
        built_in::named(name).ok_or_else(|| ThemeError::Unknown {
            name: name.to_owned(),
            possible: self.names().join(", "),
        })
    }

    /// Settles what a choice means here. `NO_COLOR` and a dumb terminal win over every choice.
    /// Where the chosen theme cannot be used, the error says why.
    pub fn settle(
        &self,
        choice: &ThemeChoice,
        hints: &ColourHints,
    ) -> Result<(Settled, Theme), ThemeError> {
        let quiet = match (hints.no_color, hints.dumb) {
            (true, _) => Some(Because::NoColor),
            (_, true) => Some(Because::Dumb),
            _ => None,
        };
        let (name, because) = if let Some(because) = quiet {
            (MONO, because)
        } else if *choice == ThemeChoice::AUTO {
            automatic(hints)
        } else {
            (choice.name(), Because::Chosen)
        };
        let settled = Settled {
            name: name.to_owned(),
            because,
        };
        Ok((settled, Theme::of(&self.read(name)?, hints.depth)))
    }
}

fn automatic(hints: &ColourHints) -> (&'static str, Because) {
    let by_variable = hints.by_variable().map(|it| (Some(it), Because::Variable));
    let (ground, because) = match hints.answer {
        Answer::Ground(ground) => (Some(ground), Because::Asked),
        Answer::FarAway => by_variable.unwrap_or((None, Because::FarAway)),
        Answer::None => by_variable.unwrap_or((None, Because::Unknown)),
    };
    (built_in::name_for(ground), because)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(choice: &str, hints: &ColourHints) -> String {
        let themes = Themes::default();
        let choice = ThemeChoice::parse(choice, &themes).unwrap();
        themes.settle(&choice, hints).unwrap().0.to_string()
    }

    fn variable(text: &str) -> ColourHints {
        ColourHints {
            colorfgbg: Some(text.into()),
            ..ColourHints::default()
        }
    }

    #[test]
    fn no_color_and_a_dumb_terminal_win_over_every_choice() {
        let no_color = ColourHints {
            no_color: true,
            answer: Answer::Ground(Ground::Dark),
            ..variable("15;0")
        };
        let dumb = ColourHints {
            dumb: true,
            ..ColourHints::default()
        };
        for choice in Themes::default().names() {
            assert_eq!(settled(&choice, &no_color), "mono, NO_COLOR");
            assert_eq!(settled(&choice, &dumb), "mono, TERM=dumb");
        }
    }

    #[test]
    fn the_terminal_is_asked_before_its_variable_is_believed() {
        let asked = |ground| ColourHints {
            answer: Answer::Ground(ground),
            ..variable("0;15")
        };
        assert_eq!(
            settled("auto", &asked(Ground::Dark)),
            "dark, asked the terminal"
        );
        assert_eq!(
            settled("auto", &asked(Ground::Light)),
            "light, asked the terminal"
        );
        assert_eq!(settled("auto", &variable("15;0")), "dark, COLORFGBG");
        assert_eq!(
            settled("auto", &variable("0;default;15")),
            "light, COLORFGBG"
        );
    }

    #[test]
    fn without_a_word_from_the_terminal_its_own_colours_are_used() {
        for hints in [ColourHints::default(), variable("what"), variable("")] {
            assert_eq!(
                settled("auto", &hints),
                "terminal, the terminal does not say"
            );
        }
        let far = ColourHints {
            answer: Answer::FarAway,
            ..ColourHints::default()
        };
        assert_eq!(settled("auto", &far), "terminal, not asked over ssh");
        assert_eq!(settled("nord", &far), "nord, chosen");
    }

    #[test]
    fn the_terminal_is_only_asked_where_its_answer_matters() {
        let asks = |hints: &ColourHints| hints.ask_for(&ThemeChoice::AUTO);
        assert!(asks(&ColourHints::default()));
        assert!(!ColourHints::default().ask_for(&ThemeChoice::DARK));
        for hints in [
            ColourHints {
                no_color: true,
                ..ColourHints::default()
            },
            ColourHints {
                dumb: true,
                ..ColourHints::default()
            },
            ColourHints {
                answer: Answer::FarAway,
                ..ColourHints::default()
            },
        ] {
            assert!(!asks(&hints), "{hints:?}");
        }
    }

    #[test]
    fn an_own_theme_takes_the_place_of_a_built_in_one_but_not_of_mono() {
        let text = "for = \"dark\"\n[text]\nfg = 100\n".to_owned();
        let names = ["dark", "mono", "auto", "mine"];
        let themes = Themes::new(names.map(|name| (name.to_owned(), text.clone())));
        let mine = ThemeFile::parse(&text).unwrap();
        assert_eq!(themes.read("dark").unwrap(), mine);
        assert_eq!(themes.read("mine").unwrap(), mine);
        assert_ne!(themes.read("mono").unwrap(), mine);
        assert!(themes.read("auto").is_err());
        let names = themes.names();
        assert_eq!(names.first().unwrap(), "auto");
        assert_eq!(names.last().unwrap(), "mine");
        let dark = names.iter().filter(|name| *name == "dark");
        assert_eq!(dark.count(), 1);
    }

    #[test]
    fn an_error_names_what_is_possible_or_the_line_of_the_file() {
        let themes = Themes::new([(
            "mine".to_owned(),
            "for = \"dark\"\n[wait]\nfg = 300\n".to_owned(),
        )]);
        let unknown = ThemeChoice::parse("solarised", &themes).unwrap_err();
        insta::assert_snapshot!(unknown.to_string(), @r#"there is no theme "solarised"; there are auto, dark, light, high-contrast, catppuccin-mocha, catppuccin-latte, gruvbox-dark, gruvbox-light, nord, solarized-dark, solarized-light, mono, terminal, mine"#);
        // A mistake in it is no reason not to start.
        let mine = ThemeChoice::parse("mine", &themes).unwrap();
        let broken = themes.settle(&mine, &ColourHints::default()).unwrap_err();
        insta::assert_snapshot!(broken.to_string(), @r##"themes/mine.toml line 3, wait.fg: it has to be "#rrggbb", a number from 0 to 255 or "default""##);
    }
}
