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

use super::{Audience, RenderedFeed, SiteSettings, Snapshot};

/// One document: its bytes and everything that its answer says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedDocument {
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
    pub feed: Option<RenderedFeed>,
}

impl RenderedDocument {
    /// A document with the tag of its bytes.
    pub fn new(
        path: impl Into<String>,
        media_type: &'static str,
        body: Vec<u8>,
        last_modified: Option<Timestamp>,
    ) -> Self {
        let etag = format!("W/\"{}\"", &blake3::hash(&body).to_hex()[..32]);
        Self { path: path.into(), media_type, body, etag, last_modified, feed: None }
    }
}

/// The path of the style of what only a running program has.
pub(super) const SEARCH_STYLE_PATH: &str = "/search.css";

/// Tells when a document last changed: its path, and the digest of its bytes without that moment.
pub type LastModifiedFn<'a> = &'a mut dyn FnMut(&str, [u8; 32]) -> Result<Timestamp, StoreError>;

/// The path of the list of topic feeds.
const TOPIC_LIST: &str = "/opml.xml";

/// `Content-Type` of OPML: the type that feed validators know.
const OPML: &str = "text/x-opml; charset=utf-8";

/// Renders every document that is held ready, in a fixed order: the feeds of the topics that are
/// shown, and the lists as anybody sees them.
///
/// `last_modified_of` tells the moment of a document's last change: the stored one as long as the
/// digest stays the same.
pub fn documents(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    last_modified_of: LastModifiedFn<'_>,
) -> Result<Vec<RenderedDocument>, StoreError> {
    let addresses = settings.addresses();
    let mut renderings = Vec::new();
    for topic in published_topics(settings) {
        let window = snapshot.window(std::slice::from_ref(&topic.id), settings.max_entries)?;
        let mut channel = topic_channel(snapshot, settings, &addresses, &topic)?;
        let id = topic.id;
        channel.stories = &window;
        let stories = Arc::new(fit(&channel, settings.limits()));
        let overflow = window
            .iter()
            .map(|story| story.id)
            .filter(|id| stories.iter().all(|story| story.id != *id));
        let overflow: Vec<_> = overflow.collect();
        channel.stories = &stories;
        for format in FeedFormat::ALL {
            let rendering = render_dated(&mut channel, id.as_str(), format, last_modified_of)?;
            let feed = RenderedFeed::new(&id, &channel, stories.clone(), overflow.clone(), format);
            renderings.push(RenderedDocument { feed: Some(feed), ..rendering });
        }
    }
    let anybody = settings.for_audience(Audience::default());
    renderings.push(plain(
        TOPIC_LIST,
        OPML,
        opml(&settings.title, &topic_outlines(&anybody, &addresses)),
        last_modified_of,
    )?);
    let followed = opml(&format!("What {} follows", settings.title), &source_outlines(snapshot)?);
    renderings.push(plain("/sources.opml", OPML, followed, last_modified_of)?);
    renderings.push(plain(
        "/style.css",
        "text/css; charset=utf-8",
        STYLE.as_bytes().to_vec(),
        last_modified_of,
    )?);
    renderings.push(plain(
        SEARCH_STYLE_PATH,
        "text/css; charset=utf-8",
        SEARCH_STYLE.as_bytes().to_vec(),
        last_modified_of,
    )?);
    Ok(renderings)
}

/// The list of the topic feeds as it is for other eyes than anybody's.
pub fn topic_list(settings: &SiteSettings) -> RenderedDocument {
    let list = opml(&settings.title, &topic_outlines(settings, &settings.addresses()));
    RenderedDocument::new(TOPIC_LIST, OPML, list, None)
}

/// A topic that is published, as its feeds name it.
pub(super) struct PublishedTopic {
    pub id: TopicId,
    pub title: String,
    pub description: String,
}

/// Every topic that has feeds of its own: everything, then those of feeds.toml in their order.
pub(super) fn published_topics(
    settings: &SiteSettings,
) -> impl Iterator<Item = PublishedTopic> + '_ {
    let all = PublishedTopic {
        id: TopicId::all(),
        title: settings.title.clone(),
        description: String::new(),
    };
    std::iter::once(all).chain(settings.visible_topics().map(|topic| PublishedTopic {
        id: topic.id.clone(),
        title: topic.title.clone(),
        description: topic.description.clone().unwrap_or_default(),
    }))
}

