//! The files of the data directory that are not sealed.

use chaperon::model::PeerText;
use chaperon::wire::clawchat::{
    FileError, Gateway, GatewayIdentity, InboxEntry, OutboxEntry, PeerEntry, Status,
};

const ALICE: &str = "stacks:ST1JAHE8GEHB0MCBGR8J6W0AA7TJEE1XKFSD2Q80H";
const BOB: &str = "stacks:STEW4ZNT093ZHK4NEQKX8QJGM2Y7WWJ2FQQS5C19";
const ID: &str = "000102030405060708090a0b0c0d0e0f";

fn gateway() -> Gateway {
    let identity = |principal: &str, nick: Option<&str>| GatewayIdentity {
        principal: principal.to_owned(),
        nick: nick.map(str::to_owned),
        autoload: true,
        allow_local: true,
        allowed: vec!["*".to_owned()],
        wake: true,
    };
    Gateway {
        port: 9000,
        identities: vec![identity(ALICE, Some("alice")), identity(BOB, None)],
    }
}

#[test]
fn a_gateway_is_written_as_the_real_program_does() {
    let expected = format!(
        r#"{{
  "version": 1,
  "p2pPort": 9000,
  "identities": [
    {{
      "principal": "{ALICE}",
      "nick": "alice",
      "autoload": true,
      "allowLocal": true,
      "allowedRemotePeers": [
        "*"
      ],
      "openclawWake": true
    }},
    {{
      "principal": "{BOB}",
      "autoload": true,
      "allowLocal": true,
      "allowedRemotePeers": [
        "*"
      ],
      "openclawWake": true
    }}
  ]
}}"#
    );
    assert_eq!(gateway().encode(), expected);
    assert_eq!(Gateway::decode(expected.as_bytes()), Ok(gateway()));
}

#[test]
fn a_gateway_that_the_real_program_refuses_is_refused() {
    let good = gateway().encode();
    for (from, to, error) in [
        ("\"version\": 1", "\"version\": 2", FileError::OtherVersion),
        ("9000", "0", FileError::Member("p2pPort")),
        ("9000", "65536", FileError::Member("p2pPort")),
        ("9000", "\"9000\"", FileError::Member("p2pPort")),
        ("stacks:STE", "STE", FileError::Member("principal")),
        (BOB, ALICE, FileError::Member("principal")),
        ("\"alice\"", "\"al ice\"", FileError::Member("nick")),
        ("\"alice\"", "\"\"", FileError::Member("nick")),
        ("\"alice\"", "7", FileError::Member("nick")),
        (
            "\"autoload\": true",
            "\"autoload\": 1",
            FileError::Member("autoload"),
        ),
        ("allowLocal", "x", FileError::Member("allowLocal")),
        ("openclawWake", "x", FileError::Member("openclawWake")),
        ("\"*\"", "\"bob\"", FileError::Member("allowedRemotePeers")),
        ("\"*\"", "7", FileError::Member("allowedRemotePeers")),
        ("{", "", FileError::Json),
    ] {
        let changed = good.replacen(from, to, if from == "*" { 2 } else { 1 });
        assert_ne!(changed, good, "{from}");
        assert_eq!(Gateway::decode(changed.as_bytes()), Err(error), "{to}");
    }
    let nobody = r#"{"version":1,"p2pPort":1,"identities":[]}"#;
    let error = Err(FileError::Member("identities"));
    assert_eq!(Gateway::decode(nobody.as_bytes()), error);
}

#[test]
fn an_inbox_is_read_and_written_as_the_real_program_does() {
    let json = format!(
        r#"[
  {{
    "id": "{ID}",
    "from": "{BOB}",
    "fromNick": "bob",
    "to": "{ALICE}",
    "content": "ü \"quoted\"\n\u0007🦀",
    "timestamp": 1770000000123,
    "status": "delivered"
  }}
]"#
    );
    let read = InboxEntry::decode(&json).unwrap();
    assert_eq!(read.skipped, 0);
    assert_eq!(
        read.entries[0].content,
        PeerText::new("ü \"quoted\"\n\u{7}🦀")
    );
    assert_eq!(InboxEntry::encode(&read.entries), json);
    assert_eq!(InboxEntry::encode(&[]), "[]");
}

#[test]
fn an_outbox_is_read_and_written_as_the_real_program_does() {
    let json = format!(
        r#"[
  {{
    "id": "{ID}",
    "from": "{ALICE}",
    "to": "{BOB}",
    "content": "hi",
    "timestamp": 1770000000123,
    "status": "sent"
  }}
]"#
    );
    let read = OutboxEntry::decode(&json).unwrap();
    assert_eq!(read.entries[0].status, Status::Sent);
    assert_eq!(OutboxEntry::encode(&read.entries), json);
}

#[test]
fn peers_are_read_and_written_as_the_real_program_does() {
    let json = format!(
        r#"[
  {{
    "principal": "{BOB}",
    "address": "/ip4/127.0.0.1/tcp/19100,/ip4/127.0.0.1/tcp/19101/ws",
    "alias": "Bob",
    "lastSeen": 1770000000123
  }}
]"#
    );
    let read = PeerEntry::decode(&json).unwrap();
    assert_eq!(read.entries[0].addresses.len(), 2);
    assert_eq!(PeerEntry::encode(&read.entries), json);
    // The old form of an address is no multiaddr, and the peer stays.
    let old = json.replace("/ip4/127.0.0.1/tcp/19100,", "127.0.0.1:9000,");
    let read = PeerEntry::decode(&old).unwrap();
    assert_eq!(read.entries[0].addresses, ["/ip4/127.0.0.1/tcp/19101/ws"]);
}

#[test]
fn entries_that_cannot_be_true_are_left_out_and_counted() {
    let entry = |from: &str, content: &str, timestamp: &str| {
        format!(
            r#"{{"id":"{ID}","from":{from},"to":"{ALICE}","content":{content},"timestamp":{timestamp}}}"#
        )
    };
    let bob = format!("\"{BOB}\"");
    let json = [
        entry(&bob, "\"hi\"", "5"),
        entry("null", "\"hi\"", "5"),
        entry("\"../../x\"", "\"hi\"", "5"),
        entry(&bob, "7", "5"),
        // 2^53, which the real program cannot write.
        entry(&bob, "\"hi\"", "9007199254740992"),
        entry(&bob, "\"hi\"", "-1"),
        "null".to_owned(),
    ]
    .join(",");
    let read = InboxEntry::decode(&format!("[{json}]")).unwrap();
    assert_eq!((read.entries.len(), read.skipped), (1, 6));
    for broken in ["", "{}", "[", "null", "[1,]"] {
        assert_eq!(InboxEntry::decode(broken), Err(FileError::Json), "{broken}");
    }
}
