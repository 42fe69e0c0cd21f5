//! What a document is, by its first element or first bytes; what HTTP calls it counts only where
//! the bytes say nothing.

use super::{
    encoding::decode_borrowed,
    xml::{Lexer, Token, local_name},
};
use feed_model::Format;

/// How much of a document is looked at, in bytes.
const SNIFF_BYTES: usize = 64 * 1024;

/// How many tags may stand before a feed's root: the warnings of a broken page generator, mostly.
const MAX_TAGS_BEFORE_ROOT: usize = 64;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A feed.
    Feed(Format),
    /// A page.
    Html,
    /// A sitemap: `urlset`.
    Sitemap,
    /// An index of sitemaps.
    SitemapIndex,
    /// An outline.
    Opml,
    /// JSON that is no feed.
    Json,
    /// XML of another sort.
    Xml,
    /// Text, a robots.txt for example.
    Text,
    /// Nothing, or white space only.
    Empty,
    /// Bytes that are no text.
    Other,
}

impl DocumentKind {
    /// For messages: `an HTML page`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Feed(_) => "a feed",
            Self::Html => "an HTML page",
            Self::Sitemap => "a sitemap",
            Self::SitemapIndex => "an index of sitemaps",
            Self::Opml => "an OPML outline",
            Self::Json => "JSON without items",
            Self::Xml => "XML of another sort",
            Self::Text => "plain text",
            Self::Empty => "nothing",
            Self::Other => "something that is no text",
        }
    }
}

/// Says what a document is.
pub fn sniff(bytes: &[u8], content_type: Option<&str>) -> DocumentKind {
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    sniff_text(&decode_borrowed(head, content_type).0, content_type)
}

/// Like [`sniff`], of text that is decoded already.
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
        // A feed that was saved out of a browser, which had put a page around it.
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
            // RSS 1.1 has `Channel` for a root; RSS without its root is a habit too.
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

/// A JSON Feed names its version or has items; more is read later.
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
    fn roots_decide() {
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
    fn what_http_says_counts_only_where_the_bytes_say_nothing() {
        assert_eq!(sniff(b"<rss>", Some("text/html")), DocumentKind::Feed(Format::Rss));
        assert_eq!(sniff(b"hello", Some("text/html; charset=utf-8")), DocumentKind::Html);
    }
}
