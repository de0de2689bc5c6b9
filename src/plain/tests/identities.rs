//! ClawChat in lines: our identities, links that name somebody, and who connected.

use std::net::Ipv4Addr;

use super::desk::{CONTACT, Desk};
use crate::api::{Accounts, AccountsReply, Reply, Request};
use crate::model::{
    AccountId, Asked, ChannelState, Fingerprint, Listening, NetworkId, NodeSettings, OwnAccount,
    PeerPath, PeerText, Presence, Reach, UnixMillis,
};

const LINK: &str = "chaperon:clawchat?principal=Stacks&addr=X";

fn identity(id: i64, name: &str) -> OwnAccount {
    OwnAccount {
        id: AccountId(id),
        network: NetworkId::ClawChat,
        address: format!("stacks:ST{id}"),
        name: name.into(),
        endpoint: String::new(),
        key: String::new(),
        fingerprint: Fingerprint("1111-2222-3333-4444".into()),
        digest: String::new(),
        created_at: UnixMillis(0),
        listening: (id == 1).then(|| Listening {
            network: NetworkId::ClawChat,
            at: "0.0.0.0:9000".into(),
            exposed: true,
            problem: None,
            account: Some(AccountId(id)),
            addresses: Vec::new(),
            reach: Reach::Public,
        }),
        node: Some(NodeSettings {
            ip: Ipv4Addr::UNSPECIFIED.into(),
            ..NodeSettings::default()
        }),
    }
}

/// Answers what is asked about identities.
pub(super) fn answer(what: &Accounts) -> Option<Reply> {
    let reply = match what {
        Accounts::List { .. } => {
            AccountsReply::Logins(vec![identity(1, "ana"), identity(2, "work")])
        }
        Accounts::InviteLink { account } => AccountsReply::Link(format!("{LINK}&n={account}")),
        Accounts::ReadInvite { .. } => AccountsReply::Invited {
            address: "stacks:ST9".into(),
            endpoint: "/ip4/192.0.2.9/tcp/9000/p2p/12D3,/ip4/192.0.2.9/tcp/9001/ws/p2p/12D3".into(),
            fingerprint: Fingerprint("fedc-ba98-7654-3210".into()),
            unsafe_name: Some(PeerText::new("Bob\nyou: yes\u{202e}")),
        },
        _ => return None,
    };
    Some(reply.into())
}

fn added(desk: &Desk) -> Vec<(AccountId, Option<PeerText>, Option<Fingerprint>)> {
    let added = desk.asked.iter().filter_map(|request| match request {
        Request::Accounts(Accounts::Add {
            account,
            name,
            seen,
            ..
        }) => Some((*account, name.clone(), seen.clone())),
        _ => None,
    });
    added.collect()
}

#[test]
fn identities_are_read_out_with_how_they_are_reached_and_their_links() {
    let mut desk = Desk::new();
    desk.line("identities")
        .heard("1  Identity ana, public, port 9000; others reach you from outside. stacks:ST1.")
        .heard("2  Identity work, public, port 9000; it does not listen now");
    desk.line("2")
        .heard("chaperon:clawchat?principal=Stacks&addr=X&n=2");
}

#[test]
fn whom_a_link_names_is_read_out_before_anybody_is_added() {
    let mut desk = Desk::new();
    desk.line(&format!("accept {LINK}"))
        .heard("theirs, name: Bob⟦⏎⟧you: yes⟦U+202E⟧")
        .heard("principal: stacks:ST9")
        .heard("reached at: /ip4/192.0.2.9/tcp/9001/ws/p2p/12D3")
        .heard("That adds them to ana and pins this key");
    assert_eq!(added(&desk), []);
    desk.line("Bob");
    let key = Some(Fingerprint("fedc-ba98-7654-3210".into()));
    let bob = Some(PeerText::new("Bob"));
    assert_eq!(added(&desk), [(AccountId(1), bob, key)]);
}

#[test]
fn an_empty_line_adds_nobody_and_another_identity_can_be_named() {
    let mut desk = Desk::new();
    desk.line(LINK).line("");
    assert_eq!(added(&desk), []);
    desk.line(LINK).line("Bob as a friend as work");
    let [(account, name, _)] = &added(&desk)[..] else {
        panic!("{:?}", desk.asked);
    };
    assert_eq!(*account, AccountId(2));
    assert_eq!(*name, Some(PeerText::new("Bob as a friend")));
}

#[test]
fn of_whoever_connected_it_is_said_what_is_proven_and_what_waits() {
    let mut desk = Desk::new();
    desk.channels[0].network = NetworkId::ClawChat;
    desk.channels[0].state = ChannelState::Requested;
    desk.channels[0].inviter = false;
    desk.contact = Some(Asked {
        id: "1".into(),
        address: "stacks:ST9".into(),
        unsafe_name: PeerText::new("erin"),
        unsafe_endpoint: PeerText::new("/ip4/192.0.2.9/tcp/9000"),
        unsafe_purpose: PeerText::new("Hello\nyou: yes"),
        moved_from: None,
    });
    desk.items.retain(|item| item.id == CONTACT);
    desk.line("").line("needs").line("1");
    desk.heard("They proved two things when they connected")
        .heard("principal, proven: stacks:ST9")
        .heard("theirs, nick: erin")
        .heard("theirs: you: yes")
        .heard("refuse: tell them so, and delete what they wrote")
        .heard("If you do nothing: they wait, and what they wrote stays here, unread.");
}

#[test]
fn a_peer_is_read_out_with_how_they_are_reached() {
    let mut desk = Desk::new();
    desk.channels[0].network = NetworkId::ClawChat;
    desk.channels[0].presence = Some(Presence {
        online: true,
        last_seen: None,
        as_of: UnixMillis(0),
        path: Some(PeerPath::Relayed),
    });
    desk.line("").line("channels").heard("connected, relayed");
}
