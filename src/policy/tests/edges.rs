//! Where hours, ends and the past begin and stop, what a person reads of a wrong file, and what
//! the documentation says.

use std::fmt::Write as _;

use super::*;
use crate::policy::replay::{PastMessage, Replay, Replayed, replay};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn hours(spans: &[&str]) -> Hours {
    Hours::Spans(
        spans
            .iter()
            .map(|span| Span::parse(span).unwrap())
            .collect(),
    )
}

fn contain(spans: &[&str], day: &str, hour: u16, minute: u16) -> bool {
    hours(spans).contain(local(day, hour, minute))
}

// 2026-11-23 is a Monday, 2026-11-29 a Sunday.

#[test]
fn a_span_ends_before_its_last_minute_begins() {
    let span = &["mon-fri 09:00-17:00"];
    assert!(!contain(span, "2026-11-23", 8, 59));
    assert!(contain(span, "2026-11-23", 9, 0));
    assert!(contain(span, "2026-11-23", 16, 59));
    assert!(!contain(span, "2026-11-23", 17, 0));
    assert!(!contain(span, "2026-11-28", 9, 0));
}

#[test]
fn a_span_over_midnight_belongs_to_the_day_it_begins_on() {
    let span = &["fri 22:00-02:00"];
    assert!(!contain(span, "2026-11-27", 1, 0));
    assert!(contain(span, "2026-11-27", 22, 0));
    assert!(contain(span, "2026-11-27", 23, 59));
    assert!(contain(span, "2026-11-28", 0, 0));
    assert!(contain(span, "2026-11-28", 1, 59));
    assert!(!contain(span, "2026-11-28", 2, 0));
}

#[test]
fn a_span_over_the_end_of_the_week_reaches_into_monday() {
    let span = &["sun 22:00-02:00"];
    assert!(contain(span, "2026-11-29", 23, 59));
    assert!(contain(span, "2026-11-23", 0, 0));
    assert!(contain(span, "2026-11-23", 1, 59));
    assert!(!contain(span, "2026-11-23", 2, 0));
    assert!(!contain(span, "2026-11-24", 0, 0));
}

#[test]
fn midnight_as_an_end_closes_the_day_and_as_both_ends_fills_it() {
    let till_midnight = &["mon 20:00-24:00"];
    assert!(contain(till_midnight, "2026-11-23", 23, 59));
    assert!(!contain(till_midnight, "2026-11-24", 0, 0));
    assert_eq!(hours(till_midnight), hours(till_midnight));
    let same = &["mon 20:00-00:00"];
    assert!(hours(till_midnight).within(&hours(same)) && hours(same).within(&hours(till_midnight)));
    for whole in [["mon 00:00-24:00"], ["mon 00:00-00:00"]] {
        assert!(contain(&whole, "2026-11-23", 0, 0));
        assert!(contain(&whole, "2026-11-23", 23, 59));
        assert!(!contain(&whole, "2026-11-24", 0, 0));
    }
    let a_day_long = &["mon 09:00-09:00"];
    assert!(!contain(a_day_long, "2026-11-23", 8, 59));
    assert!(contain(a_day_long, "2026-11-24", 8, 59));
    assert!(!contain(a_day_long, "2026-11-24", 9, 0));
}

#[test]
fn hours_are_those_of_the_clock_on_the_wall_on_the_days_it_changes_too() {
    // In Europe 02:30 happens twice on 2026-10-25 and never on 2026-03-29. Whoever converts the
    // time settles that; a rule sees the clock alone.
    let night = &["sun 02:00-03:00"];
    for sunday in ["2026-03-29", "2026-10-25"] {
        assert!(contain(night, sunday, 2, 30));
        assert!(!contain(night, sunday, 3, 0));
    }
}

#[test]
fn hours_that_follow_on_each_other_are_as_wide_as_one_span() {
    let one = hours(&["mon-tue 00:00-24:00"]);
    let parts = hours(&["mon 00:00-12:00", "mon 12:00-12:00", "tue 11:00-24:00"]);
    assert!(one.within(&parts) && parts.within(&one));
    let all = hours(&["mon-sun 00:00-24:00"]);
    assert!(Hours::Always.within(&all) && all.within(&Hours::Always));
    let gap = hours(&["mon-sat 00:00-24:00", "sun 00:00-23:59"]);
    assert!(gap.within(&Hours::Always) && !Hours::Always.within(&gap));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hours_within_others_hold_no_minute_that_those_do_not(mine in super::hours(), theirs in super::hours()) {
        let week = (23..=29).flat_map(|day| {
            let date = Date::new(2026, 11, day).unwrap();
            (0..LocalTime::MINUTES).map(move |minute| LocalTime::new(date, minute).unwrap())
        });
        let every = week.into_iter().all(|at| !mine.contain(at) || theirs.contain(at));
        prop_assert_eq!(mine.within(&theirs), every);
        prop_assert!(mine.within(&mine) && mine.within(&Hours::Always));
    }
}

