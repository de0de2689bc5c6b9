//! The desktop's notifications, from a thread of their own: a bus that hangs must not hang this
//! program.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use notify_rust::{Notification, NotificationHandle, Timeout};
use tokio::sync::oneshot;

use super::Letter;

/// How long the desktop may take.
const PATIENCE: Duration = Duration::from_secs(2);

enum Job {
    Tell(Letter, oneshot::Sender<bool>),
    Close(u64),
}

/// The way to the desktop.
#[derive(Debug)]
pub(super) struct Bus {
    jobs: mpsc::Sender<Job>,
}

impl Bus {
    /// Starts the thread; it ends with the value.
    pub(super) fn start() -> Self {
        let (jobs, inbox) = mpsc::channel();
        thread::spawn(move || serve(&inbox));
        Self { jobs }
    }

    /// Shows a notification; tells whether the desktop took it in time.
    pub(super) async fn tell(&self, letter: &Letter) -> bool {
        let (done, answer) = oneshot::channel();
        self.jobs.send(Job::Tell(letter.clone(), done)).is_ok()
            && matches!(tokio::time::timeout(PATIENCE, answer).await, Ok(Ok(true)))
    }

    /// Takes one away, where it still stands.
    pub(super) fn close(&self, id: u64) {
        if self.jobs.send(Job::Close(id)).is_err() {
            tracing::debug!("the desktop's thread is gone");
        }
    }
}

fn serve(inbox: &mpsc::Receiver<Job>) {
    let mut shown: HashMap<u64, NotificationHandle> = HashMap::new();
    for job in inbox {
        match job {
            Job::Tell(letter, done) => {
                let result = show(&letter);
                let told = result.is_ok();
                match result {
                    Ok(handle) => {
                        if let Some(before) = shown.insert(letter.id, handle) {
                            before.close();
                        }
                    }
                    Err(error) => tracing::debug!(%error, "the desktop shows no notification"),
                }
                if done.send(told).is_err() {
                    tracing::debug!("a notification came too late for whoever wanted it");
                }
            }
            Job::Close(id) => {
                if let Some(handle) = shown.remove(&id) {
                    handle.close();
                }
            }
        }
    }
}

fn show(letter: &Letter) -> notify_rust::error::Result<NotificationHandle> {
    Notification::new()
        .appname("chaperon")
        .summary(&letter.title)
        // Desktops read markup in the body.
        .body(&escaped(&letter.body))
        .timeout(Timeout::Default)
        .show()
}

/// Returns text that a desktop shows as it is and not as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_no_markup() {
        assert_eq!(escaped("<b>&</b>"), "&lt;b&gt;&amp;&lt;/b&gt;");
    }
}
