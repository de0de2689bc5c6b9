//! How the terminal surface feels, measured on the real program in a pty: the first frame, keys,
//! rest, memory, a flood while typing, the end of the terminal, and long work.
//!
//! `cargo bench --bench feel` runs all of it; a word after `--` runs that part: `screen`,
//! `flood`, `long`. `FEEL_MESSAGES`, `FEEL_CHANNELS` and `FEEL_FLOOD` set other sizes. Targets
//! are in docs/performance.md. On a shared machine times are +-2x; the line of an empty process,
//! and instructions where `perf` may count them, tell the machine from the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints and may fail loudly"
)]

use std::fs;
use std::io::{Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chaperon::api::{ChannelRef, Handle, Reply, Request, Thread};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Admission, Author, Body, ChannelId, Content, Digest, MessageId, Passphrase, PeerText,
    UnixMillis,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;
use chaperon::relay::{self, Limits};
use chaperon::store::{Store, messages};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::task::JoinSet;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chaperon");
const SIZE: PtySize = PtySize {
    rows: 36,
    cols: 120,
    pixel_width: 0,
    pixel_height: 0,
};
/// Starts of the program; the median counts.
const STARTS: usize = 11;
/// Keys whose frames are timed.
const KEYS: usize = 400;
/// Between two of them: a key that is held down repeats no faster.
const REPEAT: Duration = Duration::from_millis(20);
/// How long the program is left alone.
const REST: Duration = Duration::from_secs(30);
/// Between two letters of somebody who types fast.
const LETTER: Duration = Duration::from_millis(25);
/// Until a wait is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// What ends a frame: synchronised output is over.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";
/// Messages that are sent at once in the flood.
const ABREAST: usize = 16;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let count = size("FEEL_MESSAGES", 100_000);
    if runs("screen") || runs("flood") {
        let world = runtime.block_on(World::new(1, count));
        if runs("screen") {
            screen(&world, count);
        }
        if runs("flood") {
            flood(&world, &runtime, count);
        }
        runtime.block_on(world.relay.stop()).unwrap();
    }
    if runs("long") {
        runtime.block_on(long(count));
    }
}

fn size(variable: &str, usual: i64) -> i64 {
    let set = std::env::var(variable).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn line(what: &str, figure: &str, target: &str) {
    println!("  {what:<44} {figure:>18}   {target}");
}

/// A relay, somebody with a full profile, and somebody else on the first of their channels.
struct World {
    dir: tempfile::TempDir,
    relay: relay::Running,
    address: String,
    channel: ChannelId,
}

impl World {
    async fn new(channels: usize, count: i64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = relay::start(relay::Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: dir.path().join("relay"),
            limits: Limits::default(),
            clawtalk: None,
        })
        .await
        .unwrap();
        let url = format!("http://{}", relay.address());
        let me = profile(&dir.path().join("me"), &url);
        let other = profile(&dir.path().join("other"), &url);
        let (hosted, peer) = (host(&me), host(&other));
        for number in 0..channels {
            connect(&hosted.handle(), &peer.handle(), number).await;
        }
        let check = Request::Check {
            accept_requests: true,
        };
        hosted.handle().ask(check).await.unwrap();
        let Ok(Reply::Channels(known)) = hosted.handle().ask(Request::Channels).await else {
            panic!("channels are answered with channels");
        };
        hosted.stop().await;
        peer.stop().await;
        let channel = known.first().unwrap();
        fill(&me, channel.id, count);
        Self {
            address: channel.address.clone(),
            channel: channel.id,
            dir,
            relay,
        }
    }

    fn me(&self) -> Profile {
        Profile::at(self.dir.path().join("me"))
    }

    fn program(&self) -> CommandBuilder {
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        command.env("HOME", self.dir.path());
        command.env("PATH", "/usr/bin:/bin");
        command.env("TERM", "xterm-256color");
        command.arg("--home");
        command.arg(self.me().data_dir());
        command
    }
}

fn profile(dir: &Path, relay: &str) -> Profile {
    fs::create_dir_all(dir).unwrap();
    let config = format!("mailbox_url = \"{relay}\"\n");
    fs::write(dir.join("config.toml"), config).unwrap();
    Profile::at(dir)
}

