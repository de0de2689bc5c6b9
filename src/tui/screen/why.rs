//! Why a message went where it went: the rule, the policy in force, what was found, and what
//! the log says of it.

use ratatui::Frame;

use crate::api::Request;
use crate::model::{
    Admission, Author, ChannelId, Delivery, LogEntry, Message, MessageId, Passage, PeerText,
    Severity, Signal, SignalKind,
};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, clock, day, inset, nth, safe};

use super::decision_log_text::{who, words};

/// Entries of the log that are looked through.
const ENTRIES: u32 = 500;
/// Columns of the labels.
const LABEL: usize = 10;

/// One message and what is known of its way.
#[derive(Debug)]
pub(in crate::tui) struct WhyScreen {
    channel: ChannelId,
    message: Message,
    /// What the log says of it, oldest first; `None` until it was read.
    log: Option<Vec<LogEntry>>,
    scroll: usize,
}

/// Opens it for the selected message of the open conversation.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    let open = model.transcript.as_ref();
    let Some((channel, message)) =
        open.and_then(|open| Some((open.channel, open.selected()?.clone())))
    else {
        return Vec::new();
    };
    let id = message.id;
    model.enter(Screen::Why(Box::new(WhyScreen {
        channel,
        message,
        log: None,
        scroll: 0,
    })));
    let request = Request::Log {
        limit: ENTRIES,
        before: None,
    };
    ask(model, request, Question::Why(id))
}

/// Takes in the newest entries of the log.
pub(in crate::tui) fn take(model: &mut Model, id: MessageId, entries: Vec<LogEntry>) {
    if let Screen::Why(screen) = &mut model.screen
        && screen.message.id == id
    {
        let of_it = |entry: &LogEntry| entry.evidence.message == Some(id);
        screen.log = Some(entries.into_iter().rev().filter(of_it).collect());
        model.touch();
    }
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) {
    model.touch();
    let body = view::body(model);
    let height = usize::from(body.height).max(1);
    let Screen::Why(screen) = &model.screen else {
        return;
    };
    let most = rows(model, screen).len().saturating_sub(height);
    let at = screen.scroll;
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(height / 2),
        Action::PageDown => at + height / 2,
        _ => {
            model.leave();
            return;
        }
    };
    if let Screen::Why(screen) = &mut model.screen {
        screen.scroll = to.min(most);
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &WhyScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let rows = rows(model, screen);
    let left = rows.len().saturating_sub(screen.scroll);
    let height = usize::from(body.height);
    for (down, spans) in rows
        .into_iter()
        .skip(screen.scroll)
        .take(height)
        .enumerate()
    {
        paint.row(inset(nth(body, down), 2, 2), spans);
    }
    if left > height {
        let below = vec![paint.own(Role::Wait, "▼")];
        paint.pair(inset(nth(body, height - 1), 1, 1), Vec::new(), below);
    }
}

/// Returns what became of a message, in a sentence.
fn outcome(message: &Message) -> &'static str {
    match (&message.admission, &message.delivery, message.passage) {
        (Some(Admission::Held { .. }), ..) => {
            "held: your assistant has not seen it, and does not until you release it"
        }
        (_, Some(Delivery::Held { .. }), _) => "held: it is not sent until you approve it",
        (_, Some(Delivery::Refused { .. }), _) => "refused by you: it was not sent",
        (_, Some(Delivery::Expired { .. }), _) => "nobody answered in time, so it was not sent",
        (_, Some(Delivery::TakenBack), _) => "you took it back: it never left",
        (_, _, Some(Passage::Alone)) => "passed by a rule, without you",
        (_, _, Some(Passage::AsIs)) => "passed by you, as it was",
        (_, _, Some(Passage::Edited)) => "changed by you, then sent",
        (_, _, Some(Passage::HiddenRemoved)) => "released by you without what was hidden in it",
        (_, _, Some(Passage::OwnWords)) => "replaced: your assistant got your words instead",
        (Some(Admission::Released { .. }), _, None) => "released to your assistant",
        (None, _, None) if message.author == Author::Human => "you wrote it",
        (None, _, None) => "no rule was asked",
    }
}

/// Returns the rule that decided, where one did.
fn rule(message: &Message) -> Option<&str> {
    match (&message.admission, &message.delivery) {
        (Some(Admission::Held { rule } | Admission::Released { rule }), _)
        | (_, Some(Delivery::Held { rule, .. })) => Some(rule),
        _ => None,
    }
}

