//! The surface in lines, told as stories: what is typed, what is said, what is asked.

mod asked;
mod desk;
mod identities;

use std::time::Duration;

use proptest::prelude::*;

use super::{Happened, Typed, step};
use crate::api::{Error, Event, Request};
use crate::model::{FirstLook, MessageId, PeerText, Rest, Snoozed, UnixMillis, Verdict};
use desk::{DRAFT, Desk, HELD, KEN, MARTA};

/// Opens the item that stands at this number in the list of what needs one.
fn reviewing(number: &str) -> Desk {
    let mut desk = Desk::new();
    desk.line("needs").line(number);
    desk
}

#[test]
fn a_channel_is_one_spoken_line_with_everything_that_matters() {
    let desk = Desk::new();
    desk.heard("2  Channel Marta Ruiz, trusted colleague, code compared, 2 new")
        .heard("3  Channel Ken Ito, trusted colleague, code not compared")
        .heard("1  Needs you, 3")
        .heard("Supervised. 3 things need you.");
}

#[test]
fn what_is_said_has_no_box_no_braille_and_no_escape() {
    let mut desk = Desk::new();
    let mut said = desk.said.clone();
    for line in [
        "needs", "1", "later", "channels", "2", "code", "help", "log", "digest",
    ] {
        desk.line(line);
        said.extend(desk.said.clone());
    }
    for line in said {
        let drawn = |c: char| matches!(c, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}');
        assert!(!line.contains(drawn), "{line}");
        assert!(!line.contains(char::is_control), "{line}");
    }
}

#[test]
fn every_line_of_theirs_says_that_it_is_theirs() {
    let mut desk = Desk::new();
    desk.line("2")
        .heard("theirs: Hello")
        .heard("theirs: you: I agree to everything")
        .heard("you: Hi")
        .heard("your assistant: Thursday works.");
    assert!(
        !desk
            .said
            .iter()
            .any(|line| line.starts_with("you: I agree"))
    );
}

#[test]
fn their_lines_are_broken_before_the_terminal_breaks_them() {
    let mut desk = Desk::new();
    desk.held_text = "word ".repeat(200) + &"x".repeat(300);
    desk.tell(Happened::Width(40));
    desk.line("needs").line("2");
    let theirs: Vec<_> = desk
        .said
        .iter()
        .filter(|line| line.contains("word"))
        .collect();
    assert!(theirs.len() > 10);
    for line in desk.said.iter().filter(|line| line.starts_with("theirs: ")) {
        assert!(line.chars().count() < 40, "{line}");
    }
}

#[test]
fn lines_of_ours_are_folded_between_words_and_what_goes_on_is_indented() {
    let mut desk = Desk::new();
    desk.tell(Happened::Width(40));
    desk.line("channels");
    for line in &desk.said {
        assert!(line.chars().count() < 40, "{line}");
        assert!(
            ["Super", "  ", "1", "2", "3", "Type"]
                .iter()
                .any(|begin| line.starts_with(begin)),
            "{line}"
        );
    }
    desk.heard("2  Channel Marta Ruiz, trusted");
}

#[test]
fn a_severe_item_takes_the_word_and_then_a_different_one() {
    let mut desk = reviewing("1");
    desk.heard("your assistant: The gate code is 4417.")
        .heard("If you do nothing: it is not sent");
    desk.line("approve")
        .heard("This sends it to them as it is, after 10 seconds.");
    assert_eq!(desk.decisions(), []);
    desk.line("approve").heard("Not confirmed");
    assert_eq!(desk.decisions(), []);
    desk.line("confirm")
        .heard("Approved. It leaves in ten seconds; u takes it back.");
    assert_eq!(desk.decisions(), [(DRAFT, Verdict::Approve)]);
    desk.line("u").heard("Taken back");
}

#[test]
fn the_second_word_alone_decides_nothing() {
    let mut desk = reviewing("1");
    desk.line("confirm");
    assert_eq!(desk.decisions(), []);
}

#[test]
fn an_item_that_is_not_severe_takes_one_word_and_refusing_never_asks() {
    let mut desk = reviewing("2");
    desk.line("approve").heard("Released.");
    assert_eq!(desk.decisions(), [(HELD, Verdict::Approve)]);
    let mut desk = reviewing("1");
    desk.line("refuse").heard("Refused.");
    assert_eq!(desk.decisions(), [(DRAFT, Verdict::Refuse)]);
}

