//! Reads the rule table: which classes of words must stand together, in which order, how near.
//!
//! One rule a line: `name | CODE | severity | pattern`. A pattern names classes in order, with
//! the words that may stand between two of them as a number (4 if there is none); `a/b` is
//! either class, `-a` forbids a class
//! between the first and the last, `^a` wants the word to begin the sentence
//! or to follow a word that asks (`please`, `must`), `~12` instead lets the classes stand in any
//! order within twelve words. A pattern that begins with `=` joins rules by name: all must have
//! fired, within a few hundred bytes of the view.

use std::sync::LazyLock;

use super::lexicon::{self, Mask};
use crate::model::{Severity, SignalCode};

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let lines = [include_str!("rules.txt")].into_iter().flat_map(str::lines);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(Rule::parse)
        .collect()
});

/// Words that may stand between two classes if the rule names no number.
const GAP: usize = 4;

/// A rule of the table.
#[derive(Debug)]
pub(super) struct Rule {
    /// What other rules call it.
    #[cfg(test)]
    pub(super) name: &'static str,
    /// What it finds.
    pub(super) code: SignalCode,
    /// How much that weighs.
    pub(super) severity: Severity,
    /// Classes of which a sentence has at least one each where the rule fires: those of its first
    /// two steps. They lie here to be looked at for every sentence.
    pub(super) needs: [Mask; 2],
    /// When it fires.
    pub(super) pattern: Pattern,
    /// Negation before it turns it round, and talk about it lowers it.
    pub(super) plain: bool,
}

/// When a rule fires.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Classes in one sentence.
    Sentence {
        /// The classes, in order unless `any_order` is set.
        steps: Vec<Step>,
        /// Classes that must not stand between the first and the last of them.
        without: Mask,
        /// The words within which they may stand in any order.
        any_order: Option<usize>,
    },
    /// Other rules of the same view, by their place in the table.
    Together(Vec<usize>),
}

impl Pattern {
    fn needs(&self) -> [Mask; 2] {
        match self {
            Self::Sentence { steps, .. } => {
                let need = |place: usize| steps.get(place).map_or(Mask::MAX, |step| step.mask);
                [need(0), need(1)]
            }
            // It is no matter of one sentence.
            Self::Together(_) => [0, 0],
        }
    }
}

/// A class that must occur.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Any of these classes.
    pub(super) mask: Mask,
    /// The most words between the step before and this one.
    pub(super) gap: usize,
    /// It begins the sentence or follows a word that asks.
    pub(super) leads: bool,
}

impl Rule {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('|').map(str::trim);
        let (name, code, severity) = (fields.next()?, fields.next()?, fields.next()?);
        let severity = match severity {
            "note" => Severity::Note,
            "low" => Severity::Low,
            "medium" => Severity::Medium,
            "high" => Severity::High,
            "critical" => Severity::Critical,
            _ => return None,
        };
        let pattern = fields.next()?;
        let pattern = match pattern.strip_prefix('=') {
            Some(names) => Pattern::Together(together(names)?),
            None => sentence(pattern)?,
        };
        Some(Self {
            #[cfg(test)]
            name: name.trim_end_matches('!'),
            code: SignalCode::parse(code)?,
            severity,
            needs: pattern.needs(),
            pattern,
            plain: name.ends_with('!'),
        })
    }
}

/// Rules that a joined one names must stand above it.
fn together(names: &'static str) -> Option<Vec<usize>> {
    let table = include_str!("rules.txt");
    let known: Vec<&str> = table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split('|').next())
        .map(|name| name.trim().trim_end_matches('!'))
        .collect();
    names
        .split_whitespace()
        .map(|name| known.iter().position(|known| *known == name))
        .collect()
}

fn sentence(pattern: &str) -> Option<Pattern> {
    let mut steps = Vec::new();
    let mut without = 0;
    let mut any_order = None;
    let mut gap = GAP;
    for word in pattern.split_whitespace() {
        if let Ok(number) = word.parse() {
            gap = number;
        } else if let Some(words) = word.strip_prefix('~') {
            any_order = Some(words.parse().ok()?);
        } else if let Some(class) = word.strip_prefix('-') {
            without |= mask(class)?;
        } else {
            steps.push(Step {
                mask: mask(word.trim_start_matches('^'))?,
                gap,
                leads: word.starts_with('^'),
            });
            gap = GAP;
        }
    }
    (!steps.is_empty()).then_some(Pattern::Sentence {
        steps,
        without,
        any_order,
    })
}

fn mask(classes: &str) -> Option<Mask> {
    classes
        .split('/')
        .try_fold(0, |mask, name| Some(mask | lexicon::class(name)?))
}

/// Returns the table.
pub(super) fn rules() -> &'static [Rule] {
    &RULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_rule_with_a_name_of_its_own() {
        let lines = include_str!("rules.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut names = Vec::new();
        for line in lines {
            let rule = Rule::parse(line).unwrap_or_else(|| panic!("no rule: {line}"));
            assert!(!names.contains(&rule.name), "{} stands twice", rule.name);
            names.push(rule.name);
        }
        assert_eq!(names.len(), rules().len());
    }
}
