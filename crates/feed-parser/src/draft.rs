//! Drafts before their texts are sanitised.

use url::Url;

use super::{
    feed_rs_adapter::Text, html::sanitise_reporting_truncation, text::has_visible_text,
    xml::escape_text,
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
    let (html, truncated) = if text.is_html {
        sanitise_reporting_truncation(&text.text, base)
    } else {
        sanitise_reporting_truncation(&plain_to_html(&text.text), base)
    };
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

/// Converts plain text to HTML. Empty lines separate paragraphs.
fn plain_to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let text = text.replace("\r\n", "\n");
    let paragraphs: Vec<&str> =
        text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).collect();
    for paragraph in &paragraphs {
        if paragraphs.len() > 1 {
            html.push_str("<p>");
        }
        for (index, line) in paragraph.lines().enumerate() {
            if index > 0 {
                html.push_str("<br>");
            }
            escape_text(&mut html, line);
        }
        if paragraphs.len() > 1 {
            html.push_str("</p>");
        }
    }
    html
}
