//! Words in the class or id of an element, by the field of an item that the element contains.

use std::sync::LazyLock;

use crate::word_list::{WordList, word_list};

pub(super) static CATEGORY_WORDS: LazyLock<WordList> = word_list!("class_category.txt");
pub(super) static SUMMARY_WORDS: LazyLock<WordList> = word_list!("class_summary.txt");
pub(super) static DATE_WORDS: LazyLock<WordList> = word_list!("class_date.txt");
pub(super) static AUTHOR_WORDS: LazyLock<WordList> = word_list!("class_author.txt");
pub(super) static ROLE_WORDS: LazyLock<WordList> = word_list!("class_author_role.txt");

pub(super) static TITLE_WORDS: LazyLock<WordList> = word_list!("class_title.txt");
/// Words that rule out a title even if a title word is present.
pub(super) static NON_TITLE_WORDS: LazyLock<WordList> = word_list!("class_non_title.txt");
