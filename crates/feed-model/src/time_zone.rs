//! Dates in the time zone of the site.

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _};

use crate::{DatePrecision, TimeZone, Timestamp};

/// Returns the names of all time zones.
pub fn names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// Returns the date of a time in a zone. A publisher's date without a time of day is the same date
/// in every zone.
pub fn local_date(at: Timestamp, precision: Option<DatePrecision>, zone: TimeZone) -> NaiveDate {
    match precision {
        Some(DatePrecision::Day | DatePrecision::Month) => at.date_naive(),
        _ => at.with_timezone(&zone).date_naive(),
    }
}

/// Returns the first instant of a day in a zone. In some zones, clocks are put forward at midnight;
/// the day then begins later.
pub fn day_start(date: NaiveDate, zone: TimeZone) -> Timestamp {
    let midnight = date.and_time(NaiveTime::MIN);
    let first = |hours| {
        let local = zone.from_local_datetime(&(midnight + TimeDelta::hours(hours)));
        local.earliest().map(|at| at.to_utc())
    };
    // A whole day was left out in some zones of the Pacific.
    (0..=48).find_map(first).unwrap_or_else(|| midnight.and_utc())
}

/// Returns the first instants of a month and of the next month in a zone; `None` if there is no
/// such month.
pub fn month_bounds((year, month): (i32, u32), zone: TimeZone) -> Option<(Timestamp, Timestamp)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    // 31 days after the first day of a month is the next month.
    let next = first.checked_add_days(Days::new(31))?.with_day(1)?;
    Some((day_start(first, zone), day_start(next, zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_local_midnight_or_after_the_gap() {
        let start = |date: &str, zone: TimeZone| {
            let at = day_start(date.parse().unwrap(), zone);
            at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        };
        assert_eq!(start("2026-03-29", TimeZone::Europe__Berlin), "2026-03-28T23:00:00Z");
        assert_eq!(start("2026-03-30", TimeZone::Europe__Berlin), "2026-03-29T22:00:00Z");
        // In Chile clocks are put forward at midnight.
        assert_eq!(start("2026-09-06", TimeZone::America__Santiago), "2026-09-06T04:00:00Z");
        assert_eq!(start("2026-01-01", TimeZone::UTC), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_date_without_a_time_of_day_does_not_move() {
        let at: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let zone = TimeZone::America__New_York;
        let date = |precision| local_date(at, precision, zone).to_string();
        assert_eq!(date(Some(DatePrecision::Day)), "2026-03-01");
        assert_eq!(date(None), "2026-02-28");
    }

    #[test]
    fn months_end_where_the_next_one_begins() {
        let bounds = |month| month_bounds(month, TimeZone::Europe__Berlin).unwrap();
        for month in 1..12 {
            assert_eq!(bounds((2026, month)).1, bounds((2026, month + 1)).0);
        }
        assert_eq!(bounds((2026, 12)).1, bounds((2027, 1)).0);
        assert_eq!(month_bounds((2026, 13), TimeZone::UTC), None);
    }
}
