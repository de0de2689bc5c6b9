//! `note`: what a person keeps for themselves about a channel.

use clap::Args;
use serde_json::json;

use super::output::{Form, Output, block, human_time, json_time, one_line};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Note, Reply, Request};
use crate::desktop::editor;
use crate::model::PeerText;

/// Arguments of `note`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
A note never leaves this machine, and your assistant never gets it. Without a text it is
printed; a text becomes its last line.

Example:
  chaperon note Marta
  chaperon note Marta \"met in Lisbon, prefers mornings\"
  chaperon note Marta --edit")]
pub struct NoteArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// A line to add
    #[arg(conflicts_with = "edit")]
    pub text: Option<String>,
    /// Change all of it in $VISUAL or $EDITOR; what is left empty is forgotten
    #[arg(long)]
    pub edit: bool,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: NoteArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let channel = ChannelRef::Named(args.channel);
    let mut note = read(&channel, handle).await?;
    let text = match (args.text, args.edit) {
        (Some(line), _) => Some(with_line(&note.text, &line)),
        (None, true) => Some(edited(&note.text).await?),
        (None, false) => None,
    };
    if let Some(text) = text.filter(|text| *text != note.text) {
        let request = Request::SetNote {
            channel,
            text,
            seen: note.at,
        };
        note = answer(handle.ask(request).await?)?;
    }
    match (args.form.as_json(), note.at) {
        (Some(style), at) => {
            let value = json!({
                "channel": note.channel,
                "text": note.text,
                "at": json_time(at),
            });
            out.json(&value, style)?;
        }
        (None, Some(at)) => out.text(&format!("{}\n{}", human_time(at), block(&note.text)))?,
        (None, None) => out.text("no note\n")?,
    }
    Ok(if note.at.is_some() || args.edit {
        Exit::Done
    } else {
        Exit::NothingToDo
    })
}

async fn read(channel: &ChannelRef, handle: &Handle) -> Result<Note, Error> {
    let channel = channel.clone();
    answer(handle.ask(Request::Note { channel }).await?)
}

fn answer(reply: Reply) -> Result<Note, Error> {
    let Reply::Note(note) = reply else {
        return Err(Error::Unexpected);
    };
    Ok(note)
}

fn with_line(text: &PeerText, line: &str) -> PeerText {
    let before = text.expose_untrusted().trim_end();
    let gap = if before.is_empty() { "" } else { "\n" };
    PeerText::new(format!("{before}{gap}{line}"))
}

/// Lets the person's editor change the text, beside the runtime: it takes as long as they do.
async fn edited(text: &PeerText) -> Result<PeerText, Error> {
    let command = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|command| !command.trim().is_empty())
        .unwrap_or_default();
    let text = text.clone();
    let edited = tokio::task::spawn_blocking(move || editor::edit(&command, &text)).await;
    edited
        .unwrap_or_else(|_ended| Err("it ended with an error".to_owned()))
        .map_err(|problem| Error::Editor(one_line(&PeerText::new(problem))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_added_behind_what_is_there() {
        let added = |text: &str| with_line(&PeerText::new(text), "likes tea");
        assert_eq!(added(""), PeerText::new("likes tea"));
        assert_eq!(added("met once\n\n"), PeerText::new("met once\nlikes tea"));
    }
}
