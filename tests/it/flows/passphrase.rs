//! A protected profile: what opens it, what stays closed, what lies on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chaperon::api::socket::{Door, bind, connect, serve};
use chaperon::api::{
    Accounts, AskLetters, ChannelRef, Error, Handle, Proposal, Reply, Request, Role, Thread,
};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Author, ChannelId, Digest, MessageId, NetworkId, Passphrase, PeerText, Rest, ReviewId, Verdict,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;
use serde_json::json;

use crate::support::{Person, Ran, Relay, World, run, wait_for};

const PHRASE: &str = "correct horse";
const OTHER: &str = "battery staple";
/// Stands in what must not be found in the files of a protected profile.
const MARK: &str = "zebra";

/// Writes a file that only its owner can read.
fn put(person: &Person, name: &str, text: &str) -> PathBuf {
    let path = person.desk().join(name);
    std::fs::write(&path, format!("{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn with(person: &Person, passphrase: &Path, arguments: &[&str]) -> Ran {
    let file = passphrase.to_str().unwrap();
    person.run(&[&["--passphrase-file", file], arguments].concat())
}

fn protect(person: &Person, passphrase: &str) -> PathBuf {
    let file = put(person, "passphrase", passphrase);
    let set = [
        "passphrase",
        "set",
        "--new-passphrase-file",
        file.to_str().unwrap(),
    ];
    let ran = person.run(&set);
    assert_eq!(ran.json(), json!({ "ok": true, "protected": true }));
    assert!(ran.err.contains("cannot be recovered"), "{ran:?}");
    file
}

/// The names of the files of a profile that hold these bytes.
fn found(home: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if bytes.windows(needle.len()).any(|part| part == needle) {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn a_protected_profile_lies_sealed_and_opens_with_the_passphrase_alone() {
    let world = World::new();
    let (ana, bo) = (&world.ana, &world.bo);
    bo.send(&world.channel, &format!("{MARK} from bo"));
    ana.check();
    ana.send(&world.channel, &format!("{MARK} from ana"));
    let out = ana.desk().join("exported");
    ana.json(&["export", "clawbuddy", "--to", out.to_str().unwrap()]);
    let secret = std::fs::read(out.join(format!("keys/{}.key", world.channel))).unwrap();
    assert_eq!(secret.len(), 32);
    for needle in [MARK.as_bytes(), &secret] {
        assert!(!found(&ana.home(), needle).is_empty());
    }

    let file = protect(ana, PHRASE);
    for needle in [MARK.as_bytes(), &secret, PHRASE.as_bytes()] {
        assert_eq!(found(&ana.home(), needle), [""; 0]);
    }
    for verb in [&["check"][..], &["status"], &["pending"], &["add", "+1"]] {
        let error = ana.run(verb).error();
        assert!(error.contains("--passphrase-file"), "{verb:?}: {error}");
    }
    let wrong = put(ana, "wrong", "correct horse!");
    assert_eq!(
        with(ana, &wrong, &["channels"]).error(),
        "the profile's passphrase is wrong"
    );
    assert_eq!(
        with(ana, &file, &["status", "--json"]).json()["protected"],
        true
    );
    bo.send(&world.channel, &format!("{MARK} after"));
    let checked = with(ana, &file, &["check"]).json();
    assert_eq!(checked[0]["unsafe_body"], format!("{MARK} after"));
    with(
        ana,
        &file,
        &["send", &world.channel, &format!("{MARK} reply")],
    )
    .json();
    assert_eq!(found(&ana.home(), MARK.as_bytes()), [""; 0]);
}

#[test]
fn with_an_engine_the_assistant_needs_no_passphrase_and_gets_no_further() {
    let world = World::new();
    let ana = &world.ana;
    let file = protect(ana, PHRASE);
    let engine = ana.engine_with(&file);
    world.bo.send(&world.channel, "hello");
    wait_for("the message", || {
        let texts = ana.texts();
        (texts == ["hello"]).then_some(())
    });
    ana.send(&world.channel, "and back");
    assert_eq!(ana.json(&["status", "--json"])["protected"], true);
    for verb in [
        &["pending"][..],
        &["log"],
        &["add", "+1"],
        &["passphrase", "remove"],
    ] {
        let error = ana.run(verb).error();
        assert!(error.contains("protected by a passphrase"), "{error}");
    }
    with(ana, &file, &["log", "--json"]).json();
    let refused = engine.ask("pause", Some(json!({ "channel": null })));
    assert_eq!(
        refused["error"]["message"],
        "this needs the supervisor role"
    );

    let wrong = put(ana, "wrong", OTHER);
    assert_eq!(
        with(ana, &wrong, &["log"]).error(),
        "the profile's passphrase is wrong"
    );
    let closed = with(ana, &file, &["log"]).error();
    assert!(closed.contains("too many wrong passphrases"), "{closed}");
    let log = wait_for("the door to open", || {
        let ran = with(ana, &file, &["log", "--json"]);
        (ran.code == Some(0)).then(|| ran.json())
    });
    assert_eq!(log[0]["what"], "wrong_passphrase");
}

#[test]
fn a_passphrase_is_changed_and_removed_by_whoever_has_it() {
    let ana = Person::on("http://127.0.0.1:9");
    ana.json(&["invite", "--name", MARK]);
    assert_eq!(
        ana.run(&["passphrase", "remove"]).error(),
        "the profile has no passphrase; `chaperon passphrase set` sets one"
    );
    let short = put(&ana, "short", "7 chars");
    let short = [
        "passphrase",
        "set",
        "--new-passphrase-file",
        short.to_str().unwrap(),
    ];
    assert!(ana.run(&short).error().contains("--allow-short"));
    let first = protect(&ana, PHRASE);
    let other = put(&ana, "other", OTHER);
    let to_other = ["--new-passphrase-file", other.to_str().unwrap()];
    let again = with(
        &ana,
        &first,
        &[&["passphrase", "set"], &to_other[..]].concat(),
    );
    assert!(again.error().contains("already"));
    with(
        &ana,
        &first,
        &[&["passphrase", "change"], &to_other[..]].concat(),
    )
    .json();
    assert_eq!(with(&ana, &first, &["channels"]).code, Some(1));
    assert_eq!(found(&ana.home(), MARK.as_bytes()), [""; 0]);
    let removed = with(&ana, &other, &["passphrase", "remove"]);
    assert_eq!(removed.json(), json!({ "ok": true, "protected": false }));
    let channels = ana.json(&["channels"]);
    assert!(channels.to_string().contains(MARK));
    let log = ana.json(&["log", "--json"]);
    let told: Vec<_> = log.as_array().unwrap().iter().map(|e| &e["what"]).collect();
    assert_eq!(
        told,
        [
            "passphrase_removed",
            "passphrase_changed",
            "passphrase_set",
            "invited"
        ]
    );
}

#[test]
fn a_profile_is_whole_wherever_setting_or_removing_a_passphrase_dies() {
    let ana = Person::on("http://127.0.0.1:9");
    ana.json(&["invite", "--name", MARK]);
    let file = put(&ana, "passphrase", PHRASE);
    let path = file.to_str().unwrap();
    let set = ["passphrase", "set", "--new-passphrase-file", path];
    let remove = ["--passphrase-file", path, "passphrase", "remove"];
    let mut protected = false;
    for (verb, protects) in [(&set[..], true), (&remove, false)] {
        let mut deaths = 0;
        for step in 1.. {
            let ran = ana.dies_at(step, verb);
            let open = ana.run(&["channels"]);
            protected = open.code != Some(0);
            let seen = with(&ana, &file, &["channels"]);
            assert!(seen.out.contains(MARK), "step {step}: {seen:?}");
            if protected {
                assert_eq!(found(&ana.home(), MARK.as_bytes()), [""; 0], "step {step}");
            }
            if ran.code.is_some() {
                assert_eq!(ran.code, Some(0), "{ran:?}");
                assert_eq!(protected, protects, "{ran:?}");
                break;
            }
            deaths += 1;
            // Back to what it was, to die a step later.
            if protected == protects {
                let back = if protects { &remove[..] } else { &set };
                ana.run(back).json();
            }
        }
        assert!(deaths >= 3, "it died at {deaths} steps only");
    }
    assert!(!protected);
}

#[test]
fn a_call_as_the_assistant_never_decides_passphrase_or_not() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    let seen = "00".repeat(32);
    let refused: &[&[&str]] = &[
        &["add", "+1"],
        &["accept", "https://r.example/invite?channel=a&pub=b"],
        &["check", "--accept-requests"],
        &["send", &channel, "x", "--as-me"],
        &["reinvite", "+1"],
        &["instructions", &channel, "--preset", "inner-circle"],
        &["invite"],
        &["pending"],
        &["show", "1"],
        &["approve", "1", "--seen", &seen],
        &["refuse", "1", "--seen", &seen],
        &["log"],
        &["verify", &channel],
        &["engagement", &channel],
        &["digest"],
        &["wake", &channel, "--clear"],
        &["pause"],
        &["resume"],
        &["passphrase", "set"],
        &["import", "clawbuddy"],
        &["export", "clawbuddy", "--to", "out"],
        &["run"],
        &[],
    ];
    for verb in refused {
        let by_flag = ana.run(&[&["--as-assistant"], *verb].concat());
        let by_variable = run(ana.command(verb).env("CHAPERON_AS_ASSISTANT", "1"));
        for ran in [by_flag, by_variable] {
            let is_verb = !matches!(verb, [] | ["run"]);
            assert_eq!(ran.code, Some(if is_verb { 6 } else { 1 }), "{verb:?}");
            assert!(ran.err.contains("supervisor role"), "{verb:?}: {ran:?}");
        }
    }
    bo.send(&channel, "hello");
    let checked = ana.json(&["--as-assistant", "check"]);
    assert_eq!(checked[0]["unsafe_body"], "hello");
    ana.json(&["--as-assistant", "send", &channel, "hello yourself"]);
}

/// One request of every kind, and more where the role depends on what it says.
#[expect(clippy::too_many_lines, reason = "a table of all there is")]
fn every_request() -> Vec<Request> {
    let (id, channel) = (ChannelId(1), ChannelRef::Id(ChannelId(1)));
    let (message, item) = (MessageId(1), ReviewId(1));
    let text = || PeerText::new("x");
    let wrong = || Passphrase::new("wrong");
    let send = |author| Request::Send {
        channel: channel.clone(),
        subject: PeerText::default(),
        body: text(),
        author,
        now: false,
        thread: Thread::default(),
    };
    let instructions = |text: Option<&str>| Request::Instructions {
        channel: channel.clone(),
        text: text.map(str::to_owned),
        preset: None,
        widen: false,
    };
    let seen = Digest([0; 32]);
    let end = |author| Request::End {
        channel: ChannelRef::Named("nobody".to_owned()),
        author,
    };
    vec![
        Request::Unlock { passphrase: None },
        Request::SetPassphrase { new: wrong() },
        Request::ChangePassphrase {
            current: wrong(),
            new: wrong(),
        },
        Request::RemovePassphrase { current: wrong() },
        Request::Status,
        Request::Channels,
        Request::Channel {
            channel: channel.clone(),
        },
        Request::NeedsYou,
        Request::Review { item },
        Request::Decide {
            item,
            seen,
            verdict: Verdict::Approve,
            words: None,
            reason: None,
            screen: None,
        },
        Request::DraftState { message },
        Request::SafetyCode {
            channel: channel.clone(),
        },
        Request::Verify {
            channel: channel.clone(),
            word: String::new(),
            seen,
        },
        Request::CodeDiffers {
            channel: channel.clone(),
            seen,
        },
        Request::Engagement {
            channel: channel.clone(),
            proposal: Proposal::default(),
        },
        Request::SetEngagement {
            channel: channel.clone(),
            proposal: Proposal::default(),
            seen,
            widen: false,
        },
        end(Author::Assistant),
        end(Author::Human),
        Request::Digest,
        Request::DigestRead { up_to: message },
        Request::Mute {
            channel: channel.clone(),
            rest: Some(Rest::Tomorrow),
        },
        Request::Snooze {
            item: ReviewId(1),
            rest: None,
        },
        Request::Looked,
        Request::CatchUp { since: None },
        Request::Overview { channel: id },
        Request::Claim {
            occasions: Vec::new(),
            seen: Vec::new(),
        },
        Request::SetWake {
            channel: channel.clone(),
            command: Vec::new(),
        },
        Request::VerifyLog,
        Request::Letters(AskLetters {
            network: NetworkId::ClawChat,
            account: None,
            sent: false,
            since: None,
            take: false,
        }),
        Request::Accounts(Accounts::Show {
            network: NetworkId::Mailbox,
        }),
        Request::RedactLog { number: 1 },
        Request::Transcript {
            channel: id,
            before: None,
            limit: 1,
            topic: None,
        },
        Request::Topics { channel: id },
        Request::SendToSeveral {
            channels: vec![id],
            body: text(),
            thread: Thread::default(),
        },
        Request::Around {
            channel: id,
            message,
            before: 1,
            after: 1,
        },
        Request::Search {
            query: text(),
            offset: 0,
            limit: 1,
        },
        Request::SearchIndex { build: true },
        Request::SavedSearches,
        Request::SaveSearch { query: text() },
        Request::ForgetSearch { id: 1 },
        Request::Note {
            channel: channel.clone(),
        },
        Request::SetNote {
            channel: channel.clone(),
            text: text(),
            seen: None,
        },
        Request::MarkRead {
            channel: id,
            up_to: message,
        },
        Request::Invite {
            phone: None,
            name: None,
            sender: None,
            preset: None,
            relay: Some("http://127.0.0.1:9".to_owned()),
            replaces: None,
        },
        Request::ShowInvite {
            channel: channel.clone(),
        },
        Request::CancelInvite {
            channel: channel.clone(),
        },
        Request::Accept {
            url: String::new(),
            preset: None,
            name: None,
        },
        Request::Check {
            accept_requests: false,
        },
        Request::Check {
            accept_requests: true,
        },
        Request::HandedOver {
            messages: vec![message],
        },
        send(Author::Assistant),
        send(Author::Human),
        Request::TakeBack { message },
        Request::Retry { message },
        Request::SaveDraft {
            channel: id,
            text: text(),
        },
        Request::Draft { channel: id },
        instructions(None),
        instructions(Some("x")),
        Request::Presets,
        Request::Rename {
            channel: channel.clone(),
            name: text(),
        },
        Request::Pause { channel: None },
        Request::Resume { channel: None },
        log(),
        Request::ImportClawbuddy {
            from: "/nowhere".into(),
        },
        Request::Work,
        Request::StopWork,
        Request::ExportClawbuddy {
            to: "/nowhere".into(),
        },
        Request::Sync,
        Request::Storage,
        Request::ReloadSettings,
        Request::Shutdown,
    ]
}

fn log() -> Request {
    Request::Log {
        limit: 1,
        before: None,
    }
}

fn method(request: &Request) -> String {
    let value = serde_json::to_value(request).unwrap();
    value.get("method").unwrap().as_str().unwrap().to_owned()
}

/// The methods of all requests there are, as the decoder lists them.
fn every_method() -> BTreeSet<String> {
    let error = serde_json::from_value::<Request>(json!({ "method": "?" })).unwrap_err();
    let text = error.to_string();
    let (_, listed) = text.split_once("expected one of ").unwrap();
    let names = listed.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// An engine on a protected profile, with its socket.
struct Protected {
    hosted: Hosted,
    socket: PathBuf,
    _dir: tempfile::TempDir,
}

async fn protected(door: Door) -> Protected {
    let dir = tempfile::tempdir().unwrap();
    let profile = Profile::at(dir.path());
    let hosted = Hosted::start(&profile, Mode::OnDemand, system_clock()).unwrap();
    let set = Request::SetPassphrase {
        new: Passphrase::new(PHRASE),
    };
    hosted.handle().ask(set).await.unwrap();
    let socket = profile.socket();
    tokio::spawn(serve(bind(&socket).unwrap(), hosted.handle(), door));
    Protected {
        hosted,
        socket,
        _dir: dir,
    }
}

/// Asks everything and returns which methods were refused for want of the role.
async fn refused(handle: &Handle) -> BTreeMap<String, bool> {
    let mut refused = BTreeMap::new();
    for request in every_request() {
        if matches!(request, Request::Shutdown) && request.needs() <= handle.role() {
            continue;
        }
        let says = serde_json::to_string(&request).unwrap();
        let needs = request.needs();
        let answer = handle.ask(request).await;
        let was_refused = matches!(answer, Err(Error::NotAllowed));
        if !matches!(answer, Err(Error::Locked)) {
            refused.insert(says, was_refused);
        }
        if needs == Role::Supervisor && handle.role() == Role::Assistant {
            assert_eq!(answer, Err(Error::NotAllowed));
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn every_supervisor_request_is_refused_on_the_socket_without_the_passphrase() {
    let listed: BTreeSet<_> = every_request().iter().map(method).collect();
    assert_eq!(listed, every_method(), "a request is missing in the table");

    let protected = protected(Door::Everybody).await;
    let assistant = connect(&protected.socket, Role::Assistant, None)
        .await
        .unwrap();
    let allowed: Vec<_> = refused(&assistant)
        .await
        .into_iter()
        .filter(|(_, refused)| !refused)
        .map(|(says, _)| method(&serde_json::from_str(&says).unwrap()))
        .collect();
    assert_eq!(
        allowed,
        [
            "channel",
            "channels",
            "check",
            "draft_state",
            "end",
            "handed_over",
            "instructions",
            "letters",
            "presets",
            "send",
            "status",
            "sync",
            "work",
        ]
    );
    let asked = connect(&protected.socket, Role::Supervisor, None).await;
    assert!(asked.is_err(), "the role without the passphrase");

    let phrase = Passphrase::new(PHRASE);
    let supervisor = connect(&protected.socket, Role::Supervisor, Some(&phrase))
        .await
        .unwrap();
    let after = refused(&supervisor).await;
    assert!(after.len() > 30);
    assert!(after.values().all(|refused| !refused), "{after:?}");
    // Another connection gains nothing by that.
    let paused = assistant.ask(Request::Pause { channel: None }).await;
    assert_eq!(paused, Err(Error::NotAllowed));
    protected.hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_passphrase_takes_the_role_from_whoever_did_not_prove_it() {
    let dir = tempfile::tempdir().unwrap();
    let profile = Profile::at(dir.path());
    let hosted = Hosted::start(&profile, Mode::OnDemand, system_clock()).unwrap();
    let socket = profile.socket();
    tokio::spawn(serve(
        bind(&socket).unwrap(),
        hosted.handle(),
        Door::Everybody,
    ));
    let open = async || connect(&socket, Role::Supervisor, None).await.unwrap();
    let (early, setter) = (open().await, open().await);
    let log = log();
    assert!(early.ask(log.clone()).await.is_ok());
    let set = Request::SetPassphrase {
        new: Passphrase::new(PHRASE),
    };
    assert_eq!(setter.ask(set).await, Ok(Reply::Done));
    assert_eq!(early.ask(log.clone()).await, Err(Error::NotAllowed));
    assert!(setter.ask(log.clone()).await.is_ok());
    let unlock = Request::Unlock {
        passphrase: Some(Passphrase::new(PHRASE)),
    };
    assert_eq!(early.ask(unlock).await, Ok(Reply::Done));
    assert!(early.ask(log).await.is_ok());
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_for_assistants_takes_not_even_the_right_passphrase() {
    let protected = protected(Door::Assistants).await;
    let phrase = Passphrase::new(PHRASE);
    let asked = connect(&protected.socket, Role::Supervisor, Some(&phrase)).await;
    assert!(asked.is_err());
    let assistant = connect(&protected.socket, Role::Assistant, None)
        .await
        .unwrap();
    assert!(assistant.ask(Request::Status).await.is_ok());
    let pause = Request::Pause { channel: None };
    assert_eq!(assistant.ask(pause).await, Err(Error::NotAllowed));
    protected.hosted.stop().await;
}

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn an_assistant_under_another_user_id_reaches_its_role_and_nothing_else() {
    use std::os::unix::process::CommandExt as _;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let world = World::new();
    let open = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // The program may lie where only we can go.
    let program = open.path().join("chaperon");
    std::fs::copy(env!("CARGO_BIN_EXE_chaperon"), &program).unwrap();
    let socket = open.path().join("assistant.sock");
    let group = NOBODY.to_string();
    let file = protect(&world.ana, PHRASE);
    let _engine = world.ana.engine_serving(
        &file,
        &[
            "--assistant-socket",
            socket.to_str().unwrap(),
            "--assistant-group",
            &group,
        ],
    );
    let as_nobody = |arguments: &[&str], variable: (&str, &Path)| {
        run(std::process::Command::new(&program)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env(variable.0, variable.1)
            .current_dir("/")
            .args(arguments)
            .uid(NOBODY)
            .gid(NOBODY))
    };
    let there = ("CHAPERON_SOCKET", socket.as_path());
    world.bo.send(&world.channel, "hello");
    wait_for("the message", || {
        let checked = as_nobody(&["check"], there).json();
        (checked[0]["unsafe_body"] == "hello").then_some(())
    });
    as_nobody(&["send", &world.channel, "hello yourself"], there).json();
    assert_eq!(world.bo.texts(), ["hello yourself"]);
    as_nobody(&["channels"], there).json();
    for verb in [&["pending"][..], &["pause"], &["passphrase", "remove"]] {
        assert_eq!(as_nobody(verb, there).code, Some(6), "{verb:?}");
    }
    let home = world.ana.home();
    let own = ("CHAPERON_HOME", home.as_path());
    assert_eq!(as_nobody(&["channels"], own).code, Some(1));
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
}

/// A command in a terminal of its own: answers each question, and returns all that was shown.
fn in_a_terminal(person: &Person, arguments: &[&str], answers: &[(&str, &str)]) -> String {
    use std::io::{Read as _, Write as _};
    use std::sync::{Arc, Mutex};
    let pair = portable_pty::native_pty_system()
        .openpty(portable_pty::PtySize::default())
        .unwrap();
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_chaperon"));
    command.args(arguments);
    command.env("CHAPERON_HOME", person.home());
    command.env_remove("CHAPERON_PASSPHRASE_FILE");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let so_far = {
        let shown = Arc::clone(&shown);
        move || String::from_utf8_lossy(&shown.lock().unwrap()).into_owned()
    };
    let listening = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        // The end of a terminal is an error on Linux.
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            shown.lock().unwrap().extend(chunk.iter().take(count));
        }
    });
    let mut keys = pair.master.take_writer().unwrap();
    let mut asked = 0;
    for (question, answer) in answers {
        wait_for(question, || {
            let all = so_far();
            let at = all.get(asked..)?.find(question)?;
            asked += at + question.len();
            Some(())
        });
        keys.write_all(format!("{answer}\r").as_bytes()).unwrap();
        keys.flush().unwrap();
    }
    child.wait().unwrap();
    drop(keys);
    drop(pair.master);
    listening.join().unwrap();
    so_far()
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal_and_never_shown() {
    let ana = Person::on("http://127.0.0.1:9");
    ana.json(&["invite", "--name", MARK]);
    let set = in_a_terminal(
        &ana,
        &["passphrase", "set"],
        &[("New passphrase: ", PHRASE), ("Once more: ", OTHER)],
    );
    assert!(set.contains("differ"), "{set}");
    let set = in_a_terminal(
        &ana,
        &["passphrase", "set"],
        &[("New passphrase: ", PHRASE), ("Once more: ", PHRASE)],
    );
    assert!(set.contains("\"protected\": true"), "{set}");
    let given_up = in_a_terminal(&ana, &["channels"], &[("Passphrase: ", "")]);
    assert!(given_up.contains("no passphrase was given"), "{given_up}");
    let listed = in_a_terminal(
        &ana,
        &["channels"],
        &[
            ("Passphrase: ", "wrong"),
            ("Passphrase: ", "y\u{15}x\u{7f}correct horse"),
        ],
    );
    assert!(listed.contains(MARK), "{listed}");
    for shown in [set, listed] {
        assert!(!shown.contains("horse"), "{shown}");
    }
}
