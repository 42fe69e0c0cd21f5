//! The hub that a feed names (WebSub §4): in its `Link` header, else in the document.

use quick_xml::{Reader, events::Event};
use url::Url;

use feed_model::Headers;

use crate::{fetch::Response, store::HubLink};

/// How far into a document its own links are looked for, in bytes. They come before the items.
const MAX_HEAD_BYTES: usize = 256 * 1024;

/// The links of a feed that matter here, each as it is written.
#[derive(Debug, Default)]
struct Links {
    hubs: Vec<String>,
    own: Option<String>,
}

/// Returns the hub that a feed names and the address by which the hub knows the feed: the one that
/// the feed states as its own.
pub(super) fn hub_link(response: &Response) -> Option<HubLink> {
    let mut links = header_links(&response.headers);
    let is_incomplete = links.hubs.is_empty() || links.own.is_none();
    if is_incomplete && (!links.hubs.is_empty() || has_hub(&response.body)) {
        let (text, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
        let in_document = document_links(&text);
        if links.hubs.is_empty() {
            links.hubs = in_document.hubs;
        }
        links.own = links.own.or(in_document.own);
    }
    let base = &response.final_url;
    let absolute = |link: &String| {
        base.join(link.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    };
    let hubs: Vec<Url> = links.hubs.iter().filter_map(absolute).collect();
    let hub = hubs.iter().find(|url| url.scheme() == "https").or_else(|| hubs.first())?.clone();
    let topic = links.own.as_ref().and_then(absolute).unwrap_or_else(|| base.clone());
    Some(HubLink { hub, topic })
}

/// Whether a document can name a hub at all.
fn has_hub(body: &[u8]) -> bool {
    body.windows(3).any(|three| three == b"hub" || three == b"h\0u")
}

/// Reads `Link` headers (RFC 8288 §3).
fn header_links(headers: &Headers) -> Links {
    let mut links = Links::default();
    for field in headers.get_all("link") {
        for (index, _) in field.match_indices('<') {
            let Some((target, rest)) = field[index + 1..].split_once('>') else { continue };
            let parameters = rest.split('<').next().unwrap_or_default();
            for parameter in parameters.split(';') {
                let Some((name, value)) = parameter.split_once('=') else { continue };
                if name.trim().eq_ignore_ascii_case("rel") {
                    let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
                    links.add(value, target);
                }
            }
        }
    }
    links
}

fn document_links(text: &str) -> Links {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') { json_links(text) } else { xml_links(text) }
}

/// Reads `hubs` of a JSON Feed.
fn json_links(text: &str) -> Links {
    let feed: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let hubs = feed["hubs"].as_array().into_iter().flatten();
    let is_websub = |hub: &&serde_json::Value| {
        hub["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("websub"))
    };
    Links {
        hubs: hubs
            .filter(is_websub)
            .filter_map(|hub| hub["url"].as_str().map(str::to_owned))
            .collect(),
        own: feed["feed_url"].as_str().map(str::to_owned),
    }
}

/// Reads the links before the first item, of Atom or of Atom within RSS.
fn xml_links(text: &str) -> Links {
    let mut end = text.len().min(MAX_HEAD_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut reader = Reader::from_str(&text[..end]);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut links = Links::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                match element.local_name().as_ref() {
                    "item" | "entry" => break,
                    "link" => {
                        let attribute = |name: &str| {
                            let found = element.try_get_attribute(name).ok()??;
                            let raw = found.value.to_string();
                            Some(quick_xml::escape::unescape(&raw).map(Into::into).unwrap_or(raw))
                        };
                        if let (Some(rel), Some(href)) = (attribute("rel"), attribute("href")) {
                            links.add(&rel, &href);
                        }
                    }
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    links
}

impl Links {
    fn add(&mut self, rel: &str, target: &str) {
        for rel in rel.split_ascii_whitespace() {
            if rel.eq_ignore_ascii_case("hub") {
                self.hubs.push(target.to_owned());
            } else if rel.eq_ignore_ascii_case("self") && self.own.is_none() {
                self.own = Some(target.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&str, &str)], body: &str) -> Option<(String, String)> {
        let url = Url::parse("https://a.example/blog/feed").unwrap();
        let link = hub_link(&Response {
            requested: url.clone(),
            final_url: url,
            hops: Vec::new(),
            status: 200,
            headers: headers.iter().copied().collect(),
            body: body.as_bytes().to_vec().into(),
            wire_bytes: 0,
            request_headers: Headers::new(),
        })?;
        Some((link.hub.to_string(), link.topic.to_string()))
    }

    /// Asserts that a document with these headers names a hub, and is known to it by an address.
    #[track_caller]
    fn assert_found(headers: &[(&str, &str)], body: &str, hub: &str, topic: &str) {
        assert_eq!(found(headers, body), Some((hub.to_owned(), topic.to_owned())));
    }

    #[test]
    fn headers_come_before_the_document() {
        let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><link rel=\"hub\" \
                    href=\"https://in.example/?a=1&amp;b=2\"/><link rel=\"self\" href=\"/atom\"/>\
                    <entry><link rel=\"hub\" href=\"https://entry.example/\"/></entry></feed>";
        let header = "<https://own.example/x>; rel=\"self\", <https://h.example/>; rel=hub";
        assert_found(&[("link", header)], atom, "https://h.example/", "https://own.example/x");
        assert_found(&[], atom, "https://in.example/?a=1&b=2", "https://a.example/atom");
        let two = [
            ("Link", "<http://plain.example/>; rel=\"hub\""),
            ("Link", "<https://s.example/>;rel=\"nofollow hub\""),
        ];
        assert_found(&two, "", "https://s.example/", "https://a.example/blog/feed");
        let elsewhere = [("link", "<https://x.example/>; rel=\"next\"; title=\"hub\"")];
        assert_eq!(found(&elsewhere, ""), None);
    }

    #[test]
    fn each_format_names_its_hub() {
        let rss = "\u{feff}<rss xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
                   <link>https://a/</link><atom:link rel='hub' href='https://h.example/'/>\
                   <atom:link href='https://a.example/rss' rel='self'/><item/></channel></rss>";
        assert_found(&[], rss, "https://h.example/", "https://a.example/rss");
        let json = "{\"feed_url\": \"https://a.example/j\", \"hubs\": [{\"type\": \"rssCloud\", \
                    \"url\": \"https://c.example/\"}, {\"type\": \"WebSub\", \"url\": \
                    \"https://h.example/\"}]}";
        assert_found(&[], json, "https://h.example/", "https://a.example/j");
        assert_eq!(found(&[], "<rss><channel><item><title>hub</title></item>"), None);
        assert_eq!(found(&[], "<feed><link rel='hub' href='ftp://h.example/'/>"), None);
    }
}
