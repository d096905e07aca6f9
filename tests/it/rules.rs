//! The table of rules in docs/reliability.md: every rule has tests, and every test that it names exists.

use std::fs;
use std::path::{Path, PathBuf};

const RULES: [&str; 26] = [
    "S1", "S2", "S3", "S4", "S5", "S6", "P1", "P2", "P3", "P4", "P5", "P6", "T1", "T2", "T3", "T4", "T5", "H1", "H2",
    "H3", "H4", "H5", "H6", "X1", "X2", "X3",
];

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
}

#[test]
fn every_rule_has_tests_and_they_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/reliability.md")).expect("the page");
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        sources(&root.join(folder), &mut files);
    }
    let code: String = files.iter().map(|file| fs::read_to_string(file).expect("a source")).collect();
    let mut wrong = Vec::new();
    for rule in RULES {
        let row = page.lines().find(|line| line.starts_with(&format!("| {rule} |")));
        let names: Vec<&str> = row.unwrap_or_default().split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            wrong.push(format!("{rule} has no test"));
        }
        let gone = names.into_iter().filter(|name| !code.contains(&format!("fn {name}(")));
        wrong.extend(gone.map(|name| format!("{rule}: {name} is not there")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
