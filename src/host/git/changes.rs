//! What lies between two looks at a repository, as git tells it: which files, how many lines, and which.
//!
//! Change here: what is read of git's words, and how much of a long difference is told. Not here: the looks (`trees.rs`).

use super::trees::{Looker, why_not};
use crate::domain::changes::{Count, FileChange, FileKind, Lines, NotNoted, Patch};
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// All lines of a difference together: with the names they fit into one frame, and nobody reads more of it at once.
const MOST_PATCH_BYTES: usize = 512 * 1024;
/// A file with more changed lines was made by a program; it would push all others out.
const MOST_FILE_LINES: u64 = 5_000;
/// So many such files are kept out of what git writes; an argument each.
const MOST_EXCLUDED: usize = 100;
/// Files that are told, and their names together: for the same frame.
const MOST_FILES: usize = 1_000;
const MOST_NAME_BYTES: usize = 128 * 1024;
/// A longer line was made by a program.
const MOST_LINE_CHARACTERS: usize = 1_000;
/// The list of a repository in which everything changed.
const MOST_LIST_BYTES: u64 = 32 * 1024 * 1024;

/// The files that differ, those with a name that comes first first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    pub count: Count,
    pub files: Vec<FileChange>,
    /// Files that have no room in the list.
    pub left_out: u32,
}

/// How many files and lines differ.
pub fn count(looker: &Looker, from: &str, to: &str) -> Result<Count, NotNoted> {
    Ok(count_of(&list(looker, from, to)?))
}

pub fn changes(looker: &Looker, from: &str, to: &str) -> Result<Changed, NotNoted> {
    let mut listed = list(looker, from, to)?;
    let count = count_of(&listed);
    let mut bytes = 0;
    let too_many = listed.iter().take(MOST_FILES).position(|file| {
        bytes += file.path.len() + file.from.len();
        bytes > MOST_NAME_BYTES
    });
    let told = too_many.unwrap_or(listed.len().min(MOST_FILES));
    let left_out = u32::try_from(listed.len() - told).unwrap_or(u32::MAX);
    listed.truncate(told);
    let patch = patch(looker, from, to, &listed)?;
    Ok(Changed { count, files: told_files(listed, &patch), left_out })
}

/// A file that differs, with its names as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    path: Vec<u8>,
    /// Where it was renamed; else empty.
    from: Vec<u8>,
    status: Status,
    /// None: binary.
    lines: Option<Lines>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    New,
    Changed,
    Deleted,
    Renamed,
    TypeChanged,
    Submodule,
}

impl Listed {
    fn is_too_long(&self) -> bool {
        self.lines.is_some_and(|lines| lines.added + lines.removed > MOST_FILE_LINES)
    }

    /// Of how many parts its patch is made.
    fn parts(&self) -> usize {
        // What was one thing is taken away, and another is added.
        if self.status == Status::TypeChanged { 2 } else { 1 }
    }

    fn kind(&self) -> FileKind {
        match self.status {
            Status::New => FileKind::New,
            Status::Changed => FileKind::Changed,
            Status::Deleted => FileKind::Deleted,
            Status::Renamed => FileKind::Renamed { from: name(&self.from) },
            Status::TypeChanged => FileKind::TypeChanged,
            Status::Submodule => FileKind::Submodule,
        }
    }
}

fn list(looker: &Looker, from: &str, to: &str) -> Result<Vec<Listed>, NotNoted> {
    let asked = ["diff-tree", "-r", "-z", "-M", "--raw", "--numstat", "--no-ext-diff", "--no-textconv", from, to];
    let said = looker.git(asked).first_bytes(MOST_LIST_BYTES).map_err(why_not)?;
    if said.len() as u64 > MOST_LIST_BYTES {
        return Err(NotNoted::TooMuch);
    }
    Ok(parse_list(&said))
}

fn count_of(listed: &[Listed]) -> Count {
    let lines = || listed.iter().filter_map(|file| file.lines);
    Count {
        files: u32::try_from(listed.len()).unwrap_or(u32::MAX),
        added: lines().map(|lines| lines.added).sum(),
        removed: lines().map(|lines| lines.removed).sum(),
    }
}

/// Reads `--raw --numstat -z`: first each file with what became of it, then each with its lines. A name is what stands between two zeros,
/// whatever it is made of.
fn parse_list(said: &[u8]) -> Vec<Listed> {
    let mut parts = said.split(|byte| *byte == 0);
    let mut listed = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    while let Some(part) = parts.next() {
        if part.first() == Some(&b':') {
            let Some(status) = status_of(part) else { continue };
            let Some(first) = parts.next() else { break };
            let (from, path) = match status {
                Status::Renamed => (first, parts.next().unwrap_or_default()),
                Status::New | Status::Changed | Status::Deleted | Status::TypeChanged | Status::Submodule => {
                    (&b""[..], first)
                }
            };
            places.insert(path.to_vec(), listed.len());
            listed.push(Listed { path: path.to_vec(), from: from.to_vec(), status, lines: None });
        } else if let Some((lines, path)) = lines_of(part) {
            // A renamed one has no name here, and its two names follow.
            let path = match path.is_empty() {
                true => parts.nth(1).unwrap_or_default(),
                false => path,
            };
            if let Some(file) = places.get(path).and_then(|at| listed.get_mut(*at)) {
                file.lines = lines;
            }
        }
    }
    listed
}

