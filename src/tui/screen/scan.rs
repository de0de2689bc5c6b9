//! Looking around: who we are on a network, who is found there, and whom we asked for contact.
//!
//! What is found are claims; nothing of it is proven. The state outlives its screen, so that a
//! look goes on meanwhile and what was found stays. Must not: ask anybody for contact unless a
//! person said so after they saw whom.

use std::time::Duration;

use crossterm::event::KeyEvent;

use crate::api::{Accounts, ChannelRef, Request};
use crate::model::{
    Channel, ChannelId, ChannelState, Claim, ContactRequest, NetworkId, OwnAccount, PeerText,
    Progress, RequestState, UnixMillis,
};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Errand, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::update::ask;
use crate::tui::widget::editor::Editor;

use super::catch_up;

/// The network that is looked around on.
pub(in crate::tui) const NETWORK: NetworkId = NetworkId::Mesh;

/// How often it is asked how far a look is.
const HOW_FAR: Duration = Duration::from_millis(500);
/// Rows that a page key moves.
const PAGE: usize = 5;

/// What has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    Field,
    List,
    /// The words that go with a request.
    Letter,
}

/// Our identity on the network.
#[derive(Debug, Default)]
pub(super) enum Identity {
    /// Not known yet.
    #[default]
    Unknown,
    /// There is none.
    Missing,
    Known(Box<OwnAccount>),
}

/// A look that goes on.
#[derive(Debug)]
pub(super) struct Looking {
    pub(super) progress: Option<Progress>,
    pub(super) stopping: bool,
    /// When to ask how far it is.
    due: UnixMillis,
}

/// What a look came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Who was found, and where.
    pub(super) somebody: Vec<(String, Claim)>,
    /// What went wrong elsewhere, how often, the most frequent first.
    pub(super) failures: Vec<(String, usize)>,
    pub(super) stopped: bool,
}

/// A request for contact in the making.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) claim: Claim,
    pub(super) editor: Editor,
    pub(super) busy: bool,
    pub(super) problem: Option<String>,
}

/// What is known of a network, and where one stands.
#[derive(Debug, Default)]
pub(in crate::tui) struct Scan {
    pub(super) editor: Editor,
    pub(super) focus: Focus,
    pub(super) identity: Identity,
    /// Requests for contact in both directions, oldest first.
    pub(super) requests: Vec<ContactRequest>,
    pub(super) looking: Option<Looking>,
    pub(super) outcome: Option<Outcome>,
    pub(super) letter: Option<Letter>,
    pub(super) problem: Option<String>,
    pub(super) cursor: usize,
    pub(super) making: bool,
}

/// How somebody who was found stands to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    New,
    /// There is a channel with them, under this key.
    Known(ChannelId),
    /// There is a channel with this id, under another key.
    OtherKey,
    Ourselves,
    /// Somebody else goes by our id.
    OurId,
}

/// What stands under the cursor.
#[derive(Clone, Copy, Debug)]
enum Selected<'a> {
    Somebody(&'a str, &'a Claim),
    Asked(&'a ContactRequest),
}

impl Scan {
    /// Returns who was found, and where.
    pub(super) fn somebody(&self) -> &[(String, Claim)] {
        let outcome = self.outcome.as_ref();
        outcome.map_or(&[], |outcome| outcome.somebody.as_slice())
    }

    /// Returns our requests, the newest first.
    pub(super) fn ours(&self) -> impl Iterator<Item = &ContactRequest> {
        self.requests.iter().rev().filter(|request| request.ours)
    }

    /// Returns our last request to the peer of a channel.
    pub(super) fn last_to(&self, channel: ChannelId) -> Option<&ContactRequest> {
        self.ours().find(|request| request.channel == channel)
    }

    pub(super) fn rows(&self) -> usize {
        self.somebody().len() + self.ours().count()
    }

