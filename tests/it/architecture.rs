//! The arrows between modules, the homes of libraries, and what stands nowhere: ARCHITECTURE.md as a test.
//!
//! Change here: an arrow or a home, together with ARCHITECTURE.md. Comments, texts and tests count only where a rule says so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our modules each top module may name.
const ARROWS: [(&str, &[&str]); 18] = [
    ("point", &[]),
    ("domain", &[]),
    ("terminal", &[]),
    ("paths", &[]),
    ("lock", &[]),
    ("spool", &["paths"]),
    ("config", &["domain", "terminal"]),
    ("protocol", &["domain", "terminal"]),
    ("agent", &["domain"]),
    ("store", &["domain", "lock", "point"]),
    ("client", &["protocol", "domain", "terminal", "paths"]),
    ("holder", &["paths", "lock"]),
    (
        "host",
        &["store", "agent", "holder", "terminal", "protocol", "domain", "config", "paths", "lock", "point", "spool"],
    ),
    ("json", &["protocol", "domain"]),
    ("export", &["client", "protocol", "domain", "terminal", "json"]),
    ("cli", &["client", "protocol", "domain", "terminal", "config", "paths", "json", "export", "spool"]),
    ("tui", &["client", "protocol", "domain", "terminal", "config", "paths", "export"]),
    ("main", &["cli", "client", "config", "host", "paths", "tui"]),
];

/// The files that may name one more: the verbs that are the doors of host and holder, how both are started, those that know the actions of
/// the window's keymap or take the terminal, and those that look after or into a store that no host can open.
const ARROWS_OF_FILES: [(&str, &str); 14] = [
    ("cli/config.rs", "tui"),
    ("cli/attach.rs", "tui"),
    ("cli/doctor/keys.rs", "tui"),
    ("cli/host.rs", "host"),
    ("cli/host.rs", "holder"),
    ("cli/holder.rs", "host"),
    ("cli/holder.rs", "holder"),
    ("cli/launch.rs", "host"),
    ("cli/look.rs", "host"),
    ("cli/look.rs", "store"),
    ("cli/doctor.rs", "store"),
    ("cli/mod.rs", "store"),
    ("cli/repair.rs", "store"),
    ("cli/repair.rs", "lock"),
];

