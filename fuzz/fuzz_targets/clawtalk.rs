//! Lists, envelopes, payloads and keys of `ClawTalk`: any bytes are answered, and what is written
//! is its own form.

#![no_main]

use chaperon::model::PublicKey;
use chaperon::net::clawtalk::SCHEME;
use chaperon::wire::clawtalk::{AgentName, Envelope, KeyFile, PeerKeys, Scheme, decode_directory, decode_error, decode_page, decode_payload, decode_posted, decode_registered, encode_payload, read_signup};
use chaperon::wire::js_json::stringify;
use libfuzzer_sys::fuzz_target;

/// Every signature fits, so that what lies behind the check is reached.
const CREDULOUS: Scheme = Scheme {
    verify: |_, _, _| true,
    ..SCHEME
};

fuzz_target!(|bytes: &[u8]| {
    drop(decode_page(bytes));
    drop(decode_directory(bytes));
    drop(decode_posted(bytes));
    drop(decode_registered(bytes));
    drop(decode_error(bytes));
    let text = String::from_utf8_lossy(bytes);
    if let Some(once) = stringify(&text) {
        assert_eq!(stringify(&once).as_ref(), Some(&once));
    }
    if let Some(body) = decode_payload(&text) {
        let written = encode_payload(&body);
        let read = decode_payload(&written).expect("what we write is JSON");
        assert_eq!(read.body, body.body);
        assert_eq!(read.subject, body.subject);
    }
    if let Ok(keys) = PeerKeys::parse(&text) {
        assert_eq!(keys.to_string(), text);
    }
    drop(KeyFile::decode(&text, &CREDULOUS));
    drop(read_signup(&text));
    if let Ok(envelope) = Envelope::decode(&text) {
        let ours = AgentName::parse("Bob").expect("a name");
        let key = PublicKey([1; 32]);
        drop(envelope.open(&ours, Some(&key), &CREDULOUS, |_, sealed| {
            Some(sealed.to_vec())
        }));
        let _digest = envelope.digest(&CREDULOUS);
    }
});
