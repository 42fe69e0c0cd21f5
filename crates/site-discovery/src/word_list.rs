//! Lists of words in `data/`: one word or phrase per line; lines that start with `# ` are comments.

use std::collections::HashSet;

/// A list of words from a file of `data/`, for exact comparison.
pub(crate) struct WordList {
    in_order: Vec<&'static str>,
    set: HashSet<&'static str>,
}

/// A `LazyLock` that parses a file of `data/` on first use.
macro_rules! word_list {
    ($file:literal) => {
        std::sync::LazyLock::new(|| {
            $crate::word_list::WordList::parse(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/data/",
                $file
            )))
        })
    };
}
pub(crate) use word_list;

impl WordList {
    /// Parses the content of a data file.
    pub(crate) fn parse(text: &'static str) -> Self {
        let in_order: Vec<&str> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
        Self { set: in_order.iter().copied().collect(), in_order }
    }

    /// Returns whether a word is in the list. The comparison is exact: lower-case the word first.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.set.contains(word)
    }

    /// Returns whether any of the words is in the list.
    pub(crate) fn contains_any<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> bool {
        words.into_iter().any(|word| self.contains(word))
    }

    /// Returns the words in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.in_order.iter().copied()
    }

    /// Removes the first word of the list that `text` starts with, and the space after it.
    pub(crate) fn strip_prefix_word<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.iter().find_map(|word| text.strip_prefix(word)?.strip_prefix(' '))
    }
}
