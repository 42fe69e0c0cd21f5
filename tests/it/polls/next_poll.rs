//! When one source is asked again: floors, wishes, refusals, failures, and all of it across
//! restarts.

use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Timelike as _};
use feed_model::PollOutcome;
use feed_model::{SourceHealth, SourceId, Timestamp};
use tributary::clock::Clock as _;

use crate::support::{
    feeds::{feed, feed_with_channel, feed_with_etag},
    installation::{Installation, public_source},
    origin::{ReceivedRequest, Reply},
    time::{ManualClock, noon},
};

const MIN_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// Answers conditionally, and writes down when it was asked.
fn answer_conditionally(
    clock: ManualClock,
    asked: Arc<Mutex<Vec<Timestamp>>>,
) -> impl Fn(&ReceivedRequest) -> Reply + Send + Sync {
    move |request| {
        if request.path == "/robots.txt" {
            return Reply::new(404);
        }
        asked.lock().unwrap().push(clock.now());
        match request.header("if-none-match") {
            Some("\"1\"") => Reply::new(304),
            _ => feed_with_etag(&["one"], "\"1\""),
        }
    }
}

#[tokio::test]
async fn restarts_every_ten_minutes_do_not_shorten_the_poll_interval() {
    let mut harness = Installation::with_public_feed();
    let asked = Arc::new(Mutex::new(Vec::new()));
    harness.origin.set_handler(answer_conditionally(harness.clock.clone(), asked.clone()));
    for _ in 0..48 * 6 {
        harness.restart();
        let now = harness.clock.now();
        harness.run_until(now).await;
        harness.clock.set(now + TimeDelta::minutes(10));
    }
    let asked = asked.lock().unwrap();
    assert!((30..=48).contains(&asked.len()), "{} requests in two days", asked.len());
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= MIN_INTERVAL), "{asked:?}");
    let unconditional = harness
        .origin
        .requests_to("/feed")
        .iter()
        .filter(|r| r.header("if-none-match").is_none())
        .count();
    assert_eq!(unconditional, 1);
}

#[tokio::test]
async fn a_new_feed_costs_two_requests_in_two_hours() {
    let harness = Installation::with_public_feed();
    harness.origin.set_handler(answer_conditionally(harness.clock.clone(), Arc::default()));
    harness.run_until(noon() + TimeDelta::minutes(119)).await;
    let paths: Vec<_> = harness.origin.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(
        paths,
        ["/robots.txt", "/feed", "/feed"],
        "nothing is probed, and nothing asked for twice"
    );
    assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"1\""));
}

#[tokio::test]
async fn a_feed_without_validators_is_polled_once_a_day() {
    let harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![Reply::ok(feed(&["one"]))]);
    harness.run_until(noon() + TimeDelta::hours(48)).await;
    assert_eq!(harness.origin.requests_to("/feed").len(), 2);
    assert!(harness.source_state("feed").next_poll_reason.unwrap().contains("sends no validators"));
}

#[tokio::test]
async fn retry_after_is_honoured_in_every_form() {
    let later = noon() + TimeDelta::hours(30);
    let dates = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let mut forms: Vec<String> = dates.iter().map(|form| later.format(form).to_string()).collect();
    forms.push((30 * 3600).to_string());
    let statuses = [429, 503, 429, 503];
    for (status, form) in statuses.into_iter().zip(&forms) {
        let mut harness = Installation::with_public_feed();
        harness.origin.script(
            "/feed",
            vec![feed_with_etag(&["one"], "\"1\""), Reply::new(status).header("Retry-After", form)],
        );
        harness.poll("feed").await;
        let report = harness.poll("feed").await;
        assert_eq!((report.outcome, report.status), (PollOutcome::Failed, Some(status)));
        harness.restart();
        assert_eq!(harness.source_state("feed").next_poll, Some(later), "{status} {form}");
        assert!(
            harness
                .source_state("feed")
                .next_poll_reason
                .unwrap()
                .starts_with("Retry-After asks to wait until 2026-11-22 18:00 UTC")
        );
        // A person who insists is told to wait as well.
        harness.poller().store.request_polls(&[SourceId::new("feed").unwrap()], true).unwrap();
        harness.clock.set(later - TimeDelta::seconds(1));
        assert!(!harness.is_due("feed"), "{status} {form}");
        harness.clock.set(later);
        assert!(harness.is_due("feed"), "{status} {form}");
    }
}

