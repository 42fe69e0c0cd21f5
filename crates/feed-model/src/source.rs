//! A source as feeds.toml configures it, and its stored state.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use url::Url;

use super::{Problem, SourceId, TimeZone, Timestamp};

/// How a source is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowMode {
    /// Discovery decides.
    #[default]
    Auto,
    /// The URL is a feed.
    Feed,
    /// By the sitemap of the site and the metadata of its pages.
    Sitemap,
    /// By a page that lists the posts.
    Page,
}

impl FollowMode {
    /// Returns the name that feeds.toml uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Feed => "feed",
            Self::Sitemap => "sitemap",
            Self::Page => "page",
        }
    }

    /// Parses a name that [`FollowMode::as_str`] returned.
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Auto, Self::Feed, Self::Sitemap, Self::Page].into_iter().find(|f| f.as_str() == word)
    }
}

/// The result of discovery, which is stored between polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowTarget {
    /// The follow mode, never [`FollowMode::Auto`].
    pub follow_mode: FollowMode,
    /// The URL that is polled: the feed, the sitemap or the page.
    pub url: Url,
    /// The reason, one sentence.
    pub reason: String,
}

/// How much of the text of an entry is republished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentPolicy {
    /// The full text, as far as the source has it.
    Full,
    /// Only the short text.
    Summary,
    /// No text.
    None,
}

/// A host or address block that `allow_hosts` exempts from the address guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// A host name in lower case, without a port.
    Name(String),
    /// An address block: base address and prefix length in bits.
    Net(IpAddr, u8),
}

/// The error for a text that is neither a host name nor an address block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a host name nor an address block like 10.0.0.0/8")]
pub struct HostPatternError(pub String);

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || HostPatternError(text.to_owned());
        let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Net(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        if let Some((base, bits)) = bare.split_once('/') {
            let base: IpAddr = base.trim_end_matches(']').parse().map_err(|_| wrong())?;
            let bits: u8 = bits.parse().map_err(|_| wrong())?;
            return if bits <= if base.is_ipv4() { 32 } else { 128 } {
                Ok(Self::Net(base, bits))
            } else {
                Err(wrong())
            };
        }
        let name = bare.trim_end_matches('.').to_ascii_lowercase();
        let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || !name.chars().all(good) { Err(wrong()) } else { Ok(Self::Name(name)) }
    }
}

impl HostPattern {
    /// Returns whether an address is in this block. Always false for a name.
    pub fn contains_address(&self, address: IpAddr) -> bool {
        let Self::Net(base, bits) = self else {
            return false;
        };
        match (*base, address) {
            (IpAddr::V4(b), IpAddr::V4(a)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                u32::from(b) & mask == u32::from(a) & mask
            }
            (IpAddr::V6(b), IpAddr::V6(a)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
                u128::from(b) & mask == u128::from(a) & mask
            }
            _ => false,
        }
    }

    /// Returns whether the pattern exempts the host of a URL: by name, or as an address literal.
    pub fn matches_host(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        match self {
            Self::Name(name) => bare.eq_ignore_ascii_case(name),
            Self::Net(..) => bare.parse().is_ok_and(|address| self.contains_address(address)),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Net(base, bits) => write!(f, "{base}/{bits}"),
        }
    }
}

/// When a source may be polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollPolicy {
    /// The minimum time between two polls.
    pub interval: Duration,
    /// Whether `interval` was set for this source. Such an interval may be shorter than the minimum
    /// for sources without validators, but not shorter than one hour.
    pub custom_interval: bool,
    /// A cron expression of five fields that replaces `interval`.
    pub schedule: Option<String>,
    /// The time zone of `schedule`.
    pub timezone: TimeZone,
    /// The maximum time between two polls, except for `Retry-After`.
    pub max_interval: Duration,
    /// Whether `allow_hosts` exempts the configured host of the source from the minimum intervals
    /// and from the address guard.
    pub exempt: bool,
}

/// The limits of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchLimits {
    /// Time for the whole request, with name resolution and redirects.
    pub timeout: Duration,
    /// Size of the decoded body in bytes.
    pub max_body_bytes: u64,
    /// Number of items taken from one document, newest first.
    pub max_items: usize,
}

/// Where the credentials of a source are stored. They are read when they are needed, and never
/// printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A file with `user:password`.
    BasicFile(String),
    /// A file with a bearer token.
    BearerFile(String),
    /// The name of a header field and a file with its value.
    HeaderFile(String, String),
}

