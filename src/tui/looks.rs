//! Which theme is on screen, and changing it while the program runs.
//!
//! Everything that wants another theme (the palette, the settings, a file that changed) comes
//! through here. Must not: read a file; what the files say arrives as [`Themes`].

use crate::profile::config;

use super::model::{Model, Tone};
use super::theme::{
    Answer, Because, ColourHints, Ground, Settled, Symbols, Theme, ThemeChoice, ThemeError, Themes,
};
use super::tour::{self, Step};

/// What was asked for, what there is to choose from, and what came of it.
#[derive(Debug)]
pub(super) struct Looks {
    themes: Themes,
    choice: ThemeChoice,
    hints: ColourHints,
    settled: Settled,
    /// The glyphs that the locale is sure to have.
    pub(super) by_locale: Symbols,
    /// Why the choice is not what is on screen, once it was said.
    problem: Option<ThemeError>,
}

impl Looks {
    /// Settles the theme to start with. Where the one that was chosen cannot be used, it is the
    /// one that `auto` gives.
    pub(super) fn new(
        themes: Themes,
        choice: ThemeChoice,
        hints: ColourHints,
        by_locale: Symbols,
    ) -> (Self, Theme, Option<ThemeError>) {
        let (settled, theme, problem) = match themes.settle(&choice, &hints) {
            Ok((settled, theme)) => (settled, theme, None),
            Err(problem) => {
                // Without a person's own files, one of which may stand in the way again.
                let (settled, theme) = Themes::default()
                    .settle(&ThemeChoice::AUTO, &hints)
                    .expect("the built-in themes are tested");
                (settled, theme, Some(problem))
            }
        };
        let looks = Self {
            themes,
            choice,
            hints,
            settled,
            by_locale,
            problem: problem.clone(),
        };
        (looks, theme, problem)
    }
}

impl Model {
    /// Returns the names that [`Model::set_theme`] takes: `auto`, the built-in themes, then the
    /// person's own.
    pub fn theme_names(&self) -> Vec<String> {
        self.looks.themes.names()
    }

    /// Returns the name that was chosen, which may be `auto`.
    pub fn theme_choice(&self) -> &str {
        self.looks.choice.name()
    }

    /// Returns the theme that is on screen, and why.
    pub fn settled_theme(&self) -> &Settled {
        &self.looks.settled
    }

    /// Uses the theme of this name from the next frame on; `auto` leaves it to the terminal.
    /// After an error everything is as it was. Nothing is written to a file.
    pub fn set_theme(&mut self, name: &str) -> Result<(), ThemeError> {
        let looks = &self.looks;
        let choice = ThemeChoice::parse(name, &looks.themes)?;
        let (settled, theme) = looks.themes.settle(&choice, &looks.hints)?;
        let plain = choice == ThemeChoice::AUTO || choice == ThemeChoice::MONO;
        if matches!(settled.because, Because::NoColor | Because::Dumb) && !plain {
            return Err(ThemeError::NoColours(settled.because));
        }
        let changes = self.looks.choice != choice;
        self.looks.choice = choice;
        self.looks.problem = None;
        self.use_theme(settled, theme);
        if changes {
            tour::tick(self, Step::Theme);
        }
        Ok(())
    }

    /// Uses these glyphs from the next frame on.
    pub fn set_symbols(&mut self, symbols: Symbols) {
        self.symbols = symbols;
        self.touch();
    }

    /// Uses the glyphs that a setting asks for.
    pub(super) fn choose_symbols(&mut self, choice: config::Symbols) {
        self.set_symbols(match choice {
            config::Symbols::Auto => self.looks.by_locale,
            config::Symbols::Unicode => Symbols::Unicode,
            config::Symbols::Ascii => Symbols::Ascii,
        });
    }

    /// Takes what the person's own theme files say now. A mistake in the one that is chosen is
    /// told, and the screen stays as it is.
    pub(super) fn take_themes(&mut self, themes: Themes) {
        self.looks.themes = themes;
        self.settle_theme();
    }

    /// Takes what the terminal said of its background.
    pub(super) fn take_ground(&mut self, ground: Ground) {
        self.looks.hints.answer = Answer::Ground(ground);
        self.settle_theme();
    }

    fn settle_theme(&mut self) {
        let looks = &self.looks;
        match looks.themes.settle(&looks.choice, &looks.hints) {
            Ok((settled, theme)) => {
                self.looks.problem = None;
                self.use_theme(settled, theme);
            }
            // A file that is gone for a moment is how some editors save one.
            Err(ThemeError::Unknown { .. }) => {}
            Err(problem) => {
                if self.looks.problem.as_ref() != Some(&problem) {
                    self.say(Tone::Trouble, problem.to_string());
                    self.looks.problem = Some(problem);
                }
            }
        }
    }

