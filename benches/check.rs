//! What `check` and `send` cost as whole processes, with 1, 100 and 300 channels.
//!
//! A time alone says little on a shared machine, so each line has its ratio to the real
//! `clawbuddy` program on the same relay and the same channels in the same run, where
//! `CHAPERON_TEST_CLAWBUDDY` names it, and to an empty process otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may fail loudly"
)]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use chaperon::api::{ChannelRef, Handle, Reply, Request, Thread};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{Author, Channel, PeerText};
use chaperon::net::Mode;
use chaperon::profile::Profile;
use chaperon::relay::{self, Limits};

/// Runs of each command; the median counts.
const RUNS: usize = 5;
/// Runs of the real program, which takes seconds.
const RUNS_OF_THEIRS: usize = 2;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for channels in [1, 100, 300] {
        let world = runtime.block_on(World::new(channels));
        println!("\n{channels} channels");
        world.measure(&runtime);
        runtime.block_on(world.relay.stop()).unwrap();
    }
}

/// A relay, a profile with channels, and a copy of it that the real program can use.
struct World {
    dir: tempfile::TempDir,
    relay: relay::Running,
    peer: Profile,
    channels: Vec<Channel>,
    theirs: Option<PathBuf>,
}

impl World {
    async fn new(channels: usize) -> Self {
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
        let me = Hosted::start(
            &Profile::at(dir.path().join("me")),
            Mode::OnDemand,
            system_clock(),
        );
        let me = me.unwrap();
        let peer = Profile::at(dir.path().join("peer"));
        let other = Hosted::start(&peer, Mode::OnDemand, system_clock()).unwrap();
        for number in 0..channels {
            connect(&me.handle(), &other.handle(), number, &url).await;
        }
        check(&me.handle(), true).await;
        let Ok(Reply::Channels(channels)) = me.handle().ask(Request::Channels).await else {
            panic!("channels are answered with channels");
        };
        let home = dir.path().join("home");
        fs::create_dir_all(home.join(".config")).unwrap();
        let to = home.join(".config/clawbuddy");
        me.handle()
            .ask(Request::ExportClawbuddy { to })
            .await
            .unwrap();
        me.stop().await;
        other.stop().await;
        Self {
            theirs: std::env::var_os("CHAPERON_TEST_CLAWBUDDY").map(PathBuf::from),
            dir,
            relay,
            peer,
            channels,
        }
    }

    fn measure(&self, runtime: &tokio::runtime::Runtime) {
        let quiet = self.ours(&["check"], RUNS, || {});
        let empty = self.ours(&["--version"], RUNS, || {});
        let news = self.ours(&["check"], RUNS, || runtime.block_on(self.write()));
        let address = self.channels.first().unwrap().address.clone();
        let send = self.ours(&["send", "--", &address, "hello"], RUNS, || {});
        println!("  empty process           {empty:>10.2?}");
        self.line("check, nothing new", quiet, &["check"], || {});
        self.line("check, one new each", news, &["check"], || {
            runtime.block_on(self.write());
        });
        self.line(
            "send one message",
            send,
            &["send", "--", &address, "hello"],
            || {},
        );
    }

    fn line(&self, what: &str, ours: Duration, theirs: &[&str], before: impl Fn()) {
        let Some(program) = &self.theirs else {
            println!("  {what:<23} {ours:>10.2?}");
            return;
        };
        let home = self.dir.path().join("home");
        let stamp = format!(
            "{{\"latest\": \"0.4.0\", \"ts\": {}}}",
            (system_clock())().0 / 1000
        );
        fs::write(home.join(".config/clawbuddy/.version_check"), stamp).unwrap();
        let theirs = median(RUNS_OF_THEIRS, || {
            before();
            let mut command = Command::new(program);
            command.args(theirs).env("HOME", &home);
            command
        });
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        println!("  {what:<23} {ours:>10.2?}   clawbuddy {theirs:>10.2?}   {ratio:>6.1} times");
    }

    fn ours(&self, arguments: &[&str], runs: usize, before: impl Fn()) -> Duration {
        median(runs, || {
            before();
            let mut command = Command::new(env!("CARGO_BIN_EXE_chaperon"));
            command
                .arg("--home")
                .arg(self.dir.path().join("me"))
                .args(arguments);
            command
        })
    }

    /// Lets the other side write one message on each channel.
    async fn write(&self) {
        let other = Hosted::start(&self.peer, Mode::OnDemand, system_clock()).unwrap();
        for channel in &self.channels {
            let send = Request::Send {
                channel: ChannelRef::Named(channel.address.clone()),
                subject: PeerText::default(),
                body: PeerText::new("Could we hold Thursday at two?"),
                author: Author::Assistant,
                now: true,
                thread: Thread::default(),
            };
            other.handle().ask(send).await.unwrap();
        }
        other.stop().await;
    }
}

async fn connect(me: &Handle, other: &Handle, number: usize, relay: &str) {
    let invite = Request::Invite {
        phone: Some(PeerText::new(format!("+1555{number:07}"))),
        name: None,
        sender: None,
        preset: None,
        relay: Some(relay.to_owned()),
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

async fn check(handle: &Handle, accept_requests: bool) {
    handle
        .ask(Request::Check { accept_requests })
        .await
        .unwrap();
}

/// Returns the median wall time of a command, started anew each time.
fn median(runs: usize, command: impl Fn() -> Command) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let mut command = command();
            let began = Instant::now();
            let output = command.stdin(Stdio::null()).output().unwrap();
            let took = began.elapsed();
            assert!(output.status.success(), "{}", complaint(&output));
            took
        })
        .collect();
    times.sort();
    times.swap_remove(runs / 2)
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
