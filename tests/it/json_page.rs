//! docs/json.md against what the verbs print: the same fields, of the types that stand there.

use crate::home::Home;
use crate::requests::{coder_tab, home_with_coder};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of each shape with their types, as the page has them.
struct Page(BTreeMap<String, BTreeMap<String, String>>);

impl Page {
    fn read() -> Page {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).expect("it is there");
        let mut shapes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut shape = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("## ") {
                shape = name.to_owned();
            }
            let mut cells = line.split('|').map(str::trim).skip(1);
            let field = cells.next().and_then(|cell| cell.strip_prefix('`')?.strip_suffix('`'));
            if let (Some(field), Some(kind)) = (field, cells.next()) {
                shapes.entry(shape.clone()).or_default().insert(field.to_owned(), kind.to_owned());
            }
        }
        Page(shapes)
    }

    #[track_caller]
    fn check(&self, shape: &str, value: &Value) {
        self.check_fields(shape, value.as_object().unwrap_or_else(|| panic!("{shape}: {value}")), &BTreeSet::new());
        assert_eq!(value["version"], 1, "{shape}: {value}");
    }

    fn check_fields(&self, shape: &str, told: &Map<String, Value>, left_out: &BTreeSet<&str>) {
        let fields = self.0.get(shape).unwrap_or_else(|| panic!("the page has no {shape}"));
        let wanted: BTreeSet<&str> =
            fields.keys().map(String::as_str).filter(|field| !left_out.contains(field)).collect();
        assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), wanted, "{shape}");
        for (field, value) in told {
            self.check_type(&format!("{shape}.{field}"), &fields[field], value);
        }
    }

    fn check_type(&self, place: &str, kind: &str, value: &Value) {
        let (kind, may_be_null) = kind.strip_suffix(" or null").map_or((kind, kind == "null"), |kind| (kind, true));
        let well = match (kind, value) {
            (_, Value::Null) => may_be_null,
            ("number", value) => value.is_number(),
            ("text", value) => value.is_string(),
            ("bool", value) => value.is_boolean(),
            ("list", value) => value.is_array(),
            (kind, Value::Array(items)) => match kind.strip_prefix("list of ") {
                Some(kind) => {
                    items.iter().for_each(|item| self.check_type(place, kind, item));
                    true
                }
                None => false,
            },
            // A part has no version of its own.
            (kind, Value::Object(told)) => {
                self.check_fields(kind, told, &BTreeSet::from(["version"]));
                true
            }
            (_, _) => false,
        };
        assert!(well, "{place} is {value}, not {kind}");
    }
}

