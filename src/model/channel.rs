//! A conversation with one peer.

use serde::{Deserialize, Serialize};

use super::{AccountId, ChannelId, Fingerprint, NetworkId, PeerText, Presence, UnixMillis};

/// Where a channel stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// We made an invite; nobody has answered it.
    Invited,
    /// Somebody answered; a person has to accept them before anything is sent.
    Requested,
    /// A key is pinned; messages may flow both ways.
    Active,
    /// The peer's key changed: nothing enters, nothing leaves, until a person settles it.
    Stopped,
    /// A newer invite to the same person replaced this one.
    Superseded,
    /// Cancelled, refused or ended. Kept for its history.
    Closed,
}

impl ChannelState {
    /// Returns the name as the store and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Stopped => "stopped",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }

    /// Finds the state with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "invited" => Self::Invited,
            "requested" => Self::Requested,
            "active" => Self::Active,
            "stopped" => Self::Stopped,
            "superseded" => Self::Superseded,
            "closed" => Self::Closed,
            _ => return None,
        })
    }

    /// Returns the word the `clawbuddy` program uses: `pending`, `active`, `superseded`, or a
    /// word of ours that it treats as neither pending nor active.
    pub fn clawbuddy_status(self) -> &'static str {
        match self {
            Self::Invited | Self::Requested => "pending",
            Self::Active => "active",
            Self::Superseded => "superseded",
            Self::Stopped => "stopped",
            Self::Closed => "closed",
        }
    }
}

/// The engagement presets that every profile has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The default: everything is looked at, nothing leaves alone.
    SafeAcquaintance,
    /// Somebody one works with.
    TrustedColleague,
    /// Family and closest friends.
    InnerCircle,
    /// One errand, then it ends.
    OneTime,
}

impl Preset {
    /// All presets, narrowest default first.
    pub const ALL: [Self; 4] = [
        Self::SafeAcquaintance,
        Self::TrustedColleague,
        Self::InnerCircle,
        Self::OneTime,
    ];

    /// Returns the name used on the command line, in files and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SafeAcquaintance => "safe-acquaintance",
            Self::TrustedColleague => "trusted-colleague",
            Self::InnerCircle => "inner-circle",
            Self::OneTime => "one-time",
        }
    }

    /// Returns the two letters used where there is little room: SA, TC, IC, 1X.
    pub fn short(self) -> &'static str {
        match self {
            Self::SafeAcquaintance => "SA",
            Self::TrustedColleague => "TC",
            Self::InnerCircle => "IC",
            Self::OneTime => "1X",
        }
    }

    /// Returns the name as a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::SafeAcquaintance => "Safe acquaintance",
            Self::TrustedColleague => "Trusted colleague",
            Self::InnerCircle => "Inner circle",
            Self::OneTime => "One-time",
        }
    }

    /// Finds the preset with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }
}

/// What is known of one conversation, without its messages and without any secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Local id.
    pub id: ChannelId,
    /// The network it runs on.
    pub network: NetworkId,
    /// The login of ours that it belongs to, on networks where we can have several.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The id the network knows it by: a mailbox channel id, an agent name, a principal.
    pub address: String,
    /// Local name, chosen on this side. The peer never sees it.
    pub name: PeerText,
    /// Phone number or other handle the invite was made for.
    pub phone: Option<PeerText>,
    /// Where it stands.
    pub state: ChannelState,
    /// Whether a person paused it: nothing leaves, nothing reaches the assistant.
    pub paused: bool,
    /// Whether we made the invite (`true`) or accepted one.
    pub inviter: bool,
    /// Relay it lives on, as a URL without a trailing slash. Set when it was made.
    pub relay: String,
    /// Our public key in the network's text form.
    pub our_key: String,
    /// Short form of our public key, for the peer to compare.
    pub our_fingerprint: Option<Fingerprint>,
    /// The pinned key of the peer in the network's text form.
    pub their_key: Option<String>,
    /// Short form of the pinned key.
    pub fingerprint: Option<Fingerprint>,
    /// Name of the engagement preset; one of [`Preset`] or a file in the profile.
    pub preset: String,
    /// Text given to the assistant with each message.
    pub instructions: String,
    /// When it was made here.
    pub created_at: UnixMillis,
    /// When a message last arrived.
    pub last_seen: Option<UnixMillis>,
    /// Messages that no person has looked at.
    pub unread: u32,
    /// Messages held back from the assistant.
    pub held_in: u32,
    /// Why it is stopped, where it is.
    pub stopped: Option<super::StopReason>,
    /// When a person compared the safety code of the pinned key and found it the same.
    pub verified: Option<UnixMillis>,
    /// Rules of this channel's own (TOML), where they differ from those of its preset.
    pub rules: Option<String>,
    /// Version of the rules in force, from 1; every change counts.
    pub policy_version: u32,
    /// What runs when something is released to the assistant: program and arguments.
    pub wake: Vec<String>,
    /// Until when a person does not want to be told of it; [`UnixMillis::FAR`] until they say
    /// so. It may be over already: see [`Channel::is_muted`].
    #[serde(default)]
    pub muted: Option<UnixMillis>,
    /// Unread messages that were let in and are not left to the digest; part of `unread`.
    #[serde(default)]
    pub news: u32,
    /// When the last of those arrived.
    #[serde(default)]
    pub news_at: Option<UnixMillis>,
    /// When the peer last took a message of ours, on networks where each side accepts the other
    /// by itself.
    #[serde(default)]
    pub trusts_us: Option<UnixMillis>,
    /// Whether the relay says that the peer is there, where it says so.
    #[serde(default)]
    pub presence: Option<Presence>,
}

impl Channel {
    /// Tells whether a person does not want to be told of it at this moment.
    pub fn is_muted(&self, now: UnixMillis) -> bool {
        self.muted.is_some_and(|until| until > now)
    }
}
