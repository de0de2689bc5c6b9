//! Running a command of the person's own, without a shell.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Runs a program, gives it this on its standard input, and waits for its end; dropped, it kills
/// it. The error says in words what went wrong.
pub(crate) async fn run(program: &str, arguments: &[String], input: &[u8]) -> Result<(), String> {
    let mut child = Command::new(program)
        .args(arguments)
        // Whoever the command belongs to has no use for the place of the passphrase.
        .env_remove("CHAPERON_PASSPHRASE_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input is none the worse for it.
        let _unread = stdin.write_all(input).await;
    }
    let status = child
        .wait()
        .await
        .map_err(|error| format!("it cannot be waited for: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("it ended with {status}"))
    }
}
