//! Dates: RFC 3339 and parts of it, RFC 822 and its variations, names of months in many languages.
//!
//! The current time is never used. A date without a zone is UTC. An impossible date (32 July) is
//! rejected. To add a form, extend `rfc822` (words) or `iso8601` (numbers) and the table of
//! `date/tests.rs`.

mod iso8601;
mod localised;
mod rfc822;
mod zone;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use feed_model::{DatePrecision, PublishedDate, Timestamp};

/// The maximum length of a date, in bytes.
const MAX_DATE_BYTES: usize = 120;

/// Parses a date in any form that feeds use.
pub fn parse_date(text: &str) -> Option<PublishedDate> {
    let decoded = super::xml::unescape(text);
    let text = decoded.trim();
    if text.len() > MAX_DATE_BYTES || text.len() < 4 {
        return None;
    }
    let read = if let Some(date) = rfc822::parse_common_form(text) {
        Some(date)
    } else if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        iso8601::parse(text).or_else(|| rfc822::parse(text))
    } else {
        let text = text.replace(['\u{a0}', '\u{202f}', '\u{3000}', '\t', '\n', '\r'], " ");
        let text = if text.is_ascii() { text } else { localised::east_asian_to_iso(text) };
        iso8601::parse(&text).or_else(|| rfc822::parse(&text))
    };
    read.filter(|date| (1000..=9999).contains(&chrono::Datelike::year(&date.at)))
}

/// A date and time without a zone.
#[derive(Debug, Clone, Copy)]
struct LocalDateTime {
    date: NaiveDate,
    /// The time since midnight. May be a whole day for `24:00`.
    time: Option<TimeDelta>,
}

impl LocalDateTime {
    /// Returns the date for an offset in seconds east of UTC.
    fn at(self, offset_s: i32) -> Option<PublishedDate> {
        let midnight = self.date.and_time(NaiveTime::MIN);
        let Some(time) = self.time else {
            return Some(PublishedDate { at: midnight.and_utc(), precision: DatePrecision::Day });
        };
        let local = midnight.checked_add_signed(time)?;
        let at: Timestamp =
            local.checked_sub_signed(TimeDelta::seconds(offset_s.into()))?.and_utc();
        Some(PublishedDate::exact(at))
    }
}

/// Returns a time of day. `24:00:00` is the end of the day, and a leap second is the second before
/// it.
fn time_of(hour: u32, minute: u32, second: u32, nanos: u32) -> Option<TimeDelta> {
    let second = if second == 60 { 59 } else { second };
    if minute > 59 || second > 59 || hour > 24 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    Some(
        TimeDelta::seconds(i64::from(hour * 3600 + minute * 60 + second))
            + TimeDelta::nanoseconds(nanos.into()),
    )
}

#[cfg(test)]
mod tests;
