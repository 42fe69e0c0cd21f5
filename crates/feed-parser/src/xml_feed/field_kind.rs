//! What an element of a feed is, whatever the dialect calls it.

/// What an element is. The number is its rank among elements that say the same: the lowest one
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// One item.
    Item,
    /// A wrapper whose children count as if it were not there.
    Wrapper,
    /// A title.
    Title(u8),
    /// RSS `description`: of an item its text, unless something says more.
    Description,
    /// A short text.
    Summary(u8),
    /// A feed's description in Atom.
    Subtitle,
    /// A full text.
    Content(u8),
    /// The publisher's id.
    Id,
    /// An id where there is no other.
    FallbackId,
    /// A link: its text or its attributes.
    Link,
    /// A link where there is no other.
    FallbackLink,
    /// The publisher's link, where a service put its own in the place of it.
    OriginalLink,
    /// An attached file.
    Enclosure,
    /// `media:content`.
    MediaContent,
    /// `media:thumbnail`.
    Thumbnail,
    /// The feed that an item was taken from.
    Source,
    /// When it was published.
    Published(u8),
    /// When it was changed.
    Updated(u8),
    /// A person.
    Author(u8),
    /// A category with an optional scheme.
    Category,
    /// A category that the feed parser drops.
    Subject,
    /// `itunes:category`.
    ItunesCategory,
    /// Categories in a row, parted by commas.
    Keywords,
    /// Copyright text.
    Rights(u8),
    /// Language tag.
    Language,
    /// RSS `image` or `itunes:image`.
    Image,
    /// Atom `logo`.
    Logo,
    /// Atom `icon`.
    Icon,
    /// RSS `ttl`.
    Ttl,
    /// RSS `skipHours`.
    SkipHours,
    /// RSS `skipDays`.
    SkipDays,
    /// `sy:updatePeriod`.
    UpdatePeriod,
    /// `sy:updateFrequency`.
    UpdateFrequency,
    /// Nothing that is read.
    Unknown,
}

impl FieldKind {
    /// Whether an element of this kind, met within another one that is never closed, shows that the
    /// other has ended.
    pub fn ends_unclosed_sibling(self) -> bool {
        !matches!(self, Self::Unknown | Self::Wrapper | Self::FallbackLink | Self::FallbackId)
    }
}
