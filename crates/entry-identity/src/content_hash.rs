//! Hashes of an item's content.
//!
//! [`content_hash`] changes when any stored field changes. [`material_hash`] changes only when the
//! words of title or text change.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use feed_model::{Draft, SafeHtml};

use super::{KnownText, canonical_url, normalised_text};

/// Part of every hash. It changes with the method, so that old hashes never equal new ones.
const VERSION: &[u8] = b"tributary entry 1";

/// Hashes named fields with their lengths, so that no two lists of fields have the same input.
pub(super) struct FieldHasher(blake3::Hasher);

impl FieldHasher {
    pub(super) fn new(kind: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(VERSION);
        let mut fields = Self(hasher);
        fields.add("kind", kind);
        fields
    }

    /// Adds a field. An empty field is the same as none.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            for part in [name, value] {
                self.0.update(&(part.len() as u64).to_le_bytes());
                self.0.update(part.as_bytes());
            }
        }
    }

    pub(super) fn add_opt(&mut self, name: &str, value: Option<&str>) {
        self.add(name, value.unwrap_or_default());
    }

    pub(super) fn finish(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// Returns the hash of all stored fields.
///
/// It leaves out what publishers change without changing the item: tracking parameters, file
/// lengths and the modification date. Of the publication date it includes only the precision,
/// because the date itself is stored once.
pub(super) fn content_hash(draft: &Draft) -> [u8; 32] {
    let mut fields = FieldHasher::new("content");
    fields.add_opt("guid", draft.guid.as_ref().map(|guid| guid.value.as_str()));
    fields.add_opt(
        "url",
        draft.url.as_ref().map(|url| canonical_url::without_tracking(url.as_str())).as_deref(),
    );
    fields.add_opt("title", draft.title.as_deref());
    for person in &draft.authors {
        fields.add("author", &person.name);
        fields.add_opt("author-email", person.email.as_deref());
        fields.add_opt("author-url", person.url.as_deref());
    }
    for category in &draft.categories {
        fields.add("category", &category.term);
        fields.add_opt("category-label", category.label.as_deref());
        fields.add_opt("category-scheme", category.scheme.as_deref());
    }
    fields.add_opt("date", draft.published.map(|date| date.precision.as_str()));
    fields.add_opt("summary", draft.summary.as_ref().map(SafeHtml::as_str));
    fields.add_opt("content", draft.content.as_ref().map(SafeHtml::as_str));
    fields.add_opt("language", draft.language.as_deref());
    fields.add_opt("image", draft.image.as_deref().map(canonical_url::without_tracking).as_deref());
    for enclosure in &draft.enclosures {
        fields.add("enclosure", &canonical_url::without_tracking(&enclosure.url));
        fields.add("enclosure-type", &enclosure.mime);
    }
    if let Some(origin) = &draft.origin {
        fields.add_opt("origin-id", origin.id.as_deref());
        fields.add_opt("origin-title", origin.title.as_deref());
        fields.add_opt("origin-feed", origin.feed_url.as_deref());
        fields.add_opt("origin-page", origin.home_page_url.as_deref());
        fields.add_opt("origin-rights", origin.rights.as_deref());
    }
    fields.add_opt("rights", draft.rights.as_deref());
    // Entries without a licence keep the hash that they had before licences were read.
    if let Some(license) = &draft.license {
        fields.add("license", license);
    }
    for related in &draft.related {
        fields.add("related", related);
    }
    fields.finish()
}

/// Returns the hash of title and text without markup, case, white space and punctuation, and the
/// same hash of the text alone if there is any.
pub(super) fn material_hash(draft: &Draft) -> ([u8; 32], Option<[u8; 32]>) {
    let text = comparable_text(&normalised_text::item_text(draft));
    let mut fields = FieldHasher::new("material");
    fields.add("title", &normalised_text::comparable(draft.title.as_deref().unwrap_or_default()));
    fields.add("text", &text);
    (fields.finish(), text_hash(&text))
}

/// Returns what [`match_entries`](super::match_entries) compares of a stored text; `None` if there
/// is no text.
pub fn known_text(
    summary: Option<&str>,
    content: Option<&str>,
    has_files: bool,
) -> Option<KnownText> {
    let text = normalised_text::content_or_summary_text(summary, content);
    text_hash(&comparable_text(&text)).map(|hash| KnownText {
        hash,
        words: normalised_text::count_words(&text),
        has_files,
    })
}

/// Returns a text without markup, case, white space, punctuation and the counts of its reception.
fn comparable_text(text: &str) -> String {
    normalised_text::comparable(&without_counts(text))
}

/// Words beside the count of what readers did. Without Unicode and word boundaries, the expression
/// is searched as literals, which is fast.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "(?i-u)comments?|replies|reply|responses?|reactions?|views?|reads|hits|likes?|points?|\
         votes?|upvotes?|claps?|boosts?|shares?|kommentare?|aufrufe|commentaires?|vues|\
         comentarios?|visitas",
    )
    .expect("a constant pattern compiles")
});

