//! The first start: one page of choices, of which nothing is written before it is said so.
//!
//! It says what will be written and whom that contacts, and offers only what works here. Must
//! not: write, contact anybody, or ask for a passphrase; whoever runs it does that afterwards.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::PeerText;
use crate::profile::config::Notify;
use crate::text::{ours, sanitise};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe, width};

/// The quiet hours on offer.
pub const QUIET_HOURS: &str = "22:00-07:00";
/// Columns before the values, and where there is little room.
const LABELS: (u16, u16) = (16, 14);

/// What was found on this machine before anything was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The settings file that would be written, the home directory as `~`.
    pub settings: String,
    /// The directory that the store would lie in.
    pub data: String,
    /// What the `clawbuddy` program keeps here.
    pub clawbuddy: Option<ClawBuddy>,
    /// Whether a desktop's notifications can be reached.
    pub desktop: bool,
}

/// What the `clawbuddy` program keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClawBuddy {
    /// Its directory, the home directory as `~`.
    pub directory: String,
    /// Channels that it lists.
    pub channels: usize,
    /// Whether nobody else can read its keys.
    pub closed: bool,
    /// The host of its relay.
    pub relay: String,
}

/// How the profile keeps its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Sealed under a passphrase that is asked for at each start.
    Passphrase,
    /// In files that only their owner can read.
    Files,
}

/// What is chosen on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Whether to copy what `clawbuddy` has.
    pub import: bool,
    /// How secrets are kept.
    pub secrets: Secrets,
    /// Whether copied channels keep the engagement they have; else every draft waits.
    pub as_each_says: bool,
    /// What the person is told about.
    pub notify: Notify,
    /// Whether [`QUIET_HOURS`] are kept.
    pub quiet: bool,
}

impl Choices {
    fn new(found: &Found) -> Self {
        Self {
            import: found.clawbuddy.is_some(),
            secrets: Secrets::Passphrase,
            as_each_says: false,
            notify: Notify::Decisions,
            quiet: true,
        }
    }
}

/// The page before it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// What was found.
    pub found: Found,
    /// What is chosen so far.
    pub choices: Choices,
    /// What went wrong the last time, as a sentence.
    pub problem: Option<String>,
}

impl Welcome {
    /// Makes the page with careful choices.
    pub fn new(found: Found) -> Self {
        Self {
            choices: Choices::new(&found),
            found,
            problem: None,
        }
    }
}

/// How the page was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is to be kept.
    Leave,
    /// Show the demo, then the page again with these choices.
    Demo(Choices),
    /// Make the profile.
    Start(Choices),
}

/// The screen.
#[derive(Debug)]
pub(in crate::tui) struct OnboardingScreen {
    found: Found,
    choices: Choices,
    row: usize,
    /// Whether `A` would start with secrets in open files.
    armed: bool,
}

/// A row that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Demo,
    Import,
    Secrets,
    Alone,
    Notify,
    Quiet,
}

impl OnboardingScreen {
    fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Demo];
        if self.found.clawbuddy.is_some() {
            rows.push(Row::Import);
        }
        rows.push(Row::Secrets);
        // Channels that are new begin narrow; only copied ones bring something to choose.
        if self.choices.import {
            rows.push(Row::Alone);
        }
        rows.extend([Row::Notify, Row::Quiet]);
        rows
    }

    fn current(&self) -> Row {
        let row = self.rows().get(self.row).copied();
        row.unwrap_or(Row::Quiet)
    }
}

impl Model {
    /// Shows the page of the first start instead of everything else.
    pub fn begin(&mut self, welcome: Welcome) {
        self.screen = Screen::Onboarding(Box::new(OnboardingScreen {
            found: welcome.found,
            choices: welcome.choices,
            row: 0,
            armed: false,
        }));
        if let Some(problem) = welcome.problem {
            self.say(Tone::Trouble, problem);
        }
        self.touch();
    }

    /// Tells whether this is the first start: there is no profile and no engine.
    pub(in crate::tui) fn is_first_start(&self) -> bool {
        let mut screens = std::iter::once(&self.screen).chain(&self.back);
        screens.any(|screen| matches!(screen, Screen::Onboarding(_)))
    }
}

