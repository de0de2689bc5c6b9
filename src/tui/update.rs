//! What happens to the state when something happens to the screen.
//!
//! Pure: no I/O and no clock; time comes with each message, and what is to be done outside is
//! returned. Start with [`update`]. Must not: decide anything outside the review screen.

mod answers;
mod attending;
mod pasting;
mod reading;
mod reload;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use crate::api::{Event, Request};
use crate::model::{ChannelId, PeerText, UnixMillis};

use super::available::{available, why_not};
use super::burst::Enter;
use super::filter;
use super::keymap::{Action, Found, Scope};
use super::message::{Effect, Message, Question, Sheet};
use super::model::{Model, Pane, Screen, Spot, Tone};
use super::screen::composer::{self, Composer};
use super::screen::main::PAGE;
use super::screen::transcript::{Transcript, jump};
use super::screen::{
    decision_log, doctor, end_channel, engagement, form, help, identities, invite, logins, main,
    needs_you, note, onboarding, rename, rest, review, review_queue, review_words, safety_code,
    scan, search, settings, several, topics, why,
};
use super::{first_look, mouse, palette, tour, watch};

/// Takes in one message that arrived at `at`, and returns what is to be done outside.
pub fn update(model: &mut Model, at: UnixMillis, message: Message) -> Vec<Effect> {
    let mut effects = pass_time(model, at);
    effects.extend(match message {
        Message::Key(key) => {
            watch::saw(model);
            press(model, &key)
        }
        Message::Mouse(mouse) => {
            watch::saw(model);
            mouse::act(model, mouse)
        }
        Message::Paste(block) => pasting::paste(model, &block),
        Message::Resize(width, height) => {
            model.size = (width, height);
            unsettle(model);
            Vec::new()
        }
        Message::Focus(gained) => {
            model.focused_since = gained.then_some(model.now);
            model.resting = None;
            unsettle(model);
            watch::focus(model, gained)
        }
        // What is told later is told when its time comes, whether or not anything changed.
        Message::Tick => watch::look_round(model),
        Message::Drawn { quiet } => {
            drawn(model, quiet);
            watch::look_round(model)
        }
        Message::Answer(question, answer) => answers::take(model, question, *answer),
        Message::Event(event) => on_event(model, event),
        Message::Copied(result) => {
            match result {
                Ok(placed) => {
                    model.say(Tone::Fine, format!("Copied: {}.", placed.sentence()));
                    tour::copied(model);
                }
                Err(problem) => model.say(Tone::Trouble, format!("Not copied: {problem}.")),
            }
            Vec::new()
        }
        Message::Pictured(result) => {
            invite::pictured(model, result);
            Vec::new()
        }
        Message::Settings(news, result) => settings::take_file(model, news, result),
        Message::Examined(report) => {
            doctor::take(model, report);
            Vec::new()
        }
        Message::Edited(Sheet::Letter(channel), result) => {
            composer::edited(model, channel, result);
            Vec::new()
        }
        Message::Edited(Sheet::Engagement(channel), result) => {
            engagement::edited(model, channel, result)
        }
        Message::Background(ground) => {
            model.take_ground(ground);
            unsettle(model);
            Vec::new()
        }
        Message::Themes(themes) => {
            model.take_themes(themes);
            unsettle(model);
            Vec::new()
        }
    });
    effects
}

/// Notes that a frame is on the screen; `quiet` if no input waited behind it.
fn drawn(model: &mut Model, quiet: bool) {
    if model.is_covered() {
        // What lies under something else was not seen.
        model.resting = None;
        return;
    }
    review::drawn(model, quiet);
    safety_code::drawn(model, quiet);
    engagement::drawn(model, quiet);
    end_channel::drawn(model, quiet);
    reading::rest(model);
}

/// Makes every key that decides wait afresh: what the person sees is not what it was.
fn unsettle(model: &mut Model) {
    review::unsettle(model);
    safety_code::unsettle(model);
    engagement::unsettle(model);
    end_channel::unsettle(model);
    model.touch();
}

/// Returns what has to be asked before the first frame.
pub fn start(model: &mut Model) -> Vec<Effect> {
    if model.is_first_start() {
        return Vec::new();
    }
    let mut effects = reload_lists(model);
    let request = Request::CatchUp { since: None };
    effects.extend(ask(model, request, Question::Away));
    effects
}

fn reload_lists(model: &mut Model) -> Vec<Effect> {
    let mut effects = ask(model, Request::Status, Question::Status);
    effects.extend(ask(model, Request::NeedsYou, Question::NeedsYou));
    effects.extend(ask(model, Request::Channels, Question::Channels));
    effects
}

