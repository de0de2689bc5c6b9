//! The safety code of a channel, compared by two people over another way.
//!
//! Small letters are the word, capitals act, so the two cannot be mixed up. The word that is
//! asked for has to stand in the field exactly; then `A` confirms, after a moment of rest. A
//! paste is ignored, a held key types once, and Enter does nothing. A wrong letter stays in the
//! field until it is taken back, so no stream of letters passes through the word by accident.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::{Error, Request, SafetyCode};
use crate::model::{Channel, ChannelId, ChannelState, Fingerprint, NetworkId, PeerText};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, day, inset, nth, safe};

use super::guard::Guard;

/// Letters that the field holds at most; longer than any word of the list.
const LONGEST: usize = 16;

/// The code of one channel.
#[derive(Debug)]
pub(in crate::tui) struct SafetyCodeScreen {
    pub(in crate::tui) channel: ChannelId,
    code: Option<SafetyCode>,
    typed: String,
    /// Whether `D` was pressed and the same key again stops the channel.
    stopping: bool,
    busy: bool,
    problem: Option<String>,
    pub(in crate::tui) guard: Guard,
}

impl SafetyCodeScreen {
    fn word(&self) -> Option<&str> {
        let code = self.code.as_ref()?;
        code.words.get(code.ask).map(String::as_str)
    }

    fn is_complete(&self) -> bool {
        !self.typed.is_empty() && self.word() == Some(self.typed.as_str())
    }
}

/// Tells whether the open channel has a pinned key to compare.
pub(in crate::tui) fn can_open(channel: &Channel) -> bool {
    channel.their_key.is_some()
        && matches!(channel.state, ChannelState::Active | ChannelState::Stopped)
}

/// Opens the code of the channel whose transcript is open.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model
        .open_channel()
        .map(|channel| channel.id)
        .map_or_else(Vec::new, |id| open_for(model, id))
}

/// Opens the code of a channel.
pub(in crate::tui) fn open_for(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let screen = SafetyCodeScreen {
        channel,
        code: None,
        typed: String::new(),
        stopping: false,
        busy: false,
        problem: None,
        guard: Guard::new(model.now),
    };
    model.enter(Screen::SafetyCode(Box::new(screen)));
    reload(model, channel)
}

/// Asks for the code again; a changed one has to be compared afresh.
pub(in crate::tui) fn reload(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let request = Request::SafetyCode {
        channel: channel.into(),
    };
    ask(model, request, Question::SafetyCode(channel))
}

fn shows(screen: &Screen, channel: ChannelId) -> bool {
    matches!(screen, Screen::SafetyCode(screen) if screen.channel == channel)
}

/// Takes in the code of a channel, whatever lies over its screen.
pub(in crate::tui) fn take(
    model: &mut Model,
    channel: ChannelId,
    answer: Result<SafetyCode, Error>,
) {
    let now = model.now;
    let found = model.screens_mut().find(|screen| shows(screen, channel));
    let Some(Screen::SafetyCode(screen)) = found else {
        return;
    };
    match answer {
        Ok(code) => {
            let before = screen.code.as_ref().map(|code| code.seen);
            if before != Some(code.seen) {
                screen.typed.clear();
                screen.stopping = false;
                screen.guard = Guard::new(now);
            }
            if before.is_some_and(|before| before != code.seen) {
                screen.problem = Some("The code changed. Compare it again.".to_owned());
            }
            screen.code = Some(code);
        }
        Err(error) => {
            screen.code = None;
            screen.problem = Some(format!("There is no code to compare: {error}."));
        }
    }
    model.touch();
}

/// Types into the field. Only what a person presses once counts.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    let now = model.now;
    let Screen::SafetyCode(screen) = &mut model.screen else {
        return;
    };
    let plain = key.modifiers == KeyModifiers::NONE && key.kind == KeyEventKind::Press;
    if screen.busy || !plain {
        return;
    }
    if key.code == KeyCode::Backspace {
        screen.typed.pop();
    } else if let KeyCode::Char(letter @ 'a'..='z') = key.code {
        if screen.typed.len() < LONGEST {
            screen.typed.push(letter);
        }
    } else {
        return;
    }
    screen.stopping = false;
    screen.problem = None;
    // The capital that confirms has to come after the word was seen complete.
    screen.guard = Guard::new(now);
    model.touch();
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Confirm => confirm(model),
        Action::CodeDiffers => differs(model),
        Action::Back => {
            model.leave();
            Vec::new()
        }
        Action::Later => {
            model.leave();
            model.say(
                Tone::Fine,
                "Not compared yet: the channel stays as narrow as Safe acquaintance. \
                 <main.compare_code> opens it.",
            );
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    let Screen::SafetyCode(screen) = &model.screen else {
        return Vec::new();
    };
    let asleep = screen.guard.asleep(model);
    let now = model.now;
    let Screen::SafetyCode(screen) = &mut model.screen else {
        return Vec::new();
    };
    screen.stopping = false;
    if screen.busy {
        return Vec::new();
    }
    if asleep.is_some() {
        screen.guard = Guard::new(now);
        return Vec::new();
    }
    let Some(code) = screen.code.as_ref().filter(|_| screen.is_complete()) else {
        let words = "Type the word first; <safety_code.confirm> confirms once it is complete.";
        screen.problem = Some(model.keys.fill(words));
        return Vec::new();
    };
    let request = Request::Verify {
        channel: screen.channel.into(),
        word: screen.typed.clone(),
        seen: code.seen,
    };
    screen.busy = true;
    vec![Effect::Ask(request, Question::Verify(screen.channel))]
}

