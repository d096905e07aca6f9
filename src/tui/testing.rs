//! Conversations to test with, keys as text, and pictures as text.

use super::app::App;
use super::event::{Effect, Event, Now, Purpose, ViewOf};
use super::update::update;
use super::view::draw;
use crate::config::Config;
use crate::domain::continuity::{Carried, Continuity, Decision, DecisionRecord, Why};
use crate::domain::conversation::{Begun, QueueHeld, Tab};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp, TurnNumber};
use crate::domain::request::{Choice, Request as Asked, RequestKind, RequestNumber, RequestState};
use crate::domain::search::{Found, Piece};
use crate::domain::session::{AsleepWhy, Exit};
use crate::domain::turn::{Answer, Delivery, Evidence, Origin, Source, TurnRecord, TurnState, Usage, Work};
use crate::protocol::message::{
    AgentReport, Conversation, Environment, Event as HostEvent, Overview, Process, Reply, Request, Rest, Session,
    Status, TakenUp, ViewInput, ViewOutput, WaitsFor,
};
use crate::terminal::frame::{
    Blink, ClicksGo, Cursor, CursorShape, Frame, Row, Run, RunWidth, ScrollPosition, Size, Style, TextRow,
};
use crate::terminal::keys::{Key, KeyCode, Modifiers, Mouse, MouseAction};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The standard library's hasher may change with the compiler; FNV-1a does not.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

pub const START_MS: i64 = 1_800_000_000_000;

/// A window on a host that is not there, and what it ordered.
pub struct Window {
    pub app: App,
    pub now: Now,
    pub ordered: Vec<Effect>,
}

impl Window {
    /// Not yet connected.
    pub fn new(columns: u16, rows: u16) -> Window {
        let now = Now { wall: Timestamp(START_MS), steady_ms: 1_000 };
        let environment = Environment(vec![("HOME".into(), "/home/me".into())]);
        let app = App::new(Config::default(), "/home/me/app".into(), environment, Size { columns, rows }, now);
        Window { app, now, ordered: Vec::new() }
    }

    /// Connected, with these tabs.
    pub fn with(columns: u16, rows: u16, conversations: Vec<Conversation>) -> Window {
        let mut window = Window::new(columns, rows);
        window.event(Event::Linked);
        window.answer(Purpose::Subscribe, Reply::Overview(Overview { conversations, rest: Rest::None }));
        window
    }

    pub fn event(&mut self, event: Event) -> &mut Window {
        let effects = update(&mut self.app, event, self.now);
        self.ordered.extend(effects);
        self
    }

    pub fn answer(&mut self, purpose: Purpose, reply: Reply) -> &mut Window {
        self.event(Event::Answered(purpose, reply))
    }

    pub fn told(&mut self, conversation: Conversation) -> &mut Window {
        self.event(Event::Told(HostEvent::Changed(Box::new(conversation))))
    }

    pub fn after(&mut self, ms: u64) -> &mut Window {
        self.now = Now { wall: self.now.wall.plus_ms(ms), steady_ms: self.now.steady_ms + ms };
        self.event(Event::Tick)
    }

    /// Keys as text: `hello<enter><ctrl-t>`; `<prefix>` is Ctrl+], `<lt>` is `<`.
    pub fn press(&mut self, keys: &str) -> &mut Window {
        for key in parse_keys(keys) {
            self.event(Event::Key(key));
        }
        self
    }

    pub fn mouse(&mut self, action: MouseAction, column: u16, row: u16) -> &mut Window {
        self.event(Event::Mouse(Mouse { action, column, row, modifiers: Modifiers::NONE }))
    }

    pub fn frame(&mut self, lines: &[&str], cursor: Option<(u16, u16)>) -> &mut Window {
        let scroll = ScrollPosition::default();
        self.scrolled_frame(lines, cursor, scroll)
    }