/// Asks for something to show, unless an answer is under way already.
pub(super) fn ask(model: &mut Model, request: Request, question: Question) -> Vec<Effect> {
    if model.flights.depart(&question) {
        vec![Effect::Ask(request, question)]
    } else {
        Vec::new()
    }
}

/// Lets time pass: ages grow, notices end, drafts are kept, lines become read.
fn pass_time(model: &mut Model, at: UnixMillis) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.now, at);
    if before.0.div_euclid(60_000) != at.0.div_euclid(60_000) {
        model.touch();
    }
    if model.counts_down() && before.0.div_euclid(1_000) != at.0.div_euclid(1_000) {
        model.touch();
    }
    if model
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= at)
    {
        model.notice = None;
        model.asking = None;
        model.touch();
    }
    let guard = model.guard();
    if guard.is_some_and(|guard| guard.woke_between(model, before)) {
        model.touch();
    }
    if model
        .reminder_at()
        .is_some_and(|due| before < due && due <= at)
    {
        model.touch();
    }
    let mut effects = Vec::new();
    if model.burst.take_due(at) {
        effects.extend(confirm(model));
    }
    if model.composer.save_at().is_some_and(|due| due <= at) {
        effects.extend(model.composer.keep());
        model.touch();
    }
    if note::keep_at(model).is_some_and(|due| due <= at) {
        effects.extend(note::keep(model));
        model.touch();
    }
    effects.extend(search::pass_time(model));
    effects.extend(first_look::pass_time(model));
    effects.extend(scan::pass_time(model));
    effects.extend(reading::mark_read(model));
    effects
}

/// Opens a channel's transcript and draft; its messages are asked for.
pub(super) fn open_channel(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    if model
        .transcript
        .as_ref()
        .is_some_and(|open| open.channel == channel)
    {
        return Vec::new();
    }
    let mut effects: Vec<_> = model.composer.keep().into_iter().collect();
    model.composer = Composer::for_channel(channel);
    model.transcript = Some(Transcript::new(channel));
    logins::know_me(model);
    model.side_scroll = 0;
    model.resting = None;
    effects.extend(newest(model, channel));
    effects.extend(overview(model, channel));
    effects.extend(ask(
        model,
        Request::Draft { channel },
        Question::Draft(channel),
    ));
    model.note = None;
    effects.extend(note::load(model, channel));
    model.touch();
    effects
}

pub(super) fn newest(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let open = model.transcript.as_ref();
    let open = open.filter(|open| open.channel == channel);
    let topic = open.and_then(|open| open.topic.clone());
    let request = Request::Transcript {
        channel,
        before: None,
        limit: PAGE,
        topic: topic.clone(),
    };
    ask(model, request, Question::Newest(channel, topic))
}

/// Asks for what stands beside the transcript of a channel.
pub(super) fn overview(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    ask(
        model,
        Request::Overview { channel },
        Question::Overview(channel),
    )
}

fn on_event(model: &mut Model, event: Event) -> Vec<Effect> {
    let open = model
        .transcript
        .as_ref()
        .map(|transcript| transcript.channel);
    match event {
        Event::Channels => {
            let mut effects = ask(model, Request::Channels, Question::Channels);
            effects.extend(open.map_or_else(Vec::new, |channel| note::load(model, channel)));
            effects.extend(reload::screen(model));
            effects.extend(
                open.into_iter()
                    .flat_map(|channel| overview(model, channel)),
            );
            effects
        }
        Event::Messages { channel } if Some(channel) == open => {
            let mut effects = newest(model, channel);
            effects.extend(jump::refresh(model));
            effects.extend(overview(model, channel));
            effects
        }
        Event::Messages { .. } => Vec::new(),
        Event::NeedsYou => {
            let mut effects = ask(model, Request::NeedsYou, Question::NeedsYou);
            effects.extend(reload::screen(model));
            effects
        }
        Event::Status => {
            let mut effects = ask(model, Request::Status, Question::Status);
            effects.extend(reload::on_status(model));
            effects
        }
        Event::Settings => vec![Effect::ReadSettings],
        Event::Overflow => {
            let mut effects = reload_lists(model);
            effects.extend(reload::screen(model));
            if let Some(channel) = open {
                effects.extend(newest(model, channel));
                effects.extend(overview(model, channel));
            }
            effects
        }
        Event::Closing => {
            model.closing = true;
            model.touch();
            vec![Effect::Quit]
        }
    }
}

