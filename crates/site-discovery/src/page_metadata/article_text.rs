//! The main text of an article, extracted with the readability library `dom_smoothie`.
//!
//! Pages that are too long or nested too deeply are not passed to the library. The result is not
//! sanitised.

use dom_smoothie::{Config, Readability};

use crate::{dom::Dom, page::Page};

/// The maximum size of a page in bytes.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// The maximum number of elements of a page.
const MAX_ELEMENTS: usize = 60_000;
/// The maximum nesting depth of a page.
const MAX_NESTING: usize = 512;

/// Returns the article as unsanitised HTML, or the reason why there is none.
pub(super) fn extract_article(page: &Page<'_>, dom: &Dom) -> Result<String, String> {
    if page.html.len() > MAX_PAGE_BYTES {
        return Err(format!("the page is longer than {} MiB", MAX_PAGE_BYTES / 1024 / 1024));
    }
    if nesting_depth(dom) > MAX_NESTING {
        return Err(format!("the page is nested deeper than {MAX_NESTING} elements"));
    }
    if dom.is_truncated {
        return Err("the page is nested too deeply".to_owned());
    }
    let config = Config { max_elements_to_parse: MAX_ELEMENTS, ..Config::default() };
    let mut reader = Readability::new(page.html, Some(page.url.as_str()), Some(config))
        .map_err(|error| error.to_string())?;
    let article = reader.parse().map_err(|error| error.to_string())?;
    Some(article.content.to_string())
        .filter(|html| !html.trim().is_empty())
        .ok_or_else(|| "the main text is empty".to_owned())
}

/// Returns the nesting depth of a page.
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
