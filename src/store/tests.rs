//! The store as its callers see it: what was committed is there again, whatever happened between.

use super::open::Missing;
use super::schema::{APPLICATION_ID, SCHEMA};
use super::*;
use crate::domain::changes::{Count, NotNoted, Noted, Trees};
use crate::domain::continuity::{Carried, Continuity, Decision, DecisionRecord, Why};
use crate::domain::conversation::{Begun, ConversationRecord, Fork, FreshWanted};
use crate::domain::conversation::{QueueHeld, Tab, Title};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::SessionNumber;
use crate::domain::id::Timestamp;
use crate::domain::request::{Choice, Request, RequestKind, RequestNumber, RequestState};
use crate::domain::search::{Found, Piece};
use crate::domain::session::{AsleepWhy, BegunBy, Context, Exit, SessionEnd, SessionRecord};
use crate::domain::turn::{
    Answer, Delivery, Evidence, FailedWhy, FailureKind, InterruptedBy, Origin, Source, TurnEnd, TurnState, UnknownWhy,
    Usage, Work,
};
use crate::domain::worktree::{BranchBy, Worktree};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use tempfile::TempDir;

struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Home {
        Home { folder: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("threadkeep.db")
    }

    fn open(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    /// A store that holds the outcome of these changes, opened a second time.
    fn reopened(&self, changes: &[Change]) -> Store {
        self.open().commit(changes).unwrap();
        self.open()
    }

    /// SQLite itself, beside the store.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

fn read(store: &Store) -> Reader {
    Reader::new(&store.path)
}

const ONE: ConversationId = ConversationId(1);

fn fingerprint() -> Fingerprint {
    Fingerprint { agent: "shell".into(), model: Some("m".into()), folder: "/w".into() }
}

fn conversation(id: i64) -> ConversationRecord {
    ConversationRecord {
        id: ConversationId(id),
        title: Title::Unset,
        wanted: Fingerprint { model: None, ..fingerprint() },
        fresh_wanted: FreshWanted::No,
        queue_held: None,
        tab: Tab::Closed,
        unread: None,
        draft: String::new(),
        begun: Begun::New,
        worktree: None,
        spent: Usage::default(),
        created_at: Timestamp(1),
        active_at: Timestamp(2),
    }
}

fn session(number: u32) -> SessionRecord {
    SessionRecord {
        number: SessionNumber(number),
        fingerprint: fingerprint(),
        agent_session: None,
        context: Context::Empty,
        begun_by: BegunBy::Us,
        last_folder: None,
        started_at: Timestamp(-3),
        asleep: None,
        ended: None,
    }
}

fn turn(number: u32, state: TurnState) -> TurnRecord {
    TurnRecord {
        number: TurnNumber(number),
        session: None,
        prompt: format!("prompt {number}"),
        origin: Origin::Sent,
        state,
        delivery: Delivery::Held,
        queue_place: number,
        accepted_at: Timestamp(i64::MIN),
        started_at: None,
        ended_at: None,
        evidence: None,
        answer: None,
        requests: Vec::new(),
        work: Work::default(),
        trees: None,
    }
}

fn asked(number: u32, prompt: &str, answer: &str) -> TurnRecord {
    TurnRecord {
        prompt: prompt.into(),
        answer: Some(Answer { text: answer.into(), cut_bytes: 0 }),
        ..turn(number, TurnState::Ended(TurnEnd::Completed))
    }
}

fn decision(number: u32, why: Why) -> DecisionRecord {
    DecisionRecord {
        number,
        turn: TurnNumber(number),
        session: None,
        decision: Decision { continuity: Continuity::Fresh, why },
        evidence: None,
        at: Timestamp(number.into()),
    }
}

fn turn_ends() -> Vec<TurnEnd> {
    let ends = vec![
        TurnEnd::Completed,
        TurnEnd::Failed(FailedWhy::ExitStatus(-1)),
        TurnEnd::Failed(FailedWhy::AgentExited(Exit::Code(1))),
        TurnEnd::Failed(FailedWhy::AgentExited(Exit::Signal(9))),
        TurnEnd::Failed(FailedWhy::AgentExited(Exit::NotSeen)),
        TurnEnd::Failed(FailedWhy::NotStarted),
        TurnEnd::Failed(FailedWhy::NotDelivered),
        TurnEnd::Failed(FailedWhy::CouldNotStart("no \"such\" program\n".into())),
        TurnEnd::Failed(FailedWhy::ProgramMissing("none".into())),
        TurnEnd::Failed(FailedWhy::FolderGone("/w".into())),
        TurnEnd::Interrupted(InterruptedBy::Person),
        TurnEnd::Interrupted(InterruptedBy::AgentScreen),
        TurnEnd::Interrupted(InterruptedBy::SessionStopped),
        TurnEnd::Interrupted(InterruptedBy::Denied),
        TurnEnd::Unknown(UnknownWhy::HostEnded),
        TurnEnd::Unknown(UnknownWhy::NoStatus),
        TurnEnd::Unknown(UnknownWhy::ShellReplaced),
    ];
    let kinds = [FailureKind::ApiError, FailureKind::RateLimit, FailureKind::LoginNeeded, FailureKind::Other];
    let reported = |kind| TurnEnd::Failed(FailedWhy::Reported { kind, text: "500".into() });
    let ends: Vec<TurnEnd> = ends.into_iter().chain(kinds.into_iter().map(reported)).collect();
    for end in &ends {
        match end {
            // A new variant belongs in the list above, in the next schema file and in its golden store.
            TurnEnd::Completed
            | TurnEnd::Failed(
                FailedWhy::ExitStatus(_)
                | FailedWhy::AgentExited(Exit::Code(_) | Exit::Signal(_) | Exit::NotSeen)
                | FailedWhy::NotStarted
                | FailedWhy::NotDelivered
                | FailedWhy::CouldNotStart(_)
                | FailedWhy::ProgramMissing(_)
                | FailedWhy::FolderGone(_)
                | FailedWhy::Reported {
                    kind: FailureKind::ApiError | FailureKind::RateLimit | FailureKind::LoginNeeded | FailureKind::Other,
                    ..
                },
            )
            | TurnEnd::Interrupted(
                InterruptedBy::Person
                | InterruptedBy::AgentScreen
                | InterruptedBy::SessionStopped
                | InterruptedBy::Denied,
            )
            | TurnEnd::Unknown(UnknownWhy::HostEnded | UnknownWhy::NoStatus | UnknownWhy::ShellReplaced) => (),
        }
    }
    ends
}

fn turn_states() -> Vec<TurnState> {
    let mut states = vec![
        TurnState::Queued,
        TurnState::Sending,
        TurnState::Working,
        TurnState::NeedsApproval,
        TurnState::NeedsAnswer,
    ];
    states.extend(turn_ends().into_iter().map(TurnState::Ended));
    for state in &states {
        match state {
            TurnState::Queued
            | TurnState::Sending
            | TurnState::Working
            | TurnState::NeedsApproval
            | TurnState::NeedsAnswer
            | TurnState::Ended(_) => (),
        }
    }
    states
}

fn asleep_whys() -> Vec<AsleepWhy> {
    let whys = vec![
        AsleepWhy::AgentExited(Exit::Code(3)),
        AsleepWhy::AgentExited(Exit::Signal(15)),
        AsleepWhy::AgentExited(Exit::NotSeen),
        AsleepWhy::HostEnded,
        AsleepWhy::Stopped,
        AsleepWhy::CouldNotStart("none".into()),
        AsleepWhy::ResumeRefused("no such session".into()),
        AsleepWhy::NotKilled(4_000_000),
        AsleepWhy::Adopted,
        AsleepWhy::PickedAgain,
    ];
    for why in &whys {
        match why {
            AsleepWhy::AgentExited(Exit::Code(_) | Exit::Signal(_) | Exit::NotSeen)
            | AsleepWhy::HostEnded
            | AsleepWhy::Stopped
            | AsleepWhy::CouldNotStart(_)
            | AsleepWhy::ResumeRefused(_)
            | AsleepWhy::Adopted
            | AsleepWhy::PickedAgain
            | AsleepWhy::NotKilled(_) => (),
        }
    }
    whys
}

fn whys() -> Vec<Why> {
    let mut whys = vec![
        Why::AgentAlive,
        Why::AgentLivedOn,
        Why::FirstMessage,
        Why::UserAsked,
        Why::AgentChanged { from: "a".into(), to: "b".into() },
        Why::ModelChanged { from: None, to: Some("m".into()) },
        Why::FolderChanged { from: "/a".into(), to: "/b".into() },
        Why::TurnRunning { turn: TurnNumber(7), place: 2 },
        Why::SessionEnding { place: 1 },
        Why::QueueFull { bytes: 9, most: 8 },
        Why::BehindQueue { place: 1 },
        Why::EmptyText,
        Why::TooLong { bytes: 1 << 40, most: 1 << 20 },
        Why::StoreTrouble("the disk is full".into()),
        Why::UnknownAgent("x".into()),
        Why::ModelSwitched { from: Some("a".into()), to: None },
        Why::BegunInScreen,
        Why::AnswersQuestion,
        Why::HandedOver { from: "a".into(), to: "b".into() },
        Why::ForkedFrom { title: "it's \"mine\"".into(), turn: TurnNumber(3) },
    ];
    for cause in asleep_whys() {
        let own = Carried::OwnFolder { gone: "/gone".into(), folder: "/w".into() };
        for carried in
            [Carried::Context, Carried::FolderOnly("/w".into()), own, Carried::NothingToKeep, Carried::IdUnknown]
        {
            whys.push(Why::Asleep { cause: cause.clone(), carried });
        }
    }
    for why in &whys {
        match why {
            Why::AgentAlive
            | Why::AgentLivedOn
            | Why::FirstMessage
            | Why::UserAsked
            | Why::Asleep {
                carried:
                    Carried::Context
                    | Carried::FolderOnly(_)
                    | Carried::OwnFolder { .. }
                    | Carried::NothingToKeep
                    | Carried::IdUnknown,
                ..
            }
            | Why::AgentChanged { .. }
            | Why::HandedOver { .. }
            | Why::ForkedFrom { .. }
            | Why::ModelChanged { .. }
            | Why::FolderChanged { .. }
            | Why::TurnRunning { .. }
            | Why::BehindQueue { .. }
            | Why::SessionEnding { .. }
            | Why::QueueFull { .. }
            | Why::EmptyText
            | Why::TooLong { .. }
            | Why::StoreTrouble(_)
            | Why::UnknownAgent(_)
            | Why::ModelSwitched { .. }
            | Why::BegunInScreen
            | Why::AnswersQuestion => (),
        }
    }
    whys
}

fn evidences() -> Vec<Option<Evidence>> {
    let sources = [
        Source::ProgramStatus,
        Source::Hook,
        Source::ShellMark,
        Source::Transcript,
        Source::StateFile,
        Source::Notification,
        Source::Progress,
        Source::Title,
        Source::PasteMode,
        Source::Screen,
        Source::Bell,
        Source::Process,
        Source::Person,
        Source::Host,
        Source::Silence,
    ];
    for source in sources {
        match source {
            Source::ProgramStatus
            | Source::Hook
            | Source::ShellMark
            | Source::Transcript
            | Source::StateFile
            | Source::Notification
            | Source::Progress
            | Source::Title
            | Source::PasteMode
            | Source::Screen
            | Source::Bell
            | Source::Process
            | Source::Person
            | Source::Host
            | Source::Silence => (),
        }
    }
    let seen = |source| Some(Evidence { source, at: Timestamp(5), text: "exit status 1".into() });
    sources.into_iter().map(seen).chain([None]).collect()
}

fn conversations() -> Vec<ConversationRecord> {
    let mine = || Title::ByPerson("it's \"mine\" 漢字".into());
    let titles = [Title::Unset, Title::FromPrompt("first".into()), mine(), mine()];
    let tabs = [Tab::Open { place: 0 }, Tab::Open { place: u32::MAX }, Tab::Closed, Tab::Closed];
    let held = [None, Some(QueueHeld::HostEnded), Some(QueueHeld::NotStarted), Some(QueueHeld::ResumeRefused)];
    let mut records = Vec::new();
    for (title, (tab, queue_held)) in titles.into_iter().zip(tabs.into_iter().zip(held)) {
        match (&title, tab, queue_held) {
            (
                Title::Unset | Title::FromPrompt(_) | Title::ByPerson(_),
                Tab::Open { .. } | Tab::Closed | Tab::Archived,
                None | Some(QueueHeld::HostEnded | QueueHeld::NotStarted | QueueHeld::ResumeRefused),
            ) => (),
        }
        records.push(ConversationRecord { title, tab, queue_held, ..conversation(0) });
    }
    for end in turn_ends() {
        let draft = "line\r\nline\u{1}\u{0}\u{7f} 🎉".into();
        records.push(ConversationRecord {
            unread: Some(end),
            fresh_wanted: FreshWanted::Yes,
            wanted: fingerprint(),
            draft,
            ..conversation(0)
        });
    }
    let fork = Fork { from: ConversationId(1), title: "it's \"mine\"".into(), turn: TurnNumber(3) };
    let usage = Usage { input_tokens: 7, output_tokens: 8, cost_micros: Some(9) };
    for (fresh_wanted, begun, spent) in [
        (FreshWanted::HandedOver, Begun::Forked(fork), usage),
        (FreshWanted::No, Begun::New, Usage { cost_micros: None, ..usage }),
    ] {
        match (fresh_wanted, &begun) {
            (FreshWanted::No | FreshWanted::Yes | FreshWanted::HandedOver, Begun::New | Begun::Forked(_)) => (),
        }
        let worktree = Worktree {
            path: "/t/w".into(),
            repository: "/r".into(),
            branch: "it's/mine".into(),
            branch_by: BranchBy::Person,
        };
        let worktree = Some(worktree).filter(|_| begun == Begun::New);
        records.push(ConversationRecord {
            fresh_wanted,
            begun,
            worktree,
            spent,
            tab: Tab::Archived,
            ..conversation(0)
        });
    }
    for (record, id) in records.iter_mut().zip(1..) {
        record.id = ConversationId(id);
    }
    records
}

fn sessions() -> Vec<SessionRecord> {
    let asleep = asleep_whys().into_iter().map(|why| SessionRecord { asleep: Some(why), ..session(0) });
    let ends = [
        SessionEnd::UserAsked,
        SessionEnd::Incompatible,
        SessionEnd::CannotResume,
        SessionEnd::ReplacedInScreen,
        SessionEnd::EarlierPicked,
    ];
    for end in &ends {
        match end {
            SessionEnd::UserAsked
            | SessionEnd::Incompatible
            | SessionEnd::CannotResume
            | SessionEnd::ReplacedInScreen
            | SessionEnd::EarlierPicked => (),
        }
    }
    let ended = ends.into_iter().map(|end| SessionRecord {
        agent_session: Some("0199-id".into()),
        context: Context::Holds,
        begun_by: BegunBy::AgentScreen,
        last_folder: Some("/tmp/a b".into()),
        ended: Some(end),
        ..session(0)
    });
    let mut records: Vec<_> = [session(0)].into_iter().chain(asleep).chain(ended).collect();
    for (record, number) in records.iter_mut().zip(1..) {
        record.number = SessionNumber(number);
    }
    records
}

fn work() -> Work {
    let usage = Usage { input_tokens: 12, output_tokens: 1 << 40, cost_micros: Some(7) };
    Work { model: Some("m-1".into()), usage: Some(usage), steps: vec!["reads a file".into()], steps_left_out: 3 }
}

fn requests() -> Vec<Request> {
    let choices = [Choice::Allow, Choice::Deny, Choice::Text("it's red".into())];
    let mut states = vec![RequestState::Open, RequestState::AnsweredInScreen, RequestState::Expired];
    states.extend(choices.clone().map(RequestState::Answering));
    states.extend(choices.map(RequestState::Answered));
    let kinds = [RequestKind::Permission, RequestKind::Question, RequestKind::Login];
    for (state, kind) in states.iter().zip(kinds) {
        match (state, kind) {
            (
                RequestState::Open
                | RequestState::AnsweredInScreen
                | RequestState::Expired
                | RequestState::Answering(Choice::Allow | Choice::Deny | Choice::Text(_))
                | RequestState::Answered(Choice::Allow | Choice::Deny | Choice::Text(_)),
                RequestKind::Permission | RequestKind::Question | RequestKind::Login,
            ) => (),
        }
    }
    let numbered = states.into_iter().zip(kinds.into_iter().cycle()).zip(1..);
    let request = |((state, kind), number)| Request {
        number: RequestNumber(number),
        kind,
        text: "rm -rf 'a b'".into(),
        state,
        asked_at: Timestamp(4),
    };
    numbered.map(request).collect()
}

fn trees() -> Vec<Trees> {
    let why = [
        NotNoted::NoGit,
        NotNoted::TookTooLong,
        NotNoted::TooMuch,
        NotNoted::Full,
        NotNoted::Failed("it's \"odd\"\n".into()),
    ];
    let tree = Noted::Tree { id: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(), left_out: 2 };
    let count = Some(Count { files: 3, added: 1 << 40, removed: 7 });
    let whole = Trees { top: "/w/it's".into(), began: tree.clone(), ended: Some(tree), count };
    let others = why.into_iter().map(|why| {
        match &why {
            // A new variant belongs in the list above, in the next schema file and in its golden store.
            NotNoted::NoGit | NotNoted::TookTooLong | NotNoted::TooMuch | NotNoted::Full | NotNoted::Failed(_) => (),
        }
        Trees { began: Noted::Not(why), ended: None, count: None, ..whole.clone() }
    });
    std::iter::once(whole.clone()).chain(others).collect()
}

fn turns() -> Vec<TurnRecord> {
    let deliveries = [Delivery::Held, Delivery::Writing, Delivery::Written, Delivery::Confirmed];
    let mut records: Vec<_> = turn_states().into_iter().map(|state| turn(0, state)).collect();
    for delivery in deliveries {
        match delivery {
            Delivery::Held | Delivery::Writing | Delivery::Written | Delivery::Confirmed => (),
        }
        records.push(TurnRecord { delivery, session: Some(SessionNumber(2)), ..turn(0, TurnState::Sending) });
    }
    for evidence in evidences() {
        records
            .push(TurnRecord { evidence, ..asked(0, "-- 'quoted' \"words\"\u{0}\n", "\u{1b}[31m 漢字 🎉 \r\n") });
    }
    for origin in [Origin::Sent, Origin::Typed] {
        match origin {
            Origin::Sent | Origin::Typed => (),
        }
        let answer = Some(Answer { text: String::new(), cut_bytes: 1 << 40 });
        let (started_at, ended_at) = (Some(Timestamp(i64::MAX)), Some(Timestamp(0)));
        records.push(TurnRecord {
            origin,
            answer,
            started_at,
            ended_at,
            ..turn(0, TurnState::Ended(TurnEnd::Completed))
        });
    }
    let noted = |trees| TurnRecord { trees: Some(trees), ..turn(0, TurnState::Ended(TurnEnd::Completed)) };
    records.extend(trees().into_iter().map(noted));
    records.push(TurnRecord { requests: requests(), work: work(), ..turn(0, TurnState::NeedsApproval) });
    for (record, number) in records.iter_mut().zip(1..) {
        record.number = TurnNumber(number);
    }
    records
}

fn decisions() -> Vec<DecisionRecord> {
    let mut records: Vec<_> = whys().into_iter().map(|why| decision(0, why)).collect();
    for evidence in evidences() {
        records.push(DecisionRecord { evidence, session: Some(SessionNumber(1)), ..decision(0, Why::AgentAlive) });
    }
    for continuity in [
        Continuity::Reused,
        Continuity::Resumed,
        Continuity::Fresh,
        Continuity::Queued,
        Continuity::Answer,
        Continuity::Refused,
    ] {
        match continuity {
            Continuity::Reused
            | Continuity::Resumed
            | Continuity::Fresh
            | Continuity::Queued
            | Continuity::Answer
            | Continuity::Refused => (),
        }
        records.push(DecisionRecord {
            decision: Decision { continuity, why: Why::UserAsked },
            ..decision(0, Why::UserAsked)
        });
    }
    for (record, number) in records.iter_mut().zip(1..) {
        record.number = number;
    }
    records
}

/// Every record with every variant: all conversations, and all the rest in the first of them.
fn everything() -> Vec<Change> {
    let conversations = conversations().into_iter().map(Change::Conversation);
    let sessions = sessions().into_iter().map(|record| Change::Session(ONE, record));
    let turns = turns().into_iter().map(|record| Change::Turn(ONE, record));
    let decisions = decisions().into_iter().map(|record| Change::Decision(ONE, record));
    conversations.chain(sessions).chain(turns).chain(decisions).collect()
}

fn check_everything(store: &mut Store) {
    let loaded = store.load().unwrap();
    let records: Vec<_> = loaded.conversations.iter().map(|loaded| loaded.record.clone()).collect();
    assert_eq!(records, conversations());
    assert_eq!(read(store).turns(ONE, None, u32::MAX).unwrap(), turns());
    let connection = store.connection.as_ref().unwrap();
    let mut all = connection.prepare("SELECT * FROM sessions ORDER BY number").unwrap();
    let all: Vec<_> = all.query_map([], sessions::read).unwrap().map(Result::unwrap).collect();
    assert_eq!(all, sessions());
    let all: Vec<_> = decisions::last_of_all(connection, u32::MAX).unwrap().into_iter().map(|(_, one)| one).collect();
    assert_eq!(all, decisions());
}

/// The broken one opened the journal only when somebody asked, at a moment when there may be no descriptor for it.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_is_ready_has_all_its_files_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let _store = Store::open(&path).expect("it opens");
    let journals = || {
        let all = std::fs::read_dir("/proc/self/fd").expect("our descriptors").flatten();
        let opened = all.filter_map(|one| std::fs::read_link(one.path()).ok());
        opened.filter(|file| *file == path.with_file_name("store.db-wal")).count()
    };
    let before = journals();
    let mut reader = Reader::new(&path);
    reader.make_ready();
    assert_eq!(journals(), before + 1);
    assert!(reader.prompts(1).expect("it reads").is_empty());
    assert_eq!(journals(), before + 1);
}

/// The broken one left its journal behind, and the next host read all of the store for damage.
#[test]
fn a_store_that_is_closed_leaves_no_journal_though_somebody_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path).expect("it opens");
    store.commit(&everything()).expect("it is saved");
    let mut reader = Reader::new(&path);
    reader.make_ready();
    let journal = || std::fs::metadata(path.with_file_name("store.db-wal")).map_or(0, |journal| journal.len());
    assert!(journal() > 0);
    drop(store);
    assert_eq!(journal(), 0);
    assert!(!reader.prompts(1).expect("it reads").is_empty());
}

