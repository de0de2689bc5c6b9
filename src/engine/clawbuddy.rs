//! Takes over what the `clawbuddy` program keeps, and writes what it can use. Copies, never moves.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::api::{Error, Event, Reply};
use crate::crypto::SecretKey;
use crate::model::{Actor, ChannelState, NetworkId, PeerText, Preset, UnixMillis};
use crate::policy::presets;
use crate::profile::config::edit::toml_text;
use crate::profile::{Config, is_preset_name};
use crate::store::channels::{Keyed, NewChannel};
use crate::store::{self, log};
use crate::wire::clawbuddy_files::{
    ChannelEntry, decode_channels, encode_channels, iso_utc, parse_iso_utc,
};
use crate::wire::mailbox::{MailboxId, RelayUrl, decode_key, encode_key};

use super::core::Core;
use super::files::{self, read, write_new};

/// Directories of the real program's own.
const BELOW: [&str; 2] = ["keys", "presets"];

impl Core {
    /// Copies channels, keys, presets and settings from a directory of the real program.
    pub(super) fn import_clawbuddy(&mut self, from: &Path) -> Result<Reply, Error> {
        let listed = read(&from.join("channels.json"))?.ok_or_else(|| {
            Error::BadRequest(
                "there is no channels.json in that directory; name it with --from".to_owned(),
            )
        })?;
        let entries = decode_channels(&listed)
            .map_err(|error| Error::BadRequest(format!("channels.json: {error}")))?;
        let mut notes = Vec::new();
        let config = self.import_config(from, &mut notes)?;
        let relay = RelayUrl::parse(&config.mailbox_url(&|name| std::env::var_os(name)))
            .map_err(|error| Error::BadRequest(format!("mailbox_url: {error}")))?;
        let presets = self.import_templates(from)?;
        let mut incoming = Vec::new();
        // Each entry is read, and then stored.
        let work = Arc::clone(&self.work);
        let running = work.begin(entries.len() as u64 * 2);
        for entry in entries {
            if !work.step() {
                return Err(Error::Stopped);
            }
            match takeover(from, entry) {
                Ok(taken) => incoming.push(taken),
                Err(note) => notes.push(note),
            }
        }
        let (channels, skipped) = self.store_import(&incoming, &relay)?;
        drop(running);
        if incoming
            .iter()
            .any(|taken| taken.state == ChannelState::Active)
        {
            notes.push(
                "messages that clawbuddy sent and the other side has not collected yet cannot be \
                 told apart from theirs; let them collect first"
                    .to_owned(),
            );
        }
        if std::mem::take(&mut self.watches_all) {
            self.watch_all()?;
        }
        self.tell(Event::Channels);
        Ok(Reply::Imported {
            channels,
            skipped,
            presets,
            notes,
        })
    }

