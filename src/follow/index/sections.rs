//! Posts that stand on the page itself, each under a heading that can be linked to: change logs, and diaries of one page.
//!
//! Deliberately absent: documentation, whose headings tell no dates. The rule kept: most headings of one level must be
//! dated and have an address of their own, else there are no posts here.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};
use url::Url;

use super::{
    super::{
        dates,
        dom::{DEEP, Dom, heading_level, is_unread, text_of},
        head::{seen_date, wording},
        shape,
    },
    item::Item,
    titles::without_date,
};
use crate::model::{DatePrecision, PublishedDate};

/// Items taken from one page.
const ITEMS: usize = 2_000;

/// A heading, and what stands under it.
struct Section {
    level: u8,
    text: String,
    id: Option<String>,
    /// Whether it is a date and nothing else.
    is_date: bool,
    date: Option<PublishedDate>,
    summary: Option<String>,
}

/// The posts of a page that are parts of it.
pub(super) fn read(dom: &Dom, page: &Url) -> Vec<Item> {
    let sections = sections(dom);
    let of_level = |level: u8| -> Vec<&Section> { sections.iter().filter(|s| s.level == level).collect() };
    let is_list = |found: &Vec<&Section>| {
        let dated = found.iter().filter(|s| s.date.is_some() && s.id.is_some()).count();
        found.len() >= 2 && dated >= 2 && dated * 10 >= found.len() * 6
    };
    let lists: Vec<Vec<&Section>> = (1..=5).map(of_level).filter(is_list).collect();
    // Where days are headings of their own, the posts stand below them.
    let is_named = |found: &&Vec<&Section>| found.iter().filter(|s| s.is_date).count() * 2 < found.len();
    let Some(found) = lists.iter().find(is_named).or_else(|| lists.first()) else { return Vec::new() };
    let items = found.iter().filter_map(|section| {
        let mut url = page.clone();
        url.set_fragment(Some(section.id.as_deref()?));
        Some(Item {
            url: Some(url),
            title: Some(section.text.clone()),
            published: Some(section.date?),
            summary: section.summary.as_deref().map(wording::shortened),
            ..Item::default()
        })
    });
    items.take(ITEMS).collect()
}

/// The headings of a page's content in document order, each with the first date and the first paragraph under it.
fn sections(dom: &Dom) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    // A date right before a heading is that heading's, where none stands under it.
    let mut before: Option<PublishedDate> = None;
    let mut skipping = 0_usize;
    for edge in dom.body().traverse() {
        match edge {
            Edge::Open(node) => {
                let Some(element) = ElementRef::wrap(node) else {
                    if let (0, Node::Text(text)) = (skipping, node.value())
                        && let Some(date) = short_date(text, dom.day_first)
                    {
                        note(date, &mut out, &mut before);
                    }
                    continue;
                };
                let name = element.value().name();
                if skipping > 0 || is_unread(&element) || matches!(name, "nav" | "footer") {
                    skipping += 1;
                } else if let Some(level) = heading_level(name) {
                    skipping += 1;
                    let mut section = section(&element, level, before.take(), dom.day_first);
                    let above = out.iter().rev().find(|above| above.level < level);
                    if let (Some(section), Some(above)) = (section.as_mut(), above.filter(|above| above.is_date)) {
                        section.date = section.date.or(above.date);
                    }
                    out.extend(section);
                } else if let Some((date, false)) = seen_date(&element) {
                    note(date, &mut out, &mut before);
                } else if matches!(name, "p" | "li")
                    && let Some(last) = out.last_mut().filter(|s| s.summary.is_none())
                {
                    let text = text_of(element);
                    last.summary = Some(text).filter(|t| t.split(' ').count() >= 5);
                    before = None;
                }
            }
            Edge::Close(node) if skipping > 0 && node.value().is_element() => skipping -= 1,
            Edge::Close(_) => {}
        }
        if out.len() >= ITEMS {
            break;
        }
    }
    out
}

/// A date is that of the heading above it, unless that has one.
fn note(date: PublishedDate, out: &mut [Section], before: &mut Option<PublishedDate>) {
    match out.last_mut() {
        Some(section) if section.date.is_none() && section.summary.is_none() => section.date = Some(date),
        _ => *before = Some(date),
    }
}

fn short_date(text: &str, day_first: bool) -> Option<PublishedDate> {
    let text = text.trim();
    let found = dates::find_in(text, day_first).filter(|_| text.chars().count() <= 40)?;
    (found.date.precision >= DatePrecision::Day).then_some(found.date)
}

fn section(heading: &ElementRef<'_>, level: u8, before: Option<PublishedDate>, day_first: bool) -> Option<Section> {
    let text = text_of(*heading);
    let stated = heading.descendent_elements().find_map(|e| seen_date(&e)).map(|(date, _)| date);
    let (bare, told, _) = without_date(&text);
    let date = stated.or(told).or_else(|| dates::find_in(&text, day_first).map(|f| f.date)).or(before);
    let is_date = dates::heading_date(&text).is_some();
    // `[2.14.0] - 2026-10-28` is the version 2.14.0.
    let named =
        dates::find(&bare).map_or(bare.as_str(), |found| if found.end == bare.len() { &bare[..found.start] } else { &bare });
    let named =
        named.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | '-' | '–' | '—' | ':' | '·' | '|' | ','));
    let bare = if named.is_empty() { bare.clone() } else { named.to_owned() };
    (!text.is_empty()).then(|| Section { level, text: bare, id: fragment(heading), is_date, date, summary: None })
}

/// What a heading can be linked to by: its own name, that of a link in it, or that of the element that it opens.
fn fragment(heading: &ElementRef<'_>) -> Option<String> {
    let own = |e: &ElementRef<'_>| e.attr("id").or_else(|| e.attr("name").filter(|_| e.value().name() == "a")).map(str::to_owned);
    let linked = || {
        let mut links = heading.descendent_elements().filter_map(|e| e.attr("href"));
        links.find_map(|href| href.strip_prefix('#')).map(str::to_owned)
    };
    let opened = || {
        heading
            .ancestors()
            .take(DEEP.min(4))
            .filter_map(ElementRef::wrap)
            .take_while(|a| matches!(a.value().name(), "article" | "section" | "div" | "li" | "header"))
            .find(|a| {
                let mut headings = a.descendent_elements().filter(|e| heading_level(e.value().name()).is_some());
                a.attr("id").is_some() && headings.next().is_some_and(|first| first.id() == heading.id())
            })
            .and_then(|a| a.attr("id").map(str::to_owned))
    };
    let child = || heading.descendent_elements().skip(1).find_map(|e| own(&e));
    own(heading).or_else(linked).or_else(child).or_else(opened).filter(|id| !id.trim().is_empty() && id.len() <= 200)
}

/// Whether an address is a part of the page itself.
pub(super) fn is_part(url: &Url, page: &Url) -> bool {
    url.fragment().is_some() && shape::key(url) == shape::key(page)
}
