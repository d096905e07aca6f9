//! Does the effects of the core, in order, and brings back what they bring as events. Decides nothing.

use super::agents::{AgentCatalog, NoStart};
use super::backups::Backups;
use super::clock;
use super::core::HostCore;
use super::effect::{Effect, Query, SessionOrder};
use super::event::{ClientId, Event};
use super::finder::{ToFind, What};
use super::git;
use super::holding::Holding;
use super::notes::{Job, Notes, Taken, Wanted};
use super::notifier::Notifier;
use super::processes;
use super::reads::Reads;
use super::retaking::{self, Found};
use super::session::{Comes, Handover, SessionThread};
use super::settings::Settings;
use super::socket::{Frames, Guest};
use super::timers::Timers;
use super::writer::{Batch, Writer};
use crate::domain::changes::NotNoted;
use crate::domain::conversation_state::{SessionEvent, StartOrder};
use crate::domain::id::{ConversationId, Generation};
use crate::domain::session::Exit;
use crate::holder::message::{Held, not_started};
use crate::protocol::codec;
use crate::protocol::message::{Environment, HostReport, NoDiff, Refusal, Reply, Told};
use crate::store::Loaded;
use crate::terminal::frame::Size;
use rustix::process::Pid;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

/// A session that nobody has viewed yet starts at this size; the first view changes it.
const FIRST_SIZE: Size = Size { columns: 80, rows: 24 };

/// A host that is told to end tries for so long to save what is left.
const GIVE_UP_SAVING: Duration = Duration::from_secs(3);
/// Ending what sessions left takes 3 s at most, unless the system lets nobody look at a process.
const LEFT_JOBS_LIMIT: Duration = Duration::from_secs(5);
/// How long the last replies may take to leave when the host ends.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Everything that comes to the host's loop.
pub enum Incoming {
    Event(Event),
    NewClient {
        client: ClientId,
        frames: Frames,
    },
    /// A connection that wants to become a view; it is kept here until the core has said yes or no.
    ParkedView {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        size: Size,
        guest: Guest,
    },
    /// These were waiting for a commit, which is done.
    Committed(Vec<Effect>),
    /// These could not be saved before the host had to end; nothing of them happens.
    GivenUp,
    /// A request that this build does not know.
    NotUnderstood {
        client: ClientId,
        id: u64,
    },
    QueryDone {
        client: ClientId,
        id: u64,
        reply: Reply,
    },
    /// The store opened after all, and this is in it, and in the holder.
    StoreOpened {
        loaded: Loaded,
        held: Vec<Held>,
    },
    /// A session's thread tells something, the `number`-th of all.
    FromSession {
        conversation: ConversationId,
        generation: Generation,
        number: u64,
        event: SessionEvent,
    },
    /// The turn was read of which a client wants to know what it changed.
    ToDiff(ConversationId, Box<Wanted>),
    /// What was asked for brought nothing.
    Nothing,
    /// The session's thread is about to end.
    SessionGone {
        conversation: ConversationId,
        generation: Generation,
        left: Option<Pid>,
    },
}

pub struct Driver {
    core: HostCore,
    agents: Arc<AgentCatalog>,
    backups: Backups,
    writer: Writer,
    reads: Reads,
    notifier: Notifier,
    notes: Notes,
    settings: Settings,
    /// Batches that the writer has and has not given back. While there are some, everything goes behind them, so that order is kept.
    at_writer: usize,
    /// Batches that have come back since the host began.
    batches_back: u64,
    /// Nothing can be committed at present.
    store_trouble: bool,
    clients: HashMap<ClientId, Frames>,
    parked: HashMap<ClientId, Guest>,
    sessions: HashMap<(ConversationId, Generation), SessionThread>,
    holding: Holding,
    /// What the holder knows each session by, until its end is noted.
    held: HashMap<(ConversationId, Generation), String>,
    /// Leaders that are gone while jobs of theirs live on: those end with the host.
    left: Vec<Pid>,
    timers: Timers,
    /// The size of the newest view: what a new session starts with.
    size: Size,
    places: Places,
    incoming: Sender<Incoming>,
    ending: Ending,
}