#[test]
fn every_record_with_every_variant_comes_back_as_it_was() {
    let home = Home::new();
    let mut store = home.open();
    store.commit(&everything()).unwrap();
    check_everything(&mut store);
    drop(store);
    check_everything(&mut home.open());
}

#[test]
fn a_store_made_by_schema_1_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    raw.execute_batch(SCHEMA[0]).unwrap();
    raw.execute_batch(include_str!("golden/0001.sql")).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    let loaded = store.load().unwrap();
    assert_eq!(loaded.conversations.len(), 14);
    let session = loaded.conversations.iter().find_map(|kept| kept.session.as_ref()).unwrap();
    assert_eq!((session.context, session.begun_by), (Context::Holds, BegunBy::Us));
    let turns = read(&store).turns(ConversationId(1), None, 500).unwrap();
    assert!(turns.len() > 10 && turns.iter().all(|turn| turn.requests.is_empty() && turn.work == Work::default()));
}

#[test]
fn a_store_made_by_schema_2_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    raw.execute_batch(SCHEMA[0]).unwrap();
    raw.execute_batch(SCHEMA[1]).unwrap();
    raw.execute_batch(include_str!("golden/0002.sql")).unwrap();
    raw.pragma_update(None, "user_version", 2).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    assert_eq!(store.load().unwrap().conversations.len(), 20);
}

