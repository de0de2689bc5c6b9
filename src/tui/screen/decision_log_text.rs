//! What the decision log says in words: codes, reasons, proofs, and where two texts differ.

use std::cell::OnceCell;

use crate::model::{Actor, Digest, LogEntry, PeerText};
use crate::text::{SafeLine, ours, sanitise};
use crate::tui::widget::diff::{self, Fate};

/// An entry with what takes a comparison of its texts to say, worked out once, when it first
/// comes on the screen.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) logged: LogEntry,
    told: OnceCell<Told>,
}

#[derive(Debug)]
struct Told {
    changed: Vec<(Fate, SafeLine)>,
    why: String,
}

impl Entry {
    pub(super) fn new(logged: LogEntry) -> Self {
        Self {
            logged,
            told: OnceCell::new(),
        }
    }

    fn told(&self) -> &Told {
        self.told.get_or_init(|| {
            let changed = difference(&self.logged);
            let why = why(&self.logged, &changed);
            Told { changed, why }
        })
    }

    /// Returns what there is to say about why, in one short line.
    pub(super) fn why(&self) -> &str {
        &self.told().why
    }

    /// Returns the lines that only one of its two texts has, in reading order; `None` where
    /// there are no two texts.
    pub(super) fn changed(&self) -> Option<&[(Fate, SafeLine)]> {
        self.has_both().then(|| self.told().changed.as_slice())
    }

    /// Tells whether it holds all these words, in small letters, in what is said of it or in
    /// its texts.
    pub(super) fn holds(&self, wanted: &[String]) -> bool {
        if wanted.is_empty() {
            return true;
        }
        let entry = &self.logged;
        let texts = [&entry.draft, &entry.sent].into_iter().flatten();
        let texts = texts.filter_map(|logged| Some(logged.text.as_ref()?.expose_untrusted()));
        let what = words(&entry.what);
        let said = [who(entry), &what, self.why()].into_iter();
        let all = said.chain(entry.evidence.rule.as_deref()).chain(texts);
        let all = all.collect::<Vec<_>>().join("\n").to_lowercase();
        wanted.iter().all(|word| all.contains(word.as_str()))
    }

    /// Tells whether there are two texts to compare.
    pub(super) fn has_both(&self) -> bool {
        both(&self.logged).is_some()
    }
}

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
        "contact_blocked" => "blocked contact",
        "contact_asked" => "asked them for contact",
        "contact_requested_again" => "asked for contact again",
        "contact_accepted_us" => "they accepted you",
        "contact_moved" => "reached elsewhere now",
        "contact_move_accepted" => "took new address",
        "contact_move_refused" => "kept old address",
        "identity_made" => "made identity",
        "identity_renewed" => "new API key",
        "identity_left" => "left login",
        "contact_added" => "added contact",
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

fn why(entry: &LogEntry, changed: &[(Fate, SafeLine)]) -> String {
    if entry.what == "draft_approved" && entry.detail.is_empty() {
        return "as drafted".to_owned();
    }
    if entry.what == "draft_approved_edited" && both(entry).is_some() {
        let out = changed.iter().filter(|(fate, _)| *fate == Fate::Removed);
        let out = out.count();
        return match out.max(changed.len() - out) {
            1 => "1 line differs".to_owned(),
            lines => format!("{lines} lines differ"),
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
pub(in crate::tui) fn grouped(count: u64) -> String {
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
fn both(entry: &LogEntry) -> Option<(&PeerText, &PeerText)> {
    let draft = entry.draft.as_ref()?.text.as_ref()?;
    Some((draft, entry.sent.as_ref()?.text.as_ref()?))
}

fn difference(entry: &LogEntry) -> Vec<(Fate, SafeLine)> {
    let Some((draft, sent)) = both(entry) else {
        return Vec::new();
    };
    let (draft, sent) = (sanitise(draft), sanitise(sent));
    diff::between(draft.lines(), sent.lines())
        .into_iter()
        .filter(|(fate, _)| *fate != Fate::Kept)
        .map(|(fate, line)| (fate, line.clone()))
        .collect()
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

    fn why(entry: &LogEntry) -> String {
        Entry::new(entry.clone()).why().to_owned()
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
        let mut edited = entry(Actor::Human, "draft_approved_edited");
        assert_eq!(Entry::new(edited.clone()).changed(), None);
        edited.draft = Some(logged("a\nb\nc\nd"));
        edited.sent = Some(logged("a\nc\nx\nd"));
        let edited = Entry::new(edited);
        let changed = edited.changed().unwrap().iter();
        let changed: Vec<_> = changed.map(|(fate, line)| (*fate, line.plain())).collect();
        let line = |text: &str| text.to_owned();
        assert_eq!(
            changed,
            [(Fate::Removed, line("b")), (Fate::Added, line("x"))]
        );
    }
}
