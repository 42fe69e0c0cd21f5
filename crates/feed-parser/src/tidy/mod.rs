//! XML of any dialect in, one canonical Atom document out, with notes on what the feed parser would drop.
//!
//! The walk is lenient: an unclosed, mismatched, misspelt or unfinished element costs itself and nothing beside it.
//! What goes out is well-formed by construction, has an ordinal in place of each item's id, plain names, and texts
//! of two types only. Deliberately absent: any opinion about which of two good values is better for a reader; that
//! is `normalise`.

mod base;
mod canonical;
mod capture;
mod dialect;
mod element;
mod field;
mod head;
mod item;
mod notes;
mod picks;
mod scope;
mod text;
mod value;
mod walk;

pub(super) use notes::{FeedNotes, ItemNotes, Link, MediaNote, Name, Said, SourceNote};
pub(super) use walk::tidy;
