//! ClawChat: our identities, how peers are reached, who connected, and links that name somebody.

use chaperon::api::{Accounts, Error, Reply, Request};
use chaperon::model::{PeerText, Visibility};
use chaperon::tui::{Effect, IdentityErrand, Message, Question};

use super::snapshots::{shown, shown_in};
use super::world::clawchat::{ANA, BOB, LINK, PHRASE, WORK};
use super::world::{Facts, World};

const WIDE: (u16, u16) = (120, 36);

fn facts() -> Facts {
    Facts::busy().with_clawchat()
}

fn world() -> World {
    World::new(facts(), WIDE)
}

/// What was asked about identities and peers, reads left out.
fn asked(world: &World) -> Vec<Accounts> {
    let asked = world.done.iter().filter_map(|effect| {
        if let Effect::Ask(Request::Accounts(what), _) = effect {
            Some(what.clone())
        } else {
            None
        }
    });
    let reads = |what: &Accounts| {
        matches!(
            what,
            Accounts::List { .. }
                | Accounts::InviteLink { .. }
                | Accounts::ReadInvite { .. }
                | Accounts::Requests { .. }
                | Accounts::Show { .. }
        )
    };
    asked.filter(|what| !reads(what)).collect()
}

fn paste(world: &mut World, text: &str) {
    world.tell(Message::Paste(PeerText::new(text)));
    world.settle();
}

#[test]
fn peers_and_how_they_are_reached() {
    shown("clawchat_main", &facts(), "<tab>");
    shown("clawchat_side", &facts(), "3");
}

#[test]
fn two_identities_are_named_wherever_a_channel_is() {
    shown("clawchat_two", &facts().with_two_identities(), "<tab>");
}

#[test]
fn the_identities() {
    shown("clawchat_identities", &facts().with_two_identities(), "K");
    shown(
        "clawchat_identity",
        &facts().with_two_identities(),
        "Kj<enter>",
    );
    shown("clawchat_invite", &facts(), "Ki");
    shown("clawchat_new", &facts(), "Kn");
    shown("clawchat_phrase", &facts(), "Knwork<enter>");
    shown("clawchat_widen", &facts().with_two_identities(), "Kjv");
    shown("clawchat_relay", &facts(), "KR");
    let mut none = facts();
    none.clawchat.identities.clear();
    shown("clawchat_none", &none, "K");
}

#[test]
fn somebody_who_connected_and_is_not_known() {
    shown("clawchat_contact", &facts(), "n<enter>");
    shown(
        "clawchat_contact_hostile",
        &facts().hostile_clawchat(),
        "n<enter>",
    );
}

#[test]
fn a_safety_code_over_both_principals() {
    shown_in("clawchat_code", "", |size| {
        let mut world = World::new(facts(), size);
        world.keys("v");
        let code = Reply::SafetyCode(Box::new(world.facts.code(BOB)));
        let question = Question::SafetyCode(BOB);
        world.tell(Message::Answer(question, Box::new(Ok(code))));
        world.settle();
        world
    });
}

#[test]
fn whom_a_link_names_is_shown_before_they_are_added() {
    let mut world = world();
    paste(&mut world, LINK);
    world.see("ADD SOMEBODY");
    world.keys("<enter>");
    world
        .see("“frank”")
        .see("ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC");
    world.see("2f8a-60c1-b37e-004d").see("and 1 more");
    assert_eq!(asked(&world), []);
    world.keys("<enter>");
    let Some(Accounts::Add {
        account,
        seen,
        name,
        ..
    }) = asked(&world).pop()
    else {
        panic!("{:?}", world.done);
    };
    assert_eq!(account, ANA);
    assert_eq!(
        seen.map(|key| key.0),
        Some("2f8a-60c1-b37e-004d".to_owned())
    );
    assert_eq!(name, Some(PeerText::new("frank")));
}

#[test]
fn a_link_in_the_form() {
    let pasted = |size| {
        let mut world = World::new(facts().with_two_identities(), size);
        paste(&mut world, LINK);
        world
    };
    shown_in("clawchat_paste", "", pasted);
    shown_in("clawchat_link", "<enter>", pasted);
}

#[test]
fn somebody_is_added_to_the_identity_that_was_chosen() {
    let mut world = World::new(facts().with_two_identities(), WIDE);
    paste(&mut world, LINK);
    world.keys("<enter>Frank at work<tab><right>");
    world.see("ST2CY5V…RK9AG");
    world.keys("<enter>");
    let Some(Accounts::Add { account, name, .. }) = asked(&world).pop() else {
        panic!("{:?}", world.done);
    };
    assert_eq!(
        (account, name),
        (WORK, Some(PeerText::new("Frank at work")))
    );
}

