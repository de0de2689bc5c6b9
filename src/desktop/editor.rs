//! The person's own editor on a text or a file of theirs. No shell is involved.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use crate::model::PeerText;

/// Bytes that are read back at most; more than any network carries.
const LIMIT: u64 = 4 * 1024 * 1024;

/// Lets a command edit the text in a file that only this user can read, and returns what it
/// left there. The error is a sentence for a person.
pub fn edit(command: &str, text: &PeerText) -> Result<PeerText, String> {
    // The file is 0600 and goes away with its handle.
    let mut file = tempfile::Builder::new()
        .prefix("chaperon-")
        .suffix(".txt")
        .tempfile()
        .map_err(|error| format!("no temporary file ({})", error.kind()))?;
    file.write_all(text.expose_untrusted().as_bytes())
        .and_then(|()| file.flush())
        .map_err(|error| format!("the text could not be handed over ({})", error.kind()))?;
    if !edit_file(command, file.path())? {
        return Err("it ended with an error; the text is as it was".to_owned());
    }
    // Editors often replace the file, so it is opened anew by its name.
    let mut left = String::new();
    File::open(file.path())
        .and_then(|written| written.take(LIMIT).read_to_string(&mut left))
        .map_err(|error| format!("what it wrote cannot be read ({})", error.kind()))?;
    Ok(PeerText::new(left.trim_end_matches('\n')))
}

/// Lets a command edit a file; tells whether it ended well. The error is a sentence for a
/// person.
pub fn edit_file(command: &str, path: &Path) -> Result<bool, String> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("set VISUAL or EDITOR to use one")?;
    let status = Command::new(program).args(words).arg(path).status();
    let status = status.map_err(|error| format!("it could not be started ({})", error.kind()))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_that_changes_nothing_leaves_the_text_as_it_was() {
        let text = PeerText::new("two\nlines");
        assert_eq!(edit("true", &text), Ok(text));
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        assert!(edit("false", &PeerText::new("kept")).is_err());
    }

    #[test]
    fn no_shell_reads_the_command() {
        let text = PeerText::new("kept");
        assert_eq!(edit("echo ; false &&", &text), Ok(text));
    }
}
