//! What a turn changed in the files of a repository: how they were when it began and when it ended, and what lies between.
//!
//! Change here: what is remembered of a look at the files, and what a difference tells. Not here: asking git (`host/git/`).

use super::id::TurnNumber;
use serde::{Deserialize, Serialize};

/// The files of a repository around a turn. All of its folder counts, whoever changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trees {
    /// The repository's top folder.
    pub top: String,
    pub began: Noted,
    /// None while it runs, and where no host was there at its end.
    #[serde(default)]
    pub ended: Option<Noted>,
    /// What lies between the two; none where one of them is not known.
    #[serde(default)]
    pub count: Option<Count>,
}

/// A look at the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noted {
    Tree {
        /// Git's name for all of them together.
        id: String,
        /// Files that are too large, or cannot be read: they stand there as they were committed last, or not at all.
        left_out: u32,
    },
    Not(NotNoted),
}

/// Why a look brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotNoted {
    NoGit,
    TookTooLong,
    /// More is not committed there than is kept.
    TooMuch,
    /// What is kept of this conversation has grown as large as it may.
    Full,
    /// In git's words, or in those of the two below.
    Failed(String),
}

impl NotNoted {
    /// The person's configuration, which lies there, says so.
    pub fn turned_off(config: &str) -> NotNoted {
        NotNoted::Failed(format!("noting of files is turned off: note = false in [changes] in {config}"))
    }

    /// It made room, or the person removed it.
    pub fn removed() -> NotNoted {
        let why = "what was noted is not kept any more: all that is noted has a limit, and the oldest makes room";
        NotNoted::Failed(why.into())
    }

    /// The reason with the next step, where there is one.
    pub fn text(&self) -> String {
        match self {
            NotNoted::NoGit => {
                "git was not found where the host was started; install it, then: threadkeep host restart".into()
            }
            NotNoted::TookTooLong => "git took too long to look at all files of this repository".into(),
            NotNoted::TooMuch => {
                "more files are not committed there than are kept; commit them, or name them in .gitignore".into()
            }
            NotNoted::Full => "what is kept of this conversation's files has grown too large; fork it to go on".into(),
            NotNoted::Failed(why) => why.clone(),
        }
    }
}

/// How much was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    pub files: u32,
    /// Lines; binary files have none.
    pub added: u64,
    pub removed: u64,
}

impl Count {
    /// `3 files +41 -7`.
    pub fn words(self) -> String {
        match self.files {
            0 => "no file changed".to_owned(),
            count => format!("{} +{} -{}", files(count), self.added, self.removed),
        }
    }
}

fn files(count: u32) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// Which difference is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// From the turn's beginning to its end; while it runs, until now.
    #[default]
    Turn,
    /// From the turn's beginning until now.
    UntilNow,
}

impl Span {
    pub fn other(self) -> Span {
        match self {
            Span::Turn => Span::UntilNow,
            Span::UntilNow => Span::Turn,
        }
    }
}

/// The difference between two looks, file by file, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    pub turn: TurnNumber,
    pub span: Span,
    /// Where it ends: the turn's end, or now.
    pub until: Until,
    /// The repository's top folder, below which the names stand.
    pub top: String,
    pub count: Count,
    pub files: Vec<FileChange>,
    /// Changed files that are not in the list: there are too many.
    #[serde(default)]
    pub files_left_out: u32,
    /// Files that were not looked at: too large, or not to be read.
    #[serde(default)]
    pub not_looked_at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    TurnEnd,
    Now,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// What is no UTF-8 in it is shown as a question mark in a box.
    pub path: String,
    pub kind: FileKind,
    /// None for a binary file.
    pub lines: Option<Lines>,
    pub patch: Patch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    pub added: u64,
    pub removed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    New,
    Changed,
    Deleted,
    Renamed {
        from: String,
    },
    /// A link where a file was, say.
    TypeChanged,
    /// A repository within this one stands at another commit.
    Submodule,
}

