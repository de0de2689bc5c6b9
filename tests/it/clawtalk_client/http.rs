//! What the client makes of a relay's answers.

use std::time::Duration;

use chaperon::net::Retry;
use chaperon::net::clawtalk::client::{Client, Deleted, Refusal, Why, health, register};
use chaperon::net::clawtalk::pages::Query;
use chaperon::wire::clawtalk::{
    AgentName, ApiKey, Audit, Direction, EnvelopeId, Found, InviteCode, KeyError, find,
};
use chaperon::wire::mailbox::RelayUrl;

use super::{Ours, name, url, wait};
use crate::support::clawtalk_server::Serves;

fn invite(code: &str) -> InviteCode {
    InviteCode::parse(code).unwrap()
}

#[test]
fn an_agent_registers_uploads_its_keys_and_is_found() {
    let relay = Serves::start();
    let at = url(&relay);
    assert_eq!(wait(health(&at)), Ok(Some(0)));
    let dora = AgentName::registrable("Dora").unwrap();
    let (registered, key) = wait(register(&at, &invite("welcome"), &dora, None)).unwrap();
    assert_eq!(registered, dora);
    let client = Client::new(&at, key).unwrap();
    let ours = Ours::without_keys(&relay, "Bob");
    let entries = || {
        wait(client.agents())
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    assert_eq!(entries()[0].keys, Err(KeyError::Missing));
    wait(client.upload_keys(&dora, &ours.public())).unwrap();
    // The directory shows the old ones for a while.
    assert_eq!(entries()[0].keys, Err(KeyError::Missing));
    let now = 30_000 + i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    relay.relay().stopped = Some(now);
    let entries = entries();
    assert_eq!(entries[0].keys, Ok(ours.public()));
    assert!(entries[0].online && entries[0].last_seen.is_some());
    assert!(matches!(find(&entries, "dora"), Found::OtherCase(entry) if entry.name == dora));
}

#[test]
fn a_refused_registration_says_what_is_wrong() {
    let relay = Serves::start();
    let at = url(&relay);
    relay.relay().register("Bob");
    let problem = |code: &str, name: &str| {
        let name = AgentName::parse(name).unwrap();
        let refusal = wait(register(&at, &invite(code), &name, None)).unwrap_err();
        assert_eq!(refusal.failure.retry, Retry::Never);
        (refusal.why, refusal.failure.problem)
    };
    let said = |why, text: &str| (why, text.to_owned());
    assert_eq!(
        problem("used-up", "Eve"),
        said(Why::Forbidden, "the invite was used up")
    );
    assert_eq!(
        problem("expired", "Eve"),
        said(Why::Forbidden, "the invite has expired")
    );
    let unknown = "the relay does not know this invite, or it has expired";
    assert_eq!(problem("zzz", "Eve"), said(Why::Forbidden, unknown));
    assert_eq!(
        problem("welcome", "Bob"),
        said(Why::Taken, "the name is taken")
    );
}

#[test]
fn a_message_is_posted_read_and_deleted_once() {
    let relay = Serves::start();
    let (alice, bob) = (Ours::at(&relay, "Alice"), Ours::at(&relay, "Bob"));
    let outgoing = alice.seal("Bob", &bob.public(), "{\"text\":\"hi\"}");
    let taken = wait(alice.client.post(&outgoing.body, "key")).unwrap();
    let id = taken.posted.id.unwrap();
    assert!(taken.answer.contains(id.as_str()));
    let inbox = wait(bob.client.inbox()).unwrap();
    assert!(inbox.complete);
    let envelope = inbox.messages[0].as_ref().unwrap();
    assert_eq!(envelope.id.as_ref(), Some(&id));
    assert_eq!(wait(alice.client.delete(&id)), Ok(Deleted::Before));
    assert_eq!(wait(bob.client.delete(&id)), Ok(Deleted::Now));
    assert_eq!(wait(bob.client.delete(&id)), Ok(Deleted::Before));
    assert_eq!(wait(bob.client.inbox()).unwrap().messages, []);
    let audit = Audit {
        id: &id,
        direction: Direction::Received,
        from: &name("Alice"),
        to: &name("Bob"),
        topic: None,
        correlation: None,
        payload: "{}",
        at: envelope.at.unwrap(),
    };
    wait(bob.client.audit(&audit)).unwrap();
    assert_eq!(relay.relay().audit, [audit.encode()]);
}

#[test]
fn nobody_is_told_of_a_recipient_that_is_unknown() {
    let relay = Serves::start();
    let (alice, bob) = (Ours::at(&relay, "Alice"), Ours::at(&relay, "Bob"));
    let outgoing = alice.seal("Nobody", &bob.public(), "{}");
    // That is why the directory is looked at first.
    assert!(wait(alice.client.post(&outgoing.body, "key")).is_ok());
    let entries: Vec<_> = wait(alice.client.agents())
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(find(&entries, "Nobody"), Found::Nobody);
}

#[test]
fn more_than_a_page_is_read_through_every_oddity() {
    let relay = Serves::start();
    let bob = Ours::at(&relay, "Bob");
    {
        let mut relay = relay.relay();
        relay.strange_entries = vec![String::from("{\"name\":\"x/y\",\"publicKey\":5}")];
        for number in 0..320 {
            let id = format!("m{number}");
            let ts = chaperon::wire::clawtalk::encode_time(chaperon::model::UnixMillis(number / 2));
            let json = format!(
                r#"{{"id":"{id}","from":"Eve","payload":"AAAA","encrypted":true,"nonce":"AA","ts":"{ts}"}}"#
            );
            relay.plant("Bob", number / 2, &id, &json);
        }
    }
    let inbox = wait(bob.client.inbox()).unwrap();
    assert_eq!(inbox.messages.len(), 320);
    assert!(inbox.complete);
    let entries = wait(bob.client.agents()).unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.is_ok()).count(), 1);
    let asked = relay.relay().asked.clone();
    assert!(
        asked
            .iter()
            .any(|line| line == "GET /messages?limit=100&sort=asc&since=1970-01-01T00:00:00.048Z"),
        "{asked:?}"
    );
}

