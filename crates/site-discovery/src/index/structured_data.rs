//! Posts that a page marks up: microformats (`h-entry`) and JSON-LD lists.
//!
//! Nested `h-entry` elements are left out. A note without a name keeps its text as the summary.

use scraper::{ElementRef, Selector};
use serde_json::Value;

use super::item::IndexItem;
use crate::{
    dates,
    dom::{Dom, compile_selector, text_of},
    json_ld::{self, JsonLdGraph, is_article},
    text::truncate_summary,
};

/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

/// Returns the `h-entry` elements of a page that have a URL, and a name or a text.
pub(super) fn read_microformats(dom: &Dom) -> Vec<IndexItem> {
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

/// Returns the posts of a `Blog`, an `ItemList` or several articles in JSON-LD that have a name and
/// a URL.
pub(super) fn read_json_ld_lists(dom: &Dom) -> Vec<IndexItem> {
    let graph = JsonLdGraph::read(dom);
    let mut out: Vec<IndexItem> = Vec::new();
    for object in graph.objects() {
        for key in ["blogPost", "blogPosts", "itemListElement", "hasPart"] {
            // A breadcrumb is also a list.
            if json_ld::has_type(object, &["BreadcrumbList", "SiteNavigationElement"]) {
                continue;
            }
            let list =
                object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            out.extend(
                list.iter()
                    .take(MAX_ITEMS)
                    .filter_map(|value| item_from_json_ld(graph.resolve(value), &graph, dom)),
            );
        }
    }
    if out.is_empty() {
        let articles: Vec<&Value> = graph.objects().iter().filter(|o| is_article(o)).collect();
        if articles.len() >= 2 {
            out.extend(
                articles
                    .into_iter()
                    .take(MAX_ITEMS)
                    .filter_map(|value| item_from_json_ld(value, &graph, dom)),
            );
        }
    }
    out
}

fn item_from_json_ld(value: &Value, graph: &JsonLdGraph, dom: &Dom) -> Option<IndexItem> {
    let value = value.get("item").filter(|i| i.is_object()).map_or(value, |i| graph.resolve(i));
    let get = |keys: &[&str]| keys.iter().find_map(|k| value.get(*k).and_then(json_ld::text));
    let address =
        |v: &Value| v.as_str().or_else(|| v.get("@id").and_then(Value::as_str)).map(str::to_owned);
    let url =
        ["url", "mainEntityOfPage", "@id"].iter().find_map(|k| value.get(*k).and_then(address))?;
    let mut item = IndexItem {
        url: Some(dom.url(&url)?),
        title: Some(get(&["headline", "name"])?),
        published: get(&["datePublished", "dateCreated"]).as_deref().and_then(dates::parse_or_find),
        updated: get(&["dateModified"]).as_deref().and_then(dates::parse_or_find),
        summary: get(&["description", "abstract"]).map(|t| truncate_summary(&t)),
        authors: graph.authors(value).into_iter().map(|p| p.name).collect(),
        ..IndexItem::default()
    };
    item.image = json_ld::images(graph, value).iter().find_map(|i| dom.url(i));
    for term in json_ld::texts(value.get("articleSection"))
        .into_iter()
        .chain(json_ld::keywords(value.get("keywords")))
    {
        item.add_category(&term);
    }
    Some(item)
}
