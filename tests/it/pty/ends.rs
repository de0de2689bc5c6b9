//! Everything that happens to a terminal from outside: its size, its end, jobs, tmux, and an
//! engine or a passphrase behind the screen.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use portable_pty::CommandBuilder;

use super::Session;
use crate::support::{Person, World, wait_for};

const SIZE: (u16, u16) = (120, 36);
const PHRASE: &str = "correct horse";

/// The program on somebody's profile, as they would start it in a terminal.
pub(super) fn at_home(person: &Person, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaperon"));
    command.env_clear();
    command.env("HOME", person.desk());
    command.env("CHAPERON_HOME", person.home());
    command.env("PATH", "/usr/bin:/bin");
    command.env("TERM", "xterm-256color");
    command.cwd(person.desk());
    command.args(arguments);
    command
}

#[test]
fn nothing_typed_is_lost_in_a_storm_of_sizes() {
    let mut session = Session::start(SIZE, &[]);
    session.see("Write to Marta Ruiz");
    session.press("i");
    session.see("AS YOURSELF");
    let text = "every letter of this has to arrive in its order";
    let sizes = [(80, 24), (1, 1), (300, 100), (40, 12), (7, 50), (119, 35)];
    for (letter, size) in text.chars().zip(sizes.into_iter().cycle()) {
        session.resize(size);
        session.press(&letter.to_string());
    }
    session.resize(SIZE);
    session.see(text);
    session.press("\u{1b}");
    session.see("Draft kept");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn it_can_be_suspended_while_writing_and_goes_on_where_it_was() {
    // A shell that does job control, because whoever has no parent in their session is never
    // stopped.
    let mut command = CommandBuilder::new("/bin/sh");
    let script = "set -m; \"$0\" demo; printf 'put to %s\\n' sleep; read -r _; fg; echo over";
    command.args(["-c", script, env!("CARGO_BIN_EXE_chaperon")]);
    command.env("TERM", "xterm-256color");
    let mut session = Session::run(SIZE, command);
    session.see("Write to Marta Ruiz");
    session.press("i");
    session.see("AS YOURSELF");
    session.press("half a thought");
    session.see("half a thought");
    session.press("\u{1a}");
    session.wait("the shell", |output| {
        let screen = output.parser.screen();
        screen.contents().contains("put to sleep") && !screen.alternate_screen()
    });
    session.press("\r");
    session.wait("the screen again", |output| {
        let screen = output.parser.screen();
        screen.contents().contains("half a thought") && screen.alternate_screen()
    });
    session.press(", and the rest");
    session.see("half a thought, and the rest");
    session.press("\u{1b}");
    session.see("Draft kept");
    session.press("qq");
    session.see("over");
    assert!(session.end().0.success());
}

#[test]
fn what_was_typed_while_a_review_was_asleep_decides_nothing() {
    let mut command = CommandBuilder::new("/bin/sh");
    let script = "set -m; \"$0\" demo; printf 'put to %s\\n' sleep; read -r _; fg; echo over";
    command.args(["-c", script, env!("CARGO_BIN_EXE_chaperon")]);
    command.env("TERM", "xterm-256color");
    let mut session = Session::run(SIZE, command);
    session.see("Write to Marta Ruiz");
    session.walk_to("out  Marta Ruiz");
    session.press("\r");
    session.see("For the door");
    session.read_to_the_end();
    session.press("\u{1a}");
    session.wait("the shell", |output| {
        let screen = output.parser.screen();
        screen.contents().contains("put to sleep") && !screen.alternate_screen()
    });
    // The shell takes the first line; what comes behind it is there when the program is back.
    session.press("\raAaArb");
    session.wait("the screen again", |output| {
        let screen = output.parser.screen();
        screen.contents().contains("For the door") && screen.alternate_screen()
    });
    session.read_to_the_end();
    session.press("\u{1b}");
    session.see("▸ out  Marta Ruiz");
    session.press("qq");
    session.see("over");
    assert!(session.end().0.success());
}

#[test]
fn a_storm_of_sizes_over_a_review_decides_nothing_and_leaves_it_to_be_read() {
    let mut session = Session::start(SIZE, &[]);
    session.see("✓ read a conversation");
    session.walk_to("out  Marta Ruiz");
    session.press("\r");
    session.see("For the door");
    let sizes = [(80, 24), (40, 12), (1, 1), (300, 100), (36, 6), (119, 35)];
    for size in sizes.into_iter().cycle().take(24) {
        session.resize(size);
    }
    session.resize((40, 12));
    session.see("HELD OUT");
    session.resize((36, 6));
    session.see("enlarge to decide");
    session.press("aAaA");
    session.resize(SIZE);
    session.see("YOUR DECISION");
    session.read_to_the_end();
    session.press("\u{1b}");
    session.see("▸ out  Marta Ruiz");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn a_draft_outlives_the_terminal_that_it_was_written_in() {
    let world = World::new();
    let mut session = Session::run(SIZE, at_home(&world.ana, &[]));
    session.see("+15550100");
    session.see("Write to");
    session.press("i");
    session.see("AS YOURSELF");
    session.press("half a thought");
    session.see("draft kept -");
    session.press(", and the rest");
    session.see("half a thought, and the rest");
    session.hang_up();
    let (status, took) = session.end();
    assert_eq!(status.signal(), None);
    assert!(status.exit_code() <= 1, "{status:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");

    let mut session = Session::run(SIZE, at_home(&world.ana, &[]));
    session.see("Draft kept for +15550100");
    session.see("half a thought, and the rest");
    session.press("qq");
    assert!(session.end().0.success());
}

#[test]
fn a_terminal_that_says_it_cannot_draw_is_offered_lines_and_gets_no_colour() {
    let mut session = Session::start((80, 24), &[("TERM", "dumb")]);
    session.see("chaperon --plain");
    session.see("CHANNELS");
    session.press("qq");
    assert!(session.end().0.success());
    let raw = session.raw();
    for colour in ["[38;", "[48;", "[31m", "[36m"] {
        assert!(!raw.contains(colour), "{colour}");
    }
}

#[test]
fn a_protected_profile_asks_in_the_terminal_before_anything_is_drawn() {
    let world = World::new();
    let file = world.ana.desk().join("passphrase");
    std::fs::write(&file, format!("{PHRASE}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let name = file.to_str().unwrap();
    let set = ["passphrase", "set", "--new-passphrase-file", name];
    assert_eq!(world.ana.json(&set)["protected"], true);

    let mut session = Session::run(SIZE, at_home(&world.ana, &[]));
    session.see("Passphrase:");
    session.press("wrong one\r");
    session.wait("the question again", |output| {
        let screen = output.parser.screen().contents();
        screen.contains("wrong passphrase") && screen.matches("Passphrase:").count() == 2
    });
    session.press(&format!("{PHRASE}\r"));
    session.see("+15550100");
    session.press("qq");
    assert!(session.end().0.success());
    assert!(!session.raw().contains(PHRASE), "it was shown");
}

#[test]
fn an_engine_that_stops_behind_the_screen_ends_it_and_says_why() {
    let world = World::new();
    let engine = world.ana.engine();
    let mut session = Session::run(SIZE, at_home(&world.ana, &[]));
    session.see("+15550100");
    engine.stop();
    let (status, _) = session.end();
    assert_eq!(status.exit_code(), 1);
    session.wait("the end of the output", |output| output.ended);
    let raw = session.raw();
    assert!(
        raw.contains("the engine of this profile was stopped"),
        "{raw}"
    );
    assert!(raw.rfind("?1049l") > raw.rfind("?1049h"));
}

/// A tmux server of the test's own; killed when dropped.
struct Tmux<'a> {
    dir: &'a Path,
}

impl Tmux<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").env("TMUX_TMPDIR", self.dir);
        command.args(["-f", "/dev/null"]).args(arguments);
        command
    }

    fn tell(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn see(&self, words: &str) {
        wait_for(words, || {
            let screen = self.tell(&["capture-pane", "-p"]);
            screen.contains(words).then_some(())
        });
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        // Gone by itself where its only window was left.
        let _gone = self.command(&["kill-server"]).output();
    }
}

/// A tmux of the test's own with a program in its only window; `None` where there is none.
fn tmux<'a>(dir: &'a Path, program: &str) -> Option<Tmux<'a>> {
    if Command::new("tmux").arg("-V").output().is_err() {
        assert!(
            std::env::var_os("CHAPERON_TEST_TMUX").is_none(),
            "tmux is missing"
        );
        return None;
    }
    let tmux = Tmux { dir };
    let program = format!("'{}' {program}", env!("CARGO_BIN_EXE_chaperon"));
    tmux.tell(&["new-session", "-d", "-x", "120", "-y", "36", &program]);
    Some(tmux)
}

