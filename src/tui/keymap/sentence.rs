//! Sentences that name keys: they name those in force, whatever a person made of the table.

use super::Keys;

impl Keys {
    /// Puts the keys in force into a sentence: `<main.next_need>` becomes the key of that line.
    /// Other angle brackets stay as they are.
    pub(in crate::tui) fn fill(&self, sentence: &str) -> String {
        let mut filled = String::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('<') {
            filled.push_str(before);
            let named = after.split_once('>').and_then(|(name, after)| {
                let line = self.lines().iter().find(|line| line.name() == name)?;
                Some((line, after))
            });
            if let Some((line, after)) = named {
                filled.push_str(&self.label(line.binding.scope, line.binding.action));
                rest = after;
            } else {
                filled.push('<');
                rest = after;
            }
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::tui::keymap::{Change, EnterKey};

    #[test]
    fn a_sentence_names_the_key_in_force() {
        let sentence = "Nothing here; <main.next_need> goes on, a < b and <b> stay.";
        let built_in = Keys::built_in().fill(sentence);
        assert_eq!(built_in, "Nothing here; n goes on, a < b and <b> stay.");
        let change = |keys: &[&str]| Change {
            line: 1,
            name: "main.next_need".to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        for (keys, named) in [(&["Ctrl-N"][..], "Ctrl-N"), (&[], "?")] {
            let keys = Keys::changed(EnterKey::Send, &[change(keys)]).unwrap();
            let said = keys.fill(sentence);
            assert!(
                said.starts_with(&format!("Nothing here; {named} goes on")),
                "{said}"
            );
        }
    }

    fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_key_that_a_sentence_names_is_in_the_table() {
        let mut files = Vec::new();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui");
        sources(&directory, &mut files);
        let mut named = 0;
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for piece in text.split('<').skip(1) {
                let Some((name, _)) = piece.split_once('>') else {
                    continue;
                };
                let plain = |c: char| c.is_ascii_lowercase() || "_.".contains(c);
                let dots = name.matches('.').count();
                if dots == 1 && name.chars().all(plain) {
                    named += 1;
                    let mark = format!("<{name}>");
                    let filled = Keys::built_in().fill(&mark);
                    assert_ne!(filled, mark, "{}", file.display());
                }
            }
        }
        assert!(named > 40, "{named}");
    }
}
