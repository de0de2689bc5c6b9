//! The engagement of one channel: what its assistant may do, tried out before it is saved.
//!
//! Every change is a question to the engine, one at a time; what it answers is on screen, and
//! only that is saved. What lets more happen without a person takes `A` after `S`, once the
//! line that says what follows has lain on the screen. Drawn by `engagement_view`. Must not:
//! judge by itself what widens.

use crate::api::{Engagement, EngagementRow, Error, Proposal, Request, RowEdit, RowStep};
use crate::model::{Channel, ChannelId, ChannelState, PeerText, UnixMillis};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question, Sheet};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::update::ask;

use super::engagement_changes::blocked_words;
use super::guard::Guard;
use super::{engagement_view, review};

/// What an answer that is awaited does to the list of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

/// The engagement of one channel, and what is tried out.
#[derive(Debug)]
pub(in crate::tui) struct EngagementScreen {
    pub(super) channel: ChannelId,
    /// The engagement as it is.
    base: Option<Engagement>,
    /// The engagement as the proposal would make it.
    pub(super) shown: Option<Engagement>,
    /// What was asked to get what is shown.
    source: Proposal,
    /// What was asked before, the last one last.
    steps: Vec<Proposal>,
    awaited: Option<(Proposal, Way)>,
    /// The row under the cursor; 0 is the preset.
    pub(super) cursor: usize,
    /// Rows of the pane of changes above its upper edge.
    pub(super) scroll: usize,
    pub(super) diff: bool,
    /// Whether the line about widening is shown and `A` carries it out.
    pub(super) armed: bool,
    pub(super) saving: bool,
    pub(super) problem: Option<String>,
    guard: Guard,
}

impl EngagementScreen {
    fn new(channel: ChannelId, now: UnixMillis) -> Self {
        Self {
            channel,
            base: None,
            shown: None,
            source: Proposal::default(),
            steps: Vec::new(),
            awaited: None,
            cursor: 0,
            scroll: 0,
            diff: false,
            armed: false,
            saving: false,
            problem: None,
            guard: Guard::new(now),
        }
    }

    /// Returns what is shown, in full, so that a change is made to it and to nothing else.
    fn whole(&self) -> Option<Proposal> {
        self.shown.as_ref().map(|shown| Proposal {
            preset: Some(shown.preset.clone()),
            rules: Some(shown.rules.clone()),
            text: Some(shown.text.clone()),
            edit: None,
        })
    }

    /// Tells whether what is shown differs from what is saved.
    pub(super) fn is_changed(&self) -> bool {
        let (Some(shown), Some(base)) = (&self.shown, &self.base) else {
            return false;
        };
        (&shown.preset, &shown.rules, &shown.text) != (&base.preset, &base.rules, &base.text)
    }

    fn row(&self) -> Option<&EngagementRow> {
        let rows = &self.shown.as_ref()?.rows;
        self.cursor.checked_sub(1).and_then(|index| rows.get(index))
    }

    fn last_row(&self) -> usize {
        self.shown.as_ref().map_or(0, |shown| shown.rows.len())
    }

    fn disarm(&mut self, now: UnixMillis) {
        self.armed = false;
        self.guard = Guard::new(now);
    }

    /// Returns why `A` does not carry out the widening now, if so.
    pub(super) fn asleep(&self, model: &Model) -> Option<&'static str> {
        if !engagement_view::tells_all(model, self) {
            return Some("enlarge the window to read all of it first");
        }
        self.guard.asleep(model)
    }

    /// Returns what stands between `A` and the widening, once it is asked for.
    pub(in crate::tui) fn armed_guard(&self) -> Option<Guard> {
        self.armed.then_some(self.guard)
    }
}

/// Tells whether the open channel is one whose engagement matters.
pub(in crate::tui) fn can_open(channel: &Channel) -> bool {
    matches!(
        channel.state,
        ChannelState::Active | ChannelState::Stopped | ChannelState::Invited
    )
}

/// Tells whether there is something on the screen to change.
pub(in crate::tui) fn is_ready(model: &Model) -> bool {
    matches!(&model.screen, Screen::Engagement(screen) if screen.shown.is_some())
}

/// Tells whether a change can be undone.
pub(in crate::tui) fn can_undo(model: &Model) -> bool {
    matches!(&model.screen, Screen::Engagement(screen) if !screen.steps.is_empty())
}

