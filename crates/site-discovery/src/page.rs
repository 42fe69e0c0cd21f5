//! A fetched page: the input of every function of this crate that reads HTML.

use url::Url;

use feed_model::Headers;

/// A page as it was fetched: what every function here that reads HTML starts from.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The address that answered, after redirects.
    pub url: &'a Url,
    /// The header fields of the answer.
    pub headers: &'a Headers,
    /// The body, decoded.
    pub html: &'a str,
}
