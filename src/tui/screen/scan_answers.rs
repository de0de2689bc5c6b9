//! What came back about our identity, about who was found, and from those we asked.

use crate::api::{AccountsReply, Error, Reply, Request};
use crate::model::Sighted;
use crate::tui::message::{Effect, Errand, Question};
use crate::tui::model::{Model, Tone};
use crate::tui::update::ask;

use super::review_paper::capital;
use super::scan::{Focus, Identity, Outcome, again};

/// Takes in what became of an errand.
pub(in crate::tui) fn take(
    model: &mut Model,
    errand: Errand,
    answer: Result<Reply, Error>,
) -> Vec<Effect> {
    model.touch();
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => {
            failed(model, errand, &error);
            return Vec::new();
        }
    };
    match (errand, reply) {
        (Errand::HowFar, Reply::Work(progress)) => {
            if let Some(looking) = &mut model.scan.looking {
                looking.progress = progress.or(looking.progress);
            }
        }
        (Errand::Ask, Reply::Channel(_)) => {
            model.scan.letter = None;
            if model.scan.focus == Focus::Letter {
                model.scan.focus = Focus::List;
            }
            let words = "They have your request. It begins when they ask you too, and you accept.";
            model.say(Tone::Fine, words);
            return changed(model);
        }
        (Errand::AskBack(_), Reply::Channel(_)) => {
            let words = "They have your request. Once they accept it, what you write arrives.";
            model.say(Tone::Fine, words);
            return changed(model);
        }
        (_, Reply::Accounts(reply)) => take_accounts(model, errand, *reply),
        // An engine answers in kind; that a look stops says the answer to the look.
        (_, _) => {}
    }
    Vec::new()
}

fn changed(model: &mut Model) -> Vec<Effect> {
    let mut effects = ask(model, Request::Channels, Question::Channels);
    effects.extend(again(model, Errand::Requests));
    effects
}

fn take_accounts(model: &mut Model, errand: Errand, reply: AccountsReply) {
    let scan = &mut model.scan;
    match reply {
        AccountsReply::Account(Some(account)) => {
            scan.identity = Identity::Known(Box::new(account));
            if errand == Errand::Make {
                scan.making = false;
                scan.focus = Focus::Field;
                model.say(Tone::Fine, "This is who you are here from now on.");
            }
        }
        AccountsReply::Account(None) => {
            let first = matches!(scan.identity, Identity::Unknown);
            scan.identity = Identity::Missing;
            // The key that makes one is a letter, which the field would take.
            if first && scan.editor.is_empty() && scan.focus == Focus::Field {
                scan.focus = Focus::List;
            }
        }
        AccountsReply::Requests(requests) => {
            scan.requests = requests;
            scan.cursor = scan.cursor.min(scan.rows().saturating_sub(1));
        }
        // Asked for on other screens.
        AccountsReply::Logins(_)
        | AccountsReply::Enrolled { .. }
        | AccountsReply::Identity { .. }
        | AccountsReply::Link(_)
        | AccountsReply::Invited { .. } => {}
        AccountsReply::Sighted(sighted) => {
            let stopped = scan.looking.take().is_some_and(|looking| looking.stopping);
            scan.outcome = Some(outcome(sighted, stopped));
            scan.cursor = 0;
        }
    }
}

/// Sorts what came back: who is there, and what went wrong how often.
fn outcome(sighted: Vec<Sighted>, stopped: bool) -> Outcome {
    let mut outcome = Outcome {
        stopped,
        ..Outcome::default()
    };
    for one in sighted {
        if let Some(claim) = one.somebody {
            outcome.somebody.push((one.url, claim));
            continue;
        }
        let problem = one.problem.unwrap_or_default();
        let mut held = outcome.failures.iter_mut();
        match held.find(|(known, _)| *known == problem) {
            Some((_, times)) => *times += 1,
            None => outcome.failures.push((problem, 1)),
        }
    }
    outcome
        .failures
        .sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    outcome
}

fn failed(model: &mut Model, errand: Errand, error: &Error) {
    let words = error.to_string();
    let scan = &mut model.scan;
    match errand {
        Errand::Look => {
            scan.looking = None;
            scan.problem = Some(words);
            if scan.focus == Focus::List {
                scan.focus = Focus::Field;
            }
        }
        Errand::Make => {
            scan.making = false;
            scan.problem = Some(words);
        }
        Errand::Ask => {
            let Some(letter) = &mut scan.letter else {
                model.say(Tone::Trouble, capital(&words));
                return;
            };
            letter.busy = false;
            letter.problem = Some(if *error == Error::Changed {
                "another key is shown there now; nothing was sent, look again".to_owned()
            } else {
                words
            });
        }
        Errand::Account | Errand::Requests | Errand::Stop | Errand::AskBack(_) => {
            model.say(Tone::Trouble, capital(&words));
        }
        Errand::HowFar => {}
    }
}
