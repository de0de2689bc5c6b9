//! An engine in the background, several callers at once, and callers that go away.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Person, World, finish, texts, wait_for};

#[test]
fn every_verb_reaches_the_engine_that_runs() {
    let world = World::new();
    let (ana, bo) = (world.ana.engine(), world.bo.engine());
    world.ana.send(&world.channel, "there");
    let mut got = Vec::new();
    wait_for("the message", || {
        got.extend(world.bo.texts());
        (!got.is_empty()).then_some(())
    });
    assert_eq!(got, ["there"]);
    world.bo.send(&world.channel, "back");
    assert_eq!(world.ana.texts(), ["back"]);

    let invited = world.ana.invite("+15550133");
    world.bo.json(&["accept", &invited.url]);
    world.ana.json(&["check", "--accept-requests"]);
    assert_eq!(world.ana.channel(&invited.channel)["status"], "active");
    let preset = ["instructions", &invited.channel, "--preset", "one-time"];
    world.ana.json(&preset);
    assert_eq!(world.ana.json(&["status", "--json"])["active_channels"], 2);
    world.ana.json(&["log", "--json"]);
    assert_eq!((ana.stop(), bo.stop()), (Some(0), Some(0)));
    assert_eq!(world.ana.texts(), [""; 0]);
}

#[test]
fn the_assistant_s_role_on_the_socket_cannot_decide() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let world = World::new();
    let _engine = world.ana.engine();
    let socket = world.ana.home().join("engine.sock");
    let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let pause = json!({ "jsonrpc": "2.0", "id": 1, "method": "pause", "params": {} });
    writeln!(stream, "{pause}").unwrap();
    // Events of the engine's start may come first.
    let answer = BufReader::new(stream)
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|told| told["id"] == 1)
        .unwrap();
    assert_eq!(answer["error"]["message"], "this needs the supervisor role");
}

#[test]
fn our_own_messages_are_relayed_then_collected_and_never_returned() {
    let world = World::new();
    world.ana.send(&world.channel, "there");
    assert_eq!(world.ana.texts(), [""; 0]);
    let engine = world.ana.engine();
    let id = engine.id_of(&world.channel);
    let delivery = || engine.transcript(&id)[0]["delivery"]["delivery"].clone();
    assert_eq!(delivery(), "relayed");
    assert_eq!(world.relay.waiting(&world.channel).len(), 1);
    assert_eq!(world.bo.texts(), ["there"]);
    wait_for("the delivery to show", || {
        (delivery() == "collected").then_some(())
    });
    assert_eq!(world.ana.texts(), [""; 0]);
}

/// Many checks at the same moment; returns the texts that all of them printed.
fn check_at_once(person: &Person) -> Vec<String> {
    std::thread::scope(|scope| {
        let checks: Vec<_> = (0..6).map(|_| scope.spawn(|| person.texts())).collect();
        let texts = checks.into_iter().map(|check| check.join().unwrap());
        texts.flatten().collect()
    })
}

#[test]
fn checks_at_the_same_moment_never_return_a_message_twice() {
    let world = World::new();
    for with_engine in [false, true] {
        let _engine = with_engine.then(|| world.ana.engine());
        let sent: Vec<_> = (0..8).map(|number| format!("number {number}")).collect();
        for text in &sent {
            world.bo.send(&world.channel, text);
        }
        let mut got = check_at_once(&world.ana);
        got.extend(world.ana.texts());
        got.sort_unstable();
        assert_eq!(got, sent, "with an engine: {with_engine}");
    }
}

#[test]
fn a_check_whose_output_nobody_takes_loses_nothing() {
    let world = World::new();
    world.bo.send(&world.channel, "precious");
    let mut child = world
        .ana
        .command(&["check"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = finish(child);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(world.ana.texts(), ["precious"]);
    assert_eq!(world.ana.texts(), [""; 0]);
}

#[test]
fn a_check_that_is_killed_while_it_prints_loses_nothing() {
    let world = World::new();
    // More than a pipe holds: it cannot finish printing until somebody reads.
    let large = "x".repeat(100_000);
    world.bo.send(&world.channel, &large);
    let mut child = world
        .ana
        .command(&["check"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0_u8; 1];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(world.ana.texts(), [large]);
}

#[test]
fn a_killed_engine_leaves_nothing_in_the_way_of_the_next() {
    let world = World::new();
    drop(world.ana.engine());
    world.bo.send(&world.channel, "after");
    let messages = world.ana.check();
    assert_eq!(texts(&messages), ["after"]);
    let engine = world.ana.engine();
    assert_eq!(engine.stop(), Some(0));
}
