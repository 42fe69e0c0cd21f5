//! Single values of elements: attributes, addresses, the text of a child.

use std::borrow::Cow;

use url::Url;

use super::{element_content::children, scope::Scope, text::escaped};
use crate::{
    repairs::Repairs,
    xml::{Tag, unescape},
};

/// An attribute's value, decoded and trimmed, where it has one.
pub(super) fn attribute(tag: &Tag<'_>, name: &str) -> Option<String> {
    tag.attribute(name)
        .map(|value| unescape(value).trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// An address joined to its base, where there is one; else as written.
pub(super) fn resolve_url(url: &str, base: Option<&Url>) -> String {
    match base.and_then(|base| crate::url::http_url(url, Some(base))) {
        Some(url) => url.into(),
        None => url.trim().to_owned(),
    }
}

/// The text of the first child of one of the names.
pub(super) fn child_text<'a>(
    inner_xml: &'a str,
    scope: &Scope<'a>,
    names: &[&str],
) -> Option<String> {
    if !inner_xml.contains('<') {
        return None;
    }
    let found =
        children(inner_xml, scope).into_iter().find(|(name, ..)| names.contains(&name.as_str()));
    let text: Cow<'_, str> =
        found.map(|(_, _, text)| escaped(text, 0, &mut Repairs::default()).text)?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
