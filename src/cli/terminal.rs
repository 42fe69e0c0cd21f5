//! Text for the terminal: escaping of untrusted text, and formatting of times.
//!
//! Text from a feed must not move the cursor, change colours or reverse the line.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use feed_model::Timestamp;

use crate::telemetry;

/// Prints text on stderr as it is. A closed stderr is not an error.
pub(super) fn print_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Asks a question on stderr and returns the answer; `None` at the end of the input.
pub(super) fn ask(question: &str) -> Option<String> {
    print_stderr(question);
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(1..) => Some(answer.trim().to_owned()),
        Ok(0) | Err(_) => None,
    }
}

/// Returns whether questions can be asked: input and stderr are terminals.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for confirmation. The default is no.
pub(super) fn confirm(question: &str) -> bool {
    let answer = ask(&format!("{question} [y/N] "));
    answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Returns the text on one line, with every other control character escaped.
pub(crate) fn escape_line(text: &str) -> String {
    telemetry::escape_control_chars(&text.replace(['\n', '\r', '\t'], " "))
}

/// Formats a time relative to `now`: `3h ago`, `in 12m`, `now`.
pub(crate) fn relative_time(at: Timestamp, now: Timestamp) -> String {
    let s = (at - now).num_seconds();
    let amount = |s: i64| match s {
        0..=99 => format!("{s}s"),
        100..=5_999 => format!("{}m", s / 60),
        6_000..=172_799 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    };
    match s {
        -2..=2 => "now".to_owned(),
        s if s < 0 => format!("{} ago", amount(s.saturating_neg())),
        s => format!("in {}", amount(s)),
    }
}

/// Formats the day in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// Formats the time in UTC, to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            escape_line("a\u{1b}[31mb\nc\u{202e}d\u{9b}e\u{7f}"),
            "a\\u{1b}[31mb c\\u{202e}d\\u{9b}e\\u{7f}"
        );
        assert_eq!(escape_line("Grüße 日本 👩‍💻"), "Grüße 日本 👩‍💻");
    }

    #[test]
    fn times_are_relative_to_now() {
        let at = |s: i64| Timestamp::from_timestamp(1_000_000 + s, 0).unwrap();
        assert_eq!(relative_time(at(0), at(0)), "now");
        assert_eq!(relative_time(at(720), at(0)), "in 12m");
        assert_eq!(relative_time(at(-3 * 3600), at(0)), "3h ago");
        assert_eq!(relative_time(at(-30 * 86_400), at(0)), "30d ago");
    }
}
