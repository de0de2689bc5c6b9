//! The person's own theme files: reading them, and noticing that they changed.
//!
//! Changes are told by the system, so that waiting for one costs nothing. Must not: make or
//! write a file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::theme::Themes;

/// Largest theme file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;
/// Longest name of a theme, in bytes.
const LONGEST_NAME: usize = 64;
/// Themes that are read; who has more has something else in the directory.
const MOST: usize = 200;
/// Time from the first sign of a change to reading: editors save in several steps.
const SETTLING: Duration = Duration::from_millis(100);

/// Reads the themes in a directory, `NAME.toml` each; none where there is no directory. Files
/// whose name could not stand in a setting are left out.
pub fn load(dir: &Path) -> Themes {
    let Ok(entries) = fs::read_dir(dir) else {
        return Themes::default();
    };
    let mut texts = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let Some(name) = name_of(&path) else {
            continue;
        };
        let small = |path| fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
        if let Some(bytes) = small(&path).then(|| fs::read(&path).ok()).flatten() {
            // What is no text becomes signs that no theme has, and so a complaint.
            texts.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        if texts.len() == MOST {
            break;
        }
    }
    Themes::new(texts)
}

/// Returns the name of the theme in a file: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
fn name_of(path: &Path) -> Option<String> {
    if path.extension() != Some(OsStr::new("toml")) {
        return None;
    }
    let name = path.file_stem()?.to_str()?;
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    fits.then(|| name.to_owned())
}

/// Reads the themes again whenever a file of them changes. Dropped, it does so no more.
#[derive(Debug)]
pub(super) struct Watch {
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch a directory; `tell` gets what is in it after each change. `None` where
    /// the system does not tell of changes. Must be called within a tokio runtime.
    pub(super) fn start(
        dir: PathBuf,
        mut tell: impl FnMut(Themes) + Send + 'static,
    ) -> Option<Self> {
        let (sender, mut changes) = mpsc::channel(1);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading is told of too, this program's own included.
                let access = |event: &notify::Event| matches!(event.kind, EventKind::Access(_));
                if event.as_ref().is_ok_and(access) {
                    return;
                }
                if sender.try_send(()).is_err() {
                    tracing::trace!("a change of the themes is waiting to be read already");
                }
            })
            .inspect_err(|error| tracing::debug!(%error, "changes of themes are not noticed"))
            .ok()?;
        watcher
            .watch(&dir, RecursiveMode::NonRecursive)
            .inspect_err(|error| tracing::debug!(%error, "changes of themes are not noticed"))
            .ok()?;
        let task = tokio::spawn(async move {
            // The system tells as long as this lives.
            let _watcher = watcher;
            while changes.recv().await.is_some() {
                tokio::time::sleep(SETTLING).await;
                while changes.try_recv().is_ok() {}
                let dir = dir.clone();
                if let Ok(themes) = tokio::task::spawn_blocking(move || load(&dir)).await {
                    tell(themes);
                }
            }
        });
        Some(Self { task })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_the_themes_in_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine.toml"), "for = \"dark\"\n").unwrap();
        fs::write(dir.path().join("Not A Name.toml"), "for = \"dark\"\n").unwrap();
        fs::write(dir.path().join("notes.txt"), "for = \"dark\"\n").unwrap();
        fs::create_dir(dir.path().join("folder.toml")).unwrap();
        fs::write(dir.path().join("bytes.toml"), b"\xff\xfe").unwrap();
        let themes = load(dir.path());
        assert!(themes.read("mine").is_ok());
        assert!(
            themes
                .read("bytes")
                .unwrap_err()
                .to_string()
                .contains("line 1")
        );
        let names = themes.names();
        let built_in = Themes::default().names().len();
        assert_eq!(names[built_in..], ["bytes", "mine"]);
        assert_eq!(load(&dir.path().join("nowhere")), Themes::default());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_file_that_changes_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut told) = mpsc::unbounded_channel();
        let watch = Watch::start(dir.path().to_owned(), move |themes| {
            sender.send(themes).unwrap();
        });
        assert!(watch.is_some());
        for text in ["for = \"dark\"\n", "for = \"light\"\n", "for = 1\n"] {
            fs::write(dir.path().join("mine.toml"), text).unwrap();
            let wanted = Themes::new([("mine".to_owned(), text.to_owned())]);
            while told.recv().await.unwrap() != wanted {}
        }
    }
}
