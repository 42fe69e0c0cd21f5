//! The allow-list of elements and attributes. There is no list of forbidden ones.
//!
//! The allowed elements are marked in [`html_elements`].

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use feed_model::html_elements::{self, ALLOWED, DROPPED};

/// Allowed attributes by element. The rewriting step uses `style`, and `data-*` of images and
/// media, and removes them.
const ATTRIBUTES: [(&str, &[&str]); 17] = [
    ("a", &["href", "hreflang"]),
    ("img", &["src", "srcset", "sizes", "alt", "width", "height", "style"]),
    ("source", &["src", "srcset", "sizes", "type", "media"]),
    ("audio", &["src", "controls"]),
    ("video", &["src", "poster", "controls", "width", "height"]),
    ("blockquote", &["cite"]),
    ("q", &["cite"]),
    ("del", &["cite", "datetime"]),
    ("ins", &["cite", "datetime"]),
    ("time", &["datetime"]),
    ("data", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("li", &["value"]),
    ("td", &["colspan", "rowspan", "headers", "align"]),
    ("th", &["colspan", "rowspan", "headers", "scope", "align"]),
    ("code", &["class"]),
    ("pre", &["class"]),
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    let attributes: HashMap<&str, HashSet<&str>> =
        ATTRIBUTES.iter().map(|(tag, names)| (*tag, names.iter().copied().collect())).collect();
    builder
        .tags(html_elements::names(ALLOWED).collect())
        .clean_content_tags(html_elements::names(DROPPED).collect())
        .tag_attributes(attributes)
        .generic_attribute_prefixes(["data-"].into_iter().collect())
        .generic_attributes(["lang", "title", "dir"].into_iter().collect())
        .url_schemes(["http", "https", "mailto"].into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    builder
});

/// Returns whether an element is on the list.
pub(super) fn is_allowed_element(name: &str) -> bool {
    html_elements::has(name, ALLOWED)
}

/// Returns whether an attribute of an element is on the list.
pub(super) fn is_allowed_attribute(element: &str, name: &str) -> bool {
    matches!(name, "lang" | "title" | "dir")
        || name.starts_with("data-") && matches!(element, "img" | "source" | "audio" | "video")
        || ATTRIBUTES.iter().any(|(tag, names)| *tag == element && names.contains(&name))
}

/// Parses HTML and writes what the allow-list permits.
pub(super) fn apply_allow_list(html: &str) -> String {
    SANITISER.clean(html).to_string()
}
