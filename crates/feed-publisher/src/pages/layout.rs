//! The head, header and footer of every page.

use std::collections::BTreeSet;

use feed_model::{SourceId, TimeZone, TopicId};

use crate::{
    addresses::{Addresses, FeedFormat},
    excerpt,
    pages::assets::STYLE,
    xml,
};

/// A topic as pages link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRef {
    /// Its id, which is its name in URLs.
    pub id: TopicId,
    /// Its title in plain text.
    pub title: String,
}

/// The facts about the site that every page uses.
#[derive(Debug, Clone)]
pub struct SiteInfo<'a> {
    /// The site's title in plain text.
    pub title: &'a str,
    /// The site's addresses.
    pub addresses: &'a Addresses,
    /// The topics that the reader may see, in display order. `all` is not included.
    pub topics: &'a [TopicRef],
    /// The sources with an icon.
    pub source_icons: &'a BTreeSet<SourceId>,
    /// Whether the images of stories are shown. Browsers load them from the publishers.
    pub images: bool,
    /// The time zone of the dates.
    pub timezone: TimeZone,
}

impl SiteInfo<'_> {
    /// Returns the path of the icon of a source, if it has one.
    pub(super) fn source_icon(&self, source: &SourceId) -> Option<String> {
        let path = || self.addresses.rooted(&Addresses::source_icon_path(source));
        self.source_icons.contains(source).then(path)
    }
}

/// The most topics in the navigation.
const MAX_NAVIGATION_TOPICS: usize = 8;
/// The longest title of a topic in the navigation, in characters.
const MAX_NAVIGATION_CHARS: usize = 32;

/// A topic in the navigation.
#[derive(Debug, Clone)]
pub(super) struct NavigationTopic {
    pub id: String,
    pub title: String,
    pub page: String,
}

/// A link to another page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageLink {
    pub href: String,
    pub text: String,
}

/// Another representation of the same page: `<link rel="alternate">`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alternate {
    pub title: String,
    pub media_type: &'static str,
    /// Absolute address.
    pub href: String,
}

/// The links of a page by which subscribers find its hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HubLink {
    pub hub: String,
    /// The address of the feed that stands for the page.
    pub feed: String,
}

/// The values of `templates/base.html`.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub site_title: String,
    pub title: String,
    pub description: String,
    /// The navigation link that leads to this page: `home`, `all`, `sources`, `search` or empty.
    pub current_page: &'static str,
    /// The topic whose page this is; may be empty.
    pub current_topic: String,
    /// The first topics, for the navigation.
    pub topics: Vec<NavigationTopic>,
    /// The number of topics that the navigation omits.
    pub more_topics: usize,
    /// The page's own absolute address; none for error pages.
    pub url: Option<String>,
    /// The canonical address of the content: the page's own, or the original of a story.
    pub canonical: Option<String>,
    pub og_type: &'static str,
    pub noindex: bool,
    /// The licence of a story.
    pub license: Option<String>,
    /// Whether the publisher of a story reserves the rights to text and data mining.
    pub tdm_reserved: bool,
    pub tdm_policy: Option<String>,
    pub alternates: Vec<Alternate>,
    /// The hub of the page's feeds, with the feed that one subscribes to (WebSub §4).
    pub hub: Option<HubLink>,
    pub home: String,
    pub all_stories: String,
    pub sources: String,
    pub search: String,
    pub opml: String,
    pub sources_opml: String,
    /// The icon of the page.
    pub icon: String,
    pub touch_icon: String,
    pub stylesheet: String,
    pub search_stylesheet: String,
}

impl Layout {
    /// Returns the layout of the page at `path`. Error pages have no path and are not indexed.
    pub(super) fn new(site: &SiteInfo<'_>, title: &str, path: Option<&str>) -> Self {
        let addresses = site.addresses;
        let url = path.map(|path| addresses.absolute(path));
        let navigation_topic = |topic: &TopicRef| NavigationTopic {
            id: topic.id.to_string(),
            title: excerpt::shorten(&xml::single_line(&topic.title), MAX_NAVIGATION_CHARS),
            page: addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
        };
        let style_hash = blake3::hash(STYLE.as_bytes()).to_hex();
        Self {
            site_title: xml::single_line(site.title),
            title: xml::single_line(title),
            description: String::new(),
            current_page: "",
            current_topic: String::new(),
            topics: site.topics.iter().take(MAX_NAVIGATION_TOPICS).map(navigation_topic).collect(),
            more_topics: site.topics.len().saturating_sub(MAX_NAVIGATION_TOPICS),
            canonical: url.clone(),
            url,
            og_type: "website",
            noindex: path.is_none(),
            license: None,
            tdm_reserved: false,
            tdm_policy: None,
            alternates: Vec::new(),
            hub: None,
            home: addresses.rooted("/"),
            all_stories: addresses.rooted(&Addresses::topic_path(TopicId::ALL)),
            sources: addresses.rooted("/sources"),
            search: addresses.rooted("/search"),
            opml: addresses.rooted("/opml.xml"),
            sources_opml: addresses.rooted("/sources.opml"),
            icon: addresses.rooted("/favicon.ico"),
            touch_icon: addresses.rooted("/apple-touch-icon.png"),
            stylesheet: addresses.rooted(&format!("/style.css?v={}", &style_hash[..8])),
            search_stylesheet: addresses.rooted("/search.css"),
        }
    }

    /// Returns the text of `<title>`: the page's title and the site's.
    pub(super) fn head_title(&self) -> String {
        if self.title == self.site_title {
            self.title.clone()
        } else {
            format!("{} · {}", self.title, self.site_title)
        }
    }
}

/// Returns the feeds of a topic or union as alternates of its page, Atom first.
pub(super) fn alternates(site: &SiteInfo<'_>, topic: &str, title: &str) -> Vec<Alternate> {
    FeedFormat::ALL
        .into_iter()
        .map(|format| Alternate {
            title: format!("{} — {}", xml::single_line(title), format.name()),
            media_type: format.media_type(),
            href: site.addresses.absolute(&Addresses::feed_path(topic, format)),
        })
        .collect()
}
