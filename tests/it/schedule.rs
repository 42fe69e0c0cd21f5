//! Tests of `schedule` from the outside: when a source is asked next, and why.

use std::time::Duration;

use chrono::TimeDelta;
use feed_model::{
    FollowMode, Headers, PollOutcome, PollPolicy, SourceId, TimeZone, Timestamp, UpdateHints,
};
use proptest::prelude::*;
use tributary::schedule::{Hint, Hints, NextPoll, PollState, next_poll, spread};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A Saturday, at noon.
fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn policy(interval: Duration) -> PollPolicy {
    PollPolicy {
        interval,
        custom_interval: false,
        schedule: None,
        timezone: TimeZone::UTC,
        max_interval: 7 * DAY,
        exempt: false,
    }
}

fn on_schedule(cron: &str) -> PollPolicy {
    PollPolicy { schedule: Some(cron.into()), ..policy(HOUR) }
}

fn hints(fields: &[(&str, &str)], wishes: &UpdateHints) -> Hints {
    Hints::of(200, &fields.iter().copied().collect(), wishes, noon())
}

/// A source that answered well at noon.
fn good(source: &SourceId) -> PollState<'_> {
    PollState {
        now: noon(),
        last_request: noon(),
        outcome: PollOutcome::Unchanged,
        error_class: None,
        status: Some(200),
        consecutive_failures: 0,
        consecutive_throttles: 0,
        has_validators: true,
        follow_mode: FollowMode::Feed,
        recent_dates: &[],
        source,
        host_backoff: None,
    }
}

fn failed(source: &SourceId, status: u16, times: u32) -> PollState<'_> {
    let throttled = if matches!(status, 429 | 503) { times } else { 0 };
    PollState {
        outcome: PollOutcome::Failed,
        error_class: Some(if status == 500 { "http-500" } else { "http" }),
        status: Some(status),
        consecutive_failures: times,
        consecutive_throttles: throttled,
        ..good(source)
    }
}

fn id() -> SourceId {
    SourceId::new("some-source").unwrap()
}

/// The pause without its jitter, which is at most a tenth and 30 minutes.
fn pause(next: &NextPoll) -> Duration {
    let whole = (next.at - noon()).to_std().unwrap();
    assert!(
        whole >= next.interval && whole <= next.interval + (next.interval / 10).min(HOUR / 2),
        "jitter only lengthens: {next:?}"
    );
    next.interval
}

/// Header fields, what the document wishes, the pause in minutes, and the reason.
type Case<'a> = (&'a [(&'a str, &'a str)], UpdateHints, u64, &'a str);

#[test]
fn freshness_and_update_hints_set_the_interval() {
    let none = UpdateHints::default();
    let wish = |ttl_minutes, sy_interval_s| UpdateHints {
        ttl_minutes,
        sy_interval_s,
        ..UpdateHints::default()
    };
    let date = ("date", "Sat, 21 Nov 2026 12:00:00 GMT");
    let year = [("cache-control", "max-age=31536000")];
    let expires = [("expires", "Sat, 21 Nov 2026 20:00:00 GMT"), date];
    let cases: &[Case<'_>] = &[
        (&[], none.clone(), 60, "every 60 min"),
        (&[("cache-control", "max-age=60")], none.clone(), 60, "every 60 min"),
        (&[("cache-control", "max-age=7200")], none.clone(), 120, "the publisher's max-age of 2 h"),
        (
            &[("cache-control", "max-age=14400"), ("age", "3600")],
            none.clone(),
            180,
            "the publisher's max-age of 3 h",
        ),
        (&[("cache-control", "no-cache, max-age=7200")], none.clone(), 60, "every 60 min"),
        (&expires, none.clone(), 480, "the publisher's Expires of 8 h"),
        (&year, none.clone(), 7 * 24 * 60, "limited to 7 days by max_interval"),
        (&[], wish(Some(5), None), 60, "every 60 min"),
        (&[], wish(Some(0), None), 60, "every 60 min"),
        (&[], wish(Some(1440), None), 1440, "the feed's ttl of 24 h"),
        (&[], wish(Some(u64::MAX), None), 7 * 24 * 60, "limited to 7 days by max_interval"),
        (&[], wish(None, Some(3600)), 60, "every 60 min"),
        (&[], wish(Some(90), Some(43_200)), 720, "the feed's update period of 12 h"),
        (&[("cache-control", "max-age=7200")], wish(Some(240), None), 240, "the feed's ttl of 4 h"),
    ];
    for (fields, wishes, minutes, because) in cases {
        let next = next_poll(&policy(HOUR), &hints(fields, wishes), &good(&id()));
        assert_eq!(
            pause(&next),
            Duration::from_secs(minutes * 60),
            "{fields:?} {wishes:?}: {}",
            next.reason
        );
        let said = if *because == "every 60 min" { "every 1 h" } else { because };
        assert!(
            next.reason.to_string().contains(said),
            "`{}` says nothing of `{said}`",
            next.reason
        );
    }
}