/// Tells whether the second key would start.
pub(in crate::tui) fn is_armed(model: &Model) -> bool {
    matches!(&model.screen, Screen::Onboarding(screen) if screen.armed)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this page"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::Onboarding(screen) = &mut model.screen else {
        return Vec::new();
    };
    let armed = std::mem::replace(&mut screen.armed, false);
    let last = screen.rows().len() - 1;
    match action {
        Action::Up => screen.row = screen.row.saturating_sub(1),
        Action::Down => screen.row = (screen.row + 1).min(last),
        Action::PreviousValue => change(screen, false),
        Action::Open if screen.current() == Row::Demo => {
            return vec![Effect::Finish(Outcome::Demo(screen.choices))];
        }
        Action::NextValue | Action::Open => change(screen, true),
        Action::Save if screen.choices.secrets == Secrets::Files => screen.armed = true,
        Action::Save => return vec![Effect::Finish(Outcome::Start(screen.choices))],
        Action::Confirm if armed => {
            return vec![Effect::Finish(Outcome::Start(screen.choices))];
        }
        Action::Quit => return vec![Effect::Finish(Outcome::Leave)],
        _ => {}
    }
    Vec::new()
}

fn change(screen: &mut OnboardingScreen, forward: bool) {
    let row = screen.current();
    let choices = &mut screen.choices;
    match row {
        Row::Demo => {}
        Row::Import => choices.import = !choices.import,
        Row::Secrets => {
            choices.secrets = match choices.secrets {
                Secrets::Passphrase => Secrets::Files,
                Secrets::Files => Secrets::Passphrase,
            }
        }
        Row::Alone => choices.as_each_says = !choices.as_each_says,
        Row::Notify => {
            let order = NOTIFY.map(|(notify, _)| notify);
            let at = order.iter().position(|notify| *notify == choices.notify);
            let step = if forward { 1 } else { order.len() - 1 };
            let next = order.iter().cycle().nth(at.unwrap_or(0) + step);
            choices.notify = next.copied().unwrap_or(Notify::Decisions);
        }
        Row::Quiet => choices.quiet = !choices.quiet,
    }
}

const NOTIFY: [(Notify, &str); 3] = [
    (Notify::Decisions, "only when you must decide"),
    (Notify::New, "every message"),
    (Notify::None, "silent"),
];

/// What is said before secrets go into open files.
const OPEN_FILES: &str = "Without a passphrase whatever runs as you, your assistant too, can read \
the keys and decide in your place. A says yes to that and starts; any other key does not.";

/// Draws the header, which has nothing to count yet.
pub(in crate::tui) fn draw_title(paint: &mut Paint<'_>, row: Rect) {
    let wide = row.width >= 60;
    let mut left = vec![paint.own(Role::Dim, "first start")];
    if wide {
        left.insert(0, paint.own(Role::Heading, "CHAPERON  "));
    }
    let words = if wide {
        "nothing has been sent or written"
    } else {
        "nothing written yet"
    };
    let right = vec![paint.own(Role::Dim, words)];
    paint.pair(row, left, right);
}

/// One line of the page.
enum Line {
    Words(String, Role),
    Row(Row),
    Blank,
}

pub(in crate::tui) fn draw(model: &Model, screen: &OnboardingScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let lines = lines(screen, body);
    let height = usize::from(body.height);
    let at = lines
        .iter()
        .position(|line| matches!(line, Line::Row(row) if *row == screen.current()));
    let at = at.unwrap_or(0);
    // Everything fits from 80x24 on; below that the selected row stays in sight.
    let first = (at + 2).saturating_sub(height);
    let first = first.min(lines.len().saturating_sub(height));
    for (down, line) in lines.iter().skip(first).take(height).enumerate() {
        let place = nth(body, down);
        match line {
            Line::Blank => {}
            Line::Words(words, role) => {
                let line = ours(words);
                let spans = safe(&model.theme, &line, *role);
                paint.row(inset(place, 2, 1), spans);
            }
            Line::Row(row) => draw_row(model, screen, &mut paint, place, *row),
        }
    }
}

