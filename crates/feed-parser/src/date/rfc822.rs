//! RFC 822 and similar forms: a day, a month by name or number, a year, and optionally a time and a
//! zone.

use chrono::{NaiveDate, TimeDelta};

use super::{LocalDateTime, iso8601, localised::is_afternoon, time_of, zone};
use feed_model::{
    DatePrecision, PublishedDate,
    months::{ENGLISH_ABBREVIATIONS, month_in_date},
};

/// The parts found so far.
#[derive(Debug, Default)]
struct DateParts {
    month: Option<u32>,
    /// Numbers that are a day or a year, with their number of digits.
    numbers: Vec<(u32, usize)>,
    date: Option<NaiveDate>,
    time: Option<TimeDelta>,
    afternoon: Option<bool>,
    zone: Vec<String>,
}

/// Parses the most frequent form, `Mon, 04 Mar 2024 10:11:12 +0000`. Returns `None` for every other
/// form.
pub(super) fn parse_common_form(text: &str) -> Option<PublishedDate> {
    const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let (weekday, rest) = text.split_once(", ")?;
    let (day, rest) = iso8601::parse_digits(rest, 2)?;
    let (name, rest) = (rest.get(1..4)?, rest.strip_prefix(' ')?.get(3..)?);
    let month = (1..).zip(ENGLISH_ABBREVIATIONS).find(|(_, month)| *month == name)?.0;
    let (year, rest) = iso8601::parse_digits(rest.strip_prefix(' ')?, 4)?;
    let (hour, rest) = iso8601::parse_digits(rest.strip_prefix(' ')?, 2)?;
    let (minute, rest) = iso8601::parse_digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = iso8601::parse_digits(rest.strip_prefix(':')?, 2)?;
    let zone = rest.strip_prefix(' ')?;
    if !WEEKDAYS.contains(&weekday) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let offset = match zone {
        "GMT" | "+0000" => 0,
        _ if zone.len() == 5 && zone.starts_with(['+', '-']) => zone::offset_s(zone, date)?,
        _ => return None,
    };
    LocalDateTime { date, time: Some(time_of(hour, minute, second, 0)?) }.at(offset)
}

/// Parses a date word by word.
#[allow(clippy::single_match_else)] // the main case is a single line
pub(super) fn parse(text: &str) -> Option<PublishedDate> {
    let text = without_comments(text);
    let mut found = DateParts::default();
    for word in text.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        found.add_word(word)?;
    }
    let date = match found.date {
        Some(date) => date,
        None => {
            let month = found.month?;
            let Some((day, year)) = day_and_year(&found.numbers) else {
                // `March 2024`
                let [(year, 4)] = found.numbers[..] else {
                    return None;
                };
                if found.time.is_some() {
                    return None;
                }
                let at = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?
                    .and_time(chrono::NaiveTime::MIN)
                    .and_utc();
                return Some(PublishedDate { at, precision: DatePrecision::Month });
            };
            NaiveDate::from_ymd_opt(year, month, day)?
        }
    };
    let mut time = found.time;
    if let (Some(clock_time), Some(afternoon)) = (time, found.afternoon) {
        let hour = clock_time.num_hours();
        let shift = match (afternoon, hour) {
            (true, 0..=11) => 12,
            (false, 12) => -12,
            _ => 0,
        };
        time = clock_time.checked_add(&TimeDelta::hours(shift));
    }
    let offset =
        if found.zone.is_empty() { 0 } else { zone::offset_s(&found.zone.join(" "), date)? };
    LocalDateTime { date, time }.at(offset)
}

