//! Dates in prose and in URLs.
//!
//! [`find`] returns the first date within a text; [`find_in_url`] returns the date in a URL's path.
//! A date has the precision that the page states, and a number that can be something else is not a
//! date. The machine-readable formats are parsed by [`feed_parser::parse_date`].

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, TimeZone, Utc};
use regex::{Captures, Regex};
use url::Url;

use feed_model::months::month_of;
use feed_model::{DatePrecision, PublishedDate};

use crate::word_list::{WordList, word_list};

/// A date within a text, with its byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateMatch {
    pub date: PublishedDate,
    pub start: usize,
    pub end: usize,
}

/// The order of day and month in a numeric date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// Month first if slashes separate the numbers, day first if dots or hyphens do.
    #[default]
    BySeparator,
    /// Day first, whatever the separator.
    DayFirst,
    /// Month first, whatever the separator. Another date of the page shows this order.
    MonthFirst,
}

/// A day of a month without a year, as archives write it below a heading with the year. `start` and
/// `end` are its byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonthDay {
    pub month: u32,
    pub day: u32,
    pub start: usize,
    pub end: usize,
}

static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"\b(\d{4})-(\d{1,2})-(\d{1,2})",
        r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?\b",
    ))
});
static NUMERIC_YEAR_MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{4})([/.])\s?(\d{1,2})[/.]\s?(\d{1,2})\b"));
static CJK_DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日일号])?"));
static MONTH_NAME_DAY_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b([\p{L}\p{M}]{3,14})\.?[\s/]+(\d{1,2})(?:st|nd|rd|th)?,?[\s/]+(\d{4})\b")
});
static DAY_MONTH_NAME_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"\b(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s/-]+(?:de\s+|of\s+|d['’])?",
        r"([\p{L}\p{M}]{3,14})\.?,?[\s/-]+(?:de\s+)?(\d{4})\b",
    ))
});
static YEAR_MONTH_NAME_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{4})[\s,.-]+([\p{L}\p{M}]{3,14})\.?[\s-]+(\d{1,2})\b"));
static MONTH_NAME_DAY_SHORT_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b([\p{L}\p{M}]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+['’](\d{2})\b")
});
static VIETNAMESE_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})\s+tháng\s+(\d{1,2}),?\s+(?:năm\s+)?(\d{4})\b"));
static NUMERIC_DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})\b"));
static EIGHT_DIGITS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*((?:19|20)\d{2})([01]\d)([0-3]\d)\s*$"));
static NUMERIC_SHORT_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:.{0,14}\s)?(?:(\d{1,2})/(\d{1,2})/(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{2}))\W*$")
});
static MONTH_NAME_YEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b([\p{L}\p{M}]{3,14})\.?,?[\s’']+(?:de\s+|of\s+)?(\d{4})\b"));
static YEAR_MONTH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(\d{4})[-/.](\d{1,2})\s*$"));
static MONTH_NAME_DAY_ONLY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\W*(?:\p{L}{2,9},\s+)?([\p{L}\p{M}]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b")
});
static DAY_MONTH_NAME_ONLY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^\W*(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:de\s+|of\s+|d['’])?",
        r"([\p{L}\p{M}]{3,14})\b\.?",
    ))
});
static CJK_MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\W*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号]"));
static NUMERIC_MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\W*(\d{2})[-/.](\d{2})(?:\W|$)"));
static DATE_IN_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"/((?:19|20)\d{2})[-/_](\d{1,2})[-/_](\d{1,2})(?:[-/_.]|$)"));
static MONTH_NAME_IN_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"/((?:19|20)\d{2})[-/_]([A-Za-z]{3,9})[-/_](\d{1,2})(?:[-/_.]|$)"));
static MONTH_IN_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"/((?:19|20)\d{2})[-/](\d{2})(?:/|$)"));
static EIGHT_DIGITS_IN_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"/((?:19|20)\d{2})(\d{2})(\d{2})[-/_]"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

impl DateOrder {
    fn is_day_first(self, slashes: bool) -> bool {
        match self {
            Self::BySeparator => !slashes,
            Self::DayFirst => true,
            Self::MonthFirst => false,
        }
    }
}

