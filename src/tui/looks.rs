//! Changing the theme and the glyphs while the program runs.

use super::model::Model;
use super::theme::{ColourHints, Symbols, Theme, ThemeChoice};

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such theme")]
pub struct ThemeError;

impl Model {
    /// Returns the names that [`Model::set_theme`] takes.
    pub fn theme_names(&self) -> Vec<String> {
        let names = ["auto", "dark", "light", "mono", "terminal"];
        names.map(str::to_owned).to_vec()
    }

    /// Uses the theme of this name from the next frame on.
    pub fn set_theme(&mut self, name: &str) -> Result<(), ThemeError> {
        let choice = ThemeChoice::parse(name).ok_or(ThemeError)?;
        self.theme = Theme::built_in(choice.settle(&ColourHints::default()));
        self.touch();
        Ok(())
    }

    /// Uses these glyphs from the next frame on.
    pub fn set_symbols(&mut self, symbols: Symbols) {
        self.symbols = symbols;
        self.touch();
    }
}
