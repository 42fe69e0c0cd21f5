//! The posts of an index page, as drafts.
//!
//! Entry point: [`read_index_page`]. The operator's selectors decide if there are any. Otherwise
//! there are four extractions: microformats, embedded JSON, JSON-LD and repeated structure. The
//! first that covers most of the posts leads, and the others fill in missing fields. Change logs
//! are the last resort.

mod anchors;
mod candidate;
mod candidates;
mod changelog;
mod class_words;
mod embedded_json;
mod flattened_json;
mod generic_links;
mod item;
mod item_fields;
mod item_regions;
mod post_lists;
mod selectors;
mod side_lists;
mod structured_data;
mod suggest;
mod text_runs;
mod titles;

use std::collections::HashMap;

use url::Url;

use feed_model::{Draft, PageSelectors, Problem};

use self::item::IndexItem;
pub use self::{selectors::validate_selectors, suggest::suggest_selectors};
use crate::{
    dom::{Dom, text_of},
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
}

/// Reads an index page. With `selectors`, only these are used.
pub fn read_index_page(
    page: &Page<'_>,
    selectors: Option<&PageSelectors>,
) -> Result<IndexPage, DiscoveryError> {
    let dom = Dom::read(page);
    let (items, reason) = match selectors {
        Some(selectors) => {
            let items = selectors::read(&dom, page.url, selectors)?;
            (items, format!("page.item = \"{}\" selects the posts", selectors.item))
        }
        None => detect_items(&dom, page.url),
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
    Ok(IndexPage { drafts, site_title: site_title(&dom), description, reason, problems })
}

/// Recognises the items of a page without selectors, and returns how.
fn detect_items(dom: &Dom, page: &Url) -> (Vec<IndexItem>, String) {
    let candidates = candidates::read(dom, page);
    let extractions = [
        (
            structured_data::read_microformats(dom),
            "the posts are marked with microformats (h-entry)",
        ),
        (embedded_json::read(dom, page), "the posts are in the page's embedded data"),
        (structured_data::read_json_ld_lists(dom), "the posts are in the page's JSON-LD"),
    ];
    let candidates_by_key: HashMap<String, &IndexItem> =
        candidates.iter().filter_map(|c| Some((c.key()?, c))).collect();
    let usable = |items: Vec<IndexItem>| -> Vec<IndexItem> {
        items
            .into_iter()
            .filter(|i| {
                (i.title.is_some() || i.published.is_some() && i.summary.is_some())
                    && i.url.as_ref().is_some_and(|u| {
                        !url_shape::is_home(u)
                            && url_shape::comparison_key(u) != url_shape::comparison_key(page)
                    })
            })
            .collect()
    };
    let mut extractions: Vec<(Vec<IndexItem>, &str)> =
        extractions.into_iter().map(|(items, reason)| (usable(items), reason)).collect();
    // An extraction leads if it covers most of the items that the structure shows. One that has
    // other items describes something else.
    let covers_most = |items: &Vec<IndexItem>| {
        let shared = items
            .iter()
            .filter_map(IndexItem::key)
            .filter(|k| candidates_by_key.contains_key(k))
            .count();
        !items.is_empty()
            && (candidates_by_key.is_empty() || shared * 10 >= candidates_by_key.len() * 6)
    };
    let primary = extractions.iter().position(|(items, _)| covers_most(items));
    let (mut items, mut reason) = match primary {
        Some(at) => {
            let (items, reason) = extractions.remove(at);
            (items, reason.to_owned())
        }
        None => (Vec::new(), String::new()),
    };
    if primary.is_none() {
        items.clone_from(&candidates);
        reason = format!("{} links with titles form a list", items.len());
    }
    // If the headings of a change log link to another site, the link leads to the code, not to the
    // entry.
    let is_changelog = !items.is_empty()
        && items.iter().all(|i| {
            is_version_title(i) && i.url.as_ref().is_some_and(|u| !url_shape::same_site(u, page))
        });
    if items.is_empty() || is_changelog {
        items = changelog::read(dom, page);
        reason = format!("{} headings of the page have a date and an anchor", items.len());
    }
    items = deduplicate(items, page);
    items.extend(side_lists::read(dom, page, &items));
    // The other extractions fill in missing fields.
    for (others, _) in extractions.iter().chain(std::iter::once(&(candidates, ""))) {
        let by_key: HashMap<String, &IndexItem> =
            others.iter().filter_map(|o| Some((o.key()?, o))).collect();
        for item in items
            .iter_mut()
            .filter(|i| i.url.as_ref().is_none_or(|u| !changelog::is_fragment_of(u, page)))
        {
            if let Some(other) = item.key().and_then(|k| by_key.get(&k).copied()) {
                // A note that is marked without a name has none.
                let is_note = item.title.is_none() && item.summary.is_some();
                item.fill_missing_from(other);
                if is_note {
                    item.title = None;
                }
            }
        }
    }
    drop_repeated_summaries(&mut items);
    if let Some(topic) = page_topic(dom, page) {
        for item in &mut items {
            item.add_category(&topic);
        }
    }
    (items, reason)
}

/// Returns whether a title is a version number: `v2.14.0`.
fn is_version_title(item: &IndexItem) -> bool {
    item.title.as_deref().is_some_and(|title| {
        let normalized = title.trim_start_matches(['[', 'v', 'V']);
        title.len() <= 24
            && normalized.contains('.')
            && normalized.starts_with(|c: char| c.is_ascii_digit())
            && !title.contains(' ')
    })
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

/// Merges items with the same URL.
fn deduplicate(items: Vec<IndexItem>, page: &Url) -> Vec<IndexItem> {
    let mut out: Vec<IndexItem> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for item in items {
        let key = item
            .url
            .as_ref()
            .filter(|u| changelog::is_fragment_of(u, page))
            .map(Url::to_string)
            .or_else(|| item.key());
        if let Some(at) = key.as_ref().and_then(|k| known.get(k).copied()) {
            out[at].fill_missing_from(&item);
            continue;
        }
        if let Some(key) = key {
            known.insert(key, out.len());
        }
        out.push(item);
    }
    out
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
