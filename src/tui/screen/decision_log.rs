//! The decision log: who decided or did what, when, and the proof that no entry was changed.
//!
//! Holds the pages that were loaded, newest first. Texts of an entry are shown sanitised and
//! right of the gutter, as everywhere else.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::api::{LogState, Request};
use crate::model::{Actor, ChannelId, LogEntry, PeerText};
use crate::text::{ours, sanitise_line};
use crate::tui::filter::List;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, clock, inset, nth, part, safe, stamp, width};

use super::decision_log_rows::{difference_rows, fact, text_rows};
use super::decision_log_text::{Entry, grouped, proof, who, words};

/// Entries asked for at once.
const PAGE: u32 = 100;

/// Which entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Filter {
    #[default]
    All,
    Channel(ChannelId),
    You,
    Rules,
}

impl Filter {
    fn next(self, channel: Option<ChannelId>) -> Self {
        match (self, channel) {
            (Self::All, Some(channel)) => Self::Channel(channel),
            (Self::All, None) | (Self::Channel(_), _) => Self::You,
            (Self::You, _) => Self::Rules,
            (Self::Rules, _) => Self::All,
        }
    }

    fn lets(self, entry: &LogEntry) -> bool {
        match self {
            Self::All => true,
            Self::Channel(channel) => entry.channel == Some(channel),
            Self::You => entry.actor == Actor::Human,
            Self::Rules => entry.actor == Actor::Rule,
        }
    }
}

/// How much of the log is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    #[default]
    Nothing,
    Part,
    All,
}

/// What is known of the chain of digests.
#[derive(Debug, Default)]
enum Chain {
    #[default]
    Checking,
    /// The check could not be made.
    Unknown,
    Checked(LogState),
}

/// The list, the selected entry, and what is known of the chain.
#[derive(Debug, Default)]
pub(in crate::tui) struct LogScreen {
    entries: Vec<Entry>,
    /// The listed entries begin before this one; with the newest where absent.
    before: Option<i64>,
    reach: Reach,
    /// Whether the last page did not come; none is asked for again until a key is pressed.
    stuck: bool,
    chain: Chain,
    /// The channel that was open when the log was.
    channel: Option<ChannelId>,
    filter: Filter,
    /// Words in small letters that an entry has to hold.
    wanted: Vec<String>,
    /// Index of the selected entry among those that the filter lets through.
    cursor: usize,
    /// Whether the entry has the whole window.
    whole: bool,
    differences: bool,
    scroll: usize,
}

impl LogScreen {
    fn listed(&self) -> impl Iterator<Item = &Entry> {
        let filter = self.filter;
        let entries = self.entries.iter();
        let entries = entries.filter(move |entry| filter.lets(&entry.logged));
        entries.filter(|entry| entry.holds(&self.wanted))
    }

    fn selected(&self) -> Option<&Entry> {
        self.listed().nth(self.cursor)
    }

    /// Tells whether the selected entry can be opened, or its two texts compared.
    pub(in crate::tui) fn can(&self, action: Action) -> bool {
        self.selected()
            .is_some_and(|entry| action == Action::Open || entry.has_both())
    }
}

/// Opens the log, and asks for its newest page, or the one before an entry, and for the state of
/// the chain.
pub(in crate::tui) fn open(model: &mut Model, before: Option<i64>) -> Vec<Effect> {
    let channel = model.open_channel().map(|channel| channel.id);
    model.filters.clear(List::Log);
    model.enter(Screen::Log(Box::new(LogScreen {
        before,
        channel,
        ..LogScreen::default()
    })));
    let mut effects = ask_page(model, before);
    effects.extend(ask(model, Request::VerifyLog, Question::VerifyLog));
    effects
}

/// Lists only the entries that hold all these words.
pub(in crate::tui) fn filter(model: &mut Model, wanted: Vec<String>) -> Vec<Effect> {
    if let Screen::Log(screen) = &mut model.screen {
        screen.wanted = wanted;
        screen.cursor = 0;
        screen.scroll = 0;
    }
    ask_more(model)
}

