//! Our logins on relays that have to know us, and who is there.
//!
//! What a relay lists are claims; a key counts only once a person has added somebody under it.
//! Must not: ask for a key or an invite on the screen. Logging in is for the shell.

use crate::api::{Accounts, AccountsReply, Error, Reply, Request};
use crate::model::{
    AccountId, Channel, ChannelId, ChannelState, Claim, NetworkId, OwnAccount, Sighted, UnixMillis,
};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, LoginErrand, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::update::ask;

use super::review_paper::capital;
use super::{catch_up, identities};

pub(in crate::tui) use super::logins_view::draw;

/// The network that has them.
pub(super) const NETWORK: NetworkId = NetworkId::ClawTalk;
/// Rows that a page key moves.
const PAGE: usize = 5;

/// Who is on the relay of a login.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) account: AccountId,
    /// Whether the relay is being asked.
    pub(super) asking: bool,
    /// When it answered last.
    pub(super) as_of: Option<UnixMillis>,
    pub(super) somebody: Vec<Claim>,
    /// What went wrong, in our words.
    pub(super) problems: Vec<String>,
    pub(super) cursor: usize,
}

/// A question that is open.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) what: What,
    pub(super) busy: bool,
    pub(super) problem: Option<String>,
}

#[derive(Debug)]
pub(super) enum What {
    /// Whether to add somebody under the key that is shown.
    Add(Box<Claim>),
    /// Whether to forget a login; `true` where its channels are closed for that.
    Leave(AccountId, bool),
}

/// What is known, and where one stands.
#[derive(Debug, Default)]
pub(in crate::tui) struct Logins {
    pub(super) all: Option<Vec<OwnAccount>>,
    pub(super) cursor: usize,
    pub(super) directory: Option<Directory>,
    pub(super) asked: Option<Asked>,
}

/// How somebody who is listed stands to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    New,
    Known(ChannelId),
    /// There is a channel with them, under another key.
    OtherKey,
    Ourselves,
    /// Nothing can be sealed for them.
    NoKey,
}

impl Logins {
    pub(super) fn login(&self, id: AccountId) -> Option<&OwnAccount> {
        self.all.iter().flatten().find(|login| login.id == id)
    }

    fn selected_login(&self) -> Option<&OwnAccount> {
        self.all.as_ref()?.get(self.cursor)
    }

    fn selected_somebody(&self) -> Option<(AccountId, &Claim)> {
        let directory = self.directory.as_ref()?;
        let claim = directory.somebody.get(directory.cursor)?;
        Some((directory.account, claim))
    }

    fn rows(&self) -> usize {
        let logins = self.all.as_ref().map_or(0, Vec::len);
        let directory = self.directory.as_ref();
        directory.map_or(logins, |directory| directory.somebody.len())
    }
}

/// Returns the login or identity of ours that a channel belongs to.
pub(in crate::tui) fn of<'a>(model: &'a Model, channel: &Channel) -> Option<&'a OwnAccount> {
    let id = channel.account?;
    model.logins.login(id).or_else(|| model.identities.of(id))
}

/// Returns the name of the login or identity that a channel belongs to, where there is more than
/// one.
pub(in crate::tui) fn name_of(model: &Model, channel: &Channel) -> Option<String> {
    let identities = model.identities.all.iter().flatten();
    let all = model.logins.all.iter().flatten().chain(identities);
    let several = all.filter(|login| login.network == channel.network).count() > 1;
    of(model, channel).filter(|_| several).map(|login| {
        if login.network == identities::NETWORK {
            identities::called(login)
        } else {
            login.address.clone()
        }
    })
}

/// Tells the open transcript by which id we go there.
pub(in crate::tui) fn know_me(model: &mut Model) {
    let channel = model.open_channel();
    let plain = channel.is_some_and(|channel| !channel.network.has_threads());
    let me = channel.and_then(|channel| of(model, channel));
    let me = me.map(|login| login.address.clone());
    if let Some(open) = &mut model.transcript {
        open.know_me(me.as_deref(), plain);
    }
}

/// Opens the screen as it was left.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.screen, Screen::Logins) {
        model.enter(Screen::Logins);
    }
    model.touch();
    reload(model)
}

/// Asks again for what is shown.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    again(model, LoginErrand::List)
}

/// Asks for the logins, where a channel is of a network that has several.
pub(in crate::tui) fn refresh(model: &mut Model, channels: &[Channel]) -> Vec<Effect> {
    if channels.iter().any(|channel| channel.network == NETWORK) {
        again(model, LoginErrand::List)
    } else {
        Vec::new()
    }
}

/// Asks something once more, where it only reads.
pub(in crate::tui) fn again(model: &mut Model, errand: LoginErrand) -> Vec<Effect> {
    let what = match errand {
        LoginErrand::List => Accounts::List { network: NETWORK },
        LoginErrand::Directory(account) => Accounts::Directory { account },
        LoginErrand::Add(_) | LoginErrand::Leave(_) => return Vec::new(),
    };
    ask(model, Request::Accounts(what), Question::Login(errand))
}

