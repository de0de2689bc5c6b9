//! A message in either direction, and what became of it.

use serde::{Deserialize, Serialize};

use super::{
    ChannelId, Digest, MessageId, PeerText, Routing, Severity, Signal, TextSpan, UnixMillis,
};

/// The plain content of an envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Subject line; may be empty.
    pub subject: PeerText,
    /// The text.
    pub body: PeerText,
    /// JSON text of the metadata object, `{}` where there is none. Never shown as markup.
    pub metadata: PeerText,
}

/// The parts of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The text.
    Body,
    /// The subject line.
    Subject,
    /// The metadata object.
    Metadata,
}

/// What stands between the parts of a body where it is judged as one text.
const BETWEEN: &str = "\n\n";

impl Body {
    /// Returns all that it says as one text, which is what signals are found in: the text, then
    /// the subject, then the metadata, where there are any. Spans in the text need no shifting.
    pub fn judged(&self) -> PeerText {
        let mut whole = self.body.expose_untrusted().to_owned();
        for part in [&self.subject, &self.metadata] {
            if !part.is_empty() && part.expose_untrusted() != "{}" {
                whole.push_str(BETWEEN);
                whole.push_str(part.expose_untrusted());
            }
        }
        PeerText::new(whole)
    }

    /// Returns signals as they are to be marked in one of the parts, under the numbers of the
    /// whole list. Their spans are those of [`Self::judged`].
    pub fn signals_in(&self, signals: &[Signal], part: Part) -> Vec<Signal> {
        let placed = signals.iter().map(|signal| {
            let (found, span) = self.locate(signal.span);
            Signal {
                // A note is never marked, so the others keep their numbers.
                // What is missing in the envelope stands in no part of the text.
                severity: if found == part && signal.code != super::SignalCode::Unsigned {
                    signal.severity
                } else {
                    Severity::Note
                },
                span,
                ..signal.clone()
            }
        });
        placed.collect()
    }

    /// Tells which part a span of [`Self::judged`] begins in, and where in that part it stands.
    pub fn locate(&self, span: TextSpan) -> (Part, TextSpan) {
        let shifted = |by: usize| TextSpan {
            start: span.start.saturating_sub(by),
            end: span.end.saturating_sub(by),
        };
        let subject_at = self.body.len() + BETWEEN.len();
        if span.start <= self.body.len() {
            return (Part::Body, span);
        }
        let metadata_at = if self.subject.is_empty() {
            subject_at
        } else {
            subject_at + self.subject.len() + BETWEEN.len()
        };
        if span.start < metadata_at {
            (Part::Subject, shifted(subject_at))
        } else {
            (Part::Metadata, shifted(metadata_at))
        }
    }

    /// Makes a body without metadata.
    pub fn new(subject: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            subject: PeerText::new(subject),
            body: PeerText::new(body),
            metadata: PeerText::new("{}"),
        }
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The other side.
    Peer,
    /// The person at this side.
    Human,
    /// The assistant at this side.
    Assistant,
}

impl Author {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Human => "human",
            Self::Assistant => "assistant",
        }
    }

    /// Finds the author with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "peer" => Self::Peer,
            "human" => Self::Human,
            "assistant" => Self::Assistant,
            _ => return None,
        })
    }
}

/// Why an envelope could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawReason {
    /// The payload is not the text of an envelope.
    NotAnEnvelope,
    /// It does not open with the pinned key: another key, or damaged.
    DoesNotOpen,
    /// It opens, but the content is not a message.
    NotAMessage,
    /// It is longer than anything that is read; its beginning is kept.
    TooLong,
}

impl RawReason {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAnEnvelope => "not_an_envelope",
            Self::DoesNotOpen => "does_not_open",
            Self::NotAMessage => "not_a_message",
            Self::TooLong => "too_long",
        }
    }

    /// Finds the reason with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "not_an_envelope" => Self::NotAnEnvelope,
            "does_not_open" => Self::DoesNotOpen,
            "not_a_message" => Self::NotAMessage,
            "too_long" => Self::TooLong,
            _ => return None,
        })
    }

    /// Returns one sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotAnEnvelope => "what arrived is not an envelope",
            Self::DoesNotOpen => "it does not open with the pinned key: another key or damaged",
            Self::NotAMessage => "it opened, but what is inside is not a message",
            Self::TooLong => "it is longer than anything that is read; its beginning is kept",
        }
    }
}

/// What a message says, or the bytes where it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Content {
    /// It was opened and decoded.
    Text(Body),
    /// It was kept as it came.
    Raw {
        /// Why it could not be read.
        reason: RawReason,
        /// The payload as JSON text, cut after 64 KiB for the reader (the store keeps all).
        payload: PeerText,
    },
}

impl Content {
    /// Returns what was decoded, where it could be read.
    pub fn body(&self) -> Option<&Body> {
        match self {
            Self::Text(body) => Some(body),
            Self::Raw { .. } => None,
        }
    }

    /// Returns the text a person reads: the body's, or the payload as it came.
    pub fn text(&self) -> &PeerText {
        match self {
            Self::Text(body) => &body.body,
            Self::Raw { payload, .. } => payload,
        }
    }
}

