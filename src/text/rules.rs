//! Wording rules: which words stand together in a text that steers an assistant.
//!
//! A rule fires when classes of words (`rules/words*.txt`) stand near each other in one sentence
//! (`rules/rules.txt`). Negation before it, and talk about such texts around it, lower what it
//! found to a note, which holds nothing on its own. Marks of turns, tools and markup are read
//! from the text as it is (`rules/markup.rs`).
//!
//! Must not: hold on a single weak word, take time that is not linear, or do I/O.

pub(super) mod lexicon;
mod markup;
mod table;

pub(super) use markup::is_page;

use lexicon::{Hit, Mask};
use table::{Pattern, Rule, Step};

use super::LONGEST_EVIDENCE;
use super::views::{self, View};
use crate::model::{PeerText, Severity, Signal, SignalCode, SignalKind, TextSpan};

/// Steps that the search for one rule may take in one sentence.
const MOST_STEPS: usize = 400;

/// Bytes between the findings that one rule joins: a long letter has all of them by chance.
const FARTHEST: usize = 600;

/// Bytes of a message that are read from its start; a person does not read further at a sitting.
const HEAD: usize = 48 * 1024;

/// Bytes that are read from the end of a message that is longer still.
const TAIL: usize = 16 * 1024;

/// What the rules read out of a message.
#[derive(Debug)]
pub(super) struct Reading {
    /// What they found, in the order of where it stands.
    pub(super) signals: Vec<Signal>,
    /// What was encoded in it.
    pub(super) decoded: Vec<String>,
    /// The views beside the main one that a rule found something in, for the model to read.
    pub(super) respelled: Vec<String>,
}

/// Reads a message. `hidden` are texts that other checks found in it in invisible characters.
///
/// Of a large one it reads the head and the tail; that it is large is another check's finding.
pub(super) fn read(text: &str, hidden: &[&str]) -> Reading {
    if text.len() <= HEAD + TAIL {
        return part(text, hidden);
    }
    let (head, tail) = ends(text);
    let mut reading = part(head, hidden);
    let mut last = part(tail, &[]);
    let skipped = text.len() - tail.len();
    for signal in &mut last.signals {
        signal.span.start += skipped;
        signal.span.end += skipped;
    }
    reading.signals.append(&mut last.signals);
    reading.decoded.append(&mut last.decoded);
    reading.respelled.append(&mut last.respelled);
    reading
}

/// Returns what is read of a text: of a small one all, of a large one its head and its tail.
pub(super) fn ends(text: &str) -> (&str, &str) {
    if text.len() <= HEAD + TAIL {
        return (text, "");
    }
    let (head, rest) = text.split_at(views::floor(text, HEAD));
    let (_, tail) = rest.split_at(views::ceil(rest, rest.len().saturating_sub(TAIL)));
    (head, tail)
}

fn part(text: &str, hidden: &[&str]) -> Reading {
    let views = views::of(text, hidden);
    let page = is_page(text);
    let mut findings = Findings::default();
    let mut plain = 0;
    let mut respelled = Vec::new();
    for (index, view) in views.all.iter().enumerate() {
        if index == 0 {
            let discusses = words(view, &mut findings);
            if page {
                findings.lower(SignalCode::InjHiddenMarkup);
            }
            marks(text, discusses, &mut findings);
            plain = findings.all.len();
            continue;
        }
        let mut inner = Findings::default();
        words(view, &mut inner);
        if page {
            inner.lower(SignalCode::InjHiddenMarkup);
        }
        let known = findings.all.get(..plain).unwrap_or_default();
        let news = inner.all.into_iter().filter(|finding| {
            !known
                .iter()
                .any(|known| known.code == finding.code && known.severity >= finding.severity)
        });
        let news: Vec<_> = news.collect();
        if !news.is_empty() {
            respelled.push(view.text.clone());
        }
        findings.unveil(news);
    }
    for decoded in &views.decoded {
        let mut inner = Findings::default();
        marks(decoded, false, &mut inner);
        for finding in &mut inner.all {
            finding.span = (0, text.len());
        }
        findings.unveil(inner.all);
    }
    Reading {
        signals: findings.signals(text),
        decoded: views.decoded,
        respelled,
    }
}

