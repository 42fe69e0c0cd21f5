//! Time zones: offsets and names.

use chrono::{Datelike, NaiveDate, Weekday};

/// Parses a zone and returns its offset in seconds east of UTC. `date` decides about daylight
/// saving time for names that do not state it.
pub(super) fn offset_s(text: &str, date: NaiveDate) -> Option<i32> {
    let text = text.trim();
    // `+0000 (UTC)`: the comment repeats the offset.
    let text = text.split(['(', '[']).next().unwrap_or("").trim();
    let upper = text.to_ascii_uppercase();
    for prefix in ["GMT", "UTC", "UT"] {
        if let Some(rest) = upper.strip_prefix(prefix).map(str::trim)
            && rest.starts_with(['+', '-'])
        {
            return numeric_offset(rest);
        }
    }
    if upper.starts_with(['+', '-', '\u{2212}']) {
        let (sign, rest) = upper.split_at(upper.chars().next()?.len_utf8());
        // `-0500 EST`: the number has priority.
        return numeric_offset(&format!(
            "{}{}",
            if sign == "+" { '+' } else { '-' },
            rest.trim().split(' ').next().unwrap_or("")
        ));
    }
    // An unknown zone (`Europe/Berlin`) is read as UTC: an error of hours is better than no date.
    let is_name = (3..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'_' | b'-'));
    named_offset(&upper, date).or_else(|| is_name.then_some(0))
}

/// Parses `+01:00`, `+0100`, `+01`, `+1`, `+1:00`.
fn numeric_offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number, 0),
        3 | 4 => (number / 100, number % 100),
        6 => (number / 10_000, number / 100 % 100),
        _ => return None,
    };
    (hours <= 15 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

#[allow(clippy::match_same_arms)] // a table, ordered by region
fn named_offset(name: &str, date: NaiveDate) -> Option<i32> {
    const HOUR_S: i32 = 3600;
    let half_hours = match name {
        // RFC 822 defined the military letters with the wrong sign. RFC 5322 §4.3 reads them as
        // UTC.
        "Z" | "UT" | "UTC" | "GMT" | "WET" | "UCT" | "ZULU" => 0,
        _ if name.len() == 1 && name.bytes().all(|b| b.is_ascii_uppercase()) => 0,
        "BST" | "WEST" | "CET" | "MEZ" | "MET" | "IST-IE" => 2,
        "CEST" | "MESZ" | "MEST" | "EET" | "SAST" | "CAT" => 4,
        "EEST" | "MSK" | "TRT" | "EAT" => 6,
        "MSD" | "GST" => 8,
        "PKT" => 10,
        "IST" => 11,
        "WIB" | "ICT" => 14,
        "CST-CN" | "HKT" | "SGT" | "AWST" | "PHT" | "MYT" => 16,
        "JST" | "KST" => 18,
        "ACST" => 19,
        "AEST" => 20,
        "ACDT" => 21,
        "AEDT" => 22,
        "NZST" => 24,
        "NZDT" => 26,
        "BRT" | "ART" => -6,
        "NST" => -7,
        "NDT" => -5,
        "AST" => -8,
        "ADT" => -6,
        "EST" => -10,
        "EDT" => -8,
        "CST" => -12,
        "CDT" => -10,
        "MST" => -14,
        "MDT" => -12,
        "PST" => -16,
        "PDT" => -14,
        "AKST" => -18,
        "AKDT" => -16,
        "HST" => -20,
        "ET" => -10 + 2 * i32::from(is_us_daylight_time(date)),
        "CT" => -12 + 2 * i32::from(is_us_daylight_time(date)),
        "MT" => -14 + 2 * i32::from(is_us_daylight_time(date)),
        "PT" => -16 + 2 * i32::from(is_us_daylight_time(date)),
        _ => return None,
    };
    Some(half_hours * HOUR_S / 2)
}

/// Returns whether the United States have daylight saving time: from the second Sunday of March to
/// the first of November (since 2007).
fn is_us_daylight_time(date: NaiveDate) -> bool {
    let from = NaiveDate::from_weekday_of_month_opt(date.year(), 3, Weekday::Sun, 2);
    let to = NaiveDate::from_weekday_of_month_opt(date.year(), 11, Weekday::Sun, 1);
    from.is_some_and(|from| date >= from) && to.is_some_and(|to| date < to)
}
