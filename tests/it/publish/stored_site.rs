//! A store in a temporary directory, and the site that is rendered from it.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use entry_identity::{KeyPolicy, identify_items};
use feed_model::*;
use topic_rules::Rules;
use tributary::{
    app,
    config::{self, Config},
    fetch,
    schedule::{NextPoll, PollReason},
    site::{self, Audience, FilesError, PageName, PublishStats, RenderedDocument, SiteSettings},
    store::{
        Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollAttempt, PollError, PollUpdate,
        Store, WindowPolicy,
    },
};

pub use crate::support::time::at;

/// One source, and two topics: posts about water are in `streaming`, posts about clouds in `cloud`.
pub const RIVER_NOTES: &str = r#"
[[source]]
id = "river-notes"
title = "River Notes & Queries"
url = "https://user:secret@river.example/feed.xml?a=1&b=2"

[[topic]]
id = "streaming"
title = "Streaming & <Rivers>"
description = "All about Streaming & <Rivers>"
any = ["water"]

[[topic]]
id = "cloud"
title = "Cloud"
description = "All about Cloud"
any = ["cloud"]
was = ["clouds"]
"#;

/// A store and the configuration that it follows.
pub struct StoredSite {
    _dir: tempfile::TempDir,
    pub store: Store,
    config: Config,
}

impl StoredSite {
    /// Returns a site without stories.
    pub fn new(feeds_toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let text = format!("[site]\ntitle = \"Systems writing, by topic\"\n{feeds_toml}");
        let checked = config::check(&text, "feeds.toml");
        assert_eq!(checked.errors(), 0, "{:?}", checked.problems);
        let config = checked.config.unwrap();
        let sources: Vec<_> = config
            .sources
            .iter()
            .map(|source| (source.clone(), fetch::host_key(&source.url)))
            .collect();
        let window = app::window(&config);
        store.sync_config(&sources, &config.topics, window, at("2026-01-01T00:00:00Z")).unwrap();
        Self { _dir: dir, store, config }
    }

    /// Returns a site of [`RIVER_NOTES`] with these posts, one poll each, an hour apart.
    pub fn with_posts(numbers: impl IntoIterator<Item = u32>) -> Self {
        let site = Self::new(RIVER_NOTES);
        for number in numbers {
            site.deliver_post(number);
        }
        site
    }

    pub fn settings(&self) -> SiteSettings {
        let base_url = "https://topics.example/".parse().unwrap();
        let feed_id = "tag:topics.example,2026:topics".to_owned();
        SiteSettings {
            max_age: Duration::from_mins(15),
            ..app::published(&self.config, base_url, feed_id)
        }
    }

    fn window(&self) -> WindowPolicy {
        app::window(&self.config)
    }

    /// Stores a post in an ordinary poll. The story of the first post has the id 1.
    pub fn deliver_post(&self, number: u32) {
        let now = at("2026-03-01T06:00:00Z") + chrono::Duration::hours(number.into());
        self.deliver("river-notes", now, Arrival::Ordinary, vec![post(number)]);
    }

    /// Stores the items of one poll.
    pub fn deliver(&self, source: &str, now: Timestamp, arrival: Arrival, drafts: Vec<Draft>) {
        let update = self.poll_update(source, now, arrival, drafts);
        self.apply(update);
    }

    /// Stores the items of one poll whose response has `Cache-Control: private`.
    pub fn deliver_private(&self, source: &str, now: Timestamp, drafts: Vec<Draft>) {
        let mut update = self.poll_update(source, now, Arrival::Ordinary, drafts);
        update.document.as_mut().unwrap().private = Some(true);
        self.apply(update);
    }

    /// Stores a failed poll.
    pub fn fail_poll(&self, source: &str, now: Timestamp, class: &str, text: &str) {
        let update = self.poll_update(source, now, Arrival::Ordinary, Vec::new());
        let attempt = PollAttempt {
            outcome: PollOutcome::Failed,
            status: None,
            error: Some(PollError { class: class.to_owned(), text: text.to_owned() }),
            failures: 1,
            ..update.attempt.unwrap()
        };
        self.apply(PollUpdate { attempt: Some(attempt), document: None, followed: None, ..update });
    }

