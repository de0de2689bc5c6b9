//! Everything the screen shows, as plain data.
//!
//! Holds only what is on screen: lists, the open transcript's pages, one review. The engine's
//! store is the truth; whatever is here can be asked for again. Must not: do I/O or read a clock.

mod stack;

use jiff::tz::TimeZone;

use crate::api::{Note, Overview, Status};
use crate::model::{
    Channel, ChannelId, ChannelState, MessageId, PeerText, Preset, ReviewId, ReviewItem, UnixMillis,
};
use crate::profile::Config;

use super::burst::Burst;
use super::filter::{Filters, List};
use super::flights::Flights;
use super::keymap::Keys;
use super::looks::Looks;
use super::palette::{Palette, Run};
use super::screen::catch_up::CatchUpScreen;
use super::screen::composer::Composer;
use super::screen::decision_log::LogScreen;
use super::screen::digest::DigestScreen;
use super::screen::doctor::DoctorScreen;
use super::screen::end_channel::EndScreen;
use super::screen::engagement::EngagementScreen;
use super::screen::form::Form;
use super::screen::guard::Guard;
use super::screen::help::HelpScreen;
use super::screen::identities::Identities;
use super::screen::invite::InviteScreen;
use super::screen::logins::Logins;
use super::screen::needs_you::NeedsScreen;
use super::screen::note::{self, NoteScreen};
use super::screen::onboarding::OnboardingScreen;
use super::screen::rename::RenameScreen;
use super::screen::rest::RestScreen;
use super::screen::review::ReviewScreen;
use super::screen::safety_code::SafetyCodeScreen;
use super::screen::scan::Scan;
use super::screen::search::Search;
use super::screen::settings::{Settings, SettingsScreen};
use super::screen::several::SeveralScreen;
use super::screen::topics::TopicsScreen;
use super::screen::transcript::Transcript;
use super::screen::why::WhyScreen;
use super::theme::{ColourHints, Symbols, Theme, ThemeChoice, Themes};
use super::tour::Tour;
use super::watch::Watch;

/// How long a line about something that happened stays.
const NOTICE: std::time::Duration = std::time::Duration::from_secs(6);
/// How long after Space the reminder of what may follow appears.
const REMINDER: std::time::Duration = std::time::Duration::from_millis(300);

/// How the surface is set up; settled before the first frame.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The theme asked for.
    pub theme: ThemeChoice,
    /// The themes there are.
    pub themes: Themes,
    /// What environment and terminal say of colours.
    pub colours: ColourHints,
    /// The glyphs.
    pub symbols: Symbols,
    /// A line that stays on the main screen; the demo says there what it is.
    pub banner: Option<String>,
    /// Whether a tour is offered and ticked, as in the demo.
    pub tour: bool,
    /// The zone in which times of day are shown.
    pub zone: TimeZone,
    /// Time at the start.
    pub now: UnixMillis,
    /// Columns and rows of the window.
    pub size: (u16, u16),
}

