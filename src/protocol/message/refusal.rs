//! Why something was not done, in words that name the next step.

use crate::domain::changes::NotNoted;
use crate::domain::conversation::QueueHeld;
use crate::domain::conversation_state::NotResumable;
use crate::domain::id::{ConversationId, SessionNumber, TurnNumber};
use crate::domain::request::RequestKind;
use crate::domain::search::TURN_STATES;
use crate::domain::when;
use crate::domain::worktree::Work;
use serde::{Deserialize, Serialize};

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("there is no conversation {0}; see threadkeep ls")]
    NoConversation(ConversationId),
    #[error("turn {0} is not in the queue (any more)")]
    NotQueued(TurnNumber),
    #[error("turn {0} is running; interrupt it first, or say that it may be stopped")]
    TurnRuns(TurnNumber),
    #[error("there is no turn {0} in this conversation")]
    NoTurn(TurnNumber),
    #[error("that has {bytes} bytes and at most {most} are taken; put it in a file and name the file")]
    TooLong { bytes: u64, most: u64 },
    #[error("no process lives for this conversation; the next message starts one")]
    NotLive,
    #[error("no profile for agent {0}; see threadkeep doctor")]
    UnknownAgent(String),
    #[error("turn {0} has not ended; fork behind one that has")]
    NotEnded(TurnNumber),
    #[error("nothing is known of where agent {0} keeps its sessions")]
    KeepsNoSessions(String),
    #[error(
        "agent {agent} keeps no session {session} of this folder; threadkeep adopt --agent {agent} lists those that it does"
    )]
    NoSession { agent: String, session: String },
    #[error("process {0} has that session; end it first, for two at once would lose what one of them says")]
    SessionHeld(u32),
    #[error("there is no session {0} in this conversation; threadkeep log names those of its turns")]
    NoOwnSession(SessionNumber),
    #[error("this conversation had no session before; threadkeep log names those of its turns")]
    NoEarlierSession,
    #[error("session {session} cannot be taken up again: {why}; threadkeep fresh --brief begins one that is told of it", why = .why.text())]
    CannotResume { session: SessionNumber, why: NotResumable },
    #[error("that is the session of conversation {0} already")]
    SessionKnown(ConversationId),
    #[error("{0}")]
    Git(String),
    #[error("nothing was done: {0}")]
    NotStarted(String),
    #[error("conversation {0} has no worktree of its own")]
    NoWorktree(ConversationId),
    #[error("its worktree {path} holds work that is nowhere else: {words}", words = .work.words())]
    WorktreeHasWork { path: String, work: Work },
    #[error("it has agent {0} already; for a fresh session of that one see threadkeep fresh")]
    HasAgent(String),
    #[error("that is not asked (any more); nothing was typed")]
    NotAsked,
    #[error("that can be answered on the agent's own screen only; go there with the prefix and o")]
    OnlyOnScreen,
    #[error("that is {}; nothing was typed", .0.takes())]
    DoesNotAnswer(RequestKind),
    #[error("the message waits for you: {}", .0.text())]
    Held(QueueHeld),
    #[error("is:{0} is no state of a turn; there are: {names}", names = TURN_STATES.map(|(name, _)| name).join(" "))]
    NoSuchState(String),
    #[error("{0} is no time for since: and before:; there are: {forms}", forms = when::FORMS)]
    NoSuchTime(String),
    #[error("{0}")]
    SearchTrouble(String),
    #[error("conversation {0} has no tab that could be moved")]
    NoTab(ConversationId),
    #[error("{0} of its messages wait in line; send or remove them first")]
    MessagesWait(u32),
    #[error("turn {0} waits in the queue, so it has changed nothing yet")]
    NotBegun(TurnNumber),
    #[error("what turn {turn} changed cannot be told: {why}", why = .why.text())]
    NoDiff { turn: TurnNumber, why: NoDiff },
    #[error("nothing was said in this conversation yet")]
    NothingSaid,
    #[error("that is asked at the socket for hooks, which takes only what they tell")]
    OnlyHooks,
    #[error("threadkeep look only reads what is saved; without look that is asked of the host")]
    OnlyLooks,
    #[error("nothing can be saved now: {0}; it is tried again by itself, threadkeep doctor says more")]
    StoreTrouble(String),
    #[error("the host is ending; try again, a new one will start")]
    Ending,
    #[error(
        "this host does not know that request; threadkeep host restart puts the newer build in its place, agents go on"
    )]
    NotUnderstood,
}

/// Why a difference cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDiff {
    /// This folder lies in none.
    NoRepository(String),
    /// It was not there yet, or no host was.
    NothingNoted,
    BeginningNotNoted(NotNoted),
    EndNotNoted(NotNoted),
    /// What was noted cannot be compared now.
    Git(NotNoted),
}

impl NoDiff {
    /// The reason with the next step, where there is one.
    pub fn text(&self) -> String {
        match self {
            NoDiff::NoRepository(folder) => {
                format!("its folder {folder} is in no git repository; git init begins one, for turns from then on")
            }
            NoDiff::NothingNoted => {
                "the files were not noted when it began: no repository was there, or an earlier threadkeep, or the host ended then".into()
            }
            NoDiff::BeginningNotNoted(why) => format!("the files were not noted when it began: {}", why.text()),
            NoDiff::EndNotNoted(why) => {
                format!("the files were not noted when it ended: {}; what changed until now can be told", why.text())
            }
            NoDiff::Git(why) => why.text(),
        }
    }
}