#[test]
fn a_last_day_still_counts_and_other_ends_come_to_the_millisecond() {
    let day = Duration::from_secs(24 * 60 * 60);
    let short = Duration::from_millis(1);
    let ended = |ends: Ends, life: Life| ends.ended(&life).map(Ended::rule);
    let life = |age, quiet, today| Life {
        age,
        quiet,
        today: Date::parse(today).unwrap(),
    };
    let on = Ends {
        on: Date::parse("2026-12-31"),
        ..Ends::default()
    };
    assert_eq!(ended(on, life(day, day, "2026-12-31")), None);
    assert_eq!(ended(on, life(day, day, "2027-01-01")), Some("ended:date"));
    let quiet = Ends {
        after_quiet_days: Some(2),
        ..Ends::default()
    };
    let before = life(day * 9, (day * 2).saturating_sub(short), "2026-01-01");
    assert_eq!(ended(quiet, before), None);
    let then = life(day * 9, day * 2, "2026-01-01");
    assert_eq!(ended(quiet, then), Some("ended:quiet"));
    let both = Ends {
        after_days: Some(9),
        ..quiet
    };
    assert_eq!(ended(both, then), Some("ended:days"));
    let all = Ends { on: on.on, ..both };
    let later = life(day * 9, day * 2, "2027-01-01");
    assert_eq!(ended(all, later), Some("ended:date"));
    assert_eq!(ended(Ends::default(), later), None);
}

/// A message of the past, counted in milliseconds from Monday 2026-11-02 00:00.
fn past(author: Author, at: i64, signals: Vec<Signal>) -> PastMessage {
    let date = Date::new(2026, 11, u8::try_from(2 + at / DAY).unwrap()).unwrap();
    let minute = u16::try_from(at % DAY / MINUTE).unwrap();
    PastMessage {
        provenance: None,
        author,
        at: crate::model::UnixMillis(at),
        local: LocalTime::new(date, minute).unwrap(),
        readable: Ok(()),
        signals,
    }
}

fn said(replay: &Replay) -> Vec<&str> {
    let verdicts = replay.verdicts.iter();
    verdicts
        .map(|verdict| match verdict {
            Replayed::Alone => "alone",
            Replayed::Released => "released",
            Replayed::Yours => "yours",
            Replayed::Waits { rule } | Replayed::HeldIn { rule } => rule.as_str(),
        })
        .collect()
}

#[test]
fn a_replay_says_of_each_message_what_would_have_happened() {
    let weighs = |code| vec![signal(code, SignalKind::Rule, Severity::Medium)];
    let mut torn = past(Author::Peer, 13 * HOUR, Vec::new());
    torn.readable = Err(RawReason::DoesNotOpen);
    let history = [
        past(Author::Assistant, 8 * HOUR, Vec::new()),
        past(Author::Peer, 9 * HOUR, Vec::new()),
        past(Author::Peer, 10 * HOUR, weighs(SignalCode::InjOverride)),
        past(Author::Assistant, 11 * HOUR, Vec::new()),
        past(
            Author::Assistant,
            12 * HOUR,
            weighs(SignalCode::PersonalAddress),
        ),
        torn,
        past(
            Author::Human,
            14 * HOUR,
            weighs(SignalCode::PersonalAddress),
        ),
        past(Author::Assistant, 20 * HOUR, Vec::new()),
    ];
    let of = |preset| replay(presets::rules(preset), &history);
    let trusted = of(Preset::TrustedColleague);
    assert_eq!(
        said(&trusted),
        [
            "alone",
            "released",
            "hold-in:medium",
            "alone",
            "hold-out:street-address",
            "unreadable",
            "yours",
            "hours",
        ]
    );
    assert_eq!((trusted.alone, trusted.waits, trusted.held_in), (2, 2, 2));
    let safe = of(Preset::SafeAcquaintance);
    assert_eq!((safe.alone, safe.waits, safe.held_in), (0, 4, 2));
    // The first draft would have been the first message of the channel.
    assert_eq!(said(&safe)[0], "hold-out:writes-first");
}

#[test]
fn a_replay_counts_what_did_not_prove_its_author() {
    let each = [
        Provenance::Verified,
        Provenance::Unsigned,
        Provenance::PlainText,
        Provenance::WrongSignature,
    ];
    let history: Vec<_> = each
        .into_iter()
        .zip(1..)
        .map(|(provenance, hour)| PastMessage {
            provenance: Some(provenance),
            ..past(Author::Peer, hour * HOUR, Vec::new())
        })
        .collect();
    let mut rules = presets::rules(Preset::InnerCircle).clone();
    let found = replay(&rules, &history);
    let [plain, wrong] = ["hold-in:plain-text", "hold-in:wrong-signature"];
    assert_eq!(said(&found), ["released", "released", plain, wrong]);
    assert_eq!(found.held_in, 2);
    rules.hold_unproven = Unproven::ALL.into();
    let found = replay(&rules, &history);
    assert_eq!(said(&found), ["released", "hold-in:unsigned", plain, wrong]);
    rules.hold_unproven.clear();
    assert_eq!(replay(&rules, &history).held_in, 0);
}

