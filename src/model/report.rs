//! What was found when everything was looked at: whether each part works here.
//!
//! Ready to be shown to strangers: no names, keys, channels or paths of a person stand in it.
//! Who makes a report sees to that.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// How good a finding is; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be, or nothing to worry about.
    Ok,
    /// It works, and could be better or safer.
    Warning,
    /// It does not work.
    Problem,
}

impl Level {
    /// Returns the word for a line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about, in a word or two.
    pub topic: String,
    /// How good it is.
    pub level: Level,
    /// What was found, as one line.
    pub found: String,
    /// What a person can do, as one line; `None` where nothing has to be done.
    pub advice: Option<String>,
}

/// Everything that was found, in the order of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding about which nothing has to be done.
    pub fn ok(&mut self, topic: &str, found: impl Into<String>) {
        self.add(topic, Level::Ok, found.into(), None);
    }

    /// Adds a finding that could be better, and what a person can do.
    pub fn warn(&mut self, topic: &str, found: impl Into<String>, advice: &str) {
        self.add(topic, Level::Warning, found.into(), Some(advice));
    }

    /// Adds a finding that does not work, and what a person can do.
    pub fn problem(&mut self, topic: &str, found: impl Into<String>, advice: &str) {
        self.add(topic, Level::Problem, found.into(), Some(advice));
    }

    fn add(&mut self, topic: &str, level: Level, found: String, advice: Option<&str>) {
        self.findings.push(Finding {
            topic: topic.to_owned(),
            level,
            found,
            advice: advice.map(str::to_owned),
        });
    }

    /// Returns how good the worst finding is.
    pub fn worst(&self) -> Level {
        let levels = self.findings.iter().map(|finding| finding.level);
        levels.max().unwrap_or(Level::Ok)
    }

    /// Returns how many findings are of this level.
    pub fn count(&self, level: Level) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.level == level).count()
    }

    /// Returns the report as lines of text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let level = finding.level.as_str();
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{level:8}{:14}{}", finding.topic, finding.found);
            if let Some(advice) = &finding.advice {
                let _infallible = writeln!(text, "{:22}{advice}", "");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_as_good_as_its_worst_line() {
        let mut report = Report::default();
        assert_eq!(report.worst(), Level::Ok);
        report.ok("size", "80x24");
        report.warn("theme", "unknown", "set one");
        assert_eq!(report.worst(), Level::Warning);
        report.problem("store", "damaged", "restore a copy");
        assert_eq!(report.worst(), Level::Problem);
        assert_eq!(report.count(Level::Ok), 1);
        insta::assert_snapshot!(report.text(), @r"
        ok      size          80x24
        warning theme         unknown
                              set one
        problem store         damaged
                              restore a copy
        ");
    }
}
