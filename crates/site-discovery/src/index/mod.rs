//! The posts that an index page lists, as drafts.
//!
//! Four readings, each in its own file, of which the surest that sees most of the page leads and the others complete it:
//! what the operator selects, what the page marks (microformats, JSON-LD), the data that frameworks embed, and repeated
//! structure. Deliberately absent: fetching what is listed. The rule kept: items in the page's order, each link once, and
//! a page on which nothing is found is an error with a reason.

mod anchors;
mod cards;
mod embedded;
mod fields;
mod flat;
mod item;
mod lists;
mod marked;
mod regions;
mod runs;
mod sections;
mod selectors;
mod signposts;
mod titles;

use std::collections::HashMap;

use url::Url;

use self::item::Item;
pub use self::selectors::validate_selectors;
use super::{
    FollowError, Page,
    dom::{Dom, collapse, text_of},
    head::wording::bare,
    shape,
};
use feed_model::{Draft, PageSelectors, Problem};

/// What an index page lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// The posts in the page's order; never empty.
    pub drafts: Vec<Draft>,
    /// The publication's name.
    pub site_title: Option<String>,
    /// How they were recognised, in one sentence.
    pub because: String,
    /// What was odd.
    pub problems: Vec<Problem>,
}

/// Reads an index page; with `selectors` by these alone.
pub fn index(page: &Page<'_>, selectors: Option<&PageSelectors>) -> Result<Index, FollowError> {
    let dom = Dom::read(page);
    let (items, because) = match selectors {
        Some(selectors) => {
            let items = selectors::read(&dom, page.url, selectors)?;
            (items, format!("page.item = \"{}\" selects them", selectors.item))
        }
        None => found(&dom, page.url),
    };
    if items.is_empty() {
        let because = match selectors {
            Some(selectors) => format!("page.item = \"{}\" matches nothing with a title or a link", selectors.item),
            None => "neither microformats, JSON-LD, embedded data nor a repeated list of links shows any; selectors in [source.page] would name them".to_owned(),
        };
        return Err(FollowError::NothingFound { url: page.url.to_string(), because });
    }
    let mut problems = Vec::new();
    let without = |holds: &dyn Fn(&Item) -> bool| items.iter().filter(|i| !holds(i)).count();
    let undated = without(&|i| i.published.is_some());
    if undated > 0 {
        problems.push(Problem::note("undated", format!("{undated} of {} items tell no date of publication", items.len())));
    }
    let unlinked = without(&|i| i.url.is_some());
    if unlinked > 0 {
        problems.push(Problem::warning("unlinked", format!("{unlinked} of {} items have no link", items.len())));
    }
    let language = dom.first("html[lang]").and_then(|e| e.attr("lang")).and_then(super::head::wording::language_tag);
    let drafts = items
        .into_iter()
        .map(|item| {
            let mut draft = item.into_draft(&dom.base);
            draft.language = draft.language.or_else(|| language.clone());
            draft
        })
        .collect();
    Ok(Index { drafts, site_title: site_title(&dom), because, problems })
}

