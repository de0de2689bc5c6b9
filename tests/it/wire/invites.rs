//! Invite links, mailbox ids and relay addresses.

use chaperon::wire::mailbox::{
    Invite, InviteError, KeyError, MailboxId, RelayUrl, decode_key, encode_key,
};

use super::{list, public, text};

/// How a link begins, what we read in it (relay, channel), and why not what the reference reads.
type Deviation = (
    &'static str,
    Result<(&'static str, &'static str), InviteError>,
    &'static str,
);

const DEVIATIONS: &[Deviation] = &[
    (
        "https://relay.example/base/path/invite?channel=abc&",
        Ok(("https://relay.example/base/path", "abc")),
        "the reference loses the base path and puts the handshake where nobody looks",
    ),
    (
        "https://relay.example/invite?channel=a%2Fb%20c%26d%C3%A9&",
        Err(InviteError::UnsafeChannel),
        "such an id can be part of a path, and no real one has such characters",
    ),
    (
        "https://relay.example/invite?channel=a+b&",
        Err(InviteError::UnsafeChannel),
        "no real id has a space",
    ),
    (
        "https://relay.example/invite?channel=abc&pub=a+b/c=",
        Err(InviteError::Key(KeyError::Length(3))),
        "the reference fails later, after it has written files",
    ),
    (
        "relay.example/invite?channel=abc&",
        Err(InviteError::NotALink),
        "the reference then calls the mailbox `://`",
    ),
    (
        "https://u:p@relay.example/invite?channel=abc&",
        Err(InviteError::Credentials),
        "a password in a link ends up in every log and list of processes",
    ),
    (
        "https://relay.example/invite?channel=..%2F..%2F..%2Fescaped&",
        Err(InviteError::UnsafeChannel),
        "the reference writes the private key outside its directory",
    ),
    (
        "HTTPS://Relay.Example/invite?channel=abc&",
        Ok(("https://relay.example", "abc")),
        "the same host, written in its normal form",
    ),
    (
        "https://relay.example/invite?channel=%ff&",
        Err(InviteError::UnsafeChannel),
        "not even text",
    ),
    (
        "clawbuddy accept https://",
        Err(InviteError::NotALink),
        "a command is not a link; the reference calls the mailbox `://`",
    ),
];

#[test]
fn links_are_read_as_the_reference_reads_them_but_for_the_listed_ones() {
    let mut deviations_seen = 0;
    for check in list("invite_parse") {
        let url = text(&check, "url");
        let parsed = Invite::parse(url);
        let deviation = DEVIATIONS.iter().find(|(start, ..)| url.starts_with(start));
        if let Some((_, expected, reason)) = deviation {
            deviations_seen += 1;
            let parsed = parsed
                .as_ref()
                .map(|invite| (invite.relay.as_str(), invite.channel.as_str()));
            assert_eq!(parsed.map_err(|error| *error), *expected, "{url}: {reason}");
            continue;
        }
        if check["verdict"] == "ok" {
            let invite = parsed.unwrap();
            assert_eq!(invite.relay.as_str(), text(&check, "mailbox"), "{url}");
            assert_eq!(invite.channel.as_str(), text(&check, "channel"), "{url}");
            assert_eq!(Ok(invite.key), decode_key(text(&check, "pub")), "{url}");
        } else {
            assert!(parsed.is_err(), "{url}");
        }
    }
    assert_eq!(deviations_seen, DEVIATIONS.len());
}

#[test]
fn links_are_written_as_the_reference_writes_them() {
    for check in list("invite_build") {
        let relay = RelayUrl::parse(text(&check, "mailbox_url")).unwrap();
        let Ok(channel) = MailboxId::parse(text(&check, "channel_id")) else {
            // Nothing in such a link could be told apart by whoever reads it.
            assert_eq!(text(&check, "channel_id"), "a b&c=d/é#?%");
            continue;
        };
        let key = decode_key(text(&check, "pub")).unwrap();
        let invite = Invite {
            relay,
            channel,
            key,
        };
        // The reference keeps a slash at the end of the mailbox and writes two in the link.
        let expected = text(&check, "url").replace("example//invite", "example/invite");
        assert_eq!(invite.to_url(), expected);
        assert_eq!(Invite::parse(&invite.to_url()), Ok(invite));
    }
}

#[test]
fn a_link_with_two_slashes_belongs_to_the_root() {
    let url = format!(
        "https://h.example//invite?channel=x&pub={}",
        encode_key(&public("bob"))
    );
    assert_eq!(
        Invite::parse(&url).unwrap().relay.as_str(),
        "https://h.example"
    );
}

