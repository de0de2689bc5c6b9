//! What the terminal is and does, for the doctor.
//!
//! Some of it only the terminal itself can say: it is asked, and given a moment to answer. Must
//! not: be called while something else reads the terminal.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use unicode_width::UnicodeWidthStr as _;

use crate::model::{PeerText, Report};
use crate::profile::config::Symbols;
use crate::text::sanitise_line;

use super::run::Options;

/// How long a terminal may take to answer.
const PATIENCE: Duration = Duration::from_millis(600);
/// Glyphs whose width decides whether lines align; the last two are wide and combined.
const GLYPHS: [&str; 10] = ["─", "│", "┆", "▸", "●", "▲", "→", "⟦", "漢", "e\u{301}"];
/// Bytes of an answer that are kept.
const LARGEST: usize = 4096;

/// Looks at the terminal and at what the environment says of it.
pub fn examine(options: &Options) -> Report {
    let mut report = Report::default();
    let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    name(&mut report, &text);
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        report.ok("terminal", "not asked: this is no terminal");
        return report;
    }
    size(&mut report);
    colours(&mut report, options, &text);
    answers(&mut report, &ask());
    sequences(&mut report, options, &text);
    if options.editor.is_none() {
        let advice = "set VISUAL or EDITOR to write longer texts in your editor";
        report.warn("editor", "none is set", advice);
    }
    report
}

/// A value of the environment as one short line.
fn line(text: &str) -> String {
    sanitise_line(&PeerText::new(text), 40).plain()
}

fn name(report: &mut Report, text: &dyn Fn(&str) -> Option<String>) {
    let term = text("TERM").map_or_else(|| "TERM is not set".to_owned(), |term| line(&term));
    let program = text("TERM_PROGRAM").map(|program| format!(", {}", line(&program)));
    let inside = match (text("TMUX"), text("STY")) {
        (Some(_), _) => ", inside tmux",
        (None, Some(_)) => ", inside screen",
        (None, None) => "",
    };
    let remote = if text("SSH_CONNECTION").is_some() || text("SSH_TTY").is_some() {
        ", over ssh"
    } else {
        ""
    };
    let found = format!("{term}{}{inside}{remote}", program.unwrap_or_default());
    match text("TERM").as_deref() {
        None | Some("dumb") => {
            let advice = "set TERM to what your terminal is, for example xterm-256color";
            report.warn("terminal", found, advice);
        }
        Some(_) => report.ok("terminal", found),
    }
    let utf8 = |value: String| value.to_ascii_uppercase().replace('-', "").contains("UTF8");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| text(name));
    if locale.as_ref().is_some_and(|locale| utf8(locale.clone())) {
        report.ok("locale", "UTF-8");
    } else {
        let advice = "set LANG to a UTF-8 locale for lines and signs in full";
        let found = locale.map_or_else(|| "not set".to_owned(), |locale| line(&locale));
        report.warn("locale", format!("{found}: not UTF-8"), advice);
    }
}

fn size(report: &mut Report) {
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns < 40 || rows < 12 => {
            let advice = "enlarge the window to 40x12 at least: decisions need it";
            report.warn("size", format!("{columns}x{rows}"), advice);
        }
        Ok((columns, rows)) => report.ok("size", format!("{columns}x{rows}")),
        Err(_not_known) => {
            let advice = "the window's size is unknown; 80x24 is assumed";
            report.warn("size", "unknown", advice);
        }
    }
}

fn colours(report: &mut Report, options: &Options, text: &dyn Fn(&str) -> Option<String>) {
    let depth = match text("COLORTERM").as_deref() {
        Some("truecolor" | "24bit") => "16 million",
        _ if text("TERM").is_some_and(|term| term.contains("256")) => "256",
        _ => "16 or fewer, as far as TERM and COLORTERM say",
    };
    report.ok("colours", depth);
    report.ok("theme", options.theme_words());
    let symbols = options.config.symbols();
    let by_locale = symbols == Symbols::Auto;
    report.ok(
        "symbols",
        if by_locale {
            format!("{}, by the locale", options.symbols.name())
        } else {
            symbols.as_str().to_owned()
        },
    );
}

