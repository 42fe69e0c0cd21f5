//! Posts in the JSON that frameworks embed in a page for their scripts: Remix, Next.js (pages and
//! app router), Nuxt, Astro, and scripts that assign JSON to a variable.
//!
//! Entry point: [`EmbeddedData`]. Scripts are not run. A list is a list of posts if most of its
//! elements have a title, a URL, and a date or a summary. If the URL is only a slug, the page's
//! links show how it is resolved.

use std::collections::HashMap;

use serde_json::{Map, Value};
use url::Url;

use feed_model::PublishedDate;

use super::{
    extractor::{Certainty, Extractor},
    flattened_json,
    item::IndexItem,
};
use crate::{
    byline::reading_minutes,
    dates,
    dom::Dom,
    text::{collapse_whitespace, keywords, normalized, truncate_summary},
    url_shape,
};

/// The maximum number of bytes of scripts that are parsed.
const MAX_SCRIPT_BYTES: usize = 8 * 1024 * 1024;
/// The maximum number of JSON values that are examined.
const MAX_VALUES: usize = 400_000;
/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

const TITLE_KEYS: &[&str] = &["web_title", "webTitle", "title", "headline", "name", "post_title"];
const URL_KEYS: &[&str] = &[
    "canonical_url",
    "canonicalUrl",
    "permalink",
    "url",
    "web_url",
    "href",
    "link",
    "path",
    "uri",
    "route",
    "slug",
    "_path",
    "urlPath",
    "uniqueSlug",
    "absolute_url",
    "absoluteUrl",
    "full_url",
    "fullUrl",
    "share_url",
    "shareUrl",
    "fullSlug",
    "parameterized_web_title",
];
const DATE_KEYS: &[&str] = &[
    "override_scheduled_at",
    "scheduled_at",
    "published_at",
    "publishedAt",
    "publishDate",
    "publish_date",
    "publishedDate",
    "published_date",
    "datePublished",
    "publicationDate",
    "first_published_at",
    "firstPublishedAt",
    "post_date",
    "postDate",
    "pubDate",
    "pubDatetime",
    "displayDate",
    "date",
    "published",
    "publishedOn",
    "published_on",
    "publishedTime",
    "releaseDate",
    "created_at",
    "createdAt",
    "_createdAt",
    "created",
];
const SUMMARY_KEYS: &[&str] = &[
    "web_subtitle",
    "webSubtitle",
    "subtitle",
    "excerpt",
    "description",
    "summary",
    "meta_default_description",
    "metaDescription",
    "seo_description",
    "brief",
    "abstract",
    "teaser",
    "dek",
    "custom_excerpt",
    "snippet",
    "preview_text",
];
const TAG_KEYS: &[&str] = &[
    "content_tags",
    "contentTags",
    "tags",
    "categories",
    "category",
    "topics",
    "topic",
    "labels",
    "keywords",
    "primary_tag",
    "section",
];
const NESTED_OBJECT_KEYS: &[&str] = &[
    "frontmatter",
    "frontMatter",
    "metadata",
    "meta",
    "data",
    "attributes",
    "fields",
    "node",
    "post",
    "article",
    "entry",
    "content",
    "matter",
];

/// The posts in a page's embedded data, in the order of their list.
pub(super) struct EmbeddedData;

impl Extractor for EmbeddedData {
    fn certainty(&self) -> Certainty {
        Certainty::Stated
    }

    fn reason(&self, _count: usize) -> String {
        "the posts are in the page's embedded data".to_owned()
    }

    fn extract(&self, dom: &Dom, page: &Url) -> Vec<IndexItem> {
        read(dom, page)
    }
}

fn read(dom: &Dom, page: &Url) -> Vec<IndexItem> {
    let mut remaining = MAX_SCRIPT_BYTES;
    let mut lists: Vec<Vec<IndexItem>> = Vec::new();
    let urls = UrlResolver::new(dom, page);
    for value in read_json_documents(dom, &mut remaining) {
        find_post_lists(&value, &urls, &mut lists);
    }
    // If one list has dates, a list without dates is a menu or a list of products.
    let is_dated = |items: &Vec<IndexItem>| {
        items.iter().filter(|i| i.published.is_some()).count() * 2 > items.len()
    };
    let several_dated = lists.iter().any(|items| items.len() >= 2 && is_dated(items));
    let found = lists
        .into_iter()
        .filter(|items| !several_dated || items.iter().any(|i| i.published.is_some()))
        .flatten();
    let mut out: Vec<IndexItem> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for item in found {
        let Some(key) = item.key() else { continue };
        if let Some(at) = known.get(&key) {
            out[*at].fill_missing_from(&item);
        } else if out.len() < MAX_ITEMS {
            known.insert(key, out.len());
            out.push(item);
        }
    }
    out
}

