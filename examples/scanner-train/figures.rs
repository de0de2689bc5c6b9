//! Measures what was learnt on texts that were not learnt from.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;

use color_eyre::eyre::Result;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use chaperon::text::opinion::Model;
use chaperon::text::opinion::train::{Example, Settings, Trained, fit};

use crate::data::Row;
use crate::joined::{self, Joined, Unseen};
use crate::shingles;

/// Parts of cross-validation.
const FOLDS: u8 = 5;

/// Rows from which a group is a source rather than one template.
const LARGE_GROUP: usize = 5;

/// Shares of good texts for which the figures are printed.
const GRID: [f64; 8] = [0.001, 0.002, 0.004, 0.007, 0.01, 0.02, 0.04, 0.08];

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) false_positives: f64,
    pub(crate) mistakes: usize,
    pub(crate) is_quick: bool,
}

/// Rows with their features and the windows by which rows that are alike are told.
pub(crate) struct Corpus<'a> {
    rows: &'a [Row],
    examples: Vec<Example>,
    windows: Vec<Vec<u64>>,
    groups: BTreeMap<&'a str, usize>,
}

impl<'a> Corpus<'a> {
    pub(crate) fn new(rows: &'a [Row]) -> Self {
        let mut groups = BTreeMap::new();
        let mut sides: BTreeMap<(&str, bool), f32> = BTreeMap::new();
        for row in rows {
            *groups.entry(row.group.as_str()).or_default() += 1;
            *sides.entry((row.family(), row.is_attack())).or_default() += 1.0;
        }
        // A large family counts for more than a small one, but by the root of its rows alone.
        let raw = |row: &Row| {
            let most: f32 = match (row.is_dev || row.family() == "own", row.is_attack()) {
                (true, _) => 400.0,
                (false, true) => 100.0,
                (false, false) => 250.0,
            };
            let count: f32 = sides
                .get(&(row.family(), row.is_attack()))
                .copied()
                .unwrap_or(1.0);
            (most / count).sqrt().min(1.0)
        };
        let total = |is_attack| {
            rows.iter()
                .filter(|row| row.is_attack() == is_attack)
                .map(raw)
                .sum::<f32>()
        };
        let (attacks, good) = (total(true), total(false));
        let balance = |row: &Row| {
            let side = if row.is_attack() { attacks } else { good };
            raw(row) * rows.len() as f32 / (2.0 * side)
        };
        Self {
            rows,
            examples: rows
                .iter()
                .map(|row| Example::new(&row.view, row.is_attack(), balance(row)))
                .collect(),
            windows: rows.iter().map(|row| shingles::of(&row.text)).collect(),
            groups,
        }
    }

    /// Returns the part of cross-validation a row belongs to. Groups stay together, except
    /// large ones: those are whole sources, and to leave out the good twins of attacks that
    /// are learnt from would accuse the twins.
    fn fold_of(&self, row: &Row) -> u8 {
        let is_large = self
            .groups
            .get(row.group.as_str())
            .is_some_and(|rows| *rows > LARGE_GROUP);
        let key = if is_large { &row.text } else { &row.group };
        Sha256::digest(key.as_bytes()).first().copied().unwrap_or(0) % FOLDS
    }

    pub(crate) fn all(&self) -> Vec<&Example> {
        self.examples.iter().collect()
    }

    /// Learns from every row that `is_tested` does not take and that is unlike those; returns
    /// the numbers of the others.
    fn learn(
        &self,
        settings: &Settings,
        is_tested: impl Fn(&Row) -> bool,
    ) -> (Trained, Vec<usize>) {
        let tested: Vec<usize> = (0..self.rows.len())
            .filter(|at| is_tested(&self.rows[*at]))
            .collect();
        let known: HashSet<u64> = tested
            .iter()
            .flat_map(|at| self.windows[*at].iter().copied())
            .collect();
        let learnt: Vec<&Example> = (0..self.rows.len())
            .filter(|at| !is_tested(&self.rows[*at]))
            .filter(|at| {
                // Our own letters share their ordinary lines on purpose.
                self.rows[*at].family() == "own"
                    || self.rows[*at].is_dev
                    || !shingles::is_shared(&self.windows[*at], &known)
            })
            .map(|at| &self.examples[at])
            .collect();
        (fit(&learnt, settings), tested)
    }

    /// Learns as [`Self::learn`] does and scores the others.
    fn split(&self, settings: &Settings, is_tested: impl Fn(&Row) -> bool) -> Vec<(usize, f32)> {
        let (trained, tested) = self.learn(settings, is_tested);
        tested
            .into_iter()
            .map(|at| (at, trained.score(&self.examples[at])))
            .collect()
    }
}

/// The figures that go into the manifest.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) threshold: f32,
    pub(crate) false_positives: f64,
    pub(crate) cross_validation: BTreeMap<String, Kind>,
    pub(crate) by_false_positives: Vec<Point>,
    pub(crate) joined_with_rules: Vec<Joined>,
    pub(crate) unseen_family: BTreeMap<String, Family>,
    pub(crate) unseen_family_mean: f64,
    pub(crate) unseen_family_mean_with_rules: f64,
    pub(crate) without_development_set: Vec<Point>,
}

