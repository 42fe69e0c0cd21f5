//! JSON Feed 1.0 and 1.1: the leniently read document is converted to a strict one for feed-rs,
//! together with the raw fields that feed-rs drops.
//!
//! Malformed JSON is rejected as a whole (JSON Feed 1.1). An item that is not an object is omitted.

use serde_json::{Map, Value, json};

use super::{
    error::IngestError,
    person,
    repairs::Repairs,
    sniff::DocumentKind,
    xml_feed::{FieldName, Link, Ranked, RawFeed, RawItem, RawMedia, RawSource},
};
use feed_model::{Category, Person};

/// A converted JSON Feed.
#[derive(Debug)]
pub(super) struct JsonFeed {
    /// The canonical document.
    pub canonical: String,
    /// The raw fields of the feed.
    pub feed: RawFeed,
    /// The raw fields of the items, in the order of the canonical document.
    pub items: Vec<RawItem>,
    /// The repairs that were made.
    pub repairs: Repairs,
}

/// Converts a JSON Feed.
pub(super) fn parse(text: &str) -> Result<JsonFeed, IngestError> {
    let text = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let root: Value = serde_json::from_str(text).map_err(|source| IngestError::Json {
        line: source.line(),
        column: source.column(),
        source,
    })?;
    let mut repairs = Repairs::default();
    let Value::Object(root) = root else {
        return Err(IngestError::NotAFeed { looks_like: DocumentKind::Json });
    };
    let items = match root.get("items") {
        Some(Value::Array(items)) => items.as_slice(),
        _ if string(&root, "version").is_some_and(|v| v.contains("jsonfeed.org")) => &[],
        _ => {
            return Err(IngestError::NotAFeed { looks_like: DocumentKind::Json });
        }
    };
    if string(&root, "version").is_none_or(|v| !v.contains("jsonfeed.org/version/1")) {
        repairs.record_without_line(
            "json-feed-version",
            "the feed does not state a known version of JSON Feed; it was read as 1.1",
        );
    }
    let mut notes = Vec::with_capacity(items.len());
    let mut canonical = Vec::with_capacity(items.len());
    for item in items {
        let Value::Object(item) = item else {
            repairs
                .record_without_line("odd-json-item", "an item is not an object; it was omitted");
            continue;
        };
        canonical.push(canonical_item(item));
        notes.push(raw_item(item, &mut repairs));
    }
    let feed = RawFeed {
        links: links(&root),
        people: authors(&root),
        language: string(&root, "language"),
        icon: string(&root, "icon"),
        image: string(&root, "favicon"),
        ..RawFeed::default()
    };
    let document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": string(&root, "title").unwrap_or_default(),
        "description": string(&root, "description"),
        "items": canonical,
    });
    Ok(JsonFeed { canonical: document.to_string(), feed, items: notes, repairs })
}

/// The feed's page, its own address and its hubs.
fn links(root: &Map<String, Value>) -> Vec<Link> {
    let link = |rel: &'static str, href| Link { href, rel: rel.into(), ..Link::default() };
    let page = string(root, "home_page_url").map(Link::page).into_iter();
    let own = string(root, "feed_url").map(|href| link("self", href));
    let is_websub = |hub: &&Map<String, Value>| {
        string(hub, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("websub"))
    };
    let hubs = objects(root, "hubs").filter(is_websub);
    page.chain(own).chain(hubs.filter_map(|hub| Some(link("hub", string(hub, "url")?)))).collect()
}

fn canonical_item(item: &Map<String, Value>) -> Value {
    json!({
        "id": "",
        "title": string(item, "title"),
        "content_html": string(item, "content_html"),
        "content_text": string(item, "content_text"),
        "summary": string(item, "summary"),
    })
}

fn raw_item(item: &Map<String, Value>, repairs: &mut Repairs) -> RawItem {
    if item.get("id").is_some_and(|id| !id.is_string()) {
        repairs.record_without_line(
            "json-id-type",
            "the id of an item is not a string; it was converted",
        );
    }
    let ranked = |name: &'static str| {
        string(item, name)
            .map(|value| Ranked { rank: 0, value, from: FieldName::Borrowed(name) })
            .into_iter()
            .collect::<Vec<_>>()
    };
    let named =
        |name: &'static str| string(item, name).map(|text| (text, FieldName::Borrowed(name)));
    let first = |names: [&'static str; 2]| {
        names.into_iter().find(|name| string(item, name).is_some()).map(FieldName::Borrowed)
    };
    let attachment = |a: &Map<String, Value>| {
        let length = a
            .get("size_in_bytes")
            .and_then(|n| n.as_u64().or_else(|| n.as_str()?.trim().parse().ok()));
        Some(RawMedia {
            url: string(a, "url")?,
            mime: string(a, "mime_type"),
            description: string(a, "title"),
            length,
            from: FieldName::Borrowed("attachments"),
            ..RawMedia::default()
        })
    };
    RawItem {
        id: named("id"),
        is_permalink: Some(false).filter(|_| string(item, "url").is_some()),
        published: ranked("date_published"),
        updated: ranked("date_modified"),
        people: authors(item),
        links: string(item, "url").map(Link::page).into_iter().collect(),
        categories: strings(item, "tags")
            .into_iter()
            .map(|tag| Category::term(tag.trim()))
            .collect(),
        language: string(item, "language"),
        images: [named("image"), named("banner_image")].into_iter().flatten().collect(),
        media: objects(item, "attachments").filter_map(attachment).collect(),
        related: string(item, "external_url").into_iter().collect(),
        fallback_link: named("external_url"),
        source: source(item),
        title_from: first(["title", "title"]),
        summary_from: first(["summary", "summary"]),
        content_from: first(["content_html", "content_text"]),
        ..RawItem::default()
    }
}

/// Returns the original feed of an item: the extension `_source`, in which aggregators publish what
/// `atom:source` has.
fn source(item: &Map<String, Value>) -> Option<RawSource> {
    let source = item.get("_source").and_then(Value::as_object)?;
    Some(RawSource {
        id: string(source, "id"),
        title: string(source, "title"),
        feed_url: string(source, "feed_url"),
        home_page_url: string(source, "home_page_url"),
        rights: string(source, "rights"),
        ..RawSource::default()
    })
}

/// Returns the persons of `authors`, else those of `author`. Each is an object or only a name.
fn authors(of: &Map<String, Value>) -> Vec<Ranked<Person>> {
    let one = |value: &Value| match value {
        Value::String(name) => person::parse_person(name),
        Value::Object(author) => person::person_from_parts(
            string(author, "name").as_deref(),
            None,
            string(author, "url").as_deref(),
        ),
        _ => None,
    };
    let many = |name: &str| match of.get(name) {
        Some(Value::Array(all)) => all.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect::<Vec<_>>(),
        None => Vec::new(),
    };
    let (mut all, mut from) = (many("authors"), "authors");
    if all.is_empty() {
        (all, from) = (many("author"), "author");
    }
    all.into_iter()
        .map(|value| Ranked { rank: 0, value, from: FieldName::Borrowed(from) })
        .collect()
}

fn objects<'a>(
    of: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    of.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Returns a string, or a number as a string. `None` if it is empty.
fn string(of: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match of.get(name)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns the strings of a list, or the parts of one string with commas.
fn strings(of: &Map<String, Value>, name: &str) -> Vec<String> {
    match of.get(name) {
        Some(Value::Array(all)) => all
            .iter()
            .filter_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Object(tag) => string(tag, "name").or_else(|| string(tag, "term")),
                _ => None,
            })
            .collect(),
        Some(Value::String(text)) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}
