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

/// Returns the persons of the lowest rank without duplicates.
pub(super) fn people(all: &[Ranked<Person>]) -> (Vec<Person>, Option<FieldName>) {
    let Some(best) = all.iter().min_by_key(|candidate| candidate.rank) else {
        return (Vec::new(), None);
    };
    let mut people: Vec<Person> = Vec::new();
    for candidate in all.iter().filter(|candidate| candidate.rank == best.rank) {
        let person = &candidate.value;
        let is_same = |known: &&mut Person| {
            known.name.to_lowercase() == person.name.to_lowercase()
                || known.email.is_some() && known.email == person.email
        };
        if let Some(known) = people.iter_mut().find(is_same) {
            merge(known, person);
        } else if people.len() < MAX_VALUES {
            people.push(person.clone());
        }
    }
    // RSS `author` is an e-mail address. Somebody beside it has the name.
    let is_nameless = |person: &Person| person.email.as_deref() == Some(person.name.as_str());
    if people.iter().any(is_nameless) && people.iter().any(|person| !is_nameless(person)) {
        let email = people.iter().find(|person| is_nameless(person)).and_then(|p| p.email.clone());
        people.retain(|person| !is_nameless(person));
        if let [only] = people.as_mut_slice() {
            only.email = only.email.take().or(email);
        }
    }
    if let [nameless] = people.as_mut_slice()
        && is_nameless(nameless)
        && let Some(named) = all.iter().find(|candidate| {
            candidate.rank != best.rank
                && candidate.rank < FIRST_CONTRIBUTOR_RANK
                && !candidate.value.name.contains('@')
        })
    {
        nameless.name.clone_from(&named.value.name);
    }
    (people, Some(best.from.clone()))
}

/// Completes a person by what another element says about the same one.
fn merge(known: &mut Person, person: &Person) {
    if known.email.as_deref() == Some(known.name.as_str()) {
        known.name.clone_from(&person.name);
    }
    known.email = known.email.take().or_else(|| person.email.clone());
    known.url = known.url.take().or_else(|| person.url.clone());
}