fn host(profile: &Profile) -> Hosted {
    Hosted::start(profile, Mode::OnDemand, system_clock()).unwrap()
}

async fn connect(me: &Handle, other: &Handle, number: usize) {
    let invite = Request::Invite {
        phone: None,
        name: Some(PeerText::new(format!("Peer {number}"))),
        sender: None,
        preset: None,
        relay: None,
        replaces: None,
    };
    let Ok(Reply::Invite(invite)) = me.ask(invite).await else {
        panic!("an invite is answered with an invite");
    };
    let accept = Request::Accept {
        url: invite.url,
        preset: None,
        name: None,
    };
    other.ask(accept).await.unwrap();
}

/// Puts messages into a channel as if they had arrived over two months.
fn fill(profile: &Profile, channel: ChannelId, count: i64) {
    let now = system_clock()();
    let mut store = Store::open(&profile.database()).unwrap();
    let tx = store.write().unwrap();
    let admission = Admission::Released {
        rule: "all".to_owned(),
    };
    let mut last = MessageId(0);
    for number in 1..=count {
        let text = format!(
            "Number {number}: could we hold the room for thirty minutes on Thursday? It expires."
        );
        let mut envelope = [0; 32];
        for (slot, byte) in envelope.iter_mut().zip(number.to_le_bytes()) {
            *slot = byte;
        }
        let new = messages::NewInbound {
            channel,
            seq: Some(number),
            at: UnixMillis(now.0 - (count - number) * 50_000),
            content: &Content::Text(Body::new("", text)),
            envelope: Digest(envelope),
            admission: &admission,
            signals: &[],
            digest: false,
        };
        if let messages::Arrival::New(id) = messages::receive(&tx, &new).unwrap() {
            last = id;
        }
    }
    messages::mark_read(&tx, channel, last).unwrap();
    tx.commit().unwrap();
}

/// What came out of the terminal.
#[derive(Default)]
struct Output {
    parser: vt100::Parser,
    /// When frames ended, in order.
    frames: Vec<Instant>,
    tail: Vec<u8>,
    /// Whether nobody wants to hear more.
    ended: bool,
}

/// The program in a terminal of 120x36.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Arc<(Mutex<Output>, Condvar)>,
    listener: JoinHandle<()>,
    began: Instant,
}

