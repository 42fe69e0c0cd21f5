#![doc = include_str!("../README.md")]

mod authors;
mod date;
mod document;
mod draft;
mod encoding;
mod error;
mod feed_rs_adapter;
mod html;
mod json_feed;
mod line_breaks;
mod media;
mod normalise;
pub mod opml;
mod person;
mod pictures;
mod repairs;
mod sniff;
mod text;
mod update_hints;
mod url;
mod xml;
mod xml_feed;

/// Returns the table of the fields of an entry and their elements, as Markdown.
pub fn field_reference() -> String {
    xml_feed::field_table::reference()
}

pub use self::{
    date::parse_date,
    document::{FeedInput, UnsanitisedDocument, is_catching_panics, parse_feed, parse_unsanitised},
    encoding::decode,
    error::IngestError,
    html::sanitise,
    sniff::{DocumentKind, sniff},
    text::{plain_text, prose, title_text},
    url::{http_url, without_feed_scheme, without_tracking},
};
