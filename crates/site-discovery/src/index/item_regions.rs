//! The region of an item: the largest element, or run of siblings, around its link without another
//! item.
//!
//! Entry point: [`assign_regions`]. A region includes neither the heading above the list nor the
//! rest of the page after the last item.

use std::collections::HashMap;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};

use super::anchors::{Anchor, ElementCounts};
use crate::{
    dates,
    dom::{MAX_ANCESTORS, heading_level, is_invisible, text_of},
};

/// The maximum number of siblings of one region.
const MAX_SIBLINGS: usize = 24;

/// The regions of the items of one group of links.
pub(super) struct ItemRegions {
    /// The root element of each item.
    pub roots: Vec<NodeId>,
    /// The parent element of each item's root.
    pub lists: Vec<Option<NodeId>>,
    /// Maps the root nodes of regions to items.
    pub item_by_node: HashMap<NodeId, usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum ItemsWithin {
    One(usize),
    Many,
}

/// Determines the region of each item. `members[i]` are the links of item `i`.
pub(super) fn assign_regions(
    members: &[Vec<&Anchor<'_>>],
    element_counts: &ElementCounts,
) -> ItemRegions {
    let mut items_within: HashMap<NodeId, ItemsWithin> = HashMap::new();
    for (item, anchors) in members.iter().enumerate() {
        for anchor in anchors {
            for node in std::iter::once(*anchor.element)
                .chain(anchor.element.ancestors().take(MAX_ANCESTORS))
            {
                let within = items_within.entry(node.id()).or_insert(ItemsWithin::One(item));
                if *within != ItemsWithin::One(item) {
                    *within = ItemsWithin::Many;
                }
            }
        }
    }
    let ancestor_paths: Vec<Vec<ElementRef<'_>>> = members
        .iter()
        .enumerate()
        .map(|(item, anchors)| ancestor_path(item, anchors[0], &items_within, element_counts))
        .collect();
    let common_height = most_common_height(&ancestor_paths);
    let roots: Vec<ElementRef<'_>> = ancestor_paths
        .iter()
        .zip(members)
        .map(|(path, links)| root_at(path, common_height, links[0], element_counts))
        .collect();
    let mut item_by_node: HashMap<NodeId, usize> =
        roots.iter().enumerate().map(|(i, top)| (top.id(), i)).collect();
    let lists: Vec<Option<NodeId>> = roots.iter().map(|t| t.parent().map(|p| p.id())).collect();
    let mut by_list: HashMap<NodeId, Vec<usize>> = HashMap::new();
    for (item, list) in lists.iter().enumerate() {
        if let Some(list) = list {
            by_list.entry(*list).or_default().push(item);
        }
    }
    // In document order, because the siblings between two lists go to the first that claims them.
    let mut by_list: Vec<Vec<usize>> = by_list.into_values().collect();
    by_list.sort();
    for items in &by_list {
        let has_no_title = |i: &usize| {
            !members[*i][0].could_be_title()
                && !element_counts.headings.contains_key(&roots[*i].id())
        };
        if items.iter().all(has_no_title)
            && assign_preceding_headings(
                items,
                &roots,
                &items_within,
                &mut item_by_node,
                element_counts,
            )
        {
            continue;
        }
        assign_siblings(items, &roots, &items_within, &mut item_by_node, element_counts);
    }
    ItemRegions { roots: roots.iter().map(|top| top.id()).collect(), lists, item_by_node }
}

/// Returns the link and those of its ancestors that contain no other item.
fn ancestor_path<'a>(
    item: usize,
    anchor: &Anchor<'a>,
    items_within: &HashMap<NodeId, ItemsWithin>,
    element_counts: &ElementCounts,
) -> Vec<ElementRef<'a>> {
    let mut out = vec![anchor.element];
    let mut current = anchor.element;
    let headings =
        |e: &ElementRef<'_>| element_counts.headings.get(&e.id()).copied().unwrap_or_default();
    let has_title = anchor.could_be_title();
    for parent in anchor.element.ancestors().take(MAX_ANCESTORS).filter_map(ElementRef::wrap) {
        if items_within.get(&parent.id()) != Some(&ItemsWithin::One(item))
            || matches!(parent.value().name(), "body" | "html" | "main")
        {
            break;
        }
        if heading_level(parent.value().name()).is_none()
            && headings(&parent) > headings(&current)
            && has_title
            && has_higher_heading_before(&parent, &current, anchor)
        {
            break;
        }
        out.push(parent);
        current = parent;
    }
    out
}

