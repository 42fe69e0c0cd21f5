//! Who wrote an item, of all who had to do with it.

use super::{
    normalise::{BaseUrls, MAX_VALUES},
    xml_feed::{FieldName, Ranked, RawItem},
};
use feed_model::{FeedMeta, Person};

/// From this rank on, a person is somebody else who had to do with it: the publisher, a
/// contributor.
pub(super) const FIRST_CONTRIBUTOR_RANK: u8 = 3;

/// Who wrote an item: whom it names, else whom its source names, else whom the feed names (RFC 4287
/// §4.2.1); and only then whoever else had to do with it.
pub(super) fn authors(
    raw: &RawItem,
    meta: &FeedMeta,
    bases: &BaseUrls,
) -> (Vec<Person>, Option<FieldName>) {
    let source_people = raw.source.iter().flat_map(|source| &source.people);
    let item_authors =
        raw.people.iter().filter(|candidate| candidate.rank < FIRST_CONTRIBUTOR_RANK);
    for candidate in [item_authors.cloned().collect::<Vec<_>>(), source_people.cloned().collect()] {
        if !candidate.is_empty() {
            return people(&candidate);
        }
    }
    if bases.has_author || raw.people.is_empty() {
        let from = (!meta.authors.is_empty()).then_some(FieldName::Borrowed("the feed's author"));
        return (meta.authors.clone(), from);
    }
    people(&raw.people)
}

/// The persons of the lowest rank that names any, without repetition: `author` before `dc:creator`.
pub(super) fn people(all: &[Ranked<Person>]) -> (Vec<Person>, Option<FieldName>) {
    let Some(best) = all.iter().min_by_key(|candidate| candidate.rank) else {
        return (Vec::new(), None);
    };
    let mut people: Vec<Person> = Vec::new();
    for candidate in all.iter().filter(|candidate| candidate.rank == best.rank) {
        if !people.iter().any(|p| p.name == candidate.value.name) && people.len() < MAX_VALUES {
            people.push(candidate.value.clone());
        }
    }
    // `author` of RSS is an e-mail address; a creator beside it has the name.
    let email_only = people.iter().all(|p| p.email.as_deref() == Some(p.name.as_str()));
    if email_only
        && people.len() == 1
        && let Some(named) = all.iter().find(|candidate| {
            candidate.rank != best.rank
                && candidate.rank < FIRST_CONTRIBUTOR_RANK
                && !candidate.value.name.contains('@')
        })
    {
        people[0].name.clone_from(&named.value.name);
    }
    (people, Some(best.from.clone()))
}
