//! ClawChat in the world: two identities, peers that are reached in different ways, and somebody
//! who connected and waits.

use std::net::Ipv4Addr;

use chaperon::api::{Accounts, AccountsReply, Error, Reply, Request};
use chaperon::model::{
    AccountId, Asked, Author, ChannelId, ChannelState, Delivery, Fingerprint, Listening,
    Message as Letter, NetworkId, NodeSettings, OwnAccount, Passphrase, PeerPath, PeerText,
    Presence, Reach, ReviewId, ReviewKind, Routing, Visibility,
};

use super::{Facts, HOSTILE_NAME, ago, channel, letter, need};

/// The peer whose conversation is open.
pub(crate) const BOB: ChannelId = ChannelId(21);
/// One who is reached through a relay, and one who is not connected.
const CAROL: ChannelId = ChannelId(22);
const DAVE: ChannelId = ChannelId(23);
/// Somebody who connected and was not accepted.
const ERIN: ChannelId = ChannelId(24);
/// The identity that they are peers of.
pub(crate) const ANA: AccountId = AccountId(11);
/// Another one.
pub(crate) const WORK: AccountId = AccountId(12);
/// Whoever connected and waits.
const CONNECTS: ReviewId = ReviewId(24);

/// The links of the test are read as this one, whatever they say.
pub(crate) const LINK: &str = "chaperon:clawchat?principal=stacks%3AST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC&addr=%2Fip4%2F192.0.2.9%2Ftcp%2F9000%2Fp2p%2F12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB&nick=frank";
const FRANK: &str = "stacks:ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC";
const NODE: &str = "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB";

/// What an engine would know of it.
#[derive(Clone, Default)]
pub(crate) struct ClawChat {
    pub(crate) identities: Vec<OwnAccount>,
    /// The name in a link.
    pub(crate) named: Option<PeerText>,
}

fn key(last: i64) -> Fingerprint {
    Fingerprint(format!("2f8a-60c1-b37e-{last:04x}"))
}

fn identity(id: AccountId, address: &str, name: &str, port: u16) -> OwnAccount {
    OwnAccount {
        id,
        network: NetworkId::ClawChat,
        address: address.into(),
        name: name.into(),
        endpoint: String::new(),
        key: format!("{NODE}/00112233445566778899aabbccddeeff00112233"),
        fingerprint: key(id.0),
        digest: NODE.into(),
        created_at: ago(20 * 24 * 60),
        listening: Some(Listening {
            network: NetworkId::ClawChat,
            at: format!("0.0.0.0:{port}"),
            exposed: true,
            problem: None,
            account: Some(id),
            addresses: vec![
                format!("/ip4/192.168.1.5/tcp/{port}/p2p/{NODE}"),
                format!("/ip4/192.168.1.5/tcp/{}/ws/p2p/{NODE}", port + 1),
            ],
            reach: Reach::Private,
        }),
        node: Some(NodeSettings {
            ip: Ipv4Addr::UNSPECIFIED.into(),
            port,
            ..NodeSettings::default()
        }),
    }
}

fn letters() -> Vec<Letter> {
    let of = |mut letter: Letter| {
        letter.channel = BOB;
        letter
    };
    let mut asks = of(letter(
        60,
        Author::Peer,
        ago(50),
        "",
        "Can your calendar take Thursday at two?",
    ));
    asks.routing = Some(Box::new(Routing {
        remote_id: Some("9f".into()),
        repeats: 2,
        ..Routing::default()
    }));
    let mut mine = of(letter(61, Author::Human, ago(44), "", "It can."));
    mine.delivery = Some(Delivery::Delivered { at: ago(44) });
    let mut waits = of(letter(
        62,
        Author::Human,
        ago(2),
        "",
        "Shall I bring the keys?",
    ));
    waits.delivery = Some(Delivery::Queued {
        due: ago(0),
        attempts: 1,
        problem: Some("nobody answers at the addresses that are known".into()),
    });
    vec![asks, mine, waits]
}

/// Answers what is asked about identities there.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is of other networks"
)]
pub(super) fn answer(facts: &Facts, what: &Accounts) -> Option<Result<Reply, Error>> {
    let all = &facts.clawchat.identities;
    let reply = match what {
        Accounts::List {
            network: NetworkId::ClawChat,
        } => AccountsReply::Logins(all.clone()),
        Accounts::InviteLink { .. } => AccountsReply::Link(LINK.into()),
        Accounts::ReadInvite { link, .. } if link.contains("cut") => {
            let why = "the link holds no address that ends in a node's id";
            return Some(Err(Error::InvalidInvite(why.into())));
        }
        Accounts::ReadInvite { .. } => AccountsReply::Invited {
            address: FRANK.into(),
            endpoint: format!(
                "/ip4/192.0.2.9/tcp/9000/p2p/{NODE},/ip4/192.0.2.9/tcp/9001/ws/p2p/{NODE},\
                 /dns4/relay.example.com/tcp/9000/p2p/12D3KooWRelay/p2p-circuit/p2p/{NODE}"
            ),
            fingerprint: key(77),
            unsafe_name: facts.clawchat.named.clone(),
        },
        Accounts::Make(new) => AccountsReply::Identity {
            account: identity(
                AccountId(13),
                "stacks:ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
                new.name.as_deref().unwrap_or_default(),
                9004,
            ),
            phrase: Some(Passphrase::new(PHRASE)),
        },
        Accounts::Configure {
            account,
            name,
            node,
        } => {
            let mut changed = all.iter().find(|one| one.id == *account)?.clone();
            changed.name = name.clone().unwrap_or(changed.name);
            changed.node = node.clone().or(changed.node);
            AccountsReply::Account(Some(changed))
        }
        _ => return None,
    };
    Some(Ok(reply.into()))
}

