//! The in-process harness: a real store, poller and site, a scripted publisher, and a clock that
//! the test moves.
//!
//! A test brings items into the store in one of two ways. `deliver*` passes a document to the
//! parser and the store without a network. `poll*` runs the real poller against `origin`. What is
//! published is read with `feed_of_all`, `topic`, `newly_announced` and `document_bytes`, or over
//! HTTP from `serve`.

mod deliver;
mod poll;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, OnceLock},
};

use feed_model::{Source, SourceId, Story, StoryId, Timestamp, TopicId};
use tempfile::TempDir;
use topic_rules::Rules;
use tributary::{
    app,
    clock::Clock as _,
    config::{self, Config},
    fetch,
    poll::Poller,
    serve::{App, Health},
    site::{self, RenderedDocument, SiteSettings},
    store::{Reader, Store, StoreError, StoryQuery, WindowPolicy},
};

pub use self::poll::public_source;
use super::{
    http::Server,
    origin::Origin,
    program::Program,
    published_feed::PublishedFeed,
    time::{ManualClock, at, march, morning, noon},
};

/// The beginning of every feeds.toml that a test does not write in full.
const SITE_CONFIG: &str = "[site]\n\
    title = \"Planet\"\n\
    base_url = \"https://planet.example/\"\n\
    id = \"tag:planet.example,2026:topics\"\n\
    contact = \"mailto:us@planet.example\"\n\
    [publishing]\n";

/// The `[polling]` table for sources on `origin`.
const LOOPBACK: &str = "[polling]\nallow_hosts = [\"127.0.0.1\"]\ntimeout = \"1s\"\n";

pub struct Installation {
    dir: Arc<TempDir>,
    store: Store,
    pub clock: ManualClock,
    /// The publisher.
    pub origin: Arc<Origin>,
    feeds_toml: String,
    config: Config,
    /// Whether the sources of the origin are polled like sources on the internet.
    public_sites: bool,
    poller: OnceLock<Poller>,
    app: OnceLock<App>,
    /// Per topic, the ids that `newly_announced_in` has returned.
    announced_ids: BTreeMap<String, BTreeSet<String>>,
}

impl Installation {
    /// An installation on noon of 20 March 2026, with a source per name: `one` has its feed at
    /// `https://one.example/feed.xml`. Bring in its items with `deliver`.
    pub fn following(sites: &[&str]) -> Self {
        Self::with_config(&sources(sites))
    }

    /// The same with these lines of feeds.toml, which continue the table `[publishing]`.
    pub fn with_config(lines: &str) -> Self {
        let installation =
            Self::new(format!("{SITE_CONFIG}{lines}"), march(20, 12), Origin::start());
        // The daemon does so at its start: topics that are added later are new to the store.
        installation.reclassify();
        installation
    }

    /// An installation on 1 January 2026 with this feeds.toml, which has `base_url`.
    pub fn with_feeds_toml(feeds_toml: &str) -> Self {
        Self::new(feeds_toml.to_owned(), at("2026-01-01T00:00:00Z"), Origin::start())
    }

    /// An installation on 2 November 2026 with the source `site` at a path of the origin. The text
    /// of `more` continues the table of that source.
    pub fn following_site(path: &str, more: &str) -> Self {
        let origin = Origin::start();
        let source = format!("[[source]]\nid = \"site\"\nurl = \"{}\"\n{more}", origin.url(path));
        Self::following_sites(origin, &source)
    }

    /// The same with these lines of feeds.toml.
    pub fn following_sites(origin: Origin, lines: &str) -> Self {
        Self::new(format!("{SITE_CONFIG}{LOOPBACK}{lines}"), morning(2026, 11, 2), origin)
    }

    /// An installation on noon of 21 November 2026 with the sources that `make` returns. They are
    /// polled like sources on the internet: all host names lead to this machine, and the limits for
    /// public sites apply. See [`public_source`].
    pub fn with_public_sources(make: impl FnOnce(&Origin) -> Vec<Source>) -> Self {
        let origin = Origin::start();
        let feeds_toml = format!("{SITE_CONFIG}keep_within = \"0s\"\n");
        let config = Config { sources: make(&origin), ..parse(&feeds_toml) };
        let (dir, origin) = (Arc::new(tempfile::tempdir().unwrap()), Arc::new(origin));
        Self::over(dir, feeds_toml, config, noon(), origin, true)
    }

    /// The same with one source, `feed`, at `/feed` of the origin.
    pub fn with_public_feed() -> Self {
        Self::with_public_sources(|origin| vec![public_source("feed", &origin.url("/feed"))])
    }

    fn new(feeds_toml: String, start: Timestamp, origin: Origin) -> Self {
        let (dir, config) = (Arc::new(tempfile::tempdir().unwrap()), parse(&feeds_toml));
        Self::over(dir, feeds_toml, config, start, Arc::new(origin), false)
    }

