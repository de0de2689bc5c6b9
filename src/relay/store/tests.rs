use std::time::Duration;

use super::*;
use crate::model::UnixMillis;
use crate::relay::index::{Facts, KEEP_HANDSHAKE, KEEP_MESSAGE, KEEP_NUMBER};
use std::sync::atomic::{AtomicI64, Ordering};

/// A store in a directory of its own, whose time only moves when told to.
struct World {
    directory: tempfile::TempDir,
    time: Arc<AtomicI64>,
    index: Arc<Index>,
    opened: Option<(Store, Reader, Threads)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            directory: tempfile::tempdir().unwrap(),
            time: Arc::new(AtomicI64::new(1_000_000_000_000)),
            index: Arc::new(Index::new("run".into())),
            opened: None,
        };
        world.open();
        world
    }

    fn open(&mut self) {
        self.opened = None;
        self.index = Arc::new(Index::new("run".into()));
        let time = Arc::clone(&self.time);
        let surroundings = Surroundings {
            index: Arc::clone(&self.index),
            waiters: Waiters::new(100),
            clock: Clock::new(move || UnixMillis(time.load(Ordering::SeqCst))),
            max_waiting: 3,
        };
        self.opened = Some(open(self.directory.path(), surroundings).unwrap());
    }

    fn pass(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap();
        self.time.fetch_add(span, Ordering::SeqCst);
    }

    async fn change(&self, channel: &str, what: What) -> Outcome {
        let (store, ..) = self.opened.as_ref().unwrap();
        store.change(channel.into(), what).await
    }

    async fn post(&self, channel: &str, payload: &str) -> Outcome {
        let payload = payload.as_bytes().to_vec();
        self.change(channel, What::Post { payload, key: None })
            .await
    }

    async fn post_once(&self, channel: &str, payload: &str, key: &str) -> Outcome {
        let mut digest = [0; 32];
        digest[..payload.len()].copy_from_slice(payload.as_bytes());
        let key = Some(IdempotencyKey {
            key: key.into(),
            digest,
        });
        let payload = payload.as_bytes().to_vec();
        self.change(channel, What::Post { payload, key }).await
    }

    async fn delete(&self, channel: &str, seq: i64) {
        let outcome = self.change(channel, What::Delete { seq }).await;
        assert_eq!(outcome, Ok(Done::Deleted));
    }

    async fn shake(&self, channel: &str) -> Outcome {
        let body = b"{}".to_vec();
        self.change(channel, What::Handshake { body }).await
    }

    fn list(&self, channel: &str) -> String {
        let (_, reader, _) = self.opened.as_ref().unwrap();
        let Some(facts) = self.index.facts(channel) else {
            return "[]".into();
        };
        let all = (0, facts.last_seq);
        let page = reader.messages((facts.id, channel), all).unwrap();
        String::from_utf8(page.text).unwrap()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "compared with outcomes")]
fn posted(seq: i64) -> Outcome {
    Ok(Done::Posted { seq })
}

fn before(span: Duration, millis: u64) -> Duration {
    span.checked_sub(Duration::from_millis(millis)).unwrap()
}

#[tokio::test]
async fn numbers_are_never_reused_after_deletes_and_restarts() {
    let mut world = World::new();
    for seq in 1..=3 {
        assert_eq!(world.post("a", "1").await, posted(seq));
    }
    for seq in 1..=3 {
        world.delete("a", seq).await;
    }
    world.open();
    assert_eq!(world.post("a", "1").await, posted(4));
    world.open();
    assert_eq!(world.post("a", "1").await, posted(5));
    assert_eq!(world.post("b", "1").await, posted(1));
}

#[tokio::test]
async fn the_index_after_a_restart_is_what_it_was() {
    let mut world = World::new();
    world.post("a", "\"xyz\"").await.unwrap();
    world.post_once("a", "1", "key").await.unwrap();
    world.delete("a", 1).await;
    world.shake("a").await.unwrap();
    world.shake("a").await.unwrap();
    let before = world.index.facts("a").unwrap();
    world.open();
    let after = world.index.facts("a").unwrap();
    let version = before.version;
    assert_eq!(
        after,
        Facts {
            version: after.version,
            ..before
        }
    );
    assert_eq!((version, after.waiting, after.bytes), (5, 1, 1));
    assert_eq!(after.handshake_writes, 2);
}

