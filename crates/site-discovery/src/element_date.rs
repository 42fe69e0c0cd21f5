//! The date of one element, from its attributes or its text.

use std::sync::LazyLock;

use scraper::{ElementRef, Node};

use feed_model::PublishedDate;

use crate::{
    dates,
    dom::{class_and_id_words, is_invisible, text_of},
    word_list::{WordList, word_list},
};

static UPDATE_WORDS: LazyLock<WordList> = word_list!("update_words.txt");
static UPDATE_LABELS: LazyLock<WordList> = word_list!("update_labels.txt");

/// Attributes that contain a date on any element.
const DATE_ATTRIBUTES: &[&str] = &[
    "datetime",
    "data-date",
    "data-datetime",
    "data-published",
    "data-published-at",
    "data-publish-date",
    "data-iso-date",
    "data-timestamp",
    "data-time",
    "data-epoch",
];

/// Returns the date of an element: its machine-readable attribute, otherwise its text.
pub(crate) fn element_date(element: &ElementRef<'_>) -> Option<PublishedDate> {
    let stated = ["datetime", "content", "data-date", "data-published"]
        .iter()
        .find_map(|a| element.attr(a))
        .and_then(dates::parse_or_find);
    let in_title = || {
        element
            .attr("title")
            .and_then(|t| dates::parse_or_find(t).or_else(|| feed_parser::parse_date(t)))
    };
    stated.or_else(in_title).or_else(|| {
        let text = text_of(*element);
        (text.chars().count() <= 80).then(|| dates::parse_or_find(&text)).flatten()
    })
}

/// Returns the date in an element's attributes (`<time datetime>`, `itemprop`, microformats), and
/// whether it is a modification date.
pub(crate) fn attribute_date(element: &ElementRef<'_>) -> Option<(PublishedDate, bool)> {
    let value = element.value();
    let attribute = |name: &str| {
        value
            .attr(name)
            .and_then(|text| dates::parse_or_find(text).or_else(|| dates::parse_unix_time(text)))
    };
    let stated = match value.name() {
        "time" | "relative-time" | "local-time" | "time-ago" => {
            DATE_ATTRIBUTES.iter().find_map(|name| attribute(name))
        }
        "meta" => value
            .attr("itemprop")
            .filter(|p| p.starts_with("date"))
            .and_then(|_| attribute("content")),
        "abbr" | "span" | "p" | "div" | "td" | "i" | "li" | "article" | "tr" | "small" => {
            DATE_ATTRIBUTES.iter().find_map(|name| attribute(name)).or_else(|| {
                let dated = class_and_id_words(element).iter().any(|w| {
                    matches!(
                        w.as_str(),
                        "date" | "published" | "timestamp" | "time" | "age" | "ago" | "when"
                    )
                });
                if dated { attribute("content").or_else(|| attribute("title")) } else { None }
            })
        }
        _ => None,
    };
    stated.map(|date| (date, is_update_date(element)))
}

/// Returns whether the date of an element is a modification date rather than a publication date.
pub(crate) fn is_update_date(element: &ElementRef<'_>) -> bool {
    let words = class_and_id_words(element);
    let has_word = |w: &str| words.iter().any(|o| o == w);
    (has_word("updated")
        || has_word("modified")
        || has_word("lastmod")
        || has_word("changed")
        || follows_update_label(element))
        && !has_word("published")
        && !has_word("publish")
}

/// Returns whether the text right before an element announces a modification date: `Last updated:`.
fn follows_update_label(element: &ElementRef<'_>) -> bool {
    let before = element
        .prev_sibling()
        .or_else(|| element.parent().and_then(|p| p.prev_sibling()))
        .map(|node| match node.value() {
            Node::Text(text) => text.trim().to_lowercase(),
            _ => ElementRef::wrap(node)
                .filter(|e| !is_invisible(e))
                .map(text_of)
                .unwrap_or_default()
                .to_lowercase(),
        });
    let before = before.unwrap_or_default();
    let last = before.rsplit(['·', '•', '|', '/', ',', ';', '(']).next().unwrap_or_default().trim();
    last.chars().count() <= 32
        && (contains_update_word(last) || UPDATE_LABELS.iter().any(|label| last.contains(label)))
}

/// Returns whether a text says that its date is a modification date.
pub(crate) fn contains_update_word(text: &str) -> bool {
    let lower = text.to_lowercase();
    UPDATE_WORDS.iter().any(|word| lower.contains(word))
}