#[test]
fn a_store_made_by_schema_3_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..3] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0003.sql")).unwrap();
    let ended = raw.execute("UPDATE turns SET state = 'ended', outcome = 'completed' WHERE work IS NOT NULL", []);
    assert!(ended.unwrap() > 0);
    raw.pragma_update(None, "user_version", 3).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    let loaded = store.load().unwrap();
    assert_eq!(loaded.conversations.len(), 22);
    // What its turns used is counted, and nothing was put away.
    let used = loaded.conversations.iter().map(|kept| kept.record.spent).filter(|spent| *spent != Usage::default());
    assert_eq!(used.collect::<Vec<_>>(), [work().usage.unwrap()]);
    assert!(loaded.conversations.iter().all(|kept| kept.record.tab != Tab::Archived));
}

#[test]
fn a_store_made_by_schema_4_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..4] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0004.sql")).unwrap();
    raw.pragma_update(None, "user_version", 4).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    let loaded = store.load().unwrap();
    assert_eq!(loaded.conversations.len(), 24);
    assert!(loaded.conversations.iter().all(|kept| kept.record.worktree.is_none()));
}

#[test]
fn a_store_made_by_schema_5_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..5] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0005.sql")).unwrap();
    raw.pragma_update(None, "user_version", 5).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    assert!(store.load().unwrap().conversations.iter().all(|kept| kept.record.worktree.is_none()));
}

