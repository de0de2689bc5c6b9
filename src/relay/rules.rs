//! What a request to the mailbox means, by the reference relay's rules.
//!
//! Pure and total: bytes in, a meaning or a refusal out. Paths, `:seq`, bodies, request
//! headers. The reference is the ClawBuddy 0.4.0 worker; where it throws, this refuses.
//!
//! Must not: touch sockets, the store or a clock.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::json::{self, Compact, Malformed};

/// Longest id in bytes of a channel that can hold a handshake: the reference's store takes
/// keys of 512 bytes, and its key is `handshake:<id>`.
const LONGEST_HANDSHAKE_ID: usize = 502;

/// Longest id in bytes of a channel that can hold messages (`messages:<id>:index`).
pub(super) const LONGEST_MESSAGES_ID: usize = 497;

/// Longest `Idempotency-Key` in bytes.
const LONGEST_KEY: usize = 128;

/// The longest a request may wait for something to arrive.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What a request asks for, or why it cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    PutHandshake(Arc<str>),
    ReadHandshake(Arc<str>),
    PostMessage(Arc<str>),
    ListMessages(Arc<str>),
    /// `None` when `:seq` is not a number: nothing is deleted, and that succeeds.
    DeleteMessage(Arc<str>, Option<i64>),
    Poll,
    Health,
    Refused(Refusal),
}

/// Why a request is refused; each has one status and one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("not found")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("invalid channel id")]
    InvalidId,
    #[error("invalid JSON")]
    InvalidJson,
    #[error("missing public_key")]
    MissingPublicKey,
    #[error("missing payload")]
    MissingPayload,
    #[error("invalid idempotency key")]
    InvalidKey,
    #[error("idempotency key was used with another payload")]
    KeyReused,
    #[error("too many channels")]
    TooManyChannels,
    #[error("body too large")]
    TooLarge,
    #[error("body took too long")]
    TooSlow,
    #[error("channel is full")]
    ChannelFull,
    #[error("too many requests")]
    TooManyRequests,
    #[error("too many waiting requests")]
    TooManyWaiting,
    #[error("storage unavailable")]
    Unavailable,
}

impl Refusal {
    /// Returns the HTTP status.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::InvalidId
            | Self::InvalidJson
            | Self::MissingPublicKey
            | Self::MissingPayload
            | Self::InvalidKey
            | Self::TooManyChannels => 400,
            Self::KeyReused => 422,
            Self::TooSlow => 408,
            Self::TooLarge => 413,
            Self::ChannelFull | Self::TooManyRequests => 429,
            Self::TooManyWaiting | Self::Unavailable => 503,
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Self::InvalidJson
    }
}

/// Returns what `method` on `path` (without query) asks for.
pub(super) fn route(method: &str, path: &str) -> Route {
    let path = normal(path);
    let segments = segments(&path);
    let mut parts = segments.iter().copied();
    let (first, id, what, seq) = (parts.next(), parts.next(), parts.next(), parts.next());
    let refused = match (method, first, id, what, seq) {
        ("GET", Some("health"), None, ..) => return Route::Health,
        ("POST", Some("poll"), None, ..) => return Route::Poll,
        (_, Some("health" | "poll"), None, ..) => Refusal::MethodNotAllowed,
        (_, Some("channel"), Some(id), Some("handshake"), _) => match method {
            "PUT" | "GET" if id.len() > LONGEST_HANDSHAKE_ID => Refusal::InvalidId,
            "PUT" => return Route::PutHandshake(id.into()),
            "GET" => return Route::ReadHandshake(id.into()),
            _ => Refusal::MethodNotAllowed,
        },
        (_, Some("channel"), Some(id), Some("messages"), seq) => match (method, seq) {
            ("POST" | "GET", None) | ("DELETE", Some(_)) if id.len() > LONGEST_MESSAGES_ID => {
                Refusal::InvalidId
            }
            ("POST", None) => return Route::PostMessage(id.into()),
            ("GET", None) => return Route::ListMessages(id.into()),
            ("DELETE", Some(seq)) => return Route::DeleteMessage(id.into(), parse_int(seq)),
            _ => Refusal::MethodNotAllowed,
        },
        _ => Refusal::NotFound,
    };
    Route::Refused(refused)
}

/// Whether a path belongs to the mailboxes where another API is served beside them. Their
/// `/health` does not: it is a word of ours that no client of theirs asks for.
pub(super) fn is_mailbox(path: &str) -> bool {
    let path = normal(path);
    matches!(segments(&path).first(), Some(&("channel" | "poll")))
}

