//! The fields of a story by which it is classified.

/// The fields of a story by which it is classified. All are plain text.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryFields<'a> {
    /// The title; empty if there is none.
    pub title: &'a str,
    /// The publisher's own categories.
    pub categories: &'a [&'a str],
    /// The publisher's summary. If there is none, the first 300 characters of `text` are used.
    pub summary: Option<&'a str>,
    /// The text of the content without quoted code, paragraphs separated by empty lines; empty if
    /// there is none.
    pub text: &'a str,
    /// The names of the authors.
    pub authors: &'a [&'a str],
    /// The link.
    pub url: Option<&'a str>,
    /// The ids of the sources that have the story.
    pub sources: &'a [&'a str],
    /// The declared language (BCP 47). If there is none, it is detected.
    pub language: Option<&'a str>,
}
