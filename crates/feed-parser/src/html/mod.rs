//! HTML that may be republished: an allow-list kept by an HTML5 parser, addresses absolute, nothing
//! that tracks.

mod allow_list;
mod nesting_limits;
mod repair;
mod rewrite;
mod strict_subset;
mod truncate;

use std::borrow::Cow;

use url::Url;

use super::{
    text::plain_text,
    xml::{Lexer, Token, escape_text, local_name},
};
use feed_model::{
    SafeHtml,
    html_elements::{self, FALLBACK},
    text::strip_forbidden,
};

/// Makes HTML safe to republish, with every address absolute against `base`; doing it twice changes
/// nothing. Of a text of more than a megabyte the beginning is kept.
pub fn sanitise(html: &str, base: &Url) -> SafeHtml {
    sanitise_reporting_truncation(html, base).0
}

/// Like [`sanitise`], and whether the text was cut.
pub(super) fn sanitise_reporting_truncation(html: &str, base: &Url) -> (SafeHtml, bool) {
    let safe = sanitise_untruncated(html, base);
    match truncate::truncate(safe.as_str()) {
        None => (safe, false),
        // What was open where it was cut is closed by whoever reads it again.
        Some(beginning) => (sanitise_untruncated(&beginning, base), true),
    }
}

fn sanitise_untruncated(html: &str, base: &Url) -> SafeHtml {
    let html = strip_forbidden(html);
    let html = html.trim();
    if !html.contains(['<', '&', '\r', '\u{a0}', '>']) {
        return SafeHtml::from_sanitised(html.to_owned());
    }
    if strict_subset::is_strict_subset(html) {
        return SafeHtml::from_sanitised(rewrite::rewrite_html(html, base).trim().to_owned());
    }
    let html = strip_fallback_tags(html);
    let html = math_to_text(&html);
    // What is regular is what it looks like, so that nothing may leave here otherwise than through
    // that check.
    if let Some(repaired) =
        repair::repaired(&html).filter(|repaired| strict_subset::is_strict_subset(repaired))
    {
        return SafeHtml::from_sanitised(rewrite::rewrite_html(&repaired, base).trim().to_owned());
    }
    sanitise_by_parser(&html, base)
}

/// Like [`sanitise`], of prepared HTML of any kind, by a parser.
fn sanitise_by_parser(html: &str, base: &Url) -> SafeHtml {
    if !nesting_limits::are_respected(html) {
        return as_plain_text(html);
    }
    let mut clean = sanitise_pass(html, base);
    // What a parser writes is not always what it would read again: a link within a link, behind a
    // table. A reader's parser must see what was checked here, so that only what stays as it is may
    // leave.
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

/// How often what was written is read again before it is given up.
const MAX_PASSES: usize = 4;

fn sanitise_pass(html: &str, base: &Url) -> String {
    let clean = allow_list::apply_allow_list(html);
    rewrite::rewrite_html(&strip_forbidden(&clean), base).trim().to_owned()
}

/// What nests beyond reason was not written for reading, and costs an HTML parser more than it is
/// worth.
fn as_plain_text(html: &str) -> SafeHtml {
    let mut text = String::new();
    escape_text(&mut text, &plain_text(html));
    SafeHtml::from_sanitised(text)
}

/// Takes the tags away whose content is for browsers that cannot do better: a parser reads it as
/// text, and where the end tag is missing everything that follows with it.
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

/// Puts the words of a formula in the place of its markup, which no list of HTML elements has: `x =
/// 1` says more than nothing.
fn math_to_text(html: &str) -> Cow<'_, str> {
    let is_formula =
        |name: &str| name.eq_ignore_ascii_case("math") || name.eq_ignore_ascii_case("m:math");
    let starts = memchr::memchr_iter(b'<', html.as_bytes())
        .any(|at| html[at + 1..].get(..4).is_some_and(is_formula));
    if !starts && !html.contains("m:math") {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    // Whether a formula is open, and whether it is told a second time, in the words of another
    // notation.
    let (mut open, mut again) = (false, false);
    let mut lexer = Lexer::new(html);
    while let Some(token) = lexer.next() {
        let raw = &html[lexer.token_start()..lexer.offset()];
        match token {
            Token::Start(tag) if is_formula(tag.name) && !tag.self_closing => open = true,
            Token::End(name) if is_formula(name) => (open, again) = (false, false),
            Token::Start(tag) if open => again |= !tag.self_closing && is_annotation(tag.name),
            Token::End(name) if open => again &= !is_annotation(name),
            Token::Text(_) | Token::CData(_) if again => {}
            Token::CData(text) if open => escape_text(&mut out, text),
            _ => out.push_str(raw),
        }
    }
    Cow::Owned(out)
}

fn is_annotation(name: &str) -> bool {
    let name = local_name(name);
    ["annotation", "annotation-xml", "script", "style"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests;
