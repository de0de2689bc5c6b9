//! API keys and tokens by their public formats.
//!
//! Source: the services' own descriptions of their tokens; the public rule sets of gitleaks
//! and secrets-patterns-db were read for which formats exist.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::model::SignalCode::{SecretApiKey, SecretPassword};
use crate::model::{Severity, SignalCode};

use super::bytes::{at, before, run_end, run_start, skip_blanks};
use super::checks;
use super::scan::{Leak, Scan};

/// Letters that a token is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Letters {
    Alnum,
    Upper,
    Hex,
    /// Letters, digits, `-` and `_`.
    Url,
    /// The same and `.`.
    Dotted,
    /// The same as `Url` and `/`.
    Path,
    /// Base64 with its padding.
    Base64,
}

impl Letters {
    fn has(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Self::Hex => b.is_ascii_hexdigit(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'),
            Self::Path => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/'),
            Self::Base64 => {
                b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')
            }
        }
    }
}

/// A token that its prefix tells.
pub(super) struct Format {
    /// The prefix, in the case that the service writes, with the stars of `triggers`.
    pub(super) pattern: &'static str,
    letters: Letters,
    /// Letters after the prefix, at least and at most.
    length: (usize, usize),
    severity: Severity,
}

const fn format(pattern: &'static str, letters: Letters, least: usize, most: usize) -> Format {
    Format {
        pattern,
        letters,
        length: (least, most),
        severity: Severity::Critical,
    }
}

const fn lesser(pattern: &'static str, letters: Letters, least: usize, most: usize) -> Format {
    Format {
        severity: Severity::High,
        ..format(pattern, letters, least, most)
    }
}

use Letters::{Alnum, Base64, Dotted, Hex, Path, Upper, Url};

/// The longest token of an open-ended format.
const LONG: usize = 512;

