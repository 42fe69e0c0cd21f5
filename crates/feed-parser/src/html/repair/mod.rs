//! Repairs common errors of HTML without an HTML parser, so that the result is in the strict
//! subset.
//!
//! Most irregular texts have small errors: a missing quote, a name in capitals, an unclosed `<p>`,
//! a `<script>`. They are repaired in one pass by the rules of HTML §13.2.6. Whatever requires
//! moving, copying or guessing is left to the parser.

mod open_elements;
mod tag;

use feed_model::html_elements::ElementClass;

use self::{
    open_elements::{OpenElements, element_class},
    tag::{StartTag, parse_end_tag, parse_start_tag},
};
use super::{
    allow_list::is_allowed_attribute,
    strict_subset::{comment, has_only_plain_references},
};

/// Returns the HTML that a parser and the allow-list would produce, or `None` if that is not
/// certain.
pub(super) fn repaired(html: &str) -> Option<String> {
    let mut out = String::with_capacity(html.len() + 64);
    let mut open = OpenElements::default();
    let mut rest = html;
    loop {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let (text, tag) = rest.split_at(at);
        write_text(&mut out, text, &open)?;
        rest = match tag.as_bytes().get(1) {
            None if tag.is_empty() => break,
            Some(b'!') if tag.starts_with("<!--") => &tag[comment(tag)?..],
            Some(b'/') => end(&mut out, &mut open, tag)?,
            Some(b) if b.is_ascii_alphabetic() => start(&mut out, &mut open, tag)?,
            Some(b'!' | b'?') => return None,
            _ => {
                if open.in_table() {
                    return None;
                }
                out.push_str("&lt;");
                &tag[1..]
            }
        };
    }
    open.close_all(&mut out);
    Some(out)
}

fn write_text(out: &mut String, text: &str, open: &OpenElements<'_>) -> Option<()> {
    let blank = || text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    if !has_only_plain_references(text) || open.in_table() && !blank() {
        return None;
    }
    if !text.contains('\r') {
        out.push_str(text);
        return Some(());
    }
    // A parser normalises line ends (HTML §13.2.3.5).
    for (index, line) in text.split('\r').enumerate() {
        let follows = line.starts_with('\n');
        if index > 0 && !follows {
            out.push('\n');
        }
        out.push_str(line);
    }
    Some(())
}

fn start<'a>(out: &mut String, open: &mut OpenElements<'a>, text: &'a str) -> Option<&'a str> {
    let StartTag { name, attributes, rest } = parse_start_tag(text)?;
    let class = element_class(&name)?;
    if class == ElementClass::Raw {
        return skip_raw_text(&name, rest);
    }
    let action = open.start(out, &name, class)?;
    if action == open_elements::StartTagAction::Ignore {
        return Some(rest);
    }
    if super::allow_list::is_allowed_element(&name) {
        out.push('<');
        out.push_str(&name);
        for (attribute, value) in
            attributes.iter().filter(|(attribute, _)| is_allowed_attribute(&name, attribute))
        {
            out.push(' ');
            out.push_str(attribute);
            out.push_str("=\"");
            write_value(out, value);
            out.push('"');
        }
        out.push('>');
    }
    // A line end directly after `<pre>` is ignored.
    let rest = if class == ElementClass::Pre {
        rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest)
    } else {
        rest
    };
    if class != ElementClass::Void {
        open.push(name, class)?;
    }
    Some(rest)
}

/// Writes a raw value in double quotes.
fn write_value(out: &mut String, value: &str) {
    if value.contains(['"', '>', '\r']) {
        // References are kept.
        let value = value
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('"', "&quot;")
            .replace('>', "&gt;");
        return out.push_str(&value);
    }
    out.push_str(value);
}

fn end<'a>(out: &mut String, open: &mut OpenElements<'a>, text: &'a str) -> Option<&'a str> {
    let (name, rest) = parse_end_tag(text)?;
    let class = element_class(&name)?;
    open.end(out, &name, class)?;
    Some(rest)
}

/// Returns the text after the end tag of an element with raw text.
fn skip_raw_text<'a>(name: &str, rest: &'a str) -> Option<&'a str> {
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(&rest.as_bytes()[from..], b"</")?;
        let after = &rest[at + 2..];
        let named = after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if named && after.as_bytes().get(name.len()) == Some(&b'>') {
            // Comments in scripts change where the script ends.
            let has_comment = memchr::memmem::find(&rest.as_bytes()[..at], b"<!--").is_some();
            return (!has_comment).then(|| &after[name.len() + 1..]);
        }
        if named {
            return None;
        }
        from = at + 2;
    }
}