/// Adds what the marks of a text say. Talk about such marks quotes one, as a forger does not.
fn marks(text: &str, discusses: bool, findings: &mut Findings) {
    markup::find(text, &mut |code, severity, start, end| {
        let told = discusses && code == SignalCode::InjBoundary;
        let severity = if told { Severity::Note } else { severity };
        let evidence = text.get(start..end).unwrap_or_default();
        findings.add(code, severity, (start, end), evidence);
    });
}

/// One finding before it is a signal.
#[derive(Debug)]
struct Finding {
    code: SignalCode,
    severity: Severity,
    span: (usize, usize),
    evidence: String,
}

impl Finding {
    /// Takes in another finding that starts where this one does.
    fn widen(&mut self, other: &Self) {
        if self.span.0 == other.span.0 && self.span.1 < other.span.1 {
            self.span = other.span;
            self.evidence.clone_from(&other.evidence);
        }
    }
}

/// All findings of a message.
#[derive(Debug, Default)]
struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, code: SignalCode, severity: Severity, span: (usize, usize), evidence: &str) {
        self.all.push(Finding {
            code,
            severity,
            span,
            evidence: evidence.chars().take(LONGEST_EVIDENCE).collect(),
        });
    }

    /// Makes a note of what was found of a code: a page of HTML has scripts and frames.
    fn lower(&mut self, code: SignalCode) {
        for finding in self.all.iter_mut().filter(|finding| finding.code == code) {
            finding.severity = Severity::Note;
        }
    }

    /// Adds what was found in a view that had to be decoded first, and names the hiding: an
    /// odd spelling hides nothing by accident once words stand together in it that a rule knows.
    fn unveil(&mut self, found: Vec<Finding>) {
        let worst = found.iter().max_by_key(|finding| finding.severity);
        let Some(worst) = worst else { return };
        let severity = worst.severity.min(Severity::High);
        self.add(
            SignalCode::InjObfuscated,
            severity,
            worst.span,
            &worst.evidence.clone(),
        );
        self.all.extend(found);
    }

    /// Keeps the strongest finding of each code, and of equals the first.
    fn signals(self, text: &str) -> Vec<Signal> {
        let mut kept: Vec<Finding> = Vec::new();
        for finding in self.all {
            match kept.iter_mut().find(|kept| kept.code == finding.code) {
                Some(known) if known.severity == finding.severity => known.widen(&finding),
                Some(known) if known.severity > finding.severity => {}
                Some(known) => *known = finding,
                None => kept.push(finding),
            }
        }
        kept.sort_by_key(|finding| (finding.span, finding.code));
        kept.into_iter()
            .map(|finding| Signal {
                code: finding.code,
                kind: SignalKind::Rule,
                severity: finding.severity,
                span: TextSpan {
                    start: views::floor(text, finding.span.0),
                    end: views::ceil(text, finding.span.1.max(finding.span.0)),
                },
                evidence: PeerText::new(finding.evidence),
            })
            .collect()
    }
}

/// What one view says.
#[derive(Debug)]
struct Context<'a> {
    view: &'a View,
    /// The classes of words with a part to play for every rule.
    marks: Marks,
    /// The view talks about attacks at all.
    discusses: bool,
}

/// Classes that the engine itself knows.
#[derive(Clone, Copy, Debug)]
struct Marks {
    negation: Mask,
    asks: Mask,
    discuss: Mask,
}

impl Marks {
    fn new() -> Self {
        let class = |name| lexicon::class(name).unwrap_or_default();
        Self {
            negation: class("negation"),
            asks: class("asks"),
            discuss: class("discuss"),
        }
    }
}

