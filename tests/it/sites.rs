//! Publications without a feed, on the wire: the real poller over a real database, a clock that is
//! moved by hand, and an origin that plays each kind of site and writes down every request.

mod backfill;
mod discovery;
mod harness;
mod page_crawl;
mod politeness;
mod sitemap_crawl;
