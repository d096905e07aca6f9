//! Output and input without measure: gigabytes of the worst kinds, hostile sequences, huge pastes, and all of it where memory is short.

use super::home::{Home, PROGRAM, Tab, command_line_of, kill, wait_until};
use super::load::Load;
use super::screen::Screen;
use super::world::{fake_tab, held_by, ledger, need_root, stop_session, world};
use super::{Fault, Outcome, Skipped, held, times};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use threadkeep::client::View;
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::ViewInput;
use threadkeep::terminal::frame::Size;
use threadkeep::terminal::keys::{Key, KeyCode, Modifiers};

pub const FAULTS: &[Fault] = &[
    ("F16", "10 sessions flood in 256 MB, then in too little", short_of_memory),
    ("F19", "a line without end, newlines, random bytes, bad UTF-8 through a pane", worst_output),
    ("F20", "10 MB pasted to agents that read slowly or not", huge_pastes),
    ("F22", "hostile sequences, cut at each byte, behind a window", hostile_output),
];

/// What a session may cost, and what hostile output may add to it.
const MOST_GROWN_KB: usize = (10 + 32) * 1024;

fn view(home: &Home, tab: &Tab) -> View {
    let id = ConversationId(tab.id.parse().expect("a number"));
    View::open(&home.paths(), id, Size { columns: 120, rows: 40 }).expect("it lives")
}

fn worst_output() -> Result<Outcome, Skipped> {
    let mut told = Vec::new();
    // A line, or a character that is none, costs this debug build a hundred times what a letter does.
    for (kind, megabytes) in [("line", times(64)), ("newlines", times(4)), ("random", times(32)), ("utf8", times(8))] {
        let home = world();
        let tab = fake_tab(&home);
        tab.send("before");
        let mut view = view(&home, &tab);
        let pid = home.host_pid();
        let before = held_by(pid).memory_kb;
        let began = Instant::now();
        tab.send_on(&format!("pour:{kind}/{megabytes}"));
        let (mut grown, mut slowest) = (0, Duration::ZERO);
        let over = || tab.state()["turn_state"] == "completed";
        loop {
            let asked = Instant::now();
            let over = over();
            slowest = slowest.max(asked.elapsed());
            grown = grown.max(held_by(pid).memory_kb.saturating_sub(before));
            while view.receive().expect("it lives").is_some() {}
            if over {
                break;
            }
            // The debug build that is driven here takes a few megabytes a second.
            assert!(began.elapsed() < Duration::from_secs(60 + megabytes as u64), "{kind}: {}", tab.state());
        }
        let took = began.elapsed();
        assert!(grown < MOST_GROWN_KB, "{kind}: the host grew by {grown} kB");
        assert!(slowest < Duration::from_secs(5), "{kind}: {slowest:?}");
        assert_eq!(tab.send("after").value["decision"], "reused", "{kind}");
        let rate = megabytes as f64 / took.as_secs_f64();
        told.push(format!("{megabytes} MB {kind}: +{} MB, {rate:.1} MB/s", grown / 1024));
    }
    held(4, format!("{} (debug build); the session answered after each", told.join("; ")))
}

/// What the agent is to get, without the brackets of the pieces.
fn without_brackets(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        match rest.strip_prefix(b"\x1b[200~").or(rest.strip_prefix(b"\x1b[201~")) {
            Some(behind) => rest = behind,
            None => {
                all.push(*first);
                rest = after;
            }
        }
    }
    all
}