fn ask_page(model: &mut Model, before: Option<i64>) -> Vec<Effect> {
    let request = Request::Log {
        limit: PAGE,
        before,
    };
    ask(model, request, Question::Log(before))
}

/// Asks for the next page where the list ends before the window does.
fn ask_more(model: &mut Model) -> Vec<Effect> {
    let rows = usize::from(view::body(model).height);
    let Screen::Log(screen) = &model.screen else {
        return Vec::new();
    };
    if screen.reach == Reach::Nothing && !screen.stuck {
        let before = screen.before;
        return ask_page(model, before);
    }
    let near = screen.cursor + rows >= screen.listed().count();
    let oldest = screen.entries.last().map(|entry| entry.logged.number);
    if near && screen.reach == Reach::Part && !screen.stuck && oldest.is_some() {
        ask_page(model, oldest)
    } else {
        Vec::new()
    }
}

/// Takes in a page of entries, newest first.
pub(in crate::tui) fn take(
    model: &mut Model,
    before: Option<i64>,
    page: Vec<LogEntry>,
) -> Vec<Effect> {
    let Some(screen) = shown(model) else {
        return Vec::new();
    };
    let oldest = screen.entries.last().map(|entry| entry.logged.number);
    if before != oldest.or(screen.before) {
        return Vec::new();
    }
    let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    screen.reach = if full { Reach::Part } else { Reach::All };
    screen.entries.extend(page.into_iter().map(Entry::new));
    model.touch();
    ask_more(model)
}

/// Takes in what the check of the chain found.
pub(in crate::tui) fn take_state(model: &mut Model, state: LogState) {
    if let Some(screen) = shown(model) {
        screen.chain = Chain::Checked(state);
        model.touch();
    }
}

/// Notes that a question was not answered; the notice line says why.
pub(in crate::tui) fn fail(model: &mut Model, question: &Question) {
    if let Some(screen) = shown(model) {
        if *question == Question::VerifyLog {
            screen.chain = Chain::Unknown;
        }
        screen.stuck |= matches!(question, Question::Log(_));
    }
}