/// The state of the whole surface.
#[derive(Debug)]
pub struct Model {
    pub(super) now: UnixMillis,
    pub(super) zone: TimeZone,
    pub(super) size: (u16, u16),
    pub(super) theme: Theme,
    pub(super) looks: Looks,
    pub(super) symbols: Symbols,
    /// The settings that act now, changes on the settings screen included.
    pub(super) config: Config,
    pub(super) settings: Settings,
    pub(super) banner: Option<String>,
    /// The keys in force.
    pub(super) keys: Keys,
    /// The keys of the last moment, for terminals that do not say what is pasted.
    pub(super) burst: Burst,
    /// The character that may begin something, until the next key.
    pub(super) pending: Option<char>,
    /// What of the tour was done, where there is one.
    pub(super) tour: Option<Tour>,
    /// When the terminal gained focus; `None` while it has none.
    pub(super) focused_since: Option<UnixMillis>,
    pub(super) status: Option<Status>,
    pub(super) channels: Option<Vec<Channel>>,
    pub(super) needs: Option<Vec<ReviewItem>>,
    pub(super) presets: Vec<String>,
    pub(super) screen: Screen,
    /// Screens to come back to, the last one first.
    pub(super) back: Vec<Screen>,
    pub(super) cursor: Option<Spot>,
    pub(super) pane: Pane,
    /// Rows of the side pane above its upper edge.
    pub(super) side_scroll: usize,
    /// The first rows of the lists of the rail, needs and channels, where the wheel moved them.
    pub(super) rail_scroll: (Option<usize>, Option<usize>),
    /// Since when Space waits for the key that follows.
    pub(super) leader: Option<UnixMillis>,
    /// What lies over the screen.
    pub(super) palette: Option<Box<Palette>>,
    /// What was run in the palette, the last one first.
    pub(super) recent: Vec<Run>,
    /// What the lists are filtered by.
    pub(super) filters: Filters,
    pub(super) transcript: Option<Transcript>,
    /// What was sent last, until it is taken back or something else is sent.
    pub(super) just_sent: Option<JustSent>,
    pub(super) composer: Composer,
    /// What stands beside the open transcript; of another channel until the answer is here.
    pub(super) overview: Option<Overview>,
    /// When the person looked, and what they were told of.
    pub(super) watch: Watch,
    /// What is searched; it outlives its screen.
    pub(super) search: Search,
    /// Who we are elsewhere, and who was found; it outlives its screen.
    pub(super) scan: Scan,
    /// Our logins on relays, and who is there; it outlives its screen.
    pub(super) logins: Logins,
    /// Our identities that run nodes; it outlives its screen.
    pub(super) identities: Identities,
    /// The note of the open channel, once it has come.
    pub(super) note: Option<Note>,
    pub(super) notice: Option<Notice>,
    pub(super) asking: Option<Asking>,
    pub(super) flights: Flights,
    /// When it was last asked how far the first look at the channels is.
    pub(super) look_asked_at: UnixMillis,
    /// What a person rests on, and since when: it becomes read after a second.
    pub(super) resting: Option<(ChannelId, MessageId, UnixMillis)>,
    /// Up to where messages were marked as read already.
    pub(super) marked: Option<(ChannelId, MessageId)>,
    pub(super) closing: bool,
    dirty: bool,
}

/// The screens.
#[derive(Debug)]
pub(super) enum Screen {
    Main,
    NeedsYou(Box<NeedsScreen>),
    Review(Box<ReviewScreen>),
    Invite(Box<InviteScreen>),
    Form(Box<Form>),
    Engagement(Box<EngagementScreen>),
    SafetyCode(Box<SafetyCodeScreen>),
    Log(Box<LogScreen>),
    Rest(RestScreen),
    CatchUp(Box<CatchUpScreen>),
    Digest(Box<DigestScreen>),
    Search,
    Scan,
    Logins,
    Identities,
    Topics(Box<TopicsScreen>),
    Several(Box<SeveralScreen>),
    Note(Box<NoteScreen>),
    Settings(Box<SettingsScreen>),
    Doctor(DoctorScreen),
    Onboarding(Box<OnboardingScreen>),
    Help(HelpScreen),
    Why(Box<WhyScreen>),
    Rename(Box<RenameScreen>),
    EndChannel(Box<EndScreen>),
}

/// A message that the engine took a moment ago.
#[derive(Clone, Debug)]
pub(super) struct JustSent {
    pub(super) message: MessageId,
    pub(super) channel: ChannelId,
    /// When it leaves.
    pub(super) due: UnixMillis,
    pub(super) text: PeerText,
    /// Whether it is a draft of the assistant's that was let pass.
    pub(super) draft: bool,
}

/// A row of the left rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Need(ReviewId),
    Channel(ChannelId),
}

/// The panes of the main screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Rail,
    Transcript,
    Side,
}

/// How something ended, for the notice line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Fine,
    Trouble,
}

/// One line about what just happened. Our own words.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) tone: Tone,
    pub(super) until: UnixMillis,
}

/// A question that the same key answers by being pressed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    Quit,
    ResumeAll,
}

impl Model {
    /// Makes the state before anything was asked.
    pub fn new(setup: Setup) -> Self {
        let (looks, theme, problem) =
            Looks::new(setup.themes, setup.theme, setup.colours, setup.symbols);
        let mut model = Self {
            now: setup.now,
            zone: setup.zone,
            size: setup.size,
            theme,
            looks,
            symbols: setup.symbols,
            config: Config::default(),
            settings: Settings::default(),
            banner: setup.banner,
            keys: Keys::built_in(),
            burst: Burst::default(),
            pending: None,
            tour: setup.tour.then(Tour::default),
            focused_since: Some(setup.now),
            status: None,
            channels: None,
            needs: None,
            presets: Vec::new(),
            screen: Screen::Main,
            back: Vec::new(),
            cursor: None,
            pane: Pane::Rail,
            side_scroll: 0,
            rail_scroll: (None, None),
            leader: None,
            palette: None,
            recent: Vec::new(),
            filters: Filters::default(),
            transcript: None,
            just_sent: None,
            composer: Composer::default(),
            overview: None,
            watch: Watch::new(setup.now),
            search: Search::default(),
            scan: Scan::default(),
            logins: Logins::default(),
            identities: Identities::default(),
            note: None,
            notice: None,
            asking: None,
            flights: Flights::default(),
            look_asked_at: UnixMillis(0),
            resting: None,
            marked: None,
            closing: false,
            dirty: true,
        };
        if let Some(problem) = problem {
            model.say(Tone::Trouble, problem.to_string());
        }
        model
    }

