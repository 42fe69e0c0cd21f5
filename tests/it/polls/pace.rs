//! When one source is asked again: floors, wishes, refusals, failures, and all of it across restarts.

use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Timelike as _};
use feed_model::{SourceHealth, SourceId, Timestamp};
use tributary::{
    clock::{Clock as _, ManualClock},
    poll::Outcome,
};

use super::world::{World, feed, feed_with, noon, source, tagged};
use crate::support::origin::{Received, Reply};

const FLOOR: TimeDelta = TimeDelta::hours(1);

/// Answers conditionally, and writes down when it was asked.
fn conditional(clock: ManualClock, asked: Arc<Mutex<Vec<Timestamp>>>) -> impl Fn(&Received) -> Reply + Send + Sync {
    move |request| {
        if request.path == "/robots.txt" {
            return Reply::new(404);
        }
        asked.lock().unwrap().push(clock.now());
        match request.header("if-none-match") {
            Some("\"1\"") => Reply::new(304),
            _ => tagged(&["one"], "\"1\""),
        }
    }
}

#[tokio::test]
async fn a_program_that_starts_every_ten_minutes_asks_no_sooner() {
    let mut world = World::of_feed();
    let asked = Arc::new(Mutex::new(Vec::new()));
    world.origin.answer(conditional(world.clock.clone(), asked.clone()));
    for _ in 0..48 * 6 {
        world.restart();
        let now = world.clock.now();
        world.run_until(now).await;
        world.clock.set(now + TimeDelta::minutes(10));
    }
    let asked = asked.lock().unwrap();
    assert!((30..=48).contains(&asked.len()), "{} requests in two days", asked.len());
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= FLOOR), "{asked:?}");
    let unconditional = world.origin.requests_to("/feed").iter().filter(|r| r.header("if-none-match").is_none()).count();
    assert_eq!(unconditional, 1);
}

#[tokio::test]
async fn a_new_feed_costs_two_requests_in_two_hours() {
    let world = World::of_feed();
    world.origin.answer(conditional(world.clock.clone(), Arc::default()));
    world.run_until(noon() + TimeDelta::minutes(119)).await;
    let paths: Vec<_> = world.origin.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/robots.txt", "/feed", "/feed"], "nothing is probed, and nothing asked for twice");
    assert_eq!(world.sent("/feed").0.as_deref(), Some("\"1\""));
}

#[tokio::test]
async fn a_feed_without_validators_is_asked_once_a_day() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::ok(feed(&["one"]))]);
    world.run_until(noon() + TimeDelta::hours(48)).await;
    assert_eq!(world.origin.requests_to("/feed").len(), 2);
    assert!(world.state("feed").next_poll_because.unwrap().contains("it gives no validators"));
}

#[tokio::test]
async fn retry_after_is_kept_in_every_form() {
    let later = noon() + TimeDelta::hours(30);
    let dates = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let mut forms: Vec<String> = dates.iter().map(|form| later.format(form).to_string()).collect();
    forms.push((30 * 3600).to_string());
    let statuses = [429, 503, 429, 503];
    for (status, form) in statuses.into_iter().zip(&forms) {
        let mut world = World::of_feed();
        world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), Reply::new(status).header("Retry-After", form)]);
        world.poll("feed").await;
        let report = world.poll("feed").await;
        assert_eq!((report.outcome, report.status), (Outcome::Failed, Some(status)));
        world.restart();
        assert_eq!(world.state("feed").next_poll, Some(later), "{status} {form}");
        assert!(
            world.state("feed").next_poll_because.unwrap().starts_with("Retry-After asks to wait until 2026-11-22 18:00 UTC")
        );
        // A person who insists is told to wait as well.
        world.poller.store.request_polls(&[SourceId::new("feed").unwrap()], true).unwrap();
        world.clock.set(later - TimeDelta::seconds(1));
        assert!(!world.is_due("feed"), "{status} {form}");
        world.clock.set(later);
        assert!(world.is_due("feed"), "{status} {form}");
    }
}

#[tokio::test]
async fn a_redirect_may_ask_to_wait() {
    let world = World::of_feed();
    world.origin.script(
        "/feed",
        vec![
            Reply::redirect(302, "/busy").header("Retry-After", "7200"),
            Reply::redirect(302, "/busy").header("Retry-After", "0"),
        ],
    );
    world.origin.script("/busy", vec![tagged(&["one"], "\"1\"")]);
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, report.status), (Outcome::Failed, Some(302)), "{report:?}");
    assert_eq!(
        (world.next_in("feed"), world.state("feed").last_error_class.as_deref()),
        (TimeDelta::hours(2), Some("redirect-later"))
    );
    assert!(world.origin.requests_to("/busy").is_empty());
    world.poll_when_due("feed").await;
    assert_eq!(world.state("feed").entries, 1);
}

