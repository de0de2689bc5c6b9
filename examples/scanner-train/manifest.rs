//! The manifest: which rows the weights come from, and how good they are.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use chaperon::text::opinion::train::Settings;

use crate::data::{Dropped, Row};
use crate::figures::Figures;

/// What the weights come from.
#[derive(Serialize)]
struct Manifest<'a> {
    weights_sha256: String,
    seed: u64,
    passes: u32,
    rate: f32,
    penalty: f32,
    rows: usize,
    attacks: usize,
    dropped_like_held_back: usize,
    dropped_repeated: usize,
    dropped_over_the_cap: usize,
    sources: Vec<Source>,
    figures: &'a Figures,
}

/// The rows of one source.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the words of the manifest")]
struct Source {
    source: String,
    origin: String,
    licence: String,
    rows: usize,
    attacks: usize,
    /// Of the texts in order, each followed by a line break.
    rows_sha256: String,
}

pub(crate) fn of(
    rows: &[Row],
    dropped: &Dropped,
    settings: &Settings,
    figures: &Figures,
    weights: &[u8],
) -> String {
    let mut sources: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let origin = if row.is_dev {
            "development set"
        } else {
            &row.origin
        };
        sources.entry((&row.source, origin)).or_default().push(row);
    }
    let manifest = Manifest {
        weights_sha256: hex(&Sha256::digest(weights)),
        seed: settings.seed,
        passes: settings.passes,
        rate: settings.rate,
        penalty: settings.penalty,
        rows: rows.len(),
        attacks: rows.iter().filter(|row| row.is_attack()).count(),
        dropped_like_held_back: dropped.held_back,
        dropped_repeated: dropped.repeated,
        dropped_over_the_cap: dropped.over_the_cap,
        sources: sources.into_iter().map(source).collect(),
        figures,
    };
    let mut json = serde_json::to_string_pretty(&manifest).expect("maps with names as keys");
    json.push('\n');
    json
}

fn source(((source, origin), rows): ((&str, &str), Vec<&Row>)) -> Source {
    let mut hash = Sha256::new();
    for row in &rows {
        hash.update(row.text.as_bytes());
        hash.update(b"\n");
    }
    let origin = if origin.is_empty() {
        "this repository, train/own"
    } else {
        origin
    };
    Source {
        source: source.to_owned(),
        origin: origin.to_owned(),
        licence: rows
            .first()
            .map(|row| row.license.clone())
            .unwrap_or_default(),
        rows: rows.len(),
        attacks: rows.iter().filter(|row| row.is_attack()).count(),
        rows_sha256: hex(&hash.finalize()),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string never fails");
        hex
    })
}
