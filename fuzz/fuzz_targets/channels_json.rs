//! The reference client's `channels.json`: any bytes are answered, and writing what was read
//! changes nothing more the second time. Times in it as well.

#![no_main]

use chaperon::wire::clawbuddy_files::{decode_channels, encode_channels, iso_utc, parse_iso_utc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = decode_channels(bytes) {
        for entry in &entries {
            check_time(&entry.created_at);
        }
        let file = encode_channels(&entries);
        let again = decode_channels(file.as_bytes()).expect("we read what we write");
        assert_eq!(encode_channels(&again), file);
    }
    check_time(&String::from_utf8_lossy(bytes));
});

fn check_time(text: &str) {
    if let Some(time) = parse_iso_utc(text) {
        // Offsets can lead out of the years that can be written, to the nearest one inside.
        let written = parse_iso_utc(&iso_utc(time)).expect("we read what we write");
        assert!(
            written == time
                || iso_utc(time).starts_with("0001")
                || iso_utc(time).starts_with("9999")
        );
    }
}