#[test]
fn minimum_intervals_apply_unless_the_source_is_exempt() {
    let id = id();
    let without = PollState { has_validators: false, ..good(&id) };
    let minute = Duration::from_secs(60);
    let none = Hints::default();
    assert_eq!(pause(&next_poll(&policy(minute), &none, &good(&id))), HOUR);
    let feed = next_poll(&policy(HOUR), &none, &without);
    assert_eq!(
        (
            pause(&feed),
            feed.reason.to_string().contains("the server sends no validators, so every 24 h")
        ),
        (DAY, true),
        "{}",
        feed.reason
    );
    let site = PollState { follow_mode: FollowMode::Page, ..without.clone() };
    assert_eq!(pause(&next_poll(&policy(HOUR), &none, &site)), 6 * HOUR);
    // An interval of the source's own is its operator's word, but never below an hour.
    let own = PollPolicy { custom_interval: true, ..policy(2 * HOUR) };
    assert_eq!(pause(&next_poll(&own, &none, &without)), 2 * HOUR);
    let hasty = PollPolicy { custom_interval: true, ..policy(minute) };
    assert_eq!(pause(&next_poll(&hasty, &none, &without)), HOUR);
    let exempt = PollPolicy { exempt: true, ..policy(Duration::from_secs(5)) };
    assert_eq!(pause(&next_poll(&exempt, &none, &without)), Duration::from_secs(5));
    // A failure does not open the floor of a feed that is sent whole each time.
    let broken = PollState { has_validators: false, ..failed(&id, 500, 1) };
    assert_eq!(pause(&next_poll(&policy(HOUR), &none, &broken)), DAY);
}

#[test]
fn failures_back_off_and_throttling_backs_off_sooner() {
    let id = id();
    let hours = |status, times| {
        pause(&next_poll(&policy(HOUR), &Hints::default(), &failed(&id, status, times))).as_secs()
            / 3600
    };
    assert_eq!(
        (1..=9).map(|n| hours(500, n)).collect::<Vec<_>>(),
        [1, 2, 4, 8, 16, 32, 64, 128, 168]
    );
    assert_eq!((1..=5).map(|n| hours(429, n)).collect::<Vec<_>>(), [2, 4, 8, 16, 32]);
    assert_eq!((1..=3).map(|n| hours(503, n)).collect::<Vec<_>>(), [2, 4, 8]);
    assert_eq!(hours(404, 1), 1, "one 404 is chance");
    for status in [401, 403, 451] {
        assert_eq!((hours(status, 1), hours(status, 2)), (4, 8), "{status}");
    }
    // Refused for the first time after other failures: the refusals count, not the failures.
    let mixed =
        PollState { consecutive_failures: 6, consecutive_throttles: 1, ..failed(&id, 429, 1) };
    let next = next_poll(&policy(HOUR), &Hints::default(), &mixed);
    assert_eq!(
        (
            pause(&next),
            next.reason.to_string().starts_with("the server answered 429, once: retry after 2 h")
        ),
        (2 * HOUR, true),
        "{}",
        next.reason
    );
    let challenge =
        PollState { outcome: PollOutcome::Challenge, consecutive_failures: 1, ..good(&id) };
    let next = next_poll(&policy(HOUR), &Hints::default(), &challenge);
    assert_eq!(
        (
            pause(&next),
            next.reason
                .to_string()
                .starts_with("the server answered with a bot challenge, once: retry after 4 h")
        ),
        (4 * HOUR, true),
        "{}",
        next.reason
    );
    let gone = PollState { outcome: PollOutcome::Gone, consecutive_failures: 5, ..good(&id) };
    assert_eq!(
        pause(&next_poll(&policy(HOUR), &Hints::default(), &gone)),
        DAY,
        "gone is asked once more, a day later"
    );
    let next = next_poll(&policy(HOUR), &Hints::default(), &failed(&id, 500, 3));
    assert!(
        next.reason
            .to_string()
            .starts_with("the poll failed (http-500), 3 times in a row: retry after 4 h"),
        "{}",
        next.reason
    );
}

