//! When the window must do something by itself: what goes away, what is asked again, and which ages are drawn anew.

use super::{App, Keyboard, Link, Page, Prefix, ViewState, alive_since};
use crate::config::Animation;
use crate::tui::layout;

/// The step in which the age of an agent's process is shown, so that an idle window need not tick by seconds.
const MINUTE_MS: u64 = 60_000;

/// The step of a running turn's time.
const SECOND_MS: u64 = 1_000;

impl App {
    /// The next moment at which something shown changes by itself or must be done.
    pub fn deadline_ms(&self) -> Option<u64> {
        let prefix = match self.prefix {
            Prefix::Pressed { which_key_at_ms } => Some(which_key_at_ms),
            Prefix::None | Prefix::Shown { .. } => None,
        };
        let link = match self.link {
            Link::Down { again_ms, .. } => again_ms,
            Link::Connecting | Link::Asking | Link::Up => None,
        };
        let draft = match self.link {
            Link::Up => self.desks.values().filter_map(|desk| desk.save_due_ms).min(),
            Link::Connecting | Link::Asking | Link::Down { .. } => None,
        };
        let notice = self.notice.as_ref().map(|notice| notice.until_ms);
        let view = match self.view.map(|view| view.state) {
            Some(ViewState::Lost { again_ms }) => Some(again_ms),
            Some(ViewState::Open) | None => None,
        };
        let drag = match &self.page {
            Some(Page::Copy(copy)) => copy.beyond.map(|(_, _, due_ms)| due_ms),
            Some(_) | None => None,
        };
        let clocks = [self.next_elapsed_ms(), self.next_minute_ms(), self.next_age_ms()];
        [prefix, link, draft, notice, view, drag].into_iter().chain(clocks).flatten().min()
    }

    /// When the elapsed time of the running turn shows another second, or minute; none while none runs or is seen.
    fn next_elapsed_ms(&self) -> Option<u64> {
        let turn = self.running().filter(|_| layout::shows_elapsed(self))?;
        let elapsed = self.now.wall.since(self.under_way_since(turn));
        let step_ms = match self.config.animation {
            Animation::Moving => SECOND_MS,
            Animation::Still => MINUTE_MS,
        };
        Some(self.now.steady_ms + step_ms - elapsed % step_ms)
    }

    /// When the age of the agent's process in the status line shows another minute; none where it is asleep.
    fn next_minute_ms(&self) -> Option<u64> {
        let age = self.now.wall.since(alive_since(self.active()?)?);
        Some(self.now.steady_ms + MINUTE_MS - age % MINUTE_MS)
    }

    /// When ages that are shown are drawn anew, all at once; none while none is shown. How fresh the evidence is that one asks for is told by
    /// the second.
    fn next_age_ms(&self) -> Option<u64> {
        let step_ms = match (&self.page, self.config.animation) {
            (Some(Page::Why { .. }), Animation::Moving) => SECOND_MS,
            (_, Animation::Moving | Animation::Still) => MINUTE_MS,
        };
        let of_step = u64::try_from(self.now.wall.0).unwrap_or(0) % step_ms;
        self.shows_ages().then_some(self.now.steady_ms + step_ms - of_step)
    }

    /// Whether the ages of things that are over are on the screen.
    fn shows_ages(&self) -> bool {
        match &self.page {
            Some(Page::Why { .. } | Page::Turn { .. } | Page::Overview(_) | Page::Search(_) | Page::History(_)) => true,
            Some(Page::Agents(agents)) => agents.sessions.is_some(),
            Some(
                Page::Help { .. }
                | Page::Requests(_)
                | Page::Changes(_)
                | Page::Confirm(_)
                | Page::Rename(_)
                | Page::Model(_)
                | Page::GoTo(_)
                | Page::Export(_)
                | Page::Palette(_)
                | Page::Copy(_),
            )
            | None => self.keyboard() == Keyboard::Turns || (self.shows_record() && self.last_turn().is_some()),
        }
    }
}
