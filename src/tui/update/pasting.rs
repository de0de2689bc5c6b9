//! What a pasted block does: it goes into a text field, or is a link to open. Never a key.

use crate::model::PeerText;
use crate::tui::filter;
use crate::tui::keymap::Scope;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::palette;
use crate::tui::screen::{
    form, identities, note, rename, review_words, scan, search, settings, topics,
};

/// Takes in a block.
pub(super) fn paste(model: &mut Model, block: &PeerText) -> Vec<Effect> {
    let now = model.now;
    model.burst.is_told();
    if model.palette.is_some() {
        palette::paste(model, block);
        return Vec::new();
    }
    if model.filters.writing().is_some() {
        return filter::paste(model, block);
    }
    match &model.screen {
        Screen::Rename(_) => rename::paste(model, block),
        Screen::Form(_) => form::paste(model, block),
        Screen::Settings(_) => settings::paste(model, block),
        Screen::Review(_) if review_words::is_writing(model) => review_words::paste(model, block),
        Screen::Search => {
            if search::scope(model) == Scope::SearchText {
                search::paste(model, block);
            }
        }
        Screen::Scan => scan::paste(model, block),
        Screen::Identities => identities::paste(model, block),
        Screen::Topics(_) => topics::paste(model, block),
        Screen::Note(_) => note::paste(model, block),
        Screen::Main if model.composer.active => {
            model.composer.paste(block, now);
            model.touch();
        }
        Screen::Main if looks_like_link(block) => return form::open_accept(model, Some(block)),
        Screen::Main => model.say(
            Tone::Trouble,
            "Nothing to paste into here; <main.write> writes.",
        ),
        Screen::NeedsYou(_)
        | Screen::Review(_)
        | Screen::Invite(_)
        | Screen::Logins
        | Screen::Several(_)
        | Screen::Engagement(_)
        | Screen::SafetyCode(_)
        | Screen::Log(_)
        | Screen::Rest(_)
        | Screen::CatchUp(_)
        | Screen::Digest(_)
        | Screen::Doctor(_)
        | Screen::Onboarding(_)
        | Screen::Help(_)
        | Screen::Why(_)
        | Screen::EndChannel(_) => {}
    }
    Vec::new()
}

fn looks_like_link(block: &PeerText) -> bool {
    let text = block.expose_untrusted().trim();
    ["http://", "https://", "chaperon:"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}
