//! How far an item reaches: from its link up to the largest element, or run of siblings, that holds no other item.
//!
//! Deliberately absent: what makes an item. The rule kept: an item never takes in the heading above its list, nor the
//! rest of the page behind the last one.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::{
    super::{
        dates,
        dom::{DEEP, heading_level, text_of},
    },
    anchors::{Anchor, Census},
};

/// Siblings that one item may take in.
const SIBLINGS: usize = 24;

/// The items of one group of links, and what of the page belongs to each.
pub(super) struct Regions {
    /// The element that is each item.
    pub tops: Vec<NodeId>,
    /// The element that holds each item.
    pub lists: Vec<Option<NodeId>>,
    /// Node to item.
    pub owners: HashMap<NodeId, usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    One(usize),
    Many,
}

/// Grows each item. `members[i]` are the links of item `i`.
pub(super) fn grow(members: &[Vec<&Anchor<'_>>], census: &Census) -> Regions {
    let mut marks: HashMap<NodeId, Mark> = HashMap::new();
    for (item, anchors) in members.iter().enumerate() {
        for anchor in anchors {
            for node in std::iter::once(*anchor.element).chain(anchor.element.ancestors().take(DEEP)) {
                let mark = marks.entry(node.id()).or_insert(Mark::One(item));
                if *mark != Mark::One(item) {
                    *mark = Mark::Many;
                }
            }
        }
    }
    let climbs: Vec<Vec<ElementRef<'_>>> =
        members.iter().enumerate().map(|(item, anchors)| climb(item, anchors[0], &marks, census)).collect();
    let usual = usual_height(&climbs);
    let tops: Vec<ElementRef<'_>> = climbs.iter().map(|climb| climb[climb.len().min(usual + 1) - 1]).collect();
    let mut owners: HashMap<NodeId, usize> = tops.iter().enumerate().map(|(i, top)| (top.id(), i)).collect();
    let lists: Vec<Option<NodeId>> = tops.iter().map(|t| t.parent().map(|p| p.id())).collect();
    let mut by_list: HashMap<NodeId, Vec<usize>> = HashMap::new();
    for (item, list) in lists.iter().enumerate() {
        if let Some(list) = list {
            by_list.entry(*list).or_default().push(item);
        }
    }
    for items in by_list.values() {
        let nameless = |i: &usize| !members[*i][0].reads_as_title() && !census.headings.contains_key(&tops[*i].id());
        if items.iter().all(nameless) && take_headings_before(items, &tops, &marks, &mut owners, census) {
            continue;
        }
        take_siblings(items, &tops, &marks, &mut owners, census);
    }
    Regions { tops: tops.iter().map(|top| top.id()).collect(), lists, owners }
}

/// The elements from a link upwards that hold no other item.
fn climb<'a>(item: usize, anchor: &Anchor<'a>, marks: &HashMap<NodeId, Mark>, census: &Census) -> Vec<ElementRef<'a>> {
    let mut out = vec![anchor.element];
    let mut current = anchor.element;
    let headings = |e: &ElementRef<'_>| census.headings.get(&e.id()).copied().unwrap_or_default();
    let titled = anchor.reads_as_title();
    for parent in anchor.element.ancestors().take(DEEP).filter_map(ElementRef::wrap) {
        if marks.get(&parent.id()) != Some(&Mark::One(item)) || matches!(parent.value().name(), "body" | "html" | "main") {
            break;
        }
        if heading_level(parent.value().name()).is_none()
            && headings(&parent) > headings(&current)
            && titled
            && above(&parent, &current, anchor.heading)
        {
            break;
        }
        out.push(parent);
        current = parent;
    }
    out
}

/// Whether a heading before `current` in `parent` stands above it: is of a higher level than the item's own, or the item
/// has none.
fn above(parent: &ElementRef<'_>, current: &ElementRef<'_>, own: Option<u8>) -> bool {
    let before = parent.children().take_while(|c| c.id() != current.id()).filter_map(ElementRef::wrap);
    let levels =
        before.flat_map(|e| std::iter::once(e).chain(e.descendent_elements())).filter_map(|e| heading_level(e.value().name()));
    levels.min().is_some_and(|level| own.is_none_or(|own| level < own))
}

/// The height that most items of a group reach: one that is alone in its list would reach higher.
fn usual_height(climbs: &[Vec<ElementRef<'_>>]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for climb in climbs {
        *counts.entry(climb.len() - 1).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(height, count)| (*count, std::cmp::Reverse(*height))).map_or(0, |(height, _)| height)
}

