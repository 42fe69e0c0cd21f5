//! The date formats of documents, in whole seconds and UTC, and of pages, in a time zone.

use chrono::{DateTime, FixedOffset, SecondsFormat, SubsecRound};

use feed_model::{DatePrecision, TimeZone, Timestamp, time_zone::local_date};

/// Returns the time as in Atom, JSON Feed and `<time datetime>` (RFC 3339): `2026-01-02T03:04:05Z`.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    at.trunc_subsecs(0).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns the time as in RSS (RFC 822 with the four-digit year of the Best Practices Profile):
/// `Fri, 02 Jan 2026 03:04:05 GMT`.
pub(crate) fn rfc822(at: Timestamp) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Returns the time in the type that `atom_syndication` uses.
pub(crate) fn fixed_offset(at: Timestamp) -> DateTime<FixedOffset> {
    at.trunc_subsecs(0).fixed_offset()
}

/// Returns the date as pages show it: `2 Jan 2026`, or `Jan 2026` in month precision.
pub(crate) fn display_date(
    at: Timestamp,
    precision: Option<DatePrecision>,
    zone: TimeZone,
) -> String {
    let date = local_date(at, precision, zone);
    match precision {
        Some(DatePrecision::Month) => date.format("%b %Y").to_string(),
        _ => date.format("%-d %b %Y").to_string(),
    }
}

/// Returns the time as pages show it: `2 Jan 2026, 03:04`.
pub(crate) fn display_time(at: Timestamp, zone: TimeZone) -> String {
    at.with_timezone(&zone).format("%-d %b %Y, %H:%M").to_string()
}

/// Returns the date in its precision, for the `datetime` attribute.
pub(crate) fn datetime_attribute(at: Timestamp, precision: Option<DatePrecision>) -> String {
    match precision {
        Some(DatePrecision::Month) => at.format("%Y-%m").to_string(),
        Some(DatePrecision::Day) => at.format("%Y-%m-%d").to_string(),
        _ => rfc3339(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_whole_seconds_and_the_given_precision() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(rfc3339(at), "2026-01-02T03:04:05Z");
        assert_eq!(rfc822(at), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(display_date(at, Some(DatePrecision::Month), TimeZone::UTC), "Jan 2026");
        assert_eq!(datetime_attribute(at, Some(DatePrecision::Month)), "2026-01");
        assert_eq!(display_date(at, None, TimeZone::America__New_York), "1 Jan 2026");
        assert_eq!(datetime_attribute(at, Some(DatePrecision::Day)), "2026-01-02");
        assert_eq!(display_time(at, TimeZone::America__New_York), "1 Jan 2026, 22:04");
    }
}
