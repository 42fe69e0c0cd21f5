//! The next poll: the longest of what is configured, the floors and the publisher's wishes, with its reason.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Cron, Hints};
use crate::model::{Follow, Pace, SourceId, Timestamp};

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
/// An interval below this is a person watching: no jitter.
const NO_JITTER_BELOW: Duration = Duration::from_secs(60);
/// Doublings of the pause after failures.
const MOST_DOUBLINGS: u32 = 10;
/// Sources that are asked at once at a first start.
const FIRST_AT_ONCE: usize = 20;

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
    /// When the last request ended: pauses are counted from there.
    pub last_request: Timestamp,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// Failures in a row, this one included.
    pub failures_in_a_row: u32,
    /// Refusals (429, 503) in a row, this one included.
    pub throttled_in_a_row: u32,
    /// Whether the polled address gives validators.
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
    let mut pause = Pause { length: pace.interval, because: format!("every {}", words(pace.interval)) };
    if pace.schedule.is_some() {
        pause = Pause { length: Duration::ZERO, because: String::new() };
    }
    if !pace.exempt {
        pause.at_least(LEAST, || format!("never more often than every {}", words(LEAST)));
        let answered = matches!(situation.outcome, Outcome::Changed | Outcome::Unchanged | Outcome::NotModified);
        if answered && !situation.has_validators && !pace.own_interval {
            let floor = if situation.follow == Follow::Feed { FEED_WITHOUT_VALIDATORS } else { SITE_WITHOUT_VALIDATORS };
            pause.at_least(floor, || format!("it gives no validators, so every {}", words(floor)));
        }
    }
    if let Some((fresh, whose)) = hints.fresh_for {
        pause.at_least(fresh, || format!("{whose} of {}", words(fresh)));
    }
    if let Some((wish, whose)) = hints.publisher {
        pause.at_least(wish, || format!("{whose} of {}", words(wish)));
    }
    if pace.schedule.is_none()
        && !pace.exempt
        && let Some(quiet) = quiet(situation.recent_dates, situation.now)
    {
        pause.at_least(quiet, || format!("it is quiet, so every {}", words(quiet)));
    }
    back_off(&mut pause, pace, situation);
    if pause.length > pace.max_interval {
        pause =
            Pause { because: format!("{}, capped at {}", pause.because, words(pace.max_interval)), length: pace.max_interval };
    }
    let interval = if pace.schedule.is_some() { pause.length.max(pace.interval) } else { pause.length };
    // Jitter stays below the cap as well, so that `max_interval` is what it says.
    let jitter = jitter(pause.length, situation).min(pace.max_interval.saturating_sub(pause.length));
    if !jitter.is_zero() {
        pause.because = format!("{}, and {} of jitter", pause.because, words(jitter));
    }
    let delta = TimeDelta::from_std(pause.length + jitter).unwrap_or(TimeDelta::days(7));
    let mut next = NextPoll { at: situation.last_request + delta, because: pause.because, not_before: hints.retry_at, interval };
    if let Some(cron) = pace.schedule.as_deref().and_then(|text| Cron::parse(text).ok()) {
        on_schedule(&mut next, &cron, pace, situation);
    }
    if let Some(retry) = hints.retry_at.filter(|retry| *retry > next.at) {
        next = NextPoll { at: retry, because: format!("Retry-After asks to wait until {}", moment(retry)), ..next };
    }
    if let Some(hold) = situation.host_hold.filter(|hold| *hold > next.at) {
        next = NextPoll { at: hold, because: format!("its host is left in peace until {}", moment(hold)), ..next };
    }
    let open = hints.open_from(next.at);
    if open > next.at {
        next.because = format!("{}, then the feed's skipHours or skipDays until {}", next.because, moment(open));
        next.at = open;
    }
    if next.at <= situation.now {
        // A pause that has passed by now: at once, and never in the past.
        next.at = situation.now + TimeDelta::milliseconds(1);
    }
    next
}

