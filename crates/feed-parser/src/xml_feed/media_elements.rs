//! Media RSS: `media:group` and `media:content` with what they contain.
//!
//! Their children describe a picture, sound or film. Only elements of Media RSS count, and the
//! title and description of a picture are no texts of the item.

use url::Url;

use super::{
    dialect::Namespace,
    element_content::children,
    field_kind::FieldKind,
    field_table::classify_element,
    parser::XmlFeedParser,
    raw_fields::{RawMedia, name},
    scope::XmlAttrs,
    text::escaped,
    value::{attribute, resolve_url},
};
use crate::{media, repairs::Repairs, text::plain_text, xml::Tag};

impl<'a> XmlFeedParser<'a> {
    /// Reads `media:content` or `media:group` of the open item.
    pub fn read_media(
        &mut self,
        field: FieldKind,
        tag: &Tag<'a>,
        inner_xml: &'a str,
        at: usize,
        base: Option<&Url>,
    ) {
        let depth = self.scope.depth();
        self.scope.enter(tag);
        let inside = self.media_children(inner_xml);
        if field == FieldKind::MediaGroup {
            let group = self.item.as_ref().map(|item| item.raw_fields.media.len());
            let mut contents = Vec::new();
            for (kind, child, inner_xml) in &inside {
                if *kind == FieldKind::MediaContent {
                    let within = self.media_children(inner_xml);
                    if let Some(note) = content(child, base, &within) {
                        contents.push((RawMedia { group, ..note }, within));
                    }
                }
            }
            let is_picture =
                !contents.is_empty() && contents.iter().all(|(note, _)| media::is_image(note));
            for (note, within) in contents {
                let is_picture = media::is_image(&note);
                self.media(note);
                self.read_media_children(&within, at, is_picture);
            }
            self.read_media_children(&inside, at, is_picture);
        } else {
            let note = content(tag, base, &inside);
            let is_picture = note.as_ref().is_some_and(media::is_image);
            if let Some(note) = note {
                self.media(note);
            }
            self.read_media_children(&inside, at, is_picture);
        }
        self.scope.leave_to(depth);
    }

    /// Returns the children that belong to Media RSS, with their meaning.
    fn media_children(&self, inner_xml: &'a str) -> Vec<Child<'a>> {
        if !inner_xml.contains('<') {
            return Vec::new();
        }
        let all = children(inner_xml, &self.scope).into_iter();
        all.filter(|(_, tag, _)| self.scope.namespace(tag) == Namespace::Media)
            .map(|(local, tag, inner)| (classify_element(Namespace::Media, &local), tag, inner))
            .collect()
    }

    fn read_media_children(&mut self, all: &[Child<'a>], at: usize, is_picture: bool) {
        for (kind, tag, inner_xml) in all {
            let is_of_picture =
                is_picture && matches!(kind, FieldKind::MediaTitle | FieldKind::MediaDescription);
            let is_nested = matches!(kind, FieldKind::MediaContent | FieldKind::MediaGroup);
            if !is_of_picture && !is_nested {
                self.read_item_field(*kind, tag, inner_xml, at, &XmlAttrs::default());
            }
        }
    }
}

type Child<'a> = (FieldKind, Tag<'a>, &'a str);

/// Returns the medium of a `media:content`, if it has an address.
fn content(tag: &Tag<'_>, base: Option<&Url>, inside: &[Child<'_>]) -> Option<RawMedia> {
    let number = |name| attribute(tag, name).and_then(|n| n.trim().parse().ok());
    let description = inside
        .iter()
        .find(|(kind, ..)| *kind == FieldKind::MediaDescription)
        .map(|(_, _, text)| plain_text(&escaped(text, 0, &mut Repairs::default()).text));
    Some(RawMedia {
        url: resolve_url(&attribute(tag, "url")?, base),
        mime: attribute(tag, "type"),
        medium: attribute(tag, "medium"),
        length: number("filesize"),
        width: number("width"),
        description: description.filter(|text| !text.is_empty()),
        group: None,
        from: name(tag.name),
    })
}