/// Returns every JSON document in the page's scripts and attributes.
fn read_json_documents(dom: &Dom, remaining: &mut usize) -> Vec<Value> {
    let mut out = Vec::new();
    let mut flight = String::new();
    for script in dom.all("script:not([src])") {
        let kind = script.attr("type").unwrap_or_default().to_ascii_lowercase();
        if kind.contains("ld+json")
            || kind.contains("importmap")
            || kind.contains("speculationrules")
        {
            continue;
        }
        let text: String = script.text().collect();
        if text.len() > *remaining {
            break;
        }
        *remaining -= text.len();
        if kind.contains("json") {
            out.extend(serde_json::from_str(text.trim()).ok());
        } else if text.contains("__next_f") {
            collect_flight_chunks(&text, &mut flight);
        } else if text.contains('{') || text.contains('[') {
            out.extend(assigned_json(&text));
        }
    }
    // Component frameworks (Astro, React) store the properties of a component in an attribute.
    for element in dom.all(
        "[props], [data-page], [data-props], [data-react-props], [data-state], [data-posts], \
         [data-items]",
    ) {
        for (_, text) in element.value().attrs() {
            let is_json = text.len() >= 40 && text.starts_with(['{', '[']);
            if is_json && text.len() <= *remaining {
                *remaining -= text.len();
                out.extend(serde_json::from_str(text).ok().map(flattened_json::strip_type_tags));
            }
        }
    }
    // Next.js app router: a stream of lines, each `number:JSON`.
    for line in flight.lines() {
        if let Some((number, json)) = line.split_once(':')
            && number.chars().all(|c| c.is_ascii_hexdigit())
            && json.starts_with(['[', '{'])
        {
            out.extend(
                serde_json::Deserializer::from_str(json)
                    .into_iter::<Value>()
                    .next()
                    .and_then(Result::ok),
            );
        }
    }
    out.into_iter().map(flattened_json::unflatten).collect()
}

/// Appends the strings of `self.__next_f.push([1,"…"])`.
fn collect_flight_chunks(text: &str, out: &mut String) {
    for part in text.split("__next_f.push(").skip(1) {
        let value = serde_json::Deserializer::from_str(part)
            .into_iter::<Value>()
            .next()
            .and_then(Result::ok);
        if let Some(Value::String(piece)) = value.as_ref().and_then(|v| v.get(1)) {
            out.push_str(piece);
        }
    }
}