#[test]
fn a_store_made_by_schema_6_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..6] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0006.sql")).unwrap();
    raw.pragma_update(None, "user_version", 6).unwrap();
    drop(raw);
    let store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    let turns = read(&store).turns(ConversationId(1), None, 500).unwrap();
    assert!(turns.len() > 10 && turns.iter().all(|turn| turn.trees.is_none()));
}

#[test]
fn a_store_made_by_schema_7_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..7] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0007.sql")).unwrap();
    raw.pragma_update(None, "user_version", 7).unwrap();
    drop(raw);
    let mut store = home.open();
    assert_eq!(found(&store, "quoted", 1).len(), 1);
    assert!(store.load().unwrap().conversations.iter().any(|kept| kept.record.worktree.is_some()));
}

#[test]
fn a_store_made_by_schema_8_opens_with_this_build() {
    let home = Home::new();
    let raw = home.raw();
    raw.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    for schema in &SCHEMA[..8] {
        raw.execute_batch(schema).unwrap();
    }
    raw.execute_batch(include_str!("golden/0008.sql")).unwrap();
    raw.pragma_update(None, "user_version", 8).unwrap();
    drop(raw);
    let mut store = home.open();
    check_everything(&mut store);
    assert_eq!(found(&store, "quoted", 1).len(), 1);
}

/// What was noted of files belongs to its turn alone, and a later save of that turn keeps it.
#[test]
fn what_was_noted_of_files_is_kept_with_its_turn() {
    let home = Home::new();
    let ended = turn(1, TurnState::Ended(TurnEnd::Completed));
    let noted = trees().remove(0);
    let changes = [
        Change::Conversation(conversation(1)),
        Change::Turn(ONE, ended.clone()),
        Change::Turn(ONE, turn(2, TurnState::Queued)),
        Change::TurnTrees(ONE, TurnNumber(1), noted.clone()),
        Change::TurnTrees(ONE, TurnNumber(9), noted.clone()),
        Change::TurnDetail(ONE, TurnNumber(1), None, work()),
    ];
    let store = home.reopened(&changes);
    let turns = read(&store).turns(ONE, None, 9).unwrap();
    assert_eq!(turns.iter().map(|turn| turn.trees.clone()).collect::<Vec<_>>(), [Some(noted), None]);
}

/// Fails where a domain type is stored in another way than before. That is a change of the schema: leave this golden file, add the next schema file
/// and a golden file for it, and let this test look at that one.
#[test]
fn this_build_writes_what_the_golden_store_holds() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    let raw = home.raw();
    let mut written = String::new();
    for (table, order) in
        [("conversations", "id"), ("sessions", "number"), ("turns", "number"), ("decisions", "number")]
    {
        let columns: Vec<String> = raw
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .unwrap()
            .query_map([table], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        // A row is one line: texts with control signs are written as bytes.
        let quote = |column| {
            format!(
                "iif(instr({column}, char(0)) OR {column} GLOB '*[' || char(1) || '-' || char(31) || ']*',
                     'CAST(' || quote(CAST({column} AS BLOB)) || ' AS TEXT)', quote({column}))"
            )
        };
        let quoted: Vec<_> = columns.iter().map(quote).collect();
        let sql = format!("SELECT concat_ws(', ', {}) FROM {table} ORDER BY {order}", quoted.join(", "));
        let mut rows = raw.prepare(&sql).unwrap();
        for row in rows.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            written += &format!("INSERT INTO {table} ({}) VALUES ({});\n", columns.join(", "), row.unwrap());
        }
    }
    let golden = include_str!("golden/0008.sql").lines().filter(|line| !line.contains("turn_words"));
    let golden: String = golden.flat_map(|line| [line, "\n"]).collect();
    let path = std::env::temp_dir().join("threadkeep-golden.sql");
    if written != golden {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(written == golden, "what is written now lies in {}", path.display());
}

#[test]
fn a_newer_schema_is_refused_and_left_as_it_is() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    let newer = SCHEMA.len() as u32 + 1;
    home.raw().pragma_update(None, "user_version", newer).unwrap();
    let before = std::fs::read(home.path()).unwrap();
    let error = Store::open(&home.path()).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found, .. } if found == newer), "{error}");
    assert!(error.to_string().contains("use the newer build"), "{error}");
    assert_eq!(error.trouble(), None);
    assert_eq!(std::fs::read(home.path()).unwrap(), before);
}