/// Adds what the words of a view say; tells whether they talk about attacks.
fn words(view: &View, findings: &mut Findings) -> bool {
    let hits = lexicon::hits(view);
    if hits.is_empty() {
        return false;
    }
    let marks = Marks::new();
    let context = Context {
        view,
        marks,
        discusses: hits.iter().any(|hit| hit.mask & marks.discuss != 0),
    };
    let rules = table::rules();
    let mut fired: Vec<Option<(Severity, usize, usize)>> = vec![None; rules.len()];
    let mut from = 0;
    let mut rest = hits.as_slice();
    for end in &view.ends {
        let (sentence, later) = rest.split_at(rest.partition_point(|hit| hit.start < *end));
        rest = later;
        if !sentence.is_empty() {
            context.sentence(rules, sentence, from, &mut fired);
        }
        from = *end;
    }
    context.together(rules, &mut fired);
    for (rule, fired) in rules.iter().zip(fired) {
        if let Some((severity, start, end)) = fired {
            let evidence = view.text.get(start..end).unwrap_or_default();
            findings.add(rule.code, severity, view.original(start, end), evidence);
        }
    }
    context.discusses
}

type Fired = Option<(Severity, usize, usize)>;

impl Context<'_> {
    fn sentence(&self, rules: &[Rule], hits: &[Hit], from: usize, fired: &mut [Fired]) {
        let seen = hits.iter().fold(0, |mask, hit| mask | hit.mask);
        for (rule, fired) in rules.iter().zip(fired) {
            if rule.needs.iter().any(|need| seen & need == 0) {
                continue;
            }
            let Pattern::Sentence {
                steps,
                without,
                any_order,
            } = &rule.pattern
            else {
                continue;
            };
            if steps.iter().any(|step| seen & step.mask == 0) {
                continue;
            }
            if fired.is_some_and(|(severity, ..)| severity >= rule.severity) {
                continue;
            }
            let mut search = Search {
                hits,
                asks: self.marks.asks,
                steps_left: MOST_STEPS,
                from,
            };
            let found = match any_order {
                Some(words) => search.any_order(steps, *words),
                None => search.ordered(steps),
            };
            let Some((start, end)) = found else { continue };
            let spoilt = |hit: &Hit| hit.mask & without != 0 && (start..end).contains(&hit.start);
            if hits.iter().any(spoilt) {
                continue;
            }
            let severity = self.lowered(rule, hits, seen, start);
            if fired.is_none_or(|(known, ..)| known < severity) {
                *fired = Some((severity, start, end));
            }
        }
    }

    /// Lowers what is denied, or only talked about.
    fn lowered(&self, rule: &Rule, hits: &[Hit], seen: Mask, start: usize) -> Severity {
        if rule.plain {
            return rule.severity;
        }
        let word = hits
            .iter()
            .find(|hit| hit.start == start)
            .map_or(0, |hit| hit.first);
        let denied = hits.iter().any(|hit| {
            hit.mask & self.marks.negation != 0 && hit.end <= start && word <= hit.last + 2
        });
        let told = seen & self.marks.discuss != 0;
        let quoted = self.discusses && self.quoted(start);
        if denied || told || quoted {
            Severity::Note
        } else {
            rule.severity
        }
    }

    /// Tells whether a place stands inside quotation marks that opened not far before it.
    fn quoted(&self, start: usize) -> bool {
        let text = &self.view.text;
        let from = views::floor(text, start.saturating_sub(200));
        let Some(before) = text.get(from..start) else {
            return false;
        };
        let opens = |(at, _): &(usize, &str)| {
            let after_space = before
                .get(..*at)
                .and_then(|head| head.chars().next_back())
                .is_none_or(|c| c.is_whitespace() || c == '(' || c == ':');
            let touches = before
                .get(at + 1..)
                .is_none_or(|tail| !tail.starts_with(' '));
            after_space && touches
        };
        let marks: Vec<_> = before.match_indices(['"', '\'', '`']).collect();
        let last_open = marks.iter().rposition(opens);
        let Some((at, mark)) = last_open.and_then(|index| marks.get(index)) else {
            return false;
        };
        // A mark after which a space or a stop follows closes the quotation.
        !marks.iter().any(|(later, closing)| {
            later > at
                && closing == mark
                && before
                    .get(later + 1..)
                    .and_then(|tail| tail.chars().next())
                    .is_some_and(|c| !c.is_alphanumeric())
        })
    }

    /// Fires the rules that join others, one after the other, so that joined ones can join.
    fn together(&self, rules: &[Rule], fired: &mut [Fired]) {
        for (index, rule) in rules.iter().enumerate() {
            let Pattern::Together(parts) = &rule.pattern else {
                continue;
            };
            let found: Option<Vec<_>> = parts
                .iter()
                .map(|part| fired.get(*part).copied().flatten())
                .collect();
            let Some(found) = found else { continue };
            let starts = || found.iter().map(|(_, start, _)| *start);
            let (Some(first), Some(from), Some(to)) =
                (found.first(), starts().min(), starts().max())
            else {
                continue;
            };
            if to - from > FARTHEST {
                continue;
            }
            let severity = if self.discusses && !rule.plain {
                Severity::Note
            } else {
                rule.severity
            };
            if let Some(fired) = fired.get_mut(index) {
                *fired = Some((severity, first.1, first.2));
            }
        }
    }
}