fn check(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Exact => "exact, certain",
        SignalKind::Rule => "wording rule, may be wrong",
        SignalKind::Opinion => "a model's opinion, may be wrong",
    }
}

fn weight(signal: &Signal) -> (&'static str, Role) {
    match signal.severity {
        Severity::Critical => ("critical", Role::Stop),
        Severity::High => ("high", Role::Stop),
        Severity::Medium => ("medium", Role::Wait),
        Severity::Low => ("low", Role::Wait),
        Severity::Note => ("note", Role::Dim),
    }
}

/// Rows under construction, each wrapped beside its label.
struct Sheet<'a> {
    model: &'a Model,
    room: usize,
    rows: Vec<Spans>,
}

impl Sheet<'_> {
    fn gap(&mut self) {
        self.rows.push(Vec::new());
    }

    fn heading(&mut self, words: &'static str) {
        self.rows
            .push(vec![self.model.theme.span(Role::Heading, words)]);
    }

    fn fact(&mut self, label: &str, words: &PeerText, role: Role) {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        let lines = sanitise(words).wrap(self.room.saturating_sub(LABEL));
        for (line, label) in lines.iter().zip(labels) {
            let mut row = vec![self.model.theme.span(Role::Dim, format!("{label:LABEL$}"))];
            row.extend(safe(&self.model.theme, line, role));
            self.rows.push(row);
        }
    }

    fn said(&mut self, label: &str, words: impl Into<String>) {
        self.fact(label, &PeerText::new(words.into()), Role::Text);
    }
}

fn rows(model: &Model, screen: &WhyScreen) -> Vec<Spans> {
    let mut sheet = Sheet {
        model,
        room: usize::from(view::body(model).width).saturating_sub(4),
        rows: Vec::new(),
    };
    let message = &screen.message;
    let theme = &model.theme;
    let mut title = vec![theme.span(Role::Title, "WHY"), theme.span(Role::Dim, " · ")];
    let channel = model.channel(screen.channel);
    if let Some(channel) = channel {
        title.extend(safe(theme, &sanitise_line(&channel.name, 30), Role::Title));
    }
    let at = message.at;
    let when = format!(" · {} {}", day(at, &model.zone), clock(at, &model.zone));
    title.push(theme.span(Role::Dim, when));
    sheet.rows.push(title);
    if view::body(model).height >= 14 {
        sheet.gap();
    }
    sheet.said("what", outcome(message));
    if let Some(rule) = rule(message) {
        sheet.said("rule", rule);
    }
    if let Some(channel) = channel {
        let policy = format!(
            "{} v{}",
            ours(&channel.preset).plain(),
            channel.policy_version
        );
        sheet.said("in force", policy);
    }
    sheet.gap();
    signals(&mut sheet, message);
    sheet.gap();
    log(&mut sheet, screen);
    sheet.rows
}

fn signals(sheet: &mut Sheet<'_>, message: &Message) {
    sheet.heading("SIGNALS");
    if message.signals.is_empty() {
        sheet.said("", "nothing was found; that is no promise that it is safe");
    }
    for (number, signal) in (1..).zip(&message.signals) {
        let (weight, role) = weight(signal);
        let words = format!("{weight}: it {}", signal.code.sentence());
        sheet.fact(&format!("  {number}"), &PeerText::new(words), role);
        let kind = format!("{} · {}", check(signal.kind), signal.code.as_str());
        sheet.fact("", &PeerText::new(kind), Role::Dim);
    }
}

fn log(sheet: &mut Sheet<'_>, screen: &WhyScreen) {
    let zone = &sheet.model.zone;
    sheet.heading("LOG");
    let Some(entries) = &screen.log else {
        sheet.said("", "reading the log");
        return;
    };
    if entries.is_empty() {
        sheet.said("", "the newest entries of the log do not name it");
    }
    for entry in entries {
        let label = format!("  {}", clock(entry.at, zone));
        let facts = [
            Some(format!("{} {}", who(entry), words(&entry.what))),
            entry.evidence.rule.clone(),
            entry.evidence.policy.clone(),
            (!entry.detail.is_empty()).then(|| entry.detail.clone()),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        sheet.said(&label, facts.join(" · "));
        if let Some(reason) = &entry.evidence.reason {
            sheet.fact("  reason", reason, Role::Text);
        }
    }
}
