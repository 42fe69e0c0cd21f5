//! Computes what the entries of a poll need before the transaction.
//!
//! This work runs on the threads of the callers, so that polls which end at the same time use all
//! cores. The writer's thread only compares and stores.

use std::collections::HashMap;

use rusqlite::params;

use entry_identity::Fingerprint;
use feed_model::{Draft, SafeHtml, SourceId, text::truncate_at_word};
use topic_rules::{Classification, Rules};

use super::{
    IncomingItem, PollUpdate, Store, StoreError, classifier_input::ClassifierInput,
    search_index::IndexRow, sql_values, statements::query_all,
};

/// The maximum length of [`Story::summary_text`](feed_model::Story::summary_text), in characters.
const EXCERPT_CHARS: usize = 500;

/// The text of a summary or content.
pub(super) struct ItemText {
    /// The whole text.
    plain: String,
    /// The text without code and quotations; `None` if there are none.
    prose: Option<String>,
}

impl ItemText {
    fn of(html: &SafeHtml) -> Self {
        let is_all_prose =
            !html.as_str().contains("<pre") && !html.as_str().contains("<blockquote");
        Self {
            plain: feed_parser::plain_text(html.as_str()),
            prose: (!is_all_prose).then(|| feed_parser::prose(html)),
        }
    }

    /// Returns the author's own words.
    pub(super) fn prose(&self) -> &str {
        self.prose.as_deref().unwrap_or(&self.plain)
    }
}

/// What is computed of an item.
pub(super) struct PreparedItem {
    pub(super) fingerprint: Fingerprint,
    /// The beginning of the plain text.
    pub(super) excerpt: String,
    /// The words for the search index, if the item begins a story.
    pub(super) index_row: IndexRow,
    /// The topics of the story, if the item begins one.
    pub(super) topics: Vec<Classification>,
}

impl PreparedItem {
    /// Computes everything of one item.
    pub(super) fn new(source: &SourceId, draft: &Draft, rules: &Rules) -> Self {
        let text = |html: &Option<SafeHtml>| html.as_ref().map(ItemText::of);
        let (summary, content) = (text(&draft.summary), text(&draft.content));
        let mut topics =
            ClassifierInput::of_draft(source, draft, summary.as_ref(), content.as_ref())
                .classify(rules);
        topics.retain(|classification| classification.is_member);
        Self {
            fingerprint: Fingerprint::of(draft),
            excerpt: excerpt(summary.as_ref().or(content.as_ref()).map_or("", |text| &text.plain)),
            index_row: IndexRow::new(
                draft.title.as_deref().unwrap_or_default(),
                summary.as_ref().map_or("", |text| &text.plain),
                content.as_ref().map_or("", |text| &text.plain),
            ),
            topics,
        }
    }
}

/// What is computed of the items of an update, in their order; `None` for items that are stored
/// already and unchanged.
pub(super) type PreparedItems = Vec<Option<PreparedItem>>;

impl Store {
    /// Computes what the new and the changed items of an update need.
    pub(super) fn prepare(
        &self,
        update: &PollUpdate,
        rules: &Rules,
    ) -> Result<PreparedItems, StoreError> {
        let Some(document) = &update.document else {
            return Ok(Vec::new());
        };
        let stored = self.read(|reader| {
            let keys: Vec<&str> =
                document.items.iter().map(|item| item.identity.key.as_str()).collect();
            Ok(query_all(
                reader.conn,
                "SELECT key, content_hash FROM entry
                  WHERE source_id = ?1 AND key IN (SELECT value FROM json_each(?2))",
                params![update.source.as_str(), sql_values::json(&keys)],
                |r| Ok((r.get::<_, String>(0)?, r.get::<_, [u8; 32]>(1)?)),
            )?)
        })?;
        let stored: HashMap<String, [u8; 32]> = stored.into_iter().collect();
        let prepare = |item: &IncomingItem| {
            let hash = stored.get(item.identity.key.as_str());
            (hash != Some(&item.identity.content_hash))
                .then(|| PreparedItem::new(&update.source, &item.draft, rules))
        };
        Ok(document.items.iter().map(prepare).collect())
    }
}

/// Returns at most [`EXCERPT_CHARS`] characters of a text. A longer text is cut between words and
/// ends with an ellipsis.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    if text.chars().nth(EXCERPT_CHARS).is_none() {
        return text.to_owned();
    }
    // The ellipsis takes the place of one character.
    let end = text.char_indices().nth(EXCERPT_CHARS - 1).map_or(text.len(), |(at, _)| at);
    truncate_at_word(text, end, &[',', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(excerpt(" short "), "short");
        let long = "word ".repeat(200);
        let cut = excerpt(&long);
        assert!(cut.ends_with("word…") && cut.chars().count() <= EXCERPT_CHARS, "{cut}");
        let unbroken = "ß".repeat(600);
        assert_eq!(excerpt(&unbroken).chars().count(), EXCERPT_CHARS);
    }
}
