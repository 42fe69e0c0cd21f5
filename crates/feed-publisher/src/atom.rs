//! The Atom writer: RFC 4287, with the archive links of RFC 5005.
//!
//! The feed has no author: entries without an author would inherit it (RFC 4287 §4.1.2).

use std::collections::BTreeMap;

use atom_syndication::{
    Category, Content, Entry, Feed, Generator, Link, Person, Source, Text, extension::Extension,
};

use feed_model::{Story, TopicId};

use crate::{
    channel::{
        self, Attribution, Channel, ShownStory, display_title, language, media_type,
        page_media_type, rights,
    },
    date_format,
    generator::GENERATOR,
    xml,
};

/// The namespace of `media:thumbnail`.
pub(crate) const MEDIA_NAMESPACE: &str = "http://search.yahoo.com/mrss/";
const HISTORY_NAMESPACE: &str = "http://purl.org/syndication/history/1.0";

/// Renders a channel as an Atom document.
pub fn atom(channel: &Channel<'_>) -> Vec<u8> {
    let entries: Vec<Entry> = channel.stories.iter().map(|story| entry(channel, story)).collect();
    let mut namespaces = BTreeMap::new();
    if entries.iter().any(|entry| !entry.extensions.is_empty()) {
        namespaces.insert("media".to_owned(), MEDIA_NAMESPACE.to_owned());
    }
    if channel.paging.is_archive {
        namespaces.insert("fh".to_owned(), HISTORY_NAMESPACE.to_owned());
    }
    let mut links = vec![
        link("self", &channel.feed_urls.atom, Some("application/atom+xml")),
        link("alternate", &channel.page_url, Some("text/html")),
    ];
    links.extend(channel.hub.iter().map(|hub| link("hub", hub, None)));
    let paging = &channel.paging;
    // The links of an archive are part of its digest, so they stay as they were at first.
    let feed_type = Some("application/atom+xml").filter(|_| !paging.is_archive);
    let archives = [
        ("current", &paging.current),
        ("prev-archive", &paging.prev_archive),
        ("next-archive", &paging.next_archive),
    ];
    links.extend(
        archives
            .into_iter()
            .filter_map(|(rel, url)| Some(link(rel, url.as_ref()?.as_str(), feed_type))),
    );
    let description = xml::single_line(&channel.description);
    let feed = Feed {
        title: text(&xml::single_line(&channel.title), None),
        id: channel.id.clone(),
        updated: date_format::fixed_offset(channel.updated),
        generator: Some(Generator { value: GENERATOR.to_owned(), ..Generator::default() }),
        links,
        lang: channel.language.clone(),
        icon: channel.icon.as_ref().map(|icon| icon.url.clone()),
        logo: channel.icon.as_ref().map(|icon| icon.url.clone()),
        subtitle: (!description.is_empty()).then(|| text(&description, None)),
        entries,
        namespaces,
        ..Feed::default()
    };
    let mut bytes = feed.write_to(Vec::new()).expect("writing to memory does not fail");
    if channel.paging.is_archive {
        insert_before_entries(&mut bytes, "<fh:archive/>");
    }
    bytes.push(b'\n');
    bytes
}

/// Inserts an element of the feed before its entries, where the schema requires it (RFC 4287,
/// appendix B). `atom_syndication` writes elements of other namespaces after the entries.
///
/// Text contains no unescaped `<`, so the first `<entry>` is the element.
fn insert_before_entries(bytes: &mut Vec<u8>, element: &str) {
    let text = std::str::from_utf8(bytes).expect("the writer emits UTF-8");
    let offset = text.find("<entry>").or_else(|| text.rfind("</feed>")).unwrap_or(text.len());
    bytes.splice(offset..offset, element.bytes());
}

