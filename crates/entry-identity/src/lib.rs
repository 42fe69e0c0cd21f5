#![doc = include_str!("../README.md")]

mod boilerplate;
mod canonical_url;
mod content_hash;
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
mod text_match;
mod timestamp_match;
mod title_match;
mod url_variants;

pub use canonical_url::{canonical_link, canonical_link_with_fragment, guid_alias, site_of};
pub use content_hash::known_text;
pub use entry_key::{Ambiguous, EntryIdentity, KeyFrom, identify_items};
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
pub use story_match::{
    Candidate, Commentary, CommentaryEntry, IncomingEntry, Placement, StoryDecision, StoryMatch,
    choose_story, same_story,
};
pub use title_match::TitleRelation;
