//! The publisher's hints: how long a response stays fresh, and when to poll again.

use std::time::Duration;

use chrono::TimeDelta;

use feed_model::{Headers, Timestamp, UpdateHints};

use super::reason::Hint;

/// The longest `Retry-After` that is respected; a longer one is taken for a mistake.
const MAX_RETRY_AFTER: TimeDelta = TimeDelta::days(30);

/// What a response and its document ask for. Each hint can only lengthen the pause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// `max-age` less `Age`, or else `Expires` less `Date` (RFC 9111 §4.2.1).
    pub fresh_for: Option<(Hint, Duration)>,
    /// The end of `Retry-After` (RFC 9110 §10.2.3).
    pub retry_after: Option<Timestamp>,
    /// RSS `ttl` or `sy:updatePeriod`, whichever is longer.
    pub feed_interval: Option<(Hint, Duration)>,
    /// RSS `skipHours`, in UTC. A list of all hours makes no sense and is ignored.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`, 0 for Monday. A list of all days makes no sense and is ignored.
    pub skip_days: Vec<u8>,
}

impl Hints {
    /// Reads the hints of a response and of its document.
    pub fn of(status: u16, headers: &Headers, update_hints: &UpdateHints, now: Timestamp) -> Self {
        let mut skip_hours: Vec<u8> = update_hints.skip_hours.iter().map(|h| h % 24).collect();
        skip_hours.sort_unstable();
        skip_hours.dedup();
        let mut skip_days = update_hints.skip_days.clone();
        skip_days.sort_unstable();
        skip_days.dedup();
        if skip_hours.len() >= 24 {
            skip_hours.clear();
        }
        if skip_days.len() >= 7 {
            skip_days.clear();
        }
        let ttl = update_hints
            .ttl_minutes
            .filter(|m| *m > 0)
            .map(|m| (Hint::Ttl, Duration::from_secs(m.saturating_mul(60))));
        let update_period = update_hints
            .sy_interval_s
            .filter(|s| *s > 0)
            .map(|s| (Hint::UpdatePeriod, Duration::from_secs(s)));
        Self {
            fresh_for: fresh_for(headers, now),
            retry_after: retry_after(status, headers, now),
            feed_interval: ttl.into_iter().chain(update_period).max_by_key(|(_, pause)| *pause),
            skip_hours,
            skip_days,
        }
    }

    /// Returns the first time from `at` on that `skipHours` and `skipDays` allow.
    pub fn next_allowed_time(&self, at: Timestamp) -> Timestamp {
        use chrono::{Datelike as _, DurationRound as _, Timelike as _};
        let mut allowed = at;
        // A week has 168 hours. Neither list is complete, so at least one hour is allowed.
        for _ in 0..=168 {
            let day = u8::try_from(allowed.weekday().num_days_from_monday()).unwrap_or(0);
            let hour = u8::try_from(allowed.hour()).unwrap_or(0);
            if !self.skip_days.contains(&day) && !self.skip_hours.contains(&hour) {
                return allowed;
            }
            let hour = TimeDelta::hours(1);
            allowed = allowed.duration_trunc(hour).unwrap_or(allowed) + hour;
        }
        at
    }
}

/// Returns how long a response is still fresh (RFC 9111 §4.2.1).
fn fresh_for(headers: &Headers, now: Timestamp) -> Option<(Hint, Duration)> {
    let directives: Vec<String> = headers
        .get_all("cache-control")
        .flat_map(|v| v.split(','))
        .map(|d| d.trim().to_ascii_lowercase())
        .collect();
    if directives.iter().any(|d| d == "no-cache" || d.starts_with("no-cache=") || d == "no-store") {
        return None;
    }
    let max_age = directives
        .iter()
        .find_map(|d| d.strip_prefix("max-age="))
        .map(|v| v.trim_matches('"').parse::<u64>());
    match max_age {
        Some(Ok(seconds)) => {
            let age = headers.text("age").and_then(|a| a.parse().ok()).unwrap_or(0);
            Some((Hint::MaxAge, Duration::from_secs(seconds.saturating_sub(age))))
        }
        // An invalid max-age makes the response stale, and Expires is ignored (RFC 9111 §4.2.1).
        Some(Err(_)) => None,
        None => {
            let expires = http_date(headers.text("expires")?)?;
            let date = headers.text("date").and_then(http_date).unwrap_or(now);
            let fresh = (expires - date).to_std().ok()?;
            Some((Hint::Expires, fresh))
        }
    }
}

