//! Our identities on `ClawChat`: what others see of each, how it is reached, the link that invites.
//!
//! The state outlives its screen. Must not: show a seed phrase again once somebody said that it is
//! written down, or let more reach us, or see of us, on a first key.

use crossterm::event::KeyEvent;

use crate::api::{Accounts, NewIdentity, Request};
use crate::model::{AccountId, Channel, NetworkId, OwnAccount, Passphrase, PeerText, Visibility};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, IdentityErrand, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::update::ask;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::qr::Qr;

use super::identities_change::{configure, next_visibility, switch_relay};

pub(in crate::tui) use super::identities_view::draw;

/// The network that has them.
pub(super) const NETWORK: NetworkId = NetworkId::ClawChat;
/// Rows that a page key moves.
const PAGE: usize = 5;
/// Letters and digits of a principal that are shown at each end where there is little room.
const ENDS: (usize, usize) = (7, 5);

/// A nick in the making: of an identity, or of a new one.
#[derive(Debug)]
pub(super) struct Naming {
    /// Whose; a new identity's where absent.
    pub(super) whose: Option<AccountId>,
    pub(super) editor: Editor,
    /// Whether a new one is for the test network.
    pub(super) testnet: bool,
    pub(super) busy: bool,
    pub(super) problem: Option<String>,
}

/// A question that is open.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) account: AccountId,
    pub(super) what: What,
    pub(super) busy: bool,
    pub(super) problem: Option<String>,
}

/// What is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Whether more are told where an identity is.
    Visibility(Visibility),
    /// Whether it relays for others.
    Relay,
}

/// The link of an identity, once it has come.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) account: AccountId,
    pub(super) link: Option<String>,
    /// Whether the code has the whole window.
    pub(super) alone: bool,
    pub(super) problem: Option<String>,
}

/// A seed phrase that nobody has written down yet.
#[derive(Debug)]
pub(super) struct Phrase {
    /// What the identity is called.
    pub(super) whose: String,
    pub(super) words: Passphrase,
}

/// What the screen shows.
#[derive(Debug, Default)]
pub(super) enum Page {
    /// All of them.
    #[default]
    List,
    /// One of them in full, from this row on.
    Whole(usize),
    Naming(Box<Naming>),
    Asked(Asked),
    Invitation(Invitation),
    Phrase(Phrase),
}

/// What is known, and where one stands.
#[derive(Debug, Default)]
pub(in crate::tui) struct Identities {
    pub(super) all: Option<Vec<OwnAccount>>,
    pub(super) cursor: usize,
    pub(super) page: Page,
}

impl Identities {
    pub(super) fn of(&self, id: AccountId) -> Option<&OwnAccount> {
        self.all.iter().flatten().find(|one| one.id == id)
    }

    pub(super) fn selected(&self) -> Option<&OwnAccount> {
        self.all.as_ref()?.get(self.cursor)
    }

    fn count(&self) -> usize {
        self.all.as_ref().map_or(0, Vec::len)
    }
}

/// Returns a principal in few cells: both ends of its address.
pub(super) fn short(principal: &str) -> String {
    let address = principal.strip_prefix("stacks:").unwrap_or(principal);
    let letters: Vec<char> = address.chars().collect();
    let (before, after) = ENDS;
    if letters.len() <= before + after + 1 {
        return address.to_owned();
    }
    let head: String = letters.iter().take(before).collect();
    let tail: String = letters.iter().skip(letters.len() - after).collect();
    format!("{head}…{tail}")
}

/// Returns what an identity is called here: its nick, or its principal in few cells.
pub(in crate::tui) fn called(account: &OwnAccount) -> String {
    if account.name.is_empty() {
        short(&account.address)
    } else {
        account.name.clone()
    }
}

/// Opens the screen as it was left.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.screen, Screen::Identities) {
        model.enter(Screen::Identities);
    }
    model.touch();
    reload(model)
}

/// Asks again for what is shown.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    again(model, IdentityErrand::List)
}

/// Asks for the identities, where a channel belongs to one.
pub(in crate::tui) fn refresh(model: &mut Model, channels: &[Channel]) -> Vec<Effect> {
    if channels.iter().any(|channel| channel.network == NETWORK) {
        reload(model)
    } else {
        Vec::new()
    }
}

/// Asks something once more, where it only reads.
pub(in crate::tui) fn again(model: &mut Model, errand: IdentityErrand) -> Vec<Effect> {
    let what = match errand {
        IdentityErrand::List => Accounts::List { network: NETWORK },
        IdentityErrand::Link(account) => Accounts::InviteLink { account },
        IdentityErrand::Make
        | IdentityErrand::Configure(_)
        | IdentityErrand::Read
        | IdentityErrand::Add => return Vec::new(),
    };
    ask(model, Request::Accounts(what), Question::Identity(errand))
}

