//! The model of a feed that every writer renders, and the values of stories that writers share.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use url::Url;

use feed_model::{
    AttributionMode, Enclosure, Person, SafeHtml, Story, Timestamp, TopicId,
    language::publishable_tag,
};

use crate::{
    addresses::{Addresses, FeedFormat},
    excerpt, xml,
};

/// How far the publisher's date may be after the time at which the story was first seen. Clocks
/// differ.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);

/// The addresses of the three documents of a channel, for their links to themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedUrls {
    /// The Atom document.
    pub atom: String,
    /// The RSS document.
    pub rss: String,
    /// The JSON Feed document.
    pub json: String,
}

/// The links between a feed and its archive documents (RFC 5005 §4). The default is a feed without
/// archives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// Whether this is an archive document and not the subscription document.
    pub is_archive: bool,
    /// The subscription document (`rel="current"`).
    pub current: Option<Url>,
    /// The archive with older entries (`rel="prev-archive"`).
    pub prev_archive: Option<Url>,
    /// The archive with newer entries (`rel="next-archive"`).
    pub next_archive: Option<Url>,
}

/// The topics of the site as a scheme of categories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicScheme {
    /// An IRI that identifies the scheme.
    pub iri: String,
    /// The titles of the topics.
    pub titles: BTreeMap<TopicId, String>,
}

impl TopicScheme {
    /// Returns the topics of a story with their titles, in the order of feeds.toml.
    pub(crate) fn categories<'a>(
        &'a self,
        story: &'a Story,
    ) -> impl Iterator<Item = (&'a TopicId, String)> {
        story.topics.iter().filter_map(|membership| {
            let title = xml::single_line(self.titles.get(&membership.id)?);
            Some((&membership.id, title)).filter(|(_, title)| !title.is_empty())
        })
    }
}

/// Returns the language that all stories have which state one: the tag, or the primary language if
/// they differ in the region only.
pub fn common_language(stories: &[Story]) -> Option<String> {
    let mut languages = stories.iter().filter_map(language);
    let mut common = languages.next()?;
    for other in languages.map(str::to_owned) {
        if !other.eq_ignore_ascii_case(common) {
            let primary = common.split('-').next().unwrap_or_default();
            if !other.split('-').next().is_some_and(|other| other.eq_ignore_ascii_case(primary)) {
                return None;
            }
            common = primary;
        }
    }
    Some(common.to_owned())
}

/// The icon of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelIcon {
    /// Its absolute address.
    pub url: String,
    /// Whether its width is its height.
    pub is_square: bool,
}

/// One feed, independent of its format.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel<'a> {
    /// The feed's id, an IRI that does not depend on host and port: a `tag:` URI (RFC 4151).
    pub id: String,
    /// Title in plain text.
    pub title: String,
    /// Description in plain text; may be empty.
    pub description: String,
    /// Absolute address of the HTML page with the same stories.
    pub page_url: String,
    /// Absolute addresses of the documents.
    pub feed_urls: FeedUrls,
    /// When the documents last changed. The caller stores this time, so that a document has the
    /// same bytes until it changes.
    pub updated: Timestamp,
    /// Minutes that readers may cache the feed: RSS `ttl`.
    pub ttl_minutes: u64,
    /// The stories, in the order of the documents.
    pub stories: &'a [Story],
    /// The site's addresses. A story without link and text links to its page on the site.
    pub addresses: Addresses,
    /// The icon.
    pub icon: Option<ChannelIcon>,
    /// The language of all its stories (BCP 47), see [`common_language`].
    pub language: Option<String>,
    /// The topics that are categories of its stories.
    pub topics: Arc<TopicScheme>,
    /// The links to archive documents.
    pub paging: Paging,
    /// The address of the hub that pushes new versions of the documents (WebSub §4).
    pub hub: Option<String>,
    /// Where the publication of a story is shown.
    pub attribution: AttributionMode,
}

impl Channel<'_> {
    /// Returns a channel without title and stories at the addresses of a topic.
    pub fn new(addresses: &Addresses, topic: &str, id: impl Into<String>) -> Channel<'static> {
        let feed_url = |format| addresses.absolute(&Addresses::feed_path(topic, format));
        Channel {
            id: id.into(),
            title: String::new(),
            description: String::new(),
            page_url: addresses.absolute(&Addresses::topic_path(topic)),
            feed_urls: FeedUrls {
                atom: feed_url(FeedFormat::Atom),
                rss: feed_url(FeedFormat::Rss),
                json: feed_url(FeedFormat::Json),
            },
            updated: Timestamp::UNIX_EPOCH,
            ttl_minutes: 0,
            stories: &[],
            addresses: addresses.clone(),
            icon: None,
            language: None,
            topics: Arc::default(),
            paging: Paging::default(),
            hub: None,
            attribution: AttributionMode::default(),
        }
    }

    /// Returns the same channel with other stories.
    pub fn with_stories<'s>(&self, stories: &'s [Story]) -> Channel<'s> {
        Channel {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            page_url: self.page_url.clone(),
            feed_urls: self.feed_urls.clone(),
            updated: self.updated,
            ttl_minutes: self.ttl_minutes,
            stories,
            addresses: self.addresses.clone(),
            icon: self.icon.clone(),
            language: self.language.clone(),
            topics: self.topics.clone(),
            paging: self.paging.clone(),
            hub: self.hub.clone(),
            attribution: self.attribution,
        }
    }

    /// Returns the description, or a sentence made of the title. RSS requires a description.
    pub(crate) fn description_or_title(&self) -> String {
        let own = xml::single_line(&self.description);
        if own.is_empty() { format!("Stories of {}", xml::single_line(&self.title)) } else { own }
    }

    /// Returns the address of a story: its own link, else its page on the site if it has no text
    /// either. Atom requires a link or a content (RFC 4287 §4.1.2).
    pub(crate) fn link(&self, story: &Story) -> Option<String> {
        story.url.as_deref().and_then(xml::http_url).or_else(|| {
            let needs_link = content_html(story).is_none();
            needs_link.then(|| self.addresses.absolute(&Addresses::story_path(story.id)))
        })
    }
}

