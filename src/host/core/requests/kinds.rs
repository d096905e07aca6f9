//! What each request is about and needs. A new request has a place in each of these.

use crate::domain::id::ConversationId;
use crate::protocol::message::Request;

/// The conversation that a request is about, which must exist.
pub fn subject_of(request: &Request) -> Option<ConversationId> {
    match request {
        Request::Show { conversation }
        | Request::Follow { conversation }
        | Request::Submit { conversation, .. }
        | Request::Wait { conversation, .. }
        | Request::Fresh { conversation, .. }
        | Request::HandOver { conversation, .. }
        | Request::Resume { conversation, .. }
        | Request::Interrupt { conversation }
        | Request::StopSession { conversation }
        | Request::SetModel { conversation, .. }
        | Request::SetAgent { conversation, .. }
        | Request::AnswerRequest { conversation, .. }
        | Request::Brief { conversation }
        | Request::Fork { conversation, .. }
        | Request::RemoveWorktree { conversation, .. }
        | Request::Past { conversation, .. }
        | Request::EditQueued { conversation, .. }
        | Request::RemoveQueued { conversation, .. }
        | Request::SendNow { conversation, .. }
        | Request::MoveQueued { conversation, .. }
        | Request::SaveDraft { conversation, .. }
        | Request::Rename { conversation, .. }
        | Request::OpenTab { conversation }
        | Request::CloseTab { conversation }
        | Request::Archive { conversation }
        | Request::Unarchive { conversation }
        | Request::MoveTab { conversation, .. }
        | Request::Remove { conversation }
        | Request::Turns { conversation, .. }
        | Request::DecisionsOf { conversation, .. }
        | Request::Diff { conversation, .. }
        | Request::Why { conversation } => Some(*conversation),
        // A view names its conversation on its own connection; a look at what has just been removed is no error.
        Request::Subscribe
        | Request::List
        | Request::New { .. }
        | Request::NewestIn { .. }
        | Request::AgentSessions { .. }
        | Request::Adopt { .. }
        | Request::NewInWorktree { .. }
        | Request::Look { .. }
        // A hook that calls late is no error.
        | Request::Signal { .. }
        | Request::Search { .. }
        | Request::Prompts { .. }
        | Request::Agents
        | Request::HostStatus
        | Request::HostStop
        | Request::HostRestart
        | Request::View { .. } => None,
    }
}

/// Whether a request can be carried out by a host that does not know its conversations yet.
pub fn needs_no_store(request: &Request) -> bool {
    // A hook of an agent that outlived its host comes too early; it is no error.
    matches!(
        request,
        Request::Subscribe
            | Request::Look { .. }
            | Request::Signal { .. }
            | Request::Agents
            | Request::HostStatus
            | Request::HostStop
    )
}

/// Whether a request is answered only after something was saved.
pub fn saves(request: &Request) -> bool {
    match request {
        Request::New { .. }
        | Request::NewestIn { .. }
        | Request::Fork { .. }
        | Request::Adopt { .. }
        | Request::NewInWorktree { .. }
        | Request::RemoveWorktree { .. }
        | Request::Submit { .. }
        | Request::Fresh { .. }
        | Request::HandOver { .. }
        | Request::Resume { .. }
        | Request::SetModel { .. }
        | Request::SetAgent { .. }
        | Request::AnswerRequest { .. }
        | Request::EditQueued { .. }
        | Request::RemoveQueued { .. }
        | Request::SendNow { .. }
        | Request::MoveQueued { .. }
        | Request::SaveDraft { .. }
        | Request::Rename { .. }
        | Request::OpenTab { .. }
        | Request::CloseTab { .. }
        | Request::Archive { .. }
        | Request::Unarchive { .. }
        | Request::MoveTab { .. }
        | Request::Remove { .. } => true,
        Request::Subscribe
        | Request::Follow { .. }
        | Request::List
        | Request::Show { .. }
        | Request::Wait { .. }
        | Request::Interrupt { .. }
        | Request::StopSession { .. }
        | Request::Look { .. }
        | Request::Turns { .. }
        | Request::DecisionsOf { .. }
        | Request::Diff { .. }
        | Request::Brief { .. }
        | Request::Past { .. }
        | Request::AgentSessions { .. }
        | Request::Signal { .. }
        | Request::Why { .. }
        | Request::Search { .. }
        | Request::Prompts { .. }
        | Request::Agents
        | Request::HostStatus
        | Request::HostStop
        | Request::HostRestart
        | Request::View { .. } => false,
    }
}
