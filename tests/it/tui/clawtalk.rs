//! ClawTalk: what messages say of themselves, topics, answers, several recipients, logins.

use chaperon::api::{Accounts, Error, Reply, Request, SendOutcome, SentTo, Thread};
use chaperon::model::{MessageId, MessageKind, PeerText, UnixMillis};
use chaperon::tui::{Effect, LoginErrand, Message, Question};

use super::snapshots::shown;
use super::world::clawtalk::{BOB, CAROL, DAVE, DESK};
use super::world::{Facts, NOW, World};

const WIDE: (u16, u16) = (120, 36);

fn facts() -> Facts {
    Facts::busy().with_clawtalk()
}

fn world() -> World {
    World::new(facts(), WIDE)
}

/// Returns what was sent.
fn sent(world: &World) -> Vec<Request> {
    let asked = world.done.iter().filter_map(|effect| {
        if let Effect::Ask(request @ (Request::Send { .. } | Request::SendToSeveral { .. }), _) =
            effect
        {
            Some(request.clone())
        } else {
            None
        }
    });
    asked.collect()
}

fn asked(world: &World) -> Vec<Accounts> {
    let asked = world.done.iter().filter_map(|effect| {
        if let Effect::Ask(Request::Accounts(what), _) = effect {
            Some(what.clone())
        } else {
            None
        }
    });
    asked.collect()
}

fn thread_of(world: &World) -> Thread {
    match sent(world).pop() {
        Some(Request::Send { thread, .. } | Request::SendToSeveral { thread, .. }) => thread,
        other => panic!("{other:?}"),
    }
}

fn answer(world: &mut World, question: Question, answer: Result<Reply, Error>) {
    world.tell(Message::Answer(question, Box::new(answer)));
    world.settle();
}

#[test]
fn what_messages_say_of_themselves() {
    shown("clawtalk_main", &facts(), "<tab>");
}

#[test]
fn what_hostile_messages_say_of_themselves() {
    shown("clawtalk_hostile", &facts().hostile_clawtalk(), "<tab>");
}

#[test]
fn two_logins_are_named_wherever_a_channel_is() {
    shown("clawtalk_two_logins", &facts().with_two_logins(), "<tab>");
}

#[test]
fn what_is_beside_a_conversation() {
    shown("clawtalk_side", &facts(), "3");
}

#[test]
fn a_held_message_without_a_good_signature() {
    shown("clawtalk_review", &facts(), "n<enter>");
}

#[test]
fn somebody_who_wrote_and_is_not_known() {
    shown("clawtalk_contact", &facts(), "N<enter>");
}

#[test]
fn the_topics() {
    shown("clawtalk_topics", &facts(), "t");
}

#[test]
fn one_topic_alone() {
    shown("clawtalk_topic", &facts(), "tplans<enter>");
}

#[test]
fn an_answer_in_the_making() {
    shown("clawtalk_answer", &facts(), "2kkkkaSee you there");
}

#[test]
fn to_several() {
    shown("clawtalk_recipients", &facts(), "i<ctrl-r> j");
    shown(
        "clawtalk_to_several",
        &facts(),
        "iThe lift works.<ctrl-r>a<enter>",
    );
    shown(
        "clawtalk_ask_several",
        &facts(),
        "iThe lift works.<ctrl-r>a<enter><enter>",
    );
}

#[test]
fn the_logins() {
    shown("clawtalk_logins", &facts().with_two_logins(), "C");
    shown("clawtalk_directory", &facts(), "C<enter>");
    shown("clawtalk_add", &facts(), "C<enter>j<enter>");
    shown("clawtalk_leave", &facts(), "CD");
    let mut none = Facts::busy();
    none.clawtalk.logins.clear();
    shown("clawtalk_no_login", &none, "C");
}

#[test]
fn a_topic_alone_shows_what_belongs_to_it_and_esc_shows_all() {
    let mut world = world();
    world.see("The lift is repaired.");
    world.keys("tplans<enter>");
    world
        .see("topic plans alone")
        .see_not("The lift is repaired.");
    world.see("Shall we meet on Thursday");
    world.keys("<esc>");
    world.see("The lift is repaired.").see_not("shows all");
}

#[test]
fn an_answer_of_all_messages_does_not_reach_the_topic_that_is_shown_alone() {
    let mut world = world();
    world.keys("tplans<enter>");
    let all = world.facts.answer(&Request::Transcript {
        channel: BOB,
        before: None,
        limit: 200,
        topic: None,
    });
    answer(&mut world, Question::Newest(BOB, None), all.unwrap());
    world.see_not("The lift is repaired.");
}