/// The end of `:100644 100644 1234.. 5678.. R090`.
fn status_of(raw: &[u8]) -> Option<Status> {
    let mut words = raw.get(1..)?.split(|byte| *byte == b' ');
    let modes = [words.next()?, words.next()?];
    Some(match words.nth(2)?.first()? {
        b'R' => Status::Renamed,
        _ if modes.contains(&&b"160000"[..]) => Status::Submodule,
        b'A' => Status::New,
        b'D' => Status::Deleted,
        b'T' => Status::TypeChanged,
        _ => Status::Changed,
    })
}

/// `4\t1\tsrc/main.rs`, with `-` instead of numbers for a binary file.
fn lines_of(part: &[u8]) -> Option<(Option<Lines>, &[u8])> {
    let mut words = part.splitn(3, |byte| *byte == b'\t');
    let (added, removed, path) = (words.next()?, words.next()?, words.next()?);
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    let lines = number(added).zip(number(removed)).map(|(added, removed)| Lines { added, removed });
    Some((lines, path))
}

/// The patch of all files but those that are too long; of a very long one its beginning.
fn patch(looker: &Looker, from: &str, to: &str, listed: &[Listed]) -> Result<Vec<u8>, NotNoted> {
    let asked = ["diff-tree", "-r", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", from, to, "--", "."];
    let too_long = listed.iter().filter(|file| file.is_too_long()).take(MOST_EXCLUDED);
    let names = too_long.flat_map(|file| [&file.path, &file.from]).filter(|name| !name.is_empty());
    let excluded = names.map(|name| OsString::from_vec([&b":(exclude,literal)"[..], name].concat()));
    let arguments = asked.into_iter().map(OsString::from).chain(excluded);
    looker.git(arguments).first_bytes(MOST_PATCH_BYTES as u64).map_err(why_not)
}

fn told_files(listed: Vec<Listed>, patch: &[u8]) -> Vec<FileChange> {
    let is_cut = patch.len() > MOST_PATCH_BYTES;
    let mut parts = parts_of(patch).into_iter();
    let mut room = MOST_PATCH_BYTES;
    let mut excluded = 0;
    let mut files = Vec::new();
    for file in listed {
        let is_excluded = file.is_too_long() && excluded < MOST_EXCLUDED;
        let own: Vec<&[u8]> = match is_excluded {
            true => Vec::new(),
            false => parts.by_ref().take(file.parts()).collect(),
        };
        excluded += usize::from(is_excluded);
        let whole = own.len() == file.parts() && !(is_cut && parts.len() == 0);
        let patch = match (own.is_empty(), file.lines) {
            (_, None) if whole => Patch::Binary,
            (true, _) => Patch::TooLong,
            (false, _) => fitting(&own, whole, &mut room),
        };
        files.push(FileChange { path: name(&file.path), kind: file.kind(), lines: file.lines, patch });
    }
    files
}

/// The patch of each file. No line of a patch begins like its head, for they all begin with a sign of their own.
fn parts_of(patch: &[u8]) -> Vec<&[u8]> {
    const HEAD: &[u8] = b"diff --git ";
    let mut starts = Vec::new();
    let mut at = 0;
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(HEAD) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| patch.get(*start..end)).collect()
}

/// The lines from the first `@@` on, as far as there is room.
fn fitting(parts: &[&[u8]], whole: bool, room: &mut usize) -> Patch {
    let mut text = String::new();
    for part in parts {
        let mut lines = part.split_inclusive(|byte| *byte == b'\n').skip_while(|line| !line.starts_with(b"@@"));
        for bytes in lines.by_ref() {
            let line = shown_line(bytes);
            match room.checked_sub(line.len()) {
                Some(left) => *room = left,
                None => {
                    *room = 0;
                    return Patch::Cut(text);
                }
            }
            text.push_str(&line);
        }
    }
    if whole { Patch::Text(text) } else { Patch::Cut(text) }
}

/// A line that no terminal takes amiss. What cannot be seen is made to be seen: in a difference it is what matters.
fn shown_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let mut line: String = text.chars().take(MOST_LINE_CHARACTERS).map(|sign| visible(sign, Tab::Kept)).collect();
    if text.chars().nth(MOST_LINE_CHARACTERS).is_some() {
        line.push('…');
    }
    line.push('\n');
    line
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|sign| visible(sign, Tab::Shown)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Kept,
    Shown,
}

