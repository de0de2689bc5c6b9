//! `run`: the engine without a screen. Carried out by `main`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `run`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(after_help = "\
Syncs, holds and delivers until it is stopped (SIGINT or SIGTERM). The terminal surface and all \
commands find it by themselves.

An assistant that runs as another user reaches a socket for assistants with CHAPERON_SOCKET=PATH \
before the commands check, send, channels, status and instructions. Nothing that connects there \
can ever decide.

Example:
  chaperon run
  chaperon run --assistant-socket /run/chaperon/assistant.sock --assistant-group assistant")]
pub struct RunArgs {
    /// Serve assistants on this socket too, whose connections never become more than that
    #[arg(long, value_name = "PATH")]
    pub assistant_socket: Option<PathBuf>,
    /// Name or number of the group that may use it (mode 0660); your own where absent
    #[arg(long, value_name = "GROUP", requires = "assistant_socket")]
    pub assistant_group: Option<String>,
}

/// Finds the number of a group in the text of `/etc/group` (group(5)); a number is itself.
pub fn group_number(name: &str, groups: &str) -> Option<u32> {
    name.parse().ok().or_else(|| {
        let mut lines = groups.lines().map(|line| line.split(':'));
        let mut found = lines.find(|fields| fields.clone().next() == Some(name))?;
        found.nth(2)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_whole_name_or_is_a_number() {
        let groups = "root:x:0:\nassistants:x:7:ana\nassistant:x:12:ana,bo\nbroken\n";
        assert_eq!(group_number("assistant", groups), Some(12));
        assert_eq!(group_number("1001", groups), Some(1001));
        assert_eq!(group_number("assist", groups), None);
        assert_eq!(group_number("broken", groups), None);
        assert_eq!(group_number("", groups), None);
    }
}
