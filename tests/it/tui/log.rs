//! The decision log: what its table and its entries say, and what its keys ask for.

use chaperon::api::{Error, LogState, Reply, Request};
use chaperon::model::{
    Actor, ChannelId, Digest, Evidence, LogEntry, LoggedText, MessageId, OnScreen, PeerText,
    UnixMillis,
};
use chaperon::tui::{Effect, Message, Question};

use super::snapshots::shown_in;
use super::world::{Facts, MARTA, NOW, TOMAS, World};

fn digest(number: i64) -> Digest {
    let byte = u8::try_from(number.rem_euclid(251)).unwrap();
    Digest(std::array::from_fn(|place| {
        byte.wrapping_mul(37)
            .wrapping_add(u8::try_from(place).unwrap())
    }))
}

fn entry(number: i64, actor: Actor, what: &str, channel: ChannelId, detail: &str) -> LogEntry {
    LogEntry {
        number,
        at: UnixMillis(NOW.0 - (1_248 - number) * 47 * 60_000),
        actor,
        what: what.to_owned(),
        channel: Some(channel),
        detail: detail.to_owned(),
        evidence: Evidence::default(),
        draft: None,
        sent: None,
        previous: digest(number - 1),
        digest: digest(number),
    }
}

/// The entry about a message that a rule held.
pub(crate) fn held(message: MessageId) -> LogEntry {
    let mut held = entry(1_240, Actor::Rule, "held_in", MARTA, "");
    held.evidence.message = Some(message);
    held.evidence.rule = Some("hold-in:any-signal".into());
    held.evidence.policy = Some("trusted-colleague v3".into());
    held
}

fn logged(text: &str) -> LoggedText {
    LoggedText {
        text: Some(PeerText::new(text)),
        digest: digest(7),
    }
}

/// Six entries, the newest first and whole.
fn entries() -> Vec<LogEntry> {
    let mut edited = entry(1_248, Actor::Human, "draft_approved_edited", MARTA, "");
    edited.draft = Some(logged("Hello Marta,\nPeter will be at 12 Elm Street.\nBye"));
    edited.sent = Some(logged("Hello Marta,\nHe is free on Thursday.\nBye"));
    edited.evidence = Evidence {
        rule: Some("hold-out:every-draft".into()),
        policy: Some("trusted-colleague v3".into()),
        signals: vec!["address".into()],
        seen: Some(OnScreen {
            percent: 100,
            seconds: 34,
        }),
        seq: Some(118),
        reason: Some(PeerText::new("too much about the house")),
        ..Evidence::default()
    };
    let mut released = entry(1_245, Actor::Human, "message_released_clean", TOMAS, "");
    released.draft = Some(logged("Pay\u{202e}now\u{1b}[2J"));
    released.sent = Some(logged("Paynow"));
    released.evidence.signals = vec!["bidi_override".into()];
    let mut redacted = entry(1_243, Actor::Human, "draft_approved", MARTA, "");
    redacted.draft = Some(LoggedText {
        text: None,
        digest: digest(9),
    });
    vec![
        edited,
        entry(
            1_247,
            Actor::Rule,
            "sent_alone",
            MARTA,
            "routine-scheduling v3",
        ),
        entry(
            1_246,
            Actor::Rule,
            "draft_expired",
            MARTA,
            "held 8 h, no answer",
        ),
        released,
        entry(1_244, Actor::Rule, "relayed", TOMAS, ""),
        redacted,
    ]
}

fn state(problem: Option<&str>) -> LogState {
    LogState {
        entries: 1_248,
        problem: problem.map(str::to_owned),
        checked_at: NOW,
    }
}

fn answer(world: &mut World, question: Question, reply: Reply) {
    world.tell(Message::Answer(question, Box::new(Ok(reply))));
}

/// A world with the log on screen.
pub(crate) fn opened(size: (u16, u16)) -> World {
    let mut world = World::new(Facts::busy(), size);
    open(&mut world);
    world
}

/// Opens the log, and answers as an engine would.
pub(crate) fn open(world: &mut World) {
    world.keys("L");
    answer(world, Question::Log(None), Reply::Log(entries()));
    answer(world, Question::VerifyLog, Reply::LogState(state(None)));
}

fn shown(name: &str, keys: &str) {
    shown_in(name, keys, opened);
}

