//! What the engine answered finds its place.

use crate::api::{Error, Reply, Request, SendOutcome};
use crate::model::{Author, Channel, ChannelId, MessageId, PeerText, ReviewItem};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{JustSent, Model, Screen, Spot, Tone};
use crate::tui::palette;
use crate::tui::screen::invite::InviteScreen;
use crate::tui::screen::transcript::jump;
use crate::tui::screen::{
    catch_up, composer, decision_log, digest, end_channel, engagement, form, identities,
    identities_answers, invite, logins, need, needs_you, note, rename, rest, review, safety_code,
    scan, scan_answers, search, settings, several, topics, why,
};
use crate::tui::{first_look, tour, watch};

use super::{ask, newest, open_channel, overview};

type Answer = Result<Reply, Error>;

/// Takes in an answer; one for something that is not on screen any more changes nothing.
pub(super) fn take(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    let again = model.flights.arrive(&question);
    let mut effects = if again {
        repeat(model, &question)
    } else {
        Vec::new()
    };
    let step = tour::answered(model, &question, &answer);
    effects.extend(place(model, question, answer));
    if let Some(step) = step {
        tour::tick(model, step);
    }
    effects
}

/// Asks once more what was asked for while its answer was under way.
fn repeat(model: &mut Model, question: &Question) -> Vec<Effect> {
    let request = match question {
        Question::Status => Request::Status,
        Question::Channels => Request::Channels,
        Question::NeedsYou => Request::NeedsYou,
        Question::Newest(channel, _) => return newest(model, *channel),
        Question::Topics(channel) => Request::Topics { channel: *channel },
        Question::Login(errand) => return logins::again(model, *errand),
        Question::Identity(errand) => return identities::again(model, *errand),
        Question::Review(item) => Request::Review { item: *item },
        Question::Settled => return needs_you::reload(model),
        Question::ShowInvite(channel) => return invite::reload(model, *channel),
        Question::SafetyCode(channel) => return safety_code::reload(model, *channel),
        Question::Note(channel) => return note::load(model, *channel),
        Question::Refresh(_) => return jump::refresh(model),
        Question::SavedSearches => Request::SavedSearches,
        Question::Engagement(channel, proposal) => Request::Engagement {
            channel: (*channel).into(),
            proposal: (**proposal).clone(),
        },
        Question::Overview(channel) => return overview(model, *channel),
        Question::CatchUp => return catch_up::reload(model),
        Question::Digest => Request::Digest,
        Question::Contact(errand) => return scan::again(model, *errand),
        Question::Away
        | Question::DigestRead
        | Question::Mute(..)
        | Question::Snooze(_)
        | Question::Looked
        | Question::Claim(_)
        | Question::Older(..)
        | Question::SendToSeveral(_)
        | Question::Around(..)
        | Question::Newer(..)
        | Question::Search(..)
        | Question::SearchContext(..)
        | Question::SaveSearch
        | Question::SearchIndex
        | Question::SetNote(_)
        | Question::Verify(_)
        | Question::CodeDiffers(_)
        | Question::Draft(_)
        | Question::Presets
        | Question::FirstLook(_)
        | Question::Storage
        | Question::ReloadSettings
        | Question::Log(_)
        | Question::VerifyLog
        | Question::Decide(..)
        | Question::Send(_)
        | Question::SaveDraft(_)
        | Question::TakeBack(_)
        | Question::Retry
        | Question::MarkRead
        | Question::MakeInvite
        | Question::CancelInvite(_)
        | Question::Accept
        | Question::SetEngagement(_)
        | Question::Why(_)
        | Question::Rename(_)
        | Question::End(_)
        | Question::Pause(..) => return Vec::new(),
    };
    ask(model, request, question.clone())
}

