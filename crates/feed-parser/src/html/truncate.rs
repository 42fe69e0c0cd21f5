//! How long a text may be that is kept.

/// Longer texts are cut: a thousand pages in print, and what no reader loads with patience.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// What a cut leaves, with room for the end tags of what was open there, so that it is not cut
/// again.
const TRUNCATED_BYTES: usize = MAX_TEXT_BYTES - (1 << 16);

/// The beginning of sanitised HTML that is too long, up to a tag or a word, with an ellipsis;
/// elements stay open. `None`: it is not too long.
pub(super) fn truncate(html: &str) -> Option<String> {
    if html.len() <= MAX_TEXT_BYTES {
        return None;
    }
    let kept = &html[..html.floor_char_boundary(TRUNCATED_BYTES)];
    // In regular HTML a `<` begins a tag, and there is none in a value.
    let whole = match (kept.rfind('<'), kept.rfind('>')) {
        (Some(open), close) if close.is_none_or(|close| close < open) => &kept[..open],
        _ => kept.rfind([' ', '\n', '>']).map_or(kept, |at| &kept[..=at]),
    };
    Some(format!("{} […]", whole.trim_end()))
}
