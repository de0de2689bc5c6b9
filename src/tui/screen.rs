//! One file per screen: what it holds, what its keys do, how it is drawn.

pub(super) mod composer;
pub(super) mod decision_log;
mod decision_log_text;
pub(super) mod form;
pub(super) mod help;
pub(super) mod invite;
pub(super) mod main;
pub(super) mod presets;
pub(super) mod rail;
pub(super) mod review;
pub(super) mod review_paper;
pub(super) mod review_view;
pub(super) mod side;
pub(super) mod transcript;
mod transcript_text;
pub(super) mod transcript_view;