/// Returns the log's screen, be it on top or below the help.
fn shown(model: &mut Model) -> Option<&mut LogScreen> {
    model.screens_mut().find_map(|screen| {
        if let Screen::Log(screen) = screen {
            Some(&mut **screen)
        } else {
            None
        }
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the log"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let body = view::body(model);
    let half = usize::from(body.height / 2).max(1);
    let most = if action == Action::PageDown {
        most_scroll(model, body)
    } else {
        0
    };
    let Screen::Log(screen) = &mut model.screen else {
        return Vec::new();
    };
    let last = screen.listed().count().saturating_sub(1);
    let before = screen.cursor;
    screen.stuck = false;
    match action {
        Action::Up => screen.cursor = before.saturating_sub(1),
        Action::Down => screen.cursor = (before + 1).min(last),
        Action::PageUp if screen.whole => screen.scroll = screen.scroll.saturating_sub(half),
        Action::PageDown if screen.whole => screen.scroll = (screen.scroll + half).min(most),
        Action::PageUp => screen.cursor = before.saturating_sub(half),
        Action::PageDown => screen.cursor = (before + half).min(last),
        Action::Top => screen.cursor = 0,
        Action::Bottom => screen.cursor = last,
        Action::Open => {
            screen.whole = !screen.whole;
            screen.scroll = 0;
        }
        Action::Difference => {
            screen.differences = !screen.differences;
            screen.whole |= is_narrow(body);
            screen.scroll = 0;
        }
        Action::CycleFilter => {
            screen.filter = screen.filter.next(screen.channel);
            screen.cursor = 0;
            screen.scroll = 0;
        }
        Action::HowToExport => {
            model.say(Tone::Fine, "chaperon log export writes it as JSON lines.");
        }
        Action::VerifyChain => {
            screen.chain = Chain::Checking;
            return ask(model, Request::VerifyLog, Question::VerifyLog);
        }
        Action::Back if screen.whole => screen.whole = false,
        Action::Back => {
            model.leave();
            return Vec::new();
        }
        _ => {}
    }
    if let Screen::Log(screen) = &mut model.screen
        && screen.cursor != before
    {
        screen.scroll = 0;
    }
    ask_more(model)
}

/// Returns how far the selected entry scrolls where it has the whole window.
fn most_scroll(model: &Model, body: Rect) -> usize {
    let Screen::Log(screen) = &model.screen else {
        return 0;
    };
    let rows = screen.selected().map_or(0, |entry| {
        detail_rows(model, entry, screen.differences, body.width).len()
    });
    (rows + 2).saturating_sub(body.height.into())
}

/// Tells whether there is room for the list alone, in two rows an entry.
fn is_narrow(body: Rect) -> bool {
    body.width < 64 || body.height < 14
}

pub(in crate::tui) fn draw(model: &Model, screen: &LogScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, screen, &mut paint, nth(inset(body, 1, 1), 0));
    let below = |down| from_row(body, down);
    let narrow = is_narrow(body);
    let top = u16::from(!narrow);
    if !narrow {
        paint.rule(nth(body, 1));
    }
    if screen.whole {
        draw_detail(model, screen, &mut paint, below(1 + top));
        return;
    }
    let list = list_area(body, narrow);
    draw_list(model, screen, &mut paint, list);
    if narrow {
        return;
    }
    let height = list.height;
    paint.rule(nth(body, usize::from(2 + height)));
    draw_detail(model, screen, &mut paint, below(3 + height));
}

fn from_row(body: Rect, down: u16) -> Rect {
    Rect {
        y: body.y + down.min(body.height),
        height: body.height.saturating_sub(down),
        ..body
    }
}

fn draw_title(model: &Model, screen: &LogScreen, paint: &mut Paint<'_>, place: Rect) {
    let mut left = vec![
        paint.own(Role::Title, "DECISION LOG"),
        paint.own(Role::Dim, "  "),
    ];
    match screen.filter {
        Filter::All if place.width < 64 => {}
        Filter::All => left.push(paint.own(Role::Dim, "all")),
        Filter::You => left.push(paint.own(Role::Dim, "what you did")),
        Filter::Rules => left.push(paint.own(Role::Dim, "what rules did")),
        Filter::Channel(id) => left.extend(channel_name(model, Some(id), 24, Role::Dim)),
    }
    let right = match &screen.chain {
        Chain::Checking => vec![paint.own(Role::Dim, "checking the chain")],
        Chain::Unknown => Vec::new(),
        Chain::Checked(state) => {
            let count = grouped(state.entries);
            if let Some(problem) = &state.problem {
                let words = format!("{count} · chain broken: {problem}");
                let room = usize::from(place.width).saturating_sub(18);
                safe(&model.theme, &ours(&words).truncated(room), Role::Stop)
            } else {
                let words = match place.width {
                    0..64 => format!("{count} · whole"),
                    64..100 => format!("{count} · chain whole"),
                    _ => format!(
                        "{count} entries · chain whole · checked {}",
                        clock(state.checked_at, &model.zone)
                    ),
                };
                vec![paint.own(Role::Dim, words)]
            }
        }
    };
    paint.pair(place, left, right);
}

fn channel_name(model: &Model, id: Option<ChannelId>, room: usize, role: Role) -> Spans {
    let Some(id) = id else {
        return Vec::new();
    };
    model.channel(id).map_or_else(
        || vec![model.theme.span(Role::Dim, format!("channel {id}"))],
        |channel| safe(&model.theme, &sanitise_line(&channel.name, room), role),
    )
}

/// Where who, what, channel, why and proof begin; no proof where there is no room for it.
fn columns(width: u16) -> [u16; 5] {
    if width >= 100 {
        [16, 27, 56, 76, width.saturating_sub(9)]
    } else {
        [10, 20, 48, 61, width]
    }
}

/// Puts the cursor on the entry at this place of the screen.
pub(in crate::tui) fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    let body = view::body(model);
    let narrow = is_narrow(body);
    let Screen::Log(screen) = &mut model.screen else {
        return Vec::new();
    };
    let area = list_area(body, narrow);
    let (head, high) = grid(area, narrow);
    let down = usize::from(at.y.saturating_sub(area.y));
    if screen.whole || !area.contains(at) || down < head {
        return Vec::new();
    }
    let room = ((usize::from(area.height) - head.min(area.height.into())) / high).max(1);
    let from = (screen.cursor + 1).saturating_sub(room);
    let index = from + (down - head) / high;
    if index < screen.listed().count() {
        screen.cursor = index;
        screen.scroll = 0;
        model.touch();
    }
    ask_more(model)
}

