//! What lies in a profile, who can read it, and what is said where it is wrong.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Person, Relay};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_command_works_on_a_profile_that_does_not_exist_yet() {
    let somebody = Person::on("http://127.0.0.1:9");
    assert!(!somebody.home().exists());
    assert_eq!(somebody.run(&["channels"]).out, "{}\n");
    assert_eq!(somebody.run(&["check"]).out, "[]\n");
    assert_eq!(somebody.run(&["pending"]).code, Some(3));
    assert_eq!(somebody.json(&["status", "--json"])["active_channels"], 0);
    assert_eq!(mode(&somebody.home()), 0o700);
}

#[test]
fn a_wrong_setting_is_named_with_its_line_and_key_by_every_command() {
    let somebody = Person::on("http://127.0.0.1:9");
    std::fs::create_dir_all(somebody.home()).unwrap();
    let config = somebody.home().join("config.toml");
    std::fs::write(config, "sender_name = 'Ana'\nmailbox = 'x'\n").unwrap();
    for command in [&["check"][..], &["channels"], &["add", "+1"], &["status"]] {
        let error = somebody.run(command).error();
        assert!(error.contains("line 2"), "{command:?}: {error}");
        assert!(error.contains("`mailbox`"), "{command:?}: {error}");
    }
    let run = somebody.run(&["run"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("line 2"), "{run:?}");
}

#[test]
fn what_holds_keys_or_gives_power_is_for_its_owner_alone() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    let engine = ana.engine();
    assert_eq!(mode(&ana.home().join("engine.sock")), 0o600);
    ana.send(&channel, "hi");
    for entry in std::fs::read_dir(ana.home()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("chaperon.db") {
            assert_eq!(mode(&entry.path()), 0o600, "{name}");
        }
    }
    engine.stop();
    let to = ana.desk().join("exported");
    ana.json(&["export", "clawbuddy", "--to", to.to_str().unwrap()]);
    for file in [
        "channels.json",
        "config.toml",
        &format!("keys/{channel}.key"),
    ] {
        assert_eq!(mode(&to.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&to.join("keys")), 0o700);
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let somebody = Person::on("http://127.0.0.1:9");
    let help = somebody.run(&["--help"]).out;
    let listed = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "));
    let commands: Vec<_> = listed
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 20, "{help}");
    for command in commands {
        let page = somebody.run(&[command, "--help"]);
        assert_eq!(page.code, Some(0), "{page:?}");
        assert!(page.out.contains("Example"), "{command}");
        assert!(
            page.out.contains(&format!("chaperon {command}")),
            "{command}"
        );
    }
    assert!(!somebody.home().exists(), "help made a profile");
}

#[test]
fn own_presets_and_the_own_invitation_are_honoured() {
    let relay = Relay::start();
    let ana = Person::on(relay.url());
    std::fs::create_dir_all(ana.home().join("presets")).unwrap();
    let put = |file: &str, text: &str| std::fs::write(ana.home().join(file), text).unwrap();
    put("presets/mine.tmpl", "{{be}} kind to {name}\n");
    put(
        "onboard.tmpl",
        "{recipient_name}: {invite_url} from {sender_name}",
    );
    let made = ana.json(&["add", "+1", "--name", "Bo", "-s", "Ana", "--preset", "mine"]);
    let channel = made["channel_id"].as_str().unwrap();
    let shown = ana.json(&["instructions", channel]);
    assert_eq!(shown["instructions"], "{be} kind to Bo\n");
    let words = format!("Bo: {} from Ana", made["invite_url"].as_str().unwrap());
    assert_eq!(made["message"], words.as_str());
}
