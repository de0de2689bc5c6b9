//! The plaintext inside an envelope: any bytes are answered, and what was read once is read
//! the same again from what we write.

#![no_main]

use chaperon::wire::mailbox::{decode_body, encode_body};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = decode_body(bytes) else { return };
    let metadata = body.metadata.expose_untrusted();
    let is_object = metadata.starts_with('{');
    let again = decode_body(&encode_body(&body)).expect("we read what we write");
    assert_eq!(again.subject, body.subject);
    assert_eq!(again.body, body.body);
    assert!(!is_object || again.metadata == body.metadata);
});
