//! E-mail addresses, links and files.

use crate::model::Severity;
use crate::model::SignalCode::{DraftAttachment, DraftLink, PersonalEmail, SecretPassword};

use super::bytes::{
    at, before, char_at, char_before, is_blank, joins, run_end, run_start, skip_blanks, word_start,
};
use super::scan::{Leak, Scan};
use crate::text::views::floor;

/// What a mark may belong to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// The sign in an e-mail address.
    At,
    /// The same, spelt in brackets.
    SpeltAt,
    /// The same, spelt as a word.
    At2,
    /// What follows the scheme of a URL.
    Scheme,
    /// A host's name that says so itself.
    Www,
    /// The end of a domain's name.
    Domain,
    /// A file within the text.
    Data,
    /// The first line of a file in uuencode.
    Uuencode,
}

/// Where the marks are.
pub(super) const MARKS: &[(Mark, &[&str])] = &[
    (Mark::At, &["@"]),
    (
        Mark::SpeltAt,
        &[
            "*(at)*",
            "*[at]*",
            "*{at}*",
            "*<at>*",
            "*(arroba)*",
            "*[arroba]*",
            "*(собака)*",
        ],
    ),
    (Mark::At2, &["at", "arroba", "собака"]),
    (Mark::Scheme, &["*://*"]),
    (Mark::Www, &["www.*"]),
    (
        Mark::Domain,
        &[
            "*.com",
            "*.org",
            "*.net",
            "*.io",
            "*.dev",
            "*.app",
            "*.gov",
            "*.edu",
            "*.ai",
            "*.de/*",
            "*.fr/*",
            "*.es/*",
            "*.it/*",
            "*.nl/*",
            "*.uk/*",
            "*.ru/*",
            "*.cn/*",
            "*.br/*",
            "*.pt/*",
            "*.eu/*",
            "*.me/*",
            "*.co/*",
            "*.ly/*",
            "*.gl/*",
            "*.be/*",
            "*.us/*",
            "*.ch/*",
            "*.at/*",
            "*.ru",
            "*.link/*",
            "*.page/*",
            "*.zoom.us",
        ],
    ),
    (Mark::Data, &["data:*"]),
    (
        Mark::Uuencode,
        &["begin 644 *", "begin 755 *", "begin 600 *"],
    ),
];

/// Endings of files that look like endings of domains (`logo@2x.png`).
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "js", "ts", "css", "html", "txt", "json",
    "md",
];

/// Bytes before and after the sign that an address may have (RFC 5321).
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 253;

/// Bytes of a link that are one span.
const LONGEST_LINK: usize = 2048;

/// Reports what the mark at a place belongs to.
pub(super) fn marked(scan: &mut Scan<'_>, mark: Mark, span: (usize, usize)) {
    match mark {
        Mark::At => email(scan, span),
        Mark::SpeltAt => spelt_email(scan, span, false),
        Mark::At2 => spelt_email(scan, span, true),
        Mark::Scheme => url(scan, span),
        Mark::Www => link(scan, span.0, span.1, true),
        Mark::Domain => domain(scan, span),
        Mark::Data => data(scan, span),
        Mark::Uuencode => {
            let text = scan.text.as_bytes();
            if matches!(before(text, span.0), 0 | b'\n') {
                scan.add(Leak::exact(DraftAttachment, Severity::Low, span));
            }
        }
    }
}

fn in_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

fn in_domain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || matches!(b, b'.' | b'-')
}

/// Returns where the name before the sign begins.
fn local_start(scan: &Scan<'_>, end: usize) -> Option<usize> {
    let text = scan.text.as_bytes();
    let window = end.saturating_sub(LONGEST_LOCAL + 1);
    let mut start = end;
    while start > window && in_local(before(text, start)) {
        start -= 1;
    }
    // Prose of scripts without blanks may stand before an address: it is no part of it.
    let local = scan.text.get(floor(scan.text, start)..end)?;
    let prose = local
        .char_indices()
        .rev()
        .find(|(_, c)| !c.is_ascii() && super::bytes::is_unspaced(*c));
    let skipped = prose.map_or(0, |(place, c)| place + c.len_utf8());
    let start = end - local.len() + skipped;
    let start = run_end(text, start, |b| matches!(b, b'.' | b'\'' | b'-' | b'%')).min(end);
    (start < end).then_some(start)
}

