//! The chart of a topic's stories per month, and the span of its months.

use chrono::NaiveDate;

use crate::{addresses::YearMonth, pages::chart::Chart};

/// The most months that the chart shows.
const MAX_MONTHS: i32 = 72;
/// The fewest months that the chart shows, so that a topic that began recently is seen to be new.
const MIN_MONTHS: i32 = 12;

/// Returns a chart of all months from the first to the last, including those without stories. It
/// shows at most the last [`MAX_MONTHS`]. A topic with a single month has no chart.
pub(super) fn month_chart(months: &[(YearMonth, u64)]) -> Option<Chart> {
    let last = months.iter().map(|(month, _)| ordinal(*month)).max()?;
    let first = months.iter().map(|(month, _)| ordinal(*month)).min()?;
    if first == last {
        return None;
    }
    let first =
        first.clamp(last.saturating_sub(MAX_MONTHS - 1), last.saturating_sub(MIN_MONTHS - 1));
    let mut counts = vec![0_u64; usize::try_from(last - first + 1).ok()?];
    for (month, count) in months {
        let index = usize::try_from(ordinal(*month) - first).ok();
        if let Some(slot) = index.and_then(|index| counts.get_mut(index)) {
            *slot += count;
        }
    }
    let max = counts.iter().max().copied().unwrap_or(0);
    let (start, end) = (short_name(from_ordinal(first)), short_name(from_ordinal(last)));
    let label = format!("Stories per month from {start} to {end}; at most {max} in a month");
    Some(Chart::bars(&counts, label, start, end))
}

/// Returns the first and the last month: `Jan 2026`, or `Jan 2025 to Mar 2026`.
pub(super) fn month_span(months: &[(YearMonth, u64)]) -> String {
    let first = months.iter().map(|(month, _)| *month).min();
    let last = months.iter().map(|(month, _)| *month).max();
    match (first, last) {
        (Some(first), Some(last)) if first == last => short_name(first),
        (Some(first), Some(last)) => format!("{} to {}", short_name(first), short_name(last)),
        _ => String::new(),
    }
}

/// Returns the number of months since January of year 0.
fn ordinal((year, month): YearMonth) -> i32 {
    year.saturating_mul(12).saturating_add(i32::try_from(month).unwrap_or(1) - 1)
}

fn from_ordinal(ordinal: i32) -> YearMonth {
    (ordinal.div_euclid(12), u32::try_from(ordinal.rem_euclid(12)).unwrap_or(0) + 1)
}

/// Returns the short name of a month: `Mar 2026`.
fn short_name((year, month): YearMonth) -> String {
    NaiveDate::from_ymd_opt(year, month, 1)
        .map(|day| day.format("%b %Y").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_includes_empty_months_and_omits_the_oldest() {
        let some = month_chart(&[((2026, 3), 4), ((2025, 12), 2)]).unwrap();
        assert_eq!(some.path.matches('M').count(), 2);
        assert_eq!(
            (some.start_label.as_str(), some.end_label.as_str(), some.width),
            ("Apr 2025", "Mar 2026", 118)
        );
        let long = month_chart(&[((2026, 1), 1), ((1990, 1), 1)]).unwrap();
        assert_eq!((long.start_label.as_str(), long.path.matches('M').count()), ("Feb 2020", 1));
        assert_eq!(month_chart(&[]), None);
        assert_eq!(month_span(&[((2026, 1), 1)]), "Jan 2026");
    }
}