/// When a source that was never polled is asked first, as a pause from the start: the first ones at once, more of them
/// spread out over their interval.
pub fn spread(place: usize, interval: Duration) -> (Duration, String) {
    let Some(beyond) = place.checked_sub(FIRST_AT_ONCE).map(|n| n + 1) else {
        return (Duration::ZERO, "it is new".into());
    };
    // The golden ratio spreads any number of them evenly.
    let fraction = (f64::from(u32::try_from(beyond).unwrap_or(u32::MAX)) * 0.618_033_988_75).fract();
    let pause = interval.min(LEAST).mul_f64(fraction);
    (pause, format!("it is new, and one of many: {} after the start", words(pause)))
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

fn back_off(pause: &mut Pause, pace: &Pace, situation: &Situation<'_>) {
    let failures = situation.failures_in_a_row;
    let (base, why) = match &situation.outcome {
        Outcome::Changed | Outcome::Unchanged | Outcome::NotModified => return,
        Outcome::Gone => (GONE, "it is gone (410)".to_owned()),
        Outcome::Challenge => (FORBIDDEN, "it answers with a challenge".to_owned()),
        Outcome::Failed { status: Some(status @ (401 | 403 | 451)), .. } => (FORBIDDEN, format!("it answers {status}")),
        Outcome::Failed { status: Some(status @ (429 | 503)), .. } => (LEAST, format!("it answers {status}")),
        Outcome::Failed { class, .. } => (Duration::ZERO, format!("it failed ({class})")),
    };
    if !pace.exempt {
        pause.at_least(base, || format!("{why}: {}", words(base)));
    }
    // The first failure may be chance; a refusal is meant, and doubles at once.
    let throttled = situation.throttled_in_a_row > 0;
    let doublings = if throttled { failures.max(1) } else { failures.saturating_sub(1) }.min(MOST_DOUBLINGS);
    let base = if pause.length.is_zero() { if pace.exempt { pace.interval } else { LEAST } } else { pause.length };
    let length = base.saturating_mul(2_u32.saturating_pow(doublings)).min(pace.max_interval.max(base));
    let times = if failures == 1 { "once".to_owned() } else { format!("{failures} times in a row") };
    *pause = Pause { because: format!("{why}, {times}: {}", words(length)), length };
}

/// How long a source that rarely has something new is left alone: half the usual pause between its entries, or half of how
/// long it has been silent, whichever is shorter.
fn quiet(dates: &[Timestamp], now: Timestamp) -> Option<Duration> {
    let past: Vec<Timestamp> = dates.iter().copied().filter(|d| *d <= now).take(20).collect();
    if past.len() < 5 {
        return None;
    }
    let mut gaps: Vec<TimeDelta> = past.windows(2).map(|pair| pair[0] - pair[1]).collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2].to_std().ok()?;
    Some((median / 2).clamp(Duration::ZERO, QUIET_AT_MOST)).filter(|pause| *pause > LEAST)
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

/// The first slot of a schedule that no floor, hint or back-off forbids.
fn on_schedule(next: &mut NextPoll, cron: &Cron, pace: &Pace, situation: &Situation<'_>) {
    let text = pace.schedule.as_deref().unwrap_or_default();
    let no_sooner = next.at.max(situation.now);
    let Some(slot) = cron.next_after(no_sooner - TimeDelta::milliseconds(1)) else { return };
    let first = cron.next_after(situation.now).unwrap_or(slot);
    next.because = if first < slot && !next.because.is_empty() {
        format!("the schedule `{text}`; earlier slots are passed over: {}", next.because)
    } else {
        format!("the schedule `{text}`")
    };
    next.at = slot;
}

/// A pause in words: `3 h`, `90 min`, `45 s`.
fn words(pause: Duration) -> String {
    let s = pause.as_secs();
    match s {
        0 => format!("{} ms", pause.as_millis()),
        1..=119 => format!("{s} s"),
        120..=7199 if !s.is_multiple_of(3600) => format!("{} min", s / 60),
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{} days", s / 86_400),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
