//! Short plain texts of a story: derived titles, summaries, and shortened texts.

use unicode_segmentation::UnicodeSegmentation;

use feed_model::{Story, text::truncate_at_word};

/// The longest title derived from a text or an address, in grapheme clusters.
const MAX_DERIVED_TITLE_GRAPHEMES: usize = 80;

/// The largest grapheme cluster that counts as one character, in bytes. A cluster of hundreds of
/// combining marks counts as several.
const MAX_GRAPHEME_BYTES: usize = 32;

/// Returns the plain text summary of a story, if its source permits republishing any text.
pub(crate) fn summary(story: &Story) -> Option<&str> {
    let is_permitted = story.summary.is_some() || story.content.is_some();
    Some(story.summary_text.trim()).filter(|text| is_permitted && !text.is_empty())
}

/// Returns the title of a story. For a story without one: the beginning of its text, else its
/// address, else "Untitled".
pub(crate) fn title(story: &Story) -> String {
    let own = story.title.trim();
    if !own.is_empty() {
        return own.to_owned();
    }
    if let Some(text) = summary(story) {
        return shorten(text, MAX_DERIVED_TITLE_GRAPHEMES);
    }
    match story.url.as_deref().map(without_scheme) {
        Some(address) if !address.is_empty() => shorten(address, MAX_DERIVED_TITLE_GRAPHEMES),
        _ => "Untitled".to_owned(),
    }
}

/// Shortens a text to at most `max` grapheme clusters and appends an ellipsis. The text is cut
/// between words if that keeps at least half of it.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    let mut weight = 0;
    let past = text.grapheme_indices(true).find(|(_, grapheme)| {
        weight += grapheme.len().div_ceil(MAX_GRAPHEME_BYTES);
        weight > max
    });
    let Some((end, _)) = past else {
        return text.to_owned();
    };
    truncate_at_word(text, end, &[',', ';', ':', '-'])
}

fn without_scheme(url: &str) -> &str {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words_and_not_within_a_grapheme() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("one two, three four", 10), "one two…");
        assert_eq!(shorten("日本語日本語日本語", 3), "日本語…");
        assert_eq!(shorten("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
        assert!(
            shorten(&format!("a{}", "\u{301}".repeat(10_000)), 100).len() < 10,
            "many combining marks"
        );
    }
}
