//! Posts that a page marks as such: microformats (`h-entry`, in an `h-feed` or not), and JSON-LD lists.
//!
//! Deliberately absent: h-feeds within posts, and replies, likes and other notes without a name. The rule kept: what is
//! marked counts as marked, and the rest of the item is left to others to complete.

use scraper::{ElementRef, Selector};
use serde_json::Value;

use super::{
    super::{
        dates,
        dom::{Dom, css, text_of},
        head::{
            jsonld::{self, Graph, is_article},
            wording,
        },
    },
    item::Item,
};

/// Items taken from one page.
const ITEMS: usize = 5_000;

/// The `h-entry` elements of a page that have a name and an address.
pub(super) fn microformats(dom: &Dom) -> Vec<Item> {
    let name = css(".p-name");
    let link = css("a.u-url, .u-url a, a.u-uid");
    let first_link = css("a[href]");
    let published = css(".dt-published");
    let updated = css(".dt-updated");
    let summary = css(".p-summary");
    let category = css(".p-category");
    let author = css(".p-author");
    let image = css("img.u-photo, img.u-featured");
    let entries = dom.all(".h-entry");
    let nested =
        |e: &ElementRef<'_>| e.ancestors().filter_map(ElementRef::wrap).any(|a| a.value().classes().any(|c| c == "h-entry"));
    let mut out = Vec::new();
    for entry in entries.into_iter().filter(|e| !nested(e)).take(ITEMS) {
        let first = |selector: &Selector| entry.select(selector).next();
        let named = first(&name);
        let own_link = if entry.value().name() == "a" { Some(entry) } else { None };
        let href = first(&link)
            .or_else(|| named.filter(|n| n.value().name() == "a"))
            .or_else(|| named.and_then(|n| n.select(&first_link).next()))
            .or(own_link)
            .and_then(|a| a.attr("href"));
        let (Some(named), Some(url)) = (named, href.and_then(|h| dom.url(h))) else { continue };
        let date = |selector: &Selector| {
            first(selector).and_then(|e| {
                e.attr("datetime")
                    .or_else(|| e.attr("title"))
                    .or_else(|| e.attr("value"))
                    .and_then(dates::whole)
                    .or_else(|| dates::whole(&text_of(e)))
            })
        };
        let mut item = Item {
            url: Some(url),
            title: Some(text_of(named)).filter(|t| !t.is_empty()),
            published: date(&published),
            updated: date(&updated),
            ..Item::default()
        };
        item.summary = first(&summary).map(text_of).filter(|t| !t.is_empty()).map(|t| wording::shortened(&t));
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

/// The posts of a `Blog`, an `ItemList` or a row of articles in JSON-LD, where they have a name and an address.
pub(super) fn listed(dom: &Dom) -> Vec<Item> {
    let graph = Graph::read(dom);
    let mut out: Vec<Item> = Vec::new();
    for object in graph.objects() {
        for key in ["blogPost", "blogPosts", "itemListElement", "hasPart"] {
            // A breadcrumb is a list, too.
            if jsonld::has_type(object, &["BreadcrumbList", "SiteNavigationElement"]) {
                continue;
            }
            let list = object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            out.extend(list.iter().take(ITEMS).filter_map(|value| of_json(graph.resolve(value), &graph, dom)));
        }
    }
    if out.is_empty() {
        let articles: Vec<&Value> = graph.objects().iter().filter(|o| is_article(o)).collect();
        if articles.len() >= 2 {
            out.extend(articles.into_iter().take(ITEMS).filter_map(|value| of_json(value, &graph, dom)));
        }
    }
    out
}

fn of_json(value: &Value, graph: &Graph, dom: &Dom) -> Option<Item> {
    let value = value.get("item").filter(|i| i.is_object()).map_or(value, |i| graph.resolve(i));
    let get = |keys: &[&str]| keys.iter().find_map(|k| value.get(*k).and_then(jsonld::text));
    let address = |v: &Value| v.as_str().or_else(|| v.get("@id").and_then(Value::as_str)).map(str::to_owned);
    let url = ["url", "mainEntityOfPage", "@id"].iter().find_map(|k| value.get(*k).and_then(address))?;
    let mut item = Item {
        url: Some(dom.url(&url)?),
        title: Some(get(&["headline", "name"])?),
        published: get(&["datePublished", "dateCreated"]).as_deref().and_then(dates::whole),
        updated: get(&["dateModified"]).as_deref().and_then(dates::whole),
        summary: get(&["description", "abstract"]).map(|t| wording::shortened(&t)),
        authors: graph.people(value).into_iter().map(|p| p.name).collect(),
        ..Item::default()
    };
    item.image = jsonld::images(graph, value).iter().find_map(|i| dom.url(i));
    for term in jsonld::texts(value.get("articleSection")).into_iter().chain(jsonld::keywords(value.get("keywords"))) {
        item.add_category(&term);
    }
    Some(item)
}
