//! Signals to the processes of a session, and proof that none of them is left.

use crate::agent::profile::GroupSignal;
use crate::domain::id::ConversationId;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

/// How long a job that outlived its shell may take to end when it is asked to.
const LEFT_JOBS_GRACE: Duration = Duration::from_secs(1);
/// How long one may take to be gone that was killed.
const KILL_LIMIT: Duration = Duration::from_secs(2);
/// How long the processes of a session may take to be gone that were told to end: the ladders of all agents are shorter.
const LEFT_LIMIT: Duration = Duration::from_secs(20);
/// Which host a process means: a session gets it as the host has it.
const HOME: &str = "THREADKEEP_HOME";
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The system's signal for one that a profile names.
pub fn signal(named: GroupSignal) -> Signal {
    match named {
        GroupSignal::Int => Signal::INT,
        GroupSignal::Hup => Signal::HUP,
        GroupSignal::Term => Signal::TERM,
        GroupSignal::Kill => Signal::KILL,
    }
}

/// Sends to a whole group. A group that is gone already is what was wanted.
pub fn signal_group(group: Pid, signal: Signal) {
    if let Err(error) = kill_process_group(group, signal)
        && error != rustix::io::Errno::SRCH
    {
        tracing::warn!(group = group.as_raw_nonzero().get(), ?signal, %error, "could not signal a group");
    }
}

/// Sends to every process of the process session that `leader` began, whatever group it is in: jobs, and what they left behind.
pub fn signal_session(leader: Pid, signal: Signal) {
    signal_group(leader, signal);
    for pid in members(leader) {
        // Gone since it was listed: what was wanted.
        let _ = kill_process(pid, signal);
    }
}

/// Ends jobs that outlived their shell: asked once, killed if they stay. One that cannot be killed, as it waits within the system for a disk
/// that does not answer, is left: the host must come to its end.
pub fn end_left_jobs(leaders: &[Pid]) {
    let left = end(|| leaders.iter().flat_map(|leader| jobs_of_ours(*leader)).collect(), LEFT_JOBS_GRACE, KILL_LIMIT);
    for pid in left {
        tracing::error!(pid = pid.as_raw_nonzero().get(), "a job of a session could not be killed and is left");
    }
}

/// Ends whole process sessions whose leaders live: asked once, killed if they stay.
pub fn end_sessions(leaders: &[Pid]) {
    let left = end(|| leaders.iter().flat_map(|leader| members(*leader)).collect(), LEFT_JOBS_GRACE, KILL_LIMIT);
    for pid in left {
        tracing::error!(
            pid = pid.as_raw_nonzero().get(),
            "a process that no session has could not be killed and is left"
        );
    }
}

/// Ends what `find` finds, and returns what is left of it so long after it was killed.
fn end(find: impl Fn() -> Vec<Pid>, grace: Duration, kill_limit: Duration) -> Vec<Pid> {
    let kill_at = Instant::now() + grace;
    let give_up_at = kill_at + kill_limit;
    for pid in find() {
        // Gone since it was listed: what was wanted. The same below.
        let _ = kill_process(pid, Signal::HUP);
        let _ = kill_process(pid, Signal::TERM);
        let _ = kill_process(pid, Signal::CONT);
    }
    loop {
        let left = find();
        let now = Instant::now();
        if left.is_empty() || now > give_up_at {
            return left;
        }
        if now > kill_at {
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The members of a process session whose leader is gone. Its number may meanwhile belong to somebody else's, so only those count that
/// carry our mark in their environment.
#[cfg(target_os = "linux")]
fn jobs_of_ours(leader: Pid) -> Vec<Pid> {
    let carries_mark = |pid: &Pid| {
        std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).is_ok_and(|environment| {
            environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(b"THREADKEEP_CONVERSATION="))
        })
    };
    members(leader).into_iter().filter(carries_mark).collect()
}

/// Without /proc a number cannot be told from one that was given again, so nothing is ended on its word.
#[cfg(not(target_os = "linux"))]
fn jobs_of_ours(_leader: Pid) -> Vec<Pid> {
    Vec::new()
}

/// What the process was last started as: another program or other arguments mean that it has replaced itself.
#[cfg(target_os = "linux")]
pub fn command_line(pid: Pid) -> Option<Vec<String>> {
    let bytes = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(text.split_terminator('\0').map(str::to_owned).collect())
}

/// Without /proc nobody tells.
#[cfg(not(target_os = "linux"))]
pub fn command_line(_pid: Pid) -> Option<Vec<String>> {
    None
}

/// The living processes that carry this variable in their environment, whoever started them.
pub fn carriers_of(variable: &str, value: &str) -> Vec<Pid> {
    with_environment(|environment| variable_in(environment, variable) == Some(value.as_bytes()))
}

/// The living processes whose environment is so.
#[cfg(target_os = "linux")]
fn with_environment(is_so: impl Fn(&[u8]) -> bool) -> Vec<Pid> {
    let found = |pid: &i32| std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| is_so(&environment));
    numbers().filter(found).filter(|pid| session_of(*pid).is_some()).filter_map(Pid::from_raw).collect()
}

