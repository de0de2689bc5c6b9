#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what a test is about is looked at"
)]

use std::net::Ipv4Addr;

use clap::Parser as _;
use serde_json::Value;

use super::*;
use crate::api::{Desk, Letter, Letters, SendOutcome, Status, Today};
use crate::cli::args::{Cli, Command, Verb};
use crate::cli::{channels::tests::channel, finish};
use crate::model::{
    ChannelId, Claim, Delivery, Fingerprint, Listening, MessageId, NodeSettings, Passage,
    Passphrase, PeerPath, PeerText, Presence, Reach, Sighted, UnixMillis,
};

const ANA: &str = "stacks:ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";
const WORK: &str = "stacks:ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
const BOB: &str = "stacks:ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";
const NODE: &str = "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB";
const LINK: &str = "chaperon:clawchat?principal=x&addr=y";

fn account(id: i64, address: &str, name: &str, port: u16) -> OwnAccount {
    OwnAccount {
        id: AccountId(id),
        network: NetworkId::ClawChat,
        address: address.into(),
        name: name.into(),
        endpoint: String::new(),
        key: format!("{NODE}/00112233445566778899aabbccddeeff00112233"),
        fingerprint: Fingerprint("0123-4567-89ab-cdef".into()),
        digest: "00".into(),
        created_at: UnixMillis(1_770_769_095_123),
        listening: (id == 1).then(|| Listening {
            network: NetworkId::ClawChat,
            at: format!("0.0.0.0:{port}"),
            exposed: true,
            problem: None,
            account: Some(AccountId(id)),
            addresses: vec![format!("/ip4/192.0.2.7/tcp/{port}/p2p/{NODE}")],
            reach: Reach::Private,
        }),
        node: Some(NodeSettings {
            ip: Ipv4Addr::UNSPECIFIED.into(),
            port,
            ..NodeSettings::default()
        }),
    }
}

fn peer(id: i64, account: i64, address: &str, name: &str) -> Channel {
    let node = format!("/ip4/192.0.2.9/tcp/9000/p2p/{NODE}");
    Channel {
        id: ChannelId(id),
        network: NetworkId::ClawChat,
        account: Some(AccountId(account)),
        address: address.into(),
        name: PeerText::new(name),
        relay: node,
        their_key: Some(format!("{NODE}/{}", "ab".repeat(20))),
        presence: (id == 1).then_some(Presence {
            online: true,
            last_seen: Some(UnixMillis(1_770_769_000_000)),
            as_of: UnixMillis(1_770_769_095_123),
            path: Some(PeerPath::HolePunched),
        }),
        instructions: "be kind".into(),
        ..channel()
    }
}

fn letter(id: i64, channel: i64, sent: bool) -> Letter {
    Letter {
        id: MessageId(id),
        channel: ChannelId(channel),
        at: UnixMillis(1_770_769_000_000 + id),
        taken: (!sent).then_some(UnixMillis(1_770_769_090_000 + id)),
        unsafe_subject: PeerText::default(),
        unsafe_body: PeerText::new("h\u{e9}\u{1b}[2J"),
        passage: Some(Passage::Alone),
        delivery: sent.then_some(Delivery::Queued {
            due: UnixMillis(0),
            attempts: 1,
            problem: Some("nobody answered".into()),
        }),
        repeats: u32::from(!sent),
    }
}

/// An engine with nothing to tell.
fn running() -> Status {
    Status {
        version: "0.1.0".into(),
        profile: "/p".into(),
        protected: false,
        paused: None,
        kept: 0,
        active_channels: 2,
        needs_you: 0,
        held_in: 0,
        held_out: 0,
        next_expiry: None,
        today: Today::default(),
        wake_problems: Vec::new(),
        listening: Vec::new(),
        outbox: 0,
        relays: Vec::new(),
        first_look: None,
        now: UnixMillis(1_770_769_095_123),
    }
}

