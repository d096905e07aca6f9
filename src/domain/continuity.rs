//! Decides how a message reaches its agent: reuse the live session, resume it, start fresh, queue or refuse; and says why.
//!
//! Change here: the reasons, their order and their words. The status line shows exactly what `decide` returns.
//! Not here: starting anything (host) or keeping count of turns (`conversation_state.rs`).

use super::conversation::{Begun, FreshWanted};
use super::conversation_state::HostSince;
use super::fingerprint::Fingerprint;
use super::id::{SessionNumber, Timestamp, TurnNumber};
use super::session::{AsleepWhy, BegunBy, Context, Exit};
use super::turn::Evidence;
use serde::{Deserialize, Serialize};

/// What happens with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub continuity: Continuity,
    pub why: Why,
}

/// The six answers to a message (product 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    Reused,
    Resumed,
    Fresh,
    Queued,
    Answer,
    Refused,
}

/// The one reason of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The session's agent is alive.
    AgentAlive,
    /// It is, though the host is another one than before.
    AgentLivedOn,
    /// No session existed.
    FirstMessage,
    /// The person asked for a fresh session.
    UserAsked,
    /// The session has no process.
    Asleep {
        cause: AsleepWhy,
        carried: Carried,
    },
    AgentChanged {
        from: String,
        to: String,
    },
    /// The person gave the conversation to another agent, which goes on with it.
    HandedOver {
        from: String,
        to: String,
    },
    /// The first message of a conversation that left another one behind this turn.
    ForkedFrom {
        title: String,
        turn: TurnNumber,
    },
    ModelChanged {
        from: Option<String>,
        to: Option<String>,
    },
    FolderChanged {
        from: String,
        to: String,
    },
    /// Another model was chosen, and the agent takes its context along: it is started again with both.
    ModelSwitched {
        from: Option<String>,
        to: Option<String>,
    },
    /// The person began a new session within the agent's own screen; this is its first message.
    BegunInScreen,
    /// The agent's question is open, and the message is its answer.
    AnswersQuestion,
    /// A turn is under way; the message waits in this place, counted from 1.
    TurnRunning {
        turn: TurnNumber,
        place: u32,
    },
    /// Other messages wait; this one waits behind them in this place, counted from 1.
    BehindQueue {
        place: u32,
    },
    /// The session was told to end; the message waits in this place, counted from 1, until it has.
    SessionEnding {
        place: u32,
    },
    /// What waits in line would become too long.
    QueueFull {
        bytes: u64,
        most: u64,
    },
    /// There was nothing to send.
    EmptyText,
    /// The message is longer than we take.
    TooLong {
        bytes: u64,
        most: u64,
    },
    /// Nothing can be saved at present, so nothing is accepted.
    StoreTrouble(String),
    /// The agent's profile is not known (any more).
    UnknownAgent(String),
}

/// What a session without a process gets back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// The agent takes its own session up again.
    Context,
    /// The agent cannot resume; the new one starts in the folder where the old one was. Nothing else is carried.
    FolderOnly(String),
    /// Nothing was in it: no turn of it was seen starting.
    NothingToKeep,
    /// The agent could resume, but the id of its session was never seen.
    IdUnknown,
    /// Not even that: the folder where the old one was is gone, so the new one starts in the conversation's own.
    OwnFolder { gone: String, folder: String },
}

/// A decision that was made, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The order of decisions within the conversation, counted from 1.
    pub number: u32,
    pub turn: TurnNumber,
    /// The session that the message was given to; none while it is queued.
    pub session: Option<SessionNumber>,
    pub decision: Decision,
    pub evidence: Option<Evidence>,
    pub at: Timestamp,
}

/// All that a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// What the next session is to be started with.
    pub wanted: &'a Fingerprint,
    pub fresh_wanted: FreshWanted,
    pub begun: &'a Begun,
    /// None where the conversation has no session that goes on.
    pub session: Option<SessionFacts<'a>>,
    pub resume: CanResume,
    pub model_switch: ModelSwitch,
}

/// The session a message would go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts<'a> {
    pub fingerprint: &'a Fingerprint,
    /// None while its process lives.
    pub asleep: Option<&'a AsleepWhy>,
    /// The folder it was last seen in.
    pub last_folder: Option<&'a str>,
    pub context: Context,
    pub begun_by: BegunBy,
    /// Whether it was this host that the message before it was given to.
    pub host: HostSince,
    /// Whether the agent's own id of it is known.
    pub id: IdKnown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKnown {
    Yes,
    No,
}