/// Without /proc nobody's environment can be read.
#[cfg(not(target_os = "linux"))]
fn with_environment(_is_so: impl Fn(&[u8]) -> bool) -> Vec<Pid> {
    Vec::new()
}

fn variable_in<'e>(environment: &'e [u8], name: &str) -> Option<&'e [u8]> {
    let mut entries = environment.split(|byte| *byte == 0);
    entries.find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// The living processes whose arguments name this, whoever started them; not this one.
#[cfg(target_os = "linux")]
pub fn named_in_arguments(word: &str) -> Vec<Pid> {
    let names = |pid: &i32| {
        let arguments = Pid::from_raw(*pid).and_then(command_line).unwrap_or_default();
        arguments.iter().skip(1).any(|argument| argument.split('=').any(|part| part == word))
    };
    // Who asks for a session names it as well; that is a command of ours, and it is waiting for the answer.
    let is_ours = |pid: &i32| std::fs::read_link(format!("/proc/{pid}/exe")).ok() == std::env::current_exe().ok();
    let named = numbers().filter(names).filter(|pid| !is_ours(pid));
    named.filter(|pid| session_of(*pid).is_some()).filter_map(Pid::from_raw).collect()
}

/// Without /proc nobody's arguments can be read.
#[cfg(not(target_os = "linux"))]
pub fn named_in_arguments(_word: &str) -> Vec<Pid> {
    Vec::new()
}

/// Waits until no process of this conversation's sessions lives, as long as ending one may take.
pub fn wait_until_left(conversation: ConversationId) {
    let home = std::env::var_os(HOME);
    let until = Instant::now() + LEFT_LIMIT;
    let is_there = || !with_environment(|environment| is_of(environment, conversation, home.as_deref())).is_empty();
    while is_there() && Instant::now() < until {
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Whether a process with this environment belongs to the conversation of this number of a host with this home: another home has the same numbers.
fn is_of(environment: &[u8], conversation: ConversationId, home: Option<&OsStr>) -> bool {
    let conversation = conversation.to_string();
    let home = home.map(OsStr::as_bytes).unwrap_or_default();
    variable_in(environment, "THREADKEEP_CONVERSATION") == Some(conversation.as_bytes())
        && variable_in(environment, HOME).unwrap_or_default() == home
}

/// All living processes.
#[cfg(target_os = "linux")]
pub fn all() -> Vec<u32> {
    numbers().filter(|pid| session_of(*pid).is_some()).filter_map(|pid| u32::try_from(pid).ok()).collect()
}

/// Without /proc they are not looked for.
#[cfg(not(target_os = "linux"))]
pub fn all() -> Vec<u32> {
    Vec::new()
}

/// Whether this process holds this file open.
pub fn has_open(pid: u32, path: &str) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.into_iter().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|file| file == std::path::Path::new(path)))
}

#[cfg(target_os = "linux")]
fn numbers() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
}

/// The living processes of the process session that `leader` began.
#[cfg(target_os = "linux")]
pub fn members(leader: Pid) -> Vec<Pid> {
    let Ok(folder) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter(|number| session_of(*number) == Some(leader.as_raw_nonzero().get()))
        .filter_map(Pid::from_raw)
        .collect()
}

/// The process session of a process that is not a zombie, out of its stat line (proc(5): the fields behind the last bracket).
#[cfg(target_os = "linux")]
fn session_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(3)?.parse().ok()
}

/// Without /proc only the leader's own group can be asked for.
#[cfg(not(target_os = "linux"))]
pub fn members(leader: Pid) -> Vec<Pid> {
    match rustix::process::test_kill_process_group(leader) {
        Ok(()) => vec![leader],
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// The broken one waited 20 s for the conversation of the same number in another home.
    #[test]
    fn a_process_belongs_to_the_conversation_of_its_own_home() {
        let [one, two] = [1, 2].map(ConversationId);
        let (of_home, of_none) = (
            b"A=1\0THREADKEEP_HOME=/h\0THREADKEEP_CONVERSATION=1\0".as_slice(),
            b"THREADKEEP_CONVERSATION=1\0X=".as_slice(),
        );
        let (home, other) = (Some(OsStr::new("/h")), Some(OsStr::new("/h2")));
        let table = [
            (of_home, one, home, true),
            (of_home, two, home, false),
            (of_home, one, other, false),
            (of_home, one, None, false),
            (of_none, one, None, true),
            (of_none, one, home, false),
            (b"", one, None, false),
        ];
        for (environment, conversation, home, wanted) in table {
            assert_eq!(is_of(environment, conversation, home), wanted, "{conversation} {home:?}");
        }
    }

    /// The broken one waited for it without an end.
    #[test]
    fn a_job_that_cannot_be_killed_is_left() {
        // A process that nobody has waited for stays, whatever it is sent, like one that hangs within the system.
        let mut child = Command::new("true").spawn().expect("it starts");
        let pid = Pid::from_child(&child);
        let moment = Duration::from_millis(30);
        assert_eq!(end(|| vec![pid], moment, moment), [pid]);
        assert!(end(Vec::new, moment, moment).is_empty());
        child.wait().expect("it is our child");
    }
}
