//! A git worktree of a conversation's own: where it is, what stands in it, and what a branch may be called.
//!
//! Not here: running git (`host/git.rs`).

use serde::{Deserialize, Serialize};

/// Longer names help nobody and break folders.
const MOST_BRANCH_CHARACTERS: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktree {
    /// Its top folder.
    pub path: String,
    /// The top folder of the repository that it was made of.
    pub repository: String,
    pub branch: String,
    pub branch_by: BranchBy,
}

/// Who made its branch: one of the person's is never removed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchBy {
    Us,
    Person,
}

/// What stands in a worktree and nowhere else, as git counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Work {
    /// Files with changes that are not committed.
    pub changed: u32,
    /// Files that git does not know, without ignored ones.
    pub untracked: u32,
    /// Commits that no other branch, tag or remote has.
    pub ahead: u32,
}

impl Work {
    pub fn is_nothing(self) -> bool {
        self == Work::default()
    }

    /// `3 changed, 1 untracked, 2 commits`; empty where there is nothing.
    pub fn words(self) -> String {
        let pieces = [
            (self.changed, "changed".to_owned()),
            (self.untracked, "untracked".to_owned()),
            (
                self.ahead,
                if self.ahead == 1 { "commit of its own".to_owned() } else { "commits of its own".to_owned() },
            ),
        ];
        let some = pieces.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    }
}

/// A name that git takes for a branch and every system for a folder, made of what a person wrote; none where nothing is left of it.
pub fn branch_name(written: &str) -> Option<String> {
    let kept = |sign: char| if sign.is_alphanumeric() || matches!(sign, '_' | '.' | '/') { sign } else { '-' };
    let signs: String = written.trim().chars().map(kept).take(MOST_BRANCH_CHARACTERS).collect();
    // Each part between slashes begins and ends with a letter, a digit or `_`, and holds no two dots or dashes in a row.
    let part = |part: &str| {
        let mut clean = part.to_owned();
        while clean.contains("..") || clean.contains("--") {
            clean = clean.replace("..", ".").replace("--", "-");
        }
        let clean = clean.trim_matches(['-', '.']);
        clean.strip_suffix(".lock").unwrap_or(clean).trim_matches(['-', '.']).to_owned()
    };
    let parts: Vec<String> = signs.split('/').map(part).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_called_as_it_was_written_as_far_as_git_takes_that() {
        for (written, branch) in [
            ("fix-login", Some("fix-login")),
            ("feature/fix login", Some("feature/fix-login")),
            (" --force", Some("force")),
            ("a..b//c~1^:?*[\\", Some("a.b/c-1")),
            ("x.lock", Some("x")),
            (".hidden/-dash", Some("hidden/dash")),
            ("Büro 日本", Some("Büro-日本")),
            ("@{-1}", Some("1")),
            ("../../etc", Some("etc")),
            ("--- ..", None),
            ("", None),
        ] {
            assert_eq!(branch_name(written).as_deref(), branch, "{written:?}");
        }
        assert!(branch_name(&"x".repeat(500)).unwrap().len() <= MOST_BRANCH_CHARACTERS);
    }

    #[test]
    fn what_stands_in_it_is_said_in_few_words() {
        assert_eq!(Work::default().words(), "");
        assert_eq!(Work { changed: 3, untracked: 0, ahead: 1 }.words(), "3 changed, 1 commit of its own");
    }
}
