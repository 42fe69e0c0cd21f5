//! Posts in a page's JSON-LD: lists of posts, and several articles.

use serde_json::Value;
use url::Url;

use super::{
    extractor::{Certainty, Extractor},
    item::IndexItem,
};
use crate::{
    dates,
    dom::Dom,
    json_ld::{self, JsonLdGraph, is_article},
    text::truncate_summary,
};

/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

/// The posts of a `Blog`, an `ItemList` or several articles in JSON-LD that have a name and a URL.
pub(super) struct JsonLdLists;

impl Extractor for JsonLdLists {
    fn certainty(&self) -> Certainty {
        Certainty::Stated
    }

    fn reason(&self, _count: usize) -> String {
        "the posts are in the page's JSON-LD".to_owned()
    }

    fn extract(&self, dom: &Dom, _page: &Url) -> Vec<IndexItem> {
        read(dom)
    }
}

fn read(dom: &Dom) -> Vec<IndexItem> {
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
