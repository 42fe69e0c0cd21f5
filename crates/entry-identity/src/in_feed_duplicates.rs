//! Finds items that a document has more than once. Each is taken once.

use std::{cmp::Reverse, collections::HashMap};

use feed_model::{DatePrecision, Draft, Timestamp};

use super::EntryIdentity;

/// Marks the duplicates among the items of a document. Returns the index of each duplicate with
/// that of the item that is kept.
///
/// Two items are duplicates if all stored fields are equal; or id, link and title, and date or
/// text; or id, link and date, while `updated` differs (RFC 4287 §4.1.1); or link, title, text,
/// date and files. The item with the latest `updated` is kept.
pub(super) fn mark_duplicates(
    identities: &mut [EntryIdentity],
    drafts: &[Draft],
) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..identities.len()).collect();
    // The latest version comes first. The hash decides between equals, so that the order of the
    // document does not.
    order.sort_by_key(|&i| {
        (Reverse(drafts[i].updated), identities[i].content_hash, identities[i].published)
    });
    let mut found = Vec::new();
    let mut originals: HashMap<DuplicateKey<'_>, usize> =
        HashMap::with_capacity(identities.len() * 4);
    for i in order {
        let keys = duplicate_keys(&identities[i], &drafts[i]);
        let original_of = |key: &DuplicateKey<'_>| {
            let original = *originals.get(key)?;
            let other_version =
                drafts[i].updated.is_some() && drafts[original].updated != drafts[i].updated;
            (other_version || !matches!(key, DuplicateKey::Version { .. })).then_some(original)
        };
        match keys.iter().find_map(original_of) {
            Some(original) => found.push((i, original)),
            None => originals.extend(keys.into_iter().map(|key| (key, i))),
        }
    }
    for (duplicate, _) in &found {
        identities[*duplicate].is_in_feed_duplicate = true;
    }
    found
}

/// Id, link and title.
type GuidLinkTitle<'a> = [Option<&'a str>; 3];

/// Values that make two items duplicates if both have them.
#[derive(PartialEq, Eq, Hash)]
enum DuplicateKey<'a> {
    AllFields {
        names: GuidLinkTitle<'a>,
        content_hash: [u8; 32],
        date: Option<Timestamp>,
        link: Option<&'a str>,
    },
    Text {
        names: GuidLinkTitle<'a>,
        material_hash: [u8; 32],
    },
    Date {
        names: GuidLinkTitle<'a>,
        date: Timestamp,
    },
    Version {
        guid: &'a str,
        link: &'a str,
        date: Timestamp,
    },
    Copy {
        link: &'a str,
        material_hash: [u8; 32],
        date: Timestamp,
        files: Vec<&'a str>,
    },
}

fn duplicate_keys<'a>(item: &'a EntryIdentity, draft: &'a Draft) -> Vec<DuplicateKey<'a>> {
    let (guid, link, title) =
        (item.guid.as_deref(), item.link.as_deref(), item.title_norm.as_deref());
    let mut keys = vec![DuplicateKey::AllFields {
        names: [guid, item.canonical.as_deref(), title],
        content_hash: item.content_hash,
        date: item.published,
        link,
    }];
    let Some(link) = link else {
        return keys;
    };
    let names = [guid, Some(link), title];
    let material_hash = item.material_hash;
    let date =
        draft.published.filter(|date| date.precision == DatePrecision::Second).map(|date| date.at);
    if guid.is_some() && title.is_some() {
        keys.push(DuplicateKey::Text { names, material_hash });
        keys.extend(date.map(|date| DuplicateKey::Date { names, date }));
    }
    keys.extend(guid.zip(date).map(|(guid, date)| DuplicateKey::Version { guid, link, date }));
    if item.text_hash.is_some() {
        keys.extend(date.map(|date| {
            let files = draft.enclosures.iter().map(|file| file.url.as_str()).collect();
            DuplicateKey::Copy { link, material_hash, date, files }
        }));
    }
    keys
}
