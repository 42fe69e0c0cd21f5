//! A document held ready: its bytes in every coding, compressed once.

use std::io::Write as _;

use axum::body::Bytes;

use crate::{
    model::Timestamp,
    site::{Feed, Rendering},
};

use super::Coding;

/// Bytes below which compressing saves less than its header fields cost.
const MIN_BYTES: usize = 512;

/// One document and what its answer says of it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its path from the site's root.
    pub path: String,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its entity tag, the same for every coding.
    pub etag: String,
    /// When it last changed.
    pub last_modified: Option<Timestamp>,
    /// What it was drawn from, where a reader may be sent a part of it.
    pub feed: Option<Feed>,
    identity: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

/// How much work compressing may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// For what is read many times.
    Much,
    /// For what is read once.
    Little,
}

impl Held {
    /// Compresses a rendering as well as it goes: for documents that are read many times. Takes milliseconds.
    pub fn new(rendering: Rendering) -> Self {
        Self::with(rendering, Effort::Much)
    }

    pub(super) fn with(rendering: Rendering, effort: Effort) -> Self {
        let smaller = |bytes: Vec<u8>| (bytes.len() < rendering.body.len()).then(|| Bytes::from(bytes));
        let worth_it = rendering.body.len() >= MIN_BYTES;
        Self {
            gzip: worth_it.then(|| gzip(&rendering.body, effort)).and_then(smaller),
            brotli: worth_it.then(|| brotli(&rendering.body, effort)).and_then(smaller),
            path: rendering.path,
            media_type: rendering.media_type,
            etag: rendering.etag,
            last_modified: rendering.last_modified,
            feed: rendering.feed,
            identity: Bytes::from(rendering.body),
        }
    }

    /// The bytes in a coding, or as they are where they are not held in it.
    pub fn bytes(&self, wanted: Coding) -> (Coding, Bytes) {
        let coded = match wanted {
            Coding::Identity => None,
            Coding::Gzip => self.gzip.as_ref(),
            Coding::Brotli => self.brotli.as_ref(),
        };
        coded.map_or_else(|| (Coding::Identity, self.identity.clone()), |bytes| (wanted, bytes.clone()))
    }
}

fn gzip(bytes: &[u8], effort: Effort) -> Vec<u8> {
    let level = if effort == Effort::Much { 9 } else { 4 };
    // No name and no time in the header: the same bytes compress to the same bytes.
    let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

fn brotli(bytes: &[u8], effort: Effort) -> Vec<u8> {
    let quality = if effort == Effort::Much { 9 } else { 4 };
    let parameters = brotli::enc::BrotliEncoderParams { quality, size_hint: bytes.len(), ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters).expect("writing to memory does not fail");
    out
}
