//! Five-field cron expressions with the meaning of crontab(5), in a time zone.
//!
//! The `cron` crate has six fields, counts weekdays from 1 for Sunday, and requires that both day
//! fields match. Here, weekdays are 0 to 7 where both ends are Sunday, and if both day fields are
//! restricted, one of them is enough. An expression that never matches is rejected.

use std::{fmt, str::FromStr as _};

use chrono::DateTime;
use cron::Schedule;

use feed_model::{TimeZone, Timestamp, months::ENGLISH_ABBREVIATIONS};

/// Why an expression is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The expression does not have five fields.
    #[error(
        "a schedule has five fields (minute, hour, day of month, month, day of week), this has {0}"
    )]
    Fields(usize),
    /// A field is invalid.
    #[error("`{text}` is not a valid {field}: {reason}")]
    Field {
        /// The name of the field.
        field: &'static str,
        /// Its text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The expression matches no date.
    #[error("this schedule never matches: there is no such day")]
    Never,
}

/// A parsed cron expression.
#[derive(Clone)]
pub struct Cron {
    text: String,
    /// One schedule, or two if both day fields are restricted: one of them is enough.
    schedules: Vec<Schedule>,
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cron").field(&self.text).finish()
    }
}

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Cron {
    /// Parses an expression: five fields, or `@hourly`, `@daily`, `@midnight`, `@weekly`,
    /// `@monthly`, `@yearly`, `@annually`.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let plain = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = plain.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(CronError::Fields(fields.len()));
        };
        let minutes = field_values("minute", minute, 0, 59, &[])?;
        let hours = field_values("hour", hour, 0, 23, &[])?;
        let days = field_values("day of month", day, 1, 31, &[])?;
        let months = field_values("month", month, 1, 12, &ENGLISH_ABBREVIATIONS)?;
        let mut weekdays = field_values("day of week", weekday, 0, 7, &DAYS)?;
        if weekdays.contains(&7) {
            weekdays.retain(|d| *d != 7 && *d != 0);
            weekdays.insert(0, 0);
        }
        let weekday_names: Vec<&str> = weekdays.iter().map(|d| DAYS[*d as usize]).collect();
        let (days, weekday_names) = (join_numbers(&days), weekday_names.join(","));
        let schedule = |days: &str, weekdays: &str| {
            let six = format!(
                "0 {} {} {days} {} {weekdays}",
                join_numbers(&minutes),
                join_numbers(&hours),
                join_numbers(&months)
            );
            Schedule::from_str(&six).map_err(|e| CronError::Field {
                field: "schedule",
                text: text.to_owned(),
                reason: e.to_string(),
            })
        };
        // crontab(5): a day field that starts with an asterisk is not restricted.
        let schedules = match (day.starts_with('*'), weekday.starts_with('*')) {
            (false, false) => vec![schedule(&days, "*")?, schedule("*", &weekday_names)?],
            _ => vec![schedule(&days, &weekday_names)?],
        };
        let cron = Self { text: text.trim().to_owned(), schedules };
        // Every combination of month, day and weekday occurs within 28 years.
        let start = DateTime::from_timestamp(1_704_067_200, 0).unwrap_or_default();
        if cron.next_after(start, TimeZone::UTC).is_none() {
            Err(CronError::Never)
        } else {
            Ok(cron)
        }
    }

    /// Returns the expression.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the first time after `after` that matches in the time zone. A time that is left out
    /// when clocks are put forward does not match.
    pub fn next_after(&self, after: Timestamp, zone: TimeZone) -> Option<Timestamp> {
        let after = after.with_timezone(&zone);
        let next = |schedule: &Schedule| schedule.after(&after).next();
        self.schedules.iter().filter_map(next).min().map(|at| at.to_utc())
    }
}

