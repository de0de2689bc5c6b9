//! `log`: the decision log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, human_time, json_time, one_line};
use super::pending::safe;
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request};
use crate::model::{ChannelId, LogEntry};

/// Arguments of `log`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The newest entry comes first. Each entry names the digest of the one before it.

Example:
  chaperon log --limit 10")]
pub struct LogArgs {
    /// At most this many entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: LogArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let Reply::Log(entries) = handle
        .ask(Request::Log {
            limit: args.limit,
            before: None,
        })
        .await?
    else {
        return Err(Error::Unexpected);
    };
    let Reply::Channels(channels) = handle.ask(Request::Channels).await? else {
        return Err(Error::Unexpected);
    };
    let channels: Names = channels
        .into_iter()
        .map(|channel| (channel.id, (channel.address, one_line(&channel.name))))
        .collect();
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
    use crate::model::{Actor, Digest, UnixMillis};

    fn entries() -> Vec<LogEntry> {
        let entry = |number, actor, what: &str, channel, detail: &str| LogEntry {
            number,
            at: UnixMillis(1_770_769_095_123),
            actor,
            what: what.to_owned(),
            channel,
            detail: detail.to_owned(),
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
