//! The command line: one verb a file. Every verb is a client like the window.
//!
//! Change here: arguments, exit codes. Output with `--json` is a contract (docs/json.md); its shapes are in `src/json.rs`.

mod adopt;
mod answer;
mod archive;
mod attach;
mod awaiting;
pub mod completions;
mod config;
mod diff;
mod doctor;
mod export;
mod fork;
mod handover;
mod holder;
mod host;
mod launch;
mod log;
mod look;
mod ls;
mod man;
mod model;
mod new;
mod repair;
mod resume;
mod rm;
mod search;
mod send;
mod signal;
mod status;
mod tell;
mod wait;
mod why;
mod worktree;

use crate::client::{Absent, ClientError, Control};
use crate::domain::conversation::Tab;
use crate::domain::id::{ConversationId, Timestamp};
use crate::domain::turn::{TurnEnd, TurnState};
use crate::export::ExportError;
use crate::json;
use crate::paths::{Paths, PathsError};
use crate::protocol::message::{BUILD, Conversation, Reply, Request};
use crate::store::StoreError;
use crate::terminal::clean::clean_lines;
use clap::{Args, Parser, Subcommand};
use clap_complete::ArgValueCandidates;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a run came to. The numbers are a contract; `EXIT_CODES` says them to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    Done = 0,
    TurnFailed = 1,
    WrongUsage = 2,
    Interrupted = 3,
    Timeout = 4,
    OutcomeUnknown = 5,
    Refused = 6,
    NoHost = 7,
    Asked = 8,
}

/// For the help and the manual; the table in README.md is held to it by a test.
const EXIT_CODES: &str = "\
Exit codes:
  0  done, or the turn completed
  1  the turn failed
  2  wrong usage
  3  interrupted
  4  time over; the turn goes on
  5  outcome unknown
  6  refused; the reason is printed
  7  no host could be reached or started
  8  the agent asks something (only with --or-asked)";

/// One tab is one lasting conversation with a coding agent, and you always see whether it still knows what was said.
///
/// Without a command the window opens. THREADKEEP_HOME=DIR moves everything that a run touches.
#[derive(Debug, Parser)]
#[command(name = "threadkeep", version = BUILD, about, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a conversation
    New(new::New),
    /// Send a message; its session is reused, resumed or started
    Send(send::Send),
    /// List the conversations
    Ls(ls::Ls),
    /// Print the turns of a conversation, in order
    Log(log::Log),
    /// Find turns of all conversations by words of their prompts and answers
    Search(search::Search),
    /// Say what a turn changed in the files of its git repository
    Diff(diff::Diff),
    /// Write the whole record of a conversation as Markdown or JSON
    Export(export::Export),
    /// Read what is saved where no host can: on a full or read-only disk, of a newer build, or where none starts
    Look(look::Look),
    /// Say how the last messages reached their agent, and why
    Why(why::Why),
    /// Say or choose the model of a conversation, from its next message on
    Model(model::Model),
    /// Show one session alone in this terminal, keys straight through
    Attach(attach::Attach),
    /// Answer what the agent asks
    Answer(answer::Answer),
    /// Make the next message start a fresh session
    Fresh(tell::Fresh),
    /// Make the next message go on with an earlier session of the conversation
    Resume(resume::Resume),
    /// Let another agent go on with a conversation, with a brief to read and send
    #[command(name = "handover")]
    HandOver(handover::HandOver),
    /// Go on with a session that was begun in the agent itself
    Adopt(adopt::Adopt),
    /// Leave a conversation behind one of its turns, in a new one
    Fork(fork::Fork),
    /// Interrupt the turn that runs, and wait for its end
    Interrupt(tell::Interrupt),
    /// Wait until a turn has ended
    Wait(wait::Wait),
    /// Say what stands in the git worktree of a conversation, or remove it
    Worktree(worktree::Worktree),
    /// Say in one line how all conversations stand, for a prompt; starts no host
    Status(status::Status),
    /// Put a conversation away, out of the lists, or take it back
    Archive(archive::Archive),
    /// Forget a conversation with all its turns, and end its session
    Rm(rm::Rm),
    /// Look after the background host
    #[command(subcommand)]
    Host(host::Host),
    /// Keep the agents (for threadkeep itself)
    #[command(subcommand, hide = true)]
    Holder(holder::Holder),
    /// Say where the configuration lies, print it with all defaults, or check it
    Config(config::Config),
    /// Say what was found here and what works
    Doctor(doctor::Doctor),
    /// Print the script that completes this command line in a shell
    Completions(completions::Completions),
    /// Print the manual page, or write those of all verbs to a folder
    Man(man::Man),
    /// Take what an agent's hook tells on standard input (what a profile has its agent call)
    #[command(hide = true)]
    Signal(signal::Signal),
}

