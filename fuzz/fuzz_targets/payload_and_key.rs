//! Payloads and keys: any text is answered, and what was read is read again from its normal
//! form.

#![no_main]

use chaperon::wire::mailbox::{MailboxId, decode_key, decode_payload, encode_key, encode_payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(envelope) = decode_payload(text) {
        assert!(envelope.len() >= 40);
        assert_eq!(decode_payload(&encode_payload(&envelope)), Ok(envelope));
    }
    if let Ok(key) = decode_key(text) {
        assert_eq!(decode_key(&encode_key(&key)), Ok(key));
    }
    if let Ok(id) = MailboxId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
});
