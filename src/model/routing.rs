//! How a message stands among others, on networks where messages say so: its kind, its topic,
//! what it answers, for whom it was, and how far its author is proven.

use serde::{Deserialize, Serialize};

use super::{MessageId, PeerText};

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Asks for an answer.
    #[default]
    Request,
    /// Answers a request.
    Response,
    /// Wants no answer.
    Notification,
}

impl MessageKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Request, Self::Response, Self::Notification];

    /// Returns the name as networks, the store and JSON write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Notification => "notification",
        }
    }

    /// Finds the kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How far it is proven who wrote a message, and that nobody else could read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// It was sealed for us, and signed with the pinned key.
    Verified,
    /// It was sealed with the pinned key, and carries no signature.
    Unsigned,
    /// It carries a signature that is not one of the pinned key over it.
    WrongSignature,
    /// It was not sealed: everybody on the way could read it.
    PlainText,
}

impl Provenance {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Verified,
        Self::Unsigned,
        Self::WrongSignature,
        Self::PlainText,
    ];

    /// Returns the name as the store and JSON write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unsigned => "unsigned",
            Self::WrongSignature => "wrong_signature",
            Self::PlainText => "plain_text",
        }
    }

    /// Finds the one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Finds the one that a rule of this name holds a message for, as in
    /// `hold-in:wrong-signature`.
    pub fn of_rule(rule: &str) -> Option<Self> {
        let name = rule.strip_prefix("hold-in:")?;
        Self::ALL
            .into_iter()
            .find(|one| *one != Self::Verified && one.as_str().replace('_', "-") == name)
    }

    /// Returns it in two words, for a place where there is little room.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unsigned => "unsigned",
            Self::WrongSignature => "wrong signature",
            Self::PlainText => "plain text",
        }
    }

    /// Returns one sentence for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Verified => "sealed for you and signed with the pinned key",
            Self::Unsigned => "sealed with the pinned key, but not signed",
            Self::WrongSignature => {
                "its signature is not one of the pinned key: somebody else wrote or changed it"
            }
            Self::PlainText => {
                "it was not sealed: the relay could read it, and could have written it"
            }
        }
    }
}

/// For whom a message was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "audience", content = "unsafe_names")]
pub enum Audience {
    /// For the other side of its channel alone.
    #[default]
    One,
    /// For these too, as its author says.
    Several(Vec<PeerText>),
    /// For everybody on the relay.
    Everybody,
}

/// How a message stands among others. Where the peer wrote it, it is what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Its kind.
    pub kind: MessageKind,
    /// The topic it belongs to.
    #[serde(rename = "unsafe_topic")]
    pub topic: Option<PeerText>,
    /// What a request and its answers have in common.
    #[serde(rename = "unsafe_correlation")]
    pub correlation: Option<PeerText>,
    /// The network's id of the message that it answers.
    #[serde(rename = "unsafe_reply_to")]
    pub reply_to: Option<PeerText>,
    /// The message of this channel that it answers, where it is here.
    pub answers: Option<MessageId>,
    /// For whom it was.
    #[serde(flatten)]
    pub audience: Audience,
    /// The network's id of it, once there is one.
    pub remote_id: Option<String>,
    /// How far its author is proven; `None` for our own.
    pub provenance: Option<Provenance>,
    /// How often the same arrived again under another id of the network, and was folded into it.
    #[serde(default)]
    pub repeats: u32,
}

impl Routing {
    /// Returns the words in it that somebody else chose, as one text; empty where there are none.
    pub fn words(&self) -> PeerText {
        let names: &[PeerText] = match &self.audience {
            Audience::Several(names) => names,
            Audience::One | Audience::Everybody => &[],
        };
        let all = [&self.topic, &self.correlation, &self.reply_to];
        let all: Vec<&str> = all
            .into_iter()
            .flatten()
            .chain(names)
            .map(PeerText::expose_untrusted)
            .collect();
        PeerText::new(all.join("\n\n"))
    }
}

/// A topic of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name.
    #[serde(rename = "unsafe_topic")]
    pub topic: PeerText,
    /// How many messages belong to it.
    pub messages: u32,
    /// How many of them no person has looked at.
    pub unread: u32,
}

/// Whether a peer is there, as a relay says, or as a session with them shows. Nothing is decided
/// by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether they are there.
    pub online: bool,
    /// When they were last heard of.
    pub last_seen: Option<super::UnixMillis>,
    /// When that was so.
    pub as_of: super::UnixMillis,
    /// How they are reached, where there is no relay.
    #[serde(default)]
    pub path: Option<super::PeerPath>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::parse(kind.as_str()), Some(kind));
        }
        for one in Provenance::ALL {
            assert_eq!(Provenance::parse(one.as_str()), Some(one));
        }
        assert_eq!(MessageKind::parse("Request"), None);
        let rule = "hold-in:wrong-signature";
        assert_eq!(Provenance::of_rule(rule), Some(Provenance::WrongSignature));
        assert_eq!(Provenance::of_rule("hold-in:all"), None);
        assert_eq!(Provenance::of_rule("hold-in:verified"), None);
    }

    #[test]
    fn all_that_the_peer_chose_is_among_the_words() {
        let routing = Routing {
            topic: Some(PeerText::new("a")),
            correlation: Some(PeerText::new("b")),
            reply_to: Some(PeerText::new("c")),
            audience: Audience::Several(vec![PeerText::new("d")]),
            ..Routing::default()
        };
        assert_eq!(routing.words(), PeerText::new("a\n\nb\n\nc\n\nd"));
        assert!(Routing::default().words().is_empty());
    }
}