/// Returns the first date in a text. In a date with slashes, the month comes first if it can.
pub(crate) fn find(text: &str) -> Option<DateMatch> {
    find_with_order(text, DateOrder::BySeparator)
}

/// Returns the first date in a text. `order` resolves ambiguous numeric dates.
#[allow(clippy::many_single_char_names)] // captures and the parts of dates
pub(crate) fn find_with_order(text: &str, order: DateOrder) -> Option<DateMatch> {
    let number = |c: &Captures<'_>, i: usize| c.get(i).and_then(|m| m.as_str().parse::<u32>().ok());
    let year = |c: &Captures<'_>, i: usize| c.get(i).and_then(|m| m.as_str().parse::<i32>().ok());
    let mut found: Vec<DateMatch> = Vec::new();
    let mut add = |c: &Captures<'_>, date: Option<PublishedDate>| {
        if let (Some(date), Some(all)) = (date, c.get(0)) {
            found.push(DateMatch { date, start: all.start(), end: all.end() });
        }
    };
    for c in ISO.captures_iter(text) {
        let whole = c.get(0).map(|m| m.as_str()).unwrap_or_default();
        let exact = whole
            .contains(':')
            .then(|| feed_parser::parse_date(&whole.replace(" UTC", "Z").replace(" GMT", "Z")))
            .flatten();
        add(&c, exact.or_else(|| day(year(&c, 1)?, number(&c, 2)?, number(&c, 3)?)));
    }
    for c in NUMERIC_YEAR_MONTH_DAY.captures_iter(text) {
        add(&c, (|| day(year(&c, 1)?, number(&c, 3)?, number(&c, 4)?))());
    }
    for c in CJK_DATE.captures_iter(text) {
        let date = match number(&c, 3) {
            Some(d) => (|| day(year(&c, 1)?, number(&c, 2)?, d))(),
            None => (|| month(year(&c, 1)?, number(&c, 2)?))(),
        };
        add(&c, date);
    }
    for c in MONTH_NAME_DAY_YEAR.captures_iter(text) {
        add(&c, (|| day(year(&c, 3)?, month_of(&c[1])?, number(&c, 2)?))());
    }
    for c in DAY_MONTH_NAME_YEAR.captures_iter(text) {
        add(&c, (|| day(year(&c, 3)?, month_of(&c[2])?, number(&c, 1)?))());
    }
    for c in YEAR_MONTH_NAME_DAY.captures_iter(text) {
        add(&c, (|| day(year(&c, 1)?, month_of(&c[2])?, number(&c, 3)?))());
    }
    for c in MONTH_NAME_DAY_SHORT_YEAR.captures_iter(text) {
        add(&c, (|| day(2000 + year(&c, 3)?, month_of(&c[1])?, number(&c, 2)?))());
    }
    for c in VIETNAMESE_DAY.captures_iter(text) {
        add(&c, (|| day(year(&c, 3)?, number(&c, 2)?, number(&c, 1)?))());
    }
    for c in NUMERIC_DATE.captures_iter(text) {
        add(
            &c,
            (|| {
                let (first, second) = (number(&c, 1)?, number(&c, 3)?);
                date_from_numbers(year(&c, 4)?, first, second, order.is_day_first(&c[2] == "/"))
            })(),
        );
    }
    if let Some(c) = EIGHT_DIGITS.captures(text) {
        add(&c, (|| day(year(&c, 1)?, number(&c, 2)?, number(&c, 3)?))());
    }
    if found.is_empty()
        && let Some(c) = NUMERIC_SHORT_YEAR.captures(text)
    {
        let dotted = c.get(4).is_some();
        let (a, b, y) = if dotted { (4, 5, 6) } else { (1, 2, 3) };
        // `1.2.34` is a version, unless the page's language writes dates like that.
        if dotted
            && order == DateOrder::BySeparator
            && [a, b].iter().any(|i| c.get(*i).is_some_and(|m| m.len() < 2))
        {
            return None;
        }
        let start = c.get(a).map(|m| m.start()).unwrap_or_default();
        let date = (|| {
            let short = year(&c, y)?;
            date_from_numbers(
                if short < 70 { 2000 + short } else { 1900 + short },
                number(&c, a)?,
                number(&c, b)?,
                order.is_day_first(!dotted),
            )
        })();
        found.extend(date.map(|date| DateMatch {
            date,
            start,
            end: c.get(y).map_or(text.len(), |m| m.end()),
        }));
    }
    if found.is_empty() {
        for c in MONTH_NAME_YEAR.captures_iter(text) {
            let all = c.get(0).map(|m| (m.start(), m.end()));
            if let (Some(date), Some((start, end))) =
                ((|| month(year(&c, 2)?, month_of(&c[1])?))(), all)
            {
                found.push(DateMatch { date, start, end });
            }
        }
    }
    if found.is_empty()
        && let Some(c) = YEAR_MONTH.captures(text)
        && let (Some(y), Some(m)) = (year(&c, 1), number(&c, 2))
        && let Some(date) = month(y, m)
    {
        found.push(DateMatch { date, start: 0, end: text.len() });
    }
    found.into_iter().min_by_key(|f| (f.start, std::cmp::Reverse(f.end)))
}