#[tokio::test]
async fn retry_after_on_a_redirect_is_honoured() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![
            Reply::redirect(302, "/busy").header("Retry-After", "7200"),
            Reply::redirect(302, "/busy").header("Retry-After", "0"),
        ],
    );
    harness.origin.script("/busy", vec![feed_with_etag(&["one"], "\"1\"")]);
    let report = harness.poll("feed").await;
    assert_eq!((report.outcome, report.status), (PollOutcome::Failed, Some(302)), "{report:?}");
    assert_eq!(
        (
            harness.time_until_next_poll("feed"),
            harness.source_state("feed").last_error_class.as_deref()
        ),
        (TimeDelta::hours(2), Some("redirect-later"))
    );
    assert!(harness.origin.requests_to("/busy").is_empty());
    harness.poll_when_due("feed").await;
    assert_eq!(harness.source_state("feed").entries, 1);
}

#[tokio::test]
async fn a_429_without_retry_after_backs_off_until_one_success() {
    let harness = Installation::with_public_feed();
    let refused = || Reply::new(429);
    harness.origin.script(
        "/feed",
        vec![
            feed_with_etag(&["one"], "\"1\""),
            refused(),
            refused(),
            refused(),
            refused(),
            refused(),
            Reply::new(304),
        ],
    );
    let mut asked = vec![harness.clock.now()];
    harness.poll("feed").await;
    for _ in 0..6 {
        asked.push(harness.poll_when_due("feed").await);
    }
    let gaps: Vec<TimeDelta> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        gaps[1..].windows(2).all(|pair| pair[1] >= pair[0]) && gaps[1] >= TimeDelta::hours(2),
        "{gaps:?}"
    );
    assert!(harness.time_until_next_poll("feed") < TimeDelta::hours(2));
    assert_eq!(harness.source_state("feed").health, SourceHealth::Ok);
}

#[tokio::test]
async fn max_age_of_a_429_is_honoured_and_capped_at_max_interval() {
    let harness = Installation::with_public_feed();
    let fresh = |status, seconds: &str| {
        Reply::new(status)
            .header("ETag", "\"1\"")
            .header("Cache-Control", &format!("max-age={seconds}"))
    };
    harness.origin.script(
        "/feed",
        vec![feed_with_etag(&["one"], "\"1\""), fresh(429, "172800"), fresh(304, "31536000")],
    );
    harness.poll("feed").await;
    harness.poll_when_due("feed").await;
    assert!(
        (TimeDelta::days(2)..TimeDelta::days(2) + MIN_INTERVAL)
            .contains(&harness.time_until_next_poll("feed")),
        "{}",
        harness.time_until_next_poll("feed")
    );
    harness.poll_when_due("feed").await;
    assert_eq!(harness.time_until_next_poll("feed"), TimeDelta::days(7));
    assert!(harness.source_state("feed").next_poll_reason.unwrap().contains("max-age"));
}

#[tokio::test]
async fn update_hints_of_the_document_stay_in_force_through_304() {
    let mut harness = Installation::with_public_feed();
    let body = feed_with_channel(
        "<ttl>720</ttl><skipHours><hour>0</hour><hour>1</hour></skipHours>",
        &["one"],
    );
    harness.origin.script("/feed", vec![Reply::ok(body).header("ETag", "\"1\""), Reply::new(304)]);
    harness.poll("feed").await;
    for _ in 0..3 {
        // Twelve hours after noon, and an hour of jitter at most, it is closed until two.
        assert!(
            (TimeDelta::hours(12)..=TimeDelta::hours(14))
                .contains(&harness.time_until_next_poll("feed")),
            "{}",
            harness.time_until_next_poll("feed")
        );
        assert!(
            harness
                .source_state("feed")
                .next_poll_reason
                .unwrap()
                .contains("the feed's ttl of 12 h")
        );
        harness.restart();
        harness.poll_when_due("feed").await;
    }
    let hours: Vec<u32> = {
        let mut hours = Vec::new();
        for _ in 0..6 {
            hours.push(harness.poll_when_due("feed").await.hour());
        }
        hours
    };
    assert!(!hours.contains(&0) && !hours.contains(&1), "{hours:?}");
}

