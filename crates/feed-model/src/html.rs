//! HTML that may be shown.

/// A fragment of HTML that went through the sanitiser, with absolute URLs only.
///
/// Only `ingest` makes one from a document, and only `store` makes one again from what it had
/// stored: nothing else sanitises, and nothing stores raw HTML as displayable.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Takes HTML that was sanitised already: for `ingest` behind its sanitiser and for `store`
    /// reading it back.
    pub fn from_sanitised(html: String) -> Self {
        Self(html)
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
