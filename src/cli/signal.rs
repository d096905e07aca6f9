//! `threadkeep signal`: what a profile has its agent call as a hook. It hands the hook's words on to the session's host.
//!
//! It runs within the agent: what it prints the agent may show or take for its own, and an exit code may stop a turn. So within a session
//! it says nothing and always ends well; what a hook fails to tell, another source does.

use super::{CliError, ExitCode};
use crate::client::{ClientError, Control};
use crate::domain::id::ConversationId;
use crate::paths::Paths;
use crate::protocol::message::Request;
use crate::spool::{self, Call};
use clap::Args;
use std::io::Read;
use std::time::{Duration, Instant};

/// Longer ones do not fit into a message to the host. What profiles hear is far shorter but for a file that an agent asks to write, or an answer
/// in full; one that was cut off would be no JSON, and so nothing at all.
const MOST_PAYLOAD_BYTES: u64 = 1024 * 1024;
/// An agent may wait for its hook; a host that takes longer in all is not waited for.
const HOST_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct Signal {}

impl Signal {
    pub fn run(self) -> Result<ExitCode, CliError> {
        let variable = |name: &'static str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or(CliError::NotInSession(name))
        };
        let conversation = variable("THREADKEEP_CONVERSATION")?;
        let token = variable("THREADKEEP_TOKEN")?;
        if let (Ok(conversation), Some(payload)) = (conversation.parse(), payload()) {
            let request = Request::Signal { conversation: ConversationId(conversation), token, payload };
            // Nobody is there to be told; see the head of this file.
            let _ = Paths::from_env().map(|paths| tell(&paths, request));
        }
        Ok(ExitCode::Done)
    }
}

/// Tells the host. One that is away, or goes away meanwhile, is not started from within an agent: the next one hears it.
fn tell(paths: &Paths, request: Request) {
    let until = Instant::now() + HOST_LIMIT;
    let left = || until.saturating_duration_since(Instant::now());
    let for_hooks = Paths { socket: paths.hook_socket(), ..paths.clone() };
    // A host of an older build has one socket for all.
    let control = Control::connect_within(&for_hooks, HOST_LIMIT).or_else(|error| match error {
        ClientError::NoHost { .. } => Control::connect_within(paths, left()),
        other => Err(other),
    });
    let told = control.and_then(|mut control| control.ask(&request, Some(left())));
    if let (
        Err(ClientError::NoHost { .. } | ClientError::Ended | ClientError::Broken(_)),
        Request::Signal { conversation, token, payload },
    ) = (told, request)
    {
        // What cannot be kept, another source of the agent tells.
        let _ = spool::keep(paths, &Call { conversation: conversation.0, token, payload });
    }
}

/// What the hook tells; none where that is too long or no text. All of it is read, so that the agent's writing does not fail.
fn payload() -> Option<String> {
    let mut stdin = std::io::stdin().lock();
    let mut bytes = Vec::new();
    stdin.by_ref().take(MOST_PAYLOAD_BYTES + 1).read_to_end(&mut bytes).ok()?;
    std::io::copy(&mut stdin, &mut std::io::sink()).ok()?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|bytes| bytes <= MOST_PAYLOAD_BYTES);
    String::from_utf8(bytes).ok().filter(|_| fits)
}
