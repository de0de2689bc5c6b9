//! What came back about our identities, and about a link that invites.

use crate::api::{AccountsReply, Error, Reply, Request};
use crate::tui::message::{Effect, IdentityErrand, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::update::ask;

use super::identities::{Page, Phrase, called, reload};
use super::review_paper::capital;
use super::{form_link, logins};

/// Takes in what became of an errand.
pub(in crate::tui) fn take(
    model: &mut Model,
    errand: IdentityErrand,
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
        (IdentityErrand::Add, Reply::Channel(channel)) => form_link::added(model, *channel),
        (_, Reply::Accounts(reply)) => take_accounts(model, errand, *reply),
        // An engine answers in kind.
        (_, _) => Vec::new(),
    }
}

fn take_accounts(model: &mut Model, errand: IdentityErrand, reply: AccountsReply) -> Vec<Effect> {
    match (errand, reply) {
        (_, AccountsReply::Logins(all)) => {
            let identities = &mut model.identities;
            identities.cursor = identities.cursor.min(all.len().saturating_sub(1));
            identities.all = Some(all);
            logins::know_me(model);
            Vec::new()
        }
        (IdentityErrand::Make, AccountsReply::Identity { account, phrase }) => {
            let identities = &mut model.identities;
            let (id, whose) = (account.id, called(&account));
            let all = identities.all.get_or_insert_default();
            all.retain(|one| one.id != id);
            all.push(account);
            identities.cursor = all.len().saturating_sub(1);
            identities.page =
                phrase.map_or(Page::List, |words| Page::Phrase(Phrase { whose, words }));
            reload(model)
        }
        (IdentityErrand::Configure(_), AccountsReply::Account(Some(account))) => {
            let identities = &mut model.identities;
            for one in identities.all.iter_mut().flatten() {
                if one.id == account.id {
                    *one = account.clone();
                }
            }
            if matches!(identities.page, Page::Asked(_) | Page::Naming(_)) {
                identities.page = Page::List;
            }
            model.say(Tone::Fine, "Done. It holds from now on.");
            let mut effects = reload(model);
            effects.extend(ask(model, Request::Channels, Question::Channels));
            effects
        }
        (IdentityErrand::Link(account), AccountsReply::Link(link)) => {
            if let Page::Invitation(invitation) = &mut model.identities.page
                && invitation.account == account
            {
                invitation.link = Some(link);
                invitation.problem = None;
            }
            Vec::new()
        }
        (
            IdentityErrand::Read,
            AccountsReply::Invited {
                address,
                endpoint,
                fingerprint,
                unsafe_name,
            },
        ) => {
            let whom = form_link::Whom {
                address,
                endpoint,
                fingerprint,
                unsafe_name,
            };
            form_link::read(model, whom);
            Vec::new()
        }
        // Asked for on other screens.
        (_, _) => Vec::new(),
    }
}

fn failed(model: &mut Model, errand: IdentityErrand, error: &Error) {
    let words = error.to_string();
    if matches!(errand, IdentityErrand::Read | IdentityErrand::Add) {
        super::form::fail(model, super::form::said(error));
        return;
    }
    match (&mut model.identities.page, errand) {
        (Page::Asked(asked), IdentityErrand::Configure(_)) => {
            asked.busy = false;
            asked.problem = Some(words);
        }
        (Page::Naming(naming), IdentityErrand::Configure(_) | IdentityErrand::Make) => {
            naming.busy = false;
            naming.problem = Some(words);
        }
        (Page::Invitation(invitation), IdentityErrand::Link(_)) => {
            invitation.problem = Some(words);
        }
        // Channels of the network ask for the identities by themselves; a person did not.
        (_, IdentityErrand::List) if !matches!(model.screen, Screen::Identities) => {}
        (_, _) => model.say(Tone::Trouble, capital(&words)),
    }
}