fn huge_pastes() -> Result<Outcome, Skipped> {
    let text: String = (0..10 * 1024 * 1024 / 32).map(|number| format!("{number:>8} of a paste, é日 \t\n")).collect();
    let mut slowest = Duration::ZERO;
    for slow_reads in [0, 30] {
        let home = world();
        let (tab, other) = (fake_tab(&home), fake_tab(&home));
        tab.send("before");
        other.send("before");
        let mut view = view(&home, &tab);
        tab.send_on(&format!("swallow:{slow_reads}"));
        wait_until("it reads", || !ledger(&home, "swallowing").is_empty());
        for piece in threadkeep::tui::update::keys::paste_pieces(&text) {
            view.send(&ViewInput::Paste(piece.to_owned())).expect("it is taken");
            while view.receive().expect("it lives").is_some() {}
        }
        view.send(&ViewInput::Key(Key { code: KeyCode::Char('d'), modifiers: Modifiers::CONTROL })).expect("taken");
        for _ in 0..5 {
            let asked = Instant::now();
            home.run(&["host", "status"]).done();
            slowest = slowest.max(asked.elapsed());
            assert_eq!(other.send("beside").value["state"], "completed");
        }
        tab.run("wait", &[]);
        let got = without_brackets(&fs::read(home.file("ledger").join("swallowed")).expect("it came"));
        let wanted = [text.as_bytes(), b"\x04"].concat();
        let same = got.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
        assert!(got == wanted, "{} of {} bytes came, the first {same} as they were", got.len(), wanted.len());
    }
    // One that does not read at all: whoever gives up on it gets rid of it and of the paste.
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let gate = home.file("never");
    tab.send_and_see_it_run(&format!("wait:{}", gate.display()));
    let mut view = view(&home, &tab);
    for piece in threadkeep::tui::update::keys::paste_pieces(&text) {
        view.send(&ViewInput::Paste(piece.to_owned())).expect("it is taken");
    }
    let began = Instant::now();
    home.run(&["host", "status"]).done();
    slowest = slowest.max(began.elapsed());
    stop_session(&tab);
    tab.run("wait", &[]);
    let stopped = began.elapsed();
    assert!(stopped < Duration::from_secs(20), "{stopped:?}");
    assert_eq!(tab.send("after").value["state"], "completed");
    held(
        3,
        format!(
            "byte for byte as pasted; control beside it within {} ms; one that reads nothing stopped within {} ms",
            slowest.as_millis(),
            stopped.as_millis()
        ),
    )
}

/// Sequences that a program should not be able to pass on to the person's terminal, and pieces to make more of.
fn hostile() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 24] = [
        b"\x1b]52;c;cHduZWQ=\x07",
        b"\x1b]52;c;?\x1b\\",
        b"\x1b]0;pwned\x07",
        b"\x1b]2;pwned\x1b\\",
        b"\x1b]8;;file:///etc/passwd\x1b\\link\x1b]8;;\x1b\\",
        b"\x1b]9;pwned\x07",
        b"\x1b]777;notify;pwned;pwned\x07",
        b"\x1b]99;;pwned\x1b\\",
        b"\x1b]1337;File=inline=1:AAAA\x07",
        b"\x1b]4;1;rgb:ff/00/00\x07",
        b"\x1b]10;?\x07",
        b"\x1b]50;font\x07",
        b"\x1b]7501;state=pwned;\x1b[31m\x1b\\",
        b"\x1bP$qm\x1b\\",
        b"\x1bP+q544e\x1b\\",
        b"\x1b_Gi=1,a=q;AAAA\x1b\\",
        b"\x1b^pwned\x1b\\",
        b"\x1bXpwned\x1b\\",
        b"\x1b[21t\x1b[14t\x1b[8;1;1t\x1b[3;0;0t",
        b"\x1b[5i\x1b[4i\x1b[?1049h\x1b[?47h\x1b[?3h",
        b"\x1b[c\x1b[>c\x1b[=c\x1b[6n\x1b[?996n\x1b[>q\x1b[?u",
        b"\x1b#8\x1b(0\x1b)0\x0e\x0f\x1bn\x1bo\x1b%G\x1b c",
        b"\x9b31m\x9d0;pwned\x9c\xc2\x9b31m\xc2\x9d0;pwned\xc2\x9c",
        b"\x05\x07\x08\x0b\x0c\x7f\x00\x1a\x1b\x18",
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.to_vec()).collect();
    // Each cut at each byte, with a text behind it that ends nothing.
    for text in texts {
        all.extend((1..text.len()).map(|cut| [&text[..cut], b"cut"].concat()));
    }
    all
}

