//! A source as it is meant in feeds.toml, and its state as it is stored.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use url::Url;

use super::{Problem, SourceId, Timestamp};

/// How a source is to be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowMode {
    /// It is found out.
    #[default]
    Auto,
    /// The address is a feed's.
    Feed,
    /// By the site's sitemap and the heads of its pages.
    Sitemap,
    /// By the structure of a page that lists the posts.
    Page,
}

impl FollowMode {
    /// The word of feeds.toml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Feed => "feed",
            Self::Sitemap => "sitemap",
            Self::Page => "page",
        }
    }

    /// The way that [`FollowMode::as_str`] wrote.
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Auto, Self::Feed, Self::Sitemap, Self::Page].into_iter().find(|f| f.as_str() == word)
    }
}

/// How a source was found to be followed: what is remembered between polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowTarget {
    /// The way; never [`FollowMode::Auto`].
    pub follow_mode: FollowMode,
    /// The address that is polled: the feed, the sitemap or the page.
    pub url: Url,
    /// Why, in one sentence.
    pub reason: String,
}

/// How much of an entry's text is republished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentPolicy {
    /// The text as far as the source carries it.
    Full,
    /// The short text only.
    Summary,
    /// Neither.
    None,
}

/// A host or network that `allow_hosts` exempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// A host name, in lower case, without a port.
    Name(String),
    /// An address block: base address and prefix length in bits.
    Net(IpAddr, u8),
}

/// Why a text is not a host or CIDR block.
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
    /// Whether the address lies in this block; never for a name.
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

    /// Whether the host of a URL, as text, is exempted by this pattern: by name, or as an address
    /// literal.
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

/// When a source may be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollPolicy {
    /// The pause between two polls, at least.
    pub interval: Duration,
    /// Whether `interval` is the source's own and not the default: an own one may go below the
    /// floors of sources without validators (never below one hour).
    pub custom_interval: bool,
    /// A five-field cron expression that is used instead of `interval`.
    pub schedule: Option<String>,
    /// The longest pause that anything but `Retry-After` may ask for.
    pub max_interval: Duration,
    /// Whether the source's own configured host is exempt from floors and from the address guard
    /// (`allow_hosts`).
    pub exempt: bool,
}

/// What one exchange may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchLimits {
    /// For the whole exchange, name look-up and redirects included.
    pub timeout: Duration,
    /// Decoded bytes of a body.
    pub max_body_bytes: u64,
    /// Items taken from one document, newest first.
    pub max_items: usize,
}

/// Where the credentials of a source lie; their text is read when it is needed, and never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A file with `user:password`.
    BasicFile(String),
    /// A file with a bearer token.
    BearerFile(String),
    /// A header field's name and a file with its value.
    HeaderFile(String, String),
}

/// CSS selectors of `[source.page]`, each `selector`, `selector@attribute` or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageSelectors {
    /// One match is one item.
    pub item: String,
    /// Within an item.
    pub title: Option<String>,
    /// Within an item; `a@href` unless said.
    pub link: Option<String>,
    /// Within an item.
    pub date: Option<String>,
    /// Within an item.
    pub summary: Option<String>,
    /// Within an item; every match is a category.
    pub category: Option<String>,
}

/// `[source.sitemap]`: parts of a path that a link must have, or must not have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SitemapPatterns {
    /// One of them must occur in the path; none means a sensible guess.
    pub include: Vec<String>,
    /// None of them may occur in the path.
    pub exclude: Vec<String>,
}

/// A publication that is followed, as feeds.toml means it: every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its stable name.
    pub id: SourceId,
    /// Its title in feeds.toml; else the publication's own is shown.
    pub title: Option<String>,
    /// A feed, a site or a sitemap.
    pub url: Url,
    /// How it is to be followed.
    pub follow_mode: FollowMode,
    /// When it may be asked.
    pub poll_policy: PollPolicy,
    /// What one exchange may cost.
    pub limits: FetchLimits,
    /// Hosts exempt from the address guard for this source; empty unless its own configured host is
    /// among them.
    pub allow_hosts: Vec<HostPattern>,
    /// Whether HTTP/2 is offered to its servers.
    pub http2: bool,
    /// How much text is republished; `None`: full for feeds, summary for sites.
    pub content: Option<ContentPolicy>,
    /// Its credentials.
    pub auth: Option<Auth>,
    /// Whether a private source is published all the same.
    pub publish: bool,
    /// Not polled while set.
    pub paused: bool,
    /// Older posts fetched in all, of a site without a feed.
    pub backfill: u32,
    /// New pages fetched in one poll, of a site without a feed.
    pub pages_per_poll: u32,
    /// Selectors for `follow = "page"`.
    pub page: Option<PageSelectors>,
    /// Which links of a sitemap are posts.
    pub sitemap: SitemapPatterns,
}

/// How a source is doing, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceHealth {
    /// The last poll was good.
    Ok,
    /// The last poll failed.
    Failing,
    /// It is gone for good (410 twice), and not asked until it is named.
    Resting,
    /// feeds.toml says not to ask.
    Paused,
    /// Never polled.
    New,
}

impl SourceHealth {
    /// The word that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Resting => "resting",
            Self::Paused => "paused",
            Self::New => "new",
        }
    }
}

/// What is known of a source: the answer to `status`.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// Its stable name.
    pub id: SourceId,
    /// The title in force: feeds.toml's, else the publication's own, else the id.
    pub title: String,
    /// As feeds.toml has it.
    pub url: String,
    /// What was found; [`FollowMode::Auto`] until the first success.
    pub follow_mode: FollowMode,
    /// Why it is followed so, once found.
    pub follow_reason: Option<String>,
    /// The address that is polled, once found; without userinfo.
    pub feed_url: Option<String>,
    /// The publication's page.
    pub home_page_url: Option<String>,
    /// How it is doing.
    pub health: SourceHealth,
    /// The last attempt.
    pub last_attempt: Option<Timestamp>,
    /// The last attempt that succeeded (304 included).
    pub last_success: Option<Timestamp>,
    /// When it is asked next; `None` while paused or resting.
    pub next_poll: Option<Timestamp>,
    /// Why then.
    pub next_poll_reason: Option<String>,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// What went wrong in the last attempt, where it failed: for the operator's eyes.
    pub last_error: Option<String>,
    /// The class of that error, fit for public pages: `timeout`, `dns`, `http-503`.
    pub last_error_class: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// What was odd in the last document.
    pub problems: Vec<Problem>,
    /// Stored entries.
    pub entries: u64,
    /// Stored entries that have a story on show.
    pub stories: u64,
    /// The pause in force, in seconds.
    pub interval_s: u64,
    /// Whether what it carries may be published.
    pub public: bool,
    /// Entries stored per UTC day for the last 90 days, oldest first: for charts.
    pub activity: Vec<u32>,
}
