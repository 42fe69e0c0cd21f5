//! Names: which namespace a URI or a prefix means, however it is spelt, and what an element is by it.

use super::field::Field;

/// A namespace that feeds use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ns {
    /// RSS of every version, RDF ones included.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// `content:encoded`.
    Content,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// Podcasts.
    Itunes,
    /// Media RSS.
    Media,
    /// Syndication: how often it changes.
    Syndication,
    /// RDF's own.
    Rdf,
    /// XHTML.
    Xhtml,
    /// Creative Commons.
    License,
    /// Services that put their own links in the place of the publisher's.
    Redirector,
    /// Any other.
    Other,
}

/// The namespace that a URI means: scheme, case and trailing marks do not count, because publishers get them wrong.
#[allow(clippy::match_same_arms)] // a table, ordered by meaning
pub(super) fn of_uri(uri: &str) -> Ns {
    let uri = uri.trim().to_ascii_lowercase();
    let uri = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://")).unwrap_or(&uri).trim_end_matches(['/', '#']);
    match uri {
        "www.w3.org/2005/atom" | "w3.org/2005/atom" | "purl.org/atom/ns" | "purl.org/net/atom/ns" | "www.w3.org/atom" => Ns::Atom,
        "purl.org/rss/1.0" | "my.netscape.com/rdf/simple/0.9" | "channel.netscape.com/rdf/simple/0.9" | "purl.org/net/rss1.1" => {
            Ns::Rss
        }
        "my.netscape.com/publish/formats/rss-0.91" | "blogs.law.harvard.edu/tech/rss" | "purl.org/rss/1.0/modules/rss091" => {
            Ns::Rss
        }
        "purl.org/rss/1.0/modules/content" => Ns::Content,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/rss/1.0/modules/dc" => Ns::Dc,
        "purl.org/dc/terms" | "purl.org/rss/1.0/modules/dcterms" => Ns::DcTerms,
        "purl.org/rss/1.0/modules/syndication" => Ns::Syndication,
        "www.w3.org/1999/02/22-rdf-syntax-ns" => Ns::Rdf,
        "www.w3.org/1999/xhtml" => Ns::Xhtml,
        "backend.userland.com/creativecommonsrssmodule" | "web.resource.org/cc" | "creativecommons.org/ns" => Ns::License,
        "rssnamespace.org/feedburner/ext/1.0" | "www.pheedo.com/namespace/pheedo" => Ns::Redirector,
        _ if uri.starts_with("backend.userland.com/rss") || uri.starts_with("cyber.law.harvard.edu/rss") => Ns::Rss,
        _ if uri.contains("w3.org/") && uri.contains("atom") => Ns::Atom,
        _ if uri.contains("itunes") || uri.contains("google.com/schemas/play-podcasts") => Ns::Itunes,
        _ if uri.contains("search.yahoo.com/mrss") || uri.contains("tools.search.yahoo.com/mrss") => Ns::Media,
        _ => Ns::Other,
    }
}

/// The namespace that a prefix means where the document does not declare it.
pub(super) fn of_prefix(prefix: &str) -> Ns {
    match prefix.to_ascii_lowercase().as_str() {
        "atom" | "atom10" | "a10" | "a" => Ns::Atom,
        "rss" => Ns::Rss,
        "content" => Ns::Content,
        "dc" => Ns::Dc,
        "dcterms" => Ns::DcTerms,
        "itunes" | "googleplay" => Ns::Itunes,
        "media" => Ns::Media,
        "sy" => Ns::Syndication,
        "rdf" => Ns::Rdf,
        "xhtml" => Ns::Xhtml,
        "creativecommons" | "cc" => Ns::License,
        "feedburner" | "pheedo" => Ns::Redirector,
        _ => Ns::Other,
    }
}