#[tokio::test]
async fn a_full_channel_takes_nothing_until_something_is_deleted() {
    let world = World::new();
    for seq in 1..=3 {
        assert_eq!(world.post("a", "1").await, posted(seq));
    }
    assert_eq!(world.post("a", "1").await, Err(Refused::Full));
    world.delete("a", 2).await;
    assert_eq!(world.post("a", "1").await, posted(4));
}

#[tokio::test]
async fn an_idempotency_key_stores_its_payload_once() {
    let mut world = World::new();
    assert_eq!(world.post_once("a", "1", "k").await, posted(1));
    assert_eq!(world.post_once("a", "1", "k").await, posted(1));
    assert_eq!(
        world.post_once("a", "2", "k").await,
        Err(Refused::KeyReused)
    );
    assert_eq!(world.post_once("b", "2", "k").await, posted(1));
    world.delete("a", 1).await;
    world.open();
    assert_eq!(world.post_once("a", "1", "k").await, posted(1));
    assert_eq!(world.list("a"), "[]");
    world.pass(KEEP_MESSAGE);
    assert_eq!(world.post_once("a", "2", "k").await, posted(2));
}

#[tokio::test]
async fn a_repeat_is_answered_even_when_the_channel_is_full() {
    let world = World::new();
    for seq in 1..=3 {
        let key = seq.to_string();
        assert_eq!(world.post_once("a", "1", &key).await, posted(seq));
    }
    assert_eq!(world.post_once("a", "1", "2").await, posted(2));
}

#[tokio::test]
async fn messages_expire_one_by_one_and_their_numbers_stay_taken() {
    let mut world = World::new();
    world.post("a", "1").await.unwrap();
    world.pass(Duration::from_secs(60));
    world.post("a", "2").await.unwrap();
    world.pass(before(KEEP_MESSAGE, 60_000));
    world.change("a", What::Expire).await.unwrap();
    assert_eq!(
        world.list("a"),
        r#"[{"channel_id":"a","seq":2,"payload":2}]"#
    );
    world.pass(Duration::from_secs(60));
    world.change("a", What::Expire).await.unwrap();
    assert_eq!(world.list("a"), "[]");
    world.open();
    assert_eq!(world.post("a", "1").await, posted(3));
}

#[tokio::test]
async fn a_handshake_lives_seven_days_from_its_last_write() {
    let world = World::new();
    assert_eq!(world.shake("a").await, Ok(Done::Written(1)));
    world.pass(before(KEEP_HANDSHAKE, 1));
    assert_eq!(world.shake("a").await, Ok(Done::Written(2)));
    world.pass(before(KEEP_HANDSHAKE, 1));
    world.change("a", What::Expire).await.unwrap();
    assert_eq!(world.index.facts("a").unwrap().handshake_writes, 2);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.shake("a").await, Ok(Done::Written(1)));
}

#[tokio::test]
async fn a_number_is_remembered_for_sixty_idle_days() {
    let mut world = World::new();
    world.post("a", "1").await.unwrap();
    world.delete("a", 1).await;
    world.pass(before(KEEP_NUMBER, 1));
    world.change("a", What::Expire).await.unwrap();
    assert!(world.index.facts("a").is_some());
    world.pass(Duration::from_millis(1));
    world.change("a", What::Expire).await.unwrap();
    assert!(world.index.facts("a").is_none());
    world.open();
    assert!(world.index.facts("a").is_none());
    assert_eq!(world.post("a", "1").await, posted(1));
}

#[tokio::test]
async fn a_directory_belongs_to_one_relay_at_a_time() {
    let world = World::new();
    let surroundings = Surroundings {
        index: Arc::clone(&world.index),
        waiters: Waiters::new(1),
        clock: Clock::system(),
        max_waiting: 1,
    };
    let second = open(world.directory.path(), surroundings);
    assert!(matches!(second, Err(OpenError::InUse)));
}

#[tokio::test]
async fn the_log_stays_bounded_while_writing_goes_on() {
    let world = World::new();
    let payload = vec![b'1'; 900_000];
    for _ in 0..100 {
        let what = What::Post {
            payload: payload.clone(),
            key: None,
        };
        let Ok(Done::Posted { seq }) = world.change("a", what).await else {
            panic!("refused");
        };
        world.delete("a", seq).await;
    }
    let log = world.directory.path().join("relay.sqlite-wal");
    // 90 MB were written; the log is copied when 32 MB have gathered.
    assert!(fs::metadata(log).unwrap().len() < 60_000_000);
}
