//! What the site is told of feeds.toml, and who looks at it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use url::Url;

use feed_model::{Topic, TopicId};
use feed_publisher::{
    Addresses, SizeLimits,
    pages::{SiteInfo, TopicRef},
};
use topic_rules::Rules;

/// Bytes of the largest of a feed's documents, beyond which the oldest stories lose their text.
const MAX_DOCUMENT_BYTES: usize = 250_000;
/// The most stories that `keep_within` holds against the limits.
const MAX_KEPT: usize = 500;

/// What of feeds.toml decides what is published.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// `site.title`.
    pub title: String,
    /// `site.base_url`: every absolute address is made from it, none from a request.
    pub base_url: Url,
    /// The `tag:` URI that the ids of our feeds begin with.
    pub feed_id: String,
    /// Every topic, in the order of feeds.toml.
    pub topics: Vec<Topic>,
    /// `publishing.max_entries`.
    pub max_entries: usize,
    /// `publishing.keep_within`.
    pub keep_within: Duration,
    /// Whether the page of the sources is drawn anew for whoever asks: static files leave out what
    /// changes at every poll.
    pub live: bool,
    /// How long a reader may keep a document before it asks again: `Cache-Control: max-age`, RSS
    /// `ttl`.
    pub max_age: Duration,
    /// What sorts stories into topics at the moment: for why a story is not in one.
    pub rules: CurrentRules,
    /// Who looks.
    pub audience: Audience,
}

/// The rules in force, whenever they are asked for: they change with feeds.toml, and with what
/// labels teach.
#[derive(Clone)]
pub struct CurrentRules(Arc<dyn Fn() -> Arc<Rules> + Send + Sync>);

impl CurrentRules {
    /// Rules that may change.
    pub fn new(get: impl Fn() -> Arc<Rules> + Send + Sync + 'static) -> Self {
        Self(Arc::new(get))
    }

    /// Rules that stay.
    pub fn fixed(rules: Rules) -> Self {
        let rules = Arc::new(rules);
        Self::new(move || rules.clone())
    }

    /// The rules.
    pub fn get(&self) -> Arc<Rules> {
        (self.0)()
    }
}

impl std::fmt::Debug for CurrentRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CurrentRules").field(&self.get()).finish()
    }
}

/// Who looks at the site: what is shown to them beyond what anybody may read, and where it lies for
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// The private topics that they may read.
    pub topics: BTreeSet<TopicId>,
    /// The token in the path, where that is how they came: every address that they are shown has it
    /// too.
    pub token: Option<String>,
}

impl Audience {
    /// Whether they are anybody.
    pub fn is_public(&self) -> bool {
        self.topics.is_empty()
    }
}

impl SiteSettings {
    /// The site's addresses, as they are for whoever looks.
    pub fn addresses(&self) -> Addresses {
        let addresses = Addresses::new(&self.base_url);
        match &self.audience.token {
            Some(token) => addresses.below(&format!("/t/{token}")),
            None => addresses,
        }
    }

    /// The same site for other eyes.
    #[must_use]
    pub fn for_audience(&self, audience: Audience) -> Self {
        Self { audience, ..self.clone() }
    }

    /// The same site as its owner sees it: private topics are drawn and kept like all others, and
    /// handed out to few.
    pub(super) fn as_owner(&self) -> Self {
        let private = self.topics.iter().filter(|topic| !topic.access.is_empty());
        self.for_audience(Audience {
            topics: private.map(|topic| topic.id.clone()).collect(),
            token: None,
        })
    }

    /// The topics that whoever looks may read, in their order: those that are not private, and the
    /// private ones of theirs.
    pub fn visible_topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics
            .iter()
            .filter(|topic| topic.access.is_empty() || self.audience.topics.contains(&topic.id))
    }

    pub(super) fn visible_topic(&self, id: &TopicId) -> Option<&Topic> {
        self.visible_topics().find(|topic| topic.id == *id)
    }

    pub(super) fn topic_refs(&self) -> Vec<TopicRef> {
        self.visible_topics()
            .map(|topic| TopicRef { id: topic.id.clone(), title: topic.title.clone() })
            .collect()
    }

    pub(super) fn limits(&self) -> SizeLimits {
        SizeLimits {
            max_bytes: MAX_DOCUMENT_BYTES,
            keep_within: self.keep_within,
            max_kept: MAX_KEPT,
        }
    }
}

/// The parts that [`SiteInfo`] borrows, together.
pub(super) struct SiteParts {
    addresses: Addresses,
    topics: Vec<TopicRef>,
}

impl SiteParts {
    pub(super) fn new(settings: &SiteSettings) -> Self {
        Self { addresses: settings.addresses(), topics: settings.topic_refs() }
    }

    pub(super) fn site<'a>(&'a self, settings: &'a SiteSettings) -> SiteInfo<'a> {
        SiteInfo { title: &settings.title, addresses: &self.addresses, topics: &self.topics }
    }
}
