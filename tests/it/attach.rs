//! One session alone in a terminal: keys through, the picture over the whole screen, and the terminal given back on every way out.

use crate::home::{Home, Signal, kill};
use crate::screen::Screen;

/// What must be switched off again: keys told apart, pastes, focus, the mouse, the alternate screen.
const GIVEN_BACK: [&[u8]; 5] = [b"\x1b[<1u", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[?1000l", b"\x1b[?1049l"];

/// The way out stands there for some seconds only, which a busy machine may take for all of this.
fn wait_for_picture(screen: &Screen) {
    screen.wait_until("the session's picture is here", |seen| seen.alternate && !seen.row(0).is_empty());
}

#[test]
fn keys_go_through_the_picture_fills_the_screen_and_the_prefix_and_d_leave() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let mut screen = Screen::open_verb(&home, &["attach", &tab.id], 60, 12);
    wait_for_picture(&screen);
    screen.keys("stty size<enter>");
    // The hint went with the first key, and the size is that of the whole terminal.
    screen.wait_until("the size is told", |seen| seen.has("12 60") && !seen.has("leaves"));
    // The session takes a new size a little later, so the shell waits for it.
    screen.keys("until [ \"$(stty size)\" = \"10 50\" ]; do sleep 0.05; done; echo resi\"\"zed<enter>");
    screen.resize(50, 10);
    screen.wait_for("resized");
    // What comes before it reads would be a command of the shell's own line editor, which knows the prefix too.
    screen.keys("echo rea\"\"dy; cat -v<enter>");
    screen.wait_for("ready");
    screen.keys("<prefix>");
    screen.wait_for("then: d leaves");
    screen.keys("<prefix>x<prefix>yz<enter>");
    // Twice is sent on; another key after it reaches nobody. Once from the terminal, once from the program: only then an interrupt is the program's.
    screen.wait_until("what was typed is read", |seen| seen.text().matches("^]xz").count() == 2);
    screen.keys("<ctrl-c><prefix>d");
    let (code, seen, written) = screen.ended();
    assert_eq!(code, 0);
    assert!(!seen.alternate && seen.has("left conversation 1; its agent keeps running"), "{seen}");
    assert!(String::from_utf8_lossy(&written).contains("leaves;"), "the way out was shown at first");
    for end in GIVEN_BACK {
        assert!(written.windows(end.len()).any(|window| window == end), "{:?}", String::from_utf8_lossy(end));
    }
    tab.wait_for("the interrupt took effect", |state| state["state"] == "idle");
    tab.send("echo still there").is("reused", "agent_alive", "completed");
}

#[test]
fn the_end_of_the_process_is_told_and_what_has_none_is_refused() {
    let home = Home::new();
    let tab = home.tab();
    let screen = Screen::open_verb(&home, &["attach", &tab.id], 80, 24);
    let (code, seen, _) = screen.ended();
    assert_eq!(code, 6);
    assert!(seen.has("no process lives for this conversation; the next message starts one"), "{seen}");
    tab.send("true");
    let mut screen = Screen::open_verb(&home, &["attach", &tab.id], 80, 24);
    wait_for_picture(&screen);
    screen.keys("exit 3<enter>");
    let (code, seen, _) = screen.ended();
    assert_eq!(code, 0);
    let text = seen.text().replace('\n', "");
    assert!(text.contains("has no process any more: the agent exited with status 3; next message: fresh"), "{seen}");
    let ran = home.run(&["attach", &tab.id]).ended_with(2);
    assert!(ran.stderr.contains("must be a terminal"), "{ran:?}");
    let ran = home.call(&["attach", "1"]).set("THREADKEEP_CONVERSATION", "1").run().ended_with(2);
    assert!(ran.stderr.contains("cannot show itself"), "{ran:?}");
}

#[test]
fn the_terminal_is_given_back_when_it_is_told_to_end_and_when_the_host_dies() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    for whom in ["the client", "the host"] {
        tab.send("true");
        let screen = Screen::open_verb(&home, &["attach", &tab.id], 80, 24);
        wait_for_picture(&screen);
        match whom {
            "the client" => kill(screen.pid(), Signal::TERM),
            _ => home.kill_host(),
        }
        let (_, seen, written) = screen.ended();
        // The next one leaves nothing of the one that was killed.
        home.run(&["ls"]).done();
        assert!(!seen.alternate, "{whom}: {seen}");
        for end in GIVEN_BACK {
            assert!(
                written.windows(end.len()).any(|window| window == end),
                "{whom}: {:?}",
                String::from_utf8_lossy(end)
            );
        }
    }
}
