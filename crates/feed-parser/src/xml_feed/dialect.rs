//! The tables of namespaces and elements: the meaning of a namespace URI, of a prefix, and of an
//! element.

use super::field_kind::FieldKind;

/// A namespace used in feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// RSS of every version, RDF included.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// `content:encoded`.
    Content,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// iTunes and Google Play podcasts.
    Itunes,
    /// Media RSS.
    Media,
    /// Syndication module: update frequency.
    Syndication,
    /// RDF syntax.
    Rdf,
    /// XHTML.
    Xhtml,
    /// Creative Commons.
    License,
    /// Services that replace links by their own (`FeedBurner`, Pheedo).
    Redirector,
    /// Any other.
    Other,
}

/// Returns the namespace of a URI. Scheme, case and trailing `/` or `#` are ignored, because feeds
/// misspell them.
#[allow(clippy::match_same_arms)] // a table, ordered by meaning
pub(super) fn namespace_of_uri(uri: &str) -> Namespace {
    let uri = uri.trim().to_ascii_lowercase();
    let uri = uri
        .strip_prefix("http://")
        .or_else(|| uri.strip_prefix("https://"))
        .unwrap_or(&uri)
        .trim_end_matches(['/', '#']);
    match uri {
        "www.w3.org/2005/atom"
        | "w3.org/2005/atom"
        | "purl.org/atom/ns"
        | "purl.org/net/atom/ns"
        | "www.w3.org/atom" => Namespace::Atom,
        "purl.org/rss/1.0"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "purl.org/net/rss1.1" => Namespace::Rss,
        "my.netscape.com/publish/formats/rss-0.91"
        | "blogs.law.harvard.edu/tech/rss"
        | "purl.org/rss/1.0/modules/rss091" => Namespace::Rss,
        "purl.org/rss/1.0/modules/content" => Namespace::Content,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/rss/1.0/modules/dc" => {
            Namespace::Dc
        }
        "purl.org/dc/terms" | "purl.org/rss/1.0/modules/dcterms" => Namespace::DcTerms,
        "purl.org/rss/1.0/modules/syndication" => Namespace::Syndication,
        "www.w3.org/1999/02/22-rdf-syntax-ns" => Namespace::Rdf,
        "www.w3.org/1999/xhtml" => Namespace::Xhtml,
        "backend.userland.com/creativecommonsrssmodule"
        | "web.resource.org/cc"
        | "creativecommons.org/ns" => Namespace::License,
        "rssnamespace.org/feedburner/ext/1.0" | "www.pheedo.com/namespace/pheedo" => {
            Namespace::Redirector
        }
        _ if uri.starts_with("backend.userland.com/rss")
            || uri.starts_with("cyber.law.harvard.edu/rss") =>
        {
            Namespace::Rss
        }
        _ if uri.contains("w3.org/") && uri.contains("atom") => Namespace::Atom,
        _ if uri.contains("itunes") || uri.contains("google.com/schemas/play-podcasts") => {
            Namespace::Itunes
        }
        _ if uri.contains("search.yahoo.com/mrss")
            || uri.contains("tools.search.yahoo.com/mrss") =>
        {
            Namespace::Media
        }
        _ => Namespace::Other,
    }
}

/// Returns the namespace of a prefix that the document does not declare.
pub(super) fn namespace_of_prefix(prefix: &str) -> Namespace {
    match prefix.to_ascii_lowercase().as_str() {
        "atom" | "atom10" | "a10" | "a" => Namespace::Atom,
        "rss" => Namespace::Rss,
        "content" => Namespace::Content,
        "dc" => Namespace::Dc,
        "dcterms" => Namespace::DcTerms,
        "itunes" | "googleplay" => Namespace::Itunes,
        "media" => Namespace::Media,
        "sy" => Namespace::Syndication,
        "rdf" => Namespace::Rdf,
        "xhtml" => Namespace::Xhtml,
        "creativecommons" | "cc" => Namespace::License,
        "feedburner" | "pheedo" => Namespace::Redirector,
        _ => Namespace::Other,
    }
}

