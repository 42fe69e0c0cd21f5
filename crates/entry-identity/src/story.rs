//! Whether an entry of one source is the same story as an entry of another.
//!
//! Either both lead to the same page, and neither is a commentary on it or a forgery; or they have the same title and
//! nearly the same text. Ids prove nothing across sources (RFC 4287 §8.4): whoever likes can copy one.

use std::collections::BTreeMap;

use super::{
    Fingerprint, Home, Keyed, copy, link,
    titles::{self, Names, Titles},
};
use feed_model::{Draft, SourceId, Timestamp};

/// An entry that was never seen before.
#[derive(Debug, Clone)]
pub struct Newcomer<'a> {
    source: &'a SourceId,
    pub(super) keyed: &'a Keyed,
    pub(super) home: Home,
    pub(super) fingerprint: Fingerprint,
    pub(super) url: Option<&'a str>,
    /// By what its source is called.
    pub(super) names: Vec<String>,
}

impl<'a> Newcomer<'a> {
    /// A new entry of a source with this home.
    pub fn new(source: &'a SourceId, keyed: &'a Keyed, draft: &'a Draft, home: Home) -> Self {
        let url = draft.url.as_ref().map(url::Url::as_str);
        let names = titles::names_of(None, home.name());
        Self { source, keyed, home, fingerprint: Fingerprint::of(draft), url, names }
    }

    /// With the name of its source: a title that ends in it is compared without it too.
    #[must_use]
    pub fn from_source_called(self, title: Option<&str>) -> Self {
        Self { names: titles::names_of(title, self.home.name()), ..self }
    }

    /// What its text is like.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    fn has_link_of(&self, candidate: &Candidate) -> bool {
        self.keyed.canonical.is_some() && self.keyed.canonical == candidate.canonical
    }

    /// The title without the name of its source, by which a copy may be known that does not have that name.
    pub fn bare_title(&self) -> Option<&str> {
        let title = self.keyed.title_norm.as_deref()?;
        Some(titles::without(title, &self.names))
    }
}

/// An entry that is stored, of a story that the newcomer may be.
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
    pub home: Home,
    /// Entries of its source with that link, itself included.
    pub link_shared_by: u32,
    /// Pages that the entries of its story link to.
    pub addresses: u32,
    /// Whether its story has an entry of the newcomer's source.
    pub has_entry_of_newcomers_source: bool,
}

impl Candidate {
    /// By what its source is called.
    pub(super) fn names(&self) -> Vec<String> {
        titles::names_of(self.source_title.as_deref(), self.home.name())
    }
}

/// What a newcomer is to a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum StoryMatch {
    /// The same story.
    Same {
        /// Why, with the measured likeness.
        because: String,
    },
    /// Another story about the same page: one comments on the other, or pretends to be it.
    Related {
        /// Which of the two comments.
        comments: Comments,
        /// The page that is commented on.
        url: String,
        /// Why it is not the same story.
        because: String,
    },
    /// Another story.
    Different {
        /// Why.
        because: String,
    },
}

/// Who comments on whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// The newcomer on the candidate.
    Newcomer,
    /// The candidate on the newcomer.
    Candidate,
}

/// An entry that turns out to comment on a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commentary {
    /// The entry.
    pub entry: i64,
    /// Its story.
    pub story: i64,
    /// The newcomer's page.
    pub url: String,
}

/// What is decided of a newcomer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Where it belongs.
    pub placement: Placement,
    /// The entries that comment on it.
    pub commentaries: Vec<Commentary>,
}

/// Where a newcomer belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// To a story that there is.
    Joins {
        /// The story.
        story: i64,
        /// The entry that it is like.
        entry: i64,
        /// Why.
        because: String,
    },
    /// To a story of its own.
    Begins {
        /// The page of another story that this one is about.
        related: Option<String>,
        /// Why it joins none of the candidates' stories, one sentence for each that was close.
        because: Vec<String>,
    },
}

/// Chooses the story that a newcomer joins: one with an entry that is the same story and with none that the newcomer only
/// comments on. Of several, one with an entry of the same link, which is the stronger proof; then the one whose entry is at
/// home, else the one that began first.
pub fn place(newcomer: &Newcomer<'_>, candidates: &[Candidate]) -> Decision {
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
        // What is commented on never hides behind a short remark that could be either's; only what stands at home itself tells
        // that the long text beside it is its copy.
        let (mut comments, mut commented_on) = (false, false);
        let mut by_link = false;
        for candidate in members {
            match same_story(newcomer, candidate) {
                StoryMatch::Same { because } => {
                    by_link |= newcomer.has_link_of(candidate);
                    let away = !candidate.home.is_of(candidate.canonical.as_deref());
                    if found.as_ref().is_none_or(|(other_away, ..)| *other_away && !away) {
                        found = Some((away, candidate.entry, because));
                    }
                }
                StoryMatch::Related { comments: Comments::Newcomer, url, because } => {
                    comments = true;
                    related.get_or_insert(url);
                    against.push(because);
                }
                StoryMatch::Related { comments: Comments::Candidate, url, because } => {
                    commented_on = true;
                    commentaries.push(Commentary { entry: candidate.entry, story, url });
                    against.push(because);
                }
                StoryMatch::Different { because } => against.push(because),
            }
        }
        if let Some((away, entry, because)) = found.filter(|(away, ..)| !(comments || commented_on && *away)) {
            joins.push((!by_link, away, story, entry, because));
        }
    }
    let strongest = joins.into_iter().min_by_key(|(by_text, away, story, ..)| (*by_text, *away, *story));
    let placement = if let Some((.., story, entry, because)) = strongest {
        // What it joins after all says nothing of itself.
        commentaries.retain(|commentary| commentary.story != story);
        Placement::Joins { story, entry, because }
    } else {
        against.sort();
        against.dedup();
        Placement::Begins { related, because: against }
    };
    Decision { placement, commentaries }
}

/// Whether a newcomer is the same story as an entry of another source.
pub fn same_story(newcomer: &Newcomer<'_>, candidate: &Candidate) -> StoryMatch {
    if *newcomer.source == candidate.source {
        return different("it is another entry of the same source");
    }
    let related = titles(newcomer, candidate);
    if newcomer.has_link_of(candidate)
        && let Some(verdict) = link::verdict(newcomer, candidate, related == Titles::Same)
    {
        return verdict;
    }
    copy::verdict(newcomer, candidate, related)
}

/// How the two are called beside each other.
fn titles(newcomer: &Newcomer<'_>, candidate: &Candidate) -> Titles {
    let titles = newcomer.keyed.title_norm.as_deref().zip(candidate.title_norm.as_deref());
    let Some((new, old)) = titles else { return Titles::Other };
    let sources = [newcomer.names.clone(), candidate.names()].concat();
    let is_author = |name: &str| newcomer.fingerprint.is_by(name) || candidate.fingerprint.is_by(name);
    titles::relation(new, old, &Names { sources, is_author: &is_author })
}

pub(super) fn same(because: String) -> StoryMatch {
    StoryMatch::Same { because }
}

pub(super) fn different(because: impl Into<String>) -> StoryMatch {
    StoryMatch::Different { because: because.into() }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
pub(super) fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}
