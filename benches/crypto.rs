//! What a message costs: sealing and opening, with the shared key computed once and anew each
//! time; reading bodies and listings.

use chaperon::crypto::{ChannelBox, SecretKey};
use chaperon::model::Body;
use chaperon::wire::mailbox::{
    decode_body, decode_listing, decode_payload, encode_body, encode_payload,
};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const NONCE: [u8; 24] = [7; 24];

fn main() {
    divan::main();
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes([byte; 32])
}

fn channel() -> ChannelBox {
    ChannelBox::new(&secret(1), &secret(2).public()).expect("not a low-order key")
}

/// A message of usual length: 600 bytes of plaintext.
fn plain() -> Vec<u8> {
    let mut body = encode_body(&Body::new("", ""));
    let missing = 600 - body.len();
    body = encode_body(&Body::new("", "x".repeat(missing)));
    assert_eq!(body.len(), 600);
    body
}

#[divan::bench]
fn seal_600(bencher: Bencher<'_, '_>) {
    let (channel, plain) = (channel(), plain());
    bencher.bench(|| channel.seal(&NONCE, divan::black_box(&plain)));
}

#[divan::bench]
fn open_600(bencher: Bencher<'_, '_>) {
    let channel = channel();
    let envelope = channel.seal(&NONCE, &plain());
    bencher.bench(|| channel.open(divan::black_box(&envelope)));
}

/// The comparison: what opening costs where the shared key is computed for each message.
#[divan::bench]
fn open_600_without_precomputation(bencher: Bencher<'_, '_>) {
    let (ours, theirs) = (secret(1), secret(2).public());
    let envelope = channel().seal(&NONCE, &plain());
    bencher.bench(|| ChannelBox::new(&ours, &theirs).map(|channel| channel.open(&envelope)));
}

#[divan::bench]
fn decode_payload_600(bencher: Bencher<'_, '_>) {
    let payload = encode_payload(&channel().seal(&NONCE, &plain()));
    bencher.bench(|| decode_payload(divan::black_box(&payload)));
}

#[divan::bench]
fn decode_body_600(bencher: Bencher<'_, '_>) {
    let plain = plain();
    let count = BytesCount::of_slice(&plain);
    bencher
        .counter(count)
        .bench(|| decode_body(divan::black_box(&plain)));
}

#[divan::bench]
fn decode_listing_of_1000(bencher: Bencher<'_, '_>) {
    let payload = encode_payload(&channel().seal(&NONCE, &plain()));
    let record = |seq| format!("{{\"channel_id\":\"x\",\"seq\":{seq},\"payload\":\"{payload}\"}}");
    let listing = (0..1000).map(record).collect::<Vec<_>>().join(",");
    let listing = format!("[{listing}]").into_bytes();
    bencher
        .counter(ItemsCount::new(1000_usize))
        .bench(|| decode_listing(divan::black_box(&listing)));
}
