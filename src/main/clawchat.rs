//! `chaperon clawchat daemon`: the engine of the profile, as the reference's program speaks of
//! its own.

use std::io;
use std::process::ExitCode;

use chaperon::api::{self, Request, Role};
use chaperon::cli::clawchat::{self, DaemonCommand};
use chaperon::cli::{self, Output};
use chaperon::engine::Session;
use chaperon::logs;
use chaperon::net::Mode;
use color_eyre::eyre::Result;

use super::{Access, Serve, print, profile, run_engine};

pub(super) async fn daemon(access: Access, command: DaemonCommand) -> Result<ExitCode> {
    match command {
        DaemonCommand::Start(args) => {
            if args.password.is_some() || args.password_file.is_some() {
                let mut stderr = io::stderr();
                Output::new(&mut io::sink(), &mut stderr).warning(
                    "--password and --password-file are the reference's and do nothing here: \
                     --passphrase-file opens a protected profile",
                );
            }
            run_engine(access, args.run, Serve::ClawChat).await
        }
        DaemonCommand::Status { style } => {
            logs::to_stderr("off");
            let socket = match &access.socket {
                Some(socket) => socket.clone(),
                None => profile(access.home.clone())?.socket(),
            };
            let Ok(handle) = api::socket::connect(&socket, Role::Assistant, None).await else {
                return Ok(print(|out| clawchat::not_running(style, out)));
            };
            let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
            let mut out = Output::new(&mut stdout, &mut stderr);
            let told = clawchat::status(&handle, style, &mut out).await;
            Ok(cli::finish(told, &mut out).into())
        }
        DaemonCommand::Stop { style } => {
            logs::to_stderr("off");
            if let Err(error) = access.demand_supervisor() {
                return Ok(print(|_| Err(error)));
            }
            let profile = profile(access.home.clone())?;
            let runs = api::socket::connect(&profile.socket(), Role::Assistant, None)
                .await
                .is_ok();
            if !runs {
                return Ok(print(|out| clawchat::stopped(false, style, out)));
            }
            let (session, _) = access
                .unlocked(async |passphrase| {
                    Session::open(&profile, Role::Supervisor, Mode::OnDemand, passphrase).await
                })
                .await?;
            let handle = session.handle(Role::Supervisor);
            // It may be gone before it answers.
            let _gone = handle.ask(Request::Shutdown).await;
            drop(handle);
            session.close().await;
            Ok(print(|out| clawchat::stopped(true, style, out)))
        }
    }
}
