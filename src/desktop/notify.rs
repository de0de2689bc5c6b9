//! Tells a person something while they look elsewhere: by a sequence that their terminal knows,
//! by the desktop, by the bell, and by a command of their own.
//!
//! The first of terminal, desktop and bell that works here is used, and the command besides.
//! Start with [`Ways::tell`]. What is told is this program's own words about our own names,
//! made safe by `crate::text`; a peer's words only where a person asked for them.
//!
//! Must not: write a sequence to a terminal that is not known to take it.

mod bus;
mod command;
mod terminal;
mod words;

pub use terminal::{Dialect, Hints};
pub use words::{Letter, letter};

use bus::Bus;
use command::Hook;

/// Which ways a person wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// A sequence of the terminal's.
    pub terminal: bool,
    /// The desktop's notifications.
    pub desktop: bool,
    /// The bell.
    pub bell: bool,
    /// Program and arguments; empty for none.
    pub command: Vec<String>,
}

/// What the surroundings say of ways to reach a person. Read once, where the program starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What the environment says of the terminal; `None` where there is no screen.
    pub terminal: Option<Hints>,
    /// Whether there is a session bus, or a system that needs none.
    pub bus: bool,
}

/// Tells whether there is a session bus to ask for notifications, by what the environment says:
/// its address, or its usual socket. Some systems need none.
pub fn has_bus(env: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> bool {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let socket = set("XDG_RUNTIME_DIR").map(|dir| std::path::PathBuf::from(dir).join("bus"));
    cfg!(target_os = "macos")
        || set("DBUS_SESSION_BUS_ADDRESS").is_some()
        || socket.is_some_and(|socket| socket.exists())
}

/// The ways to a person.
#[derive(Debug)]
pub struct Ways {
    reach: Reach,
    /// How the terminal is told, once that was looked for: tmux has to be asked.
    dialect: Option<Dialect>,
    /// Whether it was looked for.
    looked: bool,
    bus: Option<Bus>,
    hook: Option<Hook>,
}

impl Ways {
    /// Makes them; reaches for nobody yet.
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            dialect: None,
            looked: false,
            bus: None,
            hook: None,
        }
    }

    /// Tells a person something in the first way of the plan that works, and runs the command
    /// where the plan has one. Returns what the caller has to write to its terminal, between
    /// two frames.
    pub async fn tell(&mut self, plan: &Plan, letter: &Letter) -> Option<String> {
        if !plan.command.is_empty() {
            let hook = self.hook.get_or_insert_with(Hook::start);
            hook.run(&plan.command, letter);
        }
        if plan.terminal
            && let Some(dialect) = self.dialect().await
        {
            return Some(dialect.tell(letter));
        }
        if plan.desktop && self.desktop(letter).await {
            return None;
        }
        let bell = plan.bell && self.reach.terminal.is_some();
        bell.then(|| "\u{7}".to_owned())
    }

    /// Takes away what was told of a channel, as far as anybody can. Returns what the caller
    /// has to write to its terminal.
    pub fn untell(&mut self, id: u64) -> Option<String> {
        if let Some(bus) = &self.bus {
            bus.close(id);
        }
        self.dialect?.untell(id)
    }

    async fn dialect(&mut self) -> Option<Dialect> {
        if !std::mem::replace(&mut self.looked, true)
            && let Some(hints) = &self.reach.terminal
        {
            self.dialect = terminal::find(hints).await;
        }
        self.dialect
    }

    async fn desktop(&mut self, letter: &Letter) -> bool {
        if !self.reach.bus {
            return false;
        }
        let bus = self.bus.get_or_insert_with(Bus::start);
        let told = bus.tell(letter).await;
        if !told {
            // A desktop that failed once is not waited for again.
            self.reach.bus = false;
            self.bus = None;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(term: &str) -> Ways {
        let hints = Hints {
            term: Some(term.to_owned()),
            ..Hints::default()
        };
        Ways::new(Reach {
            terminal: Some(hints),
            bus: false,
        })
    }

    fn plan(terminal: bool, bell: bool) -> Plan {
        Plan {
            terminal,
            bell,
            desktop: true,
            ..Plan::default()
        }
    }

    fn hello() -> Letter {
        Letter {
            id: 7,
            title: "chaperon".to_owned(),
            body: "1 draft waits".to_owned(),
            event: String::new(),
        }
    }

    #[tokio::test]
    async fn the_first_way_that_works_is_used() {
        let mut kitty = ways("xterm-kitty");
        let told = kitty.tell(&plan(true, true), &hello()).await.unwrap();
        assert!(told.starts_with("\u{1b}]99;"), "{told:?}");
        let told = kitty.tell(&plan(false, true), &hello()).await;
        assert_eq!(told.as_deref(), Some("\u{7}"));
    }

    #[tokio::test]
    async fn a_terminal_that_is_not_known_gets_the_bell_alone_and_only_if_wanted() {
        let mut unknown = ways("xterm-256color");
        let told = unknown.tell(&plan(true, true), &hello()).await;
        assert_eq!(told.as_deref(), Some("\u{7}"));
        assert_eq!(unknown.tell(&plan(true, false), &hello()).await, None);
        assert_eq!(unknown.untell(7), None);
    }

    #[tokio::test]
    async fn without_a_screen_nothing_is_written() {
        let mut ways = Ways::new(Reach::default());
        assert_eq!(ways.tell(&plan(true, true), &hello()).await, None);
    }
}
