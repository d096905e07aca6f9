//! How much of the window an event makes stale, told from what stood before it and what came of it.

use crate::protocol::message::{ViewInput, ViewOutput};
use crate::tui::app::App;
use crate::tui::event::{Effect, Event};
use crate::tui::screen::Stale;
use crate::tui::view;
use ratatui::layout::Rect;

/// What must be known of the window before an event, to tell afterwards what of it is stale. The two events that come with every key
/// typed to an agent are told apart from the rest: the key itself changes nothing here, and its echo changes some rows.
pub enum Before {
    /// A key or paste while nothing of ours waits for one.
    Typing,
    /// A picture of the session that is shown whole, with the rows that change.
    Picture(Rect, Vec<u16>),
    Anything,
}

impl Before {
    pub fn look(app: &App, event: &Event) -> Before {
        match event {
            Event::Key(_) | Event::Paste(_) if view::bare_pane(app).is_some() => Before::Typing,
            Event::Viewed(of, ViewOutput::Frame(delta)) => {
                let screen = app.live_screen().filter(|screen| screen.of == *of && screen.frame.size == delta.size);
                match (screen, view::bare_pane(app)) {
                    (Some(_), Some(pane)) => Before::Picture(pane, delta.rows.iter().map(|(row, _)| *row).collect()),
                    _ => Before::Anything,
                }
            }
            _ => Before::Anything,
        }
    }

    pub fn what_is_stale(self, app: &App, effects: &[Effect]) -> Stale {
        match self {
            Before::Typing
                if matches!(effects, [Effect::ToView(ViewInput::Key(_) | ViewInput::Paste(_))])
                    && view::bare_pane(app).is_some() =>
            {
                Stale::Nothing
            }
            Before::Picture(pane, rows) if view::bare_pane(app) == Some(pane) => Stale::Rows(rows),
            Before::Typing | Before::Picture(..) | Before::Anything => Stale::All,
        }
    }
}
