//! Pauses and moments in words, for the reason of a next poll.

use std::time::Duration;

use feed_model::Timestamp;

/// A pause in words: `3 h`, `90 min`, `45 s`.
pub(super) fn words(pause: Duration) -> String {
    let s = pause.as_secs();
    match s {
        0 => format!("{} ms", pause.as_millis()),
        1..=119 => format!("{s} s"),
        120..=7199 if !s.is_multiple_of(3600) => format!("{} min", s / 60),
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{} days", s / 86_400),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

/// A moment to the minute.
pub(super) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
