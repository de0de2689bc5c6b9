//! `scan`: what the scanner sees in a text, for a person and for programs.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read as _};
use std::path::PathBuf;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Error, Exit, Output};
use crate::model::{PeerText, Signal};
use crate::text;

/// Bytes of one line of JSON at most.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// Bytes of one text at most.
const LONGEST_TEXT: u64 = 64 * 1024 * 1024;
/// Cells of a line of what was found.
const LINE_CELLS: usize = 160;

/// Arguments of `scan`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Needs no profile. What is marked with numbers is explained below the text. With --jsonl every line \
of input is {\"id\", \"text\"} or {\"id\", \"bytes_b64\"}, and every line of output one object.

Example:
  chaperon scan letter.txt
  printf '{\"id\": 1, \"text\": \"hello\"}\\n' | chaperon scan --jsonl")]
pub struct ScanArgs {
    /// File to read; standard input where absent or `-`
    pub file: Option<PathBuf>,
    /// Read and write one JSON object per line
    #[arg(long)]
    pub jsonl: bool,
    /// Cells of a row
    #[arg(long, value_name = "CELLS", default_value_t = 80, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub width: u16,
    /// End with 3 if the text would be held at safe-acquaintance
    #[arg(long, conflicts_with = "jsonl")]
    pub fail: bool,
}

/// Scans. Needs no engine.
pub fn run(args: &ScanArgs, out: &mut Output<'_>) -> Result<Exit, Error> {
    let mut input: Box<dyn BufRead> = match &args.file {
        Some(file) if file.as_os_str() != "-" => {
            let file = std::fs::File::open(file).map_err(|error| unreadable(&error))?;
            Box::new(io::BufReader::new(file))
        }
        Some(_) | None => Box::new(io::stdin().lock()),
    };
    let width = usize::from(args.width);
    if args.jsonl {
        return lines(&mut input, width, out);
    }
    let mut bytes = Vec::new();
    input
        .take(LONGEST_TEXT)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    let text = text::from_bytes(&bytes);
    let scan = text::scan(&text);
    out.text(&for_a_person(&text, &scan, width))?;
    Ok(if args.fail && scan.flagged() {
        Exit::NothingToDo
    } else {
        Exit::Done
    })
}

fn unreadable(error: &io::Error) -> Error {
    Error::File(error.kind().to_string())
}

/// One line of input.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    id: Value,
    text: Option<String>,
    bytes_b64: Option<String>,
}

fn lines(input: &mut dyn BufRead, width: usize, out: &mut Output<'_>) -> Result<Exit, Error> {
    // The tables are built with the first text, which would else take the blame for it.
    text::scan(&PeerText::new("warm up"));
    loop {
        let mut line = Vec::new();
        let read = input
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(&error))?;
        if read == 0 {
            return Ok(Exit::Done);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(&line, width);
        out.text(&format!("{answer}\n"))?;
    }
}

fn answer(line: &[u8], width: usize) -> Value {
    let asked: Asked = match serde_json::from_slice(line) {
        Ok(asked) => asked,
        Err(error) => return json!({ "id": null, "error": format!("not a request: {error}") }),
    };
    let text = match (asked.text, asked.bytes_b64) {
        (Some(text), None) => PeerText::new(text),
        (None, Some(encoded)) => match STANDARD.decode(encoded) {
            Ok(bytes) => text::from_bytes(&bytes),
            Err(error) => return json!({ "id": asked.id, "error": error.to_string() }),
        },
        (Some(_), Some(_)) | (None, None) => {
            let error = "give either text or bytes_b64";
            return json!({ "id": asked.id, "error": error });
        }
    };
    let began = Instant::now();
    let scan = text::scan(&text);
    let rows = text::sanitise_marked(&text, &scan.signals).wrap(width);
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let signals: Vec<Value> = scan.signals.iter().map(|s| as_json(&text, s)).collect();
    let rows: Vec<String> = rows.iter().map(text::SafeLine::plain).collect();
    json!({
        "id": asked.id,
        "flagged": scan.flagged(),
        "level": scan.level().map(crate::model::Severity::as_str),
        "signals": signals,
        "lines": rows,
        "decoded": scan.decoded.iter().map(safe).collect::<Vec<_>>(),
        "links": scan.links.iter().map(safe).collect::<Vec<_>>(),
        "us": micros,
    })
}

