//! Says something of a turn outside of every window: on the desktop, and by the person's own command. A thread of its own, so that neither
//! holds up the host.
//!
//! Change here: how a desktop is told, and what a command gets. Not here: whether anything is said (`core/notify.rs`).

use super::effect::Announce;
use crate::protocol::message::{Notification, NotificationKind};
use crate::terminal::clean::clean;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What waits while a slow command runs; the next one is dropped, as it would come too late to be of use.
const WAITING: usize = 16;
/// A command that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the programs get of the host's environment: enough to be found, to speak the person's language and to reach the desktop.
const PASSED: [&str; 14] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

pub struct Notifier {
    orders: SyncSender<Announce>,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Notifier {
    pub fn start() -> io::Result<Notifier> {
        let (orders, receiver) = sync_channel(WAITING);
        let ending = Arc::new(AtomicBool::new(false));
        let told = ending.clone();
        let thread = std::thread::Builder::new().name("notify".into()).spawn(move || run(&receiver, &told))?;
        Ok(Notifier { orders, ending, thread })
    }

    /// Never waits.
    pub fn announce(&self, announce: Announce) {
        if self.orders.try_send(announce).is_err() {
            tracing::warn!("a notification was dropped, for earlier ones have not ended");
        }
    }

    /// What runs is ended, what waits is dropped.
    pub fn finish(self) {
        self.ending.store(true, Ordering::SeqCst);
        drop(self.orders);
        if self.thread.join().is_err() {
            tracing::error!("the thread that notifies panicked");
        }
    }
}

fn run(orders: &Receiver<Announce>, ending: &AtomicBool) {
    while let Ok(Announce { notification, desktop, command }) = orders.recv() {
        if desktop && let Some(command) = desktop_command(&notification) {
            run_one(command, &[], ending);
        }
        if let [program, arguments @ ..] = command.as_slice() {
            let mut command = Command::new(program);
            command.args(arguments);
            run_one(command, &json(&notification), ending);
        }
    }
}

/// Runs it to its end, or to the end of its time, or of the host.
fn run_one(mut command: Command, input: &[u8], ending: &AtomicBool) {
    if ending.load(Ordering::SeqCst) {
        return;
    }
    let program = command.get_program().to_string_lossy().into_owned();
    command.env_clear().envs(PASSED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
    match command.spawn() {
        Ok(mut child) => {
            // It fits into a pipe, so a program that does not read holds nothing up; one that is gone already needs it no more.
            let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
            wait(child, &program, ending);
        }
        Err(error) => tracing::warn!(program, %error, "a notification could not be given to its program"),
    }
}

fn wait(mut child: Child, program: &str, ending: &AtomicBool) {
    let until = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return,
            Ok(Some(status)) => return tracing::warn!(program, %status, "the program of a notification failed"),
            Ok(None) if ending.load(Ordering::SeqCst) => break,
            Ok(None) if Instant::now() > until => {
                tracing::warn!(program, limit = ?LIMIT, "the program of a notification took too long and is killed");
                break;
            }
            Ok(None) => std::thread::sleep(LOOK_EVERY),
            Err(error) => return tracing::warn!(program, %error, "the program of a notification cannot be waited for"),
        }
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Gone at this very moment: what was wanted. The same below.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// One line for the person's command.
fn json(notification: &Notification) -> Vec<u8> {
    let event = match notification.kind {
        NotificationKind::Done => "done",
        NotificationKind::Failed => "failed",
        NotificationKind::NeedsYou => "needs_you",
    };
    let object = serde_json::json!({
        "event": event,
        "conversation": notification.conversation.0,
        "title": clean(&notification.title),
        "agent": notification.agent,
        "folder": notification.folder,
        "turn": notification.turn.0,
        "state": notification.state,
        "elapsed_ms": notification.elapsed_ms,
        "text": clean(&notification.text),
    });
    format!("{object}\n").into_bytes()
}

/// Who shows it on the desktop; none where there is no desktop. Its words are arguments, which others can read, so nothing that was typed is
/// among them.
fn desktop_command(notification: &Notification) -> Option<Command> {
    let (title, body) = desktop_words(notification);
    if cfg!(target_os = "macos") {
        let mut command = Command::new("osascript");
        let script = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];
        command.args(script.iter().flat_map(|line| ["-e", line])).args(["--", &title, &body]);
        return Some(command);
    }
    let has_desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let mut command = Command::new("notify-send");
    command.args(["--app-name=threadkeep", "--", &title, &body]);
    has_desktop.then_some(command)
}

fn desktop_words(notification: &Notification) -> (String, String) {
    let folder = notification.folder.rsplit('/').next().unwrap_or_default();
    // Some desktops read markup.
    let plain = |text: &str| clean(&text.replace(['<', '>', '&'], " "));
    let title = format!("threadkeep: {}", notification.state);
    let body = format!(
        "conversation {}, turn {}: {} in {}, {} s",
        notification.conversation,
        notification.turn,
        plain(&notification.agent),
        plain(folder),
        notification.elapsed_ms / 1000,
    );
    (title, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ConversationId, TurnNumber};

    fn notification() -> Notification {
        Notification {
            conversation: ConversationId(3),
            title: "a secret\u{1b}]0;x\u{7} plan".into(),
            agent: "a<b>".into(),
            folder: "/home/me/-app".into(),
            turn: TurnNumber(7),
            kind: NotificationKind::Failed,
            state: "failed".into(),
            elapsed_ms: 61_900,
            text: "exit 1".into(),
        }
    }

    #[test]
    fn a_command_gets_one_line_of_json_and_a_desktop_nothing_that_was_typed() {
        let told: serde_json::Value = serde_json::from_slice(&json(&notification())).unwrap();
        let wanted = serde_json::json!({
            "event": "failed", "conversation": 3, "title": "a secret]0;x plan", "agent": "a<b>", "folder": "/home/me/-app",
            "turn": 7, "state": "failed", "elapsed_ms": 61_900, "text": "exit 1",
        });
        assert_eq!(told, wanted);
        assert_eq!(json(&notification()).iter().filter(|byte| **byte == b'\n').count(), 1);
        let words = ("threadkeep: failed".to_owned(), "conversation 3, turn 7: a b in -app, 61 s".to_owned());
        assert_eq!(desktop_words(&notification()), words);
    }

    /// A hook that never ends must not outlive its host, nor keep it from its end.
    #[test]
    fn a_command_that_hangs_ends_with_the_host() {
        let folder = tempfile::TempDir::new().unwrap();
        let began = folder.path().join("began");
        // No program of its own: one that was written while another test started something cannot be run for a moment.
        let script = format!("echo $$ > '{}'; exec sleep 1000", began.display());
        let notifier = Notifier::start().unwrap();
        let command = vec!["/bin/sh".to_owned(), "-c".to_owned(), script];
        notifier.announce(Announce { notification: notification(), desktop: false, command });
        let pid = loop {
            if let Some(pid) = std::fs::read_to_string(&began).ok().and_then(|text| text.trim().parse().ok()) {
                break Pid::from_raw(pid).unwrap();
            }
            std::thread::yield_now();
        };
        notifier.finish();
        assert!(rustix::process::test_kill_process(pid).is_err(), "it is gone");
    }
}
