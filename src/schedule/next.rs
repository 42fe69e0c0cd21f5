//! Decides when a source is polled next.
//!
//! The rules are applied in this order, so that each promise holds whatever the others ask for:
//!
//! 1. the configured interval, raised to the minimum intervals and to the usual pause between
//!    entries, and doubled by failures;
//! 2. the publisher's hints (`max-age`, `Expires`, `ttl`, `sy:*`), which only lengthen it;
//! 3. the limit `max_interval`, then jitter, which stays below that limit;
//! 4. `Retry-After` and the host backoff, which `max_interval` does not shorten;
//! 5. the slots of a cron schedule, and the hours that `skipHours` and `skipDays` allow: the first
//!    time that is both. The search ends `max_interval` after the time of step 4. If there is no
//!    such time, a schedule uses its first slot, and an interval ends at `max_interval`.

use std::time::Duration;

use chrono::TimeDelta;

use feed_model::{FollowMode, PollOutcome, PollPolicy, SourceId, TimeZone, Timestamp};

use super::{
    cron::Cron,
    hints::Hints,
    reason::{BackoffCause, PollReason, SkippedSlots},
};

/// The shortest interval of sources that are not exempt.
const MIN_INTERVAL: Duration = Duration::from_secs(3600);
/// The shortest interval of a feed without validators: every response is a whole document.
const FEED_INTERVAL_WITHOUT_VALIDATORS: Duration = Duration::from_secs(24 * 3600);
/// The shortest interval of a sitemap or page without validators.
const SITE_INTERVAL_WITHOUT_VALIDATORS: Duration = Duration::from_secs(6 * 3600);
/// The shortest pause after 401, 403, 451 and bot challenges, which rarely end within an hour.
const FORBIDDEN_BACKOFF: Duration = Duration::from_secs(4 * 3600);
/// The pause between the first and the second 410.
const GONE_RETRY_DELAY: Duration = Duration::from_secs(24 * 3600);
/// The longest interval that follows from rare entries alone.
const MAX_RARE_ENTRIES_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// The most jitter.
const MAX_JITTER: Duration = Duration::from_secs(30 * 60);
/// The pause after a host name could not be resolved. No server was reached, and the machine's
/// network may only be starting.
const DNS_FAILURE_DELAY: Duration = Duration::from_secs(10 * 60);
/// Shorter pauses get no jitter: they are configured to watch a source closely.
const MIN_JITTERED_PAUSE: Duration = Duration::from_secs(60);
/// The most doublings of a pause after failures.
const MAX_DOUBLINGS: u32 = 10;
/// The most slots of a schedule that are examined for one within the allowed hours.
const MAX_SLOTS: usize = 1000;

/// What the next poll depends on besides the policy and the publisher's hints.
#[derive(Debug, Clone)]
pub struct PollState<'a> {
    /// The current time.
    pub now: Timestamp,
    /// When the last request ended: pauses are counted from there. Equals `now` if this poll made
    /// no request.
    pub last_request: Timestamp,
    /// How the poll ended.
    pub outcome: PollOutcome,
    /// The class of the error (`timeout`, `http-503`), if the poll failed.
    pub error_class: Option<&'a str>,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// Failures in a row, this poll included.
    pub consecutive_failures: u32,
    /// Responses 429 and 503 in a row, this poll included.
    pub consecutive_throttles: u32,
    /// Whether the server sends validators for the polled URL; `true` while that is unknown.
    pub has_validators: bool,
    /// How the source is followed.
    pub follow_mode: FollowMode,
    /// The dates of the source's newest entries, newest first.
    pub recent_dates: &'a [Timestamp],
    /// The source. Its jitter is derived from its id, so that it is the same each time.
    pub source: &'a SourceId,
    /// The end of the host's backoff, if there is one.
    pub host_backoff: Option<Timestamp>,
}

/// When a source is polled next, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPoll {
    /// The time of the next poll.
    pub at: Timestamp,
    /// The reason for this time.
    pub reason: PollReason,
    /// The end of `Retry-After`, which even a forced poll respects.
    pub not_before: Option<Timestamp>,
    /// The interval in force, without jitter.
    pub interval: Duration,
}

