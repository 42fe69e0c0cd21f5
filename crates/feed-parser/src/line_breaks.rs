//! Line breaks of plain text, written as HTML.

use std::borrow::Cow;

use feed_model::html_elements;

use super::xml::{escape_text, lower_name};

/// Converts plain text to HTML. Empty lines separate paragraphs.
pub(super) fn plain_to_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    escape_text(&mut escaped, text);
    lines_to_html(&escaped)
}

/// Returns a text that is HTML by its type and has line feeds instead of markup with its lines and
/// paragraphs as markup.
pub(super) fn with_line_breaks(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.trim().contains(['\n', '\r']) || has_markup(&text) {
        return text;
    }
    Cow::Owned(lines_to_html(&text))
}

/// Like [`with_line_breaks`], for paragraphs only: a single line feed is a space in HTML.
pub(super) fn with_paragraphs(text: &str) -> Cow<'_, str> {
    if !text.trim().contains(['\n', '\r']) || has_markup(text) {
        return Cow::Borrowed(text);
    }
    let paragraphs = paragraphs(text);
    if paragraphs.len() < 2 {
        return Cow::Borrowed(text);
    }
    Cow::Owned(in_paragraphs(&paragraphs, "\n"))
}

/// Returns whether a text contains a tag of HTML.
fn has_markup(text: &str) -> bool {
    memchr::memchr_iter(b'<', text.as_bytes()).any(|at| {
        let rest = text[at + 1..].trim_start_matches('/');
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        html_elements::is_known(&lower_name(&rest[..length]))
            && rest[length..].starts_with([' ', '>', '/', '\n', '\t'])
    })
}

/// Returns the paragraphs with their lines, without empty ones.
fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}'], "\n");
    let mut paragraphs = vec![Vec::new()];
    for line in text.lines() {
        match line.trim() {
            "" => paragraphs.push(Vec::new()),
            line => paragraphs.last_mut().expect("there is always one").push(line.to_owned()),
        }
    }
    paragraphs.retain(|lines| !lines.is_empty());
    paragraphs
}

fn lines_to_html(text: &str) -> String {
    match paragraphs(text).as_slice() {
        [only] => only.join("<br>"),
        paragraphs => in_paragraphs(paragraphs, "<br>"),
    }
}

/// Returns paragraphs as HTML, with a separator between their lines.
fn in_paragraphs(paragraphs: &[Vec<String>], separator: &str) -> String {
    let mut html = String::new();
    for lines in paragraphs {
        html.extend(["<p>", &lines.join(separator), "</p>"]);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_plain_text_stay_lines() {
        assert_eq!(plain_to_html("a < b\nc"), "a &lt; b<br>c");
        assert_eq!(plain_to_html("one\r\n \r\ntwo\rthree\n"), "<p>one</p><p>two<br>three</p>");
        assert_eq!(plain_to_html(" one "), "one");
    }

    #[test]
    fn only_texts_without_markup_get_markup() {
        assert_eq!(with_line_breaks("a &amp; b\n\nc".into()), "<p>a &amp; b</p><p>c</p>");
        for text in ["<p>a</p>\n\nb", "a<br>\nb", "one line\n"] {
            assert_eq!(with_line_breaks(text.into()), text);
        }
        assert_eq!(with_paragraphs("a\nb\n\nc"), "<p>a\nb</p><p>c</p>");
        assert_eq!(with_paragraphs("a\nb"), "a\nb");
    }
}
