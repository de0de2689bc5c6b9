//! Whether the surface in lines is worth offering, from what can be seen of the computer.

use std::ffi::OsString;

/// Variables that are set to 1 where a screen reader is in use.
const SWITCHES: [&str; 4] = [
    "ACCESSIBILITY_ENABLED",
    "GNOME_ACCESSIBILITY",
    "QT_ACCESSIBILITY",
    "QT_LINUX_ACCESSIBILITY_ALWAYS_ON",
];
/// Variable of Emacspeak, which speaks what a program writes in Emacs.
const EMACSPEAK: &str = "EMACSPEAK_DIR";
/// Paths that are there while a screen reader of the console runs: speakup in the kernel, brltty.
const PATHS: [&str; 2] = ["/sys/accessibility/speakup", "/run/brltty.pid"];

/// Returns the one line that offers it where it would help; nobody is made to use it.
pub fn offer(
    variable: &dyn Fn(&str) -> Option<OsString>,
    exists: &dyn Fn(&str) -> bool,
) -> Option<&'static str> {
    let on = |name: &&str| variable(name).is_some_and(|value| value == "1");
    let spoken = SWITCHES.iter().any(|name| on(&name))
        || variable(EMACSPEAK).is_some_and(|value| !value.is_empty())
        || PATHS.iter().any(|path| exists(path));
    if spoken {
        return Some("a screen reader seems to run: chaperon --plain speaks in lines");
    }
    variable("TERM")
        .is_none_or(|term| term.is_empty() || term == "dumb")
        .then_some("this terminal says that it cannot draw: chaperon --plain speaks in lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(set: &[(&str, &str)], there: &[&str]) -> Option<&'static str> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        offer(&variable, &|path| there.contains(&path))
    }

    #[test]
    fn it_is_offered_to_a_screen_reader_and_to_a_terminal_that_cannot_draw() {
        let usual = ("TERM", "xterm-256color");
        assert_eq!(offered(&[usual], &[]), None);
        assert_eq!(offered(&[usual, ("QT_ACCESSIBILITY", "0")], &[]), None);
        for help in [
            offered(&[usual, ("ACCESSIBILITY_ENABLED", "1")], &[]),
            offered(&[usual, ("EMACSPEAK_DIR", "/usr/share/emacspeak")], &[]),
            offered(&[usual], &["/sys/accessibility/speakup"]),
        ] {
            assert!(help.unwrap().contains("screen reader"));
        }
        for dumb in [offered(&[("TERM", "dumb")], &[]), offered(&[], &[])] {
            assert!(dumb.unwrap().contains("cannot draw"));
        }
    }
}
