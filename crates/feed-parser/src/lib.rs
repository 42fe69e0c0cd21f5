//! Bytes to entry drafts: decode, sniff, tidy, parse, normalise, sanitise (layer 1).
//!
//! ```text
//! bytes ─ encoding ─ sniff ─ tidy ─ parse (feed-rs) ─ normalise ─ html ─ drafts
//!                            └─ notes on what the parser drops ─┘
//! ```
//!
//! Whatever comes in, nothing here panics, recurses without a bound or needs memory beyond a small
//! multiple of its input. HTML leaves this room sanitised, and addresses leave it absolute.
//! Deliberately absent: the clock, identity, and any judgement on whether an item is new.

mod authors;
mod date;
mod document;
mod draft;
mod encoding;
mod error;
mod feed_rs_adapter;
mod html;
mod json_feed;
mod media;
mod normalise;
pub mod opml;
mod person;
mod repairs;
mod sniff;
mod text;
mod update_hints;
mod url;
mod xml;
mod xml_feed;

pub use self::{
    date::parse_date,
    document::{FeedInput, UnsanitisedDocument, is_catching_panics, parse_feed, parse_unsanitised},
    encoding::decode,
    error::IngestError,
    html::sanitise,
    sniff::{DocumentKind, sniff},
    text::{plain_text, prose, title_text},
    url::{http_url, without_tracking},
};