#[tokio::test]
async fn bare_refusals_slow_down_step_by_step_and_one_success_forgives() {
    let world = World::of_feed();
    let refused = || Reply::new(429);
    world
        .origin
        .script("/feed", vec![tagged(&["one"], "\"1\""), refused(), refused(), refused(), refused(), refused(), Reply::new(304)]);
    let mut asked = vec![world.clock.now()];
    world.poll("feed").await;
    for _ in 0..6 {
        asked.push(world.poll_when_due("feed").await);
    }
    let gaps: Vec<TimeDelta> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[1..].windows(2).all(|pair| pair[1] >= pair[0]) && gaps[1] >= TimeDelta::hours(2), "{gaps:?}");
    assert!(world.next_in("feed") < TimeDelta::hours(2));
    assert_eq!(world.state("feed").health, SourceHealth::Ok);
}

#[tokio::test]
async fn max_age_of_a_refusal_is_kept_and_absurd_ones_are_capped() {
    let world = World::of_feed();
    let fresh =
        |status, seconds: &str| Reply::new(status).header("ETag", "\"1\"").header("Cache-Control", &format!("max-age={seconds}"));
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), fresh(429, "172800"), fresh(304, "31536000")]);
    world.poll("feed").await;
    world.poll_when_due("feed").await;
    assert!((TimeDelta::days(2)..TimeDelta::days(2) + FLOOR).contains(&world.next_in("feed")), "{}", world.next_in("feed"));
    world.poll_when_due("feed").await;
    assert_eq!(world.next_in("feed"), TimeDelta::days(7));
    assert!(world.state("feed").next_poll_because.unwrap().contains("max-age"));
}

#[tokio::test]
async fn what_the_document_wishes_holds_through_304() {
    let mut world = World::of_feed();
    let body = feed_with("<ttl>720</ttl><skipHours><hour>0</hour><hour>1</hour></skipHours>", &["one"]);
    world.origin.script("/feed", vec![Reply::ok(body).header("ETag", "\"1\""), Reply::new(304)]);
    world.poll("feed").await;
    for _ in 0..3 {
        // Twelve hours after noon, and an hour of jitter at most, it is closed until two.
        assert!((TimeDelta::hours(12)..=TimeDelta::hours(14)).contains(&world.next_in("feed")), "{}", world.next_in("feed"));
        assert!(world.state("feed").next_poll_because.unwrap().contains("the feed's ttl of 12 h"));
        world.restart();
        world.poll_when_due("feed").await;
    }
    let hours: Vec<u32> = {
        let mut hours = Vec::new();
        for _ in 0..6 {
            hours.push(world.poll_when_due("feed").await.hour());
        }
        hours
    };
    assert!(!hours.contains(&0) && !hours.contains(&1), "{hours:?}");
}

#[tokio::test]
async fn gone_twice_a_day_apart_and_the_source_rests() {
    let mut world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), Reply::new(410)]);
    world.poll("feed").await;
    world.poll_when_due("feed").await;
    assert_eq!(world.state("feed").health, SourceHealth::Failing);
    assert!(world.next_in("feed") >= TimeDelta::hours(24));
    world.restart();
    world.poll_when_due("feed").await;
    let state = world.state("feed");
    assert_eq!((state.health, state.entries, state.next_poll), (SourceHealth::Resting, 1, None));
    world.clock.advance(TimeDelta::days(365));
    assert!(!world.is_due("feed"));
}

#[tokio::test]
async fn three_hours_of_404_are_no_death() {
    let world = World::of_feed();
    let clock = world.clock.clone();
    world.origin.answer(move |request| match (request.path.as_str(), clock.now() - noon()) {
        ("/feed", since) if (TimeDelta::minutes(30)..TimeDelta::minutes(210)).contains(&since) => Reply::new(404),
        ("/feed", since) => tagged(&["one", "two"][..if since < FLOOR { 1 } else { 2 }], "\"1\""),
        _ => Reply::new(404),
    });
    world.run_until(noon() + TimeDelta::hours(8)).await;
    let state = world.state("feed");
    assert_eq!((state.health, state.entries, state.failures), (SourceHealth::Ok, 2, 0));
    let refused = world.origin.requests_to("/feed").len();
    assert!((4..=7).contains(&refused), "{refused} requests");
}

