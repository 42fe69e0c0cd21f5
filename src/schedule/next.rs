//! The next poll: the longest of what is configured, the floors and the publisher's wishes, with its reason.
//!
//! The order in which everything that has a say is heard, so that every promise holds beside the others:
//!
//! 1. what is configured, lengthened by the floors and by the quietness of the source, doubled by failures;
//! 2. what the answer and the document wish (`max-age`, `Expires`, `ttl`, `sy:*`), which only lengthens that;
//! 3. the cap `max_interval`, then jitter, which stays below it;
//! 4. `Retry-After` and the peace of the host, which no cap shortens;
//! 5. the slots of a schedule and the hours that skipHours and skipDays leave open: the first moment that is both. It is
//!    looked for as far as the cap reaches from 4; where there is none, a schedule keeps its first slot, and an interval
//!    its cap.

use std::time::Duration;

use chrono::TimeDelta;

use super::{
    Cron, Hints,
    words::{moment, words},
};
use feed_model::{Follow, Pace, SourceId, Timestamp};

/// A source that is not exempt is never asked more often.
const LEAST: Duration = Duration::from_secs(3600);
/// A feed without validators is sent whole each time: once a day is enough.
const FEED_WITHOUT_VALIDATORS: Duration = Duration::from_secs(24 * 3600);
/// A sitemap or page without validators.
const SITE_WITHOUT_VALIDATORS: Duration = Duration::from_secs(6 * 3600);
/// 401, 403, 451 and challenges: nothing that an hour heals.
const FORBIDDEN: Duration = Duration::from_secs(4 * 3600);
/// Between the first and the second 410.
const GONE: Duration = Duration::from_secs(24 * 3600);
/// The slowest that a quiet source is made by itself.
const QUIET_AT_MOST: Duration = Duration::from_secs(24 * 3600);
/// Jitter at most.
const JITTER_AT_MOST: Duration = Duration::from_secs(30 * 60);
/// A name that cannot be looked up reached nobody: the machine may only just have started, and its network not yet.
const UNREACHED: Duration = Duration::from_secs(10 * 60);
/// An interval below this is a person watching: no jitter.
const NO_JITTER_BELOW: Duration = Duration::from_secs(60);
/// Doublings of the pause after failures.
const MOST_DOUBLINGS: u32 = 10;
/// Slots of a schedule that are looked at for one that the feed's skipHours and skipDays leave open.
const MOST_SLOTS: usize = 1000;

/// How an attempt ended, as far as it matters for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
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
pub struct Situation<'a> {
    /// Now.
    pub now: Timestamp,
    /// When the last request ended: pauses are counted from there. Now, where this attempt made none.
    pub last_request: Timestamp,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// Failures in a row, this one included.
    pub failures_in_a_row: u32,
    /// Refusals (429, 503) in a row, this one included.
    pub throttled_in_a_row: u32,
    /// Whether the polled address gives validators; `true` as long as that is not known.
    pub has_validators: bool,
    /// How the source is followed.
    pub follow: Follow,
    /// The dates of its newest entries, newest first.
    pub recent_dates: &'a [Timestamp],
    /// Whose: jitter is its own, and the same each time that it is computed.
    pub source: &'a SourceId,
    /// Its host is left in peace until then.
    pub host_hold: Option<Timestamp>,
}

/// When to look next, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPoll {
    /// When.
    pub at: Timestamp,
    /// Why then, in words.
    pub because: String,
    /// What even a forced poll respects: `Retry-After`.
    pub not_before: Option<Timestamp>,
    /// The pause in force, without jitter.
    pub interval: Duration,
}