fn hostile_output() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let mut window = Screen::open(&home, 80, 24);
    window.wait_for("before");
    let all = hostile();
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let rounds = times(20);
    for round in 0..rounds {
        // All of them once, then mixtures with rubbish between.
        let mut bytes = Vec::new();
        for number in 0..all.len() {
            let one = if round == 0 { &all[number] } else { &all[random(all.len())] };
            bytes.extend_from_slice(one);
            if round > 0 {
                bytes.extend((0..random(6)).map(|_| random(256) as u8));
            }
            bytes.extend_from_slice(format!("\r\nline {number}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\x18\x1bc\x1b[?2004h");
        let file = home.file("hostile");
        fs::write(&file, bytes).expect("a file");
        let sent = tab.send(&format!("cat:{}", file.display()));
        assert_eq!(sent.value["state"], "completed", "{sent:?}");
    }
    tab.send("the end of it");
    window.wait_for("the end of it");
    window.bytes(b"\x1d");
    // Titles, and the question for a colour, our own window writes as well.
    let seen = all.iter().take(18).filter(|bytes| !foreign(bytes).is_empty()).count();
    assert_eq!(seen, 16, "the checker sees what it is to forbid");
    let wrong = foreign(&window.written());
    assert!(wrong.is_empty(), "to the person's terminal went {wrong:?}");
    window.kill();
    held(
        rounds * all.len(),
        "all that went to the person's terminal is of our own renderer: positions, colours, known modes and titles",
    )
}

/// What in these bytes is no word of our renderer.
fn foreign(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut wrong = Vec::new();
    let mut rest = text.as_ref();
    while let Some(at) = rest.find(|sign: char| sign.is_control()) {
        rest = &rest[at..];
        let length = known(rest).unwrap_or_else(|| {
            wrong.push(rest.chars().take(20).collect::<String>().escape_debug().to_string());
            1
        });
        rest = rest.get(length..).or(rest.char_indices().nth(1).map(|(next, _)| &rest[next..])).unwrap_or_default();
    }
    if text.contains('\u{fffd}') && !bytes.windows(3).any(|bytes| bytes == "\u{fffd}".as_bytes()) {
        wrong.push("bytes that are no UTF-8".into());
    }
    wrong
}

/// How long the control or sequence at the front is, where our renderer writes such.
fn known(text: &str) -> Option<usize> {
    if let Some(body) = text.strip_prefix("\x1b[") {
        let end = body.find(|sign: char| ('@'..='~').contains(&sign))?;
        let (parameters, last) = (&body[..end], &body[end..=end]);
        let is_plain = parameters.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, ';' | ':'));
        let is_known = match last {
            // Cursor, clearing, colours.
            "H" | "G" | "d" | "A" | "B" | "C" | "D" | "J" | "K" | "m" | "X" => is_plain,
            "h" | "l" => [
                "?25", "?1049", "?2004", "?1000", "?1002", "?1003", "?1006", "?1004", "?2026", "?7", "?1015", "?2048",
                "?2031", "?12",
            ]
            .contains(&parameters),
            "q" => parameters.ends_with(' ') || parameters == ">" || parameters == ">0",
            "u" => parameters.starts_with(['>', '<', '=', '?']),
            "c" | "n" => matches!(parameters, "" | "6" | "?996" | "?6"),
            "p" => parameters.starts_with('?') && parameters.ends_with('$'),
            "t" => parameters.starts_with("22;") || parameters.starts_with("23;"),
            _ => false,
        };
        return is_known.then_some(2 + end + 1);
    }
    if let Some(body) = text.strip_prefix("\x1b]") {
        let end = body.find(['\x07', '\x1b'])?;
        let closing = if body[end..].starts_with('\x07') { 1 } else { 2 };
        let body = &body[..end];
        let is_ours = body == "11;?" || body == "10;?" || body.starts_with("0;") || body.starts_with("2;");
        let is_clean = !body.contains("pwned") || body.starts_with("2;") && !body.chars().any(char::is_control);
        return (is_ours && is_clean).then_some(2 + end + closing);
    }
    match text.chars().next()? {
        '\r' | '\n' => Some(1),
        '\x1b' => ["\x1b7", "\x1b8", "\x1b=", "\x1b>"].iter().any(|known| text.starts_with(known)).then_some(2),
        _ => None,
    }
}

/// A group of processes with so much memory; goes with this.
struct Memory(PathBuf);

