//! Attached files and their media types.

use url::Url;

use super::{
    draft::MAX_VALUES,
    url::http_url,
    xml_feed::{Link, RawMedia},
};
use feed_model::Enclosure;

/// Converts a link to an enclosure.
pub(super) fn enclosure(link: &Link, base: &Url) -> Option<Enclosure> {
    let url = http_url(&link.href, Some(base))?;
    let mime = mime(link.mime.as_deref(), None, &url);
    Some(Enclosure { url: url.into(), mime, length: link.length.filter(|length| *length > 0) })
}

/// Converts a medium to an enclosure. Images are not attached, because they are shown with the
/// text.
pub(super) fn media(note: &RawMedia, base: &Url) -> Option<Enclosure> {
    if is_image(note) || note.medium.as_deref() == Some("document") {
        return None;
    }
    let url = http_url(&note.url, Some(base))?;
    let mime = mime(note.mime.as_deref(), note.medium.as_deref(), &url);
    // No browser runs Flash any more.
    if mime == "application/x-shockwave-flash" {
        return None;
    }
    (!mime.starts_with("image/")).then(|| Enclosure {
        url: url.into(),
        mime,
        length: note.length.filter(|length| *length > 0),
    })
}

/// Returns whether a medium is an image: by its medium, by its type, else by its address.
pub(super) fn is_image(note: &RawMedia) -> bool {
    let is = |value: &Option<String>, kind: &str| {
        value.as_ref().is_some_and(|value| value.trim().to_ascii_lowercase().starts_with(kind))
    };
    if is(&note.medium, "image") || is(&note.mime, "image") {
        return true;
    }
    let is_declared = note.medium.is_some()
        || note.mime.as_deref().is_some_and(|mime| !mime.trim().is_empty() && mime != OCTET_STREAM);
    !is_declared
        && Url::parse(&note.url).is_ok_and(|url| mime(None, None, &url).starts_with("image/"))
}

/// Returns the enclosures with each file once: with the first length and the first specific type
/// that any of them states.
pub(super) fn each_file_once(all: impl Iterator<Item = Enclosure>) -> Vec<Enclosure> {
    let mut files: Vec<Enclosure> = Vec::new();
    let address = |file: &Enclosure| file.url.find("://").unwrap_or(0);
    for enclosure in all {
        let same = files
            .iter_mut()
            .find(|file| file.url[address(file)..] == enclosure.url[address(&enclosure)..]);
        if let Some(file) = same {
            file.length = file.length.or(enclosure.length);
            if file.mime == OCTET_STREAM {
                file.mime = enclosure.mime;
            }
        } else if files.len() < MAX_VALUES {
            files.push(enclosure);
        }
    }
    files
}

/// The media type of arbitrary bytes (RFC 2046 §4.5.1). It is treated as no type.
const OCTET_STREAM: &str = "application/octet-stream";

/// Returns the declared media type if it is valid and specific, else one derived from the extension
/// of the URL or from the medium.
fn mime(said: Option<&str>, medium: Option<&str>, url: &Url) -> String {
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    if let Some(said) =
        said.map(|mime| mime.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
        && said.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
        && said != OCTET_STREAM
    {
        return said;
    }
    let extension = url
        .path()
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, e)| e.to_ascii_lowercase());
    let guessed = match extension.as_deref() {
        Some("mp3") => "audio/mpeg",
        Some("m4a") => "audio/mp4",
        Some("ogg" | "oga") => "audio/ogg",
        Some("opus") => "audio/opus",
        Some("wav") => "audio/wav",
        Some("flac") => "audio/flac",
        Some("mp4" | "m4v") => "video/mp4",
        Some("mov") => "video/quicktime",
        Some("webm") => "video/webm",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("svg") => "image/svg+xml",
        Some("avif") => "image/avif",
        Some("pdf") => "application/pdf",
        Some("epub") => "application/epub+zip",
        Some("zip") => "application/zip",
        Some("torrent") => "application/x-bittorrent",
        _ => match medium {
            Some("image") => "image/jpeg",
            Some("video") => "video/mp4",
            Some("audio") => "audio/mpeg",
            _ => OCTET_STREAM,
        },
    };
    guessed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_replaces_a_missing_type() {
        let url: Url = "https://cdn.example/12.MP3?sig=1".parse().unwrap();
        for said in [None, Some("audio"), Some("application/octet-stream"), Some("")] {
            assert_eq!(mime(said, None, &url), "audio/mpeg", "{said:?}");
        }
        assert_eq!(
            mime(Some("Audio/X-M4A; rate=1"), None, &url),
            "audio/x-m4a",
            "a declared type has priority"
        );
        assert_eq!(
            mime(Some(OCTET_STREAM), None, &"https://cdn.example/blob".parse().unwrap()),
            OCTET_STREAM
        );
    }
}
