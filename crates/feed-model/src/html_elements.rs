//! One table of HTML elements with the properties that the crates need: what the sanitiser keeps,
//! how an HTML parser treats an element, and how texts and pages are read.
//!
//! Names are in lower case. Names that the table does not contain have no property.

use ElementClass::{
    Block, Cell, Formatting, Heading, Item, Ordinary, Paragraph, Pre, Raw, Row, Rule, Section,
    Table, Void,
};

/// How the tree construction of an HTML parser treats an element (HTML §13.2.6.4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementClass {
    /// Has no content.
    Void,
    /// `hr`: has no content and closes an open paragraph.
    Rule,
    /// Contains text that is not HTML.
    Raw,
    /// Is reopened after it was closed out of order.
    Formatting,
    /// `p`.
    Paragraph,
    /// Closes an open paragraph.
    Block,
    /// `pre`: a block whose first line feed is dropped.
    Pre,
    /// `h1` to `h6`.
    Heading,
    /// `li`, `dt` or `dd`.
    Item,
    /// `table`.
    Table,
    /// `thead`, `tbody` or `tfoot`.
    Section,
    /// `tr`.
    Row,
    /// `td` or `th`.
    Cell,
    /// Has no rule of its own.
    Ordinary,
}

impl ElementClass {
    /// Returns whether the start tag of such an element closes an open paragraph.
    pub fn closes_paragraph(self) -> bool {
        matches!(self, Rule | Paragraph | Block | Pre | Heading | Item)
    }
}

/// A set of properties of an element, combined with `|`.
pub type Properties = u16;

/// The sanitiser keeps the element.
pub const ALLOWED: Properties = 1;
/// The element has no content and no end tag (HTML §13.1.2).
pub const VOID: Properties = 1 << 1;
/// The element has no end tag, or its end tag may be left out.
pub const OPTIONAL_END: Properties = 1 << 2;
/// A formatting element (HTML §13.2.4.2).
pub const FORMATTING: Properties = 1 << 3;
/// The element does not separate words in the plain text of an entry.
pub const TEXT_INLINE: Properties = 1 << 4;
/// The element does not separate texts on a page.
pub const PAGE_INLINE: Properties = 1 << 5;
/// The element is markup when it occurs in a title. Titles write other elements, such as
/// `<template>`, as a subject.
pub const TITLE: Properties = 1 << 6;
/// In a title, a start tag of the element is markup without attributes and without an end tag.
pub const TITLE_VOID: Properties = 1 << 7;
/// A browser does not show the element's text on a page.
pub const HIDDEN: Properties = 1 << 8;
/// The sanitiser removes the element together with its content.
pub const DROPPED: Properties = 1 << 9;
/// The element holds content for browsers without some feature. The sanitiser removes its tags
/// before parsing, because a parser reads the content as text.
pub const FALLBACK: Properties = 1 << 10;
/// An SVG shape, usually written without an end tag.
pub const SVG_SHAPE: Properties = 1 << 11;

/// Returns whether an element has any of the given properties.
pub fn has(name: &str, properties: Properties) -> bool {
    find(name).is_some_and(|(_, _, own)| own & properties != 0)
}

/// Returns whether the table contains an element.
pub fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// Returns the parser's class of an element, or `None` if its rules are not modelled (`ruby`,
/// `colgroup`, unknown elements).
pub fn class(name: &str) -> Option<ElementClass> {
    find(name).and_then(|(_, class, _)| *class)
}

/// Returns the names of the elements that have any of the given properties, in order.
pub fn names(properties: Properties) -> impl Iterator<Item = &'static str> {
    ELEMENTS.iter().filter(move |(_, _, own)| own & properties != 0).map(|(name, _, _)| *name)
}

type Element = (&'static str, Option<ElementClass>, Properties);

fn find(name: &str) -> Option<&'static Element> {
    ELEMENTS.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok().map(|at| &ELEMENTS[at])
}

