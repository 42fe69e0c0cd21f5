//! A whole installation without a network: feed texts go in, published documents come out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use feed_model::{Draft, FollowMode, FollowTarget, Story, StoryId, Timestamp};
use tempfile::TempDir;
use topic_rules::Rules;
use tributary::{
    app,
    clock::{Clock as _, ManualClock},
    config::{self, Config},
    poll::Poller,
    schedule::{NextPoll, PollReason},
    site::{self, RenderedDocument},
    store::{
        Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollAttempt, PollUpdate, Store,
        StoryQuery, UpdateResult,
    },
};

use super::feed_builder::{Post, march, rss};

/// What every test's feeds.toml begins with.
const SITE_CONFIG: &str = "[site]\ntitle = \"Planet\"\nbase_url = \"https://planet.example/\"\nid = \"tag:planet.example,2026:topics\"\n\
    contact = \"mailto:us@planet.example\"\n[publishing]\n";

/// An installation, its clock, and a reader who remembers what was announced.
pub struct Installation {
    dir: TempDir,
    store: Store,
    pub clock: ManualClock,
    feeds: String,
    config: Config,
    announced_ids: BTreeMap<String, BTreeSet<String>>,
}

impl Installation {
    /// Follows sites: `one` has its feed at `https://one.example/feed.xml`. It is noon of the 20th
    /// of March.
    pub fn following(sites: &[&str]) -> Self {
        Self::with_config(&sources(sites))
    }

    /// With these lines of feeds.toml behind `[publishing]`.
    pub fn with_config(lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(march(20, 12));
        let store = Store::open(dir.path()).unwrap();
        let mut installation = Self {
            dir,
            store,
            clock,
            feeds: format!("{SITE_CONFIG}{lines}"),
            config: parse_config(lines),
            announced_ids: BTreeMap::new(),
        };
        installation.sync_config();
        installation
    }

    /// feeds.toml is another one from now on.
    pub fn reconfigure(&mut self, lines: &str) {
        self.reconfigure_without_reclassifying(lines);
        self.reclassify();
    }

    /// The same, and nothing that is stored is sorted again yet.
    pub fn reconfigure_without_reclassifying(&mut self, lines: &str) {
        self.feeds = format!("{SITE_CONFIG}{lines}");
        self.config = parse_config(lines);
        self.sync_store();
    }

    fn sync_config(&mut self) {
        self.sync_store();
        self.reclassify();
    }

    /// Stored stories are sorted by the rules in force, a few at a time, as the daemon does it.
    pub fn reclassify(&self) {
        while self
            .store
            .reclassify(self.rules(), 7, app::window(&self.config), self.now())
            .unwrap()
            .left
            > 0
        {}
    }