/// Returns JSON that is assigned (`x = {…}`, `x = JSON.parse("…")`) or passed to a function
/// (`enqueue("…")`).
fn assigned_json(text: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut tries = 0;
    while let Some(step) = text[at..].find(['=', '(']) {
        let after = at + step + 1;
        at = after;
        let rest = text[after..].trim_start();
        let rest = rest.strip_prefix("JSON.parse(").unwrap_or(rest).trim_start();
        if !rest.starts_with(['{', '[', '"']) || rest.len() < 40 {
            continue;
        }
        tries += 1;
        if tries > 200 {
            break;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next() {
            let used = stream.byte_offset();
            // `rest` is a suffix of `text`, so offsets from the end are equal.
            at = text.len() - rest.len() + used;
            match value {
                Value::String(inner) if inner.trim_start().starts_with(['{', '[']) => {
                    out.extend(
                        serde_json::Deserializer::from_str(&inner)
                            .into_iter::<Value>()
                            .next()
                            .and_then(Result::ok),
                    );
                }
                Value::Object(_) | Value::Array(_) => out.push(value),
                _ => {}
            }
        }
    }
    out
}

/// Collects the lists of posts anywhere in a document.
fn find_post_lists(root: &Value, urls: &UrlResolver, out: &mut Vec<Vec<IndexItem>>) {
    let mut pending = vec![root];
    let mut remaining = MAX_VALUES;
    while let Some(value) = pending.pop() {
        remaining = remaining.saturating_sub(1);
        if remaining == 0 {
            return;
        }
        match value {
            Value::Array(list) => {
                let objects: Vec<&Map<String, Value>> =
                    list.iter().filter_map(Value::as_object).collect();
                let items: Vec<IndexItem> =
                    objects.iter().filter_map(|o| read_post(o, urls)).collect();
                if !items.is_empty() && items.len() * 10 >= objects.len() * 6 {
                    out.push(items);
                } else {
                    pending.extend(list.iter().rev().filter(|v| v.is_object() || v.is_array()));
                }
            }
            Value::Object(object) => {
                let posts = posts_by_key(object, urls);
                if !posts.is_empty() {
                    out.push(posts);
                    continue;
                }
                pending.extend(
                    object
                        .values()
                        .filter(|v| v.is_object() || v.is_array())
                        .collect::<Vec<_>>()
                        .into_iter()
                        .rev(),
                );
            }
            _ => {}
        }
    }
}

/// Returns posts that are stored by key: `{"Post:1": {…}, "Post:2": {…}, "User:7": {…}}`.
fn posts_by_key(object: &Map<String, Value>, urls: &UrlResolver) -> Vec<IndexItem> {
    let kind = |key: &str, value: &Map<String, Value>| {
        let named = value.get("__typename").and_then(Value::as_str).map(str::to_owned);
        named.or_else(|| key.split_once(':').map(|(kind, _)| kind.to_owned())).unwrap_or_default()
    };
    let mut kinds: HashMap<String, (usize, Vec<IndexItem>)> = HashMap::new();
    for (key, value) in object {
        let Some(value) = value.as_object() else {
            continue;
        };
        let (count, items) = kinds.entry(kind(key, value)).or_default();
        *count += 1;
        items.extend(read_post(value, urls).filter(|item| item.published.is_some()));
    }
    let posts = kinds
        .into_values()
        .filter(|(count, items)| items.len() >= 3 && items.len() * 10 >= count * 6);
    posts.map(|(_, items)| items).max_by_key(Vec::len).unwrap_or_default()
}

/// Returns the post of a JSON object, or `None` if the object is something else or is not
/// published.
fn read_post(object: &Map<String, Value>, urls: &UrlResolver) -> Option<IndexItem> {
    let inner: Vec<&Map<String, Value>> = NESTED_OBJECT_KEYS
        .iter()
        .filter_map(|k| object.get(*k).and_then(Value::as_object))
        .collect();
    let holders: Vec<&Map<String, Value>> = std::iter::once(object)
        .chain(inner.iter().copied())
        .chain(inner.iter().flat_map(|o| {
            NESTED_OBJECT_KEYS.iter().filter_map(|k| o.get(*k).and_then(Value::as_object))
        }))
        .collect();
    let get = |keys: &[&str]| {
        keys.iter().find_map(|k| holders.iter().find_map(|h| h.get(*k).filter(|v| !v.is_null())))
    };
    let text = |keys: &[&str]| {
        keys.iter().find_map(|k| holders.iter().find_map(|h| h.get(*k).and_then(text_value)))
    };
    let status = text(&["status", "_status"]).unwrap_or_default().to_lowercase();
    if matches!(status.as_str(), "draft" | "archived" | "private" | "unlisted" | "scheduled")
        || get(&["draft", "hidden", "unlisted", "is_draft"]).and_then(Value::as_bool) == Some(true)
    {
        return None;
    }
    let title = text(TITLE_KEYS)?;
    let beehiiv = object.contains_key("web_title") && object.contains_key("slug");
    let published =
        DATE_KEYS.iter().find_map(|k| holders.iter().find_map(|h| h.get(*k).and_then(date)));
    let summary = text(SUMMARY_KEYS);
    // Menu links also have a title and a URL.
    if !beehiiv && (published.is_none() && summary.is_none() || title.chars().count() < 3) {
        return None;
    }
    let url = if beehiiv {
        urls.resolve(&text_value(object.get("slug")?)?, true)
    } else {
        URL_KEYS
            .iter()
            .filter_map(|k| holders.iter().find_map(|h| h.get(*k).and_then(address)))
            .find_map(|s| urls.resolve(&s, false))
    }?;
    let mut item = IndexItem { url: Some(url), published, ..IndexItem::default() };
    item.summary =
        summary.map(|s| truncate_summary(&s)).filter(|s| normalized(s) != normalized(&title));
    item.title = Some(title);
    item.updated = [
        "updated_at",
        "updatedAt",
        "modified",
        "dateModified",
        "lastmod",
        "modDatetime",
        "_updatedAt",
    ]
    .iter()
    .find_map(|k| get(&[k]).and_then(date))
    .filter(|u| published.is_some_and(|p| u.at > p.at));
    for key in TAG_KEYS {
        for term in get(&[key]).into_iter().flat_map(name_list) {
            item.add_category(&term);
        }
    }
    for name in ["authors", "author", "publishedBylines", "byline", "bylines"]
        .iter()
        .filter_map(|k| get(&[k]))
        .flat_map(name_list)
    {
        if item.authors.len() < 8 && !item.authors.contains(&name) && name.chars().count() <= 80 {
            item.authors.push(name);
        }
    }
    item.image = [
        "image_url",
        "thumbnail_url",
        "cover_image",
        "coverImage",
        "feature_image",
        "image",
        "thumbnail",
        "heroImage",
        "cover",
        "ogImage",
    ]
    .iter()
    .find_map(|k| get(&[k]).and_then(address))
    .filter(|a| a.starts_with("http") || a.starts_with('/'))
    .and_then(|a| feed_parser::http_url(&a, Some(&urls.base)));
    item.reading_time = ["readingTime", "reading_time", "estimated_reading_time", "readTime"]
        .iter()
        .find_map(|k| get(&[k]))
        .and_then(reading_time_value);
    Some(item)
}

/// Returns a text, or the text of an object such as `{"rendered": "…"}`.
fn text_value(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| {
        ["rendered", "current", "text", "value"]
            .iter()
            .find_map(|k| value.get(*k).and_then(Value::as_str))
    })?;
    let text = if text.contains(['<', '&']) {
        collapse_whitespace(&feed_parser::plain_text(text))
    } else {
        collapse_whitespace(text)
    };
    Some(text).filter(|t| !t.is_empty())
}

