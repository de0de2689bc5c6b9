//! Decides whether something from this side may leave.
//!
//! Called by the engine inside the transaction that queues the message. Whether the channel
//! is active, paused or stopped is the channel's state and is checked at every attempt to
//! send; this module judges only what the rules of the channel say.

use std::time::Duration;

use super::ends::Ended;
use super::rules::{DraftHold, Drafts, Rules};
use crate::model::{Author, LocalTime, Severity, Signal, SignalCode, SignalKind};

/// What is known of an outbound message when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboundFacts<'a> {
    /// Who wrote it.
    pub author: Author,
    /// What was found in it that may have to stay here: secrets, personal data, links, files.
    pub leaks: &'a [Signal],
    /// Whether the peer has ever written in this channel.
    pub peer_has_written: bool,
    /// Whether it answers a message that is held, so that the assistant cannot have read it.
    pub answers_held: bool,
    /// Drafts of this channel that left alone in the last 60 minutes.
    pub alone_last_hour: u32,
    /// Drafts of this channel that left alone in the last 24 hours.
    pub alone_last_day: u32,
    /// Now, in the time zone of the rules.
    pub now: LocalTime,
    /// Whether the channel is over, from [`Ends::ended`](super::ends::Ends::ended).
    pub ended: Option<Ended>,
}

/// What the rules say of an outbound message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// It may leave.
    Leaves {
        /// The rule that said so: `human` or `alone`.
        rule: String,
    },
    /// It waits for a person.
    Held {
        /// The rule that said so, for example `hold-out:street-address`, `hours`,
        /// `rate:3-an-hour`, `hold-out:every-draft`.
        rule: String,
        /// All there is to say for holding it, the weightiest first, one sentence each in our
        /// words. Never empty.
        reasons: Vec<String>,
        /// How long it waits. No answer until then means no.
        expires_in: Duration,
    },
    /// It never leaves.
    Refused {
        /// The rule that said so: `not-ours` or one of an ended channel.
        rule: String,
        /// One sentence in our words.
        reason: String,
    },
}

impl Release {
    /// Tells whether it leaves without a person.
    pub fn leaves(&self) -> bool {
        matches!(self, Self::Leaves { .. })
    }

    /// Returns the name of the rule that decided.
    pub fn rule(&self) -> &str {
        match self {
            Self::Leaves { rule } | Self::Held { rule, .. } | Self::Refused { rule, .. } => rule,
        }
    }
}

/// Judges an outbound message.
///
/// What a person wrote leaves, unless the channel is over. A draft of the assistant leaves
/// alone only where no rule holds it.
pub fn release(rules: &Rules, facts: &OutboundFacts<'_>) -> Release {
    if let Some(ended) = facts.ended {
        return Release::Refused {
            rule: ended.rule().to_owned(),
            reason: ended.sentence().to_owned(),
        };
    }
    match facts.author {
        Author::Human => Release::Leaves {
            rule: "human".to_owned(),
        },
        // What a peer wrote never goes out again in our name.
        Author::Peer => Release::Refused {
            rule: "not-ours".to_owned(),
            reason: "it was written by the other side".to_owned(),
        },
        Author::Assistant => judge_draft(rules, facts),
    }
}

fn judge_draft(rules: &Rules, facts: &OutboundFacts<'_>) -> Release {
    let mut grounds = leak_grounds(rules, facts.leaks);
    let mut ground = |holds: bool, rule: &str, reason: &str| {
        if holds {
            grounds.push((rule.to_owned(), reason.to_owned()));
        }
    };
    ground(
        facts.answers_held,
        "hold-out:answers-held",
        "it answers a message that your assistant has not seen",
    );
    ground(
        !rules.may_write_first && !facts.peer_has_written,
        "hold-out:writes-first",
        "it would be the first message of this channel",
    );
    ground(
        !rules.hours.contain(facts.now),
        "hours",
        "it is outside the hours of this channel",
    );
    for (limit, sent, span) in [
        (rules.alone_per_hour, facts.alone_last_hour, "an-hour"),
        (rules.alone_per_day, facts.alone_last_day, "a-day"),
    ] {
        let Some(limit) = limit.filter(|limit| sent >= u32::from(*limit)) else {
            continue;
        };
        let words = span.replace('-', " ");
        ground(
            true,
            &format!("rate:{limit}-{span}"),
            &format!("{limit} drafts have already left alone, the most in {words}"),
        );
    }
    ground(
        rules.drafts == Drafts::Held,
        "hold-out:every-draft",
        "every draft of this channel waits for you",
    );
    let Some((rule, _)) = grounds.first() else {
        return Release::Leaves {
            rule: "alone".to_owned(),
        };
    };
    Release::Held {
        rule: rule.clone(),
        reasons: grounds.into_iter().map(|(_, reason)| reason).collect(),
        expires_in: Duration::from_secs(u64::from(rules.draft_expires_hours) * 60 * 60),
    }
}

/// What in the text holds the draft, in the order of [`DraftHold`], one for each code.
fn leak_grounds(rules: &Rules, leaks: &[Signal]) -> Vec<(String, String)> {
    let grounded = leaks.iter().any(|leak| leak.kind != SignalKind::Opinion);
    let mut found: Vec<(DraftHold, SignalCode)> = Vec::new();
    for leak in leaks {
        let Some(what) = DraftHold::of(leak.code) else {
            continue;
        };
        // A link or a file is there or it is not: how much it weighs says nothing.
        let weighs = match what {
            DraftHold::Links | DraftHold::Attachments => true,
            DraftHold::Secrets
            | DraftHold::Money
            | DraftHold::Address
            | DraftHold::Phone
            | DraftHold::Email
            | DraftHold::Iban => grounded && leak.severity > Severity::Note,
        };
        if weighs && rules.hold_in_drafts.contains(&what) {
            found.push((what, leak.code));
        }
    }
    found.sort_unstable();
    found.dedup();
    let ground = |(_, code): (DraftHold, SignalCode)| {
        let rule = format!("hold-out:{}", short_name(code));
        (rule, format!("it {}", code.sentence()))
    };
    found.into_iter().map(ground).collect()
}

/// The code as a rule names it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "codes about inbound text hold no draft; a new code of a draft keeps its own name"
)]
fn short_name(code: SignalCode) -> &'static str {
    match code {
        SignalCode::SecretApiKey => "api-key",
        SignalCode::SecretPrivateKey => "private-key",
        SignalCode::SecretSeedPhrase => "seed-phrase",
        SignalCode::SecretPassword => "password",
        SignalCode::SecretCard => "card-number",
        SignalCode::PersonalIban => "iban",
        SignalCode::PersonalEmail => "email-address",
        SignalCode::PersonalPhone => "phone-number",
        SignalCode::PersonalAddress => "street-address",
        SignalCode::PersonalMoney => "money",
        SignalCode::DraftLink => "link",
        SignalCode::DraftAttachment => "file",
        other => other.as_str(),
    }
}