/// How many texts of a kind there are, and how many scored at or above the threshold.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Kind {
    pub(crate) texts: usize,
    pub(crate) above: usize,
}

impl Kind {
    fn share(self) -> f64 {
        self.above as f64 / self.texts.max(1) as f64
    }
}

/// Attacks of a family that nothing was learnt from, and how many were found.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Family {
    pub(crate) texts: usize,
    pub(crate) model: usize,
    pub(crate) joined: usize,
}

fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// Recall at a threshold.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) wanted: f64,
    pub(crate) threshold: f32,
    pub(crate) false_positives: f64,
    pub(crate) recall: f64,
}

pub(crate) fn measure(
    corpus: &Corpus<'_>,
    settings: &Settings,
    wanted: &Wanted,
    out: &mut impl Write,
) -> Result<Figures> {
    let folds: Vec<(Trained, Vec<usize>)> = (0..FOLDS)
        .map(|fold| corpus.learn(settings, |row| corpus.fold_of(row) == fold))
        .collect();
    let mut log_odds = vec![f32::NAN; corpus.rows.len()];
    let mut unseen_by: Vec<Unseen<'_>> = Vec::new();
    for (trained, tested) in &folds {
        for at in tested {
            log_odds[*at] = trained.score(&corpus.examples[*at]);
            unseen_by.push((&corpus.rows[*at], trained));
        }
    }
    let scored: Vec<(&Row, f32)> = corpus.rows.iter().zip(log_odds.iter().copied()).collect();
    let chosen = threshold(&scored, wanted.false_positives);
    let cross_validation = kinds(&scored, chosen);
    writeln!(out, "\nCross-validation, threshold {chosen:.3}")?;
    for (kind, figure) in &cross_validation {
        writeln!(
            out,
            "{kind:32} {:5} {:6.1} %",
            figure.texts,
            figure.share() * 100.0
        )?;
    }
    let dev: Vec<(&Row, f32)> = scored
        .iter()
        .filter(|(row, _)| row.is_dev)
        .copied()
        .collect();
    let by_false_positives = points(&scored, &dev);
    print_points("Development set, cross-validated", &by_false_positives, out)?;
    let thresholds: Vec<f32> = by_false_positives
        .iter()
        .map(|point| point.threshold)
        .collect();
    let joined = joined::measure(&unseen_by, &thresholds)?;
    joined::print(&joined, out)?;
    writeln!(
        out,
        "\nDevelopment set by kind, rules and model, threshold {chosen:.3}"
    )?;
    joined::print_kinds(&unseen_by, chosen, out)?;
    print_mistakes(&scored, chosen, wanted.mistakes, out)?;

    let without_development_set = without_development_set(corpus, settings, wanted, out)?;

    let mut unseen_family = BTreeMap::new();
    if !wanted.is_quick {
        unseen_family = families(corpus, settings, &dev, chosen, out)?;
    }
    let sum = |part: fn(&Family) -> usize| unseen_family.values().map(part).sum::<usize>();
    let texts = sum(|family| family.texts);
    let unseen_family_mean = percent(sum(|family| family.model), texts);
    let unseen_family_mean_with_rules = percent(sum(|family| family.joined), texts);
    writeln!(
        out,
        "all families {unseen_family_mean:.1} %, with rules {unseen_family_mean_with_rules:.1} %"
    )?;
    Ok(Figures {
        threshold: chosen,
        false_positives: wanted.false_positives,
        cross_validation,
        by_false_positives,
        joined_with_rules: joined,
        unseen_family,
        unseen_family_mean,
        unseen_family_mean_with_rules,
        without_development_set,
    })
}

/// Learns from everything but the development set, and measures on that.
fn without_development_set(
    corpus: &Corpus<'_>,
    settings: &Settings,
    wanted: &Wanted,
    out: &mut impl Write,
) -> Result<Vec<Point>> {
    let unseen: Vec<(&Row, f32)> = corpus
        .split(settings, |row| row.is_dev)
        .into_iter()
        .map(|(at, score)| (&corpus.rows[at], score))
        .collect();
    let points = points(&unseen, &unseen);
    print_points("Learnt without the development set", &points, out)?;
    print_mistakes(&unseen, threshold(&unseen, 0.01), wanted.mistakes, out)?;
    Ok(points)
}

/// Prints how the small weights do on what they were learnt from, as a check of the file.
pub(crate) fn print_fit(rows: &[Row], model: &Model, out: &mut impl Write) -> Result<()> {
    let scored: Vec<(&Row, f32)> = rows
        .iter()
        .map(|row| (row, model.suspicion(&row.view).score))
        .collect();
    let good = scored.iter().filter(|(row, _)| !row.is_attack());
    let bad = scored.iter().filter(|(row, _)| row.is_attack());
    let share = |texts: Vec<&(&Row, f32)>| Kind {
        texts: texts.len(),
        above: texts.iter().filter(|(_, score)| *score >= 0.0).count(),
    };
    let (good, bad) = (share(good.collect()), share(bad.collect()));
    writeln!(
        out,
        "\nEight-bit weights on their own training rows: recall {:.1} %, false positives {:.2} %",
        bad.share() * 100.0,
        good.share() * 100.0
    )?;
    Ok(())
}