/// Where alone each library may be named: a file, or a folder with all in it.
const HOMES: [(&str, &[&str]); 12] = [
    ("rusqlite", &["store/"]),
    ("portable_pty", &["holder/start.rs"]),
    ("ratatui", &["tui/"]),
    ("ratatui_textarea", &["tui/"]),
    ("crossterm", &["tui/"]),
    ("alacritty_terminal", &["terminal/emulator/"]),
    ("nucleo_matcher", &["tui/fuzzy.rs"]),
    ("ignore", &["tui/files.rs"]),
    ("clap", &["cli/", "main.rs"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("tokio", &["host/"]),
];

/// Values in, values out: no files, sockets, processes, clock or waiting.
const PURE: [&str; 7] =
    ["domain/", "agent/", "terminal/", "protocol/", "host/core/", "host/event.rs", "host/effect.rs"];
const WORLD: [&str; 7] = ["fs", "net", "process", "env", "thread", "os", "io"];
const CLOCK_AND_WAITING: [&str; 4] = ["Instant::now", "SystemTime::now", "async", "await"];

/// A profile describes an agent; a name in the code means that the profile lacks a field.
const AGENTS: [&str; 9] = ["claude", "codex", "gemini", "opencode", "qwen", "bash", "zsh", "fish", "dash"];

const NAMELESS: [&str; 4] = ["util", "helpers", "common", "misc"];

#[test]
fn modules_name_only_those_that_the_arrows_lead_to() {
    let sources = sources();
    let mut wrong = Vec::new();
    for source in &sources {
        if source.name == "lib.rs" {
            continue;
        }
        let top = source.top();
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == top) else {
            wrong.push(format!("{}: module {top} has no line in ARROWS", source.name));
            continue;
        };
        let root = if top == "main" { "threadkeep" } else { "crate" };
        for named in first_names(&source.code, root) {
            let is_ours = ARROWS.iter().any(|(module, _)| *module == named);
            let may = named == top
                || allowed.contains(&named.as_str())
                || ARROWS_OF_FILES.contains(&(source.name.as_str(), named.as_str()));
            if is_ours && !may {
                wrong.push(format!("{} names {named}", source.name));
            }
        }
        if climbs_out(source) {
            wrong.push(format!("{} leaves its module by super", source.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn libraries_are_named_only_at_home() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, homes) in HOMES {
            if has_word(&source.code, library) && !homes.iter().any(|home| source.lies_in(home)) {
                wrong.push(format!("{} names {library}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_modules_touch_no_world_and_no_clock() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.iter().any(|place| source.lies_in(place))) {
        for named in first_names(&source.code, "std") {
            if WORLD.contains(&named.as_str()) {
                wrong.push(format!("{} names std::{named}", source.name));
            }
        }
        for word in CLOCK_AND_WAITING {
            if has_word(&source.code, word) {
                wrong.push(format!("{} names {word}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let folders = ["src", "tests", "benches"];
    let files = folders.iter().flat_map(|folder| rust_files(&root().join(folder)));
    let wrong: Vec<_> = files.filter(|file| !read(file).starts_with("//! ")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_agent_and_no_shell_is_named_in_the_code() {
    let mut wrong = Vec::new();
    for source in sources() {
        // Texts and comments count as well: what is true of one agent only belongs into its profile.
        let text = source.text_without_tests.to_lowercase();
        for agent in AGENTS {
            if has_word(&text, agent) {
                wrong.push(format!("{} names {agent}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_panics_on_purpose() {
    let mut wrong = Vec::new();
    for source in sources() {
        for call in [".unwrap()", "panic!", "todo!", "unimplemented!"] {
            if source.code.contains(call) {
                wrong.push(format!("{} has {call}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where a descriptor is known only by its number: portable-pty lends one so, and what was inherited has no owner that could be asked.
const UNSAFE: [&str; 2] = ["holder/start.rs", "host/descriptors.rs"];

#[test]
fn unsafe_code_stands_in_two_files() {
    let sources = sources();
    let named: Vec<_> = sources.iter().filter(|source| has_word(&source.code, "unsafe")).collect();
    let names: Vec<_> = named.iter().map(|source| source.name.as_str()).collect();
    assert!(names.iter().all(|name| UNSAFE.contains(name)), "{names:?}");
}

#[test]
fn no_file_is_named_for_not_having_a_name() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .map(|source| source.name)
        .filter(|name| name.trim_end_matches(".rs").split('/').any(|part| NAMELESS.contains(&part)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn these_rules_see_what_they_are_to_forbid() {
    let code = blank_comments_and_texts(
        "use crate::{a, b::{c, d}, e as f}; // crate::no\nlet x = \"crate::no\"; crate::g::h();",
    );
    assert_eq!(first_names(&code, "crate"), ["a", "b", "e", "g"].map(String::from).into());
    let lifetimes =
        blank_comments_and_texts("fn f<'a>(x: &'a str) -> char { '\"' } fn g() { '\\''; r#\"un\"safe\"#; unsafe }");
    assert!(has_word(&lifetimes, "unsafe") && !lifetimes.contains("un\""), "{lifetimes}");
    let whole =
        "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { panic!() } }\nfn c() {}\n#[cfg(test)]\npub mod d;\nfn e() {}";
    let kept = blank_tests(whole, whole);
    assert!(["fn a", "fn c", "fn e"].iter().all(|name| kept.contains(name)), "{kept}");
    assert!(["fn b", "panic!", "mod d"].iter().all(|name| !kept.contains(name)), "{kept}");
    assert!(!has_word("unsafe_code ratatui_textarea", "unsafe") && !has_word("ratatui_textarea", "ratatui"));
}

/// A file of `src` that is not only for tests.
struct Source {
    /// Its path below `src`.
    name: String,
    text_without_tests: String,
    /// The same without comments and texts.
    code: String,
}

impl Source {
    /// The top module it belongs to.
    fn top(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or(&self.name);
        first.trim_end_matches(".rs")
    }

    fn lies_in(&self, place: &str) -> bool {
        if place.ends_with('/') { self.name.starts_with(place) } else { self.name == place }
    }

    /// How many names lead to its module from the crate: `a/b.rs` and `a/b/mod.rs` are 2.
    fn depth(&self) -> usize {
        self.name.split('/').filter(|part| *part != "mod.rs").count()
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let files = rust_files(&src);
    let mut only_tests = BTreeSet::new();
    let mut sources = Vec::new();
    for file in &files {
        let text = read(file);
        let code = blank_comments_and_texts(&text);
        only_tests.extend(test_modules(&code).iter().flat_map(|module| files_of(file, module)));
        let name = file.strip_prefix(&src).expect("it lies there").to_string_lossy().into_owned();
        let source = Source { name, text_without_tests: blank_tests(&text, &code), code: blank_tests(&code, &code) };
        sources.push((file, source));
    }
    assert!(sources.len() > 30, "the sources are found");
    let is_for_tests = |file: &Path| only_tests.iter().any(|only| file.starts_with(only));
    sources.into_iter().filter(|(file, _)| !is_for_tests(file)).map(|(_, source)| source).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("a source can be read")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Where the module `name`, declared in `file`, may lie.
fn files_of(file: &Path, name: &str) -> [PathBuf; 2] {
    let folder = match file.file_name().and_then(|name| name.to_str()) {
        Some("mod.rs" | "lib.rs" | "main.rs") => file.parent().expect("a file lies in a folder").to_owned(),
        _ => file.with_extension(""),
    };
    [folder.join(format!("{name}.rs")), folder.join(name)]
}

/// Whether it names, by a chain of `super`, what lies beside or above its top module.
fn climbs_out(source: &Source) -> bool {
    let longest = (1..9).rev().find(|count| source.code.contains(&"super::".repeat(*count))).unwrap_or(0);
    longest >= source.depth()
}

/// The names right behind `root::`, those in braces as well.
fn first_names(code: &str, root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(&format!("{root}::")) {
        if code[..at].ends_with(is_part_of_name) || code[..at].ends_with("::") {
            continue;
        }
        let rest = &code[at + root.len() + 2..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(first_level(list)),
            None => names.extend(name_at(rest)),
        }
    }
    names
}

/// The first name of each part of a list in braces, which ends with the closing one.
fn first_level(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, sign) in list.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            sign if begins && is_part_of_name(sign) => {
                names.extend(name_at(&list[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn name_at(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|sign| is_part_of_name(*sign)).collect();
    (!name.is_empty()).then_some(name)
}

fn is_part_of_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part_of_name) && !text[at + word.len()..].starts_with(is_part_of_name))
}

/// The modules that are declared for tests only and lie in files of their own.
fn test_modules(code: &str) -> Vec<String> {
    test_items(code)
        .into_iter()
        .filter_map(|(from, to)| {
            let item = &code[from..to];
            let (_, name) = item.strip_suffix(';')?.rsplit_once("mod ")?;
            Some(name.trim().to_owned())
        })
        .collect()
}

/// From where to where each item under `#[cfg(test)]` goes. In `code`, brackets are brackets.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut items = Vec::new();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let mut depth = 0;
        let end = code[at..].char_indices().find(|(_, sign)| match sign {
            '{' => {
                depth += 1;
                false
            }
            '}' => {
                depth -= 1;
                depth == 0
            }
            ';' => depth == 0,
            _ => false,
        });
        items.push((at, end.map_or(code.len(), |(end, _)| at + end + 1)));
    }
    items
}

/// The text with blanks where `code`, which is as long, has items for tests.
fn blank_tests(text: &str, code: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (from, to) in test_items(code) {
        bytes[from..to].fill(b' ');
    }
    String::from_utf8(bytes).expect("whole items were blanked")
}

/// The code with blanks in the place of comments and of what stands in texts, as long as before.
fn blank_comments_and_texts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let after_name = out.ends_with(is_part_of_name);
        let blank = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if sign == 'r' && !after_name && raw_text(rest).is_some() {
            raw_text(rest).unwrap_or_default()
        } else if sign == '"' {
            quoted(rest, '"')
        } else if sign == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            0
        };
        if blank == 0 {
            out.push(sign);
            rest = &rest[sign.len_utf8()..];
        } else {
            out.extend(rest[..blank].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            rest = &rest[blank..];
        }
    }
    out
}

/// The length of a raw text, such as r#"..."#, if one begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|sign| *sign == '#').count();
    let inside = rest[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + inside.find(&end)? + end.len())
}

/// The length of a text in quotes with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            sign if sign == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Whether the quote begins a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut signs = rest.chars().skip(1);
    match signs.next() {
        Some('\\') => true,
        Some(_) => signs.next() == Some('\''),
        None => false,
    }
}
