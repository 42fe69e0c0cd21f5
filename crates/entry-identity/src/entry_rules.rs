//! The rules by which an item is an entry that its source already has.
//!
//! They are applied in this order, each to the whole document before the next: an entry that an
//! item has under its own key is never claimed by another item.

use std::fmt;

use super::{
    entry_evidence::EntryEvidence,
    thresholds::{
        MAX_ZONE_SHIFT, MIN_RETITLED_TEXT_WORDS, MIN_TEXT_WORDS, MIN_UNIQUE_TEXT_WORDS, NEAR_DATES,
    },
};

/// A rule of entry matching. [`fmt::Display`] gives the reason: its name and its condition.
#[derive(Debug, Clone, Copy)]
pub struct EntryRule {
    /// Its name.
    pub name: &'static str,
    /// Its condition.
    pub condition: &'static str,
    /// How its entries are found.
    pub(super) look_up: LookUp,
    pub(super) applies: fn(&EntryEvidence) -> bool,
}

impl fmt::Display for EntryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.condition)
    }
}

impl PartialEq for EntryRule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for EntryRule {}

/// How the entries that a rule compares are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookUp {
    /// By the key of the item.
    Key,
    /// By id, link, title and date, and among the entries that are gone from the document.
    Values,
    /// In the same way, if most of the document changed.
    RebuiltDocument,
}

const fn rule(
    look_up: LookUp,
    name: &'static str,
    condition: &'static str,
    applies: fn(&EntryEvidence) -> bool,
) -> EntryRule {
    EntryRule { name, condition, look_up, applies }
}

use LookUp::{Key, RebuiltDocument, Values};

/// The rules of entry matching, in their order.
#[rustfmt::skip] // a rule has a line for its name and one each for what it says
pub const ENTRY_RULES: &[EntryRule] = &[
    rule(Key, "shared-id",
        "the id belongs to another post, and this entry alone has the link, and the title or day",
        |e| e.better_than_key),
    rule(Key, "key", "the key is that of the entry", |e| e.key),
    rule(Key, "further-key", "the key is a further key of the entry", |e| e.further_key),
    rule(Values, "distrusted-id",
        "the id was the key before the source's ids were distrusted, and the title is the same",
        |e| e.old_id && !e.other_title),
    rule(Values, "id-alias",
        "the ids differ only in scheme and tracking parameters, or also in the host while the \
         title is the same",
        |e| e.id_alias && (e.same_id_host || e.same_title)),
    rule(Values, "link",
        "the link is that of one entry and one item, and id, title, text and day do not all differ",
        |e| e.sole_link && (!e.other_id || !e.other_title || e.same_content || e.same_day)),
    rule(Values, "link-and-text",
        "the link is that of one entry and one item, with the same text of at least 48 words",
        |e| e.sole_link && e.words >= MIN_UNIQUE_TEXT_WORDS),
    rule(Values, "revised-link",
        "the link is that of one entry and one item, and the ids are the link with a revision \
         number in at least 2 items",
        |e| e.sole_link && e.revision_ids),
    rule(Values, "title-text-time",
        "title, text and date are the same, and there is a text or a time of day",
        |e| {
            e.same_title
                && e.same_content
                && e.apart.is_some_and(|apart| apart.is_zero())
                && (e.same_text || e.time_of_day)
        }),
    rule(Values, "title-text-zone",
        "title and text of at least 48 words are the same, without files, and the dates differ by \
         at most 14 hours, as after a corrected time zone",
        |e| e.same_title && e.is_unique_text() && e.is_within(MAX_ZONE_SHIFT)),
    rule(Values, "title-text-undated",
        "title and text are the same, neither has a date, and the links do not differ or the text \
         has at least 48 words and no files",
        |e| {
            e.same_title
                && e.same_content
                && e.same_text
                && e.undated
                && (!e.other_link || e.is_unique_text())
        }),
    rule(Values, "title-text-unlinked",
        "title and text are the same, and neither has an id or a link",
        |e| e.same_title && e.same_content && e.same_text && e.unlinked),
    rule(Values, "title-and-path",
        "the title is the same, and the links differ only in the host",
        |e| e.same_title && e.same_path),
    rule(Values, "time-and-title",
        "the time of publication is the same, not on a full quarter of an hour, and the title too",
        |e| e.same_time && !e.quarter_hour && e.same_title),
    rule(Values, "time-and-text",
        "the time of publication is the same, and a text of at least 8 words too, or of at least \
         48 words on a full quarter of an hour",
        |e| {
            let needed = if e.quarter_hour { MIN_UNIQUE_TEXT_WORDS } else { MIN_TEXT_WORDS };
            e.same_time && e.words >= needed
        }),
    rule(Values, "time-unlinked",
        "the time of publication is the same, neither has an id or a link, and the time is not on \
         a full quarter of an hour or the text is the same",
        |e| e.same_time && e.unlinked && (!e.quarter_hour || e.same_text)),
    rule(Values, "moved",
        "title and text of at least 8 words are the same, without files, only this entry and this \
         item have them, and the dates are at most 3 days and not whole days apart",
        |e| e.same_title && e.sole_content && e.words >= MIN_TEXT_WORDS && e.is_republished()),
    rule(Values, "retitled",
        "the text of at least 12 words is the same, without files, no other item has it, the entry \
         is gone from its place in the document, and the dates are at most 3 days and not whole \
         days apart",
        |e| e.gone && e.sole_text && e.words >= MIN_RETITLED_TEXT_WORDS && e.is_republished()),
    rule(RebuiltDocument, "rebuilt-document",
        "the title is the same, and the text or the day, in a document of which at least 3 items \
         and at least half of the unknown ones have new keys",
        |e| e.same_title && (e.same_content || e.same_day)),
];

impl EntryEvidence {
    /// Returns whether the text belongs to one post only.
    fn is_unique_text(&self) -> bool {
        self.words >= MIN_UNIQUE_TEXT_WORDS && !self.files
    }

    /// Returns whether one may be the other with a new time, and is not the next of a series.
    fn is_republished(&self) -> bool {
        !self.files && self.is_within(NEAR_DATES) && !self.is_whole_days_apart()
    }
}
