//! RFC 3339, ISO 8601 and similar forms: parts, spaces, Unix timestamps.

use chrono::{DateTime, Datelike, NaiveDate};

use super::{LocalDateTime, time_of, zone};
use feed_model::{DatePrecision, PublishedDate};

/// Parses a date that begins with its year.
pub(super) fn parse(text: &str) -> Option<PublishedDate> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == text.len() && matches!(digits, 9 | 10 | 13) {
        return parse_unix_time(text);
    }
    let (year, rest) = parse_digits(text, 4)?;
    let year = i32::try_from(year).ok()?;
    let (date, rest, precision) = match digits {
        8 => {
            let (month, rest) = parse_digits(rest, 2)?;
            let (day, rest) = parse_digits(rest, 2)?;
            (NaiveDate::from_ymd_opt(year, month, day)?, rest, DatePrecision::Day)
        }
        14 => return parse_compact(year, rest),
        // An ordinal date.
        7 => (
            NaiveDate::from_yo_opt(year, parse_digits(rest, 3)?.0)?,
            &rest[3..],
            DatePrecision::Day,
        ),
        4 => split_date(year, rest)?,
        _ => return None,
    };
    let rest = rest.trim_start_matches([' ', 'T', 't', ',']);
    if rest.is_empty() {
        let at = date.and_time(chrono::NaiveTime::MIN).and_utc();
        return Some(PublishedDate { at, precision });
    }
    if precision == DatePrecision::Month {
        return None;
    }
    if let Some(offset) = zone::offset_s(rest, date) {
        // `2024-01-02Z`: the zone of a day is ignored.
        return LocalDateTime { date, time: None }.at(offset);
    }
    let (time, rest) = time(rest)?;
    LocalDateTime { date, time: Some(time) }.at(zone_or_utc(rest, date)?)
}

/// Parses what follows the year: `-MM-DD`, `-MM`, `/MM/DD`, `-DDD`, `-Www-D`.
fn split_date(year: i32, rest: &str) -> Option<(NaiveDate, &str, DatePrecision)> {
    let Some(separator) = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.' | ':')) else {
        return rest.is_empty().then_some((
            NaiveDate::from_ymd_opt(year, 1, 1)?,
            "",
            DatePrecision::Month,
        ));
    };
    let rest = &rest[1..];
    if let Some(week) = rest.strip_prefix('W') {
        let (week, rest) = parse_digits(week, 2)?;
        let (day, rest) = parse_digits(rest.strip_prefix('-')?, 1)?;
        let day = chrono::Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
        return Some((NaiveDate::from_isoywd_opt(year, week, day)?, rest, DatePrecision::Day));
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 3 {
        let (day, rest) = parse_digits(rest, 3)?;
        return Some((NaiveDate::from_yo_opt(year, day)?, rest, DatePrecision::Day));
    }
    let (month, rest) = parse_digits(rest, digits.min(2))?;
    let Some(rest) = rest.strip_prefix(separator) else {
        return rest.is_empty().then_some((
            NaiveDate::from_ymd_opt(year, month, 1)?,
            "",
            DatePrecision::Month,
        ));
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (day, rest) = parse_digits(rest, digits.min(2))?;
    Some((NaiveDate::from_ymd_opt(year, month, day)?, rest, DatePrecision::Day))
}

/// Parses `YYYYMMDDhhmmss` after the year.
fn parse_compact(year: i32, rest: &str) -> Option<PublishedDate> {
    let (month, rest) = parse_digits(rest, 2)?;
    let (day, rest) = parse_digits(rest, 2)?;
    let (hour, rest) = parse_digits(rest, 2)?;
    let (minute, rest) = parse_digits(rest, 2)?;
    let (second, rest) = parse_digits(rest, 2)?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    LocalDateTime { date, time: Some(time_of(hour, minute, second, 0)?) }
        .at(zone_or_utc(rest, date)?)
}

/// Parses seconds or milliseconds since 1970.
fn parse_unix_time(text: &str) -> Option<PublishedDate> {
    let timestamp: i64 = text.parse().ok()?;
    let at = if text.len() == 13 {
        DateTime::from_timestamp_millis(timestamp)?
    } else {
        DateTime::from_timestamp(timestamp, 0)?
    };
    (at.year() >= 1971).then_some(PublishedDate::exact(at))
}

/// Parses `hh:mm`, `hh:mm:ss`, `hh:mm:ss.f`, `hhmm` or `hhmmss` and returns the rest.
pub(super) fn time(text: &str) -> Option<(chrono::TimeDelta, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 4 || digits == 6 {
        let (hour, rest) = parse_digits(text, 2)?;
        let (minute, rest) = parse_digits(rest, 2)?;
        let (second, rest) = if digits == 6 { parse_digits(rest, 2)? } else { (0, rest) };
        let (nanos, rest) = parse_fraction(rest);
        return Some((time_of(hour, minute, second, nanos)?, rest));
    }
    if !(1..=2).contains(&digits) {
        return None;
    }
    let (hour, rest) = parse_digits(text, digits)?;
    let separator = rest.chars().next().filter(|c| matches!(c, ':' | '.' | 'h'))?;
    let (minute, rest) = one_or_two_digits(&rest[1..])?;
    let (second, rest) = match rest.strip_prefix(separator).and_then(one_or_two_digits) {
        Some((second, rest)) => (second, rest),
        None => (0, rest),
    };
    let (nanos, rest) = parse_fraction(rest);
    Some((time_of(hour, minute, second, nanos)?, rest))
}

fn zone_or_utc(rest: &str, date: NaiveDate) -> Option<i32> {
    let rest = rest.trim();
    if rest.is_empty() { Some(0) } else { zone::offset_s(rest, date) }
}

fn parse_fraction(text: &str) -> (u32, &str) {
    let Some(digits) = text.strip_prefix(['.', ',']) else {
        return (0, text);
    };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let mut nanos = 0;
    for place in 0..9 {
        nanos = nanos * 10
            + digits
                .as_bytes()
                .get(place)
                .filter(|_| place < count)
                .map_or(0, |b| u32::from(b - b'0'));
    }
    (nanos, &digits[count..])
}

/// Parses one or two digits.
fn one_or_two_digits(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    parse_digits(text, digits)
}

/// Parses exactly so many digits and returns the rest.
pub(super) fn parse_digits(text: &str, digits: usize) -> Option<(u32, &str)> {
    let head = text
        .get(..digits)
        .filter(|head| !head.is_empty() && head.bytes().all(|b| b.is_ascii_digit()))?;
    Some((head.parse().ok()?, &text[digits..]))
}
