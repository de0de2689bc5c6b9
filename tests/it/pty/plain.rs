//! The surface in lines, in a terminal that keeps its own line editing.

use std::process::Stdio;
use std::time::Duration;

use portable_pty::CommandBuilder;

use super::Session;
use super::ends::at_home;
use crate::support::{World, run};

/// Longer than a question has to stand before a line can be its answer.
const LISTENED: Duration = Duration::from_millis(700);

impl Session {
    /// Waits until this was written after what was there at `from`; returns where it ends.
    fn hear(&self, from: usize, words: &str) -> usize {
        let place = |raw: &[u8]| {
            let raw = String::from_utf8_lossy(raw.get(from..).unwrap_or_default()).into_owned();
            raw.find(words).map(|at| from + at + words.len())
        };
        self.wait(words, |output| place(&output.raw).is_some());
        let (output, _) = &*self.output;
        place(&output.lock().unwrap().raw).unwrap()
    }

    fn type_line(&mut self, line: &str) {
        std::thread::sleep(LISTENED);
        self.press(&format!("{line}\r"));
    }
}

fn demo() -> Session {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaperon"));
    command.args(["--plain", "demo"]);
    command.env("TERM", "dumb");
    Session::run((200, 36), command)
}

#[test]
fn its_own_words_are_ascii_where_the_locale_is_c() {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaperon"));
    command.args(["--plain", "demo"]);
    command.env("TERM", "dumb");
    for name in ["LC_ALL", "LC_CTYPE"] {
        command.env_remove(name);
    }
    command.env("LANG", "C");
    let mut session = Session::run((200, 36), command);
    let at = session.hear(0, "chaperon> ");
    for (word, answer) in [
        ("needs", "needs you> "),
        ("1", "decide "),
        ("later", "needs you> "),
        ("back", "chaperon> "),
        ("log", "log> "),
        ("help", "log> "),
    ] {
        session.type_line(word);
        session.hear(at, answer);
    }
    session.type_line("quit");
    session.hear(at, "Left.");
    assert!(session.end().0.success());
    let raw = session.raw();
    // A mark keeps its brackets: in ASCII anybody could write it. What they wrote stays theirs.
    let own = raw.lines().filter(|line| !line.starts_with("theirs: "));
    for line in own {
        let line = line.replace(['⟦', '⟧', '⟪', '⟫'], "");
        assert!(line.is_ascii(), "{line}");
    }
}

/// The number that stands before a line with these words.
fn number_of(session: &Session, words: &str) -> String {
    let raw = session.raw();
    let line = raw.lines().rev().find(|line| line.contains(words)).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_draft_is_refused_by_its_word_and_by_nothing_else_and_nothing_is_drawn() {
    let mut session = demo();
    let at = session.hear(0, "chaperon> ");
    session.hear(0, "Channel Marta Ruiz, inner circle, code compared");
    session.type_line("needs");
    let at = session.hear(at, "needs you> ");
    let number = number_of(&session, "Draft of your assistant to Marta Ruiz, severe");
    session.type_line(&number);
    session.hear(
        at,
        "your assistant: For the door: the gate code is ⟪1 4417 ⟫.",
    );
    let at = session.hear(at, "decide Marta Ruiz> ");
    for nothing in ["", "yes", "1", "a"] {
        session.type_line(nothing);
    }
    session.type_line("approve");
    let at = session.hear(at, "confirm> ");
    session.type_line("later");
    session.hear(at, "Not confirmed: nothing was decided.");
    let at = session.hear(at, "needs you> ");
    session.type_line(&number);
    let at = session.hear(at, "decide Marta Ruiz> ");
    session.type_line("refuse");
    let at = session.hear(at, "Refused. Your assistant is told; they are not.");
    let at = session.hear(at, "needs you> ");
    session.type_line("quit");
    session.hear(at, "Left.");
    assert!(session.end().0.success());
    let raw = session.raw();
    assert!(!raw.contains('\u{1b}'), "an escape sequence in {raw:?}");
    assert!(!raw.contains(|c| ('\u{2500}'..='\u{259f}').contains(&c)));
}

#[test]
fn what_was_typed_ahead_or_pasted_decides_nothing() {
    let mut session = demo();
    let at = session.hear(0, "chaperon> ");
    session.type_line("needs");
    let at = session.hear(at, "needs you> ");
    let number = number_of(&session, "Draft of your assistant to Marta Ruiz");
    session.press(&format!("{number}\rrefuse\rrefuse\r"));
    session.hear(at, "Nothing was decided");
    session.type_line("later");
    session.hear(at, "Draft of your assistant to Marta Ruiz");
    session.type_line("quit");
    assert!(session.end().0.success());
    assert!(!session.raw().contains("Refused."));
}

#[test]
fn a_draft_outlives_the_terminal() {
    let world = World::new();
    let mut session = Session::run((80, 24), at_home(&world.ana, &["--plain"]));
    let at = session.hear(0, "chaperon> ");
    session.type_line("2");
    let at = session.hear(at, "+15550100> ");
    session.type_line("write");
    let at = session.hear(at, "text> ");
    session.type_line("Half a thought.");
    session.hear(at, "text> ");
    session.hang_up();
    let (status, took) = session.end();
    assert_eq!(status.signal(), None);
    assert!(took < Duration::from_secs(10), "{took:?}");

    let mut session = Session::run((80, 24), at_home(&world.ana, &["--plain"]));
    session.hear(0, "chaperon> ");
    session.type_line("2");
    let at = session.hear(0, "+15550100> ");
    session.type_line("write");
    let at = session.hear(at, "you: Half a thought.");
    let at = session.hear(at, "text> ");
    session.type_line("");
    let at = session.hear(at, "send or not> ");
    session.type_line("send");
    let at = session.hear(at, "u takes it back.");
    session.type_line("u");
    session.hear(at, "Taken back: it was not sent.");
    session.press("\u{4}");
    assert!(session.end().0.success());
}

#[test]
fn the_end_of_the_input_leaves_in_order() {
    let world = World::new();
    let ran = run(world.ana.command(&["--plain"]).stdin(Stdio::null()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("Channel +15550100"), "{ran:?}");
    assert!(ran.out.ends_with("Left.\n"), "{ran:?}");
    let by_variable = run(world.ana.command(&[]).env("CHAPERON_PLAIN", "1"));
    assert_eq!(by_variable.code, Some(0), "{by_variable:?}");
}