#[test]
fn a_name_that_deceives_is_shown_and_not_taken_over() {
    let mut world = World::new(facts().hostile_clawchat(), WIDE);
    paste(&mut world, LINK);
    world.keys("<enter><enter>");
    let Some(Accounts::Add { name, .. }) = asked(&world).pop() else {
        panic!("{:?}", world.done);
    };
    assert_eq!(name, None);
}

#[test]
fn a_link_that_was_changed_after_it_was_shown_is_shown_again() {
    let mut world = world();
    paste(&mut world, LINK);
    world.keys("<enter>");
    world.see("“frank”");
    world.keys("<tab><tab>x");
    world.see_not("“frank”");
    world.keys("<enter>");
    assert_eq!(asked(&world), []);
    world.see("“frank”");
}

#[test]
fn a_link_that_is_cut_off_says_so() {
    let mut world = world();
    paste(&mut world, "chaperon:clawchat?principal=cut");
    world.keys("<enter>");
    world.see("no address that ends in a node");
    assert_eq!(asked(&world), []);
}

#[test]
fn fewer_are_told_at_once_and_more_only_after_a_yes() {
    let visibility = |world: &World| match asked(world).pop() {
        Some(Accounts::Configure {
            node: Some(node), ..
        }) => Some(node.visibility),
        _ => None,
    };
    let mut world = world();
    world.keys("Kv");
    assert_eq!(visibility(&world), Some(Visibility::Private));
    let mut world = World::new(facts().with_two_identities(), WIDE);
    world.keys("Kjv");
    world.see("TELL MORE WHERE IT IS?");
    world.keys("<enter> y<esc>");
    assert_eq!(visibility(&world), None);
    world.keys("vA");
    assert_eq!(visibility(&world), Some(Visibility::Public));
}

#[test]
fn relaying_for_others_begins_after_a_yes_and_ends_at_once() {
    let relays = |world: &World| match asked(world).pop() {
        Some(Accounts::Configure {
            node: Some(node), ..
        }) => Some(node.relay_server),
        _ => None,
    };
    let mut world = World::new(facts().with_two_identities(), WIDE);
    world.keys("KR");
    world.see("RELAY FOR OTHERS?");
    assert_eq!(relays(&world), None);
    world.keys("A");
    assert_eq!(relays(&world), Some(true));
    world.keys("jR");
    assert_eq!(relays(&world), Some(false));
}

#[test]
fn a_seed_phrase_stays_until_it_is_written_down_and_is_gone_then() {
    let mut world = world();
    world.keys("Knwork<enter>");
    for word in PHRASE.split(' ') {
        world.see(word);
    }
    world.keys("<esc><enter>q");
    world.see("abstract");
    world.keys("A");
    world.see_not("abstract");
    world.see("your identities");
    assert!(!format!("{:?}", world.model).contains("abstract"));
}

#[test]
fn an_identity_is_for_the_network_of_the_others_unless_told_otherwise() {
    let made = |keys: &str| {
        let mut world = world();
        world.keys(keys);
        match asked(&world).pop() {
            Some(Accounts::Make(new)) => (new.testnet, new.name),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(made("Knwork<enter>"), (true, Some("work".to_owned())));
    assert_eq!(made("Kn<tab><enter>"), (false, None));
}

#[test]
fn what_went_wrong_is_said_where_it_was_asked() {
    let mut world = world();
    world.keys("Kr");
    let refused = Error::BadRequest("another identity of yours is called ana already".into());
    let question = Question::Identity(IdentityErrand::Configure(ANA));
    world.tell(Message::Answer(question, Box::new(Err(refused))));
    world.settle();
    world.see("Another identity of yours is called ana already.");
}

#[test]
fn nobody_is_asked_back_where_writing_asks() {
    let mut world = world();
    world.keys("j a");
    world.see("Here whoever writes has asked");
    assert_eq!(asked(&world), []);
}

#[test]
fn the_link_the_addresses_and_the_principal_can_be_copied() {
    let copied = |keys: &str| {
        let mut world = world();
        world.keys(keys);
        match world.done.pop() {
            Some(Effect::Copy(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(copied("Kic"), LINK);
    assert!(copied("Kiy").starts_with("/ip4/192.168.1.5/tcp/9000/p2p/"));
    assert_eq!(
        copied("Ky"),
        "stacks:ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
    );
}