impl Memory {
    fn of(bytes: &str) -> Result<Memory, Skipped> {
        need_root()?;
        let folder = PathBuf::from(format!("/sys/fs/cgroup/memory/faults-{}", std::process::id()));
        let memory = Memory(folder);
        fs::create_dir(&memory.0).map_err(|error| Skipped(format!("no group of memory can be made ({error})")))?;
        memory.limit(bytes).map_err(|error| Skipped(format!("its limit cannot be set ({error})")))?;
        Ok(memory)
    }

    fn limit(&self, bytes: &str) -> std::io::Result<()> {
        fs::write(self.0.join("memory.limit_in_bytes"), bytes)
    }

    fn tell(&self, what: &str) -> String {
        fs::read_to_string(self.0.join(what)).unwrap_or_default().trim().to_owned()
    }

    fn processes(&self) -> Vec<i32> {
        self.tell("cgroup.procs").lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// How many of its processes the system has killed for memory, as it counts them itself.
    fn killed(&self) -> usize {
        let told = self.tell("memory.oom_control");
        told.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or(0)
    }

    /// The long-lived ones of ours, by what they are. One that only asks something and leaves is none.
    fn ours(&self) -> Vec<(i32, &'static str)> {
        let kinds = [(" host run", "the host"), (" holder run", "the holder"), (" agent ", "an agent")];
        let kind = |line: &str| kinds.iter().find(|(word, _)| line.contains(word)).map(|(_, what)| *what);
        self.processes().into_iter().filter_map(|pid| Some((pid, kind(&command_line_of(pid))?))).collect()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for pid in self.processes() {
            kill(pid, super::home::Signal::KILL);
        }
        // Its processes take a moment to be gone; a group that stays is empty and costs nothing.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn short_of_memory() -> Result<Outcome, Skipped> {
    let memory = Memory::of("256M")?;
    let home = world();
    let script = format!("echo $$ > {}/cgroup.procs && exec {PROGRAM} host run", memory.0.display());
    let running = home.other("sh", &["-c".to_owned(), script]).start();
    wait_until("the host serves", || home.run(&["host", "status"]).code == 0);
    let pid = home.host_pid();
    let load = Load::new(&home, 2);
    for tab in &load.tabs {
        load.send(tab);
    }
    let loud: Vec<Tab> = (0..10).map(|_| fake_tab(&home)).collect();
    for tab in &loud {
        tab.send_and_see_it_run("endless");
    }
    let until = Instant::now() + Duration::from_secs(5 * times(1) as u64);
    while Instant::now() < until {
        load.send(&load.tabs[0]);
    }
    assert_eq!((home.host_pid(), memory.killed()), (pid, 0), "all of it lives in 256 MB");
    let most = memory.tell("memory.max_usage_in_bytes");
    let own = held_by(pid).memory_kb / 1024;
    // Too little for all of it: the system kills what it likes, and what was acknowledged is there.
    let mut killed = Vec::new();
    for megabytes in [40, 24, 16, 12] {
        let before = memory.ours();
        // Refused where the system cannot take so much away at once; then nothing happens.
        let _ = memory.limit(&format!("{megabytes}M"));
        load.send(&load.tabs[1]);
        std::thread::sleep(Duration::from_secs(1));
        let gone = before.into_iter().filter(|(pid, _)| !super::home::is_alive(*pid));
        killed.extend(gone.map(|(_, what)| format!("{what} at {megabytes} MB")));
    }
    let of_system = memory.killed();
    let killed = match (of_system, killed.is_empty()) {
        (0, _) => "none".to_owned(),
        (_, true) => format!("{of_system} that only asked something"),
        (_, false) => killed.join(", "),
    };
    memory.limit("-1").expect("all of it again");
    for tab in &loud {
        wait_until("a host serves", || home.run(&["host", "status"]).code == 0);
        stop_session(tab);
    }
    let counted = load.check();
    home.run(&["host", "stop"]).done();
    running.end();
    held(
        4,
        format!(
            "256 MB are enough: no process killed, {} MB in use at most, caches included, {own} MB of it the host's; in 40 to 12 MB the system killed {killed}: {counted}",
            most.parse::<u64>().unwrap_or(0) / 1024 / 1024
        ),
    )
}
