//! Trains the scanner's model and measures it; `docs/scanner-model.md` has the command line.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "figures are counts of a few thousand texts, and places in one list of them"
)]

mod data;
mod figures;
mod joined;
mod manifest;
mod own;
mod shingles;

use std::collections::HashSet;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use color_eyre::eyre::{Context as _, Result, ensure};

use chaperon::text::opinion::Model;
use chaperon::text::opinion::train::{Settings, fit};

/// Trains the scanner's model and measures it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The labelled development set, JSON lines.
    #[arg(long)]
    dev: PathBuf,
    /// Hashes of the held-back set; training text that shares them is dropped.
    #[arg(long)]
    held_out: PathBuf,
    /// The folder of our own texts.
    #[arg(long, default_value = "train/own")]
    own: PathBuf,
    /// A folder of JSON lines made from public repositories.
    #[arg(long)]
    public: Option<PathBuf>,
    /// Where the weights go.
    #[arg(long, default_value = "src/text/opinion/weights.bin")]
    weights: PathBuf,
    /// Where the manifest and the figures go.
    #[arg(long, default_value = "docs/scanner-model.json")]
    manifest: PathBuf,
    /// The share of good texts that may score above the threshold.
    #[arg(long, default_value_t = 0.002)]
    false_positives: f64,
    /// Where the order of the examples starts from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Times that every example is looked at.
    #[arg(long, default_value_t = Settings::default().passes)]
    passes: u32,
    /// Pull of every weight towards zero.
    #[arg(long, default_value_t = Settings::default().penalty)]
    penalty: f32,
    /// First step of every weight.
    #[arg(long, default_value_t = Settings::default().rate)]
    rate: f32,
    /// Prints the worst mistakes of cross-validation, this many of either sort.
    #[arg(long, default_value_t = 0)]
    mistakes: usize,
    /// Leaves out the slow part: one training for each attack family.
    #[arg(long)]
    quick: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let settings = Settings {
        seed: arguments.seed,
        passes: arguments.passes,
        penalty: arguments.penalty,
        rate: arguments.rate,
    };
    let mut rows = data::read(&arguments.dev)?;
    for row in &mut rows {
        row.is_dev = true;
    }
    rows.extend(own::read(&arguments.own)?);
    if let Some(public) = &arguments.public {
        rows.extend(data::read_folder(public)?);
    }
    let held_out: HashSet<u64> = shingles::read(&arguments.held_out)?;
    let (rows, dropped) = data::clean(rows, &held_out);
    ensure!(!rows.is_empty(), "no rows are left to train on");
    writeln!(out, "{} rows; dropped: {dropped}", rows.len())?;

    let corpus = figures::Corpus::new(&rows);
    let figures = figures::measure(&corpus, &settings, &arguments.figures(), &mut out)?;
    let trained = fit(&corpus.all(), &settings);
    let bytes = trained.to_bytes(figures.threshold);
    let model = Model::read(&bytes).wrap_err("the weights just written")?;
    figures::print_fit(&rows, &model, &mut out)?;
    std::fs::write(&arguments.weights, &bytes)
        .wrap_err_with(|| format!("cannot write {}", arguments.weights.display()))?;
    let manifest = manifest::of(&rows, &dropped, &settings, &figures, &bytes);
    std::fs::write(&arguments.manifest, manifest)
        .wrap_err_with(|| format!("cannot write {}", arguments.manifest.display()))?;
    Ok(())
}

impl Arguments {
    const fn figures(&self) -> figures::Wanted {
        figures::Wanted {
            false_positives: self.false_positives,
            mistakes: self.mistakes,
            is_quick: self.quick,
        }
    }
}
