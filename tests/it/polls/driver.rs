//! The scheduler at work, on a clock moved by hand: who is asked when, and that nobody holds up the
//! others.

use std::{
    collections::HashSet,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use feed_model::{FollowMode, Source, Timestamp};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tributary::{
    clock::Clock as _,
    poll::{PollScheduler, PollSettings},
    schedule::PollReason,
    telemetry::Metrics,
};
use url::Url;

use crate::support::{
    client_options,
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::{Origin, Reply},
    time::noon,
};

/// Longer than anything here takes on a busy machine.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

struct RunningDriver {
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningDriver {
    fn start(harness: &Installation) -> Self {
        let (stop, stopped) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let driver = PollScheduler::new(
            harness.poller().clone(),
            wake.clone(),
            Arc::default(),
            Arc::new(Metrics::default()),
        );
        Self { wake, stop, task: tokio::spawn(driver.run(stopped)) }
    }

    /// Moves the clock, and has the scheduler look at it.
    fn set(&self, harness: &Installation, now: Timestamp) {
        harness.clock.set(now);
        self.wake.notify_one();
    }

    async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

/// Lets the scheduler work until something is so.
async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(WAIT_TIMEOUT, async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited for in vain: {what}");
}

/// The feeds that were asked for so far.
fn requested_feeds(origin: &Origin) -> HashSet<String> {
    origin.requests().into_iter().map(|r| r.path).filter(|path| path != "/robots.txt").collect()
}

#[tokio::test]
async fn a_first_start_polls_twenty_sources_at_once_and_spreads_the_rest_over_an_hour() {
    const SOURCES: usize = 80;
    let harness = Installation::with_public_sources(|origin| {
        (0..SOURCES)
            .map(|n| public_source(&format!("s{n}"), &origin.url(&format!("/{n}"))))
            .collect()
    });
    harness.origin.set_handler(|request| match request.path.as_str() {
        "/robots.txt" => Reply::new(404),
        path => feed_with_etag(&[path.trim_start_matches('/')], "\"1\""),
    });
    let driver = RunningDriver::start(&harness);
    wait_until("the first twenty are asked", || {
        harness.read(|reader| reader.sources()).iter().filter(|s| s.last_success.is_some()).count()
            == 20
    })
    .await;
    assert_eq!(requested_feeds(&harness.origin), (0..20).map(|n| format!("/{n}")).collect());
    let planned: Vec<Timestamp> = harness
        .read(|reader| reader.sources())
        .into_iter()
        .skip(20)
        .map(|source| source.next_poll.unwrap())
        .collect();
    assert!(
        planned.iter().all(|at| (noon()..noon() + TimeDelta::hours(1)).contains(at)),
        "{planned:?}"
    );
    let mut before = 20;
    for step in 1..=12 {
        let now = noon() + TimeDelta::minutes(5 * step) - TimeDelta::milliseconds(1);
        driver.set(&harness, now);
        let expected = 20 + planned.iter().filter(|at| **at <= now).count();
        wait_until("those whose time has come are asked", || {
            requested_feeds(&harness.origin).len() >= expected
        })
        .await;
        assert_eq!(requested_feeds(&harness.origin).len(), expected, "nobody sooner");
        assert!((3..=7).contains(&(expected - before)), "{} in five minutes", expected - before);
        before = expected;
    }
    assert_eq!((before, harness.origin.most_in_flight()), (SOURCES, 1));
    driver.stop().await;
}

/// Forty sources of a host that answers nothing until the other host was asked for all of its five.
fn harness_with_slow_and_fast_hosts(fast: &Origin) -> Installation {
    let harness = Installation::with_public_sources(|slow| {
        let at = |origin: &Origin, host: &str, n: usize| {
            Url::parse(&format!("http://{host}:{}/{n}", origin.port())).unwrap()
        };
        let slow = (0..40).map(|n| public_source(&format!("slow-{n}"), &at(slow, "a.example", n)));
        let fast = (0..5).map(|n| public_source(&format!("fast-{n}"), &at(fast, "b.example", n)));
        slow.chain(fast).map(|source| Source { follow_mode: FollowMode::Feed, ..source }).collect()
    });
    let done = Arc::new((Mutex::new(HashSet::new()), Condvar::new()));
    let (noted, gave_up) = (done.clone(), AtomicBool::new(false));
    fast.set_handler(move |request| {
        if request.path != "/robots.txt" {
            noted.0.lock().unwrap().insert(request.path.clone());
            noted.1.notify_all();
        }
        feed_with_etag(&["fast"], "\"1\"")
    });
    harness.origin.set_handler(move |_| {
        let wait_timeout =
            if gave_up.load(Ordering::Relaxed) { Duration::ZERO } else { WAIT_TIMEOUT / 4 };
        let asked = done.0.lock().unwrap();
        let (asked, waited) =
            done.1.wait_timeout_while(asked, wait_timeout, |asked| asked.len() < 5).unwrap();
        drop(asked);
        // Once it waited in vain, it waits no more.
        gave_up.fetch_or(waited.timed_out(), Ordering::Relaxed);
        if waited.timed_out() { Reply::new(500) } else { feed_with_etag(&["slow"], "\"1\"") }
    });
    let settings = harness.poller().settings.load_full();
    harness
        .poller()
        .settings
        .store(Arc::new(PollSettings { concurrency: 4, ..(*settings).clone() }));
    harness
}

#[tokio::test]
async fn forty_sources_of_a_slow_host_do_not_delay_other_hosts() {
    let fast = Origin::start();
    let harness = harness_with_slow_and_fast_hosts(&fast);
    // All of them are due at once: the first twenty are of the slow host.
    let now = harness.clock.now();
    let first: Vec<_> = harness
        .read(|reader| reader.unscheduled_sources())
        .into_iter()
        .map(|id| (id, now, PollReason::FirstPoll(Duration::ZERO)))
        .collect();
    harness.poller().store.schedule_first(&first).unwrap();
    let driver = RunningDriver::start(&harness);
    wait_until("all are asked", || {
        harness.read(|reader| reader.sources()).iter().all(|s| s.last_attempt.is_some())
    })
    .await;
    driver.stop().await;
    let failed: Vec<_> = harness
        .read(|reader| reader.sources())
        .into_iter()
        .filter(|s| s.failures > 0)
        .map(|s| s.id)
        .collect();
    assert!(failed.is_empty(), "the fast host waited for the slow one: {failed:?}");
    assert_eq!(harness.origin.most_in_flight(), 1);
}

/// A feed, and a site with a sitemap, robots.txt and a back-catalogue, all of one host.
fn site_and_feed(origin: &Origin) -> Vec<Source> {
    let pages: Vec<String> = (1..=6)
        .map(|n| format!("<url><loc>{}</loc></url>", origin.url(&format!("/posts/{n}"))))
        .collect();
    let pages = pages.concat();
    let map = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/\
         0.9\">{pages}</urlset>"
    );
    origin.script("/sitemap.xml", vec![Reply::ok(map).header("ETag", "\"m\"")]);
    for n in 1..=6 {
        let page = format!(
            "<!doctype html><html><head><title>Post {n}</title></head><body><p>Text of post {n}.\
             </p></body></html>"
        );
        origin.script(
            &format!("/posts/{n}"),
            vec![Reply::ok(page).header("Content-Type", "text/html")],
        );
    }
    origin.script("/feed", vec![feed_with_etag(&["one"], "\"1\"")]);
    vec![
        Source {
            follow_mode: FollowMode::Sitemap,
            pages_per_poll: 2,
            ..public_source("site", &origin.url("/sitemap.xml"))
        },
        public_source("feed", &origin.url("/feed")),
    ]
}

#[tokio::test]
async fn robots_txt_sitemaps_pages_and_feeds_of_a_host_share_its_host_limits() {
    let gap = Duration::from_millis(60);
    let harness = Installation::with_public_sources(site_and_feed);
    harness.use_client_options(tributary::fetch::ClientOptions {
        host_gap: gap,
        host_gap_exempt: gap,
        ..client_options()
    });
    let driver = RunningDriver::start(&harness);
    wait_until("all pages are read", || {
        let states = harness.read(|reader| reader.sources());
        states[0].entries == 6 && states[1].entries == 1
    })
    .await;
    driver.stop().await;
    let requests = harness.origin.requests();
    for path in ["/robots.txt", "/sitemap.xml", "/posts/1", "/posts/6", "/feed"] {
        assert_eq!(requests.iter().filter(|request| request.path == path).count(), 1, "{path}");
    }
    assert_eq!(harness.origin.most_in_flight(), 1);
    let close: Vec<_> = requests.windows(2).filter(|pair| pair[1].at - pair[0].at < gap).collect();
    assert!(close.is_empty(), "{close:?}");
}

/// A source whose old address answers, with `reply`, only once the test says so.
fn harness_with_delayed_reply(reply: Reply) -> (Installation, Arc<AtomicBool>) {
    let harness = Installation::with_public_feed();
    let released = Arc::new(AtomicBool::new(false));
    let wait = released.clone();
    harness.origin.script("/new", vec![feed_with_etag(&["new"], "\"n\"")]);
    harness.origin.set_handler(move |request| {
        if request.path != "/feed" {
            return Reply::new(404);
        }
        let end = std::time::Instant::now() + WAIT_TIMEOUT / 4;
        while !wait.load(Ordering::Relaxed) && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        reply.clone()
    });
    (harness, released)
}

/// What the old address answers after feeds.toml names another belongs to nobody: neither its items
/// nor its failure, and the new address does not wait for what the old one deserved.
#[tokio::test]
async fn a_poll_in_flight_is_discarded_when_the_configured_url_changes() {
    for late in [
        feed_with_etag(&["old"], "\"o\""),
        Reply::new(500),
        Reply::redirect(301, "/elsewhere"),
        Reply::new(410),
    ] {
        let (mut harness, released) = harness_with_delayed_reply(late);
        let asked = Arc::new(public_source("feed", &harness.origin.url("/feed")));
        let poller = harness.poller().clone();
        let old = tokio::spawn(async move { poller.refresh(&asked).await });
        wait_until("the old address is asked", || !harness.origin.requests_to("/feed").is_empty())
            .await;
        harness.set_path_in_store("/new");
        harness.reload_sources();
        released.store(true, Ordering::Relaxed);
        let report = old.await.unwrap();
        assert!(
            report.is_stored && report.error.is_none() && report.new_entries == 0,
            "{report:?}"
        );
        assert!(
            report
                .note
                .as_deref()
                .is_some_and(|note| note.contains("address in feeds.toml changed")),
            "{report:?}"
        );
        let state = harness.source_state("feed");
        assert_eq!((state.failures, state.entries, state.last_error), (0, 0, None));
        assert!(harness.is_due("feed"), "the new address is asked at once");
        assert_eq!(harness.poll("feed").await.new_entries, 1);
        assert_eq!(harness.origin.requests_to("/new").len(), 1);
        assert_eq!(harness.sent_validators("/new"), (None, None));
    }
}

/// While feeds.toml is read again, the state knows the new address a moment before the driver does.
#[tokio::test]
async fn a_url_removed_from_the_config_is_not_requested_any_more() {
    let mut harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![feed_with_etag(&["old"], "\"o\"")]);
    harness.origin.script("/new", vec![feed_with_etag(&["new"], "\"n\"")]);
    harness.poll("feed").await;
    harness.origin.clear_requests();
    harness.set_path_in_store("/new");
    assert!(harness.is_due("feed"));
    let driver = RunningDriver::start(&harness);
    // Several looks at who is due.
    for _ in 0..5 {
        driver.wake.notify_one();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(harness.origin.requests().is_empty(), "{:?}", harness.origin.requests());
    harness.reload_sources();
    driver.wake.notify_one();
    wait_until("the new address is read", || harness.source_state("feed").entries == 2).await;
    driver.stop().await;
    assert!(harness.origin.requests_to("/feed").is_empty());
}

/// Retry-After is the host's word, and not the address's.
#[tokio::test]
async fn retry_after_applies_to_a_new_url_only_on_the_same_host() {
    for overtaken in [false, true] {
        let (mut harness, released) =
            harness_with_delayed_reply(Reply::new(503).header("Retry-After", "86400"));
        let asked = Arc::new(public_source("feed", &harness.origin.url("/feed")));
        let poller = harness.poller().clone();
        released.store(!overtaken, Ordering::Relaxed);
        let old = tokio::spawn(async move { poller.refresh(&asked).await });
        if overtaken {
            wait_until("the old address is asked", || {
                !harness.origin.requests_to("/feed").is_empty()
            })
            .await;
            harness.set_path_in_store("/new");
            released.store(true, Ordering::Relaxed);
            old.await.unwrap();
        } else {
            old.await.unwrap();
            harness.set_path_in_store("/new");
        }
        assert_eq!(harness.time_until_next_poll("feed"), TimeDelta::days(1), "on the same host");
        assert!(harness.source_record("feed").not_before.is_some());
        harness.set_url_in_store("http://b.example/new");
        assert!(harness.is_due("feed"), "on another host");
        assert_eq!(harness.source_record("feed").not_before, None);
    }
}

/// A machine may start with a clock that is years ahead.
#[tokio::test]
async fn a_clock_that_is_set_forward_and_back_delays_no_polls_and_causes_few() {
    let mut harness = Installation::with_public_feed();
    harness.origin.set_handler(|request| match request.path.as_str() {
        "/robots.txt" => Reply::new(404),
        _ => feed_with_etag(&["one"], "\"1\""),
    });
    let (years, hours) = (TimeDelta::days(730), TimeDelta::hours);
    harness.clock.set(noon() + years);
    let driver = RunningDriver::start(&harness);
    let polls = |harness: &Installation| harness.origin.requests_to("/feed").len();
    let next_poll = |harness: &Installation| harness.source_record("feed").next_poll.unwrap();
    let is_recorded = |harness: &Installation, after: Timestamp| {
        harness.source_record("feed").last_request.is_some_and(|at| at >= after)
    };
    wait_until("the first poll is stored", || is_recorded(&harness, noon() + years)).await;

    // The interval is counted from the last poll, in the time of the new clock.
    driver.set(&harness, noon());
    wait_until("the schedule is corrected", || next_poll(&harness) < noon() + hours(2)).await;
    assert!(next_poll(&harness) >= noon() + hours(1));
    assert_eq!(polls(&harness), 1);
    driver.set(&harness, noon() + hours(2));
    wait_until("it is polled again", || {
        polls(&harness) == 2 && is_recorded(&harness, noon() + hours(2))
    })
    .await;

    // To the program, two years have passed.
    driver.set(&harness, noon() + years);
    wait_until("it is polled again", || is_recorded(&harness, noon() + years)).await;
    driver.stop().await;
    assert_eq!(polls(&harness), 3);

    // The clock is set back while the program does not run.
    harness.clock.set(noon() + hours(3));
    harness.restart();
    let next = next_poll(&harness);
    assert!(next >= noon() + hours(4) && next < noon() + hours(5), "{next}");
    assert_eq!(harness.source_record("feed").last_request, Some(noon() + hours(3)));
}
