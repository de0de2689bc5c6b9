//! How the surface is set up, and what it reads of that from the environment.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;

use crate::api::Handle;
use crate::desktop::clipboard::Surroundings;
use crate::desktop::notify::{self, Hints, Reach};
use crate::model::{Report, UnixMillis};
use crate::profile::Profile;
use crate::profile::config::Config;
use crate::tui::background;
use crate::tui::burst::marks_pastes;
use crate::tui::keymap::Keys;
use crate::tui::screen::settings::Place;
use crate::tui::theme::{Answer, ColourDepth, ColourHints, Symbols, ThemeChoice, Themes};

/// A source of time.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Looks at everything but the terminal. Asks the engine where it can.
pub type Doctor = Arc<dyn Fn(Handle) -> BoxFuture<'static, Report> + Send + Sync>;

/// How the surface is to look and where it gets its surroundings from.
#[derive(Clone)]
pub struct Options {
    /// The theme asked for.
    pub theme: ThemeChoice,
    /// The themes there are.
    pub themes: Themes,
    /// Where a person's own themes lie; they are read again when they change.
    pub themes_dir: Option<PathBuf>,
    /// What the environment says of colours.
    pub colours: ColourHints,
    /// The glyphs.
    pub symbols: Symbols,
    /// The settings of the profile.
    pub config: Config,
    /// The profile whose settings file this is; `None` where there is none to write.
    pub profile: Option<Profile>,
    /// Where the settings come from.
    pub place: Place,
    /// What is said at the start.
    pub greeting: Option<String>,
    /// Looks at what is no part of the terminal.
    pub doctor: Option<Doctor>,
    /// What the window's title ends in.
    pub title_suffix: Option<String>,
    /// A line that stays on the screen; the demo says there what it is.
    pub banner: Option<String>,
    /// Whether a tour is offered and ticked.
    pub tour: bool,
    /// The command of the person's editor, arguments separated by spaces; no shell reads it.
    pub editor: Option<String>,
    /// What clipboards there are.
    pub surroundings: Surroundings,
    /// How a person can be told of something while they look elsewhere.
    pub reach: Reach,
    /// The keys in force.
    pub keys: Keys,
    /// Whether the mouse is ours; the terminal then selects text only with Shift held down.
    pub mouse: bool,
    /// Whether the terminal marks what is pasted; where not, keys that come at once are a paste.
    pub marks_pastes: bool,
    /// The zone for times of day.
    pub zone: TimeZone,
    /// Where the time comes from.
    pub clock: Clock,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("theme", &self.theme)
            .field("symbols", &self.symbols)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Reads the surroundings from the environment; everything else is the default. The zone is
    /// the caller's: asked for it, jiff walks its whole database before the first frame.
    pub fn from_environment(clock: Clock, zone: TimeZone) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let text = |name: &str| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        };
        let term = text("TERM");
        let ssh = set("SSH_CONNECTION") || set("SSH_TTY");
        let all = text("COLORTERM").is_some_and(|it| it == "truecolor" || it == "24bit");
        let marks_pastes = marks_pastes(term.as_deref(), set("TMUX"));
        Self {
            theme: ThemeChoice::AUTO,
            themes: Themes::default(),
            themes_dir: None,
            colours: ColourHints {
                no_color: set("NO_COLOR"),
                dumb: term.as_ref().is_none_or(|term| term == "dumb"),
                colorfgbg: text("COLORFGBG"),
                depth: if all {
                    ColourDepth::True
                } else {
                    ColourDepth::Palette
                },
                answer: if ssh { Answer::FarAway } else { Answer::None },
            },
            symbols: Symbols::for_environment(text),
            config: Config::default(),
            profile: None,
            place: Place::default(),
            greeting: None,
            doctor: None,
            title_suffix: None,
            banner: None,
            tour: false,
            editor: text("VISUAL").or_else(|| text("EDITOR")),
            surroundings: Surroundings {
                ssh,
                display: cfg!(target_os = "macos") || set("WAYLAND_DISPLAY") || set("DISPLAY"),
            },
            reach: Reach {
                terminal: Some(Hints {
                    term,
                    program: text("TERM_PROGRAM"),
                    lc_terminal: text("LC_TERMINAL"),
                    tmux: set("TMUX"),
                    multiplexer: set("STY") || set("ZELLIJ"),
                }),
                bus: notify::has_bus(&|name| std::env::var_os(name)),
            },
            keys: Keys::built_in(),
            mouse: true,
            marks_pastes,
            zone,
            clock,
        }
    }
}

impl Options {
    /// Returns the theme that these options give, and why, in words. Asks the terminal where that
    /// matters, so nothing else may read it.
    pub fn theme_words(&self) -> String {
        let mut colours = self.colours.clone();
        if colours.ask_for(&self.theme)
            && let Some(ground) = background::ask()
        {
            colours.answer = Answer::Ground(ground);
        }
        match self.themes.settle(&self.theme, &colours) {
            Ok((settled, _)) => settled.to_string(),
            Err(problem) => problem.to_string(),
        }
    }
}
