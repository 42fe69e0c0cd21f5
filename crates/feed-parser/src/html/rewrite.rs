//! Rewrites sanitised HTML: URLs become absolute and lose tracking parameters, lazy-loaded images
//! are resolved, tracking pixels are removed.

use feed_model::text::strip_forbidden;
use url::Url;

use super::{allow_list::is_allowed_attribute, images};
use crate::{
    url::{http_url, link_url, strip_tracking},
    xml::{Lexer, Tag, Token, escape_attribute, escape_text, unescape},
};

/// Rewrites HTML in which every tag has the form that a serialiser writes.
pub(super) fn rewrite_html(html: &str, base: &Url) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    // The last image if no text followed it. Lazy-loaded images are often repeated for browsers
    // without scripts.
    let mut last_image: Option<String> = None;
    let mut picture_source: Option<String> = None;
    // The length of the output after the last `<pre>`.
    let mut pre_end = None;
    let mut lexer = Lexer::new(html);
    while let Some(token) = lexer.next() {
        let raw = &html[lexer.token_start()..lexer.offset()];
        let is_pre = matches!(token, Token::Start(tag) if tag.name == "pre");
        match token {
            Token::Start(tag)
                if tag.attributes.is_empty()
                    && !tag.self_closing
                    && !matches!(tag.name, "a" | "img" | "source") =>
            {
                out.push_str(raw);
            }
            Token::Start(tag) => match tag.name {
                "img" => {
                    let Some(attributes) = image(&tag, base, picture_source.as_ref()) else {
                        continue;
                    };
                    let src = attributes
                        .iter()
                        .find(|(name, _)| *name == "src")
                        .map(|(_, value)| value.clone());
                    if src.is_some() && src == last_image {
                        continue;
                    }
                    last_image = src;
                    write_tag(&mut out, tag.name, &attributes);
                }
                "source" => {
                    let attributes = resolve_lazy_image(&tag, attributes(&tag, base), base);
                    picture_source = attributes
                        .iter()
                        .find(|(name, _)| *name == "srcset")
                        .and_then(|(_, srcset)| first_of_srcset(srcset));
                    if attributes.iter().any(|(name, _)| matches!(*name, "src" | "srcset")) {
                        write_tag(&mut out, tag.name, &attributes);
                    }
                }
                "audio" | "video" => {
                    let attributes = resolve_lazy_image(&tag, attributes(&tag, base), base);
                    write_tag(&mut out, tag.name, &attributes);
                }
                _ => write_tag(&mut out, tag.name, &attributes(&tag, base)),
            },
            Token::End("picture") => {
                picture_source = None;
                out.push_str(raw);
            }
            Token::Text(text) => {
                // A parser drops a line feed directly after `<pre>`, so that a significant one must
                // be doubled. An image before it may have been removed.
                if text.starts_with('\n') && pre_end == Some(out.len()) {
                    out.push('\n');
                }
                if !text.trim().is_empty() {
                    last_image = None;
                }
                write_text(&mut out, raw);
            }
            Token::End(_) | Token::CData(_) => out.push_str(raw),
        }
        if is_pre {
            pre_end = Some(out.len());
        }
    }
    out
}

/// Writes text as a serialiser does.
fn write_text(out: &mut String, raw: &str) {
    if !raw.contains(['&', '>', '\u{a0}']) {
        return out.push_str(raw);
    }
    let mut escaped = String::with_capacity(raw.len());
    escape_text(&mut escaped, &unescape(raw));
    out.push_str(&escaped.replace('\u{a0}', "&nbsp;"));
}

type Attribute<'a> = (&'a str, String);

fn write_tag(out: &mut String, name: &str, attributes: &[Attribute<'_>]) {
    out.push('<');
    out.push_str(name);
    for (name, value) in attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_attribute(out, value);
        out.push('"');
    }
    out.push('>');
}

/// Returns the allowed attributes of an element with absolute URLs. Invalid URLs are removed.
fn attributes<'a>(tag: &Tag<'a>, base: &Url) -> Vec<Attribute<'a>> {
    let mut kept = Vec::new();
    for (name, value) in tag.attributes() {
        if !is_allowed_attribute(tag.name, name) || name.starts_with("data-") {
            continue;
        }
        let value = unescape(value);
        // Forbidden characters may also be hidden in references.
        let value = strip_forbidden(&value).replace('\r', "\n");
        let value = match name {
            "href" => link_url(&value, base).map(|url| strip_tracking(url).into()),
            "src" | "poster" | "cite" => http_url(&value, Some(base)).map(String::from),
            "srcset" => srcset(&value, base),
            "class" => language_class(&value),
            _ => Some(value),
        };
        kept.extend(value.map(|value| (name, value)));
    }
    // `autoplay` is removed, so that the reader needs controls to start playback.
    if matches!(tag.name, "audio" | "video") && !kept.iter().any(|(name, _)| *name == "controls") {
        kept.push(("controls", String::new()));
    }
    if tag.name == "a" && kept.iter().any(|(name, _)| *name == "href") {
        kept.push(("rel", "noopener noreferrer".to_owned()));
    }
    kept
}

