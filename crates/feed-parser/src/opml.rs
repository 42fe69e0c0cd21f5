//! OPML 1.0 and 2.0, read leniently: many outlines in circulation are not well-formed.

use std::collections::HashSet;

use url::Url;

use super::{
    text::title_text,
    url::{http_url, without_feed_scheme},
    xml::{Lexer, Tag, Token, local_name, unescape},
};
use feed_model::Problem;

/// The maximum number of feeds of one outline.
const MAX_FEEDS: usize = 20_000;

/// The maximum nesting of folders.
const MAX_FOLDERS: usize = 32;

/// A feed of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpmlFeed {
    /// The attribute `title`, else `text`.
    pub title: Option<String>,
    /// The attribute `xmlUrl`, an absolute http(s) URL.
    pub xml_url: Url,
    /// The attribute `htmlUrl`, an absolute http(s) URL.
    pub html_url: Option<Url>,
    /// The titles of the enclosing outlines, outermost first.
    pub folder: Vec<String>,
}

/// An OPML document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opml {
    /// `head/title`.
    pub title: Option<String>,
    /// The feeds in document order. Each URL occurs once.
    pub outlines: Vec<OpmlFeed>,
    /// Problems that did not prevent reading.
    pub problems: Vec<Problem>,
}

/// Parses an OPML document of any version. It never fails, but reports what could not be used.
pub fn parse(text: &str) -> Opml {
    let mut opml = Opml::default();
    let mut seen = HashSet::new();
    // The open outlines: the title of a folder, or `None` for a feed.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut lexer = Lexer::new(text);
    let (mut in_title, mut is_opml, mut repeated, mut unusable) = (false, false, 0_u32, 0_u32);
    while let Some(token) = lexer.next() {
        match token {
            Token::Start(tag) => match local_name(tag.name).to_ascii_lowercase().as_str() {
                "opml" => is_opml = true,
                "title" if opml.title.is_none() => in_title = !tag.self_closing,
                "outline" => {
                    is_opml = true;
                    in_title = false;
                    let written = attribute(&tag, &["xmlurl"])
                        .or_else(|| attribute(&tag, &["xml_url", "feedurl", "rssurl"]));
                    // In OPML 1.0 every kind of outline has `url`. Only feeds are used.
                    let kind = attribute(&tag, &["type"]);
                    let is_feed = kind.as_ref().is_some_and(|kind| {
                        ["rss", "atom", "feed"]
                            .iter()
                            .any(|feed| kind.to_ascii_lowercase().starts_with(feed))
                    });
                    let written = written.or_else(|| attribute(&tag, &["url"]).filter(|_| is_feed));
                    let is_page = kind.as_deref().is_some_and(is_extraction);
                    let url = written.as_deref().filter(|_| !is_page).and_then(address);
                    let title = attribute(&tag, &["title"])
                        .or_else(|| attribute(&tag, &["text"]))
                        .map(|t| title_text(&t));
                    let title = title.filter(|title| !title.is_empty());
                    if let Some(xml_url) = url {
                        if opml.outlines.len() < MAX_FEEDS && seen.insert(xml_url.to_string()) {
                            let html_url = attribute(&tag, &["htmlurl", "html_url"])
                                .as_deref()
                                .and_then(address);
                            let folder = open.iter().flatten().cloned().collect();
                            opml.outlines.push(OpmlFeed {
                                title: title.clone(),
                                xml_url,
                                html_url,
                                folder,
                            });
                        } else {
                            repeated += 1;
                        }
                        if !tag.self_closing && open.len() < MAX_FOLDERS {
                            open.push(None);
                        }
                    } else {
                        if let Some(written) = written {
                            unusable += 1;
                            if unusable <= 20 {
                                let shown: String = written.chars().take(80).collect();
                                let fault = if is_page {
                                    "is a page to extract items from, and no feed"
                                } else {
                                    "is not an http(s) URL"
                                };
                                let problem = format!(
                                    "The xmlUrl of an outline {fault}: “{shown}”; the outline was \
                                     omitted."
                                );
                                let line = super::repairs::line_number(text, lexer.token_start());
                                opml.problems
                                    .push(Problem::warning("opml-address", problem).at_line(line));
                            }
                        }
                        if !tag.self_closing && open.len() < MAX_FOLDERS {
                            open.push(title);
                        }
                    }
                }
                _ => in_title = false,
            },
            Token::End(name) => {
                in_title = false;
                if local_name(name).eq_ignore_ascii_case("outline") {
                    open.pop();
                }
            }
            Token::Text(text) if in_title => {
                opml.title = Some(title_text(&unescape(text))).filter(|title| !title.is_empty());
            }
            Token::CData(text) if in_title => {
                opml.title = Some(title_text(text)).filter(|title| !title.is_empty());
            }
            Token::Text(_) | Token::CData(_) => {}
        }
    }
    if repeated > 0 {
        opml.problems.push(Problem::note(
            "opml-repeated",
            format!("{repeated} outlines repeat a URL; each URL was used once."),
        ));
    }
    if !is_opml {
        opml.problems.push(Problem::error(
            "not-opml",
            "The document is not an OPML file: it has no outline.",
        ));
    }
    opml
}