/// The engine's end: two identities, the second of which knows somebody whom the first does not.
fn answer(request: &Request) -> Reply {
    let identities = || vec![account(1, ANA, "ana", 9000), account(2, WORK, "", 9002)];
    match request {
        Request::Accounts(Accounts::List { .. }) => AccountsReply::Logins(identities()).into(),
        Request::Accounts(Accounts::Make(new)) => AccountsReply::Identity {
            account: account(3, WORK, new.name.as_deref().unwrap_or_default(), 9004),
            phrase: new
                .phrase
                .is_none()
                .then(|| Passphrase::new("abandon ".repeat(24).trim())),
        }
        .into(),
        Request::Accounts(Accounts::Configure {
            account: id,
            name,
            node,
        }) => {
            let mut account = account(id.0, ANA, name.as_deref().unwrap_or("ana"), 9000);
            account.node = node.clone().or(account.node);
            AccountsReply::Account(Some(account)).into()
        }
        Request::Accounts(Accounts::InviteLink { .. }) => AccountsReply::Link(LINK.into()).into(),
        Request::Accounts(Accounts::ReadInvite { .. }) => AccountsReply::Invited {
            address: BOB.into(),
            endpoint: format!("/ip4/192.0.2.9/tcp/9000/p2p/{NODE}"),
            fingerprint: Fingerprint("fedc-ba98-7654-3210".into()),
            unsafe_name: Some(PeerText::new("b\u{202e}ob")),
        }
        .into(),
        Request::Accounts(Accounts::Add { .. }) => Reply::Channel(Box::new(peer(3, 1, BOB, "bob"))),
        Request::Accounts(Accounts::Resolve { .. }) => AccountsReply::Sighted(vec![Sighted {
            url: "carol".into(),
            somebody: Some(Claim {
                address: BOB.into(),
                unsafe_name: PeerText::default(),
                unsafe_endpoint: PeerText::new("/a,/b"),
                fingerprint: Fingerprint("fedc-ba98-7654-3210".into()),
                unsafe_answer: PeerText::new(
                    r#"{"peerId":"12D3","lastSeen":5,"principal":"x","multiaddrs":["/a"]}"#,
                ),
                channel: None,
            }),
            problem: None,
        }])
        .into(),
        Request::Channels => Reply::Channels(vec![
            peer(1, 1, BOB, "bob"),
            peer(2, 2, ANA, "carol"),
            Channel {
                id: ChannelId(9),
                ..channel()
            },
        ]),
        Request::Status => Reply::Status(running()),
        Request::Letters(asked) => Reply::Letters(Letters {
            letters: vec![letter(7, 1, asked.sent)],
            more: false,
        }),
        Request::Send { .. } => Reply::Sent(SendOutcome::Held {
            message: MessageId(9),
            rule: "safe-acquaintance".into(),
            reasons: vec!["every answer waits".into()],
            expires: UnixMillis(1_770_769_095_123),
        }),
        _ => Reply::Done,
    }
}

async fn engine(mut desk: Desk) -> Vec<Request> {
    let mut asked = Vec::new();
    while let Some(call) = desk.calls.recv().await {
        let reply = if call.role < call.request.needs() {
            Err(api::Error::NotAllowed)
        } else {
            Ok(answer(&call.request))
        };
        asked.push(call.request);
        call.reply.send(reply).unwrap();
    }
    asked
}

/// Runs a line in the role that it needs; returns what it printed, what it asked, and its code.
async fn said(line: &[&str]) -> (String, String, Vec<Request>, Exit) {
    let words = ["chaperon", "clawchat"].iter().chain(line);
    let cli = Cli::try_parse_from(words).unwrap();
    let Some(Verb::Clawchat(verb)) = cli.command.and_then(Command::into_verb) else {
        panic!("not a verb of this network");
    };
    let (handle, desk) = Handle::local(verb.role());
    let engine = tokio::spawn(engine(desk));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output::new(&mut out, &mut err);
    let result = run(*verb, &handle, &mut output).await;
    let exit = finish(result, &mut output);
    drop(handle);
    let asked = engine.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(out), text(err), asked, exit)
}