/// The formats, by service.
pub(super) const FORMATS: &[Format] = &[
    // Amazon: the identifier alone opens nothing, but never travels alone for long.
    lesser("AKIA*", Upper, 16, 16),
    lesser("ASIA*", Upper, 16, 16),
    lesser("ABIA*", Upper, 16, 16),
    lesser("ACCA*", Upper, 16, 16),
    // Code hosting
    format("ghp_*", Alnum, 36, 255),
    format("gho_*", Alnum, 36, 255),
    format("ghu_*", Alnum, 36, 255),
    format("ghs_*", Alnum, 36, 255),
    format("ghr_*", Alnum, 36, 255),
    format("github_pat_*", Url, 60, 255),
    format("glpat-*", Dotted, 20, 64),
    format("gldt-*", Url, 20, 64),
    format("glptt-*", Hex, 40, 40),
    format("glrt-*", Dotted, 20, 64),
    format("glcbt-*", Url, 20, 80),
    format("glsoat-*", Url, 20, 64),
    format("ATATT3*", Base64, 100, LONG),
    format("ATBB*", Alnum, 32, 32),
    // Chat
    format("xoxb-*", Url, 20, LONG),
    format("xoxp-*", Url, 20, LONG),
    format("xoxa-*", Url, 20, LONG),
    format("xoxr-*", Url, 20, LONG),
    format("xoxs-*", Url, 20, LONG),
    format("xoxe-*", Url, 20, LONG),
    format("xoxe.xoxp-*", Url, 20, LONG),
    format("xapp-*", Url, 20, LONG),
    format("hooks.slack.com/services/*", Path, 30, 100),
    format("hooks.slack.com/workflows/*", Path, 30, 150),
    format("discord.com/api/webhooks/*", Path, 60, 150),
    format("discordapp.com/api/webhooks/*", Path, 60, 150),
    // ClawTalk: 32 bytes in base64url, docs/networks.
    format("ct_*", Url, 43, 43),
    // Payment
    format("sk_live_*", Alnum, 16, 255),
    format("rk_live_*", Alnum, 16, 255),
    format("sk_test_*", Alnum, 16, 255),
    format("rk_test_*", Alnum, 16, 255),
    format("whsec_*", Base64, 32, 64),
    format("sq0atp-*", Url, 22, 22),
    format("sq0csp-*", Url, 43, 43),
    format("EAAA*", Url, 60, 64),
    format("shpat_*", Hex, 32, 32),
    format("shpca_*", Hex, 32, 32),
    format("shppa_*", Hex, 32, 32),
    format("shpss_*", Hex, 32, 32),
    format("access_token$production$*", Base64, 16, 60),
    // Models
    format("sk-proj-*", Url, 40, 255),
    format("sk-svcacct-*", Url, 40, 255),
    format("sk-admin-*", Url, 40, 255),
    format("sk-ant-*", Url, 40, 255),
    format("sk-or-v1-*", Hex, 64, 64),
    format("sk-*", Alnum, 32, 64),
    format("hf_*", Alnum, 30, 40),
    format("gsk_*", Alnum, 48, 60),
    format("xai-*", Alnum, 70, 90),
    format("pplx-*", Alnum, 40, 64),
    format("r8_*", Alnum, 37, 37),
    // Clouds and hosting
    format("AIza*", Url, 35, 35),
    format("ya29.*", Dotted, 30, LONG),
    format("GOCSPX-*", Url, 28, 28),
    format("dop_v1_*", Hex, 64, 64),
    format("doo_v1_*", Hex, 64, 64),
    format("dor_v1_*", Hex, 64, 64),
    format("v1.0-*", Url, 170, 173),
    format("LTAI*", Alnum, 16, 24),
    format("HRKU-*", Url, 36, 64),
    format("hvs.*", Url, 24, 128),
    format("hvb.*", Url, 24, 300),
    format("tskey-*", Url, 24, 80),
    format("fo1_*", Url, 43, 43),
    format("sbp_*", Hex, 40, 40),
    format("sb_secret_*", Url, 24, 48),
    format("pscale_tkn_*", Dotted, 32, 64),
    format("pscale_pw_*", Dotted, 32, 64),
    format("dapi*", Hex, 32, 34),
    format("pul-*", Hex, 40, 40),
    // Mail and telephony
    format("SG.*", Dotted, 64, 70),
    format("key-*", Hex, 32, 32),
    format("xkeysib-*", Url, 80, 90),
    format("re_*", Url, 32, 40),
    // Packages
    format("npm_*", Alnum, 36, 36),
    format("pypi-*", Url, 50, LONG),
    format("rubygems_*", Hex, 48, 48),
    format("dckr_pat_*", Url, 27, 27),
    format("dckr_oat_*", Url, 27, 40),
    format("oy2*", Alnum, 43, 43),
    // Tools
    format("lin_api_*", Alnum, 40, 40),
    format("ntn_*", Alnum, 40, 60),
    format("figd_*", Url, 40, 60),
    format("glsa_*", Url, 41, 48),
    format("glc_*", Base64, 32, 400),
    format("sntrys_*", Base64, 60, LONG),
    format("sntryu_*", Hex, 64, 64),
    format("PMAK-*", Url, 59, 59),
    format("NRAK-*", Upper, 27, 27),
    format("dp.pt.*", Alnum, 40, 44),
    format("ops_eyJ*", Base64, 200, 2048),
    format("patE*", Dotted, 70, 80),
];

/// Reports the token of a known prefix that begins at a place.
pub(super) fn prefixed(scan: &mut Scan<'_>, place: usize, start: usize) {
    let Some(format) = FORMATS.get(place) else {
        return;
    };
    let prefix = format.pattern.trim_end_matches('*');
    let text = scan.text.as_bytes();
    let body = start + prefix.len();
    if scan.text.get(start..body) != Some(prefix) || before(text, start) == b'-' {
        return;
    }
    let mut end = token_end(text, body, format);
    // A full stop after a token ends the sentence.
    while end > body && matches!(before(text, end), b'.' | b'/') {
        end -= 1;
    }
    let (least, most) = format.length;
    let letters = text.get(body..end).unwrap_or_default();
    if (least..=most).contains(&letters.len()) && is_varied(letters) {
        scan.add(Leak::exact(SecretApiKey, format.severity, (start, end)));
    }
}

fn token_end(text: &[u8], body: usize, format: &Format) -> usize {
    let (_, most) = format.length;
    let window = text.get(..body + most + 2).unwrap_or(text);
    run_end(window, body, |b| format.letters.has(b))
}