    fn use_theme(&mut self, settled: Settled, theme: Theme) {
        self.looks.settled = settled;
        if self.theme != theme {
            self.theme = theme;
            self.touch();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Setup;
    use super::super::theme::{ColourDepth, Role};
    use super::*;
    use crate::model::UnixMillis;

    fn model(choice: &str, hints: ColourHints, own: &[(&str, &str)]) -> Model {
        let themes = own_themes(own);
        Model::new(Setup {
            theme: ThemeChoice::parse(choice, &themes).unwrap(),
            themes,
            colours: hints,
            symbols: Symbols::Unicode,
            banner: None,
            tour: false,
            zone: jiff::tz::TimeZone::UTC,
            now: UnixMillis(0),
            size: (80, 24),
        })
    }

    fn own_themes(own: &[(&str, &str)]) -> Themes {
        let owned = own
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Themes::new(owned)
    }

    fn notice(model: &Model) -> Option<&str> {
        model.notice.as_ref().map(|notice| notice.text.as_str())
    }

    #[test]
    fn every_theme_on_offer_can_be_chosen_while_running() {
        let mut model = model(
            "auto",
            ColourHints::default(),
            &[("mine", "for = \"dark\"")],
        );
        for name in model.theme_names() {
            model.set_theme(&name).unwrap();
            assert_eq!(model.theme_choice(), name);
        }
        assert_eq!(model.settled_theme().to_string(), "mine, chosen");
    }

    #[test]
    fn a_theme_that_cannot_be_used_changes_nothing() {
        let broken = ("mine", "for = \"dark\"\n[text]\nfg = 999\n");
        let mut model = model("nord", ColourHints::default(), &[broken]);
        let before = model.theme.clone();
        assert!(model.set_theme("none").is_err());
        assert!(model.set_theme("mine").is_err());
        assert_eq!(model.theme_choice(), "nord");
        assert_eq!(model.theme, before);
    }

    #[test]
    fn under_no_color_only_what_has_no_colours_can_be_chosen() {
        let hints = ColourHints {
            no_color: true,
            ..ColourHints::default()
        };
        let mut model = model("nord", hints, &[]);
        assert_eq!(model.settled_theme().to_string(), "mono, NO_COLOR");
        let refused = model.set_theme("dark").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "NO_COLOR is set: no colours while it is"
        );
        model.set_theme("mono").unwrap();
        model.set_theme("auto").unwrap();
    }

    #[test]
    fn a_mistake_in_the_chosen_file_is_told_once_and_the_last_good_theme_stays() {
        let (good, bad) = ("[text]\nfg = 40\n", "[text]\nfg = blue\n");
        let mut model = model("mine", ColourHints::default(), &[("mine", good)]);
        let before = model.theme.clone();
        model.take_themes(own_themes(&[("mine", bad)]));
        assert_eq!(model.theme, before);
        assert!(
            notice(&model)
                .unwrap()
                .starts_with("themes/mine.toml line 2")
        );
        model.notice = None;
        model.take_themes(own_themes(&[("mine", bad), ("other", "")]));
        assert_eq!(notice(&model), None);
        model.take_themes(own_themes(&[("mine", "[text]\nfg = 41\n")]));
        assert_ne!(model.theme, before);
    }

    #[test]
    fn a_mistake_in_the_file_to_start_with_is_told_and_leaves_the_choice_to_the_terminal() {
        let mut model = model("mine", ColourHints::default(), &[("mine", "for = 1\n")]);
        assert!(
            notice(&model)
                .unwrap()
                .starts_with("themes/mine.toml line 1")
        );
        assert_eq!(model.settled_theme().name, "terminal");
        model.take_themes(own_themes(&[("mine", "for = \"dark\"\n")]));
        assert_eq!(model.settled_theme().to_string(), "mine, chosen");
    }

    #[test]
    fn what_the_terminal_says_counts_only_where_nothing_was_chosen() {
        let mut automatic = model("auto", ColourHints::default(), &[]);
        automatic.take_ground(Ground::Light);
        assert_eq!(
            automatic.settled_theme().to_string(),
            "light, asked the terminal"
        );
        let mut chosen = model("nord", ColourHints::default(), &[]);
        chosen.take_ground(Ground::Light);
        assert_eq!(chosen.settled_theme().to_string(), "nord, chosen");
    }

    #[test]
    fn a_terminal_of_all_colours_gets_them() {
        let all = ColourHints {
            depth: ColourDepth::True,
            ..ColourHints::default()
        };
        let colour = |hints| model("nord", hints, &[]).theme.style(Role::Text).fg;
        assert_ne!(colour(all), colour(ColourHints::default()));
    }
}
