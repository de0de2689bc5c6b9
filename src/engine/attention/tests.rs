//! What is summed up, as data in and data out.

use super::*;
use crate::model::Actor;
use crate::model::Preset;
use crate::policy::presets;

const MARTA: ChannelId = ChannelId(1);
const KEN: ChannelId = ChannelId(2);

fn entry(channel: ChannelId, at: i64, what: &str) -> Logged {
    Logged {
        channel,
        at: UnixMillis(at),
        actor: Actor::Rule,
        what: what.to_owned(),
        rule: (what == "sent_alone").then(|| "routine".to_owned()),
    }
}

#[test]
fn what_happened_is_summed_up_by_channel_the_latest_first() {
    let arrived = [5, 9].map(|at| Arrival {
        channel: MARTA,
        at: UnixMillis(at),
    });
    let logged = [
        entry(MARTA, 5, "held_in"),
        entry(MARTA, 6, "sent_alone"),
        entry(MARTA, 7, "sent_alone"),
        entry(MARTA, 8, "draft_expired"),
        entry(KEN, 10, "stopped"),
        entry(ChannelId(3), 11, "wake_set"),
    ];
    let news = fold(&arrived, &logged);
    let [ken, marta] = news.as_slice() else {
        panic!("{news:?}");
    };
    assert_eq!((ken.channel, ken.stops), (KEN, 1));
    assert_eq!((marta.arrived, marta.held_in, marta.expired), (2, 1, 1));
    let routine = Alone {
        rule: "routine".to_owned(),
        count: 2,
    };
    assert_eq!(marta.alone, [routine]);
}

#[test]
fn every_day_has_a_line_of_its_own() {
    let arrived = [Arrival {
        channel: MARTA,
        at: UnixMillis(15),
    }];
    let logged = [
        entry(MARTA, 3, "draft_refused"),
        entry(MARTA, 12, "sent_alone"),
        entry(MARTA, 13, "paused"),
    ];
    let tens = |at: UnixMillis| UnixMillis(at.0 / 10 * 10);
    let days = days(&arrived, &logged, tens);
    let told: Vec<_> = days
        .iter()
        .map(|day| (day.day.0, day.arrived, day.alone, day.refused))
        .collect();
    assert_eq!(told, [(10, 1, 1, 0), (0, 0, 0, 1)]);
}

#[test]
fn the_rules_in_force_are_said_in_a_few_words() {
    let words = |preset| {
        let rules = presets::rules(preset);
        format!(
            "{} | {} | {} | {}",
            alone_words(rules),
            hours_words(rules),
            holds_out_words(rules),
            holds_in_words(rules)
        )
    };
    insta::assert_snapshot!(Preset::ALL.map(words).join("\n"));
}

#[test]
fn a_person_is_told_of_a_channel_once_in_five_minutes_whoever_tells() {
    use std::sync::atomic::Ordering;
    let mut alone = crate::engine::inbound::tests::alone();
    let new = |channel, at| Occasion::New {
        channel,
        at: UnixMillis(at),
    };
    let mut claim = |minutes: i64, occasions: &[Occasion], seen: &[Occasion]| {
        let now = UnixMillis(1_000_000 + minutes * 60_000);
        alone.time.store(now.0, Ordering::Relaxed);
        let Ok(Reply::Claimed(granted)) = alone.core.claim(occasions, seen.to_vec()) else {
            panic!("another reply");
        };
        let left = |own: Claimed| (own.occasion, own.wait.map(|wait| wait.since(now).as_secs()));
        granted.into_iter().map(left).collect::<Vec<_>>()
    };
    // What comes together is told together.
    let first = [new(MARTA, 1), new(MARTA, 2)];
    assert_eq!(claim(0, &first, &[]), first.map(|one| (one, None)));
    assert_eq!(claim(0, &first, &[]), [], "another screen told it");
    let next = [new(MARTA, 3), new(KEN, 3)];
    let expected = [(next[0], Some(4 * 60)), (next[1], None)];
    assert_eq!(claim(1, &next, &[]), expected);
    assert_eq!(claim(5, &next, &[]), [(next[0], None)]);
    // What somebody sees is told to nobody, and keeps nothing else waiting.
    let seen = new(ChannelId(7), 1);
    assert_eq!(claim(20, &[], &[seen]), []);
    assert_eq!(claim(20, &[seen], &[]), []);
    let other = new(ChannelId(7), 2);
    assert_eq!(claim(20, &[other], &[]), [(other, None)]);
}
