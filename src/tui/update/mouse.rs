//! What a click or the wheel means, by what lies under it.

use super::super::app::{App, Dragging, Keyboard, Page, Prefix};
use super::super::composer::{Around, Edit};
use super::super::event::Effect;
use super::super::keymap::{Command, CopyCommand, Motion};
use super::super::layout::{self, COMPOSER_INDENT, Hit};
use super::super::pointer::PanePress;
use super::super::view;
use super::super::view::requests::Click;
use super::super::view::turn_panel::{self, Choice};
use super::panel::{self, Dragged};
use super::reading::{self, Step};
use super::{
    changes, command, completion, copy, history, overview, palette, requests, say, search, tabs, to_agent, turns,
};
use crate::protocol::message::ViewInput;
use crate::terminal::frame::ClicksGo;
use crate::terminal::keys::{Modifiers, Mouse, MouseAction, MouseButton};

const NO_PROCESS: &str = "no process lives here; the next message starts or resumes one";

/// Rows that one step of the wheel moves what is ours.
const WHEEL_ROWS: u16 = 3;

pub fn mouse(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    if matches!(app.prefix, Prefix::Shown { .. }) && mouse.action == MouseAction::Press(MouseButton::Left) {
        app.prefix = Prefix::None;
        return;
    }
    if leaves_copying(app, mouse) {
        command::run(app, out, Command::Copy(CopyCommand::Leave));
    }
    if app.page.is_some() {
        return on_page(app, out, mouse);
    }
    if panel::drag(app, out, mouse) == Dragged::Yes || select_in_composer(app, mouse) == Dragged::Yes {
        return;
    }
    if mouse.action == MouseAction::Press(MouseButton::Left)
        && completion::is_shown(app)
        && let Some(at) = view::completion::offered_at(app, &layout::layout(app), mouse.column, mouse.row)
    {
        app.completion.chosen = at;
        return completion::take(app, out);
    }
    let hit = layout::hit(app, mouse.column, mouse.row);
    let on_tabs = layout::layout(app).tab_bar.contains(ratatui::layout::Position::new(mouse.column, mouse.row));
    match (mouse.action, hit) {
        (MouseAction::WheelUp | MouseAction::WheelDown, _) if on_tabs => return tabs::wheel(app, out, mouse),
        (MouseAction::Press(MouseButton::Middle), Hit::Tab(tab)) => return tabs::press(app, out, tab, mouse),
        (MouseAction::Drag(MouseButton::Left), _) if app.pointer.tab.is_some() => return tabs::drag(app, out, mouse),
        (MouseAction::Release(MouseButton::Left), _) => app.pointer.tab = None,
        (_, _) => {}
    }
    match mouse.action {
        MouseAction::WheelUp => wheel(app, out, hit, mouse, Motion::Up),
        MouseAction::WheelDown => wheel(app, out, hit, mouse, Motion::Down),
        MouseAction::Press(MouseButton::Left) => click(app, out, hit, mouse),
        MouseAction::Press(MouseButton::Middle | MouseButton::Right)
        | MouseAction::Release(_)
        | MouseAction::Drag(_)
        | MouseAction::Move => forward(app, out, hit, mouse),
    }
}

/// Takes the end of the selection along while the button is held; beyond the edge the text scrolls. Says whether that is so.
fn select_in_composer(app: &mut App, mouse: Mouse) -> Dragged {
    if app.dragging != Some(Dragging::ComposerSelection) {
        return Dragged::No;
    }
    if mouse.action != MouseAction::Drag(MouseButton::Left) {
        app.dragging = None;
        return Dragged::No;
    }
    let area = layout::layout(app).composer;
    let Some(desk) = app.desk_mut() else { return Dragged::No };
    match mouse.row {
        row if row < area.y => desk.composer.extend_selection(Edit::Up),
        row if row >= area.bottom() => desk.composer.extend_selection(Edit::Down),
        row => desk.composer.select_to(mouse.column.saturating_sub(area.x + COMPOSER_INDENT), row - area.y),
    }
    Dragged::Yes
}

/// A press beside the text that is to be copied leaves it, and then means what it means there.
fn leaves_copying(app: &App, mouse: Mouse) -> bool {
    let at = ratatui::layout::Position::new(mouse.column, mouse.row);
    let beside = !layout::layout(app).pane.contains(at) && !layout::layout(app).rule.contains(at);
    beside && matches!((&app.page, mouse.action), (Some(Page::Copy(_)), MouseAction::Press(_)))
}

