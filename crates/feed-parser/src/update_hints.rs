//! Update frequency: RSS `skipHours` and `skipDays`, and the syndication module.

/// Parses RSS `skipHours`: hours 0 to 23 in UTC. 24 means 0.
pub(super) fn parse_skip_hours(texts: &[String]) -> Vec<u8> {
    let mut hours: Vec<u8> = texts
        .iter()
        .filter_map(|t| t.parse::<u8>().ok())
        .filter(|h| *h <= 24)
        .map(|h| h % 24)
        .collect();
    hours.sort_unstable();
    hours.dedup();
    hours
}

/// Parses RSS `skipDays`: 0 is Monday.
pub(super) fn parse_skip_days(texts: &[String]) -> Vec<u8> {
    let day = |text: &String| {
        let text = text.to_ascii_lowercase();
        (0_u8..)
            .zip(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
            .find(|(_, name)| text.starts_with(name))
            .map(|(n, _)| n)
    };
    let mut days: Vec<u8> = texts.iter().filter_map(day).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Parses `sy:updatePeriod` and returns it in seconds.
pub(super) fn parse_update_period_s(text: &str) -> Option<u64> {
    const HOUR_S: u64 = 3600;
    Some(match text.to_ascii_lowercase().as_str() {
        "hourly" => HOUR_S,
        "daily" => 24 * HOUR_S,
        "weekly" => 7 * 24 * HOUR_S,
        "monthly" => 30 * 24 * HOUR_S,
        "yearly" => 365 * 24 * HOUR_S,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_days_and_periods_are_parsed() {
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert_eq!(parse_skip_hours(&texts(&["24", "3", "x", "25", "3"])), [0, 3]);
        assert_eq!(parse_skip_days(&texts(&["Sunday", "monday", "Nonday"])), [0, 6]);
        assert_eq!(parse_update_period_s("Daily"), Some(86_400));
    }
}
