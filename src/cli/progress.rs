//! Requests that may take long: how far they are, and how they are stopped.

use std::pin::pin;
use std::time::Duration;

use super::Error;
use super::output::Output;
use crate::api::{Handle, Reply, Request};
use crate::model::Progress;

/// What is done sooner needs no word.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two words.
const AGAIN: Duration = Duration::from_secs(2);

/// Asks, and says how far it is where that takes longer than a second. An interrupt from then on
/// stops the work, with nothing changed, where that is still possible.
pub(super) async fn ask(
    handle: &Handle,
    request: Request,
    steps: &str,
    out: &mut Output<'_>,
) -> Result<Reply, Error> {
    let mut asked = pin!(handle.ask(request));
    let mut pause = PATIENCE;
    loop {
        tokio::select! {
            answer = &mut asked => return Ok(answer?),
            () = tokio::time::sleep(pause) => {
                if let Ok(Reply::Work(Some(progress))) = handle.ask(Request::Work).await {
                    out.note(&words(progress, steps));
                }
            }
            // Until the first second is over an interrupt ends the process as usual.
            Ok(()) = tokio::signal::ctrl_c(), if pause == AGAIN => {
                if let Err(error) = handle.ask(Request::StopWork).await {
                    tracing::debug!(%error, "the engine could not be asked to stop");
                }
            }
        }
        pause = AGAIN;
    }
}

fn words(progress: Progress, steps: &str) -> String {
    let Progress {
        done,
        total,
        can_stop,
    } = progress;
    let percent = (done * 100).checked_div(total).unwrap_or(0).min(100);
    let stop = if can_stop {
        "; Ctrl-C stops it, and nothing is changed then"
    } else {
        ""
    };
    format!("{percent} %, {done} of {total} {steps}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Role;
    use crate::cli::output::captured_later;

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_says_how_far_it_is() {
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let engine = tokio::spawn(async move {
            let call = desk.calls.recv().await.unwrap();
            let running = desk.work.begin(4);
            desk.work.step();
            tokio::time::sleep(Duration::from_secs(4)).await;
            drop(running);
            call.reply
                .send(Ok(Reply::Exported { channels: 4 }))
                .unwrap();
        });
        let to = "/tmp/none".into();
        let (reply, err) = captured_later(async |out| {
            ask(&handle, Request::ExportClawbuddy { to }, "channels", out).await
        })
        .await;
        assert_eq!(reply.unwrap(), Reply::Exported { channels: 4 });
        let line =
            "{\"note\": \"25 %, 1 of 4 channels; Ctrl-C stops it, and nothing is changed then\"}\n";
        assert_eq!(err, line.repeat(2));
        engine.await.unwrap();
    }
}
