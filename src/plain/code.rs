//! The comparison of a safety code: read out group by group, confirmed by one of its own words.

use crate::api::{Error, Reply, Request, SafetyCode};
use crate::model::ChannelId;
use crate::text::ours;

use super::channel::ChannelPage;
use super::state::{Page, Question, State, Typed};
use super::verdict::SECOND;
use super::{step, words};

/// A code that is compared.
#[derive(Debug)]
pub(super) struct CodePage {
    channel: ChannelId,
    code: Option<Box<SafetyCode>>,
    /// Whether the word of the code was typed.
    armed: bool,
}

/// Asks for the code of a channel.
pub(super) fn open(state: &mut State, channel: ChannelId) {
    state.page = Page::Code(CodePage {
        channel,
        code: None,
        armed: false,
    });
    let request = Request::SafetyCode {
        channel: channel.into(),
    };
    state.ask(request, Question::Code(channel));
}

/// Reads a code out.
pub(super) fn show(state: &mut State, channel: ChannelId, answer: Result<Reply, Error>) {
    let code = match answer {
        Ok(Reply::SafetyCode(code)) => code,
        Ok(_) => return,
        Err(error) => {
            let why = words::safe(&error.to_string());
            state.say(format!("There is no code to compare: {why}."));
            state.page = Page::Channel(ChannelPage::new(channel));
            return;
        }
    };
    state.say(format!(
        "Safety code. {}.",
        words::channel(&code.channel, state.now)
    ));
    state.say(
        "Read it aloud in a call, or when you meet, not over this channel. Both sides have the \
         same digits and words if nobody stands between you.",
    );
    for (number, group) in (1..).zip(&code.groups) {
        let digits: Vec<String> = group.chars().map(String::from).collect();
        state.say(format!(
            "Group {number}: {}",
            ours(&digits.join(" ")).plain()
        ));
    }
    state.say(format!("Words: {}.", ours(&code.words.join(", ")).plain()));
    say_choices(state, &code);
    state.page = Page::Code(CodePage {
        channel,
        code: Some(code),
        armed: false,
    });
}

fn asked(code: &SafetyCode) -> &str {
    code.words.get(code.ask).map_or("", String::as_str)
}

fn say_choices(state: &mut State, code: &SafetyCode) {
    state.say(format!(
        "Type {} if it is the same on both sides; differs stops the channel both ways; back leaves \
         it uncompared.",
        ours(asked(code)).plain()
    ));
}

pub(super) fn prompt(page: &CodePage) -> &'static str {
    if page.armed { SECOND } else { "code" }
}

/// Takes a line.
pub(super) fn line(state: &mut State, mut page: CodePage, typed: &Typed) {
    let channel = page.channel;
    let Some(code) = page.code.clone() else {
        state.page = Page::Code(page);
        step::anywhere(state, typed);
        return;
    };
    let was_armed = std::mem::take(&mut page.armed);
    let word = step::word(typed);
    let is_word = !word.is_empty() && word == asked(&code);
    let decides = is_word || word == "differs" || (was_armed && word == SECOND);
    if decides && let Some(why) = state.too_soon(typed) {
        page.armed = was_armed;
        state.say(why);
    } else if is_word {
        page.armed = true;
        state.say("This says that the code is the same on both sides.");
        state.say(format!(
            "Type {SECOND} to do it. Anything else leaves it uncompared."
        ));
    } else if was_armed && word == SECOND {
        let request = Request::Verify {
            channel: channel.into(),
            word: asked(&code).to_owned(),
            seen: code.seen,
        };
        state.ask(request, Question::Verify(channel));
    } else if word == "differs" {
        let request = Request::CodeDiffers {
            channel: channel.into(),
            seen: code.seen,
        };
        state.ask(request, Question::Differs(channel));
    } else if word == "back" || word == "later" {
        state.say("Not compared: the channel stays as narrow as safe acquaintance.");
        state.page = Page::Channel(ChannelPage::new(channel));
        return;
    } else if word == "again" {
        open(state, channel);
        return;
    } else if word.is_empty() {
        say_choices(state, &code);
    } else {
        state.page = Page::Code(page);
        step::anywhere(state, typed);
        return;
    }
    state.page = Page::Code(page);
}

/// Takes in what became of the comparison.
pub(super) fn settled(
    state: &mut State,
    channel: ChannelId,
    same: bool,
    answer: Result<Reply, Error>,
) {
    match answer {
        Ok(_) => {
            state.say(if same {
                "Compared: nobody stands between you."
            } else {
                "The channel is stopped. Nothing leaves or enters; make a new invite."
            });
            state.page = Page::Channel(ChannelPage::new(channel));
            state.stale = true;
        }
        Err(error) => {
            state.say(format!("Not noted: {}.", words::safe(&error.to_string())));
            open(state, channel);
        }
    }
}