/// Decides when a source is polled next.
pub fn next_poll(policy: &PollPolicy, hints: &Hints, state: &PollState<'_>) -> NextPoll {
    let cron = policy.schedule.as_deref().and_then(|text| Cron::parse(text).ok());
    let mut pause = base_pause(policy, state, cron.as_ref());
    apply_backoff(&mut pause, policy, state);
    for (hint, length) in hints.fresh_for.into_iter().chain(hints.feed_interval) {
        pause.raise_to(length, PollReason::Hint(hint, length));
    }
    if pause.length > policy.max_interval {
        pause = Pause {
            reason: PollReason::Capped(Box::new(pause.reason), policy.max_interval),
            length: policy.max_interval,
        };
    }
    let interval = if cron.is_some() { pause.length.max(policy.interval) } else { pause.length };
    let cap = TimeDelta::from_std(policy.max_interval).unwrap_or(TimeDelta::days(7));
    if cron.is_none() {
        let jitter =
            jitter(pause.length, state).min(policy.max_interval.saturating_sub(pause.length));
        if !jitter.is_zero() {
            pause.reason = PollReason::Jitter(Box::new(pause.reason), jitter);
            pause.length += jitter;
        }
    }
    let delta = TimeDelta::from_std(pause.length).unwrap_or(cap);
    let mut next = NextPoll {
        at: state.last_request + delta,
        reason: pause.reason,
        not_before: hints.retry_after,
        interval,
    };
    let mut from = state.last_request;
    if let Some(retry) = hints.retry_after.filter(|retry| *retry > next.at) {
        next = NextPoll { at: retry, reason: PollReason::RetryAfter(retry), ..next };
        from = retry;
    }
    if let Some(until) = state.host_backoff.filter(|until| *until > next.at) {
        next = NextPoll { at: until, reason: PollReason::HostBackoff(until), ..next };
        from = until;
    }
    // The pause may have passed already. The next poll is then due at once, but never in the past.
    next.at = next.at.max(state.now + TimeDelta::milliseconds(1));
    match &cron {
        Some(cron) => {
            next_cron_slot(&mut next, (cron, policy.timezone), hints, state.now, from + cap);
        }
        None => skip_excluded_hours(&mut next, hints, from + cap),
    }
    next
}

struct Pause {
    length: Duration,
    reason: PollReason,
}

impl Pause {
    fn raise_to(&mut self, length: Duration, reason: PollReason) {
        if length > self.length {
            *self = Self { length, reason };
        }
    }
}

/// Returns the configured interval, raised to the minimum intervals. With a schedule, the pause is
/// zero unless a minimum interval raises it.
fn base_pause(policy: &PollPolicy, state: &PollState<'_>, cron: Option<&Cron>) -> Pause {
    let mut pause = match cron {
        Some(cron) => Pause { length: Duration::ZERO, reason: slot_reason(cron, Vec::new()) },
        None => Pause { length: policy.interval, reason: PollReason::Interval(policy.interval) },
    };
    if policy.exempt {
        return pause;
    }
    pause.raise_to(MIN_INTERVAL, PollReason::MinInterval(MIN_INTERVAL));
    if !state.has_validators && !policy.custom_interval {
        let minimum = if matches!(state.follow_mode, FollowMode::Sitemap | FollowMode::Page) {
            SITE_INTERVAL_WITHOUT_VALIDATORS
        } else {
            FEED_INTERVAL_WITHOUT_VALIDATORS
        };
        pause.raise_to(minimum, PollReason::NoValidators(minimum));
    }
    if cron.is_none()
        && let Some(interval) = rare_entries_interval(state.recent_dates, state.now)
    {
        pause.raise_to(interval, PollReason::RareEntries(interval));
    }
    pause
}

/// Doubles the pause with each failure in a row. The publisher's hints are not multiplied.
fn apply_backoff(pause: &mut Pause, policy: &PollPolicy, state: &PollState<'_>) {
    if !state.outcome.is_failure() {
        return;
    }
    let class = state.error_class.unwrap_or_default();
    if state.outcome == PollOutcome::Failed && class == "dns" && !policy.exempt {
        // No server was reached, so a retry before the minimum interval burdens nobody, and a night
        // without a network must not lead to a pause of days.
        let doublings = state.consecutive_failures.saturating_sub(1).min(MAX_DOUBLINGS);
        let length = DNS_FAILURE_DELAY
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(pause.length.max(MIN_INTERVAL));
        *pause = Pause { reason: PollReason::DnsFailure(length), length };
        return;
    }
    let (failures, throttles) =
        (state.consecutive_failures.max(1), state.consecutive_throttles.max(1));
    // A first failure may be an accident and does not double the pause; 429 and 503 are deliberate
    // and double it at once. A source that is gone is polled once more, a day later.
    let backoff = match (state.outcome, state.status) {
        (PollOutcome::Gone, _) => {
            Backoff { minimum: GONE_RETRY_DELAY, cause: BackoffCause::Gone, times: 1, doublings: 0 }
        }
        (PollOutcome::Challenge, _) => Backoff {
            minimum: FORBIDDEN_BACKOFF,
            cause: BackoffCause::Challenge,
            times: failures,
            doublings: failures - 1,
        },
        (_, Some(status @ (401 | 403 | 451))) => Backoff {
            minimum: FORBIDDEN_BACKOFF,
            cause: BackoffCause::Status(status),
            times: failures,
            doublings: failures - 1,
        },
        (_, Some(status @ (429 | 503))) => Backoff {
            minimum: MIN_INTERVAL,
            cause: BackoffCause::Status(status),
            times: throttles,
            doublings: throttles,
        },
        _ => Backoff {
            minimum: Duration::ZERO,
            cause: BackoffCause::Failure(class.to_owned()),
            times: failures,
            doublings: failures - 1,
        },
    };
    let minimum = if policy.exempt { policy.interval } else { backoff.minimum.max(MIN_INTERVAL) };
    let base = pause.length.max(minimum);
    let length = base
        .saturating_mul(2_u32.saturating_pow(backoff.doublings.min(MAX_DOUBLINGS)))
        .min(policy.max_interval.max(base));
    let reason = PollReason::Backoff { cause: backoff.cause, times: backoff.times, pause: length };
    *pause = Pause { length, reason };
}

