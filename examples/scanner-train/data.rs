//! The labelled rows: reading, cleaning, capping.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use color_eyre::eyre::{Context as _, Result};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use crate::shingles;

/// Most rows of one group (one template, one thread), so that none of them dominates.
const MOST_OF_A_GROUP: usize = 24;

/// Most characters of a row; the rest of a longer one is cut.
const LONGEST: usize = 4_000;

/// One labelled text.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) source: String,
    /// 1 for an attack.
    pub(crate) label: u8,
    pub(crate) text: String,
    pub(crate) kind: String,
    /// What must not stand on both sides of a split.
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) license: String,
    /// The public repository, `owner/name@commit`; empty for our own.
    #[serde(default)]
    pub(crate) origin: String,
    #[serde(skip)]
    pub(crate) is_dev: bool,
    #[serde(skip)]
    pub(crate) view: String,
}

impl Row {
    pub(crate) const fn is_attack(&self) -> bool {
        self.label == 1
    }

    /// Returns the name that all sources of the same making share.
    pub(crate) fn family(&self) -> &str {
        let family = self.source.split('/').next().unwrap_or_default();
        match family {
            "injecagent-sim-output" | "injecagent-clean-output" => "injecagent",
            "agentdojo-env" | "agentdojo-host-clean" => "agentdojo",
            "bipia-host-clean" => "bipia",
            "deepset-benign" => "deepset",
            other => other,
        }
    }
}

/// Reads one file of JSON lines.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read_to_string(path)
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line)
                .wrap_err_with(|| format!("{}, line {}", path.display(), number + 1))
        })
        .collect()
}

/// Reads every file of JSON lines in a folder, in the order of their names.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in files(folder, "jsonl")? {
        rows.extend(read(&path)?);
    }
    Ok(rows)
}

/// Lists the files of a folder with this ending, in the order of their names.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<std::path::PathBuf>> {
    let entries =
        std::fs::read_dir(folder).wrap_err_with(|| format!("cannot list {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// How many rows were left out, and why.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) held_back: usize,
    pub(crate) repeated: usize,
    pub(crate) over_the_cap: usize,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} like the held-back set, {} repeated, {} over the cap of a group",
            self.held_back, self.repeated, self.over_the_cap
        )
    }
}

/// Drops what the held-back set may hold, what says the same again, and what there is too
/// much of; makes the view that the model reads.
pub(crate) fn clean(rows: Vec<Row>, held_out: &HashSet<u64>) -> (Vec<Row>, Dropped) {
    let mut dropped = Dropped::default();
    let mut seen = HashSet::new();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for mut row in rows {
        if row.text.chars().count() > LONGEST {
            row.text = row.text.chars().take(LONGEST).collect();
        }
        row.view = view(&row.text);
        let windows = shingles::of(&row.text);
        if !row.is_dev && shingles::is_shared(&windows, held_out) {
            dropped.held_back += 1;
            continue;
        }
        // A row says something new if at least half of its windows do.
        let old = windows
            .iter()
            .filter(|window| seen.contains(*window))
            .count();
        let is_repeated = !row.is_dev && old * 2 > windows.len();
        if is_repeated && row.family() != "own" || row.view.trim().is_empty() {
            dropped.repeated += 1;
            continue;
        }
        let in_group = groups.entry(row.group.clone()).or_default();
        *in_group += 1;
        if !row.is_dev && *in_group > MOST_OF_A_GROUP {
            dropped.over_the_cap += 1;
            continue;
        }
        seen.extend(windows);
        kept.push(row);
    }
    (kept, dropped)
}

/// Makes what the model reads: NFKC, without invisible characters.
fn view(text: &str) -> String {
    text.nfkc().filter(|c| !is_invisible(*c)).collect()
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}