fn address(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| {
        ["current", "url", "src", "href"].iter().find_map(|k| value.get(*k).and_then(Value::as_str))
    })?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty() && t.len() <= 2_000)
}

fn date(value: &Value) -> Option<PublishedDate> {
    match value {
        Value::String(text) => dates::parse_or_find(text.strip_prefix("$D").unwrap_or(text)),
        Value::Number(number) => dates::parse_unix_time(&number.to_string()),
        _ => None,
    }
}

/// Returns the names in a value: strings, or objects with `display`, `name`, `title`, `label` or
/// `slug`.
fn name_list(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(collapse_whitespace(text)),
        Value::Object(object) => ["display", "name", "title", "label", "slug", "node"]
            .iter()
            .find_map(|k| object.get(*k))
            .and_then(|v| {
                v.as_str()
                    .map(collapse_whitespace)
                    .or_else(|| v.get("name").and_then(Value::as_str).map(collapse_whitespace))
            }),
        _ => None,
    };
    match value {
        Value::Array(list) => {
            list.iter().filter_map(one).filter(|n| !n.is_empty() && !n.starts_with('$')).collect()
        }
        Value::String(text) => keywords(text),
        other => one(other).into_iter().collect(),
    }
}

fn reading_time_value(value: &Value) -> Option<String> {
    let minutes = value.as_f64().or_else(|| value.get("minutes").and_then(Value::as_f64));
    match minutes {
        Some(minutes) if (0.0..1_000.0).contains(&minutes) && minutes > 0.0 => {
            Some(format!("{:.0} min read", minutes.ceil()))
        }
        _ => value
            .as_str()
            .or_else(|| value.get("text").and_then(Value::as_str))
            .map(collapse_whitespace)
            .filter(|t| reading_minutes(t).is_some()),
    }
}

/// Resolves slugs to URLs with the help of the page's links.
struct UrlResolver {
    base: Url,
    /// Maps the last path segment of a link to its URL.
    by_last_segment: HashMap<String, Url>,
    links: Vec<Url>,
}

impl UrlResolver {
    fn new(dom: &Dom, page: &Url) -> Self {
        let links: Vec<Url> = dom
            .all("a[href]")
            .iter()
            .take(10_000)
            .filter_map(|a| a.attr("href"))
            .filter_map(|h| dom.url(h))
            .filter(|u| url_shape::same_site(u, page))
            .collect();
        let mut by_last_segment = HashMap::new();
        for url in &links {
            if let Some(last) = url_shape::segments(url).last() {
                let mut url = url.clone();
                url.set_fragment(None);
                by_last_segment.entry((*last).to_owned()).or_insert(url);
            }
        }
        Self { base: dom.base.clone(), by_last_segment, links }
    }

    /// Returns the URL for a string of the embedded data.
    fn resolve(&self, text: &str, beehiiv: bool) -> Option<Url> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return feed_parser::http_url(text, None);
        }
        if text.contains([' ', '{', '<']) {
            return None;
        }
        let path = text.trim_matches('/');
        let last = path.rsplit('/').next().unwrap_or_default();
        if let Some(url) =
            self.by_last_segment.get(last).filter(|u| u.path().trim_matches('/').ends_with(path))
        {
            return Some(url.clone());
        }
        if beehiiv {
            return feed_parser::http_url(&format!("/p/{path}"), Some(&self.base));
        }
        if path.is_empty() {
            return None;
        }
        if text.starts_with('/') && path.contains('/') {
            return feed_parser::http_url(text, Some(&self.base));
        }
        // No link of the page shows the URL. The slug is resolved below the page if other posts are
        // there or if the page's directory usually contains posts.
        let own_path = self.base.path().trim_end_matches('/');
        let has_posts_below = self.links.iter().any(|u| {
            own_path.len() > 1
                && u.path()
                    .strip_prefix(own_path)
                    .is_some_and(|r| r.trim_matches('/').contains('-'))
        });
        let is_post_path = has_posts_below || url_shape::is_post_directory(&format!("{own_path}/"));
        (own_path.len() > 1 && is_post_path && !path.contains('/'))
            .then(|| feed_parser::http_url(&format!("{own_path}/{path}"), Some(&self.base)))
            .flatten()
    }
}