fn place(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    match (question, answer) {
        (Question::Status, Ok(Reply::Status(status))) => {
            let same = model.status.as_ref().is_some_and(|before| {
                let mut before = before.clone();
                before.now = status.now;
                before == status
            });
            model.status = Some(status);
            if !same {
                model.touch();
            }
            Vec::new()
        }
        (Question::Channels, Ok(Reply::Channels(channels))) => take_channels(model, channels),
        (Question::NeedsYou, Ok(Reply::NeedsYou(needs))) => {
            take_needs(model, needs);
            needs_you::refresh(model)
        }
        (Question::Newest(channel, topic), Ok(Reply::Page(page))) => {
            if let Some(open) = model
                .transcript
                .as_mut()
                .filter(|open| open.channel == channel && open.topic == topic)
            {
                open.take_newest(page);
                model.touch();
            }
            Vec::new()
        }
        (Question::Older(channel, topic), Ok(Reply::Page(page))) => {
            if let Some(open) = model
                .transcript
                .as_mut()
                .filter(|open| open.channel == channel && open.topic == topic)
            {
                open.take_older(page);
                model.touch();
            }
            Vec::new()
        }
        (Question::Review(item), Ok(Reply::Review(found))) => {
            review::take(model, item, Ok(*found));
            Vec::new()
        }
        (Question::Review(item), Err(error)) => {
            review::take(model, item, Err(error));
            Vec::new()
        }
        (Question::Settled, Ok(Reply::Log(entries))) => {
            needs_you::take_settled(model, entries);
            Vec::new()
        }
        (Question::Decide(item, verdict), answer) => {
            review::decided(model, item, verdict, answer.map(|_done| ()))
        }
        (Question::Presets, Ok(Reply::Presets(names))) => {
            model.presets = names;
            palette::refresh(model);
            model.touch();
            Vec::new()
        }
        (Question::Storage, Ok(Reply::Storage(storage))) => {
            settings::take_storage(model, storage);
            Vec::new()
        }
        (Question::ReloadSettings, Ok(Reply::Done)) => Vec::new(),
        (Question::Log(before), Ok(Reply::Log(entries))) => {
            decision_log::take(model, before, entries)
        }
        (Question::Why(message), Ok(Reply::Log(entries))) => {
            why::take(model, message, entries);
            Vec::new()
        }
        (Question::VerifyLog, Ok(Reply::LogState(state))) => {
            decision_log::take_state(model, state);
            Vec::new()
        }
        (question, answer) => attention(model, question, answer),
    }
}

/// Answers about what a person is told, put off, or reads when they come back.
fn attention(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    match (question, answer) {
        (Question::Overview(_), Ok(Reply::Overview(found))) => {
            let open = model.transcript.as_ref().map(|open| open.channel);
            if open == Some(found.channel) && model.overview.as_ref() != Some(&*found) {
                model.overview = Some(*found);
                model.touch();
            }
            Vec::new()
        }
        (Question::Contact(errand), answer) => scan_answers::take(model, errand, answer),
        (Question::Away, Ok(Reply::CatchUp(news))) => watch::take_away(model, &news),
        (Question::CatchUp, Ok(Reply::CatchUp(news))) => {
            catch_up::take(model, Ok(*news));
            Vec::new()
        }
        (Question::CatchUp, Err(error)) => {
            catch_up::take(model, Err(capital(&error.to_string())));
            Vec::new()
        }
        (Question::Digest, Ok(Reply::Digest(messages))) => {
            digest::take(model, Ok(messages));
            Vec::new()
        }
        (Question::Digest, Err(error)) => {
            digest::take(model, Err(capital(&error.to_string())));
            Vec::new()
        }
        (Question::FirstLook(goes_on), answer) => {
            first_look::turned(model, goes_on, answer);
            Vec::new()
        }
        (Question::DigestRead, Ok(_)) => digest::all_read(model),
        (Question::Mute(..), Ok(Reply::Rests(until))) => rest::muted(model, until),
        (Question::Snooze(_), Ok(Reply::Rests(until))) => rest::snoozed(model, until),
        (Question::Claim(asked), Ok(Reply::Claimed(granted))) => {
            watch::take_claimed(model, asked, &granted)
        }
        // Nobody is told what the engine could not say; the header counts it all the same.
        (
            Question::Claim(_) | Question::Looked | Question::Away | Question::Overview(_),
            Err(_),
        ) => Vec::new(),
        (question, answer) => looking(model, question, answer),
    }
}

/// Answers about what was searched, and about notes.
fn looking(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    match (question, answer) {
        (Question::Around(channel, message), Ok(Reply::Page(page))) => {
            jump::take_around(model, channel, message, page);
            Vec::new()
        }
        (Question::Newer(channel, last), Ok(Reply::Page(page))) => {
            jump::take_newer(model, channel, last, page);
            Vec::new()
        }
        (Question::Refresh(channel), Ok(Reply::Page(page))) => {
            jump::take_refresh(model, channel, page);
            Vec::new()
        }
        (Question::Search(query, offset), Ok(Reply::Found(found))) => {
            search::take(model, &query, offset, Ok(*found))
        }
        (Question::Search(query, offset), Err(error)) => {
            search::take(model, &query, offset, Err(error))
        }
        (Question::SearchContext(what, channel), Ok(Reply::Page(page))) => {
            search::take_messages(model, what, channel, page);
            Vec::new()
        }
        (Question::SearchContext(what, channel), Ok(Reply::Log(entries))) => {
            search::take_entry(model, what, channel, entries.into_iter().next());
            Vec::new()
        }
        (Question::SearchContext(what, channel), Ok(Reply::Note(note))) => {
            search::take_note(model, what, channel, note);
            Vec::new()
        }
        (Question::SavedSearches, Ok(Reply::SavedSearches(saved))) => {
            search::take_saved(model, saved);
            Vec::new()
        }
        (Question::SaveSearch, Ok(Reply::SavedSearches(saved))) => {
            search::take_saved(model, saved);
            model.say(Tone::Fine, "Saved. It is listed where the field is empty.");
            Vec::new()
        }
        (Question::SearchIndex, Ok(Reply::Index(state))) => {
            search::take_index(model, state);
            Vec::new()
        }
        (Question::Note(_), Ok(Reply::Note(found))) => note::take(model, found),
        (Question::SetNote(channel), Ok(Reply::Note(kept))) => note::kept(model, channel, Ok(kept)),
        (Question::SetNote(channel), Err(error)) => note::kept(model, channel, Err(error)),
        (question, answer) => writing(model, question, answer),
    }
}

