//! Arguments in, surface out. The only file that knows every module.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chaperon::api::{self, Handle, Role};
use chaperon::cli::args::{Cli, Command, Verb};
use chaperon::cli::relay::RelayArgs;
use chaperon::cli::{self, Exit, Output};
use chaperon::demo::World;
use chaperon::engine::{Hosted, Session, system_clock};
use chaperon::net::Mode;
use chaperon::profile::{self, Profile};
use chaperon::relay::{self, Limits, Rate};
use chaperon::tui::{self, ThemeChoice};
use clap::Parser as _;
use color_eyre::eyre::{Result, WrapErr as _, eyre};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Threads for the networks. The engine has one of its own.
const WORKERS: usize = 2;
/// Variable that says what is logged, in the syntax of `tracing`.
const LOG_VARIABLE: &str = "CHAPERON_LOG";
/// What the first command on a new profile says beside its answer.
const FIRST_START: &str = "this made a new profile, see `chaperon status`; `chaperon` opens it, \
`chaperon demo` shows how it works, `chaperon import clawbuddy` copies what you have";
/// What the demo says of itself, always on screen.
const DEMO_BANNER: &str = "demo: everybody here is invented, nothing leaves this machine";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do if even that cannot be written.
            let _unwritten = writeln!(io::stderr(), "chaperon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode> {
    color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .wrap_err("cannot start the runtime")?;
    let code = runtime.block_on(dispatch(cli));
    // Whatever still waits for a slow relay is durable and goes on at the next start.
    runtime.shutdown_background();
    code
}

async fn dispatch(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Some(Command::Completions(args)) => Ok(print(|out| cli::completions::print(&args, out))),
        Some(Command::Man(args)) => Ok(print(|out| cli::man::print(&args, out))),
        Some(Command::Ask(verb)) => Ok(ask(cli.home, verb).await),
        Some(Command::Relay(args)) => serve_relay(cli.home, args).await,
        Some(Command::Run(_)) => run_engine(cli.home).await,
        Some(Command::Demo(_)) => show_demo().await,
        None => show_profile(cli.home).await,
    }
}

/// Carries out a verb through the engine of the profile, hosting one where none runs.
async fn ask(home: Option<PathBuf>, verb: Verb) -> ExitCode {
    log_to_stderr("off");
    let (session, is_new) = match open(home, &verb).await {
        Ok(opened) => opened,
        Err(error) => {
            let mut stderr = io::stderr();
            Output::new(&mut io::sink(), &mut stderr).failure(&format!("{error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let handle = session.handle(verb.role());
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut out = Output::new(&mut stdout, &mut stderr);
    if is_new {
        out.note(FIRST_START);
    }
    let exit = cli::finish(cli::run(verb, &handle, &mut out).await, &mut out);
    drop(handle);
    session.close().await;
    exit.into()
}

/// Opens a session on the profile; tells whether there was none before.
async fn open(home: Option<PathBuf>, verb: &Verb) -> Result<(Session, bool)> {
    let profile = profile(home)?;
    let is_new = !profile.exists();
    Ok((
        Session::open(&profile, verb.role(), Mode::OnDemand).await?,
        is_new,
    ))
}

fn profile(home: Option<PathBuf>) -> Result<Profile> {
    Ok(Profile::locate(home, &|name| std::env::var_os(name))?)
}

fn print(verb: impl FnOnce(&mut Output<'_>) -> Result<Exit, cli::Error>) -> ExitCode {
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut out = Output::new(&mut stdout, &mut stderr);
    let result = verb(&mut out);
    cli::finish(result, &mut out).into()
}

/// Opens the terminal surface on a profile: on the engine that runs there, or on one hosted
/// here, which then serves everybody else too.
async fn show_profile(home: Option<PathBuf>) -> Result<ExitCode> {
    let profile = profile(home)?;
    let mut options = tui::Options::from_environment(system_clock());
    let config = profile.load_config()?;
    options.symbols = match config.symbols {
        Some(profile::Symbols::Ascii) => tui::Symbols::Ascii,
        Some(profile::Symbols::Unicode) | None => tui::Symbols::Unicode,
    };
    if let Some(theme) = &config.theme {
        options.theme = ThemeChoice::parse(theme).ok_or_else(|| {
            eyre!("config.toml: theme can be auto, dark, light, mono or terminal")
        })?;
    }
    log_to_file(&profile)?;
    // A short command may own the profile just now; whoever comes after it has to watch and
    // serve, so the engine that is hosted then is one that runs by itself.
    let session = Session::open(&profile, Role::Supervisor, Mode::Continuous).await?;
    let socket = match &session {
        Session::Own(hosted) => Some(listen(&profile, hosted.handle())?),
        Session::Shared(_) => None,
    };
    let shown = tui::run(session.handle(Role::Supervisor), options).await;
    if let Some(socket) = socket {
        socket.abort();
    }
    session.close().await;
    shown?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the terminal surface on a world that vanishes afterwards.
async fn show_demo() -> Result<ExitCode> {
    let world = World::start().await?;
    let mut options = tui::Options::from_environment(system_clock());
    options.title_suffix = Some("demo".to_owned());
    options.banner = Some(DEMO_BANNER.to_owned());
    let shown = tui::run(world.handle(), options).await;
    world.stop().await;
    shown?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the engine without a screen until it is told to stop.
async fn run_engine(home: Option<PathBuf>) -> Result<ExitCode> {
    log_to_stderr("info");
    let profile = profile(home)?;
    let hosted = Hosted::start(&profile, Mode::Continuous, system_clock())?;
    let _socket = listen(&profile, hosted.handle())?;
    tracing::info!("the engine runs");
    told_to_stop().await?;
    tracing::info!("the engine stops");
    hosted.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Serves the control socket of an engine in this process for as long as the result lives.
fn listen(profile: &Profile, handle: Handle) -> Result<tokio::task::JoinHandle<()>> {
    let listener =
        api::socket::bind(&profile.socket()).wrap_err("cannot make the control socket")?;
    Ok(tokio::spawn(api::socket::serve(listener, handle)))
}

async fn serve_relay(home: Option<PathBuf>, args: RelayArgs) -> Result<ExitCode> {
    log_to_stderr("info");
    let data = match args.data {
        Some(data) => data,
        None => profile(home)?.data_dir().join("relay"),
    };
    let rate = match args.rate {
        None => Limits::default().rate,
        Some(0) => None,
        Some(per_second) => Some(Rate {
            per_second,
            burst: per_second.saturating_mul(10),
            loopback: true,
        }),
    };
    let options = relay::Options {
        listen: args.listen,
        data,
        limits: Limits {
            max_body: args.max_body,
            max_waiting: args.max_waiting,
            rate,
            ..Limits::default()
        },
    };
    let running = relay::start(options).await?;
    announce(running.address());
    told_to_stop().await?;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Says on standard output where the relay is, for a person and for a script that waits.
fn announce(address: SocketAddr) {
    // A closed standard output is no reason not to serve.
    let _closed = writeln!(io::stdout(), "relay on http://{address}");
}

async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Writes a log into the profile, if one is asked for: the screen belongs to the surface.
fn log_to_file(profile: &Profile) -> Result<()> {
    let Ok(filter) = EnvFilter::try_from_env(LOG_VARIABLE) else {
        return Ok(());
    };
    profile.create()?;
    let file = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(profile.data_dir().join("chaperon.log"))
        .wrap_err("cannot write the log file")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(file)
        .init();
    Ok(())
}

fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
