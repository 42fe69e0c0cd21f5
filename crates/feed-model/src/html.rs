//! Sanitised HTML.

/// A fragment of HTML that was sanitised and that contains absolute URLs only.
///
/// Only the sanitiser of `feed-parser` makes one from a document, and only the store makes one from
/// what it stored before. Raw HTML has no other way into a page or a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Wraps HTML that is sanitised already. The caller guarantees it.
    pub fn from_sanitised(html: String) -> Self {
        Self(html)
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the fragment is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