/// Returns where a domain's name ends, if it has the form of one.
fn domain_end(lower: &str, start: usize) -> Option<usize> {
    let text = lower.as_bytes();
    let window = text.get(..start + LONGEST_DOMAIN).unwrap_or(text);
    let mut end = run_end(window, start, in_domain);
    let raw = lower.get(start..floor(lower, end))?;
    if !raw.is_ascii() {
        // The same for prose behind it.
        let prose = raw
            .char_indices()
            .find(|(_, c)| super::bytes::is_unspaced(*c));
        let is_ascii_before = prose.is_some_and(|(place, _)| {
            raw.get(..place)
                .is_some_and(|head| head.is_ascii() && head.contains('.'))
        });
        end = match prose {
            Some((place, _)) if is_ascii_before => start + place,
            _ => start + raw.len(),
        };
    }
    while end > start && matches!(before(text, end), b'.' | b'-') {
        end -= 1;
    }
    let name = lower.get(start..end)?;
    let (head, top) = name.rsplit_once('.')?;
    let letters = top.chars().take(30).count();
    let is_top = (2..=24).contains(&letters)
        && top
            .chars()
            .all(|c| c.is_alphabetic() || top.starts_with("xn--"));
    let is_name = !head.is_empty() && !head.starts_with(['.', '-']) && !name.contains("..");
    (is_top && is_name && !FILES.contains(&top)).then_some(end)
}

fn email(scan: &mut Scan<'_>, (sign, after): (usize, usize)) {
    if scan.is_full(PersonalEmail) {
        return;
    }
    let Some(start) = local_start(scan, sign) else {
        return;
    };
    let Some(end) = domain_end(scan.lower, after) else {
        return;
    };
    let text = scan.text.as_bytes();
    let local = text.get(start..sign).unwrap_or_default();
    // `git@host:path` names a service; `//user:pass@host` is a link.
    let is_link = matches!(before(text, start), b'/' | b':')
        && !scan.lower.get(..start).is_some_and(|head| {
            head.ends_with("mailto:")
                || head.ends_with(": ")
                || !head.ends_with([':', '/'])
                || is_label(head)
        });
    if local != b"git" && !is_link && at(text, end) != b'@' {
        scan.add(Leak::exact(PersonalEmail, Severity::Medium, (start, end)));
    }
}

/// Tells "e-mail:jane@…" from the password of a URL: no scheme stands in the same word.
fn is_label(head: &str) -> bool {
    // Only the tail: a text without blanks would be read again for every sign.
    let tail = floor(head, head.len().saturating_sub(44));
    let tail = head.get(tail..).unwrap_or_default();
    let word = tail.rsplit([' ', '\n']).next().unwrap_or_default();
    word.len() < 40 && !word.contains("//")
}

/// Ends of domains that somebody may spell out.
const SPELT: &[&str] = &[
    "com", "org", "net", "io", "de", "fr", "es", "uk", "ru", "cn", "br", "pt", "it", "nl", "eu",
    "me", "dev", "ai", "ch", "be", "co", "info", "edu", "gov", "app", "at", "us", "biz",
];

fn spelt_email(scan: &mut Scan<'_>, (start, end): (usize, usize), is_word: bool) {
    let text = scan.text.as_bytes();
    let name_end = start - (start - run_start(text, start, is_blank)).min(4);
    if is_word && name_end == start {
        return;
    }
    let Some(name) = local_start(scan, name_end) else {
        return;
    };
    let mut place = skip_blanks(text, end);
    let mut labels = 0;
    let mut last = (place, place);
    let mut was_spelt = false;
    while labels < 5 {
        let label_end = run_end(text.get(..place + 64).unwrap_or(text), place, |b| {
            b.is_ascii_alphanumeric() || b == b'-'
        });
        if label_end == place {
            break;
        }
        labels += 1;
        last = (place, label_end);
        let Some((next, spelt)) = dot(scan.lower, label_end) else {
            break;
        };
        was_spelt |= spelt;
        place = next;
    }
    let top = scan.lower.get(last.0..last.1).unwrap_or_default();
    let is_local = scan
        .text
        .get(name..name_end)
        .is_some_and(|name| name.len() >= 2 || !is_word);
    if labels >= 2 && SPELT.contains(&top) && is_local && (was_spelt || !is_word) {
        scan.add(Leak::rule(PersonalEmail, Severity::Medium, (name, last.1)));
    }
}

/// Returns where the text goes on after a dot, and whether it was spelt.
fn dot(lower: &str, place: usize) -> Option<(usize, bool)> {
    let text = lower.as_bytes();
    if at(text, place) == b'.' && !is_blank(at(text, place + 1)) {
        return Some((place + 1, false));
    }
    let word = skip_blanks(text, place);
    let rest = lower.get(word..)?;
    let spelt = [
        "(dot)",
        "[dot]",
        "{dot}",
        "(punto)",
        "[.]",
        "(.)",
        "(точка)",
    ]
    .into_iter()
    .find(|spelt| rest.starts_with(spelt));
    let plain = || {
        ["dot ", "punto ", "ponto ", "punkt ", "точка "]
            .into_iter()
            .find(|spelt| rest.starts_with(spelt) && word > place)
    };
    let length = spelt.or_else(plain)?.len();
    Some((skip_blanks(text, word + length), true))
}

fn in_link(b: u8) -> bool {
    b > b' '
        && b != 0x7f
        && !matches!(
            b,
            b'"' | b'<' | b'>' | b'`' | b'|' | b'\\' | b'^' | b'{' | b'}'
        )
}

