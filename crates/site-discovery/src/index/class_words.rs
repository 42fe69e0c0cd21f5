//! Words in the classes and ids of elements, by the field of an item that they announce.

use std::sync::LazyLock;

use crate::word_list::{WordList, word_list};

/// Words near a text that is a category.
pub(super) static CATEGORY_WORDS: LazyLock<WordList> = word_list!("class_category.txt");
/// Words near a text that is a summary.
pub(super) static SUMMARY_WORDS: LazyLock<WordList> = word_list!("class_summary.txt");
/// Words near a text that is a date.
pub(super) static DATE_WORDS: LazyLock<WordList> = word_list!("class_date.txt");
/// Words near a text that names who wrote.
pub(super) static AUTHOR_WORDS: LazyLock<WordList> = word_list!("class_author.txt");
/// Words near a text that tells what a person is.
pub(super) static ROLE_WORDS: LazyLock<WordList> = word_list!("class_author_role.txt");

/// Words near a text that is a title.
pub(super) static TITLE_WORDS: LazyLock<WordList> = word_list!("class_title.txt");
/// Words near a text that is no title, whatever else is near it.
pub(super) static NON_TITLE_WORDS: LazyLock<WordList> = word_list!("class_non_title.txt");
