//! The mouse on the main screen: it selects, and scrolls the pane it is over.

use ratatui::layout::Position;

use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Pane};
use crate::tui::mouse::STEP;

use super::main::{layout, scrolled, select, side_area, transcript_area, window};
use super::transcript::Window;
use super::{rail, side};

/// Selects what was clicked on; it is opened by a key alone.
pub(in crate::tui) fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    let panes = layout(model);
    model.touch();
    if panes.rail.contains(at) {
        model.pane = Pane::Rail;
        let spot = rail::spot_at(model, panes.rail, at);
        return spot.map_or_else(Vec::new, |spot| select(model, spot));
    }
    if panes.side.contains(at) {
        model.pane = Pane::Side;
    }
    let area = transcript_area(model, panes.centre);
    if panes.centre.contains(at) {
        model.pane = Pane::Transcript;
    }
    if area.contains(at) {
        let zone = model.zone.clone();
        let window = Window {
            zone: &zone,
            ..window(model)
        };
        if let Some(mut transcript) = model.transcript.take() {
            transcript.select_row(usize::from(at.y - area.y), window);
            model.transcript = Some(transcript);
        }
    }
    Vec::new()
}

/// Scrolls the pane under the mouse.
pub(in crate::tui) fn wheel(model: &mut Model, at: Position, up: bool) -> Vec<Effect> {
    let panes = layout(model);
    model.touch();
    if panes.rail.contains(at) {
        rail::scroll(model, panes.rail, at, (up, STEP));
        return Vec::new();
    }
    if panes.side.contains(at) {
        let action = if up { Action::Up } else { Action::Down };
        for _ in 0..STEP {
            side::travel(model, action, side_area(&panes));
        }
        return Vec::new();
    }
    let Some(mut transcript) = model.transcript.take_if(|_| panes.centre.contains(at)) else {
        return Vec::new();
    };
    let zone = model.zone.clone();
    let window = Window {
        zone: &zone,
        ..window(model)
    };
    let wants_older = if up {
        transcript.scroll_up(STEP, window)
    } else {
        transcript.scroll_down(STEP, window);
        false
    };
    scrolled(model, transcript, wants_older)
}