/// Answers about what a person wrote.
fn writing(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    let now = model.now;
    match (question, answer) {
        (Question::Draft(channel), Ok(Reply::Draft(draft))) => {
            let send = composer::take_draft(model, channel, &draft.text);
            send.into_iter().collect()
        }
        (Question::Draft(channel), Err(error)) => {
            // Without its draft one can write all the same; what is written is kept from now on.
            let send = composer::take_draft(model, channel, &PeerText::default());
            model.say(Tone::Trouble, format!("The draft was not found: {error}."));
            send.into_iter().collect()
        }
        (Question::SaveDraft(channel), answer) => {
            model.composer.kept(channel);
            if let Err(error) = answer {
                model.say(Tone::Trouble, format!("The draft was not kept: {error}."));
            }
            model.touch();
            Vec::new()
        }
        (Question::Send(channel), Ok(Reply::Sent(outcome))) => {
            if let SendOutcome::Queued { message, due, .. } = &outcome {
                model.just_sent = Some(JustSent {
                    message: *message,
                    channel,
                    due: *due,
                    text: model.composer.editor.text(),
                    draft: false,
                });
            }
            model.composer.sent(channel, now);
            model.composer.active = false;
            let words = match outcome {
                SendOutcome::Queued {
                    problem: None, due, ..
                } => {
                    let seconds = due.since(now).as_secs_f64().ceil();
                    format!("It leaves in {seconds} s. <main.take_back> takes it back.")
                }
                SendOutcome::Queued {
                    problem: Some(problem),
                    ..
                } => {
                    format!("Kept, and sent as soon as possible: {problem}")
                }
                SendOutcome::Relayed { .. } => "It has left.".to_owned(),
                SendOutcome::Held { .. } => "It waits for a decision.".to_owned(),
            };
            model.say(Tone::Fine, words);
            let mut effects: Vec<_> = model.composer.keep().into_iter().collect();
            effects.extend(newest(model, channel));
            effects
        }
        (Question::Send(channel), Err(error)) => {
            model.composer.not_sent(channel, error.to_string());
            model.touch();
            Vec::new()
        }
        (Question::SendToSeveral(channel), answer) => several::sent(model, channel, answer),
        (Question::Topics(channel), Ok(Reply::Topics(found))) => {
            topics::take(model, channel, found);
            Vec::new()
        }
        (Question::Login(errand), answer) => logins::take(model, errand, answer),
        (Question::Identity(errand), answer) => identities_answers::take(model, errand, answer),
        (Question::TakeBack(message), Ok(_)) => take_back(model, message),
        (Question::Rename(_), answer) => rename::settled(model, answer.map(|_done| ())),
        (Question::End(_), answer) => end_channel::settled(model, answer.map(|_done| ())),
        (question, answer) => channels(model, question, answer),
    }
}

fn take_back(model: &mut Model, id: MessageId) -> Vec<Effect> {
    let Some(open) = &model.transcript else {
        return Vec::new();
    };
    let channel = open.channel;
    let found = open.messages.iter().rev().find(|message| message.id == id);
    let draft = found.is_some_and(|message| message.author == Author::Assistant);
    let text = found.and_then(|message| Some(message.content.body()?.body.clone()));
    let just_sent = model.just_sent.take_if(|sent| sent.message == id);
    if draft || just_sent.as_ref().is_some_and(|sent| sent.draft) {
        // It is the assistant's text, so it does not become the person's.
        model.say(Tone::Fine, "Taken back. The draft was not sent.");
        return newest(model, channel);
    }
    let text = text.or_else(|| just_sent.map(|sent| sent.text));
    if let Some(text) = text {
        composer::take_back(model, &text);
    }
    newest(model, channel)
}

