//! Suggestion of the selectors of `[source.page]` from the title of one item.
//!
//! Entry point: [`suggest_selectors`]. Every element with that text, and every element around it
//! that has others like it, gives a proposal. The proposal whose items have the most fields wins.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Selector};
use url::Url;

use feed_model::PageSelectors;

use super::{
    class_words::SUMMARY_WORDS, extractor::Extractor, item::IndexItem, selectors::Selectors,
};
use crate::{
    dates,
    dom::{Dom, MAX_ANCESTORS, class_and_id_words, is_invisible, text_of},
    element_date::attribute_date,
    page::Page,
    text::normalized,
};

/// The maximum number of elements with the title that are tried.
const MAX_TITLES: usize = 8;
/// The maximum number of elements around a title that are tried as its item.
const MAX_ITEMS: usize = 12;

/// Returns the selectors that find the item with this title and the items like it, or `None` if no
/// element has the title, or if no other item is like it.
pub fn suggest_selectors(page: &Page<'_>, title: &str) -> Option<PageSelectors> {
    let dom = Dom::read(page);
    let wanted = normalized(title);
    if wanted.is_empty() {
        return None;
    }
    let has_title = |e: &ElementRef<'_>| !is_invisible(e) && normalized(&text_of(*e)) == wanted;
    let titles: Vec<ElementRef<'_>> =
        dom.body().descendent_elements().filter(has_title).take(MAX_TITLES * 4).collect();
    // Of nested elements with the same text, the innermost is the title.
    let innermost =
        titles.iter().filter(|e| !e.descendent_elements().skip(1).any(|c| has_title(&c)));
    innermost
        .take(MAX_TITLES)
        .flat_map(|title| proposals(&dom, *title))
        .filter_map(|proposal| Some((score(&dom, page.url, &proposal, &wanted)?, proposal)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, proposal)| proposal)
}

/// Returns the selectors for each element around a title that may be its item.
fn proposals(dom: &Dom, title: ElementRef<'_>) -> Vec<PageSelectors> {
    let mut out = Vec::new();
    let around = title.ancestors().filter_map(ElementRef::wrap).take(MAX_ITEMS);
    for item in std::iter::once(title).chain(around) {
        if matches!(item.value().name(), "body" | "html" | "main") {
            break;
        }
        let Some(item_selector) = repeated_selector(dom, item) else {
            continue;
        };
        let link = item
            .descendent_elements()
            .filter(|e| e.value().name() == "a" && e.attr("href").is_some())
            .find(|a| {
                *a == title
                    || a.descendent_elements().any(|e| e == title)
                    || title.descendent_elements().any(|e| e == *a)
            });
        let is_own_link = link.is_some_and(|a| a == item);
        let link_selector = match link {
            Some(_) if is_own_link => Some("@href".to_owned()),
            Some(a) => Some(format!("{}@href", own_selector(a, item))),
            None => None,
        };
        out.push(PageSelectors {
            item: item_selector,
            title: (title != item).then(|| own_selector(title, item)),
            link: link_selector.filter(|l| l != "a@href"),
            date: date_selector(item),
            summary: summary_selector(item, title),
            category: None,
        });
    }
    out
}

/// Returns a selector that matches the element and others like it, none within another.
fn repeated_selector(dom: &Dom, element: ElementRef<'_>) -> Option<String> {
    let parent = element.parent().and_then(ElementRef::wrap);
    let name = element.value().name();
    let mut candidates: Vec<String> = classes(element).map(|c| format!("{name}.{c}")).collect();
    if let Some(parent) = parent {
        let parent_name = parent.value().name();
        candidates.extend(classes(parent).map(|c| format!("{parent_name}.{c} > {name}")));
        if let Some(id) = parent.attr("id").filter(|id| is_plain(id)) {
            candidates.push(format!("#{id} > {name}"));
        }
    }
    candidates.push(name.to_owned());
    if let Some(parent) = parent {
        candidates.push(format!("{} > {name}", parent.value().name()));
    }
    candidates.into_iter().find(|candidate| {
        let Ok(selector) = Selector::parse(candidate) else {
            return false;
        };
        let found: Vec<ElementRef<'_>> = dom.html.select(&selector).take(2_000).collect();
        let siblings = found.iter().filter(|e| {
            e.parent().map(|p| p.id()) == element.parent().map(|p| p.id())
                || e.ancestors().nth(1).map(|p| p.id())
                    == element.ancestors().nth(1).map(|p| p.id())
        });
        let ids: HashSet<NodeId> = found.iter().map(|e| e.id()).collect();
        siblings.count() >= 2
            && found
                .iter()
                .all(|e| !e.ancestors().take(MAX_ANCESTORS).any(|a| ids.contains(&a.id())))
    })
}

