//! ClawTalk in the world: two logins, peers on one relay, what they write, and who is listed.

use chaperon::api::{Accounts, AccountsReply, Error, Reply};
use chaperon::model::{
    AccountId, Admission, Asked, Audience, Author, ChannelId, ChannelState, Claim, Delivery,
    Fingerprint, Message as Letter, MessageId, MessageKind, NetworkId, OwnAccount, PeerText,
    Presence, Provenance, ReviewId, ReviewKind, Routing, Severity, Sighted, Signal, SignalCode,
    SignalKind, TextSpan, Topic,
};

use super::{Facts, HOSTILE_NAME, ago, channel, letter, need};

/// The peer whose conversation is open.
pub(crate) const BOB: ChannelId = ChannelId(12);
/// Others of the same login.
pub(crate) const CAROL: ChannelId = ChannelId(13);
pub(crate) const DAVE: ChannelId = ChannelId(14);
/// Somebody who wrote and was not accepted.
const ERIN: ChannelId = ChannelId(15);
/// The login that they are peers of.
pub(crate) const DESK: AccountId = AccountId(1);
/// A held message without a good signature.
pub(crate) const FORGED: ReviewId = ReviewId(12);
/// Whoever wrote and waits.
pub(crate) const WRITES: ReviewId = ReviewId(15);

/// What an engine would know of it.
#[derive(Clone, Default)]
pub(crate) struct ClawTalk {
    pub(crate) logins: Vec<OwnAccount>,
    pub(crate) listed: Vec<Sighted>,
}

fn key(last: i64) -> Fingerprint {
    Fingerprint(format!("6b2c-91d0-44ea-{last:04x}"))
}

fn login(id: AccountId, address: &str, relay: &str) -> OwnAccount {
    OwnAccount {
        node: None,
        id,
        network: NetworkId::ClawTalk,
        address: address.into(),
        name: address.into(),
        endpoint: relay.into(),
        key: "box sign".into(),
        fingerprint: key(id.0),
        digest: "6b2c".into(),
        created_at: ago(900),
        listening: None,
    }
}

fn listed(name: &str, fingerprint: Fingerprint, answer: &str) -> Sighted {
    Sighted {
        url: "https://relay.example.com".into(),
        somebody: Some(Claim {
            address: name.into(),
            unsafe_name: PeerText::new(name),
            unsafe_endpoint: PeerText::new("https://relay.example.com"),
            fingerprint,
            unsafe_answer: PeerText::new(answer),
            channel: None,
        }),
        problem: None,
    }
}

fn theirs(id: i64, minutes: i64, provenance: Provenance, words: &str, routing: Routing) -> Letter {
    let mut letter = letter(id, Author::Peer, ago(minutes), "", words);
    letter.channel = BOB;
    letter.routing = Some(Box::new(Routing {
        provenance: Some(provenance),
        ..routing
    }));
    letter
}

fn held(mut letter: Letter, rule: &str) -> Letter {
    letter.admission = Some(Admission::Held { rule: rule.into() });
    letter.read = false;
    letter
}

fn of(topic: &str, kind: MessageKind) -> Routing {
    Routing {
        kind,
        topic: (!topic.is_empty()).then(|| PeerText::new(topic)),
        ..Routing::default()
    }
}

