//! What the decision log says in words: codes, reasons, proofs, and where two texts differ.

use crate::model::{Actor, Digest, LogEntry, PeerText};
use crate::text::{SafeLine, ours, sanitise};

/// Lines of either text up to which differences are looked for line by line.
const MOST_LINES: usize = 400;

/// Returns the words for the code of what was done; a code unknown here is spelled out.
pub(super) fn words(code: &str) -> String {
    let known = match code {
        "draft_approved" => "approved out",
        "draft_approved_edited" => "approved out, edited",
        "draft_refused" => "refused out",
        "draft_expired" => "expired, not sent",
        "held_out" => "held out",
        "held_in" => "held in",
        "sent_alone" => "sent alone",
        "relayed" => "posted to relay",
        "not_sent" => "not sent",
        "message_released" => "released in",
        "message_released_clean" => "released in, hidden removed",
        "message_refused" => "refused in",
        "message_passed_on_in_own_words" => "passed on in own words",
        "contact_requested" => "asked for contact",
        "contact_accepted" => "accepted contact",
        "contact_refused" => "refused contact",
        "key_repinned" => "pinned new key",
        "pinned_key_kept" => "kept pinned key",
        "closed_after_key_change" => "closed, key changed",
        "code_compared" => "compared safety code",
        "stopped" => "stopped channel",
        "ended" => "ended engagement",
        "paused" => "paused",
        "resumed" => "resumed",
        "engagement_set" => "set preset",
        "engagement_widened" => "widened preset",
        "instructions_set" => "set instructions",
        "wake_set" => "set wake command",
        "invite_accepted" => "accepted invite",
        "invite_answered_again" => "invite answered twice",
        "invite_replaced" => "replaced invite",
        "invite_cancelled" => "cancelled invite",
        "passphrase_set" => "set passphrase",
        "passphrase_changed" => "changed passphrase",
        "passphrase_removed" => "removed passphrase",
        "log_redacted" => "redacted entry",
        "imported" => "imported channels",
        _ => return ours(&code.replace('_', " ")).plain(),
    };
    known.to_owned()
}

/// Returns who did it, as the table says it; what expired is the clock's doing.
pub(super) fn who(entry: &LogEntry) -> &'static str {
    match entry.actor {
        Actor::Human => "you",
        Actor::Assistant => "assistant",
        Actor::Rule if entry.what == "draft_expired" => "clock",
        Actor::Rule => "rule",
    }
}

/// Tells whether an entry holds all these words, in what is said of it or in its texts.
pub(super) fn holds(entry: &LogEntry, wanted: &[String]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let texts = [&entry.draft, &entry.sent].into_iter().flatten();
    let texts = texts.filter_map(|logged| Some(logged.text.as_ref()?.expose_untrusted()));
    let rule = entry.evidence.rule.as_deref();
    let said = [who(entry).to_owned(), words(&entry.what), why(entry)];
    let all = said.iter().map(String::as_str).chain(rule).chain(texts);
    let all = all.collect::<Vec<_>>().join("\n").to_lowercase();
    wanted.iter().all(|word| all.contains(word.as_str()))
}

/// Returns what there is to say about why, in one short line.
pub(super) fn why(entry: &LogEntry) -> String {
    if entry.what == "draft_approved" && entry.detail.is_empty() {
        return "as drafted".to_owned();
    }
    if let Some((draft, sent)) = both(entry).filter(|_| entry.what == "draft_approved_edited") {
        let (draft, sent) = (lines_of(draft), lines_of(sent));
        let changed = difference(&draft, &sent);
        let out = changed.iter().filter(|(sign, _)| *sign == '−').count();
        let lines = out.max(changed.len() - out);
        return match lines {
            1 => "1 line differs".to_owned(),
            _ => format!("{lines} lines differ"),
        };
    }
    let evidence = &entry.evidence;
    let first = [Some(entry.detail.as_str()), evidence.rule.as_deref()]
        .into_iter()
        .flatten()
        .find(|words| !words.is_empty());
    let signals = match evidence.signals.len() {
        0 => String::new(),
        1 => "1 signal".to_owned(),
        count => format!("{count} signals"),
    };
    first.map_or(signals, |words| ours(words).plain())
}

/// Returns the first four and the last two digits of a digest.
pub(super) fn proof(digest: &Digest) -> String {
    let hex = digest.hex();
    let head: String = hex.chars().take(4).collect();
    let tail: String = hex.chars().skip(62).collect();
    format!("{head}…{tail}")
}

/// Returns a count with a comma between thousands.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the draft and what went on in its place, where both are there to compare.
pub(super) fn both(entry: &LogEntry) -> Option<(&PeerText, &PeerText)> {
    let draft = entry.draft.as_ref()?.text.as_ref()?;
    Some((draft, entry.sent.as_ref()?.text.as_ref()?))
}

/// Returns the lines of a text, hidden characters shown.
pub(super) fn lines_of(text: &PeerText) -> Vec<String> {
    sanitise(text).lines().iter().map(SafeLine::plain).collect()
}