#[test]
fn enter_digits_and_yes_decide_nothing_wherever_they_come() {
    for number in ["1", "2", "3"] {
        let mut desk = reviewing(number);
        for line in [
            "",
            "y",
            "yes",
            "Y",
            "YES",
            "1",
            "2",
            "99",
            "a",
            "A",
            "r",
            "ok",
            "approve it",
        ] {
            desk.line(line);
        }
        desk.line("approve");
        let before = desk.decisions().len();
        for line in ["", "y", "yes", "1", "A"] {
            desk.line(line);
        }
        assert_eq!(desk.decisions().len(), before);
        assert!(before <= 1);
    }
}

#[test]
fn what_was_typed_before_the_question_stood_is_no_answer() {
    let mut desk = Desk::new();
    desk.line("needs").line("2");
    desk.typed("approve", true).heard("too soon");
    desk.now = desk.now.after(Duration::from_millis(399));
    desk.typed("approve", true).heard("too soon");
    assert_eq!(desk.decisions(), []);
    desk.line("approve");
    assert_eq!(desk.decisions(), [(HELD, Verdict::Approve)]);
}

#[test]
fn what_comes_with_a_paste_is_no_answer() {
    let mut desk = reviewing("2");
    desk.now = desk.now.after(Duration::from_secs(5));
    desk.typed("approve", false).heard("as a paste does");
    assert_eq!(desk.decisions(), []);
}

#[test]
fn a_long_item_decides_nothing_before_all_of_it_was_read_out() {
    let mut desk = Desk::new();
    desk.held_text = "line\n".repeat(150);
    desk.line("needs").line("2");
    assert_eq!(desk.prompt, "Enter reads on> ");
    desk.line("approve")
        .heard("a word decides once all was read out");
    desk.line("refuse").line("confirm");
    assert_eq!(desk.decisions(), []);
    desk.line("").line("").line("approve");
    assert_eq!(desk.decisions(), [(HELD, Verdict::Approve)]);
}

#[test]
fn a_changed_item_is_read_out_again_and_nothing_is_decided() {
    let mut desk = reviewing("2");
    desk.refuse = Some(Error::Changed);
    desk.held_text = "Wire the money.".into();
    desk.line("approve")
        .heard("It changed since it was read out. Nothing was decided")
        .heard("theirs: Wire the money.");
    assert_eq!(desk.items.len(), 3);
}

#[test]
fn nothing_is_said_in_between_and_what_arrived_is_told_at_the_next_prompt() {
    let mut desk = reviewing("2");
    desk.said.clear();
    desk.channels[1].unread = 3;
    desk.tell(Happened::Event(Event::Messages { channel: KEN }));
    desk.tell(Happened::Event(Event::NeedsYou));
    assert_eq!(desk.said, [""; 0]);
    desk.line("later").line("").heard("Nothing new.");
    desk.channels[0].unread = 4;
    desk.tell(Happened::Event(Event::Messages { channel: MARTA }));
    desk.line("").heard("New: 2 messages in Marta Ruiz.");
}

#[test]
fn a_draft_can_be_edited_and_the_version_is_read_out_before_it_is_decided() {
    let mut desk = reviewing("1");
    desk.line("edit").line("Ask me at the door.").line("");
    desk.heard("you: Ask me at the door.")
        .heard("your version leaves");
    desk.line("approve").line("confirm");
    let Some(Request::Decide { verdict, words, .. }) = desk
        .asked
        .iter()
        .find(|request| matches!(request, Request::Decide { .. }))
    else {
        panic!("no decision");
    };
    assert_eq!(*verdict, Verdict::SendEdited);
    assert_eq!(
        words.as_ref().unwrap().body,
        PeerText::new("Ask me at the door.")
    );
}

#[test]
fn words_of_one_s_own_and_a_reason_go_with_the_decision() {
    let mut desk = reviewing("2");
    desk.line("words")
        .line("She asks for Thursday.")
        .line(".")
        .line("approve");
    assert_eq!(desk.decisions(), [(HELD, Verdict::OwnWords)]);
    let mut desk = reviewing("1");
    desk.line("reason")
        .line("Not over this channel.")
        .line("block");
    let reason = desk.asked.iter().find_map(|request| {
        let Request::Decide { reason, .. } = request else {
            return None;
        };
        reason.clone()
    });
    assert_eq!(reason, Some(PeerText::new("Not over this channel.")));
    assert_eq!(desk.decisions(), [(DRAFT, Verdict::RefuseAndPause)]);
}

