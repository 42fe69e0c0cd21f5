//! What a document is, by its first element or first bytes; what HTTP calls it counts only where the bytes say nothing.

use super::{
    encoding::decode_borrowed,
    xml::{Lexer, Token, local_name},
};
use feed_model::Format;

/// How much of a document is looked at, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// How many tags may stand before a feed's root: the warnings of a broken page generator, mostly.
const TAGS_BEFORE_ROOT: usize = 64;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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

impl Kind {
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
pub fn sniff(bytes: &[u8], content_type: Option<&str>) -> Kind {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    sniff_text(&decode_borrowed(head, content_type).0, content_type)
}

/// Like [`sniff`], of text that is decoded already.
pub(super) fn sniff_text(text: &str, content_type: Option<&str>) -> Kind {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    if text.is_empty() {
        return Kind::Empty;
    }
    if text.starts_with(['{', '[']) {
        return json(text);
    }
    let cut = (0..=HEAD_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let text = &text[..cut];
    let mut seen_xml = false;
    let within_page = || {
        // A feed that was saved out of a browser, which had put a page around it.
        let tags = Lexer::new(text).filter_map(|token| if let Token::Start(tag) = token { Some(tag.name) } else { None });
        let names: Vec<&str> = tags.take(16).collect();
        names.windows(2).any(|pair| pair[0].eq_ignore_ascii_case("rss") && pair[1].eq_ignore_ascii_case("channel"))
    };
    let tags = Lexer::new(text).filter_map(|token| if let Token::Start(tag) = token { Some(tag) } else { None });
    for (nth, tag) in tags.take(TAGS_BEFORE_ROOT).enumerate() {
        match local_name(tag.name).to_ascii_lowercase().as_str() {
            "rdf" => return Kind::Feed(Format::Rdf),
            "feed" | "entry" => return Kind::Feed(Format::Atom),
            // RSS 1.1 has `Channel` for a root; RSS without its root is a habit too.
            "channel" if local_name(tag.name) == "Channel" => return Kind::Feed(Format::Rdf),
            "rss" | "channel" => return Kind::Feed(Format::Rss),
            "urlset" => return Kind::Sitemap,
            "sitemapindex" => return Kind::SitemapIndex,
            "opml" | "outline" => return Kind::Opml,
            "html" | "head" | "body" | "title" | "meta" | "article" | "main" if nth == 0 || !seen_xml => {
                return if within_page() { Kind::Feed(Format::Rss) } else { Kind::Html };
            }
            "div" | "p" | "b" | "br" | "font" | "center" | "a" | "span" | "script" | "table" | "link" | "h1" | "i" | "hr"
            | "style" => {}
            _ => seen_xml = true,
        }
    }
    let lower = |needle: &str| text.get(..needle.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle));
    if lower("<!doctype html")
        || content_type.is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("text/html")) && !seen_xml
    {
        return Kind::Html;
    }
    if seen_xml || text.starts_with("<?xml") {
        return Kind::Xml;
    }
    if text.starts_with('<') {
        return Kind::Html;
    }
    let control = text.chars().take(512).filter(|c| matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{fffd}')).count();
    if control > 4 { Kind::Other } else { Kind::Text }
}

/// A JSON Feed names its version or has items; more is read later.
fn json(text: &str) -> Kind {
    let head = text.get(..4096.min(text.len())).unwrap_or(text);
    if text.starts_with('{') && (head.contains("jsonfeed.org") || text.contains("\"items\"")) {
        Kind::Feed(Format::Json)
    } else {
        Kind::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_decide() {
        for (text, want) in [
            ("<rss>", Kind::Feed(Format::Rss)),
            ("\u{feff}\n <?xml version='1.0'?><!-- x --><RSS version='3'>", Kind::Feed(Format::Rss)),
            ("<br /><b>Warning</b>: x in y<br /><?xml version='1.0'?><rss>", Kind::Feed(Format::Rss)),
            ("<rdf:RDF>", Kind::Feed(Format::Rdf)),
            ("<a:feed xmlns:a='x'>", Kind::Feed(Format::Atom)),
            ("{\"version\": \"https://jsonfeed.org/version/1\"}", Kind::Feed(Format::Json)),
            ("{\"a\": 1}", Kind::Json),
            ("[1]", Kind::Json),
            ("<!DOCTYPE html><p>x", Kind::Html),
            ("<html><body><rss>", Kind::Html),
            ("<html><body><div><rss version='2.0'><channel>", Kind::Feed(Format::Rss)),
            ("<CHANNEL HREF='https://example.org/'>", Kind::Feed(Format::Rss)),
            ("<urlset>", Kind::Sitemap),
            ("<sitemapindex>", Kind::SitemapIndex),
            ("<opml>", Kind::Opml),
            ("<?xml version='1.0'?><note/>", Kind::Xml),
            ("User-agent: *", Kind::Text),
            (" \n", Kind::Empty),
            ("", Kind::Empty),
        ] {
            assert_eq!(sniff(text.as_bytes(), None), want, "{text}");
        }
    }

    #[test]
    fn what_http_says_counts_only_where_the_bytes_say_nothing() {
        assert_eq!(sniff(b"<rss>", Some("text/html")), Kind::Feed(Format::Rss));
        assert_eq!(sniff(b"hello", Some("text/html; charset=utf-8")), Kind::Html);
    }
}
