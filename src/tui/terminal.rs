//! The terminal itself: taking it over, giving it back, noticing that it is gone.
//!
//! It is given back on every way out, a panic included. Must not: know what is drawn.

use std::io::{self, Stdout, Write};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::oneshot;

/// Whether the terminal is ours now; the panic hook looks here.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Asks for clicks and the wheel, in the form without a limit on columns (SGR). Not for every
/// movement, as crossterm does: nothing here moves with the mouse.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
/// Gives the mouse back.
const NO_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// The terminal while it is ours. Given back when dropped.
pub(super) struct Screen {
    /// Never dropped: its `Drop` shows the cursor, and prints an error to a terminal that is
    /// gone, which panics. [`give_back`] shows the cursor.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    title: String,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over, with its mouse if that is wanted.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        HOOK.call_once(restore_on_panic);
        // crossterm would drop all attributes under NO_COLOR; the mono theme sees to that.
        crossterm::style::force_color_output(true);
        let mut screen = Self {
            terminal: ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?),
            title: String::new(),
            mouse,
        };
        screen.enter()?;
        Ok(screen)
    }

    fn enter(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        Self::drop_input();
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            // The cursor follows the row that has the keys; it should not blink there.
            cursor::SetCursorStyle::SteadyBar,
            cursor::Hide
        )?;
        if self.mouse {
            self.write(MOUSE)?;
        }
        self.title.clear();
        self.forget()
    }

    /// Drops what was typed so far: before there was anything to see, it was not meant for this
    /// screen.
    pub(super) fn drop_input() {
        if let Err(error) = tcflush(io::stdin(), QueueSelector::IFlush) {
            tracing::debug!(%error, "cannot drop early input");
        }
    }

    /// Takes the mouse or leaves it to the terminal.
    pub(super) fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        if self.mouse == mouse {
            return Ok(());
        }
        self.mouse = mouse;
        self.write(if mouse { MOUSE } else { NO_MOUSE })
    }

    /// Gives the terminal back for a while.
    pub(super) fn lend(&mut self) -> io::Result<()> {
        self.title.clear();
        give_back()
    }

    /// Takes the terminal over again after [`Screen::lend`].
    pub(super) fn retake(&mut self) -> io::Result<()> {
        self.enter()
    }

    /// Stops this job as Ctrl-Z does outside of raw mode; returns once it is continued.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.lend()?;
        kill_current_process_group(Signal::TSTP)?;
        self.retake()
    }

    /// Draws one frame, in one piece where the terminal can.
    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Makes the next frame draw every cell.
    ///
    /// Not by `Terminal::clear`: that asks the terminal where its cursor is, and one that does
    /// not answer costs two seconds and an error.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Sets the window's title if it is another one.
    pub(super) fn set_title(&mut self, title: String) -> io::Result<()> {
        if self.title == title {
            return Ok(());
        }
        execute!(io::stdout(), SetTitle(&title))?;
        self.title = title;
        Ok(())
    }

    /// Writes a sequence between two frames.
    pub(super) fn write(&mut self, sequence: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes())?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Err(error) = give_back() {
            tracing::debug!(%error, "the terminal could not be given back");
        }
    }
}

fn give_back() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let shown = execute!(
        io::stdout(),
        Print(NO_MOUSE),
        cursor::SetCursorStyle::DefaultUserShape,
        DisableFocusChange,
        DisableBracketedPaste,
        SetTitle(""),
        LeaveAlternateScreen,
        cursor::Show
    );
    disable_raw_mode()?;
    shown
}

fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Err(error) = give_back() {
            tracing::debug!(%error, "the terminal could not be given back");
        }
        before(panic);
    }));
}

/// Watches for the terminal's end from a thread of its own.
///
/// crossterm 0.29 reads a dead terminal for ever at full load and reports nothing, so its
/// stream cannot be waited for. `poll` returns at once when the other end is gone.
pub(super) fn watch() -> oneshot::Receiver<()> {
    let (gone, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let stdin = io::stdin();
        while !gone.is_closed() {
            let mut descriptors = [PollFd::new(&stdin, PollFlags::empty())];
            let patience = Timespec::try_from(Duration::from_secs(60)).ok();
            let hung_up = match poll(&mut descriptors, patience.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => false,
                Ok(_) | Err(_) => true,
            };
            if hung_up {
                if gone.send(()).is_err() {
                    tracing::debug!("the surface was left before its terminal");
                }
                return;
            }
        }
    });
    receiver
}