#[test]
fn a_word_in_a_text_is_text() {
    let mut desk = reviewing("1");
    desk.line("edit").line("approve").line("refuse").line("");
    assert_eq!(desk.decisions(), []);
    desk.heard("you: approve").heard("you: refuse");
}

#[test]
fn an_accepted_contact_leads_to_its_code_which_takes_its_word_and_a_second_one() {
    let mut desk = reviewing("3");
    desk.heard("Their key: 0123-4567-89ab-cdef.");
    desk.line("approve")
        .heard("Accepted.")
        .heard("Group 12: 1 2 3 4 5");
    desk.line("yes")
        .line("anchor")
        .line("marble")
        .heard("Type confirm");
    let verified = |request: &Request| matches!(request, Request::Verify { .. });
    assert_eq!(desk.asked_for(verified), 0);
    desk.line("confirm").heard("Compared");
    assert_eq!(desk.asked_for(verified), 1);
}

#[test]
fn a_message_leaves_only_on_its_word_and_every_line_of_it_is_kept_before() {
    let mut desk = Desk::new();
    desk.line("2")
        .line("write")
        .line("Dear Marta,")
        .line("see you on Thursday.")
        .line("");
    desk.heard("you: Dear Marta,")
        .heard("send: it goes to Marta Ruiz");
    let sends = |request: &Request| matches!(request, Request::Send { .. });
    desk.line("").line("y").line("yes");
    assert_eq!(desk.asked_for(sends), 0);
    let kept = |request: &Request| matches!(request, Request::SaveDraft { .. });
    assert_eq!(desk.asked_for(kept), 2);
    desk.line("send").heard("Until then u takes it back.");
    assert_eq!(desk.asked_for(sends), 1);
    desk.line("u").heard("The text is your draft again.");
    let restored = Request::SaveDraft {
        channel: MARTA,
        text: PeerText::new("Dear Marta,\nsee you on Thursday."),
    };
    assert_eq!(desk.asked.last(), Some(&restored));
}

#[test]
fn pausing_asks_nothing_and_going_on_takes_a_word() {
    let mut desk = Desk::new();
    desk.line("pause all").heard("All paused");
    desk.line("resume all")
        .line("yes")
        .heard("It stays paused.");
    let resumed = |request: &Request| matches!(request, Request::Resume { .. });
    assert_eq!(desk.asked_for(resumed), 0);
    desk.line("resume all").line("confirm").heard("It goes on.");
    assert_eq!(desk.asked_for(resumed), 1);
}

#[test]
fn a_search_reads_out_what_it_found_and_a_number_leads_there() {
    let mut desk = Desk::new();
    desk.line("search board prep")
        .heard("1  ")
        .heard("theirs: Board\u{27e6}ESC\u{27e7} prep");
    desk.line("1").heard("theirs: Hello");
    let around = |request: &Request| matches!(request, Request::Around { channel: MARTA, .. });
    assert_eq!(desk.asked_for(around), 1);
}

#[test]
fn an_invite_is_read_out_as_a_link() {
    let mut desk = Desk::new();
    desk.line("invite")
        .line("Zoe")
        .heard("https://relay.example/i/abc#key");
    desk.line("accept https://Relay.example/i/X#Key").line("Bo");
    let url = desk.asked.iter().find_map(|request| {
        let Request::Accept { url, .. } = request else {
            return None;
        };
        Some(url.clone())
    });
    assert_eq!(url.as_deref(), Some("https://Relay.example/i/X#Key"));
}

#[test]
fn the_end_of_the_input_leaves_whatever_was_asked() {
    for before in [
        &["needs", "1", "approve"][..],
        &["2", "write", "half a"],
        &[],
    ] {
        let mut desk = Desk::new();
        for line in before {
            desk.line(line);
        }
        desk.tell(Happened::End);
        assert!(desk.left);
        assert_eq!(desk.decisions(), []);
        desk.tell(Happened::Event(Event::NeedsYou));
        desk.line("approve");
        assert_eq!(desk.decisions(), []);
    }
}

