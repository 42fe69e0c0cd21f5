//! `xml:base` inside markup (XML Base §4). HTML does not have it, so the URLs below it are made
//! absolute.

use url::Url;

use crate::{
    url::http_url,
    xml::{Lexer, Tag, Token, escape_attribute, unescape},
};

/// Attributes with one URL.
const URL_ATTRIBUTES: [&str; 7] =
    ["href", "src", "cite", "poster", "data-src", "longdesc", "background"];

/// The depth up to which `xml:base` is tracked.
const MAX_DEPTH: usize = 256;

/// Returns the markup with every URL below an `xml:base` made absolute. `outer` is the base of the
/// whole markup.
pub(super) fn resolve_xml_base(inner_xml: &str, outer: &Url) -> String {
    let mut out = String::with_capacity(inner_xml.len() + 64);
    // The open elements with their own `xml:base`.
    let mut open: Vec<(&str, Option<Url>)> = Vec::new();
    let mut lexer = Lexer::new(inner_xml);
    while let Some(token) = lexer.next() {
        let raw = &inner_xml[lexer.token_start()..lexer.offset()];
        match token {
            Token::Start(tag) => {
                let around = open.iter().rev().find_map(|(_, base)| base.as_ref());
                let own = tag
                    .attribute("xml:base")
                    .and_then(|said| http_url(&unescape(said), Some(around.unwrap_or(outer))));
                match own.as_ref().or(around) {
                    Some(base) => rewrite(&mut out, &tag, base),
                    None => out.push_str(raw),
                }
                if !tag.self_closing && open.len() < MAX_DEPTH {
                    open.push((tag.name, own));
                }
            }
            Token::End(name) => {
                if let Some(at) = open.iter().rposition(|(open, _)| *open == name) {
                    open.truncate(at);
                }
                out.push_str(raw);
            }
            Token::Text(_) | Token::CData(_) => out.push_str(raw),
        }
    }
    out
}

fn rewrite(out: &mut String, tag: &Tag<'_>, base: &Url) {
    out.push('<');
    out.push_str(tag.name);
    for (name, value) in tag.attributes().filter(|(name, _)| !name.eq_ignore_ascii_case("xml:base"))
    {
        let value = unescape(value);
        let is_address = URL_ATTRIBUTES.iter().any(|a| name.eq_ignore_ascii_case(a));
        let joined = is_address.then(|| base.join(value.trim()).ok()).flatten();
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_attribute(out, joined.as_ref().map_or(&value, Url::as_str));
        out.push('"');
    }
    out.push_str(if tag.self_closing { "/>" } else { ">" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_applies_to_its_content() {
        let outer = Url::parse("http://example.org/a/").unwrap();
        let text = "<a href='x'>1</a><div xml:base='b/'><a href='x'>2</a><p xml:base='/c/'>\
                    <img src='y?p&amp;q'/></p><a href='mailto:z@example.org'>3</a></div>\
                    <a href='x'>4</a>";
        assert_eq!(
            resolve_xml_base(text, &outer),
            "<a href='x'>1</a><div><a href=\"http://example.org/a/b/x\">2</a><p>\
             <img src=\"http://example.org/c/y?p&amp;q\"/></p><a href=\"mailto:z@example.org\">3\
             </a></div><a href='x'>4</a>"
        );
    }
}
