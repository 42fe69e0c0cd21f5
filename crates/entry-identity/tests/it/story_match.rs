//! What two sources say of one story, and of two.

mod copies;
mod same_link;

use entry_identity::{
    Candidate, Fingerprint, IncomingEntry, KeyPolicy, SourceSite, StoryMatch, identify_items,
    same_story,
};
use feed_model::{Draft, EntryId, SourceId, StoryId};

use crate::{item, prose};

pub(crate) const POST: &str = "https://blog.example.org/exactly-once";
pub(crate) const HOME: &str = "https://blog.example.org/";
pub(crate) const AWAY: &str = "https://planet.example/";

pub(crate) fn stored_candidate(home: &str, draft: &Draft) -> Candidate {
    let identity = identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let print = Fingerprint::of(draft).to_bytes();
    Candidate {
        story: StoryId(1),
        entry: EntryId(1),
        source: SourceId::new("stored").expect("an id"),
        source_title: None,
        link: identity.link,
        canonical: identity.canonical,
        title_norm: identity.title_norm,
        guid: identity.guid,
        fingerprint: Fingerprint::from_bytes(&print).expect("what was stored is read"),
        published: identity.published,
        site: SourceSite::new(home, None),
        entries_with_link: 1,
        page_count: 1,
        has_entry_of_same_source: false,
    }
}

pub(crate) fn with_new_entry<T>(
    home: &str,
    draft: &Draft,
    decide: impl FnOnce(&IncomingEntry<'_>) -> T,
) -> T {
    let identity = identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let source = SourceId::new("incoming").expect("an id");
    decide(&IncomingEntry::new(&source, &identity, draft, SourceSite::new(home, None)))
}

fn match_result(home: &str, draft: &Draft, candidate: &Candidate) -> StoryMatch {
    with_new_entry(home, draft, |incoming| same_story(incoming, candidate))
}

#[track_caller]
fn assert_same_story(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match match_result(home, draft, candidate) {
        StoryMatch::Same { reason } => reason.to_string(),
        other => panic!("one story, but {other:?}"),
    }
}

#[track_caller]
fn assert_different_stories(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match match_result(home, draft, candidate) {
        StoryMatch::Same { reason } => panic!("two stories, but joined: {reason}"),
        StoryMatch::Related { reason, .. } | StoryMatch::Different { reason } => reason.to_string(),
    }
}

pub(crate) fn post() -> Draft {
    item("tag:blog.example.org,2026:1", POST, "Exactly once in Kafka", 3, &prose(1, 600))
}

pub(crate) fn copy(title: &str, text: &str) -> Draft {
    item("id", "https://elsewhere.example/copied", title, 4, text)
}