/// Reports the link that begins at a place and has its host from `host` on.
fn link(scan: &mut Scan<'_>, start: usize, host: usize, needs_dot: bool) {
    if scan.is_full(DraftLink) {
        return;
    }
    let text = scan.text.as_bytes();
    let window = text.get(..host + LONGEST_LINK).unwrap_or(text);
    let end = floor(scan.text, run_end(window, host, in_link));
    let raw = scan.text.get(host..end).unwrap_or_default();
    let raw = raw
        .split(|c: char| matches!(c, '，' | '、' | '）' | '\u{ff1b}') || c.is_whitespace())
        .next()
        .unwrap_or_default();
    let mut raw = raw.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    if raw.ends_with(')') && !raw.contains('(') {
        raw = raw.trim_end_matches([')', '.']);
    }
    let has_host = char_at(raw, 0).is_some_and(|c| c.is_alphanumeric() || c == '[');
    if has_host && (!needs_dot || raw.contains('.')) {
        scan.add(Leak::exact(
            DraftLink,
            Severity::Low,
            (start, host + raw.len()),
        ));
    }
}

/// Bytes of a scheme's name.
const LONGEST_SCHEME: usize = 24;

fn url(scan: &mut Scan<'_>, (mark, host): (usize, usize)) {
    let text = scan.text.as_bytes();
    let start = run_start(text, mark, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')
    });
    let start = start.max(mark.saturating_sub(LONGEST_SCHEME));
    if mark - start < 2 || !at(text, start).is_ascii_alphabetic() {
        return;
    }
    user_info(scan, host);
    link(scan, start, host, false);
}

/// Reports a password within a URL: RFC 3986, section 3.2.1.
fn user_info(scan: &mut Scan<'_>, host: usize) {
    let text = scan.text.as_bytes();
    let window = text.get(..host + LONGEST_DOMAIN).unwrap_or(text);
    let authority = run_end(window, host, |b| {
        in_link(b) && !matches!(b, b'/' | b'?' | b'#')
    });
    let part = text.get(host..authority).unwrap_or_default();
    let Some(sign) = part.iter().rposition(|b| *b == b'@') else {
        return;
    };
    let Some(colon) = part
        .iter()
        .position(|b| *b == b':')
        .filter(|colon| *colon < sign)
    else {
        return;
    };
    let secret = part.get(colon + 1..sign).unwrap_or_default();
    let is_placeholder =
        secret.iter().all(|b| matches!(b, b'*' | b'x' | b'.')) || secret.starts_with(b"$");
    if !is_placeholder {
        let span = (host + colon + 1, host + sign);
        scan.add(Leak::exact(SecretPassword, Severity::Critical, span).led_by(host));
    }
}

fn domain(scan: &mut Scan<'_>, (dot, _): (usize, usize)) {
    if scan.is_full(DraftLink) {
        return;
    }
    let text = scan.text.as_bytes();
    let mut start = dot;
    while start > dot.saturating_sub(LONGEST_LOCAL)
        && (before(text, start).is_ascii_alphanumeric()
            || matches!(before(text, start), b'.' | b'-'))
    {
        start -= 1;
    }
    let is_own = !matches!(
        before(text, start),
        b'@' | b'/' | b'_' | b':' | b'=' | b'%' | b'\\'
    ) && !joins(char_before(scan.text, start));
    let name = text.get(start..dot).unwrap_or_default();
    // "asp.net" and "node.js" are no hosts; a host has a letter before its last dot.
    let is_host = name.len() >= 2
        && name != b"asp"
        && name.iter().any(u8::is_ascii_alphabetic)
        && name.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_after_at = {
        let end = start - (start - run_start(text, start, is_blank)).min(2);
        let word = scan
            .lower
            .get(word_start(scan.lower, end)..end)
            .unwrap_or_default();
        word.is_empty() && before(text, end) == b')'
    };
    if is_own && is_host && !is_after_at && domain_end(scan.lower, start).is_some() {
        link(scan, start, start, true);
    }
}

/// Bytes of a media type.
const LONGEST_TYPE: usize = 120;

fn data(scan: &mut Scan<'_>, (start, end): (usize, usize)) {
    if scan.is_full(DraftAttachment) {
        return;
    }
    let text = scan.lower.as_bytes();
    let window = text.get(..end + LONGEST_TYPE).unwrap_or(text);
    let type_end = run_end(window, end, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'+' | b'.' | b';' | b'=' | b'"')
    });
    let media = scan.lower.get(end..type_end).unwrap_or_default();
    let is_file = at(text, type_end) == b',' && (media.contains('/') || media.contains("base64"));
    if is_file {
        let body_end = run_end(text, type_end + 1, |b| {
            b.is_ascii_graphic() && !matches!(b, b'"' | b')' | b'<' | b'>')
        });
        scan.add(Leak::exact(
            DraftAttachment,
            Severity::Low,
            (start, body_end),
        ));
    }
}