#[test]
fn what_is_not_shown_is_not_marked_as_read() {
    let marks = |world: &World| {
        let marks = world
            .done
            .iter()
            .filter(|effect| matches!(effect, Effect::Ask(Request::MarkRead { .. }, _)));
        marks.count()
    };
    let mut world = world();
    world.keys("tplans<enter>");
    let before = marks(&world);
    for _ in 0..5 {
        world.settle();
    }
    assert_eq!(marks(&world), before);
}

#[test]
fn what_is_written_while_a_topic_is_shown_goes_into_it() {
    let mut world = world();
    world.keys("tplans<enter>iYes.<enter>");
    let expected = Thread {
        topic: Some(PeerText::new("plans")),
        ..Thread::default()
    };
    assert_eq!(thread_of(&world), expected);
}

#[test]
fn a_new_topic_is_named_while_one_writes() {
    let mut world = world();
    world.keys("iAbout the garden.<ctrl-t>garden");
    world.see("new: garden");
    world.keys("<enter>");
    world.see("topic garden");
    world.keys("<enter>");
    assert_eq!(thread_of(&world).topic, Some(PeerText::new("garden")));
}

#[test]
fn a_topic_that_is_too_long_is_not_taken() {
    let mut world = world();
    world.keys("iText<ctrl-t>");
    world.keys(&"x".repeat(201));
    world.see("too long");
    world.keys("<enter>");
    world.see("TOPICS");
}

#[test]
fn an_answer_says_what_it_answers_and_can_be_made_a_new_request_again() {
    let mut world = World::new(facts(), (80, 24));
    world.keys("2kkkka");
    world.see("response · topic plans · answers 21:51");
    world.keys("Yes.<enter>");
    let expected = Thread {
        topic: Some(PeerText::new("plans")),
        answers: Some(MessageId(40)),
        ..Thread::default()
    };
    assert_eq!(thread_of(&world), expected);
    let mut world = self::world();
    world.keys("2kkkkaYes.<ctrl-x>");
    world.see_not("answers 21:51 “Shall we meet on Thursday at two?” ·");
    world.keys("<enter>");
    assert_eq!(thread_of(&world), Thread::default());
}

#[test]
fn one_s_own_message_is_not_answered() {
    let mut world = world();
    world.keys("2kkka");
    world.see("Select a message of theirs first.");
}

#[test]
fn the_kind_can_be_chosen() {
    let mut world = world();
    world.keys("iThe lift works.<ctrl-g>");
    world.see("notification");
    world.keys("<enter>");
    assert_eq!(thread_of(&world).kind, Some(MessageKind::Notification));
}

#[test]
fn elsewhere_it_is_said_that_messages_have_no_topics() {
    let mut world = World::new(Facts::busy(), WIDE);
    for key in ["t", "2a"] {
        world.keys(key);
        world.see("Messages of this network have no topic, no kind and no answers.");
        world.pass(std::time::Duration::from_secs(7));
    }
    world.keys("iText<ctrl-r>");
    world.see("no kind and no answers").see("AS YOURSELF");
}

#[test]
fn nothing_leaves_to_several_before_a_person_saw_to_whom() {
    let mut world = world();
    world.keys("iThe lift works.<ctrl-r> <enter>");
    world.see("also to Carol, sealed for each");
    world.keys("<enter>");
    world.see("SEND TO SEVERAL?");
    assert_eq!(sent(&world), []);
    world.keys("<enter><esc>");
    assert_eq!(sent(&world), []);
    world.keys("!<enter>A");
    let Some(Request::SendToSeveral { channels, body, .. }) = sent(&world).pop() else {
        panic!("{:?}", world.done);
    };
    assert_eq!(channels, [BOB, CAROL]);
    assert_eq!(body, PeerText::new("The lift works.!"));
}

