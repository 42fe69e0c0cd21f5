//! The writers of what is published: Atom, RSS, JSON Feed, OPML, HTML (layer 1).
//!
//! One neutral model, [`Channel`], is rendered by every writer: the three feeds carry the same
//! stories in the same order with the same ids. What is deliberately absent: a clock, the order of
//! a hash map, a version string. The rule kept: a rendering depends on its arguments alone, so that
//! what did not change has the same bytes.

mod addresses;
mod atom;
mod channel;
mod date_format;
mod excerpt;
pub mod feed_lint;
mod json;
mod opml;
pub mod pages;
mod rss;
mod size_limit;
mod xml;

pub use addresses::{Addresses, FeedFormat, YearMonth};
pub use atom::atom;
pub use channel::{Attribution, Channel, FeedUrls, Paging, attribution};
pub use json::json_feed;
pub use opml::{Outline, opml};
pub use rss::rss;
pub use size_limit::{SizeLimits, fit};

/// The name of the program as documents carry it: without a version, so that an upgrade changes no
/// document.
pub const GENERATOR: &str = "Tributary";
