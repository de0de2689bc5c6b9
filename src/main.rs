//! Arguments in, surface out. The only file that knows every module.

#[path = "main/clawchat.rs"]
mod daemon;
#[path = "main/service.rs"]
mod service;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chaperon::api::{self, Event, Handle, Role};
use chaperon::cli::args::{Cli, Command, Verb};
use chaperon::cli::clawchat::{ClawchatArgs, ClawchatCommand};
use chaperon::cli::clawtalk::{ClawtalkArgs, ClawtalkCommand};
use chaperon::cli::keys::{KeyRow, KeysArgs};
use chaperon::cli::mesh::{MeshArgs, MeshCommand, ServeArgs};
use chaperon::cli::{self, Exit, Output, host, secret};
use chaperon::demo::World;
use chaperon::desktop::notify;
use chaperon::doctor;
use chaperon::engine::{self, Hosted, Session, system_clock};
use chaperon::first_start;
use chaperon::herald;
use chaperon::logs;
use chaperon::model::Passphrase;
use chaperon::net::Mode;
use chaperon::plain;
use chaperon::profile::Profile;
use chaperon::profile::config::{Source, TABLE};
use chaperon::tui::{self, Keys, ThemeChoice};
use clap::Parser as _;
use color_eyre::eyre::{Result, WrapErr as _, eyre};
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Threads for the networks. The engine has one of its own.
const WORKERS: usize = 2;
/// Variable that names a file with the passphrase.
const PASSPHRASE_VARIABLE: &str = "CHAPERON_PASSPHRASE_FILE";
/// Variable that makes every call the assistant's, unless it is empty or `0`.
const ASSISTANT_VARIABLE: &str = "CHAPERON_AS_ASSISTANT";
/// Variable that names a socket for assistants, which is then used instead of a profile.
const SOCKET_VARIABLE: &str = "CHAPERON_SOCKET";
/// Variable that makes the surface speak in lines, unless it is empty or `0`.
const PLAIN_VARIABLE: &str = "CHAPERON_PLAIN";
/// How often a person is asked for the passphrase of one call.
const ATTEMPTS: u32 = 3;
/// What the first command on a new profile says beside its answer.
const FIRST_START: &str = "this made a new profile, see `chaperon status`; `chaperon` opens it, \
`chaperon demo` shows how it works, `chaperon import clawbuddy` copies what you have";
/// What the demo says when it was left.
const AFTER_DEMO: &str = "Nothing of it is kept. `chaperon` opens your own profile.";
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
    keep_memory_private();
    let access = Access::new(cli.home, cli.passphrase_file, cli.as_assistant);
    let plain = cli.plain
        || std::env::var_os(PLAIN_VARIABLE).is_some_and(|value| !value.is_empty() && value != "0");
    match cli.command {
        Some(Command::Scan(args)) => Ok(print(|out| cli::scan::run(&args, out))),
        Some(Command::Completions(args)) => Ok(print(|out| cli::completions::print(&args, out))),
        Some(Command::Man(args)) => {
            let rows = key_rows(&Keys::built_in());
            Ok(print(|out| cli::man::print(&args, &rows, out)))
        }
        Some(Command::Keys(args)) => show_keys(access.home, &args),
        Some(Command::Ask(verb)) => Ok(ask(access, verb).await),
        Some(Command::Relay(mut args)) => match args.command.take() {
            Some(command) => Ok(service::ask_relay(command.into_ask()).await),
            None => service::serve_relay(access.home, *args).await,
        },
        Some(Command::Run(args)) => run_engine(access, args, Serve::Anything).await,
        Some(Command::Mesh(MeshArgs { command })) => match command {
            MeshCommand::Ask(verb) => Ok(ask(access, Verb::Mesh(verb)).await),
            MeshCommand::Serve(args) => {
                run_engine(access, args.run.clone(), Serve::Mesh(args)).await
            }
        },
        Some(Command::Clawchat(args)) => {
            let ClawchatArgs { command } = *args;
            match command {
                ClawchatCommand::Ask(verb) => Ok(ask(access, Verb::Clawchat(Box::new(verb))).await),
                ClawchatCommand::Daemon(args) => daemon::daemon(access, args.command).await,
            }
        }
        Some(Command::Clawtalk(ClawtalkArgs { command })) => match command {
            ClawtalkCommand::Ask(verb) => Ok(ask(access, Verb::Clawtalk(verb)).await),
            ClawtalkCommand::Keygen => {
                let keys = chaperon::net::clawtalk::keygen()?;
                Ok(print(|out| cli::clawtalk::keygen(&keys, out)))
            }
        },
        Some(Command::Demo(_)) => show_demo(plain).await,
        Some(Command::Doctor(args)) => look_whether_it_works(&access, args).await,
        None => Box::pin(show_profile(access, plain)).await,
    }
}

