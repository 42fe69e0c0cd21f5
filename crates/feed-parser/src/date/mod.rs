//! Dates as publishers write them: RFC 3339 and its parts, RFC 822 and its variations, months in
//! several languages.
//!
//! Deliberately absent: the present. What is no date is none, a date without a zone is UTC, and an
//! impossible one (32 July) is refused rather than moved.

mod iso8601;
mod localised;
mod rfc822;
mod zone;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use feed_model::{DatePrecision, PublishedDate, Timestamp};

/// More text than this is no date, in bytes.
const MAX_DATE_BYTES: usize = 120;

/// Reads a date in any of the shapes that feeds use.
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

/// What was read, before the zone is applied.
#[derive(Debug, Clone, Copy)]
struct LocalDateTime {
    date: NaiveDate,
    /// Nanoseconds into the day; may be a whole day for `24:00`.
    time: Option<TimeDelta>,
}

impl LocalDateTime {
    /// The moment, for an offset east of UTC.
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

/// A time of day. `24:00:00` is the end of the day, and a leap second is the one before it.
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
