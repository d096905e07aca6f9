//! What a shell's marks mean at their places: turns and their output, typed commands, a shell that was replaced.

use super::*;

impl AgentIo {
    pub(super) fn see_mark(&mut self, payload: &[u8], tell: &Tell) {
        let Listener::Marks(observer) = &mut self.listener else {
            return;
        };
        let now = clock::now();
        for observed in observer.see(payload) {
            let observed = self.with_typed_text(observed);
            let text = words(&observed);
            let output = self.remember_place(&observed);
            let screen = &self.screen;
            let signal = observed.into_signal(|| output.map(|output| output.answer(screen)).unwrap_or_default());
            let Some(signal) = signal else { continue };
            let at = if tell.is_silent() || !is_of_typed_turn(&signal) {
                SeenAt::First(now)
            } else {
                self.about_to_tell_typed(now)
            };
            tell.event(match at {
                SeenAt::First(at) => SessionEvent::Seen(Seen { signal, evidence: shell_mark(at, text) }),
                SeenAt::Again(at) => SessionEvent::SeenAgain(Seen { signal, evidence: shell_mark(at, text) }),
            });
        }
    }

    /// While a turn runs: whether it put another shell in the place of ours, which waits for commands and will tell nothing. A program that was
    /// put there ends some time, and its status is the turn's.
    pub(super) fn see_replaced_shell(&mut self, tell: &Tell) {
        if self.output.is_none() || self.started_as.is_none() {
            return;
        }
        let now = processes::command_line(self.pty.pid);
        if now != self.started_as && now.is_some_and(|now| is_interactive_shell(&now, &self.profile)) {
            self.output = None;
            tell.event(SessionEvent::ShellReplaced);
        }
    }

    /// A typed command that the shell did not tell is read from the screen, between the prompt and here.
    fn with_typed_text(&self, observed: Observed) -> Observed {
        match observed {
            Observed::TurnStarted { turn: None, text: None } => {
                let typed = self.input_mark.as_ref().and_then(|mark| self.screen.text_since(mark, TYPED_CAP));
                let text = typed.map(|(text, _)| text.trim().to_owned()).filter(|text| !text.is_empty());
                Observed::TurnStarted { turn: None, text }
            }
            other => other,
        }
    }

    /// Notes where input or output begins. At a turn's end returns where its output began.
    fn remember_place(&mut self, observed: &Observed) -> Option<Output> {
        match observed {
            Observed::Ready => {
                self.input_mark = Some(self.screen.mark());
                self.started_as = processes::command_line(self.pty.pid);
            }
            Observed::TurnStarted { .. } => {
                self.output = Some(Output::begin(&self.screen));
                let place = self.input_mark.unwrap_or_else(|| self.screen.mark());
                self.places.note_started(clock::now(), place);
            }
            Observed::TurnEnded { .. } => return self.output.take(),
            Observed::WantsMore | Observed::NothingRan | Observed::Folder(_) => {}
        }
        None
    }
}

/// Whether this is one of the programs of the profile, told to do nothing but to wait for commands.
fn is_interactive_shell(command_line: &[String], profile: &Profile) -> bool {
    let [program, options @ ..] = command_line else {
        return false;
    };
    // A login shell has a hyphen in front.
    let name = program.rsplit('/').next().unwrap_or_default().trim_start_matches('-');
    let known = profile.variants.iter().flat_map(|variant| &variant.programs).any(|known| known == name);
    known && options.iter().all(|option| option.starts_with('-'))
}

/// Whether it is about a turn that has no number of ours.
fn is_of_typed_turn(signal: &Signal) -> bool {
    matches!(signal, Signal::TurnStarted { turn: None, .. } | Signal::TurnEnded { turn: None, .. })
}

fn shell_mark(at: Timestamp, text: String) -> Evidence {
    Evidence { source: Source::ShellMark, at, text }
}

/// What was seen, for the person.
fn words(observed: &Observed) -> String {
    match observed {
        Observed::TurnStarted { .. } => "the command started".into(),
        Observed::TurnEnded { status: Some(status), .. } => format!("exit status {status}"),
        Observed::TurnEnded { status: None, .. } => "the prompt came back without a status".into(),
        Observed::Ready | Observed::NothingRan => "prompt".into(),
        Observed::WantsMore => "continuation prompt".into(),
        Observed::Folder(_) => "folder report".into(),
    }
}