    fn store_import(&mut self, incoming: &[Taken], relay: &RelayUrl) -> Result<(u32, u32), Error> {
        let now = self.now();
        let (mut channels, mut skipped) = (0, 0);
        let tx = self.store.write()?;
        for taken in incoming {
            if !self.work.step() {
                return Err(Error::Stopped);
            }
            let entry = &taken.entry;
            if store::channels::by_address(&tx, (NetworkId::Mailbox, None), &entry.id)?.is_some() {
                skipped += 1;
                continue;
            }
            let phone = entry.phone.as_deref().map(PeerText::new);
            let new = NewChannel {
                network: NetworkId::Mailbox,
                account: None,
                address: &entry.id,
                name: &PeerText::new(entry.name.as_str()),
                phone: phone.as_ref(),
                state: taken.state,
                inviter: entry.phone.is_some(),
                relay: relay.as_str(),
                secret: taken.secret.expose(),
                our_key: &encode_key(&taken.secret.public()),
                their_key: taken.their_key.as_deref(),
                announce: false,
                preset: &taken.preset,
                instructions: entry.instructions.as_deref().unwrap_or_default(),
                created_at: parse_iso_utc(&entry.created_at).unwrap_or(now),
                last_seen: entry.last_seen.as_deref().and_then(parse_iso_utc),
            };
            store::channels::insert(&tx, &new)?;
            channels += 1;
        }
        let entry = log::NewEntry {
            detail: &format!("{channels} channels from clawbuddy"),
            ..log::NewEntry::plain(now, Actor::Human, "imported", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        Ok((channels, skipped))
    }

    /// Takes over the settings where the profile has none of its own.
    fn import_config(&mut self, from: &Path, notes: &mut Vec<String>) -> Result<Config, Error> {
        let Some(bytes) = read(&from.join("config.toml"))? else {
            return Ok(self.config.clone());
        };
        let theirs = match Config::parse_bytes(&bytes) {
            Ok(theirs) => theirs,
            Err(error) => {
                notes.push(format!("clawbuddy's settings were left out: {error}"));
                return Ok(self.config.clone());
            }
        };
        if self.profile.config_file().exists() {
            return Ok(theirs);
        }
        write_new(&self.profile.config_file(), &bytes)?;
        self.config = theirs.clone();
        Ok(theirs)
    }

    fn import_templates(&self, from: &Path) -> Result<u32, Error> {
        let mut copied = 0;
        for (name, path) in templates(&from.join("presets"))? {
            let ours = self.profile.presets_dir().join(&name);
            let Some(bytes) = read(&path)? else {
                continue;
            };
            if !ours.exists() {
                write_new(&ours, &bytes)?;
                copied += 1;
            }
        }
        if let Some(bytes) = read(&from.join("onboard.tmpl"))?
            && !self.profile.onboard_template().exists()
        {
            write_new(&self.profile.onboard_template(), &bytes)?;
            copied += 1;
        }
        Ok(copied)
    }

    /// Writes a directory that the real program can use.
    pub(super) fn export_clawbuddy(&self, to: &Path) -> Result<Reply, Error> {
        files::make_new(to, &BELOW)?;
        let all: Vec<Keyed> = store::channels::all(&self.store)?
            .into_iter()
            .filter(|keyed| keyed.channel.network == NetworkId::Mailbox)
            .collect();
        let running = self.work.begin(all.len() as u64);
        for keyed in &all {
            if !self.work.step() {
                files::remove(to, &BELOW);
                return Err(Error::Stopped);
            }
            // Checked again: this becomes a file name.
            let address = MailboxId::parse(&keyed.channel.address)
                .map_err(|error| Error::Storage(error.to_string()))?;
            let file = to.join("keys").join(format!("{}.key", address.as_str()));
            write_new(&file, keyed.secret.as_slice())?;
        }
        self.work.commit();
        drop(running);
        let entries: Vec<_> = all.iter().map(entry_of).collect();
        write_new(
            &to.join("channels.json"),
            encode_channels(&entries).as_bytes(),
        )?;
        self.export_templates(to)?;
        self.export_config(to, &all)?;
        Ok(Reply::Exported {
            channels: u32::try_from(all.len()).unwrap_or(u32::MAX),
        })
    }

    /// Writes every preset: the program as it is installed has no texts of its own.
    fn export_templates(&self, to: &Path) -> Result<(), Error> {
        let broken = |error: crate::profile::Error| Error::Storage(error.to_string());
        let built_in = Preset::ALL.map(|preset| preset.as_str().to_owned());
        let own = self.profile.preset_names().map_err(broken)?;
        for name in built_in
            .iter()
            .chain(own.iter().filter(|name| Preset::parse(name).is_none()))
        {
            let own = self.profile.preset_text(name).map_err(broken)?;
            let text = own.or_else(|| presets::builtin(name).map(str::to_owned));
            if let Some(text) = text {
                let file = to.join("presets").join(format!("{name}.tmpl"));
                write_new(&file, text.as_bytes())?;
            }
        }
        let onboard = self.profile.onboard_text().map_err(broken)?;
        let onboard = onboard.as_deref().unwrap_or(presets::ONBOARD);
        write_new(&to.join("onboard.tmpl"), onboard.as_bytes())
    }

    /// Names the relay that most channels live on: the real program knows only one.
    fn export_config(&self, to: &Path, all: &[Keyed]) -> Result<(), Error> {
        let configured = self.config.mailbox_url(&|name| std::env::var_os(name));
        let relay = all
            .iter()
            .map(|keyed| keyed.channel.relay.as_str())
            .max_by_key(|relay| {
                all.iter()
                    .filter(|keyed| keyed.channel.relay == *relay)
                    .count()
            })
            .unwrap_or(&configured);
        let sender = self
            .config
            .sender_name()
            .map(|name| format!("sender_name = {}\n", toml_text(&name)))
            .unwrap_or_default();
        let text = format!("mailbox_url = {}\n{sender}", toml_text(relay));
        write_new(&to.join("config.toml"), text.as_bytes())
    }
}

/// A channel of the real program that can be taken over.
struct Taken {
    entry: ChannelEntry,
    state: ChannelState,
    secret: SecretKey,
    their_key: Option<String>,
    preset: String,
}

/// Checks an entry and reads its key; the error is a note for a person.
fn takeover(from: &Path, entry: ChannelEntry) -> Result<Taken, String> {
    let id = MailboxId::parse(&entry.id)
        .map_err(|_unsafe| "a channel with an unsafe id was left out".to_owned())?;
    let left_out = |why: &str| format!("channel {} was left out: {why}", id.as_str());
    let key = read(&from.join("keys").join(format!("{}.key", id.as_str())))
        .ok()
        .flatten()
        .map(Zeroizing::new)
        .ok_or_else(|| left_out("its key file is missing"))?;
    let secret: &[u8; 32] = key
        .as_slice()
        .try_into()
        .map_err(|_length| left_out("its key file has not 32 bytes"))?;
    let their_key = entry
        .their_pub
        .as_deref()
        .and_then(|key| decode_key(key).ok())
        .filter(|key| !key.is_low_order())
        .map(|key| encode_key(&key));
    let state = match (entry.status.as_str(), &their_key) {
        ("pending", _) => ChannelState::Invited,
        ("active", Some(_)) => ChannelState::Active,
        ("active", None) => return Err(left_out("the other side's key cannot be used")),
        ("superseded", _) => ChannelState::Superseded,
        _ => ChannelState::Closed,
    };
    Ok(Taken {
        preset: preset_of(entry.instructions.as_deref().unwrap_or_default()),
        secret: SecretKey::from_bytes(*secret),
        entry,
        state,
        their_key,
    })
}

/// Guesses the preset from the tier that its text names; a text of one's own counts as the
/// narrowest.
fn preset_of(instructions: &str) -> String {
    let tier = instructions
        .lines()
        .find_map(|line| line.strip_prefix("Tier: "))
        .unwrap_or_default();
    let preset = match tier {
        "Trusted Colleague" => Preset::TrustedColleague,
        "Inner Circle" => Preset::InnerCircle,
        "One-Time" => Preset::OneTime,
        _ => Preset::SafeAcquaintance,
    };
    preset.as_str().to_owned()
}

fn entry_of(keyed: &Keyed) -> ChannelEntry {
    let channel = &keyed.channel;
    let text = |at: UnixMillis| iso_utc(at);
    // The accepting side has no phone there, and that is how it is told apart.
    let phone = match &channel.phone {
        None if channel.inviter => Some(channel.name.expose_untrusted().to_owned()),
        phone => phone
            .as_ref()
            .map(|phone| phone.expose_untrusted().to_owned()),
    };
    ChannelEntry {
        id: channel.address.clone(),
        name: channel.name.expose_untrusted().to_owned(),
        phone,
        status: channel.state.clawbuddy_status().to_owned(),
        their_pub: channel.their_key.clone(),
        our_pub: channel.our_key.clone(),
        instructions: Some(channel.instructions.clone()),
        created_at: text(channel.created_at),
        last_seen: channel.last_seen.map(text),
        extra: serde_json::Map::new(),
    }
}

/// Lists the templates of a directory whose names are preset names.
fn templates(dir: &Path) -> Result<Vec<(String, std::path::PathBuf)>, Error> {
    let mut found = files::list(dir, ".tmpl")?;
    found.retain(|(file, _)| file.strip_suffix(".tmpl").is_some_and(is_preset_name));
    Ok(found)
}
