//! Plain text: titles are decoded exactly once, and HTML is converted to text.

use feed_model::{
    SafeHtml,
    html_elements::{self, TEXT_INLINE, TITLE, TITLE_VOID},
    text::{collapse_separators, is_forbidden, strip_forbidden},
};

use super::{
    html::dialects::{formula, without_cdata},
    xml::{Lexer, Tag, Token, local_name, lower_name, unescape, unescape_if_escaped},
};

/// Longer titles are cut, in bytes.
const MAX_TITLE_BYTES: usize = 16 * 1024;

/// Collapses white space and zero-width spaces and removes characters that XML forbids.
pub(super) fn collapse_whitespace(text: &str) -> String {
    // Most texts are collapsed already.
    let text = text.trim();
    let is_plain =
        |pair: [u8; 2]| matches!(pair[1], 0x21..=0x7e) || pair[1] == b' ' && pair[0] != b' ';
    if text.as_bytes().windows(2).all(|pair| is_plain([pair[0], pair[1]]))
        && text.bytes().next().is_none_or(|b| matches!(b, 0x21..=0x7e))
    {
        return text.to_owned();
    }
    let text = collapse_separators(text, |c| c.is_whitespace() || c == '\u{200b}');
    strip_forbidden(&text).into_owned()
}

/// Returns a title as plain text. Markup is removed, references are decoded once, and double
/// escaping is undone.
///
/// `raw` is the text after XML decoding: `&amp;lt;b&amp;gt;` in a document arrives here as
/// `&lt;b&gt;` and means the characters `<b>`. A `<` that does not begin an element is kept: `a <
/// b`.
pub fn title_text(raw: &str) -> String {
    let raw = without_cdata(truncate_to(raw, MAX_TITLE_BYTES));
    let raw = raw.as_ref();
    if !raw.contains(['<', '&']) {
        return collapse_whitespace(raw);
    }
    let text = if raw.contains('<') { strip_tags(raw) } else { unescape(raw).into_owned() };
    collapse_whitespace(&unescape_leftovers(text))
}

/// Returns the beginning of a text, at most so many bytes.
fn truncate_to(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Returns a title that is declared as plain text. Only double escaping is undone.
pub(super) fn plain_title(raw: &str) -> String {
    collapse_whitespace(&unescape_leftovers(truncate_to(raw, MAX_TITLE_BYTES).to_owned()))
}

/// Decodes the references that are left after the first decoding.
fn unescape_leftovers(text: String) -> String {
    unescape_if_escaped(&text).unwrap_or(text)
}

/// Returns whether an element in a title is markup. Other names in angle brackets are text.
fn is_html_element(name: &str) -> bool {
    html_elements::has(&lower_name(name), TITLE)
}

fn is_void(name: &str) -> bool {
    html_elements::has(&lower_name(name), TITLE_VOID)
}

/// Removes the markup of a title. A start tag without an end tag is text (`Use <b> well`).
fn strip_tags(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut lexer = Lexer::new(raw);
    let mut skipped: Option<&str> = None;
    let has_end_tag = |name: &str, from: usize| {
        raw[from..].match_indices("</").any(|(at, _)| {
            let rest = &raw[from + at + 2..];
            rest.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name))
                && rest[name.len()..].trim_start().starts_with('>')
        })
    };
    while let Some(token) = lexer.next() {
        match token {
            Token::Start(tag)
                if is_html_element(tag.name)
                    && (is_void(tag.name)
                        || tag.self_closing
                        || tag.attributes.contains('=')
                        || has_end_tag(tag.name, lexer.offset())) =>
            {
                if matches!(tag.name.to_ascii_lowercase().as_str(), "script" | "style" | "iframe")
                    && !tag.self_closing
                    && has_end_tag(tag.name, lexer.offset())
                {
                    skipped = Some(tag.name);
                } else if let Some(alt) = tag.attribute("alt") {
                    out.push_str(&unescape(alt));
                } else if matches!(tag.name.to_ascii_lowercase().as_str(), "br" | "p" | "div") {
                    out.push(' ');
                }
            }
            Token::End(name) if skipped.is_some_and(|s| s.eq_ignore_ascii_case(name)) => {
                skipped = None;
            }
            Token::End(name) if is_html_element(name) => {}
            _ if skipped.is_some() => {}
            Token::Text(text) => out.push_str(&unescape(text)),
            Token::CData(text) => out.push_str(text),
            Token::Start(_) | Token::End(_) => {
                out.push_str(&unescape(&raw[lexer.token_start()..lexer.offset()]));
            }
        }
    }
    out
}

/// Converts HTML to plain text: white space is collapsed, block elements separate words, scripts
/// and styles are removed.
pub fn plain_text(html: &str) -> String {
    extract_text(html, &["script", "style", "template", "noscript", "head"])
}

/// Returns whether sanitised HTML contains visible text.
pub(super) fn has_visible_text(html: &str) -> bool {
    Lexer::new(html).any(|token| match token {
        Token::Text(text) | Token::CData(text) => unescape(text)
            .chars()
            .any(|c| !c.is_whitespace() && c != '\u{200b}' && !is_forbidden(c)),
        Token::Start(_) | Token::End(_) => false,
    })
}

