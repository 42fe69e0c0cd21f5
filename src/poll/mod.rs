//! Polling of sources.
//!
//! [`Poller::refresh`] polls one source; `refresh.rs` is the file to read first. Every poll ends in
//! exactly one [`Store::apply`](crate::store::Store::apply), failures and 304 included. A poll is
//! not retried before the next one is due.
//!
//! - `archives` reads the archives that a feed names.
//! - `fetch_source` fetches the document, `discovery` finds out how a site can be followed,
//!   `sitemap_crawl` and `page_crawl` follow a site without a feed, `robots` checks robots.txt.
//! - `timing` decides when the source is polled next; it is pure.
//! - `scheduler` runs the polls that are due, within the limits per host and in all.
//! - `shared_feeds` aligns the schedules of sources that read the same feed.

mod archives;
mod backfill;
mod crawl_result;
mod discovery;
mod document;
mod document_memory;
mod fetch_source;
mod fetched;
mod host_queue;
mod hub_links;
mod icons;
mod inspect;
mod origin_locks;
mod page_crawl;
mod page_metadata;
mod poller;
mod push;
mod refresh;
mod report;
mod robots;
mod scheduler;
mod selection;
mod session;
mod settings;
mod shared_feeds;
mod shared_texts;
mod sitemap_crawl;
mod task;
mod timing;
mod unstored;

pub use hub_links::{HubLinks, hub_link};
pub use inspect::{InspectedEntry, Inspection};
pub use poller::Poller;
pub use push::PushedDocument;
pub use report::{PollReport, PollSummary};
pub use scheduler::{Heartbeat, PollScheduler};
pub use selection::{SelectedSource, Selection};
pub use settings::PollSettings;
pub use task::{PollTask, Work};
