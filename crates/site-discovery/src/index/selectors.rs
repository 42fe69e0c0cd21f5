//! Items by the selectors of `[source.page]`: `selector`, `selector@attribute`, or `@attribute` of
//! the item itself.
//!
//! Entry points: [`read`] and [`validate_selectors`]. Nothing is guessed, and an invalid selector
//! is an error with its key.

use scraper::{ElementRef, Selector};
use url::Url;

use feed_model::PageSelectors;

use super::item::IndexItem;
use crate::{
    dates,
    dom::{Dom, text_of},
    element_date::element_date,
    error::DiscoveryError,
    text::truncate_summary,
};

/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

/// Returns every invalid selector: its key, and what is wrong with it.
pub fn validate_selectors(selectors: &PageSelectors) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if selectors.item.trim().is_empty() {
        out.push(("item", "a selector for the items is required, such as \"article\"".to_owned()));
    }
    for (field, text) in fields(selectors) {
        if let Err(reason) = FieldSelector::parse(text) {
            out.push((field, reason));
        }
    }
    out
}

fn fields(selectors: &PageSelectors) -> Vec<(&'static str, &str)> {
    let optional = [
        ("title", &selectors.title),
        ("link", &selectors.link),
        ("date", &selectors.date),
        ("summary", &selectors.summary),
        ("category", &selectors.category),
    ];
    std::iter::once(("item", selectors.item.as_str()))
        .chain(optional.into_iter().filter_map(|(f, s)| s.as_deref().map(|s| (f, s))))
        .collect()
}

/// A selector with an optional attribute.
struct FieldSelector {
    /// `None` selects the item itself.
    selector: Option<Selector>,
    attribute: Option<String>,
}

impl FieldSelector {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        // An `@` within brackets or quotes is part of the CSS selector.
        let at = text.rfind('@').filter(|at| !text[*at..].contains([']', '"', '\'', ')']));
        let (selector, attribute) = match at {
            Some(at) => (text[..at].trim(), Some(text[at + 1..].trim().to_owned())),
            None => (text, None),
        };
        if attribute.as_ref().is_some_and(|a| a.is_empty() || a.contains(char::is_whitespace)) {
            return Err(format!("`{text}` has no attribute after its @"));
        }
        let selector = match selector {
            "" => None,
            css => Some(
                Selector::parse(css)
                    .map_err(|error| format!("`{css}` is not a CSS selector: {error}"))?,
            ),
        };
        Ok(Self { selector, attribute })
    }

    fn elements<'a>(&self, item: ElementRef<'a>) -> Vec<ElementRef<'a>> {
        match &self.selector {
            None => vec![item],
            Some(selector) => item.select(selector).collect(),
        }
    }

    fn texts(&self, item: ElementRef<'_>) -> Vec<String> {
        let value = |e: ElementRef<'_>| {
            self.attribute
                .as_deref()
                .map_or_else(|| Some(text_of(e)), |a| e.attr(a).map(|v| v.trim().to_owned()))
        };
        self.elements(item).into_iter().filter_map(value).filter(|t| !t.is_empty()).collect()
    }
}

/// Returns the items that the selectors match, in document order. Items with neither title nor link
/// are skipped.
pub(super) fn read(
    dom: &Dom,
    page: &Url,
    selectors: &PageSelectors,
) -> Result<Vec<IndexItem>, DiscoveryError> {
    let part = |field: &'static str, text: Option<&str>| {
        text.map(|text| {
            FieldSelector::parse(text).map_err(|reason| DiscoveryError::InvalidSelector {
                field,
                selector: text.to_owned(),
                reason,
            })
        })
        .transpose()
    };
    let item = part("item", Some(&selectors.item))?.and_then(|p| p.selector);
    let Some(item) = item else {
        return Err(DiscoveryError::InvalidSelector {
            field: "item",
            selector: selectors.item.clone(),
            reason: "it is empty".to_owned(),
        });
    };
    let title = part("title", selectors.title.as_deref())?;
    let link = part("link", Some(selectors.link.as_deref().unwrap_or("a@href")))?;
    let date = part("date", selectors.date.as_deref())?;
    let summary = part("summary", selectors.summary.as_deref())?;
    let category = part("category", selectors.category.as_deref())?;
    let mut out = Vec::new();
    for element in dom.html.select(&item).take(MAX_ITEMS) {
        let first = |part: &Option<FieldSelector>| {
            part.as_ref().and_then(|p| p.texts(element).into_iter().next())
        };
        let mut item = IndexItem { title: first(&title), ..IndexItem::default() };
        item.url = link.as_ref().and_then(|p| address(p, element, dom)).filter(|u| u != page);
        if title.is_none() {
            item.title = link
                .as_ref()
                .and_then(|p| p.elements(element).into_iter().map(text_of).find(|t| !t.is_empty()));
        }
        item.published = date.as_ref().and_then(|p| {
            let in_text = p.texts(element).iter().find_map(|t| dates::parse_or_find(t));
            in_text.or_else(|| p.elements(element).iter().find_map(element_date))
        });
        item.summary = first(&summary).map(|t| truncate_summary(&t));
        for term in category.iter().flat_map(|p| p.texts(element)) {
            item.add_category(&term);
        }
        if item.title.is_some() || item.url.is_some() {
            out.push(item);
        }
    }
    Ok(out)
}

/// Returns the URL of an item: the attribute of the selected element, otherwise of the item itself.
fn address(part: &FieldSelector, item: ElementRef<'_>, dom: &Dom) -> Option<Url> {
    let attribute = part.attribute.as_deref().unwrap_or("href");
    let selected = part.elements(item).into_iter().find_map(|e| e.attr(attribute));
    selected
        .or_else(|| item.attr(attribute))
        .filter(|h| !h.trim().is_empty())
        .and_then(|href| dom.url(href))
}