    fn sync_store(&self) {
        let sources: Vec<_> = self
            .config
            .sources
            .iter()
            .map(|s| (s.clone(), s.url.host_str().unwrap_or_default().to_owned()))
            .collect();
        self.store
            .sync_config(&sources, &self.config.topics, app::window(&self.config), self.now())
            .unwrap();
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn rules(&self) -> Arc<Rules> {
        Arc::new(Rules::compile(&self.config.topics).unwrap())
    }

    pub fn window(&self) -> tributary::store::WindowPolicy {
        app::window(&self.config)
    }

    /// The clock moves on.
    pub fn advance_hours(&self, hours: i64) {
        self.clock.advance(chrono::Duration::hours(hours));
    }

    /// A poll of `site` brings an RSS document with these posts; an hour has gone by since the last
    /// one.
    pub fn poll(&mut self, site: &str, posts: &[Post]) -> UpdateResult {
        self.poll_document(site, &rss(&format!("https://{site}.example/"), posts))
    }

    /// A poll of `site` brings this document.
    pub fn poll_document(&mut self, site: &str, text: &str) -> UpdateResult {
        let plan = self.poll_update(site, text, false);
        let applied = self.store.apply(plan, self.rules()).unwrap();
        self.advance_hours(1);
        applied
    }

    /// The same, of an answer with `Cache-Control: private`.
    pub fn poll_private(&mut self, site: &str, posts: &[Post]) -> UpdateResult {
        let plan = self.poll_update(site, &rss(&format!("https://{site}.example/"), posts), true);
        let applied = self.store.apply(plan, self.rules()).unwrap();
        self.advance_hours(1);
        applied
    }

    /// What a poll that brings this document wants to have stored.
    pub fn poll_update(&self, site: &str, text: &str, private: bool) -> PollUpdate {
        let url = format!("https://{site}.example/feed.xml").parse().unwrap();
        let input = feed_parser::FeedInput {
            bytes: text.as_bytes(),
            content_type: Some("application/xml"),
            content_location: None,
            url: &url,
            max_items: 5_000,
        };
        let document =
            feed_parser::parse_feed(&input).unwrap_or_else(|error| panic!("{error}: {text}"));
        let feed = document.feed;
        let metadata = FeedMetadata {
            title: feed.title,
            id: feed.id,
            feed_url: feed.self_url,
            home_page_url: feed.home_page_url,
            rights: feed.rights,
        };
        let mut plan = self.poll_update_of(site, document.drafts, metadata, private);
        let known = self.store.read(|reader| reader.source_record(&plan.source)).unwrap().followed;
        plan.followed = known.is_none().then(|| FollowTarget {
            follow_mode: FollowMode::Feed,
            url,
            reason: "a test says so".into(),
        });
        plan
    }

    /// What a visit that found these drafts wants to have stored.
    pub fn poll_update_of(
        &self,
        site: &str,
        drafts: Vec<Draft>,
        metadata: FeedMetadata,
        private: bool,
    ) -> PollUpdate {
        let source = site.parse_id();
        let memory = self.store.read(|reader| reader.source_record(&source)).unwrap();
        let home = metadata.home_page_url.as_deref().or(memory.home_page_url.as_deref());
        let (identity, policy, _) =
            entry_identity::identify_items(&drafts, memory.key_policy, home);
        let arrival = if memory.imported.is_some() { Arrival::Ordinary } else { Arrival::Import };
        let items = drafts
            .into_iter()
            .zip(identity)
            .map(|(draft, identity)| IncomingItem { draft, identity, arrival })
            .collect();
        let document = ParsedDocument {
            metadata,
            body_digest: None,
            key_policy: Some(policy),
            items,
            private: Some(private),
            ends_import: true,
        };
        let source = self.config.sources.iter().find(|known| known.id == source).unwrap();
        let next = NextPoll {
            at: self.now(),
            reason: PollReason::Interval(Duration::from_secs(3600)),
            not_before: None,
            interval: Duration::from_secs(3600),
        };
        PollUpdate {
            requested: Some(self.now()),
            attempt: Some(PollAttempt::unchanged(next)),
            document: Some(document),
            ..PollUpdate::of(source, self.now(), app::window(&self.config))
        }
    }

    /// The program ends in good order and starts again.
    pub fn restart(&mut self) {
        self.store.close().unwrap();
        self.store = Store::open(self.dir.path()).unwrap();
        self.sync_config();
    }

    /// The program is killed, and after so many bytes of the log have reached the disk the power
    /// fails too.
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

    /// The same installation over the state in that directory.
    pub fn with_state_in(&self, dir: TempDir) -> Self {
        let store = Store::open(dir.path()).unwrap();
        Self { dir, ..self.with_copied_state(store) }
    }

    /// The same installation over another copy of the state.
    pub fn with_copied_state(&self, store: Store) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(self.now());
        let mut installation = Self {
            dir,
            store,
            clock,
            feeds: self.feeds.clone(),
            config: self.config.clone(),
            announced_ids: self.announced_ids.clone(),
        };
        installation.sync_config();
        installation
    }

    /// Bytes of the log that a killed program leaves behind.
    pub fn wal_bytes(&self) -> usize {
        fs::metadata(self.dir.path().join("tributary.db-wal"))
            .map_or(0, |m| usize::try_from(m.len()).unwrap())
    }