fn on_page(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    match app.page {
        Some(Page::Requests(_)) => return on_requests(app, out, mouse),
        Some(Page::Agents(_)) => return on_agents(app, out, mouse),
        Some(Page::Copy(_)) => return copy::mouse(app, out, mouse),
        Some(Page::Overview(_) | Page::Search(_) | Page::Palette(_) | Page::History(_)) => {
            return on_list(app, out, mouse);
        }
        Some(_) | None => {}
    }
    let scrolls = match app.page {
        Some(Page::Help { .. } | Page::Why { .. } | Page::Turn { .. } | Page::Changes(_)) => true,
        Some(
            Page::Requests(_)
            | Page::Agents(_)
            | Page::Confirm(_)
            | Page::Rename(_)
            | Page::Model(_)
            | Page::GoTo(_)
            | Page::Export(_)
            | Page::Overview(_)
            | Page::Search(_)
            | Page::Palette(_)
            | Page::Copy(_)
            | Page::History(_),
        )
        | None => false,
    };
    let motion = match mouse.action {
        MouseAction::WheelUp => Motion::Up,
        MouseAction::WheelDown => Motion::Down,
        MouseAction::Press(MouseButton::Left) if scrolls && mouse.row == 0 => {
            app.page = None; // The page's first row says how to leave it.
            return;
        }
        MouseAction::Press(MouseButton::Left) => return changes::click(app, mouse.row),
        MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) | MouseAction::Move => return,
    };
    if scrolls {
        for _ in 0..WHEEL_ROWS {
            command::run(app, out, Command::Move(motion));
        }
    }
}

fn on_requests(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    match mouse.action {
        MouseAction::WheelUp => command::run(app, out, Command::Move(Motion::PageUp)),
        MouseAction::WheelDown => command::run(app, out, Command::Move(Motion::PageDown)),
        MouseAction::Press(MouseButton::Left) => match view::requests::click_at(app, mouse.column, mouse.row) {
            Some(Click::Choose(request)) => requests::choose_request(app, request),
            Some(Click::Allow) => command::run(app, out, Command::Allow),
            Some(Click::Deny) => command::run(app, out, Command::Deny),
            Some(Click::Leave) => app.page = None,
            None => {}
        },
        MouseAction::Press(MouseButton::Middle | MouseButton::Right)
        | MouseAction::Release(_)
        | MouseAction::Drag(_)
        | MouseAction::Move => {}
    }
}

/// A click chooses, a second one on the same takes it.
fn on_agents(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    match mouse.action {
        MouseAction::WheelUp => command::run(app, out, Command::Move(Motion::Up)),
        MouseAction::WheelDown => command::run(app, out, Command::Move(Motion::Down)),
        MouseAction::Press(MouseButton::Left) if mouse.row == 0 => app.page = None,
        MouseAction::Press(MouseButton::Left) => {
            let at = view::agents::agent_at(app, mouse.row);
            let Some(Page::Agents(agents)) = &mut app.page else { return };
            match at {
                Some(at) if at == agents.chosen => command::run(app, out, Command::ChooseAgent),
                Some(at) => agents.chosen = at,
                None => {}
            }
        }
        MouseAction::Press(MouseButton::Middle | MouseButton::Right)
        | MouseAction::Release(_)
        | MouseAction::Drag(_)
        | MouseAction::Move => {}
    }
}

/// A list that covers the window, with what is typed above it.
fn on_list(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    match mouse.action {
        MouseAction::WheelUp => command::run(app, out, Command::Move(Motion::Up)),
        MouseAction::WheelDown => command::run(app, out, Command::Move(Motion::Down)),
        MouseAction::Press(MouseButton::Left) if mouse.row == 0 => app.page = None,
        MouseAction::Press(MouseButton::Left) => match app.page {
            Some(Page::Search(_)) => search::click(app, out, mouse.row),
            Some(Page::Palette(_)) => palette::click(app, out, mouse.row),
            Some(Page::History(_)) => history::click(app, out, mouse.row),
            Some(_) | None => overview::click(app, out, mouse.row),
        },
        MouseAction::Press(MouseButton::Middle | MouseButton::Right)
        | MouseAction::Release(_)
        | MouseAction::Drag(_)
        | MouseAction::Move => {}
    }
}

fn wheel(app: &mut App, out: &mut Vec<Effect>, hit: Hit, mouse: Mouse, step: Motion) {
    let up = step == Motion::Up;
    match hit {
        Hit::Pane { .. } if app.shows_record() => {
            let rows = usize::from(WHEEL_ROWS);
            reading::scroll(app, out, if up { Step::Up(rows) } else { Step::Down(rows) });
        }
        Hit::Pane { column, row } => {
            if app.live_screen().is_some() {
                to_agent(app, out, ViewInput::Mouse(Mouse { column, row, ..mouse }));
            }
        }
        Hit::Panel { .. } | Hit::PanelBorder if app.keyboard() != Keyboard::Turns => {}
        Hit::Panel { .. } | Hit::PanelBorder => turns::choose(app, out, step),
        Hit::Composer { .. } => {
            if let Some(desk) = app.desk_mut() {
                desk.composer.apply(if up { Edit::Up } else { Edit::Down });
            }
        }
        Hit::Tab(_) | Hit::NewTab | Hit::Rule | Hit::Chip | Hit::Hint | Hit::Nothing => {}
    }
}