/// What a rule says of an inbound message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "admission")]
pub enum Admission {
    /// The assistant may read it.
    Released {
        /// The rule that said so.
        rule: String,
    },
    /// It waits for a person; the assistant does not learn that it exists.
    Held {
        /// The rule that said so, for a person to read.
        rule: String,
    },
}

impl Admission {
    /// Tells whether the assistant may read it.
    pub fn is_released(&self) -> bool {
        matches!(self, Self::Released { .. })
    }
}

/// How far a message of ours has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "delivery")]
pub enum Delivery {
    /// Durable here, not yet at the relay.
    Queued {
        /// When the next attempt is due; until the first one it can be taken back.
        due: UnixMillis,
        /// Attempts made so far.
        attempts: u32,
        /// What went wrong the last time, in words.
        problem: Option<String>,
    },
    /// The relay has it.
    Relayed {
        /// When it said so.
        at: UnixMillis,
    },
    /// It is gone from the relay: collected by the peer, or deleted. Nobody can tell which.
    Collected {
        /// When we noticed.
        at: UnixMillis,
    },
    /// The peer said that they have it.
    Delivered {
        /// When they said so.
        at: UnixMillis,
    },
    /// The relay refused it for good.
    Failed {
        /// What the relay said, in words.
        problem: String,
    },
    /// The person took it back before it left.
    TakenBack,
    /// A draft of the assistant's that waits for a person.
    Held {
        /// The rule that holds it, for a person to read.
        rule: String,
        /// When it counts as refused if nobody has answered.
        expires: UnixMillis,
    },
    /// A person refused the draft.
    Refused {
        /// What they said to the assistant; may be empty.
        reason: PeerText,
    },
    /// Nobody answered in time, so the draft was not sent.
    Expired {
        /// When.
        at: UnixMillis,
    },
}

/// How something came past the rules, where that is worth saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// A rule let it pass, and nobody looked.
    Alone,
    /// A person let it pass as it was.
    AsIs,
    /// A person let an inbound message pass without what was hidden in it.
    HiddenRemoved,
    /// A person gave the assistant their own words instead of the message.
    OwnWords,
    /// A person changed a draft before it left.
    Edited,
}

impl Passage {
    /// Returns the name as the store and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::AsIs => "as_is",
            Self::HiddenRemoved => "hidden_removed",
            Self::OwnWords => "own_words",
            Self::Edited => "edited",
        }
    }

    /// Finds the passage with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "alone" => Self::Alone,
            "as_is" => Self::AsIs,
            "hidden_removed" => Self::HiddenRemoved,
            "own_words" => Self::OwnWords,
            "edited" => Self::Edited,
            _ => return None,
        })
    }

    /// Returns it in words, for the assistant and for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Alone => "on its own",
            Self::AsIs => "as is",
            Self::HiddenRemoved => "hidden text removed",
            Self::OwnWords => "in the human's words",
            Self::Edited => "edited by the human",
        }
    }
}

/// Subject and text without metadata: what a person writes in place of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Subject line; may be empty.
    pub subject: PeerText,
    /// The text.
    pub body: PeerText,
}

/// One message as the surfaces see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Local id.
    pub id: MessageId,
    /// The conversation it belongs to.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: Author,
    /// Number that the relay gave it. Not unique for ever: relays restart their counters.
    pub seq: Option<i64>,
    /// When it arrived here or was written here.
    pub at: UnixMillis,
    /// What it says.
    pub content: Content,
    /// Digest of the envelope, where there is one.
    pub envelope: Option<Digest>,
    /// What a rule said of it; `None` for our own.
    pub admission: Option<Admission>,
    /// How far it came; `None` for the peer's.
    pub delivery: Option<Delivery>,
    /// When the assistant took it; `None` while it has not.
    pub handed_over: Option<UnixMillis>,
    /// Whether a person has looked at it.
    pub read: bool,
    /// What the scanner found in it when it was stored: in the peer's, signs of manipulation;
    /// in a draft, what should not leave.
    pub signals: Vec<Signal>,
    /// How it came past the rules; `None` while it is held.
    pub passage: Option<Passage>,
    /// The other version of it: for an inbound message what the assistant got in its place,
    /// for a draft that was edited what the assistant had written.
    pub other: Option<Words>,
    /// Whether its rule leaves it to the digest rather than call the person.
    pub digest: bool,
    /// How it stands among others, on networks where messages say so.
    #[serde(default)]
    pub routing: Option<Box<Routing>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_the_judged_text_is_found_in_its_part() {
        let body = Body {
            metadata: PeerText::new(r#"{"a":"needle"}"#),
            ..Body::new("a needle", "needle first")
        };
        let judged = body.judged();
        let spans: Vec<_> = judged
            .expose_untrusted()
            .match_indices("needle")
            .map(|(at, found)| {
                body.locate(TextSpan {
                    start: at,
                    end: at + found.len(),
                })
            })
            .collect();
        let parts = [
            (Part::Body, &body.body),
            (Part::Subject, &body.subject),
            (Part::Metadata, &body.metadata),
        ];
        for ((part, span), (expected, text)) in spans.into_iter().zip(parts) {
            assert_eq!(part, expected);
            let part = text.expose_untrusted().get(span.start..span.end);
            assert_eq!(part, Some("needle"));
        }
        let bare = Body::new("", "x");
        assert_eq!(bare.judged(), PeerText::new("x"));
    }
}