#[tokio::test]
async fn who_is_forbidden_waits_four_hours() {
    for status in [401, 403, 451] {
        let world = World::of_feed();
        world.origin.script("/feed", vec![Reply::new(status)]);
        world.poll("feed").await;
        assert!(world.next_in("feed") >= TimeDelta::hours(4), "{status}");
        assert!(world.state("feed").next_poll_because.unwrap().starts_with(&format!("it answers {status}, once: 4 h")));
    }
}

#[tokio::test]
async fn an_error_is_not_repeated_in_the_poll() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::new(503)]);
    world.run_until(noon() + TimeDelta::minutes(59)).await;
    assert_eq!(world.origin.requests_to("/feed").len(), 1);
}

#[tokio::test]
async fn credentials_that_are_missing_bother_nobody() {
    let world = World::new(|origin| {
        let auth = Some(feed_model::Auth::BasicFile("nowhere".into()));
        vec![feed_model::Source { auth, ..source("feed", &origin.url("/feed")) }]
    });
    world.clock.advance(TimeDelta::days(1));
    let report = world.poll("feed").await;
    assert!(report.error.unwrap().contains("nowhere"));
    assert!(world.origin.requests().is_empty() && world.next_in("feed") >= FLOOR);
}

#[tokio::test]
async fn a_redirect_that_always_asks_to_wait_is_waited_for_once() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::redirect(302, "/busy").header("Retry-After", "7200")]);
    world.origin.script("/busy", vec![tagged(&["one"], "\"1\""), Reply::new(304)]);
    world.poll("feed").await;
    assert_eq!(world.next_in("feed"), TimeDelta::hours(2));
    assert!(world.state("feed").next_poll_because.unwrap().starts_with("Retry-After asks to wait until"));
    // Not sooner, though: who insists is refused by the schedule, and even a poll all the same does not follow.
    world.clock.advance(TimeDelta::hours(1));
    world.poll("feed").await;
    assert!(world.origin.requests_to("/busy").is_empty());
    world.poll_when_due("feed").await;
    assert_eq!(world.state("feed").entries, 1);
    // It goes on like that: every other request is a wait, and none of them comes too soon.
    world.poll_when_due("feed").await;
    world.poll_when_due("feed").await;
    assert_eq!(world.state("feed").last_status, Some(304));
}

#[tokio::test]
async fn what_a_document_wishes_only_lengthens() {
    let all: String = (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect::<Vec<_>>().concat();
    let most = all.replace("<hour>23</hour>", "");
    let sy = |period: &str, frequency: u32| {
        format!(
            "<sy:updatePeriod xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">{period}</sy:updatePeriod>\
             <sy:updateFrequency xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">{frequency}</sy:updateFrequency>"
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
        let world = World::of_feed();
        world.origin.script("/feed", vec![Reply::ok(feed_with(&channel, &["one"])).header("ETag", "\"1\"")]);
        world.poll("feed").await;
        let (next, least) = (world.next_in("feed"), TimeDelta::hours(hours));
        assert!((least..=least + TimeDelta::minutes(30)).contains(&next), "{channel}: {next}");
    }
}

#[tokio::test]
async fn who_writes_once_a_month_is_asked_once_a_day() {
    let items: Vec<String> = (1..=9)
        .map(|month| {
            let date = format!("2026-0{month}-15T08:00:00Z").parse::<Timestamp>().unwrap().to_rfc2822();
            format!(
                "<item><guid isPermaLink=\"false\">{month}</guid><title>Letter {month}</title><pubDate>{date}</pubDate></item>"
            )
        })
        .collect();
    let world = World::of_feed();
    let monthly = format!("<rss version=\"2.0\"><channel><title>Letters</title>{}</channel></rss>", items.concat());
    world.origin.script("/feed", vec![Reply::ok(monthly).header("ETag", "\"1\""), Reply::new(304)]);
    world.poll("feed").await;
    world.poll_when_due("feed").await;
    assert!((TimeDelta::hours(24)..=TimeDelta::minutes(24 * 60 + 30)).contains(&world.next_in("feed")));
    assert!(world.state("feed").next_poll_because.unwrap().contains("it is quiet"));
}
