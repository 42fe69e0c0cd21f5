//! Rendering of a channel in a given format.

use crate::{addresses::FeedFormat, atom::atom, channel::Channel, json::json_feed, rss::rss};

/// Renders a channel in one of the three formats.
pub fn render(channel: &Channel<'_>, format: FeedFormat) -> Vec<u8> {
    match format {
        FeedFormat::Atom => atom(channel),
        FeedFormat::Rss => rss(channel),
        FeedFormat::Json => json_feed(channel),
    }
}
