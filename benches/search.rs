//! What a search costs in a profile of 100,000 messages, what the index costs when messages
//! arrive, how long it takes to build, and how large it is.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may fail loudly"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use chaperon::api::{Found, Handle, Reply, Request};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Admission, Body, ChannelId, ChannelState, Content, Digest, NetworkId, Passphrase, PeerText,
    UnixMillis,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;
use chaperon::store::channels::{self, NewChannel};
use chaperon::store::messages::{self, NewInbound};
use chaperon::store::{Store, settings};

const MESSAGES: u32 = 100_000;
const CHANNELS: u32 = 50;
/// Runs of each search; the median and the slowest count.
const RUNS: usize = 21;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let profile = Profile::at(dir.path());
    profile.create().unwrap();
    let (with, without) = fill(&profile);
    println!("{MESSAGES} messages, {CHANNELS} channels");
    println!(
        "  storing 256 at once     {with:>10.2?} with the list of the index, {without:.2?} without"
    );
    println!("  file before             {:>10} kB", size(dir.path()));
    runtime.block_on(async {
        let hosted = Hosted::start(&profile, Mode::OnDemand, system_clock()).unwrap();
        let handle = hosted.handle();
        build(&handle, "in the file").await;
        println!("  file with the index     {:>10} kB", size(dir.path()));
        searches(&handle).await;
        let passphrase = Passphrase::new("correct horse");
        let new = passphrase.clone();
        let began = Instant::now();
        handle.ask(Request::SetPassphrase { new }).await.unwrap();
        println!("  setting a passphrase    {:>10.2?}", began.elapsed());
        hosted.stop().await;
        let hosted =
            Hosted::start_with(&profile, Mode::OnDemand, system_clock(), Some(&passphrase));
        let hosted = hosted.unwrap();
        println!("protected, {} kB resident", resident());
        build(&hosted.handle(), "in memory").await;
        println!("  resident with the index {:>10} kB", resident());
        searches(&hosted.handle()).await;
        hosted.stop().await;
    });
}

