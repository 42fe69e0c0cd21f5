//! A lenient XML reader: tokens, attributes and references. An error affects only the tokens it
//! touches.
//!
//! There is no tree, no validation and no document type: declarations are skipped and entities of a
//! document are never expanded. Every slice points into the input, and nothing recurses.

mod entities;
mod lexer;

pub(super) use entities::{
    escape_attribute, escape_text, is_legacy_entity, unescape, unescape_if_escaped, unescape_into,
};
pub(super) use lexer::{Lexer, Tag, Token, local_name, lower_name};
