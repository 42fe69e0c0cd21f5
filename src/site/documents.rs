//! The documents that are rendered in advance: the feeds of all topics, the OPML lists and the
//! style sheets. Unions are rendered on request.

use std::sync::Arc;

use url::Url;

use feed_model::{FollowMode, StoryId, Timestamp, TopicId};
use feed_publisher::{
    Addresses, Channel, FeedFormat, Outline, common_language, fit, opml,
    pages::{SEARCH_STYLE, STYLE},
    render,
};

use crate::store::{Reader, StoreError};

use super::{
    rendered_document::RenderedDocument,
    rendered_feed::RenderedFeed,
    settings::{Audience, SiteSettings},
    topic_channel::{channel, published_topics, topic_channel, union_name, union_title},
};

/// Returns when a document last changed, from its path and the digest of its bytes without this
/// time. It is the stored time while the digest stays the same.
pub type LastModifiedFn<'a> = &'a mut dyn FnMut(&str, [u8; 32]) -> Result<Timestamp, StoreError>;

/// The path of the style sheet that shows the search box. Static sites do not have it.
pub(super) const SEARCH_STYLE_PATH: &str = "/search.css";

/// The path of the list of topic feeds.
const TOPIC_LIST: &str = "/opml.xml";
/// The path of the list of sources.
const SOURCE_LIST: &str = "/sources.opml";

/// The same list where other programs look for it.
const RECOMMENDATIONS: &str = "/.well-known/recommendations.opml";

/// `Content-Type` of OPML. Feed validators know this type.
const OPML: &str = "text/x-opml; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// Renders all documents in a fixed order: the feeds of the visible topics, then the OPML lists for
/// the public and the style sheets.
pub fn documents(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    last_modified_of: LastModifiedFn<'_>,
) -> Result<Vec<RenderedDocument>, StoreError> {
    let addresses = settings.addresses();
    let mut documents = Vec::new();
    for topic in published_topics(settings) {
        let window = reader.window(std::slice::from_ref(&topic.id), settings.max_entries)?;
        let channel = topic_channel(reader, settings, &addresses, &topic)?;
        let stories = Arc::new(fit(&channel.with_stories(&window), settings.limits()));
        let fits = |id: &StoryId| stories.iter().any(|story| story.id == *id);
        let overflow: Vec<StoryId> =
            window.iter().map(|story| story.id).filter(|id| !fits(id)).collect();
        let mut channel = channel.with_stories(&stories);
        channel.language = common_language(&stories);
        for format in FeedFormat::ALL {
            let members = std::slice::from_ref(&topic.id);
            let document = render_feed(
                &mut channel,
                topic.id.as_str(),
                format,
                settings.hub_url(members),
                last_modified_of,
            )?;
            let feed =
                RenderedFeed::new(&topic.id, &channel, stories.clone(), overflow.clone(), format);
            documents.push(RenderedDocument { feed: Some(feed), ..document });
        }
    }
    let public = settings.for_audience(Audience::default());
    let topic_list = opml(&settings.title, &topic_outlines(&public, &addresses));
    let source_list_title = format!("What {} follows", settings.title);
    let source_list = opml(&source_list_title, &source_outlines(reader)?);
    let is_visible = |topic: &TopicId| topic.is_all() || settings.visible_topic(topic).is_some();
    for icon in settings.icons.icons.iter().filter(|icon| is_visible(&icon.topic)) {
        let last_modified = last_modified_of(&icon.path, blake3::hash(&icon.bytes).into())?;
        let (path, body) = (icon.path.clone(), icon.bytes.clone());
        documents.push(RenderedDocument::new(path, icon.media_type, body, Some(last_modified)));
    }
    for (path, media_type, body) in [
        (TOPIC_LIST, OPML, topic_list),
        (SOURCE_LIST, OPML, source_list.clone()),
        (RECOMMENDATIONS, OPML, source_list),
        ("/style.css", CSS, STYLE.as_bytes().to_vec()),
        (SEARCH_STYLE_PATH, CSS, SEARCH_STYLE.as_bytes().to_vec()),
    ] {
        let last_modified = last_modified_of(path, blake3::hash(&body).into())?;
        documents.push(RenderedDocument::new(path, media_type, body, Some(last_modified)));
    }
    Ok(documents)
}

