//! Where everything that is published lies: absolute addresses for feeds, rooted paths for links
//! between pages.

use url::Url;

use feed_model::StoryId;

/// A year and a month from 1 to 12.
pub type YearMonth = (i32, u32);

/// The form of a published feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFormat {
    /// Atom 1.0, RFC 4287.
    Atom,
    /// RSS 2.0 by the Best Practices Profile.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// Every form, the one that carries most first.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// The file's name below a topic.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Atom => "feed.atom",
            Self::Rss => "feed.rss",
            Self::Json => "feed.json",
        }
    }

    /// The form that [`FeedFormat::file_name`] names.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.file_name() == name)
    }

    /// The form's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }

    /// The media type without parameters: what `<link type>` says.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The `Content-Type` that it is served with. JSON has no charset parameter (RFC 8259 §11).
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }
}

/// Makes addresses from the site's base address, and never from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The base address without a slash at its end.
    base: String,
    /// Its path without a slash at its end: empty where the site is the root of its host.
    prefix: String,
}

impl Addresses {
    /// Addresses below `base`; its query and fragment do not count.
    pub fn new(base: &Url) -> Self {
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        let prefix = base.path().trim_end_matches('/').to_owned();
        Self { base: base.as_str().trim_end_matches('/').to_owned(), prefix }
    }

    /// The same site as it lies below a path of its own (`/t/…`).
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        Self { base: format!("{}{path}", self.base), prefix: format!("{}{path}", self.prefix) }
    }

    /// The absolute address of a path of the site (`/topics/…`).
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The same as a link between pages: rooted, so that it holds under whatever name the site is
    /// reached.
    pub fn rooted(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The path of a topic's page; `topic` may be a union (`a+b`).
    pub fn topic_path(topic: &str) -> String {
        format!("/topics/{topic}")
    }

    /// The path of a topic's stories of one month, in pages numbered from 1.
    pub fn month_path(topic: &str, (year, month): YearMonth, page: u32) -> String {
        let more = if page > 1 { format!("/{page}") } else { String::new() };
        format!("/topics/{topic}/{year:04}-{month:02}{more}")
    }

    /// The path of the sources, in pages numbered from 1.
    pub fn sources_path(page: u32) -> String {
        if page > 1 { format!("/sources/{page}") } else { "/sources".to_owned() }
    }

    /// The path of a topic's feed; `topic` may be a union (`a+b`).
    pub fn feed_path(topic: &str, format: FeedFormat) -> String {
        format!("/topics/{topic}/{}", format.file_name())
    }

    /// The path of a topic's archive, numbered from 1.
    pub fn archive_path(topic: &str, number: u64) -> String {
        format!("/topics/{topic}/archive/{number}.atom")
    }

    /// The path of a story's page.
    pub fn story_path(story: StoryId) -> String {
        format!("/stories/{story}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_below_a_path_is_kept_in_both_kinds_of_address() {
        let at = |base: &str| Addresses::new(&Url::parse(base).unwrap());
        assert_eq!(at("https://example.org").absolute("/opml.xml"), "https://example.org/opml.xml");
        assert_eq!(at("https://example.org").rooted("/opml.xml"), "/opml.xml");
        assert_eq!(
            at("https://example.org/feeds/?x#y").absolute("/opml.xml"),
            "https://example.org/feeds/opml.xml"
        );
        assert_eq!(at("https://example.org/feeds/").rooted("/opml.xml"), "/feeds/opml.xml");
        let below = at("https://example.org/feeds/").below("/t/secret");
        assert_eq!(below.absolute("/opml.xml"), "https://example.org/feeds/t/secret/opml.xml");
        assert_eq!(below.rooted("/opml.xml"), "/feeds/t/secret/opml.xml");
    }
}
