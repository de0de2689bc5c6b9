//! `channels.json` and the times in it.

use chaperon::model::UnixMillis;
use chaperon::wire::clawbuddy_files::{
    Error, decode_channels, encode_channels, iso_utc, parse_iso_utc,
};

use super::{text, vectors};

#[test]
fn the_channels_file_of_the_reference_is_written_back_byte_for_byte() {
    let file = vectors("channels_json_file");
    let file = text(&file, "bytes_utf8");
    let entries = decode_channels(file.as_bytes()).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].name, "Bób 🦀");
    assert_eq!(entries[0].phone.as_deref(), Some("+15550001111"));
    assert_eq!(entries[0].their_pub, None);
    assert_eq!(encode_channels(&entries), file);
}

#[test]
fn a_file_without_channels_is_an_empty_object() {
    assert_eq!(decode_channels(b"{}").unwrap(), []);
    assert_eq!(encode_channels(&[]), "{}\n");
}

const OLD: &str = r#"{
  "x": {
    "name": "n",
    "phone": null,
    "status": "weird",
    "their_pub": "k",
    "our_pub": "k",
    "created_at": "2026-02-11T00:18:15+00:00",
    "last_seen": "2026-02-11T00:18:15.000001+00:00",
    "zeta": [
      1.5,
      1e-07,
      {}
    ],
    "alpha": {
      "b": [],
      "a": null
    }
  }
}
"#;

#[test]
fn unknown_keys_and_missing_instructions_survive() {
    let entries = decode_channels(OLD.as_bytes()).unwrap();
    assert_eq!(entries[0].status, "weird");
    assert_eq!(entries[0].instructions, None);
    assert_eq!(encode_channels(&entries), OLD);
}

#[test]
fn an_error_names_the_place_and_no_content() {
    let at = |file: &str| decode_channels(file.as_bytes()).unwrap_err();
    assert_eq!(at("[]"), Error::NotAnObject);
    assert_eq!(at(r#"{"a": 1}"#), Error::EntryNotAnObject { number: 1 });
    assert_eq!(at("{\n \"é\": x}"), Error::NotJson { line: 2, column: 7 });
    assert_eq!(
        at(r#"{"a": {"name": 5}}"#),
        Error::Field {
            number: 1,
            field: "name"
        }
    );
    assert_eq!(decode_channels(b"\xff"), Err(Error::NotText));
}

#[test]
fn a_name_with_half_a_surrogate_pair_does_not_lose_the_file() {
    let file = OLD.replace("\"n\"", r#""n\udcff""#);
    assert_eq!(
        decode_channels(file.as_bytes()).unwrap()[0].name,
        "n\u{fffd}"
    );
}

#[test]
fn times_are_written_as_python_writes_them() {
    let table = [
        (0, "1970-01-01T00:00:00.000000+00:00"),
        (1_770_769_095_123, "2026-02-11T00:18:15.123000+00:00"),
        (951_782_400_000, "2000-02-29T00:00:00.000000+00:00"),
        (-1, "1969-12-31T23:59:59.999000+00:00"),
        (-2_203_977_600_000, "1900-02-28T00:00:00.000000+00:00"),
        (-2_203_891_200_000, "1900-03-01T00:00:00.000000+00:00"),
        (i64::MIN, "0001-01-01T00:00:00.000000+00:00"),
        (i64::MAX, "9999-12-31T23:59:59.999000+00:00"),
    ];
    for (millis, expected) in table {
        assert_eq!(iso_utc(UnixMillis(millis)), expected);
    }
}

#[test]
fn times_are_read_with_any_offset_and_up_to_nine_decimals() {
    let table = [
        ("2026-02-11T00:18:15.123456+00:00", Some(1_770_769_095_123)),
        ("2026-02-11T00:18:15+00:00", Some(1_770_769_095_000)),
        ("2026-02-11 00:18:15.1Z", Some(1_770_769_095_100)),
        ("2026-02-11T01:18:15.123+01:00", Some(1_770_769_095_123)),
        ("2026-02-10T18:48:15-05:30", Some(1_770_769_095_000)),
        ("1969-12-31T23:59:59.999+00:00", Some(-1)),
        ("2026-02-11T00:18:15", None),
        ("2026-02-29T00:18:15Z", None),
        ("2026-13-01T00:18:15Z", None),
        ("2026-02-11T24:00:00Z", None),
        ("2026-02-11T00:18:15.Z", None),
        ("2026-02-11T00:18:15.1234567890Z", None),
        ("2026-02-11T00:18:15Zx", None),
        ("+026-02-11T00:18:15Z", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(parse_iso_utc(text), expected.map(UnixMillis), "{text}");
    }
}