    /// What polls over the network, with this installation's clock.
    pub fn poller(&self) -> Poller {
        let parts = app::build_polling(&self.config, self.dir.path(), None).unwrap();
        Poller::new(self.store.clone(), parts.client, Arc::new(self.clock.clone()), parts.polling)
    }

    /// Runs the program over this installation's state, and gives what it prints; it has to end
    /// well.
    pub fn run(&self, arguments: &[&str]) -> String {
        fs::write(self.dir.path().join("feeds.toml"), &self.feeds).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command
            .args(arguments)
            .args(["--data", "."])
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        for name in ["TRIBUTARY_CONFIG", "TRIBUTARY_DATA", "STATE_DIRECTORY", "NO_COLOR"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every document as it is published now.
    pub fn documents(&self) -> Vec<RenderedDocument> {
        let settings = app::published(
            &self.config,
            "https://planet.example/".parse().unwrap(),
            "tag:planet.example,2026:topics".into(),
        );
        let now = self.now();
        let mut settle = |path: &str, digest| self.store.document_last_modified(path, digest, now);
        self.store.read(|reader| site::documents(reader, &settings, &mut settle)).unwrap()
    }

    /// Every document with its bytes, its entity tag and its time, for a comparison.
    pub fn document_bytes(&self) -> Vec<(String, String, String, Option<Timestamp>)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        // The style sheet says nothing, and much of it.
        let told = self.documents().into_iter().filter(|document| document.path != "/style.css");
        told.map(|document| {
            (document.path, text(document.body), document.etag, document.last_modified)
        })
        .collect()
    }

    /// The feed of everything.
    pub fn feed_of_all(&self) -> PublishedFeed {
        self.topic("all")
    }

    /// The feed of a topic, in its three forms.
    pub fn topic(&self, topic: &str) -> PublishedFeed {
        let documents = self.documents();
        let find = |name: &str| {
            let path = format!("/topics/{topic}/{name}");
            let rendering = documents
                .iter()
                .find(|r| r.path == path)
                .unwrap_or_else(|| panic!("{path} is not published"));
            String::from_utf8(rendering.body.clone()).unwrap()
        };
        PublishedFeed::read(find("feed.atom"), find("feed.rss"), find("feed.json"))
    }

    /// The titles that the feed of everything announces to a subscriber for the first time, in its
    /// order.
    pub fn newly_announced(&mut self) -> Vec<String> {
        self.newly_announced_in("all")
    }

    /// The same for a subscriber of one topic.
    pub fn newly_announced_in(&mut self, topic: &str) -> Vec<String> {
        let published = self.topic(topic);
        let known = self.announced_ids.entry(topic.to_owned()).or_default();
        published
            .stories
            .into_iter()
            .filter(|story| known.insert(story.id.clone()))
            .map(|story| story.title)
            .collect()
    }

    /// Every stored story, newest position first, as commands see them.
    pub fn stored_stories(&self) -> Vec<Story> {
        self.store.read(|reader| reader.stories(&StoryQuery::default())).unwrap()
    }

    /// The story that a link or an id names.
    pub fn story(&self, name: &str) -> Story {
        let found = self.store.read(|reader| match reader.find_story(name)? {
            Some(id) => reader.story(id),
            None => Ok(None),
        });
        found.unwrap().unwrap_or_else(|| panic!("no story is known as {name}"))
    }

    /// A story's page.
    pub fn page(&self, story: StoryId) -> Option<String> {
        let settings = app::published(
            &self.config,
            "https://planet.example/".parse().unwrap(),
            "tag:planet.example,2026:topics".into(),
        );
        let rendering = self
            .store
            .read(|reader| site::page(reader, &settings, &site::PageName::Story(story)))
            .unwrap();
        rendering.map(|rendering| String::from_utf8(rendering.body).unwrap())
    }
}

/// One story as a reader of feeds sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    pub id: String,
    pub title: String,
    pub link: Option<String>,
    pub published: Option<Timestamp>,
    pub updated: Timestamp,
    pub text: String,
}

/// One feed in its three forms: their bytes, and what a reader finds in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFeed {
    pub atom: String,
    pub rss: String,
    pub json: String,
    pub updated: Timestamp,
    pub stories: Vec<FeedItem>,
}

