//! A page as a sequence of text runs, from which the fields of items are read.
//!
//! Entry point: [`collect_runs`]. A run is a text that readers see as one unit. Inline elements
//! within a sentence do not split a run, and texts of different blocks are never joined.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node};

use feed_model::{DatePrecision, PublishedDate};

use super::class_words::DATE_WORDS;
use crate::{
    dates::{self, DateMatch, DateOrder},
    dom::{class_and_id_words, heading_level, is_inline, is_invisible},
    element_date::{attribute_date, is_update_date},
    text::collapse_whitespace,
    word_list::WordList,
};

/// A text with its position in the page.
#[derive(Debug, Clone)]
pub(super) struct TextRun {
    /// The item that the text belongs to.
    pub item_index: Option<usize>,
    pub text: String,
    /// The level of the heading that contains it.
    pub heading: Option<u8>,
    /// The link that contains it.
    pub link: Option<NodeId>,
    /// Whether the whole text is within that link.
    pub is_entirely_link: bool,
    /// The number of letters and digits within links to something else than the post.
    pub other_link_chars: usize,
    /// The parent of the element that contains it. Texts of one list have the same parent.
    pub parent: Option<NodeId>,
    /// Words of the classes and ids of the nearest elements.
    pub words: Vec<String>,
    /// A date in an attribute, and whether it is a modification date.
    pub date: Option<(PublishedDate, bool)>,
    /// Whether the text is in a paragraph.
    pub is_paragraph: bool,
    /// The order of day and month in ambiguous dates.
    pub order: DateOrder,
}

impl TextRun {
    /// Returns the first date in a part of the text.
    pub fn date_in(&self, part: &str) -> Option<DateMatch> {
        dates::find_with_order(part, self.order)
    }

    /// Returns whether the class or id of an element around the text has this word.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Returns whether the class or id of an element around the text has a word of the list.
    pub fn has_word_of(&self, list: &WordList) -> bool {
        list.contains_any(self.words.iter().map(String::as_str))
    }
}

struct TextContext {
    id: NodeId,
    item_index: Option<usize>,
    starts_item: bool,
    heading: Option<u8>,
    link: Option<NodeId>,
    words: Vec<String>,
    starts_run: bool,
    in_paragraph: bool,
}

struct RunBuffer {
    text: String,
    run: Option<TextRun>,
}

/// Returns the text runs below `root` in document order. `item_by_node` maps the roots of regions
/// to items. Links in `separate` are runs of their own even within a sentence.
pub(super) fn collect_runs(
    root: ElementRef<'_>,
    item_by_node: &HashMap<NodeId, usize>,
    separate: &HashSet<NodeId>,
) -> Vec<TextRun> {
    let mut out = Vec::new();
    let mut stack: Vec<TextContext> = Vec::new();
    let mut buffer = RunBuffer { text: String::new(), run: None };
    let mut skipping = 0_usize;
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    if skipping > 0
                        || is_invisible(&element)
                        || is_post_count(&element, &buffer, stack.last())
                    {
                        skipping += 1;
                        continue;
                    }
                    if !stack.is_empty()
                        && let Some((text, date)) = date_of_parts(&element)
                    {
                        buffer.flush(&mut out);
                        let run = TextRun { date: Some((date, false)), ..start_run(&stack, None) };
                        buffer = RunBuffer { text, run: Some(run) };
                        buffer.flush(&mut out);
                        skipping += 1;
                        continue;
                    }
                    let context = enter_element(&element, stack.last(), item_by_node, separate);
                    if context.starts_run || context.starts_item {
                        buffer.flush(&mut out);
                    }
                    let date = attribute_date(&element);
                    stack.push(context);
                    if let Some(date) = date {
                        buffer.flush(&mut out);
                        let mut run = start_run(&stack, None);
                        run.date = Some(date);
                        buffer.run = Some(run);
                    }
                } else if let (0, Node::Text(text)) = (skipping, node.value()) {
                    let item_index = item_by_node.get(&node.id()).copied();
                    if item_index.is_some() && !stack.is_empty() {
                        buffer.flush(&mut out);
                    }
                    if buffer.run.is_none() && !text.trim().is_empty() && !stack.is_empty() {
                        buffer.run = Some(start_run(&stack, item_index));
                    }
                    if let (Some(run), Some(top)) = (&mut buffer.run, stack.last())
                        && run.link != top.link
                        && text.chars().any(char::is_alphanumeric)
                    {
                        run.is_entirely_link = false;
                    }
                    if let (Some(run), Some(link)) =
                        (&mut buffer.run, stack.last().and_then(|top| top.link))
                        && !separate.contains(&link)
                    {
                        run.other_link_chars +=
                            text.chars().filter(|c| c.is_alphanumeric()).count();
                    }
                    buffer.text.push_str(text);
                    if item_index.is_some() {
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
                if stack.pop().is_some_and(|context| context.starts_run || context.starts_item) {
                    buffer.flush(&mut out);
                }
            }
        }
    }
    buffer.flush(&mut out);
    out
}