/// What another model means for a session of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSwitch {
    /// The agent is started again with the new model and takes its session up.
    Restart,
    /// The context cannot go along.
    Fresh,
}

/// Whether the agent can take its session up again after its process is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanResume {
    Yes,
    No,
}

/// Decides for a message that nothing stands in the way of: no turn runs, none waits before it.
pub fn decide(facts: &Facts) -> Decision {
    let fresh = |why| Decision { continuity: Continuity::Fresh, why };
    // A difference tells more than that a fresh one was asked for as well.
    let difference = facts.session.as_ref().and_then(|session| difference(session.fingerprint, facts.wanted));
    match (difference, facts.fresh_wanted) {
        (Some(Why::AgentChanged { from, to }), FreshWanted::HandedOver) => return fresh(Why::HandedOver { from, to }),
        (Some(why), FreshWanted::No | FreshWanted::Yes | FreshWanted::HandedOver) => return fresh(why),
        (None, FreshWanted::Yes | FreshWanted::HandedOver) => return fresh(Why::UserAsked),
        (None, FreshWanted::No) => {}
    }
    let Some(session) = &facts.session else {
        return fresh(match facts.begun {
            Begun::New => Why::FirstMessage,
            Begun::Forked(fork) => Why::ForkedFrom { title: fork.title.clone(), turn: fork.turn },
        });
    };
    let switched = (session.fingerprint.model != facts.wanted.model)
        .then(|| (session.fingerprint.model.clone(), facts.wanted.model.clone()));
    let carries_context =
        facts.resume == CanResume::Yes && session.context == Context::Holds && session.id == IdKnown::Yes;
    match (switched, session.asleep) {
        (Some((from, to)), _) if carries_context && facts.model_switch == ModelSwitch::Restart => {
            Decision { continuity: Continuity::Resumed, why: Why::ModelSwitched { from, to } }
        }
        (Some((from, to)), _) => fresh(Why::ModelChanged { from, to }),
        (None, None) if session.begun_by == BegunBy::AgentScreen && session.context == Context::Empty => {
            fresh(Why::BegunInScreen)
        }
        (None, None) => {
            let why = match session.host {
                HostSince::Same => Why::AgentAlive,
                HostSince::Another => Why::AgentLivedOn,
            };
            Decision { continuity: Continuity::Reused, why }
        }
        (None, Some(cause)) if carries_context => {
            let why = Why::Asleep { cause: cause.clone(), carried: Carried::Context };
            Decision { continuity: Continuity::Resumed, why }
        }
        (None, Some(cause)) => {
            let carried = match (facts.resume, session.context) {
                (CanResume::No, _) => {
                    Carried::FolderOnly(session.last_folder.unwrap_or(&session.fingerprint.folder).to_owned())
                }
                (CanResume::Yes, Context::Empty) => Carried::NothingToKeep,
                (CanResume::Yes, Context::Holds) => Carried::IdUnknown,
            };
            fresh(Why::Asleep { cause: cause.clone(), carried })
        }
    }
}

/// The first difference that makes a session unfit for what is wanted, whatever the agent can do.
fn difference(had: &Fingerprint, wanted: &Fingerprint) -> Option<Why> {
    if had.agent != wanted.agent {
        Some(Why::AgentChanged { from: had.agent.clone(), to: wanted.agent.clone() })
    } else if had.folder != wanted.folder {
        Some(Why::FolderChanged { from: had.folder.clone(), to: wanted.folder.clone() })
    } else {
        None
    }
}

impl Continuity {
    pub fn word(self) -> &'static str {
        match self {
            Continuity::Reused => "reused",
            Continuity::Resumed => "resumed",
            Continuity::Fresh => "fresh",
            Continuity::Queued => "queued",
            Continuity::Answer => "answer",
            Continuity::Refused => "refused",
        }
    }
}