/// Returns the place of the list.
fn list_area(body: Rect, narrow: bool) -> Rect {
    if narrow {
        return from_row(body, 1);
    }
    Rect {
        height: body.height * 2 / 5,
        ..from_row(body, 2)
    }
}

/// Returns the rows of the head of the list, and of each entry.
fn grid(area: Rect, narrow: bool) -> (usize, usize) {
    let wide = area.width > 100;
    (usize::from(wide && !narrow), if narrow { 2 } else { 1 })
}

fn draw_list(model: &Model, screen: &LogScreen, paint: &mut Paint<'_>, area: Rect) {
    let narrow = is_narrow(view::body(model));
    let (head, high) = grid(area, narrow);
    let area = inset(area, 0, 1);
    let wide = area.width >= 100;
    let place = inset(area, 2, 0);
    let edges = columns(place.width);
    if head == 1 {
        let names = ["who", "what", "channel", "why / rule", "proof"];
        paint.row(nth(place, 0), vec![paint.own(Role::Dim, "when")]);
        for (edge, name) in edges.iter().zip(names) {
            let cell = inset(nth(place, 0), *edge, 0);
            paint.row(cell, vec![paint.own(Role::Dim, name)]);
        }
    }
    if screen.listed().next().is_none() {
        let words = match (screen.reach, screen.filter) {
            (Reach::Nothing, _) => "Loading.",
            _ if !screen.wanted.is_empty() => "No entry holds that; <log.back> shows all.",
            (_, Filter::All) => "Nothing was decided or done yet.",
            _ => "No entry of this kind; <log.cycle_filter> shows others.",
        };
        let words = model.keys.fill(words);
        paint.row(nth(place, head), vec![paint.own(Role::Dim, words)]);
        return;
    }
    let room = ((usize::from(area.height) - head.min(area.height.into())) / high).max(1);
    let from = (screen.cursor + 1).saturating_sub(room);
    for (index, entry) in screen.listed().enumerate().skip(from).take(room) {
        let down = head + (index - from) * high;
        let row = nth(place, down);
        let format = match (wide, narrow) {
            (_, true) => "%H:%M",
            (true, _) => "%a %H:%M:%S",
            _ => "%a %H:%M",
        };
        let logged = &entry.logged;
        let at = stamp(logged.at, &model.zone, format);
        let cells = [
            vec![paint.own(Role::Dim, who(logged))],
            vec![paint.own(Role::Text, words(&logged.what))],
            channel_name(model, logged.channel, 18, Role::Text),
            vec![paint.own(Role::Dim, entry.why())],
            vec![paint.own(Role::Dim, proof(&logged.digest))],
        ];
        paint.row(row, vec![paint.own(Role::Dim, at)]);
        let second = nth(place, down + 1);
        let places: Vec<Rect> = if narrow {
            let gone = Rect { width: 0, ..row };
            vec![
                part(row, 6, 15),
                part(row, 16, row.width),
                part(second, 6, 20),
                part(second, 21, second.width),
                gone,
            ]
        } else {
            let ends = edges.iter().skip(1).map(|edge| edge.saturating_sub(1));
            let ends = ends.chain([place.width]);
            let pairs = edges.iter().zip(ends);
            pairs.map(|(start, end)| part(row, *start, end)).collect()
        };
        for (cell, spans) in places.into_iter().zip(cells) {
            paint.row(cell, spans);
        }
        if index == screen.cursor {
            paint.select(nth(area, down));
        }
    }
}