impl PublishedFeed {
    /// Reads the three documents with readers that are not ours, and insists that they agree.
    fn read(atom: String, rss: String, json: String) -> Self {
        let feed = feed_rs::parser::parse(atom.as_bytes()).unwrap();
        let stories: Vec<FeedItem> = feed
            .entries
            .iter()
            .map(|entry| FeedItem {
                id: entry.id.clone(),
                title: entry.title.as_ref().map(|t| t.content.clone()).unwrap_or_default(),
                link: entry
                    .links
                    .iter()
                    .find(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"))
                    .map(|l| l.href.clone()),
                published: entry.published,
                updated: entry.updated.unwrap(),
                text: entry.content.as_ref().and_then(|c| c.body.clone()).unwrap_or_default(),
            })
            .collect();
        let ids: Vec<&str> = stories.iter().map(|s| s.id.as_str()).collect();
        let titles: Vec<&str> = stories.iter().map(|s| s.title.as_str()).collect();

        let other = feed_rs::parser::parse(rss.as_bytes()).unwrap();
        assert_eq!(
            other.entries.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(),
            ids,
            "RSS has the ids of Atom in its order"
        );
        for (item, story) in other.entries.iter().zip(&stories) {
            let title = item.title.as_ref().map(|t| t.content.as_str()).unwrap_or_default();
            assert_eq!(title, story.title, "RSS has the titles of Atom");
            let link =
                item.links.iter().find(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"));
            assert_eq!(link.map(|l| &l.href), story.link.as_ref(), "RSS has the links of Atom");
            // RSS has no other time than this, and readers that sort by it need one.
            assert!(
                story.published.is_none_or(|at| item.published == Some(at)),
                "RSS has the dates of Atom"
            );
        }

        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let items = value["items"].as_array().unwrap();
        let of = |name: &str| {
            items.iter().map(|item| item[name].as_str().unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(of("id"), ids, "JSON Feed has the ids of Atom in its order");
        assert_eq!(of("title"), titles, "JSON Feed has the titles of Atom");
        for (item, story) in items.iter().zip(&stories) {
            assert_eq!(
                item["url"].as_str(),
                story.link.as_deref(),
                "JSON Feed has the links of Atom"
            );
            let modified: Timestamp = item["date_modified"].as_str().unwrap().parse().unwrap();
            assert_eq!(modified, story.updated, "JSON Feed has the times of Atom");
        }
        Self { updated: feed.updated.unwrap(), stories, atom, rss, json }
    }

    pub fn titles(&self) -> Vec<&str> {
        self.stories.iter().map(|s| s.title.as_str()).collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.stories.iter().map(|s| s.id.as_str()).collect()
    }

    /// The story with this title.
    pub fn story(&self, title: &str) -> &FeedItem {
        self.stories
            .iter()
            .find(|s| s.title == title)
            .unwrap_or_else(|| panic!("`{title}` is not among {:?}", self.titles()))
    }

    /// Whether any of the three forms has this text anywhere.
    pub fn mentions(&self, text: &str) -> bool {
        [&self.atom, &self.rss, &self.json].into_iter().any(|document| document.contains(text))
    }
}

/// `[[source]]` for each site.
pub fn sources(sites: &[&str]) -> String {
    let source = |id: &&str| {
        format!(
            "[[source]]\nid = \"{id}\"\nurl = \"https://{id}.example/feed.xml\"\nfollow = \"feed\"\n"
        )
    };
    sites.iter().map(source).collect::<Vec<_>>().concat()
}

fn parse_config(lines: &str) -> Config {
    let checked = config::check(&format!("{SITE_CONFIG}{lines}"), "feeds.toml");
    checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems))
}

/// A source's id out of a test's text.
pub trait ParseId {
    fn parse_id(&self) -> feed_model::SourceId;
}

impl ParseId for str {
    fn parse_id(&self) -> feed_model::SourceId {
        feed_model::SourceId::new(self).unwrap()
    }
}