#[test]
fn the_error_names_what_is_wrong_with_the_link() {
    let key = encode_key(&public("bob"));
    let zero = encode_key(&chaperon::model::PublicKey([0; 32]));
    let cases = [
        ("hello".to_owned(), InviteError::NotALink),
        (
            format!("ftp://h/invite?channel=x&pub={key}"),
            InviteError::NotALink,
        ),
        (
            format!("https:h/invite?channel=x&pub={key}"),
            InviteError::NotALink,
        ),
        (
            format!("https:///h/invite?channel=x&pub={key}"),
            InviteError::NotALink,
        ),
        (
            format!("https://?channel=x&pub={key}"),
            InviteError::NotALink,
        ),
        (
            format!("https://h/invite?pub={key}"),
            InviteError::NoChannel,
        ),
        (
            format!("https://h/invite?channel=&pub={key}"),
            InviteError::NoChannel,
        ),
        ("https://h/invite?channel=x".to_owned(), InviteError::NoKey),
        (
            format!("https://h/invite?channel=..&pub={key}"),
            InviteError::UnsafeChannel,
        ),
        (
            format!("https://h/invite?channel=x&pub={zero}"),
            InviteError::LowOrderKey,
        ),
        (
            "https://h/invite?channel=x&pub=zzz".to_owned(),
            InviteError::Key(KeyError::NotBase64),
        ),
        (
            format!("https://h/{}", "x".repeat(5000)),
            InviteError::TooLong,
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(Invite::parse(&url), Err(expected), "{url}");
    }
}

#[test]
fn an_empty_parameter_gives_way_to_a_later_one() {
    let key = encode_key(&public("bob"));
    let url = format!("https://h/invite?channel=&channel=x&pub=&pub={key}");
    assert_eq!(Invite::parse(&url).unwrap().channel.as_str(), "x");
}

#[test]
fn a_new_mailbox_id_has_the_form_of_the_reference() {
    // The id of the vectors, from its 16 bytes.
    let random = super::bytes("fbffbffbffbffbffbffbffbffbffbffb")
        .try_into()
        .unwrap();
    assert_eq!(
        MailboxId::from_random(random).as_str(),
        "-_-_-_-_-_-_-_-_-_-_-w"
    );
}

#[test]
fn a_mailbox_id_can_be_no_path() {
    for id in ["..", ".", "a/b", "a\\b", "a%2fb", "a:b", "é", "a b", "\0"] {
        assert_eq!(
            MailboxId::parse(id),
            Err(InviteError::UnsafeChannel),
            "{id}"
        );
    }
    assert!(MailboxId::parse(&"x".repeat(64)).is_ok());
    assert_eq!(
        MailboxId::parse(&"x".repeat(65)),
        Err(InviteError::UnsafeChannel)
    );
    assert_eq!(MailboxId::parse(""), Err(InviteError::NoChannel));
}

#[test]
fn a_mailbox_id_shows_only_its_beginning_in_debug_output() {
    let id = MailboxId::parse("bb7ppzYHD5bpz5h-OZG5OQ").unwrap();
    assert_eq!(format!("{id:?}"), "MailboxId(bb7p…)");
}

#[test]
fn relay_addresses_are_kept_in_one_form() {
    let form = |text: &str| RelayUrl::parse(text).map(|url| url.as_str().to_owned());
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(
        form(" https://Relay.Example:443/ "),
        ok("https://relay.example")
    );
    assert_eq!(form("http://127.0.0.1:7117"), ok("http://127.0.0.1:7117"));
    assert_eq!(form("https://h/base/path//"), ok("https://h/base/path"));
    assert_eq!(form("https://h/a/../b"), ok("https://h/b"));
    assert_eq!(form("http://[::1]:80/"), ok("http://[::1]"));
    assert_eq!(form("https://h/?q"), Err(InviteError::QueryOrFragment));
    assert_eq!(form("https://h/#f"), Err(InviteError::QueryOrFragment));
    assert_eq!(form("https://u@h/"), Err(InviteError::Credentials));
    assert_eq!(form(""), Err(InviteError::NotALink));
}

#[test]
fn loopback_and_tls_are_told_from_the_address() {
    let loopback = |text: &str| RelayUrl::parse(text).unwrap().is_loopback();
    assert!(loopback("http://127.0.0.1:1"));
    assert!(loopback("http://127.8.9.1"));
    assert!(loopback("http://0x7f.1"));
    assert!(loopback("https://LOCALHOST"));
    assert!(loopback("https://localhost."));
    assert!(loopback("http://[::1]:7117/base"));
    assert!(loopback("http://[::ffff:127.0.0.1]"));
    assert!(!loopback("https://127.0.0.1.example"));
    assert!(!loopback("https://localhost.example"));
    assert!(!loopback("http://10.0.0.1"));
    assert!(RelayUrl::parse("https://h").unwrap().is_tls());
    assert!(!RelayUrl::parse("http://h").unwrap().is_tls());
}
