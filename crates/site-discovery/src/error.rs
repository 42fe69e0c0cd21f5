//! Why nothing could be taken from a page or a sitemap.

/// What was attempted, on what, and why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The bytes are no sitemap of any kind.
    #[error("{url} is not a sitemap: {reason}")]
    NotASitemap {
        /// The address that was read.
        url: String,
        /// What was found instead.
        reason: String,
    },
    /// The gzip stream could not be unpacked at all.
    #[error("the sitemap {url} could not be unpacked")]
    Decompress {
        /// The address that was read.
        url: String,
        /// What the decoder said.
        #[source]
        source: std::io::Error,
    },
    /// The page lists nothing that can be told to be a post.
    #[error("no posts were found on {url}: {reason}")]
    NoPosts {
        /// The page.
        url: String,
        /// What was looked for, in one sentence.
        reason: String,
    },
    /// A selector of `[source.page]` cannot be read.
    #[error("the selector `{selector}` of `page.{field}` cannot be read: {reason}")]
    InvalidSelector {
        /// The key in `[source.page]`.
        field: &'static str,
        /// As feeds.toml has it.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
}
