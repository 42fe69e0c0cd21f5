//! A request, and the options that all requests share.

use std::{path::PathBuf, time::Duration};

use url::Url;

use feed_model::{FetchLimits, HostPattern, SourceId, Timestamp, Validators};

use super::credentials::Credentials;

/// The kind of document that is requested. It determines the `Accept` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accept {
    /// A feed of any kind, or a page that may name one.
    Feed,
    /// A page.
    Page,
    /// A sitemap.
    Sitemap,
    /// robots.txt.
    Robots,
    /// An image.
    Image,
}

impl Accept {
    /// Returns the value of the `Accept` field (RFC 9110 §12.5.1).
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Feed => concat!(
                "application/atom+xml, application/rss+xml, application/feed+json, ",
                "application/rdf+xml;q=0.9, application/xml;q=0.8, ",
                "text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"
            ),
            Self::Page => "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
            Self::Sitemap => "application/xml, text/xml;q=0.9, text/plain;q=0.5, */*;q=0.1",
            Self::Robots => "text/plain, */*;q=0.1",
            Self::Image => "image/png, image/x-icon, image/*;q=0.8, */*;q=0.1",
        }
    }
}

/// The options that all requests of a client share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The `User-Agent` field.
    pub user_agent: String,
    /// The most concurrent requests to one host.
    pub per_host: usize,
    /// The pause between two requests to one host.
    pub host_gap: Duration,
    /// The same for hosts in `allow_hosts`.
    pub host_gap_exempt: Duration,
    /// The most concurrent requests.
    pub concurrency: usize,
    /// A proxy for all requests. Its own address is not checked. Proxies of the environment are
    /// ignored.
    pub proxy: Option<Url>,
    /// Additional certificate authorities, in PEM format.
    pub ca_file: Option<PathBuf>,
    /// The timeout of a connection, with DNS lookup and TLS handshake.
    pub connect_timeout: Duration,
}

/// A request.
pub struct Request<'a> {
    /// The URL.
    pub url: &'a Url,
    /// The kind of document.
    pub accept: Accept,
    /// Returns the stored validators of a URL. It is called for each hop, so that no validator is
    /// sent to another URL.
    pub validators_of: &'a (dyn Fn(&Url) -> Option<Validators> + Send + Sync),
    /// The limits of time and size.
    pub limits: &'a FetchLimits,
    /// Hosts that are exempt from the address guard and the pause.
    pub allow_hosts: &'a [HostPattern],
    /// Whether HTTP/2 is offered.
    pub http2: bool,
    /// The requesting source. It may get a cached response that another source received a moment
    /// ago. `None` disables the cache.
    pub source_id: Option<&'a SourceId>,
    /// Since when a redirect with `Retry-After` has been delayed. That time counts as waited.
    pub redirect_delayed_since: Option<Timestamp>,
    /// Credentials. They are sent to the origin of `url` only.
    pub auth: Option<&'a Credentials>,
    /// A longer pause than usual since the last request to this host (robots.txt Crawl-delay).
    pub min_gap: Option<Duration>,
    /// The current time. `Retry-After` on a redirect may be a date.
    pub now: Timestamp,
}
