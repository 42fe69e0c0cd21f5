//! The strict subset of HTML: an HTML5 parser builds from it exactly the elements that are written,
//! so that parsing can be skipped.
//!
//! Only allowed elements in lower case, closed in order, with attributes in double quotes and
//! without any nesting that a parser corrects. In case of doubt, HTML is not in the subset.

use feed_model::{
    html_elements::{self, ElementClass, VOID},
    text::strip_forbidden,
};

use super::allow_list::is_allowed_element;
use crate::xml::{is_legacy_entity, unescape};

/// The maximum depth. The limits of parsers are higher.
const MAX_DEPTH: usize = 64;

/// Returns whether HTML is in the strict subset.
pub(super) fn is_strict_subset(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    loop {
        let at = memchr::memchr(b'<', rest.as_bytes());
        let text = &rest[..at.unwrap_or(rest.len())];
        let in_table = open
            .last()
            .is_some_and(|top| matches!(*top, "table" | "thead" | "tbody" | "tfoot" | "tr"));
        if text.contains('\r')
            || !has_only_plain_references(text)
            || in_table && !text.bytes().all(|b| matches!(b, b' ' | b'\n' | b'\t'))
        {
            return false;
        }
        let Some(at) = at else { return open.is_empty() };
        rest = &rest[at..];
        let step = if rest.starts_with("<!--") {
            comment(rest)
        } else if rest.starts_with("</") {
            end_tag(rest, &mut open)
        } else {
            start_tag(rest, &mut open)
        };
        let Some(length) = step else { return false };
        rest = &rest[length..];
    }
}

/// Returns whether every reference ends in a semicolon and is known, and no other `&` begins a name
/// that a parser would replace.
pub(super) fn has_only_plain_references(text: &str) -> bool {
    memchr::memchr_iter(b'&', text.as_bytes()).all(|at| {
        let rest = &text[at..];
        let is_single_character = |end: usize| rest.get(..end).is_some_and(is_single_character);
        if rest[1..].starts_with('#') {
            let end = rest.bytes().take(12).position(|b| b == b';');
            return end.is_some_and(|end| is_single_character(end + 1));
        }
        let length = rest[1..].bytes().take(40).take_while(u8::is_ascii_alphanumeric).count();
        let name = &rest[1..=length];
        rest[1 + length..].starts_with(';') && is_single_character(length + 2)
            || (1..=length.min(LONGEST_LEGACY_NAME)).all(|end| !is_legacy_entity(&name[..end]))
    })
}

/// Returns whether a reference means one character that may be written literally.
fn is_single_character(reference: &str) -> bool {
    let decoded = unescape(reference);
    decoded.chars().count() == 1 && decoded != "\r" && !strip_forbidden(&decoded).is_empty()
}

/// The length of the longest entity names without a semicolon: `frac12`, `Aacute`.
const LONGEST_LEGACY_NAME: usize = 6;

/// Returns the length of a comment whose end is unambiguous.
pub(super) fn comment(rest: &str) -> Option<usize> {
    let inside = &rest[4..];
    let end = memchr::memmem::find(inside.as_bytes(), b"-->")?;
    let body = &inside[..end];
    (!body.starts_with(['>', '-'])
        && !body.contains("--")
        && !body.contains("<!")
        && !body.ends_with('-'))
    .then_some(4 + end + 3)
}

fn end_tag(rest: &str, open: &mut Vec<&str>) -> Option<usize> {
    let end = memchr::memchr(b'>', rest.as_bytes())?;
    (open.pop()? == &rest[2..end]).then_some(end + 1)
}

fn start_tag<'a>(rest: &'a str, open: &mut Vec<&'a str>) -> Option<usize> {
    let bytes = rest.as_bytes();
    let name_end =
        1 + bytes[1..].iter().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count();
    let name = &rest[1..name_end];
    if !is_allowed_element(name) || html_elements::class(name).is_none() {
        return None;
    }
    let is_void = html_elements::has(name, VOID);
    let mut at = name_end;
    let mut names: Vec<&str> = Vec::new();
    loop {
        let spaces = bytes[at..].iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\t')).count();
        at += spaces;
        match bytes.get(at)? {
            b'>' => break,
            b'/' if is_void && bytes.get(at + 1) == Some(&b'>') => {
                at += 1;
                break;
            }
            b if b.is_ascii_lowercase() && spaces > 0 => {}
            _ => return None,
        }
        let length = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || **b == b'-')
            .count();
        let attribute = &rest[at..at + length];
        if names.contains(&attribute) || names.len() > 16 || !rest[at + length..].starts_with("=\"")
        {
            return None;
        }
        names.push(attribute);
        at += length + 2;
        let close = memchr::memchr3(b'"', b'<', b'>', &bytes[at..])?;
        if bytes[at + close] != b'"' || bytes[at..at + close].contains(&b'\r') {
            return None;
        }
        at += close + 1;
    }
    if !is_allowed_nesting(name, open) || name == "pre" && bytes.get(at + 1) == Some(&b'\n') {
        return None;
    }
    if !is_void {
        if open.len() >= MAX_DEPTH {
            return None;
        }
        open.push(name);
    }
    Some(at + 1)
}

/// Returns whether a parser keeps the element where it is written.
fn is_allowed_nesting(name: &str, open: &[&str]) -> bool {
    let top = open.last().copied().unwrap_or("");
    let class = html_elements::class(name);
    let is_heading = |name: &str| html_elements::class(name) == Some(ElementClass::Heading);
    match name {
        "li" => matches!(top, "ul" | "ol"),
        "dt" | "dd" => top == "dl",
        "thead" | "tbody" | "tfoot" => top == "table",
        "tr" => matches!(top, "thead" | "tbody" | "tfoot"),
        "td" | "th" => top == "tr",
        _ if matches!(top, "table" | "thead" | "tbody" | "tfoot" | "tr") => false,
        "a" => !open.contains(&"a"),
        "table" => !open.iter().any(|o| *o == "p" || *o == "table"),
        _ if is_heading(name) => !open.iter().any(|o| *o == "p" || is_heading(o)),
        _ if class.is_some_and(ElementClass::closes_paragraph) => !open.contains(&"p"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_html_is_in_the_subset() {
        for html in [
            "text & more &amp; &mdash; AT&T &bogus;",
            "<p>One <em>two</em><br/>three</p>\n<ul><li>a</li></ul>",
            "<!-- wp:paragraph -->\n<p class=\"x\">a</p>",
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
            "<figure><img src=\"a\" alt=\"b\" /></figure>",
        ] {
            assert!(is_strict_subset(html), "{html}");
        }
    }

    #[test]
    fn irregular_html_is_not_in_the_subset() {
        for html in [
            "<p>a<p>b",
            "<p>a<div>b</div></p>",
            "<b>a</i>",
            "<a><b><a>x</a></b></a>",
            "<table><p>x</p></table>",
            "<table>x</table>",
            "<table><tr><td>x</td></tr></table>",
            "<script>x</script>",
            "<img src=x>",
            "<img src=\"a\" src=\"b\">",
            "<img src=\"a\"alt=\"b\">",
            "<P>x</P>",
            "<!-->x-->",
            "<!--->",
            "<![CDATA[x]]>",
            "<svg></svg>",
            "<li>x</li>",
            "<pre>\n</pre>",
            "<div/>",
            "<p title=\"a>b\">x</p>",
            "a<",
            "&copy x",
            "&notit; &copyright",
            "&#1;",
            "&#13;",
        ] {
            assert!(!is_strict_subset(html), "{html}");
        }
    }
}