/// Which profile is meant, and what this call may do with it.
struct Access {
    home: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    as_assistant: bool,
    socket: Option<PathBuf>,
    /// The passphrase that was chosen in this call.
    given: Option<Passphrase>,
}

impl Access {
    fn new(home: Option<PathBuf>, passphrase_file: Option<PathBuf>, as_assistant: bool) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let socket = set(SOCKET_VARIABLE).map(PathBuf::from);
        let by_variable = set(ASSISTANT_VARIABLE).is_some_and(|value| value != "0");
        Self {
            home,
            passphrase_file: passphrase_file.or_else(|| set(PASSPHRASE_VARIABLE).map(Into::into)),
            as_assistant: as_assistant || by_variable || socket.is_some(),
            socket,
            given: None,
        }
    }

    /// Refuses what needs more than the assistant's role.
    fn demand_supervisor(&self) -> Result<(), cli::Error> {
        if self.as_assistant {
            return Err(cli::Error::AsAssistant);
        }
        Ok(())
    }

    /// Does what needs the passphrase of a protected profile: first without one, then with the
    /// one in the file, or with what a person types. Returns the passphrase beside the result.
    async fn unlocked<T>(
        &self,
        mut run: impl AsyncFnMut(Option<&Passphrase>) -> Result<T, engine::Error>,
    ) -> Result<(T, Option<Passphrase>)> {
        match run(None).await {
            Err(engine::Error::Locked) => {}
            other => return Ok((other?, None)),
        }
        let given = match &self.passphrase_file {
            Some(file) => Some(secret::from_file(file)?),
            None => self.given.clone(),
        };
        if let Some(passphrase) = given {
            return Ok((run(Some(&passphrase)).await?, Some(passphrase)));
        }
        let mut left = ATTEMPTS;
        loop {
            let passphrase = match secret::ask("Passphrase: ") {
                Err(secret::Error::NoTerminal) => return Err(eyre!(LOCKED)),
                asked => asked?,
            };
            left -= 1;
            match run(Some(&passphrase)).await {
                Err(engine::Error::WrongPassphrase) if left > 0 => {
                    log_wrong_passphrase();
                }
                other => return Ok((other?, Some(passphrase))),
            }
        }
    }
}

/// What a call says that needs the passphrase and cannot ask for it.
const LOCKED: &str = "the profile is protected by a passphrase, and there is no terminal to ask \
for it on: leave `chaperon run` running for what the assistant may do, or name a file with the \
passphrase with --passphrase-file or CHAPERON_PASSPHRASE_FILE";

/// Keeps other programs of this user, the assistant among them, from reading the memory of this
/// one, which will hold keys.
fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "other programs of this user may read the memory of this one");
    }
}

fn log_wrong_passphrase() {
    // Nothing is left to do if even that cannot be written.
    let _unwritten = writeln!(io::stderr(), "wrong passphrase");
}

