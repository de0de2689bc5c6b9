//! The real program in a real terminal: start, keys, sizes, ends.
//!
//! Runs the demo, whose engines and relay are real and whose profile is temporary.

mod ends;
mod plain;

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(40);

/// Takes in what the program writes until it ends or nobody wants to hear more.
fn listen(mut reader: Box<dyn Read + Send>, shared: &(Mutex<Output>, Condvar)) {
    let mut chunk = [0; 8192];
    loop {
        let count = reader.read(&mut chunk).unwrap_or(0);
        let read = chunk.get(..count).unwrap();
        let mut output = shared.0.lock().unwrap();
        output.parser.process(read);
        output.raw.extend_from_slice(read);
        output.ended |= count == 0;
        let last = output.ended;
        drop(output);
        shared.1.notify_all();
        if last {
            return;
        }
    }
}

/// What the program wrote, as a terminal shows it and as it came.
struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    output: Arc<(Mutex<Output>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts the demo in a terminal.
    fn start(size: (u16, u16), environment: &[(&str, &str)]) -> Self {
        Self::of(&["demo"], size, environment)
    }

    /// Starts the program with these arguments in a terminal.
    fn of(arguments: &[&str], size: (u16, u16), environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaperon"));
        command.args(arguments);
        for name in [
            "NO_COLOR",
            "COLORFGBG",
            "COLORTERM",
            "SSH_CONNECTION",
            "SSH_TTY",
            "LC_ALL",
            "LC_CTYPE",
            "DISPLAY",
            "WAYLAND_DISPLAY",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in environment {
            command.env(name, value);
        }
        Self::run(size, command)
    }

    /// Starts a program in a terminal.
    fn run(size: (u16, u16), command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let output = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(cells(size.1), cells(size.0), 0),
                raw: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let reader = pair.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&output);
        let reader = std::thread::spawn(move || listen(reader, &shared));
        let keys = pair.master.take_writer().unwrap();
        Self {
            child,
            master: Some(pair.master),
            keys: Some(keys),
            output,
            reader: Some(reader),
        }
    }

    fn press(&mut self, keys: &str) {
        let writer = self.keys.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen shows these words.
    fn see(&self, words: &str) {
        self.wait(words, |output| {
            output.parser.screen().contents().contains(words)
        });
    }

    fn contents(&self) -> String {
        let (output, _) = &*self.output;
        output.lock().unwrap().parser.screen().contents()
    }

    /// Goes through what needs a person until the cursor is on a row that begins like this.
    fn walk_to(&mut self, row: &str) {
        let start = Instant::now();
        let row = format!("▸ {row}");
        while !self.contents().contains(&row) {
            assert!(
                start.elapsed() < PATIENCE,
                "no {row:?} in\n{}",
                self.contents()
            );
            self.press("n");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Reads on until the keys of a review count.
    fn read_to_the_end(&mut self) {
        let start = Instant::now();
        while !self.contents().contains("keys live") {
            assert!(start.elapsed() < PATIENCE, "asleep in\n{}", self.contents());
            self.press("\u{4}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    #[expect(
        clippy::significant_drop_tightening,
        reason = "what was reached and what is shown have to be of one moment"
    )]
    fn wait(&self, what: &str, reached: impl Fn(&Output) -> bool) {
        let unmet = |output: &mut Output| !reached(output) && !output.ended;
        let output = self.output.0.lock().unwrap();
        let (output, _) = self
            .output
            .1
            .wait_timeout_while(output, PATIENCE, unmet)
            .unwrap();
        let screen = output.parser.screen().contents();
        let met = reached(&output);
        drop(output);
        assert!(met, "no {what:?} in\n{screen}");
    }

    fn resize(&self, size: (u16, u16)) {
        let mut output = self.output.0.lock().unwrap();
        let screen = output.parser.screen_mut();
        screen.set_size(cells(size.1), cells(size.0));
        drop(output);
        let master = self.master.as_ref().unwrap();
        master.resize(pty_size(size)).unwrap();
    }

    /// Takes the terminal away. Every handle on it has to go, the listener's too, which lets
    /// go of its own at the next output.
    fn hang_up(&mut self) {
        self.output.0.lock().unwrap().ended = true;
        self.press("?");
        self.reader.take().unwrap().join().unwrap();
        self.keys = None;
        self.master = None;
    }

    fn raw(&self) -> String {
        let (output, _) = &*self.output;
        String::from_utf8_lossy(&output.lock().unwrap().raw).into_owned()
    }

    /// Waits for the program's end; returns how it ended and how long it took.
    fn end(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let status = self.child.wait().unwrap();
        (status, start.elapsed())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Nothing is left to kill after a test that went well.
        let _ended = self.child.kill();
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

#[test]
fn it_opens_takes_keys_and_gives_the_terminal_back() {
    let mut session = Session::start((120, 36), &[]);
    session.see("invented");
    session.see("Northwind office");
    session.press("?");
    session.see("go to the next item that needs you");
    session.press("\u{1b}");
    session.see("CHANNELS");
    session.press("qq");
    assert!(session.end().0.success());
    session.wait("the end of the output", |output| output.ended);
    let raw = session.raw();
    for (taken, given_back) in [
        ("?1049h", "?1049l"),
        ("?2004h", "?2004l"),
        ("?1004h", "?1004l"),
        ("?25l", "?25h"),
    ] {
        assert!(
            raw.contains(taken) && raw.rfind(given_back) > raw.rfind(taken),
            "{given_back}"
        );
    }
}

#[test]
fn it_follows_the_window_through_every_size() {
    let mut session = Session::start((120, 36), &[]);
    session.see("CHANNELS");
    for size in [(80, 24), (1, 1), (300, 100), (40, 12), (7, 50), (90, 30)] {
        session.resize(size);
    }
    session.see("CHANNELS");
    session.resize((36, 6));
    session.see("enlarge to");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn it_ends_soon_after_its_terminal_is_gone() {
    let mut session = Session::start((80, 24), &[]);
    session.see("CHANNELS");
    session.hang_up();
    let (status, took) = session.end();
    // It ends by itself, told by the signal or by the watchdog, whichever comes first: neither
    // killed nor by a panic, which would be 101.
    assert_eq!(status.signal(), None);
    assert!(status.exit_code() <= 1, "{status:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// The question for the background.
const QUESTION: &str = "\u{1b}]11;?";
/// A white background, and what a terminal says of its kind.
const WHITE: &str = "\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?62;4c";
/// The accents of the themes for a light and for a dark background.
const LIGHT_ACCENT: &str = "38;5;25";
const DARK_ACCENT: &str = "38;5;117";

fn wait_for(session: &Session, bytes: &str) {
    session.wait(bytes, |output| {
        String::from_utf8_lossy(&output.raw).contains(bytes)
    });
}

fn see_no_colour(environment: (&str, &str)) {
    let mut session = Session::start((80, 24), &[environment]);
    session.see("CHANNELS");
    session.press("qq");
    session.end();
    let raw = session.raw();
    for colour in ["[38;", "[48;", "[31m", "[36m"] {
        assert!(!raw.contains(colour), "{colour}");
    }
    assert!(!raw.contains(QUESTION), "there is nothing to ask for");
    assert!(
        raw.contains("\u{1b}[7m"),
        "the selection is shown by an attribute"
    );
}

#[test]
fn it_uses_no_colour_under_no_color() {
    see_no_colour(("NO_COLOR", "1"));
}

#[test]
fn it_uses_no_colour_in_a_dumb_terminal() {
    see_no_colour(("TERM", "dumb"));
}

#[test]
fn a_terminal_that_tells_its_background_gets_the_theme_for_it() {
    let mut session = Session::start((80, 24), &[]);
    wait_for(&session, QUESTION);
    session.press(WHITE);
    wait_for(&session, LIGHT_ACCENT);
    session.see("CHANNELS");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn what_a_terminal_tells_too_late_is_no_key() {
    let mut session = Session::start((80, 24), &[]);
    session.see("CHANNELS");
    session.press(WHITE);
    wait_for(&session, LIGHT_ACCENT);
    // Whatever the answer has been taken for would be on screen before what is typed after it.
    session.press("?");
    session.see("go to the next item that needs you");
    session.press("\u{1b}");
    session.see("CHANNELS");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn a_terminal_behind_ssh_is_not_asked() {
    let ssh = ("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22");
    let mut session = Session::start((80, 24), &[ssh, ("COLORFGBG", "15;0")]);
    wait_for(&session, DARK_ACCENT);
    session.see("CHANNELS");
    session.press("qq");
    session.end();
    assert!(!session.raw().contains(QUESTION));
}

#[test]
fn glyphs_are_ascii_where_the_locale_is_c() {
    let mut session = Session::start((80, 24), &[("LANG", "C")]);
    session.see("CHANNELS");
    session.see("----");
    session.press("qq");
    session.end();
    let raw = session.raw();
    assert!(raw.contains("SUPERVISED"));
    for glyph in ['─', '│', '●', '▸', '·', '✓'] {
        assert!(!raw.contains(glyph), "{glyph}");
    }
}

#[test]
fn a_written_message_waits_and_can_be_taken_back() {
    let mut session = Session::start((120, 36), &[]);
    session.see("Northwind office");
    session.see("Write to Marta Ruiz");
    session.press("i");
    session.see("AS YOURSELF");
    session.press("\u{1b}[200~Thursday\rat two\u{1b}[201~");
    session.see("at two");
    session.press("\r");
    session.see("leaves in");
    session.press("u");
    session.see("Taken back");
    session.press("qq");
    session.end();
}

#[test]
fn the_tour_of_the_demo_can_be_walked_by_keys_alone() {
    let mut session = Session::start((120, 36), &[]);
    session.see("✓ read a conversation");

    session.walk_to("out  Marta Ruiz");
    session.press("\r");
    session.see("For the door");
    session.read_to_the_end();
    session.press("E");
    session.see("YOUR VERSION");
    session.press(&"\u{7f}".repeat(5));
    session.press("in the blue book.\u{1b}");
    session.see("send your version");
    session.read_to_the_end();
    session.press("a");
    session.see("A  send your version");
    session.press("A");
    session.see("✓ approve a draft you edited");

    session.walk_to("in   Ken Ito");
    session.press("\r");
    session.see("HELD IN");
    session.read_to_the_end();
    session.press("r");
    session.see("Tab next sentence");
    session.press("\u{1b}");
    session.see("refuse with this reason");
    session.read_to_the_end();
    session.press("r");
    session.see("✓ refuse what Ken tries");

    session.walk_to("ask  Northwind");
    session.press("\r");
    session.see("YOUR DECISION");
    session.read_to_the_end();
    session.press("a");
    session.see("COMPARE THE CODE");
    session.see("to say that it is the same");
    let screen = session.contents();
    let after = screen.split("Type ").nth(1).unwrap();
    let word = after.split(' ').next().unwrap().to_owned();
    session.press(&word);
    session.see("A confirms");
    session.press("A");
    session.see("✓ accept and compare a code");

    session.press("I");
    session.see("NEW INVITE");
    session.press("Zoe\r");
    session.see("copy link");
    session.press("c");
    session.see("Copied");
    session.press("\u{1b}");
    session.see("✓ make an invite, copy it");

    while !session.contents().contains("▸✓ Marta Ruiz") {
        session.press("k");
        std::thread::sleep(Duration::from_millis(200));
    }
    session.press("p");
    session.see("messages, replayed");
    session.press("l");
    session.see("based on One-time");
    session.press("S");
    session.see("✓ change rules, see replay");

    session.press("\u{6}");
    session.see("SEARCH");
    session.press("thursday");
    session.see("CONTEXT");
    session.press("\u{1b}");
    session.see("✓ search in everything");
    session.press("\u{b}");
    session.see("Go to or do");
    session.press("theme nord");
    session.see("Theme: nord");
    session.press("\r");
    session.see("✓ switch the theme");
    session.see("that was all");

    session.press("qq");
    assert!(session.end().0.success());
    session.wait("the checklist", |output| {
        let raw = String::from_utf8_lossy(&output.raw);
        raw.contains("The tour, 8 of 8") && raw.contains("[x] refuse what Ken tries")
    });
}

#[test]
fn a_paste_whose_end_never_comes_takes_no_key_that_follows() {
    // irssi#942: one lost marker, and everything typed afterwards was swallowed.
    let mut session = Session::start((120, 36), &[]);
    session.see("✓ read a conversation");
    session.press("i");
    session.see("AS YOURSELF");
    session.press("\u{1b}[200~half a text");
    session.see("half a text");
    session.press(" and more");
    session.see("half a text and more");
    session.press("\u{1b}");
    session.see("Draft kept");
    session.press("qq");
    assert!(session.end().0.success());
}

/// A home directory without a profile in it, and where the profile would lie.
fn fresh() -> (tempfile::TempDir, String, String) {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().to_str().unwrap().to_owned();
    let profile = format!("{home}/profile");
    (root, home, profile)
}

#[test]
fn a_first_start_that_is_left_keeps_nothing() {
    let (_root, home, profile) = fresh();
    let environment = [("HOME", &*home), ("CHAPERON_HOME", &*profile)];
    let mut session = Session::of(&[], (80, 24), &environment);
    session.see("nothing has been sent or written");
    session.see("S contacts  nobody");
    session.press("jl");
    session.see("▸files");
    session.press("q");
    assert!(session.end().0.success());
    assert!(!std::path::Path::new(&profile).exists());
    let left: Vec<_> = std::fs::read_dir(&home).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_first_start_shows_the_demo_and_makes_the_profile_as_it_was_chosen() {
    let (_root, home, profile) = fresh();
    let environment = [("HOME", &*home), ("CHAPERON_HOME", &*profile)];
    let mut session = Session::of(&[], (120, 36), &environment);
    session.see("Enter tries the demo");
    session.press("\r");
    session.see("everybody here is invented");
    session.see("CHANNELS");
    session.press("qq");
    session.see("Enter tries the demo");
    assert!(!std::path::Path::new(&profile).exists());
    // Secrets in files take a second key.
    session.press("jl");
    session.see("▸files");
    session.press("jlS");
    session.see("can read the keys and decide in your place");
    assert!(!std::path::Path::new(&profile).exists());
    session.press("A");
    session.see("No channels yet");
    session.press(",");
    session.see("file:");
    session.press("\u{1b}");
    session.see("No channels yet");
    session.press("qq");
    assert!(session.end().0.success());
    let settings = std::fs::read_to_string(format!("{profile}/config.toml")).unwrap();
    assert_eq!(
        settings,
        "notify = \"new\"\nquiet_hours = \"22:00-07:00\"\n"
    );
}

#[test]
fn a_first_start_with_a_passphrase_asks_for_it_once_and_is_protected() {
    let (_root, home, profile) = fresh();
    let environment = [("HOME", &*home), ("CHAPERON_HOME", &*profile)];
    let mut session = Session::of(&[], (80, 24), &environment);
    session.see("▸passphrase each start");
    session.press("S");
    session.see("New passphrase");
    session.press("correct horse\r");
    session.see("Once more");
    session.press("another horse\r");
    session.see("Nothing was written");
    session.press("S");
    let twice = |words: &'static str| {
        move |output: &Output| output.parser.screen().contents().matches(words).count() == 2
    };
    session.wait("a second question", twice("New passphrase"));
    session.press("correct horse\r");
    session.wait("its repetition", twice("Once more"));
    session.press("correct horse\r");
    session.see("No channels yet");
    assert!(!session.contents().contains("unprotected"));
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn late_replies_of_the_terminal_are_no_keys() {
    let mut session = Session::start((120, 36), &[]);
    session.see("✓ read a conversation");
    session.press("i");
    session.see("AS YOURSELF");
    session.press("\u{1b}]11;rgb:1e1e/1e1e/1e1e\u{1b}\\\u{1b}[?62;22c\u{1b}[12;40Rtyped");
    session.see("│typed");
    session.press("\u{1b}");
    session.see("Draft kept");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn the_test_of_keys_shows_what_they_send_and_gives_the_terminal_back() {
    let mut session = Session::of(&["keys", "--test"], (120, 36), &[]);
    session.see("Press keys");
    session.press("n");
    session.see("main: next_need");
    session.press("\u{1b}[A");
    session.see("ESC [A");
    session.press("\u{3}");
    assert!(session.end().0.success());
    session.wait("the end of bracketed paste", |output| {
        String::from_utf8_lossy(&output.raw).contains("\u{1b}[?2004l")
    });
}

#[test]
fn somebody_who_looks_elsewhere_is_told_in_the_way_of_their_terminal_and_in_no_other() {
    let told = |term: &str| {
        let mut session = Session::start((120, 36), &[("TERM", term)]);
        session.see("NEEDS YOU");
        // The terminal has lost the focus; then the play goes on.
        session.press("\u{1b}[O");
        session
    };
    let mut kitty = told("xterm-kitty");
    kitty.wait("a notification", |output| {
        String::from_utf8_lossy(&output.raw).contains("\u{1b}]99;i=chaperon-")
    });
    let mut plain = told("xterm-256color");
    plain.wait("the bell", |output| output.raw.contains(&7));
    let raw = plain.raw();
    for sequence in ["]9;", "]99;", "]777;"] {
        assert!(!raw.contains(&format!("\u{1b}{sequence}")), "{sequence}");
    }
    for session in [&mut kitty, &mut plain] {
        session.press("qq");
        assert!(session.end().0.success());
    }
}

#[test]
fn the_doctor_measures_the_terminal_and_makes_no_profile() {
    let (_root, home, profile) = fresh();
    let environment = [
        ("HOME", &*home),
        ("CHAPERON_HOME", &*profile),
        ("CHAPERON_MAILBOX_URL", "http://127.0.0.1:9"),
        ("LANG", "C.UTF-8"),
    ];
    let mut session = Session::of(&["doctor"], (120, 50), &environment);
    session.see("the one for new channels");
    assert_eq!(session.end().0.exit_code(), 1, "that relay does not answer");
    session.see("120x50");
    session.see("there is no profile yet");
    assert!(!session.contents().contains(&home));
    assert!(!std::path::Path::new(&profile).exists());
}
