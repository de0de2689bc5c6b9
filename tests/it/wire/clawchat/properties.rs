//! What holds for any input.

use chaperon::crypto::stacks::{Principal, StacksNetwork};
use chaperon::model::PeerText;
use chaperon::wire::clawchat::cbor::{self, Value as Cbor};
use chaperon::wire::clawchat::{
    Chat, ChatId, Entry, Gateway, IdentityFile, InboxEntry, LONGEST_HANDSHAKE_FRAME, Link, Message,
    NodeId, OutboxEntry, PeerEntry, Px, RequestId, Unframer, frame, node_of,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{bytes, list, text};

/// Gives the same bytes to every reader; they may refuse, but not fail.
fn read_everything(bytes: &[u8]) {
    if let Ok(value) = cbor::decode(bytes) {
        // What was read can be written, and then says the same.
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
    let _id = Px::id_of_question(bytes);
    drop(IdentityFile::decode(bytes));
    drop(Gateway::decode(bytes));
    let text = String::from_utf8_lossy(bytes);
    drop(InboxEntry::decode(&text));
    drop(OutboxEntry::decode(&text));
    drop(PeerEntry::decode(&text));
    let _node = (NodeId::parse(&text), node_of(&text));
    if let Ok(link) = Link::parse(&text) {
        assert_eq!(Link::parse(&link.to_url()), Ok(link));
    }
    let mut frames = Unframer::new(LONGEST_HANDSHAKE_FRAME);
    frames.push(bytes);
    while let Ok(Some(_)) = frames.next_frame() {}
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for section in ["frames", "px1", "chat_payloads"] {
        let vectors = list(section);
        seeds.extend(vectors.iter().map(|vector| bytes(text(vector, "cbor_hex"))));
    }
    for vector in list("identity_files") {
        seeds.push(text(&vector, "plaintext_json").as_bytes().to_vec());
    }
    let node = NodeId([7; 32]);
    let who = Principal::new(StacksNetwork::Testnet, [7; 20]);
    let address = format!("/ip4/192.0.2.1/tcp/9000/p2p/{node}");
    let link = Link::new(who.to_string(), vec![address], None).unwrap();
    seeds.push(link.to_url().into_bytes());
    seeds
}

#[test]
fn a_vector_cut_off_anywhere_is_answered() {
    for seed in seeds() {
        for end in 0..=seed.len() {
            read_everything(&seed[..end]);
        }
    }
}

fn value() -> impl Strategy<Value = Cbor<'static>> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Cbor::Uint),
        any::<u64>().prop_map(Cbor::Negative),
        any::<f64>().prop_map(Cbor::Float),
        any::<f32>().prop_map(|float| Cbor::Float(float.into())),
        any::<i16>().prop_map(|float| Cbor::Float(f64::from(float) / 8.0)),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Cbor::Bytes(bytes.into())),
        any::<String>().prop_map(|text| Cbor::Text(text.into())),
        any::<bool>().prop_map(Cbor::Bool),
        Just(Cbor::Null),
        Just(Cbor::Undefined),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Cbor::Array),
            prop::collection::btree_map("[a-z]{0,30}", inner, 0..8).prop_map(|entries| {
                let entries = entries.into_iter();
                Cbor::Map(entries.map(|(key, value)| (key.into(), value)).collect())
            }),
        ]
    })
}

