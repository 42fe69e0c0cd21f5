//! A page as a tree, and what is read from one by all modules of this crate.
//!
//! Deliberately absent: any meaning. The rule kept: no walk recurses, and none climbs further than
//! [`MAX_ANCESTORS`] elements, so that a page nested without end costs no more than a long one.

use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use crate::{
    dates::{self, DateOrder},
    page::Page,
    text::{collapse_whitespace, language_tag},
};

/// How many ancestors are looked at.
pub(crate) const MAX_ANCESTORS: usize = 200;

/// A page, parsed, with the address that its links are relative to.
pub(crate) struct Dom {
    pub html: Html,
    /// The page's `<base>`, else its own address (HTML, "document base URL").
    pub base: Url,
    /// Whether the end of the page was left out for its nesting.
    pub is_truncated: bool,
    /// What two numbers of a date mean where they do not show it themselves: by the page's
    /// language, else its country.
    pub order: DateOrder,
}

impl Dom {
    /// Parses a page.
    pub fn read(page: &Page<'_>) -> Self {
        let bounded_html = cut_at_max_nesting(page.html);
        let html = Html::parse_document(bounded_html);
        let base = html
            .select(&compile_selector("base[href]"))
            .next()
            .and_then(|base| base.attr("href"))
            .and_then(|href| feed_parser::http_url(href, Some(page.url)))
            .unwrap_or_else(|| page.url.clone());
        let language = html
            .select(&compile_selector("html[lang]"))
            .next()
            .and_then(|e| e.attr("lang"))
            .and_then(language_tag);
        let order = dates::date_order_for(language.as_deref(), page.url);
        Self { html, base, is_truncated: bounded_html.len() < page.html.len(), order }
    }

    /// Every element that a selector known here matches, in document order.
    pub fn all(&self, selector: &'static str) -> Vec<ElementRef<'_>> {
        self.html.select(&compile_selector(selector)).collect()
    }

    /// The first element that a selector known here matches.
    pub fn first(&self, selector: &'static str) -> Option<ElementRef<'_>> {
        self.html.select(&compile_selector(selector)).next()
    }

    /// An attribute's address, resolved.
    pub fn url(&self, href: &str) -> Option<Url> {
        feed_parser::http_url(href, Some(&self.base))
    }

    /// The body, else the root.
    pub fn body(&self) -> ElementRef<'_> {
        self.first("body").unwrap_or_else(|| self.html.root_element())
    }
}

/// How deep a page may be nested before the rest of it is left out.
const MAX_NESTING: usize = 1_000;

/// Elements that are not counted: their end may be left out, or they have none.
const UNCOUNTED_TAGS: &[&[u8]] = &[
    b"p",
    b"li",
    b"td",
    b"th",
    b"tr",
    b"dt",
    b"dd",
    b"option",
    b"br",
    b"img",
    b"input",
    b"meta",
    b"link",
    b"hr",
    b"wbr",
    b"source",
    b"col",
    b"tbody",
    b"thead",
    b"colgroup",
    b"track",
    b"area",
    b"base",
    b"embed",
    b"param",
    b"path",
    b"rect",
    b"circle",
    b"use",
    b"line",
    b"polygon",
    b"polyline",
    b"ellipse",
    b"stop",
];

/// The beginning of a page up to where it is nested beyond all reason: building the tree of such a
/// page takes time that grows with the square of its depth.
fn cut_at_max_nesting(html: &str) -> &str {
    let bytes = html.as_bytes();
    let mut depth = 0_usize;
    for (at, _) in html.match_indices('<') {
        let closes = bytes.get(at + 1) == Some(&b'/');
        let from = at + 1 + usize::from(closes);
        let name: Vec<u8> = bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take(12)
            .take_while(|c| c.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect();
        if !name.first().is_some_and(u8::is_ascii_alphabetic)
            || UNCOUNTED_TAGS.contains(&name.as_slice())
        {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        if depth > MAX_NESTING {
            return &html[..at];
        }
    }
    html
}

/// A selector that is known to be valid.
pub(crate) fn compile_selector(selector: &'static str) -> Selector {
    Selector::parse(selector).expect("a valid selector")
}

/// Elements whose text nobody reads.
pub(crate) fn is_invisible(element: &ElementRef<'_>) -> bool {
    let value = element.value();
    // Pages hide all of themselves until a script ran.
    if matches!(value.name(), "html" | "body" | "main") {
        return false;
    }
    matches!(
        value.name(),
        "script"
            | "style"
            | "template"
            | "noscript"
            | "svg"
            | "iframe"
            | "head"
            | "select"
            | "textarea"
            | "object"
            | "canvas"
            | "input"
            | "dialog"
            | "math"
    ) || value.attr("hidden").is_some()
        || value.attr("class").is_some_and(|class| {
            class.split_ascii_whitespace().any(|c| {
                matches!(
                    c,
                    "sr-only"
                        | "visually-hidden"
                        | "screen-reader-text"
                        | "screen-reader-only"
                        | "u-hidden"
                )
            })
        })
}

/// Elements that stand within a line of text.
pub(crate) fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "span"
            | "em"
            | "strong"
            | "b"
            | "i"
            | "u"
            | "s"
            | "code"
            | "kbd"
            | "var"
            | "samp"
            | "sup"
            | "sub"
            | "mark"
            | "abbr"
            | "q"
            | "cite"
            | "del"
            | "ins"
            | "wbr"
            | "font"
            | "bdi"
            | "bdo"
            | "dfn"
            | "small"
            | "big"
            | "tt"
            | "label"
            | "ruby"
            | "rb"
            | "nobr"
            | "data"
    )
}

/// The level of a heading element.
pub(crate) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

/// The text of an element as it is read: white space collapsed, words of different blocks apart,
/// and without the signs that headings carry as links to themselves.
pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    let mut skipping = 0_usize;
    for edge in element.traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => {
                if let Some(child) = ElementRef::wrap(node) {
                    if skipping > 0
                        || child != element && (is_invisible(&child) || is_permalink_anchor(&child))
                    {
                        skipping += 1;
                    } else if !is_inline(child.value().name()) {
                        out.push(' ');
                    }
                } else if let (0, Node::Text(text)) = (skipping, node.value()) {
                    out.push_str(text);
                }
            }
            ego_tree::iter::Edge::Close(node) => {
                if let Some(child) = ElementRef::wrap(node) {
                    if skipping > 0 {
                        skipping -= 1;
                    } else if !is_inline(child.value().name()) {
                        out.push(' ');
                    }
                }
            }
        }
    }
    collapse_whitespace(&out)
}