    pub fn scrolled_frame(
        &mut self,
        lines: &[&str],
        cursor: Option<(u16, u16)>,
        scroll: ScrollPosition,
    ) -> &mut Window {
        let view = self.app.view.expect("a view is open");
        let mut frame = Frame::blank(view.size);
        for (row, line) in frame.rows.iter_mut().zip(lines) {
            *row = runs(line);
        }
        frame.cursor =
            cursor.map(|(column, row)| Cursor { column, row, shape: CursorShape::Block, blink: Blink::Steady });
        frame.scroll = scroll;
        let nothing = Frame::blank(Size { columns: 0, rows: 0 });
        let delta = frame.delta_from(&nothing).expect("it differs from nothing");
        self.event(Event::Viewed(view.of, ViewOutput::Frame(delta)))
    }

    /// The program in the pane wants the mouse.
    pub fn takes_mouse(&mut self) -> &mut Window {
        let screen = self.app.desk_mut().and_then(|desk| desk.screen.as_mut()).expect("a picture is shown");
        screen.frame.clicks = ClicksGo::ToProgram;
        self
    }

    /// The host tells the whole text, of which the picture shows the end.
    pub fn whole_text(&mut self, rows: &[&str]) -> &mut Window {
        let screen = self.app.desk().and_then(|desk| desk.screen.as_ref()).expect("a picture is shown");
        let scroll = screen.frame.scroll;
        let (of, first) = (screen.of, scroll.left - i64::from(scroll.most));
        let row = |row: &&str| match row.strip_suffix('\\') {
            Some(wrapped) => TextRow::new(wrapped, true),
            None => TextRow::new(row, false),
        };
        let rows = rows.iter().map(row).collect();
        self.event(Event::Viewed(of, ViewOutput::Text { first, rows, rest: Rest::None }))
    }

    /// What was ordered since this was last asked.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.ordered)
    }

    /// The requests among what was ordered since this was last asked, without those that only fetch or tell where one looks.
    pub fn requests(&mut self) -> Vec<Request> {
        let ordered = self.take().into_iter().filter_map(|effect| match effect {
            Effect::Ask(_, Request::Look { .. } | Request::Turns { .. } | Request::Why { .. }) => None,
            Effect::Ask(_, request) => Some(request),
            _ => None,
        });
        ordered.collect()
    }

    /// What went to the agent's screen since this was last asked.
    pub fn inputs(&mut self) -> Vec<ViewInput> {
        let ordered = self.take().into_iter().filter_map(|effect| match effect {
            Effect::ToView(input) => Some(input),
            _ => None,
        });
        ordered.collect()
    }

    pub fn text(&self) -> String {
        self.app.desk().map(|desk| desk.composer.text()).unwrap_or_default()
    }

    pub fn status(&self) -> String {
        let picture = picture(&self.app);
        let rows: Vec<&str> = picture.lines().collect();
        rows[usize::from(self.app.size.rows) - 1].to_owned()
    }

    pub fn picture(&self) -> String {
        picture(&self.app)
    }
}

/// A row of text; wide characters become wide runs.
fn runs(line: &str) -> Row {
    let runs = line.chars().map(|char| {
        let wide = unicode_width::UnicodeWidthChar::width(char) == Some(2);
        let width = if wide { RunWidth::Wide } else { RunWidth::Narrow };
        Run { style: Style::default(), width, text: char.to_string() }
    });
    Row { runs: runs.collect() }
}

