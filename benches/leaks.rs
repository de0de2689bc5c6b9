//! How long it takes to look for secrets and personal data in a draft.
//!
//! Budget: 50 µs for a typical message, 50 ms for a megabyte of anything.

use chaperon::model::PeerText;
use chaperon::text::leaks;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const MEGABYTE: usize = 1 << 20;

/// Texts that cost a naive search most, each repeated to a megabyte.
const HOSTILE: &[&str] = &[
    "password is ",
    "1 ",
    "4111 1111 1111 ",
    "a@",
    "-----BEGIN PRIVATE KEY-----",
    "abandon ",
    "Street 12 ",
    "://a:",
    "A",
    "ﷺ",
];

fn main() {
    divan::main();
}

#[divan::bench]
fn short(bencher: Bencher<'_, '_>) {
    let text = "Could we hold Thu 14:00 or Fri 09:30 PT for 30 min? Hold expires Wed 17:00 PT.";
    run(bencher, text.to_owned());
}

#[divan::bench]
fn long(bencher: Bencher<'_, '_>) {
    let line = "Grüße aus Köln: der Entwurf – 3 Seiten – liegt bei. See you on Thursday.\n";
    run(bencher, line.repeat(200));
}

#[divan::bench(args = HOSTILE, sample_count = 5)]
fn megabyte(bencher: Bencher<'_, '_>, piece: &str) {
    run(bencher, piece.repeat(MEGABYTE / piece.len()));
}

fn run(bencher: Bencher<'_, '_>, text: String) {
    let bytes = BytesCount::of_str(&text);
    let text = PeerText::new(text);
    bencher
        .counter(bytes)
        .bench_local(|| leaks(black_box(&text)));
}
