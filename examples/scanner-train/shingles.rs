//! Tells texts that share wording, by hashes of eight words in a row.

use std::collections::HashSet;
use std::path::Path;

use color_eyre::eyre::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// Words in a window.
const WINDOW: usize = 8;

/// Shared windows from which two texts count as alike.
const ALIKE: usize = 3;

/// Reads a JSON list of hashes in hex.
pub(crate) fn read(path: &Path) -> Result<HashSet<u64>> {
    let text = std::fs::read_to_string(path)
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let hashes: Vec<String> = serde_json::from_str(&text).wrap_err("not a list of hashes")?;
    hashes
        .iter()
        .map(|hash| u64::from_str_radix(hash, 16).wrap_err("not a hash"))
        .collect()
}

/// Returns the hashes of a text, each once, in order.
///
/// NFKC, lower case, runs of what is no letter, digit or underscore made one space; a text
/// of fewer than eight words is one window, marked with an `x`.
pub(crate) fn of(text: &str) -> Vec<u64> {
    let text = text.nfkc().collect::<String>().to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut hashes: Vec<u64> = if words.len() < WINDOW {
        vec![hash(&format!("x{}", words.join(" ")))]
    } else {
        words
            .windows(WINDOW)
            .map(|window| hash(&window.join(" ")))
            .collect()
    };
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Tells whether a text shares so much with a set that it may be part of it: three windows,
/// or any where it has only one or two.
pub(crate) fn is_shared(windows: &[u64], set: &HashSet<u64>) -> bool {
    let shared = windows
        .iter()
        .filter(|window| set.contains(*window))
        .count();
    shared >= ALIKE || (shared > 0 && windows.len() < ALIKE)
}

fn hash(window: &str) -> u64 {
    let digest = Sha256::digest(window.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}
