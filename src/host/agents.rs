//! The profiles of this host: read once, looked up for each start. Finds programs on the client's PATH, and asks them for their versions.

use super::clock;
use super::core::Agents;
use super::effect::Lookup;
use super::kept_sessions;
use super::note::{self, Note, Resumes};
use crate::agent::catalog::{Catalog, LeftOut};
use crate::agent::identity::AgentId;
use crate::agent::launch::{self, How, Launch, Start};
use crate::agent::profile::{BeforeResume, Candidate, Choose, ProcessExit, Profile, Version, VersionRules};
use crate::agent::template::value_of;
use crate::agent::token::Token;
use crate::domain::conversation_state::{AgentRules, ExitMeans, QuestionTakes, StartOrder, StartTrouble};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::ConversationId;
use crate::host::session::{self, Begin, Lease, Whereabouts};
use crate::protocol::message::{AgentReport, AgentSession, Environment, Refusal};
use crate::terminal::frame::Size;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A program that takes longer to say its version is not waited for: an agent in a script language takes half a second on a busy machine.
const VERSION_LIMIT: Duration = Duration::from_secs(5);
/// A version is a line.
const MOST_SAID_BYTES: u64 = 64 * 1024;

pub struct AgentCatalog {
    catalog: Catalog,
    left_out: Vec<LeftOut>,
    /// Our own program and socket, for the hooks of agents.
    program: String,
    socket: String,
}

/// Why a session cannot be begun.
#[derive(Debug)]
pub struct NoStart {
    pub why: String,
    pub trouble: StartTrouble,
}

impl From<String> for NoStart {
    fn from(why: String) -> NoStart {
        NoStart { why, trouble: StartTrouble::Other }
    }
}

impl From<&str> for NoStart {
    fn from(why: &str) -> NoStart {
        NoStart::from(why.to_owned())
    }
}