/// The feed that a story is attributed to: `atom:source` (RFC 4287 §4.2.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribution {
    /// An IRI.
    pub id: String,
    /// Title in plain text.
    pub title: String,
    /// The feed's address; none for a site without a feed.
    pub feed_url: Option<String>,
    /// The publication's home page.
    pub home_page_url: Option<String>,
    /// When title, links or id last changed.
    pub updated: Timestamp,
    /// Copyright text.
    pub rights: Option<String>,
}

impl Attribution {
    /// Returns the name of the publication: the title of the feed, else that of the source that
    /// the story was read from.
    pub(crate) fn publication(&self, story: &Story) -> String {
        Some(&self.title)
            .filter(|title| !title.is_empty() && **title != self.id)
            .cloned()
            .or_else(|| non_empty_line(&story.source.title))
            .unwrap_or_else(|| story.source.id.to_string())
    }
}

/// Returns the feed that a story is attributed to.
///
/// An entry may name the feed that it was copied from. That feed is used if its id, address or home
/// page is known; else the source that the entry was read from.
pub(crate) fn attribution(story: &Story) -> Attribution {
    let source = &story.source;
    let polled_url = xml::http_url(&source.feed_url);
    let own = Attribution {
        id: Some(source.feed_id.clone())
            .filter(|id| xml::is_feed_id(id))
            .or_else(|| polled_url.clone())
            .unwrap_or_else(|| format!("urn:tributary:source:{}", source.id)),
        title: xml::single_line(&source.title),
        feed_url: polled_url.filter(|_| source.is_feed),
        home_page_url: source.home_page_url.as_deref().and_then(xml::http_url),
        updated: source.updated,
        rights: source.rights.as_deref().and_then(non_empty_line),
    };
    let Some(origin) = &story.origin else {
        return own;
    };
    let feed_url = origin.feed_url.as_deref().and_then(xml::http_url);
    let home_page_url = origin.home_page_url.as_deref().and_then(xml::http_url);
    let id = origin
        .id
        .clone()
        .filter(|id| xml::is_feed_id(id))
        .or_else(|| feed_url.clone())
        .or_else(|| home_page_url.clone());
    let Some(id) = id else { return own };
    Attribution {
        title: origin.title.as_deref().and_then(non_empty_line).unwrap_or_else(|| id.clone()),
        id,
        feed_url,
        home_page_url,
        updated: origin.updated.unwrap_or(source.updated),
        rights: origin.rights.as_deref().and_then(non_empty_line),
    }
}

/// Returns the authors of a story. If it names none, the title of its attributed feed is the
/// author, so that no entry appears to be the aggregator's own.
///
/// An author without a name is called by the e-mail address. Otherwise e-mail addresses are
/// omitted.
pub(crate) fn authors(story: &Story, attribution: &Attribution) -> Vec<Person> {
    let mut authors: Vec<Person> = Vec::new();
    for author in &story.authors {
        let name = non_empty_line(&author.name)
            .or_else(|| non_empty_line(author.email.as_deref().unwrap_or_default()));
        if let Some(name) = name
            && authors.iter().all(|known| known.name != name)
        {
            let url = author.url.as_deref().and_then(xml::http_url);
            authors.push(Person { name, email: None, url });
        }
    }
    if authors.is_empty() {
        let name = Some(attribution.title.clone())
            .filter(|title| !title.is_empty())
            .or_else(|| non_empty_line(&story.source.title))
            .unwrap_or_else(|| story.source.id.to_string());
        authors.push(Person { name, email: None, url: None });
    }
    authors
}

/// A story as the documents of a channel show it.
pub(crate) struct ShownStory {
    /// The feed that it is attributed to.
    pub source: Attribution,
    /// The title, with the publication before it if the channel says so. Never empty.
    pub title: String,
    /// Whether the title is more than a text that was derived from the story.
    pub has_title: bool,
    /// The authors, with the publication after them if the channel says so. Never empty.
    pub authors: Vec<Person>,
}

