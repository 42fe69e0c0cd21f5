//! The RSS writer: RSS 2.0 with the RSS Board's Best Practices Profile.
//!
//! Names of authors are in `dc:creator`, because `author` must be an e-mail address.

use std::collections::BTreeMap;

use rss::{
    Category, Enclosure, Guid, Image, Item, Source,
    extension::{Extension, dublincore::DublinCoreExtension},
};

use feed_model::Story;

use crate::{
    atom::MEDIA_NAMESPACE,
    channel::{self, Channel, ChannelIcon, ShownStory, language, media_type, rights},
    date_format, excerpt,
    generator::GENERATOR,
    xml,
};

const ATOM_NAMESPACE: &str = "http://www.w3.org/2005/Atom";
const SPECIFICATION: &str = "https://www.rssboard.org/rss-specification";

/// Renders a channel as an RSS document.
pub fn rss(channel: &Channel<'_>) -> Vec<u8> {
    let items: Vec<Item> = channel.stories.iter().map(|story| item(channel, story)).collect();
    let mut namespaces = BTreeMap::from([("atom".to_owned(), ATOM_NAMESPACE.to_owned())]);
    if items.iter().any(|item| item.extensions.contains_key("media")) {
        namespaces.insert("media".to_owned(), MEDIA_NAMESPACE.to_owned());
    }
    let self_link = [
        ("href", channel.feed_urls.rss.as_str()),
        ("rel", "self"),
        ("type", "application/rss+xml"),
    ];
    let mut links = element("link", "atom:link", &self_link);
    if let Some(hub) = &channel.hub {
        let hub = element("link", "atom:link", &[("href", hub), ("rel", "hub")]);
        for (name, elements) in hub {
            links.entry(name).or_default().extend(elements);
        }
    }
    let document = rss::Channel {
        title: xml::single_line(&channel.title),
        link: channel.page_url.clone(),
        description: channel.description_or_title(),
        last_build_date: Some(date_format::rfc822(channel.updated)),
        generator: Some(GENERATOR.to_owned()),
        docs: Some(SPECIFICATION.to_owned()),
        language: channel.language.clone(),
        image: channel.icon.as_ref().map(|icon| image(channel, icon)),
        ttl: Some(channel.ttl_minutes.to_string()),
        items,
        extensions: BTreeMap::from([("atom".to_owned(), links)]),
        namespaces,
        ..rss::Channel::default()
    };
    let bytes = document.write_to(Vec::new()).expect("writing to memory does not fail");
    let mut bytes = numeric_references(bytes);
    bytes.push(b'\n');
    bytes
}

/// Returns the image of the channel. Its title and link are those of the channel (Best Practices
/// Profile). The largest width is 144 pixels.
fn image(channel: &Channel<'_>, icon: &ChannelIcon) -> Image {
    let side = icon.is_square.then(|| "144".to_owned());
    Image {
        url: icon.url.clone(),
        title: xml::single_line(&channel.title),
        link: channel.page_url.clone(),
        width: side.clone(),
        height: side,
        description: None,
    }
}