/// Tells random letters from a placeholder such as `xxxxxxxx`.
fn is_varied(letters: &[u8]) -> bool {
    checks::entropy(letters) > 2.5
}

/// A token that is told by more than a prefix.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A JSON web token: RFC 7519.
    Jwt,
    /// An `Authorization` header: RFC 6750.
    Bearer,
    /// An `Authorization` header: RFC 7617.
    Basic,
    /// A Telegram bot's token: its number, a colon, 35 letters.
    Telegram,
    /// A client secret of Microsoft Entra.
    Entra,
    /// A shared access signature of Azure.
    Signature,
}

/// Where the shapes begin.
pub(super) const SHAPES: &[(Shape, &[&str])] = &[
    (Shape::Jwt, &["eyJ*"]),
    (Shape::Bearer, &["bearer"]),
    (Shape::Basic, &["basic"]),
    (Shape::Telegram, &["*:AA*"]),
    (Shape::Entra, &["*8Q~*", "*7Q~*"]),
    (Shape::Signature, &["*sig=*"]),
];

/// Reports the token whose mark stands at a place.
pub(super) fn shaped(scan: &mut Scan<'_>, shape: Shape, (start, end): (usize, usize)) {
    match shape {
        Shape::Jwt => jwt(scan, start),
        Shape::Bearer => bearer(scan, end),
        Shape::Basic => basic(scan, end),
        Shape::Telegram => telegram(scan, start),
        Shape::Entra => entra(scan, start),
        Shape::Signature => signature(scan, end),
    }
}

/// Bytes of a header that are decoded at most.
const LONGEST_HEADER: usize = 1024;

/// Bytes of a whole web token that are looked at; the rest of a longer one stays outside of it.
const LONGEST_JWT: usize = 8192;

fn jwt(scan: &mut Scan<'_>, start: usize) {
    if scan.is_full(SecretApiKey) {
        return;
    }
    let text = scan.text.as_bytes();
    let window = text.get(..start + LONGEST_HEADER).unwrap_or(text);
    let header_end = run_end(window, start, |b| Url.has(b));
    if at(text, header_end) != b'.' || !text.get(start..).unwrap_or_default().starts_with(b"eyJ") {
        return;
    }
    let header = text.get(start..header_end).unwrap_or_default();
    let is_header = URL_SAFE_NO_PAD
        .decode(header)
        .is_ok_and(|json| json.windows(5).any(|part| part == b"\"alg\""));
    if !is_header {
        return;
    }
    let window = text.get(..start + LONGEST_JWT).unwrap_or(text);
    let body_end = run_end(window, header_end + 1, |b| Url.has(b));
    let end = if at(text, body_end) == b'.' {
        run_end(window, body_end + 1, |b| Dotted.has(b))
    } else {
        body_end
    };
    if body_end > header_end + 8 {
        scan.add(Leak::exact(SecretApiKey, Severity::Critical, (start, end)));
    }
}

/// Returns where a header's value stands after its scheme: `None` if it is too far away.
fn value(text: &[u8], end: usize) -> Option<(usize, usize)> {
    const LONGEST: usize = 2048;
    let start = skip_blanks(text, end);
    let window = text.get(..start + LONGEST).unwrap_or(text);
    let value_end = run_end(window, start, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
    });
    let value_end = run_start(text.get(..value_end)?, value_end, |b| b == b'.');
    (start > end && value_end > start).then_some((start, value_end))
}

fn bearer(scan: &mut Scan<'_>, end: usize) {
    let text = scan.text.as_bytes();
    let Some(span) = value(text, end) else {
        return;
    };
    let token = text.get(span.0..span.1).unwrap_or_default();
    if token.len() >= 16 && checks::is_mixed(token) && checks::entropy(token) > 3.0 {
        scan.add(Leak::rule(SecretApiKey, Severity::High, span).led_by(end - "bearer".len()));
    }
}

