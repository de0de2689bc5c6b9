//! Which sequence a terminal takes for a notification.
//!
//! Three are in use: OSC 9 (iTerm2), OSC 777 (rxvt-unicode) and OSC 99 (kitty). A terminal that
//! does not know one may print it, so only those are written to that are known to take it.

use std::time::Duration;

use tokio::process::Command;

use super::Letter;

/// How long tmux may take to say what it runs in.
const PATIENCE: Duration = Duration::from_secs(2);
/// What tmux is asked: whether it passes sequences on, and what the terminal around it calls
/// itself.
const QUESTION: &str = "#{allow-passthrough}\t#{client_termtype}\t#{client_termname}";

/// What the environment says of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `TERM`.
    pub term: Option<String>,
    /// `TERM_PROGRAM`.
    pub program: Option<String>,
    /// `LC_TERMINAL`, which ssh passes on.
    pub lc_terminal: Option<String>,
    /// Whether it is inside of tmux.
    pub tmux: bool,
    /// Whether it is inside of another multiplexer.
    pub multiplexer: bool,
}

/// A sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sequence {
    Osc9,
    Osc777,
    Osc99,
}

/// How to tell a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    sequence: Sequence,
    /// Whether it has to pass through tmux.
    through_tmux: bool,
}

impl Dialect {
    /// Returns what makes the terminal show a notification.
    pub(super) fn tell(self, letter: &Letter) -> String {
        let (title, body) = (plain(&letter.title), plain(&letter.body));
        let id = letter.id;
        self.wrap(match self.sequence {
            Sequence::Osc9 => format!("\u{1b}]9;{title}: {body}\u{7}"),
            Sequence::Osc777 => format!("\u{1b}]777;notify;{title};{body}\u{7}"),
            Sequence::Osc99 => format!(
                "\u{1b}]99;i=chaperon-{id}:d=0;{title}\u{1b}\\\
                 \u{1b}]99;i=chaperon-{id}:d=1:p=body;{body}\u{1b}\\"
            ),
        })
    }

    /// Returns what takes a notification away; `None` where nothing does.
    pub(super) fn untell(self, id: u64) -> Option<String> {
        (self.sequence == Sequence::Osc99)
            .then(|| self.wrap(format!("\u{1b}]99;i=chaperon-{id}:p=close;\u{1b}\\")))
    }

    /// Wraps sequences for tmux, which passes on what stands in one of its own, each escape
    /// character doubled.
    fn wrap(self, sequence: String) -> String {
        if !self.through_tmux {
            return sequence;
        }
        let doubled = sequence.replace('\u{1b}', "\u{1b}\u{1b}");
        format!("\u{1b}Ptmux;{doubled}\u{1b}\\")
    }
}

/// Leaves no character that could end a sequence or a field of it.
fn plain(text: &str) -> String {
    let fit = |c: char| if c.is_control() || c == ';' { ' ' } else { c };
    text.chars().map(fit).collect()
}

/// Finds how the terminal is told. Asks tmux where it runs inside of it.
pub(super) async fn find(hints: &Hints) -> Option<Dialect> {
    if hints.tmux {
        let mut question = Command::new("tmux");
        question
            .args(["display-message", "-p", QUESTION])
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        let answer = tokio::time::timeout(PATIENCE, question.output()).await;
        let answer = answer.ok()?.ok()?.stdout;
        return inside_tmux(&String::from_utf8_lossy(&answer));
    }
    if hints.multiplexer {
        return None;
    }
    let names = [&hints.program, &hints.lc_terminal, &hints.term];
    let sequence = names.into_iter().flatten().find_map(|name| known(name))?;
    Some(Dialect {
        sequence,
        through_tmux: false,
    })
}

/// Reads what tmux answered.
fn inside_tmux(answer: &str) -> Option<Dialect> {
    let mut parts = answer.trim_end().split('\t');
    let passes = parts.next()?;
    if !matches!(passes, "on" | "all" | "1" | "2") {
        return None;
    }
    Some(Dialect {
        sequence: parts.find_map(known)?,
        through_tmux: true,
    })
}

