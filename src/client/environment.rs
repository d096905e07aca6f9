//! The environment that a client gives for a session: its own, less what belongs to its terminal, to a multiplexer around it, or to us.

use crate::protocol::message::Environment;

/// Variables longer than this, or all of them beyond `MOST_BYTES`, are left behind: a message must fit beside them.
const MOST_VARIABLE_BYTES: usize = 32 * 1024;
const MOST_BYTES: usize = 256 * 1024;

/// This process's environment, for a session. What agents may see of it, the host decides again when it starts one.
pub fn of_this_process() -> Environment {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    filtered(variables.map(|(name, value)| match name.as_str() {
        // What runs in a pane stands in another folder and means the same home.
        "THREADKEEP_HOME" => (name, whole(value)),
        _ => (name, value),
    }))
}

fn whole(folder: String) -> String {
    std::path::absolute(&folder).ok().and_then(|whole| whole.into_os_string().into_string().ok()).unwrap_or(folder)
}

fn filtered(variables: impl Iterator<Item = (String, String)>) -> Environment {
    let mut bytes = 0;
    let kept = variables.filter(|(name, value)| {
        let size = name.len() + value.len();
        let fits = size <= MOST_VARIABLE_BYTES && bytes + size <= MOST_BYTES;
        bytes += if fits { size } else { 0 };
        fits
    });
    Environment(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_would_not_fit_in_a_message_is_cut_by_whole_variables() {
        let huge = ("HUGE".to_owned(), "x".repeat(MOST_VARIABLE_BYTES));
        let many = (0..20).map(|number| (format!("V{number}"), "y".repeat(20_000)));
        let kept = filtered(std::iter::once(huge).chain(many)).0;
        assert!(kept.iter().all(|(name, _)| name != "HUGE"));
        assert_eq!(kept.len(), 13);
        assert_eq!(kept[0].1.len(), 20_000);
    }
}
