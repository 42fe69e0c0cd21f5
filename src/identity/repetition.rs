//! Items that a document has twice: each is taken once.

use std::collections::HashMap;

use super::Keyed;
use crate::model::{DatePrecision, Draft, Timestamp};

/// Marks items that the document has twice, and tells which one each repeats.
///
/// The same item is the same in everything that is kept; or in id, link and title, and in date or text, for a document
/// that lists an item once in each of its versions (RFC 4287 §4.1.1): then the latest one stays.
pub(super) fn mark(keyed: &mut [Keyed], drafts: &[Draft]) -> Vec<(usize, usize)> {
    let mut groups: HashMap<[Option<&str>; 3], Vec<usize>> = HashMap::new();
    for (i, item) in keyed.iter().enumerate() {
        groups.entry([&item.guid, &item.canonical, &item.title_norm].map(Option::as_deref)).or_default().push(i);
    }
    let mut found = Vec::new();
    for mut members in groups.into_values().filter(|members| members.len() > 1) {
        // The latest version first; the digest decides between equals, so that the order of the document does not.
        members.sort_by_key(|&i| (std::cmp::Reverse(drafts[i].updated), keyed[i].content_hash, keyed[i].published));
        let mut originals: HashMap<Mark, usize> = HashMap::new();
        for i in members {
            let marks = marks(&keyed[i], &drafts[i]);
            match marks.iter().find_map(|mark| originals.get(mark)) {
                Some(&original) => found.push((i, original)),
                None => originals.extend(marks.into_iter().map(|mark| (mark, i))),
            }
        }
    }
    for (repetition, _) in &found {
        keyed[*repetition].repetition = true;
    }
    found
}

/// By what one of several items with the same id, link and title is the same item.
#[derive(PartialEq, Eq, Hash)]
enum Mark {
    Everything([u8; 32], Option<Timestamp>, Option<String>),
    Text([u8; 32], String),
    Date(Timestamp, String),
}

fn marks(item: &Keyed, draft: &Draft) -> Vec<Mark> {
    let mut marks = vec![Mark::Everything(item.content_hash, item.published, item.link.clone())];
    let Some(link) = item.link.clone().filter(|_| item.guid.is_some() && item.title_norm.is_some()) else { return marks };
    marks.push(Mark::Text(item.material_hash, link.clone()));
    if let Some(date) = draft.published.filter(|date| date.precision == DatePrecision::Second) {
        marks.push(Mark::Date(date.at, link));
    }
    marks
}
