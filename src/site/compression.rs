//! The content codings of documents: the same bytes always become the same bytes.

use std::io::{Read as _, Write as _};

/// Bytes below which compressing saves less than its header fields cost.
pub const MIN_COMPRESSED_BYTES: usize = 512;

/// How much work compressing may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompressionLevel {
    /// For what is read many times.
    Best,
    /// For what is read once.
    Fast,
}

/// A content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// The bytes in this coding.
    pub fn compress(self, bytes: &[u8], level: CompressionLevel) -> Vec<u8> {
        let much = level == CompressionLevel::Best;
        match self {
            Self::Gzip => {
                // No name and no time in the header.
                let level = flate2::Compression::new(if much { 9 } else { 4 });
                let mut encoder = flate2::GzBuilder::new().write(Vec::new(), level);
                encoder.write_all(bytes).expect("writing to memory does not fail");
                encoder.finish().expect("writing to memory does not fail")
            }
            Self::Brotli => {
                // From 7 on its tables take 8 to 32 MiB, to save one byte in a hundred, and so they
                // do below a window of 2^17; a window much wider than the text is room for nothing.
                let quality = if much { 6 } else { 4 };
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
            Self::Zstd => zstd::bulk::compress(bytes, if much { 15 } else { 3 })
                .expect("a buffer of the right size holds it"),
        }
    }

    /// The ending of a file's name that web servers look for beside the file.
    pub(super) fn file_extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
        }
    }

    /// Whether `coded` is `bytes` in this coding, however well it was compressed.
    pub(super) fn decodes_to(self, coded: &[u8], bytes: &[u8]) -> bool {
        // One byte more than there may be tells a longer text from the right one.
        let most = bytes.len() as u64 + 1;
        let mut found = Vec::with_capacity(bytes.len());
        let read = match self {
            Self::Gzip => flate2::read::GzDecoder::new(coded).take(most).read_to_end(&mut found),
            Self::Brotli => {
                brotli::Decompressor::new(coded, 4096).take(most).read_to_end(&mut found)
            }
            Self::Zstd => match zstd::Decoder::new(coded) {
                Ok(decoder) => decoder.take(most).read_to_end(&mut found),
                Err(error) => Err(error),
            },
        };
        read.is_ok() && found == bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coding_gives_back_what_it_was_given_and_the_same_bytes_each_time() {
        let text = "Water flows, and maps follow. ".repeat(200).into_bytes();
        for coding in [Compression::Gzip, Compression::Brotli, Compression::Zstd] {
            for level in [CompressionLevel::Best, CompressionLevel::Fast] {
                let coded = coding.compress(&text, level);
                assert!(coded.len() < text.len() && coding.decodes_to(&coded, &text), "{coding:?}");
                assert_eq!(coding.compress(&text, level), coded);
                assert!(
                    !coding.decodes_to(&coded, &text[1..])
                        && !coding.decodes_to(&coded[..coded.len() / 2], &text)
                );
            }
        }
    }
}