/// Returns the author's own words: plain text without code blocks and quotations.
pub fn prose(html: &SafeHtml) -> String {
    extract_text(html.as_str(), &["script", "style", "pre", "blockquote", "template", "noscript"])
}

/// Writes a formula as text: `MathML`, a number in `sup`, the alternative text of an image of a
/// formula. The lexer is after the start tag, and afterwards after what was read. Returns whether
/// the element is a formula.
fn push_formula(out: &mut String, name: &str, tag: &Tag<'_>, lexer: &mut Lexer<'_>) -> bool {
    match name {
        "math" if !tag.self_closing => {
            out.push_str(&formula::read_after(tag, lexer).text());
        }
        "sup" if !tag.self_closing => {
            let mut ahead = lexer.clone();
            let (Some(Token::Text(text)), Some(Token::End(end))) = (ahead.next(), ahead.next())
            else {
                return false;
            };
            let exponent = formula::exponent(text).filter(|_| end.eq_ignore_ascii_case("sup"));
            let Some(exponent) = exponent else { return false };
            out.push_str(&exponent);
            *lexer = ahead;
        }
        "img" if tag.attribute("src").is_some_and(formula::is_image) => {
            let alt = unescape(tag.attribute("alt").unwrap_or("")).into_owned();
            out.push_str(&alt);
        }
        _ => return false,
    }
    true
}

/// Returns whether an element is inline. Every other element separates words.
fn is_inline(name: &str) -> bool {
    html_elements::has(name, TEXT_INLINE)
}

fn extract_text(html: &str, skipped_elements: &[&str]) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    // The skipped element and the number of open elements of the same name.
    let mut skipped: Option<(String, usize)> = None;
    let mut lexer = Lexer::new(html);
    while let Some(token) = lexer.next() {
        match token {
            Token::Start(tag) if tag.self_closing && skipped.is_some() => {}
            Token::Start(tag) => {
                let name = local_name(tag.name).to_ascii_lowercase();
                if skipped.is_none() && push_formula(&mut out, &name, &tag, &mut lexer) {
                    continue;
                }
                match &mut skipped {
                    Some((open, depth)) => *depth += usize::from(*open == name),
                    None if !tag.self_closing && skipped_elements.contains(&name.as_str()) => {
                        skipped = Some((name, 1));
                    }
                    None if !is_inline(&name) => out.push(' '),
                    None => {}
                }
            }
            Token::End(name) => {
                let name = local_name(name).to_ascii_lowercase();
                if let Some((open, depth)) = &mut skipped {
                    *depth -= usize::from(*open == name);
                    if *depth == 0 {
                        skipped = None;
                        out.push(' ');
                    }
                } else if !is_inline(&name) {
                    out.push(' ');
                }
            }
            Token::Text(text) if skipped.is_none() => out.push_str(&unescape(text)),
            Token::CData(text) if skipped.is_none() => out.push_str(text),
            Token::Text(_) | Token::CData(_) => {}
        }
    }
    collapse_whitespace(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_decoded_once() {
        for (raw, want) in [
            ("AT&T", "AT&T"),
            ("AT&amp;T", "AT&T"),
            ("AT&amp;amp;T", "AT&T"),
            ("&lt;b&gt;", "<b>"),
            ("&amp;lt;b&amp;gt;", "<b>"),
            ("a < b", "a < b"),
            ("a<b && c>d", "a<b && c>d"),
            ("<b>x</b>", "x"),
            ("Use <b> well", "Use <b> well"),
            ("The <title> element", "The <title> element"),
            ("Vec<String> and Option<T>", "Vec<String> and Option<T>"),
            ("one<br>two  \n three", "one two three"),
            ("<script>alert(1)</script>safe", "safe"),
            ("It&#8217;s &nbsp; fine", "It’s fine"),
            ("<![CDATA[Kept <b>pears</b>]]>", "Kept pears"),
            ("x\u{8}y", "xy"),
            ("", ""),
        ] {
            assert_eq!(title_text(raw), want, "{raw}");
        }
    }

    #[test]
    fn prose_omits_code_and_quotations() {
        let html = SafeHtml::from_sanitised(
            "<p>One <em>t</em>wo.</p><pre><code>let x;</code></pre><blockquote>q<blockquote>q\
             </blockquote>q</blockquote><p>Three</p>"
                .into(),
        );
        assert_eq!(prose(&html), "One two. Three");
        assert_eq!(plain_text(html.as_str()), "One two. let x; q q q Three");
    }

    #[test]
    fn formulas_are_read_as_text() {
        for (html, want) in [
            ("10<sup>6</sup> and m<sup>-2</sup>", "10⁶ and m⁻²"),
            ("the 1<sup>st</sup> of H<sub>2</sub>O", "the 1st of H2O"),
            ("a <math><msup><mn>10</mn><mn>6</mn></msup></math> b", "a 10⁶ b"),
            (
                "So <img src=\"https://s0.wp.com/latex.php?latex=E\" alt=\"E=m\"> holds.",
                "So E=m holds.",
            ),
            ("<img src=\"https://example.org/a.png\" alt=\"a rose\"> x", "x"),
        ] {
            assert_eq!(plain_text(html), want, "{html}");
        }
    }
}