/// Stops the channel, after the same key was pressed twice.
fn differs(model: &mut Model) -> Vec<Effect> {
    let Screen::SafetyCode(screen) = &mut model.screen else {
        return Vec::new();
    };
    let Some(code) = screen.code.as_ref().filter(|_| !screen.busy) else {
        return Vec::new();
    };
    if !screen.stopping {
        screen.stopping = true;
        screen.problem = None;
        return Vec::new();
    }
    let request = Request::CodeDiffers {
        channel: screen.channel.into(),
        seen: code.seen,
    };
    screen.busy = true;
    vec![Effect::Ask(request, Question::CodeDiffers(screen.channel))]
}

/// Takes in what became of the comparison, whatever lies over its screen; `same` if the person
/// said that it matches.
pub(in crate::tui) fn settled(
    model: &mut Model,
    channel: ChannelId,
    same: bool,
    answer: Result<(), Error>,
) -> Vec<Effect> {
    let mut effects = ask(model, Request::Channels, Question::Channels);
    let Some(over) = model.lift(|screen| shows(screen, channel)) else {
        return effects;
    };
    effects.extend(end(model, channel, same, answer));
    model.lower(over);
    effects
}

fn end(
    model: &mut Model,
    channel: ChannelId,
    same: bool,
    answer: Result<(), Error>,
) -> Vec<Effect> {
    model.touch();
    let Screen::SafetyCode(screen) = &mut model.screen else {
        return Vec::new();
    };
    screen.busy = false;
    screen.stopping = false;
    match answer {
        Ok(()) => {
            model.leave();
            let words = if same {
                "Compared: nobody stands between you. The channel may be raised now."
            } else {
                "The channel is stopped. Nothing leaves or enters; make a new link."
            };
            model.say(Tone::Fine, words);
            Vec::new()
        }
        Err(error) => {
            screen.typed.clear();
            screen.problem = Some(format!("Not noted: {error}."));
            reload(model, channel)
        }
    }
}

pub(in crate::tui) fn drawn(model: &mut Model, quiet: bool) {
    if let Screen::SafetyCode(screen) = &mut model.screen
        && screen.guard.drawn(quiet)
    {
        model.touch();
    }
}

