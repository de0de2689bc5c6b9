//! The command line: one file per verb, JSON out.
//!
//! Seven verbs are a drop-in for the `clawbuddy` program: same arguments, JSON keys, error
//! texts and exit codes, with keys of ours after theirs. The others give the powers of the
//! terminal surface to a script. Start with [`args`], which says what there is, and [`run`].
//!
//! Must not: know how the engine is reached, decide anything the engine does not decide, or
//! write a peer's text to a terminal other than through the sanitiser or as JSON.

pub mod accept;
pub mod add;
pub mod args;
pub mod channels;
pub mod check;
pub mod clawchat;
pub mod clawtalk;
pub mod completions;
pub mod decide;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod draft;
pub mod end;
pub mod engagement;
pub mod host;
pub mod instructions;
pub mod keys;
pub mod log;
pub mod man;
pub mod mesh;
pub mod mute;
pub mod note;
pub mod other_dir;
pub mod output;
pub mod passphrase;
pub mod pause;
pub mod pending;
pub mod relay;
pub mod scan;
pub mod search;
pub mod secret;
pub mod send;
pub mod show;
pub mod status;
pub mod verify;
pub mod wake;

mod imessage;
mod mesh_json;
mod progress;

use std::io;

pub use args::{Cli, Command, Verb};
pub use output::Output;

use crate::api::{self, Handle};

/// How a call ended, as the exit code of the process says it.
///
/// Usage errors are 2; the argument parser makes those itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It is done.
    Done = 0,
    /// It is not done; standard error says why.
    Failed = 1,
    /// Nothing waits that could be decided.
    NothingToDo = 3,
    /// It was already decided, and otherwise.
    DecidedOtherwise = 4,
    /// What was to be decided expired or is not what was shown.
    Changed = 5,
    /// The assistant may not do this.
    NotAllowed = 6,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb did not succeed. The first line of each text is the contract of the JSON key
/// `error`; where `clawbuddy` has the same error, it is the same text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused, and says why.
    #[error(transparent)]
    Refused(#[from] api::Error),
    /// Both ways to give instructions at once.
    #[error("use --set or --preset, not both")]
    SetAndPreset,
    /// There is no such file.
    #[error("file not found: {0}")]
    FileNotFound(String),
    /// The file cannot be used.
    #[error("cannot read the file: {0}")]
    File(String),
    /// No relay answered, so that "nothing new" would be a guess.
    #[error("no relay answered")]
    NoRelayAnswered,
    /// The caller left before it was over.
    #[error("stopped; what has come is kept, and the next check hands it over")]
    Left,
    /// No home directory to look for the other program's files in.
    #[error("no home directory is known; name the directory with --from")]
    NoHome,
    /// The manual has no page of that name.
    #[error("no manual page for: {0}")]
    NoPage(String),
    /// The call is the assistant's, and this is not for it.
    #[error(
        "this needs the supervisor role, and this call is the assistant's \
         (--as-assistant, CHAPERON_AS_ASSISTANT or CHAPERON_SOCKET)"
    )]
    AsAssistant,
    /// There is no passphrase to go on with.
    #[error(transparent)]
    Secret(#[from] secret::Error),
    /// The person's editor did not do its part.
    #[error("editor: {0}")]
    Editor(String),
    /// The engine answered something that does not belong to the request.
    #[error("the engine gave an answer of another version; stop it and start it again")]
    Unexpected,
    /// Standard output is closed or full.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl Error {
    /// Returns the exit code that belongs to it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(api::Error::NothingToDecide) => Exit::NothingToDo,
            Self::Refused(api::Error::AlreadyDecided(earlier)) if earlier == "expired" => {
                Exit::Changed
            }
            Self::Refused(api::Error::AlreadyDecided(_)) => Exit::DecidedOtherwise,
            Self::Refused(api::Error::Changed) => Exit::Changed,
            Self::Refused(api::Error::NotAllowed) | Self::AsAssistant => Exit::NotAllowed,
            Self::Refused(_)
            | Self::SetAndPreset
            | Self::FileNotFound(_)
            | Self::File(_)
            | Self::NoRelayAnswered
            | Self::Left
            | Self::NoHome
            | Self::NoPage(_)
            | Self::Secret(_)
            | Self::Editor(_)
            | Self::Unexpected
            | Self::Output(_) => Exit::Failed,
        }
    }
}

