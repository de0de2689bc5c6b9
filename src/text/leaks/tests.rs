//! What a draft gives away, and what only looks like it.

use proptest::prelude::*;

use super::*;
use crate::model::{SignalCode as C, SignalKind};

fn codes(text: &str) -> Vec<C> {
    let mut codes: Vec<C> = leaks(&PeerText::new(text))
        .iter()
        .map(|signal| signal.code)
        .collect();
    codes.dedup();
    codes
}

/// Checks that each text gives this code.
fn each_gives(code: C, texts: &[&str]) {
    let missed: Vec<_> = texts
        .iter()
        .filter(|text| !codes(text).contains(&code))
        .collect();
    assert!(
        missed.is_empty(),
        "{} is not found in {missed:#?}",
        code.as_str()
    );
}

/// Checks that no text gives this code.
fn none_gives(code: C, texts: &[&str]) {
    let wrong: Vec<_> = texts
        .iter()
        .filter(|text| codes(text).contains(&code))
        .collect();
    assert!(wrong.is_empty(), "{} is found in {wrong:#?}", code.as_str());
}

#[test]
fn an_honest_message_about_a_meeting_gives_nothing() {
    for text in [
        "Thu 14:00 PT works, order 4471, room 12, version 1.2.3, 10 people, 2026-11-25, +/- 5 min, call at 5",
        "Could we hold Thu 14:00 or Fri 09:30 PT for 30 min? The hold expires on Wed at 17:00.",
        "Please reset your password before Monday; the password policy has changed.",
        "See chapter 12, page 341, and table 7. ISBN 978-3-16-148410-0.",
        "The commit is 9fceb02d0ae598e95dc970b74767f19372d61af8 and the build is 20261125.",
        "Der Termin am 25.11.2026 um 14:30 Uhr passt, Raum 5, 12 Personen.",
        "Nos vemos el jueves a las 10, mesa para 4 personas.",
        "我们周四下午两点见面，三个人。",
        "Встретимся в четверг в 14:00, нас будет 5 человек.",
        "We walked down the street, and the way home was long. 3 of us took the second road.",
        "It is 20 % cheaper than in 2019-2020, ratio 3.14159265358979.",
        "The dress code is smart; the code review is on Friday; source code attached later.",
        "127.0.0.1 and 192.168.178.23 are not reachable",
    ] {
        assert_eq!(codes(text), [], "{text}");
    }
}

#[test]
fn keys_and_tokens_of_the_usual_services_are_found() {
    // Put together here, so that no scanner of repositories takes them for real ones.
    let texts = [
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        format!("gh{}_{}", "p", "16C7e42F292c6912E7710c838347Ae178B4a"),
        format!("glp{}-{}", "at", "x8Qv3Lr9Kp2Zt6Wm4Nc1"),
        format!(
            "xo{}-{}",
            "xb", "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
        ),
        format!("sk_{}_{}", "live", "4eC39HqLyjWDarjtT1zdp7dc"),
        format!(
            "sk-{}-{}",
            "ant", "api03-R2D2qhZ9vT7xLw5Kp3Nf8Mb6Yc4Xs1Ga0Jd-Hu_Er7Ti5Op2Ql9Wk3Zv8Bn4Cm"
        ),
        format!("AI{}{}", "za", "SyD4kVq9Zt2Lm7Rw1Xc5Nb8Pf3Hj6Ky0GuE"),
        format!("hf{}{}", "_", "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"),
        format!("the api key: {}", "9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d"),
    ];
    for text in &texts {
        assert!(codes(text).contains(&C::SecretApiKey), "{text}");
    }
    none_gives(
        C::SecretApiKey,
        &[
            "sk-learn is a library",
            "the key takeaway: be kind",
            "ghp_ is a prefix",
            "token ring",
            "npm_config",
        ],
    );
}

