//! The maximum length of a text.

/// Longer texts are cut, in bytes. This is about a thousand printed pages.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The length after a cut. The rest leaves room for end tags, so that the text is not cut again.
const TRUNCATED_BYTES: usize = MAX_TEXT_BYTES - (1 << 16);

/// Cuts sanitised HTML that is too long at a tag or word and appends `[…]`. Elements stay open.
/// Returns `None` if the text is not too long.
pub(super) fn truncate(html: &str) -> Option<String> {
    if html.len() <= MAX_TEXT_BYTES {
        return None;
    }
    let kept = &html[..html.floor_char_boundary(TRUNCATED_BYTES)];
    // In sanitised HTML `<` always begins a tag.
    let whole = match (kept.rfind('<'), kept.rfind('>')) {
        (Some(open), close) if close.is_none_or(|close| close < open) => &kept[..open],
        _ => kept.rfind([' ', '\n', '>']).map_or(kept, |at| &kept[..=at]),
    };
    Some(format!("{} […]", whole.trim_end()))
}