fn click(app: &mut App, out: &mut Vec<Effect>, hit: Hit, mouse: Mouse) {
    app.notice = None;
    match hit {
        Hit::Tab(conversation) => tabs::press(app, out, conversation, mouse),
        Hit::NewTab => command::run(app, out, Command::NewTab),
        Hit::Pane { column, row } if selects(app, mouse) => {
            let press = PanePress { column, row, keyboard: app.keyboard() };
            let clicks = app.pointer.press(mouse.column, mouse.row, app.now.steady_ms);
            match app.live_screen() {
                Some(_) => command::keyboard_to(app, Keyboard::Agent),
                None => say(app, NO_PROCESS),
            }
            copy::pane_pressed(app, out, press, clicks);
        }
        Hit::Pane { .. } if app.keyboard() == Keyboard::Agent => forward(app, out, hit, mouse),
        // The first click only brings the keyboard, so that it presses no button by chance.
        Hit::Pane { .. } if app.live_screen().is_some() && !app.shows_record() => {
            command::keyboard_to(app, Keyboard::Agent);
        }
        Hit::Pane { row, .. } if app.shows_record() && app.last_turn().is_some() => {
            reading::click(app, row);
        }
        Hit::Pane { .. } => say(app, NO_PROCESS),
        Hit::PanelBorder => app.dragging = Some(Dragging::PanelBorder),
        Hit::Panel { row } => match turn_panel::choice_at(app, row) {
            Some(Choice::Turn(turn)) => {
                command::keyboard_to(app, Keyboard::Turns);
                turns::choose_turn(app, turn);
            }
            Some(Choice::Request(request)) => requests::open_on(app, request),
            None => {}
        },
        Hit::Composer { column, row } => {
            command::keyboard_to(app, Keyboard::Composer);
            let clicks = app.pointer.press(mouse.column, mouse.row, app.now.steady_ms);
            app.dragging = Some(Dragging::ComposerSelection);
            if let Some(desk) = app.desk_mut() {
                desk.composer.click(column, row);
                if clicks > 1 {
                    desk.composer.select_around(if clicks == 2 { Around::Word } else { Around::Line });
                }
            }
        }
        Hit::Rule => command::keyboard_to(app, Keyboard::Composer),
        Hit::Chip => command::run(app, out, Command::SwitchKeyboard),
        Hit::Hint => app.prefix = Prefix::Shown { page: 0 },
        Hit::Nothing => {}
    }
}

/// Whether a press on the pane may begin to select text: the program takes no mouse, or Shift says that it is not meant.
fn selects(app: &App, mouse: Mouse) -> bool {
    let screen = app.desk().and_then(|desk| desk.screen.as_ref()).filter(|_| !app.shows_record());
    screen.is_some_and(|screen| {
        let takes = screen.frame.clicks == ClicksGo::ToProgram && app.live_screen().is_some();
        !takes || mouse.modifiers.has(Modifiers::SHIFT)
    })
}

fn forward(app: &mut App, out: &mut Vec<Effect>, hit: Hit, mouse: Mouse) {
    match mouse.action {
        MouseAction::Drag(MouseButton::Left) if app.pointer.pane.is_some() => {
            return copy::pane_dragged(app, out, mouse);
        }
        MouseAction::Release(MouseButton::Left) => app.pointer.pane = None,
        MouseAction::Press(_)
        | MouseAction::Release(_)
        | MouseAction::Drag(_)
        | MouseAction::Move
        | MouseAction::WheelUp
        | MouseAction::WheelDown => {}
    }
    if let (Hit::Pane { column, row }, Keyboard::Agent) = (hit, app.keyboard())
        && app.live_screen().is_some()
        && !app.shows_record()
    {
        let goes = match mouse.action {
            MouseAction::Press(button) => {
                app.pointer.agent_button = Some(button);
                true
            }
            MouseAction::Drag(button) => app.pointer.agent_button == Some(button),
            MouseAction::Release(button) => app.pointer.agent_button.take_if(|held| *held == button).is_some(),
            MouseAction::Move | MouseAction::WheelUp | MouseAction::WheelDown => true,
        };
        if !goes {
            return;
        }
        to_agent(app, out, ViewInput::Mouse(Mouse { column, row, ..mouse }));
    }
}
