//! What subscribers see after several documents of one source, or of several sources.
//!
//! The tests use `Installation`: documents go in, and the published feeds come out.

mod across_sources;
mod entries_as_they_are;
mod labelled_pairs;
mod moved_items;
mod never_merged;
mod over_http;
mod provenance;
mod republished;
mod sample_posts;
mod schema_upgrades;
mod stable_output;
mod topics_and_windows;
mod url_variants;
mod within_a_source;