/// Returns the page as lines, more of them where there is room.
fn lines(screen: &OnboardingScreen, body: Rect) -> Vec<Line> {
    let room = usize::from(body.width).saturating_sub(4).max(1);
    let tall = body.height >= 26;
    let small = body.height < 18;
    let mut lines = Vec::new();
    let words = |lines: &mut Vec<Line>, text: &str, role: Role| {
        for line in sanitise(&PeerText::new(text)).wrap(room) {
            lines.push(Line::Words(line.plain(), role));
        }
    };
    let blank = |lines: &mut Vec<Line>, wanted: bool| {
        if wanted {
            lines.push(Line::Blank);
        }
    };
    blank(&mut lines, !small);
    let welcome = if small {
        "Watch your assistant talk to others; decide what it may say without you."
    } else {
        "Welcome. You watch what your assistant says to other people’s assistants, and decide \
         what it may say without you."
    };
    words(&mut lines, welcome, Role::Text);
    blank(&mut lines, !small);
    for row in screen.rows() {
        lines.push(Line::Row(row));
        blank(&mut lines, tall || (row == Row::Demo && !small));
    }
    blank(&mut lines, !tall && !small);
    if screen.armed {
        words(&mut lines, OPEN_FILES, Role::Wait);
        return lines;
    }
    let found = &screen.found;
    if small {
        let sealed = match screen.choices.secrets {
            Secrets::Passphrase => "sealed",
            Secrets::Files => "not sealed",
        };
        let writes = format!("S writes settings, store ({sealed})");
        words(&mut lines, &writes, Role::Dim);
        let whom = match &found.clawbuddy {
            Some(found) if screen.choices.import => found.relay.as_str(),
            Some(_) | None => "nobody",
        };
        words(&mut lines, &format!("S contacts {whom}"), Role::Dim);
        return lines;
    }
    let begin = "New channels begin at Safe acquaintance: every draft of your assistant’s waits \
                 for you, and what looks suspicious is held before it reads it.";
    words(&mut lines, begin, Role::Dim);
    blank(&mut lines, true);
    let sealed = match screen.choices.secrets {
        Secrets::Passphrase => "sealed",
        Secrets::Files => "not sealed",
    };
    let (settings, data) = (&found.settings, &found.data);
    let writes = format!("{settings}, {data} ({sealed})");
    for (label, text) in [("S writes", writes), ("S contacts", contacts(screen))] {
        let wrapped = sanitise(&PeerText::new(text)).wrap(room.saturating_sub(12).max(1));
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        for (line, label) in wrapped.iter().zip(labels) {
            let line = format!("{label:12}{}", line.plain());
            lines.push(Line::Words(line, Role::Text));
        }
    }
    lines
}

fn contacts(screen: &OnboardingScreen) -> String {
    match &screen.found.clawbuddy {
        Some(found) if screen.choices.import => {
            format!("{}, to look for mail of what is copied", found.relay)
        }
        Some(_) | None => "nobody, until you invite somebody or open a link".to_owned(),
    }
}

fn draw_row(
    model: &Model,
    screen: &OnboardingScreen,
    paint: &mut Paint<'_>,
    place: Rect,
    row: Row,
) {
    let selected = screen.current() == row;
    let wide = place.width >= 64;
    let label = match row {
        Row::Demo => "look around",
        Row::Import => "assistant",
        Row::Secrets => "secrets",
        Row::Alone => "without you",
        Row::Notify => "reach you",
        Row::Quiet => "quiet hours",
    };
    if selected {
        paint.select(place);
    }
    let role = if selected { Role::Title } else { Role::Dim };
    paint.row(inset(place, 2, 0), vec![paint.own(role, label)]);
    let columns = if wide { LABELS.0 } else { LABELS.1 };
    let value = inset(place, columns, 1);
    let room = usize::from(value.width);
    let spans = value_spans(model, screen, paint, row, room);
    let spans = paint.cut(spans, room);
    paint.row(value, spans);
    if selected {
        paint.tint(place, Role::Selected);
    }
}