fn draw_detail(model: &Model, screen: &LogScreen, paint: &mut Paint<'_>, area: Rect) {
    let Some(entry) = screen.selected() else {
        return;
    };
    let rows = detail_rows(model, entry, screen.differences, area.width);
    let shown = usize::from(area.height);
    let skip = if screen.whole { screen.scroll } else { 0 };
    let more = rows.len().saturating_sub(skip) > shown;
    for (down, spans) in rows.into_iter().skip(skip).enumerate() {
        paint.row(nth(inset(area, 1, 2), down), spans);
    }
    if more {
        let sign = vec![paint.own(Role::Wait, "▼")];
        paint.pair(nth(area, shown.saturating_sub(1)), Vec::new(), sign);
    }
}

/// Returns what is known of an entry, as rows of `columns` cells at most.
fn detail_rows(model: &Model, opened: &Entry, differences: bool, columns: u16) -> Vec<Spans> {
    let entry = &opened.logged;
    let theme = &model.theme;
    let own = |role, text: String| theme.span(role, text);
    let room = usize::from(columns).saturating_sub(17).max(8);
    let number = grouped(entry.number.unsigned_abs());
    let title = format!("ENTRY {number} · {}", words(&entry.what));
    let mut head = vec![own(Role::Heading, title)];
    if entry.channel.is_some() {
        head.push(own(Role::Dim, " · ".to_owned()));
        head.extend(channel_name(model, entry.channel, 24, Role::Text));
    }
    let at = stamp(entry.at, &model.zone, "%a %-d %b %H:%M:%S %Z");
    let when = own(Role::Dim, format!(" · {at} · {}", who(entry)));
    let mut rows = if width(&head) + when.width() + 3 <= usize::from(columns) {
        head.push(when);
        vec![head, Vec::new()]
    } else {
        vec![head, vec![when], Vec::new()]
    };
    match opened.changed().filter(|_| differences) {
        Some(changed) => rows.extend(difference_rows(model, changed, room)),
        None => rows.extend(text_rows(model, entry, room)),
    }
    let evidence = &entry.evidence;
    if let Some(reason) = &evidence.reason {
        rows.extend(fact(model, "reason", reason, room));
    }
    let seen = evidence.seen.map(|seen| {
        let (percent, seconds) = (seen.percent, seen.seconds);
        format!("{percent}% of text, {seconds} s on screen, before the decision")
    });
    let signals = if evidence.signals.is_empty() {
        entry.draft.is_some().then(|| "none".to_owned())
    } else {
        Some(evidence.signals.join(", "))
    };
    let detail = (!entry.detail.is_empty()).then(|| entry.detail.clone());
    let facts = [
        ("why", detail),
        ("seen", seen),
        ("rule", evidence.rule.clone()),
        ("policy", evidence.policy.clone()),
        ("signals", signals),
        ("relay", evidence.seq.map(|seq| format!("number {seq}"))),
    ];
    for (label, words) in facts {
        if let Some(words) = words {
            rows.extend(fact(model, label, &PeerText::new(words), room));
        }
    }
    let (previous, this) = (proof(&entry.previous), proof(&entry.digest));
    rows.push(Vec::new());
    let chain = format!("  prev {previous}   this {this}");
    rows.push(vec![own(Role::Dim, chain)]);
    rows
}
