//! Reads the configuration anew when its file was changed, on a thread of its own: a disk that does not answer holds up nobody.

use super::driver::Incoming;
use super::event::Event;
use crate::config::Config;
use crate::config::watch::Watch;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

pub struct Settings {
    looks: SyncSender<()>,
}

impl Settings {
    pub fn start(watch: Watch, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Settings> {
        // One look that is to come sees all that was changed before it.
        let (looks, receiver) = sync_channel(1);
        std::thread::Builder::new().name("settings".into()).spawn(move || run(watch, &receiver, &incoming))?;
        Ok(Settings { looks })
    }

    /// Something happens, so it is worth a look. Never waits.
    pub fn look(&self) {
        let _ = self.looks.try_send(()); // Full: a look is to come anyway.
    }
}

fn run(mut watch: Watch, looks: &Receiver<()>, incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    while looks.recv().is_ok() {
        if !watch.has_changed() {
            continue;
        }
        match Config::load(watch.path()) {
            Ok(config) => {
                // The receiver is gone only when the host has ended.
                let _ = incoming.blocking_send(Incoming::Event(Event::Configured(Box::new(config))));
            }
            // Windows and commands tell the person.
            Err(error) => tracing::warn!(%error, "the changed configuration is wrong; the one before stays in force"),
        }
    }
}
