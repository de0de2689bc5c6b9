//! Architecture rules, enforced by reading the source.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import from this crate, in reading order. `main` may import all.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("failpoint", &[]),
    ("child", &[]),
    ("text", &["model"]),
    ("crypto", &["model"]),
    ("wire", &["model"]),
    ("policy", &["model"]),
    ("store", &["model", "crypto", "failpoint"]),
    ("api", &["model"]),
    ("profile", &["model"]),
    ("desktop", &["model", "text", "profile", "child"]),
    ("logs", &["profile"]),
    ("herald", &["model", "api", "desktop", "profile"]),
    ("net", &["model", "wire", "crypto", "failpoint"]),
    ("relay", &["model", "wire", "crypto"]),
    (
        "engine",
        &[
            "model", "text", "crypto", "wire", "policy", "store", "api", "net", "profile", "child",
        ],
    ),
    ("tui", &["model", "text", "api", "desktop", "profile"]),
    ("plain", &["model", "text", "api", "desktop"]),
    ("cli", &["model", "text", "api", "wire", "desktop"]),
    (
        "doctor",
        &["model", "api", "engine", "net", "profile", "store"],
    ),
    (
        "first_start",
        &[
            "model", "api", "engine", "net", "profile", "wire", "doctor", "tui", "cli",
        ],
    ),
    (
        "demo",
        &[
            "model", "api", "engine", "net", "relay", "profile", "crypto", "wire",
        ],
    ),
];

/// Files that are one table and read better whole.
const LONGEST_FILE: usize = 600;

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn module_of(path: &Path, src: &Path) -> String {
    let relative = path.strip_prefix(src).unwrap();
    let first = relative.components().next().unwrap().as_os_str();
    first.to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The modules of this crate that a line of source names.
fn imports(line: &str) -> Vec<String> {
    line.split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .filter(|target| !target.is_empty())
        .collect()
}

#[test]
fn modules_only_import_the_layers_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut violations = Vec::new();
    for path in sources(&src) {
        let module = module_of(&path, &src);
        if module == "main" || module == "lib" {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            violations.push(format!("`{module}` stands in no layer; add it to LAYERS"));
            continue;
        };
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let is_doc = line.trim_start().starts_with("//");
            for target in imports(line).into_iter().filter(|_| !is_doc) {
                if target != module && !allowed.contains(&target.as_str()) {
                    let number = number + 1;
                    violations.push(format!("{}:{number}: `{target}`", path.display()));
                }
            }
        }
    }
    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn no_source_file_outgrows_one_sitting() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&src) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines; split it",
            path.display()
        );
    }
}
