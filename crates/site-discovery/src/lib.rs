#![doc = include_str!("../README.md")]

mod bot_challenge;
mod byline;
mod dates;
mod dom;
mod element_date;
mod error;
mod feed_autodiscovery;
mod icon_links;
mod index;
mod json_ld;
mod page;
mod page_metadata;
mod reservation;
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
pub use icon_links::icon_links;
pub use index::{IndexPage, read_index_page, suggest_selectors, validate_selectors};
pub use page::Page;
pub use page_metadata::{PageMetadata, read_page_metadata};
pub use reservation::reservation;
pub use sitemap::{
    ChildSitemap, SitemapDocument, SitemapKind, SitemapPage, read_sitemap, sitemap_links,
};
pub use sitemap_posts::{PostLinks, post_links};
