//! Tests of the public interface of site-discovery, in one binary.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

mod icon_links;
mod kinds;
mod page_metadata;
mod post_pages;
mod reservation;
mod site_parsing;
mod sitemap_kinds;