/// The search for the steps of one rule in one sentence.
#[derive(Debug)]
struct Search<'a> {
    hits: &'a [Hit],
    asks: Mask,
    steps_left: usize,
    /// Where the sentence starts.
    from: usize,
}

impl Search<'_> {
    fn ordered(&mut self, steps: &[Step]) -> Option<(usize, usize)> {
        let (first, rest) = steps.split_first()?;
        for (index, hit) in self.hits.iter().enumerate() {
            if hit.mask & first.mask == 0 || (first.leads && !self.leads(index, hit)) {
                continue;
            }
            if let Some(end) = self.follow(index, hit, rest) {
                return Some((hit.start, end.max(hit.end)));
            }
            if self.steps_left == 0 {
                return None;
            }
        }
        None
    }

    /// Looks for the other steps after a hit; returns where the last one ends.
    fn follow(&mut self, index: usize, before: &Hit, steps: &[Step]) -> Option<usize> {
        let Some((step, rest)) = steps.split_first() else {
            return Some(before.end);
        };
        for (offset, hit) in self.hits.get(index + 1..)?.iter().enumerate() {
            self.steps_left = self.steps_left.checked_sub(1)?;
            if hit.first > before.last + step.gap + 1 {
                return None;
            }
            if hit.mask & step.mask == 0 || hit.start < before.end {
                continue;
            }
            if let Some(end) = self.follow(index + 1 + offset, hit, rest) {
                return Some(end);
            }
        }
        None
    }

    fn any_order(&mut self, steps: &[Step], words: usize) -> Option<(usize, usize)> {
        for (index, hit) in self.hits.iter().enumerate() {
            let window = self.hits.get(index..)?;
            let count = window.partition_point(|later| later.first <= hit.first + words);
            let window = window.get(..count)?;
            if !steps.iter().any(|step| step.mask & hit.mask != 0) {
                continue;
            }
            self.steps_left = self.steps_left.checked_sub(window.len())?;
            let first_of = |step: &Step| window.iter().find(|hit| hit.mask & step.mask != 0);
            let ends: Option<Vec<usize>> = steps
                .iter()
                .map(|step| first_of(step).map(|hit| hit.end))
                .collect();
            if let Some(end) = ends.and_then(|ends| ends.into_iter().max()) {
                return Some((hit.start, end.max(hit.end)));
            }
        }
        None
    }

    /// Tells whether a hit begins its sentence or follows a word that asks.
    fn leads(&self, index: usize, hit: &Hit) -> bool {
        let begins = self
            .hits
            .first()
            .is_some_and(|first| first.start == hit.start)
            && hit.start <= self.from + 3;
        begins
            || self.hits.get(..index).is_some_and(|before| {
                before.iter().any(|ask| {
                    ask.mask & self.asks != 0 && ask.end <= hit.start && hit.first <= ask.last + 2
                })
            })
    }
}

#[cfg(test)]
mod tests;
