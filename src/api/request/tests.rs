use super::*;

#[test]
fn a_request_reads_back_from_its_wire_form() {
    let request = Request::Send {
        channel: ChannelRef::Named("abc".into()),
        subject: PeerText::default(),
        body: PeerText::new("hello"),
        author: Author::Assistant,
        now: true,
        thread: Thread::default(),
    };
    let text = serde_json::to_string(&request).unwrap();
    assert!(text.starts_with(r#"{"method":"send","params":{"channel":"abc""#));
    assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
}

#[test]
fn a_human_s_message_cannot_be_sent_in_the_assistant_role() {
    let request = Request::Send {
        channel: ChannelRef::Id(ChannelId(1)),
        subject: PeerText::default(),
        body: PeerText::new("hello"),
        author: Author::Human,
        now: false,
        thread: Thread::default(),
    };
    assert_eq!(request.needs(), Role::Supervisor);
}
