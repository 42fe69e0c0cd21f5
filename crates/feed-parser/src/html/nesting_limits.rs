//! Limits of nesting, because the time of an HTML parser is quadratic in it.

use feed_model::html_elements::{self, FORMATTING, OPTIONAL_END};

use crate::xml::{Lexer, Token, lower_name};

/// The maximum depth of elements that must be closed.
const MAX_DEPTH: usize = 400;

/// The maximum number of formatting elements that a parser may have to reopen.
const MAX_COPIES: usize = 2_000_000;

/// Returns whether HTML is within the limits.
pub(super) fn are_respected(html: &str) -> bool {
    let (mut depth, mut formatting, mut most_formatting, mut tags) =
        (0_usize, 0_usize, 0_usize, 0_usize);
    for token in Lexer::new(html) {
        match token {
            Token::Start(tag) if !tag.self_closing => {
                tags += 1;
                if is_formatting(tag.name) {
                    formatting += 1;
                    most_formatting = most_formatting.max(formatting);
                }
                if !has_optional_end_tag(tag.name) {
                    depth += 1;
                }
                if depth > MAX_DEPTH {
                    return false;
                }
            }
            Token::End(name) => {
                if is_formatting(name) {
                    formatting = formatting.saturating_sub(1);
                }
                if !has_optional_end_tag(name) {
                    depth = depth.saturating_sub(1);
                }
            }
            _ => {}
        }
    }
    most_formatting.saturating_mul(tags) <= MAX_COPIES
}

fn is_formatting(name: &str) -> bool {
    html_elements::has(&lower_name(name), FORMATTING)
}

/// Returns whether the end tag of an element may be omitted.
fn has_optional_end_tag(name: &str) -> bool {
    html_elements::has(&lower_name(name), OPTIONAL_END)
}