/// Returns where keys count on this screen.
pub(in crate::tui) fn scope(model: &Model) -> Scope {
    match model.identities.page {
        Page::Naming(_) => Scope::IdentitiesText,
        Page::List | Page::Whole(_) | Page::Asked(_) | Page::Invitation(_) | Page::Phrase(_) => {
            Scope::Identities
        }
    }
}

/// Tells whether an action would do anything now; `None` where that is as on any screen.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn can(model: &Model, action: Action) -> Option<bool> {
    match action {
        Action::Open
        | Action::Confirm
        | Action::NewInvite
        | Action::MakeIdentity
        | Action::Rename
        | Action::Visibility
        | Action::RelayServer
        | Action::CopyLink
        | Action::CopyMessage
        | Action::QrOnly
        | Action::ShowPicture
        | Action::Back
        | Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => Some(why_not(model, action).is_none()),
        _ => None,
    }
}

/// Says why an action does nothing now.
pub(in crate::tui) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    match &model.identities.page {
        Page::Phrase(_) => (action != Action::Confirm)
            .then_some("<identities.confirm> says that the words are written down; first that."),
        Page::Asked(asked) => match action {
            Action::Confirm => asked.busy.then_some("It is being done."),
            Action::Back => None,
            _ => Some("<identities.confirm> does what is asked, <identities.back> does not."),
        },
        Page::Invitation(invitation) => why_not_invite(model, invitation, action),
        Page::List | Page::Whole(_) | Page::Naming(_) => why_not_listed(model, action),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else means nothing beside a link"
)]
fn why_not_invite(model: &Model, invitation: &Invitation, action: Action) -> Option<&'static str> {
    let none = invitation.link.is_none();
    match action {
        Action::Back => None,
        Action::CopyLink | Action::ShowPicture => none.then_some("There is no link yet."),
        Action::CopyMessage => model
            .identities
            .of(invitation.account)
            .is_none_or(|one| addresses(one).is_empty())
            .then_some("This identity is reached nowhere now."),
        Action::QrOnly => {
            (!fits(model)).then_some("The code does not fit this window; copy the link instead.")
        }
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => Some("There is nothing to move among."),
        _ => Some("Go back to your identities first."),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
fn why_not_listed(model: &Model, action: Action) -> Option<&'static str> {
    let identities = &model.identities;
    let none = identities.selected().is_none();
    match action {
        Action::Confirm => Some("Nothing is asked; <identities.open> shows all of an identity."),
        Action::QrOnly | Action::ShowPicture | Action::CopyLink => {
            Some("<identities.new_invite> shows the link and its code first.")
        }
        Action::MakeIdentity => identities
            .all
            .is_none()
            .then_some("Not yet: the engine has not answered."),
        Action::Open if matches!(identities.page, Page::Whole(_)) => {
            Some("All of it is shown; <identities.back> goes back.")
        }
        Action::Open
        | Action::NewInvite
        | Action::Rename
        | Action::Visibility
        | Action::RelayServer
        | Action::CopyMessage => {
            none.then_some("There is no identity yet; <identities.make_identity> makes one.")
        }
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => (identities.count() == 0).then_some("There is nothing to move among."),
        _ => None,
    }
}

/// Tells whether the whole window is enough for the code.
fn fits(model: &Model) -> bool {
    let Page::Invitation(Invitation {
        link: Some(link), ..
    }) = &model.identities.page
    else {
        return false;
    };
    let (width, height) = model.size;
    Qr::of(link, model.symbols).is_some_and(|qr| qr.fit(width, height).is_some())
}

/// Returns where an identity is reached now.
pub(super) fn addresses(account: &OwnAccount) -> &[String] {
    let listening = account.listening.as_ref();
    let listening = listening.filter(|listening| listening.problem.is_none());
    listening.map_or(&[], |listening| listening.addresses.as_slice())
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    write(model, |editor| {
        editor.edit(key);
    });
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    write(model, |editor| editor.insert_in_line(block));
}

fn write(model: &mut Model, change: impl FnOnce(&mut Editor)) {
    if let Page::Naming(naming) = &mut model.identities.page
        && !naming.busy
    {
        change(&mut naming.editor);
        naming.problem = None;
    }
    model.touch();
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    if matches!(model.identities.page, Page::Naming(_)) {
        return act_in_field(model, action);
    }
    let selected = model.identities.selected().map(|one| one.id);
    match action {
        Action::Back => back(model),
        Action::Confirm => return confirm(model),
        Action::Open => model.identities.page = Page::Whole(0),
        Action::MakeIdentity => begin_naming(model, None),
        Action::Rename => begin_naming(model, selected),
        Action::NewInvite => {
            let Some(account) = selected else {
                return Vec::new();
            };
            model.identities.page = Page::Invitation(Invitation {
                account,
                link: None,
                alone: false,
                problem: None,
            });
            return again(model, IdentityErrand::Link(account));
        }
        Action::Visibility => return next_visibility(model),
        Action::RelayServer => return switch_relay(model),
        Action::CopyLink | Action::CopyMessage | Action::QrOnly | Action::ShowPicture => {
            return give_away(model, action);
        }
        _ => travel(&mut model.identities, action),
    }
    Vec::new()
}

