//! Reads and decodes a body, up to a limit.
//!
//! The limit counts decoded bytes, because `Content-Length` says nothing about them (RFC 9110
//! §8.4). Memory never grows beyond the limit.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder};
use futures_util::StreamExt as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio_util::io::StreamReader;

use super::{error::FetchError, zstd};

/// The most nested content codings; more are an attack.
const MAX_CODINGS: usize = 3;

/// The initial capacity for a body, in bytes.
const INITIAL_CAPACITY: usize = 16 * 1024;

type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// A decoded body and its encoded size.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) wire_bytes: u64,
}

/// Reads and decodes the body of a response.
pub(super) async fn read(
    response: reqwest::Response,
    codings: &[String],
    limit: u64,
) -> Result<Body, FetchError> {
    if codings.len() > MAX_CODINGS {
        return Err(FetchError::Coding(codings.join(", ")));
    }
    let wire = Arc::new(AtomicU64::new(0));
    let counter = wire.clone();
    let stream = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        let wire_total =
            counter.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64;
        if wire_total > limit { Err(io::Error::other(BodyTooLarge)) } else { Ok(chunk) }
    });
    let mut first = BufReader::new(StreamReader::new(Box::pin(stream)));
    let empty = first.fill_buf().await.map_err(|e| to_fetch_error(e, limit))?.is_empty();
    let mut reader: Reader = Box::pin(first);
    // The last coding was applied last and is removed first. An empty body needs no decoding.
    for coding in codings.iter().rev().filter(|_| !empty) {
        reader = decode(reader, coding)
            .await
            .map_err(|e| to_fetch_error(e, limit))?
            .ok_or_else(|| FetchError::Coding(coding.clone()))?;
    }
    let bytes = collect(reader, limit).await?;
    Ok(Body { bytes, wire_bytes: wire.load(Ordering::Relaxed) })
}

/// Reads to the end. The capacity doubles up to half of the limit and then becomes the limit. A
/// buffer that always doubles would need up to twice the limit.
async fn collect(reader: Reader, limit: u64) -> Result<Vec<u8>, FetchError> {
    let max_len = usize::try_from(limit).unwrap_or(usize::MAX - 1) + 1;
    let mut reader = reader.take(max_len as u64);
    let mut bytes = Vec::new();
    loop {
        if bytes.len() == bytes.capacity() {
            let doubled = bytes.capacity().saturating_mul(2).max(INITIAL_CAPACITY);
            let new_capacity = if doubled > max_len / 2 { max_len } else { doubled };
            // At the limit, one byte more is needed to notice the end.
            bytes.reserve_exact(new_capacity.saturating_sub(bytes.len()).max(1));
        }
        if reader.read_buf(&mut bytes).await.map_err(|e| to_fetch_error(e, limit))? == 0 {
            break;
        }
        if bytes.len() as u64 > limit {
            return Err(FetchError::TooLarge { limit });
        }
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Content codings that exist and are not decoded here.
const UNSUPPORTED: [&str; 8] =
    ["bzip2", "compress", "dcb", "dcz", "exi", "lzma", "x-compress", "xz"];

/// Returns the codings of `Content-Encoding` fields in lower case, in the order in which they were
/// applied. Servers also put other words there (`none`, `utf-8`, `aws-chunked`), and send the bytes
/// as they are; such words are left out.
pub(super) fn codings<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<String> {
    fields
        .flat_map(|field| field.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| is_supported(coding) || UNSUPPORTED.contains(&coding.as_str()))
        .collect()
}

fn is_supported(coding: &str) -> bool {
    matches!(coding, "gzip" | "x-gzip" | "br" | "zstd" | "deflate")
}

async fn decode(reader: Reader, coding: &str) -> io::Result<Option<Reader>> {
    let mut reader = BufReader::new(reader);
    Ok(Some(match coding {
        "gzip" | "x-gzip" => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        "br" => Box::pin(BrotliDecoder::new(reader)),
        "zstd" => Box::pin(zstd::decode(reader)),
        "deflate" => {
            // The specification means zlib, but some servers send raw deflate. The first byte tells
            // them apart (RFC 1950 §2.2).
            let zlib = reader
                .fill_buf()
                .await?
                .first()
                .is_some_and(|byte| byte & 0x0f == 8 && byte >> 4 <= 7);
            if zlib {
                Box::pin(ZlibDecoder::new(reader))
            } else {
                Box::pin(DeflateDecoder::new(reader))
            }
        }
        _ => return Ok(None),
    }))
}

/// The body exceeds its limit.
#[derive(Debug, thiserror::Error)]
#[error("the body is too large")]
struct BodyTooLarge;

fn to_fetch_error(error: io::Error, limit: u64) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|e| e as _);
    while let Some(e) = cause {
        if e.is::<BodyTooLarge>() {
            return FetchError::TooLarge { limit };
        }
        // Nested readers wrap the error again.
        cause = match e.downcast_ref::<io::Error>() {
            Some(inner) => inner.get_ref().map(|e| e as _),
            None => e.source(),
        };
    }
    FetchError::Body(Box::new(error))
}
