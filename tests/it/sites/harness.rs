//! A source, its publisher's server, and what is stored of it.

use std::{fmt::Write as _, sync::Arc};

use chrono::{TimeDelta, TimeZone as _, Utc};
use feed_model::{FollowMode, SourceId, SourceState, Story, Timestamp};
use tributary::{
    app,
    clock::{Clock as _, ManualClock},
    config,
    poll::{Inspection, PollReport, Poller},
    store::{Store, StoryQuery},
};

use crate::support::origin::{Origin, Reply};

/// Nine in the morning of a day in 2026.
pub fn morning(year: i32, month: u32, day: u32) -> Timestamp {
    Utc.with_ymd_and_hms(year, month, day, 9, 0, 0).unwrap()
}

pub struct SiteHarness {
    pub origin: Origin,
    pub clock: ManualClock,
    pub poller: Poller,
    _dir: tempfile::TempDir,
}

impl SiteHarness {
    /// One source, `site`, at this path of a new origin; `more` are further lines of it and of
    /// feeds.toml.
    pub async fn following(path: &str, more: &str) -> Self {
        let origin = Origin::start();
        let sources = format!("[[source]]\nid = \"site\"\nurl = \"{}\"\n{more}", origin.url(path));
        Self::with_sources(origin, &sources).await
    }

    /// The sources that feeds.toml has.
    pub async fn with_sources(origin: Origin, sources: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("[polling]\nallow_hosts = [\"127.0.0.1\"]\ntimeout = \"1s\"\n{sources}");
        let checked = config::check(&text, "feeds.toml");
        let config =
            checked.config.unwrap_or_else(|| panic!("feeds.toml is wrong: {:?}", checked.problems));
        let clock = ManualClock::at(morning(2026, 11, 2));
        let store = Store::open(dir.path()).unwrap();
        app::sync_config(&store, &config, &clock).await.unwrap();
        let parts = app::build_polling(&config, dir.path(), None).unwrap();
        let poller = Poller::new(store, parts.client, Arc::new(clock.clone()), parts.polling);
        Self { origin, clock, poller, _dir: dir }
    }

    /// What the origin serves: paths and bodies.
    pub fn serve(&self, pages: &[(&str, &str)]) {
        for (path, body) in pages {
            let kind = match *path {
                "/robots.txt" => "text/plain",
                path if path.contains(".xml") => "application/xml",
                _ => "text/html; charset=utf-8",
            };
            let body = body.replace("ORIGIN", self.origin.url("").as_str().trim_end_matches('/'));
            self.origin.script(path, vec![Reply::ok(body).header("Content-Type", kind)]);
        }
    }

    /// Serves a post's page at each of these paths, each with a date of its own: the later in the
    /// list, the older.
    pub fn serve_posts(&self, paths: &[String]) {
        for (i, path) in paths.iter().enumerate() {
            let date = morning(2026, 10, 30) - TimeDelta::days(i64::try_from(i).unwrap());
            self.serve(&[(path, &post_page(&title_of(path), Some(date)))]);
        }
    }

    /// Polls a source now, whatever its schedule.
    pub async fn poll_source(&self, id: &str) -> PollReport {
        let source = self.poller.settings.load().source(&SourceId::new(id).unwrap()).unwrap();
        self.poller.refresh(&source).await
    }

    /// Polls `site`.
    pub async fn poll(&self) -> PollReport {
        self.poll_source("site").await
    }

    /// The same after some hours.
    pub async fn poll_after_hours(&self, hours: i64) -> PollReport {
        self.clock.advance(TimeDelta::hours(hours));
        self.poll().await
    }

    /// Goes on with the back-catalogue of `site`, as the daemon does.
    pub async fn backfill_source(&self, most: usize) -> PollReport {
        let source = self.poller.settings.load().source(&SourceId::new("site").unwrap()).unwrap();
        self.poller.backfill_source(&source, most).await
    }