    fn selected(&self) -> Option<Selected<'_>> {
        let found = self.somebody();
        if let Some((url, claim)) = found.get(self.cursor) {
            return Some(Selected::Somebody(url, claim));
        }
        let at = self.cursor.checked_sub(found.len())?;
        self.ours().nth(at).map(Selected::Asked)
    }

    /// Returns when something is to be asked by itself.
    pub(in crate::tui) fn due_at(&self) -> Option<UnixMillis> {
        self.looking.as_ref().map(|looking| looking.due)
    }
}

fn request(what: Accounts) -> Request {
    Request::Accounts(what)
}

/// Opens the screen as it was left.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.screen, Screen::Scan) {
        model.enter(Screen::Scan);
    }
    let scan = &mut model.scan;
    scan.focus = if scan.letter.is_some() {
        Focus::Letter
    } else if matches!(scan.identity, Identity::Missing) {
        Focus::List
    } else {
        Focus::Field
    };
    model.touch();
    reload(model)
}

/// Asks again for what is shown.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    let mut effects = again(model, Errand::Account);
    effects.extend(again(model, Errand::Requests));
    effects
}

/// Asks for the requests, where a channel is of a network on which somebody asks.
pub(in crate::tui) fn refresh(model: &mut Model, channels: &[Channel]) -> Vec<Effect> {
    if channels.iter().any(|channel| channel.network.asks_first()) {
        again(model, Errand::Requests)
    } else {
        Vec::new()
    }
}

/// Asks something once more, where it only reads.
pub(in crate::tui) fn again(model: &mut Model, errand: Errand) -> Vec<Effect> {
    let network = NETWORK;
    let what = match errand {
        Errand::Account => request(Accounts::Show { network }),
        Errand::Requests => request(Accounts::Requests { network }),
        Errand::HowFar => Request::Work,
        Errand::Make | Errand::Look | Errand::Stop | Errand::Ask | Errand::AskBack(_) => {
            return Vec::new();
        }
    };
    ask(model, what, Question::Contact(errand))
}

/// Returns where keys count on this screen.
pub(in crate::tui) fn scope(model: &Model) -> Scope {
    match model.scan.focus {
        Focus::Field | Focus::Letter => Scope::ScanText,
        Focus::List => Scope::Scan,
    }
}

/// Tells whether an action would do anything now.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is always possible here"
)]
pub(in crate::tui) fn can(model: &Model, action: Action) -> bool {
    match action {
        Action::Open => why_not_open(model).is_none(),
        Action::MakeIdentity => {
            matches!(model.scan.identity, Identity::Missing) && !model.scan.making
        }
        Action::LookLocally => why_not_locally(model).is_none(),
        Action::NextField => model.scan.focus == Focus::Field,
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => model.scan.rows() > 0,
        _ => true,
    }
}

/// Says why nobody can be looked for on the local network now.
pub(in crate::tui) fn why_not_locally(model: &Model) -> Option<&'static str> {
    if model.scan.looking.is_some() {
        return Some("A look goes on already; <scan.back> stops it.");
    }
    (!model.config.is_announced(NETWORK))
        .then_some("The local network is left alone until the settings allow it: tell the LAN.")
}

/// Says why what is selected leads nowhere.
pub(in crate::tui) fn why_not_open(model: &Model) -> Option<&'static str> {
    let claim = match model.scan.selected() {
        None => return Some("Nothing is selected."),
        Some(Selected::Asked(_)) => return None,
        Some(Selected::Somebody(_, claim)) => claim,
    };
    match standing(model, claim) {
        Standing::Known(_) => None,
        Standing::Ourselves => Some("That is yourself."),
        Standing::OurId => Some("They go by your id, with another key; they cannot be asked."),
        Standing::OtherKey => {
            Some("That is not the key you know of them; ask them by another way before you go on.")
        }
        Standing::New => (!matches!(model.scan.identity, Identity::Known(_)))
            .then_some("Make an identity first; without one you can ask nobody."),
    }
}