fn join_numbers(values: &[u32]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Parses one field, a comma-separated list of `*`, numbers, names, ranges and steps, into its
/// values.
fn field_values(
    field: &'static str,
    text: &str,
    min: u32,
    max: u32,
    names: &[&str],
) -> Result<Vec<u32>, CronError> {
    let wrong = |reason: String| CronError::Field { field, text: text.to_owned(), reason };
    let offset = u32::from(min == 1 && !names.is_empty());
    let value = |word: &str| -> Result<u32, CronError> {
        if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(word)) {
            return Ok(u32::try_from(at).unwrap_or(0) + offset);
        }
        let number: u32 = word.parse().map_err(|_| wrong(format!("`{word}` is not a number")))?;
        if (min..=max).contains(&number) {
            Ok(number)
        } else {
            Err(wrong(format!("{number} is not between {min} and {max}")))
        }
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step: u32 = step
                    .parse()
                    .ok()
                    .filter(|s| *s > 0)
                    .ok_or_else(|| wrong(format!("`{step}` is not a valid step")))?;
                (range, Some(step))
            }
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (min, max),
            Some((first, last)) => (value(first)?, value(last)?),
            None => {
                let only = value(range)?;
                (only, if step.is_some() { max } else { only })
            }
        };
        if first > last {
            return Err(wrong(format!("the range {first}-{last} ends before it begins")));
        }
        values.extend((first..=last).step_by(step.unwrap_or(1) as usize));
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(cron: &str, after: &str) -> String {
        Cron::parse(cron)
            .unwrap()
            .next_after(at(after), TimeZone::UTC)
            .unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    #[test]
    fn fields_have_the_meaning_of_crontab() {
        assert_eq!(next("0 6-22 * * *", "2026-11-21T05:30:00Z"), "2026-11-21T06:00:00Z");
        assert_eq!(next("0 6-22 * * *", "2026-11-21T22:00:00Z"), "2026-11-22T06:00:00Z");
        assert_eq!(next("*/15 * * * *", "2026-11-21T05:16:00Z"), "2026-11-21T05:30:00Z");
        // 2026-11-22 is a Sunday.
        for sunday in ["0", "7", "sun", "SUN"] {
            assert_eq!(
                next(&format!("0 9 * * {sunday}"), "2026-11-21T00:00:00Z"),
                "2026-11-22T09:00:00Z"
            );
        }
        assert_eq!(next("0 9 * * 1-5", "2026-11-21T00:00:00Z"), "2026-11-23T09:00:00Z");
        assert_eq!(next("0 9 * * 5-7", "2026-11-21T10:00:00Z"), "2026-11-22T09:00:00Z");
        assert_eq!(next("@weekly", "2026-11-21T00:00:00Z"), "2026-11-22T00:00:00Z");
    }

    #[test]
    fn one_day_field_is_enough_if_both_are_restricted() {
        assert_eq!(next("0 0 25 * 0", "2026-11-21T00:00:00Z"), "2026-11-22T00:00:00Z");
        assert_eq!(next("0 0 25 * 0", "2026-11-22T00:00:00Z"), "2026-11-25T00:00:00Z");
        assert_eq!(next("0 0 31 2 1", "2026-01-30T00:00:00Z"), "2026-02-02T00:00:00Z");
    }

    #[test]
    fn invalid_expressions_are_rejected() {
        assert!(matches!(Cron::parse("0 0 31 2 *"), Err(CronError::Never)));
        assert!(matches!(Cron::parse("0 0 30 2 *"), Err(CronError::Never)));
        assert!(Cron::parse("0 0 29 2 *").is_ok());
        assert!(matches!(Cron::parse("0 0 * *"), Err(CronError::Fields(4))));
        assert!(matches!(Cron::parse("0 24 * * *"), Err(CronError::Field { field: "hour", .. })));
        assert!(Cron::parse("0 5-3 * * *").is_err());
        assert!(Cron::parse("*/0 * * * *").is_err());
        assert!(Cron::parse("x * * * *").is_err());
        assert!(Cron::parse("0 0 * * 8").is_err());
    }
}
