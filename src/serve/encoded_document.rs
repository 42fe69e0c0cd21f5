//! A document held ready: its bytes in every coding, compressed once.

use axum::body::Bytes;

use crate::site::{
    Compression, CompressionLevel, MIN_COMPRESSED_BYTES, RenderedDocument, RenderedFeed,
};
use feed_model::Timestamp;

use super::ContentEncoding;

/// One document and what its answer says of it.
#[derive(Debug, Clone)]
pub struct EncodedDocument {
    /// Its path from the site's root.
    pub path: String,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its entity tag, the same for every coding.
    pub etag: String,
    /// When it last changed.
    pub last_modified: Option<Timestamp>,
    /// What it was drawn from, where a reader may be sent a part of it.
    pub feed: Option<RenderedFeed>,
    identity: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
    zstd: Option<Bytes>,
}

impl EncodedDocument {
    /// Compresses a rendering as well as it goes: for documents that are read many times. Takes
    /// milliseconds.
    pub fn new(rendering: RenderedDocument) -> Self {
        Self::encode(rendering, CompressionLevel::Best)
    }

    pub(super) fn encode(rendering: RenderedDocument, effort: CompressionLevel) -> Self {
        let worth_it = rendering.body.len() >= MIN_COMPRESSED_BYTES;
        let coded = |coding: Compression| {
            let bytes = worth_it.then(|| coding.compress(&rendering.body, effort))?;
            (bytes.len() < rendering.body.len()).then(|| Bytes::from(bytes))
        };
        Self {
            gzip: coded(Compression::Gzip),
            brotli: coded(Compression::Brotli),
            zstd: coded(Compression::Zstd),
            path: rendering.path,
            media_type: rendering.media_type,
            etag: rendering.etag,
            last_modified: rendering.last_modified,
            feed: rendering.feed,
            identity: Bytes::from(rendering.body),
        }
    }

    /// The bytes in a coding, or as they are where they are not held in it.
    pub fn bytes(&self, wanted: ContentEncoding) -> (ContentEncoding, Bytes) {
        let coded = match wanted {
            ContentEncoding::Identity => None,
            ContentEncoding::Gzip => self.gzip.as_ref(),
            ContentEncoding::Brotli => self.brotli.as_ref(),
            ContentEncoding::Zstd => self.zstd.as_ref(),
        };
        coded.map_or_else(
            || (ContentEncoding::Identity, self.identity.clone()),
            |bytes| (wanted, bytes.clone()),
        )
    }
}
