//! The compression of documents. It is deterministic.

use std::io::{self, Read as _, Write as _};

/// The smallest document that is compressed, in bytes. For smaller ones the headers cost more than
/// compression saves.
pub const MIN_COMPRESSED_BYTES: usize = 512;

/// The effort of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompressionLevel {
    /// For documents that are read many times.
    Best,
    /// For documents that are read once.
    Fast,
}

/// A compression format, as a content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, RFC 1952.
    Gzip,
    /// Brotli, RFC 7932.
    Brotli,
}

impl Compression {
    /// Compresses bytes.
    pub fn compress(self, bytes: &[u8], level: CompressionLevel) -> Vec<u8> {
        let is_best = level == CompressionLevel::Best;
        match self {
            Self::Gzip => {
                // `GzBuilder` writes neither file name nor time, so the output is deterministic.
                let level = flate2::Compression::new(if is_best { 9 } else { 4 });
                let mut encoder = flate2::GzBuilder::new().write(Vec::new(), level);
                encoder.write_all(bytes).expect("writing to memory does not fail");
                encoder.finish().expect("writing to memory does not fail")
            }
            Self::Brotli => {
                // From quality 7, or with a window below 2^17, the tables take 8 to 32 MiB and save
                // about 1 %. A window much larger than the text has no effect.
                let quality = if is_best { 6 } else { 4 };
                let lgwin = bytes.len().next_power_of_two().ilog2().clamp(18, 22).cast_signed();
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality,
                    lgwin,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                let mut out = Vec::new();
                brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)
                    .expect("writing to memory does not fail");
                out
            }
        }
    }

    /// Returns the extension of precompressed files, as web servers expect it.
    pub(crate) fn file_extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// Returns the name of the content coding.
    #[cfg(feature = "object-store")]
    pub(crate) fn coding(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// Decompresses bytes; `None`: they are damaged.
    pub(crate) fn decompress(self, compressed: &[u8]) -> Option<Vec<u8>> {
        self.read(compressed, u64::MAX).ok()
    }

    /// Whether `compressed` is `bytes` in this format, at any level.
    pub(crate) fn decompresses_to(self, compressed: &[u8], bytes: &[u8]) -> bool {
        // One byte more than expected is enough to detect a longer text.
        let limit = bytes.len() as u64 + 1;
        self.read(compressed, limit).is_ok_and(|decompressed| decompressed == bytes)
    }

    /// Decompresses at most `limit` bytes.
    fn read(self, compressed: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let mut decompressed = Vec::new();
        match self {
            Self::Gzip => {
                flate2::read::GzDecoder::new(compressed).take(limit).read_to_end(&mut decompressed)
            }
            Self::Brotli => brotli::Decompressor::new(compressed, 4096)
                .take(limit)
                .read_to_end(&mut decompressed),
        }?;
        Ok(decompressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_lossless_and_deterministic() {
        let text = "Water flows, and maps follow. ".repeat(200).into_bytes();
        for compression in [Compression::Gzip, Compression::Brotli] {
            for level in [CompressionLevel::Best, CompressionLevel::Fast] {
                let compressed = compression.compress(&text, level);
                assert!(compressed.len() < text.len(), "{compression:?}");
                assert!(compression.decompresses_to(&compressed, &text), "{compression:?}");
                assert_eq!(compression.decompress(&compressed).as_ref(), Some(&text));
                assert_eq!(compression.compress(&text, level), compressed);
                assert!(
                    !compression.decompresses_to(&compressed, &text[1..])
                        && !compression.decompresses_to(&compressed[..compressed.len() / 2], &text)
                );
            }
        }
    }
}
