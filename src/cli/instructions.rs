//! `instructions`: show or set what the assistant is told about a channel.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Pretty};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request, Role};
use crate::model::Channel;

/// Largest text that is read, in bytes: it goes to the assistant with every message.
const LARGEST_TEXT: u64 = 1024 * 1024;

/// Arguments of `instructions`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon instructions bb7p... --preset trusted-colleague
  {\"channel_id\": \"bb7p...\", \"instructions\": \"Engagement policy ...\"}")]
pub struct InstructionsArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// File whose text to set as it is
    #[arg(long, value_name = "FILE")]
    pub set: Option<String>,
    /// Preset to use: its text, and its rules
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Let the preset widen what happens without you
    #[arg(long, requires = "preset")]
    pub widen: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

impl InstructionsArgs {
    /// Returns the file; an empty name counts as not given.
    fn file(&self) -> Option<&str> {
        self.set.as_deref().filter(|file| !file.is_empty())
    }

    fn preset(&self) -> Option<&str> {
        self.preset.as_deref().filter(|preset| !preset.is_empty())
    }

    pub(super) fn role(&self) -> Role {
        if self.file().is_some() || self.preset().is_some() {
            Role::Supervisor
        } else {
            Role::Assistant
        }
    }
}

pub(super) async fn run(
    args: InstructionsArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = request(&args)?;
    let Reply::Channel(channel) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&shown(&channel), args.style)?;
    Ok(Exit::Done)
}

fn request(args: &InstructionsArgs) -> Result<Request, Error> {
    if args.file().is_some() && args.preset().is_some() {
        return Err(Error::SetAndPreset);
    }
    Ok(Request::Instructions {
        channel: ChannelRef::Named(args.channel.clone()),
        text: args.file().map(read).transpose()?,
        preset: args.preset().map(str::to_owned),
        widen: args.widen,
    })
}

/// Reads a text file of a bounded size.
pub(super) fn read(name: &str) -> Result<String, Error> {
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            Error::FileNotFound(name.to_owned())
        } else {
            Error::File(error.kind().to_string())
        }
    };
    let mut text = String::new();
    let file = File::open(Path::new(name)).map_err(failed)?;
    file.take(LARGEST_TEXT + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > LARGEST_TEXT {
        return Err(Error::File("it is over 1 MiB".to_owned()));
    }
    Ok(text)
}

fn shown(channel: &Channel) -> Value {
    json!({
        "channel_id": channel.address,
        "instructions": channel.instructions,
        "preset": channel.preset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;

    fn args(set: Option<&str>, preset: Option<&str>) -> InstructionsArgs {
        InstructionsArgs {
            channel: "bb7p".into(),
            set: set.map(str::to_owned),
            preset: preset.map(str::to_owned),
            widen: false,
            style: Pretty::default(),
        }
    }

    #[test]
    fn the_text_is_printed_with_the_keys_of_clawbuddy_first() {
        assert_eq!(
            serde_json::to_string(&shown(&channel())).unwrap(),
            r#"{"channel_id":"bb7ppzYHD5bpz5h-OZG5OQ","instructions":"line1\nline2 — é","preset":"safe-acquaintance"}"#
        );
    }

    #[test]
    fn a_file_is_set_as_it_is_with_its_braces() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rules.txt");
        std::fs::write(&file, "be {kind}\n").unwrap();
        let request = request(&args(file.to_str(), None)).unwrap();
        let Request::Instructions { text, preset, .. } = request else {
            panic!("another request");
        };
        assert_eq!(text.as_deref(), Some("be {kind}\n"));
        assert_eq!(preset, None);
    }

    #[test]
    fn an_empty_file_name_only_shows_the_text() {
        let Request::Instructions { text, preset, .. } = request(&args(Some(""), None)).unwrap()
        else {
            panic!("another request");
        };
        assert_eq!((text, preset), (None, None));
        assert_eq!(args(Some(""), None).role(), Role::Assistant);
    }

    #[test]
    fn what_cannot_be_set_is_said_in_the_words_of_clawbuddy() {
        let both = request(&args(Some("f"), Some("one-time"))).unwrap_err();
        assert_eq!(both.to_string(), "use --set or --preset, not both");
        let missing = request(&args(Some("no/such/file"), None)).unwrap_err();
        assert_eq!(missing.to_string(), "file not found: no/such/file");
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("binary");
        std::fs::write(&binary, [0xff, 0xfe]).unwrap();
        let binary = request(&args(binary.to_str(), None)).unwrap_err();
        assert!(matches!(binary, Error::File(_)));
    }
}
