//! Moments as documents write them. Whole seconds, UTC.

use chrono::{DateTime, FixedOffset, SecondsFormat, SubsecRound};

use feed_model::{DatePrecision, Timestamp};

/// RFC 3339, as Atom, JSON Feed and `<time datetime>` have it: `2026-01-02T03:04:05Z`.
pub(super) fn rfc3339(at: Timestamp) -> String {
    at.trunc_subsecs(0).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// RFC 822 with a four-digit year, as the RSS Best Practices Profile wants it: `Fri, 02 Jan 2026
/// 03:04:05 GMT`.
pub(super) fn rfc822(at: Timestamp) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The type that the Atom library takes.
pub(super) fn fixed_offset(at: Timestamp) -> DateTime<FixedOffset> {
    at.trunc_subsecs(0).fixed_offset()
}

/// A date for people: `2 Jan 2026`, or `Jan 2026` where the publisher told the month alone.
pub(super) fn display_date(at: Timestamp, precision: Option<DatePrecision>) -> String {
    match precision {
        Some(DatePrecision::Month) => at.format("%b %Y").to_string(),
        _ => at.format("%-d %b %Y").to_string(),
    }
}

/// The same for machines: as exact as it was told.
pub(super) fn datetime_attribute(at: Timestamp, precision: Option<DatePrecision>) -> String {
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
    fn moments_are_written_in_whole_seconds_and_as_exactly_as_told() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(rfc3339(at), "2026-01-02T03:04:05Z");
        assert_eq!(rfc822(at), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(display_date(at, Some(DatePrecision::Month)), "Jan 2026");
        assert_eq!(datetime_attribute(at, Some(DatePrecision::Month)), "2026-01");
        assert_eq!(display_date(at, None), "2 Jan 2026");
        assert_eq!(datetime_attribute(at, Some(DatePrecision::Day)), "2026-01-02");
    }
}