/// Returns whether `parent` has a heading before `current` that is above the item: its level is
/// higher than that of the link, or the link is in none. The heading of a card whose link repeats
/// the title and covers the card is the item's own.
fn has_higher_heading_before(
    parent: &ElementRef<'_>,
    current: &ElementRef<'_>,
    anchor: &Anchor<'_>,
) -> bool {
    let headings: Vec<(u8, ElementRef<'_>)> = parent
        .children()
        .take_while(|c| c.id() != current.id())
        .filter_map(ElementRef::wrap)
        .flat_map(|e| std::iter::once(e).chain(e.descendent_elements()))
        .filter_map(|e| Some((heading_level(e.value().name())?, e)))
        .collect();
    let Some(own) = anchor.heading else {
        return !headings.is_empty() && !headings.iter().any(|(_, e)| repeats(*e, anchor));
    };
    headings.iter().any(|(level, _)| *level < own)
}

/// Returns whether a heading that is displayed has the text of a link.
fn repeats(heading: ElementRef<'_>, anchor: &Anchor<'_>) -> bool {
    !is_invisible(&heading) && text_of(heading) == anchor.text
}

/// Returns the ancestor at the common height of a group. A post that stands whole above a list of
/// cards is higher if its heading repeats the link at its end.
fn root_at<'a>(
    path: &[ElementRef<'a>],
    height: usize,
    anchor: &Anchor<'_>,
    element_counts: &ElementCounts,
) -> ElementRef<'a> {
    let usual = path.len().min(height + 1) - 1;
    let has_heading = |e: &&ElementRef<'_>| element_counts.headings.contains_key(&e.id());
    let with_heading = path[usual..].iter().find(has_heading).filter(|e| {
        e.descendent_elements()
            .any(|d| heading_level(d.value().name()).is_some() && repeats(d, anchor))
    });
    *with_heading.unwrap_or(&path[usual])
}

/// Returns the height that most items of a group have. An item that is alone in its list would
/// otherwise get a larger region.
fn most_common_height(ancestor_paths: &[Vec<ElementRef<'_>>]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for ancestor_path in ancestor_paths {
        *counts.entry(ancestor_path.len() - 1).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(height, count)| (*count, std::cmp::Reverse(*height)))
        .map_or(0, |(height, _)| height)
}

