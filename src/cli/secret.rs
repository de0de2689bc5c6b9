//! Where a passphrase comes from: a file that only its owner can read, or the terminal without
//! an echo. Never an argument, which other users can see, and never a variable's value.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::model::Passphrase;

/// Longest passphrase, in bytes.
const LONGEST: u64 = 1024;
/// Shortest passphrase that is taken without being told to, in characters.
pub const SHORTEST: usize = 8;

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody can be asked.
    #[error("there is no terminal to ask for the passphrase on; name a file that holds it")]
    NoTerminal,
    /// The terminal does not work.
    #[error("cannot ask on the terminal")]
    Terminal(#[source] io::Error),
    /// The person gave up.
    #[error("no passphrase was given")]
    GivenUp,
    /// The file cannot be read.
    #[error("cannot read the file with the secret")]
    File(#[source] io::Error),
    /// Others can read the file, or it is somebody else's.
    #[error("the file with the secret has to be yours, with mode 0600")]
    Open,
    /// The content of the file cannot be a passphrase.
    #[error("the file with the secret has to hold one line of at most 1024 bytes")]
    NotALine,
    /// It is easy to guess.
    #[error("the passphrase has less than 8 characters; --allow-short takes it all the same")]
    Short,
    /// The two are different.
    #[error("the two passphrases differ")]
    Different,
}

/// Reads the one line of a file that is ours and closed to others.
pub fn from_file(path: &Path) -> Result<Passphrase, Error> {
    line(whole_file(path)?.expose())
}

/// Reads all of a file that is ours and closed to others.
pub fn whole_file(path: &Path) -> Result<Passphrase, Error> {
    let file = File::open(path).map_err(Error::File)?;
    let found = file.metadata().map_err(Error::File)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if !ours || found.mode() & 0o077 != 0 {
        return Err(Error::Open);
    }
    let mut text = Zeroizing::new(String::new());
    match file.take(LONGEST + 2).read_to_string(&mut text) {
        Ok(_) => Ok(Passphrase::new(text.as_str())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Error::NotALine),
        Err(error) => Err(Error::File(error)),
    }
}

fn line(text: &str) -> Result<Passphrase, Error> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() as u64 > LONGEST || line.contains(char::is_control) {
        return Err(Error::NotALine);
    }
    Ok(Passphrase::new(line))
}

/// Takes a new passphrase from a file, or asks for it twice.
pub fn new_one(file: Option<&Path>, allow_short: bool) -> Result<Passphrase, Error> {
    let new = file.map_or_else(ask_twice, from_file)?;
    if new.chars() < SHORTEST && !allow_short {
        return Err(Error::Short);
    }
    Ok(new)
}

fn ask_twice() -> Result<Passphrase, Error> {
    let first = ask("New passphrase: ")?;
    if first != ask("Once more: ")? {
        return Err(Error::Different);
    }
    Ok(first)
}

/// Asks for one line on the terminal and shows nothing of it.
pub fn ask(prompt: &str) -> Result<Passphrase, Error> {
    // Without a terminal for what goes wrong, nobody looks: a program runs this.
    if !io::stderr().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let Ok(mut terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        return Err(Error::NoTerminal);
    };
    let quiet = Quiet::new(&terminal)?;
    let asked = terminal
        .write_all(prompt.as_bytes())
        .map_err(Error::Terminal);
    let typed = asked.and_then(|()| typed(&mut terminal));
    drop(quiet);
    // The new line that was typed was not shown either.
    terminal.write_all(b"\r\n").map_err(Error::Terminal)?;
    typed
}

/// Asks a question on the terminal whose answer may be seen, and returns the line without spaces
/// around it; empty where there is none.
pub fn question(prompt: &str) -> Result<String, Error> {
    if !io::stderr().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let Ok(mut terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        return Err(Error::NoTerminal);
    };
    terminal
        .write_all(prompt.as_bytes())
        .map_err(Error::Terminal)?;
    let mut answer = String::new();
    let mut lines = io::BufReader::new(terminal).take(LONGEST);
    lines.read_line(&mut answer).map_err(Error::Terminal)?;
    Ok(answer.trim().to_owned())
}

/// Waits until somebody presses Enter on the terminal, or gives up.
pub fn wait_for_enter(prompt: &str) -> Result<(), Error> {
    match ask(prompt) {
        Ok(_) | Err(Error::GivenUp) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A terminal that shows nothing and passes every key on, until this is dropped.
struct Quiet {
    terminal: File,
    usual: Termios,
}

impl Quiet {
    fn new(terminal: &File) -> Result<Self, Error> {
        let terminal = terminal.try_clone().map_err(Error::Terminal)?;
        let failed = |errno: rustix::io::Errno| Error::Terminal(errno.into());
        let usual = tcgetattr(&terminal).map_err(failed)?;
        let mut quiet = usual.clone();
        // Interrupts come as bytes too: one that ended the process here would leave the
        // terminal without an echo.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet).map_err(failed)?;
        Ok(Self { terminal, usual })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // The terminal is gone; then there is nothing to restore.
        let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.usual);
    }
}

/// Reads keys up to the end of the line.
fn typed(keys: &mut impl io::Read) -> Result<Passphrase, Error> {
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Err(Error::GivenUp),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::Terminal(error)),
        }
        match key {
            [b'\r' | b'\n'] => break,
            // Ctrl-C, Ctrl-D, Ctrl-Z, Escape.
            [0x03 | 0x04 | 0x1a | 0x1b] => return Err(Error::GivenUp),
            // Ctrl-U.
            [0x15] => text.clear(),
            // Backspace, either way: a whole character, however many bytes it has.
            [0x08 | 0x7f] => while text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            [byte] => text.push(byte),
        }
        if text.len() as u64 > LONGEST {
            return Err(Error::NotALine);
        }
    }
    if text.is_empty() {
        return Err(Error::GivenUp);
    }
    let text = std::str::from_utf8(&text).map_err(|_not_text| Error::NotALine)?;
    line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(typed: &str) -> Option<String> {
        let passphrase = super::typed(&mut typed.as_bytes()).ok()?;
        Some(passphrase.expose().to_owned())
    }

    #[test]
    fn what_is_typed_can_be_corrected_and_given_up() {
        assert_eq!(keys("secret\r").as_deref(), Some("secret"));
        assert_eq!(keys("secrét\u{7f}\u{7f}et\n").as_deref(), Some("secret"));
        assert_eq!(keys("\u{8}wrong\u{15}right\r").as_deref(), Some("right"));
        for given_up in ["", "\r", "sec", "sec\u{3}ret\r", "secret\u{4}\r"] {
            assert_eq!(keys(given_up), None, "{given_up:?}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        std::fs::write(&path, "correct horse\n").unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for open in [0o644, 0o640, 0o604, 0o620] {
            mode(open);
            assert!(matches!(from_file(&path), Err(Error::Open)), "{open:o}");
        }
        mode(0o600);
        assert_eq!(from_file(&path).unwrap().expose(), "correct horse");
        for wrong in ["", "\n", "two\nlines\n", &"x".repeat(1025)] {
            std::fs::write(&path, wrong).unwrap();
            assert!(matches!(from_file(&path), Err(Error::NotALine)));
        }
    }

    #[test]
    fn a_short_passphrase_is_taken_only_if_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        std::fs::write(&path, "7 chars").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(new_one(Some(&path), false), Err(Error::Short)));
        new_one(Some(&path), true).unwrap();
    }
}
