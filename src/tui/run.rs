//! The loop between terminal, engine and state; carries out what `update` asks for.
//!
//! Redraws only when the state changed. Must not: hold any state of its own that is shown.

pub(super) mod files;
mod options;

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::api::{Events, Handle, Reply, Role};
use crate::desktop::clipboard::{Clipboard, Placed};
use crate::desktop::ends;
use crate::desktop::notify::Ways;
use crate::desktop::picture::Picture;
use crate::desktop::settings::plan;
use crate::model::{PeerText, Report};
use crate::profile::SettingsFile;
use crate::profile::config;

use super::background;
use super::input::{Input, Inputs};
use super::message::{Effect, FileNews, Message, Question, Sheet};
use super::model::{Model, Setup, Tone};
use super::screen::onboarding::{Outcome, Welcome};
use super::terminal::{self, Screen};
use super::theme::{Ground, Themes};
use super::theme_files::Watch;
use super::tour::Tour;
use super::update::{start, update};
use super::view::view;

pub use options::{Clock, Doctor, Options};

/// How long the first frame waits for the store's answers.
const FIRST_FRAME: Duration = Duration::from_millis(40);
/// How long what was asked last may take after the screen is gone.
const LAST_WISHES: Duration = Duration::from_millis(1_500);
/// How long the question for the background may take in all, its own patience included.
const LONGEST_QUESTION: Duration = Duration::from_millis(100);
/// Inputs taken in before a frame is drawn all the same.
const BURST: usize = 512;

/// Why the surface ended, other than by being left.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Input or output is not a terminal.
    #[error("this needs a terminal; see `chaperon --help` for what works without one")]
    NoTerminal,
    /// The terminal could not be used.
    #[error("cannot use the terminal")]
    Terminal(#[from] std::io::Error),
    /// The terminal went away; drafts are kept.
    #[error("the terminal is gone")]
    TerminalGone,
    /// The engine stopped; what it stored is kept.
    #[error("the engine of this profile was stopped; start chaperon again to go on")]
    EngineGone,
}

/// What comes back from work that was started.
enum Back {
    File(FileNews, Result<SettingsFile, String>),
    Examined(Report),
    Answer(Question, Box<Result<Reply, crate::api::Error>>),
    Copied(Result<(Placed, Option<String>), String>),
    /// What has to be written to the terminal for somebody who looks elsewhere.
    Told(Option<String>),
    Themes(Themes),
    Background(Ground),
}

/// Shows the surface until it is left, the engine closes or the terminal goes away. Returns what
/// of the tour was done, where there was one.
pub async fn run(handle: Handle, options: Options) -> Result<Option<Tour>, Error> {
    let greeting = options.greeting.clone();
    let (mut session, asked) = opened(handle, options)?;
    if let Some(greeting) = greeting {
        session.model.say(Tone::Fine, greeting);
    }
    let ended = session.live(asked).await;
    let tour = session.model.tour();
    session.wind_up().await;
    ended.map(|()| tour)
}

/// What the terminal is asked about its background, and says in a moment.
type Asked = Option<JoinHandle<Option<Ground>>>;

/// Takes the terminal over and makes the state before anything was asked.
fn opened(handle: Handle, options: Options) -> Result<(Session, Asked), Error> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let size = crossterm::terminal::size()?;
    let screen = Screen::take(options.mouse)?;
    // The terminal thinks about it while the store does about the first answers.
    let asked = options
        .colours
        .ask_for(&options.theme)
        .then(|| tokio::task::spawn_blocking(background::ask));
    let mut model = Model::new(Setup {
        theme: options.theme.clone(),
        themes: options.themes.clone(),
        colours: options.colours.clone(),
        symbols: options.symbols,
        banner: options.banner.clone(),
        tour: options.tour,
        zone: options.zone.clone(),
        now: (options.clock)(),
        size,
    })
    .with_keys(options.keys.clone())
    .with_marked_pastes(options.marks_pastes);
    model.use_config(options.config.clone());
    model.use_place(options.place.clone());
    let (back, returns) = mpsc::unbounded_channel();
    let reach = options.reach.clone();
    let themes = options.themes_dir.clone().and_then(|dir| {
        let back = back.clone();
        Watch::start(dir, move |themes| {
            if back.send(Back::Themes(themes)).is_err() {
                tracing::debug!("a theme changed after the screen was left");
            }
        })
    });
    let session = Session {
        events: handle.events(),
        handle,
        model,
        clipboard: Arc::new(Mutex::new(Clipboard::new(options.surroundings))),
        options,
        ways: Arc::new(Mutex::new(Ways::new(reach))),
        picture: None,
        screen,
        input: None,
        _themes: themes,
        tasks: JoinSet::new(),
        back,
        returns,
        leaving: false,
        outcome: None,
    };
    Ok((session, asked))
}