#[test]
fn everyone_is_each_of_them_and_what_became_of_each_is_shown() {
    let mut world = world();
    world.keys("iThe lift works.<ctrl-r>a<enter><enter>A");
    let Some(Request::SendToSeveral { channels, .. }) = sent(&world).pop() else {
        panic!("{:?}", world.done);
    };
    assert_eq!(channels, [BOB, CAROL, DAVE]);
    let queued = |message| SendOutcome::Queued {
        message: MessageId(message),
        due: UnixMillis(NOW.0 + 60_000),
        problem: None,
    };
    let held = SendOutcome::Held {
        message: MessageId(52),
        rule: "hold-out:every-draft".into(),
        reasons: Vec::new(),
        expires: NOW,
    };
    let outcomes = [(BOB, queued(50)), (CAROL, held), (DAVE, queued(51))];
    let all = outcomes.map(|(channel, outcome)| SentTo { channel, outcome });
    let reply = Ok(Reply::SentToSeveral(all.to_vec()));
    answer(&mut world, Question::SendToSeveral(BOB), reply);
    world
        .see("SENT TO SEVERAL")
        .see("held, waits for a decision");
    world.see("leaves in a moment");
    world.keys("<esc>");
    world.see("Write to Bob");
}

#[test]
fn a_refusal_to_send_to_several_keeps_the_text_and_asks_again() {
    let mut world = world();
    world.keys("iThe lift works.<ctrl-r>a<enter><enter>A");
    let refused = Error::BadRequest("carol cannot be written to now; nothing was sent".into());
    answer(&mut world, Question::SendToSeveral(BOB), Err(refused));
    world
        .see("carol cannot be written to now")
        .see("The lift works.");
    let before = sent(&world).len();
    world.keys("<enter>");
    world.see("SEND TO SEVERAL?");
    assert_eq!(sent(&world).len(), before);
}

#[test]
fn somebody_is_added_under_the_key_on_show_and_only_after_a_yes() {
    let mut world = world();
    world.keys("C<enter>");
    world.see("frank").see("seen 3h ago").see("✗ another key");
    world.keys("j<enter>");
    world.see("ADD THEM?").see("6b2c-91d0-44ea-0028");
    let added = |world: &World| {
        let asked = asked(world).into_iter();
        asked
            .filter(|what| matches!(what, Accounts::Add { .. }))
            .count()
    };
    world.keys("<enter> y");
    assert_eq!(added(&world), 0);
    world.keys("A");
    assert_eq!(added(&world), 1);
    let what = asked(&world).pop().unwrap();
    let Accounts::Add {
        account,
        address,
        seen,
        ..
    } = what
    else {
        panic!("{what:?}");
    };
    assert_eq!((account, address.as_str()), (DESK, "frank"));
    assert_eq!(seen.unwrap().0, "6b2c-91d0-44ea-0028");
    let errand = Question::Login(LoginErrand::Add(DESK));
    answer(&mut world, errand, Err(Error::Changed));
    world.see("Another key is shown there now; nobody was added, ask again.");
}

#[test]
fn whoever_has_another_key_than_the_pinned_one_is_not_added() {
    let mut world = world();
    world.keys("C<enter>jj<enter>");
    world.see("That is not the key you accepted");
    world.keys("jj<enter>");
    world.see("They have no key there yet");
}

#[test]
fn a_login_with_channels_is_left_only_after_a_second_yes() {
    let mut world = world();
    world.keys("CDA");
    let leave = |force| Accounts::Leave {
        account: DESK,
        force,
    };
    assert_eq!(asked(&world), [leave(false)]);
    let refused = Error::BadRequest("3 of its channels are in use; --force closes them".into());
    answer(
        &mut world,
        Question::Login(LoginErrand::Leave(DESK)),
        Err(refused),
    );
    world
        .see("3 of its channels are in use")
        .see("closes its channels");
    world.keys("A");
    assert_eq!(asked(&world), [leave(false), leave(true)]);
}

#[test]
fn two_logins_are_told_apart_and_one_is_not_named() {
    let mut world = World::new(facts().with_two_logins(), WIDE);
    world.see("as desk · ~ accepted").see("@gard");
    world = self::world();
    world.see_not("as desk").see_not("@desk");
}

#[test]
fn presence_is_the_relay_s_word_and_has_an_age() {
    let mut world = world();
    world.see("it says: online, as of <1m ago");
    world.keys("j");
    world.see("it says: seen 3h ago");
}

#[test]
fn the_four_proofs_are_four_texts_without_any_colour_or_odd_glyph() {
    let mut world = World::with(
        facts(),
        WIDE,
        chaperon::tui::ThemeChoice::DARK,
        chaperon::tui::Symbols::Ascii,
    );
    world.keys("2");
    for words in [
        "signed",
        "unsigned",
        "wrong signature",
        "plain text, not sealed",
    ] {
        world.see(words);
    }
    assert!(world.text().is_ascii(), "{}", world.text());
}