impl AgentCatalog {
    /// Reads the built-in profiles and the person's own from `folder`; what is wrong with any of them is given back.
    pub fn read(folder: &Path, socket: &Path) -> AgentCatalog {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                match std::fs::read_to_string(&path) {
                    Ok(text) => files.push((entry.file_name().to_string_lossy().into_owned(), text)),
                    Err(error) => tracing::warn!(path = %path.display(), %error, "could not read a profile"),
                }
            }
        }
        files.sort();
        let (catalog, left_out) = Catalog::read(&files);
        let program = crate::paths::own_program().unwrap_or_else(|error| {
            tracing::warn!(%error, "our own program was not found; hooks of agents look for it on PATH");
            PathBuf::from("threadkeep")
        });
        let text = |path: &Path| path.to_string_lossy().into_owned();
        AgentCatalog { catalog, left_out, program: text(&program), socket: text(socket) }
    }

    /// What the core needs to know of the agents.
    pub fn for_core(&self, default_agent: String) -> Agents {
        let rules =
            self.catalog.profiles().iter().map(|profile| (profile.name.as_str().to_owned(), rules(profile))).collect();
        Agents { rules, default_agent }
    }

    /// What each agent can do here, as things are now. Asks the programs for their versions, all at once, and waits for that.
    pub fn describe(&self) -> Vec<AgentReport> {
        let environment = Environment(std::env::vars().collect());
        let mut reports: Vec<AgentReport> = std::thread::scope(|scope| {
            let environment = &environment;
            let ask = |profile| std::thread::Builder::new().spawn_scoped(scope, move || report(profile, environment));
            // One for whom there is no thread is left out of this answer; the log of the system says why.
            let asked: Vec<_> = self.catalog.profiles().iter().filter_map(|profile| ask(profile).ok()).collect();
            asked.into_iter().filter_map(|report| report.join().ok()).collect()
        });
        // Those that can be started stand first, each part in the order of names.
        reports.sort_by_key(|report| report.program.is_none());
        reports.extend(self.left_out.iter().map(|left_out| AgentReport {
            name: left_out.file.clone(),
            title: "left out".into(),
            program: None,
            warning: Some(left_out.why.to_string()),
            notes: Vec::new(),
        }));
        reports
    }

    /// The sessions that an agent keeps of a folder, the one that was written last first.
    pub fn sessions(&self, lookup: &Lookup) -> Result<Vec<AgentSession>, Refusal> {
        let profile = self.profile_of(lookup)?;
        let adopt = profile.adopt.as_ref().ok_or_else(|| Refusal::KeepsNoSessions(lookup.agent.clone()))?;
        Ok(kept_sessions::list(profile, adopt, &kept_at(profile, lookup)))
    }

    /// The one of this id.
    pub fn session(&self, lookup: &Lookup, session: &str) -> Result<AgentSession, Refusal> {
        let profile = self.profile_of(lookup)?;
        let adopt = profile.adopt.as_ref().ok_or_else(|| Refusal::KeepsNoSessions(lookup.agent.clone()))?;
        let missing = || Refusal::NoSession { agent: lookup.agent.clone(), session: session.to_owned() };
        kept_sessions::find(profile, adopt, &kept_at(profile, lookup), session).ok_or_else(missing)
    }

    fn profile_of(&self, lookup: &Lookup) -> Result<&Profile, Refusal> {
        self.catalog.get(&lookup.agent).ok_or_else(|| Refusal::UnknownAgent(lookup.agent.clone()))
    }

    /// Prepares a session's start. An error says in words why there is no program to start.
    pub fn begin(
        &self,
        conversation: ConversationId,
        order: &StartOrder,
        environment: &Environment,
        run: &Path,
        journals: &Path,
        size: Size,
    ) -> Result<Begin, NoStart> {
        let profile =
            self.catalog.get(&order.agent).ok_or_else(|| format!("there is no profile for agent {}", order.agent))?;
        let (candidate, program) = find(profile, environment).ok_or_else(|| NoStart {
            why: profile.not_found_words(&environment.0),
            trouble: StartTrouble::ProgramMissing,
        })?;
        let token = Token::new(random_bytes()?);
        let folder = run.join(note::key(conversation, order.session, order.generation));
        let dir = folder.to_str().ok_or("the folder for sessions has a name that is not UTF-8")?;
        let id = match &order.resume {
            Some(id) => Some(AgentId::try_from(id.clone())?),
            None => match profile.identity.choose {
                Some(Choose::Uuid | Choose::Any) => Some(AgentId::uuid(random_bytes()?)),
                None => None,
            },
        };
        let how = match (&id, &order.resume) {
            (Some(id), Some(_)) => How::Resume(id),
            (id, _) => How::New(id.as_ref()),
        };
        let fingerprint =
            Fingerprint { agent: order.agent.clone(), model: order.model.clone(), folder: order.folder.clone() };
        let port = profile.stream().map(|_| free_port()).transpose()?;
        let start = Start {
            profile,
            how,
            threadkeep: &self.program,
            socket: &self.socket,
            candidate,
            program: &program,
            fingerprint: &fingerprint,
            dir,
            token: &token,
            conversation,
            env: &environment.0,
            port,
        };
        let mut launch = launch::launch(&start);
        launch.env.extend(id.as_ref().map(|id| (session::SESSION_VARIABLE.to_owned(), id.as_str().to_owned())));
        let whereabouts = Whereabouts {
            state: profile.state_folder(&environment.0),
            home: value_of("HOME", &environment.0).map(str::to_owned),
            cwd: order.folder.clone(),
            dir: dir.to_owned(),
            id,
        };
        if order.resume.is_some() {
            prepare_resume(profile, &whereabouts)?;
        }
        let at = whereabouts.clone();
        let note = Note {
            conversation,
            session: order.session,
            generation: order.generation,
            agent: order.agent.clone(),
            program: candidate.program.to_owned(),
            token: token.as_str().to_owned(),
            state: at.state,
            home: at.home,
            cwd: at.cwd,
            dir: at.dir,
            id: at.id.map(|id| id.as_str().to_owned()),
            resumes: if order.resume.is_some() { Resumes::Yes } else { Resumes::No },
            size,
            started_at: clock::now(),
            model: order.model.clone().filter(|_| !candidate.variant.model.is_empty()),
            port,
        };
        Ok(Begin {
            conversation,
            generation: order.generation,
            launch,
            journal: journals.join(note.key()),
            note,
            lease: Lease::new(whereabouts.home.as_deref(), profile.name.as_str()),
            takes_up: whereabouts.id.clone().filter(|_| order.resume.is_some()),
            whereabouts,
            profile: Arc::new(profile.clone()),
            variant: candidate.variant.clone(),
            token: token.clone(),
            folder: folder.clone(),
            size,
        })
    }
}