impl FileKind {
    pub fn word(&self) -> &'static str {
        match self {
            FileKind::New => "new",
            FileKind::Changed => "changed",
            FileKind::Deleted => "deleted",
            FileKind::Renamed { .. } => "renamed",
            FileKind::TypeChanged => "type changed",
            FileKind::Submodule => "submodule",
        }
    }

    /// One letter, as git has it.
    pub fn letter(&self) -> char {
        match self {
            FileKind::New => 'A',
            FileKind::Changed => 'M',
            FileKind::Deleted => 'D',
            FileKind::Renamed { .. } => 'R',
            FileKind::TypeChanged => 'T',
            FileKind::Submodule => 'S',
        }
    }
}

/// What a file's lines were and are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patch {
    /// In the unified form, from the first `@@` on; empty where only name or rights changed.
    Text(String),
    /// It is longer than is shown: this is its beginning.
    Cut(String),
    Binary,
    /// Not shown, as it or all of them together are too long.
    TooLong,
}

impl Patch {
    /// What is to be known of a patch that is not there as it is; empty where it is.
    pub fn note(&self) -> &'static str {
        match self {
            Patch::Text(_) => "",
            Patch::Cut(_) => "the rest is too long to be shown",
            Patch::Binary => "no text",
            Patch::TooLong => "too long to be shown",
        }
    }
}

impl Diff {
    /// What the list does not have, a line each.
    pub fn left_out_words(&self) -> Vec<String> {
        let many = (self.files_left_out > 0)
            .then(|| format!("{} more changed, and have no room in this list", files(self.files_left_out)));
        let large = (self.not_looked_at > 0)
            .then(|| format!("{} not looked at: larger than 4 MiB, or not to be read", files(self.not_looked_at)));
        many.into_iter().chain(large).collect()
    }
}

impl FileChange {
    /// `M src/main.rs +4 -1`, with the name that it had.
    pub fn words(&self) -> String {
        format!("{} {} {}", self.kind.letter(), self.name_words(), self.lines_words())
    }

    /// With the name that it had.
    pub fn name_words(&self) -> String {
        match &self.kind {
            FileKind::Renamed { from } => format!("{from} -> {}", self.path),
            FileKind::New | FileKind::Changed | FileKind::Deleted | FileKind::TypeChanged | FileKind::Submodule => {
                self.path.clone()
            }
        }
    }

    /// With a head as every program that reads differences knows it.
    pub fn unified(&self) -> String {
        let to = &self.path;
        let (from, kind) = match &self.kind {
            FileKind::Renamed { from } => (from, format!("\nrename from {from}\nrename to {to}")),
            kind @ (FileKind::New | FileKind::Deleted | FileKind::TypeChanged | FileKind::Submodule) => {
                (to, format!("\n{}", kind.word()))
            }
            FileKind::Changed => (to, String::new()),
        };
        let old = if self.kind == FileKind::New { "/dev/null".to_owned() } else { format!("a/{from}") };
        let new = if self.kind == FileKind::Deleted { "/dev/null".to_owned() } else { format!("b/{to}") };
        let lines = |lines: &str| format!("\n--- {old}\n+++ {new}\n{}", lines.trim_end_matches('\n'));
        let patch = match &self.patch {
            Patch::Text(text) if text.is_empty() => String::new(),
            Patch::Text(text) => lines(text),
            Patch::Cut(text) => format!("{}\n({})", lines(text), self.patch.note()),
            Patch::Binary | Patch::TooLong => format!("\n({}: {})", self.patch.note(), self.lines_words()),
        };
        format!("diff --git a/{from} b/{to}{kind}{patch}")
    }

    /// `+4 -1`, or `binary`.
    pub fn lines_words(&self) -> String {
        match self.lines {
            Some(Lines { added, removed }) => format!("+{added} -{removed}"),
            None => "binary".to_owned(),
        }
    }
}
