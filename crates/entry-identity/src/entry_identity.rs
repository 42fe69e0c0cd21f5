//! The values by which an item is identified and compared.

use feed_model::{EntryKey, Timestamp};

/// The value that a key was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum KeyFrom {
    /// The publisher's id.
    #[serde(rename = "guid")]
    Guid,
    /// The canonical link with its fragment.
    #[serde(rename = "link")]
    Link,
    /// Title and date, or the date alone if it has a time of day and there is no title.
    #[serde(rename = "title-date")]
    TitleDate,
    /// Title, text and the other content of the item.
    #[serde(rename = "title-text")]
    TitleText,
}

impl KeyFrom {
    /// Returns the word that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guid => "guid",
            Self::Link => "link",
            Self::TitleDate => "title-date",
            Self::TitleText => "title-text",
        }
    }
}

/// The values that an item shares with other items of its document. They identify none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ambiguous {
    /// The publisher's id.
    pub guid: bool,
    /// The link with its fragment.
    pub link: bool,
    /// The link without its fragment.
    pub canonical: bool,
}

/// The values by which an item is identified and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryIdentity {
    /// The key. It is unique within the document, except for in-feed duplicates.
    pub key: EntryKey,
    /// The value that the key was made of.
    pub key_from: KeyFrom,
    /// The publisher's id, even if it is not the key.
    pub guid: Option<String>,
    /// The id without scheme, host and tracking parameters; `None` if it is no URL or is repeated
    /// in the document.
    pub guid_alias: Option<String>,
    /// The link as compared within the source; `None` if it is the publication's home page.
    pub link: Option<String>,
    /// The link as compared across sources.
    pub canonical: Option<String>,
    /// The normalised title.
    pub title_norm: Option<String>,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// The hash of all stored fields. A stored entry with the same hash needs no update.
    pub content_hash: [u8; 32],
    /// The hash of title and text without markup, case, white space and punctuation. A change of it
    /// changes `updated`.
    pub material_hash: [u8; 32],
    /// The same hash of the text alone; `None` if there is only a title.
    pub text_hash: Option<[u8; 32]>,
    /// Which of these values other items of the document have too.
    pub ambiguous: Ambiguous,
    /// Whether this is a duplicate of another item of the document. It has the key of that item and
    /// is not stored.
    pub is_in_feed_duplicate: bool,
}

impl EntryIdentity {
    /// Returns the publisher's id if no other item of the document has it. Such an id may become
    /// the id of a story.
    pub fn unique_guid(&self) -> Option<&str> {
        self.guid.as_deref().filter(|_| !self.ambiguous.guid)
    }
}
