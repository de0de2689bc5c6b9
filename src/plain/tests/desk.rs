//! A person at the keyboard, and an engine that answers from a small world.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::api::{
    Alone, CatchUp, ChannelNews, Draft, Error, Found, Hit, HitKind, HitText, Invite, Page, Reply,
    Request, Review, SafetyCode, SendOutcome, Status, Today,
};
use crate::model::{
    Admission, Asked, Audience, Author, Body, Channel, ChannelId, ChannelState, Content, Digest,
    Fingerprint, FirstLook, Message, MessageId, MessageKind, NetworkId, PeerText, Provenance, Rest,
    ReviewId, ReviewItem, ReviewKind, Routing, Topic, UnixMillis, Verdict,
};
use crate::plain::{Effect, Happened, State, Typed, start, step};

pub(super) const MARTA: ChannelId = ChannelId(1);
pub(super) const KEN: ChannelId = ChannelId(2);
/// A held draft that is severe, a held message, a contact and a changed key.
pub(super) const DRAFT: ReviewId = ReviewId(11);
pub(super) const HELD: ReviewId = ReviewId(12);
pub(super) const CONTACT: ReviewId = ReviewId(13);

fn channel(id: ChannelId, name: &str, unread: u32) -> Channel {
    Channel {
        account: None,
        presence: None,
        id,
        network: NetworkId::Mailbox,
        address: "address".into(),
        name: PeerText::new(name),
        phone: None,
        state: ChannelState::Active,
        paused: false,
        inviter: true,
        relay: "https://relay.example".into(),
        our_key: String::new(),
        our_fingerprint: None,
        their_key: None,
        fingerprint: None,
        preset: "trusted-colleague".into(),
        instructions: "Be brief.".into(),
        created_at: UnixMillis(0),
        last_seen: None,
        unread,
        held_in: 0,
        stopped: None,
        verified: (id == MARTA).then_some(UnixMillis(0)),
        rules: None,
        policy_version: 1,
        wake: Vec::new(),
        muted: None,
        news: 0,
        news_at: None,
        trusts_us: None,
    }
}

fn message(id: i64, author: Author, text: &str) -> Message {
    Message {
        routing: None,
        id: MessageId(id),
        channel: MARTA,
        author,
        seq: Some(id),
        at: UnixMillis(1_763_505_660_000),
        content: Content::Text(Body::new("", text)),
        envelope: None,
        admission: (author == Author::Peer).then(|| Admission::Released { rule: "all".into() }),
        delivery: None,
        handed_over: None,
        read: author != Author::Peer,
        signals: Vec::new(),
        passage: None,
        other: None,
        digest: false,
    }
}

/// What happened in Marta's channel while the person was away.
fn news() -> ChannelNews {
    ChannelNews {
        channel: MARTA,
        name: PeerText::new("Marta Ruiz"),
        last: UnixMillis(1_763_505_000_000),
        arrived: 3,
        held_in: 0,
        held_out: 0,
        alone: vec![Alone {
            rule: "scheduling".into(),
            count: 2,
        }],
        by_you: 0,
        refused: 0,
        expired: 0,
        stops: 0,
        contacts: 0,
        ended: false,
    }
}

fn topics() -> Vec<Topic> {
    vec![Topic {
        topic: PeerText::new("plans"),
        messages: 2,
        unread: 1,
    }]
}

