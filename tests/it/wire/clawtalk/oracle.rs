//! JSON as `JavaScript` itself reads and writes it, where there is a Node.

use std::io::Write as _;
use std::process::{Command, Stdio};

use chaperon::wire::js_json::stringify;

use crate::support::clawtalk_peer::node;

/// Doubles that are hard to write, and others.
fn doubles() -> Vec<f64> {
    let mut doubles: Vec<f64> = (-330..309)
        .map(|power| format!("1e{power}").parse().unwrap())
        .collect();
    // A simple generator of the whole range (SplitMix64): the same numbers every time.
    let mut state = 7_u64;
    while doubles.len() < 20_000 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let double = f64::from_bits(mixed ^ (mixed >> 31));
        if double.is_finite() {
            doubles.push(double);
            // Numbers as people write them.
            doubles.push((double % 1e9).trunc() / 1000.0);
        }
    }
    doubles
}

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = doubles()
        .iter()
        .map(|double| format!("{double:e}"))
        .collect();
    texts.extend((0..0x300).map(|code| format!("\"\\u{code:04x}\"")));
    texts.extend(
        [
            "d7ff", "d800", "dbff", "dc00", "dfff", "2028", "2029", "fffd", "feff", "ffff",
        ]
        .map(|code| format!("{{\"\\u{code}\":\"\\u{code}x\"}}")),
    );
    let names = [
        "0",
        "1",
        "01",
        "4294967294",
        "4294967295",
        "4294967296",
        "9007199254740993",
        "-1",
        "1.5",
        "x",
        "",
        "__proto__",
        "toString",
    ];
    let members: Vec<_> = names
        .iter()
        .rev()
        .map(|name| format!("\"{name}\":[1.0,{{}}]"))
        .collect();
    texts.push(format!("{{{},\"x\":2}}", members.join(",")));
    texts
}

#[test]
fn json_is_written_as_node_writes_it() {
    let Some(node) = node() else {
        return;
    };
    let texts = texts();
    let script = "const lines = require('fs').readFileSync(0, 'utf8').split('\\n');\
                  console.log(lines.map((line) => JSON.stringify(JSON.parse(line))).join('\\n'));";
    let mut child = Command::new(node)
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = texts.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let written: Vec<_> = output.trim_end_matches('\n').split('\n').collect();
    assert_eq!(written.len(), texts.len());
    for (text, written) in texts.iter().zip(written) {
        assert_eq!(stringify(text).as_deref(), Some(written), "{text}");
    }
}
