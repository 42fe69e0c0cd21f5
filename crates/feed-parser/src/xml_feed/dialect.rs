//! The tables of namespaces: the meaning of a namespace URI and of a prefix.

/// A namespace used in feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
