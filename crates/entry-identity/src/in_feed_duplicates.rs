//! Items that a document has twice: each is taken once.

use std::{cmp::Reverse, collections::HashMap};

use super::EntryIdentity;
use feed_model::{DatePrecision, Draft, Timestamp};

/// Marks items that the document has twice, and tells which one each repeats.
///
/// The same item is the same in everything that is kept; or in id, link and title, and in date or
/// text; or it is a version of an entry, with its id, link and date, and another moment of updating
/// (RFC 4287 §4.1.1); or it came under two ids, with one link, title, text, date and files. The
/// latest one stays.
pub(super) fn mark_duplicates(
    identities: &mut [EntryIdentity],
    drafts: &[Draft],
) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..identities.len()).collect();
    // The latest version first; the digest decides between equals, so that the order of the
    // document does not.
    order.sort_by_key(|&i| {
        (Reverse(drafts[i].updated), identities[i].content_hash, identities[i].published)
    });
    let mut found = Vec::new();
    let mut originals: HashMap<DuplicateKey<'_>, usize> =
        HashMap::with_capacity(identities.len() * 4);
    for i in order {
        let duplicate_keys = duplicate_keys(&identities[i], &drafts[i]);
        let repeats = |mark: &DuplicateKey<'_>| {
            let original = *originals.get(mark)?;
            let other_version =
                drafts[i].updated.is_some() && drafts[original].updated != drafts[i].updated;
            (other_version || !matches!(mark, DuplicateKey::Version(..))).then_some(original)
        };
        match duplicate_keys.iter().find_map(repeats) {
            Some(original) => found.push((i, original)),
            None => originals.extend(duplicate_keys.into_iter().map(|mark| (mark, i))),
        }
    }
    for (repetition, _) in &found {
        identities[*repetition].is_in_feed_duplicate = true;
    }
    found
}

/// An id, a link and a title.
type GuidLinkTitle<'a> = [Option<&'a str>; 3];

/// By what two items are one.
#[derive(PartialEq, Eq, Hash)]
enum DuplicateKey<'a> {
    AllFields(GuidLinkTitle<'a>, [u8; 32], Option<Timestamp>, Option<&'a str>),
    Text(GuidLinkTitle<'a>, [u8; 32]),
    Date(GuidLinkTitle<'a>, Timestamp),
    Version(&'a str, &'a str, Timestamp),
    Copy(&'a str, [u8; 32], Timestamp, Vec<&'a str>),
}

fn duplicate_keys<'a>(item: &'a EntryIdentity, draft: &'a Draft) -> Vec<DuplicateKey<'a>> {
    let (guid, link, title) =
        (item.guid.as_deref(), item.link.as_deref(), item.title_norm.as_deref());
    let everything = [guid, item.canonical.as_deref(), title];
    let mut duplicate_keys =
        vec![DuplicateKey::AllFields(everything, item.content_hash, item.published, link)];
    let Some(link) = link else {
        return duplicate_keys;
    };
    let names = [guid, Some(link), title];
    let date =
        draft.published.filter(|date| date.precision == DatePrecision::Second).map(|date| date.at);
    if guid.is_some() && title.is_some() {
        duplicate_keys.push(DuplicateKey::Text(names, item.material_hash));
        duplicate_keys.extend(date.map(|date| DuplicateKey::Date(names, date)));
    }
    duplicate_keys
        .extend(guid.zip(date).map(|(guid, date)| DuplicateKey::Version(guid, link, date)));
    if item.text_hash.is_some() {
        let files = || draft.enclosures.iter().map(|file| file.url.as_str()).collect();
        duplicate_keys
            .extend(date.map(|date| DuplicateKey::Copy(link, item.material_hash, date, files())));
    }
    duplicate_keys
}
