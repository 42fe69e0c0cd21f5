//! Recognises the kind of a document by its first elements or bytes. The HTTP `Content-Type` is
//! used only if the bytes do not decide.

use super::{
    encoding::decode_borrowed,
    xml::{Lexer, Token, local_name},
};
use feed_model::Format;

/// The part of a document that is examined, in bytes.
const SNIFF_BYTES: usize = 64 * 1024;

/// The number of tags allowed before the root of a feed. They come from warnings of broken page
/// generators.
const MAX_TAGS_BEFORE_ROOT: usize = 64;

/// The kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A feed.
    Feed(Format),
    /// A web page.
    Html,
    /// A sitemap: `urlset`.
    Sitemap,
    /// An index of sitemaps.
    SitemapIndex,
    /// An OPML outline.
    Opml,
    /// JSON that is not a feed.
    Json,
    /// Other XML.
    Xml,
    /// Text, for example a robots.txt.
    Text,
    /// No content, or only white space.
    Empty,
    /// Binary data.
    Other,
}

impl DocumentKind {
    /// Returns a description for messages: `a web page`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Feed(_) => "a feed",
            Self::Html => "a web page",
            Self::Sitemap => "a sitemap",
            Self::SitemapIndex => "a sitemap index",
            Self::Opml => "an OPML outline",
            Self::Json => "JSON without items",
            Self::Xml => "other XML",
            Self::Text => "plain text",
            Self::Empty => "an empty document",
            Self::Other => "binary data",
        }
    }
}

/// Returns the kind of a document.
pub fn sniff(bytes: &[u8], content_type: Option<&str>) -> DocumentKind {
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    sniff_text(&decode_borrowed(head, content_type).0, content_type)
}

/// Like [`sniff`], for decoded text.
pub(super) fn sniff_text(text: &str, content_type: Option<&str>) -> DocumentKind {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    if text.is_empty() {
        return DocumentKind::Empty;
    }
    if text.starts_with(['{', '[']) {
        return sniff_json(text);
    }
    let cut =
        (0..=SNIFF_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let text = &text[..cut];
    let mut seen_xml = false;
    let is_feed_in_page = || {
        // A feed saved by a browser, which had displayed it inside a page.
        let tags = Lexer::new(text)
            .filter_map(|token| if let Token::Start(tag) = token { Some(tag.name) } else { None });
        let names: Vec<&str> = tags.take(16).collect();
        names.windows(2).any(|pair| {
            pair[0].eq_ignore_ascii_case("rss") && pair[1].eq_ignore_ascii_case("channel")
        })
    };
    let tags = Lexer::new(text)
        .filter_map(|token| if let Token::Start(tag) = token { Some(tag) } else { None });
    for (index, tag) in tags.take(MAX_TAGS_BEFORE_ROOT).enumerate() {
        match local_name(tag.name).to_ascii_lowercase().as_str() {
            "rdf" => return DocumentKind::Feed(Format::Rdf),
            "feed" | "entry" => return DocumentKind::Feed(Format::Atom),
            // The root of RSS 1.1 is `Channel`. Some RSS feeds have no `rss` element.
            "channel" if local_name(tag.name) == "Channel" => {
                return DocumentKind::Feed(Format::Rdf);
            }
            "rss" | "channel" => return DocumentKind::Feed(Format::Rss),
            "urlset" => return DocumentKind::Sitemap,
            "sitemapindex" => return DocumentKind::SitemapIndex,
            "opml" | "outline" => return DocumentKind::Opml,
            "html" | "head" | "body" | "title" | "meta" | "article" | "main"
                if index == 0 || !seen_xml =>
            {
                return if is_feed_in_page() {
                    DocumentKind::Feed(Format::Rss)
                } else {
                    DocumentKind::Html
                };
            }
            "div" | "p" | "b" | "br" | "font" | "center" | "a" | "span" | "script" | "table"
            | "link" | "h1" | "i" | "hr" | "style" => {}
            _ => seen_xml = true,
        }
    }
    let has_prefix = |needle: &str| {
        text.get(..needle.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle))
    };
    if has_prefix("<!doctype html")
        || content_type
            .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("text/html"))
            && !seen_xml
    {
        return DocumentKind::Html;
    }
    if seen_xml || text.starts_with("<?xml") {
        return DocumentKind::Xml;
    }
    if text.starts_with('<') {
        return DocumentKind::Html;
    }
    let control = text
        .chars()
        .take(512)
        .filter(|c| matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{fffd}'))
        .count();
    if control > 4 { DocumentKind::Other } else { DocumentKind::Text }
}

/// A JSON Feed states its version or has items.
fn sniff_json(text: &str) -> DocumentKind {
    let head = text.get(..4096.min(text.len())).unwrap_or(text);
    if text.starts_with('{') && (head.contains("jsonfeed.org") || text.contains("\"items\"")) {
        DocumentKind::Feed(Format::Json)
    } else {
        DocumentKind::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_element_decides() {
        for (text, want) in [
            ("<rss>", DocumentKind::Feed(Format::Rss)),
            (
                "\u{feff}\n <?xml version='1.0'?><!-- x --><RSS version='3'>",
                DocumentKind::Feed(Format::Rss),
            ),
            (
                "<br /><b>Warning</b>: x in y<br /><?xml version='1.0'?><rss>",
                DocumentKind::Feed(Format::Rss),
            ),
            ("<rdf:RDF>", DocumentKind::Feed(Format::Rdf)),
            ("<a:feed xmlns:a='x'>", DocumentKind::Feed(Format::Atom)),
            ("{\"version\": \"https://jsonfeed.org/version/1\"}", DocumentKind::Feed(Format::Json)),
            ("{\"a\": 1}", DocumentKind::Json),
            ("[1]", DocumentKind::Json),
            ("<!DOCTYPE html><p>x", DocumentKind::Html),
            ("<html><body><rss>", DocumentKind::Html),
            ("<html><body><div><rss version='2.0'><channel>", DocumentKind::Feed(Format::Rss)),
            ("<CHANNEL HREF='https://example.org/'>", DocumentKind::Feed(Format::Rss)),
            ("<urlset>", DocumentKind::Sitemap),
            ("<sitemapindex>", DocumentKind::SitemapIndex),
            ("<opml>", DocumentKind::Opml),
            ("<?xml version='1.0'?><note/>", DocumentKind::Xml),
            ("User-agent: *", DocumentKind::Text),
            (" \n", DocumentKind::Empty),
            ("", DocumentKind::Empty),
        ] {
            assert_eq!(sniff(text.as_bytes(), None), want, "{text}");
        }
    }

    #[test]
    fn the_content_type_counts_only_if_the_bytes_do_not_decide() {
        assert_eq!(sniff(b"<rss>", Some("text/html")), DocumentKind::Feed(Format::Rss));
        assert_eq!(sniff(b"hello", Some("text/html; charset=utf-8")), DocumentKind::Html);
    }
}