#[allow(clippy::match_same_arms, clippy::unnested_or_patterns)] // a table, ordered by meaning
/// What an element is, by its namespace and its local name in lower case.
pub(super) fn field_of(ns: Ns, local: &str) -> Field {
    use Field as F;
    match (ns, local) {
        (Ns::Rss | Ns::Atom, "item" | "entry") => F::Item,
        (Ns::Rss, "rss" | "channel" | "items" | "rdf") | (Ns::Rdf, "rdf" | "seq" | "li") | (Ns::Atom, "feed") => F::Through,
        (Ns::Media, "group") => F::Through,
        (Ns::Media, "content") => F::MediaContent,
        (Ns::Media, "thumbnail") => F::Thumbnail,

        (Ns::Rss | Ns::Atom, "title") => F::Title(0),
        (Ns::Dc | Ns::DcTerms, "title") => F::Title(2),
        (Ns::Media, "title") => F::Title(3),
        (Ns::Itunes, "title") => F::Title(4),

        (Ns::Rss, "description") => F::Description,
        (Ns::Atom, "summary" | "abstract") | (Ns::Rss, "summary" | "abstract") => F::Summary(1),
        (Ns::Dc | Ns::DcTerms, "description" | "abstract") => F::Summary(2),
        (Ns::Itunes, "summary" | "description") => F::Summary(4),
        (Ns::Itunes, "subtitle") => F::Summary(5),
        (Ns::Media, "description" | "text") => F::Summary(3),
        (Ns::Atom | Ns::Rss, "subtitle" | "tagline" | "info") => F::Subtitle,
        (Ns::Content, "encoded") => F::Content(0),
        (Ns::Atom, "content") | (Ns::Rss, "content" | "encoded") => F::Content(1),
        (Ns::Xhtml, "body" | "div") | (Ns::Rss, "body" | "fullitem" | "fulltext" | "content_encoded") => F::Content(2),

        (Ns::Rss, "guid") | (Ns::Atom, "id") => F::Id,
        (Ns::Rss, "id") => F::WeakId,
        (Ns::Dc | Ns::DcTerms, "identifier") => F::WeakId,
        (Ns::Rss | Ns::Atom, "link" | "redirect") => F::Link,
        (Ns::Rss, "url" | "uri") => F::WeakLink,
        (Ns::Redirector, "origlink") => F::OriginalLink,
        (Ns::Rss, "enclosure") => F::Enclosure,
        (Ns::Rss | Ns::Atom, "source") => F::Source,

        (Ns::Rss | Ns::Atom, "pubdate" | "published") => F::Published(0),
        (Ns::Rss | Ns::Atom, "issued") => F::Published(1),
        (Ns::Dc | Ns::Rss, "date") => F::Published(2),
        (Ns::DcTerms, "issued" | "date" | "available") => F::Published(3),
        (Ns::Atom | Ns::DcTerms | Ns::Rss, "created") => F::Published(4),
        (Ns::Atom, "updated" | "modified") | (Ns::Rss, "updated" | "modified") => F::Updated(0),
        (Ns::DcTerms, "modified") => F::Updated(1),
        (Ns::Rss, "lastbuilddate") => F::Updated(0),

        (Ns::Rss | Ns::Atom, "author") | (Ns::Rss, "managingeditor") => F::Author(0),
        (Ns::Dc | Ns::DcTerms, "creator" | "author") => F::Author(1),
        (Ns::Itunes, "author") => F::Author(2),
        (Ns::Atom | Ns::Rss | Ns::Dc | Ns::DcTerms, "contributor") => F::Author(4),
        (Ns::Dc | Ns::DcTerms, "publisher") | (Ns::Rss, "webmaster") | (Ns::Itunes, "owner") => F::Author(3),

        (Ns::Rss | Ns::Atom, "category") => F::Category,
        (Ns::Dc | Ns::DcTerms, "subject") => F::Subject,
        (Ns::Itunes, "category") => F::ItunesCategory,
        (Ns::Itunes | Ns::Media, "keywords") | (Ns::Rss, "keywords" | "tags") => F::Keywords,
        (Ns::Media, "category") => F::Subject,

        (Ns::Rss, "copyright") | (Ns::Atom, "rights" | "copyright") => F::Rights(0),
        (Ns::Dc | Ns::DcTerms, "rights") => F::Rights(1),
        (Ns::Media, "copyright") => F::Rights(2),
        (Ns::Rss, "language") => F::Language,
        (Ns::Dc | Ns::DcTerms, "language") => F::Language,
        (Ns::Rss, "image") | (Ns::Itunes, "image") => F::Image,
        (Ns::Atom, "logo") => F::Logo,
        (Ns::Atom, "icon") => F::Icon,

        (Ns::Rss, "ttl") => F::Ttl,
        (Ns::Rss, "skiphours") => F::SkipHours,
        (Ns::Rss, "skipdays") => F::SkipDays,
        (Ns::Syndication, "updateperiod") => F::UpdatePeriod,
        (Ns::Syndication, "updatefrequency") => F::UpdateFrequency,
        _ => F::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_namespaces_are_known() {
        for uri in [
            "http://www.w3.org/2005/Atom",
            "https://www.w3.org/2005/atom/",
            "http://purl.org/atom/ns#",
            "http://www.w3.org/2005/ATOM#",
        ] {
            assert_eq!(of_uri(uri), Ns::Atom, "{uri}");
        }
        assert_eq!(of_uri("http://search.yahoo.com/mrss"), Ns::Media);
        assert_eq!(of_uri("http://example.org/"), Ns::Other);
    }
}
