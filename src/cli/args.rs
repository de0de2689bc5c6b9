//! What can be typed: all verbs, their flags and their help.
//!
//! `main` parses a [`Cli`], serves the commands that are programs of their own, and gives
//! everything in [`Verb`] to [`super::run`] with a handle of the role that it needs.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    accept, add, channels, check, clawchat, clawtalk, completions, decide, demo, digest, doctor,
    draft, end, engagement, host, instructions, keys, log, man, mesh, mute, note, other_dir,
    passphrase, pause, pending, relay, scan, search, send, show, status, verify, wake,
};
use crate::api::Role;

/// The arguments of one call.
#[derive(Debug, Parser)]
#[command(
    name = "chaperon",
    version,
    about = "Stay in charge while AI assistants talk to each other",
    long_about = "Stay in charge while AI assistants talk to each other.\n\n\
        Without a command, chaperon opens in the terminal. The commands add, accept, check, \
        send, channels, reinvite and instructions can stand in for the clawbuddy program.",
    after_help = "Example:\n  chaperon demo     a living conversation, nothing leaves this machine\n  \
        chaperon          your own profile"
)]
pub struct Cli {
    /// Directory of the profile, instead of the usual one or `CHAPERON_HOME`
    #[arg(long, global = true, display_order = 900, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// File with the passphrase, yours and with mode 0600, instead of
    /// `CHAPERON_PASSPHRASE_FILE` or the question on the terminal
    #[arg(long, global = true, display_order = 901, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Give up the power to decide for this call, as `CHAPERON_AS_ASSISTANT=1` does
    #[arg(long, global = true, display_order = 902)]
    pub as_assistant: bool,
    /// Speak in lines instead of drawing a screen, as `CHAPERON_PLAIN=1` does
    #[arg(long, global = true, display_order = 903)]
    pub plain: bool,
    /// What to do; the terminal surface where absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// A verb that asks the engine of the profile.
    #[command(flatten)]
    Ask(Verb),
    /// Run the engine without a screen
    Run(host::RunArgs),
    /// Show how it works, with invented people on this machine alone
    Demo(demo::DemoArgs),
    /// Meet agents on the OpenClaw Agent Mesh
    Mesh(mesh::MeshArgs),
    /// Meet agents on ClawTalk relays
    Clawtalk(clawtalk::ClawtalkArgs),
    /// Meet agents on ClawChat, from computer to computer
    Clawchat(Box<clawchat::ClawchatArgs>),
    /// Run a relay for mailboxes
    Relay(Box<relay::RelayArgs>),
    /// Look whether everything works here
    Doctor(doctor::DoctorArgs),
    /// Show what the scanner sees in a text
    Scan(scan::ScanArgs),
    /// Show the keys of the terminal surface, or what a pressed one sends
    Keys(keys::KeysArgs),
    /// Print the completions of a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual
    Man(man::ManArgs),
}

impl Command {
    /// Tells whether it asks the engine of the profile, which then has to be reached or
    /// hosted for the length of the call.
    pub fn needs_engine(&self) -> bool {
        self.clone().into_verb().is_some()
    }

