//! A command of the person's own that is run when there is something to tell: for phones, and
//! for whatever else has no bus.
//!
//! No shell. The event goes to its standard input as one JSON object; nothing of it stands in an
//! argument.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::child;

use super::Letter;

/// How long it may run.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Between the beginnings of two runs.
const BETWEEN: Duration = Duration::from_secs(10);
/// Runs that may wait; what comes after them is dropped.
const BACKLOG: usize = 8;

struct Job {
    command: Vec<String>,
    event: String,
}

/// Runs commands one after the other.
#[derive(Debug)]
pub(super) struct Hook {
    jobs: mpsc::Sender<Job>,
}

impl Hook {
    /// Starts the task that runs them; it ends with the value. Must be called within a tokio
    /// runtime.
    pub(super) fn start() -> Self {
        let (jobs, mut inbox) = mpsc::channel::<Job>(BACKLOG);
        tokio::spawn(async move {
            while let Some(job) = inbox.recv().await {
                let began = Instant::now();
                match tokio::time::timeout(TIME_LIMIT, run(job)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(problem)) => tracing::warn!(%problem, "notify_command failed"),
                    Err(_elapsed) => {
                        tracing::warn!("notify_command ran longer than 10 s and was ended");
                    }
                }
                tokio::time::sleep_until(began + BETWEEN).await;
            }
        });
        Self { jobs }
    }

    /// Runs a command as soon as the one before it is long enough ago.
    pub(super) fn run(&self, command: &[String], letter: &Letter) {
        let job = Job {
            command: command.to_vec(),
            event: letter.event.clone(),
        };
        if self.jobs.try_send(job).is_err() {
            tracing::warn!("notify_command is behind; an event was dropped");
        }
    }
}

async fn run(job: Job) -> Result<(), String> {
    let Some((program, arguments)) = job.command.split_first() else {
        return Ok(());
    };
    child::run(program, arguments, format!("{}\n", job.event).as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_gets_the_event_on_its_input_and_no_shell_reads_its_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("$(event)");
        let command = ["tee", file.to_str().unwrap()].map(str::to_owned).to_vec();
        let event = r#"{"event":"needs_you"}"#.to_owned();
        run(Job { command, event }).await.unwrap();
        let written = std::fs::read_to_string(file).unwrap();
        assert_eq!(written, "{\"event\":\"needs_you\"}\n");
    }

    #[tokio::test]
    async fn a_command_that_is_not_there_is_an_error_in_words() {
        let job = Job {
            command: vec!["/no/such/program".to_owned()],
            event: String::new(),
        };
        let problem = run(job).await.unwrap_err();
        assert!(problem.starts_with("it cannot be started"), "{problem}");
    }
}
