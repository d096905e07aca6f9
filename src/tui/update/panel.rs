//! The width of the turn panel: by keys, and by its border with the mouse. What was set is kept for the next window.

use super::super::app::{App, Dragging};
use super::super::event::Effect;
use super::super::keymap::Command;
use super::super::layout::{self, PanelPlace};
use super::say;
use crate::terminal::keys::{Mouse, MouseAction, MouseButton};

/// Columns that one key press moves the border.
const STEP: i32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Wider,
    Narrower,
}

pub fn step(app: &mut App, out: &mut Vec<Effect>, way: Way) {
    let layout = layout::layout(app);
    if layout.panel_place != PanelPlace::Beside {
        let way = app.way(Command::TogglePanel);
        return say(app, format!("the turn panel does not stand beside the pane here; {way} shows it"));
    }
    let by = match way {
        Way::Wider => STEP,
        Way::Narrower => -STEP,
    };
    let wanted = u16::try_from(i32::from(layout.panel.width) + by).unwrap_or(0);
    if set(app, wanted) == layout.panel.width {
        return say(app, if way == Way::Wider { "it is as wide as it can be" } else { "it is as narrow as it can be" });
    }
    keep(app, out);
}

/// Returns the width that it has now.
fn set(app: &mut App, columns: u16) -> u16 {
    app.panel_columns = Some(layout::panel_columns_within(columns, app.size.columns));
    layout::layout(app).panel.width
}

fn keep(app: &App, out: &mut Vec<Effect>) {
    out.extend(app.panel_columns.map(Effect::KeepPanelColumns));
}

/// Takes the border along while its button is held. Says whether that is so.
pub fn drag(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) -> Dragged {
    match (app.dragging, mouse.action) {
        (Some(Dragging::PanelBorder), MouseAction::Drag(MouseButton::Left)) => {
            set(app, app.size.columns.saturating_sub(mouse.column));
            Dragged::Yes
        }
        (Some(Dragging::PanelBorder), MouseAction::Release(_)) => {
            app.dragging = None;
            keep(app, out);
            Dragged::Yes
        }
        // The release was not told: another button, or outside of the terminal.
        (Some(Dragging::PanelBorder), MouseAction::Press(_)) => {
            app.dragging = None;
            Dragged::No
        }
        (Some(Dragging::PanelBorder | Dragging::ComposerSelection) | None, _) => Dragged::No,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dragged {
    Yes,
    No,
}