#[test]
fn dns_failures_are_retried_soon() {
    let source = id();
    let next = |times| {
        let situation = PollState {
            outcome: PollOutcome::Failed,
            error_class: Some("dns"),
            status: None,
            consecutive_failures: times,
            ..good(&source)
        };
        next_poll(&policy(3 * HOUR), &Hints::default(), &situation)
    };
    let minutes: Vec<u64> = (1..8).map(|times| pause(&next(times)).as_secs() / 60).collect();
    // A machine whose network comes late is not deaf for hours, nor for days after a night without
    // one.
    assert_eq!(minutes, [10, 20, 40, 80, 160, 180, 180]);
    assert!(
        next(1)
            .reason
            .to_string()
            .starts_with("the host name could not be resolved: retry after 10 min"),
        "{}",
        next(1).reason
    );
}

#[test]
fn repeated_429s_never_shorten_the_pause() {
    let id = id();
    let mut last = Duration::ZERO;
    let mut now = noon();
    for times in 1..=12 {
        let situation = PollState { now, last_request: now, ..failed(&id, 429, times) };
        let next = next_poll(&policy(HOUR), &Hints::default(), &situation);
        let gap = (next.at - now).to_std().unwrap();
        assert!(gap >= last && gap <= 7 * DAY, "refusal {times}: {gap:?} after {last:?}");
        (last, now) = (gap, next.at);
    }
    assert_eq!(last, 7 * DAY);
}

#[test]
fn max_age_of_a_429_is_not_multiplied() {
    let hints = Hints::of(
        429,
        &[("cache-control", "max-age=172800")].into_iter().collect(),
        &UpdateHints::default(),
        noon(),
    );
    let next = next_poll(&policy(HOUR), &hints, &failed(&id(), 429, 3));
    assert_eq!(
        (pause(&next), next.reason.to_string().contains("max-age of 2 days")),
        (2 * DAY, true),
        "{}",
        next.reason
    );
}

#[test]
fn retry_after_is_honoured_beyond_max_interval() {
    let ask = |value: &str, max_interval| {
        let hints = Hints::of(
            503,
            &[("retry-after", value)].into_iter().collect(),
            &UpdateHints::default(),
            noon(),
        );
        next_poll(&PollPolicy { max_interval, ..policy(HOUR) }, &hints, &failed(&id(), 503, 1))
    };
    let later = ask("864000", DAY);
    assert_eq!(
        (later.at, later.not_before),
        (noon() + TimeDelta::days(10), Some(noon() + TimeDelta::days(10)))
    );
    assert_eq!(later.reason.to_string(), "Retry-After asks to wait until 2026-12-01 12:00 UTC");
    // A short one shortens nothing, and is kept for a forced poll.
    let short = ask("120", 7 * DAY);
    assert_eq!(
        (pause(&short), short.not_before),
        (2 * HOUR, Some(noon() + TimeDelta::seconds(120)))
    );
    for nonsense in ["-5", "soon", "Sat, 21 Nov 2026 11:00:00 GMT"] {
        assert_eq!(ask(nonsense, 7 * DAY).not_before, None, "{nonsense}");
    }
    assert_eq!(
        ask("99999999999", DAY).at,
        noon() + TimeDelta::days(30),
        "more than 30 days is a mistake"
    );
}

