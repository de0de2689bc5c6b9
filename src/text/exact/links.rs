//! Links: where they really lead, and which of them only seem to lead there.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
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
const LOOK_ALIKES: &str = "аеорсухіјѕһԁԛԝьтмнквгзӏαοιρνκτυχεɑɡ";

/// Finds what begins a link.
static SCHEMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["https://", "http://", "ftp://", "www."])
        .expect("four short words make a table: a test builds it")
});

/// Looks at every link of the text.
pub(super) fn examine(findings: &mut Findings<'_>) {
    let text = findings.text;
    let mut place = 0;
    for _ in 0..MOST_LINKS {
        let Some(span) = next(text, place) else {
            return;
        };
        place = span.end.max(place + 1);
        look(findings, span);
    }
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
    let full = if raw
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("www."))
    {
        format!("http://{raw}")
    } else {
        raw.to_owned()
    };
    let Ok(url) = Url::parse(&full) else {
        return;
    };
    findings.link(raw);
    let host = url.host_str().unwrap_or_default().to_owned();
    let (shown, _) = idna::domain_to_unicode(&host);
    let names_another = !url.username().is_empty() || url.password().is_some();
    if names_another || (shown != host && shown.split('.').any(passes_for_latin)) {
        spoofed(findings, span, &format!("{raw} leads to {host}"));
    } else if let Some(name) = named_otherwise(findings.text, span.start, &host) {
        spoofed(findings, span, &format!("{name} leads to {raw}"));
    }
    if carries_data(raw) {
        findings.add(SignalCode::ExfilUrl, Severity::High, span);
    }
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

/// Returns the host that the text of a Markdown link names, where it is not the target's.
fn named_otherwise<'t>(text: &'t str, start: usize, host: &str) -> Option<&'t str> {
    let before = text.get(..start)?.strip_suffix("](")?;
    let from = floor(before, before.len().saturating_sub(LONGEST_NAME));
    let name = before.get(from..)?.rsplit('[').next()?;
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
