//! The posts of an index page, as drafts.
//!
//! Entry point: [`read_index_page`]. The operator's selectors decide if there are any. Otherwise
//! each kind of evidence is read by an `extractor`, and `extraction` makes the items of what they
//! found.

mod anchors;
mod candidate;
mod candidates;
mod changelog;
mod class_words;
mod embedded_json;
mod extraction;
mod extractor;
mod flattened_json;
mod generic_links;
mod item;
mod item_fields;
mod item_regions;
mod json_ld_lists;
mod microformats;
mod post_lists;
mod selectors;
mod side_lists;
mod suggest;
mod text_runs;
mod titles;

use std::collections::HashMap;

use url::Url;

use feed_model::{Draft, PageSelectors, Problem};

use self::{extractor::Extractor, item::IndexItem, selectors::Selectors};
pub use self::{selectors::validate_selectors, suggest::suggest_selectors};
use crate::{
    dom::{Dom, rels, text_of},
    error::DiscoveryError,
    json_ld::JsonLdGraph,
    page::Page,
    text::{collapse_whitespace, normalized},
    url_shape,
};

/// The content of an index page.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPage {
    /// The posts in the page's order; never empty.
    pub drafts: Vec<Draft>,
    /// The title of the site.
    pub site_title: Option<String>,
    /// The page's own description. If its posts have the same, it is about the site.
    pub description: Option<String>,
    /// How the posts were recognised, in one sentence.
    pub reason: String,
    /// Problems found on the page.
    pub problems: Vec<Problem>,
    /// The hubs that its head names (WebSub §4).
    pub hubs: Vec<Url>,
    /// The address that its head names as its own.
    pub self_url: Option<Url>,
}

/// Reads an index page. With `selectors`, only these are used.
pub fn read_index_page(
    page: &Page<'_>,
    selectors: Option<&PageSelectors>,
) -> Result<IndexPage, DiscoveryError> {
    let dom = Dom::read(page);
    let (items, reason) = if let Some(selectors) = selectors {
        let selectors = Selectors::parse(selectors)?;
        let items = selectors.extract(&dom, page.url);
        let reason = selectors.reason(items.len());
        (items, reason)
    } else {
        let (mut items, reason) = extraction::read(&dom, page.url);
        drop_repeated_summaries(&mut items);
        if let Some(topic) = page_topic(&dom, page.url) {
            for item in &mut items {
                item.add_category(&topic);
            }
        }
        (items, reason)
    };
    if items.is_empty() {
        let reason = match selectors {
            Some(selectors) => format!(
                "page.item = \"{}\" matches no element with a title or a link",
                selectors.item
            ),
            None => "the page has no microformats, JSON-LD, embedded data or repeated list of \
                     links with posts; set selectors in [source.page] to name them"
                .to_owned(),
        };
        return Err(DiscoveryError::NoPosts { url: page.url.to_string(), reason });
    }
    let mut problems = Vec::new();
    let count_without = |has: &dyn Fn(&IndexItem) -> bool| items.iter().filter(|i| !has(i)).count();
    let undated = count_without(&|i| i.published.is_some());
    if undated > 0 {
        problems.push(Problem::note(
            "undated",
            format!("{undated} of {} items have no publication date", items.len()),
        ));
    }
    let unlinked = count_without(&|i| i.url.is_some());
    if unlinked > 0 {
        problems.push(Problem::warning(
            "unlinked",
            format!("{unlinked} of {} items have no link", items.len()),
        ));
    }
    let language = dom
        .first("html[lang]")
        .and_then(|e| e.attr("lang"))
        .and_then(feed_model::language::parse_page_tag);
    let drafts = items
        .into_iter()
        .map(|item| {
            let mut draft = item.into_draft(&dom.base);
            draft.language = draft.language.or_else(|| language.clone());
            draft
        })
        .collect();
    let description = dom
        .first("meta[property='og:description'][content], meta[name='description'][content]")
        .and_then(|e| e.attr("content"))
        .map(|text| collapse_whitespace(&feed_parser::plain_text(text)));
    Ok(IndexPage {
        drafts,
        site_title: site_title(&dom),
        description,
        reason,
        problems,
        hubs: head_links(&dom, "hub"),
        self_url: head_links(&dom, "self").into_iter().next(),
    })
}

/// Returns the targets of `<link>` elements with a relation. Those in the body do not count: a
/// comment could contain them (WebSub §8.1).
fn head_links(dom: &Dom, rel: &str) -> Vec<Url> {
    let links = dom.all("head link[rel][href]");
    let named = links.iter().filter(|link| rels(link).iter().any(|name| name == rel));
    named.filter_map(|link| link.attr("href").and_then(|href| dom.url(href))).collect()
}

/// Removes a summary that several items share: a text of the site, not of a post.
fn drop_repeated_summaries(items: &mut [IndexItem]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for summary in items.iter().filter_map(|item| item.summary.clone()) {
        *counts.entry(summary).or_default() += 1;
    }
    for item in items {
        let count = |text: &String| counts.get(text).copied().unwrap_or_default();
        item.summary = item.summary.take().filter(|text| count(text) < 3);
    }
}

/// Returns the subject of a page that lists the posts of one subject: its heading, if the URL names
/// the same subject.
fn page_topic(dom: &Dom, page: &Url) -> Option<String> {
    let parts = url_shape::segments(page);
    let [.., kind, slug] = parts.as_slice() else {
        return None;
    };
    if !matches!(
        *kind,
        "tag" | "tags" | "category" | "categories" | "topic" | "topics" | "series" | "section"
    ) {
        return None;
    }
    let slug = normalized(slug);
    dom.all("h1, h2").iter().map(|h| text_of(*h)).find_map(|heading| {
        let after = heading
            .rsplit(['“', '"', ':', '#', '”'])
            .map(collapse_whitespace)
            .find(|p| normalized(p) == slug);
        after.or_else(|| (normalized(&heading) == slug).then_some(heading))
    })
}

fn site_title(dom: &Dom) -> Option<String> {
    let meta = dom
        .first("meta[property='og:site_name'][content]")
        .and_then(|e| e.attr("content"))
        .map(collapse_whitespace);
    let graph = || JsonLdGraph::read(dom).site_name();
    let title = || dom.first("head > title").map(text_of);
    meta.filter(|t| !t.is_empty()).or_else(graph).or_else(title).filter(|t| !t.is_empty())
}