/// Where sessions have their files, and conversations their worktrees.
#[derive(Debug, Clone)]
pub struct Places {
    pub run: PathBuf,
    pub journals: PathBuf,
    /// Beside the store: they hold work, and outlive the host.
    pub worktrees: PathBuf,
    /// What turns found and left of files, a folder for each conversation.
    pub trees: PathBuf,
    /// The person's configuration.
    pub config: PathBuf,
}

/// Whether the host is to end, and what becomes of its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    WithSessions,
    /// They go on under the next host.
    Alone,
}

/// The threads that work beside the host's loop.
pub struct Beside {
    pub backups: Backups,
    pub writer: Writer,
    pub reads: Reads,
    pub notifier: Notifier,
    pub settings: Settings,
}

impl Driver {
    pub fn new(
        core: HostCore,
        agents: AgentCatalog,
        Beside { backups, writer, reads, notifier, settings }: Beside,
        holding: Holding,
        places: Places,
        incoming: Sender<Incoming>,
    ) -> Driver {
        Driver {
            core,
            agents: Arc::new(agents),
            backups,
            writer,
            reads,
            notifier,
            notes: Notes::new(places.trees.clone(), places.config.clone(), incoming.clone()),
            settings,
            at_writer: 0,
            batches_back: 0,
            store_trouble: false,
            clients: HashMap::new(),
            parked: HashMap::new(),
            sessions: HashMap::new(),
            left: Vec::new(),
            timers: Timers::new(incoming.clone()),
            size: FIRST_SIZE,
            holding,
            held: HashMap::new(),
            places,
            incoming,
            ending: Ending::No,
        }
    }

    /// Runs until the host is to end and all its sessions are gone.
    pub async fn run(mut self, first: Vec<Effect>, mut receiver: Receiver<Incoming>) {
        self.perform(first);
        self.forget_left_notes();
        while !(self.ending != Ending::No && self.sessions.is_empty() && self.at_writer == 0) {
            // A sender is kept in `self`, so there is always one.
            let Some(incoming) = receiver.recv().await else {
                break;
            };
            self.take(incoming);
        }
        // Jobs that sessions left go on where sessions do.
        let jobs = end_beside(if self.ending == Ending::Alone { Vec::new() } else { self.left });
        let leaving = async {
            for frames in self.clients.into_values() {
                frames.finish().await;
            }
        };
        // Replies that are on their way get a moment to leave; a client that does not read is not waited for.
        let _ = tokio::time::timeout(LAST_WORDS, leaving).await;
        if tokio::time::timeout(LEFT_JOBS_LIMIT, jobs).await.is_err() {
            tracing::error!("jobs that sessions left could not even be looked at; they are left");
        }
        self.notifier.finish();
        // Who closes the store last writes its journal into it, and of all that have it open only the writer does that.
        drop((receiver, self.reads, self.backups));
        self.writer.finish();
        if self.ending == Ending::WithSessions {
            self.holding.end();
        }
    }

    /// Takes processes over that earlier hosts started; what the core does not know as its own is ended. `known_ids` are those of the agents'
    /// sessions as they were noted last.
    pub fn take_over(&mut self, held: Vec<Held>, known_ids: &BTreeMap<ConversationId, String>) {
        let held = retaking::read(held);
        let (found, not_ours) = retaking::sort(held, &self.core, &self.agents, known_ids, &self.places);
        for folder in [&self.places.run, &self.places.journals] {
            retaking::empty_but(folder, &found);
        }
        retaking::end(not_ours, &self.holding);
        for found in found {
            let Found { conversation, generation, key, begun } = found;
            self.held.insert((conversation, generation), key);
            let begun = begun.and_then(|(begin, held)| {
                let (comes, holding) = (Comes::FromEarlier(held), self.holding.clone());
                let started = SessionThread::start(*begin, comes, holding, self.incoming.clone());
                started.map_err(|error| error.to_string())
            });
            match begun {
                Ok(session) => drop(self.sessions.insert((conversation, generation), session)),
                Err(why) => {
                    tracing::error!(why, "a session could not be taken over");
                    let event = SessionEvent::Exited { exit: Exit::NotSeen, said: String::new() };
                    let effects = self.core.handle(Event::Session { conversation, generation, event }, clock::now());
                    self.perform(effects);
                }
            }
        }
    }