#[tokio::test]
async fn two_410_responses_a_day_apart_stop_polling() {
    let mut harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![feed_with_etag(&["one"], "\"1\""), Reply::new(410)]);
    harness.poll("feed").await;
    harness.poll_when_due("feed").await;
    assert_eq!(harness.source_state("feed").health, SourceHealth::Failing);
    assert!(harness.time_until_next_poll("feed") >= TimeDelta::hours(24));
    harness.restart();
    harness.poll_when_due("feed").await;
    let state = harness.source_state("feed");
    assert_eq!((state.health, state.entries, state.next_poll), (SourceHealth::Gone, 1, None));
    harness.clock.advance(TimeDelta::days(365));
    assert!(!harness.is_due("feed"));
}

#[tokio::test]
async fn a_source_recovers_after_three_hours_of_404() {
    let harness = Installation::with_public_feed();
    let clock = harness.clock.clone();
    harness.origin.set_handler(move |request| {
        match (request.path.as_str(), clock.now() - noon()) {
            ("/feed", since)
                if (TimeDelta::minutes(30)..TimeDelta::minutes(210)).contains(&since) =>
            {
                Reply::new(404)
            }
            ("/feed", since) => {
                feed_with_etag(&["one", "two"][..if since < MIN_INTERVAL { 1 } else { 2 }], "\"1\"")
            }
            _ => Reply::new(404),
        }
    });
    harness.run_until(noon() + TimeDelta::hours(8)).await;
    let state = harness.source_state("feed");
    assert_eq!((state.health, state.entries, state.failures), (SourceHealth::Ok, 2, 0));
    let refused = harness.origin.requests_to("/feed").len();
    assert!((4..=7).contains(&refused), "{refused} requests");
}

#[tokio::test]
async fn a_401_403_or_451_is_retried_after_four_hours() {
    for status in [401, 403, 451] {
        let harness = Installation::with_public_feed();
        harness.origin.script("/feed", vec![Reply::new(status)]);
        harness.poll("feed").await;
        assert!(harness.time_until_next_poll("feed") >= TimeDelta::hours(4), "{status}");
        assert!(
            harness
                .source_state("feed")
                .next_poll_reason
                .unwrap()
                .starts_with(&format!("the server answered {status}, once: retry after 4 h"))
        );
    }
}

#[tokio::test]
async fn an_error_is_not_retried_within_one_poll() {
    let harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![Reply::new(503)]);
    harness.run_until(noon() + TimeDelta::minutes(59)).await;
    assert_eq!(harness.origin.requests_to("/feed").len(), 1);
}

#[tokio::test]
async fn missing_credentials_send_no_request() {
    let harness = Installation::with_public_sources(|origin| {
        let auth = Some(feed_model::Auth::BasicFile("nowhere".into()));
        vec![feed_model::Source { auth, ..public_source("feed", &origin.url("/feed")) }]
    });
    harness.clock.advance(TimeDelta::days(1));
    let report = harness.poll("feed").await;
    assert!(report.error.unwrap().contains("nowhere"));
    assert!(
        harness.origin.requests().is_empty()
            && harness.time_until_next_poll("feed") >= MIN_INTERVAL
    );
}

