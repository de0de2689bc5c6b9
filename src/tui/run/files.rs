//! What the loop does with the settings file and for the doctor, beside itself.

use crate::profile::config::{Key, Value};
use crate::profile::{Profile, SettingsFile};
use crate::tui::input::Inputs;
use crate::tui::message::{FileNews, Message};

use super::{Back, Error, Session};

impl Session {
    pub(super) fn read_settings(&mut self) {
        self.with_file(FileNews::Read, |profile| {
            profile.read_settings().map_err(|error| in_words(&error))
        });
    }

    pub(super) fn write_settings(&mut self, before: SettingsFile, changes: Vec<(Key, Value)>) {
        self.with_file(FileNews::Written, move |profile| {
            let written = profile.write_settings(&before, &changes);
            written.map_err(|error| in_words(&error))
        });
    }

    /// Does something with the settings file beside the loop.
    fn with_file(
        &mut self,
        news: FileNews,
        work: impl FnOnce(&Profile) -> Result<SettingsFile, String> + Send + 'static,
    ) {
        let Some(profile) = self.options.profile.clone() else {
            let problem = Err("there is no settings file here".to_owned());
            return self.start(async move { Back::File(news, problem) });
        };
        self.start(async move {
            let done = tokio::task::spawn_blocking(move || work(&profile)).await;
            let failed = |_panic| Err("the settings file could not be used".to_owned());
            Back::File(news, done.unwrap_or_else(failed))
        });
    }

    pub(super) async fn edit_settings(&mut self) -> Result<(), Error> {
        let known = (self.options.editor.clone(), self.options.profile.clone());
        let result = match known {
            (Some(command), Some(profile)) => {
                self.stop_reading().await;
                self.screen.lend()?;
                let edited = tokio::task::spawn_blocking(move || {
                    crate::tui::external::edit_settings(&command, &profile)
                });
                let edited = edited
                    .await
                    .unwrap_or_else(|_panic| Err("the editor could not be run".to_owned()));
                self.screen.retake()?;
                self.input = Some(Inputs::start());
                self.refresh();
                edited
            }
            (None, _) => Err("set VISUAL or EDITOR to use one".to_owned()),
            (_, None) => Err("there is no settings file here".to_owned()),
        };
        Box::pin(self.tell(Message::Settings(FileNews::Edited, result))).await
    }

    /// Asks the terminal, which nothing else may read meanwhile, and then looks at the rest
    /// beside the loop.
    pub(super) async fn examine(&mut self) -> Result<(), Error> {
        self.stop_reading().await;
        let mut options = self.options.clone();
        options.config = self.model.config.clone();
        let asked = tokio::task::spawn_blocking(move || crate::tui::probe::examine(&options));
        let mut report = asked.await.unwrap_or_default();
        self.screen.forget()?;
        self.input = Some(Inputs::start());
        self.refresh();
        let doctor = self.options.doctor.clone();
        let handle = self.handle.clone();
        self.start(async move {
            if let Some(doctor) = doctor {
                report.findings.extend(doctor(handle).await.findings);
            }
            Back::Examined(report)
        });
        Ok(())
    }
}

/// Returns an error with what caused it.
pub(in crate::tui) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // What is transparent says the same twice.
        let more = error.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        source = error.source();
    }
    words
}