#[test]
fn host_backoff_postpones_the_next_poll() {
    let id = id();
    let hold = noon() + TimeDelta::hours(9);
    let next = next_poll(
        &policy(HOUR),
        &Hints::default(),
        &PollState { host_backoff: Some(hold), ..good(&id) },
    );
    assert_eq!(
        (next.at, next.reason.to_string().as_str()),
        (hold, "host backoff until 2026-11-21 21:00 UTC: two of its sources answered 429 or 503")
    );
    let next = next_poll(
        &on_schedule("30 * * * *"),
        &Hints::default(),
        &PollState { host_backoff: Some(hold), ..good(&id) },
    );
    assert_eq!(next.at, hold + TimeDelta::minutes(30));
    let soon = next_poll(
        &policy(HOUR),
        &Hints::default(),
        &PollState { host_backoff: Some(noon() + TimeDelta::minutes(5)), ..good(&id) },
    );
    assert_eq!(pause(&soon), HOUR);
}

#[test]
fn the_interval_grows_for_rarely_updated_sources() {
    let id = id();
    let every = |days: i64| (0..10).map(|n| noon() - TimeDelta::days(n * days)).collect::<Vec<_>>();
    let ask = |dates: &[Timestamp], policy: &PollPolicy| {
        next_poll(policy, &Hints::default(), &PollState { recent_dates: dates, ..good(&id) })
    };
    let monthly = ask(&every(30), &policy(HOUR));
    assert_eq!(
        (
            pause(&monthly),
            monthly.reason.to_string().contains("new entries are rare, so every 24 h")
        ),
        (DAY, true),
        "{}",
        monthly.reason
    );
    assert_eq!(pause(&ask(&every(1), &policy(HOUR))), 12 * HOUR);
    let hourly: Vec<_> = (0..10).map(|n| noon() - TimeDelta::hours(n)).collect();
    assert_eq!(pause(&ask(&hourly, &policy(HOUR))), HOUR);
    assert_eq!(pause(&ask(&every(30)[..3], &policy(HOUR))), HOUR, "three entries say nothing");
    let burst = vec![noon() - TimeDelta::days(400); 10];
    assert_eq!(pause(&ask(&burst, &policy(HOUR))), HOUR, "an import says nothing");
    let scheduled = ask(&every(30), &on_schedule("0 * * * *"));
    assert_eq!(scheduled.at, noon() + TimeDelta::hours(1), "a schedule is not slowed down");
}

#[test]
fn a_cron_schedule_skips_forbidden_slots() {
    let id = id();
    let none = Hints::default();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let next = next_poll(&on_schedule("0 6-22 * * *"), &none, &good(&id));
    assert_eq!(
        (next.at, next.reason.to_string().as_str()),
        (at("2026-11-21T13:00:00Z"), "the schedule `0 6-22 * * *`")
    );
    // The floor of an hour.
    let next = next_poll(&on_schedule("*/15 * * * *"), &none, &good(&id));
    assert_eq!(next.at, at("2026-11-21T13:00:00Z"));
    assert!(
        next.reason
            .to_string()
            .contains("earlier slots are skipped: every 1 h, the shortest interval allowed"),
        "{}",
        next.reason
    );
    // A wish of the publisher.
    let wish = hints(&[("cache-control", "max-age=40000")], &UpdateHints::default());
    let next = next_poll(&on_schedule("0 6-22 * * *"), &wish, &good(&id));
    assert_eq!(next.at, at("2026-11-22T06:00:00Z"));
    assert!(next.reason.to_string().contains("max-age"), "{}", next.reason);
    // A slot in a closed hour is passed over as well, however often.
    let closed = UpdateHints {
        skip_hours: (0..14).chain(15..24).collect(),
        skip_days: vec![5],
        ..UpdateHints::default()
    };
    let next = next_poll(&on_schedule("30 * * * *"), &hints(&[], &closed), &good(&id));
    assert_eq!(next.at, at("2026-11-22T14:30:00Z"), "Saturday is closed, and every hour but 14");
    assert!(next.reason.to_string().contains("skipHours"), "{}", next.reason);
    // A schedule whose every slot is closed is kept as it is.
    let next = next_poll(&on_schedule("0 6 * * *"), &hints(&[], &closed), &good(&id));
    assert_eq!(next.at, at("2026-11-22T06:00:00Z"));
    // A monthly schedule is its operator's word, whatever the cap.
    assert_eq!(
        next_poll(&on_schedule("@monthly"), &none, &good(&id)).at,
        at("2026-12-01T00:00:00Z")
    );
}

