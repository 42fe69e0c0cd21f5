//! The JSON Feed writer: version 1.1, with the extension `_source` for the source of an item.

use serde::Serialize;

use feed_model::Story;

use crate::{
    channel::{self, Channel, ShownStory, display_title, language, media_type, rights},
    date_format, excerpt, xml,
};

/// The description of `_source`. An extension object should have one (JSON Feed 1.1, "Extensions").
const ABOUT_SOURCE: &str = "The feed that the item was read from: its id, title, address and page, \
                            as atom:source (RFC 4287, section 4.2.11) has them.";

/// The format's version: the first field of a document.
const VERSION: &str = "https://jsonfeed.org/version/1.1";

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: String,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hubs: Option<[Hub<'a>; 1]>,
    items: Vec<FeedItem<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct FeedItem<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_published: Option<String>,
    date_modified: String,
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    _source: SourceExtension,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: String,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[derive(Serialize)]
struct SourceExtension {
    about: &'static str,
    id: String,
    title: String,
    feed_url: Option<String>,
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<String>,
}

/// Renders a channel as a JSON Feed document.
pub fn json_feed(channel: &Channel<'_>) -> Vec<u8> {
    let icon = channel.icon.as_ref().map(|icon| icon.url.as_str());
    let feed = Document {
        version: VERSION,
        title: xml::single_line(&channel.title),
        home_page_url: &channel.page_url,
        feed_url: &channel.feed_urls.json,
        description: xml::single_line(&channel.description),
        icon,
        favicon: icon,
        language: channel.language.as_deref(),
        hubs: channel.hub.as_deref().map(|url| [Hub { r#type: "WebSub", url }]),
        items: channel.stories.iter().map(|story| item(channel, story)).collect(),
    };
    let mut bytes = serde_json::to_vec(&feed).expect("text and numbers always become JSON");
    bytes.push(b'\n');
    bytes
}

fn item<'a>(channel: &Channel<'_>, story: &'a Story) -> FeedItem<'a> {
    let ShownStory { source: attribution, title, has_title, authors } =
        ShownStory::new(channel, story);
    let html = channel::content_html(story).or_else(|| channel::summary_html(story));
    let mut tags: Vec<String> = Vec::new();
    for category in story.categories.iter().filter(|category| !category.is_reading_time()) {
        let tag = xml::single_line(
            category
                .label
                .as_deref()
                .filter(|label| !label.trim().is_empty())
                .unwrap_or(&category.term),
        );
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    for (_, title) in channel.topics.categories(story) {
        if tags.iter().all(|tag| tag.to_lowercase() != title.to_lowercase()) {
            tags.push(title);
        }
    }
    FeedItem {
        id: &story.published_id,
        url: channel.link(story),
        external_url: story.related.iter().find_map(|url| xml::http_url(url)),
        title: has_title.then_some(title),
        // One of the two texts is required. A story without any text has its title.
        content_text: html.is_none().then(|| display_title(story)),
        content_html: html,
        summary: channel::summary_html(story)
            .and_then(|_| excerpt::summary(story))
            .map(xml::single_line),
        image: story.image.as_deref().and_then(xml::http_url),
        date_published: channel::published(story).map(date_format::rfc3339),
        date_modified: date_format::rfc3339(story.updated),
        authors: authors
            .into_iter()
            .map(|person| Author { name: person.name, url: person.url })
            .collect(),
        tags,
        language: language(story),
        attachments: story
            .enclosures
            .iter()
            .filter_map(|enclosure| {
                let url = xml::http_url(&enclosure.url)?;
                Some(Attachment {
                    url,
                    mime_type: media_type(enclosure),
                    size_in_bytes: enclosure.length,
                })
            })
            .collect(),
        _source: SourceExtension {
            about: ABOUT_SOURCE,
            id: attribution.id,
            title: attribution.title,
            feed_url: attribution.feed_url,
            home_page_url: attribution.home_page_url,
            rights: rights(story).or(attribution.rights),
            license: channel::license(story).map(|(url, _)| url),
        },
    }
}