/// Tells how somebody who was found stands to us.
pub(super) fn standing(model: &Model, claim: &Claim) -> Standing {
    if let Identity::Known(account) = &model.scan.identity
        && account.address == claim.address
    {
        return if account.fingerprint == claim.fingerprint {
            Standing::Ourselves
        } else {
            Standing::OurId
        };
    }
    let theirs = model.channels.iter().flatten().find(|channel| {
        let over = matches!(
            channel.state,
            ChannelState::Closed | ChannelState::Superseded
        );
        !over && channel.network == NETWORK && channel.address == claim.address
    });
    let Some(channel) = theirs else {
        return Standing::New;
    };
    let pinned = channel.fingerprint.as_ref();
    let shown = || Some(&model.scan.last_to(channel.id)?.fingerprint);
    if claim.channel == Some(channel.id) || pinned.or_else(shown) == Some(&claim.fingerprint) {
        Standing::Known(channel.id)
    } else {
        Standing::OtherKey
    }
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
    let scan = &mut model.scan;
    match (scan.focus, &mut scan.letter) {
        (Focus::Letter, Some(letter)) if !letter.busy => {
            change(&mut letter.editor);
            letter.problem = None;
        }
        (Focus::Field, _) => {
            change(&mut scan.editor);
            scan.problem = None;
        }
        (Focus::Letter | Focus::List, _) => {}
    }
    model.touch();
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let focus = model.scan.focus;
    match action {
        Action::Back => return back(model),
        Action::Submit if focus == Focus::Letter => return send(model),
        Action::Submit => {
            let text = model.scan.editor.text();
            let words = text.expose_untrusted().split_whitespace();
            return look(model, words.map(str::to_owned).collect(), false);
        }
        Action::NextField | Action::Down if focus == Focus::Field => {
            model.scan.focus = Focus::List;
        }
        Action::EditQuery => model.scan.focus = Focus::Field,
        Action::LookLocally => return look(model, Vec::new(), true),
        Action::MakeIdentity => return make(model),
        Action::Open => return open_row(model),
        _ if focus == Focus::List => travel(model, action),
        _ => {}
    }
    Vec::new()
}

/// Goes one step back: out of a letter, then a look is stopped, then the screen is left.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.scan.focus == Focus::Letter {
        model.scan.letter = None;
        model.scan.focus = Focus::List;
        return Vec::new();
    }
    if let Some(looking) = model.scan.looking.as_mut().filter(|it| !it.stopping) {
        looking.stopping = true;
        let question = Question::Contact(Errand::Stop);
        return vec![Effect::Ask(Request::StopWork, question)];
    }
    model.leave();
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(model: &mut Model, action: Action) {
    let scan = &mut model.scan;
    let last = scan.rows().saturating_sub(1);
    let from = scan.cursor;
    scan.cursor = match action {
        Action::Up if from == 0 => {
            scan.focus = Focus::Field;
            0
        }
        Action::Up => from - 1,
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => (from + PAGE).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        _ => from,
    };
}

/// Asks at addresses, or on the local network, who is there.
fn look(model: &mut Model, patterns: Vec<String>, local: bool) -> Vec<Effect> {
    let now = model.now;
    let scan = &mut model.scan;
    if scan.looking.is_some() {
        scan.problem = Some("a look goes on already".to_owned());
        return Vec::new();
    }
    if patterns.is_empty() && !local {
        scan.problem = Some("type an address first".to_owned());
        return Vec::new();
    }
    scan.problem = None;
    scan.looking = Some(Looking {
        progress: None,
        stopping: false,
        due: now.after(HOW_FAR),
    });
    scan.focus = Focus::List;
    let network = NETWORK;
    let what = request(Accounts::Seek {
        network,
        patterns,
        local,
    });
    vec![Effect::Ask(what, Question::Contact(Errand::Look))]
}