/// Returns the summary. A story without any text has its title as the summary, as in JSON Feed:
/// feed readers would have nothing to show (RFC 4287 §4.1.1.1).
fn summary(story: &Story, lang: Option<&str>) -> Option<Text> {
    if let Some(value) = channel::summary_html(story) {
        return Some(Text { r#type: atom_syndication::TextType::Html, ..text(&value, lang) });
    }
    channel::content_html(story).is_none().then(|| text(&display_title(story), lang))
}

fn entry(channel: &Channel<'_>, story: &Story) -> Entry {
    let shown = ShownStory::new(channel, story);
    let lang = language(story);
    let mut links: Vec<Link> =
        channel.link(story).iter().map(|url| page_link("alternate", url)).collect();
    for url in story.related.iter().filter_map(|url| xml::http_url(url)) {
        links.push(page_link("related", &url));
    }
    links.extend(channel::license(story).map(|(url, kind)| link("license", &url, kind)));
    for enclosure in &story.enclosures {
        if let Some(url) = xml::http_url(&enclosure.url) {
            let length = enclosure.length.map(|bytes| bytes.to_string());
            links.push(Link { length, ..link("enclosure", &url, Some(media_type(enclosure))) });
        }
    }
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
    Entry {
        title: text(&shown.title, lang),
        id: story.published_id.clone(),
        updated: date_format::fixed_offset(story.updated),
        authors: shown
            .authors
            .into_iter()
            .map(|person| Person { name: person.name, uri: person.url, ..Person::default() })
            .collect(),
        categories: categories(channel, story),
        links,
        published: channel::published(story).map(date_format::fixed_offset),
        rights: rights(story).map(|rights| text(&rights, None)),
        source: Some(source(&shown.source)),
        summary: summary(story, lang),
        content: channel::content_html(story).map(|value| Content {
            value: Some(value),
            lang: lang.map(str::to_owned),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions,
        ..Entry::default()
    }
}

fn categories(channel: &Channel<'_>, story: &Story) -> Vec<Category> {
    let mut categories: Vec<Category> = Vec::new();
    for category in story.categories.iter().filter(|category| !category.is_reading_time()) {
        let term = xml::single_line(&category.term);
        let scheme = category.scheme.clone().filter(|scheme| xml::is_iri(scheme));
        if term.is_empty()
            || categories.iter().any(|known| known.term == term && known.scheme == scheme)
        {
            continue;
        }
        let label =
            category.label.as_deref().map(xml::single_line).filter(|label| !label.is_empty());
        categories.push(Category { term, scheme, label });
    }
    let topic = |(id, title): (&TopicId, String)| Category {
        term: id.to_string(),
        scheme: Some(channel.topics.iri.clone()),
        label: Some(title),
    };
    categories.extend(channel.topics.categories(story).map(topic));
    categories
}

fn source(attribution: &Attribution) -> Source {
    let links = [
        ("self", &attribution.feed_url, None),
        ("alternate", &attribution.home_page_url, Some("text/html")),
    ];
    Source {
        title: text(&attribution.title, None),
        id: attribution.id.clone(),
        updated: date_format::fixed_offset(attribution.updated),
        links: links
            .into_iter()
            .filter_map(|(rel, url, kind)| Some(link(rel, url.as_deref()?, kind)))
            .collect(),
        rights: attribution.rights.as_deref().map(|rights| text(rights, None)),
        ..Source::default()
    }
}

fn text(value: &str, lang: Option<&str>) -> Text {
    Text { value: value.to_owned(), lang: lang.map(str::to_owned), ..Text::default() }
}

fn link(rel: &str, href: &str, mime_type: Option<&str>) -> Link {
    Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: mime_type.map(str::to_owned),
        ..Link::default()
    }
}

/// Returns a link to a page.
fn page_link(rel: &str, href: &str) -> Link {
    link(rel, href, Some(page_media_type(href)))
}

/// Returns an element of another namespace. Its attributes are escaped here, because
/// `atom_syndication` does not escape them.
fn element(key: &str, name: &str, attributes: &[(&str, &str)]) -> BTreeMap<String, Vec<Extension>> {
    let escaped = |value: &str| xml::escape(value).replace('"', "&quot;");
    let attrs =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), escaped(value))).collect();
    BTreeMap::from([(
        key.to_owned(),
        vec![Extension { name: name.to_owned(), attrs, ..Extension::default() }],
    )])
}