struct Backoff {
    /// The shortest pause.
    minimum: Duration,
    cause: BackoffCause,
    /// How often it happened in a row.
    times: u32,
    doublings: u32,
}

/// Returns half the median pause between a source's entries, if that is longer than the minimum
/// interval. At least five dates are needed.
fn rare_entries_interval(dates: &[Timestamp], now: Timestamp) -> Option<Duration> {
    let past: Vec<Timestamp> = dates.iter().copied().filter(|d| *d <= now).take(20).collect();
    if past.len() < 5 {
        return None;
    }
    let mut gaps: Vec<TimeDelta> = past.windows(2).map(|pair| pair[0] - pair[1]).collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2].to_std().ok()?;
    Some((median / 2).min(MAX_RARE_ENTRIES_INTERVAL)).filter(|pause| *pause > MIN_INTERVAL)
}

/// Returns up to a tenth of the pause, and 30 minutes at most, so that sources with one interval
/// are not polled in the same minute.
fn jitter(pause: Duration, state: &PollState<'_>) -> Duration {
    if pause < MIN_JITTERED_PAUSE {
        return Duration::ZERO;
    }
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(state.source.as_str().as_bytes())
        .update(&state.last_request.timestamp_millis().to_le_bytes());
    let fraction = f64::from(hasher.finalize().as_bytes()[0]) / 256.0;
    Duration::from_secs((pause / 10).min(MAX_JITTER).mul_f64(fraction).as_secs())
}

/// Moves the poll to the first hour that `skipHours` and `skipDays` allow, but not beyond
/// `at_most`.
fn skip_excluded_hours(next: &mut NextPoll, hints: &Hints, at_most: Timestamp) {
    let allowed = hints.next_allowed_time(next.at);
    if allowed <= next.at {
        return;
    }
    let reason = Box::new(next.reason.clone());
    if allowed <= at_most {
        next.reason = PollReason::SkipHours(reason, allowed);
        next.at = allowed;
    } else if at_most > next.at {
        next.reason = PollReason::SkipHoursCapped(reason, at_most);
        next.at = at_most;
    }
}

/// Moves the poll to the first slot of the schedule that is not earlier and lies in an allowed
/// hour.
fn next_cron_slot(
    next: &mut NextPoll,
    (cron, zone): (&Cron, TimeZone),
    hints: &Hints,
    now: Timestamp,
    at_most: Timestamp,
) {
    let slot_from = |time: Timestamp| cron.next_after(time - TimeDelta::milliseconds(1), zone);
    let Some(first) = slot_from(next.at) else {
        return;
    };
    let mut slot = first;
    for _ in 0..MAX_SLOTS {
        let allowed = hints.next_allowed_time(slot);
        if allowed == slot {
            break;
        }
        let Some(later) = slot_from(allowed).filter(|later| *later <= at_most) else {
            slot = first;
            break;
        };
        slot = later;
    }
    let mut skipped = Vec::new();
    let has_pause = !matches!(next.reason, PollReason::Schedule { .. });
    if has_pause && cron.next_after(now, zone).is_some_and(|soonest| soonest < first) {
        skipped.push(SkippedSlots::Pause(Box::new(next.reason.clone())));
    }
    if slot > first {
        skipped.push(SkippedSlots::SkipHours);
    }
    next.reason = slot_reason(cron, skipped);
    next.at = slot;
}

fn slot_reason(cron: &Cron, skipped: Vec<SkippedSlots>) -> PollReason {
    PollReason::Schedule { expression: cron.as_str().to_owned(), skipped }
}
