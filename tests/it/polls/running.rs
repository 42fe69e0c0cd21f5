//! The scheduler at work, on a clock moved by hand: who is asked when, and that nobody holds up the others.

use std::{
    collections::HashSet,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use feed_model::{Follow, Source, Timestamp};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tributary::{
    clock::Clock as _,
    poll::{Driver, Settings},
    telemetry::Metrics,
};
use url::Url;

use super::world::{World, noon, source, tagged};
use crate::support::{
    client_options,
    origin::{Origin, Reply},
};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Scheduler {
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Scheduler {
    fn start(world: &World) -> Self {
        let (stop, stopped) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let driver = Driver::new(world.poller.clone(), wake.clone(), Arc::default(), Arc::new(Metrics::default()));
        Self { wake, stop, task: tokio::spawn(driver.run(stopped)) }
    }

    /// Moves the clock, and has the scheduler look at it.
    fn set(&self, world: &World, now: Timestamp) {
        world.clock.set(now);
        self.wake.notify_one();
    }

    async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

/// Lets the scheduler work until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited for in vain: {what}");
}

/// The feeds that were asked for so far.
fn asked(origin: &Origin) -> HashSet<String> {
    origin.requests().into_iter().map(|r| r.path).filter(|path| path != "/robots.txt").collect()
}

#[tokio::test]
async fn a_cold_start_asks_twenty_at_once_and_spreads_the_others() {
    const SOURCES: usize = 80;
    let world = World::new(|origin| (0..SOURCES).map(|n| source(&format!("s{n}"), &origin.url(&format!("/{n}")))).collect());
    world.origin.answer(|request| match request.path.as_str() {
        "/robots.txt" => Reply::new(404),
        path => tagged(&[path.trim_start_matches('/')], "\"1\""),
    });
    let scheduler = Scheduler::start(&world);
    until("the first twenty are asked", || {
        world.read(|reader| reader.sources()).iter().filter(|s| s.last_success.is_some()).count() == 20
    })
    .await;
    assert_eq!(asked(&world.origin), (0..20).map(|n| format!("/{n}")).collect());
    let planned: Vec<Timestamp> =
        world.read(|reader| reader.sources()).into_iter().skip(20).map(|source| source.next_poll.unwrap()).collect();
    assert!(planned.iter().all(|at| (noon()..noon() + TimeDelta::hours(1)).contains(at)), "{planned:?}");
    let mut before = 20;
    for step in 1..=12 {
        let now = noon() + TimeDelta::minutes(5 * step) - TimeDelta::milliseconds(1);
        scheduler.set(&world, now);
        let expected = 20 + planned.iter().filter(|at| **at <= now).count();
        until("those whose time has come are asked", || asked(&world.origin).len() >= expected).await;
        assert_eq!(asked(&world.origin).len(), expected, "nobody sooner");
        assert!((3..=7).contains(&(expected - before)), "{} in five minutes", expected - before);
        before = expected;
    }
    assert_eq!((before, world.origin.most_in_flight()), (SOURCES, 1));
    scheduler.stop().await;
}

/// Forty sources of a host that answers nothing until the other host was asked for all of its five.
fn slow_and_fast(fast: &Origin) -> World {
    let world = World::new(|slow| {
        let at = |origin: &Origin, host: &str, n: usize| Url::parse(&format!("http://{host}:{}/{n}", origin.port())).unwrap();
        let slow = (0..40).map(|n| source(&format!("slow-{n}"), &at(slow, "a.example", n)));
        let fast = (0..5).map(|n| source(&format!("fast-{n}"), &at(fast, "b.example", n)));
        slow.chain(fast).map(|source| Source { follow: Follow::Feed, ..source }).collect()
    });
    let done = Arc::new((Mutex::new(HashSet::new()), Condvar::new()));
    let (noted, in_vain) = (done.clone(), AtomicBool::new(false));
    fast.answer(move |request| {
        if request.path != "/robots.txt" {
            noted.0.lock().unwrap().insert(request.path.clone());
            noted.1.notify_all();
        }
        tagged(&["fast"], "\"1\"")
    });
    world.origin.answer(move |_| {
        let patience = if in_vain.load(Ordering::Relaxed) { Duration::ZERO } else { PATIENCE / 4 };
        let asked = done.0.lock().unwrap();
        let (asked, waited) = done.1.wait_timeout_while(asked, patience, |asked| asked.len() < 5).unwrap();
        drop(asked);
        // Once it waited in vain, it waits no more.
        in_vain.fetch_or(waited.timed_out(), Ordering::Relaxed);
        if waited.timed_out() { Reply::new(500) } else { tagged(&["slow"], "\"1\"") }
    });
    let settings = world.poller.settings.load_full();
    world.poller.settings.store(Arc::new(Settings { concurrency: 4, ..(*settings).clone() }));
    world
}

#[tokio::test]
async fn forty_sources_of_a_slow_host_hold_nobody_up() {
    let fast = Origin::start();
    let world = slow_and_fast(&fast);
    // All of them are due at once: the first twenty are of the slow host.
    let now = world.clock.now();
    let first: Vec<_> = world.read(|reader| reader.unscheduled()).into_iter().map(|id| (id, now, "a test".into())).collect();
    world.poller.store.schedule_first(&first).unwrap();
    let scheduler = Scheduler::start(&world);
    until("all are asked", || world.read(|reader| reader.sources()).iter().all(|s| s.last_attempt.is_some())).await;
    scheduler.stop().await;
    let failed: Vec<_> = world.read(|reader| reader.sources()).into_iter().filter(|s| s.failures > 0).map(|s| s.id).collect();
    assert!(failed.is_empty(), "the fast host waited for the slow one: {failed:?}");
    assert_eq!(world.origin.most_in_flight(), 1);
}

/// A feed, and a site with a sitemap, robots.txt and a back-catalogue, all of one host.
fn site_and_feed(origin: &Origin) -> Vec<Source> {
    let pages: Vec<String> = (1..=6).map(|n| format!("<url><loc>{}</loc></url>", origin.url(&format!("/posts/{n}")))).collect();
    let pages = pages.concat();
    let map = format!("<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{pages}</urlset>");
    origin.script("/sitemap.xml", vec![Reply::ok(map).header("ETag", "\"m\"")]);
    for n in 1..=6 {
        let page =
            format!("<!doctype html><html><head><title>Post {n}</title></head><body><p>Text of post {n}.</p></body></html>");
        origin.script(&format!("/posts/{n}"), vec![Reply::ok(page).header("Content-Type", "text/html")]);
    }
    origin.script("/feed", vec![tagged(&["one"], "\"1\"")]);
    vec![
        Source { follow: Follow::Sitemap, pages_per_poll: 2, ..source("site", &origin.url("/sitemap.xml")) },
        source("feed", &origin.url("/feed")),
    ]
}

#[tokio::test]
async fn robots_txt_sitemaps_pages_and_feeds_of_a_host_pass_one_gate() {
    let gap = Duration::from_millis(60);
    let world = World::new(site_and_feed);
    world.ask_with(tributary::fetch::ClientOptions { host_gap: gap, host_gap_exempt: gap, ..client_options() });
    let scheduler = Scheduler::start(&world);
    until("all pages are read", || {
        let states = world.read(|reader| reader.sources());
        states[0].entries == 6 && states[1].entries == 1
    })
    .await;
    scheduler.stop().await;
    let requests = world.origin.requests();
    for path in ["/robots.txt", "/sitemap.xml", "/posts/1", "/posts/6", "/feed"] {
        assert_eq!(requests.iter().filter(|request| request.path == path).count(), 1, "{path}");
    }
    assert_eq!(world.origin.most_in_flight(), 1);
    let close: Vec<_> = requests.windows(2).filter(|pair| pair[1].at - pair[0].at < gap).collect();
    assert!(close.is_empty(), "{close:?}");
}

/// A source whose old address answers, with `reply`, only once the test says so.
fn slow_to_answer(reply: Reply) -> (World, Arc<AtomicBool>) {
    let world = World::of_feed();
    let released = Arc::new(AtomicBool::new(false));
    let wait = released.clone();
    world.origin.script("/new", vec![tagged(&["new"], "\"n\"")]);
    world.origin.answer(move |request| {
        if request.path != "/feed" {
            return Reply::new(404);
        }
        let end = std::time::Instant::now() + PATIENCE / 4;
        while !wait.load(Ordering::Relaxed) && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        reply.clone()
    });
    (world, released)
}

/// What the old address answers after feeds.toml names another belongs to nobody: neither its items nor its failure, and
/// the new address does not wait for what the old one deserved.
#[tokio::test]
async fn an_attempt_that_a_new_address_overtakes_leaves_nothing_behind() {
    for late in [tagged(&["old"], "\"o\""), Reply::new(500), Reply::redirect(301, "/elsewhere"), Reply::new(410)] {
        let (mut world, released) = slow_to_answer(late);
        let asked = Arc::new(source("feed", &world.origin.url("/feed")));
        let poller = world.poller.clone();
        let old = tokio::spawn(async move { poller.refresh(&asked).await });
        until("the old address is asked", || !world.origin.requests_to("/feed").is_empty()).await;
        world.tell_store_of("/new");
        world.settle();
        released.store(true, Ordering::Relaxed);
        let report = old.await.unwrap();
        assert!(report.recorded && report.error.is_none() && report.new_entries == 0, "{report:?}");
        assert!(report.note.as_deref().is_some_and(|note| note.contains("another address")), "{report:?}");
        let state = world.state("feed");
        assert_eq!((state.failures, state.entries, state.last_error), (0, 0, None));
        assert!(world.is_due("feed"), "the new address is asked at once");
        assert_eq!(world.poll("feed").await.new_entries, 1);
        assert_eq!(world.origin.requests_to("/new").len(), 1);
        assert_eq!(world.sent("/new"), (None, None));
    }
}

/// While feeds.toml is read again, the state knows the new address a moment before the driver does.
#[tokio::test]
async fn an_address_that_feeds_toml_no_longer_names_is_asked_by_nobody() {
    let mut world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["old"], "\"o\"")]);
    world.origin.script("/new", vec![tagged(&["new"], "\"n\"")]);
    world.poll("feed").await;
    world.origin.forget();
    world.tell_store_of("/new");
    assert!(world.is_due("feed"));
    let scheduler = Scheduler::start(&world);
    // Several looks at who is due.
    for _ in 0..5 {
        scheduler.wake.notify_one();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(world.origin.requests().is_empty(), "{:?}", world.origin.requests());
    world.settle();
    scheduler.wake.notify_one();
    until("the new address is read", || world.state("feed").entries == 2).await;
    scheduler.stop().await;
    assert!(world.origin.requests_to("/feed").is_empty());
}

/// Retry-After is the host's word, and not the address's.
#[tokio::test]
async fn a_new_address_waits_only_for_what_its_own_host_asked_for() {
    for overtaken in [false, true] {
        let (mut world, released) = slow_to_answer(Reply::new(503).header("Retry-After", "86400"));
        let asked = Arc::new(source("feed", &world.origin.url("/feed")));
        let poller = world.poller.clone();
        released.store(!overtaken, Ordering::Relaxed);
        let old = tokio::spawn(async move { poller.refresh(&asked).await });
        if overtaken {
            until("the old address is asked", || !world.origin.requests_to("/feed").is_empty()).await;
            world.tell_store_of("/new");
            released.store(true, Ordering::Relaxed);
            old.await.unwrap();
        } else {
            old.await.unwrap();
            world.tell_store_of("/new");
        }
        assert_eq!(world.next_in("feed"), TimeDelta::days(1), "on the same host");
        assert!(world.memory("feed").not_before.is_some());
        world.tell_store_of_url("http://b.example/new");
        assert!(world.is_due("feed"), "on another host");
        assert_eq!(world.memory("feed").not_before, None);
    }
}
