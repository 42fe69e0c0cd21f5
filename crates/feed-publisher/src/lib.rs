#![doc = include_str!("../README.md")]

mod addresses;
mod atom;
mod channel;
mod date_format;
mod digest;
mod excerpt;
mod generator;
mod json;
mod opml;
pub mod pages;
mod render;
mod rss;
mod size_limit;
mod xml;

pub use addresses::{Addresses, DigestPeriod, FeedFormat, YearMonth};
pub use atom::atom;
pub use channel::{Channel, ChannelIcon, FeedUrls, Paging, TopicScheme, common_language};
pub use digest::{digest_item, digest_title};
pub use json::json_feed;
pub use opml::{Outline, opml};
pub use render::render;
pub use rss::rss;
pub use size_limit::{SizeLimits, fit};
