//! `status`: health and counts at a glance.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, human_time, json_time, one_line};
use super::{Error, Exit};
use crate::api::{Handle, RelayState, Reply, Request, Status};
use crate::model::{Listening, PeerText};

/// Arguments of `status`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon status --json")]
pub struct StatusArgs {
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: StatusArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let Reply::Status(status) = handle.ask(Request::Status).await? else {
        return Err(Error::Unexpected);
    };
    match args.form.as_json() {
        Some(style) => out.json(&as_json(&status), style)?,
        None => out.text(&as_text(&status))?,
    }
    Ok(Exit::Done)
}

fn as_json(status: &Status) -> Value {
    let relays: Vec<_> = status.relays.iter().map(relay_as_json).collect();
    json!({
        "version": status.version,
        "profile": status.profile,
        "protected": status.protected,
        "paused": json_time(status.paused),
        "active_channels": status.active_channels,
        "needs_you": status.needs_you,
        "held_in": status.held_in,
        "held_out": status.held_out,
        "next_expiry": json_time(status.next_expiry),
        "today": status.today,
        "wake_problems": status.wake_problems,
        "outbox": status.outbox,
        "relays": relays,
        "first_look": status.first_look,
        "listening": status.listening,
        "now": json_time(Some(status.now)),
    })
}

fn relay_as_json(relay: &RelayState) -> Value {
    json!({
        "relay": relay.relay,
        "last_ok": json_time(relay.last_ok),
        "problem": relay.problem,
        "push": relay.push,
    })
}

fn as_text(status: &Status) -> String {
    let protection = if status.protected {
        "passphrase"
    } else {
        "none: whatever runs as you can decide in your place"
    };
    let paused = status.paused.map_or_else(
        || "no".to_owned(),
        |since| format!("everything, since {}", human_time(since)),
    );
    let mut text = format!(
        "chaperon {}\n\
         profile     {}\n\
         protection  {protection}\n\
         paused      {paused}\n\
         channels    {} active\n\
         needs you   {}\n\
         held        {} in, {} out{}\n\
         today       {} alone, {} approved, {} edited, {} refused or expired\n\
         outbox      {}\n",
        status.version,
        safe(&status.profile),
        status.active_channels,
        status.needs_you,
        status.held_in,
        status.held_out,
        status.next_expiry.map_or_else(String::new, |at| format!(
            ", the first until {}",
            human_time(at)
        )),
        status.today.alone,
        status.today.approved,
        status.today.edited,
        status.today.refused,
        status.outbox,
    );
    if let Some(look) = status.first_look {
        let put_off = match look.put_off {
            0 => String::new(),
            more => format!("; {more} put off by a person"),
        };
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "first look  {} of {} channels{put_off}",
            look.done, look.total
        );
    }
    for problem in &status.wake_problems {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "wake        {}", safe(problem));
    }
    for relay in &status.relays {
        let state = relay.problem.as_deref().map_or_else(
            || {
                if relay.last_ok.is_none() {
                    "not asked yet"
                } else if relay.push {
                    "ok, tells at once"
                } else {
                    "ok, polled"
                }
                .to_owned()
            },
            safe,
        );
        let last = relay.last_ok.map_or_else(|| "never".to_owned(), human_time);
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "relay       {}: {state}; last answer {last}",
            safe(&relay.relay)
        );
    }
    for listening in &status.listening {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "listening   {}", listens(listening));
    }
    text
}

/// Says where a network listens and who can reach it there.
pub(super) fn listens(listening: &Listening) -> String {
    let Listening {
        network,
        at,
        exposed,
        problem,
        ..
    } = listening;
    let state = match (problem, exposed) {
        (Some(problem), _) => safe(problem),
        (None, true) => "whoever reaches this computer sees your id, name and key and may ask \
                         for contact"
            .to_owned(),
        (None, false) => "this computer alone".to_owned(),
    };
    format!("{}, {at}: {state}", network.label())
}

/// Addresses and paths may hold what a link brought in, so they are treated as from outside.
fn safe(text: &str) -> String {
    one_line(&PeerText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Today;
    use crate::model::{FirstLook, UnixMillis};

    fn status() -> Status {
        Status {
            version: "0.1.0".into(),
            profile: "/home/ana/.local/share/chaperon".into(),
            protected: false,
            paused: Some(UnixMillis(1_770_769_095_123)),
            kept: 0,
            active_channels: 4,
            needs_you: 2,
            held_in: 1,
            held_out: 2,
            next_expiry: Some(UnixMillis(1_770_769_995_123)),
            today: Today {
                alone: 11,
                approved: 3,
                edited: 1,
                refused: 2,
            },
            listening: vec![Listening {
                account: None,
                addresses: Vec::new(),
                reach: crate::model::Reach::Unknown,
                network: crate::model::NetworkId::Mesh,
                at: "0.0.0.0:8787".into(),
                exposed: true,
                problem: None,
            }],
            wake_problems: vec!["channel 1: the wake command failed: it ended with 1".into()],
            outbox: 0,
            relays: vec![
                RelayState {
                    relay: "https://relay.example".into(),
                    last_ok: Some(UnixMillis(1_770_769_095_123)),
                    problem: None,
                    push: true,
                },
                RelayState {
                    relay: "https://slow.example/\u{1b}[2J".into(),
                    last_ok: None,
                    problem: Some("no answer within 30 s".into()),
                    push: false,
                },
                RelayState {
                    relay: "https://new.example".into(),
                    last_ok: None,
                    problem: None,
                    push: false,
                },
            ],
            first_look: Some(FirstLook {
                done: 120,
                total: 5000,
                put_off: 4880,
            }),
            now: UnixMillis(1_770_769_100_000),
        }
    }

    #[test]
    fn the_text_says_what_is_wrong_and_what_protects() {
        insta::assert_snapshot!(as_text(&status()));
    }

    #[test]
    fn the_json_has_every_count_and_times_in_utc() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&as_json(&status())).unwrap());
    }
}
