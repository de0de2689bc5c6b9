//! The list of messages that a relay shows: any bytes are answered, and every element of an
//! array comes out as one record.

#![no_main]

use chaperon::wire::mailbox::{Payload, decode_listing, decode_payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(records) = decode_listing(bytes) else {
        return;
    };
    for record in &records {
        if let Payload::Text(text) = &record.payload {
            drop(decode_payload(text));
        }
    }
    // One more record in front is one more record, whatever stands behind it.
    let text = String::from_utf8_lossy(bytes);
    let rest = text
        .trim_start()
        .strip_prefix('[')
        .expect("it was an array");
    let comma = if records.is_empty() { "" } else { "," };
    let longer = format!("[{{\"seq\":1,\"payload\":\"x\"}}{comma}{rest}");
    let longer = decode_listing(longer.as_bytes()).expect("still an array");
    assert_eq!(longer.get(1..), Some(records.as_slice()));
});