    /// Opens the store in `dir`, new or not, and applies the configuration to it.
    fn over(
        dir: Arc<TempDir>,
        feeds_toml: String,
        config: Config,
        now: Timestamp,
        origin: Arc<Origin>,
        public_sites: bool,
    ) -> Self {
        let installation = Self {
            store: Store::open(dir.path()).unwrap(),
            dir,
            clock: ManualClock::at(now),
            origin,
            feeds_toml,
            config,
            public_sites,
            poller: OnceLock::new(),
            app: OnceLock::new(),
            announced_ids: BTreeMap::new(),
        };
        installation.sync_store();
        installation
    }

    /// Replaces the lines behind `[publishing]` and reclassifies the stored stories.
    pub fn reconfigure(&mut self, lines: &str) {
        self.reconfigure_without_reclassifying(lines);
        self.reclassify();
    }

    pub fn reconfigure_without_reclassifying(&mut self, lines: &str) {
        self.feeds_toml = format!("{SITE_CONFIG}{lines}");
        self.config = parse(&self.feeds_toml);
        (self.poller, self.app) = (OnceLock::new(), OnceLock::new());
        self.sync_store();
    }

    /// Reclassifies in several batches, as the daemon does.
    pub fn reclassify(&self) {
        const BATCH: usize = 7;
        let batch = || self.store.reclassify(self.rules(), BATCH, self.window(), self.now());
        while batch().unwrap().left > 0 {}
    }

    fn sync_store(&self) {
        let sources: Vec<_> =
            self.config.sources.iter().map(|s| (s.clone(), fetch::host_key(&s.url))).collect();
        self.store.sync_config(&sources, &self.config.topics, self.window(), self.now()).unwrap();
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The directory of the database, where feeds.toml would be too.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance_hours(&self, hours: i64) {
        self.clock.advance(chrono::TimeDelta::hours(hours));
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
    }

    pub fn rules(&self) -> Arc<Rules> {
        Arc::new(Rules::compile(&self.config.topics).unwrap())
    }

    pub fn window(&self) -> WindowPolicy {
        app::window(&self.config)
    }

    pub fn settings(&self) -> SiteSettings {
        let base_url = self.config.site.base_url.clone().unwrap();
        let id = self.config.site.id.clone();
        let id = id.unwrap_or_else(|| {
            format!("tag:{},2026:topics", base_url.host_str().unwrap_or_default())
        });
        app::published(&self.config, base_url, id)
    }

    /// Stops in good order and starts again.
    pub fn restart(&mut self) {
        self.store.close().unwrap();
        self.store = Store::open(self.dir.path()).unwrap();
        (self.poller, self.app) = (OnceLock::new(), OnceLock::new());
        self.sync_store();
        self.reclassify();
    }

    /// A copy of this installation as it is after a power failure: only the first `log_bytes` of
    /// the write-ahead log reached the disk.
    pub fn after_power_failure(&self, log_bytes: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| (self.dir.path().join(name), dir.path().join(name));
        let (from, to) = file("tributary.db");
        fs::copy(from, to).unwrap();
        let (from, to) = file("tributary.db-wal");
        let log = fs::read(from).unwrap();
        fs::write(to, &log[..log_bytes.min(log.len())]).unwrap();
        self.with_state_in(dir)
    }

    /// A copy of this installation over the database in `dir`.
    pub fn with_state_in(&self, dir: TempDir) -> Self {
        let mut copy = self.reopened_in(Arc::new(dir), &self.feeds_toml);
        copy.announced_ids = self.announced_ids.clone();
        copy.reclassify();
        copy
    }

    /// The same database with another feeds.toml. Stored stories are not reclassified.
    pub fn reopened_with(&self, feeds_toml: &str) -> Self {
        self.reopened_in(self.dir.clone(), feeds_toml)
    }

    fn reopened_in(&self, dir: Arc<TempDir>, feeds_toml: &str) -> Self {
        let (config, origin) = (parse(feeds_toml), self.origin.clone());
        Self::over(dir, feeds_toml.to_owned(), config, self.now(), origin, self.public_sites)
    }

    /// The size of the write-ahead log, which a killed process leaves behind.
    pub fn wal_bytes(&self) -> usize {
        fs::metadata(self.dir.path().join("tributary.db-wal"))
            .map_or(0, |m| usize::try_from(m.len()).unwrap())
    }

    /// Runs a command of the real program over this database, which must succeed. Returns its
    /// standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let program = Program::in_directory(self.dir.clone());
        program.configure(&self.feeds_toml);
        program.run_ok(&[arguments, &["--data", "."]].concat())
    }

    /// The running site, empty until `publish` is called.
    pub fn app(&self) -> &App {
        self.app.get_or_init(|| App::new(self.store.clone(), self.settings(), Health::new()))
    }

