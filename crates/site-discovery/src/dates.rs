//! Dates as people write them beside a title: found within a text, and in an address.
//!
//! Deliberately absent: the shapes that stand alone, which are `ingest`'s. The rule kept: a date is
//! told no more exactly than the page tells it, and a number that may be something else is no date.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, TimeZone, Utc};
use regex::{Captures, Regex};
use url::Url;

use feed_model::{DatePrecision, PublishedDate};
use feed_parser::month_of;

use crate::word_list::{WordList, word_list};

/// A date within a text, and the bytes of the text that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateMatch {
    pub date: PublishedDate,
    pub start: usize,
    pub end: usize,
}

/// Which of two numbers of a date is the month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// The first where slashes part them, the second where dots or hyphens do.
    #[default]
    BySeparator,
    /// The second, whatever parts them.
    DayFirst,
    /// The first, whatever parts them: another date of the page shows it.
    MonthFirst,
}

/// A day of a month without a year: what archives write under a heading of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonthDay {
    pub month: u32,
    pub day: u32,
    pub start: usize,
    pub end: usize,
}

static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?\b",
    )
});
static NUMERIC_YEAR_MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{4})([/.])\s?(\d{1,2})[/.]\s?(\d{1,2})\b"));
static CJK_DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?[日일])?"));
static MONTH_NAME_DAY_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b([\p{L}\p{M}]{3,14})\.?[\s/]+(\d{1,2})(?:st|nd|rd|th)?,?[\s/]+(\d{4})\b")
});
static DAY_MONTH_NAME_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:de\s+|of\s+|d['’])?([\p{L}\p{M}]{3,14})\.?,?[\s-]+(?:de\s+)?(\d{4})\b",
    )
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
static DAY_MONTH_NAME_ONLY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\W*(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+([\p{L}\p{M}]{3,14})\b\.?"));
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

/// The first date in a text; of numbers with slashes, the month stands first unless it cannot.
pub(crate) fn find(text: &str) -> Option<DateMatch> {
    find_with_order(text, DateOrder::BySeparator)
}

/// The first date in a text; `order` tells what two numbers mean that can be either.
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
        // `1.2.34` is a version, unless people here write their dates so.
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

/// A day told by two numbers in an order that is the writer's, unless only the other one makes a
/// day.
fn date_from_numbers(year: i32, first: u32, second: u32, day_first: bool) -> Option<PublishedDate> {
    let day_first = day_first && second <= 12 || first > 12;
    let (month, in_month) = if day_first { (second, first) } else { (first, second) };
    day(year, month, in_month)
}

/// Whether a text tells how long ago something was: `3 days ago`, `gestern`. It is no date, since
/// nobody knows as of when.
pub(crate) fn is_relative_time(text: &str) -> bool {
    static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?i)^\W*(?:(?:about |over |almost )?(?:\d+|an?|one|last) ?(?:s|sec|m|min|h|hr|d|w|mo|y|second|minute|hour|day|week|month|year)s?(?: ago)|",
            r"last (?:week|month|year)|yesterday|today|just now|gestern|heute|hier|ayer|vor (?:\d+|einem?r?) \p{L}+|il y a (?:\d+|une?) \p{L}+|",
            r"hace (?:\d+|una?) \p{L}+|\d+ ?(?:秒|分|分钟|時間|小时|日|天|週間|周|ヶ月|か月|个月|年)前)\W*$",
        ))
    });
    text.len() <= 48 && RELATIVE.is_match(text)
}

/// The order of the numbers of dates that a text shows: one of them is no month.
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

/// The order that people who read a language write; of English without a region, and of no
/// language, the site's country tells.
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

/// Seconds or milliseconds since 1970, where they fall between 1990 and 2100.
pub(crate) fn parse_unix_time(text: &str) -> Option<PublishedDate> {
    let number: i64 = text.trim().parse().ok()?;
    let millis = if number.abs() < 4_102_444_800 { number.checked_mul(1_000)? } else { number };
    (631_152_000_000..4_102_444_800_000)
        .contains(&millis)
        .then(|| chrono::DateTime::from_timestamp_millis(millis))
        .flatten()
        .map(PublishedDate::exact)
}