#[tokio::test]
async fn retry_after_on_every_redirect_is_waited_for_only_once() {
    let harness = Installation::with_public_feed();
    harness
        .origin
        .script("/feed", vec![Reply::redirect(302, "/busy").header("Retry-After", "7200")]);
    harness.origin.script("/busy", vec![feed_with_etag(&["one"], "\"1\""), Reply::new(304)]);
    harness.poll("feed").await;
    assert_eq!(harness.time_until_next_poll("feed"), TimeDelta::hours(2));
    assert!(
        harness
            .source_state("feed")
            .next_poll_reason
            .unwrap()
            .starts_with("Retry-After asks to wait until")
    );
    // Not sooner, though: who insists is refused by the schedule, and even a poll all the same does
    // not follow.
    harness.clock.advance(TimeDelta::hours(1));
    harness.poll("feed").await;
    assert!(harness.origin.requests_to("/busy").is_empty());
    harness.poll_when_due("feed").await;
    assert_eq!(harness.source_state("feed").entries, 1);
    // It goes on like that: every other request is a wait, and none of them comes too soon.
    harness.poll_when_due("feed").await;
    harness.poll_when_due("feed").await;
    assert_eq!(harness.source_state("feed").last_status, Some(304));
}

#[tokio::test]
async fn update_hints_of_a_document_only_lengthen_the_interval() {
    let all: String =
        (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect::<Vec<_>>().concat();
    let most = all.replace("<hour>23</hour>", "");
    let sy = |period: &str, frequency: u32| {
        format!(
            "<sy:updatePeriod xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">{period}\
             </sy:updatePeriod><sy:updateFrequency xmlns:sy=\"http://purl.org/rss/1.0/modules/\
             syndication/\">{frequency}</sy:updateFrequency>"
        )
    };
    // It is a Saturday, at noon.
    let cases = [
        ("<ttl>5</ttl>".to_owned(), 1),
        ("<ttl>often</ttl>".to_owned(), 1),
        ("<ttl>-1</ttl>".to_owned(), 1),
        ("<ttl>0</ttl>".to_owned(), 1),
        ("<ttl>1440</ttl>".to_owned(), 24),
        (sy("hourly", 1), 1),
        (sy("daily", 2), 12),
        (sy("weekly", 1), 7 * 24),
        (format!("<skipHours>{all}</skipHours>"), 1),
        (format!("<skipHours>{most}</skipHours>"), 11),
        ("<skipDays><day>Saturday</day></skipDays>".to_owned(), 12),
    ];
    for (channel, hours) in cases {
        let harness = Installation::with_public_feed();
        harness.origin.script(
            "/feed",
            vec![Reply::ok(feed_with_channel(&channel, &["one"])).header("ETag", "\"1\"")],
        );
        harness.poll("feed").await;
        let (next, least) = (harness.time_until_next_poll("feed"), TimeDelta::hours(hours));
        assert!((least..=least + TimeDelta::minutes(30)).contains(&next), "{channel}: {next}");
    }
}

#[tokio::test]
async fn a_monthly_feed_is_polled_once_a_day() {
    let items: Vec<String> = (1..=9)
        .map(|month| {
            let date =
                format!("2026-0{month}-15T08:00:00Z").parse::<Timestamp>().unwrap().to_rfc2822();
            format!(
                "<item><guid isPermaLink=\"false\">{month}</guid><title>Letter {month}</title>\
                 <pubDate>{date}</pubDate></item>"
            )
        })
        .collect();
    let harness = Installation::with_public_feed();
    let monthly = format!(
        "<rss version=\"2.0\"><channel><title>Letters</title>{}</channel></rss>",
        items.concat()
    );
    harness
        .origin
        .script("/feed", vec![Reply::ok(monthly).header("ETag", "\"1\""), Reply::new(304)]);
    harness.poll("feed").await;
    harness.poll_when_due("feed").await;
    assert!(
        (TimeDelta::hours(24)..=TimeDelta::minutes(24 * 60 + 30))
            .contains(&harness.time_until_next_poll("feed"))
    );
    assert!(
        harness.source_state("feed").next_poll_reason.unwrap().contains("new entries are rare")
    );
}