/// Shows the page of the first start until it is left. There is no profile and no engine yet,
/// and nothing is written or contacted.
pub async fn welcome(options: Options, page: Welcome) -> Result<Outcome, Error> {
    // Nobody answers at this desk; it only has to be there for as long as the page is.
    let (handle, desk) = Handle::local(Role::Assistant);
    let (mut session, asked) = opened(handle, options)?;
    session.model.begin(page);
    let ended = session.live(asked).await;
    let outcome = session.outcome.unwrap_or(Outcome::Leave);
    drop(desk);
    session.wind_up().await;
    ended.map(|()| outcome)
}

struct Session {
    handle: Handle,
    events: Events,
    model: Model,
    options: Options,
    screen: Screen,
    input: Option<Inputs>,
    _themes: Option<Watch>,
    clipboard: Arc<Mutex<Clipboard>>,
    ways: Arc<Mutex<Ways>>,
    /// The picture of an invite's code, while that is on screen.
    picture: Option<Picture>,
    tasks: JoinSet<()>,
    back: mpsc::UnboundedSender<Back>,
    returns: mpsc::UnboundedReceiver<Back>,
    leaving: bool,
    outcome: Option<Outcome>,
}

/// What the loop woke up for.
enum Woken {
    Input(Option<std::io::Result<Input>>),
    Back(Back),
    Event(crate::api::Event),
    Time,
    Asked,
    Gone,
}

impl Session {
    async fn live(&mut self, question: Asked) -> Result<(), Error> {
        let ended = self.go_on(question).await;
        // Whoever draws may find first that the terminal is gone. What was written is kept then
        // too.
        if matches!(ended, Err(Error::Terminal(_))) {
            self.part().await?;
        }
        ended
    }

    async fn go_on(&mut self, question: Asked) -> Result<(), Error> {
        let mut gone = terminal::watch();
        let mut asked = ends::asked()?;
        let effects = start(&mut self.model);
        self.carry_out(effects).await?;
        self.await_first_answers().await?;
        if let Some(question) = question {
            self.hear_background(question).await?;
        }
        Screen::drop_input();
        self.input = Some(Inputs::start());
        while !self.leaving {
            self.draw().await?;
            if self.leaving {
                break;
            }
            match self.wake(&mut gone, &mut asked).await {
                Woken::Input(None | Some(Err(_))) | Woken::Gone => {
                    self.part().await?;
                    return Err(Error::TerminalGone);
                }
                Woken::Asked => {
                    self.part().await?;
                    return Ok(());
                }
                Woken::Input(Some(Ok(input))) => self.take_input(input).await?,
                Woken::Back(back) => self.take_back(back).await?,
                Woken::Event(event) => self.tell(Message::Event(event)).await?,
                Woken::Time => self.tell(Message::Tick).await?,
            }
            self.drain().await?;
        }
        if self.model.closing {
            return Err(Error::EngineGone);
        }
        Ok(())
    }

    async fn wake(
        &mut self,
        gone: &mut oneshot::Receiver<()>,
        asked: &mut mpsc::Receiver<()>,
    ) -> Woken {
        let now = (self.options.clock)();
        let pause = self
            .model
            .wake_at()
            .since(now)
            .max(Duration::from_millis(1));
        let Some(input) = &mut self.input else {
            return Woken::Gone;
        };
        tokio::select! {
            biased;
            _ = &mut *gone => Woken::Gone,
            _ = asked.recv() => Woken::Asked,
            input = input.next() => Woken::Input(input),
            Some(back) = self.returns.recv() => Woken::Back(back),
            event = self.events.next() => Woken::Event(event),
            () = tokio::time::sleep(pause) => Woken::Time,
        }
    }

