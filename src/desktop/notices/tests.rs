//! The policy as a table, and as promises that hold whatever happens.

use proptest::prelude::*;

use super::*;
use crate::model::ReviewId;

const NOON: Moment = Moment {
    now: UnixMillis(1_763_467_200_000),
    minute: 12 * 60,
};
const NIGHT: Quiet = Quiet {
    from: 22 * 60,
    until: 7 * 60,
};

fn wishes(level: Level) -> Wishes {
    Wishes { level, quiet: None }
}

fn later(minutes: u16) -> Moment {
    Moment {
        now: NOON.now.after(Duration::from_secs(u64::from(minutes) * 60)),
        minute: (NOON.minute + minutes) % DAY,
    }
}

fn draft(id: i64, channel: i64) -> Candidate {
    Candidate {
        occasion: Occasion::Need { item: ReviewId(id) },
        sort: Sort::Draft,
        channel: Some(ChannelId(channel)),
        expires: None,
        muted: false,
        snoozed: None,
        on_screen: false,
    }
}

/// A policy that has had its first look at nothing.
fn begun() -> Notices {
    let mut notices = Notices::default();
    let outcome = notices.look(wishes(Level::All), NOON, &[]);
    assert_eq!(outcome, Outcome::default());
    notices
}

fn told(outcome: &Outcome) -> Vec<Occasion> {
    let about = outcome.tell.iter().flat_map(|notice| &notice.about);
    about.map(|(occasion, _)| *occasion).collect()
}

#[test]
fn what_waited_before_the_start_is_not_told() {
    let mut notices = Notices::default();
    let waits = [draft(1, 1), draft(2, 2)];
    for minutes in [0, 10] {
        let outcome = notices.look(wishes(Level::Decisions), later(minutes), &waits);
        assert_eq!(outcome.tell, []);
    }
}

#[test]
fn one_channel_is_told_of_once_in_five_minutes_and_then_of_all_that_came() {
    let mut notices = begun();
    let look = |notices: &mut Notices, minutes, there: &[Candidate]| {
        notices.look(wishes(Level::Decisions), later(minutes), there)
    };
    let first = look(&mut notices, 0, &[draft(1, 1)]);
    assert_eq!(told(&first), [draft(1, 1).occasion]);
    let all = [draft(1, 1), draft(2, 1), draft(3, 1), draft(4, 2)];
    let second = look(&mut notices, 1, &all);
    assert_eq!(told(&second), [draft(4, 2).occasion], "another channel");
    assert_eq!(second.next, Some(later(5).now));
    let third = look(&mut notices, 5, &all);
    assert_eq!(
        told(&third),
        [draft(2, 1).occasion, draft(3, 1).occasion],
        "both in one notice"
    );
    assert_eq!(third.tell.len(), 1);
}

#[test]
fn what_is_on_a_screen_that_somebody_looks_at_is_seen_and_closes_what_was_told() {
    let mut notices = begun();
    let look = |notices: &mut Notices, there: &[Candidate]| {
        notices.look(wishes(Level::Decisions), NOON, there)
    };
    look(&mut notices, &[draft(1, 1)]);
    let shown = |draft| Candidate {
        on_screen: true,
        ..draft
    };
    let outcome = look(&mut notices, &[shown(draft(1, 1)), shown(draft(2, 1))]);
    assert_eq!(outcome.tell, []);
    assert_eq!(outcome.seen, [draft(2, 1).occasion]);
    assert_eq!(outcome.close, [Some(ChannelId(1))]);
    assert_eq!(look(&mut notices, &[draft(1, 1), draft(2, 1)]).tell, []);
}

#[test]
fn quiet_hours_let_through_only_what_expires_in_them() {
    let mut notices = begun();
    let quiet = Wishes {
        level: Level::Decisions,
        quiet: Some(NIGHT),
    };
    // 23:00; the hours end eight hours later.
    let late = later(11 * 60);
    let expires = |id, hours: u64| Candidate {
        expires: Some(late.now.after(Duration::from_secs(hours * 3600))),
        ..draft(id, id)
    };
    let there = [expires(1, 7), expires(2, 9), draft(3, 3)];
    let outcome = notices.look(quiet, late, &there);
    assert_eq!(told(&outcome), [there[0].occasion]);
    let morning = later(19 * 60);
    assert_eq!(outcome.next, Some(morning.now));
    let outcome = notices.look(quiet, morning, &there[1..]);
    assert_eq!(told(&outcome), [there[1].occasion, there[2].occasion]);
}

#[test]
fn what_was_put_off_is_told_when_it_comes_back() {
    let mut notices = begun();
    let snoozed = Candidate {
        snoozed: Some(later(60).now),
        ..draft(1, 1)
    };
    let level = wishes(Level::Decisions);
    assert_eq!(told(&notices.look(level, NOON, &[draft(1, 1)])).len(), 1);
    let outcome = notices.look(level, later(1), &[snoozed]);
    assert_eq!((outcome.tell.len(), outcome.next), (0, Some(later(60).now)));
    assert_eq!(told(&notices.look(level, later(60), &[snoozed])).len(), 1);
}