/// Decides when to look next.
pub fn next_poll(pace: &Pace, hints: &Hints, situation: &Situation<'_>) -> NextPoll {
    let cron = pace.schedule.as_deref().and_then(|text| Cron::parse(text).ok());
    let mut pause = own_pause(pace, situation, cron.is_some());
    back_off(&mut pause, pace, situation);
    for (wish, whose) in hints.fresh_for.into_iter().chain(hints.publisher) {
        pause.at_least(wish, || format!("{whose} of {}", words(wish)));
    }
    if pause.length > pace.max_interval {
        pause =
            Pause { because: format!("{}, capped at {}", pause.because, words(pace.max_interval)), length: pace.max_interval };
    }
    let interval = if cron.is_some() { pause.length.max(pace.interval) } else { pause.length };
    let cap = TimeDelta::from_std(pace.max_interval).unwrap_or(TimeDelta::days(7));
    if cron.is_none() {
        let jitter = jitter(pause.length, situation).min(pace.max_interval.saturating_sub(pause.length));
        if !jitter.is_zero() {
            pause.because = format!("{}, and {} of jitter", pause.because, words(jitter));
            pause.length += jitter;
        }
    }
    let delta = TimeDelta::from_std(pause.length).unwrap_or(cap);
    let mut next = NextPoll { at: situation.last_request + delta, because: pause.because, not_before: hints.retry_at, interval };
    let mut from = situation.last_request;
    if let Some(retry) = hints.retry_at.filter(|retry| *retry > next.at) {
        next = NextPoll { at: retry, because: format!("Retry-After asks to wait until {}", moment(retry)), ..next };
        from = retry;
    }
    if let Some(hold) = situation.host_hold.filter(|hold| *hold > next.at) {
        next = NextPoll { at: hold, because: format!("its host is left in peace until {}", moment(hold)), ..next };
        from = hold;
    }
    // A pause that has passed by now: at once, and never in the past.
    next.at = next.at.max(situation.now + TimeDelta::milliseconds(1));
    match (&cron, pace.schedule.as_deref()) {
        (Some(cron), Some(text)) => into_slot(&mut next, cron, text, hints, situation, from + cap),
        _ => into_open_hour(&mut next, hints, from + cap),
    }
    next
}

struct Pause {
    length: Duration,
    because: String,
}

impl Pause {
    fn at_least(&mut self, length: Duration, because: impl FnOnce() -> String) {
        if length > self.length {
            *self = Self { length, because: because() };
        }
    }
}

/// What is configured, and the floors. A schedule says when by itself: its pause is only what floors add.
fn own_pause(pace: &Pace, situation: &Situation<'_>, scheduled: bool) -> Pause {
    let mut pause = Pause { length: pace.interval, because: format!("every {}", words(pace.interval)) };
    if scheduled {
        pause = Pause { length: Duration::ZERO, because: String::new() };
    }
    if pace.exempt {
        return pause;
    }
    pause.at_least(LEAST, || format!("never more often than every {}", words(LEAST)));
    if !situation.has_validators && !pace.own_interval {
        let floor = if matches!(situation.follow, Follow::Sitemap | Follow::Page) {
            SITE_WITHOUT_VALIDATORS
        } else {
            FEED_WITHOUT_VALIDATORS
        };
        pause.at_least(floor, || format!("it gives no validators, so every {}", words(floor)));
    }
    if !scheduled && let Some(quiet) = quiet(situation.recent_dates, situation.now) {
        pause.at_least(quiet, || format!("it is quiet, so every {}", words(quiet)));
    }
    pause
}