#[test]
fn private_keys_are_found() {
    let begin = "-----BEGIN OPENSSH PRIVATE";
    let text = format!(
        "{begin} KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----"
    );
    assert!(codes(&text).contains(&C::SecretPrivateKey));
    none_gives(
        C::SecretPrivateKey,
        &["-----BEGIN PUBLIC KEY-----", "the private key stays here"],
    );
}

#[test]
fn a_seed_phrase_is_proven_by_its_checksum() {
    let phrase = "abandon ".repeat(11) + "about";
    for text in [
        phrase.clone(),
        format!("so here it is: {phrase}. Thanks"),
        "1. legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal 10. winner 11. thank 12. yellow".to_owned(),
        "LETTER ADVICE CAGE ABSURD AMOUNT DOCTOR\nACOUSTIC AVOID LETTER ADVICE CAGE ABOVE".to_owned(),
    ] {
        let found = leaks(&PeerText::new(&*text));
        let seed = found.iter().find(|signal| signal.code == C::SecretSeedPhrase);
        let seed = seed.unwrap_or_else(|| panic!("{text}"));
        assert_eq!(seed.kind, SignalKind::Exact);
        assert!(!seed.evidence.expose_untrusted().contains("winner thank"));
    }
    let broken = "legal winner thank year wave sausage worth useful legal winner thank thank";
    assert_eq!(codes(broken), []);
    assert_eq!(
        codes(&format!("my seed phrase: {broken}")),
        [C::SecretSeedPhrase]
    );
}

#[test]
fn passwords_and_codes_are_found_where_they_are_named() {
    each_gives(
        C::SecretPassword,
        &[
            "the password is hunter2",
            "Password: Tr0ub4dor&3",
            "pwd=S3cret!x",
            "the gate code is 4417",
            "PIN: 1234",
            "your code is 482913",
            "Das Passwort lautet Sommer2026!",
            "contraseña: Verano.2026",
            "mot de passe : Soleil99",
            "a senha é Gato123",
            "пароль: Zima2026",
            "密码是abc12345",
        ],
    );
    none_gives(
        C::SecretPassword,
        &[
            "reset your password",
            "I forgot my password",
            "a password policy",
            "the dress code is casual",
            "code review at 5",
            "is the password the same?",
            "password manager",
            "area code",
        ],
    );
}

#[test]
fn cards_accounts_and_national_numbers_are_proven_by_their_checks() {
    each_gives(
        C::SecretCard,
        &[
            "4111 1111 1111 1111",
            "card 5555-5555-5555-4444 exp 12/27",
            "378282246310005",
        ],
    );
    none_gives(
        C::SecretCard,
        &[
            "4111 1111 1111 1112",
            "1234 5678 9012 3456",
            "0000 0000 0000 0000",
        ],
    );
    each_gives(
        C::PersonalIban,
        &[
            "DE89 3704 0044 0532 0130 00",
            "GB82WEST12345698765432",
            "iban: FR14 2004 1010 0505 0001 3M02 606",
        ],
    );
    none_gives(
        C::PersonalIban,
        &["DE89 3704 0044 0532 0130 01", "AT11 is the code"],
    );
    each_gives(C::PersonalId, &["SSN 078-05-1120", "CPF 529.982.247-25"]);
    none_gives(C::PersonalId, &["CPF 529.982.247-26", "000-12-3456"]);
}

#[test]
fn ways_to_reach_a_person_are_found() {
    each_gives(
        C::PersonalEmail,
        &[
            "ana@example.com",
            "write to a.b+c@mail.example.co.uk.",
            "ana (at) example (dot) com",
            "ａｎａ@example.com",
        ],
    );
    none_gives(C::PersonalEmail, &["@ana", "meet @ noon", "a@b"]);
    each_gives(
        C::PersonalPhone,
        &[
            "+1 650 555 0143",
            "+49 30 901820",
            "(650) 555-0143",
            "650-555-0143",
            "call me on 5550143",
            "06 12 34 56 78",
            "8 (912) 345-67-89",
            "13800138000",
            "0049 30 901820",
            "+٤٤ 20 7946 0958",
        ],
    );
    none_gives(
        C::PersonalPhone,
        &[
            "2026-11-25",
            "order 1234567",
            "25.11.2026",
            "10:30-11:45",
            "1.2.3.4",
            "3 000 000",
            "2019-2020",
        ],
    );
}