/// What the terminal said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    /// Columns after each glyph, from the left edge.
    columns: Vec<usize>,
    /// What it said of bracketed paste: DECRPM, 0 for a mode that it does not know.
    paste: Option<u32>,
    /// Whether it answered at all.
    anything: bool,
}

/// Asks where the cursor is after each glyph, whether it knows bracketed paste, and last what
/// it is (DA1), which every terminal answers, so that silence is noticed at once.
fn ask() -> Said {
    let glyphs: String = GLYPHS.map(|glyph| format!("\r{glyph}\u{1b}[6n")).concat();
    let question = format!("{glyphs}\r\u{1b}[K\u{1b}[?2004$p\u{1b}[c");
    match converse(question.as_bytes()) {
        Ok(answer) => read(&answer),
        Err(error) => {
            tracing::debug!(%error, "the terminal cannot be asked");
            Said::default()
        }
    }
}

fn converse(question: &[u8]) -> io::Result<Vec<u8>> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let usual = tcgetattr(&terminal)?;
    let mut raw = usual.clone();
    raw.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &raw)?;
    let answer = terminal
        .write_all(question)
        .and_then(|()| listen(&mut terminal));
    tcsetattr(&terminal, OptionalActions::Now, &usual)?;
    answer
}

fn listen(terminal: &mut File) -> io::Result<Vec<u8>> {
    let end = Instant::now() + PATIENCE;
    let mut answer = Vec::new();
    let mut chunk = [0; 512];
    while answer.len() < LARGEST && !is_whole(&answer) {
        let left = end.saturating_duration_since(Instant::now());
        let patience = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut descriptors = [PollFd::new(terminal, PollFlags::IN)];
        if left.is_zero() || poll(&mut descriptors, Some(&patience))? == 0 {
            break;
        }
        let count = terminal.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        answer.extend(chunk.iter().take(count));
    }
    Ok(answer)
}

/// Tells whether the answer to the last question is there.
fn is_whole(answer: &[u8]) -> bool {
    replies(answer).any(|(body, last)| last == 'c' && body.starts_with('?'))
}

/// Splits an answer into control sequences: what stands in each, and how it ends.
fn replies(answer: &[u8]) -> impl Iterator<Item = (String, char)> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let parts: Vec<_> = text.split("\u{1b}[").skip(1).map(str::to_owned).collect();
    parts.into_iter().filter_map(|part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic())?;
        let last = part.get(end..)?.chars().next()?;
        Some((part.get(..end)?.to_owned(), last))
    })
}

fn read(answer: &[u8]) -> Said {
    let mut said = Said::default();
    for (body, last) in replies(answer) {
        said.anything = true;
        let numbers = body.trim_start_matches('?').trim_end_matches('$');
        let mut numbers = numbers.split(';').map(|number| number.parse::<u32>().ok());
        match (last, numbers.next().flatten(), numbers.next().flatten()) {
            ('R', Some(_row), Some(column)) => {
                let column = usize::try_from(column).unwrap_or(0);
                said.columns.push(column.saturating_sub(1));
            }
            ('y', Some(2004), state) => said.paste = state,
            _ => {}
        }
    }
    said
}

