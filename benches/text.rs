//! How long it takes to make peer text safe.
//!
//! Budget: 50 ms for a megabyte of anything.

use chaperon::model::PeerText;
use chaperon::text::{sanitise, sanitise_line};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const MEGABYTE: usize = 1 << 20;

/// Attacks that cost a naive filter most, each repeated to a megabyte.
const HOSTILE: &[&str] = &[
    "\u{1b}[2J",
    "a\u{1b}",
    "a\u{301}",
    "\u{301}",
    "\u{200b}\u{200c}",
    "a\u{200b}",
    "\u{e0041}",
    "👩\u{200d}",
    "🇫",
    "क्",
    "ᄀ",
    "pаy ",
    "\u{2067}א\u{202e}",
    "\n",
    "⟦",
    "ﷺ",
];

fn main() {
    divan::main();
}

fn short_message() -> String {
    "Could we hold Thu 14:00 or Fri 09:30 PT for 30 min? Hold expires Wed 17:00 PT.".to_owned()
}

fn long_message() -> String {
    "Grüße aus Köln: der Entwurf – 3 Seiten – liegt bei. 👍🏽 See you on Thursday.\n".repeat(200)
}

#[divan::bench]
fn short(bencher: Bencher<'_, '_>) {
    run(bencher, short_message());
}

#[divan::bench]
fn long(bencher: Bencher<'_, '_>) {
    run(bencher, long_message());
}

#[divan::bench(args = HOSTILE, sample_count = 10)]
fn megabyte(bencher: Bencher<'_, '_>, piece: &str) {
    run(bencher, piece.repeat(MEGABYTE / piece.len()));
}

#[divan::bench]
fn name_in_a_list(bencher: Bencher<'_, '_>) {
    let name = PeerText::new("Marta Ruiz");
    bencher.bench_local(|| sanitise_line(black_box(&name), 20));
}

#[divan::bench]
fn wrap_long(bencher: Bencher<'_, '_>) {
    let text = sanitise(&PeerText::new(long_message()));
    bencher.bench_local(|| black_box(&text).wrap(60));
}

fn run(bencher: Bencher<'_, '_>, text: String) {
    let bytes = BytesCount::of_str(&text);
    let text = PeerText::new(text);
    bencher
        .counter(bytes)
        .bench_local(|| sanitise(black_box(&text)));
}
