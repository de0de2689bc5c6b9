//! `engagement`: show the rules of a channel, try a change out, and put it into force.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, human_time, json_time, one_line};
use super::{Error, Exit};
use crate::api::{ChannelRef, Engagement, Handle, Proposal, Reply, Request, RowEdit, RowStep};

/// Cells of a text in an example.
const EXAMPLES: usize = 10;

/// Arguments of `engagement`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Rows marked E are enforced whatever the assistant does; rows marked A are asked of it in its \
text. A change is tried on the last 30 days of the channel first, and saved with --save; one that \
lets more happen without you needs --widen, and the safety code compared.

Example:
  chaperon engagement Marta
  chaperon engagement Marta --preset trusted-colleague
  chaperon engagement Marta --set hours='mon-fri 08:00-20:00' --save")]
pub struct EngagementArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// Preset to start from
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// File with the rules of this channel, as TOML
    #[arg(long, value_name = "FILE")]
    pub rules: Option<String>,
    /// File with the text for the assistant
    #[arg(long, value_name = "FILE")]
    pub text: Option<String>,
    /// Change one row; the keys and their values stand in the JSON
    #[arg(long, value_name = "KEY=VALUE", value_parser = row)]
    pub set: Vec<(String, String)>,
    /// Put it into force
    #[arg(long)]
    pub save: bool,
    /// Let it widen what happens without you
    #[arg(long, requires = "save")]
    pub widen: bool,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

fn row(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "a change is written KEY=VALUE".to_owned())
}

pub(super) async fn run(
    args: EngagementArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let channel = ChannelRef::Named(args.channel.clone());
    let read = |file: &String| super::instructions::read(file);
    let mut proposal = Proposal {
        preset: args.preset.clone(),
        rules: args.rules.as_ref().map(read).transpose()?,
        text: args.text.as_ref().map(read).transpose()?,
        edit: None,
    };
    let mut shown = ask(handle, &channel, &proposal).await?;
    for (key, value) in args.set {
        proposal.rules = Some(shown.rules);
        let edit = RowEdit {
            key,
            step: RowStep::Value(value),
        };
        let edited = Proposal {
            edit: Some(edit),
            ..proposal.clone()
        };
        shown = ask(handle, &channel, &edited).await?;
        proposal.rules = Some(shown.rules.clone());
    }
    if args.save {
        let request = Request::SetEngagement {
            channel,
            seen: shown.seen,
            proposal,
            widen: args.widen,
        };
        let Reply::Engagement(saved) = handle.ask(request).await? else {
            return Err(Error::Unexpected);
        };
        shown = *saved;
    }
    match args.form.as_json() {
        Some(style) => out.json(&as_json(&shown), style)?,
        None => out.text(&as_text(&shown))?,
    }
    Ok(Exit::Done)
}

async fn ask(
    handle: &Handle,
    channel: &ChannelRef,
    proposal: &Proposal,
) -> Result<Engagement, Error> {
    let request = Request::Engagement {
        channel: channel.clone(),
        proposal: proposal.clone(),
    };
    let Reply::Engagement(engagement) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*engagement)
}

fn as_json(shown: &Engagement) -> Value {
    json!({
        "channel_id": shown.channel.address,
        "name": shown.channel.name,
        "preset": shown.preset,
        "version": shown.channel.policy_version,
        "verified": json_time(shown.channel.verified),
        "in_force": shown.in_force,
        "rows": shown.rows,
        "changes": shown.changes,
        "widens": shown.widens,
        "blocked": shown.blocked,
        "replay": shown.replay,
        "rules": shown.rules,
        "instructions": shown.text,
    })
}

fn as_text(shown: &Engagement) -> String {
    let mut text = format!(
        "{} · {} · version {}\n",
        one_line(&shown.channel.name),
        super::pending::safe(&shown.preset),
        shown.channel.policy_version
    );
    // Writing to a String cannot fail.
    if let Some(instead) = &shown.in_force {
        let _infallible = writeln!(text, "in force: {}", super::pending::safe(instead));
    }
    let mut section = "";
    for row in &shown.rows {
        if row.section != section {
            section = &row.section;
            let _infallible = writeln!(text, "\n{section}");
        }
        let mark = if row.enforced { 'E' } else { 'A' };
        let _infallible = writeln!(
            text,
            "  {mark}  {:<34} {}",
            row.label,
            super::pending::safe(&row.value)
        );
    }
    if !shown.changes.is_empty() {
        text.push_str("\nChanges\n");
        for change in &shown.changes {
            let effect = if change.wider { "widens" } else { "" };
            let _infallible = writeln!(
                text,
                "  {effect:<8} {}: {} -> {}",
                change.label,
                super::pending::safe(&change.from),
                super::pending::safe(&change.to)
            );
        }
    }
    if let Some(blocked) = &shown.blocked {
        let _infallible = writeln!(text, "compare the safety code first: {blocked}");
    }
    let replay = &shown.replay;
    let _infallible = writeln!(
        text,
        "\nOn the last {} days ({} messages): alone {} (was {}), waits {} (was {}), held in {} \
         (was {})",
        replay.days,
        replay.messages,
        replay.alone.0,
        replay.alone.1,
        replay.waits.0,
        replay.waits.1,
        replay.held_in.0,
        replay.held_in.1
    );
    for example in replay.examples.iter().take(EXAMPLES) {
        let _infallible = writeln!(
            text,
            "  {}  {}\n  ┆ {}",
            human_time(example.at),
            super::pending::safe(&example.verdict),
            one_line(&example.unsafe_text)
        );
    }
    text
}