    /// Renders the site as the daemon does after a poll. The clock is set to `now`.
    pub fn publish(&self, now: &str) {
        self.clock.set(at(now));
        let (documents, retired) =
            site::render_site(&self.store, &self.settings(), at(now)).unwrap();
        self.app().replace(documents, retired);
        site::mark_outdated_archives(&self.store, &self.settings()).unwrap();
        while site::render_archives(&self.store, &self.settings(), at(now)).unwrap() {}
    }

    /// Serves what is published over HTTP.
    pub fn serve(&self) -> Server {
        Server::start(self.app().clone())
    }

    /// Every document as it is published now.
    pub fn documents(&self) -> Vec<RenderedDocument> {
        let now = self.now();
        let mut settle = |path: &str, digest| self.store.document_last_modified(path, digest, now);
        self.read(|reader| site::documents(reader, &self.settings(), &mut settle))
    }

    /// Path, body, entity tag and Last-Modified of every document, for a comparison. The style
    /// sheet and the icons are left out, because they do not depend on the stories.
    pub fn document_bytes(&self) -> Vec<(String, String, String, Option<Timestamp>)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let is_text = |d: &RenderedDocument| !d.media_type.starts_with("image/");
        let documents =
            self.documents().into_iter().filter(|d| d.path != "/style.css" && is_text(d));
        documents.map(|d| (d.path, text(d.body), d.etag, d.last_modified)).collect()
    }

    pub fn feed_of_all(&self) -> PublishedFeed {
        self.topic("all")
    }

    /// The feed of a topic, as a reader fetches it.
    pub fn topic(&self, topic: &str) -> PublishedFeed {
        let documents = self.documents();
        self.store.mark_fetched(&[TopicId::new(topic).unwrap()]).unwrap();
        let find = |name: &str| {
            let path = format!("/topics/{topic}/{name}");
            let document = documents
                .iter()
                .find(|r| r.path == path)
                .unwrap_or_else(|| panic!("{path} is not published"));
            String::from_utf8(document.body.clone()).unwrap()
        };
        PublishedFeed::parse(find("feed.atom"), find("feed.rss"), find("feed.json"))
    }

    /// The titles that a subscriber of all topics sees for the first time, in the feed's order.
    pub fn newly_announced(&mut self) -> Vec<String> {
        self.newly_announced_in("all")
    }

    /// The same for a subscriber of one topic.
    pub fn newly_announced_in(&mut self, topic: &str) -> Vec<String> {
        let published = self.topic(topic);
        let known = self.announced_ids.entry(topic.to_owned()).or_default();
        let stories = published.stories.into_iter();
        stories.filter(|s| known.insert(s.id.clone())).map(|s| s.title).collect()
    }

    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
        self.store.read(f).unwrap()
    }

    /// Every stored story, newest position first.
    pub fn stored_stories(&self) -> Vec<Story> {
        self.read(|reader| reader.stories(&StoryQuery::default()))
    }

    /// The titles of every stored story, newest position first.
    pub fn titles(&self) -> Vec<String> {
        self.stored_stories().into_iter().map(|story| story.title).collect()
    }

    /// The published fields of every stored story, newest position first.
    pub fn story_lines(&self) -> Vec<String> {
        let line = |s: Story| {
            format!(
                "{} {} {:?} {} {:?} {} {}",
                s.published_id, s.title, s.url, s.position, s.published, s.updated, s.summary_text
            )
        };
        self.stored_stories().into_iter().map(line).collect()
    }

    /// The story with a link or an id.
    pub fn story(&self, name: &str) -> Story {
        let found = self.read(|reader| match reader.find_story(name)? {
            Some(id) => reader.story(id),
            None => Ok(None),
        });
        found.unwrap_or_else(|| panic!("no story is known as {name}"))
    }

    /// The HTML page of a story.
    pub fn page(&self, story: StoryId) -> Option<String> {
        let name = site::PageName::Story(story);
        let page = self.read(|reader| site::page(reader, &self.settings(), &name));
        page.map(|page| String::from_utf8(page.body).unwrap())
    }
}

/// A table `[[source]]` for each site.
pub fn sources(sites: &[&str]) -> String {
    let source = |id: &&str| {
        format!(
            "[[source]]\nid = \"{id}\"\nurl = \"https://{id}.example/feed.xml\"\n\
             follow = \"feed\"\n"
        )
    };
    sites.iter().map(source).collect::<Vec<_>>().concat()
}

fn parse(feeds_toml: &str) -> Config {
    let checked = config::check(feeds_toml, "feeds.toml");
    checked.config.unwrap_or_else(|| panic!("{:?}: {feeds_toml}", checked.problems))
}

fn source_id(id: &str) -> SourceId {
    SourceId::new(id).unwrap()
}
