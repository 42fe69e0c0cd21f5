//! XML of any dialect in, one canonical Atom document out, with notes on what the feed parser would
//! drop.
//!
//! The parser is lenient: an unclosed, mismatched, misspelt or unfinished element costs itself and
//! nothing beside it. What goes out is well-formed by construction, has an ordinal in place of each
//! item's id, plain names, and texts of two types only. Deliberately absent: any opinion about
//! which of two good values is better for a reader; that is `normalise`.

mod best_texts;
mod canonical_writer;
mod dialect;
mod element_content;
mod feed_fields;
mod field_kind;
mod item_fields;
mod parser;
mod raw_fields;
mod scope;
mod shared_elements;
mod text;
mod value;
mod xml_base;

pub(super) use parser::parse;
pub(super) use raw_fields::{FieldName, Link, Ranked, RawFeed, RawItem, RawMedia, RawSource};
