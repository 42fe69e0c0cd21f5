//! XML as it is found: tokens, attributes and references, read so that a fault costs what it
//! touches and no more.
//!
//! Deliberately absent: document types (skipped, nothing is ever declared or expanded), validation,
//! and any tree. The rule kept: every slice is a slice of the input, and nothing recurses.

mod entities;
mod lexer;

pub(super) use entities::{
    escape_attribute, escape_text, is_legacy_entity, unescape, unescape_if_escaped, unescape_into,
};
pub(super) use lexer::{Lexer, Tag, Token, local_name, lower_name};
