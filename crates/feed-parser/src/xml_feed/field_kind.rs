//! The meaning of an element, independent of the format.

/// The meaning of an element. The number is its rank among elements with the same meaning: the
/// lowest rank is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// An item.
    Item,
    /// A wrapper. Its children belong to the enclosing element.
    Wrapper,
    /// A title.
    Title(u8),
    /// RSS `description`: the content of an item, unless there is another one.
    Description,
    /// A short text.
    Summary(u8),
    /// The description of a feed in Atom.
    Subtitle,
    /// A full text.
    Content(u8),
    /// The publisher's id.
    Id,
    /// An id that is used if there is no other.
    FallbackId,
    /// A link, as text or attribute.
    Link,
    /// A link that is used if there is no other.
    FallbackLink,
    /// The original link of an item whose link a service replaced.
    OriginalLink,
    /// An attached file.
    Enclosure,
    /// `media:group`.
    MediaGroup,
    /// `media:content`.
    MediaContent,
    /// The title of a picture, sound or film.
    MediaTitle,
    /// The description of a picture, sound or film.
    MediaDescription,
    /// `media:thumbnail`.
    Thumbnail,
    /// The original feed of an item.
    Source,
    /// A publication date.
    Published(u8),
    /// A date of change.
    Updated(u8),
    /// A person.
    Author(u8),
    /// A category with an optional scheme.
    Category,
    /// A category of another vocabulary.
    Subject,
    /// `itunes:category`.
    ItunesCategory,
    /// A list of categories with commas.
    Keywords,
    /// Copyright text.
    Rights(u8),
    /// The address of a licence.
    License,
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
    /// An element that is not used.
    Unknown,
}

impl FieldKind {
    /// Returns whether the start of such an element shows that an unclosed element before it has
    /// ended.
    pub fn ends_unclosed_sibling(self) -> bool {
        !matches!(
            self,
            Self::Unknown
                | Self::Wrapper
                | Self::MediaGroup
                | Self::FallbackLink
                | Self::FallbackId
        )
    }
}
