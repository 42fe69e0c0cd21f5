//! The addresses of the site: absolute for feeds, paths from the root for links between pages.

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta};
use url::Url;

use feed_model::{SourceId, StoryId, TopicId};

/// A year and a month from 1 to 12.
pub type YearMonth = (i32, u32);

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFormat {
    /// Atom 1.0, RFC 4287.
    Atom,
    /// RSS 2.0 with the Best Practices Profile.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// All formats, the richest first.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// Returns the name of the document in a topic's path.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Atom => "feed.atom",
            Self::Rss => "feed.rss",
            Self::Json => "feed.json",
        }
    }

    /// Returns the extension of files in this format.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// Returns the format with this [`FeedFormat::file_name`].
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.file_name() == name)
    }

    /// Returns the name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }

    /// Returns the media type without parameters, as in `<link type>`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// Returns the `Content-Type`. JSON has no charset parameter (RFC 8259 §11).
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }
}

/// The periods of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestPeriod {
    /// A day.
    Daily,
    /// A week from Monday to Sunday.
    Weekly,
}

impl DigestPeriod {
    /// All periods.
    pub const ALL: [Self; 2] = [Self::Daily, Self::Weekly];

    /// Returns the name, as in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// Returns the first day of the period with this day.
    pub fn first_day(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Daily => day,
            Self::Weekly => {
                let since_monday = Days::new(day.weekday().num_days_from_monday().into());
                day.checked_sub_days(since_monday).unwrap_or(day)
            }
        }
    }

    /// Returns the first day of the period that is `count` periods later, or earlier if `count` is
    /// negative.
    pub fn later(self, first_day: NaiveDate, count: i64) -> NaiveDate {
        let days = match self {
            Self::Daily => count,
            Self::Weekly => count.saturating_mul(7),
        };
        first_day.checked_add_signed(TimeDelta::days(days)).unwrap_or(first_day)
    }
}

/// The addresses of a site. They depend on its base address only, never on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The base address without its final slash.
    base: String,
    /// The path of the base address without its final slash; empty for the root of a host.
    prefix: String,
}

impl Addresses {
    /// Returns the addresses below `base`. Its query and fragment are ignored.
    pub fn new(base: &Url) -> Self {
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        let prefix = base.path().trim_end_matches('/').to_owned();
        Self { base: base.as_str().trim_end_matches('/').to_owned(), prefix }
    }