/// Returns how somebody who is listed stands to us.
pub(super) fn standing(model: &Model, account: AccountId, claim: &Claim) -> Standing {
    let login = model.logins.login(account);
    if login.is_some_and(|login| login.address == claim.address) {
        return Standing::Ourselves;
    }
    let theirs = model.channels.iter().flatten().find(|channel| {
        let over = matches!(
            channel.state,
            ChannelState::Closed | ChannelState::Superseded
        );
        !over && channel.account == Some(account) && channel.address == claim.address
    });
    match theirs {
        Some(channel) if claim.channel == Some(channel.id) => Standing::Known(channel.id),
        Some(channel) => match &channel.fingerprint {
            Some(pinned) if *pinned != claim.fingerprint => Standing::OtherKey,
            Some(_) | None => Standing::Known(channel.id),
        },
        None if claim.fingerprint.0.is_empty() => Standing::NoKey,
        None => Standing::New,
    }
}

/// Tells whether an action would do anything now; `None` where that is as on any screen.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn can(model: &Model, action: Action) -> Option<bool> {
    let logins = &model.logins;
    Some(match action {
        Action::Open | Action::LeaveLogin | Action::LookAgain => why_not(model, action).is_none(),
        Action::Confirm => logins.asked.as_ref().is_some_and(|asked| !asked.busy),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => logins.rows() > 0 && logins.asked.is_none(),
        _ => return None,
    })
}

/// Says why an action does nothing now.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let logins = &model.logins;
    match action {
        Action::Confirm => logins
            .asked
            .is_none()
            .then_some("Nothing is asked; <logins.open> opens what is selected."),
        Action::LookAgain if logins.asked.is_none() => match &logins.directory {
            None => Some("Open a login first."),
            Some(directory) => directory.asking.then_some("The relay is being asked."),
        },
        _ if logins.asked.is_some() => {
            Some("<logins.confirm> does what is asked, <logins.back> does not.")
        }
        Action::LeaveLogin if logins.directory.is_some() => {
            Some("Go back to your logins first; a login is left there.")
        }
        Action::LeaveLogin => logins
            .selected_login()
            .is_none()
            .then_some("There is no login to leave."),
        Action::Open => why_not_open(model),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => (logins.rows() == 0).then_some("Nothing is listed here."),
        _ => None,
    }
}

fn why_not_open(model: &Model) -> Option<&'static str> {
    let logins = &model.logins;
    if logins.directory.is_none() {
        let none = logins.selected_login().is_none();
        return none.then_some("There is no login yet; the shell makes one.");
    }
    let Some((account, claim)) = logins.selected_somebody() else {
        return Some("Nobody is selected.");
    };
    match standing(model, account, claim) {
        Standing::New | Standing::Known(_) => None,
        Standing::OtherKey => {
            Some("That is not the key you accepted; ask them by another way before you go on.")
        }
        Standing::Ourselves => Some("That is yourself."),
        Standing::NoKey => Some("They have no key there yet; nothing can be sealed for them."),
    }
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Back => back(model),
        Action::Open => open_row(model),
        Action::LookAgain => {
            let account = model.logins.directory.as_ref().map(|it| it.account);
            account.map_or_else(Vec::new, |account| look(model, account))
        }
        Action::LeaveLogin => {
            let id = model.logins.selected_login().map(|login| login.id);
            model.logins.asked = id.map(|id| question(What::Leave(id, false)));
            Vec::new()
        }
        Action::Confirm => confirm(model),
        _ => {
            travel(&mut model.logins, action);
            Vec::new()
        }
    }
}

const fn question(what: What) -> Asked {
    Asked {
        what,
        busy: false,
        problem: None,
    }
}

/// Goes one step back: out of a question, out of a directory, out of the screen.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.logins.asked.take().is_none() && model.logins.directory.take().is_none() {
        model.leave();
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(logins: &mut Logins, action: Action) {
    let last = logins.rows().saturating_sub(1);
    let cursor = match &mut logins.directory {
        Some(directory) => &mut directory.cursor,
        None => &mut logins.cursor,
    };
    let from = (*cursor).min(last);
    *cursor = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => (from + PAGE).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        _ => from,
    };
}

/// Asks the relay of a login who is there.
fn look(model: &mut Model, account: AccountId) -> Vec<Effect> {
    let known = model.logins.directory.take();
    let known = known.filter(|directory| directory.account == account);
    model.logins.directory = Some(Directory {
        asking: true,
        ..known.unwrap_or(Directory {
            account,
            asking: true,
            as_of: None,
            somebody: Vec::new(),
            problems: Vec::new(),
            cursor: 0,
        })
    });
    again(model, LoginErrand::Directory(account))
}