#[test]
fn a_line_that_comes_while_the_engine_works_waits_its_turn() {
    let mut desk = Desk::new();
    desk.said.clear();
    let at = desk.now;
    let line = |text: &str| {
        Happened::Line(Typed {
            text: PeerText::new(text),
            at,
            alone: true,
        })
    };
    let asked = step(&mut desk.state, at, line("needs"));
    assert!(desk.state.is_waiting());
    assert_eq!(step(&mut desk.state, at, line("1")), []);
    desk.carry_out(asked);
    desk.heard("your assistant: The gate code is 4417.");
}

fn typed_lines() -> impl Strategy<Value = Vec<(String, u16, bool)>> {
    let word = prop_oneof![
        4 => prop::sample::select(vec![
            "", "1", "2", "3", "needs", "channels", "write", "back", "later", "more", "code",
            "words", "edit", "reason", "again", "raw", "assistant", "y", "yes", "help", "log",
            "send", "u", "marble", ".", "accept", "invite", "pause", "resume", "older", "digest",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => any::<String>(),
    ];
    prop::collection::vec((word, 0u16..1_500, any::<bool>()), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_line_but_a_word_of_a_decision_decides(lines in typed_lines(), width in 0usize..200) {
        let mut desk = Desk::new();
        desk.tell(Happened::Width(width));
        for (text, pause, alone) in lines {
            let word = text.trim().to_ascii_lowercase();
            let decides = [
                "approve", "refuse", "block", "keep", "clean", "confirm", "differs",
            ];
            prop_assume!(!decides.contains(&word.as_str()));
            desk.now = desk.now.after(Duration::from_millis(pause.into()));
            desk.tell(Happened::Event(Event::Overflow));
            desk.typed(&text, alone);
            for line in &desk.said {
                prop_assert!(!line.contains(char::is_control), "{:?}", line);
            }
        }
        prop_assert_eq!(desk.decisions(), []);
        prop_assert_eq!(desk.asked_for(|request| matches!(
            request,
            Request::Verify { .. } | Request::CodeDiffers { .. } | Request::Resume { .. }
        )), 0);
    }

    #[test]
    fn no_word_decides_that_came_early_or_with_others(
        lines in typed_lines(),
        words in prop::collection::vec(prop::sample::select(vec![
            "approve", "refuse", "confirm", "block", "keep", "clean", "differs",
        ]), 1..20),
        early in any::<bool>(),
        number in prop::sample::select(vec!["1", "2", "3"]),
    ) {
        let mut desk = reviewing(number);
        for (at, word) in words.iter().enumerate() {
            if let Some((text, pause, _)) = lines.get(at) {
                desk.now = desk.now.after(Duration::from_millis((*pause).into()));
                desk.typed(text, false);
            }
            let pause = if early { 399 } else { 1_500 };
            desk.now = desk.now.after(Duration::from_millis(pause));
            desk.typed(word, early);
        }
        prop_assert_eq!(desk.decisions(), []);
    }
}

#[test]
fn a_channel_is_muted_and_told_of_again_by_words() {
    let mut desk = Desk::new();
    desk.line("2").line("mute 8h").heard("Muted until");
    let rest = Some(Rest::For(8 * 60 * 60));
    let channel = MARTA.into();
    let wanted = Request::Mute { channel, rest };
    assert_eq!(desk.asked_for(|asked| *asked == wanted), 1);
    desk.channels[0].muted = Some(UnixMillis::FAR);
    desk.line("channels")
        .heard("Channel Marta Ruiz, trusted colleague, code compared, muted");
    desk.channels[0].unread = 9;
    desk.tell(Happened::Event(Event::Channels));
    desk.line("").heard("Nothing new.");
    desk.line("2")
        .line("mute for ever")
        .heard("Not muted: a time is written as");
    desk.line("unmute")
        .heard("You are told of this channel again.");
}

#[test]
fn an_item_is_put_off_where_it_is_read_or_by_its_number_and_nothing_is_decided() {
    let mut desk = reviewing("1");
    desk.line("snooze tomorrow")
        .heard("Put off until")
        .heard("1  ");
    desk.line("snooze 2 message")
        .heard("Put off until they write.");
    desk.line("snooze 2 never").heard("Not put off:");
    desk.line("snooze 77")
        .heard("Name the number of something that needs you");
    desk.line("snooze 2 end").heard("It needs you now again.");
    let rests: Vec<_> = (desk.asked.iter())
        .filter_map(|asked| {
            let Request::Snooze { rest, .. } = asked else {
                return None;
            };
            Some(*rest)
        })
        .collect();
    assert_eq!(rests, [Some(Rest::Tomorrow), Some(Rest::Open), None]);
    assert_eq!(desk.decisions(), []);
    desk.items[0].snoozed = Some(Snoozed {
        until: UnixMillis::FAR,
        they_write: true,
    });
    desk.line("needs").heard("put off until they write");
}

#[test]
fn what_happened_meanwhile_is_summed_up_at_the_start_and_read_out_on_request() {
    let mut desk = Desk::new();
    desk.heard("Since Tue 18 Nov 20:41 something happened in 1 channel. catch up reads it out.");
    assert_eq!(desk.asked_for(|asked| *asked == Request::Looked), 1);
    desk.line("catch up")
        .heard("Since Tue 18 Nov 20:41, the latest first:")
        .heard("1  Marta Ruiz: 3 arrived, 2 sent on its own.");
    desk.line("1").heard("theirs: Hello");
    desk.line("quit");
    assert_eq!(desk.asked_for(|asked| *asked == Request::Looked), 2);
}

#[test]
fn the_first_look_at_the_channels_is_put_off_and_taken_up_again() {
    let mut desk = Desk::new();
    desk.line("stop").heard("there is nothing to stop");
    let mut look = FirstLook {
        done: 12,
        total: 500,
        put_off: 0,
    };
    desk.first_look = Some(look);
    desk.tell(Happened::Event(Event::Status));
    desk.line("")
        .line("status")
        .heard("Looked at 12 of 500 channels so far.");
    desk.line("stop").heard("Put off");
    look.put_off = 488;
    desk.first_look = Some(look);
    desk.tell(Happened::Event(Event::Status));
    desk.line("")
        .line("status")
        .heard("488 channels not looked at yet.");
    desk.line("go on").heard("Going on");
    let asked = |desk: &Desk, wanted: &Request| desk.asked_for(|asked| asked == wanted);
    assert_eq!(asked(&desk, &Request::StopWork), 1);
    assert_eq!(asked(&desk, &Request::Sync), 1);
}

#[test]
fn a_message_says_where_it_belongs_and_topics_can_be_read_alone() {
    let mut desk = Desk::with_threads();
    desk.line("2");
    desk.heard("Signed. Request, asks for an answer.");
    desk.heard("theirs, topic: plans");
    desk.heard("Wrong signature. Notification, wants no answer, to everybody on the relay.");
    desk.heard("theirs, also to: bob, you: sent");
    desk.line("topics")
        .heard("1  Topic plans, 2 messages, 1 new");
    desk.line("1").heard("This is one topic alone.");
    let of_topic = |request: &Request| {
        matches!(request, Request::Transcript { topic: Some(topic), .. }
            if *topic == PeerText::new("plans"))
    };
    assert_eq!(desk.asked_for(of_topic), 1);
    desk.line("write").heard("Its topic: plans.");
    desk.line("Yes.").line("").line("send");
    let into_it = |request: &Request| {
        matches!(request, Request::Send { thread, .. }
            if thread.topic == Some(PeerText::new("plans")))
    };
    assert_eq!(desk.asked_for(into_it), 1);
}

#[test]
fn a_message_of_theirs_is_answered_by_its_place_from_the_end() {
    let mut desk = Desk::with_threads();
    desk.line("2").line("answer 9").heard("No such message");
    desk.line("answer 2")
        .heard("It answers the message of theirs");
    desk.line("Yes.").line("").line("send");
    let answers = |request: &Request| matches!(request, Request::Send { thread, .. } if thread.answers == Some(MessageId(2)));
    assert_eq!(desk.asked_for(answers), 1);
}

#[test]
fn elsewhere_there_are_no_topics_and_no_answers() {
    let mut desk = Desk::new();
    desk.line("2");
    for word in ["topics", "answer"] {
        desk.line(word).heard("no topic, no kind and no answers");
    }
    desk.line("write").heard("You write as yourself.");
}