/// Renders the list of topic feeds for an audience.
pub fn topic_list(settings: &SiteSettings) -> RenderedDocument {
    let list = opml(&settings.title, &topic_outlines(settings, &settings.addresses()));
    RenderedDocument::new(TOPIC_LIST, OPML, list, None)
}

/// Renders the feed of a union, or of a topic for an audience with a token. `updated` is when a
/// document of one of its members last changed.
pub fn union_feed(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    members: &[TopicId],
    format: FeedFormat,
    updated: Timestamp,
) -> Result<RenderedDocument, StoreError> {
    let addresses = settings.addresses();
    let name = union_name(members);
    let window = reader.window(members, settings.max_entries)?;
    let topic = published_topics(settings).find(|topic| members == std::slice::from_ref(&topic.id));
    let channel = match topic {
        Some(topic) => topic_channel(reader, settings, &addresses, &topic)?,
        None => channel(settings, &addresses, &name, &union_title(settings, members), ""),
    };
    let stories = Arc::new(fit(&channel.with_stories(&window), settings.limits()));
    let hub = settings.own_hub_url(members);
    let language = common_language(&stories);
    let channel = Channel { updated, hub: hub.clone(), language, ..channel.with_stories(&stories) };
    let body = render(&channel, format);
    // The windows of its members decide which stories leave, so a union has no overflow.
    let feed = members
        .first()
        .map(|first| RenderedFeed::new(first, &channel, stories.clone(), Vec::new(), format));
    let path = Addresses::feed_path(&name, format);
    Ok(RenderedDocument {
        feed,
        hub,
        ..RenderedDocument::new(path, format.content_type(), body, Some(updated))
    })
}

/// Renders a feed with the time of its last change. The digest that identifies its content is that
/// of the document with the Unix epoch as this time and without the hub, so that another hub does
/// not make the feed look new.
fn render_feed(
    channel: &mut Channel<'_>,
    topic: &str,
    format: FeedFormat,
    hub: Option<String>,
    last_modified_of: LastModifiedFn<'_>,
) -> Result<RenderedDocument, StoreError> {
    let path = Addresses::feed_path(topic, format);
    channel.updated = Timestamp::UNIX_EPOCH;
    channel.hub = None;
    let digest = blake3::hash(&render(channel, format)).into();
    channel.updated = last_modified_of(&path, digest)?;
    channel.hub.clone_from(&hub);
    let body = render(channel, format);
    Ok(RenderedDocument {
        hub,
        ..RenderedDocument::new(path, format.content_type(), body, Some(channel.updated))
    })
}

fn topic_outlines(settings: &SiteSettings, addresses: &Addresses) -> Vec<Outline> {
    let outline = |id: &str, title: &str, description: &str| Outline {
        title: title.to_owned(),
        description: description.to_owned(),
        feed_url: addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
        page_url: Some(addresses.absolute(&Addresses::topic_path(id))),
    };
    let topics = settings.visible_topics().map(|topic| {
        outline(topic.id.as_str(), &topic.title, topic.description.as_deref().unwrap_or_default())
    });
    let all = outline(TopicId::ALL, &format!("{}: everything", settings.title), "");
    topics.chain([all]).collect()
}

/// Returns the public sources. A site without a feed has its own address; feed readers discover
/// what to follow there.
fn source_outlines(reader: &Reader<'_>) -> Result<Vec<Outline>, StoreError> {
    let outlines = reader.public_sources()?.into_iter().filter_map(|source| {
        let is_feed = source.follow_mode == FollowMode::Feed;
        let feed_url = source.feed_url.as_deref().filter(|_| is_feed).and_then(without_userinfo);
        Some(Outline {
            title: source.title,
            description: String::new(),
            feed_url: feed_url.or_else(|| without_userinfo(&source.url))?,
            page_url: source.home_page_url.as_deref().and_then(without_userinfo),
        })
    });
    Ok(outlines.collect())
}

fn without_userinfo(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.into())
}
