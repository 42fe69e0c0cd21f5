//! The hub that a document names (WebSub §4): in its `Link` header, else in the document.

use url::Url;

use feed_model::Headers;

use crate::{fetch::Response, store::HubLink};

/// The links of a document that matter here, each as it is written.
#[derive(Debug, Default)]
pub struct HubLinks {
    /// Its hubs.
    pub hubs: Vec<String>,
    /// Its own address.
    pub own: Option<String>,
}

/// Returns the hub that a response names and the address by which the hub knows the document: the
/// one that it states as its own. `Link` headers come before links in the document (WebSub §4).
pub fn hub_link(response: &Response, in_document: HubLinks) -> Option<HubLink> {
    let mut links = header_links(&response.headers);
    if links.hubs.is_empty() {
        links.hubs = in_document.hubs;
    }
    let own = links.own.as_ref().or(in_document.own.as_ref());
    let base = &response.final_url;
    let absolute = |link: &String| {
        base.join(link.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    };
    let hubs: Vec<Url> = links.hubs.iter().filter_map(absolute).collect();
    let hub = hubs.iter().find(|url| url.scheme() == "https").or_else(|| hubs.first())?.clone();
    let topic = own.and_then(absolute).unwrap_or_else(|| base.clone());
    Some(HubLink { hub, topic })
}

/// Reads `Link` headers (RFC 8288 §3).
fn header_links(headers: &Headers) -> HubLinks {
    let mut links = HubLinks::default();
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

impl HubLinks {
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
        let document = feed_parser::parse_feed(&feed_parser::FeedInput {
            bytes: body.as_bytes(),
            content_type: None,
            content_location: None,
            url: &url,
            max_items: 1,
        });
        let response = Response {
            requested: url.clone(),
            final_url: url,
            hops: Vec::new(),
            status: 200,
            headers: headers.iter().copied().collect(),
            body: body.as_bytes().to_vec().into(),
            wire_bytes: 0,
            request_headers: Headers::new(),
        };
        let feed = document.map(|read| read.feed).unwrap_or_default();
        let link = hub_link(&response, HubLinks { hubs: feed.hubs, own: feed.self_url })?;
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
        let rss = "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>\
                   <title>T</title><link>https://a/</link>\
                   <atom:link rel='hub' href='https://h.example/'/>\
                   <atom:link href='https://a.example/rss' rel='self'/>\
                   <item><title>One</title></item></channel></rss>";
        assert_found(&[], rss, "https://h.example/", "https://a.example/rss");
        let json = "{\"feed_url\": \"https://a.example/j\", \"hubs\": [{\"type\": \"rssCloud\", \
                    \"url\": \"https://c.example/\"}, {\"type\": \"WebSub\", \"url\": \
                    \"https://h.example/\"}], \"version\": \
                    \"https://jsonfeed.org/version/1.1\", \"title\": \"T\", \"items\": []}";
        assert_found(&[], json, "https://h.example/", "https://a.example/j");
        assert_eq!(found(&[], "<rss><channel><item><title>hub</title></item>"), None);
        assert_eq!(found(&[], "<feed><link rel='hub' href='ftp://h.example/'/>"), None);
    }
}