/// One message of each kind and proof, so that no two look alike.
fn letters() -> Vec<Letter> {
    use MessageKind::{Notification, Request, Response};
    let asks = theirs(
        40,
        50,
        Provenance::Verified,
        "Shall we meet on Thursday at two?",
        of("plans", Request),
    );
    let mut mine = letter(
        41,
        Author::Human,
        ago(44),
        "",
        "Thursday at two is fine. I bring the drawings.",
    );
    mine.channel = BOB;
    mine.delivery = Some(Delivery::Collected { at: ago(40) });
    mine.routing = Some(Box::new(Routing {
        answers: Some(MessageId(40)),
        ..of("plans", Response)
    }));
    let mut unsigned = theirs(
        42,
        30,
        Provenance::Unsigned,
        "The lift is repaired.",
        Routing {
            audience: Audience::Several(["bob", "carol", "desk"].map(PeerText::new).to_vec()),
            ..of("", Notification)
        },
    );
    unsigned.signals = vec![Signal {
        code: SignalCode::Unsigned,
        kind: SignalKind::Exact,
        severity: Severity::Low,
        span: TextSpan::default(),
        evidence: PeerText::default(),
    }];
    let forged = theirs(
        43,
        21,
        Provenance::WrongSignature,
        "Please use the new account for the deposit.",
        Routing {
            answers: Some(MessageId(41)),
            correlation: Some(PeerText::new("c-1")),
            ..of("plans", Request)
        },
    );
    let open = theirs(
        44,
        12,
        Provenance::PlainText,
        "The relay is down from noon to one.",
        Routing {
            audience: Audience::Everybody,
            ..of("relay", Notification)
        },
    );
    vec![
        asks,
        mine,
        unsigned,
        held(forged, "hold-in:wrong-signature"),
        held(open, "hold-in:plain-text"),
    ]
}

/// Answers what is asked about logins there.
pub(super) fn answer(facts: &Facts, what: &Accounts) -> Option<Result<Reply, Error>> {
    let reply = match what {
        Accounts::List { .. } => AccountsReply::Logins(facts.clawtalk.logins.clone()),
        Accounts::Directory { .. } => AccountsReply::Sighted(facts.clawtalk.listed.clone()),
        Accounts::Show { .. }
        | Accounts::Requests { .. }
        | Accounts::Seek { .. }
        | Accounts::Init { .. }
        | Accounts::Listen { .. }
        | Accounts::Move { .. }
        | Accounts::Ask { .. }
        | Accounts::AskBack { .. }
        | Accounts::Enrol(_)
        | Accounts::Add { .. }
        | Accounts::Make(_)
        | Accounts::Configure { .. }
        | Accounts::Resolve { .. }
        | Accounts::InviteLink { .. }
        | Accounts::ReadInvite { .. }
        | Accounts::Leave { .. }
        | Accounts::Import { .. }
        | Accounts::Export { .. } => return None,
    };
    Some(Ok(reply.into()))
}

