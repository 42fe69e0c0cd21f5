//! A strict look at a rendering: what a validator would refuse at sight. Used by tests and by
//! nothing that serves.

use std::collections::HashSet;

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
    reader::Reader,
};

/// What is wrong with an Atom document (RFC 4287 §4.1); empty: nothing that this look can see.
pub fn atom(bytes: &[u8]) -> Vec<String> {
    let (mut faults, elements) = parse_elements(bytes);
    let count = |path: &str| elements.iter().filter(|element| element.path == path).count();
    for name in ["id", "title", "updated"] {
        if count(&format!("feed/{name}")) != 1 {
            faults.push(format!("the feed has not exactly one {name}"));
        }
    }
    if count("feed/author") > 0 {
        faults.push("the feed has an author that entries would inherit".to_owned());
    }
    let own = elements
        .iter()
        .filter(|e| e.path == "feed/link" && e.attribute("rel") == Some("self"))
        .count();
    if own != 1 {
        faults.push("the feed has not exactly one link to itself".to_owned());
    }
    let first_entry =
        elements.iter().position(|e| e.path == "feed/entry").unwrap_or(elements.len());
    let is_late = |e: &Element| e.path.matches('/').count() == 1 && e.path != "feed/entry";
    if elements[first_entry..].iter().any(is_late) {
        faults.push("an element of the feed stands behind its entries".to_owned());
    }
    let mut ids = HashSet::new();
    for entry in split(&elements, "feed/entry") {
        let has =
            |name: &str| entry.iter().filter(|e| e.path == format!("feed/entry/{name}")).count();
        let id = entry.iter().find(|e| e.path == "feed/entry/id").map_or("", |e| e.text.as_str());
        for name in ["id", "title", "updated", "source"] {
            if has(name) != 1 {
                faults.push(format!("entry `{id}` has not exactly one {name}"));
            }
        }
        for name in ["id", "title", "updated"] {
            if entry.iter().filter(|e| e.path == format!("feed/entry/source/{name}")).count() != 1 {
                faults.push(format!("the source of entry `{id}` has not exactly one {name}"));
            }
        }
        if has("author") == 0 {
            faults.push(format!("entry `{id}` has no author"));
        }
        let links = entry
            .iter()
            .filter(|e| e.path == "feed/entry/link" && e.attribute("rel") == Some("alternate"))
            .count();
        if links > 1 || (links == 0 && has("content") == 0) {
            faults.push(format!(
                "entry `{id}` has {links} alternate links and {} texts",
                has("content")
            ));
        }
        if has("content") + has("summary") == 0 {
            faults.push(format!("entry `{id}` has no text at all"));
        }
        if !super::xml::is_iri(id) {
            faults.push(format!("`{id}` is not an IRI"));
        }
        if !ids.insert(id.to_owned()) {
            faults.push(format!("the id `{id}` is there twice"));
        }
    }
    addresses(&elements, "href", &mut faults);
    faults
}

/// What is wrong with an RSS document (RSS 2.0 and the Best Practices Profile); empty: nothing that
/// this look can see.
pub fn rss(bytes: &[u8]) -> Vec<String> {
    let (mut faults, elements) = parse_elements(bytes);
    for name in ["title", "link", "description", "atom:link"] {
        let path = format!("rss/channel/{name}");
        if elements.iter().filter(|e| e.path == path).count() != 1 {
            faults.push(format!("the channel has not exactly one {name}"));
        }
    }
    let first_item =
        elements.iter().position(|e| e.path == "rss/channel/item").unwrap_or(elements.len());
    if elements[first_item..]
        .iter()
        .any(|e| e.path.matches('/').count() == 2 && e.path != "rss/channel/item")
    {
        faults.push("an element of the channel stands behind its items".to_owned());
    }
    let mut ids = HashSet::new();
    for item in split(&elements, "rss/channel/item") {
        let find =
            |name: &str| item.iter().position(|e| e.path == format!("rss/channel/item/{name}"));
        let Some(guid) = find("guid").map(|at| &item[at]) else {
            faults.push("an item has no guid".to_owned());
            continue;
        };
        let id = guid.text.as_str();
        let link = find("link").map(|at| item[at].text.as_str());
        if guid.attribute("isPermaLink") != Some("false") && link != Some(id) {
            faults.push(format!("`{id}` claims to be the link of its item"));
        }
        if find("title").is_none() && find("description").is_none() {
            faults.push(format!("item `{id}` has neither title nor description"));
        }
        if find("content:encoded").is_some_and(|content| {
            find("description").is_none_or(|description| description > content)
        }) {
            faults.push(format!("item `{id}` has its text before its description"));
        }
        if find("source").is_none() {
            faults.push(format!("item `{id}` names no source"));
        }
        if !ids.insert(id.to_owned()) {
            faults.push(format!("the guid `{id}` is there twice"));
        }
    }
    addresses(&elements, "url", &mut faults);
    addresses(&elements, "href", &mut faults);
    faults
}

