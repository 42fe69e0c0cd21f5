//! A page as a row of texts, each with where it stands: what an item's fields are told from.
//!
//! Deliberately absent: what a text means. The rule kept: one text is what people read as one, so words within a sentence
//! stay together whatever marks them, and texts of different blocks never run into each other.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node};

use super::super::{
    dates::{self, FoundDate, Order},
    dom::{collapse, heading_level, is_inline, is_unread, words},
    head::seen_date,
};
use feed_model::PublishedDate;

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// The item that it belongs to.
    pub owner: Option<usize>,
    pub text: String,
    /// The level of the heading that it stands in.
    pub heading: Option<u8>,
    /// The link that it stands in.
    pub link: Option<NodeId>,
    /// Whether all of it stands in that link.
    pub is_link_alone: bool,
    /// The parent of the element that it stands in: texts of one list share it.
    pub parent: Option<NodeId>,
    /// Words of the classes of its nearest elements.
    pub words: Vec<String>,
    /// A date that an attribute tells, and whether it is one of change.
    pub date: Option<(PublishedDate, bool)>,
    /// Whether the element is a paragraph.
    pub is_paragraph: bool,
    /// What two numbers of a date mean on this page.
    pub order: Order,
}

impl Run {
    /// The first date in a part of its text.
    pub fn date_in(&self, part: &str) -> Option<FoundDate> {
        dates::find_in(part, self.order)
    }

    /// Whether a class near it has one of these words.
    pub fn says(&self, wanted: &[&str]) -> bool {
        self.words.iter().any(|w| wanted.contains(&w.as_str()))
    }
}

struct Frame {
    id: NodeId,
    owner: Option<usize>,
    is_owner: bool,
    heading: Option<u8>,
    link: Option<NodeId>,
    words: Vec<String>,
    breaks: bool,
    in_paragraph: bool,
}

struct Buffer {
    text: String,
    run: Option<Run>,
}

/// The texts below `root` in document order. `owners` tells the nodes that items begin at, `parted` the links that are
/// texts of their own even within a sentence.
pub(super) fn walk(root: ElementRef<'_>, owners: &HashMap<NodeId, usize>, parted: &HashSet<NodeId>) -> Vec<Run> {
    let mut out = Vec::new();
    let mut stack: Vec<Frame> = Vec::new();
    let mut buffer = Buffer { text: String::new(), run: None };
    let mut skipping = 0_usize;
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    if skipping > 0 || is_unread(&element) {
                        skipping += 1;
                        continue;
                    }
                    let frame = open(&element, stack.last(), owners, parted);
                    if frame.breaks || frame.is_owner {
                        buffer.flush(&mut out);
                    }
                    let date = seen_date(&element);
                    stack.push(frame);
                    if let Some(date) = date {
                        buffer.flush(&mut out);
                        let mut run = run_at(&stack, None);
                        run.date = Some(date);
                        buffer.run = Some(run);
                    }
                } else if let (0, Node::Text(text)) = (skipping, node.value()) {
                    let owner = owners.get(&node.id()).copied();
                    if owner.is_some() && !stack.is_empty() {
                        buffer.flush(&mut out);
                    }
                    if buffer.run.is_none() && !text.trim().is_empty() && !stack.is_empty() {
                        buffer.run = Some(run_at(&stack, owner));
                    }
                    if let (Some(run), Some(top)) = (&mut buffer.run, stack.last())
                        && run.link != top.link
                        && text.chars().any(char::is_alphanumeric)
                    {
                        run.is_link_alone = false;
                    }
                    buffer.text.push_str(text);
                    if owner.is_some() {
                        buffer.flush(&mut out);
                    }
                }
            }
            Edge::Close(node) => {
                if !node.value().is_element() {
                    continue;
                }
                if skipping > 0 {
                    skipping -= 1;
                    continue;
                }
                if stack.pop().is_some_and(|frame| frame.breaks || frame.is_owner) {
                    buffer.flush(&mut out);
                }
            }
        }
    }
    buffer.flush(&mut out);
    out
}

impl Buffer {
    fn flush(&mut self, out: &mut Vec<Run>) {
        let text = collapse(&std::mem::take(&mut self.text));
        if let Some(mut run) = self.run.take()
            && (!text.is_empty() || run.date.is_some())
        {
            run.text = text;
            out.push(run);
        }
    }
}

fn open(element: &ElementRef<'_>, parent: Option<&Frame>, owners: &HashMap<NodeId, usize>, parted: &HashSet<NodeId>) -> Frame {
    let name = element.value().name();
    let own = owners.get(&element.id()).copied();
    let heading = heading_level(name).or_else(|| parent.and_then(|p| p.heading));
    let link = if name == "a" && element.attr("href").is_some() { Some(element.id()) } else { parent.and_then(|p| p.link) };
    let within_heading = parent.is_some_and(|p| p.heading.is_some());
    let in_paragraph = name == "p" || is_inline(name) && parent.is_some_and(|p| p.in_paragraph);
    let breaks = if parted.contains(&element.id()) || name == "time" || name == "br" {
        true
    } else if matches!(
        name,
        "code" | "kbd" | "sub" | "sup" | "mark" | "q" | "wbr" | "var" | "samp" | "abbr" | "del" | "ins" | "bdi" | "dfn"
    ) {
        false
    } else if is_inline(name) {
        !within_heading && !stands_in_sentence(element)
    } else {
        true
    };
    // A part of a page is often called a section; of a text in it that says nothing.
    let is_block = matches!(name, "section" | "div" | "main" | "article" | "header");
    let own_words = words(element);
    Frame {
        id: element.id(),
        owner: own.or_else(|| parent.and_then(|p| p.owner)),
        is_owner: own.is_some(),
        heading,
        link,
        words: if is_block { own_words.into_iter().filter(|w| w != "section").collect() } else { own_words },
        breaks,
        in_paragraph,
    }
}

/// Whether the parent of an inline element has words of its own.
fn stands_in_sentence(element: &ElementRef<'_>) -> bool {
    let Some(parent) = element.parent() else { return false };
    parent
        .children()
        .take(64)
        .any(|child| child.value().as_text().is_some_and(|t| t.chars().filter(|c| c.is_alphanumeric()).count() >= 2))
}

fn run_at(stack: &[Frame], owner: Option<usize>) -> Run {
    let top = stack.last().expect("a text stands in an element");
    let mut words = Vec::new();
    for (up, frame) in stack.iter().rev().enumerate().take(4) {
        // What an item as a whole is called says nothing of one text in it.
        if frame.is_owner && up > 0 {
            break;
        }
        words.extend(frame.words.iter().take(24).cloned());
        if frame.is_owner {
            break;
        }
    }
    Run {
        owner: owner.or(top.owner),
        text: String::new(),
        heading: top.heading,
        link: top.link,
        is_link_alone: top.link.is_some(),
        parent: stack.len().checked_sub(2).map(|i| stack[i].id),
        words,
        date: None,
        is_paragraph: top.in_paragraph,
        order: Order::Usual,
    }
}
