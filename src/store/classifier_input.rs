//! The fields of a stored story that topic rules match.

use rusqlite::{Connection, OptionalExtension as _};

use feed_model::{Category, Draft, Person, SafeHtml, SourceId, StoryId, Timestamp};
use topic_rules::{Classification, Rules, StoryFields};

use super::{
    StoreError,
    prepare::ItemText,
    sql_values::{from_json, time},
    statements::query_all,
};

/// The fields of a story that topic rules match.
pub(super) struct ClassifierInput {
    pub(super) title: String,
    categories: Vec<String>,
    summary: Option<String>,
    text: String,
    authors: Vec<String>,
    url: Option<String>,
    sources: Vec<String>,
    language: Option<String>,
}

/// A stored story as it is classified.
pub(super) struct StoredInput {
    pub(super) input: ClassifierInput,
    pub(super) position: Timestamp,
    /// The publisher's date, or the time at which the story was first stored.
    pub(super) date: Timestamp,
}

/// How much of a story's text is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextExtent {
    /// The complete text.
    Whole,
    /// The first [`BEGINNING_BYTES`] of its HTML.
    Beginning,
}

/// Bytes of HTML that hold the first words of a text.
const BEGINNING_BYTES: usize = 6000;

impl TextExtent {
    /// Returns the part of the HTML to load. It does not end within a tag.
    fn of(self, html: String) -> String {
        if self == Self::Whole || html.len() <= BEGINNING_BYTES {
            return html;
        }
        let beginning = &html[..html.floor_char_boundary(BEGINNING_BYTES)];
        beginning.rfind('>').map_or(beginning, |end| &beginning[..=end]).to_owned()
    }
}

impl StoredInput {
    /// Loads a story; `None` if it was removed.
    pub(super) fn load(conn: &Connection, story: StoryId) -> Result<Option<Self>, StoreError> {
        Self::load_extent(conn, story, TextExtent::Whole)
    }

    /// Loads a story with all or a part of its text.
    pub(super) fn load_extent(
        conn: &Connection,
        story: StoryId,
        extent: TextExtent,
    ) -> Result<Option<Self>, StoreError> {
        let loaded = conn
            .prepare_cached(
                "SELECT e.title, e.summary, e.content, e.authors, e.url, e.language,
                        s.position_ms, s.first_published_ms, s.published_ms
                   FROM story s JOIN entry e ON e.id = s.representative_entry
                  WHERE s.id = ?1 AND s.removed_ms IS NULL",
            )?
            .query_row([story.0], |r| {
                let html = |column| {
                    let stored: Option<String> = r.get(column)?;
                    let html = stored.map(|html| SafeHtml::from_sanitised(extent.of(html)));
                    Ok::<_, rusqlite::Error>(html)
                };
                let authors: Vec<Person> = from_json(r, "authors")?;
                let published: Option<i64> = r.get("published_ms")?;
                let input = ClassifierInput {
                    title: r.get::<_, Option<String>>("title")?.unwrap_or_default(),
                    categories: Vec::new(),
                    summary: html("summary")?.map(|s| feed_parser::prose(&s)),
                    text: html("content")?.map(|c| feed_parser::prose(&c)).unwrap_or_default(),
                    authors: authors.into_iter().map(|p| p.name).collect(),
                    url: r.get("url")?,
                    sources: Vec::new(),
                    language: r.get("language")?,
                };
                let date = time(published.unwrap_or(r.get("first_published_ms")?));
                Ok(Self { input, position: time(r.get("position_ms")?), date })
            })
            .optional()?;
        let Some(mut story_input) = loaded else {
            return Ok(None);
        };
        let input = &mut story_input.input;
        // The categories of every entry count: an aggregator may categorise a post that its
        // publisher does not. For a public story only public entries count. Otherwise its topics
        // or their reasons would disclose the private ones.
        let entries = query_all(
            conn,
            "SELECT e.source_id, e.categories
               FROM entry e JOIN source src ON src.id = e.source_id
               JOIN story s ON s.id = e.story_id
              WHERE e.story_id = ?1 AND (s.public = 0 OR src.public) ORDER BY e.id",
            [story.0],
            |r| Ok((r.get::<_, String>(0)?, from_json::<Vec<Category>>(r, "categories")?)),
        )?;
        for (source, categories) in entries {
            input.add_entry(source, categories);
        }
        Ok(Some(story_input))
    }
}

impl ClassifierInput {
    /// Returns the fields of a story that consists of one item.
    pub(super) fn of_draft(
        source: &SourceId,
        draft: &Draft,
        summary: Option<&ItemText>,
        content: Option<&ItemText>,
    ) -> Self {
        let prose = |text: Option<&ItemText>| text.map(|text| text.prose().to_owned());
        let mut input = Self {
            title: draft.title.clone().unwrap_or_default(),
            categories: Vec::new(),
            summary: prose(summary),
            text: prose(content).unwrap_or_default(),
            authors: draft.authors.iter().map(|person| person.name.clone()).collect(),
            url: draft.url.as_ref().map(ToString::to_string),
            sources: Vec::new(),
            language: draft.language.clone(),
        };
        input.add_entry(source.to_string(), draft.categories.clone());
        input
    }

    /// Adds the source and the categories of an entry.
    fn add_entry(&mut self, source: String, categories: Vec<Category>) {
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
        for category in categories.into_iter().filter(|category| !category.is_reading_time()) {
            for term in [Some(category.term), category.label].into_iter().flatten() {
                if !self.categories.contains(&term) {
                    self.categories.push(term);
                }
            }
        }
    }

    /// Classifies the story: one classification for each topic.
    pub(super) fn classify(&self, rules: &Rules) -> Vec<Classification> {
        rules.classify(&self.fields(&self.lists()))
    }

    /// Returns the lists that [`Self::fields`] borrows from.
    pub(super) fn lists(&self) -> FieldLists<'_> {
        FieldLists {
            categories: self.categories.iter().map(String::as_str).collect(),
            authors: self.authors.iter().map(String::as_str).collect(),
            sources: self.sources.iter().map(String::as_str).collect(),
        }
    }

    /// Returns the fields in the form that [`Rules`] read.
    pub(super) fn fields<'s>(&'s self, lists: &'s FieldLists<'s>) -> StoryFields<'s> {
        StoryFields {
            title: &self.title,
            categories: &lists.categories,
            summary: self.summary.as_deref(),
            text: &self.text,
            authors: &lists.authors,
            url: self.url.as_deref(),
            sources: &lists.sources,
            language: self.language.as_deref(),
        }
    }
}

/// The borrowed lists of a [`ClassifierInput`].
pub(super) struct FieldLists<'s> {
    categories: Vec<&'s str>,
    authors: Vec<&'s str>,
    sources: Vec<&'s str>,
}