/// Returns the sequence of a terminal by a name that it gives itself.
///
/// iTerm2, kitty, foot, Ghostty, `WezTerm`, Warp and rxvt-unicode document theirs; others show
/// nothing, or print it.
fn known(name: &str) -> Option<Sequence> {
    let name = name.to_ascii_lowercase();
    let begins = |start: &str| name.starts_with(start);
    if begins("iterm") {
        return Some(Sequence::Osc9);
    }
    if begins("kitty") || begins("xterm-kitty") {
        return Some(Sequence::Osc99);
    }
    let others = [
        "wezterm",
        "ghostty",
        "xterm-ghostty",
        "foot",
        "warpterminal",
        "rxvt-unicode",
    ];
    others.into_iter().any(begins).then_some(Sequence::Osc777)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str) -> Letter {
        Letter {
            id: 3,
            title: "chaperon".to_owned(),
            body: body.to_owned(),
            event: String::new(),
        }
    }

    async fn hinted(hints: Hints) -> Option<Sequence> {
        find(&hints).await.map(|dialect| dialect.sequence)
    }

    #[tokio::test]
    async fn a_terminal_is_known_by_the_names_that_it_gives_itself() {
        for (program, lc, term, expected) in [
            (
                Some("iTerm.app"),
                None,
                "xterm-256color",
                Some(Sequence::Osc9),
            ),
            (None, Some("iTerm2"), "xterm-256color", Some(Sequence::Osc9)),
            (None, None, "xterm-kitty", Some(Sequence::Osc99)),
            (
                Some("WezTerm"),
                None,
                "xterm-256color",
                Some(Sequence::Osc777),
            ),
            (
                Some("ghostty"),
                None,
                "xterm-ghostty",
                Some(Sequence::Osc777),
            ),
            (None, None, "foot", Some(Sequence::Osc777)),
            (Some("vscode"), None, "xterm-256color", None),
            (Some("Apple_Terminal"), None, "xterm-256color", None),
            (None, None, "xterm-256color", None),
            (None, None, "dumb", None),
        ] {
            let hints = Hints {
                term: Some(term.to_owned()),
                program: program.map(str::to_owned),
                lc_terminal: lc.map(str::to_owned),
                ..Hints::default()
            };
            assert_eq!(hinted(hints).await, expected, "{program:?} {term}");
        }
        let inside = Hints {
            term: Some("xterm-kitty".to_owned()),
            multiplexer: true,
            ..Hints::default()
        };
        assert_eq!(hinted(inside).await, None);
    }

    #[test]
    fn tmux_is_used_only_where_it_passes_sequences_on_to_a_terminal_that_is_known() {
        let sequence = |answer| inside_tmux(answer).map(|dialect| dialect.sequence);
        assert_eq!(
            sequence("on\tkitty(0.32.2)\txterm-kitty\n"),
            Some(Sequence::Osc99)
        );
        assert_eq!(sequence("all\t\tfoot\n"), Some(Sequence::Osc777));
        assert_eq!(
            sequence("1\tiTerm2 3.5\txterm-256color\n"),
            Some(Sequence::Osc9)
        );
        for answer in [
            "off\tkitty(0.32.2)\txterm-kitty",
            "on\t\txterm-256color",
            "",
            "\t\t",
        ] {
            assert_eq!(sequence(answer), None, "{answer:?}");
        }
    }

    #[test]
    fn nothing_in_the_words_can_end_a_sequence_or_begin_a_field() {
        let hostile = letter("a;b\u{7}c\u{1b}]0;d\u{9c}e\u{1b}\\");
        for sequence in [Sequence::Osc9, Sequence::Osc777, Sequence::Osc99] {
            let dialect = Dialect {
                sequence,
                through_tmux: false,
            };
            let told = dialect.tell(&hostile);
            let escapes = if sequence == Sequence::Osc99 { 4 } else { 1 };
            assert_eq!(told.matches('\u{1b}').count(), escapes, "{told:?}");
            assert!(
                !told.contains('\u{9c}') && !told.contains("a;b"),
                "{told:?}"
            );
        }
    }

    #[test]
    fn what_passes_through_tmux_has_its_escapes_doubled() {
        let dialect = Dialect {
            sequence: Sequence::Osc777,
            through_tmux: true,
        };
        assert_eq!(
            dialect.tell(&letter("hello")),
            "\u{1b}Ptmux;\u{1b}\u{1b}]777;notify;chaperon;hello\u{7}\u{1b}\\"
        );
    }
}