/// Returns the class that names a programming language.
fn language_class(classes: &str) -> Option<String> {
    let language = classes
        .split_ascii_whitespace()
        .find(|class| class.starts_with("language-") || class.starts_with("lang-"))?;
    Some(language.to_owned())
}

/// Returns the attributes of an image, or `None` if it shows nothing or is a tracking pixel.
/// `alternative` is the address in a `source` of the same `picture`.
fn image<'a>(
    tag: &Tag<'a>,
    base: &Url,
    alternative: Option<&String>,
) -> Option<Vec<Attribute<'a>>> {
    let mut kept = resolve_lazy_image(tag, attributes(tag, base), base);
    let has = |kept: &[Attribute<'_>], name| kept.iter().any(|(n, _)| *n == name);
    if !has(&kept, "src")
        && let Some(src) = kept
            .iter()
            .find(|(name, _)| *name == "srcset")
            .and_then(|(_, srcset)| first_of_srcset(srcset))
            .or_else(|| alternative.cloned())
    {
        kept.insert(0, ("src", src));
    }
    if !has(&kept, "src") || is_tracking_pixel(&kept) {
        return None;
    }
    Some(kept.into_iter().filter(|(name, _)| *name != "style").collect())
}

/// Sets the `src` and `srcset` that a script would set. An image that `src` shows stays.
fn resolve_lazy_image<'a>(
    tag: &Tag<'a>,
    mut attributes: Vec<Attribute<'a>>,
    base: &Url,
) -> Vec<Attribute<'a>> {
    if images::has_own_source(tag, base) {
        return attributes;
    }
    let src = images::lazy_address(tag, base);
    let lazy_srcset = images::lazy_srcset(tag).and_then(|text| srcset(&unescape(text), base));
    let has_srcset = attributes.iter().any(|(name, _)| *name == "srcset");
    // A placeholder is of no use beside the image. `#` would show the page as an image.
    let is_page = tag.attribute("src").is_some_and(|src| src.trim_start().starts_with('#'));
    if src.is_some() || lazy_srcset.is_some() || has_srcset || is_page {
        attributes.retain(|(name, _)| *name != "src");
    }
    for (name, value) in [("srcset", lazy_srcset), ("src", src)] {
        let Some(value) = value else { continue };
        match attributes.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => attributes.insert(0, (name, value)),
        }
    }
    attributes
}

/// Returns the first address of a `srcset`.
fn first_of_srcset(srcset: &str) -> Option<String> {
    srcset.split([' ', ',']).next().filter(|url| !url.is_empty()).map(str::to_owned)
}

fn is_tracking_pixel(attributes: &[Attribute<'_>]) -> bool {
    let value = |attribute: &str| {
        attributes.iter().find(|(name, _)| *name == attribute).map(|(_, value)| value.as_str())
    };
    images::is_hidden(value) || value("src").is_some_and(is_tracking_pixel_url)
}

/// Returns whether a URL is known to serve a tracking pixel.
fn is_tracking_pixel_url(src: &str) -> bool {
    let Ok(url) = Url::parse(src) else {
        return false;
    };
    let (host, path) = (url.host_str().unwrap_or(""), url.path());
    matches!(
        host,
        "pixel.wp.com"
            | "stats.wordpress.com"
            | "pixel.quantserve.com"
            | "b.scorecardresearch.com"
            | "sb.scorecardresearch.com"
            | "www.google-analytics.com"
            | "c.statcounter.com"
            | "track.hubspot.com"
            | "counter.theconversation.com"
    ) || host.ends_with(".met.vgwort.de")
        || matches!(host, "feeds.feedburner.com" | "feedproxy.google.com")
            && (path.starts_with("/~r/") || path.starts_with("/~ff/"))
        || host == "feeds.wordpress.com" && path.starts_with("/1.0/")
        || host == "medium.com" && path == "/_/stat"
        || ["/piwik.php", "/matomo.php", "/__ptq.gif", "/open.gif", "/pixel.gif"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Returns a `srcset` (HTML §4.8.4.2.2) with absolute URLs. Invalid candidates are removed.
fn srcset(text: &str, base: &Url) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    for _ in 0..64 {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let alone = address.trim_end_matches(',');
        let descriptor = if alone.len() < address.len() {
            rest = after;
            ""
        } else {
            let end = after.find(',').unwrap_or(after.len());
            rest = &after[end..];
            after[..end].trim()
        };
        let good = descriptor.is_empty()
            || descriptor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if let Some(url) = http_url(alone, Some(base)).filter(|_| good) {
            if !out.is_empty() {
                out.push_str(", ");
            }
            // A comma at the end of a URL would be read as a separator.
            out.push_str(&url.as_str().replace(',', "%2C"));
            if !descriptor.is_empty() {
                out.push(' ');
                out.push_str(descriptor);
            }
        }
    }
    (!out.is_empty()).then_some(out)
}