#[test]
fn a_replay_of_a_month_counts_the_rates_of_each_hour_and_day_afresh() {
    // Every day five drafts from ten on, twenty minutes apart, under three in an hour.
    let daily = |day: i64| {
        (0..5).map(move |draft| {
            let at = day * DAY + 10 * HOUR + draft * 20 * MINUTE;
            past(Author::Assistant, at, Vec::new())
        })
    };
    let month: Vec<_> = (0..28).flat_map(daily).collect();
    let rules = Rules {
        hours: Hours::Always,
        alone_per_hour: Some(3),
        alone_per_day: Some(4),
        ..presets::rules(Preset::TrustedColleague).clone()
    };
    let found = replay(&rules, &month);
    // The fourth draft leaves: an hour after the first one that counts no more. The fifth is the
    // fifth of 24 hours.
    let day = ["alone", "alone", "alone", "alone", "rate:4-a-day"];
    for said in said(&found).chunks(5) {
        assert_eq!(said, day);
    }
    assert_eq!((found.alone, found.waits), (28 * 4, 28));
    let per_hour = Rules {
        alone_per_hour: Some(2),
        alone_per_day: None,
        ..rules
    };
    let found = replay(&per_hour, &month);
    let day = ["alone", "alone", "rate:2-an-hour", "alone", "alone"];
    assert_eq!(said(&found)[..5], day);
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_line_key_and_what_is_possible() {
    let mut all = String::new();
    for file in [
        "inbound = \"any-signal\"\nhours = [\"mon-fri 9-17\"]",
        "drafts = \"sometimes\"",
        "drafts = true",
        "# a comment\n\nhold_in_draft = [\"secrets\"]",
        "hold_in_drafts = [\n  \"secrets\",\n  \"feelings\",\n]",
        "hold_unproven = [\"unsigned\", \"odd\"]",
        "hold_unproven = []\nraising_needs = \"nothing\"",
        "alone_per_hour = 0",
        "alone_per_hour = 3.5",
        "ends = []",
        "ends = [\"7 days\", \"8 days\"]",
        "ends = [\"2026-02-30\"]",
        "time_zone = \"Atlantis\"",
        "draft_expires_hours = 721",
        "base = \"best-friend\"",
        "drafts = \"alone\"\nraising_needs = \"nothing\"",
        "inbound = ",
        "inbound = \"all\"\ninbound = \"off\"",
        "\u{1b}[2Jinbound = \"all\"",
        "\"in\u{202e}bound\" = \"all\"",
    ] {
        let error = Rules::parse(file).unwrap_err();
        writeln!(all, "{}\n  {error}\n", file.escape_debug()).unwrap();
    }
    insta::assert_snapshot!(all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_rules_or_an_error_in_one_printable_line(text in "\\PC*|[a-z_=\"\\[\\]0-9,: \n-]*") {
        match Rules::parse(&text) {
            Ok(rules) => prop_assert_eq!(Rules::parse(&rules.to_toml()).unwrap(), rules),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }

    #[test]
    fn rules_with_a_piece_torn_out_or_put_in_never_panic_and_mean_what_they_print(
        rules in rules(),
        at in any::<proptest::sample::Index>(),
        length in 0..12usize,
        piece in "[a-z\"\\[\\]=,\n# 0-9:-]{0,6}",
    ) {
        let mut text: Vec<char> = rules.to_toml().chars().collect();
        let from = at.index(text.len());
        let to = (from + length).min(text.len());
        text.splice(from..to, piece.chars());
        let text: String = text.into_iter().collect();
        if let Ok(read) = Rules::parse(&text) {
            prop_assert_eq!(Rules::parse(&read.to_toml()).unwrap(), read);
        }
    }
}

const DOCUMENTED: &str = include_str!("../../../docs/presets.md");

#[test]
fn the_example_of_the_documentation_means_what_it_says() {
    let (_, example) = DOCUMENTED.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let expected = Rules {
        hours: hours(&["mon-thu 09:00-17:00"]),
        hold_in_drafts: [
            DraftHold::Secrets,
            DraftHold::Address,
            DraftHold::Phone,
            DraftHold::Email,
            DraftHold::Iban,
            DraftHold::Money,
            DraftHold::Links,
        ]
        .into(),
        draft_expires_hours: 24,
        ..presets::rules(Preset::TrustedColleague).clone()
    };
    assert_eq!(Rules::parse(example).unwrap(), expected);
}

#[test]
fn every_key_is_documented_and_no_other() {
    let rules = presets::rules(Preset::SafeAcquaintance).to_toml();
    let (_, own) = DOCUMENTED.split_once("## Your own").unwrap();
    let documented: Vec<_> = own
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|keys| keys.split(", "))
        .map(|key| key.trim_matches('`'))
        .filter(|key| *key != "base")
        .collect();
    let mut keys: Vec<_> = rules
        .lines()
        .map(|line| line.split_once(" = ").unwrap().0)
        .collect();
    let mut documented = documented;
    keys.sort_unstable();
    documented.sort_unstable();
    assert_eq!(documented, keys);
}
