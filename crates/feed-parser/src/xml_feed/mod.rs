//! The XML formats: RSS 0.9x to 2.0, RDF and Atom 0.3 and 1.0 are converted to one canonical Atom
//! document for feed-rs, together with the raw fields that feed-rs drops.
//!
//! The parser is lenient: an unclosed, mismatched, misspelt or truncated element affects only
//! itself. The canonical document is well-formed by construction. Which of several valid values is
//! used is decided in `normalise`.
//!
//! Entry point: [`parse`]. The table of elements is in `field_table`.

mod best_texts;
mod canonical_writer;
mod dialect;
mod element_content;
mod feed_fields;
mod field_kind;
pub(crate) mod field_table;
mod item_fields;
mod media_elements;
mod parser;
mod raw_fields;
mod scope;
mod shared_elements;
mod text;
mod value;
mod xml_base;

pub(super) use parser::parse;
pub(super) use raw_fields::{FieldName, Link, Ranked, RawFeed, RawItem, RawMedia, RawSource};
