//! `ClawChat`: frames, messages, the peer exchange, files and links. Any bytes are answered, and
//! what is read can be written and read again.

#![no_main]

use chaperon::crypto::stacks::Principal;
use chaperon::wire::clawchat::{
    Chat, Gateway, IdentityFile, InboxEntry, LONGEST_HANDSHAKE_FRAME, Link, Message, NodeId,
    OutboxEntry, PeerEntry, Px, Unframer, cbor,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = cbor::decode(bytes) {
        let once = value.encode();
        assert_eq!(cbor::decode(&once).map(|again| again.encode()), Ok(once));
    }
    if let Ok(message) = Message::decode(bytes) {
        let once = message.encode();
        assert_eq!(Message::decode(&once).map(|again| again.encode()), Ok(once));
    }
    if let Ok(chat) = Chat::decode(bytes) {
        assert_eq!(Chat::decode(&chat.encode()), Ok(chat));
    }
    if let Ok(px) = Px::decode(bytes) {
        assert_eq!(Px::decode(&px.encode()), Ok(px));
    }
    // The same bytes as a stream, cut in two at the place that its first byte says.
    let (first, rest) = bytes.split_at(bytes.first().map_or(0, |at| usize::from(*at)).min(bytes.len()));
    let mut frames = Unframer::new(LONGEST_HANDSHAKE_FRAME);
    for part in [first, rest] {
        frames.push(part);
        while let Ok(Some(frame)) = frames.next_frame() {
            assert!(frame.len() <= LONGEST_HANDSHAKE_FRAME);
        }
    }
    drop(IdentityFile::decode(bytes));
    if let Ok(gateway) = Gateway::decode(bytes) {
        assert_eq!(Gateway::decode(gateway.encode().as_bytes()), Ok(gateway));
    }
    let text = String::from_utf8_lossy(bytes);
    drop(InboxEntry::decode(&text));
    drop(OutboxEntry::decode(&text));
    drop(PeerEntry::decode(&text));
    if let Some(node) = NodeId::parse(&text) {
        assert_eq!(node.to_string(), text);
    }
    if let Some(principal) = Principal::parse(&text) {
        assert_eq!(principal.to_string(), text);
    }
    if let Ok(link) = Link::parse(&text) {
        assert_eq!(Link::parse(&link.to_url()), Ok(link));
    }
});
