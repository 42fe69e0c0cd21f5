//! Posts that stand on the page itself, each under a heading that can be linked to: change logs,
//! and diaries of one page.
//!
//! Deliberately absent: documentation, whose headings tell no dates. The rule kept: most headings
//! of one level must be dated and have an address of their own, else there are no posts here.

use std::collections::HashMap;

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{ElementRef, Node};
use url::Url;

use feed_model::{DatePrecision, PublishedDate};

use super::{item::IndexItem, titles::split_title_and_date};
use crate::{
    dates::{self, DateOrder},
    dom::{Dom, MAX_ANCESTORS, heading_level, is_invisible, text_of},
    element_date::attribute_date,
    text::truncate_summary,
    url_shape,
};

/// Items taken from one page.
const MAX_ITEMS: usize = 2_000;

/// A heading, and what stands under it.
struct HeadingSection {
    level: u8,
    text: String,
    node: NodeId,
    id: Option<String>,
    /// Whether it is a date and nothing else.
    is_date: bool,
    date: Option<PublishedDate>,
    /// A date that its text speaks of, where nothing tells another.
    date_in_text: Option<PublishedDate>,
    summary: Option<String>,
}

impl HeadingSection {
    fn published(&self) -> Option<PublishedDate> {
        self.date.or(self.date_in_text)
    }
}

/// The posts of a page that are parts of it.
pub(super) fn read(dom: &Dom, page: &Url) -> Vec<IndexItem> {
    let sections = read_sections(dom);
    let of_level = |level: u8| -> Vec<&HeadingSection> {
        sections.iter().filter(|s| s.level == level).collect()
    };
    let is_list = |found: &Vec<&HeadingSection>| {
        let dated = found.iter().filter(|s| s.published().is_some() && s.id.is_some()).count();
        found.len() >= 2 && dated >= 2 && dated * 10 >= found.len() * 6
    };
    let lists: Vec<Vec<&HeadingSection>> = (1..=5).map(of_level).filter(is_list).collect();
    // Where days are headings of their own, the posts stand below them.
    let is_named = |found: &&Vec<&HeadingSection>| {
        found.iter().filter(|s| s.is_date).count() * 2 < found.len()
    };
    let Some(found) = lists.iter().find(is_named).or_else(|| lists.first()) else {
        return Vec::new();
    };
    let items = found.iter().filter_map(|section| {
        let mut url = page.clone();
        url.set_fragment(Some(section.id.as_deref()?));
        Some(IndexItem {
            url: Some(url),
            title: Some(section.text.clone()),
            published: Some(section.published()?),
            summary: section.summary.as_deref().map(truncate_summary),
            ..IndexItem::default()
        })
    });
    items.take(MAX_ITEMS).collect()
}

/// Which headings stand alone in an element, so that what else stands there is theirs, before them
/// or behind.
struct SoleHeadings {
    /// How many headings of each level an element holds, and the last of them.
    heading_counts: HashMap<NodeId, [(usize, Option<NodeId>); 7]>,
    /// How many of each level the page has.
    all: [usize; 7],
}

impl SoleHeadings {
    fn of(dom: &Dom) -> Self {
        let mut sole_headings = Self { heading_counts: HashMap::new(), all: [0; 7] };
        for heading in dom.all("h1, h2, h3, h4, h5, h6").into_iter().take(MAX_ITEMS) {
            let Some(level) = heading_level(heading.value().name()).map(usize::from) else {
                continue;
            };
            sole_headings.all[level] += 1;
            for ancestor in heading.ancestors().take(MAX_ANCESTORS) {
                let slot = &mut sole_headings
                    .heading_counts
                    .entry(ancestor.id())
                    .or_insert([(0, None); 7])[level];
                *slot = (slot.0 + 1, Some(heading.id()));
            }
        }
        sole_headings
    }

    /// The heading that an element stands with: the highest one of the smallest element that holds
    /// any, if it is its only one of that level and others of that level stand elsewhere.
    fn sole_heading_of(&self, node: NodeRef<'_, Node>) -> Option<NodeId> {
        let heading_counts =
            node.ancestors().take(MAX_ANCESTORS).find_map(|a| self.heading_counts.get(&a.id()))?;
        let (level, (count, heading)) =
            heading_counts.iter().enumerate().find(|(_, (count, _))| *count > 0)?;
        heading.filter(|_| *count == 1 && self.all[level] >= 2)
    }
}

