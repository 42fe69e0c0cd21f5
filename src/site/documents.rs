//! The documents that are held ready: the feeds of every topic, the OPML lists, the style sheet.

use std::sync::Arc;

use url::Url;

use crate::store::{StoreError, StoryQuery};
use feed_model::{Story, Timestamp, TopicId};
use feed_publisher::{
    Addresses, Channel, FeedFormat, FeedUrls, Outline, Paging, atom, fit, json_feed, opml,
    pages::{SEARCH_STYLE, STYLE},
    rss,
};

use super::{Audience, Feed, Library, Settings};

/// One document: its bytes and everything that its answer says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// The path it is served at, from the site's root: `/topics/all/feed.atom`.
    pub path: String,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Its entity tag: weak, since it is the same for every content coding (RFC 9110 §8.8.3.3).
    pub etag: String,
    /// When its bytes last changed, in whole seconds; `None` where that is not kept.
    pub last_modified: Option<Timestamp>,
    /// What it was drawn from, where it is the feed of one topic.
    pub feed: Option<Feed>,
}

impl Rendering {
    /// A document with the tag of its bytes.
    pub fn new(path: impl Into<String>, media_type: &'static str, body: Vec<u8>, last_modified: Option<Timestamp>) -> Self {
        let etag = format!("W/\"{}\"", &blake3::hash(&body).to_hex()[..32]);
        Self { path: path.into(), media_type, body, etag, last_modified, feed: None }
    }
}

/// The path of the style of what only a running program has.
pub(super) const SEARCH_STYLE_PATH: &str = "/search.css";

/// Tells when a document last changed: its path, and the digest of its bytes without that moment.
pub type Settle<'a> = &'a mut dyn FnMut(&str, [u8; 32]) -> Result<Timestamp, StoreError>;

/// The path of the list of topic feeds.
const TOPIC_LIST: &str = "/opml.xml";

/// `Content-Type` of OPML: the type that feed validators know.
const OPML: &str = "text/x-opml; charset=utf-8";

/// Renders every document that is held ready, in a fixed order: the feeds of the topics that are shown, and the lists as
/// anybody sees them.
///
/// `settle` tells the moment of a document's last change: the stored one as long as the digest stays the same.
pub fn documents(library: &dyn Library, settings: &Settings, settle: Settle<'_>) -> Result<Vec<Rendering>, StoreError> {
    let addresses = settings.addresses();
    let mut renderings = Vec::new();
    for topic in published_topics(settings) {
        let window = library.window(std::slice::from_ref(&topic.id), settings.max_entries)?;
        let mut channel = topic_channel(library, settings, &addresses, &topic)?;
        let id = topic.id;
        channel.stories = &window;
        let stories = Arc::new(fit(&channel, settings.limits()));
        let left_out = window.iter().map(|story| story.id).filter(|id| stories.iter().all(|story| story.id != *id));
        let left_out: Vec<_> = left_out.collect();
        channel.stories = &stories;
        for format in FeedFormat::ALL {
            let rendering = settled(&mut channel, id.as_str(), format, settle)?;
            let feed = Feed::new(&id, &channel, stories.clone(), left_out.clone(), format);
            renderings.push(Rendering { feed: Some(feed), ..rendering });
        }
    }
    let anybody = settings.seen_by(Audience::default());
    renderings.push(plain(TOPIC_LIST, OPML, opml(&settings.title, &topic_outlines(&anybody, &addresses)), settle)?);
    let followed = opml(&format!("What {} follows", settings.title), &source_outlines(library)?);
    renderings.push(plain("/sources.opml", OPML, followed, settle)?);
    renderings.push(plain("/style.css", "text/css; charset=utf-8", STYLE.as_bytes().to_vec(), settle)?);
    renderings.push(plain(SEARCH_STYLE_PATH, "text/css; charset=utf-8", SEARCH_STYLE.as_bytes().to_vec(), settle)?);
    Ok(renderings)
}

/// The list of the topic feeds as it is for other eyes than anybody's.
pub fn topic_list(settings: &Settings) -> Rendering {
    let list = opml(&settings.title, &topic_outlines(settings, &settings.addresses()));
    Rendering::new(TOPIC_LIST, OPML, list, None)
}

/// A topic that is published, as its feeds name it.
pub(super) struct Titled {
    pub id: TopicId,
    pub title: String,
    pub description: String,
}

/// Every topic that has feeds of its own: everything, then those of feeds.toml in their order.
pub(super) fn published_topics(settings: &Settings) -> impl Iterator<Item = Titled> + '_ {
    let all = Titled { id: TopicId::all(), title: settings.title.clone(), description: String::new() };
    std::iter::once(all).chain(settings.shown_topics().map(|topic| Titled {
        id: topic.id.clone(),
        title: topic.title.clone(),
        description: topic.description.clone().unwrap_or_default(),
    }))
}

/// Renders one feed on demand: of a union, or of a topic for one who came by a token. `updated` is when a document of one of its members last changed: reading stores nothing.
pub fn union_feed(
    library: &dyn Library,
    settings: &Settings,
    members: &[TopicId],
    format: FeedFormat,
    updated: Timestamp,
) -> Result<Rendering, StoreError> {
    let addresses = settings.addresses();
    let name = members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+");
    let stories = library.window(members, settings.max_entries)?;
    let alone = published_topics(settings).find(|topic| members == std::slice::from_ref(&topic.id));
    let mut channel = match alone {
        Some(topic) => topic_channel(library, settings, &addresses, &topic)?,
        None => channel(settings, &addresses, &name, &union_title(settings, members), ""),
    };
    channel.stories = &stories;
    let stories = Arc::new(fit(&channel, settings.limits()));
    channel.stories = &stories;
    channel.updated = updated;
    let body = render(&channel, format);
    // Its windows are its members': none of their stories leaves because of it.
    let feed = members.first().map(|first| Feed::new(first, &channel, stories.clone(), Vec::new(), format));
    let path = Addresses::feed_path(&name, format);
    Ok(Rendering { feed, ..Rendering::new(path, format.content_type(), body, Some(updated)) })
}