#[test]
fn each_level_tells_more_than_the_one_before() {
    let of = |sort, id| Candidate {
        sort,
        ..draft(id, id)
    };
    let there = [
        of(Sort::Held, 1),
        of(Sort::New(2), 2),
        of(Sort::Settled(3), 3),
    ];
    let levels = [Level::Nothing, Level::Decisions, Level::New, Level::All];
    let counts = levels.map(|level| told(&begun().look(wishes(level), NOON, &there)).len());
    assert_eq!(counts, [0, 1, 2, 3]);
    let muted = there.map(|candidate| Candidate {
        muted: true,
        ..candidate
    });
    assert_eq!(told(&begun().look(wishes(Level::All), NOON, &muted)), []);
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (
        0_i64..12,
        0_i64..3,
        prop::option::of(0_u64..24),
        any::<(bool, bool)>(),
        prop::option::of(0_u64..24),
        0_u8..4,
    );
    let one = one.prop_map(
        |(id, channel, expires, (muted, on_screen), snoozed, sort)| {
            let hours = |hours: u64| NOON.now.after(Duration::from_secs(hours * 3600));
            Candidate {
                sort: match sort {
                    0 => Sort::Held,
                    1 => Sort::New(1),
                    2 => Sort::Settled(1),
                    _ => Sort::Draft,
                },
                expires: expires.map(hours),
                snoozed: snoozed.map(hours),
                muted,
                on_screen,
                // An occasion is always of the same channel.
                ..draft(id * 3 + channel, channel)
            }
        },
    );
    prop::collection::vec(one, 0..8).prop_map(|mut all| {
        all.sort_by_key(|candidate| candidate.occasion);
        all.dedup_by_key(|candidate| candidate.occasion);
        all
    })
}

proptest! {
    #[test]
    fn nobody_is_told_too_often_or_of_what_they_did_not_ask_for(
        steps in prop::collection::vec((0_u16..90, candidates()), 1..20),
        level in prop::sample::select(vec![Level::Nothing, Level::Decisions, Level::New, Level::All]),
        quiet in prop::option::of((0_u16..DAY, 0_u16..DAY)),
    ) {
        let quiet = quiet.map(|(from, until)| Quiet { from, until });
        let mut notices = Notices::default();
        let mut last: HashMap<Option<ChannelId>, UnixMillis> = HashMap::new();
        let mut minutes = 0;
        for (index, (pause, there)) in steps.into_iter().enumerate() {
            minutes += pause;
            let at = later(minutes);
            let outcome = notices.look(Wishes { level, quiet }, at, &there);
            prop_assert!(index > 0 || outcome.tell.is_empty());
            prop_assert!(outcome.next.is_none_or(|next| next > at.now));
            for notice in &outcome.tell {
                prop_assert!(!notice.about.is_empty());
                if let Some(before) = last.insert(notice.channel, at.now) {
                    prop_assert!(at.now.since(before) >= Occasion::BETWEEN);
                }
                for (occasion, sort) in &notice.about {
                    let what = there.iter().find(|what| what.occasion == *occasion).unwrap();
                    prop_assert_eq!((what.sort, what.channel), (*sort, notice.channel));
                    prop_assert!(!what.muted && !what.on_screen && sort.level() <= level);
                    prop_assert!(what.snoozed.is_none_or(|until| until <= at.now));
                    if let Some(left) = quiet.and_then(|quiet| quiet.left(at.minute)) {
                        let end = at.now.after(Duration::from_secs(u64::from(left) * 60));
                        prop_assert!(what.expires.is_some_and(|expires| expires < end));
                    }
                }
            }
            let again = notices.look(Wishes { level, quiet }, at, &there);
            prop_assert_eq!(again.tell, vec![], "nothing is told twice");
        }
    }
}

#[test]
fn what_another_screen_told_a_moment_ago_waits_here_too() {
    let mut notices = begun();
    let first = notices.look(wishes(Level::Decisions), later(1), &[draft(1, 1)]);
    let Occasion::Need { .. } = told(&first)[0] else {
        panic!("{first:?}");
    };
    let until = later(4).now;
    let waits = [(told(&first)[0], until), (draft(9, 9).occasion, until)];
    assert_eq!(notices.put_off(&first.tell, &waits), Some(until));
    for minutes in [1, 3] {
        let outcome = notices.look(wishes(Level::Decisions), later(minutes), &[draft(1, 1)]);
        assert_eq!((outcome.tell, outcome.next), (Vec::new(), Some(until)));
    }
    let outcome = notices.look(wishes(Level::Decisions), later(4), &[draft(1, 1)]);
    assert_eq!(told(&outcome), told(&first));
    assert_eq!(
        notices.put_off(&[], &waits),
        None,
        "nothing of it was asked here"
    );
}