fn attribute(tag: &Tag<'_>, names: &[&str]) -> Option<String> {
    let value = tag
        .attributes()
        .find(|(name, _)| names.iter().any(|n| name.eq_ignore_ascii_case(n)))
        .map(|(_, value)| unescape(value))?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Parses a URL as outlines write it: `feed:` stands for http, and the scheme may be missing.
fn address(text: &str) -> Option<Url> {
    let text = without_feed_scheme(text);
    if let Some(url) = http_url(&text, None) {
        return Some(url);
    }
    let bare = !text.contains("://")
        && text
            .split('/')
            .next()
            .is_some_and(|host| host.contains('.') && !host.contains([' ', ':', '@']));
    if bare { http_url(&format!("http://{text}"), None) } else { None }
}

/// Returns whether an outline describes how to extract items from a page and not a feed, as
/// `FreshRSS` exports it: `HTML+XPath`, `JSON+DotNotation`.
fn is_extraction(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["xpath", "dotnotation"].iter().any(|method| kind.contains(method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_outlines_are_parsed() {
        let opml = parse(
            "<?xml version='1.0'?>\n\
             <OPML version=\"9\"><head><title>My &amp; list</title></head><body>\n\
             <outline text=\"Databases & storage\"><outline title=A text=b type=rss \
             XMLURL=\"https://example.org/a?x=1&y=2\" htmlUrl='https://example.org/'>\n\
             </outline><outline text=\"Deep\"><outline text=\"B\" xmlUrl=\"feed://example.org/b\"/>\
             </outline></outline>\n\
             <outline text=\"C\" xmlUrl=\"javascript:alert(1)\"/>\
             <outline text=\"D\" xmlurl=\"example.org/d.xml\"/>\n\
             <outline text=\"again\" xmlUrl=\"https://example.org/a?x=1&amp;y=2\"/>",
        );
        assert_eq!(opml.title.as_deref(), Some("My & list"));
        let seen: Vec<_> = opml
            .outlines
            .iter()
            .map(|o| (o.title.as_deref().unwrap(), o.xml_url.as_str(), o.folder.join("/")))
            .collect();
        assert_eq!(
            seen,
            [
                ("A", "https://example.org/a?x=1&y=2", "Databases & storage".to_owned()),
                ("B", "http://example.org/b", "Databases & storage/Deep".to_owned()),
                ("D", "http://example.org/d.xml", String::new()),
            ]
        );
        let codes: Vec<_> = opml.problems.iter().map(|p| p.code.as_ref()).collect();
        assert_eq!(codes, ["opml-address", "opml-repeated"]);
        assert_eq!(opml.problems[0].line, Some(5));
    }

    #[test]
    fn malformed_attributes_are_parsed() {
        let opml = parse(
            "\u{feff}<opml><body><OUTLINE TEXT=Plain XMLURL=https://example.org/plain?a=1&b=2 />\n\
             <outline type='rss' text='1.0' url='https://example.org/old'/><outline type='link' \
             text='no feed' url='https://example.org/page'/>\n\
             <outline text=\"a < b & \"quoted\"\" xmlUrl=\"https://example.org/quoted\">\
             <outline title=\"&lt;i&gt;Deep&lt;/i&gt; &eacute;\" xml_url=\" \
             feed:https://example.org/deep \"\n\
             htmlUrl=\"javascript:alert(1)\"></outline><outline xmlUrl=\"\" text=\"\"/>\
             <outline xmlUrl='https://user:secret@example.org/private'/>",
        );
        let seen: Vec<_> = opml
            .outlines
            .iter()
            .map(|o| (o.title.as_deref(), o.xml_url.as_str(), o.html_url.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("Plain"), "https://example.org/plain?a=1&b=2", false),
                (Some("1.0"), "https://example.org/old", false),
                (Some("a < b &"), "https://example.org/quoted", false),
                (Some("Deep é"), "https://example.org/deep", false),
                (None, "https://example.org/private", false),
            ]
        );
        assert_eq!(opml.problems, []);
    }

    #[test]
    fn pages_to_extract_items_from_are_no_feeds() {
        let opml = parse(
            "<opml><body><outline type=\"HTML+XPath\" text=\"P\" xmlUrl=\"https://e.example/p\"/>\
             <outline type=\"JSON+DotNotation\" text=\"J\" xmlUrl=\"https://e.example/j\"/>\
             <outline type=\"JSONFeed\" text=\"F\" xmlUrl=\"https://e.example/f\"/></body></opml>",
        );
        let urls: Vec<_> = opml.outlines.iter().map(|o| o.xml_url.as_str()).collect();
        assert_eq!(urls, ["https://e.example/f"]);
        assert_eq!(opml.problems.len(), 2);
    }

    #[test]
    fn another_document_is_reported() {
        assert_eq!(parse("<html>").problems[0].code, "not-opml");
    }
}