fn asked(world: &World) -> Vec<&Question> {
    let mut asks = Vec::new();
    for effect in &world.done {
        if let Effect::Ask(_, question @ (Question::Log(_) | Question::VerifyLog)) = effect {
            asks.push(question);
        }
    }
    asks
}

#[test]
fn the_log() {
    shown("log", "");
}

#[test]
fn an_entry_that_has_the_window() {
    shown("log_entry", "<enter>");
}

#[test]
fn the_differences_between_draft_and_sent() {
    shown("log_differences", "d");
}

#[test]
fn opening_the_log_asks_for_the_newest_page_and_checks_the_chain() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("L");
    assert_eq!(asked(&world), [&Question::Log(None), &Question::VerifyLog]);
    world.see("checking the chain").see("Loading.");
}

#[test]
fn a_broken_chain_is_said_in_the_title() {
    let mut world = opened((120, 36));
    world.see("1,248 entries · chain whole · checked 22:41");
    world.keys("V");
    world.see("checking the chain");
    let broken = state(Some("entry 12 is not what was written"));
    answer(&mut world, Question::VerifyLog, Reply::LogState(broken));
    world
        .see("chain broken: entry 12 is not what was written")
        .see_not("chain whole");
}

#[test]
fn a_check_that_fails_claims_nothing() {
    let mut world = World::new(Facts::busy(), (120, 36));
    world.keys("L");
    let failed = Err(Error::Storage("the store cannot be read".to_owned()));
    world.tell(Message::Answer(Question::VerifyLog, Box::new(failed)));
    world.see_not("checking the chain").see_not("chain whole");
}

#[test]
fn the_filter_goes_round() {
    let mut world = opened((120, 36));
    world.keys("ff");
    world.see("what you did").see_not("sent alone");
    world.keys("f");
    world.see("what rules did").see("sent alone");
    world.see_not("approved out, edited");
    world.keys("f");
    world.see("approved out, edited").see("sent alone");
}

#[test]
fn hidden_characters_of_a_logged_text_are_shown_and_do_nothing() {
    let mut world = opened((120, 36));
    world.keys("jjj");
    world.see("┆ Pay⟦").see("released in, hidden removed");
    assert!(!world.text().contains(['\u{202e}', '\u{1b}']));
}

#[test]
fn a_difference_shows_hidden_characters_once() {
    // What was sanitised was sanitised again, so its brackets looked like the peer's own.
    let mut world = opened((120, 36));
    world.keys("jjjd");
    world.see("┆ Pay⟦U+202E").see_not("⟦⟦").see_not("⟧⟧");
}

#[test]
fn a_redacted_text_leaves_its_digest() {
    let mut world = opened((120, 36));
    world.keys("G");
    world.see("redacted, digest");
}

#[test]
fn the_end_of_a_full_page_asks_for_the_one_before_it() {
    let mut world = World::new(Facts::busy(), (80, 24));
    world.keys("L");
    let page = |from: i64| -> Vec<_> {
        let numbers = (0..100).map(|down| from - down);
        numbers
            .map(|number| entry(number, Actor::Rule, "held_in", MARTA, ""))
            .collect()
    };
    answer(&mut world, Question::Log(None), Reply::Log(page(1_248)));
    assert!(!asked(&world).contains(&&Question::Log(Some(1_149))));
    world.keys("G");
    let before = Request::Log {
        limit: 100,
        before: Some(1_149),
    };
    let ask = Effect::Ask(before, Question::Log(Some(1_149)));
    assert!(world.done.contains(&ask));
    let last = vec![entry(1_148, Actor::Human, "stopped", TOMAS, "")];
    answer(&mut world, Question::Log(Some(1_149)), Reply::Log(last));
    world.keys("G");
    world.see("stopped channel");
    assert!(!asked(&world).contains(&&Question::Log(Some(1_148))));
}

#[test]
fn escape_closes_the_entry_and_then_the_log() {
    let mut world = opened((120, 36));
    world.keys("<enter>");
    world.see_not("why / rule");
    world.keys("<esc>");
    world.see("why / rule");
    world.keys("<esc>");
    world.see_not("DECISION LOG");
}

#[test]
fn exporting_is_the_command_lines_work() {
    let mut world = opened((120, 36));
    world.keys("x");
    world.see("chaperon log export writes it as JSON lines");
}
