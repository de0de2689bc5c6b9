//! What an engine answers about the engagement of a channel: a few rows, each with its order.

#![expect(
    clippy::indexing_slicing,
    reason = "the rows are a table of fixed size; a wrong index is a failed test"
)]

use std::fmt::Write as _;

use chaperon::api::{
    ChannelRef, Engagement, EngagementChange, EngagementRow, Error, Proposal, Replay,
    ReplayExample, Reply, RowStep,
};
use chaperon::model::{Channel, ChannelId, Digest, PeerText};

use super::{Facts, ago};

const DAY: i64 = 24 * 60;

struct Row {
    key: &'static str,
    label: &'static str,
    section: &'static str,
    /// From narrow to wide, if `ordered`.
    values: &'static [&'static str],
    ordered: bool,
}

const ROWS: [Row; 5] = [
    Row {
        key: "drafts",
        label: "drafts",
        section: "How your assistant may act",
        values: &["all wait for you", "answers go alone", "all go alone"],
        ordered: true,
    },
    Row {
        key: "hours",
        label: "hours",
        section: "How your assistant may act",
        values: &[
            "mon-fri 09:00-17:00",
            "mon-fri 08:00-19:00",
            "mon-sun 08:00-22:00",
        ],
        ordered: true,
    },
    Row {
        key: "hold_in_drafts.money",
        label: "money in drafts",
        section: "How your assistant may act",
        values: &["waits for you", "passes"],
        ordered: true,
    },
    Row {
        key: "inbound",
        label: "incoming",
        section: "What reaches your assistant",
        values: &["hold all", "hold on any signal", "hold on grave signals"],
        ordered: true,
    },
    Row {
        key: "ends",
        label: "ends",
        section: "The channel",
        values: &["never", "after 30 days quiet"],
        ordered: false,
    },
];

type Rules = [usize; 5];

fn of_preset(name: &str) -> Rules {
    match name {
        "trusted-colleague" => [1, 1, 0, 1, 1],
        "inner-circle" => [2, 2, 1, 2, 0],
        _ => [0, 0, 0, 1, 1],
    }
}

fn written(rules: Rules) -> String {
    let mut text = String::new();
    for (row, value) in ROWS.iter().zip(rules) {
        writeln!(text, "{} = {value}", row.key).unwrap();
    }
    text
}

fn read(text: &str) -> Rules {
    let mut rules = [0; 5];
    for (value, line) in rules.iter_mut().zip(text.lines()) {
        *value = line.rsplit(' ').next().unwrap().parse().unwrap();
    }
    rules
}

fn text_of(preset: &str) -> String {
    format!("Tier: {preset}\nSettle times and places alone.\nNever tell addresses.")
}

/// The rules of a channel with the last row that holds messages one step wider.
pub(super) fn one_row_wider(channel: ChannelId, facts: &Facts) -> String {
    let mut rules = of_preset(&facts.channel(channel).preset);
    rules[3] += 1;
    written(rules)
}

/// Answers as the engine does, with what the channel's preset says as the rules in force.
pub(super) fn answer(
    facts: &Facts,
    channel: &ChannelRef,
    proposal: &Proposal,
) -> Result<Reply, Error> {
    let ChannelRef::Id(id) = channel else {
        return Err(Error::NothingToDecide);
    };
    let channel = facts.channel(*id);
    let in_force = channel
        .rules
        .as_deref()
        .map_or_else(|| of_preset(&channel.preset), read);
    let preset = proposal.preset.as_ref().unwrap_or(&channel.preset).clone();
    let mut rules = match (&proposal.rules, &proposal.preset) {
        (Some(rules), _) => read(rules),
        (None, Some(preset)) => of_preset(preset),
        (None, None) => in_force,
    };
    if let Some(edit) = &proposal.edit {
        let index = ROWS.iter().position(|row| row.key == edit.key).unwrap();
        let count = ROWS[index].values.len();
        rules[index] = match edit.step {
            RowStep::Next => (rules[index] + 1) % count,
            RowStep::Previous | RowStep::Value(_) => (rules[index] + count - 1) % count,
        };
    }
    let text = match (&proposal.text, &proposal.preset) {
        (Some(text), _) => text.clone(),
        (None, Some(preset)) => text_of(preset),
        (None, None) => channel.instructions.clone(),
    };
    let shown = shown(channel, preset, (in_force, rules), text);
    Ok(Reply::Engagement(Box::new(shown)))
}

fn shown(
    channel: Channel,
    preset: String,
    (in_force, rules): (Rules, Rules),
    text: String,
) -> Engagement {
    let mut changes = Vec::new();
    let mut rows = Vec::new();
    for (index, row) in ROWS.iter().enumerate() {
        let (from, to) = (in_force[index], rules[index]);
        rows.push(EngagementRow {
            key: row.key.into(),
            label: row.label.into(),
            value: row.values[to].into(),
            section: row.section.into(),
            enforced: true,
            choices: row.values.iter().map(|value| (*value).into()).collect(),
        });
        if from != to {
            changes.push(EngagementChange {
                label: row.label.into(),
                from: row.values[from].into(),
                to: row.values[to].into(),
                wider: row.ordered && to > from,
            });
        }
    }
    for (key, label) in [("calendar", "calendar"), ("tone", "tone and notes")] {
        rows.push(EngagementRow {
            key: key.into(),
            label: label.into(),
            value: "see the text".into(),
            section: "What it may share (asked of the assistant)".into(),
            enforced: false,
            choices: Vec::new(),
        });
    }
    let widens = changes.iter().any(|change| change.wider);
    let blocked = (widens && channel.verified.is_none())
        .then(|| "this lets through more than safe-acquaintance".to_owned());
    let toml = written(rules);
    let mut seen = [u8::try_from(channel.policy_version).unwrap(); 32];
    let shown = [preset.as_bytes(), toml.as_bytes(), text.as_bytes()].concat();
    for (index, byte) in shown.into_iter().enumerate() {
        seen[index % 32] = seen[index % 32].wrapping_mul(31).wrapping_add(byte);
    }
    Engagement {
        replay: replay(&channel.name, in_force, rules),
        in_force: None,
        seen: Digest(seen),
        rules: toml,
        channel,
        preset,
        text,
        rows,
        changes,
        widens,
        blocked,
    }
}

fn replay(name: &PeerText, in_force: Rules, rules: Rules) -> Replay {
    let alone = |rules: Rules| u32::try_from(rules[0] * 10 + rules[1] * 2).unwrap();
    let example = |days: i64, text: &str, verdict: &str| ReplayExample {
        at: ago(days * DAY),
        unsafe_text: PeerText::new(text),
        verdict: verdict.into(),
    };
    let examples = vec![
        example(
            6,
            "Holding Fri 10:00 PT for you.\nShall I book it?",
            "alone",
        ),
        example(
            4,
            "Peter\u{2019}s flight \u{1b}[2Jlands\u{202e} at nine",
            "waits: hold-out:street-address",
        ),
        example(2, name.expose_untrusted(), "waits: outside the hours"),
    ];
    Replay {
        messages: 61,
        days: 30,
        alone: (alone(rules), alone(in_force)),
        waits: (40 - alone(rules), 40 - alone(in_force)),
        held_in: (1, 1),
        examples: if rules == in_force {
            Vec::new()
        } else {
            examples
        },
    }
}
