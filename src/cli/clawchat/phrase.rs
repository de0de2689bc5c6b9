//! The seed phrase of an identity: shown once, on a terminal alone, and gone from it then.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use crate::cli::output::Output;
use crate::cli::{Error, secret};
use crate::model::{OwnAccount, Passphrase};

/// Words in a column.
const ROWS: usize = 6;
/// Cells of a word and its number.
const CELLS: usize = 15;
/// Opens a screen of its own, and goes back to the usual one.
const SCREEN: (&str, &str) = ("\u{1b}[?1049h\u{1b}[H", "\u{1b}[?1049l");

/// Tells whether somebody looks at what is printed, and can be asked.
pub(super) fn is_on_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal() && io::stdin().is_terminal()
}

/// Shows a phrase until somebody presses Enter.
pub(super) fn show(
    phrase: &Passphrase,
    account: &OwnAccount,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let can_clear = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    let (open, close) = if can_clear { SCREEN } else { ("", "") };
    let text = zeroize::Zeroizing::new(format!(
        "{open}The seed phrase of {}, which is shown this once:\n\n{}\n\
         Write it down, on paper, in this order. Whoever has it is you; without it nobody can\n\
         bring this identity back on another computer, and nobody can give it to you again.\n\n",
        super::json::display_name(account),
        grid(phrase.expose()),
    ));
    out.text(&text)?;
    let waited = secret::wait_for_enter("Press Enter when it is written down. ");
    out.text(close)?;
    Ok(waited?)
}

/// Sets words in numbered columns.
fn grid(phrase: &str) -> String {
    let words: Vec<_> = phrase.split(' ').collect();
    let mut text = String::with_capacity(512);
    for row in 0..ROWS {
        for (column, word) in words.iter().skip(row).step_by(ROWS).enumerate() {
            let number = row + 1 + column * ROWS;
            let cell = format!("{number:>2}. {word}");
            text.push_str("  ");
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{cell:<CELLS$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_in_four_numbered_columns() {
        let words: Vec<_> = (1..=24).map(|number| format!("word{number}")).collect();
        let shown = grid(&words.join(" "));
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(
            lines[0],
            "   1. word1         7. word7        13. word13       19. word19"
        );
        assert_eq!(
            lines[5],
            "   6. word6        12. word12       18. word18       24. word24"
        );
    }
}