/// The titles of a union's members, joined.
pub(super) fn union_title(settings: &Settings, members: &[TopicId]) -> String {
    let title = |id: &TopicId| settings.shown_topic(id).map_or_else(|| id.to_string(), |topic| topic.title.clone());
    members.iter().map(title).collect::<Vec<_>>().join(" + ")
}

/// The query that finds every public story of a topic.
pub(super) fn stories_of(topic: &TopicId) -> StoryQuery {
    // `all` is every story: asked for as such, stories that are in no topic are there too.
    let topic = (!topic.is_all()).then(|| topic.clone());
    StoryQuery { topic, public_only: true, ..StoryQuery::default() }
}

/// The channel of a topic, still without stories. It names the newest of its archives.
fn topic_channel<'a>(
    library: &dyn Library,
    settings: &Settings,
    addresses: &'a Addresses,
    topic: &Titled,
) -> Result<Channel<'a>, StoreError> {
    let mut channel = channel(settings, addresses, topic.id.as_str(), &topic.title, &topic.description);
    let newest = library.archives(&topic.id)?.into_iter().rfind(|archive| !archive.is_superseded);
    if let Some(archive) = newest {
        let path = Addresses::archive_path(topic.id.as_str(), archive.number);
        let (current, prev_archive) = (Url::parse(&channel.feed_urls.atom).ok(), Url::parse(&addresses.absolute(&path)).ok());
        channel.paging = Paging { current, prev_archive, ..Paging::default() };
    }
    Ok(channel)
}

pub(super) fn channel<'a>(
    settings: &Settings,
    addresses: &'a Addresses,
    name: &str,
    title: &str,
    description: &str,
) -> Channel<'a> {
    let feed = |format| addresses.absolute(&Addresses::feed_path(name, format));
    Channel {
        id: format!("{}/{name}", settings.feed_id),
        title: title.to_owned(),
        description: description.to_owned(),
        page_url: addresses.absolute(&Addresses::topic_path(name)),
        feed_urls: FeedUrls { atom: feed(FeedFormat::Atom), rss: feed(FeedFormat::Rss), json: feed(FeedFormat::Json) },
        updated: Timestamp::UNIX_EPOCH,
        ttl_minutes: settings.max_age.as_secs().div_ceil(60),
        stories: &[],
        addresses,
        paging: Paging::default(),
    }
}

pub(super) fn render(channel: &Channel<'_>, format: FeedFormat) -> Vec<u8> {
    match format {
        FeedFormat::Atom => atom(channel),
        FeedFormat::Rss => rss(channel),
        FeedFormat::Json => json_feed(channel),
    }
}

/// Renders with a moment that means nothing, asks when those bytes last changed, and renders with the answer.
fn settled(channel: &mut Channel<'_>, topic: &str, format: FeedFormat, settle: Settle<'_>) -> Result<Rendering, StoreError> {
    let path = Addresses::feed_path(topic, format);
    channel.updated = Timestamp::UNIX_EPOCH;
    let digest = blake3::hash(&render(channel, format)).into();
    channel.updated = settle(&path, digest)?;
    Ok(Rendering::new(path, format.content_type(), render(channel, format), Some(channel.updated)))
}

fn plain(path: &str, media_type: &'static str, body: Vec<u8>, settle: Settle<'_>) -> Result<Rendering, StoreError> {
    let changed = settle(path, blake3::hash(&body).into())?;
    Ok(Rendering::new(path, media_type, body, Some(changed)))
}

fn topic_outlines(settings: &Settings, addresses: &Addresses) -> Vec<Outline> {
    let outline = |id: &str, title: &str, description: &str| Outline {
        title: title.to_owned(),
        description: description.to_owned(),
        feed_url: addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
        page_url: Some(addresses.absolute(&Addresses::topic_path(id))),
    };
    settings
        .shown_topics()
        .map(|topic| outline(topic.id.as_str(), &topic.title, topic.description.as_deref().unwrap_or_default()))
        .chain(std::iter::once(outline(TopicId::ALL, &format!("{}: everything", settings.title), "")))
        .collect()
}

/// What is followed in public. A site without a feed has its own address: readers find out for themselves.
fn source_outlines(library: &dyn Library) -> Result<Vec<Outline>, StoreError> {
    use feed_model::Follow;
    let bare = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        Some(String::from(url))
    };
    let outlines = library.sources()?.into_iter().filter(|source| source.public).filter_map(|source| {
        let feed = source.feed_url.as_deref().filter(|_| source.follow == Follow::Feed).and_then(bare);
        Some(Outline {
            title: source.title,
            description: String::new(),
            feed_url: feed.or_else(|| bare(&source.url))?,
            page_url: source.home_page_url.as_deref().and_then(bare),
        })
    });
    Ok(outlines.collect())
}

/// The stories of a union for a page: those of every member, each once, newest position first.
pub(super) fn union_stories(library: &dyn Library, settings: &Settings, members: &[TopicId]) -> Result<Vec<Story>, StoreError> {
    library.window(members, settings.max_entries)
}
