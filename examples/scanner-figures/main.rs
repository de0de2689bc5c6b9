//! Prints how well the scanner tells attacks from letters; `docs/scanner.md` says how to read it.
//!
//! `scanner-figures DATA.jsonl` measures; `--check FILE` also compares with committed figures
//! and exits with 1 if recall or precision fell or the rate of false alarms rose; `--write FILE`
//! commits new ones.

mod figures;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use color_eyre::eyre::{Context as _, Result};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use chaperon::model::PeerText;
use chaperon::text::opinion::Model;
use chaperon::text::opinion::train::{Example, Settings, Trained, fit};
use chaperon::text::scan::scan_with;
use chaperon::text::{Scan, scan};

use figures::{Figures, Table, Times};

/// Measures the scanner on labelled texts.
#[derive(Debug, Parser)]
struct Arguments {
    /// The labelled texts, JSON lines: text, label (1 is an attack), kind, source, group.
    data: PathBuf,
    /// Parts of the cross-validation.
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// The share of good texts that may score above the model's threshold.
    #[arg(long, default_value_t = 0.004)]
    false_positives: f64,
    /// Leaves out the slow part: one training for each source.
    #[arg(long)]
    quick: bool,
    /// Compares with the figures in this file.
    #[arg(long)]
    check: Option<PathBuf>,
    /// Writes the figures to this file.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Prints what cross-validation got wrong, one text a line.
    #[arg(long)]
    mistakes: bool,
}

/// One labelled text.
#[derive(Debug, Deserialize)]
struct Row {
    text: PeerText,
    label: u8,
    kind: String,
    source: String,
    group: String,
    #[serde(skip)]
    view: String,
}

impl Row {
    const fn is_attack(&self) -> bool {
        self.label == 1
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let rows = read(&arguments.data)?;
    let shipped: Vec<Scan> = rows.iter().map(|row| scan(&row.text)).collect();
    let times = times(&rows);
    let examples: Vec<Example> = rows.iter().map(|row| example(row, &rows)).collect();

    let folds = folds(&rows, arguments.folds);
    let (crossed, threshold) = unseen(&rows, &examples, &folds, arguments.false_positives)?;
    let rules = rows
        .iter()
        .map(|row| scan_with(&row.text, &silent))
        .map(|scan| scan.flagged())
        .collect::<Vec<_>>();
    let shipped: Vec<bool> = shipped.iter().map(Scan::flagged).collect();

    let tables = [
        ("rules and characters alone", Table::of(&rows, &rules)),
        ("cross-validation", Table::of(&rows, &crossed)),
        (
            "as shipped (the model knows these texts)",
            Table::of(&rows, &shipped),
        ),
    ];
    for (title, table) in &tables {
        writeln!(out, "\n== {title}")?;
        table.print(&mut out)?;
    }
    if arguments.mistakes {
        for (row, flagged) in rows.iter().zip(&crossed) {
            if row.is_attack() != *flagged {
                let text: String = row
                    .text
                    .expose_untrusted()
                    .escape_debug()
                    .take(300)
                    .collect();
                writeln!(out, "{} {} {}: {text}", row.label, row.kind, row.source)?;
            }
        }
    }
    if !arguments.quick {
        let sources = unseen_sources(&rows, &examples, threshold)?;
        figures::print_sources(&sources, &mut out)?;
    }
    times.print(&mut out)?;
    let [_, (_, crossed), _] = &tables;
    let measured = Figures::of(crossed);
    if let Some(path) = arguments.write {
        std::fs::write(&path, measured.to_json()?)
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
    }
    let Some(path) = arguments.check else {
        return Ok(ExitCode::SUCCESS);
    };
    let known = std::fs::read_to_string(&path)
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let worse = measured.worse_than(&Figures::from_json(&known)?);
    for line in &worse {
        writeln!(out, "worse: {line}")?;
    }
    Ok(ExitCode::from(u8::from(!worse.is_empty())))
}

fn read(path: &std::path::Path) -> Result<Vec<Row>> {
    let lines = std::fs::read_to_string(path)
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    lines
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut row: Row = serde_json::from_str(line).wrap_err("not a labelled text")?;
            let text = row.text.expose_untrusted();
            row.view = text.nfkc().filter(|c| !is_invisible(*c)).collect();
            Ok(row)
        })
        .collect()
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Lets attacks and letters count alike, however many there are of either.
#[expect(clippy::cast_precision_loss, reason = "a few thousand rows")]
fn example(row: &Row, rows: &[Row]) -> Example {
    let own = rows.iter().filter(|other| other.label == row.label).count();
    let weight = rows.len() as f32 / (2.0 * own as f32);
    Example::new(&row.view, row.is_attack(), weight)
}

