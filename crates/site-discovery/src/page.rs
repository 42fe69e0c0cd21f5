//! A fetched page: the input of every function of this crate that reads HTML.

use url::Url;

use feed_model::Headers;

/// A fetched page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The URL of the response, after redirects.
    pub url: &'a Url,
    /// The header fields of the response.
    pub headers: &'a Headers,
    /// The decoded body.
    pub html: &'a str,
}