/// Tells whether a request changes something of our identities: it is kept, and answered too.
pub(super) fn changes(request: &Request) -> bool {
    matches!(
        request,
        Request::Accounts(Accounts::Make(_) | Accounts::Configure { .. })
    )
}

/// A phrase whose words have all lengths that there are.
pub(crate) const PHRASE: &str = "abandon ability able about above absent absorb abstract absurd \
abuse access accident account accuse achieve acid acoustic acquire across act action actor actress \
actual";

impl Facts {
    /// We have an identity there, and three peers; somebody connected and waits.
    pub(crate) fn with_clawchat(mut self) -> Self {
        let peer = |id: ChannelId, name: &str, address: &str, state| {
            let mut channel = channel(id.0, name, state, "safe-acquaintance");
            channel.network = NetworkId::ClawChat;
            channel.account = Some(ANA);
            channel.address = address.into();
            channel.relay = format!(
                "/ip4/192.0.2.{}/tcp/9000/p2p/{NODE},/ip4/192.0.2.{0}/tcp/9001/ws/p2p/{NODE}",
                id.0
            );
            channel.our_fingerprint = Some(key(ANA.0));
            let pinned = channel.fingerprint.take();
            channel.fingerprint = pinned.map(|_| key(id.0));
            channel.inviter = true;
            channel.created_at = ago(3 * 24 * 60);
            channel
        };
        let there = |path, online| Presence {
            online,
            last_seen: Some(ago(if online { 0 } else { 5 * 60 })),
            as_of: ago(0),
            path,
        };
        let bob_s = "stacks:ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP";
        let mut bob = peer(BOB, "Bob", bob_s, ChannelState::Active);
        bob.presence = Some(there(Some(PeerPath::HolePunched), true));
        bob.trusts_us = Some(ago(3 * 24 * 60));
        bob.last_seen = Some(ago(0));
        let carol_s = "stacks:ST2REHHS5J3CERCRBEPMGH7921Q6PYKAADT7JP2VB";
        let mut carol = peer(CAROL, "Carol", carol_s, ChannelState::Active);
        carol.presence = Some(there(Some(PeerPath::Relayed), true));
        let dave_s = "stacks:ST3AM1A56AK2C1XAFJ4115ZSV26EB49BVQ10MGCS0";
        let mut dave = peer(DAVE, "Dave", dave_s, ChannelState::Active);
        dave.presence = Some(there(None, false));
        let erin_s = "stacks:ST3PF13W7Z0RRM42A8VZRVFQ75SV1K26RXEP8YGKJ";
        let mut erin = peer(ERIN, erin_s, erin_s, ChannelState::Requested);
        erin.inviter = false;
        let connects = ReviewKind::ContactRequest {
            fingerprint: key(ERIN.0),
            answers: Some(1),
        };
        self.needs = vec![need(CONNECTS.0, &erin, connects, ago(5))];
        self.channels = vec![bob, carol, dave, erin];
        self.letters = letters();
        self.status.outbox = 1;
        self.status.held_in = 0;
        self.status.relays.clear();
        self.clawchat = ClawChat {
            identities: vec![identity(
                ANA,
                "stacks:ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
                "ana",
                9000,
            )],
            named: Some(PeerText::new("frank")),
        };
        self.mesh.asked = Some(Asked {
            id: "5d".into(),
            address: erin_s.into(),
            unsafe_name: PeerText::new("erin"),
            unsafe_endpoint: PeerText::new(format!(
                "/ip4/198.51.100.4/tcp/9000/p2p/{NODE},/ip4/198.51.100.4/tcp/9001/ws/p2p/{NODE}"
            )),
            unsafe_purpose: PeerText::new(
                "Hello, I am Erin\u{2019}s assistant. May I ask for a slot on Friday?",
            ),
            moved_from: None,
        });
        self
    }

    /// We have a second identity, which cannot listen, with a peer of the same name.
    pub(crate) fn with_two_identities(mut self) -> Self {
        let mut work = identity(
            WORK,
            "stacks:ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
            "",
            9002,
        );
        work.listening = work.listening.map(|listening| Listening {
            problem: Some("the port is in use".into()),
            addresses: Vec::new(),
            ..listening
        });
        work.node = work.node.map(|node| NodeSettings {
            visibility: Visibility::Stealth,
            relay_server: true,
            allowed: vec!["stacks:ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP".into()],
            ..node
        });
        self.clawchat.identities.push(work);
        let mut other = self.channel(BOB);
        other.id = ChannelId(25);
        other.account = Some(WORK);
        other.presence = None;
        other.last_seen = Some(ago(500));
        self.channels.push(other);
        self
    }

    /// Names and addresses would steer, hide or overflow.
    pub(crate) fn hostile_clawchat(mut self) -> Self {
        self.fill_clawchat_with(HOSTILE_NAME);
        self
    }

    /// Puts a text wherever somebody on ClawChat can put one.
    pub(super) fn fill_clawchat_with(&mut self, text: &str) {
        self.clawchat.named = Some(PeerText::new(text));
        if let Some(asked) = &mut self.mesh.asked {
            asked.unsafe_name = PeerText::new(text);
            asked.unsafe_endpoint = PeerText::new(text);
            asked.unsafe_purpose = PeerText::new(text);
        }
    }
}
