//! An agent for faults: it writes down what it read from its terminal, tells its state by the program status protocol, and does what the words of
//! a message say. `die:9` dies of a signal, `exit:3` leaves, `wait:FILE` works until the file is there, `flood:5` prints megabytes, `lie` tells
//! wrong ends, `deaf` ignores what should end it, `fork` leaves a child that does, `argv` writes down its arguments,
//! `pour:line/64` prints endless lines, random bytes and the like, `cat:FILE` a file, `swallow:20` takes what is typed as it comes.

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::OpenOptions;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Names the folder of the agent's own ledger.
pub const LEDGER: &str = "FAULTS_LEDGER";

/// It reports nothing by itself.
static MUTE: AtomicBool = AtomicBool::new(false);

/// No agent is done sooner.
const WORK: Duration = Duration::from_millis(80);

pub fn run(arguments: &[String]) -> ! {
    let mut terminal = tcgetattr(stdin()).expect("an agent runs in a terminal");
    terminal.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &terminal).expect("it can be made raw");
    let mute = arguments.iter().any(|argument| argument == "mute");
    MUTE.store(mute, Ordering::Relaxed);
    say("\x1b[?2004hfake agent\r\n> ");
    report("idle");
    let mut typed = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stdin().read(&mut buffer) {
            Ok(0) | Err(_) => std::process::exit(0),
            Ok(bytes) => typed.extend_from_slice(&buffer[..bytes]),
        }
        while let Some(end) = typed.iter().position(|byte| *byte == b'\r') {
            let line: Vec<u8> = typed.drain(..=end).collect();
            let text =
                String::from_utf8_lossy(&line[..line.len() - 1]).replace("\x1b[200~", "").replace("\x1b[201~", "");
            let text: String = text.chars().filter(|sign| !sign.is_control() || *sign == '\n').collect();
            if !text.is_empty() {
                turn(&text, arguments);
            }
        }
    }
}

fn turn(text: &str, arguments: &[String]) {
    write_down("read", text);
    report("working");
    for word in text.split_whitespace() {
        act(word, arguments);
    }
    // A flash of work is taken for none.
    sleep(WORK);
    say(&format!("did {text}\r\n> "));
    report("done");
    report("idle");
}

fn act(word: &str, arguments: &[String]) {
    let (what, how) = word.split_once(':').unwrap_or((word, ""));
    let number = || how.parse::<i32>().unwrap_or(0);
    match what {
        "exit" => std::process::exit(number()),
        "die" => {
            let signal = Signal::from_named_raw(number()).unwrap_or(Signal::KILL);
            // What follows is never reached where the signal ends us.
            let _ = kill_process(getpid(), signal);
            sleep(Duration::from_secs(60));
        }
        "wait" => {
            while !Path::new(how).exists() {
                sleep(Duration::from_millis(5));
            }
        }
        "flood" => {
            let line = format!("{}\r\n", "flood ".repeat(12));
            let block = line.repeat(1024 * 1024 / line.len());
            (0..number()).for_each(|_| say(&block));
        }
        "pour" => pour(how),
        "cat" => say_bytes(&std::fs::read(how).expect("a file")),
        "swallow" => swallow(number()),
        "endless" => {
            let line = format!("{}\r\n", "endless ".repeat(9));
            loop {
                say(&line);
            }
        }
        "lie" => {
            for state in
                ["done", "idle", "error", "done", "working", "blocked:kind=nonsense", "gone;;=", "idle", "working"]
            {
                report(state);
                sleep(Duration::from_millis(2));
            }
        }
        "deaf" => {
            for signal in [signal_hook::consts::SIGHUP, signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
                // A flag that nobody reads: the signal is taken and does nothing.
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).expect("it can be taken");
            }
            write_down("deaf", "deaf");
            loop {
                sleep(Duration::from_secs(1));
            }
        }
        "fork" => {
            // Not one that begins a session of its own: a daemon is the person's to keep.
            let child = "(trap '' HUP TERM INT; exec sleep 1000) </dev/null >/dev/null 2>&1 &";
            Command::new("sh").args(["-c", child]).status().expect("a child");
        }
        "argv" => write_down("argv", &format!("{arguments:?}")),
        "env" => std::env::vars().for_each(|(name, _)| write_down("env", &name)),
        _ => {}
    }
}

/// Prints so many megabytes of one kind: `line/64`.
fn pour(what: &str) {
    const BLOCK: usize = 1024 * 1024;
    let (kind, megabytes) = what.split_once('/').unwrap_or((what, "1"));
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    // Every way in which bytes can fail to be UTF-8, with some that are right between them.
    let broken: &[&[u8]] = &[
        b"\x80",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf8\x88\x80\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\xc3\xa9",
        b"\xff",
    ];
    for _ in 0..megabytes.parse().unwrap_or(1) {
        let mut block = Vec::with_capacity(BLOCK + 8);
        while block.len() < BLOCK {
            match kind {
                "line" => block.extend_from_slice(b"no end "),
                "newlines" => block.push(b'\n'),
                "random" => block.extend(random().to_le_bytes()),
                _ => block.extend_from_slice(broken[(random() % broken.len() as u64) as usize]),
            }
        }
        say_bytes(&block);
    }
    // As an agent that draws its prompt anew: out of whatever was begun.
    say("\x18\x1bc\x1b[?2004h");
}

/// Reads what is typed up to a Ctrl-D, the first seconds of it slowly, and writes it down as it came.
fn swallow(slow_reads: i32) {
    let mut got = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut reads = 0;
    write_down("swallowing", "yes");
    while !got.contains(&4) {
        // A kilobyte ten times a second.
        let most = if reads < slow_reads { 1024 } else { buffer.len() };
        let Ok(bytes @ 1..) = stdin().read(&mut buffer[..most]) else { std::process::exit(0) };
        got.extend_from_slice(&buffer[..bytes]);
        reads += 1;
        if reads < slow_reads {
            sleep(Duration::from_millis(100));
        }
    }
    let folder = std::env::var_os(LEDGER).expect("a ledger");
    std::fs::write(Path::new(&folder).join("swallowed"), got).expect("a file");
}

fn say(text: &str) {
    say_bytes(text.as_bytes());
}

fn say_bytes(bytes: &[u8]) {
    let mut out = stdout();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        // The terminal is gone.
        std::process::exit(0);
    }
}

fn report(state: &str) {
    if MUTE.load(Ordering::Relaxed) {
        return;
    }
    say(&format!("\x1b]7501;state={state}\x1b\\"));
}

fn write_down(ledger: &str, text: &str) {
    let Some(folder) = std::env::var_os(LEDGER) else { return };
    let file = OpenOptions::new().create(true).append(true).open(Path::new(&folder).join(ledger));
    // One write a line, so that agents that write at the same time do not cut each other's.
    file.and_then(|mut file| file.write_all(format!("{}\n", text.replace('\n', "\\n")).as_bytes())).expect("a ledger");
}
