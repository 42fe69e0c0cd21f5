//! One item that repeated structure suggests, and the page that it stands on.

use ego_tree::NodeId;
use url::Url;

use super::{
    anchors::{Anchor, ElementCounts, LabelLinks},
    item::IndexItem,
    item_fields::ItemFeatures,
};
use crate::dom::Dom;

/// What a title of one word costs, where no date speaks for it.
pub(super) const ONE_WORD_PENALTY: f64 = 1.5;

/// A page and what was counted in it.
#[derive(Clone, Copy)]
pub(super) struct PageContext<'a> {
    pub anchors: &'a [Anchor<'a>],
    pub element_counts: &'a ElementCounts,
    pub label_links: &'a LabelLinks,
    pub dom: &'a Dom,
    pub page: &'a Url,
}

/// An item, and what speaks for it.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub item: IndexItem,
    pub features: ItemFeatures,
    pub score: f64,
    /// Whether its title is a single word that nothing else speaks for.
    pub is_single_word: bool,
    /// The element that is the item.
    pub root: NodeId,
    /// The list that it stands in.
    pub list: (usize, Option<NodeId>),
    /// The heading above it.
    pub section_heading: Option<String>,
    pub directory: (String, String),
    pub external: bool,
    /// Where it stands in the document.
    pub position: usize,
}
