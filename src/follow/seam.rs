//! The few words of `ingest` that pages and sitemaps are read with, in one place.

pub(super) use crate::ingest::{http_url, month_of, parse_date, plain_text, sanitise, title_text};

/// The text of an XML document: by its byte order mark, its declaration, else UTF-8.
pub(super) fn decode_xml(bytes: &[u8]) -> String {
    crate::ingest::decode(bytes, Some("application/xml")).0
}