#[test]
fn skip_hours_are_waited_out_up_to_max_interval() {
    let id = id();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let night = UpdateHints { skip_hours: (0..23).collect(), ..UpdateHints::default() };
    let next = next_poll(&policy(HOUR), &hints(&[], &night), &good(&id));
    assert_eq!(next.at, at("2026-11-21T23:00:00Z"));
    assert!(
        next.reason
            .to_string()
            .contains("then the feed's skipHours or skipDays until 2026-11-21 23:00 UTC"),
        "{}",
        next.reason
    );
    let all = UpdateHints { skip_hours: (1..=24).collect(), ..UpdateHints::default() };
    assert_eq!(
        pause(&next_poll(&policy(HOUR), &hints(&[], &all), &good(&id))),
        HOUR,
        "all closed makes no sense"
    );
    let capped = PollPolicy { max_interval: 3 * HOUR, ..policy(HOUR) };
    let next = next_poll(&capped, &hints(&[], &night), &good(&id));
    assert_eq!(
        (next.at, next.reason.to_string().contains("limited to")),
        (at("2026-11-21T15:00:00Z"), true),
        "{}",
        next.reason
    );
}

#[test]
fn first_polls_of_many_sources_are_spread_out() {
    let starts: Vec<Duration> = (0..520).map(|place| spread(place, HOUR)).collect();
    assert!(starts[..20].iter().all(Duration::is_zero), "the first twenty are asked at once");
    let mut per_tenth = [0; 10];
    for start in &starts[20..] {
        assert!(*start < HOUR);
        per_tenth[usize::try_from(start.as_secs() / 360).unwrap()] += 1;
    }
    assert!(
        per_tenth.iter().all(|n| (45..=55).contains(n)),
        "500 sources over an hour, by tenths of it: {per_tenth:?}"
    );
}

fn any_pace() -> impl Strategy<Value = PollPolicy> {
    let schedule = prop::option::weighted(
        0.3,
        prop::sample::select(vec!["* * * * *", "0 6-22 * * *", "*/7 3 * * 1-5", "30 12 1,15 * *"]),
    );
    (1_u64..200_000, any::<bool>(), schedule, 1_u64..2_000_000, any::<bool>()).prop_map(
        |(interval, custom_interval, schedule, cap, exempt)| PollPolicy {
            interval: Duration::from_secs(interval),
            custom_interval,
            schedule: schedule.map(str::to_owned),
            timezone: TimeZone::America__New_York,
            max_interval: Duration::from_secs(interval.max(cap)),
            exempt,
        },
    )
}

fn any_hints() -> impl Strategy<Value = Hints> {
    let hours = prop::collection::vec(0_u8..24, 0..30);
    let days = prop::collection::vec(0_u8..7, 0..8);
    let wish = prop::option::of(0_u64..3_000_000);
    (
        wish.clone(),
        wish.clone(),
        wish,
        hours,
        days,
        prop::sample::select(vec![200_u16, 304, 429, 503]),
    )
        .prop_map(|(max_age, retry, ttl_minutes, skip_hours, skip_days, status)| {
            let mut headers = Headers::new();
            if let Some(seconds) = max_age {
                headers.push("cache-control", format!("max-age={seconds}"));
            }
            if let Some(seconds) = retry {
                headers.push("retry-after", seconds.to_string());
            }
            Hints::of(
                status,
                &headers,
                &UpdateHints { ttl_minutes, skip_hours, skip_days, sy_interval_s: None },
                noon(),
            )
        })
}

/// An outcome with its status, the failures and the throttles in a row.
#[derive(Debug, Clone)]
struct AnyOutcome {
    outcome: PollOutcome,
    status: Option<u16>,
    failures: u32,
    throttles: u32,
}

impl AnyOutcome {
    fn new(outcome: PollOutcome, failures: u32) -> Self {
        Self { outcome, status: None, failures, throttles: 0 }
    }
}