/// A date that is the whole of a text, give or take a word such as `Published` before it.
pub(crate) fn parse_or_find(text: &str) -> Option<PublishedDate> {
    // What has no date is often dated with a clock's beginning: the year 1, or 1970.
    let is_plausible =
        |date: &PublishedDate| date.at.year() > 1 && !(1_969..=1_970).contains(&date.at.year());
    let text = text.trim();
    feed_parser::parse_date(text)
        .or_else(|| find(text).map(|found| found.date))
        .filter(is_plausible)
}

/// A month and a day at the start of a text, without a year after them.
pub(crate) fn find_month_day(text: &str) -> Option<MonthDay> {
    let made = |c: &Captures<'_>, month: Option<u32>, day: &str| {
        let (month, day, all) = (month?, day.parse().ok()?, c.get(0)?);
        NaiveDate::from_ymd_opt(2024, month, day)?;
        Some(MonthDay { month, day, start: all.start(), end: all.end() })
    };
    MONTH_NAME_DAY_ONLY
        .captures(text)
        .and_then(|c| made(&c, month_of(&c[1]), &c[2]))
        .or_else(|| {
            DAY_MONTH_NAME_ONLY.captures(text).and_then(|c| made(&c, month_of(&c[2]), &c[1]))
        })
        .or_else(|| {
            NUMERIC_MONTH_DAY
                .captures(text)
                .and_then(|c| made(&c, c[1].parse().ok().filter(|m| (1..=12).contains(m)), &c[2]))
        })
}

/// The day of a month that a text consists of: `27`, `5th`, `9:`.
pub(crate) fn parse_day_of_month(text: &str) -> Option<u32> {
    let digits = text.trim().trim_end_matches([':', '.', ')', ',', '-', '–', '—']).trim_end();
    let digits =
        ["st", "nd", "rd", "th"].iter().find_map(|end| digits.strip_suffix(end)).unwrap_or(digits);
    digits.parse().ok().filter(|day| (1..=31).contains(day) && digits.len() <= 2)
}

/// The date that a short text consists of, give or take a day of the week: a heading above what was
/// published then.
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

/// The year that a heading consists of: `2024`, `2024 (12)`, `Posts from 2024`.
pub(crate) fn heading_year(text: &str) -> Option<i32> {
    static YEAR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^\W*(?:\p{L}+\s+){0,3}((?:19|20)\d{2})\W*(?:\(\d+\)|\d+ (?:posts?|articles?|entries))?\W*$",
        )
    });
    // `October 2026` is a month of that year.
    let names_a_month = || find(text).is_some_and(|f| f.date.precision == DatePrecision::Month);
    (text.len() <= 40)
        .then(|| YEAR.captures(text))
        .flatten()
        .filter(|_| !names_a_month())
        .and_then(|c| c[1].parse().ok())
}

/// The month that a heading consists of, with its year where it tells one: `March`, `March 2024`,
/// `2024-03`.
pub(crate) fn heading_month(text: &str) -> Option<(Option<i32>, u32)> {
    let text = text.trim();
    if text.chars().count() > 24 {
        return None;
    }
    if let Some(found) = find(text).filter(|f| f.date.precision == DatePrecision::Month) {
        return Some((Some(found.date.at.year()), found.date.at.month()));
    }
    text.chars().all(char::is_alphabetic).then(|| month_of(text)).flatten().map(|m| (None, m))
}

/// The date that an address tells: `/2024/05/31/`, `/2024-05-31-slug/`, `/20240531-slug`,
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

/// A day, where there is such a day in a year that publications are dated in.
pub(crate) fn day(year: i32, month: u32, day: u32) -> Option<PublishedDate> {
    at(year, month, day, DatePrecision::Day)
}

/// A month, likewise.
pub(crate) fn month(year: i32, month: u32) -> Option<PublishedDate> {
    at(year, month, 1, DatePrecision::Month)
}

fn at(year: i32, month: u32, day: u32, precision: DatePrecision) -> Option<PublishedDate> {
    let date =
        NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1990..=2100).contains(&year))?;
    Some(PublishedDate { at: Utc.from_utc_datetime(&date.and_hms_opt(0, 0, 0)?), precision })
}
