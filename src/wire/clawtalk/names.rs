//! What somebody chose or a relay handed out, in the alphabets that are safe to use.

use std::fmt;

use url::Url;
use zeroize::Zeroizing;

use crate::wire::mailbox::RelayUrl;

/// Characters of the longest name that is taken. A relay registers at most 32; an admin may
/// write in what they like.
const LONGEST_NAME: usize = 64;

/// Characters of the longest id of a message. Real ones have 36.
const LONGEST_ID: usize = 128;

/// Characters of the longest invite code. Real ones have 22.
const LONGEST_CODE: usize = 64;

/// The recipient that stands for everybody.
pub(super) const EVERYBODY: &str = "broadcast";

/// Why a text is no name of an agent, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short or too long, or characters that are not in any such name.
    #[error("a name has 2 to 32 characters of A-Z a-z 0-9 - _")]
    NotRegistrable,
    /// A name that an admin may have made, but that cannot be used here.
    #[error(
        "the name is empty, longer than {LONGEST_NAME} characters, or not of A-Z a-z 0-9 . _ -"
    )]
    Unusable,
    /// The word that stands for everybody.
    #[error("\"{EVERYBODY}\" stands for everybody and can be nobody's name")]
    Everybody,
}

/// The name of an agent: 1 to 64 characters of `A-Z a-z 0-9 . _ -`, not `.`, `..` or
/// `broadcast`.
///
/// Relays tell names apart by case. What they register is narrower ([`Self::registrable`]); what
/// an admin wrote into the directory may be wider, and such an agent cannot be talked to from
/// here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentName(String);

impl AgentName {
    /// Takes a name that somebody has.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text == EVERYBODY {
            return Err(NameError::Everybody);
        }
        if !is_safe(text, LONGEST_NAME) {
            return Err(NameError::Unusable);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a name that a relay would register for us: 2 to 32 characters of
    /// `A-Z a-z 0-9 - _`.
    pub fn registrable(text: &str) -> Result<Self, NameError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(2..=32).contains(&text.len()) || !text.bytes().all(is_allowed) {
            return Err(NameError::NotRegistrable);
        }
        Self::parse(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the two differ in nothing but upper and lower case, which is how relays
    /// look for a recipient whose exact name they do not know.
    pub fn is_nearly(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

/// The id that a relay gave a message, where it is safe in a path: 1 to 128 characters of
/// `A-Z a-z 0-9 . _ -`. All copies of a message to several have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Takes an id that is safe to use.
    pub fn parse(text: &str) -> Option<Self> {
        is_safe(text, LONGEST_ID).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_safe(text: &str, longest: usize) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=longest).contains(&text.len())
        && text.bytes().all(is_allowed)
        && text != "."
        && text != ".."
}

/// What authorises an agent at its relay: `ct_` and 43 characters of URL-safe base64. A secret:
/// it wipes itself and `Debug` prints the name of the type alone.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Reads a key, spaces and line breaks around it ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let random = text.strip_prefix("ct_")?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (random.len() == 43 && random.bytes().all(is_allowed))
            .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the key, only for the relay and where secrets are kept.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// A code that lets whoever has it register: 1 to 64 characters of `A-Z a-z 0-9 - _`. `Debug`
/// shows only its beginning.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(String);

impl InviteCode {
    /// Reads a code, spaces and line breaks around it ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        ((1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(is_allowed))
            .then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InviteCode({}…)", self.0.get(..4).unwrap_or_default())
    }
}

/// Reads the link of a sign-up page, `<relay>/signup?invite=<code>`; `None` where it is none.
///
/// Relays of the original write the address of the original into every link, so what a person
/// was told of the relay counts for more than what is returned here.
pub fn read_signup(link: &str) -> Option<(RelayUrl, InviteCode)> {
    let mut url = Url::parse(link.trim()).ok()?;
    let code = url.query_pairs().find(|(name, _)| name == "invite")?.1;
    let code = InviteCode::parse(&code)?;
    let base = url.path().trim_end_matches('/').strip_suffix("/signup")?;
    let base = base.to_owned();
    url.set_path(&base);
    url.set_query(None);
    url.set_fragment(None);
    Some((RelayUrl::parse(url.as_str()).ok()?, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_relays_register_or_a_little_wider() {
        for name in ["Bob", "okname", "a-b_c", "Eve_1", &"x".repeat(32)] {
            assert_eq!(AgentName::registrable(name).unwrap().as_str(), name);
        }
        for name in ["a", "a.b", "a b", "", &"x".repeat(33), "é-é", "a/b"] {
            assert_eq!(
                AgentName::registrable(name),
                Err(NameError::NotRegistrable),
                "{name:?}"
            );
        }
        for name in ["a", "a.b", &"x".repeat(64), "Broadcast", "global"] {
            assert_eq!(AgentName::parse(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "a\\b",
            "a:b",
            "é",
            "a\n",
            &"x".repeat(65),
        ] {
            assert_eq!(AgentName::parse(name), Err(NameError::Unusable), "{name:?}");
        }
        for read in [AgentName::parse, AgentName::registrable] {
            assert_eq!(read("broadcast"), Err(NameError::Everybody));
        }
        assert!(AgentName::parse("Bob").unwrap().is_nearly("bOB"));
    }

    #[test]
    fn an_id_is_never_more_than_one_step_of_a_path() {
        for id in ["x", "00000000-0000-4000-8000-000000000001", "..."] {
            assert_eq!(EnvelopeId::parse(id).unwrap().as_str(), id);
        }
        for id in ["", "..", "a/b", "a?b", "a:b", "a%2fb", "a b"] {
            assert_eq!(EnvelopeId::parse(id), None, "{id:?}");
        }
    }

    #[test]
    fn an_api_key_is_read_in_its_one_form_and_never_printed() {
        let text = format!("ct_{}", "aB3-_".repeat(9).get(..43).unwrap());
        let key = ApiKey::parse(&format!(" {text}\n")).unwrap();
        assert_eq!(key.expose(), text);
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
        for other in [
            "",
            "ct_",
            "ct_x",
            text.trim_start_matches('c'),
            &format!("{text}x"),
            &text.replace('-', "+"),
        ] {
            assert!(ApiKey::parse(other).is_none());
        }
    }

    #[test]
    fn an_invite_is_read_from_its_link() {
        let (relay, code) =
            read_signup(" https://Relay.example/talk/signup?a=1&invite=AbCd_-12#x\n").unwrap();
        assert_eq!(relay.as_str(), "https://relay.example/talk");
        assert_eq!(code.as_str(), "AbCd_-12");
        assert_eq!(format!("{code:?}"), "InviteCode(AbCd…)");
        for link in [
            "AbCd_-12",
            "https://relay.example/signup",
            "https://relay.example/?invite=a",
            "https://relay.example/signup?invite=a%2fb",
            "https://u:p@relay.example/signup?invite=a",
            "ftp://relay.example/signup?invite=a",
        ] {
            assert_eq!(read_signup(link), None, "{link}");
        }
    }
}
