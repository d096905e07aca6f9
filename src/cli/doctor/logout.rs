//! Whether logging out would end the host, and what keeps it. Only systemd's login manager ends what a person left running, if told to.
//!
//! Change here: what its answers mean. The unit file that keeps a host is printed by `cli/host/service.rs`.

use super::finding::Finding;
use super::program::ask;
use std::path::Path;

const ABOUT: &str = "logout";
const SERVICE: &str = "run it as a service of yours: threadkeep host service says how";
const LINGER: &str = "loginctl enable-linger keeps your services when you log out";

/// In what the host runs, as its control group tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// One login, which ends.
    Login,
    /// The person's own service manager.
    UserServices,
    Elsewhere,
}

/// What the login manager does, where it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Manager {
    kills: Option<bool>,
    lingers: Option<bool>,
}

/// Looks at the host with this process id.
pub fn look(host: u32) -> Finding {
    if !Path::new("/run/systemd/system").exists() {
        return Finding::well(ABOUT, "no systemd runs here, so nothing is known that would end the host");
    }
    let groups = std::fs::read_to_string(format!("/proc/{host}/cgroup")).unwrap_or_default();
    let user = std::env::var("USER").unwrap_or_default();
    let uid = rustix::process::getuid().as_raw().to_string();
    let properties =
        ["KillUserProcesses", "KillExcludeUsers", "KillOnlyUsers"].map(|name| format!("--property={name}"));
    let arguments: Vec<&str> = std::iter::once("show-user").chain(properties.iter().map(String::as_str)).collect();
    let manager = Manager {
        kills: ask("loginctl", &arguments).and_then(|said| kills(&said, &user)),
        lingers: ask("loginctl", &["show-user", &uid, "--property=Linger"]).and_then(|said| is_yes(&said, "Linger")),
    };
    judge(place(&groups), manager)
}

fn judge(place: Place, manager: Manager) -> Finding {
    match (place, manager) {
        (Place::Login, Manager { kills: Some(true), .. }) => Finding::trouble(
            ABOUT,
            "logging out ends the host with its agents (KillUserProcesses=yes)",
            format!("{SERVICE}; {LINGER}"),
        ),
        (Place::Login, Manager { kills: Some(false), .. }) => {
            Finding::well(ABOUT, "does not end the host (KillUserProcesses=no)")
        }
        (Place::UserServices, Manager { lingers: Some(true), .. }) => {
            Finding::well(ABOUT, "does not end the host, which is a service of yours that lingers")
        }
        (Place::UserServices, Manager { lingers: Some(false), .. }) => {
            Finding::trouble(ABOUT, "your last logout ends the host with all your services", LINGER)
        }
        (Place::Elsewhere, _) => Finding::well(ABOUT, "does not end the host: it belongs to no login"),
        (Place::Login | Place::UserServices, Manager { kills: None, .. } | Manager { lingers: None, .. }) => {
            Finding::unknown(ABOUT, "the login manager does not say whether it ends what you leave running")
                .with_next_step(SERVICE)
        }
    }
}

fn place(groups: &str) -> Place {
    // Of the old hierarchies, only systemd's own tells of logins.
    let path = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, name, path) = (parts.next()?, parts.next()?, parts.next()?);
        (name.is_empty() || name == "name=systemd").then_some(path)
    });
    let part_of =
        |path: &str, begin: &str, end: &str| path.split('/').any(|part| part.starts_with(begin) && part.ends_with(end));
    path.fold(Place::Elsewhere, |found, path| match found {
        Place::Elsewhere if part_of(path, "user@", ".service") => Place::UserServices,
        Place::Elsewhere if part_of(path, "session-", ".scope") => Place::Login,
        found => found,
    })
}

/// Whether this user's processes are ended with their login.
fn kills(said: &str, user: &str) -> Option<bool> {
    let named = |list: Option<&str>| list.unwrap_or_default().split_whitespace().any(|name| name == user);
    let only = value(said, "KillOnlyUsers").filter(|list| !list.is_empty());
    let spared = named(value(said, "KillExcludeUsers")) || (only.is_some() && !named(only));
    is_yes(said, "KillUserProcesses").map(|kills| kills && !spared)
}

fn is_yes(said: &str, name: &str) -> Option<bool> {
    match value(said, name)? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn value<'s>(said: &'s str, name: &str) -> Option<&'s str> {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_control_group_tells_what_the_host_belongs_to() {
        for (groups, is) in [
            ("0::/user.slice/user-1000.slice/session-3.scope\n", Place::Login),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/threadkeep.service\n", Place::UserServices),
            ("8:pids:/x\n1:name=systemd:/user.slice/user-0.slice/session-c1.scope\n0::/\n", Place::Login),
            ("8:pids:/session-9.scope\n0::/\n", Place::Elsewhere),
            ("0::/system.slice/ssh.service\n", Place::Elsewhere),
            ("", Place::Elsewhere),
        ] {
            assert_eq!(place(groups), is, "{groups}");
        }
    }

    #[test]
    fn who_is_spared_is_not_ended() {
        for (said, is) in [
            ("KillUserProcesses=yes\nKillExcludeUsers=root\nKillOnlyUsers=\n", Some(true)),
            ("KillUserProcesses=yes\nKillExcludeUsers=root me\nKillOnlyUsers=\n", Some(false)),
            ("KillUserProcesses=yes\nKillExcludeUsers=\nKillOnlyUsers=other\n", Some(false)),
            ("KillUserProcesses=yes\nKillExcludeUsers=\nKillOnlyUsers=me\n", Some(true)),
            ("KillUserProcesses=no\n", Some(false)),
            ("", None),
        ] {
            assert_eq!(kills(said, "me"), is, "{said}");
        }
    }

    #[test]
    fn every_place_and_every_answer_has_its_finding() {
        let answers = [None, Some(true), Some(false)];
        let mut found = Vec::new();
        for place in [Place::Login, Place::UserServices, Place::Elsewhere] {
            for kills in answers {
                for lingers in answers {
                    let finding = judge(place, Manager { kills, lingers });
                    assert_eq!(
                        finding.state == State::Trouble,
                        finding.next_step.is_some() && finding.state != State::Unknown
                    );
                    found.push(format!("{place:?} kills {kills:?} lingers {lingers:?}: {:?}", finding.state));
                }
            }
        }
        insta::assert_snapshot!(found.join("\n"));
    }
}