/// Assigns the siblings from the preceding heading to the link, if the links say no more than `Read
/// more`. Returns whether most links have such a heading; one above the first is that of the list.
fn assign_preceding_headings(
    items: &[usize],
    roots: &[ElementRef<'_>],
    items_within: &HashMap<NodeId, ItemsWithin>,
    item_by_node: &mut HashMap<NodeId, usize>,
    element_counts: &ElementCounts,
) -> bool {
    let mut rows: Vec<(usize, Vec<NodeId>)> = Vec::new();
    for item in items {
        let mut row: Vec<NodeId> = Vec::new();
        for sibling in roots[*item]
            .prev_siblings()
            .take(MAX_SIBLINGS)
            .take_while(|s| !items_within.contains_key(&s.id()))
        {
            row.push(sibling.id());
            if element_counts.headings.contains_key(&sibling.id()) {
                rows.push((*item, row));
                break;
            }
        }
    }
    let have_headings = rows.len() * 2 >= items.len();
    if have_headings {
        for (item, row) in rows {
            for id in row {
                item_by_node.entry(id).or_insert(item);
            }
        }
    }
    have_headings
}

/// Assigns the siblings that belong to each item, if items are runs of siblings (`dt` and `dd`,
/// headings and paragraphs).
fn assign_siblings(
    items: &[usize],
    roots: &[ElementRef<'_>],
    items_within: &HashMap<NodeId, ItemsWithin>,
    item_by_node: &mut HashMap<NodeId, usize>,
    element_counts: &ElementCounts,
) {
    let contains_item = |id: NodeId| items_within.contains_key(&id);
    let gap_after = |item: usize| -> Vec<NodeRef<'_, Node>> {
        roots[item]
            .next_siblings()
            .take_while(|s| !ends_item(s, element_counts) && !contains_item(s.id()))
            .take(MAX_SIBLINGS)
            .filter(|s| has_text(s))
            .collect()
    };
    let gaps: Vec<Vec<NodeRef<'_, Node>>> = items.iter().map(|i| gap_after(*i)).collect();
    let Some((last, others)) = gaps.split_last() else {
        return;
    };
    // A single item, or items with nothing between them, consist of their root element.
    if others.is_empty() && roots[items[0]].value().name() != "dt" {
        return;
    }
    if !others.is_empty() && others.iter().filter(|g| !g.is_empty()).count() * 2 < others.len() {
        return;
    }
    let first = roots[items[0]];
    // A date in a heading applies to the whole list.
    let leading_dates: Vec<NodeRef<'_, Node>> = first
        .prev_siblings()
        .filter(has_text)
        .take(2)
        .take_while(|s| is_date(s) && !element_counts.headings.contains_key(&s.id()))
        .collect();
    let dates_come_first = !leading_dates.is_empty() && !last.iter().any(is_date)
        || !leading_dates.is_empty() && others.iter().all(|gap| gap.last().is_some_and(is_date));
    let longest = others.iter().map(Vec::len).max().unwrap_or(MAX_SIBLINGS);
    for (at, item) in items.iter().enumerate() {
        let mut gap = gaps[at].clone();
        if at + 1 == items.len() {
            gap.truncate(longest);
            let kinds: Vec<Option<&str>> = others.iter().flatten().map(element_name).collect();
            if !others.is_empty() {
                gap = gap.into_iter().take_while(|s| kinds.contains(&element_name(s))).collect();
            }
        }
        if dates_come_first {
            if at == 0 {
                for sibling in &leading_dates {
                    item_by_node.entry(sibling.id()).or_insert(*item);
                }
            }
            if let Some(from) = gap.iter().rposition(is_date) {
                if let Some(next) = items.get(at + 1) {
                    for sibling in &gap[from..] {
                        item_by_node.entry(sibling.id()).or_insert(*next);
                    }
                }
                gap.truncate(from);
            }
        }
        for sibling in gap {
            item_by_node.entry(sibling.id()).or_insert(*item);
        }
    }
}

fn element_name<'a>(node: &NodeRef<'a, Node>) -> Option<&'a str> {
    node.value().as_element().map(scraper::node::Element::name)
}

fn has_text(node: &NodeRef<'_, Node>) -> bool {
    match node.value() {
        Node::Text(text) => text.chars().any(char::is_alphanumeric),
        Node::Element(_) => ElementRef::wrap(*node)
            .is_some_and(|e| e.attr("datetime").is_some() || !text_of(e).is_empty()),
        _ => false,
    }
}

/// Returns whether a sibling cannot belong to the item before it: it contains a heading, is a
/// separator, or is part of the site's frame.
fn ends_item(node: &NodeRef<'_, Node>, element_counts: &ElementCounts) -> bool {
    let Some(name) = element_name(node) else {
        return false;
    };
    element_counts.headings.contains_key(&node.id())
        || matches!(
            name,
            "nav" | "footer" | "aside" | "hr" | "table" | "form" | "section" | "article" | "script"
        )
}

fn is_date(node: &NodeRef<'_, Node>) -> bool {
    let text = match node.value() {
        Node::Text(text) => text.trim().to_owned(),
        _ => match ElementRef::wrap(*node) {
            Some(element) if element.value().name() == "time" => return true,
            Some(element) => text_of(element),
            None => return false,
        },
    };
    text.chars().count() <= 60
        && (dates::find(&text).is_some()
            || dates::find_month_day(&text).is_some_and(|f| text.len() - f.end <= 4))
}
