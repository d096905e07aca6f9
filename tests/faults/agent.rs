//! An agent for faults: it writes down what it read from its terminal, tells its state by the program status protocol, and does what the words of
//! a message say. `die:9` dies of a signal, `exit:3` leaves, `wait:FILE` works until the file is there, `flood:5` prints megabytes, `lie` tells
//! wrong ends, `deaf` ignores what should end it, `fork` leaves a child that does, `argv` writes down its arguments.

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::OpenOptions;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::Duration;

/// Names the folder of the agent's own ledger.
pub const LEDGER: &str = "FAULTS_LEDGER";

/// No agent is done sooner.
const WORK: Duration = Duration::from_millis(80);

pub fn run(arguments: &[String]) -> ! {
    let mut terminal = tcgetattr(stdin()).expect("an agent runs in a terminal");
    terminal.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &terminal).expect("it can be made raw");
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

fn say(text: &str) {
    let mut out = stdout();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        // The terminal is gone.
        std::process::exit(0);
    }
}

fn report(state: &str) {
    say(&format!("\x1b]7501;state={state}\x1b\\"));
}

fn write_down(ledger: &str, text: &str) {
    let Some(folder) = std::env::var_os(LEDGER) else { return };
    let file = OpenOptions::new().create(true).append(true).open(Path::new(&folder).join(ledger));
    // One write a line, so that agents that write at the same time do not cut each other's.
    file.and_then(|mut file| file.write_all(format!("{}\n", text.replace('\n', "\\n")).as_bytes())).expect("a ledger");
}
