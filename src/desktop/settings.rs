//! What the settings of a profile say of notifications.

use super::notices::{Level, Quiet, Wishes};
use super::notify::Plan;
use crate::profile::Config;
use crate::profile::config::{Notify, Way};

/// Returns how much the settings let a person be told, and when not.
pub fn wishes(config: &Config) -> Wishes {
    Wishes {
        level: match config.notify() {
            Notify::Decisions => Level::Decisions,
            Notify::New => Level::New,
            Notify::All => Level::All,
            Notify::None => Level::Nothing,
        },
        quiet: config.quiet_hours().map(|hours| Quiet {
            from: hours.from,
            until: hours.until,
        }),
    }
}

/// Returns the ways that the settings name.
pub fn plan(config: &Config) -> Plan {
    let ways = config.notify_by();
    let command = ways.contains(&Way::Command);
    Plan {
        terminal: ways.contains(&Way::Terminal),
        desktop: ways.contains(&Way::Desktop),
        bell: ways.contains(&Way::Bell),
        command: if command {
            config.notify_command()
        } else {
            Vec::new()
        },
    }
}
