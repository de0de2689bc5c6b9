//! Puts text on a clipboard and says which one.
//!
//! Over ssh, or without a display, the terminal is asked by OSC 52 (xterm, "Operating System
//! Commands"), which reaches the machine the person sits at but never answers. Otherwise the
//! desktop's clipboard is used, from a thread of its own: on X11 the owner of a selection has to
//! live on for others to paste it, and a desktop that hangs must not hang this program.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::oneshot;

/// How long a desktop may take before the terminal is asked instead.
const PATIENCE: Duration = Duration::from_secs(2);
/// Base64 text that terminals take in one sequence; xterm and tmux cut or drop longer ones.
const TERMINAL_LIMIT: usize = 74_994;

/// What the surroundings say of clipboards. Read once, where the program starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The session came in over ssh (`SSH_CONNECTION` or `SSH_TTY` is set).
    pub ssh: bool,
    /// There is a desktop to ask (`WAYLAND_DISPLAY`, `DISPLAY`, or a system that always has one).
    pub display: bool,
}

impl Surroundings {
    /// Returns the clipboard to try first.
    pub fn first(self) -> Placed {
        if self.ssh || !self.display {
            Placed::Terminal
        } else {
            Placed::Desktop
        }
    }
}

/// Where a text went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// To the terminal by OSC 52. Whether it took it, nobody can tell.
    Terminal,
    /// To the clipboard of the desktop.
    Desktop,
}

impl Placed {
    /// Returns the words for a status line.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Terminal => "sent to your terminal (OSC 52); it does not say whether it took it",
            Self::Desktop => "on the clipboard of this desktop",
        }
    }
}

/// Why a text is on no clipboard.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Longer than a terminal takes in one sequence.
    #[error("too long for the terminal's clipboard")]
    TooLong,
    /// The desktop's clipboard was wanted, and did not take it.
    #[error("no desktop took it; `clipboard` in the settings can be \"auto\" or \"terminal\"")]
    NoDesktop,
}

struct Job {
    text: String,
    done: oneshot::Sender<bool>,
}

/// The clipboards within reach.
#[derive(Debug)]
pub struct Clipboard {
    first: Placed,
    keeper: Option<mpsc::Sender<Job>>,
}

impl Clipboard {
    /// Makes one for these surroundings; asks nobody yet.
    pub fn new(surroundings: Surroundings) -> Self {
        Self {
            first: surroundings.first(),
            keeper: None,
        }
    }

    /// Puts text on the clipboard that is `wanted`, else on the best one within reach, and says
    /// which one that was. A desktop that is wanted and does not take it is an error.
    ///
    /// For [`Placed::Terminal`] the second part is the sequence that the caller has to write to
    /// the terminal, between frames; until then nothing is copied.
    pub async fn copy(
        &mut self,
        text: &str,
        wanted: Option<Placed>,
    ) -> Result<(Placed, Option<String>), Error> {
        let first = wanted.unwrap_or(self.first);
        if first == Placed::Desktop && self.copy_to_desktop(text).await {
            return Ok((Placed::Desktop, None));
        }
        if wanted == Some(Placed::Desktop) {
            return Err(Error::NoDesktop);
        }
        let sequence = osc52(text).ok_or(Error::TooLong)?;
        Ok((Placed::Terminal, Some(sequence)))
    }

    async fn copy_to_desktop(&mut self, text: &str) -> bool {
        let keeper = self.keeper.get_or_insert_with(keep);
        let (done, answer) = oneshot::channel();
        let job = Job {
            text: text.to_owned(),
            done,
        };
        let taken = keeper.send(job).is_ok()
            && matches!(tokio::time::timeout(PATIENCE, answer).await, Ok(Ok(true)));
        if !taken {
            // A desktop that failed once is not waited for again.
            self.first = Placed::Terminal;
            self.keeper = None;
        }
        taken
    }
}

/// Starts the thread that owns the desktop's selection for as long as its sender lives.
fn keep() -> mpsc::Sender<Job> {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::spawn(move || {
        let mut desktop = arboard::Clipboard::new().ok();
        for job in jobs {
            let taken = desktop
                .as_mut()
                .is_some_and(|desktop| desktop.set_text(job.text).is_ok());
            if job.done.send(taken).is_err() {
                tracing::debug!("a copy came too late for whoever wanted it");
            }
        }
    });
    sender
}

/// Returns the sequence that asks a terminal to take text, unless it is too long for one.
fn osc52(text: &str) -> Option<String> {
    let encoded = STANDARD.encode(text);
    (encoded.len() <= TERMINAL_LIMIT).then(|| format!("\u{1b}]52;c;{encoded}\u{7}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_ssh_the_terminal_is_asked_even_if_there_is_a_display() {
        let surroundings = Surroundings {
            ssh: true,
            display: true,
        };
        assert_eq!(surroundings.first(), Placed::Terminal);
    }

    #[test]
    fn at_a_desktop_its_own_clipboard_comes_first() {
        let surroundings = Surroundings {
            ssh: false,
            display: true,
        };
        assert_eq!(surroundings.first(), Placed::Desktop);
    }

    #[test]
    fn text_cannot_end_the_sequence_that_carries_it() {
        let sequence = osc52("a\u{7}\u{1b}]0;owned\u{7}").unwrap();
        assert_eq!(sequence.matches('\u{1b}').count(), 1);
        assert_eq!(sequence.matches('\u{7}').count(), 1);
    }

    #[test]
    fn text_that_a_terminal_would_cut_is_refused() {
        assert_eq!(osc52(&"x".repeat(80_000)), None);
    }

    #[tokio::test]
    async fn without_a_display_the_text_goes_to_the_terminal() {
        let mut clipboard = Clipboard::new(Surroundings::default());
        let (placed, sequence) = clipboard.copy("hello", None).await.unwrap();
        assert_eq!(placed, Placed::Terminal);
        assert_eq!(sequence.as_deref(), Some("\u{1b}]52;c;aGVsbG8=\u{7}"));
    }
}