impl AgentCatalog {
    /// Prepares to take up a process that an earlier host had started. An error says in words why that cannot be.
    pub fn begin_again(&self, note: Note, known_id: Option<&str>, journals: &Path) -> Result<Begin, String> {
        let profile = self
            .catalog
            .get(&note.agent)
            .ok_or_else(|| format!("there is no profile for agent {} any more", note.agent))?;
        let variant = profile.variant_of(&note.program).ok_or("its profile does not know its program any more")?;
        let token = Token::known(note.token.clone()).ok_or("its token is none")?;
        let id = known_id.or(note.id.as_deref()).map(|id| AgentId::try_from(id.to_owned())).transpose()?;
        Ok(Begin {
            conversation: note.conversation,
            generation: note.generation,
            lease: Lease::new(note.home.as_deref(), profile.name.as_str()),
            // It runs.
            launch: Launch {
                program: note.program.clone(),
                args: Vec::new(),
                env: Vec::new(),
                files: Vec::new(),
                folder: note.cwd.clone(),
            },
            takes_up: None,
            whereabouts: Whereabouts {
                state: note.state.clone(),
                home: note.home.clone(),
                cwd: note.cwd.clone(),
                dir: note.dir.clone(),
                id,
            },
            profile: Arc::new(profile.clone()),
            variant: variant.clone(),
            token,
            folder: PathBuf::from(&note.dir),
            size: note.size,
            journal: journals.join(note.key()),
            note,
        })
    }
}

/// Where an agent keeps its own files for this client, whoever started it.
fn kept_at(profile: &Profile, lookup: &Lookup) -> Whereabouts {
    Whereabouts {
        state: profile.state_folder(&lookup.environment.0),
        home: value_of("HOME", &lookup.environment.0).map(str::to_owned),
        cwd: lookup.folder.clone(),
        dir: String::new(),
        id: None,
    }
}

/// A port of loopback that nobody listens at. Another program may take it before the agent does; then the agent says so on its screen.
fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("the system gave no free port: {error}"))
}

fn random_bytes<const COUNT: usize>() -> Result<[u8; COUNT], String> {
    let mut random = [0; COUNT];
    getrandom::fill(&mut random).map_err(|error| format!("the system gave no random bytes: {error}"))?;
    Ok(random)
}

/// Puts in order what the profile says, and tells why there is nothing to take up where that is known beforehand.
fn prepare_resume(profile: &Profile, at: &Whereabouts) -> Result<(), String> {
    let places = at.places(None);
    if let Some(record) = profile.continuity.resume_if.as_ref().and_then(|record| record.fill(&places))
        && session::files(&record).is_empty()
    {
        return Err("it has no record of that session".into());
    }
    for step in &profile.continuity.before_resume {
        let done = match step {
            BeforeResume::Remove(files) => {
                let files = files.fill(&places).map(|files| session::files(&files)).unwrap_or_default();
                files.into_iter().try_for_each(std::fs::remove_file)
            }
            BeforeResume::Copy { from, to } => {
                let from = from.fill(&places).and_then(|from| session::files(&from).into_iter().next());
                let to = to.fill(&places).and_then(|to| to.path());
                from.zip(to).map_or(Ok(()), |(from, to)| std::fs::copy(from, to).map(drop))
            }
        };
        done.map_err(|error| format!("what its profile wants before a resume could not be done: {error}"))?;
    }
    Ok(())
}

