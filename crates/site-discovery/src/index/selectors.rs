//! Items by the selectors of `[source.page]`: `selector`, `selector@attribute`, or `@attribute` of
//! the item itself.
//!
//! Entry points: [`Selectors`] and [`validate_selectors`]. Nothing is guessed, and an invalid
//! selector is an error with its key.

use scraper::{ElementRef, Selector};
use url::Url;

use feed_model::PageSelectors;

use super::{
    extractor::{Certainty, Extractor},
    item::IndexItem,
};
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

/// The selectors of one source, ready to use.
pub(super) struct Selectors {
    item_text: String,
    item: Selector,
    title: Option<FieldSelector>,
    link: FieldSelector,
    date: Option<FieldSelector>,
    summary: Option<FieldSelector>,
    category: Option<FieldSelector>,
}

impl Selectors {
    /// Parses the selectors. An invalid one is an error with its key.
    pub fn parse(selectors: &PageSelectors) -> Result<Self, DiscoveryError> {
        let invalid = |field, selector: &str, reason| DiscoveryError::InvalidSelector {
            field,
            selector: selector.to_owned(),
            reason,
        };
        let field = |field: &'static str, text: &str| {
            FieldSelector::parse(text).map_err(|reason| invalid(field, text, reason))
        };
        let optional = |name: &'static str, text: &Option<String>| {
            text.as_deref().map(|text| field(name, text)).transpose()
        };
        let item = field("item", &selectors.item)?.selector;
        Ok(Self {
            item_text: selectors.item.clone(),
            item: item.ok_or_else(|| invalid("item", &selectors.item, "it is empty".to_owned()))?,
            title: optional("title", &selectors.title)?,
            link: field("link", selectors.link.as_deref().unwrap_or("a@href"))?,
            date: optional("date", &selectors.date)?,
            summary: optional("summary", &selectors.summary)?,
            category: optional("category", &selectors.category)?,
        })
    }

    /// Returns an item with what the selectors find in an element.
    fn item(&self, element: ElementRef<'_>, dom: &Dom, page: &Url) -> IndexItem {
        let first = |part: &Option<FieldSelector>| {
            part.as_ref().and_then(|p| p.texts(element).into_iter().next())
        };
        let link_text =
            || self.link.elements(element).into_iter().map(text_of).find(|text| !text.is_empty());
        let published = self.date.as_ref().and_then(|p| {
            let in_text = p.texts(element).iter().find_map(|t| dates::parse_or_find(t));
            in_text.or_else(|| p.elements(element).iter().find_map(element_date))
        });
        let mut item = IndexItem {
            title: if self.title.is_some() { first(&self.title) } else { link_text() },
            url: address(&self.link, element, dom).filter(|url| url != page),
            published,
            summary: first(&self.summary).map(|text| truncate_summary(&text)),
            ..IndexItem::default()
        };
        for term in self.category.iter().flat_map(|p| p.texts(element)) {
            item.add_category(&term);
        }
        item
    }
}

impl Extractor for Selectors {
    fn certainty(&self) -> Certainty {
        Certainty::Configured
    }

    fn reason(&self, _count: usize) -> String {
        format!("page.item = \"{}\" selects the posts", self.item_text)
    }

    /// Items with neither title nor link are skipped.
    fn extract(&self, dom: &Dom, page: &Url) -> Vec<IndexItem> {
        dom.html
            .select(&self.item)
            .take(MAX_ITEMS)
            .map(|element| self.item(element, dom, page))
            .filter(|item| item.title.is_some() || item.url.is_some())
            .collect()
    }
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