    /// Gives it other keys than the built-in ones, and says what may not work of them.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.use_keys(keys);
        self
    }

    /// Uses these keys from now on, and says what may not work of them.
    pub(super) fn use_keys(&mut self, keys: Keys) {
        if let Some(warning) = keys.warnings().first() {
            self.say(Tone::Trouble, format!("{warning}."));
        }
        self.keys = keys;
        self.touch();
    }

    /// Tells it whether the terminal marks what is pasted.
    #[must_use]
    pub fn with_marked_pastes(mut self, marked: bool) -> Self {
        if marked {
            self.burst.is_told();
        }
        self
    }

    /// Tells whether something changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Tells whether enough has arrived for a frame that says something.
    pub fn is_loaded(&self) -> bool {
        if self.is_first_start() {
            return true;
        }
        let listed = self.status.is_some() && self.needs.is_some();
        let Some(channels) = self.channels.as_ref().filter(|_| listed) else {
            return false;
        };
        channels.is_empty() || self.transcript.as_ref().is_some_and(Transcript::is_loaded)
    }

    /// Returns what of the tour was done, where there is one.
    pub fn tour(&self) -> Option<Tour> {
        self.tour
    }

    /// Returns the title of the window. Never holds a peer's words.
    pub fn title(&self) -> String {
        match self.needs_count() {
            0 => "chaperon".to_owned(),
            count => format!("chaperon ({count})"),
        }
    }

    /// Returns the settings that act now.
    pub fn settings(&self) -> &Config {
        &self.config
    }

    /// Tells whether an invite is on screen, be it below another screen.
    pub(super) fn shows_invite(&self) -> bool {
        let mut screens = std::iter::once(&self.screen).chain(&self.back);
        screens.any(|screen| matches!(screen, Screen::Invite(_)))
    }

    pub(super) fn touch(&mut self) {
        self.dirty = true;
    }

    pub(super) fn needs_count(&self) -> usize {
        self.needs.as_ref().map_or(0, Vec::len)
    }

    /// Tells whether it is known that there is no channel yet.
    pub(super) fn has_no_channels(&self) -> bool {
        self.channels.as_ref().is_some_and(Vec::is_empty)
    }

    pub(super) fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels
            .as_ref()?
            .iter()
            .find(|channel| channel.id == id)
    }

    pub(super) fn need(&self, id: ReviewId) -> Option<&ReviewItem> {
        self.needs.as_ref()?.iter().find(|item| item.id == id)
    }

    /// Returns until when a person put an item off, while that lasts.
    pub(super) fn snoozed_until(&self, id: ReviewId) -> Option<UnixMillis> {
        let snoozed = self.need(id)?.snoozed?;
        (snoozed.until > self.now).then_some(snoozed.until)
    }

    /// Tells whether the way from one item to the next passes over this one.
    pub(super) fn is_passed_over(&self, id: ReviewId) -> bool {
        let muted = || {
            let channel = self.need(id).and_then(|item| self.channel(item.channel));
            channel.is_some_and(|channel| channel.is_muted(self.now))
        };
        self.snoozed_until(id).is_some() || muted()
    }

    /// Returns what stands beside the transcript of a channel, once it is known.
    pub(super) fn overview_of(&self, id: ChannelId) -> Option<&Overview> {
        (self.overview.as_ref()).filter(|overview| overview.channel == id)
    }

    /// Returns the channel whose transcript is open.
    pub(super) fn open_channel(&self) -> Option<&Channel> {
        self.channel(self.transcript.as_ref()?.channel)
    }

    /// Returns the rows of the rail, in order.
    pub(super) fn spots(&self) -> Vec<Spot> {
        let needs = self.needs_in_rail().map(|item| Spot::Need(item.id));
        needs
            .chain(
                self.channels_in_rail()
                    .map(|channel| Spot::Channel(channel.id)),
            )
            .collect()
    }

    /// Returns the items that the filter of the rail lets through.
    pub(super) fn needs_in_rail(&self) -> impl Iterator<Item = &ReviewItem> {
        let needs = self.needs.iter().flatten();
        needs.filter(|item| self.filters.takes(List::Rail, &item.name))
    }

    /// Returns the channels that the filter of the rail lets through.
    pub(super) fn channels_in_rail(&self) -> impl Iterator<Item = &Channel> {
        self.listed()
            .filter(|channel| self.filters.takes(List::Rail, &channel.name))
    }

    /// Returns the channels in the order they are listed: those that live, then the others.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Channel> {
        let over = |channel: &&Channel| {
            matches!(
                channel.state,
                ChannelState::Closed | ChannelState::Superseded
            )
        };
        let all = || self.channels.iter().flatten();
        all()
            .filter(move |channel| !over(channel))
            .chain(all().filter(over))
    }

    /// Returns the channel to show first: the live one in which something happened last.
    pub(super) fn liveliest(&self) -> Option<ChannelId> {
        let activity = |channel: &&Channel| {
            let at = channel.last_seen.max(Some(channel.created_at));
            (channel.state == ChannelState::Active, at)
        };
        // Of equals the one that is listed first.
        let listed: Vec<_> = self.listed().collect();
        let first = listed.into_iter().rev().max_by_key(activity);
        first.map(|channel| channel.id)
    }

    pub(super) fn channel_of(&self, spot: Spot) -> Option<ChannelId> {
        match spot {
            Spot::Need(id) => self.need(id).map(|item| item.channel),
            Spot::Channel(id) => Some(id),
        }
    }

    /// Says a sentence in the notice line; see [`Keys::fill`] for the keys it may name.
    pub(super) fn say(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.notice = Some(Notice {
            text: self.keys.fill(text.as_ref()),
            tone,
            until: self.now.after(NOTICE),
        });
        self.touch();
    }

    /// Tells whether something lies over the screen.
    pub(super) fn is_covered(&self) -> bool {
        self.palette.is_some()
    }

    /// Returns when the reminder of what may follow Space appears.
    pub(super) fn reminder_at(&self) -> Option<UnixMillis> {
        self.leader.map(|since| since.after(REMINDER))
    }

    /// Tells whether the window is too small for more than one line.
    pub(super) fn is_tiny(&self) -> bool {
        self.size.0 < 40 || self.size.1 < 12
    }

    /// Returns the presets on offer; the built-in ones until the engine has named all.
    pub(super) fn preset_names(&self) -> Vec<String> {
        if self.presets.is_empty() {
            let all = Preset::ALL.iter();
            all.map(|preset| preset.as_str().to_owned()).collect()
        } else {
            self.presets.clone()
        }
    }

    /// Returns what stands between a key and a decision on the screen on top, where one is made.
    pub(super) fn guard(&self) -> Option<Guard> {
        if let Screen::Review(screen) = &self.screen {
            Some(screen.guard)
        } else if let Screen::SafetyCode(screen) = &self.screen {
            Some(screen.guard)
        } else if let Screen::Engagement(screen) = &self.screen {
            screen.armed_guard()
        } else if let Screen::EndChannel(screen) = &self.screen {
            Some(screen.guard)
        } else {
            None
        }
    }

    /// Returns when the screen would look or act otherwise by itself, if ever.
    pub fn wake_at(&self) -> UnixMillis {
        let second = std::time::Duration::from_secs(1);
        let minute = UnixMillis((self.now.0.div_euclid(60_000) + 1) * 60_000);
        let counting = self.counts_down().then(|| self.now.after(second));
        let review = if let Screen::Review(review) = &self.screen {
            review.live_at(self)
        } else {
            self.guard().and_then(|guard| guard.live_at(self))
        };
        [
            Some(minute),
            self.notice.as_ref().map(|notice| notice.until),
            counting,
            review,
            self.composer.save_at(),
            self.search.due_at(),
            self.scan.due_at(),
            note::keep_at(self),
            self.burst.due(),
            self.reminder_at(),
            self.resting.map(|(_, _, since)| since.after(second)),
            self.watch.next,
            super::first_look::due_at(self),
        ]
        .into_iter()
        .flatten()
        .filter(|at| *at > self.now)
        .min()
        .unwrap_or(minute)
    }

    /// Tells whether a countdown of seconds is on screen.
    pub(super) fn counts_down(&self) -> bool {
        let shown = self.transcript.as_ref();
        let leaves = shown.is_some_and(|transcript| transcript.leaving(self.now).is_some());
        leaves && matches!(self.screen, Screen::Main)
    }
}
