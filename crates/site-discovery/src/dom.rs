//! A parsed page, and the operations on its elements that all modules share.
//!
//! Nothing here recurses, and no walk looks at more than [`MAX_ANCESTORS`] ancestors, so the cost
//! of a deeply nested page is bounded.

use feed_model::{
    html_elements::{self, HIDDEN, OPTIONAL_END, PAGE_INLINE, SVG_SHAPE},
    language::parse_page_tag,
};
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use crate::{
    dates::{self, DateOrder},
    page::Page,
    text::collapse_whitespace,
};

/// The number of ancestors of an element that are examined.
pub(crate) const MAX_ANCESTORS: usize = 200;

/// A parsed page.
pub(crate) struct Dom {
    pub html: Html,
    /// The base URL of relative links: the page's `<base>`, otherwise its own URL (HTML, "document
    /// base URL").
    pub base: Url,
    /// Whether the page was cut off because it is nested too deeply.
    pub is_truncated: bool,
    /// The order of day and month in ambiguous dates, derived from the page's language and country.
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
            .and_then(parse_page_tag);
        let order = dates::date_order_for(language.as_deref(), page.url);
        Self { html, base, is_truncated: bounded_html.len() < page.html.len(), order }
    }

    /// Returns all elements that a selector matches, in document order.
    pub fn all(&self, selector: &'static str) -> Vec<ElementRef<'_>> {
        self.html.select(&compile_selector(selector)).collect()
    }

    /// Returns the first element that a selector matches.
    pub fn first(&self, selector: &'static str) -> Option<ElementRef<'_>> {
        self.html.select(&compile_selector(selector)).next()
    }

    /// Resolves a URL against the page's base URL.
    pub fn url(&self, href: &str) -> Option<Url> {
        feed_parser::http_url(href, Some(&self.base))
    }

    /// Returns the `body`, otherwise the root element.
    pub fn body(&self) -> ElementRef<'_> {
        self.first("body").unwrap_or_else(|| self.html.root_element())
    }
}

/// The nesting depth at which a page is cut off.
const MAX_NESTING: usize = 1_000;

/// Returns the beginning of a page up to the point where it is nested deeper than [`MAX_NESTING`].
/// The time to build the tree of a deeply nested page grows with the square of its depth.
fn cut_at_max_nesting(html: &str) -> &str {
    let bytes = html.as_bytes();
    let mut depth = 0_usize;
    for (at, _) in html.match_indices('<') {
        let closes = bytes.get(at + 1) == Some(&b'/');
        let from = at + 1 + usize::from(closes);
        let name: String = bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take(12)
            .take_while(|c| c.is_ascii_alphanumeric())
            .map(|c| char::from(c.to_ascii_lowercase()))
            .collect();
        // Elements whose end tag may be left out are not counted.
        if !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || html_elements::has(&name, OPTIONAL_END | SVG_SHAPE)
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

/// Compiles a selector of this crate's own code.
pub(crate) fn compile_selector(selector: &'static str) -> Selector {
    Selector::parse(selector).expect("a valid selector")
}

/// Returns whether the text of an element is not displayed.
pub(crate) fn is_invisible(element: &ElementRef<'_>) -> bool {
    let value = element.value();
    // Some pages hide the whole document until a script has run.
    if matches!(value.name(), "html" | "body" | "main") {
        return false;
    }
    html_elements::has(value.name(), HIDDEN)
        || value.attr("hidden").is_some()
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

/// Returns whether an element is part of a line of text.
pub(crate) fn is_inline(name: &str) -> bool {
    html_elements::has(name, PAGE_INLINE)
}

/// Returns the level of a heading element (`h1` to `h6`).
pub(crate) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

/// Returns the displayed text of an element: white space collapsed, words of different blocks
/// separated, permalink anchors of headings left out.
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

/// Returns whether an element is a link whose whole text is `#` or similar.
fn is_permalink_anchor(element: &ElementRef<'_>) -> bool {
    if element.value().name() != "a" {
        return false;
    }
    let text: String = element.text().take(4).collect();
    matches!(text.trim(), "#" | "¶" | "§" | "🔗" | "∞" | "⁋" | "link" | "permalink")
}

/// Returns the words of an element's class, id, `itemprop` and `data-testid`, in lower case, split
/// at punctuation and camel case: `postMeta` is `post`, `meta`.
pub(crate) fn class_and_id_words(element: &ElementRef<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let value = element.value();
    for attribute in ["class", "id", "itemprop", "data-testid"] {
        split_words(value.attr(attribute).unwrap_or_default(), &mut out);
    }
    out
}

/// Returns the words of an element's class. Elements of the same kind share them.
pub(crate) fn class_words(element: &ElementRef<'_>) -> Vec<String> {
    let mut out = Vec::new();
    split_words(element.value().attr("class").unwrap_or_default(), &mut out);
    out
}

fn split_words(names: &str, out: &mut Vec<String>) {
    // `no-sidebar` and `with-footer` describe what is missing or contained, not the element itself.
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

/// Returns the values of a `rel` attribute in lower case.
pub(crate) fn rels(element: &ElementRef<'_>) -> Vec<String> {
    element
        .attr("rel")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(str::to_ascii_lowercase)
        .collect()
}
