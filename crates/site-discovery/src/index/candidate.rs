//! A candidate post of an index page, and the page data that candidates are judged by.

use ego_tree::NodeId;
use url::Url;

use super::{
    anchors::{Anchor, ElementCounts, LabelLinks},
    item::IndexItem,
    item_fields::ItemFeatures,
};
use crate::dom::Dom;

/// The score that a one-word title without a date loses.
pub(super) const ONE_WORD_PENALTY: f64 = 1.5;

/// A page with its links and element counts.
#[derive(Clone, Copy)]
pub(super) struct PageContext<'a> {
    pub anchors: &'a [Anchor<'a>],
    pub element_counts: &'a ElementCounts,
    pub label_links: &'a LabelLinks,
    pub dom: &'a Dom,
    pub page: &'a Url,
    /// Whether a date may be a title: the posts of a monthly letter are named by their months.
    pub has_date_titles: bool,
}

/// An item that may be a post, with its score.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub item: IndexItem,
    pub features: ItemFeatures,
    pub score: f64,
    /// Whether the title is a single word and the item has no date.
    pub is_single_word: bool,
    /// The element that contains the item.
    pub root: NodeId,
    /// The group of links and the parent element of the item.
    pub list: (usize, Option<NodeId>),
    /// The text of the heading above the item.
    pub section_heading: Option<String>,
    pub directory: (String, String),
    pub external: bool,
    /// The position of the item in the document.
    pub position: usize,
}
