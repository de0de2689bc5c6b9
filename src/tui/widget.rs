//! Pieces that several screens are made of. Each draws, or computes what is drawn; none decides.

pub(super) mod diff;
pub(super) mod editor;
pub(super) mod field;
pub(super) mod paint;
pub(super) mod qr;
