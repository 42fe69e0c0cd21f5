//! Queries: methods of [`Reader`](super::Reader).

pub(super) mod archives;
pub(super) mod crawl_queue;
pub(super) mod deliveries;
pub(super) mod digests;
pub(super) mod evaluation;
pub(super) mod instances;
pub(super) mod queue_lengths;
pub(super) mod search;
pub(super) mod source_events;
pub(super) mod source_health;
pub(super) mod source_icons;
pub(super) mod sources;
pub(super) mod stories;
pub(super) mod topics;
pub(super) mod training_data;
