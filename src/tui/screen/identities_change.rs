//! What is changed of an identity by one key: at once where less reaches us or is told of us
//! then, and after a question where more does.

use crate::api::{Accounts, Request};
use crate::model::{AccountId, NodeSettings, Visibility};
use crate::tui::message::{Effect, IdentityErrand, Question};
use crate::tui::model::Model;

use super::identities::{Asked, Page, What};

/// Returns whether one is told to more than the other.
fn is_wider(visibility: Visibility, than: Visibility) -> bool {
    let rank = |one| match one {
        Visibility::Stealth => 0,
        Visibility::Private => 1,
        Visibility::Public => 2,
    };
    rank(visibility) > rank(than)
}

/// Goes to the next visibility: at once where fewer are told then, else after a question.
pub(super) fn next_visibility(model: &mut Model) -> Vec<Effect> {
    let Some(one) = model.identities.selected() else {
        return Vec::new();
    };
    let (account, now) = (one.id, one.node.as_ref().map(|node| node.visibility));
    let now = now.unwrap_or_default();
    let next = match now {
        Visibility::Public => Visibility::Private,
        Visibility::Private => Visibility::Stealth,
        Visibility::Stealth => Visibility::Public,
    };
    let what = What::Visibility(next);
    if is_wider(next, now) {
        model.identities.page = question(account, what);
        return Vec::new();
    }
    configure(model, account, what)
}

/// Begins to relay for others, after a question, or stops it at once.
pub(super) fn switch_relay(model: &mut Model) -> Vec<Effect> {
    let Some(one) = model.identities.selected() else {
        return Vec::new();
    };
    let account = one.id;
    if one.node.as_ref().is_some_and(|node| node.relay_server) {
        return configure(model, account, What::Relay);
    }
    model.identities.page = question(account, What::Relay);
    Vec::new()
}

const fn question(account: AccountId, what: What) -> Page {
    Page::Asked(Asked {
        account,
        what,
        busy: false,
        problem: None,
    })
}

/// Asks for the change.
pub(super) fn configure(model: &Model, account: AccountId, what: What) -> Vec<Effect> {
    let before = model
        .identities
        .of(account)
        .and_then(|one| one.node.clone());
    let before = before.unwrap_or_default();
    let node = match what {
        What::Visibility(visibility) => NodeSettings {
            visibility,
            ..before
        },
        What::Relay => NodeSettings {
            relay_server: !before.relay_server,
            ..before
        },
    };
    let what = Accounts::Configure {
        account,
        name: None,
        node: Some(node),
    };
    let question = Question::Identity(IdentityErrand::Configure(account));
    vec![Effect::Ask(Request::Accounts(what), question)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_told_of_public_than_of_private_than_of_stealth() {
        use Visibility::{Private, Public, Stealth};
        assert!(is_wider(Public, Private) && is_wider(Private, Stealth));
        assert!(!is_wider(Stealth, Private) && !is_wider(Public, Public));
    }
}
