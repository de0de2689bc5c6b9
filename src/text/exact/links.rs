//! Links: where they really lead, and which of them only seem to lead there.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::Findings;
use crate::model::{Severity, SignalCode, TextSpan};
use crate::text::views::floor;

/// Links of one text that are looked at.
const MOST_LINKS: usize = 256;
/// Bytes of one link that are looked at.
const LONGEST_LINK: usize = 8 * 1024;
/// Letters and digits in a row that carry data rather than name something.
const DATA: usize = 100;
/// Bytes of the text of a Markdown link that are looked at.
const LONGEST_NAME: usize = 256;

/// Letters of other alphabets that pass for Latin ones in a host name (UTS 39, in part).
const LOOK_ALIKES: &str = "аеорсухіјѕһԁԛԝьтмнквгзӏαοιρνκτυχεɑɡɢɪɴʀʏʙʜʟᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ";

/// Characters that pass for what ends or divides the name of a host.
const LIKE_DIVIDERS: [char; 10] = ['⁄', '∕', '／', '⧸', '․', '。', '．', '｡', '＠', '？'];

/// Characters of a name of a host without a scheme that are looked at.
const LONGEST_BARE: usize = 256;

/// Finds what begins a link.
static SCHEMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["https://", "http://", "ftp://", "www.", "xn--"])
        .expect("five short words make a table: a test builds it")
});

/// Looks at every link of the text.
pub(super) fn examine(findings: &mut Findings<'_>) {
    let text = findings.text;
    let mut place = 0;
    for _ in 0..MOST_LINKS {
        let Some(span) = next(text, place) else {
            break;
        };
        place = span.end.max(place + 1);
        look(findings, span);
    }
    if !text.is_ascii() {
        bare(findings);
    }
}

/// Finds names of hosts without a scheme that could be read as Latin and are not.
fn bare(findings: &mut Findings<'_>) {
    let text = findings.text;
    let mut at = 0;
    let divides =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '<' | '>' | '"');
    for word in text.split_inclusive(divides) {
        let start = at;
        at += word.len();
        if word.len() > LONGEST_BARE || word.is_ascii() || word.contains("://") {
            continue;
        }
        let word = word
            .trim_end_matches(divides)
            .trim_end_matches(['.', '!', '?', ':']);
        let name = word.rsplit('@').next().unwrap_or(word);
        let host = name.split('/').next().unwrap_or(name);
        if is_host(host) && host.split('.').any(passes_for_latin) {
            let start = start + word.len() - name.len();
            let end = start + host.len();
            findings.link(host);
            // The name system's tables take their time, and a text may name hosts without end.
            if findings.has_room(SignalCode::LinkSpoof) {
                let evidence = leads_to(host, &ascii(host));
                spoofed(findings, TextSpan { start, end }, &evidence);
            }
        }
    }
}

/// Returns a host as the name system knows it.
fn ascii(host: &str) -> String {
    idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_owned())
}

fn leads_to(what: &str, target: &str) -> String {
    format!("{what} leads to {target}")
}

/// Finds the next link from a place on.
pub(super) fn next(text: &str, from: usize) -> Option<TextSpan> {
    let rest = text.get(from..)?;
    let in_word = |place: usize| {
        let before = rest.as_bytes().get(..place).and_then(<[u8]>::last);
        before.is_some_and(u8::is_ascii_alphanumeric)
    };
    let start = SCHEMES
        .find_iter(rest)
        .map(|found| found.start())
        .find(|place| !in_word(*place))?
        + from;
    let body = text.get(start..)?;
    // The brackets that end a name may begin with the last byte of the longest link.
    let body = body.get(..floor(body, LONGEST_LINK + 2))?;
    let end = body
        .find(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '`' | '|' | '\\')
        })
        .unwrap_or(body.len())
        // Where a Markdown link is named by a link, the name ends there.
        .min(body.find("](").unwrap_or(body.len()))
        .min(LONGEST_LINK);
    let mut link = body.get(..floor(body, end))?;
    link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    // A bracket that was not opened inside belongs to what stands around the link.
    for (open, close) in [('(', ')'), ('[', ']')] {
        let opened = link.matches(open).count();
        let mut closed = link.matches(close).count();
        while link.ends_with(close) && closed > opened {
            link = link.get(..link.len() - 1)?;
            closed -= 1;
        }
    }
    Some(TextSpan {
        start,
        end: start + link.len(),
    })
}

