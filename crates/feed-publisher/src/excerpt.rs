//! Short plain texts out of a story: what stands in for a title, and what a page shows below one.

use unicode_segmentation::UnicodeSegmentation;

use feed_model::Story;

/// The longest title that is made of a text, in characters as people count them.
const MAX_DERIVED_TITLE_GRAPHEMES: usize = 80;

/// Bytes of the largest character that a script or an emoji needs.
const MAX_GRAPHEME_BYTES: usize = 32;

/// The story's short plain text, where its source lets any text of it be republished.
pub(super) fn summary(story: &Story) -> Option<&str> {
    let may = story.summary.is_some() || story.content.is_some();
    Some(story.summary_text.trim()).filter(|text| may && !text.is_empty())
}

/// The story's title; for one without, the beginning of its text, else where it lies, else a word
/// that says so.
pub(super) fn title(story: &Story) -> String {
    let own = story.title.trim();
    if !own.is_empty() {
        return own.to_owned();
    }
    if let Some(text) = summary(story) {
        return shorten(text, MAX_DERIVED_TITLE_GRAPHEMES);
    }
    match story.url.as_deref().map(without_scheme) {
        Some(place) if !place.is_empty() => shorten(place, MAX_DERIVED_TITLE_GRAPHEMES),
        _ => "Untitled".to_owned(),
    }
}

/// At most `most` characters of `text`, cut between words where that keeps at least half of them,
/// with an ellipsis. A character of a thousand accents counts as what it weighs.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let mut weight = 0;
    let past = text.grapheme_indices(true).find(|(_, grapheme)| {
        weight += grapheme.len().div_ceil(MAX_GRAPHEME_BYTES);
        weight > most
    });
    let Some((end, _)) = past else {
        return text.to_owned();
    };
    let head = &text[..end];
    let cut = match head.rfind(char::is_whitespace) {
        Some(space) if space * 2 >= end => &head[..space],
        _ => head,
    };
    format!(
        "{}…",
        cut.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-'))
    )
}

fn without_scheme(url: &str) -> &str {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words_and_never_inside_a_character() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("one two, three four", 10), "one two…");
        assert_eq!(shorten("日本語日本語日本語", 3), "日本語…");
        assert_eq!(shorten("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
        assert!(
            shorten(&format!("a{}", "\u{301}".repeat(10_000)), 100).len() < 10,
            "accents without end"
        );
    }
}