/// Goes one step back; what was asked is not done.
fn back(model: &mut Model) {
    match &mut model.identities.page {
        Page::List => model.leave(),
        Page::Invitation(invitation) if invitation.alone => invitation.alone = false,
        // Whoever leaves the words without having written them down never sees them again.
        Page::Phrase(_) => {}
        page @ (Page::Whole(_) | Page::Naming(_) | Page::Asked(_) | Page::Invitation(_)) => {
            *page = Page::List;
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(identities: &mut Identities, action: Action) {
    let last = identities.count().saturating_sub(1);
    let (at, last) = match &mut identities.page {
        Page::Whole(at) => (at, usize::MAX - PAGE),
        _ => (&mut identities.cursor, last),
    };
    let from = (*at).min(last);
    *at = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => (from + PAGE).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        _ => from,
    };
}

/// Copies something of an identity, or gives its code more room.
fn give_away(model: &mut Model, action: Action) -> Vec<Effect> {
    let symbols = model.symbols;
    let identities = &mut model.identities;
    let Page::Invitation(invitation) = &mut identities.page else {
        let principal = identities.selected().map(|one| one.address.clone());
        return principal.into_iter().map(Effect::Copy).collect();
    };
    if action == Action::QrOnly {
        invitation.alone = !invitation.alone;
        return Vec::new();
    }
    if action == Action::CopyMessage {
        let account = invitation.account;
        let all = identities.of(account).map(|one| addresses(one).join("\n"));
        return all.into_iter().map(Effect::Copy).collect();
    }
    let Some(link) = invitation.link.clone() else {
        return Vec::new();
    };
    if action == Action::CopyLink {
        return vec![Effect::Copy(link)];
    }
    let Some(picture) = Qr::of(&link, symbols).and_then(|qr| qr.png()) else {
        invitation.problem = Some("this link is too long for a QR code".to_owned());
        return Vec::new();
    };
    vec![Effect::ShowPicture(picture)]
}

fn begin_naming(model: &mut Model, whose: Option<AccountId>) {
    let identities = &mut model.identities;
    let name = whose.and_then(|id| identities.of(id));
    let editor = name.map_or_else(Editor::default, |one| {
        Editor::with_text(&PeerText::new(one.name.as_str()))
    });
    // A further one is most likely for the network of the others.
    let first = identities.all.iter().flatten().next();
    let testnet = first.is_none_or(|one| one.address.starts_with("stacks:ST"));
    identities.page = Page::Naming(Box::new(Naming {
        whose,
        editor,
        testnet,
        busy: false,
        problem: None,
    }));
}

/// Acts on a key of the table while a nick is written.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in a text field"
)]
fn act_in_field(model: &mut Model, action: Action) -> Vec<Effect> {
    let Page::Naming(naming) = &mut model.identities.page else {
        return Vec::new();
    };
    match action {
        Action::Back => model.identities.page = Page::List,
        Action::NextField if naming.whose.is_none() && !naming.busy => {
            naming.testnet = !naming.testnet;
        }
        Action::Submit if !naming.busy => {
            naming.busy = true;
            naming.problem = None;
            let text = naming.editor.text();
            let name = text.expose_untrusted().trim().to_owned();
            let (what, errand) = match naming.whose {
                Some(account) => (
                    Accounts::Configure {
                        account,
                        name: Some(name),
                        node: None,
                    },
                    IdentityErrand::Configure(account),
                ),
                None => (
                    Accounts::Make(Box::new(NewIdentity {
                        network: NETWORK,
                        name: (!name.is_empty()).then_some(name),
                        phrase: None,
                        testnet: naming.testnet,
                        node: None,
                    })),
                    IdentityErrand::Make,
                ),
            };
            let question = Question::Identity(errand);
            return vec![Effect::Ask(Request::Accounts(what), question)];
        }
        _ => {}
    }
    Vec::new()
}

/// Does what is asked, or notes that a phrase is written down.
fn confirm(model: &mut Model) -> Vec<Effect> {
    match &mut model.identities.page {
        Page::Asked(asked) if !asked.busy => {
            asked.busy = true;
            asked.problem = None;
            let (account, what) = (asked.account, asked.what);
            configure(model, account, what)
        }
        page @ Page::Phrase(_) => {
            *page = Page::List;
            Vec::new()
        }
        Page::Asked(_) | Page::List | Page::Whole(_) | Page::Naming(_) | Page::Invitation(_) => {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_short_where_there_is_little_room() {
        let whole = "stacks:ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";
        assert_eq!(short(whole), "ST1PQHQ…PGZGM");
        assert_eq!(short("stacks:ST1"), "ST1");
        assert_eq!(short(""), "");
    }
}