    fn apply(&self, update: PollUpdate) {
        let rules = Arc::new(Rules::compile(&self.config.topics).unwrap());
        self.store.apply(update, rules).unwrap();
    }

    fn poll_update(
        &self,
        source: &str,
        now: Timestamp,
        arrival: Arrival,
        drafts: Vec<Draft>,
    ) -> PollUpdate {
        let source = self.config.sources.iter().find(|known| known.id.as_str() == source).unwrap();
        let (identities, key_policy, _) = identify_items(&drafts, KeyPolicy::default(), None);
        let items = drafts
            .into_iter()
            .zip(identities)
            .map(|(draft, identity)| IncomingItem { draft, identity, arrival })
            .collect();
        let home_page_url = source.url.join("/").unwrap();
        let interval = Duration::from_hours(1);
        let next = NextPoll {
            at: now + interval,
            reason: PollReason::Interval(interval),
            not_before: None,
            interval,
        };
        PollUpdate {
            requested: Some(now),
            attempt: Some(PollAttempt::unchanged(next)),
            followed: Some(FollowTarget {
                follow_mode: FollowMode::Feed,
                url: source.url.clone(),
                reason: "a feed".to_owned(),
            }),
            document: Some(ParsedDocument {
                metadata: FeedMetadata {
                    home_page_url: Some(without_userinfo(home_page_url)),
                    ..FeedMetadata::default()
                },
                body_digest: None,
                key_policy: Some(key_policy),
                items,
                private: None,
                ends_import: true,
            }),
            ..PollUpdate::of(source, now, self.window())
        }
    }

    /// Renders the documents at `now`, by their paths.
    pub fn documents(&self, now: &str) -> BTreeMap<String, RenderedDocument> {
        self.document_list(&self.settings(), now)
            .into_iter()
            .map(|document| (document.path.clone(), document))
            .collect()
    }

    /// Renders the documents at `now`.
    pub fn document_list(&self, settings: &SiteSettings, now: &str) -> Vec<RenderedDocument> {
        let mut last_modified_of =
            |path: &str, digest| self.store.document_last_modified(path, digest, at(now));
        self.store.read(|reader| site::documents(reader, settings, &mut last_modified_of)).unwrap()
    }

    /// Renders a page for the public.
    pub fn page(&self, name: &PageName) -> Option<String> {
        let settings = self.settings().for_audience(Audience::default());
        let page = self.store.read(|reader| site::page(reader, &settings, name)).unwrap()?;
        Some(String::from_utf8(page.body).unwrap())
    }

    pub fn pages(&self) -> Vec<PageName> {
        self.store.read(|reader| site::pages(reader, &self.settings())).unwrap()
    }

    /// Writes the site to a directory.
    pub fn publish(&self, settings: &SiteSettings, dir: &Path) -> Result<PublishStats, FilesError> {
        let now = at("2026-04-01T00:00:00Z");
        let mut last_modified_of =
            |path: &str, digest| self.store.document_last_modified(path, digest, now);
        self.store
            .read(|reader| Ok(site::publish(reader, settings, &mut last_modified_of, dir)))
            .unwrap()
    }
}

/// A post of River Notes in the topic `streaming`.
pub fn post(number: u32) -> Draft {
    let url = post_url(number);
    Draft {
        guid: Some(Guid { value: url.clone(), is_permalink: Some(true) }),
        url: Some(url.parse().unwrap()),
        title: Some(format!("Post number {number}")),
        authors: vec![Person { name: "Ada Fluss".to_owned(), ..Person::default() }],
        summary: Some(SafeHtml::from_sanitised(format!("<p>About water {number}.</p>"))),
        content: Some(SafeHtml::from_sanitised(format!(
            "<p>Water flows in river {number}, and <a href=\"https://river.example/map\">maps</a> \
             follow.</p>"
        ))),
        ..Draft::default()
    }
}

pub fn post_url(number: u32) -> String {
    format!("https://river.example/posts/{number}")
}

fn without_userinfo(mut url: url::Url) -> String {
    url.set_username("").unwrap();
    url.set_password(None).unwrap();
    url.into()
}