/// Where a link says no more than `Read more` and stands in a row behind its heading, gives each item what stands from
/// the heading on; tells whether there were such headings.
fn take_headings_before(
    items: &[usize],
    tops: &[ElementRef<'_>],
    marks: &HashMap<NodeId, Mark>,
    owners: &mut HashMap<NodeId, usize>,
    census: &Census,
) -> bool {
    let mut found = false;
    for item in items {
        let mut row: Vec<NodeId> = Vec::new();
        for sibling in tops[*item].prev_siblings().take(SIBLINGS).take_while(|s| !marks.contains_key(&s.id())) {
            row.push(sibling.id());
            if census.headings.contains_key(&sibling.id()) {
                found = true;
                for id in &row {
                    owners.entry(*id).or_insert(*item);
                }
                break;
            }
        }
    }
    found
}

/// Where items are rows of siblings (`dt` and `dd`, headings and paragraphs), gives each the siblings that are its own.
fn take_siblings(
    items: &[usize],
    tops: &[ElementRef<'_>],
    marks: &HashMap<NodeId, Mark>,
    owners: &mut HashMap<NodeId, usize>,
    census: &Census,
) {
    let marked = |id: NodeId| marks.contains_key(&id);
    let gap_after = |item: usize| -> Vec<ego_tree::NodeRef<'_, Node>> {
        tops[item]
            .next_siblings()
            .take_while(|s| !ends_item(s, census) && !marked(s.id()))
            .take(SIBLINGS)
            .filter(|s| has_text(s))
            .collect()
    };
    let gaps: Vec<Vec<ego_tree::NodeRef<'_, Node>>> = items.iter().map(|i| gap_after(*i)).collect();
    let Some((last, others)) = gaps.split_last() else { return };
    // One item alone, or items that nothing stands between: its element is all of it.
    if others.is_empty() && tops[items[0]].value().name() != "dt" {
        return;
    }
    if !others.is_empty() && others.iter().filter(|g| !g.is_empty()).count() * 2 < others.len() {
        return;
    }
    let first = tops[items[0]];
    let lead: Vec<ego_tree::NodeRef<'_, Node>> =
        // A date in a heading is that of the whole list.
        first.prev_siblings().filter(has_text).take(2).take_while(|s| is_date(s) && !census.headings.contains_key(&s.id())).collect();
    let date_leads = !lead.is_empty() && !last.iter().any(is_date)
        || !lead.is_empty() && others.iter().all(|gap| gap.last().is_some_and(is_date));
    let longest = others.iter().map(Vec::len).max().unwrap_or(SIBLINGS);
    for (at, item) in items.iter().enumerate() {
        let mut gap = gaps[at].clone();
        if at + 1 == items.len() {
            gap.truncate(longest);
            let kinds: Vec<Option<&str>> = others.iter().flatten().map(name_of).collect();
            if !others.is_empty() {
                gap = gap.into_iter().take_while(|s| kinds.contains(&name_of(s))).collect();
            }
        }
        if date_leads {
            if at == 0 {
                for sibling in &lead {
                    owners.entry(sibling.id()).or_insert(*item);
                }
            }
            if let Some(from) = gap.iter().rposition(is_date) {
                if let Some(next) = items.get(at + 1) {
                    for sibling in &gap[from..] {
                        owners.entry(sibling.id()).or_insert(*next);
                    }
                }
                gap.truncate(from);
            }
        }
        for sibling in gap {
            owners.entry(sibling.id()).or_insert(*item);
        }
    }
}

fn name_of<'a>(node: &ego_tree::NodeRef<'a, Node>) -> Option<&'a str> {
    node.value().as_element().map(scraper::node::Element::name)
}

fn has_text(node: &ego_tree::NodeRef<'_, Node>) -> bool {
    match node.value() {
        Node::Text(text) => text.chars().any(char::is_alphanumeric),
        Node::Element(_) => ElementRef::wrap(*node).is_some_and(|e| e.attr("datetime").is_some() || !text_of(e).is_empty()),
        _ => false,
    }
}

/// Whether a sibling cannot belong to the item before it: it holds a heading, or is a rule or a part of the site's frame.
fn ends_item(node: &ego_tree::NodeRef<'_, Node>, census: &Census) -> bool {
    let Some(name) = name_of(node) else { return false };
    census.headings.contains_key(&node.id())
        || matches!(name, "nav" | "footer" | "aside" | "hr" | "table" | "form" | "section" | "article" | "script")
}

fn is_date(node: &ego_tree::NodeRef<'_, Node>) -> bool {
    let text = match node.value() {
        Node::Text(text) => text.trim().to_owned(),
        _ => match ElementRef::wrap(*node) {
            Some(element) if element.value().name() == "time" => return true,
            Some(element) => text_of(element),
            None => return false,
        },
    };
    text.chars().count() <= 60
        && (dates::find(&text).is_some() || dates::find_month_day(&text).is_some_and(|f| text.len() - f.end <= 4))
}
