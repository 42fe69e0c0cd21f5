//! Bytes to entry drafts: decode, sniff, tidy, parse, normalise, sanitise (layer 1).
//!
//! ```text
//! bytes ─ encoding ─ sniff ─ tidy ─ parse (feed-rs) ─ normalise ─ html ─ drafts
//!                            └─ notes on what the parser drops ─┘
//! ```
//!
//! Whatever comes in, nothing here panics, recurses without a bound or needs memory beyond a small multiple of its
//! input. HTML leaves this room sanitised, and addresses leave it absolute. Deliberately absent: the clock, identity,
//! and any judgement on whether an item is new.

mod authors;
mod date;
mod draft;
mod encoding;
mod error;
mod html;
mod json;
mod media;
mod normalise;
pub mod opml;
mod pace;
mod parse;
mod people;
mod read;
mod repairs;
mod sniff;
mod text;
mod tidy;
mod tracking;
mod url;
mod xml;

pub use self::{
    date::{month_of, parse_date},
    encoding::decode,
    error::IngestError,
    html::sanitise,
    read::{Input, Parsed, is_guarded, parse_only, read},
    sniff::{Kind, sniff},
    text::{plain_text, prose, strip_forbidden, title_text},
    tracking::is_tracking_parameter,
    url::{http_url, without_tracking},
};