/// Opens the engagement of the channel whose transcript is open.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(channel) = model.open_channel().map(|channel| channel.id) else {
        return Vec::new();
    };
    let screen = EngagementScreen::new(channel, model.now);
    model.enter(Screen::Engagement(Box::new(screen)));
    let mut effects = ask(model, Request::Presets, Question::Presets);
    effects.extend(reload(model));
    effects
}

/// Opens the engagement of the open channel with a preset tried out. Nothing is saved.
pub(in crate::tui) fn open_with_preset(model: &mut Model, preset: &str) -> Vec<Effect> {
    let mut effects = open(model);
    let proposal = Proposal {
        preset: Some(preset.to_owned()),
        ..Proposal::default()
    };
    effects.extend(try_out(model, proposal, Way::Forward));
    effects
}

/// Opens the engagement of the channel of the review on top, with the rule tried out that would
/// let the like of its item pass. Nothing is saved before `S`.
pub(in crate::tui) fn open_with_rule(model: &mut Model) -> Vec<Effect> {
    let rule = review::rule(model).map(str::to_owned);
    let mut effects = open(model);
    if let Some(rule) = rule {
        let proposal = Proposal {
            rules: Some(rule),
            ..Proposal::default()
        };
        effects.extend(try_out(model, proposal, Way::Forward));
    }
    effects
}

/// Asks again for what is in force and for what is tried out.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    let Screen::Engagement(screen) = &model.screen else {
        return Vec::new();
    };
    let (channel, source) = (screen.channel, screen.source.clone());
    let mut effects = ask_for(model, channel, Proposal::default());
    if source != Proposal::default() {
        effects.extend(ask_for(model, channel, source));
    }
    effects
}

fn ask_for(model: &mut Model, channel: ChannelId, proposal: Proposal) -> Vec<Effect> {
    let request = Request::Engagement {
        channel: channel.into(),
        proposal: proposal.clone(),
    };
    ask(
        model,
        request,
        Question::Engagement(channel, Box::new(proposal)),
    )
}

/// Asks what another proposal would do. One at a time.
fn try_out(model: &mut Model, proposal: Proposal, way: Way) -> Vec<Effect> {
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    if screen.saving || screen.awaited.is_some() {
        return Vec::new();
    }
    screen.awaited = Some((proposal.clone(), way));
    let channel = screen.channel;
    ask_for(model, channel, proposal)
}

/// Finds the screen, also below the help.
fn find(model: &mut Model, channel: ChannelId) -> Option<&mut EngagementScreen> {
    model.screens_mut().find_map(|screen| {
        if let Screen::Engagement(screen) = screen
            && screen.channel == channel
        {
            Some(&mut **screen)
        } else {
            None
        }
    })
}

/// What is said to whoever saves before the proposal was answered.
const NOT_YET: &str = "Not yet: the engine has not answered.";

/// Takes in what a proposal would do; one that nobody waits for any more changes nothing.
pub(in crate::tui) fn take(
    model: &mut Model,
    channel: ChannelId,
    proposal: &Proposal,
    answer: Result<Engagement, Error>,
) {
    let now = model.now;
    let Some(screen) = find(model, channel) else {
        return;
    };
    let awaited = screen.awaited.take_if(|(awaited, _)| awaited == proposal);
    let found = match answer {
        Ok(found) => found,
        Err(error) => {
            screen.problem = Some(format!("Not possible: {error}."));
            screen.disarm(now);
            model.touch();
            return;
        }
    };
    screen.problem.take_if(|problem| problem == NOT_YET);
    if *proposal == Proposal::default() {
        screen.base = Some(found.clone());
    }
    match awaited {
        Some((next, Way::Forward)) => {
            let before = std::mem::replace(&mut screen.source, next);
            screen.steps.push(before);
        }
        Some((next, Way::Back)) => {
            screen.steps.pop();
            screen.source = next;
        }
        None if screen.source == *proposal => {}
        None => {
            model.touch();
            return;
        }
    }
    if screen.shown.as_ref().map(|shown| shown.seen) != Some(found.seen) {
        screen.disarm(now);
        screen.scroll = 0;
    }
    screen.shown = Some(found);
    screen.cursor = screen.cursor.min(screen.last_row());
    model.touch();
}