/// Opens the directory of a login, goes to the channel with somebody, or asks whether to add
/// them.
fn open_row(model: &mut Model) -> Vec<Effect> {
    if model.logins.directory.is_none() {
        let id = model.logins.selected_login().map(|login| login.id);
        return id.map_or_else(Vec::new, |id| look(model, id));
    }
    let Some((account, claim)) = model.logins.selected_somebody() else {
        return Vec::new();
    };
    match standing(model, account, claim) {
        Standing::Known(channel) => return catch_up::go_to(model, channel),
        Standing::New => {
            let claim = Box::new(claim.clone());
            model.logins.asked = Some(question(What::Add(claim)));
        }
        Standing::OtherKey | Standing::Ourselves | Standing::NoKey => {}
    }
    Vec::new()
}

/// Does what is asked: adds somebody under the key on show, or forgets a login.
fn confirm(model: &mut Model) -> Vec<Effect> {
    let directory = model.logins.directory.as_ref();
    let account = directory.map(|directory| directory.account);
    let Some(asked) = model.logins.asked.as_mut().filter(|asked| !asked.busy) else {
        return Vec::new();
    };
    asked.busy = true;
    asked.problem = None;
    let (what, errand) = match (&asked.what, account) {
        (What::Add(claim), Some(account)) => (
            Accounts::Add {
                account,
                address: claim.address.clone(),
                seen: Some(claim.fingerprint.clone()),
                endpoint: None,
                name: None,
            },
            LoginErrand::Add(account),
        ),
        (What::Add(_), None) => return Vec::new(),
        (What::Leave(account, force), _) => (
            Accounts::Leave {
                account: *account,
                force: *force,
            },
            LoginErrand::Leave(*account),
        ),
    };
    vec![Effect::Ask(
        Request::Accounts(what),
        Question::Login(errand),
    )]
}

/// Takes in what became of an errand.
pub(in crate::tui) fn take(
    model: &mut Model,
    errand: LoginErrand,
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
        (LoginErrand::Add(_), Reply::Channel(channel)) => {
            model.logins.asked = None;
            let id = channel.id;
            if let Some(channels) = &mut model.channels
                && channels.iter().all(|known| known.id != id)
            {
                channels.push(*channel);
            }
            let words = "Added, under the key that you saw. Compare it before you rely on it.";
            model.say(Tone::Fine, words);
            let mut effects = ask(model, Request::Channels, Question::Channels);
            if matches!(model.screen, Screen::Logins) {
                effects.extend(catch_up::go_to(model, id));
            }
            effects
        }
        (LoginErrand::Leave(_), Reply::Done) => {
            model.logins.asked = None;
            model.say(Tone::Fine, "Left: the login and its keys are forgotten.");
            let mut effects = again(model, LoginErrand::List);
            effects.extend(ask(model, Request::Channels, Question::Channels));
            effects
        }
        (_, Reply::Accounts(reply)) => {
            take_accounts(model, errand, *reply);
            Vec::new()
        }
        // An engine answers in kind.
        (_, _) => Vec::new(),
    }
}

fn take_accounts(model: &mut Model, errand: LoginErrand, reply: AccountsReply) {
    let now = model.now;
    match (errand, reply) {
        (_, AccountsReply::Logins(all)) => {
            let logins = &mut model.logins;
            logins.cursor = logins.cursor.min(all.len().saturating_sub(1));
            logins.all = Some(all);
            know_me(model);
        }
        (LoginErrand::Directory(account), AccountsReply::Sighted(found)) => {
            let open = model.logins.directory.as_mut();
            if let Some(directory) = open.filter(|directory| directory.account == account) {
                directory.as_of = Some(now);
                take_directory(directory, found);
            }
        }
        // Asked for on other screens.
        (_, _) => {}
    }
}

fn take_directory(directory: &mut Directory, found: Vec<Sighted>) {
    directory.asking = false;
    directory.problems.clear();
    directory.somebody.clear();
    for one in found {
        directory.somebody.extend(one.somebody);
        directory.problems.extend(one.problem);
    }
    let last = directory.somebody.len().saturating_sub(1);
    directory.cursor = directory.cursor.min(last);
}

fn failed(model: &mut Model, errand: LoginErrand, error: &Error) {
    let words = error.to_string();
    let logins = &mut model.logins;
    match (errand, &mut logins.asked, &mut logins.directory) {
        (LoginErrand::Directory(_), _, Some(directory)) => {
            directory.asking = false;
            directory.problems = vec![words];
        }
        (LoginErrand::Add(_) | LoginErrand::Leave(_), Some(asked), _) => {
            asked.busy = false;
            asked.problem = Some(if *error == Error::Changed {
                "another key is shown there now; nobody was added, ask again".to_owned()
            } else {
                words
            });
            // What stands in the way can be done away with; it is asked for by itself.
            if let What::Leave(_, force @ false) = &mut asked.what
                && matches!(error, Error::BadRequest(_))
            {
                *force = true;
            }
        }
        (_, _, _) => model.say(Tone::Trouble, capital(&words)),
    }
}