impl ShownStory {
    pub(crate) fn new(channel: &Channel<'_>, story: &Story) -> Self {
        let source = attribution(story);
        let publication = source.publication(story);
        let (title, authors) = (display_title(story), authors(story, &source));
        let has_own_title = !story.title.trim().is_empty();
        let (title, has_title, authors) = match channel.attribution {
            AttributionMode::Markup => (title, has_own_title, authors),
            AttributionMode::Author => {
                (title, has_own_title, with_publication(authors, &publication))
            }
            AttributionMode::Title => (prefixed(title, &publication), true, authors),
        };
        Self { source, title, has_title, authors }
    }
}

/// Returns one author who is named after all authors and their publication, because some feed
/// readers show the first author, some the last and some all. The publication is named once, also
/// if an aggregator has already named it.
fn with_publication(authors: Vec<Person>, publication: &str) -> Vec<Person> {
    let mut authors: Vec<Person> = authors
        .into_iter()
        .map(|author| Person { name: without_publication(&author.name, publication), ..author })
        .filter(|author| !is_same_name(&author.name, publication))
        .collect();
    let names = authors.iter().map(|author| author.name.as_str()).chain([publication]);
    let name = names.collect::<Vec<_>>().join(", ");
    let url = if authors.len() == 1 { authors.remove(0).url } else { None };
    vec![Person { name, email: None, url }]
}

/// Returns the name of an author without the publication that [`with_publication`] appends.
pub(crate) fn without_publication(author: &str, publication: &str) -> String {
    let parts = author
        .len()
        .checked_sub(publication.len())
        .and_then(|end| Some((author.get(..end)?.strip_suffix(", ")?, author.get(end..)?)));
    match parts {
        Some((bare, suffix)) if !bare.trim().is_empty() && is_same_name(suffix, publication) => {
            bare.trim_end().to_owned()
        }
        _ => author.to_owned(),
    }
}

/// Returns a title with the publication before it. It is there once, also if an aggregator has
/// already put it there.
fn prefixed(title: String, publication: &str) -> String {
    let prefix = format!("{publication}: ");
    let is_prefixed = title.get(..prefix.len()).is_some_and(|start| is_same_name(start, &prefix));
    if is_prefixed || is_same_name(&title, publication) { title } else { prefix + &title }
}

fn is_same_name(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// Returns the title of a story: one line of plain text, never empty.
pub(crate) fn display_title(story: &Story) -> String {
    xml::single_line(&excerpt::title(story))
}

/// Returns the full text of a story as HTML, if it has one.
pub(crate) fn content_html(story: &Story) -> Option<String> {
    html(story.content.as_ref())
}

/// Returns the summary of a story as HTML, if it has one.
pub(crate) fn summary_html(story: &Story) -> Option<String> {
    html(story.summary.as_ref())
}

fn html(html: Option<&SafeHtml>) -> Option<String> {
    html.map(|html| xml::clean(html.as_str()).into_owned()).filter(|html| !html.trim().is_empty())
}

/// Returns the publisher's date, unless it was in the future when the story was first seen. Feed
/// readers hide a story with a future date or keep it at the top of their lists.
pub(crate) fn published(story: &Story) -> Option<Timestamp> {
    story.published.filter(|date| *date <= story.first_published + CLOCK_TOLERANCE)
}

/// Returns the copyright text of a story.
pub(crate) fn rights(story: &Story) -> Option<String> {
    story.rights.as_deref().and_then(non_empty_line)
}

/// Returns the URL of the licence of a story, with its media type if that is known: the licence of
/// the entry, else that of its publication.
pub(crate) fn license(story: &Story) -> Option<(String, Option<&str>)> {
    let own = story.license.as_deref().and_then(xml::http_url).map(|url| (url, None));
    own.or_else(|| {
        // An entry of another feed has the licence of that feed, which is unknown.
        let reservation = Some(&story.source.reservation).filter(|_| story.origin.is_none())?;
        let url = reservation.license.as_deref().and_then(xml::http_url)?;
        Some((url, reservation.license_type.as_deref()))
    })
}

/// Returns the language tag of a story, if it is valid.
pub(crate) fn language(story: &Story) -> Option<&str> {
    publishable_tag(story.language.as_deref()?)
}

/// Returns the media type of an enclosure, or `application/octet-stream` if it is malformed.
pub(crate) fn media_type(enclosure: &Enclosure) -> &str {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let mime = enclosure.mime.trim();
    match mime.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => mime,
        _ => "application/octet-stream",
    }
}

/// Returns the media type of the page at an address: HTML, unless the file name says otherwise.
pub(crate) fn page_media_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.splitn(4, '/').nth(3).and_then(|path| path.rsplit('/').next());
    let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "epub" => "application/epub+zip",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "zip" => "application/zip",
        _ => "text/html",
    }
}

fn non_empty_line(text: &str) -> Option<String> {
    Some(xml::single_line(text)).filter(|text| !text.is_empty())
}
