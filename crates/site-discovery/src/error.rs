//! The error type of this crate.

/// The reason why a sitemap or an index page could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The document is not a sitemap.
    #[error("{url} is not a sitemap: {reason}")]
    NotASitemap {
        /// The URL of the document.
        url: String,
        /// What the document is instead.
        reason: String,
    },
    /// The gzip stream could not be decompressed.
    #[error("cannot decompress the sitemap {url}")]
    Decompress {
        /// The URL of the document.
        url: String,
        /// The error of the decoder.
        #[source]
        source: std::io::Error,
    },
    /// No posts were recognised on the page.
    #[error("no posts were found on {url}: {reason}")]
    NoPosts {
        /// The URL of the page.
        url: String,
        /// What was searched for, in one sentence.
        reason: String,
    },
    /// A selector of `[source.page]` is invalid.
    #[error("invalid selector `{selector}` in `page.{field}`: {reason}")]
    InvalidSelector {
        /// The key in `[source.page]`.
        field: &'static str,
        /// The selector as written in feeds.toml.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
}