/// Returns the date of a year and two numbers. `day_first` is ignored if only the other order gives
/// a valid month.
fn date_from_numbers(year: i32, first: u32, second: u32, day_first: bool) -> Option<PublishedDate> {
    let day_first = day_first && second <= 12 || first > 12;
    let (month, in_month) = if day_first { (second, first) } else { (first, second) };
    day(year, month, in_month)
}

/// Returns whether a text is a relative time: `3 days ago`, `gestern`. A relative time is not a
/// date, because the time it refers to is unknown.
pub(crate) fn is_relative_time(text: &str) -> bool {
    static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?i)^\W*(?:(?:about |over |almost )?(?:\d+|an?|one|last) ",
            r"?(?:s|sec|m|min|h|hr|d|w|mo|y|second|minute|hour|day|week|month|year)s?(?: ago)|",
            r"last (?:week|month|year)|yesterday|today|just now|gestern|heute|hier|ayer|",
            r"vor (?:\d+|einem?r?) \p{L}+|il y a (?:\d+|une?) \p{L}+|",
            r"hace (?:\d+|una?) \p{L}+|\d+ ?(?:秒|分|分钟|時間|小时|日|天|週間|周|ヶ月|か月|个月|年)前)\W*$",
        ))
    });
    text.len() <= 48 && RELATIVE.is_match(text)
}

