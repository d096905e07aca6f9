//! Paths of files that an agent writes, with holes and `*`: which paths are meant, and which id a path carries.
//!
//! Change here: a new hole. `*` stands for any part of one name, never for a `/`. Not here: listing folders (host).

use super::identity::AgentId;
use super::template::{self, Piece};
use serde::Deserialize;

/// A path as a profile writes it, for example `{state}/projects/{cwd_dashed}/{id}.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PathTemplate(Vec<Piece<PathHole>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathHole {
    Any,
    State,
    Home,
    Cwd,
    CwdDashed,
    Pid,
    Id,
    Dir,
}

/// What fills the holes of a path. What is not known yet leaves out the paths that ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The agent's own folder (`Profile::state_folder`).
    pub state: Option<&'a str>,
    pub home: Option<&'a str>,
    /// The folder that the process was started in.
    pub cwd: &'a str,
    pub pid: Option<u32>,
    /// The agent's own id of its session.
    pub id: Option<&'a AgentId>,
    /// The session's private folder.
    pub dir: &'a str,
}

/// A path with `*` left in it and, where it is looked for, the place of the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    /// The id, or the rest of one whose beginning is known.
    Id {
        begins: String,
    },
}

impl PathTemplate {
    /// The path for these places; none where it asks for something that is not known.
    pub fn fill(&self, places: &Places) -> Option<Glob> {
        let part = |piece: &Piece<PathHole>| match piece {
            Piece::Hole(PathHole::Id) => places.id.map(|id| Part::Text(id.as_str().to_owned())),
            other => other_part(other, places),
        };
        self.0.iter().map(part).collect::<Option<_>>().map(Glob)
    }

    /// The same, where the id is what is looked for; of it perhaps the beginning is known.
    pub fn fill_but_id(&self, places: &Places, begins: &str) -> Option<Glob> {
        let part = |piece: &Piece<PathHole>| match piece {
            Piece::Hole(PathHole::Id) => Some(Part::Id { begins: begins.to_owned() }),
            other => other_part(other, places),
        };
        self.0.iter().map(part).collect::<Option<_>>().map(Glob)
    }

    pub fn asks_for_id(&self) -> bool {
        self.0.contains(&Piece::Hole(PathHole::Id))
    }
}

fn other_part(piece: &Piece<PathHole>, places: &Places) -> Option<Part> {
    let text = match piece {
        Piece::Text(text) => text.clone(),
        Piece::Hole(PathHole::Any) => return Some(Part::Any),
        Piece::Hole(PathHole::State) => places.state?.to_owned(),
        Piece::Hole(PathHole::Home) => places.home?.to_owned(),
        Piece::Hole(PathHole::Cwd) => places.cwd.to_owned(),
        Piece::Hole(PathHole::CwdDashed) => dashed(places.cwd),
        Piece::Hole(PathHole::Pid) => places.pid?.to_string(),
        Piece::Hole(PathHole::Id) => places.id?.as_str().to_owned(),
        Piece::Hole(PathHole::Dir) => places.dir.to_owned(),
    };
    Some(Part::Text(text))
}

/// A path as some agents name a folder after it: everything but letters and digits becomes `-`.
fn dashed(path: &str) -> String {
    path.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

impl TryFrom<String> for PathTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let holes = "{state}, {home}, {cwd}, {cwd_dashed}, {pid}, {id}, {dir} and `*`";
        // `*` is a hole too, in the shape that a person expects.
        let pieces = template::pieces(&text.replace('*', "{any}"), holes, |hole| match hole {
            "any" => Some(PathHole::Any),
            "state" => Some(PathHole::State),
            "home" => Some(PathHole::Home),
            "cwd" => Some(PathHole::Cwd),
            "cwd_dashed" => Some(PathHole::CwdDashed),
            "pid" => Some(PathHole::Pid),
            "id" => Some(PathHole::Id),
            "dir" => Some(PathHole::Dir),
            _ => None,
        })?;
        let is_rooted = match pieces.first() {
            Some(Piece::Text(text)) => text.starts_with('/'),
            Some(Piece::Hole(PathHole::State | PathHole::Home | PathHole::Cwd | PathHole::Dir)) => true,
            Some(Piece::Hole(_)) | None => false,
        };
        if is_rooted {
            Ok(PathTemplate(pieces))
        } else {
            Err(format!("{text:?} must begin with `/` or with a folder's hole"))
        }
    }
}

impl Glob {
    /// The one path that it means; none where it has `*` or looks for an id.
    pub fn path(&self) -> Option<String> {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Any | Part::Id { .. } => None,
        };
        self.0.iter().map(text).collect()
    }

    /// Its names from the root on, each to be compared with the names in a folder.
    pub fn names(&self) -> Vec<Glob> {
        let mut names = vec![Vec::new()];
        for part in &self.0 {
            match part {
                Part::Text(text) => {
                    for (at, piece) in text.split('/').enumerate() {
                        if at > 0 {
                            names.push(Vec::new());
                        }
                        if let (false, Some(name)) = (piece.is_empty(), names.last_mut()) {
                            name.push(Part::Text(piece.to_owned()));
                        }
                    }
                }
                Part::Any | Part::Id { .. } => names.last_mut().into_iter().for_each(|name| name.push(part.clone())),
            }
        }
        names.into_iter().filter(|name| !name.is_empty()).map(Glob).collect()
    }

    pub fn matches(&self, path: &str) -> bool {
        fits(&self.0, path, None).is_some()
    }

    /// The id in a path that fits; none where none is looked for, or what stands there cannot be one.
    pub fn id_in(&self, path: &str) -> Option<AgentId> {
        let found = fits(&self.0, path, None)??;
        AgentId::try_from(found.to_owned()).ok()
    }
}