/// The window as text, where its cursor is, and a hash of all styles.
pub fn picture(app: &App) -> String {
    let (columns, rows) = (app.size.columns, app.size.rows);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend never fails");
    let mut cursor = None;
    let drawing = |frame: &mut ratatui::Frame| {
        if let Some(position) = draw(frame.buffer_mut(), app) {
            frame.set_cursor_position(position);
        }
    };
    terminal.draw(drawing).expect("a test backend never fails");
    if terminal.backend().cursor_visible() {
        let at = terminal.backend().cursor_position();
        cursor = Some((at.x, at.y));
    }
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    let mut hash = FNV_OFFSET;
    for y in 0..rows {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..columns {
            let cell = &buffer[(x, y)];
            for byte in format!("{:?}{:?}{:?}", cell.fg, cell.bg, cell.modifier).bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
            }
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = super::view::text::columns(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let cursor = cursor.map_or("none".to_owned(), |(x, y)| format!("{x},{y}"));
    format!("{text}cursor {cursor}\nstyles {hash:016x}\n")
}

fn parse_keys(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if let Some(named) = rest.strip_prefix('<') {
            let (name, after) = named.split_once('>').expect("a key's name ends with >");
            keys.push(parse_key(name));
            rest = after;
        } else {
            keys.push(Key { code: KeyCode::Char(char), modifiers: Modifiers::NONE });
            rest = &rest[char.len_utf8()..];
        }
    }
    keys
}

fn parse_key(name: &str) -> Key {
    if name == "prefix" {
        return Config::default().prefix;
    }
    let mut modifiers = Modifiers::NONE;
    let mut parts: Vec<&str> = name.split('-').collect();
    let last = parts.pop().expect("a key has a name");
    for part in parts {
        modifiers = modifiers.with(match part {
            "ctrl" => Modifiers::CONTROL,
            "alt" => Modifiers::ALT,
            "shift" => Modifiers::SHIFT,
            other => panic!("no modifier {other}"),
        });
    }
    let code = match last {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Escape,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "lt" => KeyCode::Char('<'),
        one => KeyCode::Char(one.chars().next().expect("a key has a name")),
    };
    Key { code, modifiers }
}

pub fn id(number: i64) -> ConversationId {
    ConversationId(number)
}

pub fn of(number: i64, generation: u64) -> ViewOf {
    ViewOf { conversation: id(number), generation: Generation(generation) }
}

pub fn ago(seconds: i64) -> Timestamp {
    Timestamp(START_MS - seconds * 1000)
}

/// An untouched tab in the start folder.
pub fn draft(number: i64, title: &str) -> Conversation {
    Conversation {
        id: id(number),
        title: title.into(),
        wanted: Fingerprint { agent: "shell".into(), model: None, folder: "/home/me/app".into() },
        tab: Tab::Open { place: u32::try_from(number).expect("small") },
        status: Status::Draft,
        unread: None,
        draft: String::new(),
        session: None,
        turn: None,
        queue: Vec::new(),
        queue_held: None,
        decision: None,
        next: Decision { continuity: Continuity::Fresh, why: Why::FirstMessage },
        turns: 0,
        begun: Begun::New,
        worktree: None,
        tree_work: None,
        spent: Usage::default(),
        created_at: ago(9_000),
        active_at: ago(9_000 - number),
    }
}

/// A live session and one completed turn.
pub fn idle(number: i64, title: &str) -> Conversation {
    let conversation = draft(number, title);
    let process = Process::Alive {
        generation: Generation(1),
        since: ago(7_980),
        pid: Some(4242),
        taken_up: TakenUp::New,
        background: 0,
    };
    Conversation {
        status: Status::Idle,
        session: Some(Session {
            number: SessionNumber(2),
            fingerprint: conversation.wanted.clone(),
            folder: Some("/home/me/app".into()),
            started_at: ago(8_000),
            process,
            asks: None,
            warning: None,
            agent_session: None,
            heard: Vec::new(),
        }),
        // As the host tells it: without its answer, which the record has.
        turn: Some(TurnRecord { answer: None, ..ended(6, "add a button", crate::domain::turn::TurnEnd::Completed) }),
        decision: Some(decided(6, 6, Continuity::Reused, Why::AgentAlive)),
        next: Decision { continuity: Continuity::Reused, why: Why::AgentAlive },
        turns: 6,
        ..conversation
    }
}

/// Turn 7 runs for 14 seconds.
pub fn working(number: i64, title: &str) -> Conversation {
    Conversation {
        status: Status::Working,
        turn: Some(TurnRecord {
            started_at: Some(ago(14)),
            evidence: Some(Evidence { source: Source::ShellMark, at: ago(2), text: "started".into() }),
            ..turn(7, "make the button green", TurnState::Working)
        }),
        decision: Some(decided(7, 7, Continuity::Reused, Why::AgentAlive)),
        next: Decision { continuity: Continuity::Queued, why: Why::TurnRunning { turn: TurnNumber(7), place: 1 } },
        turns: 7,
        ..idle(number, title)
    }
}

pub fn with_queue(mut conversation: Conversation, prompts: &[&str]) -> Conversation {
    conversation.queue = (8..).zip(prompts).map(|(number, prompt)| turn(number, prompt, TurnState::Queued)).collect();
    conversation
}

/// The process was killed; the agent can resume.
pub fn asleep(number: i64, title: &str) -> Conversation {
    let cause = AsleepWhy::AgentExited(Exit::Signal(9));
    let mut conversation = idle(number, title);
    if let Some(session) = &mut conversation.session {
        session.process = Process::Asleep { why: cause.clone() };
    }
    conversation.status = Status::AsleepWillResume;
    conversation.next =
        Decision { continuity: Continuity::Resumed, why: Why::Asleep { cause, carried: Carried::Context } };
    conversation
}

pub fn request(number: u32, kind: RequestKind, text: &str, state: RequestState) -> Asked {
    Asked { number: RequestNumber(number), kind, text: text.into(), state, asked_at: ago(3) }
}

/// A coding agent in turn 7 that waits for a permission and has a question open; it told what it did so far.
/// An old agent at its prompt that asks for a login.
pub fn asks_login(number: i64, title: &str) -> Conversation {
    let mut conversation = idle(number, title);
    conversation.status = Status::NeedsAnswer;
    if let Some(session) = &mut conversation.session {
        session.asks = Some(WaitsFor { kind: RequestKind::Login, text: "log in with your account".into() });
        session.warning = Some("version 1.9.3 is too old: at least 2.0 is needed; update it".into());
    }
    conversation
}

pub fn asking(number: i64, title: &str) -> Conversation {
    let mut conversation = working(number, title);
    conversation.wanted.agent = "coder".into();
    conversation.wanted.model = Some("large".into());
    conversation.status = Status::NeedsApproval;
    conversation.next =
        Decision { continuity: Continuity::Queued, why: Why::TurnRunning { turn: TurnNumber(7), place: 1 } };
    if let Some(Session { process: Process::Alive { background, .. }, fingerprint, .. }) = &mut conversation.session {
        *background = 2;
        *fingerprint = conversation.wanted.clone();
    }
    let turn = conversation.turn.as_mut().expect("a turn runs");
    turn.state = TurnState::NeedsApproval;
    turn.evidence = Some(Evidence { source: Source::Hook, at: ago(3), text: "PermissionRequest".into() });
    turn.requests = vec![
        request(1, RequestKind::Permission, "Read src/main.rs", RequestState::Answered(Choice::Allow)),
        request(
            2,
            RequestKind::Permission,
            "Bash: rm -rf build && make test && cp -r build/output /home/me/app/public && ls -l /home/me/app/public",
            RequestState::Open,
        ),
        request(3, RequestKind::Question, "Which colour is the button to have?", RequestState::Open),
    ];
    turn.work = Work {
        model: Some("large-1".into()),
        usage: Some(Usage { input_tokens: 12_345, output_tokens: 801, cost_micros: Some(42_000) }),
        steps: ["reads src/main.rs", "edits src/button.rs", "runs the tests", "looks at the colours"]
            .map(str::to_owned)
            .to_vec(),
        steps_left_out: 0,
    };
    conversation
}

/// The process was killed, and the agent would not resume: turn 7 is held.
pub fn not_resumed(number: i64, title: &str) -> Conversation {
    let mut conversation = with_queue(asleep(number, title), &["make the button green"]);
    let why = AsleepWhy::ResumeRefused("No conversation found with session ID 8a5e (exit 1)".into());
    if let Some(session) = &mut conversation.session {
        session.process = Process::Asleep { why };
    }
    conversation.queue_held = Some(QueueHeld::ResumeRefused);
    conversation.next = Decision { continuity: Continuity::Queued, why: Why::BehindQueue { place: 2 } };
    conversation
}

/// Two agents that are here, one that is not, and a profile that was left out.
pub fn agents() -> Vec<AgentReport> {
    let report = |name: &str, title: &str, program: Option<&str>, notes: &[&str]| AgentReport {
        name: name.into(),
        title: title.into(),
        program: program.map(str::to_owned),
        warning: None,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
    };
    vec![
        report("shell", "Shell", Some("/bin/bash"), &["exact turns", "cannot be resumed"]),
        AgentReport {
            warning: Some("version 1.9.3 is too old: at least 2.0 is needed; update it".into()),
            ..report(
                "coder",
                "The Coder",
                Some("/home/me/.local/bin/coder"),
                &[
                    "exact turns, questions and permissions",
                    "resumes by its own session id",
                    "another model keeps the context",
                ],
            )
        },
        report("missing", "Another Coder", None, &["exact turns", "resumes by its own session id"]),
        AgentReport {
            warning: Some("line 3: unknown field `nmae`".into()),
            ..report("broken.toml", "left out", None, &[])
        },
    ]
}

/// A completed turn that was found; `[ ]` around the hits.
pub fn found(conversation: i64, turn: u32, title: &str, snippet: &str) -> Found {
    let pieces = snippet.split(['[', ']']).enumerate().filter(|(_, text)| !text.is_empty());
    let piece =
        |(at, text): (usize, &str)| if at % 2 == 1 { Piece::Hit(text.into()) } else { Piece::Plain(text.into()) };
    Found {
        conversation: id(conversation),
        turn: TurnNumber(turn),
        title: title.into(),
        agent: "shell".into(),
        folder: "/home/me/app".into(),
        state: TurnState::Ended(crate::domain::turn::TurnEnd::Completed),
        at: ago(i64::from(turn) * 1_000),
        snippet: pieces.map(piece).collect(),
    }
}

pub fn turn(number: u32, prompt: &str, state: TurnState) -> TurnRecord {
    TurnRecord {
        number: TurnNumber(number),
        session: Some(SessionNumber(2)),
        prompt: prompt.into(),
        origin: Origin::Sent,
        state,
        delivery: Delivery::Confirmed,
        queue_place: number,
        accepted_at: ago(20),
        started_at: None,
        ended_at: None,
        evidence: None,
        answer: None,
        requests: Vec::new(),
        work: Work::default(),
        trees: None,
    }
}

/// It took 62 seconds.
pub fn ended(number: u32, prompt: &str, end: crate::domain::turn::TurnEnd) -> TurnRecord {
    TurnRecord {
        started_at: Some(ago(162)),
        ended_at: Some(ago(100)),
        evidence: Some(Evidence { source: Source::ShellMark, at: ago(100), text: "exit status".into() }),
        answer: Some(Answer { text: format!("answer to turn {number}\nsecond row"), cut_bytes: 0 }),
        ..turn(number, prompt, TurnState::Ended(end))
    }
}

pub fn decided(number: u32, turn: u32, continuity: Continuity, why: Why) -> DecisionRecord {
    DecisionRecord {
        number,
        turn: TurnNumber(turn),
        session: Some(SessionNumber(2)),
        decision: Decision { continuity, why },
        evidence: Some(Evidence { source: Source::Process, at: ago(90), text: "process 4242 is alive".into() }),
        at: ago(80),
    }
}