#[test]
fn street_addresses_are_found_in_many_languages() {
    each_gives(
        C::PersonalAddress,
        &[
            "12 Elm Street, Palo Alto",
            "Peter’s home is 12 Elm Street",
            "Elm Street 12",
            "221B Baker St.",
            "1600 Pennsylvania Avenue NW",
            "Hauptstraße 5, 10115 Berlin",
            "Am Markt 3",
            "12 rue de la Paix",
            "Calle Mayor 7",
            "Rua Augusta 100",
            "via Roma 12",
            "ул. Ленина, д. 5",
            "北京市朝阳区建国路88号",
            "P.O. Box 1234",
            "Keizersgracht 123",
        ],
    );
    none_gives(
        C::PersonalAddress,
        &[
            "the street is long",
            "a long way to go",
            "3 ways to do it",
            "turn left at the second road",
            "in 2 days on the road",
            "via e-mail at 5",
            "route 66 is famous",
            "place 2 orders",
        ],
    );
}

#[test]
fn amounts_links_and_files_are_found() {
    each_gives(
        C::PersonalMoney,
        &[
            "$1,200",
            "1.200 €",
            "50k USD",
            "two thousand dollars",
            "¥5000",
            "£30",
            "R$ 99,90",
            "500 руб.",
            "100元",
            "20 euros",
            "EUR 12",
        ],
    );
    none_gives(
        C::PersonalMoney,
        &["5 people", "$HOME", "the dollar fell", "euro cup"],
    );
    each_gives(
        C::DraftLink,
        &[
            "https://example.com/a?b=c",
            "see www.example.org",
            "http://10.0.0.1/x",
        ],
    );
    none_gives(C::DraftLink, &["e.g. this", "node.js is fine", "3.14"]);
    each_gives(
        C::DraftAttachment,
        &["data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="],
    );
}

#[test]
fn the_evidence_of_a_secret_never_repeats_it() {
    for text in [
        "the password is correct-horse-battery",
        "4111 1111 1111 1111",
    ] {
        for signal in leaks(&PeerText::new(text)) {
            let evidence = signal.evidence.expose_untrusted();
            assert!(evidence.chars().count() <= 120);
            assert!(
                !evidence.contains("horse") && !evidence.contains("1111 1111 11"),
                "{evidence}"
            );
        }
    }
    assert_eq!(masked("hunter2"), "…");
    assert_eq!(masked("correct-horse-battery"), "corr…ry");
}

#[test]
fn a_disguise_of_a_kind_a_reader_does_not_see_hides_nothing() {
    let text = "4\u{200b}111 1111 1111 1111";
    let found = leaks(&PeerText::new(text));
    assert_eq!(found[0].code, C::SecretCard);
    assert_eq!(found[0].span.start, 0);
    assert_eq!(found[0].span.end, text.len());
}

#[test]
fn a_long_text_of_anything_takes_bounded_time() {
    for piece in [
        "1 ",
        "abandon ",
        "@a.",
        ":a@b.co",
        "://a:",
        "$1 12 Elm Street ",
        "a",
        "DE89 ",
        "密码",
    ] {
        let text = PeerText::new(piece.repeat(300_000 / piece.len()));
        let began = std::time::Instant::now();
        let found = leaks(&text).len();
        assert!(began.elapsed().as_secs() < 20, "{piece}: {found}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_with_spans_of_it(text in r"(?s)(.|[0-9 +@.$€-]|Elm Street|password is |路|号|\u{200b}){0,60}") {
        for signal in leaks(&PeerText::new(&*text)) {
            prop_assert!(signal.span.start < signal.span.end);
            prop_assert!(text.get(signal.span.start..signal.span.end).is_some());
        }
    }
}
