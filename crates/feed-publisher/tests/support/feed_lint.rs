//! A strict check of rendered feeds: what feed validators reject. Its checks of characters, ids and
//! addresses are independent of the publisher's own.

use std::collections::HashSet;

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
    reader::Reader,
};
use url::Url;

/// Returns the errors of an Atom document (RFC 4287 §4.1).
pub fn atom(bytes: &[u8]) -> Vec<String> {
    let (mut errors, elements) = parse_elements(bytes);
    let count = |path: &str| elements.iter().filter(|element| element.path == path).count();
    for name in ["id", "title", "updated"] {
        if count(&format!("feed/{name}")) != 1 {
            errors.push(format!("the feed must have exactly one {name}"));
        }
    }
    if count("feed/author") > 0 {
        errors.push("entries would inherit the author of the feed".to_owned());
    }
    let self_links = elements
        .iter()
        .filter(|e| e.path == "feed/link" && e.attribute("rel") == Some("self"))
        .count();
    if self_links != 1 {
        errors.push("the feed must have exactly one self link".to_owned());
    }
    let first_entry =
        elements.iter().position(|e| e.path == "feed/entry").unwrap_or(elements.len());
    let is_late = |e: &Element| e.path.matches('/').count() == 1 && e.path != "feed/entry";
    if elements[first_entry..].iter().any(is_late) {
        errors.push("an element of the feed is after its entries".to_owned());
    }
    let mut ids = HashSet::new();
    for entry in split(&elements, "feed/entry") {
        let has =
            |name: &str| entry.iter().filter(|e| e.path == format!("feed/entry/{name}")).count();
        let id = entry.iter().find(|e| e.path == "feed/entry/id").map_or("", |e| e.text.as_str());
        for name in ["id", "title", "updated", "source"] {
            if has(name) != 1 {
                errors.push(format!("entry `{id}` must have exactly one {name}"));
            }
        }
        for name in ["id", "title", "updated"] {
            if entry.iter().filter(|e| e.path == format!("feed/entry/source/{name}")).count() != 1 {
                errors.push(format!("the source of entry `{id}` must have exactly one {name}"));
            }
        }
        if has("author") == 0 {
            errors.push(format!("entry `{id}` has no author"));
        }
        let links = entry
            .iter()
            .filter(|e| e.path == "feed/entry/link" && e.attribute("rel") == Some("alternate"))
            .count();
        if links > 1 || (links == 0 && has("content") == 0) {
            errors.push(format!(
                "entry `{id}` has {links} alternate links and {} texts",
                has("content")
            ));
        }
        if has("content") + has("summary") == 0 {
            errors.push(format!("entry `{id}` has neither content nor summary"));
        }
        if !is_iri(id) {
            errors.push(format!("`{id}` is not an IRI"));
        }
        if !ids.insert(id.to_owned()) {
            errors.push(format!("duplicate id `{id}`"));
        }
    }
    check_addresses(&elements, "href", &mut errors);
    errors
}

/// Returns the errors of an RSS document (RSS 2.0 and the Best Practices Profile).
pub fn rss(bytes: &[u8]) -> Vec<String> {
    let (mut errors, elements) = parse_elements(bytes);
    for name in ["title", "link", "description"] {
        let path = format!("rss/channel/{name}");
        if elements.iter().filter(|e| e.path == path).count() != 1 {
            errors.push(format!("the channel must have exactly one {name}"));
        }
    }
    let is_self =
        |e: &&Element| e.path == "rss/channel/atom:link" && e.attribute("rel") == Some("self");
    if elements.iter().filter(is_self).count() != 1 {
        errors.push("the channel must have exactly one link to itself".to_owned());
    }
    let first_item =
        elements.iter().position(|e| e.path == "rss/channel/item").unwrap_or(elements.len());
    if elements[first_item..]
        .iter()
        .any(|e| e.path.matches('/').count() == 2 && e.path != "rss/channel/item")
    {
        errors.push("an element of the channel is after its items".to_owned());
    }
    let mut ids = HashSet::new();
    for item in split(&elements, "rss/channel/item") {
        let find =
            |name: &str| item.iter().position(|e| e.path == format!("rss/channel/item/{name}"));
        let Some(guid) = find("guid").map(|at| &item[at]) else {
            errors.push("an item has no guid".to_owned());
            continue;
        };
        let id = guid.text.as_str();
        let link = find("link").map(|at| item[at].text.as_str());
        if guid.attribute("isPermaLink") != Some("false") && link != Some(id) {
            errors.push(format!("the guid `{id}` is a permalink but not the link of its item"));
        }
        if find("title").is_none() && find("description").is_none() {
            errors.push(format!("item `{id}` has neither title nor description"));
        }
        if find("content:encoded").is_some_and(|content| {
            find("description").is_none_or(|description| description > content)
        }) {
            errors.push(format!("item `{id}` has content:encoded without a description before it"));
        }
        if find("source").is_none() {
            errors.push(format!("item `{id}` has no source"));
        }
        if !ids.insert(id.to_owned()) {
            errors.push(format!("duplicate guid `{id}`"));
        }
    }
    check_addresses(&elements, "url", &mut errors);
    check_addresses(&elements, "href", &mut errors);
    errors
}

