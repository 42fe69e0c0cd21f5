//! Lists beside the posts of a page that go on with older posts.
//!
//! Generators show the newest posts with their texts, and the titles of more posts in a panel or in
//! lists by subject (Docusaurus, themes of Hugo and Jekyll). Such a list is recognised by its first
//! links: they are posts of the page, in the page's order. A list in another order, such as one of
//! popular posts, would bring up old posts whenever it changes.

use std::collections::{HashMap, HashSet};

use scraper::ElementRef;
use url::Url;

use super::{
    generic_links::{is_generic_text, is_navigation_text},
    item::IndexItem,
    post_lists::is_recommendation_heading,
};
use crate::{
    dom::{Dom, compile_selector, text_of},
    url_shape,
};

/// The maximum number of links of one list.
const MAX_LINKS: usize = 1_000;

/// Returns the posts of such lists that are not among the items of the page, in document order.
pub(super) fn read(dom: &Dom, page: &Url, items: &[IndexItem]) -> Vec<IndexItem> {
    let positions: HashMap<String, usize> =
        items.iter().enumerate().filter_map(|(at, item)| Some((item.key()?, at))).collect();
    let directory_of = |item: &IndexItem| item.url.as_ref().map(url_shape::directory);
    let mut out: Vec<IndexItem> = Vec::new();
    if items.len() < 2 {
        return out;
    }
    let mut known: HashSet<String> = positions.keys().cloned().collect();
    for list in dom.all("nav, aside, ul, ol") {
        let Some(links) = links_of(list, dom, page) else {
            continue;
        };
        let first: Vec<usize> =
            links.iter().map_while(|(key, _)| positions.get(key).copied()).collect();
        let rest = &links[first.len()..];
        let begins_with_posts = first.len() >= 2
            && first.is_sorted()
            && rest.iter().all(|(key, _)| !positions.contains_key(key));
        // All posts of a subject are in the list of the subject.
        let directories: HashSet<Option<String>> =
            links.iter().map(|(_, item)| directory_of(item)).collect();
        let repeats_all = || {
            let of_subject = items.iter().filter(|item| directories.contains(&directory_of(item)));
            of_subject.count() == first.len()
        };
        let is_post = |item: &IndexItem| {
            item.url.as_ref().is_some_and(|url| {
                url_shape::same_site(url, page)
                    && !url_shape::is_list(url)
                    && !url_shape::is_static_page(url)
                    && !url_shape::is_file(url)
            }) && items.iter().any(|known| directory_of(known) == directory_of(item))
        };
        if !begins_with_posts
            || rest.is_empty()
            || !repeats_all()
            || !rest.iter().all(|(_, item)| is_post(item))
            || is_recommendation_box(list)
        {
            continue;
        }
        for (key, item) in rest {
            if known.insert(key.clone()) {
                out.push(item.clone());
            }
        }
    }
    out
}

/// Returns the links of a list with their keys, each post once. A list with something else than
/// titles has none.
fn links_of(list: ElementRef<'_>, dom: &Dom, page: &Url) -> Option<Vec<(String, IndexItem)>> {
    let own_key = url_shape::comparison_key(page);
    let mut known = HashSet::new();
    let mut out = Vec::new();
    for link in list.select(&compile_selector("a[href]")).take(MAX_LINKS) {
        let mut url = dom.url(link.attr("href").unwrap_or_default())?;
        url.set_fragment(None);
        let key = url_shape::comparison_key(&url);
        let title = text_of(link);
        if key == own_key || is_generic_text(&title) || is_navigation_text(&title) {
            return None;
        }
        if known.insert(key.clone()) {
            let item = IndexItem { url: Some(url), title: Some(title), ..IndexItem::default() };
            out.push((key, item));
        }
    }
    Some(out)
}

/// Returns whether the text directly before a list or at its beginning is the heading of a box of
/// recommended posts.
fn is_recommendation_box(list: ElementRef<'_>) -> bool {
    let before = list.prev_siblings().find_map(ElementRef::wrap);
    let within = list.children().find_map(ElementRef::wrap);
    before.into_iter().chain(within).any(|text| is_recommendation_heading(&text_of(text)))
}