    /// Whether the daemon would go on with it now.
    pub fn has_due_backfill(&self) -> bool {
        let now = self.clock.now();
        !self.poller.store.read(|reader| reader.sources_with_backfill(now)).unwrap().is_empty()
    }

    pub async fn inspect(&self) -> Inspection {
        let source = self.poller.settings.load().source(&SourceId::new("site").unwrap()).unwrap();
        self.poller.inspect(&source).await.unwrap()
    }

    /// Every story, newest position first.
    pub fn stories(&self) -> Vec<Story> {
        self.poller.store.read(|reader| reader.stories(&StoryQuery::default())).unwrap()
    }

    /// What readers see of every story, newest position first.
    pub fn story_lines(&self) -> Vec<String> {
        let told = |s: Story| {
            format!(
                "{} {} {:?} {} {:?} {} {}",
                s.published_id, s.title, s.url, s.position, s.published, s.updated, s.summary_text
            )
        };
        self.stories().into_iter().map(told).collect()
    }

    /// The titles of every story, newest position first.
    pub fn titles(&self) -> Vec<String> {
        self.stories().into_iter().map(|story| story.title).collect()
    }

    /// What is known of a source.
    pub fn source_state(&self, id: &str) -> SourceState {
        let states = self.poller.store.read(|reader| reader.sources()).unwrap();
        states.into_iter().find(|state| state.id.as_str() == id).unwrap()
    }

    pub fn state(&self) -> SourceState {
        self.source_state("site")
    }

    /// How `site` is followed, and its stored reason.
    pub fn follow_mode_and_reason(&self) -> (FollowMode, String) {
        let state = self.state();
        (state.follow_mode, state.follow_reason.unwrap_or_default())
    }

    /// The paths that were asked for since the last call, in order.
    pub fn requested_paths(&self, since: &mut usize) -> Vec<String> {
        let all = self.origin.requests();
        let new = all[*since..].iter().map(|request| request.path.clone()).collect();
        *since = all.len();
        new
    }
}

/// `/p/a-post-on-logs` is "A Post On Logs".
pub fn title_of(path: &str) -> String {
    let slug = path.trim_end_matches('/').rsplit('/').next().unwrap();
    let words = slug.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<Vec<_>>().join(" ")
}

/// A post's page.
pub fn post_page(title: &str, published: Option<Timestamp>) -> String {
    let date = published
        .map(|at| {
            format!("<meta property=\"article:published_time\" content=\"{}\">", at.to_rfc3339())
        })
        .unwrap_or_default();
    format!(
        "<!DOCTYPE html><html lang=en><head><title>{title} | Two Minute Systems</title><meta property=og:site_name \
         content=\"Two Minute Systems\"><meta property=og:title content=\"{title}\"><meta property=og:description \
         content=\"What {title} teaches about systems that must not stop.\">{date}</head><body><h1>{title}</h1>\
         <p>What {title} teaches.</p></body></html>"
    )
}

/// `n` paths of posts, newest first: `/p/lesson-<word>-<n>`.
pub fn post_paths(n: usize) -> Vec<String> {
    (1..=n).map(|i| format!("/p/lesson-number-{i}")).collect()
}

/// A sitemap of these paths, and of two pages that are no posts; `lastmod` falls by a day from path
/// to path.
pub fn sitemap(paths: &[String], newest: Timestamp) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>ORIGIN/</loc></url>\
         <url><loc>ORIGIN/subscribe</loc></url>",
    );
    for (i, path) in paths.iter().enumerate() {
        let day = (newest - TimeDelta::days(i64::try_from(i).unwrap())).format("%Y-%m-%d");
        let _ = write!(text, "<url><loc>ORIGIN{path}</loc><lastmod>{day}</lastmod></url>");
    }
    text + "</urlset>"
}

/// A home page that says nothing of its posts.
pub const EMPTY_HOME_PAGE: &str = "<!DOCTYPE html><html><head><title>Two Minute Systems</title></head><body><div id=root></div></body></html>";
