//! Objects of the agent mesh: any bytes are answered, the canonical form is its own, and what
//! is stored says the same as what came.

#![no_main]

use chaperon::crypto::signing;
use chaperon::wire::mesh::canonical::canonical;
use chaperon::wire::mesh::{
    AgentId, ContactRequest, DirectMessage, IdentityFile, MeshKey, PeerFile, Received, Scheme,
    Window, decode_discovery,
};
use libfuzzer_sys::fuzz_target;

/// Every signature fits, so that what lies behind the check is reached.
const CREDULOUS: Scheme = Scheme {
    read_key: |pem| signing::read_public_pem(pem).ok(),
    write_key: signing::public_pem,
    fingerprint: signing::pem_fingerprint,
    verify: |_, _, _| true,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(once) = canonical(bytes) {
        assert!(once.is_ascii());
        assert_eq!(canonical(once.as_bytes()).as_ref(), Ok(&once));
    }
    drop(IdentityFile::decode(bytes, &CREDULOUS));
    drop(PeerFile::decode(bytes, &CREDULOUS));
    drop(decode_discovery(200, bytes, &CREDULOUS));
    let text = String::from_utf8_lossy(bytes);
    if let Some(key) = MeshKey::read(&text, &CREDULOUS) {
        assert_eq!(key.pem(), text);
    }
    let Ok(object) = Received::parse(bytes) else {
        return;
    };
    let file = object.to_file();
    // Indented or escaped it can be too long to be read again.
    if let Ok(again) = Received::parse(file.as_bytes()) {
        assert_eq!(again.to_file(), file);
    }
    if let Ok(request) = ContactRequest::decode(&object, Window::Any, &CREDULOUS) {
        let signed = request.sign(|_| [0; 64]);
        if let Ok(again) = Received::parse(signed.body.as_bytes()) {
            assert_eq!(ContactRequest::decode(&again, Window::Any, &CREDULOUS), Ok(request));
        }
    }
    let ours = AgentId::parse("us").expect("a safe id");
    let key = chaperon::model::PublicKey([0; 32]);
    if let Ok(message) = DirectMessage::decode(&object, &ours, &key, Window::Any, &CREDULOUS) {
        let signed = message.sign(|_| [0; 64]);
        if let Ok(again) = Received::parse(signed.body.as_bytes()) {
            let read = DirectMessage::decode(&again, &ours, &key, Window::Any, &CREDULOUS);
            assert_eq!(read, Ok(message));
        }
    }
});
