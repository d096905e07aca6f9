//! Named moments between two steps at which a test can hold this process, to kill it exactly there or to let it go on.
//!
//! A release build has none of this. In a debug build a point costs a look at one variable; where that names a folder with a file of the point's
//! name in it, the point writes `NAME.reached` with its process id and waits until the file is gone.
//! Change here: how a test holds a point. The list of points is what `tests/faults` kills at.

/// Holds here while a test wants it.
#[macro_export]
macro_rules! point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::point::reach($name);
    };
}

/// Names the folder in which tests say what is held.
#[cfg(debug_assertions)]
const FOLDER: &str = "THREADKEEP_POINTS";

#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else {
        return;
    };
    let held = folder.join(name);
    if !held.exists() {
        return;
    }
    // A test that cannot read this fails with the name of the point; nothing better can be done here.
    let _ = std::fs::write(folder.join(format!("{name}.reached")), std::process::id().to_string());
    while held.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
