//! The next poll: the longest of what is configured, the floors and the publisher's wishes, with
//! its reason.
//!
//! The order in which everything that has a say is heard, so that every promise holds beside the
//! others:
//!
//! 1. what is configured, lengthened by the floors and by the quietness of the source, doubled by
//!   failures;
//! 2. what the answer and the document hint (`max-age`, `Expires`, `ttl`, `sy:*`), which only
//!   lengthens that;
//! 3. the cap `max_interval`, then jitter, which stays below it;
//! 4. `Retry-After` and the peace of the host, which no cap shortens;
//! 5. the slots of a schedule and the hours that skipHours and skipDays leave open: the first
//!   moment that is both. It is looked for as far as the cap reaches from 4; where there is none, a
//!   schedule keeps its first slot, and an interval its cap.

use std::time::Duration;

use chrono::TimeDelta;

use super::{
    Cron, Hints,
    display::{moment, words},
};
use feed_model::{FollowMode, PollPolicy, SourceId, Timestamp};

/// A source that is not exempt is never asked more often.
const MIN_INTERVAL: Duration = Duration::from_secs(3600);
/// A feed without validators is sent whole each time: once a day is enough.
const FEED_INTERVAL_WITHOUT_VALIDATORS: Duration = Duration::from_secs(24 * 3600);
/// A sitemap or page without validators.
const SITE_INTERVAL_WITHOUT_VALIDATORS: Duration = Duration::from_secs(6 * 3600);
/// 401, 403, 451 and challenges: nothing that an hour heals.
const FORBIDDEN_BACKOFF: Duration = Duration::from_secs(4 * 3600);
/// Between the first and the second 410.
const GONE_RETRY_DELAY: Duration = Duration::from_secs(24 * 3600);
/// The slowest that a quiet source is made by itself.
const MAX_QUIET_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// Jitter at most.
const MAX_JITTER: Duration = Duration::from_secs(30 * 60);
/// A name that cannot be looked up reached nobody: the machine may only just have started, and its
/// network not yet.
const DNS_FAILURE_DELAY: Duration = Duration::from_secs(10 * 60);
/// An interval below this is a person watching: no jitter.
const MIN_JITTERED_PAUSE: Duration = Duration::from_secs(60);
/// Doublings of the pause after failures.
const MAX_DOUBLINGS: u32 = 10;
/// Slots of a schedule that are looked at for one that the feed's skipHours and skipDays leave
/// open.
const MAX_SLOTS: usize = 1000;

/// How an attempt ended, as far as it matters for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Answered with something new.
    Changed,
    /// Answered with nothing new.
    Unchanged,
    /// 304.
    NotModified,
    /// Failed, by class and HTTP status.
    Failed {
        /// `timeout`, `http-503`, …
        class: String,
        /// The HTTP status.
        status: Option<u16>,
    },
    /// 410.
    Gone,
    /// A challenge page.
    Challenge,
}

/// Everything else that the next poll depends on.
#[derive(Debug, Clone)]
pub struct PollState<'a> {
    /// Now.
    pub now: Timestamp,
    /// When the last request ended: pauses are counted from there. Now, where this attempt made
    /// none.
    pub last_request: Timestamp,
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
    /// Failures in a row, this one included.
    pub consecutive_failures: u32,
    /// Refusals (429, 503) in a row, this one included.
    pub consecutive_throttles: u32,
    /// Whether the polled address gives validators; `true` as long as that is not known.
    pub has_validators: bool,
    /// How the source is followed.
    pub follow_mode: FollowMode,
    /// The dates of its newest entries, newest first.
    pub recent_dates: &'a [Timestamp],
    /// Whose: jitter is its own, and the same each time that it is computed.
    pub source: &'a SourceId,
    /// Its host is left in peace until then.
    pub host_backoff: Option<Timestamp>,
}

/// When to look next, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPoll {
    /// When.
    pub at: Timestamp,
    /// Why then, in words.
    pub reason: String,
    /// What even a forced poll respects: `Retry-After`.
    pub not_before: Option<Timestamp>,
    /// The pause in force, without jitter.
    pub interval: Duration,
}