fn item(channel: &Channel<'_>, story: &Story) -> Item {
    let ShownStory { source: attribution, title, has_title, authors } =
        ShownStory::new(channel, story);
    let link = channel.link(story);
    // An item with `content:encoded` needs a `description`. A story without a summary has its plain
    // text excerpt there.
    let excerpt = || excerpt::summary(story).map(|text| xml::escape(&xml::clean(text)));
    let (description, content) = match (channel::summary_html(story), channel::content_html(story))
    {
        (Some(summary), content) => (Some(summary), content),
        (None, Some(content)) => match excerpt() {
            Some(excerpt) => (Some(excerpt), Some(content)),
            None => (Some(content), None),
        },
        (None, None) => (None, None),
    };
    let has_title = has_title || description.is_none();
    let mut extensions = BTreeMap::new();
    if let Some(image) = story.image.as_deref().and_then(xml::http_url) {
        let mut media = element("thumbnail", "media:thumbnail", &[("url", &image)]);
        media.append(&mut element(
            "content",
            "media:content",
            &[("url", &image), ("medium", "image")],
        ));
        extensions.insert("media".to_owned(), media);
    }
    let related: Vec<Extension> = story
        .related
        .iter()
        .filter_map(|url| xml::http_url(url))
        .flat_map(|url| {
            element("link", "atom:link", &[("href", &url), ("rel", "related")])
                .remove("link")
                .unwrap_or_default()
        })
        .collect();
    let mut related = related;
    if let Some((url, kind)) = channel::license(story) {
        let kind = kind.map(|kind| ("type", kind));
        let attributes: Vec<_> =
            [("href", url.as_str()), ("rel", "license")].into_iter().chain(kind).collect();
        related
            .extend(element("link", "atom:link", &attributes).remove("link").unwrap_or_default());
    }
    if !related.is_empty() {
        extensions.insert("atom".to_owned(), BTreeMap::from([("link".to_owned(), related)]));
    }
    let feed_url = attribution.feed_url.clone().or_else(|| xml::http_url(&story.source.feed_url));
    Item {
        title: has_title.then_some(title),
        description,
        categories: categories(channel, story),
        enclosure: enclosure(story),
        guid: Some(Guid {
            permalink: link.as_deref() == Some(story.published_id.as_str())
                && story.published_id.starts_with("http"),
            value: story.published_id.clone(),
        }),
        pub_date: Some(date_format::rfc822(
            channel::published(story).unwrap_or(story.first_published),
        )),
        source: feed_url.map(|url| Source { url, title: Some(attribution.title.clone()) }),
        content,
        extensions,
        dublin_core_ext: Some(DublinCoreExtension {
            creators: authors.into_iter().map(|person| person.name).collect(),
            languages: language(story).map(str::to_owned).into_iter().collect(),
            rights: rights(story).or_else(|| attribution.rights.clone()).into_iter().collect(),
            ..DublinCoreExtension::default()
        }),
        link,
        ..Item::default()
    }
}

fn categories(channel: &Channel<'_>, story: &Story) -> Vec<Category> {
    let mut categories: Vec<Category> = Vec::new();
    for category in story.categories.iter().filter(|category| !category.is_reading_time()) {
        let known = Category {
            name: xml::single_line(&category.term),
            domain: category.scheme.as_deref().map(xml::single_line),
        };
        if !known.name.is_empty() && !categories.contains(&known) {
            categories.push(known);
        }
    }
    let domain = || Some(channel.topics.iri.clone());
    let topics = channel.topics.categories(story);
    categories.extend(topics.map(|(_, name)| Category { name, domain: domain() }));
    categories
}

/// Returns the first sound or film, else the first enclosure. Feed readers do not agree on the
/// meaning of several (Best Practices Profile). The length is required; it is 0 if unknown.
fn enclosure(story: &Story) -> Option<Enclosure> {
    let all = || {
        let enclosures = story.enclosures.iter();
        enclosures.filter_map(|enclosure| Some((xml::http_url(&enclosure.url)?, enclosure)))
    };
    let (url, enclosure) =
        all().find(|(_, enclosure)| enclosure.is_played()).or_else(|| all().next())?;
    Some(Enclosure {
        url,
        length: enclosure.length.unwrap_or(0).to_string(),
        mime_type: media_type(enclosure).to_owned(),
    })
}

fn element(key: &str, name: &str, attributes: &[(&str, &str)]) -> BTreeMap<String, Vec<Extension>> {
    let attrs =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    BTreeMap::from([(
        key.to_owned(),
        vec![Extension { name: name.to_owned(), attrs, ..Extension::default() }],
    )])
}

/// Replaces `&amp;` and `&lt;` in plain text by hexadecimal references, which are safe in readers
/// that unescape twice (Best Practices Profile, "Character data"). CDATA sections contain HTML and
/// stay unchanged.
fn numeric_references(bytes: Vec<u8>) -> Vec<u8> {
    const OPEN: &str = "<![CDATA[";
    const CLOSE: &str = "]]>";
    let text = String::from_utf8(bytes).expect("the writer emits UTF-8");
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text.as_str();
    loop {
        let (plain, after) = rest.split_at(rest.find(OPEN).unwrap_or(rest.len()));
        out.push_str(&plain.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;"));
        if after.is_empty() {
            return out.into_bytes();
        }
        let end = after.find(CLOSE).map_or(after.len(), |at| at + CLOSE.len());
        out.push_str(&after[..end]);
        rest = &after[end..];
    }
}
