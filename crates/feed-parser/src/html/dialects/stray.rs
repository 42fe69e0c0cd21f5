//! Characters that look like markup and are text: a stray `<`, CDATA sections, markup that was
//! escaped twice.

use std::{borrow::Cow, cell::LazyCell, collections::HashMap};

use feed_model::html_elements;

use super::formula;
use crate::xml::{Lexer, Token, lower_name, unescape};

/// Names of elements that the table of elements does not contain: obsolete ones, and those of SVG
/// that occur in feeds.
const OTHER_ELEMENTS: [&str; 31] = [
    "amp",
    "animate",
    "basefont",
    "bgsound",
    "clippath",
    "command",
    "content",
    "defs",
    "desc",
    "filter",
    "frame",
    "g",
    "image",
    "isindex",
    "keygen",
    "layer",
    "legend",
    "lineargradient",
    "listing",
    "map",
    "mask",
    "menuitem",
    "meter",
    "multicol",
    "optgroup",
    "output",
    "pattern",
    "plaintext",
    "progress",
    "text",
    "xmp",
];

/// Returns HTML in which every `<` that begins no tag is escaped, and without the marks of CDATA
/// sections, which HTML does not have.
pub(crate) fn escape_stray(html: &str) -> Cow<'_, str> {
    let html = without_cdata(html);
    let stray = stray_signs(&html);
    if stray.is_empty() {
        return html;
    }
    let mut out = String::with_capacity(html.len() + stray.len() * 4);
    let mut from = 0;
    for at in stray {
        out.push_str(&html[from..at]);
        out.push_str("&lt;");
        from = at + 1;
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

/// Removes the marks of CDATA sections.
pub(crate) fn without_cdata(text: &str) -> Cow<'_, str> {
    const START: &str = "<![CDATA[";
    const END: &str = "]]>";
    let Some(first) = text.find(START) else { return Cow::Borrowed(text) };
    let (before, after) = text.split_at(first);
    Cow::Owned(format!("{before}{}", after.replace(START, "").replace(END, "")))
}

/// Returns a text whose markup was escaped twice with the markup unescaped: a text without any tag
/// that begins and ends with an escaped one.
pub(crate) fn unescape_markup(html: &str) -> Option<String> {
    let text = html.trim();
    if text.contains('<') || !text.starts_with("&lt;") || !text.ends_with("&gt;") {
        return None;
    }
    let unescaped = unescape(text);
    let mut names = Lexer::new(&unescaped).filter_map(|token| match token {
        Token::Start(tag) => Some((tag.name, true)),
        Token::End(name) => Some((name, false)),
        Token::Text(_) | Token::CData(_) => None,
    });
    let (first, is_start) = names.next()?;
    let is_markup = is_start
        && html_elements::class(&lower_name(first)).is_some()
        && names.any(|(name, is_start)| !is_start && is_element(&lower_name(name)));
    is_markup.then(|| unescaped.into_owned())
}

fn is_element(name: &str) -> bool {
    html_elements::is_known(name)
        || OTHER_ELEMENTS.binary_search(&name).is_ok()
        || formula::is_element(name) && !IS_ALSO_TEXT.contains(&name)
        || name.contains(['-', ':'])
}

/// Names of elements of formulas that texts contain too: programs print `<none>`, and usage
/// messages name a number of milliseconds `<ms>`.
const IS_ALSO_TEXT: [&str; 2] = ["ms", "none"];

/// Returns the offsets of `<` that begin no tag, comment or declaration.
fn stray_signs(html: &str) -> Vec<usize> {
    let bytes = html.as_bytes();
    let end_tags = LazyCell::new(|| EndTags::of(html));
    let mut stray = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        at = start + 1;
        let rest = &html[start..];
        match bytes.get(start + 1) {
            Some(b'!') => {
                let end = if rest.starts_with("<!--") { rest.find("-->") } else { None };
                at = start + end.map_or(2, |end| end + 3);
            }
            Some(b'a'..=b'z' | b'A'..=b'Z') => {
                match start_tag(html, start, &|name, from| end_tags.has(name, from)) {
                    Some(length) => at = start + length,
                    None => stray.push(start),
                }
            }
            _ => {}
        }
    }
    stray
}

/// Returns the length of the start tag at an offset, with its content if that is raw text. `None`
/// if the `<` is text.
fn start_tag(html: &str, start: usize, has_end_tag: &dyn Fn(&str, usize) -> bool) -> Option<usize> {
    let rest = &html[start..];
    let name_end = 1 + name_length(&rest[1..]);
    let name = lower_name(&rest[1..name_end]);
    let Some(next) = rest[name_end..].chars().next() else {
        // A text that was cut within a tag ends in the name of an element.
        return (html_elements::is_known(&name) && name.len() > 2).then_some(rest.len());
    };
    // In a formula, `<none/>` has no end tag.
    let is_known = is_element(&name) || next == '/' && formula::is_element(&name);
    // A name with a sign behind it (`a<b$`) or an unknown one without an end tag (`Vec<String>`).
    if !(next.is_whitespace() || matches!(next, '/' | '>' | '<' | '"' | '\''))
        || !is_known && !has_end_tag(&name, start) && !has_value(&rest[name_end..])
    {
        return None;
    }
    let mut lexer = Lexer::new(html);
    lexer.seek(start);
    let Some(Token::Start(tag)) = lexer.next() else {
        // The text ends within the tag.
        let attributes = rest[name_end..].trim_start();
        let is_cut = attributes.is_empty() || attributes.contains('=');
        return (is_known && is_cut).then_some(rest.len());
    };
    let ends = html.as_bytes().get(lexer.offset().wrapping_sub(1)) == Some(&b'>');
    // `a<b and c>d` is text. Longer names of elements are no variables.
    let plausible = tag.attributes.is_empty()
        || tag.attributes.contains('=')
        || is_known && name.len() > 1
        || tag.attributes.split_ascii_whitespace().all(is_flag)
        || ends && has_end_tag(&name, lexer.offset());
    if !plausible || !ends && !tag.attributes.contains('=') {
        return None;
    }
    if matches!(name.as_ref(), "script" | "style" | "textarea" | "title" | "xmp") {
        let from = lexer.offset();
        let close = |at: usize| {
            html[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(&name))
        };
        let end = memchr::memmem::find_iter(&html.as_bytes()[from..], b"</")
            .map(|found| from + found)
            .find(|at| close(*at));
        return Some(end.unwrap_or(html.len()) - start);
    }
    Some(lexer.offset() - start)
}

