//! A rendered document with the values of its response headers.

use feed_model::Timestamp;

use super::rendered_feed::RenderedFeed;

/// A rendered document or page.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedDocument {
    /// Path from the site's root: `/topics/all/feed.atom`.
    pub path: String,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// The bytes.
    pub body: Vec<u8>,
    /// Entity tag. It is weak because all content encodings share it (RFC 9110 §8.8.3.3).
    pub etag: String,
    /// When the bytes last changed, in whole seconds; `None` if that is not stored.
    pub last_modified: Option<Timestamp>,
    /// The feed that it was rendered from; `None` for other documents.
    pub feed: Option<RenderedFeed>,
    /// The hub that it names; `None` if it names none.
    pub hub: Option<String>,
}

impl RenderedDocument {
    /// Returns a document with the entity tag of its bytes.
    pub fn new(
        path: impl Into<String>,
        media_type: &'static str,
        body: Vec<u8>,
        last_modified: Option<Timestamp>,
    ) -> Self {
        let etag = format!("W/\"{}\"", &blake3::hash(&body).to_hex()[..32]);
        Self { path: path.into(), media_type, body, etag, last_modified, feed: None, hub: None }
    }
}