/// Returns the end of `Retry-After` of a 429, a 503 or a redirect (RFC 9110 §10.2.3). Returns
/// `None` if the field is missing or invalid, or if the time has passed.
pub fn retry_after(status: u16, headers: &Headers, now: Timestamp) -> Option<Timestamp> {
    if !(matches!(status, 429 | 503) || (300..400).contains(&status) && status != 304) {
        return None;
    }
    let value = headers.text("retry-after")?;
    let at = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = value.parse::<i64>().unwrap_or(i64::MAX).min(MAX_RETRY_AFTER.num_seconds());
        now + TimeDelta::seconds(seconds)
    } else {
        http_date(value)?
    };
    (at > now).then(|| at.min(now + MAX_RETRY_AFTER))
}

/// Parses an HTTP date in any of its three forms (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    httpdate::parse_http_date(text.trim()).ok().map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn fresh(fields: &[(&str, &str)]) -> Option<u64> {
        Hints::of(
            200,
            &fields.iter().copied().collect(),
            &UpdateHints::default(),
            at("2026-11-21T12:00:00Z"),
        )
        .fresh_for
        .map(|(_, pause)| pause.as_secs())
    }

    #[test]
    fn freshness_follows_rfc_9111() {
        assert_eq!(fresh(&[("cache-control", "max-age=7200")]), Some(7200));
        assert_eq!(fresh(&[("cache-control", "public, Max-Age=7200"), ("age", "200")]), Some(7000));
        assert_eq!(fresh(&[("cache-control", "max-age=100"), ("age", "200")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "s-maxage=9000")]), None);
        assert_eq!(fresh(&[("cache-control", "max-age=7200, no-cache")]), None);
        assert_eq!(fresh(&[("cache-control", "no-store, max-age=7200")]), None);
        let date = ("date", "Sat, 21 Nov 2026 10:00:00 GMT");
        assert_eq!(fresh(&[("expires", "Sat, 21 Nov 2026 11:00:00 GMT"), date]), Some(3600));
        assert_eq!(
            fresh(&[
                ("expires", "Sat, 21 Nov 2026 11:00:00 GMT"),
                date,
                ("cache-control", "max-age=60")
            ]),
            Some(60)
        );
        assert_eq!(fresh(&[("expires", "0"), date]), None);
        assert_eq!(fresh(&[("expires", "Sat, 21 Nov 2026 11:00:00 CET"), date]), None);
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        let now = at("2026-11-21T12:00:00Z");
        let retry = |status, value: &str| {
            Hints::of(
                status,
                &[("retry-after", value)].into_iter().collect(),
                &UpdateHints::default(),
                now,
            )
            .retry_after
        };
        assert_eq!(retry(429, "120"), Some(at("2026-11-21T12:02:00Z")));
        assert_eq!(retry(503, "Sat, 21 Nov 2026 13:00:00 GMT"), Some(at("2026-11-21T13:00:00Z")));
        assert_eq!(
            retry(503, "Saturday, 21-Nov-26 13:00:00 GMT"),
            Some(at("2026-11-21T13:00:00Z"))
        );
        assert_eq!(retry(503, "Sat Nov 21 13:00:00 2026"), Some(at("2026-11-21T13:00:00Z")));
        assert_eq!(retry(429, "Sat, 21 Nov 2026 11:00:00 GMT"), None);
        assert_eq!(retry(429, "-5"), None);
        assert_eq!(retry(429, "soon"), None);
        assert_eq!(retry(429, "99999999999999999999"), Some(now + MAX_RETRY_AFTER));
        assert_eq!(retry(200, "120"), None);
    }

    #[test]
    fn excluded_hours_and_days_are_skipped() {
        let update_hints = UpdateHints {
            skip_hours: (0..23).collect(),
            skip_days: vec![5],
            ..UpdateHints::default()
        };
        let hints = Hints::of(200, &Headers::new(), &update_hints, at("2026-11-21T12:00:00Z"));
        // 2026-11-21 is a Saturday.
        assert_eq!(hints.next_allowed_time(at("2026-11-21T12:30:00Z")), at("2026-11-22T23:00:00Z"));
        let all = UpdateHints { skip_hours: (1..=24).collect(), ..UpdateHints::default() };
        assert!(
            Hints::of(200, &Headers::new(), &all, at("2026-11-21T12:00:00Z")).skip_hours.is_empty()
        );
    }
}