impl Why {
    /// A stable code for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Why::AgentAlive => "agent_alive",
            Why::AgentLivedOn => "agent_lived_on",
            Why::FirstMessage => "first_message",
            Why::UserAsked => "user_asked",
            Why::Asleep { cause, .. } => match cause {
                AsleepWhy::AgentExited(_) => "agent_exited",
                AsleepWhy::HostEnded => "host_ended",
                AsleepWhy::Stopped => "session_stopped",
                AsleepWhy::CouldNotStart(_) => "could_not_start",
                AsleepWhy::ResumeRefused(_) => "resume_refused",
                AsleepWhy::NotKilled(_) => "not_killed",
                AsleepWhy::Adopted => "adopted",
                AsleepWhy::PickedAgain => "picked_again",
            },
            Why::AgentChanged { .. } => "agent_changed",
            Why::HandedOver { .. } => "handed_over",
            Why::ForkedFrom { .. } => "forked",
            Why::ModelChanged { .. } => "model_changed",
            Why::FolderChanged { .. } => "folder_changed",
            Why::ModelSwitched { .. } => "model_switched",
            Why::BegunInScreen => "begun_in_screen",
            Why::AnswersQuestion => "answers_question",
            Why::TurnRunning { .. } => "turn_running",
            Why::BehindQueue { .. } => "behind_queue",
            Why::SessionEnding { .. } => "session_ending",
            Why::QueueFull { .. } => "queue_full",
            Why::EmptyText => "empty_text",
            Why::TooLong { .. } => "too_long",
            Why::StoreTrouble(_) => "store_trouble",
            Why::UnknownAgent(_) => "unknown_agent",
        }
    }

    /// The reason in words, one line.
    pub fn text(&self) -> String {
        match self {
            Why::AgentAlive => "the agent is alive".into(),
            Why::AgentLivedOn => "the host started anew; the agent lived on".into(),
            Why::FirstMessage => "first message".into(),
            Why::UserAsked => "you asked for a fresh session".into(),
            Why::Asleep { cause, carried: Carried::Context } => cause.text(),
            Why::Asleep { cause: cause @ AsleepWhy::CouldNotStart(_), carried: Carried::NothingToKeep } => {
                format!("{}; tried again", cause.text())
            }
            Why::Asleep { cause, carried: Carried::NothingToKeep } => {
                format!("{}; no turn had begun in it", cause.text())
            }
            Why::Asleep { cause, carried: Carried::IdUnknown } => {
                format!("{}; cannot be resumed: the agent's id of its session was never seen", cause.text())
            }
            Why::Asleep { cause: cause @ AsleepWhy::CouldNotStart(_), carried: Carried::FolderOnly(folder) } => {
                format!("{}; tried again in folder {folder}", cause.text())
            }
            Why::Asleep { cause, carried: Carried::FolderOnly(folder) } => {
                format!("{}; cannot be resumed: folder {folder} restored, variables gone", cause.text())
            }
            Why::Asleep { cause, carried: Carried::OwnFolder { gone, folder } } => {
                format!(
                    "{}; cannot be resumed: folder {gone} is gone, starts in {folder}, variables gone",
                    cause.text()
                )
            }
            Why::AgentChanged { from, to } => format!("agent {from} -> {to}"),
            Why::HandedOver { from, to } => format!("handed over from {from} to {to}"),
            Why::ForkedFrom { title, turn } => format!("forked from \"{title}\" at turn {turn}"),
            Why::ModelChanged { from, to } => {
                format!("model {} -> {}: not compatible", model_name(from), model_name(to))
            }
            Why::FolderChanged { from, to } => format!("folder {from} -> {to}"),
            Why::ModelSwitched { from, to } => {
                format!("model {} -> {}: context kept", model_name(from), model_name(to))
            }
            Why::BegunInScreen => "you began a new session in the agent's screen".into(),
            Why::AnswersQuestion => "answers the agent's question".into(),
            Why::TurnRunning { turn, place } => format!("turn {turn} is running; {} in line", ordinal(*place)),
            Why::BehindQueue { place } => format!("{} in line", ordinal(*place)),
            Why::SessionEnding { place } => format!("the session is ending; {} in line", ordinal(*place)),
            Why::QueueFull { bytes, most } => {
                format!(
                    "what waits in line would have {bytes} bytes and at most {most} are taken; send it later or put it in a file"
                )
            }
            Why::EmptyText => "there is nothing to send; type a message first".into(),
            Why::TooLong { bytes, most } => format!(
                "the message has {bytes} bytes and at most {most} are taken; put it in a file and name the file"
            ),
            Why::StoreTrouble(cause) => {
                format!("nothing can be saved now ({cause}); free the disk or mend the folder, then send again")
            }
            Why::UnknownAgent(name) => format!("no profile for agent {name}; see threadkeep doctor"),
        }
    }
}

