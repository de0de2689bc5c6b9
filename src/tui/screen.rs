//! One file per screen: what it holds, what its keys do, how it is drawn.

pub(super) mod composer;
pub(super) mod decision_log;
mod decision_log_text;
pub(super) mod engagement;
mod engagement_changes;
pub(super) mod engagement_view;
pub(super) mod form;
pub(super) mod guard;
pub(super) mod help;
pub(super) mod invite;
pub(super) mod main;
pub(super) mod need;
pub(super) mod needs_you;
pub(super) mod needs_you_view;
pub(super) mod rail;
pub(super) mod review;
pub(super) mod review_paper;
pub(super) mod review_queue;
pub(super) mod review_several;
pub(super) mod review_verdict;
pub(super) mod review_view;
pub(super) mod review_words;
pub(super) mod safety_code;
pub(super) mod side;
pub(super) mod transcript;
mod transcript_text;
pub(super) mod transcript_view;