#[test]
fn every_verb_prints_what_the_page_describes() {
    let (home, page) = (Home::new(), Page::read());
    for verb in [&["status", "--json"][..], &["host", "status", "--json"]] {
        page.check("no host", &home.run(verb).ended_with(7).json());
    }
    page.check("new", &home.run(&["new", "--json"]).done().json());
    page.check("no turn", &home.run(&["wait", "--json"]).done().json());
    page.check("no turn", &home.run(&["interrupt", "--json"]).done().json());
    page.check("send", &home.run(&["send", "--json", " "]).ended_with(6).json());
    page.check("ls", &home.run(&["ls", "--json"]).done().json());
    page.check("send", &home.run(&["send", "--json", "echo needle"]).done().json());
    page.check("turn", &home.run(&["wait", "--json"]).done().json());
    page.check("send --wait", &home.run(&["send", "--json", "--wait", "false"]).ended_with(1).json());
    page.check("ls", &home.run(&["ls", "--json"]).done().json());
    page.check("status", &home.run(&["status", "--json"]).done().json());
    for turn in home.run(&["log", "--json"]).done().json_lines() {
        page.check("turn", &turn);
    }
    for decision in home.run(&["why", "--json"]).done().json_lines() {
        page.check("why", &decision);
    }
    let top = home.work();
    for command in ["git init -q", "echo a > file; printf '\\0' > binary"] {
        page.check("send --wait", &home.run(&["send", "--json", "--wait", command]).done().json());
    }
    assert!(top.join("file").exists());
    page.check("diff", &home.run(&["diff", "--json"]).done().json());
    page.check("diff", &home.run(&["diff", "--json", "--stat"]).done().json());
    for turn in home.run(&["log", "--json"]).done().json_lines() {
        page.check("turn", &turn);
    }
    page.check("search", &home.run(&["search", "--json", "needle"]).done().json_lines()[0]);
    page.check("model", &home.run(&["model", "--json"]).done().json());
    page.check("host status", &home.run(&["host", "status", "--json"]).done().json());
    page.check("host restart", &home.run(&["host", "restart", "--json"]).done().json());
    page.check("doctor", &home.run(&["doctor", "--json"]).done().json());
    let exported = home.run(&["export", "--json"]).done().stdout;
    page.check("export --format json", &serde_json::from_str(&exported).expect("it is JSON"));
    page.check("handover", &home.run(&["handover", "generic", "--json"]).done().json());
    page.check("fork", &home.run(&["fork", "--json", "-c", "1"]).done().json());
    page.check("fork --brief", &home.run(&["fork", "--json", "--brief", "-c", "1"]).done().json());
    home.run(&["ls", "--json"]).done().json_lines().iter().for_each(|one| page.check("ls", one));
    page.check("archive", &home.run(&["archive", "-c", "2", "--json"]).done().json());
    page.check("fresh --brief", &home.run(&["fresh", "-c", "1", "--brief", "--json"]).done().json());
    page.check("resume", &home.run(&["resume", "-c", "1", "--json"]).done().json());
    page.check("fresh", &home.run(&["fresh", "-c", "1", "--json"]).done().json());
    page.check("rm", &home.run(&["rm", "-c", "1", "--yes", "--json"]).done().json());
    page.check("host stop", &home.run(&["host", "stop", "--json"]).done().json());
}

#[test]
fn what_the_agent_asks_is_told_as_the_page_describes() {
    let (home, page) = (home_with_coder(), Page::read());
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    let asked = tab.run("wait", &["--or-asked", "--json"]).ended_with(8).json();
    assert_eq!(asked["requests"][0]["kind"], "permission", "{asked}");
    page.check("turn", &asked);
    page.check("ls", &home.run(&["ls", "--json"]).done().json());
    page.check("answer", &tab.run("answer", &["allow", "--json"]).done().json());
    page.check("turn", &tab.run("wait", &["--json"]).done().json());
}

/// A test of the page that lets anything through would be worth nothing.
#[test]
#[should_panic(expected = "no_such")]
fn a_field_that_the_page_does_not_have_is_found() {
    let mut told = serde_json::json!({ "version": 1, "conversation": 1 });
    Page::read().check("new", &told);
    told["no_such"] = Value::Null;
    Page::read().check("new", &told);
}

/// What nobody says any more helps nobody who reads it.
#[test]
fn what_the_page_of_troubles_quotes_is_said_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/troubleshooting.md")).expect("it is there");
    let source = sources(&root.join("src"));
    let mut quoted = 0;
    for symptom in page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()) {
        for quote in symptom.split('`').skip(1).step_by(2) {
            let pieces = ["...", "PID", "FILE", "3", " A ", " B"]
                .iter()
                .fold(vec![quote], |pieces, word| pieces.into_iter().flat_map(|piece| piece.split(*word)).collect());
            let longest = pieces.into_iter().max_by_key(|piece| piece.len()).unwrap_or_default();
            assert!(source.contains(longest.trim_matches([' ', '(', ')'])), "nothing says {longest:?} ({quote})");
            quoted += 1;
        }
    }
    assert!(quoted > 15, "the page quotes what is said");
}

fn sources(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap_or_default() })
        .collect()
}