    /// Returns what is asked of the engine, where something is.
    pub fn into_verb(self) -> Option<Verb> {
        match self {
            Self::Ask(verb) => Some(verb),
            Self::Mesh(args) => match args.command {
                mesh::MeshCommand::Ask(verb) => Some(Verb::Mesh(verb)),
                mesh::MeshCommand::Serve(_) => None,
            },
            Self::Clawtalk(args) => match args.command {
                clawtalk::ClawtalkCommand::Ask(verb) => Some(Verb::Clawtalk(verb)),
                clawtalk::ClawtalkCommand::Keygen => None,
            },
            Self::Clawchat(args) => match args.command {
                clawchat::ClawchatCommand::Ask(verb) => Some(Verb::Clawchat(Box::new(verb))),
                clawchat::ClawchatCommand::Daemon(_) => None,
            },
            Self::Run(_)
            | Self::Demo(_)
            | Self::Relay(_)
            | Self::Doctor(_)
            | Self::Scan(_)
            | Self::Keys(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }

    /// Returns the role that it needs on its handle; assistant where it uses none.
    pub fn role(&self) -> Role {
        let verb = self.clone().into_verb();
        verb.map_or(Role::Assistant, |verb| verb.role())
    }
}

/// The verbs that ask the engine of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Invite somebody; on macOS the link goes out by iMessage
    Add(add::AddArgs),
    /// Accept somebody's link
    Accept(accept::AcceptArgs),
    /// Fetch what the assistant may read and has not had yet
    Check(check::CheckArgs),
    /// Send a message
    Send(send::SendArgs),
    /// Say what became of a message that waits for the human
    Draft(draft::DraftArgs),
    /// List all channels
    Channels(channels::ChannelsArgs),
    /// Invite somebody again; the old channel is replaced
    Reinvite(add::ReinviteArgs),
    /// Show or set the engagement text of a channel
    Instructions(instructions::InstructionsArgs),
    /// Make an invite and send nothing
    Invite(add::InviteArgs),
    /// Show health and counts
    Status(status::StatusArgs),
    /// List what waits for a person
    Pending(pending::PendingArgs),
    /// Show one waiting item in full
    Show(show::ShowArgs),
    /// Say yes to a waiting item
    Approve(decide::ApproveArgs),
    /// Say no to a waiting item
    Refuse(decide::RefuseArgs),
    /// Compare the safety code of a channel
    Verify(verify::VerifyArgs),
    /// Show or change the rules of a channel, tried on its own history first
    Engagement(engagement::EngagementArgs),
    /// List what arrived and did not call you
    Digest(digest::DigestArgs),
    /// Set what runs when something is released to the assistant
    Wake(wake::WakeArgs),
    /// Close a channel for good
    End(end::EndArgs),
    /// Show the log of decisions, check or export it
    Log(log::LogArgs),
    /// Find messages, decisions and notes by their words
    Search(search::SearchArgs),
    /// Read or write what you keep for yourself about a channel
    Note(note::NoteArgs),
    /// Protect the profile by a passphrase
    Passphrase(passphrase::PassphraseArgs),
    /// Pause one channel, or everything
    Pause(pause::PauseArgs),
    /// Resume one channel, or lift the general pause
    Resume(pause::ResumeArgs),
    /// Be told nothing of a channel for a while
    Mute(mute::MuteArgs),
    /// Be told of a channel again
    Unmute(mute::UnmuteArgs),
    /// Put a waiting item off
    Snooze(mute::SnoozeArgs),
    /// Meet agents on the mesh: typed as a command of its own
    #[command(skip)]
    Mesh(mesh::MeshVerb),
    /// Meet agents on shared relays: typed as a command of its own
    #[command(skip)]
    Clawtalk(clawtalk::ClawtalkVerb),
    /// Meet agents from computer to computer: typed as a command of its own
    #[command(skip)]
    Clawchat(Box<clawchat::ClawchatVerb>),
    /// Copy in what another program has
    Import(other_dir::ImportArgs),
    /// Write what another program can use
    Export(other_dir::ExportArgs),
}

impl Verb {
    /// Returns the role that its requests need.
    pub fn role(&self) -> Role {
        match self {
            Self::Check(args) => args.role(),
            Self::Send(args) => args.role(),
            Self::Instructions(args) => args.role(),
            Self::End(args) => args.role(),
            Self::Clawchat(verb) => verb.role(),
            Self::Channels(_) | Self::Status(_) | Self::Draft(_) => Role::Assistant,
            Self::Add(_)
            | Self::Accept(_)
            | Self::Reinvite(_)
            | Self::Invite(_)
            | Self::Pending(_)
            | Self::Show(_)
            | Self::Approve(_)
            | Self::Refuse(_)
            | Self::Verify(_)
            | Self::Engagement(_)
            | Self::Digest(_)
            | Self::Wake(_)
            | Self::Log(_)
            | Self::Search(_)
            | Self::Note(_)
            | Self::Passphrase(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Mute(_)
            | Self::Unmute(_)
            | Self::Snooze(_)
            | Self::Mesh(_)
            | Self::Clawtalk(_)
            | Self::Import(_)
            | Self::Export(_) => Role::Supervisor,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    fn role(line: &str) -> Role {
        parse(line).unwrap().command.unwrap().role()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_arguments_open_the_terminal_surface() {
        assert_eq!(parse("chaperon").unwrap().command, None);
    }

    #[test]
    fn the_version_is_one_line_with_the_name() {
        let shown = parse("chaperon --version").unwrap_err().to_string();
        assert_eq!(shown, concat!("chaperon ", env!("CARGO_PKG_VERSION"), "\n"));
    }

    #[test]
    fn the_home_flag_may_stand_anywhere() {
        let after = parse("chaperon channels --home /p").unwrap();
        let before = parse("chaperon --home /p channels").unwrap();
        assert_eq!(after.home, Some("/p".into()));
        assert_eq!(before.home, after.home);
    }

    #[test]
    fn what_the_assistant_needs_daily_runs_in_its_role() {
        for line in [
            "chaperon check",
            "chaperon send a b",
            "chaperon channels",
            "chaperon instructions a",
            "chaperon instructions a --set=",
            "chaperon status",
        ] {
            assert_eq!(role(line), Role::Assistant, "{line}");
        }
    }

    #[test]
    fn what_widens_or_decides_needs_the_supervisor() {
        for line in [
            "chaperon check --accept-requests",
            "chaperon send --as-me a b",
            "chaperon instructions a --preset inner-circle",
            "chaperon instructions a --set f",
            "chaperon add +1",
            "chaperon pending",
            "chaperon passphrase set",
            "chaperon resume",
        ] {
            assert_eq!(role(line), Role::Supervisor, "{line}");
        }
    }

    #[test]
    fn only_the_verbs_ask_an_engine() {
        let needs = |line: &str| parse(line).unwrap().command.unwrap().needs_engine();
        assert!(needs("chaperon import clawbuddy"));
        for line in ["run", "demo", "relay", "man", "keys", "completions bash"] {
            assert!(!needs(&format!("chaperon {line}")), "{line}");
        }
    }

    #[test]
    fn usage_errors_exit_with_two() {
        for line in [
            "chaperon send a",
            "chaperon nonsense",
            "chaperon send a -- b c",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn a_text_that_begins_with_a_dash_needs_two_dashes_before_it() {
        assert!(parse("chaperon send a -x").is_err());
        assert!(parse("chaperon send a -- -x").is_ok());
    }

    #[test]
    fn every_command_has_a_help_of_its_own_with_an_example() {
        let mut root = Cli::command().term_width(80);
        root.build();
        let mut pages = vec![root.render_long_help().to_string()];
        for command in root.get_subcommands_mut() {
            if command.get_name() == "help" {
                continue;
            }
            let page = command.render_long_help().to_string();
            assert!(page.contains("Example"), "{}", command.get_name());
            pages.push(page);
            let nested = command
                .get_subcommands_mut()
                .filter(|nested| nested.get_name() != "help");
            pages.extend(nested.map(|nested| nested.render_long_help().to_string()));
        }
        insta::assert_snapshot!(pages.join("\n────────\n"));
    }
}
