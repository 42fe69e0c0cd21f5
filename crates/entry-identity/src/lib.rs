#![doc = include_str!("../README.md")]

mod boilerplate;
mod candidate;
mod canonical_url;
mod content_hash;
mod entry_identity;
mod entry_key;
mod entry_match;
mod fingerprint;
mod in_feed_duplicates;
mod key_policy;
mod link_match;
mod normalised_text;
mod published_id;
mod reason;
mod representative;
mod salient_tokens;
mod source_site;
mod story_match;
mod story_match_result;
mod text_match;
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
};
pub use fingerprint::{Fingerprint, MIN_COMMENTARY_TOKENS};
pub use key_policy::{KeyPolicy, UnknownKeyPolicy};
pub use published_id::published_id;
pub use reason::{CopyObjection, EntryMatchReason, LinkRelation, StoryMatchReason};
pub use representative::{
    MAX_UPDATES, RepresentativeCandidate, choose_representative, initial_updated, next_updated,
    story_date,
};
pub use source_site::SourceSite;
pub use story_match::{Commentary, Placement, StoryDecision, choose_story, same_story};
pub use story_match_result::{CommentaryEntry, StoryMatch};
pub use title_match::TitleRelation;
