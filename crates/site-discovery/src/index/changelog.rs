//! Posts that are sections of the index page itself: change logs and one-page diaries.
//!
//! Entry point: [`Sections`]. A section is a post if its heading has a date and an anchor. Most
//! headings of one level must have both; the headings of documentation have no dates.

use std::collections::HashMap;

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{ElementRef, Node};
use url::Url;

use feed_model::{DatePrecision, PublishedDate};

use super::{
    extractor::{Certainty, Extractor},
    item::IndexItem,
    titles::split_title_and_date,
};
use crate::{
    dates::{self, DateOrder},
    dom::{Dom, MAX_ANCESTORS, heading_level, is_invisible, text_of},
    element_date::attribute_date,
    text::truncate_summary,
    url_shape,
};

/// The maximum number of items of one page.
const MAX_ITEMS: usize = 2_000;

/// A heading with the content below it.
struct HeadingSection {
    level: u8,
    text: String,
    node: NodeId,
    id: Option<String>,
    /// Whether the heading consists of a date.
    is_date: bool,
    date: Option<PublishedDate>,
    /// A date in the text of the heading, used if there is no other.
    date_in_text: Option<PublishedDate>,
    summary: Option<String>,
}

impl HeadingSection {
    fn published(&self) -> Option<PublishedDate> {
        self.date.or(self.date_in_text)
    }
}

/// The posts that are sections of the page, the last resort.
pub(super) struct Sections;

impl Extractor for Sections {
    fn certainty(&self) -> Certainty {
        Certainty::Likely
    }

    fn reason(&self, count: usize) -> String {
        format!("{count} headings of the page have a date and an anchor")
    }

    fn extract(&self, dom: &Dom, page: &Url) -> Vec<IndexItem> {
        read(dom, page)
    }
}

fn read(dom: &Dom, page: &Url) -> Vec<IndexItem> {
    let sections = read_sections(dom);
    let of_level = |level: u8| -> Vec<&HeadingSection> {
        sections.iter().filter(|s| s.level == level).collect()
    };
    let is_list = |found: &Vec<&HeadingSection>| {
        let dated = found.iter().filter(|s| s.published().is_some() && s.id.is_some()).count();
        found.len() >= 2 && dated >= 2 && dated * 10 >= found.len() * 6
    };
    let lists: Vec<Vec<&HeadingSection>> = (1..=5).map(of_level).filter(is_list).collect();
    // If days are headings of their own, the posts are the headings below them.
    let mostly_titled = |found: &&Vec<&HeadingSection>| {
        found.iter().filter(|s| s.is_date).count() * 2 < found.len()
    };
    let Some(found) = lists.iter().find(mostly_titled).or_else(|| lists.first()) else {
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

/// The headings that are the only ones in their container. Other content of the container, before
/// or after the heading, belongs to them.
struct SoleHeadings {
    /// For each element, the number of headings of each level below it, and the last of them.
    heading_counts: HashMap<NodeId, [(usize, Option<NodeId>); 7]>,
    /// The number of headings of each level on the page.
    all: [usize; 7],
}

impl SoleHeadings {
    fn count(dom: &Dom) -> Self {
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

    /// Returns the heading that a node belongs to: in the smallest ancestor with headings, the
    /// heading of the highest level. It must be the only one of its level there, and the page must
    /// have others of that level.
    fn sole_heading_of(&self, node: NodeRef<'_, Node>) -> Option<NodeId> {
        let heading_counts =
            node.ancestors().take(MAX_ANCESTORS).find_map(|a| self.heading_counts.get(&a.id()))?;
        let (level, (count, heading)) =
            heading_counts.iter().enumerate().find(|(_, (count, _))| *count > 0)?;
        heading.filter(|_| *count == 1 && self.all[level] >= 2)
    }
}

/// Returns the headings of a page in document order, each with the first date and the first
/// paragraph below it.
fn read_sections(dom: &Dom) -> Vec<HeadingSection> {
    let mut out: Vec<HeadingSection> = Vec::new();
    // A date right before a heading belongs to that heading if no other date follows it.
    let mut before: Option<PublishedDate> = None;
    let mut skipping = 0_usize;
    let sole_headings = SoleHeadings::count(dom);
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

/// Assigns a date to the heading in the same container, otherwise to the heading above it if that
/// has no date, otherwise to the next heading.
fn assign_date(
    date: PublishedDate,
    with: Option<NodeId>,
    out: &mut [HeadingSection],
    before: &mut Option<PublishedDate>,
) {
    let container_heading = with.map(|id| out.iter().rposition(|s| s.node == id));
    match (container_heading, out.last_mut()) {
        (Some(Some(at)), _) => {
            out[at].date.get_or_insert(date);
        }
        // The heading follows later in the document.
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
            section.date = Some(date);
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
    let (title, date_in_title, _) = split_title_and_date(&text);
    // A month in a heading can be its subject: `What changed in March 2025`.
    let date_in_text = dates::find_with_order(&text, order).map(|f| f.date);
    let day = date_in_text.filter(|d| d.precision >= DatePrecision::Day);
    let date = stated.or(date_in_title).or(day).or(before);
    let is_date = dates::heading_date(&text).is_some();
    // The title of `[2.14.0] - 2026-10-28` is `2.14.0`.
    let without_date = dates::find(&title).map_or(title.as_str(), |found| {
        if title[found.end..].trim_matches([')', ']', ' ']).is_empty() {
            &title[..found.start]
        } else {
            &title
        }
    });
    let without_date = without_date.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '[' | ']' | '(' | '-' | '–' | '—' | ':' | '·' | '|' | ',')
    });
    let title = if without_date.is_empty() { title.clone() } else { without_date.to_owned() };
    (!text.is_empty()).then(|| HeadingSection {
        level,
        text: title,
        node: heading.id(),
        id: heading_anchor(heading),
        is_date,
        date,
        date_in_text,
        summary: None,
    })
}

/// Returns the anchor of a heading: its own id, the target of a link in it, the id of an element in
/// it, or the id of the element that it opens.
fn heading_anchor(heading: &ElementRef<'_>) -> Option<String> {
    let own_anchor = |e: &ElementRef<'_>| {
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
    let child = || heading.descendent_elements().skip(1).find_map(|e| own_anchor(&e));
    own_anchor(heading)
        .or_else(linked)
        .or_else(child)
        .or_else(opened)
        .filter(|id| !id.trim().is_empty() && id.len() <= 200)
}

/// Returns whether a URL is a fragment of the page itself.
pub(super) fn is_fragment_of(url: &Url, page: &Url) -> bool {
    url.fragment().is_some() && url_shape::comparison_key(url) == url_shape::comparison_key(page)
}
