//! An article's text out of its page, by a readability library.
//!
//! Deliberately absent: sanitising, which is `ingest`'s. The rule kept: a page that is nested or
//! long beyond all reason is not given to the library.

use dom_smoothie::{Config, Readability};

use crate::{dom::Dom, page::Page};

/// Bytes of a page that are looked at.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Elements of a page that are looked at.
const MAX_ELEMENTS: usize = 60_000;
/// How deep a page may be nested.
const MAX_NESTING: usize = 512;

/// The article as HTML, not sanitised yet; else why there is none.
pub(super) fn extract_article(page: &Page<'_>, dom: &Dom) -> Result<String, String> {
    if page.html.len() > MAX_PAGE_BYTES {
        return Err(format!("the page is longer than {} MiB", MAX_PAGE_BYTES / 1024 / 1024));
    }
    if nesting_depth(dom) > MAX_NESTING {
        return Err(format!("the page is nested deeper than {MAX_NESTING} elements"));
    }
    if dom.is_truncated {
        return Err("the page is nested beyond all reason".to_owned());
    }
    let config = Config { max_elements_to_parse: MAX_ELEMENTS, ..Config::default() };
    let mut reader = Readability::new(page.html, Some(page.url.as_str()), Some(config))
        .map_err(|error| error.to_string())?;
    let article = reader.parse().map_err(|error| error.to_string())?;
    Some(article.content.to_string())
        .filter(|html| !html.trim().is_empty())
        .ok_or_else(|| "it is empty".to_owned())
}

/// How deep a page is nested, of its tree.
fn nesting_depth(dom: &Dom) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for edge in dom.html.root_element().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(_) => depth += 1,
            ego_tree::iter::Edge::Close(_) => depth = depth.saturating_sub(1),
        }
        deepest = deepest.max(depth);
    }
    deepest
}
