//! The content of one element, however it ends.

use super::{field_table::classify_element, scope::Scope};
use crate::xml::{Lexer, Tag, Token, local_name, lower_name};

/// The depth up to which nested elements are tracked.
const MAX_DEPTH: usize = 512;

/// How an element ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By its end tag.
    Closed,
    /// By the end of its parent, or by an element that cannot be inside it.
    Implied,
    /// By the end of the document.
    Unfinished,
}

/// The content of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct ElementContent<'a> {
    /// The text between its tags, as written.
    pub inner_xml: &'a str,
    /// How it ended.
    pub ending: Ending,
}

/// The limits of an element.
#[derive(Debug)]
pub(super) struct ReadLimits {
    /// Whether the start of an item ends the element.
    pub item_ends_element: bool,
    /// Bytes of the document that may still be read a second time in search of an end tag.
    pub rescan_bytes: usize,
}

/// Reads the content of the element that `tag` opens. The lexer is after that tag, and afterwards
/// after the element.
pub(super) fn element_content<'a>(
    lexer: &mut Lexer<'a>,
    text: &'a str,
    tag: &Tag<'a>,
    scope: &Scope<'a>,
    limits: &mut ReadLimits,
) -> ElementContent<'a> {
    let from = lexer.offset();
    if tag.self_closing {
        return ElementContent { inner_xml: "", ending: Ending::Closed };
    }
    let mut open: Vec<&str> = Vec::new();
    // The offset of the first sibling, if this element is unclosed.
    let mut sibling: Option<usize> = None;
    let implied = |lexer: &mut Lexer<'a>, sibling: Option<usize>, end: usize| {
        let end = sibling.unwrap_or(end);
        lexer.seek(end);
        ElementContent { inner_xml: &text[from..end], ending: Ending::Implied }
    };
    while let Some(token) = lexer.next() {
        if let Some(end) = sibling {
            limits.rescan_bytes =
                limits.rescan_bytes.saturating_sub(lexer.offset() - lexer.token_start());
            if limits.rescan_bytes == 0 {
                return implied(lexer, sibling, end);
            }
        }
        match token {
            Token::Start(inner) => {
                let name = local_name(inner.name);
                let is_item =
                    name.eq_ignore_ascii_case("item") || name.eq_ignore_ascii_case("entry");
                if is_item && limits.item_ends_element {
                    let end = lexer.token_start();
                    return implied(lexer, sibling, end);
                }
                if open.is_empty() && sibling.is_none() {
                    let field = classify_element(scope.namespace(&inner), &lower_name(name));
                    if field.ends_unclosed_sibling() {
                        sibling = Some(lexer.token_start());
                    }
                }
                if !inner.self_closing && open.len() < MAX_DEPTH {
                    open.push(inner.name);
                }
            }
            Token::End(name) => {
                if let Some(at) = open.iter().rposition(|o| o.eq_ignore_ascii_case(name)) {
                    open.truncate(at);
                } else if name.eq_ignore_ascii_case(tag.name) {
                    return ElementContent {
                        inner_xml: &text[from..lexer.token_start()],
                        ending: Ending::Closed,
                    };
                } else if ["item", "entry", "channel", "rss", "feed", "rdf"]
                    .iter()
                    .any(|o| local_name(name).eq_ignore_ascii_case(o))
                {
                    let end = lexer.token_start();
                    return implied(lexer, sibling, end);
                }
            }
            Token::Text(_) | Token::CData(_) => {}
        }
    }
    if let Some(end) = sibling {
        return implied(lexer, Some(end), end);
    }
    ElementContent { inner_xml: &text[from..], ending: Ending::Unfinished }
}

/// Returns the child elements: local name in lower case, tag and content.
pub(super) fn children<'a>(
    inner_xml: &'a str,
    scope: &Scope<'a>,
) -> Vec<(String, Tag<'a>, &'a str)> {
    let mut found = Vec::new();
    let mut lexer = Lexer::new(inner_xml);
    let mut limits = ReadLimits { item_ends_element: false, rescan_bytes: inner_xml.len() };
    while let Some(token) = lexer.next() {
        if let Token::Start(tag) = token {
            let captured = element_content(&mut lexer, inner_xml, &tag, scope, &mut limits);
            found.push((local_name(tag.name).to_ascii_lowercase(), tag, captured.inner_xml));
            if found.len() >= MAX_DEPTH {
                break;
            }
        }
    }
    found
}