/// Returns the length of the name at the beginning of a text.
fn name_length(text: &str) -> usize {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_' | b'.');
    text.bytes().take_while(is_name).count()
}

/// The offsets of the last end tags by name.
struct EndTags(HashMap<String, usize>);

impl EndTags {
    fn of(html: &str) -> Self {
        let mut last = HashMap::new();
        for at in memchr::memmem::find_iter(html.as_bytes(), b"</") {
            let rest = &html[at + 2..];
            let length = name_length(rest);
            if length > 0 && rest[length..].trim_start().starts_with('>') {
                last.insert(rest[..length].to_ascii_lowercase(), at);
            }
        }
        Self(last)
    }

    fn has(&self, name: &str, from: usize) -> bool {
        self.0.get(name).is_some_and(|at| *at >= from)
    }
}

/// Returns whether a tag has an attribute with a value.
fn has_value(rest: &str) -> bool {
    let end = rest.find(['<', '>']).unwrap_or(rest.len());
    rest[..end].contains('=')
}

/// Returns whether an attribute without a value is one of HTML, and no word of a text.
fn is_flag(attribute: &str) -> bool {
    let attribute = attribute.trim_end_matches('/').to_ascii_lowercase();
    attribute.is_empty()
        || attribute.contains('-')
        || matches!(
            attribute.as_str(),
            "allowfullscreen"
                | "alt"
                | "async"
                | "autofocus"
                | "autoplay"
                | "checked"
                | "class"
                | "compact"
                | "controls"
                | "crossorigin"
                | "default"
                | "defer"
                | "disabled"
                | "download"
                | "hidden"
                | "href"
                | "id"
                | "inert"
                | "ismap"
                | "itemscope"
                | "loop"
                | "multiple"
                | "muted"
                | "nofollow"
                | "nomodule"
                | "noshade"
                | "novalidate"
                | "nowrap"
                | "open"
                | "playsinline"
                | "readonly"
                | "rel"
                | "required"
                | "reversed"
                | "seamless"
                | "selected"
                | "src"
                | "srcset"
                | "style"
                | "target"
                | "title"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_elements_are_sorted() {
        assert!(OTHER_ELEMENTS.is_sorted());
    }

    #[test]
    fn a_stray_less_than_sign_is_text() {
        for (html, want) in [
            ("We show $a<b$ and logs.", "We show $a&lt;b$ and logs."),
            ("for i<n; i++", "for i&lt;n; i++"),
            ("if x<y and <b>more</b>", "if x&lt;y and <b>more</b>"),
            ("a <b and c> d", "a &lt;b and c> d"),
            ("a Vec<String> and a List<Int>", "a Vec&lt;String> and a List&lt;Int>"),
            ("by Ann <ann@example.org>", "by Ann &lt;ann@example.org>"),
            ("a<i", "a&lt;i"),
            ("the image <none> of --wait <ms>", "the image &lt;none> of --wait &lt;ms>"),
        ] {
            assert_eq!(escape_stray(html), want, "{html}");
        }
    }

    #[test]
    fn tags_stay_tags() {
        for html in [
            "<p>a</p><P CLASS=x>b<br/>c<hr noshade><br clear>",
            "<unknown attribute=x>y",
            "<video controls src=x></video><o:p></o:p><my-part>x</my-part><foo>x</foo>",
            "a < b <!-- <x --> c",
            "<script>if (a<b) x()</script>",
            "<a href=\"x<y\" title='<z'>t</a>",
            "cut in a tag <a href=\"https://exa",
            "cut in a tag <img",
            "<mmultiscripts><mi>F</mi><none/><mprescripts/><mn>2</mn></mmultiscripts>",
        ] {
            assert_eq!(escape_stray(html), html);
        }
    }

    #[test]
    fn cdata_and_double_escapes_are_removed() {
        assert_eq!(escape_stray("<![CDATA[Kept <b>pears</b>]]>"), "Kept <b>pears</b>");
        assert_eq!(escape_stray("a <![CDATA[b"), "a b");
        assert_eq!(
            unescape_markup("&lt;p&gt;One &amp;amp; two&lt;/p&gt;").as_deref(),
            Some("<p>One &amp; two</p>")
        );
        assert_eq!(unescape_markup("Use &lt;p&gt; and &lt;/p&gt;"), None);
    }
}
