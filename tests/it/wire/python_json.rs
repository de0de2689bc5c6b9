//! Python's `json.dumps`; the expected texts were printed by `CPython` 3.

use chaperon::wire::python_json::{to_string, to_string_pretty};
use serde_json::{Value, json};

#[test]
fn strings_are_escaped_as_python_escapes_them() {
    let text = "\"\\/ \u{8}\u{c}\n\r\t \0\u{1f}~\u{7f}\u{80}é\u{2028}\u{ffff}🦀";
    assert_eq!(
        to_string(&json!(text)),
        r#""\"\\/ \b\f\n\r\t \u0000\u001f~\u007f\u0080\u00e9\u2028\uffff\ud83e\udd80""#
    );
}

#[test]
fn floats_are_written_as_python_writes_them() {
    let table = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (0.000_012_3, "1.23e-05"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
        (884_722_891_750_015.0 + 0.25, "884722891750015.2"),
        (-884_722_891_750_015.0 - 0.75, "-884722891750015.8"),
        (1e15, "1000000000000000.0"),
        (9_999_999_999_999_998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1e22, "1e+22"),
        (1e100, "1e+100"),
        (-2.5e-308, "-2.5e-308"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
    ];
    for (float, expected) in table {
        assert_eq!(to_string(&json!(float)), expected);
    }
}

#[test]
fn integers_keep_their_digits() {
    assert_eq!(to_string(&json!(u64::MAX)), "18446744073709551615");
    assert_eq!(to_string(&json!(i64::MIN)), "-9223372036854775808");
}

#[test]
fn one_line_has_spaces_after_commas_and_colons() {
    let value: Value = serde_json::from_str(r#"{"b":[1,[],{}],"a":{"x":null,"y":true}}"#).unwrap();
    assert_eq!(
        to_string(&value),
        r#"{"b": [1, [], {}], "a": {"x": null, "y": true}}"#
    );
}

#[test]
fn pretty_form_indents_by_two_and_keeps_empty_containers_closed() {
    let value = json!({"b": [1, [], {}, [false]], "a": {"x": null}});
    assert_eq!(
        to_string_pretty(&value),
        "{\n  \"b\": [\n    1,\n    [],\n    {},\n    [\n      false\n    ]\n  ],\n  \"a\": {\n    \"x\": null\n  }\n}"
    );
    assert_eq!(to_string_pretty(&json!({})), "{}");
    assert_eq!(to_string_pretty(&json!("x")), "\"x\"");
}
