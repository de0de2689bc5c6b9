//! The table of presets row by row, and what must hold for any rules and any facts.

mod edges;
mod proof;

use std::time::Duration;

use proptest::prelude::*;

use super::admit::{InboundFacts, Verdict, admit, attention};
use super::ends::{Ended, Ends, Life};
use super::hours::{Hours, Span};
use super::presets;
use super::release::{OutboundFacts, Release, release};
use super::rules::{
    Change, Delivery, DraftHold, Drafts, InboundHold, Proof, Rules, Step, Unproven,
    needs_verified_code,
};
use crate::model::{
    Author, Date, LocalTime, PeerText, Preset, Provenance, RawReason, Severity, Signal, SignalCode,
    SignalKind, TextSpan,
};

pub(super) fn signal(code: SignalCode, kind: SignalKind, severity: Severity) -> Signal {
    Signal {
        code,
        kind,
        severity,
        span: TextSpan::default(),
        evidence: PeerText::default(),
    }
}

pub(super) fn local(date: &str, hour: u16, minute: u16) -> LocalTime {
    LocalTime::new(Date::parse(date).unwrap(), hour * 60 + minute).unwrap()
}

/// A Wednesday at ten.
fn working_hours() -> LocalTime {
    local("2026-11-25", 10, 0)
}

fn inbound(signals: &[Signal]) -> InboundFacts<'_> {
    InboundFacts {
        provenance: None,
        readable: Ok(()),
        signals,
        first: false,
        ended: None,
    }
}

fn draft(leaks: &[Signal]) -> OutboundFacts<'_> {
    OutboundFacts {
        author: Author::Assistant,
        leaks,
        peer_has_written: true,
        answers_held: false,
        alone_last_hour: 0,
        alone_last_day: 0,
        now: working_hours(),
        ended: None,
    }
}

/// What the four presets say, in the order of the table of `docs/presets.md`.
fn each_preset(say: impl Fn(&Rules) -> String) -> [String; 4] {
    Preset::ALL.map(|preset| say(presets::rules(preset)))
}

fn entry(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Released { rule } => format!("released: {rule}"),
        Verdict::Held { rule } => rule.clone(),
    }
}

#[test]
fn inbound_is_held_from_the_severity_that_the_preset_names() {
    let at = |severity| {
        let found = [signal(SignalCode::InjOverride, SignalKind::Rule, severity)];
        each_preset(|rules| entry(&admit(rules, &inbound(&found))))
    };
    let below = "released: below-threshold";
    let (any, medium, high) = ("hold-in:any-signal", "hold-in:medium", "hold-in:high");
    assert_eq!(at(Severity::Note), [below; 4]);
    assert_eq!(at(Severity::Low), [any, below, below, any]);
    assert_eq!(at(Severity::Medium), [any, medium, below, any]);
    assert_eq!(at(Severity::High), [any, medium, high, any]);
    assert_eq!(at(Severity::Critical), [any, medium, high, any]);
    let nothing = each_preset(|rules| entry(&admit(rules, &inbound(&[]))));
    assert_eq!(nothing, ["released: no-signal"; 4]);
}

#[test]
fn a_draft_leaves_alone_only_where_the_preset_lets_it_and_nothing_private_is_in_it() {
    let with = |code| {
        let found = [signal(code, SignalKind::Exact, Severity::Medium)];
        each_preset(|rules| release(rules, &draft(&found)).rule().to_owned())
    };
    let every = "hold-out:every-draft";
    let plain = each_preset(|rules| release(rules, &draft(&[])).rule().to_owned());
    assert_eq!(plain, [every, "alone", "alone", every]);
    for (code, rule) in [
        (SignalCode::SecretApiKey, "hold-out:api-key"),
        (SignalCode::SecretPrivateKey, "hold-out:private-key"),
        (SignalCode::SecretSeedPhrase, "hold-out:seed-phrase"),
        (SignalCode::SecretPassword, "hold-out:password"),
        (SignalCode::SecretCard, "hold-out:card-number"),
    ] {
        assert_eq!(with(code), [rule; 4]);
    }
    for (code, rule) in [
        (SignalCode::PersonalIban, "hold-out:iban"),
        (SignalCode::PersonalEmail, "hold-out:email-address"),
        (SignalCode::PersonalPhone, "hold-out:phone-number"),
        (SignalCode::PersonalAddress, "hold-out:street-address"),
        (SignalCode::PersonalMoney, "hold-out:money"),
    ] {
        assert_eq!(with(code), [rule, rule, "alone", rule]);
    }
    for (code, rule) in [
        (SignalCode::DraftLink, "hold-out:link"),
        (SignalCode::DraftAttachment, "hold-out:file"),
    ] {
        assert_eq!(with(code), [rule, "alone", "alone", rule]);
    }
}