impl Session {
    fn start(command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let output = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(
                    SIZE.rows.try_into().unwrap(),
                    SIZE.cols.try_into().unwrap(),
                    0,
                ),
                ..Output::default()
            }),
            Condvar::new(),
        ));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&output);
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let listener = std::thread::spawn(move || {
            let mut chunk = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let read = &chunk[..count];
                let mut output = shared.0.lock().unwrap();
                output.take(read);
                let last = output.ended;
                drop(output);
                shared.1.notify_all();
                if last {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self {
            child,
            master: pair.master,
            keys,
            output,
            listener,
            began,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen shows this; returns when the frame with it was there.
    fn see(&self, words: &str) -> Instant {
        self.wait(words, |output| {
            output.parser.screen().contents().contains(words)
        })
    }

    #[expect(
        clippy::significant_drop_tightening,
        reason = "what was reached and what is shown have to be of one moment"
    )]
    fn wait(&self, what: &str, reached: impl Fn(&Output) -> bool) -> Instant {
        let output = self.output.0.lock().unwrap();
        let (output, waited) = self
            .output
            .1
            .wait_timeout_while(output, PATIENCE, |output| !reached(output))
            .unwrap();
        let screen = output.parser.screen().contents();
        assert!(!waited.timed_out(), "no {what:?} in\n{screen}");
        Instant::now()
    }

    fn frames(&self) -> usize {
        self.output.0.lock().unwrap().frames.len()
    }

    /// Presses one key and returns how long its frame took.
    fn key_to_frame(&mut self, key: &str) -> Duration {
        let before = self.frames();
        let began = Instant::now();
        self.press(key);
        self.wait("a frame", |output| output.frames.len() > before);
        let frame = self.output.0.lock().unwrap().frames.get(before).copied();
        frame.unwrap().duration_since(began)
    }

    fn status(&self, field: &str) -> u64 {
        let id = self.child.process_id().unwrap();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ticks of processor time so far, of all threads.
    fn ticks(&self) -> u64 {
        let id = self.child.process_id().unwrap();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        // The name before the last bracket may hold spaces.
        let rest = stat.rsplit_once(')').unwrap().1;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |at: usize| fields[at].parse::<u64>().unwrap();
        field(11) + field(12)
    }

    /// Waits until what was begun in the background is over; returns how long that took.
    fn rest(&self) -> Duration {
        let began = Instant::now();
        loop {
            let before = self.ticks();
            std::thread::sleep(Duration::from_secs(3));
            if self.ticks() - before <= 1 || began.elapsed() > PATIENCE {
                return began.elapsed();
            }
        }
    }

    fn quit(mut self) {
        self.press("\u{1b}");
        std::thread::sleep(Duration::from_millis(500));
        self.press("qq");
        self.child.wait().unwrap();
    }

    /// Takes the terminal away; returns how long the program took to end. Every handle has to go,
    /// the listener's too, which lets go of its own at the next output.
    fn lose_terminal(mut self) -> Duration {
        self.output.0.lock().unwrap().ended = true;
        self.press("x");
        self.listener.join().unwrap();
        let began = Instant::now();
        drop(self.keys);
        drop(self.master);
        self.child.wait().unwrap();
        began.elapsed()
    }
}

impl Output {
    fn take(&mut self, read: &[u8]) {
        let now = Instant::now();
        self.parser.process(read);
        self.tail.extend_from_slice(read);
        let mut from = 0;
        while let Some(at) = find(&self.tail[from..], END_OF_FRAME) {
            self.frames.push(now);
            from += at + END_OF_FRAME.len();
        }
        let keep = self
            .tail
            .len()
            .saturating_sub(END_OF_FRAME.len() - 1)
            .max(from);
        self.tail.drain(..keep);
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

/// Returns the value below which this part of them lies, in percent.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len() - 1;
    sorted[(last * percent).div_ceil(100).min(last)]
}

fn screen(world: &World, count: i64) {
    println!("\nscreen, {count} messages, 120x36");
    let newest = format!("Number {count}");
    let mut starts = Vec::new();
    let mut empties = Vec::new();
    for _ in 0..STARTS {
        let session = Session::start(world.program());
        let seen = session.see(&newest);
        starts.push(seen.duration_since(session.began));
        session.quit();
        let began = Instant::now();
        let mut empty = Command::new(PROGRAM);
        empty
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .unwrap();
        empties.push(began.elapsed());
    }
    starts.sort();
    empties.sort();
    let (start, empty) = (percentile(&starts, 50), percentile(&empties, 50));
    line(
        "spawn to first useful frame, median",
        &format!("{start:.1?}"),
        "50 ms",
    );
    line(
        "an empty process (--version), median",
        &format!("{empty:.1?}"),
        "",
    );
    instructions(world);

    let mut session = Session::start(world.program());
    session.see(&newest);
    std::thread::sleep(Duration::from_secs(3));
    let early = typed(&mut session);
    line("key to drawn frame, while the index is built", &early, "");
    let index = session.rest();
    line(
        "work after the first start (search index)",
        &format!("{index:.0?}"),
        "",
    );
    line(
        "key to drawn frame, p50 / p99",
        &typed(&mut session),
        "p99 8 ms",
    );
    session.rest();
    let (ticks, frames) = (session.ticks(), session.frames());
    std::thread::sleep(REST);
    let (ticks, frames) = (session.ticks() - ticks, session.frames() - frames);
    line(
        "idle for 30 s",
        &format!("{ticks} ticks, {frames} frames"),
        "0 ticks, 1 frame",
    );
    let memory = |name: &str, field: &str, target: &str| {
        let kib = session.status(field);
        line(name, &format!("{:.1} MB", to_mb(kib)), target);
    };
    memory("resident memory", "VmRSS:", "40 MB");
    memory("resident memory, highest", "VmHWM:", "");
    session.press("iagain");
    session.see("again");
    let took = session.lose_terminal();
    line(
        "terminal lost to exit, a draft open",
        &format!("{took:.0?}"),
        "2 s",
    );
}

/// Types letters into the composer, as fast as a key repeats, and leaves it; says how long each
/// took to its frame.
fn typed(session: &mut Session) -> String {
    session.press("i");
    session.see("AS YOURSELF");
    let mut keys: Vec<Duration> = Vec::with_capacity(KEYS);
    for letter in ('a'..='z').cycle().take(KEYS) {
        keys.push(session.key_to_frame(&letter.to_string()));
        std::thread::sleep(REPEAT);
    }
    keys.sort();
    session.press("\u{1b}");
    session.see("Draft kept");
    let (half, most) = (percentile(&keys, 50), percentile(&keys, 99));
    format!("{half:.2?} / {most:.2?}")
}

fn to_mb(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

/// Counts what a start and an end take in instructions, which a busy machine does not change.
fn instructions(world: &World) {
    let report = world.dir.path().join("perf");
    let plain = world.program();
    let mut command = CommandBuilder::new("perf");
    command.args(["stat", "-x", ",", "-e", "instructions:u", "-o"]);
    command.arg(&report);
    command.arg("--");
    command.args(plain.get_argv());
    command.env("TERM", "xterm-256color");
    command.env("HOME", world.dir.path());
    let counts = Command::new("perf")
        .args(["stat", "-e", "instructions:u", "true"])
        .output()
        .is_ok_and(|ran| {
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            ran.status.success() && !said.contains("<not")
        });
    if !counts {
        line(
            "instructions of a start and an end",
            "not counted",
            "perf cannot count here",
        );
        return;
    }
    let session = Session::start(command);
    session.see("Write to");
    session.quit();
    let report = fs::read_to_string(report).unwrap();
    let count = report
        .lines()
        .find_map(|line| line.split(',').next()?.parse::<u64>().ok());
    let count = count.map_or_else(
        || "not counted".to_owned(),
        |count| format!("{} M", count / 1_000_000),
    );
    line("instructions of a start and an end", &count, "");
}

fn flood(world: &World, runtime: &tokio::runtime::Runtime, before: i64) {
    let count = size("FEEL_FLOOD", 10_000);
    println!("\n{count} messages come in while somebody types");
    let mut session = Session::start(world.program());
    session.see("Write to");
    std::thread::sleep(Duration::from_secs(2));
    session.press("i");
    session.see("AS YOURSELF");
    let other = runtime.block_on(async { host(&Profile::at(world.dir.path().join("other"))) });
    let handle = other.handle();
    let address = world.address.clone();
    let began = Instant::now();
    let sending = runtime.spawn(send_many(handle, address, count));
    let mut typed = String::new();
    let mut slowest = Duration::ZERO;
    for number in 0.. {
        if sending.is_finished() && number > 40 {
            break;
        }
        let letter = if number % 6 == 5 { ' ' } else { 'a' };
        typed.push(letter);
        let shown = session.key_to_frame(&letter.to_string());
        slowest = slowest.max(shown);
        std::thread::sleep(LETTER);
    }
    let sent = runtime.block_on(sending).unwrap();
    let took = began.elapsed();
    typed.push_str("the end");
    session.press("the end");
    session.see("the end");
    session.press("\u{1b}");
    session.see("Draft kept");
    // What is left on the way may still come.
    let mut store = Store::open(&world.me().database()).unwrap();
    let patience = Instant::now();
    let arrived = loop {
        let tx = store.write().unwrap();
        let there = messages::count(&tx, world.channel).unwrap();
        drop(tx);
        let arrived = i64::try_from(there).unwrap() - before;
        if arrived >= sent || patience.elapsed() > PATIENCE {
            break arrived;
        }
        std::thread::sleep(Duration::from_millis(500));
    };
    let memory = to_mb(session.status("VmRSS:"));
    session.quit();
    runtime.block_on(other.stop());
    let tx = store.write().unwrap();
    let kept = chaperon::store::drafts::kept(&tx, world.channel).unwrap();
    let kept = kept
        .map(|(text, _)| text.expose_untrusted().to_owned())
        .unwrap_or_default();
    // The draft of the part before may stand before it.
    let same = kept.ends_with(&typed);
    line(
        "sent / arrived",
        &format!("{sent} / {arrived}"),
        &format!("in {took:.0?}"),
    );
    let keys = typed.chars().count();
    line("letters typed", &keys.to_string(), "");
    line(
        "letters lost or changed",
        if same { "none" } else { "SOME" },
        "none",
    );
    line("slowest letter to its frame", &format!("{slowest:.1?}"), "");
    line(
        "resident memory afterwards",
        &format!("{memory:.1} MB"),
        "40 MB",
    );
    assert!(same, "typed {typed:?}, kept {kept:?}");
}

/// Sends messages, some at once; returns how many the relay took.
async fn send_many(handle: Handle, address: String, count: i64) -> i64 {
    let mut tasks = JoinSet::new();
    let mut sent = 0;
    for number in 0..count {
        if tasks.len() >= ABREAST
            && let Some(Ok(true)) = tasks.join_next().await
        {
            sent += 1;
        }
        let letter = Request::Send {
            channel: ChannelRef::Named(address.clone()),
            subject: PeerText::default(),
            body: PeerText::new(format!("Flood {number}: could we hold Thursday at two?")),
            author: Author::Human,
            now: true,
            thread: Thread::default(),
        };
        let handle = handle.clone();
        tasks.spawn(async move { handle.ask(letter).await.is_ok() });
    }
    while let Some(done) = tasks.join_next().await {
        sent += i64::from(done.unwrap_or(false));
    }
    sent
}

/// Long work: what takes longer than a second has to show how far it is and stop when asked.
async fn long(count: i64) {
    let channels = size("FEEL_CHANNELS", 10_000);
    println!("\nlong work, {count} messages or {channels} channels");
    let dir = tempfile::tempdir().unwrap();
    let url = "http://127.0.0.1:9";
    let me = profile(&dir.path().join("me"), url);
    let hosted = host(&me);
    let began = Instant::now();
    for number in 0..channels {
        let invite = Request::Invite {
            phone: None,
            name: Some(PeerText::new(format!("Peer {number}"))),
            sender: None,
            preset: None,
            relay: None,
            replaces: None,
        };
        hosted.handle().ask(invite).await.unwrap();
    }
    line("make the invites", &format!("{:.1?}", began.elapsed()), "");
    timed(&hosted.handle(), "list the channels", Request::Channels).await;
    let to = dir.path().join("exported");
    let export = Request::ExportClawbuddy { to: to.clone() };
    timed(&hosted.handle(), "export to a clawbuddy directory", export).await;
    let Ok(Reply::Channels(known)) = hosted.handle().ask(Request::Channels).await else {
        panic!("channels are answered with channels");
    };
    hosted.stop().await;

    let second = host(&profile(&dir.path().join("second"), url));
    let import = Request::ImportClawbuddy { from: to };
    timed(&second.handle(), "import from it", import).await;
    second.stop().await;

    fill(&me, known.first().unwrap().id, count);
    let hosted = host(&me);
    let new = Passphrase::new("correct horse");
    let protect = Request::SetPassphrase { new: new.clone() };
    timed(&hosted.handle(), "protect by a passphrase", protect).await;
    let unlock = Request::Unlock {
        passphrase: Some(new.clone()),
    };
    timed(&hosted.handle(), "unlock", unlock).await;
    let remove = Request::RemovePassphrase { current: new };
    timed(&hosted.handle(), "remove the passphrase", remove).await;
    timed(
        &hosted.handle(),
        "check the decision log",
        Request::VerifyLog,
    )
    .await;
    hosted.stop().await;
}

async fn timed(handle: &Handle, what: &str, request: Request) {
    let began = Instant::now();
    handle.ask(request).await.unwrap();
    line(
        what,
        &format!("{:.2?}", began.elapsed()),
        "progress from 1 s",
    );
}
