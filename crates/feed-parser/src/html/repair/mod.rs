//! HTML as people and their editors write it, made regular without an HTML parser.
//!
//! Most articles that are not regular are so by little: a quote that is missing, a name in
//! capitals, a `<p>` that nobody closed, a `<script>`. What a parser makes of these is simple, and
//! is done here in one pass over the text, by the rules of HTML §13.2.6 as far as they do not move
//! anything. Whatever would have to be moved, copied or guessed is left to the parser: a doubt is a
//! no, and what is given back has to be regular.

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

/// The regular HTML that a parser would make of this, once what is not allowed is taken away;
/// nothing where that is not plain.
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
    // What a parser reads has one kind of line end (HTML §13.2.3.5).
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
    // The line end that follows `<pre>` at once counts for nothing.
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

/// A value as written, between double quotes.
fn write_value(out: &mut String, value: &str) {
    if value.contains(['"', '>', '\r']) {
        // References stay what they are.
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

/// Behind the end of an element whose content is no HTML and is not kept.
fn skip_raw_text<'a>(name: &str, rest: &'a str) -> Option<&'a str> {
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(&rest.as_bytes()[from..], b"</")?;
        let after = &rest[at + 2..];
        let named = after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if named && after.as_bytes().get(name.len()) == Some(&b'>') {
            // Comments within scripts have rules of their own.
            let has_comment = memchr::memmem::find(&rest.as_bytes()[..at], b"<!--").is_some();
            return (!has_comment).then(|| &after[name.len() + 1..]);
        }
        if named {
            return None;
        }
        from = at + 2;
    }
}
