//! Limits, and clients that mean no good.

use chaperon::relay::{Limits, Rate};

use super::{World, listed};

const LIST: &str = "/channel/a/messages";

fn payload(length: usize) -> String {
    format!("{{\"payload\":\"{}\"}}", "x".repeat(length))
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_connection_lives_on() {
    let limits = Limits {
        max_body: 1_000,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut client = world.client().await;
    let overhead = payload(0).len();
    assert_eq!(
        client.post(LIST, &payload(1_000 - overhead)).await.status,
        200
    );
    for length in [1_001 - overhead, 3_000_000] {
        let refused = client.post(LIST, &payload(length)).await;
        assert_eq!(refused.status, 413);
        assert_eq!(refused.body, r#"{"error":"body too large"}"#);
    }
    let shake = Some(payload(2_000));
    let refused = client
        .send("PUT", "/channel/a/handshake", &[], shake.as_deref())
        .await;
    assert_eq!(refused.status, 413);
    assert_eq!(listed(&client.get(LIST).await.json()).len(), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let mut client = world.client().await;
    let head = "POST /channel/a/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n";
    client
        .raw(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes())
        .await;
    assert_eq!(client.finish(false).await.status, 413);

    let mut client = world.client().await;
    let huge =
        "POST /channel/a/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    client.raw(huge.as_bytes()).await;
    assert_eq!(client.finish(false).await.status, 413);
}

#[tokio::test]
async fn chunked_bodies_are_read_and_limited_too() {
    let limits = Limits {
        max_body: 100,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut client = world.client().await;
    let head = "POST /channel/a/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.raw(head.as_bytes()).await;
    client
        .raw(b"8\r\n{\"payloa\r\n7\r\nd\":[1]}\r\n0\r\n\r\n")
        .await;
    assert_eq!(client.finish(false).await.body, r#"{"ok":true,"seq":1}"#);
    client.raw(head.as_bytes()).await;
    for _ in 0..3 {
        client
            .raw(format!("40\r\n{}\r\n", " ".repeat(64)).as_bytes())
            .await;
    }
    client.raw(b"0\r\n\r\n").await;
    assert_eq!(client.finish(false).await.status, 413);
}

#[tokio::test]
async fn a_full_channel_refuses_until_a_message_is_deleted() {
    let limits = Limits {
        max_waiting: 2,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut client = world.client().await;
    for _ in 0..2 {
        assert_eq!(client.post(LIST, &payload(1)).await.status, 200);
    }
    let full = client.post(LIST, &payload(1)).await;
    assert_eq!(
        (full.status, full.body.as_str()),
        (429, r#"{"error":"channel is full"}"#)
    );
    assert_eq!(
        client.post("/channel/b/messages", &payload(1)).await.status,
        200
    );
    client
        .send("DELETE", "/channel/a/messages/1", &[], None)
        .await;
    assert_eq!(client.post(LIST, &payload(1)).await.json()["seq"], 3);
}

#[tokio::test]
async fn a_source_over_its_rate_is_told_when_to_come_back() {
    let rate = Rate {
        per_second: 1,
        burst: 2,
        loopback: true,
    };
    let limits = Limits {
        rate: Some(rate),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut client = world.client().await;
    for _ in 0..2 {
        assert_eq!(client.get(LIST).await.status, 200);
    }
    let refused = client.get(LIST).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.body, r#"{"error":"too many requests"}"#);
}

#[tokio::test]
async fn further_connections_wait_until_one_ends() {
    let limits = Limits {
        max_connections: 1,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut first = world.client().await;
    assert_eq!(first.get(LIST).await.status, 200);
    let mut second = world.client().await;
    second.start("GET", LIST, &[], None).await;
    assert_eq!(first.get(LIST).await.status, 200);
    drop(first);
    assert_eq!(second.finish(false).await.status, 200);
}

#[tokio::test]
async fn a_long_queue_comes_whole_and_in_order() {
    let world = World::new().await;
    let mut client = world.client().await;
    for _ in 0..20 {
        assert_eq!(client.post(LIST, &payload(100_000)).await.status, 200);
    }
    let list = listed(&client.get(LIST).await.json());
    assert!(list.iter().map(|(seq, _)| *seq).eq(1..=20));
    assert!(list.iter().all(|(_, payload)| payload.len() == 100_002));
    for seq in 1..20 {
        let path = format!("{LIST}/{seq}");
        client.send("DELETE", &path, &[], None).await;
    }
    assert_eq!(listed(&client.get(LIST).await.json()).len(), 1);
}

#[tokio::test]
async fn strange_paths_get_an_answer_each() {
    let world = World::new().await;
    let mut client = world.client().await;
    let huge = format!("/channel/{}/messages", "x".repeat(20_000));
    for (path, status) in [
        ("/channel/%00%ff%F0%9F/messages", 200),
        ("/channel/%/messages", 200),
        ("/channel/..%2f..%2fetc/messages", 200),
        ("/channel/a\\messages", 200),
        ("/channel/\u{fc}/messages", 200),
        ("/channel/{\"a\"}/messages", 200),
        ("/channel/a/../../messages", 404),
        ("////", 404),
        ("/x?/channel/a/messages", 404),
        (&huge, 400),
    ] {
        assert_eq!(client.get(path).await.status, status, "{path}");
    }
    client
        .post("/channel/{\"\u{fc}\"}/messages", &payload(1))
        .await;
    let list = client.get("/channel/%7B%22%C3%BC%22%7D/messages").await;
    assert_eq!(list.json()[0]["channel_id"], "%7B%22%C3%BC%22%7D");
}

#[tokio::test]
async fn nonsense_instead_of_http_closes_only_its_own_connection() {
    let world = World::new().await;
    let mut client = world.client().await;
    for junk in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"\r\n\r\n\0\0",
        b"GET\r\n\r\n",
    ] {
        let mut hostile = world.client().await;
        hostile.raw(junk).await;
        drop(hostile);
    }
    assert_eq!(client.get(LIST).await.body, "[]");
}

#[tokio::test]
async fn deep_and_broken_json_is_a_plain_400() {
    let world = World::new().await;
    let mut client = world.client().await;
    for body in [
        "[".repeat(100_000),
        format!("{{\"payload\":{}", "[".repeat(100_000)),
    ] {
        let refused = client.post(LIST, &body).await;
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (400, r#"{"error":"invalid JSON"}"#)
        );
    }
}
