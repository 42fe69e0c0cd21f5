//! The best of several elements that say the same.

use super::{notes::Name, text::Unwrapped};

/// The best so far: its rank, its text, and the element that it stood in.
#[derive(Debug, Default)]
pub(super) struct Pick<'a>(pub Option<(u8, Unwrapped<'a>, Name)>);

impl<'a> Pick<'a> {
    /// Takes a text that is not blank where it is better than what is held, and says whether it did.
    pub fn offer(&mut self, rank: u8, text: Unwrapped<'a>, from: &str) -> bool {
        let better = !text.text.trim().is_empty() && self.0.as_ref().is_none_or(|(held, ..)| rank < *held);
        if better {
            self.0 = Some((rank, text, super::notes::name(from)));
        }
        better
    }
}

/// The texts of the feed or of an item.
#[derive(Debug, Default)]
pub(super) struct Picks<'a> {
    pub title: Pick<'a>,
    /// RSS `description`, which is the text where nothing says more.
    pub description: Pick<'a>,
    pub summary: Pick<'a>,
    pub content: Pick<'a>,
    pub rights: Pick<'a>,
}
