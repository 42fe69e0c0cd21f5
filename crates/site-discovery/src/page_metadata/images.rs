//! Images of a post's page: which of them represent the site and not the post.

use url::Url;

/// Returns whether an image represents the site, according to its URL.
pub(super) fn is_logo(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let words = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).any(|w| {
            matches!(
                w,
                "logo"
                    | "logos"
                    | "favicon"
                    | "avatar"
                    | "gravatar"
                    | "icon"
                    | "placeholder"
                    | "wordmark"
            )
        })
    };
    let folder = path
        .split('/')
        .any(|part| matches!(part, "logo" | "logos" | "icons" | "favicons" | "avatars" | "avatar"));
    folder
        || words(last)
        || matches!(
            last,
            "default.png"
                | "default.jpg"
                | "og-default.png"
                | "og-default.jpg"
                | "default-og.png"
                | "default-og-image.png"
                | "site.png"
        )
}

/// Returns a key for the comparison of images that ignores the requested size.
pub(super) fn image_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    // Image services put the original URL after their own parameters in the path.
    let path = url.path();
    let original = path.find("/uploads/").map_or(path, |at| &path[at..]);
    format!("{}{original}", if original.len() == path.len() { host } else { "" })
}
