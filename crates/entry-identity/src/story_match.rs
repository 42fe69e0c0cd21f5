//! Decides whether an entry of one source is the same story as an entry of another source.
//!
//! [`choose_story`] is the entry point. Two entries are the same story if they link to the same
//! page and neither is a commentary on it or a forgery ([`link_match`]), or if they have related
//! titles and nearly the same text ([`text_match`]). Ids are not compared across sources, because
//! any feed can copy the id of another (RFC 4287 §8.4).

use std::{collections::BTreeMap, fmt};

use feed_model::{EntryId, StoryId};

use super::{
    Candidate, CommentaryEntry, IncomingEntry, StoryMatch, StoryMatchReason, link_match,
    story_match_result::different,
    text_match,
    title_match::{self, NamesBesideTitle, TitleRelation},
};

/// A stored entry that comments on the incoming entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commentary {
    /// The stored entry.
    pub entry: EntryId,
    /// Its story.
    pub story: StoryId,
    /// The page of the incoming entry.
    pub url: String,
}

/// The decision about an incoming entry.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryDecision {
    /// The story that the entry belongs to.
    pub placement: Placement,
    /// The stored entries that comment on it.
    pub commentaries: Vec<Commentary>,
}

/// The story that an incoming entry belongs to.
///
/// [`fmt::Display`] gives the reason as one line of text.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// An existing story.
    Joins {
        /// The story.
        story: StoryId,
        /// The entry of the story that the incoming entry matches.
        entry: EntryId,
        /// Why.
        reason: StoryMatchReason,
    },
    /// A story of its own.
    Begins {
        /// The page of another story that this entry is about.
        related: Option<String>,
        /// Why the entry joins none of the candidates' stories, in the order of the sentences and
        /// without repetitions.
        reasons: Vec<StoryMatchReason>,
    },
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joins { reason, .. } => reason.fmt(f),
            Self::Begins { reasons, .. } => {
                f.write_str("new")?;
                for (i, reason) in reasons.iter().enumerate() {
                    write!(f, "{} {reason}", if i == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
        }
    }
}

/// A story that the incoming entry could join.
struct JoinOption {
    story: StoryId,
    entry: EntryId,
    has_same_link: bool,
    /// Whether the matched entry links to a site other than that of its source.
    is_off_site: bool,
    reason: StoryMatchReason,
}

/// Chooses the story that an incoming entry joins, or decides that it begins a new one.
///
/// A story qualifies if one of its entries is the same story and the incoming entry comments on
/// none of them. If one of them comments on the incoming entry, the matching entry must come from
/// the site that it links to. If several stories qualify, a story with an entry of the same link is
/// preferred, then one whose matching entry comes from the linked site, then the oldest.
pub fn choose_story(incoming: &IncomingEntry<'_>, candidates: &[Candidate]) -> StoryDecision {
    let mut stories: BTreeMap<StoryId, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        stories.entry(candidate.story).or_default().push(candidate);
    }
    let mut options: Vec<JoinOption> = Vec::new();
    let mut related = None;
    let mut reasons_against = Vec::new();
    let mut commentaries = Vec::new();
    for (story, members) in stories {
        let mut option: Option<JoinOption> = None;
        let (mut comments_on_story, mut has_commentary) = (false, false);
        let mut has_same_link = false;
        for candidate in members {
            match same_story(incoming, candidate) {
                StoryMatch::Same { reason } => {
                    has_same_link |= incoming.has_link_of(candidate);
                    let is_off_site = candidate.is_off_site();
                    if option.as_ref().is_none_or(|other| other.is_off_site && !is_off_site) {
                        let entry = candidate.entry;
                        option =
                            Some(JoinOption { story, entry, has_same_link, is_off_site, reason });
                    }
                }
                StoryMatch::Related { commentary, url, reason } => {
                    match commentary {
                        CommentaryEntry::Incoming => {
                            comments_on_story = true;
                            related.get_or_insert(url);
                        }
                        CommentaryEntry::Candidate => {
                            has_commentary = true;
                            commentaries.push(Commentary { entry: candidate.entry, story, url });
                        }
                    }
                    reasons_against.push(reason);
                }
                StoryMatch::Different { reason } => reasons_against.push(reason),
            }
        }
        // A short remark from another site could belong to the post or to the commentary. Only an
        // entry of the linked site shows that the long text in its story is a copy of the post.
        if let Some(option) = option
            && !comments_on_story
            && !(has_commentary && option.is_off_site)
        {
            options.push(JoinOption { has_same_link, ..option });
        }
    }
    let best = options
        .into_iter()
        .min_by_key(|option| (!option.has_same_link, option.is_off_site, option.story));
    let placement = if let Some(JoinOption { story, entry, reason, .. }) = best {
        // The entry becomes part of this story, so the story's entries do not comment on it.
        commentaries.retain(|commentary| commentary.story != story);
        Placement::Joins { story, entry, reason }
    } else {
        reasons_against.sort_by_cached_key(StoryMatchReason::to_string);
        reasons_against.dedup();
        Placement::Begins { related, reasons: reasons_against }
    };
    StoryDecision { placement, commentaries }
}

/// Compares an incoming entry with an entry of another source.
pub fn same_story(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> StoryMatch {
    if *incoming.source == candidate.source {
        return different(StoryMatchReason::SameSource);
    }
    let title = title_relation(incoming, candidate);
    if incoming.has_link_of(candidate)
        && let Some(result) = link_match::compare(incoming, candidate, title == TitleRelation::Same)
    {
        return result;
    }
    text_match::compare(incoming, candidate, title)
}

fn title_relation(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> TitleRelation {
    let titles = incoming.identity.title_norm.as_deref().zip(candidate.title_norm.as_deref());
    let Some((new, old)) = titles else {
        return TitleRelation::Different;
    };
    let sources = [incoming.source_names.clone(), candidate.source_names()].concat();
    let is_author = |name: &str| {
        incoming.fingerprint.has_author(name) || candidate.fingerprint.has_author(name)
    };
    title_match::relation(new, old, &NamesBesideTitle { sources, is_author: &is_author })
}