    /// Gives the store a moment, so that the first frame already says something.
    async fn await_first_answers(&mut self) -> Result<(), Error> {
        let deadline = tokio::time::Instant::now() + FIRST_FRAME;
        while !self.model.is_loaded() {
            let Ok(Some(back)) = tokio::time::timeout_at(deadline, self.returns.recv()).await
            else {
                break;
            };
            self.take_back(back).await?;
        }
        Ok(())
    }

    /// Takes in what the terminal says of its background, now if it does so in time.
    async fn hear_background(
        &mut self,
        mut answer: JoinHandle<Option<Ground>>,
    ) -> Result<(), Error> {
        match tokio::time::timeout(LONGEST_QUESTION, &mut answer).await {
            Ok(Ok(Some(ground))) => self.tell(Message::Background(ground)).await,
            Ok(_) => Ok(()),
            Err(_elapsed) => {
                let back = self.back.clone();
                tokio::spawn(async move {
                    let ground = answer.await.ok().flatten();
                    if ground.is_some_and(|ground| back.send(Back::Background(ground)).is_err()) {
                        tracing::debug!("the terminal answered after the screen was left");
                    }
                });
                Ok(())
            }
        }
    }

    async fn take_input(&mut self, input: Input) -> Result<(), Error> {
        let event = match input {
            Input::Event(event) => event,
            Input::Background(ground) => return self.tell(Message::Background(ground)).await,
        };
        let message = match event {
            Event::Key(key) => Message::Key(key),
            Event::Paste(text) => Message::Paste(PeerText::new(text)),
            Event::Resize(width, height) => Message::Resize(width, height),
            Event::FocusGained => Message::Focus(true),
            Event::FocusLost => Message::Focus(false),
            Event::Mouse(mouse) => Message::Mouse(mouse),
        };
        self.tell(message).await
    }

    async fn take_back(&mut self, back: Back) -> Result<(), Error> {
        let message = match back {
            Back::Answer(question, answer) => Message::Answer(question, answer),
            Back::Copied(Ok((placed, sequence))) => {
                if let Some(sequence) = sequence {
                    self.screen.write(&sequence)?;
                }
                Message::Copied(Ok(placed))
            }
            Back::Copied(Err(problem)) => Message::Copied(Err(problem)),
            Back::Told(sequence) => {
                if let Some(sequence) = sequence {
                    self.screen.write(&sequence)?;
                }
                return Ok(());
            }
            Back::Themes(themes) => Message::Themes(themes),
            Back::Background(ground) => Message::Background(ground),
            Back::File(news, result) => Message::Settings(news, result),
            Back::Examined(report) => Message::Examined(report),
        };
        self.tell(message).await
    }

    /// Takes in what is waiting already, so that a burst costs one frame.
    async fn drain(&mut self) -> Result<(), Error> {
        for _ in 0..BURST {
            if self.leaving {
                return Ok(());
            }
            if let Ok(back) = self.returns.try_recv() {
                self.take_back(back).await?;
                continue;
            }
            let Some(input) = self.pending_input().await else {
                return Ok(());
            };
            self.take_input(input).await?;
        }
        Ok(())
    }

    /// Returns what lies in the input queue already, without waiting.
    async fn pending_input(&mut self) -> Option<Input> {
        // The reader gets a turn to pass on what the terminal has.
        tokio::task::yield_now().await;
        self.input.as_mut()?.waiting()
    }