#[test]
fn another_programs_file_is_refused_and_left_as_it_is() {
    let sqlite = {
        let home = Home::new();
        home.raw().execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
        std::fs::read(home.path()).unwrap()
    };
    for bytes in [sqlite, b"x".to_vec(), b"SQLite format 3\0".to_vec(), vec![0; 8192], b"words\n".repeat(1000)] {
        let home = Home::new();
        std::fs::write(home.path(), &bytes).unwrap();
        let error = Store::open(&home.path()).err().unwrap();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        assert_eq!(std::fs::read(home.path()).unwrap(), bytes);
        assert!(!home.folder.path().join("threadkeep.db-wal").exists());
    }
}

#[test]
fn a_link_or_a_folder_in_its_place_is_refused() {
    let home = Home::new();
    let target = home.folder.path().join("target");
    std::os::unix::fs::symlink(&target, home.path()).unwrap();
    let error = Store::open(&home.path()).err().unwrap();
    assert!(matches!(error, StoreError::NotPlain { .. }), "{error}");
    assert!(!target.exists());
    std::fs::remove_file(home.path()).unwrap();
    std::fs::create_dir(home.path()).unwrap();
    let error = Store::open(&home.path()).err().unwrap();
    assert!(matches!(error, StoreError::NotPlain { .. }), "{error}");
}

#[test]
fn a_folder_that_is_reached_through_a_link_is_fine() {
    let home = Home::new();
    let link = Home::new().folder.path().to_path_buf();
    std::os::unix::fs::symlink(home.folder.path(), &link).unwrap();
    Store::open(&link.join("threadkeep.db")).unwrap();
    std::fs::remove_file(link).unwrap();
}

#[test]
fn its_files_are_for_us_alone() {
    let home = Home::new();
    let _store = home.reopened(&everything());
    let mut files = 0;
    for entry in std::fs::read_dir(home.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        files += 1;
    }
    assert!(files >= 4, "store, lock, wal, shm");
}

#[test]
fn a_second_host_cannot_open_it() {
    let home = Home::new();
    let store = home.open();
    let error = Store::open(&home.path()).err().unwrap();
    assert_eq!(error.trouble(), Some(Trouble::Locked), "{error}");
    drop(store);
    home.open();
}

#[test]
fn the_connection_is_set_up_for_safety() {
    let home = Home::new();
    let store = home.open();
    let connection = store.connection.as_ref().unwrap();
    for (pragma, wanted) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("busy_timeout", "2000"),
        ("mmap_size", "0"),
        ("trusted_schema", "0"),
    ] {
        let value: rusqlite::types::Value =
            connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap();
        let value = match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(value, wanted, "{pragma}");
    }
}

#[test]
fn a_start_has_what_goes_on_of_each_conversation() {
    let home = Home::new();
    let ended = |number| turn(number, TurnState::Ended(TurnEnd::Completed));
    let mut changes: Vec<Change> = [1, 2, 9].map(conversation).map(Change::Conversation).into();
    let over = SessionRecord { ended: Some(SessionEnd::UserAsked), ..session(1) };
    let asleep = SessionRecord { asleep: Some(AsleepWhy::Stopped), ..session(2) };
    changes.extend([over.clone(), asleep.clone()].map(|record| Change::Session(ONE, record)));
    changes.push(Change::Session(ConversationId(2), over));
    let states =
        [ended(1), ended(2), turn(3, TurnState::Working), turn(4, TurnState::Queued), turn(5, TurnState::Queued)];
    changes.extend(states.map(|record| Change::Turn(ONE, record)));
    changes.push(Change::TurnRemoved(ONE, TurnNumber(5)));
    changes.extend((1..=12).map(|number| Change::Decision(ONE, decision(number, Why::AgentAlive))));

    let loaded = home.reopened(&changes).load().unwrap();
    assert_eq!(loaded.next_conversation, ConversationId(10));
    let [one, two, nine] = &loaded.conversations[..] else { panic!("three conversations") };
    assert_eq!(
        *one,
        Kept {
            record: conversation(1),
            session: Some(asleep),
            sessions: 2,
            open_turns: vec![turn(3, TurnState::Working), turn(4, TurnState::Queued)],
            newest_ended: Some(ended(2)),
            turns: 5,
            decisions: (3..=12).map(|number| decision(number, Why::AgentAlive)).collect(),
        }
    );
    assert_eq!((&two.session, two.sessions), (&None, 1));
    assert_eq!((nine.sessions, nine.turns), (0, 0));
}

#[test]
fn a_turn_that_is_saved_twice_is_one_row_with_the_newer_text() {
    let home = Home::new();
    let queued = TurnRecord { prompt: "first wording".into(), ..turn(1, TurnState::Queued) };
    let ended = asked(1, "second wording", "done");
    let one = |record| [Change::Turn(ONE, record)];
    let mut store = home.reopened(&[Change::Conversation(conversation(1))]);
    store.commit(&one(queued)).unwrap();
    store.commit(&one(ended.clone())).unwrap();
    store.commit(&one(ended.clone())).unwrap();
    assert_eq!(read(&store).turns(ONE, None, 9).unwrap(), [ended]);
    assert_eq!(found(&store, "first", 9), []);
    assert_eq!(found(&store, "second", 9).len(), 1);
}

#[test]
fn turns_are_read_page_by_page_from_the_newest() {
    let home = Home::new();
    let mut changes = vec![Change::Conversation(conversation(1))];
    changes.extend((1..=5).map(|number| Change::Turn(ONE, turn(number, TurnState::Queued))));
    let store = home.reopened(&changes);
    let numbers = |before: Option<u32>, most| -> Vec<u32> {
        let turns = read(&store).turns(ONE, before.map(TurnNumber), most).unwrap();
        turns.iter().map(|turn| turn.number.0).collect()
    };
    assert_eq!(numbers(None, 2), [4, 5]);
    assert_eq!(numbers(Some(4), 2), [2, 3]);
    assert_eq!(numbers(Some(2), 2), [1]);
    assert_eq!(numbers(None, 0), [] as [u32; 0]);
}