    fn diff(&mut self, conversation: ConversationId, wanted: Box<Wanted>) {
        let (client, id, turn) = (wanted.client, wanted.id, wanted.turn.number);
        if self.notes.order(conversation, Job::Diff(wanted)) == Taken::No {
            let why = NoDiff::Git(NotNoted::Failed("too much is asked of git at once; try again".into()));
            let reply = Reply::Refused { why: Refusal::NoDiff { turn, why } };
            self.tell(client, &Told::Reply { id, reply });
        }
    }

    /// A host that ended early may have left notes of conversations that are gone.
    fn forget_left_notes(&mut self) {
        let (notes, known) = (self.notes.clone(), self.core.known());
        self.beside("files", None, move || {
            if let Some((known, next)) = known {
                notes.keep_only(&known, next);
            }
            Incoming::Nothing
        });
    }

    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Event(event) => {
                match &event {
                    Event::StoreTrouble(_) => {
                        self.store_trouble = true;
                        self.reads.read_all();
                    }
                    Event::StoreWell => self.store_trouble = false,
                    _ => {}
                }
                if let Event::ClientGone(client) = &event
                    && let Some(frames) = self.clients.remove(client)
                {
                    frames.give_up();
                }
                if matches!(&event, Event::Asked { .. } | Event::Session { .. }) {
                    self.settings.look();
                }
                let effects = self.core.handle(event, clock::now());
                self.perform(effects);
            }
            Incoming::NewClient { client, frames } => {
                self.clients.insert(client, frames);
            }
            Incoming::ParkedView { client, id, conversation, size, guest } => {
                self.parked.insert(client, guest);
                let event = Event::ViewAsked { client, id, conversation, size };
                let effects = self.core.handle(event, clock::now());
                self.perform(effects);
            }
            Incoming::Committed(effects) => {
                self.batch_is_back();
                for effect in effects {
                    self.perform_one(effect);
                }
            }
            Incoming::NotUnderstood { client, id } => {
                let reply = Reply::Refused { why: Refusal::NotUnderstood };
                self.tell(client, &Told::Reply { id, reply });
            }
            Incoming::ToDiff(conversation, wanted) => self.diff(conversation, wanted),
            Incoming::Nothing => {}
            Incoming::GivenUp => self.batch_is_back(),
            Incoming::QueryDone { client, id, reply } => self.tell(client, &Told::Reply { id, reply }),
            Incoming::StoreOpened { loaded: Loaded { conversations, next_conversation }, held } => {
                self.store_trouble = false;
                let known_ids = retaking::known_ids(&conversations);
                let lived_on = retaking::lived_on(&retaking::read(held.clone()));
                let event = Event::StoreOpened { kept: conversations, lived_on, next: next_conversation };
                let effects = self.core.handle(event, clock::now());
                self.perform(effects);
                self.take_over(held, &known_ids);
                self.forget_left_notes();
            }
            Incoming::FromSession { conversation, generation, number, event } => {
                let is_end = is_end(&event);
                let mut effects = self.core.handle(Event::Session { conversation, generation, event }, clock::now());
                let order = SessionOrder::Settled(number);
                effects.push(Effect::ToSession { conversation, generation, order });
                if is_end {
                    effects.push(Effect::Forget { conversation, generation });
                }
                self.perform(effects);
            }
            Incoming::SessionGone { conversation, generation, left } => {
                self.left.extend(left);
                if let Some(session) = self.sessions.remove(&(conversation, generation)) {
                    session.join();
                }
            }
        }
    }

    fn batch_is_back(&mut self) {
        self.at_writer = self.at_writer.saturating_sub(1);
        self.batches_back += 1;
        self.reads.batch_is_back(self.batches_back);
    }

    fn read(&mut self, client: ClientId, id: u64, what: What) {
        let before = u64::try_from(self.at_writer).unwrap_or(u64::MAX);
        self.reads.read_after(self.batches_back.saturating_add(before), ToFind { client, id, what });
        match self.store_trouble {
            true => self.reads.read_all(),
            false => self.reads.batch_is_back(self.batches_back),
        }
    }

    /// Does these in order; what stands beside a save happens after the commit.
    fn perform(&mut self, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        let mut then = Vec::new();
        for effect in effects {
            match effect {
                Effect::Save(change) => changes.push(change),
                now if self.needs_no_commit(&now) => self.perform_one(now),
                other => then.push(other),
            }
        }
        // While nothing can be saved, what needs no saving of its own goes on: looking, interrupting, typing.
        if changes.is_empty() && (self.at_writer == 0 || self.store_trouble) {
            for effect in then {
                self.perform_one(effect);
            }
        } else {
            self.at_writer += 1;
            self.to_writer(Batch { changes, then });
        }
    }

    /// What no save has a part in waits for no disk: a view shows what a program wrote, and an end is an end even where it cannot be noted.
    fn needs_no_commit(&self, effect: &Effect) -> bool {
        match effect {
            Effect::ReplyNow { .. }
            | Effect::TellNow { .. }
            | Effect::TellAll(_)
            | Effect::RefuseView { .. }
            | Effect::End => true,
            // Told in a line of its own: it waits until all is saved.
            Effect::MakeRoom => false,
            // They wait in a line of their own (`reads.rs`).
            Effect::Query {
                query:
                    Query::Turns { .. }
                    | Query::DecisionsOf { .. }
                    | Query::Brief { .. }
                    | Query::Past { .. }
                    | Query::Diff { .. },
                ..
            }
            // The sooner, the more of what was there is seen; no commit has a part in it.
            | Effect::Noting(_)
            | Effect::NoteBegan { .. }
            | Effect::NoteEnded { .. }
            | Effect::Search { .. } => true,
            Effect::View { conversation, generation, .. } => self.sessions.contains_key(&(*conversation, *generation)),
            Effect::Save(_)
            | Effect::Reply { .. }
            | Effect::Tell { .. }
            | Effect::Query { query: Query::EndedTurn { .. }, .. }
            | Effect::Prompts { .. }
            | Effect::DescribeAgents { .. }
            | Effect::AddWorktree { .. }
            | Effect::CountWorktree { .. }
            | Effect::LookIntoWorktree { .. }
            | Effect::RemoveWorktree { .. }
            | Effect::ForgetNotes(_)
            | Effect::ListSessions { .. }
            | Effect::LookForSession { .. }
            | Effect::ReadEarlier { .. }
            | Effect::StartSession { .. }
            | Effect::ToSession { .. }
            | Effect::Forget { .. }
            | Effect::SetTimer { .. }
            | Effect::Announce(_)
            | Effect::CancelTimers { .. } => false,
        }
    }

    /// On a thread of its own: programs are asked for their versions.
    fn describe_agents(&mut self, client: ClientId, id: u64) {
        let (agents, incoming) = (self.agents.clone(), self.incoming.clone());
        let describe = move || {
            let reply = Reply::Agents(agents.describe());
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::QueryDone { client, id, reply });
        };
        if let Err(error) = std::thread::Builder::new().name("agents".into()).spawn(describe) {
            tracing::warn!(%error, "no thread could be started to look at the agents");
            self.tell(client, &Told::Reply { id, reply: Reply::Agents(Vec::new()) });
        }
    }

    /// Does something that waits for the world on a thread of its own, which brings what comes of it. Whoever waits for that hears where there
    /// can be no such thread.
    fn beside(&mut self, name: &str, waits: Option<(ClientId, u64)>, work: impl FnOnce() -> Incoming + Send + 'static) {
        let incoming = self.incoming.clone();
        // The receiver is gone only when the host has ended.
        let run = move || drop(incoming.blocking_send(work()));
        if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(run) {
            tracing::warn!(%error, name, "no thread could be started, so nothing comes of what was asked");
            if let Some((client, id)) = waits {
                let why = Refusal::NotStarted(not_started(&error));
                self.tell(client, &Told::Reply { id, reply: Reply::Refused { why } });
            }
        }
    }

    fn to_writer(&self, order: Batch) {
        if self.writer.orders.send(order).is_err() {
            tracing::error!("the store's thread is gone");
        }
    }

    fn perform_one(&mut self, effect: Effect) {
        match effect {
            // Saves are taken out by `perform`.
            Effect::Save(_) => {}
            Effect::Reply { client, id, reply } | Effect::ReplyNow { client, id, reply } => {
                let reply = match reply {
                    Reply::Host(report) => {
                        Reply::Host(HostReport { holder: self.holding.pid(), unheld: self.holding.unheld(), ..report })
                    }
                    other => other,
                };
                self.tell(client, &Told::Reply { id, reply });
            }
            Effect::Tell { clients, event } | Effect::TellNow { clients, event } => {
                let told = Told::Event(event);
                for client in clients {
                    self.tell(client, &told);
                }
            }
            Effect::TellAll(event) => {
                let told = Told::Event(event);
                let all: Vec<ClientId> = self.clients.keys().copied().collect();
                all.into_iter().for_each(|client| self.tell(client, &told));
            }
            Effect::Search { client, id, query, most } => self.read(client, id, What::Words { query, most }),
            Effect::Prompts { client, id, most } => self.read(client, id, What::Prompts { most }),
            Effect::Query { client, id, query } => self.read(client, id, What::Turns(query)),
            Effect::ReadEarlier { client, id, conversation, which } => {
                self.read(client, id, What::Earlier(conversation, which));
            }
            Effect::DescribeAgents { client, id } => self.describe_agents(client, id),
            Effect::AddWorktree { client, id, wanted, branch } => {
                let into = self.places.worktrees.clone();
                self.beside("git", Some((client, id)), move || {
                    let added = git::add_worktree(&wanted.folder, &branch, &into).map_err(Refusal::Git);
                    Incoming::Event(Event::WorktreeAdded { client, id, wanted, added })
                });
            }
            Effect::CountWorktree { conversation, worktree } => self.beside("git", None, move || {
                // Where git says nothing, nothing is known, and what was known before stays.
                git::work_in(&worktree)
                    .map_or(Incoming::Nothing, |work| Incoming::Event(Event::WorktreeCounted(conversation, work)))
            }),
            Effect::LookIntoWorktree { client, id, conversation, worktree } => {
                self.beside("git", Some((client, id)), move || {
                    let found = git::look_for_work(&worktree);
                    Incoming::Event(Event::WorktreeLookedInto { client, id, conversation, found })
                })
            }
            Effect::RemoveWorktree { client, id, conversation, worktree, work } => {
                self.beside("git", Some((client, id)), move || {
                    processes::wait_until_left(conversation);
                    let removed = git::remove_worktree(conversation, &worktree, work);
                    Incoming::Event(Event::WorktreeRemoved { client, id, conversation, removed })
                })
            }
            Effect::Noting(noting) => self.notes.set(noting),
            // Where it has no place, nothing is noted of the turn, and that is said to who asks for it.
            Effect::NoteBegan { conversation, turn, folder, at, last } => {
                let _ = self.notes.order(conversation, Job::Began { turn, folder, at, last });
            }
            Effect::NoteEnded { conversation, turn, trees } => {
                let _ = self.notes.order(conversation, Job::Ended { turn, trees });
            }
            // What stays is removed by the next host.
            Effect::ForgetNotes(conversation) => drop(self.notes.order(conversation, Job::Forget)),
            Effect::ListSessions { client, id, lookup, known } => {
                let agents = self.agents.clone();
                self.beside("sessions", Some((client, id)), move || {
                    let reply = match agents.sessions(&lookup) {
                        Ok(mut sessions) => {
                            for session in &mut sessions {
                                session.conversation = known.get(&session.id).copied();
                            }
                            Reply::AgentSessions(sessions)
                        }
                        Err(why) => Reply::Refused { why },
                    };
                    Incoming::QueryDone { client, id, reply }
                });
            }
            Effect::LookForSession { client, id, lookup, session, title } => {
                let agents = self.agents.clone();
                self.beside("session", Some((client, id)), move || {
                    let found = agents.session(&lookup, &session);
                    Incoming::Event(Event::SessionLookedFor { client, id, lookup, title, found })
                });
            }
            Effect::StartSession { conversation, order, environment } => {
                self.start_session(conversation, &order, &environment);
            }
            Effect::ToSession { conversation, generation, order } => {
                if let Some(session) = self.sessions.get(&(conversation, generation)) {
                    session.order(order);
                }
            }
            Effect::View { client, id, conversation, generation, reply, size } => {
                self.size = size;
                let Some(guest) = self.parked.remove(&client) else {
                    return;
                };
                match self.sessions.get(&(conversation, generation)) {
                    Some(session) => session.view(Handover { id, guest, reply, size }),
                    None => refuse(guest, id, Refusal::NotLive),
                }
            }
            Effect::RefuseView { client, id, why } => {
                if let Some(guest) = self.parked.remove(&client) {
                    refuse(guest, id, why);
                }
            }
            Effect::SetTimer { after_ms, conversation, timer } => {
                self.timers.set(conversation, timer, after_ms);
            }
            Effect::CancelTimers { conversation, turn } => self.timers.cancel(conversation, turn),
            Effect::Announce(announce) => self.notifier.announce(*announce),
            Effect::Forget { conversation, generation } => {
                if let Some(key) = self.held.remove(&(conversation, generation)) {
                    self.holding.forget(key);
                }
            }
            Effect::MakeRoom => {
                self.ending = Ending::Alone;
                self.writer.give_up_after(GIVE_UP_SAVING);
                for session in self.sessions.values() {
                    session.order(SessionOrder::Leave);
                }
            }
            Effect::End => {
                self.ending = Ending::WithSessions;
                self.writer.give_up_after(GIVE_UP_SAVING);
                for session in self.sessions.values() {
                    session.order(SessionOrder::Stop);
                }
            }
        }
    }

    fn start_session(&mut self, conversation: ConversationId, order: &StartOrder, environment: &Environment) {
        let generation = order.generation;
        let begun = self
            .agents
            .begin(conversation, order, environment, &self.places.run, &self.places.journals, self.size)
            .and_then(|begin| {
                self.held.insert((conversation, generation), begin.note.key());
                let started = SessionThread::start(begin, Comes::Started, self.holding.clone(), self.incoming.clone());
                started.map_err(|error| NoStart::from(not_started(&error)))
            });
        match begun {
            Ok(session) => {
                self.sessions.insert((conversation, generation), session);
            }
            Err(NoStart { why, trouble }) => {
                let event = SessionEvent::CouldNotStart { why, trouble };
                let effects = self.core.handle(Event::Session { conversation, generation, event }, clock::now());
                self.perform(effects);
            }
        }
    }

    fn tell(&mut self, client: ClientId, told: &Told) {
        let Some(frames) = self.clients.get(&client) else {
            return;
        };
        let frame = match codec::encode(told) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(%error, "a message could not be sent");
                let Told::Reply { id, .. } = told else {
                    return;
                };
                // Whoever asked must hear something; this is short for sure.
                let why = Refusal::TooLong { bytes: 0, most: codec::MAX_FRAME_BYTES as u64 };
                match codec::encode(&Told::Reply { id: *id, reply: Reply::Refused { why } }) {
                    Ok(frame) => frame,
                    Err(_) => return,
                }
            }
        };
        if !frames.push(frame)
            && let Some(slow) = self.clients.remove(&client)
        {
            // Its connection closes; it comes back and gets everything anew.
            tracing::warn!(client = client.0, "a slow client was dropped");
            slow.give_up();
        }
    }
}

