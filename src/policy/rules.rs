//! The rules of an engagement preset: what this program enforces, whatever an assistant does.
//!
//! A preset is a text for the assistant (advice) and these rules. Start with [`Rules`];
//! `docs/presets.md` describes the file. Must not: read a file. The engine reads
//! `NAME.toml` beside `NAME.tmpl` and gives its text to [`Rules::parse`].

mod compare;
mod parse;
mod pass;
mod rows;
mod terms;
mod write;

use std::collections::BTreeSet;

pub use compare::{Change, RowChange, needs_verified_code};
pub use parse::RulesError;
pub use rows::{Row, Step};

use super::ends::Ends;
use super::hours::Hours;
use crate::model::{CodeClass, Date, Provenance, SignalCode};

/// Rules of a preset or of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which messages of the peer wait for a person before the assistant sees them.
    pub inbound: InboundHold,
    /// Whether the first message of a peer waits for a person, whatever it says.
    pub hold_first_message: bool,
    /// Which messages whose author is not proven wait for a person, on networks where messages
    /// are signed.
    pub hold_unproven: BTreeSet<Unproven>,
    /// Whether any draft of the assistant may leave alone.
    pub drafts: Drafts,
    /// What a draft that could leave alone must not hold.
    pub hold_in_drafts: BTreeSet<DraftHold>,
    /// Whether the assistant may send before the peer has ever written.
    pub may_write_first: bool,
    /// When drafts may leave alone, and when [`Delivery::InHours`] disturbs.
    pub hours: Hours,
    /// The zone in which `hours` and the date of `ends` are meant: `local` for that of this
    /// computer, or a name of the IANA data base. Only its form is checked here.
    pub time_zone: String,
    /// How the human hears of what was released to the assistant.
    pub delivery: Delivery,
    /// Most drafts that leave alone in an hour; `None` is no limit.
    pub alone_per_hour: Option<u16>,
    /// Most drafts that leave alone in 24 hours; `None` is no limit.
    pub alone_per_day: Option<u16>,
    /// When the channel is over.
    pub ends: Ends,
    /// The last day, in the calendar of `time_zone`, on which these rules of one channel hold;
    /// after it those of its preset do. `None` is for good. A preset itself has no such day.
    pub until: Option<Date>,
    /// What raising a channel to these rules needs.
    pub raising_needs: Proof,
    /// Hours after which a held draft expires unsent, 1 to 720.
    pub draft_expires_hours: u16,
}

/// Which inbound messages are held. The order is from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboundHold {
    /// Every message.
    All,
    /// Those with any signal that weighs more than a note.
    AnySignal,
    /// Those with a signal of severity medium or worse.
    Medium,
    /// Those with a signal of severity high or worse.
    High,
    /// None for what they say. What cannot be read is held all the same.
    Off,
}

/// What can be missing in the proof of who wrote a message. The order is from the least to the
/// worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unproven {
    /// It is sealed with the pinned key, and carries no signature.
    Unsigned,
    /// It was not sealed.
    PlainText,
    /// Its signature is not one of the pinned key.
    WrongSignature,
}

/// Whether drafts may leave without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drafts {
    /// Every draft waits for a person.
    Held,
    /// A draft leaves alone where no other rule holds it.
    Alone,
}

/// Something in a draft that can be a reason to hold it. The order is the one in which a verdict
/// names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DraftHold {
    /// Keys, tokens, passwords, card numbers, seed phrases.
    Secrets,
    /// Street addresses.
    Address,
    /// Phone numbers.
    Phone,
    /// E-mail addresses.
    Email,
    /// Bank account numbers.
    Iban,
    /// Amounts of money.
    Money,
    /// Files.
    Attachments,
    /// Links, however harmless.
    Links,
}

/// How the human hears of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// In the digest alone.
    Digest,
    /// At once within the hours of the rules, in the digest outside them.
    InHours,
    /// At once at any hour.
    AtOnce,
}

/// What has to be shown before a channel is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// Nothing.
    Nothing,
    /// A safety code that a person compared.
    VerifiedCode,
}

impl InboundHold {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::AnySignal,
        Self::Medium,
        Self::High,
        Self::Off,
    ];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::AnySignal => "any-signal",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Off => "off",
        }
    }
}

impl Unproven {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Unsigned, Self::PlainText, Self::WrongSignature];

    /// What every built-in preset holds.
    pub const BY_DEFAULT: [Self; 2] = [Self::PlainText, Self::WrongSignature];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::PlainText => "plain-text",
            Self::WrongSignature => "wrong-signature",
        }
    }

    /// Returns the rule that a verdict names where this holds a message.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Unsigned => "hold-in:unsigned",
            Self::PlainText => "hold-in:plain-text",
            Self::WrongSignature => "hold-in:wrong-signature",
        }
    }

    /// Returns what is missing in a proof; `None` where nothing is.
    pub const fn of(provenance: Provenance) -> Option<Self> {
        match provenance {
            Provenance::Verified => None,
            Provenance::Unsigned => Some(Self::Unsigned),
            Provenance::PlainText => Some(Self::PlainText),
            Provenance::WrongSignature => Some(Self::WrongSignature),
        }
    }
}

impl Drafts {
    /// Both, the narrower first.
    pub const ALL: [Self; 2] = [Self::Held, Self::Alone];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Alone => "alone",
        }
    }
}

impl DraftHold {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Secrets,
        Self::Address,
        Self::Phone,
        Self::Email,
        Self::Iban,
        Self::Money,
        Self::Attachments,
        Self::Links,
    ];

    /// What `personal` in a preset file stands for.
    pub const PERSONAL: [Self; 5] = [
        Self::Address,
        Self::Phone,
        Self::Email,
        Self::Iban,
        Self::Money,
    ];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Money => "money",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Links => "links",
            Self::Attachments => "attachments",
        }
    }

    /// Returns what a finding in a draft counts as; `None` for a finding about inbound text.
    pub fn of(code: SignalCode) -> Option<Self> {
        match code.class() {
            CodeClass::Inbound => None,
            CodeClass::Secret => Some(Self::Secrets),
            CodeClass::Link => Some(Self::Links),
            CodeClass::Attachment => Some(Self::Attachments),
            CodeClass::Personal => Some(Self::of_personal(code)),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the codes of other classes never come here, and a new personal one is held \
                  as narrowly as a street address until it gets a word of its own"
    )]
    fn of_personal(code: SignalCode) -> Self {
        match code {
            SignalCode::PersonalMoney => Self::Money,
            SignalCode::PersonalPhone => Self::Phone,
            SignalCode::PersonalEmail => Self::Email,
            SignalCode::PersonalIban => Self::Iban,
            _ => Self::Address,
        }
    }
}

impl Delivery {
    /// All of them, the quietest first.
    pub const ALL: [Self; 3] = [Self::Digest, Self::InHours, Self::AtOnce];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::InHours => "in-hours",
            Self::AtOnce => "at-once",
        }
    }
}

impl Proof {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Nothing, Self::VerifiedCode];

    /// Returns the word that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::VerifiedCode => "verified-code",
        }
    }
}