fn keys(json: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap();
    let value = value.as_array().map_or(&value, |list| &list[0]);
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn every_verb_prints_what_the_reference_prints_and_more_after_it() {
    let lines: &[&[&str]] = &[
        &["send", "bob", "hi"],
        &["recv", "--since", "5"],
        &["inbox"],
        &["outbox"],
        &["peers", "list"],
        &[
            "peers",
            "add",
            BOB,
            "/ip4/192.0.2.9/tcp/9000",
            "--alias",
            "bob",
        ],
        &["peers", "remove", "bob"],
        &["peers", "resolve", BOB, "--through", "bob"],
        &["invite"],
        &["invite", "--json"],
        &["identity", "show"],
        &["identity", "show", WORK],
        &["identity", "create", "--nick", "w", "--testnet", "--json"],
        &[
            "gateway",
            "identity",
            "add",
            "--mainnet",
            "--port",
            "9100",
            "--json",
        ],
        &["identity", "set-nick", "a"],
        &["identity", "clear-nick"],
        &["identity", "remove", "2"],
    ];
    let mut table = Vec::new();
    for line in lines {
        let (out, err, asked, exit) = said(line).await;
        assert_eq!(exit, Exit::Done, "{line:?}: {err}");
        let last = serde_json::to_string(asked.last().unwrap()).unwrap();
        table.push(format!("{}\n{out}{err}    {last}", line.join(" ")));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn keys_of_the_reference_come_first_and_in_its_order() {
    let begin = |line: &'static [&str], first: &'static [&str]| async move {
        let (out, ..) = said(line).await;
        assert!(keys(&out).iter().zip(first).all(|(a, b)| a == b), "{out}");
        assert!(keys(&out).len() > first.len());
    };
    begin(&["send", "bob", "x"], &["status", "id"]).await;
    begin(
        &["inbox"],
        &[
            "id",
            "from",
            "fromNick",
            "to",
            "content",
            "timestamp",
            "status",
        ],
    )
    .await;
    begin(
        &["outbox"],
        &["id", "from", "to", "content", "timestamp", "status"],
    )
    .await;
    begin(
        &["peers", "list"],
        &["principal", "address", "alias", "lastSeen", "connected"],
    )
    .await;
    begin(
        &["identity", "create", "--testnet", "--json"],
        &[
            "status",
            "principal",
            "address",
            "publicKey",
            "mnemonic",
            "warning",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_status_of_a_daemon_has_the_keys_of_the_reference_first() {
    let (handle, desk) = Handle::local(api::Role::Assistant);
    let engine = tokio::spawn(engine(desk));
    let mut out = Vec::new();
    let mut sink = std::io::sink();
    let told = status(
        &handle,
        crate::cli::output::Pretty::default(),
        &mut Output::new(&mut out, &mut sink),
    )
    .await;
    assert_eq!(told.unwrap(), Exit::Done);
    drop(handle);
    engine.await.unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[tokio::test]
async fn the_seed_phrase_is_in_nothing_that_a_program_reads() {
    for line in [
        &["identity", "add", "--testnet", "--json"][..],
        &["identity", "add", "--testnet", "--pretty"][..],
    ] {
        let (out, err, ..) = said(line).await;
        assert!(!out.contains("abandon") && !err.contains("abandon"));
        assert!(out.contains("mnemonic"));
    }
}

#[tokio::test]
async fn an_identity_is_chosen_by_name_principal_or_number_and_nothing_else_is_taken_for_it() {
    let by = async |which: &str| {
        let (_, err, asked, exit) = said(&["inbox", "--as", which]).await;
        let account = asked.iter().find_map(|request| match request {
            Request::Letters(asked) => asked.account,
            _ => None,
        });
        (account, err, exit)
    };
    assert_eq!(by("ana").await.0, Some(AccountId(1)));
    assert_eq!(by(WORK).await.0, Some(AccountId(2)));
    assert_eq!(by("2").await.0, Some(AccountId(2)));
    assert_eq!(
        by(WORK.strip_prefix("stacks:").unwrap()).await.0,
        Some(AccountId(2))
    );
    let (account, err, exit) = by("nobody").await;
    assert_eq!((account, exit), (None, Exit::Failed));
    assert_eq!(err, "{\"error\":\"Identity not found: nobody\"}\n");
    assert_eq!(
        by("").await.0,
        None,
        "an identity without a nick is not called so"
    );
}

#[tokio::test]
async fn a_message_leaves_from_the_identity_that_was_named_or_the_first_that_knows_the_peer() {
    let to = async |line: &[&str]| {
        let (_, err, asked, exit) = said(line).await;
        let channel = asked.into_iter().find_map(|request| match request {
            Request::Send { channel, .. } => Some(channel),
            _ => None,
        });
        (channel, err, exit)
    };
    let here = Some(api::ChannelRef::Id(ChannelId(2)));
    assert_eq!(to(&["send", "carol", "x"]).await.0, here);
    assert_eq!(to(&["send", "carol", "x", "--as", WORK]).await.0, here);
    let (channel, err, exit) = to(&["send", "carol", "x", "--as", "ana"]).await;
    assert_eq!((channel, exit), (None, Exit::Failed));
    assert!(
        err.starts_with("{\"error\":\"no peer is called carol"),
        "{err}"
    );
}

#[tokio::test]
async fn the_network_of_an_identity_is_never_guessed() {
    let (out, err, asked, exit) = said(&["identity", "add", "--json"]).await;
    assert_eq!((out.as_str(), exit), ("", Exit::Failed));
    assert!(err.contains("--testnet or --mainnet"), "{err}");
    assert_eq!(asked, []);
    let (_, err, _, exit) = said(&["init", "--testnet", "--json"]).await;
    assert_eq!(exit, Exit::Failed);
    assert!(err.contains("there is an identity already"), "{err}");
}

#[tokio::test]
async fn settings_that_are_not_named_stay_and_none_empties_a_list() {
    let line = [
        "identity",
        "set",
        "ana",
        "--visibility",
        "stealth",
        "--allow-peers",
        "none",
    ];
    let (_, err, asked, exit) = said(&line).await;
    assert_eq!(exit, Exit::Done, "{err}");
    let Some(Request::Accounts(Accounts::Configure {
        node: Some(node),
        name: None,
        ..
    })) = asked.last()
    else {
        panic!("{asked:?}");
    };
    let expected = NodeSettings {
        visibility: crate::model::Visibility::Stealth,
        allowed: Vec::new(),
        ..account(1, ANA, "ana", 9000).node.unwrap()
    };
    assert_eq!(*node, expected);
    let (_, err, _, exit) = said(&["identity", "set", "ana", "--port", "9000"]).await;
    assert_eq!(exit, Exit::Failed, "{err}");
}

#[tokio::test]
async fn a_link_is_shown_before_anybody_is_added_and_the_key_in_it_is_what_is_pinned() {
    let (_, err, asked, exit) = said(&["peers", "add", LINK, "--yes"]).await;
    assert_eq!(exit, Exit::Done, "{err}");
    let Some(Request::Accounts(Accounts::Add {
        seen,
        name,
        address,
        ..
    })) = asked.last()
    else {
        panic!("{asked:?}");
    };
    assert_eq!(seen.as_ref().unwrap().0, "fedc-ba98-7654-3210");
    assert_eq!(address, BOB);
    assert_eq!(*name, None, "a name that deceives is not taken over");
}

#[tokio::test]
async fn a_phrase_in_an_argument_is_taken_with_a_warning() {
    let words = "Abandon  ".repeat(24);
    let line = [
        "identity",
        "recover",
        "--mnemonic",
        &words,
        "--testnet",
        "--json",
    ];
    let (out, err, asked, _) = said(&line).await;
    assert!(err.contains("everybody on this computer can see"), "{err}");
    assert!(
        out.starts_with("{\"status\":\"recovered\",\"principal\":"),
        "{out}"
    );
    let Some(Request::Accounts(Accounts::Make(new))) = asked.last() else {
        panic!("{asked:?}");
    };
    let phrase = new.phrase.as_ref().unwrap().expose();
    assert_eq!(phrase.split(' ').count(), 24);
    let (_, err, asked, exit) =
        said(&["identity", "recover", "--mnemonic", "one two", "--testnet"]).await;
    assert_eq!((asked.len(), exit), (0, Exit::Failed));
    assert!(err.contains("Invalid seed phrase"), "{err}");
}

#[tokio::test]
async fn waiting_ends_when_something_new_is_there() {
    let (out, _, asked, exit) = said(&["recv", "--timeout", "60"]).await;
    assert_eq!(exit, Exit::Done);
    assert!(out.starts_with("[{\"id\":\"7\""), "{out}");
    let looks = asked.iter().filter_map(|request| match request {
        Request::Letters(asked) => Some((asked.since, asked.take)),
        _ => None,
    });
    let looks: Vec<_> = looks.collect();
    assert_eq!(looks, [(Some(UnixMillis(i64::MAX)), false), (None, true)]);
}
