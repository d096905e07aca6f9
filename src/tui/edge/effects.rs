//! Carries out what `update` orders.
//!
//! Change here: how an effect reaches the terminal, the host or the disk. Not here: when it is ordered (`update`).

use super::Edge;
use super::copying;
use super::exporting::Exporting;
use crate::client::kept;
use crate::client::window_settings;
use crate::client::{Absent, ClientError, Control, View};
use crate::protocol::message::{Event as HostEvent, ViewInput};
use crate::tui::event::{Effect, Event, ViewOf};
use crate::tui::job::Job;
use crate::tui::signals::drain;
use crate::tui::tty::{is_writable, variable, window_size};
use crate::tui::{announce, background, clipboard, editor, files, screen};
use std::collections::VecDeque;
use std::time::Instant;

impl Edge {
    /// Carries out effects in their order; what comes of them at once comes back as an event behind them.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut events = VecDeque::new();
        for effect in effects {
            let more = self.carry_out_one(effect, &mut events);
            events.extend(more);
        }
        for event in events {
            match event {
                Event::LinkLost(why) => self.lose_link(&why),
                event => self.handle(event),
            }
        }
    }

    /// The event that it brings; `events` takes one that must come before that.
    fn carry_out_one(&mut self, effect: Effect, events: &mut VecDeque<Event>) -> Option<Event> {
        match effect {
            Effect::Connect(absent) => self.connect(absent),
            Effect::Ask(purpose, request) => match self.control.as_mut()?.send(&request) {
                Ok(id) => {
                    self.asked.insert(id, purpose);
                    None
                }
                // Connecting again would not make it shorter.
                Err(error @ ClientError::NotSent(_)) => Some(Event::NotAsked(purpose, error.to_string())),
                Err(error) => {
                    self.control = None;
                    Some(Event::LinkLost(error.to_string()))
                }
            },
            Effect::OpenView(of, size) => {
                self.view = None;
                match View::open(&self.paths, of.conversation, size) {
                    Ok(view) => {
                        self.view = Some((of, view));
                        None
                    }
                    Err(error) => Some(view_error(of, &error)),
                }
            }
            Effect::CloseView => {
                self.view = None;
                None
            }
            Effect::ToView(input) => {
                let (of, view) = self.view.as_mut()?;
                let of = *of;
                match view.send(&input).err()? {
                    error @ ClientError::NotSent(_) => Some(Event::NotGiven(error.to_string())),
                    error => {
                        self.view = None;
                        if matches!(input, ViewInput::Key(_) | ViewInput::Paste(_)) {
                            events.push_back(Event::NotGiven(error.to_string()));
                        }
                        Some(view_error(of, &error))
                    }
                }
            }
            Effect::AskBackground => {
                self.input.expect_background();
                self.background_asked = Some(Instant::now());
                // A terminal that is gone is noticed by reading from it.
                let _ = screen::write_all(background::QUESTION);
                None
            }
            Effect::Announce(notification) => {
                let way = announce::way(self.app.config.notify.terminal, variable);
                // A terminal that takes nothing at present, or is gone, is told nothing.
                if is_writable() {
                    let _ = screen::write_all(&announce::bytes(&notification, way));
                }
                None
            }
            Effect::Copy(text) if !self.app.config.copy_command.is_empty() => {
                match copying::start(self.app.config.copy_command.clone(), text) {
                    // The newest text counts; what becomes of an older one no more matters.
                    Ok(copying) => {
                        self.copying = Some(copying);
                        None
                    }
                    Err(error) => Some(Event::Told(HostEvent::Notice(format!("not copied: {error}")))),
                }
            }
            Effect::Copy(text) => {
                let through = if self.in_tmux { clipboard::Through::Tmux } else { clipboard::Through::Nothing };
                let failed = screen::write_all(&clipboard::sequence(&text, through)).err()?;
                Some(Event::Told(HostEvent::Notice(format!("not copied: {failed}"))))
            }
            Effect::KeepPanelColumns(columns) => {
                let kept = window_settings::keep_panel_columns(&self.paths, columns);
                kept.err().map(|error| Event::NotKept(error.to_string()))
            }
            Effect::TakeKeptTexts => match kept::take(&self.paths) {
                Ok(texts) => (!texts.is_empty()).then_some(Event::KeptTexts(texts)),
                // They lie there still, and the next window tries again.
                Err(error) => Some(Event::Told(HostEvent::Notice(format!(
                    "texts of an earlier window could not be read: {error}"
                )))),
            },
            Effect::ListFiles(folder) => {
                // Without a thread there are no names to offer, and typing goes on.
                self.listing = files::start(folder).ok();
                None
            }
            Effect::Editor { conversation, text } => {
                let edited = editor::edit(&self.paths, &text).map_err(|error| error.to_string());
                // The editor's own: an interrupt typed there, and the window's size, which may be another one.
                drain(&mut self.signals.interrupted);
                events.push_back(Event::Resized(window_size()));
                Some(Event::Edited(conversation, edited))
            }
            Effect::Export { conversation, file } => {
                let begun = match &self.exporting {
                    Some(_) => Err("another one is being written".to_owned()),
                    None => {
                        Exporting::start(self.paths.clone(), conversation, &file).map_err(|error| error.to_string())
                    }
                };
                match begun {
                    Ok(exporting) => {
                        self.exporting = Some(exporting);
                        None
                    }
                    Err(why) => Some(Event::Exported { conversation, file, result: Err(why) }),
                }
            }
            Effect::Leave => None, // `App::leaving` ends the loop once everything else is done.
        }
    }

    fn connect(&mut self, absent: Absent) -> Option<Event> {
        // Starting a thread takes longer than such a host needs.
        if let Some(control) = Control::connect_at_once(&self.paths) {
            return Some(self.linked(control));
        }
        let paths = self.paths.clone();
        match Job::start("connect", move || Control::connect(&paths, absent)) {
            Ok(connecting) => {
                self.connecting = Some(connecting);
                None
            }
            Err(error) => Some(Event::LinkLost(error.to_string())),
        }
    }
}

/// A host that does not answer there does not answer at all: trying again is left to a connection that is made beside the window.
fn view_error(of: ViewOf, error: &ClientError) -> Event {
    match error {
        ClientError::Silent { .. } => Event::LinkLost(error.to_string()),
        error => Event::ViewLost(of, error.to_string()),
    }
}