/// Starts the wait afresh; called when the terminal's focus or size changed.
pub(in crate::tui) fn unsettle(model: &mut Model) {
    let now = model.now;
    if let Screen::SafetyCode(screen) = &mut model.screen {
        screen.guard = Guard::new(now);
        screen.stopping = false;
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &SafetyCodeScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let roomy = body.height >= 14;
    draw_title(model, screen, &mut paint, body);
    let inner = inset(body, if body.width >= 64 { 3 } else { 1 }, 1);
    let mut down = if roomy { 3 } else { 1 };
    let Some(code) = &screen.code else {
        let words = screen.problem.as_deref().unwrap_or("Asking for the code.");
        words_below(model, &mut paint, inner, &mut down, (words, Role::Wait));
        return;
    };
    let per_row = 4;
    for row in code.groups.chunks(per_row) {
        let line = ours(&row.join(if inner.width >= 40 { "  " } else { " " }));
        paint.row(nth(inner, down), safe(&model.theme, &line, Role::Title));
        down += 1;
    }
    down += usize::from(roomy);
    let words = ours(&code.words.join(" · "));
    let mut spans = Vec::new();
    if inner.width >= 64 {
        spans.push(paint.own(Role::Dim, "words   "));
    }
    spans.extend(safe(&model.theme, &words, Role::Title));
    paint.row(nth(inner, down), spans);
    down += 1 + usize::from(roomy);
    if roomy {
        draw_advice(model, code, &mut paint, inner, &mut down);
        paint.rule(nth(body, down));
        down += 1;
    }
    draw_field(model, screen, &mut paint, inner, down);
}

fn draw_title(model: &Model, screen: &SafetyCodeScreen, paint: &mut Paint<'_>, body: Rect) {
    let channel = model.channel(screen.channel);
    let head = if body.width >= 64 {
        "COMPARE THE CODE"
    } else {
        "CODE"
    };
    let mut left = vec![paint.own(Role::Title, head), paint.own(Role::Dim, " · ")];
    if let Some(channel) = channel {
        let name = sanitise_line(&channel.name, usize::from(body.width) / 2);
        left.extend(safe(&model.theme, &name, Role::Title));
    }
    let words = match channel.and_then(|channel| channel.verified) {
        Some(at) => format!("✓ compared {}", day(at, &model.zone)),
        None => "~ not compared yet".to_owned(),
    };
    let right = vec![paint.own(Role::Dim, words)];
    paint.head(body, left, right);
}

fn draw_advice(
    model: &Model,
    code: &SafetyCode,
    paint: &mut Paint<'_>,
    inner: Rect,
    down: &mut usize,
) {
    let both = code.channel.network == NetworkId::ClawChat;
    // Two rows more have to be had from somewhere.
    let tight = both && inner.height < 24;
    let advice = if tight {
        "Read it aloud in a call, or when you meet; not over this channel."
    } else {
        "Read it aloud, or let them show theirs. Use a call or meet, not this channel. \
                  Both sides see the same digits and words if nobody stands between you."
    };
    words_below(model, paint, inner, down, (advice, Role::Text));
    *down += usize::from(!tight);
    let made = day(code.channel.created_at, &model.zone);
    if both {
        let mine = super::logins::of(model, &code.channel);
        let mine = mine.map_or("", |one| one.address.as_str());
        for (label, principal) in [
            ("you        ", mine),
            ("they       ", code.channel.address.as_str()),
        ] {
            let mut spans = vec![paint.own(Role::Dim, label)];
            let room = usize::from(inner.width).saturating_sub(label.len());
            let line = sanitise_line(&PeerText::new(principal), room);
            spans.extend(safe(&model.theme, &line, Role::Text));
            paint.row(nth(inner, *down), spans);
            *down += 1;
        }
    }
    let (ours_from, theirs_from) = if both {
        let from = if code.channel.inviter {
            "as you added them"
        } else {
            "as they proved"
        };
        ("wallet and node", from)
    } else if code.channel.network.is_direct() {
        ("of your identity there", "signed what they asked")
    } else if code.channel.inviter {
        ("made here with the invite", "the one that answered it")
    } else {
        ("made here to answer", "came with the link")
    };
    let keys = [
        (
            "your key   ",
            code.channel.our_fingerprint.as_ref(),
            ours_from,
        ),
        (
            "their key  ",
            code.channel.fingerprint.as_ref(),
            theirs_from,
        ),
    ];
    for (label, key, from) in keys {
        let key = key.map_or("none", |Fingerprint(key)| key.as_str());
        let mut spans = vec![paint.own(Role::Dim, label)];
        spans.extend(safe(&model.theme, &ours(key), Role::Text));
        spans.push(paint.own(Role::Dim, format!("  {from}, {made}")));
        paint.row(nth(inner, *down), spans);
        *down += 1;
    }
    *down += 1;
    let alarm = "If it differs, somebody answered in their place. Stop, and make a new link.";
    words_below(model, paint, inner, down, (alarm, Role::Wait));
}

fn draw_field(
    model: &Model,
    screen: &SafetyCodeScreen,
    paint: &mut Paint<'_>,
    inner: Rect,
    mut down: usize,
) {
    let word = screen.word().unwrap_or_default();
    let wide = inner.width >= 64;
    let mut spans = vec![paint.own(Role::Text, "Type ")];
    spans.extend(safe(&model.theme, &ours(word), Role::Accent));
    let tail = if wide {
        " to say that it is the same on both sides:  "
    } else {
        " if the same:  "
    };
    spans.push(paint.own(Role::Text, tail));
    let wrong = !word.starts_with(&screen.typed);
    let role = if wrong { Role::Stop } else { Role::Title };
    spans.extend(safe(&model.theme, &ours(&screen.typed), role));
    spans.push(paint.own(Role::Accent, "_"));
    paint.row(nth(inner, down), spans);
    down += 1;
    let asleep = screen.guard.asleep(model);
    let (words, role) = if screen.busy {
        ("Carrying out.", Role::Dim)
    } else if screen.stopping {
        (
            "<safety_code.code_differs> again stops the channel both ways.",
            Role::Stop,
        )
    } else if let Some(problem) = &screen.problem {
        (problem.as_str(), Role::Wait)
    } else if screen.is_complete() {
        match asleep {
            Some(why) => (why, Role::Wait),
            None => (
                "<safety_code.confirm> confirms: the code is the same.",
                Role::Accent,
            ),
        }
    } else if wrong {
        ("That is not the word; Backspace takes it back.", Role::Stop)
    } else {
        ("Small letters are the word; capitals act.", Role::Dim)
    };
    let words = model.keys.fill(words);
    words_below(model, paint, inner, &mut down, (&words, role));
}

fn words_below(
    model: &Model,
    paint: &mut Paint<'_>,
    area: Rect,
    down: &mut usize,
    (words, role): (&str, Role),
) {
    for line in sanitise(&PeerText::new(words)).wrap(area.width.into()) {
        paint.row(nth(area, *down), safe(&model.theme, &line, role));
        *down += 1;
    }
}
