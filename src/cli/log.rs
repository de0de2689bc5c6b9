//! `log`: the decision log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{Form, Output, Pretty, human_time, json_time, one_line};
use super::pending::safe;
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request};
use crate::model::{ChannelId, LogEntry};

/// Entries that are asked for at once.
const PAGE: u32 = 1000;

/// Arguments of `log`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The newest entry comes first. Each entry names the digest of the one before it.

Example:
  chaperon log --limit 10
  chaperon log verify
  chaperon log export > decisions.jsonl")]
pub struct LogArgs {
    /// What to do with it; show it where absent.
    #[command(subcommand)]
    pub verb: Option<LogVerb>,
    /// At most this many entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

/// What can be done with the log.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum LogVerb {
    /// Check that every entry is what was written; ends with 1 and names the first that is not
    Verify {
        /// How to print.
        #[command(flatten)]
        form: Form,
    },
    /// Print every entry as one line of JSON, the oldest first
    Export,
    /// Take the texts out of an entry; their digests stay, and the chain still holds
    Redact {
        /// Number of the entry
        number: i64,
    },
}

pub(super) async fn run(
    args: LogArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    match args.verb {
        None => {}
        Some(LogVerb::Verify { form }) => return verify(form, handle, out).await,
        Some(LogVerb::Export) => return export(handle, out).await,
        Some(LogVerb::Redact { number }) => {
            let Reply::Done = handle.ask(Request::RedactLog { number }).await? else {
                return Err(Error::Unexpected);
            };
            let style = args.form.as_json().unwrap_or_default();
            out.json(&json!({ "ok": true, "redacted": number }), style)?;
            return Ok(Exit::Done);
        }
    }
    let Reply::Log(entries) = handle
        .ask(Request::Log {
            limit: args.limit,
            before: None,
        })
        .await?
    else {
        return Err(Error::Unexpected);
    };
    let channels = names(handle).await?;
    match args.form.as_json() {
        Some(style) => {
            let list: Value = entries
                .iter()
                .map(|entry| as_json(entry, &channels))
                .collect();
            out.json(&list, style)?;
        }
        None => out.text(&as_text(&entries, &channels))?,
    }
    Ok(Exit::Done)
}

async fn verify(form: Form, handle: &Handle, out: &mut Output<'_>) -> Result<Exit, Error> {
    let Reply::LogState(state) = handle.ask(Request::VerifyLog).await? else {
        return Err(Error::Unexpected);
    };
    let whole = state.problem.is_none();
    match form.as_json() {
        Some(style) => out.json(
            &json!({
                "ok": whole,
                "entries": state.entries,
                "problem": state.problem,
                "checked_at": json_time(Some(state.checked_at)),
            }),
            style,
        )?,
        None => out.text(&match &state.problem {
            None => format!("{} entries, the chain is whole\n", state.entries),
            Some(problem) => format!("{} entries are whole, then: {problem}\n", state.entries),
        })?,
    }
    Ok(if whole { Exit::Done } else { Exit::Failed })
}

/// Prints the whole log, a page at a time from the newest on, and so keeps one page's numbers.
async fn export(handle: &Handle, out: &mut Output<'_>) -> Result<Exit, Error> {
    let mut pages = vec![None];
    loop {
        let before = pages.last().copied().flatten();
        let entries = page(handle, before).await?;
        match entries.last().map(|entry| entry.number) {
            Some(oldest) if oldest > 1 => pages.push(Some(oldest)),
            _ => break,
        }
    }
    let names = names(handle).await?;
    for before in pages.into_iter().rev() {
        let mut entries = page(handle, before).await?;
        entries.reverse();
        for entry in entries {
            out.json(&as_json(&entry, &names), Pretty::default())?;
        }
    }
    Ok(Exit::Done)
}

async fn page(handle: &Handle, before: Option<i64>) -> Result<Vec<LogEntry>, Error> {
    let request = Request::Log {
        limit: PAGE,
        before,
    };
    let Reply::Log(entries) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    Ok(entries)
}

async fn names(handle: &Handle) -> Result<Names, Error> {
    let Reply::Channels(channels) = handle.ask(Request::Channels).await? else {
        return Err(Error::Unexpected);
    };
    Ok(channels
        .into_iter()
        .map(|channel| (channel.id, (channel.address, one_line(&channel.name))))
        .collect())
}

/// The network's id and the local name, safe to print, of each channel.
type Names = BTreeMap<ChannelId, (String, String)>;

fn as_json(entry: &LogEntry, channels: &Names) -> Value {
    let named = entry.channel.and_then(|channel| channels.get(&channel));
    json!({
        "number": entry.number,
        "at": json_time(Some(entry.at)),
        "actor": entry.actor,
        "what": entry.what,
        "channel": entry.channel,
        "channel_id": named.map(|(address, _)| address),
        "detail": entry.detail,
        "evidence": entry.evidence,
        "unsafe_draft": entry.draft,
        "unsafe_sent": entry.sent,
        "previous": entry.previous,
        "digest": entry.digest,
    })
}

fn as_text(entries: &[LogEntry], channels: &Names) -> String {
    let mut text = String::new();
    for entry in entries {
        let channel = entry.channel.map_or_else(String::new, |channel| {
            channels.get(&channel).map_or_else(
                || format!(" channel {channel}"),
                |(_, name)| format!(" · {name}"),
            )
        });
        let detail = if entry.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", safe(&entry.detail))
        };
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{:>6}  {}  {:<9}  {}{channel}{detail}",
            entry.number,
            human_time(entry.at),
            entry.actor.as_str(),
            safe(&entry.what),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, Digest, Evidence, LoggedText, PeerText, UnixMillis};

    fn entries() -> Vec<LogEntry> {
        let entry = |number, actor, what: &str, channel, detail: &str| LogEntry {
            number,
            at: UnixMillis(1_770_769_095_123),
            actor,
            what: what.to_owned(),
            channel,
            detail: detail.to_owned(),
            evidence: Evidence {
                rule: Some("hold-out:every-draft".to_owned()),
                ..Evidence::default()
            },
            draft: Some(LoggedText {
                text: Some(PeerText::new("hello")),
                digest: Digest([3; 32]),
            }),
            sent: None,
            previous: Digest([1; 32]),
            digest: Digest([2; 32]),
        };
        vec![
            entry(
                12,
                Actor::Human,
                "contact_accepted",
                Some(ChannelId(3)),
                "key 0123-4567",
            ),
            entry(11, Actor::Assistant, "paused", None, ""),
        ]
    }

    fn names() -> Names {
        let named = ("bb7ppzYHD5bpz5h-OZG5OQ".to_owned(), "Bob".to_owned());
        BTreeMap::from([(ChannelId(3), named)])
    }

    #[test]
    fn the_text_is_one_line_per_entry() {
        insta::assert_snapshot!(as_text(&entries(), &names()));
    }

    #[test]
    fn the_json_has_the_chain() {
        let list: Value = entries()
            .iter()
            .map(|entry| as_json(entry, &names()))
            .collect();
        insta::assert_snapshot!(serde_json::to_string_pretty(&list).unwrap());
    }
}