/// Whether nothing comes from the session's process after this.
fn is_end(event: &SessionEvent) -> bool {
    match event {
        SessionEvent::Exited { .. } | SessionEvent::NotKilled { .. } | SessionEvent::CouldNotStart { .. } => true,
        SessionEvent::Started { .. }
        | SessionEvent::TakenOver { .. }
        | SessionEvent::Written { .. }
        | SessionEvent::NotWritten { .. }
        | SessionEvent::Seen(_)
        | SessionEvent::SeenAgain(_)
        | SessionEvent::ShellReplaced
        | SessionEvent::Warned(_)
        | SessionEvent::Noted(_)
        | SessionEvent::AnswerTyped(_)
        | SessionEvent::AnswerNotTyped { .. } => false,
    }
}

/// Ends what sessions left on a thread of its own, so that clients get their last words meanwhile. The receiver hears when that is over.
fn end_beside(left: Vec<Pid>) -> oneshot::Receiver<()> {
    let (over, ended) = oneshot::channel();
    let end = move || {
        processes::end_left_jobs(&left);
        // Nobody waits any more where it took too long.
        let _ = over.send(());
    };
    if let Err(error) = std::thread::Builder::new().name("left jobs".into()).spawn(end) {
        // The channel closes with the closure, so nobody waits.
        tracing::error!(%error, "jobs that sessions left could not be ended");
    }
    ended
}

/// Says no on a connection that wanted to be a view.
fn refuse(mut guest: Guest, id: u64, why: Refusal) {
    use std::io::Write;
    let told = Told::Reply { id, reply: Reply::Refused { why } };
    if let Ok(frame) = codec::encode(&told) {
        // A client that is gone already needs no answer; a fresh connection has room for this one.
        let _ = guest.stream.write_all(&frame);
    }
}