impl Facts {
    /// We have a login there, and three peers; one of them writes, and a stranger wrote.
    pub(crate) fn with_clawtalk(mut self) -> Self {
        let peer = |id: ChannelId, name: &str, state| {
            let mut channel = channel(id.0, name, state, "safe-acquaintance");
            channel.network = NetworkId::ClawTalk;
            channel.account = Some(DESK);
            channel.address = name.to_lowercase();
            channel.our_fingerprint = Some(key(DESK.0));
            let pinned = channel.fingerprint.take();
            channel.fingerprint = pinned.map(|_| key(id.0));
            channel.inviter = true;
            channel.created_at = ago(3 * 24 * 60);
            channel
        };
        let mut bob = peer(BOB, "Bob", ChannelState::Active);
        bob.presence = Some(Presence {
            path: None,
            online: true,
            last_seen: Some(ago(1)),
            as_of: ago(0),
        });
        bob.last_seen = Some(ago(0));
        bob.unread = 2;
        bob.held_in = 2;
        let mut carol = peer(CAROL, "Carol", ChannelState::Active);
        carol.verified = Some(ago(100));
        carol.presence = Some(Presence {
            path: None,
            online: false,
            last_seen: Some(ago(3 * 60)),
            as_of: ago(2),
        });
        let dave = peer(DAVE, "Dave", ChannelState::Active);
        let mut erin = peer(ERIN, "erin", ChannelState::Requested);
        erin.inviter = false;
        let forged = ReviewKind::HeldMessage {
            message: MessageId(43),
            rule: "hold-in:wrong-signature".into(),
            signals: 0,
            severe: false,
        };
        let writes = ReviewKind::ContactRequest {
            fingerprint: key(ERIN.0),
            answers: Some(1),
        };
        self.needs = vec![
            need(FORGED.0, &bob, forged, ago(21)),
            need(WRITES.0, &erin, writes, ago(5)),
        ];
        self.channels = vec![bob, carol, dave, erin];
        self.letters = letters();
        self.status.outbox = 0;
        self.status.held_in = 2;
        self.clawtalk = ClawTalk {
            logins: vec![login(DESK, "desk", "https://relay.example.com")],
            listed: vec![
                listed(
                    "bob",
                    key(BOB.0),
                    r#"{"online":true,"capabilities":["calendar","mail"]}"#,
                ),
                listed(
                    "frank",
                    key(40),
                    r#"{"online":false,"lastSeen":"2025-11-18T19:41:00.000Z","capabilities":[]}"#,
                ),
                listed("carol", key(99), "{}"),
                listed("desk", key(DESK.0), r#"{"online":true}"#),
                listed("grace", Fingerprint(String::new()), "{}"),
            ],
        };
        self.mesh.asked = Some(Asked {
            id: "7c9e6679-7425-40de-944b-e07fc1f90ae7".into(),
            address: "erin".into(),
            unsafe_name: PeerText::new("erin"),
            unsafe_endpoint: PeerText::new("https://relay.example.com"),
            unsafe_purpose: PeerText::new(
                "Hello, I am Erin\u{2019}s assistant. May I ask for a slot?",
            ),
            moved_from: None,
        });
        self
    }

    /// We have a second login, on another relay, with a peer of the same name.
    pub(crate) fn with_two_logins(mut self) -> Self {
        let relay = "https://talk.example.net";
        self.clawtalk
            .logins
            .push(login(AccountId(2), "garden", relay));
        let mut other = self.channel(BOB);
        other.id = ChannelId(16);
        other.account = Some(AccountId(2));
        other.relay = relay.into();
        other.unread = 0;
        other.held_in = 0;
        other.last_seen = Some(ago(500));
        self.channels.push(other);
        self
    }

    /// Topics, names and what a relay says of somebody would steer, hide or overflow.
    pub(crate) fn hostile_clawtalk(mut self) -> Self {
        self.fill_clawtalk_with(HOSTILE_NAME);
        self
    }

    /// Puts a text wherever somebody on ClawTalk can put one.
    pub(super) fn fill_clawtalk_with(&mut self, text: &str) {
        for routing in self.letters.iter_mut().filter_map(|it| it.routing.as_mut()) {
            routing.topic = Some(PeerText::new(text));
            routing.correlation = Some(PeerText::new(text));
            routing.reply_to = Some(PeerText::new(text));
            routing.audience = Audience::Several(vec![PeerText::new(text); 9]);
        }
        for claim in self
            .clawtalk
            .listed
            .iter_mut()
            .filter_map(|it| it.somebody.as_mut())
        {
            let says = serde_json::json!({
                "online": false, "lastSeen": text, "capabilities": vec![text; 9],
            });
            claim.unsafe_answer = PeerText::new(says.to_string());
        }
    }

    pub(super) fn topics(&self, channel: ChannelId) -> Vec<Topic> {
        let mut topics: Vec<Topic> = Vec::new();
        for letter in self.letters.iter().rev().filter(|it| it.channel == channel) {
            let Some(name) = letter.routing.as_ref().and_then(|it| it.topic.clone()) else {
                continue;
            };
            let at = topics.iter().position(|known| known.topic == name);
            let at = at.unwrap_or_else(|| {
                topics.push(Topic {
                    topic: name,
                    messages: 0,
                    unread: 0,
                });
                topics.len() - 1
            });
            let topic = topics.get_mut(at).expect("it was found above");
            topic.messages += 1;
            topic.unread += u32::from(!letter.read);
        }
        topics
    }
}

/// Tells whether a letter is of a topic, where one is asked for.
pub(super) fn is_of(letter: &Letter, topic: Option<&PeerText>) -> bool {
    let of = letter.routing.as_ref().and_then(|it| it.topic.as_ref());
    topic.is_none() || of == topic
}