/// Escapes what the WHATWG path percent-encode set names and turns `\` into `/`.
fn normal(path: &str) -> Cow<'_, str> {
    let plain = |byte: u8| {
        matches!(byte, 0x21..=0x7e)
            && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}')
    };
    if path.bytes().all(plain) {
        return Cow::Borrowed(path);
    }
    let mut normal = String::with_capacity(path.len() + 16);
    for byte in path.bytes() {
        if byte == b'\\' {
            normal.push('/');
        } else if plain(byte) {
            normal.push(char::from(byte));
        } else {
            normal.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                normal.push(digit.to_ascii_uppercase());
            }
        }
    }
    Cow::Owned(normal)
}

/// Splits a path as URL parsing and the reference do: dot segments resolved, empty ones dropped.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::with_capacity(8);
    // The first piece is what stands before the leading slash.
    for segment in path.split('/').skip(usize::from(path.starts_with('/'))) {
        let is = |dots: &[&str]| dots.iter().any(|dot| segment.eq_ignore_ascii_case(dot));
        if is(&["..", ".%2e", "%2e.", "%2e%2e"]) {
            segments.pop();
        } else if !is(&[".", "%2e"]) {
            segments.push(segment);
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// Reads a number as JavaScript's `parseInt(text, 10)` does; negative and huge ones name no
/// message and come back as `None`, like what is not a number.
fn parse_int(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse().ok()?;
    (!negative).then_some(number)
}

/// Returns the compact payload of a message body.
pub(super) fn payload(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let compact = read(body)?;
    match compact.member("payload") {
        Some(payload) if !json::falsy(payload) => Ok(payload.to_vec()),
        _ => Err(Refusal::MissingPayload),
    }
}

/// Returns the compact handshake object; it has a truthy `public_key` of any type.
pub(super) fn handshake(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let compact = read(body)?;
    match compact.member("public_key") {
        Some(key) if !json::falsy(key) => Ok(compact.into_text()),
        _ => Err(Refusal::MissingPublicKey),
    }
}

/// Reads a body as the reference does: invalid UTF-8 becomes U+FFFD. It throws on `null`.
fn read(body: &[u8]) -> Result<Compact, Refusal> {
    let text = String::from_utf8_lossy(body);
    let compact = Compact::read(text.as_bytes())?;
    if compact.is_null() {
        return Err(Refusal::InvalidJson);
    }
    Ok(compact)
}

/// Checks the value of an `Idempotency-Key` header.
pub(super) fn idempotency_key(value: &[u8]) -> Result<&str, Refusal> {
    let visible = value.iter().all(u8::is_ascii_graphic);
    if value.is_empty() || value.len() > LONGEST_KEY || !visible {
        return Err(Refusal::InvalidKey);
    }
    std::str::from_utf8(value).map_err(|_not_ascii| Refusal::InvalidKey)
}

/// Returns how long the `Prefer` headers (RFC 7240) ask to wait, capped at a minute.
///
/// The first `wait` counts; one that is not a whole number of seconds is ignored.
pub(super) fn wait(prefer: impl Iterator<Item = impl AsRef<[u8]>>) -> Option<Duration> {
    for value in prefer {
        let Ok(value) = std::str::from_utf8(value.as_ref()) else {
            continue;
        };
        for preference in value.split(',') {
            let token = preference.split(';').next().unwrap_or_default();
            let Some((name, seconds)) = token.split_once('=') else {
                continue;
            };
            if !name.trim().eq_ignore_ascii_case("wait") {
                continue;
            }
            let seconds = seconds.trim().trim_matches('"');
            if seconds.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let seconds = seconds.parse().unwrap_or(u64::MAX);
            return Some(LONGEST_WAIT.min(Duration::from_secs(seconds)));
        }
    }
    None
}

/// Whether an `If-None-Match` value names this version; weak and listed tags count.
pub(super) fn names_version(if_none_match: &[u8], version: &str) -> bool {
    let Ok(value) = std::str::from_utf8(if_none_match) else {
        return false;
    };
    value.split(',').any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.trim_matches('"') == version
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(id: &str) -> Route {
        Route::ListMessages(id.into())
    }

    #[test]
    fn empty_and_dot_segments_vanish_and_escapes_stay() {
        assert_eq!(route("GET", "//channel//x///messages/"), list("x"));
        assert_eq!(route("GET", "/channel/y/../x/messages"), list("x"));
        assert_eq!(route("GET", "/channel/./x/messages"), list("x"));
        assert_eq!(route("GET", "/channel/a%2Fb/messages"), list("a%2Fb"));
        assert_eq!(route("GET", "/channel/a%2fb/messages"), list("a%2fb"));
        assert_eq!(route("GET", "/channel/{é}/messages"), list("%7B%C3%A9%7D"));
        let missing = Route::Refused(Refusal::NotFound);
        assert_eq!(route("GET", "/channel/../messages"), missing);
        assert_eq!(route("GET", "/channel/%2E%2e/messages"), missing);
        assert_eq!(route("GET", "*"), missing);
        assert_eq!(route("GET", ""), missing);
    }

    #[test]
    fn mailboxes_keep_their_paths_beside_another_api() {
        for path in [
            "/channel/x/messages",
            "//channel",
            "/a/../channel/x",
            "/poll",
            "/poll/x",
        ] {
            assert!(is_mailbox(path), "{path}");
        }
        for path in ["/", "/health", "/channels", "/messages", "/pollen", "*", ""] {
            assert!(!is_mailbox(path), "{path}");
        }
    }

    #[test]
    fn sequence_numbers_are_read_as_parse_int_reads_them() {
        for (text, number) in [
            ("3", Some(3)),
            ("3junk", Some(3)),
            ("3.9", Some(3)),
            ("+3", Some(3)),
            ("0x5", Some(0)),
            ("1e1", Some(1)),
            ("%34", None),
            ("abc", None),
            ("-1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
    }

    #[test]
    fn ids_may_be_as_long_as_the_reference_stores_them() {
        let handshake =
            |length| route("GET", &format!("/channel/{}/handshake", "x".repeat(length)));
        let messages = |length| route("POST", &format!("/channel/{}/messages", "x".repeat(length)));
        let refused = Route::Refused(Refusal::InvalidId);
        assert!(matches!(handshake(502), Route::ReadHandshake(_)));
        assert_eq!(handshake(503), refused);
        assert!(matches!(messages(497), Route::PostMessage(_)));
        assert_eq!(messages(498), refused);
    }

    #[test]
    fn invalid_utf8_is_replaced_and_a_byte_order_mark_refused() {
        assert_eq!(
            payload(b"{\"payload\":\"a\xffb\"}").unwrap(),
            "\"a\u{fffd}b\"".as_bytes()
        );
        assert_eq!(
            payload(b"\xef\xbb\xbf{\"payload\":1}"),
            Err(Refusal::InvalidJson)
        );
        assert_eq!(payload(b"null"), Err(Refusal::InvalidJson));
    }

    #[test]
    fn wait_is_found_among_other_preferences_and_capped() {
        let wait = |values: &[&str]| wait(values.iter().map(|value| value.as_bytes()));
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(wait(&["wait=5"]), seconds(5));
        assert_eq!(wait(&["respond-async, Wait = \"7\"; x=1"]), seconds(7));
        assert_eq!(wait(&["return=minimal", "wait=0"]), seconds(0));
        assert_eq!(wait(&["wait=99999999999999999999999"]), seconds(60));
        assert_eq!(wait(&["wait=-1"]), None);
        assert_eq!(wait(&["wait"]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn versions_match_through_weak_and_listed_tags() {
        assert!(names_version(b"\"a.1\"", "a.1"));
        assert!(names_version(b"\"b\", W/\"a.1\"", "a.1"));
        assert!(!names_version(b"\"a.10\"", "a.1"));
        assert!(!names_version(b"\xff", "a.1"));
    }

    #[test]
    fn idempotency_keys_are_short_and_visible() {
        assert_eq!(idempotency_key(b"abc-1"), Ok("abc-1"));
        assert!(idempotency_key(&[b'x'; 128]).is_ok());
        for key in [&b""[..], b"a b", b"\xc3\xa9", &[b'x'; 129]] {
            assert_eq!(idempotency_key(key), Err(Refusal::InvalidKey));
        }
    }

    proptest! {
        #[test]
        fn any_path_has_a_meaning(method in "GET|PUT|POST|DELETE|HEAD", path in any::<String>()) {
            let _route = route(&method, &path);
        }

        #[test]
        fn ids_never_need_escaping_in_json(id in any::<String>()) {
            if let Route::ListMessages(id) = route("GET", &format!("/channel/{id}/messages")) {
                prop_assert!(id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'));
            }
        }

        #[test]
        fn any_body_is_judged(body in prop::collection::vec(any::<u8>(), 0..100)) {
            let _payload = payload(&body);
            let _handshake = handshake(&body);
            let _key = idempotency_key(&body);
            let _wait = wait([&*body].into_iter());
            let _names = names_version(&body, "a.1");
        }
    }
}
