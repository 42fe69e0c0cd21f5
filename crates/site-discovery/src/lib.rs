//! What can be followed at an address, and drafts out of a sitemap or a page (layer 1).
//!
//! Six questions are answered here, each by one file or folder, all of them from bytes already
//! fetched:
//!
//! | question | answered by |
//! | --- | --- |
//! | which feeds does this page name? | [`feed_links`] |
//! | is this a challenge and not the page? | [`detect_bot_challenge`] |
//! | what does this sitemap list? | [`read_sitemap`] |
//! | which of those links are posts? | [`post_links`] |
//! | what does this post's page say of itself? | [`read_page_metadata`] |
//! | which posts does this index page list? | [`read_index_page`] |
//!
//! and [`robots`] says what may be asked at all. Deliberately absent: fetching, queueing,
//! remembering, and the clock. The rule kept: a site's markup is never trusted to be finite,
//! well-formed or honest; whatever is bounded here says so in a [`Problem`](feed_model::Problem),
//! and nothing found is an error with a reason, never an empty list.

mod bot_challenge;
mod byline;
mod dates;
mod dom;
mod element_date;
mod error;
mod feed_autodiscovery;
mod index;
mod json_ld;
mod page;
mod page_metadata;
pub mod robots;
mod site_name;
mod sitemap;
mod sitemap_posts;
mod text;
mod url_shape;
mod word_list;

pub use bot_challenge::detect_bot_challenge;
pub use error::DiscoveryError;
pub use feed_autodiscovery::{FeedLink, feed_links};
pub use index::{IndexPage, read_index_page, validate_selectors};
pub use page::Page;
pub use page_metadata::{PageMetadata, read_page_metadata};
pub use sitemap::{ChildSitemap, SitemapDocument, SitemapKind, SitemapPage, read_sitemap};
pub use sitemap_posts::{PostLinks, post_links};
