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

/// What an interrupt does to work that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interrupt {
    /// It stops the work with nothing changed, where that is still possible.
    Stops,
    /// It leaves, and what came until then is kept.
    Leaves,
}

/// Asks, and says how far it is where that takes longer than a second. An interrupt from then on
/// stops the work, with nothing changed, where that is still possible.
pub(super) async fn ask(
    handle: &Handle,
    request: Request,
    steps: &str,
    out: &mut Output<'_>,
) -> Result<Reply, Error> {
    let task = (steps, Interrupt::Stops);
    ask_patiently(handle, request, task, (PATIENCE, AGAIN), out).await
}

/// The same for a request that one can leave at any time: an interrupt is [`Error::Left`].
pub(super) async fn ask_or_leave(
    handle: &Handle,
    request: Request,
    steps: &str,
    out: &mut Output<'_>,
) -> Result<Reply, Error> {
    let task = (steps, Interrupt::Leaves);
    ask_patiently(handle, request, task, (PATIENCE, AGAIN), out).await
}

async fn ask_patiently(
    handle: &Handle,
    request: Request,
    (steps, interrupt): (&str, Interrupt),
    (patience, again): (Duration, Duration),
    out: &mut Output<'_>,
) -> Result<Reply, Error> {
    let mut asked = pin!(handle.ask(request));
    let mut pause = patience;
    loop {
        tokio::select! {
            answer = &mut asked => return Ok(answer?),
            () = tokio::time::sleep(pause) => {
                if let Ok(Reply::Work(Some(progress))) = handle.ask(Request::Work).await {
                    out.note(&words(progress, steps, interrupt));
                }
            }
            // Until the first second is over an interrupt ends the process as usual.
            Ok(()) = tokio::signal::ctrl_c(), if pause == again => {
                if interrupt == Interrupt::Leaves {
                    return Err(Error::Left);
                }
                if let Err(error) = handle.ask(Request::StopWork).await {
                    tracing::debug!(%error, "the engine could not be asked to stop");
                }
            }
        }
        pause = again;
    }
}

fn words(progress: Progress, steps: &str, interrupt: Interrupt) -> String {
    let Progress {
        done,
        total,
        can_stop,
    } = progress;
    let percent = (done * 100).checked_div(total).unwrap_or(0).min(100);
    let stop = match (can_stop, interrupt) {
        (false, _) => "",
        (true, Interrupt::Stops) => "; Ctrl-C stops it, and nothing is changed then",
        (true, Interrupt::Leaves) => "; Ctrl-C stops it, and what has come is kept",
    };
    format!("{percent} %, {done} of {total} {steps}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Role;
    use crate::cli::output::captured_later;

    #[tokio::test]
    async fn what_takes_long_says_how_far_it_is() {
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let (seen, mut was_seen) = tokio::sync::mpsc::channel(1);
        let engine = tokio::spawn(async move {
            let call = desk.calls.recv().await.unwrap();
            let _running = desk.work.begin(4);
            desk.work.step();
            was_seen.recv().await.unwrap();
            call.reply
                .send(Ok(Reply::Exported { channels: 4 }))
                .unwrap();
        });
        let watch = handle.clone();
        tokio::spawn(async move {
            // Stopped only by what watches it: a second look means that one was told.
            while !matches!(watch.ask(Request::Work).await, Ok(Reply::Work(Some(_)))) {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen.send(()).await.unwrap();
        });
        let to = "nowhere".into();
        let pauses = (Duration::from_millis(1), Duration::from_millis(1));
        let (reply, err) = captured_later(async |out| {
            let request = Request::ExportClawbuddy { to };
            let task = ("channels", Interrupt::Stops);
            ask_patiently(&handle, request, task, pauses, out).await
        })
        .await;
        assert_eq!(reply.unwrap(), Reply::Exported { channels: 4 });
        let line =
            "{\"note\": \"25 %, 1 of 4 channels; Ctrl-C stops it, and nothing is changed then\"}\n";
        assert!(err.starts_with(line), "{err}");
        engine.await.unwrap();
    }

    #[test]
    fn the_words_fit_what_cannot_be_stopped_and_what_has_no_end_in_sight() {
        let progress = Progress {
            done: 7,
            total: 0,
            can_stop: false,
        };
        let said = words(progress, "values", Interrupt::Stops);
        assert_eq!(said, "0 %, 7 of 0 values");
        let looks = Progress {
            total: 9,
            can_stop: true,
            ..progress
        };
        let said = words(looks, "channels", Interrupt::Leaves);
        let line = "77 %, 7 of 9 channels; Ctrl-C stops it, and what has come is kept";
        assert_eq!(said, line);
    }
}