impl DateParts {
    /// Reads one word. Returns `None` if dates do not contain such a word.
    fn add_word(&mut self, word: &str) -> Option<()> {
        // `Monday, March 4, 2024 - 10:11`
        if matches!(word, "-" | "–" | "|" | "@") {
            return Some(());
        }
        let has_date = self.date.is_some() || self.month.is_some();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.add_number(word);
        }
        let is_offset = word.starts_with(['+', '-', '\u{2212}'])
            || word.starts_with(['G', 'U']) && word.contains(['+', '-']);
        if self.time.is_some() && (is_offset || !self.zone.is_empty()) {
            self.zone.push(word.to_owned());
            return Some(());
        }
        if let Some(afternoon) = is_afternoon(word) {
            self.afternoon = Some(afternoon);
            return Some(());
        }
        // `January, 29 Jan 2021`: a month in the place of the weekday counts only if it is the only
        // one.
        if let Some(month) = month_in_date(word)
            && (self.month.is_none() || self.numbers.len() == 1 && self.time.is_none())
            && self.date.is_none()
        {
            self.month = Some(month);
            return Some(());
        }
        if has_date
            && (self.time.is_some() || word.chars().all(|c| c.is_ascii_uppercase()))
            && word
                .chars()
                .all(|c| c.is_ascii_alphabetic() || self.time.is_some() && matches!(c, '/' | '_'))
        {
            if self.zone.is_empty() {
                self.zone.push(word.to_owned());
            }
            return Some(());
        }
        if self.time.is_none() && word.chars().next().is_some_and(|c| c.is_alphabetic() || c == '-')
        {
            // A weekday in some language, or a preposition (`um`, `à`, `de`).
            if let Some(rest) = word.strip_prefix(|c: char| c == '-') {
                return self.add_word(rest);
            }
            return (word.chars().count() <= 14).then_some(());
        }
        None
    }

    fn add_number(&mut self, word: &str) -> Option<()> {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &word[digits..];
        if rest.starts_with(':') && self.time.is_none() || rest.starts_with('h') && rest.len() == 3
        {
            let (time, rest) = iso8601::time(word)?;
            self.time = Some(time);
            if let Some(afternoon) = is_afternoon(rest) {
                self.afternoon = Some(afternoon);
            } else if !rest.is_empty() {
                self.zone.push(rest.to_owned());
            }
            return Some(());
        }
        if rest.is_empty() || matches!(rest, "." | "st" | "nd" | "rd" | "th" | "er" | "º" | "ª") {
            if self.numbers.len() >= 2 && digits == 4 && self.month.is_some() && self.time.is_none()
            {
                // `1 Jan 2004 1930`
                self.time = Some(iso8601::time(word)?.0);
                return Some(());
            }
            self.numbers.push((word[..digits].parse().ok()?, digits));
            return (self.numbers.len() <= 3).then_some(());
        }
        if let Some(afternoon) = is_afternoon(rest) {
            self.time = Some(time_of(word[..digits].parse().ok()?, 0, 0, 0)?);
            self.afternoon = Some(afternoon);
            return Some(());
        }
        self.add_separated_date(word)
    }

    /// Reads `07.02.2025`, `7/14/2019`, `01-Jan-2004`, `2004-Jul-01` and a date with the year
    /// first.
    fn add_separated_date(&mut self, word: &str) -> Option<()> {
        let separator = word.chars().find(|c| matches!(c, '.' | '/' | '-'))?;
        let parts: Vec<&str> = word.splitn(3, separator).collect();
        let [first, second, third] = parts[..] else {
            return None;
        };
        if let Some(named) = month_in_date(second) {
            self.month = Some(named);
            self.add_number(first)?;
            // `2004-július-13T9:15-05:00`
            let Some((day, time)) = third.split_once('T') else {
                return self.add_number(third);
            };
            self.add_number(day)?;
            return self.add_number(time);
        }
        let number =
            |text: &str| iso8601::parse_digits(text, text.len()).map(|(n, _)| (n, text.len()));
        let (a, b) = (number(first)?, number(second)?);
        let (third, rest) = third.split_at(third.bytes().take_while(u8::is_ascii_digit).count());
        let c = number(third)?;
        let (year, month, day) = match (a.1, c.1) {
            (4, _) => (a, b.0, c.0),
            // ISO 8601:1988 allowed years without the century (`03-12-31`). `31-12-03` begins with
            // a day.
            (2, 2)
                if separator == '-'
                    && !matches!(a.0, 30 | 31)
                    && (1..=31).contains(&c.0)
                    && b.0 <= 12 =>
            {
                (a, b.0, c.0)
            }
            // The day comes first with dots, or if the number can only be a day. Otherwise the
            // month comes first, as in America.
            _ if separator == '.' || a.0 > 12 || separator == '-' => (c, b.0, a.0),
            _ => (c, a.0, b.0),
        };
        self.date = Some(NaiveDate::from_ymd_opt(full_year(year.0, year.1)?, month, day)?);
        let rest = rest.trim_start_matches(['T', '.', '-']);
        if rest.is_empty() { Some(()) } else { self.add_word(rest) }
    }
}

/// Returns day and year. The first number is the day, unless it can only be a year.
fn day_and_year(numbers: &[(u32, usize)]) -> Option<(u32, i32)> {
    let (day, year) = match numbers {
        [first, second, ..] if first.1 >= 3 || first.0 > 31 => (second, first),
        [first, second, ..] => (first, second),
        _ => return None,
    };
    Some((day.0, full_year(year.0, year.1)?))
}

/// Returns the full year. Two digits mean 1970 to 2069. RFC 5322 §4.3 uses 1950, but there are no
/// feeds from before 1970.
fn full_year(year: u32, digits: usize) -> Option<i32> {
    let year = i32::try_from(year).ok()?;
    match digits {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        // `103`: years since 1900.
        2 | 3 => Some(1900 + year),
        _ => None,
    }
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}