/// Returns a short selector of an element within an item.
fn own_selector(element: ElementRef<'_>, item: ElementRef<'_>) -> String {
    let name = element.value().name();
    let is_first = |selector: &str| {
        Selector::parse(selector)
            .is_ok_and(|selector| item.select(&selector).next().is_some_and(|e| e == element))
    };
    let by_class = classes(element).map(|c| format!("{name}.{c}")).find(|s| is_first(s));
    let by_parent = || {
        let parent = element.parent().and_then(ElementRef::wrap)?;
        Some(format!("{} > {name}", parent.value().name())).filter(|s| is_first(s))
    };
    let by_name = Some(name.to_owned()).filter(|s| is_first(s));
    by_name.or(by_class).or_else(by_parent).unwrap_or_else(|| name.to_owned())
}

fn date_selector(item: ElementRef<'_>) -> Option<String> {
    let dated = item.descendent_elements().skip(1).find(|e| attribute_date(e).is_some());
    if let Some(element) = dated {
        let selector = own_selector(element, item);
        return Some(match element.attr("datetime") {
            Some(_) => format!("{selector}@datetime"),
            None => selector,
        });
    }
    let in_text = item.descendent_elements().skip(1).find(|e| {
        let text = text_of(*e);
        e.child_elements().next().is_none()
            && text.chars().count() <= 60
            && dates::find(&text).is_some()
    });
    in_text.map(|element| own_selector(element, item))
}

fn summary_selector(item: ElementRef<'_>, title: ElementRef<'_>) -> Option<String> {
    let can_be_summary = |e: &ElementRef<'_>| {
        let text = text_of(*e);
        text.split(' ').count() >= 5
            && *e != title
            && !e.descendent_elements().any(|c| c == title)
            && !title.descendent_elements().any(|c| c == *e)
    };
    let elements: Vec<ElementRef<'_>> =
        item.descendent_elements().skip(1).filter(can_be_summary).collect();
    let marked = elements
        .iter()
        .find(|e| SUMMARY_WORDS.contains_any(class_and_id_words(e).iter().map(String::as_str)));
    let paragraph = || elements.iter().find(|e| matches!(e.value().name(), "p" | "dd"));
    marked.or_else(paragraph).map(|e| own_selector(*e, item))
}

/// Returns how good the items of a proposal are, or `None` if the wanted item or any other is
/// missing.
#[allow(clippy::cast_precision_loss)] // a few thousand at most
fn score(dom: &Dom, page: &Url, proposal: &PageSelectors, wanted: &str) -> Option<f64> {
    let items = Selectors::parse(proposal).ok()?.extract(dom, page);
    let is_wanted = |item: &&IndexItem| {
        item.title.as_deref().is_some_and(|title| normalized(title) == wanted) && item.url.is_some()
    };
    items.iter().find(is_wanted)?;
    let count = items.len() as f64;
    let share = |has: &dyn Fn(&IndexItem) -> bool| {
        items.iter().filter(|item| has(item)).count() as f64 / count
    };
    let whole = share(&|i| i.title.is_some() && i.url.is_some());
    if items.len() < 2 || whole < 0.6 {
        return None;
    }
    Some(
        whole * 3.0
            + share(&|i| i.published.is_some())
            + share(&|i| i.summary.is_some()) * 0.5
            + count.ln() * 0.3
            - proposal.item.len() as f64 * 0.005,
    )
}

/// Returns the classes of an element that name its kind.
fn classes(element: ElementRef<'_>) -> impl Iterator<Item = String> + use<> {
    let names: Vec<String> =
        element.value().classes().filter(|c| is_plain(c)).take(8).map(str::to_owned).collect();
    names.into_iter()
}

/// Returns whether a class or id is a word that needs no escapes and has no number of its own.
fn is_plain(name: &str) -> bool {
    name.len() >= 3
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
}
