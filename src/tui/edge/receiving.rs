//! What comes of the connections to the host, and of what runs beside the window.

use super::exporting::Exporting;
use super::{Edge, Ready};
use crate::client::Control;
use crate::protocol::message::{Event as HostEvent, Overview, Reply, Rest, Told};
use crate::tui::event::Event;
use crate::tui::job::Outcome;

impl Edge {
    /// Takes over the connection that was being made, once it is there or has failed.
    fn settle_connecting(&mut self) {
        let Some(connecting) = &self.connecting else { return };
        let result = match connecting.outcome() {
            Outcome::Done(result) => result.map_err(|error| error.to_string()),
            Outcome::Running => return,
            Outcome::BrokeOff => Err("connecting failed for a reason that is not known".to_owned()),
        };
        self.connecting = None;
        match result {
            Ok(control) => {
                let linked = self.linked(control);
                self.handle(linked);
            }
            Err(why) => self.lose_link(&why),
        }
    }

    /// Takes over the files once they are listed.
    fn settle_listing(&mut self) {
        let Some(listing) = &self.listing else { return };
        match listing.outcome() {
            Outcome::Running => {}
            Outcome::BrokeOff => self.listing = None,
            Outcome::Done(files) => {
                self.listing = None;
                self.handle(Event::Files(files));
            }
        }
    }

    pub(super) fn linked(&mut self, control: Control) -> Event {
        self.other_build = control.other_build().map(str::to_owned);
        self.control = Some(control);
        self.asked.clear();
        self.overview.clear();
        Event::Linked
    }

    /// What came of a record that was being written.
    fn settle_exporting(&mut self) {
        let Some(exporting) = &self.exporting else { return };
        let result = match exporting.job.outcome() {
            Outcome::Done(result) => result,
            Outcome::Running => return,
            Outcome::BrokeOff => Err("it broke off".to_owned()),
        };
        if let Some(Exporting { conversation, file, .. }) = self.exporting.take() {
            self.handle(Event::Exported { conversation, file, result });
        }
    }

    /// What came of a text that was given to a program.
    fn settle_copying(&mut self) {
        let Some(copying) = &self.copying else { return };
        let result = match copying.outcome() {
            Outcome::Done(result) => result,
            Outcome::Running => return,
            Outcome::BrokeOff => Err("it broke off".to_owned()),
        };
        self.copying = None;
        if let Err(why) = result {
            self.handle(Event::Told(HostEvent::Notice(format!("not copied: {why}"))));
        }
    }

    /// Takes all that the host has told.
    pub(super) fn receive(&mut self, ready: &Ready) {
        self.settle_connecting();
        if let Some(build) = self.other_build.take() {
            self.handle(Event::OtherBuild(build));
        }
        self.settle_listing();
        self.settle_exporting();
        self.settle_copying();
        while let Some(control) = self.control.as_mut().filter(|_| ready.control) {
            match control.receive() {
                Ok(None) => break,
                Ok(Some(Told::Event(event))) => self.handle(Event::Told(event)),
                Ok(Some(Told::Reply { id, reply })) => {
                    if let Some(reply) = self.whole(reply)
                        && let Some(purpose) = self.asked.remove(&id)
                    {
                        self.handle(Event::Answered(purpose, reply));
                    }
                }
                Err(error) => self.lose_link(&error.to_string()),
            }
        }
        while let Some((of, view)) = self.view.as_mut().filter(|(_, view)| ready.view || view.has_read_more()) {
            let of = *of;
            match view.receive() {
                Ok(None) => break,
                Ok(Some(output)) => self.handle(Event::Viewed(of, output)),
                Err(error) => {
                    self.view = None;
                    self.handle(Event::ViewLost(of, error.to_string()));
                }
            }
        }
    }

    pub(super) fn lose_link(&mut self, why: &str) {
        self.control = None;
        self.asked.clear();
        self.handle(Event::LinkLost(why.to_owned()));
    }

    /// A long overview comes in several replies; it is handled as one.
    fn whole(&mut self, reply: Reply) -> Option<Reply> {
        let Reply::Overview(Overview { conversations, rest }) = reply else {
            return Some(reply);
        };
        self.overview.extend(conversations);
        match rest {
            Rest::Follows => None,
            Rest::None => {
                let conversations = std::mem::take(&mut self.overview);
                Some(Reply::Overview(Overview { conversations, rest }))
            }
        }
    }
}
