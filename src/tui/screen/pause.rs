//! What stands above everything while all channels are paused.

use ratatui::layout::Rect;

use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Paint, age, clock, inset, nth};

/// Draws it into the rows that are there.
pub(super) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let since = model.status.as_ref().and_then(|status| status.paused);
    let Some(since) = since.filter(|_| area.height > 0) else {
        return;
    };
    let at = clock(since, &model.zone);
    let left = vec![
        paint.own(Role::Wait, "ALL CHANNELS PAUSED"),
        paint.own(Role::Dim, format!(" by you {at}")),
    ];
    let right = vec![
        paint.own(
            Role::Accent,
            model.keys.label(Scope::Anywhere, Action::PauseAll),
        ),
        paint.own(Role::Dim, " resume"),
    ];
    paint.pair(inset(area, 1, 1), left, right);
    let lines = [
        "Nothing leaves this machine and nothing reaches your assistant.".to_owned(),
        format!(
            "Messages still arrive and are kept: {}.",
            kept_words(model, &at)
        ),
        format!("The other sides see no notice. {}", clocks_words(model)),
    ];
    for (words, down) in lines.into_iter().zip(1..) {
        let spans = vec![paint.own(Role::Dim, words)];
        paint.row(inset(nth(area, down), 1, 1), spans);
    }
    paint.rule(nth(area, 4));
}

fn kept_words(model: &Model, since: &str) -> String {
    let kept = model.status.as_ref().map_or(0, |status| status.kept);
    match kept {
        0 => format!("none since {since}"),
        kept => format!("{kept} new since {since}"),
    }
}

/// Says that a pause stops no clock, and when the first of them is over.
fn clocks_words(model: &Model) -> String {
    let next = model.status.as_ref().and_then(|status| status.next_expiry);
    match next {
        Some(at) => {
            let left = age(at.since(model.now));
            format!("Held items keep their clocks: the first expires in {left}.")
        }
        None => "Held items keep their clocks.".to_owned(),
    }
}