fn look(findings: &mut Findings<'_>, span: TextSpan) {
    let raw = findings.get(span);
    let has_scheme = raw.split_once("://").is_some();
    let full = if has_scheme {
        raw.to_owned()
    } else {
        format!("http://{raw}")
    };
    let written = authority(&full);
    let divided = written.contains(LIKE_DIVIDERS);
    findings.link(raw);
    let Ok(url) = Url::parse(&full) else {
        // What only looks like a host cannot be reached, and still misleads a reader.
        if divided {
            spoofed(findings, span, raw);
        }
        return;
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let (shown, _) = idna::domain_to_unicode(&host);
    if shown != host || written.contains('%') || !written.is_ascii() {
        findings.link(url.as_str());
    }
    let names_another = !url.username().is_empty() || url.password().is_some();
    let is_foreign = shown != host && shown.split('.').any(passes_for_latin);
    if names_another || is_foreign || divided || is_respelled(written, &host, &shown) {
        spoofed(findings, span, &leads_to(raw, &host));
    } else if let Some(name) = named_otherwise(findings.text, span, &host) {
        spoofed(findings, span, &leads_to(name, raw));
    }
    if carries_data(raw) {
        findings.add(SignalCode::ExfilUrl, Severity::High, span);
    }
}

/// Returns what a link writes between its scheme and its path.
fn authority(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Tells whether a host is written in other characters than its own: letters that only look
/// like it, percent signs, or an address as one number.
fn is_respelled(written: &str, host: &str, shown: &str) -> bool {
    let name = written.rsplit('@').next().unwrap_or(written);
    let name = match name.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    // Letters of one more way to compose are the same letters.
    let name: String = name.nfc().flat_map(char::to_lowercase).collect();
    // Numbers of version 6 have many honest spellings; braces are room for data.
    let has_own_rules = name.starts_with('[') || name.contains(['{', '}']);
    !has_own_rules && name != host && name != shown
}

fn spoofed(findings: &mut Findings<'_>, span: TextSpan, evidence: &str) {
    findings.add_with(SignalCode::LinkSpoof, Severity::High, span, evidence);
}

/// Tells whether a part of a host name could be read as Latin and is not.
fn passes_for_latin(label: &str) -> bool {
    let mut foreign = 0;
    for c in label.chars() {
        if LOOK_ALIKES.contains(c) {
            foreign += 1;
        } else if !c.is_ascii() {
            return false;
        }
    }
    foreign > 0
}

/// Returns the host that the text of a link names, in Markdown or HTML, where it is not the
/// target's.
fn named_otherwise<'t>(text: &'t str, span: TextSpan, host: &str) -> Option<&'t str> {
    let name = markdown_name(text, span.start).or_else(|| html_name(text, span.end))?;
    let named = name
        .split(|c: char| c.is_whitespace() || c == '/')
        .filter_map(|word| word.strip_prefix("www.").or(Some(word)))
        .find(|word| is_host(word))?;
    let named_lower = named.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let same = host == named_lower
        || host.ends_with(&format!(".{named_lower}"))
        || named_lower.ends_with(&format!(".{host}"));
    (!same).then_some(named)
}

/// Returns the name that Markdown gives to the link that begins at a place.
fn markdown_name(text: &str, start: usize) -> Option<&str> {
    let before = text.get(..start)?.strip_suffix("](")?;
    let from = floor(before, before.len().saturating_sub(LONGEST_NAME));
    before.get(from..)?.rsplit('[').next()
}

/// Returns the name of an HTML link whose address ends at a place, where the name is an address
/// itself: newsletters lead everything else through a counter.
fn html_name(text: &str, end: usize) -> Option<&str> {
    let after = text.get(end..)?.strip_prefix(['"', '\''])?;
    let after = after.get(..floor(after, LONGEST_NAME))?;
    let (_, named) = after.split_once('>')?;
    let name = named.split('<').next()?.trim();
    name.contains("://").then_some(name)
}