/// Renders one feed on demand: of a union, or of a topic for one who came by a token. `updated` is
/// when a document of one of its members last changed: reading stores nothing.
pub fn union_feed(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    members: &[TopicId],
    format: FeedFormat,
    updated: Timestamp,
) -> Result<RenderedDocument, StoreError> {
    let addresses = settings.addresses();
    let name = members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+");
    let stories = snapshot.window(members, settings.max_entries)?;
    let alone = published_topics(settings).find(|topic| members == std::slice::from_ref(&topic.id));
    let mut channel = match alone {
        Some(topic) => topic_channel(snapshot, settings, &addresses, &topic)?,
        None => channel(settings, &addresses, &name, &union_title(settings, members), ""),
    };
    channel.stories = &stories;
    let stories = Arc::new(fit(&channel, settings.limits()));
    channel.stories = &stories;
    channel.updated = updated;
    let body = render(&channel, format);
    // Its windows are its members': none of their stories leaves because of it.
    let feed = members
        .first()
        .map(|first| RenderedFeed::new(first, &channel, stories.clone(), Vec::new(), format));
    let path = Addresses::feed_path(&name, format);
    Ok(RenderedDocument {
        feed,
        ..RenderedDocument::new(path, format.content_type(), body, Some(updated))
    })
}

/// The titles of a union's members, joined.
pub(super) fn union_title(settings: &SiteSettings, members: &[TopicId]) -> String {
    let title = |id: &TopicId| {
        settings.visible_topic(id).map_or_else(|| id.to_string(), |topic| topic.title.clone())
    };
    members.iter().map(title).collect::<Vec<_>>().join(" + ")
}

/// The query that finds every public story of a topic.
pub(super) fn topic_stories_query(topic: &TopicId) -> StoryQuery {
    // `all` is every story: asked for as such, stories that are in no topic are there too.
    let topic = (!topic.is_all()).then(|| topic.clone());
    StoryQuery { topic, public_only: true, ..StoryQuery::default() }
}

/// The channel of a topic, still without stories. It names the newest of its archives.
fn topic_channel<'a>(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    addresses: &'a Addresses,
    topic: &PublishedTopic,
) -> Result<Channel<'a>, StoreError> {
    let mut channel =
        channel(settings, addresses, topic.id.as_str(), &topic.title, &topic.description);
    let newest = snapshot.archives(&topic.id)?.into_iter().rfind(|archive| !archive.is_superseded);
    if let Some(archive) = newest {
        let path = Addresses::archive_path(topic.id.as_str(), archive.number);
        let (current, prev_archive) =
            (Url::parse(&channel.feed_urls.atom).ok(), Url::parse(&addresses.absolute(&path)).ok());
        channel.paging = Paging { current, prev_archive, ..Paging::default() };
    }
    Ok(channel)
}

pub(super) fn channel<'a>(
    settings: &SiteSettings,
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
        feed_urls: FeedUrls {
            atom: feed(FeedFormat::Atom),
            rss: feed(FeedFormat::Rss),
            json: feed(FeedFormat::Json),
        },
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

/// Renders with a moment that means nothing, asks when those bytes last changed, and renders with
/// the answer.
fn render_dated(
    channel: &mut Channel<'_>,
    topic: &str,
    format: FeedFormat,
    last_modified_of: LastModifiedFn<'_>,
) -> Result<RenderedDocument, StoreError> {
    let path = Addresses::feed_path(topic, format);
    channel.updated = Timestamp::UNIX_EPOCH;
    let digest = blake3::hash(&render(channel, format)).into();
    channel.updated = last_modified_of(&path, digest)?;
    Ok(RenderedDocument::new(
        path,
        format.content_type(),
        render(channel, format),
        Some(channel.updated),
    ))
}

fn plain(
    path: &str,
    media_type: &'static str,
    body: Vec<u8>,
    last_modified_of: LastModifiedFn<'_>,
) -> Result<RenderedDocument, StoreError> {
    let changed = last_modified_of(path, blake3::hash(&body).into())?;
    Ok(RenderedDocument::new(path, media_type, body, Some(changed)))
}

fn topic_outlines(settings: &SiteSettings, addresses: &Addresses) -> Vec<Outline> {
    let outline = |id: &str, title: &str, description: &str| Outline {
        title: title.to_owned(),
        description: description.to_owned(),
        feed_url: addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
        page_url: Some(addresses.absolute(&Addresses::topic_path(id))),
    };
    settings
        .visible_topics()
        .map(|topic| {
            outline(
                topic.id.as_str(),
                &topic.title,
                topic.description.as_deref().unwrap_or_default(),
            )
        })
        .chain(std::iter::once(outline(
            TopicId::ALL,
            &format!("{}: everything", settings.title),
            "",
        )))
        .collect()
}

/// What is followed in public. A site without a feed has its own address: readers find out for
/// themselves.
fn source_outlines(snapshot: &dyn Snapshot) -> Result<Vec<Outline>, StoreError> {
    use feed_model::FollowMode;
    let bare = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        Some(String::from(url))
    };
    let outlines =
        snapshot.sources()?.into_iter().filter(|source| source.public).filter_map(|source| {
            let feed = source
                .feed_url
                .as_deref()
                .filter(|_| source.follow_mode == FollowMode::Feed)
                .and_then(bare);
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
pub(super) fn union_stories(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    members: &[TopicId],
) -> Result<Vec<Story>, StoreError> {
    snapshot.window(members, settings.max_entries)
}