/// Returns the order of day and month that an unambiguous numeric date shows.
pub(crate) fn infer_date_order(text: &str) -> Option<DateOrder> {
    let pair = |c: Captures<'_>, at: [usize; 2]| {
        Some((c.get(at[0])?.as_str().parse().ok()?, c.get(at[1])?.as_str().parse().ok()?))
    };
    let long = NUMERIC_DATE.captures(text).and_then(|c| pair(c, [1, 3]));
    let (first, second): (u32, u32) =
        long.or_else(|| NUMERIC_SHORT_YEAR.captures(text).and_then(|c| pair(c, [1, 2])))?;
    match (first > 12, second > 12) {
        (true, false) => Some(DateOrder::DayFirst),
        (false, true) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// Returns the usual order for a language tag. For English without a region and for an unknown
/// language, the country of the host's top-level domain decides.
pub(crate) fn date_order_for(language: Option<&str>, url: &Url) -> DateOrder {
    static DAY_FIRST_COUNTRIES: LazyLock<WordList> = word_list!("day_first_countries.txt");
    let (language, region) =
        language.and_then(|l| l.split_once('-')).unwrap_or((language.unwrap_or_default(), ""));
    let day_first =
        match (language.to_ascii_lowercase().as_str(), region.to_ascii_uppercase().as_str()) {
            ("en", "US" | "PH" | "CA") | ("ja" | "zh" | "ko" | "hu", _) => false,
            ("en" | "", "") => {
                let country =
                    url.domain().and_then(|host| host.trim_end_matches('.').rsplit('.').next());
                country.is_some_and(|country| DAY_FIRST_COUNTRIES.contains(country))
            }
            _ => true,
        };
    if day_first { DateOrder::DayFirst } else { DateOrder::BySeparator }
}

/// Parses a Unix time in seconds or milliseconds, if it is between 1990 and 2100.
pub(crate) fn parse_unix_time(text: &str) -> Option<PublishedDate> {
    let number: i64 = text.trim().parse().ok()?;
    let millis = if number.abs() < 4_102_444_800 { number.checked_mul(1_000)? } else { number };
    (631_152_000_000..4_102_444_800_000)
        .contains(&millis)
        .then(|| chrono::DateTime::from_timestamp_millis(millis))
        .flatten()
        .map(PublishedDate::exact)
}

/// Parses a text that is a date, or returns the first date within it.
pub(crate) fn parse_or_find(text: &str) -> Option<PublishedDate> {
    // Software writes the year 1 or 1970 for a missing date.
    let is_plausible =
        |date: &PublishedDate| date.at.year() > 1 && !(1_969..=1_970).contains(&date.at.year());
    let text = text.trim();
    feed_parser::parse_date(text)
        .or_else(|| find(text).map(|found| found.date))
        .filter(is_plausible)
}

/// Returns the month and day at the start of a text without a year.
pub(crate) fn find_month_day(text: &str) -> Option<MonthDay> {
    let month_day = |c: &Captures<'_>, month: Option<u32>, day: &str| {
        let (month, day, all) = (month?, day.parse().ok()?, c.get(0)?);
        NaiveDate::from_ymd_opt(2024, month, day)?;
        Some(MonthDay { month, day, start: all.start(), end: all.end() })
    };
    MONTH_NAME_DAY_ONLY
        .captures(text)
        .and_then(|c| month_day(&c, month_of(&c[1]), &c[2]))
        .or_else(|| {
            DAY_MONTH_NAME_ONLY.captures(text).and_then(|c| month_day(&c, month_of(&c[2]), &c[1]))
        })
        .or_else(|| {
            CJK_MONTH_DAY.captures(text).and_then(|c| month_day(&c, c[1].parse().ok(), &c[2]))
        })
        .or_else(|| {
            NUMERIC_MONTH_DAY.captures(text).and_then(|c| {
                month_day(&c, c[1].parse().ok().filter(|m| (1..=12).contains(m)), &c[2])
            })
        })
}

/// Parses a text that consists of a day of the month: `27`, `5th`, `9:`.
pub(crate) fn parse_day_of_month(text: &str) -> Option<u32> {
    let digits = text.trim().trim_end_matches([':', '.', ')', ',', '-', '–', '—']).trim_end();
    let digits =
        ["st", "nd", "rd", "th"].iter().find_map(|end| digits.strip_suffix(end)).unwrap_or(digits);
    digits.parse().ok().filter(|day| (1..=31).contains(day) && digits.len() <= 2)
}

/// Returns the date of a heading above the posts of one day: a short text with at most one word
/// besides the date.
pub(crate) fn heading_date(text: &str) -> Option<PublishedDate> {
    // `Fri, 20 Nov 2026 (10 entries)`
    let text = text.split(" (").next().unwrap_or_default();
    let found = find(text)
        .filter(|f| f.date.precision >= DatePrecision::Day && text.chars().count() <= 48)?;
    let rest = text[..found.start]
        .split(|c: char| !c.is_alphanumeric())
        .chain(text[found.end..].split(|c: char| !c.is_alphanumeric()));
    (rest.filter(|w| !w.is_empty()).count() <= 1).then_some(found.date)
}

/// Returns the year of a heading above the posts of one year: `2024`, `2024 (12)`, `Posts from
/// 2024`.
pub(crate) fn heading_year(text: &str) -> Option<i32> {
    static YEAR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^\W*(?:\p{L}+\s+){0,3}((?:19|20)\d{2})\s*(?:[年년]|год[а]?\b|г\.)?\W*",
            r"(?:\(\d+\)|\s\d{1,3}|\d+ ?(?:posts?|articles?|entries|\p{L}{1,12}))?\W*$",
        ))
    });
    // `October 2026` is a month, not a year.
    let names_a_month = || find(text).is_some_and(|f| f.date.precision == DatePrecision::Month);
    (text.len() <= 40)
        .then(|| YEAR.captures(text))
        .flatten()
        .filter(|_| !names_a_month())
        .and_then(|c| c[1].parse().ok())
}

