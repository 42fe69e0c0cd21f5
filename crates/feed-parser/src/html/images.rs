//! The address of an image that a script loads later.
//!
//! Sites put the address into an attribute of their own, and a placeholder into `src`. There is no
//! list of all such attributes: any `data-` attribute counts whose value is the address of an
//! image.

use feed_model::text::strip_forbidden;
use url::Url;

use crate::{
    url::http_url,
    xml::{Tag, unescape},
};

/// File name extensions of images.
const EXTENSIONS: [&str; 11] =
    [".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".bmp", ".jfif", ".apng", ".heic"];

/// Returns whether a path, in lower case, is that of an image.
pub(super) fn is_image_path(path: &str) -> bool {
    EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

/// Returns whether a value looks like an address: an absolute one, or a path.
pub(super) fn is_address(value: &str) -> bool {
    let value = value.trim();
    let lower = value.get(..8).unwrap_or(value).to_ascii_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") {
        return !value.contains(char::is_whitespace);
    }
    let path = value.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    !path.is_empty()
        && !path.contains([':', '{', '}', '<', '>', '"', ';'])
        && (path.contains('/') && !path.contains(char::is_whitespace)
            || is_image_path(&path) && path.len() > 4)
}

/// How well the name of an attribute fits the address of an image; lower is better. `None` if it
/// names something else, such as the page of the image.
fn rank(name: &str) -> Option<u8> {
    let name = name.strip_prefix("data-")?;
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&[
        "srcset",
        "href",
        "link",
        "page",
        "share",
        "caption",
        "title",
        "avatar",
        "author",
        "meta",
        "placeholder",
        "lqip",
        "fallback",
        "attach",
    ]) {
        return None;
    }
    Some(match name {
        "src" | "lazy-src" | "original" => 0,
        _ if has(&["thumb", "small", "tiny", "preview", "pin", "medium"]) => 4,
        _ if has(&["src", "lazy", "orig"]) => 1,
        _ if has(&["large", "full", "big", "zoom", "hi-res", "hires"]) => 2,
        _ if has(&["img", "image", "url", "echo", "file", "bg", "background"]) => 3,
        _ => 5,
    })
}

/// Returns the address of an image in an attribute of the site's own.
pub(super) fn lazy_address(tag: &Tag<'_>, base: &Url) -> Option<String> {
    let candidates = tag.attributes().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let rank = rank(&name)?;
        let value = unescape(value);
        let value = strip_forbidden(value.trim());
        let is_named = rank < 3;
        let path = value.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
        // Attributes of another name hold all kinds of addresses.
        if !is_address(&value) || !is_named && !is_image_path(&path) || is_placeholder(&value) {
            return None;
        }
        Some((rank, http_url(&value, Some(base))?.to_string()))
    });
    candidates.min_by_key(|(rank, _)| *rank).map(|(_, url)| url).or_else(|| {
        let style = unescape(tag.attribute("style")?).into_owned();
        background(&style, base)
    })
}

/// Returns the address of a frame that a script loads later.
pub(super) fn lazy_frame(tag: &Tag<'_>) -> Option<String> {
    tag.attributes()
        .filter(|(name, _)| name.to_ascii_lowercase().starts_with("data-"))
        .map(|(_, value)| unescape(value).trim().to_owned())
        .find(|value| (value.starts_with("http") || value.starts_with("//")) && is_address(value))
}

/// Returns the address of a background image.
fn background(style: &str, base: &Url) -> Option<String> {
    let (_, after) = style.split_once("url(")?;
    let (url, _) = after.split_once(')')?;
    let url = url.trim().trim_matches(['"', '\'']);
    (is_address(url) && !is_placeholder(url))
        .then(|| http_url(url, Some(base)).map(String::from))
        .flatten()
}

/// Returns the `srcset` that a script would set.
pub(super) fn lazy_srcset<'a>(tag: &Tag<'a>) -> Option<&'a str> {
    tag.attributes()
        .find(|(name, value)| {
            let name = name.to_ascii_lowercase();
            name.starts_with("data-") && name.ends_with("srcset") && !value.trim().is_empty()
        })
        .map(|(_, value)| value)
}

/// Returns whether `src` shows the image itself.
pub(super) fn has_own_source(tag: &Tag<'_>, base: &Url) -> bool {
    tag.attribute("src").map(unescape).is_some_and(|src| {
        let src = src.trim();
        !src.is_empty()
            && !src.starts_with('#')
            && http_url(src, Some(base)).is_some()
            && !is_placeholder(src)
    })
}

/// Returns whether a script would set the address of an image.
pub(super) fn is_lazy(tag: &Tag<'_>, base: &Url) -> bool {
    !has_own_source(tag, base) && (lazy_address(tag, base).is_some() || lazy_srcset(tag).is_some())
}

/// Returns whether an address is that of a placeholder image.
pub(super) fn is_placeholder(src: &str) -> bool {
    let path = src.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [
        "blank",
        "spacer",
        "loading",
        "loader",
        "grey",
        "gray",
        "pixel",
        "clear",
        "empty",
        "trans",
        "dummy",
        "ajax-loader",
        "x",
        "s",
        "t",
        "dot",
        "1px",
        "shim",
        "white",
        "preload",
        "preloader",
    ]
    .contains(&stem)
        || [
            "blank.",
            "spacer.",
            "placeholder",
            "lazy",
            "loading.",
            "grey.",
            "transparent",
            "pixel.",
            "1x1",
            "clear.",
            "blank-",
            "image-placeholder",
            "img-placeholder",
            "loading-",
        ]
        .iter()
        .any(|beginning| name.starts_with(beginning))
        || stem.ends_with("-placeholder")
        || stem.ends_with("_placeholder")
        || stem.ends_with("-1x1")
}

/// Returns whether an element is invisible by its size or its style. `attribute` returns the value
/// of an attribute.
pub(super) fn is_hidden<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> bool {
    let tiny = |name: &str| {
        attribute(name)
            .is_some_and(|v| matches!(v.trim().trim_end_matches("px"), "0" | "1" | "0.0" | "1.0"))
    };
    tiny("width") || tiny("height") || attribute("style").is_some_and(is_hiding_style)
}

/// Returns whether a style makes an element invisible.
fn is_hiding_style(style: &str) -> bool {
    let style: String =
        style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let style = format!(";{style};");
    [
        ";display:none;",
        ";visibility:hidden;",
        ";width:1px;",
        ";width:0;",
        ";width:0px;",
        ";height:1px;",
        ";height:0;",
        ";height:0px;",
    ]
    .iter()
    .any(|hiding| style.contains(hiding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_taken_for_addresses() {
        for value in
            ["true", "1", "lazy", "", "0.75", "{}", "a b.jpg x", "data:image/gif;base64,R0"]
        {
            assert!(!is_address(value), "{value}");
        }
        for value in ["https://e.org/x", "//e.org/x.jpg", "/a", "a.png", "../a/b.jpg?w=1"] {
            assert!(is_address(value), "{value}");
        }
    }

    #[test]
    fn placeholders_are_recognised() {
        for src in
            ["/img/blank.gif", "x.gif", "/lazy_placeholder.gif", "/a/1x1.png", "/photo-1x1.png"]
        {
            assert!(is_placeholder(src), "{src}");
        }
        for src in ["/img/whiteboard.jpg", "/x/mountain.jpg", "/t-rex.png", "/transport.jpg"] {
            assert!(!is_placeholder(src), "{src}");
        }
    }
}