/// Takes `S` back; called for every other action, those of all screens included.
pub(in crate::tui) fn disarm(model: &mut Model) {
    let now = model.now;
    if let Screen::Engagement(screen) = &mut model.screen {
        screen.disarm(now);
        screen.problem = None;
        model.touch();
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    if action == Action::Confirm {
        return confirm(model);
    }
    let most = if action == Action::PageDown {
        engagement_view::most_scroll(model)
    } else {
        0
    };
    let half = usize::from(model.size.1 / 2).max(1);
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    match action {
        Action::Up => screen.cursor = screen.cursor.saturating_sub(1),
        Action::Down => screen.cursor = (screen.cursor + 1).min(screen.last_row()),
        Action::PageUp => screen.scroll = screen.scroll.saturating_sub(half),
        Action::PageDown => screen.scroll = (screen.scroll + half).min(most),
        Action::TextDiff => {
            screen.diff = !screen.diff;
            screen.scroll = 0;
        }
        Action::NextValue => return change(model, &RowStep::Next),
        Action::PreviousValue => return change(model, &RowStep::Previous),
        Action::Undo => {
            if let Some(before) = screen.steps.last().cloned() {
                return try_out(model, before, Way::Back);
            }
        }
        Action::Editor => {
            if let Some(shown) = screen.shown.as_ref().filter(|_| !screen.saving) {
                let text = PeerText::new(shown.text.as_str());
                return vec![Effect::OpenEditor(Sheet::Engagement(screen.channel), text)];
            }
        }
        Action::Save => return save(model),
        Action::Back => {
            let changed = screen.is_changed() && !screen.saving;
            model.leave();
            if changed {
                model.say(
                    Tone::Fine,
                    "Nothing was saved; the engagement is as it was.",
                );
            }
        }
        _ => {}
    }
    Vec::new()
}

fn change(model: &mut Model, step: &RowStep) -> Vec<Effect> {
    let presets = model.preset_names();
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    let Some(shown) = &screen.shown else {
        return Vec::new();
    };
    if screen.cursor == 0 {
        let preset = beside(&presets, &shown.preset, step).map(str::to_owned);
        let proposal = Proposal {
            preset,
            ..Proposal::default()
        };
        return try_out(model, proposal, Way::Forward);
    }
    let Some(row) = screen.row() else {
        return Vec::new();
    };
    if row.choices.is_empty() {
        screen.problem = Some(if row.enforced {
            "This row has one value only.".to_owned()
        } else {
            let words = "The text for the assistant says this; <engagement.editor> writes it.";
            model.keys.fill(words)
        });
        return Vec::new();
    }
    let edit = RowEdit {
        key: row.key.clone(),
        step: step.clone(),
    };
    let Some(whole) = screen.whole() else {
        return Vec::new();
    };
    let proposal = Proposal {
        edit: Some(edit),
        ..whole
    };
    try_out(model, proposal, Way::Forward)
}

/// Returns the name that a step leads to, around the ends; the first where the present one is
/// none of them.
fn beside<'a>(names: &'a [String], present: &str, step: &RowStep) -> Option<&'a str> {
    let at = names.iter().position(|name| name == present);
    let to = match (step, at) {
        (RowStep::Value(value), _) => names.iter().position(|name| name == value)?,
        (_, None) => 0,
        (RowStep::Next, Some(at)) => (at + 1) % names.len(),
        (RowStep::Previous, Some(at)) => (at + names.len() - 1) % names.len(),
    };
    names.get(to).map(String::as_str)
}

fn save(model: &mut Model) -> Vec<Effect> {
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    if screen.saving {
        return Vec::new();
    }
    if screen.awaited.is_some() {
        screen.problem = Some(NOT_YET.to_owned());
        return Vec::new();
    }
    let changed = screen.is_changed();
    let Some(shown) = &screen.shown else {
        return Vec::new();
    };
    if !changed {
        screen.problem = Some("Nothing is changed; there is nothing to save.".to_owned());
        return Vec::new();
    }
    if let Some(blocked) = &shown.blocked {
        screen.problem = Some(blocked_words(&model.keys, blocked));
        return Vec::new();
    }
    if shown.widens {
        screen.armed = true;
        return Vec::new();
    }
    put_in_force(model, false)
}