/// Doubles the own pause with each failure in a row; what the publisher wishes is not multiplied.
fn back_off(pause: &mut Pause, pace: &Pace, situation: &Situation<'_>) {
    if let Outcome::Failed { class, .. } = &situation.outcome
        && class == "dns"
        && !pace.exempt
    {
        // No publisher was asked anything: no floor is broken by looking again soon, and nobody is spared by waiting for days
        // after a night without a network.
        let doublings = situation.failures_in_a_row.saturating_sub(1).min(MOST_DOUBLINGS);
        let length = UNREACHED.saturating_mul(2_u32.saturating_pow(doublings)).min(pause.length.max(LEAST));
        *pause = Pause { because: format!("looking up its name failed, so nobody was asked: {}", words(length)), length };
        return;
    }
    let (failures, throttles) = (situation.failures_in_a_row.max(1), situation.throttled_in_a_row.max(1));
    // The first failure may be chance; a refusal is meant, and doubles at once. Gone is asked once more, a day later.
    let (least, why, count, doublings) = match &situation.outcome {
        Outcome::Changed | Outcome::Unchanged | Outcome::NotModified => return,
        Outcome::Gone => (GONE, "it is gone (410)".to_owned(), 1, 0),
        Outcome::Challenge => (FORBIDDEN, "it answers with a challenge".to_owned(), failures, failures - 1),
        Outcome::Failed { status: Some(status @ (401 | 403 | 451)), .. } => {
            (FORBIDDEN, format!("it answers {status}"), failures, failures - 1)
        }
        Outcome::Failed { status: Some(status @ (429 | 503)), .. } => {
            (LEAST, format!("it answers {status}"), throttles, throttles)
        }
        Outcome::Failed { class, .. } => (Duration::ZERO, format!("it failed ({class})"), failures, failures - 1),
    };
    let floor = if pace.exempt { pace.interval } else { least.max(LEAST) };
    let base = pause.length.max(floor);
    let length = base.saturating_mul(2_u32.saturating_pow(doublings.min(MOST_DOUBLINGS))).min(pace.max_interval.max(base));
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times in a row") };
    *pause = Pause { because: format!("{why}, {times}: {}", words(length)), length };
}

/// How long a source that rarely has something new is left alone: half the usual pause between its entries.
fn quiet(dates: &[Timestamp], now: Timestamp) -> Option<Duration> {
    let past: Vec<Timestamp> = dates.iter().copied().filter(|d| *d <= now).take(20).collect();
    if past.len() < 5 {
        return None;
    }
    let mut gaps: Vec<TimeDelta> = past.windows(2).map(|pair| pair[0] - pair[1]).collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2].to_std().ok()?;
    Some((median / 2).min(QUIET_AT_MOST)).filter(|pause| *pause > LEAST)
}

/// Up to a tenth more, and 30 minutes at most: the same source does not always come at the same minute as the others.
fn jitter(pause: Duration, situation: &Situation<'_>) -> Duration {
    if pause < NO_JITTER_BELOW {
        return Duration::ZERO;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(situation.source.as_str().as_bytes()).update(&situation.last_request.timestamp_millis().to_le_bytes());
    let fraction = f64::from(hasher.finalize().as_bytes()[0]) / 256.0;
    Duration::from_secs((pause / 10).min(JITTER_AT_MOST).mul_f64(fraction).as_secs())
}

/// Moves on to the first hour that skipHours and skipDays leave open, as far as the cap lets it.
fn into_open_hour(next: &mut NextPoll, hints: &Hints, at_most: Timestamp) {
    let open = hints.open_from(next.at);
    if open <= next.at {
        return;
    }
    if open <= at_most {
        next.because = format!("{}, then the feed's skipHours or skipDays until {}", next.because, moment(open));
        next.at = open;
    } else if at_most > next.at {
        next.because = format!("{}, then the feed's skipHours or skipDays, capped at {}", next.because, moment(at_most));
        next.at = at_most;
    }
}

/// Moves on to the first slot that no floor, hint or back-off forbids, and that lies in an open hour.
fn into_slot(next: &mut NextPoll, cron: &Cron, text: &str, hints: &Hints, situation: &Situation<'_>, at_most: Timestamp) {
    let slot_from = |moment: Timestamp| cron.next_after(moment - TimeDelta::milliseconds(1));
    let Some(first) = slot_from(next.at) else { return };
    let mut slot = first;
    for _ in 0..MOST_SLOTS {
        let open = hints.open_from(slot);
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
    if cron.next_after(situation.now).is_some_and(|soonest| soonest < first) && !next.because.is_empty() {
        why.push(&next.because);
    }
    if slot > first {
        why.push("the feed's skipHours or skipDays");
    }
    next.because = if why.is_empty() {
        format!("the schedule `{text}`")
    } else {
        format!("the schedule `{text}`; earlier slots are passed over: {}", why.join(", "))
    };
    next.at = slot;
}
