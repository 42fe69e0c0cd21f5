//! Controls of a page, which are no text of the entry: buttons and what looks like them.

use crate::xml::Tag;

/// The longest text of a control, in characters.
const MAX_LABEL_CHARS: usize = 40;

/// Returns whether an element is a heading, in which a button holds the heading's text.
pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary" | "dt" | "legend")
}

/// Returns whether an element is a button by its name, its role or its class.
pub(super) fn may_be_control(name: &str, tag: &Tag<'_>) -> bool {
    if name == "button" {
        return true;
    }
    if !matches!(name, "a" | "span" | "div" | "i") {
        return false;
    }
    let has_role = tag.attribute("role").is_some_and(|role| role.eq_ignore_ascii_case("button"));
    // Prism, Sphinx, Hugo and GitHub put a button of such a class beside a block of code.
    let copies = tag.attribute("class").is_some_and(|classes| {
        classes.to_ascii_lowercase().split_ascii_whitespace().any(|class| {
            class.contains("copy")
                && ["btn", "button", "clipboard", "code"].iter().any(|part| class.contains(part))
        })
    });
    has_role && name != "a" || copies
}

/// Returns whether the content of an element is a short label without an image or a paragraph.
pub(super) fn is_label(inside: &str) -> bool {
    let has_content = ["<img", "<picture", "<p", "<h", "<pre", "<code", "<video"]
        .iter()
        .any(|tag| inside.contains(tag));
    !has_content && crate::text::plain_text(inside).chars().count() <= MAX_LABEL_CHARS
}

/// Returns whether a style keeps line feeds (CSS Text 3 §3).
pub(super) fn keeps_line_feeds(style: &str) -> bool {
    style.to_ascii_lowercase().split(';').any(|declaration| {
        declaration.split_once(':').is_some_and(|(name, value)| {
            name.trim() == "white-space"
                && (value.trim().starts_with("pre") || value.trim().starts_with("break-spaces"))
        })
    })
}