#[allow(clippy::match_same_arms, clippy::unnested_or_patterns)] // a table, ordered by meaning
/// Returns the meaning of an element by its namespace and its local name in lower case.
pub(super) fn classify_element(ns: Namespace, local: &str) -> FieldKind {
    use FieldKind as F;
    match (ns, local) {
        (Namespace::Rss | Namespace::Atom, "item" | "entry") => F::Item,
        (Namespace::Rss, "rss" | "channel" | "items" | "rdf")
        | (Namespace::Rdf, "rdf" | "seq" | "li")
        | (Namespace::Atom, "feed") => F::Wrapper,
        (Namespace::Media, "group") => F::Wrapper,
        (Namespace::Media, "content") => F::MediaContent,
        (Namespace::Media, "thumbnail") => F::Thumbnail,

        (Namespace::Rss | Namespace::Atom, "title") => F::Title(0),
        (Namespace::Dc | Namespace::DcTerms, "title") => F::Title(2),
        (Namespace::Media, "title") => F::Title(3),
        (Namespace::Itunes, "title") => F::Title(4),

        (Namespace::Rss, "description") => F::Description,
        (Namespace::Atom, "summary" | "abstract") | (Namespace::Rss, "summary" | "abstract") => {
            F::Summary(1)
        }
        (Namespace::Dc | Namespace::DcTerms, "description" | "abstract") => F::Summary(2),
        (Namespace::Itunes, "summary" | "description") => F::Summary(4),
        (Namespace::Itunes, "subtitle") => F::Summary(5),
        (Namespace::Media, "description" | "text") => F::Summary(3),
        (Namespace::Atom | Namespace::Rss, "subtitle" | "tagline" | "info") => F::Subtitle,
        (Namespace::Content, "encoded") => F::Content(0),
        (Namespace::Atom, "content") | (Namespace::Rss, "content" | "encoded") => F::Content(1),
        (Namespace::Xhtml, "body" | "div")
        | (Namespace::Rss, "body" | "fullitem" | "fulltext" | "content_encoded") => F::Content(2),

        (Namespace::Rss, "guid") | (Namespace::Atom, "id") => F::Id,
        (Namespace::Rss, "id") => F::FallbackId,
        (Namespace::Dc | Namespace::DcTerms, "identifier") => F::FallbackId,
        (Namespace::Rss | Namespace::Atom, "link" | "redirect") => F::Link,
        (Namespace::Rss, "url" | "uri") => F::FallbackLink,
        (Namespace::Redirector, "origlink") => F::OriginalLink,
        (Namespace::Rss, "enclosure") => F::Enclosure,
        (Namespace::Rss | Namespace::Atom, "source") => F::Source,

        (Namespace::Rss | Namespace::Atom, "pubdate" | "published") => F::Published(0),
        (Namespace::Rss | Namespace::Atom, "issued") => F::Published(1),
        (Namespace::Dc | Namespace::Rss, "date") => F::Published(2),
        (Namespace::DcTerms, "issued" | "date" | "available") => F::Published(3),
        (Namespace::Atom | Namespace::DcTerms | Namespace::Rss, "created") => F::Published(4),
        (Namespace::Atom, "updated" | "modified") | (Namespace::Rss, "updated" | "modified") => {
            F::Updated(0)
        }
        (Namespace::DcTerms, "modified") => F::Updated(1),
        (Namespace::Rss, "lastbuilddate") => F::Updated(0),

        (Namespace::Rss | Namespace::Atom, "author") | (Namespace::Rss, "managingeditor") => {
            F::Author(0)
        }
        (Namespace::Dc | Namespace::DcTerms, "creator" | "author") => F::Author(1),
        (Namespace::Itunes, "author") => F::Author(2),
        (Namespace::Atom | Namespace::Rss | Namespace::Dc | Namespace::DcTerms, "contributor") => {
            F::Author(4)
        }
        (Namespace::Dc | Namespace::DcTerms, "publisher")
        | (Namespace::Rss, "webmaster")
        | (Namespace::Itunes, "owner") => F::Author(3),

        (Namespace::Rss | Namespace::Atom, "category") => F::Category,
        (Namespace::Dc | Namespace::DcTerms, "subject") => F::Subject,
        (Namespace::Itunes, "category") => F::ItunesCategory,
        (Namespace::Itunes | Namespace::Media, "keywords")
        | (Namespace::Rss, "keywords" | "tags") => F::Keywords,
        (Namespace::Media, "category") => F::Subject,

        (Namespace::Rss, "copyright") | (Namespace::Atom, "rights" | "copyright") => F::Rights(0),
        (Namespace::Dc | Namespace::DcTerms, "rights") => F::Rights(1),
        (Namespace::Media, "copyright") => F::Rights(2),
        (Namespace::Rss, "language") => F::Language,
        (Namespace::Dc | Namespace::DcTerms, "language") => F::Language,
        (Namespace::Rss, "image") | (Namespace::Itunes, "image") => F::Image,
        (Namespace::Atom, "logo") => F::Logo,
        (Namespace::Atom, "icon") => F::Icon,

        (Namespace::Rss, "ttl") => F::Ttl,
        (Namespace::Rss, "skiphours") => F::SkipHours,
        (Namespace::Rss, "skipdays") => F::SkipDays,
        (Namespace::Syndication, "updateperiod") => F::UpdatePeriod,
        (Namespace::Syndication, "updatefrequency") => F::UpdateFrequency,
        _ => F::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_namespaces_are_recognised() {
        for uri in [
            "http://www.w3.org/2005/Atom",
            "https://www.w3.org/2005/atom/",
            "http://purl.org/atom/ns#",
            "http://www.w3.org/2005/ATOM#",
        ] {
            assert_eq!(namespace_of_uri(uri), Namespace::Atom, "{uri}");
        }
        assert_eq!(namespace_of_uri("http://search.yahoo.com/mrss"), Namespace::Media);
        assert_eq!(namespace_of_uri("http://example.org/"), Namespace::Other);
    }
}