    /// Returns the path of a request below the base address, if it is below the path of the base
    /// address: a proxy may pass it on with or without that path.
    ///
    /// A base path that begins like a page of the site (`/topics/`) is recognised only before such
    /// a page.
    pub fn below_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        const PAGES: [&str; 8] =
            ["topics", "stories", "sources", "unsorted", "search", "t", "hub", "websub"];
        let first = |path: &str| path.split('/').nth(1).map(str::to_owned).unwrap_or_default();
        let rest = path.strip_prefix(self.prefix.as_str()).filter(|_| !self.prefix.is_empty())?;
        let is_whole = rest.is_empty() || rest.starts_with('/');
        let is_ambiguous = PAGES.contains(&first(&self.prefix).as_str())
            && !PAGES.contains(&first(rest).as_str())
            && rest.len() > 1;
        (is_whole && !is_ambiguous).then_some(if rest.is_empty() { "/" } else { rest })
    }

    /// Returns the same site's addresses below a path (`/t/…`).
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        Self { base: format!("{}{path}", self.base), prefix: format!("{}{path}", self.prefix) }
    }

    /// Returns the absolute address of a path of the site (`/topics/…`).
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns the path from the root of the host. Links between pages use it, so that they work
    /// under any host name.
    pub fn rooted(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Returns the path of a topic's page. `topic` may be a union (`a+b`).
    pub fn topic_path(topic: &str) -> String {
        format!("/topics/{topic}")
    }

    /// Returns the path of a topic's page of one month. Pages are numbered from 1.
    pub fn month_path(topic: &str, (year, month): YearMonth, page: u32) -> String {
        let suffix = if page > 1 { format!("/{page}") } else { String::new() };
        format!("/topics/{topic}/{year:04}-{month:02}{suffix}")
    }

    /// Returns the path of the sources. Pages are numbered from 1.
    pub fn sources_path(page: u32) -> String {
        numbered("/sources", page)
    }

    /// Returns the path of a source's page. Pages are numbered from 1. A source has no page if its
    /// id is the name of a file that static publishing writes beside it.
    pub fn source_path(id: &SourceId, page: u32) -> Option<String> {
        let is_file_name = id.as_str().to_ascii_lowercase().starts_with("index.html");
        (!is_file_name).then(|| numbered(&format!("/sources/{id}"), page))
    }

    /// Returns the path of the stories in no topic. Pages are numbered from 1.
    pub fn unsorted_path(page: u32) -> String {
        numbered("/unsorted", page)
    }

    /// Returns the path of a topic's feed. `topic` may be a union (`a+b`).
    pub fn feed_path(topic: &str, format: FeedFormat) -> String {
        format!("/topics/{topic}/{}", format.file_name())
    }

    /// Returns the path of a search as a feed, without the query.
    pub fn search_feed_path(format: FeedFormat) -> String {
        format!("/search.{}", format.extension())
    }

    /// Returns the path of a topic's digests.
    pub fn digest_path(topic: &str, period: DigestPeriod, format: FeedFormat) -> String {
        format!("/topics/{topic}/{}.{}", period.name(), format.extension())
    }

    /// Returns the period and format of the last segment of a [`Self::digest_path`].
    pub fn parse_digest_file(file: &str) -> Option<(DigestPeriod, FeedFormat)> {
        let (period, extension) = file.split_once('.')?;
        let period = DigestPeriod::ALL.into_iter().find(|known| known.name() == period)?;
        let format = FeedFormat::ALL.into_iter().find(|known| known.extension() == extension)?;
        Some((period, format))
    }

    /// Returns the path of the icon of a publication.
    pub fn source_icon_path(source: &SourceId) -> String {
        format!("/sources/{source}/icon.png")
    }

    /// Returns the path of a topic's icon. A union has that of `all`, which is the site's.
    pub fn icon_path(topic: &str) -> String {
        let topic = if topic.contains('+') { TopicId::ALL } else { topic };
        format!("/topics/{topic}/icon.png")
    }

    /// Returns the path of a topic's archive. Archives are numbered from 1.
    pub fn archive_path(topic: &str, number: u64) -> String {
        format!("/topics/{topic}/archive/{number}.atom")
    }

    /// Returns the path of a story's page.
    pub fn story_path(story: StoryId) -> String {
        format!("/stories/{story}")
    }
}

/// Returns the path of a page of a list. The word `page` keeps the numbers apart from ids that are
/// numbers.
fn numbered(path: &str, page: u32) -> String {
    if page > 1 { format!("{path}/page/{page}") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_numbers_or_words_of_paths_have_paths_of_their_own() {
        let source = |id: &str, page| Addresses::source_path(&SourceId::new(id).unwrap(), page);
        let paths = [
            Some(Addresses::sources_path(1)),
            Some(Addresses::sources_path(2)),
            source("2", 1),
            source("2", 2),
            source("page", 1),
            source("page", 2),
        ];
        let different: std::collections::BTreeSet<_> = paths.iter().flatten().collect();
        assert_eq!(different.len(), paths.len(), "{paths:?}");
        assert_eq!(source("index.html", 1), None);
    }

    #[test]
    fn the_path_of_the_base_is_part_of_both_kinds_of_address() {
        let addresses = |base: &str| Addresses::new(&Url::parse(base).unwrap());
        assert_eq!(
            addresses("https://example.org").absolute("/opml.xml"),
            "https://example.org/opml.xml"
        );
        assert_eq!(addresses("https://example.org").rooted("/opml.xml"), "/opml.xml");
        assert_eq!(
            addresses("https://example.org/feeds/?x#y").absolute("/opml.xml"),
            "https://example.org/feeds/opml.xml"
        );
        assert_eq!(addresses("https://example.org/feeds/").rooted("/opml.xml"), "/feeds/opml.xml");
        let below = addresses("https://example.org/feeds/").below("/t/secret");
        assert_eq!(below.absolute("/opml.xml"), "https://example.org/feeds/t/secret/opml.xml");
        assert_eq!(below.rooted("/opml.xml"), "/feeds/t/secret/opml.xml");
    }
}
