//! What follows from the result of a poll for the next one. Pure functions: the current time is an
//! argument.

use chrono::TimeDelta;
use url::Url;

use feed_model::{MovedAddress, PollOutcome, Source, Timestamp};

use super::{fetched::FetchedSource, session::SessionSummary};
use crate::{
    schedule::{self, Hints, NextPoll, PollReason},
    store::SourceRecord,
};

/// How long a permanent redirect must be seen before its target is polled instead.
const REDIRECT_ADOPTION_DELAY: TimeDelta = TimeDelta::days(7);

/// How long a source is not polled while its hub pushes.
const PUSHED_INTERVAL: TimeDelta = TimeDelta::hours(24);

/// How far apart two 410s must be before a source counts as gone.
const GONE_CONFIRMATION_DELAY: TimeDelta = TimeDelta::hours(24);

/// The new state of a source after a poll.
#[derive(Debug)]
pub(super) struct Timing {
    /// Failures in a row, this poll included.
    pub(super) failures: u32,
    /// Responses 429 and 503 in a row, this poll included.
    pub(super) throttles: u32,
    /// When the source first answered 410, if it still does.
    pub(super) gone_since: Option<Timestamp>,
    /// Whether the source counts as gone and is not polled any more.
    pub(super) gone: bool,
    pub(super) moved: Option<MovedAddress>,
    pub(super) next: NextPoll,
}

/// Decides the new state of a source and its next poll. `host_backoff` is the end of the host's
/// backoff, if there is one.
pub(super) fn decide(
    source: &Source,
    record: &SourceRecord,
    fetched: &FetchedSource,
    session: &SessionSummary,
    host_backoff: Option<Timestamp>,
    now: Timestamp,
) -> Timing {
    let outcome = fetched.outcome();
    let status = fetched.trace.status;
    let last_request = session.last_request.unwrap_or(now);
    let throttled = outcome == PollOutcome::Failed && matches!(status, Some(429 | 503));
    let failures = if outcome.is_failure() { record.failures.saturating_add(1) } else { 0 };
    let throttles = if throttled { record.throttles.saturating_add(1) } else { 0 };
    let gone_since =
        (outcome == PollOutcome::Gone).then(|| record.gone_since.unwrap_or(last_request));
    let update_hints = fetched.content().and_then(|content| content.update_hints.as_ref());
    let hints = Hints::of(
        status.unwrap_or(0),
        &fetched.trace.headers,
        update_hints.unwrap_or(&record.update_hints),
        now,
    );
    let next = schedule::next_poll(
        &source.poll_policy,
        &hints,
        &schedule::PollState {
            now,
            last_request,
            outcome,
            error_class: fetched.error().map(|error| error.class.as_str()),
            status,
            consecutive_failures: failures,
            consecutive_throttles: throttles,
            has_validators: session.has_validators.unwrap_or_else(|| had_validators(record)),
            follow_mode: fetched.follow_mode,
            recent_dates: &recent_dates(record, fetched),
            source: &source.id,
            host_backoff,
        },
    );
    let next =
        if record.is_pushed && !outcome.is_failure() { pushed(next, last_request) } else { next };
    Timing {
        failures,
        throttles,
        gone_since,
        gone: gone_since.is_some_and(|since| now - since >= GONE_CONFIRMATION_DELAY),
        moved: moved_address(record, fetched, now),
        next,
    }
}

/// Delays the next poll of a source whose hub pushes.
fn pushed(next: NextPoll, last_request: Timestamp) -> NextPoll {
    let at = last_request + PUSHED_INTERVAL;
    if next.at >= at { next } else { NextPoll { at, reason: PollReason::Pushed, ..next } }
}

/// Returns whether the server is assumed to send validators, after a poll that did not show it. A
/// source that never answered is not slowed down.
fn had_validators(record: &SourceRecord) -> bool {
    record.imported.is_none()
        || record.validators.iter().any(|(_, validators)| !validators.is_empty())
}

/// Returns the dates of the newest entries, those of this poll included, newest first.
fn recent_dates(record: &SourceRecord, fetched: &FetchedSource) -> Vec<Timestamp> {
    let mut dates = record.recent_dates.clone();
    dates.extend(
        fetched.drafts().iter().filter_map(|(draft, _)| draft.published.map(|date| date.at)),
    );
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.dedup();
    dates
}

