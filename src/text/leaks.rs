//! Finds secrets and personal data in a draft, before it leaves.
//!
//! One pass over the folded text notes where a word or a prefix of interest stands; small
//! readers then look at what is around it, and at all numbers and long runs of letters. What
//! can be proven by a checksum or a fixed format is told from what only looks like it.
//! `docs/leaks.md` lists what is found.
//!
//! Must not: repeat a whole secret as evidence, panic on any text, or take time that is not
//! linear in its length. Start with [`leaks`], then `triggers.rs`.
#![expect(
    clippy::similar_names,
    reason = "a scan looks at spans: both are the words of the field"
)]

mod bytes;
mod checks;
mod contact;
mod keys;
mod money;
mod numbers;
mod passwords;
mod phones;
mod places;
mod runs;
mod scan;
mod seeds;
mod tokens;
mod triggers;
mod view;

#[cfg(test)]
mod tests;

use crate::model::{PeerText, Signal};

use scan::Scan;
use view::View;

/// Secrets of fewer characters show none of them.
const SHORTEST_SHOWN: usize = 8;

/// Secrets of this many characters show the first four and the last two of them.
const SHORTEST_SHOWN_WELL: usize = 16;

/// Finds what a draft would give away, in the order of the text.
///
/// Spans are bytes of `text`, on the borders of characters. Of one code there are at most 256
/// findings. The evidence of a secret is `masked`.
pub fn leaks(text: &PeerText) -> Vec<Signal> {
    let view = View::new(text.expose_untrusted());
    let mut scan = Scan::new(&view);
    triggers::sweep(&mut scan);
    numbers::sweep(&mut scan);
    runs::sweep(&mut scan);
    seeds::sweep(&mut scan);
    scan.signals()
}

/// Returns as much of a secret as a log or a screen may repeat: its first four and last two
/// characters, two at the front if it is short, and none if it is shorter than 8 characters.
fn masked(secret: &str) -> String {
    let count = secret.chars().take(SHORTEST_SHOWN_WELL).count();
    let (front, back) = match count {
        SHORTEST_SHOWN_WELL.. => (4, 2),
        SHORTEST_SHOWN.. => (2, 0),
        _ => (0, 0),
    };
    let mut shown: String = secret.chars().take(front).collect();
    shown.push('…');
    let tail: Vec<char> = secret.chars().rev().take(back).collect();
    shown.extend(tail.into_iter().rev());
    shown
}