fn as_json(text: &PeerText, signal: &Signal) -> Value {
    let span = text::original_range(text, signal.span.start..signal.span.end);
    json!({
        "code": signal.code.as_str(),
        "kind": signal.kind.as_str(),
        "severity": signal.severity.as_str(),
        "span": [span.start, span.end],
        "evidence": safe(&signal.evidence),
    })
}

/// What a text says, fit for any screen. Words of mixed scripts are not marked here: a program
/// looks for the address or the words as they were written.
fn safe(text: &PeerText) -> String {
    let safe = text::sanitise(text);
    let lines = safe.lines().iter().map(|line| {
        let shown = line.spans().iter().filter(|span| !is_word_mark(span));
        shown.map(text::SafeSpan::text).collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_word_mark(span: &text::SafeSpan) -> bool {
    let mark = span.text();
    span.kind() == text::SpanKind::Mark && (mark.starts_with('⟪') || mark.ends_with('⟫'))
}

fn for_a_person(text: &PeerText, scan: &text::Scan, width: usize) -> String {
    let mut shown = String::new();
    for row in text::sanitise_marked(text, &scan.signals).wrap(width.saturating_sub(2).max(1)) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(shown, "┆ {}", row.plain());
    }
    shown.push('\n');
    for (number, signal) in (1..).zip(&scan.signals) {
        let kind = signal.kind.words();
        let _infallible = writeln!(
            shown,
            "{number:>2}  {} {} · {kind}\n    it {}\n    ┆ {}",
            signal.code.as_str(),
            signal.severity.as_str(),
            signal.code.sentence(),
            text::sanitise_line(&signal.evidence, LINE_CELLS).plain(),
        );
    }
    for (title, texts) in [
        ("hidden text, decoded", &scan.decoded),
        ("links", &scan.links),
    ] {
        for found in texts {
            let line = text::sanitise_line(found, LINE_CELLS).plain();
            let _infallible = writeln!(shown, "{title}\n    ┆ {line}");
        }
    }
    let held = if scan.flagged() {
        "It would be held at safe-acquaintance."
    } else {
        "Nothing known was found."
    };
    let _infallible = writeln!(
        shown,
        "{held} No finding is a promise that a message is safe."
    );
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_marks_reasons_and_what_hides() {
        let text = PeerText::new(
            "Thursday works.\u{e0066}\u{e006f}\u{e0072}\u{e0077}\u{e0061}\u{e0072}\u{e0064}\n\
             \u{1b}]0;owned\u{7}",
        );
        insta::assert_snapshot!(for_a_person(&text, &text::scan(&text), 60));
        let text = PeerText::new("Thursday at two?");
        insta::assert_snapshot!(for_a_person(&text, &text::scan(&text), 60));
    }

    #[test]
    fn a_program_gets_an_object_for_each_line_whatever_it_holds() {
        let ask = |line: &str| answer(line.as_bytes(), 80);
        let fine = ask(r#"{"id": 7, "text": "Thursday at two?"}"#);
        assert_eq!(fine["flagged"], false);
        assert_eq!(fine["level"], Value::Null);
        assert_eq!(fine["lines"], json!(["Thursday at two?"]));
        let bytes = ask(r#"{"id": "b", "bytes_b64": "YZtb/w=="}"#);
        assert_eq!(bytes["flagged"], true);
        assert!(bytes["lines"][0].as_str().unwrap().contains("⟦"), "{bytes}");
        for signal in bytes["signals"].as_array().unwrap() {
            assert!(signal["span"][1].as_u64().unwrap() <= 4, "{bytes}");
        }
        for broken in ["[]", "{", r#"{"id": 1}"#, r#"{"id": 1, "bytes_b64": "*"}"#] {
            assert!(ask(broken)["error"].is_string(), "{broken}");
        }
    }
}
