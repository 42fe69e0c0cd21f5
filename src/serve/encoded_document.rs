//! A document in memory, compressed when a content encoding is first requested.

use std::sync::OnceLock;

use axum::body::Bytes;

use feed_model::Timestamp;

use crate::{
    compression::{Compression, CompressionLevel, MIN_COMPRESSED_BYTES},
    site::{RenderedDocument, RenderedFeed},
};

use super::content_encoding::ContentEncoding;

/// A document with the values of its response headers.
#[derive(Debug)]
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
    /// The hub that it names.
    pub hub: Option<String>,
    level: CompressionLevel,
    identity: Bytes,
    gzip: OnceLock<Option<Bytes>>,
    brotli: OnceLock<Option<Bytes>>,
}

impl EncodedDocument {
    /// Creates a document that is compressed as well as possible, because it is read many times.
    /// That takes milliseconds for the first reader of each encoding.
    pub(super) fn new(document: RenderedDocument) -> Self {
        Self::encode(document, CompressionLevel::Best)
    }

    /// Creates a document that is compressed at this level.
    pub(super) fn encode(document: RenderedDocument, level: CompressionLevel) -> Self {
        Self {
            path: document.path,
            media_type: document.media_type,
            etag: document.etag,
            last_modified: document.last_modified,
            feed: document.feed,
            hub: document.hub,
            level,
            identity: Bytes::from(document.body),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    /// Returns the bytes in an encoding, or without encoding if they are not smaller in it.
    pub(super) fn bytes(&self, encoding: ContentEncoding) -> (ContentEncoding, Bytes) {
        let encoded = match encoding {
            ContentEncoding::Identity => None,
            ContentEncoding::Gzip => self.compressed(&self.gzip, Compression::Gzip),
            ContentEncoding::Brotli => self.compressed(&self.brotli, Compression::Brotli),
        };
        encoded.map_or_else(
            || (ContentEncoding::Identity, self.identity.clone()),
            |bytes| (encoding, bytes.clone()),
        )
    }

    fn compressed<'a>(
        &self,
        encoded: &'a OnceLock<Option<Bytes>>,
        compression: Compression,
    ) -> Option<&'a Bytes> {
        let compress = || {
            let is_compressible = self.identity.len() >= MIN_COMPRESSED_BYTES;
            let bytes =
                is_compressible.then(|| compression.compress(&self.identity, self.level))?;
            (bytes.len() < self.identity.len()).then(|| Bytes::from(bytes))
        };
        encoded.get_or_init(compress).as_ref()
    }
}
