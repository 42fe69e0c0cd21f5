//! The two entries that are compared: one that is not stored yet, and a stored one of another
//! source.

use feed_model::{Draft, EntryId, SourceId, StoryId, Timestamp};

use super::{
    EntryIdentity, Fingerprint, SourceSite,
    title_match::{self, NamesBesideTitle, TitleRelation},
};

/// An entry that is not stored yet.
#[derive(Debug, Clone)]
pub struct IncomingEntry<'a> {
    pub(super) source: &'a SourceId,
    pub(super) identity: &'a EntryIdentity,
    pub(super) site: SourceSite,
    pub(super) fingerprint: Fingerprint,
    pub(super) url: Option<&'a str>,
    /// The names of its source, as titles are compared.
    pub(super) source_names: Vec<String>,
}

impl<'a> IncomingEntry<'a> {
    /// Creates a new entry of a source with this site.
    pub fn new(
        source: &'a SourceId,
        identity: &'a EntryIdentity,
        draft: &'a Draft,
        site: SourceSite,
    ) -> Self {
        Self::with_fingerprint(source, identity, draft, site, Fingerprint::of(draft))
    }

    /// Creates a new entry whose fingerprint is known.
    pub fn with_fingerprint(
        source: &'a SourceId,
        identity: &'a EntryIdentity,
        draft: &'a Draft,
        site: SourceSite,
        fingerprint: Fingerprint,
    ) -> Self {
        let url = draft.url.as_ref().map(url::Url::as_str);
        let source_names = title_match::source_names(None, site.name());
        Self { source, identity, site, fingerprint, url, source_names }
    }

    /// Adds the title of its source. Entry titles that end in it are also compared without it.
    #[must_use]
    pub fn with_source_title(self, title: Option<&str>) -> Self {
        Self { source_names: title_match::source_names(title, self.site.name()), ..self }
    }

    /// Returns the fingerprint of its text.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Returns whether it has the canonical link of the candidate.
    pub(super) fn has_link_of(&self, candidate: &Candidate) -> bool {
        self.identity.canonical.is_some() && self.identity.canonical == candidate.canonical
    }

    /// Returns whether the title of a stored entry may be related to this one. By every rule, an
    /// entry with an unrelated title and another link is another story.
    pub fn has_related_title(
        &self,
        title_norm: Option<&str>,
        source_title: Option<&str>,
        site: &SourceSite,
    ) -> bool {
        let Some((new, old)) = self.identity.title_norm.as_deref().zip(title_norm) else {
            return false;
        };
        let mut sources = self.source_names.clone();
        sources.extend(title_match::source_names(source_title, site.name()));
        // Any added words may be the name of an author.
        let names = NamesBesideTitle { sources, is_author: &|_| true };
        title_match::relation(new, old, &names) != TitleRelation::Different
    }

    /// Returns the normalised title without the name of its source. A copy elsewhere may have the
    /// title without that name.
    pub fn title_without_source_name(&self) -> Option<&str> {
        let title = self.identity.title_norm.as_deref()?;
        Some(title_match::strip_source_name(title, &self.source_names))
    }
}

/// A stored entry whose story the incoming entry may belong to.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its story.
    pub story: StoryId,
    /// The entry's row.
    pub entry: EntryId,
    /// Its source.
    pub source: SourceId,
    /// The title of its source.
    pub source_title: Option<String>,
    /// Its link as compared within its source.
    pub link: Option<String>,
    /// Its link as compared across sources.
    pub canonical: Option<String>,
    /// Its normalised title.
    pub title_norm: Option<String>,
    /// The publisher's id.
    pub guid: Option<String>,
    /// The fingerprint of its text.
    pub fingerprint: Fingerprint,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// The site of its source.
    pub site: SourceSite,
    /// Number of entries of its source with the same canonical link, itself included.
    pub entries_with_link: u32,
    /// Number of pages that the entries of its story link to.
    pub page_count: u32,
    /// Whether its story has an entry of the incoming entry's source.
    pub has_entry_of_same_source: bool,
}

impl Candidate {
    /// Returns the names of its source, as titles are compared.
    pub(super) fn source_names(&self) -> Vec<String> {
        title_match::source_names(self.source_title.as_deref(), self.site.name())
    }

    /// Returns whether the entry links to a site other than that of its source.
    pub(super) fn is_off_site(&self) -> bool {
        !self.site.owns_link(self.canonical.as_deref())
    }
}