fn basic(scan: &mut Scan<'_>, end: usize) {
    let text = scan.text.as_bytes();
    let Some(span) = value(text, end) else {
        return;
    };
    let token = scan.text.get(span.0..span.1).unwrap_or_default();
    let is_pair = token.len() >= 6
        && STANDARD_NO_PAD
            .decode(token.trim_end_matches('='))
            .is_ok_and(|pair| {
                pair.contains(&b':') && pair.iter().all(|b| (b' '..0x7f).contains(b))
            });
    if is_pair {
        scan.add(Leak::exact(SecretPassword, Severity::Critical, span).led_by(end - "basic".len()));
    }
}

fn telegram(scan: &mut Scan<'_>, colon: usize) {
    let text = scan.text.as_bytes();
    let window_start = colon.saturating_sub(12);
    let start = run_start(text, colon, |b| b.is_ascii_digit()).max(window_start);
    let window = text.get(..colon + 40).unwrap_or(text);
    let end = run_end(window, colon + 1, |b| Url.has(b));
    if (8..=10).contains(&(colon - start)) && end - colon == 36 {
        scan.add(Leak::exact(SecretApiKey, Severity::Critical, (start, end)));
    }
}

fn entra(scan: &mut Scan<'_>, mark: usize) {
    let text = scan.text.as_bytes();
    let fits = |b: u8| Dotted.has(b) || b == b'~';
    let window = text.get(..mark + 48).unwrap_or(text);
    let start = mark.saturating_sub(3);
    let end = run_end(window, mark, fits);
    let head = text.get(start..mark).unwrap_or_default();
    if head.len() == 3 && head.iter().all(|b| fits(*b)) && (34..=37).contains(&(end - mark)) {
        scan.add(Leak::exact(SecretApiKey, Severity::Critical, (start, end)));
    }
}

fn signature(scan: &mut Scan<'_>, start: usize) {
    let text = scan.text.as_bytes();
    let window = text.get(..start + 100).unwrap_or(text);
    let end = run_end(window, start, |b| Base64.has(b) || b == b'%');
    let letters = text.get(start..end).unwrap_or_default();
    if (43..=96).contains(&letters.len()) && checks::is_mixed(letters) {
        scan.add(Leak::rule(SecretApiKey, Severity::High, (start, end)));
    }
}

/// Reports a run of letters that is a token by its length and its first letters, or by what
/// the words before it are about.
pub(super) fn bare(
    scan: &Scan<'_>,
    (start, end): (usize, usize),
) -> Option<(SignalCode, Severity, bool)> {
    use super::triggers::Topic::{Aws, Cloud};
    let run = scan.text.as_bytes().get(start..end)?;
    let is_hex = |tail: &[u8]| tail.iter().all(u8::is_ascii_hexdigit);
    match run {
        // Twilio: the account's name alone opens nothing.
        [b'A', b'C', tail @ ..] if run.len() == 34 && is_hex(tail) => {
            Some((SecretApiKey, Severity::High, true))
        }
        [b'S', b'K', tail @ ..] if run.len() == 34 && is_hex(tail) => {
            Some((SecretApiKey, Severity::Critical, true))
        }
        _ if run.len() == 40 && checks::is_mixed(run) && checks::entropy(run) > 4.0 => scan
            .topic(start, 60, &[Aws])
            .map(|_| (SecretApiKey, Severity::Critical, false)),
        _ if run.len() == 88 && run.ends_with(b"==") => scan
            .topic(start, 60, &[Cloud])
            .map(|_| (SecretApiKey, Severity::Critical, false)),
        _ => None,
    }
}

/// Tells whether a run followed by a place is the first part of a Discord bot's token, and
/// returns where the token ends.
pub(super) fn discord(text: &[u8], (start, end): (usize, usize)) -> Option<usize> {
    if !matches!(at(text, start), b'M' | b'N' | b'O') || !(23..=28).contains(&(end - start)) {
        return None;
    }
    let window = text.get(..end + 64).unwrap_or(text);
    let middle = (at(text, end) == b'.').then(|| run_end(window, end + 1, |b| Url.has(b)))?;
    let last = (at(text, middle) == b'.').then(|| run_end(window, middle + 1, |b| Url.has(b)))?;
    (middle - end == 7 && (28..=39).contains(&(last - middle))).then_some(last)
}
