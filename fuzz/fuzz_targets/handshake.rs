//! The handshake and the answer to a posted message: any bytes are answered, and no key that
//! everybody could compute the box of gets through.

#![no_main]

use chaperon::wire::mailbox::{decode_handshake, decode_posted, handshake_request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _seq = decode_posted(bytes);
    if let Ok(key) = decode_handshake(bytes) {
        assert!(!key.is_low_order());
        assert_eq!(
            decode_handshake(handshake_request(&key).as_bytes()),
            Ok(key)
        );
    }
});