/// Returns the text and the date of an element for a date whose day, month and year are elements of
/// their own.
fn date_of_parts(element: &ElementRef<'_>) -> Option<(String, PublishedDate)> {
    let is_date = class_and_id_words(element).iter().any(|word| DATE_WORDS.contains(word));
    let has_link = || element.descendent_elements().any(|e| e.value().name() == "a");
    if !is_date || element.child_elements().nth(1).is_none() || has_link() {
        return None;
    }
    let parts: Vec<&str> =
        element.text().map(str::trim).filter(|text| !text.is_empty()).take(8).collect();
    let text = parts.join(" ");
    let found = dates::find(&text)?;
    (text.chars().any(char::is_alphabetic)
        && parts.iter().all(|part| part.chars().count() <= 12)
        && found.date.precision == DatePrecision::Day
        && dates::is_only_date(&text)
        && !is_update_date(element))
    .then_some((text, found.date))
}

/// Returns whether an element is the number of posts after a year or a month in a heading.
fn is_post_count(
    element: &ElementRef<'_>,
    buffer: &RunBuffer,
    parent: Option<&TextContext>,
) -> bool {
    if parent.is_none_or(|p| p.heading.is_none())
        || !matches!(element.value().name(), "sup" | "sub" | "small" | "span")
    {
        return false;
    }
    let text: String = element.text().take(4).collect();
    let text = text.trim();
    !text.is_empty()
        && text.len() <= 5
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '(' | ')'))
        && (dates::heading_year(buffer.text.trim()).is_some()
            || dates::heading_month(buffer.text.trim()).is_some())
}

impl RunBuffer {
    fn flush(&mut self, out: &mut Vec<TextRun>) {
        let text = collapse_whitespace(&std::mem::take(&mut self.text));
        if let Some(mut run) = self.run.take()
            && (!text.is_empty() || run.date.is_some())
        {
            run.text = text;
            out.push(run);
        }
    }
}

fn enter_element(
    element: &ElementRef<'_>,
    parent: Option<&TextContext>,
    item_by_node: &HashMap<NodeId, usize>,
    separate: &HashSet<NodeId>,
) -> TextContext {
    let name = element.value().name();
    let own_item = item_by_node.get(&element.id()).copied();
    let heading = heading_level(name).or_else(|| parent.and_then(|p| p.heading));
    let link = if name == "a" && element.attr("href").is_some() {
        Some(element.id())
    } else {
        parent.and_then(|p| p.link)
    };
    let within_heading = parent.is_some_and(|p| p.heading.is_some());
    let in_paragraph = name == "p" || is_inline(name) && parent.is_some_and(|p| p.in_paragraph);
    let starts_run = if separate.contains(&element.id()) || name == "time" || name == "br" {
        true
    } else if matches!(
        name,
        "code"
            | "kbd"
            | "sub"
            | "sup"
            | "mark"
            | "q"
            | "wbr"
            | "var"
            | "samp"
            | "abbr"
            | "del"
            | "ins"
            | "bdi"
            | "dfn"
    ) {
        false
    } else if is_inline(name) {
        !within_heading && !is_within_sentence(element)
    } else {
        true
    };
    // `section` in the class of a block is common and does not mean a category.
    let is_block = matches!(name, "section" | "div" | "main" | "article" | "header");
    let own_words = class_and_id_words(element);
    TextContext {
        id: element.id(),
        item_index: own_item.or_else(|| parent.and_then(|p| p.item_index)),
        starts_item: own_item.is_some(),
        heading,
        link,
        words: if is_block {
            own_words.into_iter().filter(|w| w != "section").collect()
        } else {
            own_words
        },
        starts_run,
        in_paragraph,
    }
}

/// Returns whether the parent of an inline element has text of its own.
fn is_within_sentence(element: &ElementRef<'_>) -> bool {
    let Some(parent) = element.parent() else {
        return false;
    };
    parent.children().take(64).any(|child| {
        child
            .value()
            .as_text()
            .is_some_and(|t| t.chars().filter(|c| c.is_alphanumeric()).count() >= 2)
    })
}

fn start_run(stack: &[TextContext], item_index: Option<usize>) -> TextRun {
    let top = stack.last().expect("a text stands in an element");
    let mut words = Vec::new();
    for (up, context) in stack.iter().rev().enumerate().take(4) {
        // The class of a whole item does not describe one text in it.
        if context.starts_item && up > 0 {
            break;
        }
        words.extend(context.words.iter().take(24).cloned());
        if context.starts_item {
            break;
        }
    }
    TextRun {
        item_index: item_index.or(top.item_index),
        text: String::new(),
        heading: top.heading,
        link: top.link,
        is_entirely_link: top.link.is_some(),
        other_link_chars: 0,
        parent: stack.len().checked_sub(2).map(|i| stack[i].id),
        words,
        date: None,
        is_paragraph: top.in_paragraph,
        order: DateOrder::BySeparator,
    }
}
