//! The icons that a page names in its head.

use url::Url;

use crate::{
    dom::{Dom, rels},
    page::Page,
};

/// The width that is best for lists of sources, in pixels.
const BEST_WIDTH: u32 = 64;

/// Returns the icons that a page names by `<link rel=icon>` or `<link rel=apple-touch-icon>`, the
/// best first. Vector images are left out.
pub fn icon_links(page: &Page<'_>) -> Vec<Url> {
    let dom = Dom::read(page);
    let mut found: Vec<(u32, Url)> = Vec::new();
    for link in dom.all("link[href]") {
        let rels = rels(&link);
        let has_rel = |name: &str| rels.iter().any(|rel| rel == name);
        let is_touch = has_rel("apple-touch-icon") || has_rel("apple-touch-icon-precomposed");
        if !is_touch && !has_rel("icon") {
            continue;
        }
        let Some(url) = link.attr("href").and_then(|href| dom.url(href)) else { continue };
        let is_vector = link.attr("type").is_some_and(|kind| kind.contains("svg"))
            || url.path().to_ascii_lowercase().ends_with(".svg");
        if !is_vector && found.iter().all(|(_, known)| *known != url) {
            let default = if is_touch { 180 } else { 16 };
            let width = link.attr("sizes").and_then(width).unwrap_or(default);
            found.push((width, url));
        }
    }
    // The smallest of those that are large enough, then the largest of the others.
    found.sort_by_key(
        |(width, _)| {
            if *width >= BEST_WIDTH { *width - BEST_WIDTH } else { u32::MAX - width }
        },
    );
    found.into_iter().map(|(_, url)| url).collect()
}

/// Returns the largest width of `sizes`: `16x16 32x32`.
fn width(sizes: &str) -> Option<u32> {
    let widths = sizes.split_ascii_whitespace().filter_map(|size| {
        size.to_ascii_lowercase().split_once('x').and_then(|(width, _)| width.parse().ok())
    });
    widths.max()
}