/// Carries out a verb through the engine.
///
/// The handle needs the role that [`Verb::role`] names. What the verb has to say goes to
/// `out`, an error does not yet: see [`finish`].
#[expect(clippy::cognitive_complexity, reason = "one arm for each verb")]
pub async fn run(verb: Verb, handle: &Handle, out: &mut Output<'_>) -> Result<Exit, Error> {
    match verb {
        Verb::Add(args) => add::add(args, handle, out).await,
        Verb::Accept(args) => accept::run(args, handle, out).await,
        Verb::Check(args) => check::run(args, handle, out).await,
        Verb::Send(args) => send::run(args, handle, out).await,
        Verb::Channels(args) => channels::run(args, handle, out).await,
        Verb::Reinvite(args) => add::reinvite(args, handle, out).await,
        Verb::Instructions(args) => instructions::run(args, handle, out).await,
        Verb::Invite(args) => add::invite(args, handle, out).await,
        Verb::Status(args) => status::run(args, handle, out).await,
        Verb::Pending(args) => pending::run(args, handle, out).await,
        Verb::Show(args) => show::run(args, handle, out).await,
        Verb::Approve(args) => decide::approve(args, handle, out).await,
        Verb::Refuse(args) => decide::refuse(args, handle, out).await,
        Verb::Draft(args) => draft::run(args, handle, out).await,
        Verb::Verify(args) => verify::run(args, handle, out).await,
        Verb::Engagement(args) => engagement::run(args, handle, out).await,
        Verb::Digest(args) => digest::run(args, handle, out).await,
        Verb::Wake(args) => wake::run(args, handle, out).await,
        Verb::End(args) => end::run(args, handle, out).await,
        Verb::Log(args) => log::run(args, handle, out).await,
        Verb::Search(args) => search::run(args, handle, out).await,
        Verb::Note(args) => note::run(args, handle, out).await,
        Verb::Passphrase(args) => passphrase::run(args, handle, out).await,
        Verb::Pause(args) => pause::pause(args, handle, out).await,
        Verb::Resume(args) => pause::resume(args, handle, out).await,
        Verb::Mute(args) => mute::mute(args, handle, out).await,
        Verb::Unmute(args) => mute::unmute(args, handle, out).await,
        Verb::Snooze(args) => mute::snooze(args, handle, out).await,
        Verb::Mesh(verb) => mesh::run(verb, handle, out).await,
        Verb::Clawchat(verb) => clawchat::run(*verb, handle, out).await,
        Verb::Clawtalk(verb) => clawtalk::run(verb, handle, out).await,
        Verb::Import(args) => other_dir::import(args, handle, out).await,
        Verb::Export(args) => other_dir::export(args, handle, out).await,
    }
}