/// A model that never has an opinion.
const fn silent(_: &str) -> chaperon::text::opinion::Opinion {
    chaperon::text::opinion::Opinion {
        score: f32::NEG_INFINITY,
        spans: Vec::new(),
    }
}

/// Deals groups out to the parts of the cross-validation, the largest group first, each to the
/// part that has the fewest texts. A group never stands on both sides.
fn folds(rows: &[Row], count: usize) -> Vec<usize> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *sizes.entry(row.group.as_str()).or_default() += 1;
    }
    let mut groups: Vec<_> = sizes.into_iter().collect();
    groups.sort_by_key(|(name, size)| (std::cmp::Reverse(*size), *name));
    let mut dealt = vec![0; count.max(2)];
    let mut fold_of = BTreeMap::new();
    for (name, size) in groups {
        let smallest = dealt.iter().enumerate().min_by_key(|(_, dealt)| **dealt);
        let fold = smallest.map_or(0, |(fold, _)| fold);
        if let Some(dealt) = dealt.get_mut(fold) {
            *dealt += size;
        }
        fold_of.insert(name, fold);
    }
    rows.iter()
        .map(|row| fold_of.get(row.group.as_str()).copied().unwrap_or_default())
        .collect()
}

/// Scans every text with a model that has not seen its fold, and returns the threshold: the
/// one that the asked share of good texts, unseen too, reaches.
fn unseen(
    rows: &[Row],
    examples: &[Example],
    folds: &[usize],
    share: f64,
) -> Result<(Vec<bool>, f32)> {
    let count = folds.iter().max().map_or(0, |last| last + 1);
    let trained: Vec<Trained> = (0..count)
        .map(|fold| train(examples, |at| folds.get(at) != Some(&fold)))
        .collect();
    let mut good: Vec<f32> = rows
        .iter()
        .zip(examples)
        .zip(folds)
        .filter(|((row, _), _)| !row.is_attack())
        .filter_map(|((_, example), fold)| Some(trained.get(*fold)?.score(example)))
        .collect();
    let threshold = figures::threshold(&mut good, share);
    let models = trained
        .iter()
        .map(|trained| Ok(Model::read(&trained.to_bytes(threshold))?))
        .collect::<Result<Vec<Model>>>()?;
    let flagged = rows.iter().zip(folds).map(|(row, fold)| {
        models
            .get(*fold)
            .is_some_and(|model| scan_with(&row.text, &|view| model.suspicion(view)).flagged())
    });
    Ok((flagged.collect(), threshold))
}

fn train(examples: &[Example], includes: impl Fn(usize) -> bool) -> Trained {
    let chosen: Vec<&Example> = examples
        .iter()
        .enumerate()
        .filter(|(at, _)| includes(*at))
        .map(|(_, example)| example)
        .collect();
    fit(&chosen, &Settings::default())
}

/// Scans the texts of each source with a model that has seen none of its family.
fn unseen_sources(
    rows: &[Row],
    examples: &[Example],
    threshold: f32,
) -> Result<BTreeMap<String, (usize, usize)>> {
    let family = |row: &Row| row.source.split('/').next().unwrap_or_default().to_owned();
    let mut sources: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_attack()) {
        sources.entry(family(row)).or_default();
    }
    for (name, seen) in &mut sources {
        let trained = train(examples, |at| {
            rows.get(at)
                .is_none_or(|row| family(row) != *name || !row.is_attack())
        });
        let model = Model::read(&trained.to_bytes(threshold))?;
        for row in rows
            .iter()
            .filter(|row| row.is_attack() && family(row) == *name)
        {
            let scan = scan_with(&row.text, &|view| model.suspicion(view));
            seen.0 += 1;
            seen.1 += usize::from(scan.flagged());
        }
    }
    Ok(sources)
}

/// Takes the best of three, so that other work on the machine counts less.
fn times(rows: &[Row]) -> Times {
    let micros = rows.iter().map(|row| {
        let measured = || {
            let start = Instant::now();
            std::hint::black_box(scan(std::hint::black_box(&row.text)));
            start.elapsed().as_secs_f64() * 1e6
        };
        measured().min(measured()).min(measured())
    });
    Times::new(micros.collect())
}
