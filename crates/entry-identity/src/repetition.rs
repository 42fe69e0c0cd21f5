//! Items that a document has twice: each is taken once.

use std::{cmp::Reverse, collections::HashMap};

use super::Keyed;
use feed_model::{DatePrecision, Draft, Timestamp};

/// Marks items that the document has twice, and tells which one each repeats.
///
/// The same item is the same in everything that is kept; or in id, link and title, and in date or text; or it is a version of
/// an entry, with its id, link and date, and another moment of updating (RFC 4287 §4.1.1); or it came under two ids, with one
/// link, title, text, date and files. The latest one stays.
pub(super) fn mark(keyed: &mut [Keyed], drafts: &[Draft]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..keyed.len()).collect();
    // The latest version first; the digest decides between equals, so that the order of the document does not.
    order.sort_by_key(|&i| (Reverse(drafts[i].updated), keyed[i].content_hash, keyed[i].published));
    let mut found = Vec::new();
    let mut originals: HashMap<Mark<'_>, usize> = HashMap::with_capacity(keyed.len() * 4);
    for i in order {
        let marks = marks(&keyed[i], &drafts[i]);
        let repeats = |mark: &Mark<'_>| {
            let original = *originals.get(mark)?;
            let other_version = drafts[i].updated.is_some() && drafts[original].updated != drafts[i].updated;
            (other_version || !matches!(mark, Mark::Version(..))).then_some(original)
        };
        match marks.iter().find_map(repeats) {
            Some(original) => found.push((i, original)),
            None => originals.extend(marks.into_iter().map(|mark| (mark, i))),
        }
    }
    for (repetition, _) in &found {
        keyed[*repetition].repetition = true;
    }
    found
}

/// An id, a link and a title.
type Names<'a> = [Option<&'a str>; 3];

/// By what two items are one.
#[derive(PartialEq, Eq, Hash)]
enum Mark<'a> {
    Everything(Names<'a>, [u8; 32], Option<Timestamp>, Option<&'a str>),
    Text(Names<'a>, [u8; 32]),
    Date(Names<'a>, Timestamp),
    Version(&'a str, &'a str, Timestamp),
    Copy(&'a str, [u8; 32], Timestamp, Vec<&'a str>),
}

fn marks<'a>(item: &'a Keyed, draft: &'a Draft) -> Vec<Mark<'a>> {
    let (guid, link, title) = (item.guid.as_deref(), item.link.as_deref(), item.title_norm.as_deref());
    let everything = [guid, item.canonical.as_deref(), title];
    let mut marks = vec![Mark::Everything(everything, item.content_hash, item.published, link)];
    let Some(link) = link else { return marks };
    let names = [guid, Some(link), title];
    let date = draft.published.filter(|date| date.precision == DatePrecision::Second).map(|date| date.at);
    if guid.is_some() && title.is_some() {
        marks.push(Mark::Text(names, item.material_hash));
        marks.extend(date.map(|date| Mark::Date(names, date)));
    }
    marks.extend(guid.zip(date).map(|(guid, date)| Mark::Version(guid, link, date)));
    if item.text_hash.is_some() {
        let files = || draft.enclosures.iter().map(|file| file.url.as_str()).collect();
        marks.extend(date.map(|date| Mark::Copy(link, item.material_hash, date, files())));
    }
    marks
}
