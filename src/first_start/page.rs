//! The page of the first start, and the way from it to a profile.

use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::secret;
use crate::doctor::has_bus;
use crate::engine::{local_zone, system_clock};
use crate::model::Passphrase;
use crate::profile::Profile;
use crate::tui;

use super::{Error, Plan, begin, clawbuddy};

/// A profile that was just made.
#[derive(Debug)]
pub struct Begun {
    /// The passphrase that seals it.
    pub passphrase: Option<Passphrase>,
    /// What a person should be told.
    pub greeting: Option<String>,
}

/// Shows the page of the first start, and makes the profile as it was chosen; `None` where
/// nothing was to be kept. `demo` shows the demo, after which the page comes back. A new
/// passphrase is taken from the file that is named, else asked for on the terminal.
pub async fn welcome<E: From<Error> + From<tui::Error>>(
    profile: &Profile,
    passphrase_file: Option<&Path>,
    mut demo: impl AsyncFnMut() -> Result<(), E>,
) -> Result<Option<Begun>, E> {
    let (mut page, directory) = look(profile);
    loop {
        let options = tui::Options::from_environment(system_clock(), local_zone());
        let choices = match tui::welcome(options, page.clone()).await? {
            tui::Outcome::Leave => return Ok(None),
            tui::Outcome::Demo(choices) => {
                demo().await?;
                (page.choices, page.problem) = (choices, None);
                continue;
            }
            tui::Outcome::Start(choices) => choices,
        };
        page.choices = choices;
        let passphrase = match choices.secrets {
            tui::Secrets::Files => None,
            tui::Secrets::Passphrase => match new_passphrase(passphrase_file) {
                Ok(passphrase) => Some(passphrase),
                Err(error) => {
                    page.problem = Some(format!("Nothing was written: {error}."));
                    continue;
                }
            },
        };
        let plan = Plan {
            import: directory.filter(|_| choices.import),
            passphrase: passphrase.clone(),
            as_each_says: choices.as_each_says,
            notify: choices.notify,
            quiet_hours: if choices.quiet {
                tui::QUIET_HOURS
            } else {
                "off"
            }
            .to_owned(),
        };
        let said = begin(profile, plan).await?;
        let greeting = (!said.is_empty()).then(|| said.join(" "));
        return Ok(Some(Begun {
            passphrase,
            greeting,
        }));
    }
}

/// Returns the page with what is found here, and the directory of `clawbuddy`.
fn look(profile: &Profile) -> (tui::Welcome, Option<std::path::PathBuf>) {
    let env = |name: &str| std::env::var_os(name);
    let home = std::env::home_dir();
    let found = home.as_deref().and_then(|home| clawbuddy(home, &env));
    let shown = |path: &Path| tilde(path, home.as_deref());
    let page = tui::Welcome::new(tui::Found {
        settings: shown(&profile.config_file()),
        data: shown(profile.data_dir()),
        clawbuddy: found.as_ref().map(|found| tui::ClawBuddy {
            directory: shown(&found.directory),
            channels: found.channels,
            closed: found.closed,
            relay: found.relay.clone(),
        }),
        desktop: has_bus(&env),
    });
    (page, found.map(|found| found.directory))
}

fn new_passphrase(file: Option<&Path>) -> Result<Passphrase, secret::Error> {
    if file.is_none() {
        let words = "A forgotten passphrase cannot be recovered by anybody.";
        // Nothing is left to do if even that cannot be written.
        let _unwritten = writeln!(io::stderr(), "{words}");
    }
    secret::new_one(file, false)
}

/// Returns a path as its owner reads it: the home directory as `~`.
pub fn tilde(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => format!("~/{}", inside.display()),
        None => path.display().to_string(),
    }
}