/// Decides when to look next.
pub fn next_poll(policy: &PollPolicy, hints: &Hints, state: &PollState<'_>) -> NextPoll {
    let cron = policy.schedule.as_deref().and_then(|text| Cron::parse(text).ok());
    let mut pause = base_pause(policy, state, cron.is_some());
    apply_backoff(&mut pause, policy, state);
    for (hint, whose) in hints.fresh_for.into_iter().chain(hints.feed_interval) {
        pause.raise_to(hint, || format!("{whose} of {}", words(hint)));
    }
    if pause.length > policy.max_interval {
        pause = Pause {
            reason: format!("{}, capped at {}", pause.reason, words(policy.max_interval)),
            length: policy.max_interval,
        };
    }
    let interval = if cron.is_some() { pause.length.max(policy.interval) } else { pause.length };
    let cap = TimeDelta::from_std(policy.max_interval).unwrap_or(TimeDelta::days(7));
    if cron.is_none() {
        let jitter =
            jitter(pause.length, state).min(policy.max_interval.saturating_sub(pause.length));
        if !jitter.is_zero() {
            pause.reason = format!("{}, and {} of jitter", pause.reason, words(jitter));
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
        next = NextPoll {
            at: retry,
            reason: format!("Retry-After asks to wait until {}", moment(retry)),
            ..next
        };
        from = retry;
    }
    if let Some(hold) = state.host_backoff.filter(|hold| *hold > next.at) {
        next = NextPoll {
            at: hold,
            reason: format!("its host is left in peace until {}", moment(hold)),
            ..next
        };
        from = hold;
    }
    // A pause that has passed by now: at once, and never in the past.
    next.at = next.at.max(state.now + TimeDelta::milliseconds(1));
    match (&cron, policy.schedule.as_deref()) {
        (Some(cron), Some(text)) => next_cron_slot(&mut next, cron, text, hints, state, from + cap),
        _ => skip_closed_hours(&mut next, hints, from + cap),
    }
    next
}

struct Pause {
    length: Duration,
    reason: String,
}

impl Pause {
    fn raise_to(&mut self, length: Duration, reason: impl FnOnce() -> String) {
        if length > self.length {
            *self = Self { length, reason: reason() };
        }
    }
}

/// What is configured, and the floors. A schedule says when by itself: its pause is only what
/// floors add.
fn base_pause(policy: &PollPolicy, state: &PollState<'_>, scheduled: bool) -> Pause {
    let mut pause =
        Pause { length: policy.interval, reason: format!("every {}", words(policy.interval)) };
    if scheduled {
        pause = Pause { length: Duration::ZERO, reason: String::new() };
    }
    if policy.exempt {
        return pause;
    }
    pause.raise_to(MIN_INTERVAL, || format!("never more often than every {}", words(MIN_INTERVAL)));
    if !state.has_validators && !policy.custom_interval {
        let floor = if matches!(state.follow_mode, FollowMode::Sitemap | FollowMode::Page) {
            SITE_INTERVAL_WITHOUT_VALIDATORS
        } else {
            FEED_INTERVAL_WITHOUT_VALIDATORS
        };
        pause.raise_to(floor, || format!("it gives no validators, so every {}", words(floor)));
    }
    if !scheduled && let Some(quiet) = quiet(state.recent_dates, state.now) {
        pause.raise_to(quiet, || format!("it is quiet, so every {}", words(quiet)));
    }
    pause
}

/// Doubles the own pause with each failure in a row; what the publisher wishes is not multiplied.
fn apply_backoff(pause: &mut Pause, policy: &PollPolicy, state: &PollState<'_>) {
    if let AttemptOutcome::Failed { class, .. } = &state.outcome
        && class == "dns"
        && !policy.exempt
    {
        // No publisher was asked anything: no floor is broken by looking again soon, and nobody is
        // spared by waiting for days after a night without a network.
        let doublings = state.consecutive_failures.saturating_sub(1).min(MAX_DOUBLINGS);
        let length = DNS_FAILURE_DELAY
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(pause.length.max(MIN_INTERVAL));
        *pause = Pause {
            reason: format!("looking up its name failed, so nobody was asked: {}", words(length)),
            length,
        };
        return;
    }
    let (failures, throttles) =
        (state.consecutive_failures.max(1), state.consecutive_throttles.max(1));
    // The first failure may be chance; a refusal is meant, and doubles at once. Gone is asked once
    // more, a day later.
    let (least, why, count, doublings) = match &state.outcome {
        AttemptOutcome::Changed | AttemptOutcome::Unchanged | AttemptOutcome::NotModified => return,
        AttemptOutcome::Gone => (GONE_RETRY_DELAY, "it is gone (410)".to_owned(), 1, 0),
        AttemptOutcome::Challenge => {
            (FORBIDDEN_BACKOFF, "it answers with a challenge".to_owned(), failures, failures - 1)
        }
        AttemptOutcome::Failed { status: Some(status @ (401 | 403 | 451)), .. } => {
            (FORBIDDEN_BACKOFF, format!("it answers {status}"), failures, failures - 1)
        }
        AttemptOutcome::Failed { status: Some(status @ (429 | 503)), .. } => {
            (MIN_INTERVAL, format!("it answers {status}"), throttles, throttles)
        }
        AttemptOutcome::Failed { class, .. } => {
            (Duration::ZERO, format!("it failed ({class})"), failures, failures - 1)
        }
    };
    let floor = if policy.exempt { policy.interval } else { least.max(MIN_INTERVAL) };
    let base = pause.length.max(floor);
    let length = base
        .saturating_mul(2_u32.saturating_pow(doublings.min(MAX_DOUBLINGS)))
        .min(policy.max_interval.max(base));
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times in a row") };
    *pause = Pause { reason: format!("{why}, {times}: {}", words(length)), length };
}

/// How long a source that rarely has something new is left alone: half the usual pause between its
/// entries.
fn quiet(dates: &[Timestamp], now: Timestamp) -> Option<Duration> {
    let past: Vec<Timestamp> = dates.iter().copied().filter(|d| *d <= now).take(20).collect();
    if past.len() < 5 {
        return None;
    }
    let mut gaps: Vec<TimeDelta> = past.windows(2).map(|pair| pair[0] - pair[1]).collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2].to_std().ok()?;
    Some((median / 2).min(MAX_QUIET_INTERVAL)).filter(|pause| *pause > MIN_INTERVAL)
}

