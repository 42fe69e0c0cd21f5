//! The HTML sanitiser: only elements and attributes of the allow-list, absolute URLs, no tracking.
//!
//! Entry point: [`sanitise`]. Players, formulas and the like are converted first (`dialects`). HTML
//! of the strict subset (`strict_subset`) is rewritten directly, with repairs (`repair`) if needed.
//! Everything else goes through an HTML5 parser (`allow_list`).

mod allow_list;
pub(super) mod dialects;
mod images;
mod nesting_limits;
mod repair;
mod rewrite;
mod strict_subset;
mod truncate;

use std::borrow::Cow;

use url::Url;

use super::{
    text::plain_text,
    xml::{Lexer, escape_text},
};
use feed_model::{
    SafeHtml,
    html_elements::{self, FALLBACK},
    text::strip_forbidden,
};

/// Sanitises HTML for publication. URLs are made absolute against `base`. Sanitising the result
/// again does not change it. A text of more than one megabyte is cut.
pub fn sanitise(html: &str, base: &Url) -> SafeHtml {
    sanitise_reporting_truncation(html, base).0
}

/// Like [`sanitise`], and returns whether the text was cut.
pub(super) fn sanitise_reporting_truncation(html: &str, base: &Url) -> (SafeHtml, bool) {
    let safe = sanitise_untruncated(html, base);
    match truncate::truncate(safe.as_str()) {
        None => (safe, false),
        // The second pass closes the elements that are open at the cut.
        Some(beginning) => (sanitise_untruncated(&beginning, base), true),
    }
}

fn sanitise_untruncated(html: &str, base: &Url) -> SafeHtml {
    let html = strip_forbidden(html);
    let html = html.trim();
    if !html.contains(['<', '&', '\r', '\u{a0}', '>']) {
        return SafeHtml::from_sanitised(html.to_owned());
    }
    if !dialects::may_be_in_attributes(html) && strict_subset::is_strict_subset(html) {
        return SafeHtml::from_sanitised(rewrite::rewrite_html(html, base).trim().to_owned());
    }
    let html = dialects::escape_stray(html);
    let converted = dialects::convert(&html, base);
    let safe = sanitise_plain(&converted.html, base);
    if converted.formulas.is_empty() {
        return safe;
    }
    SafeHtml::from_sanitised(converted.formulas.insert(safe.as_str().to_owned()))
}

/// Sanitises HTML without dialects.
fn sanitise_plain(html: &str, base: &Url) -> SafeHtml {
    let html = strip_fallback_tags(html);
    // A repaired text must be in the strict subset as well, so that every result has passed that
    // check.
    if let Some(repaired) =
        repair::repaired(&html).filter(|repaired| strict_subset::is_strict_subset(repaired))
    {
        return SafeHtml::from_sanitised(rewrite::rewrite_html(&repaired, base).trim().to_owned());
    }
    sanitise_by_parser(&html, base)
}

/// Sanitises prepared HTML of any kind with an HTML5 parser.
fn sanitise_by_parser(html: &str, base: &Url) -> SafeHtml {
    if !nesting_limits::are_respected(html) {
        return as_plain_text(html);
    }
    let mut clean = sanitise_pass(html, base);
    // The output of a parser is not always stable under parsing, for example a link within a link
    // after a table. The browser of a reader must see exactly what was checked, so only stable
    // output is returned.
    for _ in 0..MAX_PASSES {
        if strict_subset::is_strict_subset(&clean) {
            return SafeHtml::from_sanitised(clean);
        }
        let again = sanitise_pass(&clean, base);
        if again == clean {
            return SafeHtml::from_sanitised(clean);
        }
        clean = again;
    }
    as_plain_text(html)
}

/// The maximum number of passes until the output must be stable.
const MAX_PASSES: usize = 4;

fn sanitise_pass(html: &str, base: &Url) -> String {
    let clean = allow_list::apply_allow_list(html);
    rewrite::rewrite_html(&strip_forbidden(&clean), base).trim().to_owned()
}

/// Returns plain text instead of HTML that is nested too deeply for a parser.
fn as_plain_text(html: &str) -> SafeHtml {
    let mut text = String::new();
    escape_text(&mut text, &plain_text(html));
    SafeHtml::from_sanitised(text)
}

/// Removes the tags of fallback elements (`noscript`, `iframe`). A parser reads their content as
/// text, and the rest of the document as well if the end tag is missing.
fn strip_fallback_tags(html: &str) -> Cow<'_, str> {
    let is_tag = |at: usize| {
        if !matches!(html.as_bytes().get(at + 1), Some(b'/' | b'n' | b'N' | b'i' | b'I')) {
            return false;
        }
        let rest = html[at + 1..].strip_prefix('/').unwrap_or(&html[at + 1..]);
        let named = |name: &&str| {
            rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        html_elements::names(FALLBACK).find(|name| named(name)).is_some_and(|name| {
            !rest[name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    };
    let tags: Vec<usize> =
        memchr::memchr_iter(b'<', html.as_bytes()).filter(|at| is_tag(*at)).collect();
    if tags.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for at in tags {
        if at >= from {
            out.push_str(&html[from..at]);
            let mut lexer = Lexer::new(html);
            lexer.seek(at);
            lexer.next();
            from = lexer.offset().max(at + 1);
        }
    }
    out.push_str(&html[from.min(html.len())..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