/// Carries out a verb through the engine of the profile, hosting one where none runs.
async fn ask(access: Access, mut verb: Verb) -> ExitCode {
    logs::to_stderr("off");
    if verb.role() == Role::Supervisor
        && let Err(error) = access.demand_supervisor()
    {
        return print(|_| Err(error));
    }
    let (session, is_new) = match open(&access, &mut verb).await {
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
async fn open(access: &Access, verb: &mut Verb) -> Result<(Session, bool)> {
    if let Some(socket) = &access.socket {
        return Ok((Session::join(socket).await?, false));
    }
    let profile = profile(access.home.clone())?;
    let is_new = !profile.exists();
    let role = verb.role();
    let (session, used) = access
        .unlocked(async |passphrase| {
            Session::open(&profile, role, Mode::OnDemand, passphrase).await
        })
        .await?;
    if let Verb::Passphrase(args) = verb {
        args.current = used;
    }
    Ok((session, is_new))
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
async fn show_profile(mut access: Access, plain: bool) -> Result<ExitCode> {
    access.demand_supervisor()?;
    let profile = profile(access.home.clone())?;
    let mut greeting = None;
    // In lines nothing asks: the defaults hold, and the settings say how to change them.
    if !plain && first_start::is_due(&profile) {
        let file = access.passphrase_file.as_deref();
        let demo = async || show_demo(false).await.map(|_code| ());
        let Some(begun) = Box::pin(first_start::welcome(&profile, file, demo)).await? else {
            return Ok(ExitCode::SUCCESS);
        };
        access.given = begun.passphrase;
        greeting = begun.greeting;
    }
    let mut options = drawn(&profile)?;
    options.greeting = greeting;
    let source = Profile::source(access.home.as_deref(), &|name| std::env::var_os(name));
    place(&mut options, &profile, source);
    logs::to_file(&profile)?;
    // A short command may own the profile just now; whoever comes after it has to watch and
    // serve, so the engine that is hosted then is one that runs by itself.
    let (session, _) = access
        .unlocked(async |passphrase| {
            Session::open(&profile, Role::Supervisor, Mode::Continuous, passphrase).await
        })
        .await?;
    let socket = match &session {
        Session::Own(hosted) => Some(listen(&profile, hosted.handle())?),
        Session::Shared(_) => None,
    };
    let handle = session.handle(Role::Supervisor);
    let shown = if plain {
        speak(handle, None).await
    } else {
        tui::run(handle, options)
            .await
            .map(drop)
            .map_err(Into::into)
    };
    if let Some(socket) = socket {
        socket.abort();
    }
    session.close().await;
    shown?;
    Ok(ExitCode::SUCCESS)
}

/// Tells the surface where the profile lies, and how to look whether it works.
fn place(options: &mut tui::Options, profile: &Profile, source: Source) {
    let home = std::env::home_dir();
    let names = TABLE.iter().flat_map(|about| about.variables);
    let set = names.filter_map(|name| Some((*name, std::env::var(name).ok()?)));
    let file = profile.config_file();
    options.place = tui::Place {
        file: first_start::tilde(&file, home.as_deref()),
        source,
        variables: set.collect(),
    };
    options.profile = Some(profile.clone());
    options.doctor = Some(doctor::of_surface(profile.clone(), source, system_clock()));
}

/// How long the engine of another process may take before the doctor goes on without it.
const ENGINE_PATIENCE: Duration = Duration::from_secs(10);

/// Looks whether everything works here, with the engine of the profile where there is one.
async fn look_whether_it_works(access: &Access, args: cli::doctor::DoctorArgs) -> Result<ExitCode> {
    logs::to_stderr("off");
    access.demand_supervisor()?;
    let profile = profile(access.home.clone())?;
    let mut options = tui::Options::from_environment(system_clock(), engine::local_zone());
    if let Ok(config) = profile.load_config() {
        options.themes = tui::theme_files::load(&profile.themes_dir());
        if let Ok(theme) = ThemeChoice::parse(&config.theme(), &options.themes) {
            options.theme = theme;
        }
        options.config = config;
    }
    let mut report = tui::probe::examine(&options);
    let runs = api::socket::connect(&profile.socket(), Role::Assistant, None)
        .await
        .is_ok();
    let given = access.passphrase_file.as_deref().map(secret::from_file);
    let given = given.transpose()?;
    let session = doctor::borrow(&profile, given.as_ref());
    let session = tokio::time::timeout(ENGINE_PATIENCE, session).await;
    let session =
        session.unwrap_or_else(|_late| Err("the engine of the profile is busy".to_owned()));
    let engine = match &session {
        Ok(Some(session)) if runs => doctor::Engine::Runs(session.handle(Role::Supervisor)),
        Ok(Some(session)) => doctor::Engine::Borrowed(session.handle(Role::Supervisor)),
        Ok(None) if profile.exists() => doctor::Engine::Locked,
        Ok(None) => doctor::Engine::NoProfile,
        Err(reason) => doctor::Engine::Broken(reason.clone()),
    };
    let around = doctor::Surroundings {
        profile: &profile,
        source: Profile::source(access.home.as_deref(), &|name| std::env::var_os(name)),
        env: &|name| std::env::var_os(name),
        home: std::env::home_dir(),
        now: system_clock()(),
    };
    report
        .findings
        .extend(doctor::examine(&around, &engine).await.findings);
    drop(engine);
    if let Ok(Some(session)) = session {
        session.close().await;
    }
    Ok(print(|out| cli::doctor::print(&report, args, out)))
}

/// Returns the table of keys as the command line prints it.
fn key_rows(keys: &Keys) -> Vec<KeyRow> {
    let rows = keys.lines().iter().map(|line| KeyRow {
        name: line.name(),
        place: line.binding.scope.label().to_owned(),
        keys: line.keys.iter().map(|key| key.label()).collect(),
        help: line.binding.help.to_owned(),
        changed: line.is_changed(),
    });
    rows.collect()
}

/// Prints the keys in force, or shows what pressed ones send.
fn show_keys(home: Option<PathBuf>, args: &KeysArgs) -> Result<ExitCode> {
    let keys = tui::keys_of(&profile(home)?.load_config()?)?;
    if args.test {
        tui::test_keys(&keys)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = key_rows(&keys);
    Ok(print(|out| {
        cli::keys::print(args, &rows, keys.warnings(), out)
    }))
}

/// Returns how the screen of a profile is drawn.
fn drawn(profile: &Profile) -> Result<tui::Options> {
    let mut options = tui::Options::from_environment(system_clock(), engine::local_zone());
    let config = profile.load_config()?;
    options.themes = tui::theme_files::load(&profile.themes_dir());
    options.themes_dir = Some(profile.themes_dir());
    options.theme = ThemeChoice::parse(&config.theme(), &options.themes)
        .map_err(|error| eyre!("config.toml, theme: {error}"))?;
    options.keys = tui::keys_of(&config)?;
    options.mouse = config.mouse();
    options.config = config;
    options.banner = offer_of_lines().map(str::to_owned);
    Ok(options)
}

/// Returns the line that offers the surface in lines, where that would help.
fn offer_of_lines() -> Option<&'static str> {
    plain::offer(&|name| std::env::var_os(name), &|path| {
        Path::new(path).exists()
    })
}

/// Opens the surface in lines.
async fn speak(handle: Handle, banner: Option<&str>) -> Result<()> {
    let options = plain::Options {
        banner: banner.map(str::to_owned),
        zone: engine::local_zone(),
        clock: system_clock(),
        ascii: tui::Symbols::for_environment(|name| std::env::var(name).ok())
            == tui::Symbols::Ascii,
    };
    Ok(plain::run(handle, options).await?)
}

/// Opens the terminal surface on a world that vanishes afterwards.
async fn show_demo(plain: bool) -> Result<ExitCode> {
    let world = World::start().await?;
    if plain {
        let shown = speak(world.handle(), Some(DEMO_BANNER)).await;
        world.stop().await;
        shown?;
        let _closed = writeln!(io::stdout(), "{AFTER_DEMO}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = tui::Options::from_environment(system_clock(), engine::local_zone());
    place(&mut options, &world.profile(), Source::Fixed);
    options.title_suffix = Some("demo".to_owned());
    options.banner = Some(offer_of_lines().map_or_else(
        || DEMO_BANNER.to_owned(),
        |offer| format!("{offer} · {DEMO_BANNER}"),
    ));
    options.tour = true;
    let shown = tui::run(world.handle(), options).await;
    world.stop().await;
    if let Some(tour) = shown? {
        // A closed standard output takes nothing from what was seen.
        let _closed = writeln!(io::stdout(), "{tour}\n{AFTER_DEMO}");
    }
    Ok(ExitCode::SUCCESS)
}

/// What a running engine is asked for beside running.
enum Serve {
    /// Nothing.
    Anything,
    /// To listen on the mesh, at another address than the settings say where one is named.
    Mesh(ServeArgs),
    /// To say which identities listen where.
    ClawChat,
}

/// Runs the engine without a screen until it is told to stop.
async fn run_engine(access: Access, args: host::RunArgs, serve: Serve) -> Result<ExitCode> {
    logs::to_stderr("info");
    access.demand_supervisor()?;
    let profile = profile(access.home.clone())?;
    // A wrong file is said before anything runs.
    profile.load_config()?;
    let group = args.assistant_group.as_deref().map(group).transpose()?;
    // Before the engine runs: see `bind_for_assistants`.
    let for_assistants = args
        .assistant_socket
        .map(|path| bind_for_assistants(&path, group))
        .transpose()?;
    let (hosted, _) = access
        .unlocked(async |passphrase| {
            Hosted::start_with(&profile, Mode::Continuous, system_clock(), passphrase)
        })
        .await?;
    // Whoever finds the socket may stop what answers there.
    let stop = StopSignals::catch()?;
    let _socket = listen(&profile, hosted.handle())?;
    let _for_assistants = for_assistants.map(|listener| {
        let door = api::socket::Door::Assistants;
        tokio::spawn(api::socket::serve(listener, hosted.handle(), door))
    });
    let bus = notify::has_bus(&|name| std::env::var_os(name));
    let clock = system_clock();
    let settings = {
        let profile = profile.clone();
        move || profile.load_config()
    };
    let herald = herald::run(hosted.handle(), settings, bus, move || clock());
    let herald = tokio::spawn(herald);
    tracing::info!("the engine runs");
    if let Err(error) = tell(serve, &profile, &hosted.handle()).await {
        herald.abort();
        hosted.stop().await;
        return Ok(error.exit().into());
    }
    let mut events = hosted.handle().events();
    let ended = async { while events.next().await != Event::Closing {} };
    tokio::select! {
        () = stop.received() => {}
        // Somebody who may told it over the socket.
        () = ended => {}
    }
    tracing::info!("the engine stops");
    herald.abort();
    hosted.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Does what a running engine is asked for, and says what became of it.
async fn tell(serve: Serve, profile: &Profile, handle: &Handle) -> Result<(), cli::Error> {
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut out = Output::new(&mut stdout, &mut stderr);
    let told = match serve {
        Serve::Anything => return Ok(()),
        Serve::Mesh(ServeArgs { listen, .. }) => cli::mesh::serve(listen, handle, &mut out).await,
        Serve::ClawChat => {
            let socket = profile.socket().display().to_string();
            cli::clawchat::started(&socket, handle, &mut out).await
        }
    };
    told.inspect_err(|error| out.error(error))
}

/// Serves the control socket of an engine in this process for as long as the result lives.
fn listen(profile: &Profile, handle: Handle) -> Result<tokio::task::JoinHandle<()>> {
    let listener =
        api::socket::bind(&profile.socket()).wrap_err("cannot make the control socket")?;
    let door = api::socket::Door::Everybody;
    Ok(tokio::spawn(api::socket::serve(listener, handle, door)))
}

fn bind_for_assistants(path: &Path, group: Option<u32>) -> Result<UnixListener> {
    api::socket::bind_for_assistants(path, group).wrap_err("cannot make the socket for assistants")
}

fn group(name: &str) -> Result<u32> {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    host::group_number(name, &groups).ok_or_else(|| eyre!("there is no such group: {name}"))
}

/// The signals that end a service in order.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Keeps them from ending the process, from now on.
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