/// What is wrong with a JSON Feed document (version 1.1); empty: nothing that this look can see.
pub fn json_feed(bytes: &[u8]) -> Vec<String> {
    let feed: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(feed) => feed,
        Err(error) => return vec![format!("not JSON: {error}")],
    };
    let mut faults = Vec::new();
    if feed.as_object().and_then(|fields| fields.keys().next()).map(String::as_str)
        != Some("version")
    {
        faults.push("version is not the first field".to_owned());
    }
    for name in ["version", "title", "home_page_url", "feed_url"] {
        if !feed[name].is_string() {
            faults.push(format!("the feed has no {name}"));
        }
    }
    let Some(items) = feed["items"].as_array() else {
        faults.push("the feed has no items".to_owned());
        return faults;
    };
    let mut ids = HashSet::new();
    for item in items {
        let id = item["id"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            faults.push(format!("the id `{id}` is empty or there twice"));
        }
        if !item["content_html"].is_string() && !item["content_text"].is_string() {
            faults.push(format!("item `{id}` has no text"));
        }
        for name in ["about", "id", "title"] {
            if !item["_source"][name].is_string() {
                faults.push(format!("the _source of item `{id}` has no {name}"));
            }
        }
    }
    faults
}

/// The ids of a rendering, in its order: of Atom, RSS or JSON Feed, whichever it is.
pub fn ids(bytes: &[u8]) -> Vec<String> {
    if let Ok(feed) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let items = feed["items"].as_array().cloned().unwrap_or_default();
        return items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
    }
    let wanted = ["feed/entry/id", "rss/channel/item/guid"];
    parse_elements(bytes)
        .1
        .into_iter()
        .filter(|e| wanted.contains(&e.path.as_str()))
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

/// The elements of each occurrence of `path`, its own element first.
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

fn addresses(elements: &[Element], name: &str, faults: &mut Vec<String>) {
    for address in elements.iter().filter_map(|e| e.attribute(name)) {
        if super::xml::http_url(address).as_deref() != Some(address) {
            faults.push(format!("`{address}` is no absolute http(s) address"));
        }
    }
}

fn parse_elements(bytes: &[u8]) -> (Vec<String>, Vec<Element>) {
    let mut faults = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (vec!["not UTF-8".to_owned()], elements);
    };
    if super::xml::clean(text).len() != text.len() {
        faults.push("there are characters that XML 1.0 forbids or discourages".to_owned());
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
                    &mut faults,
                ));
            }
            Ok(Event::Empty(start)) => {
                let parent = open.last().copied();
                elements.push(element(
                    &start,
                    parent.map(|at| elements[at].path.as_str()),
                    &mut faults,
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
                    _ => faults.push(format!("the entity `{name}` is not defined")),
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                faults.push(format!("not well-formed: {error}"));
                break;
            }
        }
    }
    if !open.is_empty() {
        faults.push("an element is not closed".to_owned());
    }
    (faults, elements)
}

fn element(start: &BytesStart<'_>, parent: Option<&str>, faults: &mut Vec<String>) -> Element {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        match attribute {
            Ok(attribute) => {
                let key = attribute.key.as_ref().to_owned();
                match attribute.normalized_value(XmlVersion::Implicit1_0) {
                    Ok(value) => attributes.push((key, value.into_owned())),
                    Err(error) => faults.push(format!("attribute {key}: {error}")),
                }
            }
            Err(error) => faults.push(format!("an attribute of {name}: {error}")),
        }
    }
    let path = parent.map_or_else(|| name.clone(), |parent| format!("{parent}/{name}"));
    Element { path, attributes, text: String::new() }
}
