//! A time as people type it in a search: so long ago (`2d`), or a day (`2026-11-01`); and how long ago something was, as they read it.
//!
//! Days begin where they begin in UTC, as in an export: the one zone that needs no table. Change here: what can be typed.
//! Not here: what is held against it (`domain/search.rs`).

use super::id::Timestamp;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// For whoever typed something else.
pub const FORMS: &str = "30m, 3h, 2d, 6w (ago), 2026-11-01 or 2026-11-01T14:30 (UTC)";

/// The moment that is meant, seen from `now`; none where the text means none.
pub fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.to_lowercase();
    ago(&text).map(|ms| Timestamp(now.0.saturating_sub(ms))).or_else(|| moment(&text))
}

/// `12s`, `1m02s`, `2h13m`, `3d4h`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, s) => format!("{m}m{s:02}s"),
        (0, h, m, _) => format!("{h}h{m:02}m"),
        (d, h, _, _) => format!("{d}d{h}h"),
    }
}

/// The same in steps of a minute: `<1m`, `2m`, `2h13m`.
pub fn minutes(ms: u64) -> String {
    match ms / 60_000 {
        0 => "<1m".to_owned(),
        minutes @ 1..60 => format!("{minutes}m"),
        _ => duration(ms),
    }
}

/// Of something that is read for long: `<1m ago`, `2m ago`. A window draws it anew each minute.
pub fn past(now: Timestamp, at: Timestamp) -> String {
    format!("{} ago", minutes(now.since(at)))
}

/// `90m`
fn ago(text: &str) -> Option<i64> {
    let (end, unit) = text.char_indices().next_back()?;
    let unit_ms = match unit {
        'm' => MINUTE_MS,
        'h' => HOUR_MS,
        'd' => DAY_MS,
        'w' => 7 * DAY_MS,
        _ => return None,
    };
    Some(i64::from(number(&text[..end])?).saturating_mul(unit_ms))
}

/// `2026-11-01`, `2026-11-01t14:30`
fn moment(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once('t').map_or((text, None), |(day, time)| (day, Some(time)));
    let mut parts = day.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(number)?;
    let month = parts.next().and_then(number).filter(|month| (1..=12).contains(month))?;
    let day = parts.next().and_then(number).filter(|day| (1..=days_of(year, month)).contains(day))?;
    let of_day = match time {
        None => 0,
        Some(time) => {
            let (hour, minute) = time.split_once(':')?;
            let hour = number(hour).filter(|hour| *hour < 24)?;
            let minute = number(minute).filter(|minute| *minute < 60)?;
            i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS
        }
    };
    Some(Timestamp(days_since_1970(year, month, day) * DAY_MS + of_day))
}

/// Digits alone: `parse` takes signs as well.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn is_leap(year: u32) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    // All leap days before a year: each fourth year but for three of four hundreds.
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let before = i64::from(year) - 1;
    let of_years = (i64::from(year) - 1970) * 365 + leap_days(before) - leap_days(1969);
    let of_months: u32 = (1..month).map(|month| days_of(year, month)).sum();
    of_years + i64::from(of_months) + i64::from(day) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_457_109_000);

    #[test]
    fn durations_are_short() {
        let said: Vec<String> = [999, 12_000, 62_000, 7_980_000, 273_600_000].into_iter().map(duration).collect();
        assert_eq!(said, ["0s", "12s", "1m02s", "2h13m", "3d4h"]);
        let said: Vec<String> = [59_999, 60_000, 179_999, 7_980_000, 273_600_000].into_iter().map(minutes).collect();
        assert_eq!(said, ["<1m", "1m", "2m", "2h13m", "3d4h"]);
    }

    #[test]
    fn so_long_ago_is_counted_from_now() {
        for (text, ms) in [("30m", 1_800_000), ("3h", 10_800_000), ("2d", 172_800_000), ("1W", 604_800_000), ("0m", 0)]
        {
            assert_eq!(parse(text, NOW), Some(Timestamp(NOW.0 - ms)), "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400_000),
            ("2000-03-01", 951_868_800_000),
            ("2026-11-23", 1_795_392_000_000),
            ("2026-11-23T18:05", 1_795_457_100_000),
            ("2100-03-01", 4_107_542_400_000),
        ] {
            assert_eq!(parse(text, NOW), Some(Timestamp(ms)), "{text}");
        }
    }

    #[test]
    fn what_means_no_time_is_none() {
        for text in [
            "",
            "d",
            "2",
            "-2d",
            "+2d",
            "2x",
            "2dd",
            "日",
            "2026-13-01",
            "2026-02-29",
            "2026-11-31",
            "2026-00-01",
            "26-11-01",
            "2026-11",
            "2026-11-01t24:00",
            "2026-11-01t1",
            "99999999999999d",
            "t",
            "-",
        ] {
            assert_eq!(parse(text, NOW), None, "{text}");
        }
        assert_eq!(parse("4294967295w", NOW).map(|at| at.0 < 0), Some(true));
    }
}