#[test]
fn the_eleventh_post_of_ten_seconds_is_refused_for_now() {
    let relay = Serves::start();
    let (alice, bob) = (Ours::at(&relay, "Alice"), Ours::at(&relay, "Bob"));
    relay.relay().stopped = Some(0);
    let post = |key: &str| {
        wait(
            alice
                .client
                .post(&alice.seal("Bob", &bob.public(), "{}").body, key),
        )
    };
    for _ in 0..10 {
        post("k").unwrap();
    }
    let refusal = post("k").unwrap_err();
    assert_eq!(refusal.why, Why::RateLimited);
    assert_eq!(refusal.failure.retry, Retry::Later);
    assert_eq!(
        refusal.words.expose_untrusted(),
        "Rate limit exceeded (30/min)"
    );
    relay.relay().stopped = Some(10_000);
    post("k").unwrap();
}

fn refused(status: u16, body: &str) -> Refusal {
    let relay = Serves::start();
    let alice = Ours::at(&relay, "Alice");
    relay.relay().failures.push((status, body.to_owned()));
    let outgoing = alice.seal("Alice", &alice.public(), "{}");
    wait(alice.client.post(&outgoing.body, "k")).unwrap_err()
}

/// What a relay answers to a post (a code of its own, or else a body), and what that comes to.
const REFUSALS: &[(u16, &str, Why, Retry, &str)] = {
    use Retry::{Later, Never};
    &[
        (
            401,
            "UNAUTHORIZED",
            Why::Unauthorized,
            Later,
            "the relay does not know our API key",
        ),
        (
            403,
            "FORBIDDEN",
            Why::Forbidden,
            Never,
            "the relay does not allow that",
        ),
        (
            404,
            "NOT_FOUND",
            Why::NotFound,
            Never,
            "the relay has no such thing",
        ),
        (
            404,
            "<html>",
            Why::NotFound,
            Never,
            "this address is not a ClawTalk relay",
        ),
        (
            405,
            "<html>",
            Why::NotFound,
            Never,
            "this address is not a ClawTalk relay",
        ),
        (
            400,
            "PAYLOAD_TOO_LARGE",
            Why::TooLong,
            Never,
            "the relay refused it: too large",
        ),
        (
            413,
            "<html>",
            Why::TooLong,
            Never,
            "the relay refused it: too large",
        ),
        (
            400,
            "BAD_REQUEST",
            Why::Refused,
            Never,
            "the relay refused it (400)",
        ),
        (
            429,
            "RATE_LIMITED",
            Why::RateLimited,
            Later,
            "the relay asks to come back later",
        ),
        (
            302,
            "<html>",
            Why::Refused,
            Never,
            "the relay points to another address",
        ),
        (
            500,
            "INTERNAL_ERROR",
            Why::Failed,
            Later,
            "the relay failed (500)",
        ),
        (507, "<html>", Why::Failed, Later, "the relay failed (507)"),
        (
            201,
            "{}",
            Why::Unreadable,
            Later,
            "the relay's answer has no id for the message",
        ),
    ]
};