/// The items of a page without configuration, and how they were recognised.
fn found(dom: &Dom, page: &Url) -> (Vec<Item>, String) {
    let cards = cards::read(dom, page);
    let readings = [
        (marked::microformats(dom), "microformats (h-entry) mark them"),
        (embedded::read(dom, page), "the page's embedded data lists them"),
        (marked::listed(dom), "the page's JSON-LD lists them"),
    ];
    let own: HashMap<String, &Item> = cards.iter().filter_map(|c| Some((c.key()?, c))).collect();
    let usable = |items: Vec<Item>| -> Vec<Item> {
        items
            .into_iter()
            .filter(|i| {
                i.title.is_some() && i.url.as_ref().is_some_and(|u| !shape::is_home(u) && shape::key(u) != shape::key(page))
            })
            .collect()
    };
    let mut readings: Vec<(Vec<Item>, &str)> = readings.into_iter().map(|(items, because)| (usable(items), because)).collect();
    // A reading leads if it sees most of what is seen on the page; one that sees other things speaks of something else.
    let leads = |items: &Vec<Item>| {
        let shared = items.iter().filter_map(Item::key).filter(|k| own.contains_key(k)).count();
        !items.is_empty() && (own.is_empty() || shared * 10 >= own.len() * 6)
    };
    let leader = readings.iter().position(|(items, _)| leads(items));
    let (mut items, mut because) = match leader {
        Some(at) => {
            let (items, because) = readings.remove(at);
            (items, because.to_owned())
        }
        None => (Vec::new(), String::new()),
    };
    if leader.is_none() {
        items.clone_from(&cards);
        because = format!("{} links of one structure stand with their titles in a list", items.len());
    }
    // What a change log's headings link to is the code, not the entry.
    let versions =
        !items.is_empty() && items.iter().all(|i| is_version(i) && i.url.as_ref().is_some_and(|u| !shape::same_site(u, page)));
    if items.is_empty() || versions {
        items = sections::read(dom, page);
        because = format!("{} of the page's own headings are dated and can be linked to", items.len());
    }
    items = once(items, page);
    // The others complete what it saw, and the page's structure decides the order of what both see.
    for (others, _) in readings.iter().chain(std::iter::once(&(cards, ""))) {
        let by_key: HashMap<String, &Item> = others.iter().filter_map(|o| Some((o.key()?, o))).collect();
        for item in items.iter_mut().filter(|i| i.url.as_ref().is_none_or(|u| !sections::is_part(u, page))) {
            if let Some(other) = item.key().and_then(|k| by_key.get(&k).copied()) {
                item.complete_from(other);
            }
        }
    }
    if let Some(topic) = page_topic(dom, page) {
        for item in &mut items {
            item.add_category(&topic);
        }
    }
    (items, because)
}

/// Whether a title is the number of a version: `v2.14.0`.
fn is_version(item: &Item) -> bool {
    item.title.as_deref().is_some_and(|title| {
        let bare = title.trim_start_matches(['[', 'v', 'V']);
        title.len() <= 24 && bare.contains('.') && bare.starts_with(|c: char| c.is_ascii_digit()) && !title.contains(' ')
    })
}

/// One item per link.
fn once(items: Vec<Item>, page: &Url) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for item in items {
        let key = item.url.as_ref().filter(|u| sections::is_part(u, page)).map(Url::to_string).or_else(|| item.key());
        if let Some(at) = key.as_ref().and_then(|k| known.get(k).copied()) {
            out[at].complete_from(&item);
            continue;
        }
        if let Some(key) = key {
            known.insert(key, out.len());
        }
        out.push(item);
    }
    out
}

/// The subject of a page that is a subject's archive: its heading, where its address says the same.
fn page_topic(dom: &Dom, page: &Url) -> Option<String> {
    let parts = shape::segments(page);
    let [.., kind, slug] = parts.as_slice() else { return None };
    if !matches!(*kind, "tag" | "tags" | "category" | "categories" | "topic" | "topics" | "series" | "section") {
        return None;
    }
    let slug = bare(slug);
    dom.all("h1, h2").iter().map(|h| text_of(*h)).find_map(|heading| {
        let after = heading.rsplit(['“', '"', ':', '#', '”']).map(collapse).find(|p| bare(p) == slug);
        after.or_else(|| (bare(&heading) == slug).then_some(heading))
    })
}

fn site_title(dom: &Dom) -> Option<String> {
    let meta = dom.first("meta[property='og:site_name'][content]").and_then(|e| e.attr("content")).map(collapse);
    let graph = || super::head::jsonld::Graph::read(dom).site_name();
    let title = || dom.first("head > title").map(text_of);
    meta.filter(|t| !t.is_empty()).or_else(graph).or_else(title).filter(|t| !t.is_empty())
}