/// Asks how far the look is, when that is due.
pub(in crate::tui) fn pass_time(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let Some(looking) = model.scan.looking.as_mut().filter(|it| it.due <= now) else {
        return Vec::new();
    };
    looking.due = now.after(HOW_FAR);
    again(model, Errand::HowFar)
}

/// Makes an identity with everything at its default.
fn make(model: &mut Model) -> Vec<Effect> {
    model.scan.making = true;
    model.scan.problem = None;
    let what = request(Accounts::Init {
        network: NETWORK,
        endpoint: None,
        address: None,
        name: None,
        force: false,
    });
    vec![Effect::Ask(what, Question::Contact(Errand::Make))]
}

/// Goes to the channel of what is selected, or begins a request to them.
fn open_row(model: &mut Model) -> Vec<Effect> {
    let channel = match model.scan.selected() {
        None => return Vec::new(),
        Some(Selected::Asked(request)) => request.channel,
        Some(Selected::Somebody(url, claim)) => match standing(model, claim) {
            Standing::Known(channel) => channel,
            Standing::New => {
                let letter = Letter {
                    url: url.to_owned(),
                    claim: claim.clone(),
                    editor: Editor::default(),
                    busy: false,
                    problem: None,
                };
                model.scan.letter = Some(letter);
                model.scan.focus = Focus::Letter;
                return Vec::new();
            }
            Standing::OtherKey | Standing::Ourselves | Standing::OurId => return Vec::new(),
        },
    };
    catch_up::go_to(model, channel)
}

/// Sends a request for contact, bound to the key on show.
fn send(model: &mut Model) -> Vec<Effect> {
    let Some(letter) = model.scan.letter.as_mut().filter(|letter| !letter.busy) else {
        return Vec::new();
    };
    letter.busy = true;
    letter.problem = None;
    let text = letter.editor.text();
    let words = text.expose_untrusted().trim();
    let what = request(Accounts::Ask {
        network: NETWORK,
        url: letter.url.clone(),
        purpose: (!words.is_empty()).then(|| words.to_owned()),
        seen: Some(letter.claim.fingerprint.clone()),
    });
    vec![Effect::Ask(what, Question::Contact(Errand::Ask))]
}

/// Asks the peer of the open channel to accept us too.
pub(super) fn ask_back(model: &Model) -> Vec<Effect> {
    let Some(channel) = model.open_channel().map(|channel| channel.id) else {
        return Vec::new();
    };
    let what = request(Accounts::AskBack {
        channel: ChannelRef::Id(channel),
        purpose: None,
    });
    let question = Question::Contact(Errand::AskBack(channel));
    vec![Effect::Ask(what, question)]
}

/// Says why the peer of a channel is not to be asked; `None` where they are.
pub(in crate::tui) fn why_not_ask_back(channel: &Channel) -> Option<&'static str> {
    if !channel.network.is_direct() {
        return Some("Here one acceptance counts for both sides; there is nothing to ask.");
    }
    if channel.trusts_us.is_some() {
        return Some("They accepted you already.");
    }
    if !channel.network.asks_first() {
        return Some("Here whoever writes has asked; they are asked with your first message.");
    }
    match channel.state {
        ChannelState::Active | ChannelState::Invited => None,
        ChannelState::Requested => Some("They ask you; review them first."),
        ChannelState::Stopped => Some("The channel is stopped; settle the key first."),
        ChannelState::Closed | ChannelState::Superseded => Some("This channel is over."),
    }
}

/// Tells whether the peer of a channel has a request of ours, or gets it soon.
pub(super) fn is_asked(model: &Model, channel: ChannelId) -> bool {
    let last = model.scan.last_to(channel).map(|request| request.state);
    matches!(last, Some(RequestState::Open | RequestState::Sent))
}

/// Returns the keys that ask the peer of a channel, as a sentence names them.
pub(super) fn ask_back_keys(model: &Model) -> String {
    let leader = model.keys.label(Scope::Main, Action::Leader);
    let then = model.keys.label(Scope::Leader, Action::AskBack);
    format!("{leader} {then}")
}
