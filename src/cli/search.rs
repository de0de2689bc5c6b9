//! `search`: find messages, decisions and notes by their words.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, human_time, json_time, one_line};
use super::{Error, Exit};
use crate::api::{Found, Handle, Hit, HitKind, Reply, Request};
use crate::model::{Author, PeerText};
use crate::text::SafeLine;
use crate::text::search::sanitise_found;

/// Cells of the text of one hit.
const CELLS: usize = 160;
/// Between looks at an index that is being built.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Looks between two words about how far it is.
const QUIET_LOOKS: u32 = 10;

/// Arguments of `search`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
All on this machine, the newest first. Accents and case do not matter, a word may go on, and
words of Chinese, Japanese, Korean or Thai need no spaces.

  words \"a phrase\" -not   from:me|them|assistant   channel:name   has:link|file
  is:held|flagged|sent|expired|refused|message|decision|note
  before: after: on:   a date such as 2026-11-26, 2026-11, sep, mon, yesterday, 7d

Ends with 3 where nothing is found. A query that begins with a dash needs -- before it.

Example:
  chaperon search hold from:them after:sep
  chaperon search --json '\"board prep\" -draft'
  chaperon search -- -draft is:held")]
pub struct SearchArgs {
    /// What to look for
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u32,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: SearchArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let query = PeerText::new(args.query.join(" "));
    let found = whole(&query, args.limit, handle, out).await?;
    if let Some(style) = args.form.as_json() {
        out.json(&as_json(&found), style)?;
    } else {
        for note in &found.notes {
            out.note(note);
        }
        out.text(&as_text(&found))?;
    }
    Ok(if found.hits.is_empty() {
        Exit::NothingToDo
    } else {
        Exit::Done
    })
}

/// Searches, and waits for an index that is being built. Ending the call stops that; the next
/// one goes on where the profile has no passphrase.
async fn whole(
    query: &PeerText,
    limit: u32,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Found, Error> {
    for look in 0_u32.. {
        let request = Request::Search {
            query: query.clone(),
            offset: 0,
            limit,
        };
        let Reply::Found(found) = handle.ask(request).await? else {
            return Err(Error::Unexpected);
        };
        let index = found.index;
        if index.waiting == 0 || !index.building {
            return Ok(*found);
        }
        if look % QUIET_LOOKS == 0 {
            let (waiting, total) = (index.waiting, index.total);
            out.note(&format!(
                "the index is being built: {waiting} of {total} to go"
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(Error::Unexpected)
}

fn as_json(found: &Found) -> Value {
    json!({
        "total": found.total,
        "more": found.more,
        "searched": found.searched,
        "micros": found.micros,
        "notes": found.notes,
        "index": found.index,
        "hits": found.hits.iter().map(hit_json).collect::<Vec<_>>(),
    })
}

fn hit_json(hit: &Hit) -> Value {
    let mut value = json!({
        "kind": null,
        "channel": hit.channel,
        "name": hit.name,
        "at": json_time(Some(hit.at)),
        "author": hit.author,
        "state": hit.state,
        "signals": hit.signals,
        "unsafe_text": hit.excerpt.unsafe_text,
        "cut": hit.excerpt.cut,
        "matches": hit.excerpt.matches,
    });
    let (kind, key, id) = match &hit.what {
        HitKind::Message { message } => ("message", "message", json!(message)),
        HitKind::Decision { number, .. } => ("decision", "number", json!(number)),
        HitKind::Note => ("note", "note", json!(true)),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("kind".to_owned(), json!(kind));
        object.insert(key.to_owned(), id);
        if let HitKind::Decision { code, .. } = &hit.what {
            object.insert("code".to_owned(), json!(code));
        }
    }
    value
}

fn as_text(found: &Found) -> String {
    let mut text = String::new();
    for hit in &found.hits {
        let name = hit.name.as_ref().map(one_line).unwrap_or_default();
        let mut words = vec![who(hit).to_owned()];
        words.extend(hit.state.map(|state| state.words().to_owned()));
        if hit.signals > 0 {
            words.push(format!("⚑ {}", hit.signals));
        }
        if let HitKind::Decision { number, code } = &hit.what {
            words.push(format!("{} (log {number})", code.replace('_', " ")));
        }
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{}  {name}  {}\n  ┆ {}",
            human_time(hit.at),
            words.join(" · "),
            line(hit),
        );
    }
    let more = if found.more { "+" } else { "" };
    let _infallible = writeln!(
        text,
        "{}{more} of {} · {} ms",
        found.total,
        found.searched,
        found.micros.div_ceil(1000),
    );
    text
}

/// Returns the text of a hit on one line, what was found in brackets.
fn line(hit: &Hit) -> String {
    let excerpt = &hit.excerpt;
    let safe = sanitise_found(&excerpt.unsafe_text, &excerpt.signals, &excerpt.matches);
    let lines: Vec<String> = safe.lines().iter().map(SafeLine::plain).collect();
    let joined = lines.join(" ");
    let mut text: String = joined.chars().take(CELLS).collect();
    if excerpt.cut || text.len() < joined.len() {
        text.push('…');
    }
    text
}

fn who(hit: &Hit) -> &'static str {
    match (&hit.what, hit.author) {
        (HitKind::Note, _) => "your note",
        (_, Some(Author::Peer)) => "theirs",
        (_, Some(Author::Assistant)) => "your assistant",
        (_, Some(Author::Human)) => "you",
        (_, None) => "rule",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{HitState, HitText, IndexState};
    use crate::model::{ChannelId, MessageId, TextSpan, UnixMillis};

    fn found() -> Found {
        let hit = |what, author, state, text: &str| Hit {
            what,
            channel: Some(ChannelId(3)),
            name: Some(PeerText::new("Marta \u{202e}Ruiz")),
            at: UnixMillis(1_770_769_095_123),
            author,
            state,
            signals: u32::from(state.is_some()),
            excerpt: HitText {
                unsafe_text: PeerText::new(text),
                cut: true,
                matches: vec![TextSpan { start: 0, end: 4 }],
                signals: Vec::new(),
            },
        };
        let message = HitKind::Message {
            message: MessageId(7),
        };
        let decision = HitKind::Decision {
            number: 12,
            code: "draft_expired".to_owned(),
        };
        Found {
            hits: vec![
                hit(
                    message,
                    Some(Author::Peer),
                    Some(HitState::Held),
                    "hold\nthe \u{1b}[2Jdoor",
                ),
                hit(decision, None, None, "hold-out:every-draft"),
                hit(HitKind::Note, Some(Author::Human), None, "hold on"),
            ],
            total: 3,
            more: false,
            searched: 48_210,
            micros: 5_600,
            notes: Vec::new(),
            index: IndexState::default(),
        }
    }

    #[test]
    fn the_text_says_when_who_and_where_and_keeps_what_is_theirs_behind_the_gutter() {
        insta::assert_snapshot!(as_text(&found()));
    }

    #[test]
    fn the_json_has_the_original_text_and_the_places_in_it() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&as_json(&found())).unwrap());
    }
}