/// Returns the errors of a JSON Feed document (version 1.1).
pub fn json_feed(bytes: &[u8]) -> Vec<String> {
    let feed: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(feed) => feed,
        Err(error) => return vec![format!("not JSON: {error}")],
    };
    let mut errors = Vec::new();
    if feed.as_object().and_then(|fields| fields.keys().next()).map(String::as_str)
        != Some("version")
    {
        errors.push("version is not the first field".to_owned());
    }
    for name in ["version", "title", "home_page_url", "feed_url"] {
        if !feed[name].is_string() {
            errors.push(format!("the feed has no {name}"));
        }
    }
    let Some(items) = feed["items"].as_array() else {
        errors.push("the feed has no items".to_owned());
        return errors;
    };
    let mut ids = HashSet::new();
    for item in items {
        let id = item["id"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            errors.push(format!("empty or duplicate id `{id}`"));
        }
        if !item["content_html"].is_string() && !item["content_text"].is_string() {
            errors.push(format!("item `{id}` has no text"));
        }
        for name in ["about", "id", "title"] {
            if !item["_source"][name].is_string() {
                errors.push(format!("the _source of item `{id}` has no {name}"));
            }
        }
    }
    errors
}

/// Returns the ids of the entries of an Atom, RSS or JSON Feed document, in order.
pub fn ids(bytes: &[u8]) -> Vec<String> {
    if let Ok(feed) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let items = feed["items"].as_array().cloned().unwrap_or_default();
        return items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
    }
    let id_paths = ["feed/entry/id", "rss/channel/item/guid"];
    parse_elements(bytes)
        .1
        .into_iter()
        .filter(|e| id_paths.contains(&e.path.as_str()))
        .map(|e| e.text)
        .collect()
}

struct Element {
    path: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns, for each element at `path`, the element and its descendants.
fn split<'e>(elements: &'e [Element], path: &str) -> Vec<&'e [Element]> {
    let starts: Vec<usize> =
        elements.iter().enumerate().filter(|(_, e)| e.path == path).map(|(at, _)| at).collect();
    let below = format!("{path}/");
    starts
        .into_iter()
        .map(|start| {
            let rest = &elements[start + 1..];
            let count = rest.iter().take_while(|e| e.path.starts_with(&below)).count();
            &elements[start..=start + count]
        })
        .collect()
}

fn check_addresses(elements: &[Element], name: &str, errors: &mut Vec<String>) {
    for address in elements.iter().filter_map(|e| e.attribute(name)) {
        if !is_http_url(address) {
            errors.push(format!("`{address}` is not an absolute http(s) URL"));
        }
    }
}

fn parse_elements(bytes: &[u8]) -> (Vec<String>, Vec<Element>) {
    let mut errors = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (vec!["not UTF-8".to_owned()], elements);
    };
    if text.chars().any(is_discouraged) {
        errors.push("characters that XML 1.0 forbids or discourages".to_owned());
    }
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                open.push(elements.len());
                let parent = open.len().checked_sub(2).map(|at| open[at]);
                elements.push(element(
                    &start,
                    parent.map(|at| elements[at].path.as_str()),
                    &mut errors,
                ));
            }
            Ok(Event::Empty(start)) => {
                let parent = open.last().copied();
                elements.push(element(
                    &start,
                    parent.map(|at| elements[at].path.as_str()),
                    &mut errors,
                ));
            }
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Text(piece)) => {
                if let Some(&at) = open.last() {
                    elements[at].text.push_str(&piece.xml10_content());
                }
            }
            Ok(Event::CData(piece)) => {
                if let Some(&at) = open.last() {
                    elements[at].text.push_str(&piece.xml10_content());
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                let name = reference.as_ref().to_owned();
                let resolved = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned);
                match (open.last(), resolved.or(known)) {
                    (Some(&at), Some(piece)) => elements[at].text.push_str(&piece),
                    _ => errors.push(format!("undefined entity `{name}`")),
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                errors.push(format!("not well-formed: {error}"));
                break;
            }
        }
    }
    if !open.is_empty() {
        errors.push("unclosed element".to_owned());
    }
    (errors, elements)
}

fn element(start: &BytesStart<'_>, parent: Option<&str>, errors: &mut Vec<String>) -> Element {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        match attribute {
            Ok(attribute) => {
                let key = attribute.key.as_ref().to_owned();
                match attribute.normalized_value(XmlVersion::Implicit1_0) {
                    Ok(value) => attributes.push((key, value.into_owned())),
                    Err(error) => errors.push(format!("attribute {key}: {error}")),
                }
            }
            Err(error) => errors.push(format!("attribute of {name}: {error}")),
        }
    }
    let path = parent.map_or_else(|| name.clone(), |parent| format!("{parent}/{name}"));
    Element { path, attributes, text: String::new() }
}

/// Whether a text has a scheme and only characters that RFC 3987 allows in an IRI.
fn is_iri(text: &str) -> bool {
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "<>\"{}|\\^`".contains(c);
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && !text.contains(forbidden)
}

/// Whether a text is an http(s) URL of allowed characters (RFC 3986) without user information.
fn is_http_url(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    let Ok(url) = Url::parse(text) else { return false };
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && text.chars().all(is_allowed)
}

/// Whether XML 1.0 §2.2 forbids or discourages a character. U+FFFD is counted too: it is the sign
/// of a decoding error.
fn is_discouraged(c: char) -> bool {
    let code = u32::from(c);
    match code {
        0x09 | 0x0A | 0x0D => false,
        0..=0x1F | 0x7F..=0x9F | 0xFDD0..=0xFDEF | 0xFFFD => true,
        _ => code & 0xFFFE == 0xFFFE,
    }
}