/// Returns the year, if stated, and the month of a heading above the posts of one month: `March`,
/// `March 2024`, `2024-03`.
pub(crate) fn heading_month(text: &str) -> Option<(Option<i32>, u32)> {
    let text = text.trim();
    if text.chars().count() > 24 {
        return None;
    }
    if let Some(found) = find(text).filter(|f| f.date.precision == DatePrecision::Month) {
        return Some((Some(found.date.at.year()), found.date.at.month()));
    }
    // `July (3)`: the number of posts.
    let name = text.split(" (").next().unwrap_or_default();
    let named = || name.chars().all(char::is_alphabetic).then(|| month_of(name)).flatten();
    let numbered = || {
        let digits = name.strip_suffix(['月', '월'])?.trim_end();
        digits.parse().ok().filter(|m| (1..=12).contains(m))
    };
    named().or_else(numbered).map(|m| (None, m))
}

/// Returns whether a text is a date and nothing else, but for a weekday and punctuation.
pub(crate) fn is_only_date(text: &str) -> bool {
    let is_rest = |rest: &str| {
        rest.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).all(|word| {
            is_weekday(word)
                || word.chars().all(|c| c.is_ascii_digit()) && word.len() <= 2
                || matches!(word.to_lowercase().as_str(), "at" | "utc" | "am" | "pm" | "um" | "à")
        })
    };
    if let Some(found) = find(text) {
        return is_rest(&text[..found.start]) && is_rest(&text[found.end..]);
    }
    find_month_day(text).is_some_and(|found| is_rest(&text[found.end..]))
}

/// Returns whether a word names a day of the week.
fn is_weekday(word: &str) -> bool {
    static WEEKDAYS: LazyLock<WordList> = word_list!("weekday_beginnings.txt");
    let word = word.to_lowercase();
    word.chars().count() <= 12 && WEEKDAYS.iter().any(|beginning| word.starts_with(beginning))
}

/// Returns the date in a URL's path: `/2024/05/31/`, `/2024-05-31-slug/`, `/20240531-slug`,
/// `/2024/05/`.
pub(crate) fn find_in_url(url: &Url) -> Option<PublishedDate> {
    let path = url.path();
    let get = |c: &Captures<'_>| Some((c[1].parse::<i32>().ok()?, c[2].parse::<u32>().ok()?));
    DATE_IN_PATH
        .captures(path)
        .or_else(|| EIGHT_DIGITS_IN_PATH.captures(path))
        .and_then(|c| get(&c).and_then(|(y, m)| day(y, m, c[3].parse().ok()?)))
        .or_else(|| {
            MONTH_NAME_IN_PATH
                .captures(path)
                .and_then(|c| day(c[1].parse().ok()?, month_of(&c[2])?, c[3].parse().ok()?))
        })
        .or_else(|| {
            MONTH_IN_PATH.captures(path).and_then(|c| get(&c).and_then(|(y, m)| month(y, m)))
        })
}

/// Returns a date with day precision, if the day exists and the year is between 1990 and 2100.
pub(crate) fn day(year: i32, month: u32, day: u32) -> Option<PublishedDate> {
    at(year, month, day, DatePrecision::Day)
}

/// Returns a date with month precision, if the year is between 1990 and 2100.
pub(crate) fn month(year: i32, month: u32) -> Option<PublishedDate> {
    at(year, month, 1, DatePrecision::Month)
}

fn at(year: i32, month: u32, day: u32, precision: DatePrecision) -> Option<PublishedDate> {
    let date =
        NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1990..=2100).contains(&year))?;
    Some(PublishedDate { at: Utc.from_utc_datetime(&date.and_hms_opt(0, 0, 0)?), precision })
}
