//! Drafts before their texts are sanitised.

use std::borrow::Cow;

use url::Url;

use super::{
    feed_rs_adapter::Text,
    html::{dialects::unescape_markup, sanitise_reporting_truncation},
    line_breaks::{plain_to_html, with_paragraphs},
    pictures::{self, Picture},
    text::has_visible_text,
};
use feed_model::{Draft, Problem, SafeHtml, Timestamp};

/// The maximum number of values of one kind per item: categories, enclosures, persons.
pub(super) const MAX_VALUES: usize = 100;

/// A draft whose texts are not sanitised and not yet part of it.
#[derive(Debug)]
pub(super) struct RawDraft {
    pub draft: Draft,
    /// The summary and the base of its URLs.
    pub summary: Option<(Text, Url)>,
    /// The content and the base of its URLs.
    pub content: Option<(Text, Url)>,
    /// The pictures that belong to the item and may not be in its text.
    pub pictures: Vec<Picture>,
}

impl RawDraft {
    /// Returns the draft with sanitised texts.
    pub fn into_sanitised(self, problems: &mut Vec<Problem>) -> Draft {
        let mut draft = self.draft;
        draft.summary =
            self.summary.as_ref().and_then(|(text, base)| sanitise_text(text, base, problems));
        draft.content =
            self.content.as_ref().and_then(|(text, base)| sanitise_text(text, base, problems));
        // A summary equal to the content is redundant.
        if draft.summary == draft.content {
            draft.summary = None;
        }
        if draft.content.is_some() || draft.summary.is_none() {
            let from = self.pictures.first().map(|picture| picture.from.clone());
            if pictures::append(&mut draft.content, &self.pictures) {
                draft.from.content = draft.from.content.or(from);
            }
        } else {
            pictures::append(&mut draft.summary, &self.pictures);
        }
        draft.from.summary = draft.from.summary.filter(|_| draft.summary.is_some());
        draft.from.content = draft.from.content.filter(|_| draft.content.is_some());
        draft
    }

    /// Returns the date that decides which items are newest.
    pub fn date(&self) -> Option<Timestamp> {
        self.draft.published.map(|date| date.at).or(self.draft.updated)
    }
}

fn sanitise_text(text: &Text, base: &Url, problems: &mut Vec<Problem>) -> Option<SafeHtml> {
    let html = if text.is_html {
        unescape_markup(&text.text).map_or_else(|| with_paragraphs(&text.text), Cow::Owned)
    } else {
        Cow::Owned(plain_to_html(&text.text))
    };
    let (html, truncated) = sanitise_reporting_truncation(&html, base);
    if truncated {
        let text = format!(
            "The text of an item is too long ({} kB); only the first megabyte was kept.",
            text.text.len() / 1000
        );
        problems.push(Problem::warning("long-text", text));
    }
    let is_visible = |html: &str| {
        has_visible_text(html)
            || ["<img", "<video", "<audio", "<picture"].iter().any(|tag| html.contains(tag))
    };
    is_visible(html.as_str()).then_some(html)
}
