//! Converts what was read into the document that is stored: items with their identities.

use entry_identity::KeyPolicy;
use feed_model::{Draft, Problem};

use super::fetched::FetchResult;
use crate::store::{Arrival, FeedMetadata, IncomingItem, PageChange, ParsedDocument, SourceRecord};

/// The items of a document with their identities.
pub(super) struct IdentifiedItems {
    pub(super) items: Vec<IncomingItem>,
    pub(super) key_policy: KeyPolicy,
    pub(super) problems: Vec<Problem>,
}

/// Computes the identity of every item: its key, its hashes and its links.
pub(super) fn identify(
    drafts: Vec<(Draft, Arrival)>,
    key_policy: KeyPolicy,
    home_page_url: Option<&str>,
) -> IdentifiedItems {
    let (drafts, arrivals): (Vec<Draft>, Vec<Arrival>) = drafts.into_iter().unzip();
    let (identities, key_policy, problems) =
        entry_identity::identify_items(&drafts, key_policy, home_page_url);
    let items = drafts
        .into_iter()
        .zip(identities)
        .zip(arrivals)
        .map(|((draft, identity), arrival)| IncomingItem { draft, identity, arrival })
        .collect();
    IdentifiedItems { items, key_policy, problems }
}

/// Returns a document of items that are only a part of what the source has, so that nothing else
/// of the source changes. `None` without items.
pub(super) fn of_items(items: Vec<IncomingItem>, ends_import: bool) -> Option<ParsedDocument> {
    (!items.is_empty()).then(|| ParsedDocument {
        metadata: FeedMetadata::default(),
        body_digest: None,
        key_policy: None,
        items,
        private: None,
        ends_import,
    })
}

/// The parts of an update that come from the documents and pages that were read.
pub(super) struct StoredParts {
    pub(super) document: Option<ParsedDocument>,
    pub(super) pages: Vec<PageChange>,
    /// `None` keeps the stored problems.
    pub(super) problems: Option<Vec<Problem>>,
}

/// Converts what was read into what is stored. Without a new document, there is something to store
/// only if pages of a crawl brought entries.
pub(super) fn stored_parts(
    record: &SourceRecord,
    result: FetchResult,
    is_private: bool,
) -> StoredParts {
    let (found, content) = result.into_parts();
    let mut problems = found.problems;
    if content.is_none() && found.drafts.is_empty() {
        let problems = Some(problems).filter(|problems| !problems.is_empty());
        return StoredParts { document: None, pages: found.pages, problems };
    }
    let (mut metadata, body_digest) = match content {
        Some((metadata, digest)) => (metadata, Some(digest)),
        None => (FeedMetadata::default(), None),
    };
    metadata.title = metadata.title.or(found.site_title);
    let home_page_url = metadata.home_page_url.as_deref().or(record.home_page_url.as_deref());
    let identified = identify(found.drafts, record.key_policy, home_page_url);
    problems.extend(identified.problems);
    let document = ParsedDocument {
        metadata,
        body_digest,
        key_policy: Some(identified.key_policy),
        items: identified.items,
        private: Some(is_private),
        ends_import: true,
    };
    StoredParts { document: Some(document), pages: found.pages, problems: Some(problems) }
}