/// Up to a tenth more, and 30 minutes at most: the same source does not always come at the same
/// minute as the others.
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

/// Moves on to the first hour that skipHours and skipDays leave open, as far as the cap lets it.
fn skip_closed_hours(next: &mut NextPoll, hints: &Hints, at_most: Timestamp) {
    let open = hints.next_open_time(next.at);
    if open <= next.at {
        return;
    }
    if open <= at_most {
        next.reason = format!(
            "{}, then the feed's skipHours or skipDays until {}",
            next.reason,
            moment(open)
        );
        next.at = open;
    } else if at_most > next.at {
        next.reason = format!(
            "{}, then the feed's skipHours or skipDays, capped at {}",
            next.reason,
            moment(at_most)
        );
        next.at = at_most;
    }
}

/// Moves on to the first slot that no floor, hint or back-off forbids, and that lies in an open
/// hour.
fn next_cron_slot(
    next: &mut NextPoll,
    cron: &Cron,
    text: &str,
    hints: &Hints,
    state: &PollState<'_>,
    at_most: Timestamp,
) {
    let slot_from = |moment: Timestamp| cron.next_after(moment - TimeDelta::milliseconds(1));
    let Some(first) = slot_from(next.at) else {
        return;
    };
    let mut slot = first;
    for _ in 0..MAX_SLOTS {
        let open = hints.next_open_time(slot);
        if open == slot {
            break;
        }
        let Some(later) = slot_from(open).filter(|later| *later <= at_most) else {
            slot = first;
            break;
        };
        slot = later;
    }
    let mut why: Vec<&str> = Vec::new();
    if cron.next_after(state.now).is_some_and(|soonest| soonest < first) && !next.reason.is_empty()
    {
        why.push(&next.reason);
    }
    if slot > first {
        why.push("the feed's skipHours or skipDays");
    }
    next.reason = if why.is_empty() {
        format!("the schedule `{text}`")
    } else {
        format!("the schedule `{text}`; earlier slots are passed over: {}", why.join(", "))
    };
    next.at = slot;
}