/// Returns where keys count now.
pub(super) fn scope(model: &Model) -> Scope {
    if model.palette.is_some() {
        return Scope::Palette;
    }
    if model.filters.writing().is_some() {
        return Scope::Filter;
    }
    match &model.screen {
        Screen::Main if model.composer.active => Scope::Composer,
        Screen::Main if model.leader.is_some() => Scope::Leader,
        Screen::Main => Scope::Main,
        Screen::NeedsYou(_) => Scope::NeedsYou,
        Screen::Review(_) if review_words::is_writing(model) => Scope::ReviewText,
        Screen::Review(_) => Scope::Review,
        Screen::Invite(_) => Scope::Invite,
        Screen::Form(_) => Scope::Form,
        Screen::Engagement(_) => Scope::Engagement,
        Screen::SafetyCode(_) => Scope::SafetyCode,
        Screen::Log(_) => Scope::Log,
        Screen::Rest(_) => Scope::Rest,
        Screen::CatchUp(_) => Scope::CatchUp,
        Screen::Digest(_) => Scope::Digest,
        Screen::Search => search::scope(model),
        Screen::Scan => scan::scope(model),
        Screen::Logins => Scope::Logins,
        Screen::Identities => identities::scope(model),
        Screen::Topics(_) => Scope::Topics,
        Screen::Several(_) => Scope::Several,
        Screen::Note(_) => Scope::Note,
        Screen::Settings(_) if settings::is_writing(model) => Scope::SettingsText,
        Screen::Settings(_) => Scope::Settings,
        Screen::Doctor(_) => Scope::Doctor,
        Screen::Onboarding(_) => Scope::FirstStart,
        Screen::Help(_) => Scope::Help,
        Screen::Why(_) => Scope::Why,
        Screen::Rename(_) => Scope::Rename,
        Screen::EndChannel(_) => Scope::EndChannel,
    }
}

fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    // Repeats may move and type; a decision takes a key that went down.
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let scope = scope(model);
    if scope.is_text() && model.burst.take_waiting(model.now) {
        line_end(model, scope);
    }
    let pending = model.pending.take();
    let action = match model.keys.lookup(scope, pending, key) {
        Found::Does(action) => action,
        Found::Begins(first) => {
            model.pending = Some(first);
            model.touch();
            return Vec::new();
        }
        // What follows a key that began something else is not taken for anything.
        Found::Nothing if pending.is_some() => {
            model.touch();
            return Vec::new();
        }
        Found::Nothing => return unnamed(model, scope, key),
    };
    if key.kind == KeyEventKind::Repeat && !may_repeat(action) {
        return Vec::new();
    }
    if !available(model, action) {
        model.leader = None;
        if let Some(words) = why_not(model, action) {
            model.say(Tone::Trouble, words);
        }
        return Vec::new();
    }
    if scope.is_text() && matches!(action, Action::Send | Action::Submit) {
        match model.burst.enter(model.now) {
            Enter::Pressed => {}
            Enter::Unclear => return Vec::new(),
            Enter::OfBlock => {
                line_end(model, scope);
                return Vec::new();
            }
        }
    }
    if action == Action::JumpSignal && scope == Scope::Rest {
        return rest::pick(model, key);
    }
    if action == Action::JumpSignal {
        review::jump(model, key);
        return Vec::new();
    }
    let asked = model.asking;
    let effects = act(model, scope, action);
    if asked.is_some()
        && model.asking == asked
        && !matches!(action, Action::Quit | Action::PauseAll)
    {
        model.asking = None;
        model.notice = None;
    }
    effects
}

/// Takes a line end of a pasted block for what it is: it neither sends nor confirms.
fn line_end(model: &mut Model, scope: Scope) {
    let key = if scope == Scope::Composer {
        let now = model.now;
        model.composer.paste(&PeerText::new("\n"), now);
        model.keys.label(scope, Action::Send)
    } else {
        model.keys.label(scope, Action::Submit)
    };
    let words = format!("That came as one block, which never sends or confirms. Now {key} does.");
    model.say(Tone::Trouble, words);
}

/// Does what an Enter means that waited for more, and nothing more came.
fn confirm(model: &mut Model) -> Vec<Effect> {
    let scope = scope(model);
    if scope == Scope::Composer {
        act(model, scope, Action::Send)
    } else if scope.is_text() {
        act(model, scope, Action::Submit)
    } else {
        Vec::new()
    }
}

fn may_repeat(action: Action) -> bool {
    matches!(
        action,
        Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::NewLine
    )
}