fn answers(report: &mut Report, said: &Said) {
    if !said.anything {
        let advice = "if lines do not align, set symbols to \"ascii\"";
        report.warn("glyphs", "the terminal did not answer when asked", advice);
        return;
    }
    let asked = said.columns.len() == GLYPHS.len();
    let wrong: Vec<_> = GLYPHS
        .iter()
        .zip(&said.columns)
        .filter(|(glyph, columns)| glyph.width() != **columns)
        .map(|(glyph, columns)| format!("{glyph} takes {columns}"))
        .collect();
    if !asked {
        report.ok(
            "glyphs",
            "not measured: it does not say where the cursor is",
        );
    } else if wrong.is_empty() {
        report.ok("glyphs", "take the cells they should: lines align");
    } else {
        let found = format!("of another width than assumed: {}", wrong.join(", "));
        let advice = "set symbols to \"ascii\", or ambiguous characters to narrow in the terminal";
        report.warn("glyphs", found, advice);
    }
    match said.paste {
        Some(1..=3) => report.ok("paste", "bracketed: a paste is one block"),
        Some(_) => {
            let advice = "a paste comes as keys; it is recognised by its speed";
            report.warn("paste", "not bracketed", advice);
        }
        None => report.ok("paste", "it does not say; most terminals bracket a paste"),
    }
}

/// What is known of terminals by name; they do not say it themselves.
fn sequences(report: &mut Report, options: &Options, text: &dyn Fn(&str) -> Option<String>) {
    let named = [text("TERM_PROGRAM"), text("TERM"), text("LC_TERMINAL")];
    let named = named.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let is = |names: &[&str]| names.iter().any(|name| named.contains(name));
    let inside = text("TMUX").is_some();
    let first = options.surroundings.first();
    let known = is(&[
        "iTerm",
        "WezTerm",
        "kitty",
        "ghostty",
        "alacritty",
        "foot",
        "contour",
    ]);
    let osc52 = match (inside, known) {
        (true, _) => "tmux passes it on with `set -g set-clipboard on`",
        (false, true) => "this terminal is known to take it",
        (false, false) => "not known of this terminal",
    };
    let way = match first {
        crate::desktop::clipboard::Placed::Terminal => "the terminal (OSC 52)",
        crate::desktop::clipboard::Placed::Desktop => "the desktop, else the terminal (OSC 52)",
    };
    report.ok("clipboard", format!("{way}; OSC 52: {osc52}"));
    let osc9 = match (
        inside,
        is(&["iTerm", "WezTerm", "ghostty", "kitty", "foot"]),
    ) {
        (true, _) => "tmux passes it on with `set -g allow-passthrough on`",
        (false, true) => "this terminal is known to show them",
        (false, false) => "not known of this terminal",
    };
    report.ok(
        "notifications",
        format!("by the terminal (OSC 9, 777 or 99): {osc9}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(columns: [usize; 10]) -> Said {
        Said {
            columns: columns.to_vec(),
            paste: Some(2),
            anything: true,
        }
    }

    #[test]
    fn an_answer_is_read_whatever_else_arrives() {
        let answer = b"x\x1b[5;2R\x1b[5;3Rq\x1b[?2004;2$y\x1b[A\x1b[?62;22c";
        assert!(is_whole(answer));
        assert_eq!(
            read(answer),
            Said {
                columns: vec![1, 2],
                paste: Some(2),
                anything: true,
            }
        );
        assert!(!is_whole(b"\x1b[5;2R\x1b[?2004;2$y"));
        assert_eq!(read(b""), Said::default());
        assert_eq!(
            read(b"\x1b[;R\x1b[9999999999;1R\x1b["),
            Said {
                anything: true,
                ..Said::default()
            }
        );
    }

    #[test]
    fn a_terminal_that_draws_lines_two_cells_wide_is_told_what_to_set() {
        let mut fine = Report::default();
        answers(&mut fine, &columns([1, 1, 1, 1, 1, 1, 1, 1, 2, 1]));
        assert_eq!(fine.worst(), crate::model::Level::Ok);
        let mut wide = Report::default();
        answers(&mut wide, &columns([2, 2, 1, 1, 1, 1, 1, 1, 2, 1]));
        assert!(wide.text().contains("─ takes 2, │ takes 2"));
        assert!(wide.text().contains("symbols"));
    }
}