/// Control characters have pictures of their own; those that reorder or hide what is read have one together.
fn visible(sign: char, tab: Tab) -> char {
    match sign {
        '\t' if tab == Tab::Kept => '\t',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(sign)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";

    fn raw(modes: &str, status: &str, names: &[&[u8]]) -> Vec<u8> {
        let mut part = format!(":{modes} {A} {A} {status}\0").into_bytes();
        for name in names {
            part.extend_from_slice(name);
            part.push(0);
        }
        part
    }

    #[test]
    fn names_are_what_stands_between_zeros_whatever_they_are_made_of() {
        let hostile = b"we\"ird\tn\nl :100644\xff";
        let said = [
            raw("100644 100755", "M", &[b"bin"]),
            raw("000000 100644", "A", &[b"1\t2\tx"]),
            raw("100644 100644", "R090", &[b"old\n", b"new\t"]),
            raw("120000 100644", "T", &[b"link"]),
            raw("160000 160000", "M", &[b"sub"]),
            raw("100644 000000", "D", &[hostile]),
            b"-\t-\tbin\0".to_vec(),
            b"1\t0\t1\t2\tx\0".to_vec(),
            b"4\t1\t\0old\n\0new\t\0".to_vec(),
            b"1\t1\tlink\0".to_vec(),
            b"1\t1\tsub\0".to_vec(),
            [&b"0\t7\t"[..], hostile, b"\0"].concat(),
        ]
        .concat();
        let listed = parse_list(&said);
        let short: Vec<_> = listed
            .iter()
            .map(|file| (name(&file.path), file.status, file.lines.map(|lines| (lines.added, lines.removed))))
            .collect();
        assert_eq!(
            short,
            [
                ("bin".to_owned(), Status::Changed, None),
                ("1␉2␉x".to_owned(), Status::New, Some((1, 0))),
                ("new␉".to_owned(), Status::Renamed, Some((4, 1))),
                ("link".to_owned(), Status::TypeChanged, Some((1, 1))),
                ("sub".to_owned(), Status::Submodule, Some((1, 1))),
                ("we\"ird␉n␊l :100644\u{fffd}".to_owned(), Status::Deleted, Some((0, 7))),
            ]
        );
        assert_eq!(name(&listed[2].from), "old␊");
        assert_eq!(count_of(&listed), Count { files: 6, added: 7, removed: 10 });
        for broken in [&b""[..], b":", b":100644", b"\0\0\0", b":100644 100644 1 2 R100\0old", b"1\t2", b"x\ty\tz\0"] {
            parse_list(broken);
        }
    }

    fn listed(path: &str, status: Status, lines: u64) -> Listed {
        let lines = Some(Lines { added: lines, removed: 0 });
        Listed { path: path.into(), from: Vec::new(), status, lines }
    }

    #[test]
    fn each_file_gets_its_own_part_of_the_patch() {
        let patch =
            b"diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+diff --git a\x1b[2J\r\n\
            diff --git a/l b/l\ndeleted file mode 120000\n@@ -1 +0,0 @@\n-f\n\\ No newline at end of file\n\
            diff --git a/l b/l\nnew file mode 100644\n@@ -0,0 +1 @@\n+now\n\
            diff --git a/m b/m\nold mode 100644\nnew mode 100755\n";
        let files = vec![
            listed("f", Status::Changed, 2),
            listed("huge", Status::New, MOST_FILE_LINES + 1),
            listed("l", Status::TypeChanged, 2),
            listed("m", Status::Changed, 0),
        ];
        let told = told_files(files, patch);
        let patches: Vec<&Patch> = told.iter().map(|file| &file.patch).collect();
        assert_eq!(
            patches,
            [
                &Patch::Text("@@ -1 +1 @@\n-a\n+diff --git a␛[2J␍\n".into()),
                &Patch::TooLong,
                &Patch::Text("@@ -1 +0,0 @@\n-f\n\\ No newline at end of file\n@@ -0,0 +1 @@\n+now\n".into()),
                &Patch::Text(String::new()),
            ]
        );
    }

    #[test]
    fn a_long_patch_is_cut_and_what_has_no_room_is_said() {
        let line = format!("+{}\n", "x".repeat(99));
        let body = line.repeat(MOST_PATCH_BYTES / line.len());
        let mut patch = format!("diff --git a/a b/a\n@@ -0,0 +1,9 @@\n{body}{body}").into_bytes();
        patch.truncate(MOST_PATCH_BYTES + 1);
        let told = told_files(vec![listed("a", Status::New, 10), listed("b", Status::New, 1)], &patch);
        assert!(matches!(&told[0].patch, Patch::Cut(text) if text.len() > MOST_PATCH_BYTES / 2));
        assert_eq!(told[1].patch, Patch::TooLong);
    }

    #[test]
    fn lines_show_what_would_be_hidden_and_no_line_is_endless() {
        assert_eq!(shown_line(b"+\ta\x07\xe2\x80\xaeb\xff\n"), "+\ta␇\u{fffd}b\u{fffd}\n");
        assert_eq!(
            shown_line("é".repeat(MOST_LINE_CHARACTERS + 5).as_bytes()).chars().count(),
            MOST_LINE_CHARACTERS + 2
        );
    }
}