fn wait_for_the_end_of(dir: &Path) {
    wait_for("tmux to end", || {
        let left = Tmux { dir }.command(&["list-sessions"]).output().unwrap();
        (!left.status.success()).then_some(())
    });
}

#[test]
fn it_works_inside_tmux() {
    let dir = tempfile::tempdir().unwrap();
    let Some(tmux) = tmux(dir.path(), "demo") else {
        println!("skipped: there is no tmux");
        return;
    };
    tmux.see("Northwind office");
    tmux.tell(&["send-keys", "?"]);
    tmux.see("go to the next item that needs you");
    tmux.tell(&["send-keys", "Escape"]);
    tmux.see("CHANNELS");
    tmux.tell(&["resize-window", "-x", "80", "-y", "24"]);
    tmux.tell(&["send-keys", "i"]);
    tmux.see("AS YOURSELF");
    tmux.tell(&["send-keys", "-l", "typed in a pane"]);
    tmux.see("typed in a pane");
    tmux.tell(&["send-keys", "Escape"]);
    tmux.see("Draft kept");
    tmux.tell(&["send-keys", "q", "q"]);
    wait_for_the_end_of(dir.path());
}

#[test]
fn it_speaks_in_lines_inside_tmux() {
    let dir = tempfile::tempdir().unwrap();
    let Some(tmux) = tmux(dir.path(), "--plain demo") else {
        println!("skipped: there is no tmux");
        return;
    };
    tmux.see("chaperon>");
    tmux.tell(&["send-keys", "-l", "needs"]);
    tmux.tell(&["send-keys", "Enter"]);
    tmux.see("needs you>");
    tmux.tell(&["resize-window", "-x", "80", "-y", "24"]);
    std::thread::sleep(Duration::from_millis(700));
    tmux.tell(&["send-keys", "-l", "quit"]);
    tmux.tell(&["send-keys", "Enter"]);
    wait_for_the_end_of(dir.path());
}

/// Tells whether a process is there that is no corpse.
fn is_alive(pid: &str) -> bool {
    let ran = Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8(ran.stdout).unwrap();
    ran.status.success() && !state.trim_start().starts_with('Z')
}

#[test]
fn it_ends_with_the_tmux_pane_it_lives_in() {
    let dir = tempfile::tempdir().unwrap();
    let Some(tmux) = tmux(dir.path(), "demo") else {
        println!("skipped: there is no tmux");
        return;
    };
    tmux.see("CHANNELS");
    let pid = tmux.tell(&["display-message", "-p", "#{pane_pid}"]);
    let pid = pid.trim();
    assert!(is_alive(pid));
    tmux.tell(&["kill-server"]);
    wait_for("the program to end", || (!is_alive(pid)).then_some(()));
}
