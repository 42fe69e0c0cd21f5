//! An item of an index page while it is assembled, and its conversion to a draft.

use std::sync::LazyLock;

use url::Url;

use feed_model::{Category, DatePrecision, Draft, Person, PublishedDate};

use crate::{
    text::{collapse_whitespace, escape_html},
    url_shape,
    word_list::{WordList, word_list},
};

/// The maximum number of categories of one item.
const MAX_CATEGORIES: usize = 20;
/// The maximum length of a title in characters.
const MAX_TITLE_CHARS: usize = 400;

/// The fields of an item that one extraction found, in plain text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct IndexItem {
    pub url: Option<Url>,
    pub title: Option<String>,
    pub published: Option<PublishedDate>,
    pub updated: Option<PublishedDate>,
    pub categories: Vec<String>,
    /// The reading time in the publisher's words.
    pub reading_time: Option<String>,
    pub summary: Option<String>,
    pub authors: Vec<String>,
    pub image: Option<Url>,
    pub language: Option<String>,
}

static CATEGORY_PREFIXES: LazyLock<WordList> = word_list!("category_prefixes.txt");
static CATEGORY_PLACEHOLDERS: LazyLock<WordList> = word_list!("category_placeholders.txt");
/// Nouns after a counter beside a post.
static COUNTER_WORDS: LazyLock<WordList> = word_list!("counter_words.txt");

impl IndexItem {
    /// Returns the key that items are compared by: the comparison key of the URL.
    pub fn key(&self) -> Option<String> {
        self.url.as_ref().map(url_shape::comparison_key)
    }

    /// Adds a category, unless it is present or is not a category.
    pub fn add_category(&mut self, term: &str) {
        let term = collapse_whitespace(term);
        let term = CATEGORY_PREFIXES.strip_prefix_word(&term).unwrap_or(&term);
        let term =
            term.trim().trim_start_matches('#').trim_end_matches([',', ';', ':']).trim().to_owned();
        let is_placeholder = CATEGORY_PLACEHOLDERS.contains(&term.to_lowercase());
        // `3 notes`, `12 comments`
        let is_counter = term.split_once(' ').is_some_and(|(number, of)| {
            number.chars().all(|c| c.is_ascii_digit()) && COUNTER_WORDS.contains(&of.to_lowercase())
        });
        let is_placeholder = is_placeholder || is_counter;
        let known = self.categories.iter().any(|c| c.to_lowercase() == term.to_lowercase());
        if !known
            && !is_placeholder
            && !term.is_empty()
            && term.chars().count() <= 60
            && self.categories.len() < MAX_CATEGORIES
        {
            self.categories.push(term);
        }
    }

    /// Fills missing fields from another extraction of the same item. A more precise date replaces
    /// a less precise one.
    pub fn fill_missing_from(&mut self, other: &Self) {
        fn fill<T: Clone>(field: &mut Option<T>, other: Option<&T>) {
            if field.is_none() {
                *field = other.cloned();
            }
        }
        fill(&mut self.title, other.title.as_ref());
        fill(&mut self.updated, other.updated.as_ref());
        fill(&mut self.reading_time, other.reading_time.as_ref());
        fill(&mut self.summary, other.summary.as_ref());
        fill(&mut self.image, other.image.as_ref());
        fill(&mut self.language, other.language.as_ref());
        let precision_of = |date: &Option<PublishedDate>| date.map(|d| d.precision);
        if precision_of(&other.published) > precision_of(&self.published) {
            self.published = other.published;
        }
        if self.authors.is_empty() {
            self.authors.clone_from(&other.authors);
        }
        for category in &other.categories {
            self.add_category(category);
        }
    }

    /// Returns the draft. It has neither a guid nor content, because index pages have neither.
    pub fn into_draft(self, base: &Url) -> Draft {
        let mut categories: Vec<Category> =
            self.categories.into_iter().map(Category::term).collect();
        if let Some(time) = self.reading_time {
            categories.push(Category::reading_time(time));
        }
        let title: String = self.title.unwrap_or_default().chars().take(MAX_TITLE_CHARS).collect();
        Draft {
            url: self.url,
            title: Some(title).filter(|t| !t.is_empty()),
            authors: self
                .authors
                .into_iter()
                .map(|name| Person { name, ..Person::default() })
                .collect(),
            categories,
            published: self.published,
            updated: self.updated.filter(|u| u.precision >= DatePrecision::Day).map(|u| u.at),
            summary: self
                .summary
                .map(|text| feed_parser::sanitise(&escape_html(&text), base))
                .filter(|s| !s.is_empty()),
            image: self.image.map(String::from),
            language: self.language,
            ..Draft::default()
        }
    }
}