fn families(
    corpus: &Corpus<'_>,
    settings: &Settings,
    dev: &[(&Row, f32)],
    chosen: f32,
    out: &mut impl Write,
) -> Result<BTreeMap<String, Family>> {
    let one_percent = threshold(dev, 0.01);
    let names: BTreeSet<&str> = dev
        .iter()
        .filter(|(row, _)| row.is_attack())
        .map(|(row, _)| row.family())
        .collect();
    writeln!(
        out,
        "\nFamilies that were not learnt from: model alone at 1 % false positives, with rules"
    )?;
    let mut families = BTreeMap::new();
    for name in names {
        let (trained, tested) = corpus.learn(settings, |row| row.family() == name);
        let unseen: Vec<Unseen<'_>> = tested
            .into_iter()
            .map(|at| (&corpus.rows[at], &trained))
            .filter(|(row, _)| row.is_dev && row.is_attack())
            .collect();
        let model = Model::read(&trained.to_bytes(one_percent))?;
        let figure = Family {
            texts: unseen.len(),
            model: unseen
                .iter()
                .filter(|(row, _)| model.suspicion(&row.view).score >= 0.0)
                .count(),
            joined: joined::flagged(&unseen, chosen)?
                .into_iter()
                .filter(|held| *held)
                .count(),
        };
        writeln!(
            out,
            "{name:32} {:5} {:6.1} % {:6.1} %",
            figure.texts,
            percent(figure.model, figure.texts),
            percent(figure.joined, figure.texts)
        )?;
        families.insert(name.to_owned(), figure);
    }
    Ok(families)
}

/// Returns the score that only this share of the good texts reaches.
fn threshold(scored: &[(&Row, f32)], false_positives: f64) -> f32 {
    let mut good: Vec<f32> = scored
        .iter()
        .filter(|(row, _)| !row.is_attack())
        .map(|(_, score)| *score)
        .collect();
    good.sort_unstable_by(|a, b| b.total_cmp(a));
    let allowed = (good.len() as f64 * false_positives).floor() as usize;
    good.get(allowed).map_or(0.0, |score| score.next_up())
}

fn kinds(scored: &[(&Row, f32)], threshold: f32) -> BTreeMap<String, Kind> {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for (row, score) in scored {
        let side = if row.is_attack() { "attack" } else { "good" };
        let set = if row.is_dev { "dev" } else { row.family() };
        for name in [
            format!("{side} {set} {}", row.kind),
            format!("{side} {set} (all)"),
        ] {
            let kind = kinds.entry(name).or_default();
            kind.texts += 1;
            kind.above += usize::from(*score >= threshold);
        }
    }
    kinds
}

fn points(reference: &[(&Row, f32)], scored: &[(&Row, f32)]) -> Vec<Point> {
    let point = |wanted| {
        let threshold = threshold(reference, wanted);
        let share = |is_attack| {
            let side = scored
                .iter()
                .filter(|(row, _)| row.is_attack() == is_attack);
            let mut kind = Kind::default();
            for (_, score) in side {
                kind.texts += 1;
                kind.above += usize::from(*score >= threshold);
            }
            kind.share()
        };
        Point {
            wanted,
            threshold,
            false_positives: share(false),
            recall: share(true),
        }
    };
    GRID.into_iter().map(point).collect()
}

fn print_points(title: &str, points: &[Point], out: &mut impl Write) -> Result<()> {
    writeln!(out, "\n{title}")?;
    for point in points {
        writeln!(
            out,
            "wanted {:5.2} %: threshold {:7.3}, false positives {:5.2} %, recall {:5.1} %",
            point.wanted * 100.0,
            point.threshold,
            point.false_positives * 100.0,
            point.recall * 100.0
        )?;
    }
    Ok(())
}

fn print_mistakes(
    scored: &[(&Row, f32)],
    threshold: f32,
    most: usize,
    out: &mut impl Write,
) -> Result<()> {
    let mut good: Vec<_> = scored
        .iter()
        .filter(|(row, score)| !row.is_attack() && *score >= threshold)
        .collect();
    good.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
    let mut bad: Vec<_> = scored
        .iter()
        .filter(|(row, score)| row.is_attack() && *score < threshold)
        .collect();
    bad.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    for (title, mistakes) in [("good above", good), ("attack below", bad)] {
        for (row, score) in mistakes.into_iter().take(most) {
            let text: String = row.text.chars().take(300).collect();
            writeln!(
                out,
                "{title} {score:.2} {} {}: {text:?}",
                row.source, row.kind
            )?;
        }
    }
    Ok(())
}