    async fn draw(&mut self) -> Result<(), Error> {
        while self.model.take_dirty() {
            let title = match &self.options.title_suffix {
                Some(suffix) => format!("{} {suffix}", self.model.title()),
                None => self.model.title(),
            };
            self.screen.set_title(title)?;
            self.screen.set_mouse(self.model.config.mouse())?;
            let model = &self.model;
            self.screen.draw(|frame| view(model, frame))?;
            let waiting = self.pending_input().await;
            let quiet = waiting.is_none();
            self.tell(Message::Drawn { quiet }).await?;
            if let Some(input) = waiting {
                self.take_input(input).await?;
            }
            if self.leaving {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn tell(&mut self, message: Message) -> Result<(), Error> {
        let now = (self.options.clock)();
        let effects = update(&mut self.model, now, message);
        self.carry_out(effects).await?;
        if !self.model.shows_invite() {
            self.picture = None;
        }
        Ok(())
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), Error> {
        for effect in effects {
            match effect {
                Effect::Ask(request, question) => {
                    let handle = self.handle.clone();
                    self.start(async move {
                        Back::Answer(question, Box::new(handle.ask(request).await))
                    });
                }
                Effect::Copy(text) => {
                    let clipboard = Arc::clone(&self.clipboard);
                    let wanted = match self.model.config.clipboard() {
                        config::Clipboard::Auto => None,
                        config::Clipboard::Terminal => Some(Placed::Terminal),
                        config::Clipboard::System => Some(Placed::Desktop),
                    };
                    self.start(async move {
                        let copied = clipboard.lock().await.copy(&text, wanted).await;
                        Back::Copied(copied.map_err(|error| error.to_string()))
                    });
                }
                Effect::Tell(letter) => {
                    let (ways, plan) = (Arc::clone(&self.ways), plan(self.model.settings()));
                    self.start(
                        async move { Back::Told(ways.lock().await.tell(&plan, &letter).await) },
                    );
                }
                Effect::Untell(id) => {
                    let ways = Arc::clone(&self.ways);
                    self.start(async move { Back::Told(ways.lock().await.untell(id)) });
                }
                Effect::ShowPicture(bytes) => self.show_picture(&bytes).await?,
                Effect::OpenEditor(sheet, text) => self.open_editor(sheet, text).await?,
                Effect::ReadSettings => self.read_settings(),
                Effect::WriteSettings(before, changes) => self.write_settings(before, changes),
                Effect::EditSettings => self.edit_settings().await?,
                Effect::Examine => self.examine().await?,
                Effect::Redraw => {
                    self.screen.forget()?;
                    self.refresh();
                }
                Effect::Suspend => {
                    self.stop_reading().await;
                    self.screen.suspend()?;
                    self.input = Some(Inputs::start());
                    self.refresh();
                }
                Effect::Finish(outcome) => {
                    self.outcome = Some(outcome);
                    self.leaving = true;
                }
                Effect::Quit => self.leaving = true,
            }
        }
        Ok(())
    }

    fn start(&mut self, work: impl Future<Output = Back> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        let back = self.back.clone();
        self.tasks.spawn(async move {
            if back.send(work.await).is_err() {
                tracing::debug!("an answer came after the screen was left");
            }
        });
    }

    async fn stop_reading(&mut self) {
        if let Some(input) = self.input.take() {
            input.stop().await;
        }
    }

    /// Looks at the window's size again and draws all of it.
    fn refresh(&mut self) {
        if let Ok((width, height)) = crossterm::terminal::size() {
            let now = (self.options.clock)();
            let effects = update(&mut self.model, now, Message::Resize(width, height));
            debug_assert!(effects.is_empty(), "a resize asks for nothing");
        }
    }

    async fn open_editor(&mut self, sheet: Sheet, text: PeerText) -> Result<(), Error> {
        let Some(command) = self.options.editor.clone() else {
            let problem = "set VISUAL or EDITOR to use one".to_owned();
            return Box::pin(self.tell(Message::Edited(sheet, Err(problem)))).await;
        };
        self.stop_reading().await;
        // Nothing is drawn meanwhile: the terminal belongs to the editor.
        self.screen.lend()?;
        let edited =
            tokio::task::spawn_blocking(move || crate::desktop::editor::edit(&command, &text));
        let edited = edited
            .await
            .unwrap_or_else(|_panic| Err("it could not be run".to_owned()));
        self.screen.retake()?;
        self.input = Some(Inputs::start());
        self.refresh();
        Box::pin(self.tell(Message::Edited(sheet, edited))).await
    }

    async fn show_picture(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let shown = match Picture::write(bytes) {
            Ok(picture) => {
                let shown = picture.show(self.options.surroundings.display);
                self.picture = Some(picture);
                Ok(shown)
            }
            Err(error) => Err(error.to_string()),
        };
        Box::pin(self.tell(Message::Pictured(shown))).await
    }

    async fn part(&mut self) -> Result<(), Error> {
        let effects = self.model.part();
        self.carry_out(effects).await
    }

    /// Gives the terminal back, then lets what was asked last come to its end.
    async fn wind_up(self) {
        let Self {
            screen,
            input,
            mut tasks,
            ..
        } = self;
        drop(input);
        drop(screen);
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WISHES, all).await.is_err() {
            tracing::debug!("the engine took too long over the last requests");
        }
    }
}
