//! Sites without a feed: the real poller and store, and an origin that plays each kind of site.

mod backfill;
mod beehiiv;
mod discovery;
mod page_crawl;
mod politeness;
mod sitemap_crawl;
