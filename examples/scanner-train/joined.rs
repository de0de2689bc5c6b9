//! Measures the model joined with the rules, as a message meets them.

use std::collections::BTreeMap;
use std::io::Write;

use color_eyre::eyre::Result;
use serde::Serialize;

use chaperon::model::PeerText;
use chaperon::text::opinion::Model;
use chaperon::text::opinion::train::Trained;
use chaperon::text::scan::scan_with;

use crate::data::Row;

/// A row with the model that has not seen it.
pub(crate) type Unseen<'a> = (&'a Row, &'a Trained);

/// How rules and model do together at one threshold of the model.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Joined {
    pub(crate) threshold: f32,
    pub(crate) false_positives: f64,
    pub(crate) recall: f64,
    pub(crate) development_false_positives: f64,
    pub(crate) development_recall: f64,
}

/// Scans every row at each threshold; the last entry is that of the rules alone.
pub(crate) fn measure(rows: &[Unseen<'_>], thresholds: &[f32]) -> Result<Vec<Joined>> {
    let mut joined = Vec::new();
    for threshold in thresholds.iter().copied().chain([f32::MAX]) {
        let flagged = flagged(rows, threshold)?;
        let share = |is_attack: bool, in_dev: bool| {
            let side = rows
                .iter()
                .zip(&flagged)
                .filter(|((row, _), _)| row.is_attack() == is_attack && (row.is_dev || !in_dev));
            let (mut all, mut found) = (0_u32, 0_u32);
            for (_, flagged) in side {
                all += 1;
                found += u32::from(*flagged);
            }
            f64::from(found) / f64::from(all.max(1))
        };
        joined.push(Joined {
            threshold,
            false_positives: share(false, false),
            recall: share(true, false),
            development_false_positives: share(false, true),
            development_recall: share(true, true),
        });
    }
    Ok(joined)
}

/// Prints what share of each kind of the development set would be held.
pub(crate) fn print_kinds(rows: &[Unseen<'_>], threshold: f32, out: &mut impl Write) -> Result<()> {
    let flagged = flagged(rows, threshold)?;
    let mut kinds: BTreeMap<(bool, &str), (u32, u32)> = BTreeMap::new();
    for ((row, _), flagged) in rows.iter().zip(flagged).filter(|((row, _), _)| row.is_dev) {
        let kind = kinds.entry((row.is_attack(), &row.kind)).or_default();
        kind.0 += 1;
        kind.1 += u32::from(flagged);
    }
    for ((is_attack, kind), (texts, found)) in kinds {
        let side = if is_attack { "attack" } else { "good" };
        let share = f64::from(found) / f64::from(texts) * 100.0;
        writeln!(out, "{side:6} {kind:24} {texts:5} {share:6.1} %")?;
    }
    Ok(())
}

pub(crate) fn print(joined: &[Joined], out: &mut impl Write) -> Result<()> {
    writeln!(out, "\nRules and model together, cross-validated")?;
    for at in joined {
        let name = if at.threshold < f32::MAX {
            format!("threshold {:7.3}", at.threshold)
        } else {
            "rules alone".to_owned()
        };
        writeln!(
            out,
            "{name:18} all: false positives {:5.2} %, recall {:5.1} %; development set: {:5.2} %, {:5.1} %",
            at.false_positives * 100.0,
            at.recall * 100.0,
            at.development_false_positives * 100.0,
            at.development_recall * 100.0
        )?;
    }
    Ok(())
}

/// Tells which rows would be held. Rows of one model stand beside each other.
pub(crate) fn flagged(rows: &[Unseen<'_>], threshold: f32) -> Result<Vec<bool>> {
    let mut last: Option<(&Trained, Model)> = None;
    let mut all = Vec::new();
    for (row, trained) in rows {
        let model = match last.take() {
            Some((known, model)) if std::ptr::eq(known, *trained) => model,
            _ => Model::read(&trained.to_bytes(threshold))?,
        };
        let text = PeerText::new(row.text.clone());
        all.push(scan_with(&text, &|view| model.suspicion(view)).flagged());
        last = Some((trained, model));
    }
    Ok(all)
}
