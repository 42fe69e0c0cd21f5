//! HTML that may be republished: an allow-list kept by an HTML5 parser, addresses absolute, nothing that tracks.

mod address;
mod allowed;
mod bounds;
mod regular;

use std::borrow::Cow;

use url::Url;

use super::text::{plain_text, strip_forbidden};
use crate::model::SafeHtml;

/// Makes HTML safe to republish, with every address absolute against `base`; doing it twice changes nothing.
pub fn sanitise(html: &str, base: &Url) -> SafeHtml {
    let html = strip_forbidden(html);
    let html = html.trim();
    if !html.contains(['<', '&', '\r', '\u{a0}', '>']) {
        return SafeHtml::from_sanitised(html.to_owned());
    }
    if regular::is_regular(html) {
        return SafeHtml::from_sanitised(address::rewrite(html, base).trim().to_owned());
    }
    if !bounds::are_kept(html) {
        return only_text(html);
    }
    let mut clean = once(&without_noscript(html), base);
    // What a parser writes is not always what it would read again: a link within a link, behind a table. A reader's
    // parser must see what was checked here, so that only what stays as it is may leave.
    for _ in 0..MAX_ROUNDS {
        if regular::is_regular(&clean) {
            return SafeHtml::from_sanitised(clean);
        }
        let again = once(&clean, base);
        if again == clean {
            return SafeHtml::from_sanitised(clean);
        }
        clean = again;
    }
    only_text(html)
}

/// How often what was written is read again before it is given up.
const MAX_ROUNDS: usize = 4;

fn once(html: &str, base: &Url) -> String {
    let clean = allowed::only_allowed(html);
    address::rewrite(&strip_forbidden(&clean), base).trim().to_owned()
}

/// What nests beyond reason was not written for reading, and costs an HTML parser more than it is worth.
fn only_text(html: &str) -> SafeHtml {
    let mut text = String::new();
    super::xml::escape_text(&mut text, &plain_text(html));
    SafeHtml::from_sanitised(text)
}

/// Takes the tags of `noscript` away, whose content a parser for browsers with scripts reads as text.
fn without_noscript(html: &str) -> Cow<'_, str> {
    let is_tag = |at: usize| {
        let rest = html[at + 1..].strip_prefix('/').unwrap_or(&html[at + 1..]);
        rest.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("noscript"))
    };
    let tags: Vec<usize> = memchr::memchr_iter(b'<', html.as_bytes()).filter(|at| is_tag(*at)).collect();
    if tags.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for at in tags {
        if at >= from {
            out.push_str(&html[from..at]);
            from = html[at..].find('>').map_or(html.len(), |end| at + end + 1);
        }
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