fn any_outcome() -> impl Strategy<Value = AnyOutcome> {
    let failure =
        prop::sample::select(vec![None, Some(401_u16), Some(404), Some(429), Some(500), Some(503)]);
    prop_oneof![
        Just(AnyOutcome::new(PollOutcome::NotModified, 0)),
        Just(AnyOutcome::new(PollOutcome::Unchanged, 0)),
        Just(AnyOutcome::new(PollOutcome::Gone, 1)),
        (1_u32..40).prop_map(|n| AnyOutcome::new(PollOutcome::Challenge, n)),
        (failure, 1_u32..40, 1_u32..40).prop_map(|(status, failures, throttles)| {
            let throttles = if matches!(status, Some(429 | 503)) { throttles } else { 0 };
            AnyOutcome { status, throttles, ..AnyOutcome::new(PollOutcome::Failed, failures) }
        }),
    ]
}

proptest! {
    #[test]
    fn the_next_poll_is_in_the_future_and_within_max_interval(
        policy in any_pace(), hints in any_hints(), outcome in any_outcome(),
        validators: bool, since in 0_i64..400_000, hold in prop::option::of(0_i64..900_000),
    ) {
        let id = id();
        let last_request = noon() - TimeDelta::seconds(since);
        let host_backoff = hold.map(|s| noon() + TimeDelta::seconds(s));
        let situation = PollState {
            last_request,
            outcome: outcome.outcome,
            error_class: outcome.outcome.is_failure().then_some("x"),
            status: outcome.status,
            consecutive_failures: outcome.failures,
            consecutive_throttles: outcome.throttles,
            has_validators: validators,
            host_backoff,
            ..good(&id)
        };
        let next = next_poll(&policy, &hints, &situation);
        prop_assert!(next.at > noon(), "{next:?}");
        for promised in [hints.retry_after, host_backoff].into_iter().flatten() {
            prop_assert!(next.at >= promised, "{next:?} comes before {promised}");
        }
        if !policy.exempt {
            let floor = if validators || policy.custom_interval { HOUR } else { DAY };
            let floor = floor.min(policy.max_interval);
            let floor = last_request + TimeDelta::from_std(floor).unwrap();
            prop_assert!(next.at >= floor, "{next:?} is below the floor");
        }
        if policy.schedule.is_none() {
            let from = [Some(noon()), hints.retry_after, host_backoff].into_iter().flatten().max();
            let cap = from.unwrap() + TimeDelta::from_std(policy.max_interval).unwrap();
            prop_assert!(next.at <= cap, "{next:?} is beyond the cap");
        } else {
            prop_assert_eq!(next.at.timestamp() % 60, 0);
        }
        prop_assert!(!next.reason.to_string().is_empty());
        let again = next_poll(&policy, &hints, &situation);
        prop_assert_eq!(&next, &again, "the same each time that it is computed");
    }

    #[test]
    fn update_hints_only_lengthen_the_interval(
        policy in any_pace(), hints in any_hints(), more in 0_u64..3_000_000,
    ) {
        let id = id();
        let bare =
            Hints { fresh_for: None, feed_interval: None, retry_after: None, ..hints.clone() };
        let fresh_for = Some((Hint::MaxAge, Duration::from_secs(more)));
        let wished = Hints { fresh_for, ..bare.clone() };
        let plain = next_poll(&policy, &bare, &good(&id));
        // Jitter grows with the pause, so that nothing is undone by it.
        prop_assert!(next_poll(&policy, &wished, &good(&id)).at >= plain.at);
        prop_assert!(next_poll(&policy, &hints, &good(&id)).at >= plain.at);
    }
}

#[test]
fn a_schedule_is_in_the_time_zone_and_follows_its_clocks() {
    let id = id();
    let berlin = PollPolicy { timezone: TimeZone::Europe__Berlin, ..on_schedule("30 2,6 * * *") };
    let mut slots = Vec::new();
    let mut now: Timestamp = "2026-03-27T12:00:00Z".parse().unwrap();
    for _ in 0..4 {
        let state = PollState { now, last_request: now, ..good(&id) };
        now = next_poll(&berlin, &Hints::default(), &state).at;
        slots.push(now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    }
    // On 29 March at two o'clock, clocks are put forward to three.
    let expected = [
        "2026-03-28T01:30:00Z",
        "2026-03-28T05:30:00Z",
        "2026-03-29T04:30:00Z",
        "2026-03-30T00:30:00Z",
    ];
    assert_eq!(slots, expected);
}