/// Returns the lines that are only in `draft` (`−`) and only in `sent` (`+`), in reading order.
///
/// A longest common subsequence of lines stands for what both have. Texts of more than
/// [`MOST_LINES`] differing lines count as different throughout: the table is quadratic.
pub(super) fn difference<'a>(draft: &'a [String], sent: &'a [String]) -> Vec<(char, &'a str)> {
    let head = draft.iter().zip(sent).take_while(|(a, b)| a == b).count();
    let tail = draft.iter().skip(head).rev();
    let tail = tail.zip(sent.iter().skip(head).rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let middle = |lines: &'a [String]| -> Vec<&'a str> {
        let count = lines.len() - head - tail;
        let inner = lines.iter().skip(head).take(count);
        inner.map(String::as_str).collect()
    };
    let (old, new) = (middle(draft), middle(sent));
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        let old = old.into_iter().map(|line| ('−', line));
        return old.chain(new.into_iter().map(|line| ('+', line))).collect();
    }
    // common[i][j]: the most lines that old[i..] and new[j..] share in order.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    let at = |table: &[Vec<usize>], i: usize, j: usize| {
        table
            .get(i)
            .and_then(|row| row.get(j))
            .copied()
            .unwrap_or(0)
    };
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let best = if one == other {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j, mut changed) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(one), Some(other)) if one == other => (i, j) = (i + 1, j + 1),
            (Some(one), other)
                if other.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) =>
            {
                changed.push(('−', *one));
                i += 1;
            }
            (_, Some(other)) => {
                changed.push(('+', *other));
                j += 1;
            }
            (_, None) => return changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Evidence, LoggedText, UnixMillis};

    fn entry(actor: Actor, what: &str) -> LogEntry {
        LogEntry {
            number: 1,
            at: UnixMillis(0),
            actor,
            what: what.to_owned(),
            channel: None,
            detail: String::new(),
            evidence: Evidence::default(),
            draft: None,
            sent: None,
            previous: Digest([0; 32]),
            digest: Digest([0xab; 32]),
        }
    }

    fn logged(text: &str) -> LoggedText {
        LoggedText {
            text: Some(PeerText::new(text)),
            digest: Digest([1; 32]),
        }
    }

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn codes_are_said_in_words_and_unknown_ones_are_spelled_out() {
        assert_eq!(words("draft_approved_edited"), "approved out, edited");
        assert_eq!(
            words("message_released_clean"),
            "released in, hidden removed"
        );
        assert_eq!(words("moon_landed"), "moon landed");
    }

    #[test]
    fn an_expiry_is_the_clocks_doing() {
        assert_eq!(who(&entry(Actor::Rule, "draft_expired")), "clock");
        assert_eq!(who(&entry(Actor::Rule, "held_in")), "rule");
        assert_eq!(who(&entry(Actor::Human, "stopped")), "you");
    }

    #[test]
    fn an_edited_draft_says_how_many_lines_differ() {
        let mut edited = entry(Actor::Human, "draft_approved_edited");
        edited.draft = Some(logged("one\ntwo\nthree"));
        edited.sent = Some(logged("one\nzwei\nthree"));
        assert_eq!(why(&edited), "1 line differs");
        edited.sent = Some(logged("one\nzwei\ndrei\nvier"));
        assert_eq!(why(&edited), "3 lines differ");
        edited.draft = Some(LoggedText {
            text: None,
            digest: Digest([1; 32]),
        });
        assert_eq!(why(&edited), "");
    }

    #[test]
    fn a_proof_is_the_ends_of_the_digest() {
        assert_eq!(proof(&Digest([0xab; 32])), "abab…ab");
    }

    #[test]
    fn thousands_have_commas() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_248), "1,248");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn a_difference_names_the_lines_that_only_one_side_has() {
        let (old, new) = (lines("a b c d"), lines("a c x d"));
        assert_eq!(difference(&old, &new), [('−', "b"), ('+', "x")]);
        assert_eq!(difference(&old, &old), []);
        assert_eq!(difference(&[], &lines("a")), [('+', "a")]);
        assert_eq!(difference(&lines("a"), &[]), [('−', "a")]);
    }

    #[test]
    fn a_repeated_line_is_counted_once_more() {
        assert_eq!(difference(&lines("a a"), &lines("a a a")), [('+', "a")]);
    }

    #[test]
    fn texts_that_differ_in_very_many_lines_differ_throughout() {
        let many: Vec<_> = (0..=MOST_LINES).map(|line| line.to_string()).collect();
        let mut other = many.clone();
        other.insert(0, "first".to_owned());
        other.push("last".to_owned());
        let changed = difference(&many, &other);
        assert_eq!(changed.len(), many.len() + other.len());
    }

    #[test]
    fn both_sides_can_be_told_from_a_difference() {
        use proptest::prelude::*;
        let text = || prop::collection::vec("[abc]", 0..12);
        proptest!(|(old in text(), new in text())| {
            let changed = difference(&old, &new);
            let kept = |sign, lines: &[String]| {
                lines.len() - changed.iter().filter(|(own, _)| *own == sign).count()
            };
            prop_assert_eq!(kept('−', &old), kept('+', &new));
        });
    }
}
