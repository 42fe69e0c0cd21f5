//! Posts that a page marks with microformats (`h-entry`).
//!
//! Nested `h-entry` elements are left out. A note without a name keeps its text as the summary.

use scraper::{ElementRef, Selector};
use url::Url;

use super::{
    extractor::{Certainty, Extractor},
    item::IndexItem,
};
use crate::{
    dates,
    dom::{Dom, compile_selector, text_of},
    text::truncate_summary,
};

/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

/// The `h-entry` elements of a page that have a URL, and a name or a text.
pub(super) struct Microformats;

impl Extractor for Microformats {
    fn certainty(&self) -> Certainty {
        Certainty::Stated
    }

    fn reason(&self, _count: usize) -> String {
        "the posts are marked with microformats (h-entry)".to_owned()
    }

    fn extract(&self, dom: &Dom, _page: &Url) -> Vec<IndexItem> {
        read(dom)
    }
}

fn read(dom: &Dom) -> Vec<IndexItem> {
    let name = compile_selector(".p-name");
    let link = compile_selector("a.u-url, .u-url a, a.u-uid");
    let first_link = compile_selector("a[href]");
    let published = compile_selector(".dt-published");
    let updated = compile_selector(".dt-updated");
    let summary = compile_selector(".p-summary");
    let content = compile_selector(".e-content, .p-content");
    let category = compile_selector(".p-category");
    let author = compile_selector(".p-author");
    let image = compile_selector("img.u-photo, img.u-featured");
    let entries = dom.all(".h-entry");
    let is_nested = |e: &ElementRef<'_>| {
        e.ancestors()
            .filter_map(ElementRef::wrap)
            .any(|a| a.value().classes().any(|c| c == "h-entry"))
    };
    let mut out = Vec::new();
    for entry in entries.into_iter().filter(|e| !is_nested(e)).take(MAX_ITEMS) {
        let first = |selector: &Selector| entry.select(selector).next();
        let named = first(&name);
        let own_link = if entry.value().name() == "a" { Some(entry) } else { None };
        let href = first(&link)
            .or_else(|| named.filter(|n| n.value().name() == "a"))
            .or_else(|| named.and_then(|n| n.select(&first_link).next()))
            .or(own_link)
            .and_then(|a| a.attr("href"));
        let Some(url) = href.and_then(|h| dom.url(h)) else {
            continue;
        };
        let date = |selector: &Selector| {
            first(selector).and_then(|e| {
                e.attr("datetime")
                    .or_else(|| e.attr("title"))
                    .or_else(|| e.attr("value"))
                    .and_then(dates::parse_or_find)
                    .or_else(|| dates::parse_or_find(&text_of(e)))
            })
        };
        let mut item = IndexItem {
            url: Some(url),
            title: named.map(text_of).filter(|t| !t.is_empty()),
            published: date(&published),
            updated: date(&updated),
            ..IndexItem::default()
        };
        let text = first(&summary)
            .or_else(|| first(&content).filter(|_| item.title.is_none()))
            .map(text_of)
            .filter(|t| !t.is_empty());
        item.summary = text.map(|t| truncate_summary(&t));
        if item.title.is_none() && item.summary.is_none() {
            continue;
        }
        if item.title == item.summary {
            item.title = None;
        }
        item.image = first(&image).and_then(|i| i.attr("src")).and_then(|s| dom.url(s));
        for element in entry.select(&category) {
            item.add_category(&text_of(element));
        }
        for element in entry.select(&author).take(8) {
            let text = text_of(element);
            if !text.is_empty() && text.chars().count() <= 80 && !item.authors.contains(&text) {
                item.authors.push(text);
            }
        }
        out.push(item);
    }
    out
}
