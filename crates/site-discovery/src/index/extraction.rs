//! Comparison of what the extractors found, and the items of a page made of it.
//!
//! Entry point: [`read`]. The extraction with the highest score leads: its items are the posts. The
//! others fill in the fields that it lacks.

use std::collections::HashMap;

use url::Url;

use super::{
    changelog::{self, Sections},
    extractor::{Certainty, EXTRACTORS, Extractor},
    item::IndexItem,
    side_lists,
};
use crate::{dom::Dom, url_shape};

/// The items that one extractor found.
struct Extraction {
    extractor: &'static dyn Extractor,
    items: Vec<IndexItem>,
}

impl Extraction {
    fn read(extractor: &'static dyn Extractor, dom: &Dom, page: &Url) -> Self {
        let mut items = extractor.extract(dom, page);
        if extractor.certainty() == Certainty::Stated {
            items.retain(|item| is_usable(item, page));
        }
        Self { extractor, items }
    }

    /// Returns how well the items show the posts of the page, and `None` if they do not.
    ///
    /// What a page states must cover most of the items that its structure shows; a list of other
    /// things describes something else. Links to other sites count only if what the page states
    /// leads there too, because the texts of notes have such links. Headings of a change log that
    /// link to another site lead to the code, not to the entry.
    fn score(&self, shown: &HashMap<String, bool>, page: &Url) -> Option<Certainty> {
        let certainty = self.extractor.certainty();
        let leads_elsewhere = self.items.iter().any(|item| !is_on_site(item, page));
        let expected = shown.values().filter(|own| **own || leads_elsewhere).count();
        let keys = self.items.iter().filter_map(IndexItem::key);
        let covered = keys.filter(|key| shown.contains_key(key)).count();
        let is_complete = certainty == Certainty::Likely
            || covered * 10 >= expected * 6 && self.items.len() >= shown.len() - expected;
        let leads_to_code = |item: &IndexItem| is_version_title(item) && !is_on_site(item, page);
        let is_changelog = self.items.iter().all(leads_to_code);
        (!self.items.is_empty() && is_complete && !is_changelog).then_some(certainty)
    }
}

/// Recognises the items of a page without selectors, and returns how.
pub(super) fn read(dom: &Dom, page: &Url) -> (Vec<IndexItem>, String) {
    let extractions: Vec<Extraction> =
        EXTRACTORS.iter().map(|extractor| Extraction::read(*extractor, dom, page)).collect();
    // Whether each item that the structure shows is on the site of the page.
    let shown: HashMap<String, bool> = extractions
        .iter()
        .filter(|extraction| extraction.extractor.certainty() == Certainty::Likely)
        .flat_map(|extraction| &extraction.items)
        .filter_map(|item| Some((item.key()?, is_on_site(item, page))))
        .collect();
    let scores = extractions.iter().map(|extraction| extraction.score(&shown, page));
    // `max_by_key` returns the last of equals, and the first leads.
    let leader = scores.enumerate().rev().max_by_key(|(_, score)| *score);
    let leader = leader.filter(|(_, score)| score.is_some()).map(|(at, _)| at);
    let (items, reason) = if let Some(at) = leader {
        let Extraction { extractor, items } = &extractions[at];
        (items.clone(), extractor.reason(items.len()))
    } else {
        let items = Sections.extract(dom, page);
        let reason = Sections.reason(items.len());
        (items, reason)
    };
    let mut items = deduplicate(items, page);
    items.extend(side_lists::read(dom, page, &items));
    for (at, others) in extractions.iter().enumerate() {
        if Some(at) != leader {
            fill_missing(&mut items, &others.items, page);
        }
    }
    (items, reason)
}

/// Returns whether an item has a title or a dated text, and leads to another page of a site.
fn is_usable(item: &IndexItem, page: &Url) -> bool {
    (item.title.is_some() || item.published.is_some() && item.summary.is_some())
        && item.url.as_ref().is_some_and(|url| {
            !url_shape::is_home(url)
                && url_shape::comparison_key(url) != url_shape::comparison_key(page)
        })
}

fn is_on_site(item: &IndexItem, page: &Url) -> bool {
    item.url.as_ref().is_some_and(|url| url_shape::same_site(url, page))
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

/// Fills in the fields that items lack from another extraction.
fn fill_missing(items: &mut [IndexItem], others: &[IndexItem], page: &Url) {
    let by_key: HashMap<String, &IndexItem> =
        others.iter().filter_map(|other| Some((other.key()?, other))).collect();
    let is_section = |item: &IndexItem| {
        item.url.as_ref().is_some_and(|url| changelog::is_fragment_of(url, page))
    };
    for item in items.iter_mut().filter(|item| !is_section(item)) {
        if let Some(other) = item.key().and_then(|key| by_key.get(&key).copied()) {
            // A note that is marked without a name has none.
            let is_note = item.title.is_none() && item.summary.is_some();
            item.fill_missing_from(other);
            if is_note {
                item.title = None;
            }
        }
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
