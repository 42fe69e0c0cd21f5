//! A response, or how far a failed request came.

use bytes::Bytes;
use url::Url;

use feed_model::Headers;

use super::error::FetchError;

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The redirecting URL.
    pub from: Url,
    /// The target.
    pub to: Url,
    /// The HTTP status.
    pub status: u16,
    /// Whether the redirect is permanent: 301 or 308.
    pub permanent: bool,
}

/// A response of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The requested URL.
    pub requested: Url,
    /// The URL that answered, after redirects.
    pub final_url: Url,
    /// The redirects.
    pub hops: Vec<Hop>,
    /// The HTTP status.
    pub status: u16,
    /// The response headers.
    pub headers: Headers,
    /// The decoded body.
    pub body: Bytes,
    /// The size of the encoded body in bytes.
    pub wire_bytes: u64,
    /// The headers that were sent to `final_url`, without secrets.
    pub request_headers: Headers,
}

/// A request without a usable response.
#[derive(Debug)]
pub struct Failure {
    /// The error.
    pub error: FetchError,
    /// The redirects before it.
    pub hops: Vec<Hop>,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The response headers, if there were any.
    pub headers: Option<Headers>,
    /// The headers that were sent last, without secrets.
    pub request_headers: Headers,
}