/// Which conversation is meant.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The conversation; without it the newest one of this folder
    #[arg(short = 'c', long = "conversation", value_name = "ID", add = ArgValueCandidates::new(completions::conversations))]
    pub conversation: Option<i64>,
}

/// The same, where the verb has no text of its own to take.
#[derive(Debug, Clone, Args)]
pub struct WhichOrId {
    #[command(flatten)]
    which: Which,
    /// The conversation, as with -c
    #[arg(value_name = "ID", conflicts_with = "conversation", add = ArgValueCandidates::new(completions::conversations))]
    id: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Paths(#[from] PathsError),
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("{0}")]
    Export(#[from] ExportError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Terminal(String),
    #[error("this is inside conversation {0}, which cannot show itself; go to another terminal")]
    Itself(ConversationId),
    #[error("could not read standard input: {0}")]
    StandardInput(#[source] io::Error),
    #[error("could not write: {0}")]
    Write(#[from] io::Error),
    #[error("{folder} is not a folder that can be entered: {why}")]
    Folder { folder: PathBuf, why: String },
    #[error("no conversation in {0} yet; name one with -c ID (see threadkeep ls), or send a message first")]
    NothingHere(String),
    #[error("rm forgets the conversation and all its turns for good; say --yes if that is meant")]
    NotSure,
    #[error("--turn is of one conversation; name one with -c ID")]
    TurnOfSeveral,
    #[error("signal is what an agent that threadkeep started calls; it needs {0}, which is not set here")]
    NotInSession(&'static str),
    #[error("the host said something unexpected: {0:?}")]
    Unexpected(Box<Reply>),
    #[error("{0}")]
    Host(String),
    #[error("{0}")]
    Config(String),
}

impl CliError {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Client(ClientError::Refused(_)) | CliError::Store(_) => ExitCode::Refused,
            CliError::Client(ClientError::Timeout(_)) => ExitCode::Timeout,
            CliError::Client(_) | CliError::Host(_) => ExitCode::NoHost,
            CliError::Export(ExportError::Client(ClientError::Refused(_)) | ExportError::Exists(_)) => {
                ExitCode::Refused
            }
            CliError::Export(ExportError::Client(_)) => ExitCode::NoHost,
            CliError::Paths(_)
            | CliError::Terminal(_)
            | CliError::Itself(_)
            | CliError::StandardInput(_)
            | CliError::Write(_)
            | CliError::Export(ExportError::File { .. } | ExportError::Write(_) | ExportError::Unexpected(_))
            | CliError::Folder { .. }
            | CliError::NothingHere(_)
            | CliError::NotSure
            | CliError::TurnOfSeveral
            | CliError::NotInSession(_)
            | CliError::Config(_)
            | CliError::Unexpected(_) => ExitCode::WrongUsage,
        }
    }
}

/// Carries out a verb.
pub fn run(verb: Verb) -> Result<ExitCode, CliError> {
    // The first runs within an agent, where also a wrong path must stay silent; the others need no folder of ours.
    match verb {
        Verb::Signal(signal) => signal.run(),
        Verb::Completions(completions) => completions.run(),
        Verb::Man(man) => man.run(),
        verb => with_paths(verb, &Paths::from_env()?),
    }
}

fn with_paths(verb: Verb, paths: &Paths) -> Result<ExitCode, CliError> {
    match verb {
        Verb::New(new) => new.run(paths),
        Verb::Send(send) => send.run(paths),
        Verb::Ls(ls) => ls.run(paths),
        Verb::Log(log) => log.run(paths),
        Verb::Search(search) => search.run(paths),
        Verb::Diff(diff) => diff.run(paths),
        Verb::Export(export) => export.run(paths),
        Verb::Look(look) => look.run(paths),
        Verb::Why(why) => why.run(paths),
        Verb::Model(model) => model.run(paths),
        Verb::Attach(attach) => attach.run(paths),
        Verb::Answer(answer) => answer.run(paths),
        Verb::Fresh(fresh) => fresh.run(paths),
        Verb::HandOver(hand_over) => hand_over.run(paths),
        Verb::Resume(resume) => resume.run(paths),
        Verb::Fork(fork) => fork.run(paths),
        Verb::Adopt(adopt) => adopt.run(paths),
        Verb::Worktree(worktree) => worktree.run(paths),
        Verb::Interrupt(interrupt) => interrupt.run(paths),
        Verb::Wait(wait) => wait.run(paths),
        Verb::Status(status) => status.run(paths),
        Verb::Archive(archive) => archive.run(paths),
        Verb::Rm(rm) => rm.run(paths),
        Verb::Host(host) => host.run(paths),
        Verb::Holder(holder) => holder.run(paths),
        Verb::Config(config) => config.run(paths),
        Verb::Doctor(doctor) => doctor.run(paths),
        Verb::Signal(signal) => signal.run(),
        Verb::Completions(completions) => completions.run(),
        Verb::Man(man) => man.run(),
    }
}

impl Which {
    /// The conversation that is meant; none where this folder has none.
    fn find(&self, control: &mut Control) -> Result<Option<ConversationId>, CliError> {
        if let Some(id) = self.conversation {
            return Ok(Some(ConversationId(id)));
        }
        let folder = folder(None)?;
        let all = ls::all(control)?.into_iter();
        let here = all.filter(|one| one.wanted.folder == folder && one.tab != Tab::Archived);
        let newest = here.max_by_key(|one| (one.active_at, one.id));
        Ok(newest.map(|conversation| conversation.id))
    }

    fn find_or_say(&self, control: &mut Control) -> Result<ConversationId, CliError> {
        self.find(control)?.ok_or_else(|| CliError::NothingHere(folder(None).unwrap_or_default()))
    }
}

impl WhichOrId {
    fn find_or_say(&self, control: &mut Control) -> Result<ConversationId, CliError> {
        match self.id {
            Some(id) => Ok(ConversationId(id)),
            None => self.which.find_or_say(control),
        }
    }
}

/// A host to talk to, started if none runs.
fn connect(paths: &Paths) -> Result<Control, CliError> {
    let mut control = Control::connect(paths, Absent::Start)?;
    control.say_notices(say_aside);
    Ok(control)
}

/// The folder that is meant, whole and without links.
pub fn folder(given: Option<&PathBuf>) -> Result<String, CliError> {
    let here = given.cloned().unwrap_or_else(|| PathBuf::from("."));
    let wrong = |why: String| CliError::Folder { folder: here.clone(), why };
    let whole = here.canonicalize().map_err(|error| wrong(error.to_string()))?;
    if !whole.is_dir() {
        return Err(wrong("it is a file".into()));
    }
    whole.into_os_string().into_string().map_err(|_| wrong("its name is not UTF-8".into()))
}

/// A reply that means no more than done.
fn ask_done(control: &mut Control, request: &Request) -> Result<(), CliError> {
    match control.ask(request, None)? {
        Reply::Done => Ok(()),
        other => Err(CliError::Unexpected(Box::new(other))),
    }
}

/// The conversation as it is now.
fn show(control: &mut Control, conversation: ConversationId) -> Result<Conversation, CliError> {
    match control.ask(&Request::Show { conversation }, None)? {
        Reply::Conversation(conversation) => Ok(*conversation),
        other => Err(CliError::Unexpected(Box::new(other))),
    }
}

/// All of standard input, without the newline that ends a file.
fn standard_input() -> Result<String, CliError> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(CliError::StandardInput)?;
    let trimmed = text.strip_suffix('\n').map(str::len);
    text.truncate(trimmed.unwrap_or(text.len()));
    Ok(text)
}

/// What the end of a turn means for the exit code.
fn code_of(state: &TurnState) -> ExitCode {
    match state {
        TurnState::Ended(TurnEnd::Completed) => ExitCode::Done,
        TurnState::Ended(TurnEnd::Failed(_)) => ExitCode::TurnFailed,
        TurnState::Ended(TurnEnd::Interrupted(_)) => ExitCode::Interrupted,
        TurnState::Ended(TurnEnd::Unknown(_)) => ExitCode::OutcomeUnknown,
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => ExitCode::Done,
    }
}

/// One object on one line.
fn say_json(value: serde_json::Value) -> Result<(), CliError> {
    print_line(&json::versioned(value).to_string())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Words for a person. What a program or a message has of commands for a terminal must not reach theirs.
fn say(text: &str) -> Result<(), CliError> {
    print_line(&clean_lines(text))
}

/// Words beside the result, on standard error. Where that is closed or full nobody reads them, and the verb goes on.
fn say_aside(text: &str) {
    let _ = writeln!(io::stderr(), "threadkeep: {}", clean_lines(text));
}

/// A line to standard output. A reader that went away (`| head`) is no error.
fn print_line(line: &str) -> Result<(), CliError> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
