//! Writes: methods of [`Store`](super::Store), each in one transaction, and the functions that they
//! call within it.

pub(super) mod apply;
pub(super) mod archives;
mod attempt;
mod candidates;
mod classification;
mod clock_change;
pub(super) mod crawl_queue;
pub(super) mod deliveries;
pub(super) mod digests;
mod documents;
pub(super) mod entries;
mod feed_window;
mod host_backoff;
pub(super) mod instances;
mod labels;
pub(super) mod reclassify;
mod representative;
mod retention;
mod schedule;
mod source_icons;
mod stories;
pub(super) mod subscriptions;
mod sync_config;