/// `Some` where the path fits, with what stands in the place of the id, if any.
fn fits<'a>(parts: &[Part], path: &'a str, id: Option<&'a str>) -> Option<Option<&'a str>> {
    let Some((part, rest)) = parts.split_first() else {
        return path.is_empty().then_some(id);
    };
    match part {
        Part::Text(text) => fits(rest, path.strip_prefix(text.as_str())?, id),
        Part::Any => ends_of_name(path).find_map(|end| fits(rest, &path[end..], id)),
        Part::Id { begins } => {
            let long_enough = |end: &usize| *end >= begins.len().max(1) && path[..*end].starts_with(begins);
            ends_of_name(path).filter(long_enough).find_map(|end| fits(rest, &path[end..], Some(&path[..end])))
        }
    }
}

/// Where what stands for a part of a name can end.
fn ends_of_name(path: &str) -> impl Iterator<Item = usize> {
    let name = path.split('/').next().unwrap_or_default();
    (0..=name.len()).filter(|end| name.is_char_boundary(*end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::try_from(text.to_owned()).unwrap()
    }

    fn id() -> AgentId {
        AgentId::try_from("ab-1".to_owned()).unwrap()
    }

    fn places(id: Option<&AgentId>) -> Places<'_> {
        Places { state: Some("/h/.a*b"), home: Some("/h"), cwd: "/w/é x", pid: Some(7), id, dir: "/run/1" }
    }

    #[test]
    fn a_path_is_filled_and_stays_literal_where_values_have_stars() {
        let id = id();
        let table = [
            ("{home}/s/{pid}.json", Some("/h/s/7.json")),
            ("{state}/x", Some("/h/.a*b/x")),
            ("{home}/{cwd_dashed}/{id}.l", Some("/h/-w---x/ab-1.l")),
            ("{cwd}/a", Some("/w/é x/a")),
            ("{dir}/a", Some("/run/1/a")),
            ("/a/*/b", None),
        ];
        for (text, wanted) in table {
            assert_eq!(template(text).fill(&places(Some(&id))).unwrap().path().as_deref(), wanted, "{text}");
        }
        assert_eq!(template("{home}/{id}").fill(&places(None)), None);
        assert_eq!(template("{state}/x").fill(&Places { state: None, ..places(None) }), None);
    }

    #[test]
    fn a_star_is_a_part_of_one_name() {
        let glob = template("{home}/s/*/r-*.l").fill(&places(None)).unwrap();
        for (path, fits) in [
            ("/h/s/2026/r-1.l", true),
            ("/h/s/2026/r-.l", true),
            ("/h/s/r-1.l", false),
            ("/h/s/a/b/r-1.l", false),
            ("/h/s/a/r-1.lx", false),
        ] {
            assert_eq!(glob.matches(path), fits, "{path}");
        }
        let names: Vec<Glob> = glob.names();
        assert_eq!(names.len(), 4);
        assert!(names[0].matches("h") && names[2].matches("2026") && names[3].matches("r-9.l"));
        assert_eq!(names[0].path().as_deref(), Some("h"));
    }

    #[test]
    fn the_id_is_read_out_of_a_path_and_only_a_plain_one() {
        let open = template("{home}/locks/{id}.lock").fill_but_id(&places(None), "").unwrap();
        let table = [
            ("/h/locks/01-ab.lock", Some("01-ab")),
            ("/h/locks/.lock", None),
            ("/h/locks/-x.lock", None),
            ("/h/locks/a b.lock", None),
        ];
        for (path, wanted) in table {
            assert_eq!(open.id_in(path).as_ref().map(AgentId::as_str), wanted, "{path}");
        }
        let begun = template("/s/*/r-*-{id}.l").fill_but_id(&places(None), "01a2-").unwrap();
        assert_eq!(begun.id_in("/s/x/r-2026-11-01a2-77.l").unwrap().as_str(), "01a2-77");
        assert_eq!(begun.id_in("/s/x/r-2026-11-01a3-77.l"), None);
        assert_eq!(template("/a").fill(&places(None)).unwrap().id_in("/a"), None);
    }

    #[test]
    fn a_path_without_a_root_or_with_an_unknown_hole_is_refused() {
        for text in ["", "a/b", "*/a", "{id}/a", "{pid}", "/a/{no}", "/a/{"] {
            assert!(PathTemplate::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_path_can_be_compared(path in "\\PC{0,40}") {
            let glob = template("/s/*/r-*-{id}.l").fill_but_id(&places(None), "").unwrap();
            glob.matches(&path);
            glob.id_in(&path);
        }
    }
}
