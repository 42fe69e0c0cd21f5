//! Pictures that only an element beside the text names. They are shown below the text.

use url::Url;

use super::{
    draft::MAX_VALUES,
    media::is_image,
    text::collapse_whitespace,
    url::http_url,
    xml::{Lexer, Token, escape_attribute, unescape},
    xml_feed::{FieldName, RawItem},
};
use feed_model::SafeHtml;

/// A picture of an item.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    url: Url,
    alt: String,
    width: u64,
    group: Option<usize>,
    /// The element that names it.
    pub from: FieldName,
}

/// Returns the pictures of an item's media, each in its largest version.
pub(super) fn pictures(raw: &RawItem, base: &Url) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    for note in raw.media.iter().filter(|note| is_image(note)).take(MAX_VALUES) {
        let Some(url) = http_url(&note.url, Some(base)).filter(|url| !is_avatar(url)) else {
            continue;
        };
        let alt = collapse_whitespace(note.description.as_deref().unwrap_or(""));
        let width = note.width.unwrap_or(0);
        let picture = Picture { url, alt, width, group: note.group, from: note.from.clone() };
        let same = pictures.iter_mut().find(|other| {
            is_same(&other.url, &picture.url) || other.group.is_some() && other.group == note.group
        });
        if let Some(other) = same {
            if picture.width > other.width {
                *other = picture;
            }
        } else {
            pictures.push(picture);
        }
    }
    pictures
}

/// Appends the pictures that a text does not show. Returns whether there was one.
pub(super) fn append(text: &mut Option<SafeHtml>, pictures: &[Picture]) -> bool {
    let html = text.as_ref().map_or("", SafeHtml::as_str);
    let shown = shown(html);
    let mut out = String::new();
    for picture in pictures.iter().filter(|picture| !shown.iter().any(|s| is_same(s, &picture.url)))
    {
        out.push_str("<p><img src=\"");
        escape_attribute(&mut out, picture.url.as_str());
        out.push_str("\" alt=\"");
        escape_attribute(&mut out, &picture.alt);
        out.push_str("\"></p>");
    }
    if out.is_empty() {
        return false;
    }
    *text = Some(SafeHtml::from_sanitised(format!("{html}{out}")));
    true
}

/// Returns the addresses of the images in sanitised HTML.
fn shown(html: &str) -> Vec<Url> {
    let mut shown = Vec::new();
    if !html.contains("<img") && !html.contains("<source") {
        return shown;
    }
    for token in Lexer::new(html) {
        let Token::Start(tag) = token else { continue };
        if !matches!(tag.name, "img" | "source") {
            continue;
        }
        let values = ["src", "srcset"].into_iter().filter_map(|name| tag.attribute(name));
        let addresses = values.flat_map(|value| value.split([' ', ',']));
        shown.extend(addresses.filter_map(|address| http_url(&unescape(address), None)));
    }
    shown
}

/// Returns whether two addresses are those of one picture, maybe in two sizes.
fn is_same(a: &Url, b: &Url) -> bool {
    match (key(a), key(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.host_str() == b.host_str() && a.path() == b.path() && a.query() == b.query(),
    }
}

/// Returns the file name of a picture without its size, if it tells pictures apart.
fn key(url: &Url) -> Option<String> {
    let name = url.path().rsplit('/').next()?.to_ascii_lowercase();
    let (stem, extension) = name.rsplit_once('.')?;
    if extension.len() > 4 || extension.is_empty() {
        return None;
    }
    // `photo-1024x768.jpg`, `photo-scaled.jpg`
    let without_size = stem.rsplit_once('-').filter(|(_, size)| {
        *size == "scaled"
            || size.split_once('x').is_some_and(|(width, height)| {
                !width.is_empty() && (width.to_owned() + height).bytes().all(|b| b.is_ascii_digit())
            })
    });
    let stem = without_size.map_or(stem, |(stem, _)| stem);
    // A short name such as `1.jpg` or `image.jpg` is the same for many pictures.
    if stem.len() >= 8 {
        return Some(stem.to_owned());
    }
    Some(format!("{}/{}", url.path().trim_end_matches(&name).to_ascii_lowercase(), stem))
}

/// Returns whether a picture is the portrait of an author.
pub(super) fn is_avatar(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let path = url.path().to_ascii_lowercase();
    host == "gravatar.com"
        || host.ends_with(".gravatar.com")
        || ["/avatar/", "/avatars/", "/profile_images/", "/userpic/"]
            .iter()
            .any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_one_picture_are_the_same() {
        let same = |a: &str, b: &str| is_same(&a.parse().unwrap(), &b.parse().unwrap());
        for (a, b) in [
            ("https://e.org/a.jpg", "https://e.org/a.jpg?w=300"),
            ("https://e.org/u/a-300x200.jpg", "https://cdn.example/u/a.jpg"),
            ("https://e.org/w_300/lighthouse.jpg", "https://e.org/w_900/lighthouse.webp"),
            ("https://e.org/image?id=1", "https://e.org/image?id=1"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("https://e.org/1/a.jpg", "https://e.org/2/a.jpg"),
            ("https://e.org/image?id=1", "https://e.org/image?id=2"),
            ("https://e.org/a.jpg", "https://e.org/b.png"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