/// Tracks a permanent redirect. Its target is adopted after seven days, or at once if only the
/// scheme changes from http to https or if the old address is missing (404, 410). The redirect is
/// forgotten when the old address answers itself, or when the adopted address is missing.
fn moved_address(
    record: &SourceRecord,
    fetched: &FetchedSource,
    now: Timestamp,
) -> Option<MovedAddress> {
    let hops = &fetched.trace.hops;
    let requested = hops.first().map(|hop| &hop.from).or(fetched.trace.final_url.as_ref());
    if fetched.outcome().is_failure() {
        let moved = record.moved.clone()?;
        let is_missing = hops.is_empty() && matches!(fetched.trace.status, Some(404 | 410));
        return match requested == Some(&moved.to) {
            true if moved.adopted && is_missing => None,
            false if is_missing => Some(MovedAddress { adopted: true, ..moved }),
            _ => Some(moved),
        };
    }
    // Only permanent redirects at the beginning of the chain count.
    let target = hops.iter().take_while(|hop| hop.permanent).last().map(|hop| hop.to.clone());
    match (target, &record.moved) {
        // The adopted address was polled and answered itself.
        (None, Some(known)) if known.adopted && requested == Some(&known.to) => Some(known.clone()),
        (None, _) => None,
        (Some(to), Some(known)) if known.to == to => Some(MovedAddress {
            to,
            since: known.since,
            adopted: known.adopted || now - known.since >= REDIRECT_ADOPTION_DELAY,
        }),
        (Some(to), _) => {
            let adopted = requested.is_some_and(|from| is_https_upgrade(from, &to));
            Some(MovedAddress { to, since: now, adopted })
        }
    }
}

