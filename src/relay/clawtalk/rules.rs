//! What a request to the ClawTalk API means, by the reference worker's rules.
//!
//! Pure and total: bytes in, a meaning or a refusal out, with the reference's checks in its
//! order. Where the reference throws, this refuses. Read [`route`], then [`message`].
//!
//! Must not: touch sockets, the store or a clock.

mod body;
mod query;
mod refusal;

pub(super) use body::{
    Entry, Invite, Message, NewAgent, Patch, Registration, To, WebhookPatch, audit_entry, escaped,
    invite, message, new_agent, patch, registration,
};
pub(super) use query::{AuditQuery, MessageQuery, Query, instant};
pub(super) use refusal::Refusal;

use crate::model::UnixMillis;
use crate::wire::clawbuddy_files::iso_utc;

/// What a request asks for. Parts of paths are as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    /// Whether a browser may ask: it may.
    Options,
    Health,
    AddAgent,
    ListAgents,
    PatchAgent(&'p str),
    PostMessage,
    ListMessages,
    DeleteMessage(&'p str),
    ListTopics,
    AddEntry,
    ListEntries,
    DeleteEntries,
    AddInvite,
    ListInvites,
    DeleteInvite(&'p str),
    Register,
    /// Ours: all that the admin may know of the agents.
    Survey,
    /// Ours: an agent and their mail go.
    RemoveAgent(&'p str),
    /// Ours: another API key instead of the one they have.
    RenewKey(&'p str),
    Unknown,
}

/// Returns what `method` on `path` (without query) asks for. Paths match to the letter.
pub(super) fn route<'p>(method: &str, path: &'p str) -> Route<'p> {
    let below = |place: &str| path.strip_prefix(place).filter(|name| is_segment(name));
    match (method, path) {
        ("OPTIONS", _) => return Route::Options,
        ("GET", "/health") => return Route::Health,
        ("POST", "/agents") => return Route::AddAgent,
        ("GET", "/agents") => return Route::ListAgents,
        ("POST", "/messages") => return Route::PostMessage,
        ("GET", "/messages") => return Route::ListMessages,
        ("GET", "/channels") => return Route::ListTopics,
        ("POST", "/audit") => return Route::AddEntry,
        ("GET", "/audit") => return Route::ListEntries,
        ("DELETE", "/audit") => return Route::DeleteEntries,
        ("POST", "/invites") => return Route::AddInvite,
        ("GET", "/invites") => return Route::ListInvites,
        ("POST", "/register") => return Route::Register,
        ("GET", "/admin/agents") => return Route::Survey,
        _ => {}
    }
    let found = match method {
        "PATCH" => below("/agents/").map(Route::PatchAgent),
        "DELETE" => below("/messages/")
            .map(Route::DeleteMessage)
            .or_else(|| below("/invites/").map(Route::DeleteInvite))
            .or_else(|| below("/admin/agents/").map(Route::RemoveAgent)),
        "POST" => path
            .strip_suffix("/key")
            .and_then(|path| path.strip_prefix("/admin/agents/"))
            .filter(|name| is_segment(name))
            .map(Route::RenewKey),
        _ => None,
    };
    found.unwrap_or(Route::Unknown)
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

/// Decodes the `%XX` of a part of a path.
pub(super) fn decoded(part: &str) -> Result<String, Refusal> {
    let malformed = || Refusal::bad_request("Invalid percent-encoding in the path");
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(malformed)?;
        let value = digits.iter().try_fold(0_u32, |value, digit| {
            Some(value * 16 + char::from(*digit).to_digit(16)?)
        });
        let value = value.and_then(|value| u8::try_from(value).ok());
        bytes.push(value.ok_or_else(malformed)?);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_not_utf8| malformed())
}

/// Returns the token of an `Authorization` header: one space, the scheme as it is written here.
pub(super) fn token(authorization: &[u8]) -> Option<&[u8]> {
    authorization
        .strip_prefix(b"Bearer ")
        .filter(|token| !token.is_empty())
}

/// Writes a time as JavaScript's `toISOString` does.
pub(super) fn iso(at: UnixMillis) -> String {
    let mut text = iso_utc(at);
    // What follows are microseconds and the offset.
    text.truncate("2026-02-11T00:18:15.123".len());
    text.push('Z');
    text
}

/// Returns the URL at which an invite is used: below `base`, or below what the admin's own
/// request says of this relay.
pub(super) fn invite_url(
    base: Option<&str>,
    host: Option<&[u8]>,
    is_https: bool,
    code: &str,
) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte);
    let host = host.filter(|host| !host.is_empty() && host.iter().all(plain));
    let host = host.and_then(|host| std::str::from_utf8(host).ok());
    let scheme = if is_https { "https" } else { "http" };
    match (base, host) {
        (Some(base), _) => format!("{}/signup?invite={code}", base.trim_end_matches('/')),
        (None, Some(host)) => format!("{scheme}://{host}/signup?invite={code}"),
        (None, None) => format!("/signup?invite={code}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_match_to_the_letter_and_methods_too() {
        for (method, path, expected) in [
            ("GET", "/health", Route::Health),
            ("HEAD", "/health", Route::Unknown),
            ("GET", "/health/", Route::Unknown),
            ("GET", "//health", Route::Unknown),
            ("GET", "/Health", Route::Unknown),
            ("GET", "/messages/", Route::Unknown),
            ("GET", "/messages/x", Route::Unknown),
            ("PUT", "/messages", Route::Unknown),
            ("DELETE", "/messages/", Route::Unknown),
            ("DELETE", "/messages/a%20b", Route::DeleteMessage("a%20b")),
            ("PATCH", "/agents/a%2Fb", Route::PatchAgent("a%2Fb")),
            ("PATCH", "/agents/a/b", Route::Unknown),
            ("PATCH", "/agents", Route::Unknown),
            ("DELETE", "/invites/x", Route::DeleteInvite("x")),
            ("POST", "/admin/agents/x/key", Route::RenewKey("x")),
            ("POST", "/admin/agents//key", Route::Unknown),
            ("POST", "/key", Route::Unknown),
            ("OPTIONS", "*", Route::Options),
        ] {
            assert_eq!(route(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn broken_escapes_are_refused() {
        assert_eq!(decoded("B%6fb").unwrap(), "Bob");
        assert_eq!(decoded("%C3%A9").unwrap(), "é");
        for part in ["%", "a%2", "%zz", "%C3", "%+1"] {
            assert!(decoded(part).is_err(), "{part}");
        }
    }

    #[test]
    fn the_scheme_of_a_token_is_case_sensitive_and_followed_by_one_space() {
        assert_eq!(token(b"Bearer x"), Some(&b"x"[..]));
        assert_eq!(token(b"Bearer  x"), Some(&b" x"[..]));
        for header in [&b"bearer x"[..], b"Bearer", b"Bearer ", b"Basic x", b""] {
            assert_eq!(token(header), None);
        }
    }

    #[test]
    fn invites_name_this_relay_as_the_admin_reached_it() {
        let url = |base, host| invite_url(base, host, false, "c");
        assert_eq!(
            url(None, Some(b"r.example:7117")),
            "http://r.example:7117/signup?invite=c"
        );
        assert_eq!(
            url(None, Some(b"[::1]:80")),
            "http://[::1]:80/signup?invite=c"
        );
        assert_eq!(url(None, Some(b"a/b?\"")), "/signup?invite=c");
        assert_eq!(
            url(Some("https://r.example/"), None),
            "https://r.example/signup?invite=c"
        );
        assert_eq!(
            invite_url(None, Some(b"h"), true, "c"),
            "https://h/signup?invite=c"
        );
    }

    #[test]
    fn times_are_written_as_javascript_writes_them() {
        assert_eq!(
            iso(UnixMillis(1_770_769_095_123)),
            "2026-02-11T00:18:15.123Z"
        );
        assert_eq!(iso(UnixMillis(0)), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn any_path_has_a_meaning(method in "GET|PATCH|POST|DELETE|HEAD", path in any::<String>()) {
            let route = route(&method, &path);
            if let Route::PatchAgent(name) | Route::RemoveAgent(name) | Route::RenewKey(name) = route {
                let _decoded = decoded(name);
                prop_assert!(!name.contains('/'));
            }
        }

        #[test]
        fn what_was_encoded_is_decoded(name in any::<String>()) {
            let encoded: Vec<_> = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(decoded(&encoded.concat()).unwrap(), name);
        }
    }
}