#[test]
fn every_way_to_say_no_is_understood() {
    for (status, said, why, retry, problem) in REFUSALS {
        let body = if said.starts_with(['<', '{']) {
            (*said).to_owned()
        } else {
            format!("{{\"error\":\"\\u001b[31mwords\",\"code\":\"{said}\"}}")
        };
        let refusal = refused(*status, &body);
        assert_eq!(refusal.why, *why, "{status} {said}");
        assert_eq!(refusal.failure.retry, *retry, "{status} {said}");
        assert_eq!(refusal.failure.problem, *problem);
    }
    let refusal = refused(201, &"x".repeat(70_000));
    assert_eq!(refusal.why, Why::TooLong);
    assert_eq!(refusal.failure.retry, Retry::Later);
}

#[test]
fn a_relay_that_is_not_there_or_no_relay_is_told_apart() {
    let nowhere = RelayUrl::parse("http://127.0.0.1:9").unwrap();
    assert_eq!(wait(health(&nowhere)).unwrap_err().why, Why::Unreachable);
    let relay = Serves::start();
    relay
        .relay()
        .failures
        .push((200, String::from("{\"status\":\"ok\"}")));
    let refusal = wait(health(&url(&relay))).unwrap_err();
    assert_eq!(
        refusal.failure.problem,
        "this address is not a ClawTalk relay"
    );
    let stranger = ApiKey::parse(&format!("ct_{}", "x".repeat(43))).unwrap();
    let client = Client::new(&url(&relay), stranger).unwrap();
    assert_eq!(wait(client.agents()).unwrap_err().why, Why::Unauthorized);
    assert!(!format!("{client:?}").contains("ct_"));
}

#[test]
fn an_inbox_is_kept_as_far_as_it_was_read() {
    let relay = Serves::start();
    let bob = Ours::at(&relay, "Bob");
    relay.relay().failures.push((500, String::new()));
    assert_eq!(wait(bob.client.inbox()).unwrap_err().why, Why::Failed);
    for number in 0..150_i64 {
        let id = format!("m{number}");
        let json = format!("{{\"id\":\"{id}\",\"from\":\"Eve\",\"payload\":1}}");
        relay.relay().plant("Bob", number, &id, &json);
    }
    let first = Query {
        since: None,
        limit: 100,
    };
    let page = wait(bob.client.page(&first)).unwrap();
    assert_eq!(page.len(), 100);
    let ids = page.into_iter().map(|message| message.unwrap().id.unwrap());
    assert!(
        ids.eq((50..150)
            .rev()
            .map(|number| EnvelopeId::parse(&format!("m{number}")).unwrap()))
    );
}

/// A relay that answers once, with these bytes.
fn answers_once(bytes: &'static str) -> RelayUrl {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
    });
    RelayUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap()
}

#[test]
fn how_long_a_relay_asks_to_wait_is_read() {
    let at = answers_once(
        "HTTP/1.1 429 -\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let refusal = wait(health(&at)).unwrap_err();
    assert_eq!(refusal.wait, Some(Duration::from_secs(7)));
    let at = answers_once(
        "HTTP/1.1 429 -\r\nRetry-After: soon\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(wait(health(&at)).unwrap_err().wait, None);
}