/// Answers about channels and invites.
fn channels(model: &mut Model, question: Question, answer: Answer) -> Vec<Effect> {
    match (question, answer) {
        (Question::MakeInvite, Ok(Reply::Invite(made))) => {
            let id = made.channel.id;
            model.screen = Screen::Invite(Box::new(InviteScreen::showing(*made)));
            model.touch();
            model.cursor = Some(Spot::Channel(id));
            let mut effects = ask(model, Request::Channels, Question::Channels);
            effects.extend(open_channel(model, id));
            effects
        }
        (Question::ShowInvite(_), Ok(Reply::Invite(found))) => {
            invite::take(model, *found);
            Vec::new()
        }
        (Question::ShowInvite(_), Err(error)) => {
            invite::fail(model, form::said(&error));
            Vec::new()
        }
        (Question::CancelInvite(_), Ok(_)) => {
            model.go_main();
            model.say(Tone::Fine, "The invite is cancelled. Its link is dead.");
            ask(model, Request::Channels, Question::Channels)
        }
        (Question::MakeInvite | Question::Accept, Err(error)) => {
            form::fail(model, form::said(&error));
            invite::fail(model, form::said(&error));
            Vec::new()
        }
        (Question::Accept, Ok(Reply::Channel(channel))) => {
            let id = channel.id;
            model.go_main();
            model.cursor = Some(Spot::Channel(id));
            model.say(
                Tone::Fine,
                "Accepted. Compare their key before you rely on it.",
            );
            let mut effects = ask(model, Request::Channels, Question::Channels);
            effects.extend(open_channel(model, id));
            effects.extend(safety_code::open_for(model, id));
            effects
        }
        (Question::SafetyCode(id), Ok(Reply::SafetyCode(code))) => {
            safety_code::take(model, id, Ok(*code));
            Vec::new()
        }
        (Question::SafetyCode(id), Err(error)) => {
            safety_code::take(model, id, Err(error));
            Vec::new()
        }
        (Question::Verify(id), answer) => {
            safety_code::settled(model, id, true, answer.map(|_done| ()))
        }
        (Question::CodeDiffers(id), answer) => {
            safety_code::settled(model, id, false, answer.map(|_done| ()))
        }
        (Question::Engagement(id, proposal), Ok(Reply::Engagement(found))) => {
            engagement::take(model, id, &proposal, Ok(*found));
            Vec::new()
        }
        (Question::Engagement(id, proposal), Err(error)) => {
            engagement::take(model, id, &proposal, Err(error));
            Vec::new()
        }
        (Question::SetEngagement(id), answer) => {
            engagement::saved(model, id, answer.map(|_done| ()))
        }
        (Question::Pause(paused, channel), Ok(_)) => {
            pause_words(model, paused, channel);
            let mut effects = ask(model, Request::Status, Question::Status);
            effects.extend(ask(model, Request::Channels, Question::Channels));
            effects
        }
        (_, Ok(_)) => Vec::new(),
        (question, Err(error)) => {
            decision_log::fail(model, &question);
            model.say(Tone::Trouble, capital(&error.to_string()));
            Vec::new()
        }
    }
}

fn pause_words(model: &mut Model, paused: bool, channel: Option<ChannelId>) {
    let words = match (paused, channel) {
        (true, None) => "Paused. Nothing leaves, nothing reaches your assistant.",
        (false, None) => "Resumed.",
        (true, Some(_)) => "This channel is paused.",
        (false, Some(_)) => "This channel is resumed.",
    };
    model.say(Tone::Fine, words);
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn take_channels(model: &mut Model, channels: Vec<Channel>) -> Vec<Effect> {
    let mut effects = scan::refresh(model, &channels);
    effects.extend(logins::refresh(model, &channels));
    effects.extend(identities::refresh(model, &channels));
    if model.channels.as_ref() == Some(&channels) {
        return effects;
    }
    model.channels = Some(channels);
    model.touch();
    palette::refresh(model);
    if model.transcript.is_none()
        && let Some(first) = model.liveliest()
    {
        model.cursor = Some(Spot::Channel(first));
        effects.extend(open_channel(model, first));
        return effects;
    }
    keep_cursor(model);
    effects
}

fn take_needs(model: &mut Model, mut needs: Vec<ReviewItem>) {
    needs.sort_by_key(need::order);
    let before = model.needs.as_deref().unwrap_or_default();
    if model.needs.is_some() && before == needs {
        return;
    }
    let arrived = needs
        .iter()
        .filter(|item| before.iter().all(|old| old.id != item.id))
        .count();
    model.composer.note_arrivals(arrived);
    model.needs = Some(needs);
    model.touch();
    keep_cursor(model);
}

/// Keeps the cursor on something that is there. It begins with the channels, not before.
fn keep_cursor(model: &mut Model) {
    if model.channels.is_none() {
        return;
    }
    let spots = model.spots();
    if model.cursor.is_some_and(|cursor| spots.contains(&cursor)) {
        return;
    }
    let open = model
        .transcript
        .as_ref()
        .map(|open| Spot::Channel(open.channel));
    model.cursor = open
        .filter(|spot| spots.contains(spot))
        .or_else(|| spots.first().copied());
}