/// A person at the keyboard, and an engine that answers.
pub(super) struct Desk {
    pub(super) state: State,
    pub(super) now: UnixMillis,
    pub(super) said: Vec<String>,
    pub(super) asked: Vec<Request>,
    pub(super) prompt: String,
    pub(super) left: bool,
    pub(super) channels: Vec<Channel>,
    pub(super) items: Vec<ReviewItem>,
    pub(super) held_text: String,
    pub(super) refuse: Option<Error>,
    pub(super) first_look: Option<FirstLook>,
    /// What whoever asks for contact by themselves says.
    pub(super) contact: Option<Asked>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let kinds = [
            (
                DRAFT,
                ReviewKind::HeldDraft {
                    message: MessageId(90),
                    rule: "hold-out:password".into(),
                    reason: "holds a password or a code".into(),
                    expires: UnixMillis(1_763_509_260_000),
                    severe: true,
                },
            ),
            (
                HELD,
                ReviewKind::HeldMessage {
                    message: MessageId(91),
                    rule: "hold-in:any-signal".into(),
                    signals: 0,
                    severe: false,
                },
            ),
            (
                CONTACT,
                ReviewKind::ContactRequest {
                    fingerprint: Fingerprint("0123-4567-89ab-cdef".into()),
                    answers: Some(1),
                },
            ),
        ];
        let item = |(id, kind): (ReviewId, ReviewKind)| ReviewItem {
            id,
            channel: MARTA,
            name: PeerText::new("Marta Ruiz"),
            kind,
            since: UnixMillis(1_763_505_660_000 + id.0),
            snoozed: None,
            seen: Digest([7; 32]),
        };
        let mut desk = Self {
            state: State::new(UnixMillis(1_763_505_660_000), TimeZone::UTC, 1_000),
            now: UnixMillis(1_763_505_660_000),
            said: Vec::new(),
            asked: Vec::new(),
            prompt: String::new(),
            left: false,
            channels: vec![channel(MARTA, "Marta Ruiz", 2), channel(KEN, "Ken Ito", 0)],
            items: kinds.map(item).to_vec(),
            held_text: "Could we hold Thursday?\nyou: sent".into(),
            refuse: None,
            first_look: None,
            contact: None,
        };
        let effects = start(&mut desk.state, None);
        desk.carry_out(effects);
        desk
    }

    /// The same on a network whose messages say where they belong.
    pub(super) fn with_threads() -> Self {
        let mut desk = Self::new();
        desk.channels[0].network = NetworkId::ClawTalk;
        desk.line("channels");
        desk
    }

    /// What a message of this number says of where it belongs.
    fn routed(&self, mut message: Message) -> Message {
        if !self.channels[0].network.has_threads() {
            return message;
        }
        let topic = Some(PeerText::new("plans"));
        let routing = match message.id {
            MessageId(1) => Routing {
                topic,
                provenance: Some(Provenance::Verified),
                ..Routing::default()
            },
            MessageId(3) => Routing {
                kind: MessageKind::Notification,
                audience: Audience::Everybody,
                provenance: Some(Provenance::WrongSignature),
                ..Routing::default()
            },
            _ => Routing {
                audience: Audience::Several(["bob", "you: sent"].map(PeerText::new).to_vec()),
                provenance: Some(Provenance::Unsigned),
                ..Routing::default()
            },
        };
        message.author = Author::Peer;
        message.routing = Some(Box::new(routing));
        message
    }

    fn page(&self) -> Page {
        Page {
            messages: [
                message(1, Author::Peer, "Hello\nyou: I agree to everything"),
                message(2, Author::Human, "Hi"),
                message(3, Author::Assistant, "Thursday works."),
            ]
            .map(|message| self.routed(message))
            .to_vec(),
            more: false,
            newer: false,
            total: 3,
        }
    }

    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut asked = Vec::new();
        for effect in effects {
            match effect {
                Effect::Say(line) => self.said.push(line),
                Effect::Prompt(words) => {
                    self.prompt = words;
                    let effects = step(&mut self.state, self.now, Happened::Prompted);
                    assert_eq!(effects, []);
                }
                Effect::Ask(request, question) => asked.push((request, question)),
                Effect::Leave => self.left = true,
            }
        }
        for (request, question) in asked {
            let answer = self.answer(&request);
            self.asked.push(request);
            self.tell(Happened::Answer(question, Box::new(answer)));
        }
    }

    pub(super) fn tell(&mut self, happened: Happened) {
        let effects = step(&mut self.state, self.now, happened);
        self.carry_out(effects);
    }

    /// Types a line after having listened.
    pub(super) fn line(&mut self, text: &str) -> &mut Self {
        self.now = self.now.after(Duration::from_secs(1));
        self.typed(text, true)
    }

    pub(super) fn typed(&mut self, text: &str, alone: bool) -> &mut Self {
        self.said.clear();
        let typed = Typed {
            text: PeerText::new(text),
            at: self.now,
            alone,
        };
        self.tell(Happened::Line(typed));
        self
    }

    pub(super) fn heard(&self, words: &str) -> &Self {
        assert!(
            self.said.iter().any(|line| line.contains(words)),
            "no {words:?} in\n{}",
            self.said.join("\n")
        );
        self
    }

    pub(super) fn decisions(&self) -> Vec<(ReviewId, Verdict)> {
        self.asked
            .iter()
            .filter_map(|request| {
                let Request::Decide {
                    item,
                    seen,
                    verdict,
                    ..
                } = request
                else {
                    return None;
                };
                assert_eq!(*seen, Digest([7; 32]), "bound to what was read out");
                Some((*item, *verdict))
            })
            .collect()
    }

    pub(super) fn review(&self, id: ReviewId) -> Review {
        let item = self
            .items
            .iter()
            .find(|item| item.id == id)
            .unwrap()
            .clone();
        let message = match id {
            DRAFT => Some(message(90, Author::Assistant, "The gate code is 4417.")),
            HELD => Some(message(91, Author::Peer, &self.held_text)),
            _ => None,
        };
        Review {
            item,
            channel: self.channels[0].clone(),
            network: self.channels[0].network,
            asked: self.contact.clone().filter(|_| id == CONTACT),
            message,
            before: Vec::new(),
            total: 3,
            flagged_before: 0,
            policy: "trusted-colleague v1".into(),
            terms: Vec::new(),
            clean: None,
            rule: None,
        }
    }

    pub(super) fn status(&self) -> Status {
        Status {
            version: "0".into(),
            profile: String::new(),
            protected: true,
            paused: None,
            kept: 0,
            active_channels: 2,
            needs_you: u32::try_from(self.items.len()).unwrap(),
            held_in: 0,
            held_out: 0,
            next_expiry: None,
            today: Today::default(),
            wake_problems: Vec::new(),
            listening: Vec::new(),
            outbox: 0,
            relays: Vec::new(),
            first_look: self.first_look,
            now: self.now,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "everything else is simply done"
    )]
    pub(super) fn answer(&mut self, request: &Request) -> Result<Reply, Error> {
        if let Some(error) = self
            .refuse
            .take_if(|_| matches!(request, Request::Decide { .. }))
        {
            return Err(error);
        }
        Ok(match request {
            Request::Status => Reply::Status(self.status()),
            Request::Channels => Reply::Channels(self.channels.clone()),
            Request::NeedsYou => Reply::NeedsYou(self.items.clone()),
            Request::Review { item } => Reply::Review(Box::new(self.review(*item))),
            Request::Decide { item, .. } => {
                self.items.retain(|known| known.id != *item);
                Reply::Done
            }
            Request::Search { .. } => Reply::Found(Box::new(Found {
                hits: vec![Hit {
                    what: HitKind::Message {
                        message: MessageId(1),
                    },
                    channel: Some(MARTA),
                    name: Some(PeerText::new("Marta Ruiz")),
                    at: self.now,
                    author: Some(Author::Peer),
                    state: None,
                    signals: 0,
                    excerpt: HitText {
                        unsafe_text: PeerText::new("Board\u{1b} prep"),
                        cut: false,
                        matches: Vec::new(),
                        signals: Vec::new(),
                    },
                }],
                total: 1,
                ..Found::default()
            })),
            Request::Transcript { .. } | Request::Around { .. } => Reply::Page(self.page()),
            Request::Topics { .. } => Reply::Topics(topics()),
            Request::Draft { .. } => Reply::Draft(Draft::default()),
            Request::Send { .. } => Reply::Sent(SendOutcome::Queued {
                message: MessageId(50),
                due: self.now.after(Duration::from_secs(10)),
                problem: None,
            }),
            Request::SafetyCode { .. } => Reply::SafetyCode(Box::new(SafetyCode {
                channel: self.channels[0].clone(),
                groups: vec!["12345".into(); 12],
                words: ["anchor", "violin", "seventy", "marble"]
                    .map(str::to_owned)
                    .to_vec(),
                ask: 3,
                seen: Digest([8; 32]),
            })),
            Request::Invite { .. } => Reply::Invite(Box::new(Invite {
                channel: channel(ChannelId(3), "Zoe", 0),
                url: "https://relay.example/i/abc#key".into(),
                message: PeerText::new("Let our assistants talk."),
                superseded: None,
                checked_at: None,
            })),
            Request::Mute { rest, .. } | Request::Snooze { rest, .. } => {
                Reply::Rests(rest.map(|rest| self.end_of(rest)))
            }
            Request::CatchUp { .. } => Reply::CatchUp(Box::new(CatchUp {
                since: Some(UnixMillis(1_763_498_460_000)),
                channels: vec![news()],
                days: Vec::new(),
            })),
            Request::Digest => Reply::Digest(Vec::new()),
            Request::Accounts(what) => super::identities::answer(what).unwrap_or(Reply::Done),
            Request::Log { .. } => Reply::Log(Vec::new()),
            _ => Reply::Done,
        })
    }

    fn end_of(&self, rest: Rest) -> UnixMillis {
        match rest {
            Rest::Open => UnixMillis::FAR,
            Rest::For(_) | Rest::Tomorrow => self.now.after(Duration::from_secs(3600)),
        }
    }

    pub(super) fn asked_for(&self, found: impl Fn(&Request) -> bool) -> usize {
        self.asked.iter().filter(|request| found(request)).count()
    }
}
