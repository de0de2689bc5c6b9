//! What a person is told nothing of for a while, and what happened while they were away.
//!
//! Nothing here decides anything: what is put off goes on waiting.

use crate::api::{CatchUp, ChannelNews, Error, Reply, Request};
use crate::model::{ChannelId, Rest, ReviewId, UnixMillis};

use super::state::{Page, Question, State, Target};
use super::words;

/// How a time is written.
const TIMES: &str = "a time is written as in 30m, 8h or 2d, or it is tomorrow";

/// Returns what stands behind a word in a line that begins with it; empty where nothing does.
pub(super) fn behind<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
}

/// Asks to be told nothing of a channel for so long; until it is lifted where no time is named.
pub(super) fn mute(state: &mut State, channel: ChannelId, time: &str) {
    let rest = if time.is_empty() {
        Some(Rest::Open)
    } else {
        Rest::parse(time)
    };
    if rest.is_none() {
        state.say(format!("Not muted: {TIMES}."));
        return;
    }
    ask_mute(state, channel, rest);
}

/// Asks to be told of a channel again.
pub(super) fn unmute(state: &mut State, channel: ChannelId) {
    ask_mute(state, channel, None);
}

fn ask_mute(state: &mut State, channel: ChannelId, rest: Option<Rest>) {
    let request = Request::Mute {
        channel: channel.into(),
        rest,
    };
    state.ask(request, Question::Mute);
}

/// Asks to put an item off: for so long, until they write, or no longer. An hour where no time
/// is named.
pub(super) fn snooze(state: &mut State, item: ReviewId, time: &str) {
    let rest = match time {
        "" => Some(Rest::For(60 * 60)),
        "message" => Some(Rest::Open),
        "end" => None,
        time => {
            let rest = Rest::parse(time);
            if rest.is_none() {
                let more = "message for until they write, or end";
                state.say(format!("Not put off: {TIMES}, {more}."));
                return;
            }
            rest
        }
    };
    state.ask(Request::Snooze { item, rest }, Question::Snooze);
}

/// Puts off the item that was read out under a number: `2 8h`.
pub(super) fn snooze_number(state: &mut State, words: &str) {
    let (number, time) = words.split_once(' ').unwrap_or((words, ""));
    let number = number.parse::<usize>().ok();
    let at = number.and_then(|number| number.checked_sub(1));
    match at.and_then(|at| state.numbers.get(at)).copied() {
        Some(Target::Item(item)) => snooze(state, item, time.trim()),
        _ => state.say("Name the number of something that needs you: snooze 2 8h."),
    }
}

/// Says until when a person is told nothing of a channel now.
pub(super) fn muted(state: &mut State, answer: Result<Reply, Error>) {
    let line = match answer {
        Ok(Reply::Rests(None)) => "You are told of this channel again.".to_owned(),
        Ok(Reply::Rests(Some(until))) => format!(
            "Muted {}: you are not told of what is new here. Nothing changes in what enters or \
             leaves.",
            end(state, until, "until you type unmute")
        ),
        Ok(_) => return,
        Err(error) => not_done(&error),
    };
    state.say(line);
    state.stale = true;
}

/// Says until when an item is put off now.
pub(super) fn snoozed(state: &mut State, answer: Result<Reply, Error>) {
    let line = match answer {
        Ok(Reply::Rests(None)) => "It needs you now again.".to_owned(),
        Ok(Reply::Rests(Some(until))) => format!(
            "Put off {}. It goes on waiting, and its own time goes on.",
            end(state, until, "until they write")
        ),
        Ok(_) => return,
        Err(error) => not_done(&error),
    };
    state.say(line);
    if matches!(state.page, Page::Review(_)) {
        state.list(Page::Needs);
    }
    state.stale = true;
}

fn end(state: &State, until: UnixMillis, open: &str) -> String {
    if until == UnixMillis::FAR {
        open.to_owned()
    } else {
        format!("until {}", words::when(until, &state.zone))
    }
}

fn not_done(error: &Error) -> String {
    format!("Not done: {}.", words::safe(&error.to_string()))
}

/// Takes in what happened before this surface was opened, says it in one line, and notes that
/// the person is there now.
pub(super) fn back(state: &mut State, answer: Result<Reply, Error>) {
    // Without it nothing is summed up; the lists say all the same what there is.
    let Ok(Reply::CatchUp(news)) = answer else {
        return;
    };
    state.since = Some(news.since.unwrap_or(UnixMillis(0)));
    if news.since.is_some() && !news.channels.is_empty() {
        let since = since(state, &news);
        let channels = words::count(news.channels.len() as u64, "channel");
        state.say(format!(
            "{since} something happened in {channels}. catch up reads it out."
        ));
    }
    state.ask(Request::Looked, Question::Quietly);
}

/// Asks what happened while the person was away.
pub(super) fn ask_catch_up(state: &mut State) {
    let since = state.since;
    state.ask(Request::CatchUp { since }, Question::CatchUp);
}

/// Reads out what happened.
pub(super) fn catch_up(state: &mut State, news: &CatchUp) {
    let since = since(state, news);
    if news.channels.is_empty() {
        state.say(format!("{since} nothing happened."));
        return;
    }
    state.numbers.clear();
    state.say(format!("{since}, the latest first:"));
    let mut lines = Vec::new();
    for told in &news.channels {
        state.numbers.push(Target::Channel(told.channel));
        lines.push(format!(
            "{}  {}: {}.",
            state.numbers.len(),
            words::name(&told.name),
            told_words(told)
        ));
    }
    state.say_all(lines);
    state.say("A number reads the conversation.");
}

fn since(state: &State, news: &CatchUp) -> String {
    news.since.filter(|since| since.0 > 0).map_or_else(
        || "So far".to_owned(),
        |at| format!("Since {}", words::when(at, &state.zone)),
    )
}

fn told_words(news: &ChannelNews) -> String {
    let alone: u32 = news.alone.iter().map(|alone| alone.count).sum();
    let counts = [
        (news.arrived, "arrived"),
        (news.held_in, "held from your assistant"),
        (news.held_out, "held of its drafts"),
        (alone, "sent on its own"),
        (news.by_you, "decided by you"),
        (news.refused, "refused by you"),
        (news.expired, "expired unanswered"),
        (news.stops, "stopped over a key"),
        (news.contacts, "asked for a channel or accepted"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<_> = counts
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    if news.ended {
        parts.push("the channel ended".to_owned());
    }
    parts.join(", ")
}
