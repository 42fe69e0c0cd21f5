//! Decides whether an entry of one source is the same story as an entry of another source.
//!
//! [`choose_story`] is the entry point. It compares two entries by [`STORY_RULES`]. Ids are not
//! compared across sources, because any feed can copy the id of another (RFC 4287 §8.4).

use std::{collections::BTreeMap, fmt};

use feed_model::{EntryId, StoryId};

use super::{
    Candidate, IncomingEntry, STORY_RULES, StoryReason, Verdict, canonical_url,
    story_evidence::StoryEvidence, story_rules::NO_RULE,
};

/// The result of comparing an incoming entry with a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum StoryMatch {
    /// The same story.
    Same {
        /// Why.
        reason: StoryReason,
    },
    /// Two stories about one page: one entry comments on the other, or imitates it.
    Related {
        /// Which of the two is the commentary.
        commentary: CommentaryEntry,
        /// The page that is commented on.
        url: String,
        /// Why the two are not the same story.
        reason: StoryReason,
    },
    /// Different stories.
    Different {
        /// Why.
        reason: StoryReason,
    },
}

/// Which of two related entries is the commentary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentaryEntry {
    /// The incoming entry comments on the candidate.
    Incoming,
    /// The candidate comments on the incoming entry.
    Candidate,
}

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
        reason: StoryReason,
    },
    /// A story of its own.
    Begins {
        /// The page of another story that this entry is about.
        related: Option<String>,
        /// Why the entry joins none of the candidates' stories, in the order of the sentences and
        /// without repetitions.
        reasons: Vec<StoryReason>,
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
    reason: StoryReason,
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
        reasons_against.sort_by_cached_key(StoryReason::to_string);
        reasons_against.dedup();
        Placement::Begins { related, reasons: reasons_against }
    };
    StoryDecision { placement, commentaries }
}

/// Compares an incoming entry with an entry of another source.
pub fn same_story(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> StoryMatch {
    same_story_without("", incoming, candidate)
}

/// The same without one rule. Tests show by this that every rule is needed.
#[doc(hidden)]
pub fn same_story_without(
    left_out: &str,
    incoming: &IncomingEntry<'_>,
    candidate: &Candidate,
) -> StoryMatch {
    let evidence = StoryEvidence::of(incoming, candidate);
    let rule = STORY_RULES
        .iter()
        .find(|rule| rule.name != left_out && (rule.applies)(&evidence))
        .unwrap_or(&NO_RULE);
    let reason = rule.reason(&evidence);
    let commentary = match rule.verdict {
        Verdict::SameStory => return StoryMatch::Same { reason },
        Verdict::OtherStory => return StoryMatch::Different { reason },
        Verdict::IncomingComments => CommentaryEntry::Incoming,
        Verdict::StoredComments => CommentaryEntry::Candidate,
    };
    let url = incoming.url.map_or_else(
        || candidate.canonical.clone().unwrap_or_default(),
        canonical_url::without_tracking,
    );
    StoryMatch::Related { commentary, url, reason }
}