/// The headings of a page's content in document order, each with the first date and the first
/// paragraph under it.
fn read_sections(dom: &Dom) -> Vec<HeadingSection> {
    let mut out: Vec<HeadingSection> = Vec::new();
    // A date right before a heading is that heading's, where none stands under it.
    let mut before: Option<PublishedDate> = None;
    let mut skipping = 0_usize;
    let sole_headings = SoleHeadings::of(dom);
    for edge in dom.body().traverse() {
        match edge {
            Edge::Open(node) => {
                let Some(element) = ElementRef::wrap(node) else {
                    if let (0, Node::Text(text)) = (skipping, node.value())
                        && let Some(date) = parse_short_date(text, dom.order)
                    {
                        assign_date(
                            date,
                            sole_headings.sole_heading_of(node),
                            &mut out,
                            &mut before,
                        );
                    }
                    continue;
                };
                let name = element.value().name();
                if skipping > 0 || is_invisible(&element) || matches!(name, "nav" | "footer") {
                    skipping += 1;
                } else if let Some(level) = heading_level(name) {
                    skipping += 1;
                    let mut section = read_section(&element, level, before.take(), dom.order);
                    let above = out.iter().rev().find(|above| above.level < level);
                    if let (Some(section), Some(above)) =
                        (section.as_mut(), above.filter(|above| above.is_date))
                    {
                        section.date = section.date.or(above.date);
                    }
                    out.extend(section);
                } else if let Some((date, false)) = attribute_date(&element) {
                    assign_date(date, sole_headings.sole_heading_of(node), &mut out, &mut before);
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
        if out.len() >= MAX_ITEMS {
            break;
        }
    }
    out
}

/// A date is that of the heading that it stands with, else of the heading above it, unless that has
/// one.
fn assign_date(
    date: PublishedDate,
    with: Option<NodeId>,
    out: &mut [HeadingSection],
    before: &mut Option<PublishedDate>,
) {
    let own = with.map(|id| out.iter().rposition(|s| s.node == id));
    match (own, out.last_mut()) {
        (Some(Some(at)), _) => {
            out[at].date.get_or_insert(date);
        }
        // The heading is still to come.
        (Some(None), _) => *before = Some(date),
        (None, last) => assign_to_last_heading(date, last, before),
    }
}

fn assign_to_last_heading(
    date: PublishedDate,
    last: Option<&mut HeadingSection>,
    before: &mut Option<PublishedDate>,
) {
    match last {
        Some(section) if section.date.is_none() && section.summary.is_none() => {
            section.date = Some(date)
        }
        _ => *before = Some(date),
    }
}

fn parse_short_date(text: &str, order: DateOrder) -> Option<PublishedDate> {
    let text = text.trim();
    let found = dates::find_with_order(text, order).filter(|_| text.chars().count() <= 40)?;
    (found.date.precision >= DatePrecision::Day).then_some(found.date)
}

fn read_section(
    heading: &ElementRef<'_>,
    level: u8,
    before: Option<PublishedDate>,
    order: DateOrder,
) -> Option<HeadingSection> {
    let text = text_of(*heading);
    let stated =
        heading.descendent_elements().find_map(|e| attribute_date(&e)).map(|(date, _)| date);
    let (bare, told, _) = split_title_and_date(&text);
    // A month within a heading may be what it speaks of: `What changed in March 2025`.
    let date_in_text = dates::find_with_order(&text, order).map(|f| f.date);
    let day = date_in_text.filter(|d| d.precision >= DatePrecision::Day);
    let date = stated.or(told).or(day).or(before);
    let is_date = dates::heading_date(&text).is_some();
    // `[2.14.0] - 2026-10-28` is the version 2.14.0.
    let named = dates::find(&bare).map_or(bare.as_str(), |found| {
        if bare[found.end..].trim_matches([')', ']', ' ']).is_empty() {
            &bare[..found.start]
        } else {
            &bare
        }
    });
    let named = named.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '[' | ']' | '(' | '-' | '–' | '—' | ':' | '·' | '|' | ',')
    });
    let bare = if named.is_empty() { bare.clone() } else { named.to_owned() };
    (!text.is_empty()).then(|| HeadingSection {
        level,
        text: bare,
        node: heading.id(),
        id: heading_anchor(heading),
        is_date,
        date,
        date_in_text,
        summary: None,
    })
}

/// What a heading can be linked to by: its own name, that of a link in it, or that of the element
/// that it opens.
fn heading_anchor(heading: &ElementRef<'_>) -> Option<String> {
    let own = |e: &ElementRef<'_>| {
        e.attr("id")
            .or_else(|| e.attr("name").filter(|_| e.value().name() == "a"))
            .map(str::to_owned)
    };
    let linked = || {
        let mut links = heading.descendent_elements().filter_map(|e| e.attr("href"));
        links.find_map(|href| href.strip_prefix('#')).map(str::to_owned)
    };
    let opened = || {
        heading
            .ancestors()
            .take(MAX_ANCESTORS.min(4))
            .filter_map(ElementRef::wrap)
            .take_while(|a| {
                matches!(a.value().name(), "article" | "section" | "div" | "li" | "header")
            })
            .find(|a| {
                let mut headings =
                    a.descendent_elements().filter(|e| heading_level(e.value().name()).is_some());
                a.attr("id").is_some()
                    && headings.next().is_some_and(|first| first.id() == heading.id())
            })
            .and_then(|a| a.attr("id").map(str::to_owned))
    };
    let child = || heading.descendent_elements().skip(1).find_map(|e| own(&e));
    own(heading)
        .or_else(linked)
        .or_else(child)
        .or_else(opened)
        .filter(|id| !id.trim().is_empty() && id.len() <= 200)
}

/// Whether an address is a part of the page itself.
pub(super) fn is_fragment_of(url: &Url, page: &Url) -> bool {
    url.fragment().is_some() && url_shape::comparison_key(url) == url_shape::comparison_key(page)
}
