//! Who wrote an item, of all who had to do with it.

use super::{
    normalise::{Bases, MAX_VALUES},
    tidy::{ItemNotes, Name, Said},
};
use feed_model::{FeedMeta, Person};

/// From this rank on, a person is somebody else who had to do with it: the publisher, a contributor.
pub(super) const WEAK_AUTHOR: u8 = 3;

/// Who wrote an item: whom it names, else whom its source names, else whom the feed names (RFC 4287 §4.2.1); and only then
/// whoever else had to do with it.
pub(super) fn authors(notes: &ItemNotes, meta: &FeedMeta, bases: &Bases) -> (Vec<Person>, Option<Name>) {
    let of_source = notes.source.iter().flat_map(|source| &source.people);
    let of_item = notes.people.iter().filter(|said| said.rank < WEAK_AUTHOR);
    for said in [of_item.cloned().collect::<Vec<_>>(), of_source.cloned().collect()] {
        if !said.is_empty() {
            return people(&said);
        }
    }
    if bases.has_author || notes.people.is_empty() {
        let from = (!meta.authors.is_empty()).then_some(Name::Borrowed("the feed's author"));
        return (meta.authors.clone(), from);
    }
    people(&notes.people)
}

/// The persons of the lowest rank that names any, without repetition: `author` before `dc:creator`.
pub(super) fn people(all: &[Said<Person>]) -> (Vec<Person>, Option<Name>) {
    let Some(best) = all.iter().min_by_key(|said| said.rank) else { return (Vec::new(), None) };
    let mut people: Vec<Person> = Vec::new();
    for said in all.iter().filter(|said| said.rank == best.rank) {
        if !people.iter().any(|p| p.name == said.value.name) && people.len() < MAX_VALUES {
            people.push(said.value.clone());
        }
    }
    // `author` of RSS is an e-mail address; a creator beside it has the name.
    let mail_only = people.iter().all(|p| p.email.as_deref() == Some(p.name.as_str()));
    if mail_only
        && people.len() == 1
        && let Some(named) =
            all.iter().find(|said| said.rank != best.rank && said.rank < WEAK_AUTHOR && !said.value.name.contains('@'))
    {
        people[0].name.clone_from(&named.value.name);
    }
    (people, Some(best.from.clone()))
}