fn principal() -> impl Strategy<Value = String> {
    any::<[u8; 20]>().prop_map(|hash| Principal::new(StacksNetwork::Testnet, hash).to_string())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn a_vector_with_bytes_changed_is_answered(
        seed in proptest::sample::select(seeds()),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut seed = seed;
        for (place, byte) in changes {
            let place = place.index(seed.len());
            seed[place] = byte;
        }
        read_everything(&seed);
    }

    #[test]
    fn cbor_is_read_back(value in value()) {
        let encoded = value.encode();
        let read = cbor::decode(&encoded);
        prop_assert!(read.is_ok());
        prop_assert_eq!(read.unwrap().encode(), encoded);
    }

    #[test]
    fn frames_are_the_same_however_they_arrive(
        items in vec(vec(any::<u8>(), 0..200), 0..6),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream: Vec<u8> = items.iter().flat_map(|item| frame(item).unwrap()).collect();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let (mut frames, mut read) = (Unframer::new(200), Vec::new());
        for pair in cuts.windows(2) {
            frames.push(&stream[pair[0]..pair[1]]);
            while let Some(frame) = frames.next_frame().unwrap() {
                read.push(frame);
            }
        }
        prop_assert_eq!(read, items);
        prop_assert_eq!(frames.waiting(), 0);
    }

    #[test]
    fn a_chat_is_read_back(
        id: [u8; 16], from in principal(), nick: Option<String>, content: String,
        timestamp in 0_u64..9_007_199_254_740_992, subject: Option<String>,
    ) {
        let chat = Chat {
            id: ChatId::from_random(id),
            from,
            nick: nick.filter(|nick| !nick.is_empty()).map(PeerText::new),
            content: PeerText::new(content),
            timestamp,
            subject: subject.filter(|subject| !subject.is_empty()).map(PeerText::new),
        };
        prop_assert_eq!(Chat::decode(&chat.encode()), Ok(chat));
    }

    #[test]
    fn a_push_is_read_back(
        people in vec((principal(), any::<[u8; 32]>(), any::<bool>(), 0_u64..1 << 50), 0..32),
        id: [u8; 16],
    ) {
        let entries: Vec<_> = people
            .into_iter()
            .map(|(principal, key, told, last_seen)| Entry {
                principal,
                node: told.then_some(NodeId(key)),
                addresses: vec![format!("/ip4/192.0.2.1/tcp/9000/p2p/{}", NodeId(key))],
                last_seen,
            })
            .collect();
        let answer = Px::Answer {
            id: RequestId::from_random(id),
            peer: entries.first().cloned(),
            error: None,
        };
        for px in [Px::Push(entries), answer] {
            prop_assert_eq!(Px::decode(&px.encode()), Ok(px));
        }
    }

    #[test]
    fn a_link_is_read_back(
        principal in principal(), key: [u8; 32], port: u16, many in 1_usize..=8,
        nick in proptest::option::of("\\PC{1,16}"),
    ) {
        let address = format!("/dns4/example.org/tcp/{port}/ws/p2p/{}", NodeId(key));
        let nick = nick.map(PeerText::new);
        let link = Link::new(principal, vec![address; many], nick).unwrap();
        prop_assert_eq!(link.node(), Some(NodeId(key)));
        prop_assert_eq!(Link::parse(&link.to_url()), Ok(link));
    }

    #[test]
    fn a_node_id_is_read_back(key: [u8; 32]) {
        let text = NodeId(key).to_string();
        prop_assert!(text.starts_with("12D3KooW"));
        prop_assert_eq!(NodeId::parse(&text), Some(NodeId(key)));
    }

    #[test]
    fn files_are_read_back(from in principal(), to in principal(), content: String, alias: String) {
        let content = PeerText::new(content);
        let entry = InboxEntry {
            id: None, from: from.clone(), from_nick: None, to, content, timestamp: 5,
        };
        let read = InboxEntry::decode(&InboxEntry::encode(std::slice::from_ref(&entry))).unwrap();
        prop_assert_eq!(read.entries, [entry]);
        let alias = Some(PeerText::new(alias)).filter(|alias| !alias.is_empty());
        let peer = PeerEntry { principal: from, addresses: vec![], alias, last_seen: 7 };
        let read = PeerEntry::decode(&PeerEntry::encode(std::slice::from_ref(&peer))).unwrap();
        prop_assert_eq!(read.entries, [peer]);
    }
}
