//! Canonical JSON next to Python's own.

use std::fmt::Write as _;
use std::process::Command;

use chaperon::wire::mesh::canonical::canonical;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::python::python;
use crate::support::run;

/// Reads a text in hexadecimal from each line, and prints its canonical form, or `refused`.
const ORACLE: &str = r#"
import json, sys
for line in open(sys.argv[1], encoding="ascii"):
    try:
        value = json.loads(bytes.fromhex(line).decode("utf-8"))
        print(json.dumps(value, sort_keys=True, separators=(",", ":")))
    except ValueError:
        print("refused")
"#;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,40})",
        "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?",
        any::<f64>().prop_map(|float| format!("{float:e}").replace("inf", "1e999")),
        any::<u64>().prop_map(|bits| format!("{:?}", f64::from_bits(bits))),
        (-400_i32..400).prop_map(|exponent| format!("9.5e{exponent}")),
        proptest::sample::select(vec!["NaN", "Infinity", "-Infinity", "-0", "-0.0", "1E400"])
            .prop_map(str::to_owned),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~&&[^\"\\\\]]{0,6}",
        any::<char>().prop_filter_map("written as an escape", |character| {
            let plain = character >= ' ' && character != '"' && character != '\\';
            plain.then(|| character.to_string())
        }),
        "\\\\u[0-9a-fA-F]{4}",
        "\\\\u[dD][89abAB][0-9a-f]{2}",
        "\\\\u[dD][c-fC-F][0-9a-f]{2}",
        "\\\\[\"\\\\/bfnrt]",
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        number(),
        string(),
        proptest::sample::select(vec!["null", "true", "false", "[]", "{ }"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let space = "[ \\t\\r\\n]{0,2}";
        prop_oneof![
            (vec(inner.clone(), 0..6), space).prop_map(|(items, space)| format!(
                "[{space}{}]",
                items.join(&format!(",{space}"))
            )),
            (vec((string(), inner), 0..6), space).prop_map(|(members, space)| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{name}{space}:{space}{value}"))
                    .collect();
                format!("{{{space}{}{space}}}", members.join(","))
            }),
        ]
    })
}

/// JSON, and now and then something that is nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => json(),
        1 => (json(), any::<prop::sample::Index>()).prop_map(|(mut text, place)| {
            let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
            text.remove(places[place.index(places.len())]);
            text
        }),
        1 => r#"[\[\]{}":,\\u0-9a-fNIn.eE+ -]{0,12}"#,
    ]
}

proptest! {
    // Each case is one call of Python with many texts.
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn canonical_json_is_that_of_python(texts in vec(nearly_json(), 400)) {
        let Some(python) = python("json") else { return Ok(()) };
        let mut lines = String::new();
        for text in &texts {
            for byte in text.bytes() {
                write!(lines, "{byte:02x}").unwrap();
            }
            lines.push('\n');
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("texts");
        std::fs::write(&file, lines).unwrap();
        let ran = run(Command::new(python).args(["-c", ORACLE]).arg(&file));
        prop_assert_eq!(ran.code, Some(0), "{}", ran.err);
        let answers: Vec<_> = ran.out.lines().collect();
        prop_assert_eq!(answers.len(), texts.len());
        for (text, expected) in texts.iter().zip(answers) {
            let ours = canonical(text.as_bytes());
            let ours = ours.as_deref().unwrap_or("refused");
            prop_assert_eq!(ours, expected, "{}", text);
        }
    }
}