/// A link whose whole text is `#` or the like.
fn is_permalink_anchor(element: &ElementRef<'_>) -> bool {
    if element.value().name() != "a" {
        return false;
    }
    let text: String = element.text().take(4).collect();
    matches!(text.trim(), "#" | "¶" | "§" | "🔗" | "∞" | "⁋" | "link" | "permalink")
}

/// The words of an element's class and id, in lower case, parted at hyphens, underlines and humps:
/// `postMeta` is `post`, `meta`.
pub(crate) fn class_and_id_words(element: &ElementRef<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let value = element.value();
    for attribute in ["class", "id", "itemprop", "data-testid"] {
        split_words(value.attr(attribute).unwrap_or_default(), &mut out);
    }
    out
}

/// The words of an element's class alone, which its like share.
pub(crate) fn class_words(element: &ElementRef<'_>) -> Vec<String> {
    let mut out = Vec::new();
    split_words(element.value().attr("class").unwrap_or_default(), &mut out);
    out
}

fn split_words(names: &str, out: &mut Vec<String>) {
    // `no-sidebar` and `with-footer` tell what is missing or within, not what the element is.
    const IGNORED_PREFIXES: &[&str] = &["no", "not", "has", "with", "without", "hide"];
    for name in names.split_whitespace().take(60) {
        let mut parts = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|p| !p.is_empty())
            .take(24)
            .peekable();
        if parts.peek().is_some_and(|first| IGNORED_PREFIXES.contains(first)) {
            continue;
        }
        for part in parts {
            let mut word = String::new();
            let mut before_lower = false;
            for c in part.chars() {
                if c.is_uppercase() && before_lower && !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                before_lower = c.is_lowercase();
                word.extend(c.to_lowercase());
            }
            if !word.is_empty() {
                out.push(word);
            }
        }
    }
}

/// The words of a `rel` attribute, in lower case.
pub(crate) fn rels(element: &ElementRef<'_>) -> Vec<String> {
    element
        .attr("rel")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(str::to_ascii_lowercase)
        .collect()
}
