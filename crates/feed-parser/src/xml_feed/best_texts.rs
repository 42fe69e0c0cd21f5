//! The best of several elements with the same meaning.

use super::{raw_fields::FieldName, text::ElementText};

/// The best text so far with its rank and the name of its element.
#[derive(Debug, Default)]
pub(super) struct BestText<'a>(pub Option<(u8, ElementText<'a>, FieldName)>);

impl<'a> BestText<'a> {
    /// Stores a text that is not blank if its rank is lower than the stored one. Returns whether it
    /// was stored.
    pub fn replace_if_better(&mut self, rank: u8, text: ElementText<'a>, from: &str) -> bool {
        let better =
            !text.text.trim().is_empty() && self.0.as_ref().is_none_or(|(held, ..)| rank < *held);
        if better {
            self.0 = Some((rank, text, super::raw_fields::name(from)));
        }
        better
    }
}

/// The texts of the feed or of an item.
#[derive(Debug, Default)]
pub(super) struct BestTexts<'a> {
    pub title: BestText<'a>,
    /// RSS `description`, which is the content if there is no other.
    pub description: BestText<'a>,
    pub summary: BestText<'a>,
    pub content: BestText<'a>,
    pub rights: BestText<'a>,
    /// The title of a sound or film.
    pub media_title: BestText<'a>,
    /// The description of a sound or film.
    pub media_description: BestText<'a>,
}
