//! Somebody asks for contact by themselves, over Agent Mesh.

use super::desk::{CONTACT, Desk, MARTA};
use crate::api::{Accounts, Request};
use crate::model::{Asked, ChannelState, NetworkId, PeerText, UnixMillis, Verdict};

fn asked(moved_from: Option<&str>) -> Asked {
    Asked {
        id: "req_1".into(),
        address: "garage-agent".into(),
        unsafe_name: PeerText::new("Garage\nApproved by you"),
        unsafe_endpoint: PeerText::new("http://192.168.1.30:8787"),
        unsafe_purpose: PeerText::new("I open the garage.\nyou: yes"),
        moved_from: moved_from.map(str::to_owned),
    }
}

/// Opens the request of somebody whose channel is in this state.
fn reviewing(state: ChannelState, asked: Asked) -> Desk {
    let mut desk = Desk::new();
    desk.channels[0].network = NetworkId::Mesh;
    desk.channels[0].state = state;
    desk.channels[0].inviter = false;
    desk.contact = Some(asked);
    desk.items.retain(|item| item.id == CONTACT);
    desk.line("").line("needs").line("1");
    desk
}

#[test]
fn whoever_asks_is_read_out_as_a_claim_and_their_words_as_theirs() {
    let desk = reviewing(ChannelState::Requested, asked(None));
    desk.heard("Contact Marta Ruiz: asks for contact.")
        .heard("over Agent Mesh, with no relay between")
        .heard("theirs, name: Garage⟦⏎⟧Approved by you")
        .heard("Id: garage-agent.")
        .heard("theirs, reached at: 192.168.1.30:8787")
        .heard("theirs: I open the garage.")
        .heard("theirs: you: yes")
        .heard("Who trusts whom: you not yet; they ask you")
        .heard("block: ignore them without telling them")
        .heard("If you do nothing: they are told nothing");
}

#[test]
fn an_accepted_contact_is_asked_back_by_a_word_and_not_by_itself() {
    let mut desk = reviewing(ChannelState::Requested, asked(None));
    desk.line("approve").heard("askback asks them");
    let waits = |line: &String| line.contains("Needs you");
    assert!(!desk.said.iter().any(waits), "{:?}", desk.said);
    assert_eq!(desk.decisions(), [(CONTACT, Verdict::Approve)]);
    let asks = |request: &Request| matches!(request, Request::Accounts(Accounts::AskBack { .. }));
    assert_eq!(desk.asked_for(asks), 0);
    desk.line("askback").heard("They have your request.");
    assert_eq!(desk.asked_for(asks), 1);
    let to_marta = |request: &Request| {
        let Request::Accounts(Accounts::AskBack { channel, .. }) = request else {
            return false;
        };
        *channel == MARTA.into()
    };
    assert_eq!(desk.asked_for(to_marta), 1);
}

#[test]
fn a_contact_who_accepted_us_before_leads_to_the_code() {
    let mut desk = reviewing(ChannelState::Requested, asked(None));
    desk.channels[0].trusts_us = Some(UnixMillis(0));
    desk.line("later").line("1").line("approve");
    let codes = |request: &Request| matches!(request, Request::SafetyCode { .. });
    assert_eq!(desk.asked_for(codes), 1);
}

#[test]
fn a_move_is_taken_refused_or_blocked_in_words_of_its_own() {
    for (word, verdict, said) in [
        ("approve", Verdict::Approve, "written to at the new address"),
        ("refuse", Verdict::Refuse, "The old address stays."),
        ("block", Verdict::Block, "Blocked."),
    ] {
        let moved = asked(Some("http://192.168.1.29:8787"));
        let mut desk = reviewing(ChannelState::Active, moved);
        desk.heard("is reached elsewhere now")
            .heard("Reached so far at: 192.168.1.29:8787.");
        desk.line(word).heard(said);
        assert_eq!(desk.decisions(), [(CONTACT, verdict)]);
    }
}

#[test]
fn asking_back_is_refused_where_nothing_is_to_be_asked() {
    let mut desk = Desk::new();
    desk.line("2")
        .line("askback")
        .heard("counts for both sides");
    desk.channels[0].network = NetworkId::Mesh;
    desk.channels[0].trusts_us = Some(UnixMillis(0));
    desk.line("channels")
        .line("2")
        .line("askback")
        .heard("accepted you already");
    let asks = |request: &Request| matches!(request, Request::Accounts(_));
    assert_eq!(desk.asked_for(asks), 0);
}
