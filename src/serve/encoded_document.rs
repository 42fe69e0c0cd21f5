//! A document in memory, compressed once in every content encoding.

use axum::body::Bytes;

use feed_model::Timestamp;

use crate::site::{
    Compression, CompressionLevel, MIN_COMPRESSED_BYTES, RenderedDocument, RenderedFeed,
};

use super::content_encoding::ContentEncoding;

/// A document with the values of its response headers.
#[derive(Debug, Clone)]
pub(super) struct EncodedDocument {
    /// Path from the site's root.
    pub path: String,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// Entity tag, the same for every encoding.
    pub etag: String,
    /// Time of the last change.
    pub last_modified: Option<Timestamp>,
    /// The feed that it was rendered from, if readers may request new entries only.
    pub feed: Option<RenderedFeed>,
    identity: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
    zstd: Option<Bytes>,
}

impl EncodedDocument {
    /// Compresses a document as well as possible, for documents that are read many times. Takes
    /// milliseconds.
    pub(super) fn new(document: RenderedDocument) -> Self {
        Self::encode(document, CompressionLevel::Best)
    }

    /// Compresses a document at this level. Encodings that are not smaller are omitted.
    pub(super) fn encode(document: RenderedDocument, level: CompressionLevel) -> Self {
        let is_compressible = document.body.len() >= MIN_COMPRESSED_BYTES;
        let compress = |compression: Compression| {
            let bytes = is_compressible.then(|| compression.compress(&document.body, level))?;
            (bytes.len() < document.body.len()).then(|| Bytes::from(bytes))
        };
        Self {
            gzip: compress(Compression::Gzip),
            brotli: compress(Compression::Brotli),
            zstd: compress(Compression::Zstd),
            path: document.path,
            media_type: document.media_type,
            etag: document.etag,
            last_modified: document.last_modified,
            feed: document.feed,
            identity: Bytes::from(document.body),
        }
    }

    /// Returns the bytes in an encoding, or without encoding if they are not available in it.
    pub(super) fn bytes(&self, encoding: ContentEncoding) -> (ContentEncoding, Bytes) {
        let encoded = match encoding {
            ContentEncoding::Identity => None,
            ContentEncoding::Gzip => self.gzip.as_ref(),
            ContentEncoding::Brotli => self.brotli.as_ref(),
            ContentEncoding::Zstd => self.zstd.as_ref(),
        };
        encoded.map_or_else(
            || (ContentEncoding::Identity, self.identity.clone()),
            |bytes| (encoding, bytes.clone()),
        )
    }
}