/// Removes the counts of comments and views with their words: `3 comments`, `Comments (3)`, `no
/// comments yet`. They grow without a change of the item.
fn without_counts(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut from = 0;
    for found in COUNTED.find_iter(text) {
        let (before, after) = (&text[..found.start()], &text[found.end()..]);
        if found.start() < from
            || before.ends_with(char::is_alphanumeric)
            || after.starts_with(char::is_alphanumeric)
        {
            continue;
        }
        let range = match (count_before(&before[from..]), count_behind(after)) {
            (Some(length), _) => {
                let yet = if after.starts_with(" yet") { " yet".len() } else { 0 };
                found.start() - length..found.end() + yet
            }
            (None, Some(length)) => found.start()..found.end() + length,
            (None, None) => continue,
        };
        out.push_str(&text[from..range.start]);
        from = range.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Returns the length of the number at the end of a text, with the white space behind it.
fn count_before(text: &str) -> Option<usize> {
    let trimmed = text.trim_end();
    let is_of_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',');
    let start = trimmed.trim_end_matches(is_of_number).len();
    is_count(&trimmed[start..]).then(|| text.len() - start)
}

/// Returns the length of `: 3` or `(3)` at the beginning of a text.
fn count_behind(text: &str) -> Option<usize> {
    let rest = text.trim_start();
    let (rest, close) = match (rest.strip_prefix(':'), rest.strip_prefix('(')) {
        (Some(rest), _) => (rest.trim_start(), ""),
        (_, Some(rest)) => (rest.trim_start(), ")"),
        _ => return None,
    };
    let is_of_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',');
    let after = rest.trim_start_matches(is_of_number);
    let number = rest[..rest.len() - after.len()].trim_end_matches(['.', ',']);
    let after = rest[number.len()..].strip_prefix(close)?;
    is_count(number).then(|| text.len() - after.len())
}

/// Returns whether a word is a count: `3`, `1,204`, `1.3k`, `no`.
fn is_count(word: &str) -> bool {
    let number = word.trim_end_matches(['k', 'K', 'm', 'M']);
    word.eq_ignore_ascii_case("no")
        || number.starts_with(|c: char| c.is_ascii_digit())
            && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
}

/// Returns the hash of a comparable text; `None` if it is empty.
fn text_hash(comparable: &str) -> Option<[u8; 32]> {
    let mut fields = FieldHasher::new("text");
    fields.add("text", comparable);
    (!comparable.is_empty()).then(|| fields.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_comments_and_views_do_not_count() {
        let same = |a: &str, b: &str| comparable_text(a) == comparable_text(b);
        for (a, b) in [
            ("A post. 3 comments", "A post. 4 comments"),
            ("A post. No comments yet", "A post. 1 comment"),
            ("A post (1,204 views)", "A post (1.3k views)"),
            ("Points: 10 # Comments: 2", "Points: 312 # Comments: 99"),
            ("A post. Comments (2)", "A post. Comments (3)"),
            ("Ein Beitrag. 3 Kommentare", "Ein Beitrag. 12 Kommentare"),
        ] {
            assert!(same(a, b), "{a} / {b}");
        }
        assert!(!same("We saw 3 herons", "We saw 4 herons"));
        assert!(!same("Version 3", "Version 4"));
    }
}
