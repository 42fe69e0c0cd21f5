//! When a failed delivery is tried again.

use chrono::TimeDelta;

use feed_model::Timestamp;

/// The pauses after the first, second, … failure. All together they last a little more than a day.
const PAUSES: [TimeDelta; 9] = [
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
    TimeDelta::hours(2),
    TimeDelta::hours(4),
    TimeDelta::hours(8),
    TimeDelta::hours(9),
];
/// How long a receiver may fail before it is given up.
const PATIENCE: TimeDelta = TimeDelta::hours(24);
/// The attempts to reach a subscriber that has not confirmed its subscription.
const VERIFICATION_ATTEMPTS: u32 = 4;

/// Returns when to try again after `attempts` earlier failures, the first of them at `since`.
/// `None` if the receiver has failed for a day.
pub fn next_attempt(attempts: u32, since: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    if since.is_some_and(|since| now - since >= PATIENCE) {
        return None;
    }
    let index = usize::try_from(attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    Some(now + PAUSES[index])
}

/// Returns when to ask a subscriber again to confirm what was asked for in its name. `None` if it
/// was asked often enough.
pub fn next_verification(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if attempts + 1 >= VERIFICATION_ATTEMPTS { None } else { next_attempt(attempts, None, now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_last_a_day() {
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let (mut now, mut attempts) = (begin, 0);
        while let Some(next) = next_attempt(attempts, Some(begin), now) {
            assert!(next > now);
            (now, attempts) = (next, attempts + 1);
        }
        assert!(now - begin >= TimeDelta::hours(24), "{}", now - begin);
        assert!(now - begin < TimeDelta::hours(34), "{}", now - begin);
        assert!((8..=12).contains(&attempts), "{attempts}");
    }
}