fn value_spans(
    model: &Model,
    screen: &OnboardingScreen,
    paint: &Paint<'_>,
    row: Row,
    room: usize,
) -> Spans {
    let choices = &screen.choices;
    match row {
        Row::Demo if room < 50 => vec![paint.own(Role::Text, "Enter: the demo, 2 min")],
        Row::Demo => {
            let more = if room < 70 {
                ": invented people, 2 min, offline"
            } else {
                ": invented people, one of them hostile; 2 min, offline"
            };
            vec![
                paint.own(Role::Text, "Enter tries the demo"),
                paint.own(Role::Dim, more),
            ]
        }
        Row::Import => import_spans(model, screen, paint, room),
        Row::Secrets => {
            let words = [
                (
                    choices.secrets == Secrets::Passphrase,
                    "passphrase each start",
                ),
                (
                    choices.secrets == Secrets::Files,
                    "files, 0600 (say yes twice)",
                ),
            ];
            chosen(paint, &words, room)
        }
        Row::Alone => {
            let words = [
                (!choices.as_each_says, "nothing: every draft waits"),
                (
                    choices.as_each_says,
                    "as each channel says, once its code is compared",
                ),
            ];
            chosen(paint, &words, room)
        }
        Row::Notify => {
            let words = NOTIFY.map(|(notify, words)| (choices.notify == notify, words));
            chosen(paint, &words, room)
        }
        Row::Quiet => {
            let mark = if choices.quiet { "[x]" } else { "[ ]" };
            let mut spans = vec![paint.own(Role::Text, format!("{mark} {QUIET_HOURS}"))];
            if room >= 50 {
                let by = if screen.found.desktop {
                    "   told by the terminal and the desktop"
                } else {
                    "   told by the terminal; no desktop bus here"
                };
                spans.push(paint.own(Role::Dim, by));
            }
            spans
        }
    }
}

fn import_spans(model: &Model, screen: &OnboardingScreen, paint: &Paint<'_>, room: usize) -> Spans {
    let Some(found) = &screen.found.clawbuddy else {
        return Vec::new();
    };
    let mark = if screen.choices.import { "[x]" } else { "[ ]" };
    let count = match found.channels {
        1 => "1 channel".to_owned(),
        count => format!("{count} channels"),
    };
    let mut spans = vec![paint.own(Role::Text, format!("{mark} ClawBuddy"))];
    if room < 50 {
        spans.push(paint.own(Role::Dim, format!(" ({count})")));
        return spans;
    }
    let directory = ours(&found.directory).truncated(28);
    spans.push(paint.own(Role::Text, "  "));
    spans.extend(safe(&model.theme, &directory, Role::Dim));
    let what = if screen.choices.import {
        "copied"
    } else {
        "left alone, start empty"
    };
    spans.push(paint.own(Role::Text, format!("  {count}, {what}")));
    if !found.closed {
        spans.push(paint.own(Role::Wait, "  others can read its keys"));
    } else if room >= 90 {
        spans.push(paint.own(Role::Dim, "  keys readable only by you"));
    }
    spans
}

/// Returns what can be chosen where there is room, else what is chosen.
fn chosen(paint: &Paint<'_>, words: &[(bool, &'static str)], room: usize) -> Spans {
    let mut all = vec![paint.own(Role::Dim, "‹ ")];
    for (index, (is_it, words)) in words.iter().enumerate() {
        if index > 0 {
            all.push(paint.own(Role::Faint, " | "));
        }
        if *is_it {
            all.push(paint.own(Role::Accent, format!("▸{words}")));
        } else {
            all.push(paint.own(Role::Dim, *words));
        }
    }
    all.push(paint.own(Role::Dim, " ›"));
    if width(&all) <= room {
        return all;
    }
    let now = words.iter().find(|(is_it, _)| *is_it);
    let now = now.map_or("", |(_, words)| words);
    vec![
        paint.own(Role::Dim, "‹ "),
        paint.own(Role::Accent, format!("▸{now}")),
        paint.own(Role::Dim, " ›"),
    ]
}
