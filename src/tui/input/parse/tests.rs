use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut sent = parser.feed(bytes);
    sent.extend(parser.give_up());
    sent.into_iter().filter_map(|sent| sent.event).collect()
}

fn plain_key(code: KeyCode) -> Event {
    key(code, KeyModifiers::NONE)
}

#[test]
fn keys_are_what_terminals_send_for_them() {
    let ctrl = |c| key(KeyCode::Char(c), KeyModifiers::CONTROL);
    let table: &[(&[u8], Event)] = &[
        (b"n", plain_key(KeyCode::Char('n'))),
        (b"N", key(KeyCode::Char('N'), KeyModifiers::SHIFT)),
        ("é".as_bytes(), plain_key(KeyCode::Char('é'))),
        ("漢".as_bytes(), plain_key(KeyCode::Char('漢'))),
        (b"\r", plain_key(KeyCode::Enter)),
        (b"\n", ctrl('j')),
        (b"\t", plain_key(KeyCode::Tab)),
        (b"\x0b", ctrl('k')),
        (b"\x7f", plain_key(KeyCode::Backspace)),
        (b"\x08", plain_key(KeyCode::Backspace)),
        (b"\x1b", plain_key(KeyCode::Esc)),
        (b"\x1b[A", plain_key(KeyCode::Up)),
        (b"\x1bOB", plain_key(KeyCode::Down)),
        (b"\x1b[1;5C", key(KeyCode::Right, KeyModifiers::CONTROL)),
        (b"\x1b[Z", key(KeyCode::BackTab, KeyModifiers::SHIFT)),
        (b"\x1b[5~", plain_key(KeyCode::PageUp)),
        (b"\x1bOP", plain_key(KeyCode::F(1))),
        (b"\x1b[24~", plain_key(KeyCode::F(12))),
        (b"\x1bn", key(KeyCode::Char('n'), KeyModifiers::ALT)),
        (b"\x1b[13;2u", key(KeyCode::Enter, KeyModifiers::SHIFT)),
        (b"\x1b[27;2;13~", key(KeyCode::Enter, KeyModifiers::SHIFT)),
        (b"\x1b[I", Event::FocusGained),
        (b"\x1b[O", Event::FocusLost),
    ];
    for (bytes, event) in table {
        assert_eq!(read(bytes), std::slice::from_ref(event), "{bytes:?}");
    }
}

#[test]
fn a_paste_is_one_event_and_nothing_in_it_is_a_key() {
    let events = read(b"a\x1b[200~one\rtwo\x1b[A\x1b[201~b");
    let expected = [
        plain_key(KeyCode::Char('a')),
        Event::Paste("one\rtwo\u{1b}[A".into()),
        plain_key(KeyCode::Char('b')),
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_paste_whose_end_never_comes_is_given_up_and_keys_are_keys_again() {
    // irssi#942: one lost marker, and everything typed afterwards was swallowed.
    let mut parser = Parser::default();
    assert!(parser.feed(b"\x1b[200~half a text").is_empty());
    assert_eq!(parser.awaits(), Some(Awaited::Paste));
    let given = parser.give_up();
    assert_eq!(given[0].event, Some(Event::Paste("half a text".into())));
    assert_eq!(
        parser.feed(b"q")[0].event,
        Some(plain_key(KeyCode::Char('q')))
    );
    // The marker that comes after all means nothing.
    assert_eq!(parser.feed(PASTE_ENDS)[0].event, None);
    assert_eq!(parser.awaits(), None);
}

#[test]
fn replies_of_the_terminal_are_never_keys() {
    let replies: &[&[u8]] = &[
        b"\x1b]11;rgb:1e1e/aaaa/rrrr\x1b\\",
        b"\x1b]11;rgb:aaaa/aaaa/aaaa\x07",
        b"\x1b[?62;22c",
        b"\x1b[12;40R",
        b"\x1bP>|tmux 3.4\x1b\\",
        b"\x1b[?2026;2$y",
    ];
    for reply in replies {
        assert_eq!(read(reply), [], "{reply:?}");
    }
}

#[test]
fn the_mouse_is_read_in_its_sgr_form() {
    let mouse = |kind, column, row| {
        Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let left = MouseButton::Left;
    assert_eq!(
        read(b"\x1b[<0;10;5M"),
        [mouse(MouseEventKind::Down(left), 9, 4)]
    );
    assert_eq!(
        read(b"\x1b[<0;10;5m"),
        [mouse(MouseEventKind::Up(left), 9, 4)]
    );
    assert_eq!(
        read(b"\x1b[<65;1;1M"),
        [mouse(MouseEventKind::ScrollDown, 0, 0)]
    );
    assert_eq!(read(b"\x1b[<0;0;0M"), []);
}

#[test]
fn a_long_paste_comes_in_pieces_and_is_whole() {
    let long = vec![b'x'; LONGEST_PASTE + 10];
    let mut parser = Parser::default();
    let mut sent = parser.feed(PASTE_BEGINS);
    for piece in long.chunks(1 << 20) {
        sent.extend(parser.feed(piece));
    }
    sent.extend(parser.feed(PASTE_ENDS));
    let length = |sent: &Sent| match &sent.event {
        Some(Event::Paste(text)) => text.len(),
        _ => 0,
    };
    assert_eq!(sent.iter().map(length).sum::<usize>(), long.len());
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            b"\x1b".to_vec(),
            b"\x1b[".to_vec(),
            b"\x1bO".to_vec(),
            b"\x1b]".to_vec(),
            b"\x1b[<".to_vec(),
            b"1;5A".to_vec(),
            PASTE_BEGINS.to_vec(),
            PASTE_ENDS.to_vec(),
            "漢".as_bytes().to_vec(),
        ]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn bytes_mean_the_same_however_they_are_cut(bytes in pieces(), cut in any::<prop::sample::Index>()) {
        let mut whole = Parser::default();
        let mut parts = Parser::default();
        let at = if bytes.is_empty() { 0 } else { cut.index(bytes.len()) };
        let (head, tail) = bytes.split_at(at);
        let mut sent = parts.feed(head);
        sent.extend(parts.feed(tail));
        prop_assert_eq!(whole.feed(&bytes), sent);
        prop_assert_eq!(whole.awaits(), parts.awaits());
    }

    #[test]
    fn every_byte_outside_of_a_paste_is_accounted_for(bytes in pieces()) {
        let mut parser = Parser::default();
        let mut sent = parser.feed(&bytes);
        sent.extend(parser.give_up());
        prop_assert_eq!(parser.awaits(), None);
        let counted: usize = sent.iter().map(|sent| sent.bytes.len()).sum();
        prop_assert!(counted <= bytes.len());
    }
}
