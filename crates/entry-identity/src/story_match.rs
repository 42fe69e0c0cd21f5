//! Whether an entry of one source is the same story as an entry of another.
//!
//! Either both lead to the same page, and neither is a commentary on it or a forgery; or they have
//! the same title and nearly the same text. Ids prove nothing across sources (RFC 4287 §8.4):
//! whoever likes can copy one.

use std::collections::BTreeMap;

use super::{
    EntryIdentity, Fingerprint, SourceSite, link_match, text_match,
    title_match::{self, NamesBesideTitle, TitleRelation},
};
use feed_model::{Draft, SourceId, Timestamp};

/// An entry that was never seen before.
#[derive(Debug, Clone)]
pub struct IncomingEntry<'a> {
    source: &'a SourceId,
    pub(super) identity: &'a EntryIdentity,
    pub(super) home: SourceSite,
    pub(super) fingerprint: Fingerprint,
    pub(super) url: Option<&'a str>,
    /// By what its source is called.
    pub(super) names: Vec<String>,
}

impl<'a> IncomingEntry<'a> {
    /// A new entry of a source with this home.
    pub fn new(
        source: &'a SourceId,
        identity: &'a EntryIdentity,
        draft: &'a Draft,
        home: SourceSite,
    ) -> Self {
        let url = draft.url.as_ref().map(url::Url::as_str);
        let names = title_match::source_names(None, home.name());
        Self { source, identity, home, fingerprint: Fingerprint::of(draft), url, names }
    }

    /// With the name of its source: a title that ends in it is compared without it too.
    #[must_use]
    pub fn with_source_title(self, title: Option<&str>) -> Self {
        Self { names: title_match::source_names(title, self.home.name()), ..self }
    }

    /// What its text is like.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    fn has_link_of(&self, candidate: &Candidate) -> bool {
        self.identity.canonical.is_some() && self.identity.canonical == candidate.canonical
    }

    /// The title without the name of its source, by which a copy may be known that does not have
    /// that name.
    pub fn title_without_source_name(&self) -> Option<&str> {
        let title = self.identity.title_norm.as_deref()?;
        Some(title_match::without(title, &self.names))
    }
}

/// An entry that is stored, of a story that the incoming may be.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its story.
    pub story: i64,
    /// The entry's row.
    pub entry: i64,
    /// Its source.
    pub source: SourceId,
    /// Its source's name.
    pub source_title: Option<String>,
    /// Its link as it is compared within its source.
    pub link: Option<String>,
    /// Its link as it is compared across sources.
    pub canonical: Option<String>,
    /// Its title as it is compared.
    pub title_norm: Option<String>,
    /// Its publisher's id.
    pub guid: Option<String>,
    /// What it is made of.
    pub fingerprint: Fingerprint,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// Its source's home.
    pub home: SourceSite,
    /// Entries of its source with that link, itself included.
    pub entries_with_link: u32,
    /// Pages that the entries of its story link to.
    pub page_count: u32,
    /// Whether its story has an entry of the incoming's source.
    pub has_entry_of_same_source: bool,
}

impl Candidate {
    /// By what its source is called.
    pub(super) fn names(&self) -> Vec<String> {
        title_match::source_names(self.source_title.as_deref(), self.home.name())
    }
}

/// What a incoming is to a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum StoryMatch {
    /// The same story.
    Same {
        /// Why, with the measured similarity.
        reason: String,
    },
    /// Another story about the same page: one comments on the other, or pretends to be it.
    Related {
        /// Which of the two comments.
        comments: Comments,
        /// The page that is commented on.
        url: String,
        /// Why it is not the same story.
        reason: String,
    },
    /// Another story.
    Different {
        /// Why.
        reason: String,
    },
}

/// Who comments on whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// The incoming on the candidate.
    IncomingEntry,
    /// The candidate on the incoming.
    Candidate,
}

/// An entry that turns out to comment on a incoming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commentary {
    /// The entry.
    pub entry: i64,
    /// Its story.
    pub story: i64,
    /// The incoming's page.
    pub url: String,
}

/// What is decided of a incoming.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryDecision {
    /// Where it belongs.
    pub placement: Placement,
    /// The entries that comment on it.
    pub commentaries: Vec<Commentary>,
}