#[test]
fn the_assistant_writes_first_only_where_the_preset_lets_it() {
    let first = OutboundFacts {
        peer_has_written: false,
        ..draft(&[])
    };
    let rule = "hold-out:writes-first";
    let said = each_preset(|rules| release(rules, &first).rule().to_owned());
    assert_eq!(said, [rule, "alone", "alone", rule]);
}

#[test]
fn outside_the_hours_of_the_preset_drafts_are_held() {
    let at = |now| {
        let facts = OutboundFacts { now, ..draft(&[]) };
        each_preset(|rules| release(rules, &facts).rule().to_owned())
    };
    let every = "hold-out:every-draft";
    assert_eq!(
        at(local("2026-11-25", 8, 59)),
        ["hours", "alone", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-25", 9, 0)),
        [every, "alone", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-25", 16, 59)),
        [every, "alone", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-25", 17, 0)),
        ["hours", "alone", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-25", 19, 0)),
        ["hours", "hours", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-28", 9, 59)),
        ["hours", "hours", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-28", 10, 0)),
        ["hours", "alone", "alone", every]
    );
    assert_eq!(
        at(local("2026-11-29", 16, 0)),
        ["hours", "hours", "alone", every]
    );
}

#[test]
fn the_human_hears_at_once_or_in_the_digest_as_the_preset_says() {
    let at = |now| each_preset(|rules| format!("{:?}", attention(rules, now)));
    assert_eq!(at(working_hours()), ["Digest", "Now", "Now", "Now"]);
    assert_eq!(
        at(local("2026-11-25", 23, 0)),
        ["Digest", "Digest", "Now", "Now"]
    );
    assert_eq!(
        at(local("2026-11-28", 12, 0)),
        ["Digest", "Now", "Now", "Now"]
    );
}

#[test]
fn what_leaves_alone_is_counted_by_the_hour_and_by_the_day() {
    let after = |alone_last_hour, alone_last_day| {
        let facts = OutboundFacts {
            alone_last_hour,
            alone_last_day,
            ..draft(&[])
        };
        each_preset(|rules| release(rules, &facts).rule().to_owned())
    };
    let every = "hold-out:every-draft";
    assert_eq!(after(2, 11), [every, "alone", "alone", every]);
    assert_eq!(after(3, 11), [every, "rate:3-an-hour", "alone", every]);
    assert_eq!(after(2, 12), [every, "rate:12-a-day", "alone", every]);
    assert_eq!(after(59, 59), [every, "rate:3-an-hour", "alone", every]);
    assert_eq!(
        after(0, 60),
        [every, "rate:12-a-day", "rate:60-a-day", every]
    );
}

#[test]
fn a_one_time_channel_ends_after_seven_days_by_itself() {
    let day = Duration::from_secs(24 * 60 * 60);
    let after = |age| {
        let life = Life {
            age,
            quiet: age,
            today: Date::parse("2099-12-31").unwrap(),
        };
        let rule = |ended: Option<Ended>| ended.map_or("goes on", Ended::rule).to_owned();
        each_preset(|rules| rule(rules.ends.ended(&life)))
    };
    let on = "goes on";
    assert_eq!(
        after((day * 7).saturating_sub(Duration::from_millis(1))),
        [on; 4]
    );
    assert_eq!(after(day * 7), [on, on, on, "ended:days"]);
}

#[test]
fn only_raising_to_a_preset_that_acts_alone_needs_a_verified_code() {
    let to = |from| {
        let from = presets::rules(from);
        each_preset(|to| needs_verified_code(from, to).to_string())
    };
    let (no, yes) = ("false", "true");
    assert_eq!(to(Preset::SafeAcquaintance), [no, yes, yes, no]);
    assert_eq!(to(Preset::TrustedColleague), [no, no, yes, no]);
    assert_eq!(to(Preset::InnerCircle), [no; 4]);
    assert_eq!(to(Preset::OneTime), [no, yes, yes, no]);
}

#[test]
fn the_presets_stand_in_their_order() {
    let compare = |from, to| presets::rules(from).compare(presets::rules(to));
    for narrow in [Preset::SafeAcquaintance, Preset::OneTime] {
        assert_eq!(compare(narrow, Preset::TrustedColleague), Change::Wider);
        assert_eq!(compare(narrow, Preset::InnerCircle), Change::Wider);
        assert_eq!(compare(Preset::TrustedColleague, narrow), Change::Narrower);
        assert_eq!(compare(narrow, narrow), Change::Same);
    }
    let (trusted, inner) = (Preset::TrustedColleague, Preset::InnerCircle);
    assert_eq!(compare(trusted, inner), Change::Wider);
    assert_eq!(compare(inner, trusted), Change::Narrower);
    assert_eq!(
        compare(Preset::OneTime, Preset::SafeAcquaintance),
        Change::Wider
    );
}

#[test]
fn a_change_says_per_row_what_it_was_what_it_is_and_what_that_does() {
    let trusted = presets::rules(Preset::TrustedColleague);
    let to = Rules {
        alone_per_hour: Some(6),
        inbound: InboundHold::AnySignal,
        delivery: Delivery::Digest,
        ..trusted.clone()
    };
    assert_eq!(trusted.compare(&to), Change::Mixed);
    let said: Vec<_> = trusted.changes(&to);
    let said = said
        .iter()
        .map(|c| format!("{}: {} -> {}, {:?}", c.row, c.from, c.to, c.effect));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            "alone_per_hour: 3 -> 6, Wider",
            "inbound: hold on medium or worse -> hold on any signal, Narrower",
            "delivery: at once in hours -> in the digest, Same",
        ]
    );
    let wider = trusted.widens(&to);
    assert_eq!(wider.len(), 1);
    assert_eq!(wider[0].row, "alone_per_hour");
}

#[test]
fn the_same_hours_in_another_zone_count_as_wider() {
    let trusted = presets::rules(Preset::TrustedColleague);
    let elsewhere = Rules {
        time_zone: "Europe/Madrid".into(),
        ..trusted.clone()
    };
    assert_eq!(trusted.compare(&elsewhere), Change::Mixed);
    assert!(needs_verified_code(trusted, &elsewhere));
}

// Any rules, any facts.

fn hours() -> impl Strategy<Value = Hours> {
    let day = 0..7usize;
    let span = (day.clone(), day, 0..96u16, 0..=96u16).prop_filter_map(
        "a span from 24:00",
        |(first, last, from, to)| {
            let name = |at: usize| crate::model::Weekday::ALL[at].as_str();
            let clock = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
            let (first, last, from, to) = (name(first), name(last), clock(from), clock(to));
            Span::parse(&format!("{first}-{last} {from}-{to}"))
        },
    );
    prop_oneof![
        1 => Just(Hours::Always),
        3 => proptest::collection::vec(span, 1..3).prop_map(Hours::Spans),
    ]
}

fn ends() -> impl Strategy<Value = Ends> {
    let days = || proptest::option::of(1..20u16);
    let date = (1..=3u8, 1..=28u8).prop_map(|(month, day)| Date::new(2026, month, day).unwrap());
    (any::<bool>(), days(), days(), proptest::option::of(date)).prop_map(
        |(when_completed, after_days, after_quiet_days, on)| Ends {
            when_completed,
            after_days,
            after_quiet_days,
            on,
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    let rate = || proptest::option::of(1..6u16);
    let inbound = (
        proptest::sample::select(&InboundHold::ALL),
        any::<bool>(),
        proptest::sample::subsequence(Unproven::ALL.to_vec(), 0..=3),
    );
    let outbound = (
        proptest::sample::select(&Drafts::ALL),
        proptest::sample::subsequence(DraftHold::ALL.to_vec(), 0..=8),
        any::<bool>(),
    );
    let zone = proptest::sample::select(&["local", "UTC", "Europe/Madrid"]);
    let rest = (
        proptest::sample::select(&Delivery::ALL),
        proptest::sample::select(&Proof::ALL),
        1..=720u16,
    );
    (
        inbound,
        outbound,
        (hours(), zone),
        (rate(), rate()),
        ends(),
        rest,
    )
        .prop_map(
            |(inbound, outbound, (hours, zone), (per_hour, per_day), ends, rest)| {
                let mut rules = Rules {
                    inbound: inbound.0,
                    hold_first_message: inbound.1,
                    hold_unproven: inbound.2.into_iter().collect(),
                    drafts: outbound.0,
                    hold_in_drafts: outbound.1.into_iter().collect(),
                    may_write_first: outbound.2,
                    hours,
                    time_zone: zone.to_owned(),
                    delivery: rest.0,
                    alone_per_hour: per_hour,
                    alone_per_day: per_day,
                    ends,
                    until: ends.on,
                    raising_needs: rest.1,
                    draft_expires_hours: rest.2,
                };
                if rules.is_wide() {
                    rules.raising_needs = Proof::VerifiedCode;
                }
                rules
            },
        )
}

/// Rules and others that differ in a few rows, so that many pairs can be compared.
fn pair() -> impl Strategy<Value = (Rules, Rules)> {
    (rules(), rules(), proptest::collection::vec(0..4u8, 10)).prop_map(|(from, other, dice)| {
        let mut to = from.clone();
        let take = |at: usize| dice[at] == 0;
        if take(0) {
            to.inbound = other.inbound;
        }
        if take(1) {
            to.hold_first_message = other.hold_first_message;
        }
        if take(2) {
            to.drafts = other.drafts;
        }
        if take(3) {
            to.hold_in_drafts = other.hold_in_drafts;
        }
        if take(4) {
            to.may_write_first = other.may_write_first;
        }
        if take(5) {
            to.hours = other.hours;
        }
        if take(6) {
            to.alone_per_hour = other.alone_per_hour;
        }
        if take(7) {
            to.alone_per_day = other.alone_per_day;
        }
        if take(8) {
            to.ends = other.ends;
        }
        if take(9) {
            to.hold_unproven = other.hold_unproven;
        }
        (from, to)
    })
}

#[derive(Clone, Debug)]
struct World {
    signals: Vec<Signal>,
    flags: [bool; 3],
    provenance: Option<Provenance>,
    readable: Result<(), RawReason>,
    author: Author,
    sent: (u32, u32),
    now: LocalTime,
    life: Life,
}

impl World {
    fn enters(&self, rules: &Rules) -> bool {
        let facts = InboundFacts {
            provenance: self.provenance,
            readable: self.readable,
            signals: &self.signals,
            first: self.flags[0],
            ended: rules.ends.ended(&self.life),
        };
        !admit(rules, &facts).is_held()
    }

    fn leaves(&self, rules: &Rules) -> bool {
        let facts = OutboundFacts {
            author: self.author,
            leaks: &self.signals,
            peer_has_written: self.flags[1],
            answers_held: self.flags[2],
            alone_last_hour: self.sent.0,
            alone_last_day: self.sent.1,
            now: self.now,
            ended: rules.ends.ended(&self.life),
        };
        release(rules, &facts).leaves()
    }
}

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    let kind: &'static [SignalKind] = &[SignalKind::Exact, SignalKind::Rule, SignalKind::Opinion];
    let severity: &'static [Severity] = &[
        Severity::Note,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];
    let one = (
        proptest::sample::select(SignalCode::ALL),
        proptest::sample::select(kind),
        proptest::sample::select(severity),
    );
    proptest::collection::vec(one.prop_map(|(c, k, s)| signal(c, k, s)), 0..3)
}

fn provenance() -> impl Strategy<Value = Option<Provenance>> {
    proptest::option::of(proptest::sample::select(&Provenance::ALL))
}

fn world() -> impl Strategy<Value = World> {
    let now = (1..=28u8, 0..LocalTime::MINUTES).prop_map(|(day, minute)| {
        LocalTime::new(Date::new(2026, 2, day).unwrap(), minute).unwrap()
    });
    let readable = prop_oneof![9 => Just(Ok(())), 1 => Just(Err(RawReason::DoesNotOpen))];
    let author = prop_oneof![8 => Just(Author::Assistant), 1 => Just(Author::Human), 1 => Just(Author::Peer)];
    let life = (0..20u64, 0..20u64);
    (
        (signals(), provenance()),
        any::<[bool; 3]>(),
        readable,
        author,
        (0..6u32, 0..6u32),
        (now, life),
    )
        .prop_map(
            |((signals, provenance), flags, readable, author, sent, (now, life))| {
                let day = Duration::from_secs(24 * 60 * 60);
                World {
                    signals,
                    flags,
                    provenance,
                    readable,
                    author,
                    sent,
                    now,
                    life: Life {
                        age: day * u32::try_from(life.0).unwrap(),
                        quiet: day * u32::try_from(life.1).unwrap(),
                        today: now.date(),
                    },
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_enters_or_leaves_only_after_a_change_was_called_wider((from, to) in pair(), world in world()) {
        for (from, to) in [(&from, &to), (&to, &from)] {
            let lets_more = (world.enters(to) && !world.enters(from))
                || (world.leaves(to) && !world.leaves(from));
            if lets_more {
                prop_assert!(from.compare(to).widens(), "{:?}", from.changes(to));
                prop_assert!(!from.widens(to).is_empty());
            }
        }
    }

    #[test]
    fn a_stricter_preset_never_lets_through_what_a_wider_one_holds(world in world()) {
        let [safe, trusted, inner, once] = Preset::ALL.map(presets::rules);
        for (narrow, wide) in [(safe, trusted), (once, trusted), (trusted, inner), (once, safe)] {
            prop_assert!(!world.enters(narrow) || world.enters(wide));
            prop_assert!(!world.leaves(narrow) || world.leaves(wide));
        }
    }

    #[test]
    fn narrowing_never_asks_for_a_code((from, to) in pair()) {
        if matches!(from.compare(&to), Change::Narrower | Change::Same) {
            prop_assert!(!needs_verified_code(&from, &to));
        }
    }

    #[test]
    fn a_held_draft_names_a_rule_and_at_least_one_reason(rules in rules(), found in signals()) {
        if let Release::Held { rule, reasons, expires_in } = release(&rules, &draft(&found)) {
            prop_assert!(!rule.is_empty() && !reasons.is_empty() && !expires_in.is_zero());
        }
    }

    #[test]
    fn rules_are_read_as_they_were_written(rules in rules()) {
        let text = rules.to_toml();
        prop_assert_eq!(Rules::parse(&text).unwrap(), rules, "{}", text);
    }

    #[test]
    fn every_row_comes_back_to_its_value_after_all_its_options(
        rules in rules(),
        which in any::<prop::sample::Index>(),
    ) {
        let rows: Vec<_> = rules.rows().into_iter().filter(|row| row.enforced).collect();
        let row = which.get(&rows);
        prop_assert!(row.options.contains(&row.value), "{row:?}");
        let value = |rules: &Rules| {
            rules.rows().into_iter().find(|r| r.key == row.key).unwrap().value
        };
        let mut changed = rules.clone();
        let mut known = row.options.clone();
        for _ in 0..row.options.len() {
            prop_assert!(changed.set(row.key, Step::Next));
            let now = value(&changed);
            known.retain(|option| *option != now);
            prop_assert!(!changed.is_wide() || changed.raising_needs == Proof::VerifiedCode);
        }
        // A value that is none of the usual ones is gone after the first step.
        known.retain(|option| *option != row.value);
        prop_assert_eq!(known, Vec::<String>::new());
        let mut there_and_back = rules;
        there_and_back.set(row.key, Step::Next);
        if row.options.len() > 1 {
            prop_assert_ne!(value(&there_and_back), row.value.clone());
        }
    }
}
