//! Single values: attributes, URLs, the text of a child element.

use std::borrow::Cow;

use url::Url;

use super::{element_content::children, scope::Scope, text::escaped};
use crate::{
    repairs::Repairs,
    xml::{Tag, unescape},
};

/// Returns the decoded and trimmed value of an attribute, if it is not empty.
pub(super) fn attribute(tag: &Tag<'_>, name: &str) -> Option<String> {
    tag.attribute(name)
        .map(|value| unescape(value).trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// Joins a URL to its base. Without a base the URL stays as written.
pub(super) fn resolve_url(url: &str, base: Option<&Url>) -> String {
    match base.and_then(|base| crate::url::http_url(url, Some(base))) {
        Some(url) => url.into(),
        None => url.trim().to_owned(),
    }
}

/// Returns the text of the first child with one of the names.
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