/// Returns whether two URLs differ only in that the second uses https.
fn is_https_upgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "http"
        && to.scheme() == "https"
        && from.host_str() == to.host_str()
        && from.path() == to.path()
        && from.query() == to.query()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use feed_model::{FetchLimits, FollowMode, PollPolicy, SitemapPatterns, SourceId};

    use super::{
        super::{
            crawl_result::CrawlResult,
            fetched::{FetchResult, PollFailure},
        },
        *,
    };
    use crate::{fetch::Hop, schedule::PollReason, store::PollError};

    fn noon() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn source() -> Source {
        Source {
            id: SourceId::new("s").unwrap(),
            title: None,
            url: url("http://example.org/feed"),
            follow_mode: FollowMode::Auto,
            poll_policy: PollPolicy {
                interval: Duration::from_secs(3600),
                custom_interval: false,
                schedule: None,
                timezone: feed_model::TimeZone::UTC,
                max_interval: Duration::from_secs(7 * 24 * 3600),
                exempt: false,
            },
            limits: FetchLimits {
                timeout: Duration::from_secs(1),
                max_body_bytes: 1,
                max_items: 1,
            },
            allow_hosts: Vec::new(),
            http2: true,
            content: None,
            auth: None,
            publish: false,
            paused: false,
            backfill: 0,
            pages_per_poll: 0,
            page: None,
            sitemap: SitemapPatterns::default(),
        }
    }

    fn failed(outcome: PollOutcome, status: u16) -> FetchedSource {
        let mut failure = PollFailure::before_request("", String::new());
        failure.outcome = outcome;
        failure.trace.status = Some(status);
        failure.trace.final_url = Some(source().url);
        failure.error = PollError { class: format!("http-{status}"), text: String::new() };
        FetchedSource::failed(failure, FollowMode::Feed)
    }

    /// A 304 behind redirects, each given as its target and whether it is permanent.
    fn not_modified(redirects: &[(&str, bool)]) -> FetchedSource {
        let mut fetched = failed(PollOutcome::Failed, 304);
        fetched.result = FetchResult::NotModified(CrawlResult::new(FollowMode::Feed));
        let mut from = source().url;
        for (to, permanent) in redirects {
            let to = url(to);
            let status = if *permanent { 301 } else { 302 };
            fetched.trace.hops.push(Hop { from, to: to.clone(), status, permanent: *permanent });
            from = to;
        }
        fetched.trace.final_url = Some(from);
        fetched
    }

    fn decide_at(record: &SourceRecord, fetched: &FetchedSource, now: Timestamp) -> Timing {
        let session = SessionSummary { last_request: Some(now), ..SessionSummary::default() };
        decide(&source(), record, fetched, &session, None, now)
    }

    #[test]
    fn failures_and_throttles_are_counted_until_a_success() {
        let mut record = SourceRecord::default();
        for (status, failures, throttles) in [(500, 1, 0), (429, 2, 1), (503, 3, 2), (404, 4, 0)] {
            let timing = decide_at(&record, &failed(PollOutcome::Failed, status), noon());
            assert_eq!((timing.failures, timing.throttles), (failures, throttles), "{status}");
            (record.failures, record.throttles) = (timing.failures, timing.throttles);
        }
        let timing = decide_at(&record, &not_modified(&[]), noon());
        assert_eq!((timing.failures, timing.throttles), (0, 0));
    }

    #[test]
    fn a_source_is_gone_after_two_410s_a_day_apart() {
        let gone = failed(PollOutcome::Gone, 410);
        let first = decide_at(&SourceRecord::default(), &gone, noon());
        assert_eq!((first.gone_since, first.gone), (Some(noon()), false));
        let record = SourceRecord { gone_since: first.gone_since, ..SourceRecord::default() };
        assert!(!decide_at(&record, &gone, noon() + TimeDelta::hours(23)).gone);
        let second = decide_at(&record, &gone, noon() + TimeDelta::hours(24));
        assert_eq!((second.gone_since, second.gone), (Some(noon()), true));
        let other = decide_at(&record, &failed(PollOutcome::Failed, 404), noon());
        assert_eq!((other.gone_since, other.gone), (None, false));
    }

    #[test]
    fn a_redirect_is_adopted_after_seven_days() {
        let moved = not_modified(&[("http://new.example/feed", true)]);
        let mut record = SourceRecord::default();
        for (days, adopted) in [(0, false), (6, false), (7, true)] {
            let timing = decide_at(&record, &moved, noon() + TimeDelta::days(days));
            let expected =
                MovedAddress { to: url("http://new.example/feed"), since: noon(), adopted };
            assert_eq!(timing.moved, Some(expected), "after {days} days");
            record.moved = timing.moved;
        }
    }

    #[test]
    fn a_redirect_to_https_is_adopted_at_once_and_a_temporary_one_never() {
        let adopted = |fetched: &FetchedSource| {
            decide_at(&SourceRecord::default(), fetched, noon()).moved.map(|moved| moved.adopted)
        };
        assert_eq!(adopted(&not_modified(&[("https://example.org/feed", true)])), Some(true));
        assert_eq!(adopted(&not_modified(&[("https://example.org/other", true)])), Some(false));
        assert_eq!(adopted(&not_modified(&[("https://example.org/feed", false)])), None);
    }

    #[test]
    fn a_missing_old_address_adopts_the_redirect_and_a_missing_new_one_ends_it() {
        let moved = |to: &str, adopted| {
            let moved = MovedAddress { to: url(to), since: noon(), adopted };
            SourceRecord { moved: Some(moved), ..SourceRecord::default() }
        };
        let missing = failed(PollOutcome::Failed, 404);
        let timing = decide_at(&moved("http://new.example/feed", false), &missing, noon());
        assert!(timing.moved.unwrap().adopted);
        // The adopted address itself is missing.
        let timing = decide_at(&moved(source().url.as_str(), true), &missing, noon());
        assert_eq!(timing.moved, None);
        let timing = decide_at(
            &moved("http://new.example/feed", false),
            &failed(PollOutcome::Failed, 500),
            noon(),
        );
        assert!(!timing.moved.unwrap().adopted, "another failure changes nothing");
    }

    #[test]
    fn the_host_backoff_delays_the_next_poll() {
        let until = noon() + TimeDelta::days(2);
        let session = SessionSummary { last_request: Some(noon()), ..SessionSummary::default() };
        let timing = decide(
            &source(),
            &SourceRecord::default(),
            &not_modified(&[]),
            &session,
            Some(until),
            noon(),
        );
        assert_eq!((timing.next.at, timing.next.reason), (until, PollReason::HostBackoff(until)));
    }
}