#[test]
fn a_removed_conversation_leaves_nothing_but_its_id() {
    let home = Home::new();
    let mut changes = everything();
    changes.extend(conversations().into_iter().map(|record| Change::ConversationRemoved(record.id)));
    let mut store = home.reopened(&changes);
    let loaded = store.load().unwrap();
    assert_eq!(loaded.conversations, []);
    assert_eq!(loaded.next_conversation, ConversationId(conversations().len() as i64 + 1));
    assert_eq!(found(&store, "prompt", 9), []);
    drop(store);
    for table in ["conversations", "sessions", "turns", "decisions", "turn_words"] {
        let rows: u32 = home.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn a_commit_is_all_or_nothing() {
    let home = Home::new();
    let mut store = home.open();
    let stray = Change::Turn(ConversationId(7), turn(1, TurnState::Queued));
    let error = store.commit(&[Change::Conversation(conversation(1)), stray]).unwrap_err();
    assert!(matches!(error, StoreError::Commit { .. }), "{error}");
    assert_eq!(error.trouble(), None);
    assert_eq!(store.load().unwrap().conversations, []);
    store.commit(&[]).unwrap();
    assert_eq!(store.load().unwrap().next_conversation, ConversationId(1));
}

#[test]
fn search_finds_words_whatever_the_script_and_whatever_is_typed() {
    let home = Home::new();
    let mut store = home.reopened(&[
        Change::Conversation(conversation(1)),
        Change::Turn(ONE, asked(1, "make the Button green", "│ styles.css │ changed")),
        Change::Turn(ONE, asked(2, "按钮改成绿色", "done🎉 completely")),
        Change::Turn(ONE, asked(3, "\"foo\" OR -bar*", "Übergrößen, naïve")),
        Change::Turn(ONE, asked(4, "テストを実行して", "สวัสดีครับ")),
    ]);
    for (query, found) in [
        ("button", &[1][..]),
        ("GREEN butt", &[1]),
        ("styles.css", &[1]),
        ("changed", &[1]),
        ("绿色", &[2]),
        ("改成 🎉", &[2]),
        ("done", &[2]),
        ("🎉", &[2]),
        ("\"foo\" OR -bar*", &[3]),
        ("ubergroßen", &[3]),
        ("naive", &[3]),
        ("テスト", &[4]),
        ("สวัส", &[4]),
        ("o", &[3]),
        ("foo NOT bar", &[]),
        ("NEAR(foo bar)", &[]),
        ("prompt:foo", &[]),
        ("绿 按", &[2]),
        ("色绿", &[]),
        ("", &[]),
        ("\" ' * - ( ) : ^ {} \0", &[]),
        ("foo\0bar\"", &[]),
    ] {
        assert_eq!(turns_of(&store, query), found, "{query:?}");
    }
    store.commit(&[Change::Turn(ONE, asked(5, "another green one", ""))]).unwrap();
    assert_eq!(turns_of(&store, "green"), [5, 1], "the newest first");
    assert_eq!(turns_of(&store, &"green ".repeat(10_000)), [5, 1]);
}

#[test]
fn the_best_come_first_and_the_newest_among_equals() {
    let home = Home::new();
    let store = home.reopened(&[
        Change::Conversation(conversation(1)),
        Change::Turn(ONE, asked(1, "fix the login page", "")),
        Change::Turn(ONE, asked(2, "the login: fix it", "")),
        Change::Turn(ONE, asked(3, "look at it", "I could fix the login")),
        Change::Turn(ONE, asked(4, "fix the logins", "")),
        Change::Turn(ONE, asked(5, "now fix the login again", "")),
    ]);
    assert_eq!(turns_of(&store, "fix the login"), [5, 1, 2, 3, 4]);
    assert_eq!(turns_of(&store, "login"), [5, 2, 1, 3, 4]);
    assert_eq!(found(&store, "login", 2).len(), 2, "and no more than asked for");
    assert_eq!(turns_of(&store, "log"), [5, 4, 3, 2, 1], "beginnings are alike");
}

/// Beginnings are looked for in the newest turns first, and in the index what is older.
#[test]
fn a_beginning_is_found_in_old_turns_too() {
    let home = Home::new();
    let mut store = home.reopened(&[Change::Conversation(conversation(1)), Change::Turn(ONE, asked(1, "Zebra", ""))]);
    let many: Vec<Change> = (2..2_500).map(|number| Change::Turn(ONE, asked(number, "other words", ""))).collect();
    store.commit(&many).unwrap();
    store.commit(&[Change::Turn(ONE, asked(2_500, "a picture", "of Zealand"))]).unwrap();
    assert_eq!(turns_of(&store, "z"), [2_500, 1]);
    assert_eq!(turns_of(&store, "ze pi"), [2_500]);
    assert_eq!(turns_of(&store, "zeb"), [1]);
}

#[test]
fn filters_leave_turns_out() {
    let home = Home::new();
    let other = ConversationId(2);
    let wanted = Fingerprint { agent: "Coder".into(), model: None, folder: "/home/me/App".into() };
    let title = Title::ByPerson("mine".into());
    let failed = TurnState::Ended(TurnEnd::Failed(FailedWhy::ExitStatus(1)));
    let store = home.reopened(&[
        Change::Conversation(conversation(1)),
        Change::Conversation(ConversationRecord { title, wanted, tab: Tab::Open { place: 1 }, ..conversation(2) }),
        Change::Turn(ONE, asked(1, "a test", "")),
        Change::Turn(ONE, TurnRecord { prompt: "another test".into(), ..turn(2, failed) }),
        Change::Turn(other, TurnRecord { prompt: "test it".into(), ..turn(3, TurnState::NeedsApproval) }),
        Change::Turn(other, TurnRecord { prompt: "and test that".into(), ..turn(4, TurnState::Queued) }),
    ]);
    for (query, turns) in [
        ("test", &[4, 3, 2, 1][..]),
        ("test is:failed", &[2]),
        ("test is:completed", &[1]),
        ("is:asks", &[3]),
        ("is:working", &[3]),
        ("is:queued test", &[4]),
        ("test is:open", &[4, 3]),
        ("test is:closed is:completed", &[1]),
        ("agent:code", &[4, 3]),
        ("in:app that", &[4]),
        ("agent:nobody test", &[]),
        ("agent:coder \"", &[]),
    ] {
        assert_eq!(turns_of(&store, query), turns, "{query}");
    }
    let one = found(&store, "in:app that", 9).remove(0);
    let at = Timestamp(i64::MIN);
    let snippet = vec![Piece::Plain("and test ".into()), Piece::Hit("that".into())];
    let (agent, folder, title) = ("Coder".into(), "/home/me/App".into(), "mine".into());
    let state = TurnState::Queued;
    assert_eq!(one, Found { conversation: other, turn: TurnNumber(4), title, agent, folder, state, at, snippet });
}

#[test]
fn times_leave_turns_out() {
    let home = Home::new();
    let day = |day: i64| Timestamp(day * 86_400_000);
    let at = |number, accepted_at| TurnRecord { accepted_at, ..asked(number, "a test", "") };
    let turns = (1..).zip([2, 4, 6]).map(|(number, of)| Change::Turn(ONE, at(number, day(of))));
    let store = home.reopened(&[Change::Conversation(conversation(1))].into_iter().chain(turns).collect::<Vec<_>>());
    for (query, turns) in [
        ("test since:1970-01-05", &[3, 2][..]),
        ("test before:1970-01-05", &[1]),
        ("since:1970-01-04 before:1970-01-06", &[2]),
        ("since:1970-01-08", &[]),
    ] {
        assert_eq!(turns_of(&store, query), turns, "{query}");
    }
}

#[test]
fn a_search_never_looks_into_a_file_that_was_moved_away() {
    let home = Home::new();
    let store = home.reopened(&[Change::Conversation(conversation(1)), Change::Turn(ONE, asked(1, "old", ""))]);
    let mut searcher = read(&store);
    let query = Query::parse("old", Timestamp(0)).unwrap();
    assert_eq!(searcher.search(&query, 9).unwrap().found.len(), 1);
    let away = home.path().with_extension("away");
    std::fs::rename(home.path(), &away).unwrap();
    assert!(searcher.search(&query, 9).is_err());
    std::fs::rename(&away, home.path()).unwrap();
    assert_eq!(searcher.search(&query, 9).unwrap().found.len(), 1);
}

#[test]
fn the_newest_messages_are_told_each_once_long_ones_cut_and_no_more_than_fit() {
    let home = Home::new();
    let mut changes = vec![Change::Conversation(conversation(1))];
    let long = "日".repeat(5_000);
    for (number, prompt) in (1..).zip(["one", "two", long.as_str(), "one"]) {
        changes.push(Change::Turn(ONE, asked(number, prompt, "")));
    }
    let store = home.reopened(&changes);
    let told = |most| {
        let prompts = read(&store).prompts(most).unwrap();
        prompts.into_iter().map(|prompt| (prompt.turn.0, prompt.text.chars().count(), prompt.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(told(9), [(4, 3, 3), (3, 4_096, 15_000), (2, 3, 3)]);
    assert_eq!(told(1), [(4, 3, 3)]);
    changes.extend((5..200).map(|number| Change::Turn(ONE, asked(number, &format!("{number}{long}"), ""))));
    let bytes: usize =
        read(&Home::new().reopened(&changes)).prompts(999).unwrap().iter().map(|one| one.text.len()).sum();
    assert!(bytes <= 512 * 1024 && bytes > 400 * 1024, "{bytes}");
}

/// The best turns for a text as a person types it.
fn found(store: &Store, text: &str, most: usize) -> Vec<Found> {
    read(store).search(&Query::parse(text, Timestamp(0)).unwrap(), most).unwrap().found
}

fn turns_of(store: &Store, text: &str) -> Vec<u32> {
    found(store, text, 9).iter().map(|found| found.turn.0).collect()
}

#[test]
fn after_trouble_with_the_file_the_next_call_opens_it_again() {
    let home = Home::new();
    let mut store = home.reopened(&[Change::Conversation(conversation(1))]);
    let trouble = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    for (code, kept, told) in [
        (rusqlite::ffi::SQLITE_IOERR_FSYNC, false, Some(Trouble::Io)),
        (rusqlite::ffi::SQLITE_CORRUPT, false, None),
        (rusqlite::ffi::SQLITE_NOTADB, false, None),
        (rusqlite::ffi::SQLITE_FULL, true, Some(Trouble::Full)),
        (rusqlite::ffi::SQLITE_BUSY, true, Some(Trouble::Locked)),
        (rusqlite::ffi::SQLITE_READONLY, true, Some(Trouble::ReadOnly)),
    ] {
        let result: Result<(), _> = store.on_connection(|_| Err(StoreError::Commit { source: trouble(code) }));
        assert_eq!(store.connection.is_some(), kept, "{code}");
        assert_eq!(result.unwrap_err().trouble(), told, "{code}");
        assert_eq!(store.load().unwrap().conversations.len(), 1, "{code}");
        assert!(store.connection.is_some());
    }
}

/// The broken one went on behind pages of the journal that the disk may never have had.
#[test]
fn after_a_failed_sync_the_journal_is_written_anew_before_anything_is_saved() {
    let home = Home::new();
    let mut store = home.reopened(&[Change::Conversation(conversation(1))]);
    let journal = home.folder.path().join("threadkeep.db-wal");
    store.commit(&[Change::Turn(ONE, asked(1, "kept", ""))]).unwrap();
    assert!(journal.metadata().unwrap().len() > 0);
    let failed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
    let source = rusqlite::Error::SqliteFailure(failed, None);
    store.on_connection::<()>(|_| Err(StoreError::Commit { source })).unwrap_err();
    store.load().unwrap();
    assert_eq!(journal.metadata().unwrap().len(), 0);
    assert_eq!(read(&store).turns(ONE, None, 9).unwrap().len(), 1);
}

#[test]
fn a_full_disk_refuses_the_commit_and_nothing_else() {
    let home = Home::new();
    let mut store = home.reopened(&[Change::Conversation(conversation(1))]);
    let most_pages = |store: &Store, pages: u32| {
        let connection = store.connection.as_ref().unwrap();
        connection.pragma_update(None, "max_page_count", pages).unwrap();
    };
    most_pages(&store, 1); // SQLite takes the present size for it.
    let big = [Change::Turn(ONE, asked(1, &"word ".repeat(20_000), ""))];
    for _ in 0..2 {
        let error = store.commit(&big).unwrap_err();
        assert_eq!(error.trouble(), Some(Trouble::Full), "{error}");
        assert_eq!(store.load().unwrap().conversations[0].turns, 0);
    }
    most_pages(&store, u32::MAX - 1);
    store.commit(&big).unwrap();
    assert_eq!(store.load().unwrap().conversations[0].turns, 1);
}

#[test]
fn after_trouble_a_store_that_is_gone_is_not_made_anew() {
    let home = Home::new();
    let mut store = home.open();
    store.connection = None;
    std::fs::remove_file(home.path()).unwrap();
    assert!(matches!(store.load(), Err(StoreError::Gone { .. })));
    assert!(!home.path().exists());
}

#[test]
fn damage_is_told_and_not_written_over() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    let mut bytes = std::fs::read(home.path()).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[4096..middle].fill(0x5a);
    std::fs::write(home.path(), &bytes).unwrap();
    let told = Store::open(&home.path()).and_then(|mut store| store.load()).unwrap_err();
    assert_eq!(told.trouble(), None, "{told}");
    assert!(open::open(&home.path(), Missing::Refuse, Checked::Always).is_err());
    assert_eq!(std::fs::read(home.path()).unwrap(), bytes);
}

#[test]
fn a_new_schema_comes_after_a_dated_copy_and_three_copies_stay() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    let mut schema = vec![SCHEMA[SCHEMA.len() - 1]; SCHEMA.len()];
    let copies = || {
        let mut names: Vec<String> = std::fs::read_dir(home.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".backup"))
            .collect();
        names.sort();
        names
    };
    for old in ["20200101-000000-schema0001", "20200102-000000-schema0001", "20200103-000000-schema0001"] {
        std::fs::write(home.folder.path().join(format!("threadkeep.db.{old}.backup")), "").unwrap();
    }
    let mut raw = home.raw();
    schema.push("CREATE TABLE broken (x; ");
    let error = schema::bring_up(&mut raw, &home.path(), &schema).unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    assert_eq!(schema::number(&raw).unwrap() as usize, SCHEMA.len(), "still the old one");
    assert_eq!(copies().len(), 3);

    schema.pop();
    schema.push("CREATE TABLE more (x)");
    schema.push("CREATE TABLE most (x)");
    std::fs::remove_file(home.folder.path().join(copies().pop().unwrap())).unwrap();
    schema::bring_up(&mut raw, &home.path(), &schema).unwrap();
    assert_eq!(schema::number(&raw).unwrap() as usize, SCHEMA.len() + 2);
    raw.execute_batch("SELECT * FROM more, most").unwrap();
    drop(raw);

    let newest = home.folder.path().join(copies().pop().unwrap());
    assert_eq!(newest.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    check_everything(&mut Store::open(&newest).unwrap());
}

/// The names of the files beside the store that end so, in order.
fn beside(home: &Home, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(home.folder.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(ending));
    names.sort();
    names
}

#[test]
fn one_backup_is_made_on_a_day_and_three_stay() {
    let home = Home::new();
    let mut store = home.open();
    let copier = Copier::new(&home.path());
    assert_eq!(copier.copy_if_due().unwrap(), None, "there is nothing to keep yet");
    store.commit(&everything()).unwrap();
    // The last is of a clock that was ahead once; it must not cost the one that is made now.
    for old in ["20200101-000000", "20200102-000000", "20200103-000000", "29990101-000000"] {
        std::fs::write(home.folder.path().join(format!("threadkeep.db.{old}-schema0001.backup")), "").unwrap();
    }
    let made = copier.copy_if_due().unwrap().unwrap();
    assert_eq!(copier.copy_if_due().unwrap(), None, "once a day");
    let kept = beside(&home, ".backup");
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept.contains(&made.file_name().unwrap().to_str().unwrap().to_owned()), "{kept:?}");
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(beside(&home, ".part"), [""; 0]);
    check_everything(&mut Store::open(&made).unwrap());
}

/// The broken one went on when the host ended, as the last one that had the store open, and left the journal beside it.
#[test]
fn a_backup_under_way_is_given_up_and_leaves_nothing() {
    let home = Home::new();
    let mut store = home.open();
    store.commit(&everything()).unwrap();
    let long: Vec<_> = (1..=40).map(|number| Change::Turn(ONE, asked(number, &"x".repeat(250_000), ""))).collect();
    store.commit(&long).unwrap();
    let copier = Copier::new(&home.path());
    let stop = copier.stop();
    let copying = std::thread::spawn(move || copier.copy_if_due());
    while !copying.is_finished() {
        stop.stop();
    }
    // One that was quicker than the first stop is whole.
    let made = copying.join().unwrap();
    assert_eq!(made.is_ok(), beside(&home, ".backup").len() == 1, "{made:?}");
    assert_eq!(beside(&home, ".part"), [""; 0]);
    drop(store);
    assert_eq!(beside(&home, "-wal"), [""; 0]);
}

/// Fills a part of the file, as a disk that fails does.
fn damage(home: &Home, from: usize, bytes: usize) -> Vec<u8> {
    let mut all = std::fs::read(home.path()).unwrap();
    let to = (from + bytes).min(all.len());
    all[from..to].fill(0x5a);
    std::fs::write(home.path(), &all).unwrap();
    all
}

fn repaired(home: &Home) -> (repair::Counts, PathBuf) {
    let salvaged = repair::salvage(&home.path()).unwrap();
    let whole = salvaged.whole;
    (whole, salvaged.put_in_place(&home.path(), &lock(&home.path()).unwrap()).unwrap())
}

#[test]
fn a_sound_store_is_not_repaired_and_not_touched() {
    let home = Home::new();
    assert!(matches!(repair::look(&home.path()).unwrap(), repair::Found::None));
    drop(home.reopened(&everything()));
    let before = std::fs::read(home.path()).unwrap();
    assert!(matches!(repair::look(&home.path()).unwrap(), repair::Found::Sound));
    assert_eq!(std::fs::read(home.path()).unwrap(), before);
    assert_eq!(beside(&home, "").len(), 1, "{:?}", beside(&home, ""));
}

#[test]
fn of_a_damaged_store_what_can_be_read_is_saved_and_the_backup_gives_the_rest() {
    let turns = |from: u32, to: u32| -> Vec<Change> {
        (from..=to).map(|number| Change::Turn(ONE, asked(number, &"word ".repeat(300), "said"))).collect()
    };
    let home = Home::new();
    let mut store = home.open();
    store.commit(&[Change::Conversation(conversation(1))]).unwrap();
    store.commit(&turns(1, 100)).unwrap();
    Copier::new(&home.path()).copy_if_due().unwrap().unwrap();
    store.commit(&turns(101, 120)).unwrap();
    drop(store);
    // Pages in the midst of the turns: older than the backup, so both are needed for all of them.
    let bytes = damage(&home, 20 * 4096, 6 * 4096);
    assert!(matches!(repair::look(&home.path()).unwrap(), repair::Found::Damaged(_)));

    let salvaged = repair::salvage(&home.path()).unwrap();
    assert!(salvaged.read.turns < 120, "{salvaged:?}");
    assert_eq!(salvaged.whole.turns, 120, "{salvaged:?}");
    salvaged.throw_away().unwrap();
    assert_eq!(std::fs::read(home.path()).unwrap(), bytes, "so far nothing was changed");

    let (whole, aside) = repaired(&home);
    let names = beside(&home, "");
    assert!(names.iter().all(|name| !name.contains("repair")), "nothing of ours lies about: {names:?}");
    assert_eq!(whole, repair::Counts { conversations: 1, turns: 120 });
    assert_eq!(std::fs::read(&aside).unwrap(), bytes, "the damaged one is kept as it was");
    let store = home.open();
    let kept = read(&store).turns(ONE, None, 500).unwrap();
    assert_eq!(kept.iter().map(|turn| turn.number.0).collect::<Vec<_>>(), (1..=120).collect::<Vec<_>>());
    assert_eq!(found(&store, "word", 500).len(), 120, "they are found by their words");
}

/// Every kind of damage, and no backup: whatever is left, a store comes of it and the damaged one stays.
#[test]
fn whatever_was_damaged_a_sound_store_takes_its_place() {
    for (kind, from, bytes) in
        [("header", 0, 100), ("first page", 0, 4096), ("all", 0, usize::MAX / 2), ("schema", 100, 900)]
    {
        let home = Home::new();
        drop(home.reopened(&everything()));
        let bytes = damage(&home, from, bytes);
        let found = repair::look(&home.path()).unwrap();
        assert!(matches!(found, repair::Found::Damaged(_)), "{kind}: {found:?}");
        let (_, aside) = repaired(&home);
        assert_eq!(std::fs::read(&aside).unwrap(), bytes, "{kind}");
        assert!(matches!(repair::look(&home.path()).unwrap(), repair::Found::Sound), "{kind}");
        home.open().commit(&everything()).unwrap();
    }
    let home = Home::new();
    drop(home.reopened(&everything()));
    let short = std::fs::read(home.path()).unwrap()[..9000].to_vec();
    std::fs::write(home.path(), &short).unwrap();
    assert_eq!(std::fs::read(repaired(&home).1).unwrap(), short);
    home.open().load().unwrap();
}

#[test]
fn a_newer_store_is_not_repaired() {
    let home = Home::new();
    drop(home.open());
    home.raw().pragma_update(None, "user_version", 999).unwrap();
    assert!(matches!(repair::look(&home.path()), Err(StoreError::Newer { found: 999, .. })));
}

#[test]
fn a_repair_that_was_cut_off_is_finished_by_the_next_start_and_no_old_journal_is_played() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    let repaired = home.folder.path().join("threadkeep.db.repaired");
    std::fs::copy(home.path(), &repaired).unwrap();
    damage(&home, 0, 5000);
    std::fs::write(home.folder.path().join("threadkeep.db-wal"), "of the damaged one").unwrap();
    check_everything(&mut home.open());
    assert!(!repaired.exists());
}

#[test]
fn a_store_that_was_not_closed_is_read_for_damage_before_anything_is_built_on_it() {
    let home = Home::new();
    drop(home.reopened(&everything()));
    damage(&home, 3 * 4096, 4096);
    std::fs::write(home.folder.path().join("threadkeep.db-wal"), "cut off").unwrap();
    let error = Store::open(&home.path()).err().unwrap();
    assert!(error.is_damage() && !error.forbids_a_host(), "{error}");
    assert!(error.to_string().contains("doctor --repair"), "{error}");
}

/// The other half of the next test: saves turn after turn and tells each, until it is killed.
#[test]
fn a_writer_to_be_killed() {
    let Some(path) = std::env::var_os("THREADKEEP_TEST_WRITER") else { return };
    let mut store = Store::open(Path::new(&path)).unwrap();
    store.commit(&[Change::Conversation(conversation(1))]).unwrap();
    for number in 1..=100_000 {
        store.commit(&[Change::Turn(ONE, turn(number, TurnState::Queued))]).unwrap();
        println!("\nsaved {number}");
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_told_as_saved() {
    let home = Home::new();
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["store::tests::a_writer_to_be_killed", "--exact", "--nocapture"])
        .env("THREADKEEP_TEST_WRITER", home.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut saved = 0;
    for line in lines.map_while(Result::ok) {
        let Some(number) = line.strip_prefix("saved ").and_then(|number| number.parse().ok()) else { continue };
        saved = number;
        if saved == 50 {
            writer.kill().unwrap(); // What it told before that is still in the pipe and is read too.
        }
    }
    writer.wait().unwrap();
    assert!(saved >= 50, "{saved}");
    let numbers: Vec<u32> =
        read(&home.open()).turns(ONE, None, u32::MAX).unwrap().iter().map(|turn| turn.number.0).collect();
    assert!(numbers.len() as u32 >= saved);
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
}
