//! `threadkeep send`: gives a conversation its next message, and with `--wait` its answer back.

use super::awaiting::{Awaited, Patience, await_end};
use super::{CliError, ExitCode, Which, code_of, connect, folder, say, say_aside, say_json, show, standard_input};
use crate::client::{ClientError, Control, environment};
use crate::domain::continuity::{Continuity, Decision, Why};
use crate::domain::conversation_state::MAX_MESSAGE_BYTES;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::{TurnRecord, TurnState};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Place, Reply, Request, Submitted};
use clap::Args;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub struct Send {
    #[command(flatten)]
    which: Which,
    /// Wait for the turn's end and print the answer
    #[arg(long)]
    wait: bool,
    /// With --wait: stop waiting after so long; the turn goes on
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
    /// With --wait: stop waiting also when the agent asks something (exit code 8); the turn goes on
    #[arg(long, requires = "wait")]
    or_asked: bool,
    /// In front of the queue, and interrupt the turn that runs
    #[arg(long)]
    now: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// The message; - reads it from standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

impl Send {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let until = self.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let text = if self.text == "-" { standard_input()? } else { self.text.clone() };
        let mut control = connect(paths)?;
        let conversation = self.conversation(&mut control)?;
        let place = if self.now { Place::InterruptAndSendNow } else { Place::Behind };
        let environment = environment::of_this_process();
        // The host would refuse it as well, but far longer text does not even fit into a message to it.
        if let Some(submitted) = too_long(conversation, &text) {
            return self.say_refused(&submitted);
        }
        let submitted = match control.ask(&Request::Submit { conversation, text, place, environment }, None)? {
            Reply::Submitted(submitted) => submitted,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        match submitted.turn {
            None => self.say_refused(&submitted),
            Some(turn) if self.wait => self.wait_for(&mut control, paths, &submitted, turn, until),
            Some(_) => self.say_sent(&submitted),
        }
    }

    fn conversation(&self, control: &mut Control) -> Result<ConversationId, CliError> {
        if let Some(id) = self.which.conversation {
            return Ok(ConversationId(id));
        }
        match control.ask(&Request::NewestIn { folder: folder(None)? }, None)? {
            Reply::Created { conversation } => Ok(conversation),
            other => Err(CliError::Unexpected(Box::new(other))),
        }
    }

    fn say_refused(&self, submitted: &Submitted) -> Result<ExitCode, CliError> {
        if self.json {
            say_json(json::sent(submitted))?;
        } else {
            say_aside(&format!("refused: {}", submitted.decision.why.text()));
        }
        Ok(ExitCode::Refused)
    }

    fn say_sent(&self, submitted: &Submitted) -> Result<ExitCode, CliError> {
        if self.json {
            say_json(json::sent(submitted))?;
        } else {
            say(&sentence(submitted))?;
        }
        Ok(ExitCode::Done)
    }

    fn wait_for(
        &self,
        control: &mut Control,
        paths: &Paths,
        submitted: &Submitted,
        turn: TurnNumber,
        until: Option<Instant>,
    ) -> Result<ExitCode, CliError> {
        let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
        let patience = Patience::new(limit, self.or_asked);
        match await_end(control, paths, submitted.conversation, Some(turn), patience) {
            Ok(Awaited::Ended(ended)) => {
                let submitted = as_it_came_to_be(control, submitted, turn)?;
                self.say_ended(&submitted, &ended)
            }
            // It was taken out of the queue before it went anywhere.
            Ok(Awaited::Nothing) => {
                if !self.json {
                    say_aside(&format!("turn {turn} was taken out of the queue"));
                }
                self.say_sent(submitted).map(|_| ExitCode::Interrupted)
            }
            Ok(Awaited::Asked(asking)) => {
                if self.json {
                    say_json(json::with_end(json::sent(submitted), &asking))?;
                }
                Ok(ExitCode::Asked)
            }
            Err(CliError::Client(ClientError::Timeout(_))) => self.say_still_running(control, submitted, turn),
            Err(error) => Err(error),
        }
    }

    fn say_ended(&self, submitted: &Submitted, ended: &TurnRecord) -> Result<ExitCode, CliError> {
        if self.json {
            say_json(json::with_end(json::sent(submitted), ended))?;
        } else {
            if let Some(answer) = ended.answer.as_ref().filter(|answer| !answer.text.is_empty()) {
                say(&answer.text)?;
            }
            if code_of(&ended.state) != ExitCode::Done
                && let TurnState::Ended(end) = &ended.state
            {
                say_aside(&format!("turn {} {}: {}", ended.number, end.word(), end.told()));
            }
        }
        Ok(code_of(&ended.state))
    }

    fn say_still_running(
        &self,
        control: &mut Control,
        submitted: &Submitted,
        turn: TurnNumber,
    ) -> Result<ExitCode, CliError> {
        let mut submitted = submitted.clone();
        if let Some(now) = show(control, submitted.conversation)?.turn.filter(|now| now.number == turn) {
            submitted.session = now.session;
            submitted.state = Some(now.state);
        }
        if self.json {
            say_json(json::sent(&submitted))?;
        } else {
            say_aside(&format!("turn {turn} goes on; see threadkeep wait -c {}", submitted.conversation));
        }
        Ok(ExitCode::Timeout)
    }
}

fn too_long(conversation: ConversationId, text: &str) -> Option<Submitted> {
    let why = Why::TooLong { bytes: text.len() as u64, most: MAX_MESSAGE_BYTES as u64 };
    let decision = Decision { continuity: Continuity::Refused, why };
    (text.len() > MAX_MESSAGE_BYTES).then_some(Submitted {
        conversation,
        session: None,
        turn: None,
        state: None,
        decision,
    })
}

/// The decision may have been made anew on the way, for example when the folder to be restored was gone: the last word counts.
fn as_it_came_to_be(control: &mut Control, submitted: &Submitted, turn: TurnNumber) -> Result<Submitted, CliError> {
    let Reply::Decisions(made) = control.ask(&Request::Why { conversation: submitted.conversation }, None)? else {
        return Ok(submitted.clone());
    };
    let same = |decision: &Decision| decision.continuity == submitted.decision.continuity;
    let last =
        made.into_iter().rev().map(|made| (made.turn, made.decision)).find(|(of, made)| *of == turn && same(made));
    Ok(match last {
        Some((_, decision)) => Submitted { decision, ..submitted.clone() },
        None => submitted.clone(),
    })
}

/// What the window's status line would say.
fn sentence(submitted: &Submitted) -> String {
    let mut parts = vec![submitted.decision.continuity.word().to_owned()];
    if let Some(session) = submitted.session {
        parts.push(format!("session {session}"));
    }
    if let Some(turn) = submitted.turn {
        parts.push(format!("turn {turn}"));
    }
    if submitted.decision.continuity != Continuity::Reused {
        parts.push(submitted.decision.why.text());
    }
    format!("conversation {}: {}", submitted.conversation, parts.join(" · "))
}