/// Waits until everything is indexed, searching now and then as a screen does.
async fn build(handle: &Handle, place: &str) {
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    loop {
        let asked = Instant::now();
        let found = search(handle, "kalo").await;
        slowest = slowest.max(asked.elapsed());
        if found.index.waiting == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed();
    println!("  building it {place:<11} {took:>10.2?}, the slowest search meanwhile {slowest:.2?}");
}

async fn searches(handle: &Handle) {
    for (what, query) in [
        ("a common word", "kalo"),
        ("beginning, 2 letters", "ka"),
        ("a rare word", "needle"),
        ("no such word", "haystackless"),
        ("two common words", "kalo mire"),
        ("a phrase", "\"kalo mire\""),
        ("common, from one", "kalo from:me"),
        ("common, one channel", "kalo channel:number17"),
        ("common, held", "kalo is:held"),
        ("common, long ago", "kalo before:1971"),
        ("all but a common word", "-kalo"),
        ("one character", "会"),
    ] {
        let mut times = Vec::new();
        let mut total = (0, false);
        for _ in 0..RUNS {
            let began = Instant::now();
            let found = search(handle, query).await;
            times.push(began.elapsed());
            total = (found.total, found.more);
        }
        times.sort();
        let (median, slowest) = (
            times.get(RUNS / 2).expect("there are as many"),
            times.last().unwrap(),
        );
        let more = if total.1 { "+" } else { "" };
        println!(
            "  {what:<23} {median:>10.2?}, slowest {slowest:>9.2?}, {}{more} found",
            total.0
        );
    }
}

async fn search(handle: &Handle, query: &str) -> Found {
    let request = Request::Search {
        query: PeerText::new(query),
        offset: 0,
        limit: 50,
    };
    let Ok(Reply::Found(found)) = handle.ask(request).await else {
        panic!("a search is answered with what was found");
    };
    *found
}

fn add_channels(store: &mut Store) -> Vec<ChannelId> {
    let tx = store.write().unwrap();
    let ids = (0..CHANNELS)
        .map(|number| {
            let new = NewChannel {
                account: None,
                network: NetworkId::Mailbox,
                address: &format!("address{number}"),
                name: &PeerText::new(format!("number{number}")),
                phone: None,
                state: ChannelState::Closed,
                inviter: true,
                relay: "http://127.0.0.1:1",
                secret: &[1; 32],
                our_key: "b3Vycw==",
                their_key: None,
                announce: false,
                preset: "safe-acquaintance",
                instructions: "",
                created_at: UnixMillis(0),
                last_seen: None,
            };
            channels::insert(&tx, &new).unwrap()
        })
        .collect();
    tx.commit().unwrap();
    ids
}

/// Fills a profile; returns what the last 256 messages cost with the triggers of the index and
/// what as many cost where a passphrase turns them off.
fn fill(profile: &Profile) -> (Duration, Duration) {
    let mut store = Store::open(&profile.database()).unwrap();
    let ids = add_channels(&mut store);
    let words = Vocabulary::new();
    let mut random = 7_u64;
    let mut store_some = |store: &mut Store, from: u32, to: u32| {
        let began = Instant::now();
        let tx = store.write().unwrap();
        for number in from..to {
            let text = words.text(&mut random, number);
            let mut envelope = [0; 32];
            envelope
                .iter_mut()
                .zip(number.to_le_bytes())
                .for_each(|(slot, byte)| *slot = byte);
            let rule = "bench".to_owned();
            let new = NewInbound {
                channel: *ids
                    .get((number % CHANNELS) as usize)
                    .expect("it is one of them"),
                seq: Some(number.into()),
                at: UnixMillis(i64::from(number) * 600_000),
                content: &Content::Text(Body::new("", text)),
                envelope: Digest(envelope),
                admission: &if number % 1000 == 0 {
                    Admission::Held { rule }
                } else {
                    Admission::Released { rule }
                },
                signals: &[],
                digest: false,
            };
            messages::receive(&tx, &new).unwrap();
        }
        tx.commit().unwrap();
        began.elapsed()
    };
    let mut with = Vec::new();
    let mut from = 0;
    while from < MESSAGES - 2048 {
        let to = (from + 1024).min(MESSAGES - 2048);
        store_some(&mut store, from, to);
        from = to;
    }
    let mut without = Vec::new();
    for round in 0..8 {
        let to = from + 256;
        if round % 2 == 0 {
            with.push(store_some(&mut store, from, to));
        } else {
            // The triggers do nothing where there is a passphrase.
            let tx = store.write().unwrap();
            settings::set(&tx, "vault_lock", "for the bench").unwrap();
            tx.commit().unwrap();
            without.push(store_some(&mut store, from, to));
            let tx = store.write().unwrap();
            settings::clear(&tx, "vault_lock").unwrap();
            tx.commit().unwrap();
        }
        from = to;
    }
    (*with.iter().min().unwrap(), *without.iter().min().unwrap())
}

/// Forty thousand invented words, the first of them common.
struct Vocabulary(Vec<String>);

impl Vocabulary {
    fn new() -> Self {
        const PARTS: [&str; 16] = [
            "ka", "lo", "mi", "re", "tu", "son", "ber", "dal", "fi", "gor", "han", "jul", "nep",
            "pra", "vex", "wyn",
        ];
        let word = |number: usize| {
            let mut number = number;
            let mut word = String::new();
            loop {
                word.push_str(PARTS.get(number % 16).unwrap());
                number /= 16;
                if number == 0 {
                    return word;
                }
            }
        };
        let mut words: Vec<String> = ["kalo", "mire"].map(str::to_owned).to_vec();
        words.extend((256..40_000).map(word));
        Self(words)
    }

    /// Ten to eighty words; the smaller its number, the more often one is taken.
    fn text(&self, random: &mut u64, number: u32) -> String {
        let mut next = |below: u64| {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            *random % below
        };
        let mut text = String::new();
        for _ in 0..10 + next(70) {
            let (one, other) = (next(200), next(200));
            let rank = usize::try_from(one * other).unwrap() % self.0.len();
            text.push_str(self.0.get(rank).expect("it is one of them"));
            text.push(' ');
        }
        if number % 5000 == 7 {
            text.push_str("needle 会議室");
        }
        text
    }
}

/// Bytes of the database and what lies beside it, in thousands.
fn size(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    bytes / 1000
}

/// Memory of this process, in thousands of bytes; 0 where the system does not say.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096 / 1000
}
