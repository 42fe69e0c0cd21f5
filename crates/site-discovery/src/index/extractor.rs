//! What every kind of evidence for the posts of a page has in common.
//!
//! Each kind is an [`Extractor`] in a file of its own. To add one, implement the trait and add it
//! to [`EXTRACTORS`]; `extraction` compares what they found.

use url::Url;

use super::{
    candidates::Structure, embedded_json::EmbeddedData, item::IndexItem,
    json_ld_lists::JsonLdLists, microformats::Microformats,
};
use crate::dom::Dom;

/// How sure evidence is that its items are the posts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// The page looks as if these were its posts.
    Likely,
    /// The page states that these are posts, but perhaps not those that it is about.
    Stated,
    /// A person has said so.
    Configured,
}

/// One kind of evidence for the posts of a page.
pub(super) trait Extractor: Sync {
    /// Returns how sure the evidence is.
    fn certainty(&self) -> Certainty;

    /// Returns how `count` posts were recognised, as a clause.
    fn reason(&self, count: usize) -> String;

    /// Returns the items that the page has by this evidence, in the page's order. Fields that the
    /// evidence does not have are left out.
    fn extract(&self, dom: &Dom, page: &Url) -> Vec<IndexItem>;
}

/// The kinds of evidence that are read from every page. Of equally sure ones the first leads.
pub(super) static EXTRACTORS: &[&dyn Extractor] =
    &[&Microformats, &EmbeddedData, &JsonLdLists, &Structure];
