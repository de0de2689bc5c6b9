//! A corpus of hostile and honest texts, read by the built program as `scan --jsonl` reads it.
//!
//! Hostile ones are made by code, family by family. What is asked of each is the contract of a
//! message on a screen: marked and flagged for a named reason, what hides in it told, every row
//! within the width and free of what terminals obey. Widths are counted here, by another crate
//! than the program's own measure is checked with.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::selectors;

mod attacks;
mod honest;
mod spoofs;
mod unseen;

/// One hostile text and what has to be said of it.
#[derive(Clone)]
struct Attack {
    family: &'static str,
    bytes: Vec<u8>,
    /// A finding of one of these codes, or of one that begins so.
    codes: &'static [&'static str],
    decoded: Option<String>,
    target: Option<String>,
}

impl Attack {
    /// What hides in it has to be told.
    fn decodes(mut self, message: &str) -> Self {
        self.decoded = Some(message.to_owned());
        self
    }

    /// Where it leads has to be told.
    fn leads_to(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }
}

fn attack(family: &'static str, codes: &'static [&'static str], bytes: impl AsRef<[u8]>) -> Attack {
    Attack {
        family,
        bytes: bytes.as_ref().to_vec(),
        codes,
        decoded: None,
        target: None,
    }
}

/// Puts a sequence into a sentence.
fn around(sequence: &str) -> String {
    format!("See you {sequence} on Friday.")
}

/// One family of sequences that one code names.
fn each(family: &'static str, codes: &'static [&'static str], sequences: &[&str]) -> Vec<Attack> {
    sequences
        .iter()
        .map(|sequence| attack(family, codes, around(sequence)))
        .collect()
}

/// Writes a text in tag characters.
fn tags(text: &str) -> String {
    text.chars()
        .map(|c| char::from_u32(0xe0000 + u32::from(c)).unwrap())
        .collect()
}

/// Has the built program scan all texts in one process.
fn scan(texts: &[Vec<u8>], width: usize) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chaperon"))
        .args(["scan", "--jsonl", "--width", &width.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = (0..)
        .zip(texts)
        .map(|(id, text): (usize, _)| json!({"id": id, "bytes_b64": STANDARD.encode(text)}))
        .map(|line| line.to_string())
        .collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(input, "{line}").unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(answers.len(), texts.len());
    answers
}

fn strings(answer: &Value, member: &str) -> Vec<String> {
    let list = answer[member].as_array().unwrap();
    list.iter()
        .map(|s| s.as_str().unwrap().to_owned())
        .collect()
}

/// Says what is wrong with rows, whatever text they draw.
fn row_faults(rows: &[String], width: usize, input: &[u8], faults: &mut Vec<String>) {
    for row in rows {
        let sound_marks = row.matches(['\u{ff9e}', '\u{ff9f}']).count();
        let cells: usize = row.graphemes(true).map(UnicodeWidthStr::width).sum();
        if cells + sound_marks > width {
            faults.push(format!("a row of {cells} cells"));
        }
        if let Some(large) = row.graphemes(true).find(|grapheme| grapheme.len() > 64) {
            faults.push(format!("a cell of {} bytes", large.len()));
        }
        if let Some(c) = row.graphemes(true).find_map(forbidden) {
            faults.push(format!("{c:?} in a row"));
        }
    }
    let bytes: usize = rows.iter().map(|row| row.len() + 1).sum();
    if bytes > 4_096 + input.len() * 24 {
        faults.push(format!("{bytes} bytes of rows"));
    }
    faults.dedup();
}

/// Returns what no terminal may get. Joiners, selectors and the tags of flags may shape a
/// character; they never begin one.
fn forbidden(grapheme: &str) -> Option<char> {
    let shapes = |c: char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
    (0..)
        .zip(grapheme.chars())
        .find_map(|(place, c): (usize, char)| {
            let other = c.general_category_group() == GeneralCategoryGroup::Other;
            let separates = matches!(c, '\u{2028}' | '\u{2029}');
            ((other && (place == 0 || !shapes(c))) || separates).then_some(c)
        })
}

/// Tells whether rows hold a mark, which no text can write: its own brackets are doubled.
fn is_marked(rows: &[String]) -> bool {
    let all = rows.concat();
    ["⟦", "⟪"].iter().any(|bracket| {
        let doubled = bracket.repeat(2);
        all.replace(&doubled, "").contains(bracket)
    })
}

fn without_blanks(rows: &[String]) -> String {
    rows.concat()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect()
}

fn attack_faults(attack: &Attack, answer: &Value, width: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let rows = strings(answer, "lines");
    row_faults(&rows, width, &attack.bytes, &mut faults);
    if answer["flagged"] != true {
        faults.push("not flagged".to_owned());
    }
    if !is_marked(&rows) {
        faults.push("not marked".to_owned());
    }
    let codes: BTreeSet<&str> = answer["signals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signal| signal["code"].as_str().unwrap())
        .collect();
    let named = |code: &&str| attack.codes.iter().any(|wanted| code.starts_with(wanted));
    if !codes.iter().any(named) {
        faults.push(format!("named {codes:?}, not {:?}", attack.codes));
    }
    for (wanted, member) in [(&attack.decoded, "decoded"), (&attack.target, "links")] {
        let told = strings(answer, member);
        if let Some(wanted) = wanted
            && !told.iter().any(|text| text.contains(&**wanted))
        {
            faults.push(format!("{member} is {told:?}, not {wanted:?}"));
        }
    }
    faults
}

fn attacks() -> Vec<Attack> {
    [attacks::all(), unseen::all(), spoofs::all()].concat()
}

#[test]
fn every_attack_of_the_corpus_is_marked_named_and_bounded() {
    let attacks = attacks();
    let families: BTreeSet<&str> = attacks.iter().map(|attack| attack.family).collect();
    assert!(attacks.len() >= 350, "{}", attacks.len());
    assert!(families.len() >= 31, "{families:?}");
    let texts: Vec<Vec<u8>> = attacks.iter().map(|attack| attack.bytes.clone()).collect();
    let mut failed = Vec::new();
    for width in [80, 11] {
        for (attack, answer) in attacks.iter().zip(scan(&texts, width)) {
            let text: String = String::from_utf8_lossy(&attack.bytes)
                .chars()
                .take(80)
                .collect();
            for fault in attack_faults(attack, &answer, width) {
                failed.push(format!("{} {text:?}: {fault}", attack.family));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} faults:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn every_honest_text_of_the_corpus_is_drawn_as_it_is() {
    let texts = honest::all();
    assert!(texts.len() >= 100, "{}", texts.len());
    let bytes: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    let mut failed = Vec::new();
    for (text, answer) in texts.iter().zip(scan(&bytes, 80)) {
        let rows = strings(&answer, "lines");
        let mut faults = Vec::new();
        row_faults(&rows, 80, text.as_bytes(), &mut faults);
        if answer["flagged"] != false {
            faults.push(format!("flagged: {}", answer["signals"]));
        }
        // Direction marks and places to break a line do nothing on a screen drawn from left to
        // right; a blank cell of braille is a blank; our brackets are doubled.
        let expected: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '\u{2800}')
            .filter(|c| {
                !matches!(
                    c,
                    '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}'
                )
            })
            .flat_map(|c| {
                let times = if matches!(c, '⟦' | '⟧' | '⟪' | '⟫') {
                    2
                } else {
                    1
                };
                std::iter::repeat_n(c, times)
            })
            .collect();
        let drawn = without_blanks(&rows);
        if drawn != expected {
            faults.push(format!("drawn as {drawn:?}"));
        }
        failed.extend(faults.into_iter().map(|fault| format!("{text:?}: {fault}")));
    }
    assert!(
        failed.is_empty(),
        "{} faults:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
