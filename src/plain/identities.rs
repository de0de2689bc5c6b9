//! Our identities that run nodes, and links that name somebody: whom is read out before they are
//! added.

use crate::api::{Accounts, AccountsReply, Error, Reply, Request};
use crate::model::{AccountId, Fingerprint, NetworkId, OwnAccount, PeerText};
use crate::text::ours;

use super::forms::Form;
use super::paper::Paper;
use super::state::{Page, Question, State, Target, Typed};
use super::words;

/// The network that has them.
const NETWORK: NetworkId = NetworkId::ClawChat;
/// What every link begins with.
const BEGIN: &str = "chaperon:clawchat?";

/// Whom a link names. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whom {
    address: String,
    endpoint: String,
    fingerprint: Fingerprint,
}

/// Tells whether a text is a link that names somebody.
pub(super) fn is_link(text: &str) -> bool {
    text.starts_with(BEGIN)
}

/// Asks who we are there, to read it out.
pub(super) fn list(state: &mut State) {
    state.ask(
        Request::Accounts(Accounts::List { network: NETWORK }),
        Question::Identities(true),
    );
}

/// Asks whom a link names, and who we are there.
pub(super) fn read(state: &mut State, link: &str) {
    state.page = Page::Main(0);
    let list = Accounts::List { network: NETWORK };
    state.ask(Request::Accounts(list), Question::Identities(false));
    let read = Accounts::ReadInvite {
        network: NETWORK,
        link: link.to_owned(),
    };
    state.ask(Request::Accounts(read), Question::Whom);
}

/// Asks for the link of an identity.
pub(super) fn link(state: &mut State, account: AccountId) {
    let link = Accounts::InviteLink { account };
    state.ask(Request::Accounts(link), Question::Link);
}

/// Takes in what became of it.
pub(super) fn take(state: &mut State, question: &Question, answer: Result<Reply, Error>) {
    let reply = match answer {
        Ok(Reply::Accounts(reply)) => *reply,
        Ok(_) => return,
        Err(error) => {
            let why = words::safe(&error.to_string());
            state.say(format!("That did not work: {why}."));
            return;
        }
    };
    match (question, reply) {
        (Question::Identities(aloud), AccountsReply::Logins(all)) => {
            state.identities = all;
            if *aloud {
                say_all(state);
            }
        }
        (Question::Link, AccountsReply::Link(link)) => {
            state.say("The link. Whoever uses it asks you for contact, and you decide:");
            state.say(ours(&link).plain());
        }
        (
            Question::Whom,
            AccountsReply::Invited {
                address,
                endpoint,
                fingerprint,
                unsafe_name,
            },
        ) => {
            let whom = Whom {
                address,
                endpoint,
                fingerprint,
            };
            show(state, whom, unsafe_name.as_ref());
        }
        // An engine answers in kind.
        (_, _) => {}
    }
}

fn called(one: &OwnAccount) -> String {
    let name = if one.name.is_empty() {
        &one.address
    } else {
        &one.name
    };
    words::safe(name)
}

fn say_all(state: &mut State) {
    state.numbers.clear();
    if state.identities.is_empty() {
        state
            .say("You have no identity on ClawChat. In a shell, chaperon clawchat init makes one.");
        return;
    }
    let mut lines = Vec::new();
    for one in &state.identities {
        state.numbers.push(Target::Identity(one.id));
        let node = one.node.clone().unwrap_or_default();
        let state_of = match &one.listening {
            _ if !node.autoload => "it is off".to_owned(),
            None => "it does not listen now, so nobody can reach it".to_owned(),
            Some(listening) => match &listening.problem {
                Some(problem) => format!("it cannot listen: {}", words::safe(problem)),
                None if !listening.exposed => "only programs on this computer reach it".to_owned(),
                None => listening.reach.sentence().to_owned(),
            },
        };
        let relays = if node.relay_server {
            ", relays for others"
        } else {
            ""
        };
        lines.push(format!(
            "{}  Identity {}, {}, port {}{relays}; {state_of}. {}.",
            state.numbers.len(),
            called(one),
            node.visibility.as_str(),
            node.port,
            words::safe(&one.address),
        ));
    }
    lines.push("A number reads out the link that invites others to it.".to_owned());
    state.say_all(lines);
}

/// Reads out whom a link names, and asks what to call them.
fn show(state: &mut State, whom: Whom, name: Option<&PeerText>) {
    let Some(first) = state.identities.first().map(called) else {
        state.say(
            "You have no identity on ClawChat to add them to. In a shell, chaperon clawchat init \
             makes one.",
        );
        return;
    };
    state.say("The link names somebody. Nothing of it is proven before they answer.");
    let mut paper = Paper::new(state.width, &state.zone);
    if let Some(name) = name {
        paper.of_line("theirs, name", name);
    }
    paper.of_line("principal", &PeerText::new(whom.address.as_str()));
    for place in whom.endpoint.split(',') {
        paper.of_line("reached at", &PeerText::new(place));
    }
    paper.key("Their key", Some(&whom.fingerprint));
    let lines = paper.lines;
    state.say_all(lines);
    state.say(format!(
        "What do you call them? Only you see it. That adds them to {first} and pins this key; they \
         start as a safe acquaintance. An empty line adds nobody."
    ));
    if state.identities.len() > 1 {
        let others = state.identities.iter().skip(1).map(called);
        let others: Vec<_> = others.collect();
        state.say(format!(
            "Behind the name, as and one of these adds them to that identity instead: {}.",
            others.join(", ")
        ));
    }
    state.page = Page::Form(Form::Whom(whom));
}

/// Adds whom a link named, under the name that was typed.
pub(super) fn add(state: &mut State, whom: Whom, typed: &Typed) {
    let text = typed.text.expose_untrusted().trim();
    let meant = |name: &str| {
        let mut all = state.identities.iter();
        all.find(|one| one.name == name || one.address == name)
            .map(|one| one.id)
    };
    let behind = text.rsplit_once(" as ");
    let behind = behind.and_then(|(name, which)| Some((name, meant(which.trim())?)));
    let first = state.identities.first().map(|one| (text, one.id));
    let Some((name, account)) = behind.or(first) else {
        return;
    };
    let add = Accounts::Add {
        account,
        address: whom.address,
        seen: Some(whom.fingerprint),
        endpoint: Some(whom.endpoint),
        name: Some(PeerText::new(name.trim())),
    };
    state.say("One moment.");
    state.page = Page::Main(0);
    state.ask(Request::Accounts(add), Question::Accept);
}