fn is_host(word: &str) -> bool {
    let Some((name, top)) = word.rsplit_once('.') else {
        return false;
    };
    !name.is_empty()
        && (2..=12).contains(&top.len())
        && top.bytes().all(|b| b.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
}

/// Tells whether a link has a place for data, or a lot of data in it.
fn carries_data(raw: &str) -> bool {
    let Some((_, query)) = raw.split_once('?') else {
        return false;
    };
    let slot = [('{', '}'), ('[', ']')].iter().any(|(open, close)| {
        query
            .split_once(*open)
            .is_some_and(|(_, rest)| rest.contains(*close))
    });
    let mut run = 0;
    let is_long = query.bytes().any(|b| {
        run = if b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/') {
            run + 1
        } else {
            0
        };
        run >= DATA
    });
    slot || is_long
}

#[cfg(test)]
mod tests {
    use super::super::examine as examined;
    use super::*;

    fn codes(text: &str) -> Vec<SignalCode> {
        let signals = examined(text).signals.into_iter();
        let wanted =
            |code: &SignalCode| matches!(code, SignalCode::LinkSpoof | SignalCode::ExfilUrl);
        signals.map(|signal| signal.code).filter(wanted).collect()
    }

    #[test]
    fn honest_links_are_listed_and_nothing_is_said_of_them() {
        for (text, target) in [
            (
                "see https://example.com/a(b)c?x=1&y=2.",
                "https://example.com/a(b)c?x=1&y=2",
            ),
            ("(http://example.com)", "http://example.com"),
            (
                "[docs](https://docs.example.com/x)",
                "https://docs.example.com/x",
            ),
            (
                "[example.com](https://www.example.com/x)",
                "https://www.example.com/x",
            ),
            ("WWW.example.org, or", "WWW.example.org"),
            ("https://münchen.de/", "https://münchen.de/"),
            ("https://例え.jp/x", "https://例え.jp/x"),
            ("https://EXAMPLE.com:8443/x", "https://EXAMPLE.com:8443/x"),
            (
                "https://bu\u{308}cher.example/",
                "https://bu\u{308}cher.example/",
            ),
            ("http://[2001:DB8::0:1]/", "http://[2001:DB8::0:1]/"),
            ("http://example.com./x", "http://example.com./x"),
            (
                "<a href=\"https://count.example/7\">Read it</a>",
                "https://count.example/7",
            ),
        ] {
            assert_eq!(codes(text), [], "{text}");
            let links = examined(text).links;
            assert_eq!(links[0].expose_untrusted(), target);
        }
    }

    #[test]
    fn a_link_that_does_not_go_where_it_seems_to_is_found() {
        for text in [
            "https://paypal.com@evil.example/login",
            "https://user:pw@example.com/",
            "http://аррӏе.com/",
            "http://раураl.com/",
            "http://xn--80ak6aa92e.com/",
            "[paypal.com](http://evil.example/)",
            "<a href=\"https://evil.example/\">https://paypal.com</a>",
            "http://ｐａｙｐａｌ.com/",
            "https://paypal.com%2eevil.example",
            "http://2130706433/",
            "https://google.com／login.evil.example/",
            "write to dana@аррӏе.com",
            "[https://bank.example](https://bank.evil.example.net/x)",
        ] {
            assert_eq!(codes(text), [SignalCode::LinkSpoof], "{text}");
        }
    }

    #[test]
    fn a_place_for_data_in_a_link_is_found() {
        let long = format!("https://x.example/p?d={}", "QUJD".repeat(40));
        for text in [
            "![](https://x.example/p?d={secret})",
            "https://x.example/?q=[DATA]",
            &long,
        ] {
            assert_eq!(codes(text), [SignalCode::ExfilUrl], "{text}");
        }
    }

    #[test]
    fn many_links_take_bounded_time() {
        let text = "http://a.example/[".repeat(20_000);
        assert!(examined(&text).links.len() <= super::super::MOST_DECODED);
    }
}
