//! The settings of the published site, and the audience that it is rendered for.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use url::Url;

use feed_model::{AttributionMode, SourceId, TimeZone, Topic, TopicId};
use feed_publisher::{
    Addresses, SizeLimits,
    pages::{SiteInfo, TopicRef},
};
use topic_rules::Rules;

use crate::icons::SiteIcons;

use crate::config::Hub;

/// The largest size of a feed's documents, in bytes. Beyond it, the oldest stories lose their
/// content.
const MAX_DOCUMENT_BYTES: usize = 250_000;
/// The path of our own hub.
pub(crate) const HUB_PATH: &str = "/hub";
/// The most stories that `keep_within` keeps in a feed.
const MAX_KEPT: usize = 500;

/// The settings of feeds.toml that affect the published site, for an audience.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// `site.title`.
    pub title: String,
    /// `site.base_url`, the base of all absolute addresses.
    pub base_url: Url,
    /// The `tag:` URI that the ids of all feeds begin with.
    pub feed_id: String,
    /// All topics, in the order of feeds.toml.
    pub topics: Vec<Topic>,
    /// `publishing.max_entries`.
    pub max_entries: usize,
    /// `publishing.keep_within`.
    pub keep_within: Duration,
    /// The hub that documents name.
    pub hub: Hub,
    /// The icons of the site and its topics.
    pub icons: Arc<SiteIcons>,
    /// `site.images`.
    pub images: bool,
    /// `publishing.attribution`.
    pub attribution: AttributionMode,
    /// `site.timezone`: the time zone of the dates on pages.
    pub timezone: TimeZone,
    /// Whether pages are rendered on request. Static files omit data that changes at every poll.
    pub live: bool,
    /// How long clients may cache a document: `Cache-Control: max-age` and RSS `ttl`.
    pub max_age: Duration,
    /// The current rules of the topics, to explain why a story is not in a topic.
    pub rules: CurrentRules,
    /// The audience.
    pub audience: Audience,
}

/// Access to the current rules. They change with feeds.toml and with training.
#[derive(Clone)]
pub struct CurrentRules(Arc<dyn Fn() -> Arc<Rules> + Send + Sync>);

impl CurrentRules {
    /// Returns rules that may change: `get` returns the current ones.
    pub fn new(get: impl Fn() -> Arc<Rules> + Send + Sync + 'static) -> Self {
        Self(Arc::new(get))
    }

    /// Returns rules that do not change.
    pub fn fixed(rules: Rules) -> Self {
        let rules = Arc::new(rules);
        Self::new(move || rules.clone())
    }

    /// Returns the current rules.
    pub fn get(&self) -> Arc<Rules> {
        (self.0)()
    }
}

impl std::fmt::Debug for CurrentRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CurrentRules").field(&self.get()).finish()
    }
}

/// The readers that the site is rendered for. The default is the public.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// The private topics that the audience may read.
    pub topics: BTreeSet<TopicId>,
    /// The token in the path of the request. All addresses in documents and pages contain it.
    pub token: Option<String>,
}

impl Audience {
    /// Whether this is the public.
    pub fn is_public(&self) -> bool {
        self.topics.is_empty()
    }
}

impl SiteSettings {
    /// Returns the site's addresses for the audience.
    pub fn addresses(&self) -> Addresses {
        let addresses = Addresses::new(&self.base_url);
        match &self.audience.token {
            Some(token) => addresses.below(&format!("/t/{token}")),
            None => addresses,
        }
    }

    /// Returns the same settings for another audience.
    #[must_use]
    pub fn for_audience(&self, audience: Audience) -> Self {
        Self { audience, ..self.clone() }
    }

    /// Returns the same settings for the operator, who may read all topics.
    pub(super) fn as_owner(&self) -> Self {
        let private = self.topics.iter().filter(|topic| !topic.access.is_empty());
        self.for_audience(Audience {
            topics: private.map(|topic| topic.id.clone()).collect(),
            token: None,
        })
    }

    /// Returns the address of the hub that a document names which is rendered on request only, a
    /// union or a search: our own. Another hub would not be told when the document changes.
    pub fn own_hub_url(&self, members: &[TopicId]) -> Option<String> {
        self.hub_url(members).filter(|_| self.hub == Hub::Own && self.audience.is_public())
    }

    /// Returns the address of the hub that the feed of these topics names. Feeds with a private
    /// topic, and documents with a token in their addresses, name none: a hub would spread them.
    pub fn hub_url(&self, members: &[TopicId]) -> Option<String> {
        let is_private = |topic: &Topic| !topic.access.is_empty() && members.contains(&topic.id);
        if self.audience.token.is_some() || self.topics.iter().any(is_private) {
            return None;
        }
        match &self.hub {
            Hub::Own => Some(Addresses::new(&self.base_url).absolute(HUB_PATH)),
            Hub::Other(url) => Some(url.to_string()),
            Hub::None => None,
        }
    }

    /// Returns the topics that the audience may read, in the order of feeds.toml.
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

/// The values that a [`SiteInfo`] borrows.
pub(super) struct SiteParts {
    addresses: Addresses,
    topics: Vec<TopicRef>,
    source_icons: BTreeSet<SourceId>,
}

impl SiteParts {
    pub(super) fn new(settings: &SiteSettings) -> Self {
        Self {
            addresses: settings.addresses(),
            topics: settings.topic_refs(),
            source_icons: BTreeSet::new(),
        }
    }

    /// The same with the sources that have an icon.
    pub(super) fn with_source_icons(self, source_icons: BTreeSet<SourceId>) -> Self {
        Self { source_icons, ..self }
    }

    pub(super) fn site<'a>(&'a self, settings: &'a SiteSettings) -> SiteInfo<'a> {
        SiteInfo {
            title: &settings.title,
            addresses: &self.addresses,
            topics: &self.topics,
            source_icons: &self.source_icons,
            images: settings.images,
            timezone: settings.timezone,
        }
    }
}
