#![doc = include_str!("../README.md")]

mod boilerplate;
mod candidate;
mod canonical_url;
mod content_hash;
mod entry_evidence;
mod entry_identity;
mod entry_key;
mod entry_match;
mod entry_rules;
mod fingerprint;
mod fingerprint_bytes;
mod in_feed_duplicates;
mod key_policy;
mod normalised_text;
mod published_id;
mod representative;
mod source_site;
mod story_evidence;
mod story_match;
mod story_rules;
mod text_edits;
mod thresholds;
mod timestamp_match;
mod title_match;
mod url_variants;

pub use candidate::{Candidate, IncomingEntry};
pub use canonical_url::{canonical_link, canonical_link_with_fragment, guid_alias, site_of};
pub use content_hash::known_text;
pub use entry_identity::{Ambiguous, EntryIdentity, KeyFrom};
pub use entry_key::identify_items;
pub use entry_match::{
    EntryMatch, EntryMatches, KnownEntries, KnownEntry, KnownText, match_entries,
    match_entries_without,
};
pub use entry_rules::{ENTRY_RULES, EntryRule};
pub use fingerprint::Fingerprint;
pub use key_policy::{KeyPolicy, UnknownKeyPolicy};
pub use published_id::published_id;
pub use representative::{
    MAX_UPDATES, RepresentativeCandidate, choose_representative, initial_updated, next_updated,
    story_date,
};
pub use source_site::SourceSite;
pub use story_match::{
    Commentary, CommentaryEntry, Placement, StoryDecision, StoryMatch, choose_story, same_story,
    same_story_without,
};
pub use story_rules::{STORY_RULES, StoryReason, StoryRule, Verdict};
pub use thresholds::MIN_TEXT_TOKENS as MIN_COMMENTARY_TOKENS;
pub use title_match::TitleRelation;