/// The elements, sorted by name for the binary search.
const ELEMENTS: &[Element] = &[
    ("a", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("abbr", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("acronym", Some(Ordinary), ALLOWED | TEXT_INLINE | TITLE),
    ("address", Some(Block), ALLOWED),
    ("applet", None, TITLE),
    ("area", Some(Void), VOID | OPTIONAL_END),
    ("article", Some(Block), ALLOWED | TITLE),
    ("aside", Some(Block), ALLOWED | TITLE),
    ("audio", Some(Ordinary), ALLOWED | TITLE),
    ("b", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("base", Some(Void), VOID | OPTIONAL_END),
    ("bdi", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("bdo", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("big", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("blink", None, TITLE),
    ("blockquote", Some(Block), ALLOWED | TITLE),
    ("body", None, TITLE),
    ("br", Some(Void), ALLOWED | VOID | OPTIONAL_END | TITLE | TITLE_VOID),
    ("button", None, TITLE),
    ("canvas", None, HIDDEN),
    ("caption", None, ALLOWED),
    ("center", Some(Block), ALLOWED | TITLE),
    ("circle", None, SVG_SHAPE),
    ("cite", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("code", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("col", None, ALLOWED | VOID | OPTIONAL_END),
    ("colgroup", None, ALLOWED | OPTIONAL_END),
    ("data", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE),
    ("dd", Some(Item), ALLOWED | OPTIONAL_END),
    ("del", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("details", Some(Block), ALLOWED),
    ("dfn", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("dialog", None, HIDDEN),
    ("dir", Some(Block), 0),
    ("div", Some(Block), ALLOWED | TITLE),
    ("dl", Some(Block), ALLOWED),
    ("dt", Some(Item), ALLOWED | OPTIONAL_END),
    ("ellipse", None, SVG_SHAPE),
    ("em", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("embed", Some(Void), VOID | OPTIONAL_END | TITLE),
    ("fieldset", Some(Block), 0),
    ("figcaption", Some(Block), ALLOWED),
    ("figure", Some(Block), ALLOWED | TITLE),
    ("font", Some(Formatting), FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("footer", Some(Block), ALLOWED),
    ("form", None, TITLE),
    ("frame", None, TITLE),
    ("frameset", None, TITLE),
    ("h1", Some(Heading), ALLOWED | TITLE),
    ("h2", Some(Heading), ALLOWED | TITLE),
    ("h3", Some(Heading), ALLOWED | TITLE),
    ("h4", Some(Heading), ALLOWED | TITLE),
    ("h5", Some(Heading), ALLOWED | TITLE),
    ("h6", Some(Heading), ALLOWED | TITLE),
    ("head", None, HIDDEN | DROPPED),
    ("header", Some(Block), ALLOWED),
    ("hgroup", Some(Block), ALLOWED),
    ("hr", Some(Rule), ALLOWED | VOID | OPTIONAL_END | TITLE | TITLE_VOID),
    ("i", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("iframe", None, TITLE | HIDDEN | FALLBACK),
    ("img", Some(Void), ALLOWED | VOID | OPTIONAL_END | TITLE | TITLE_VOID),
    ("input", Some(Void), VOID | OPTIONAL_END | TITLE | HIDDEN),
    ("ins", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("kbd", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("label", Some(Ordinary), PAGE_INLINE),
    ("li", Some(Item), ALLOWED | OPTIONAL_END | TITLE),
    ("line", None, SVG_SHAPE),
    ("link", Some(Void), VOID | OPTIONAL_END | TITLE),
    ("main", Some(Block), ALLOWED),
    ("mark", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("marquee", None, TITLE),
    ("math", None, HIDDEN | DROPPED),
    ("menu", Some(Block), 0),
    ("meta", Some(Void), VOID | OPTIONAL_END | TITLE),
    ("nav", Some(Block), ALLOWED),
    ("nobr", None, FORMATTING | PAGE_INLINE | TITLE),
    ("noembed", None, FALLBACK),
    ("noframes", None, FALLBACK),
    ("noscript", None, HIDDEN | FALLBACK),
    ("object", None, TITLE | HIDDEN),
    ("ol", Some(Block), ALLOWED),
    ("option", None, OPTIONAL_END),
    ("p", Some(Paragraph), ALLOWED | OPTIONAL_END | TITLE),
    ("param", Some(Void), VOID | OPTIONAL_END | TITLE),
    ("path", None, SVG_SHAPE),
    ("picture", Some(Ordinary), ALLOWED | TITLE),
    ("polygon", None, SVG_SHAPE),
    ("polyline", None, SVG_SHAPE),
    ("pre", Some(Pre), ALLOWED | TITLE),
    ("q", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("rb", None, PAGE_INLINE),
    ("rect", None, SVG_SHAPE),
    ("rp", None, ALLOWED | OPTIONAL_END),
    ("rt", None, ALLOWED | OPTIONAL_END),
    ("ruby", None, ALLOWED | PAGE_INLINE),
    ("s", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("samp", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("script", Some(Raw), TITLE | HIDDEN | DROPPED),
    ("section", Some(Block), ALLOWED),
    ("select", None, HIDDEN),
    ("small", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("source", Some(Void), ALLOWED | VOID | OPTIONAL_END),
    ("span", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("stop", None, SVG_SHAPE),
    ("strike", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | TITLE),
    ("strong", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("style", Some(Raw), TITLE | HIDDEN | DROPPED),
    ("sub", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("summary", Some(Block), ALLOWED),
    ("sup", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("svg", None, TITLE | HIDDEN | DROPPED),
    ("table", Some(Table), ALLOWED | TITLE),
    ("tbody", Some(Section), ALLOWED | OPTIONAL_END),
    ("td", Some(Cell), ALLOWED | OPTIONAL_END),
    ("template", None, HIDDEN | DROPPED),
    ("textarea", None, HIDDEN),
    ("tfoot", Some(Section), ALLOWED | OPTIONAL_END),
    ("th", Some(Cell), ALLOWED | OPTIONAL_END),
    ("thead", Some(Section), ALLOWED | OPTIONAL_END),
    ("time", Some(Ordinary), ALLOWED | TEXT_INLINE),
    ("title", None, DROPPED),
    ("tr", Some(Row), ALLOWED | OPTIONAL_END),
    ("track", Some(Void), VOID | OPTIONAL_END),
    ("tt", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("u", Some(Formatting), ALLOWED | FORMATTING | TEXT_INLINE | PAGE_INLINE | TITLE),
    ("ul", Some(Block), ALLOWED),
    ("use", None, SVG_SHAPE),
    ("var", Some(Ordinary), ALLOWED | TEXT_INLINE | PAGE_INLINE),
    ("video", Some(Ordinary), ALLOWED | TITLE),
    (
        "wbr",
        Some(Void),
        ALLOWED | VOID | OPTIONAL_END | TEXT_INLINE | PAGE_INLINE | TITLE | TITLE_VOID,
    ),
    ("x", None, TEXT_INLINE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ELEMENTS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn classes_agree_with_the_void_and_formatting_properties() {
        for (name, class, properties) in ELEMENTS {
            if let Some(class) = class {
                let is_void = matches!(class, Void | Rule);
                assert_eq!(is_void, properties & VOID != 0, "{name}");
                assert_eq!(*class == Formatting, properties & FORMATTING != 0, "{name}");
            }
        }
    }

    #[test]
    fn dropped_elements_are_not_allowed() {
        assert!(names(ALLOWED).all(|name| !has(name, DROPPED | FALLBACK)));
        assert_eq!(names(ALLOWED).count(), 81);
        assert!(!has("P", ALLOWED), "names are in lower case");
    }
}