impl AsleepWhy {
    pub fn text(&self) -> String {
        match self {
            AsleepWhy::AgentExited(Exit::Code(code)) => format!("the agent exited with status {code}"),
            AsleepWhy::AgentExited(Exit::Signal(signal)) => format!("the agent was ended by signal {signal}"),
            AsleepWhy::AgentExited(Exit::NotSeen) => "the agent exited; its status was not seen".into(),
            AsleepWhy::HostEnded => "the host ended".into(),
            AsleepWhy::Stopped => "you stopped the session".into(),
            AsleepWhy::CouldNotStart(why) => format!("the agent could not be started: {why}"),
            AsleepWhy::ResumeRefused(said) => format!("the agent would not resume: {said}"),
            AsleepWhy::Adopted => "adopted by you".into(),
            AsleepWhy::PickedAgain => "picked again by you".into(),
            AsleepWhy::NotKilled(pid) => {
                format!("process {pid} could not be killed: it hangs in the system or is another user's")
            }
        }
    }
}

fn model_name(model: &Option<String>) -> &str {
    model.as_deref().unwrap_or("default")
}

/// 1 is `1st`, 12 is `12th`, 22 is `22nd`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::Fork;
    use crate::domain::id::ConversationId;

    fn shell(folder: &str) -> Fingerprint {
        Fingerprint { agent: "a".into(), model: None, folder: folder.into() }
    }

    fn session<'a>(fingerprint: &'a Fingerprint, asleep: Option<&'a AsleepWhy>) -> SessionFacts<'a> {
        SessionFacts {
            fingerprint,
            asleep,
            last_folder: Some("/last"),
            context: Context::Holds,
            begun_by: BegunBy::Us,
            host: HostSince::Same,
            id: IdKnown::Yes,
        }
    }

    #[test]
    fn every_combination_of_facts_has_its_one_decision() {
        use CanResume::{No, Yes};
        use Continuity::{Fresh, Resumed, Reused};
        let wanted = shell("/w");
        let other_folder = shell("/other");
        let other_agent = Fingerprint { agent: "b".into(), ..shell("/w") };
        let other_model = Fingerprint { model: Some("m".into()), ..shell("/w") };
        let gone = AsleepWhy::AgentExited(Exit::Signal(9));
        let refused = AsleepWhy::ResumeRefused("no such session".into());
        let live = session(&wanted, None);
        let asleep = session(&wanted, Some(&gone));
        let table = [
            (false, None, No, Fresh, "first_message"),
            (true, None, No, Fresh, "user_asked"),
            (true, Some(live.clone()), Yes, Fresh, "user_asked"),
            (false, Some(live.clone()), No, Reused, "agent_alive"),
            (false, Some(live.clone()), Yes, Reused, "agent_alive"),
            (false, Some(asleep.clone()), Yes, Resumed, "agent_exited"),
            (false, Some(asleep.clone()), No, Fresh, "agent_exited"),
            (false, Some(SessionFacts { context: Context::Empty, ..asleep.clone() }), Yes, Fresh, "agent_exited"),
            (false, Some(SessionFacts { id: IdKnown::No, ..asleep.clone() }), Yes, Fresh, "agent_exited"),
            (false, Some(session(&wanted, Some(&refused))), Yes, Resumed, "resume_refused"),
            (false, Some(session(&other_folder, None)), Yes, Fresh, "folder_changed"),
            (false, Some(session(&other_agent, Some(&gone))), Yes, Fresh, "agent_changed"),
            (true, Some(session(&other_agent, None)), Yes, Fresh, "agent_changed"),
            (true, Some(session(&other_model, None)), Yes, Fresh, "user_asked"),
            (false, Some(session(&other_model, None)), Yes, Resumed, "model_switched"),
            (false, Some(session(&other_model, Some(&gone))), Yes, Resumed, "model_switched"),
            (false, Some(session(&other_model, None)), No, Fresh, "model_changed"),
            (false, Some(SessionFacts { begun_by: BegunBy::AgentScreen, ..live.clone() }), Yes, Reused, "agent_alive"),
            (
                false,
                Some(SessionFacts { begun_by: BegunBy::AgentScreen, context: Context::Empty, ..live }),
                Yes,
                Fresh,
                "begun_in_screen",
            ),
        ];
        for (fresh_wanted, session, resume, continuity, code) in table {
            let facts = Facts {
                wanted: &wanted,
                fresh_wanted: if fresh_wanted { FreshWanted::Yes } else { FreshWanted::No },
                begun: &Begun::New,
                session,
                resume,
                model_switch: ModelSwitch::Restart,
            };
            let decision = decide(&facts);
            assert_eq!((decision.continuity, decision.why.code()), (continuity, code), "{facts:?}");
        }
    }

    fn facts<'a>(
        wanted: &'a Fingerprint,
        fresh_wanted: FreshWanted,
        begun: &'a Begun,
        session: Option<SessionFacts<'a>>,
    ) -> Facts<'a> {
        Facts { wanted, fresh_wanted, begun, session, resume: CanResume::Yes, model_switch: ModelSwitch::Restart }
    }

    #[test]
    fn another_agent_that_was_handed_the_conversation_is_told_from_one_that_was_chosen() {
        let (wanted, had) = (shell("/w"), Fingerprint { agent: "b".into(), ..shell("/w") });
        let decide = |wanted_fresh, had| decide(&facts(&wanted, wanted_fresh, &Begun::New, Some(session(had, None))));
        let why = decide(FreshWanted::HandedOver, &had).why;
        assert_eq!((why.code(), why.text().as_str()), ("handed_over", "handed over from b to a"));
        assert_eq!(decide(FreshWanted::Yes, &had).why.code(), "agent_changed");
        assert_eq!(decide(FreshWanted::HandedOver, &wanted).why.code(), "user_asked", "back at the agent that it had");
        let elsewhere = Fingerprint { folder: "/other".into(), ..shell("/w") };
        assert_eq!(decide(FreshWanted::HandedOver, &elsewhere).why.code(), "folder_changed");
    }

    #[test]
    fn the_first_message_of_a_fork_says_what_it_left_and_where() {
        let wanted = shell("/w");
        let fork = Fork { from: ConversationId(1), title: "fix login".into(), turn: TurnNumber(3) };
        let begun = Begun::Forked(fork);
        let decision = decide(&facts(&wanted, FreshWanted::No, &begun, None));
        assert_eq!(decision.continuity, Continuity::Fresh);
        assert_eq!(decision.why.text(), "forked from \"fix login\" at turn 3");
        let later = decide(&facts(&wanted, FreshWanted::No, &begun, Some(session(&wanted, None))));
        assert_eq!(later.continuity, Continuity::Reused);
    }

    #[test]
    fn a_model_that_the_agent_cannot_take_its_context_to_means_fresh() {
        let (wanted, had) = (shell("/w"), Fingerprint { model: Some("m".into()), ..shell("/w") });
        let facts = Facts {
            wanted: &wanted,
            fresh_wanted: FreshWanted::No,
            begun: &Begun::New,
            session: Some(session(&had, None)),
            resume: CanResume::Yes,
            model_switch: ModelSwitch::Fresh,
        };
        let decision = decide(&facts);
        assert_eq!(decision.continuity, Continuity::Fresh);
        assert_eq!(decision.why.text(), "model m -> default: not compatible");
    }

    #[test]
    fn a_session_that_cannot_resume_says_what_is_restored_and_what_is_gone() {
        let wanted = shell("/w");
        let facts = Facts {
            wanted: &wanted,
            fresh_wanted: FreshWanted::No,
            begun: &Begun::New,
            session: Some(SessionFacts { last_folder: Some("/tmp"), ..session(&wanted, Some(&AsleepWhy::HostEnded)) }),
            resume: CanResume::No,
            model_switch: ModelSwitch::Fresh,
        };
        assert_eq!(
            decide(&facts).why.text(),
            "the host ended; cannot be resumed: folder /tmp restored, variables gone"
        );
    }

    #[test]
    fn places_are_counted_as_people_say_them() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 112].into_iter().map(ordinal).collect();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
    }
}