/// Where a incoming belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// To a story that there is.
    Joins {
        /// The story.
        story: i64,
        /// The entry that it is like.
        entry: i64,
        /// Why.
        reason: String,
    },
    /// To a story of its own.
    Begins {
        /// The page of another story that this one is about.
        related: Option<String>,
        /// Why it joins none of the candidates' stories, one sentence for each that was close.
        reason: Vec<String>,
    },
}

/// Chooses the story that a incoming joins: one with an entry that is the same story and with none
/// that the incoming only comments on. Of several, one with an entry of the same link, which is the
/// stronger proof; then the one whose entry is at home, else the one that began first.
pub fn choose_story(incoming: &IncomingEntry<'_>, candidates: &[Candidate]) -> StoryDecision {
    let mut stories: BTreeMap<i64, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        stories.entry(candidate.story).or_default().push(candidate);
    }
    let mut joins: Vec<(bool, bool, i64, i64, String)> = Vec::new();
    let mut related = None;
    let mut against = Vec::new();
    let mut commentaries = Vec::new();
    for (story, members) in stories {
        let mut found: Option<(bool, i64, String)> = None;
        // What is commented on never hides behind a short remark that could be either's; only what
        // stands at home itself tells that the long text beside it is its copy.
        let (mut comments, mut commented_on) = (false, false);
        let mut by_link = false;
        for candidate in members {
            match same_story(incoming, candidate) {
                StoryMatch::Same { reason } => {
                    by_link |= incoming.has_link_of(candidate);
                    let away = !candidate.home.owns_link(candidate.canonical.as_deref());
                    if found.as_ref().is_none_or(|(other_away, ..)| *other_away && !away) {
                        found = Some((away, candidate.entry, reason));
                    }
                }
                StoryMatch::Related { comments: Comments::IncomingEntry, url, reason } => {
                    comments = true;
                    related.get_or_insert(url);
                    against.push(reason);
                }
                StoryMatch::Related { comments: Comments::Candidate, url, reason } => {
                    commented_on = true;
                    commentaries.push(Commentary { entry: candidate.entry, story, url });
                    against.push(reason);
                }
                StoryMatch::Different { reason } => against.push(reason),
            }
        }
        if let Some((away, entry, reason)) =
            found.filter(|(away, ..)| !(comments || commented_on && *away))
        {
            joins.push((!by_link, away, story, entry, reason));
        }
    }
    let strongest =
        joins.into_iter().min_by_key(|(by_text, away, story, ..)| (*by_text, *away, *story));
    let placement = if let Some((.., story, entry, reason)) = strongest {
        // What it joins after all says nothing of itself.
        commentaries.retain(|commentary| commentary.story != story);
        Placement::Joins { story, entry, reason }
    } else {
        against.sort();
        against.dedup();
        Placement::Begins { related, reason: against }
    };
    StoryDecision { placement, commentaries }
}

/// Whether a incoming is the same story as an entry of another source.
pub fn same_story(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> StoryMatch {
    if *incoming.source == candidate.source {
        return different("it is another entry of the same source");
    }
    let related = titles(incoming, candidate);
    if incoming.has_link_of(candidate)
        && let Some(verdict) =
            link_match::compare(incoming, candidate, related == TitleRelation::Same)
    {
        return verdict;
    }
    text_match::compare(incoming, candidate, related)
}

/// How the two are called beside each other.
fn titles(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> TitleRelation {
    let titles = incoming.identity.title_norm.as_deref().zip(candidate.title_norm.as_deref());
    let Some((new, old)) = titles else {
        return TitleRelation::Other;
    };
    let sources = [incoming.names.clone(), candidate.names()].concat();
    let is_author = |name: &str| {
        incoming.fingerprint.has_author(name) || candidate.fingerprint.has_author(name)
    };
    title_match::relation(new, old, &NamesBesideTitle { sources, is_author: &is_author })
}

pub(super) fn same(reason: String) -> StoryMatch {
    StoryMatch::Same { reason }
}

pub(super) fn different(reason: impl Into<String>) -> StoryMatch {
    StoryMatch::Different { reason: reason.into() }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies between 0 and 1"
)]
pub(super) fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}