/// A key that the table does not name: text where there is a text field.
fn unnamed(model: &mut Model, scope: Scope, key: &KeyEvent) -> Vec<Effect> {
    if scope.is_text() && matches!(key.code, KeyCode::Char(_)) {
        model.burst.typed(model.now);
    }
    if scope == Scope::Palette {
        palette::edit(model, key);
    } else if scope == Scope::Filter {
        return filter::edit(model, key);
    } else if scope == Scope::Rename {
        rename::edit(model, key);
    } else if scope == Scope::Composer {
        composer::edit(model, key);
    } else if scope == Scope::ReviewText {
        review_words::edit(model, key);
    } else if scope == Scope::Form {
        form::edit(model, key);
    } else if scope == Scope::SafetyCode {
        safety_code::edit(model, key);
    } else if scope == Scope::SearchText {
        search::edit(model, key);
    } else if scope == Scope::ScanText {
        scan::edit(model, key);
    } else if scope == Scope::IdentitiesText {
        identities::edit(model, key);
    } else if scope == Scope::Topics {
        topics::edit(model, key);
    } else if scope == Scope::Note {
        note::edit(model, key);
    } else if scope == Scope::SettingsText {
        settings::edit(model, key);
    } else if scope == Scope::Leader {
        model.leader = None;
        model.touch();
    }
    Vec::new()
}

/// Does what an action means in a scope. The caller asked whether it is available.
pub(super) fn act(model: &mut Model, scope: Scope, action: Action) -> Vec<Effect> {
    if action != Action::Confirm {
        engagement::disarm(model);
    }
    act_anywhere(model, scope, action).unwrap_or_else(|| act_in(model, scope, action))
}

/// Does what an action means in every scope; `None` where that depends on the scope.
fn act_anywhere(model: &mut Model, scope: Scope, action: Action) -> Option<Vec<Effect>> {
    if action == Action::Redraw {
        return Some(vec![Effect::Redraw]);
    }
    if action == Action::Suspend {
        let mut effects = model.part();
        effects.push(Effect::Suspend);
        return Some(effects);
    }
    if action == Action::PauseAll {
        return Some(main::pause_all(model));
    }
    if action == Action::OpenSearch {
        model.leader = None;
        return Some(search::open(model));
    }
    if action == Action::Help {
        // The help has the keys while it is shown; what lay over the screen does not come back.
        model.palette = None;
        model.filters.stop_writing();
        help::open(model, scope);
        return Some(Vec::new());
    }
    if action == Action::Palette {
        return Some(palette::open(model));
    }
    if action == Action::Filter {
        filter::open(model);
        return Some(Vec::new());
    }
    let clears = action == Action::Back && !scope.is_text() && scope != Scope::Leader;
    let list = filter::list(model).filter(|list| clears && model.filters.narrows(*list))?;
    Some(filter::clear(model, list))
}

fn act_in(model: &mut Model, scope: Scope, action: Action) -> Vec<Effect> {
    if let Some(effects) = attending::act(model, scope, action) {
        return effects;
    }
    match scope {
        Scope::Main if action == Action::OpenSettings => settings::open(model),
        Scope::Main if matches!(action, Action::NextNeed | Action::PreviousNeed) => {
            let next = review_queue::next_item(model, action == Action::NextNeed);
            model.pane = Pane::Rail;
            next.map_or_else(Vec::new, |id| main::select(model, Spot::Need(id)))
        }
        Scope::Main if action == Action::AllNeeds => needs_you::open(model),
        Scope::Main if action == Action::MakeRule => engagement::open(model),
        Scope::Review if action == Action::MakeRule => engagement::open_with_rule(model),
        Scope::Main | Scope::Leader => main::act(model, action),
        Scope::Composer => composer::act(model, action),
        Scope::NeedsYou => needs_you::act(model, action),
        Scope::Review => review::act(model, action),
        Scope::ReviewText => {
            review_words::act(model, action);
            Vec::new()
        }
        Scope::Invite => invite::act(model, action),
        Scope::Form => form::act(model, action),
        Scope::Engagement => engagement::act(model, action),
        Scope::SafetyCode => safety_code::act(model, action),
        Scope::Log => decision_log::act(model, action),
        Scope::Search | Scope::SearchText => search::act(model, action),
        Scope::Scan | Scope::ScanText => scan::act(model, action),
        Scope::Logins => logins::act(model, action),
        Scope::Identities | Scope::IdentitiesText => identities::act(model, action),
        Scope::Topics => topics::act(model, action),
        Scope::Several => several::act(model, action),
        Scope::Note => note::act(model, action),
        Scope::Settings => settings::act(model, action),
        Scope::SettingsText => {
            settings::act_in_field(model, action);
            Vec::new()
        }
        Scope::Doctor => doctor::act(model, action),
        Scope::FirstStart => onboarding::act(model, action),
        Scope::Help => {
            help::act(model, action);
            Vec::new()
        }
        Scope::Why => {
            why::act(model, action);
            Vec::new()
        }
        Scope::Palette => palette::act(model, action),
        Scope::Filter => filter::act(model, action),
        Scope::Rename => rename::act(model, action),
        Scope::EndChannel => end_channel::act(model, action),
        // What these can do was done before.
        Scope::Anywhere | Scope::Rest | Scope::CatchUp | Scope::Digest => Vec::new(),
    }
}