/// Ends a call: an error goes to standard error as one line of JSON, and the exit code comes
/// back.
pub fn finish(result: Result<Exit, Error>, out: &mut Output<'_>) -> Exit {
    result.unwrap_or_else(|error| {
        out.error(&error);
        error.exit()
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::api::{Reply, Request};

    /// Runs a line against an engine's end that refuses everything, and returns what it was
    /// asked, beside the verb's role.
    async fn asked(line: &[&str]) -> (Request, api::Role) {
        let cli = Cli::try_parse_from(std::iter::once(&"chaperon").chain(line)).unwrap();
        let Some(verb) = cli.command.and_then(Command::into_verb) else {
            panic!("not a verb");
        };
        let role = verb.role();
        let (handle, mut desk) = Handle::local(role);
        let engine = tokio::spawn(async move {
            let call = desk.calls.recv().await.unwrap();
            call.reply.send(Err(api::Error::Gone)).unwrap();
            call.request
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err);
        let result = run(verb, &handle, &mut output).await;
        assert!(matches!(result, Err(Error::Refused(api::Error::Gone))));
        assert_eq!(out, b"", "nothing is printed of what did not happen");
        (engine.await.unwrap(), role)
    }

    const SEEN: &str = "abababababababababababababababababababababababababababababababab";

    const LINES: &[&[&str]] = &[
        &[
            "add", "+1", "--name", "Bo", "-s", "Ana", "--preset", "one-time",
        ],
        &["add", "+1"],
        &[
            "accept",
            "https://r.example/invite?channel=a&pub=b",
            "--name",
            "Bo",
        ],
        &["check"],
        &["check", "--accept-requests"],
        &["send", "a", "--subject", "s", "--", "-x"],
        &["send", "a", "b", "--as-me"],
        &["channels"],
        &["reinvite", "+1"],
        &["reinvite", "+1", "--preset", "inner-circle"],
        &["instructions", "a"],
        &["instructions", "a", "--preset", "one-time"],
        &["invite"],
        &["invite", "--relay", "https://r.example", "--name", "Bo"],
        &["status"],
        &["pending"],
        &["show", "7"],
        &["approve", "7", "--seen", SEEN],
        &["refuse", "7", "--seen", SEEN],
        &["approve", "7", "--seen", SEEN, "--hidden-removed"],
        &[
            "approve",
            "7",
            "--seen",
            SEEN,
            "--own-words",
            "they ask for Thursday",
        ],
        &[
            "approve",
            "7",
            "--seen",
            SEEN,
            "--edit",
            "near the park",
            "--subject",
            "Where",
        ],
        &[
            "refuse",
            "7",
            "--seen",
            SEEN,
            "--reason",
            "not by mail",
            "--pause",
        ],
        &["draft", "12"],
        &["verify", "a"],
        &["verify", "a", "--word", "violin", "--seen", SEEN],
        &["verify", "a", "--differs", "--seen", SEEN],
        &["engagement", "a", "--preset", "inner-circle"],
        &["digest"],
        &["wake", "a", "--", "openclaw", "--text", "{text}"],
        &["wake", "a", "--clear"],
        &["end", "a"],
        &["end", "a", "--as-me"],
        &["log", "--limit", "3"],
        &["log", "verify"],
        &["log", "export"],
        &["log", "redact", "4"],
        &["search", "hold", "from:them", "--limit", "3"],
        &["note", "a"],
        &["note", "a", "likes tea"],
        &["pause"],
        &["pause", "a"],
        &["resume"],
        &["resume", "a"],
        &["mute", "a"],
        &["mute", "a", "--for", "8h"],
        &["unmute", "a"],
        &["snooze", "7"],
        &["snooze", "7", "--for", "message"],
        &["snooze", "7", "--end"],
        &["mesh", "init", "--agent-id", "ana"],
        &["mesh", "move", "--endpoint", "http://10.0.0.7:8787"],
        &["mesh", "discovery"],
        &["mesh", "scan", "http://10.0.0.{1-9}:8787", "--local"],
        &["mesh", "request", "http://10.0.0.9:8787", "--purpose", "hi"],
        &["mesh", "request", "agent-1"],
        &["mesh", "requests"],
        &["mesh", "approve", "req_1"],
        &["mesh", "reject", "req_1", "--block"],
        &["mesh", "peers"],
        &["mesh", "revoke", "agent-1"],
        &[
            "clawtalk",
            "register",
            "--url",
            "https://talk.example",
            "--agent",
            "ana",
            "--invite",
            "CODE",
        ],
        &["clawtalk", "accounts"],
        &["clawtalk", "agents"],
        &["clawtalk", "add", "bob"],
        &["clawtalk", "leave", "ana", "--force"],
        &["clawchat", "init", "--testnet"],
        &["clawchat", "identity", "list"],
        &["clawchat", "invite"],
        &["clawchat", "send", "bob", "hi", "--as", "ana"],
        &["clawchat", "recv", "--timeout", "1"],
        &["passphrase", "remove"],
        &["import", "clawbuddy", "--from", "/somewhere"],
        &["export", "clawbuddy", "--to", "/elsewhere"],
        &["import", "mesh", "--from", "/somewhere"],
        &["export", "mesh", "--to", "/elsewhere"],
    ];

    #[tokio::test]
    async fn every_verb_asks_what_its_arguments_say_in_the_role_it_needs() {
        let mut table = Vec::new();
        for line in LINES {
            let (request, role) = asked(line).await;
            // What it asks first may be less than what it asks then.
            let looks = matches!(line, ["mesh", "revoke", _] | ["clawchat" | "clawtalk", ..]);
            assert!(request.needs() == role || looks, "{line:?}");
            let request = serde_json::to_string(&request).unwrap();
            table.push(format!("{}\n    {request}", line.join(" ")));
        }
        insta::assert_snapshot!(table.join("\n"));
    }

    #[tokio::test]
    async fn an_answer_that_does_not_belong_to_the_request_is_an_error() {
        let (handle, mut desk) = Handle::local(api::Role::Assistant);
        let engine = tokio::spawn(async move {
            let call = desk.calls.recv().await.unwrap();
            call.reply.send(Ok(Reply::Done)).unwrap();
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err);
        let verb = Verb::Channels(channels::ChannelsArgs {
            style: output::Pretty::default(),
        });
        let result = run(verb, &handle, &mut output).await;
        engine.await.unwrap();
        assert_eq!(finish(result, &mut output), Exit::Failed);
        assert_eq!(out, b"");
    }

    #[test]
    fn exit_codes_tell_scripts_what_became_of_a_decision() {
        let exit = |error| Error::Refused(error).exit() as u8;
        assert_eq!(exit(api::Error::NothingToDecide), 3);
        assert_eq!(exit(api::Error::AlreadyDecided("refused".into())), 4);
        assert_eq!(exit(api::Error::AlreadyDecided("expired".into())), 5);
        assert_eq!(exit(api::Error::Changed), 5);
        assert_eq!(exit(api::Error::NotAllowed), 6);
        assert_eq!(Error::AsAssistant.exit() as u8, 6);
        assert_eq!(exit(api::Error::ChannelNotActive), 1);
        assert_eq!(Error::SetAndPreset.exit() as u8, 1);
    }

    #[test]
    fn errors_that_clawbuddy_has_too_are_said_in_its_words() {
        let lines = [
            Error::Refused(api::Error::UnknownChannel("Bób".into())),
            Error::Refused(api::Error::ChannelNotActive),
            Error::Refused(api::Error::InvalidInvite("the key has 31 bytes".into())),
            Error::Refused(api::Error::UnknownPreset("friends".into())),
            Error::SetAndPreset,
            Error::FileNotFound("rules.txt".into()),
        ]
        .map(|error| output::captured(|out| assert_eq!(finish(Err(error), out), Exit::Failed)).1);
        insta::assert_snapshot!(lines.concat());
    }
}
