//! The authors of an item, chosen from all persons that the document names.

use super::{
    draft::MAX_VALUES,
    xml_feed::{FieldName, Ranked, RawItem},
};
use feed_model::{FeedMeta, Person};

/// Persons from this rank on did not write the item: publishers, webmasters, contributors.
pub(super) const FIRST_CONTRIBUTOR_RANK: u8 = 3;

/// Returns the authors of an item: those that the item names, else those of its original feed, else
/// those of the feed (RFC 4287 §4.2.1). Contributors are used only if there is no author at all.
pub(super) fn authors(
    raw: &RawItem,
    meta: &FeedMeta,
    feed_has_author: bool,
) -> (Vec<Person>, Option<FieldName>) {
    let source_people = raw.source.iter().flat_map(|source| &source.people);
    let item_authors =
        raw.people.iter().filter(|candidate| candidate.rank < FIRST_CONTRIBUTOR_RANK);
    for candidate in [item_authors.cloned().collect::<Vec<_>>(), source_people.cloned().collect()] {
        if !candidate.is_empty() {
            return people(&candidate);
        }
    }
    if feed_has_author || raw.people.is_empty() {
        let from = (!meta.authors.is_empty()).then_some(FieldName::Borrowed("the feed's author"));
        return (meta.authors.clone(), from);
    }
    people(&raw.people)
}

/// Returns the persons of the lowest rank without duplicates: `author` before `dc:creator`.
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
    // RSS `author` is an e-mail address. A creator beside it has the name.
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
