//! Asks the terminal what background it has (OSC 11), before anybody reads what is typed.
//!
//! A terminal that knows the question answers within a few milliseconds. One that does not
//! answers the question behind it, what kind of terminal it is, and so ends the wait. What
//! answers neither is not waited for; what it may still say comes with the keys, and [`told`]
//! understands it there.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, background_color};

use super::theme::{Ground, Rgb};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(20);
/// How an answer begins.
const BEGINS: &str = "\u{1b}]11;rgb:";
/// What may stand at its end.
const ENDS: [&str; 2] = ["\u{7}", "\u{1b}\\"];

/// Asks and waits; blocks for [`PATIENCE`] at most. `None` where there is no answer.
///
/// Nothing else may read or write the terminal meanwhile.
pub(super) fn ask() -> Option<Ground> {
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match background_color(options) {
        Ok(colour) => {
            let (red, green, blue) = colour.scale_to_8bit();
            Some(ground(Rgb(red, green, blue)))
        }
        Err(error) => {
            tracing::debug!(%error, "the terminal does not tell its background");
            None
        }
    }
}

/// Returns which text reads better on this background: light on dark, or dark on light.
fn ground(background: Rgb) -> Ground {
    let white = background.contrast(Rgb(255, 255, 255));
    let black = background.contrast(Rgb(0, 0, 0));
    if white > black {
        Ground::Dark
    } else {
        Ground::Light
    }
}

/// Reads an answer as a terminal sends it: three channels of one to four digits.
pub(super) fn told(reply: &[u8]) -> Option<Ground> {
    let text = str::from_utf8(reply).ok()?.strip_prefix(BEGINS)?;
    let text = ENDS.iter().find_map(|end| text.strip_suffix(end))?;
    let mut channels = text.split('/').map(|digits| {
        let most = [0xf, 0xff, 0xfff, 0xffff_u32].get(digits.len().checked_sub(1)?)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most).ok()
    });
    let mut next = || channels.next().flatten();
    let background = Rgb(next()?, next()?, next()?);
    channels.next().is_none().then(|| ground(background))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_three_channels_of_any_number_of_digits() {
        let dark = told(b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\");
        assert_eq!(dark, Some(Ground::Dark));
        assert_eq!(told(b"\x1b]11;rgb:f/f/f\x07"), Some(Ground::Light));
    }

    #[test]
    fn what_is_no_answer_tells_nothing() {
        for reply in [
            "",
            "\u{1b}]11;rgb:\u{7}",
            "\u{1b}]11;rgb:1/2\u{7}",
            "\u{1b}]11;rgb:1/2/3/4\u{7}",
            "\u{1b}]11;rgb:1/2/x\u{7}",
            "\u{1b}]11;rgb:1/2/\u{7}",
            "\u{1b}]11;rgb:fffffff/0/0\u{7}",
            "\u{1b}]10;rgb:0/0/0\u{7}",
            "\u{1b}]11;rgb:0/0/0",
        ] {
            assert_eq!(told(reply.as_bytes()), None, "{reply:?}");
        }
    }

    #[test]
    fn a_background_is_dark_where_white_reads_better_on_it() {
        assert_eq!(ground(Rgb(0x2e, 0x34, 0x40)), Ground::Dark);
        assert_eq!(ground(Rgb(0xfd, 0xf6, 0xe3)), Ground::Light);
    }
}