fn rules(profile: &Profile) -> AgentRules {
    AgentRules {
        resume: profile.continuity.resume,
        model_switch: profile.model.switch,
        question: if profile.request.takes_words() { QuestionTakes::Words } else { QuestionTakes::Nothing },
        exit: match profile.turn_end.process_exit {
            ProcessExit::IsTurnStatus => ExitMeans::TurnStatus,
            ProcessExit::IsFailure => ExitMeans::Failure,
        },
        interrupted_statuses: profile.turn_end.interrupted_statuses.clone(),
        interrupt_step_ms: profile.interrupt.iter().map(|step| step.wait_ms).collect(),
        start_deadline_ms: profile.deadlines.turn_start_ms,
        ready_deadline_ms: profile.deadlines.ready_ms,
        goes_on_deadline_ms: profile.request.goes_on_ms,
    }
}

fn report(profile: &Profile, environment: &Environment) -> AgentReport {
    let found = find(profile, environment);
    let version = found.as_ref().zip(profile.version.as_ref());
    let version = version.map(|((_, program), rules)| version_of(Command::new(program), rules));
    let missing = found.is_none().then(|| profile.not_found_words(&environment.0));
    let warning = version.as_ref().and_then(Version::warning);
    // The warning says it.
    let tried = version.as_ref().filter(|_| warning.is_none()).map(Version::words);
    let mut notes: Vec<String> = missing.into_iter().chain(tried).collect();
    notes.extend(profile.abilities().words().into_iter().map(str::to_owned));
    notes.extend(profile.notes.iter().cloned());
    if let Some((candidate, _)) = &found {
        notes.extend(candidate.variant.notes.iter().cloned());
    }
    AgentReport {
        name: profile.name.as_str().to_owned(),
        title: profile.title.clone(),
        program: found.map(|(_, program)| program),
        warning,
        notes,
    }
}

/// What a program says its version is.
pub fn version_of(mut program: Command, rules: &VersionRules) -> Version {
    said_by(program.args(&rules.args)).map_or(Version::NotTold, |said| rules.judge(&said))
}

/// What a program writes on its standard output. None where it cannot be started or takes too long.
fn said_by(command: &mut Command) -> Option<String> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).spawn().ok()?;
    let stdout = child.stdout.take()?;
    let (said, heard) = std::sync::mpsc::sync_channel(1);
    let read = move || {
        let mut text = String::new();
        // What is no text has no version in it, and a receiver that gave up wants nothing.
        let _ = stdout.take(MOST_SAID_BYTES).read_to_string(&mut text);
        let _ = said.send(text);
    };
    // Without a thread nothing is heard, and that is the answer.
    let _ = std::thread::Builder::new().name("version".into()).spawn(read);
    let text = heard.recv_timeout(VERSION_LIMIT).ok();
    // One that has told all may go on living, and one that told nothing is not waited for.
    let _ = child.kill();
    let _ = child.wait();
    text
}

/// The first candidate that is there, with its path.
fn find<'a>(profile: &'a Profile, environment: &'a Environment) -> Option<(Candidate<'a>, String)> {
    let path = environment.0.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value.as_str());
    profile.candidates(&environment.0).into_iter().find_map(|candidate| {
        let program = if candidate.program.contains('/') {
            is_program(Path::new(candidate.program)).then(|| candidate.program.to_owned())
        } else {
            path.split(':')
                .map(|folder| Path::new(folder).join(candidate.program))
                .find_map(|program| if is_program(&program) { program.to_str().map(str::to_owned) } else { None })
        };
        program.map(|program| (candidate, program))
    })
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
