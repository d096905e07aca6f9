//! `threadkeep wait`: waits for the end of a turn, or of all that is under way, in one conversation or in several.

use super::awaiting::{Awaited, Patience, await_end, await_several};
use super::completions::conversations;
use super::{CliError, ExitCode, Which, code_of, connect, say, say_json};
use crate::client::{ClientError, Control};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::json;
use crate::paths::Paths;
use clap::{ArgAction, Args};
use clap_complete::ArgValueCandidates;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Wait {
    /// The conversation; several as 3,5 or by giving it again; without it the newest one of this folder
    #[arg(short = 'c', long = "conversation", value_name = "ID", value_delimiter = ',', action = ArgAction::Append, add = ArgValueCandidates::new(conversations))]
    conversations: Vec<i64>,
    /// This turn; without it every turn that is running or queued
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// Of several conversations: stop waiting at the first end
    #[arg(long)]
    any: bool,
    /// Stop waiting after so long
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Stop waiting also when the agent asks something (exit code 8)
    #[arg(long)]
    or_asked: bool,
    /// One JSON object a conversation: the turn that ended last, or that asks
    #[arg(long)]
    json: bool,
}

impl Wait {
    /// The exit code is that of the turn that ended last; 4 when the time is over. Of several conversations it is that of the first, in the
    /// order given, that did not come to a good end.
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let patience = Patience::new(self.timeout.map(Duration::from_secs), self.or_asked);
        match self.conversations.as_slice() {
            [] => {
                let conversation = Which { conversation: None }.find_or_say(&mut control)?;
                self.wait_for_one(&mut control, paths, conversation, patience)
            }
            [one] => self.wait_for_one(&mut control, paths, ConversationId(*one), patience),
            several if self.turn.is_none() => {
                let several: Vec<ConversationId> = several.iter().copied().map(ConversationId).collect();
                self.wait_for_several(&mut control, paths, &several, patience)
            }
            _ => Err(CliError::TurnOfSeveral),
        }
    }

    fn wait_for_one(
        &self,
        control: &mut Control,
        paths: &Paths,
        conversation: ConversationId,
        patience: Patience,
    ) -> Result<ExitCode, CliError> {
        match await_end(control, paths, conversation, self.turn.map(TurnNumber), patience)? {
            // A turn that was waited for by number was taken out of the queue; without one there was nothing to wait for.
            Awaited::Nothing if self.turn.is_some() => self.say_nothing(conversation).map(|()| ExitCode::Interrupted),
            awaited => self.say_awaited(conversation, &awaited, ""),
        }
    }

    fn wait_for_several(
        &self,
        control: &mut Control,
        paths: &Paths,
        conversations: &[ConversationId],
        patience: Patience,
    ) -> Result<ExitCode, CliError> {
        let mut came: Vec<(ConversationId, ExitCode)> = Vec::new();
        let over = await_several(control, paths, conversations, patience, |conversation, awaited| {
            came.push((
                conversation,
                self.say_awaited(conversation, awaited, &format!("conversation {conversation}: "))?,
            ));
            // One that never had a turn has no end.
            Ok(self.any && !matches!(awaited, Awaited::Nothing))
        });
        if let Err(CliError::Client(ClientError::Timeout(_))) = over {
            return Ok(ExitCode::Timeout);
        }
        over?;
        let code_for = |id: &ConversationId| came.iter().find(|(of, _)| of == id).map(|(_, code)| *code);
        Ok(conversations.iter().filter_map(code_for).find(|code| *code != ExitCode::Done).unwrap_or(ExitCode::Done))
    }

    fn say_awaited(&self, conversation: ConversationId, awaited: &Awaited, lead: &str) -> Result<ExitCode, CliError> {
        match awaited {
            Awaited::Asked(turn) => {
                if self.json {
                    say_json(json::turn(conversation, turn))?;
                }
                Ok(ExitCode::Asked)
            }
            Awaited::Ended(turn) => self.say_ended(conversation, turn, lead),
            Awaited::Nothing => self.say_nothing(conversation).map(|()| ExitCode::Done),
        }
    }

    fn say_ended(&self, conversation: ConversationId, turn: &TurnRecord, lead: &str) -> Result<ExitCode, CliError> {
        if self.json {
            say_json(json::turn(conversation, turn))?;
        } else {
            say(&format!("{lead}turn {} {}", turn.number, turn.state.word()))?;
        }
        Ok(code_of(&turn.state))
    }

    fn say_nothing(&self, conversation: ConversationId) -> Result<(), CliError> {
        if self.json { say_json(json::no_turn(conversation)) } else { Ok(()) }
    }
}
