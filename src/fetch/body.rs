//! A body, decoded while it streams in, and cut off where it grows too large.
//!
//! Decoded bytes are counted, since `Content-Length` and wire bytes say nothing about what a body
//! becomes (RFC 9110 §8.4): memory never grows beyond the limit.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use futures_util::StreamExt as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio_util::io::StreamReader;

use super::FetchError;

/// Codings that may be stacked: more is an attack, not a feed.
const MAX_CODINGS: usize = 3;

/// The largest window of a zstd stream, as a power of two: 8 MiB, what RFC 9659 allows for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Room for a body at first.
const INITIAL_CAPACITY: usize = 16 * 1024;

type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// A body and what it cost on the wire.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) wire_bytes: u64,
}

/// Reads a response's body through its content codings.
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
    // The last coding was put on last, and comes off first. An empty body is empty whatever its
    // coding.
    for coding in codings.iter().rev().filter(|_| !empty) {
        reader = decode(reader, coding)
            .await
            .map_err(|e| to_fetch_error(e, limit))?
            .ok_or_else(|| FetchError::Coding(coding.clone()))?;
    }
    let bytes = collect(reader, limit).await?;
    Ok(Body { bytes, wire_bytes: wire.load(Ordering::Relaxed) })
}

/// Reads to the end. Room doubles up to half of the limit and then is the limit: never the twofold
/// of it, as a buffer that doubles freely would take.
async fn collect(reader: Reader, limit: u64) -> Result<Vec<u8>, FetchError> {
    let max_len = usize::try_from(limit).unwrap_or(usize::MAX - 1) + 1;
    let mut reader = reader.take(max_len as u64);
    let mut bytes = Vec::new();
    loop {
        if bytes.len() == bytes.capacity() {
            let doubled = bytes.capacity().saturating_mul(2).max(INITIAL_CAPACITY);
            let new_capacity = if doubled > max_len / 2 { max_len } else { doubled };
            // One byte more where all is taken: the reader then says that it has no more.
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

/// The codings of a `Content-Encoding` field, in the order in which they were put on, in lower
/// case.
pub(super) fn codings<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<String> {
    fields
        .flat_map(|field| field.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect()
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
        "zstd" => Box::pin(ZstdDecoder::with_params(
            reader,
            &[DParameter::window_log_max(ZSTD_WINDOW_LOG)],
        )),
        "deflate" => {
            // The specification means zlib, and some servers mean raw deflate: the first byte tells
            // (RFC 1950 §2.2).
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

/// More bytes came than may come.
#[derive(Debug, thiserror::Error)]
#[error("more bytes than may come")]
struct BodyTooLarge;

fn to_fetch_error(error: io::Error, limit: u64) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|e| e as _);
    while let Some(e) = cause {
        if e.is::<BodyTooLarge>() {
            return FetchError::TooLarge { limit };
        }
        // A reader inside a reader wraps the error again.
        cause = match e.downcast_ref::<io::Error>() {
            Some(inner) => inner.get_ref().map(|e| e as _),
            None => e.source(),
        };
    }
    FetchError::Body(Box::new(error))
}
