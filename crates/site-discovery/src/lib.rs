//! What can be followed at an address, and drafts out of a sitemap or a page (layer 1).
//!
//! Six questions are answered here, each by one file or folder, all of them from bytes already fetched:
//!
//! | question | answered by |
//! | --- | --- |
//! | which feeds does this page name? | [`feed_links`] |
//! | is this a challenge and not the page? | [`challenge`] |
//! | what does this sitemap list? | [`read_sitemap`] |
//! | which of those links are posts? | [`post_links`] |
//! | what does this post's page say of itself? | [`page_head`] |
//! | which posts does this index page list? | [`index`] |
//!
//! and [`robots`] says what may be asked at all. Deliberately absent: fetching, queueing, remembering, and the clock.
//! The rule kept: a site's markup is never trusted to be finite, well-formed or honest; whatever is bounded here says so
//! in a [`Problem`](feed_model::Problem), and nothing found is an error with a reason, never an empty list.

mod challenge;
mod dates;
mod dom;
mod error;
mod feeds;
mod head;
mod index;
mod posts;
pub mod robots;
mod shape;
mod sitemap;

pub use challenge::challenge;
pub use error::FollowError;
pub use feeds::{FeedLink, feed_links};
pub use head::{PageHead, page_head};
pub use index::{Index, index, validate_selectors};
pub use posts::{PostLinks, post_links};
pub use sitemap::{ChildSitemap, Holds, SitemapDocument, SitemapPage, read_sitemap};

use url::Url;

use feed_model::Headers;

/// A page as it was fetched: what every function here that reads HTML starts from.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The address that answered, after redirects.
    pub url: &'a Url,
    /// The header fields of the answer.
    pub headers: &'a Headers,
    /// The body, decoded.
    pub html: &'a str,
}
