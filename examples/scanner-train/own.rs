//! Our own texts: short files of lines, expanded into messages.
//!
//! A header `[kind lang label]` says what the lines below it are; `\n` in a line is a line
//! break. Each line is one group. It is used as it stands and inside letters built from the
//! lines of the kind `carrier`, which say what an assistant ordinarily says.

use std::collections::BTreeMap;
use std::path::Path;

use color_eyre::eyre::{Context as _, Result, eyre};

use crate::data::{self, Row};

/// Letters that are built around each line.
const LETTERS: usize = 2;

/// Reads every `.txt` of the folder.
pub(crate) fn read(folder: &Path) -> Result<Vec<Row>> {
    let mut lines = Vec::new();
    for path in data::files(folder, "txt")? {
        let text = std::fs::read_to_string(&path)
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        lines.extend(parse(&text).wrap_err_with(|| format!("in {}", path.display()))?);
    }
    let mut carriers: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.kind == "carrier") {
        carriers.entry(&line.lang).or_default().push(line);
    }
    let mut rows = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        rows.push(line.row(line.text.clone(), number));
        let Some(carriers) = carriers.get(line.lang.as_str()) else {
            continue;
        };
        for letter in 0..LETTERS {
            let text = around(&line.text, carriers, number * LETTERS + letter);
            rows.push(line.row(text, number));
        }
    }
    Ok(rows)
}

/// One line of a file.
struct Line {
    kind: String,
    lang: String,
    label: u8,
    text: String,
}

impl Line {
    fn row(&self, text: String, number: usize) -> Row {
        let kind = if self.kind == "carrier" {
            "a2a_plain"
        } else {
            &self.kind
        };
        Row {
            source: format!("own/{}", self.lang),
            label: self.label,
            text,
            kind: kind.to_owned(),
            group: format!("own/{number}"),
            license: "CC0-1.0".to_owned(),
            origin: String::new(),
            is_dev: false,
            view: String::new(),
        }
    }
}

fn parse(text: &str) -> Result<Vec<Line>> {
    let mut head: Option<(String, String, u8)> = None;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(inside) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let mut words = inside.split_whitespace();
            if let (Some(kind), Some(lang), Some(label)) =
                (words.next(), words.next(), words.next())
                && let Ok(label @ 0..=1) = label.parse()
            {
                head = Some((kind.to_owned(), lang.to_owned(), label));
                continue;
            }
        }
        let (kind, lang, label) = head
            .clone()
            .ok_or_else(|| eyre!("line {} stands below no header", number + 1))?;
        lines.push(Line {
            kind,
            lang,
            label,
            text: line.replace("\\n", "\n"),
        });
    }
    Ok(lines)
}

/// Builds a letter: one to four ordinary lines with this one among them.
fn around(text: &str, carriers: &[&Line], turn: usize) -> String {
    let spread = turn.wrapping_mul(0x9e37_79b1) >> 7;
    let count = 1 + spread % 4;
    let mut parts: Vec<&str> = (0..count)
        .filter_map(|step| carriers.get((spread / 5 + step * 7) % carriers.len()))
        .map(|line| line.text.as_str())
        .collect();
    parts.insert((spread / 3) % (parts.len() + 1), text);
    let joint = ["\n\n", "\n", " "]
        .get(spread / 11 % 3)
        .copied()
        .unwrap_or(" ");
    parts.join(joint)
}
