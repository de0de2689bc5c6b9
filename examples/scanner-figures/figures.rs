//! Counts, rates with their intervals, and the comparison with committed figures.

use std::collections::BTreeMap;
use std::io::Write;

use color_eyre::eyre::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::Row;

/// What recall or precision may fall, or false alarms rise, before it is called worse: half a
/// text in a hundred, which the order of training alone can move.
const TOLERANCE: f64 = 0.005;

/// Texts of a kind from which on its own figure is compared.
const FEWEST: usize = 12;

/// What a kind may lose: two texts in a small one.
const KIND_TOLERANCE: f64 = 0.10;

/// Flagged texts among all of a sort.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) all: usize,
    pub(crate) flagged: usize,
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
impl Count {
    fn add(&mut self, flagged: bool) {
        self.all += 1;
        self.flagged += usize::from(flagged);
    }

    pub(crate) fn rate(self) -> f64 {
        self.flagged as f64 / self.all.max(1) as f64
    }

    /// Returns the 95 % interval of the rate (Wilson, 1927).
    fn interval(self) -> (f64, f64) {
        const Z: f64 = 1.96;
        let n = self.all.max(1) as f64;
        let p = self.rate();
        let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }
}

/// The counts of one way of scanning.
#[derive(Debug, Default)]
pub(crate) struct Table {
    attacks: Count,
    good: Count,
    kinds: BTreeMap<(bool, String), Count>,
}

impl Table {
    pub(crate) fn of(rows: &[Row], flagged: &[bool]) -> Self {
        let mut table = Self::default();
        for (row, flagged) in rows.iter().zip(flagged) {
            let side = if row.is_attack() {
                &mut table.attacks
            } else {
                &mut table.good
            };
            side.add(*flagged);
            let kind = table.kinds.entry((row.is_attack(), row.kind.clone()));
            kind.or_default().add(*flagged);
        }
        table
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
    fn precision(&self) -> f64 {
        let flagged = self.attacks.flagged + self.good.flagged;
        self.attacks.flagged as f64 / flagged.max(1) as f64
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> Result<()> {
        line(out, "recall", self.attacks)?;
        line(out, "false positives", self.good)?;
        writeln!(
            out,
            "{:<34} {:>6.1} %",
            "precision",
            100.0 * self.precision()
        )?;
        for ((is_attack, kind), count) in &self.kinds {
            let side = if *is_attack { "attack" } else { "good" };
            line(out, &format!("  {side} {kind}"), *count)?;
        }
        Ok(())
    }
}

fn line(out: &mut impl Write, name: &str, count: Count) -> Result<()> {
    let (low, high) = count.interval();
    writeln!(
        out,
        "{name:<34} {:>6.1} % [{:.1} to {:.1}] of {}",
        100.0 * count.rate(),
        100.0 * low,
        100.0 * high,
        count.all
    )?;
    Ok(())
}

/// Prints the recall of each family of sources that the model was not trained on.
#[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
pub(crate) fn print_sources(
    sources: &BTreeMap<String, (usize, usize)>,
    out: &mut impl Write,
) -> Result<()> {
    writeln!(out, "\n== recall of a source that the model has not seen")?;
    let mut sum = 0.0;
    for (name, (all, flagged)) in sources {
        let count = Count {
            all: *all,
            flagged: *flagged,
        };
        sum += count.rate();
        line(out, &format!("  {name}"), count)?;
    }
    let mean = sum / sources.len().max(1) as f64;
    writeln!(out, "{:<34} {:>6.1} %", "mean over sources", 100.0 * mean)?;
    Ok(())
}

/// Returns the score that only this share of the good texts reaches.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a few thousand texts"
)]
pub(crate) fn threshold(good: &mut [f32], share: f64) -> f32 {
    good.sort_unstable_by(|a, b| b.total_cmp(a));
    let allowed = (good.len() as f64 * share).floor() as usize;
    good.get(allowed).map_or(0.0, |score| score.next_up())
}

/// How long scanning one text takes, in microseconds.
#[derive(Debug)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn new(mut micros: Vec<f64>) -> Self {
        micros.sort_unstable_by(f64::total_cmp);
        Self(micros)
    }

    fn at(&self, hundredth: usize) -> f64 {
        let index = self.0.len() * hundredth / 100;
        self.0
            .get(index)
            .or_else(|| self.0.last())
            .copied()
            .unwrap_or(0.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
    pub(crate) fn print(&self, out: &mut impl Write) -> Result<()> {
        let mean = self.0.iter().sum::<f64>() / self.0.len().max(1) as f64;
        writeln!(
            out,
            "\n== time of a text: mean {mean:.1} us, median {:.1} us, 99 in 100 below {:.1} us",
            self.at(50),
            self.at(99)
        )?;
        Ok(())
    }
}

/// The committed figures: shares of one, from cross-validation.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    recall: f64,
    false_positives: f64,
    precision: f64,
    attacks: BTreeMap<String, f64>,
    good: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) fn of(table: &Table) -> Self {
        let side = |wanted: bool| {
            table
                .kinds
                .iter()
                .filter(|((is_attack, _), count)| *is_attack == wanted && count.all >= FEWEST)
                .map(|((_, kind), count)| (kind.clone(), rounded(count.rate())))
                .collect()
        };
        Self {
            recall: rounded(table.attacks.rate()),
            false_positives: rounded(table.good.rate()),
            precision: rounded(table.precision()),
            attacks: side(true),
            good: side(false),
        }
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    pub(crate) fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json).wrap_err("not a file of figures")
    }

    /// Says what is worse here than in `known`, one line each.
    pub(crate) fn worse_than(&self, known: &Self) -> Vec<String> {
        let mut worse = Vec::new();
        let mut compare = |name: &str, now: f64, was: f64, tolerance: f64| {
            if now < was - tolerance {
                worse.push(format!("{name} {now:.3}, was {was:.3}"));
            }
        };
        compare("recall", self.recall, known.recall, TOLERANCE);
        compare("precision", self.precision, known.precision, TOLERANCE);
        compare(
            "share of good texts let through",
            1.0 - self.false_positives,
            1.0 - known.false_positives,
            TOLERANCE,
        );
        for (kind, was) in &known.attacks {
            let now = self.attacks.get(kind).copied().unwrap_or(0.0);
            compare(&format!("recall of {kind}"), now, *was, KIND_TOLERANCE);
        }
        for (kind, was) in &known.good {
            let now = self.good.get(kind).copied().unwrap_or(1.0);
            let name = format!("share of good {kind} let through");
            compare(&name, 1.0 - now, 1.0 - was, KIND_TOLERANCE);
        }
        worse
    }
}

fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}
