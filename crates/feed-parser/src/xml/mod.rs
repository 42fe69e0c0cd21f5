//! XML as it is found: tokens, attributes and references, read so that a fault costs what it touches and no more.
//!
//! Deliberately absent: document types (skipped, nothing is ever declared or expanded), validation, and any tree. The
//! rule kept: every slice is a slice of the input, and nothing recurses.

mod lex;
mod reference;

pub(super) use lex::{Lexer, Tag, Token, local_name, lower_name};
pub(super) use reference::{decode, decode_into, decode_once, escape_attribute, escape_text, is_legacy_entity};
