//! Makes a profile as a person chose it on the page of the first start.
//!
//! Looks first, without writing; writes only in [`begin`]. The page itself knows nothing of
//! files and engines; [`welcome`] is the way from one to the other. Must not: be called for a profile that exists.

mod page;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::api::{self, Handle, Proposal, Reply, Request};
use crate::engine::{self, Hosted, system_clock};
use crate::model::{ChannelState, Passphrase, Preset};
use crate::net::Mode;
use crate::profile::config::{Config, Key, Notify, Value};
use crate::profile::{ConfigError, Environment, Profile, WriteError};
use crate::wire::clawbuddy_files::decode_channels;
use crate::wire::mailbox::RelayUrl;

pub use page::{Begun, tilde, welcome};

/// Why the profile could not be made as it was chosen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine did not start.
    #[error("the profile cannot be made")]
    Engine(#[from] engine::Error),
    /// The engine refused its part.
    #[error("the profile was made, and not all of it as chosen")]
    Refused(#[from] api::Error),
    /// The settings cannot be read back.
    #[error("the profile was made, and its settings cannot be read")]
    Config(#[from] ConfigError),
    /// The settings cannot be written.
    #[error("the profile was made, and its settings cannot be written")]
    Write(#[from] WriteError),
    /// The engine answered something else.
    #[error("the engine answered something else than was asked")]
    Unexpected,
}

/// What the `clawbuddy` program keeps on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClawBuddy {
    /// Its directory.
    pub directory: PathBuf,
    /// Channels that it lists.
    pub channels: usize,
    /// Whether nobody else can read its keys.
    pub closed: bool,
    /// The host of its relay.
    pub relay: String,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The directory of `clawbuddy` to copy from, if any.
    pub import: Option<PathBuf>,
    /// The passphrase to seal the profile under, if any.
    pub passphrase: Option<Passphrase>,
    /// Whether copied channels keep the engagement they have; else every draft waits.
    pub as_each_says: bool,
    /// What the person is told about.
    pub notify: Notify,
    /// Quiet hours as the settings have them.
    pub quiet_hours: String,
}

/// Tells whether nothing of a profile is there yet.
pub fn is_due(profile: &Profile) -> bool {
    !profile.exists() && !profile.config_file().exists()
}

/// Looks for what the `clawbuddy` program keeps below a home directory. Writes nothing; `None`
/// where it lists no channels or its list cannot be read.
pub fn clawbuddy(home: &Path, env: Environment<'_>) -> Option<ClawBuddy> {
    // It knows no XDG variables.
    let directory = home.join(".config/clawbuddy");
    let listed = std::fs::read(directory.join("channels.json")).ok()?;
    let channels = decode_channels(&listed).ok()?.len();
    if channels == 0 {
        return None;
    }
    let settings = std::fs::read(directory.join("config.toml")).unwrap_or_default();
    let config = Config::parse_bytes(&settings).unwrap_or_default();
    let relay = config.mailbox_url(env);
    let host = RelayUrl::parse(&relay).map_or(relay, |url| {
        let host = url.as_str().split_once("://").map(|(_, host)| host);
        host.unwrap_or_default().to_owned()
    });
    Some(ClawBuddy {
        closed: is_closed(&directory),
        directory,
        channels,
        relay: host,
    })
}

/// Tells whether no other user can read the keys in a directory of `clawbuddy`.
fn is_closed(directory: &Path) -> bool {
    let hidden =
        |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.mode().trailing_zeros() >= 6);
    let keys = directory.join("keys");
    if hidden(directory) || hidden(&keys) {
        return true;
    }
    let entries = std::fs::read_dir(keys).into_iter().flatten().flatten();
    entries.into_iter().all(|entry| hidden(&entry.path()))
}

/// Makes the profile, and returns what a person should be told, as sentences.
///
/// The passphrase comes first, so that nothing is ever written open that is to be sealed.
pub async fn begin(profile: &Profile, plan: Plan) -> Result<Vec<String>, Error> {
    let hosted = Hosted::start(profile, Mode::OnDemand, system_clock())?;
    let made = make(profile, plan, &hosted.handle()).await;
    hosted.stop().await;
    made
}

async fn make(profile: &Profile, plan: Plan, handle: &Handle) -> Result<Vec<String>, Error> {
    if let Some(new) = plan.passphrase {
        handle.ask(Request::SetPassphrase { new }).await?;
    }
    let mut said = Vec::new();
    if let Some(from) = plan.import {
        said = import(handle, from).await?;
        if !plan.as_each_says {
            narrow(handle).await?;
        }
    }
    // After the import, which takes over the settings that are there.
    let before = profile.read_settings()?;
    let changes = [
        (Key::Notify, Value::Text(plan.notify.as_str().to_owned())),
        (Key::QuietHours, Value::Text(plan.quiet_hours)),
    ];
    profile.write_settings(&before, &changes)?;
    Ok(said)
}

async fn import(handle: &Handle, from: PathBuf) -> Result<Vec<String>, Error> {
    let Reply::Imported {
        channels, notes, ..
    } = handle.ask(Request::ImportClawbuddy { from }).await?
    else {
        return Err(Error::Unexpected);
    };
    let count = match channels {
        1 => "1 channel was copied from ClawBuddy.".to_owned(),
        count => format!("{count} channels were copied from ClawBuddy."),
    };
    Ok(std::iter::once(count).chain(notes).collect())
}

/// Lets every draft of the assistant's wait in what was copied; texts stay as they are.
async fn narrow(handle: &Handle) -> Result<(), Error> {
    let Reply::Channels(channels) = handle.ask(Request::Channels).await? else {
        return Err(Error::Unexpected);
    };
    let safe = Preset::SafeAcquaintance.as_str();
    let open = |state| matches!(state, ChannelState::Active | ChannelState::Invited);
    // Under the other two built-in ones every draft waits already.
    let wide = [Preset::TrustedColleague, Preset::InnerCircle].map(Preset::as_str);
    let wide = channels
        .into_iter()
        .filter(|channel| open(channel.state) && wide.contains(&channel.preset.as_str()));
    for channel in wide {
        let proposal = Proposal {
            preset: Some(safe.to_owned()),
            text: Some(channel.instructions),
            ..Proposal::default()
        };
        let request = Request::Engagement {
            channel: channel.id.into(),
            proposal: proposal.clone(),
        };
        let Reply::Engagement(shown) = handle.ask(request).await? else {
            return Err(Error::Unexpected);
        };
        handle
            .ask(Request::SetEngagement {
                channel: channel.id.into(),
                proposal,
                seen: shown.seen,
                widen: false,
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNELS: &str = r#"{
        "aaaaaaaaaaaaaaaaaaaaaa": {"name": "Marta", "phone": "+1", "status": "active",
            "their_pub": "9sSrY0mJ0hYqf1mZxKcUqB1Qh7cYhY0uF5bXb8sY6mE=", "our_pub": "x",
            "instructions": "Tier: Inner Circle\nBe kind.", "created_at": "2025-11-18T22:41:00Z",
            "last_seen": null}
    }"#;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".config/clawbuddy");
        std::fs::create_dir_all(dir.join("keys")).unwrap();
        std::fs::write(dir.join("channels.json"), CHANNELS).unwrap();
        let key = dir.join("keys/aaaaaaaaaaaaaaaaaaaaaa.key");
        std::fs::write(key, [7; 32]).unwrap();
        let settings = "mailbox_url = \"http://127.0.0.1:9\"\n# mine\n";
        std::fs::write(dir.join("config.toml"), settings).unwrap();
        home
    }

    fn plan(home: &Path) -> Plan {
        Plan {
            import: Some(home.join(".config/clawbuddy")),
            passphrase: None,
            as_each_says: false,
            notify: Notify::New,
            quiet_hours: "22:00-07:00".to_owned(),
        }
    }

    async fn presets(profile: &Profile) -> Vec<(String, String)> {
        let hosted = Hosted::start(profile, Mode::OnDemand, system_clock()).unwrap();
        let Reply::Channels(channels) = hosted.handle().ask(Request::Channels).await.unwrap()
        else {
            panic!("no channels");
        };
        hosted.stop().await;
        channels
            .into_iter()
            .map(|channel| (channel.preset, channel.instructions))
            .collect()
    }

    #[test]
    fn what_clawbuddy_has_is_found_without_writing_anything() {
        let home = home();
        let found = clawbuddy(home.path(), &|_| None).unwrap();
        assert_eq!((found.channels, found.relay.as_str()), (1, "127.0.0.1:9"));
        assert!(!found.closed, "the key of the test is readable by others");
        assert_eq!(clawbuddy(&home.path().join("nobody"), &|_| None), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn copied_channels_wait_for_every_draft_unless_they_are_to_stay_as_they_are() {
        let home = home();
        let narrow = Profile::at(home.path().join("narrow"));
        assert!(is_due(&narrow));
        let said = begin(&narrow, plan(home.path())).await.unwrap();
        assert!(!is_due(&narrow));
        assert!(said[0].starts_with("1 channel was copied"), "{said:?}");
        let text = "Tier: Inner Circle\nBe kind.".to_owned();
        let waits = ("safe-acquaintance".to_owned(), text.clone());
        assert_eq!(presets(&narrow).await, [waits]);

        let same = Profile::at(home.path().join("same"));
        let as_each_says = Plan {
            as_each_says: true,
            ..plan(home.path())
        };
        begin(&same, as_each_says).await.unwrap();
        assert_eq!(presets(&same).await, [("inner-circle".to_owned(), text)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_chosen_is_written_into_the_settings_that_were_copied() {
        let home = home();
        let profile = Profile::at(home.path().join("profile"));
        begin(&profile, plan(home.path())).await.unwrap();
        let text = std::fs::read_to_string(profile.config_file()).unwrap();
        assert_eq!(
            text,
            "mailbox_url = \"http://127.0.0.1:9\"\nnotify = \"new\"\nquiet_hours = \"22:00-07:00\"\n# mine\n"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_profile_with_a_passphrase_is_locked_from_the_first_moment() {
        let home = home();
        let profile = Profile::at(home.path().join("profile"));
        let sealed = Plan {
            passphrase: Some(Passphrase::new("correct horse")),
            ..plan(home.path())
        };
        begin(&profile, sealed).await.unwrap();
        let locked = Hosted::start(&profile, Mode::OnDemand, system_clock());
        assert!(matches!(locked, Err(engine::Error::Locked)));
    }
}
