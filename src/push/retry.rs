//! When a failed delivery is tried again.

use chrono::TimeDelta;

use feed_model::Timestamp;

/// The pauses after the first, second, … failure. All together they last a little more than a day.
/// The first one is short: a server may close a kept connection while a request is sent on it.
const PAUSES: [TimeDelta; 10] = [
    TimeDelta::seconds(2),
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
/// How long a receiver may fail, at least, before it is given up.
const PATIENCE: TimeDelta = TimeDelta::hours(24);
/// The attempts to reach a subscriber that has not confirmed its subscription.
const VERIFICATION_ATTEMPTS: u32 = 5;

/// Returns when to try again after `attempts` earlier failures. `since` is the first of them, or
/// when the delivery was queued. `None` if it was tried often enough, for a day.
///
/// Neither limit suffices alone: a delivery may wait for days before its first attempt, because
/// the process did not run or because an earlier story failed; and a receiver may ask for many
/// attempts within a minute.
pub fn next_attempt(attempts: u32, since: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let attempts = usize::try_from(attempts).unwrap_or(usize::MAX);
    if attempts >= PAUSES.len() && since.is_some_and(|since| now - since >= PATIENCE) {
        return None;
    }
    Some(now + PAUSES[attempts.min(PAUSES.len() - 1)])
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

    #[test]
    fn what_waited_for_days_is_not_given_up_after_one_failure() {
        let queued: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let now = queued + TimeDelta::days(3);
        assert_eq!(next_attempt(0, Some(queued), now), Some(now + TimeDelta::seconds(2)));
        let soon = queued + TimeDelta::minutes(1);
        assert!(next_attempt(50, Some(queued), soon).is_some(), "many attempts within a minute");
    }
}