/// CSS selectors of `[source.page]`. Each is empty, `selector` or `selector@attribute`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageSelectors {
    /// Matches the items.
    pub item: String,
    /// Within an item.
    pub title: Option<String>,
    /// Within an item. The default is `a@href`.
    pub link: Option<String>,
    /// Within an item.
    pub date: Option<String>,
    /// Within an item.
    pub summary: Option<String>,
    /// Within an item. Every match is a category.
    pub category: Option<String>,
}

/// `[source.sitemap]`: parts of a path that select the links.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SitemapPatterns {
    /// One of them must occur in the path. If empty, heuristics decide.
    pub include: Vec<String>,
    /// None of them may occur in the path.
    pub exclude: Vec<String>,
}

/// A publication that is followed, as feeds.toml configures it with all defaults applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its stable name.
    pub id: SourceId,
    /// Its title in feeds.toml. If `None`, the title of the publication is shown.
    pub title: Option<String>,
    /// The URL of a feed, a site or a sitemap.
    pub url: Url,
    /// How it is followed.
    pub follow_mode: FollowMode,
    /// When it may be polled.
    pub poll_policy: PollPolicy,
    /// The limits of one request.
    pub limits: FetchLimits,
    /// Hosts that are exempt from the address guard for this source. Empty unless the configured
    /// host is one of them.
    pub allow_hosts: Vec<HostPattern>,
    /// Whether HTTP/2 is offered to its servers.
    pub http2: bool,
    /// How much text is republished. `None` means full for feeds and summary for sites.
    pub content: Option<ContentPolicy>,
    /// Its credentials.
    pub auth: Option<Auth>,
    /// Whether the source is published although it is private.
    pub publish: bool,
    /// Whether polling is paused.
    pub paused: bool,
    /// For a site without a feed: the number of older posts to fetch in total.
    pub backfill: u32,
    /// For a site without a feed: the number of new pages to fetch in one poll.
    pub pages_per_poll: u32,
    /// Selectors for `follow = "page"`.
    pub page: Option<PageSelectors>,
    /// Selects the links of a sitemap that are posts.
    pub sitemap: SitemapPatterns,
}

/// One way to follow a site, and what it brings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FollowWay {
    /// `feed`, `sitemap` or `page`.
    pub way: FollowMode,
    /// The number of entries that the way brings, or of posts that a sitemap lists.
    pub entries: usize,
    /// Why, in words.
    pub because: String,
}

/// The status of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceHealth {
    /// The last poll succeeded.
    Ok,
    /// The last poll was answered, but nothing that could be an entry was found.
    Empty,
    /// The last poll failed.
    Failing,
    /// The server answered 410 (Gone) twice. The source is polled only on request. The name in
    /// JSON is `resting`.
    #[serde(rename = "resting")]
    Gone,
    /// feeds.toml pauses it.
    Paused,
    /// Never polled.
    New,
}

impl SourceHealth {
    /// Returns the name that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Failing => "failing",
            Self::Gone => "resting",
            Self::Paused => "paused",
            Self::New => "new",
        }
    }
}

/// The state of a source, as the command `status` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// Its stable name.
    pub id: SourceId,
    /// The title: from feeds.toml, else from the publication, else the id.
    pub title: String,
    /// The URL in feeds.toml.
    pub url: String,
    /// The follow mode that discovery found. [`FollowMode::Auto`] until the first success.
    pub follow_mode: FollowMode,
    /// The reason for the follow mode, once known.
    pub follow_reason: Option<String>,
    /// For a site: the ways to follow it that were tried at the last discovery.
    pub ways: Vec<FollowWay>,
    /// The URL that is polled, once known, without userinfo.
    pub feed_url: Option<String>,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
    /// Its status.
    pub health: SourceHealth,
    /// The last poll.
    pub last_attempt: Option<Timestamp>,
    /// The last poll that succeeded, with 304 (Not Modified) included.
    pub last_success: Option<Timestamp>,
    /// The next poll. `None` while the source is paused or gone.
    pub next_poll: Option<Timestamp>,
    /// The reason for that time.
    pub next_poll_reason: Option<String>,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// The error of the last poll, with details for the operator.
    pub last_error: Option<String>,
    /// The class of that error, suitable for public pages: `timeout`, `dns`, `http-503`.
    pub last_error_class: Option<String>,
    /// Number of consecutive failures.
    pub failures: u32,
    /// The problems of the last document.
    pub problems: Vec<Problem>,
    /// Number of stored entries.
    pub entries: u64,
    /// Number of stored entries with a visible story.
    pub stories: u64,
    /// The current interval in seconds.
    pub interval_s: u64,
    /// Whether its hub pushes new entries, so that it is polled once a day only.
    pub pushed: bool,
    /// Whether its entries may be published.
    pub public: bool,
    /// Number of entries stored per UTC day in the last 90 days, oldest first.
    pub activity: Vec<u32>,
}