/// Carries out the widening that the line above names, after a moment of rest.
fn confirm(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let Screen::Engagement(screen) = &model.screen else {
        return Vec::new();
    };
    let asleep = screen.asleep(model).is_some();
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    if screen.saving {
        return Vec::new();
    }
    if !screen.armed {
        let words =
            "<engagement.save> saves; <engagement.confirm> only confirms what lets more happen.";
        screen.problem = Some(model.keys.fill(words));
        return Vec::new();
    }
    if asleep {
        screen.guard = Guard::new(now);
        return Vec::new();
    }
    put_in_force(model, true)
}

fn put_in_force(model: &mut Model, widen: bool) -> Vec<Effect> {
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    let (Some(proposal), Some(shown)) = (screen.whole(), &screen.shown) else {
        return Vec::new();
    };
    let request = Request::SetEngagement {
        channel: screen.channel.into(),
        proposal,
        seen: shown.seen,
        widen,
    };
    screen.armed = false;
    screen.saving = true;
    let question = Question::SetEngagement(screen.channel);
    vec![Effect::Ask(request, question)]
}

/// Takes in whether the proposal is in force now.
pub(in crate::tui) fn saved(
    model: &mut Model,
    channel: ChannelId,
    answer: Result<(), Error>,
) -> Vec<Effect> {
    let now = model.now;
    let mut effects = ask(model, Request::Channels, Question::Channels);
    match answer {
        Ok(()) => {
            if find(model, channel).is_some() {
                model.go_main();
            }
            model.say(Tone::Fine, "Saved: this engagement is in force now.");
        }
        Err(error) => {
            let words = format!("Not saved: {error}.");
            let Some(screen) = find(model, channel) else {
                model.say(Tone::Trouble, words);
                return effects;
            };
            screen.saving = false;
            screen.disarm(now);
            screen.problem = Some(words);
            effects.extend(reload(model));
        }
    }
    model.touch();
    effects
}

/// Takes back the text that the person wrote in their editor.
pub(in crate::tui) fn edited(
    model: &mut Model,
    channel: ChannelId,
    result: Result<PeerText, String>,
) -> Vec<Effect> {
    let Screen::Engagement(screen) = &mut model.screen else {
        return Vec::new();
    };
    let Some(whole) = screen.whole().filter(|_| screen.channel == channel) else {
        return Vec::new();
    };
    match result {
        Ok(text) => {
            let text = text.expose_untrusted();
            let before = whole.text.as_deref().unwrap_or_default();
            if text == before.trim_end_matches('\n') {
                return Vec::new();
            }
            let proposal = Proposal {
                text: Some(text.to_owned()),
                ..whole
            };
            try_out(model, proposal, Way::Forward)
        }
        Err(problem) => {
            model.say(Tone::Trouble, format!("Editor: {problem}."));
            Vec::new()
        }
    }
}

pub(in crate::tui) fn drawn(model: &mut Model, quiet: bool) {
    if let Screen::Engagement(screen) = &mut model.screen
        && screen.guard.drawn(quiet)
        && screen.armed
    {
        model.touch();
    }
}

/// Starts the wait afresh; called when the terminal's focus or size changed.
pub(in crate::tui) fn unsettle(model: &mut Model) {
    let now = model.now;
    if let Screen::Engagement(screen) = &mut model.screen {
        screen.guard = Guard::new(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EngagementChange;
    use crate::tui::screen::engagement_changes::widening_words;

    #[test]
    fn the_presets_go_round_in_both_directions() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(beside(&names, "c", &RowStep::Next), Some("a"));
        assert_eq!(beside(&names, "a", &RowStep::Previous), Some("c"));
        assert_eq!(beside(&names, "a", &RowStep::Next), Some("b"));
        assert_eq!(beside(&names, "gone", &RowStep::Previous), Some("a"));
        assert_eq!(beside(&[], "a", &RowStep::Next), None);
    }

    #[test]
    fn the_line_about_widening_names_every_wider_row_and_no_other() {
        let change = |label: &str, wider| EngagementChange {
            label: label.into(),
            from: "x".into(),
            to: "y".into(),
            wider,
        };
        let changes = [
            change("hours", true),
            change("incoming", false),
            change("drafts", true),
        ];
        let words = widening_words(&changes, (14, 0));
        assert!(
            words.contains("hours from x to y; drafts from x to y"),
            "{words}"
        );
        assert!(!words.contains("incoming"), "{words}");
        assert!(
            words.contains("14 would have left alone (was 0)"),
            "{words}"
        );
    }
}
